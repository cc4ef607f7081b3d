"""Write what readers see outside the notebooks, and the captions in them, without running anything.

Words come from `figures.toml` and `findings.toml`, their numbers from the register of figures and
from the estimates. Only what is drawn on a picture, its title among it, waits for the next run.
"""

import json
import os
import re
from pathlib import Path

from .. import settings
from . import captions, ledger


class ReportError(settings.DefectionError):
    """A page cannot be written; the message says which and what to do."""


def write_pages() -> list[str]:
    """Reword the gallery, captions and findings in the notebooks, and the README's findings.

    Returns
    -------
    list of str
        Figures whose picture bears another title than `figures.toml` gives them now.

    Raises
    ------
    captions.CaptionError
        If a figure of the register has no words, or they name a field that was not given.
    ReportError
        If a figure lacks one of its files, or the README its block.
    """
    with settings.locked(captions.register_path()):
        drawn = captions.read_register()
        entries = {name: e | captions.words(name, e["fields"]) for name, e in drawn.items()}
        old_title = [name for name, e in drawn.items() if e["title"] != entries[name]["title"]]
        # The register keeps the title that stands on the picture.
        captions.write_register({n: e | {"title": drawn[n]["title"]} for n, e in entries.items()})
    findings = ledger.texts()
    for path in _notebooks().values():
        # As JSON, in the normal form of executed notebooks: importing nbformat takes seconds.
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if _reword(notebook, entries, findings):
            text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
            settings.write_text(path, text + "\n")
    write_figures_readme()
    if settings.figures_dir().parent == settings.ROOT:
        write_readme()
    return sorted(old_title)


def _notebooks() -> dict[str, Path]:
    """Executed notebooks by name."""
    found = sorted(settings.notebooks_dir().rglob("*.ipynb"))
    return {path.stem: path for path in found if ".ipynb_checkpoints" not in path.parts}


def _reword(notebook: dict, entries: dict[str, dict], findings: dict[str, str]) -> bool:
    """Put captions, alt texts and findings as they are now; say whether anything changed.

    A finding changes without a run of its notebook when another one computes a number of it.
    """
    before = json.dumps(notebook)
    for output in (o for cell in notebook["cells"] for o in cell.get("outputs", ())):
        said = output.get("metadata", {}).get("finding")
        if said in findings:
            output["data"]["text/markdown"] = findings[said].splitlines(keepends=True)
        entry = entries.get(output.get("metadata", {}).get("figure"))
        if entry is None:
            continue
        if (old := output["data"].get("text/markdown")) is not None:
            link = re.match(r"!\[.*?\]\(([^)]+)\)", "".join(old), re.DOTALL)
            new = captions.linked(entry, link[1]) if link else captions.below(entry)
            output["data"]["text/markdown"] = new.splitlines(keepends=True)
        if "alt" in output["metadata"].get("image/png", {}):
            output["metadata"]["image/png"]["alt"] = entry["alt"]
    return json.dumps(notebook) != before


def write_figures_readme() -> None:
    """Write `figures/README.md` from the register: contents, then a section for each figure.

    Figures stand in the order of `figures.toml`.

    Raises
    ------
    captions.CaptionError
        If a figure of the register has no words, or they name a field that was not given.
    ReportError
        If a figure of the register lacks its picture or its table.
    """
    folder = settings.figures_dir()
    register = captions.read_register()
    for name in register:
        for file in (f"{name}.png", f"{name}.svg", f"tables/{name}.csv"):
            if not (folder / file).exists():
                raise ReportError(
                    f"Figure {name} is in figures/figures.json but figures/{file} does not exist: "
                    "show the figure again, or run `make study`."
                )
    entries = {name: e | captions.words(name, e["fields"]) for name, e in register.items()}
    ordered = {name: entries[name] for name in captions.load() if name in entries}
    contents = [f"- [`{name}`](#{name}): {e['title']}" for name, e in ordered.items()]
    opening = (
        "# Figures\n\n"
        "Written by `make study` and `make pages`; edits here are overwritten: the words stand in "
        "`src/defection_framing/publish/figures.toml`. Every figure comes as PNG and SVG, with the "
        "table behind it as CSV.\n\n" + "\n".join(contents)
    )
    places = _notebooks()
    sections = [_section(name, entry, places) for name, entry in ordered.items()]
    settings.write_text(folder / "README.md", "\n\n".join([opening, *sections]) + "\n")


def _section(name: str, entry: dict, places: dict[str, Path]) -> str:
    """Section of the gallery: picture, caption, alt text, n, notebook, function, files."""
    notebook, module = entry["notebook"], entry["drawn_by"].rpartition(".")[0]
    place = places.get(notebook, settings.notebooks_dir() / f"{notebook}.ipynb")
    source = Path(__file__).parents[1] / f"{module.replace('.', '/')}.py"
    return (
        f'<a id="{name}"></a>\n\n'
        f"## {entry['title']}\n\n"
        f"{captions.linked(entry, f'{name}.png')}\n\n"
        f"- **n**: {entry['n']}\n"
        f"- **In words**: {entry['alt']}\n"
        f"- **Made by**: [{notebook}]({_link(place)})\n"
        f"- **Drawn by**: [`{entry['drawn_by']}`]({_link(source)})\n"
        f"- **Files**: [{name}.png]({name}.png), [{name}.svg]({name}.svg), "
        f"[tables/{name}.csv](tables/{name}.csv)"
    )


def _link(path: Path) -> str:
    """Path from the gallery, as links write it."""
    return Path(os.path.relpath(path, settings.figures_dir())).as_posix()


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
    settings.write_text(path, f"{before}{start}\n{text.strip()}\n{end}{after}")


def write_readme() -> None:
    """Fill the block `findings` of the repository's README from the ledger of claims."""
    update_readme_block(settings.ROOT / "README.md", "findings", "\n".join(ledger.headlines()))
