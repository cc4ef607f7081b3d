"""Write the sources of the site and have Sphinx build it."""

import json
import os
import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path, PurePosixPath

from PIL import Image as Picture

from ... import settings
from ...settings import DefectionError
from .. import captions, explore, findings, ledger
from ..execute import PACKAGE
from ..run import GUIDE
from . import written

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
MOVED = {"README.md": "index.md"}
"""Pages that lie elsewhere on the site."""

REPORT = "0_report"
"""The notebook that is read without its code."""

EXPLORER = "explorer.html"
"""Place of the explorer, a page that Sphinx knows nothing of."""


def build() -> Path:
    """Build the site, with the explorer, into `build/site` and give its first page.

    `DefectionError` says if Sphinx fails, or another corpus than the repository's is set.
    """
    if settings.figures_dir().parent != settings.ROOT:
        raise DefectionError("The site is of the repository's own study: unset DEFECTION_DATA.")
    source, out = settings.ROOT / "build" / "site-source", settings.ROOT / "build" / "site"
    for folder in (source, out):
        shutil.rmtree(folder, ignore_errors=True)
    files = _Sources(source).write()
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
        _copy(settings.ROOT / file, out / file)
    explore.write(out=out / EXPLORER)
    return out / "index.html"


def _copy(file: Path, to: Path) -> None:
    """Copy a file; a picture gets a palette, with which it is a third as large.

    The report as one page links to files of the repository: here these are pages.
    """
    if file.suffix == ".png":
        picture = Picture.open(file).convert("RGB")
        fast = Picture.Quantize.FASTOCTREE
        picture.quantize(256, fast, dither=Picture.Dither.NONE).save(to)
    elif file.suffix == ".html":
        page = file.read_text(encoding="utf-8")
        to.write_text(re.sub(r'href="(\.\./[^"#]+)\.(?:ipynb|md)', r'href="\1.html', page), "utf-8")
    else:
        shutil.copyfile(file, to)


class _Sources:
    """The sources of the site's pages, and the files that these link to."""

    def __init__(self, folder: Path):
        self.folder = folder
        pages = [*settings.notebook_sources(), *settings.ROOT.glob("*.md")]
        for name in ("data", "figures", "benchmarks"):
            pages += (settings.ROOT / name).rglob("*.md")
        files = {page.relative_to(settings.ROOT).as_posix() for page in pages}
        self.pages = files - {*written.PLACES}
        self.figures, self.findings = captions.read_register(), findings.load()
        self.said = ledger.texts()
        self.labels = {f"figure-{n}" for n in self.figures}
        self.labels |= {f"{kind}-{n}" for n in self.said for kind in ("finding", "estimates")}
        self.files: set[str] = set()

    def write(self) -> set[str]:
        """Write all sources; give the files of the repository that the site has to bring along."""
        # Notebooks first: pages that point into them then know what they show.
        for place in sorted(self.pages, key=lambda page: not page.endswith(".ipynb")):
            text = (settings.ROOT / place).read_text(encoding="utf-8")
            if place.endswith(".ipynb"):
                text = json.dumps(self._notebook(json.loads(text), place))
            else:
                text = self._linked(self._gallery(text) if "figures" in place else text, place)
            self._put(place, text)
        for place, text in written.pages(self.labels).items():
            self._put(place, self._linked(text, place))
        return self.files

    def _put(self, place: str, text: str) -> None:
        path = self.folder / MOVED.get(place, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _gallery(self, text: str) -> str:
        """The page of figures: each can be pointed to, and points to its cell and its findings."""
        # Folds are for a code host: here the headings in one would end it.
        text = re.sub(r"<details>.*|</details>", "", text)
        text = re.sub(r"\]\(#(\w+)\)", r"](#figure-\1)", text)
        text = re.sub(r'href="#(\w+)"', lambda m: f'href="#figure-{m[1].replace("_", "-")}"', text)
        start, *parts = re.split(r'<a id="(\w+)"></a>', text)
        for name, section in zip(parts[::2], parts[1::2], strict=True):
            if f"shown-{name}" in self.labels:
                section = re.sub(r"\]\([^)]*\.ipynb\)", f"](#shown-{name})", section)
            own = [n for n, f in self.findings.items() if f.figure == name]
            using = ", ".join(f"[{n.replace('_', ' ')}](#finding-{n})" for n in own)
            if using:
                section = section.replace("- **Files**", f"- **Findings**: {using}\n- **Files**")
            start += f"(figure-{name})={section}"
        return start

    def _notebook(self, notebook: dict, place: str) -> dict:
        """A notebook with its code folded, whose figures and findings can be pointed to."""
        stem = PurePosixPath(place).stem
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = self._linked("".join(cell["source"]), place)
            elif stem != GUIDE:  # that one is read for its code
                hidden = "remove-input" if stem == REPORT else "hide-input"
                cell["metadata"].setdefault("tags", []).append(hidden)
            for output in cell.get("outputs", []):
                self._output(output, place)
        return notebook

    def _output(self, output: dict, place: str) -> None:
        """One output: a picture is that of the gallery, a finding has its links."""
        data, metadata = output.get("data", {}), output.get("metadata", {})
        figure, finding = metadata.get("figure"), metadata.get("finding")
        text = "".join(data.get("text/markdown", ""))
        if figure in self.figures and "image/png" in data:
            del data["image/png"]
            place_of = f"/figures/{captions.picture(figure)}"
            text = captions.linked(self.figures[figure], place_of).partition("\n\n")[0]
            text = self._label(f"shown-{figure}", self.figures[figure]["notebook"], place) + text
        elif figure in self.figures:
            text += f" [Table, files](#figure-{figure})"
        elif finding in self.findings:
            label = f"said-{finding}"
            start = self._label(label, self.findings[finding].notebook, place)
            links = written.links(self.findings[finding], self.labels - {label})
            text = f"{start}{text} {links}"
        if text:
            data["text/markdown"] = self._linked(text, place)

    def _label(self, label: str, notebook: str, place: str) -> str:
        """What can be pointed to, once: in the notebook that it belongs to."""
        if PurePosixPath(place).stem != notebook or label in self.labels:
            return ""
        self.labels.add(label)
        return f"({label})=\n"

    def _linked(self, text: str, place: str) -> str:
        """Have links and pictures lead to pages of the site, or to files that it brings along."""
        for name, said in self.said.items():
            told = re.escape(said) + r" \(\[figure\]\([^)]*\), \[notebook\]\([^)]*\.ipynb\)\)"
            new = f"{said} {written.links(self.findings[name], self.labels)}"
            text = re.sub(told, new.replace("\\", r"\\"), text)
        return LINK.sub(lambda match: self._link(match[1], match[2], match[3], place), text)

    def _link(self, picture: str, words: str, target: str, place: str) -> str:
        path, mark, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return f"{picture}[{words}]({target})"
        start = "" if path.startswith("/") else PurePosixPath(place).parent
        path = os.path.normpath(f"/{start}/{path}").lstrip("/")
        file = settings.ROOT / path
        up = "../" * place.count("/")
        if path == EXPLORER:
            return f'<a href="{up}{path}{mark}{escape(anchor)}">{words}</a>'
        if path in self.pages or path in written.PLACES:
            return f"[{words}](/{MOVED.get(path, path)}{mark}{anchor})"
        if file.suffix == ".py" and PACKAGE in file.parents:
            module = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
            words = words.strip("`")
            named = words if words.startswith(f"{module}.") else module
            return f"{{py:obj}}`{words} <{PACKAGE.name}.{named}>`"
        if not file.is_file():  # a folder, or nothing
            return words
        self.files.add(path)
        href = escape(up + path)
        if picture:  # on a phone one opens it to see it whole
            words = f'<img src="{href}" alt="{escape(words)}" loading="lazy">'
        return f'<a href="{href}">{words}</a>'
