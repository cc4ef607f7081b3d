import ast
import re
import unicodedata
from pathlib import Path

import nbformat
import pytest

import defection_framing
from defection_framing.publish import references
from defection_framing.settings import ROOT

_NAME = r"(?:[A-Z][a-zA-Z]*-)?[A-Z][a-zA-Z]*[a-z]"
_CITED = re.compile(
    rf"({_NAME}(?:, {_NAME})*(?:,? (?:&|and) {_NAME})?)( et al\.)?(?:'s)?,?"
    r" (?:\((?P<open>(?:19|20)\d\d)\b|(?P<plain>(?:19|20)\d\d)\b(?=[);,:.]))"
)
_NO_AUTHORS = frozenset(
    "January February March April May June July August September October November December".split()
)


def citations(text: str) -> set[tuple[tuple[str, ...], bool, int]]:
    """Find what a text cites.

    Parameters
    ----------
    text : str

    Returns
    -------
    set of (surnames, others, year)
        Surnames without accents, in the text's order; `others`: whether "et al." follows them.
    """
    found = set()
    for match in _CITED.finditer(" ".join(_plain(text).split())):
        names = tuple(re.findall(_NAME, match[1].replace(" and ", " & ")))
        if not _NO_AUTHORS & set(names):
            found.add((names, bool(match[2]), int(match["open"] or match["plain"])))
    return found


def cited(citation: tuple[tuple[str, ...], bool, int]) -> list[int]:
    """Rows of `load` that a citation means; several where the text leaves it open."""
    names, others, year = citation
    rows = []
    for position, row in enumerate(references.load().itertuples()):
        surnames = [_plain(a.split(",")[0]) for a in row.authors.split(";")]
        surnames = [name.strip() for name in surnames]
        same = set(surnames) == set(names) and surnames[0] == names[0]
        if others:
            same = surnames[: len(names)] == list(names) and len(surnames) > len(names)
        if same and row.year == year:
            rows.append(position)
    return rows


def texts() -> dict[str, str]:
    """Texts in which works are cited, by where they stand: README, notebooks' prose, docstrings."""
    root = ROOT
    found = {"README.md": (root / "README.md").read_text(encoding="utf-8")}
    for path in sorted((root / "notebooks").rglob("[!.]*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        found[path.name] = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    package = Path(defection_framing.__file__).parent
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[path.relative_to(package).as_posix()] = "\n".join(
            node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )
    return found


def _plain(text: str) -> str:
    """Text without accents, typographic apostrophes and markdown's emphasis."""
    text = unicodedata.normalize("NFKD", text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return "".join(c for c in text if not unicodedata.combining(c) and c != "*")


def surnames(text):
    return {names for names, _, _ in citations(text)}


@pytest.mark.slow
def test_every_citation_has_its_reference():
    missing = [
        f"{where}: {', '.join(names)}{' et al.' if others else ''} {year}"
        for where, text in texts().items()
        for names, others, year in sorted(citations(text))
        if not cited((names, others, year))
    ]
    assert missing == [], "add a row to references.csv, or correct the citation"


@pytest.mark.slow
def test_every_reference_is_cited_somewhere():
    found = {
        row for text in texts().values() for citation in citations(text) for row in cited(citation)
    }
    table = references.load()
    unused = table.drop(index=sorted(found))
    assert list(unused["authors"] + " " + unused["year"].astype(str)) == []


def test_the_list_is_complete_in_order_and_without_repeats():
    table = references.load()
    assert (table[["authors", "title", "venue"]] != "").all(axis=None)
    assert table["year"].between(1900, 2026).all()
    assert not table.duplicated(["authors", "year"]).any()
    assert table["doi"].map(lambda doi: doi == "" or bool(re.match(r"10\.\d{4,}/\S+$", doi))).all()
    first = table["authors"].str.split(",").str[0].map(_plain).str.lower()
    assert list(first) == sorted(first)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("intervals (Zou & Donner 2008), as", ("Zou", "Donner")),
        ("after Cameron, Gelbach & Miller (2008).", ("Cameron", "Gelbach", "Miller")),
        ("concordance is Lin's (1989) here", ("Lin",)),
        ("events (Kish 1965, chapter 8)", ("Kish",)),
        ("Chang, Boyd-Graber\nand Blei (2009)", ("Chang", "Boyd-Graber", "Blei")),
        ("Särndal, Swensson & Wretman (1992)", ("Sarndal", "Swensson", "Wretman")),
    ],
)
def test_how_a_citation_is_read(text, names):
    assert surnames(text) == {names}


def test_a_date_or_a_plain_year_is_no_citation():
    assert surnames("Published in May (2024), or since 2022; the war of 2014.") == set()


def test_a_citation_must_name_all_authors_or_say_that_there_are_others():
    whole = (("Cameron", "Gelbach", "Miller"), False, 2008)
    assert len(cited(whole)) == 1
    assert len(cited((("Cameron",), True, 2008))) == 1
    assert cited((("Cameron", "Miller"), False, 2008)) == []
    assert cited((("Cameron", "Gelbach", "Miller"), False, 2009)) == []
    assert cited((("Gelbach", "Cameron", "Miller"), False, 2008)) == []


def test_the_page_lists_every_reference_with_its_link():
    page = references.markdown().split("\n")
    assert len(page) == len(references.load())
    [entry] = [line for line in page if line.startswith("- Zou, G. Y., Donner")]
    assert entry == (
        "- Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect measures: "
        "a general approach. *Statistics in Medicine* 27, 1693-1702. "
        "[doi:10.1002/sim.3095](https://doi.org/10.1002/sim.3095)"
    )
