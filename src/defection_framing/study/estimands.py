"""The one list of what the study estimates.

A `Paired` compares the tellings of one event by the camp that was left and the camp that received;
a `Contrast` compares codes of one column between cells of articles, whatever they are about; an
`Estimand` is a contrast of one code. Whatever crosses, leaves out, simulates or models an estimate
takes it from here, and every name in `estimates.csv` is made by `name`: it begins with that of one
of these, or with a word that stands in the function that made it, which the column `source` names.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import wraps

import pandas as pd

from .. import stats
from ..corpus import Corpus
from ..domain import CELLS, TO_RUSSIA, TOWARD
from . import codes

# The camps within which directions are compared.
COMPARED_CAMPS = ("Russian", "Ukrainian", "Western")


def _crossings(t: pd.DataFrame) -> pd.Series:
    return t["direction"].isin(TOWARD.values()) & (t["event"] != "general")


def _acts(t: pd.DataFrame) -> pd.Series:
    """Crossings on a named event; laws, programmes and counts (no outcome) are reported apart."""
    return _crossings(t) & (t["outcome"] != "none")


def is_unprosecuted(t: pd.DataFrame) -> pd.Series:
    """Not a report of a prosecution, nor on an event that was sought by words of criminal law.

    None in a corpus where no occasion was coded: nobody knows there.
    """
    known = t["occasion"].notna().any()
    return (t["occasion"] != "prosecution") & ~t["sought_by_law"] & known


def is_trend(t: pd.DataFrame) -> pd.Series:
    """Articles on how many go: on no single case, or of people who are but a number."""
    number = (t["portrayal"] == "statistic") | (t["occasion"] == "numbers")
    return (t["event"] == "general") | number


# Who left, by the plan's parting: those who serve, and civilians; units and crowds are neither.
SERVING = ("soldier", "officer", "aircrew", "service", "prisoner")

# The articles that an estimate rests on, and whose events are resampled.
POPULATIONS = {
    "one direction": lambda t: t["direction"] != "both",
    "named events": lambda t: (t["direction"] != "both") & (t["event"] != "general"),
    "acts": _acts,
    "compared camps": lambda t: _acts(t) & t["camp"].isin(COMPARED_CAMPS),
    "two camps": lambda t: _acts(t) & t["camp"].isin(TOWARD),
    "crossings of the two camps": lambda t: _crossings(t) & t["camp"].isin(TOWARD),
}

# Parts of these: "two camps, new events" are articles of the two camps on new events.
PARTS = {
    "no trend pieces": lambda t: ~is_trend(t),
    "no prosecutions": is_unprosecuted,
    "completed": lambda t: t["outcome"] == "completed",
    "serving": lambda t: t["who"].isin(SERVING),
    "civilians": lambda t: t["who"] == "civilian",
    "to Ukraine": lambda t: t["direction"] == "ru_to_ua",
    "to Russia": lambda t: t["direction"] == "ua_to_ru",
    "old events": lambda t: ~t["new_event"],
    "new events": lambda t: t["new_event"],
    "firm camps": lambda t: t["confidence"] != "low",  # of outlets whose camp rests on much
}


def articles_of(data: Corpus, population: str) -> pd.DataFrame:
    """Rows of `article_table` of one of the `POPULATIONS`, or of what it shares with `PARTS`."""
    articles = data.article_table().reset_index()
    whole, *parts = population.split(", ")
    rows = POPULATIONS[whole](articles)
    for part in parts:
        rows &= PARTS[part](articles)
    return articles[rows]


def name(*parts: object) -> str:
    """Name of an estimate: the name of what is estimated, then what of it; a cell counts as parts.

    >>> name("portrayal_away", "traitor", "language alone")
    'portrayal_away/traitor/language_alone'
    """
    flat = [x for p in parts for x in (p if isinstance(p, tuple) else (p,))]
    return "/".join(str(x).replace(" ", "_") for x in flat)


def size(table: pd.DataFrame, of: str = "events") -> str:
    """What a table's first row rests on, in words."""
    if table.empty:
        return "none"
    return f"{table['n_articles'].iloc[0]:,.0f} articles on {table['n_events'].iloc[0]:,.0f} {of}"


def estimates(function):
    """Mark a function that returns estimates, indexed by names: adds its own name as `source`."""

    @wraps(function)
    def marked(*args, **options):
        module = function.__module__.removeprefix("defection_framing.")
        return function(*args, **options).assign(source=f"{module}.{function.__name__}")

    return marked


@dataclass(frozen=True)
class Paired:
    """A code, told of one event by the camp that was left minus by the camp that received."""

    label: str  # in words
    column: str
    code: str | None = None  # None: all at once
    without: str | None = None  # a code whose claims are left out, the others rescaled

    @property
    def name(self) -> str:
        """Name of its estimate."""
        rest = [f"without_{self.without}"] if self.without else []
        return name("same_act", self.column, *rest, self.code or "all")


SAME_TRAITOR = Paired("portrayed as traitor, same act", "portrayal", "traitor")
SAME_CONVERT = Paired("portrayed as convert, same act", "portrayal", "convert")
SAME_TREASON = Paired("claims of treason, same act", "frame", "treason")
SAME_OTHERS = Paired("17 frames beside treason, same act", "frame", None, "treason")

PAIRED = {p.name: p for p in (SAME_TRAITOR, SAME_CONVERT, SAME_TREASON, SAME_OTHERS)}

# The primary hypotheses of the plan (data/PLAN.md): what is tested, and the sign it is to have.
PAIRED_HYPOTHESES = {"H1": (SAME_TRAITOR, 1), "H2": (SAME_CONVERT, -1), "H3": (SAME_OTHERS, 0)}
DIRECTIONAL_ENERGY = "H4"
"""H4, which no paired comparison can test: directional energy beside treason, of all acts."""


@dataclass(frozen=True)
class Contrast:
    """Codes of one column, compared between cells of articles."""

    name: str  # those of its estimates begin with it
    label: str  # what is compared, in words
    column: str  # frame, voice, motives or portrayal
    # Cell to weight, as `stats.contrast` takes them; a cell is a direction, or a camp and one.
    weights: dict[Hashable, float]
    population: str = "acts"  # as `articles_of` takes it
    without: str | None = None  # a code that is left out, the others rescaled

    @property
    def by(self) -> list[str]:
        """Columns whose combinations are the cells."""
        by_camp = isinstance(next(iter(self.weights)), tuple)
        return ["camp", "direction"] if by_camp else ["direction"]

    @property
    def groups(self) -> pd.Index:
        """The cells."""
        return pd.Index(list(self.weights))

    def articles(self, data: Corpus, draws: int = stats.CODE_DRAWS) -> stats.Panel:
        """All articles of its population."""
        rows = articles_of(data, self.population)
        code_draws = codes.of_articles(data, self.column, draws=draws, without=self.without)
        return stats.Panel.pooled(rows, code_draws, ["camp", "direction"])

    def panel(self, data: Corpus, draws: int = stats.CODE_DRAWS) -> stats.Panel:
        """The articles that it rests on, of all its cells' groups."""
        return self.articles(data, draws).within(self.by, self.groups)

    def compare(self, articles: stats.Panel) -> pd.DataFrame:
        """The contrast of its `articles`, as `estimate`."""
        panel = articles.within(self.by, self.groups)
        return stats.contrast(panel.shares(self.by), self.weights)

    def estimate(self, data: Corpus, draws: int = stats.CODE_DRAWS) -> pd.DataFrame:
        """The contrast, code by code, as `stats.contrast` returns it."""
        return self.compare(self.articles(data, draws))


def cells(camps, leaving: float, coming: float) -> dict[Hashable, float]:
    """Weights of crossings of some camps."""
    return {(c, d): coming if d == TOWARD[c] else leaving for c, d in CELLS if c in camps}


def _within(camps, weight: float) -> dict[Hashable, float]:
    return {(c, d): w * weight for c in camps for d, w in TO_RUSSIA.items()}


LEAVING = "leaving minus coming"
_TO_RUSSIA, _MEAN = "to Russia minus to Ukraine", "mean of the camps"

# Subsets of the two camps' crossings, which the plan calls strata: how names of their contrasts
# end, in words, the population.
# Prosecutions alone have none: hardly anyone who comes is prosecuted.
SUBSETS = {
    "": ("all crossings", "two camps"),
    "_unprosecuted": ("no prosecutions", "two camps, no prosecutions"),
    "_completed": ("completed crossings", "two camps, completed"),
}

# The exit from a side, and the crossing from it.
EXITS = {"Ukrainian": ("ua_exit", "ua_to_ru"), "Russian": ("ru_exit", "ru_to_ua")}

# What crossings are compared in: how names of contrasts begin, the column, what is left out.
COLUMNS = {
    "frame": ("frame", None),
    "frame_beside_treason": ("frame", "treason"),
    "motives": ("motives", None),
    "portrayal": ("portrayal", None),
}


def _contrasts() -> Iterator[Contrast]:
    for key, (column, without) in COLUMNS.items():
        what = f"{column} beside {without}" if without else column
        for ending, (_, population) in SUBSETS.items():
            subset = population.removeprefix("two camps")
            label, of = f"{what}, {LEAVING}, {_MEAN}{subset}", cells(TOWARD, 0.5, -0.5)
            yield Contrast(f"{key}_away{ending}", label, column, of, population, without)
            for camp in TOWARD:
                label, of = f"{what}, {LEAVING}, {camp} camp{subset}", cells([camp], 1, -1)
                key_of = f"{key}_away{ending}_{camp}"
                yield Contrast(key_of, label, column, of, population, without)
    for column in ("frame", "motives", "portrayal"):
        label = f"{column}, {_TO_RUSSIA}, within camps"
        within = _within(COMPARED_CAMPS, 1 / len(COMPARED_CAMPS))
        yield Contrast(f"{column}_direction_within", label, column, within, "compared camps")
    label, of = f"frame, {_TO_RUSSIA}, {_MEAN}", _within(TOWARD, 0.5)
    yield Contrast("frame_directional", label, "frame", of, "two camps")
    for side, (out, crossing) in EXITS.items():
        of = {out: 1.0, crossing: -1.0}
        for key, population in (("", "named events"), ("_cases", "named events, no trend pieces")):
            label = f"frame, exits minus crossings, {side} side, {population}"
            yield Contrast(f"frame_exit{key}_{side}", label, "frame", of, population)
    for camp in ("Western", "Undisclosed"):
        label, of = f"portrayal, {_TO_RUSSIA}, {camp} outlets", _within([camp], 1)
        yield Contrast(f"portrayal_direction_{camp}", label, "portrayal", of, "acts")


CONTRASTS = {c.name: c for c in _contrasts()}  # every contrast that the study reports


@dataclass(frozen=True)
class Estimand:
    """One code of a contrast."""

    label: str  # in words
    contrast: str  # of `CONTRASTS`
    code: str

    @property
    def name(self) -> str:
        """Name of its estimate."""
        return name(self.contrast, self.code)

    def of(self) -> Contrast:
        """Its contrast."""
        return CONTRASTS[self.contrast]


TRAITOR_AWAY = Estimand(f"portrayed as traitor, {LEAVING}", "portrayal_away", "traitor")
CONVERT_AWAY = Estimand(f"portrayed as convert, {LEAVING}", "portrayal_away", "convert")
TREASON_AWAY = Estimand(f"claims of treason, {LEAVING}", "frame_away", "treason")
SURVIVAL_AWAY = Estimand(f"motive survival, {LEAVING}", "motives_away", "survival")
COLLAPSE_UA = Estimand(
    "collapse, exits minus crossings (Ukrainian side)", "frame_exit_Ukrainian", "collapse"
)
COLLAPSE_RU = Estimand(
    "collapse, exits minus crossings (Russian side)", "frame_exit_Russian", "collapse"
)

# The unpaired estimates that findings rest on: crossed with every choice, left out.
HEADLINES = {
    e.name: e
    for e in (TRAITOR_AWAY, CONVERT_AWAY, TREASON_AWAY, SURVIVAL_AWAY, COLLAPSE_UA, COLLAPSE_RU)
}

# Contrasts whose false alarms, coverage and power are simulated, beside the paired comparison.
SIMULATED = (
    *("frame_direction_within", "motives_direction_within"),
    *("frame_away", "portrayal_away", "portrayal_away_Russian", "portrayal_away_Ukrainian"),
    *("portrayal_away_unprosecuted", "frame_exit_Ukrainian", "frame_exit_Russian"),
)
