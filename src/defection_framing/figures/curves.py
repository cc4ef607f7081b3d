"""Specification curves: how estimates move when every choice is crossed with every other."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patheffects import withStroke

from .style import BLACK, DARK, GREY, PALE, WIDTH, beside, drawn, nothing, tick


@drawn
def what_holds(
    summary: pd.DataFrame, values: dict[str, pd.Series], names: dict[str, str], xlabel: str
):
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
    rows = [textwrap.wrap(names[k], 30) for k in keys]
    high = max(0.36, 0.1 + 0.14 * max(map(len, rows)))
    fig, ax = plt.subplots(figsize=(WIDTH, 1.0 + high * len(keys)))
    columns = {0.55: "specifi-\ncations", 1.0: "same\nsign", 1.55: "interval\nexcludes\nzero",
               2.15: "below the\nreported"}  # fmt: skip
    for inches, heading in columns.items():
        beside(ax, inches, -0.7, heading, va="bottom", color=DARK)
    for y, key in enumerate(keys):
        row = summary.loc[key]
        ax.hlines(y, row["lowest"], row["highest"], color=PALE, lw=1.2)
        ax.hlines(y, *np.percentile(values[key], [2.5, 97.5]), color=PALE, lw=6)
        ax.plot(row["median"], y, "|", color=BLACK, ms=13, mew=2)
        ax.plot(row["value"], y, "D", color=DARK, mec="white", ms=7)
        of = row["specifications"]
        told = [f"{of:,.0f}", row["same_sign"] / of, row["holds"] / row["with_interval"],
                row["percentile"]]  # fmt: skip
        for inches, share in zip(columns, told, strict=True):
            beside(ax, inches, y, share if isinstance(share, str) else _percent(share))
    ax.set_yticks(range(len(keys)), ["\n".join(row) for row in rows], size=8)
    ax.set(ylim=(len(keys) - 0.4, -0.6), xlabel=xlabel)
    ax.axvline(0, color=DARK, lw=0.8)
    ax.xaxis.set_major_formatter(lambda v, _: tick("points", v))
    ax.plot([], [], "D", color=DARK, mec="white", ms=7, label="reported")
    ax.plot([], [], "|", color=BLACK, ls="", ms=10, mew=2, label="median")
    ax.plot([], [], color=PALE, lw=6, label="middle 95%")
    ax.plot([], [], color=PALE, lw=1.2, label="lowest to highest")
    ax.grid(axis="y", visible=False)
    fig.legend(loc="outside upper left", ncols=4, fontsize=7.5)
    return fig


def _percent(share: float) -> str:
    """Write a share so that 100% says all, and 0% none; a dash where there is none."""
    if np.isnan(share):
        return "\N{EN DASH}"
    whole = round(100 * share)
    if share not in (0, 1) and whole in (0, 100):
        return f">{whole - 1}%" if whole else "<1%"
    return f"{whole}%"


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
    fig, axes = plt.subplots(down, 3, squeeze=False, figsize=(WIDTH, 0.7 + 1.9 * down))
    for ax in axes.flat[len(shown) :]:
        ax.set_visible(False)
    for ax, key in zip(axes.flat, shown, strict=False):
        of_test = key in tests
        _curve(ax, rows.loc[key], summary.loc[key], 0.05 if of_test else 0)
        title = names[key] + (" (p)" if of_test else " (points)")
        ax.set_title("\n".join(textwrap.wrap(title, 30)), fontsize=8)
        unit = "plain" if of_test else "points"
        ax.yaxis.set_major_formatter(lambda v, _, unit=unit: tick(unit, v))
    bars = [(GREY, 4, "interval excludes zero"), (PALE, 4, "does not")]
    if (summary.loc[shown, "other_sign"] > 0).any():
        bars.append((BLACK, 4, "excludes zero, other sign"))
    for colour, width, name in (*bars, (BLACK, 1.4, "estimate")):
        axes[0, 0].plot([], [], color=colour, lw=width, label=name)
    axes[0, 0].plot([], [], "D", color=DARK, mec="white", ms=8, label="reported")
    handles = axes[0, 0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside upper left", ncols=5, fontsize=7.5, columnspacing=1.2)
    return fig


def _curve(ax, t: pd.DataFrame, summary: pd.Series, at: float) -> None:
    """One curve, and a line at the value that it is held against."""
    known, own = t["low"].notna(), t[t["reported"]]
    sure, same = t["excludes_zero"] & known, np.sign(t["value"]) == np.sign(summary["value"])
    for chosen, colour in ((~sure, PALE), (sure & same, GREY), (sure & ~same, BLACK)):
        part = t[chosen & known]
        ax.vlines(part.index, part["low"], part["high"], colour, lw=0.8, rasterized=True)
    other = t.index[sure & ~same]
    ax.plot(other, np.full(len(other), 0.04), "x", color=BLACK, ms=4,
            transform=ax.get_xaxis_transform())  # fmt: skip
    ax.plot(t["value"], color=BLACK, lw=1.4)
    ax.axhline(at, color=DARK, lw=0.8)
    outline = withStroke(linewidth=4, foreground="w")
    ax.vlines(own.index, own["low"], own["high"], DARK, lw=1.8, zorder=4, path_effects=[outline])
    ax.plot(own["value"], "D", color=DARK, mec="white", mew=1.2, ms=8, zorder=5)
    n = int(summary["specifications"])
    ax.set(xlim=(-0.03 * n, 1.03 * n), xticks=[])
    missing = summary["without_interval"]
    without = f";\n{missing:,.0f} without interval" if missing > 0 else ""
    ax.set_xlabel(f"{n:,} specifications{without}", fontsize=7.5)
