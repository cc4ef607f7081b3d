"""The same act in two tellings: events that both camps told, compared event by event (notebook 3).

The plan is `data/PLAN.md`, frozen before the codes were counted. Of each event: the share of a code
in the camp that was left minus the share in the camp that received; the mean over the events of a
direction, then over the two directions.
"""

import html
import re

import numpy as np
import pandas as pd

from .. import stats
from ..corpus import Corpus, leads_somewhere
from ..domain import DIRECTIONS, TOWARD, label
from . import codes, reliability
from .estimands import PAIRED, SAME_OTHERS, SAME_TRAITOR, Paired, articles_of, estimates, name

CAMP_LEFT = {d: camp for camp, toward in TOWARD.items() for d in TOWARD.values() if d != toward}
"""The camp whose side is left, by direction: a crossing to Ukraine leaves the Russian side."""

# Services whose announcements count as one cluster where an event rests on them, by how they are
# named among the sources.
SERVICES = {
    "FSB": r"\bFSB\b",
    "SBU": r"\bSBU\b|Security Service of Ukraine",
    "HUR": r"\b[GH]UR\b|Budanov|Yusov|Coordination Headquarters",
    "State Bureau of Investigation": r"State Bureau of Investigation|\bDBR\b",
    "prosecutors": r"(?i)prosecut|\bMatios\b",
    "Investigative Committee": r"Investigative Committee",
}

# How a comparison is made: as planned, then what is left out or taken otherwise; of which articles
# (as `articles_of` takes them) and by which codes. What else one service and the same language take
# otherwise, `paired_events` does.
WAYS = {
    "as planned": ("two camps", "pooled"),
    "crossings to Ukraine": ("two camps, to Ukraine", "pooled"),
    "crossings to Russia": ("two camps, to Russia", "pooled"),
    "old events": ("two camps, old events", "pooled"),
    "new events": ("two camps, new events", "pooled"),
    "completed crossings": ("two camps, completed", "pooled"),
    "no prosecutions": ("two camps, no prosecutions", "pooled"),
    "people who serve": ("two camps, serving", "pooled"),
    "civilians": ("two camps, civilians", "pooled"),
    "one service, one cluster": ("two camps", "pooled"),
    "same language": ("two camps", "pooled"),
    "laws and counts too": ("crossings of the two camps", "pooled"),
    "outlets of firm camp": ("two camps, firm camps", "pooled"),
    "first pass, not blind": ("two camps", "first pass"),
    "majority of all passes": ("two camps", "majority"),
    "third blind pass too": ("two camps", "with C"),
}

BY_DIRECTION = ("crossings to Russia", "crossings to Ukraine")

# Events, each with its direction, that the notebook tells in plain words.
CASES = (
    "kuzminov-mi8/ru_to_ua",
    "l-tank/ua_to_ru",
    "khmelnytsky-battalion/ua_to_ru",
    "voronenkov/ru_to_ua",
    "crimea-security-forces-2014/ua_to_ru",
    "commander-killing-93rd/ua_to_ru",
)


def shared_articles(data: Corpus, only: str = "two camps", same_language=False) -> pd.DataFrame:
    """Articles of the two camps on crossings that both told, with the columns `unit` and `left`.

    As `article_table`; `unit` is event and direction, `left` whether the teller's side is the one
    that was left. `only` is as in `articles_of`; with `same_language`, only those in a language in
    which both camps told the event.
    """
    articles = articles_of(data, only).astype({"direction": str})
    articles["unit"] = articles["event"] + "/" + articles["direction"]
    articles["left"] = articles["camp"] == articles["direction"].map(CAMP_LEFT)
    keys = ["unit", "lang"] if same_language else ["unit"]
    both = articles.groupby(keys)["camp"].transform("nunique") == 2
    return articles[both]


def pairs(articles: pd.DataFrame, code_draws: stats.CodeDraws) -> tuple[stats.Pairs, pd.DataFrame]:
    """Differences of each event's two tellings, of articles as `shared_articles` gives them.

    Articles without a share (nothing is left of them where a code is left out) are dropped, and
    events with one telling after that. Returns the articles used, too.
    """
    rows = code_draws.articles.get_indexer(articles["article_id"])
    used = articles[code_draws.units[rows] >= stats.LEAST]
    used = used[used.groupby("unit")["left"].transform("nunique") == 2]
    rows = code_draws.articles.get_indexer(used["article_id"])
    expected, drawn = code_draws.shares(rows)
    unit, names = pd.factorize(used["unit"], sort=True)
    left = used["left"].to_numpy()
    weights = np.zeros((len(names), len(used)))
    weights[unit, np.arange(len(used))] = np.where(left, 1.0, -1.0)
    weights /= np.bincount(2 * unit + left, minlength=2 * len(names))[2 * unit + left]
    first = np.unique(unit, return_index=True)[1]
    made = stats.Pairs(
        names=pd.Index(names),
        stratum=(used["direction"].to_numpy()[first] == "ua_to_ru").astype(int),
        differences=weights @ expected,
        draws=np.einsum("em,bmk->bek", weights, drawn, optimize=True),
        counts=code_draws.counts[:, code_draws.event[rows[first]]],
        codes=code_draws.names,
    )
    return made, used


def served(articles: pd.DataFrame) -> pd.DataFrame:
    """Whether each of the `SERVICES` is among an article's sources."""
    sources = articles["sources"].map("\n".join)
    return pd.DataFrame({service: sources.str.contains(p) for service, p in SERVICES.items()})


def by_service(served: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Cluster of each of U units: those that half their articles owe to one service are one.

    Of n articles whether they owe to each of the `SERVICES` (n, services), and their `unit` (n,).
    """
    n = np.bincount(unit)
    share = np.stack([np.bincount(unit, s) for s in served.T], axis=1) / n[:, None]
    return np.where(share.max(1) >= 0.5, share.argmax(1) + len(n), np.arange(len(n)))


def differences(
    data: Corpus, column: str, without: str | None = None, only: str = "two camps"
) -> pd.DataFrame:
    """Every code of a column, camp left minus camp that received, as `reliability.tested` gives it.

    With `n_articles`. `only` is as in `articles_of`.
    """
    code_draws = codes.of_articles(data, column, without=without)
    made, used = pairs(shared_articles(data, only), code_draws)
    table = reliability.tested(stats.paired_contrast(made), reliability.doubtful(data, column))
    return table.assign(n_articles=len(used))


def paired_events(data: Corpus, p: Paired, way: str = "as planned"):
    """The pairs of a comparison made in one of the `WAYS`, and the clusters of its events."""
    only, passes = WAYS[way]
    code_draws = codes.of_articles(data, p.column, passes, without=p.without)
    made, used = pairs(shared_articles(data, only, way == "same language"), code_draws)
    if way != "one service, one cluster":
        return made, None
    cluster = by_service(served(used).to_numpy(float), made.names.get_indexer(used["unit"]))
    return made, pd.factorize(cluster)[0]


def paired(
    data: Corpus, p: Paired, way: str = "as planned", alike: float = stats.ALIKE
) -> dict[str, float]:
    """One comparison: its row of `stats.paired_contrast`, or the joint test of all its codes."""
    made, cluster = paired_events(data, p, way)
    if p.code is None:
        statistic, value = stats.joint_test(made, cluster, alike=alike)
        counted = pd.Series(made.names if cluster is None else cluster).groupby(made.stratum)
        n = counted.nunique().reindex((0, 1), fill_value=0)
        return {"value": statistic, "p": value, "n_events": n.sum(), "n_0": n[0], "n_1": n[1]}
    table = stats.paired_contrast(made, cluster, alike=alike)
    return table.reindex([p.code]).iloc[0].to_dict()


def comparisons(data: Corpus) -> pd.DataFrame:
    """Each paired comparison in each of the `WAYS`: as planned first, then its sensitivities.

    Index: its name and the way (`sensitivity`).
    """
    rows = {(key, way): paired(data, p, way) for key, p in PAIRED.items() for way in WAYS}
    table = pd.DataFrame.from_dict(rows, "index").rename_axis(["estimate", "sensitivity"])
    # a corpus may have no pair in a direction, or none at all
    of_direction = [f"{what}_{i}" for what in ("value", "n") for i in range(len(CAMP_LEFT))]
    return table.reindex(columns=table.columns.union(of_direction, sort=False))


def portrayals(data: Corpus) -> pd.DataFrame:
    """Shares of portrayals, as expected, by event (`unit`) and side (`left`), and `n`, articles.

    An article whose portrayal is open counts as none.
    """
    code_draws, articles = codes.of_articles(data, SAME_TRAITOR.column), shared_articles(data)
    expected, _ = code_draws.shares(code_draws.articles.get_indexer(articles["article_id"]))
    table = pd.DataFrame(expected, articles.index, code_draws.names)
    sides = table.groupby([articles["unit"], articles["left"]])
    return sides.mean().assign(n=sides.count().max(axis=1))


def events(data: Corpus) -> pd.DataFrame:
    """One row for each event that both camps told: who told it how.

    Columns: `event` (in words), `slug`, `direction`, `panel` (the direction in words), `new_event`,
    `left` and `received` (shares of the camp's articles that portray a traitor, as expected),
    `value` (their difference), `n_left` and `n_received` (articles), `occasion`.
    """
    shares = portrayals(data)
    columns = pd.MultiIndex.from_product([[SAME_TRAITOR.code, "n"], [True, False]])
    sides = shares.reindex(columns=columns.unique(0)).unstack("left").reindex(columns=columns)
    sides.columns = ["left", "received", "n_left", "n_received"]
    first = shared_articles(data).groupby("unit")[["event", "direction", "new_event"]].first()
    table = first.rename(columns={"event": "slug"}).join(sides)
    table["value"] = table["left"] - table["received"]
    table = table[table["value"].notna()].copy()  # a portrayal may be open
    table["occasion"] = table["slug"].map(data.events["occasion"])
    table["event"] = [re.sub(r" \(.*\)$", "", label(slug)) for slug in table["slug"]]
    table["panel"] = [f"crossings {DIRECTIONS[d]}" for d in table["direction"]]
    return table.sort_values(
        ["direction", "value", "left", "event"],
        ascending=[True, False, False, True],
        key=lambda cells: cells.round(2) if cells.name in ("value", "left") else cells,
    )


TELLERS = {
    f"crossings {DIRECTIONS[d]}": (camp, *(c for c in TOWARD if c != camp))
    for d, camp in CAMP_LEFT.items()
}
"""By panel of `events` the camp that was left and the one that received."""


def table_of_events(data: Corpus) -> pd.DataFrame:
    """The events that both camps told, with a link to every article: for readers to look up."""
    articles = shared_articles(data)
    links = articles.groupby(["unit", "camp"])["url"].agg(
        lambda urls: " ".join(
            f'<a href="{html.escape(u)}">{i}</a>' if leads_somewhere(u) else str(i)
            for i, u in enumerate(urls, 1)
        )
    )
    table = events(data)
    links = links.unstack("camp").reindex(table.index, columns=[*TOWARD])
    out = table[["event", "direction", "new_event", "occasion"]]
    out = out.rename(columns={"new_event": "new"}).replace({"direction": DIRECTIONS})
    out["new"] = np.where(table["new_event"], "new", "")
    for camp in TOWARD:
        left = table["direction"].map(CAMP_LEFT) == camp
        share = table["left"].where(left, table["received"])
        out[f"traitor, {camp}"] = share.map("{:.0%}".format)
        out[f"articles, {camp}"] = links[camp]
    return out


def _gap(first: pd.Series, second: pd.Series) -> dict[str, float]:
    """Difference of independent estimates, limits recovered from theirs (Zou & Donner 2008)."""
    value = first["value"] - second["value"]
    low = value - np.hypot(first["value"] - first["low"], second["high"] - second["value"])
    high = value + np.hypot(first["high"] - first["value"], second["value"] - second["low"])
    return {"value": value, "low": low, "high": high}


@estimates
def paired_estimates(table: pd.DataFrame) -> pd.DataFrame:
    """The paired comparisons in every way, of `comparisons`."""
    out = {}
    for (key, how), row in table.iterrows():
        of = key if how == "as planned" else name(key, how.replace(",", ""))
        out[of] = row.reindex(["value", "low", "high", "p", "n_events"]).to_dict()
        for sign in ("positive", "negative", "alike"):
            out[name(of, sign)] = {"value": row[sign]}
        if how == "new events":  # the plan's verdict asks for the sign in each direction
            for i, direction in enumerate(sorted(CAMP_LEFT)):
                out[name(of, direction)] = {"value": row[f"value_{i}"], "n_events": row[f"n_{i}"]}
    for key in dict.fromkeys(table.index.get_level_values(0)):
        out[name(key, "gap")] = _gap(*(table.loc[(key, how)] for how in BY_DIRECTION))
    return pd.DataFrame.from_dict(out, "index").dropna(subset=["value"]).astype(float)


@estimates
def event_estimates(data: Corpus) -> pd.DataFrame:
    """How many events both camps told, and how each camp told each."""
    table = events(data)
    n, new = table[["n_left", "n_received"]], table[table["new_event"]]
    to_ukraine = new[new["direction"] == "ru_to_ua"]
    without = shared_articles(data, "two camps, no prosecutions")["unit"]
    apart = to_ukraine[to_ukraine.index.isin(without)]
    counts = {
        "events": len(table), "events_new": len(new), "articles": n.to_numpy().sum(),
        "neither": (table[["left", "received"]].max(axis=1) <= stats.ALIKE).sum(),
        "one_article_on_a_side": (n.min(axis=1) == 1).sum(),
        "new_to_ukraine": len(to_ukraine),
        "new_to_ukraine_differ": (to_ukraine["value"].abs() > stats.ALIKE).sum(),
        "new_to_ukraine_unprosecuted": len(apart),
        "new_to_ukraine_unprosecuted_differ": (apart["value"].abs() > stats.ALIKE).sum(),
    }  # fmt: skip
    counts |= {name("events", d): (table["direction"] == d).sum() for d in CAMP_LEFT}
    rows = {name("same_act", what): {"value": n} for what, n in counts.items()}
    for side, shares in table.groupby("direction")[["left", "received"]].mean().items():
        rows |= {name(SAME_TRAITOR.name, side, d): {"value": x} for d, x in shares.items()}
    sides = portrayals(data)
    for unit, left in sides.index[sides.index.isin(CASES, level="unit")]:
        own, side = sides.loc[unit, left], "left" if left else "received"
        for code, share in own.items():  # and `n`, the articles
            rows[name("same_act", unit, side, code)] = {"value": share, "n_articles": own["n"]}
    return pd.DataFrame.from_dict(rows, "index").astype(float)


def panels(table: pd.DataFrame, **keys: str) -> pd.DataFrame:
    """Some paired comparisons of `comparisons` for a figure: index estimate and sensitivity."""
    own = table.loc[list(keys)].rename(keys, level="estimate")
    own = own.assign(shown=stats.excludes_zero(own), n=own["n_events"])
    return own.drop(columns="n_events")


def all_codes(data: Corpus) -> pd.DataFrame:
    """Portrayals, treason and the frames beside it, compared in the same events, for a figure.

    The frames are one family of tests, treason among them; codes under the gate have none.
    """
    treason = differences(data, "frame").loc[["treason"]]
    frames = pd.concat([treason, differences(data, "frame", SAME_OTHERS.without)])
    parts = {
        "portrayals of articles": differences(data, SAME_TRAITOR.column),
        "frames of claims (beside treason rescaled)": reliability.tested(frames, set()),
    }
    return pd.concat(parts, names=["codes", "code"]).drop(columns="n_articles")


@estimates
def code_estimates(table: pd.DataFrame) -> pd.DataFrame:
    """Every code of `all_codes`, and how many of each kind are shown."""
    kinds = dict(zip(table.index.unique("codes"), ("portrayal", "frame"), strict=True))
    rows = table.set_axis([name("same_act_codes", kinds[k], code) for k, code in table.index])
    shown = table.groupby("codes")["shown"].sum()
    shown = shown.rename(lambda k: name("same_act_codes", kinds[k], "found"))
    return pd.concat([rows.drop(columns="shown"), shown.rename("value").to_frame().astype(float)])
