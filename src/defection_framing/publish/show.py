"""Show a figure in a notebook, and keep it with its words, its data and who drew it."""

import io
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Image, Markdown, display
from PIL import Image as Picture

from .. import domain, settings
from ..figures import legible
from ..figures.style import lettered, style
from . import captions, ledger

DPI = 120
"""Of the picture in a notebook: 7.5 inches are 900 pixels, about the width of its column."""

_words = pd.read_csv(Path(__file__).with_name("column_names.csv"), keep_default_na=False)
COLUMNS = dict(zip(_words["column"], _words["words"], strict=True))
"""Columns whose words are not their code's (see `domain.label`)."""


def show(name: str, fig: Any, data: pd.DataFrame, *, n: str, **fields: object) -> None:
    """Show a figure with its caption; keep it as PNG and SVG, its data as CSV, its words.

    A title that states a result needs its estimates: `record` them in a cell before.

    Where a corpus gives none of its numbers, or none an interval, one sentence says so and nothing
    is kept.

    Parameters
    ----------
    name : str
        Name of the figure: its table in `publish/figures.toml`, its files in `figures/`.
    fig : matplotlib.figure.Figure
        As a function of `figures` drew it; it has no title yet.
    data : pd.DataFrame
        What is drawn; every level of its index has a name.
    n : str
        The articles and events behind it.
    **fields
        Numbers and words that caption and alt text name in braces.

    Raises
    ------
    DefectionError
        If `figures.toml` has no such figure, or its words name a field that is not given.
    """
    notebook = settings.notebook_name()
    # JSON cannot write a number of numpy; pandas gives those of Python.
    fields = pd.Series(fields, dtype=object).to_dict()
    words, n = captions.words(name, fields, ledger.estimates()), captions.line(n)
    # What is drawn, and the lower limits of its intervals.
    values, limits = data[["value"]] if "value" in data else data, data.filter(regex="(^|_)low$")
    if values.isna().all(axis=None) or (len(limits.columns) and limits.isna().all(axis=None)):
        plt.close(fig)
        asked = words["question"] or words["title"]
        display(Markdown(f"*{asked} This corpus has too little to show it.*"))
        return
    png, svg, table = captions.files(name)
    table.parent.mkdir(parents=True, exist_ok=True)
    drawn, small = io.BytesIO(), io.BytesIO()
    with style():
        cut = lettered(fig, words["title"], words["question"], f"n: {n}  |  {_source()}")
        unread = legible.faults(fig)
        fig.savefig(png, dpi=300, bbox_inches=cut, metadata={"Software": None})
        fig.savefig(svg, bbox_inches=cut, metadata={"Date": None, "Creator": None})
        fig.savefig(drawn, dpi=DPI, bbox_inches=cut, metadata={"Software": None})
    plt.close(fig)
    # With a palette the picture takes a third of the room in the notebook.
    whole = Picture.open(drawn).convert("RGB")
    whole.quantize(64, dither=Picture.Dither.NONE).save(small, "PNG", optimize=True)
    in_words(data).to_csv(table, float_format="%.6g", lineterminator="\n")
    entry = words | {"fields": fields, "n": n, "notebook": notebook}
    entry |= {"drawn_by": fig.made_by, "faults": unread}
    with settings.locked(captions.register_path()):
        captions.write_register(captions.read_register() | {name: entry})
    image = Image(data=small.getvalue(), format="png", alt=words["alt"])
    display(image, Markdown(captions.below(entry)), metadata={"figure": name})


def again(name: str) -> None:
    """Show a figure that another notebook drew, as a link with its caption; nothing if none did."""
    if entry := captions.read_register().get(name):
        display(Markdown(captions.linked(name, entry)), metadata={"figure": name})


def _source() -> str:
    """Who coded and how a picture may be used; of a researcher's own corpus only what drew it."""
    study = f"Toward us, away from us {version('defection-framing')}"
    if settings.figures_dir().parent != settings.ROOT:
        return f"Drawn by {study}"
    return f"Codes: a language model, unchecked by people  |  {study}, CC BY 4.0"


def in_words(data: pd.DataFrame) -> pd.DataFrame:
    """Copy a table with its columns, and the names of its index and of what stands in it, in words.

    ValueError if a level of the index has no name.
    """
    if None in data.index.names:
        raise ValueError("Name every level of the table's index: it is a column of the CSV.")
    words = data.rename(index=lambda x: domain.label(x) if isinstance(x, str) else x)
    words.columns = [_named(column) for column in data.columns]
    words.index.names = [_named(name) for name in data.index.names]
    return words


def _named(column: str | tuple[str, ...]) -> str:
    parts = column if isinstance(column, tuple) else (column,)
    return ", ".join(COLUMNS.get(part) or domain.label(str(part)) for part in parts)
