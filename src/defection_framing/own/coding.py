"""Code texts: direction and portrayal of an article, main frame of a claim.

Exchanging the sides in an English text exchanges them in its direction, exactly, and leaves its
frame as it was. The training data were coded by a large language model, in several passes that are
pooled: no person checked them. `model_card` measures how often a code is theirs.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.special import softmax

from . import coders, frames, heads
from .coders import ARTICLE_CODES
from .readings import LEAD

OPEN_BELOW = {"direction": 0.6, "portrayal": 0.5, "frame": 0.4}
"""A code whose probability is lower is left open for a person to decide. Of the decided codes
about three in four are right in cross-validation, of directions nearly all. Voice is always left
open: a classifier was right about every second time."""


def code_texts(
    texts: Iterable[str],
    codes: Sequence[str],
    countries: Sequence[str] | None = None,
    events: Sequence[str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Code articles or claims by some of `ARTICLE_CODES` or of `coders.CLAIM_CODES`.

    Only their first `LEAD` characters are read, which must have a word. `countries` are those of
    the outlets, empty where unknown. Articles on one of `events` tell of one act: they have one
    direction. By code come `value` (the likeliest), `probability` (of that, 0 to 1), `open` (bool:
    left to a person, for a probability under `OPEN_BELOW`), a row for each text; of a voice only
    that it is open.
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
            p = p if events is None else _of_events(p, events)
        else:
            p = model.proba(seen)
        out[code] = likeliest(code, model.classes, p)
    return out


def likeliest(code: str, classes: Sequence[str], p: np.ndarray) -> pd.DataFrame:
    """What `code_texts` gives of one code, from probabilities of n texts, shape (n, classes)."""
    value, probability = np.asarray(classes, dtype=object)[p.argmax(1)], p.max(1).round(3)
    unsure = probability < OPEN_BELOW[code]
    return pd.DataFrame({"value": value, "probability": probability, "open": unsure})


def _of_events(p: np.ndarray, events: Sequence[str]) -> np.ndarray:
    """Probabilities of n texts, shape (n, classes), with those on one event made the same.

    They are the geometric mean of its texts', which is no surer for many texts that err alike
    (Genest & Zidek 1986: a logarithmic opinion pool). `general` is no event.
    """
    events = pd.Series(list(events))
    logs = pd.DataFrame(np.log(p + 1e-3)).groupby(events.to_numpy()).transform("mean")
    several = events.duplicated(keep=False) & (events != "general")
    return np.where(several.to_numpy()[:, None], softmax(logs.to_numpy(), axis=1), p)
