"""Pages on which people code, or decide between coders: one file each, without a connection.

Template, style and script lie in `page/`; the texts, codes and definitions are written into them as
JSON (see `publish.offline`). A page keeps what is given in the browser and gives it out as a
file, which `given` reads.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ..domain import label
from ..publish import offline
from . import codebook

SOURCES = Path(__file__).parent / "page"
"""Template, style and script of the pages."""

CODED, DECIDED = "codes", "decided"
"""How names of the files begin that the two kinds of page give out."""

_TITLES = {CODED: "Code texts", DECIDED: "Decide where coders differ"}
_ABOUT = {
    CODED: "Give each text the codes that the codebook's definitions, beside them, ask for. "
    "Where there is an address, read headline and lead there, about 2,000 characters.",
    DECIDED: "Of these texts coders gave different codes, or one was unsure. Their codes stand "
    "above the choices, in random order and without names. Decide by the codebook; you may "
    "decide for a code that nobody gave.",
}
_HELP = {
    "frame": "The main frame of the sentence as it stands.",
    "frame_2": "A second frame, only where the sentence has one.",
    "voice": "Whose claim the article presents it as; it takes the article's page.",
    "motives": "One or more; not_stated stands alone.",
}


def html(kind: str, fields: dict, units: Iterable[dict]) -> str:
    """Write a page.

    Parameters
    ----------
    kind : str
        `CODED` or `DECIDED`.
    fields : dict
        By unit, the `sheets.Field` to be coded.
    units : iterable of dict
        In the order in which they are shown: `unit`, `id`, `text` and `url` where there are any,
        of a claim `article` where that is to be coded too; to decide between coders `asked` (names
        of fields) and `given` (by field, the codes that it got).
    """
    units = list(units)
    ids = "\n".join(f"{unit['unit']} {unit['id']}" for unit in units)
    content = {
        "sheet": hashlib.sha256(f"{kind}\n{ids}".encode()).hexdigest()[:12],
        "file": kind,
        "about": _ABOUT[kind],
        "units": units,
        "fields": {unit: [_field(field) for field in own] for unit, own in fields.items()},
        "rules": codebook.rules(f.name for own in fields.values() for f in own),
    }
    return offline.page(SOURCES, "script.js", content, title=_TITLES[kind])


def shown(unit: str, table: pd.DataFrame, articles: pd.Series) -> list[dict]:
    """What `html` takes of a sheet's units: `table` has `text` or `url` or both, by id."""
    made = []
    for key, row in table.to_dict("index").items():
        told = {name: cell for name, cell in row.items() if isinstance(cell, str) and cell}
        of = {"article": articles[key]} if articles[key] != key else {}
        made.append({"unit": unit, "id": key} | told | of)
    return made


def units(path: Path) -> list[dict]:
    """Read back what was shown on a page; none where it is gone."""
    if not path.is_file():
        return []
    found = re.search(r'id="data">(.*?)</script>', path.read_text(encoding="utf-8"), re.S)
    return json.loads(found[1])["units"] if found else []


def _field(field) -> dict:
    plain = field.name == "frame_2"  # its definitions stand beside the main frame
    means = {} if plain else codebook.definitions(field.name, field.allowed)
    return {
        "name": field.name,
        "label": label(field.name).capitalize() if not plain else "Second frame",
        "several": field.several,
        "optional": field.optional,
        "plain": plain or not any(means.values()),
        "help": _HELP.get(field.name, ""),
        "options": [[code, means.get(code, "")] for code in field.allowed],
    }
