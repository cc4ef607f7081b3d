"""What several people gave: files of the coding pages, read back with every slip named.

A file has a row for each code: `coder,unit,id,code,value`; beside codes there are `unsure` (yes)
and `note`. Files of the page on which somebody decided between coders begin with `decided`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from ..corpus import cell_fault, no_code
from . import page, sheets
from .sheets import Field, SheetError

HEADER = ["coder", "unit", "id", "code", "value"]
UNSURE, NOTE = "unsure", "note"


def read(
    folder: Path, ids: dict[str, Iterable[str]], fields: dict[str, Sequence[Field]]
) -> pd.DataFrame:
    """Read all files of coding pages in a folder, or name every slip in them.

    `ids` and `fields` are those of the sheets, by unit. A row of the table is a code or a mark:
    columns of `HEADER`, `decided` (bool: by who decided between coders), `file` and `row`.
    """
    parts, slips, whose = [], [], {}
    for kind in (page.CODED, page.DECIDED):
        for path in sorted(Path(folder).glob(f"{kind}-*.csv")):
            try:
                table = _read(path, ids, fields).assign(decided=kind == page.DECIDED)
            except SheetError as error:
                slips.append(str(error))
                continue
            for coder in set(table["coder"].str.lower()):
                if other := whose.get((kind, coder)):
                    slips.append(
                        f"{path.name}: holds codes of {coder!r}, as {other} does; remove the "
                        "older file."
                    )
                whose[kind, coder] = path.name
            parts.append(table)
    if slips:
        raise SheetError("\n".join(slips))
    if not parts:
        return pd.DataFrame(columns=[*HEADER, "decided", "file", "row"])
    return pd.concat(parts, ignore_index=True)


def _read(path: Path, ids: dict, fields: dict) -> pd.DataFrame:
    """Read one file."""
    header, rows = sheets.rows_of(path)
    if header != HEADER:
        raise SheetError(
            f"{path.name}, row 1: write the header as {','.join(HEADER)}, or download the file "
            "from the page again."
        )
    of = {unit: {field.name: field for field in own} for unit, own in fields.items()}
    known = {unit: set(own) for unit, own in ids.items()}
    found: dict[tuple, int] = {}
    kept, slips = [], []
    for number, cells in rows:
        cells = [*(cell.strip() for cell in cells), *[""] * (len(HEADER) - len(cells))]
        coder, unit, key, code, value = cells[: len(HEADER)]
        marks = {UNSURE: Field(UNSURE, ("yes",)), NOTE: None}
        allowed = [*of.get(unit, ()), *marks]
        say = column = ""
        if len(cells) > len(HEADER):
            slips.append(f"{path.name}, row {number}: has more cells than there are columns.")
            continue
        if not coder:
            column, say = "coder", "is no name; write the coder's name or initials."
        elif unit not in of:
            column, say = "unit", no_code(of)
        elif key not in known[unit]:
            column, say = "id", f"is no {unit} of these sheets; is the file of another page?"
        elif code not in allowed:
            column, say = "code", no_code(allowed)
        elif (coder.lower(), unit, key, code) in found:
            first = found[coder.lower(), unit, key, code]
            column, say = "code", f"is given in row {first} too; remove one of the two rows."
        elif field := (of[unit] | marks)[code]:
            value, say = sheets.codes_in(value, field)
            column = "value" if say else ""
        if say:
            shown = dict(zip(HEADER, cells, strict=False))[column]
            slips.append(cell_fault(path.name, number, column, shown, say))
            continue
        found[coder.lower(), unit, key, code] = number
        if value:
            kept.append((coder, unit, key, code, value, path.name, number))
    if slips := slips or _second_frames(path, kept):
        raise SheetError("\n".join(slips))
    return pd.DataFrame(kept, columns=[*HEADER, "file", "row"])


def _second_frames(path: Path, kept: list[tuple]) -> list[str]:
    """Slips in second frames, as `sheets.second_frame_fault` finds them."""
    main = {(who, key): value for who, _, key, code, value, *_ in kept if code == "frame"}
    slips = []
    for who, _, key, code, value, _, number in kept:
        if code == "frame_2" and (
            say := sheets.second_frame_fault(main.get((who, key), ""), value)
        ):
            slips.append(cell_fault(path.name, number, "value", value, say))
    return slips


def tables(
    given: pd.DataFrame, unit: str, ids: pd.Index, codes: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """The codes of each coder for one kind of unit: a table like that of a sheet, by coder.

    Rows are `ids`; columns `codes`, empty where not given.
    """
    own = given[(given["unit"] == unit) & given["code"].isin(codes)]
    made = {}
    for coder, part in own.groupby("coder", sort=True):
        wide = part.pivot(index="id", columns="code", values="value")
        made[coder] = wide.reindex(index=ids, columns=list(codes), fill_value="").fillna("")
    return made
