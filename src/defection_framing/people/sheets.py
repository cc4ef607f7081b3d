"""Sheets for people to code: the units drawn, the page that shows them, and the key apart."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .. import corpus, settings
from ..corpus import no_code
from ..settings import DefectionError
from . import page

UNITS = {"article": "articles", "claim": "claims"}
"""The kinds of unit, and what their tables are called."""

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
"""The page, in a folder, on which its units are coded in a browser."""


class SheetError(DefectionError):
    """Codes cannot be asked for or read; the message says where, a line per slip."""


@dataclass(frozen=True)
class Field:
    """A code to be given."""

    name: str
    allowed: tuple[str, ...]  # its values
    several: bool = False  # whether a unit may have several, parted by semicolons
    optional: bool = False  # whether a unit is done without it


def key_folder(folder: Path) -> Path:
    """Folder of the key to a folder's sheets: beside it, so that it is not handed on as well."""
    folder = folder.resolve()
    return folder.with_name(f"{folder.name}-key")


def read_keys(folder: Path, columns: Sequence[str], part: str = "") -> dict[str, pd.DataFrame]:
    """Read the key to a folder, or a `part` of it, by unit: tables by `id`, with some columns.

    Cells are str, empty where there is no code. SheetError if a table or a column is missing.
    """
    place, keys = key_folder(folder), {}
    for unit, name in UNITS.items():
        if (place / f"{name}.csv").exists():
            path = place / part / f"{name}.csv"
            if not path.is_file():
                raise SheetError(f"The key {path} is missing; put it there.")
            key = pd.read_csv(path, dtype=str, keep_default_na=False)
            if missing := [name for name in ("id", *columns) if name not in key]:
                raise SheetError(f"{path}, row 1: the column {missing[0]!r} of the key is missing.")
            keys[unit] = key.set_index("id")
    if not keys:
        raise SheetError(f"{place}, the key to {folder}, is missing; put it there.")
    return keys


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
    """Write the page to code, and the key apart; never over one that is there; say what it holds.

    By kind of unit come what is shown (`tables`), what the key says of the units drawn (`FACTS`,
    and the codes to be given again), and the same of all (`population`).
    """
    fields = {unit: fields_of(unit, table) for unit, table in drawn.items()}
    key, units = key_folder(out), []
    if there := [path for path in (out / PAGE, key) if path.exists()]:
        raise SheetError(f"{there[0]} exists already; name another folder, or move it away.")
    for folder in (out, key / DRAWN_FROM):
        folder.mkdir(parents=True, exist_ok=True)
    for unit, table in drawn.items():
        units += page.shown(unit, tables[unit].loc[table.index], population[unit]["article_id"])
        table.to_csv(key / f"{UNITS[unit]}.csv")
        population[unit].to_csv(key / DRAWN_FROM / f"{UNITS[unit]}.csv")
    settings.write_text(out / PAGE, page.html(page.CODED, fields, units))
    counts = " and ".join(f"{len(table):,} {UNITS[unit]}" for unit, table in drawn.items())
    return (
        f"{counts} to code are in {out / PAGE}: open it in a browser, and put the file that it "
        f"gives out into the same folder. Several people can code.\n"
        f"The key is in {key}; do not hand it on to those who code."
    )


def fields_of(unit: str, key: pd.DataFrame) -> list[Field]:
    """The codes that a key has, as they are asked for."""
    made = []
    for code in (code for code in CODES[unit] if code in key):
        more = (NOT_ABOUT,) if code == "direction" else ()
        # Where no model gave a voice, there is none to check, and it takes the article's page.
        optional = code == "frame_2" or (code == "voice" and not key[code].astype(bool).any())
        allowed = corpus.codes(UNITS[unit], code) + more
        made.append(Field(code, allowed, code in SETS, optional))
    return made
