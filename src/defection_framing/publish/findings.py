"""The sentences of finding, in `findings.toml`, held to what they claim.

A finding names its notebook and its figure, and has a `text` that prints estimates
(`{name:format}`, see `ledger.Estimate`) and conditions, `holds`, under which the text is true::

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
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import inf
from string import Formatter

from .. import settings

_COMPARE = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}
_COLUMNS = ("value", "low", "high", "n_articles", "n_events", "p", "q")
_INTERVAL = ("value", "low", "high")
_COMPARATIVE = re.compile(
    r"\b(more|less|larger|smaller|fewer|greater|higher|lower|nearer|oftener|rarely|seldom)\b"
)
_RANGES = {
    "share": (0, 1),
    "rate": (0, 1),
    "points": (-1, 1),
    "gap": (-1, 1),
    "index": (-inf, inf),
    "count": (0, inf),
}
"""What an estimate printed in a format can be."""


class FindingError(settings.DefectionError):
    """A finding does not say when it is true; the message names it and the estimate."""


@dataclass(frozen=True)
class Condition:
    """One estimate's column compared with a number, or with a column of another estimate."""

    name: str
    column: str
    comparison: str
    number: float | None
    other: tuple[str, str] | None = None

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Read a condition; ValueError if it is none."""
        name, column, comparison, *right = text.split()
        if column not in _COLUMNS or comparison not in _COMPARE or len(right) not in (1, 2):
            raise ValueError(text)
        if len(right) == 1:
            return cls(name, column, comparison, float(right[0]))
        if right[1] not in _COLUMNS:
            raise ValueError(text)
        return cls(name, column, comparison, None, (right[0], right[1]))

    def __str__(self) -> str:
        """Write the condition as `parse` reads it."""
        right = " ".join(self.other) if self.other else f"{self.number:g}"
        return f"{self.name} {self.column} {self.comparison} {right}"

    def names(self) -> list[str]:
        """Estimates that it is about."""
        return [self.name, *([self.other[0]] if self.other else [])]

    def is_true(self, known: dict) -> bool:
        """Whether it is true of these estimates, name to `ledger.Estimate`."""
        left = getattr(known[self.name], self.column)
        right = getattr(known[self.other[0]], self.other[1]) if self.other else self.number
        return bool(_COMPARE[self.comparison](left, right))

    def is_above(self, number: float) -> bool:
        """Whether it says that its column is above the number."""
        return self.number is not None and (
            (self.comparison == ">" and self.number >= number)
            or (self.comparison in (">=", "==") and self.number > number)
        )

    def is_below(self, number: float) -> bool:
        """Whether it says that its column is below the number."""
        return self.number is not None and (
            (self.comparison == "<" and self.number <= number)
            or (self.comparison in ("<=", "==") and self.number < number)
        )

    def cannot_fail(self, low: float, high: float) -> bool:
        """Whether it is true of every number from low to high."""
        if self.number is None:
            return self.other == (self.name, self.column)
        always = {"<": self.number > high, "<=": self.number >= high,
                  ">": self.number < low, ">=": self.number <= low}  # fmt: skip
        return always.get(self.comparison, False)


@dataclass(frozen=True)
class Finding:
    """One sentence of finding: where it stands, what it says, and when that is true."""

    name: str
    notebook: str
    figure: str
    text: str
    holds: tuple[Condition, ...]
    headline: bool = False

    def printed(self, text: str | None = None) -> dict[str, set[str]]:
        """Estimates that the text prints, and in which formats (`n` is no claim: left out)."""
        found: dict[str, set[str]] = {}
        for _, field, spec, _ in Formatter().parse(self.text if text is None else text):
            if field is None:
                continue
            name, _, column = field.partition(".")
            if column:  # {name.value:.0%}, {name.n_articles:.0f}
                spec = "share" if column in _INTERVAL and spec.endswith("%") else column
                spec = "index" if column in _INTERVAL and spec == column else spec
            if spec not in ("n", "n_articles", "n_events"):
                found.setdefault(name, set()).add(spec)
        return found

    def names(self) -> list[str]:
        """Estimates that it rests on or prints."""
        fields = [f.partition(".")[0] for _, f, _, _ in Formatter().parse(self.text) if f]
        return list(dict.fromkeys([n for c in self.holds for n in c.names()] + fields))

    def faults(self) -> list[str]:
        """Say what keeps it from being a finding, by the rules of this module."""
        printed = self.printed()
        about = {n: [c for c in self.holds if n in c.names()] for n in self.names()}
        said = []
        for name, specs in printed.items():
            if not about[name]:
                said.append(f"{name}: it is printed, and no condition is about it")
                continue
            if "gap" in specs and not _is_positive(about[name]):
                said.append(f"{name}: a gap is printed without its sign: say that it is positive")
            if "points" in specs and not (_has_sign(about[name]) or _is_open(about[name])):
                said.append(f"{name}: no condition says the sign of this difference, or its lack")
        for sentence in re.split(r"(?<=[.;:])\s+", self.text):
            if word := _COMPARATIVE.search(" ".join(sentence.split())):
                for name, specs in self.printed(sentence).items():
                    bound = any(c.column in _INTERVAL for c in about[name])
                    if specs & {"share", "rate", "index"} and about[name] and not bound:
                        said.append(f"{name}: {word[0]!r} needs a condition on its value")
        for c in self.holds:
            if vacuous := self._vacuous(c, printed.get(c.name, set())):
                said.append(f"{c.name}: {str(c)!r} {vacuous}")
        return [f"findings.toml, {self.name}: {fault}." for fault in dict.fromkeys(said)]

    def _vacuous(self, condition: Condition, specs: set[str]) -> str:
        ranges = [_RANGES[spec] for spec in specs if spec in _RANGES] or [(0, inf)]
        low, high = (max(r[0] for r in ranges), min(r[1] for r in ranges))
        if condition.column not in _INTERVAL:
            low, high = (0, 1) if condition.column in ("p", "q") else (0, inf)
        if condition.cannot_fail(low, high):
            return "cannot fail"
        counts = "count" in specs and condition.column == "value"
        if counts and (condition.comparison, condition.number) in ((">", 0), (">=", 1)):
            return "says no more than that it exists"
        return ""


def _is_positive(conditions: list[Condition]) -> bool:
    return any(c.column in ("value", "low") and c.is_above(0) for c in conditions)


def _has_sign(conditions: list[Condition]) -> bool:
    negative = any(c.column in ("value", "high") and c.is_below(0) for c in conditions)
    compared = any(c.other and c.column in _INTERVAL for c in conditions)
    return _is_positive(conditions) or negative or compared


def _is_open(conditions: list[Condition]) -> bool:
    crosses = {c.column for c in conditions if c.column == "low" and c.comparison in ("<", "<=")}
    crosses |= {c.column for c in conditions if c.column == "high" and c.comparison in (">", ">=")}
    untold = any(c.column in ("p", "q") and c.comparison in (">", ">=") for c in conditions)
    return untold or crosses == {"low", "high"}


def parse(text: str) -> dict[str, Finding]:
    """Read findings from TOML, by name.

    Raises
    ------
    FindingError
        If a condition cannot be read.
    """
    found = {}
    for name, entry in tomllib.loads(text).items():
        conditions = []
        for condition in entry["holds"]:
            try:
                conditions.append(Condition.parse(condition))
            except ValueError:
                raise FindingError(
                    f"findings.toml, {name}: {condition!r} is no condition: write it like "
                    "'NAME low > 0' or 'NAME value > NAME value'."
                ) from None
        found[name] = Finding(name=name, **entry | {"holds": tuple(conditions)})
    return found


@cache
def load() -> dict[str, Finding]:
    """Read `findings.toml`, by name, in its order.

    Raises
    ------
    FindingError
        If a condition cannot be read, or a finding has a fault by the rules above.
    """
    found = parse(resources.files(__package__).joinpath("findings.toml").read_text("utf-8"))
    if faults := [fault for finding in found.values() for fault in finding.faults()]:
        raise FindingError("\n".join(faults))
    return found
