import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from defection_framing import settings
from defection_framing.publish import pages, run
from defection_framing.publish.verify import verify

HEADER = "notebook,name,value,low,high,n_articles,n_events,p,q"
CONTRAST = "3_direction,contrast,0.10,0.02,0.18,50,20,0.01,0.03"
UNSETTLED = "3_direction,unsettled,0.01,-0.09,0.11,50,20,0.8,0.9"
SHARE = "3_direction,share,0.10,0,0.3,50,20,,"
COUNT = "1_corpus,articles,967,,,,,,"
INDEX = "4_outlets,mirror,0.30,0.10,0.50,50,20,0.03,"
ROWS = [CONTRAST, UNSETTLED, SHARE, COUNT, INDEX]


def git(root, *arguments):
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", root, *identity, *arguments], check=True, capture_output=True)


def write_outputs(root, rows=ROWS, png="x"):
    (root / "data/derived/estimates.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    (root / "figures/mirror.png").write_text(png)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Give a repository whose committed outputs are those of a run."""
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.delenv("DEFECTION_DATA", raising=False)
    monkeypatch.setattr(pages, "stale", list)
    for folder in ("data/derived", "figures", "notebooks"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "README.md").write_text("# T\n")
    (tmp_path / "data/articles.csv").write_text("article_id\n")
    (tmp_path / ".gitignore").write_text(".cache/\n")
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), tmp_path / "notebooks/1_corpus.ipynb")
    write_outputs(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "x")
    monkeypatch.setattr(run, "outdated", list)
    return tmp_path


def rerun(root, **outputs):
    write_outputs(root, **outputs)
    return verify()


def replaced(old, new):
    assert old in ROWS
    return [new if row == old else row for row in ROWS]


def test_equal_outputs_are_identical(root):
    result = rerun(root)
    assert result.verdict == "identical"
    assert str(result) == "verdict: identical"


def test_a_picture_that_differs_is_named_and_within_tolerance(root):
    result = rerun(root, png="y")
    assert result.verdict == "within tolerance"
    assert result.files == [" M figures/mirror.png"]


def test_new_and_missing_files_are_named(root):
    (root / "figures/mirror.png").rename(root / "figures/other.png")
    assert verify().files == [" D figures/mirror.png", "?? figures/other.png"]


def test_small_moves_are_within_tolerance_and_said(root):
    moved = "3_direction,contrast,0.115,0.025,0.19,50,20,0.012,0.031"
    result = rerun(root, rows=replaced(CONTRAST, moved))
    assert result.verdict == "within tolerance"
    assert result.beyond == []
    assert result.within == [
        "contrast: value 0.1 -> 0.115, low 0.02 -> 0.025, high 0.18 -> 0.19, "
        "p 0.01 -> 0.012, q 0.03 -> 0.031"
    ]
    assert "Estimates within tolerance" in str(result)


@pytest.mark.parametrize(
    "old, new",
    [
        # 0.02 is the least tolerance; here 10% of the interval's width (0.4) is 0.04
        (INDEX, INDEX.replace("0.30", "0.335")),
        (SHARE, SHARE.replace(",0.10,", ",0.125,")),
    ],
)
def test_wide_intervals_allow_more(root, old, new):
    assert rerun(root, rows=replaced(old, new)).verdict == "within tolerance"


@pytest.mark.parametrize(
    "old, new",
    [
        (CONTRAST, "3_direction,contrast,0.13,0.02,0.18,50,20,0.01,0.03"),
        (INDEX, INDEX.replace("0.30", "0.36")),
        (COUNT, COUNT.replace("967", "968")),
        (CONTRAST, CONTRAST.replace(",50,20,", ",51,20,")),
        (UNSETTLED, UNSETTLED.replace("0.9", "")),
    ],
)
def test_large_moves_that_change_no_conclusion_are_named_and_do_not_fail(root, old, new):
    result = rerun(root, rows=replaced(old, new))
    assert result.verdict == "conclusions hold"
    assert len(result.beyond) == 1
    assert result.beyond[0].startswith(old.split(",")[1])


def test_an_estimate_that_is_gone_is_a_changed_conclusion(root):
    result = rerun(root, rows=[row for row in ROWS if row != SHARE])
    assert result.changed == ["share: no longer estimated"]


def test_a_new_estimate_is_named(root):
    result = rerun(root, rows=[*ROWS, "9_x,new,1,,,,,,"])
    assert result.beyond == ["new: not committed"]
    assert result.verdict == "conclusions hold"


def test_an_estimate_that_another_notebook_makes_now_did_not_move(root):
    result = rerun(root, rows=replaced(SHARE, SHARE.replace("3_direction", "9_x")))
    assert result.verdict == "within tolerance" and result.within == result.beyond == []


def test_a_stale_finding_is_a_changed_conclusion(root, monkeypatch):
    monkeypatch.setattr(pages, "stale", lambda: ["findings.toml: x: does not hold"])
    assert verify().changed == ["findings.toml: x: does not hold"]


def test_outputs_that_are_not_of_the_last_run_do_not_count(root, monkeypatch):
    monkeypatch.setattr(run, "outdated", lambda: ["1_corpus"])
    with pytest.raises(settings.DefectionError, match="1_corpus. Run `make study` first"):
        verify()


def test_outputs_must_be_committed_to_be_compared(root):
    git(root, "rm", "-q", "--cached", "data/derived/estimates.csv")
    git(root, "commit", "-qm", "y")
    with pytest.raises(settings.DefectionError, match="No outputs are committed"):
        verify()


def test_a_researchers_corpus_has_nothing_committed(root, monkeypatch, tmp_path):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path / "own"))
    with pytest.raises(settings.DefectionError, match="unset DEFECTION_DATA"):
        verify()
