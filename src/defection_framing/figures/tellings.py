"""One act in two tellings: a line for each event, a mark for each camp."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from .style import DARK, LIGHT, LOOKS, drawn, nothing, tick


@drawn
def tellings(table: pd.DataFrame, xlabel: str, sides: Mapping[str, tuple[str, str]]):
    """Draw two shares of each event, joined by a line.

    Parameters
    ----------
    table : pd.DataFrame
        One row an event, in order: `event` (its name in words), `panel`, `left` and `received`
        (shares, 0 to 1), `n_left`, `n_received` (articles).
    xlabel : str
    sides : dict of str to (str, str)
        Of each panel the camps that tell as the side that was left, and as the side that received.
    """
    if table.empty:
        return nothing()
    parts = {p: table[table["panel"] == p] for p in sides if (table["panel"] == p).any()}
    height = 0.165 * max(len(t) for t in parts.values()) + 1.3
    fig, axes = plt.subplots(1, len(parts), squeeze=False, figsize=(5.2 * len(parts), height))
    for ax, (panel, t) in zip(axes.flat, parts.items(), strict=True):
        y = np.arange(len(t))
        ax.hlines(y, t["left"], t["received"], color=DARK, linewidth=1)
        together = np.isclose(t["left"], t["received"], atol=0.03)
        marks = []
        for camp, side, shift in zip(sides[panel], ("left", "received"), (-1, 1), strict=True):
            look = LOOKS[camp]
            face = look.colour if side == "left" else "white"
            mark = {"marker": look.marker, "color": look.colour, "markerfacecolor": face}
            area = 9 * np.sqrt(t[f"n_{side}"])  # a camp's many articles weigh more to the eye
            ax.scatter(t[side], y + 0.17 * shift * together, area, zorder=3, clip_on=False,
                       marker=look.marker, edgecolors=look.colour, facecolors=face)  # fmt: skip
            marks.append(Line2D([], [], ls="", label=f"{camp} outlets ({side})", **mark))
        names = [f"{r.event}  {r.n_left}+{r.n_received}" for r in t.itertuples()]
        ax.set_yticks(y, names, fontsize=7)
        ax.set_ylim(max(len(x) for x in parts.values()) - 0.5, -0.7)
        ax.set_xlim(-0.06, 1.06)
        ax.xaxis.set_major_formatter(lambda v, _: tick("percent", v))
        ax.xaxis.tick_top()
        ax.xaxis.set_label_position("top")
        ax.set_xlabel(xlabel, fontsize=8)
        ax.grid(axis="y", color=LIGHT)
        ax.set_title(panel, pad=8)
        ax.legend(handles=marks, fontsize=8, loc="lower left", bbox_to_anchor=(0.3, 0.1))
    return fig
