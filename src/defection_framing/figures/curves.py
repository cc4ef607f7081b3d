"""Specification curves: how estimates move when every choice is crossed with every other."""

import textwrap

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patheffects import withStroke

from .style import BLACK, BLUE, DARK, ORANGE, drawn, nothing, tick

LIGHT_GREY = "#bbbbbb"


@drawn
def what_holds(summary: pd.DataFrame, values: dict[str, pd.Series], names: dict[str, str]):
    """How far each curve reaches, where the reported value lies in it, what share of it agrees.

    Parameters
    ----------
    summary : pd.DataFrame
        As `what_survives.summary` returns it.
    values : dict of str to pd.Series
        Of each curve.
    names : dict of str to str
        Estimates, from top to bottom, to their names in words.
    """
    keys = [k for k in names if summary.loc[k, "specifications"] > 0]
    if not keys:
        return nothing()
    size = (9.5, 1.7 + 0.42 * len(keys))
    fig, (left, right) = plt.subplots(1, 2, sharey=True, figsize=size, width_ratios=[1.2, 1])
    for y, key in enumerate(keys):
        row = summary.loc[key]
        left.hlines(y, row["lowest"], row["highest"], color="#999999", lw=1.2)
        left.hlines(y, *np.percentile(values[key], [2.5, 97.5]), color="#999999", lw=6, alpha=0.7)
        left.plot(row["median"], y, "|", color="black", ms=13, mew=2)
        left.plot(row["value"], y, "D", color="#D55E00", mec="white", ms=7)
        right.plot(row["percentile"], y, "D", color="#D55E00", mec="white", ms=6)
        right.plot(
            row["same_sign"] / row["specifications"], y, "o", color="black", mfc="white", ms=10
        )
        right.plot(row["holds"] / row["with_interval"], y, "o", color="black", ms=5)
    labels = [f"{names[k]} ({summary.loc[k, 'specifications']:,.0f})" for k in keys]
    left.set_yticks(range(len(keys)), ["\n".join(textwrap.wrap(x, 38)) for x in labels])
    left.set(ylim=(len(keys) - 0.4, -0.6), xlabel="difference of shares, points")
    left.axvline(0, color="#444444", lw=0.8)
    left.xaxis.set_major_formatter(lambda v, _: tick("points", v))
    right.set(xlim=(-0.03, 1.03), xlabel="share of specifications")
    right.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
    left.plot([], [], "D", color="#D55E00", mec="white", ms=7, label="reported")
    left.plot([], [], "|", color="black", ms=10, mew=2, label="median")
    left.plot([], [], color="#999999", lw=6, alpha=0.7, label="middle 95%")
    right.plot([], [], "o", color="black", mfc="white", ms=10, label="same sign as reported")
    right.plot(
        [], [], "o", color="black", ms=5, label="and interval excludes zero, of those with one"
    )
    right.plot([], [], "D", color="#D55E00", mec="white", ms=6, label="below the reported value")
    for ax, columns in ((left, 3), (right, 1)):
        ax.grid(axis="y", visible=False)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, fontsize=7)
    return fig


@drawn
def curves(rows: pd.DataFrame, summary: pd.DataFrame, names: dict[str, str], tests: set[str]):
    """Specification curves as small multiples: estimates with intervals, sorted.

    Parameters
    ----------
    rows : pd.DataFrame
        Specifications, by estimate and rank: `value`, `low`, `high`, `excludes_zero`, `reported`
        (bool); evenly spaced ones stand for all.
    summary, names
        As in `what_holds`.
    tests : set of str
        Estimates that are p-values.
    """
    shown = [k for k in names if k in rows.index.unique(0)]
    if not shown:
        return nothing()
    down = -(-len(shown) // 3)
    fig, axes = plt.subplots(down, 3, squeeze=False, figsize=(10, 0.9 + 2.3 * down))
    for ax in axes.flat[len(shown) :]:
        ax.set_visible(False)
    for ax, key in zip(axes.flat, shown, strict=False):
        of_test = key in tests
        _curve(ax, rows.loc[key], summary.loc[key], 0.05 if of_test else 0)
        title = names[key] + (" (p)" if of_test else " (points)")
        ax.set_title("\n".join(textwrap.wrap(title, 40)), fontsize=8.5)
        unit = "plain" if of_test else "points"
        ax.yaxis.set_major_formatter(lambda v, _, unit=unit: tick(unit, v))
    for colour, width, name in (
        (BLUE, 4, "interval excludes zero"),
        (LIGHT_GREY, 4, "does not"),
        (BLACK, 4, "excludes zero, other sign"),
        (BLACK, 1.4, "estimate"),
    ):
        axes[0, 0].plot([], [], color=colour, lw=width, label=name)
    axes[0, 0].plot([], [], "D", color=ORANGE, mec="white", ms=8, label="reported")
    handles = axes[0, 0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower left", ncols=5, fontsize=7.5, columnspacing=1.2)
    return fig


def _curve(ax, t: pd.DataFrame, summary: pd.Series, at: float) -> None:
    """One curve, and a line at the value that it is held against."""
    known, own = t["low"].notna(), t[t["reported"]]
    sure, same = t["excludes_zero"] & known, np.sign(t["value"]) == np.sign(summary["value"])
    for chosen, colour in ((~sure, LIGHT_GREY), (sure & same, BLUE), (sure & ~same, BLACK)):
        part = t[chosen & known]
        ax.vlines(part.index, part["low"], part["high"], colour, lw=0.8, rasterized=True)
    other = t.index[sure & ~same]
    ax.plot(other, np.full(len(other), 0.04), "x", color=BLACK, ms=4,
            transform=ax.get_xaxis_transform())  # fmt: skip
    ax.plot(t["value"], color=BLACK, lw=1.4)
    ax.axhline(at, color=DARK, lw=0.8)
    outline = withStroke(linewidth=4, foreground="w")
    ax.vlines(own.index, own["low"], own["high"], ORANGE, lw=1.8, zorder=4, path_effects=[outline])
    ax.plot(own["value"], "D", color=ORANGE, mec="white", mew=1.2, ms=8, zorder=5)
    n = int(summary["specifications"])
    ax.set(xlim=(-0.03 * n, 1.03 * n), xticks=[])
    missing = summary["without_interval"]
    without = f"; {missing:,.0f} without interval" if missing > 0 else ""
    ax.set_xlabel(f"{n:,} specifications{without}", fontsize=7.5)
