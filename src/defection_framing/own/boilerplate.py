"""Lines that are no part of an article: share buttons, cookies, date stamps, readers' comments.

The wording is data: `boilerplate.csv`, for any language. A line that fits one of its patterns whole
is left out; what follows the heading of the comments is the readers'. `walls.csv` has the words of
paywalls and cookie notices, which are remarked.
"""

import re
from functools import cache

import ftfy

from .words import joined

_SLUG = re.compile(r"(?=.*\d|(?:[^-_/]*[-_/]){3})[\w.]+(?:[-_/][\w.]+)+")
_LABEL = re.compile(r"(?:[^\W\d_][\w'’-]*\s*){1,6}:")

DATE = re.compile(
    r"(?<![\d-])(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}"
    r"|\d{4} ?年 ?\d{1,2} ?月 ?\d{1,2} ?日"
    r"|\d{1,2}(?:\.|st|nd|rd|th|er)?\s+(?:de\s+)?[^\W\d_]{2,12}\.?,?\s+(?:de\s+)?\d{4}"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4})(?!\d)",
    re.I,
)
"""A day in any usual form."""


# From the first letter on: begun at each letter, it takes minutes on one long line without an end.
_SENTENCE = re.compile(r"[\W\d_]*[^\W\d_].*[.!?…][\"”’»')]*$")


PAYWALL, NOTICE = "perhaps cut off by a paywall", "perhaps a cookie notice, no article"
"""What is remarked of an article that may be none, or not whole."""

_STUB = 1500  # characters: what stands before a wall is seldom more


STAMP = frozenset(joined("own/boilerplate.csv")["stamp"].split("|"))
"""Words of a date stamp that are no names."""


@cache
def _walls() -> dict[str, re.Pattern]:
    """Patterns of words by which a wall before an article is told, by kind."""
    kinds = joined("own/walls.csv").items()
    return {kind: re.compile(rf"(?<!\w)(?:{words})", re.I) for kind, words in kinds}


def doubts(text: str, left_out: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Say of a cleaned text, and the lines taken out of it, whether a wall may have hidden more.

    A short text beside which the reader is asked to subscribe to read on; a text whose sentences
    are mostly on cookies and consent. Both are remarked with the words that tell.
    """
    walls, found = _walls(), []
    lines = [*text.splitlines(), *(line for _, line in left_out)]
    asked = (line for line in lines if walls["paywall"].search(line))
    if len(text) < _STUB and (line := next(asked, "")):
        found.append((PAYWALL, line))
    sentences = re.split(r"(?<=[.!?…])\s+|\n", text)
    told = [s for s in sentences if walls["cookie"].search(s) or walls["consent"].search(s)]
    if walls["cookie"].search("\n".join(lines)) and 2 * len(told) >= max(len(sentences), 4):
        found.append((NOTICE, told[0]))
    return found


@cache
def _patterns() -> dict[str, re.Pattern]:
    """Patterns of a whole line, by what it is."""
    kinds = joined("own/boilerplate.csv")
    share, comments = kinds["share"], kinds["comments"]
    kinds["share"] = rf"(?:{share})(?:[\s|•·,:/()+-]+(?:on\s+)?(?:{share}))*[\s:|•·]*\d*"
    kinds["comments"] = rf"(?:{comments})(?:\s+\(?\d+\)?)?\s*[:.]?"
    return {kind: re.compile(pattern, re.I) for kind, pattern in kinds.items()}


def clean(text: str) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Repair a plain text: its paragraphs, the date stamps and slugs in it, and what was taken out.

    A line that may be a sentence of the article stays, whatever it begins with: only the patterns
    of kind `appeal`, which no article says, take out sentences.
    """
    text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|</?[a-z!][^<>\n]*>", " ", text)
    text = ftfy.fix_text(text, uncurl_quotes=False)
    patterns = _patterns()
    lines, stamps, left_out = [], [], []
    found = [line for raw in text.splitlines() if (line := " ".join(raw.split()))]
    read, whole = 0, sum(map(len, found))
    for number, line in enumerate(found):
        read += len(line)
        if read > whole / 2 and patterns["comments"].fullmatch(line):
            left_out += [("readers' comments", rest) for rest in found[number:]]
            break
        if _SLUG.fullmatch(line) or is_stamp(line):
            stamps.append(line)
            left_out.append(("stamp", line))
        elif kind := _kind(line):
            left_out.append((kind, line))
        else:
            lines.append(line)
    return lines, stamps, left_out


def _kind(line: str) -> str:
    """Tell what a line is that is no part of the article; empty for one that is."""
    patterns = _patterns()
    # A label of a section, such as "The Way Home:", and no words that lead to a quotation.
    if _LABEL.fullmatch(line) and all(word[0].isupper() for word in line.split() if len(word) > 3):
        return "label"
    sentence = _SENTENCE.match(line)
    kinds = ["share", "appeal"] if sentence else ["share", "line", "appeal", "comments"]
    return next((kind for kind in kinds if patterns[kind].fullmatch(line)), "")


def is_stamp(line: str) -> bool:
    """Tell a line that says nothing but when, and by whom, it was published."""
    if len(line) > 160 or not (DATE.search(line) or re.search(r"(?i)^published\b|^by\s", line)):
        return False
    rest = re.sub(r"\b\d{1,2}:\d{2}(?::\d{2})?\b", " ", DATE.sub(" ", line))
    words = re.findall(r"[^\W\d_][\w'’-]*", rest)
    names = [word for word in words if word.lower() not in STAMP]
    if not all(name[0].isupper() for name in names) or re.search(r"[.!?][\"”’»]?$", rest.strip()):
        return False
    return len(names) <= (8 if len(names) < len(words) else 3)
