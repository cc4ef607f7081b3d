"""Would chance look like this? False alarms, coverage and power of what the study reports.

Three simulations on the corpus itself, kept by `kept`: labels shuffled, so that nothing is there to
be found; whole events drawn again, so that the truth is known; and a difference planted. Estimates
are computed as everywhere else, but that codes under the plan's gate are tested, too: comparisons
of the same act from codes with their uncertainty, `estimands.SIMULATED` from codes as expected, so
that their intervals are of events alone. What the kept tables say, for figures and as estimates,
stands at the end.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from tqdm import tqdm

from .. import stats
from ..corpus import Corpus
from ..domain import CELLS
from ..stats import Panel
from . import codes, estimands, same_act
from .estimands import CONTRASTS, HEADLINES, PAIRED_HYPOTHESES, SIMULATED, Contrast, estimates, name

DRAWS = 400  # bootstrap draws where only intervals are wanted
PERMUTATIONS = 800  # enough for one false discovery among 18 frames at q = 0.05
FLIPS = 2000  # of a paired test
SETS = 199  # on which the test of an energy is calibrated
SIZES = [4, 5, 6, 8, 10, 15, 20, 40]  # events per direction, or cell, at which coverage is measured
# Differences of shares that are planted.
PLANTED = [0.02, 0.05, 0.08, 0.11, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.75]

# Comparisons of the same act: the column, and of which articles.
SAME_ACT = {
    "same_act/portrayal": ("portrayal", "two camps"),
    "same_act/portrayal/new_events": ("portrayal", "two camps, new events"),
    "same_act/frame": ("frame", "two camps"),
}

# Codes that a paired hypothesis is about.
PORTRAYALS = [p.code for p, _ in PAIRED_HYPOTHESES.values() if p.column == "portrayal"]

# Exchanges of `CELLS` that leave nothing of an energy and all of the other: of camps and directions
# at once (who comes to the teller's side still comes), of camps alone (directions stay).
EXCHANGES = {"directional": [2, 3, 0, 1], "relational": [3, 2, 1, 0]}

# Panels of false alarms: the measure, and the rate that is due.
ALARMS = {
    "p < 0.05": ("p", stats.LEVEL),
    "a code or more is found": ("family", stats.LEVEL),
    "95% interval holds zero": ("interval", 0.95),
}

# What is simulated, in words.
LABELS = (
    {n: n.replace("same_act/", "same act, ").replace("/new_", ", new ") for n in SAME_ACT}
    | {h: f"{h}: {p.label}" for h, (p, _) in PAIRED_HYPOTHESES.items()}
    | {"holm": "H1 to H3, p after Holm"}
    | {name("energy", half): f"{half} energy beside treason" for half in EXCHANGES}
    | {n: CONTRASTS[n].label for n in SIMULATED}
)


class _Hits(list):
    """What happened in each replicate, by what was done, estimate, measure and code."""

    def add(self, what: str, estimate: str, measure: str, hit, codes=("",)) -> None:
        """Note 0, 1 or NaN of one replicate, or of each code in it."""
        key = what, estimate, measure, len(self)  # of one replicate
        hits = np.broadcast_to(np.asarray(hit, dtype=float), len(codes))
        self.extend((*key, str(c), h) for c, h in zip(codes, hits, strict=True))

    def table(self) -> pd.DataFrame:
        """Rates with errors (never 0: Agresti & Coull 1998), of each code and averaged (`all`)."""
        key = ["what", "estimate", "measure"]
        each = pd.DataFrame(self, columns=[*key, "replicate", "code", "hit"]).dropna()
        whole = each.groupby([*key, "replicate"], sort=False)["hit"].agg(hit="mean", size="size")
        whole = whole.reset_index().assign(code="all")
        of = pd.concat([whole, each[each["code"] != ""].assign(size=1)])
        of = of.groupby([*key, "code"], sort=False)
        n, value, spread = of.size(), of["hit"].mean(), of["hit"].std(ddof=0)
        rate = (value * n + 2) / (n + 4)
        se = np.maximum(spread, np.sqrt(rate * (1 - rate) / of["size"].first())) / np.sqrt(n)
        rates = {"value": value, "se": se, "replicates": n}
        return pd.DataFrame(rates, dtype=float).reset_index()


def _covers(low, high, truth):
    """Whether intervals hold a truth: 1 or 0, NaN where either is missing."""
    return np.where(np.isnan(low + truth), np.nan, (low <= truth) & (truth <= high))


def _panels(data: Corpus) -> dict[str, Panel]:
    """The articles that each contrast compares, with their codes as expected."""
    panels = {n: CONTRASTS[n].panel(data) for n in SIMULATED}
    return {n: replace(p, code_draws=None, event_counts=None) for n, p in panels.items() if len(p)}


def _acts(data: Corpus) -> dict[str, tuple[pd.DataFrame, stats.CodeDraws]]:
    """Articles and codes of each comparison of the same act."""
    acts = {
        n: (same_act.shared_articles(data, only), codes.of_articles(data, column))
        for n, (column, only) in SAME_ACT.items()
    }
    return {n: of for n, of in acts.items() if len(of[0])}


def _shares(panel: Panel, c: Contrast, draws: int) -> stats.Shares:
    return panel.shares(c.by, c.groups, draws)


def _worlds(data: Corpus, rng) -> dict[str, Callable[[float], pd.DataFrame]]:
    """Comparisons where labels say nothing but for what is planted, as functions of its size.

    Of the same act: which articles of an event are by the camp that was left is shuffled within the
    event. Sign flips are exact where the two tellings have as many articles; this tries the rest.
    Of contrasts: directions are shuffled over whole events.
    """

    def same(articles: pd.DataFrame, code_draws: stats.CodeDraws, size: float) -> pd.DataFrame:
        null = shuffled(articles, rng)
        pairs = same_act.pairs(null, plant_pairs(null, code_draws, size, rng))[0]
        return stats.paired_contrast(pairs, flips=FLIPS)

    def contrast(c: Contrast, panel: Panel, size: float) -> pd.DataFrame:
        null = plant(panel.shuffled("direction", rng), c, size, rng)
        return stats.contrast(_shares(null, c, PERMUTATIONS), c.weights)

    acts = {n: partial(same, *act) for n, act in _acts(data).items()}
    return acts | {n: partial(contrast, CONTRASTS[n], p) for n, p in _panels(data).items()}


def shuffled(articles: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Articles as `same_act.shared_articles`, with the teller's side shuffled within each event."""
    unit, left = articles["unit"].to_numpy(), np.empty(len(articles), dtype=bool)
    order = np.lexsort((rng.random(len(articles)), unit))
    left[np.argsort(unit)] = articles["left"].to_numpy()[order]
    return articles.assign(left=left)


def exchanged(s: stats.Shares, order: list[int], rng: np.random.Generator) -> stats.Shares:
    """Shares of `CELLS` with cells exchanged in a random half of the events."""
    flip, sums, mass = rng.random(len(s.mass)) < 0.5, s.sums.copy(), s.mass.copy()
    sums[flip], mass[flip] = sums[flip][:, order], mass[flip][:, order]
    return replace(s, sums=sums, mass=mass)


def _more(shares: np.ndarray, claims: np.ndarray, size: float, rng) -> np.ndarray:
    """Shares (n, K) where codes are given to claims that lack them, each in a world of its own."""
    rate = np.minimum(size / np.maximum(1 - shares.mean(0), 1e-9), 1)
    claims = claims.astype(int)[:, None]
    return shares + (1 - shares) * rng.binomial(claims, rate, shares.shape) / claims


def plant_pairs(
    articles: pd.DataFrame, code_draws: stats.CodeDraws, size: float, rng
) -> stats.CodeDraws:
    """Codes of which the camp that was left tells more, by `size`."""
    rows = code_draws.articles.get_indexer(articles["article_id"][articles["left"]])
    rows = rows[code_draws.units[rows] > 0]  # the others' codes are open
    if not size or not len(rows):
        return code_draws
    units, expected = code_draws.units[rows, None], code_draws.expected.copy()
    expected[rows] = units * _more(expected[rows] / units, units[:, 0], size, rng)
    return replace(code_draws, expected=expected)


def plant(panel: Panel, c: Contrast, size: float, rng) -> Panel:
    """A panel whose groups with positive weights tell more of each code, by `size`."""
    rows = panel.cell(c.by, pd.Index([g for g, w in c.weights.items() if w > 0])) >= 0
    if not size or not rows.any():
        return panel
    shares = panel.codes.copy()
    shares[rows] = _more(shares[rows], panel.claims[rows], size, rng)
    return replace(panel, codes=shares)


def _hypotheses(articles: pd.DataFrame, coded: dict[str, stats.CodeDraws]) -> pd.Series:
    """P-values of the paired hypotheses, of articles as `same_act.shared_articles`."""
    out = {}
    for h, (p, _) in PAIRED_HYPOTHESES.items():
        code_draws = coded[h].without(p.without) if p.without else coded[h]
        pairs = same_act.pairs(articles, code_draws)[0]
        table = stats.paired_contrast(pairs, flips=FLIPS)["p"]
        out[h] = table[p.code] if p.code else stats.joint_test(pairs, flips=FLIPS)[1]
    return pd.Series(out)


def false_alarms(data: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """How often the study finds something where nothing is: labels shuffled, `replicates` times.

    As `_worlds` says; H1 to H3 on the same shuffles; energies on events exchanged (`EXCHANGES`).
    Columns `what` (`shuffled`), `estimate` (of `LABELS`), `measure`, `code` (`all`: average over
    codes), `value` (a rate, 0 to 1), `se`, `replicates`. Measures: `p` (is below 0.05), `family`
    (a q below 0.05, or p after Holm, of one code or hypothesis at least), `interval` (holds zero).
    """
    rng, hits = np.random.default_rng(seed), _Hits()
    worlds, articles = _worlds(data, rng), same_act.shared_articles(data)
    energy = CONTRASTS["frame_beside_treason_away"].panel(data)
    energy = energy.shares(["camp", "direction"], pd.Index(CELLS))
    coded = {h: codes.of_articles(data, p.column) for h, (p, _) in PAIRED_HYPOTHESES.items()}
    for _ in tqdm(range(replicates), desc="false alarms"):
        for n, compared in worlds.items():
            found = compared(0)
            p, known = found["p"], found["p"].notna()
            any_found = (stats.adjust(p) < stats.LEVEL).any() if known.any() else np.nan
            hits.add("shuffled", n, "family", any_found)
            hits.add("shuffled", n, "p", (p < stats.LEVEL).where(known).astype(float), p.index)
            held = _covers(found["low"], found["high"], 0)
            hits.add("shuffled", n, "interval", held, p.index)
        if len(articles):
            p = _hypotheses(shuffled(articles, rng), coded)
            hits.add("shuffled", "holm", "family", (stats.holm(p) < stats.LEVEL).any())
            for h in p.index:
                hits.add("shuffled", h, "p", p[h] < stats.LEVEL)
        for half, order in EXCHANGES.items():
            s = exchanged(energy, order, rng)
            if len(s.mass) and (s.mass > 0).sum(0).min() > 1:
                p = stats.energy_test(s, CELLS, half, sets=SETS)[0]
                hits.add("shuffled", name("energy", half), "p", p < stats.LEVEL)
    return hits.table()


def coverage(data: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """How often intervals hold the truth, where the corpus itself is the truth.

    Whole events are drawn from the corpus with replacement, as new events, and every interval is
    computed again; then so many of each direction (of the same act) or cell, to see how few are too
    few. Columns as `false_alarms`; `what` is `corpus` or a number of events. Measures: `interval`
    (of an estimate of `LABELS`), `share` (of a frame, in a cell of `CELLS`). Of the same act the
    codes of one draw, another in each replicate, are the truth, and the pooled codes what is known
    of it; the coders are not fitted again, so that what pooled codes lean by is not seen here.
    """
    rng, hits, panels = np.random.default_rng(seed), _Hits(), _panels(data)
    whole = {n: _shares(panel, CONTRASTS[n], 2) for n, panel in panels.items()}
    truth = {n: stats.combined(s, CONTRASTS[n].weights)[0] for n, s in whole.items()}

    def cover(what, n, sample):
        s = _shares(sample, CONTRASTS[n], DRAWS)
        _, low, high = stats.combined(s, CONTRASTS[n].weights)
        hits.add(what, n, "interval", _covers(low, high, truth[n]), s.codes)
        if n == "frame_away":
            held = _covers(*stats.share_intervals(s), whole[n].value)
            for cell, of_cell in zip(s.groups, held, strict=True):
                hits.add(what, name(cell), "share", of_cell, s.codes)

    pairs = {n: same_act.pairs(*act)[0] for n, act in _acts(data).items()}
    for _ in tqdm(range(replicates), desc="coverage"):
        for n, panel in panels.items():
            cover("corpus", n, panel.resample(np.zeros(len(panel), int), rng))
            cell = panel.cell(CONTRASTS[n].by, CONTRASTS[n].groups)
            for size in SIZES if n in ("frame_away", "portrayal_away") else ():
                cover(str(size), n, panel.resample(cell, rng, size))
        for n, of in pairs.items():
            true = stats.paired_mean(replace(of, differences=of.draws[rng.integers(len(of.draws))]))
            for size in (0, *SIZES):
                found = stats.paired_contrast(resampled_pairs(of, size, rng), flips=1)
                held = _covers(found["low"], found["high"], true)
                hits.add(str(size or "corpus"), n, "interval", held, of.codes)
    return hits.table()


def resampled_pairs(pairs: stats.Pairs, size: int, rng: np.random.Generator) -> stats.Pairs:
    """Events drawn with replacement, `size` of each direction; 0: as many as there are."""
    strata = [np.flatnonzero(pairs.stratum == s) for s in np.unique(pairs.stratum)]
    at = np.concatenate([rng.choice(of, size or len(of)) for of in strata])
    draws, stratum = pairs.draws[:DRAWS, at], pairs.stratum[at]
    counts = stats.weighted.resampled_in_strata(stratum, len(draws), int(rng.integers(1 << 32)))
    return stats.Pairs(
        pd.RangeIndex(len(at)), stratum, pairs.differences[at], draws, counts, pairs.codes
    )


def detectable(data: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """Smallest difference that a comparison would have found in four of five corpora like this.

    Labels are shuffled as for `false_alarms`; then claims (or articles) of the camp that was left,
    or of the groups with positive weights, are recoded at random, so many that the difference is as
    planted. Found: p at most 0.05 over the number of codes, where a code that differs alone has a q
    of 0.05; of the same act, of `PORTRAYALS` alone, over the four hypotheses (Holm).

    Columns `estimate` (of `LABELS`), `code`, `value` (found with a power of 0.8, between those in
    `PLANTED`; a row is missing where none is), `replicates`.
    """
    out, worlds = [], _worlds(data, np.random.default_rng(seed))
    worlds.pop("same_act/frame", None)  # its frames are tested at once
    for n, compared in worlds.items():
        power = pd.DataFrame(columns=PLANTED)
        for size in tqdm(PLANTED, desc=f"power, {n}"):
            p = pd.concat([compared(size)["p"] for _ in range(replicates)], axis=1)
            level = stats.LEVEL / (len(PAIRED_HYPOTHESES) + 1 if n in SAME_ACT else len(p))
            power[size] = (p <= level).mean(axis=1)
        power = power.loc[PORTRAYALS] if n in SAME_ACT else power
        for code, found in power.cummax(axis=1).iterrows():
            if found.iloc[-1] > 0.8:
                out.append((n, str(code), np.interp(0.8, found, PLANTED), replicates))
    columns = ["estimate", "code", "value", "replicates"]
    return pd.DataFrame(out, columns=columns).astype({"value": float, "replicates": float})


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Averages over codes of a table of rates, by what, measure and estimate.

    Columns `value`, `se`, and of the code that does worst (highest `p`, lowest of intervals; chance
    makes it look worse than it is) `worst`, its rate, and `worst_code`.
    """
    key = ["what", "measure", "estimate"]
    out = table[table["code"] == "all"].set_index(key)[["value", "se"]]
    codes = table[table["code"] != "all"]
    sign = np.where(codes["measure"] == "p", -1, 1)
    worst = codes.assign(order=sign * codes["value"]).sort_values("order", kind="stable")
    worst = worst.drop_duplicates(key).set_index(key)
    return out.assign(worst=worst["value"], worst_code=worst["code"])


def rows(table: pd.DataFrame, what: str, measure: str) -> pd.DataFrame:
    """Rows of `summary`, by estimate in the order of `LABELS`; none where it lacks them."""
    own = table.query("what == @what and measure == @measure").droplevel(["what", "measure"])
    return own.loc[[n for n in LABELS if n in own.index]]


def alarm_panels(table: pd.DataFrame) -> pd.DataFrame:
    """Rates of `false_alarms` as the figure draws them, by panel of `ALARMS`, series, estimate."""
    alarm, parts = summary(table), {}
    for panel, (measure, _) in ALARMS.items():
        t = rows(alarm, "shuffled", measure).rename(LABELS)
        low, high = (t["value"] + z * t["se"] for z in (-1.96, 1.96))
        average = t[["value"]].assign(low=low.clip(lower=0), high=high.clip(upper=1))
        parts[panel, "average over codes"] = average
        parts[panel, "worst code"] = t[["worst"]].set_axis(["value"], axis=1)
    return pd.concat(parts, names=["panel", "series"])


def by_size(table: pd.DataFrame) -> pd.DataFrame:
    """Coverage by events per cell, or direction (index), averaged over codes, in words."""
    sizes = summary(table)["value"].drop("corpus", level="what", errors="ignore").unstack("what").T
    out = sizes.loc[:, sizes.columns.get_level_values("measure") == "interval"].droplevel(0, axis=1)
    shares = sizes.loc[:, sizes.columns.get_level_values("measure") == "share"].mean(axis=1)
    out = out.rename(columns=LABELS).assign(**{"share of a frame in a cell": shares})
    return out.set_axis(out.index.astype(int)).sort_index().rename_axis("events")


@estimates
def alarm_estimates(table: pd.DataFrame) -> pd.DataFrame:
    """The rates of `false_alarms` that a sentence states."""
    rates = summary(table)
    p, family, interval = (rows(rates, "shuffled", m)["value"] for m, _ in ALARMS.values())
    of_contrasts = family.reindex(list(SIMULATED))
    value = {
        **p.reindex([*PAIRED_HYPOTHESES, *(name("energy", half) for half in EXCHANGES)]),
        **family.reindex(["holm", *SAME_ACT]),
        "contrasts/mean": of_contrasts.mean(),
        "contrasts/highest": of_contrasts.max(),
        "same_act/intervals": interval.reindex(list(SAME_ACT)).min(),
    }
    return _named("false_alarms", value)


@estimates
def coverage_estimates(table: pd.DataFrame) -> pd.DataFrame:
    """The rates of `coverage` that a sentence states."""
    whole = rows(summary(table), "corpus", "interval")
    single = table.query("measure == 'interval'").set_index(["what", "estimate", "code"])["value"]
    paired = {n: (f"same_act/{p.column}", p.code) for n, p in estimands.PAIRED.items() if p.code}
    every = paired | {n: (e.contrast, e.code) for n, e in HEADLINES.items()}
    few = str(stats.MIN_PAIRS)
    value = {n: single.get(("corpus", *of)) for n, of in every.items()}
    value |= {name(n, "fewest"): single.get((few, *of)) for n, of in paired.items()}
    value |= {"lowest": whole["value"].min(), "highest": whole["value"].max()}
    value |= {"min_events": stats.MIN_EVENTS, "min_pairs": stats.MIN_PAIRS}
    return _named("coverage", value | {"worst": whole["worst"].min()}).dropna()


@estimates
def power_estimates(table: pd.DataFrame) -> pd.DataFrame:
    """Detectable differences: of portrayals by code, and of the median code of each contrast."""
    own = table[table["code"].isin(PORTRAYALS)].set_index(["estimate", "code"])["value"]
    median = table[table["estimate"].isin(SIMULATED)].groupby("estimate", sort=False)["value"]
    value = {name(*at): v for at, v in own.items()} | median.median().to_dict()
    return _named("detectable", value)


def _named(what: str, value: dict) -> pd.DataFrame:
    """Rates as a table of estimates, each named after what it is of."""
    return pd.DataFrame({"value": value}, dtype=float).rename(lambda of: name(what, of))
