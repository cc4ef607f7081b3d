"""Show a figure in a notebook, and keep it with its words, its data and who drew it."""

import io
import textwrap
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Image, Markdown, display
from PIL import Image as Picture

from .. import settings
from ..figures.style import style
from . import captions


def show(name: str, fig: Any, data: pd.DataFrame, *, n: str, **fields: object) -> None:
    """Show a figure with its caption; keep it as PNG and SVG, its data as CSV, its words.

    Parameters
    ----------
    name : str
        Name of the figure: its table in `publish/figures.toml`, its files in `figures/`.
    fig : matplotlib.figure.Figure
        As a function of `figures` drew it; it has no title yet.
    data : pd.DataFrame
        What is drawn.
    n : str
        The articles and events behind it.
    **fields
        Numbers and words that title, caption and alt text name in braces.

    Raises
    ------
    captions.CaptionError
        If `figures.toml` has no such figure, or its words name a field that is not given.
    """
    notebook = settings.notebook_name()
    # JSON cannot write a number of numpy.
    fields = {
        key: value.item() if hasattr(value, "item") else value for key, value in fields.items()
    }
    words = captions.words(name, fields)
    # A second line, such as n, is of the function that drew the figure.
    title = textwrap.fill(words["title"], int(9 * fig.get_figwidth()))
    fig.suptitle(
        "\n".join(filter(None, [title, fig.get_suptitle()])), x=0.01, ha="left", fontweight="bold"
    )
    folder = settings.figures_dir()
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    drawn, small = io.BytesIO(), io.BytesIO()
    with style():
        fig.savefig(folder / f"{name}.png", dpi=300, metadata={"Software": None})
        fig.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
        fig.savefig(drawn, dpi=100, metadata={"Software": None})
    plt.close(fig)
    # With a palette the picture takes a third of the room in the notebook.
    whole = Picture.open(drawn).convert("RGB")
    whole.quantize(64, dither=Picture.Dither.NONE).save(small, "PNG", optimize=True)
    data.to_csv(folder / "tables" / f"{name}.csv", float_format="%.6g", lineterminator="\n")
    entry = words | {"fields": fields, "n": n, "notebook": notebook, "drawn_by": fig.made_by}
    path = captions.register_path()
    with settings.locked(path):
        captions.write_register(captions.read_register() | {name: entry})
    display(
        Image(data=small.getvalue(), format="png", alt=words["alt"]),
        Markdown(captions.below(entry)),
        metadata={"figure": name},
    )
