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

OPENING = """# Figures

Written by `make study` and `make pages`; edits here are overwritten: the words stand in \
`src/defection_framing/publish/figures.toml`. Every figure comes as PNG and SVG, with the table \
behind it as CSV.

"""

SECTION = """<a id="{name}"></a>

## {title}

{picture}

- **n**: {n}
- **In words**: {alt}
- **Made by**: [{notebook}]({place})
- **Drawn by**: [`{drawn_by}`]({source})
- **Files**: [{name}.png]({name}.png), [{name}.svg]({name}.svg), \
[tables/{name}.csv](tables/{name}.csv)"""


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
        # The register keeps the title that stands on the picture.
        captions.write_register({n: e | {"title": drawn[n]["title"]} for n, e in entries.items()})
    findings = ledger.texts()
    notebooks = _notebooks()
    for path in notebooks.values():
        notebook = _read(path)
        if _reword(notebook, entries, findings):
            text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
            settings.write_text(path, text + "\n")
    settings.write_text(settings.figures_dir() / "README.md", _gallery(entries, notebooks))
    if settings.figures_dir().parent == settings.ROOT:
        update_readme_block(settings.ROOT / "README.md", "findings", "\n".join(ledger.headlines()))
    return sorted(name for name, e in drawn.items() if e["title"] != entries[name]["title"])


def stale() -> list[str]:
    """List the findings that fail or that the notebooks do not show as computed now."""
    shown = {
        (path.stem, output["metadata"].get("finding"), "".join(output["data"]["text/markdown"]))
        for path in _notebooks().values()
        for output in _outputs(_read(path))
        if "text/markdown" in output.get("data", {})
    }
    out = []
    for finding, text, holds in ledger.written():
        if not holds:
            out.append(f"findings.toml: {finding.name}: {text}")
        elif (finding.notebook, finding.name, text) not in shown:
            out.append(
                f"{finding.notebook}.ipynb: does not show the finding {finding.name!r} as "
                "computed; run the study"
            )
    return out


def _notebooks() -> dict[str, Path]:
    """Executed notebooks by name."""
    found = sorted(settings.notebooks_dir().rglob("*.ipynb"))
    return {path.stem: path for path in found if ".ipynb_checkpoints" not in path.parts}


def _read(path: Path) -> dict:
    """An executed notebook, as JSON in its normal form: importing nbformat takes a second."""
    return json.loads(path.read_text(encoding="utf-8"))


def _outputs(notebook: dict) -> list[dict]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", ())]


def _reword(notebook: dict, entries: dict[str, dict], findings: dict[str, str]) -> bool:
    """Put captions, alt texts and findings as they are now; say whether anything changed.

    A finding changes without a run of its notebook when another one computes a number of it.
    """
    before = json.dumps(notebook)
    for output in _outputs(notebook):
        metadata, data = output.get("metadata", {}), output.get("data", {})
        new = findings.get(metadata.get("finding"))
        if entry := entries.get(metadata.get("figure")):
            link = re.match(r"!\[.*?\]\(([^)]+)\)", "".join(data.get("text/markdown", "")), re.S)
            new = captions.linked(entry, link[1]) if link else captions.below(entry)
            if "alt" in metadata.get("image/png", {}):
                metadata["image/png"]["alt"] = entry["alt"]
        if new and "text/markdown" in data:
            data["text/markdown"] = new.splitlines(keepends=True)
    return json.dumps(notebook) != before


def _gallery(entries: dict[str, dict], notebooks: dict[str, Path]) -> str:
    """The page of figures, in the order of `figures.toml`: contents, then a section for each."""

    def link(path: Path) -> str:
        return Path(os.path.relpath(path, settings.figures_dir())).as_posix()

    contents, sections = [], []
    for name in filter(entries.get, captions.load()):
        for file in captions.files(name):
            if not file.exists():
                raise ReportError(
                    f"Figure {name} is in figures/figures.json but "
                    f"{file.relative_to(settings.figures_dir().parent).as_posix()} does not exist: "
                    "show the figure again, or run `make study`."
                )
        entry = entries[name]
        notebook, module = entry["notebook"], entry["drawn_by"].rpartition(".")[0]
        place = notebooks.get(notebook, settings.notebooks_dir() / f"{notebook}.ipynb")
        links = {
            "picture": captions.linked(entry, f"{name}.png"),
            "place": link(place),
            "source": link(Path(__file__).parents[1] / f"{module.replace('.', '/')}.py"),
        }
        contents.append(f"- [`{name}`](#{name}): {entry['title']}")
        sections.append(SECTION.format(name=name, **entry, **links))
    return OPENING + "\n\n".join(["\n".join(contents), *sections]) + "\n"


def update_readme_block(path: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- NAME:start -->` and `<!-- NAME:end -->` in a file.

    Raises
    ------
    ReportError
        If the two markers do not stand in the file exactly once each, start before end.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    before, *parts = re.split(f"({start}|{end})", path.read_text(encoding="utf-8"))
    if parts[::2] != [start, end]:
        raise ReportError(
            f"{path.name} must contain the line {start} once and, after it, the line {end} once, "
            "so that the study knows where its text goes: put them back."
        )
    settings.write_text(path, f"{before}{start}\n{text.strip()}\n{end}{parts[-1]}")
