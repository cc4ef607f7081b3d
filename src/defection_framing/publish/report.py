"""The report as one HTML file and one PDF, made of the executed notebook 0 without its code."""

import os
import re
import tempfile
from pathlib import Path

import nbformat
import pypandoc
import typst
from PIL import Image

from .. import settings
from . import captions

TITLE = "Toward us, away from us"
WIDTH = 1400  # of a picture, in pixels: sharp in print at the width of a page
STYLE = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
MARKDOWN = "markdown-yaml_metadata_block-implicit_figures"

PAPER = """#set document(title: "TITLE", date: none)
#set page(paper: "a4", margin: 2.2cm, numbering: "1")
#set text(font: "Libertinus Serif", size: 10pt, lang: "en")
#set par(justify: true)
#show heading.where(level: 1): set text(size: 20pt)
#show heading.where(level: 2): set text(size: 13pt)
#show figure.caption: set text(size: 8pt)
#show table: set text(size: 8pt)
#show figure.where(kind: table): set block(breakable: true)
#let horizontalrule = line(length: 100%)
"""


def files() -> tuple[Path, Path]:
    """The HTML file and the PDF."""
    folder = settings.figures_dir() / "report"
    return folder / "report.html", folder / "report.pdf"


def write(notebook: Path) -> None:
    """Write both files from an executed notebook; links in it are relative to its folder."""
    page, printed = files()
    text = _markdown(nbformat.read(notebook, as_version=4))
    page.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for link in set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)):
            _shrink(notebook.parent / link, Path(folder) / Path(link).name)
            text = text.replace(f"]({link})", f"]({Path(link).name})")
        links = re.compile(r"(?<!!)\[([^\[\]]+)\]\((?!http|#)([^)]+)\)")
        up = os.path.relpath(notebook.parent, page.parent)
        linked = links.sub(
            lambda m: f"[{m[1]}]({Path(os.path.normpath(f'{up}/{m[2]}')).as_posix()})", text
        )
        options = [
            "--standalone",
            "--embed-resources",
            "--toc",
            "--toc-depth=2",
            f"--resource-path={folder}",
        ]
        options += [
            f"--metadata=pagetitle:{TITLE}",
            "--metadata=lang:en",
            "--variable=document-css:false",
        ]
        options += [f"--variable=header-includes:<style>{STYLE}</style>"]
        settings.write_text(page, pypandoc.convert_text(linked, "html5", MARKDOWN, options))
        # On paper only an address of the web leads anywhere.
        body = pypandoc.convert_text(links.sub(r"\1", text), "typst", MARKDOWN)
        source = Path(folder) / "report.typ"
        source.write_text(PAPER.replace("TITLE", TITLE) + body, encoding="utf-8")
        settings.write_bytes(
            printed, typst.compile(str(source), root=folder, ignore_system_fonts=True)
        )


def _markdown(notebook: nbformat.NotebookNode) -> str:
    """Text and outputs of the cells, pictures as links to the files of the register."""
    register, parts = captions.read_register(), []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        for output in cell.get("outputs", ()):
            data, name = output.get("data", {}), output.get("metadata", {}).get("figure")
            if "image/png" in data:
                file = os.path.relpath(captions.files(name)[0], settings.notebooks_dir())
                parts.append(f"![{register[name]['alt']}]({file})")
            elif "text/markdown" in data:
                parts.append(data["text/markdown"])
            elif output.output_type == "stream":
                parts.append(f"*{output.text.strip()}*")
    return "\n\n".join(parts) + "\n"


def _shrink(picture: Path, to: Path) -> None:
    """Copy a picture at the width of a page, with a palette: a tenth of its size."""
    whole = Image.open(picture).convert("RGB")
    size = (WIDTH, round(whole.height * WIDTH / whole.width))
    dpi = 300 * min(1, WIDTH / whole.width)
    small = whole.resize(size, Image.Resampling.LANCZOS) if whole.width > WIDTH else whole
    small.quantize(64, dither=Image.Dither.NONE).save(to, dpi=(dpi, dpi), optimize=True)
