"""Cluster claims into topics with BERTopic, and measure what the topics follow."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from bertopic import BERTopic
from bertopic.vectorizers import ClassTfidfTransformer
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from sklearn.metrics import adjusted_mutual_info_score
from umap import UMAP

from .settings import SEED

TOPICS = 22
"""How many topics; chosen so that even the smallest frames of the codebook could fill one."""

SIDE_WORDS = {"side", "origin", "destination", "origin-side", "destination-side"}


def centre(vectors: np.ndarray, clusters: Sequence[str], share: float = 0.7) -> np.ndarray:
    """Take part of each event's mean away, so that claims are near for what they say of it.

    Parameters
    ----------
    vectors : np.ndarray, shape (n, d)
    clusters : sequence of str, length n
        Events; one with a single claim is left as it is.
    share : float
        How much of the event's mean is taken away, 0 to 1.

    Returns
    -------
    np.ndarray, shape (n, d)
        Rows of length 1.
    """
    frame = pd.DataFrame(vectors).groupby(np.asarray(clusters))
    mean = frame.transform("mean").to_numpy()
    several = frame[0].transform("size").to_numpy()[:, None] > 1
    out = vectors - share * np.where(several, mean, 0)
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def fit(texts: Sequence[str], vectors: np.ndarray, seed: int = SEED) -> tuple[BERTopic, np.ndarray]:
    """Fit BERTopic (Grootendorst 2022) to embedded texts.

    Parameters
    ----------
    texts : sequence of str, length n
    vectors : np.ndarray, shape (n, d)
    seed : int

    Returns
    -------
    model : BERTopic
        Topics are numbered by size, the largest 0.
    topics : np.ndarray of int, length n

    Notes
    -----
    HDBSCAN, the default clusterer, leaves most of these claims in one topic; k-means on UMAP gives
    topics of usable size. Rows are sorted by text before fitting, so their order does not matter.
    """
    order = np.argsort(np.asarray(texts), kind="stable")
    model = BERTopic(
        embedding_model=None,
        umap_model=UMAP(
            n_neighbors=15,
            n_components=5,
            min_dist=0.0,
            metric="cosine",
            random_state=seed,
            n_jobs=1,
        ),  # fmt: skip
        hdbscan_model=KMeans(TOPICS, n_init=20, random_state=seed),
        vectorizer_model=CountVectorizer(
            stop_words=list(ENGLISH_STOP_WORDS | SIDE_WORDS), min_df=2, ngram_range=(1, 2)
        ),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
    )
    found, _ = model.fit_transform([texts[i] for i in order], vectors[order])
    topics = np.empty(len(order), int)
    topics[order] = found
    return model, topics


def label(words: Sequence[str], n: int = 4) -> str:
    """Join the first words that do not repeat each other into a readable label."""
    kept: list[str] = []
    for word in words:
        if not any(set(word.split()) & set(k.split()) for k in kept):
            kept.append(word)
    return ", ".join(kept[:n])


def describe(model: BERTopic, topics: np.ndarray, claims: pd.DataFrame) -> pd.DataFrame:
    """What each topic is: label, size, main frame, spread over events and directions.

    Parameters
    ----------
    model, topics
        As `fit` returns.
    claims : pd.DataFrame, n rows
        With `frame`, `cluster`, `direction`, `article_id`.

    Returns
    -------
    pd.DataFrame, one row per topic
        `label`, `words`, `n_claims`, `n_articles`, `n_events`, `main_frame`, `frame_share` (of the
        main frame), `largest_event` (share of its claims), `to_russia` (share among crossings).
    """
    rows = {}
    for topic, own in claims.groupby(topics):
        words = [w for w, _ in model.get_topic(topic)]
        frames = own["frame"].value_counts(normalize=True)
        crossing = own["direction"][own["direction"].isin(["ua_to_ru", "ru_to_ua"])]
        rows[topic] = {
            "label": label(words),
            "words": ", ".join(words),
            "n_claims": len(own),
            "n_articles": own["article_id"].nunique(),
            "n_events": own["cluster"].nunique(),
            "main_frame": frames.index[0],
            "frame_share": frames.iloc[0],
            "largest_event": own["cluster"].value_counts(normalize=True).iloc[0],
            "to_russia": (crossing == "ua_to_ru").mean(),
        }
    return pd.DataFrame(rows).T.rename_axis("topic")


def follows(topics: Sequence[int], claims: pd.DataFrame) -> pd.Series:
    """Adjusted mutual information of topics with what they may follow (Vinh et al. 2010).

    Returns
    -------
    pd.Series
        For `frame`, `event`, `direction` and `camp`: 0 for chance, 1 for the same partition.
    """
    return pd.Series(
        {
            c: adjusted_mutual_info_score(claims[c].astype(str), topics)
            for c in ("frame", "event", "direction", "camp")
        }
    )


def flat(vectors: np.ndarray, seed: int = SEED) -> np.ndarray:
    """Coordinates of points on a plane for a map (UMAP, McInnes et al. 2018), shape (n, 2)."""
    reducer = UMAP(n_neighbors=15, min_dist=0.1, metric="cosine", random_state=seed, n_jobs=1)
    return reducer.fit_transform(vectors)
