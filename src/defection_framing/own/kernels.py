"""Kernel ridge regression on shares of passes, and the words of texts."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import normalize

from .. import settings
from . import multilingual, readings
from .readings import Seen


def _roles(text: str) -> str:
    return readings.roles(text).lower()


def _abstract(text: str) -> str:
    return readings.abstract(text).lower()


_WORD = {"token_pattern": r"\b\w+\b"}
_VIEWS = {
    "words": _WORD,
    "letters": {"analyzer": "char_wb"},
    "roles": _WORD | {"preprocessor": _roles},
    "abstract": _WORD | {"preprocessor": _abstract},
}


def tfidf(**views: tuple[int, int]) -> FeatureUnion:
    """TF-IDF of some of the `_VIEWS` of a text side by side, by run lengths."""
    same = {"sublinear_tf": True, "min_df": 2, "dtype": np.float32}
    parts = [(v, TfidfVectorizer(ngram_range=n, **same, **_VIEWS[v])) for v, n in views.items()]
    return FeatureUnion(parts)


_MEANING, _WORDS, _GAMMA = 0.7, 0.2, 1.0
# Weights of the two kernels, and how fast the Gaussian one falls with squared distance.


class Kernel:
    """Kernel ridge regression on shares of passes, with calibrated probabilities.

    The kernel is a Gaussian one on sentence vectors and, with `words`, a linear one on words and
    letters. Classes differ tenfold in size, so each weighs as its frequency ** -0.45. Scores s
    become probabilities as softmax(b1 * s + b2 * log max(s, 0.01)); where `beta`, b1 and b2, is not
    given, it is fitted to scores of events left out.
    """

    ridge = 0.6

    def __init__(self, words: bool = False, beta: np.ndarray | None = None):
        self.words = tfidf(words=(1, 2), letters=(3, 5)) if words else None
        self.beta = beta

    def fit(self, seen: Seen, given: pd.DataFrame, events=None):
        """Learn from n texts, what `given_codes` says of each, and, without `beta`, n events."""
        self.classes = given.columns.to_numpy(str)
        given = given.to_numpy(np.float32)
        y = given.argmax(1)
        self.mean = seen.vectors[:, : multilingual.SIZE].mean(0)
        self.points = self._on_sphere(seen.vectors)
        kernel = self._gauss(self.points)
        if self.words:
            words = self.words.fit_transform(seen.reading)
            kernel += _WORDS * (words @ words.T).toarray()
        if self.beta is None:
            out = np.zeros(given.shape)
            folds = StratifiedGroupKFold(5, shuffle=True, random_state=settings.SEED)
            for train, test in folds.split(y, y, events):
                weights, share = self._solve(kernel[np.ix_(train, train)], given[train])
                out[test] = kernel[np.ix_(test, train)] @ weights + share
            self.beta = calibration(out, y)
        self.weights, self.share = self._solve(kernel, given)
        if self.words:
            self.word_weights = (_WORDS * (words.T @ self.weights)).astype(np.float32)
        return self

    def score(self, seen: Seen) -> np.ndarray:
        """Score of each of `classes`, shape (n, classes), of n texts."""
        score = self._gauss(self._on_sphere(seen.vectors)) @ self.weights + self.share
        if self.words:
            score = score + self.words.transform(seen.reading) @ self.word_weights
        return score

    def proba(self, seen: Seen) -> np.ndarray:
        """Probability of each of `classes`, shape (n, classes), of n texts."""
        return calibrated(self.score(seen), self.beta)

    def _on_sphere(self, vectors):
        return normalize(vectors[:, : multilingual.SIZE] - self.mean)

    def _gauss(self, points):
        return _MEANING * rbf_kernel(points, self.points, _GAMMA)

    def _solve(self, kernel, given):
        weight = given @ np.maximum(given.mean(0), 1e-3) ** -0.45
        weight /= weight.mean()
        share = weight @ given / weight.sum()
        fitted = KernelRidge(alpha=self.ridge, kernel="precomputed")
        return fitted.fit(kernel, given - share, weight).dual_coef_, share


def calibrated(score: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Probabilities from the scores of a `Kernel`, both of shape (n, classes)."""
    return softmax(beta[0] * score + beta[1] * np.log(np.maximum(score, 0.01)), axis=1)


def calibration(score: np.ndarray, code: np.ndarray) -> np.ndarray:
    """What `calibrated` needs so that it fits n texts best whose codes (numbers) are known."""

    def loss(beta):
        return -np.log(calibrated(score, beta)[np.arange(len(code)), code] + 1e-12).mean()

    return minimize(loss, [5.0, 0.5], method="Nelder-Mead").x
