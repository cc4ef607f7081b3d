"""The mirror: each frame's contrast in two camps, and the index of all of them."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np

from .. import domain
from .style import BLACK, BLUE, DAGGER, ORANGE, Look, drawn, nothing


@drawn
def mirror(m, marked=()):
    """Headline figure: the two camps' contrasts, frame by frame, and the index among its nulls.

    `m` is a `stats.Mirror`; frames that are `marked` are named with a dagger.
    """
    first, second = domain.TOWARD
    if np.isnan(m.index["value"]):
        return nothing()
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 5.6), width_ratios=[1.5, 1])
    t, kinds = m.frames, m.frames["kind"]
    # Too few events leave the contrasts without intervals.
    reach = 1.15 * np.nanmax(np.abs(t.filter(regex="^(first|second)(_low|_high)?$")))
    for slope, style in ((1, "-"), (-1, ":")):
        left.plot([-reach, reach], [-slope * reach, slope * reach], style, color="#444444", lw=0.9)
    left.axhline(0, color="#bbbbbb", linewidth=0.6)
    left.axvline(0, color="#bbbbbb", linewidth=0.6)
    looks = {
        "not shown": Look("#777777", "o", filled=False),
        "relational": Look(BLACK, "D"),
        "directional": Look(ORANGE, "s"),
        "both": Look(BLUE, "P"),
    }
    for kind, look in looks.items():
        part, colour = t[kinds == kind], look.colour
        if part.empty:
            continue
        if look.filled:
            left.hlines(part["first"], part["second_low"], part["second_high"], colour, lw=0.9)
            left.vlines(part["second"], part["first_low"], part["first_high"], colour, lw=0.9)
        left.plot(
            part["second"], part["first"], look.marker, color=colour, linestyle="",
            markerfacecolor=look.face, label=f"{kind} ({len(part)})",
        )  # fmt: skip
    # Labels of the crowded middle stand in one column, in the order of their points.
    size = t[["first", "second"]].abs().max(axis=1)
    is_named = t.index.isin(size.nlargest(9).index) | (kinds != "not shown")
    named = t[is_named].sort_values("first")
    at = -reach
    for frame, row in named.iterrows():
        point = (row["second"], row["first"])
        if row["second"] < 0:
            place = (row["second"] - 0.05 * reach, row["first"] + 0.07 * reach)
        else:
            at = max(row["first"], at + 0.08 * reach)
            place = (0.3 * reach, at)
        left.annotate(
            domain.label(frame) + (DAGGER if frame in marked else ""),
            point, place, fontsize=8, va="center",
            ha="left" if row["second"] >= 0 else "right",
            fontweight="normal" if kinds[frame] == "not shown" else "bold",
            arrowprops={"arrowstyle": "-", "color": "#999999", "lw": 0.5},
            bbox={"fc": "white", "ec": "none", "pad": 0.5},
        )  # fmt: skip
    left.text(reach * 0.8, reach * 0.93, "mirror ", ha="right", fontsize=8, style="italic")
    left.text(reach * 0.8, -reach * 0.95, "direction ", ha="right", fontsize=8, style="italic")
    for axis in (left.xaxis, left.yaxis):
        axis.set_major_formatter(lambda v, _: f"{100 * v:.3g}")
    left.set(
        xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal",
        xlabel=f"{second} camp: share of claims, toward minus away, points",
        ylabel=f"{first} camp: share of claims, toward minus away, points",
        title="Each frame's contrast in the two camps",
    )  # fmt: skip
    left.legend(loc="upper left", bbox_to_anchor=(0, -0.13), ncols=4, fontsize=8)
    for y, name in enumerate(m.references):
        low, mid, high = np.nanpercentile(m.references[name], [2.5, 50, 97.5])
        right.hlines(y, low, high, color="#999999", linewidth=6, alpha=0.6)
        right.plot(mid, y, "|", color="#444444", markersize=12)
    rows, y = [*m.references, "observed"], m.references.shape[1]
    right.hlines(y, m.index["low"], m.index["high"], color="black", linewidth=1.6)
    right.plot(m.index["value"], y, "D", color="black")
    right.axvline(0, color="#bbbbbb", linewidth=0.8)
    right.set(
        yticks=range(len(rows)), ylim=(-0.6, len(rows) - 0.4), xlim=(-1.05, 1.05),
        yticklabels=["\n".join(textwrap.wrap(r, 16)) for r in rows],
        xlabel="mirror index\n\N{MINUS SIGN}1 both tell alike    1 perfect mirror",
        title="The index, and references (95% of draws)",
    )  # fmt: skip
    right.grid(axis="y", visible=False)
    n = m.index
    fig.suptitle(
        f"n = {n['n_articles']:.0f} articles on {n['n_events']:.0f} events; "
        f"smallest of the four cells {n['smallest_cell']:.0f} events"
    )
    return fig
