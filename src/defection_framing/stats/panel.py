"""Articles as arrays, and shares of their codes in groups.

An article counts once, however many claims it has: its claims share its weight. Then

* `event` weighting gives each event the same weight within a group (the event's articles share it);
* `article` weighting gives each article the same weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..settings import SEED
from .coders import CodeDraws
from .weighted import DRAWS, Shares, decided, indicators, resampled


class EventSums(NamedTuple):
    """What each event adds to the shares of G cells."""

    sums: np.ndarray  #: (events, G, K) to the numerators
    mass: np.ndarray  #: (events, G) to the denominators
    articles: np.ndarray  #: (events, G) how many it has


def redrawn_sums(times: np.ndarray, *parts: np.ndarray) -> list[np.ndarray]:
    """Sums over E events of each part (E, ...), each event taken `times` (B, E): B of each."""
    flat = [x.reshape(len(x), np.prod(x.shape[1:], dtype=int)) for x in parts]
    ends = np.cumsum([x.shape[1] for x in flat])[:-1]
    sums = np.split(times @ np.hstack(flat), ends, axis=1)
    return [x.reshape(len(x), *part.shape[1:]) for x, part in zip(sums, parts, strict=True)]


@dataclass(frozen=True)
class Panel:
    """What one coded column says, article by article, and the labels that articles bear."""

    names: pd.Index  #: K codes
    codes: np.ndarray  #: (n, K) share of each code in each article's claims
    claims: np.ndarray  #: (n,) int, how many claims it has (1 for codes of whole articles)
    event: np.ndarray  #: (n,) int, what is resampled
    labels: dict[str, np.ndarray]  #: (n,) each, such as direction, camp and outlet
    code_draws: np.ndarray | None = None  #: (B, n, K) draws that carry the codes' uncertainty
    event_counts: np.ndarray | None = None  #: (B, events) how often a draw has each event

    @classmethod
    def pooled(cls, table: pd.DataFrame, codes: CodeDraws, labels: Sequence[str]) -> "Panel":
        """Build it from pooled codes, of those articles of a table that have any.

        The table has a row for each article, with `article_id` and `labels`.
        """
        rows = codes.articles.get_indexer(table["article_id"])
        expected, drawn = codes.shares(rows)
        known = ~np.isnan(expected[:, 0])
        table, rows = table[known], rows[known]
        events, event = np.unique(codes.event[rows], return_inverse=True)
        return cls(
            names=codes.names,
            codes=expected[known],
            claims=np.rint(codes.units[rows]).astype(int),
            event=event,
            labels={c: table[c].astype(object).to_numpy() for c in labels},
            code_draws=drawn[:, known],
            event_counts=codes.counts[:, events],
        )

    @classmethod
    def of(cls, table: pd.DataFrame, column: str, labels: Sequence[str]) -> "Panel":
        """Build it from claims or articles, whose open codes are left out.

        The table has `article_id`, `cluster`, `column` and `labels`.
        """
        table = decided(table, column)
        keys = [table["article_id"], table["cluster"], *(table[c].astype(object) for c in labels)]
        codes = indicators(table, column).groupby(keys).mean()
        facts = codes.index.to_frame(index=False)
        return cls(
            names=codes.columns,
            codes=codes.to_numpy(float),
            claims=facts["article_id"].map(table.groupby("article_id").size()).to_numpy(int),
            event=pd.factorize(facts["cluster"], sort=True)[0],
            labels={c: facts[c].to_numpy(object) for c in labels},
        )

    def __len__(self) -> int:
        """How many articles."""
        return len(self.event)

    def take(self, rows: np.ndarray, event: np.ndarray | None = None) -> "Panel":
        """Some of the articles, in this order, on these events; if on new ones, codes are fixed."""
        drawn = self.code_draws
        drawn = None if drawn is None or event is not None else drawn[:, rows]
        return replace(
            self,
            code_draws=drawn,
            codes=self.codes[rows],
            claims=self.claims[rows],
            event=self.event[rows] if event is None else event,
            labels={name: label[rows] for name, label in self.labels.items()},
        )

    def _cells(self, by: Sequence[str]) -> pd.Index:
        """Group of each article."""
        keys = [self.labels[c] for c in by]
        return pd.Index(keys[0]) if len(keys) == 1 else pd.MultiIndex.from_arrays(keys)

    def cell(self, by: Sequence[str], groups: pd.Index) -> np.ndarray:
        """Position of each article's group, -1 where it is in none."""
        return groups.get_indexer(self._cells(by))

    def within(self, by: Sequence[str], groups: pd.Index) -> "Panel":
        """The articles of some groups."""
        return self.take(self.cell(by, groups) >= 0)

    def event_sums(self, cell: np.ndarray, n_cells: int, weighting: str = "event") -> EventSums:
        """Sums over the events that have articles in a cell; -1 is none."""
        if weighting not in ("event", "article"):
            raise ValueError(f"weighting is 'event' or 'article', not {weighting!r}")
        rows = cell >= 0
        codes, size = self.codes[rows], self.codes.shape[1]
        event = np.unique(self.event[rows], return_inverse=True)[1]
        shape = (event.max(initial=-1) + 1, n_cells)
        key = event * n_cells + cell[rows]
        articles = np.bincount(key, minlength=shape[0] * n_cells).astype(float)
        at = (key[:, None] * size + np.arange(size)).ravel()
        sums = np.bincount(at, codes.ravel(), minlength=len(articles) * size)
        sums, mass = sums.reshape(len(articles), size), articles
        if weighting == "event":
            sums, mass = sums / np.maximum(articles, 1)[:, None], (articles > 0).astype(float)
        return EventSums(sums.reshape(*shape, size), mass.reshape(shape), articles.reshape(shape))

    def shares(
        self,
        by: Sequence[str],
        groups: pd.Index | None = None,
        draws: int = DRAWS,
        weighting: str = "event",
        seed: int = SEED,
    ) -> Shares:
        """Weighted shares as `shares`, of some groups or all; an empty group's are NaN.

        A panel of pooled codes has draws of its own: `draws` and `seed` are not used.
        """
        if groups is None:
            groups = pd.factorize(self._cells(by), sort=True)[1].set_names(list(by))
        cell = self.cell(by, groups)
        sums, mass, articles = self.event_sums(cell, len(groups), weighting)
        with np.errstate(invalid="ignore"):  # most events have nothing in most cells
            if self.code_draws is None or self.event_counts is None:
                times = resampled(len(sums), draws, seed)
                top = times @ sums.reshape(len(sums), sums.shape[1] * sums.shape[2])
            else:
                times, top = self._drawn_sums(cell, mass / articles)
            value = sums.sum(0) / mass.sum(0)[:, None]
            drawn = top.reshape(len(top), *value.shape) / (times @ mass)[:, :, None]
            n = {
                "n_articles": articles.sum(0).astype(int),
                "n_events": (mass > 0).sum(0),
                "effective_events": mass.sum(0) ** 2 / (mass**2).sum(0),
            }
        return Shares(groups, self.names, value, drawn, pd.DataFrame(n, groups), sums, mass)

    def _drawn_sums(self, cell: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How often each draw has each event in a cell, and its sums over them (B, cells * K).

        Of each event's articles the `weights` in each cell (events, G).
        """
        assert self.code_draws is not None and self.event_counts is not None
        rows = np.flatnonzero(cell >= 0)
        events, event = np.unique(self.event[rows], return_inverse=True)
        times = self.event_counts[:, events].astype(float)
        weight = weights[event, cell[rows]]
        out = np.empty((len(times), weights.shape[1], self.codes.shape[1]))
        for c in range(weights.shape[1]):
            at = np.flatnonzero(cell[rows] == c)
            of = times[:, event[at]] * weight[at], self.code_draws[:, rows[at]]
            out[:, c] = np.einsum("bm,bmk->bk", *of, optimize=True)
        return times, out.reshape(len(times), -1)

    def shuffled(self, label: str, rng: np.random.Generator) -> "Panel":
        """The same articles with a label shuffled over whole events; one with two counts as two."""
        values, code = np.unique(self.labels[label], return_inverse=True)
        keys = self.event * len(values) + code
        _, first, unit = np.unique(keys, return_index=True, return_inverse=True)
        now = values[rng.permutation(code[first])[unit]]
        return replace(self, labels=self.labels | {label: now})

    def resample(self, cell: np.ndarray, rng: np.random.Generator, size: int = 0) -> "Panel":
        """Whole events of each cell, drawn with replacement, each draw a new event.

        `size` of each; 0: as many as there are. Of articles in no cell (-1) there are none.
        """
        key = np.where(cell >= 0, cell * (self.event.max(initial=-1) + 1) + self.event, -1)
        order = np.argsort(key, kind="stable")
        known, starts = np.unique(key[order], return_index=True)
        sizes, of = np.diff([*starts, len(order)]), cell[order[starts]]
        events = [np.flatnonzero(of == c) for c in np.unique(of[known >= 0])]
        own = [rng.choice(at, size or len(at)) for at in events]
        picks = np.concatenate([np.zeros(0, dtype=int), *own])  # a corpus may have no cell at all
        starts, sizes = starts[picks], sizes[picks]
        event = np.repeat(np.arange(len(sizes)), sizes)
        within = np.arange(len(event)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self.take(order[np.repeat(starts, sizes) + within], event)


def shares(
    table: pd.DataFrame,
    column: str,
    by: Sequence[str],
    weighting: str = "event",
    draws: int = DRAWS,
    seed: int = SEED,
) -> Shares:
    """Weighted share of each code in each group, with bootstrap draws clustered on events.

    `table` has a row per claim or article, with `article_id`, `cluster`, the coded `column` (rows
    that leave it open are left out) and the columns `by`, whose combinations are the groups.
    `weighting` is "event" or "article", see the module's head. All groups share each of the
    `draws`, so that differences keep the covariance that shared events cause.
    """
    return Panel.of(table, column, by).shares(by, None, draws, weighting, seed)
