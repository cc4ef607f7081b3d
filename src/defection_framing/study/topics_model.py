"""Topics of how claims tell a crossing: guided by frames, blind to the event, and steady.

`fit` scores claims by frame (`text.scores.FrameScores`), groups the scores (`SteadyKMeans`) and
takes the groups' words by BERTopic's c-TF-IDF (Grootendorst 2022). No claim of an event has a part
in scoring the claims of that event. `other_fits` is what the topics are held against in
`study.topics`; it takes minutes, so its table is kept (`study.kept`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from ..corpus import Corpus, NotEnough
from ..settings import SEED
from ..text import embed, mask
from ..text.scores import FrameScores, SteadyKMeans
from . import topics_words

TOPICS = 9  # how many topics; with more, leaving out a tenth of the articles moves many claims
TEXTS_PER_TOPIC = 20  # a corpus of fewer than `TOPICS` times as many claims gets fewer topics
FEWEST_CLAIMS, FEWEST_EVENTS = 100, 10  # a corpus needs as many for topics at all
LEFT_OUT = 0.1  # share of the articles that a refit leaves out
NOISE = 1e-6  # standard deviation of the noise in the embeddings that the topics must withstand
SEEDS, FOLDS = 5, 5  # how many seeds are compared, and folds of held-out events


@dataclass(frozen=True)
class Topics:
    """Fitted topics."""

    projection: FrameScores
    clusterer: SteadyKMeans
    labels: np.ndarray  # (n,) topic of each claim, the largest 0; -1 where none fits
    words: dict[int, list[str]]  # of each topic, most typical first

    def distances(self) -> np.ndarray:
        """Distance of each claim to the middle of the topic nearest to it, shape (n,)."""
        return self.clusterer.distances(self.projection.scores_).min(axis=1)


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
    known = topics_words.vocabulary(texts, claims["cluster"], claims["lang"])
    words = topics_words.words(texts, clusterer.labels_, known)
    return Topics(projection, clusterer, clusterer.labels_, words)


def _fit_parts(claims, texts, vectors, seed):
    projection = frame_scores(claims, texts, vectors)
    return projection, SteadyKMeans(number(len(claims), TOPICS), seed=seed).fit(projection.scores_)


def frame_scores(claims: pd.DataFrame, texts: Sequence[str], vectors: np.ndarray) -> FrameScores:
    """Scores of claims by frame, each learnt from other events."""
    second = claims["frame_2"].astype(object).fillna("")
    return FrameScores().fit(texts, vectors, claims["frame"].astype(str), second, claims["cluster"])


def number(n_texts: int, most: int) -> int:
    """How many topics so many claims, or stories so many articles, are cut into."""
    return min(most, n_texts // TEXTS_PER_TOPIC)


def other_fits(data: Corpus, n: int, seed: int = SEED) -> pd.DataFrame:
    """Topics of each claim by other fits and by other means, one row per claim; -1 where none fits.

    `n` is how many refits without a tenth of the articles, and at most how many seeds and folds. A
    single one leaves out the plane (UMAP): it differs between processors. Columns `claim_id`;
    `refit_0`, ..., of `refits`; `seed_0`, ..., k-means alone with other seeds; `noise`, a fit to
    embeddings with noise; `strict`, of `out_of_events`; `x`, `y`, of `embed.plane`.
    """
    claims, texts, vectors = material(data)
    main, _ = _fit_parts(claims, texts, vectors, seed)
    again = refits(claims, texts, vectors, n, seed)
    table = {f"refit_{i}": labels for i, labels in enumerate(again)}
    for s in range(min(n, SEEDS)):
        means = SteadyKMeans(number(len(claims), TOPICS), seed=s)
        table[f"seed_{s}"] = means.fit(main.scores_).labels_
    noise = np.random.default_rng(seed).normal(0, NOISE, vectors.shape)
    table["noise"] = _fit_parts(claims, texts, vectors + noise, seed)[1].labels_
    table["strict"] = out_of_events(claims, texts, vectors, min(n, FOLDS))
    if n > 1:
        even = (main.scores_ - main.scores_.mean(0)) / main.scores_.std(0)
        table["x"], table["y"] = embed.plane(even, metric="euclidean").T
    return pd.DataFrame(table, claims.index).reset_index(names="claim_id")


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


def rescored(
    claims: pd.DataFrame, texts: Sequence[str], vectors: np.ndarray, n: int, seed: int = SEED
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frame scores learnt without a tenth of the articles, `n` times.

    Yields the rows that were kept, and scores of all claims: of those kept as learnt from other
    events, of the rest as of new claims.
    """
    rng = np.random.default_rng(seed)
    articles = np.unique(claims["article_id"])
    for _ in tqdm(range(n), desc="refits"):
        dropped = rng.choice(articles, round(LEFT_OUT * len(articles)), replace=False)
        keep = np.flatnonzero(~claims["article_id"].isin(dropped))
        learnt = frame_scores(claims.iloc[keep], [texts[i] for i in keep], vectors[keep])
        scores = learnt.transform(texts, vectors)
        scores[keep] = learnt.scores_
        yield keep, scores


def refits(
    claims: pd.DataFrame, texts: Sequence[str], vectors: np.ndarray, n: int, seed: int = SEED
) -> np.ndarray:
    """Topics from refits with a tenth of the articles left out, shape (n, n_claims).

    Numbered by each refit for itself. The claims left out are assigned without refitting.
    """
    found = []
    for keep, scores in rescored(claims, texts, vectors, n, seed):
        means = SteadyKMeans(number(len(keep), TOPICS), seed=seed).fit(scores[keep])
        found.append(means.predict(scores))
    return np.array(found)
