"""Tables of words beside the code: what is said in any language is data."""

import csv
from functools import cache
from importlib.resources import files


@cache
def table(name: str) -> list[dict[str, str]]:
    """Rows of a table of the package, such as `own/walls.csv`."""
    with (files("defection_framing") / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def joined(name: str, by: str = "kind") -> dict[str, str]:
    """Return the patterns of a table as one, by kind or by another column."""
    kinds: dict[str, list[str]] = {}
    for row in table(name):
        kinds.setdefault(row[by], []).append(row["pattern"])
    return {kind: "|".join(patterns) for kind, patterns in kinds.items()}
