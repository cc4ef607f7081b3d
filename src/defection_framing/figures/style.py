"""The look of all figures: colours, markers, letters and settings, and who drew what.

A colour is a camp's and means nothing else: Russian outlets vermilion squares, Ukrainian ones blue
circles, both of Okabe & Ito (2008), Western ones black hollow diamonds, undisclosed ones grey
crosses; the rest of `LOOKS` is for maps of all camps. Directions are markers that point: to Russia
`>`, to Ukraine `<`, exits `^` and `v`. All else is black, grey, a marker or a dash. So every series
is told apart without its colour, too.

Differences have one sign: leaving minus coming, the camp that was left minus the one that
received, to Russia minus to Ukraine. Every picture is `WIDTH` wide and shown at that
width, where no text is under 7 points. Above the panels stand what was found, in bold, and the
question; below them one line: what the picture rests on, who coded, and the licence (`lettered`).
"""

from collections.abc import Iterable
from functools import wraps
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Bbox, ScaledTranslation

RUSSIAN, UKRAINIAN = "#D55E00", "#0072B2"
BLACK, DARK, GREY, LIGHT = "#000000", "#333333", "#999999", "#eeeeee"
PALE = "#c4c4c4"
WIDTH = 7.2
"""Inches, of every figure: a notebook and a page show it whole."""

RC = mpl.rc_params_from_file(Path(__file__).with_name("study.mplstyle"), use_default_template=False)


class Look(NamedTuple):
    """How a series is drawn: colour, marker, whether it is filled, sizes in points."""

    colour: str
    marker: str
    filled: bool = True
    size: float = 5
    line: float = 1.4


LOOKS = {
    "ru_to_ua": Look(DARK, "<", filled=False),
    "ua_to_ru": Look(DARK, ">"),
    "ru_exit": Look(GREY, "^"),
    "ua_exit": Look(GREY, "v", filled=False),
    "Russian": Look(RUSSIAN, "s"),
    "Ukrainian": Look(UKRAINIAN, "o"),
    "Western": Look(BLACK, "D", filled=False),
    "Undisclosed": Look(GREY, "X"),
    "Russian exile": Look("#CC79A7", "h"),
    "Pro-Russian abroad": Look("#E69F00", "p"),
    "Rest of world": Look("#009E73", "*"),
    "mean of the camps": Look(BLACK, "D"),
    "same act": Look(DARK, "P", size=6),
    "worst code": Look(GREY, "|", size=9),
}
"""Looks of the series that recur, the same in every figure."""

_SPARE = (
    Look(BLACK, "D"),
    Look(GREY, "P", size=6),
    Look(DARK, "h", filled=False, size=6),
    Look(GREY, "X"),
    Look(BLACK, "p", filled=False, size=6),
    Look(GREY, "d"),
)


def looks(series: Iterable[str]) -> dict[str, Look]:
    """Looks of the series of a figure; those that do not recur take spare ones, in order."""
    series, spare = list(series), iter(_SPARE)
    if len(set(series) - set(LOOKS)) > len(_SPARE):
        raise ValueError(f"No looks are left for all of {', '.join(series)}: name some in LOOKS.")
    return {s: LOOKS.get(s) or next(spare) for s in series}


def key_mark(marker: str, colour: str, face: str, label: str = "", size: float = 6) -> Line2D:
    """A mark for a legend, and its label."""
    return Line2D([], [], ls="", marker=marker, color=colour, mfc=face, ms=size, label=label)


def beside(ax, inches: float, y: float, text: str, **options) -> None:
    """Write right of the panel, so far from its edge, at a height in its data."""
    place = ax.get_yaxis_transform() + ScaledTranslation(inches, 0, ax.figure.dpi_scale_trans)
    options = {"fontsize": 7.5, "ha": "right", "va": "center"} | options
    ax.text(1, y, text, transform=place, **options)


def tick(unit: str, value: float) -> str:
    """Write a number on an axis: a share as `points` or `percent`, or `plain`."""
    text = f"{value:.3g}" if unit == "plain" else f"{100 * value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}") + ("%" if unit == "percent" else "")


def lettered(fig, title: str, question: str, source: str) -> Bbox:
    """Write title and question above a figure and its source below; where to cut it, in inches.

    They stand outside the figure, so that its panels keep their place: save it with what is
    returned as `bbox_inches`.
    """
    fig.draw_without_rendering()  # places the panels; nothing may move them from here on
    fig.set_layout_engine("none")
    for ax in fig.axes:  # last digits of the layout differ from run to run
        ax.set_position([round(x, 6) for x in ax.get_position(original=True).bounds])
    for key in fig.legends:
        key.set_bbox_to_anchor((0, 0, 1, 1), transform=fig.transFigure)
    width, height = fig.get_size_inches()
    x, top, foot = 0.08 / width, 0.12, -0.08
    for text, size, weight, colour in ((question, 9, "normal", DARK), (title, 11, "bold", BLACK)):
        # Line by line: matplotlib sets lines of one text apart by what letters they have.
        for line in reversed(wrapped(text, width - 0.15, size, weight)):
            fig.text(x, 1 + top / height, line, size=size, weight=weight, color=colour,
                     in_layout=False)  # fmt: skip
            top += size * 1.45 / 72
    for line in wrapped(source, width - 0.15, 7):
        foot -= 7 * 1.4 / 72
        fig.text(x, foot / height, line, size=7, color="#666666", in_layout=False)
    return Bbox([[0, foot - 0.08], [width, height + top + 0.05]])


def wrapped(text: str, inches: float, size: float, weight: str = "normal") -> list[str]:
    """Lines of a text that are no wider than some inches, measured without a renderer.

    Other than matplotlib's own, it breaks the same lines at every resolution.
    """
    lines: list[str] = []
    font = FontProperties(size=size, weight=weight)
    for word in text.split():
        longer = " ".join([*lines[-1:], word])
        width, *_ = text_to_path.get_text_width_height_descent(longer, font, False)
        lines[-1:] = [longer] if width <= 71 * inches else [*lines[-1:], word]
    return lines


def style():
    """Set matplotlib for the length of a `with` block, whatever a researcher has set."""
    return plt.style.context(RC, after_reset=True)


def drawn(function):
    """Have a function draw in the study's style, or `nothing` where its table has no value.

    The figure says who `made_by` drew it.
    """

    @wraps(function)
    def styled(table, /, *args, **options):
        values = table.filter(["value"]) if "value" in table else table
        empty = values.isna().all(axis=None)
        with style():
            fig = nothing() if empty else function(table, *args, **options)
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
