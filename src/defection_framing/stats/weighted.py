"""Compare how codes are spread over groups of articles, with the event as the unit of inference.

Articles about one event copy each other, so they are not independent: every interval here comes
from a bootstrap that resamples whole events (Cameron, Gelbach & Miller 2008), and every share can
be weighted so that one much-copied event does not decide.

An article counts once, however many claims it has: its claims share its weight. Then

* `event` weighting gives each event the same weight within a group (the event's articles share it);
* `article` weighting gives each article the same weight.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import special, stats

from ..settings import SEED

MIN_EVENTS = 7
"""With fewer effective events in a cell no interval is given.

What the simulation of coverage supports: with as many or more, about 93% or more of intervals hold
the truth, on average over codes. Single codes of few events do worse."""

DRAWS = 2000
"""Bootstrap draws, and permutations, of an estimate that is reported."""


@dataclass(frozen=True)
class Shares:
    """Weighted shares of K codes in G groups, with B cluster-bootstrap draws of them.

    Attributes
    ----------
    groups : pd.Index, length G
    codes : pd.Index, length K
    value : np.ndarray, shape (G, K)
        Shares, 0 to 1.
    draws : np.ndarray, shape (B, G, K)
        The same under resampled events; NaN where a draw left a group empty.
    n : pd.DataFrame, G rows
        `n_articles`, `n_events` and `effective_events` (the number of equally weighted events that
        would carry the same information: the squared sum of the events' weights over the sum of
        their squares, Kish 1965).
    sums : np.ndarray, shape (events, G, K)
        What each event adds to the numerators of the shares.
    mass : np.ndarray, shape (events, G)
        What it adds to their denominators: 0 where a group has no article on the event.
    """

    groups: pd.Index
    codes: pd.Index
    value: np.ndarray
    draws: np.ndarray
    n: pd.DataFrame
    sums: np.ndarray
    mass: np.ndarray

    def at(self, group: Hashable) -> int:
        """Position of a group."""
        return self.groups.get_loc(group)


def decided(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows whose code is not left open: neither missing nor an empty tuple."""
    values = table[column]
    return table[values.notna() & values.map(lambda v: v != ()).astype(bool)]


def indicators(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Turn a coded column into 0/1 columns, one per code.

    Parameters
    ----------
    table : pd.DataFrame
        One row per claim or article.
    column : str
        A column of single codes (categorical or string) or of tuples of codes.

    Returns
    -------
    pd.DataFrame, shape (rows, codes)
        Of the rows that `decided` keeps. They sum to 1 for single codes; for tuples to the number
        of codes the row has.
    """
    table = decided(table, column)
    values = table[column]
    if values.map(lambda v: isinstance(v, tuple)).astype(bool).any():
        flat = values.explode().dropna()
        return pd.crosstab(flat.index, flat).reindex(table.index, fill_value=0).clip(upper=1)
    return pd.get_dummies(values, dtype=float)


def shares(
    table: pd.DataFrame,
    column: str,
    by: Sequence[str],
    weighting: str = "event",
    draws: int = DRAWS,
    seed: int = SEED,
) -> Shares:
    """Weighted share of each code in each group, with bootstrap draws clustered on events.

    Parameters
    ----------
    table : pd.DataFrame
        One row per claim or article, with `article_id`, `cluster`, the coded column and the
        grouping columns.
    column : str
        The code that is compared. Rows that leave it open are left out, and so are articles
        without any other row.
    by : sequence of str
        Columns whose combinations are the groups.
    weighting : {"event", "article"}
        See the module's head.
    draws : int
        Bootstrap draws; all groups share each draw, so differences between them keep the
        covariance that shared events cause.
    seed : int

    Returns
    -------
    Shares

    Raises
    ------
    ValueError
        If `weighting` is not one of the two.
    """
    if weighting not in ("event", "article"):
        raise ValueError(f"weighting is 'event' or 'article', not {weighting!r}")
    articles = article_codes(table, column, by)
    facts = articles.index.to_frame(index=False)
    cells = pd.MultiIndex.from_frame(facts[list(by)]) if len(by) > 1 else pd.Index(facts[by[0]])
    cell, groups = pd.factorize(cells, sort=True)
    groups.names = list(by)
    event = pd.factorize(facts["cluster"], sort=True)[0]
    return cell_shares(
        articles.to_numpy(), event, cell, groups, articles.columns, weighting, draws, seed
    )


def article_codes(table: pd.DataFrame, column: str, by: Sequence[str]) -> pd.DataFrame:
    """Share of each code in each article's claims.

    Parameters
    ----------
    table, column, by
        As in `shares`.

    Returns
    -------
    pd.DataFrame, shape (articles, codes)
        Index: `article_id`, `cluster` and the columns of `by`.
    """
    table = decided(table, column)
    keys = [table[c].astype(object) for c in by]
    return indicators(table, column).groupby([table["article_id"], table["cluster"], *keys]).mean()


def cell_shares(
    codes: np.ndarray,
    event: np.ndarray,
    cell: np.ndarray,
    groups: pd.Index,
    names: pd.Index,
    weighting: str = "event",
    draws: int = DRAWS,
    seed: int = SEED,
) -> Shares:
    """`shares` of articles given as arrays, for simulations that compute them thousands of times.

    Parameters
    ----------
    codes : np.ndarray, shape (n, K)
        Share of each code in each article's claims.
    event, cell : np.ndarray of int, shape (n,)
        Event and group of each article; groups are numbered by their position in `groups`.
    groups, names : pd.Index, lengths G and K
    weighting, draws, seed
        As in `shares`.

    Returns
    -------
    Shares
        Groups without an article have NaN shares.
    """
    sums, mass, articles = per_event(codes, event, cell, len(groups), weighting)
    with np.errstate(invalid="ignore"):
        n = pd.DataFrame(
            {
                "n_articles": articles.sum(0).astype(int),
                "n_events": (mass > 0).sum(0),
                "effective_events": mass.sum(0) ** 2 / (mass**2).sum(0),
            },
            index=groups,
        )
    value, resampled = _resample(sums, mass, draws, seed)
    return Shares(groups, names, value, resampled, n, sums, mass)


def per_event(
    codes: np.ndarray, event: np.ndarray, cell: np.ndarray, n_cells: int, weighting: str = "event"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each event adds to the shares of cells, its articles given as in `cell_shares`.

    Returns
    -------
    sums, mass : np.ndarray, shapes (events, G, K) and (events, G)
        As in `Shares`, for the events of these articles, in their order.
    articles : np.ndarray, shape (events, G)
    """
    event = np.unique(event, return_inverse=True)[1]
    shape, size = (event.max(initial=-1) + 1, n_cells), codes.shape[1]
    key = event * n_cells + cell
    articles = np.bincount(key, minlength=shape[0] * n_cells).astype(float)
    at = (key[:, None] * size + np.arange(size)).ravel()
    sums = np.bincount(at, codes.ravel(), minlength=len(articles) * size)
    sums = sums.reshape(len(articles), size)
    mass = articles
    if weighting == "event":
        sums, mass = sums / np.maximum(articles, 1)[:, None], (articles > 0).astype(float)
    return sums.reshape(*shape, size), mass.reshape(shape), articles.reshape(shape)


def _resample(sums, mass, draws, seed):
    """Point shares (G, K) and their bootstrap draws (B, G, K) from per-event sums and masses."""
    n_events, n_groups, n_codes = sums.shape
    times = _resampled(n_events, draws, seed)
    top = (times @ sums.reshape(n_events, n_groups * n_codes)).reshape(draws, n_groups, n_codes)
    bottom = times @ mass
    with np.errstate(invalid="ignore"):
        return sums.sum(0) / mass.sum(0)[:, None], top / bottom[:, :, None]


@lru_cache(maxsize=8)
def _resampled(n_events, draws, seed):
    """How often each event is drawn in each bootstrap draw, shape (B, events)."""
    if not n_events:
        return np.zeros((draws, 0))
    evenly = np.full(n_events, 1 / n_events)
    return np.random.default_rng(seed).multinomial(n_events, evenly, size=draws).astype(float)


def _variance(s: Shares) -> np.ndarray:
    """Bootstrap variance of every share, shape (G, K)."""
    with np.errstate(invalid="ignore"):
        return np.nanvar(s.draws, axis=0, ddof=1)


def _share_interval(p, variance, most, unseen, effective_events):
    """Korn & Graubard (1998) interval of shares under clustering, all arguments broadcast.

    Clopper-Pearson with the sample size that an independent sample of the same variance would
    have, at `most`, shrunk for the few degrees of freedom that few clusters leave. A code in none
    or all of the events has no variance: its sample size is `unseen`.

    Two rules are ours, and both lengthen intervals a little. The shrinkage is (z / t)^2, where Korn
    & Graubard have the t of n - 1 units in place of z. And t has the effective clusters less one as
    degrees of freedom, where survey software counts clusters as if they weighed alike.
    """
    df = np.maximum(effective_events - 1, 1)
    shrink = (special.ndtri(0.025) / special.stdtrit(df, 0.025)) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.minimum(p * (1 - p) / variance, most) * shrink
    varies = (variance > 0) & (p > 0) & (p < 1)
    size = np.maximum(np.where(varies, size, unseen), 1)
    hits = p * size
    with np.errstate(invalid="ignore"):
        low = special.betaincinv(hits, size - hits + 1, 0.025)
        high = special.betainccinv(hits + 1, size - hits, 0.025)
    return np.where(hits > 0, low, 0.0), np.where(hits < size, high, 1.0)


def share_intervals(s: Shares) -> tuple[np.ndarray, np.ndarray]:
    """95% intervals of every share, two arrays of shape (G, K), however few events there are.

    A code that a group does not use at all has no variance there; its sample size is then the
    group's effective events, each with what `event_worth` says.
    """
    n = s.n.to_numpy(float)[:, :, None]
    worth = event_worth(s.sums, s.mass)
    return _share_interval(s.value, _variance(s), n[:, 0] * worth, n[:, 2] * worth, n[:, 2])


def event_worth(sums: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """How many independent observations of a code one event is worth, at least one.

    Parameters
    ----------
    sums : np.ndarray, shape (events, G, K)
    mass : np.ndarray, shape (events, G), or (events, G, K) where it differs by code
        As in `Shares`.

    Returns
    -------
    np.ndarray, shape (K,)
        p (1 - p) over the variance of the events' shares, p being the share in all groups: 1
        where an event has a code wholly or not at all, and m where it has m independent claims.

    Notes
    -----
    Our own rule; it inverts the design effect of Kish (1965). An event of several claims that
    never use a code says more against it than one observation does. In a group without the code
    nothing shows how much more, so it is taken from all groups together. Where all events have the
    same share nothing shows what they are worth, and it is 1.
    """
    mass = mass.reshape(*mass.shape, *[1] * (sums.ndim - mass.ndim))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = sums.sum((0, 1)) / mass.sum((0, 1))
        off = np.where(mass > 0, sums / mass - p, 0)
        variance = (mass * off**2).sum((0, 1)) / mass.sum((0, 1))
        worth = p * (1 - p) / variance
    return np.where((worth > 1) & (variance > 1e-12), worth, 1.0)  # the rest of it is rounding


def prevalence(s: Shares) -> pd.DataFrame:
    """Shares with 95% intervals, one row per group and code.

    Parameters
    ----------
    s : Shares

    Returns
    -------
    pd.DataFrame
        Index: group and code. Columns `value`, `low`, `high` (0 to 1; no interval in cells of
        fewer than `MIN_EVENTS` effective events), `n_articles`, `n_events`, `small`.

    References
    ----------
    Korn & Graubard (1998), Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data. Survey Methodology 24.
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


def pick(table: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Rows whose first index level is wanted, in the order wanted; what is not there is skipped."""
    there = table.index.get_level_values(0)
    return table.take([i for value in wanted for i in np.flatnonzero(there == value)])


def share_of(
    hits: pd.Series, clusters: pd.Series, weights: pd.Series | None = None
) -> dict[str, float]:
    """Weighted share of units in a sample of clusters, with its interval (Korn & Graubard 1998).

    Parameters
    ----------
    hits : pd.Series of bool, length n
    clusters : pd.Series, length n
    weights : pd.Series, length n, optional
        By default all the same.

    Returns
    -------
    dict
        `value`, `low`, `high`; no interval (NaN) from one cluster.
    """
    weights = pd.Series(1.0, hits.index) if weights is None else weights
    value = float(np.average(hits, weights=weights))
    mass = weights.groupby(clusters).sum()
    if len(mass) == 1:
        return {"value": value, "low": np.nan, "high": np.nan}
    off = (weights * (hits - value)).groupby(clusters).sum()  # linearised, as for any ratio
    variance = len(mass) / (len(mass) - 1) * (off**2).sum() / mass.sum() ** 2
    effective = mass.sum() ** 2 / (mass**2).sum()
    low, high = _share_interval(value, variance, len(hits), effective, effective)
    return {"value": value, "low": float(low), "high": float(high)}


def mean_interval(values: pd.Series) -> dict[str, float]:
    """Mean of independent values with its t-interval: `value`, `low`, `high`.

    No interval (NaN) from fewer than `MIN_EVENTS` values.
    """
    if len(values) < MIN_EVENTS:
        return {"value": float(values.mean()), "low": np.nan, "high": np.nan}
    result = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    return {"value": float(values.mean()), "low": float(result.low), "high": float(result.high)}


def one_sided_p(null: pd.Series, value: float) -> float:
    """One-sided permutation p-value (Phipson & Smyth 2010: never zero)."""
    return float((1 + (null >= value).sum()) / (1 + null.notna().sum()))
