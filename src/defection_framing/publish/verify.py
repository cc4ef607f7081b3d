"""The drift contract: does a fresh run of the study support what is committed?

In one environment a run repeats to the byte. On another processor the last digits move, and with
them, through the bootstrap and the clustering, the second or third digit of an estimate. What must
not move are the conclusions. This module says which of the two happened.
"""

import io
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from .. import settings
from . import ledger, run

ABSOLUTE = 0.02
"""Tolerance of an estimate, in its own unit: two points of a share, 0.02 of an index.

No sentence of the study rests on less. A choice, not a derivation.
"""
OF_INTERVAL = 0.10
"""Tolerance as a share of the committed interval's width, where that is more than `ABSOLUTE`.

The end of a 95% percentile interval from 2,000 draws has a Monte Carlo standard error of about
1.5% of the interval's width (for a normal statistic), so drawing alone stays well within it.
"""
JACCARD = 0.5
"""A topic is the same topic if it shares at least this much of its claims (Jaccard index)."""
LEVEL = 0.05
"""A test speaks below this q (below this p, where no q is given)."""

_VALUES = ["value", "low", "high", "p", "q"]
_COUNTS = ["n_articles", "n_events"]


class VerifyError(settings.DefectionError):
    """Nothing to compare; the message says what to do first."""


@dataclass
class Comparison:
    """What a fresh run and the committed outputs have in common.

    Attributes
    ----------
    files : list of str
        Files that differ, with how (`differs`, `not made by the run`, `not committed`).
    within, beyond : list of str
        Estimates that moved within and beyond the tolerance, with how much.
    changed : list of str
        Conclusions that the fresh run does not support.
    same_machine : bool
        Whether the last digits of both rest on the same (see `machine`).
    """

    files: list[str] = field(default_factory=list)
    within: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same_machine: bool = False

    @property
    def verdict(self) -> str:
        """`identical`, `within tolerance`, `conclusions hold` or `conclusions changed`.

        `conclusions hold` is said where values moved beyond the tolerance and every conclusion
        is still the same.
        """
        if self.changed:
            return "conclusions changed"
        if self.beyond:
            return "conclusions hold"
        return "within tolerance" if self.files or self.within else "identical"

    @property
    def fails(self) -> bool:
        """Whether a conclusion changed, or an estimate moved where nothing can make it move."""
        return bool(self.changed or (self.same_machine and (self.beyond or self.within)))

    def __str__(self) -> str:
        """Report for a reader: the verdict, then what it rests on."""
        tolerance = f"{ABSOLUTE} or {OF_INTERVAL:.0%} of the interval's width, whichever is larger"
        parts = [
            ("Conclusions that changed", self.changed),
            (f"Estimates beyond tolerance ({tolerance})", self.beyond),
            (f"Estimates within tolerance ({tolerance})", self.within),
            ("Files that are not the same to the byte", self.files),
        ]
        lines = [f"verdict: {self.verdict}"]
        if self.same_machine and self.fails and not self.changed:
            lines.append("Estimates moved in the environment that they were committed from.")
        for title, items in parts:
            if items:
                lines += ["", f"{title}: {len(items)}", *(f"  - {item}" for item in items)]
        return "\n".join(lines)


def verify() -> Comparison:
    """Compare the outputs of the last run, in the work tree, with those committed in HEAD.

    Raises
    ------
    VerifyError
        If something changed since the last run, or nothing is committed to compare with.
    """
    if settings.data_dir() != settings.ROOT / "data":
        raise VerifyError(
            "Only the repository's own study is committed and can be verified: "
            "unset DEFECTION_DATA first."
        )
    if changed := run.outdated():
        raise VerifyError(
            f"Not run since something changed: {', '.join(changed)}. Run `make study` first."
        )
    committed = _committed()
    if "data/derived/estimates.csv" not in committed:
        raise VerifyError(
            "No outputs are committed yet (data/derived/estimates.csv is not in HEAD): "
            "run `make study` and commit what it makes."
        )
    result = Comparison(files=_differing_files(committed))
    here = settings.derived_dir() / "machine.txt"
    was = committed.get("data/derived/machine.txt")
    result.same_machine = here.exists() and here.read_bytes() == was
    _compare_topics(committed, result)
    _compare_estimates(committed, result)
    result.changed += ledger.stale()
    return result


def _committed() -> dict[str, bytes]:
    """Committed outputs of the study, path -> content."""
    git = ["git", "-C", str(settings.ROOT)]
    listing = subprocess.run(
        [*git, "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", "data/derived", "figures",
         "notebooks", "README.md"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [name for name in listing.stdout.split("\0") if name]
    return {
        name: subprocess.run([*git, "show", f"HEAD:{name}"], capture_output=True, check=True).stdout
        for name in names
    }


def _differing_files(committed: dict[str, bytes]) -> list[str]:
    folders = (settings.derived_dir(), settings.figures_dir(), settings.notebooks_dir())
    made = [p for f in folders for p in f.rglob("*") if ".ipynb_checkpoints" not in p.parts]
    made = [*filter(Path.is_file, made), settings.ROOT / "README.md"]
    fresh = {path.relative_to(settings.ROOT).as_posix() for path in made}
    lines = []
    for name in sorted(committed.keys() | fresh):
        if name not in fresh:
            lines.append(f"{name}: not made by the run")
        elif name not in committed:
            lines.append(f"{name}: not committed")
        elif (settings.ROOT / name).read_bytes() != committed[name]:
            lines.append(f"{name}: differs")
    return lines


def _tables(name: str, committed: dict[str, bytes], **reading) -> list[pd.DataFrame]:
    """Committed and fresh version of a derived table; an absent one is a table without rows."""
    path = settings.derived_dir() / name
    old = committed.get(f"data/derived/{name}")
    new = path.read_bytes() if path.exists() else None
    some = old or new
    if some is None:
        return []
    none = some.split(b"\n")[0] + b"\n"
    return [pd.read_csv(io.BytesIO(content or none), **reading) for content in (old, new)]


def _compare_topics(committed: dict[str, bytes], result: Comparison) -> None:
    """Say which committed topics no fresh topic stands for; their numbers may swap."""
    tables = _tables("claim_topics.csv", committed, dtype={"claim_id": str, "topic": int})
    if not tables:
        return
    old, new = ({t: set(g) for t, g in x.groupby("topic")["claim_id"] if t >= 0} for x in tables)
    for topic, claims in old.items():
        best = max((len(claims & other) / len(claims | other) for other in new.values()), default=0)
        if best < JACCARD:
            result.changed.append(
                f"topic {topic} ({len(claims)} claims) vanished: the nearest fresh topic has a "
                f"Jaccard index of {best:.2f} with it, under {JACCARD}"
            )


def _compare_estimates(committed: dict[str, bytes], result: Comparison) -> None:
    old, new = (table.set_index("name") for table in _tables("estimates.csv", committed))
    for table, which in ((old, "committed"), (new, "fresh")):
        twice = table.index[table.index.duplicated()]
        if len(twice):
            raise VerifyError(
                f"The {which} estimates.csv has {twice[0]} twice: give each estimate a name of its "
                "own."
            )
    for name in sorted(new.index.difference(old.index)):
        result.beyond.append(f"{name}: not committed")
    for name, was in old.iterrows():
        if name not in new.index:
            result.changed.append(f"{name}: no longer estimated")
            continue
        now = new.loc[name]
        result.changed += [f"{name}: {change}" for change in _changes(was, now)]
        moved, beyond = _moves(was, now)
        if moved:
            (result.beyond if beyond else result.within).append(f"{name}: {', '.join(moved)}")


def _changes(was: pd.Series, now: pd.Series) -> list[str]:
    """Say which conclusions about one estimate do not hold any more.

    Zero is *inside* an interval only if it is strictly so: a share's interval may begin at zero
    and says nothing by it. A sign counts where an interval settles it, or where there is no
    interval and the estimate moved by more than the tolerance; else it was never concluded.
    """

    def inside(row):
        return row["low"] < 0 < row["high"]

    def bounded(row):
        return not (np.isnan(row["low"]) or np.isnan(row["high"]))

    def speaks(row):
        return (row["p"] if np.isnan(row["q"]) else row["q"]) < LEVEL

    changes = []
    if bounded(was) and bounded(now):
        if inside(was) != inside(now):
            verb = "now includes" if inside(now) else "no longer includes"
            changes.append(f"the interval {verb} zero ({_interval(was)} -> {_interval(now)})")
        settled = not (inside(was) and inside(now))
    else:
        settled = abs(now["value"] - was["value"]) > ABSOLUTE
    if was["value"] * now["value"] < 0 and settled:
        changes.append(f"the sign changed ({was['value']:.3g} -> {now['value']:.3g})")
    if speaks(was) != speaks(now):
        test = "p" if np.isnan(was["q"]) and np.isnan(now["q"]) else "q"
        changes.append(f"{test} crossed {LEVEL} ({was[test]:.3g} -> {now[test]:.3g})")
    return changes


def _interval(row: pd.Series) -> str:
    return f"{row['low']:.3g} to {row['high']:.3g}"


def _moves(was: pd.Series, now: pd.Series) -> tuple[list[str], bool]:
    """Columns that differ, with old and new value, and whether any is beyond tolerance."""
    width = was["high"] - was["low"]
    tolerance = max(ABSOLUTE, OF_INTERVAL * width) if np.isfinite(width) else ABSOLUTE
    moved, beyond = [], False
    for column in _VALUES + _COUNTS:
        a, b = was[column], now[column]
        if a == b or (np.isnan(a) and np.isnan(b)):
            continue
        moved.append(f"{column} {a:.6g} -> {b:.6g}")
        # A number that came or went is a NaN here and never within tolerance; nor is a count.
        beyond |= column in _COUNTS or not abs(a - b) <= tolerance
    return moved, beyond
