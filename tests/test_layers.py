"""Imports of the package go one way, and no module grows out of sight."""

import ast

import pytest

from defection_framing.settings import ROOT

PACKAGE = ROOT / "src" / "defection_framing"
MAY_IMPORT = {
    "settings": set(),
    "domain": set(),
    "corpus": {"settings", "domain"},
    "text": {"settings", "domain"},
    "stats": {"settings"},  # knows no corpus and no word of the study
    "study": {"settings", "domain", "corpus", "text", "stats"},
    "figures": {"settings", "domain", "corpus", "text", "stats"},
    "publish": {"settings", "domain", "corpus", "text", "stats", "study", "figures"},
}
MAY_IMPORT["own"] = {*MAY_IMPORT["publish"], "publish"}
MAY_IMPORT["people"] = {*MAY_IMPORT["own"], "own"}
MODULES = sorted(PACKAGE.rglob("*.py"))
TOP = {"__init__", "__main__", "cli"}
"""They give names to notebooks and to the command line, and import anything."""
LONGEST = 400


def part(path):
    """The package's part that a module belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path):
    """Parts of the package that a module imports, anywhere in it."""
    here = ("defection_framing", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*here[: len(here) - node.level + 1]] if node.level else []
            base += node.module.split(".") if node.module else []
            names = [[*base, alias.name] for alias in node.names]
        else:
            continue
        yield from (name[1] for name in names if name[0] == "defection_framing" and name[1:])


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    if part(path) not in TOP:
        assert set(imported(path)) - {part(path)} <= MAY_IMPORT[part(path)]


def test_the_check_sees_every_kind_of_import(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    (tmp_path / "stats").mkdir()
    path = tmp_path / "stats" / "x.py"
    path.write_text(
        "import numpy\nfrom . import weighted\nfrom .. import corpus\nfrom ..own.ingest import a\n"
        "def f():\n    from defection_framing.study import b\n    import defection_framing.text.c\n"
    )
    assert set(imported(path)) == {"stats", "corpus", "own", "study", "text"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_is_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
