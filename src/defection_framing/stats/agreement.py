"""Agreement of two coders or more."""

from itertools import combinations

import numpy as np
import pandas as pd

from ..settings import SEED

SUFFICIENT = 0.8
TENTATIVE = 0.667
"""Krippendorff (2004): conclusions from 0.8 on; tentative ones from 0.667 on."""


def masi(a: frozenset, b: frozenset) -> float:
    """MASI distance of two sets, 0 to 1 (Passonneau 2006): Jaccard, weighted by containment."""
    if a == b:
        return 0.0
    containment = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - len(a & b) / len(a | b) * containment


def alpha(
    first: pd.Series,
    second: pd.Series,
    clusters: pd.Series,
    draws: int = 1000,
    seed: int = SEED,
    weights: pd.Series | None = None,
) -> pd.Series:
    """Krippendorff's alpha of two codings of the same units, with a bootstrap interval.

    Parameters
    ----------
    first, second : pd.Series, length n
        Codes of the two coders; tuples are sets of codes, compared by MASI distance.
    clusters : pd.Series, length n
        What is resampled.
    weights : pd.Series, length n, optional
        How many units of the corpus each unit stands for (one over its inclusion probability).

    Returns
    -------
    pd.Series
        `alpha` (Krippendorff 2004, ch. 11), `low`, `high` (percentiles of the bootstrap; NaN where
        one code is all there is), `agreement` (weighted share of equal codes, 0 to 1), `n`.
    """
    pair = [[frozenset(v) if isinstance(v, tuple) else v for v in s] for s in (first, second)]
    domain = sorted(set(pair[0]) | set(pair[1]), key=str)
    number = {v: i for i, v in enumerate(domain)}
    a, b = (np.array([number[v] for v in row]) for row in pair)
    if any(isinstance(v, frozenset) for v in domain):
        distance = np.array([[masi(v, w) ** 2 for w in domain] for v in domain])
    else:
        distance = 1.0 - np.eye(len(domain))
    weights = np.ones(len(a)) if weights is None else np.asarray(weights, float)

    def statistic(times: np.ndarray) -> float:
        """Alpha with each unit counted so many times; weighted, which no library offers."""
        n, k = times.sum(), len(domain)
        counts = np.bincount(a * k + b, weights * times, k * k).reshape(k, k)
        coincidences = (counts + counts.T) * n / counts.sum()
        margins = coincidences.sum(0)
        expected = margins @ distance @ margins / (2 * n - 1)
        return 1 - (coincidences * distance).sum() / expected if expected else np.nan

    rng = np.random.default_rng(seed)
    cluster, names = pd.factorize(clusters, sort=True)
    boot = [
        statistic(np.bincount(rng.integers(len(names), size=len(names)), None, len(names))[cluster])
        for _ in range(draws)
    ]
    known = len(domain) > 1 and not np.isnan(boot).all()
    low, high = np.nanpercentile(boot, [2.5, 97.5]) if known else (np.nan, np.nan)
    out = {"alpha": statistic(np.ones(len(a))), "low": low, "high": high}
    return pd.Series(out | {"agreement": float(np.average(a == b, weights=weights)), "n": len(a)})


def alpha_of_all(
    people: pd.DataFrame,
    clusters: pd.Series,
    draws: int = 1000,
    weights: pd.Series | None = None,
) -> pd.Series:
    """Krippendorff's alpha of any number of people, as `alpha` gives it for two.

    Parameters
    ----------
    people : pd.DataFrame, shape (n, J)
        A column for each person, missing where that person gave no code. A unit with m codes has
        m (m - 1) / 2 pairs, each of a weight of 1 / (m - 1).
    clusters, weights : pd.Series, length n
        As in `alpha`.

    Returns
    -------
    pd.Series
        As `alpha`; `n` counts units that two people coded or more, and is all there is where
        there are none.
    """
    weights = pd.Series(1.0, people.index) if weights is None else weights
    rows = []
    for unit, codes, weight in zip(people.index, people.to_numpy(), weights, strict=True):
        given = [c for c in codes if isinstance(c, tuple) or not pd.isna(c)]
        rows += [(unit, *pair, weight / (len(given) - 1)) for pair in combinations(given, 2)]
    pairs = pd.DataFrame(rows, columns=["unit", "first", "second", "weight"])
    if pairs.empty:
        return pd.Series({"n": 0})
    found = alpha(
        pairs["first"],
        pairs["second"],
        clusters.loc[pairs["unit"]].reset_index(drop=True),
        draws=draws,
        weights=pairs["weight"],
    )
    return pd.Series({**found, "n": pairs["unit"].nunique()})
