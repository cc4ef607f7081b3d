"""What coding error does to the findings, as far as two passes of coding can tell.

The confusion of the two passes is the joint distribution of their codes of the same units, taken
for symmetric (which pass was first does not matter) and smoothed. From it follow

* recoding: every code is drawn again, as another such pass would have given it;
* correction: shares are multiplied by the inverse of one pass's misclassification (the matrix
  method; for shares it is what MC-SIMEX extrapolates to, Küchenhoff, Mwalili & Lesaffre 2006).

One pass errs by half of what divides the two: its misclassification is the square root of the step
from one pass's code to the other's. That holds if both err alike, independently of each other and
of who tells what (the same in all directions and camps), and if errors leave the overall shares as
they are. Mistakes that both passes share do not show.

Whether coarser frames would be coded better, and the findings hold for them, `by_level` says.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
import scipy.stats

from .. import stats
from ..corpus import Corpus
from ..domain import CELLS, TOWARD
from ..settings import SEED
from . import estimands, reliability
from .estimands import CONTRASTS, RECODED, Contrast, Estimand, estimates, name

# Smoothing: units added to each code of the confusion, spread evenly over the other pass's.
PRIOR = 0.5

# Eigenvalues of a confusion are taken for at least this, lest its inverse be all noise.
SMALLEST = 0.1

# Powers of the step from pass to pass by which shares are multiplied.
POWERS = {"as coded": 0.0, "corrected": -0.5, "corrected, all error in one pass": -1.0}

# Panels of figures, and how their values are written.
UNITS = {"differences of shares": "points", "index": "plain"}
LEVELS = {"as_coded": "as coded", "entman": "after Entman"}  # levels of frames, in words

ENTMAN = {
    "collapse": ("problem", "what the departure shows of the state of an army"),
    "consequence": ("problem", "what it does to the war"),
    "cost": ("problem", "who is harmed by it"),
    "reprisal": ("problem", "what threatens those who leave"),
    "coercion": ("cause", "why they left: forced to serve"),
    "mistreatment": ("cause", "why they left: abused by commanders"),
    "survival": ("cause", "why they left: to live"),
    "identity": ("cause", "why they left: belonging elsewhere"),
    "reward": ("cause", "why they left: offers"),
    "treason": ("judgement", "the act judged"),
    "conscience": ("judgement", "the war judged"),
    "regime": ("judgement", "the government judged"),
    "appeal": ("remedy", "what others should do"),
    "policy": ("remedy", "what states do about it"),
    "integration": ("remedy", "what becomes of it"),
    "operation": ("rest", "how it was done: no frame in Entman's sense"),
    "credibility": ("rest", "whether the story is true"),
    "other": ("rest", "none of these"),
}
"""Proposal: the function of each frame in Entman's (1993) sense, with the reason; operation,
credibility and other have none. Entman, Framing: toward clarification of a fractured paradigm,
Journal of Communication 43(4)."""


@dataclass(frozen=True)
class Pairs:
    """Units coded twice: codes of either pass, as positions in `names`, and what is resampled."""

    first: np.ndarray
    second: np.ndarray
    cluster: np.ndarray
    names: pd.Index


def pairs(corpus: Corpus, column: str) -> Pairs:
    """Units coded twice: frames of claims (articles are resampled) or portrayals (events)."""
    if column == "frame":
        both, known = reliability.claims_side_by_side(corpus), corpus.claims["frame"]
        first, second, cluster = both["frame_1"], both["frame_2"], both["article_id"]
    else:
        own, known = corpus.articles.loc[corpus.second_articles.index], corpus.articles[column]
        first, second = (t[column].astype(str) for t in (own, corpus.second_articles))
        cluster = own["event"]
    named = {e.code for e in RECODED.values() if e.is_share and e.of().column == column}
    names = pd.Index(sorted({*named, *known.dropna().astype(str), *first, *second}))
    codes = (names.get_indexer(x) for x in (first, second))
    return Pairs(*codes, pd.factorize(cluster, sort=True)[0], names)


def joint(twice: Pairs, rng: np.random.Generator | None = None) -> np.ndarray:
    """Joint distribution of the two passes' codes, symmetric, shape (K, K).

    With `rng`, a draw of it that carries its uncertainty: clusters get exponential weights (the
    Bayesian bootstrap, Rubin 1981) and the smoothing gamma ones.
    """
    k = len(twice.names)
    each, prior = np.ones(len(twice.first)), np.full((k, k), PRIOR / k)
    if rng is not None:
        each = rng.exponential(size=twice.cluster.max(initial=-1) + 1)[twice.cluster]
        prior = rng.gamma(prior)
    counts = np.bincount(twice.first * k + twice.second, each, k * k).reshape(k, k) + prior
    # Codes of which a draw says next to nothing stay what they are.
    counts = counts + counts.T + 1e-6 * np.eye(k)
    return counts / counts.sum()


def steps(joint: np.ndarray, *powers: float) -> list[np.ndarray]:
    """Powers of the step from one pass's code to the other's; rows sum to 1, each (K, K).

    1 is the step itself (probabilities of the other pass's code given this pass's; where no
    eigenvalue is under `SMALLEST`), 1/2 one pass's misclassification, negative powers the inverses.
    """
    root = np.sqrt(joint.sum(1))
    values, vectors = np.linalg.eigh(joint / np.outer(root, root))
    values = np.maximum(values, SMALLEST)
    return [(vectors * values**power) @ vectors.T * root / root[:, None] for power in powers]


class _Claims:
    """Single codes in the cells of a contrast, to be drawn again and again."""

    def __init__(self, table: pd.DataFrame, contrast: Contrast, names: pd.Index):
        groups = pd.Index(list(contrast.weights))
        table = stats.decided(table, contrast.column)
        keys = [table[c].astype(object) for c in contrast.by]
        at = groups.get_indexer(pd.MultiIndex.from_arrays(keys) if len(keys) > 1 else keys[0])
        table, at = table[at >= 0], at[at >= 0]
        event, events = pd.factorize(table["cluster"], sort=True)
        article = table["article_id"]
        each = article.groupby([event, at]).transform("nunique")
        self._weight = (1 / (each * article.groupby(article).transform("size"))).to_numpy()
        self._shape = (len(events), len(groups), len(names))
        self._key = (event * len(groups) + at) * len(names)
        self.code = names.get_indexer(table[contrast.column].astype(str))
        self.mass = (self.sums(self.code).sum(2) > 0).astype(float)
        self.n_articles = article.nunique()

    def sums(self, code: np.ndarray) -> np.ndarray:
        """What each event adds to the shares of each cell, shape (events, G, K)."""
        size = int(np.prod(self._shape))
        return np.bincount(self._key + code, self._weight, size).reshape(self._shape)

    def shares(self, sums: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Event-weighted shares (G, K), with each event counted so many times."""
        return np.tensordot(times, sums, 1) / (times @ self.mass)[:, None]

    def recoded(self, step: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Codes as another pass might give them."""
        chances = step.cumsum(1)[self.code]
        drawn = (rng.random((len(chances), 1)) > chances).sum(1)
        return np.minimum(drawn, self._shape[2] - 1)


def headlines(
    articles: pd.DataFrame, claims: pd.DataFrame, frames: Pairs, portrayals: Pairs, draws=1000
) -> pd.DataFrame:
    """Headline estimates as coded, recoded, and corrected by the confusion of the two passes.

    `articles` and `claims` as the corpus gives them. Each of the draws resamples events and the
    units coded twice (`frames`, `portrayals`: one or more each); recoding draws new codes too.

    Returns
    -------
    pd.DataFrame
        Index: `version` (of `POWERS`, and `recoded`: the mean over recodings), `estimate` (of
        `RECODED`). Columns `value`, `low`, `high` (t times the standard deviation over draws, with
        the degrees of freedom of the smallest cell's events; none where it has fewer than
        `stats.MIN_EVENTS`; at most 1 from zero), `n_articles`, `n_events`. NaN where the corpus
        lacks a cell. Without treason the other frames' shares are rescaled to sum to 1 in each
        cell, which is not quite what leaving out its claims article by article gives.
    """
    rng, rows = np.random.default_rng(SEED), {}
    columns = ["value", "low", "high", "n_articles", "n_events"]
    # Estimates of the same cells share their draws.
    for _, same in groupby(RECODED.values(), lambda e: (e.of().column, list(e.of().weights))):
        same = list(same)
        contrast = same[0].of()
        twice, table = (frames, claims) if contrast.column == "frame" else (portrayals, articles)
        coded = _Claims(table, contrast, twice.names)
        values, drawn = _versions(coded, twice, draws, rng)
        events = coded.mass.sum(0)
        few = events.min() < stats.MIN_EVENTS
        t = np.nan if few else scipy.stats.t.isf(0.025, events.min() - 1)
        for e in same:
            for version in drawn:
                # Recodings add noise, which an index of their mean shares would not have.
                value = np.mean(_of_shares(e, values[version], twice.names))
                spread = _of_shares(e, drawn[version], twice.names)
                reach = np.nan if np.isnan(value) else t * np.nanstd(spread, ddof=1)
                bias = 0.0
                if not e.is_share:  # as `stats.index_interval`
                    enough = scipy.stats.hmean(events) >= stats.MIN_EVENTS_INDEX
                    bias = value - np.nanmean(spread) if enough else np.nan
                ends = [value - reach + np.minimum(bias, 0), value + reach + np.maximum(bias, 0)]
                numbers = [value, *np.clip(ends, -1, 1), coded.n_articles, len(coded.mass)]
                rows[version, e.name] = dict(zip(columns, numbers, strict=True))
    table = pd.DataFrame.from_dict(rows, "index").rename_axis(["version", "estimate"])
    return table.loc[[(v, e) for v in ("recoded", *POWERS) for e in RECODED]]


def _of_shares(e: Estimand, shares: np.ndarray, names: pd.Index) -> np.ndarray:
    """An estimand of shares (..., G, K), cells in the order of its contrast's weights."""
    if e.is_share:
        return shares[..., names.get_loc(e.code)] @ np.array(list(e.of().weights.values()))
    kept = shares[..., names != e.without]
    t1, a1, t2, a2 = np.moveaxis(kept / kept.sum(-1, keepdims=True), -2, 0)
    return stats.mirror_index(t1 - a1, t2 - a2)


def _versions(coded: _Claims, twice: Pairs, draws, rng):
    """Shares of each version: of the corpus itself, and of draws of it and of the confusion."""
    versions = [*POWERS, "recoded"]
    if not coded.mass.any(0).all():
        nothing = np.full((draws, coded.mass.shape[1], len(twice.names)), np.nan)
        return dict.fromkeys(versions, nothing), dict.fromkeys(versions, nothing)
    once, sums = np.ones(len(coded.mass)), coded.sums(coded.code)
    plain = coded.shares(sums, once)
    powers = steps(joint(twice), *POWERS.values())
    values = {v: plain @ power for v, power in zip(POWERS, powers, strict=True)}
    drawn: dict[str, list] = {version: [] for version in versions}
    recoded = []
    for _ in range(draws):
        *powers, step = steps(joint(twice, rng), *POWERS.values(), 1.0)
        times = rng.multinomial(len(once), once / len(once)).astype(float)
        with np.errstate(invalid="ignore"):  # a draw may leave a cell empty
            shares = coded.shares(sums, times)
            for version, power in zip(POWERS, powers, strict=True):
                drawn[version].append(shares @ power)
            again = coded.sums(coded.recoded(step, rng))
            drawn["recoded"].append(coded.shares(again, times))
        recoded.append(coded.shares(again, once))
    values["recoded"] = np.stack(recoded)
    return values, {version: np.stack(part) for version, part in drawn.items()}


@estimates
def corrected(table: pd.DataFrame) -> pd.DataFrame:
    """The recoded and the corrected estimates of `headlines`, by name."""
    own = table.loc[["recoded", "corrected"]]
    return own.set_axis([name(e, version) for version, e in own.index])


def panels(table: pd.DataFrame) -> pd.DataFrame:
    """Estimates of `RECODED` as figures draw them: in words, with a level `panel` (of `UNITS`)."""
    shares, index = UNITS
    names = table.index.get_level_values("estimate")
    panel = pd.Index([shares if RECODED[e].is_share else index for e in names], name="panel")
    out = table[["value", "low", "high"]].set_index(panel, append=True)
    out = out.sort_index(level="panel", sort_remaining=False)
    return out.rename(index={n: e.label for n, e in RECODED.items()}, level="estimate")


@estimates
def tipping(articles: pd.DataFrame) -> pd.DataFrame:
    """Share of wrong codes at which each camp's traitor contrast would no longer exclude zero.

    Only codes of those who leave the teller's side are taken to be wrong, and the interval to stay
    as wide as it is. 0 where the interval holds zero now, NaN where there is none.
    """
    out, s = {}, stats.shares(articles, "portrayal", ["camp", "direction"])
    for camp, away in CELLS[1::2]:
        c = CONTRASTS[f"portrayal_away_{camp}"]
        low = stats.contrast(s, c.weights).reindex(["traitor"])["low"].iloc[0]
        share = stats.prevalence(s).reindex([(camp, away, "traitor")])["value"].iloc[0]
        out[name(c.name, "traitor", "tipping")] = max(low, 0.0) / share if low == low else np.nan
    return pd.DataFrame({"value": out})


@estimates
def coded_twice(corpus: Corpus) -> pd.DataFrame:
    """How many articles were coded twice, and how many frames are told apart badly."""
    counts = {
        name("coded_twice", "articles"): len(corpus.second_articles),
        name("coded_twice", "doubtful_frames"): len(reliability.doubtful(corpus)),
    }
    return pd.DataFrame({"value": counts}, dtype=float)


def by_level(claims: pd.DataFrame, twice: Pairs) -> pd.DataFrame:
    """Agreement, and headline estimates that rest on frames, as coded and after Entman.

    `claims` as the corpus gives them, `twice` are the `pairs` of their frames.

    Returns
    -------
    pd.DataFrame
        Index: `level` (of `LEVELS`), `estimate`: `alpha`, and names of estimands, those of treason
        and collapse of the class that holds them. Columns `value`, `low`, `high`, `n_articles`,
        `n_events`, `class` (what the estimate is of).
    """
    rows, functions = {}, {frame: function for frame, (function, _) in ENTMAN.items()}
    for level in LEVELS:
        # What Entman does not name is the rest.
        classes = {c: functions.get(c, "rest") if level == "entman" else c for c in twice.names}
        both = [pd.Series(twice.names[x]).map(classes) for x in (twice.first, twice.second)]
        alpha = stats.alpha(*both, pd.Series(twice.cluster)).rename({"alpha": "value"})
        rows[level, "alpha"] = {**alpha, "n_articles": len(set(twice.cluster))}
        coded = claims.assign(frame=claims["frame"].astype(object).map(classes))
        mirror = stats.mirror(coded, TOWARD, draws=500)
        rows[level, estimands.MIRROR_INDEX.name] = dict(mirror.index)
        pooled = stats.shares(coded, "frame", ["direction"])
        exits, treason = (estimands.COLLAPSE_UA, estimands.COLLAPSE_RU), estimands.TREASON_AWAY
        found = {e: stats.contrast(pooled, e.of().weights) for e in exits}
        found[treason] = treason.of().estimate(coded, coded, 500)
        for e, t in found.items():
            rows[level, e.name] = {**t.reindex([classes[e.code]]).iloc[0], "class": classes[e.code]}
    table = pd.DataFrame.from_dict(rows, "index").rename_axis(["level", "estimate"])
    return table[["value", "low", "high", "n_articles", "n_events", "class"]]


@estimates
def level_estimates(table: pd.DataFrame) -> pd.DataFrame:
    """The estimates of `by_level` by name."""
    return table.set_axis([name("level", at) for at in table.index])
