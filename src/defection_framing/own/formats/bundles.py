"""Texts that databases export: many articles in one, each with the fields of its record.

A text is a list of lines, whatever it came in (TXT, RTF, DOCX, PDF, HTML). Marks tell whose it is;
where a text has none, it is one article.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from statistics import median

from ..boilerplate import DATE
from ..words import table
from .records import Record

_ROWS = table("own/formats/labels.csv")
_HOLDS = {
    (row["layout"], label): row["what"]
    for row in _ROWS
    if row["what"] not in ("mark", "foot", "tag")
    for label in row["labels"].split("|")
}
"""What the labels of a layout stand for, in any language; empty for what is not kept."""


def _pattern(layout: str, what: str) -> re.Pattern:
    """A line that is some label of a layout."""
    said = [row["labels"] for row in _ROWS if (row["layout"], row["what"]) == (layout, what)]
    return re.compile(rf"\s*(?:{'|'.join(said)})\s*", re.S)


NAMES = {
    "nexis": "Nexis",
    "nexis-uni": "Nexis Uni",
    "factiva-fields": "Factiva",
    "factiva": "Factiva",
    "proquest": "ProQuest",
    "integrum": "Integrum",
}
"""Whose export a layout is, the likeliest first."""

_MARK = {name: _pattern(name, "mark") for name in NAMES}
_TAG = {row["layout"]: re.compile(row["labels"]) for row in _ROWS if row["what"] == "tag"}
_BODY, _FOOT = _pattern("nexis", "text"), _pattern("nexis", "foot")
_RIGHTS = re.compile(r"(?i)\s*(?:copyright\b|©|\(c\) ?\d|all rights reserved|alle rechte vorb).*")
_LENGTH = re.compile(
    r"(?i)\s*\d[\d., ]* ?(?:words?|wörter|mots|palabras|parole|palavras|słów|słow|слов|字).?"
)


def layout(lines: list[str]) -> str:
    """Tell whose export a text is: a key of `NAMES`, or empty for one article."""
    seen = {name: sum(bool(mark.fullmatch(line)) for line in lines) for name, mark in _MARK.items()}
    tags = {line[:2] for line in lines if re.match(r"[A-Z]{2}(?:\s|$)", line)}
    seen["factiva-fields"] *= {"HD"} <= tags and len({"PD", "SN", "AN", "WC", "BY"} & tags) > 1
    seen["integrum"] *= any(re.match(r"\s*\^?ДТ:", line) for line in lines)
    heads = sum(bool(re.match(r"\s*(?:Length|Section|Byline):\s", line)) for line in lines)
    seen["nexis-uni"] = seen["nexis-uni"] or (heads > 1 and "Body" in map(str.strip, lines))
    seen["factiva"] *= any(_LENGTH.fullmatch(line) for line in lines)
    return next((name for name, number in seen.items() if number), "")


def split(lines: list[str], layout: str) -> Iterator[Record]:
    """Part the text of a database into its articles, and read the fields of each."""
    parts, read = {
        "nexis": (_after(lines, _MARK["nexis"]), _nexis),
        "nexis-uni": (_before(lines, _MARK["nexis-uni"]), _nexis_uni),
        "factiva": (_before(lines, _MARK["factiva"]), _factiva),
        "factiva-fields": (
            _after(lines, re.compile(r"(?:SE|HD)(?:\s.*)?")),
            partial(_tagged, layout="factiva-fields"),
        ),
        "proquest": (_proquests(lines), _proquest),
        "integrum": (_after(lines, _MARK["integrum"]), _integrum),
    }[layout]
    for number, part in enumerate((part for part in parts if any(map(str.strip, part))), 1):
        found = read(part)
        text = unwrapped(found.pop("text", []))
        fields = {name: " ".join(value.split()) for name, value in found.items() if name}
        problem = "" if text else f"holds no text where {NAMES[layout]} puts it"
        yield Record(f"article {number}", text, fields, problem)


def unwrapped(lines: list[str]) -> str:
    """Join lines that were broken at a width; one paragraph a line comes out."""
    long = [line.strip() for line in lines if len(line.strip()) > 40]
    sizes = list(map(len, long))
    # Broken lines are of one width and seldom end with a sentence.
    ends = sum(line.endswith((*".!?…:»”\"'",)) for line in long)
    broken = len(long) > 3 and max(sizes) <= 110 and median(sizes) > 0.75 * max(sizes)
    if not broken or ends > len(long) * 0.6:
        return "\n".join(line.strip() for line in lines if line.strip())
    width, paragraphs, joins = max(sizes), [], False
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        words = line.strip()
        if words and joins and not re.match(r"\s{2,}\S", line):
            hyphen = re.search(r"\w-$", paragraphs[-1]) and words[0].islower()
            paragraphs[-1] = paragraphs[-1][:-1] + words if hyphen else f"{paragraphs[-1]} {words}"
        elif words:
            paragraphs.append(words)
        # A line that leaves much room is the last of its paragraph, or a heading.
        ends = len(words) < 0.6 * width and not after.strip()[:1].islower()
        joins = bool(words) and not ends
    return "\n".join(paragraphs)


def between(lines: list[str], mark: re.Pattern) -> list[list[str]]:
    """Part lines at each that is a mark, and leave the marks out."""
    at = [-1, *(i for i, line in enumerate(lines) if mark.fullmatch(line)), len(lines)]
    return [lines[a + 1 : b] for a, b in pairwise(at)]


def _after(lines: list[str], mark: re.Pattern) -> list[list[str]]:
    """Part lines before each that is a mark; what stands before the first one is the cover."""
    at = [i for i, line in enumerate(lines) if mark.fullmatch(line)]
    # In a record of Factiva the section stands before the head.
    starts = [i for n, i in enumerate(at) if not n or not lines[at[n - 1]].startswith("SE")]
    return [lines[a:b] for a, b in pairwise([*starts, len(lines)])]


def _before(lines: list[str], mark: re.Pattern) -> list[list[str]]:
    """Part lines after each that is a mark."""
    *parts, last = between(lines, mark)
    if any(_LENGTH.fullmatch(line) or _BODY.fullmatch(line.strip()) for line in last):
        parts.append(last)  # an article, not the foot of the last page
    return parts


def _find(rows: list[str], pattern: re.Pattern, start: int = 0, default: int | None = None):
    """Number of the first row, from one on, that is such; the default if none is."""
    found = (i for i in range(start, len(rows)) if pattern.fullmatch(rows[i].strip()))
    return next(found, default)


def _blocks(lines: list[str]) -> list[list[str]]:
    """Part lines where one is empty."""
    return [block for block in between(lines, re.compile(r"\s*")) if block]


def _joined(blocks: list[list[str]]) -> list[str]:
    return [line for block in blocks for line in (*block, "")]


def is_dated(block: list[str]) -> bool:
    """Tell whether lines say a day, and hardly more."""
    said = " ".join(block)
    month = re.fullmatch(r"\s*\w{3,12},? \d{4}\b.{0,40}", said)
    return len(said) < 160 and bool(DATE.search(said) or month)


_FIELD = re.compile(r"([^\W\d_][^\W\d_()]{3,12}(?:[ /-][^\W\d_]{2,12})?):\s*(.*)", re.S)


def _field(row: str) -> dict[str, str]:
    """Read a field of Nexis, by what its label stands for; empty if a row is none."""
    match = _FIELD.fullmatch(row)
    what = _HOLDS.get(("nexis", match[1].upper())) if match else None
    return {} if what is None else {what: match[2]}


def _nexis(part: list[str]) -> dict:
    """Read the older layout: outlet, date, title, fields in capitals, text, fields in capitals."""
    blocks = [b for b in _blocks(part[1:]) if not re.fullmatch(r"[\s>-]*", " ".join(b))]
    while blocks and _RIGHTS.fullmatch(blocks[0][0]):
        blocks.pop(0)
    day = next((i for i, block in enumerate(blocks[:5]) if is_dated(block)), None)
    found: dict = {"date": " ".join(blocks[day]) if day is not None else ""}
    if day:
        found["site"] = blocks[0][0]
    for i, block in enumerate(blocks[(day or 0) + 1 :], (day or 0) + 1):
        if field := _field(" ".join(line.strip() for line in block)):
            found |= field
        elif "title" not in found and len(" ".join(block)) < 300:
            found["title"] = " ".join(block)
        else:
            end = _find([block[0] for block in blocks], _FOOT, i)
            found["text"] = _joined(blocks[i:end])
            break
    return found


def _nexis_uni(part: list[str]) -> dict:
    """Read the layout of Nexis Uni: title, outlet, date, rights, fields, a line Body, text."""
    start = _find(part, _BODY)
    head = [row for line in part[:start] if (row := line.strip()) and row != "Correction Appended"]
    fields = {i: field for i, row in enumerate(head) if (field := _field(row))}
    first = _find(head, _RIGHTS, default=next(iter(fields), len(head)))
    days = [i for i in range(first) if is_dated([head[i]])]
    found: dict = {}
    if days:
        found["date"] = head[days[-1]]
        found["site"] = head[days[-1] - 1] if days[-1] else ""
        # Above the first article stands the list of all.
        found["title"] = head[0 if days[-1] < 5 else days[-1] - 2] if days[-1] > 1 else ""
    elif named := head[:first]:
        found |= {"site": named[-1], "title": named[-2]} if len(named) > 1 else {"title": named[0]}
    for field in fields.values():
        found |= field
    if start is not None:
        body = part[start + 1 :]
        body = body[: _find(body, _FOOT)]
        found["text"] = body[_find(body, re.compile("FULL TEXT"), default=-1) + 1 :]
    return found


def _factiva(part: list[str]) -> dict:
    """Read an article as it is shown: head, author, length, date, outlet, code, rights, text."""
    rows = [line.strip() for line in part if line.strip()]
    size = _find(rows, _LENGTH)
    if size is None:
        return {}
    # "News", headline, byline: the section is short, and a byline is no sentence.
    found: dict = _headline(rows[:size]) if size else {"title": ""}
    code = _find(rows, re.compile("[A-Z0-9]{2,8}"), size + 1, 0)
    after = rows[size + 1 : code or size + 4]  # date, perhaps a time, outlet
    found["date"] = after[0] if after else ""
    found["site"] = after[-1] if len(after) > 1 else ""
    # Where no rights are named the language is the last of the head.
    rights = _find(rows, _RIGHTS, size + 1, max(code, size + 3) + 1)
    found["text"] = _joined([[row] for row in rows[rights + 1 :]])
    return found


def _headline(before: list[str]) -> dict:
    """Tell section, headline and byline before the length of an article of Factiva."""
    by = r"(?i)(?:by|von|par|por|di|автор:?)\s.*|[\w .,'’&|\"-]{3,60}"
    found = {}
    said = next((row for row in before[1:] if re.match("(?i)by |von |par |por ", row)), before[-1])
    if len(before) > 2 and re.fullmatch(by, said):
        found["author"] = said
        before = before[: before.index(said)]
    likely = max(range(len(before)), key=lambda i: (len(before[i].split()) > 3, i))
    return found | {"title": before[likely]}


def _tagged(part: list[str], layout: str, first: str = "") -> dict:
    """Read a record of fields, each under a tag: its name and, perhaps, the value beside it.

    Lines before the first tag are of the field `first`.
    """
    found, name = {"text": []}, first
    for line in part:
        if match := _TAG[layout].fullmatch(line):
            name, line = _HOLDS.get((layout, match[1]), ""), match[2] or ""
        if name == "text":
            found["text"].append(line)
        elif name and line.strip():
            found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found


def _proquests(lines: list[str]) -> list[list[str]]:
    """Part the records at rules of underscores, or else after the last field of each."""
    rule = re.compile(r"\s*_{20,}\s*")
    if not any(map(rule.fullmatch, lines)):
        return _before(lines, re.compile(r"\s*Database: .*"))
    parts = between(lines, rule)[1:]
    return [part for part in parts if any(map(_MARK["proquest"].fullmatch, part))]


def _proquest(part: list[str]) -> dict:
    """Read a record of labelled fields, the title being its first line."""
    found = _tagged(part, "proquest", "title")
    found["title"] = re.sub(r"^Document \d+ of \d+\s*", "", found.get("title", ""))
    info = found.pop("info", "")
    if not found.get("date") and (day := DATE.search(info)):
        found["date"] = day[0]
    found["site"] = (found.get("site") or info).partition(";")[0]
    return found


def _integrum(part: list[str]) -> dict:
    """Read a record of fields in Cyrillic capitals; the text follows them."""
    tag = _TAG["integrum"]
    end = max(i for i, line in enumerate(part) if tag.fullmatch(line)) + 1
    if not tag.fullmatch(part[end - 1])[2]:  # its value is below it
        end += next((n for n, line in enumerate(part[end:], 1) if line.strip()), 0)
    found = _tagged(part[:end], "integrum")
    text = found["text"] + part[end:]
    while text and text[0].strip() in ("", found.get("title", "")):
        text.pop(0)
    return found | {"text": text}
