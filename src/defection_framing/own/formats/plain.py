"""Plain texts that no database laid out: fields above them, or rules between them."""

import re
from itertools import dropwhile, islice

from ..boilerplate import DATE, is_stamp
from .bundles import between, is_dated, unwrapped
from .names import holds
from .records import Record

_RULE = re.compile(r"\s*([-=_*#~])(?:\s*\1){4,}\s*")


def articles(lines: list[str]) -> tuple[list[Record], str]:
    """Read the articles of a text, and say where it may hold more than can be told apart.

    They stand under fields of their own, or between rules of signs, where each begins with its day.
    """
    if found := labelled([line for line in lines if not _RULE.fullmatch(line)]):
        return found, ""
    parts = [part for part in between(lines, _RULE) if sum(map(len, part)) >= 300]
    heads = ([*dropwhile(lambda line: not line.strip(), part)][:9] for part in parts)
    if len(parts) > 1 and all(any(is_dated([line]) for line in head) for head in heads):
        return [Record(f"article {n}", unwrapped(part)) for n, part in enumerate(parts, 1)], ""
    said = f"has {len(parts)} parts between rules: taken as one article"
    return [Record(content=unwrapped(lines))], said if len(parts) > 1 else many(lines)


_LABELLED = re.compile(r"[\s*#]*([^\W\d_][^:\n]{0,40}?)\**:(?:\**\s+(\S.*))?\s*")


def labelled(lines: list[str]) -> list[Record]:
    """Read a text under fields such as Title: and Date:, or several, each under the same first one.

    Fields are told by the usual names of columns, whatever the language; fields between hyphens, as
    programs for notes write them, are such too. Empty where the text does not begin so.
    """
    heads: list[tuple[int, int, dict[str, str]]] = []  # first line, line after the last, fields
    at, above = 0, 0
    while at < len(lines) and above < 4:
        fields, end = _head(lines, at)
        if fields and (not heads or next(iter(fields)) == next(iter(heads[0][2]))):
            heads.append((at, end, fields))
        above += not heads and bool(lines[at].strip())
        at = end
    found = []
    for number, (start, end, fields) in enumerate(heads, 1):
        before = [] if found else [line.strip() for line in lines[:start] if line.strip("- \t")]
        after, _, following = heads[number] if number < len(heads) else (len(lines), 0, {})
        body = [fields.pop("text", ""), *lines[end:after]]
        while body and (not body[-1].strip() or body[-1].endswith(following.get("title", "\n"))):
            body.pop()  # the title of the next may stand above its fields
        if before and "title" not in fields:
            fields["title"] = before[0]
        day = DATE.search(fields.get("site", ""))
        if day and "date" not in fields:  # "Die Welt vom 05.03.2024, S. 5"
            fields["date"] = day[0]
            fields["site"] = re.sub(r"[\W_]+(?:vom)?\W*$", "", day.string[: day.start()])
        text = "\n".join([*before[1:], unwrapped(body)]).strip()
        found.append(Record(f"article {number}" if len(heads) > 1 else "", text, fields))
    return found


def _head(lines: list[str], at: int) -> tuple[dict[str, str], int]:
    """Read the fields that stand from a line on, and the line after them; none, and the next."""
    fields: dict[str, str] = {}
    last, end = "", at + 1
    for number, line in enumerate(islice(lines, at, None), at + 1):
        if match := _LABELLED.fullmatch(line):
            last, value = holds(match[1]), (match[2] or "").strip("\"'[] ")
            if last == "text":
                fields["text"], end = match[2] or "", number
                break
            if last == "site" and re.match("https?://", value):
                last = "url"
        elif match := re.fullmatch(r"\s+- +(.+)", line):  # of a list
            value = match[1].strip("\"'[] ")
        elif line.startswith("---") and fields:
            end = number
            break
        elif line.strip("- \t") or (number > at + 1 and not lines[number - 2].strip()):
            break
        else:
            continue
        if len(value) > (300 if last == "title" else 120):
            break  # it is a sentence
        if last and value and not fields.get(last):
            fields[last] = value
        end = number
    fields = {name: value for name, value in fields.items() if name not in ("abstract", "id")}
    return (fields, end) if len(fields.keys() - {"text"}) > 1 else ({}, at + 1)


def many(lines: list[str]) -> str:
    """Say that a text which no mark parts may hold several articles; empty if it hardly does."""
    sizes = [0]
    for line in filter(None, map(str.strip, lines)):
        if is_stamp(line):
            sizes.append(0)
        sizes[-1] += len(line)
    if (parts := sum(size > 250 for size in sizes[1:])) < 2:
        return ""
    return f"has {parts} parts under lines that say a day, maybe articles: taken as one"
