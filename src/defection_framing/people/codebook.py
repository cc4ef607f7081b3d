"""The codebook, as coders need it: the rules of the codes they are asked for, and definitions."""

import re
from collections.abc import Iterable

from .. import settings

_OF_OTHERS = ("stance", "direction")
# What numbered rules of the codebook are about, where it is not a frame.


def rules(asked: Iterable[str]) -> str:
    """Rows of the record and sections that are about some codes, without marks of stress."""
    asked = list(asked)
    record, sections = _parts()
    rows = [_row(record, name) for name in asked]
    kept = [text for text in sections if _about(text) in asked]
    text = "\n\n".join(
        ["\n".join(["| code | what |", "| --- | --- |", *filter(None, rows)]), *kept]
    )
    # A part of the rules, not from 1 on.
    return _plain(re.sub(r"^### \d+\. ", "### ", text, flags=re.M))


def definitions(name: str, codes: Iterable[str]) -> dict[str, str]:
    """What each code of a column means, as plain text; empty where the code says it itself."""
    record, sections = _parts()
    lead = [text for text in sections if _about(text) == name and not text.startswith("### ")]
    text = "\n".join([_row(record, name), *lead])
    return {code: _plain(_defined(code, text)) for code in codes}


def _defined(code: str, text: str) -> str:
    """Definition of a code in a table row, after a bullet, or in brackets after the code.

    Of a bullet on two codes, parted by a slash, it has the part that is the code's own.
    """
    for pair in re.finditer(r"^- `(\w+)` / `(\w+)`: (.*)$", text, flags=re.M):
        if code in pair.groups()[:2]:
            return re.sub(r"(\w+) / (\w+)", rf"\{pair.groups().index(code) + 1}", pair[3])
    ways = (
        rf"^\| `{code}` \| (.*?) \|",
        rf"^- [`/ \w]*`{code}`[`/ \w]*: (.*)$",
        rf"`{code}` \(([^()]*)\)",
    )
    found = (re.search(way, text, flags=re.M) for way in ways)
    return next((match[1] for match in found if match), "")


def _parts() -> tuple[str, list[str]]:
    """The record's table, and the sections; of the corpus under study, or else the repository's."""
    path = settings.data_dir() / "CODEBOOK.md"
    path = path if path.exists() else settings.ROOT / "data" / "CODEBOOK.md"
    record, *sections = re.split(r"^(?=###? )", path.read_text(encoding="utf-8"), flags=re.M)
    return record, [text.rstrip() for text in sections]


def _row(record: str, name: str) -> str:
    found = re.search(rf"^\| {name} \|.*$", record, flags=re.M)
    return found[0] if found else ""


def _about(section: str) -> str:
    """The code that a section is about; its numbered rules are of frames mostly."""
    first = re.findall(r"[^\W\d]+", section)[0].lower().removesuffix("s")
    numbered = section.startswith("### ")
    return "frame" if numbered and first not in _OF_OTHERS else first


def _plain(text: str) -> str:
    return re.sub(r"[`*]", "", text).strip()
