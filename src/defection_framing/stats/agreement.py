"""Agreement of two coders or more, and whether a model may stand in for people who code."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special

from ..settings import SEED
from .contrasts import adjust

SUFFICIENT = 0.8
TENTATIVE = 0.667
"""Krippendorff (2004): conclusions from 0.8 on; tentative ones from 0.667 on."""

EPSILON = 0.15
"""By how much less often than a person the model may be as near to the others, for what it saves.
Of Calderon, Reichart & Dror (2025), who propose 0.2 for experts, 0.15 for trained coders and 0.1
for crowds."""

LEAST_UNITS = 30
"""Clusters that a person must share with others; with fewer the test's normal approximation fails
(Calderon, Reichart & Dror 2025)."""

WINNING_RATE = 0.5
"""Share of people that the model must do as well as to stand in."""

FALSE_DISCOVERIES = 0.05
"""False discovery rate among the people that the model is compared with."""


def masi(a: frozenset, b: frozenset) -> float:
    """MASI distance of two sets, 0 to 1 (Passonneau 2006): Jaccard, weighted by containment."""
    if a == b:
        return 0.0
    containment = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - len(a & b) / len(a | b) * containment


def alpha(
    people: pd.DataFrame, clusters: pd.Series, draws: int = 1000, weights: pd.Series | None = None
) -> pd.Series:
    """Krippendorff's alpha of the codings of two coders or more, with a bootstrap interval.

    Parameters
    ----------
    people : pd.DataFrame, shape (n, J)
        A column for each coder, missing where that one gave no code; tuples are sets of codes,
        compared by MASI distance. A unit with m codes has m (m - 1) / 2 pairs, each of a weight of
        1 / (m - 1) (Krippendorff 2004).
    clusters : pd.Series, length n
        What is resampled, in the order of `people`.
    weights : pd.Series, length n, optional
        In that order: how many units of the corpus each stands for (one over its inclusion
        probability).

    Returns
    -------
    pd.Series
        `alpha` (Krippendorff 2004, ch. 11), `low`, `high` (percentiles of the bootstrap; NaN where
        one code is all there is), `agreement` (weighted share of equal codes, 0 to 1), `n` (units
        that two coded or more, and all there is where there are none).
    """
    people = people.reset_index(drop=True)
    both = [people[[*pair]].dropna().set_axis([0, 1], axis=1) for pair in combinations(people, 2)]
    pairs = pd.concat(both) if both else people.head(0)
    if pairs.empty:
        return pd.Series({"n": 0})
    unit = pairs.index
    part = 1 / (people.notna().sum(axis=1)[unit].to_numpy(float) - 1)
    weights = part if weights is None else weights.to_numpy(float)[unit] * part
    # A single code is a set of one: two of these are alike wholly or not at all.
    pair = [[frozenset(v if isinstance(v, tuple) else [v]) for v in pairs[i]] for i in pairs]
    domain = sorted({*pair[0], *pair[1]}, key=sorted)  # whatever the order within sets
    number = {v: i for i, v in enumerate(domain)}
    a, b = (np.array([number[v] for v in row]) for row in pair)
    distance = np.array([[masi(v, w) ** 2 for w in domain] for v in domain])

    def statistic(times: np.ndarray) -> float:
        """Alpha with each pair counted so many times; weighted, which no library offers."""
        n, k = (times * part).sum(), len(domain)
        counts = np.bincount(a * k + b, weights * times, k * k).reshape(k, k)
        coincidences = (counts + counts.T) * n / counts.sum()
        margins = coincidences.sum(0)
        expected = margins @ distance @ margins / (2 * n - 1)
        return 1 - (coincidences * distance).sum() / expected if expected else np.nan

    rng = np.random.default_rng(SEED)
    cluster, names = pd.factorize(clusters.iloc[unit], sort=True)
    boot = [
        statistic(np.bincount(rng.integers(len(names), size=len(names)), None, len(names))[cluster])
        for _ in range(draws)
    ]
    known = len(domain) > 1 and len(names) > 1 and not np.isnan(boot).all()
    low, high = np.nanpercentile(boot, [2.5, 97.5]) if known else (np.nan, np.nan)
    out = {"alpha": statistic(np.ones(len(a))), "low": low, "high": high}
    agreement = float(np.average(a == b, weights=weights))
    return pd.Series(out | {"agreement": agreement, "n": unit.nunique()})


def alternative_annotator(
    people: pd.DataFrame, model: pd.Series, clusters: pd.Series, weights: pd.Series | None = None
) -> pd.DataFrame:
    """Compare a model with each person, by how near both are to the codes of the other people.

    Each person is left out in turn. Of a unit, the nearness of a code is its mean agreement with
    the codes of the others (1 less MASI distance for sets). A person *has the advantage* where the
    person's code is at least as near as the model's, and the model likewise; where both are as
    near, both have it. The hypothesis to be rejected is that the model has it less often than the
    person by `EPSILON` or more.

    Parameters
    ----------
    people : pd.DataFrame, shape (n, J)
        A column for each person; missing where that person gave no code; tuples are sets of codes.
    model : pd.Series, length n
        The model's codes, missing where it gave none.
    clusters : pd.Series, length n
        What units that are not independent have in common, such as the event.
    weights : pd.Series, length n, optional
        How many units of the corpus each unit stands for.

    Returns
    -------
    pd.DataFrame
        By person: `n` (units that the person, another person and the model coded), `clusters`,
        `model` and `person` (how often each has the advantage, 0 to 1), `p` (one-sided; missing
        with fewer than `LEAST_UNITS` clusters), `q` (Benjamini & Yekutieli 2001), `wins` (q at
        most `FALSE_DISCOVERIES`). The mean of `wins` is the winning rate, that of `model` the
        average advantage probability.

    References
    ----------
    Calderon, Reichart & Dror (2025): the test for independent units of equal weight, which is what
    this gives for those. For others the variance is that of totals of clusters (Kish 1965).
    """
    weights = pd.Series(1.0, people.index) if weights is None else weights
    rows = {name: _against(people, name, model, clusters, weights) for name in people}
    columns = ["n", "clusters", "model", "person", "p"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    q = adjust(table["p"], method="by")
    return table.astype({"n": int, "clusters": int}).assign(q=q, wins=q <= FALSE_DISCOVERIES)


def _against(
    people: pd.DataFrame, name: str, model: pd.Series, clusters: pd.Series, weights: pd.Series
) -> tuple[int, int, float, float, float]:
    """The row of one person."""
    others = people.drop(columns=name)
    kept = people[name].notna() & others.notna().any(axis=1) & model.notna()
    if not kept.any():
        return 0, 0, np.nan, np.nan, np.nan
    rest, w = others[kept], weights[kept].to_numpy(float)
    person, machine = (_nearness(codes[kept], rest) for codes in (people[name], model))
    has = np.c_[machine >= person - 1e-9, person >= machine - 1e-9].astype(float)
    model_has, person_has = w @ has / w.sum()
    more = has[:, 1] - has[:, 0]
    cluster, names = pd.factorize(clusters[kept])
    excess = person_has - model_has - EPSILON
    totals = np.bincount(cluster, w * (more - more @ w / w.sum())) / w.sum()
    k = len(names)
    p = np.nan
    if k >= LEAST_UNITS:
        error = np.sqrt(k / (k - 1) * (totals**2).sum())
        # Where model and person are always as near, nothing varies and the excess alone decides.
        p = special.stdtr(k - 1, excess / error) if error > 1e-12 else float(excess >= 0)
    return int(kept.sum()), k, model_has, person_has, p


def _nearness(codes: pd.Series, others: pd.DataFrame) -> np.ndarray:
    """Mean agreement of each unit's code with the codes that others gave it, 0 to 1."""
    rows = zip(codes, others.to_numpy(), others.notna().to_numpy(), strict=True)
    return np.array([np.mean([_alike(code, o) for o in row[given]]) for code, row, given in rows])


def _alike(one: object, other: object) -> float:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return 1 - masi(frozenset(one), frozenset(other))
    return float(one == other)
