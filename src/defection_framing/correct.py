"""Correct shares computed from machine codes by a sample that was coded by better coders.

Codes by a machine err, and not alike everywhere, so shares and contrasts computed from them are
biased. Where a random sample of the same corpus was coded by persons with known inclusion
probabilities, three estimates stand side by side:

* `naive`: from the machine's codes alone;
* `sample`: from the persons' codes alone, weighted by one over the inclusion probability;
* `corrected`: `sample` + lambda * (machine's codes everywhere - machine's codes in the sample).

In the bracket both terms estimate the same quantity, whatever the machine's errors, so that the
corrected estimate is as free of bias as the sample's; lambda, from 0 to 1, is the one that makes a
group's shares most precise. This is prediction-powered inference (Angelopoulos, Bates, Fannjiang,
Jordan & Zrnic 2023, Science 382) with power tuning (Angelopoulos, Duchi & Zrnic 2023, PPI++,
arXiv:2311.01453); with unequal probabilities it is the design-based supervised learning of Egami,
Hinck, Stewart & Wei (2023, Advances in Neural Information Processing Systems 36). The package
`ppi-python` has weights but no clusters, and articles on one event are not independent: hence this
module, tested against its formula where each unit is a cluster of its own. Intervals are those of
`compare`, from a bootstrap of whole events.
"""

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from . import compare, human, model_card, report, settings, simulations
from .compare import DRAWS, MIN_EVENTS
from .corpus import Corpus
from .settings import SEED
from .sheets import SheetError

METHODS = ("naive", "corrected", "sample")

CODED = frozenset(code for codes in human.CODES.values() for code in codes)
"""Columns that are codes, and so may err; other columns that group articles are known."""


@dataclass(frozen=True)
class Estimates:
    """Shares of K codes in G groups by one method: what `compare` needs to give intervals.

    Attributes
    ----------
    groups, codes : pd.Index, lengths G and K
    value : np.ndarray, shape (G, K)
        NaN in groups that the method has nothing of.
    draws : np.ndarray, shape (B, G, K)
        The same under resampled events.
    n : pd.DataFrame, G rows
        `n_articles` (of the corpus, the most that an interval's sample size can be), `n_events`
        and `effective_events` (Kish 1965; those of the sample, but for `naive`).
    sums : np.ndarray, shape (events, G, K)
        What each event adds to the shares: weights by the codes that `n` counts events of.
    """

    groups: pd.Index
    codes: pd.Index
    value: np.ndarray
    draws: np.ndarray
    n: pd.DataFrame
    sums: np.ndarray

    @property
    def mass(self) -> np.ndarray:
        """Weight of each event in each group, shape (events, G)."""
        return self.sums.sum(2)

    def at(self, group: Hashable) -> int:
        """Position of a group."""
        return self.groups.get_loc(group)


def shares(
    machine: pd.DataFrame,
    coded: pd.DataFrame,
    column: str,
    by: Sequence[str] = (),
    draws: int = DRAWS,
    seed: int = SEED,
) -> dict[str, Estimates]:
    """Event-weighted shares of codes in groups: naive, corrected, and from the sample alone.

    An event's weight is shared by its articles (those with the same values of the known columns of
    `by`, such as the teller's camp), an article's weight by its claims.

    Parameters
    ----------
    machine : pd.DataFrame
        All units, indexed by unit: `article_id`, `cluster`, the columns of `by`, and `column`, the
        machine's code; missing codes are open.
    coded : pd.DataFrame
        The sample, indexed by some of those units: `probability` (of inclusion), `column`, and
        those columns of `by` that were coded anew.
    column : str
        Single codes.
    by : sequence of str
        Columns whose combinations are the groups; with none, the one group is `all`.
    draws, seed
        As in `compare.shares`.

    Returns
    -------
    dict of str to Estimates
        By `METHODS`, over the same groups and codes.
    """
    given = machine.loc[coded.index]
    given = given.assign(**{c: coded[c] for c in (column, *by) if c in coded})
    groups = pd.Index(sorted({*_groups(machine, by).dropna(), *_groups(given, by).dropna()}))
    names = pd.Index(sorted({*machine[column].dropna(), *given[column].dropna()}), name=column)
    weight = _weights(machine, by)
    once = weight[coded.index] / coded["probability"]
    event = pd.Series(pd.factorize(machine["cluster"], sort=True)[0], machine.index)
    parts, articles = [], []
    for table, w in ((machine, weight), (machine.loc[coded.index], once), (given, once)):
        rows = (event[table.index], _groups(table, by), table[column])
        parts.append(_sums(*rows, w, event.max() + 1, groups, names))
        articles.append(table["article_id"][table[column].notna()].groupby(rows[1]).nunique())
    most = pd.concat(articles, axis=1).max(axis=1).reindex(groups, fill_value=0)
    return combine(*parts, most.to_numpy(), groups, names, draws, seed)


def _weights(table: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Weight of each unit: its event's, shared by the articles, an article's by its units."""
    article = table["article_id"]
    known = [table[c] for c in ("cluster", *by) if c not in CODED]
    of_event = article.groupby(known, observed=True).transform("nunique")
    return 1 / (article.groupby(article).transform("size") * of_event)


def _groups(table: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Group of each unit, missing where a column of it is."""
    if not by:
        return pd.Series("all", table.index)
    columns = table[list(by)].astype(object)
    cells = columns[by[0]] if len(by) == 1 else pd.Series([*columns.itertuples(index=False,
                                                          name=None)], table.index)  # fmt: skip
    return cells.where(columns.notna().all(axis=1))


def _sums(unit, group, code, weight, n_units, groups, names) -> np.ndarray:
    """Weights summed by unit, group and code, shape (n_units, G, K)."""
    at = groups.get_indexer(group), names.get_indexer(code.astype(object))
    kept = (at[0] >= 0) & (at[1] >= 0)
    out = np.zeros((n_units, len(groups), len(names)))
    np.add.at(out, (np.asarray(unit)[kept], at[0][kept], at[1][kept]), np.asarray(weight)[kept])
    return out


def combine(machine, guessed, given, articles, groups, names, draws=DRAWS, seed=SEED):
    """`shares` from sums by event, for simulations that compute them thousands of times.

    Parameters
    ----------
    machine, guessed, given : np.ndarray, shape (E, G, K)
        Weights (over inclusion probabilities) summed by event, group and code: by the machine's
        codes everywhere, by its codes in the sample, and by the sample's own.
    articles : np.ndarray, shape (G,)
        Articles of each group.
    groups, names : pd.Index, lengths G and K
    draws, seed
        As in `compare.shares`.

    Returns
    -------
    dict of str to Estimates
    """
    evenly = np.full(len(machine), 1 / len(machine))
    times = np.random.default_rng(seed).multinomial(len(machine), evenly, size=draws)
    (naive, naives), (twin, twins), (value, values) = (
        _shares(sums, times) for sums in (machine, guessed, given)
    )
    # Where the machine gave a group, or persons a code, to nothing in the sample (or the code to
    # everything), nothing says how surely the machine's codes correct: the sample stands alone.
    alone = np.isnan(twin) | (value == 0) | (value == 1)
    tuned = np.where(alone, 0, _tuned(values, naives - twins))
    gap, gaps = (np.where(tuned > 0, tuned * x, 0) for x in (naive - twin, naives - twins))
    n, n_sample = (_n(sums, articles).set_axis(groups) for sums in (machine, given))
    return {
        "naive": Estimates(groups, names, naive, naives, n, machine),
        "corrected": Estimates(
            groups, names, (value + gap).clip(0, 1), values + gaps, n_sample, given
        ),
        "sample": Estimates(groups, names, value, values, n_sample, given),
    }


def _shares(sums, times):
    """Shares (G, K) and their bootstrap draws (B, G, K)."""
    mass = sums.sum(2)
    with np.errstate(invalid="ignore"):
        value = sums.sum(0) / mass.sum(0)[:, None]
        drawn = (times @ sums.reshape(len(sums), -1)).reshape(-1, *sums.shape[1:])
        drawn /= (times @ mass)[:, :, None]
    return value, np.where(np.isnan(value), 0, drawn)  # empty groups: no value, and no spread


def _tuned(sample, gaps):
    """Lambda of each group, 0 to 1, with which its corrected shares vary least in sum (PPI++).

    One for all codes: fitted code by code, rare ones would seem surer than they are.
    """
    there = ~np.isnan(sample + gaps)  # a draw can leave a group empty
    n = np.maximum(there.sum(0), 1)
    first, second = (np.where(there, x, 0) for x in (sample, gaps))
    first, second = (np.where(there, x - x.sum(0) / n, 0) for x in (first, second))
    spread = (second**2).sum((0, 2))
    tuned = -(first * second).sum((0, 2)) / np.where(spread > 0, spread, np.inf)
    return np.clip(tuned, 0, 1)[:, None]


def _n(sums, articles) -> pd.DataFrame:
    """Articles, events, and effective events of each group."""
    mass = sums.sum(2)
    squares = (mass**2).sum(0)
    effective = mass.sum(0) ** 2 / np.where(squares > 0, squares, np.inf)
    n_events = (mass > 0).sum(0)
    return pd.DataFrame(
        {"n_articles": articles, "n_events": n_events, "effective_events": effective}
    )


# From the sheets that people filled in.

CONTRASTS = {
    "to Russia minus to Ukraine": compare.TO_RUSSIA,
    "exits minus crossings, Ukrainian side": {"ua_exit": 1, "ua_to_ru": -1},
    "exits minus crossings, Russian side": {"ru_exit": 1, "ru_to_ua": -1},
    "toward minus away, mean of camps": dict(zip(compare.CELLS, (0.5, -0.5) * 2, strict=True)),
}
"""Contrasts of groups that are corrected, by name: of directions, and of camp and direction."""


def quantities(s: Estimates, column: str) -> pd.DataFrame:
    """All shares, the `CONTRASTS` of the groups there are, and the mirror index of frames.

    Returns
    -------
    pd.DataFrame
        Index: `comparison` (column and group, or column and contrast), `code`. Columns `value`,
        `low`, `high` (as `compare.prevalence` and `compare.contrast` give them: none where a group
        has fewer than `MIN_EVENTS` effective events), `n_articles`, `n_events` (of the smallest
        group).
    """
    plan = {" ".join(g) if isinstance(g, tuple) else g: {g: 1} for g in s.groups}
    plan |= {name: w for name, w in CONTRASTS.items() if set(w) <= set(s.groups)}
    n = s.n[["n_articles", "n_events", "effective_events"]].to_numpy()
    columns = ["value", "low", "high", "n_articles", "n_events", "effective"]
    rows, index = [], [(f"{column}: {name}", code) for name in plan for code in s.codes]
    for weights in plan.values():
        own = n[[s.at(g) for g in weights]]
        least = (own[:, 0].sum(), *own[:, 1:].min(0))
        rows += [(*x, *least) for x in zip(*compare.combined(s, weights), strict=True)]
    if column == "frame" and set(compare.CELLS) <= set(s.groups):
        own = n[[s.at(g) for g in compare.CELLS]]
        index.append(("mirror index", "all frames"))
        rows.append(
            (*compare.index_interval(s, compare.CELLS), own[:, 0].sum(), *own[:, 1:].min(0))
        )
    index = pd.MultiIndex.from_tuples(index, names=["comparison", "code"])
    table = pd.DataFrame(rows, index, columns, dtype=float)
    table.loc[~(table.pop("effective") >= MIN_EVENTS), ["low", "high"]] = np.nan
    return table


_COMPARED = (
    ("article", "direction", ()),
    ("article", "portrayal", ("direction",)),
    ("article", "portrayal", ("side", "direction")),
    ("claim", "frame", ("direction",)),
    ("claim", "frame", ("side", "direction")),
    ("claim", "voice", ("direction",)),
)


def from_sheets(folder: Path, key: Path | None = None) -> pd.DataFrame:
    """Correct the machine's shares and contrasts by the codes in filled sheets.

    An article's direction is corrected with its portrayal; claims were coded without their
    articles, so the direction of these stays the machine's.

    Parameters
    ----------
    folder, key
        As for `human.human_codes`.

    Returns
    -------
    pd.DataFrame
        Index: `comparison`, `code`. For each of `METHODS` its estimate and `_low`, `_high`
        (shares, 0 to 1, and differences, -1 to 1); `n_coded` (articles or claims that people coded,
        of all groups), `n_events` (of the sample, in the smallest group compared).

    Raises
    ------
    SheetError
        As `human.human_codes`, or if fewer than `MIN_EVENTS` events are coded.
    """
    codes, units = human.human_codes(folder, key), human.population(folder, key)
    if codes["cluster"].nunique() < MIN_EVENTS:
        raise SheetError(
            f"The sheets in {folder} have codes for {codes['cluster'].nunique()} events; an "
            f"interval needs {MIN_EVENTS}: fill in more rows, from the top."
        )
    parts = []
    for unit, column, by in _COMPARED:
        own = codes[codes["unit"] == unit]
        if column not in set(own["code"]):
            continue
        machine = units[unit]
        if unit == "claim":
            machine = machine.assign(direction=machine["article_direction"])
        given = own.pivot(index="id", columns="code", values=["human", "probability"])
        asked = [c for c in (column, *by) if c in given["human"]]
        given = given[given["human"][asked].notna().all(axis=1)]
        coded = given["human"][asked].assign(
            probability=given["probability"][asked].astype(float).min(axis=1)
        )
        if "side" in by:
            machine = machine[machine["side"].isin([*compare.TOWARD])]
            coded = coded[coded.index.isin(machine.index)]
        if coded.empty:
            continue
        machine, coded = (_within(table, by) for table in (machine, coded))
        made = shares(machine, coded, column, by)
        tables = {method: quantities(made[method], column) for method in METHODS}
        wide = pd.concat(tables, axis=1)
        wide.columns = [m if what == "value" else f"{m}_{what}" for m, what in wide]
        wide = wide.rename(columns={"sample_n_events": "n_events"})
        parts.append(wide.assign(n_coded=len(coded)))
    if not parts:
        raise SheetError(
            f"The sheets in {folder} have no codes of direction, portrayal, frame or voice: fill "
            "in one of these columns."
        )
    # Noise pulls the mirror index down, the more the smaller the sample.
    table = pd.concat(parts).drop(index="mirror index", level=0, errors="ignore")
    kept = [m + end for m in METHODS for end in ("", "_low", "_high")] + ["n_coded", "n_events"]
    return table[kept].astype({"n_coded": int, "n_events": int})


def _within(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Leave out, as groups, what is not about leaving, and within camps what is no crossing."""
    if "direction" not in by or "direction" not in table:
        return table
    direction = table["direction"]
    wanted = direction.isin([*compare.TO_RUSSIA]) if "side" in by else direction != human.NOT_ABOUT
    return table.assign(direction=direction.where(wanted, None))


def write_table(out: Path, folder: Path | None = None, key: Path | None = None) -> str:
    """Write `derived/corrected.csv` of a corpus from filled sheets, and say what changed most.

    Parameters
    ----------
    out : Path
        Folder of the corpus.
    folder : Path, optional
        Folder of the sheets; by default those of the corpus's first review.
    key : Path, optional
        As for `human.human_codes`.

    Returns
    -------
    str
        To be printed.
    """
    reviews = [Path(out) / name for name in ("review-1", "review")]
    if folder is None and not any(path.is_dir() for path in reviews):
        raise SheetError(
            f"{out} holds no review: draw a sample to be coded, by `defection-framing review DIR` "
            "for a corpus that classifiers coded or `defection-framing blind-sheet` for another, "
            "and name its folder by --sheets."
        )
    folder = folder or next(path for path in reviews if path.is_dir())
    table = from_sheets(folder, key)
    path = Path(out) / "derived" / "corrected.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(path, table.to_csv(float_format="%.10g", lineterminator="\n"))
    sure = table[table["corrected_low"].notna()]
    moved = (sure["corrected"] - sure["naive"]).abs().sort_values(ascending=False, kind="stable")
    shown = sure.loc[moved.index[:_SHOWN]]
    summary = (
        f"{len(table):,} shares and contrasts corrected by the codes in {folder}, {len(sure):,} of "
        f"them from events enough for an interval. All of them: {path}."
    )
    if sure.empty:
        return summary

    def said(row, method):
        value, low, high = (row[method + end] for end in ("", "_low", "_high"))
        return f"{value:.2f}" + ("" if np.isnan(low) else f" [{low:.2f} to {high:.2f}]")

    text = pd.DataFrame({m: shown.apply(said, axis=1, method=m) for m in METHODS})
    return f"The largest corrections that have an interval:\n{text.to_string()}\n{summary}"


_SHOWN = 12  # rows of the table that is printed


# Does it hold? A simulation on the coded corpus.

SHARE_CODED = 0.25
"""Share of the articles whose codes the simulation takes as known."""

_INNER = 400  # bootstrap draws inside the simulation


def left_out_path() -> Path:
    """Where the machine's codes of left-out events are kept."""
    return simulations.folder() / "left_out_codes.csv"


def keep_left_out_codes(loaded: Corpus) -> None:
    """Compute `model_card.left_out_codes` (minutes) and keep them with their inputs' checksums."""
    codes = model_card.left_out_codes(loaded)
    simulations.folder().mkdir(parents=True, exist_ok=True)
    report.write_text(left_out_path(), codes.to_csv(index=False, lineterminator="\n"))
    inputs = json.dumps(_learnt_from(), indent=1, sort_keys=True)
    report.write_text(left_out_path().with_suffix(".json"), inputs + "\n")


def left_out_stale() -> list[str]:
    """Name what changed since the codes of left-out events were computed."""
    then = json.loads(left_out_path().with_suffix(".json").read_text(encoding="utf-8"))
    now = _learnt_from()
    return simulations.changed(then, now)


def _learnt_from() -> dict[str, dict[str, str]]:
    package, data = Path(__file__).parent, settings.data_dir()
    return simulations.digests(
        ("coding", "encoder", "mask", "model_card"),
        [
            *(data / name for name in ("articles.csv", "claims.csv", "embeddings.json")),
            package / "sides.csv",
            *sorted((package / "coding_data").glob("*.csv")),
        ],
    )


def coverage(loaded: Corpus, replicates: int, seed: int) -> pd.DataFrame:
    """How often intervals from machine codes hold the value that the whole corpus's codes give.

    Each replicate draws the corpus's events with replacement, and `SHARE_CODED` of their articles
    at random, whose codes are taken as known; all articles have the codes of classifiers that did
    not learn from their event. Intervals allow for both draws. The direction of a coded article's
    claims is then known too; in sheets, claims are coded singly and their direction stays the
    machine's.

    Parameters
    ----------
    loaded : Corpus
    replicates, seed : int

    Returns
    -------
    pd.DataFrame
        One row per quantity of `quantities` and method (`METHODS`, and `all coded`: the corpus's
        own codes of all articles drawn): `value` (share of the replicates' 95% intervals that hold
        the corpus's value), `se`, `width` (mean, of shares 0 to 1), `bias` (mean error) and `sd` of
        the estimates, `truth`, `no_interval` (share of replicates with too few events for one).
        Empty where the codes of left-out events are not kept.
    """
    names = ["comparison", "code", "method"]
    numbers = ["value", "se", "width", "bias", "sd", "truth", "no_interval"]
    if not left_out_path().exists():
        return pd.DataFrame(columns=[*names, *numbers])
    designs = _designs(loaded)
    truth = pd.concat(quantities(d.whole(), name) for name, d in designs)["value"]
    found = []
    for own in tqdm(np.random.SeedSequence(seed).spawn(replicates), leave=False):
        rng = np.random.default_rng(own)
        drawn = [(name, design.draw(rng)) for name, design in designs]
        found += [
            pd.concat(quantities(made[m], name) for name, made in drawn).assign(method=m)
            for m in (*METHODS, "all coded")
        ]
    table = pd.concat(found).set_index("method", append=True)
    table["truth"] = truth.reindex(table.index.droplevel("method")).to_numpy()
    holds = (table["low"] <= table["truth"]) & (table["truth"] <= table["high"])
    table["holds"] = holds.astype(float).where(table["low"].notna())
    table["width"], table["bias"] = table["high"] - table["low"], table["value"] - table["truth"]
    by = table.groupby(level=names, sort=False)
    out = by[["width", "bias", "truth"]].mean().assign(sd=by["value"].std())
    n, hits = by["holds"].count(), by["holds"].sum()
    out["value"], out["no_interval"] = hits / n, 1 - n / replicates
    out["se"] = np.sqrt((hits + 2) * (n - hits + 2) / (n + 4) ** 3)  # Agresti & Coull (1998)
    return out.dropna(subset=["value"]).reset_index()[[*names, *numbers]]


class _Design:
    """Articles' weighted codes by group, from which corpora are drawn again and again."""

    def __init__(self, machine, true, column, by, groups):
        self.groups = pd.Index(groups)
        self.names = pd.Index(sorted({*machine[column], *true[column]}), name=column)
        article, ids = pd.factorize(true["article_id"], sort=True)
        rest = (_weights(true, by), len(ids), self.groups, self.names)
        self.machine, self.true = (
            _sums(article, _groups(t, by), t[column], *rest) for t in (machine, true)
        )
        cluster = true.groupby("article_id")["cluster"].first()
        self.events = [np.flatnonzero(cluster == c) for c in cluster.unique()]

    def draw(self, rng) -> dict[str, Estimates]:
        """Draw one corpus and its coded part, and estimate by every method."""
        events = [self.events[e] for e in rng.integers(len(self.events), size=len(self.events))]
        rows = np.concatenate(events)
        n_coded = round(SHARE_CODED * len(rows))
        times = np.zeros(len(rows))
        times[rng.choice(len(rows), n_coded, replace=False)] = len(rows) / n_coded
        machine, true, once = self.machine[rows], self.true[rows], times[:, None, None]
        drawn = (machine, machine * once, true * once, true)
        parts = [self._by_event(sums, events) for sums in drawn]
        articles, seed = (true.sum(2) > 0).sum(0), int(rng.integers(2**32))
        rest = (articles, self.groups, self.names, _INNER, seed)
        everything = combine(*parts[3:] * 3, *rest)["naive"]
        return combine(*parts[:3], *rest) | {"all coded": everything}

    def whole(self) -> Estimates:
        """Shares by all codes of the corpus itself."""
        sums = self._by_event(self.true[np.concatenate(self.events)], self.events)
        articles = (self.true.sum(2) > 0).sum(0)
        return combine(sums, sums, sums, articles, self.groups, self.names, _INNER)["naive"]

    @staticmethod
    def _by_event(sums, events):
        return np.add.reduceat(sums, np.cumsum([0, *map(len, events[:-1])]))


def _designs(loaded: Corpus) -> list[tuple[str, _Design]]:
    """Frames and portrayals by direction, alone and within the two camps, and the directions."""
    kept = pd.read_csv(left_out_path(), dtype=str, keep_default_na=False)
    kept = {unit: table.set_index("id") for unit, table in kept.groupby("unit")}
    claims, articles = loaded.claim_table(), loaded.article_table()
    for unit, table in (("article", articles), ("claim", claims)):
        missing = table.index.difference(kept[unit].index)
        if len(missing):
            raise simulations.SimulationError(
                f"{left_out_path().name} lacks {len(missing)} {unit}s, the first {missing[0]}: run "
                "`defection-framing code card`."
            )
    articles = articles.rename_axis("id").assign(article_id=articles.index)
    true, machine = {}, {}
    for unit, table in (("claim", claims), ("article", articles)):
        table = table.assign(side=table["camp"].map(compare.SIDES))
        codes = [c for c in ("frame", "portrayal", "direction") if c in table]
        true[unit] = table.astype({c: str for c in codes})
        guess = kept["article"].loc[table["article_id"]].set_axis(table.index)
        machine[unit] = table.assign(direction=guess["direction"], portrayal=guess["portrayal"])
    machine["claim"]["frame"] = kept["claim"]["frame"].loc[claims.index]
    directions = sorted({*compare.TO_RUSSIA, "ua_exit", "ru_exit"} & {*articles["direction"]})
    out = []
    for unit, column, by, groups in (
        ("claim", "frame", ["direction"], directions),
        ("claim", "frame", ["side", "direction"], compare.CELLS),
        ("article", "portrayal", ["side", "direction"], compare.CELLS),
        ("article", "direction", [], ["all"]),
    ):
        own = true[unit]
        if "side" in by:
            own = own[own["side"].isin([*compare.TOWARD])]
        out.append((column, _Design(machine[unit].loc[own.index], own, column, by, groups)))
    return out
