"""Pages point to what is there."""

import re

import nbformat
import pytest

from defection_framing.settings import ROOT, notebook_sources

PAGES = [page for name in (".", "data", "figures") for page in (ROOT / name).glob("*.md")]


def links(text):
    found = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    return {link for link in found if not re.match(r"https?:|mailto:|attachment:", link)}


def text_of(path):
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    shown = [
        o.get("data", {}).get("text/markdown", "") for c in cells for o in c.get("outputs", [])
    ]
    return "\n".join([*(c.source for c in cells if c.cell_type == "markdown"), *shown])


@pytest.mark.parametrize("path", sorted([*PAGES, *notebook_sources()]), ids=lambda p: p.name)
def test_every_link_of_a_page_leads_somewhere(path):
    assert [
        link for link in sorted(links(text_of(path))) if not (path.parent / link).exists()
    ] == []
