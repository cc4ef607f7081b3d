"""Rows with numbers beside them: two shares joined by a line, and how far an estimate moves."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from .style import BLACK, DARK, LIGHT, LOOKS, PALE, WIDTH, beside, drawn, key_mark, nothing, tick

SIDES = ("left", "received")


def _stacked(heights: Sequence[float], height: float):
    """Figure and panels one below another, so high, on one scale of shares."""
    fig, axes = plt.subplots(len(heights), squeeze=False, figsize=(WIDTH, height), sharex=True,
                             height_ratios=heights)  # fmt: skip
    axes[0, 0].xaxis.set_major_formatter(lambda v, _: tick("percent", v))
    return fig, axes


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
    sides : dict of str to (str, str)
        Of each panel the camps that tell as the side that was left, and as the side that received.
    none : float
        Events in which no share is above this are one row at the foot of a panel.
    """
    parts = {p: _rows(table[table["panel"] == p], none) for p in sides}
    parts = {p: t for p, t in parts.items() if len(t)}
    heights = [len(t) + 3.4 for t in parts.values()]
    fig, axes = _stacked(heights, 0.17 * sum(heights) + 0.3)
    for ax, (panel, t) in zip(axes.flat, parts.items(), strict=True):
        y = np.arange(len(t))
        ax.hlines(y, t["left"], t["received"], color=DARK, linewidth=1)
        together = np.isclose(t["left"], t["received"], atol=0.03)
        marks = []
        for camp, side, shift in zip(sides[panel], SIDES, (-1, 1), strict=True):
            look = LOOKS[camp]
            face = look.colour if side == "left" else "white"
            # A camp's many articles weigh more to the eye.
            area = 9 * np.sqrt(t[f"n_{side}"].astype(float)).clip(upper=6)
            ax.scatter(t[side], y + 0.17 * shift * together, area, zorder=3, clip_on=False,
                       marker=look.marker, edgecolors=look.colour, facecolors=face)  # fmt: skip
            marks.append(key_mark(look.marker, look.colour, face, f"{camp} ({side})"))
        ax.set_yticks(y, t["event"], fontsize=7.5)
        for inches, side in zip((0.35, 0.9), SIDES, strict=True):
            beside(ax, inches, -1.1, side, fontsize=7, color=DARK)
            for row, n in zip(y, t[f"n_{side}"], strict=True):
                beside(ax, inches, row, f"{n:.0f}")
        ax.set_ylim(len(t) - 0.5, -0.7)
        ax.set_xlim(-0.03, 1.03)
        ax.tick_params(axis="x", labelbottom=True)
        ax.grid(axis="y", color=LIGHT)
        ax.set_title(panel, pad=6)
        ax.legend(handles=marks, fontsize=8, loc="lower right", bbox_to_anchor=(1.02, 1), ncols=2,
                  handletextpad=0.1, borderaxespad=0.1)  # fmt: skip
    fig.supxlabel(xlabel, size=9)
    return fig


def _rows(t: pd.DataFrame, none: float) -> pd.DataFrame:
    """Events one by one, and those without either share above `none` as one row at the end."""
    quiet = t[[*SIDES]].max(axis=1) <= none
    if quiet.sum() < 2:
        return t
    counts = t.loc[quiet, ["n_left", "n_received"]].sum()
    rest = {"event": f"{quiet.sum()} more, of which neither does", "left": 0.0, "received": 0.0}
    return pd.concat([t[~quiet], pd.DataFrame([rest | dict(counts)])], ignore_index=True)


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
    groups = dict(list(table.reset_index().groupby("group", sort=False)))
    heights = [len(t) + 0.9 for t in groups.values()]
    fig, axes = _stacked(heights, 0.36 * sum(heights) + 1.3)
    for ax, (group, t) in zip(axes.flat, groups.items(), strict=True):
        y = np.arange(len(t))
        ax.hlines(y, t["left"], t["received"], color=DARK, linewidth=1)
        for side, shift in zip(SIDES, (-0.27, 0.27), strict=True):
            for at, row in enumerate(t.to_dict("records")):
                look = LOOKS[row[f"{side}_camp"]]
                face = look.colour if side == "left" else "white"
                ax.hlines(at + shift, row[f"{side}_low"], row[f"{side}_high"], color=look.colour,
                          linewidth=1, alpha=0.7)  # fmt: skip
                ax.plot(row[side], at, look.marker, color=look.colour, markerfacecolor=face,
                        markersize=8, zorder=3)  # fmt: skip
                first = side == min(SIDES, key=row.get)
                ax.annotate(tick("percent", round(row[side], 2)), (row[side], at), fontsize=8,
                            xytext=(-7 if first else 7, 0), textcoords="offset points",
                            ha="right" if first else "left", va="center")  # fmt: skip
        ax.set_title(textwrap.fill(group, 80), fontsize=9)
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
    top.text(1.02, 1, "leaving minus coming,\npoints [95% interval]", fontsize=8, va="bottom",
             transform=top.transAxes)  # fmt: skip
    axes[-1, 0].set_xlabel(xlabel)
    ends = table[[f"{side}{end}" for side in SIDES for end in ("", "_high")]]
    top.set_xlim(-0.06, min(1.06, ends.max(axis=None) + 0.08))
    for face, label in zip((DARK, "white"), marks, strict=True):
        top.plot([], [], "o", color=DARK, markerfacecolor=face, label=label, markersize=6)
    for camp in np.unique(table[[f"{side}_camp" for side in SIDES]]):
        top.plot([], [], LOOKS[camp].marker, color=LOOKS[camp].colour, markersize=6,
                 label=f"{camp} outlets")  # fmt: skip
    fig.legend(loc="outside lower left", ncols=2, fontsize=8)
    return fig


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
        shares = row["same_sign"] / of, row["holds"] / row["with_interval"], row["percentile"]
        for inches, told in zip(columns, [f"{of:,.0f}", *map(_percent, shares)], strict=True):
            beside(ax, inches, y, told)
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
