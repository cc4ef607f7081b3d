"""Do corrected intervals hold the value that the whole corpus's codes give? A simulation.

The answer is kept in `data/simulations/corrected_coverage.csv`; the model card reports it.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from .. import domain, settings
from ..corpus import Corpus
from ..own import model_card
from ..stats import Shares
from ..study.kept import Simulation, folder
from .correct import METHODS, combine, groups_of, plain, quantities, sums_by, weights

SHARE_CODED = 0.25
"""Share of the articles whose codes the simulation takes as known."""

_INNER = 400  # bootstrap draws inside the simulation


def left_out_path() -> Path:
    """Where the machine's codes of left-out events are kept."""
    return folder() / "left_out_codes.csv"


def keep_left_out_codes(loaded: Corpus) -> None:
    """Compute `model_card.left_out_codes` (minutes) and keep them."""
    codes = model_card.left_out_codes(loaded)
    folder().mkdir(parents=True, exist_ok=True)
    settings.write_text(left_out_path(), codes.to_csv(index=False, lineterminator="\n"))


def coverage(loaded: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """How often intervals from machine codes hold the value that the whole corpus's codes give.

    Each replicate draws the corpus's events with replacement, and `SHARE_CODED` of their articles
    at random, whose codes are taken as known; all articles have the codes of classifiers that did
    not learn from their event. Intervals allow for both draws. The direction of a coded article's
    claims is then known too; in sheets it stays the machine's.

    A row is one of `quantities` and a method (`METHODS`, and `all coded`: the corpus's own codes of
    all articles drawn): `value` (share of the replicates' 95% intervals that hold the corpus's
    value), `se`, `width` (mean), `bias` (mean error) and `sd` of the estimates, `truth`,
    `no_interval` (share of replicates with too few events for one).
    """
    names = ["comparison", "code", "method"]
    numbers = ["value", "se", "width", "bias", "sd", "truth", "no_interval"]
    designs = _designs(loaded)
    truth = pd.concat(quantities(d.whole(), name) for name, d in designs)["value"]
    found = []
    for own in tqdm(np.random.SeedSequence(seed).spawn(replicates), leave=False):
        rng = np.random.default_rng(own)
        drawn = [(name, design.draw(rng)) for name, design in designs]
        found += [
            pd.concat(quantities(made[m], name) for name, made in drawn).assign(method=m)
            for m in (*METHODS, "all coded")
        ]
    table = pd.concat(found).set_index("method", append=True)
    table["truth"] = truth.reindex(table.index.droplevel("method")).to_numpy()
    holds = (table["low"] <= table["truth"]) & (table["truth"] <= table["high"])
    table["holds"] = holds.astype(float).where(table["low"].notna())
    table["width"], table["bias"] = table["high"] - table["low"], table["value"] - table["truth"]
    by = table.groupby(level=names, sort=False)
    out = by[["width", "bias", "truth"]].mean().assign(sd=by["value"].std())
    n, hits = by["holds"].count(), by["holds"].sum()
    out["value"], out["no_interval"] = hits / n, 1 - n / replicates
    out["se"] = np.sqrt((hits + 2) * (n - hits + 2) / (n + 4) ** 3)  # Agresti & Coull (1998)
    return out.dropna(subset=["value"]).reset_index()[[*names, *numbers]]


class _Design:
    """Articles' weighted codes by group, from which corpora are drawn again and again."""

    def __init__(self, machine, true, column, by, groups):
        self.groups = pd.Index(groups)
        self.names = pd.Index(sorted({*machine[column], *true[column]}), name=column)
        article, ids = pd.factorize(true["article_id"], sort=True)
        rest = (weights(true, by), len(ids), self.groups, self.names)
        self.machine, self.true = (
            sums_by(article, groups_of(t, by), t[column], *rest) for t in (machine, true)
        )
        cluster = true.groupby("article_id")["cluster"].first()
        self.events = [np.flatnonzero(cluster == c) for c in cluster.unique()]

    def draw(self, rng) -> dict[str, Shares]:
        """Draw one corpus and its coded part, and estimate by every method."""
        events = [self.events[e] for e in rng.integers(len(self.events), size=len(self.events))]
        rows = np.concatenate(events)
        n_coded = round(SHARE_CODED * len(rows))
        times = np.zeros(len(rows))
        times[rng.choice(len(rows), n_coded, replace=False)] = len(rows) / n_coded
        machine, true, once = self.machine[rows], self.true[rows], times[:, None, None]
        drawn = (machine, machine * once, true * once, true)
        parts = [self._by_event(sums, events) for sums in drawn]
        articles, seed = (true.sum(2) > 0).sum(0), int(rng.integers(2**32))
        rest = (articles, self.groups, self.names, _INNER, seed)
        return combine(*parts[:3], *rest) | {"all coded": plain(parts[3], *rest)}

    def whole(self) -> Shares:
        """Shares by all codes of the corpus itself."""
        sums = self._by_event(self.true[np.concatenate(self.events)], self.events)
        articles = (self.true.sum(2) > 0).sum(0)
        return plain(sums, articles, self.groups, self.names, _INNER)

    @staticmethod
    def _by_event(sums, events):
        return np.add.reduceat(sums, np.cumsum([0, *map(len, events[:-1])]))


def _designs(loaded: Corpus) -> list[tuple[str, _Design]]:
    """Frames and portrayals by direction, alone and within the two camps, and the directions."""
    kept = pd.read_csv(left_out_path(), dtype=str, keep_default_na=False)
    kept = {unit: table.set_index("id") for unit, table in kept.groupby("unit")}
    claims, articles = loaded.claim_table(), loaded.article_table()
    articles = articles.rename_axis("id").assign(article_id=articles.index)
    true, machine = {}, {}
    for unit, table in (("claim", claims), ("article", articles)):
        codes = [c for c in ("frame", "portrayal", "direction") if c in table]
        true[unit] = table.astype({c: str for c in codes})
        guess = kept["article"].loc[table["article_id"]].set_axis(table.index)
        machine[unit] = table.assign(direction=guess["direction"], portrayal=guess["portrayal"])
    machine["claim"]["frame"] = kept["claim"]["frame"].loc[claims.index]
    directions = sorted({*domain.TO_RUSSIA, "ua_exit", "ru_exit"} & {*articles["direction"]})
    out = []
    for unit, column, by, groups in (
        ("claim", "frame", ["direction"], directions),
        ("claim", "frame", ["camp", "direction"], domain.CELLS),
        ("article", "portrayal", ["camp", "direction"], domain.CELLS),
        ("article", "direction", [], ["all"]),
    ):
        own = true[unit]
        if "camp" in by:
            own = own[own["camp"].isin([*domain.TOWARD])]
        out.append((column, _Design(machine[unit].loc[own.index], own, column, by, groups)))
    return out


CORRECTED_COVERAGE = Simulation("corrected_coverage", ".people.coverage.coverage", 1000, 5)
"""Kept as the simulations of the study are."""
