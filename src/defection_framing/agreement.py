"""Agreement of two coders, code by code."""

import krippendorff
import numpy as np
import pandas as pd

from .corpus import Corpus
from .settings import SEED

SUFFICIENT = 0.8
TENTATIVE = 0.667
"""Krippendorff (2004): conclusions from 0.8 on; tentative ones from 0.667 on."""


_COLUMNS = ["alpha", "low", "high", "agreement", "n"]


def masi(a: frozenset, b: frozenset) -> float:
    """MASI distance of two sets, 0 to 1 (Passonneau 2006): Jaccard, weighted by containment."""
    if a == b:
        return 0.0
    both = len(a & b)
    containment = 2 / 3 if a <= b or b <= a else 1 / 3 if both else 0
    return 1 - both / len(a | b) * containment


def alpha(
    first: pd.Series, second: pd.Series, clusters: pd.Series, draws: int = 1000, seed: int = SEED
) -> pd.Series:
    """Krippendorff's alpha of two codings of the same units, with a bootstrap interval.

    Parameters
    ----------
    first, second : pd.Series, length n
        Codes of the two coders; tuples are sets of codes, compared by MASI distance.
    clusters : pd.Series, length n
        What is resampled, such as the article a claim comes from.
    draws : int
    seed : int

    Returns
    -------
    pd.Series
        `alpha`, `low`, `high` (percentiles of the bootstrap), `agreement` (share of units with the
        same code, 0 to 1), `n`.

    References
    ----------
    Krippendorff (2004), Content Analysis, 2nd ed., ch. 11.
    """
    pair = [[_value(v) for v in s] for s in (first, second)]
    domain = sorted(set(pair[0]) | set(pair[1]), key=str)
    number = {v: i for i, v in enumerate(domain)}
    data = np.array([[number[v] for v in row] for row in pair])
    level = "nominal"
    if any(isinstance(v, frozenset) for v in domain):
        distance = np.array([[masi(a, b) ** 2 for b in domain] for a in domain])

        def level(v1, v2, **_):
            return distance[v1.astype(int), v2.astype(int)]

    def statistic(rows):
        if len(domain) == 1 or (data[:, rows] == data[0, rows[0]]).all():
            return np.nan
        return krippendorff.alpha(
            reliability_data=data[:, rows],
            level_of_measurement=level,
            value_domain=np.arange(len(domain)),
        )

    rng = np.random.default_rng(seed)
    members = list(pd.Series(range(len(clusters))).groupby(clusters.to_numpy()).indices.values())
    boot = [
        statistic(
            np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        )
        for _ in range(draws)
    ]
    low, high = np.nanpercentile(boot, [2.5, 97.5])
    return pd.Series(
        {
            "alpha": statistic(np.arange(data.shape[1])),
            "low": low,
            "high": high,
            "agreement": float((data[0] == data[1]).mean()),
            "n": data.shape[1],
        }
    )


def _value(code):
    return frozenset(code) if isinstance(code, tuple) else code


def claims_side_by_side(corpus: Corpus) -> pd.DataFrame:
    """Claims that both coders coded: `frame_1`, `frame_2` (main frames), `article_id`."""
    second = corpus.second_claims
    own = corpus.claims.loc[second.index]
    return pd.DataFrame(
        {
            "article_id": own["article_id"],
            "frame_1": own["frame"].astype(str),
            "frame_2": second["frame"].astype(str),
            "reworded": second["reworded"],
        }
    )


def table(corpus: Corpus) -> pd.DataFrame:
    """Agreement for every code that the second coder gave.

    Returns
    -------
    pd.DataFrame, one row per code
        Columns of `alpha`, and `unit` (claim or article).
    """
    rows = {}
    claims = claims_side_by_side(corpus)
    if len(claims):
        rows["main frame"] = alpha(claims["frame_1"], claims["frame_2"], claims["article_id"])
    second = corpus.second_articles
    own = corpus.articles.loc[second.index]
    for code in ("direction", "portrayal", "stance", "origin", "motives"):
        if len(second):
            rows[code] = alpha(_plain(own[code]), _plain(second[code]), own["event"])
    out = pd.DataFrame(rows, index=_COLUMNS).T.rename_axis("code")
    return out.assign(unit=np.where(out.index == "main frame", "claim", "article"))


def by_frame(corpus: Corpus, draws: int = 300) -> pd.DataFrame:
    """Agreement on each main frame against all others.

    Returns
    -------
    pd.DataFrame, one row per frame
        Columns of `alpha`; `n` is how many claims either coder gave the frame.
    """
    claims = claims_side_by_side(corpus)
    rows = {}
    for frame in sorted(set(claims["frame_1"]) | set(claims["frame_2"])):
        first, second = claims["frame_1"] == frame, claims["frame_2"] == frame
        rows[frame] = alpha(first, second, claims["article_id"], draws)
        rows[frame]["n"] = int((first | second).sum())
    return pd.DataFrame(rows, index=_COLUMNS).T.rename_axis("frame")


def doubtful(corpus: Corpus) -> set[str]:
    """Frames whose alpha is under `TENTATIVE`: figures mark them with a dagger."""
    table = by_frame(corpus, draws=2)
    return set(table.index[table["alpha"] < TENTATIVE]) if len(table) else set()


def _plain(codes: pd.Series) -> pd.Series:
    return codes if codes.map(lambda v: isinstance(v, tuple)).any() else codes.astype(str)
