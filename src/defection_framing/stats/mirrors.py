"""The mirror index: how far two camps' framings depend on which way a crossing goes for them.

A description. What is tested are the two energies that it is made of, see `energies`.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from scipy import stats

from .weighted import Shares, known_mean, known_variance

MIN_EVENTS_INDEX = 10
"""With fewer in the harmonic mean of its four cells the mirror index gets no interval.

As for `weighted.MIN_EVENTS`, what the simulation of coverage supports."""


def mirror_index(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Agreement of contrast vectors, -1 to 1, over the last axis.

    Twice the inner product over the sum of the squared lengths: Lin's (1989) concordance for
    vectors that sum to zero. With r and d the relational and directional halves (see `energies`) it
    is `(|r|^2 - |d|^2) / (|r|^2 + |d|^2)`: 0 means as much the one as the other, be both nothing.
    """
    length = (first**2).sum(-1) + (second**2).sum(-1)
    with np.errstate(invalid="ignore"):
        return 2 * (first * second).sum(-1) / length


def index_interval(
    s: Shares, cells: Sequence[Hashable], least: float = MIN_EVENTS_INDEX
) -> tuple[float, float, float]:
    """Mirror index of four groups (each camp's toward and away) with its interval.

    The value plus or minus t times the cluster-bootstrap standard error, t with as many degrees of
    freedom as the smallest cell has effective events, less one. Sampling noise pulls the index away
    from 1: the interval is longer on the other side by the bias that the bootstrap shows. There is
    none under `least` effective events, in the harmonic mean of the cells.
    """
    at = [s.at(g) for g in cells]
    events, (a, b, c, d) = s.n["effective_events"].iloc[at], s.value[at]
    value, drawn = float(mirror_index(a - b, c - d)), np.moveaxis(s.draws[:, at], 1, 0)
    drawn = mirror_index(drawn[0] - drawn[1], drawn[2] - drawn[3])
    if stats.hmean(events) < least:
        return value, np.nan, np.nan
    t, bias = stats.t.isf(0.025, max(events.min() - 1, 1)), value - float(known_mean(drawn))
    reach = float(t * np.sqrt(known_variance(drawn)))
    low, high = value - reach + min(bias, 0), value + reach + max(bias, 0)
    return value, max(low, -1.0), min(high, 1.0)
