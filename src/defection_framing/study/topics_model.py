"""Topics of how claims tell a crossing: guided by frames, blind to the event, and steady.

`fit` scores claims by frame (`text.scores.FrameScores`), groups the scores (`SteadyKMeans`) and
names the groups by BERTopic's c-TF-IDF (Grootendorst 2022). No claim of an event has a part in
scoring the claims of that event. `other_fits` is what the topics are held against in
`study.topics`; it takes minutes, so its table is kept (`study.kept`).
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from ..corpus import Corpus, NotEnough
from ..settings import SEED
from ..text import embed, mask
from ..text.scores import FrameScores, SteadyKMeans

TOPICS = 18  # how many topics; with more, leaving out a tenth of the articles moves many claims
CLAIMS_PER_TOPIC = 20  # a corpus of fewer than `TOPICS` times as many claims gets fewer topics
FEWEST_CLAIMS, FEWEST_EVENTS = 100, 10  # a corpus needs as many for topics at all
LEFT_OUT = 0.1  # share of the articles that a refit leaves out
NOISE = 1e-6  # standard deviation of the noise in the embeddings that the topics must withstand
SEEDS, FOLDS = 5, 5  # how many seeds are compared, and folds of held-out events

# Words that role masking put in; BERTopic joins hyphened words, so `ex-origin` is `exorigin`.
_PREFIXES = ("", "ex", "anti", "pro", "non")
SIDE_WORDS = {"side", "sides"} | {p + r for p in _PREFIXES for r in ("origin", "destination")}


@dataclass(frozen=True)
class Topics:
    """Fitted topics."""

    projection: FrameScores
    clusterer: SteadyKMeans
    labels: np.ndarray  # (n,) topic of each claim, the largest 0; -1 where none fits
    words: dict[int, list[str]]  # of each topic, most typical first


def material(data: Corpus) -> tuple[pd.DataFrame, list[str], np.ndarray]:
    """Claims with a frame, their role-masked texts and the embeddings of these, as `fit` takes."""
    claims = data.claim_table().dropna(subset=["frame"])
    masked = mask.mask_all(claims["text"], claims["direction"])
    return claims, masked, embed.vectors(masked)


def fit(
    claims: pd.DataFrame, texts: Sequence[str], vectors: np.ndarray, seed: int = SEED
) -> Topics:
    """Fit the topics of coded claims, given with their role-masked texts and embeddings, (n, d).

    Raises
    ------
    NotEnough
        If the corpus has fewer than `FEWEST_CLAIMS` claims or `FEWEST_EVENTS` events.
    """
    n_events = claims["cluster"].nunique()
    if len(claims) < FEWEST_CLAIMS or n_events < FEWEST_EVENTS:
        raise NotEnough(
            f"Topics need at least {FEWEST_CLAIMS} claims on {FEWEST_EVENTS} events; this corpus "
            f"has {len(claims)} with a frame, on {n_events}."
        )
    projection, clusterer = _fit_parts(claims, texts, vectors, seed)
    words = _words(texts, claims["cluster"], projection.scores_, clusterer.labels_)
    return Topics(projection, clusterer, clusterer.labels_, words)


def _fit_parts(claims, texts, vectors, seed):
    second = claims["frame_2"].astype(object).fillna("")
    first = claims["frame"].astype(str)
    projection = FrameScores().fit(texts, vectors, first, second, claims["cluster"])
    return projection, SteadyKMeans(_number(len(claims)), seed=seed).fit(projection.scores_)


def _number(n_claims: int) -> int:
    """How many topics so many claims are cut into."""
    return min(TOPICS, n_claims // CLAIMS_PER_TOPIC)


def _words(texts, clusters, scores, labels) -> dict[int, list[str]]:
    """Words of each topic by BERTopic's c-TF-IDF."""
    bertopic = _bertopic()
    model = bertopic.BERTopic(
        embedding_model=None,
        umap_model=bertopic.dimensionality.BaseDimensionalityReduction(),
        hdbscan_model=bertopic.cluster.BaseCluster(),
        vectorizer_model=CountVectorizer(vocabulary=_vocabulary(texts, clusters)),
        ctfidf_model=bertopic.vectorizers.ClassTfidfTransformer(reduce_frequent_words=True),
    )
    theirs, _ = model.fit_transform(list(texts), embeddings=scores, y=labels)
    number = dict(zip(labels, theirs, strict=True))
    return {t: [w for w, _ in model.get_topic(number[t]) if w] for t in sorted(set(labels) - {-1})}


def _bertopic():
    """BERTopic without torch, UMAP and others, whose import takes 8 seconds and is not needed."""
    heavy = ("hdbscan", "plotly", "sentence_transformers", "torch", "transformers", "umap")
    absent = dict.fromkeys(m for m in heavy if m not in sys.modules)
    sys.modules.update(absent)  # None says that a module is not to be had
    try:
        import bertopic
        import bertopic.cluster
        import bertopic.dimensionality
        import bertopic.vectorizers
    finally:
        for module in absent:
            del sys.modules[module]
    return bertopic


def _vocabulary(texts, clusters):
    """Words of one event in twenty or more, so that no case gives a topic its name."""
    counter = CountVectorizer(stop_words=list(ENGLISH_STOP_WORDS | SIDE_WORDS), binary=True)
    # As BERTopic cleans texts before it counts.
    counts = counter.fit_transform([re.sub(r"[^A-Za-z0-9 ]+", "", text) for text in texts])
    events = pd.Series(range(len(texts))).groupby(np.asarray(clusters)).indices
    n_events = sum((counts[rows].sum(0) > 0).A1 for rows in events.values())
    return counter.get_feature_names_out()[n_events >= max(2, len(events) // 20)]


def other_fits(data: Corpus, n: int, seed: int = SEED) -> pd.DataFrame:
    """Topics of each claim by other fits and by other means, one row per claim; -1 where none fits.

    `n` is how many refits without a tenth of the articles, and at most how many seeds and folds. A
    single one leaves out UMAP, whose numbers differ between processors. Columns `claim_id`;
    `refit_0`, ..., of `refits`; `seed_0`, ..., k-means alone with other seeds; `noise`, a fit to
    embeddings with noise; `strict`, of `out_of_events`; `umap`, of `baseline`; `x`, `y`, of `flat`.
    """
    claims, texts, vectors = material(data)
    main, _ = _fit_parts(claims, texts, vectors, seed)
    again = refits(claims, texts, vectors, n, seed)
    table = {f"refit_{i}": labels for i, labels in enumerate(again)}
    for s in range(min(n, SEEDS)):
        means = SteadyKMeans(_number(len(claims)), seed=s)
        table[f"seed_{s}"] = means.fit(main.scores_).labels_
    noise = np.random.default_rng(seed).normal(0, NOISE, vectors.shape)
    table["noise"] = _fit_parts(claims, texts, vectors + noise, seed)[1].labels_
    table["strict"] = out_of_events(claims, texts, vectors, min(n, FOLDS))
    if n > 1:
        table["umap"] = baseline(embed.vectors(claims["text"]))
        table["x"], table["y"] = flat(main.scores_).T
    return pd.DataFrame(table, claims.index).reset_index(names="claim_id")


def baseline(vectors: np.ndarray) -> np.ndarray:
    """Topics as a careful user of BERTopic would get them: k-means on UMAP of embeddings."""
    from umap import UMAP

    reducer = UMAP(15, 5, min_dist=0.0, metric="cosine", random_state=SEED, n_jobs=1)
    means = KMeans(_number(len(vectors)), n_init=20, random_state=SEED)
    return means.fit_predict(reducer.fit_transform(vectors))


def flat(scores: np.ndarray) -> np.ndarray:
    """Coordinates of scores on a plane for a map (UMAP, McInnes et al. 2018), shape (n, 2)."""
    from umap import UMAP

    reducer = UMAP(30, 2, min_dist=0.3, random_state=SEED, n_jobs=1)
    return reducer.fit_transform((scores - scores.mean(0)) / scores.std(0))


def folds(claims: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit to and rows held out, by event."""
    return list(GroupKFold(FOLDS).split(claims, groups=claims["event"]))


def out_of_events(
    claims: pd.DataFrame, texts: Sequence[str], vectors: np.ndarray, n: int = FOLDS
) -> np.ndarray:
    """Topics of claims where the whole pipeline saw no claim of the event: the strict test.

    Numbered by each fold for itself; -1 where none fits, and in folds after the first `n`.
    """
    labels = np.full(len(claims), -1)
    for train, test in tqdm(folds(claims)[:n], desc="held-out events"):
        own = [texts[i] for i in train]
        projection, clusterer = _fit_parts(claims.iloc[train], own, vectors[train], SEED)
        scores = projection.transform([texts[i] for i in test], vectors[test])
        labels[test] = clusterer.predict(scores)
    return labels


def refits(
    claims: pd.DataFrame, texts: Sequence[str], vectors: np.ndarray, n: int, seed: int = SEED
) -> np.ndarray:
    """Topics from refits with a tenth of the articles left out, shape (n, n_claims).

    Numbered by each refit for itself. The claims left out are assigned without refitting.
    """
    rng = np.random.default_rng(seed)
    articles = np.unique(claims["article_id"])
    out = np.empty((n, len(claims)), int)
    for i in tqdm(range(n), desc="refits"):
        dropped = rng.choice(articles, round(LEFT_OUT * len(articles)), replace=False)
        keep = np.flatnonzero(~claims["article_id"].isin(dropped))
        own = [texts[i] for i in keep]
        projection, clusterer = _fit_parts(claims.iloc[keep], own, vectors[keep], seed)
        out[i] = clusterer.predict(projection.transform(texts, vectors))
        # Claims that trained the refit keep the scores that their own event had no part in.
        out[i, keep] = clusterer.labels_
    return out
