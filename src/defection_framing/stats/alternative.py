"""May a model stand in for people who code? The alternative annotator test."""

import numpy as np
import pandas as pd
from scipy import special
from scipy.stats import false_discovery_control

from .agreement import masi

EPSILON = 0.15
"""By how much less often than a person the model may be as near to the others, for what it saves.
Of Calderon, Reichart & Dror (2025), who propose 0.2 for experts, 0.15 for trained coders and 0.1
for crowds."""

LEAST_UNITS = 30
"""Clusters that a person must share with others; with fewer the test's normal approximation fails
(Calderon, Reichart & Dror 2025)."""

PASSES = 0.5
"""Share of people that the model must do as well as to stand in."""

LEVEL = 0.05
"""False discovery rate among the people that the model is compared with."""


def alternative_annotator(
    people: pd.DataFrame,
    model: pd.Series,
    clusters: pd.Series,
    weights: pd.Series | None = None,
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
        most `LEVEL`). The mean of `wins` is the winning rate, that of `model` the average
        advantage probability.

    References
    ----------
    Calderon, Reichart & Dror (2025): the test for independent units of equal weight, which is what
    this gives for those. For others the variance is that of totals of clusters (Kish 1965).
    """
    weights = pd.Series(1.0, people.index) if weights is None else weights
    rows = {name: _against(people, name, model, clusters, weights) for name in people}
    columns = ["n", "clusters", "model", "person", "p"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table = table.astype({"n": int, "clusters": int}).assign(q=np.nan)
    tested = table["p"].notna()
    if tested.any():
        adjusted = false_discovery_control(table.loc[tested, "p"], method="by")
        table.loc[tested, "q"] = adjusted
    return table.assign(wins=table["q"] <= LEVEL)


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
    rows = zip(codes, others.to_numpy(), strict=True)
    return np.array(
        [np.mean([_alike(code, o) for o in row if not _is_missing(o)]) for code, row in rows]
    )


def _is_missing(code: object) -> bool:
    return not isinstance(code, tuple) and bool(pd.isna(code))


def _alike(one: object, other: object) -> float:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return 1 - masi(frozenset(one), frozenset(other))
    return float(one == other)
