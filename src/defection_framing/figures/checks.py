"""How far the methods can be trusted: coverage of intervals."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from .style import drawn, looks, nothing


@drawn
def coverage(by_size: pd.DataFrame, cells: pd.DataFrame, refused: dict[str, float]):
    """Coverage of intervals against the number of effective events.

    Parameters
    ----------
    by_size : pd.DataFrame
        Index: events per cell; one column for each kind of interval.
    cells : pd.DataFrame
        Of the corpus: `events` (effective), `value`, `worst`, `by_article` (counted once; bool).
    refused : dict
        Below how many effective events no interval is printed, by a word for which.
    """
    if cells.empty:
        return nothing()
    fig, ax = plt.subplots(figsize=(8, 5))
    ax.axhspan(0.93, 0.97, color="#eeeeee")
    ax.axhline(0.95, color="#444444", linestyle="--", linewidth=0.8)
    for name, look in looks(by_size).items():
        ax.plot(by_size.index, by_size[name], color=look.colour, marker=look.marker, label=name,
                markersize=5, linewidth=1, markerfacecolor=look.face)  # fmt: skip
    by = cells["by_article"].astype(bool)
    for part, face, name in ((~by, "black", ""), (by, "white", ", by article")):
        ax.plot(cells["events"][part], cells["value"][part], "*", color="black", markersize=10,
                markerfacecolor=face, label="cell of the corpus" + name)  # fmt: skip
    ax.plot(cells["events"], cells["worst"], "|", color="#777777", markersize=9,
            label="the same, worst frame")  # fmt: skip
    for name, events in refused.items():
        ax.axvline(events, color="#444444", linestyle=":", linewidth=1)
        ax.text(0.98 * events, 0.02, f"{name}: none under {events}", fontsize=8, rotation=90,
                ha="right", va="bottom", transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set_xscale("log")
    ticks = [3, 5, 8, 12, 20, 40, 100]
    ax.set(xticks=ticks, xticklabels=ticks, xlabel="effective events per cell", ylim=(None, 1.01))
    ax.minorticks_off()
    ax.set_ylabel("95% intervals that hold the truth")
    ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)
    return fig
