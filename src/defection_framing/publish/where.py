"""Find the notebook, cell, functions and findings behind an estimate or a figure."""

import ast
import inspect
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

import nbformat
import pandas as pd

from .. import settings
from ..settings import DefectionError
from ..study import estimands, kept
from . import captions, findings, ledger
from .execute import PACKAGE

MOST = 8
"""Names that are listed at most where one is not known."""


def where(name: str) -> str:
    """Say where an estimate, a figure or a finding comes from; of a name of several, say all.

    Of the notebook come the lines that lead to it, from the cells in which they stand, with their
    functions and the functions of `stats` that these call. The beginning of a name will do where no
    other begins so. `DefectionError` lists what it may mean, or near names.
    """
    estimates, figures = ledger.read().set_index("name"), captions.read_register()
    said, words, parts = findings.load(), captions.load(), []
    known = [*dict.fromkeys([*figures, *words, *said, *estimates.index])]
    name = _whole(name, known, estimates["source"].fillna(""))
    if name in words:
        title = f"title     {_words('figures', name)}"
        lines = ["figure    not drawn yet: run the study", title]
        if made := figures.get(name):
            lines = _told("figure", made["notebook"], rf"""show\(\s*["']{re.escape(name)}["']""")
            lines += [f"drawn by  {_place(made['drawn_by'])}", title]
        parts.append([*lines, *_found(key for key, f in said.items() if f.figure == name)])
    if name in estimates.index:
        notebook, source = estimates.loc[name, ["notebook", "source"]].fillna("")
        # One function may name several: what it is told first, in words, begins the name.
        function, first = source.rpartition(".")[2] or name, name.partition("/")[0]
        call = rf"""\b{re.escape(function)}\((?!["'](?!{re.escape(first)}["']))"""
        using = [key for key, f in said.items() if _rests(f, name)]
        titles = [key for key in words if _rests(captions.claim(key), name)]
        parts.append(
            [
                *_told("estimate", notebook, call),
                f"named by  {_place(source)}",
                *_defined(name),
                *(f"title     {_words('figures', key)}" for key in titles),
                *_found(using),
            ]
        )
    if name in said:
        parts.append([f"finding   said in notebook {said[name].notebook}", *_found([name])])
    return "\n\n".join(map("\n".join, parts))


def _rests(finding: findings.Finding, name: str) -> bool:
    """Whether a finding, or a title, rests on an estimate or on a part of it."""
    return any(n == name or n.startswith(f"{name}/") for n in finding.names())


def _whole(name: str, known: list[str], sources: pd.Series) -> str:
    """The name, or the one that begins so; `sources` are functions, by the estimates they name."""
    begin = [n for n in known if n.startswith(name)]
    if name in known or len(begin) == 1:
        return name if name in known else begin[0]
    if begin:
        rest = f" and {len(begin) - MOST} more" if len(begin) > MOST else ""
        raise DefectionError(f"{name!r} may mean {', '.join(begin[:MOST])}{rest}: name one.")
    near = [n for n in known if name in n or n in name] or get_close_matches(name, known, 5)
    near = (near or list(sources.index[sources.str.contains(name, regex=False)]))[:MOST]
    others = "data/derived/estimates.csv and figures/README.md list all"
    others = f"near are {', '.join(near)}" if near else others
    raise DefectionError(f"No estimate, figure or finding is called {name!r}; {others}.")


def _found(names: Iterable[str]) -> list[str]:
    """A line for each of some findings: where its words stand."""
    return [f"finding   {_words('findings', name)}" for name in names]


def _words(kind: str, name: str) -> str:
    """Where the words of a figure or a finding stand."""
    file = Path(__file__).with_name(f"{kind}.toml")
    line = file.read_text(encoding="utf-8").splitlines().index(f"[{name}]") + 1
    return f"{name}  src/{file.relative_to(PACKAGE.parent).as_posix()}:{line}"


def _told(kind: str, notebook: str, call: str) -> list[str]:
    """The notebook, its lines that lead to such a call, by cell, and the functions in these."""
    paths = [p for p in settings.notebook_sources() if p.stem == notebook]
    if not paths:
        return [f"{kind:<10}of the notebook {notebook}, which is gone: run the study"]
    code = [c.source for c in nbformat.read(paths[0], as_version=4).cells if c.cell_type == "code"]
    lines = _leading(code, call)
    text = "\n".join(line for _, line in lines)
    functions = list(dict.fromkeys(re.findall(r"\b\w+\.\w+(?=\()", text)))
    simulated = [s for s in kept.SIMULATIONS.values() if re.search(rf"[\"']{s.name}[\"']\]", text)]
    cells = ", ".join(str(cell) for cell in dict.fromkeys(cell for cell, _ in lines))
    return [
        f"{kind:<10}{paths[0].relative_to(settings.ROOT).as_posix()}, code cell {cells or '-'}",
        *(
            f"{'' if i else f'({cell})':<10}{line}"
            for cell, statement in lines
            for i, line in enumerate(statement.splitlines())
        ),
        *(f"{'':10}{place}" for place in map(_place, functions) if place),
        *(f"computed  {_place(function)}" for function in _statistics(functions)),
        *(f"kept      {_place(s.function)}: `study --full` computes it anew" for s in simulated),
    ]


def _statistics(functions: list[str]) -> list[str]:
    """The functions of `stats` that these call, or what they call in their module or a contrast."""
    found, ahead = set(), [made for made in map(_function, functions) if made]
    for function in ahead:
        source, known = inspect.getsource(function), vars(inspect.getmodule(function))
        found |= {f"stats.{name}" for name in re.findall(r"\bstats\.([a-z]\w*)\(", source)}
        for name in re.findall(r"\b(_?[a-z]\w*)\(", source):
            # A contrast is called by the name of one, `c.compare(...)`, not by that of its class.
            called = known.get(name) or vars(estimands.Contrast).get(name)
            if inspect.isfunction(called):
                called = inspect.unwrap(called)
                ahead += [called] if called not in ahead else []
    return sorted(found)


def _leading(code: list[str], call: str) -> list[tuple[int, str]]:
    """Statements of cells, with the cells' numbers, that make a call or what it is made of."""
    found: list[tuple[int, str]] = []
    needed: set[str] = set()
    statements = [
        (n, node, cell) for n, cell in enumerate(code, 1) for node in ast.parse(cell).body
    ]
    for number, node, cell in reversed(statements):
        targets = [n.target for n in ast.walk(node) if isinstance(n, ast.comprehension)]
        inner = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        names = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in inner]
        stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        text = ast.get_source_segment(cell, node) or ""
        if stored & needed or re.search(call, text):
            found.append((number, text))
            needed = needed - stored | {n.id for n in names if isinstance(n.ctx, ast.Load)}
    return found[::-1]


def _defined(name: str) -> list[str]:
    """A line that says what is estimated, and where that is declared; none outside the registry."""
    if contrast := estimands.CONTRASTS.get(name.partition("/")[0]):
        return [f"defined   {contrast.label}  {_place('study.estimands._contrasts')}"]
    file = Path(estimands.__file__)
    lines = file.read_text(encoding="utf-8").splitlines()
    return [
        f"defined   {paired.label}  src/{file.relative_to(PACKAGE.parent).as_posix()}:{number}"
        for key, paired in estimands.PAIRED.items()
        for number, line in enumerate(lines, 1)
        if f"{name}/".startswith(f"{key}/") and paired.label in line
    ]


def _function(name: str) -> Callable | None:
    """A function by its name, `study.selection.moved`, or `selection.moved` as in a cell."""
    module, _, name = name.rpartition(".")
    for package in (PACKAGE.name, f"{PACKAGE.name}.study"):
        with suppress(ImportError, AttributeError):
            return inspect.unwrap(getattr(import_module(f"{package}.{module}"), name))
    return None


def _place(name: str) -> str:
    """A function with file and line; empty if the package has none of the name."""
    if made := _function(name):
        file = Path(inspect.getfile(made)).relative_to(PACKAGE.parent)
        return f"{name}  src/{file.as_posix()}:{inspect.getsourcelines(made)[1]}"
    return ""
