"""What is said of those who go one way and of those who go the other, and by whom (notebook 4)."""

from typing import NamedTuple

import pandas as pd

from .. import stats
from ..corpus import Corpus
from ..domain import DIRECTIONS, TOWARD
from .estimands import CONTRASTS, MIRROR_INDEX, MIRROR_WITHOUT_TREASON, estimates, name

SHOWN = ["Russian", "Ukrainian", "Western", "Undisclosed"]
"""Camps that figures show beside each other."""

REPORTED = [c for c in CONTRASTS if c not in ("frame_away", "frame_direction_by_article")]
"""Contrasts that the notebook reports; the others are read through what rests on them."""


def by_direction(table: pd.DataFrame, column: str, weighting: str = "event") -> pd.DataFrame:
    """Shares of codes in each of the four directions, as `stats.prevalence` gives them."""
    told = table[table["direction"] != "both"]
    cells = stats.prevalence(stats.shares(told, column, ["direction"], weighting))
    return stats.pick(cells, DIRECTIONS)


def by_camp(table: pd.DataFrame, column: str, camps: list[str] = SHOWN) -> pd.DataFrame:
    """Shares of codes in crossings by direction and camp, as `stats.prevalence` gives them."""
    crossings = table[table["direction"].isin(TOWARD.values())]
    cells = stats.prevalence(stats.shares(crossings, column, ["direction", "camp"]))
    wanted = [(d, c) for d in sorted(TOWARD.values()) for c in camps]
    there = cells.index.droplevel("code")
    return pd.concat([cells[there == cell] for cell in wanted])


def contrasts(data: Corpus, names: list[str] = REPORTED) -> dict[str, pd.DataFrame]:
    """Contrasts of the registry, each as `stats.contrast` returns it, by name."""
    articles, claims = data.article_table().reset_index(), data.claim_table()
    made: dict[tuple, stats.Shares] = {}
    out = {}
    for key in names:
        c = CONTRASTS[key]
        cells = (c.column, *c.by, c.population, c.weighting)
        if cells not in made:
            made[cells] = stats.shares(c.rows(articles, claims), c.column, c.by, c.weighting)
        out[key] = stats.contrast(made[cells], c.weights)
    return out


class Mirrors(NamedTuple):
    """Mirror indices of two camps: over all frames, without treason, and of other codes.

    Attributes
    ----------
    frames, without_treason, by_article : stats.Mirror
        By frames of claims; without claims of treason; with each article counted once.
    portrayals, without_traitor : stats.Mirror
        By portrayals of whole articles.
    """

    frames: stats.Mirror
    without_treason: stats.Mirror
    by_article: stats.Mirror
    portrayals: stats.Mirror
    without_traitor: stats.Mirror


def mirrors(data: Corpus) -> Mirrors:
    """Compute the mirror indices that the notebook reports."""
    articles, claims = data.article_table().reset_index(), data.claim_table()
    return Mirrors(
        stats.mirror(claims, TOWARD),
        stats.mirror(claims[claims["frame"] != "treason"], TOWARD, draws=500),
        stats.mirror(claims, TOWARD, weighting="article"),
        stats.mirror(articles, TOWARD, "portrayal"),
        stats.mirror(articles[articles["portrayal"] != "traitor"], TOWARD, "portrayal"),
    )


@estimates
def contrast_estimates(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every code of every contrast, and how many codes each contrast shows.

    Parameters
    ----------
    tables : dict of str to pd.DataFrame
        As `contrasts` returns them.
    """
    rows = [t.rename(lambda code, k=k: name(k, code)) for k, t in tables.items()]
    counts = {}
    for key, t in tables.items():
        counts[name(key, "found")] = int(t["shown"].sum())
        counts[name(key, "tested")] = int(t["q"].notna().sum())
    first, second = (tables[f"frame_away_{camp}"] for camp in TOWARD)
    alike = first["shown"] & second["shown"] & (first["value"] * second["value"] > 0)
    counts["frame_away/in_both_camps"] = int(alike.sum())
    counts["frame_away/treason/in_both_camps"] = int(alike.get("treason", False))
    return pd.concat([*rows, pd.DataFrame({"value": counts}, dtype=float)])


@estimates
def level_estimates(data: Corpus) -> pd.DataFrame:
    """How often articles portray a traitor, by direction and by camp."""
    articles = data.article_table().reset_index()
    rows = {
        "portrayal_by_direction": by_direction(articles, "portrayal"),
        "portrayal_by_camp": by_camp(articles, "portrayal"),
    }
    out = []
    for key, table in rows.items():
        own = table[table.index.get_level_values("code") == "traitor"].droplevel("code")
        cells = [c if isinstance(c, tuple) else (c,) for c in own.index]
        out.append(own.set_axis([name(key, "traitor", *c) for c in cells]))
    return pd.concat(out)


@estimates
def mirror_estimates(m: Mirrors) -> pd.DataFrame:
    """The mirror indices; `p` is the share of shuffled directions that reach the index."""
    index, treason = MIRROR_INDEX.name, MIRROR_WITHOUT_TREASON.name
    rows = {
        index: m.frames.index,
        treason: m.without_treason.index,
        name(index, "by_article"): m.by_article.index,
        name(index, "of_portrayals"): m.portrayals.index,
        name(index, "of_portrayals", "without_traitor"): m.without_traitor.index,
    }
    table = pd.DataFrame(rows).T.astype(float).rename(columns={"p_no_direction": "p"})
    table.loc[name(index, "camps_shuffled")] = (
        table.loc[index].drop("p").rename({"p_no_teller": "p"})
    )
    perfect = m.without_treason.references["perfect mirror, same noise"].quantile(
        [0.5, 0.025, 0.975]
    )
    table.loc[name(treason, "perfect"), ["value", "low", "high"]] = perfect.to_numpy()
    counts = {
        name(index, "treason_part"): m.frames.frames["part"].get("treason")
        / m.frames.index["value"],
        name(index, "smallest_cell"): m.frames.index["smallest_cell"],
        name(index, "shared_events"): m.frames.index["shared_events"],
    }
    return pd.concat([table, pd.DataFrame({"value": counts}, dtype=float)])


def read(table: pd.DataFrame) -> pd.DataFrame:
    """Only the differences that are shown, by the label of their contrast and the code."""
    own = table[table["shown"].eq(True)]
    parts = [n.split("/") for n in own.index]
    labels = [(CONTRASTS[contrast].label, code) for contrast, code in parts]
    return own.set_axis(pd.MultiIndex.from_tuples(labels, names=["contrast", "code"]))


def together(tables: dict[str, pd.DataFrame], **names: str) -> pd.DataFrame:
    """Some contrasts in one table, by the names that they take in its level `comparison`."""
    return pd.concat({label: tables[key] for key, label in names.items()}, names=["comparison"])


def size(table: pd.DataFrame) -> str:
    """Articles and events that a table's first row rests on, in words; empty where it has none."""
    if table.empty:
        return "none"
    return f"{table['n_articles'].iloc[0]:,.0f} articles on {table['n_events'].iloc[0]:,.0f} events"
