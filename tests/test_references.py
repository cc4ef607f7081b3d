import re

import pytest

from defection_framing import references


def surnames(text):
    return {names for names, _, _ in references.citations(text)}


def test_every_citation_has_its_reference():
    missing = [
        f"{where}: {', '.join(names)}{' et al.' if others else ''} {year}"
        for where, text in references.texts().items()
        for names, others, year in sorted(references.citations(text))
        if not references.cited((names, others, year))
    ]
    assert missing == [], "add a row to references.csv, or correct the citation"


def test_every_reference_is_cited_somewhere():
    found = {
        row
        for text in references.texts().values()
        for citation in references.citations(text)
        for row in references.cited(citation)
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
    first = table["authors"].str.split(",").str[0].map(references._plain).str.lower()
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
    assert len(references.cited(whole)) == 1
    assert len(references.cited((("Cameron",), True, 2008))) == 1
    assert references.cited((("Cameron", "Miller"), False, 2008)) == []
    assert references.cited((("Cameron", "Gelbach", "Miller"), False, 2009)) == []
    assert references.cited((("Gelbach", "Cameron", "Miller"), False, 2008)) == []


def test_the_page_lists_every_reference_with_its_link():
    page = references.markdown().split("\n")
    assert len(page) == len(references.load())
    [entry] = [line for line in page if line.startswith("- Zou")]
    assert entry == (
        "- Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect measures: "
        "a general approach. *Statistics in Medicine* 27, 1693-1702. "
        "[doi:10.1002/sim.3095](https://doi.org/10.1002/sim.3095)"
    )
