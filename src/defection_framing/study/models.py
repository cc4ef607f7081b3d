"""A model of averages of the headline contrasts, beside the comparison of weighted shares.

Each article has a share of its claims that bear a code; articles of one event are alike. Weighted
shares deal with that by design (whole events are resampled), the model by assumption: generalised
estimating equations (Liang & Zeger 1986) with a mean for each cell and one correlation within
events. Neither each event once nor each article once, it weighs events by what they add.
"""

import warnings

import numpy as np
import pandas as pd
import scipy.stats
from statsmodels.genmod.cov_struct import Exchangeable
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.tools.sm_exceptions import IterationLimitWarning

from .. import stats
from ..domain import CELLS
from ..stats import Panel
from .estimands import MODELLED, Contrast, estimates, name

# The ways to estimate a contrast; the first two are those of `stats.shares`.
METHODS = {
    "event": "shares, each event once",
    "article": "shares, each article once",
    "average": "model of averages (GEE)",
}

_COLUMNS = ["value", "low", "high"]


def cells(contrast: Contrast) -> pd.Index:
    """The cells that are modelled together: those compared; of both camps where one is compared."""
    return pd.Index(CELLS if "camp" in contrast.by else list(contrast.weights))


def average(panel: Panel, contrast: Contrast, code: str) -> tuple[float, float, float]:
    """Contrast a code's mean shares of cells, articles of one event correlated.

    Returns
    -------
    value, low, high : float
        A difference of shares (-1 to 1) with its 95% interval. No interval (NaN) where a compared
        cell has the code in none or in all of its articles: the spread between events, which the
        errors come from, cannot be seen there. No value where the iteration does not settle, as
        where one event with very many pairs of articles makes the correlation jump.

    Notes
    -----
    The share is modelled as it is (identity link, constant working variance): with a logit link
    the iteration runs away for rare codes with one large event. The covariance is robust to a
    wrong correlation and corrected for few events (Mancl & DeRouen 2001); intervals take t with
    one degree of freedom less than the smallest cell has effective events (Kish 1965) under the
    weights that the fitted correlation gives to events, between equal weights for events
    (correlation 1) and for articles (correlation 0).
    """
    groups = cells(contrast)
    panel = panel.within(contrast.by, groups)
    cell, event = panel.cell(contrast.by, groups), np.unique(panel.event, return_inverse=True)[1]
    shares = panel.codes[:, panel.names.get_loc(code)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IterationLimitWarning)  # it is told by the missing value
        model = GEE(shares, np.eye(len(groups))[cell], event, cov_struct=Exchangeable())
        fit = model.fit(cov_type="bias_reduced")
    w = np.array([contrast.weights.get(g, 0.0) for g in groups])
    means = np.bincount(cell, shares) / np.bincount(cell)
    value = float(w @ fit.params) if fit.converged else np.nan
    if np.isin(means[w != 0], [0, 1]).any() or not fit.converged:
        return value, np.nan, np.nan
    sizes = np.zeros((event.max() + 1, len(groups)))
    np.add.at(sizes, (event, cell), 1)
    correlation = np.clip(float(fit.cov_struct.dep_params), 0, 1)
    mass = sizes / (1 + (sizes.sum(1, keepdims=True) - 1) * correlation)
    effective = mass.sum(0) ** 2 / (mass**2).sum(0)
    df = max(effective[w != 0].min() - 1, 1)
    reach = scipy.stats.t.isf(0.025, df) * np.sqrt(w @ fit.cov_params() @ w)
    return value, value - reach, value + reach


def two_levels(told: dict[str, Panel], draws: int = stats.DRAWS) -> pd.DataFrame:
    """Estimate each of `MODELLED` by weighted shares and by the model of averages.

    `told` as `inference.panels` gives it; the shares' intervals rest on `draws` of the bootstrap.

    Returns
    -------
    pd.DataFrame
        Index: `estimate` and `method` (of `METHODS`). Columns `value`, `low`, `high` (-1 to 1),
        `n_articles`, `n_events`. A cell with fewer than `stats.MIN_EVENTS` events is not modelled.
    """
    out = {}
    for n, e in MODELLED.items():
        c, panel = e.of(), told[e.of().column]
        groups = cells(c)
        # All directions are resampled with those compared, as wherever a contrast is reported.
        shared = groups if "camp" in c.by else pd.Index(np.unique(panel.labels["direction"]))
        s = {w: panel.shares(c.by, shared, draws, w) for w in ("event", "article")}
        for w, of_weighting in s.items():
            out[n, w] = stats.contrast(of_weighting, c.weights).reindex([e.code]).iloc[0]
        known = set(groups) <= set(shared) and e.code in panel.names
        enough = known and s["event"].n["n_events"].reindex(groups).min() >= stats.MIN_EVENTS
        found = average(panel, c, e.code) if enough else [np.nan] * 3
        out[n, "average"] = dict(zip(_COLUMNS, found, strict=True))
        out[n, "average"] |= out[n, "event"][["n_articles", "n_events"]]
    table = pd.DataFrame(out).T[[*_COLUMNS, "n_articles", "n_events"]]
    return table.astype(float).rename_axis(["estimate", "method"])


def panels_of(results: pd.DataFrame) -> pd.DataFrame:
    """Estimates of `two_levels` as the figure draws them: in words, with a level `panel`."""
    names = results.index.get_level_values("estimate")
    away, other = "leaving minus coming", "exits minus crossings, to Russia minus to Ukraine"
    panel = [away if "camp" in MODELLED[e].of().by else other for e in names]
    out = results[_COLUMNS].set_index(pd.Index(panel, name="panel"), append=True)
    labels = {n: e.label for n, e in MODELLED.items()}
    return out.rename(index=labels, level="estimate").rename(index=METHODS, level="method")


def verdicts(results: pd.DataFrame) -> pd.DataFrame:
    """Say of each estimate that shares and model have where the model and the shares part.

    Columns (bool): `same_sign` (all methods), for each method `<method>_shown` (its interval leaves
    zero out), `agree` (same sign, and the model, where it has an interval, shows what the
    event-weighted shares show).
    """
    wide = results.unstack("method").reindex(results.index.unique("estimate"))
    wide = wide[wide["value"][["event", "average"]].notna().all(axis=1)]
    low, high = (wide[bound].reindex(columns=METHODS) for bound in ("low", "high"))
    sign, shown = np.sign(wide["value"]), (low > 0) | (high < 0)
    out = shown.add_suffix("_shown")
    out.insert(0, "same_sign", sign.max(axis=1) == sign.min(axis=1))
    same = (shown["average"] == shown["event"]) | low["average"].isna()
    return out.assign(agree=out["same_sign"] & same)


@estimates
def modelled(results: pd.DataFrame) -> pd.DataFrame:
    """The estimates of `two_levels` but for those that the study reports anyway, and counts."""
    names = {"average": "gee", "article": "by_article"}
    other = results[results.index.isin(names, "method")]
    other = other.set_axis([name(e, names[m]) for e, m in other.index])
    verdict = verdicts(results)
    by_article = results.xs("article", level="method")
    shown = by_article["low"].gt(0) | by_article["high"].lt(0)
    counts = {
        name("two_levels", "tested"): len(verdict),
        name("two_levels", "same_sign"): verdict["same_sign"].sum(),
        name("two_levels", "agree"): verdict["agree"].sum(),
        name("two_levels", "unsettled"): results["value"].xs("average", level=1).isna().sum(),
        name("two_levels", "by_article", "shown"): shown.sum(),
        name("two_levels", "by_article", "tested"): by_article["low"].notna().sum(),
    }
    return pd.concat([other, pd.DataFrame({"value": counts}, dtype=float)])
