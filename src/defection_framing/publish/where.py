"""Find the notebook, the cell, the function and the findings behind an estimate or a figure."""

import re
from difflib import get_close_matches

import nbformat

from .. import settings
from . import captions, findings, ledger
from .execute import PACKAGE


class UnknownName(settings.DefectionError):
    """Neither an estimate nor a figure has this name."""


def where(name: str) -> str:
    """Say where an estimate or a figure comes from; `UnknownName` with the nearest names."""
    estimates, figures = ledger.read().set_index("name"), captions.read_register()
    found = []
    if name in figures:
        made = figures[name]
        call = rf"""show\(\s*["']{re.escape(name)}["']"""
        found.append(_told("figure", made["notebook"], call, str(made.get("drawn_by", ""))))
    if name in estimates.index:
        notebook, source = estimates.loc[name, ["notebook", "source"]].fillna("")
        call = rf"\b{re.escape(source.rpartition('.')[2] or name)}\b"
        found.append(_told("estimate", notebook, call, source))
    if not found:
        near = get_close_matches(name, [*estimates.index, *figures], n=5, cutoff=0.4)
        raise UnknownName(f"No estimate or figure is called {name!r}; near are {', '.join(near)}.")
    using = [n for n, f in findings.load().items() if name in f.names() or name == f.figure]
    return "\n".join([*found, f"finding   {', '.join(using) or '-'}"])


def _told(kind: str, notebook: str, call: str, source: str) -> str:
    """What makes it: notebook, number and text of the code cell, and the function with its line."""
    [path] = [p for p in settings.notebook_sources() if p.stem == notebook]
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    cells = [i for i, cell in enumerate(code, start=1) if re.search(call, cell)]
    text = "".join(f"\n          {line}" for i in cells[:1] for line in code[i - 1].splitlines())
    return (
        f"{kind:<10}{path.relative_to(settings.ROOT).as_posix()}, "
        f"code cell {', '.join(map(str, cells)) or '-'}\n"
        f"function  {_place(source) if source else '-'}{text}"
    )


def _place(source: str) -> str:
    """Write `study.selection.moved` with its file and line."""
    module, _, function = source.removeprefix(f"{PACKAGE.name}.").rpartition(".")
    stem = PACKAGE / module.replace(".", "/")
    for path in (stem.with_suffix(".py"), *sorted(stem.glob("*.py"))):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if found := re.search(rf"^ *(?:def|class) {re.escape(function)}\b", text, re.MULTILINE):
            line = text[: found.start()].count("\n") + 1
            return f"{source}  src/{path.relative_to(PACKAGE.parent).as_posix()}:{line}"
    return source
