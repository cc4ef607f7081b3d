"""Would chance look like this? False alarms, coverage and power of the study's own comparisons.

Three simulations on the corpus itself, kept by `simulations`: labels shuffled, so that nothing is
there to be found; whole events drawn again, so that the truth is known; and a difference planted.
Every comparison is recomputed by the functions that the notebooks call. The codes stay as they are.
"""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from tqdm import tqdm

from . import compare, embed
from .corpus import Corpus, article_texts

WITHIN = ["Russian", "Ukrainian", "Western"]
AWAY = {camp: -1 if toward == "ua_to_ru" else 1 for camp, toward in compare.TOWARD.items()}
"""Sign of a crossing to Russia in a contrast of away minus toward."""

PERMUTATIONS = 800
"""Enough for one false discovery among 18 frames at q = 0.05."""

DRAWS = 400
"""Bootstrap draws where only intervals are wanted."""

SIZES = [3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40]
"""Events per cell at which coverage is measured."""

PLANTED = [0.02, 0.04, 0.06, 0.08, 0.11, 0.15, 0.2, 0.26, 0.34, 0.44]
"""Differences of shares that are planted."""


@dataclass(frozen=True)
class Comparison:
    """A contrast that the study reports: its column, the weights of its groups, the weighting."""

    column: str
    weights: dict[Hashable, float]
    weighting: str = "event"

    @property
    def by(self) -> list[str]:
        """Columns that the groups are made of."""
        return (
            ["side", "direction"] if isinstance(next(iter(self.weights)), tuple) else ["direction"]
        )


def _held(sign_of: dict[str, int], weight: float) -> dict[Hashable, float]:
    return {
        (c, d): s * w * weight for c, s in sign_of.items() for d, w in compare.TO_RUSSIA.items()
    }


COMPARISONS = {
    **{
        f"{c}, pooled": Comparison(c, compare.TO_RUSSIA)
        for c in ("frame", "motives", "portrayal", "voice")
    },
    **{
        f"{c}, within camps": Comparison(c, _held(dict.fromkeys(WITHIN, 1), 1 / 3))
        for c in ("frame", "motives")
    },
    "frame, exits (Ukrainian side)": Comparison("frame", {"ua_exit": 1.0, "ua_to_ru": -1.0}),
    "frame, exits (Russian side)": Comparison("frame", {"ru_exit": 1.0, "ru_to_ua": -1.0}),
    "frame, relational half": Comparison("frame", _held(AWAY, -0.5)),
    "frame, directional half": Comparison("frame", _held(dict.fromkeys(AWAY, 1), 0.5)),
    "portrayal, away": Comparison("portrayal", _held(AWAY, 0.5)),
    **{f"portrayal, away ({c})": Comparison("portrayal", _held({c: AWAY[c]}, 1.0)) for c in AWAY},
    "frame, pooled, by article": Comparison("frame", compare.TO_RUSSIA, "article"),
}
"""The contrasts that notebooks 3 and 4 report, by name, but for frames in each camp singly."""

HEADLINES = {
    "traitor": ("portrayal, away", "traitor"),
    "treason": ("frame, relational half", "treason"),
    "collapse_ua": ("frame, exits (Ukrainian side)", "collapse"),
    "collapse_ru": ("frame, exits (Russian side)", "collapse"),
}
"""Comparison and code behind the headlines, by a short name."""

INDEX = "frame, mirror index"
SAME_EVENT = "same event, distance"


@dataclass(frozen=True)
class Told:
    """Articles as arrays: what one coded column says, and who tells it of whom.

    Attributes
    ----------
    names : pd.Index, length K
    codes : np.ndarray, shape (n, K)
        Share of each code in each article's claims.
    claims : np.ndarray of int, shape (n,)
        How many claims an article has (1 for codes of whole articles).
    event, outlet : np.ndarray of int, shape (n,)
    side, direction : np.ndarray of str, shape (n,)
    """

    names: pd.Index
    codes: np.ndarray
    claims: np.ndarray
    event: np.ndarray
    outlet: np.ndarray
    side: np.ndarray
    direction: np.ndarray

    def take(self, rows: np.ndarray, **changed: np.ndarray) -> "Told":
        """Some of the articles, with changed labels."""
        fields = ("codes", "claims", "event", "outlet", "side", "direction")
        return replace(self, **{f: getattr(self, f)[rows] for f in fields} | changed)

    def cell(self, by: list[str], groups: pd.Index) -> np.ndarray:
        """Position of each article's group, -1 where it is in none."""
        keys = [getattr(self, c) for c in by]
        return groups.get_indexer(keys[0] if len(keys) == 1 else pd.MultiIndex.from_arrays(keys))

    def shares(self, by, groups: pd.Index, draws: int, weighting="event") -> compare.Shares:
        """`compare.shares` of these articles."""
        at = self.cell(by, groups)
        rows = at >= 0
        return compare.cell_shares(
            self.codes[rows], self.event[rows], at[rows], groups, self.names, weighting, draws
        )


def material(corpus: Corpus) -> dict[str, Told]:
    """Articles of a corpus by coded column, those on both directions left out."""
    articles, claims = corpus.article_table().reset_index(), corpus.claim_table()
    out = {}
    for column in ("frame", "voice", "motives", "portrayal"):
        table = claims if column in ("frame", "voice") else articles
        table = table[table["direction"] != "both"].assign(side=table["camp"].map(compare.SIDES))
        codes = compare.article_codes(table, column, ["outlet", "side", "direction"])
        facts = codes.index.to_frame(index=False)
        known = compare.decided(table, column).groupby("article_id").size()
        out[column] = Told(
            codes.columns,
            codes.to_numpy(float),
            facts["article_id"].map(known).to_numpy(int),
            *(pd.factorize(facts[c], sort=True)[0] for c in ("cluster", "outlet")),
            *(facts[c].to_numpy(object) for c in ("side", "direction")),
        )
    return out


def _of(told: Told, comparison: Comparison) -> Told:
    """The articles that a comparison rests on."""
    return told.take(told.cell(comparison.by, pd.Index(list(comparison.weights))) >= 0)


def shuffled(told: Told, units: np.ndarray, label: str, rng: np.random.Generator) -> Told:
    """The same articles with a label shuffled over whole units, as in `compare.shuffled_index`."""
    values, code = np.unique(getattr(told, label), return_inverse=True)
    _, first, unit = np.unique(units * len(values) + code, return_index=True, return_inverse=True)
    return replace(told, **{label: values[rng.permutation(code[first])[unit]]})


class _Hits:
    """Counts of what happened in each replicate, by what was done, comparison and measure."""

    def __init__(self):
        self._seen = defaultdict(list)
        self._codes = {}

    def add(self, what: str, comparison: str, measure: str, hit, codes=()) -> None:
        """Note 0, 1 or NaN of one replicate, or of each code in it."""
        self._seen[what, comparison, measure].append(np.asarray(hit, dtype=float))
        self._codes[what, comparison, measure] = codes

    def table(self) -> pd.DataFrame:
        """Rates with Monte Carlo errors, of each code and (`all`) on average over codes.

        Errors of rates are those with two hits and two misses added (Agresti & Coull 1998), so
        never 0.
        """
        out = []
        for key, seen in self._seen.items():
            x = np.stack(seen).reshape(len(seen), -1)
            known = ~np.isnan(x).all(1)
            if not known.any():
                continue
            parts = {"all": np.nanmean(x[known], axis=1)}
            parts |= {str(c): x[~np.isnan(x[:, i]), i] for i, c in enumerate(self._codes[key])}
            for code, y in parts.items():
                if len(y):
                    rate, n = (y.sum() + 2) / (len(y) + 4), x.shape[1] if code == "all" else 1
                    spread = max(y.std(), np.sqrt(rate * (1 - rate) / n))
                    out.append((*key, code, y.mean(), spread / np.sqrt(len(y)), len(y)))
        columns = ["what", "comparison", "measure", "code", "value", "se", "replicates"]
        numbers = dict.fromkeys(columns[4:], float)  # also where there is no row
        return pd.DataFrame(out, columns=columns).astype(numbers)


def _covers(low, high, truth):
    """Whether intervals hold a truth: 1 or 0, NaN where either is missing."""
    return np.where(np.isnan(low + truth), np.nan, (low <= truth) & (truth <= high))


def false_alarms(corpus: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """How often comparisons find something where labels were shuffled.

    Directions are shuffled over whole events, camps over whole outlets; `replicates` times each.

    Returns
    -------
    pd.DataFrame
        Columns `what` (was shuffled), `comparison`, `measure`, `code` (`all`: average over codes),
        `value` (a rate, 0 to 1), `se`, `replicates`. Measures: `q` and `p_all` (a code or more
        below 0.05), `p` (below 0.05), `interval` (holds zero).
    """
    told, rng, hits = material(corpus), np.random.default_rng(seed), _Hits()
    parts = {name: _of(told[c.column], c) for name, c in COMPARISONS.items()}
    camps = parts["frame, relational half"]
    apart = _same_events(corpus)

    def note(what, name, null):
        c = COMPARISONS[name]
        s = null.shares(c.by, pd.Index(list(c.weights)), PERMUTATIONS, c.weighting)
        found = compare.contrast(s, c.weights)
        known = found["p"].notna()
        for measure in ("q", "p_all"):
            hit = (found[measure] < 0.05).any() if known.any() else np.nan
            hits.add(what, name, measure, hit)
        hits.add(what, name, "p", (found["p"] < 0.05).where(known).astype(float), s.codes)
        hits.add(what, name, "interval", _covers(found["low"], found["high"], 0), s.codes)

    for _ in tqdm(range(replicates), desc="false alarms"):
        for name, part in parts.items():
            note("directions", name, shuffled(part, part.event, "direction", rng))
        null = shuffled(camps, camps.event, "direction", rng)
        hits.add("directions", INDEX, "p", _index_p(null, null.event, "direction", rng) < 0.05)
        null = shuffled(camps, camps.outlet, "side", rng)
        hits.add("camps", INDEX, "p", _index_p(null, null.outlet, "side", rng) < 0.05)
        for name in ("frame, relational half", "portrayal, away"):
            part = parts[name]
            note("camps", name, shuffled(part, part.outlet, "side", rng))
        hits.add("camps", SAME_EVENT, "p", _separated(*apart, rng))
    return hits.table()


def _index_p(told: Told, units, label, rng, draws=199):
    """P-value of the mirror index against one of its nulls, as in `compare.mirror`."""
    side = pd.Index(compare.TOWARD).get_indexer(told.side)
    direction = pd.Index(compare.TOWARD.values()).get_indexer(told.direction)
    value = told.shares(["side", "direction"], pd.Index(compare.CELLS), 2).value
    index = compare.mirror_index(value[0] - value[1], value[2] - value[3])
    if np.isnan(index):
        return np.nan
    null = compare.shuffled_index(
        told.codes, told.event, side, direction, units, label, "event", draws, rng
    )
    return (1 + (null >= index).sum()) / (1 + draws)


def _same_events(corpus: Corpus):
    """Embedded articles of both camps on single cases, as notebook 5 compares them."""
    articles = corpus.article_table().reset_index()
    articles["side"] = articles["camp"].map(compare.SIDES)
    told = articles["side"].isin(compare.TOWARD) & (articles["event"] != "general")
    sizes = articles[told].groupby("cluster")["side"].nunique()
    told &= articles["cluster"].isin(sizes.index[sizes == 2])
    return embed.vectors(article_texts(corpus))[told.to_numpy()], articles[told]


def _separated(vectors, articles, rng):
    """Whether `compare.separation` tells camps apart that were shuffled over whole outlets."""
    side = articles.groupby("outlet")["side"].first()
    side = pd.Series(rng.permutation(side), side.index)
    null = articles.assign(side=articles["outlet"].map(side))
    p = compare.separation(vectors, null, "side", draws=199)[1]
    return np.nan if np.isnan(p) else p < 0.05


def coverage(corpus: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """How often intervals hold the truth, where the corpus itself is the truth.

    The corpus stands for a population: whole events are drawn from it with replacement, as new
    events, and every interval is computed again. Then events are drawn cell by cell, a given
    number for each, to see how few are too few; no interval is refused here.

    Returns
    -------
    pd.DataFrame
        Columns as `false_alarms`; `what` is `corpus` or `N events per cell`, `comparison` a
        comparison or, of the shares of frames, a cell.
    """
    told, rng, hits = material(corpus), np.random.default_rng(seed), _Hits()
    parts = {name: _of(told[c.column], c) for name, c in COMPARISONS.items()}
    camps, frame = parts["frame, relational half"], told["frame"]
    held, crossings = ["side", "direction"], pd.Index(compare.CELLS)
    directions = pd.Index(np.unique(frame.direction))
    truth = {name: _contrast_of(part, COMPARISONS[name], 2)[0] for name, part in parts.items()}
    whole = camps.shares(held, crossings, 2)
    index = compare.index_bounds(whole, compare.CELLS)[0]
    by_direction = {w: frame.shares(["direction"], directions, 2, w) for w in ("event", "article")}
    apart = compare.separation(*_same_events(corpus), "side", draws=1)[0]["value"]

    def shares_cover(what, s, truths, after=""):
        low, high = compare.share_intervals(s)
        for i, group in enumerate(s.groups):
            name = "share, " + (group if isinstance(group, str) else " ".join(group)) + after
            hits.add(what, name, "interval", _covers(low[i], high[i], truths.value[i]), s.codes)

    def contrast_covers(what, name, sample):
        _, low, high = _contrast_of(sample, COMPARISONS[name], DRAWS)
        hits.add(what, name, "interval", _covers(low, high, truth[name]), sample.names)

    def index_covers(what, s):
        _, low, high = compare.index_bounds(s, compare.CELLS)
        hits.add(what, INDEX, "interval", _covers(low, high, index))

    for _ in tqdm(range(replicates), desc="coverage"):
        for name, part in parts.items():
            contrast_covers("corpus", name, _redrawn(part, rng))
        s = _redrawn(camps, rng).shares(held, crossings, DRAWS)
        index_covers("corpus", s)
        shares_cover("corpus", s, whole)
        sample = _redrawn(frame, rng)
        for w, after in (("event", ""), ("article", ", by article")):
            s = sample.shares(["direction"], directions, DRAWS, w)
            shares_cover("corpus", s, by_direction[w], after)
        if len(apart):
            mean = compare.mean_interval(pd.Series(rng.choice(apart, len(apart))))
            held_true = _covers(mean["low"], mean["high"], apart.mean())
            hits.add("corpus", SAME_EVENT, "interval", held_true)
        for size in SIZES:
            what = f"{size} events per cell"
            sample = _drawn(frame, ["direction"], directions, size, rng)
            s = sample.shares(["direction"], directions, DRAWS)
            shares_cover(what, s, by_direction["event"])
            contrast_covers(what, "frame, pooled", sample)
            sample = _drawn(camps, held, crossings, size, rng)
            contrast_covers(what, "frame, relational half", sample)
            index_covers(what, sample.shares(held, crossings, DRAWS))
    return hits.table()


def _contrast_of(told: Told, c: Comparison, draws: int):
    """Value and interval of a comparison as `compare.contrast` gives them, without tests."""
    s = told.shares(c.by, pd.Index(list(c.weights)), draws, c.weighting)
    return compare.combined(s, c.weights)


def _redrawn(told: Told, rng: np.random.Generator) -> Told:
    """As many whole events as there are, drawn with replacement, each draw a new event."""
    order = np.argsort(told.event, kind="stable")
    starts = np.searchsorted(told.event[order], np.unique(told.event))
    sizes = np.diff([*starts, len(order)])
    picks = rng.integers(len(sizes), size=len(sizes))
    return _stacked(told, order, starts[picks], sizes[picks])


def _drawn(told: Told, by: list[str], groups: pd.Index, size: int, rng) -> Told:
    """A number of whole events of each group, drawn with replacement, each draw a new event."""
    at = told.cell(by, groups)
    key = np.where(at >= 0, at * (told.event.max(initial=-1) + 1) + told.event, -1)
    order = np.argsort(key, kind="stable")
    known, starts = np.unique(key[order], return_index=True)
    sizes = np.diff([*starts, len(order)])
    of_group = known // (told.event.max(initial=-1) + 1)
    own = [rng.choice(np.flatnonzero(of_group == g), size) for g in np.unique(of_group[known >= 0])]
    picks = np.concatenate([np.zeros(0, dtype=int), *own])  # a corpus may have no group at all
    return _stacked(told, order, starts[picks], sizes[picks])


def _stacked(told: Told, order, starts, sizes) -> Told:
    """Stretches of the articles in an order, one after another, each an event of its own."""
    event = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(len(event)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return told.take(order[np.repeat(starts, sizes) + within], event=event)


def detectable(corpus: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """Smallest difference that a comparison would have found in four of five corpora like this.

    Directions are shuffled over whole events, so that nothing is there; then claims (articles,
    where these are what is coded) of the groups with positive weights are recoded to the code at
    random, so many that the contrast is as planted. Found: p at most 0.05 over the number of codes,
    the level at which a code that differs alone has a q of 0.05.

    Returns
    -------
    pd.DataFrame
        Columns `comparison`, `code`, `value` (the difference found with a power of 0.8, between
        those in `PLANTED`; a row is missing where none is), `se`, `share` (of the code in the
        articles compared), `observed` (the contrast in the corpus), `replicates`.
    """
    told, rng, out = material(corpus), np.random.default_rng(seed), []
    for name, c in tqdm(COMPARISONS.items(), desc="power"):
        part = _of(told[c.column], c)
        if not len(part.event):
            continue
        observed = _contrast_of(part, c, 2)[0]
        found = np.zeros((len(PLANTED), len(part.names)))
        for i, size in enumerate(PLANTED):
            for _ in range(replicates):
                planted = _plant(shuffled(part, part.event, "direction", rng), c, size, rng)
                s = planted.shares(c.by, pd.Index(list(c.weights)), PERMUTATIONS, c.weighting)
                found[i] += compare.contrast(s, c.weights)["p"] <= 0.05 / len(part.names)
        power = np.maximum.accumulate(found / replicates, axis=0)
        for k, code in enumerate(part.names):
            if power[-1, k] > 0.8:
                value = np.interp(0.8, power[:, k], PLANTED)
                near = np.clip(np.searchsorted(PLANTED, value), 1, len(PLANTED) - 2)
                rise = power[near + 1, k] - power[near - 1, k]
                slope = max(rise, 0.1) / (PLANTED[near + 1] - PLANTED[near - 1])
                se = np.sqrt(0.8 * 0.2 / replicates) / slope
                share = part.codes[:, k].mean()
                out.append((name, str(code), value, se, share, observed[k], replicates))
    columns = ["comparison", "code", "value", "se", "share", "observed", "replicates"]
    return pd.DataFrame(out, columns=columns).astype(dict.fromkeys(columns[2:], float))


def _plant(told: Told, c: Comparison, size: float, rng: np.random.Generator) -> Told:
    """Recode claims of the groups with positive weights, each code in a world of its own."""
    more = pd.Index([g for g, w in c.weights.items() if w > 0])
    rows = told.cell(c.by, more) >= 0
    claims = told.claims[rows, None]
    hits = np.rint(told.codes[rows] * claims).astype(int)
    rate = np.minimum(size / (1 - told.codes.mean(0)), 1)
    codes = told.codes.copy()
    codes[rows] = (hits + rng.binomial(claims - hits, rate)) / claims
    return replace(told, codes=codes)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Averages over codes of a table of rates, with the code that does worst.

    Returns
    -------
    pd.DataFrame
        Index: what, comparison, measure. Columns `value`, `se`, `worst` (the rate of the code that
        does worst: the highest of `p`, the lowest of `interval`; chance makes it look worse than it
        is) and `worst_code`; these two are missing where there are no codes.
    """
    key = ["what", "comparison", "measure"]
    out = table[table["code"] == "all"].set_index(key)[["value", "se"]]
    codes = table[table["code"] != "all"]
    sign = np.where(codes["measure"] == "p", -1, 1)
    worst = codes.assign(order=sign * codes["value"]).sort_values("order", kind="stable")
    worst = worst.drop_duplicates(key).set_index(key)
    return out.assign(worst=worst["value"], worst_code=worst["code"])
