"""How far passes of coding agree, code by code, and which codes they agree on too little.

The gate of the plan: a code on which the blind passes A and B have an alpha under `stats.TENTATIVE`
is described, not tested.
"""

from collections.abc import Collection
from functools import lru_cache

import numpy as np
import pandas as pd

from .. import stats
from ..corpus import Corpus
from ..domain import CELLS
from .codes import CLAIM_CODES
from .estimands import estimates, name

CODES = {"frame": "main frame"} | {
    c: c for c in ("portrayal", "occasion", "who", "outcome", "motives", "direction", "origin")
}
"""Coded columns, as figures and estimates name them."""

PAIRS = {
    "blind A and B": ("A", "B", {1, 2}),
    "blind A and C": ("A", "C", {1, 2}),
    "blind B and C": ("B", "C", {1, 2}),
    "first and blind A in wave 1": ("0", "A", {1}),
    "first and blind A in wave 2": ("0", "A", {2}),
    "first and second coder": ("0", "S", {1, 2}),
}
"""Two passes that are compared, and in which waves: the first pass had codebook 1 in wave 1."""

ONE_BY_ONE = tuple(column for column in CODES if column not in ("direction", "origin"))
"""Columns whose codes are compared one by one, given or not: those that blind passes gave."""

IN_CELLS = (("frame", None), ("frame", "treason"), ("portrayal", None), ("portrayal", "traitor"))
"""Columns, and codes given or not, whose agreement is looked at by camp and direction."""

_COLUMNS = ["alpha", "low", "high", "agreement", "n"]


def side_by_side(data: Corpus, column: str) -> pd.DataFrame:
    """A column's codes, one column for each pass (none in a corpus coded once), with all facts."""
    if column in CLAIM_CODES:
        codings, facts = data.codings_claims, data.claim_table()
    else:
        codings, facts = data.codings_articles, data.article_table()
        facts["article_id"] = facts.index
    return codings[column].astype(object).unstack("coder").join(facts)


def _agreement(
    table: pd.DataFrame, first: str, second: str, code: str | None = None, draws: int = 1000
) -> pd.Series | None:
    """Alpha of two passes, on one code or all, events resampled; None where nothing is common."""
    if not {first, second} <= set(table):
        return None
    both = stats.decided(stats.decided(table, first), second)
    if both.empty:
        return None
    codes = both[[first, second]] if code is None else both[[first, second]].apply(_has, code=code)
    return stats.alpha(codes, both["cluster"], draws)


def _has(cells: pd.Series, code: str) -> pd.Series:
    return cells.map(lambda cell: code in cell if isinstance(cell, tuple) else cell == code)


def table(data: Corpus) -> pd.DataFrame:
    """Agreement on every column by `PAIRS`, as far as both passes gave it.

    Index: `code` (of `CODES`), `passes`. Columns of `stats.alpha`, and `unit`.
    """
    rows, units = {}, {}
    for column, label in CODES.items():
        coded = side_by_side(data, column)
        units[label] = "claim" if column in CLAIM_CODES else "article"
        for passes, (first, second, waves) in PAIRS.items():
            rows[label, passes] = _agreement(coded[coded["wave"].isin(waves)], first, second)
    found = _made(rows, ["code", "passes"])
    return found.assign(unit=found.index.get_level_values("code").map(units))


def by_code(data: Corpus, columns=ONE_BY_ONE, draws: int = 1000) -> pd.DataFrame:
    """Agreement of the blind passes A and B on each code, given or not; by column, best first.

    Index: `column`, `code`. Columns of `stats.alpha`, where `n` counts the units to which either
    gave the code, and `shown`: it passes the gate.
    """
    rows = {}
    for column in columns:
        coded = side_by_side(data, column)
        given = coded.reindex(columns=["A", "B"])
        for code in sorted(given.stack().explode().dropna().unique()):
            if (found := _agreement(coded, "A", "B", code, draws)) is not None:
                either = _has(given["A"], code) | _has(given["B"], code)
                rows[column, code] = {**found, "n": either.sum()}
    found = _made(rows, ["column", "code"])
    found = found.sort_values("alpha", ascending=False).reindex(columns, level="column")
    return found.assign(shown=found["alpha"] >= stats.TENTATIVE)


def by_cell(data: Corpus) -> pd.DataFrame:
    """Agreement of A and B on `IN_CELLS` by camp and direction of the outlet that they did not see.

    Index: `code`, `camp`, `direction`. Columns of `stats.alpha`.
    """
    rows = {}
    for column, code in IN_CELLS:
        coded = side_by_side(data, column)
        for camp, direction in CELLS:
            cell = coded[(coded["camp"] == camp) & (coded["direction"] == direction)]
            rows[code or CODES[column], camp, direction] = _agreement(cell, "A", "B", code)
    return _made(rows, ["code", "camp", "direction"])


@lru_cache(maxsize=16)  # every comparison asks
def doubtful(data: Corpus, column: str = "frame") -> frozenset[str]:
    """Codes of a column that do not pass the gate; figures mark such frames with a dagger."""
    found = by_code(data, (column,), draws=2)
    return frozenset(found.index[~found["shown"]].get_level_values("code"))


def tested(table: pd.DataFrame, doubtful: Collection[str]) -> pd.DataFrame:
    """Take the tests of codes away on which coders agree too little: described only (the plan)."""
    table = table.copy()
    table.loc[table.index.isin(doubtful), "p"] = np.nan
    table["q"] = stats.adjust(table["p"])
    return table.assign(shown=stats.is_shown(table))


@estimates
def agreement_estimates(
    whole: pd.DataFrame, by_code: pd.DataFrame, by_cell: pd.DataFrame
) -> pd.DataFrame:
    """Alphas by name; a column's own name is that of the first of `PAIRS` that it has."""
    first = ~whole.index.get_level_values("code").duplicated()
    plain = [
        name("alpha", c, *([] if f else [p])) for (c, p), f in zip(whole.index, first, strict=True)
    ]
    parts = [whole.set_axis(plain)]
    parts += [t.set_axis([name("alpha", at) for at in t.index]) for t in (by_code, by_cell)]
    out = pd.concat(parts).rename(columns={"alpha": "value"})[["value", "low", "high"]]
    counts = {name("alpha", c, "units"): n for (c, _), n in whole.loc[first, "n"].items()}
    for column, part in by_code.groupby("column"):
        found = {"codes": len(part), "doubtful": (~part["shown"]).sum()}
        found |= {"lowest": part["alpha"].min(), "highest": part["alpha"].max()}
        counts |= {name("alpha", column, what): n for what, n in found.items()}
    return pd.concat([out, pd.DataFrame({"value": counts}, dtype=float)])


def _made(rows: dict, levels: list[str]) -> pd.DataFrame:
    """The agreements that there are."""
    found = {at: row for at, row in rows.items() if row is not None}
    index = pd.MultiIndex.from_tuples(found, names=levels)
    return pd.DataFrame(list(found.values()), index, _COLUMNS)
