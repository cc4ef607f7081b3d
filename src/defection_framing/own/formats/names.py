"""What a column or a field holds, by its name: `columns.csv`, for several languages."""

import re
from functools import cache

from ..words import table

_FILLING = frozenset(
    "article articles news post full the of de des l del artykułu publikacji artikel artikels "
    "статьи статью статті публикации публікації новости новини материала матеріалу поста пост на "
    "сообщения повідомлення допису полный повний".split()
)
"""Words that the names of columns may have beside the usual ones."""


@cache
def usual_columns() -> dict[str, list[str]]:
    """Return the usual names of columns, the likeliest first, by what they hold."""
    return {row["what"]: row["names"].split("|") for row in table("own/formats/columns.csv")}


def plain(name: str) -> str:
    """Spell the name of a column as the usual names are: `publishedAt` is `published_at`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name))
    return re.sub(r"[^\w]+|_+", "_", parted.lower().lstrip("\ufeff^")).strip("_")


def spellings(name: str) -> list[str]:
    """Usual names that a name may stand for: itself, its last part, without words that fill it."""
    if len(str(name)) > 80 or "://" in str(name):
        return ["", "", ""]  # a cell of a table without a header
    said = re.sub(r" \(\d+\)$", "", str(name))  # of one that stands there again
    whole = plain(said)
    bare = "_".join(word for word in whole.split("_") if word not in _FILLING)
    return [whole, plain(said.rpartition(".")[2]), bare]


def holds(name: str) -> str:
    """Tell what the column or field of a name holds; empty if the name is not usual."""
    usual = usual_columns().items()
    return next((w for said in spellings(name) for w, names in usual if said in names), "")
