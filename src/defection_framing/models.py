"""Models of the headline contrasts, beside the comparison of weighted shares.

A claim stands in an article, the article in an event and an outlet. Two models answer the same
questions as the weighted shares do, each with its own idea of which articles count for how much:

* a *logistic mixed model*, with a level for each cell of the comparison and random intercepts of
  events, outlets and (where claims are coded) articles; its probabilities are averaged over these;
* a *model of averages* (generalised estimating equations, Liang & Zeger 1986) of each article's
  share, with one correlation within events.

Both are fitted by statsmodels. Contrasts are differences of probabilities, as those of shares are.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, special, stats
from scipy.sparse.linalg import splu
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
from statsmodels.genmod.cov_struct import Exchangeable
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.tools.sm_exceptions import IterationLimitWarning

from . import compare
from .corpus import Corpus
from .settings import SEED

METHODS = {
    "event": "shares, each event once",
    "article": "shares, each article once",
    "mixed": "logistic mixed model",
    "average": "model of averages (GEE)",
}
"""The ways to estimate a contrast; the first two are those of `compare`."""

PRIOR_LOGIT = 3.0
"""Prior standard deviation of each cell's logit, around a probability of one half.

It keeps a cell in which the code never or always occurs finite, at a rare or frequent code."""

PRIOR_LOG_SD = 1.0
"""Prior standard deviation of the logarithm of each standard deviation, around 0."""

DRAWS = 4000
_LATENT = np.pi**2 / 3  # variance of the standard logistic distribution
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(31)


@dataclass(frozen=True)
class Question:
    """A code, and the contrasts of cells in which it is compared.

    Attributes
    ----------
    table : {"articles", "claims"}
    column, code : str
    by : tuple of str
        Columns whose combinations are the cells.
    contrasts : dict
        Name of a contrast to a dict of cell to weight, as `compare.contrast` takes it.
    """

    table: str
    column: str
    code: str
    by: tuple[str, ...]
    contrasts: dict[str, dict]


def _away(name: str) -> dict[str, dict]:
    """Leaving the teller's side minus coming to it: both camps with the same weight, and each."""
    each = {
        camp: {(camp, d): -1.0 if d == toward else 1.0 for d in sorted(compare.TOWARD.values())}
        for camp, toward in compare.TOWARD.items()
    }
    both = {cell: w / len(each) for weights in each.values() for cell, w in weights.items()}
    return {f"{name}_away": both} | {f"{name}_away_{camp}": w for camp, w in each.items()}


_CAMP, _WAY = ("side", "direction"), ("direction",)

QUESTIONS = {
    "treason": Question("claims", "frame", "treason", _CAMP, _away("treason")),
    "traitor": Question("articles", "portrayal", "traitor", _CAMP, _away("traitor")),
    **{
        f"collapse_{side}": Question(
            "claims",
            "frame",
            "collapse",
            _WAY,
            {f"collapse_exit_from_{side}": {f"{side}_exit": 1.0, f"{side}_to_{other}": -1.0}},
        )
        for side, other in (("ua", "ru"), ("ru", "ua"))
    },
    **{
        frame: Question("claims", "frame", frame, _WAY, {f"{frame}_direction": compare.TO_RUSSIA})
        for frame in ("mistreatment", "coercion", "reprisal")
    },
    **{
        f"motive_{motive}": Question(
            "articles", "motives", motive, _WAY, {f"motive_{motive}_direction": compare.TO_RUSSIA}
        )
        for motive in ("coercion", "reward")
    },
}
"""The headline questions of the study, by name."""

GROUPS = {
    "Those who leave the teller's side minus those who come to it": ("treason", "traitor"),
    "Exits minus crossings, and crossings to Russia minus to Ukraine": (
        *("collapse_ua", "collapse_ru", "mistreatment", "coercion", "reprisal"),
        *("motive_coercion", "motive_reward"),
    ),
}
"""Questions that are drawn together, by what their contrasts compare."""

LABELS = {
    "treason_away": "treason, mean of the camps",
    "treason_away_Russian": "treason, Russian camp",
    "treason_away_Ukrainian": "treason, Ukrainian camp",
    "traitor_away": "portrayed as traitor, mean of the camps",
    "traitor_away_Russian": "portrayed as traitor, Russian camp",
    "traitor_away_Ukrainian": "portrayed as traitor, Ukrainian camp",
    "collapse_exit_from_ua": "collapse in exits minus crossings, Ukrainian side",
    "collapse_exit_from_ru": "collapse in exits minus crossings, Russian side",
    "mistreatment_direction": "mistreatment, to Russia minus to Ukraine",
    "coercion_direction": "coercion, to Russia minus to Ukraine",
    "reprisal_direction": "reprisal, to Russia minus to Ukraine",
    "motive_coercion_direction": "motive coercion, to Russia minus to Ukraine",
    "motive_reward_direction": "motive reward, to Russia minus to Ukraine",
}
"""The contrasts in words; for the camps, those who leave minus those who come."""


@dataclass(frozen=True)
class Layout:
    """Who stands where: the rows of a question without their codes.

    Attributes
    ----------
    cells : list, length K
        The cells that the question's contrasts compare.
    cell : np.ndarray of int, shape (n,)
        Cell of each row, by its position in `cells`.
    units : dict of str to np.ndarray of int, shape (n,)
        `event` and `outlet` of each row and, where rows are claims, its `article`.
    article : np.ndarray of int, shape (n,)
    """

    cells: list
    cell: np.ndarray
    units: dict[str, np.ndarray]
    article: np.ndarray

    @property
    def first(self) -> np.ndarray:
        """Position of each article's first row."""
        return np.unique(self.article, return_index=True)[1]

    def shares(self, y: np.ndarray) -> np.ndarray:
        """Mean of `y` (n,) over the rows of each article."""
        return np.bincount(self.article, y) / np.bincount(self.article)

    def events(self) -> np.ndarray:
        """Number of events in each cell, shape (K,)."""
        pairs = np.unique(np.stack([self.cell, self.units["event"]]), axis=1)
        return np.bincount(pairs[0], minlength=len(self.cells))


@dataclass(frozen=True)
class Fit:
    """A fitted model: the probability of the code in each cell.

    Attributes
    ----------
    value : np.ndarray, shape (K,)
    interval : callable
        From weights of the cells (K,) to the 95% interval of the weighted sum (low, high).
    sd : dict of str to float
        Standard deviations of the random intercepts in logits; empty for the model of averages.
    """

    value: np.ndarray
    interval: Callable[[np.ndarray], tuple[float, float]]
    sd: dict[str, float]


def layout(question: Question, table: pd.DataFrame) -> tuple[Layout, np.ndarray]:
    """Lay out the rows that a question compares.

    Parameters
    ----------
    question : Question
    table : pd.DataFrame
        Claims or articles with `side`, as the question names them.

    Returns
    -------
    Layout
    np.ndarray of 0 and 1, shape (n,)
        Whether the row has the code; for list cells, whether it is among them.
    """
    table = compare.decided(table, question.column).reset_index(drop=True)
    cells = list(dict.fromkeys(c for w in question.contrasts.values() for c in w))
    keys = [table[c].astype(object) for c in question.by]
    found = pd.MultiIndex.from_arrays(keys) if len(keys) > 1 else pd.Index(keys[0])
    cell = pd.Index(cells).get_indexer(found)
    codes = compare.indicators(table, question.column).reindex(columns=[question.code])
    there = cell >= 0
    table, y = table[there], codes.fillna(0.0).to_numpy(float)[there, 0]
    number = {
        unit: pd.factorize(table[column], sort=True)[0]
        for unit, column in (("event", "cluster"), ("outlet", "outlet"), ("article", "article_id"))
    }
    article = number["article"]
    if question.table == "articles":
        del number["article"]  # its level would be that of the row itself
    return Layout(cells, cell[there], number, article), y


def mixed(rows: Layout, y: np.ndarray, log_sd: float = PRIOR_LOG_SD, seed: int = SEED) -> Fit:
    """Fit the logistic mixed model and average its probabilities over the random intercepts.

    Parameters
    ----------
    rows : Layout
    y : np.ndarray of 0 and 1, shape (n,)
    log_sd : float
        As `PRIOR_LOG_SD`.
    seed : int
        Of the draws that intervals come from.

    Returns
    -------
    Fit

    Notes
    -----
    The fit is variational (a mean-field normal posterior, as statsmodels has it). Its joint mode
    is of no use here: at the mode the random intercepts vanish. A mean-field posterior takes cells
    and events as independent, so its own errors are far too small; the covariance of the cells'
    logits is therefore that of the Laplace approximation at the fitted values, given the standard
    deviations. `coverage` measures how good the intervals are.
    """
    n_cells, number = len(rows.cells), list(rows.units.values())
    ones = np.ones(len(y))
    cells = sparse.csr_matrix((ones, (np.arange(len(y)), rows.cell)), (len(y), n_cells))
    parts = [sparse.csr_matrix((ones, (np.arange(len(y)), u))) for u in number]
    ident = np.repeat(np.arange(len(parts)), [p.shape[1] for p in parts])
    random = sparse.hstack(parts).tocsr()
    model = BinomialBayesMixedGLM(y, cells.toarray(), random, ident, vcp_p=log_sd, fe_p=PRIOR_LOGIT)
    start = np.full(n_cells + len(parts) + len(ident), np.exp(-0.5))
    # The default optimiser, BFGS, takes half a minute to come to the same values.
    fit = model.fit_vb(
        sd=start, fit_method="L-BFGS-B", minim_opts={"maxiter": 2000, "maxfun": 4000, "maxcor": 30}
    )
    p = special.expit(cells @ fit.fe_mean + random @ fit.vc_mean)
    design = sparse.hstack([cells, random]).tocsr()
    prior = np.r_[np.full(n_cells, PRIOR_LOGIT**-2), np.exp(-2 * fit.vcp_mean)[ident]]
    precision = design.T @ design.multiply((p * (1 - p))[:, None]) + sparse.diags(prior)
    first = np.eye(design.shape[1], n_cells)
    covariance = splu(precision.tocsc()).solve(first)[:n_cells]

    rng = np.random.default_rng(seed)
    logits = rng.multivariate_normal(fit.fe_mean, (covariance + covariance.T) / 2, DRAWS)
    sds = np.exp(rng.normal(fit.vcp_mean, fit.vcp_sd, (DRAWS, len(parts))))
    draws = _averaged(logits, np.sqrt((sds**2).sum(1))[:, None])

    def interval(weights):
        low, high = np.percentile(draws @ weights, [2.5, 97.5])
        return float(low), float(high)

    sd = np.exp(fit.vcp_mean)
    value = _averaged(fit.fe_mean, np.sqrt((sd**2).sum()))
    return Fit(value, interval, dict(zip(rows.units, sd.tolist(), strict=True)))


def _averaged(logit, sd):
    """Mean probability over normal intercepts: logits with standard deviations (broadcast)."""
    logit, sd = np.broadcast_arrays(logit, sd)
    each = special.expit(logit[..., None] + sd[..., None] * _NODES)
    return each @ (_WEIGHTS / _WEIGHTS.sum())


def average(rows: Layout, y: np.ndarray) -> Fit:
    """Fit the model of averages: the mean share of each cell, articles of one event correlated.

    Parameters
    ----------
    rows : Layout
    y : np.ndarray of 0 and 1, shape (n,)

    Returns
    -------
    Fit
        Without intervals where a cell has the code in none or in all of its articles: the spread
        between events, which the errors come from, cannot be seen there. Without any value where
        the iteration does not settle: the correlation is estimated from pairs of articles, and one
        event with very many of them can make it jump.

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
    Mancl & DeRouen (2001), A covariance estimator for GEE with improved small-sample properties.
    Biometrics 57.
    """
    shares, cell, event = rows.shares(y), rows.cell[rows.first], rows.units["event"][rows.first]
    cells = np.eye(len(rows.cells))[cell]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IterationLimitWarning)  # it is told by the missing value
        fit = GEE(shares, cells, event, cov_struct=Exchangeable()).fit(cov_type="bias_reduced")
    covariance, value = np.asarray(fit.cov_params()), np.asarray(fit.params)
    if not fit.converged:
        value = np.full(len(rows.cells), np.nan)
    sizes = np.zeros((event.max() + 1, len(rows.cells)))
    np.add.at(sizes, (event, cell), 1)
    correlation = np.clip(float(fit.cov_struct.dep_params), 0, 1)
    mass = sizes / (1 + (sizes.sum(1, keepdims=True) - 1) * correlation)
    effective = mass.sum(0) ** 2 / (mass**2).sum(0)
    means = np.bincount(cell, shares) / np.bincount(cell)
    varies = (means > 0) & (means < 1)

    def interval(weights):
        used = weights != 0
        if not varies[used].all() or not fit.converged:
            return np.nan, np.nan
        df = max(effective[used].min() - 1, 1)
        reach = stats.t.isf(0.025, df) * np.sqrt(weights @ covariance @ weights)
        return float(weights @ value - reach), float(weights @ value + reach)

    return Fit(value, interval, {})


def two_levels(
    articles: pd.DataFrame, claims: pd.DataFrame, draws: int = compare.DRAWS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimate every headline contrast by weighted shares and by the models.

    Parameters
    ----------
    articles, claims : pd.DataFrame
        As the corpus gives them, with `side`.
    draws : int
        Bootstrap draws behind the shares' intervals.

    Returns
    -------
    results : pd.DataFrame
        Index: `contrast` (a key of `LABELS`) and `method` (of `METHODS`). Columns `value`, `low`,
        `high` (differences of probabilities, -1 to 1), `n_articles`, `n_events`. A cell with fewer
        than `compare.MIN_EVENTS` events is not modelled: no value.
    components : pd.DataFrame
        Index: keys of `QUESTIONS`. For each of event, outlet, article: `<unit>_sd` in logits;
        `<unit>_sd_wide`, the same with `PRIOR_LOG_SD` doubled (what moves with the prior, the data
        do not tell); `<unit>_icc`, its part of the variance on the latent scale, where a single row
        has that of the logistic distribution. NaN where the model has no such level.
    """
    tables = {"articles": articles, "claims": claims}
    results, components = {}, {}
    for name, question in QUESTIONS.items():
        table = tables[question.table]
        rows, y = layout(question, table)
        fits = {}
        if rows.events().min() >= compare.MIN_EVENTS:
            fits = {"mixed": mixed(rows, y), "average": average(rows, y)}
            wide = mixed(rows, y, 2 * PRIOR_LOG_SD).sd
            components[name] = _components(fits["mixed"].sd, wide)
        shares = _weighted_shares(question, table, draws)
        for contrast, weights in question.contrasts.items():
            w = np.array([weights.get(c, 0.0) for c in rows.cells])
            for weighting, s in shares.items():
                shown = compare.contrast(s, weights).reindex(index=[question.code])
                results[contrast, weighting] = shown.iloc[0]
            n = results[contrast, "event"][["n_articles", "n_events"]]
            for method in ("mixed", "average"):
                fit = fits.get(method)
                low, high = fit.interval(w) if fit else (np.nan, np.nan)
                value = fit.value @ w if fit else np.nan
                results[contrast, method] = {"value": value, "low": low, "high": high, **n}
    columns = ["value", "low", "high", "n_articles", "n_events"]
    table = pd.DataFrame(results).T[columns].astype(float)
    names = [
        f"{u}_{what}" for what in ("sd", "sd_wide", "icc") for u in ("event", "outlet", "article")
    ]
    parts = pd.DataFrame.from_dict(components, "index", columns=names).reindex(QUESTIONS)
    return table.rename_axis(["contrast", "method"]), parts.astype(float).rename_axis("question")


def grouped(results: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The estimates of `two_levels` by `GROUPS`, those of one group in one table."""
    names = results.index.get_level_values("contrast")
    return {
        group: results[names.isin([c for q in questions for c in QUESTIONS[q].contrasts])]
        for group, questions in GROUPS.items()
    }


def verdicts(results: pd.DataFrame) -> pd.DataFrame:
    """Say for each contrast where the models and the event-weighted shares part.

    Parameters
    ----------
    results : pd.DataFrame
        As `two_levels` gives them.

    Returns
    -------
    pd.DataFrame
        Index: contrasts that have a value in the event-weighted shares and in the mixed model.
        Columns (bool): `same_sign` (all methods that have a value), for each method
        `<method>_shown` (its interval leaves zero out), `overlap` (all intervals share a point),
        `agree` (same sign, and the mixed model and, where it has an interval, the model of
        averages show what the event-weighted shares show).
    """
    wide = results.unstack("method").reindex(
        index=list(dict.fromkeys(results.index.get_level_values(0)))
    )
    wide = wide[wide["value"][["event", "mixed"]].notna().all(axis=1)]
    low, high = (wide[bound].reindex(columns=METHODS) for bound in ("low", "high"))
    sign = np.sign(wide["value"])
    shown = (low > 0) | (high < 0)
    out = shown.add_suffix("_shown")
    out.insert(0, "same_sign", sign.max(axis=1) == sign.min(axis=1))
    out["overlap"] = low.max(axis=1) <= high.min(axis=1)
    same = [(shown[m] == shown["event"]) | low[m].isna() for m in ("mixed", "average")]
    out["agree"] = out["same_sign"] & same[0] & same[1]
    return out


def _weighted_shares(question, table, draws):
    """Shares as the other notebooks compute them: of crossings in two camps, or of everything."""
    table = table[table["direction"] != "both"]
    if "side" in question.by:
        crossing = table["direction"].isin(compare.TOWARD.values())
        table = table[crossing & table["side"].isin(compare.TOWARD)]
    return {
        w: compare.shares(table, question.column, list(question.by), w, draws)
        for w in ("event", "article")
    }


def _components(sd, wide):
    total = sum(s**2 for s in sd.values()) + _LATENT
    parts = {f"{u}_sd": s for u, s in sd.items()} | {f"{u}_sd_wide": s for u, s in wide.items()}
    return parts | {f"{u}_icc": s**2 / total for u, s in sd.items()}


_SDS = {"event": 1.2, "outlet": 0.4, "article": 0.4}
_SCENARIOS = {
    "treason by camp, a difference": ("treason", "treason_away", -1.5, -3.5),
    "treason by camp, no difference": ("treason", "treason_away", -2.5, -2.5),
    "collapse by exit, a difference": ("collapse_ua", "collapse_exit_from_ua", -1.0, -2.5),
}
# Question, contrast, and the logits of the cells with positive and with negative weight.


def coverage(corpus: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """Measure on made-up codes how often each method's 95% interval holds the truth.

    Codes are drawn from a logistic mixed model with chosen probabilities and standard deviations
    (like those fitted), for the corpus' own articles, events and outlets.

    Parameters
    ----------
    corpus : Corpus
    replicates : int
    seed : int

    Returns
    -------
    pd.DataFrame
        Columns `scenario`, `method`, `measure`, `value`, `se`. Measures: `coverage` (of the fits
        that give an interval); `bias` (mean estimate minus truth); of the mixed model `event sd,
        ratio` and `outlet sd, ratio` (fitted to true). No rows where the corpus
        lacks the cells.
    """
    articles, claims = corpus.article_table().reset_index(), corpus.claim_table()
    for table in (articles, claims):
        table["side"] = table["camp"].map(compare.SIDES)
    out = []
    for number, (name, (key, contrast, high, low)) in enumerate(_SCENARIOS.items()):
        question = QUESTIONS[key]
        rows, _ = layout(question, {"articles": articles, "claims": claims}[question.table])
        if rows.events().min() < compare.MIN_EVENTS:
            continue
        w = np.array([question.contrasts[contrast].get(c, 0.0) for c in rows.cells])
        logits = np.where(w > 0, high, low)
        truth = _averaged(logits, np.sqrt(sum(s**2 for s in _SDS.values()))) @ w
        rng = np.random.default_rng([seed, number])
        for _ in range(replicates):
            y = _made_up(rows, logits, rng)
            fits = {"mixed": mixed(rows, y), "average": average(rows, y)}
            found = {m: (f.value @ w, *f.interval(w)) for m, f in fits.items()}
            found |= {m: _contrast_of(rows, y, m, w) for m in ("event", "article")}
            for method, (value, first, last) in found.items():
                given = not np.isnan(first)
                out.append((name, method, "bias", value - truth))
                out.append((name, method, "coverage", first <= truth <= last if given else np.nan))
            for unit in ("event", "outlet"):
                ratio = fits["mixed"].sd[unit] / _SDS[unit]
                out.append((name, "mixed", f"{unit} sd, ratio", ratio))
    columns = ["scenario", "method", "measure"]
    table = pd.DataFrame(out, columns=[*columns, "value"]).astype({"value": float})
    groups = table.dropna(subset=["value"]).groupby(columns, sort=False)["value"]
    return groups.agg(value="mean", se=_standard_error).reset_index()


def _made_up(rows, logits, rng):
    """Codes of all rows, drawn from the mixed model with the given logits of the cells."""
    units = {"article": rows.article} | rows.units
    eta = logits[rows.cell]
    for unit, number in sorted(units.items()):
        eta = eta + _SDS[unit] * rng.normal(size=number.max() + 1)[number]
    return (rng.random(len(eta)) < special.expit(eta)).astype(float)


def _contrast_of(rows, y, weighting, w):
    """Value, low and high of a contrast of weighted shares."""
    first = rows.first
    s = compare.cell_shares(
        rows.shares(y)[:, None],
        rows.units["event"][first],
        rows.cell[first],
        pd.RangeIndex(len(rows.cells)),
        pd.Index(["code"]),
        weighting,
        draws=500,
    )
    weights = {k: x for k, x in enumerate(w) if x}
    return tuple(compare.contrast(s, weights)[["value", "low", "high"]].iloc[0])


def _standard_error(values):
    """Monte Carlo standard error of a mean; that of a share supposes one more hit and one miss."""
    n = len(values)
    if values.isin([0.0, 1.0]).all():
        share = (values.sum() + 1) / (n + 2)
        return np.sqrt(share * (1 - share) / n)
    return values.std(ddof=1) / np.sqrt(n) if n > 1 else np.inf
