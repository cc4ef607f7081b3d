"""Estimates with their uncertainty: arrays, events and cells, not what they are about."""
# ruff: noqa: F401

from .agreement import SUFFICIENT, TENTATIVE, alpha, masi
from .contrasts import adjust, combined, contrast, is_shown
from .distances import separation
from .mirrors import MIN_EVENTS_INDEX, Mirror, index_interval, mirror, mirror_index, shuffled_index
from .panel import Panel, shares
from .stacked import stacked_intervals
from .weighted import (
    DRAWS,
    MIN_EVENTS,
    Shares,
    decided,
    event_worth,
    indicators,
    mean_interval,
    one_sided_p,
    pick,
    prevalence,
    share_intervals,
    share_of,
)
