"""Intervals of thousands of specifications at once: linearised, where others redraw events."""

from collections.abc import Sequence

import numpy as np
import scipy.stats

from .contrasts import recovered
from .paired import ALIKE, MIN_DIFFERING
from .panel import EventSums
from .weighted import event_worth, share_interval

Rule = tuple[bool, bool]
"""Whether an event may be worth more than one observation, and whether t is in place of z."""


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


def stacked_pairs(differences: np.ndarray, stratum: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean difference of E paired events in K codes and its interval (K, 3), as `paired_contrast`.

    The error is what a bootstrap of events within strata comes to, without drawing; `weights` (E,)
    are the same within a stratum. No interval with fewer than `MIN_DIFFERING` events that differ.
    """
    variance = np.zeros(differences.shape[1])
    sizes = []
    for s in np.unique(stratum):
        at = stratum == s
        sizes.append(at.sum())
        variance += weights[at].sum() ** 2 * differences[at].var(0) / at.sum()
    value, error = weights @ differences, np.sqrt(variance)
    error[(np.abs(differences) > ALIKE).sum(0) < MIN_DIFFERING] = np.nan
    reach = scipy.stats.t.isf(0.025, max(min(sizes) - 1, 1)) * error
    return np.stack([value, np.maximum(value - reach, -1), np.minimum(value + reach, 1)], axis=1)
