"""The look of all figures: colours, markers and settings, and who drew what.

Colours are Okabe & Ito's (2008), told apart by colour-blind readers; every series also has a
marker of its own, so that nothing is lost in greyscale.
"""

from collections.abc import Iterable
from contextlib import contextmanager
from functools import wraps
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt

BLUE, ORANGE, SKY, GREEN, PINK = "#0072B2", "#D55E00", "#56B4E9", "#009E73", "#CC79A7"
BLACK, DARK, GREY, LIGHT = "#000000", "#444444", "#999999", "#eeeeee"
MINUS, DAGGER, NBSP = "\N{MINUS SIGN}", "\N{DAGGER}", "\N{NO-BREAK SPACE}"

RC = {
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "defection-framing",
    "svg.fonttype": "path",
}


class Look(NamedTuple):
    """How a series is drawn: colour, marker, whether it is filled, sizes in points."""

    colour: str
    marker: str
    filled: bool = True
    size: float = 5
    line: float = 1.4

    @property
    def face(self) -> str:
        """Colour inside the marker."""
        return self.colour if self.filled else "white"


LOOKS = {
    "ru_to_ua": Look(BLUE, "o"),
    "ua_to_ru": Look(ORANGE, "s"),
    "ru_exit": Look(BLUE, "^", filled=False),
    "ua_exit": Look(ORANGE, "v", filled=False),
    "Russian": Look(ORANGE, "s"),
    "Ukrainian": Look(BLUE, "o"),
    "Western": Look(BLACK, "D", filled=False),
    "Undisclosed": Look(GREY, "X"),
    "mean of the camps": Look(BLACK, "o"),
    "same act": Look(GREEN, "D"),
    "within outlets": Look(BLACK, "D"),
    "all outlets": Look(SKY, "o"),
    "average": Look(BLACK, "o"),
    "worst code": Look(ORANGE, "|", size=9),
    "found in 80% of corpora": Look(GREY, "|", size=9, line=4),
    "observed, without its sign": Look(ORANGE, "o"),
}
"""Looks of the series that recur, the same in every figure."""

_SPARE = (
    Look(BLACK, "o"),
    Look(BLUE, "D"),
    Look(ORANGE, "s"),
    Look(GREY, "X"),
    Look(GREEN, "P"),
    Look(PINK, "v", filled=False),
)


def looks(series: Iterable[str]) -> dict[str, Look]:
    """Looks of the series of a figure; those that do not recur take spare ones, in order."""
    spare = iter(_SPARE)
    return {s: LOOKS.get(s) or next(spare) for s in series}


def tick(unit: str, value: float) -> str:
    """Write a number on an axis: a share as `points` or `percent`, or `plain`."""
    text = f"{value:.3g}" if unit == "plain" else f"{100 * value:.3g}"
    return text.replace("-", MINUS) + ("%" if unit == "percent" else "")


@contextmanager
def style():
    """Set matplotlib for the length of a `with` block, whatever a researcher has set."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)
        yield


def drawn(function):
    """Mark a function that draws: in the study's style; the figure says who `made_by` drew it."""

    @wraps(function)
    def styled(*args, **options):
        with style():
            fig = function(*args, **options)
        module = function.__module__.removeprefix("defection_framing.")
        fig.made_by = f"{module}.{function.__name__}"
        return fig

    return styled


def nothing():
    """Stand in for a figure that a corpus has nothing for."""
    fig, ax = plt.subplots(figsize=(6.4, 1.4))
    ax.axis("off")
    ax.text(0, 0.5, "This corpus has nothing to show here.", fontsize=10, va="center")
    return fig
