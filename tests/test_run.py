"""All the way in one command: steps in order, what is not done again, where it stops."""

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from defection_framing import settings
from defection_framing.cli import app
from defection_framing.own import run


@pytest.fixture
def steps(tmp_path, monkeypatch):
    """The steps' own functions, which only note that they were called; and the folder."""
    done, out = [], tmp_path / "own"
    monkeypatch.setenv("DEFECTION_DATA", "")  # the run sets it; it is put back afterwards

    def ingest(sources, folder, columns, taken_for):
        folder.mkdir(exist_ok=True)
        (folder / "texts.jsonl").write_text(" ".join(sources))
        done.append(" ".join(["ingest", *columns, taken_for]).strip())
        return "taken"

    def code_folder(folder):
        (folder / "codes.csv").write_text("codes")
        if state.studied:
            (folder / "articles.csv").write_text("articles")
        done.append("code")
        return state

    state = SimpleNamespace(studied=True, articles=2)
    monkeypatch.setattr(run, "ingest", ingest)
    monkeypatch.setattr(run, "code_folder", code_folder)
    monkeypatch.setattr(run, "embedded_texts", lambda loaded: [])
    monkeypatch.setattr(run.embed, "vectors", lambda texts: None)
    monkeypatch.setattr(run.corpus, "load", lambda: None)
    monkeypatch.setattr(run, "run_study", lambda: done.append(f"study {settings.data_dir()}"))
    monkeypatch.setattr(run.explore, "write", lambda folder: done.append("explore"))
    monkeypatch.setattr(run.ledger, "headlines", lambda: ["- found"])
    return SimpleNamespace(done=done, out=out, state=state)


def go(steps, *sources):
    result = CliRunner().invoke(app, ["run", *sources, "--out", str(steps.out)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_steps_follow_one_another_and_the_end_says_where_things_are(steps):
    said = go(steps, "articles")
    assert steps.done == ["ingest", "code", f"study {steps.out}", "explore"]
    assert [line for line in said.splitlines() if line.startswith("[")] == [
        f"[{n}/4] {name} ..." for n, name in enumerate(("ingest", "code", "study", "explore"), 1)
    ]
    assert "- found" in said and f"defection-framing review {steps.out}" in said


def test_columns_and_a_format_can_be_named_as_for_ingest(steps):
    go(steps, "articles", "--as", "csv", "--column", "text=Leib")
    assert steps.done[0] == "ingest text csv"


def test_what_is_coded_is_not_coded_again_until_something_changed(steps):
    go(steps, "articles")
    steps.done.clear()
    assert "Coded before" in go(steps, "articles")
    assert steps.done == ["ingest", f"study {steps.out}", "explore"]
    for change in ("more", "articles"):
        steps.done.clear()
        go(steps, change)
        assert "code" in steps.done
    (steps.out / "outlets.csv").write_text("classified")
    steps.done.clear()
    go(steps, "articles")
    assert "code" in steps.done


def test_with_nothing_to_study_it_stops_and_says_who_is_next(steps):
    steps.state.studied, steps.state.articles = False, 0
    said = go(steps, "articles")
    assert steps.done == ["ingest", "code"]
    assert f"A person is to decide first: defection-framing review {steps.out}" in said
