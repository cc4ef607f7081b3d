"""What people gave: files of the coding pages, read with every slip named, and what they come to.

A file has a row for each code: `coder,unit,id,code,value`; beside codes there are `unsure` (yes)
and `note`. Files of the page on which somebody decided between coders begin with `decided`. Where
coders agree, their code counts; where they differ, what somebody decided between them counts, and
until then nothing.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ..corpus import cell_fault, no_code
from ..own.folder import cells_of
from . import page
from .sheets import FACTS, SETS, Field, SheetError, codes_in, fields_of, read_keys

HEADER = ["coder", "unit", "id", "code", "value"]
UNSURE, NOTE = "unsure", "note"


class Given(NamedTuple):
    """Of one kind of unit, in the order of the key: codes are str, empty where there is none."""

    key: pd.DataFrame  # the codes that the model gave, and `sheets.FACTS`, by unit
    coders: pd.DataFrame  # codes by coder and unit
    settled: pd.DataFrame  # what they come to, by unit; empty where nothing is decided
    unsure: pd.Series  # bool: somebody was unsure and nobody decided


def read(folder: Path) -> dict[str, Given]:
    """Read each key of a folder and the coders' files, by unit; `SheetError` names every slip.

    With a second frame there is the set `frames` too, in place of `frame_2`.
    """
    keys = read_keys(folder, FACTS)
    fields = {unit: fields_of(unit, key) for unit, key in keys.items()}
    files = read_files(folder, {unit: key.index for unit, key in keys.items()}, fields)
    found = {}
    for unit, key in keys.items():
        own, names = files[files["unit"] == unit], [field.name for field in fields[unit]]
        wide = own[own["code"].isin(names)].pivot(
            index=["decided", "coder", "id"], columns="code", values="value"
        )
        wide = with_sets(wide.fillna("").reindex(columns=names, fill_value=""))
        judged = wide.index.get_level_values("decided").astype(bool)
        coders, decided = wide[~judged].droplevel("decided"), _shared(wide[judged], key.index)
        settled = decided.where(decided != "", _shared(coders, key.index))
        every = pd.MultiIndex.from_product([coders.index.unique("coder"), key.index])
        marked = key.index.isin(own.loc[own["code"] == UNSURE, "id"])
        unsure = marked & ~(decided != "").any(axis=1)
        found[unit] = Given(with_sets(key), coders.reindex(every, fill_value=""), settled, unsure)
    return found


def differing(given: Given) -> pd.DataFrame:
    """Whether coders gave a unit different codes and nobody decided: bool, units by codes."""
    coded = given.coders.ne("").groupby("id").any()
    return coded.reindex(given.settled.index, fill_value=False) & (given.settled == "")


def read_files(
    folder: Path, ids: dict[str, Collection[str]], fields: dict[str, Sequence[Field]]
) -> pd.DataFrame:
    """Read all files of coding pages in a folder, or name every slip in them.

    `ids` and `fields` are those of the page, by unit. A row of the table is a code or a mark:
    columns of `HEADER`, and `decided` (bool: by who decided between coders).
    """
    marks = {UNSURE: Field(UNSURE, ("yes",)), NOTE: None}
    of = {unit: {field.name: field for field in own} | marks for unit, own in fields.items()}
    rows, slips, whose = [], [], {}
    for kind in (page.CODED, page.DECIDED):
        for path in sorted(folder.glob(f"{kind}-*.csv")):
            own, wrong = _read(path, ids, of)
            rows += [(*row, kind == page.DECIDED) for row in own]
            slips += wrong
            for coder in {row[0].lower() for row in own}:
                if (other := whose.setdefault((kind, coder), path.name)) != path.name:
                    slips.append(
                        f"{path.name}: holds codes of {coder!r}, as {other} does; remove the "
                        "older file."
                    )
    if slips:
        raise SheetError("\n".join(slips))
    return pd.DataFrame(rows, columns=[*HEADER, "decided"]).astype({"decided": bool})


def _read(path: Path, ids: dict, fields: dict) -> tuple[list[tuple], list[str]]:
    """The rows of one file, and its slips."""
    _, header, table = cells_of(path)
    if header != HEADER:
        return [], [
            f"{path.name}, row 1: write the header as {','.join(HEADER)}, or download the file "
            "from the page again."
        ]
    found: dict[tuple, tuple[int, str]] = {}
    slips, names = [], {}
    for number, cells in enumerate(table, 2):
        if len(cells) > len(HEADER):
            slips.append(f"{path.name}, row {number}: has more cells than the header.")
        elif any(cells):
            row = dict.fromkeys(HEADER, "") | dict(zip(HEADER, cells, strict=False))
            coder, unit, key, code, value = row.values()
            one = names.setdefault(coder.lower(), coder), unit, key, code
            known, asked = ids.get(unit, ()), fields.get(unit, {})
            value, wrong = codes_in(value, asked[code]) if asked.get(code) else (value, "")
            for column, is_wrong, say in (
                ("coder", not coder, "is no name; write the coder's name or initials."),
                ("unit", unit not in fields, no_code(fields)),
                ("id", key not in known, f"is no {unit} of this page; is the file of another one?"),
                ("code", code not in asked, no_code(asked)),
                ("code", one in found, "is given twice; remove one of the two rows."),
                ("value", wrong, wrong),
            ):
                if is_wrong:
                    slips.append(cell_fault(path.name, number, column, row[column], say))
                    break
            found.setdefault(one, (number, value))
    for (coder, unit, key, code), (number, value) in () if slips else found.items():
        main = found.get((coder, unit, key, "frame"), (0, ""))[1]
        if code == "frame_2" and value and main in ("", value):
            say = "is the main frame already; leave it empty." if main else "has no main frame."
            slips.append(cell_fault(path.name, number, "value", value, say))
    return [(*one, value) for one, (_, value) in found.items() if value], slips


def with_sets(table: pd.DataFrame) -> pd.DataFrame:
    """Write sets in one order, and a claim's one or two frames as the set `frames`."""
    if "frame_2" in table:
        frames = (table["frame"] + "; " + table["frame_2"]).str.removesuffix("; ")
        table = table.assign(frame_2=frames).rename(columns={"frame_2": "frames"})
    sets = table[table.columns.intersection(SETS)]
    return table.assign(**sets.map(lambda cell: "; ".join(sorted(cell.split("; ")))))


def _shared(given: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    """The codes on which all agree who gave one, str, by id; empty elsewhere."""
    by_id = given.where(given != "").groupby("id")
    return by_id.first().where(by_id.nunique() == 1).reindex(ids).fillna("")
