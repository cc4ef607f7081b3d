"""The plan's hypotheses and their verdicts (notebook 3; `data/PLAN.md`)."""

from dataclasses import replace

import numpy as np
import pandas as pd

from .. import stats
from ..corpus import Corpus
from ..domain import CELLS
from . import codes
from .estimands import DIRECTIONAL_ENERGY, PAIRED_HYPOTHESES, articles_of, estimates, name
from .same_act import WAYS, paired, paired_events

SMALL = 0.1
"""A difference within ten points either way is what the plan calls smaller than 10 points."""

# Those of H4; services and languages of an event are of paired comparisons.
DIRECTIONAL = ("as planned", "old events", "new events", "completed crossings", "no prosecutions",
               "first pass, not blind", "majority of all passes")  # fmt: skip


def energies(
    data: Corpus,
    only: str = "two camps",
    without: str | None = "treason",
    dropped: str | None = None,
    variant: str = "pooled",
) -> pd.DataFrame:
    """Energies of the two camps' frames as `stats.energies`, and the `mirror index`.

    Of what `articles_of` takes, by passes of `codes.VARIANTS`. Claims of the code
    `without` are left out, the others rescaled; of the code `dropped` the coordinate is. With
    `n_articles` and `n_events`.
    """
    code_draws = codes.of_articles(data, "frame", variant, without=without)
    panel = stats.Panel.pooled(articles_of(data, only), code_draws, ["camp", "direction"])
    s = panel.shares(["camp", "direction"], pd.Index(CELLS))
    keep = s.codes != dropped
    s = replace(
        s, codes=s.codes[keep], value=s.value[:, keep],
        draws=s.draws[:, :, keep], sums=s.sums[:, :, keep],
    )  # fmt: skip
    table = stats.energies(s, CELLS)
    table.loc["mirror index", ["value", "low", "high"]] = stats.index_interval(s, CELLS)
    return table.assign(n_articles=len(panel), n_events=len(s.mass))


def directional(data: Corpus) -> pd.DataFrame:
    """H4: directional energy beside treason, by `DIRECTIONAL`."""
    ways = [WAYS[how] for how in DIRECTIONAL]
    rows = [energies(data, only, variant=v).loc[["directional"]] for only, v in ways]
    return pd.concat(rows).set_axis(pd.Index(DIRECTIONAL, name="sensitivity"))


def verdicts(table: pd.DataFrame, energy: pd.DataFrame) -> pd.DataFrame:
    """The plan's verdict on each hypothesis, of `same_act.comparisons` and `directional`.

    Columns `what`, `value`, `low`, `high`, `p`, `holm` (over the four) of all events; of the new
    `new_value`, `new_p`, `new_holm`, `new_events`; `verdict`. Confirmed: Holm's p under 0.05 among
    new events alone, the same sign in both directions. Supported: under 0.05 over all, the same
    sign among the new. H3 and H4 have no sign.
    """
    tested = {h: (p.label, table.loc[p.name], sign) for h, (p, sign) in PAIRED_HYPOTHESES.items()}
    tested[DIRECTIONAL_ENERGY] = "directional energy beside treason", energy, 0
    rows = {}
    for h, (what, of, sign) in tested.items():
        every, new = of.loc["as planned"], of.loc["new events"]
        rows[h] = {
            "what": what,
            **every.reindex(["value", "low", "high", "low90", "high90", "p", "n_events"]),
            "new_value": new["value"], "new_p": new["p"], "new_events": new["n_events"],
            "same_sign": not sign or sign * new["value"] > 0,
            "both_directions": not sign
            or all(sign * new[c] > 0 for c in ("value_0", "value_1")),
        }  # fmt: skip
    out = pd.DataFrame.from_dict(rows, "index")
    out["holm"], out["new_holm"] = stats.holm(out["p"]), stats.holm(out["new_p"])
    confirmed = (out["new_holm"] < stats.LEVEL) & out["both_directions"].astype(bool)
    supported = (out["holm"] < stats.LEVEL) & out["same_sign"].astype(bool)
    small = out["low90"].gt(-SMALL) & out["high90"].lt(SMALL)
    words = ["confirmed", "supported", "not confirmed, smaller than 10 points"]
    out["verdict"] = np.select([confirmed, supported, small], words, "not confirmed")
    return out


def by_the_letter(data: Corpus) -> pd.DataFrame:
    """H1 to H3 where every difference counts, however small, and percentiles make the intervals.

    Columns `p`, `new_p` (among the new events), not adjusted; `low`, `high` (95%), none of H3.
    """
    rows = {}
    for h, (of, _) in PAIRED_HYPOTHESES.items():
        ways = {"p": "as planned", "new_p": "new events"}
        rows[h] = {column: paired(data, of, way, alike=0)["p"] for column, way in ways.items()}
        made, _ = paired_events(data, of)
        if of.code:
            limits = stats.percentiles(made)[made.codes.get_loc(of.code)]
            rows[h] |= dict(zip(("low", "high"), limits, strict=True))
    return pd.DataFrame.from_dict(rows, "index")


@estimates
def verdict_estimates(table: pd.DataFrame, energy: pd.DataFrame) -> pd.DataFrame:
    """The plan's hypotheses: p after Holm over all events and among the new, and the verdicts.

    Of H4, which no paired comparison tests, the sensitivities too.
    """
    rows = {
        name("hypothesis", DIRECTIONAL_ENERGY, how.replace(",", "")): row.to_dict()
        for how, row in energy.drop(index="as planned").iterrows()
    }
    for h, row in table.iterrows():
        rows[name("hypothesis", h)] = {c: row[c] for c in ("value", "low", "high", "p", "n_events")}
        rows[name("hypothesis", h, "holm")] = {"value": row["holm"], "p": row["holm"]}
        new = {"value": row["new_value"], "p": row["new_p"], "n_events": row["new_events"]}
        rows[name("hypothesis", h, "new")] = new
        rows[name("hypothesis", h, "new_holm")] = {"value": row["new_holm"], "p": row["new_holm"]}
        for verdict in ("confirmed", "supported"):
            rows[name("hypothesis", h, verdict)] = {"value": float(row["verdict"] == verdict)}
    return pd.DataFrame.from_dict(rows, "index").astype(float)
