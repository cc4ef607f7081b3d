"""Compare how codes are spread over groups of articles, with the event as the unit of inference.

Articles about one event copy each other, so they are not independent: intervals come from a
bootstrap that resamples whole events (Cameron, Gelbach & Miller 2008), or from what that comes to
when it is linearised, and every share can be weighted so that one much-copied event does not decide
(see `panel`).
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import special

Number = float | np.ndarray
"""One number, or an array whose numbers are treated alike."""

MIN_EVENTS = 7
"""With fewer effective events in a cell no interval is given.

What the simulation of coverage supports: with as many or more, about 93% or more of intervals hold
the truth, on average over codes. Single codes of few events do worse."""

DRAWS = 2000
"""Bootstrap draws, and permutations, of an estimate that is reported."""


@dataclass(frozen=True)
class Shares:
    """Weighted shares of K codes in G groups, with B cluster-bootstrap draws of them.

    `n` has `n_articles`, `n_events` and `effective_events`: equally weighted ones that would carry
    the same information, the squared sum of weights over the sum of their squares (Kish 1965).
    """

    groups: pd.Index
    codes: pd.Index
    value: np.ndarray  #: (G, K), 0 to 1
    draws: np.ndarray  #: (B, G, K) under resampled events; NaN where a draw left a group empty
    n: pd.DataFrame  #: G rows
    sums: np.ndarray  #: (events, G, K) what each event adds to the numerators of the shares
    mass: np.ndarray  #: (events, G) and to their denominators; 0 without an article on the event

    def at(self, group: Hashable) -> int:
        """Position of a group."""
        return self.groups.get_loc(group)


def decided(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows whose code is not left open: neither missing nor an empty tuple."""
    values = table[column]
    return table[values.notna() & values.map(lambda v: v != ()).astype(bool)]


def indicators(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Turn a coded column into 0/1 columns, one per code.

    The column has single codes (categorical or string) or tuples of codes. Rows are those that
    `decided` keeps; each sums to 1, or to the number of codes in its tuple.
    """
    table = decided(table, column)
    values = table[column]
    if values.map(lambda v: isinstance(v, tuple)).astype(bool).any():
        return values.str.join("|").str.get_dummies().rename_axis(columns=column)
    return pd.get_dummies(values, dtype=float)


@lru_cache(maxsize=8)
def resampled(n_events: int, draws: int, seed: int) -> np.ndarray:
    """How often each event is drawn in each bootstrap draw, shape (B, events)."""
    return resampled_in_strata(np.zeros(n_events), draws, seed)


def resampled_in_strata(stratum: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """How often each event is drawn in each bootstrap of events within strata, shape (B, E)."""
    rng, out = np.random.default_rng(seed), np.zeros((draws, len(stratum)))
    for s in np.unique(stratum):
        at = np.flatnonzero(stratum == s)
        out[:, at] = rng.multinomial(len(at), np.full(len(at), 1 / len(at)), size=draws)
    return out


def known_mean(draws: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is not NaN; NaN where nothing is."""
    with np.errstate(invalid="ignore"):
        return np.nansum(draws, axis=0) / (~np.isnan(draws)).sum(0)


def known_variance(draws: np.ndarray) -> np.ndarray:
    """Sample variance, as `known_mean`."""
    n = (~np.isnan(draws)).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.nansum((draws - known_mean(draws)) ** 2, axis=0)
        return np.where(n > 1, squares / (n - 1), np.nan)


@np.errstate(divide="ignore", invalid="ignore")
def share_interval(
    p: Number,
    variance: Number,
    most: Number,
    unseen: Number,
    effective_events: Number,
    units: Number = np.inf,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of shares under clustering (Korn & Graubard 1998, Survey Methodology 24).

    Clopper-Pearson with the sample size that an independent sample of the same variance would
    have, at `most`, shrunk for the few degrees of freedom that few clusters leave. A code in none
    or all of the events has no variance: its sample size is `unseen`.

    Two rules are ours, and both lengthen intervals: the shrinkage is (z / t)^2, where they have the
    t of n - 1 `units` for z; and t's degrees of freedom are the effective clusters less one.
    """
    df = np.maximum(effective_events - 1, 1)
    free = np.maximum(units - 1, 1)
    shrink = (special.stdtrit(free, 0.025) / special.stdtrit(df, 0.025)) ** 2
    size = np.minimum(p * (1 - p) / variance, most) * shrink
    varies = (variance > 0) & (p > 0) & (p < 1)
    size = np.maximum(np.where(varies, size, unseen), 1)
    hits = p * size
    low = special.betaincinv(hits, size - hits + 1, 0.025)
    high = special.betainccinv(hits + 1, size - hits, 0.025)
    return np.where(hits > 0, low, 0.0), np.where(hits < size, high, 1.0)


def share_intervals(s: Shares) -> tuple[np.ndarray, np.ndarray]:
    """95% intervals of every share, two arrays of shape (G, K), however few events there are.

    The sample size of a code that a group does not use is the group's effective events, each with
    what `event_worth` says.
    """
    n = s.n.to_numpy(float)[:, :, None]
    worth = event_worth(s.sums, s.mass)
    variance = known_variance(s.draws)
    return share_interval(s.value, variance, n[:, 0] * worth, n[:, 2] * worth, n[:, 2])


def event_worth(sums: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """How many independent observations of a code one event is worth, at least one.

    Of `sums` and `mass` as in `Shares` (`mass` may differ by code: events, G, K), for each of K
    codes: p (1 - p) over the variance of the events' shares, p being the share in all groups. That
    is 1 where an event has a code wholly or not at all, and m where it has m independent claims.

    Notes
    -----
    Our own rule; it inverts the design effect of Kish (1965). An event of several claims that
    never use a code says more against it than one observation; how much more is taken from all
    groups together. Where all events have the same share nothing shows it, and it is 1.
    """
    mass = mass.reshape(*mass.shape, *[1] * (sums.ndim - mass.ndim))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = sums.sum((0, 1)) / mass.sum((0, 1))
        off = np.where(mass > 0, sums / mass - p, 0)
        variance = (mass * off**2).sum((0, 1)) / mass.sum((0, 1))
        worth = p * (1 - p) / variance
    return np.where((worth > 1) & (variance > 1e-12), worth, 1.0)  # the rest of it is rounding


def prevalence(s: Shares) -> pd.DataFrame:
    """Shares with 95% intervals (Korn & Graubard 1998), one row per group and code.

    Columns `value`, `low`, `high` (0 to 1; no interval in cells of fewer than `MIN_EVENTS`
    effective events), `n_articles`, `n_events`, `small`.
    """
    low, high = share_intervals(s)
    size = len(s.codes)
    index = s.groups.repeat(size).to_frame(index=False)
    index["code"] = np.tile(s.codes.to_numpy(), len(s.groups))
    values = {"value": s.value.ravel(), "low": low.ravel(), "high": high.ravel()}
    table = pd.DataFrame(values, pd.MultiIndex.from_frame(index))
    for column in ("n_articles", "n_events"):
        table[column] = s.n[column].astype(int).repeat(size).to_numpy()
    table["small"] = ~(s.n["effective_events"] >= MIN_EVENTS).repeat(size).to_numpy()
    table.loc[table["small"], ["low", "high"]] = np.nan
    return table


def share_of(
    hits: pd.Series, clusters: pd.Series, weights: pd.Series | None = None
) -> dict[str, float]:
    """Weighted share of `hits` among units sampled in clusters (Korn & Graubard 1998).

    `hits` are n bools; `weights` are all the same by default. Returns `value`, `low`, `high`; no
    interval (NaN) from one cluster.
    """
    weights = pd.Series(1.0, hits.index) if weights is None else weights
    value = float(np.average(hits, weights=weights))
    mass = weights.groupby(clusters).sum()
    if len(mass) == 1:
        return {"value": value, "low": np.nan, "high": np.nan}
    off = (weights * (hits - value)).groupby(clusters).sum()  # linearised, as for any ratio
    variance = len(mass) / (len(mass) - 1) * (off**2).sum() / mass.sum() ** 2
    effective = mass.sum() ** 2 / (mass**2).sum()
    low, high = share_interval(value, variance, len(hits), effective, effective)
    return {"value": value, "low": float(low), "high": float(high)}
