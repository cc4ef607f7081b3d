"""Intervals of thousands of specifications: those with as many events share their resampling."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import scipy.stats

from ..settings import SEED
from .contrasts import recovered
from .mirrors import MIN_EVENTS_INDEX, bounds_of_index
from .weighted import DRAWS, MIN_EVENTS, _resampled, _share_interval, event_worth

_BLOCK = 8e6
"""Numbers of a stack of draws, at most; bounds the memory."""


class EventSums(NamedTuple):
    """What each event adds to the shares of G cells, of one specification.

    Attributes
    ----------
    sums : np.ndarray, shape (events, G, K)
        What it adds to the numerators.
    mass, articles : np.ndarray, shape (events, G)
        What it adds to the denominators, and its articles.
    """

    sums: np.ndarray
    mass: np.ndarray
    articles: np.ndarray


def stacked_contrasts(
    parts: Sequence[EventSums], weights: Sequence[float], draws: int = DRAWS
) -> np.ndarray:
    """Contrast of one code with its interval, as `combined` gives it, for each of S specifications.

    Parameters
    ----------
    parts : sequence of EventSums, length S
        With K = 1.
    weights : sequence of float, length G
    draws : int

    Returns
    -------
    np.ndarray, shape (S, 3)
        Value and 95% interval; NaN where a cell is empty, no interval (NaN) where one has fewer
        than `MIN_EVENTS` effective events.
    """

    def bounds(sums, mass, articles, value, resampled, effective):
        worth = event_worth(sums[..., 0], mass[..., 0])
        value, resampled = value[..., 0], resampled[..., 0]
        variance = np.nanvar(resampled, axis=0, ddof=1)
        low, high = _share_interval(value, variance, articles * worth, effective * worth, effective)
        return recovered(weights, value, low, high, resampled)

    return _stacked(parts, bounds, draws)


def stacked_indices(parts: Sequence[EventSums], draws: int = DRAWS) -> np.ndarray:
    """Mirror index with its interval, as `index_interval`, for each of S specifications.

    Parameters and returned values are those of `stacked_contrasts`, of four cells and all codes.
    There is no interval either where their harmonic mean is below `MIN_EVENTS_INDEX`.
    """

    def bounds(_sums, _mass, _articles, value, resampled, effective):
        value, low, high = bounds_of_index(value, resampled, effective.min(0))
        few = scipy.stats.hmean(effective, axis=0) < MIN_EVENTS_INDEX
        return value, np.where(few, np.nan, low), np.where(few, np.nan, high)

    return _stacked(parts, bounds, draws)


def _stacked(parts: Sequence[EventSums], bounds: Callable, draws: int) -> np.ndarray:
    """Apply `bounds` to stacks of specifications that have as many events."""
    out = np.full((len(parts), 3), np.nan)
    size = np.array([len(p.mass) if (p.mass > 0).any(0).all() else 0 for p in parts], dtype=int)
    for n_events in np.unique(size[size > 0]):
        same = np.flatnonzero(size == n_events)
        per_block = max(1, int(_BLOCK / (draws * parts[same[0]].sums[0].size)))
        times = _resampled(n_events, draws, SEED)
        for start in range(0, len(same), per_block):
            at = same[start : start + per_block]
            sums = np.stack([parts[i].sums for i in at], axis=2)  # (events, G, S, K)
            mass = np.stack([parts[i].mass for i in at], axis=2)[..., None]
            articles = np.stack([parts[i].articles.sum(0) for i in at], axis=1)
            effective = (mass.sum(0) ** 2 / (mass**2).sum(0))[..., 0]
            with np.errstate(invalid="ignore"):  # a draw may leave a cell empty
                resampled = np.tensordot(times, sums, 1) / np.tensordot(times, mass, 1)
                value = sums.sum(0) / mass.sum(0)
                found = bounds(sums, mass, articles, value, resampled, effective)
            out[at] = np.stack(found, axis=1)
            out[at[effective.min(0) < MIN_EVENTS], 1:] = np.nan
    return out
