"""Estimates with their uncertainty: arrays, events and cells, not what they are about."""
# ruff: noqa: F401, I001

from .agreement import EPSILON, LEAST_UNITS, SUFFICIENT, TENTATIVE, WINNING_RATE
from .agreement import alpha, alternative_annotator
from .coders import CODE_DRAWS, LEAST, SETTLED, CodeDraws, Coded, Pooled
from .coders import draw, draw_codes, majority, pool
from .contrasts import LEVEL, Rule, adjust, combined, contrast, excludes_zero, is_shown
from .contrasts import stacked_contrasts
from .energies import MIN_EVENTS_INDEX, energies, energy_test, index_interval
from .paired import ALIKE, MIN_PAIRS, Pairs
from .paired import holm, joint_test, paired_contrast, paired_mean, percentiles, stacked_pairs
from .panel import Panel, shares
from .weighted import DRAWS, MIN_EVENTS, Shares, decided, event_worth, indicators
from .weighted import prevalence, share_intervals, share_of
