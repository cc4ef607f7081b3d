"""Contrasts of weighted shares: differences with interval, permutation p and q.

Of one at a time, and the intervals of thousands of specifications at once: linearised, where others
redraw events.
"""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from ..settings import SEED
from .panel import EventSums, redrawn_sums
from .weighted import MIN_EVENTS, Shares, event_worth, known_mean, share_interval, share_intervals

LEVEL = 0.05
"""A p- or q-value below it counts: of a difference shown, of a hypothesis confirmed."""

Rule = tuple[bool, bool]
"""Whether an event may be worth more than one observation, and whether t is in place of z."""


def excludes_zero(table: pd.DataFrame) -> pd.Series:
    """Whether each interval, `low` to `high`, leaves zero out."""
    return table["low"].gt(0) | table["high"].lt(0)


def is_shown(table: pd.DataFrame) -> pd.Series:
    """Whether each difference is shown: `q` below `LEVEL`, and an interval without zero."""
    return table["q"].lt(LEVEL) & excludes_zero(table)


def contrast(s: Shares, weights: dict[Hashable, float]) -> pd.DataFrame:
    """A weighted sum of groups' shares, code by code, with interval, p and q.

    Parameters
    ----------
    weights : dict
        Group to weight; `{a: 1, b: -1}` is the difference of a and b. Where groups have several
        levels, such as side and direction, the last is what is compared and the others are held:
        the weights sum to zero within each combination of them.

    Returns
    -------
    pd.DataFrame, one row per code
        `value` (difference of shares, -1 to 1 for a difference of two), `low`, `high`, `p`, `q`
        (Benjamini & Hochberg 1995 over the codes), `p_all` (over all codes at once), `n_articles`,
        `n_events`, `small` and `shown` (see `is_shown`); no interval, p or q where a group has
        fewer than `MIN_EVENTS` effective events, no value where the corpus has nothing of a group.

    Raises
    ------
    ValueError
        If the weights do not compare the last level with the others held.

    Notes
    -----
    P: the labels of the last level are shuffled over whole events, as often as `s` has draws; an
    event with articles under two labels counts as two. Shuffles that leave a cell with fewer than
    two events are left out. Differences are divided by their standard errors, so that the test is
    exact where labels say nothing, and right in large samples where they change the spread alone.
    The errors are linearised, clustered on events, with deviations from the share under all labels:
    a small cell without a code would else seem sure of it.

    References
    ----------
    Intervals combine those of the shares by the method of variance estimates recovery (Zou & Donner
    2008, Statistics in Medicine 27; for shares that err together, Zou 2007, Psychological Methods
    12), which keeps its level for rare codes and few clusters, where the percentiles of a bootstrap
    do not. P-values: Chung & Romano (2013), Annals of Statistics 41; DiCiccio & Romano (2017),
    Journal of the American Statistical Association 112; never zero, Phipson & Smyth (2010),
    Statistical Applications in Genetics and Molecular Biology 9; all at once, Westfall & Young
    (1993), Resampling-based multiple testing.
    """
    if not set(weights) <= set(s.groups):
        out = pd.DataFrame(np.nan, s.codes, ["value", "low", "high", "p", "q", "p_all"])
        return out.assign(n_articles=0, n_events=0, small=True, shown=False)
    at = [s.at(g) for g in weights]
    n = s.n.iloc[at]
    out = pd.DataFrame(np.transpose(combined(s, weights)), s.codes, ["value", "low", "high"])
    out["p"], out["p_all"] = _permutation_p(s, weights)
    out["n_articles"] = int(n["n_articles"].sum())
    out["n_events"] = int((s.mass[:, at] > 0).any(1).sum())
    out["small"] = not n["effective_events"].min() >= MIN_EVENTS
    out.loc[out["small"], ["low", "high", "p", "p_all"]] = np.nan
    out.insert(4, "q", adjust(out["p"]))
    return out.assign(shown=is_shown(out))


def combined(
    s: Shares, weights: dict[Hashable, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted sum of groups' shares as `contrast`, however few events there are.

    Value, low and high (K,): the distances of the limits from the value are those of the single
    shares, added as correlated errors are (Zou 2007): camps that tell the same events err together.
    """
    at = [s.at(g) for g in weights]
    low, high = (limit[at] for limit in share_intervals(s))
    with np.errstate(divide="ignore", invalid="ignore"):
        off = s.draws[:, at] - known_mean(s.draws[:, at])
        spread = np.sqrt(known_mean(off**2))
        off = np.where(spread > 0, np.nan_to_num(off) / spread, 0)
    together = np.einsum("bgk,bhk->ghk", off, off) / len(off)
    together[np.arange(len(at)), np.arange(len(at))] = 1
    return recovered(list(weights.values()), s.value[at], low, high, together)


def recovered(
    weights: Sequence[float], p: np.ndarray, low: np.ndarray, high: np.ndarray, together: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Combine the limits of shares as `combined` does.

    Weights (G,), p, low and high (G, K), and how the shares' errors are correlated (G, G, K).
    """
    c = np.array(weights, dtype=float)[:, None]
    low, high, together = c * low, c * high, np.sign(c * c.T)[..., None] * together

    def reach(limit: np.ndarray) -> np.ndarray:
        distance = np.abs(limit - c * p)
        return np.sqrt(np.maximum(np.einsum("gk,hk,ghk->k", distance, distance, together), 0))

    value = (c * p).sum(0)
    return value, value - reach(np.minimum(low, high)), value + reach(np.maximum(low, high))


def _permutation_p(s: Shares, weights: dict[Hashable, float]) -> tuple[np.ndarray, np.ndarray]:
    """P-values of a contrast: each code alone, and all at once."""
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
    sums, mass = s.sums[event[:, None], at[label]], s.mass[event[:, None], at[label]]
    shuffles = np.tile(label, (len(s.draws), 1))
    shuffled = np.random.default_rng(SEED).permuted(shuffles, axis=1)
    ratio, usable = _studentised(sums, mass, np.vstack([label, shuffled]), c)
    if not usable[0]:
        missing = np.full(len(s.codes), np.nan)
        return missing, missing
    ratio = np.round(ratio[usable], 9)  # equal shuffles differ by rounding
    tails = [stats.rankdata(sign * ratio, "max", axis=0) for sign in (-1, 1)]
    p = np.minimum(2 * np.minimum(*tails) / len(ratio), 1)
    return p[0], (p.min(1)[:, None] <= p[0]).mean(0)


@np.errstate(divide="ignore", invalid="ignore")  # a cell may be empty; no labelling is usable then
def _studentised(
    sums: np.ndarray, mass: np.ndarray, labels: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Contrasts in standard errors under B labellings (B, K), and which of these can be used (B,).

    Units' `sums` (U, H, K) and `mass` (U, H) in H held cells, `labels` (B, U), weights `c` (H, L).
    """
    off = sums - mass[:, :, None] * (sums.sum(0) / mass.sum(0)[:, None])
    parts = (sums, mass, mass > 0, np.einsum("uhk,ugk->uhgk", off, off))
    value, variance = np.zeros((2, len(labels), sums.shape[2]))
    usable = np.ones(len(labels), dtype=bool)
    for i in range(c.shape[1]):
        top, total, n, spread = redrawn_sums((labels == i).astype(float), *parts)
        usable &= (n > 1).all(1)
        a = c[:, i] / total
        value += (a[:, :, None] * top).sum(1)
        variance += np.einsum("bh,bg,bhgk->bk", a, a, spread)
    value[np.abs(value) < 1e-9] = 0  # what rounding leaves of a code that nobody uses
    return np.where(value == 0, 0, value / np.sqrt(variance)), usable


def adjust(p: pd.Series, method: str = "bh") -> pd.Series:
    """q-values of one family of p-values (Benjamini & Hochberg 1995); missing ones stay missing.

    With `by` they hold however the tests depend on each other (Benjamini & Yekutieli 2001).
    """
    out, known = pd.Series(np.nan, index=p.index), p.notna()
    out[known] = stats.false_discovery_control(p[known].to_numpy(float), method=method)
    return out


def stacked_contrasts(
    parts: Sequence[EventSums], weights: Sequence[float], rules: Sequence[Rule] = ((True, False),)
) -> tuple[np.ndarray, np.ndarray]:
    """Contrasts of K codes under S specifications, as `combined`, by one rule or several.

    Of each specification the sums of the G cells, and their weights; of the `rules` (see
    `event_worth`, and `units` in `share_interval`) the first is what the study reports. The
    variance of a share is the sum of its events' squared deviations, n / (n - 1) times for the n
    events of a cell, in place of that of redrawn events (Korn & Graubard 1998).

    Returns
    -------
    np.ndarray, shape (R, S, K, 3)
        Value and 95% interval, however few events there are; NaN where a cell is empty.
    np.ndarray, shape (S,)
        Effective events of the cell that has fewest.
    """
    made = [_linearised(*part) for part in parts]
    p, variance, together, worth, n, articles = map(np.stack, zip(*made, strict=True))
    flat = {"p": p, "variance": variance, "n": n, "articles": articles}
    flat = {k: np.moveaxis(x, 1, 0).reshape(len(weights), -1) for k, x in flat.items()}
    together = np.moveaxis(together, 0, 2).reshape(len(weights), len(weights), -1)
    out = np.empty((len(rules), *worth.shape, 3))
    for r, (more, t) in enumerate(rules):
        each = worth.ravel() if more else np.ones(worth.size)
        units = flat["articles"] if t else np.inf
        sizes = flat["articles"] * each, flat["n"] * each, flat["n"]
        low, high = share_interval(flat["p"], flat["variance"], *sizes, units)
        bounds = recovered(weights, flat["p"], low, high, together)
        out[r] = np.stack(bounds, axis=-1).reshape(out[r].shape)
    out[:, np.isnan(p).any(axis=1)] = np.nan
    return out, n[:, :, 0].min(1)


def _linearised(sums: np.ndarray, mass: np.ndarray, articles: np.ndarray) -> tuple:
    """Shares and variances (G, K), correlations (G, G, K), worth (K,), effective events (G, K)."""
    total, told = mass.sum(0), (mass > 0).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = sums.sum(0) / total[:, None]
        off = np.moveaxis((sums - mass[..., None] * p) / total[:, None], 2, 0)  # (K, events, G)
        cross = np.moveaxis(off.transpose(0, 2, 1) @ off, 0, 2)
        squares = np.einsum("ggk->gk", cross)
        variance = np.where(squares > 1e-12, squares, 0) * (told / (told - 1))[:, None]
        error = np.sqrt(squares)
        together = np.nan_to_num(cross / (error[:, None] * error[None]))
        effective = total**2 / (mass**2).sum(0)
    together[np.arange(len(p)), np.arange(len(p))] = 1
    sizes = [np.broadcast_to(x[:, None], p.shape) for x in (effective, articles.sum(0))]
    return p, variance, together, event_worth(sums, mass), *sizes
