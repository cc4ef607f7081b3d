"""Two shares a row, joined by a line: of those who leave, and of those who come."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from .style import DARK, LIGHT, LOOKS, drawn, nothing, tick

MARKS = ("left", "received")


@drawn
def dumbbell(table: pd.DataFrame, xlabel: str, marks: tuple[str, str]):
    """Draw the share of those who leave and of those who come, a row each, in groups.

    Parameters
    ----------
    table : pd.DataFrame
        One row a line, in order; index: `group` and `row`, in words. Columns: of each of `left` and
        `received` the share (0 to 1) and, as `left_camp`, `left_low`, `left_high`, the camp that
        tells and the limits (missing: none drawn); `difference` and `n`, in words.
    xlabel : str
        What is counted.
    marks : (str, str)
        What a filled and what an open mark mean.
    """
    if table.empty:
        return nothing()
    table = table.reset_index()
    groups = dict(list(table.groupby("group", sort=False)))
    heights = [len(t) + 0.9 for t in groups.values()]
    size = (7.2, 0.36 * sum(heights) + 1.3)
    fig, axes = plt.subplots(
        len(groups), 1, squeeze=False, sharex=True, figsize=size, height_ratios=heights
    )
    for ax, (group, t) in zip(axes.flat, groups.items(), strict=True):
        y = np.arange(len(t))
        ax.hlines(y, t["left"], t["received"], color=DARK, linewidth=1)
        for side, shift in zip(MARKS, (-0.27, 0.27), strict=True):
            for at, row in zip(y, t.to_dict("records"), strict=True):
                look = LOOKS[row[f"{side}_camp"]]
                face = look.colour if side == "left" else "white"
                ax.hlines(at + shift, row[f"{side}_low"], row[f"{side}_high"], color=look.colour,
                          linewidth=1, alpha=0.7)  # fmt: skip
                ax.plot(row[side], at, look.marker, color=look.colour, markerfacecolor=face,
                        markersize=8, zorder=3)  # fmt: skip
                first = side == min(MARKS, key=row.get)
                ax.annotate(tick("percent", round(row[side], 2)), (row[side], at), fontsize=8,
                            xytext=(-7 if first else 7, 0), textcoords="offset points",
                            ha="right" if first else "left", va="center")  # fmt: skip
        ax.set_title("\n".join(textwrap.wrap(group, 80)), fontsize=9)
        labels = [f"{r}\n{n}" for r, n in zip(t["row"], t["n"], strict=True)]
        ax.set_yticks(y, labels, fontsize=8)
        ax.set_ylim(len(t) - 0.5, -0.5)
        ax.grid(axis="y", visible=False)
        for at, text in zip(y, t["difference"], strict=True):
            ax.text(1.02, at, text, fontsize=8, va="center",
                    transform=ax.get_yaxis_transform())  # fmt: skip
        for line in y[:-1]:
            ax.axhline(line + 0.5, color=LIGHT, linewidth=0.6)
    top = axes[0, 0]
    top.text(
        1.02,
        1,
        "leaving minus coming,\npoints [95% interval]",
        fontsize=8,
        va="bottom",
        transform=top.transAxes,
    )
    axes[-1, 0].xaxis.set_major_formatter(lambda v, _: tick("percent", v))
    axes[-1, 0].set_xlabel(xlabel)
    ends = table[[f"{side}{end}" for side in MARKS for end in ("", "_high")]].to_numpy().ravel()
    top.set_xlim(-0.06, min(1.06, np.nanmax(ends) + 0.08))
    keys = [
        top.plot([], [], "o", color=DARK, markerfacecolor=face, label=label, markersize=6)[0]
        for face, label in zip((DARK, "white"), marks, strict=True)
    ]
    keys += [
        top.plot([], [], LOOKS[camp].marker, color=LOOKS[camp].colour, markersize=6,
                 label=f"{camp} outlets")[0]
        for camp in sorted({c for side in MARKS for c in table[f"{side}_camp"]})
    ]  # fmt: skip
    fig.legend(handles=keys, loc="outside lower left", ncols=2, fontsize=8)
    return fig
