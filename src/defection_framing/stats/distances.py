"""Distances between two groups' tellings of the same events."""

import numpy as np
import pandas as pd

from ..settings import SEED
from .weighted import DRAWS, known_mean, one_sided_p


def separation(
    vectors: np.ndarray, articles: pd.DataFrame, by: str, draws: int = DRAWS
) -> tuple[pd.DataFrame, float]:
    """How much farther apart two groups tell the same events than each tells them itself.

    Parameters
    ----------
    vectors : np.ndarray, shape (n, d)
        Unit-length embeddings, one per article.
    articles : pd.DataFrame, n rows
        With `cluster`, `outlet` and the column `by`, which has two values.
    draws : int
        Permutations: the groups of outlets are shuffled among the outlets of each event.

    Returns
    -------
    table : pd.DataFrame, one row per event with at least two articles of each group
        `value` (mean cosine distance between groups minus `within`), `within` (mean of the two mean
        distances within groups), `n_articles`.
    p : float
        One-sided permutation p-value of the mean over events; NaN where there is none.
    """
    rng = np.random.default_rng(SEED)
    found, null = {}, np.zeros(draws)
    for event, rows in articles.reset_index(drop=True).groupby("cluster").indices.items():
        group = articles[by].astype(str).to_numpy()[rows]
        outlet = pd.factorize(articles["outlet"].to_numpy()[rows])[0]
        names, sizes = np.unique(group, return_counts=True)
        if len(names) < 2 or sizes.min() < 2:
            continue
        distance = 1 - vectors[rows] @ vectors[rows].T
        is_first = group == names[0]
        (value,), (within,) = _apart(distance, is_first[None])
        found[event] = {"value": value, "within": within, "n_articles": len(rows)}
        of_outlet = is_first[np.unique(outlet, return_index=True)[1]]
        shuffled = np.stack([rng.permutation(of_outlet)[outlet] for _ in range(draws)])
        null += _apart(distance, shuffled)[0]
    columns = ["value", "within", "n_articles"]
    table = pd.DataFrame.from_dict(found, "index", columns=columns).rename_axis("event")
    table = table.astype({"n_articles": int}).sort_values("value")
    if table.empty:
        return table, np.nan
    return table, one_sided_p(pd.Series(null / len(table)), table["value"].mean())


def _apart(distance: np.ndarray, is_first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean distance between two groups minus that within them, and the latter.

    `is_first` (B, n) holds B divisions into groups. The distance within is the mean of those within
    the two groups; a group of one has none. 0 apart where a group is empty.
    """
    first, second = is_first.astype(float), (~is_first).astype(float)
    n, m = first.sum(1), second.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (first @ distance * second).sum(1) / (n * m)
        own = [((g @ distance) * g).sum(1) / (k * (k - 1)) for g, k in ((first, n), (second, m))]
    within = known_mean(np.stack(own))
    return np.where((n == 0) | (m == 0), 0.0, between - within), within
