"""Write the sources of the site and have Sphinx build it."""

import json
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from html import escape
from pathlib import Path, PurePosixPath

from frictionless import Package
from PIL import Image as Picture

from ... import settings
from ...settings import DefectionError
from .. import captions, explore, findings, ledger
from ..execute import PACKAGE
from ..pages import heading
from ..run import GUIDE

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")

REPORT = "0_report"
"""The notebook that is read without its code."""

EXPLORER = "explorer.html"
"""Place of the explorer, a page that Sphinx knows nothing of."""

LOOK_UP = """**[Look claims up](explorer.html)** in the explorer: one page that works without a \
connection, with all claims, search, filters, and both tellings of each case.
"""


def build() -> Path:
    """Build the site, with the explorer, into `build/site` and give its first page.

    `DefectionError` says if Sphinx fails, or another corpus than the repository's is set.
    """
    if settings.is_own():
        raise DefectionError("The site is of the repository's own study: unset DEFECTION_DATA.")
    source, out = settings.ROOT / "build" / "site-source", settings.ROOT / "build" / "site"
    for folder in (source, out):
        shutil.rmtree(folder, ignore_errors=True)
    files = _write_sources(source)
    sphinx = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-c", str(Path(__file__).parent)]
    if subprocess.run([*sphinx, "-d", str(source / ".doctrees"), str(source), str(out)]).returncode:
        raise DefectionError(
            "Sphinx did not build the site. It says why above; if it is not installed: "
            "pip install -e '.[site]'"
        )
    for unread in (*out.rglob("*.map"), *out.glob("_static/*.html")):
        unread.unlink()
    shutil.rmtree(out / "_static" / "locales")
    for file in sorted(files):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        if file.endswith(".png"):  # with a palette it is a third as large
            picture = Picture.open(settings.ROOT / file).convert("RGB")
            picture = picture.quantize(256, Picture.Quantize.FASTOCTREE, dither=Picture.Dither.NONE)
            picture.save(out / file)
        else:
            shutil.copyfile(settings.ROOT / file, out / file)
    explore.write(out=out / EXPLORER)
    return out / "index.html"


def _write_sources(folder: Path) -> set[str]:
    """Write all pages; give the files of the repository that the site has to bring along."""
    paths = [*settings.notebook_sources(), *settings.ROOT.glob("*.md")]
    for name in ("data", "figures", "benchmarks"):
        paths += (settings.ROOT / name).rglob("*.md")
    texts = {p.relative_to(settings.ROOT).as_posix(): p.read_text(encoding="utf-8") for p in paths}
    contents = Path(__file__).with_name("contents.md").read_text(encoding="utf-8")
    texts["README.md"] = texts["README.md"].replace("<!-- findings:end -->", LOOK_UP) + contents
    texts["figures/README.md"] = _gallery(texts["figures/README.md"])
    texts |= {"findings.md": _findings(), "data/dictionary.md": _dictionary(), **_reference()}
    files: set[str] = set()
    for place, text in texts.items():

        def linked(words: str, place: str = place) -> str:
            return LINK.sub(lambda found: _link(found, place, texts, files), words)

        if place.endswith(".ipynb"):
            text = _notebook(json.loads(text), PurePosixPath(place).stem, linked)
        else:
            text = linked(text)
        settings.write_text(folder / _moved(place), text)
    return files


def _moved(place: str) -> str:
    """Place of a page on the site."""
    return "index.md" if place == "README.md" else place


def _gallery(text: str) -> str:
    """The page of figures: each can be pointed to, and points to its findings."""
    # Folds are for a code host: here the headings in one would end it.
    text = re.sub(r"<details>.*|</details>", "", text)
    text = re.sub(r"\]\(#(\w+)\)", r"](#figure-\1)", text)
    text = re.sub(r'href="#(\w+)"', lambda m: f'href="#figure-{m[1].replace("_", "-")}"', text)
    start, *parts = re.split(r'<a id="(\w+)"></a>', text)
    for name, section in zip(parts[::2], parts[1::2], strict=True):
        own = [n for n, finding in findings.load().items() if finding.figure == name]
        using = ", ".join(f"[{n.replace('_', ' ')}](#finding-{n})" for n in own)
        using = f"- **Findings**: {using}\n" if using else ""
        start += f"(figure-{name})={section.replace('- **Files**', f'{using}- **Files**')}"
    return start


def _figure(finding: findings.Finding) -> str:
    """A link to the figure that shows a finding, and a comma; empty where none does."""
    return f"[figure](#figure-{finding.figure}), " if finding.figure else ""


def _notebook(notebook: dict, name: str, linked: Callable[[str], str]) -> str:
    """A notebook with its code folded; its pictures are those of the gallery."""
    figures, known = captions.read_register(), findings.load()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = linked("".join(cell["source"]))
        elif name != GUIDE:  # that one is read for its code
            hidden = "remove-input" if name == REPORT else "hide-input"
            cell["metadata"].setdefault("tags", []).append(hidden)
        for output in cell.get("outputs", []):
            data, metadata = output.get("data", {}), output.get("metadata", {})
            figure, finding = metadata.get("figure"), metadata.get("finding")
            text = "".join(data.get("text/markdown", ""))
            if figure in figures and data.pop("image/png", None):
                text = captions.image(figure, figures[figure], "/figures/")
            elif figure in figures:
                text += f" [Table, files](#figure-{figure})"
            elif finding in known:
                text += f" ({_figure(known[finding])}[estimates](#finding-{finding}))"
                if known[finding].notebook == name:  # it can be pointed to
                    text = f"(said-{finding})=\n{text}"
            if text:
                data["text/markdown"] = linked(text)
    return json.dumps(notebook)


def _link(found: re.Match, place: str, pages: Collection[str], files: set[str]) -> str:
    """A link or picture that leads to a page of the site, or to a file that it brings along."""
    picture, words, target = found.groups()
    path, mark, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return found[0]
    path = posixpath.normpath(posixpath.join("/", posixpath.dirname(place), path)).lstrip("/")
    file = settings.ROOT / path
    href = escape("../" * place.count("/") + path)
    if path in pages:
        return f"[{words}](/{_moved(path)}{mark}{anchor})"
    if file.suffix == ".py" and PACKAGE in file.parents:
        module = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
        return f"{{py:obj}}`{words.strip('`')} <{PACKAGE.name}.{module}>`"
    if path != EXPLORER and not file.is_file():  # a folder, or nothing
        return words
    if path != EXPLORER:
        files.add(path)
    if picture:  # on a phone one opens it to see it whole
        words = f'<img src="{href}" alt="{escape(words)}" loading="lazy">'
    return f'<a href="{href}">{words}</a>'


def _findings() -> str:
    """Every finding with the estimates that it rests on and the conditions that keep it true."""
    table = ledger.read().set_index("name")
    parts = [
        "# Findings and their estimates",
        "Every sentence of finding, by the notebook that says it. Its numbers are those of the "
        "estimates below it, and it stands only while its conditions hold. Brackets hold 95% "
        f"intervals. All {len(table):,} estimates are in "
        "[estimates.csv](/data/derived/estimates.csv).",
    ]
    said = list(ledger.written())
    for path in settings.notebook_sources():
        here = [(f, text) for f, text, _ in said if f.notebook == path.stem]
        place = path.relative_to(settings.ROOT).as_posix()
        parts += [f"## {heading(path)}", f"[Notebook](/{place})"] if here else []
        for finding, text in here:
            rows = table.reindex(finding.names())
            made = rows["source"].map(f"{{{{py:obj}}}}`~{PACKAGE.name}.{{}}`".format, "ignore")
            cells = ledger.readable(rows, "exact").assign(**{"made by": made.fillna("")})
            lines = [["estimate", *cells], ["---"] * (cells.shape[1] + 1), *cells.itertuples()]
            parts += [
                f"(finding-{finding.name})=",
                f"{text} ({_figure(finding)}[cell](#said-{finding.name}))",
                "<details><summary>Estimates and conditions</summary>",
                "\n".join(f"| {' | '.join(line)} |" for line in lines),
                "True while " + "; ".join(f"`{c}`" for c in finding.holds) + ".",
                "</details>",
            ]
    return "\n\n".join(parts) + "\n"


def _dictionary() -> str:
    """Tables and columns of the corpus, from its descriptor."""
    package = Package(str(settings.ROOT / "data" / "datapackage.json"))
    tables = package.to_markdown().partition("\n## ")[2]
    said = "[datapackage.json](/data/datapackage.json) in words."
    return f"# Data dictionary\n\n{said}\n\n## {tables}"


def _reference() -> dict[str, str]:
    """Pages of the package's docstrings, by their place, one for each folder."""
    pages = {}
    for start in sorted(PACKAGE.glob("*/__init__.py")):
        folder = start.parent.name
        parts = [f"{folder}\n{'=' * 80}", f".. automodule:: {PACKAGE.name}.{folder}"]
        for path in sorted(set(start.parent.glob("*.py")) - {start}):
            name = f"{folder}.{path.stem}"
            parts += [f"{name}\n{'-' * 80}", f".. automodule:: {PACKAGE.name}.{name}"]
        pages[f"api/{folder}.rst"] = "\n\n".join(parts) + "\n"
    return pages
