"""Every defensible choice crossed with every other: the multiverse of each headline estimate.

Steegen, Tuerlinckx, Gelman & Vanpaemel (2016), Increasing transparency through a multiverse
analysis, Perspectives on Psychological Science 11. Curves of specifications and their inference:
Simonsohn, Simmons & Nelson (2020), Specification curve analysis, Nature Human Behaviour 4.

Not every crossing counts. One that rests on the same articles, codes and weights as another is
counted once, and one that leaves a cell with fewer than `compare.MIN_EVENTS` events is no choice
that could be defended and is left out. One whose events are as many but so unequal in weight that
they are worth fewer has an estimate and no interval, as everywhere in the study.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from statsmodels.regression.linear_model import WLS
from tqdm import tqdm

from . import compare, corpus, embed, mask
from .settings import SEED

DRAWS = 400
"""Bootstrap draws for each specification."""

PRIOR = 5
"""Weight, in units coded twice, of the pooled agreement in the confusion of each single code."""

CHOICES = {
    "weighting": ("each event once", "each article once"),
    "Russian camp": ("state and mainstream", "state only", "with pro-Russian abroad"),
    "undisclosed sites": ("in", "out"),
    "outlets of doubtful camp": ("in", "out"),
    "copies": ("in", "no aggregators or mirrors", "nor rewrites"),
    "codes": ("as coded", "second frame too", "recoded by confusion"),
    "exits": ("apart", "as leaving"),
    "language": ("all", "English only", "not English"),
    "dates": ("all", "dated only"),
    "events": ("all", "no plots", "single cases only", "largest left out"),
    "embedding": ("MiniLM", "TF-IDF and SVD"),
    "flags": ("as written", "masked"),
}
"""The choices and their options; what the study reports is the first option of each."""

_ALWAYS = ("weighting", "outlets of doubtful camp", "copies", "language", "dates", "events")
_CAMPS = ("Russian camp", "codes", "exits", *_ALWAYS)


class Headline(NamedTuple):
    """A headline estimate: a code's contrast over cells of articles, or the mirror index.

    Attributes
    ----------
    name : str
    column : str
        The code that is compared.
    cells : str
        Key of `_CELLS`.
    code : str or None
        None for the mirror index of all codes.
    choices : tuple of str
        Those of `CHOICES` that bear on it.
    sign : int
    without : str or None
        A code that is left out.
    """

    name: str
    column: str
    cells: str
    code: str | None
    choices: tuple[str, ...]
    sign: int = 1
    without: str | None = None


_POOLED = ("undisclosed sites", "codes", *_ALWAYS)

HEADLINES = {
    "mirror_index": Headline("mirror index", "frame", "camps", None, _CAMPS),
    "mirror_without_treason": Headline(
        "mirror index without treason", "frame", "camps", None, _CAMPS, without="treason"
    ),
    "treason_away": Headline(
        "claims of treason, leaving minus coming", "frame", "camps", "treason", _CAMPS, -1
    ),
    "portrayal_traitor_away": Headline(
        "portrayed as traitor, leaving minus coming", "portrayal", "camps", "traitor", _CAMPS, -1
    ),
    "frame_collapse_exit_from_ua": Headline(
        "collapse, exits minus crossings (Ukrainian side)",
        "frame", "exit_from_ua", "collapse", _POOLED,
    ),
    "frame_collapse_exit_from_ru": Headline(
        "collapse, exits minus crossings (Russian side)",
        "frame", "exit_from_ru", "collapse", _POOLED,
    ),
    "motive_coercion_direction": Headline(
        "motive coercion, to Russia minus to Ukraine",
        "motives", "direction", "coercion", ("exits", *_POOLED),
    ),
    "motive_reward_direction": Headline(
        "motive reward, to Russia minus to Ukraine",
        "motives", "direction", "reward", ("exits", *_POOLED),
    ),
}  # fmt: skip
"""Estimates from shares of codes, by the names they have in `estimates.csv`."""

SEPARATION = "same_event_distance"
_SEPARATION_CHOICES = ("embedding", "flags", "Russian camp", *_ALWAYS)

NAMES = {key: h.name for key, h in HEADLINES.items()} | {
    SEPARATION: "extra distance between the camps on one event"
}
"""All estimates that have a curve, by key."""

_DIRECTIONS = ["ru_to_ua", "ua_to_ru", "ru_exit", "ua_exit"]
_CELLS = {
    # Rows: a Russian, a Ukrainian, any other teller; columns: `_DIRECTIONS`, and what is none.
    # Cells of the camps, as `compare.mirror` has them: toward and away, Russian, then Ukrainian.
    "camps": [[1, 0, -1, -1, -1], [2, 3, -1, -1, -1], [-1] * 5],
    "exit_from_ua": [[-1, 1, -1, 0, -1]] * 3,
    "exit_from_ru": [[1, -1, 0, -1, -1]] * 3,
    "direction": [[1, 0, -1, -1, -1]] * 3,
}
_CELLS_WITH_EXITS = {
    # Whoever leaves the teller's side leaves it, wherever to; pooled, by the side that was left.
    "camps": [[1, 0, 1, -1, -1], [2, 3, -1, 3, -1], [-1] * 5],
    "direction": [[1, 0, 1, 0, -1]] * 3,
}
_WEIGHTS = {"camps": (0.5, -0.5, 0.5, -0.5)}  # of the cells; else the first minus the second


@dataclass(frozen=True)
class Material:
    """A corpus as arrays, built once for thousands of specifications.

    Attributes
    ----------
    articles : pd.DataFrame, n rows
        As `Corpus.article_table`, with `article_id` as a column.
    event, direction : np.ndarray of int, shape (n,)
        The cluster, and the position in `_DIRECTIONS` (-1: none of them).
    gather : scipy.sparse matrix, shape (n, claims)
        One where a claim is an article's.
    first, second : np.ndarray of int, shape (claims,)
        Main and second frame as positions in `codes["frame"]`; -1 where there is none.
    codes : dict of str to pd.Index
        Names of the codes of `frame`, `portrayal` and `motives`.
    confusion : dict of str to np.ndarray
        What the second pass gave (last axis) for each code of the first: counts of shape (K, K),
        for motives (K, 2, 2), given or not; empty where there is no second coder.
    texts : dict of str to list of str
        Gist and claims of each article, `as written` and `masked`.
    given : np.ndarray, shape (n, motives)
        Motives of each article, 0 or 1; NaN where none is coded.
    keeps : dict of tuple to np.ndarray of bool, shape (n,)
        The articles that an option keeps, by choice and option, where it leaves any out.
    tellers : dict of str to np.ndarray of int, shape (n,)
        By option of the Russian camp: 0 that camp, 1 the Ukrainian, 2 any other teller.
    """

    articles: pd.DataFrame
    event: np.ndarray
    direction: np.ndarray
    gather: sparse.csr_matrix
    first: np.ndarray
    second: np.ndarray
    codes: dict[str, pd.Index]
    confusion: dict[str, np.ndarray]
    texts: dict[str, list[str]]
    given: np.ndarray
    keeps: dict[tuple[str, str], np.ndarray]
    tellers: dict[str, np.ndarray]


def material(data: corpus.Corpus) -> Material:
    """Build the arrays of a corpus."""
    articles = data.article_table().reset_index()
    claims = data.claims
    names = {
        "frame": claims["frame"].cat.categories,
        "portrayal": articles["portrayal"].cat.categories,
        "motives": pd.Index(sorted({m for cell in articles["motives"] for m in cell})),
    }
    where = pd.Series(articles.index, articles["article_id"])
    row = claims["article_id"].map(where).to_numpy()
    shape = (len(articles), len(claims))
    plain = corpus.article_texts(data)
    given = np.array([[c in cell for c in names["motives"]] for cell in articles["motives"]], float)
    given = given.reshape(len(articles), len(names["motives"]))
    given[~articles["motives"].map(bool).to_numpy()] = np.nan
    return Material(
        articles=articles,
        event=pd.factorize(articles["cluster"], sort=True)[0],
        direction=pd.Index(_DIRECTIONS).get_indexer(articles["direction"].astype(str)),
        gather=sparse.csr_matrix((np.ones(len(row)), (row, np.arange(len(row)))), shape),
        first=claims["frame"].cat.codes.to_numpy(int),
        second=names["frame"].get_indexer(claims["frame_2"].astype(str)),
        codes=names,
        confusion=_confusion(data, names),
        texts={"as written": plain, "masked": mask.mask_all(plain, articles["direction"])},
        given=given,
        keeps=_keeps(articles),
        tellers=_tellers(articles["camp"].astype(str)),
    )


def _keeps(a: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Articles that each option keeps."""
    first_hand = ~a["kind"].isin(["aggregator", "mirror"])
    tests = {
        ("undisclosed sites", "out"): a["camp"] != "undisclosed",
        ("outlets of doubtful camp", "out"): a["confidence"] != "low",
        ("copies", "no aggregators or mirrors"): first_hand,
        ("copies", "nor rewrites"): first_hand & (a["origin"] != "rewrite"),
        ("language", "English only"): a["lang"] == "en",
        ("language", "not English"): a["lang"] != "en",
        ("dates", "dated only"): a["year"].notna(),
        ("events", "no plots"): ~a["event"].str.contains("-plot"),
        ("events", "single cases only"): a["event"] != "general",
    }
    return {option: test.to_numpy(bool) for option, test in tests.items()}


def _tellers(camp: pd.Series) -> dict[str, np.ndarray]:
    """Teller of each article by option of the Russian camp."""
    camps = {"state only": ["russian_state"]}
    camps["state and mainstream"] = ["russian_state", "russian_mainstream"]
    camps["with pro-Russian abroad"] = [*camps["state and mainstream"], "pro_russian_abroad"]
    return {
        option: np.select([camp.isin(own), camp == "ukrainian"], [0, 1], 2)
        for option, own in camps.items()
    }


def _confusion(data: corpus.Corpus, names: dict[str, pd.Index]) -> dict[str, np.ndarray]:
    """Count what the second pass gave for what the first pass gave."""
    if data.second_claims.empty or data.second_articles.empty:
        return {}
    out = {}
    for column, own, second in (
        ("frame", data.claims, data.second_claims),
        ("portrayal", data.articles, data.second_articles),
    ):
        pair = [t.loc[second.index, column].astype(str) for t in (own, second)]
        table = pd.crosstab(*(x.to_numpy() for x in pair))
        wanted = names[column]
        out[column] = table.reindex(index=wanted, columns=wanted, fill_value=0).to_numpy(float)
    second = data.second_articles["motives"]
    first = data.articles["motives"].loc[second.index]
    given = [
        np.array([[m in cell for m in names["motives"]] for cell in x]) for x in (first, second)
    ]
    out["motives"] = np.array(
        [[[((a == i) & (b == j)).sum() for j in (0, 1)] for i in (0, 1)]
         for a, b in zip(given[0].T, given[1].T, strict=True)], float,
    )  # fmt: skip
    return {column: counts for column, counts in out.items() if counts.sum()}


def _drawn_confusion(counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the chances of the second pass's codes from their posterior (Dirichlet).

    A code that few units of the second pass had leans on the agreement over all codes: its prior
    is to repeat the code with that chance, else any code as often as the second pass gave it.
    """
    total = counts.sum((-2, -1), keepdims=True)
    agreement = np.trace(counts, axis1=-2, axis2=-1)[..., None, None] / total
    prior = (
        agreement * np.eye(counts.shape[-1])
        + (1 - agreement) * counts.sum(-2, keepdims=True) / total
    )
    drawn = rng.standard_gamma(counts + PRIOR * prior)
    return drawn / drawn.sum(-1, keepdims=True)


def article_codes(
    m: Material, column: str, option: str = "as coded", without: str | None = None, seed: int = SEED
) -> np.ndarray:
    """Share of each code in each article's claims.

    Parameters
    ----------
    m : Material
    column : {"frame", "portrayal", "motives"}
    option : str
        Of `CHOICES["codes"]`. `recoded by confusion` draws every code anew, once, from the chances
        of the second pass's codes given the first's, themselves drawn: what another pass might
        have given, so effects are as a rule weakened by it, never strengthened by design.
    without : str, optional
        A code whose claims are left out.
    seed : int or sequence of int

    Returns
    -------
    np.ndarray, shape (n, K)
        NaN for articles that have no code.
    """
    names, rng = m.codes[column], np.random.default_rng(seed)
    recode = option == "recoded by confusion"
    chances = _drawn_confusion(m.confusion[column], rng) if recode else None
    if column == "motives":
        given = m.given
        if recode:
            chance = chances[np.arange(len(names)), np.nan_to_num(given).astype(int), 1]
            given = np.where(np.isnan(given), np.nan, rng.random(given.shape) < chance)
        return given
    first = m.first if column == "frame" else m.articles["portrayal"].cat.codes.to_numpy(int)
    if recode:
        reach = chances.cumsum(1)[first]
        drawn = (rng.random(len(first))[:, None] > reach).sum(1).clip(max=len(names) - 1)
        first = np.where(first < 0, -1, drawn)
    units = np.vstack([np.eye(len(names)), np.zeros(len(names))])[first]
    if column == "portrayal":
        units[first < 0] = np.nan
        return units
    if option == "second frame too":
        units = np.maximum(units, np.vstack([np.eye(len(names)), np.zeros(len(names))])[m.second])
    if without is not None:
        units[:, names.get_loc(without)] = 0
    with np.errstate(invalid="ignore"):
        return m.gather @ units / (m.gather @ units.any(1))[:, None]


def _kept(m: Material, options: dict[str, str], largest: str) -> np.ndarray:
    """Articles that the options keep, bool of shape (n,)."""
    keep = np.ones(len(m.articles), bool)
    for option in options.items():
        if option in m.keeps:
            keep &= m.keeps[option]
        elif option == ("events", "largest left out"):
            keep &= (m.articles["event"] != largest).to_numpy()
    return keep


def _teller(m: Material, options: dict[str, str]) -> np.ndarray:
    return m.tellers[options.get("Russian camp", CHOICES["Russian camp"][0])]


def _cell(m: Material, h: Headline, options: dict[str, str], rows=slice(None), direction=None):
    """Cell of each of some articles, -1 for none.

    `direction`, of shape (..., rows), stands for that of the articles where it is given.
    """
    table = _CELLS_WITH_EXITS if options.get("exits") == "as leaving" else _CELLS
    direction = m.direction[rows] if direction is None else direction
    return np.array(table[h.cells])[_teller(m, options)[rows], direction]


def _largest(m: Material, cases: np.ndarray) -> str:
    """Event with most of some articles."""
    counts = m.articles.loc[cases & (m.articles["event"] != "general"), "event"].value_counts()
    return counts.index[0] if len(counts) else ""


def _crossed(m: Material, choices: tuple[str, ...], column: str | None = None):
    """All crossings of the options that the column of codes and the corpus allow."""
    allowed = [
        [o for o in CHOICES[c]
         if not (o == "second frame too" and column != "frame")
         and not (o == "recoded by confusion" and column not in m.confusion)]
        for c in choices
    ]  # fmt: skip
    return [dict(zip(choices, options, strict=True)) for options in product(*allowed)]


class Specification(NamedTuple):
    """One way to compute an estimate: its options and the arrays that result.

    Attributes
    ----------
    options : dict of str to str
    rows : np.ndarray of int
        Articles that the options keep and that have a code.
    codes : np.ndarray, shape (rows, K)
    cell : np.ndarray of int, shape (rows,)
        -1 for articles of no cell.
    """

    options: dict[str, str]
    rows: np.ndarray
    codes: np.ndarray
    cell: np.ndarray


def specifications(m: Material, key: str) -> Iterator[Specification]:
    """Give each specification of a headline estimate that counts, once; the reported one first."""
    h = HEADLINES[key]
    if not _askable(m, h):
        return
    largest, seen = _largest(m, _cell(m, h, {}) >= 0), set()
    held = {o: article_codes(m, h.column, o, h.without) for o in CHOICES["codes"][:2]}
    for number, options in enumerate(_crossed(m, h.choices, h.column)):
        kept, cell = _kept(m, options, largest), _cell(m, h, options)
        if _smallest_cell(m, h, kept, cell) < compare.MIN_EVENTS:
            continue  # before any code is drawn
        codes = held.get(options["codes"])
        if codes is None:
            codes = article_codes(m, h.column, options["codes"], h.without, seed=[SEED, number])
        kept &= ~np.isnan(codes).any(1)
        if _smallest_cell(m, h, kept, cell) < compare.MIN_EVENTS:
            continue
        rows = np.flatnonzero(kept)
        spec = Specification(options, rows, codes[rows], cell[rows])
        used = spec.cell >= 0
        drawn = options["codes"] not in held  # another draw is no other specification
        same = (options["weighting"], drawn, rows[used].tobytes(), spec.cell[used].tobytes(),
                b"" if drawn else spec.codes[used].tobytes())  # fmt: skip
        if same not in seen:
            seen.add(same)
            yield spec


def _askable(m: Material, h: Headline) -> bool:
    """Whether the corpus knows the codes that an estimate names."""
    return {h.code, h.without} - {None} <= set(m.codes[h.column])


def _smallest_cell(m: Material, h: Headline, kept: np.ndarray, cell: np.ndarray) -> int:
    """Events in the smallest cell of the articles kept."""
    used, n_cells = kept & (cell >= 0), len(_weights(h))
    told = np.zeros((m.event.max(initial=-1) + 1, n_cells), bool)
    told[m.event[used], cell[used]] = True
    return int(told.sum(0).min())


def _weights(h: Headline) -> np.ndarray:
    return h.sign * np.array(_WEIGHTS.get(h.cells, (1.0, -1.0)))


def _weighting(options: dict[str, str]) -> str:
    return "article" if options["weighting"] == "each article once" else "event"


def _estimate(m: Material, h: Headline, spec: Specification, draws: int) -> dict[str, float]:
    """Value and 95% interval of a headline estimate, and what it rests on."""
    used = spec.cell >= 0
    event, cell = m.event[spec.rows][used], spec.cell[used]
    codes, names = _codes_that_count(m, h, spec.codes[used])
    cells = pd.RangeIndex(len(_weights(h)))
    weighting = _weighting(spec.options)
    s = compare.cell_shares(codes, event, cell, cells, names, weighting, draws)
    if h.code is None:
        value, low, high = compare.index_interval(s, list(cells))
    else:
        (value,), (low,), (high,) = compare.combined(s, dict(zip(cells, _weights(h), strict=True)))
    if s.n["effective_events"].min() < compare.MIN_EVENTS:
        low = high = np.nan
    n = {"n_articles": len(event), "n_events": len(np.unique(event))}
    return {"value": value, "low": low, "high": high, **n}


def _codes_that_count(m: Material, h: Headline, codes: np.ndarray) -> tuple[np.ndarray, pd.Index]:
    """Columns of the codes that an estimate rests on, and their names."""
    names = m.codes[h.column]
    at = slice(None) if h.code is None else [names.get_loc(h.code)]
    return codes[:, at], names[at]


def reported(
    m: Material,
    key: str,
    keep: np.ndarray | None = None,
    weighting: str = CHOICES["weighting"][0],
) -> dict[str, float]:
    """Compute a headline estimate as the study reports it, from all or some of the articles.

    Parameters
    ----------
    m : Material
    key : str
        Of `HEADLINES`.
    keep : np.ndarray of bool, shape (n,), optional
    weighting : str
        Of `CHOICES["weighting"]`.

    Returns
    -------
    dict
        `value`, `low`, `high`, `n_articles`, `n_events`; NaN where a cell is empty, no interval
        where one has fewer than `compare.MIN_EVENTS` effective events.
    """
    h = HEADLINES[key]
    if not _askable(m, h):
        return dict.fromkeys(["value", "low", "high"], np.nan) | {"n_articles": 0, "n_events": 0}
    options = {choice: CHOICES[choice][0] for choice in h.choices} | {"weighting": weighting}
    codes, cell = article_codes(m, h.column, without=h.without), _cell(m, h, options)
    used = (cell >= 0) & ~np.isnan(codes).any(1) & (True if keep is None else keep)
    smallest, rows = _smallest_cell(m, h, used, cell), np.flatnonzero(used)
    spec = Specification(options, rows, codes[rows], cell[rows])
    if not smallest:
        n = {"n_articles": len(rows), "n_events": len(np.unique(m.event[rows]))}
        return {"value": np.nan, "low": np.nan, "high": np.nan, **n}
    return _estimate(m, h, spec, compare.DRAWS)


def curve(m: Material, key: str, draws: int = DRAWS) -> pd.DataFrame:
    """Compute an estimate under every specification, with a progress bar.

    Parameters
    ----------
    m : Material
    key : str
        Of `NAMES`.
    draws : int

    Returns
    -------
    pd.DataFrame, one row per specification, sorted by value
        A column of options for each choice that bears on the estimate, `value`, `low`, `high`,
        `n_articles`, `n_events`, `excludes_zero` and `reported` (bool). Without rows where the
        corpus has too little.
    """
    if key == SEPARATION:
        choices, rows = _SEPARATION_CHOICES, list(_separations(m))
    else:
        h = HEADLINES[key]
        choices = h.choices
        specs = tqdm(specifications(m, key), desc=h.name)
        rows = [spec.options | _estimate(m, h, spec, draws) for spec in specs]
    table = pd.DataFrame(rows, columns=[*choices, "value", "low", "high", "n_articles", "n_events"])
    table["excludes_zero"] = (table["low"] > 0) | (table["high"] < 0)
    table["reported"] = np.all([table[c] == CHOICES[c][0] for c in choices], axis=0)
    return table.sort_values("value", kind="stable", ignore_index=True)


def _separations(m: Material) -> Iterator[dict]:
    """Mean extra distance between the camps on one event, under each specification that counts."""
    spaces = {
        (name, flags): space(texts)
        for name, space in (("MiniLM", embed.vectors), ("TF-IDF and SVD", _latent))
        for flags, texts in m.texts.items()
    }
    sides = np.array(["Russian", "Ukrainian", "other"])
    single = (m.articles["event"] != "general").to_numpy()
    largest, known = _largest(m, single & (_teller(m, {}) < 2)), {}
    for options in tqdm(_crossed(m, _SEPARATION_CHOICES), desc=NAMES[SEPARATION]):
        teller = _teller(m, options)
        rows = np.flatnonzero(single & (teller < 2) & _kept(m, options, largest))
        told = np.zeros((m.event.max() + 1, 2))
        np.add.at(told, (m.event[rows], teller[rows]), 1)
        compared = (told > 1).all(1)
        if compared.sum() < compare.MIN_EVENTS:
            continue
        rows = rows[compared[m.event[rows]]]
        space = options["embedding"], options["flags"]
        same = (*space, rows.tobytes(), teller[rows].tobytes())
        if same not in known:
            articles = m.articles.iloc[rows].assign(side=sides[teller[rows]])
            known[same], _ = compare.separation(spaces[space][rows], articles, "side", draws=1)
        elif (options["weighting"], same) in known:
            continue
        apart = known[same]
        known[options["weighting"], same] = apart
        n = {"n_articles": apart["n_articles"].sum(), "n_events": len(apart)}
        yield options | _mean(apart, options) | n


def _mean(apart: pd.DataFrame, options: dict[str, str]) -> dict[str, float]:
    """Mean over events with its t-interval; weighted by articles, robust to unequal variances."""
    if _weighting(options) == "event":
        return compare.mean_interval(apart["value"])
    fit = WLS(apart["value"], np.ones(len(apart)), weights=apart["n_articles"]).fit()
    low, high = fit.get_robustcov_results("HC3", use_t=True).conf_int()[0]
    return {"value": fit.params.iloc[0], "low": low, "high": high}


def _latent(texts: list[str], size: int = 100) -> np.ndarray:
    """Unit vectors of texts by TF-IDF and truncated SVD (Deerwester et al. 1990), shape (n, size).

    Of the same coder's words as the neural embedding, but blind to what words mean: near texts
    share words, or share words with the same third texts.
    """
    weights = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(texts)
    size = min(size, min(weights.shape) - 1)
    if size < 1:
        return np.ones((len(texts), 1))
    return normalize(TruncatedSVD(size, random_state=SEED).fit_transform(weights))


def summary(curves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Sum up each curve.

    Parameters
    ----------
    curves : dict of str to pd.DataFrame
        Key of `NAMES` to what `curve` returns.

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


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Say what each option changes, all other choices held the same.

    Parameters
    ----------
    table : pd.DataFrame
        As `curve` returns it.

    Returns
    -------
    pd.DataFrame
        Index: choice and option (not the reported). Columns `value` (mean difference of the
        estimate from the same specification with the reported option), `pairs` (of specifications
        that differ in nothing else).
    """
    choices = [c for c in CHOICES if c in table]
    rows = {}
    for choice in choices:
        others = [c for c in choices if c != choice]
        wide = table.set_index([*others, choice])["value"].unstack()
        for option in CHOICES[choice][1:]:
            if option in wide and CHOICES[choice][0] in wide:
                off = (wide[option] - wide[CHOICES[choice][0]]).dropna()
                rows[choice, option] = {"value": off.mean(), "pairs": len(off)}
    index = pd.MultiIndex.from_tuples(list(rows), names=["choice", "option"])
    out = pd.DataFrame(list(rows.values()), index, ["value", "pairs"])
    return out[out["pairs"] > 0]


def in_words(key: str, table: pd.DataFrame) -> str:
    """Say in one sentence or two what a curve shows, and which options move it most.

    Parameters
    ----------
    key : str
        Of `NAMES`.
    table : pd.DataFrame
        As `curve` returns it.
    """
    row, moves = summary({key: table}).loc[key], effects(table)["value"]
    if table.empty:
        return "This corpus has too little for a specification."
    n, sure = row["specifications"], row["with_interval"]
    text = (
        f"{row['same_sign'] * n:,.0f} of {n:,.0f} specifications have the median's sign; of the "
        f"{sure:,.0f} with an interval {np.nan_to_num(row['excludes_zero']) * sure:,.0f} exclude "
        f"zero on that side and {row['other_sign']:,.0f} on the other."
    )
    ends = [("lowers", moves.idxmin()), ("raises", moves.idxmax())] if len(moves) else []
    said = [
        f"{verb} it most is *{': '.join(at)}* (by {size(key, abs(moves[at]))} on average)"
        for verb, at in ends
        if moves[at] * (1 if verb == "raises" else -1) > 0
    ]
    return text + "".join(f" The option that {part}." for part in said)


def size(key: str, value: float) -> str:
    """Write the size of an estimate in its unit: points of a share, or an index or distance."""
    return f"{100 * value:.1f} points" if is_share(key) else f"{value:.3f}"


def is_share(key: str) -> bool:
    """Whether an estimate is a difference of shares; else it is an index or a distance."""
    return key in HEADLINES and HEADLINES[key].code is not None


def null_medians(data: corpus.Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """Test each curve as a whole: its median where the direction does not matter.

    Directions (four: two crossings, two exits) are shuffled over whole events, the same shuffle in
    every specification, and the curve's median is computed again.

    Parameters
    ----------
    data : corpus.Corpus
    replicates : int
        Shuffles.
    seed : int

    Returns
    -------
    pd.DataFrame, one row per estimate of `HEADLINES` that the corpus has
        `estimate`, `value` (p-value, never zero: Phipson & Smyth 2010; how many shuffles have a
        median as far from zero as the curve's, or for a mirror index as high), `se`,
        `shuffles`, `as_far` (how many of them), `median`, `null_low`, `null_high` (middle 95%).
    """
    m, rng = material(data), np.random.default_rng(seed)
    _, first, unit = np.unique(m.event * 5 + m.direction, return_index=True, return_inverse=True)
    label = np.stack(
        [m.direction, *(rng.permutation(m.direction[first])[unit] for _ in range(replicates))]
    )
    rows = []
    for key, h in HEADLINES.items():
        values = [
            _shuffled_values(m, h, s, label) for s in tqdm(specifications(m, key), desc=h.name)
        ]
        if not values:
            continue
        medians = np.nanmedian(values, axis=0)
        far = medians if h.code is None else np.abs(medians)
        beyond = (far[1:] >= far[0]).sum()
        p, near = (1 + beyond) / (1 + replicates), (1 + beyond) / (2 + replicates)
        low, high = np.nanpercentile(medians[1:], [2.5, 97.5])
        error = np.sqrt(near * (1 - near) / replicates)
        rows.append((key, p, error, replicates, beyond, medians[0], low, high))
    numbers = ["value", "se", "shuffles", "as_far", "median", "null_low", "null_high"]
    table = pd.DataFrame(rows, columns=["estimate", *numbers])
    return table.astype(dict.fromkeys(numbers, float))


def _shuffled_values(
    m: Material, h: Headline, spec: Specification, label: np.ndarray
) -> np.ndarray:
    """Value of a specification under each row of directions (B, n), shape (B,)."""
    mine = np.flatnonzero(_teller(m, spec.options)[spec.rows] < 2)
    mine = mine if h.cells == "camps" else np.arange(len(spec.rows))
    rows, weights = spec.rows[mine], _weights(h)
    codes, _ = _codes_that_count(m, h, spec.codes[mine])
    n_keys = (m.event.max() + 1) * len(weights)
    out = []
    for start in range(0, len(label), 100):  # blocks bound the memory
        cell = _cell(m, h, spec.options, rows, label[start : start + 100][:, rows])
        weight = (cell >= 0).astype(float)
        if _weighting(spec.options) == "event":
            key = np.arange(len(cell))[:, None] * n_keys + m.event[rows] * len(weights) + cell
            key = np.where(cell >= 0, key, len(cell) * n_keys)
            weight /= np.bincount(key.ravel(), minlength=len(cell) * n_keys + 1)[key]
        parts = [weight * (cell == c) for c in range(len(weights))]
        with np.errstate(invalid="ignore"):
            share = np.stack([part @ codes / part.sum(1, keepdims=True) for part in parts])
        if h.code is None:
            out.append(compare.mirror_index(share[0] - share[1], share[2] - share[3]))
        else:
            out.append(np.tensordot(weights, share, 1)[:, 0])
    return np.concatenate(out)
