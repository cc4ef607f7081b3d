"""The sentences of finding, in `findings.toml`, held to what they claim.

A finding names its notebook and, where one shows it, its figure, and has a `text` that prints
estimates (`{name:format}`, see `ledger.Estimate`) and conditions, `holds`, under which it is true::

    name column comparison number          such as  frame_away/treason low > 0
    name column comparison name column     such as  frame_away/a value > frame_away/b value

with the columns `value`, `low`, `high`, `p`, `q`, `n_articles`, `n_events` and the comparisons
`<`, `>`, `<=`, `>=`, `==`. `load` refuses a finding

1. that prints an estimate on which it has no condition (its `n` of articles and events may stand
   without);
2. that prints a difference, in `points` or as a `gap`, and leaves its direction unsaid: a
   condition settles its sign (`value` or `low` above a number not below 0, `value` or `high` below
   one not above 0, or a comparison with another estimate), or says that it is open (`low < 0` and
   `high > 0`, or `p` or `q` above a number). A `gap` is printed without its sign, so it must be
   positive;
3. that has a word of comparison (more, less, ...) in a sentence that prints a share, a rate or an
   index, and no condition on the `value`, `low` or `high` of that estimate;
4. with a condition that cannot fail, given what the estimate is printed as: a share, a rate, `p`
   and `q` lie in 0 to 1, a difference in -1 to 1, counts are not below 0 (nor is anything that is
   not printed taken to be); of a count that is printed, `> 0` says no more than that it exists.
"""

import operator
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import inf, isnan, nan
from string import Formatter

from ..settings import DefectionError

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}
_INTERVAL = ("value", "low", "high")
_COLUMNS = (*_INTERVAL, "n_articles", "n_events", "p", "q")
_COMPARATIVE = re.compile(
    r"\b(more|less|larger|smaller|fewer|greater|higher|lower|nearer|oftener|rarely|seldom)\b"
)
_RANGES = {"share": (0, 1), "rate": (0, 1), "points": (-1, 1), "gap": (-1, 1), "index": (-inf, inf)}
"""What an estimate printed in a format can be; others are not below 0."""


@dataclass(frozen=True)
class Condition:
    """One estimate's column compared with a number, or with a column of another estimate.

    `number` is missing where it is compared with `another`: a name and a column.
    """

    name: str
    column: str
    comparison: str
    number: float
    another: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, where: str) -> "Condition":
        """Read a condition; `DefectionError` says where it stands if it is none."""
        with suppress(ValueError):
            name, column, comparison, *right = text.split()
            known = {column, *right[1:]} <= {*_COLUMNS} and comparison in _COMPARE
            if known and len(right) == 2:
                return cls(name, column, comparison, nan, tuple(right))
            if known and len(right) == 1:
                return cls(name, column, comparison, float(right[0]))
        raise DefectionError(
            f"{where}: {text!r} is no condition: write it like 'NAME low > 0' or 'NAME value > "
            "NAME value'."
        )

    def __str__(self) -> str:
        """Write the condition as `parse` reads it."""
        right = " ".join(self.another) or f"{self.number:g}"
        return f"{self.name} {self.column} {self.comparison} {right}"

    def names(self) -> list[str]:
        """Estimates that it is about."""
        return [self.name, *self.another[:1]]

    def is_true(self, known: dict) -> bool:
        """Whether it is true of these estimates, name to `ledger.Estimate`."""
        right = getattr(known[self.another[0]], self.another[1]) if self.another else self.number
        return bool(_COMPARE[self.comparison](getattr(known[self.name], self.column), right))

    def sign(self) -> int:
        """1 if it is true of no number up to 0, -1 if of none from 0 on; else 0."""
        compare, right = _COMPARE[self.comparison], self.number
        up_to_0 = any(compare(x, right) for x in (-inf, min(right, 0), 0))
        from_0 = any(compare(x, right) for x in (inf, max(right, 0), 0))
        return from_0 - up_to_0

    def cannot_fail(self, low: float, high: float) -> bool:
        """Whether it is true of every number from low to high."""
        compare, right = _COMPARE[self.comparison], self.number
        is_of_itself = self.another == (self.name, self.column)
        return is_of_itself or (compare(low, right) and compare(high, right))


@dataclass(frozen=True)
class Finding:
    """One sentence of finding: where it stands, what it says, and when that is true."""

    name: str
    notebook: str
    figure: str
    text: str
    holds: tuple[Condition, ...]
    headline: bool = False

    def names(self) -> list[str]:
        """Estimates that it rests on or prints."""
        return list(dict.fromkeys([n for c in self.holds for n in c.names()] + fields(self.text)))

    def lacking(self, known: dict) -> list[str]:
        """Estimates of it that are not among these, name to `ledger.Estimate`, or have no value."""
        return [n for n in self.names() if n not in known or isnan(known[n].value)]

    def failed(self, known: dict) -> list[str]:
        """Conditions of it that are not true of these estimates, none of which it lacks."""
        return [str(c) for c in self.holds if not c.is_true(known)]

    def faults(self, file: str = "findings.toml") -> list[str]:
        """Say what keeps it from being a finding, by the rules of this module."""
        printed = _printed(self.text)
        about = {n: [c for c in self.holds if n in c.names()] for n in self.names()}
        said = []
        for name, specs in printed.items():
            if not about[name]:
                said.append(f"{name}: it is printed, and no condition is about it")
            elif "gap" in specs and 1 not in _signs(about[name]):
                said.append(f"{name}: a gap is printed without its sign: say that it is positive")
            elif "points" in specs and not (_signs(about[name]) or _is_open(about[name])):
                said.append(f"{name}: no condition says the sign of this difference, or its lack")
        for sentence in re.split(r"(?<=[.;:])\s+", self.text):
            if word := _COMPARATIVE.search(" ".join(sentence.split())):
                for name, specs in _printed(sentence).items():
                    bound = any(c.column in _INTERVAL for c in about[name])
                    if specs & {"share", "rate", "index"} and about[name] and not bound:
                        said.append(f"{name}: {word[0]!r} needs a condition on its value")
        for c in self.holds:
            if vacuous := _vacuous(c, printed.get(c.name, set())):
                said.append(f"{c.name}: {str(c)!r} {vacuous}")
        return [f"{file}, {self.name}: {fault}." for fault in dict.fromkeys(said)]


def fields(text: str) -> list[str]:
    """Names that stand in braces in a text, those of estimates among them."""
    return [field.partition(".")[0] for _, field, _, _ in Formatter().parse(text) if field]


def _printed(text: str) -> dict[str, set[str]]:
    """Estimates that a text prints, and in which formats (`n` is no claim: left out)."""
    found: dict[str, set[str]] = {}
    for _, field, spec, _ in Formatter().parse(text):
        name, _, column = (field or "").partition(".")
        if column in _INTERVAL:  # {name.value:.0%}
            spec = "share" if spec and spec.endswith("%") else "index"
        if name and not {spec, column} & {"n", "n_articles", "n_events"}:
            found.setdefault(name, set()).add(column if column in ("p", "q") else spec or "")
    return found


def _vacuous(condition: Condition, specs: set[str]) -> str:
    """Say why a condition on an estimate that is printed in these formats says nothing."""
    low, high = (0.0, 1.0) if condition.column in ("p", "q") else (0.0, inf)
    if condition.column in _INTERVAL:
        ranges = [_RANGES.get(spec, (0, inf)) for spec in specs - {"p", "q"}] or [(0, inf)]
        low, high = max(r[0] for r in ranges), min(r[1] for r in ranges)
    if condition.cannot_fail(low, high):
        return "cannot fail"
    counts = "count" in specs and condition.column == "value"
    if counts and (condition.comparison, condition.number) in ((">", 0), (">=", 1)):
        return "says no more than that it exists"
    return ""


def _signs(conditions: list[Condition]) -> set[int]:
    """Signs of an estimate that conditions settle; 0 stands for a comparison with another."""
    ends = {1: ("value", "low"), -1: ("value", "high"), 0: ()}
    signs = {c.sign() for c in conditions if c.column in ends[c.sign()]}
    compared = any(c.another and c.column in _INTERVAL for c in conditions)
    return signs | ({0} if compared else set())


def _is_open(conditions: list[Condition]) -> bool:
    """Whether conditions say that zero is inside the interval, or that no test speaks."""
    said = {(c.column, c.comparison[0], c.number) for c in conditions}
    holds_zero = {("low", "<", 0), ("high", ">", 0)} <= said
    return holds_zero or any(s[:2] in {("p", ">"), ("q", ">")} for s in said)


def parse(text: str) -> dict[str, Finding]:
    """Read findings from TOML, by name; `DefectionError` if a condition cannot be read."""
    found = {}
    for name, entry in tomllib.loads(text).items():
        holds = tuple(Condition.parse(c, f"findings.toml, {name}") for c in entry.pop("holds"))
        found[name] = Finding(name, holds=holds, **{"figure": ""} | entry)
    return found


@cache
def load() -> dict[str, Finding]:
    """Read `findings.toml`, by name, in its order; `DefectionError` names what has a fault."""
    found = parse(resources.files(__package__).joinpath("findings.toml").read_text("utf-8"))
    if faults := [fault for finding in found.values() for fault in finding.faults()]:
        raise DefectionError("\n".join(faults))
    return found
