"""What is said of those who go one way and of those who go the other, and by whom (notebook 4)."""

import pandas as pd

from .. import stats
from ..corpus import Corpus
from ..domain import DIRECTIONS, TOWARD
from .estimands import CONTRASTS, MIRROR_INDEX, MIRROR_WITHOUT_TREASON, estimates, name

# Camps that figures show beside each other.
SHOWN = ["Russian", "Ukrainian", "Western", "Undisclosed"]

# Contrasts that the notebook reports; the others are read through what rests on them.
REPORTED = [c for c in CONTRASTS if c not in ("frame_away", "frame_direction_by_article")]


def by_direction(table: pd.DataFrame, column: str, weighting: str = "event") -> pd.DataFrame:
    """Shares of codes in each of the four directions, as `stats.prevalence` gives them."""
    told = table[table["direction"] != "both"]
    cells = stats.prevalence(stats.shares(told, column, ["direction"], weighting))
    return stats.pick(cells, DIRECTIONS)


def by_camp(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Shares of codes in crossings by direction and camp, as `stats.prevalence` gives them."""
    crossings = table[table["direction"].isin(TOWARD.values())]
    cells = stats.prevalence(stats.shares(crossings, column, ["direction", "camp"]))
    wanted = [(d, c) for d in sorted(TOWARD.values()) for c in SHOWN]
    there = cells.index.droplevel("code")
    return pd.concat([cells[there == cell] for cell in wanted])


def contrasts(data: Corpus) -> dict[str, pd.DataFrame]:
    """The contrasts `REPORTED`, each as `stats.contrast` returns it, by name."""
    articles, claims = data.article_table().reset_index(), data.claim_table()
    made, out = {}, {}
    for key in REPORTED:
        c = CONTRASTS[key]
        cells = (c.column, *c.by, c.population, c.weighting)
        if cells not in made:
            made[cells] = stats.shares(c.rows(articles, claims), c.column, c.by, c.weighting)
        out[key] = stats.contrast(made[cells], c.weights)
    return out


def mirrors(data: Corpus) -> dict[str, stats.Mirror]:
    """Mirror indices of the two camps, by name: of frames, and of portrayals of articles."""
    articles, claims = data.article_table().reset_index(), data.claim_table()
    index, other = MIRROR_INDEX.name, articles[articles["portrayal"] != "traitor"]
    rest = stats.mirror(claims[claims["frame"] != "treason"], TOWARD, draws=500)
    return {
        index: stats.mirror(claims, TOWARD),
        MIRROR_WITHOUT_TREASON.name: rest,
        name(index, "by article"): stats.mirror(claims, TOWARD, weighting="article"),
        name(index, "of portrayals"): stats.mirror(articles, TOWARD, "portrayal"),
        name(index, "of portrayals", "without traitor"): stats.mirror(other, TOWARD, "portrayal"),
    }


@estimates
def contrast_estimates(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every code of every one of the `contrasts`, and how many codes each shows."""
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
    out = []
    for key, shares in (("portrayal_by_direction", by_direction), ("portrayal_by_camp", by_camp)):
        table = shares(articles, "portrayal")
        own = table[table.index.get_level_values("code") == "traitor"].droplevel("code")
        out.append(own.set_axis([name(key, "traitor", cell) for cell in own.index]))
    return pd.concat(out)


@estimates
def mirror_estimates(m: dict[str, stats.Mirror]) -> pd.DataFrame:
    """The mirror indices; `p` is the share of shuffled directions that reach the index."""
    index, treason = MIRROR_INDEX.name, MIRROR_WITHOUT_TREASON.name
    table = pd.DataFrame({n: mirror.index for n, mirror in m.items()}).T.astype(float)
    table = table.rename(columns={"p_no_direction": "p"})
    shuffled = table.loc[index].drop("p").rename({"p_no_teller": "p"})
    table.loc[name(index, "camps_shuffled")] = shuffled
    perfect = m[treason].references["perfect mirror, same noise"]
    perfect = perfect.quantile([0.5, 0.025, 0.975]).to_numpy()
    table.loc[name(treason, "perfect"), ["value", "low", "high"]] = perfect
    of_index, part = m[index].index, m[index].frames["part"].get("treason")
    counts = {name(index, of): of_index[of] for of in ("smallest_cell", "shared_events")}
    counts[name(index, "treason_part")] = part / of_index["value"]
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
    """Articles and events that a table's first row rests on, in words."""
    if table.empty:
        return "none"
    return f"{table['n_articles'].iloc[0]:,.0f} articles on {table['n_events'].iloc[0]:,.0f} events"
