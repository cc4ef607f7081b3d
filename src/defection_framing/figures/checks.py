"""How far the methods can be trusted: coverage of intervals."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from .style import DARK, LIGHT, WIDTH, beside, drawn, looks, nothing, wrapped


@drawn
def coverage(by_size: pd.DataFrame, refused: dict[str, float]):
    """Coverage of intervals against the number of events.

    Parameters
    ----------
    by_size : pd.DataFrame
        Index: events; one column for each kind of interval.
    refused : dict
        Below how many events no interval is printed, by a word for which.
    """
    if by_size.empty:
        return nothing()
    fig, ax = plt.subplots(figsize=(WIDTH, 3.6))
    ax.axhspan(0.93, 0.97, color=LIGHT)
    ax.axhline(0.95, color=DARK, linestyle="--", linewidth=0.8)
    ends = by_size.ffill().iloc[-1].sort_values()
    # Names stand beside the ends of their lines, in the same order, as far apart as they are high.
    apart = 0.105 * (1.01 - by_size.min(axis=None))
    heights = ends.mean() + apart * (np.arange(len(ends)) - (len(ends) - 1) / 2)
    for (name, look), height in zip(looks(ends.index).items(), heights, strict=True):
        ax.plot(by_size.index, by_size[name], color=look.colour, marker=look.marker,
                markersize=look.size, linewidth=1, markerfacecolor=look.face)  # fmt: skip
        beside(ax, 0.3, height, "\n".join(wrapped(name, 1.9, 7.5)), ha="left")
        line = {"color": look.colour, "lw": 0.7, "clip_on": False}
        ax.plot([1, 1.05], [ends[name], height], transform=ax.get_yaxis_transform(), **line)
    for name, events in refused.items():
        ax.axvline(events, color=DARK, linestyle=":", linewidth=1)
        ax.text(events, 1.01, f"{name}:\nfrom {events}", fontsize=7.5, va="bottom",
                transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set_xscale("log")
    ax.set(xticks=by_size.index, xticklabels=by_size.index, xlabel="events", ylim=(None, 1.01))
    ax.minorticks_off()
    ax.set_ylabel("95% intervals that hold the truth")
    ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
    return fig
