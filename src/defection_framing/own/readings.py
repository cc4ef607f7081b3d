"""How the coders read a text: with its sides under one name, as words.

Exchanging the sides in a text exchanges its two readings. Of what is about both alike, the reading
is taken that calls the side named first Russian, whichever it is.
"""

import re
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from ..text import mask
from .words import table

LEAD = 2000
"""Characters of an article that are read: the unit that the corpus was coded from."""

LANGUAGES = ("en", "ru", "uk", "de", "fr", "es", "pl", "it", "pt", "ar")
"""Languages that the coders know (ISO 639-1): those of `coding_data/words.csv`."""

STOP = re.compile(r"(?<=[.!?])[\"'”’]?\s+|\n+")


def both(texts) -> tuple[list[str], list[str]]:
    """Each text with its sides under one name each, and the same with the sides exchanged."""
    masked = [mask.mask(text, "ru_to_ua") for text in texts]
    return tuple(
        [
            re.sub(r"\b([Aa])n(?= origin side)", r"\1", text)
            .replace("origin side", one)
            .replace("destination side", other)
            for text in masked
        ]
        for one, other in (("Russian", "Ukrainian"), ("Ukrainian", "Russian"))
    )


@cache
def classes() -> dict[str, re.Pattern]:
    """Patterns of the classes of words (`classes.csv`), by name."""
    return {
        row["class"]: re.compile(rf"(?<!\w)(?:{row['pattern']})(?!\w)", re.IGNORECASE)
        for row in table("own/coding_data/classes.csv")
    }


@cache
def _role_patterns() -> list[tuple[str, re.Pattern]]:
    side = "(?P<side>Russian|Ukrainian)"
    return [
        (row["role"], re.compile(rf"\b{row['pattern'].replace('{side}', side)}(?!\w)"))
        for row in table("own/coding_data/roles.csv")
    ]


@lru_cache(2**14)  # a text is read to be counted, and again to be scored
def roles(text: str) -> str:
    """A reading with each side that tells or takes in under a name that says so: `Russianhost`."""
    for role, pattern in _role_patterns():
        text = pattern.sub(lambda m, r=role: m[0].replace(m["side"], m["side"] + r, 1), text)
    return text


@lru_cache(2**14)
def abstract(text: str) -> str:
    """The text with words of one class become one word, and sides by role."""
    text = roles(text)
    for name, pattern in classes().items():
        text = pattern.sub(name, text)
    return text


class Seen(NamedTuple):
    """Texts read once, with the side that each names first called Russian."""

    reading: np.ndarray  # of str, shape (n,)
    other: np.ndarray  # the same with the sides exchanged
    vectors: np.ndarray  # shape (n, d)
    exchanged: np.ndarray  # of bool, shape (n,): whether the side named first is the Ukrainian one

    def rows(self, rows) -> "Seen":
        """Some of the texts."""
        return Seen(*(part[rows] for part in self))


@cache
def _identifier():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # nothing else here needs it

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(LANGUAGES)
    return identifier


def english(texts) -> np.ndarray:
    """Whether each text is in English, of the languages that the coders know; shape (n,)."""
    return np.array([_identifier().classify(text)[0] == "en" for text in texts], dtype=bool)


def named_first(texts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`reading`, `other` and `exchanged` of `Seen`, of texts.

    Names are exchanged in English only: texts in other languages are read as they are.
    """
    one, other = (np.array(reading, dtype=object) for reading in both(texts))
    foreign = ~english(texts)
    for reading in (one, other):
        reading[foreign] = np.array(list(texts), dtype=object)[foreign]
    turned = np.array(
        [
            next((a == "U" for a, b in zip(*pair, strict=False) if a != b), False)
            for pair in zip(one, other, strict=True)
        ]
    )
    return np.where(turned, other, one), np.where(turned, one, other), turned
