"""Draw the figures, in one style, and save each with its data.

Colours are Okabe & Ito's (2008), told apart by colour-blind readers; every series also has a
marker of its own, so that nothing is lost in greyscale.
"""

import io
import json
import textwrap

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image, Markdown, display
from matplotlib.patheffects import withStroke

from . import compare, multiverse, settings
from .agreement import SUFFICIENT, TENTATIVE

DIRECTIONS = {
    "ru_to_ua": "to Ukraine",
    "ua_to_ru": "to Russia",
    "ru_exit": "exit from Russian side",
    "ua_exit": "exit from Ukrainian side",
}
NAMES = DIRECTIONS | {
    "ru_official": "Russian officials",
    "ua_official": "Ukrainian officials",
    "west_official": "Western officials",
    "ru_media": "Russian media",
    "ua_media": "Ukrainian media",
    "media": "other media",
    "outlet": "the outlet itself",
    "peer": "fellow soldiers, family",
    "statistic": "a number among many",
    "asset": "asset of a service",
    "kuzminov-mi8": "the pilot Kuzminov (to Ukraine)",
    "khmelnytsky-battalion": "the Khmelnytsky battalion (to Russia)",
    "krivonos-battalion": "the Krivonos battalion (to Russia)",
    "su27-pilot-2023": "a reported Su-27 pilot (to Russia)",
    "brigade-155-anne-of-kyiv": "155th brigade (exit, Ukrainian side)",
    "freedom-of-russia-legion": "Freedom of Russia legion (to Ukraine)",
    "likhachev-tank": "the tank crossing (to Russia)",
    "hotline-i-want-to-live": "hotline for surrender (to Ukraine)",
    "usov-62-prisoners": "62 prisoners (to Russia)",
    "prozorov-sbu": "the officer Prozorov (to Russia)",
    "russian-surrender-law": "Russian law on surrender",
    "nuzhin-sledgehammer": "the convict Nuzhin (to Ukraine)",
    "prisoners-refuse-exchange": "prisoners said to refuse exchange (to Russia)",
    "misha-t72": "the T-72 of Misha (to Ukraine)",
    "crimea-security-forces-2014": "security forces in Crimea, 2014 (to Russia)",
    "hnezdilov-awol": "the soldier Hnezdilov (exit, Ukrainian side)",
    "dnieper-raft-2024": "raft on the Dnieper, 2024 (to Russia)",
    "volga-frequency": "radio frequency Volga (to Russia)",
    "kramatorsk-25th-brigade-2014": "25th brigade, Kramatorsk, 2014 (to Russia)",
}
LOOK = {
    "ru_to_ua": ("#0072B2", "o", "full"),
    "ua_to_ru": ("#D55E00", "s", "full"),
    "ru_exit": ("#0072B2", "^", "none"),
    "ua_exit": ("#D55E00", "v", "none"),
    "Russian": ("#D55E00", "s", "full"),
    "Ukrainian": ("#0072B2", "o", "full"),
    "Western": ("#000000", "D", "none"),
    "Undisclosed": ("#999999", "X", "full"),
    "within outlets": ("#000000", "D", "full"),
    "all outlets": ("#56B4E9", "o", "full"),
    "as coded": ("#000000", "o", "full"),
    "recoded": ("#999999", "X", "full"),
    "corrected": ("#0072B2", "D", "full"),
    "corrected, all error in one pass": ("#0072B2", "D", "none"),
    "naive": ("#D55E00", "s", "full"),
    "sample": ("#999999", "v", "none"),
    "all coded": ("#000000", "o", "none"),
    "after Entman": ("#D55E00", "s", "full"),
    "merged until alpha is 0.75": ("#0072B2", "D", "full"),
    "merged until alpha is 0.8": ("#999999", "X", "full"),
}
"""Colour, marker and fill of the series that recur."""

_SPARE = [
    ("#0072B2", "o", "full"),
    ("#D55E00", "s", "full"),
    ("#000000", "D", "none"),
    ("#999999", "X", "full"),
    ("#009E73", "P", "full"),
    ("#CC79A7", "v", "none"),
]

mpl.rcdefaults()  # a researcher's own matplotlibrc must not change the figures
plt.rcParams.update(
    {
        "figure.dpi": 100,
        "figure.constrained_layout.use": True,
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "svg.hashsalt": "defection-framing",
        "svg.fonttype": "path",
    }
)


def save(fig, name, data, *, title, caption, alt, n, notebook) -> None:
    """Save a figure as PNG and SVG, its data as CSV, its caption for the gallery, and show it.

    In a notebook, picture and caption are shown.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    name : str
        File name without ending; says what the figure shows.
    data : pd.DataFrame
        What is drawn, one row per mark.
    title : str
        The question the figure answers.
    caption, alt : str
        Caption, and a description for those who cannot see the picture.
    n : str
        The articles and events behind it.
    notebook : str
        The notebook that makes it, without ending.
    """
    folder = settings.figures_dir()
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / f"{name}.png", dpi=300, metadata={"Software": None})
    fig.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
    data.to_csv(folder / "tables" / f"{name}.csv", float_format="%.6g", lineterminator="\n")
    register = folder / "figures.json"
    entries = json.loads(register.read_text(encoding="utf-8")) if register.exists() else {}
    entries[name] = {
        "title": title, "caption": caption, "alt": alt, "n": n, "notebook": notebook
    }  # fmt: skip
    text = json.dumps(entries, indent=1, sort_keys=True, ensure_ascii=False)
    register.write_text(text + "\n", encoding="utf-8")
    small = io.BytesIO()
    fig.savefig(small, dpi=100, metadata={"Software": None})
    plt.close(fig)
    display(Image(data=small.getvalue(), format="png", alt=alt), Markdown(f"*{caption}* n: {n}."))


def nothing(title: str):
    """Stand in for a figure that a corpus has nothing for."""
    fig, ax = plt.subplots(figsize=(6.4, 1.4))
    ax.axis("off")
    ax.text(0, 0.5, "This corpus has nothing to show here.", fontsize=10, va="center")
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def by_direction(cells: pd.DataFrame, series) -> dict[str, pd.DataFrame]:
    """Panels for `dots`: one for each direction of crossing, with these series in this order.

    Parameters
    ----------
    cells : pd.DataFrame
        As `compare.prevalence` returns it, grouped by direction and series.
    series : sequence of str
        What the corpus does not have is left out.
    """
    there = cells.index.get_level_values(0)
    crossings = [d for d in compare.TOWARD.values() if d in there]
    panels = {DIRECTIONS[d]: compare.pick(cells.loc[d], series) for d in sorted(crossings)}
    return {name: table for name, table in panels.items() if len(table)}


def stack(panels: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """All panels of a figure as one table; `name` heads the column that tells them apart."""
    if not panels:
        return pd.DataFrame(columns=["value"], index=pd.Index([], name="code"), dtype=float)
    return pd.concat(panels, names=[name])


def label(code: str) -> str:
    """Readable name of a code."""
    return NAMES.get(code, code.replace("_", " ").strip())


def dots(panels, title, xlabel, order=None, zero=False, unit="events", marked=()):
    """Dot plot of shares or differences with intervals: codes down, panels across.

    Parameters
    ----------
    panels : dict of str to pd.DataFrame
        Panel title to a table with index (series, code) and columns `value`, `low`, `high`,
        `n_articles`, `n_events` (as `compare.prevalence` returns).
    title, xlabel : str
    order : sequence of str, optional
        Codes from top to bottom; by default by mean value of the first panel.
    zero : bool
        The values are differences: draw the line of none, in points where they are of shares.
        Where the table has `q`, a marker is filled if the difference `is_shown`, else open.
    unit : str
        What was resampled; the tables have a column `n_<unit>`.
    marked : collection of str
        Codes that are named with a dagger, such as frames that coders tell apart badly.
    """
    panels = {name: table for name, table in panels.items() if table["value"].notna().any()}
    if not panels:
        return nothing(title)
    first = next(iter(panels.values()))
    if order is None:
        order = first["value"].groupby(level=-1).mean().sort_values(ascending=False).index
    order = [str(c) for c in order]
    n_series = max(t.index.get_level_values(0).nunique() for t in panels.values())
    height = 1.6 + max(0.22, 0.085 * n_series) * len(order) + 0.2 * n_series
    size = (4 + 3.4 * len(panels), height)
    fig, axes = plt.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False, figsize=size)
    names = [label(c) + ("\N{DAGGER}" if c in marked else "") for c in order]
    for ax, (panel, table) in zip(axes[0], panels.items(), strict=True):
        series = list(dict.fromkeys(table.index.get_level_values(0)))
        for i, s in enumerate(series):
            colour_of = ("#000000", "o", "full") if len(series) == 1 else look(s)
            shift = (i - (len(series) - 1) / 2) * 0.7 / len(series)
            _dots_of_one(ax, table.loc[s].reindex(order), label(s), colour_of, shift, unit)
        head = None
        if "q" in table:
            # One series: its fill is the key. Several: the key of what is not shown is common.
            colour, marker, _ = colour_of
            if len(series) == 1:
                (key,) = ax.get_legend_handles_labels()[0]
                head, _ = key.get_label(), key.set_label("shown")
            else:
                colour, marker = "#444444", "o"
            name = "not shown" if head else "open mark: not shown"
            ax.plot([], [], marker, color=colour, markerfacecolor="white", label=name)
        if zero:
            ax.axvline(0, color="#444444", linewidth=0.8)
        if "share" in xlabel:
            ax.xaxis.set_major_formatter(lambda v, _: f"{100 * v:.3g}" + ("" if zero else "%"))
        ax.set(yticks=range(len(order)), yticklabels=names, xlabel=xlabel, title=label(panel))
        ax.set_ylim(len(order) - 0.5, -0.5)
        ax.grid(axis="y", visible=False)
        for y in np.arange(0.5, len(order) - 1):
            ax.axhline(y, color="#eeeeee", linewidth=0.6)
        below = ax.transAxes + mpl.transforms.ScaledTranslation(0, -0.5, fig.dpi_scale_trans)
        ax.legend(loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=below, fontsize=8,
                  title=head, title_fontsize=8, alignment="left")  # fmt: skip
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def is_shown(table: pd.DataFrame) -> pd.Series:
    """Whether each difference is shown: `q` below 0.05, and an interval that leaves zero out."""
    return table["q"].lt(0.05) & (table["low"].gt(0) | table["high"].lt(0))


def _dots_of_one(ax, t, name, look_of, shift, unit):
    colour, marker, fill = look_of
    y = np.arange(len(t)) + shift
    if "n_articles" in t:
        n = t[["n_articles", f"n_{unit}"]].max()
        name += f" (n = {n.iloc[0]:.0f} articles, {n.iloc[1]:.0f} {unit})"
    ax.hlines(y, t["low"], t["high"], color=colour, linewidth=1.4)
    hollow = ~is_shown(t).to_numpy() if "q" in t else np.full(len(t), fill != "full")
    for part, face in ((~hollow, colour), (hollow, "white")):
        ax.plot(t["value"][part], y[part], marker, color=colour, markersize=5, markerfacecolor=face)
    ax.plot([], [], marker, color=colour, markerfacecolor="white" if fill != "full" else colour,
            label=name)  # fmt: skip


def look(series: str) -> tuple[str, str, str]:
    """Colour, marker and fill of a series, the same in every figure."""
    return LOOK[series]


def heat(table: pd.DataFrame, title: str, xlabel: str, ylabel: str):
    """Draw a table of numbers as shaded, annotated cells; empty cells are missing values."""
    if table.isna().all(axis=None):
        return nothing(title)
    fig, ax = plt.subplots(figsize=(2.4 + 0.8 * table.shape[1], 1.5 + 0.34 * table.shape[0]))
    values = table.to_numpy(float)
    ax.imshow(values, cmap="Greys", aspect="auto", vmin=0, vmax=np.nanmax(values) * 1.15)
    for (i, j), v in np.ndenumerate(values):
        if not np.isnan(v):
            dark = v > 0.6 * np.nanmax(values)
            ax.text(j, i, f"{v:.0f}", ha="center", va="center", fontsize=8,
                    color="white" if dark else "black")  # fmt: skip
    ax.set(
        xticks=range(table.shape[1]), yticks=range(table.shape[0]), xlabel=xlabel, ylabel=ylabel,
        xticklabels=["\n".join(textwrap.wrap(label(str(c)), 11)) for c in table.columns],
        yticklabels=[label(str(c)) for c in table.index],
    )  # fmt: skip
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def mirror(m, camps=("Russian", "Ukrainian"), marked=()):
    """Headline figure: the two camps' contrasts, frame by frame, and the index among its nulls.

    Parameters
    ----------
    m : compare.Mirror
    camps : tuple of str
    marked : collection of str
        Frames that are named with a dagger, as in `dots`.
    """
    title = (
        "Does framing follow the direction, or whether the person comes toward the teller's side?"
    )
    if np.isnan(m.index["value"]):
        return nothing(title)
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 5.6), width_ratios=[1.5, 1])
    t, kinds = m.frames, kind_of_frame(m.frames)
    # Too few events leave the contrasts without intervals.
    reach = 1.15 * np.nanmax(np.abs(t.filter(regex="^(first|second)(_low|_high)?$")))
    for slope, style in ((1, "-"), (-1, ":")):
        left.plot([-reach, reach], [-slope * reach, slope * reach], style, color="#444444", lw=0.9)
    left.axhline(0, color="#bbbbbb", linewidth=0.6)
    left.axvline(0, color="#bbbbbb", linewidth=0.6)
    looks = {
        "not shown": ("#777777", "o", "none"),
        "relational": ("#000000", "D", "full"),
        "directional": ("#D55E00", "s", "full"),
        "both": ("#0072B2", "P", "full"),
    }
    for kind, (colour, marker, fill) in looks.items():
        part = t[kinds == kind]
        if part.empty:
            continue
        if kind != "not shown":
            left.hlines(part["first"], part["second_low"], part["second_high"], colour, lw=0.9)
            left.vlines(part["second"], part["first_low"], part["first_high"], colour, lw=0.9)
        left.plot(
            part["second"], part["first"], marker, color=colour, linestyle="",
            markerfacecolor=colour if fill == "full" else "white", label=f"{kind} ({len(part)})",
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
            label(frame) + ("\N{DAGGER}" if frame in marked else ""), point, place, fontsize=8,
            va="center",
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
        xlabel=f"{camps[1]} camp: share of claims, toward minus away, points",
        ylabel=f"{camps[0]} camp: share of claims, toward minus away, points",
        title="Each frame's contrast in the two camps",
    )  # fmt: skip
    left.legend(loc="upper left", bbox_to_anchor=(0, -0.13), ncols=4, fontsize=8)
    rows = [*m.references.columns, "observed"]
    for y, name in enumerate(m.references.columns):
        low, mid, high = np.nanpercentile(m.references[name], [2.5, 50, 97.5])
        right.hlines(y, low, high, color="#999999", linewidth=6, alpha=0.6)
        right.plot(mid, y, "|", color="#444444", markersize=12)
    y = len(rows) - 1
    right.hlines(y, m.index["low"], m.index["high"], color="black", linewidth=1.6)
    right.plot(m.index["value"], y, "D", color="black")
    right.axvline(0, color="#bbbbbb", linewidth=0.8)
    right.set(
        yticks=range(len(rows)), ylim=(-0.6, len(rows) - 0.4), xlim=(-1.05, 1.05),
        yticklabels=["\n".join(textwrap.wrap(r, 16)) for r in rows],
        xlabel="mirror index\n\N{MINUS SIGN}1 direction decides    1 perfect mirror",
        title="The index, and references (95% of draws)",
    )  # fmt: skip
    right.grid(axis="y", visible=False)
    n = m.index
    fig.suptitle(
        f"{title}\nn = {n['n_articles']:.0f} articles on {n['n_events']:.0f} events; "
        f"smallest of the four cells {n['smallest_cell']:.0f} events",
        x=0.01, ha="left", fontweight="bold",
    )  # fmt: skip
    return fig


def half(frames: pd.DataFrame, name: str) -> pd.DataFrame:
    """One half of each frame of a `compare.Mirror`, as `compare.contrast` returns a contrast."""
    part = frames.filter(regex=f"^{name}(_|$)")
    return part.rename(columns=lambda c: c.removeprefix(name).removeprefix("_") or "value")


def kind_of_frame(frames: pd.DataFrame) -> pd.Series:
    """What each frame of a `compare.Mirror` is shown to do (see `is_shown`)."""
    relational, directional = (
        is_shown(half(frames, name)) for name in ("relational", "directional")
    )
    kinds = np.select(
        [relational & directional, relational, directional],
        ["both", "relational", "directional"],
        "not shown",
    )
    return pd.Series(kinds, index=frames.index)


def agreement(table: pd.DataFrame, title: str):
    """Dot plot of alphas with intervals and the two thresholds of Krippendorff (2004)."""
    if table.empty:
        return nothing(title)
    fig, ax = plt.subplots(figsize=(6.8, 1.5 + 0.28 * len(table)))
    y = np.arange(len(table))
    ax.hlines(y, table["low"].astype(float), table["high"].astype(float), color="black")
    ax.plot(table["alpha"], y, "o", color="black")
    for threshold in (TENTATIVE, SUFFICIENT):
        ax.axvline(threshold, color="#444444", linestyle="--", linewidth=0.8)
        ax.text(threshold, -0.75, threshold, ha="center", va="bottom", fontsize=7)
    names = [f"{label(str(c))} (n = {n:.0f})" for c, n in table["n"].items()]
    ax.set(
        yticks=y,
        yticklabels=names,
        xlabel="Krippendorff's alpha",
        xlim=(min(0, table["low"].min()) - 0.05, 1.03),
    )
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def counts(table: pd.DataFrame, title: str, xlabel: str, ylabel: str):
    """Draw one small bar chart for each column, sharing both axes."""
    fig, axes = plt.subplots(1, table.shape[1], sharex=True, sharey=True, figsize=(10, 2.6))
    for ax, (column, values) in zip(axes, table.items(), strict=True):
        ax.bar(values.index.astype(int), values, color="#555555", width=0.8)
        ax.set(xlabel=xlabel)
        ax.set_title(f"{label(str(column))} (n = {values.sum()})", fontsize=8)
        ax.grid(axis="x", visible=False)
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True, nbins=5))
    axes[0].set_ylabel(ylabel)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def words(tables: dict[str, pd.DataFrame], title: str, ends: tuple[str, str], top: int = 12):
    """Bars of the words most typical of two groups, one panel for each table of `log_odds`."""
    if all(table.empty for table in tables.values()):
        return nothing(title)
    fig, axes = plt.subplots(1, len(tables), figsize=(4.6 * len(tables), 1.4 + 0.36 * top))
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        part = pd.concat([table.head(top), table.tail(top)])
        y = np.arange(len(part))
        ax.barh(y, part["z"], color=np.where(part["z"] > 0, "#D55E00", "#56B4E9"), height=0.75)
        ax.set(
            yticks=y, xlabel=f"z    \N{LEFTWARDS ARROW} {ends[0]}    {ends[1]} \N{RIGHTWARDS ARROW}"
        )
        ax.set_yticklabels([f"{w} ({r.n_events:.0f})" for w, r in part.iterrows()], fontsize=7)
        ax.set_ylim(-0.7, len(part) - 0.3)
        ax.set_title(f"{name}\nword (events that have it)")
        ax.grid(axis="y", visible=False)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def article_map(points: pd.DataFrame, articles: pd.DataFrame, title: str):
    """Scatter of embedded articles, a panel for each direction, with the centres of the camps.

    Parameters
    ----------
    points : pd.DataFrame, two columns, indexed by article
    articles : pd.DataFrame
        With `side`, `direction`, `cluster`, the same index.
    title : str
    """
    fig, axes = plt.subplots(1, 2, sharex=True, sharey=True, figsize=(10, 5))
    for ax, d in zip(axes, ("ru_to_ua", "ua_to_ru"), strict=True):
        own = articles[articles["direction"] == d]
        for side in sorted(own["side"].unique()):
            colour, marker, fill = look(side)
            rows = own[own["side"] == side]
            xy = points.loc[rows.index]
            face = colour if fill == "full" else "none"
            ax.scatter(*xy.to_numpy().T, s=9, marker=marker, facecolors=face, edgecolors=colour,
                       alpha=0.35, linewidths=0.6)  # fmt: skip
            centres = xy.groupby(rows["cluster"]).mean()
            x, y = centres.mean()
            error = 1.96 * centres.sem()
            ax.errorbar(x, y, xerr=error.iloc[0], yerr=error.iloc[1], color="black", linewidth=1)
            n = f"{side} (n = {len(rows)} articles, {len(centres)} events)"
            ax.plot(x, y, marker, color="black", markersize=8,
                    markerfacecolor=colour if fill == "full" else "white", label=n)  # fmt: skip
        ax.set(xlabel="first component", title=label(d))
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), fontsize=8)
    axes[0].set_ylabel("second component")
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def separation(table: pd.DataFrame, title: str):
    """Dot plot of `compare.separation`, with the mean over events and its interval below."""
    if table.empty:
        return nothing(title)
    fig, ax = plt.subplots(figsize=(6.6, 1.5 + 0.28 * len(table)))
    names = [f"{label(e)} (n = {n})" for e, n in table["n_articles"].items()]
    mean = compare.mean_interval(table["value"])
    ax.plot(table["value"], range(len(table)), "o", color="#555555")
    ax.hlines(-1.3, mean["low"], mean["high"], color="black", linewidth=1.6)
    ax.plot(mean["value"], -1.3, "D", color="black")
    ax.axvline(0, color="#444444", linewidth=0.8)
    ax.set(yticks=[-1.3, *range(len(table))], yticklabels=["mean over events", *names])
    ax.set_xlabel("extra cosine distance between camps")
    ax.grid(axis="y", visible=False)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def curve(table: pd.DataFrame, title: str, key: str, null=None):
    """Specification curve: estimates with intervals above, which options are on below.

    Parameters
    ----------
    table : pd.DataFrame
        As `multiverse.curve` returns it, sorted by value.
    title : str
    key : str
        Of `multiverse.NAMES`.
    null : tuple of float, optional
        Middle 95% of the curve's median where the direction does not matter.
    """
    if table.empty:
        return nothing(title)
    choices = table.columns[: table.columns.get_loc("value")]
    varied = [c for c in choices if table[c].nunique() > 1]
    options = [(c, o) for c in varied for o in multiverse.CHOICES[c] if (table[c] == o).any()]
    size = (9, 3.8 + 0.165 * len(options))
    heights = [2.6, size[1] - 3.8]
    fig, (top, below) = plt.subplots(2, 1, sharex=True, figsize=size, height_ratios=heights)
    x, end = np.arange(len(table)), 1.06 * len(table)
    certain = table.dropna(subset=["low"])
    same = np.sign(certain["value"]) == np.sign(table["value"].median())
    sure = certain["excludes_zero"]
    for at, colour, name in (
        (sure & same, "#0072B2", "excludes zero"),
        (~sure, "#bbbbbb", "does not"),
        (sure & ~same, "black", "excludes zero, other sign"),
    ):
        t = certain[at]
        if len(t):
            top.vlines(t.index, t["low"], t["high"], colour, lw=min(1.2, 500 / len(table)),
                       rasterized=True)  # fmt: skip
            top.plot([], [], color=colour, lw=4, label=f"interval {name} ({len(t):,})")
    other = certain.index[sure & ~same]
    top.plot(other, np.full(len(other), 0.04), "x", color="black", ms=5,
             transform=top.get_xaxis_transform())  # fmt: skip
    top.plot(x, table["value"], color="black", lw=1.6, label="estimate")
    top.axhline(0, color="#444444", lw=0.8)
    own, outline = table[table["reported"]], withStroke(linewidth=5, foreground="w")
    top.vlines(
        own.index, own["low"], own["high"], "#D55E00", lw=2, zorder=4, path_effects=[outline]
    )
    top.plot(own["value"], "D", color="#D55E00", mec="white", mew=1.5, ms=9, label="reported",
             zorder=5)  # fmt: skip
    if null is not None:
        top.vlines(1.03 * len(table), *null, color="#444444", lw=5, alpha=0.6,
                   label="median if direction did not matter")  # fmt: skip
    name = multiverse.NAMES[key] + (", points" if multiverse.is_share(key) else "")
    top.set(xlim=(-1, end), ylabel="\n".join(textwrap.wrap(name, 34)))
    _in_points(top.yaxis, key)
    top.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.45, 1), fontsize=7, columnspacing=1)
    # Each column of the dashboard stands for neighbours on the curve: their share with the option.
    n_columns = min(len(table), 150)
    column = x * n_columns // len(table)
    in_column = np.bincount(column)
    on = np.stack([np.bincount(column, table[c] == o) for c, o in options]) / in_column
    shades = below.imshow(on, cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest",
                          extent=(-0.5, len(table) - 0.5, len(options) - 0.5, -0.5))  # fmt: skip
    starts = [i for i, (c, _) in enumerate(options) if i == 0 or options[i - 1][0] != c]
    for y in starts[1:]:
        below.axhline(y - 0.5, color="#D55E00", lw=0.7)
    names = [f"{c}:  {o}" if i in starts else o for i, (c, o) in enumerate(options)]
    below.set(yticks=range(len(options)), xlim=(-1, end), xlabel="specifications, sorted")
    below.set_yticklabels(names, fontsize=7)
    below.grid(visible=False)
    each = " or ".join(str(n) for n in sorted({in_column.min(), in_column.max()}))
    scale = fig.colorbar(shades, ax=below, location="bottom", shrink=0.3, aspect=25, pad=0.02,
                       format=mpl.ticker.PercentFormatter(1, decimals=0))  # fmt: skip
    scale.ax.tick_params(labelsize=7)
    scale.set_label(f"share of a column with the option ({each} specifications each)", fontsize=7)
    none = f", {len(table) - len(certain):,} without interval" if len(certain) < len(table) else ""
    title = f"{title}  {len(table):,} specifications{none}"
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def what_holds(summary: pd.DataFrame, names: dict[str, str], curves, title: str):
    """How far each curve reaches, and what share of it agrees.

    Differences of shares, and indices and distances, have a row of panels each.

    Parameters
    ----------
    summary : pd.DataFrame
        As `multiverse.summary` returns it.
    names : dict of str to str
        Keys of the estimates to their names, from top to bottom.
    curves : dict of str to pd.DataFrame
    title : str
    """
    shown = [k for k in names if summary.loc[k, "specifications"] > 0]
    kinds = {
        "difference of shares, points": [k for k in shown if multiverse.is_share(k)],
        "index, or distance": [k for k in shown if not multiverse.is_share(k)],
    }
    kinds = {unit: keys for unit, keys in kinds.items() if keys}
    if not kinds:
        return nothing(title)
    fig, axes = plt.subplots(
        len(kinds),
        2,
        sharey="row",
        squeeze=False,
        figsize=(9.5, 1.6 + 0.5 * len(kinds) + 0.42 * len(shown)),
        width_ratios=[1.2, 1],
        height_ratios=[len(keys) + 0.2 for keys in kinds.values()],
    )
    for (left, right), (unit, keys) in zip(axes, kinds.items(), strict=True):
        for y, key in enumerate(keys):
            row, values = summary.loc[key], curves[key]["value"]
            left.hlines(y, row["lowest"], row["highest"], color="#999999", lw=1.2)
            left.hlines(y, *np.percentile(values, [2.5, 97.5]), color="#999999", lw=6, alpha=0.7)
            left.plot(row["median"], y, "|", color="black", ms=13, mew=2)
            left.plot(row["value"], y, "D", color="#D55E00", mec="white", ms=7)
            right.plot([row["excludes_zero"], row["same_sign"]], [y, y], color="#999999", lw=1.2)
            right.plot(row["same_sign"], y, "o", color="black", mfc="white", ms=10)
            right.plot(row["excludes_zero"], y, "o", color="black", ms=5)
        labels = [f"{names[k]} ({summary.loc[k, 'specifications']:,.0f})" for k in keys]
        left.set_yticks(range(len(keys)), ["\n".join(textwrap.wrap(x, 34)) for x in labels])
        left.set(ylim=(len(keys) - 0.4, -0.6), xlabel=unit)
        left.axvline(0, color="#444444", lw=0.8)
        _in_points(left.xaxis, keys[0])
        right.set_xlim(-0.03, 1.03)
        right.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
        for ax in (left, right):
            ax.grid(axis="y", visible=False)
    left, right = axes[0]
    left.plot([], [], "D", color="#D55E00", mec="white", ms=7, label="reported")
    left.plot([], [], "|", color="black", ms=10, mew=2, label="median")
    left.plot([], [], color="#999999", lw=6, alpha=0.7, label="middle 95%")
    right.plot([], [], "o", color="black", mfc="white", ms=10, label="same sign")
    right.plot([], [], "o", color="black", ms=5,
               label="and interval excludes zero,\nof those with one")  # fmt: skip
    for ax, columns in ((left, 3), (right, 2)):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, fontsize=7)
    axes[-1, 1].set_xlabel("share of specifications")
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def _in_points(axis, key: str) -> None:
    """Write an axis in points where a headline estimate is a difference of shares."""
    if multiverse.is_share(key):
        axis.set_major_formatter(lambda v, _: f"{100 * v:.3g}".replace("-", "\N{MINUS SIGN}"))


def _small_panels(names: dict[str, str], **options):
    """Give a figure with a panel for each estimate, four in a row, and the axes by key."""
    n_rows = -(-len(names) // 4)
    height = options.pop("height")
    fig, axes = plt.subplots(
        n_rows, 4, squeeze=False, figsize=(10, 0.9 + height * n_rows), **options
    )
    for ax, (key, name) in zip(axes.flat, names.items(), strict=False):
        name += " (points)" if multiverse.is_share(key) else ""
        ax.set_title("\n".join(textwrap.wrap(name, 28)), fontsize=8)
        ax.tick_params(labelsize=7)
    return fig, axes


def left_out(results: pd.DataFrame, names: dict[str, str], title: str):
    """One panel for each headline estimate, parts of the corpus down, as `selection.moved`."""
    order = results.index.droplevel("estimate").unique()
    if results["value"].isna().all():
        return nothing(title)
    fig, axes = _small_panels(names, sharey=True, height=0.8 + 0.17 * len(order))
    y = np.arange(len(order))
    for ax, estimate in zip(axes.flat, names, strict=False):
        t = results.xs(estimate, level="estimate").reindex(order)
        ax.hlines(y, t["low"], t["high"], color="#777777", linewidth=1)
        sure = t["excludes_zero"].to_numpy(bool)
        ax.plot(t["value"][sure], y[sure], "o", color="black", markersize=4)
        ax.plot(t["value"][~sure], y[~sure], "o", color="black", mfc="white", markersize=4)
        ax.axvline(0, color="#444444", linewidth=0.8)
        _in_points(ax.xaxis, estimate)
        ax.grid(axis="y", visible=False)
    kinds = [kind if i == 0 or order[i - 1][0] != kind else "" for i, (kind, _) in enumerate(order)]
    rows = [
        f"{kind}:  {part}" if kind else part for kind, (_, part) in zip(kinds, order, strict=True)
    ]
    axes[0, 0].set_yticks(y, rows)
    axes[0, 0].set_ylim(len(order) - 0.5, -0.5)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def methods(groups: dict[str, pd.DataFrame], contrasts: dict, names: dict, title: str):
    """Contrasts by several methods, with intervals: one panel, with a scale of its own, per group.

    Parameters
    ----------
    groups : dict of str to pd.DataFrame
        Panel title to a table with index (contrast, method) and columns `value`, `low`, `high`.
    contrasts, names : dict of str to str
        Contrasts and methods (at most four) in words.
    title : str
    """
    groups = {g: t.dropna(subset=["value"]) for g, t in groups.items()}
    groups = {g: t for g, t in groups.items() if len(t)}
    if not groups:
        return nothing(title)
    rows = [t.index.unique(0) for t in groups.values()]
    heights = [len(r) + 1 for r in rows]
    fig, axes = plt.subplots(
        len(groups),
        1,
        squeeze=False,
        height_ratios=heights,
        figsize=(8.4, 1.3 + 0.5 * sum(heights)),
    )
    for ax, (group, table), order in zip(axes[:, 0], groups.items(), rows, strict=True):
        for i, (method, name) in enumerate(names.items()):
            colour, marker, fill = _SPARE[[2, 3, 0, 1][i]]
            t = table[table.index.get_level_values(1) == method].droplevel(1).reindex(order)
            y = np.arange(len(t)) + (i - (len(names) - 1) / 2) * 0.19
            ax.hlines(y, t["low"], t["high"], color=colour, linewidth=1.3)
            face = colour if fill == "full" else "white"
            ax.plot(t["value"], y, marker, color=colour, mfc=face, markersize=5, label=name)
        ax.axvline(0, color="#444444", linewidth=0.8)
        ax.xaxis.set_major_formatter(lambda v, _: f"{100 * v:.3g}")
        ax.set(yticks=range(len(order)), yticklabels=[contrasts[c] for c in order], title=group)
        ax.set_ylim(len(order) - 0.5, -0.5)
        ax.grid(axis="y", visible=False)
        for y in np.arange(0.5, len(order) - 1):
            ax.axhline(y, color="#eeeeee", linewidth=0.6)
    axes[-1, 0].set_xlabel("difference of probabilities, points")
    handles = axes[0, 0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=2, fontsize=8)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def largest_out(results: pd.DataFrame, names: dict[str, str], title: str):
    """Estimates as ever more of the largest events or outlets are left out, a panel for each.

    Parameters
    ----------
    results : pd.DataFrame
        Rows of `selection.moved`, one line for each kind.
    names : dict of str to str
    title : str
    """
    if results["value"].isna().all():
        return nothing(title)
    fig, axes = _small_panels(names, sharex=True, height=2.4)
    kinds = results.index.get_level_values("kind").unique()
    for ax, key in zip(axes.flat, names, strict=False):
        for i, (kind, (colour, marker, fill)) in enumerate(zip(kinds, _SPARE, strict=False)):
            t = results.loc[kind].xs(key, level="estimate")
            x = t.index.astype(int) + 0.22 * (i - 1)
            style = (0, (2, 1)) if marker == "s" else "-"
            ax.vlines(x, t["low"], t["high"], colour, lw=1, linestyles=[style])
            ax.plot(x, t["value"], marker, color=colour, ms=4, ls=style, lw=0.4, label=kind,
                    mfc=colour if fill == "full" else "white")  # fmt: skip
        ax.axhline(0, color="#444444", linewidth=0.8)
        _in_points(ax.yaxis, key)
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    for ax in axes[-1]:
        ax.set_xlabel("how many left out")
    fig.legend(
        *axes.flat[0].get_legend_handles_labels(), loc="outside lower left", ncols=3, fontsize=8
    )
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def unseen(differences: pd.DataFrame, ratios: pd.DataFrame, title: str):
    """What unseen events do to differences, and the E-values of the ratios behind them.

    Parameters
    ----------
    differences : pd.DataFrame, one row per difference
        `value`, `low`, `high`, in absolute size.
    ratios : pd.DataFrame, the same rows
        `value` and `limit`: E-values, as `selection.e_values`.
    title : str
    """
    there = differences.dropna().index
    if there.empty:
        return nothing(title)
    fig, axes = plt.subplots(
        1,
        len(there) + 1,
        figsize=(3.4 * (len(there) + 1), 4.1),
        width_ratios=[1] * len(there) + [0.9],
    )
    more = np.linspace(0, 3, 121)
    for ax, name in zip(axes, there, strict=False):
        row = differences.loc[name]
        reach = row["value"] - row["low"]
        for told, colour, style, now in (
            ("unseen show no difference", "#0072B2", "-", row["value"] / (1 + more)),
            ("unseen show the reverse", "#D55E00", "--", row["value"] * (1 - more) / (1 + more)),
        ):
            ax.plot(more, now, style, color=colour, label=told)
            ax.fill_between(more, now - reach, now, color=colour, alpha=0.15, lw=0)
            out = more[now - reach <= 0]
            if len(out) and row["low"] > 0:
                ax.plot(out[0], 0, "o", color=colour)
        ax.axhline(0, color="#444444", lw=0.8)
        ax.set(xlabel="unseen events, as a multiple of those seen", xlim=(0, 3))
        ax.set_title("\n".join(textwrap.wrap(name, 32)), fontsize=9)
        ax.yaxis.set_major_formatter(lambda v, _: f"{100 * v:.3g}".replace("-", "\N{MINUS SIGN}"))
    axes[0].set_ylabel("difference over seen and unseen, points")
    axes[0].legend(loc="upper right", fontsize=7)
    y, last = np.arange(len(there)), axes[-1]
    last.hlines(y, ratios.loc[there, "limit"], ratios.loc[there, "value"], color="#999999")
    last.plot(
        ratios.loc[there, "value"], y, "o", color="black", mfc="white", label="of the estimate"
    )
    last.plot(
        ratios.loc[there, "limit"], y, "o", color="black", label="of the limit of its interval"
    )
    last.set_yticks(y, ["\n".join(textwrap.wrap(x, 18)) for x in there], fontsize=8)
    last.set(
        xscale="log", xlim=(1, None), ylim=(len(there) - 0.4, -0.8), xlabel="E-value (log scale)"
    )
    last.xaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
    last.xaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
    last.xaxis.set_minor_formatter(mpl.ticker.NullFormatter())
    last.set_title("E-values")
    last.legend(loc="upper left", fontsize=7)
    last.grid(axis="y", visible=False)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def claim_map(xy: np.ndarray, topics: np.ndarray, table: pd.DataFrame, title: str):
    """Map of claims with the number of each topic at its middle, and the labels beside it.

    Parameters
    ----------
    xy : np.ndarray, shape (n, 2)
    topics : np.ndarray of int, shape (n,)
    table : pd.DataFrame
        As `topics.describe` returns; unstable topics are named with a double dagger.
    title : str
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
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def topic_name(topic: int, row: pd.Series) -> str:
    """Number and label of a topic, with a double dagger where it is not stable."""
    return f"{topic}  {row['label']}" + ("" if row["stable"] else "\N{DOUBLE DAGGER}")


def stability(table: pd.DataFrame, threshold: float, title: str):
    """Dot plot of the stability of topics, as `topics.describe` gives it."""
    order = table.sort_values("stability", ascending=False)
    fig, ax = plt.subplots(figsize=(7, 1.3 + 0.27 * len(order)))
    y = np.arange(len(order))
    ax.hlines(y, 0, order["stability"].astype(float), color="#999999", linewidth=1.2)
    ax.plot(order["stability"], y, "o", color="black")
    ax.axvline(threshold, color="#444444", linestyle="--", linewidth=0.8)
    names = [f"{topic_name(t, r)} (n = {r['n_claims']})" for t, r in order.iterrows()]
    ax.set(yticks=y, yticklabels=names, xlim=(0, 1), xlabel="mean Jaccard index over refits")
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def follow(table: pd.DataFrame, title: str):
    """Dot plot of adjusted mutual information: properties down, one marker for each variant."""
    fig, ax = plt.subplots(figsize=(6.4, 1.6 + 0.45 * table.shape[1]))
    for (name, row), (colour, marker, fill) in zip(table.iterrows(), _SPARE, strict=False):
        ax.plot(row, range(len(row)), marker, color=colour, label=name, markersize=7,
                markerfacecolor=colour if fill == "full" else "white")  # fmt: skip
    ax.set(yticks=range(table.shape[1]), yticklabels=table.columns, xlim=(0, None))
    ax.set_xlabel("adjusted mutual information with the topics")
    ax.invert_yaxis()
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def rates(panels: dict[str, tuple[pd.DataFrame, float]], title: str):
    """Dot plot of rates beside their nominal value: comparisons down, panels across.

    Parameters
    ----------
    panels : dict
        Title to a table as `alarms.summary` gives it, by comparison, and the nominal rate.
    title : str
    """
    panels = {name: (t, nominal) for name, (t, nominal) in panels.items() if len(t)}
    if not panels:
        return nothing(title)
    order = list(dict.fromkeys(c for t, _ in panels.values() for c in t.index))
    size = (3 + 2 * len(panels), 2.2 + 0.26 * len(order))
    fig, axes = plt.subplots(1, len(panels), sharey=True, squeeze=False, figsize=size)
    y = np.arange(len(order))
    for ax, (name, (table, nominal)) in zip(axes[0], panels.items(), strict=True):
        t = table.reindex(order)
        ax.axvline(nominal, color="#444444", linestyle="--", linewidth=0.8)
        ax.hlines(y, t["value"] - 1.96 * t["se"], t["value"] + 1.96 * t["se"], color="black")
        ax.plot(t["value"], y, "o", color="black", markersize=5, label="average, 95% Monte Carlo")
        ax.plot(t["worst"], y, "|", color="#D55E00", markersize=9, label="worst code")
        ax.set(yticks=y, yticklabels=order)
        together = name.replace(" < ", "\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}")
        ax.set_title("\n".join(textwrap.wrap(together, 20)), fontsize=9)
        ax.xaxis.set_major_formatter(lambda v, _: f"{100 * v:.3g}%")
        ax.set_ylim(len(order) - 0.5, -0.5)
    handles = axes[0][-1].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower right", ncols=2, fontsize=8)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def merging(path: pd.DataFrame, points: pd.DataFrame, title: str):
    """Line plot of agreement against the number of classes that frames are merged to.

    Parameters
    ----------
    path : pd.DataFrame
        As `measurement.merge_path` gives it.
    points : pd.DataFrame
        Levels to be marked, by name: `n_classes`, `value`, `low`, `high`.
    title : str
    """
    fig, ax = plt.subplots(figsize=(7, 3.8))
    ax.plot(path.index, path["alpha"], "-o", color="#000000", markersize=3,
            label="merged step by step, on the claims that chose the classes")  # fmt: skip
    ax.plot(path.index, path["left_out"], "--v", color="#0072B2", markersize=4, mfc="white",
            label="the same, on claims that did not (mean over halves)")  # fmt: skip
    for name, row in points.iterrows():
        colour, marker, _ = look(name)
        ax.vlines(row["n_classes"], row["low"], row["high"], colour, linewidth=1.4)
        ax.plot(row["n_classes"], row["value"], marker, color=colour, markersize=7, label=name)
    for threshold in (TENTATIVE, SUFFICIENT):
        ax.axhline(threshold, color="#444444", linestyle=":", linewidth=0.9)
    ax.set(xlabel="number of classes", ylabel="Krippendorff's alpha")
    ax.invert_xaxis()
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), fontsize=8)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def coverage(by_size: pd.DataFrame, cells: pd.DataFrame, refused: dict[str, float], title: str):
    """Coverage of intervals against the number of effective events.

    Parameters
    ----------
    by_size : pd.DataFrame
        Index: events per cell; one column for each kind of interval.
    cells : pd.DataFrame
        Cells of the corpus: `events` (effective), `value`, `worst`.
    refused : dict
        Below how many effective events no interval is printed, by a word for which.
    title : str
    """
    if cells.empty:
        return nothing(title)
    fig, ax = plt.subplots(figsize=(8, 5))
    ax.axhspan(0.93, 0.97, color="#eeeeee")
    ax.axhline(0.95, color="#444444", linestyle="--", linewidth=0.8)
    for (name, column), (colour, marker, fill) in zip(by_size.items(), _SPARE, strict=False):
        ax.plot(by_size.index, column, color=colour, marker=marker, label=name, markersize=5,
                linewidth=1, markerfacecolor=colour if fill == "full" else "white")  # fmt: skip
    by_article = cells.index.str.endswith("by article")
    for part, face, name in ((~by_article, "black", ""), (by_article, "white", ", by article")):
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
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def detectable(panels: dict[str, pd.DataFrame], title: str):
    """Smallest detectable differences beside the observed ones, codes down, comparisons across.

    Parameters
    ----------
    panels : dict
        Comparison to rows of `alarms.detectable`, indexed by code.
    title : str
    """
    panels = {name: t for name, t in panels.items() if len(t)}
    if not panels:
        return nothing(title)
    order = list(dict.fromkeys(c for t in panels.values() for c in t.index))
    size = (2.4 + 1.9 * len(panels), 2 + 0.24 * len(order))
    fig, axes = plt.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False, figsize=size)
    y = np.arange(len(order))
    most = max(t[["value", "observed"]].abs().max(axis=None) for t in panels.values())
    for ax, (name, table) in zip(axes[0], panels.items(), strict=True):
        t = table.reindex(order)
        seen = t["observed"].abs()
        ax.hlines(y, 0, t["value"], color="#cccccc", linewidth=5, label="found less often")
        ax.plot(t["value"], y, "|", color="black", markersize=9, label="found in 80% of corpora")
        for more, face in ((seen >= t["value"], "#D55E00"), (seen < t["value"], "white")):
            ax.plot(seen[more], y[more], "o", color="#D55E00", markerfacecolor=face, markersize=5)
        ax.plot([], [], "o", color="#D55E00", label="observed, without its sign")
        ax.set_title("\n".join(textwrap.wrap(name.replace("frame, ", ""), 16)), fontsize=9)
        ax.set(yticks=y, yticklabels=[label(c) for c in order], xlim=(0, 1.05 * most))
        ax.xaxis.set_major_formatter(lambda v, _: f"{100 * v:.3g}")
        ax.grid(axis="y", visible=False)
    axes[0][0].set_ylim(len(order) - 0.5, -0.5)
    fig.supxlabel("difference of shares, points", fontsize=9)
    handles = axes[0][0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower right", ncols=3, fontsize=8)
    fig.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return fig


def corrected_coverage(panels: dict[str, pd.DataFrame], title: str, order):
    """`dots` of how often intervals hold the truth, with the line of 95%, beside other panels."""
    fig = dots(panels, title, "", order)
    if panels:
        fig.axes[0].axvline(0.95, color="#444444", linestyle="--", linewidth=0.9)
    return fig
