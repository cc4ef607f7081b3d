"""The one list of what the study estimates.

A `Contrast` compares the codes of one column between cells of articles; an `Estimand` is a contrast
of one code, or the mirror index of all. Whatever crosses, leaves out, simulates, models or corrects
an estimate takes it from here, and every name in `estimates.csv` is made by `name`: it begins with
that of a contrast or of an estimand below, or with a word that stands in the function that made it,
which the column `source` names.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import wraps
from itertools import product

import pandas as pd

from .. import stats
from ..domain import CELLS, TO_RUSSIA, TOWARD

# The camps within which directions are compared.
COMPARED_CAMPS = ("Russian", "Ukrainian", "Western")
CLAIM_CODES = ("frame", "voice")  # codes of claims; the others are of whole articles

# The articles (or claims) that a contrast rests on, and whose events are resampled.
POPULATIONS = {
    "told": lambda t: t["direction"] != "both",
    "compared camps": lambda t: (t["direction"] != "both") & t["camp"].isin(COMPARED_CAMPS),
    "crossings": lambda t: t["direction"].isin(TOWARD.values()),
    "two camps": lambda t: t["direction"].isin(TOWARD.values()) & t["camp"].isin(TOWARD),
    **{
        camp: lambda t, camp=camp: t["direction"].isin(TOWARD.values()) & (t["camp"] == camp)
        for camp in TOWARD
    },
}


def name(*parts: object) -> str:
    """Name of an estimate: the name of what is estimated, then what of it; a cell counts as parts.

    >>> name("portrayal_away", "traitor", "language alone")
    'portrayal_away/traitor/language_alone'
    """
    flat = [x for p in parts for x in (p if isinstance(p, tuple) else (p,))]
    return "/".join(str(x).replace(" ", "_") for x in flat)


def estimates(function):
    """Mark a function that returns estimates, indexed by names: adds its own name as `source`."""

    @wraps(function)
    def marked(*args, **options):
        module = function.__module__.removeprefix("defection_framing.")
        return function(*args, **options).assign(source=f"{module}.{function.__name__}")

    return marked


@dataclass(frozen=True)
class Contrast:
    """Codes of one column, compared between cells of articles."""

    name: str  # those of its estimates begin with it
    label: str  # what is compared, in words
    column: str  # frame, voice, motives or portrayal
    # Cell to weight, as `stats.contrast` takes them; a cell is a direction, or a camp and one.
    weights: dict[Hashable, float]
    population: str = "told"  # of `POPULATIONS`
    weighting: str = "event"  # or article

    @property
    def by(self) -> list[str]:
        """Columns whose combinations are the cells."""
        by_camp = isinstance(next(iter(self.weights)), tuple)
        return ["camp", "direction"] if by_camp else ["direction"]

    def rows(self, articles: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
        """The claims or articles that it rests on, of the corpus' tables."""
        table = claims if self.column in CLAIM_CODES else articles
        return table[POPULATIONS[self.population](table)]

    def estimate(
        self, articles: pd.DataFrame, claims: pd.DataFrame, draws: int = stats.DRAWS
    ) -> pd.DataFrame:
        """The contrast, code by code, as `stats.contrast` returns it."""
        table = self.rows(articles, claims)
        s = stats.shares(table, self.column, self.by, self.weighting, draws)
        return stats.contrast(s, self.weights)


def _cells(camps, leaving: float, coming: float, cells=CELLS) -> dict[Hashable, float]:
    """Weights of crossings of some camps; another order moves p-values by Monte Carlo error."""
    return {(c, d): coming if d == TOWARD[c] else leaving for c, d in cells if c in camps}


def _within(camps, weight: float) -> dict[Hashable, float]:
    return {(c, d): w * weight for c in camps for d, w in TO_RUSSIA.items()}


_LEAVING, _COMING = "leaving minus coming", "toward minus away"
_TO_RUSSIA, _MEAN = "to Russia minus to Ukraine", "mean of the camps"


def _contrasts() -> Iterator[Contrast]:
    for column in ("frame", "motives", "portrayal", "voice"):
        yield Contrast(f"{column}_direction", f"{column}, {_TO_RUSSIA}", column, TO_RUSSIA)
    within = _within(COMPARED_CAMPS, 1 / len(COMPARED_CAMPS))
    for column in ("frame", "motives"):
        label = f"{column}, {_TO_RUSSIA}, within camps"
        yield Contrast(f"{column}_direction_within", label, column, within, "compared camps")
    label, cells = "frame, exits minus crossings, {} side", {"ua_exit": 1.0, "ua_to_ru": -1.0}
    yield Contrast("frame_exit_from_ua", label.format("Ukrainian"), "frame", cells)
    cells = {"ru_exit": 1.0, "ru_to_ua": -1.0}
    yield Contrast("frame_exit_from_ru", label.format("Russian"), "frame", cells)
    label, cells = f"frame, {_COMING}, {_MEAN}", _cells(TOWARD, -0.5, 0.5)
    yield Contrast("frame_relational", label, "frame", cells, "two camps")
    label, cells = f"frame, half of {_TO_RUSSIA}, both camps", _within(TOWARD, 0.5)
    yield Contrast("frame_directional", label, "frame", cells, "two camps")
    for column in ("frame", "motives", "portrayal"):
        label, cells = f"{column}, {_LEAVING}, {_MEAN}", _cells(TOWARD, 0.5, -0.5)
        yield Contrast(f"{column}_away", label, column, cells, "two camps")
    for camp in TOWARD:
        label, cells = f"frame, {_LEAVING}, {camp} camp", _cells([camp], 1, -1)
        yield Contrast(f"frame_away_{camp}", label, "frame", cells, "two camps")
    for camp in TOWARD:
        label = f"portrayal, {_LEAVING}, {camp} camp"
        cells = _cells([camp], 1, -1, list(product(TOWARD, TO_RUSSIA)))
        yield Contrast(f"portrayal_away_{camp}", label, "portrayal", cells, camp)
    for camp in ("Western", "Undisclosed"):
        label, cells = f"portrayal, {_TO_RUSSIA}, {camp} outlets", _within([camp], 1)
        yield Contrast(f"portrayal_direction_{camp}", label, "portrayal", cells, "crossings")
    label = f"frame, {_TO_RUSSIA}, each article once"
    yield Contrast("frame_direction_by_article", label, "frame", TO_RUSSIA, weighting="article")


CONTRASTS = {c.name: c for c in _contrasts()}  # every contrast that the study reports

# Contrasts whose false alarms, coverage and power are simulated.
SIMULATED = (
    *("frame_direction", "motives_direction", "portrayal_direction", "voice_direction"),
    *("frame_direction_within", "motives_direction_within"),
    *("frame_exit_from_ua", "frame_exit_from_ru", "frame_relational", "frame_directional"),
    *("portrayal_away", "portrayal_away_Russian", "portrayal_away_Ukrainian"),
    "frame_direction_by_article",
)


@dataclass(frozen=True)
class Estimand:
    """One code of a contrast, or the mirror index of all its codes."""

    label: str  # in words
    contrast: str  # of `CONTRASTS`; for an index its relational half
    code: str | None = None  # None for the mirror index
    without: str | None = None  # a code whose claims are left out

    @property
    def name(self) -> str:
        """Name of its estimate."""
        if self.code is not None:
            return name(self.contrast, self.code)
        return name("mirror_index", *([f"without_{self.without}"] if self.without else []))

    @property
    def is_share(self) -> bool:
        """Whether it is a difference of shares, told in points; else it is an index."""
        return self.code is not None

    def of(self) -> Contrast:
        """Its contrast."""
        return CONTRASTS[self.contrast]


MIRROR_INDEX = Estimand("mirror index", "frame_relational")
MIRROR_WITHOUT_TREASON = Estimand(
    "mirror index without treason", "frame_relational", without="treason"
)
TREASON_AWAY = Estimand(f"claims of treason, {_LEAVING}", "frame_away", "treason")
TRAITOR_AWAY = Estimand(f"portrayed as traitor, {_LEAVING}", "portrayal_away", "traitor")
COLLAPSE_UA = Estimand(
    "collapse, exits minus crossings (Ukrainian side)", "frame_exit_from_ua", "collapse"
)
COLLAPSE_RU = Estimand(
    "collapse, exits minus crossings (Russian side)", "frame_exit_from_ru", "collapse"
)
COERCION = Estimand(f"motive coercion, {_TO_RUSSIA}", "motives_direction", "coercion")
REWARD = Estimand(f"motive reward, {_TO_RUSSIA}", "motives_direction", "reward")


def _by_name(*estimands: Estimand) -> dict[str, Estimand]:
    return {e.name: e for e in estimands}


# The estimates that findings rest on: crossed with every choice, left out, recoded.
HEADLINES = _by_name(
    *(MIRROR_INDEX, MIRROR_WITHOUT_TREASON, TREASON_AWAY, TRAITOR_AWAY),
    *(COLLAPSE_UA, COLLAPSE_RU, COERCION, REWARD),
)

# The estimates that a model is held against.
MODELLED = _by_name(
    *(TREASON_AWAY, TRAITOR_AWAY, COLLAPSE_UA, COLLAPSE_RU, COERCION, REWARD),
    *(
        Estimand(f"{e.label}, {camp} camp", f"{e.contrast}_{camp}", e.code)
        for e, camp in product((TREASON_AWAY, TRAITOR_AWAY), TOWARD)
    ),
    *(
        Estimand(f"{frame}, {_TO_RUSSIA}", "frame_direction", frame)
        for frame in ("mistreatment", "coercion", "reprisal")
    ),
)

# Headline estimates whose codes were given twice.
RECODED = _by_name(
    *(TREASON_AWAY, MIRROR_INDEX, MIRROR_WITHOUT_TREASON),
    *(COLLAPSE_UA, COLLAPSE_RU, TRAITOR_AWAY),
)

# Name of the extra distance between the camps on one event, which is no contrast of codes.
SEPARATION = "same_event_distance"
