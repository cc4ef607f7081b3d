"""Maps of texts with the names of their topics on them, and what other numbers of topics give.

The map takes the looks of datamapplot (McInnes, Healy and others), which needs an older pandas.
"""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from adjustText import adjust_text
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patheffects import withStroke
from scipy.ndimage import gaussian_filter

from .style import BLACK, DARK, GREY, WIDTH, drawn, wrapped

# Around the colour wheel, as clusters lie around the middle of a map. None is near a camp's.
RING = (
    "#8549b5", "#b93a9b", "#e0628f", "#a3324c", "#8a5a3c", "#c6922a",
    "#98961a", "#5d9a33", "#1f7d4b", "#18a191", "#4b9fb5", "#5b61b5",
)  # fmt: skip

_CELLS = 220  # of the grid that densities are counted on


@drawn
def topic_map(
    points: pd.DataFrame, names: Mapping[int, str], panels: Mapping[str, np.ndarray], unit: str
):
    """Map of texts, coloured by topic, with the topics' names; below it parts of it, small.

    Parameters
    ----------
    points : pd.DataFrame
        Columns `x`, `y` and `topic` (-1: none); one row per text.
    names : mapping of int to str
        Names of the topics.
    panels : mapping of str to np.ndarray
        Title of each small map, and which points it shows, (n,) bool; the others stay grey.
    unit : str
        What a point is, in the plural.
    """
    points = points.reset_index(drop=True)
    colours = _colours(points, names)
    of_point = points["topic"].map(colours).fillna(GREY).to_numpy()
    fig = plt.figure(figsize=(WIDTH, 6.6))
    fig.get_layout_engine().set(w_pad=0.01, h_pad=0.01, hspace=0, wspace=0)
    rows = fig.add_gridspec(2, 1, height_ratios=[5, 1.15])
    whole = fig.add_subplot(rows[0])
    _density(whole, points, colours)
    size = 40 / np.sqrt(1 + len(points) / 200)
    whole.scatter(points["x"], points["y"], c=of_point, s=size, linewidths=0, alpha=0.75,
                  rasterized=True)  # fmt: skip
    small = rows[1].subgridspec(1, max(len(panels), 1), wspace=0.06)
    for i, (title, shown) in enumerate(panels.items()):
        ax = fig.add_subplot(small[i])
        own, dots = points[shown], {"linewidths": 0, "rasterized": True}
        ax.scatter(points["x"], points["y"], c="#e4e4e4", s=size / 10, **dots)
        ax.scatter(own["x"], own["y"], c=of_point[shown], s=size / 5, **dots)
        ax.set_title(f"{title}\n{len(own):,} {unit}", fontsize=7.5, loc="center",
                     fontweight="normal", linespacing=1.3)  # fmt: skip
    for ax in fig.axes:
        ax.set(xticks=[], yticks=[], xlim=_limits(points["x"]), ylim=_limits(points["y"]))
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    _name(fig, whole, points, names, colours)
    return fig


def _colours(points: pd.DataFrame, names: Mapping[int, str]) -> dict[int, str]:
    """A colour for each topic, in the order in which topics lie around the middle of the map."""
    middles = points.groupby("topic")[["x", "y"]].median().reindex(list(names))
    off = middles - middles.mean()
    order = np.arctan2(off["y"], off["x"]).sort_values().index
    return {t: RING[i * len(RING) // max(len(order), 1) % len(RING)] for i, t in enumerate(order)}


def _limits(values: pd.Series) -> tuple[float, float]:
    """Where an axis begins and ends: with room for what is shaded around the outermost points."""
    room = 0.07 * np.ptp(values)
    return values.min() - room, values.max() + room


def _grid(points: pd.DataFrame, own: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Smoothed counts of some points on a grid over all: x, y and height."""
    edges = [np.linspace(*_limits(points[c]), _CELLS + 1) for c in ("x", "y")]
    counts, *_ = np.histogram2d(own["x"], own["y"], bins=edges)
    x, y = ((e[:-1] + e[1:]) / 2 for e in edges)
    return x, y, gaussian_filter(counts, 5).T


def _density(ax, points: pd.DataFrame, colours: Mapping[int, str]) -> None:
    """Shade where points lie thick: all in grey, each topic in its colour."""
    x, y, z = _grid(points, points)
    ax.contourf(x, y, z / z.max(), levels=[0.02, 0.08, 0.2, 0.45, 1],
                colors=["#f6f6f6", "#f0f0f0", "#e9e9e9", "#e2e2e2"], zorder=0)  # fmt: skip
    for topic, colour in colours.items():
        x, y, z = _grid(points, points[points["topic"] == topic])
        tint = LinearSegmentedColormap.from_list("tint", [(1, 1, 1, 0), colour])
        levels = [0.18, 0.4, 0.7, 1.01]
        ax.contourf(x, y, z / z.max(), levels=levels, cmap=tint, alpha=0.2, zorder=1)


def _name(fig, ax, points, names, colours) -> None:
    """Write each name where its topic lies thickest, and move names until none covers another."""
    texts, x, y = [], [], []
    sizes = points["topic"].value_counts()
    for topic, name in names.items():
        own = points[points["topic"] == topic]
        gx, gy, z = _grid(points, own)
        row, column = np.unravel_index(z.argmax(), z.shape)
        x.append(gx[column])
        y.append(gy[row])
        letters = 8 + 2 * np.sqrt(sizes[topic] / sizes.max())
        written = "\n".join(wrapped(name, 1.6, letters, "bold"))
        outline = withStroke(linewidth=2.6, foreground="white")
        # The topic's colour, dark enough for letters on white.
        dark = [0.62 * int(colours[topic][i : i + 2], 16) / 255 for i in (1, 3, 5)]
        texts.append(ax.text(x[-1], y[-1], written, size=letters, weight="bold", ha="center",
                             va="center", color=dark, linespacing=1.1, zorder=5,
                             path_effects=[outline]))  # fmt: skip
    fig.draw_without_rendering()  # places the axes
    fig.set_layout_engine("none")
    adjust_text(texts, target_x=x, target_y=y, ax=ax, iter_lim=600, expand=(1.03, 1.1),
                force_text=(0.3, 0.5), force_static=(0, 0), force_pull=(0.02, 0.02),
                arrowprops={"arrowstyle": "-", "color": DARK, "lw": 0.6})  # fmt: skip


@drawn
def topic_numbers(
    table: pd.DataFrame,
    measures: Mapping[str, str],
    chosen: Mapping[str, int],
    lines: Mapping[str, float],
):
    """What topics are like by how many there are: a panel for each measure, a line for each way.

    Parameters
    ----------
    table : pd.DataFrame
        Columns `way`, `number`, `measure`, `value`.
    measures : mapping of str to str
        Measures, and their titles.
    chosen : mapping of str to int
        The number that was chosen, by way; it has a ring.
    lines : mapping of str to float
        What was asked for, by measure.
    """
    styles = ((BLACK, "D", "-"), (GREY, "s", "--"), (DARK, "o", ":"))
    across = -(-len(measures) // 2)
    fig, axes = plt.subplots(2, across, figsize=(WIDTH, 5.2), sharex=True, squeeze=False)
    for ax, (measure, title) in zip(axes.flat, measures.items(), strict=False):
        own = table[table["measure"] == measure]
        if measure in lines:
            ax.axhline(lines[measure], color=DARK, linewidth=0.8, linestyle=(0, (1, 2)))
            ax.text(1, lines[measure], f"asked: {lines[measure]:g}", fontsize=7, ha="right",
                    va="bottom", transform=ax.get_yaxis_transform())  # fmt: skip
        ways = own.groupby("way", sort=False)
        for (way, part), (colour, marker, line) in zip(ways, styles, strict=False):
            face = "white" if line == ":" else colour
            ax.plot(part["number"], part["value"], color=colour, marker=marker, linestyle=line,
                    markersize=4, linewidth=1.2, markerfacecolor=face, label=way)  # fmt: skip
            ring = part[part["number"] == chosen.get(way)]
            ax.plot(ring["number"], ring["value"], "o", markersize=12, markerfacecolor="none",
                    color=colour, markeredgewidth=1.2)  # fmt: skip
        ax.set_title(title, fontsize=9)
    for ax in axes[-1]:
        ax.set_xlabel("number of topics")
    fig.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower left", ncols=3,
               fontsize=8)  # fmt: skip
    return fig
