"""What the kept simulations of `inference` say: rates, in tables, for figures and as estimates."""

import numpy as np
import pandas as pd

from .. import stats
from ..domain import CELLS
from .estimands import CONTRASTS, HEADLINES, MIRROR_INDEX, SEPARATION, estimates, name
from .inference import LABELS

BAND = (0.93, 0.97)  # coverage that is called near 95%

# Panels of false alarms: what was shuffled, the measure, and the rate that is due.
ALARMS = {
    "a code or more with q < 0.05": ("directions", "q", 0.05),
    "p < 0.05": ("directions", "p", 0.05),
    "interval holds zero": ("directions", "interval", 0.95),
    "camps shuffled: p < 0.05": ("camps", "p", 0.05),
    "camps shuffled: a code or more with q < 0.05": ("camps", "q", 0.05),
}

_AS = {"frame_away": "frame_relational"}  # the same contrast with the other sign


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Averages over codes of a table of rates, by what, measure and estimate.

    Columns `value`, `se`, `worst` (the rate of the code that does worst: the highest of `p`, the
    lowest of intervals; chance makes it look worse than it is) and `worst_code`; these two are
    missing where there are no codes.
    """
    key = ["what", "measure", "estimate"]
    out = table[table["code"] == "all"].set_index(key)[["value", "se"]]
    codes = table[table["code"] != "all"]
    sign = np.where(codes["measure"] == "p", -1, 1)
    worst = codes.assign(order=sign * codes["value"]).sort_values("order", kind="stable")
    worst = worst.drop_duplicates(key).set_index(key)
    return out.assign(worst=worst["value"], worst_code=worst["code"])


def rows(table: pd.DataFrame, what: str, measure: str) -> pd.DataFrame:
    """Rows of a `summary`, by estimate; none where it lacks them."""
    levels = table.index.get_level_values
    wanted = (levels("what") == what) & (levels("measure") == measure)
    return table[wanted].droplevel(["what", "measure"])


def alarm_panels(table: pd.DataFrame) -> pd.DataFrame:
    """Rates of `false_alarms` as the figure draws them, by panel of `ALARMS`, series, estimate."""
    alarm, parts = summary(table).rename(index=LABELS, level="estimate"), {}
    for panel, (what, measure, _) in ALARMS.items():
        t = rows(alarm, what, measure)
        low, high = t["value"] - 1.96 * t["se"], t["value"] + 1.96 * t["se"]
        parts[panel, "average"] = t[["value"]].assign(low=low, high=high)
        parts[panel, "worst code"] = t[["worst"]].set_axis(["value"], axis=1)
    return pd.concat(parts, names=["panel", "series"])


def power_panels(table: pd.DataFrame) -> pd.DataFrame:
    """Frames of `detectable` as the figure draws them, by panel (contrast), series and code."""
    of_frames = [n for n, c in CONTRASTS.items() if c.column == "frame"]
    t = table[table["estimate"].isin(of_frames)]
    label = t["estimate"].map(LABELS).str.removeprefix("frame, ")
    t = t.assign(panel=label, low=0.0, high=t["value"], observed=t["observed"].abs(), shown=True)
    t = t.set_index(["panel", "code"])
    seen = t[["observed"]].set_axis(["value"], axis=1).assign(shown=t["observed"] >= t["value"])
    parts = {
        "found in 80% of corpora": t[["value", "low", "high", "shown"]],
        "observed, without its sign": seen,
    }
    return pd.concat(parts, names=["series"])


def by_size(table: pd.DataFrame) -> pd.DataFrame:
    """Coverage by events per cell (index), on average over codes, of each estimate in words."""
    sizes = summary(table)["value"].drop("corpus", level="what", errors="ignore")
    out = sizes.unstack("what").T
    out.index = out.index.astype(int)
    shares = out.loc[:, out.columns.get_level_values("measure") == "share"].mean(axis=1)
    out = out.loc[:, out.columns.get_level_values("measure") == "interval"].droplevel(0, axis=1)
    out = out.rename(columns=LABELS).assign(**{"share of a frame, by direction": shares})
    return out.sort_index().rename_axis("events per cell")


def cells(table: pd.DataFrame, frame: stats.Panel) -> pd.DataFrame:
    """Coverage of frames' shares by measure and cell of the corpus, sorted by effective events.

    `table` as `inference.coverage` gives it, `frame` as `inference.panels`. Columns as `summary`,
    `events`, `by_article`.
    """
    whole, events = summary(table), {}
    directions = pd.Index(np.unique(frame.labels["direction"]))
    for measure, by, groups, weighting in (
        ("share", ["direction"], directions, "event"),
        ("share by article", ["direction"], directions, "article"),
        ("share", ["camp", "direction"], pd.Index(CELLS), "event"),
    ):
        n = frame.shares(by, groups, 2, weighting).n["effective_events"]
        events |= {(measure, name(group)): e for group, e in n.items()}
    out = whole[(whole.index.get_level_values("what") == "corpus")].droplevel("what")
    out = out[out.index.get_level_values("measure") != "interval"]
    out["events"] = pd.Series(events, dtype=float).reindex(out.index)
    out["by_article"] = out.index.get_level_values("measure") == "share by article"
    return out.sort_values("events")


@estimates
def alarms(table: pd.DataFrame) -> pd.DataFrame:
    """The rates of `false_alarms` that a sentence states."""
    alarm = summary(table)
    q, p, camps = (rows(alarm, *x) for x in
                   (("directions", "q"), ("directions", "p"), ("camps", "p")))  # fmt: skip
    value = {
        name("false_alarms", "q", "highest"): q["value"].max(),
        name("false_alarms", "q", "mean"): q["value"].mean(),
        name("false_alarms", "p", "highest"): p["value"].max(),
        name("false_alarms", "camps", "p", "highest"): camps["value"].max(),
        name("false_alarms", "camps", "p", "worst"): camps["worst"].max(),
    }
    return pd.DataFrame({"value": value}, dtype=float)


@estimates
def covered(table: pd.DataFrame, frame: stats.Panel) -> pd.DataFrame:
    """The rates of `coverage` that a sentence states; arguments as of `cells`."""
    averages = rows(summary(table), "corpus", "interval")["value"]
    single = table.query("what == 'corpus' and measure == 'interval'")
    single = single.set_index(["estimate", "code"])["value"]
    printed = cells(table, frame).query("events >= @stats.MIN_EVENTS")
    contrasts = averages.drop(SEPARATION, errors="ignore")
    value = {
        name("coverage", e.name): single.get((_AS.get(e.contrast, e.contrast), e.code))
        for e in HEADLINES.values()
        if e.is_share
    }
    value |= {name("coverage", n): averages.get(n) for n in (MIRROR_INDEX.name, SEPARATION)}
    value |= {
        name("coverage", "lowest"): contrasts.min(),
        name("coverage", "highest"): contrasts.max(),
        name("coverage", "near_95"): contrasts.between(*BAND).sum(),
        name("coverage", "estimates"): len(contrasts),
        name("coverage", "worst", "event"): printed[~printed["by_article"]]["worst"].min(),
        name("coverage", "worst", "article"): printed[printed["by_article"]]["worst"].min(),
        name("coverage", "min_events"): stats.MIN_EVENTS,
        name("coverage", "min_events_index"): stats.MIN_EVENTS_INDEX,
    }
    return pd.DataFrame({"value": value}, dtype=float)


@estimates
def detectable(table: pd.DataFrame) -> pd.DataFrame:
    """The detectable difference of the median code of each contrast, and its error."""
    each = table.groupby("estimate", sort=False)
    value = {name("detectable", n): v for n, v in each["value"].median().items()}
    value |= {name("detectable", n, "error"): v for n, v in each["se"].median().items()}
    return pd.DataFrame({"value": value}, dtype=float)
