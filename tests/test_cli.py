import subprocess
import sys

import pytest
from typer.testing import CliRunner

import parts
from defection_framing import corpus, settings
from defection_framing.cli import app
from defection_framing.publish import run as runner
from defection_framing.publish import verify
from defection_framing.text import embed


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_help_names_every_command_and_how_to_use_ones_own_corpus():
    result = run("--help")
    assert result.exit_code == 0
    for word in ("study", "check", "verify", "DEFECTION_DATA"):
        assert word in result.output


def test_help_loads_no_heavy_library():
    code = (
        "import sys, defection_framing.cli\n"
        "heavy = {'pandas', 'numpy', 'torch', 'matplotlib', 'nbclient', 'frictionless'}\n"
        "print(heavy & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "defection_framing", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "Usage: defection-framing" in done.stdout


def test_check_counts_the_repositorys_corpus(monkeypatch):
    monkeypatch.delenv("DEFECTION_DATA", raising=False)
    result = run("check")
    assert result.exit_code == 0
    loaded = corpus.load()
    assert f"{len(loaded.articles):,} articles" in result.output
    assert f"{len(loaded.claims):,} claims" in result.output


def test_check_says_what_is_wrong_without_a_trace(tmp_path):
    result = run("check", str(tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert "nowhere does not exist" in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_an_error_of_the_study_exits_2(monkeypatch):
    def fail(only):
        raise settings.DefectionError("Notebook 1_x.ipynb, code cell 2: KeyError")

    monkeypatch.setattr(runner, "run_study", fail)
    result = run("study")
    assert (result.exit_code, result.stderr) == (2, "Notebook 1_x.ipynb, code cell 2: KeyError\n")


@pytest.mark.slow
def test_ones_own_texts_are_embedded_before_the_notebooks_run(monkeypatch, tmp_path):
    own = parts.write(tmp_path / "own", lambda articles: articles.index % 100 == 1)
    monkeypatch.setenv("DEFECTION_DATA", str(own))
    done = []
    monkeypatch.setattr(embed, "vectors", lambda texts: done.append(len(texts)))
    monkeypatch.setattr(runner, "run_study", lambda only: done.append("run"))
    assert run("study").exit_code == 0
    loaded = corpus.load(own)
    assert done == [2 * (len(loaded.claims) + len(loaded.articles)), "run"]


@pytest.mark.parametrize("error", [ZeroDivisionError(), OSError(9, "Bad file descriptor")])
def test_an_error_in_the_code_keeps_its_trace(monkeypatch, error):
    def fail(only):
        raise error

    monkeypatch.setattr(runner, "run_study", fail)
    assert run("study").exception is error


def test_a_fault_of_the_system_is_a_sentence_and_debug_shows_where(monkeypatch):
    error = OSError(28, "No space left on device", "figures/a.png")

    def fail(only):
        raise error

    monkeypatch.setattr(runner, "run_study", fail)
    result = run("study")
    said = "figures/a.png: No space left on device; nothing more was written.\n"
    assert (result.exit_code, result.stderr) == (2, said)
    assert run("--debug", "study").exception is error


def test_a_folder_in_the_place_of_a_file_is_a_sentence_and_nothing_is_left(tmp_path):
    (tmp_path / "page.html").mkdir()
    result = run("explore", "--out", str(tmp_path / "page.html"))
    assert result.exit_code == 2 and "Is a directory" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_named_notebooks_are_passed_on(monkeypatch):
    ran = []
    monkeypatch.setattr(runner, "run_study", ran.append)
    assert run("study", "2_topics", "methods").exit_code == 0
    assert ran == [["2_topics", "methods"]]


@pytest.mark.parametrize(
    "result, code, said",
    [
        (verify.Comparison(), 0, "identical"),
        (verify.Comparison(files=["a: differs"]), 0, "within tolerance"),
        (verify.Comparison(beyond=["x: value 1 -> 2"]), 0, "conclusions hold"),
        (verify.Comparison(changed=["x: the sign changed"]), 1, "conclusions changed"),
    ],
)
def test_verify_fails_only_when_a_conclusion_changed(monkeypatch, result, code, said):
    monkeypatch.setattr(verify, "verify", lambda: result)
    done = run("verify")
    assert done.exit_code == code
    assert done.stdout.startswith(f"verdict: {said}\n")


def test_verify_fails_when_a_number_moved_in_the_environment_of_the_commit(monkeypatch):
    for result, code in [
        (verify.Comparison(files=["a: differs"], same_machine=True), 0),
        (verify.Comparison(within=["x: value 1 -> 1.001"]), 0),
        (verify.Comparison(within=["x: value 1 -> 1.001"], same_machine=True), 1),
    ]:
        monkeypatch.setattr(verify, "verify", lambda result=result: result)
        assert run("verify").exit_code == code


def test_verify_without_a_run_exits_2(monkeypatch):
    def fail():
        raise settings.DefectionError("run `make study` first.")

    monkeypatch.setattr(verify, "verify", fail)
    done = run("verify")
    assert (done.exit_code, done.stderr) == (2, "run `make study` first.\n")


def test_a_missing_extra_is_named_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasketch", None)
    monkeypatch.delitem(sys.modules, "defection_framing.own.ingest", raising=False)
    monkeypatch.delitem(sys.modules, "defection_framing.own.families", raising=False)
    result = run("ingest", str(tmp_path), "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert result.stderr == (
        "This command needs datasketch, which is not here: pip install -e '.[own]'.\n"
    )
