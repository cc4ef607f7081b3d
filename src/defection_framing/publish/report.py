"""The report as one HTML file and one PDF, made of the executed notebook 0 without its code."""

import json
import re
import shutil
import tempfile
from itertools import count
from pathlib import Path

import pypandoc
import typst

from .. import settings
from . import captions

TITLE = "Toward us, away from us"
STYLE = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
MARKDOWN = "markdown-yaml_metadata_block-implicit_figures"
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
EMPTY = re.compile(r"^(##+) .*\n+(?=(?!\1#)##+ |\Z)", re.M)  # a heading with nothing under it
LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\((?!http|#)([^)]+)\)")  # to another file

PAPER = Path(__file__).with_name("report.typ").read_text(encoding="utf-8")


def files() -> tuple[Path, Path]:
    """The HTML file and the PDF."""
    folder = settings.figures_dir() / "report"
    return folder / "report.html", folder / "report.pdf"


def write(notebook: Path) -> None:
    """Write both files from an executed notebook; they are to be read alone, as in a mail."""
    text = _markdown(json.loads(notebook.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        for link in set(re.findall(PICTURE, text)):
            shutil.copy((notebook.parent / link[1]).with_suffix(".svg"), folder)
        text = re.sub(PICTURE, lambda m: f"![{m[1]}]({Path(m[2]).stem}.svg)", text)
        # Only an address of the web leads anywhere; what is but a list of others goes.
        text = re.sub(rf" \((?:{LINK.pattern}(?:, )?)+\)", "", text)
        text = LINK.sub(r"\1", text)
        options = ["--standalone", "--embed-resources", f"--resource-path={folder}"]
        options += ["--toc", "--toc-depth=2", f"--metadata=pagetitle:{TITLE}", "--metadata=lang:en"]
        style = f"--variable=header-includes:<style>{STYLE}</style>"
        options += ["--variable=document-css:false", style]
        settings.write_text(files()[0], pypandoc.convert_text(text, "html5", MARKDOWN, options))
        source = Path(folder) / "report.typ"
        body = pypandoc.convert_text(text, "typst", MARKDOWN)
        source.write_text(PAPER.replace("TITLE", TITLE) + body, encoding="utf-8")
        pdf = typst.compile(str(source), root=folder, ignore_system_fonts=True)
        settings.write_bytes(files()[1], pdf)


def _markdown(notebook: dict) -> str:
    """Text and outputs of the cells; pictures as links to the files of the register."""
    register, parts = captions.read_register(), []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            parts.append("".join(cell["source"]))
        for output in cell.get("outputs", ()):
            data, name = output.get("data", {}), output.get("metadata", {}).get("figure")
            if "image/png" in data:
                parts.append(captions.image(name, register[name], "../figures/"))
            elif "text/markdown" in data:
                parts.append("".join(data["text/markdown"]))
            elif output["output_type"] == "stream":
                parts.append(f"*{''.join(output['text']).strip()}*")
    text = EMPTY.sub("", "\n\n".join(parts) + "\n")
    number = count(1)  # where a section is left out, those after it move up
    return re.sub(r"^## \d+\.", lambda _: f"## {next(number)}.", text, flags=re.M)
