"""Specification curves: how estimates move when every choice is crossed with every other."""

import textwrap

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patheffects import withStroke

from .style import BLACK, BLUE, DARK, ORANGE, drawn, nothing, tick

LIGHT_GREY = "#bbbbbb"

Tables, Words = dict[str, pd.DataFrame], dict[str, str]


@drawn
def what_holds(summary: pd.DataFrame, curves: Tables, names: Words, units: Words):
    """How far each curve reaches, and what share of it agrees; a row of panels for each unit.

    Parameters
    ----------
    summary, curves
        As `what_survives.summary` returns it, and `what_survives.curve`, by estimate.
    names, units : dict of str to str
        Estimates, from top to bottom, to their names in words and to "points" or "plain".
    """
    shown = [k for k in names if summary.loc[k, "specifications"] > 0]
    words = {"points": "difference of shares, points", "plain": "index, or distance"}
    kinds = {words[unit]: [k for k in shown if units[k] == unit] for unit in words}
    kinds = {kind: keys for kind, keys in kinds.items() if keys}
    if not kinds:
        return nothing()
    size = (9.5, 1.6 + 0.5 * len(kinds) + 0.42 * len(shown))
    ratios = {"width_ratios": [1.2, 1], "height_ratios": [len(k) + 0.2 for k in kinds.values()]}
    fig, axes = plt.subplots(len(kinds), 2, sharey="row", squeeze=False, figsize=size, **ratios)
    for (left, right), (kind, keys) in zip(axes, kinds.items(), strict=True):
        for y, key in enumerate(keys):
            row, values = summary.loc[key], curves[key]["value"]
            left.hlines(y, row["lowest"], row["highest"], color="#999999", lw=1.2)
            left.hlines(y, *np.percentile(values, [2.5, 97.5]), color="#999999", lw=6, alpha=0.7)
            left.plot(row["median"], y, "|", color="black", ms=13, mew=2)
            left.plot(row["value"], y, "D", color="#D55E00", mec="white", ms=7)
            right.plot([row["excludes_zero"], row["same_sign"]], [y, y], color="#999999", lw=1.2)
            right.plot(row["same_sign"], y, "o", color="black", mfc="white", ms=10)
            right.plot(row["excludes_zero"], y, "o", color="black", ms=5)
        labels = [f"{names[k]} ({summary.loc[k, 'specifications']:,.0f})" for k in keys]
        left.set_yticks(range(len(keys)), ["\n".join(textwrap.wrap(x, 34)) for x in labels])
        left.set(ylim=(len(keys) - 0.4, -0.6), xlabel=kind)
        left.axvline(0, color="#444444", lw=0.8)
        left.xaxis.set_major_formatter(lambda v, _, unit=units[keys[0]]: tick(unit, v))
        right.set_xlim(-0.03, 1.03)
        right.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
        for ax in (left, right):
            ax.grid(axis="y", visible=False)
    left, right = axes[0]
    left.plot([], [], "D", color="#D55E00", mec="white", ms=7, label="reported")
    left.plot([], [], "|", color="black", ms=10, mew=2, label="median")
    left.plot([], [], color="#999999", lw=6, alpha=0.7, label="middle 95%")
    right.plot([], [], "o", color="black", mfc="white", ms=10, label="same sign")
    right.plot([], [], "o", color="black", ms=5,
               label="and interval excludes zero,\nof those with one")  # fmt: skip
    for ax, columns in ((left, 3), (right, 2)):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, fontsize=7)
    axes[-1, 1].set_xlabel("share of specifications")
    return fig


@drawn
def curves(tables: Tables, names: Words, units: Words, null: pd.DataFrame | None = None):
    """Specification curves as small multiples: estimates with intervals, sorted.

    Parameters
    ----------
    tables, names, units
        As in `what_holds`; tables have `value`, `low`, `high`, `excludes_zero`, `reported` (bool).
    null : pd.DataFrame, optional
        By estimate: `null_low`, `null_high`, the middle 95% of the curve's median where the
        direction does not matter.
    """
    drawn_ones = [k for k in names if len(tables[k])]
    if not drawn_ones:
        return nothing()
    down = -(-len(drawn_ones) // 3)
    fig, axes = plt.subplots(down, 3, squeeze=False, figsize=(10, 0.9 + 2.3 * down))
    for ax in axes.flat[len(drawn_ones) :]:
        ax.set_visible(False)
    for ax, key in zip(axes.flat, drawn_ones, strict=False):
        band = None if null is None or key not in null.index else null.loc[key]
        _curve(ax, tables[key], band)
        title = names[key] + (" (points)" if units[key] == "points" else "")
        ax.set_title("\n".join(textwrap.wrap(title, 40)), fontsize=8.5)
        ax.yaxis.set_major_formatter(lambda v, _, unit=units[key]: tick(unit, v))
    for colour, width, name in (
        (BLUE, 4, "interval excludes zero"),
        (LIGHT_GREY, 4, "does not"),
        (BLACK, 4, "excludes zero, other sign"),
        (BLACK, 1.4, "estimate"),
        (DARK, 5, "median if direction did not matter"),
    ):
        axes[0, 0].plot([], [], color=colour, lw=width, label=name)
    axes[0, 0].plot([], [], "D", color=ORANGE, mec="white", ms=8, label="reported")
    handles = axes[0, 0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower left", ncols=6, fontsize=7.5, columnspacing=1.2)
    return fig


def _curve(ax, t: pd.DataFrame, band: pd.Series | None) -> None:
    """One curve, with the band of its median's null at the right."""
    t = t.reset_index(drop=True)
    known = t["low"].notna()
    sure, same = t["excludes_zero"] & known, np.sign(t["value"]) == np.sign(t["value"].median())
    for at, colour in ((~sure, LIGHT_GREY), (sure & same, BLUE), (sure & ~same, BLACK)):
        part = t[at & known]
        ax.vlines(part.index, part["low"], part["high"], colour, lw=min(1.2, 250 / len(t)),
                  rasterized=True)  # fmt: skip
    other = t.index[sure & ~same]
    ax.plot(other, np.full(len(other), 0.04), "x", color=BLACK, ms=4,
            transform=ax.get_xaxis_transform())  # fmt: skip
    ax.plot(t["value"], color=BLACK, lw=1.4)
    ax.axhline(0, color=DARK, lw=0.8)
    own, outline = t[t["reported"]], withStroke(linewidth=4, foreground="w")
    ax.vlines(own.index, own["low"], own["high"], ORANGE, lw=1.8, zorder=4, path_effects=[outline])
    ax.plot(own["value"], "D", color=ORANGE, mec="white", mew=1.2, ms=8, zorder=5)
    if band is not None and band.notna().all():
        ax.vlines(1.04 * len(t), *band[["null_low", "null_high"]], color=DARK, lw=5, alpha=0.6)
    ax.set(xlim=(-0.02 * len(t), 1.08 * len(t)), xticks=[])
    without = "" if known.all() else f"; {(~known).sum():,} without interval"
    ax.set_xlabel(f"{len(t):,} specifications{without}", fontsize=7.5)
