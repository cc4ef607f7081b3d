"""Maps and tables of counts: what there is, without intervals."""

import textwrap

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from .. import domain
from .style import drawn, nothing


@drawn
def heat(table: pd.DataFrame, xlabel: str, ylabel: str):
    """Draw a table of numbers as shaded, annotated cells; empty cells are missing values."""
    if table.isna().all(axis=None):
        return nothing()
    fig, ax = plt.subplots(figsize=(2.4 + 0.95 * table.shape[1], 1.5 + 0.34 * table.shape[0]))
    values = table.to_numpy(float)
    ax.imshow(values, cmap="Greys", aspect="auto", vmin=0, vmax=np.nanmax(values) * 1.15)
    for (i, j), v in np.ndenumerate(values):
        if not np.isnan(v):
            dark = v > 0.6 * np.nanmax(values)
            ax.text(j, i, f"{v:.0f}", ha="center", va="center", fontsize=8,
                    color="white" if dark else "black")  # fmt: skip
    ax.set(
        xticks=range(table.shape[1]), yticks=range(table.shape[0]), xlabel=xlabel, ylabel=ylabel,
        xticklabels=["\n".join(textwrap.wrap(domain.label(str(c)), 12)) for c in table.columns],
        yticklabels=[domain.label(str(c)) for c in table.index],
    )  # fmt: skip
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return fig


@drawn
def counts(table: pd.DataFrame, xlabel: str, ylabel: str):
    """Draw one small bar chart for each column, sharing both axes."""
    fig, axes = plt.subplots(1, table.shape[1], sharex=True, sharey=True, figsize=(10, 2.6))
    for ax, (column, values) in zip(axes, table.items(), strict=True):
        ax.bar(values.index.astype(int), values, color="#555555", width=0.8)
        ax.set(xlabel=xlabel)
        ax.set_title(f"{domain.label(str(column))} (n = {values.sum()})", fontsize=8)
        ax.grid(axis="x", visible=False)
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True, nbins=5))
    axes[0].set_ylabel(ylabel)
    return fig


@drawn
def claim_map(xy: np.ndarray, topics: np.ndarray, table: pd.DataFrame):
    """Map of claims with the number of each topic at its middle, and the labels beside it.

    Points `xy` (n, 2), the numbers of their `topics` (n,), and a table as `topics.describe`.
    """
    fig, (ax, legend) = plt.subplots(1, 2, figsize=(11, 5.8), width_ratios=[1.3, 1])
    ax.scatter(*xy.T, c="#bbbbbb", s=3, linewidths=0, rasterized=True)
    for topic in table.index:
        x, y = np.median(xy[topics == topic], axis=0)
        circle = {"boxstyle": "circle,pad=0.2", "fc": "white", "ec": "#444444", "lw": 0.6}
        ax.text(x, y, topic, ha="center", va="center", fontsize=9, fontweight="bold", bbox=circle)
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    legend.axis("off")
    lines = [f"{topic_name(t, r)} (n = {r['n_claims']})" for t, r in table.iterrows()]
    legend.text(0, 1, "\n".join(lines), va="top", fontsize=9, linespacing=1.6)
    return fig


def topic_name(topic: int, row: pd.Series) -> str:
    """Number and label of a topic, with a double dagger where it is not stable."""
    return f"{topic}  {row['label']}" + ("" if row["stable"] else "\N{DOUBLE DAGGER}")
