"""Code texts: direction and portrayal of an article, main frame of a claim.

Exchanging the sides in an English text exchanges them in its direction, exactly, and leaves its
frame as it was. The training data were coded by a large language model, in several passes that are
pooled: no person checked them. `model_card` measures how often a code is theirs.
"""

import json
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ..settings import DefectionError
from . import coders, frames, heads
from .coders import ARTICLE_CODES
from .readings import LEAD

OPEN_BELOW = {"direction": 0.6, "portrayal": 0.5, "frame": 0.4}
"""A code whose probability is lower is left open for a person to decide. Of the decided codes
about three in four are right in cross-validation, of directions nearly all. Voice is always left
open: a classifier was right about every second time."""


class CodingError(DefectionError):
    """Lines that cannot be coded; the message names the input, the line and what to do."""


def code_articles(lines: Iterable[str | bytes], name: str = "input") -> pd.DataFrame:
    """Code the direction of articles: `id`, and of `direction` what `code_texts` gives.

    Lines are JSON objects with `id`, `text` (an article or its summary; only its first
    `readings.LEAD` characters are read) and, if known, the `country` of the outlet (ISO 3166-1,
    such as UA), which is asked where the text names no side; blank ones are skipped. Messages call
    the input `name`.

    Raises
    ------
    CodingError
        For the first line that cannot be coded, or if there is none.
    """
    ids, texts, countries = _parse(lines, name)
    coded = code_texts(texts, ["direction"], countries)["direction"]
    coded.insert(0, "id", ids)
    return coded.rename(columns={"value": "direction"})


def code_claims(lines: Iterable[str | bytes], name: str = "input") -> pd.DataFrame:
    """Code the main frame of claims, each a line as in `code_articles`."""
    ids, texts, _ = _parse(lines, name)
    out = code_texts(texts, ["frame"])["frame"].rename(columns={"value": "frame"})
    out.insert(0, "id", ids)
    return out


def code_texts(
    texts: Iterable[str], codes: Sequence[str], countries: Sequence[str] | None = None
) -> dict[str, pd.DataFrame]:
    """Code articles or claims by some of `ARTICLE_CODES` or of `coders.CLAIM_CODES`.

    Only their first `LEAD` characters are read, which must have a word. `countries` are those of
    the outlets, empty where unknown. By code come `value` (the likeliest), `probability` (of that,
    0 to 1), `open` (bool: left to a person, for a probability under `OPEN_BELOW`), a row for each
    text; of a voice only that it is open.
    """
    texts, models, out = [text[:LEAD] for text in texts], coders.train(), {}
    seen = coders.leads(texts) if codes[0] in ARTICLE_CODES else frames.kept()[0].seen(texts)
    for code in codes:
        if code == "voice":
            row = {"value": "", "probability": np.nan, "open": True}
            out[code] = pd.DataFrame(row, index=range(len(texts)))
            continue
        model = models[code]
        if code == "direction":
            p = model.proba(seen, heads.homes(texts, countries or [""] * len(texts)))
        else:
            p = model.proba(seen)
        classes = np.asarray(model.classes, dtype=object)
        probability = p.max(1).round(3)
        unsure = probability < OPEN_BELOW[code]
        table = {"value": classes[p.argmax(1)], "probability": probability, "open": unsure}
        out[code] = pd.DataFrame(table)
    return out


def _parse(lines, name) -> tuple[list[str], list[str], list[str]]:
    found: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(lines, 1):
        try:
            line = line.decode("utf-8-sig") if isinstance(line, bytes) else line
            if not (line := line.removeprefix("\ufeff").strip()):
                continue
            key, *rest = _record(line)
            if key in found:
                raise CodingError(f"the id {key[:40]!r} came before; make ids unique.")
        except CodingError as error:
            raise CodingError(f"{name}, line {number}: {error}") from None
        except UnicodeError:
            raise CodingError(f"{name}, line {number}: not in UTF-8; save it in UTF-8.") from None
        found[key] = tuple(rest)
    if not found:
        raise CodingError(f"{name} holds no line to code; write one JSON object a line.")
    return list(found), *map(list, zip(*found.values(), strict=True))


def _record(line: str) -> tuple[str, str, str]:
    """Id, text and country of one line."""
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
    if not isinstance(country := record.get("country") or "", str):
        raise CodingError(f"`country` is {str(country)[:40]!r}; write two letters or none.")
    return str(key), text, country.upper()
