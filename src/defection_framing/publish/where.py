"""Find the notebook, cell, functions and findings behind an estimate or a figure."""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from functools import reduce
from importlib import import_module
from pathlib import Path
from types import ModuleType

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
    functions, what these compute by and the constants that they take. The beginning of a name will
    do where no other begins so. `DefectionError` lists what it may mean, or near names.
    """
    estimates, figures = ledger.read().set_index("name"), captions.read_register()
    sources = estimates["source"].fillna("").astype(str)
    said, words, parts = findings.load(), captions.load(), []
    name = _whole(name, [*dict.fromkeys([*figures, *words, *said, *sources.index])], sources)
    if name in words:
        lines = ["figure    not drawn yet: run the study"]
        if made := figures.get(name):
            lines = _told("figure", made["notebook"], rf"""show\(\s*["']{re.escape(name)}["']""")
            lines.append(f"drawn by  {_place(made['drawn_by'])}")
        shown = [key for key, finding in said.items() if finding.figure == name]
        title = captions.claim(name).names()
        lines += _words("title", [name]) + [f"rests on  {', '.join(title)}"] * bool(title)
        parts.append([*lines, *_words("finding", shown)])
    if name in sources:
        source = sources[name]
        # One function may name several: what it is told first, in words, begins the name.
        function, first = source.rpartition(".")[2] or name, name.partition("/")[0]
        call = rf"""\b{re.escape(function)}\((?!["'](?!{re.escape(first)}["']))"""
        own = {n for n in sources.index[sources == source] if f"{n}/".startswith(f"{name}/")}
        lines = _told("estimate", estimates.at[name, "notebook"], call)
        lines += [f"named by  {_place(source)}", *_defined(name, source)]
        told = _words("words", (key for key in words if own & {*captions.names(key)}))
        told += _words("finding", (key for key, f in said.items() if own & {*f.names()}))
        parts.append([*lines, *(told or ["finding   none, and no title"])])
    if name in said:
        lines = _told("finding", said[name].notebook, rf"""say\([^)]*["']{re.escape(name)}["']""")
        parts.append([lines[0], *_words("finding", [name])])
    return "\n\n".join(map("\n".join, parts))


def _whole(name: str, known: list[str], sources: pd.Series) -> str:
    """The name, or the one that begins so; `sources` are functions, by the estimates they name."""
    begin = [n for n in known if n.startswith(name)]
    if name in known or len(begin) == 1:
        return name if name in known else begin[0]
    if begin:
        rest = f" and {len(begin) - MOST} more" if len(begin) > MOST else ""
        raise DefectionError(f"{name!r} may mean {', '.join(begin[:MOST])}{rest}: name one.")
    near = [n for n in known if name in n or n in name]
    near = near or list(sources.index[sources.str.contains(name, regex=False)])
    near = (near or get_close_matches(name, known, 5))[:MOST]
    others = "data/derived/estimates.csv and figures/README.md list all"
    others = f"near are {', '.join(near)}" if near else others
    raise DefectionError(f"No estimate, figure or finding is called {name!r}; {others}.")


def _words(kind: str, names: Iterable[str]) -> list[str]:
    """A line for each name, where its words stand: a finding's, or of another `kind` a figure's."""
    file = Path(__file__).with_name("findings.toml" if kind == "finding" else "figures.toml")
    lines = file.read_text(encoding="utf-8").splitlines()
    place = f"src/{file.relative_to(PACKAGE.parent).as_posix()}"
    return [f"{kind:<10}{name}  {place}:{lines.index(f'[{name}]') + 1}" for name in names]


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
    made = [f for f in map(_function, [*functions, *(s.function for s in simulated)]) if f]
    called = _computed(made)
    own = [function for function in called if function.__module__.startswith(PACKAGE.name)]
    cells = ", ".join(dict.fromkeys(str(cell) for cell, _ in lines))
    others = "by other notebooks, which record the estimates that are read"
    computed = [f"{_methods(f)}, in {_at(caller)}" for f, caller in called.items()]
    computed += [others] if "ledger.by_name(" in text else []
    return [
        f"{kind:<10}{paths[0].relative_to(settings.ROOT).as_posix()}, code cell {cells or '-'}",
        *(f"{f'({cell})':<10}" + line.replace("\n", f"\n{'':10}") for cell, line in lines),
        *(f"{'':10}{place}" for place in map(_place, functions) if place),
        *(f"computed  {line}" for line in computed),
        *(f"with      {line}" for line in _constants(text, made, own)),
        *(f"kept      {_place(s.function)}: `study --full` computes it anew" for s in simulated),
    ]


def _computed(functions: list[Callable]) -> dict[Callable, Callable]:
    """What of `stats`, `text` and libraries these call, or what they call in the study, and who.

    Where there is none, what they call in the study.
    """
    found: dict[Callable, Callable] = {}
    near: dict[Callable, Callable] = {}
    ahead = functions
    for _ in range(2):
        callers, ahead = ahead, []
        for caller in callers:
            known = vars(sys.modules[caller.__module__])
            for path in re.findall(r"\b[\w.]+(?=\()", inspect.getsource(caller)):
                first, *rest = path.split(".")
                called = reduce(lambda of, part: getattr(of, part, None), rest, known.get(first))
                # A contrast is called by the name of one, `c.compare(...)`, not by its class's.
                called = called or vars(estimands.Contrast).get(path.rpartition(".")[2], str)
                called = inspect.unwrap(called)
                part = (getattr(called, "__module__", "") or "").removeprefix(f"{PACKAGE.name}.")
                if part.startswith(("stats.", "text.", "sklearn.", "scipy.")):
                    found.setdefault(called, caller)
                elif part.startswith("study.") and inspect.isfunction(called) and called != caller:
                    ahead.append(called)
                    near.setdefault(called, caller)
    return found or near


def _methods(made: Callable) -> str:
    """A function as `_at` gives it, with those whose methods its docstring says it takes."""
    name, apart, place = _at(made).partition("  ")
    text = " ".join((made.__doc__ or "").split())
    whose = re.findall(r"((?:[A-Z][\w-]+(?:, | & | et al\. | ))+)\(?(\d{4})\b", text)
    names = "; ".join(dict.fromkeys(f"{who}{year}" for who, year in whose))
    return f"{name} [{names}]{apart}{place}" if names and place else name + apart + place


def _constants(text: str, functions: list[Callable], deeper: list[Callable]) -> Iterator[str]:
    """The constants that a text of cells and these functions name; of deeper ones the numbers."""
    named = re.findall(r"\b(\w+)\.([A-Z][A-Z_]+)\b", text)
    found = [_constant(module, name) for m, name in named if (module := _module(m))]
    for function in [*functions, *deeper]:
        own = sys.modules[function.__module__]
        source = inspect.getsource(function).replace(function.__doc__ or "\0", "")
        for m, name in re.findall(r"\b(?:(\w+)\.)?([A-Z][A-Z_]+)\b", source):
            told = _constant(vars(own).get(m, own), name)
            found += [told] if function in functions or " = " in told else []
    yield from (told for told in dict.fromkeys(found) if told)


def _constant(module: object, name: str) -> str:
    """A constant that a module has, where it is set; with its value, if that is a number.

    Empty for what is no constant, and for those of all figures and of all chance.
    """
    value, package = getattr(module, name, None), f"{PACKAGE.name}."
    common = {f"{package}settings", f"{package}figures.style"}
    homes = [m for n, m in sorted(sys.modules.items()) if n.startswith(package) and n not in common]
    for home in (m for m in homes if value is not None and vars(m).get(name) is value):
        for node in ast.parse(inspect.getsource(home)).body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
                if name in names:
                    told = f"{name} = {value}" if isinstance(value, int | float) else name
                    return f"{told}  {_file(home)}:{node.lineno}"
    return ""


def _leading(code: list[str], call: str) -> list[tuple[int, str]]:
    """Statements of cells, with the cells' numbers, that make a call or what it is made of."""
    found: list[tuple[int, str]] = []
    needed: set[str] = set()
    statements = [(n, text) for n, cell in enumerate(code, 1) for text in _statements(cell)]
    for number, text in reversed(statements):
        node = ast.parse(text)
        targets = [n.target for n in ast.walk(node) if isinstance(n, ast.comprehension)]
        inner = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        names = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in inner]
        stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        if stored & needed or re.search(call, text):
            found.append((number, text))
            needed = needed - stored | {n.id for n in names if isinstance(n.ctx, ast.Load)}
    return found[::-1]


def _statements(cell: str) -> Iterator[str]:
    """Statements of a cell; `a, b = c, d` is two."""
    for node in ast.parse(cell).body:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for name, value in zip(names, values, strict=True):
                    yield f"{ast.unparse(name)} = {ast.unparse(value)}"
            case _:
                yield ast.get_source_segment(cell, node) or ""


def _defined(name: str, source: str) -> list[str]:
    """A line that says what is estimated, and where that is declared; none outside the registry."""
    if contrast := estimands.CONTRASTS.get(name.partition("/")[0]):
        return [f"defined   {contrast.label}  {_place('study.estimands._contrasts')}"]
    lines = inspect.getsource(estimands).splitlines()
    return [
        f"defined   {paired.label}  {_file(estimands)}:{number}"
        for key, paired in estimands.PAIRED.items()
        for number, line in enumerate(lines, 1)
        if f"{name}/".startswith(f"{key}/") and paired.label in line and "paired" in source
    ]


def _module(name: str) -> ModuleType | None:
    """A module by its name, `study.selection`, or `selection` as in a cell."""
    for package in (PACKAGE.name, f"{PACKAGE.name}.study"):
        with suppress(ImportError):
            return import_module(f"{package}.{name}")
    return None


def _function(name: str) -> Callable | None:
    """A function by its name after that of its module."""
    module, _, name = name.rpartition(".")
    made = getattr(_module(module), name, None)
    return inspect.unwrap(made) if made else None


def _place(name: str) -> str:
    """A function with file and line; empty if the package has none of the name."""
    made = _function(name)
    return f"{name}  {_at(made).rpartition('  ')[2]}" if made else ""


def _at(made: Callable) -> str:
    """A function or class by its module and name, with file and line; one of a library by name."""
    if not made.__module__.startswith(PACKAGE.name):
        return f"{made.__module__.partition('.')[0]}.{made.__qualname__}"
    name = f"{made.__module__.rpartition('.')[2]}.{made.__qualname__}"
    return f"{name}  {_file(made)}:{inspect.getsourcelines(made)[1]}"


def _file(made: Callable | ModuleType) -> str:
    """The file of a module, or of what stands in one, from the root of the repository."""
    return f"src/{Path(inspect.getfile(made)).relative_to(PACKAGE.parent).as_posix()}"
