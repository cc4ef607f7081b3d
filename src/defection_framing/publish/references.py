"""The works that the study rests on, in `references.csv`, and the versions of its packages.

To add one, put a row into `references.csv`: authors as `Surname, Initials; Surname, Initials`.
A test holds that every citation in the notebooks, the docstrings and the README has a row, and
that every row is cited.
"""

import re
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import pandas as pd


def load() -> pd.DataFrame:
    """Read the references; empty text where a column has no entry."""
    return pd.read_csv(Path(__file__).with_name("references.csv"), keep_default_na=False)


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
    asked = metadata.requires("defection-framing") or []
    names = [re.split(r"[^\w-]", line)[0] for line in asked if "extra ==" not in line]
    # A local suffix such as +cpu names a build of the same version.
    packages = [f"{n} {metadata.version(n).split('+')[0]}" for n in ("defection-framing", *names)]
    return "; ".join([*packages, "Python {}.{}".format(*sys.version_info)])
