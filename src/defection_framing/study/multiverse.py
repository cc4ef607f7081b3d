"""Every defensible choice crossed with every other (Steegen, Tuerlinckx, Gelman & Vanpaemel 2016).

A crossing that rests on the same articles and weights as another is counted once, and one that
leaves a cell, or a direction of the paired comparison, with fewer events than any rule would give
an interval is left out. Codes are held as the pooled passes expect them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import stats
from ..corpus import Corpus
from ..domain import CAMPS, TOWARD
from . import codes
from .estimands import HEADLINES, PAIRED, Contrast, Estimand, Paired, is_unprosecuted
from .same_act import CAMP_LEFT, by_service, served

# The choices and their options; what the study reports is the first option of each.
CHOICES = {
    "acts": ("all", "no prosecutions", "completed", "laws and counts too"),
    "wave": ("old and new", "new events", "old events"),
    "told by": ("either camp", "both camps"),
    "exits": ("named events", "trend pieces too, as one event"),
    "Russian camp": ("state and mainstream", "state only", "with pro-Russian abroad"),
    "outlets of doubtful camp": ("in", "out"),
    "copies": ("in", "neither mirrors nor rewrites"),
    "dates": ("all", "dated only"),
    "language": ("all", "English only", "not English"),
    "languages of an event": ("all", "those of both camps"),
    "largest event": ("in", "left out"),
    "announcements": ("each event by itself", "of one service as one"),
    "weighting": ("each event once", "each article once"),
    "within a camp": ("each article the same", "each outlet the same"),
    "directions": ("the same weight", "each event the same"),
    "codes": tuple(codes.VARIANTS),
}
# Of which articles a specification is, and, after that, what is made of them.
ALWAYS = ("outlets of doubtful camp", "copies", "dates", "largest event")
MADE = ("announcements", "weighting", "within a camp", "directions", "codes")
# What bears on a paired comparison, on a contrast of the camps, on one of exits.
OF_PAIRS = ("acts", "wave", "Russian camp", "languages of an event", *ALWAYS,
            "announcements", "within a camp", "directions", "codes")  # fmt: skip
OF_CAMPS = ("acts", "told by", "Russian camp", "language", *ALWAYS,
            "announcements", "weighting", "codes")  # fmt: skip
OF_EXITS = ("exits", "language", *ALWAYS, "announcements", "weighting", "codes")

# Rules that decide what is shown and move no estimate, the reported ones first. An interval takes
# an event as worth more than one observation or as one, and z or t; it is given from so many
# effective events in each cell, or events in each direction of the paired comparison.
RULES: dict[str, stats.Rule] = {
    "more than one, z": (True, False), "one, z": (False, False),
    "more than one, t": (True, True), "one, t": (False, True),
}  # fmt: skip
LEAST_EVENTS = (stats.MIN_EVENTS, 5, 10)
LEAST_PAIRS = (stats.MIN_PAIRS, 7, 10)

REPORTED_OPTIONS = {c: options[0] for c, options in CHOICES.items()}
_VARIANTS = CHOICES["codes"]


@dataclass(frozen=True, eq=False)
class Material:
    """A corpus of n articles as arrays, built once for thousands of specifications."""

    articles: pd.DataFrame  # as `Corpus.article_table`, with `article_id` as a column
    codes: dict[tuple[str, str], stats.CodeDraws]  # as expected, by column and variant
    camps: dict[str, np.ndarray]  # (n,) by option: 0 Russian, 1 Ukrainian, -1 another
    keeps: dict[tuple[str, str], np.ndarray]  # (n,) bool, by choice and option that leaves any out
    served: np.ndarray  # (n, services) whether a service is among an article's sources

    def shares(self, column: str, wanted: Sequence[Paired | Estimand]) -> np.ndarray:
        """Expected shares of some codes (n, estimates, variants of codes), NaN where unknown."""
        out = []
        for variant in _VARIANTS:
            of = self.codes[column, variant]
            at = of.names.get_indexer([w.code for w in wanted])
            out.append(np.where(at >= 0, of.shares(np.arange(len(of.articles)))[0][:, at], np.nan))
        return np.stack(out, axis=2)

    def largest(self, cases: np.ndarray) -> np.ndarray:
        """Articles (n,) of the event that has most of some articles."""
        event = self.articles["event"]
        sizes = event[cases & (event != "general")].value_counts()
        return (event == (sizes.index[0] if len(sizes) else "")).to_numpy()

    def kept(self, options: dict[str, str], cases: np.ndarray, largest: np.ndarray) -> np.ndarray:
        """Articles of `cases` that some options keep."""
        for option in options.items():
            cases = cases & self.keeps.get(option, True)
        return cases & ~largest if options.get("largest event") == "left out" else cases


def material(data: Corpus) -> Material:
    """Build the arrays of a corpus."""
    a = data.article_table().reset_index()
    own = a["camp_detail"].astype(str)
    changes = {}, {"russian_mainstream": ""}, {"pro_russian_abroad": "Russian"}
    camps = [pd.Index(TOWARD).get_indexer(own.map(CAMPS | change)) for change in changes]
    first_hand, act = ~a["kind"].isin(["aggregator", "mirror"]), a["outcome"] != "none"
    keeps = {
        ("acts", "all"): act,
        ("acts", "no prosecutions"): act & is_unprosecuted(a),
        ("acts", "completed"): a["outcome"] == "completed",
        ("wave", "new events"): a["new_event"],
        ("wave", "old events"): ~a["new_event"],
        ("told by", "both camps"): a["shared"],
        ("exits", "named events"): a["event"] != "general",
        ("outlets of doubtful camp", "out"): a["confidence"] != "low",
        ("copies", CHOICES["copies"][1]): first_hand & (a["origin"] != "rewrite"),
        ("dates", "dated only"): a["year"].notna(),
        ("language", "English only"): a["lang"] == "en",
        ("language", "not English"): a["lang"] != "en",
    }
    wanted = product(("frame", "portrayal", "motives"), _VARIANTS)
    return Material(
        a,
        {(column, v): codes.of_articles(data, column, v, draws=0) for column, v in wanted},
        dict(zip(CHOICES["Russian camp"], camps, strict=True)),
        {option: test.to_numpy(bool) for option, test in keeps.items()},
        served(a).to_numpy(float),
    )


def crossed(choices: Sequence[str], made: bool) -> Iterator[dict[str, str]]:
    """Crossings of the options of some choices: of those in `MADE`, or of the others."""
    own = [c for c in choices if (c in MADE) == made and c != "codes"]
    for options in product(*(CHOICES[c] for c in own)):
        yield dict(zip(own, options, strict=True))


def _other(options: dict[str, str], choice: str) -> bool:
    """Whether the second option of a choice is taken."""
    return options.get(choice) == CHOICES[choice][1]


class Telling(NamedTuple):
    """U events that both camps told, under one specification, by m articles."""

    options: dict[str, str]
    rows: np.ndarray  # (m,)
    unit: np.ndarray  # (U,) event and direction, numbered over the corpus
    differences: np.ndarray  # (U, m) weights of the articles in each event's difference
    stratum: np.ndarray  # (U,) direction
    cluster: np.ndarray  # (U,) what counts once: events, or the announcements of one service

    def weights(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights of the events in each cluster (C, U), of the clusters (C,), and their stratum."""
        keys = np.stack([self.stratum, self.cluster])
        (stratum, _), at = np.unique(keys, axis=1, return_inverse=True)
        joined = (np.arange(len(stratum))[:, None] == at).astype(float)
        weights = 0.5 / np.bincount(stratum)[stratum]
        if _other(self.options, "directions"):
            weights = np.full(len(stratum), 1 / len(stratum))
        return joined / joined.sum(1, keepdims=True), weights, stratum


def tellings(m: Material, choices: Sequence[str], known: np.ndarray) -> Iterator[Telling]:
    """Each specification of a paired comparison that counts, but for the codes; reported first.

    `known` are the articles that have a share of the code and are not left out.
    """
    a, seen = m.articles, set()
    direction = a["direction"].astype(str)
    # also the position of the camp that is left
    stratum = pd.Index(CAMP_LEFT).get_indexer(direction)
    cases = (stratum >= 0) & (a["event"] != "general").to_numpy()
    largest, cases = m.largest(cases), cases & known
    unit = pd.factorize(a["event"] + "/" + direction)[0]
    lang, outlet = (pd.factorize(a[c])[0] for c in ("lang", "outlet"))
    for options in crossed(choices, made=False):
        camp = m.camps[(REPORTED_OPTIONS | options)["Russian camp"]]
        left = (camp == stratum).astype(int)
        rows = np.flatnonzero(m.kept(REPORTED_OPTIONS | options, cases & (camp >= 0), largest))
        key = unit * (lang.max() + 1) + lang if _other(options, "languages of an event") else unit
        told = np.zeros((key.max() + 1, 2), bool)
        told[key[rows], left[rows]] = True
        rows = rows[told[key[rows]].all(1)]
        units, first, at = np.unique(unit[rows], return_index=True, return_inverse=True)
        of, side, units_at = stratum[rows[first]], 2 * at + left[rows], np.arange(len(units))
        for made in crossed(choices, made=True) if len(rows) else ():
            weight = np.ones(len(rows))
            if _other(made, "within a camp"):
                own = np.unique(side * (outlet.max() + 1) + outlet[rows], return_inverse=True)[1]
                weight /= np.bincount(own)[own]
            weight = np.round(weight / np.bincount(side, weight)[side], 12)
            one = _other(made, "announcements")
            # numbered in order, so that where nothing is merged nothing differs
            cluster = pd.factorize(by_service(m.served[rows], at))[0] if one else units_at
            size = np.bincount(np.unique([of, cluster], axis=1)[0], minlength=2)
            parts = (x.tobytes() for x in (rows, left[rows], weight, cluster))
            same = (*parts, size[0] == size[1] or made.get("directions"))
            if size.min() >= stats.MIN_PAIRS and same not in seen:
                seen.add(same)
                differences = np.zeros((len(units), len(rows)))
                differences[at, np.arange(len(rows))] = np.where(left[rows], weight, -weight)
                yield Telling(options | made, rows, units, differences, of, cluster)


def paired(
    m: Material, wanted: Sequence[Paired], choices: Sequence[str] = OF_PAIRS, keep=True
) -> dict[str, pd.DataFrame]:
    """Curve of each of some paired comparisons of one column, by name.

    `keep` are the articles not left out.
    """
    shares = m.shares(wanted[0].column, wanted)
    rows, bounds = [], []
    for t in tellings(m, choices, ~np.isnan(shares).any((1, 2)) & keep):
        each = t.differences @ shares[t.rows].reshape(len(t.rows), -1)
        joined, weights, stratum = t.weights()
        bounds.append(stats.stacked_pairs(joined @ each, stratum, weights))
        n = {"n_articles": len(t.rows), "n_events": len(t.unit)}
        rows.append(t.options | n | {"effective": np.bincount(stratum).min()})
    return _tables(wanted, choices, rows, np.array(bounds), ["t"], LEAST_PAIRS[0])


def unpaired(
    m: Material, wanted: Sequence[Estimand], choices: Sequence[str] | None = None, keep=True
) -> dict[str, pd.DataFrame]:
    """Curve of each of some estimates of one column and the same cells, by name.

    `choices` are by default all that bear on them, `keep` the articles not left out.
    """
    c, a = wanted[0].of(), m.articles
    every = OF_CAMPS if "camp" in c.by else OF_EXITS
    choices = every if choices is None else choices
    shares, event = m.shares(c.column, wanted), pd.factorize(a["event"])[0]
    flat = shares.reshape(len(a), -1)
    panel = stats.Panel(pd.RangeIndex(flat.shape[1]), flat, np.ones(len(a), int), event, {})
    cells = {option: _cell(a, camp, c) for option, camp in m.camps.items()}
    largest = m.largest(cells[REPORTED_OPTIONS["Russian camp"]] >= 0)
    known = ~np.isnan(shares).any((1, 2)) & keep
    rows, parts, seen = [], [], set()
    for options in crossed(choices, made=False):
        cell = cells[(REPORTED_OPTIONS | options)["Russian camp"]]
        wants = {every[0]: REPORTED_OPTIONS[every[0]]} | options
        used = np.flatnonzero(m.kept(wants, (cell >= 0) & known, largest))
        at = pd.factorize(event[used])[0]
        for made in crossed(choices, made=True) if len(used) else ():
            one, article = _other(made, "announcements"), _other(made, "weighting")
            unit = pd.factorize(by_service(m.served[used], at)[at])[0] if one else at
            told = panel.take(used, unit)
            sums = told.event_sums(cell[used], len(c.weights), "article" if article else "event")
            same = (*(x.tobytes() for x in (used, cell[used], unit)), sums.mass.tobytes())
            if (sums.mass > 0).sum(0).min() >= min(LEAST_EVENTS) and same not in seen:
                seen.add(same)
                rows.append(options | made | {"n_articles": len(used), "n_events": len(sums.mass)})
                parts.append(sums)
    bounds, of = np.zeros(0), (list(c.weights.values()), list(RULES.values()))
    if rows:
        bounds, effective = stats.stacked_contrasts(parts, *of)
        rows = [row | {"effective": n} for row, n in zip(rows, effective, strict=True)]
    return _tables(wanted, choices, rows, bounds, list(RULES), LEAST_EVENTS[0])


def _cell(a: pd.DataFrame, camp: np.ndarray, c: Contrast) -> np.ndarray:
    """Position of each article's cell, -1 for none; a contrast of camps is of named events."""
    direction = a["direction"].astype(str)
    if "camp" not in c.by:
        return c.groups.get_indexer(direction)
    keys = pd.MultiIndex.from_arrays([np.array([*TOWARD, ""])[camp], direction])
    return np.where(a["event"] == "general", -1, c.groups.get_indexer(keys))


def _tables(wanted, choices, rows, bounds, rules, least: float) -> dict[str, pd.DataFrame]:
    """Curve of each estimate: see `curves`. `bounds` are (rules, S, estimates * variants, 3)."""
    bounds = bounds.reshape(len(rules), len(rows), len(wanted), len(_VARIANTS), 3)
    made, out = [c for c in choices if c != "codes"], {}
    frame = pd.DataFrame(rows, columns=[*made, "n_articles", "n_events", "effective"])
    for i, w in enumerate(wanted):
        parts = []
        for v, variant in enumerate(_VARIANTS if "codes" in choices else _VARIANTS[:1]):
            own = bounds[:, :, i, v]
            if any(np.array_equal(own, bounds[:, :, i, u], equal_nan=True) for u in range(v)):
                continue  # the passes give the same codes, or there is but one
            t = frame.assign(codes=variant, value=own[0, :, 0])
            for rule, (low, high) in zip(rules, np.moveaxis(own[..., 1:], 2, 1), strict=True):
                t[rule] = np.where(np.isnan(low), np.nan, (low > 0) | (high < 0))
            t[["low", "high"]] = own[0, :, 1:]
            t.loc[t["effective"] < least, ["low", "high"]] = np.nan
            parts.append(t)
        out[w.name] = _finished(pd.concat(parts, ignore_index=True))
    return out


def _finished(t: pd.DataFrame) -> pd.DataFrame:
    """A curve in its order, lowest first, which says what is as reported and what leaves zero."""
    t["excludes_zero"] = stats.excludes_zero(t)
    own = [t[c] == REPORTED_OPTIONS[c] for c in t.columns.intersection(list(CHOICES))]
    t["reported"] = np.logical_and.reduce(own) if len(t) else False
    # rounded: last digits, which processors differ in, order nothing
    by = t["value"].round(9).argsort(kind="stable")
    return t.iloc[by].reset_index(drop=True)


def curves(m: Material) -> dict[str, pd.DataFrame]:
    """Every curve, by estimate.

    A curve has a row for each specification, sorted by value: the options, `value`, `low`, `high`
    (no interval with too few events), `excludes_zero`, whether it does by each of the `RULES`,
    `effective` (events of the thinnest cell or direction), `n_articles`, `n_events`, `reported`.
    """
    tables = {}
    single = [p for p in PAIRED.values() if p.code]
    for _, alike in groupby(single, lambda p: p.column):
        tables |= paired(m, list(alike))
    for _, alike in groupby(HEADLINES.values(), lambda e: (e.of().column, *e.of().weights)):
        tables |= unpaired(m, list(alike))
    return tables
