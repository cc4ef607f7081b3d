"""How results depend on what was found: slices, large events and outlets, languages.

The corpus was found by similarity search, so nobody knows what it left behind. What can be known:
how the results move when parts of what was found are taken away, and whether they hold within
outlets (where the choice of outlets cannot make a difference between directions).
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd
import scipy.stats
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from .. import stats
from ..domain import TOWARD, label
from .estimands import CONTRASTS, HEADLINES, TRAITOR_AWAY, TREASON_AWAY, Contrast, estimates, name
from .material import CHOICES, Material
from .multiverse import as_reported, estimated

LARGEST = 8  # how many of the largest events and outlets are left out

# Languages that stand by themselves; the rest are `other languages`.
LANGUAGES = {"en": "English", "ru": "Russian", "uk": "Ukrainian"}


# What is compared within outlets, in words, and as names of contrasts end.
COMPARED = {"to Russia minus to Ukraine": "direction", "leaving minus coming": "away"}
COLUMNS = ("frame", "motives", "portrayal")  # codes that are compared within outlets

# Kinds of parts whose verdicts are counted together.
VERDICTS = {
    "left out": [f"{x} left out" for x in ("slice", "event", "largest events", "largest outlets")],
    "left out by article": [f"largest events left out, {CHOICES['weighting'][1]}"],
    "languages": ["language alone", "language left out"],
}


def parts(articles: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    """Give the parts that results are computed from again: kind, part, and the rows it keeps."""
    yield "all", "as reported", np.ones(len(articles), bool)
    for part in sorted(articles["slice"].unique()):
        yield "slice left out", part, (articles["slice"] != part).to_numpy()
    cases = articles.loc[articles["event"] != "general", "event"]
    events = cases.value_counts().head(LARGEST).index
    for event in events:
        yield "event left out", event, (articles["event"] != event).to_numpy()
    outlets = articles["outlet"].value_counts().head(LARGEST).index
    for column, largest in (("event", events), ("outlet", outlets)):
        for k in range(len(largest) + 1):
            keep = ~articles[column].isin(largest[:k])
            yield f"largest {column}s left out", str(k), keep.to_numpy()
    language = articles["lang"].map(LANGUAGES).fillna("other languages")
    for part in [*LANGUAGES.values(), "other languages"]:
        yield "language alone", part, (language == part).to_numpy()
        yield "language left out", part, (language != part).to_numpy()


def moved(m: Material) -> pd.DataFrame:
    """Headline estimates as reported, from each of the `parts` of the corpus.

    With the largest events left out, where much copied events could decide, they are computed with
    each article counted once as well. Index: kind, part, estimate. Columns `value`, `low`, `high`,
    `n_articles`, `n_events` as `multiverse.estimated` gives them, and `excludes_zero` (bool).
    """
    event, article = CHOICES["weighting"]
    asked = [(kind, part, keep, event) for kind, part, keep in parts(m.articles)]
    largest = [row[:3] for row in asked if row[0] == "largest events left out"]
    asked += [(f"{kind}, {article}", part, keep, article) for kind, part, keep in largest]
    names = pd.MultiIndex.from_tuples([row[:2] for row in asked], names=["kind", "part"])
    columns = ["value", "low", "high", "n_articles", "n_events"]
    tables = {}
    for key, e in HEADLINES.items():
        specs = [as_reported(m, e, keep, weighting) for *_, keep, weighting in asked]
        tables[key] = estimated(e, specs)[columns].set_axis(names)
    table = pd.concat(tables, names=["estimate"]).reorder_levels(["kind", "part", "estimate"])
    return table.assign(excludes_zero=(table["low"] > 0) | (table["high"] < 0))


def of_kinds(table: pd.DataFrame, *kinds: str) -> pd.DataFrame:
    """Rows of what `moved` returns: those of some kinds of parts, the whole corpus first."""
    at = table.index.get_level_values("kind")
    return pd.concat([table[at == kind] for kind in ("all", *kinds)])


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Count the parts in `moved` that change an estimate, and those that leave it standing.

    Index: what is left out (of `VERDICTS`) and estimate. Columns `tried` (parts that change the
    value and leave an interval), `holds` (of them, with the same sign and an interval that excludes
    zero), `no_interval` (parts that leave too few events for one), `fails` (those tried that do not
    hold, joined by "; ").
    """
    rows = {}
    for left_out, kinds in VERDICTS.items():
        for key, own in of_kinds(table, *kinds).groupby(level="estimate", sort=False):
            whole = own["value"].iloc[0]
            other = own[~np.isclose(own["value"], whole)]
            tried = other.dropna(subset=["low"])
            holds = (np.sign(tried["value"]) == np.sign(whole)) & tried["excludes_zero"]
            rows[left_out, key] = {
                "tried": len(tried),
                "holds": int(holds.sum()),
                "no_interval": len(other) - len(tried),
                "fails": "; ".join(": ".join(name[:2]) for name in tried.index[~holds]),
            }
    return pd.DataFrame.from_dict(rows, "index").rename_axis(["left_out", "estimate"])


def by_language(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of what `moved` returns on languages, to be drawn: index estimate and part in words."""
    t = of_kinds(table, "language alone", "language left out")
    words = {"all": "{}", "language alone": "{} alone", "language left out": "without {}"}
    rows = [(HEADLINES[key].label, words[kind].format(part)) for kind, part, key in t.index]
    at = pd.MultiIndex.from_tuples(rows, names=["estimate", "part"])
    return t.set_axis(at).rename(columns={"excludes_zero": "shown"})


@estimates
def held(table: pd.DataFrame) -> pd.DataFrame:
    """Estimates of what `moved` returns: each slice, each language, and the verdicts."""
    counts = verdicts(table)[["tried", "holds"]]
    counts["fails"] = counts["tried"] - counts["holds"]
    counts = counts.rename_axis(columns="count").stack()
    rows = {name(key, of, count): {"value": n} for (of, key, count), n in counts.items()}
    single = of_kinds(table, "slice left out", "language alone", "language left out")
    single = single.drop("all", level="kind").drop(columns="excludes_zero")
    for (kind, part, key), r in single.iterrows():
        rows[name(key, kind, part)] = r.to_dict()
    alone = name(TRAITOR_AWAY.name, "language alone", "Ukrainian")
    rows[name(alone, "lacks a cell")] = {"value": float(np.isnan(rows[alone]["value"]))}
    return pd.DataFrame.from_dict(rows, "index")


def concentration(articles: pd.DataFrame) -> pd.DataFrame:
    """How far the crossings rest on few events and few outlets: `n`, `effective`, `largest`.

    `effective` is how many of equal size would be as concentrated (the inverse Simpson index),
    `largest` the share of the articles in the largest.
    """
    crossings, rows = articles[articles["direction"].isin(TOWARD.values())], {}
    for of, column in (("events", "cluster"), ("outlets", "outlet")):
        n = crossings[column].value_counts(normalize=True)
        rows[of] = {"n": len(n), "effective": 1 / (n**2).sum(), "largest": n.max()}
    return pd.DataFrame.from_dict(rows, "index")


def within_outlets(table: pd.DataFrame, column: str, first: pd.Series) -> pd.DataFrame:
    """Contrast codes between two kinds of articles within outlets, averaged over outlets.

    Only outlets that have both kinds count, each once, so that nothing that stays the same in an
    outlet (its camp, language, way of telling) can make the difference. Within an outlet and kind
    each event counts once. `first` says which claims or articles of `table` are of the first kind.

    Returns
    -------
    pd.DataFrame, one row per code
        `value` (share in the first kind minus the second, mean over outlets), `low`, `high`, `p`,
        `q`, `n_articles`, `n_events`, `n_outlets`, `small`. No interval where there are fewer than
        `stats.MIN_EVENTS` outlets, or effective events of either kind.

    Notes
    -----
    A weighted regression on the kind with a fixed effect for each outlet, errors clustered by
    outlet and event (Cameron, Gelbach & Miller 2011); the variance is never taken as smaller than
    with either clustering alone. The interval has as many degrees of freedom as there are outlets,
    or effective events of the smaller kind, less one (Cameron & Miller 2015).
    """
    codes = stats.indicators(table, column)
    keys = [table.loc[codes.index, c] for c in ("article_id", "cluster", "outlet")]
    articles = codes.groupby([*keys, first.loc[codes.index].rename("first")]).mean()
    facts = articles.index.to_frame(index=False)
    both = (facts.groupby("outlet")["first"].transform("nunique") == 2).to_numpy()
    facts, y = facts[both], articles.to_numpy(float)[both]
    if facts.empty:
        out = pd.DataFrame(np.nan, codes.columns, ["value", "low", "high", "p", "q"])
        return out.assign(n_articles=0, n_events=0, n_outlets=0, small=True)
    side = facts.groupby(["outlet", "first"])
    of_event = facts.groupby(["outlet", "first", "cluster"])["article_id"].transform("size")
    weight = (0.5 / side["cluster"].transform("nunique") / of_event).to_numpy()
    outlet, event = (pd.factorize(facts[c], sort=True)[0] for c in ("outlet", "cluster"))
    n_outlets, x = outlet.max() + 1, np.where(facts["first"], 0.5, -0.5)
    middle = np.stack([np.bincount(outlet, weight * c) for c in y.T], axis=1)
    value = (weight * x) @ y / (weight * x**2).sum()
    mass = pd.Series(weight).groupby([x > 0, event]).sum()
    effective = (mass.groupby(level=0).sum() ** 2 / (mass**2).groupby(level=0).sum()).min()
    small = min(effective, n_outlets) < stats.MIN_EVENTS
    error = np.full(len(value), np.nan)
    if not small:
        fits = [WLS(c, x, weights=weight).fit() for c in (y - middle[outlet]).T]
        variances = [[v[0, 0] for v in cov_cluster_2groups(fit, outlet, event)] for fit in fits]
        error = np.sqrt(np.max(variances, axis=1))
        error[error == 0] = np.nan
    df = max(min(n_outlets, effective) - 1, 1)
    reach, p = scipy.stats.t.isf(0.025, df) * error, 2 * scipy.stats.t.sf(np.abs(value) / error, df)
    rows = {"value": value, "low": value - reach, "high": value + reach, "p": p}
    out = pd.DataFrame(rows, codes.columns)
    n = {"n_articles": len(facts), "n_events": facts["cluster"].nunique(), "n_outlets": n_outlets}
    return out.assign(q=stats.adjust(out["p"]), **n, small=small)


def beside_pooled(articles: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Contrasts within outlets, each once, beside those over all outlets, of the same articles.

    Returns
    -------
    pd.DataFrame
        Index: panel (of `COMPARED`), series (`within outlets`, `all outlets`) and code (`frame:
        treason`). Columns as `stats.contrast`, `n_outlets`, `shown` and `estimate`, its name.
    """
    parts = []
    for panel, suffix in COMPARED.items():
        for c in (CONTRASTS[f"{column}_{suffix}"] for column in COLUMNS):
            table, weight = _weighed(c, articles, claims)
            pooled = stats.contrast(stats.shares(table, c.column, c.by), c.weights)
            within = within_outlets(table, c.column, weight > 0).reindex(pooled.index)
            for series, t in (("within outlets", within), ("all outlets", pooled)):
                names = [name(c.name, code, series) for code in t.index]
                codes = [f"{c.column}: {label(code)}" for code in t.index]
                t = t.assign(shown=stats.is_shown(t), estimate=names)
                at = pd.MultiIndex.from_product([[panel], [series], codes])
                parts.append(t.set_axis(at.set_names(["panel", "series", "code"])))
    return pd.concat(parts)


def _weighed(c: Contrast, articles, claims) -> tuple[pd.DataFrame, pd.Series]:
    """The rows of a contrast's cells, and the weight of the cell of each."""
    table = c.rows(articles, claims)
    cells = [table[column].astype(str) for column in c.by]
    cell = cells[0] if len(cells) == 1 else pd.Series(list(zip(*cells, strict=True)), table.index)
    weight = cell.map(c.weights)
    return table[weight.notna()], weight.dropna()


def within_camps(articles: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """What is firm of who leaves, within outlets, by code and camp.

    Columns as `within_outlets`, and `estimate`, its name.
    """
    rows = {}
    for e, camp in product((TRAITOR_AWAY, TREASON_AWAY), TOWARD):
        c = CONTRASTS[f"{e.contrast}_{camp}"]
        table, weight = _weighed(c, articles, claims)
        found = within_outlets(table, c.column, weight > 0).reindex([e.code]).iloc[0]
        rows[e.code, camp] = {**found, "estimate": name(c.name, e.code, "within outlets")}
    return pd.DataFrame.from_dict(rows, "index").rename_axis(["code", "camp"])


@estimates
def within(beside: pd.DataFrame, camps: pd.DataFrame) -> pd.DataFrame:
    """Estimates within outlets, of what `beside_pooled` and `within_camps` return."""
    numbers = ["value", "low", "high", "p", "q", "n_articles", "n_events"]
    counts = {"camps with interval": camps["low"].notna().groupby("camp").any().sum()}
    for panel, suffix in COMPARED.items():
        own = beside.loc[panel].loc["within outlets"]
        counts[name(suffix, "outlets")] = max([0, *own["n_outlets"].dropna()])
        counts[name(suffix, "found")] = (own["q"] < 0.05).sum()
        counts[name(suffix, "tested")] = own["q"].notna().sum()
    for camp in TOWARD:
        counts[name(camp, "outlets")] = camps.at[(TREASON_AWAY.code, camp), "n_outlets"]
    counts = pd.DataFrame({"value": counts}).rename(lambda of: name("within_outlets", of))
    rows = [table.set_index("estimate")[numbers] for table in (beside, camps)]
    return pd.concat([*rows, counts]).rename_axis(None).astype(float)
