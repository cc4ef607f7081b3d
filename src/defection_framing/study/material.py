"""A corpus as arrays, and what each option of the choices makes of it."""

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import product

import numpy as np
import pandas as pd

from .. import corpus, stats
from ..domain import TOWARD
from ..settings import SEED
from .estimands import Contrast, Estimand

# Weight, in units coded twice, of the pooled agreement in the confusion of each single code.
PRIOR = 5

# The choices and their options; what the study reports is the first option of each.
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

LEFT = {"ru_exit": "ru_to_ua", "ua_exit": "ua_to_ru"}  # the crossing that an exit leaves as
_DIRECTIONS = [*LEFT.values(), *LEFT]
_CAMPS = [*TOWARD, "other"]


@dataclass(frozen=True, eq=False)
class Material:
    """A corpus of n articles as arrays, built once for thousands of specifications."""

    articles: pd.DataFrame  # as `Corpus.article_table`, with `article_id` as a column
    panel: stats.Panel  # without codes; its label `direction` is a position in `_DIRECTIONS`
    tellers: dict[str, np.ndarray]  # (n,) by option of the Russian camp, positions in `_CAMPS`
    article: np.ndarray  # (claims,) position of the article of each claim
    first: np.ndarray  # (claims,) main frame, a position in `codes`; -1 where there is none
    second: np.ndarray  # (claims,) second frame
    portrayal: np.ndarray  # (n,)
    codes: dict[str, list[str]]  # names of the codes of `frame`, `portrayal` and `motives`
    # Counts of what the second pass gave (last axis) for each code of the first, (K, K), for
    # motives (K, 2, 2), given or not; empty where there is no second coder.
    confusion: dict[str, np.ndarray]
    texts: list[str]  # gist and claims of each article
    given: np.ndarray  # (n, motives) 0 or 1, NaN where no motive is coded
    keeps: dict[tuple[str, str], np.ndarray]  # (n,) bool, by choice and option that leaves any out

    def teller(self, options: dict[str, str]) -> np.ndarray:
        """Teller of each article under some options."""
        return self.tellers[options.get("Russian camp", CHOICES["Russian camp"][0])]

    def cell(self, c: Contrast, options: dict[str, str], direction=None) -> np.ndarray:
        """Cell of each article in a contrast, -1 for none; of other directions (..., n) if given.

        Exits count as leaving where the options say so: wherever to, but never as coming over.
        """
        direction = self.panel.labels["direction"] if direction is None else direction
        table = _cell_table(tuple(c.weights), options.get("exits") == "as leaving")
        return table[self.teller(options), direction]

    def kept(self, options: dict[str, str], largest: np.ndarray) -> np.ndarray:
        """Articles that some options keep, bool of shape (n,); `largest` as `largest` gives it."""
        keep = np.ones(len(self.articles), bool)
        for option in options.items():
            if option in self.keeps:
                keep &= self.keeps[option]
            elif option == ("events", "largest left out"):
                keep &= ~largest
        return keep

    def largest(self, cases: np.ndarray) -> np.ndarray:
        """Articles, bool of shape (n,), of the event that has most of some articles (`cases`)."""
        event = self.articles["event"]
        counts = event[cases & (event != "general")].value_counts()
        return (event == (counts.index[0] if len(counts) else "")).to_numpy()

    def few(self, cell: np.ndarray, n_cells: int) -> bool:
        """Whether a cell has too few events, given the cell of each article (-1: left out)."""
        used = cell >= 0
        told = np.zeros((self.panel.event.max(initial=-1) + 1, n_cells), bool)
        told[self.panel.event[used], cell[used]] = True
        return told.sum(0).min() < stats.MIN_EVENTS


@cache
def _cell_table(cells: tuple, as_leaving: bool) -> np.ndarray:
    """Cell of each teller (rows of `_CAMPS`) and direction (`_DIRECTIONS`, then none of them)."""
    table = np.full((len(_CAMPS), len(_DIRECTIONS) + 1), -1, np.int8)
    for row, column in product(range(len(_CAMPS)), range(len(_DIRECTIONS))):
        camp, direction = _CAMPS[row], _DIRECTIONS[column]
        to, of_camps = LEFT.get(direction, "") if as_leaving else "", isinstance(cells[0], tuple)
        if of_camps and TOWARD.get(camp) == to:
            to = ""  # who leaves the other side does not come to this one
        wanted = (camp, to or direction) if of_camps else to or direction
        if wanted in cells:
            table[row, column] = cells.index(wanted)
    return table


def material(data: corpus.Corpus) -> Material:
    """Build the arrays of a corpus."""
    articles = data.article_table().reset_index()
    claims = data.claims
    names = {
        "frame": list(claims["frame"].cat.categories),
        "portrayal": list(articles["portrayal"].cat.categories),
        "motives": sorted({m for cell in articles["motives"] for m in cell}),
    }
    where = pd.Series(articles.index, articles["article_id"])
    n = len(articles)
    direction = pd.Index(_DIRECTIONS).get_indexer(articles["direction"].astype(str))
    given = np.array([[c in cell for c in names["motives"]] for cell in articles["motives"]], float)
    given = given.reshape(n, len(names["motives"]))
    given[~articles["motives"].map(bool).to_numpy()] = np.nan
    return Material(
        articles=articles,
        panel=stats.Panel(
            names=pd.Index([]),
            codes=np.zeros((n, 0)),
            claims=articles["article_id"].map(claims["article_id"].value_counts()).to_numpy(),
            event=pd.factorize(articles["cluster"], sort=True)[0],
            labels={"direction": direction},
        ),
        tellers=_tellers(articles["camp_detail"].astype(str)),
        article=claims["article_id"].map(where).to_numpy(),
        first=claims["frame"].cat.codes.to_numpy(int),
        second=pd.Index(names["frame"]).get_indexer(claims["frame_2"].astype(str)),
        portrayal=articles["portrayal"].cat.codes.to_numpy(int),
        codes=names,
        confusion=_confusion(data, names),
        texts=corpus.article_texts(data),
        given=given,
        keeps=_keeps(articles),
    )


def _keeps(a: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Articles that each option keeps."""
    first_hand = ~a["kind"].isin(["aggregator", "mirror"])
    tests = {
        ("undisclosed sites", "out"): a["camp_detail"] != "undisclosed",
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


def _confusion(data: corpus.Corpus, names: dict[str, list[str]]) -> dict[str, np.ndarray]:
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
    given = (first, second)
    a, b = (np.array([[m in cell for cell in x] for m in names["motives"]]) for x in given)
    both = [[((a == i) & (b == j)).sum(1) for j in (0, 1)] for i in (0, 1)]
    out["motives"] = np.moveaxis(np.array(both, float), -1, 0)
    return {column: counts for column, counts in out.items() if counts.sum()}


def coded(
    m: Material, e: Estimand, option: str = "as coded", seed: int | tuple[int, ...] = SEED
) -> stats.Panel:
    """All articles with the codes that an estimate rests on: its one code, or all for an index.

    `option` is one of `CHOICES["codes"]`. `recoded by confusion` draws every code anew, once, from
    the chances of the second pass's codes given the first's, themselves drawn. Codes are NaN for
    articles that have none, or in a corpus that does not know a code that the estimate names.
    """
    column, recode = e.of().column, option == "recoded by confusion"
    names, size = m.codes[column], len(m.panel)
    wanted = names if e.code is None else [e.code]
    article, first, second = _claims(m, column)
    if not {e.code, e.without} - {None} <= set(names):
        codes = np.full((size, len(wanted)), np.nan)
    elif column == "motives":
        given = _recoded(m, column, seed) if recode else m.given
        codes = given[:, [names.index(code) for code in wanted]]
    else:
        first = _recoded(m, column, seed) if recode else first
        second = second if option == "second frame too" else np.full_like(first, -1)
        without = None if e.without is None else names.index(e.without)
        at = [names.index(code) for code in wanted]
        codes = _of_claims(article, size, at, first, second, without)
    return replace(m.panel, names=pd.Index(wanted), codes=codes)


def _claims(m: Material, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Article, first and second code of each claim; an article's portrayal counts as one claim."""
    if column != "portrayal":
        return m.article, m.first, m.second
    return np.arange(len(m.portrayal)), m.portrayal, np.full_like(m.portrayal, -1)


@lru_cache(maxsize=2048)  # estimates of one column share their draws
def _recoded(m: Material, column: str, seed: int | tuple[int, ...]) -> np.ndarray:
    """Draw the code of each claim anew (portrayal: article), or each article's motives."""
    rng, counts = np.random.default_rng(seed), m.confusion[column]
    # The chances of the second pass's codes are drawn from their posterior (Dirichlet). A code that
    # few units of the second pass had leans on the agreement over all codes: its prior is to repeat
    # the code with that chance, else any code as often as the second pass gave it.
    total, anew = counts.sum((-2, -1), keepdims=True), counts.sum(-2, keepdims=True)
    agreement = np.trace(counts, axis1=-2, axis2=-1)[..., None, None] / total
    prior = agreement * np.eye(counts.shape[-1]) + (1 - agreement) * anew / total
    chances = rng.standard_gamma(counts + PRIOR * prior)
    chances /= chances.sum(-1, keepdims=True)
    if column == "motives":
        codes = np.nan_to_num(m.given).astype(int)
        drawn = rng.random(codes.shape) < chances[np.arange(codes.shape[1]), codes, 1]
        return np.where(np.isnan(m.given), np.float32(np.nan), drawn.astype(np.float32))
    _, first, _ = _claims(m, column)
    reach, chance = chances.cumsum(1), rng.random(len(first))
    drawn = np.full(len(first), -1, np.int8)
    for code in range(len(reach)):
        mine = np.flatnonzero(first == code)
        drawn[mine] = np.searchsorted(reach[code], chance[mine]).clip(max=len(reach) - 1)
    return drawn


def _of_claims(article, n, at, first, second, without=None) -> np.ndarray:
    """Share of codes in the claims of n articles, claims coded `without` left out; NaN for none."""
    second = np.where(second == first, -1, second)
    if without is not None:
        first, second = (np.where(x == without, -1, x) for x in (first, second))
    counted = np.bincount(article[(first >= 0) | (second >= 0)], minlength=n)[:, None]
    place = np.full(max(first.max(initial=-1), second.max(initial=-1), *at) + 2, -1)  # [-1]: none
    place[at] = np.arange(len(at))
    hits = np.zeros(n * len(at))
    for codes in (first, second):
        hit = place[codes] >= 0
        hits += np.bincount(article[hit] * len(at) + place[codes[hit]], minlength=len(hits))
    with np.errstate(invalid="ignore"):
        return hits.reshape(n, len(at)) / counted
