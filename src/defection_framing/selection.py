"""How results depend on what was found: slices, large events and outlets, languages, the unseen.

The corpus was found by similarity search, so nobody knows what it left behind. What can be known:
how the results move when parts of what was found are taken away, whether they hold within outlets
(where the choice of outlets cannot make a difference between directions), and what the unseen
would have to be like to undo them.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from . import compare, multiverse

LARGEST = 8
"""How many of the largest events and outlets are left out."""

LANGUAGES = {"en": "English", "ru": "Russian", "uk": "Ukrainian"}
"""Languages that stand by themselves; the rest are `other languages`."""


def parts(articles: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    """Give the parts of a corpus that results are computed from again.

    Parameters
    ----------
    articles : pd.DataFrame, n rows
        As `Corpus.article_table`.

    Yields
    ------
    kind, name : str
    keep : np.ndarray of bool, shape (n,)
    """
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
    for name in [*LANGUAGES.values(), "other languages"]:
        yield "language alone", name, (language == name).to_numpy()
        yield "language left out", name, (language != name).to_numpy()


def moved(m: multiverse.Material) -> pd.DataFrame:
    """Headline estimates as reported, from each of the `parts` of the corpus.

    With the largest events left out, where much copied events could decide, they are computed with
    each article counted once as well.

    Returns
    -------
    pd.DataFrame
        Index: kind, part, estimate (keys of `multiverse.HEADLINES`). Columns as
        `multiverse.reported`, and `excludes_zero` (bool).
    """
    event, article = multiverse.CHOICES["weighting"]
    rows = {}
    for kind, name, keep in parts(m.articles):
        for weighting in (event, article) if kind == "largest events left out" else (event,):
            label = kind if weighting == event else f"{kind}, {weighting}"
            for key in multiverse.HEADLINES:
                rows[label, name, key] = multiverse.reported(m, key, keep, weighting)
    table = pd.DataFrame.from_dict(rows, "index").rename_axis(["kind", "part", "estimate"])
    table["excludes_zero"] = (table["low"] > 0) | (table["high"] < 0)
    return table


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Count the parts of the corpus that change an estimate, and those that leave it standing.

    Parameters
    ----------
    table : pd.DataFrame
        Rows of what `moved` returns, the whole corpus (`all`) among them.

    Returns
    -------
    pd.DataFrame, one row per estimate
        `tried` (parts that change the value and leave an interval), `holds` (of them, with the
        same sign and an interval that excludes zero), `no_interval` (parts that leave too few
        events for one), `fails` (those tried that do not hold, joined by "; ").
    """
    rows = {}
    for key, own in table.groupby(level="estimate", sort=False):
        whole = own.xs("all", level="kind")["value"].iloc[0]
        other = own[~np.isclose(own["value"], whole)]
        tried = other.dropna(subset=["low"])
        holds = (np.sign(tried["value"]) == np.sign(whole)) & tried["excludes_zero"]
        rows[key] = {
            "tried": len(tried),
            "holds": int(holds.sum()),
            "no_interval": len(other) - len(tried),
            "fails": "; ".join(": ".join(name[:2]) for name in tried.index[~holds]),
        }
    return pd.DataFrame.from_dict(rows, "index")


def concentration(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """How far groups of articles rest on few events and few outlets.

    Parameters
    ----------
    table : pd.DataFrame
        One row per article, with `cluster`, `outlet` and the columns `by`.
    by : list of str

    Returns
    -------
    pd.DataFrame, one row per group, named by its values joined by ", "
        `n_articles`; for events and outlets each `n_...`, `effective_...` (how many of equal size
        would be as concentrated: the inverse Simpson index, Kish's for articles as weights) and
        `largest_...` (share of the articles in the largest).
    """
    rows = {}
    for group, own in table.groupby(by, observed=True):
        row = {"n_articles": len(own)}
        for name, column in (("events", "cluster"), ("outlets", "outlet")):
            size = own[column].value_counts()
            row[f"n_{name}"] = len(size)
            row[f"effective_{name}"] = size.sum() ** 2 / (size**2).sum()
            row[f"largest_{name}"] = size.max() / size.sum()
        rows[", ".join(map(str, group))] = row
    return pd.DataFrame.from_dict(rows, "index")


def within_outlets(table: pd.DataFrame, column: str, first: pd.Series) -> pd.DataFrame:
    """Contrast codes between two kinds of articles within outlets, averaged over outlets.

    Only outlets that have both kinds count, each once, so that nothing that stays the same in an
    outlet (its camp, language, way of telling) can make the difference. Within an outlet and kind
    each event counts once.

    Parameters
    ----------
    table : pd.DataFrame
        One row per claim or article, with `article_id`, `cluster`, `outlet` and `column`.
    column : str
    first : pd.Series of bool, the index of `table`
        The first kind; the other is the second. The same for all claims of an article.

    Returns
    -------
    pd.DataFrame, one row per code
        `value` (share in the first kind minus the second, mean over outlets), `low`, `high`, `p`,
        `q`, `n_articles`, `n_events`, `n_outlets`, `small`. No interval where there are fewer than
        `compare.MIN_EVENTS` outlets, or effective events of either kind.

    Notes
    -----
    A weighted regression on the kind with a fixed effect for each outlet. Articles of one outlet
    are alike and so are those of one event, so errors are clustered both ways (Cameron, Gelbach &
    Miller 2011, Robust inference with multiway clustering, Journal of Business & Economic
    Statistics 29); the variance is never taken as smaller than with either clustering alone. The
    interval has as many degrees of freedom as there are outlets, or effective events of the
    smaller kind, less one (Cameron & Miller 2015, A practitioner's guide to cluster-robust
    inference, Journal of Human Resources 50).
    """
    codes = compare.indicators(table, column)
    keys = [table.loc[codes.index, c] for c in ("article_id", "cluster", "outlet")]
    articles = codes.groupby([*keys, first.loc[codes.index].rename("first")]).mean()
    facts = articles.index.to_frame(index=False)
    both = (facts.groupby("outlet")["first"].transform("nunique") == 2).to_numpy()
    facts, y = facts[both], articles.to_numpy(float)[both]
    columns = ["value", "low", "high", "p", "q", "n_articles", "n_events", "n_outlets", "small"]
    if facts.empty:
        return pd.DataFrame(np.nan, codes.columns, columns[:5]).assign(
            n_articles=0, n_events=0, n_outlets=0, small=True
        )
    side = facts.groupby(["outlet", "first"])
    of_event = facts.groupby(["outlet", "first", "cluster"])["article_id"].transform("size")
    weight = (0.5 / side["cluster"].transform("nunique") / of_event).to_numpy()
    outlet, event = (pd.factorize(facts[c], sort=True)[0] for c in ("outlet", "cluster"))
    n_outlets, x = outlet.max() + 1, np.where(facts["first"], 0.5, -0.5)
    middle = np.stack([np.bincount(outlet, weight * c) for c in y.T], axis=1)
    value = (weight * x) @ y / (weight * x**2).sum()
    mass = pd.Series(weight).groupby([x > 0, event]).sum()
    effective = (mass.groupby(level=0).sum() ** 2 / (mass**2).groupby(level=0).sum()).min()
    small = min(effective, n_outlets) < compare.MIN_EVENTS
    error = np.full(len(value), np.nan)
    if not small:
        fits = [WLS(c, x, weights=weight).fit() for c in (y - middle[outlet]).T]
        variances = [[v[0, 0] for v in cov_cluster_2groups(fit, outlet, event)] for fit in fits]
        error = np.sqrt(np.max(variances, axis=1))
        error[error == 0] = np.nan
    df = max(min(n_outlets, effective) - 1, 1)
    reach, p = stats.t.isf(0.025, df) * error, 2 * stats.t.sf(np.abs(value) / error, df)
    out = pd.DataFrame(
        {"value": value, "low": value - reach, "high": value + reach, "p": p}, codes.columns
    )
    out["q"], out["small"] = compare.adjust(out["p"]), small
    return out.assign(
        n_articles=len(facts), n_events=facts["cluster"].nunique(), n_outlets=n_outlets
    )[columns]


def beside_pooled(table: pd.DataFrame, column: str) -> dict[str, pd.DataFrame]:
    """Contrasts within outlets beside those over all outlets, of the directions and of who leaves.

    Parameters
    ----------
    table : pd.DataFrame
        Claims or articles, with `side`, `direction` and what `within_outlets` needs.
    column : str

    Returns
    -------
    dict
        `to Russia minus to Ukraine`, of all tellers, and `leaving minus coming`, of the outlets of
        the two camps (their mean where pooled). Tables with the index series (`within outlets`,
        `all outlets`) and code, and the columns of `compare.contrast`.
    """
    crossing = table[table["direction"].isin(compare.TOWARD.values())]
    to_russia = crossing["direction"] == "ua_to_ru"
    own, leaves = _leaving(table)
    asked = {
        "to Russia minus to Ukraine": (crossing, to_russia, ["direction"], compare.TO_RUSSIA),
        "leaving minus coming": (
            own,
            leaves,
            ["side", "direction"],
            leaving_minus_coming()["mean of camps"],
        ),
    }
    out = {}
    for name, (rows, first, by, weights) in asked.items():
        pooled = compare.contrast(compare.shares(rows, column, by), weights)
        within = within_outlets(rows, column, first).reindex(pooled.index)
        out[name] = pd.concat({"within outlets": within, "all outlets": pooled}, names=["series"])
        out[name].index.names = ["series", "code"]
    return out


def _leaving(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """What the two camps tell of crossings, and whether the person leaves the teller's side."""
    crossing = table["direction"].isin(compare.TOWARD.values())
    own = table[crossing & table["side"].isin(list(compare.TOWARD))]
    return own, own["direction"].astype(str) != own["side"].map(compare.TOWARD)


def within_camps(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Contrast who leaves with who comes within outlets, each camp by itself.

    Parameters
    ----------
    table : pd.DataFrame
        As for `beside_pooled`.
    column : str

    Returns
    -------
    pd.DataFrame
        Index: camp, code. Columns as `within_outlets`.
    """
    own, leaves = _leaving(table)
    of = {camp: own["side"] == camp for camp in compare.TOWARD}
    rows = {camp: within_outlets(own[at], column, leaves[at]) for camp, at in of.items()}
    return pd.concat(rows, names=["camp", "code"])


def leaving_minus_coming() -> dict[str, dict]:
    """Weights of cells for `compare.contrast`: of the mean of the camps, and of each camp alone."""
    of = {
        camp: {cell: -1.0 if cell[1] == d else 1.0 for cell in compare.CELLS if cell[0] == camp}
        for camp, d in compare.TOWARD.items()
    }
    mean = {cell: w / len(of) for weights in of.values() for cell, w in weights.items()}
    return {"mean of camps": mean, **of}


def ratio(s: compare.Shares, top: dict, bottom: dict) -> pd.DataFrame:
    """Ratio of two weighted sums of groups' shares, code by code, with its 95% interval.

    Parameters
    ----------
    s : compare.Shares
    top, bottom : dict
        Group to weight, as in `compare.contrast`; weights are positive.

    Returns
    -------
    pd.DataFrame, one row per code
        `value`, `low`, `high`; infinite where the lower share is, or may be, zero; NaN where the
        corpus has nothing of a group.

    References
    ----------
    Donner & Zou (2012), Closed-form confidence intervals for functions of the normal mean and
    standard deviation. Statistical Methods in Medical Research 21. Top and bottom are taken as
    independent; events that both tell make them err together, in this corpus hardly.
    """
    if not {*top, *bottom} <= set(s.groups):
        return pd.DataFrame(np.nan, s.codes, ["value", "low", "high"])
    (p1, l1, u1), (p0, l0, u0) = compare.combined(s, top), compare.combined(s, bottom)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The far end of each, and no square root of what rounding takes below zero.
        root_low = np.maximum((p1 * p0) ** 2 - l1 * u0 * (2 * p1 - l1) * (2 * p0 - u0), 0)
        root_high = np.maximum((p1 * p0) ** 2 - u1 * l0 * (2 * p1 - u1) * (2 * p0 - l0), 0)
        low = (p1 * p0 - np.sqrt(root_low)) / (u0 * (2 * p0 - u0))
        high = (p1 * p0 + np.sqrt(root_high)) / (l0 * (2 * p0 - l0))
        table = {"value": p1 / p0, "low": low, "high": np.where(l0 > 0, high, np.inf)}
    return pd.DataFrame(table, s.codes)


def e_value(risk_ratio):
    """E-value of a risk ratio: how strong an unmeasured cause would have to be to explain it away.

    The least risk ratio that one unmeasured cause would need *both* with what is compared and with
    the outcome, on top of everything measured, to produce a ratio of this size where there is no
    difference. 1 where there is nothing to explain.

    Parameters
    ----------
    risk_ratio : float or np.ndarray
        Above zero; below 1 its inverse counts.

    References
    ----------
    VanderWeele & Ding (2017), Sensitivity analysis in observational research: introducing the
    E-value. Annals of Internal Medicine 167.
    """
    ratio = np.maximum(risk_ratio, 1 / np.asarray(risk_ratio, float))
    return ratio + np.sqrt(ratio * (ratio - 1))


def e_values(ratios: pd.DataFrame) -> pd.DataFrame:
    """E-values of the ratios that `ratio` returns.

    Returns
    -------
    pd.DataFrame
        `value`, and `limit`: of the end of the interval that is nearer to 1 (1 where it holds 1).
    """
    low, high = ratios["low"], ratios["high"]
    near = np.where(low > 1, low, np.where(high < 1, high, 1.0))
    return pd.DataFrame({"value": e_value(ratios["value"]), "limit": e_value(near)}, ratios.index)


def unseen(value: float, low: float, high: float) -> dict[str, float]:
    """How many unseen events it takes to undo a difference, as a multiple of those seen.

    Each event counts once, and the multiple is the same in every cell. The difference over seen and
    unseen together is their weighted mean; its interval is taken to
    be as wide as now, as that of a sample of this size from both would be.

    Parameters
    ----------
    value, low, high : float
        Difference seen, with its interval.

    Returns
    -------
    dict
        `interval_if_none`: unseen events without any difference, until the interval reaches
        zero; `interval_if_reversed`: the same with a difference as large the other way. 0 where
        the interval holds zero now, NaN where there is none. (Until nothing is left of it there
        must be as many reversed events unseen as were seen; those without a difference never
        take all of it.)
    """
    sign = np.sign(value)
    near = min(low * sign, high * sign)
    reach = value * sign - near
    near = np.maximum(near, 0.0)
    return {
        "interval_if_none": near / reach,
        "interval_if_reversed": near / (value * sign + reach),
    }
