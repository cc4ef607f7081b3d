"""The one list of what the study estimates.

A `Contrast` compares the codes of one column between cells of articles; an `Estimand` is a contrast
of one code, or the mirror index of all. Whatever crosses, leaves out, simulates, models or corrects
an estimate takes it from here, and every name in `estimates.csv` is made by `name`: it begins with
that of a contrast or of an estimand below, so that searching for it leads here.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import wraps
from itertools import product

import pandas as pd

from .. import stats
from ..domain import CELLS, TO_RUSSIA, TOWARD

COMPARED_CAMPS = ("Russian", "Ukrainian", "Western")
"""The camps within which directions are compared."""

CLAIM_CODES = ("frame", "voice")
"""Codes of claims; the others are of whole articles."""

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
"""The articles (or claims) that a contrast rests on, and whose events are resampled."""


def name(*parts: object) -> str:
    """Name of an estimate: the name of what is estimated, then what of it.

    >>> name("portrayal_away", "traitor", "language alone")
    'portrayal_away/traitor/language_alone'
    """
    return "/".join(str(p).replace(" ", "_") for p in parts)


def estimates(function):
    """Mark a function that returns estimates by name: adds `source`, the function that made them.

    The table's index holds names made by `name`; the ledger takes it as it is.
    """

    @wraps(function)
    def marked(*args, **options):
        module = function.__module__.removeprefix("defection_framing.")
        return function(*args, **options).assign(source=f"{module}.{function.__name__}")

    return marked


@dataclass(frozen=True)
class Contrast:
    """Codes of one column, compared between cells of articles.

    Attributes
    ----------
    name, label : str
        Name, with which those of its estimates begin, and what is compared, in words.
    column : {"frame", "voice", "motives", "portrayal"}
    weights : dict
        Cell to weight, as `stats.contrast` takes them; a cell is a direction, or a camp and one.
    population : str
        Key of `POPULATIONS`.
    weighting : {"event", "article"}
    """

    name: str
    label: str
    column: str
    weights: dict[Hashable, float]
    population: str = "told"
    weighting: str = "event"

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
    """Weights of crossings away from and toward each of some camps.

    Their order is that in which labels are shuffled: another moves p-values by Monte Carlo error.
    """
    return {(c, d): coming if d == TOWARD[c] else leaving for c, d in cells if c in camps}


def _within(camps, weight: float) -> dict[Hashable, float]:
    return {(c, d): w * weight for c in camps for d, w in TO_RUSSIA.items()}


_LEAVING, _COMING = "leaving minus coming", "toward minus away"
_TO_RUSSIA, _MEAN = "to Russia minus to Ukraine", "mean of the camps"

CONTRASTS = {
    c.name: c
    for c in (
        *(
            Contrast(f"{column}_direction", f"{column}, {_TO_RUSSIA}", column, TO_RUSSIA)
            for column in ("frame", "motives", "portrayal", "voice")
        ),
        *(
            Contrast(
                f"{column}_direction_within",
                f"{column}, {_TO_RUSSIA}, within camps",
                column,
                _within(COMPARED_CAMPS, 1 / len(COMPARED_CAMPS)),
                "compared camps",
            )
            for column in ("frame", "motives")
        ),
        Contrast(
            "frame_exit_from_ua",
            "frame, exits minus crossings, Ukrainian side",
            "frame",
            {"ua_exit": 1.0, "ua_to_ru": -1.0},
        ),
        Contrast(
            "frame_exit_from_ru",
            "frame, exits minus crossings, Russian side",
            "frame",
            {"ru_exit": 1.0, "ru_to_ua": -1.0},
        ),
        Contrast(
            "frame_relational",
            f"frame, {_COMING}, {_MEAN}",
            "frame",
            _cells(TOWARD, -0.5, 0.5),
            "two camps",
        ),
        Contrast(
            "frame_directional",
            f"frame, half of {_TO_RUSSIA}, both camps",
            "frame",
            _within(TOWARD, 0.5),
            "two camps",
        ),
        *(
            Contrast(
                f"{column}_away",
                f"{column}, {_LEAVING}, {_MEAN}",
                column,
                _cells(TOWARD, 0.5, -0.5),
                "two camps",
            )
            for column in ("frame", "motives", "portrayal")
        ),
        *(
            Contrast(
                f"{column}_away_{camp}",
                f"{column}, {_LEAVING}, {camp} camp",
                column,
                _cells(
                    [camp], 1, -1, CELLS if column == "frame" else list(product(TOWARD, TO_RUSSIA))
                ),
                "two camps" if column == "frame" else camp,
            )
            for column in ("frame", "portrayal")
            for camp in TOWARD
        ),
        *(
            Contrast(
                f"portrayal_direction_{camp}",
                f"portrayal, {_TO_RUSSIA}, {camp} outlets",
                "portrayal",
                _within([camp], 1),
                "crossings",
            )
            for camp in ("Western", "Undisclosed")
        ),
        Contrast(
            "frame_direction_by_article",
            f"frame, {_TO_RUSSIA}, each article once",
            "frame",
            TO_RUSSIA,
            weighting="article",
        ),
    )
}
"""Every contrast that the study reports, by name."""

SIMULATED = (
    *("frame_direction", "motives_direction", "portrayal_direction", "voice_direction"),
    *("frame_direction_within", "motives_direction_within"),
    *("frame_exit_from_ua", "frame_exit_from_ru", "frame_relational", "frame_directional"),
    *("portrayal_away", "portrayal_away_Russian", "portrayal_away_Ukrainian"),
    "frame_direction_by_article",
)
"""Contrasts whose false alarms, coverage and power are simulated."""


@dataclass(frozen=True)
class Estimand:
    """One code of a contrast, or the mirror index of all codes.

    Attributes
    ----------
    label : str
        In words.
    contrast : str
        Key of `CONTRASTS`; for an index that of its relational half.
    code : str or None
        None for the mirror index.
    without : str or None
        A code whose claims are left out.
    """

    label: str
    contrast: str
    code: str | None = None
    without: str | None = None

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

HEADLINES = {
    e.name: e
    for e in (
        *(MIRROR_INDEX, MIRROR_WITHOUT_TREASON, TREASON_AWAY, TRAITOR_AWAY),
        *(COLLAPSE_UA, COLLAPSE_RU, COERCION, REWARD),
    )
}
"""The estimates that findings rest on: crossed with every choice, left out, recoded."""

MODELLED = {
    e.name: e
    for e in (
        *(TREASON_AWAY, TRAITOR_AWAY, COLLAPSE_UA, COLLAPSE_RU, COERCION, REWARD),
        *(
            Estimand(f"{label}, {_LEAVING}, {camp} camp", f"{column}_away_{camp}", code)
            for label, column, code in (
                ("claims of treason", "frame", "treason"),
                ("portrayed as traitor", "portrayal", "traitor"),
            )
            for camp in TOWARD
        ),
        *(
            Estimand(f"{frame}, {_TO_RUSSIA}", "frame_direction", frame)
            for frame in ("mistreatment", "coercion", "reprisal")
        ),
    )
}
"""The estimates that a model is held against."""

RECODED = {
    e.name: e
    for e in (
        *(TREASON_AWAY, MIRROR_INDEX, MIRROR_WITHOUT_TREASON),
        *(COLLAPSE_UA, COLLAPSE_RU, TRAITOR_AWAY),
    )
}
"""Headline estimates whose codes were given twice."""

SEPARATION = "same_event_distance"
"""Name of the extra distance between the camps on one event, which is no contrast of codes."""
