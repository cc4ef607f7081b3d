"""Run the study: a graph with one task per notebook, of which what changed is run.

A notebook is run again when its cells, the package's modules that it imported, the corpus, the
titles drawn in its figures, the versions of packages or its own outputs changed; one that reads
other notebooks' estimates also when these did. The words of captions and findings need no run.
Two notebooks run at a time, each in a kernel of its own; nothing depends on which ends first. What
the graph (doit) knows lies in `.cache`, so a new clone runs everything.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat
from doit.cmd_base import TaskLoader2
from doit.dependency import Dependency, JsonDB
from doit.doit_cmd import DoitMain
from doit.reporter import ZeroReporter
from doit.task import Task, dict_to_task

from .. import corpus, settings
from ..text import mask
from . import captions, ledger, machine, pages
from .execute import PACKAGE, StudyError, execute, normalise
from .references import versions

__all__ = ["StudyError", "execute", "normalise", "versions"]

READ_OTHERS = ("5_what_survives", "methods")
"""Notebooks that read the estimates of others; they run after these, the report (`0_...`) last."""

WORKERS = 2


GUIDE = "your_articles"
"""A walk through the tools beside the study; it trains classifiers and is run by its name alone."""


def notebooks(guide: bool = False) -> list[Path]:
    """Notebooks of the study in the order they run: by name, those that read others' last."""
    found = [p for p in settings.notebook_sources() if guide or p.stem != GUIDE]
    return sorted(found, key=lambda path: (_stage(path.stem), path.parent.name, path.name))


def _stage(notebook: str) -> int:
    return 2 if notebook.startswith("0_") else int(notebook in READ_OTHERS)


def target(source: Path) -> Path:
    """File that the executed notebook goes to: itself, or a copy beside a researcher's corpus."""
    return settings.notebooks_dir() / source.relative_to(settings.ROOT / "notebooks")


def embedded_texts(loaded: corpus.Corpus) -> list[str]:
    """All texts whose embeddings are tracked: claims and whole articles, each plain and masked."""
    claims, articles = loaded.claim_table(), loaded.article_table()
    texts = [*claims["text"], *corpus.article_texts(loaded)]
    directions = [*claims["direction"], *articles["direction"]]
    return [*texts, *mask.mask_all(texts, directions)]


def run_study(only: list[str] | None = None) -> None:
    """Execute the notebooks that changed, then write the pages.

    The notebooks are executed in place when the repository's own data are studied, and into the
    researcher's folder when `DEFECTION_DATA` names one. Prints a line for each notebook.

    Parameters
    ----------
    only : list of str, optional
        Names of notebooks that are run alone, changed or not.

    Raises
    ------
    StudyError
        If there is no such notebook, or a notebook fails. The notebook that failed is left as it
        was; its estimates and figures are gone, and it is run again next time.
    CorpusError
        If the corpus breaks its schema; nothing has been run then.
    """
    corpus.load()
    paths = {path.stem: path for path in notebooks(GUIDE in (only or ()))}
    if not paths:
        raise StudyError(f"There is no notebook in {settings.ROOT / 'notebooks'}: nothing to run.")
    for name in only or ():
        if name not in paths:
            raise StudyError(f"There is no notebook {name}; there are {', '.join(paths)}.")
    for path in paths.values():
        target(path).parent.mkdir(parents=True, exist_ok=True)
    for folder in (settings.figures_dir(), settings.derived_dir(), _state().parent):
        folder.mkdir(parents=True, exist_ok=True)
    changed = only or outdated()
    # Cleared at once, so that an estimate or a figure may move from one notebook to another.
    clear(lambda notebook: notebook in changed or notebook not in paths)

    progress = _Progress(len(only or paths))
    graph = DoitMain(_Loader(progress, list(paths.values())), config_filenames=())
    code = graph.run(["run", *(["--always", "--single", *only] if only else [])])
    if progress.errors:
        raise progress.errors[0]
    if code:
        raise RuntimeError(f"The graph of notebooks ended with code {code}.")
    pages.write_pages()
    settings.write_text(settings.derived_dir() / "machine.txt", machine.line(versions()))


def outdated() -> list[str]:
    """Name the notebooks whose inputs changed, or whose outputs are not those of their last run."""
    graph = Dependency(JsonDB, str(_state()))
    return [
        t.name for t in _tasks(notebooks(), []) if graph.get_status(t, None).status != "up-to-date"
    ]


def clear(is_gone: Callable[[str], bool]) -> None:
    """Take away the estimates and the figures of the notebooks that `is_gone` says."""
    ledger.forget(is_gone)
    with settings.locked(captions.register_path()):
        figures = captions.read_register()
        gone = [name for name, figure in figures.items() if is_gone(figure["notebook"])]
        for file in (file for name in gone for file in _files_of(name)):
            file.unlink(missing_ok=True)
        if gone:
            captions.write_register({n: f for n, f in figures.items() if n not in gone})


def _files_of(figure: str) -> list[Path]:
    files = (f"{figure}.png", f"{figure}.svg", f"tables/{figure}.csv")
    return [settings.figures_dir() / file for file in files]


def _state() -> Path:
    """File in which the graph keeps what it knows of a corpus' last run."""
    corpus_of = hashlib.sha256(str(settings.data_dir()).encode()).hexdigest()[:16]
    return settings.cache_dir() / "study" / f"{corpus_of}.json"


class _Loader(TaskLoader2):
    """Give doit the tasks, and how to run them."""

    def __init__(self, progress: "_Progress", paths: list[Path]):
        super().__init__()
        self.progress, self.paths = progress, paths

    def load_doit_config(self) -> dict:
        return {
            "backend": "json",
            "dep_file": str(_state()),
            "num_process": WORKERS,
            "par_type": "thread",  # the work is done by the kernels
            "reporter": self.progress,
        }

    def load_tasks(self, cmd, pos_args) -> list[Task]:
        return _tasks(self.paths, self.progress.errors)


class _Progress(ZeroReporter):
    """Print a line for each notebook when it is done."""

    def __init__(self, total: int):
        super().__init__(sys.stdout, {})
        self.total, self.done = total, 0
        self.started: dict[str, float] = {}
        self.errors: list[Exception] = []

    def execute_task(self, task):
        self.started[task.name] = time.perf_counter()

    def add_success(self, task):
        self._print(task, f"{time.perf_counter() - self.started[task.name]:6.1f} s")

    def skip_uptodate(self, task):
        self._print(task, "unchanged")

    def add_failure(self, task, fail):
        if task.name in self.started:
            self._print(task, "failed")

    def _print(self, task: Task, text: str) -> None:
        self.done += 1
        print(f"[{self.done}/{self.total}] {task.name:<16}{text}", flush=True)


def _tasks(paths: list[Path], errors: list[Exception]) -> list[Task]:
    """One task per notebook; an error that ends one is added to `errors`."""
    made = {settings.derived_dir(), settings.figures_dir(), settings.notebooks_dir()}
    data = [
        str(path)
        for path in sorted(settings.data_dir().rglob("*"))
        if path.is_file() and not made.intersection(path.parents) and not path.name.startswith(".")
    ]
    return [
        dict_to_task(
            {
                "name": path.stem,
                "actions": [(_run, [path, errors])],
                "file_dep": data,
                "task_dep": [p.stem for p in paths if _stage(p.stem) < _stage(path.stem)],
                "targets": [str(target(path))],
                "uptodate": [(_is_as_it_was, [], {"source": path})],
                "io": {"capture": False},
            }
        )
        for path in paths
    ]


def _run(path: Path, errors: list[Exception]) -> dict | bool:
    """Run one notebook; what it rested on and what it made, for the graph to keep."""
    try:
        before = _inputs(path, [p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py")])
        clear(path.stem.__eq__)
        modules = execute(path, target(path))
    except Exception as error:
        errors.append(error)
        return False
    before["modules"] = {module: before["modules"][module] for module in modules}
    return {"inputs": before, "outputs": _outputs(path.stem)}


def _is_as_it_was(task, values: dict, source: Path) -> bool:
    """Whether a notebook's inputs and outputs are those of its last run, `values`."""
    return bool(values) and values == {
        "inputs": _inputs(source, values["inputs"]["modules"]),
        "outputs": _outputs(source.stem),
    }


def _inputs(source: Path, modules: Iterable[str]) -> dict:
    """Digests of what a notebook rests on, besides the corpus."""
    cells = [[c.cell_type, c.source] for c in nbformat.read(source, as_version=4).cells]
    stage, rows = _stage(source.stem), ledger.read()
    others = rows[[_stage(n) < stage for n in rows["notebook"]]] if stage else rows.head(0)
    return {
        "cells": _digest(json.dumps(cells)),
        "modules": {module: _digest_of(PACKAGE / module) for module in modules},
        "estimates of others": _digest(others.to_csv()),
        # The report lists all findings; other notebooks' sentences are reworded without a run.
        "findings": _digest_of(PACKAGE / "publish" / "findings.toml") if stage == 2 else "",
        "versions": versions(),
    }


def _outputs(notebook: str) -> dict:
    """What a notebook left: its estimates, and its figures with their titles, which are drawn."""
    rows = ledger.read()
    words = captions.load()
    return {
        "estimates": _digest(rows[rows["notebook"] == notebook].to_csv(index=False)),
        "figures": {
            name: words.get(name, {}).get("title")
            for name, figure in sorted(captions.read_register().items())
            if figure["notebook"] == notebook and all(file.exists() for file in _files_of(name))
        },
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "absent"
