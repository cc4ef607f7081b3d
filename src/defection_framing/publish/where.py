"""Find the notebook, cell, functions and findings behind an estimate or a figure."""

import inspect
import re
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

import nbformat

from .. import settings
from ..settings import DefectionError
from . import captions, findings, ledger
from .execute import PACKAGE

MOST = 8
"""Names that are listed at most where one is not known."""


def where(name: str) -> str:
    """Say where an estimate, a figure or a finding comes from; of a name of several, say all.

    The beginning of a name will do where no other begins so. `DefectionError` lists what it may
    mean, or near names.
    """
    estimates, figures = ledger.read().set_index("name"), captions.read_register()
    said, parts = findings.load(), []
    name = _whole(name, [*dict.fromkeys([*figures, *said, *estimates.index])])
    if name in figures:
        made = figures[name]
        cells = _told("figure", made["notebook"], rf"""show\(\s*["']{re.escape(name)}["']""")
        drawn = [f"drawn by  {_place(made['drawn_by'])}", f"words     {_words('figures', name)}"]
        parts.append([*cells, *drawn, *_found(key for key, f in said.items() if f.figure == name)])
    if name in estimates.index:
        notebook, source = estimates.loc[name, ["notebook", "source"]].fillna("")
        cells = _told("estimate", notebook, rf"\b{re.escape(source.rpartition('.')[2] or name)}\(")
        using = (
            key
            for key, f in said.items()
            if any(n == name or n.startswith(f"{name}/") for n in f.names())
        )
        parts.append([*cells, f"made by   {_place(source)}", *_found(using)])
    if name in said:
        cells = _told("finding", said[name].notebook, rf"""say\([^)]*["']{re.escape(name)}["']""")
        parts.append([*cells, *_found([name])])
    return "\n\n".join(map("\n".join, parts))


def _whole(name: str, known: list[str]) -> str:
    """The name, or the one that begins so."""
    begin = [n for n in known if n.startswith(name)]
    if name in known or len(begin) == 1:
        return name if name in known else begin[0]
    if begin:
        rest = f" and {len(begin) - MOST} more" if len(begin) > MOST else ""
        raise DefectionError(f"{name!r} may mean {', '.join(begin[:MOST])}{rest}: name one.")
    near = [n for n in known if name in n][:MOST] or get_close_matches(name, known, 5, 0)
    raise DefectionError(
        f"No estimate, figure or finding is called {name!r}; near are {', '.join(near)}."
    )


def _found(names: Iterable[str]) -> list[str]:
    """A line for each of some findings: where its words stand."""
    return [f"finding   {_words('findings', name)}" for name in names]


def _words(kind: str, name: str) -> str:
    """Where the words of a figure or a finding stand."""
    file = Path(__file__).with_name(f"{kind}.toml")
    lines = file.read_text(encoding="utf-8").splitlines()
    line = lines.index(f"[{name}]") + 1 if f"[{name}]" in lines else 1
    return f"{name}  src/{file.relative_to(PACKAGE.parent).as_posix()}:{line}"


def _told(kind: str, notebook: str, call: str) -> list[str]:
    """The notebook, its cells that make such a call, and the functions that these name."""
    [path] = [p for p in settings.notebook_sources() if p.stem == notebook]
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    cells = {n: cell for n, cell in enumerate(code, 1) if re.search(call, cell)}
    functions = dict.fromkeys(re.findall(r"\b\w+\.\w+(?=\()", "\n".join(cells.values())))
    under = [*"\n".join(cells.values()).splitlines(), *filter(None, map(_place, functions))]
    place = path.relative_to(settings.ROOT).as_posix()
    return [
        f"{kind:<10}{place}, code cell {', '.join(map(str, cells)) or '-'}",
        *(f"{'':10}{line}" for line in under),
    ]


def _place(function: str) -> str:
    """A function, `study.selection.moved`, or `selection.moved` as in a cell, with file and line.

    Empty if the package has none of the name.
    """
    module, _, name = function.rpartition(".")
    for package in (PACKAGE.name, f"{PACKAGE.name}.study"):
        with suppress(ImportError, AttributeError):
            made = inspect.unwrap(getattr(import_module(f"{package}.{module}"), name))
            file = Path(inspect.getfile(made)).relative_to(PACKAGE.parent)
            return f"{function}  src/{file.as_posix()}:{inspect.getsourcelines(made)[1]}"
    return ""
