"""Find the notebook, statements, functions and findings behind an estimate or a figure."""

import ast
import re
from difflib import SequenceMatcher
from pathlib import Path

import nbformat

from .. import settings
from ..settings import DefectionError
from ..study import kept
from . import captions, findings, ledger
from .execute import PACKAGE

WORDS = {kind: Path(__file__).with_name(f"{kind}.toml") for kind in ("figures", "findings")}


def where(name: str) -> str:
    """Say where an estimate, a figure or a finding comes from; `DefectionError` with near names."""
    estimates, figures = ledger.read().set_index("name"), captions.read_register()
    said, found = findings.load(), []
    if name in figures:
        made = figures[name]
        call = rf"""show\(\s*["']{re.escape(name)}["']"""
        found.append(_told("figure", made["notebook"], call, str(made.get("drawn_by", ""))))
        found.append(f"words     {_words('figures', name)}")
    if name in estimates.index:
        notebook, source = estimates.loc[name, ["notebook", "source"]].fillna("")
        call = rf"\b{re.escape(source.rpartition('.')[2] or name)}\("
        found.append(_told("estimate", notebook, call, source))
    if name in said:
        call = rf"""say\([^)]*["']{re.escape(name)}["']"""
        found.append(_told("finding", said[name].notebook, call, ""))
    if not found:
        near = sorted([*estimates.index, *figures, *said], key=lambda n: _unlike(n, name))[:5]
        raise DefectionError(
            f"No estimate, figure or finding is called {name!r}; near are {', '.join(near)}."
        )
    using = [
        _words("findings", key)
        for key, f in said.items()
        if name in (key, f.figure) or any(n == name or n.startswith(f"{name}/") for n in f.names())
    ]
    return "\n".join([*found, f"finding   {(chr(10) + 10 * ' ').join(using) or '-'}"])


def _words(kind: str, name: str) -> str:
    """Where the words of a figure or a finding stand."""
    lines = WORDS[kind].read_text(encoding="utf-8").splitlines()
    line = lines.index(f"[{name}]") + 1 if f"[{name}]" in lines else 1
    return f"{name}  src/{WORDS[kind].relative_to(PACKAGE.parent).as_posix()}:{line}"


def _unlike(name: str, asked: str) -> tuple[int, float]:
    """What sorts names by how near they are to one that is asked: shared words, then letters."""
    words = [set(re.findall(r"[^/_ ]+", n)) for n in (name, asked)]
    return -len(words[0] & words[1]), -SequenceMatcher(None, name, asked).ratio()


def _told(kind: str, notebook: str, call: str, source: str) -> str:
    """What makes it: notebook and cell, the statements that it rests on, and their functions."""
    [path] = [p for p in settings.notebook_sources() if p.stem == notebook]
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    cells: list[int] = []
    lines: list[str] = []
    functions = [source]
    wanted: set[str] = set()
    for number, cell in reversed([*enumerate(code, start=1)]):
        for statement in reversed(ast.parse(cell).body):
            text = ast.get_source_segment(cell, statement) or ""
            nodes = [*ast.walk(statement)]
            names = [n for n in nodes if isinstance(n, ast.Name)]
            makes = {n.id for n in names if isinstance(n.ctx, ast.Store)}
            called = re.search(call, text) is not None
            if not isinstance(statement, ast.ImportFrom) and (called or makes & wanted):
                cells += [number] if called and number not in cells else []
                wanted = wanted - makes | {n.id for n in names if isinstance(n.ctx, ast.Load)}
                lines[:0] = text.splitlines()
                functions[:0] = [ast.unparse(n.func) for n in nodes if isinstance(n, ast.Call)]
                # What a kept table was computed by, which the cell does not call.
                subscripts = re.findall(r"""\[["'](\w+)["']\]""", text)
                tables = [kept.SIMULATIONS[k] for k in subscripts if k in kept.SIMULATIONS]
                functions[:0] = [table.function for table in tables]
    made_by = [*dict.fromkeys(filter(None, map(_place, functions)))] or ["-"]
    at = ", ".join(map(str, reversed(cells))) or "-"
    head = f"{kind:<10}{path.relative_to(settings.ROOT).as_posix()}, code cell {at}"
    under = "\n" + 10 * " "
    return f"{under.join([head, *lines])}\nmade by   {under.join(made_by)}"


def _place(function: str) -> str:
    """Write `study.selection.moved`, or `selection.moved` as a cell does, with file and line.

    And the functions of `stats` that it calls itself.
    """
    module, _, name = function.removeprefix(f"{PACKAGE.name}.").rpartition(".")
    for stem in (PACKAGE / module.replace(".", "/"), PACKAGE / "study" / module):
        for path in (stem.with_suffix(".py"), *sorted(stem.glob("*.py"))) if module else ():
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            if found := re.search(rf"^(?:def|class) {re.escape(name)}\b", text, re.MULTILINE):
                line = text[: found.start()].count("\n") + 1
                of = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
                body = re.split(r"(?m)^(?:def|class|@)", text[found.end() :], maxsplit=1)[0]
                uses = dict.fromkeys(re.findall(r"\bstats\.\w+(?=\()", body))
                by = f"  by {', '.join(uses)}" if uses else ""
                again = f"{stem.name}.{name}" in {k.function for k in kept.SIMULATIONS.values()}
                by += "  kept: `make study-full` computes it again" if again else ""
                return f"{of}.{name}  src/{path.relative_to(PACKAGE.parent).as_posix()}:{line}{by}"
    return ""
