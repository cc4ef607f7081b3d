"""Every defensible choice crossed with every other: the multiverse of each headline estimate.

Steegen, Tuerlinckx, Gelman & Vanpaemel (2016), Increasing transparency through a multiverse
analysis, Perspectives on Psychological Science 11.

Not every crossing counts. One that rests on the same articles, codes and weights as another is
counted once, and one that leaves a cell with fewer than `stats.MIN_EVENTS` events is no choice
that could be defended and is left out. One whose events are as many but so unequal in weight that
they are worth fewer has an estimate and no interval, as everywhere in the study.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import stats
from ..settings import SEED
from .estimands import Estimand
from .material import CHOICES, LEFT, Material, coded

# Choices that bear on every estimate.
ALWAYS = ("weighting", "outlets of doubtful camp", "copies", "language", "dates", "events")
_OF_CODES = {(c, o) for c in ("weighting", "codes") for o in CHOICES[c]}


def bearing(e: Estimand) -> tuple[str, ...]:
    """Choices that bear on an estimate: exits unless it is of them, the Russian camp if of camps.

    Their order numbers the specifications, and with that the draws of `recoded by confusion`.
    """
    if "camp" in e.of().by:
        return ("Russian camp", "codes", "exits", *ALWAYS)
    exits = () if set(e.of().weights) & set(LEFT) else ("exits",)
    return (*exits, "undisclosed sites", "codes", *ALWAYS)


class Specification(NamedTuple):
    """One way to compute an estimate: its options and the articles that result."""

    options: dict[str, str]
    rows: np.ndarray  # articles that are kept and have a code, as positions in the corpus
    panel: stats.Panel  # these articles
    cell: np.ndarray  # of each of them, -1 for none


def weighting(options: dict[str, str]) -> str:
    """How articles weigh under some options, as `stats.shares` takes it."""
    return "article" if options["weighting"] == "each article once" else "event"


def crossed(choices: Sequence[str], column: str = "", drawn: bool = False) -> list[dict[str, str]]:
    """All crossings of the options that the column of codes and the corpus allow."""
    bars = {"second frame too": column != "frame", "recoded by confusion": not drawn}
    allowed = [[o for o in CHOICES[c] if not bars.get(o)] for c in choices]
    return [dict(zip(choices, options, strict=True)) for options in product(*allowed)]


def specifications(m: Material, e: Estimand) -> Iterator[Specification]:
    """Give each specification of a headline estimate that counts, once; the reported one first."""
    c, n_cells = e.of(), len(e.of().weights)
    held = {o: coded(m, e, o) for o in CHOICES["codes"][:2]}
    both = [coded(m, replace(e, code=None), o).codes for o in held]
    changed = (both[0] != both[1]).any(1)  # by second frames
    largest, subsets, seen = m.largest(m.cell(c, {}) >= 0), {}, set()
    for number, options in enumerate(crossed(bearing(e), c.column, c.column in m.confusion)):
        option, subset = options["codes"], frozenset(options.items() - _OF_CODES)
        if subset not in subsets:
            kept = m.kept(options, largest)
            cell = np.where(kept, m.cell(c, options), -1)
            subsets[subset] = kept, cell, m.few(cell, n_cells)
        kept, cell, few = subsets[subset]
        if few:
            continue  # before any code is drawn
        panel = held.get(option)
        if panel is None and e.without:  # what is left out depends on the draw
            panel = coded(m, e, option, seed=(SEED, number))
        known = ~np.isnan((panel or held["as coded"]).codes).any(1)
        used = np.where(known, cell, -1)
        if option == "second frame too" and not changed[used >= 0].any():
            option = "as coded"
        same = (options["weighting"], option, used.tobytes())
        if same in seen or not np.array_equal(used, cell) and m.few(used, n_cells):
            continue
        seen.add(same)
        panel = panel or coded(m, e, option, seed=(SEED, number))
        rows = np.flatnonzero(kept & known)
        yield Specification(options, rows, panel.take(rows), used[rows])


def as_reported(
    m: Material, e: Estimand, keep=True, weighting: str = CHOICES["weighting"][0]
) -> Specification:
    """Give the specification that the study reports, of all or some (`keep`) of the articles."""
    options = {choice: CHOICES[choice][0] for choice in bearing(e)} | {"weighting": weighting}
    panel = coded(m, e)
    rows = np.flatnonzero(~np.isnan(panel.codes).any(1) & keep)
    return Specification(options, rows, panel.take(rows), m.cell(e.of(), options)[rows])


def estimated(
    e: Estimand, specs: Iterable[Specification], draws: int = stats.DRAWS
) -> pd.DataFrame:
    """Estimate a headline under some specifications, one row for each.

    The options, `value`, `low`, `high` (NaN where a cell is empty, no interval where one has
    fewer than `stats.MIN_EVENTS` effective events), `n_articles`, `n_events`.
    """
    weights, options, parts = list(e.of().weights.values()), [], []
    for spec in specs:
        options.append(spec.options)
        parts.append(spec.panel.event_sums(spec.cell, len(weights), weighting(spec.options)))
    table = pd.DataFrame(options, columns=bearing(e))
    bounds = stats.stacked_intervals(parts, None if e.code is None else weights, draws)
    table[["value", "low", "high"]] = bounds
    n = [(int(p.articles.sum()), len(p.mass)) for p in parts]
    table[["n_articles", "n_events"]] = np.array(n, int).reshape(-1, 2)
    return table
