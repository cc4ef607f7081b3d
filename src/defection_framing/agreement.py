"""Agreement of two coders, code by code."""

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
        What is resampled, such as the article a claim comes from.
    draws : int
    seed : int
    weights : pd.Series, length n, optional
        How many units of the corpus each unit stands for (one over its inclusion probability); by
        default all the same.

    Returns
    -------
    pd.Series
        `alpha`, `low`, `high` (percentiles of the bootstrap; NaN where one code is all there is),
        `agreement` (weighted share of units with the same code, 0 to 1), `n`.

    References
    ----------
    Krippendorff (2004), Content Analysis, 2nd ed., ch. 11.
    """
    pair = [[_value(v) for v in s] for s in (first, second)]
    domain = sorted(set(pair[0]) | set(pair[1]), key=str)
    number = {v: i for i, v in enumerate(domain)}
    a, b = (np.array([number[v] for v in row]) for row in pair)
    if any(isinstance(v, frozenset) for v in domain):
        distance = np.array([[masi(v, w) ** 2 for w in domain] for v in domain])
    else:
        distance = 1.0 - np.eye(len(domain))
    weights = np.ones(len(a)) if weights is None else np.asarray(weights, float)

    def statistic(times):
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
    return pd.Series(
        {
            "alpha": statistic(np.ones(len(a))),
            "low": low,
            "high": high,
            "agreement": float(np.average(a == b, weights=weights)),
            "n": len(a),
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


def confusions(corpus: Corpus) -> pd.DataFrame:
    """Count where the two coders disagreed, by the pair of codes.

    Returns
    -------
    pd.DataFrame, one row per pair of codes and order
        `code` (main frame, direction, portrayal, stance, origin), `first`, `second` (what the main
        coder and the second coder gave), `n` (units coded so), `either_way` (with the two codes
        exchanged as well); the pairs confused most stand first within each code.
    """
    claims = claims_side_by_side(corpus)
    pairs = {"main frame": (claims["frame_1"], claims["frame_2"])}
    second = corpus.second_articles
    for code in ("direction", "portrayal", "stance", "origin"):
        own = corpus.articles.loc[second.index, code]
        pairs[code] = (own.astype(str), second[code].astype(str))
    counts = pd.concat(
        [pd.DataFrame({"code": c, "first": a, "second": b}) for c, (a, b) in pairs.items()]
    )
    counts = counts[counts["first"] != counts["second"]].value_counts(sort=False)
    counts = counts.rename("n").reset_index()
    pair = counts[["first", "second"]].min(axis=1) + " " + counts[["first", "second"]].max(axis=1)
    counts["either_way"] = counts.groupby([counts["code"], pair])["n"].transform("sum")
    order = counts.assign(
        pair=pair, place=counts["code"].map({code: i for i, code in enumerate(pairs)})
    ).sort_values(["place", "either_way", "pair", "n"], ascending=[True, False, True, False])
    return counts.loc[order.index].reset_index(drop=True)


def doubtful(corpus: Corpus) -> set[str]:
    """Frames whose alpha is under `TENTATIVE`: figures mark them with a dagger."""
    table = by_frame(corpus, draws=2)
    return set(table.index[table["alpha"] < TENTATIVE]) if len(table) else set()


def _plain(codes: pd.Series) -> pd.Series:
    return codes if codes.map(lambda v: isinstance(v, tuple)).any() else codes.astype(str)
