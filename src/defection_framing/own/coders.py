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

import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from .. import corpus, settings
from ..text import embed, mask
from . import directions, frames, heads, kernels, lowrank, multilingual, readings
from .kernels import tfidf
from .readings import LEAD, Seen
from .words import table

DIRECTIONS = ("ru_to_ua", "ua_to_ru", "ru_exit", "ua_exit", "both", "not_about")
"""The codebook's directions, and `not_about`: no one leaves a side of this war."""

ARTICLE_CODES = ("direction", "portrayal")
"""Codes of an article, from its lead."""

CLAIM_CODES = ("frame", "voice")
"""Codes of a claim."""

_HERE = Path(__file__).parent
_READ = _HERE / "coding_data/read.npz"

_TABLES = ("articles.csv", "claims.csv", "codings_articles.csv", "codings_claims.csv")
# What is learnt from.


_WRITTEN = 6.0
# Weight of a written text, where a whole article has 1.

_SHARPER = 1.5
# The short written texts make the scores of whole articles too timid by this much.


def _regression(**views: tuple[int, int]) -> Pipeline:
    """Logistic regression on the words of texts, by views and run lengths as in `tfidf`."""
    return make_pipeline(tfidf(**views), LogisticRegression(C=100, max_iter=2000, tol=1e-3))


class Direction:
    """Side left, times joined or only left, times about this at all.

    For the side left every text is read twice; what is learnt from the words of one reading holds,
    sides exchanged, for the other, and an answer is the mean of both.
    """

    classes = DIRECTIONS

    def __init__(self):
        self.side = _regression(words=(1, 3), roles=(1, 3), abstract=(1, 4))
        self.exit = _regression(roles=(1, 1), abstract=(1, 2))
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
            one + other,
            np.r_[side, np.array([1, 0, 2])[side]],
            logisticregression__sample_weight=np.r_[weight, weight],
        )
        # In the reading where the side left is called Russian.
        rows = np.flatnonzero(side < 2)
        facing = [(one, other)[side[i]][i] for i in rows]
        only_left = np.array([label[i].endswith("exit") for i in rows])
        balance = np.where(only_left, 0.5 / only_left.mean(), 0.5 / (1 - only_left.mean()))
        balance *= weight[rows]
        self.exit.fit(facing, only_left, logisticregression__sample_weight=balance)
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
        score = [self.side.decision_function(t) for t in two]
        words = _SHARPER * (score[0] + score[1][:, [1, 0, 2]]) / 2
        left = _SHARPER * np.c_[*(self.exit.decision_function(t) for t in two)]
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


class Portrayal:
    """Kernel coders, with words for texts in English and without for others."""

    def fit(self, seen: Seen, given: pd.DataFrame, events):
        """Learn as `Kernel` does."""
        self.english = kernels.Kernel(words=True).fit(seen, given, events)
        self.elsewhere = kernels.Kernel(words=False).fit(seen, given, events)
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

    def fit(self, read: "Read", given: pd.DataFrame):
        """Learn from n claims and what `given_codes` says of them."""
        self.beta = frames.kept()[1]
        self.adapted = kernels.Kernel(beta=self.beta[0]).fit(read.claims, given)
        self.english = kernels.Kernel(words=True, beta=self.beta[1]).fit(read.studied, given)
        self.classes = self.adapted.classes
        return self

    def proba(self, seen: Seen) -> np.ndarray:
        """Probability of each of `classes`, shape (n, classes), of n claims."""
        score = self.adapted.score(seen)
        p = kernels.calibrated(score, self.beta[0])
        if len(rows := np.flatnonzero(readings.english(seen.reading))):
            both = (score[rows] + self.english.score(studied(seen.rows(rows)))) / 2
            p[rows] = kernels.calibrated(both, self.beta[1])
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
    """Share of all passes that gave each code to each unit, shape (n, codes)."""
    given = pd.get_dummies(codings[code].dropna(), dtype=float)
    return given.groupby(level=0).mean().loc[units.index]


class Read(NamedTuple):
    """The coded corpus as the coders of portrayals and frames read it."""

    leads: Seen  # articles, by the multilingual encoder
    claims: Seen  # by the one that is adapted to frames
    studied: Seen  # claims, by the study's encoder


def read(loaded: corpus.Corpus) -> Read:
    """Read the coded corpus: with the vectors that are kept, if they are of these texts.

    To read them anew takes minutes. So it is done where texts or encoders are other ones.
    """
    texts, version = _to_read(loaded)
    if not lowrank.is_of(_READ, version):
        print("Reading the coded corpus, once (minutes).", file=sys.stderr)
        return read_anew(*texts)
    with np.load(_READ) as held:
        vectors = [held[name] * held[f"{name}_step"] for name in Read._fields]
    articles, claims = map(readings.named_first, texts)
    named = zip((articles, claims, claims), vectors, strict=True)
    return Read(*(Seen(reading, other, own, turned) for (reading, other, turned), own in named))


def read_anew(articles: list[str], claims: list[str]) -> Read:
    """Read leads of articles, and claims (24 ms a sentence)."""
    seen, adapted = leads(articles), frames.kept()[0].seen(claims)
    means = seen._replace(vectors=seen.vectors[:, : multilingual.SIZE])
    return Read(means, adapted, studied(adapted))


def _to_read(loaded: corpus.Corpus) -> tuple[tuple[list[str], list[str]], str]:
    """Leads of articles and claims, and the version of what is read in them."""
    texts = corpus.article_texts(loaded), list(loaded.claim_table()["text"])
    paths = [_HERE / "coding_data" / f"{name}.npz" for name in ("heads", "frames")]
    paths += [settings.ROOT / "data/embeddings.json", Path(readings.__file__), Path(mask.__file__)]
    paths.append(_HERE.parent / "text/sides.csv")
    return texts, lowrank.version("\0".join([multilingual.WEIGHTS, *texts[0], *texts[1]]), paths)


def keep(loaded: corpus.Corpus) -> None:
    """Write the vectors beside this module, in 8 bits, if texts or encoders changed (minutes)."""
    texts, version = _to_read(loaded)
    if lowrank.is_of(_READ, version):
        return
    held = {}
    for name, seen in read_anew(*texts)._asdict().items():
        step = np.abs(seen.vectors).max(1, keepdims=True) / 127
        held[name] = np.round(seen.vectors / step).astype(np.int8)
        held[f"{name}_step"] = step.astype(np.float32)
    np.savez_compressed(_READ, version=np.array(version), **held)


@cache
def train() -> dict[str, Direction | Portrayal | Frame]:
    """Fit the coders to the repository's coded corpus (less than a minute): coders by code.

    They are kept in the cache for as long as the training data and this code are the same.
    """
    return settings.cached("coders", version().encode(), _fitted)


def _fitted() -> dict[str, Direction | Portrayal | Frame]:
    print("Fitting the coders to the coded corpus, once (less than a minute).", file=sys.stderr)
    loaded = corpus.load(settings.ROOT / "data")
    articles, held = loaded.articles, read(loaded)
    portrayals = given_codes(articles, loaded.codings_articles, "portrayal")
    given = given_codes(loaded.claim_table(), loaded.codings_claims, "frame")
    return {
        "direction": Direction().fit(articles, heads.sentences(loaded.claims), others()),
        "portrayal": Portrayal().fit(held.leads, portrayals, articles["event"]),
        "frame": Frame().fit(held, given),
    }


def version(*beside: str) -> str:
    """Name of the fitted coders: what they depend on, data and code, in 16 hexadecimal digits.

    With modules `beside` them, the name of what these make of them.
    """
    data = settings.ROOT / "data"
    own = "coders directions heads frames kernels lowrank multilingual readings words".split()
    files = "text/mask.py", "text/sides.csv", "text/embed.py", "corpus/tables.py", "settings.py"
    read = [_HERE / f"{name}.py" for name in (*own, *beside)]
    read += [_HERE.parent / name for name in files]
    read += sorted((_HERE / "coding_data").glob("*.*"))
    read += [data / name for name in (*_TABLES, "embeddings.json", "datapackage.json")]
    return lowrank.version(f"{np.__version__} {sklearn.__version__}", read)
