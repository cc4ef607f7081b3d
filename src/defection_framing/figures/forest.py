"""Dot plots: estimates with their intervals, rows down, panels across."""

import textwrap
from collections.abc import Collection, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.transforms import ScaledTranslation

from .. import domain
from .style import DARK, LIGHT, PALE, WIDTH, Look, drawn, key_mark, looks, tick, wrapped


@drawn
def forest(
    table: pd.DataFrame,
    xlabel: str,
    *,
    row: str | int = -1,
    series: str | None = None,
    panel: str | None = None,
    unit: str = "percent",
    order: Sequence[str] | None = None,
    zero: bool = False,
    lines: Sequence[float] | Mapping[str, Sequence[float]] = (),
    marked: Collection[str] = (),
    open_mark: str = "not shown",
    columns: int | None = None,
    own_scale: bool = False,
):
    """Draw estimates with intervals as dots and lines.

    Parameters
    ----------
    table : pd.DataFrame
        As `stats.prevalence` or `stats.contrast` return it: levels of the index name row, series
        and panel; `value`, and where there are any `low`, `high`, `shown` (bool: a filled mark,
        else a hollow one), `band` (how far from zero a grey bar reaches), `n_articles` and
        `n_events` (of a series, for the legend), `n` (of a row, for its label). Series and panels
        stand in the order of the table.
    row, series, panel : str
        Levels of the index; rows are its last level, unless said. Panels are across.
    unit : {"percent", "points", "plain"}
        How values are written; shares are 0 to 1.
    order : sequence of str, optional
        Rows from top to bottom; by default by mean value in the first panel, or in their own.
    zero : bool
        Draw the line of no difference.
    lines : sequence of float, or dict of panel to sequence
        Dashed lines for thresholds.
    marked : collection of str
        Rows that are named with a dagger, such as frames that coders tell apart badly.
    open_mark : str
        What a hollow mark means, where the table has `shown`.
    columns : int, optional
        Panels across, if not all. With 1, each panel below another has rows of its own.
    own_scale : bool
        Each panel has a scale of its own.
    """
    t = table.reindex(columns=table.columns.union(["low", "high"])).assign(
        row=table.index.get_level_values(row).astype(str),
        series="" if series is None else table.index.get_level_values(series).astype(str),
        panel="" if panel is None else table.index.get_level_values(panel).astype(str),
    )
    t = t.reset_index(drop=True)
    t = t[t.groupby("panel", sort=False)["value"].transform(lambda v: v.notna().any())]
    panels, own_look = dict(list(t.groupby("panel", sort=False))), looks(t["series"].unique())
    across, first = columns or len(panels), next(iter(panels.values()))
    asked = None if order is None else [str(r) for r in order]
    order = list(dict.fromkeys([*(asked or _by_value(first)), *t["row"]]))
    rows = dict.fromkeys(panels, order)
    if across == 1:
        for p, own in panels.items():
            rows[p] = [r for r in asked or _by_value(own) if r in set(own["row"])]
    shown = t["shown"].eq(True) if "shown" in t else pd.Series(True, t.index)
    hollow = set(t["series"]) - set(t["series"][shown])
    names = _row_names(t, order, marked, 44 if across == 1 else 28)
    fig, axes, room = _grid(rows, names, len(own_look), across, own_scale)
    for position, (ax, (p, own)) in enumerate(zip(axes.flat, panels.items(), strict=False)):
        for at in lines[p] if isinstance(lines, Mapping) else lines:
            ax.axvline(at, color=DARK, linestyle="--", linewidth=0.8)
            if panel is None:
                ax.text(at, 1.01, tick(unit, at), fontsize=7, ha="center", va="bottom",
                        transform=ax.get_xaxis_transform())  # fmt: skip
        if zero:
            ax.axvline(0, color=DARK, linewidth=0.8)
        crowded = own.loc[own["value"].notna(), "row"].duplicated().any()
        shown_here = [s for s in own_look if s in set(own["series"])]
        for i, s in enumerate(shown_here):
            shift = (i - (len(shown_here) - 1) / 2) * 0.7 / len(shown_here) if crowded else 0
            part = own[own["series"] == s].set_index("row").reindex(rows[p])
            _one_series(ax, part, shift, own_look[s], _series_name(s, part), s in hollow)
        ax.set_title("\n".join(wrapped(domain.label(p), room, 9, "bold")))
        ax.set_yticks(range(len(rows[p])), [names[r] for r in rows[p]], fontsize=8)
        ax.set_ylim(len(rows[p]) - 0.5, -0.5)
        ax.xaxis.set_major_formatter(lambda v, _: tick(unit, v))
        ax.grid(axis="y", visible=False)
        for y in np.arange(0.5, len(rows[p]) - 1):
            ax.axhline(y, color=LIGHT, linewidth=0.6)
        if position >= len(panels) - across:
            ax.set_xlabel("\n".join(wrapped(xlabel, room, 9)))
    some_open = "shown" in t and not t.loc[t["value"].notna(), "shown"].eq(True).all()
    _keys(fig, axes.flat[: len(panels)], "n_articles" in t, open_mark if some_open else "", room)
    return fig


def _by_value(t: pd.DataFrame) -> list[str]:
    """Rows from the highest mean value to the lowest."""
    means = t.groupby("row", sort=False)["value"].mean()
    return list(means.sort_values(ascending=False, kind="stable").index)


def _row_names(t: pd.DataFrame, order: Sequence[str], marked: Collection[str], letters: int):
    """Labels of rows, with a dagger for those marked, and n where the table has it."""
    n = t.groupby("row")["n"].max().dropna() if "n" in t else {}
    names = {}
    for r in order:
        dagger = "\N{DAGGER}" if r in marked else ""
        size = f" (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{n[r]:,.0f})" if r in n else ""
        names[r] = textwrap.fill(f"{domain.label(r)}{dagger}{size}", letters)
    return names


def _grid(rows, names, n_series, across, own_scale):
    """Figure and axes, as high as rows need, and the width of a panel (in inches)."""
    down = -(-len(rows) // across)
    each = max(0.19, 0.06 + 0.08 * n_series, *(0.15 * (1 + x.count("\n")) for x in names.values()))
    heights = [max(each * len(r), 0.5) + 0.3 for r in list(rows.values())[::across]]
    room = 0.4 + 0.066 * max(len(line) for x in names.values() for line in x.split("\n"))
    shared = {"sharex": not own_scale, "sharey": across > 1, "height_ratios": heights}
    size = (WIDTH, sum(heights) + 0.7 + 0.12 * n_series)
    fig, axes = plt.subplots(down, across, squeeze=False, figsize=size, **shared)
    for ax in axes.flat[len(rows) :]:
        ax.set_visible(False)
    return fig, axes, (WIDTH - room) / across - 0.1


def _one_series(ax, part: pd.DataFrame, shift: float, look: Look, name: str, hollow: bool) -> None:
    """Intervals and marks of one series; marks are open where a value is not shown.

    The mark of the legend is hollow where the series has no other.
    """
    y = np.arange(len(part)) + shift
    if "band" in part:
        ax.hlines(y, -part["band"], part["band"], color=PALE, linewidth=9, zorder=1)
    ax.hlines(y, part["low"], part["high"], color=look.colour, linewidth=look.line)
    filled = np.full(len(part), look.filled)
    if "shown" in part:
        look, filled = look._replace(filled=True), part["shown"].eq(True).to_numpy()
    for chosen, face in ((filled, look.colour), (~filled, "white")):
        ax.plot(part["value"].to_numpy()[chosen], y[chosen], look.marker, color=look.colour,
                markersize=look.size, markerfacecolor=face)  # fmt: skip
    line = "-" if part["low"].notna().any() else "none"
    face = look.colour if look.filled and not hollow else "white"
    ax.plot([], [], ls=line, marker=look.marker, color=look.colour, markersize=look.size,
            linewidth=look.line, markerfacecolor=face, label=name)  # fmt: skip


def _keys(fig, axes, with_n: bool, open_mark: str, room: float) -> None:
    """Legends: one for all panels, or one below each where the panels rest on different n."""
    keys = [dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True)) for ax in axes]
    together = {}
    if with_n and any(key.keys() != keys[0].keys() for key in keys):
        for ax, key in zip(axes, keys, strict=True):
            lines = ax.get_xlabel().count("\n") + 1 if ax.get_xlabel() else -1
            inches = 0.3 + 0.15 * lines
            below = ax.transAxes + ScaledTranslation(0, -inches, fig.dpi_scale_trans)
            place = {"loc": "upper left", "bbox_to_anchor": (0, 0), "bbox_transform": below}
            _key(ax, {"\n".join(wrapped(n, room - 0.3, 8)): h for n, h in key.items()}, 1, **place)
    else:
        together = {name: handle for key in keys for name, handle in key.items()}
    if open_mark:
        shape = next(iter(together.values())).get_marker() if len(together) == 1 else "o"
        together[f"hollow: {open_mark}"] = key_mark(shape, DARK, "white", size=5)
    letters = int(WIDTH * 13)  # that have room beside each other
    columns = next(
        (n for n in range(len(together), 1, -1) if _letters(list(together), n) <= letters), 1
    )
    _key(fig, together, columns, loc="outside upper left")


def _letters(names: list[str], columns: int) -> int:
    """Letters, handles among them, across a legend that is filled column by column."""
    return sum(8 + max(map(len, part)) for part in np.array_split(names, columns))


def _key(owner, key: dict, columns: int, **place) -> None:
    """One legend: the series; a single one is its heading."""
    head = None
    if len(key) == 1 and not next(iter(key)).startswith("hollow: "):
        head, key = next(iter(key)), {}
    if head or any(key):
        owner.legend(key.values(), key.keys(), title=head, fontsize=8, title_fontsize=8,
                     alignment="left", ncols=columns, **place)  # fmt: skip


def _series_name(series: str, part: pd.DataFrame) -> str:
    """Name of a series and what lies behind it, as far as there is either."""
    told = [what for what in ("articles", "events") if f"n_{what}" in part]
    sizes = [f"{part[f'n_{what}'].max():,.0f} {what}" for what in told]
    n = f"n = {', '.join(sizes)}" if sizes else ""
    return f"{domain.label(series)} ({n})" if series and n else domain.label(series) or n
