"""One act in two tellings: a line for each event, a mark for each camp."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from .style import DARK, LIGHT, LOOKS, WIDTH, beside, drawn, nothing, tick


@drawn
def tellings(
    table: pd.DataFrame, xlabel: str, sides: Mapping[str, tuple[str, str]], none: float = 0
):
    """Draw two shares of each event, joined by a line.

    Parameters
    ----------
    table : pd.DataFrame
        One row an event, in order: `event` (its name in words), `panel`, `left` and `received`
        (shares, 0 to 1), `n_left`, `n_received` (articles).
    xlabel : str
    sides : dict of str to (str, str)
        Of each panel the camps that tell as the side that was left, and as the side that received.
    none : float
        Events in which no share is above this are one row at the foot of a panel.
    """
    if table.empty:
        return nothing()
    parts = {p: _rows(table[table["panel"] == p], none) for p in sides}
    parts = {p: t for p, t in parts.items() if len(t)}
    heights = [len(t) + 3.4 for t in parts.values()]
    size = (WIDTH, 0.17 * sum(heights) + 0.3)
    fig, axes = plt.subplots(
        len(parts), squeeze=False, figsize=size, sharex=True, height_ratios=heights
    )
    for ax, (panel, t) in zip(axes.flat, parts.items(), strict=True):
        y = np.arange(len(t))
        ax.hlines(y, t["left"], t["received"], color=DARK, linewidth=1)
        together = np.isclose(t["left"], t["received"], atol=0.03)
        marks = []
        for camp, side, shift in zip(sides[panel], ("left", "received"), (-1, 1), strict=True):
            look = LOOKS[camp]
            face = look.colour if side == "left" else "white"
            # A camp's many articles weigh more to the eye.
            area = 9 * np.sqrt(t[f"n_{side}"].astype(float)).clip(upper=6)
            ax.scatter(t[side], y + 0.17 * shift * together, area, zorder=3, clip_on=False,
                       marker=look.marker, edgecolors=look.colour, facecolors=face)  # fmt: skip
            marks.append(Line2D([], [], ls="", marker=look.marker, color=look.colour, mfc=face,
                                label=f"{camp} ({side})"))  # fmt: skip
        ax.set_yticks(y, t["event"], fontsize=7.5)
        for inches, side in ((0.35, "left"), (0.9, "received")):
            beside(ax, inches, -1.1, side, fontsize=7, color=DARK)
            for row, n in zip(y, t[f"n_{side}"], strict=True):
                beside(ax, inches, row, f"{n:.0f}")
        ax.set_ylim(len(t) - 0.5, -0.7)
        ax.set_xlim(-0.03, 1.03)
        ax.tick_params(axis="x", labelbottom=True)
        ax.xaxis.set_major_formatter(lambda v, _: tick("percent", v))
        ax.grid(axis="y", color=LIGHT)
        ax.set_title(panel, pad=6)
        ax.legend(handles=marks, fontsize=8, loc="lower right", bbox_to_anchor=(1.02, 1), ncols=2,
                  handletextpad=0.1, borderaxespad=0.1)  # fmt: skip
    fig.supxlabel(xlabel, size=9)
    return fig


def _rows(t: pd.DataFrame, none: float) -> pd.DataFrame:
    """Events one by one, and those without either share above `none` as one row at the end."""
    quiet = t[["left", "received"]].max(axis=1) <= none
    if quiet.sum() < 2:
        return t
    counts = t.loc[quiet, ["n_left", "n_received"]].sum()
    rest = {"event": f"{quiet.sum()} more, of which neither does", "left": 0.0, "received": 0.0}
    return pd.concat([t[~quiet], pd.DataFrame([rest | dict(counts)])], ignore_index=True)
