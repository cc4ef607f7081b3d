"""How codes might have come out: events drawn again, coders fitted again, codes drawn again.

An interval on codes that several coders gave has two sources of error: which events were told, and
which codes are right. One set of draws carries both. In each, whole events are drawn with
replacement (Cameron, Gelbach & Miller 2008), the model of the coders is fitted to what was drawn,
and every code is drawn from its posterior (proper imputation: Rubin 1987).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..settings import SEED
from .coders import Coded, Pooled, draw, pool

REDRAWS = 1000
"""Draws that every interval on pooled codes rests on."""

SETTLED = 2000
"""Steps of a fit; it settles long before."""

STEPS = 20
"""Steps of a refit, which starts from the fit to all codings."""

LEAST = 0.5
"""An article with fewer units expected than this, once a code is left out, has no share."""


@dataclass(frozen=True)
class Redraws:
    """Codes of n articles on E events, as expected and in B draws.

    An article's units are its claims, or itself as one.
    """

    articles: pd.Index  #: n
    events: pd.Index  #: E
    names: pd.Index  #: K codes
    event: np.ndarray  #: (n,) int, of each article
    expected: np.ndarray  #: (n, K) how many units of an article have a code, as expected
    units: np.ndarray  #: (n,) of how many units an article's shares are
    drawn: np.ndarray  #: (B, n, K) uint8, as `expected`, in each draw
    drawn_units: np.ndarray  #: (B, n) uint8
    counts: np.ndarray  #: (B, E) how often a draw has each event

    def without(self, code: str) -> "Redraws":
        """The other codes, rescaled to what is left of each article."""
        keep, out = self.names != code, self.names == code
        return replace(
            self,
            names=self.names[keep],
            expected=self.expected[:, keep],
            units=self.units - self.expected[:, out].sum(1),
            drawn=self.drawn[:, :, keep],
            drawn_units=self.drawn_units - self.drawn[:, :, out].sum(2, dtype=np.uint8),
        )

    def shares(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shares of codes in m articles at `rows`, expected (m, K) and drawn (B, m, K).

        NaN where an article has no unit. Where only a draw leaves it none, they are as expected.
        """
        units, now = self.units[rows, None], self.drawn_units[:, rows, None]
        expected = np.full((len(rows), len(self.names)), np.nan)
        np.divide(self.expected[rows], units, out=expected, where=units >= LEAST)
        drawn = np.broadcast_to(expected.astype(np.float32), (len(now), *expected.shape)).copy()
        np.divide(self.drawn[:, rows], now, out=drawn, where=(now > 0) & (units >= LEAST))
        return expected, drawn


def redraw(
    articles: pd.Index,
    cluster: pd.Series,
    codings: Sequence[Coded],
    names: pd.Index,
    article: np.ndarray,
    draws: int = REDRAWS,
    seed: int = SEED,
) -> Redraws:
    """Draw events, fit the coders and draw the codes, `draws` times.

    Parameters
    ----------
    cluster : pd.Series, length n
        Event of each article.
    codings : sequence of Coded
        One, of K codes that exclude one another; or K, each of one code given (1) or not (0).
        Units that nobody coded count as none. The codes of a single coder are taken as they are.
    article : np.ndarray of int, length U
        Position of the article of each unit.
    """
    event, events = pd.factorize(cluster, sort=True)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(events), np.full(len(events), 1 / len(events)), size=draws)
    several = codings[0].codes.shape[1] > 1
    fits = [pool(coded, steps=SETTLED) if several else _as_they_are(coded) for coded in codings]
    known = ~np.isnan(fits[0].posterior[:, 0])
    single = len(codings) == 1 and codings[0].size == len(names)
    size, n = len(names), len(articles)

    def per_article(values: np.ndarray) -> np.ndarray:
        flat = (article[:, None] * size + np.arange(size)).ravel()
        return np.bincount(flat, values.ravel(), n * size).reshape(n, size)

    chance = fits[0].posterior if single else np.stack([f.posterior[:, 1] for f in fits], axis=1)
    expected = per_article(np.where(known[:, None], chance, 0))
    drawn = np.zeros((draws, n, size), np.uint8)
    for b in range(draws):
        weights = counts[b, event[article]]
        again = fits
        if several:
            both = zip(codings, fits, strict=True)
            again = [pool(coded, weights, fit, STEPS) for coded, fit in both]
        codes = np.stack([draw(fit, rng) for fit in again], axis=1)
        hits = codes == np.arange(size) if single else codes == 1
        drawn[b] = per_article(hits.astype(float))
    units = np.bincount(article[known], minlength=n)
    drawn_units = np.broadcast_to(units.astype(np.uint8), (draws, n))
    return Redraws(
        articles, events, names, event, expected, units.astype(float), drawn, drawn_units, counts
    )


def _as_they_are(coded: Coded) -> Pooled:
    """The codes of a single coder, whose errors nothing shows."""
    given = (coded.codes == np.arange(coded.size)).astype(float)
    given[coded.codes[:, 0] < 0] = np.nan
    return Pooled(given, np.eye(coded.size)[None], np.nanmean(given, axis=0), 0)
