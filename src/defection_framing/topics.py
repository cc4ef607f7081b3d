"""Topics of how claims tell a crossing: guided by frames, blind to the event, and steady.

Two parts. `FrameScores` learns from the coded frames of *other* events what a claim sounds like;
`SteadyKMeans` groups those scores without seeing a code. `fit` puts both into BERTopic
(Grootendorst 2022), which names the topics by c-TF-IDF. No claim of an event has a part in scoring
the claims of that event.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from bertopic import BERTopic
from bertopic.dimensionality import BaseDimensionalityReduction
from bertopic.vectorizers import ClassTfidfTransformer
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import linear_sum_assignment
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import (
    ENGLISH_STOP_WORDS,
    CountVectorizer,
    TfidfVectorizer,
)
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.model_selection import GroupKFold
from tqdm import tqdm
from umap import UMAP

from . import settings
from .compare import Shares, shares
from .corpus import NotEnough
from .settings import SEED

TOPICS = 18
"""How many topics; with more, leaving out a tenth of the articles moves many claims."""

CLAIMS_PER_TOPIC = 20
"""A corpus of fewer than `TOPICS` times as many claims gets fewer topics."""

FEWEST_CLAIMS, FEWEST_EVENTS = 100, 10
"""A corpus needs as many for topics at all."""

STABLE = 0.6
"""Clusters that recur with a mean Jaccard index below this are not to be trusted (Hennig 2007)."""

SIDE_WORDS = {"side", "sides"} | {
    prefix + role
    for prefix in ("", "ex", "anti", "pro", "non")
    for role in ("origin", "destination")
}
"""Words that role masking put in; BERTopic joins hyphened words, so `ex-origin` is `exorigin`."""


class FrameScores:
    """Scores of a claim on each frame, learnt from the coded claims of other events.

    A mixed model: frames regressed on text by kernel ridge (Saunders et al. 1998), with a random
    intercept for each event (Henderson 1975), so that what merely tells one event from another is
    put down to the event and not to the words. The kernel mixes meaning (a Gaussian kernel on
    embeddings) and wording (TF-IDF of words and pairs of words).

    Parameters
    ----------
    wording : float
        Share of the kernel that is TF-IDF, 0 to 1.
    ridge : float
        Variance of noise relative to the kernel's (1 on its diagonal); larger is smoother.
    event_variance : float
        Variance of the random intercept of events; 0 for none.
    sharpness : float
        How fast the Gaussian kernel falls with cosine distance.

    Attributes
    ----------
    frames_ : list of str
        Columns of the scores.
    scores_ : np.ndarray, shape (n, number of frames)
        Score of each training claim from a model that saw no claim of the claim's own event.
    """

    def __init__(self, wording=0.42, ridge=1.25, event_variance=1.0, sharpness=2.0):
        self.wording = wording
        self.ridge = ridge
        self.event_variance = event_variance
        self.sharpness = sharpness

    def fit(self, texts, vectors, frames, frames_2, events):
        """Learn from coded claims.

        Parameters
        ----------
        texts : sequence of str, length n
            Role-masked claims.
        vectors : np.ndarray, shape (n, d)
            Their embeddings.
        frames, frames_2 : sequences of str, length n
            Main frame, and second frame or "". A second frame counts 0.3, the main one then 0.7.
        events : sequence of str, length n

        Returns
        -------
        FrameScores
            Itself.
        """
        # Sorted by content, so that the order the rows came in cannot matter.
        order = np.lexsort([np.asarray(c, dtype=str) for c in (frames_2, frames, events, texts)])
        texts, frames, frames_2, events = (
            np.asarray(c, dtype=object)[order] for c in (texts, frames, frames_2, events)
        )
        self.frames_ = sorted(set(frames))
        codes = self._codes(frames, frames_2)
        vectors = np.asarray(vectors, dtype=float)[order]
        self._mean = vectors.mean(axis=0)
        self._points = self._on_sphere(vectors)
        self._tfidf = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        self._words = self._tfidf.fit_transform(texts)
        # Even shares, not those of the sample: an event would have a say in them.
        self._share = np.full(len(self.frames_), 1 / len(self.frames_))

        covariance = self._kernel(self._points, self._words)
        event = pd.factorize(events, sort=True)[0]
        covariance += self.event_variance * (event[:, None] == event)
        covariance[np.diag_indices_from(covariance)] += self.ridge
        precision = cho_solve(cho_factor(covariance), np.eye(len(covariance)))
        self._weights = precision @ (codes - self._share)

        # Exact prediction of each event from all others, without refitting (block form of the
        # leave-one-out identity): what is left out is the event, intercept and all.
        out = np.empty_like(codes)
        for e in range(event.max() + 1):
            own = np.flatnonzero(event == e)
            residual = np.linalg.solve(precision[np.ix_(own, own)], self._weights[own])
            out[own] = codes[own] - residual
        self.scores_ = np.empty_like(out)
        self.scores_[order] = out
        return self

    def transform(self, texts, vectors):
        """Scores of new claims, of an event not known.

        Parameters
        ----------
        texts : sequence of str, length m
        vectors : np.ndarray, shape (m, d)

        Returns
        -------
        np.ndarray, shape (m, number of frames)
        """
        points = self._on_sphere(np.asarray(vectors, dtype=float))
        return self._kernel(points, self._tfidf.transform(texts)) @ self._weights + self._share

    def _codes(self, frames, frames_2):
        names = np.array(self.frames_, dtype=object)
        main, second = frames[:, None] == names, frames_2[:, None] == names
        # A second frame that is nobody's main frame has no column and leaves the main one whole.
        return np.where(second.any(axis=1, keepdims=True), 0.7 * main + 0.3 * second, main * 1.0)

    def _on_sphere(self, vectors):
        centred = vectors - self._mean
        return centred / np.linalg.norm(centred, axis=1, keepdims=True)

    def _kernel(self, points, words):
        meaning = np.exp(self.sharpness * (points @ self._points.T - 1))
        wording = (words @ self._words.T).toarray()
        # The 1 is the intercept.
        return (1 - self.wording) * meaning + self.wording * wording + 1


class SteadyKMeans(ClusterMixin, BaseEstimator):
    """k-means in the metric of its own clusters, with a verdict "none" for far points.

    First k-means on standardised columns; then the columns are rotated and scaled until the mean
    covariance within those clusters is round (as in a Gaussian mixture of one shared covariance),
    and k-means again. Many starts, rows in an order of their own.

    Parameters
    ----------
    n_clusters : int
    none : float
        Share of the training rows that fit no cluster: those farthest from every centre.
    starts : int
        Starts of each k-means; enough of them make the seed irrelevant.
    seed : int

    Attributes
    ----------
    labels_ : np.ndarray of int, shape (n,)
        -1 where none fits.
    """

    def __init__(self, n_clusters=18, none=0.02, starts=100, seed=2026):
        self.n_clusters = n_clusters
        self.none = none
        self.starts = starts
        self.seed = seed

    def fit(self, X, y=None):
        """Find the clusters of the rows of X, shape (n, p)."""
        X = np.asarray(X, dtype=float)
        # Rounded for the order only: rows equal but for the last digits keep their order.
        order = np.lexsort(np.round(X, 6).T)
        self._mean, self._scale = X.mean(axis=0), X.std(axis=0)
        Z = ((X - self._mean) / self._scale)[order]
        first = self._kmeans(Z)
        residual = Z - first.cluster_centers_[first.labels_]
        within = residual.T @ residual / len(Z)
        floor = 0.1 * np.trace(within) / len(within)
        values, axes = np.linalg.eigh(within + floor * np.eye(len(within)))
        self._round = (axes / np.sqrt(values)) @ axes.T
        self._found = self._kmeans(Z @ self._round)
        # Largest cluster first; BERTopic numbers topics so too.
        sizes = np.bincount(self._found.labels_, minlength=self.n_clusters)
        self.centres_ = self._found.cluster_centers_[np.argsort(-sizes, kind="stable")]
        self._far = np.quantile(self.distances(X).min(axis=1), 1 - self.none)
        self.labels_ = self.predict(X)
        return self

    def distances(self, X):
        """Distance of each row to each centre, in the fitted metric, shape (n, n_clusters)."""
        Z = (np.asarray(X, dtype=float) - self._mean) / self._scale @ self._round
        return np.linalg.norm(Z[:, None] - self.centres_[None], axis=2)

    def predict(self, X):
        """Nearest cluster of each row, -1 where all are too far, shape (n,)."""
        far = self.distances(X)
        return np.where(far.min(axis=1) > self._far, -1, far.argmin(axis=1))

    def _kmeans(self, Z):
        return KMeans(self.n_clusters, n_init=self.starts, random_state=self.seed).fit(Z)


@dataclass(frozen=True)
class Topics:
    """Fitted topics.

    Attributes
    ----------
    projection : FrameScores
    clusterer : SteadyKMeans
    model : BERTopic
        Its embeddings are the scores of `projection`.
    labels : np.ndarray of int, shape (n,)
        Topic of each claim, the largest 0; -1 where none fits.
    words : dict of int to list of str
        Words of each topic, most typical first.
    """

    projection: "FrameScores"
    clusterer: "SteadyKMeans"
    model: BERTopic
    labels: np.ndarray
    words: dict[int, list[str]]

    def assign(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Topic of new role-masked claims, without refitting; -1 where none fits, shape (m,).

        For claims the topics were fitted to, take `labels`: there their own event had no say.
        """
        return self.clusterer.predict(self.projection.transform(texts, vectors))


def fit(
    claims: pd.DataFrame, texts: Sequence[str], vectors: np.ndarray, seed: int = SEED
) -> Topics:
    """Fit the topics of coded claims.

    Parameters
    ----------
    claims : pd.DataFrame, n rows
        With `frame`, `frame_2`, `cluster`.
    texts : sequence of str, length n
        The claims, role-masked.
    vectors : np.ndarray, shape (n, d)
        Embeddings of `texts`.
    seed : int

    Returns
    -------
    Topics

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
    vectorizer = CountVectorizer(vocabulary=_vocabulary(texts, claims["cluster"]))
    model = BERTopic(
        embedding_model=None,
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=clusterer,
        vectorizer_model=vectorizer,
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
    )
    labels, _ = model.fit_transform(list(texts), embeddings=projection.scores_)
    words = {t: [w for w, _ in model.get_topic(t) if w] for t in sorted(set(labels) - {-1})}
    return Topics(projection, clusterer, model, np.array(labels), words)


def _vocabulary(texts, clusters):
    """Words of one event in twenty or more, so that no case gives a topic its name."""
    counter = CountVectorizer(stop_words=list(ENGLISH_STOP_WORDS | SIDE_WORDS), binary=True)
    # As BERTopic cleans texts before it counts.
    counts = counter.fit_transform([re.sub(r"[^A-Za-z0-9 ]+", "", text) for text in texts])
    events = pd.Series(range(len(texts))).groupby(np.asarray(clusters)).indices
    n_events = sum((counts[rows].sum(0) > 0).A1 for rows in events.values())
    return counter.get_feature_names_out()[n_events >= max(2, len(events) // 20)]


def _fit_parts(claims, texts, vectors, seed):
    second = claims["frame_2"].astype(object).fillna("")
    projection = FrameScores().fit(
        texts, vectors, claims["frame"].astype(str), second, claims["cluster"]
    )
    return projection, SteadyKMeans(_number(len(claims)), seed=seed).fit(projection.scores_)


def _number(n_claims: int) -> int:
    """How many topics so many claims are cut into."""
    return min(TOPICS, n_claims // CLAIMS_PER_TOPIC)


def baseline(vectors: np.ndarray, seed: int = SEED) -> np.ndarray:
    """Topics as a careful user of BERTopic would get them: k-means on UMAP of embeddings.

    Returns
    -------
    np.ndarray of int, shape (n,)
    """
    reducer = UMAP(15, 5, min_dist=0.0, metric="cosine", random_state=seed, n_jobs=1)
    means = KMeans(_number(len(vectors)), n_init=20, random_state=seed)
    return means.fit_predict(reducer.fit_transform(vectors))


def flat(scores: np.ndarray, seed: int = SEED) -> np.ndarray:
    """Coordinates of scores on a plane for a map (UMAP, McInnes et al. 2018), shape (n, 2)."""
    reducer = UMAP(30, 2, min_dist=0.3, random_state=seed, n_jobs=1)
    return reducer.fit_transform((scores - scores.mean(0)) / scores.std(0))


def out_of_events(
    claims: pd.DataFrame, texts: Sequence[str], vectors: np.ndarray, folds: int = 5
) -> pd.DataFrame:
    """What topics follow where the whole pipeline saw no claim of the event: the strict test.

    Returns
    -------
    pd.DataFrame, one row per fold
        As `follows`, and `none` (share of claims that fit no topic).
    """
    rows = []
    parts = GroupKFold(folds).split(claims, groups=claims["event"])
    for train, test in tqdm(list(parts), desc="held-out events"):
        projection, clusterer = _fit_parts(
            claims.iloc[train], [texts[i] for i in train], vectors[train], SEED
        )
        labels = clusterer.predict(projection.transform([texts[i] for i in test], vectors[test]))
        rows.append({**follows(labels, claims.iloc[test]), "none": (labels < 0).mean()})
    return pd.DataFrame(rows)


def refits(
    claims: pd.DataFrame,
    texts: Sequence[str],
    vectors: np.ndarray,
    reference: np.ndarray,
    n: int = 15,
    left_out: float = 0.1,
    seed: int = SEED,
) -> np.ndarray:
    """Topics from refits with a tenth of the articles left out, under the reference's numbers.

    Parameters
    ----------
    claims, texts, vectors
        As for `fit`.
    reference : np.ndarray of int, shape (n_claims,)
        Labels; each refit's topics take the numbers that make the most claims agree.
    n : int
    left_out : float
        Share of the articles left out; their claims are assigned without refitting.
    seed : int

    Returns
    -------
    np.ndarray of int, shape (n, n_claims)
    """
    rng = np.random.default_rng(seed)
    articles = np.unique(claims["article_id"])
    out = []
    for _ in tqdm(range(n), desc="refits"):
        dropped = rng.choice(articles, round(left_out * len(articles)), replace=False)
        keep = np.flatnonzero(~claims["article_id"].isin(dropped))
        own = [texts[i] for i in keep]
        projection, clusterer = _fit_parts(claims.iloc[keep], own, vectors[keep], seed)
        labels = clusterer.predict(projection.transform(texts, vectors))
        # Claims that trained the refit keep the scores that their own event had no part in.
        labels[keep] = clusterer.labels_
        out.append(_renumber(labels, reference))
    return np.array(out)


def _renumber(labels, reference):
    """Give topics the numbers of the reference's, one to one, by the most shared claims."""
    both = (labels >= 0) & (reference >= 0)
    shared = pd.crosstab(labels[both], reference[both])
    mine, theirs = linear_sum_assignment(-shared.to_numpy())
    number = dict(zip(shared.index[mine], shared.columns[theirs], strict=True))
    return np.array([number.get(t, -1) for t in labels])


def stability(reference: np.ndarray, again: np.ndarray) -> pd.Series:
    """How well each topic recurs: mean Jaccard index with its match (Hennig 2007), 0 to 1.

    Parameters
    ----------
    reference : np.ndarray of int, shape (n,)
    again : np.ndarray of int, shape (refits, n)
        As `refits` returns.
    """
    topics = sorted(set(reference) - {-1})
    share = {
        t: np.mean([((r == t) & (reference == t)).sum() / ((r == t) | (reference == t)).sum()
                    for r in again])
        for t in topics
    }  # fmt: skip
    return pd.Series(share, name="stability")


def composed(
    claims: pd.DataFrame, reference: np.ndarray, again: np.ndarray, by: Sequence[str], draws=150
) -> Shares:
    """Shares of topics whose draws carry the uncertainty of the topics themselves.

    The method of composition (Treier & Jackman 2008, as in R's stm): each refit of the topics gives
    its own bootstrap draws over events, and the pooled draws vary by both.

    Parameters
    ----------
    claims : pd.DataFrame, n rows
        With `article_id`, `cluster` and the columns of `by`.
    reference, again
        Labels of the topics and of their refits.
    by : sequence of str
        Grouping columns.
    draws : int
        Draws per refit.

    Returns
    -------
    Shares
        Codes are topics; claims that fit none count in the whole.
    """
    numbers = sorted(set(reference))

    def of(labels, seed, n):
        table = claims.assign(topic=pd.Categorical(labels, numbers))
        return shares(table, "topic", by, draws=n, seed=seed)

    main = of(reference, SEED, 2)
    pooled = np.concatenate([of(r, SEED + i, draws).draws for i, r in enumerate(again)])
    return replace(main, draws=pooled)


def label(words: Sequence[str], n: int = 4) -> str:
    """Join the first words that do not repeat each other into a readable label."""
    kept: list[str] = []
    for word in words:
        if not any(word[:5] == k[:5] for k in kept):
            kept.append(word)
    return ", ".join(kept[:n])


def overrides(labels: np.ndarray, claim_ids: Sequence[str]) -> dict[int, str]:
    """Labels that a researcher gave in `topic_labels.csv` beside the corpus's tables.

    The file has the columns `label` and `claim_id`, one row for each claim typical of the label; a
    label goes to the topic that holds the most of its claims, so it survives a refit.

    Returns
    -------
    dict of int to str
        Empty where there is no file.
    """
    path = settings.data_dir() / "topic_labels.csv"
    if not path.exists():
        return {}
    given = pd.read_csv(path, dtype=str)
    given["topic"] = given["claim_id"].map(dict(zip(claim_ids, labels, strict=True)))
    unknown = given[given["topic"].isna()]
    if len(unknown):
        raise ValueError(
            f"{path.name}, row {unknown.index[0] + 2}, column claim_id: there is no claim "
            f"{unknown['claim_id'].iloc[0]!r}; take an id from claims.csv"
        )
    topics = given[given["topic"] >= 0].groupby("label")["topic"].agg(lambda t: t.mode()[0])
    return {int(t): name for name, t in topics.items()}


def describe(
    found: Topics, claims: pd.DataFrame, vectors: np.ndarray, recurs: pd.Series
) -> pd.DataFrame:
    """What each topic is.

    Parameters
    ----------
    found : Topics
    claims : pd.DataFrame, n rows
        As for `fit`, with `event`, `direction`, `article_id`, `text`, indexed by claim.
    vectors : np.ndarray, shape (n, d)
    recurs : pd.Series
        As `stability` returns.

    Returns
    -------
    pd.DataFrame, one row per topic
        `label`, `words`, `n_claims`, `n_articles`, `n_events`, `stability`, `stable`, `main_frame`,
        `frame_share` (of the main frame), `largest_event` (share of its claims), `typical` (the
        claim nearest to the topic's middle).
    """
    names = overrides(found.labels, claims.index)
    far = found.clusterer.distances(found.projection.scores_)
    rows = {}
    for topic, words in found.words.items():
        own = claims[found.labels == topic]
        frames = own["frame"].value_counts(normalize=True)
        rows[topic] = {
            "label": names.get(topic, label(words)),
            "words": ", ".join(words),
            "n_claims": len(own),
            "n_articles": own["article_id"].nunique(),
            "n_events": own["cluster"].nunique(),
            "stability": recurs[topic],
            "stable": recurs[topic] >= STABLE,
            "main_frame": frames.index[0],
            "frame_share": frames.iloc[0],
            "largest_event": own["event"].value_counts(normalize=True).iloc[0],
            "typical": claims["text"].iloc[far[:, topic].argmin()],
        }
    return pd.DataFrame(rows).T.rename_axis("topic")


def follows(topics: Sequence[int], claims: pd.DataFrame) -> pd.Series:
    """Adjusted mutual information of topics with what they may follow (Vinh et al. 2010).

    Returns
    -------
    pd.Series
        For `frame`, `event`, `direction` and `camp`: 0 for chance, 1 for the same partition. Claims
        that fit no topic count as a topic of their own.
    """
    return pd.Series(
        {
            c: adjusted_mutual_info_score(claims[c].astype(str), topics)
            for c in ("frame", "event", "direction", "camp")
        }
    )
