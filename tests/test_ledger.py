import re
import subprocess
import sys

import nbformat
import pandas as pd
import pytest

from defection_framing import settings
from defection_framing.publish import captions, findings, ledger, pages


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def record(folder, monkeypatch):
    """Record values as a notebook does."""

    def record(notebook, source="study.x.y", **values):
        monkeypatch.setenv("JPY_SESSION_NAME", f"/some/where/{notebook}.ipynb")
        ledger.record(pd.DataFrame({"value": values, "source": source}))

    return record


def values():
    return {name: estimate.value for name, estimate in ledger.estimates().items()}


def test_a_notebook_adds_to_its_estimates_and_replaces_those_of_the_same_name(record):
    record("a", x=1.0, old=2.0)
    record("b", y=3.0)
    record("a", x=4.0)
    assert values() == {"x": 4.0, "old": 2.0, "y": 3.0}
    assert set(ledger.read()["source"]) == {"study.x.y"}


def test_what_is_forgotten_is_gone_and_nothing_else(record):
    record("a", x=1.0)
    record("b", y=3.0)
    ledger.forget("a".__eq__)
    assert values() == {"y": 3.0}


@pytest.mark.parametrize(
    ("notebook", "names", "said"),
    [
        ("b", ["x"], "'x' is recorded twice, by a and b"),
        ("a", ["z", "z"], "'z' is rec.* twice"),
    ],
)
def test_a_name_taken_is_refused_and_nothing_is_lost(record, monkeypatch, notebook, names, said):
    record("a", x=1.0)
    monkeypatch.setenv("JPY_SESSION_NAME", f"{notebook}.ipynb")
    with pytest.raises(settings.DefectionError, match=said):
        ledger.record(pd.DataFrame({"value": 2.0}, names))
    assert values() == {"x": 1.0}


def test_outside_a_notebook_nothing_is_recorded_and_the_message_says_why(folder, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with pytest.raises(RuntimeError, match="set the environment variable JPY_SESSION_NAME"):
        ledger.record(pd.DataFrame({"value": [1.0]}, ["x"]))


@pytest.mark.slow
def test_two_notebooks_that_record_at_once_lose_nothing(folder):
    code = (
        "import os, sys, pandas as pd\n"
        "from defection_framing.publish import findings, ledger\n"
        "me = sys.argv[1]\n"
        "os.environ['JPY_SESSION_NAME'] = me\n"
        "for i in range(20): ledger.record(pd.DataFrame({'value': [i]}, [f'{me}{i}']))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, me]) for me in "ab"]
    assert [process.wait() for process in both] == [0, 0]
    assert len(values()) == 40


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


def test_one_of_a_thing_is_in_the_singular():
    assert format(ledger.Estimate(0.25, n_articles=1, n_events=1), "n") == "1 article on 1 event"
    assert captions.line("1 articles on 21 events, 1,001 claims") == (
        "1 article on 21 events, 1,001 claims"
    )


def test_an_estimate_is_shown_or_a_dash_where_there_is_none(record):
    record("a", x=0.25, empty=float("nan"))
    assert [ledger.shown(n, "share") for n in ("x", "empty", "absent")] == ["25%", "-", "-"]


def test_a_number_beside_zero_keeps_its_side_and_zero_has_none():
    minus = "\N{MINUS SIGN}"
    assert format(ledger.Estimate(-0.0031), "points") == f"{minus}0.3 points"
    assert format(ledger.Estimate(-0.0003), "points") == f"{minus}0.03 points"
    assert format(ledger.Estimate(-1e-9), "index") == "0.0000"
    assert format(ledger.Estimate(0.0), "points") == "+0 points"


def test_a_finding_that_fails_or_cannot_be_had_says_so(record, monkeypatch):
    entry = '[f]\nnotebook = "1_a"\nfigure = "f"\nholds = ["x value < 1"]\ntext = "{x:index}."'
    monkeypatch.setattr(findings, "load", lambda: findings.parse(entry))
    monkeypatch.setattr(settings, "is_own", lambda: False)
    assert ledger.texts()["f"] == "*Not computed: there is no estimate 'x'.*"
    record("1_a", x=2.0)
    assert ledger.texts()["f"] == "*Does not hold any more (x value < 1):* 2.00."
    record("1_a", x=0.5)
    assert ledger.texts()["f"] == "0.50."


def test_no_committed_finding_is_stale():
    assert list(pages.stale()) == []


def test_the_readme_shows_the_findings_as_computed():
    page = (settings.ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- findings:start -->\n(.*)\n<!-- findings:end -->", page, re.S)[1]
    assert block.split("\n")[2:] == ledger.headlines()


def test_no_result_is_typed_into_prose():
    typed = re.compile(r"\d\s?%|\b0\.\d\d?\b|\b\d+ (articles|events|claims|outlets)\b")
    allowed = re.compile(r"95%|5%|0\.667|\b0\.8\b|Benjamini")
    for path in settings.notebook_sources():
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
