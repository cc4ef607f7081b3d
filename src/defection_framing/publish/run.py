"""Run the study: a graph with one task per notebook, of which what changed is run.

A notebook is run again when its cells, the package's modules that it imported, the corpus, the
titles drawn in its figures, the versions of packages or its own outputs changed; one that reads
others' estimates also when these did. Two run at a time; nothing depends on which ends first. What
the graph (doit) knows lies in `.cache`, so a new clone runs everything.
"""

import json
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat
from doit.cmd_base import ModuleTaskLoader
from doit.dependency import Dependency, JsonDB
from doit.doit_cmd import DoitMain
from doit.task import Task
from llvmlite.binding import get_host_cpu_name
from threadpoolctl import threadpool_info

from .. import corpus, settings
from ..settings import DefectionError, digest
from ..text import mask
from . import captions, ledger, pages, report
from .execute import PACKAGE, execute
from .references import versions

READ_OTHERS = {"methods": 1, "0_report": (LAST := 2)}
"""Notebooks that read the estimates of others, and when they run; the others come first.

Findings that a notebook says of others are written anew after the run."""

WORKERS = 2
_READ = (PACKAGE / "figures" / "study.mplstyle", PACKAGE / "study" / "example.md")
GUIDE = "your_articles"
"""A walk through the tools beside the study; it trains classifiers and is run by its name alone."""


def notebooks(named: Iterable[str] = ()) -> list[Path]:
    """Notebooks of the study in the order they run: by name, those that read others' last.

    The supplement is about how this study was collected and coded: of a corpus of one's own it is
    run by name alone, as the guide is of any.
    """
    found = [
        path
        for path in settings.notebook_sources()
        if path.stem in named
        or (path.stem != GUIDE and not (settings.is_own() and path.parent.name == "supplement"))
    ]
    return sorted(found, key=lambda path: (_stage(path.stem), path.parent.name, path.name))


def _stage(notebook: str) -> int:
    return READ_OTHERS.get(notebook, 0)


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
    """Execute the notebooks that changed, or those named alone; then write the pages.

    In place when the repository's own data are studied, else into the researcher's folder. One that
    fails is a DefectionError and left as it was; its estimates, figures and the report are gone.
    With a corpus that breaks its schema (CorpusError) nothing runs.
    """
    corpus.load()
    paths = {path.stem: path for path in notebooks(only or ())}
    if not paths:
        raise DefectionError(f"There is no notebook in {settings.ROOT / 'notebooks'} to run.")
    for name in only or ():
        if name not in paths:
            raise DefectionError(f"There is no notebook {name}; there are {', '.join(paths)}.")
    for file in (_state(), *map(target, paths.values())):
        file.parent.mkdir(parents=True, exist_ok=True)
    changed = only or outdated()
    # Cleared at once, so that an estimate or a figure may move from one notebook to another.
    clear(lambda notebook: notebook in changed or notebook not in paths)
    if unchanged := [name for name in paths if name not in changed and not only]:
        print("unchanged:", ", ".join(unchanged))

    config = {
        "backend": "json",
        "dep_file": str(_state()),
        "num_process": WORKERS,
        "par_type": "thread",  # the work is done by the kernels
        "reporter": "zero",
    }
    errors: list[Exception] = []
    tasks = _tasks([p for n, p in paths.items() if n in (only or paths)], errors)
    loader = ModuleTaskLoader({"DOIT_CONFIG": config, "task_study": lambda: (t for t in tasks)})
    code = DoitMain(loader, config_filenames=()).run(["run", *(["--always"] if only else [])])
    if errors:
        for file in report.files():  # of an earlier run, with other figures
            file.unlink(missing_ok=True)
        raise errors[0]
    if code:
        raise RuntimeError(f"The graph of notebooks ended with code {code}.")
    pages.write_pages()
    settings.write_text(settings.derived_dir() / "machine.txt", machine())


def outdated() -> list[str]:
    """Name the notebooks whose inputs changed, or whose outputs are not those of their last run."""
    graph = Dependency(JsonDB, str(_state()))
    tasks = _tasks(notebooks(), [])
    return [t.name for t in tasks if graph.get_status(t, None).status != "up-to-date"]


def clear(is_gone: Callable[[str], bool]) -> None:
    """Take away the estimates and the figures of the notebooks that `is_gone` says."""
    ledger.forget(is_gone)
    with settings.locked(captions.register_path()):
        figures = captions.read_register()
        if gone := [name for name, figure in figures.items() if is_gone(figure["notebook"])]:
            for file in (file for name in gone for file in captions.files(name)):
                file.unlink(missing_ok=True)
            captions.write_register({n: f for n, f in figures.items() if n not in gone})


def machine() -> str:
    """What a run's last digits depend on, in one line: system, processor, kernels, versions.

    Where another run writes the same line, the estimates must be the same to the byte.
    """
    # UMAP is compiled for the processor that runs it, and BLAS picks a kernel of its own for it.
    kernels = sorted({i["architecture"] for i in threadpool_info() if "architecture" in i})
    where = [platform.system(), platform.machine(), get_host_cpu_name(), *kernels]
    return f"{' '.join(where)}; {versions()}\n"


def _state() -> Path:
    """File in which the graph keeps what it knows of a corpus' last run."""
    return settings.cache_dir() / "study" / f"{digest(str(settings.data_dir()))[:16]}.json"


def _tasks(paths: list[Path], errors: list[Exception]) -> list[Task]:
    """One task per notebook; an error that ends one is added to `errors`."""
    # The corpus itself, not what is made of it in its folder: an explorer, sheets for people.
    kinds = ("*.csv", "CODEBOOK.md", "datapackage.json", "embeddings.*", "simulations/*")
    data = sorted(str(path) for kind in kinds for path in settings.data_dir().glob(kind))
    return [
        Task(
            path.stem,
            [(_run, [path, errors])],
            file_dep=data,
            task_dep=[p.stem for p in paths if _stage(p.stem) < _stage(path.stem)],
            targets=[str(target(path))],
            uptodate=[(_is_as_it_was, [], {"source": path})],
            io={"capture": False},
        )
        for path in paths
    ]


def _run(path: Path, errors: list[Exception]) -> dict | bool:
    """Run one notebook; what it rested on and what it made, for the graph to keep."""
    started = time.perf_counter()
    try:
        before = _inputs(path, [p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py")])
        clear(path.stem.__eq__)
        modules = execute(path, target(path))
    except Exception as error:
        errors.append(error)
        return False
    print(f"{path.stem:<16}{time.perf_counter() - started:6.1f} s", flush=True)
    before["modules"] = {module: before["modules"][module] for module in modules}
    return {"inputs": before, "outputs": _outputs(path.stem)}


def _is_as_it_was(task: Task, values: dict, source: Path) -> bool:
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
        "cells": digest(json.dumps(cells)),
        "modules": {module: _digest_of(PACKAGE / module) for module in modules},
        "estimates of others": digest(others.to_csv()),
        # The report lists all findings; other notebooks' sentences are reworded without a run.
        "findings": _digest_of(PACKAGE / "publish" / "findings.toml") if stage == LAST else "",
        "files": [_digest_of(path) for path in sorted([*PACKAGE.rglob("*.csv"), *_READ])],
        "versions": versions(),
    }


def _outputs(notebook: str) -> dict:
    """What a notebook left: its estimates, and its figures with what is written on them."""
    rows, known, words = ledger.read(), ledger.estimates(), captions.load()
    return {
        "estimates": digest(rows[rows["notebook"] == notebook].to_csv(index=False)),
        "figures": {
            name: list(captions.heading(name, known)) if name in words else None
            for name, figure in sorted(captions.read_register().items())
            if figure["notebook"] == notebook
            and all(file.exists() for file in captions.files(name))
        },
    }


def _digest_of(path: Path) -> str:
    return digest(path.read_text(encoding="utf-8")) if path.exists() else "absent"
