"""Write what readers see outside the notebooks, and the captions in them, without running anything.

Words come from `figures.toml` and `findings.toml`, their numbers from the register of figures and
from the estimates. Only what is drawn on a picture, its title among it, waits for the next run.
"""

import html
import json
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from .. import settings
from ..settings import DefectionError
from . import captions, ledger, report

OPENING = Path(__file__).with_name("gallery.md").read_text(encoding="utf-8").strip()

THUMBNAIL = '<a href="#{name}"><img src="{file}" alt="{title}" width="210"></a>'


def write_pages() -> list[str]:
    """Reword the gallery, captions and findings in the notebooks, and the README's findings.

    Returns
    -------
    list of str
        Figures whose picture bears another title than `figures.toml` gives them now.

    Raises
    ------
    DefectionError
        If a figure of the register has no words, or they name a field that was not given; if a
        figure lacks one of its files, or the README its block.
    """
    with settings.locked(captions.register_path()):
        drawn, known = captions.read_register(), ledger.estimates()
        entries = {n: e | captions.words(n, e["fields"], known) for n, e in drawn.items()}
        # The register keeps what stands on the picture.
        on = {n: {part: e[part] for part in ("title", "question")} for n, e in drawn.items()}
        captions.write_register({n: e | on[n] for n, e in entries.items()})
    findings, notebooks = ledger.texts(), _notebooks()
    for path in notebooks.values():
        _reword(path, entries, findings)
    settings.write_text(settings.figures_dir() / "README.md", _gallery(entries, notebooks))
    if not settings.is_own():
        kinds = "articles", "claims", "outlets", "languages", "cases"
        size = ", ".join(f"{ledger.shown(f'corpus/{kind}', 'count')} {kind}" for kind in kinds)
        years = " to ".join(ledger.shown(f"corpus/{end}_year", "year") for end in ("first", "last"))
        size = size.replace("outlets", "web domains")
        text = "\n".join([f"**The corpus: {size}, {years}.**", "", *ledger.headlines()])
        settings.write_block(settings.ROOT / "README.md", "findings", text)
    if "0_report" in notebooks:
        report.write(notebooks["0_report"])
    return sorted(name for name, words in on.items() if entries[name] | words != entries[name])


def stale() -> Iterator[str]:
    """Name findings and titles that fail, or that are not shown as computed now."""
    shown = {
        (path.stem, output["metadata"].get("finding"), "".join(output["data"]["text/markdown"]))
        for path in _notebooks().values()
        for output in _outputs(_read(path))
        if "text/markdown" in output.get("data", {})
    }
    for finding, text, holds in ledger.written():
        if not holds:
            yield f"findings.toml: {finding.name}: {text}"
        elif (finding.notebook, finding.name, text) not in shown:
            said = f"does not show the finding {finding.name!r} as computed; run the study"
            yield f"{finding.notebook}.ipynb: {said}"
    known = ledger.estimates()
    for name, entry in captions.read_register().items():
        claim = captions.claim(name)
        if failed := claim.lacking(known) or claim.failed(known):
            yield f"figures.toml: the title of {name} does not hold ({'; '.join(failed)})"
        elif captions.heading(name, known) != (entry["title"], entry["question"]):
            yield f"{entry['notebook']}.ipynb: {name} bears another title; run the study"


def _notebooks() -> dict[str, Path]:
    """Executed notebooks by name."""
    return {path.stem: path for path in settings.notebook_sources(settings.notebooks_dir())}


def _read(path: Path) -> dict:
    """An executed notebook, as JSON in its normal form: importing nbformat takes a second."""
    return json.loads(path.read_text(encoding="utf-8"))


def _outputs(notebook: dict) -> list[dict]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", ())]


def _reword(path: Path, entries: dict[str, dict], findings: dict[str, str]) -> None:
    """Put captions, alt texts and findings of a notebook as they are now; write it if any changed.

    A finding changes without a run of its notebook when another one computes a number of it.
    """
    notebook, before = _read(path), _read(path)
    for output in _outputs(notebook):
        metadata, data = output.get("metadata", {}), output.get("data", {})
        new = findings.get(metadata.get("finding"))
        if entry := entries.get(name := metadata.get("figure", "")):
            is_link = "".join(data.get("text/markdown", "")).startswith("![")
            new = captions.linked(name, entry) if is_link else captions.below(entry)
            if "alt" in metadata.get("image/png", {}):
                metadata["image/png"]["alt"] = entry["alt"]
        if new and "text/markdown" in data:
            data["text/markdown"] = new.splitlines(keepends=True)
    if notebook != before:
        text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
        settings.write_text(path, text + "\n")


def _gallery(entries: dict[str, dict], notebooks: dict[str, Path]) -> str:
    """The page of figures: contents, the report's figures, then those of each notebook, folded."""
    groups: dict[str, list[str]] = {}
    words = {name: told for name, told in captions.load().items() if name in entries}
    for name in sorted(words, key=lambda name: not words[name].get("report")):
        notebook = entries[name]["notebook"]
        group = heading(notebooks[notebook]) if notebook in notebooks else notebook
        group = "The report" if words[name].get("report") else group
        groups.setdefault(group, []).append(name)
    contents, sections = ["## Contents"], []
    for group, names in groups.items():
        links = [f"- [{entries[name]['title']}](#{name})" for name in names]
        titles = {n: html.escape(entries[n]["title"]) for n in names}
        small = [THUMBNAIL.format(name=n, file=captions.picture(n), title=titles[n]) for n in names]
        contents += [f"**{group}**", "\n".join(small), "\n".join(links)]
        shown = [_section(name, entries[name], notebooks) for name in names]
        if group != "The report":
            fold = f"<details><summary>Show the figures: {len(names)}</summary>"
            shown = [fold, *shown, "</details>"]
        sections += [f"## {group}", *shown]
    opening = OPENING.format(version=version("defection-framing")).split("\n\n")
    if settings.is_own():  # whose a researcher's own figures are, the researcher says
        opening = [part for part in opening if not part.startswith("**Reuse.**")]
    return "\n\n".join([*opening, *contents, *sections]) + "\n"


def heading(notebook: Path) -> str:
    """First heading of a notebook."""
    return "".join(_read(notebook)["cells"][0]["source"]).split("\n")[0].lstrip("# ")


def _section(name: str, entry: dict, notebooks: dict[str, Path]) -> str:
    """All that belongs to one figure; `DefectionError` if one of its files is missing."""

    def link(path: Path) -> str:
        return Path(os.path.relpath(path, settings.figures_dir())).as_posix()

    for file in captions.files(name):
        if not file.exists():
            raise DefectionError(
                f"Figure {name} is in figures/figures.json but figures/{link(file)} does not "
                "exist: show the figure again, or run `make study`."
            )
    notebook, (module, _, _) = entry["notebook"], entry["drawn_by"].rpartition(".")
    place = notebooks.get(notebook, settings.notebooks_dir() / f"{notebook}.ipynb")
    made = f"[{notebook}]({link(place)}), `{entry['drawn_by']}`"
    if not settings.is_own():  # a researcher's folder has no code, and may be moved
        source = f"{module.replace('.', '/')}.py"
        made += f" in [{source}]({link(Path(__file__).parents[1] / source)})"
    files = ", ".join(f"[{file.name}]({link(file)})" for file in captions.files(name))
    words = entry["alt"] if entry["alt"] != entry["title"] else ""
    facts = {"n": entry["n"], "In words": words, "Made by": made, "Files": files}
    parts = [
        f'<a id="{name}"></a>',
        f"### {entry['title']}",
        entry["question"],
        captions.linked(name, entry, folder=""),
        "\n".join(f"- **{what}**: {said}" for what, said in facts.items() if said),
    ]
    return "\n\n".join(filter(None, parts))
