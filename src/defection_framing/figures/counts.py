"""What was read: tables and years of counts, without intervals."""

import textwrap
from collections.abc import Collection

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from .. import domain
from .style import BLACK, DARK, WIDTH, drawn, wrapped


@drawn
def heat(
    table: pd.DataFrame,
    xlabel: str = "",
    below: pd.DataFrame | None = None,
    outlined: Collection[tuple[str, str]] = (),
):
    """Draw a table of numbers as shaded cells; empty cells are missing values.

    Numbers of `below`, a table of the same shape, stand in brackets beside them; cells `outlined`,
    by row and column, have a frame.
    """
    rows = [textwrap.wrap(domain.label(str(c)), 46) for c in table.index]
    letters, lines = max(len(x) for row in rows for x in row), max(map(len, rows))
    room = (WIDTH - 0.4 - 0.066 * letters) / table.shape[1] - 0.08
    fig, ax = plt.subplots(figsize=(WIDTH, 0.75 + (0.16 + 0.14 * lines) * len(rows)))
    values = table.to_numpy(float)
    # A root: one much-told case would leave all other cells white.
    ax.imshow(
        np.sqrt(values), cmap="Greys", aspect="auto", vmin=0, vmax=np.sqrt(np.nanmax(values)) * 2.6
    )
    for (i, j), v in np.ndenumerate(values):
        if not np.isnan(v):
            beside = "" if below is None else f" ({below.iat[i, j]:,.0f})"
            ax.text(j, i, f"{v:,.0f}{beside}", ha="center", va="center", fontsize=8)
    for row, column in outlined:
        if row in table.index and column in table.columns:
            at = table.columns.get_loc(column) - 0.48, table.index.get_loc(row) - 0.46
            ax.add_patch(Rectangle(at, 0.96, 0.92, fill=False, color=BLACK, lw=1.5))
    ax.set(
        xticks=range(table.shape[1]), yticks=range(table.shape[0]), xlabel=xlabel,
        xticklabels=["\n".join(wrapped(domain.label(str(c)), room, 8)) for c in table.columns],
        yticklabels=["\n".join(row) for row in rows],
    )  # fmt: skip
    ax.tick_params(length=0, labelsize=8)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return fig


@drawn
def counts(table: pd.DataFrame, xlabel: str, ylabel: str, more: pd.Series, words: str):
    """Draw one small bar chart for each column, sharing both axes.

    `more` are counts, by column, that have no place on the axis; `words` say what they are.
    """
    n = table.shape[1]
    fig, [axes] = plt.subplots(1, n, sharex=True, sharey=True, squeeze=False, figsize=(WIDTH, 2.2))
    for ax, (column, values) in zip(axes, table.items(), strict=True):
        ax.bar(values.index.astype(int), values, color="#777777", width=0.8)
        ax.set(xlabel=xlabel)
        ax.set_title(textwrap.fill(domain.label(str(column)), 18))
        n = f"n = {values.sum():,.0f}\n{more[column]:,.0f} {words}"
        ax.text(0.03, 0.98, n, fontsize=7.5, va="top", color=DARK, transform=ax.transAxes)
        ax.grid(axis="x", visible=False)
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True, nbins=3))
    axes[0].set_ylim(top=1.25 * table.to_numpy().max())
    axes[0].set_ylabel(ylabel)
    return fig
