"""Direction in any language: linear coders on what the multilingual encoder reads.

A text is its sentences' means (`directions.Reader`), which sides it names, and words of leaving
(`words.csv`). Linear coders tell from these whether anyone leaves a side of this war at all, then
which side, then whether they join the other: by half logistic regressions on the ninth layer, by
half what is learnt together with the updates of the last three, on the last.

They learn from the coded corpus, once as it is and once with the sides exchanged; from the texts
beside it (`coders.others`); and from sentences in four languages made of `templates.csv` and the
inflected names of `forms.csv`, in which either side leaves and either side tells of it. What is
learnt, 0.3 million numbers, is kept beside this module: using it needs no training.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from .. import corpus, settings
from . import directions, lowrank, multilingual, readings
from .multilingual import SIZE
from .words import table

_HERE = Path(__file__).parent
_KEPT = _HERE / "coding_data/heads.npz"

_PENALTY = 0.003
# Inverse, on features of variance 1.

_LEAVING = ("cross", "surrender", "exit", "treason", "other")
# Classes of words that are counted; the last are those of other news.

_HOME = 2.5
# Log odds that a text that names no side is about that of its outlet's country.

_WEIGHTS = {"corpus": 1.0, "part": 0.5, "written": 2.0, "negatives": 1.5, "made": 0.4}
# Of a text, by whence it comes.


def features(texts: list[list[str]], reader: directions.Reader) -> np.ndarray:
    """Features of n texts, each a list of sentences; float32, shape (n, 2317).

    In their order: means of the ninth layer (over all words, names of the Russian side, names of
    the Ukrainian), whether each side is named, counts of words of leaving, means of the last layer.
    """
    states, named = reader.read([sentence for own in texts for sentence in own])
    ends = np.cumsum([0, *map(len, texts)])
    means = np.zeros((len(texts), *states.shape[1:]), np.float32)
    sides = np.zeros((len(texts), 2), bool)
    for i, (a, b) in enumerate(zip(ends[:-1], ends[1:], strict=True)):
        weight = np.c_[np.ones(b - a), named[a:b]]
        sums = np.einsum("sk,slkh->lkh", weight, states[a:b])
        means[i], sides[i] = sums / np.maximum(weight.sum(0), 1)[:, None], named[a:b].any(0)
    last = directions.standardised(means[:, 1])
    rows = len(texts), -1
    return np.c_[means[:, 0].reshape(rows), _given(texts, sides), last.reshape(rows)]


def _given(texts: list[list[str]], named: np.ndarray) -> np.ndarray:
    """Which sides are named, and counts of words of leaving; float32, shape (n, 13)."""
    leaving = [multilingual.lexicon()[name] for name in _LEAVING]
    joined = [" ".join(own) for own in texts]
    counts = np.array([[len(p.findall(text)) for p in leaving] for text in joined], float)
    length = np.array([[len(text) / 300 + 0.3] for text in joined])
    words = np.c_[np.minimum(counts, 3) / 1.5, counts[:, :4].any(1), counts / length / 3]
    return np.c_[named, words].astype(np.float32)


def homes(texts: list[str], countries: list[str]) -> np.ndarray:
    """Side that is at home in each text: 0 Russian, 1 Ukrainian, 2 neither or both.

    It is the only one whose bodies or towns the text names, or else that of the outlet's country
    (`RU`, `UA`, any other): an outlet tells of the other side, too.
    """
    towns = [multilingual.lexicon()[name] for name in ("ru_home", "ua_home")]
    out = []
    for text, country in zip(texts, countries, strict=True):
        ru, ua = (bool(pattern.search(text)) for pattern in towns)
        out.append({"RU": 0, "UA": 1}.get(country, 2) if ru == ua else int(ua))
    return np.array(out)


def split(text: str) -> list[str]:
    """Sentences of a text."""
    return [s for s in readings.STOP.split(text) if re.search(r"\w", s)]


def scores(
    weights: dict[str, np.ndarray], x: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log odds of being about this, of an exit, and between them scores of the sides.

    Their shapes are (n,), (n, 3), the last being both, and (n, 1).
    """
    about, side, only_left = (
        x @ weights[k][:, 1:].T + weights[k][:, 0] for k in ("about", "side", "exit")
    )
    return about[:, 0], side, only_left


def direction(x, about, side, only_left, at_home) -> np.ndarray:
    """Probabilities of `coders.DIRECTIONS`, shape (n, 6), from features and what `scores` gives.

    `at_home` (see `homes`) is asked only where a text names no side; `only_left` has a column, or
    one for each of the two sides.
    """
    silent = ~x[:, 1152:1154].any(1)
    side = np.where(silent[:, None], 0, side)  # neither side leaves traces
    for home in (0, 1):
        side[silent & (at_home == home), home] = _HOME
    about = expit(about)
    # A text that names neither side may be about any war: at best it is left open.
    about = np.where(silent & (at_home == 2), np.minimum(about, 0.45), about)
    side, only_left = softmax(side, axis=1), expit(only_left)
    p = np.c_[side[:, :2] * (1 - only_left), side[:, :2] * only_left, side[:, 2]]
    return np.c_[p * about[:, None], 1 - about]


def sentences(claims: pd.DataFrame) -> dict[str, list[str]]:
    """Claims by article, in their order."""
    return claims.groupby("article_id", sort=True)["text"].agg(list).to_dict()


def training(articles: pd.DataFrame, claims: dict[str, list[str]], others: pd.DataFrame):
    """Texts as lists of sentences, and their `label`, `weight`, `source`, `group` (an event)."""
    rng = np.random.default_rng(settings.SEED)
    texts, rows = [], []

    def add(sentences, label, source, group):
        texts.append(sentences)
        rows.append((label, _WEIGHTS[source], source, group))

    own = [[gist, *claims[key]] for key, gist in articles["gist"].items()]
    own += [split(text) for text in others["text"]]
    label = [*articles["direction"].astype(str), *others["label"]]
    group = [*articles["event"].astype(str), *(f"text {i}" for i in others.index)]
    source = ["corpus"] * len(articles) + list(others["source"])
    english = [True] * len(articles) + list(others["lang"] == "en")
    distinct = list(dict.fromkeys(s for part in own for s in part))
    turned = dict(zip(distinct, readings.both(distinct)[1], strict=True))
    turned = [[turned[s] for s in part] for part in own]
    for i, part in enumerate(own):
        add(part, label[i], source[i], group[i])
        if english[i]:
            add(turned[i], exchanged(label[i]), source[i], group[i])
        if source[i] == "corpus":
            k = rng.permutation(len(part))[:2]
            if rng.random() < 0.5:
                add([part[j] for j in k], label[i], "part", group[i])
            else:
                add([turned[i][j] for j in k], exchanged(label[i]), "part", group[i])
    # Few articles are `both`: two of opposite sides told together make more.
    at = {d: [i for i in range(len(articles)) if label[i] == d] for d in set(label)}
    for k in range(200):
        kind = rng.choice(["ru_to_ua ua_to_ru", "ru_exit ua_exit"])
        i, j = (rng.choice(at[d]) for d in kind.split())
        held = (turned if k % 2 else own)[i][:3] + (turned if k % 2 else own)[j][:3]
        add(held, "both", "corpus", f"made {k}")
    for k, (text, direction) in enumerate(made()):
        add(split(text), direction, "made", f"made {k}")
    return texts, pd.DataFrame(rows, columns=["label", "weight", "source", "group"])


def exchanged(direction: str) -> str:
    """The direction with the sides exchanged."""
    other = {"ru_to_ua": "ua_to_ru", "ua_to_ru": "ru_to_ua"}
    other |= {"ru_exit": "ua_exit", "ua_exit": "ru_exit"}
    return other.get(direction, direction)


def made() -> list[tuple[str, str]]:
    """Texts made of the templates, each side leaving and each telling, with their directions."""
    templates, forms = (table(f"own/coding_data/{name}.csv") for name in ("templates", "forms"))
    spelled = {(f["lang"], f["form"]): f for f in forms}

    def fill(template, **sides):
        def form(match):
            return spelled[template["lang"], match[2]][sides[match[1]]]

        return re.sub(r"\{([abc])_(\w+)\}", form, template["text"])

    out = []
    for template in templates:
        if (kind := template["kind"]) == "teller":
            continue
        for a, b in (("ru", "ua"), ("ua", "ru")):
            text = fill(template, a=a, b=b)
            label = {"crossing": f"{a}_to_{b}", "exit": f"{a}_exit"}.get(kind, kind)
            for teller in templates:
                if teller["kind"] == "teller" and teller["lang"] == template["lang"]:
                    for c in ("ru", "ua") if "{c_" in teller["text"] else ("ru",):
                        whole = fill(teller, c=c).replace("{text}", text)
                        whole = re.sub(r"(^|[.!?:] )(\w)", lambda m: m[1] + m[2].upper(), whole)
                        out.append((whole, label))
    return out


def fit(
    texts: list[list[str]], rows: pd.DataFrame, below: dict[str, tuple]
) -> tuple[directions.Reader, dict[str, np.ndarray]]:
    """Learn from n texts what `kept` gives.

    `rows` is what `training` says of them, `below` what `directions.below` gives of their
    sentences.
    """
    means, counts = (part.numpy() for part in directions.text_means([], texts, below))
    given = _given(texts, counts[:, 1:] > 0)
    x = np.c_[means.reshape(len(texts), -1), given]
    updates, maps = directions.learn(texts, given, rows, below)
    weights = {}
    for name, (of, y, w) in directions.tasks(rows).items():
        own = _regression(name, x[of], y[of], w[of])
        own *= _scale(name, x[of], y[of], w[of], rows[of])
        weights[name] = np.c_[own, np.zeros((len(own), 3 * SIZE))] / 2
        weights[name][:, [0, *range(3 * SIZE + 1, 2318)]] += maps[name] / 2
    return directions.Reader(updates), weights


_COLUMNS = {
    "about": [*range(384), *range(1152, 1165)],
    "side": [*range(384, 1154)],
    "exit": [*range(1165)],
}
# Features that each reads.


def _regression(name: str, x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights of all features, the intercept first; shape (1 or classes, 1 + 1165)."""
    columns = _COLUMNS[name]
    # Means and spreads of the states of a side where it is named; elsewhere the state is zero.
    there = np.ones_like(x, dtype=bool)
    there[:, 384:768], there[:, 768:1152] = x[:, 1152:1153] > 0, x[:, 1153:1154] > 0
    n = np.maximum(there.sum(0), 1)
    mean = (x * there).sum(0) / n
    spread = np.sqrt((np.square(x - mean) * there).sum(0) / n) + 1e-6
    mean[1152:], spread[1152:] = 0, 0.25
    z = ((x - mean) / spread * there)[:, columns]
    fitted = LogisticRegression(C=_PENALTY, max_iter=500).fit(z, y, weight)
    out = np.zeros((len(fitted.coef_), 1 + x.shape[1]))
    coef = np.zeros((len(fitted.coef_), x.shape[1]))
    coef[:, columns] = fitted.coef_
    coef /= spread
    # The mean of a state counts only where its side is named.
    shift = coef * mean
    out[:, 1:] = coef
    for named, part in ((1152, slice(384, 768)), (1153, slice(768, 1152))):
        out[:, 1 + named] -= shift[:, part].sum(1)
        shift[:, part] = 0
    out[:, 0] = fitted.intercept_ - shift.sum(1)
    return out


def _scale(name, x, y, weight, rows) -> float:
    """Factor of the scores by which the probabilities of a third that is left out fit best."""
    third = np.array([int(settings.digest(group), 16) % 3 == 0 for group in rows["group"]])
    weights = _regression(name, x[~third], y[~third], weight[~third])
    # As articles come: neither parts nor made sentences.
    test = third & ~rows["source"].isin(["part", "made"]).to_numpy()
    score = x[test] @ weights[:, 1:].T + weights[:, 0]
    score = np.c_[np.zeros(len(score)), score] if score.shape[1] == 1 else score

    def loss(factor):
        p = softmax(factor * score, axis=1)[np.arange(len(score)), y[test]]
        return -(weight[test] * np.log(p + 1e-9)).mean()

    return float(minimize_scalar(loss, bounds=(0.3, 3), method="bounded").x)


def version() -> str:
    """What the heads depend on, data and code, in 16 hexadecimal digits."""
    names = "heads", "directions", "lowrank", "multilingual", "readings", "words"
    texts = "words", "templates", "forms", "written", "negatives"
    read = [_HERE / f"{name}.py" for name in names]
    read += [_HERE / "coding_data" / f"{name}.csv" for name in texts]
    read += [settings.ROOT / "data" / f"{name}.csv" for name in ("articles", "claims")]
    return lowrank.version(multilingual.WEIGHTS, read)


def keep(others: pd.DataFrame) -> None:
    """Learn the heads (minutes) and write them beside this module, if data or code changed."""
    if lowrank.is_of(_KEPT, version()):
        return
    loaded = corpus.load(settings.ROOT / "data")
    texts, rows = training(loaded.articles, sentences(loaded.claims), others)
    reader, weights = fit(texts, rows, directions.below(s for own in texts for s in own))
    held = {name: own.astype(np.float32) for name, own in weights.items()} | reader.updates
    np.savez_compressed(_KEPT, version=np.array(version()), **held)
    kept.cache_clear()


@cache
def kept() -> tuple[directions.Reader, dict[str, np.ndarray]]:
    """The adapted encoder that is kept beside this module, and weights by what they tell.

    These are `about`, `side` (three rows) and `exit`, the intercept first, then of `features`.
    """
    updates, held = lowrank.load(_KEPT)
    return directions.Reader(updates), {name: held[name] for name in ("about", "side", "exit")}
