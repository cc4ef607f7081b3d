"""Estimates with their uncertainty: arrays, events and cells, not what they are about."""
# ruff: noqa: F401

from .agreement import SUFFICIENT, TENTATIVE, alpha, alpha_of_all
from .alternative import EPSILON, LEAST_UNITS, PASSES, alternative_annotator
from .coders import Coded, Pooled, draw, majority, pool
from .contrasts import adjust, combined, contrast, excludes_zero, is_shown
from .energies import energies, energy_test
from .mirrors import MIN_EVENTS_INDEX, index_interval
from .paired import ALIKE, MIN_PAIRS, Pairs, holm, joint_test, paired_contrast, paired_mean
from .panel import Panel, shares
from .redraws import LEAST, REDRAWS, SETTLED, Redraws, redraw
from .stacked import Rule, stacked_contrasts, stacked_pairs
from .weighted import (
    DRAWS,
    MIN_EVENTS,
    Shares,
    decided,
    event_worth,
    indicators,
    prevalence,
    share_intervals,
    share_of,
)
