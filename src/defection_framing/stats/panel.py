"""Articles as arrays, for what is computed thousands of times: draws, shuffles, recodings."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .stacked import EventSums
from .weighted import DRAWS, Shares, article_codes, cell_shares, decided, per_event


@dataclass(frozen=True)
class Panel:
    """What one coded column says, article by article, and the labels that articles bear.

    Attributes
    ----------
    names : pd.Index, length K
        Codes.
    codes : np.ndarray, shape (n, K)
        Share of each code in each article's claims.
    claims : np.ndarray of int, shape (n,)
        How many claims an article has (1 for codes of whole articles).
    event : np.ndarray of int, shape (n,)
        What is resampled.
    labels : dict of str to np.ndarray, shape (n,)
        Labels such as direction, camp and outlet.
    """

    names: pd.Index
    codes: np.ndarray
    claims: np.ndarray
    event: np.ndarray
    labels: dict[str, np.ndarray]

    @classmethod
    def of(cls, table: pd.DataFrame, column: str, labels: list[str]) -> "Panel":
        """Build it from claims or articles, whose open codes are left out.

        Parameters
        ----------
        table : pd.DataFrame
            With `article_id`, `cluster`, `column` and `labels`.
        column : str
        labels : list of str
        """
        codes = article_codes(table, column, labels)
        facts = codes.index.to_frame(index=False)
        known = decided(table, column).groupby("article_id").size()
        return cls(
            names=codes.columns,
            codes=codes.to_numpy(float),
            claims=facts["article_id"].map(known).to_numpy(int),
            event=pd.factorize(facts["cluster"], sort=True)[0],
            labels={c: facts[c].to_numpy(object) for c in labels},
        )

    def __len__(self) -> int:
        """How many articles."""
        return len(self.event)

    def take(self, rows: np.ndarray, event: np.ndarray | None = None) -> "Panel":
        """Some of the articles, in this order, on these events."""
        return replace(
            self,
            codes=self.codes[rows],
            claims=self.claims[rows],
            event=self.event[rows] if event is None else event,
            labels={name: label[rows] for name, label in self.labels.items()},
        )

    def cell(self, by: list[str], groups: pd.Index) -> np.ndarray:
        """Position of each article's group, -1 where it is in none."""
        keys = [self.labels[c] for c in by]
        return groups.get_indexer(keys[0] if len(keys) == 1 else pd.MultiIndex.from_arrays(keys))

    def within(self, by: list[str], groups: pd.Index) -> "Panel":
        """The articles of some groups."""
        return self.take(self.cell(by, groups) >= 0)

    def shares(
        self, by: list[str], groups: pd.Index, draws: int = DRAWS, weighting: str = "event"
    ) -> Shares:
        """Weighted shares in groups, as `weighted.shares` gives them of a table."""
        at = self.cell(by, groups)
        rows = at >= 0
        return cell_shares(
            self.codes[rows], self.event[rows], at[rows], groups, self.names, weighting, draws
        )

    def event_sums(self, cell: np.ndarray, n_cells: int, weighting: str = "event") -> EventSums:
        """What each event adds to the shares of cells; articles in no cell (-1) are left out."""
        rows = cell >= 0
        return EventSums(
            *per_event(self.codes[rows], self.event[rows], cell[rows], n_cells, weighting)
        )

    def shuffled(self, label: str, units: np.ndarray, rng: np.random.Generator) -> "Panel":
        """The same articles with a label shuffled over whole units (events, outlets).

        A unit that bears two values of the label counts as two.
        """
        values, code = np.unique(self.labels[label], return_inverse=True)
        _, first, unit = np.unique(
            units * len(values) + code, return_index=True, return_inverse=True
        )
        return replace(
            self, labels=self.labels | {label: values[rng.permutation(code[first])[unit]]}
        )

    def redrawn(self, rng: np.random.Generator) -> "Panel":
        """As many whole events as there are, drawn with replacement, each draw a new event."""
        order = np.argsort(self.event, kind="stable")
        starts = np.searchsorted(self.event[order], np.unique(self.event))
        sizes = np.diff([*starts, len(order)])
        picks = rng.integers(len(sizes), size=len(sizes))
        return self._stacked(order, starts[picks], sizes[picks])

    def drawn(
        self, by: list[str], groups: pd.Index, size: int, rng: np.random.Generator
    ) -> "Panel":
        """So many whole events of each group, drawn with replacement, each draw a new event."""
        at = self.cell(by, groups)
        n_events = self.event.max(initial=-1) + 1
        key = np.where(at >= 0, at * n_events + self.event, -1)
        order = np.argsort(key, kind="stable")
        known, starts = np.unique(key[order], return_index=True)
        sizes = np.diff([*starts, len(order)])
        group = known // n_events
        own = [rng.choice(np.flatnonzero(group == g), size) for g in np.unique(group[known >= 0])]
        picks = np.concatenate([np.zeros(0, dtype=int), *own])  # a corpus may have no group at all
        return self._stacked(order, starts[picks], sizes[picks])

    def _stacked(self, order, starts, sizes) -> "Panel":
        """Stretches of the articles in an order, one after another, each an event of its own."""
        event = np.repeat(np.arange(len(sizes)), sizes)
        within = np.arange(len(event)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self.take(order[np.repeat(starts, sizes) + within], event)
