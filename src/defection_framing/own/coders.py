"""The coders: what is learnt from the coded corpus.

- Direction: whether anyone leaves a side at all, which side, and whether they join the other, by
  linear coders on the multilingual encoder, in any language (`heads`). In English, which side and
  whether they join rest by half on words and on classes of words too (`coding_data/classes.csv`),
  with a side that only tells of it, or takes people in, told apart (`coding_data/roles.csv`).
  Beside the corpus both learn from texts written for it (`coding_data/written.csv`), and from
  articles that are easily mistaken for such as are about this (`coding_data/negatives.csv`).
- Portrayal and frame: kernel ridge regression (Saunders et al. 1998) on the shares of passes that
  gave each code, which tell more than the one code that the study uses; with a Gaussian kernel on
  what the multilingual encoder reads, for frames adapted to them (`frames`). In English a linear
  one on words and letters stands beside it, for frames with the study's own encoder.
"""

import pickle
import sys
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import FeatureUnion

from .. import corpus, settings
from ..text import embed
from . import directions, frames, heads, lowrank, multilingual, readings
from .readings import LEAD, Seen
from .words import table

DIRECTIONS = ("ru_to_ua", "ua_to_ru", "ru_exit", "ua_exit", "both", "not_about")
"""The codebook's directions, and `not_about`: no one leaves a side of this war."""

ARTICLE_CODES = ("direction", "portrayal")
"""Codes of an article, from its lead."""

CLAIM_CODES = ("frame", "voice")
"""Codes of a claim."""

_TABLES = ("articles.csv", "claims.csv", "codings_articles.csv", "codings_claims.csv")
# What is learnt from.


def _roles(text: str) -> str:
    return readings.roles(text).lower()


def _abstract(text: str) -> str:
    return readings.abstract(text).lower()


def _words(**views: tuple[int, int]) -> FeatureUnion:
    """TF-IDF of views of a text side by side, by run lengths; `fit_transform` moves last digits."""
    reads = {"roles": _roles, "abstract": _abstract}
    parts = []
    for view, lengths in views.items():
        letters = view == "letters"
        space = TfidfVectorizer(
            preprocessor=reads.get(view),
            analyzer="char_wb" if letters else "word",
            token_pattern=None if letters else r"\b\w+\b",
            ngram_range=lengths,
            sublinear_tf=True,
            min_df=2,
            dtype=np.float32,
        )
        parts.append((view, space))
    return FeatureUnion(parts)


_MEANING, _WORDS, _NARROW = 0.7, 0.2, 2.0
# Weights of the two kernels, and how fast the Gaussian one falls with distance.

_WRITTEN = 6.0
# Weight of a written text, where a whole article has 1.

_SHARPER = 1.5
# The short written texts make the scores of whole articles too timid by this much.


class _Regression:
    """Logistic regression, of which only what predicts is kept."""

    def __init__(self, inverse_penalty=100):
        self.inverse_penalty = inverse_penalty

    def fit(self, x, y, weight):
        fitted = LogisticRegression(C=self.inverse_penalty, max_iter=2000, tol=1e-3)
        fitted.fit(x, y, weight)
        self.coef, self.intercept = fitted.coef_.astype(np.float32), fitted.intercept_
        return self

    def score(self, x) -> np.ndarray:
        return x @ self.coef.T + self.intercept


class Direction:
    """Side left, times joined or only left, times about this at all.

    For the side left every text is read twice; what is learnt from the words of one reading holds,
    sides exchanged, for the other, and an answer is the mean of both.
    """

    classes = DIRECTIONS

    def __init__(self):
        self.side_words = _words(words=(1, 3), roles=(1, 3), abstract=(1, 4))
        self.exit_words = _words(roles=(1, 1), abstract=(1, 2))
        self.side, self.exit = _Regression(), _Regression()
        self.heads = heads.kept()[1]

    def fit(self, articles: pd.DataFrame, claims: dict[str, list[str]], others: pd.DataFrame):
        """Learn the words of coded articles, their claims by article, and of `others`."""
        rng = np.random.default_rng(settings.SEED)
        gists, d = list(articles["gist"]), articles["direction"].to_numpy(str)
        own = [claims[key] for key in articles.index]
        # Short inputs must work too, so summaries and parts count by half beside the whole.
        texts = [" ".join([g, *c]) for g, c in zip(gists, own, strict=True)] + gists
        texts += [" ".join(rng.permutation([g, *c])[:3]) for g, c in zip(gists, own, strict=True)]
        label, weight = [*d, *d, *d], [1.0] * len(d) + [0.5] * 2 * len(d)
        # Few articles are `both`: two of opposite sides told together make more.
        for k in range(150):
            i = rng.choice(np.flatnonzero(np.char.startswith(d, "ru")))
            like = np.char.endswith(d, "exit") == d[i].endswith("exit")
            j = rng.choice(np.flatnonzero(np.char.startswith(d, "ua") & like))
            texts.append(" ".join([gists[i], gists[j], *(own[i][:2] + own[j][:2]) * (k % 2)]))
            label.append("both")
            weight.append(1.0)
        others = others[(others["label"] != "not_about") & (others["lang"] == "en")]
        texts += list(others["text"])
        label = np.array(label + list(others["label"]))
        weight = np.array(weight + [_WRITTEN] * len(others))

        one, other = readings.both(texts)
        side = np.array([2 if v == "both" else int(v.startswith("ua")) for v in label])
        self.side.fit(
            self.side_words.fit(one + other).transform(one + other),
            np.r_[side, np.array([1, 0, 2])[side]],
            np.r_[weight, weight],
        )
        # In the reading where the side left is called Russian.
        rows = np.flatnonzero(side < 2)
        facing = [(one, other)[side[i]][i] for i in rows]
        only_left = np.array([label[i].endswith("exit") for i in rows])
        balance = np.where(only_left, 0.5 / only_left.mean(), 0.5 / (1 - only_left.mean()))
        self.exit.fit(
            self.exit_words.fit(facing).transform(facing), only_left, weight[rows] * balance
        )
        return self

    def proba(self, seen: Seen, at_home: np.ndarray) -> np.ndarray:
        """Probability of each of `DIRECTIONS`, shape (n, 6), of what `leads` gives.

        `at_home` says which side is at home in each text (`heads.homes`).
        """
        at_home = np.where(seen.exchanged, np.array([1, 0, 2])[at_home], at_home)
        _, side, only_left = heads.scores(self.heads, seen.vectors)
        # Where no side is named, to be about this is judged as if the side at home were.
        named = seen.vectors.copy()
        for home in (0, 1):
            silent = ~seen.vectors[:, 1152:1154].any(1) & (at_home == home)
            named[silent, 1152 + home] = 1
        about = heads.scores(self.heads, named)[0]
        english = readings.english(seen.reading)[:, None]
        two = seen.reading, seen.other
        score = [self.side.score(self.side_words.transform(t)) for t in two]
        words = _SHARPER * (score[0] + score[1][:, [1, 0, 2]]) / 2
        left = _SHARPER * np.c_[*(self.exit.score(self.exit_words.transform(t)) for t in two)]
        side = np.where(english, (side + words) / 2, side)
        only_left = np.where(english, (only_left + left) / 2, only_left)
        p = heads.direction(seen.vectors, about, side, only_left, at_home)
        return np.where(seen.exchanged[:, None], p[:, [1, 0, 3, 2, 4, 5]], p)


def leads(texts, reader: directions.Reader | None = None) -> Seen:
    """Articles, by the beginning that `LEAD` allows, with the features of `heads`.

    They are read by the reader that is kept, or by another.
    """
    reading, other, turned = readings.named_first([text[:LEAD] for text in texts])
    sentences = [heads.split(text) for text in reading]
    return Seen(reading, other, heads.features(sentences, reader or heads.kept()[0]), turned)


class Kernel:
    """Kernel ridge regression on shares of passes, with calibrated probabilities.

    The kernel is a Gaussian one on sentence vectors and, with `words`, a linear one on words and
    letters. Classes differ tenfold in size, so each weighs as its frequency ** -0.45. Scores s
    become probabilities as softmax(b1 * s + b2 * log s); where `beta`, b1 and b2, is not given, it
    is fitted to scores of events left out.
    """

    ridge = 0.6

    def __init__(self, words: bool = False, beta: np.ndarray | None = None):
        self.words = _words(words=(1, 2), letters=(3, 5)) if words else None
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
            words = self.words.fit(seen.reading).transform(seen.reading)
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
        centred = vectors[:, : multilingual.SIZE] - self.mean
        return (centred / np.linalg.norm(centred, axis=1, keepdims=True)).astype(np.float32)

    def _gauss(self, points):
        return _MEANING * np.exp(_NARROW * (points @ self.points.T - 1))

    def _solve(self, kernel, given):
        weight = given @ np.maximum(given.mean(0), 1e-3) ** -0.45
        weight /= weight.mean()
        share = weight @ given / weight.sum()
        noise = np.diag(self.ridge / weight).astype(np.float32)
        return cho_solve(cho_factor(kernel + noise), given - share), share


def calibrated(score: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Probabilities from the scores of a `Kernel`, both of shape (n, classes)."""
    return softmax(beta[0] * score + beta[1] * np.log(np.maximum(score, 0.01)), axis=1)


def calibration(score: np.ndarray, code: np.ndarray) -> np.ndarray:
    """What `calibrated` needs so that it fits n texts best whose codes (numbers) are known."""

    def loss(beta):
        return -np.log(calibrated(score, beta)[np.arange(len(code)), code] + 1e-12).mean()

    return minimize(loss, [5.0, 0.5], method="Nelder-Mead").x


class Portrayal:
    """Kernel coders, with words for texts in English and without for others."""

    def fit(self, seen: Seen, given: pd.DataFrame, events):
        """Learn as `Kernel` does."""
        self.english = Kernel(words=True).fit(seen, given, events)
        self.elsewhere = Kernel(words=False).fit(seen, given, events)
        self.classes = self.english.classes
        return self

    def proba(self, seen: Seen) -> np.ndarray:
        """Probability of each of `classes`, shape (n, classes), of n texts."""
        english = readings.english(seen.reading)[:, None]
        return np.where(english, self.english.proba(seen), self.elsewhere.proba(seen))


class Frame:
    """Kernel coders: on the encoder adapted to frames, in English with another one beside it.

    That one rests on the study's encoder and on words; the scores of both are averaged.
    """

    def fit(self, seen: Seen, given: pd.DataFrame):
        """Learn from n claims, as the adapted encoder read them, and what `given_codes` says."""
        self.beta = frames.kept()[1]
        self.adapted = Kernel(beta=self.beta[0]).fit(seen, given)
        self.english = Kernel(words=True, beta=self.beta[1]).fit(studied(seen), given)
        self.classes = self.adapted.classes
        return self

    def proba(self, seen: Seen) -> np.ndarray:
        """Probability of each of `classes`, shape (n, classes), of n claims."""
        score = self.adapted.score(seen)
        p = calibrated(score, self.beta[0])
        if len(rows := np.flatnonzero(readings.english(seen.reading))):
            both = (score[rows] + self.english.score(studied(seen.rows(rows)))) / 2
            p[rows] = calibrated(both, self.beta[1])
        return p


def studied(seen: Seen) -> Seen:
    """The same claims with the vectors of the study's encoder, shape (n, 384)."""
    return seen._replace(vectors=embed.vectors(seen.reading, settings.ROOT / "data"))


def others() -> pd.DataFrame:
    """The texts beside the corpus: `text`, `label` (of `DIRECTIONS`), `kind`, `source`, `lang`.

    The source is `written`, or `negatives`: articles, restated. `lang` is of the text.
    """
    rows = [
        {"source": source, "lang": "en"} | row
        for source in ("written", "negatives")
        for row in table(f"own/coding_data/{source}.csv")
    ]
    return pd.DataFrame(rows)[["text", "label", "kind", "source", "lang"]]


def given_codes(units: pd.DataFrame, codings: pd.DataFrame, code: str) -> pd.DataFrame:
    """Share of all passes that gave each code to each unit, shape (n, codes); of one, 0 or 1."""
    if code not in codings:
        return pd.get_dummies(units[code], dtype=float)
    given = pd.get_dummies(codings[code].dropna(), dtype=float)
    return given.groupby(level=0).mean().loc[units.index]


@cache
def train() -> dict[str, Direction | Portrayal | Frame]:
    """Fit the coders to the repository's coded corpus (minutes), or load them: coders by code.

    They are kept in the cache for as long as the training data and this code are the same; if what
    is stored is damaged, a UserWarning says that they are fitted again.
    """
    key, path = version().encode(), settings.cache_dir() / "coders.pickle"
    try:
        return settings.cached(path.stem, key, _fitted)
    except (EOFError, pickle.UnpicklingError) as error:
        said = f"the fitted coders in {path} are damaged ({error}): they are fitted again"
        warnings.warn(said, stacklevel=2)
        path.unlink()
        return settings.cached(path.stem, key, _fitted)


def _fitted() -> dict[str, Direction | Portrayal | Frame]:
    print("Fitting the coders to the coded corpus, once (minutes).", file=sys.stderr)
    loaded = corpus.load(settings.ROOT / "data")
    articles, claims = loaded.articles, loaded.claim_table()
    portrayals = given_codes(articles, loaded.codings_articles, "portrayal")
    seen, (adapted, _) = leads(corpus.article_texts(loaded)), frames.kept()
    given = given_codes(claims, loaded.codings_claims, "frame")
    return {
        "direction": Direction().fit(articles, heads.sentences(loaded.claims), others()),
        "portrayal": Portrayal().fit(seen, portrayals, articles["event"]),
        "frame": Frame().fit(adapted.seen(claims["text"]), given),
    }


def version(*beside: str) -> str:
    """Name of the fitted coders: what they depend on, data and code, in 16 hexadecimal digits.

    With modules `beside` them, the name of what these make of them.
    """
    here, data = Path(__file__).parent, settings.ROOT / "data"
    own = "coders", "directions", "heads", "frames", "lowrank", "multilingual", "readings", "words"
    others = "text/mask.py", "text/sides.csv", "text/embed.py", "corpus/tables.py"
    read = [here / f"{name}.py" for name in (*own, *beside)]
    read += [here.parent / name for name in others]
    read += sorted((here / "coding_data").glob("*.*"))
    read += [data / name for name in (*_TABLES, "embeddings.json")]
    return lowrank.version(f"{np.__version__} {sklearn.__version__}", read)
