"""Frames of English claims by words and letters alone: many times as fast as an encoder.

Counts of words, of pairs of words and of three to five letters, hashed (Weinberger et al. 2009),
weighted as TF-IDF, and logistic regressions on them, one for each frame, learnt from the
repository's coded claims by stochastic gradients. `benchmarks/scale.py frames` measures it.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.utils import compute_class_weight

from .. import corpus, settings
from . import coders

MEASURE = "English by words and letters: right in 52% of claims of events left out."


def fit(texts: Iterable[str], frames: Sequence[str]) -> Pipeline:
    """Learn from n coded claims; the pipeline's `predict_proba` gives (n, frames)."""
    hashed = {"n_features": 2**17, "alternate_sign": False, "dtype": np.float32}
    words = HashingVectorizer(ngram_range=(1, 2), **hashed)
    letters = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), **hashed)
    names = np.unique(frames)
    # Between their frequency and evenness, as the kernel of `coders` weighs them.
    weight = compute_class_weight("balanced", classes=names, y=frames) ** 0.45
    regression = SGDClassifier(
        loss="log_loss",
        alpha=1e-5,
        max_iter=30,
        tol=None,
        random_state=settings.SEED,
        class_weight=dict(zip(names, weight / weight.mean(), strict=True)),
    )
    steps = make_union(words, letters), TfidfTransformer(), regression
    return make_pipeline(*steps).fit(texts, frames)


def proba(texts: Iterable[str]) -> np.ndarray:
    """Probabilities of the frames in alphabetical order, shape (n, frames)."""
    return _learnt().predict_proba(texts)


@cache
def _learnt() -> Pipeline:
    claims = corpus.load(settings.ROOT / "data").claims
    key = coders.version().encode() + Path(__file__).read_bytes()
    frames = claims["frame"].to_numpy("U")
    return settings.cached("wording", key, lambda: fit(claims["text"], frames))
