"""What survives other choices: the curve of specifications of each headline estimate (notebook 5).

Curves of specifications and their inference: Simonsohn, Simmons & Nelson (2020), Specification
curve analysis, Nature Human Behaviour 4. Which specifications count: `multiverse`.
"""

import numpy as np
import pandas as pd

from ..corpus import Corpus
from . import same_act
from .estimands import HEADLINES, PAIRED, estimates, name
from .multiverse import CHOICES, LEAST_EVENTS, LEAST_PAIRS, RULES

# All estimates that have a curve, and what they are in words.
LABELS = {key: e.label for key, e in {**PAIRED, **HEADLINES}.items() if e.code}

# Options whose medians are recorded.
RECORDED = ("pooled", "first pass", "new events", "old events", "no prosecutions", "both camps",
            "of one service as one", "those of both camps", CHOICES["copies"][1])  # fmt: skip

Curves = dict[str, pd.DataFrame]


def summary(curves: Curves) -> pd.DataFrame:
    """Sum up each curve that `multiverse.curves` returns.

    By estimate `value`, `low`, `high` as reported, codes held (NaN where the corpus has too
    little); `specifications` (how many), and of them `same_sign` (as the reported),
    `with_interval`, `without_interval`, `holds` (that sign, and an interval that excludes zero) and
    `other_sign` (excludes zero on the other side); `percentile` (share below the reported value,
    equal ones by half), `median`, `lowest`, `highest`.
    """
    rows = {}
    for key, t in curves.items():
        value, own = t["value"], t.loc[t["reported"], ["value", "low", "high"]]
        own = own.iloc[0] if len(own) else pd.Series(np.nan, own.columns)
        at = own["value"]
        below = value.lt(at).mean() + pd.Series(np.isclose(value, at)).mean() / 2
        same, certain = np.sign(value) == np.sign(at), t["low"].notna()
        rows[key] = {
            **own, "specifications": len(t), "percentile": below if at == at else np.nan,
            "median": value.median(), "lowest": value.min(), "highest": value.max(),
            "same_sign": same.sum(), "with_interval": certain.sum(),
            "without_interval": (~certain).sum(), "holds": (same & t["excludes_zero"]).sum(),
            "other_sign": (~same & t["excludes_zero"]).sum(),
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, "index", dtype=float).rename_axis("estimate")


def by_option(curves: Curves) -> pd.DataFrame:
    """Median of each curve with each option held: index choice and option, a column an estimate."""
    at = [(choice, option) for choice, options in CHOICES.items() for option in options]
    out = pd.DataFrame(index=pd.MultiIndex.from_tuples(at, names=["choice", "option"]))
    for key, t in curves.items():
        out[key] = [t.loc[t[c] == o, "value"].median() if c in t else np.nan for c, o in at]
    return out


def by_rule(curves: Curves, s: pd.DataFrame) -> pd.DataFrame:
    """What the rules that move no estimate decide: how many intervals, and which exclude zero.

    Index: rule (of `multiverse.RULES`; of paired comparisons `t` alone) and least number of events.
    Columns, of each estimate: `given` (share of specifications with an interval) and
    `excludes_zero` (share of these, with the sign of the reported, of `summary`).
    """
    rows: dict[tuple, dict] = {}
    for key, t in curves.items():
        same = np.sign(t["value"]) == np.sign(s.at[key, "value"])
        for rule in [r for r in (*RULES, "t") if r in t]:
            for least in LEAST_PAIRS if rule == "t" else LEAST_EVENTS:
                given = (t["effective"] >= least) & t[rule].notna()
                shown = (same & t[rule].eq(1)).where(given).astype(float).mean()
                row = rows.setdefault((rule, least), {})
                row |= {(key, "given"): given.mean(), (key, "excludes_zero"): shown}
    return pd.DataFrame.from_dict(rows, "index").rename_axis(["rule", "least"])


def widths(data: Corpus, s: pd.DataFrame) -> dict[str, float]:
    """Length of each interval with codes held (of `summary`), beside that with them redrawn."""
    redrawn = {key: same_act.paired(data, p) for key, p in PAIRED.items() if p.code}
    for key, e in HEADLINES.items():
        redrawn[key] = e.of().estimate(data).reindex([e.code]).iloc[0]
    held = s["high"] - s["low"]
    return {key: held[key] / (of["high"] - of["low"]) for key, of in redrawn.items()}


@estimates
def surviving(s: pd.DataFrame, medians: pd.DataFrame, widths: dict[str, float]) -> pd.DataFrame:
    """What of each curve agrees (`summary`), its medians (`by_option`), and `widths`."""
    s = s.drop(columns=["value", "low", "high", "lowest", "highest"])
    rows = {name(*at): {"value": x} for at, x in s.stack().items()}
    held = medians.droplevel("choice").loc[list(RECORDED)].stack()
    rows |= {name(key, "median", option): {"value": x} for (option, key), x in held.items()}
    rows |= {name(key, "width"): {"value": x} for key, x in widths.items()}
    return pd.DataFrame.from_dict(rows, "index").astype(float).dropna(how="all")
