"""How estimates move when every choice is crossed with every other."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from .style import BLACK, DARK, PALE, WIDTH, beside, drawn, nothing, tick


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
