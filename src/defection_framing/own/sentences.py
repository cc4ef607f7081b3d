"""Sentences of an article, and the sources that they name."""

import re
from collections.abc import Iterable
from functools import cache

import sentencex

from .words import joined, table


def split(text: str, lang: str) -> list[tuple[str, str]]:
    """Part a text (one paragraph per line) into sentences, and set aside those that claim nothing.

    Every sentence comes in order, with the reason it is set aside for: `question`, `fragment` (a
    sub-heading, a few words) or empty for a candidate claim.
    """
    return [
        (sentence, _set_aside(sentence))
        for paragraph in text.splitlines()
        for sentence in _joined(part.strip() for part in sentencex.segment(lang, paragraph))
    ]


def _joined(parts: Iterable[str]) -> list[str]:
    """Join what was parted after an abbreviation ("янв. 2024") or a quoted question."""
    out: list[str] = []
    for part in filter(None, parts):
        opened = part.lstrip("\"'“”‘’«»—– ")
        dated = out and opened[:1].isdigit() and re.search(r"\b[^\W\d_]{1,4}\.$", out[-1])
        if dated or (out and opened[:1].islower()):
            out[-1] += " " + part
        else:
            out.append(part)
    return out


def _set_aside(sentence: str) -> str:
    bare = sentence.rstrip("\"'“”‘’«»)」』 ")
    if bare.endswith(("?", "？", "؟")):
        return "question"
    ends = bare.endswith((".", "!", "…", "。", "！", "।", "۔"))
    words = len(re.findall(r"\w+", sentence)) + len(re.findall(r"[\u3040-\u9fff]", sentence)) // 2
    return "" if ends and words >= 5 else "fragment"


_CUE = re.compile(rf"(?<!\w)(?:{joined('own/speech.csv')['speech']})(?!\w)", re.I)
"""A word of speech, in any language."""


@cache
def _lexicon() -> tuple[re.Pattern, dict[str, tuple[str, str]]]:
    """The pattern of all forms, and name and kind of the source by form."""
    names: dict[str, tuple[str, str]] = {}
    for row in table("text/sides.csv"):
        kind = {"media": "media", "leader": "person", "body": "official"}.get(row["kind"])
        terms = row["term"].split("|")
        for term in terms if kind and row["side"] != "none" else ():
            # a surname is its person: "Putin" is "Vladimir Putin"
            full = next((t for t in terms if t.endswith(f" {term}")), term)
            names[term] = (full, kind)
    for row in table("own/sources.csv"):
        names |= {form: (row["name"], row["kind"]) for form in row["forms"].split("|")}

    def spelled(form: str) -> str:
        # Short names and capitals are as written: "AP" is none of the letters in "map".
        words = re.escape(form)
        return f"(?i:{words})" if form == form.lower() or (" " in form and len(form) > 8) else words

    ordered = sorted(names, key=len, reverse=True)
    pattern = "|".join(map(spelled, ordered))
    by_form = {form.lower(): names[form] for form in reversed(ordered)}
    return re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])"), by_form


def named_sources(text: str, lang: str, media: Iterable[str] = ()) -> list[str]:
    """Find the sources that an article names: agencies, media, officials, leaders.

    The lexicon is data: `sources.csv`, the leaders, bodies and media of `sides.csv`, and the names
    of further `media`. Agencies, media and groups that publish count wherever they are named;
    others only in a sentence with a word of speech ("said", "according to"), a leader only next to
    it. Names come once each, in order of appearance.
    """
    text = text.replace("’", "'").replace("ʼ", "'")
    pattern, names = _lexicon()
    further = _pattern_of(tuple(media))
    found: dict[str, None] = {}
    for sentence, _ in split(text, lang):
        cue = _CUE.search(sentence)
        here = []
        for match in pattern.finditer(sentence):
            name, kind = names[match[0].lower()]
            if kind == "person":
                around = sentence[max(0, match.start() - 30) : match.end() + 30]
                counts = _CUE.search(around) and not sentence.startswith("'s", match.end())
            else:
                counts = cue or kind in ("agency", "media", "group")
            if counts:
                here.append((match.start(), name))
        if cue:
            here += [(m.start(), m[0]) for m in further.finditer(sentence)] if further else []
        found |= dict.fromkeys(name.replace(";", ",") for _, name in sorted(here))
    lowered = {name: name.lower() for name in found}  # what is a part of another name goes
    return [n for n, own in lowered.items() if not any(own in o != own for o in lowered.values())]


@cache
def _pattern_of(names: tuple[str, ...]) -> re.Pattern | None:
    """Match the names that are no ordinary word: "Focus" may be one, "Focus.ua" is none."""
    telling = [n for n in names if len(n) > 3 and re.search(r"\S\s+\S|\.|\d|[a-zа-я][A-ZА-Я]", n)]
    longest = sorted(map(re.escape, telling), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])") if telling else None
