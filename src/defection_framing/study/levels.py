"""Would coarser frames be coded better, and do the findings hold for them?

Frames that two passes of coding tell apart badly could be merged: by what a frame does, after
Entman, or by the data. `measurement` says what coding error does at the level of the frames.
"""

import numpy as np
import pandas as pd

from .. import stats
from ..domain import TOWARD
from ..settings import SEED
from .estimands import COLLAPSE_RU, COLLAPSE_UA, MIRROR_INDEX, TREASON_AWAY, estimates, name
from .measurement import Pairs

MERGED = {"merged_75": 0.75, "merged_80": stats.SUFFICIENT}
"""Levels at which the data merge frames, and the alpha at which merging stops."""

LEVELS = {"as_coded": "as coded", "entman": "after Entman"} | {
    level: f"merged until alpha is {least:g}" for level, least in MERGED.items()
}
"""Levels of frames, in words."""

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


def merges(pairs: Pairs, kept=slice(None)) -> list[dict[str, str]]:
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
    used = np.unique(np.r_[pairs.first, pairs.second])
    counts = _counts(pairs, kept)[np.ix_(used, used)]
    groups, path = [(code,) for code in pairs.names[used]], []
    while True:
        path.append({code: " + ".join(group) for group in groups for code in group})
        if len(groups) <= 2:
            return path
        i, j = max(
            ((i, j) for j in range(len(groups)) for i in range(j)),
            key=lambda pair: _merged_alpha(counts, *pair),
        )
        groups[i] = tuple(sorted(groups[i] + groups.pop(j)))
        counts[i] += counts[j]
        counts[:, i] += counts[:, j]
        counts = np.delete(np.delete(counts, j, 0), j, 1)


def _counts(pairs: Pairs, kept) -> np.ndarray:
    """How often codes meet in the units kept, symmetric, shape (K, K)."""
    k = len(pairs.names)
    counts = np.bincount(pairs.first[kept] * k + pairs.second[kept], minlength=k * k)
    counts = counts.reshape(k, k).astype(float)
    return (counts + counts.T) / 2


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
    path = {len(set(level.values())): level for level in merges(pairs)}
    table = pd.DataFrame(
        {
            "alpha": {k: _alpha(pairs, level, slice(None)) for k, level in path.items()},
            "classes": {k: "; ".join(sorted(set(level.values()))) for k, level in path.items()},
        }
    )
    clusters, left = np.unique(pairs.cluster), []
    for _ in range(splits):
        kept = np.isin(pairs.cluster, rng.permutation(clusters)[: len(clusters) // 2])
        levels = {len(set(level.values())): level for level in merges(pairs, kept)}
        left.append({k: _alpha(pairs, level, ~kept) for k, level in levels.items()})
    table["left_out"] = pd.DataFrame(left).mean()
    return table.rename_axis("n_classes")[["alpha", "left_out", "classes"]]


def _alpha(pairs: Pairs, level: dict[str, str], kept) -> float:
    """Krippendorff's alpha of classes, from counts: `stats.alpha` hundreds of times takes long."""
    place = pd.factorize(pairs.names.map(level))[0]
    member = (place[:, None] == np.arange(place.max() + 1)).astype(float)
    counts = member.T @ _counts(pairs, kept) @ member
    margin, n = counts.sum(0), counts.sum()
    expected = 2 * (n**2 - (margin**2).sum()) / (2 * n - 1)
    return 1 - (n - np.trace(counts)) / expected if expected else np.nan


def levels(pairs: Pairs) -> dict[str, dict[str, str]]:
    """Levels of `LEVELS`, frame to class: as coded, after Entman, merged until the passes agree.

    Merged classes are chosen on the data that they are judged by.
    """
    out = {
        "as_coded": {code: code for code in pairs.names},
        "entman": {frame: function for frame, (function, _) in ENTMAN.items()},
    }
    path = merge_path(pairs, splits=0)["alpha"]
    for key, least in MERGED.items():
        reached = path.index[path >= least]
        if len(reached):
            out[key] = next(x for x in merges(pairs) if len(set(x.values())) == reached.max())
    return out


def by_level(claims: pd.DataFrame, pairs: Pairs, level: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Agreement, and headline estimates that rest on frames, at each level.

    Parameters
    ----------
    claims : pd.DataFrame
    pairs : Pairs
    level : dict of dict
        As `levels` gives them.

    Returns
    -------
    pd.DataFrame
        Index: `level`, `estimate`: `alpha`, and names of estimands, those of treason and collapse
        of the class that holds them. Columns `value`, `low`, `high`, `n_articles`, `n_events`,
        `class` (what the estimate is of), `n_classes`.
    """
    rows, n_claims = {}, len(set(pairs.cluster))
    for key, classes in level.items():
        both = [pd.Series(pairs.names[x]).map(classes) for x in (pairs.first, pairs.second)]
        alpha = stats.alpha(*both, pd.Series(pairs.cluster)).rename({"alpha": "value"})
        n = {"n_articles": n_claims, "n_classes": len(set(classes.values()))}
        rows[key, "alpha"] = {**alpha, **n}
        # What a level does not name is its rest.
        own = {code: classes.get(code, "rest") for code in claims["frame"].dropna().unique()}
        coded = claims.assign(frame=claims["frame"].astype(object).map(own))
        rows[key, MIRROR_INDEX.name] = dict(stats.mirror(coded, TOWARD, draws=500).index)
        pooled = stats.shares(coded, "frame", COLLAPSE_UA.of().by)
        found = {e: stats.contrast(pooled, e.of().weights) for e in (COLLAPSE_UA, COLLAPSE_RU)}
        found[TREASON_AWAY] = TREASON_AWAY.of().estimate(coded, coded, 500)
        for e, t in found.items():
            of = classes.get(e.code, "rest")
            rows[key, e.name] = {**t.reindex([of]).iloc[0], "class": of}
    table = pd.DataFrame.from_dict(rows, "index").rename_axis(["level", "estimate"])
    columns = ["value", "low", "high", "n_articles", "n_events", "class", "n_classes"]
    return table[columns]


@estimates
def level_estimates(table: pd.DataFrame, merging: pd.DataFrame) -> pd.DataFrame:
    """The estimates of `by_level` by name, and how well merged classes agree on other claims.

    Parameters
    ----------
    table : pd.DataFrame
        As `by_level` gives it.
    merging : pd.DataFrame
        As `merge_path` gives it.
    """
    own = table.set_axis([name("level", level, e) for level, e in table.index])
    alphas = table.xs("alpha", level="estimate")["value"]
    more = {
        name("level", "short_of_sufficient"): (alphas < stats.SUFFICIENT).sum(),
        name("level", "merged", "left_out"): merging["left_out"].max(),
    }
    return pd.concat([own, pd.DataFrame({"value": more}, dtype=float)])
