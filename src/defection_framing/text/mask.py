"""Role masking: the two sides of the war become the side left and the side across the line.

What names a side is data: `sides.csv`, beside this module. A term written there in lower case
matches in any case, any other as written or in capitals. `before` lists words of which one must
follow the term (they stay); `becomes` is the neutral text for what names no single side; where that
is empty the words stay.

Rules that the table cannot show:

- An exit crosses to no one. Its opposing side is called `destination side` all the same: a third
  label would itself tell exits from crossings, and so bias every comparison between them.
- An article of direction `both` has no one origin: both sides become `one side`.
- What only names a side goes; a noun that says what kind of body it is (army, pilot, security
  service) stays: "Russian army" becomes "origin side army".
- Several names of one side in a row are one mention: "Russia's FSB" becomes "origin side".
- A capital is its side, also where it is a place. Other cities and regions are places and stay;
  so do persons who do not lead a side, and numbered units: they belong to a case.
- A language is not a side: "Russian-speaking" becomes "local-language-speaking".
- Words that judge (regime, occupiers, punitive) stay: they are the telling.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import NamedTuple

_LABELS = {
    "ru_to_ua": {"ru": "origin side", "ua": "destination side"},
    "ua_to_ru": {"ru": "destination side", "ua": "origin side"},
    "ru_exit": {"ru": "origin side", "ua": "destination side"},
    "ua_exit": {"ru": "destination side", "ua": "origin side"},
    "both": {"ru": "one side", "ua": "one side"},
}

# Kinds that repeat a side already named before them ("Russian FSB"), unlike a country or its
# people ("gave Russians Russian passports").
_NAMES = {"capital", "leader", "body", "agency", "proxy", "unit", "programme", "media"}

_ARTICLE = re.compile(r"(?<!\w)([Aa])[Nn]?(\s+)\Z")
# The apostrophe alone is a possessive only before a word: elsewhere it closes a quotation.
_POSSESSIVE = re.compile(r"'[sS](?!\w)|(?<=[sS])'(?=\s++\w)")
_SIDE_NOUN = re.compile(r"(?:'[sS])?(?:\s++|-)side(?!\w)", re.IGNORECASE)


class _Term(NamedTuple):
    side: str
    kind: str
    becomes: str


def _spaced(words: str) -> str:
    return r"\s++".join(map(re.escape, words.split()))


@cache
def _lexicon() -> tuple[re.Pattern, re.Pattern, list[_Term]]:
    """The pattern of every term, the pattern of what may join two, and the terms by group."""
    with (files(__package__) / "sides.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    spelled, titles = [], []
    for row in rows:
        words = row["term"].split("|")
        if row["kind"] == "title":
            titles += map(_spaced, words)
            continue
        after = "|".join(map(_spaced, row["before"].split("|")))
        context = rf"(?=\s++(?i:{after})(?!\w))" if after else ""
        term = _Term(row["side"], row["kind"], row["becomes"])
        for w in words:
            cased = f"(?:{_spaced(w)}|{_spaced(w.upper())})"
            pattern = f"(?i:{_spaced(w)})" if w == w.lower() else cased
            # Longest first, or "Russian" would win over "Russian Volunteer Corps"; where a term
            # stands twice, the one that asks for a word after it goes first.
            order = (w[:2].lower(), -len(w), not after)
            spelled.append((order, rf"{pattern}(?!\w){context}", term))
    # Tried by their first two letters, terms are found ten times faster.
    spelled.sort(key=lambda item: item[0])
    groups = []
    for start, items in groupby(spelled, key=lambda item: item[0][0]):
        terms = "|".join(f"({pattern})" for _, pattern, _ in items)
        groups.append(f"(?=(?i:{re.escape(start)}))(?:{terms})")
    title = "|".join(sorted(titles, key=len, reverse=True))
    link = (
        r"(?P<owner>'[sS]?|-side)?(?:"
        rf"\s++(?P<title>(?i:{title}))(?:\s++|,\s++the\s++|\s*+(?P<bracket>\())"
        r"|\s++|\s*+(?P<paren>\())"
    )
    whole = re.compile(rf"(?<!\w)(?:{'|'.join(groups)})")
    return whole, re.compile(link), [term for *_, term in spelled]


def mask(text: str, direction: str) -> str:
    """Replace every mention of the two sides in an English text by its role.

    Parameters
    ----------
    direction : {"ru_to_ua", "ua_to_ru", "ru_exit", "ua_exit", "both"}
        Direction of the article that the text belongs to; ValueError at any other.

    Returns
    -------
    str
        Composed to Unicode NFC. Masking it again changes nothing.

    Examples
    --------
    >>> mask("A Russian pilot flew to Ukraine, the FSB says.", "ru_to_ua")
    'An origin side pilot flew to destination side, the origin side says.'
    """
    if direction not in _LABELS:
        raise ValueError(f"direction is {direction!r}: use one of {', '.join(_LABELS)}")
    labels = _LABELS[direction]
    pattern, link, terms = _lexicon()
    text = unicodedata.normalize("NFC", text)
    # Without accents and with straight apostrophes, character for character.
    quotes = {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"}
    plain = "".join(quotes.get(c) or unicodedata.normalize("NFD", c)[0] for c in text)
    found = [(*m.span(), terms[m.lastindex - 1]) for m in pattern.finditer(plain)]

    out, done, i = [], 0, 0
    while i < len(found):
        start, end, term = found[i]
        i += 1
        if term.side == "none":
            if not term.becomes:
                continue
            label = term.becomes
        else:
            label = labels[term.side]
            while i < len(found) and found[i][2].side == term.side:
                gap = link.fullmatch(plain, end, found[i][0])
                if not gap or not (gap["owner"] or found[i][2].kind in _NAMES):
                    break
                bracketed = bool(gap["paren"] or gap["bracket"])
                if bracketed and not plain.startswith(")", found[i][1]):
                    break
                if gap["title"]:
                    label += ("'s " if "'" in (gap["owner"] or "") else " ") + gap["title"]
                end = found[i][1] + bracketed
                i += 1
            if noun := _SIDE_NOUN.match(plain, end):
                end = noun.end()
            if possessive := _POSSESSIVE.match(plain, end):
                label, end = label + "'s", possessive.end()
        before = text[done:start]
        if article := _ARTICLE.search(before):
            n = "n" if label[0] in "aeiou" and not label.startswith("one ") else ""
            before = before[: article.start()] + article[1] + n + article[2]
        out += [before, label]
        done = end
    return unicodedata.normalize("NFC", "".join([*out, text[done:]]))


def mask_all(texts: Iterable[str], directions: Iterable[str]) -> list[str]:
    """Mask each text by its own direction, as `mask`; ValueError if the numbers differ."""
    return [mask(text, direction) for text, direction in zip(texts, directions, strict=True)]
