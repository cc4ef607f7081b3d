"""Correct shares computed from machine codes by a sample that was coded by better coders.

Codes by a machine err, and not alike everywhere, so shares and contrasts computed from them are
biased. Where a random sample of the same corpus was coded by persons with known inclusion
probabilities, three estimates stand side by side:

* `naive`: from the machine's codes alone;
* `sample`: from the persons' codes alone, weighted by one over the inclusion probability;
* `corrected`: `sample` + lambda * (machine's codes everywhere - machine's codes in the sample).

In the bracket both terms estimate the same quantity, whatever the machine's errors; lambda, from 0
to 1, is the one that makes a group's shares most precise. This is prediction-powered inference
(Angelopoulos, Bates, Fannjiang, Jordan & Zrnic 2023, Science 382) with power tuning (Angelopoulos,
Duchi & Zrnic 2023, PPI++, arXiv:2311.01453); with unequal probabilities it is the design-based
supervised learning of Egami, Hinck, Stewart & Wei (2023, Advances in Neural Information Processing
Systems 36). The package `ppi-python` has weights but no clusters, and articles on one event are not
independent: hence this module. Intervals are those of the study, from a bootstrap of whole events.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from .. import domain, settings, stats
from ..settings import SEED
from ..stats import DRAWS, MIN_EVENTS, Shares
from ..stats.weighted import resampled
from ..study import estimands
from ..study.codes import CLAIM_CODES
from . import human
from .sheets import CODES, NOT_ABOUT, SheetError

METHODS = ("naive", "corrected", "sample")
"""The estimates that stand side by side."""

_CODED = frozenset(code for codes in CODES.values() for code in codes)
# Columns that are codes, and so may err; other columns that group articles are known.

_SHOWN = 12  # rows of the table that is printed


def shares(
    machine: pd.DataFrame,
    coded: pd.DataFrame,
    column: str,
    by: Sequence[str] = (),
    draws: int = DRAWS,
    seed: int = SEED,
) -> dict[str, Shares]:
    """Event-weighted shares of codes in groups, by `METHODS`, over the same groups and codes.

    An event's weight is shared by its articles (those with the same values of the known columns of
    `by`, such as the teller's camp), an article's weight by its claims. `n_articles` are the
    corpus's, the most that an interval's sample size can be.

    `machine` has all units, by unit: `article_id`, `cluster`, the columns of `by` (whose
    combinations are the groups; with none, the one group is `all`), and `column`, the machine's
    code; missing codes are open. `coded` is the sample, some of those units: `probability` (of
    inclusion), `column`, and those columns of `by` that were coded anew.
    """
    twin = machine.loc[coded.index]
    given = twin.assign(**{c: coded[c] for c in (column, *by) if c in coded})
    groups = pd.Index(sorted({*_groups(machine, by).dropna(), *_groups(given, by).dropna()}))
    names = pd.Index(sorted({*machine[column].dropna(), *given[column].dropna()}), name=column)
    weight = _weights(machine, by)
    once = weight[coded.index] / coded["probability"]
    event = pd.Series(pd.factorize(machine["cluster"], sort=True)[0], machine.index)
    times = resampled(event.max() + 1, draws, seed)
    made, articles = [], []
    for table, own in ((machine, weight), (twin, once), (given, once)):
        group = _groups(table, by)
        at = event[table.index], groups.get_indexer(group), names.get_indexer(table[column])
        kept = (at[1] >= 0) & (at[2] >= 0)
        sums = np.zeros((len(times[0]), len(groups), len(names)))
        np.add.at(sums, tuple(np.asarray(x)[kept] for x in at), own.to_numpy()[kept])
        made.append(_shares(sums, times, groups, names))
        articles.append(table["article_id"][table[column].notna()].groupby(group).nunique())
    most = pd.concat(articles, axis=1).max(axis=1).reindex(groups, fill_value=0)
    naive, same, sample = (replace(s, n=s.n.assign(n_articles=most)) for s in made)
    # Where the machine gave a group, or persons a code, to nothing in the sample (or the code to
    # everything), nothing says how surely the machine's codes correct: the sample stands alone.
    alone = np.isnan(same.value) | (sample.value == 0) | (sample.value == 1)
    gap, gaps = naive.value - same.value, naive.draws - same.draws
    tuned = np.where(alone, 0, _tuned(sample.draws, gaps))
    gap, gaps = (np.where(tuned > 0, tuned * x, 0) for x in (gap, gaps))
    corrected = replace(sample, value=(sample.value + gap).clip(0, 1), draws=sample.draws + gaps)
    return {"naive": naive, "corrected": corrected, "sample": sample}


def _weights(table: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Weight of each unit: its event's, shared by the articles, an article's by its units."""
    article = table["article_id"]
    known = [table[c] for c in ("cluster", *by) if c not in _CODED]
    of_event = article.groupby(known, observed=True).transform("nunique")
    return 1 / (article.groupby(article).transform("size") * of_event)


def _groups(table: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Group of each unit, missing where a column of it is."""
    if not by:
        return pd.Series("all", table.index)
    columns = table[list(by)].astype(object)
    cells = columns.apply(tuple, axis=1) if len(by) > 1 else columns[by[0]]
    return cells.where(columns.notna().all(axis=1))


def _shares(sums: np.ndarray, times: np.ndarray, groups: pd.Index, names: pd.Index) -> Shares:
    """Shares by what each event adds to their numerators, with events and effective events."""
    mass = sums.sum(2)
    squares = (mass**2).sum(0)
    with np.errstate(invalid="ignore"):
        value = sums.sum(0) / mass.sum(0)[:, None]
        drawn = (times @ sums.reshape(len(sums), -1)).reshape(-1, *sums.shape[1:])
        drawn /= (times @ mass)[:, :, None]
    drawn = np.where(np.isnan(value), 0, drawn)  # empty groups: no value, and no spread
    effective = mass.sum(0) ** 2 / np.where(squares > 0, squares, np.inf)
    n = {"n_articles": 0, "n_events": (mass > 0).sum(0), "effective_events": effective}
    return Shares(groups, names, value, drawn, pd.DataFrame(n, groups), sums, mass)


def _tuned(sample: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Lambda of each group, 0 to 1, with which its corrected shares vary least in sum (PPI++).

    One for all codes: fitted code by code, rare ones would seem surer than they are.
    """
    gone = np.isnan(sample + gaps)  # a draw can leave a group empty
    first, second = (np.ma.masked_where(gone, x) for x in (sample, gaps))
    first, second = first - first.mean(0), second - second.mean(0)
    tuned = -(first * second).sum((0, 2)) / (second**2).sum((0, 2))
    return np.clip(tuned.filled(0), 0, 1)[:, None]


COMPARED = {
    "to Russia minus to Ukraine": domain.TO_RUSSIA,
    "exits minus crossings, Ukrainian side": estimands.CONTRASTS["frame_exit_Ukrainian"].weights,
    "exits minus crossings, Russian side": estimands.CONTRASTS["frame_exit_Russian"].weights,
    "leaving minus coming, mean of the camps": estimands.CONTRASTS["frame_away"].weights,
}
"""Contrasts of groups that are corrected, of whatever code: weights of the study's cells."""


def quantities(s: Shares, column: str) -> pd.DataFrame:
    """All shares, and the `COMPARED` of the groups there are.

    Indexed by `comparison` (column and group, or column and contrast) and `code`: `value`, `low`,
    `high` (none where a group has fewer than `MIN_EVENTS` effective events), `n_articles`,
    `n_events` (of the smallest group).
    """
    plan = {" ".join(g) if isinstance(g, tuple) else g: {g: 1} for g in s.groups}
    plan |= {name: w for name, w in COMPARED.items() if set(w) <= set(s.groups)}
    tables = {}
    for name, weights in plan.items():
        table = np.transpose(stats.combined(s, weights))
        table = pd.DataFrame(table, s.codes, ["value", "low", "high"])
        n = s.n.iloc[[s.at(g) for g in weights]]
        if not n["effective_events"].min() >= MIN_EVENTS:
            table[["low", "high"]] = np.nan
        n = {"n_articles": n["n_articles"].sum(), "n_events": n["n_events"].min()}
        tables[f"{column}: {name}"] = table.assign(**n)
    return pd.concat(tables, names=["comparison", "code"])


_COMPARED = (
    ("direction", ()),
    ("portrayal", ("direction",)),
    ("portrayal", ("camp", "direction")),
    ("frame", ("direction",)),
    ("frame", ("camp", "direction")),
    ("voice", ("direction",)),
)


def from_sheets(folder: Path) -> pd.DataFrame:
    """Correct the machine's shares and contrasts by what people gave in a folder.

    An article's direction is corrected with its portrayal; claims were coded without their
    articles, so the direction of these stays the machine's. Indexed by `comparison`, `code`: for
    each of `METHODS` its estimate and `_low`, `_high`; `n_coded` (articles or claims that people
    coded, of all groups), `n_events` (of the sample, in the smallest group compared).
    """
    codes, units = human.human_codes(folder), human.population(folder)
    if codes["cluster"].nunique() < MIN_EVENTS:
        raise SheetError(
            f"In {folder} there are codes for {codes['cluster'].nunique()} events; an interval "
            f"needs {MIN_EVENTS}: code more, from the top."
        )
    parts = []
    for column, by in _COMPARED:
        machine, coded = _coded(codes, units, column, by)
        if not coded.empty:
            made = shares(machine, coded, column, by)
            wide = pd.concat({m: quantities(made[m], column) for m in METHODS}, axis=1)
            wide.columns = [m if what == "value" else f"{m}_{what}" for m, what in wide]
            wide = wide.rename(columns={"sample_n_events": "n_events"})
            parts.append(wide.assign(n_coded=len(coded)))
    if not parts:
        raise SheetError(f"In {folder} there are no codes that a share is made of.")
    table = pd.concat(parts)
    kept = [m + end for m in METHODS for end in ("", "_low", "_high")] + ["n_coded", "n_events"]
    return table[kept].astype({"n_coded": int, "n_events": int})


def _coded(codes, units, column: str, by: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All units with the machine's codes, and those that people coded, as `shares` takes them."""
    unit = "claim" if column in CLAIM_CODES else "article"
    own = codes[codes["unit"] == unit]
    if column not in set(own["code"]):
        return pd.DataFrame(), pd.DataFrame()
    machine = units[unit]
    if unit == "claim":
        told = codes[(codes["unit"] == "article") & (codes["code"] == "direction")]
        told = machine["article_id"].map(told.set_index("id")["human"])
        # Where the model left the direction of an article open, a person's stands for it.
        machine = machine.assign(direction=machine["article_direction"].fillna(told))
    given = own.pivot(index="id", columns="code", values=["human", "probability"])
    asked = [c for c in (column, *by) if c in given["human"]]
    given = given[given["human"][asked].notna().all(axis=1)]
    probability = given["probability"][asked].astype(float).min(axis=1)
    coded = given["human"][asked].assign(probability=probability)
    if "camp" in by:
        machine = machine[machine["camp"].isin([*domain.TOWARD])]
        coded = coded[coded.index.isin(machine.index)]
    return _within(machine, by), _within(coded, by)


def _within(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Leave out, as groups, what is not about leaving, and within camps what is no crossing."""
    if "direction" not in by or "direction" not in table:
        return table
    direction = table["direction"]
    wanted = direction != NOT_ABOUT
    if "camp" in by:
        wanted = direction.isin([*domain.TO_RUSSIA])
    return table.assign(direction=direction.where(wanted, None))


def write_table(out: Path, folder: Path | None = None) -> str:
    """Write `derived/corrected.csv` of a corpus by what people gave, and say what changed most.

    They gave it in `folder`, by default that of the corpus's first review.
    """
    if not (folder or (out / "review").is_dir()):
        raise SheetError(
            f"{out} holds no review: draw a sample to be coded, by `defection-framing review DIR`, "
            "or for a corpus that no classifier coded by `blind-sheet`, and name its folder by "
            "--sheets."
        )
    folder = folder or out / "review"
    table = from_sheets(folder)
    path = out / "derived" / "corrected.csv"
    settings.write_text(path, table.to_csv(float_format="%.10g", lineterminator="\n"))
    sure = table[table["corrected_low"].notna()]
    moved = (sure["corrected"] - sure["naive"]).abs().sort_values(ascending=False, kind="stable")
    columns = ["naive", "corrected", "corrected_low", "corrected_high"]
    shown = sure.loc[moved.index[:_SHOWN], columns].to_string(float_format="%.2f")
    most = f"The largest corrections that have an interval:\n{shown}\n" if len(sure) else ""
    return (
        f"{most}{len(table):,} shares and contrasts corrected by the codes in {folder}, "
        f"{len(sure):,} of them from events enough for an interval. All of them: {path}."
    )
