"""Write what readers see outside the notebooks: `figures/README.md` and the README's findings.

The register of figures, `figures/figures.json`, is written by `figures.save`: name -> title,
caption, alt text, n (a text such as "412 articles on 63 events"), notebook (without its suffix).
"""

import json
import os
import tempfile
from pathlib import Path

from . import settings


class ReportError(RuntimeError):
    """A page cannot be written; the message says which and what to do."""


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step: a run that is stopped never leaves half a file."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8", newline="\n"
    ) as file:
        file.write(text)
    # A temporary file is private to its owner; the page is to be read by others.
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def figures_path() -> Path:
    """File of the register of figures."""
    return settings.figures_dir() / "figures.json"


def read_figures() -> dict[str, dict[str, str]]:
    """Register of figures, name -> its fields; empty when no figure was drawn yet."""
    if not figures_path().exists():
        return {}
    return json.loads(figures_path().read_text(encoding="utf-8"))


def write_figures_readme() -> None:
    """Write `figures/README.md` from the register: picture, caption, alt text, n, source, table.

    Figures stand in the order of the notebooks that make them.

    Raises
    ------
    ReportError
        If a figure of the register lacks its picture or its table.
    """
    folder = settings.figures_dir()
    figures = read_figures()
    for name in figures:
        for file in (f"{name}.png", f"{name}.svg", f"tables/{name}.csv"):
            if not (folder / file).exists():
                raise ReportError(
                    f"Figure {name} is in figures/figures.json but figures/{file} does not exist: "
                    "save the figure again with figures.save, or run `make study`."
                )
    ordered = sorted(figures, key=lambda name: (figures[name]["notebook"], name))
    sections = [_figure_section(name, figures[name]) for name in ordered]
    opening = (
        "# Figures\n\n"
        "Written by `make study`; edits here are overwritten. Every figure comes as PNG and SVG, "
        "with the table behind it as CSV."
    )
    write_text(folder / "README.md", "\n\n".join([opening, *sections]) + "\n")


def _figure_section(name: str, figure: dict[str, str]) -> str:
    notebook = figure["notebook"]
    # A bracket or a line break would end the alt text of a Markdown picture early.
    alt = " ".join(figure["alt"].split()).replace("[", "(").replace("]", ")")
    return (
        f"## {figure['title']}\n\n"
        f"![{alt}]({name}.png)\n\n"
        f"{figure['caption']}\n\n"
        f"- **n**: {figure['n']}\n"
        f"- **In words**: {alt}\n"
        f"- **Made by**: [notebooks/{notebook}.ipynb](../notebooks/{notebook}.ipynb)\n"
        f"- **Files**: [{name}.png]({name}.png), [{name}.svg]({name}.svg), "
        f"[tables/{name}.csv](tables/{name}.csv)"
    )


def update_readme_block(path: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- NAME:start -->` and `<!-- NAME:end -->` in a file.

    Raises
    ------
    ReportError
        If the two markers do not stand in the file exactly once each, start before end.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    page = path.read_text(encoding="utf-8")
    if page.count(start) != 1 or page.count(end) != 1 or page.index(end) < page.index(start):
        raise ReportError(
            f"{path.name} must contain the line {start} once and, after it, the line {end} once, "
            "so that the study knows where its text goes: put them back."
        )
    before, rest = page.split(start)
    after = rest.split(end)[1]
    write_text(path, f"{before}{start}\n{text.strip()}\n{end}{after}")


def write_readme() -> None:
    """Fill the block `findings` of the repository's README from the ledger of claims."""
    from . import ledger

    update_readme_block(settings.ROOT / "README.md", "findings", "\n".join(ledger.headlines()))
