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
from functools import lru_cache, partial

import numpy as np
import pandas as pd
from scipy import special, stats
from sklearn.feature_extraction.text import CountVectorizer

from .settings import SEED

MIN_EVENTS = 7
"""With fewer effective events in a cell no interval is given."""

MIN_EVENTS_INDEX = 10
"""With fewer in the harmonic mean of its four cells the mirror index gets none.

Both are what the simulation `alarms.coverage` supports: with as many or more, about 93% or more of
intervals hold the truth, on average over codes. Single codes of few events do worse."""

DRAWS = 2000

SIDES = {
    "russian_state": "Russian",
    "russian_mainstream": "Russian",
    "ukrainian": "Ukrainian",
    "western": "Western",
    "russian_exile": "Russian exile",
    "pro_russian_abroad": "Pro-Russian abroad",
    "rest_of_world": "Rest of world",
    "undisclosed": "Undisclosed",
}
"""The camps of the outlet registry, with Russian state and mainstream media taken as one camp."""

TOWARD = {"Russian": "ua_to_ru", "Ukrainian": "ru_to_ua"}
"""The direction in which people come toward the camp's own side; the other crossing leads away."""

CELLS = [
    (camp, d) for camp, toward in TOWARD.items() for d in sorted(TOWARD.values(), key=toward.__ne__)
]
"""Each camp's crossings toward it, then away from it."""

TO_RUSSIA = {"ua_to_ru": 1, "ru_to_ua": -1}
"""Weights of the contrast of crossings to Russia with crossings to Ukraine."""


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
    if values.map(lambda v: isinstance(v, tuple)).any():
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
    event = np.unique(event, return_inverse=True)[1]
    shape = (event.max(initial=-1) + 1, len(groups))
    key = event * shape[1] + cell
    articles = np.bincount(key, minlength=shape[0] * shape[1]).astype(float)
    sums = np.zeros((len(articles), codes.shape[1]))
    np.add.at(sums, key, codes)
    mass = articles
    if weighting == "event":
        sums, mass = sums / np.maximum(articles, 1)[:, None], (articles > 0).astype(float)
    articles, mass = articles.reshape(shape), mass.reshape(shape)
    with np.errstate(invalid="ignore"):
        n = pd.DataFrame(
            {
                "n_articles": articles.sum(0).astype(int),
                "n_events": (mass > 0).sum(0),
                "effective_events": mass.sum(0) ** 2 / (mass**2).sum(0),
            },
            index=groups,
        )
    sums = sums.reshape(*shape, codes.shape[1])
    value, resampled = _resample(sums, mass, draws, seed)
    return Shares(groups, names, value, resampled, n, sums, mass)


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

    An event's share of a code is 0 or 1 only where it has one claim. The more it is a fraction, the
    more an event says: a code's binomial variance over its variance between events, in all groups,
    is how many claims an event is worth.
    """
    n = s.n.to_numpy(float)[:, :, None]
    worth = _worth(s.sums, s.mass)
    return _share_interval(s.value, _variance(s), n[:, 0] * worth, n[:, 2] * worth, n[:, 2])


def _worth(sums, mass):
    with np.errstate(divide="ignore", invalid="ignore"):
        p = sums.sum((0, 1)) / mass.sum()
        off = np.where(mass[:, :, None] > 0, sums / mass[:, :, None] - p, 0)
        worth = p * (1 - p) / ((mass[:, :, None] * off**2).sum((0, 1)) / mass.sum())
    return np.where(worth > 1, worth, 1.0)


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


def contrast(s: Shares, weights: dict[Hashable, float]) -> pd.DataFrame:
    """A weighted sum of groups' shares, code by code, with interval, p and q.

    Parameters
    ----------
    s : Shares
    weights : dict
        Group to weight; `{a: 1, b: -1}` is the difference of a and b. Where groups have several
        levels, such as side and direction, the last is what is compared and the others are held:
        the weights sum to zero within each combination of them.

    Returns
    -------
    pd.DataFrame, one row per code
        `value` (difference of shares, -1 to 1 for a difference of two), `low`, `high`, `p`, `q`
        (Benjamini & Hochberg 1995 over the codes), `p_all` (over all codes at once), `n_articles`,
        `n_events` and `small`; no interval, p or q where a group has fewer than `MIN_EVENTS`
        effective events, and no value where the corpus has nothing of a group.

    Raises
    ------
    ValueError
        If the weights do not compare the last level with the others held.

    Notes
    -----
    Interval and p answer two questions, and near their edges they may disagree. The interval: which
    differences would resampled events give? The p-value: how often would labels that say nothing
    give a difference as large beside its standard error? "Shown" rests on p and q.

    The labels of the last level (the directions) are shuffled over whole events, as often as `s`
    has draws; an event goes with all its articles, whoever told them, and one with articles under
    two labels counts as two. Shuffles that leave a cell with fewer than two events are left out.
    Differences are compared after division by their standard errors, which makes the test exact
    where labels say nothing at all and right in large samples where they change the spread but not
    the mean. Where labels move the shares of single held cells but not the contrast, the errors are
    too large and the test errs on the safe side. The errors are linearised, clustered on events,
    and those of the null: deviations are from the share under all labels, since a small cell
    without a code would else seem sure of it.

    References
    ----------
    Intervals combine those of the shares by the method of variance estimates recovery (Zou & Donner
    2008, Construction of confidence limits about effect measures: a general approach. Statistics in
    Medicine 27; for shares that err together, Zou 2007, Toward using confidence intervals to
    compare correlations. Psychological Methods 12), which keeps its level for rare codes and few
    clusters, where the percentiles of a bootstrap do not. P-values: Chung & Romano (2013), Exact
    and asymptotically robust permutation tests. Annals of Statistics 41; DiCiccio & Romano (2017),
    Robust permutation tests for correlation and regression coefficients. Journal of the American
    Statistical Association 112; never zero, Phipson & Smyth (2010), Permutation p-values should
    never be zero. Statistical Applications in Genetics and Molecular Biology 9; all at once,
    Westfall & Young (1993), Resampling-based multiple testing.
    """
    if not set(weights) <= set(s.groups):
        out = pd.DataFrame(np.nan, s.codes, ["value", "low", "high", "p", "q", "p_all"])
        return out.assign(n_articles=0, n_events=0, small=True)
    at = [s.at(g) for g in weights]
    n = s.n.iloc[at]
    value, low, high = combined(s, weights)
    p, p_all = _permutation_p(s, weights)
    out = pd.DataFrame({"value": value, "low": low, "high": high, "p": p}, index=s.codes)
    out["p_all"] = p_all
    out["n_articles"] = int(n["n_articles"].sum())
    out["n_events"] = int((s.mass[:, at] > 0).any(1).sum())
    out["small"] = not n["effective_events"].min() >= MIN_EVENTS
    out.loc[out["small"], ["low", "high", "p", "p_all"]] = np.nan
    out.insert(4, "q", adjust(out["p"]))
    return out


def combined(s: Shares, weights: dict[Hashable, float]):
    """Weighted sum of groups' shares with its 95% interval, however few events there are.

    Parameters
    ----------
    s : Shares
    weights : dict
        As in `contrast`.

    Returns
    -------
    value, low, high : np.ndarray, shape (K,)
        The distances of the limits from the value are those of the single shares, added as
        correlated errors are (Zou 2007): camps that tell the same events err together.
    """
    at = [s.at(g) for g in weights]
    c = np.array(list(weights.values()), dtype=float)[:, None]
    p = s.value[at]
    low, high = (c * x[at] for x in share_intervals(s))
    with np.errstate(divide="ignore", invalid="ignore"):
        off = c * (s.draws[:, at] - np.nanmean(s.draws[:, at], axis=0))
        spread = np.sqrt(np.nanmean(off**2, axis=0))
        off = np.where(spread > 0, np.nan_to_num(off) / spread, 0)
    together = np.einsum("bgk,bhk->ghk", off, off) / len(off)
    together[np.arange(len(at)), np.arange(len(at))] = 1

    def reach(limit):
        distance = np.abs(limit - c * p)
        return np.sqrt(np.maximum(np.einsum("gk,hk,ghk->k", distance, distance, together), 0))

    value = (c * p).sum(0)
    return value, value - reach(np.minimum(low, high)), value + reach(np.maximum(low, high))


def _permutation_p(s: Shares, weights: dict[Hashable, float]) -> tuple[np.ndarray, np.ndarray]:
    """P-values of a contrast as `contrast` describes them: each code alone, and all at once."""
    split = {g: (g[:-1], g[-1]) if isinstance(g, tuple) else ((), g) for g in weights}
    held, labels = (list(dict.fromkeys(part)) for part in zip(*split.values(), strict=True))
    c, column = np.zeros((2, len(held), len(labels)))
    for g, (h, label) in split.items():
        c[held.index(h), labels.index(label)] = weights[g]
        column[held.index(h), labels.index(label)] = s.at(g)
    if (c == 0).any() or not np.allclose(c.sum(1), 0):
        raise ValueError(
            f"the weights of {list(weights)} do not compare the last level with the others held: "
            "they must sum to zero within each combination of the others"
        )
    at = column.astype(int).T  # (labels, held)
    event, label = np.nonzero((s.mass[:, at] > 0).any(2))
    if not len(event):
        return (np.full(len(s.codes), np.nan),) * 2
    sums, mass = s.sums[event[:, None], at[label]], s.mass[event[:, None], at[label]]
    shuffles = np.tile(label, (len(s.draws), 1))
    shuffled = np.random.default_rng(SEED).permuted(shuffles, axis=1)
    ratio, usable = _studentised(sums, mass, np.vstack([label, shuffled]), c)
    if not usable[0]:
        return (np.full(len(s.codes), np.nan),) * 2
    ratio = np.round(ratio[usable], 9)  # equal shuffles differ by rounding
    tails = [stats.rankdata(sign * ratio, "max", axis=0) for sign in (-1, 1)]
    p = np.minimum(2 * np.minimum(*tails) / len(ratio), 1)
    return p[0], (p.min(1)[:, None] <= p[0]).mean(0)


def _studentised(sums, mass, labels, c):
    """Contrasts in standard errors under B labellings (B, K), and which of these can be used (B,).

    `sums` (U, H, K) and `mass` (U, H) are those of U units in H held cells, `labels` (B, U), and
    `c` (H, L) the weights. All of it comes from products of label and unit matrices.
    """
    with np.errstate(invalid="ignore"):  # a held cell may be empty; no labelling is usable then
        off = sums - mass[:, :, None] * (sums.sum(0) / mass.sum(0)[:, None])
    parts = (sums, mass, mass > 0, np.einsum("uhk,ugk->uhgk", off, off))
    flat = np.hstack([x.reshape(len(x), -1) for x in parts])
    ends = np.cumsum([x[0].size for x in parts])[:-1]
    per_label = [(labels == i).astype(float) @ flat for i in range(c.shape[1] - 1)]
    per_label.append(flat.sum(0) - sum(per_label))
    value, variance = np.zeros((2, len(labels), sums.shape[2]))
    usable = np.ones(len(labels), dtype=bool)
    for i, of_label in enumerate(per_label):
        top, total, n, spread = (
            x.reshape(-1, *part.shape[1:])
            for x, part in zip(np.split(of_label, ends, axis=1), parts, strict=True)
        )
        usable &= (n > 1).all(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            a = c[:, i] / total
            value += (a[:, :, None] * top).sum(1)
            variance += np.einsum("bh,bg,bhgk->bk", a, a, spread)
    value[np.abs(value) < 1e-9] = 0  # what rounding leaves of a code that nobody uses
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(value == 0, 0, value / np.sqrt(variance)), usable


def adjust(p: pd.Series) -> pd.Series:
    """Benjamini & Hochberg (1995) q-values of one family of p-values; missing ones stay missing."""
    out = pd.Series(np.nan, index=p.index)
    known = p.notna()
    if known.any():
        out[known] = stats.false_discovery_control(p[known].to_numpy(float))
    return out


_CONTRASTS = {
    "first": (1, -1, 0, 0),
    "second": (0, 0, 1, -1),
    "relational": (0.5, -0.5, 0.5, -0.5),
    "directional": (0.5, -0.5, -0.5, 0.5),
}
# Weights of the cells: each camp's crossings toward it and away from it.

_REFERENCES = ["directions shuffled", "camps shuffled", "perfect mirror, same noise"]


@dataclass(frozen=True)
class Mirror:
    """How far two camps' framings of a crossing depend on which way it goes for them.

    Attributes
    ----------
    index : pd.Series
        `value`, `low`, `high` (clipped to -1 and 1), `cosine`, `n_articles`, `n_events`,
        `smallest_cell` (events in the smallest of the four cells), `shared_events` (told by both
        camps), and the p-values against the two nulls, `p_no_direction` and `p_no_teller`.
    frames : pd.DataFrame, one row per code
        The toward-minus-away contrasts `first` and `second` of the two camps and their halves:
        `relational` (what both camps do alike with respect to their own side) and `directional`
        (what both do alike with respect to the direction), each with `_low`, `_high`, `_p`, `_q`;
        `part`: what the code contributes to the index (the parts sum to it).
    references : pd.DataFrame, one column per reference
        Draws of the index where the direction does not matter, where the teller does not matter,
        and where the mirror is perfect but the sample as noisy as this one.
    """

    index: pd.Series
    frames: pd.DataFrame
    references: pd.DataFrame


def mirror_index(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Agreement of contrast vectors, -1 to 1, over the last axis.

    Twice the inner product over the sum of the squared lengths: Lin's (1989) concordance for
    vectors that sum to zero, as differences of distributions do. 1: each camp tells those who come
    toward it as the other camp tells those who come toward *it* (framing is relational). -1: both
    camps tell each direction alike, whoever gains (framing follows the direction). With r and d
    the relational and directional halves, it is (|r|^2 - |d|^2) / (|r|^2 + |d|^2).
    """
    length = (first**2).sum(-1) + (second**2).sum(-1)
    return 2 * (first * second).sum(-1) / length


def mirror(
    table: pd.DataFrame,
    column: str = "frame",
    camps: tuple[str, str] = ("Russian", "Ukrainian"),
    weighting: str = "event",
    draws: int = DRAWS,
    seed: int = SEED,
) -> Mirror:
    """Mirror index of two camps with interval, nulls and the frames that make or break it.

    Parameters
    ----------
    table : pd.DataFrame
        Claims or articles with `side`, `direction`, `outlet`, `article_id`, `cluster` and `column`.
    column : str
    camps : tuple of str
        Two values of `side`, keys of `TOWARD`.
    weighting, draws, seed
        As in `shares`; `draws` is also the number of permutations of each null.

    Returns
    -------
    Mirror
        Without values where the corpus has nothing of one of the four cells.

    Notes
    -----
    Nulls: directions shuffled over whole events; camps shuffled over whole outlets. The interval is
    the value plus or minus t times the cluster-bootstrap standard error, t with as many degrees of
    freedom as the smallest cell has effective events, less one. Sampling noise pulls the index
    away from 1: the reference `perfect mirror` shows how high it could have come, and the interval
    is longer on the other side by the bias that the bootstrap shows. There is none under
    `MIN_EVENTS_INDEX`.
    """
    crossing = table["direction"].isin(TOWARD.values())
    table = decided(table[crossing & table["side"].isin(camps)], column)
    cells = [(c, d) for c in camps for d in (TOWARD[c], _other(TOWARD[c]))]
    s = shares(table, column, ["side", "direction"], weighting, draws, seed)
    n = {
        "n_articles": int(table["article_id"].nunique()),
        "n_events": int(table["cluster"].nunique()),
        "shared_events": int((table.groupby("cluster")["side"].nunique() == 2).sum()),
    }
    if not set(cells) <= set(s.groups):
        return _no_mirror(s.codes, n)
    at = [s.at(g) for g in cells]
    t1, a1, t2, a2 = s.value[at]
    d1, d2 = s.draws[:, at[0]] - s.draws[:, at[1]], s.draws[:, at[2]] - s.draws[:, at[3]]
    first, second = t1 - a1, t2 - a2
    value, low, high = index_interval(s, cells)

    middle, rng = (first + second) / 2, np.random.default_rng(seed)
    shuffle = partial(_shuffled, table, column, camps, weighting, draws, rng)
    drawn = (
        shuffle(unit="cluster", label="direction"),
        shuffle(unit="outlet", label="side"),
        mirror_index(middle + d1 - first, middle + d2 - second),
    )
    references = pd.DataFrame(dict(zip(_REFERENCES, drawn, strict=True)))
    index = pd.Series(
        {
            "value": value,
            "low": low,
            "high": high,
            "cosine": float(first @ second / np.sqrt((first @ first) * (second @ second))),
            **n,
            "smallest_cell": int(s.n["n_events"].iloc[at].min()),
            "p_no_direction": _p(references["directions shuffled"], value),
            "p_no_teller": _p(references["camps shuffled"], value),
        }
    )
    length = (first**2).sum() + (second**2).sum()
    frames = pd.DataFrame({"part": 2 * first * second / length}, index=s.codes)
    for name, w in _CONTRASTS.items():
        part = contrast(s, {g: x for g, x in zip(cells, w, strict=True) if x})
        frames[name] = part["value"]
        for c in ("low", "high", "p", "q"):
            frames[f"{name}_{c}"] = part[c]
    return Mirror(index, frames, references)


def _no_mirror(codes: pd.Index, n: dict[str, int]) -> Mirror:
    """Mirror of a corpus that has nothing of one of the four cells."""
    values = ["value", "low", "high", "cosine", "p_no_direction", "p_no_teller"]
    index = pd.Series({**dict.fromkeys(values, np.nan), **n, "smallest_cell": 0})
    columns = ["part"]
    columns += [name + part for name in _CONTRASTS for part in ("", "_low", "_high", "_p", "_q")]
    return Mirror(
        index, pd.DataFrame(np.nan, codes, columns), pd.DataFrame(columns=_REFERENCES, dtype=float)
    )


def index_interval(s: Shares, cells: Sequence[Hashable]) -> tuple[float, float, float]:
    """Mirror index of four groups (each camp's toward and away) with its interval, as `mirror`."""
    value, low, high = index_bounds(s, cells)
    events = s.n["effective_events"].iloc[[s.at(g) for g in cells]]
    return (
        (value, low, high) if stats.hmean(events) >= MIN_EVENTS_INDEX else (value, np.nan, np.nan)
    )


def index_bounds(s: Shares, cells: Sequence[Hashable]) -> tuple[float, float, float]:
    """`index_interval`, however few events there are."""
    at = [s.at(g) for g in cells]
    contrasts = [x[..., i, :] - x[..., j, :] for x in (s.value[at], s.draws[:, at])
                 for i, j in ((0, 1), (2, 3))]  # fmt: skip
    value, draws = float(mirror_index(*contrasts[:2])), mirror_index(*contrasts[2:])
    df = max(s.n["effective_events"].iloc[at].min() - 1, 1)
    reach = stats.t.isf(0.025, df) * np.nanstd(draws, ddof=1)
    bias = value - np.nanmean(draws)
    low, high = value - reach + min(bias, 0), value + reach + max(bias, 0)
    return value, max(low, -1.0), min(high, 1.0)


def _other(direction: str) -> str:
    a, b = TOWARD.values()
    return a if direction == b else b


def _p(null: pd.Series, value: float) -> float:
    """One-sided permutation p-value (Phipson & Smyth 2010: never zero)."""
    return float((1 + (null >= value).sum()) / (1 + null.notna().sum()))


def _shuffled(table, column, camps, weighting, draws, rng, unit, label):
    """Draws of the mirror index with one label shuffled over whole events or whole outlets."""
    codes = indicators(table, column)
    article = codes.groupby(table["article_id"]).mean().to_numpy()
    facts = table.groupby("article_id")[["side", "direction", "cluster", "outlet"]].first()
    facts = facts.astype(object)
    levels = {"side": list(camps), "direction": list(TOWARD.values())}
    fixed = {k: facts[k].map(v.index).to_numpy() for k, v in levels.items()}
    event, units = (pd.factorize(facts[c], sort=True)[0] for c in ("cluster", unit))
    return shuffled_index(article, event, **fixed, units=units, label=label, weighting=weighting,
                          draws=draws, rng=rng)  # fmt: skip


def shuffled_index(codes, event, side, direction, units, label, weighting, draws, rng):
    """Draws of the mirror index with one label shuffled over whole units.

    Parameters
    ----------
    codes : np.ndarray, shape (n, K)
        Share of each code in each article's claims.
    event, units : np.ndarray of int, shape (n,)
        Event of each article, and the unit that is shuffled, such as its outlet.
    side, direction : np.ndarray of 0 and 1, shape (n,)
        Direction 0 leads toward side 0, direction 1 toward side 1.
    label : {"side", "direction"}
        What is shuffled: once per unit and value of the label that the unit has.
    weighting : {"event", "article"}
    draws : int
    rng : np.random.Generator

    Returns
    -------
    np.ndarray, shape (draws,)
    """
    labels = {"side": side, "direction": direction}
    _, first, unit = np.unique(units * 2 + labels[label], return_index=True, return_inverse=True)
    n_keys = (event.max() + 1) * 4
    out = np.empty(draws)
    for start in range(0, draws, 100):  # blocks bound the memory
        size = min(100, draws - start)
        now = np.stack([rng.permutation(labels[label][first])[unit] for _ in range(size)])
        cell = {"side": now * 2 + direction, "direction": side * 2 + now}[label]
        weight = np.ones(cell.shape)
        if weighting == "event":
            key = np.arange(size)[:, None] * n_keys + event * 4 + cell
            weight = 1 / np.bincount(key.ravel(), minlength=size * n_keys)[key]
        share = np.empty((4, size, codes.shape[1]))
        with np.errstate(invalid="ignore", divide="ignore"):
            for c in range(4):
                part = weight * (cell == c)
                share[c] = part @ codes / part.sum(1, keepdims=True)
        out[start : start + size] = mirror_index(share[0] - share[1], share[3] - share[2])
    return out


def away(
    articles: pd.DataFrame, camps=tuple(TOWARD), weighting="event", draws=DRAWS
) -> pd.DataFrame:
    """Contrast portrayals of those who leave the teller's side with those who come, as `contrast`.

    The mean over the camps, each with the same weight.
    """
    own = articles[articles["direction"].isin(TOWARD.values())]
    s = shares(own[own["side"].isin(camps)], "portrayal", ["side", "direction"], weighting, draws)
    weights = {
        (camp, d): (-1 if d == TOWARD[camp] else 1) / len(camps)
        for camp in camps
        for d in TOWARD.values()
    }
    return contrast(s, weights)


def log_odds(texts: pd.Series, group: pd.Series, clusters: pd.Series, min_events: int = 5):
    """Weighted log-odds of words between two groups, with an informative Dirichlet prior.

    Parameters
    ----------
    texts : pd.Series of str
    group : pd.Series of bool
        True for the first group, False for the second.
    clusters : pd.Series
        Events; a word must occur in `min_events` of them, so that names of one case stay out.
    min_events : int

    Returns
    -------
    pd.DataFrame, one row per word, sorted by `z`
        `log_odds` (positive: first group), `z` (in standard errors), `first`, `second` (weighted
        counts of texts that hold the word), `n_events`; no row where a group is empty.

    References
    ----------
    Monroe, Colaresi & Quinn (2008), Fightin' Words. Political Analysis 16. The prior is the words
    of both groups together, scaled to 500 pseudo-words. Each event has the same weight within its
    group; the weights are scaled to the number of texts that would carry as much information.
    """
    mine = group.to_numpy(bool)
    if mine.all() or not mine.any():
        columns = ["log_odds", "z", "first", "second", "n_events"]
        return pd.DataFrame(columns=columns, index=pd.Index([], name="word"), dtype=float)
    vectorizer = CountVectorizer(
        stop_words="english", token_pattern=r"(?u)\b[a-z][a-z'-]+\b", binary=True
    )
    holds = vectorizer.fit_transform(texts).astype(float)
    event = pd.Series(clusters.to_numpy())
    n_events = sum((holds[rows].sum(0) > 0).A1 for rows in event.groupby(event).indices.values())

    def counts(mine):
        weight = (1 / event[mine].groupby(event[mine]).transform("size")).to_numpy()
        return weight * weight.sum() / (weight**2).sum() @ holds[mine]

    first, second = counts(mine), counts(~mine)
    prior = 500 * (first + second) / (first + second).sum()

    def odds(y):
        return np.log((y + prior) / (y.sum() + prior.sum() - y - prior))

    delta = odds(first) - odds(second)
    z = delta / np.sqrt(1 / (first + prior) + 1 / (second + prior))
    table = pd.DataFrame(
        {"log_odds": delta, "z": z, "first": first, "second": second, "n_events": n_events},
        index=pd.Index(vectorizer.get_feature_names_out(), name="word"),
    )
    return table[table["n_events"] >= min_events].sort_values("z", kind="stable")


def separation(vectors: np.ndarray, articles: pd.DataFrame, by: str, draws: int = DRAWS):
    """How much farther apart two groups tell the same events than each tells them itself.

    Parameters
    ----------
    vectors : np.ndarray, shape (n, d)
        Unit-length embeddings, one per article.
    articles : pd.DataFrame, n rows
        With `cluster`, `outlet` and the column `by`, which has two values.
    by : str
    draws : int
        Permutations: the groups of outlets are shuffled among the outlets of each event.

    Returns
    -------
    table : pd.DataFrame, one row per event with at least two articles of each group
        `value` (mean cosine distance between groups minus `within`), `within` (mean of the two mean
        distances within groups), `n_articles`.
    p : float
        One-sided permutation p-value of the mean over events; NaN where there is none.
    """
    rng = np.random.default_rng(SEED)
    table, null = {}, np.zeros(draws)
    for event, rows in articles.reset_index(drop=True).groupby("cluster").indices.items():
        group = articles[by].astype(str).to_numpy()[rows]
        outlet = pd.factorize(articles["outlet"].to_numpy()[rows])[0]
        names, sizes = np.unique(group, return_counts=True)
        if len(names) < 2 or sizes.min() < 2:
            continue
        distance = 1 - vectors[rows] @ vectors[rows].T
        is_first = group == names[0]
        (value,), (within,) = _apart(distance, is_first[None])
        table[event] = {"value": value, "within": within, "n_articles": len(rows)}
        of_outlet = is_first[np.unique(outlet, return_index=True)[1]]
        null += _apart(
            distance, np.stack([rng.permutation(of_outlet)[outlet] for _ in range(draws)])
        )[0]
    columns = ["value", "within", "n_articles"]
    table = pd.DataFrame.from_dict(table, "index", columns=columns).rename_axis("event")
    table = table.astype({"n_articles": int}).sort_values("value")
    if table.empty:
        return table, np.nan
    return table, _p(pd.Series(null / len(table)), table["value"].mean())


def _apart(distance, is_first):
    """Mean distance between two groups minus that within them, and the latter.

    `is_first` (B, n) holds B divisions into groups. The distance within is the mean of those within
    the two groups; a group of one has none. 0 apart where a group is empty.
    """
    first, second = is_first.astype(float), (~is_first).astype(float)
    n, m = first.sum(1), second.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (first @ distance * second).sum(1) / (n * m)
        own = [((g @ distance) * g).sum(1) / (k * (k - 1)) for g, k in ((first, n), (second, m))]
    own = np.ma.masked_invalid(own)
    within = own.mean(0).filled(np.nan)
    return np.where((n == 0) | (m == 0), 0.0, between - within), within


def likeness(s: Shares, parts: Sequence[str], camps: tuple[str, str]) -> pd.DataFrame:
    """Cosine of the code profiles of parts with those of two camps, within each direction.

    Parameters
    ----------
    s : Shares
        Grouped by direction and teller.
    parts : sequence of str
        Tellers.
    camps : tuple of str
        Two tellers.

    Returns
    -------
    pd.DataFrame
        Index: direction, part, camp; a third camp, `difference`, is the first's likeness minus the
        second's. Columns `value` (0 to 1; -1 to 1 for the difference), `low`, `high` (t times the
        bootstrap standard error), `n_articles`, `n_events` of the part. Left out where the part or
        a camp has fewer than `MIN_EVENTS` effective events.
    """
    index, rows = [], []
    for d in s.groups.get_level_values(0).unique():
        here = [g for g in [(d, p) for p in parts] if g in s.groups]
        for group in here:
            n, held = s.n.loc[group], [group, *((d, c) for c in camps)]
            if not s.n["effective_events"].reindex(held).min(skipna=False) >= MIN_EVENTS:
                continue
            values = [_cosine(s.value[s.at(group)], s.value[s.at((d, c))]) for c in camps]
            draws = [_cosine(s.draws[:, s.at(group)], s.draws[:, s.at((d, c))]) for c in camps]
            values.append(values[0] - values[1])
            draws.append(draws[0] - draws[1])
            t = stats.t.isf(0.025, max(n["effective_events"] - 1, 1))
            for camp, value, draw in zip([*camps, "difference"], values, draws, strict=True):
                reach = t * np.nanstd(draw, ddof=1)
                floor = -1 if camp == "difference" else 0
                index.append((*group, camp))
                low, high = max(value - reach, floor), min(value + reach, 1)
                rows.append((value, low, high, n["n_articles"], n["n_events"]))
    names = ["direction", "part", "camp"]
    index = pd.DataFrame(index, columns=names).set_index(names).index
    columns = ["value", "low", "high", "n_articles", "n_events"]
    return pd.DataFrame(rows, columns=columns, index=index)


def _cosine(a, b):
    return (a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1))


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
