"""How far the methods can be trusted: coverage of intervals."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from .style import drawn, looks, nothing


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
    fig, ax = plt.subplots(figsize=(8, 4.5))
    ax.axhspan(0.93, 0.97, color="#eeeeee")
    ax.axhline(0.95, color="#444444", linestyle="--", linewidth=0.8)
    for name, look in looks(by_size).items():
        ax.plot(by_size.index, by_size[name], color=look.colour, marker=look.marker, label=name,
                markersize=5, linewidth=1, markerfacecolor=look.face)  # fmt: skip
    for name, events in refused.items():
        ax.axvline(events, color="#444444", linestyle=":", linewidth=1)
        ax.text(0.98 * events, 0.02, f"{name}: none under {events}", fontsize=8, rotation=90,
                ha="right", va="bottom", transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set_xscale("log")
    ax.set(xticks=by_size.index, xticklabels=by_size.index, xlabel="events", ylim=(None, 1.01))
    ax.minorticks_off()
    ax.set_ylabel("95% intervals that hold the truth")
    ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)
    return fig
