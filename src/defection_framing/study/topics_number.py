"""How many topics: what other numbers would give, for kinds of story and for ways of telling."""

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from ..corpus import Corpus
from ..settings import SEED
from ..text.scores import SteadyKMeans
from . import topics_model, topics_stories, topics_words

NUMBERS = (6, 7, 8, 9, 12, 18)
FEW = (topics_model.TOPICS, topics_stories.STORIES)  # in a run of one refit

# Ways to make topics, in words.
STORIES, TOLD, UNGUIDED = ("articles, no codes", "claims, guided by frames", "claims, no codes")
MEASURES = {
    "left_out": "same topics without a tenth of the articles (ARI)",
    "coherence": "words of a topic meet in claims (NPMI)",
    "event": "follows the event (AMI)",
    "frame": "follows the coded frame (AMI)",
}
ASKED = 0.8  # of `left_out`
CHOSEN = {STORIES: topics_stories.STORIES, TOLD: topics_model.TOPICS}


def by_number(data: Corpus, n: int, seed: int = SEED) -> pd.DataFrame:
    """Measures of topics by their number, for three ways to make them.

    Returns
    -------
    pd.DataFrame, one row per way (`way`), number (`number`) and measure (`measure`)
        `value`. Measures: `left_out`, adjusted Rand index with `n` fits without a tenth of the
        articles, mean; `event` and `frame`, adjusted mutual information; `coherence` of the ten
        words of each topic over the claims (`topics_words.coherence`).
    """
    claims, texts, vectors = topics_model.material(data)
    articles, joined, middles = topics_stories.material(data)
    known = topics_words.vocabulary(texts, claims["cluster"], claims["lang"])
    whole = topics_model.frame_scores(claims, texts, vectors).scores_
    without = list(topics_model.rescored(claims, texts, vectors, n, seed))
    kept = [keep for keep, _ in without]
    those = (articles["article_id"].isin(claims["article_id"].iloc[keep]) for keep in kept)
    kept_articles = [np.flatnonzero(own) for own in those]
    ways = {
        TOLD: (claims, texts, whole, without),
        UNGUIDED: (claims, texts, *_components(vectors, kept)),
        STORIES: (articles, joined, *_components(middles, kept_articles)),
    }
    rows = []
    for way, (table, own, points, refits) in ways.items():
        most = len(points) // topics_model.TEXTS_PER_TOPIC
        for number in (k for k in (FEW if n == 1 else NUMBERS) if k <= most):
            labels = _labels(way, number, points, np.arange(len(points)), seed)
            found = topics_words.words(own, labels, known)
            again = [_labels(way, number, p, keep, seed) for keep, p in refits]
            measures = {
                "left_out": np.mean([adjusted_rand_score(labels, other) for other in again]),
                "event": adjusted_mutual_info_score(table["event"].astype(str), labels),
                "frame": adjusted_mutual_info_score(table["frame"].astype(str), labels),
                "coherence": topics_words.coherence(found, texts, known),
            }
            rows += [(way, number, measure, value) for measure, value in measures.items()]
    return pd.DataFrame(rows, columns=["way", "number", "measure", "value"])


def _components(
    vectors: np.ndarray, kept: list[np.ndarray]
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Principal components of all rows, and for each set of kept rows theirs, of all rows."""
    vectors = vectors.astype(float)

    def of(rows):
        reducer = PCA(topics_stories.COMPONENTS, svd_solver="covariance_eigh")
        return reducer.fit(vectors[rows]).transform(vectors)

    return of(slice(None)), [(keep, of(keep)) for keep in kept]


def _labels(way: str, number: int, points: np.ndarray, keep: np.ndarray, seed: int) -> np.ndarray:
    """Topics of all points, found in those that are kept."""
    steady = way == TOLD
    means = SteadyKMeans(number, seed) if steady else KMeans(number, n_init=50, random_state=seed)
    return means.fit(points[keep]).predict(points)
