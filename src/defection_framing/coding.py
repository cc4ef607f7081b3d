"""Code texts: direction, portrayal and stance of an article, main frame and voice of a claim.

Exchanging the sides in a text exchanges them in its direction and voice, exactly, and leaves its
frame as it was. For the direction every text is read twice, with its sides as they are and with
the sides exchanged; what is learnt from one reading holds, sides exchanged, for the other, and an
answer is the mean of both. For the other codes the side that a text names first is called Russian,
whichever it is.

- Direction: who leaves (one side, or both) by logistic regression on words and on classes of words
  (`coding_data/classes.csv`: verbs of leaving, persons, third countries), with a side that only
  tells of it, or takes people in, told apart (`coding_data/roles.csv`); given that, whether they
  join the other side or only leave; and whether the text is about this at all, by regression on
  sentence vectors. Beside the corpus it learns from project-written texts: short ones, on both
  sides, and on other matters (`coding_data/written.csv`).
- The other codes: kernel ridge regression (Saunders et al. 1998) on class indicators, with a
  Gaussian kernel on sentence vectors (of an article, their mean; of a claim, one by the larger
  encoder) and a linear one on words and letters.

The coder of the training data was a large language model, and so was the second, blind coder: no
person checked them. `model_card` measures how often a code is theirs.
"""

import csv
import hashlib
import json
import os
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
import sklearn
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import expit, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from . import corpus, embed, encoder, mask, settings

DIRECTIONS = ("ru_to_ua", "ua_to_ru", "ru_exit", "ua_exit", "both", "not_about")
"""The codebook's directions, and `not_about`: no one leaves a side of this war."""

ARTICLE_CODES = ("direction", "portrayal", "stance")
"""Codes of an article, from its lead."""

CLAIM_CODES = ("frame", "voice")
"""Codes of a claim."""

OPEN_BELOW = {"direction": 0.65, "portrayal": 0.5, "stance": 0.55, "frame": 0.4, "voice": 0.6}
"""A code whose probability is lower is left open for a person to decide. Of the decided codes
about two in three are right in cross-validation, of directions nearly all."""

LANGUAGES = ("en",)
"""Languages that the coders know (ISO 639-1)."""

LEAD = 2000
"""Characters of an article that are read: the unit that the corpus was coded from."""

LONGEST_LINE = 1_000_000
"""Characters of a line; no article is longer."""

_KEPT = Path(__file__).parent / "coding_data/claim_vectors.npy"

_STOP = re.compile(r"(?<=[.!?])[\"'”’]?\s+|\n+")

_KNOWN = 0.5
# Share of words the model must know: fewer, and the text is not in English or not language.


class CodingError(ValueError):
    """Lines that cannot be coded; the message names the input, the line and what to do."""


def code_articles(lines: Iterable[str | bytes], name: str = "input") -> pd.DataFrame:
    """Code the direction of articles.

    Parameters
    ----------
    lines : iterable of str or bytes
        JSON objects, one a line, with `id` and `text` (an English article or its summary; only the
        first `LEAD` characters are read). Blank lines are skipped.
    name : str
        What messages call the input.

    Returns
    -------
    DataFrame
        In the order of the lines: `id`, `direction` (one of `DIRECTIONS`, the likeliest),
        `probability` (of that, 0 to 1), `open` (bool: left to a person, for a probability under
        `OPEN_BELOW` or words that are mostly unknown).

    Raises
    ------
    CodingError
        For the first line that cannot be coded, or if there is none.
    """
    ids, texts = _parse(lines, name)
    coded = code_texts(texts, ["direction"])["direction"]
    coded.insert(0, "id", ids)
    return coded.rename(columns={"value": "direction"})


def code_claims(lines: Iterable[str | bytes], name: str = "input") -> pd.DataFrame:
    """Code the main frame and the voice of claims.

    Parameters
    ----------
    lines, name
        As for `code_articles`; each text is one claim.

    Returns
    -------
    DataFrame
        In the order of the lines: `id`, `frame`, `probability` (of the frame, 0 to 1), `voice` (the
        likeliest, right about every second time), `open` (bool; by the frame).

    Raises
    ------
    CodingError
        As `code_articles`.
    """
    ids, texts = _parse(lines, name)
    coded = code_texts(texts, CLAIM_CODES)
    out = coded["frame"].rename(columns={"value": "frame"})
    out.insert(0, "id", ids)
    out.insert(3, "voice", coded["voice"]["value"])
    return out


def code_texts(texts: Iterable[str], codes: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Code articles or claims.

    Parameters
    ----------
    texts : iterable of str, n of them
        At least one; each with a word in its first `LEAD` characters, which are all that is read.
    codes : sequence of str
        Some of `ARTICLE_CODES`, or some of `CLAIM_CODES`.

    Returns
    -------
    dict of str to DataFrame, n rows each
        By code: `value` (the likeliest), `probability` (of that, 0 to 1), `open` (bool: left to a
        person, for a probability under `OPEN_BELOW` or words that are mostly unknown).
    """
    texts, models = list(texts), train()
    twice = _seen_leads(texts) if codes[0] in ARTICLE_CODES else None
    once = _seen_once(twice) if twice else _seen(texts)
    foreign = models["direction"].known(texts) < _KNOWN
    out = {}
    for code in codes:
        seen = twice if code == "direction" else once
        value, probability = _likeliest(models[code].classes, models[code].proba(seen))
        unsure = (probability < OPEN_BELOW[code]) | foreign
        out[code] = pd.DataFrame({"value": value, "probability": probability, "open": unsure})
    return out


def _likeliest(classes, probability):
    return np.asarray(classes, dtype=object)[probability.argmax(1)], probability.max(1).round(3)


def _parse(lines, name) -> tuple[list[str], list[str]]:
    found = {}
    for number, line in enumerate(lines, 1):
        wrong = f"{name}, line {number}: "
        if len(line) > LONGEST_LINE:
            raise CodingError(
                f"{wrong}longer than {LONGEST_LINE:,} characters; put one article or claim a line."
            )
        try:
            line = line.decode("utf-8") if isinstance(line, bytes) else line
            line = line.removeprefix("\ufeff")
            if not line.strip():
                continue
            record = json.loads(line)
            json.dumps(record, ensure_ascii=False).encode()
        except UnicodeError:
            raise CodingError(f"{wrong}not in UTF-8; save the file in UTF-8.") from None
        except (ValueError, RecursionError):
            raise CodingError(
                f'{wrong}not JSON; write one object a line, as {{"id": "1", "text": "..."}}.'
            ) from None
        if not isinstance(record, dict) or not {"id", "text"} <= record.keys():
            raise CodingError(f"{wrong}no object with `id` and `text`; give it both.")
        key, text = record["id"], record["text"]
        if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
            raise CodingError(f"{wrong}`id` is {str(key)[:40]!r}; make it a string or a number.")
        if not isinstance(text, str) or not re.search(r"\w", text[:LEAD]):
            raise CodingError(f"{wrong}`text` has no words; fill it in or remove the line.")
        if "\0" in text or "\0" in str(key):
            raise CodingError(f"{wrong}a NUL character; the text is damaged, extract it again.")
        if str(key) in found:
            raise CodingError(f"{wrong}the id {str(key)[:40]!r} came before; make ids unique.")
        found[str(key)] = text
    if not found:
        raise CodingError(f"{name} holds no line to code; write one JSON object a line.")
    return list(found), list(found.values())


# Readings, words and vectors


def _readings(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Each text with its sides under one name each, and the same with the sides exchanged."""
    masked = [mask.mask(text, "ru_to_ua") for text in texts]
    return tuple(
        [
            re.sub(r"\b([Aa])n(?= origin side)", r"\1", text)
            .replace("origin side", one)
            .replace("destination side", other)
            for text in masked
        ]
        for one, other in (("Russian", "Ukrainian"), ("Ukrainian", "Russian"))
    )


def _exchanged(classes) -> list[int]:
    """Where each class stands when the sides are exchanged: `ru_media` where `ua_media` was."""
    other = {"ru_": "ua_", "ua_": "ru_"}
    return [list(classes).index(other.get(c[:3], c[:3]) + c[3:]) for c in classes]


@cache
def _classes() -> dict[str, re.Pattern]:
    with (files(__package__) / "coding_data/classes.csv").open(encoding="utf-8") as file:
        return {
            row["class"]: re.compile(rf"(?<!\w)(?:{row['pattern']})(?!\w)", re.IGNORECASE)
            for row in csv.DictReader(file)
        }


@cache
def _role_patterns() -> list[tuple[str, re.Pattern]]:
    side = "(?P<side>Russian|Ukrainian)"
    with (files(__package__) / "coding_data/roles.csv").open(encoding="utf-8") as file:
        return [
            (row["role"], re.compile(rf"\b{row['pattern'].replace('{side}', side)}(?!\w)"))
            for row in csv.DictReader(file)
        ]


@lru_cache(maxsize=50_000)
def _roles(text: str) -> str:
    """A reading with each side that tells or takes in under a name that says so: `Russianhost`."""
    for role, pattern in _role_patterns():
        text = pattern.sub(lambda m, r=role: m[0].replace(m["side"], m["side"] + r, 1), text)
    return text


@lru_cache(maxsize=50_000)
def _abstract(text: str) -> str:
    """The text with words of one class become one word, and sides by role."""
    text = _roles(text)
    for name, pattern in _classes().items():
        text = pattern.sub(name, text)
    return text


_VIEWS = {
    "words": (str, "word"),
    "roles": (_roles, "word"),
    "abstract": (_abstract, "word"),
    "letters": (str, "char_wb"),
}


class _Kept:
    """What is fitted, as arrays by name, so as to be stored without pickling code."""

    def arrays(self) -> dict[str, np.ndarray]:
        out = {}
        for name, part in vars(self).items():
            if isinstance(part, _Kept):
                out |= {f"{name}/{key}": value for key, value in part.arrays().items()}
            elif isinstance(part, np.ndarray):
                out[name] = part
        return out

    def restore(self, arrays: dict[str, np.ndarray]):
        parts: dict[str, dict] = {}
        for name, value in arrays.items():
            head, _, rest = name.partition("/")
            if rest:
                parts.setdefault(head, {})[rest] = value
            else:
                setattr(self, name, value)
        for head, own in parts.items():
            getattr(self, head).restore(own)
        return self


class _Words(_Kept):
    """TF-IDF of several views of a text side by side, each row a unit vector in each view."""

    def __init__(self, **views: tuple[int, int]):
        self.spaces = {
            view: TfidfVectorizer(
                analyzer=_VIEWS[view][1],
                ngram_range=lengths,
                token_pattern=r"\b\w+\b" if _VIEWS[view][1] == "word" else None,
                sublinear_tf=True,
                min_df=2,
                dtype=np.float32,
            )
            for view, lengths in views.items()
        }

    def fit(self, texts):
        for view, space in self.spaces.items():
            space.fit(map(_VIEWS[view][0], texts))
        return self

    def transform(self, texts) -> sp.csr_matrix:
        parts = [s.transform(map(_VIEWS[view][0], texts)) for view, s in self.spaces.items()]
        return sp.hstack(parts).tocsr()

    def arrays(self) -> dict:
        out = {}
        for view, space in self.spaces.items():
            terms = "\n".join(space.get_feature_names_out()).encode()
            out |= {f"{view}.terms": np.frombuffer(terms, np.uint8), f"{view}.idf": space.idf_}
        return out

    def restore(self, arrays):
        for view, space in self.spaces.items():
            space.vocabulary = bytes(arrays[f"{view}.terms"]).decode().split("\n")
            space.idf_ = arrays[f"{view}.idf"]
        return self


def _vectors(texts) -> np.ndarray:
    """Sentence vectors, shape (n, 384), as precise as the repository's tracked file."""
    if settings.data_dir() == settings.ROOT / "data":
        return embed.vectors(texts)
    # A researcher's own corpus may be tracked with another model than the coders learnt from.
    return embed.embed(texts).astype(np.float16).astype(np.float32)


class _Seen(NamedTuple):
    """Texts read once, with the side that each names first called Russian."""

    reading: np.ndarray
    vectors: np.ndarray
    exchanged: np.ndarray  # bool: where that is the Ukrainian side

    def rows(self, rows) -> "_Seen":
        return _Seen(*(part[rows] for part in self))


def _seen(texts) -> _Seen:
    """Claims, with their vectors by the larger encoder, shape (n, 768)."""
    one, other = (np.array(reading, dtype=object) for reading in _readings(texts))
    exchanged = _ukrainian_first(one, other)
    reading = np.where(exchanged, other, one)
    kept = _kept_vectors()
    missing = [text for text in dict.fromkeys(reading) if embed._text_key(text) not in kept]
    if missing:
        computed = encoder.vectors(missing).astype(np.float16)
        kept = kept | {embed._text_key(t): v for t, v in zip(missing, computed, strict=True)}
    vectors = np.stack([kept[embed._text_key(text)] for text in reading])
    return _Seen(reading, vectors.astype(np.float32), exchanged)


def _seen_once(twice) -> _Seen:
    """Articles, from what `_seen_leads` gives."""
    (one, vectors), (other, other_vectors) = twice
    exchanged = _ukrainian_first(one, other)
    return _Seen(
        np.where(exchanged, other, one),
        np.where(exchanged[:, None], other_vectors, vectors),
        exchanged,
    )


def _ukrainian_first(one, other) -> np.ndarray:
    """Whether the side named first is the Ukrainian one: where the two readings part."""
    return np.array(
        [
            next((a == "U" for a, b in zip(*pair, strict=False) if a != b), False)
            for pair in zip(one, other, strict=True)
        ]
    )


@cache
def _kept_vectors() -> dict[bytes, np.ndarray]:
    """The tracked vectors of the coded claims by key; to embed them takes minutes."""
    if not _KEPT.exists():
        return {}
    rows = np.load(_KEPT, allow_pickle=False)
    return dict(zip(map(bytes, rows["text"]), rows["vector"], strict=True))


def keep_vectors() -> None:
    """Write the vectors of exactly the repository's coded claims, for `train` to start from.

    The same vectors give the same bytes. Those that are not kept yet are embedded.
    """
    seen = _seen(corpus.load(settings.ROOT / "data").claims["text"])
    found = {embed._text_key(t): v for t, v in zip(seen.reading, seen.vectors, strict=True)}
    rows = np.empty(len(found), dtype=[("text", "V16"), ("vector", "<f2", seen.vectors.shape[1:])])
    rows["text"] = [np.void(key) for key in sorted(found)]
    rows["vector"] = [found[key] for key in sorted(found)]
    np.save(_KEPT, rows, allow_pickle=False)
    _kept_vectors.cache_clear()


def _seen_leads(texts) -> list[tuple[np.ndarray, np.ndarray]]:
    """Both readings of articles, each with the means of its sentences' vectors."""
    readings = _readings([text[:LEAD] for text in texts])
    return [(np.array(reading, dtype=object), _means(reading)) for reading in readings]


def _means(texts) -> np.ndarray:
    """Directions of the means of each text's sentence vectors, shape (n, 384)."""
    sentences = [[s for s in _STOP.split(text) if re.search(r"\w", s)] for text in texts]
    ends = np.cumsum([0, *map(len, sentences)])
    sums = np.add.reduceat(_vectors([s for own in sentences for s in own]), ends[:-1])
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


# Models

_MEANING = {"portrayal": 0.58, "stance": 0.58, "frame": 0.8, "voice": 0.8}
# Share of the sentence vectors' kernel beside that of words and letters.

_WRITTEN, _BESIDE = 3.0, 0.2
# Weight of a written text, where a whole article has 1; that of all texts on other matters, where
# all texts on this have 1.

_SHARPER = 1.5
# The short written texts make the scores of whole articles too timid by this much.


class _Regression(_Kept):
    """Logistic regression."""

    def __init__(self, inverse_penalty=100):
        self.inverse_penalty = inverse_penalty

    def fit(self, x, y, weight):
        fitted = LogisticRegression(C=self.inverse_penalty, max_iter=2000, tol=1e-3)
        fitted.fit(x, y, weight)
        self.coef, self.intercept = fitted.coef_.astype(np.float32), fitted.intercept_
        return self

    def score(self, x) -> np.ndarray:
        return x @ self.coef.T + self.intercept


class _Direction(_Kept):
    """Side left, times joined or only left, times about this at all."""

    classes = DIRECTIONS

    def __init__(self):
        self.side_words = _Words(words=(1, 3), roles=(1, 3), abstract=(1, 4))
        self.exit_words = _Words(roles=(1, 1), abstract=(1, 2))
        self.side, self.exit, self.about = _Regression(), _Regression(), _Regression(3)

    def fit(self, articles: pd.DataFrame, claims: dict[str, list[str]], written: pd.DataFrame):
        """Learn from coded articles, their claims by article, and texts written beside them."""
        rng = np.random.default_rng(settings.SEED)
        gists, d = list(articles["gist"]), np.asarray(articles["direction"].astype(str))
        own = [claims[key] for key in articles.index]
        # Short inputs must work too, so summaries and parts count by half beside the whole.
        texts = [" ".join([g, *c]) for g, c in zip(gists, own, strict=True)] + gists
        texts += [" ".join(rng.permutation([g, *c])[:3]) for g, c in zip(gists, own, strict=True)]
        label, weight = [*d, *d, *d], [1.0] * len(d) + [0.5] * 2 * len(d)
        # Few articles are `both`: two of opposite sides told together make more.
        for k in range(150):
            i = rng.choice([i for i, v in enumerate(d) if v.startswith("ru")])
            j = rng.choice(
                [
                    j
                    for j, v in enumerate(d)
                    if v.startswith("ua") and v.endswith("exit") == d[i].endswith("exit")
                ]
            )
            texts.append(" ".join([gists[i], gists[j], *(own[i][:2] + own[j][:2]) * (k % 2)]))
            label.append("both")
            weight.append(1.0)
        beside = written["label"] == "not_about"
        texts += list(written["text"][~beside])
        label = np.array(label + list(written["label"][~beside]))
        weight = np.array(weight + [_WRITTEN] * (len(texts) - len(weight)))

        one, other = _readings(texts)
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
        beside = list(written["text"][beside])
        n = [len(texts), len(beside)]
        self.about.fit(
            self._about_features(texts + beside, _means(texts + beside)),
            np.repeat([1, 0], n),
            np.r_[weight, np.full(n[1], _BESIDE * weight.sum() / n[1])],
        )
        return self

    def _about_features(self, texts, means):
        leaving = [_classes()[k] for k in ("vcross", "vsurr", "vexit", "vtreason")]
        counts = np.array([[len(p.findall(t)) for p in leaving] for t in texts])
        return np.c_[means, np.minimum(counts, 3) / 6, 0.5 * (counts.sum(1) > 0)]

    def proba(self, seen) -> np.ndarray:
        """Probability of each of `DIRECTIONS`, shape (n, 6), of what `_seen_leads` gives."""
        one, other = (reading for reading, _ in seen)
        score = [self.side.score(self.side_words.transform(t)) for t in (one, other)]
        side = softmax(_SHARPER * (score[0] + score[1][:, [1, 0, 2]]) / 2, axis=1)
        left = [self.exit.score(self.exit_words.transform(t)) for t in (one, other)]
        left = expit(_SHARPER * np.c_[*left])
        about = [self.about.score(self._about_features(*own))[:, 0] for own in seen]
        about = expit((about[0] + about[1]) / 2)
        named = [bool(re.search("Russian|Ukrainian", t)) for t in one]
        # A text that names neither side may be about any war: at best it is left open.
        about = np.where(named, about, np.minimum(about, 0.45))
        p = np.c_[side[:, :2] * (1 - left), side[:, :2] * left, side[:, 2]]
        return np.c_[p * about[:, None], 1 - about]

    def known(self, texts) -> np.ndarray:
        """Share of the words of each text that the training texts had, shape (n,)."""
        space = self.side_words.spaces["words"]
        words = [re.findall(r"\w+", text[:LEAD].lower()) for text in texts]
        return np.array([np.mean([w in space.vocabulary_ for w in own]) for own in words])


class _Kernel(_Kept):
    """Kernel ridge regression on class indicators, with calibrated probabilities.

    The kernel is a Gaussian one on sentence vectors and a linear one on words and letters. Classes
    differ tenfold in size, so each weighs as its frequency ** -0.45. Scores s become probabilities
    as softmax(b1 * s + b2 * log s), b1 and b2 fitted to scores of events left out.
    """

    ridge = 0.6

    def __init__(self, meaning: float):
        self.meaning = meaning
        self.words = _Words(words=(1, 2), letters=(3, 5))

    def fit(self, seen: _Seen, labels, events):
        """Learn from texts, their labels (n) and events (n)."""
        self.classes, y = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
        y = np.where(seen.exchanged, np.array(_exchanged(self.classes))[y], y)
        self.mean = seen.vectors.mean(0)
        self.points = self._on_sphere(seen.vectors)
        words = self.words.fit(seen.reading).transform(seen.reading)
        kernel = self._gauss(self.points) + (1 - self.meaning) / 2 * (words @ words.T).toarray()

        out = np.zeros((len(y), len(self.classes)))
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=settings.SEED)
        for train, test in folds.split(y, y, events):
            weights, share = self._solve(kernel[np.ix_(train, train)], y[train])
            out[test] = kernel[np.ix_(test, train)] @ weights + share

        def loss(beta):
            p = self._calibrated(out, beta)
            return -np.log(p[np.arange(len(y)), y] + 1e-12).mean()

        self.beta = minimize(loss, [5.0, 0.5], method="Nelder-Mead").x
        self.weights, self.share = self._solve(kernel, y)
        self.word_weights = ((1 - self.meaning) / 2 * (words.T @ self.weights)).astype(np.float32)
        return self

    def proba(self, seen: _Seen) -> np.ndarray:
        """Probability of each of `classes`, shape (n, classes), of n texts."""
        p = self._calibrated(
            self._gauss(self._on_sphere(seen.vectors)) @ self.weights
            + self.words.transform(seen.reading) @ self.word_weights
            + self.share
        )
        return np.where(seen.exchanged[:, None], p[:, _exchanged(self.classes)], p)

    def _on_sphere(self, vectors):
        centred = vectors - self.mean
        return (centred / np.linalg.norm(centred, axis=1, keepdims=True)).astype(np.float32)

    def _gauss(self, points):
        return self.meaning * np.exp(points @ self.points.T - 1)

    def _solve(self, kernel, y):
        codes = np.eye(len(self.classes), dtype=np.float32)[y]
        weight = np.maximum(codes.mean(0), 1e-3)[y] ** -0.45
        weight /= weight.mean()
        share = weight @ codes / weight.sum()
        noise = np.diag(self.ridge / weight).astype(np.float32)
        return cho_solve(cho_factor(kernel + noise), codes - share), share

    def _calibrated(self, score, beta=None):
        beta = self.beta if beta is None else beta
        return softmax(beta[0] * score + beta[1] * np.log(np.maximum(score, 0.01)), axis=1)


# Training


def _written() -> pd.DataFrame:
    with (files(__package__) / "coding_data/written.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str)


def _sentences(claims: pd.DataFrame) -> dict[str, list[str]]:
    return claims.groupby("article_id", sort=True)["text"].agg(list).to_dict()


@lru_cache(maxsize=1)
def train() -> dict[str, "_Direction | _Kernel"]:
    """Fit the coders to the repository's coded corpus, or load them if that was done before.

    Takes about a minute. The fitted arrays are kept in the cache folder under a name that depends
    on the training data and on this code; the file is safe to delete.

    Returns
    -------
    dict
        Coders by code: `ARTICLE_CODES`, then `CLAIM_CODES`.

    Warns
    -----
    UserWarning
        If the stored arrays are damaged; the coders are fitted again.
    """
    models = {"direction": _Direction()}
    models |= {code: _Kernel(_MEANING[code]) for code in (*ARTICLE_CODES[1:], *CLAIM_CODES)}
    path = settings.cache_dir() / f"coding-{_version()}.npz"
    if path.exists():
        try:
            with np.load(path, allow_pickle=False) as stored:
                held = dict(stored)
            for name, model in models.items():
                own = {k.partition("/")[2]: v for k, v in held.items() if k.startswith(f"{name}/")}
                model.restore(own)
            return models
        except (ValueError, OSError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            warnings.warn(
                f"the fitted coders in {path} are damaged ({error}): they are fitted again",
                stacklevel=2,
            )
    loaded = corpus.load(settings.ROOT / "data")
    articles, claims = loaded.articles, loaded.claim_table()
    models["direction"].fit(articles, _sentences(loaded.claims), _written())
    leads = _seen_once(_seen_leads(corpus.article_texts(loaded)))
    for table, codes, seen in (
        (articles, ARTICLE_CODES[1:], leads),
        (claims, CLAIM_CODES, _seen(claims["text"])),
    ):
        for code in codes:
            models[code].fit(seen, table[code], table["event"])
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    arrays = {f"{n}/{k}": v for n, m in models.items() for k, v in m.arrays().items()}
    with temporary.open("wb") as file:
        np.savez(file, **arrays)
    os.replace(temporary, path)
    for other in path.parent.glob("coding-*.npz"):
        if other != path:  # of earlier data or code
            other.unlink(missing_ok=True)
    return models


def _version() -> str:
    here, data = Path(__file__).parent, settings.ROOT / "data"
    read = [here / name for name in ("coding.py", "encoder.py", "mask.py", "sides.csv")]
    read += sorted((here / "coding_data").glob("*.csv"))
    read += [data / name for name in ("articles.csv", "claims.csv", "embeddings.json")]
    digest = hashlib.sha256(f"{np.__version__} {sklearn.__version__}".encode())
    for path in read:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
