"""Private persons' surnames become initials before anything is published."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Collection
from pathlib import Path

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from ..settings import ROOT

KEPT = ROOT / "data" / "names_kept.csv"
"""Who stays. A surname alone stays, but behind a given name only where the list has both."""
WORDS = Path(__file__).with_name("words_kept.txt")
"""Other capitalised words that stay: places, organisations, call signs."""
GIVEN = Path(__file__).with_name("given_names.txt")
"""Given names, which stay; one behind another is taken for a surname."""

_PART = re.compile(r"[^\W\d_]+(?:['’ʼ](?!s\b)[^\W\d_]+)*")
_NAME = re.compile(rf"{_PART.pattern}(?:-{_PART.pattern})*")
_START = re.compile(r"(?:^|[.!?][\"'”’)]*\s)\s*[\"'“‘(]*$")  # before the first word of a sentence
_BEFORE = re.compile(rf"({_PART.pattern})(?: [^\W\d_]\.)* $")  # the word before, past initials


class Names:
    """What may stay: a capitalised word that no list has becomes its initial.

    So no list of private persons is needed, and an unknown surname is never published.
    """

    def __init__(self, kept: Path = KEPT, words: Path = WORDS, given: Path = GIVEN):
        with kept.open(encoding="utf-8", newline="") as file:
            names = [row["name"] for row in csv.DictReader(file)]
        full = [re.escape(name) for name in names if " " in name]
        self._full = re.compile(rf"\b(?:{'|'.join(full)})\b", re.I)
        self._surnames = {name.casefold() for name in names if " " not in name}
        self._words = set(words.read_text(encoding="utf-8").casefold().split())
        self._given = set(given.read_text(encoding="utf-8").casefold().split())

    def _stays(self, word: str, text: str, at: int, ordinary: Collection[str]) -> bool:
        key, before = word.casefold(), _BEFORE.search(text[:at])
        if len(key) == 1 or key in self._words or key in ordinary:
            return True
        if any(match.start() <= at < match.end() for match in self._full.finditer(text)):
            return True
        named = before is not None and before[1].casefold() in self._given
        return not named and (key in self._given or key in self._surnames)

    def text(self, text: str, ordinary: Collection[str] = ()) -> tuple[str, set[str]]:
        """Reduce a text, and say in lower case which surnames were in it.

        Where a sentence begins, a word that is `ordinary` in lower case stays.
        """
        surnames: set[str] = set()

        def initial(name: re.Match) -> str:
            parts, first = name[0].split("-"), _START.search(text[: name.start()])
            upper = [i for i, part in enumerate(parts) if part[0].isupper()]
            unknown = set()
            for i in upper:
                at = name.start() + sum(len(part) + 1 for part in parts[:i])
                if not self._stays(parts[i], text, at, ordinary if first and not i else ()):
                    unknown.add(parts[i].casefold())
            if not unknown:
                return name[0]
            surnames.update(unknown)
            stop = "" if text[name.end() : name.end() + 1] == "." else "."
            parts[upper[0] : upper[-1] + 1] = [parts[upper[0]][0] + stop]
            return "-".join(parts)

        return _NAME.sub(initial, text), surnames

    def slug(self, slug: str, ordinary: Collection[str] = ()) -> str:
        """Reduce an event's slug, where each word may be a name."""
        text, words = slug.replace("-", " "), []
        for match in re.finditer(r"\S+", text):
            stays = self._stays(match[0], text, match.start(), ordinary)
            words.append(match[0] if stays or re.search(r"\d", match[0]) else match[0][0])
        return "-".join(words)


def _distinct(slugs: dict[str, str], years: dict[str, str]) -> dict[str, str]:
    """Part by year, else by number, what initials made one; initials alone get the year too."""
    new, counts = dict(sorted(slugs.items())), Counter(slugs.values())
    for event, slug in new.items():
        alone = all(len(word) == 1 for word in slug.split("-"))
        if event != slug and event in years and (alone or counts[slug] > 1):
            new[event] = f"{slug}-{years[event]}"
    for event, slug in new.items():
        others, n = {new[other] for other in new if other != event}, 1
        while event != new[event] in others:
            n += 1
            new[event] = f"{slug}-{n}"
    return new


def reduce_names(
    articles: list[dict], names: Names | None = None
) -> tuple[list[dict], dict[str, str]]:
    """Reduce gists, claims, sources and slugs: the records anew, and each event's new slug.

    A word is ordinary if the gists or claims have it in lower case too, except where the same
    event has it as a surname. Texts of an event that were equal stay equal; no two events share a
    slug.
    """
    names = names or Names()
    prose = [(a["event"], t) for a in articles for t in (a["gist"], *(c["s"] for c in a["claims"]))]
    sources = [(a["event"], source) for a in articles for source in a["sources"]]
    words = {word for _, text in prose for word in _PART.findall(text)}
    ordinary = {word for word in words if word.islower()} | ENGLISH_STOP_WORDS
    of_event: dict[str, set[str]] = defaultdict(set)
    for texts, first in ((prose, ordinary), (sources, ())):
        for event, text in texts:
            of_event[event] |= names.text(text, first)[1]

    def text_of(event: str, text: str) -> str:
        return names.text(text, ordinary - of_event[event])[0]

    dates = sorted(((a["date"][:4], a["event"]) for a in articles if a["date"]), reverse=True)
    slugs = {a["event"]: names.slug(a["event"], ordinary - of_event[a["event"]]) for a in articles}
    slugs = _distinct(slugs, {event: year for year, event in dates})
    reduced = [
        a
        | {"event": slugs[a["event"]], "gist": text_of(a["event"], a["gist"])}
        | {"claims": [c | {"s": text_of(a["event"], c["s"])} for c in a["claims"]]}
        | {"sources": [names.text(source)[0] for source in a["sources"]]}
        for a in articles
    ]
    return reduced, slugs
