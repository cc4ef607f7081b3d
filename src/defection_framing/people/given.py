"""What people gave in a folder of sheets: each coder's codes, and what they come to together.

Coders are those whose files (`votes`) lie in the folder, and whoever filled in the sheets
themselves. Where they agree, their code counts; where they differ, what somebody decided between
them counts, and until then nothing.
"""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from . import sheets, votes
from .sheets import FACTS, SETS, UNITS, SheetError, fields_of

SHEETS = "the sheets"
"""What the coder is called who filled in the sheets themselves."""


class Given(NamedTuple):
    """Of one kind of unit; all tables are indexed by unit, in the order of the key."""

    key: pd.DataFrame  # the codes that the model gave, and `sheets.FACTS`
    coders: dict[str, pd.DataFrame]  # codes by coder, str, empty where not given
    settled: pd.DataFrame  # what they come to, str, empty where nobody coded or nothing is decided
    unsure: pd.Series  # bool: somebody was unsure and nobody decided


def read(folder: Path) -> dict[str, Given]:
    """Read each key, its sheet and the coders' files, by unit; `SheetError` names every slip.

    With a second frame there is the set `frames` too, in place of `frame_2`.
    """
    folder = Path(folder)
    keys = {
        unit: sheets.read_key(sheets.key_folder(folder) / f"{name}.csv", FACTS)
        for unit, name in sheets_in(folder).items()
    }
    fields = {unit: fields_of(unit, key) for unit, key in keys.items()}
    filled, slips = {}, []
    for unit, key in keys.items():
        try:
            filled[unit] = sheets.read(folder / f"{UNITS[unit]}.csv", key.index, fields[unit])
        except SheetError as error:
            slips.append(str(error))
    try:
        files = votes.read(folder, {unit: key.index for unit, key in keys.items()}, fields)
    except SheetError as error:
        slips.append(str(error))
    if slips:
        raise SheetError("\n".join(slips))
    by_judge = files["decided"].astype(bool)
    found = {}
    for unit, key in keys.items():
        names = [field.name for field in fields[unit]]
        own = filled[unit][names]
        coders = {SHEETS: own} if (own != "").any(axis=None) else {}
        coders |= votes.tables(files[~by_judge], unit, key.index, names)
        judges = votes.tables(files[by_judge], unit, key.index, names)
        coders, judges = ({who: _with_sets(t) for who, t in of.items()} for of in (coders, judges))
        codes = [*_with_sets(own)]
        decided = _shared(judges, key.index, codes)
        settled = decided.where(decided != "", _shared(coders, key.index, codes))
        marks = files[(files["unit"] == unit) & (files["code"] == votes.UNSURE)]
        unsure = key.index.isin(marks["id"]) & ~(decided != "").any(axis=1)
        found[unit] = Given(_with_sets(key), coders, settled, pd.Series(unsure, key.index))
    return found


def sheets_in(folder: Path) -> dict[str, str]:
    """Name the sheets that a folder holds, by their unit."""
    found = {unit: name for unit, name in UNITS.items() if (Path(folder) / f"{name}.csv").exists()}
    if not found:
        raise SheetError(f"{folder} holds neither articles.csv nor claims.csv; name another.")
    return found


def differing(given: Given) -> pd.DataFrame:
    """Whether coders gave a unit different codes and nobody decided: bool, units by codes."""
    coded = pd.DataFrame(False, given.settled.index, given.settled.columns)
    for table in given.coders.values():
        coded |= table != ""
    return coded & (given.settled == "")


def _with_sets(table: pd.DataFrame) -> pd.DataFrame:
    """Write sets in one order, and a claim's one or two frames as the set `frames`."""
    table = table.copy()
    if "frame_2" in table:
        frames = (table["frame"] + "; " + table["frame_2"]).str.removesuffix("; ")
        table["frame_2"] = frames
        table = table.rename(columns={"frame_2": "frames"})
    for name in table.columns.intersection(SETS):
        table[name] = table[name].map(lambda cell: "; ".join(sorted(cell.split("; "))))
    return table


def _shared(coders: dict[str, pd.DataFrame], index: pd.Index, codes: list[str]) -> pd.DataFrame:
    """The codes on which all agree who gave one, str; empty elsewhere."""
    found = pd.DataFrame("", index, codes)
    for name in codes if coders else ():
        values = pd.concat([table[name] for table in coders.values()], axis=1)
        values = values.where(values != "", None)
        one = values.nunique(axis=1) == 1
        found[name] = values.bfill(axis=1).iloc[:, 0].where(one, "")
    return found
