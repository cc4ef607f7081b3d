import re

import nbformat
import pandas as pd
import pytest

from defection_framing import ledger, settings


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    return tmp_path


def _record(notebook, **values):
    ledger.record(notebook, pd.DataFrame({"value": values}))


def test_a_notebook_replaces_its_own_estimates_and_no_others(folder):
    _record("a", x=1.0, old=2.0)
    _record("b", y=3.0)
    _record("a", x=4.0)
    known = ledger.estimates()
    assert {n: e.value for n, e in known.items()} == {"x": 4.0, "y": 3.0}


def test_an_estimate_recorded_twice_is_refused_and_nothing_is_lost(folder):
    _record("a", x=1.0)
    with pytest.raises(ValueError, match="'x' is recorded twice"):
        _record("b", x=2.0)
    assert ledger.estimates()["x"].value == 1.0


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("share", "25% [10% to 40%]"),
        ("points", "+25 points [+10 to +40]"),
        ("index", "0.25 [0.10 to 0.40]"),
        ("n", "1,200 articles on 30 events"),
        ("p", "= 0.012"),
    ],
)
def test_how_an_estimate_is_written(spec, text):
    assert format(ledger.Estimate(0.25, 0.1, 0.4, 1200, 30, 0.0123), spec) == text


def test_an_estimate_is_shown_or_a_dash_where_there_is_none(folder):
    _record("a", x=0.25, empty=float("nan"))
    assert [ledger.shown(n, "share") for n in ("x", "empty", "absent")] == ["25%", "-", "-"]


def test_no_minus_zero():
    assert format(ledger.Estimate(-0.0001), "index") == "0.00"


def test_a_finding_that_fails_or_cannot_be_had_says_so(folder):
    assert "no estimate 'alpha_stance'" in ledger.finding("stance_weak")
    ledger.record("1_corpus", pd.DataFrame({"value": [0.8], "high": [0.9]}, ["alpha_stance"]))
    failed = ledger.finding("stance_weak")
    assert failed.startswith("*Does not hold in this corpus (alpha_stance high < 0.667)")


def test_no_committed_finding_is_stale():
    assert ledger.stale() == []


def test_the_readme_shows_the_findings_as_computed():
    page = (settings.ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- findings:start -->\n(.*)\n<!-- findings:end -->", page, re.S)[1]
    assert block.split("\n") == ledger.headlines()


def test_no_result_is_typed_into_prose():
    typed = re.compile(r"\d\s?%|\b0\.\d\d?\b|\b\d+ (articles|events|claims|outlets)\b")
    allowed = re.compile(r"95%|5%|0\.667|\b0\.8\b|Benjamini")
    for path in sorted((settings.ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                found = typed.findall(allowed.sub("", cell.source))
                assert not found, f"{path.name}: a number is typed by hand: {found}"


def test_a_table_to_read_has_intervals_small_p_and_no_empty_columns():
    index = ["a", "b", "c"]
    table = pd.DataFrame({"value": [0.1, -0.2, None], "low": 0.0, "high": 0.3}, index, dtype=float)
    written = ledger.readable(table.assign(p=[0.0004, 0.2, None]), "points")
    assert list(written.columns) == ["value [95% interval]", "p"]
    assert written.loc["a"].tolist() == ["+10 points [+0 to +30]", "< 0.001"]
    assert written.loc["b", "p"] == "0.200" and written.loc["c"].tolist() == ["", ""]


def test_a_sentence_writes_p_with_its_sign():
    assert f"p {ledger.Estimate(1, p=0.0004):p}" == "p < 0.001"
    assert f"p {ledger.Estimate(1, p=0.034):p}" == "p = 0.034"
