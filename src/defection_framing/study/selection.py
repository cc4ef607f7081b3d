"""How results depend on what was found: slices, events, languages, outlets, and whose they are.

The corpus was found by similarity search, so nobody knows what it left behind. What can be known:
how the results move when parts of what was found are taken away, and whether they hold within
outlets (where the choice of outlets cannot make a difference between directions).
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import scipy.stats

from .. import stats
from ..corpus import Corpus, NotEnough
from ..domain import TOWARD
from . import codes, same_act
from .estimands import SAME_TRAITOR, TRAITOR_AWAY, TREASON_AWAY, estimates, name
from .multiverse import Material, paired, unpaired

# Languages that stand by themselves; the rest are `other languages`.
LANGUAGES = {"en": "English", "ru": "Russian", "uk": "Ukrainian"}
LABELS = {e.name: e.label for e in (SAME_TRAITOR, TRAITOR_AWAY)}

# How the registry says of outlets that look Ukrainian that they stand in a list of a network. They
# are undisclosed since a third look, after a first count: two old ones were Ukrainian before.
LISTED = "named in a published list"


def parts(articles: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    """Give the parts that results are computed from again: kind, part, and the rows it keeps."""
    yield "all", "as reported", np.ones(len(articles), bool)
    crossing = articles["direction"].isin(TOWARD.values()) & articles["camp"].isin(TOWARD)
    language = articles["lang"].map(LANGUAGES).fillna("other languages")
    columns = {"slice": "slice " + articles["slice"], "language": language}
    for kind, column in (columns | {"event": articles["event"]}).items():
        for part in sorted(set(column[crossing]) - {"general"}):
            yield kind, f"without {part}", (column != part).to_numpy()


def moved(m: Material) -> pd.DataFrame:
    """The portrayal as traitor, paired and not, from each of the `parts` of the corpus.

    Index: estimate, kind, part. Columns `value`, `low`, `high`, `n_articles`, `n_events`, with
    codes held as expected; NaN where a part leaves too little.
    """
    rows: dict[tuple, pd.Series] = {}
    for kind, part, keep in parts(m.articles):
        made = {SAME_TRAITOR.name: paired(m, [SAME_TRAITOR], (), keep)[SAME_TRAITOR.name][0]}
        for key, table in (made | unpaired(m, [TRAITOR_AWAY], (), keep)).items():
            rows[key, kind, part] = table.iloc[0] if len(table) else pd.Series(dtype=float)
    table = pd.DataFrame.from_dict(rows, "index").rename_axis(["estimate", "kind", "part"])
    if "value" not in table or table["value"].groupby(level="estimate").count().min() == 0:
        raise NotEnough(
            "This corpus tells too few events from both sides to leave any out: it takes crossings "
            "in both directions, told by outlets of both camps."
        )
    table = table[["value", "low", "high", "n_articles", "n_events"]].astype(float)
    return table.loc[[key for key in LABELS if key in table.index.unique(0)]]


def to_draw(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of what `moved` returns; of slices and events those that move an estimate most."""
    names, dropped = {}, []
    for kind in ("slice", "event"):
        value = table["value"].xs(kind, level="kind", drop_level=False)
        by = value.groupby("estimate")
        for does, ends in {"raises": by.idxmin(), "lowers": by.idxmax()}.items():
            names |= {row: f"without the {kind} that {does} it most" for row in ends}
        dropped += [row for row in value.index if row not in names]
    out = table.drop(dropped)
    parts = [(LABELS[row[0]], names.get(row, row[-1])) for row in out.index]
    out.index = pd.MultiIndex.from_tuples(parts, names=["estimate", "part"])
    return out.assign(shown=stats.excludes_zero(out))


@estimates
def held(table: pd.DataFrame) -> pd.DataFrame:
    """Of what `moved` returns, by kind: how many parts, how many fail, the lowest and highest.

    A part fails if its interval holds zero or there is none.
    """
    rows = {}
    for (key, kind), own in table.drop("all", level="kind").groupby(level=["estimate", "kind"]):
        at, value = name(key, f"{kind} left out"), own["value"]
        rows[name(at, "parts")] = {"value": len(own)}
        rows[name(at, "fails")] = {"value": (~(own["low"] > 0)).sum()}
        rows[name(at, "lowest")] = own.loc[value.idxmin()].to_dict()
        rows[name(at, "highest")] = own.loc[value.idxmax()].to_dict()
    return pd.DataFrame.from_dict(rows, "index")


def within_outlets(
    share: np.ndarray, first: np.ndarray, outlet: np.ndarray, event: np.ndarray
) -> dict[str, float]:
    """Contrast a code between two kinds of n articles within outlets, averaged over outlets.

    Only outlets that have both kinds count, each once; within an outlet and kind each event counts
    once. Returns `value` (share in the `first` kind minus the other, mean over outlets), `low`,
    `high`, `p`, `n_articles`, `n_events`, `n_outlets`; no interval with fewer than
    `stats.MIN_EVENTS` outlets, or effective events of either kind.

    A regression with a fixed effect for each outlet, errors clustered by outlet and event (Cameron,
    Gelbach & Miller 2011), never taken as smaller than with either alone; as many degrees of
    freedom as there are outlets, or effective events, less one (Cameron & Miller 2015).
    """
    t = pd.DataFrame({"y": share, "first": first, "outlet": outlet, "event": event})
    t = t[t.groupby("outlet")["first"].transform("nunique") == 2]
    side = ["outlet", "first"]
    n = {"n_articles": len(t), "n_events": t["event"].nunique(), "n_outlets": t["outlet"].nunique()}
    none = dict.fromkeys(("value", "low", "high", "p"), np.nan)
    if t.empty:
        return none | n
    each = t.groupby([*side, "event"])["y"].transform("size")
    t["weight"] = 0.5 / t.groupby(side)["event"].transform("nunique") / each
    x = np.where(t["first"], 0.5, -0.5)
    value = 4 * (t["weight"] * x * t["y"]).sum() / n["n_outlets"]
    middle = (t["weight"] * t["y"]).groupby(t["outlet"]).transform("sum")
    error = 4 * t["weight"] * x * (t["y"] - middle - value * x) / n["n_outlets"]

    def variance(*by: str) -> float:
        of = error.groupby([t[c] for c in by]).sum()
        return (of**2).sum() * len(of) / max(len(of) - 1, 1)

    mass = t.groupby(["first", "event"])["weight"].sum()
    effective = (mass.groupby("first").sum() ** 2 / (mass**2).groupby("first").sum()).min()
    fewest = min(effective, n["n_outlets"])
    if fewest < stats.MIN_EVENTS:
        return none | n | {"value": value}
    one, other = variance("outlet"), variance("event")
    spread = np.sqrt(max(one, other, one + other - variance("outlet", "event")))
    reach = scipy.stats.t.isf(0.025, fewest - 1) * spread
    p = 2 * scipy.stats.t.sf(abs(value) / spread, fewest - 1) if spread else np.nan
    return {"value": value, "low": value - reach, "high": value + reach, "p": p} | n


@estimates
def within(m: Material) -> pd.DataFrame:
    """Traitors and treason of both camps and of each, by `within_outlets`, codes held."""
    rows, a = {}, m.articles
    for e in (TRAITOR_AWAY, TREASON_AWAY):
        share = m.shares(e.of().column, [e])[:, 0, 0]
        act = m.kept({"acts": "all"}, ~np.isnan(share), np.zeros(len(a), bool))
        act &= (a["direction"].isin(TOWARD.values()) & (a["event"] != "general")).to_numpy()
        leaves = (a["direction"].astype(str) != a["camp"].map(TOWARD)).to_numpy()
        for camp in ("", *TOWARD):
            at = act & a["camp"].isin([camp] if camp else TOWARD).to_numpy()
            of = (x[at] for x in (share, leaves, *(a[c].to_numpy() for c in ("outlet", "cluster"))))
            key = name(f"{e.contrast}_{camp}" if camp else e.contrast, e.code, "within outlets")
            rows[key] = within_outlets(*of)
    return pd.DataFrame.from_dict(rows, "index")


@estimates
def camps_settled(data: Corpus) -> pd.DataFrame:
    """The paired portrayal as traitor with camps as they were before a first count, and firm alone.

    Seven camps were settled after a first count of it (a deviation from the plan); the records do
    not name them. The outlets of the list (`LISTED`) are put back as Ukrainian, and beside it all
    outlets whose camp rests on little are left out.
    """
    before = data.outlets["camp"].mask(data.outlets["basis"].str.contains(LISTED), "ukrainian")
    back = replace(data, outlets=data.outlets.assign(camp=before))
    redraws, rows = codes.redraws(data, SAME_TRAITOR.column), {}
    for way, of, firm in (("settled", data, False), ("before", back, False), ("firm", data, True)):
        for wave, events in ((0, "all events"), (2, "new events")):
            made, used = same_act.pairs(same_act.told(of, wave=wave, firm=firm), redraws)
            row = stats.paired_contrast(made).loc[SAME_TRAITOR.code]
            row = row[["value", "low", "high", "p", "n_events"]].to_dict()
            rows[name(SAME_TRAITOR.name, "camps", way, events)] = row | {"n_articles": len(used)}
    return pd.DataFrame.from_dict(rows, "index")
