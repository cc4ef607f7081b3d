"""Code texts: direction and portrayal of an article, main frame and voice of a claim.

Exchanging the sides in a text exchanges them in its direction and voice, exactly, and leaves its
frame as it was. The training data were coded by a large language model, in several passes that are
pooled: no person checked them. `model_card` measures how often a code is theirs.
"""

import json
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ..settings import DefectionError
from . import coders, readings
from .coders import ARTICLE_CODES, CLAIM_CODES
from .readings import LEAD

OPEN_BELOW = {"direction": 0.65, "portrayal": 0.5, "frame": 0.4, "voice": 0.6}
"""A code whose probability is lower is left open for a person to decide. Of the decided codes
about three in four are right in cross-validation, of directions nearly all."""

LANGUAGES = ("en",)
"""Languages that the coders know (ISO 639-1)."""

_KNOWN = 0.5
# Share of words the model must know: fewer, and the text is not in English or not language.


class CodingError(DefectionError):
    """Lines that cannot be coded; the message names the input, the line and what to do."""


def code_articles(lines: Iterable[str | bytes], name: str = "input") -> pd.DataFrame:
    """Code the direction of articles: `id`, and of `direction` what `code_texts` gives.

    Lines are JSON objects with `id` and `text` (an English article or its summary; only its first
    `readings.LEAD` characters are read); blank ones are skipped. Messages call the input `name`.

    Raises
    ------
    CodingError
        For the first line that cannot be coded, or if there is none.
    """
    ids, texts = _parse(lines, name)
    coded = code_texts(texts, ["direction"])["direction"]
    coded.insert(0, "id", ids)
    return coded.rename(columns={"value": "direction"})


def code_claims(lines: Iterable[str | bytes], name: str = "input") -> pd.DataFrame:
    """Code the main frame and the voice of claims, each a line as in `code_articles`.

    `probability` and `open` are the frame's; the voice is right about every second time.
    """
    ids, texts = _parse(lines, name)
    coded = code_texts(texts, CLAIM_CODES)
    out = coded["frame"].rename(columns={"value": "frame"})
    out.insert(0, "id", ids)
    out.insert(3, "voice", coded["voice"]["value"])
    return out


def code_texts(texts: Iterable[str], codes: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Code articles or claims by some of `ARTICLE_CODES` or of `CLAIM_CODES`.

    Only their first `LEAD` characters are read, which must have a word. By code come `value` (the
    likeliest), `probability` (of that, 0 to 1), `open` (bool: left to a person, for a probability
    under `OPEN_BELOW` or words that are mostly unknown), a row for each text.
    """
    texts, models = list(texts), coders.train()
    twice = readings.leads(texts) if codes[0] in ARTICLE_CODES else None
    once = readings.once(twice) if twice else readings.claims(texts)
    foreign = models["direction"].known(texts) < _KNOWN
    out = {}
    for code in codes:
        seen = twice if code == "direction" else once
        p = models[code].proba(seen)
        value = np.asarray(models[code].classes, dtype=object)[p.argmax(1)]
        probability = p.max(1).round(3)
        unsure = (probability < OPEN_BELOW[code]) | foreign
        out[code] = pd.DataFrame({"value": value, "probability": probability, "open": unsure})
    return out


def _parse(lines, name) -> tuple[list[str], list[str]]:
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        try:
            line = line.decode("utf-8-sig") if isinstance(line, bytes) else line
            if not (line := line.removeprefix("\ufeff").strip()):
                continue
            key, text = _record(line)
            if key in found:
                raise CodingError(f"the id {key[:40]!r} came before; make ids unique.")
        except CodingError as error:
            raise CodingError(f"{name}, line {number}: {error}") from None
        except UnicodeError:
            raise CodingError(f"{name}, line {number}: not in UTF-8; save it in UTF-8.") from None
        found[key] = text
    if not found:
        raise CodingError(f"{name} holds no line to code; write one JSON object a line.")
    return list(found), list(found.values())


def _record(line: str) -> tuple[str, str]:
    """Id and text of one line."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise CodingError('not JSON; write an object, as {"id": "1", "text": "..."}.') from None
    if not isinstance(record, dict) or not {"id", "text"} <= record.keys():
        raise CodingError("no object with `id` and `text`; give it both.")
    key, text = record["id"], record["text"]
    if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
        raise CodingError(f"`id` is {str(key)[:40]!r}; make it a string or a number.")
    if not isinstance(text, str) or not re.search(r"\w", text[:LEAD]):
        raise CodingError("`text` has no words; fill it in or remove the line.")
    f"{key}{text}".encode()  # half of a surrogate pair is no text
    if "\0" in text or "\0" in str(key):
        raise CodingError("a NUL character; the text is damaged, extract it again.")
    return str(key), text
