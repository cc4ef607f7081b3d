"""The drift contract: does a fresh run of the study support what is committed?

In one environment a run repeats to the byte. On another processor last digits move, and with them
the second or third digit of an estimate. What must not move are the conclusions: the sentences of
finding and the titles of figures, each with its conditions.
"""

import io
import subprocess
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .. import settings
from ..settings import DefectionError
from . import ledger, pages, run

ABSOLUTE = 0.02
"""Tolerance of an estimate, in its own unit; no sentence rests on less. A choice."""
OF_INTERVAL = 0.10
"""Tolerance as a share of the committed interval's width, where that is more than `ABSOLUTE`.

The Monte Carlo error of an end of an interval from 2,000 draws is about 1.5% of its width."""
ESTIMATES, MACHINE = "data/derived/estimates.csv", "data/derived/machine.txt"
OUTPUTS = ("data/derived", "figures", "notebooks", "README.md")


@dataclass
class Comparison:
    """How a fresh run and the committed outputs differ: a line for each file, estimate, conclusion.

    Estimates moved `within` the tolerance or `beyond` it; `changed` are conclusions that the run
    does not support. On the `same_machine` (see `run.machine`) no estimate may move.
    """

    files: list[str] = field(default_factory=list)
    within: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same_machine: bool = False

    @property
    def verdict(self) -> str:
        """`conclusions hold` is said where values moved beyond the tolerance, and nothing else."""
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
        lines = [f"verdict: {self.verdict}"]
        if self.fails and not self.changed:
            lines.append("Estimates moved in the environment that they were committed from.")
        for title, items in (
            ("Conclusions that changed", self.changed),
            (f"Estimates beyond tolerance ({tolerance})", self.beyond),
            (f"Estimates within tolerance ({tolerance})", self.within),
            ("Files that are not the same to the byte, as `git status` says", self.files),
        ):
            if items:
                lines += ["", f"{title}: {len(items)}", *(f"  - {item}" for item in items)]
        return "\n".join(lines)


def verify() -> Comparison:
    """Compare the outputs of the last run, in the work tree, with those committed in HEAD.

    Raises
    ------
    DefectionError
        If something changed since the last run, or nothing is committed to compare with.
    """
    if settings.is_own():
        raise DefectionError("Only the repository's own study is verified: unset DEFECTION_DATA.")
    if changed := run.outdated():
        raise DefectionError(
            f"Not run since something changed: {', '.join(changed)}. Run `make study` first."
        )
    old = _git("show", f"HEAD:{ESTIMATES}")
    if not old:
        raise DefectionError(
            f"No outputs are committed yet ({ESTIMATES} is not in HEAD): run `make study` and "
            "commit what it makes."
        )
    result = Comparison(files=_git("status", "--short", "-uall", "--", *OUTPUTS).splitlines())
    moved = any(line.endswith(MACHINE) for line in result.files)
    result.same_machine = (settings.ROOT / MACHINE).is_file() and not moved
    tables = (pd.read_csv(io.StringIO(old)), ledger.read())
    was, now = (t.set_index("name")[ledger.COLUMNS].astype(float) for t in tables)
    _compare_estimates(was, now, result)
    result.changed += pages.stale()
    return result


def _git(*arguments: str) -> str:
    """What git says of the checkout; nothing where it has no such file."""
    command = ["git", "-C", str(settings.ROOT), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8").stdout


def _compare_estimates(old: pd.DataFrame, new: pd.DataFrame, result: Comparison) -> None:
    """Sort the estimates that moved: within the tolerance, or beyond it."""
    result.beyond += [f"{name}: not committed" for name in new.index.difference(old.index)]
    result.changed += [f"{name}: no longer estimated" for name in old.index.difference(new.index)]
    was, now = old.align(new, join="inner", axis=0)
    moved = (was != now) & ~(was.isna() & now.isna())
    tolerance = np.maximum(ABSOLUTE, OF_INTERVAL * (was["high"] - was["low"])).fillna(ABSOLUTE)
    # A number that came or went is a NaN here and never within tolerance; nor is a count.
    near = (was - now).abs().le(tolerance, axis=0)
    near[["n_articles", "n_events"]] = False
    beyond = (moved & ~near).any(axis=1)
    for name in was.index[moved.any(axis=1)]:
        own = was.columns[moved.loc[name]]
        said = ", ".join(f"{c} {was.at[name, c]:.6g} -> {now.at[name, c]:.6g}" for c in own)
        (result.beyond if beyond[name] else result.within).append(f"{name}: {said}")
