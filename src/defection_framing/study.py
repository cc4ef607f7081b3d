"""Run the study: execute the notebooks in order and record what the run made.

Two runs in one environment give the same bytes: a kernel computes on one thread with a fixed hash
seed, and an executed notebook is stored in one normal form, without times, progress or memory
addresses.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat.v4 import new_output

from . import corpus, mask, report, settings

KERNEL_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    # Sums taken by several threads end in an order, and so in last digits, that differ by run.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Any fixed moment keeps dates out of files; this one is the earliest that a zip can hold.
    "SOURCE_DATE_EPOCH": "315532800",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TQDM_DISABLE": "1",
}
"""What the kernel's environment sets, whatever the caller's environment says."""

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
_WIDGET = "application/vnd.jupyter.widget-view+json"


class StudyError(RuntimeError):
    """The study cannot be run, or a notebook failed; the message is for the researcher."""


class _ThisInterpreter(AsyncKernelManager):
    """Start kernels in the interpreter that runs the study.

    An installed kernel specification called `python3` may belong to another Python.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        # Warnings of the kernel itself, as of its local sockets, would tear the progress lines.
        return KernelSpec(**get_kernel_dict(extra_arguments=["--log-level=ERROR"]))


def notebooks() -> list[Path]:
    """Notebooks of the study in the order they run: by name, the summary (`0_...`) last."""
    # The walk through with articles of one's own is of no use on a corpus of one's own.
    own = settings.data_dir() != settings.ROOT / "data"
    found = (settings.ROOT / "notebooks").glob("[0-9]_*.ipynb" if own else "*.ipynb")
    return sorted(found, key=lambda path: (path.name.startswith("0_"), path.name))


def versions() -> str:
    """Versions of Python and of the packages that the study rests on, in one line."""
    names = ["defection-framing"]
    names += [
        re.match(r"[\w-]+", requirement)[0]
        for requirement in metadata.requires("defection-framing")
        if "extra ==" not in requirement
    ]
    # A local suffix such as +cpu names a build of the same version.
    packages = [f"{name} {metadata.version(name).split('+')[0]}" for name in names]
    return "; ".join([*packages, "Python {}.{}".format(*sys.version_info)])


def embedded_texts(loaded: corpus.Corpus) -> list[str]:
    """All texts whose embeddings are tracked: claims and whole articles, each plain and masked."""
    claims, articles = loaded.claim_table(), loaded.article_table()
    texts = [*claims["text"], *corpus.article_texts(loaded)]
    directions = [*claims["direction"], *articles["direction"]]
    return [*texts, *mask.mask_all(texts, directions)]


def run_study() -> None:
    """Execute every notebook, then rewrite `figures/README.md` and the README's findings.

    The notebooks are executed in place when the repository's own data are studied, and into the
    researcher's folder when `DEFECTION_DATA` names one. Prints a line for each notebook. A stamp
    `.last_run.json` (commit, checksums of inputs and outputs) records a run that finished.

    Raises
    ------
    StudyError
        If there is no notebook, or a notebook fails. The notebook that failed is left as it was.
    CorpusError
        If the corpus breaks its schema; nothing has been run then.
    """
    corpus.load()
    paths = notebooks()
    if not paths:
        raise StudyError(f"There is no notebook in {settings.ROOT / 'notebooks'}: nothing to run.")
    stamp_path().unlink(missing_ok=True)
    for folder in (settings.derived_dir(), settings.figures_dir(), settings.notebooks_dir()):
        folder.mkdir(parents=True, exist_ok=True)
    # Notebooks add to these two; what no notebook makes any more must not stay in them.
    for register in (report.figures_path(), settings.derived_dir() / "estimates.csv"):
        register.unlink(missing_ok=True)

    for position, path in enumerate(paths, start=1):
        print(f"[{position}/{len(paths)}] {path.stem:<16}", end="", flush=True)
        start = time.perf_counter()
        try:
            execute(path, settings.notebooks_dir() / path.name)
        except StudyError:
            print("failed", flush=True)
            raise
        print(f"{time.perf_counter() - start:6.1f} s", flush=True)

    report.write_figures_readme()
    if output_root() == settings.ROOT:
        report.write_readme()
    _write_stamp()


def execute(source: Path, target: Path) -> None:
    """Execute the notebook `source` in the folder of `target` and write it there, normalised.

    A notebook in which a cell raises `NotEnough` ends there, with the reason as its last output.

    Raises
    ------
    StudyError
        If a cell raises anything else or the kernel dies; `target` is then left as it was.
    """
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    with tempfile.TemporaryDirectory() as personal:
        client = NotebookClient(
            notebook,
            kernel_manager_class=_ThisInterpreter,
            kernel_name="python3",
            timeout=None,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(target.parent)}},
        )
        try:
            client.execute(env=_environment(personal))
        except CellExecutionError as error:
            # The first line says what is wrong; a trace of library code helps nobody here.
            text = error.evalue.strip().split("\n")[0]
            if error.ename != corpus.NotEnough.__name__:
                raise StudyError(
                    f"Notebook {source.name}, code cell {_failed_cell(notebook)}: {error.ename}: "
                    f"{text} (open it with `make lab` to see the whole trace; the file was not "
                    "changed)"
                ) from None
            _end_at(notebook, text)
        except DeadKernelError:
            raise StudyError(
                f"Notebook {source.name}: the kernel died, most often for want of memory "
                "(the study needs 4 GB); the file was not changed."
            ) from None
    text = nbformat.writes(normalise(notebook), version=4)
    report.write_text(target, text.rstrip("\n") + "\n")


def _end_at(notebook: nbformat.NotebookNode, why: str) -> None:
    """Put the reason why a notebook ends early in place of the error; later cells stay empty."""
    text = f"**This notebook ends here, for want of material.** {why}"
    shown = new_output("display_data", {"text/markdown": text})
    for cell in notebook.cells:
        if cell.cell_type == "code" and any(o.output_type == "error" for o in cell.outputs):
            cell.outputs = [shown]


def _environment(personal: str) -> dict[str, str]:
    """Environment of a kernel: the caller's, less personal settings, plus the fixed part."""
    inherited = {name: text for name, text in os.environ.items() if name != "PYTHONSTARTUP"}
    if inherited.get("DEFECTION_DATA"):
        # A relative path would be read from the notebook's folder instead of the caller's.
        inherited["DEFECTION_DATA"] = str(settings.data_dir())
    return inherited | KERNEL_ENVIRONMENT | {"IPYTHONDIR": personal}


def _failed_cell(notebook: nbformat.NotebookNode) -> int:
    """Position, counted over code cells from 1, of the cell that raised."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    failed = [
        position
        for position, cell in enumerate(code, start=1)
        if any(output.output_type == "error" for output in cell.outputs)
    ]
    return failed[-1]


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Bring an executed notebook to one normal form, so that equal runs give equal bytes.

    Cell ids follow from position and source, code cells are numbered from 1, the metadata say
    only the kernel and the language; what goes to stderr (warnings, progress), widgets, times and
    memory addresses are dropped.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Version 4; not changed.

    Returns
    -------
    nbformat.NotebookNode
        Version 4.5.
    """
    cells = []
    count = 0
    for position, cell in enumerate(notebook.cells):
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        kept = {
            "id": f"{position:02d}-{digest}",
            "cell_type": cell.cell_type,
            "metadata": {k: v for k, v in cell.metadata.items() if k in {"tags", "jupyter"}},
            "source": cell.source,
        }
        if "attachments" in cell:
            kept["attachments"] = cell.attachments
        if cell.cell_type == "code":
            count += bool(cell.source.strip())
            kept["execution_count"] = count if cell.source.strip() else None
            kept["outputs"] = [_normal_output(o, count) for o in cell.outputs if _is_result(o)]
        cells.append(kept)
    return nbformat.from_dict(
        {
            "cells": cells,
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def _is_result(output: nbformat.NotebookNode) -> bool:
    return output.get("name") != "stderr" and _WIDGET not in output.get("data", {})


def _normal_output(output: nbformat.NotebookNode, count: int) -> dict:
    """Copy of an output with its cell's number and without memory addresses."""
    copy = dict(output)
    if "execution_count" in copy:
        copy["execution_count"] = count
    if "text" in copy:
        copy["text"] = _ADDRESS.sub("at 0x0", copy["text"])
    if "data" in copy:
        copy["data"] = {
            kind: _ADDRESS.sub("at 0x0", content) if kind.startswith("text/") else content
            for kind, content in copy["data"].items()
        }
    return copy


def output_root() -> Path:
    """Folder that holds all outputs: the repository, or a researcher's corpus."""
    return settings.notebooks_dir().parent


def stamp_path() -> Path:
    """File that records the last run that finished."""
    return output_root() / ".last_run.json"


def output_files() -> dict[str, str]:
    """SHA-256 of every file that a run makes, keyed by path relative to `output_root()`."""
    found = [
        *settings.derived_dir().rglob("*"),
        *settings.figures_dir().rglob("*"),
        *settings.notebooks_dir().glob("*.ipynb"),
    ]
    if output_root() == settings.ROOT:
        found.append(settings.ROOT / "README.md")
    return _digests(found, output_root())


def input_digest() -> str:
    """SHA-256 over everything that a run depends on: data, package code, source of notebooks."""
    made = {settings.derived_dir(), settings.figures_dir(), settings.notebooks_dir()}
    data = [
        path
        for path in settings.data_dir().rglob("*")
        if not made.intersection(path.parents) and not path.name.startswith(".")
    ]
    package = Path(__file__).parent
    digests = _digests(data, settings.data_dir()) | _digests(package.rglob("*.*"), package)
    for path in notebooks():
        sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
        digests[path.name] = hashlib.sha256(json.dumps(sources).encode()).hexdigest()
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def _digests(paths: Iterable[Path], folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
        if path.is_file() and not {".ipynb_checkpoints", "__pycache__"}.intersection(path.parts)
    }


def head_commit() -> str | None:
    """Commit that is checked out, or None outside a git checkout."""
    done = subprocess.run(
        ["git", "-C", settings.ROOT, "rev-parse", "HEAD"], capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else None


def _write_stamp() -> None:
    stamp = {"commit": head_commit(), "inputs": input_digest(), "outputs": output_files()}
    report.write_text(stamp_path(), json.dumps(stamp, indent=1, sort_keys=True) + "\n")
