"""A model of averages of the headline contrasts, beside the comparison of weighted shares.

Each article has a share of its claims that bear a code; articles of one event are alike. Weighted
shares deal with that by design (whole events are resampled), the model by assumption: generalised
estimating equations (Liang & Zeger 1986) with a mean for each cell and one correlation within
events. Neither each event once nor each article once, it weighs events by what they add.
"""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import scipy.stats
from scipy import special
from statsmodels.genmod.cov_struct import Exchangeable
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.stats.proportion import proportion_confint
from statsmodels.tools.sm_exceptions import IterationLimitWarning

from .. import stats
from ..corpus import Corpus
from ..domain import CELLS
from ..stats import Panel
from .estimands import CONTRASTS, MODELLED, Contrast, estimates, name
from .inference import panels

METHODS = {
    "event": "shares, each event once",
    "article": "shares, each article once",
    "average": "model of averages (GEE)",
}
"""The ways to estimate a contrast; the first two are those of `stats.shares`."""

_COLUMNS = ["value", "low", "high"]
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(31)


def cells(contrast: Contrast) -> pd.Index:
    """The cells that are modelled together: those compared; of both camps where one is compared."""
    return pd.Index(CELLS if "camp" in contrast.by else list(contrast.weights))


def average(panel: Panel, contrast: Contrast, code: str) -> tuple[float, float, float]:
    """Contrast a code's mean shares of cells, articles of one event correlated.

    Parameters
    ----------
    panel : Panel
        With articles in each of the contrast's `cells`.
    contrast : Contrast
    code : str
        Of `panel.names`.

    Returns
    -------
    value, low, high : float
        A difference of shares (-1 to 1) with its 95% interval. No interval (NaN) where a compared
        cell has the code in none or in all of its articles: the spread between events, which the
        errors come from, cannot be seen there. No value where the iteration does not settle: the
        correlation is estimated from pairs of articles, and one event with very many of them can
        make it jump.

    Notes
    -----
    The share is modelled as it is (identity link, constant working variance): with a logit link
    the iteration runs away for rare codes with one large event. The covariance is robust to a
    wrong correlation and corrected for few events (Mancl & DeRouen 2001); intervals take t with
    one degree of freedom less than the smallest cell has effective events (Kish 1965) under the
    weights that the fitted correlation gives to events. These lie between equal weights for
    events (correlation 1) and for articles (correlation 0).

    References
    ----------
    Liang & Zeger (1986), Longitudinal data analysis using generalized linear models. Biometrika 73.
    Mancl & DeRouen (2001), A covariance estimator for GEE with improved small-sample properties.
    Biometrics 57.
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

    Parameters
    ----------
    told : dict of Panel
        As `inference.panels` gives them.
    draws : int
        Bootstrap draws behind the shares' intervals.

    Returns
    -------
    pd.DataFrame
        Index: `estimate` (of `MODELLED`) and `method` (of `METHODS`). Columns `value`, `low`,
        `high` (differences of shares, -1 to 1), `n_articles`, `n_events`. A cell with fewer than
        `stats.MIN_EVENTS` events is not modelled: no value.
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
    """Say for each estimate where the model and the event-weighted shares part.

    Parameters
    ----------
    results : pd.DataFrame
        As `two_levels` gives them.

    Returns
    -------
    pd.DataFrame
        Index: estimates that have a value in the event-weighted shares and in the model. Columns
        (bool): `same_sign` (all methods), for each method `<method>_shown` (its interval leaves
        zero out), `overlap` (all intervals share a point), `agree` (same sign, and the model,
        where it has an interval, shows what the event-weighted shares show).
    """
    wide = results.unstack("method").reindex(results.index.unique("estimate"))
    wide = wide[wide["value"][["event", "average"]].notna().all(axis=1)]
    low, high = (wide[bound].reindex(columns=METHODS) for bound in ("low", "high"))
    sign, shown = np.sign(wide["value"]), (low > 0) | (high < 0)
    out = shown.add_suffix("_shown")
    out.insert(0, "same_sign", sign.max(axis=1) == sign.min(axis=1))
    out["overlap"] = low.max(axis=1) <= high.min(axis=1)
    same = (shown["average"] == shown["event"]) | low["average"].isna()
    return out.assign(agree=out["same_sign"] & same)


@estimates
def modelled(results: pd.DataFrame) -> pd.DataFrame:
    """The estimates of `two_levels` but for those that the study reports anyway, and counts.

    Parameters
    ----------
    results : pd.DataFrame
        As `two_levels` gives them.
    """
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
        name("two_levels", "overlap"): verdict["overlap"].sum(),
        name("two_levels", "unsettled"): results["value"].xs("average", level=1).isna().sum(),
        name("two_levels", "by_article", "shown"): shown.sum(),
        name("two_levels", "by_article", "tested"): by_article["low"].notna().sum(),
    }
    return pd.concat([other, pd.DataFrame({"value": counts}, dtype=float)])


_SDS = {"article": 0.4, "event": 1.2, "outlet": 0.4}
"""Standard deviations of the made-up codes' intercepts, in logits."""

_SCENARIOS = {
    "treason by camp, a difference": ("frame_away", "treason", -1.5, -3.5),
    "treason by camp, no difference": ("frame_away", "treason", -2.5, -2.5),
    "collapse by exit, a difference": ("frame_exit_from_ua", "collapse", -1.0, -2.5),
}
# Contrast, code, and the logits of the cells with positive and with negative weight.


def coverage(corpus: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """Measure on made-up codes how often each method's 95% interval holds the truth.

    Claims' codes are drawn from a logistic model with chosen probabilities of cells and normal
    intercepts of articles, events and outlets, for those of the corpus itself.

    Returns
    -------
    pd.DataFrame
        Columns `scenario`, `method`, `measure`, `value`, `se`. Measures: `coverage` (of the fits
        that give an interval); `bias` (mean estimate minus truth). No rows where the corpus lacks
        the cells.
    """
    told, out = panels(corpus)["frame"], []
    for number, (scenario, (of, code, high, low)) in enumerate(_SCENARIOS.items()):
        c = CONTRASTS[of]
        groups = cells(c)
        panel = told.within(c.by, groups)
        if panel.shares(c.by, groups, 2).n["n_events"].min() < stats.MIN_EVENTS:
            continue
        w = np.array([c.weights[g] for g in groups])
        logits = np.where(w > 0, high, low)
        truth = _averaged(logits, np.sqrt(sum(sd**2 for sd in _SDS.values()))) @ w
        rng = np.random.default_rng([seed, number])
        for _ in range(replicates):
            made_up = _made_up(panel, logits[panel.cell(c.by, groups)], code, rng)
            found = {"average": average(made_up, c, code)}
            for weighting in ("event", "article"):
                s = made_up.shares(c.by, groups, 500, weighting)
                found[weighting] = stats.contrast(s, c.weights).loc[code, _COLUMNS]
            for method, (value, first, last) in found.items():
                held = first <= truth <= last if not np.isnan(first) else np.nan
                out.append((scenario, method, "bias", value - truth))
                out.append((scenario, method, "coverage", held))
    columns = ["scenario", "method", "measure"]
    table = pd.DataFrame(out, columns=[*columns, "value"]).astype({"value": float})
    groups = table.dropna(subset=["value"]).groupby(columns, sort=False)["value"]
    return groups.agg(value="mean", se=_standard_error).reset_index()


def _averaged(logit, sd):
    """Mean probabilities over normal intercepts of logits (n,) with one standard deviation."""
    return special.expit(logit[:, None] + sd * _NODES) @ (_WEIGHTS / _WEIGHTS.sum())


def _made_up(panel: Panel, logits: np.ndarray, code: str, rng) -> Panel:
    """The same articles with one code, drawn claim by claim around their logits."""
    numbers = {u: np.unique(x, return_inverse=True)[1] for u, x in
               (("event", panel.event), ("outlet", panel.labels["outlet"]))}  # fmt: skip
    numbers["article"] = np.arange(len(panel))
    for unit, sd in _SDS.items():
        logits = logits + sd * rng.normal(size=numbers[unit].max() + 1)[numbers[unit]]
    article = np.repeat(numbers["article"], panel.claims)
    hits = rng.random(len(article)) < special.expit(logits)[article]
    codes = np.bincount(article, hits)[:, None] / panel.claims[:, None]
    return replace(panel, codes=codes, names=pd.Index([code]))


def _standard_error(values):
    """Monte Carlo standard error of a mean; that of a share supposes one more hit and one miss."""
    n = len(values)
    if values.isin([0.0, 1.0]).all():
        share = (values.sum() + 1) / (n + 2)
        return np.sqrt(share * (1 - share) / n)
    return values.std(ddof=1) / np.sqrt(n) if n > 1 else np.inf


@estimates
def coverage_rates(table: pd.DataFrame, replicates: int) -> pd.DataFrame:
    """The lowest coverage and bias over the scenarios of `coverage`, each method's.

    Parameters
    ----------
    table : pd.DataFrame
        As `coverage` gives it, from so many `replicates`; these make the Wilson (1927) interval.
    """
    rows = {}
    for (measure, method), value in table.groupby(["measure", "method"])["value"].min().items():
        hits = value * replicates if measure == "coverage" else np.nan
        low, high = proportion_confint(hits, replicates, method="wilson")
        rows[name("two_levels", measure, method)] = {"value": value, "low": low, "high": high}
    rows[name("two_levels", "scenarios")] = {"value": table["scenario"].nunique()}
    rows[name("two_levels", "replicates")] = {"value": replicates}
    return pd.DataFrame.from_dict(rows, "index", columns=_COLUMNS).astype(float)
