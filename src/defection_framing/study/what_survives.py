"""What survives other choices: the curve of specifications of each headline estimate.

Curves of specifications and their inference: Simonsohn, Simmons & Nelson (2020), Specification
curve analysis, Nature Human Behaviour 4. Which specifications count: `multiverse`.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from statsmodels.regression.linear_model import WLS

from .. import corpus, stats
from ..settings import SEED
from ..text import embed, mask
from . import estimands, multiverse
from .estimands import SEPARATION, Estimand, estimates, name
from .material import CHOICES, Material, material

DRAWS = 400  # bootstrap draws for each specification

# All estimates that have a curve, in words.
LABELS = {key: e.label for key, e in estimands.HEADLINES.items()}
LABELS[SEPARATION] = "extra distance between the camps on one event"

# How figures write them: points of a share, or an index or distance as it is.
UNITS = {key: "points" if e.is_share else "plain" for key, e in estimands.HEADLINES.items()}
UNITS[SEPARATION] = "plain"

_SEPARATION_CHOICES = ("embedding", "flags", "Russian camp", *multiverse.ALWAYS)


def curve(m: Material, key: str, draws: int = DRAWS) -> pd.DataFrame:
    """Compute an estimate (of `LABELS`) under every specification, sorted by value.

    Columns: the options of each choice that bears on the estimate, `value`, `low`, `high`,
    `n_articles`, `n_events`, `excludes_zero`, `reported` (bool). No rows from too little material.
    """
    if key == SEPARATION:
        choices = _SEPARATION_CHOICES
        columns = [*choices, "value", "low", "high", "n_articles", "n_events"]
        table = pd.DataFrame(list(_separations(m)), columns=columns)
    else:
        e = estimands.HEADLINES[key]
        choices = multiverse.bearing(e)
        table = multiverse.estimated(e, multiverse.specifications(m, e), draws)
    table["excludes_zero"] = (table["low"] > 0) | (table["high"] < 0)
    table["reported"] = np.all([table[c] == CHOICES[c][0] for c in choices], axis=0)
    return table.sort_values("value", kind="stable", ignore_index=True)


def _separations(m: Material) -> Iterator[dict]:
    """Mean extra distance between the camps on one event, under each specification that counts."""
    texts = {"as written": m.texts, "masked": mask.mask_all(m.texts, m.articles["direction"])}
    spaces = {
        (of, flags): space(texts[flags])
        for of, space in (("MiniLM", embed.vectors), ("TF-IDF and SVD", _latent))
        for flags in CHOICES["flags"]
    }
    camps = np.array(["Russian", "Ukrainian", "other"])
    single = (m.articles["event"] != "general").to_numpy()
    largest, known = m.largest(single & (m.teller({}) < 2)), {}
    for options in multiverse.crossed(_SEPARATION_CHOICES):
        teller = m.teller(options)
        rows = np.flatnonzero(single & (teller < 2) & m.kept(options, largest))
        told = np.zeros((m.panel.event.max() + 1, 2))
        np.add.at(told, (m.panel.event[rows], teller[rows]), 1)
        compared = (told > 1).all(1)
        if compared.sum() < stats.MIN_EVENTS:
            continue
        rows = rows[compared[m.panel.event[rows]]]
        space = options["embedding"], options["flags"]
        same = (*space, rows.tobytes(), teller[rows].tobytes())
        if same not in known:
            articles = m.articles.iloc[rows].assign(camp=camps[teller[rows]])
            known[same], _ = stats.separation(spaces[space][rows], articles, "camp", draws=1)
        elif (options["weighting"], same) in known:
            continue
        apart = known[same]
        known[options["weighting"], same] = apart
        n = {"n_articles": apart["n_articles"].sum(), "n_events": len(apart)}
        yield options | _mean(apart, options) | n


def _mean(apart: pd.DataFrame, options: dict[str, str]) -> dict[str, float]:
    """Mean over events with its t-interval; weighted by articles, robust to unequal variances."""
    if multiverse.weighting(options) == "event":
        return stats.mean_interval(apart["value"])
    fit = WLS(apart["value"], np.ones(len(apart)), weights=apart["n_articles"]).fit()
    low, high = fit.get_robustcov_results("HC3", use_t=True).conf_int()[0]
    return {"value": fit.params.iloc[0], "low": low, "high": high}


def _latent(texts: list[str], size: int = 100) -> np.ndarray:
    """Unit vectors of texts, shape (n, size): TF-IDF and truncated SVD (Deerwester et al. 1990)."""
    weights = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(texts)
    size = min(size, min(weights.shape) - 1)
    if size < 1:
        return np.ones((len(texts), 1))
    return normalize(TruncatedSVD(size, random_state=SEED).fit_transform(weights))


def summary(curves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Sum up each curve that `curve` returns.

    Returns
    -------
    pd.DataFrame, one row per estimate
        `value`, `low`, `high` as reported (NaN where the corpus has too little for it),
        `specifications` (how many), `same_sign` (share with the sign of their median),
        `with_interval` (how many have one), `excludes_zero` (share of those with that sign and an
        interval that excludes zero), `other_sign` (how many have an interval that excludes zero
        on the other side), `median`, `lowest`, `highest`.
    """
    rows = {}
    for key, t in curves.items():
        sign = np.sign(t["value"].median())
        same = np.sign(t["value"]) == sign
        certain = t["low"].notna()
        own = t.loc[t["reported"], ["value", "low", "high"]]
        rows[key] = {
            **(own.iloc[0] if len(own) else pd.Series(np.nan, own.columns)),
            "specifications": len(t),
            "same_sign": same.mean(),
            "with_interval": certain.sum(),
            "excludes_zero": (same & t["excludes_zero"])[certain].mean(),
            "other_sign": (~same & t["excludes_zero"]).sum(),
            "median": t["value"].median(),
            "lowest": t["value"].min(),
            "highest": t["value"].max(),
        }
    return pd.DataFrame(rows).T.rename_axis("estimate")


@estimates
def surviving(curves: dict[str, pd.DataFrame], null: pd.DataFrame) -> pd.DataFrame:
    """What share of each curve agrees, and its test as a whole (`null_medians`)."""
    english = "frame_exit_from_ua/collapse"
    alone = curves[english].query("language == 'English only'")
    s = summary(curves | {name(english, "English"): alone})
    n, sure = s["specifications"], s["with_interval"]
    parts = {
        "specifications": n,
        "same_sign": n * s["same_sign"],
        "with_interval": sure,
        "without_interval": n - sure,
        "holds": sure * s["excludes_zero"],
        "share_same_sign": s["same_sign"],
        "share_holding": s["excludes_zero"],
        "median": s["median"],
    }
    rows = {name(k, part): {"value": x} for part, of in parts.items() for k, x in of.items()}
    for test in null.itertuples():
        rows[name(test.estimate, "median")]["p"] = test.value
        rows[name(test.estimate, "shuffles")] = {"value": test.shuffles}
        rows[name(test.estimate, "as_far")] = {"value": test.as_far}
    return pd.DataFrame.from_dict(rows, "index").astype(float)


def null_medians(data: corpus.Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """Test each curve as a whole: its median where the direction does not matter.

    Directions (four: two crossings, two exits) are shuffled over whole events `replicates` times,
    the same shuffle in every specification, and the curve's median is computed again.

    Columns `estimate`, `value` (p-value, never zero: Phipson & Smyth 2010; how many shuffles have a
    median as far from zero as the curve's, or for a mirror index as high), `se`, `shuffles`,
    `as_far` (how many of them), `median`, `null_low`, `null_high` (middle 95%).
    """
    m, rng = material(data), np.random.default_rng(seed)
    shuffles = [m.panel.shuffled("direction", m.panel.event, rng) for _ in range(replicates)]
    direction = np.stack([p.labels["direction"] for p in (m.panel, *shuffles)])
    rows = []
    for key, e in estimands.HEADLINES.items():
        values, cells = [], {}
        for spec in multiverse.specifications(m, e):
            of_cells = spec.options.get("Russian camp"), spec.options.get("exits")
            if of_cells not in cells:
                cells[of_cells] = m.cell(e.of(), spec.options, direction)
            values.append(_values(e, spec, cells[of_cells]))
        if not values:
            continue
        medians = np.nanmedian(values, axis=0)
        far = np.abs(medians) if e.is_share else medians
        beyond = (far[1:] >= far[0]).sum()
        p, near = (1 + beyond) / (1 + replicates), (1 + beyond) / (2 + replicates)
        low, high = np.nanpercentile(medians[1:], [2.5, 97.5])
        error = np.sqrt(near * (1 - near) / replicates)
        rows.append((key, p, error, replicates, beyond, medians[0], low, high))
    numbers = ["value", "se", "shuffles", "as_far", "median", "null_low", "null_high"]
    table = pd.DataFrame(rows, columns=["estimate", *numbers])
    return table.astype(dict.fromkeys(numbers, float))


def _values(e: Estimand, spec: multiverse.Specification, cells: np.ndarray) -> np.ndarray:
    """Value of a specification under labellings of all articles (B, n) with cells, shape (B,)."""
    weights = np.array(list(e.of().weights.values()))
    out = []
    for start in range(0, len(cells), 100):  # blocks bound the memory
        share = _shares(spec, cells[start : start + 100, spec.rows], len(weights))
        if e.is_share:
            out.append(share[..., 0] @ weights)
        else:
            toward, away = share[:, ::2], share[:, 1::2]
            out.append(stats.mirror_index(*np.moveaxis(toward - away, 1, 0)))
    return np.concatenate(out)


def _shares(spec: multiverse.Specification, cell: np.ndarray, n_cells: int) -> np.ndarray:
    """Shares in cells of a specification's articles under B labellings (B, n), (B, cells, k)."""
    codes, event = spec.panel.codes, spec.panel.event
    size, n_events = len(cell), event.max(initial=-1) + 1
    labelling, row = np.nonzero(cell >= 0)
    at = labelling * n_cells + cell[labelling, row]
    weight = np.ones(len(at))
    if multiverse.weighting(spec.options) == "event":
        told = at * n_events + event[row]
        weight /= np.bincount(told, minlength=size * n_cells * n_events)[told]
    k = codes.shape[1]
    each = (at[:, None] * k + np.arange(k)).ravel()
    sums = np.bincount(each, (weight[:, None] * codes[row]).ravel(), size * n_cells * k)
    with np.errstate(invalid="ignore"):
        share = sums.reshape(-1, k) / np.bincount(at, weight, size * n_cells)[:, None]
    return share.reshape(size, n_cells, k)
