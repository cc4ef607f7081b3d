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
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from . import agreement, compare
from .compare import MIN_EVENTS
from .corpus import Corpus
from .settings import SEED

PRIOR = 0.5
"""Smoothing: units added to each code of the confusion, spread evenly over the other pass's."""

SMALLEST = 0.1
"""Eigenvalues of a confusion are taken for at least this, lest its inverse be all noise."""

POWERS = {"as coded": 0.0, "corrected": -0.5, "corrected, all error in one pass": -1.0}
"""Powers of the step from pass to pass by which shares are multiplied."""

HEADLINES = {
    "treason_away": "treason, leaving minus coming, mean of camps",
    "mirror_index": "mirror index",
    "mirror_without_treason": "mirror index without treason (others rescaled)",
    "frame_collapse_exit_from_ua": "collapse, exits minus crossings, Ukrainian side",
    "frame_collapse_exit_from_ru": "collapse, exits minus crossings, Russian side",
    "portrayal_traitor_away": "portrayed as traitor, leaving minus coming, mean of camps",
}
"""Headline estimates that rest on codes that err, by their names in `estimates.csv`."""

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
    """Units coded twice.

    Attributes
    ----------
    first, second : np.ndarray of int, length n
        Codes, as positions in `names`.
    cluster : np.ndarray of int, length n
        What is resampled.
    names : pd.Index, length K
        All codes that the corpus has.
    """

    first: np.ndarray
    second: np.ndarray
    cluster: np.ndarray
    names: pd.Index


def frame_pairs(corpus: Corpus) -> Pairs:
    """Main frames of the claims coded twice; articles are resampled."""
    both = agreement.claims_side_by_side(corpus)
    names = {"treason", "collapse", *corpus.claims["frame"].dropna().astype(str)}
    return _pairs(both["frame_1"], both["frame_2"], both["article_id"], names)


def portrayal_pairs(corpus: Corpus) -> Pairs:
    """Portrayals of the articles coded twice; events are resampled."""
    second = corpus.second_articles
    own = corpus.articles.loc[second.index]
    names = {"traitor", *corpus.articles["portrayal"].dropna().astype(str)}
    both = (own["portrayal"].astype(str), second["portrayal"].astype(str))
    return _pairs(*both, own["event"], names)


def _pairs(first, second, cluster, names) -> Pairs:
    names = pd.Index(sorted({*names, *first, *second}))
    codes = (names.get_indexer(x) for x in (first, second))
    return Pairs(*codes, pd.factorize(cluster, sort=True)[0], names)


def joint(pairs: Pairs, rng: np.random.Generator | None = None) -> np.ndarray:
    """Joint distribution of the two passes' codes, symmetric, shape (K, K).

    With `rng`, a draw of it that carries its uncertainty: clusters get exponential weights (the
    Bayesian bootstrap, Rubin 1981) and the smoothing gamma ones, which together make a draw of a
    Dirichlet distribution where each unit is a cluster of its own.
    """
    k = len(pairs.names)
    each, prior = np.ones(len(pairs.first)), np.full((k, k), PRIOR / k)
    if rng is not None:
        each = rng.exponential(size=pairs.cluster.max(initial=-1) + 1)[pairs.cluster]
        prior = rng.gamma(prior)
    counts = np.bincount(pairs.first * k + pairs.second, each, k * k).reshape(k, k) + prior
    # Codes of which a draw says next to nothing stay what they are.
    counts = counts + counts.T + 1e-6 * np.eye(k)
    return counts / counts.sum()


def step(joint: np.ndarray, power: float) -> np.ndarray:
    """Power of the step from one pass's code to the other's; rows sum to 1, shape (K, K).

    1 is the step itself (probabilities of the other pass's code given this pass's; where no
    eigenvalue is under `SMALLEST`), 1/2 one pass's misclassification, negative powers the inverses.
    """
    root = np.sqrt(joint.sum(1))
    values, vectors = np.linalg.eigh(joint / np.outer(root, root))
    scaled = (vectors * np.maximum(values, SMALLEST) ** power) @ vectors.T
    return scaled * root / root[:, None]


class _Cells:
    """Event-weighted shares of codes in groups, of codes that are drawn again and again."""

    def __init__(self, table: pd.DataFrame, column: str, names: pd.Index, groups: list):
        table = compare.decided(table, column)
        cell = table["direction"].astype(object)
        if isinstance(groups[0], tuple):
            cell = pd.Series([*zip(table["side"], cell, strict=True)], table.index, dtype=object)
        at = pd.Index(groups, tupleize_cols=False).get_indexer(cell)
        table, at = table[at >= 0], at[at >= 0]
        self.code = names.get_indexer(table[column].astype(str))
        event, events = pd.factorize(table["cluster"], sort=True)
        article = table["article_id"]
        each = article.groupby([event, at]).transform("nunique")
        self.weight = (1 / (each * article.groupby(article).transform("size"))).to_numpy()
        self.shape = (len(events), len(groups), len(names))
        self.key = (event * len(groups) + at) * len(names)
        self.mass = (self._sums(self.code).sum(2) > 0).astype(float)
        self.n_articles = article.groupby(at).nunique().reindex(range(len(groups)), fill_value=0)

    def _sums(self, code):
        size = int(np.prod(self.shape))
        return np.bincount(self.key + code, self.weight, size).reshape(self.shape)

    def shares(self, code: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Shares (G, K) of these codes with each event counted so many times."""
        with np.errstate(invalid="ignore"):
            return np.tensordot(times, self._sums(code), 1) / (times @ self.mass)[:, None]

    def recode(self, step: np.ndarray, rng) -> np.ndarray:
        """Codes as another pass might give them."""
        steps = step.cumsum(1)[self.code]
        drawn = (rng.random((len(steps), 1)) > steps).sum(1)
        return np.minimum(drawn, self.shape[2] - 1)


def _away(s, names, code):
    away = (s[..., 1, :] - s[..., 0, :] + s[..., 3, :] - s[..., 2, :]) / 2
    return away[..., names == code][..., 0]


def _mirror(s, names, left_out=""):
    kept = s[..., names != left_out]
    kept = kept / kept.sum(-1, keepdims=True)
    return compare.mirror_index(
        kept[..., 0, :] - kept[..., 1, :], kept[..., 2, :] - kept[..., 3, :]
    )


def _difference(s, names, code):
    return (s[..., 0, :] - s[..., 1, :])[..., names == code][..., 0]


_PLAN: tuple[tuple[str, list, dict[str, Callable]], ...] = (
    (
        "frame",
        compare.CELLS,
        {
            "treason_away": partial(_away, code="treason"),
            "mirror_index": _mirror,
            "mirror_without_treason": partial(_mirror, left_out="treason"),
        },
    ),
    (
        "frame",
        ["ua_exit", "ua_to_ru"],
        {"frame_collapse_exit_from_ua": partial(_difference, code="collapse")},
    ),
    (
        "frame",
        ["ru_exit", "ru_to_ua"],
        {"frame_collapse_exit_from_ru": partial(_difference, code="collapse")},
    ),
    ("portrayal", compare.CELLS, {"portrayal_traitor_away": partial(_away, code="traitor")}),
)


def headlines(
    articles: pd.DataFrame,
    claims: pd.DataFrame,
    frames: Pairs,
    portrayals: Pairs,
    draws: int = 1000,
    seed: int = SEED,
) -> pd.DataFrame:
    """Headline estimates as coded, recoded, and corrected by the confusion of the two passes.

    Parameters
    ----------
    articles, claims : pd.DataFrame
        As the corpus gives them, with `side`.
    frames, portrayals : Pairs
        With at least one unit each.
    draws : int
        Each resamples events, and the units coded twice; recoding draws new codes too.
    seed : int

    Returns
    -------
    pd.DataFrame
        Index: `estimate` (of `HEADLINES`), `version` (of `POWERS`, and `recoded`: the mean over
        recodings). Columns `value`, `low`, `high` (t times the standard deviation over draws, with
        the degrees of freedom of the smallest cell's events; none where it has fewer than
        `MIN_EVENTS`; at most 1 from zero), `n_articles`, `n_events`. NaN where the corpus lacks a
        cell.

    Notes
    -----
    Without treason the other frames' shares are rescaled to sum to 1 in each cell, which is not
    quite what leaving out its claims article by article gives.
    """
    rng = np.random.default_rng(seed)
    rows = {}
    for column, groups, estimates in _PLAN:
        pairs = {"frame": frames, "portrayal": portrayals}[column]
        table = {"frame": claims, "portrayal": articles}[column]
        cells = _Cells(table, column, pairs.names, groups)
        values, drawn = _versions(cells, pairs, draws, rng)
        n_events = cells.mass.sum(0).min()
        n = {"n_articles": cells.n_articles.sum(), "n_events": len(cells.mass)}
        t = stats.t.isf(0.025, n_events - 1) if n_events >= MIN_EVENTS else np.nan
        enough = stats.hmean(cells.mass.sum(0)) >= compare.MIN_EVENTS_INDEX
        for name, function in estimates.items():
            for version in drawn:
                # Recodings add noise, which an index of their mean shares would not have.
                value = np.mean(function(values[version], pairs.names))
                spread = function(drawn[version], pairs.names)
                reach = np.nan if np.isnan(value) else t * np.nanstd(spread, ddof=1)
                bias = 0.0
                if name.startswith("mirror"):  # as `compare.index_interval`
                    bias = value - np.nanmean(spread) if enough else np.nan
                ends = [value - reach + np.minimum(bias, 0), value + reach + np.maximum(bias, 0)]
                low, high = np.clip(ends, -1, 1)
                row = {"value": value, "low": low, "high": high}
                rows[name, version] = row | n
    out = pd.DataFrame(rows).T.rename_axis(["estimate", "version"])
    return out.loc[list(HEADLINES)]


def _versions(cells: _Cells, pairs: Pairs, draws, rng):
    """Shares of each version: of the corpus itself, and of draws of it and of the confusion."""
    if not len(cells.mass):
        versions = [*POWERS, "recoded"]
        nothing = np.full((draws, *cells.shape[1:]), np.nan)
        return dict.fromkeys(versions, nothing), dict.fromkeys(versions, nothing)
    once = np.ones(len(cells.mass))
    plain = cells.shares(cells.code, once)
    values = {v: plain @ step(joint(pairs), power) for v, power in POWERS.items()}
    drawn: dict[str, list] = {version: [] for version in [*POWERS, "recoded"]}
    recoded = []
    for _ in range(draws):
        now = joint(pairs, rng)
        times = rng.multinomial(len(once), once / len(once)).astype(float)
        shares = cells.shares(cells.code, times)
        for version, power in POWERS.items():
            drawn[version].append(shares @ step(now, power))
        code = cells.recode(step(now, 1.0), rng)
        drawn["recoded"].append(cells.shares(code, times))
        recoded.append(cells.shares(code, once))
    values["recoded"] = np.stack(recoded)
    return values, {version: np.stack(part) for version, part in drawn.items()}


# Coarser levels


def coarse(frames: pd.Series, level: dict[str, str]) -> pd.Series:
    """Frames at a coarser level; what it does not name is `rest`."""
    return frames.astype(object).map(lambda f: level.get(f, "rest"), na_action="ignore")


def entman() -> dict[str, str]:
    """Function of each frame after Entman (1993), as `ENTMAN` proposes."""
    return {frame: function for frame, (function, _) in ENTMAN.items()}


def merges(pairs: Pairs, kept: np.ndarray | None = None) -> list[dict[str, str]]:
    """Merge, step by step, the two classes whose union raises the agreement most.

    Parameters
    ----------
    pairs : Pairs
    kept : np.ndarray of bool, length n, optional
        Units that decide; all by default.

    Returns
    -------
    list of dict
        From all frames apart to two classes: frame to class, named by its frames.
    """
    kept = np.ones(len(pairs.first), bool) if kept is None else kept
    used = np.unique(np.r_[pairs.first, pairs.second])
    label = {int(c): (pairs.names[c],) for c in used}
    path = []
    while True:
        path.append({f: " + ".join(group) for group in label.values() for f in group})
        if len(label) <= 2:
            return path
        ids = sorted(label)
        place = {f: i for i, c in enumerate(ids) for f in label[c]}
        codes = [np.array([place[pairs.names[c]] for c in x[kept]], int)
                 for x in (pairs.first, pairs.second)]  # fmt: skip
        counts = np.bincount(codes[0] * len(ids) + codes[1], minlength=len(ids) ** 2)
        counts = counts.reshape(len(ids), len(ids)).astype(float)
        counts = (counts + counts.T) / 2
        best = max(
            ((i, j) for j in range(len(ids)) for i in range(j)),
            key=lambda pair: _merged_alpha(counts, *pair),
        )
        i, j = (ids[k] for k in best)
        label[i] = tuple(sorted(label[i] + label.pop(j)))


def _merged_alpha(counts, i, j):
    """Alpha, but for the small-sample term, once the classes i and j are one."""
    total, margin = counts.sum(), counts.sum(0)
    agreed = np.trace(counts) + 2 * counts[i, j]
    expected = (margin**2).sum() + 2 * margin[i] * margin[j]
    return 1 - (total - agreed) / (total - expected / total)


def merge_path(pairs: Pairs, splits: int = 20, seed: int = SEED) -> pd.DataFrame:
    """Agreement by number of classes along `merges`, on the same units and on others.

    Parameters
    ----------
    pairs : Pairs
    splits : int
        Half of the clusters choose the classes, the other half measures.
    seed : int

    Returns
    -------
    pd.DataFrame
        Index: number of classes. Columns `alpha` (on the units that chose them: too good),
        `left_out` (mean over splits), `classes` (those of all units).
    """
    rng = np.random.default_rng(seed)
    first, second = (pairs.names[x] for x in (pairs.first, pairs.second))

    def alpha(level, rows):
        codes = (pd.Series(x[rows].map(level)) for x in (first, second))
        return agreement.alpha(*codes, pd.Series(pairs.cluster[rows]), draws=0)["alpha"]

    path = {len(set(level.values())): level for level in merges(pairs)}
    everything = np.ones(len(first), bool)
    table = pd.DataFrame(
        {"alpha": {k: alpha(level, everything) for k, level in path.items()},
         "classes": {k: "; ".join(sorted(set(level.values()))) for k, level in path.items()}}
    )  # fmt: skip
    clusters, left = np.unique(pairs.cluster), []
    for _ in range(splits):
        chosen = rng.permutation(clusters)[: len(clusters) // 2]
        kept = np.isin(pairs.cluster, chosen)
        levels = {len(set(level.values())): level for level in merges(pairs, kept)}
        left.append({k: alpha(level, ~kept) for k, level in levels.items()})
    table["left_out"] = pd.DataFrame(left).mean()
    return table.rename_axis("n_classes")[["alpha", "left_out", "classes"]]


def levels(pairs: Pairs) -> dict[str, dict[str, str]]:
    """Levels of frames to compare: as coded, after Entman, and merged until the passes agree.

    `merges` stops at the values of `MERGED_UNTIL`; the classes are chosen on the data that they are
    judged by.
    """
    out = {"as coded": {name: name for name in pairs.names}, "after Entman": entman()}
    path = merge_path(pairs, splits=0)["alpha"]
    for least in MERGED_UNTIL:
        reached = path.index[path >= least]
        if len(reached):
            level = next(x for x in merges(pairs) if len(set(x.values())) == reached.max())
            out[f"merged until alpha is {least:g}"] = level
    return out


MERGED_UNTIL = (0.75, agreement.SUFFICIENT)
"""Alphas at which merging stops."""


def by_level(claims: pd.DataFrame, pairs: Pairs, level: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Agreement, and headline estimates that rest on frames, at each level.

    Parameters
    ----------
    claims : pd.DataFrame
        With `side`.
    pairs : Pairs
    level : dict of dict
        As `levels` gives them.

    Returns
    -------
    pd.DataFrame
        Index: `level`, `estimate`: `alpha`; `mirror index`; the class that holds treason, toward
        minus away, mean of camps; the class that holds collapse, exits minus crossings of either
        side. Columns `value`, `low`, `high`, `n_articles`, `n_events`, `class` (what the estimate
        is of).
    """
    rows = {}
    for name, classes in level.items():
        both = [pd.Series(pairs.names[x]).map(classes) for x in (pairs.first, pairs.second)]
        alpha = agreement.alpha(*both, pd.Series(pairs.cluster))
        n = {
            "n_articles": len(set(pairs.cluster)),
            "class": f"{len(set(classes.values()))} classes",
        }
        rows[name, "alpha"] = {"value": alpha["alpha"], **alpha[["low", "high"]], **n}
        coded = claims.assign(frame=coarse(claims["frame"], classes))
        mirror = compare.mirror(coded[coded["direction"].isin(compare.TOWARD.values())], draws=500)
        rows[name, "mirror index"] = {**mirror.index, "class": ""}
        wanted, parts = (
            classes.get("treason", "rest"),
            ["relational", "relational_high", "relational_low"],
        )
        treason = mirror.frames.reindex([wanted])[parts].iloc[0]
        rows[name, "treason, leaving minus coming"] = {
            **(-treason).set_axis(["value", "low", "high"]), "class": wanted,
            **mirror.index[["n_articles", "n_events"]],
        }  # fmt: skip
        pooled, wanted = (
            compare.shares(coded, "frame", ["direction"]),
            classes.get("collapse", "rest"),
        )
        for side in ("ua", "ru"):
            pair = {f"{side}_exit": 1, "ua_to_ru" if side == "ua" else "ru_to_ua": -1}
            row = compare.contrast(pooled, pair).reindex([wanted]).iloc[0]
            name_of_side = "Ukrainian" if side == "ua" else "Russian"
            rows[name, f"collapse, exits minus crossings, {name_of_side} side"] = {
                **row, "class": wanted,
            }  # fmt: skip
    columns = ["value", "low", "high", "n_articles", "n_events", "class"]
    return pd.DataFrame(rows).T.rename_axis(["level", "estimate"])[columns].infer_objects()


_REPORTED = {
    "all frames, by direction (mean)": ("^frame: [a-z_]+$", ""),
    "all frames, exits minus crossings (mean)": ("^frame: exits", ""),
    "treason, to Russia minus to Ukraine": ("^frame: to Russia", "treason"),
    "treason, toward minus away": ("^frame: toward", "treason"),
    "collapse, exits minus crossings, Ukrainian side": ("^frame: exits.*Ukrainian", "collapse"),
    "collapse, exits minus crossings, Russian side": ("^frame: exits.*Russian", "collapse"),
    "portrayed as traitor, toward minus away": ("^portrayal: toward", "traitor"),
    "directions (mean)": ("^direction", ""),
    "mirror index": ("^mirror", ""),
}


def tipping(articles: pd.DataFrame) -> dict[str, float]:
    """Share of wrong codes at which each camp's traitor contrast would no longer exclude zero.

    Only codes of those who leave the teller's side are taken to be wrong, and the interval to stay
    as wide as it is.

    Parameters
    ----------
    articles : pd.DataFrame
        With `side`, `direction`, `portrayal`, `article_id`, `cluster`.

    Returns
    -------
    dict
        `tipping_<camp>`: 0 to 1; 0 where the interval holds zero now, NaN where there is none.
    """
    out = {}
    s = compare.shares(articles, "portrayal", ["side", "direction"])
    for toward, away in (compare.CELLS[:2], compare.CELLS[2:]):
        low = compare.contrast(s, {away: 1, toward: -1}).reindex(["traitor"])["low"].iloc[0]
        share = compare.prevalence(s).reindex([(*away, "traitor")])["value"].iloc[0]
        out[f"tipping_{away[0]}"] = max(low, 0.0) / share if low == low else np.nan
    return out


def coverage_summary(table: pd.DataFrame) -> pd.DataFrame:
    """What `correct.coverage` says of the quantities that the study reports.

    Parameters
    ----------
    table : pd.DataFrame
        As `correct.coverage` returns it.

    Returns
    -------
    pd.DataFrame
        Index: `method`, `quantity` (a mean over several quantities where it says so). Columns
        `value` (coverage, 0 to 1), `low`, `high` (95% Monte Carlo interval; for a mean that of one
        of its parts), `width`, `sd`, `bias` (mean, for a mean of its size).
    """
    parts = {}
    for name, (comparison, code) in _REPORTED.items():
        own = table[table["comparison"].str.contains(comparison)]
        own = own[own["code"] == code] if code else own
        own = own.assign(bias=own["bias"].abs() if "mean" in name else own["bias"])
        parts[name] = own.groupby("method", sort=False)[
            ["value", "se", "width", "sd", "bias"]
        ].mean()
    out = pd.concat(parts, names=["quantity", "method"]).swaplevel()
    reach = stats.norm.isf(0.025) * out["se"]
    return out.assign(low=out["value"] - reach, high=(out["value"] + reach).clip(upper=1))
