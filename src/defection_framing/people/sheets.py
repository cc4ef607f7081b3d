"""Coding sheets: tables to be filled in by a person, and read back with every slip named.

A sheet is a CSV that spreadsheet programs open: one row per unit with its `id`, what is to be
coded, one empty column per code, and a `note`. What they make of it when they save is read as well:
another separator or encoding, another order of rows or columns, codes with stray spaces or
capitals, empty rows at the end.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..corpus import cell_fault, no_code


class SheetError(ValueError):
    """A sheet cannot be written or read; the message says where and what to do, a line per slip."""


@dataclass(frozen=True)
class Field:
    """A column to be filled in.

    Attributes
    ----------
    name : str
    allowed : tuple of str
        The codes it may hold.
    several : bool
        Whether a cell may hold several codes, parted by semicolons.
    """

    name: str
    allowed: tuple[str, ...]
    several: bool = False


def write(files: dict[Path, str | tuple[pd.DataFrame, Sequence[Field]]]) -> None:
    """Write sheets and what belongs to them, all or nothing, never over a file that is there.

    Parameters
    ----------
    files : dict
        By path: a text, or for a sheet the units (indexed by id, with the columns to be shown) and
        the fields to fill in.

    Raises
    ------
    SheetError
        If one of the files exists or cannot be written.
    """
    if there := [path for path in files if path.exists()]:
        raise SheetError(
            f"{there[0]} exists already and may be filled in; name another folder, or move it away."
        )
    written: list[Path] = []
    try:
        for path, content in files.items():
            text = content if isinstance(content, str) else _sheet(*content)
            path.parent.mkdir(parents=True, exist_ok=True)
            # Without the byte order mark, Excel takes a CSV for one in an old code page.
            encoding = "utf-8-sig" if path.suffix == ".csv" else "utf-8"
            written.append(path)
            path.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise SheetError(
            f"{error.filename} cannot be written ({error.strerror}); name another folder."
        ) from None


def read(path: Path, ids: Iterable[str], fields: Sequence[Field]) -> pd.DataFrame:
    """Read a sheet back.

    Parameters
    ----------
    path : Path
    ids : iterable of str
        The units that it was written for.
    fields : sequence of Field

    Returns
    -------
    DataFrame
        Indexed by `id`, in the order of `ids`: a column per field as str, empty where not coded
        yet (several codes are joined by "; "), `note`, and `row` (where it stands in the file).

    Raises
    ------
    SheetError
        With one line for each slip: file, row (the header is row 1), column, value, what to write.
    """
    header, rows = _rows(path)
    wanted = ["id", *(field.name for field in fields), "note"]
    missing = [name for name in wanted if header.count(name) != 1]
    if missing:
        raise SheetError(
            f"{path.name}, row 1: the column {missing[0]!r} must stand there once; write the "
            f"header again as it was, with {', '.join(wanted)}."
        )
    ids = list(ids)
    seen: dict[str, dict] = {}
    slips = []
    for number, row in rows:
        if any(cell.strip() for cell in row[len(header) :]):
            say = "has more cells than there are columns; put cells that hold the separator in"
            slips.append(f"{path.name}, row {number}: {say} double quotes.")
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        key = cells.get("id", "")
        if key not in ids:
            say = "is no unit of this sheet; write the id again as it was, or remove the row."
            slips.append(cell_fault(path.name, number, "id", key, say))
        elif key in seen:
            say = f"stands already in row {seen[key]['row']}; remove one of the two rows."
            slips.append(cell_fault(path.name, number, "id", key, say))
        else:
            seen[key] = {"note": cells.get("note", ""), "row": number}
            for field in fields:
                cell = cells.get(field.name, "")
                seen[key][field.name], say = _codes(cell, field)
                if say:
                    slips.append(cell_fault(path.name, number, field.name, cell, say))
    say = "is missing; put it back, with empty codes if it is not coded."
    slips += [f"{path.name}: the row of {key!r} {say}" for key in ids if key not in seen]
    if slips:
        raise SheetError("\n".join(slips))
    table = pd.DataFrame.from_dict(seen, orient="index", columns=[*wanted[1:], "row"])
    return table.reindex(ids).rename_axis("id")


def key_folder(folder: Path, key: Path | None = None) -> Path:
    """Folder of the key to the sheets of a folder: beside it, so that it is not handed on as well.

    Parameters
    ----------
    folder : Path
        Folder of the sheets.
    key : Path, optional
        Folder of the key, where it is another than `<folder>-key`.
    """
    folder = Path(folder).resolve()
    return Path(key) if key else folder.with_name(f"{folder.name}-key")


def read_key(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    """Read one table of a key.

    Parameters
    ----------
    path : Path
    columns : iterable of str
        Those that it must have beside `id`.

    Returns
    -------
    DataFrame
        Indexed by `id`; cells are str, empty where there is no code.

    Raises
    ------
    SheetError
        If the file is missing or is no such key.
    """
    if not path.is_file():
        raise SheetError(f"The key {path} is missing; put it there, or name its folder by --key.")
    key = pd.read_csv(path, dtype=str, keep_default_na=False)
    if missing := [name for name in ("id", *columns) if name not in key]:
        raise SheetError(
            f"{path}, row 1: the column {missing[0]!r} of the key is missing; restore it as it "
            "was written."
        )
    return key.set_index("id")


def _sheet(units: pd.DataFrame, fields: Sequence[Field]) -> str:
    """Write a sheet as text: each cell on one line, and none that a spreadsheet would compute."""
    shown = units.map(lambda cell: " ".join(str(cell).split()))
    shown = shown.map(lambda cell: f" {cell}" if cell.startswith(("=", "+", "-", "@")) else cell)
    shown = shown.assign(**{field.name: "" for field in fields}, note="")
    return shown.rename_axis("id").to_csv(lineterminator="\r\n")


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read the header, and the rows that are not empty with their numbers."""
    if not path.is_file():
        raise SheetError(f"{path} is missing; put the sheet there.")
    raw = path.read_bytes()
    if raw.startswith(b"PK"):
        raise SheetError(f"{path.name} is a workbook; save it as CSV.")
    # Ids and codes are ASCII; of what else is in the cells, nothing is read but the notes.
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = raw.decode("utf-16" if wide else "utf-8-sig", "replace")
    # The separator is what follows the first name of the header: no text of a unit can mislead it.
    first = re.match(r'\s*"?\s*\w+\s*"?\s*([,;\t|])', text)
    if not first:
        raise SheetError(f"{path.name}, row 1: is no header; write it again as it was.")
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=first[1], strict=True))
    except csv.Error as error:
        raise SheetError(f"{path.name} is no readable table ({error}); save it again.") from None
    rows = [(n, row) for n, row in enumerate(table, 1) if any(cell.strip() for cell in row)]
    return [name.strip().lower() for name in rows[0][1]], rows[1:]


def _codes(cell: str, field: Field) -> tuple[str, str]:
    """Bring a cell into the form of the codes; or say what is wrong with it."""
    codes = {code.lower(): code for code in field.allowed}
    parts = re.split("[;,]", cell.lower()) if field.several else [cell.lower()]
    found = [codes.get(part.strip()) for part in parts if part.strip()]
    if None in found:
        return "", no_code(field.allowed)
    if len(set(found)) < len(found):
        return "", "names one code twice; remove one."
    return "; ".join(found), ""
