"""What the kept simulations of `inference` say: rates, in tables, for figures and as estimates."""

import numpy as np
import pandas as pd

from .. import stats
from .estimands import HEADLINES, HYPOTHESES, SIMULATED, estimates, name
from .inference import EXCHANGES, LABELS, PORTRAYALS, SAME_ACT

# Panels of false alarms: the measure, and the rate that is due.
ALARMS = {
    "p < 0.05": ("p", 0.05),
    "a code or more is found": ("family", 0.05),
    "95% interval holds zero": ("interval", 0.95),
}


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Averages over codes of a table of rates, by what, measure and estimate.

    Columns `value`, `se`, and of the code that does worst (highest `p`, lowest of intervals; chance
    makes it look worse than it is) `worst`, its rate, and `worst_code`.
    """
    key = ["what", "measure", "estimate"]
    out = table[table["code"] == "all"].set_index(key)[["value", "se"]]
    codes = table[table["code"] != "all"]
    sign = np.where(codes["measure"] == "p", -1, 1)
    worst = codes.assign(order=sign * codes["value"]).sort_values("order", kind="stable")
    worst = worst.drop_duplicates(key).set_index(key)
    return out.assign(worst=worst["value"], worst_code=worst["code"])


def rows(table: pd.DataFrame, what: str, measure: str) -> pd.DataFrame:
    """Rows of `summary`, by estimate in the order of `LABELS`; none where it lacks them."""
    own = table.query("what == @what and measure == @measure").droplevel(["what", "measure"])
    return own.loc[[n for n in LABELS if n in own.index]] if measure != "share" else own


def alarm_panels(table: pd.DataFrame) -> pd.DataFrame:
    """Rates of `false_alarms` as the figure draws them, by panel of `ALARMS`, series, estimate."""
    alarm, parts = summary(table), {}
    for panel, (measure, _) in ALARMS.items():
        t = rows(alarm, "shuffled", measure).rename(LABELS)
        low, high = (t["value"] + z * t["se"] for z in (-1.96, 1.96))
        average = t[["value"]].assign(low=low.clip(lower=0), high=high.clip(upper=1))
        parts[panel, "average over codes"] = average
        parts[panel, "worst code"] = t[["worst"]].set_axis(["value"], axis=1)
    return pd.concat(parts, names=["panel", "series"])


def by_size(table: pd.DataFrame) -> pd.DataFrame:
    """Coverage by events per cell, or direction (index), averaged over codes, in words."""
    sizes = summary(table)["value"].drop("corpus", level="what", errors="ignore").unstack("what").T
    out = sizes.loc[:, sizes.columns.get_level_values("measure") == "interval"].droplevel(0, axis=1)
    shares = sizes.loc[:, sizes.columns.get_level_values("measure") == "share"].mean(axis=1)
    out = out.rename(columns=LABELS).assign(**{"share of a frame in a cell": shares})
    return out.set_axis(out.index.astype(int)).sort_index().rename_axis("events")


@estimates
def alarms(table: pd.DataFrame) -> pd.DataFrame:
    """The rates of `false_alarms` that a sentence states."""
    measures = (rows(summary(table), "shuffled", m)["value"] for m, _ in ALARMS.values())
    p, family, interval = measures
    of_contrasts = family.reindex(list(SIMULATED))
    value = {
        **p.reindex([*HYPOTHESES, *(name("energy", half) for half in EXCHANGES)]),
        **family.reindex(["holm", *SAME_ACT]),
        "contrasts/mean": of_contrasts.mean(),
        "contrasts/highest": of_contrasts.max(),
        "same_act/intervals": interval.reindex(list(SAME_ACT)).min(),
    }
    return _named("false_alarms", value)


@estimates
def covered(table: pd.DataFrame) -> pd.DataFrame:
    """The rates of `coverage` that a sentence states."""
    whole = rows(summary(table), "corpus", "interval")
    single = table.query("measure == 'interval'").set_index(["what", "estimate", "code"])["value"]
    paired = [(p.name, ("same_act/" + p.column, p.code)) for p, _ in HYPOTHESES.values() if p.code]
    paired += [("same_act/frame/treason", ("same_act/frame", "treason"))]
    unpaired = [(e.name, (e.contrast, e.code)) for e in HEADLINES.values()]
    few = str(stats.MIN_PAIRS)
    value = {n: single.get(("corpus", *of)) for n, of in (*paired, *unpaired)}
    value |= {name(n, "fewest"): single.get((few, *of)) for n, of in paired}
    value |= {"lowest": whole["value"].min(), "highest": whole["value"].max()}
    value |= {"min_events": stats.MIN_EVENTS, "min_pairs": stats.MIN_PAIRS}
    return _named("coverage", value | {"worst": whole["worst"].min()}).dropna()


@estimates
def detectable(table: pd.DataFrame) -> pd.DataFrame:
    """Detectable differences: of portrayals by code, and of the median code of each contrast."""
    own = table[table["code"].isin(PORTRAYALS)].set_index(["estimate", "code"])["value"]
    median = table[table["estimate"].isin(SIMULATED)].groupby("estimate", sort=False)["value"]
    value = {name(*at): v for at, v in own.items()} | median.median().to_dict()
    return _named("detectable", value)


def _named(what: str, value: dict) -> pd.DataFrame:
    """Rates as a table of estimates, each named after what it is of."""
    return pd.DataFrame({"value": value}, dtype=float).rename(lambda of: name(what, of))
