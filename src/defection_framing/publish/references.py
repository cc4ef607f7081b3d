"""The works that the study rests on, in `references.csv`, and the versions of its packages.

To add one, put a row into `references.csv`: authors as `Surname, Initials; Surname, Initials`.
A test holds that every citation in the notebooks, the docstrings and the README has a row, and
that every row is cited.
"""

import re
import sys
from functools import cache
from importlib import metadata, resources

import pandas as pd


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


@cache
def versions() -> str:
    """Versions of Python and of the packages that the study rests on, in one line."""
    names = ["defection-framing"]
    names += [
        re.match(r"[\w-]+", requirement)[0]
        for requirement in metadata.requires("defection-framing")
        if "extra ==" not in requirement
    ]
    # A local suffix such as +cpu names a build of the same version.
    packages = [f"{name} {metadata.version(name).split('+')[0]}" for name in names]
    return "; ".join([*packages, "Python {}.{}".format(*sys.version_info)])
