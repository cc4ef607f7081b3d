"""Intervals of thousands of specifications: those with as many events share their resampling."""

from collections.abc import Sequence

import numpy as np
import scipy.stats

from ..settings import SEED
from .contrasts import recovered
from .mirrors import MIN_EVENTS_INDEX, bounds_of_index
from .panel import EventSums
from .weighted import DRAWS, MIN_EVENTS, event_worth, known_variance, resampled, share_interval

_BLOCK = 8e6
"""Numbers of a stack of draws, at most; bounds the memory."""


def stacked_intervals(
    parts: Sequence[EventSums], weights: Sequence[float] | None, draws: int = DRAWS
) -> np.ndarray:
    """Contrast of a code, as `combined`, or mirror index, as `index_interval`, of specifications.

    Parameters
    ----------
    parts : sequence of EventSums, length S
        Of one code for a contrast, of four cells for an index.
    weights : sequence of float, length G, or None
        Of the contrast; None for the index.

    Returns
    -------
    np.ndarray, shape (S, 3)
        Value and 95% interval; NaN where a cell is empty, no interval (NaN) where one has fewer
        than `MIN_EVENTS` effective events.
    """
    out = np.full((len(parts), 3), np.nan)
    size = np.array([len(p.mass) if (p.mass > 0).any(0).all() else 0 for p in parts], dtype=int)
    for n_events in np.unique(size[size > 0]):
        same = np.flatnonzero(size == n_events)
        per_block = max(1, int(_BLOCK / (draws * parts[same[0]].sums[0].size)))
        times = resampled(n_events, draws, SEED)
        for start in range(0, len(same), per_block):
            at = same[start : start + per_block]
            sums = np.stack([parts[i].sums for i in at], axis=2)  # (events, G, S, K)
            mass = np.stack([parts[i].mass for i in at], axis=2)[..., None]
            articles = np.stack([parts[i].articles.sum(0) for i in at], axis=1)
            n = (mass.sum(0) ** 2 / (mass**2).sum(0))[..., 0]  # effective events (G, S)
            with np.errstate(invalid="ignore"):  # a draw may leave a cell empty
                drawn = np.tensordot(times, sums, 1) / np.tensordot(times, mass, 1)
            value = sums.sum(0) / mass.sum(0)
            if weights is None:
                out[at] = np.stack(bounds_of_index(value, drawn, n.min(0)), axis=1)
                out[at[scipy.stats.hmean(n, axis=0) < MIN_EVENTS_INDEX], 1:] = np.nan
            else:
                value, drawn = value[..., 0], drawn[..., 0]
                worth = event_worth(sums[..., 0], mass[..., 0])
                sizes = articles * worth, n * worth, n
                low, high = share_interval(value, known_variance(drawn), *sizes)
                out[at] = np.stack(recovered(weights, value, low, high, drawn), axis=1)
            out[at[n.min(0) < MIN_EVENTS], 1:] = np.nan
    return out
