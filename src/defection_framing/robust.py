"""Which findings survive other defensible choices of outlets, events, dates, codes and weights."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from tqdm import tqdm

from . import compare

LARGEST = 8
"""How many of the largest events are left out, one at a time."""

STUDIES = {
    "mirror_index": "mirror index",
    "treason_relational": "treason, relational",
    "portrayal_traitor_away": "portrayed as traitor, leaving",
    "frame_collapse_exit_from_ua": "collapse, exits (Ukrainian side)",
    "frame_collapse_exit_from_ru": "collapse, exits (Russian side)",
    "motive_coercion_direction": "motive coercion, to Russia",
    "motive_reward_direction": "motive reward, to Russia",
}
"""The headline estimates, by the names they have in `estimates.csv`."""


def headline(articles: pd.DataFrame, claims: pd.DataFrame, weighting="event", draws=500):
    """Compute the headline estimates of the study from one version of the corpus.

    Parameters
    ----------
    articles, claims : pd.DataFrame
        As the corpus gives them, with `side`.
    weighting : {"event", "article"}
    draws : int

    Returns
    -------
    pd.DataFrame
        Index: keys of `STUDIES`. Columns `value`, `low`, `high`, `n_articles`, `n_events`; NaN
        where a cell is empty.
    """
    mirror = compare.mirror(claims, weighting=weighting, draws=draws)
    parts = ["relational", "relational_low", "relational_high"]
    treason = mirror.frames.reindex(index=["treason"], columns=parts).iloc[0]
    n = mirror.index[["n_articles", "n_events"]]
    out = {
        "mirror_index": mirror.index[["value", "low", "high", "n_articles", "n_events"]],
        "treason_relational": pd.concat([treason.set_axis(["value", "low", "high"]), n]),
        "portrayal_traitor_away": away(articles, weighting=weighting, draws=draws).loc["traitor"],
    }
    frames = compare.shares(claims, "frame", ["direction"], weighting, draws)
    motives = compare.shares(articles, "motives", ["direction"], weighting, draws)
    for name, s, code, pair in (
        ("frame_collapse_exit_from_ua", frames, "collapse", ("ua_exit", "ua_to_ru")),
        ("frame_collapse_exit_from_ru", frames, "collapse", ("ru_exit", "ru_to_ua")),
        ("motive_coercion_direction", motives, "coercion", ("ua_to_ru", "ru_to_ua")),
        ("motive_reward_direction", motives, "reward", ("ua_to_ru", "ru_to_ua")),
    ):
        if all(d in s.groups for d in pair):
            out[name] = compare.contrast(s, dict(zip(pair, (1, -1), strict=True))).loc[code]
    table = pd.DataFrame(out).T.reindex(STUDIES)
    return table[["value", "low", "high", "n_articles", "n_events"]].astype(float)


def away(
    articles: pd.DataFrame, camps=tuple(compare.TOWARD), weighting="event", draws=compare.DRAWS
) -> pd.DataFrame:
    """Contrast portrayals of those who leave the teller's side with those who come, as `contrast`.

    The mean over the camps, each with the same weight.
    """
    own = articles[articles["direction"].isin(compare.TOWARD.values())]
    s = compare.shares(
        own[own["side"].isin(camps)], "portrayal", ["side", "direction"], weighting, draws
    )
    weights = {
        (camp, d): (-1 if d == compare.TOWARD[camp] else 1) / len(camps)
        for camp in camps
        for d in compare.TOWARD.values()
    }
    return compare.contrast(s, weights)


def specifications(articles: pd.DataFrame) -> Iterator[tuple[str, str, Callable, dict]]:
    """Every other choice: its kind, its name, a function of the two tables, and options.

    Parameters
    ----------
    articles : pd.DataFrame
    """

    def keep(test):
        def apply(a, c):
            kept = a[test(a)]
            return kept, c[c["article_id"].isin(kept["article_id"])]

        return apply

    def camp(**change):
        def apply(a, c):
            sides = compare.SIDES | change
            return (t.assign(side=t["camp"].map(sides)) for t in (a, c))

        return apply

    yield "main", "as reported", lambda a, c: (a, c), {}
    yield "weighting", "each article counts once", lambda a, c: (a, c), {"weighting": "article"}
    cases = articles.loc[articles["event"] != "general", "event"]
    for event in cases.value_counts().head(LARGEST).index:
        yield "event left out", event, keep(lambda a, e=event: a["event"] != e), {}
    yield "camp", "Russian camp: state outlets only", camp(russian_mainstream="mainstream"), {}
    yield "camp", "Russian camp: with pro-Russian abroad", camp(pro_russian_abroad="Russian"), {}
    high = {"high", "medium"}
    yield "outlets", "camp known with confidence", keep(lambda a: a["confidence"].isin(high)), {}
    yield (
        "outlets",
        "no aggregators or mirrors",
        keep(lambda a: ~a["kind"].isin(["aggregator", "mirror"])),
        {},
    )
    yield "articles", "dated only", keep(lambda a: a["year"].notna()), {}
    yield "articles", "since 2022", keep(lambda a: (a["year"] >= 2022).fillna(False)), {}
    yield "articles", "not in English", keep(lambda a: a["lang"] != "en"), {}
    yield "articles", "a single case only", keep(lambda a: a["event"] != "general"), {}
    yield "articles", "no plots", keep(lambda a: ~a["event"].str.contains("-plot")), {}
    yield "codes", "first or second frame", _either_frame, {}
    for part in sorted(articles["slice"].unique()):
        yield "slice left out", f"slice {part}", keep(lambda a, p=part: a["slice"] != p), {}


def _either_frame(articles, claims):
    both = [
        tuple(f for f in pair if isinstance(f, str))
        for pair in zip(claims["frame"], claims["frame_2"], strict=True)
    ]
    return articles, claims.assign(frame=pd.Series(both, index=claims.index))


def table(articles: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Headline estimates under every specification, with a progress bar.

    Returns
    -------
    pd.DataFrame
        Index: kind, specification, estimate. Columns as `headline`, and `excludes_zero` (bool).
    """
    out = {}
    for kind, name, version, options in tqdm(list(specifications(articles)), desc="what holds"):
        out[kind, name] = headline(*version(articles, claims), **options)
    stacked = pd.concat(out, names=["kind", "specification", "estimate"])
    stacked["excludes_zero"] = (stacked["low"] > 0) | (stacked["high"] < 0)
    return stacked


def verdicts(results: pd.DataFrame) -> pd.DataFrame:
    """Count, for each estimate, the specifications that agree with the main one.

    Only specifications that change the estimate count: leaving out a slice that holds none of the
    articles it rests on says nothing.

    Returns
    -------
    pd.DataFrame, one row per estimate
        `value`, `low`, `high`, `n_articles`, `n_events` of the main specification; `tried` (how
        many others), `same_sign`, `holds` (how many of them have the same sign; and an interval
        that excludes zero as well), `fails` (the names of the others, joined by "; ").
    """
    main = results[results.index.get_level_values("kind") == "main"].droplevel([0, 1])
    others = results.drop(index="main", level="kind").dropna(subset=["value"])
    rows = {}
    for name, group in others.groupby(level="estimate", sort=False):
        group = group[~np.isclose(group["value"], main.loc[name, "value"])]
        same = np.sign(group["value"]) == np.sign(main.loc[name, "value"])
        holds = same & group["excludes_zero"]
        rows[name] = {
            **main.loc[name, ["value", "low", "high", "n_articles", "n_events"]],
            "tried": len(group),
            "same_sign": int(same.sum()),
            "holds": int(holds.sum()),
            "fails": "; ".join(group.index.get_level_values("specification")[~holds]),
        }
    columns = ["value", "low", "high", "n_articles", "n_events"]
    columns += ["tried", "same_sign", "holds", "fails"]
    return pd.DataFrame(rows, index=columns).T.reindex(list(main.index))
