"""What is said of those who come toward the teller's side and of those who leave it (notebook 4).

Here different events are compared. So every comparison stands beside that of the same acts in two
tellings (`same_act`), which alone holds the act constant.
"""

import re
from functools import partial

import numpy as np
import pandas as pd

from .. import stats
from ..corpus import Corpus
from ..domain import TOWARD
from . import codes, estimands, plan, reliability, same_act
from .estimands import COLUMNS, CONTRASTS, HEADLINES, SUBSETS, articles_of, estimates, name, size

# Camps whose levels are shown beside each other: the two, and those that are neither.
SHOWN = [*TOWARD, "Western", "Undisclosed"]

SAME, MEAN = "same act", "mean of the camps"

OF = {"": MEAN, **{f"_{camp}": camp for camp in TOWARD}}
"""How names of contrasts end, and whose they are."""

# Versions of the two energies: population, a code whose claims are left out (the others rescaled),
# and a code whose coordinate is dropped (the others as they are).
VERSIONS = {
    "all frames": ("two camps", None, None),
    "all frames, no prosecutions": ("two camps, no prosecutions", None, None),
    "beside treason, rescaled": ("two camps", "treason", None),
    "beside treason, no prosecutions": ("two camps, no prosecutions", "treason", None),
    "beside treason, completed crossings": ("two camps, completed", "treason", None),
    "treason's coordinate dropped": ("two camps", None, "treason"),
}


def contrasts(data: Corpus) -> dict[str, pd.DataFrame]:
    """The `CONTRASTS`, by name: as `stats.contrast` and `reliability.tested` give them."""
    articles, out = {}, {}
    for key, c in CONTRASTS.items():
        rows = (c.column, c.without, c.population)
        if rows not in articles:
            articles[rows] = c.articles(data)
        low = reliability.doubtful(data, c.column)
        out[key] = reliability.tested(c.compare(articles[rows]), low)
    return out


def same(data: Corpus) -> dict[tuple[str, str], pd.DataFrame]:
    """Comparisons of the same acts (`same_act.differences`), by key of `COLUMNS` and `SUBSETS`."""
    return {
        (key, subset): same_act.differences(data, column, without, population)
        for key, (column, without) in COLUMNS.items()
        for subset, (_, population) in SUBSETS.items()
    }


def by_subset(tables: dict, paired: dict) -> pd.DataFrame:
    """The headline contrasts of crossings in every subset, each with that of the same acts.

    Index: `estimate` (in words), `series` (a camp, their mean, or the same act), `subset`.
    """
    rows = {}
    for e in HEADLINES.values():
        key, is_crossing, _ = e.contrast.partition("_away")
        for subset, (label, _) in SUBSETS.items() if is_crossing else ():
            what = e.label.partition(",")[0]
            found = {series: tables[f"{e.contrast}{subset}{of}"] for of, series in OF.items()}
            for series, table in (found | {SAME: paired[key, subset]}).items():
                # a corpus may lack a code
                rows[what, series, label] = table.reindex([e.code]).iloc[0]
    return pd.DataFrame.from_dict(rows, "index").rename_axis(["estimate", "series", "subset"])


def beside(tables: dict, paired: dict, key: str) -> pd.DataFrame:
    """All codes of a key of `COLUMNS`, leaving minus coming, beside those of the same acts.

    Index: `comparison`, `code`.
    """
    labels = {subset: label for subset, (label, _) in SUBSETS.items() if subset != "_completed"}
    parts = {label: tables[f"{key}_away{subset}"] for subset, label in labels.items()}
    parts[SAME] = paired[key, ""]
    return pd.concat(parts, names=["comparison", "code"])


def levels(data: Corpus, column: str, articles: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Shares of codes in groups of articles, as `stats.prevalence`, each event counted once.

    `articles` has rows of `article_table`, with the columns `by`; one may be in several groups.
    With `articles_given` and `events_given`: on how many articles the code is used, and on how many
    events these are (NaN of codes of claims).
    """
    panel = stats.Panel.pooled(articles, codes.of_articles(data, column), by)
    table = stats.prevalence(panel.shares(by))
    if column in codes.CLAIM_CODES:
        return table.assign(articles_given=np.nan, events_given=np.nan)
    given = articles.astype({b: object for b in by}).explode(column)
    given = given.groupby([*by, given[column].astype(object)])["cluster"]
    given = given.agg(articles_given="size", events_given="nunique")
    return table.join(given.rename_axis(table.index.names).reindex(table.index, fill_value=0))


def crossings(data: Corpus, population: str = "acts") -> pd.DataFrame:
    """Articles of the camps `SHOWN` on crossings, with `kind`: coming, or leaving and how."""
    articles = articles_of(data, population)
    articles = articles[articles["camp"].isin(SHOWN)]
    coming = articles["direction"].astype(object) == articles["camp"].map(TOWARD)
    tests = [coming, articles["occasion"].isna(), ~estimands.is_unprosecuted(articles)]
    kinds = ["coming", "leaving", "leaving, prosecutions"]
    return articles.assign(kind=np.select(tests, kinds, "leaving, others"))


def by_camp(data: Corpus, column: str, population: str = "acts") -> pd.DataFrame:
    """Levels of a column in crossings by camp and direction, camps in the order `SHOWN`."""
    articles = crossings(data, population)
    return levels(data, column, articles, ["camp", "direction"]).reindex(SHOWN, level=0)


def by_kind(data: Corpus, column: str) -> pd.DataFrame:
    """Levels of the two camps by `kind` of crossing: prosecutions apart from others."""
    return levels(data, column, crossings(data, "two camps"), ["camp", "kind"])


def exits(data: Corpus, column: str = "frame") -> pd.DataFrame:
    """Levels of those who only leave, beside crossings from the same side: index `side`, `kind`.

    Kinds: `crossings` and `exits` on named cases, without trend pieces; `exits, own camp`; and
    `trend pieces` on exits. Of these most are on no event: an outlet's count as one and are
    resampled as one, but no number of events is given. What is too little for an interval is left
    out.
    """
    articles, parts = data.article_table().reset_index(), []
    trend = estimands.is_trend(articles)
    for side, (out, crossing) in estimands.EXITS.items():
        left = articles["direction"] == out
        kinds = {
            "crossings": (articles["direction"] == crossing) & ~trend,
            "exits": left & ~trend,
            "exits, own camp": left & ~trend & (articles["camp"] == side),
            "trend pieces": left & trend,
        }
        of = f"{side} side"
        parts += [articles[rows].assign(side=of, kind=kind) for kind, rows in kinds.items()]
    table = levels(data, column, pd.concat(parts), ["side", "kind"])
    no_case = table.index.get_level_values("kind") == "trend pieces"
    return table.assign(n_events=table["n_events"].mask(no_case))[table["low"].notna()]


def energies(data: Corpus) -> pd.DataFrame:
    """`plan.energies` by `version` (of `VERSIONS`) and `part`."""
    out = {version: plan.energies(data, *of) for version, of in VERSIONS.items()}
    return pd.concat(out, names=["version", "part"])


def lengths(table: pd.DataFrame) -> pd.DataFrame:
    """`energies` as lengths of the two parts, in shares: the root, of energies below zero none."""
    own = table.drop("mirror index", level="part").copy()
    for column in ("value", "low", "high"):
        own[column] = np.sqrt(own[column].clip(lower=0))
    return own.assign(shown=own["p"] < stats.LEVEL)


def shown(tables: dict[str, pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Only the differences that are shown in some contrasts, by label and code."""
    rows = {CONTRASTS[key].label: tables[key][tables[key]["shown"]] for key in keys}
    return pd.concat(rows, names=["contrast", "code"])


@estimates
def contrast_estimates(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every code of every one of the `contrasts`, and what each excludes.

    Of each: how many codes were `tested` and `found`, how many intervals lie `within_10` points
    either way, and how far the farthest reaches (`reach`).
    """
    rows = [t.rename(lambda code, k=k: name(k, code)) for k, t in tables.items()]
    counts = {}
    for key, t in tables.items():
        reach = t[["low", "high"]].abs().max(axis=1)
        counts[name(key, "found")] = int(t["shown"].sum())
        counts[name(key, "tested")] = int(t["q"].notna().sum())
        counts[name(key, "within_10")] = int((reach < plan.SMALL).sum())
        counts[name(key, "reach")] = reach.max()
    return pd.concat([*rows, pd.DataFrame({"value": counts}, dtype=float)])


@estimates
def same_estimates(paired: dict[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """The motives in the same acts, and in how many these `differ`.

    Notebook 3 records portrayals and frames.
    """
    whole = paired["motives", ""].rename(lambda code: name("same_act", "motives", code))
    differ = (whole["positive"] + whole["negative"]).rename(lambda key: name(key, "differ"))
    return pd.concat([whole, differ.to_frame("value").astype(float)])


unprosecuted_by_camp = partial(by_camp, population="two camps, no prosecutions")

# Levels that are recorded: what gives them, the column, and the codes.
LEVELS = {
    "portrayal_by_camp": (by_camp, "portrayal", ["traitor", "convert", "neutral"]),
    "motives_by_camp": (by_camp, "motives", ["survival", "not_stated"]),
    "voice_by_camp": (by_camp, "voice", ["defector", "ru_official", "ua_official"]),
    "portrayal_unprosecuted": (unprosecuted_by_camp, "portrayal", ["traitor"]),
    "portrayal_by_kind": (by_kind, "portrayal", ["traitor", "neutral"]),
    "frame_by_kind": (by_kind, "frame", ["treason"]),
    "frame_left": (exits, "frame", ["collapse"]),
    "portrayal_left": (exits, "portrayal", ["traitor"]),
}


@estimates
def level_estimates(data: Corpus) -> pd.DataFrame:
    """The `LEVELS`, with raw counts of the articles and the events that have the code."""
    out = []
    for key, (function, column, wanted) in LEVELS.items():
        table = function(data, column)
        table = table[table.index.get_level_values("code").isin(wanted)]
        flat = table.set_axis([name(key, cell[-1], *cell[:-1]) for cell in table.index])
        counts = flat[["articles_given", "events_given"]].dropna().stack()
        counts.index = [name(cell, of.removesuffix("_given")) for cell, of in counts.index]
        out += [flat, counts.rename("value").to_frame()]
    return pd.concat(out).rename(lambda n: n.replace(",", ""))


@estimates
def energy_estimates(table: pd.DataFrame) -> pd.DataFrame:
    """The lengths and the mirror index of every version."""
    table = pd.concat([lengths(table), table.xs("mirror index", level="part", drop_level=False)])
    names = [
        name(part if part == "mirror index" else ("length", part), re.sub("[,']", "", version))
        for version, part in table.index
    ]
    return table.set_axis(names)


def with_n(table: pd.DataFrame, level: str) -> pd.DataFrame:
    """A table whose labels of a level say what each row rests on."""

    def label(row: str, articles: float, events: float) -> str:
        on = f", {events:,.0f} events" if events > 0 else ""
        return f"{row} ({articles:,.0f} articles{on})"

    rows = table.index.get_level_values(level), table["n_articles"], table["n_events"]
    labels = pd.Index(list(map(label, *rows)), name=level, dtype=str)
    own = table.drop(columns=["n_articles", "n_events"])
    return own.droplevel(level).set_index(labels, append=True)


def sizes(tables: dict, paired: dict) -> str:
    """What the contrasts of each subset rest on, in words."""
    return "; ".join(
        f"{label}: {size(tables[f'portrayal_away{s}'])} (same act: {size(paired['portrayal', s])})"
        for s, (label, _) in SUBSETS.items()
    )
