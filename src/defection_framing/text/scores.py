"""Two learners that know texts and vectors, and nothing of the study.

`FrameScores` learns from coded claims of *other* events what a claim sounds like; `SteadyKMeans`
groups such scores without seeing a code.
"""

import numpy as np
import pandas as pd
from scipy.linalg.lapack import dpotrf, dpotri
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer

from ..settings import SEED


class FrameScores:
    """Scores of a claim on each frame, learnt from the coded claims of other events.

    A mixed model: frames regressed on text by kernel ridge (Saunders et al. 1998), with a random
    intercept for each event (Henderson 1975), so that what merely tells one event from another is
    put down to the event and not to the words. The kernel mixes meaning (a Gaussian kernel on
    embeddings) and wording (TF-IDF of words and pairs of words).

    Attributes
    ----------
    frames_ : list of str
        Columns of the scores.
    scores_ : np.ndarray, shape (n, number of frames)
        Score of each training claim from a model that saw no claim of the claim's own event.
    """

    wording = 0.42  # share of the kernel that is TF-IDF
    ridge = 1.25  # variance of noise relative to the kernel's (1 on its diagonal)
    event_variance = 1.0  # of the random intercept of events
    sharpness = 2.0  # how fast the Gaussian kernel falls with cosine distance

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
        """
        # Sorted by content, so that the order the rows came in cannot matter.
        order = np.lexsort([np.asarray(c, dtype=str) for c in (frames_2, frames, events, texts)])
        texts, frames, frames_2, events = (
            np.asarray(c, dtype=object)[order] for c in (texts, frames, frames_2, events)
        )
        self.frames_ = sorted(set(frames))
        names = np.array(self.frames_, dtype=object)
        main, second = frames[:, None] == names, frames_2[:, None] == names
        # A second frame that is nobody's main frame has no column and leaves the main one whole.
        two = second.any(axis=1, keepdims=True)
        codes = np.where(two, 0.7 * main + 0.3 * second, main * 1.0)
        vectors = np.asarray(vectors, dtype=float)[order]
        self._mean = vectors.mean(axis=0)
        self._points = self._on_sphere(vectors)
        self._tfidf = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        self._words = self._tfidf.fit_transform(texts)
        # Even shares, not those of the sample: an event would have a say in them.
        self._share = np.full(len(self.frames_), 1 / len(self.frames_))

        covariance = self._kernel(self._points, self._words)
        event = pd.factorize(events, sort=True)[0]
        covariance[event[:, None] == event] += self.event_variance
        covariance[np.diag_indices_from(covariance)] += self.ridge
        # The inverse from its factor: a third of the work of solving for an identity matrix.
        lower, failed = dpotrf(covariance.T, lower=True, overwrite_a=True)
        precision, singular = dpotri(lower, lower=True, overwrite_c=True)
        if failed or singular:
            raise np.linalg.LinAlgError("the covariance of the claims has no Cholesky factor")
        for i in range(len(precision)):  # row by row: a copy of the triangle would be large
            precision[i, i + 1 :] = precision[i + 1 :, i]
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
        """Scores of m new claims, of an event not known, shape (m, number of frames)."""
        points = self._on_sphere(np.asarray(vectors, dtype=float))
        return self._kernel(points, self._tfidf.transform(texts)) @ self._weights + self._share

    def _on_sphere(self, vectors):
        centred = vectors - self._mean
        return centred / np.linalg.norm(centred, axis=1, keepdims=True)

    def _kernel(self, points, words):
        # In place and by blocks: the whole study must do with 2 GB.
        kernel = points @ self._points.T
        kernel -= 1
        kernel *= self.sharpness
        np.exp(kernel, out=kernel)
        kernel *= 1 - self.wording
        for start in range(0, len(kernel), 500):
            block = words[start : start + 500] @ self._words.T
            kernel[start : start + 500] += self.wording * block.toarray()
        kernel += 1  # the intercept
        return kernel


class SteadyKMeans:
    """k-means in the metric of its own clusters, with a verdict "none" for far points.

    First k-means on standardised columns; then the columns are rotated and scaled until the mean
    covariance within those clusters is round (as in a Gaussian mixture of one shared covariance),
    and k-means again. Many starts, rows in an order of their own.

    Attributes
    ----------
    labels_ : np.ndarray of int, shape (n,)
        -1 where none fits.
    """

    none = 0.02  # share of the training rows that fit no cluster: those farthest from every centre
    starts = 100  # of each k-means; enough of them make the seed irrelevant

    def __init__(self, n_clusters=18, seed=SEED):
        self.n_clusters, self.seed = n_clusters, seed

    def fit(self, X):
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
        self.centres_ = self._kmeans(Z @ self._round).cluster_centers_
        distances = self.distances(X)
        self._far = np.quantile(distances.min(axis=1), 1 - self.none)
        # Largest first, without the claims that fit none.
        near = distances.argmin(axis=1)[distances.min(axis=1) <= self._far]
        sizes = np.bincount(near, minlength=self.n_clusters)
        self.centres_ = self.centres_[np.argsort(sizes, kind="stable")[::-1]]
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
