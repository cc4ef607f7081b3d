"""The mirror index: how far two camps' framings depend on which way a crossing goes for them.

A description. What is tested are the two energies that it is made of, see `energies`.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from scipy import stats

from .weighted import Number, Shares, known_mean, known_variance

MIN_EVENTS_INDEX = 10
"""With fewer in the harmonic mean of its four cells the mirror index gets no interval.

As for `weighted.MIN_EVENTS`, what the simulation of coverage supports."""


def mirror_index(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Agreement of contrast vectors, -1 to 1, over the last axis.

    Twice the inner product over the sum of the squared lengths: Lin's (1989) concordance for
    vectors that sum to zero, as differences of distributions do. 1: each camp tells those who come
    toward it as the other camp tells those who come toward *it* (framing is relational). -1: both
    camps tell each direction alike, whoever gains (framing follows the direction). With r and d
    the relational and directional halves, it is `(|r|^2 - |d|^2) / (|r|^2 + |d|^2)`. 0: as much
    the one as the other, be both nothing or much; it does not mean that nothing is relational.
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
    events = s.n["effective_events"].iloc[at]
    value, low, high = map(float, bounds_of_index(s.value[at], s.draws[:, at], events.min()))
    return (value, low, high) if stats.hmean(events) >= least else (value, np.nan, np.nan)


def bounds_of_index(
    value: np.ndarray, draws: np.ndarray, effective: Number
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`index_interval` of shares (4, ..., K), their draws (B, 4, ..., K) and the least events."""
    value = mirror_index(value[0] - value[1], value[2] - value[3])
    draws = mirror_index(draws[:, 0] - draws[:, 1], draws[:, 2] - draws[:, 3])
    reach = stats.t.isf(0.025, np.maximum(effective - 1, 1)) * np.sqrt(known_variance(draws))
    bias = value - known_mean(draws)
    low, high = value - reach + np.minimum(bias, 0), value + reach + np.maximum(bias, 0)
    return value, np.maximum(low, -1.0), np.minimum(high, 1.0)
