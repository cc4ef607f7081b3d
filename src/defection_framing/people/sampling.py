"""What people are asked to code: units drawn at random, their sheets, the rules, and the key."""

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from .. import corpus, settings
from . import sheets
from .sheets import Field, SheetError

UNITS = {"article": "articles", "claim": "claims"}
"""The kinds of unit, and what their tables and sheets are called."""

CODES = {
    "article": ("direction", "portrayal", "stance", "origin", "motives"),
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


def draw(strata: pd.Series, n: int, whole: str | None = None) -> pd.DataFrame:
    """Draw a stratified random sample.

    Strata get units in proportion to their size (rounded after Sainte-Laguë), but at least
    `MINIMUM`; within a stratum every unit has the same chance.

    Parameters
    ----------
    strata : pd.Series of str
        Stratum of each unit.
    n : int
        Units to draw; all, if there are no more.
    whole : str, optional
        A stratum that is taken whole, beside the `n`.

    Returns
    -------
    DataFrame
        One row per unit drawn, in random order: `stratum`, `probability` of inclusion.

    Raises
    ------
    SheetError
        If `n` is too small for the minimum.
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
    key: Path,
    tables: dict[str, pd.DataFrame],
    drawn: dict[str, pd.DataFrame],
    population: dict[str, pd.DataFrame],
) -> str:
    """Write the sheets of the units drawn, their instructions, and the key apart.

    Parameters
    ----------
    out, key : Path
        Folders of the sheets and of the key.
    tables : dict of str to DataFrame
        What is shown of the units, by kind of unit.
    drawn, population : dict of str to DataFrame
        What the key says of the units drawn (`FACTS`, and the codes to be given again), and of all.

    Returns
    -------
    str
        What was written, to be printed.
    """
    fields = {unit: fields_of(unit, table) for unit, table in drawn.items()}
    files: dict = {}
    for unit, table in drawn.items():
        files[out / f"{UNITS[unit]}.csv"] = (tables[unit].loc[table.index], fields[unit])
        files[key / f"{UNITS[unit]}.csv"] = table.to_csv(lineterminator="\n")
        everything = population[unit].to_csv(lineterminator="\n")
        files[key / DRAWN_FROM / f"{UNITS[unit]}.csv"] = everything
    sheets.write(files | {out / "INSTRUCTIONS.md": _instructions(fields, tables)})
    counts = " and ".join(f"{len(table):,} {UNITS[unit]}" for unit, table in drawn.items())
    return (
        f"Sheets for {counts} written to {out}, with INSTRUCTIONS.md.\n"
        f"The key is in {key}; do not hand it on to those who code."
    )


def fields_of(unit: str, key: pd.DataFrame) -> list[Field]:
    """Fields of a sheet: the codes that its key has."""
    more = {"direction": (NOT_ABOUT,)}
    return [
        Field(code, corpus.codes(UNITS[unit], code) + more.get(code, ()), code in SETS)
        for code in CODES[unit]
        if code in key
    ]


def _instructions(fields: dict[str, list[Field]], tables: dict[str, pd.DataFrame]) -> str:
    """Write what a coder has to know, with the rules of the codebook for these fields."""
    names = {unit: [field.name for field in own] for unit, own in fields.items()}
    asked = [name for own in names.values() for name in own]
    path = settings.data_dir() / "CODEBOOK.md"
    path = path if path.exists() else settings.ROOT / "data" / "CODEBOOK.md"
    record, *sections = re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.M)
    rows = [
        line
        for line in record.splitlines()
        if (cell := re.match(r"\| (\w+) \|", line)) and cell[1] in asked
    ]
    heads = {"Direction": "direction", "Voice": "voice", "Frames": "frame"}
    kept = [text.rstrip() for text in sections if heads.get(re.findall(r"\w+", text)[0]) in asked]
    columns = "".join(
        f"- `{UNITS[unit]}.csv`: {', '.join(f'`{name}`' for name in own)}\n"
        for unit, own in names.items()
    )
    template = (files(__package__) / "coding.md").read_text(encoding="utf-8")
    return template.format(
        columns=columns,
        read=_READ["text" if "text" in tables.get("article", ()) else "url"],
        extra="".join(f"{_EXTRA[name]}\n" for name in asked if name in _EXTRA),
        rules="\n\n".join(["\n".join(["| code | what |", "| --- | --- |", *rows]), *kept]),
    )
