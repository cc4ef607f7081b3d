"""The works that the study rests on, in `references.csv`, and where its texts cite them.

To add one, put a row into `references.csv`: authors as `Surname, Initials; Surname, Initials`.
A test holds that every citation in the notebooks, the docstrings and the README has a row, and
that every row is cited.
"""

import ast
import re
import unicodedata
from importlib import resources
from pathlib import Path

import nbformat
import pandas as pd

from . import settings

_NAME = r"(?:[A-Z][a-zA-Z]*-)?[A-Z][a-zA-Z]*[a-z]"
_CITED = re.compile(
    rf"({_NAME}(?:, {_NAME})*(?:,? (?:&|and) {_NAME})?)( et al\.)?(?:'s)?,?"
    r" (?:\((?P<open>(?:19|20)\d\d)\b|(?P<plain>(?:19|20)\d\d)\b(?=[);,:.]))"
)
_NO_AUTHORS = frozenset(
    "January February March April May June July August September October November December".split()
)


def load() -> pd.DataFrame:
    """Read the references, in the order of their authors and years.

    Returns
    -------
    pd.DataFrame
        Columns `authors`, `year` (int), `title`, `venue`, `where` (volume and pages) and `doi`;
        empty text where there is none.
    """
    with resources.files(__package__).joinpath("references.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)


def markdown() -> str:
    """List the references for a page, one bullet each, with a link where there is a DOI."""
    lines = []
    for row in load().itertuples():
        authors = row.authors.replace("; ", ", ")
        link = f" [doi:{row.doi}](https://doi.org/{row.doi})" if row.doi else ""
        where = f" {row.where}" if row.where else ""
        mark = "" if row.title.endswith(("?", "!")) else "."
        lines.append(f"- {authors} ({row.year}). {row.title}{mark} *{row.venue}*{where}.{link}")
    return "\n".join(lines)


def citations(text: str) -> set[tuple[tuple[str, ...], bool, int]]:
    """Find what a text cites.

    Parameters
    ----------
    text : str

    Returns
    -------
    set of (surnames, others, year)
        Surnames without accents, in the text's order; `others`: whether "et al." follows them.
    """
    found = set()
    for match in _CITED.finditer(" ".join(_plain(text).split())):
        names = tuple(re.findall(_NAME, match[1].replace(" and ", " & ")))
        if not _NO_AUTHORS & set(names):
            found.add((names, bool(match[2]), int(match["open"] or match["plain"])))
    return found


def cited(citation: tuple[tuple[str, ...], bool, int]) -> list[int]:
    """Rows of `load` that a citation means; several where the text leaves it open."""
    names, others, year = citation
    rows = []
    for position, row in enumerate(load().itertuples()):
        surnames = [_plain(a.split(",")[0]) for a in row.authors.split(";")]
        surnames = [name.strip() for name in surnames]
        same = set(surnames) == set(names) and surnames[0] == names[0]
        if others:
            same = surnames[: len(names)] == list(names) and len(surnames) > len(names)
        if same and row.year == year:
            rows.append(position)
    return rows


def texts() -> dict[str, str]:
    """Texts in which works are cited, by where they stand: README, notebooks' prose, docstrings."""
    root = settings.ROOT
    found = {"README.md": (root / "README.md").read_text(encoding="utf-8")}
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        found[path.name] = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    for path in sorted(Path(__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[path.name] = "\n".join(
            node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )
    return found


def _plain(text: str) -> str:
    """Text without accents, typographic apostrophes and markdown's emphasis."""
    text = unicodedata.normalize("NFKD", text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return "".join(c for c in text if not unicodedata.combining(c) and c != "*")
