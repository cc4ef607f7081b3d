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
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from .. import corpus, settings
from ..corpus import cell_fault, no_code
from ..settings import DefectionError
from . import codebook, page

UNITS = {"article": "articles", "claim": "claims"}
"""The kinds of unit, and what their tables and sheets are called."""

CODES = {
    "article": ("direction", "portrayal", "occasion", "who", "outcome", "origin", "motives"),
    "claim": ("frame", "frame_2", "voice"),
}
"""What a person is asked to code."""

NOT_ABOUT = "not_about"
"""A direction that only coders after the first have: no one leaves a side of this war."""

MINIMUM = 1
"""Units drawn from each stratum at least; with two the many small strata would take the sample."""

SETS = ("motives", "frames")
"""Codes of which a unit may have several."""

FACTS = ("stratum", "probability", "cluster", "article_direction")
"""Columns of the key beside codes."""

DRAWN_FROM = "population"
"""Folder in that of the key: all that the sample was drawn from."""

PAGE = "code.html"
"""The page on which a folder's sheets can be coded in a browser."""

_READ = {
    "url": "Articles: open the address and read headline and lead, about 2,000 characters.",
    "text": "Articles: read the text that is given.",
}

_EXTRA = {
    "frame": "- `frame`: the main frame of the sentence as it stands.",
    "frame_2": "- `frame_2`: a second frame, only where the sentence has one.",
    "voice": "- `voice` cannot be judged from the sentence: find the claim on the article's page.",
    "motives": "- `motives`: several are parted by semicolons; `not_stated` if none is given.",
    "direction": f"- `direction` may also be `{NOT_ABOUT}`: no one leaves a side of this war.",
}


class SheetError(DefectionError):
    """A sheet cannot be written or read; the message says where and what to do, a line per slip."""


@dataclass(frozen=True)
class Field:
    """A column to be filled in."""

    name: str
    allowed: tuple[str, ...]  # the codes it may hold
    several: bool = False  # whether a cell may hold several, parted by semicolons
    optional: bool = False  # whether a unit is done without it


def write(files: dict[Path, str | tuple[pd.DataFrame, Sequence[Field]]]) -> None:
    """Write sheets and what belongs to them, all or nothing, never over a file that is there.

    By path comes a text, or for a sheet the units (indexed by id, with the columns to be shown) and
    the fields to fill in.
    """
    if there := [path for path in files if path.exists()]:
        said = "exists already and may be filled in; name another folder, or move it away."
        raise SheetError(f"{there[0]} {said}")
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
    """Read back a sheet that was written for the units `ids`, or name every slip in it.

    The table is indexed by `id`, in the order of `ids`: a column per field as str, empty where not
    coded yet (several codes are joined by "; "), `note`, and `row` (where it stands in the file).
    """
    header, rows = rows_of(path)
    wanted = ["id", *(field.name for field in fields), "note"]
    if missing := [name for name in wanted if header.count(name) != 1]:
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
                seen[key][field.name], say = codes_in(cell, field)
                if say:
                    slips.append(cell_fault(path.name, number, field.name, cell, say))
    for row in seen.values():
        cell = row.get("frame_2", "")
        if say := second_frame_fault(row.get("frame", ""), cell):
            slips.append(cell_fault(path.name, row["row"], "frame_2", cell, say))
    say = "is missing; put it back, with empty codes if it is not coded."
    slips += [f"{path.name}: the row of {key!r} {say}" for key in ids if key not in seen]
    if slips:
        raise SheetError("\n".join(slips))
    table = pd.DataFrame.from_dict(seen, orient="index", columns=[*wanted[1:], "row"])
    return table.reindex(ids).rename_axis("id")


def second_frame_fault(frame: str, frame_2: str) -> str:
    """Say what is wrong with a claim's second frame; empty if nothing is."""
    if frame_2 and not frame:
        return "stands without a main frame; write that in the column frame."
    return "is the main frame already; leave it empty." if frame_2 and frame == frame_2 else ""


def key_folder(folder: Path) -> Path:
    """Folder of the key to a folder's sheets: beside it, so that it is not handed on as well."""
    folder = Path(folder).resolve()
    return folder.with_name(f"{folder.name}-key")


def read_key(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    """Read one table of a key by `id`: cells are str, empty where there is no code."""
    if not path.is_file():
        raise SheetError(f"The key {path} is missing; put it there.")
    key = pd.read_csv(path, dtype=str, keep_default_na=False)
    if missing := [name for name in ("id", *columns) if name not in key]:
        raise SheetError(f"{path}, row 1: the column {missing[0]!r} of the key is missing.")
    return key.set_index("id")


def _sheet(units: pd.DataFrame, fields: Sequence[Field]) -> str:
    """Write a sheet as text: each cell on one line, and none that a spreadsheet would compute."""
    shown = units.map(lambda cell: " ".join(str(cell).split()))
    shown = shown.map(lambda cell: f" {cell}" if cell.startswith(("=", "+", "-", "@")) else cell)
    shown = shown.assign(**{field.name: "" for field in fields}, note="")
    return shown.rename_axis("id").to_csv(lineterminator="\r\n")


def rows_of(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
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


def codes_in(cell: str, field: Field) -> tuple[str, str]:
    """The codes in a cell, as they are written in the codebook; or what is wrong with it."""
    codes = {code.lower(): code for code in field.allowed}
    parts = re.split("[;,]", cell.lower()) if field.several else [cell.lower()]
    found = [codes.get(part.strip()) for part in parts if part.strip()]
    if None in found:
        return "", no_code(field.allowed)
    if len(set(found)) < len(found):
        return "", "names one code twice; remove one."
    return "; ".join(found), ""


def draw(strata: pd.Series, n: int, whole: str | None = None) -> pd.DataFrame:
    """Draw a stratified random sample of n units, in random order: `stratum`, `probability`.

    Strata get units in proportion to their size (rounded after Sainte-Laguë), but at least
    `MINIMUM`; within a stratum every unit has the same chance. A stratum `whole` is taken whole,
    beside the n.
    """
    members = {name: group.index for name, group in strata.groupby(strata)}
    sizes = np.array([len(units) for units in members.values()], dtype=int)
    certain = np.array([name == whole for name in members], dtype=bool)
    drawn = np.where(certain, sizes, np.minimum(sizes, MINIMUM))
    if n < drawn[~certain].sum():
        raise SheetError(
            f"A sample of {n} is too small for its {(~certain).sum()} strata; ask for at least "
            f"{drawn[~certain].sum()}."
        )
    while drawn.sum() < min(n + sizes[certain].sum(), sizes.sum()):
        drawn[np.where(drawn < sizes, sizes / (2 * drawn + 1), 0).argmax()] += 1
    rng = np.random.default_rng(settings.SEED)
    sample = pd.concat(
        pd.DataFrame({"stratum": name, "probability": k / size}, rng.choice(units, k, False))
        for (name, units), k, size in zip(members.items(), drawn, sizes, strict=True)
    )
    return sample.iloc[rng.permutation(len(sample))].rename_axis("id")


def hand_out(
    out: Path,
    tables: dict[str, pd.DataFrame],
    drawn: dict[str, pd.DataFrame],
    population: dict[str, pd.DataFrame],
) -> str:
    """Write sheets, their instructions, and the key apart; say what was written.

    By kind of unit come what is shown (`tables`), what the key says of the units drawn (`FACTS`,
    and the codes to be given again), and the same of all (`population`).
    """
    fields = {unit: fields_of(unit, table) for unit, table in drawn.items()}
    files: dict = {}
    key = key_folder(out)
    units = []
    for unit, table in drawn.items():
        shown = tables[unit].loc[table.index]
        files[out / f"{UNITS[unit]}.csv"] = (shown, fields[unit])
        units += page.shown(unit, shown, population[unit]["article_id"])
        files[key / f"{UNITS[unit]}.csv"] = table.to_csv(lineterminator="\n")
        everything = population[unit].to_csv(lineterminator="\n")
        files[key / DRAWN_FROM / f"{UNITS[unit]}.csv"] = everything
    files[out / PAGE] = page.html(page.CODED, fields, units)
    write(files | {out / "INSTRUCTIONS.md": _instructions(fields, tables)})
    counts = " and ".join(f"{len(table):,} {UNITS[unit]}" for unit, table in drawn.items())
    return (
        f"{counts} to code written to {out}: open {PAGE} in a browser, or fill in the sheets with "
        "a spreadsheet program (INSTRUCTIONS.md). Files that the page gives out go into the same "
        "folder; several people can code.\n"
        f"The key is in {key}; do not hand it on to those who code."
    )


def fields_of(unit: str, key: pd.DataFrame) -> list[Field]:
    """Fields of a sheet: the codes that its key has."""
    made = []
    for code in (code for code in CODES[unit] if code in key):
        more = (NOT_ABOUT,) if code == "direction" else ()
        # Where no model gave a voice, there is none to check, and it takes the article's page.
        optional = code == "frame_2" or (code == "voice" and not key[code].astype(bool).any())
        allowed = corpus.codes(UNITS[unit], code) + more
        made.append(Field(code, allowed, code in SETS, optional))
    return made


def _instructions(fields: dict[str, list[Field]], tables: dict[str, pd.DataFrame]) -> str:
    """Write what a coder has to know, with the rules of the codebook for these fields."""
    names = {unit: [field.name for field in own] for unit, own in fields.items()}
    asked = [name for own in names.values() for name in own]
    columns = "".join(
        f"- `{UNITS[unit]}.csv`: {', '.join(f'`{name}`' for name in own)}\n"
        for unit, own in names.items()
    )
    template = (resources.files(__package__) / "coding.md").read_text(encoding="utf-8")
    return template.format(
        columns=columns,
        read=_READ["text" if "text" in tables.get("article", ()) else "url"],
        extra="".join(f"{_EXTRA[name]}\n" for name in asked if name in _EXTRA),
        rules=codebook.rules(asked),
    )
