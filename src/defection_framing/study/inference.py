"""Would chance look like this? False alarms, coverage and power of the study's own contrasts.

Three simulations on the corpus itself, kept by `kept`: labels shuffled, so that nothing is there to
be found; whole events drawn again, so that the truth is known; and a difference planted. Contrasts
are those of `estimands.SIMULATED`, computed as everywhere else. The codes stay as they are.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
from tqdm import tqdm

from .. import stats
from ..corpus import Corpus, article_texts
from ..domain import CELLS, TOWARD
from ..stats import Panel
from ..text import embed
from .estimands import CONTRASTS, MIRROR_INDEX, SEPARATION, SIMULATED, Contrast, name

PERMUTATIONS = 800  # enough for one false discovery among 18 frames at q = 0.05
DRAWS = 400  # bootstrap draws where only intervals are wanted
SIZES = [3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40]  # events per cell at which coverage is measured

# Differences of shares that are planted.
PLANTED = [0.02, 0.04, 0.06, 0.08, 0.11, 0.15, 0.2, 0.26, 0.34, 0.44]

# What is simulated, in words.
LABELS = {c: CONTRASTS[c].label for c in SIMULATED} | {
    MIRROR_INDEX.name: MIRROR_INDEX.label,
    SEPARATION: "distance on the same event",
}

_SIMULATED = {c: CONTRASTS[c] for c in SIMULATED}
_BY_CAMP, _CELLS = ["camp", "direction"], pd.Index(CELLS)


def panels(corpus: Corpus) -> dict[str, Panel]:
    """Articles of a corpus by coded column, those on both directions left out."""
    tables = corpus.article_table().reset_index(), corpus.claim_table()
    out = {}
    for column in ("frame", "voice", "motives", "portrayal"):
        told = CONTRASTS[f"{column}_direction"].rows(*tables)
        out[column] = Panel.of(told, column, ["outlet", "camp", "direction"])
    return out


def _parts(told: dict[str, Panel]) -> dict[str, Panel]:
    """The articles that each contrast compares."""
    return {n: told[c.column].within(c.by, _groups(c)) for n, c in _SIMULATED.items()}


def _groups(c: Contrast) -> pd.Index:
    return pd.Index(list(c.weights))


def _outlets(panel: Panel) -> np.ndarray:
    return np.unique(panel.labels["outlet"], return_inverse=True)[1]


class _Hits:
    """Counts of what happened in each replicate, by what was done, estimate and measure."""

    def __init__(self):
        self._seen = defaultdict(list)
        self._codes = {}

    def add(self, what: str, estimate: str, measure: str, hit, codes=()) -> None:
        """Note 0, 1 or NaN of one replicate, or of each code in it."""
        self._seen[what, estimate, measure].append(np.asarray(hit, dtype=float))
        self._codes[what, estimate, measure] = codes

    def table(self) -> pd.DataFrame:
        """Rates with errors (never 0: Agresti & Coull 1998), of each code and averaged (`all`)."""
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
        columns = ["what", "estimate", "measure", "code", "value", "se", "replicates"]
        numbers = dict.fromkeys(columns[4:], float)  # also where there is no row
        return pd.DataFrame(out, columns=columns).astype(numbers)


def _covers(low, high, truth):
    """Whether intervals hold a truth: 1 or 0, NaN where either is missing."""
    return np.where(np.isnan(low + truth), np.nan, (low <= truth) & (truth <= high))


def false_alarms(corpus: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """How often contrasts find something where labels were shuffled.

    Directions are shuffled over whole events, camps over whole outlets; `replicates` times each.
    Columns `what` (was shuffled: `directions` or `camps`), `estimate` (of `LABELS`), `measure`,
    `code` (`all`: average over codes), `value` (a rate, 0 to 1), `se`, `replicates`. Measures: `q`
    (of a code or more is below 0.05), `p` (is below 0.05), `interval` (holds zero).
    """
    parts, rng, hits = _parts(panels(corpus)), np.random.default_rng(seed), _Hits()
    camps = parts["frame_relational"]
    apart = _same_events(corpus)

    def note(what, n, null):
        c = _SIMULATED[n]
        s = null.shares(c.by, _groups(c), PERMUTATIONS, c.weighting)
        found = stats.contrast(s, c.weights)
        known = found["p"].notna()
        hits.add(what, n, "q", (found["q"] < 0.05).any() if known.any() else np.nan)
        hits.add(what, n, "p", (found["p"] < 0.05).where(known).astype(float), s.codes)
        hits.add(what, n, "interval", _covers(found["low"], found["high"], 0), s.codes)

    def note_index(what, units, label):
        null = camps.shuffled(label, units, rng)
        hits.add(what, MIRROR_INDEX.name, "p", _index_p(null, units, label, rng) < 0.05)

    for _ in tqdm(range(replicates), desc="false alarms"):
        for n, part in parts.items():
            note("directions", n, part.shuffled("direction", part.event, rng))
        note_index("directions", camps.event, "direction")
        note_index("camps", _outlets(camps), "camp")
        for n in ("frame_relational", "portrayal_away"):
            note("camps", n, parts[n].shuffled("camp", _outlets(parts[n]), rng))
        hits.add("camps", SEPARATION, "p", _separated(*apart, rng))
    return hits.table()


def _index_p(panel: Panel, units, label, rng, draws=199):
    """P-value of the mirror index against one of its nulls, as in `stats.mirror`."""
    value = panel.shares(_BY_CAMP, _CELLS, 2).value
    index = stats.mirror_index(value[0] - value[1], value[2] - value[3])
    if np.isnan(index):
        return np.nan
    null = stats.shuffled_index(panel, TOWARD, label, units, "event", draws, rng)
    return (1 + (null >= index).sum()) / (1 + draws)


def _same_events(corpus: Corpus):
    """Embedded articles of both camps on single cases, as the study compares their distances."""
    articles = corpus.article_table().reset_index()
    told = articles["camp"].isin(TOWARD) & (articles["event"] != "general")
    sizes = articles[told].groupby("cluster")["camp"].nunique()
    told &= articles["cluster"].isin(sizes.index[sizes == 2])
    return embed.vectors(article_texts(corpus))[told.to_numpy()], articles[told]


def _separated(vectors, articles, rng):
    """Whether `stats.separation` tells camps apart that were shuffled over whole outlets."""
    camp = articles.groupby("outlet")["camp"].first()
    camp = pd.Series(rng.permutation(camp), camp.index)
    null = articles.assign(camp=articles["outlet"].map(camp))
    p = stats.separation(vectors, null, "camp", draws=199)[1]
    return np.nan if np.isnan(p) else p < 0.05


def coverage(corpus: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """How often intervals hold the truth, where the corpus itself is the truth.

    Whole events are drawn from the corpus with replacement, as new events, and every interval is
    computed again. Then events are drawn cell by cell, a given number for each, to see how few are
    too few; no interval is refused here. Columns as `false_alarms`; `what` is `corpus` or a number
    of events per cell. Measures: `interval` (of an estimate of `LABELS`); `share` and `share by
    article` (the interval of a frame's share, of a cell of directions or of camps and directions).
    """
    told, rng, hits = panels(corpus), np.random.default_rng(seed), _Hits()
    parts, frame = _parts(told), told["frame"]
    camps = parts["frame_relational"]
    directions = pd.Index(np.unique(frame.labels["direction"]))
    truth = {n: _combined(part, _SIMULATED[n], 2)[0] for n, part in parts.items()}
    whole = camps.shares(_BY_CAMP, _CELLS, 2)
    index = stats.index_interval(whole, CELLS)[0]
    by_direction = {w: frame.shares(["direction"], directions, 2, w) for w in ("event", "article")}
    apart = stats.separation(*_same_events(corpus), "camp", draws=1)[0]["value"]

    def shares_cover(what, s, truths, measure="share"):
        low, high = stats.share_intervals(s)
        for i, group in enumerate(s.groups):
            hits.add(what, name(group), measure, _covers(low[i], high[i], truths.value[i]), s.codes)

    def contrast_covers(what, n, sample):
        _, low, high = _combined(sample, _SIMULATED[n], DRAWS)
        hits.add(what, n, "interval", _covers(low, high, truth[n]), sample.names)

    def index_covers(what, s):
        _, low, high = stats.index_interval(s, CELLS, least=0)
        hits.add(what, MIRROR_INDEX.name, "interval", _covers(low, high, index))

    for _ in tqdm(range(replicates), desc="coverage"):
        for n, part in parts.items():
            contrast_covers("corpus", n, part.redrawn(rng))
        s = camps.redrawn(rng).shares(_BY_CAMP, _CELLS, DRAWS)
        index_covers("corpus", s)
        shares_cover("corpus", s, whole)
        sample = frame.redrawn(rng)
        for w, measure in (("event", "share"), ("article", "share by article")):
            s = sample.shares(["direction"], directions, DRAWS, w)
            shares_cover("corpus", s, by_direction[w], measure)
        if len(apart):
            mean = stats.mean_interval(pd.Series(rng.choice(apart, len(apart))))
            held = _covers(mean["low"], mean["high"], apart.mean())
            hits.add("corpus", SEPARATION, "interval", held)
        for size in SIZES:
            sample = frame.drawn(["direction"], directions, size, rng)
            s = sample.shares(["direction"], directions, DRAWS)
            shares_cover(str(size), s, by_direction["event"])
            contrast_covers(str(size), "frame_direction", sample)
            sample = camps.drawn(_BY_CAMP, _CELLS, size, rng)
            contrast_covers(str(size), "frame_relational", sample)
            index_covers(str(size), sample.shares(_BY_CAMP, _CELLS, DRAWS))
    return hits.table()


def _combined(panel: Panel, c: Contrast, draws: int):
    """Value and interval of a contrast as `stats.contrast` gives them, without tests."""
    return stats.combined(panel.shares(c.by, _groups(c), draws, c.weighting), c.weights)


def detectable(corpus: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """Smallest difference that a contrast would have found in four of five corpora like this.

    Directions are shuffled over whole events; then claims (articles, where these are what is coded)
    of the groups with positive weights are recoded to the code at random, so many that the contrast
    is as planted. Found: p at most 0.05 over the number of codes, the level at which a code that
    differs alone has a q of 0.05. Columns `estimate` (of `SIMULATED`), `code`, `value` (the
    difference found with a power of 0.8, between those in `PLANTED`; a row is missing where none
    is), `se`, `share` (of the code in the articles compared), `observed` (the contrast in the
    corpus), `replicates`.
    """
    rng, out = np.random.default_rng(seed), []
    for n, part in tqdm(_parts(panels(corpus)).items(), desc="power"):
        if not len(part):
            continue
        c = _SIMULATED[n]
        observed = _combined(part, c, 2)[0]
        found = np.zeros((len(PLANTED), len(part.names)))
        for i, size in enumerate(PLANTED):
            for _ in range(replicates):
                planted = _plant(part.shuffled("direction", part.event, rng), c, size, rng)
                s = planted.shares(c.by, _groups(c), PERMUTATIONS, c.weighting)
                found[i] += stats.contrast(s, c.weights)["p"] <= 0.05 / len(part.names)
        power = np.maximum.accumulate(found / replicates, axis=0)
        for k, code in enumerate(part.names):
            if power[-1, k] > 0.8:
                value = np.interp(0.8, power[:, k], PLANTED)
                near = np.clip(np.searchsorted(PLANTED, value), 1, len(PLANTED) - 2)
                rise = power[near + 1, k] - power[near - 1, k]
                slope = max(rise, 0.1) / (PLANTED[near + 1] - PLANTED[near - 1])
                se = np.sqrt(0.8 * 0.2 / replicates) / slope
                share = part.codes[:, k].mean()
                out.append((n, str(code), value, se, share, observed[k], replicates))
    columns = ["estimate", "code", "value", "se", "share", "observed", "replicates"]
    return pd.DataFrame(out, columns=columns).astype(dict.fromkeys(columns[2:], float))


def _plant(panel: Panel, c: Contrast, size: float, rng: np.random.Generator) -> Panel:
    """Recode claims of the groups with positive weights, each code in a world of its own."""
    more = pd.Index([g for g, w in c.weights.items() if w > 0])
    rows = panel.cell(c.by, more) >= 0
    claims = panel.claims[rows, None]
    hits = np.rint(panel.codes[rows] * claims).astype(int)
    rate = np.minimum(size / (1 - panel.codes.mean(0)), 1)
    codes = panel.codes.copy()
    codes[rows] = (hits + rng.binomial(claims - hits, rate)) / claims
    return replace(panel, codes=codes)
