import json
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from defection_framing import corpus, ledger, settings, study

WRITE_OUTPUTS = """
import json, pathlib
root = pathlib.Path.cwd().parent
(root / "data/derived/estimates.csv").write_text("notebook,name\\n")
(root / "figures/tables").mkdir(exist_ok=True)
for name in ("b.png", "b.svg", "tables/b.csv"):
    (root / "figures" / name).write_text("x")
entry = {"title": "B?", "caption": "C.", "alt": "A.", "n": "2 articles", "notebook": "1_first"}
(root / "figures/figures.json").write_text(json.dumps({"b": entry}))
"""
NOISE = """
import sys, time
print("one", flush=True)
time.sleep(0.3)
print("warning", file=sys.stderr, flush=True)
time.sleep(0.3)
print("two")
object()
"""


def write(path, *sources):
    cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.delenv("DEFECTION_DATA", raising=False)
    monkeypatch.setattr(corpus, "load", lambda: None)
    monkeypatch.setattr(ledger, "headlines", lambda: ["- Found: 1.", "- Found: 2."])
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "articles.csv").write_text("article_id\n")
    (tmp_path / "README.md").write_text(
        "# T\n<!-- findings:start -->\n<!-- findings:end -->\nEnd\n"
    )
    write(tmp_path / "notebooks" / "0_findings.ipynb", "open('../order', 'a').write('0')")
    write(
        tmp_path / "notebooks" / "1_first.ipynb",
        "open('../order', 'a').write('1')",
        WRITE_OUTPUTS,
        NOISE,
    )
    return tmp_path


def outputs(root):
    kinds = ("notebooks/*.ipynb", "figures/**/*", "data/derived/*", "README.md")
    return {p: p.read_bytes() for k in kinds for p in root.glob(k) if p.is_file()}


def test_two_runs_give_the_same_bytes_and_the_summary_runs_last(project, capfd):
    study.run_study()
    first = outputs(project)
    study.run_study()
    assert outputs(project) == first
    assert (project / "order").read_text() == "1010"
    printed = capfd.readouterr()
    lines = printed.out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [
        ["[1/2]", "1_first"],
        ["[2/2]", "0_findings"],
    ]
    assert all(line.endswith(" s") for line in lines)
    assert printed.err == ""


def test_a_run_writes_the_pages_and_its_stamp(project):
    study.run_study()
    assert "- Found: 1.\n- Found: 2.\n<!-- findings:end -->" in (project / "README.md").read_text()
    assert "![A.](b.png)" in (project / "figures" / "README.md").read_text()
    stamp = json.loads((project / ".last_run.json").read_text())
    assert stamp["outputs"] == study.output_files()
    assert {"figures/b.png", "notebooks/1_first.ipynb", "README.md"} <= stamp["outputs"].keys()
    assert stamp["inputs"] == study.input_digest()


@pytest.mark.parametrize("change", ["data/articles.csv", "notebooks/1_first.ipynb"])
def test_changed_inputs_are_told_from_outputs(project, change):
    before = study.input_digest()
    (project / "data" / "derived").mkdir()
    (project / "data" / "derived" / "estimates.csv").write_text("other\n")
    path = project / "notebooks" / "1_first.ipynb"
    rerun = nbformat.read(path, as_version=4)
    rerun.cells[1].outputs = [new_output("stream", text="other")]
    nbformat.write(rerun, path)
    assert study.input_digest() == before
    if change.endswith("csv"):
        (project / change).write_text("article_id\nx\n")
    else:
        write(project / change, "1 + 1")
    assert study.input_digest() != before


def test_what_no_notebook_makes_any_more_leaves_the_registers(project):
    (project / "figures").mkdir()
    (project / "figures" / "figures.json").write_text('{"gone": {}}')
    study.run_study()
    assert list(json.loads((project / "figures" / "figures.json").read_text())) == ["b"]


def test_a_failing_notebook_is_named_in_one_sentence_and_left_alone(project):
    path = project / "notebooks" / "1_first.ipynb"
    write(path, "x = 1", "raise KeyError('frame')\n", "x = 2")
    (project / ".last_run.json").write_text("{}")
    before = path.read_bytes()
    with pytest.raises(study.StudyError) as caught:
        study.run_study()
    message = str(caught.value)
    assert message.startswith("Notebook 1_first.ipynb, code cell 2: KeyError: 'frame'")
    assert "\n" not in message
    assert path.read_bytes() == before
    assert [p.name for p in (project / "notebooks").iterdir() if p.name.startswith(".")] == []
    assert not (project / ".last_run.json").exists()


def test_a_dead_kernel_is_said(project):
    write(project / "notebooks" / "1_first.ipynb", "import os; os._exit(1)")
    with pytest.raises(study.StudyError, match="1_first.ipynb: the kernel died"):
        study.run_study()


def test_without_notebooks_there_is_nothing_to_run(project):
    for path in study.notebooks():
        path.unlink()
    with pytest.raises(study.StudyError, match="no notebook"):
        study.run_study()


def test_a_researchers_corpus_gets_its_own_copies(project, tmp_path_factory, monkeypatch):
    own = tmp_path_factory.mktemp("own")
    monkeypatch.chdir(own.parent)
    monkeypatch.setenv("DEFECTION_DATA", own.name)
    (project / "notebooks" / "0_findings.ipynb").unlink()
    write(project / "notebooks" / "1_first.ipynb", "import os; print(os.environ['DEFECTION_DATA'])")
    before = outputs(project)
    study.run_study()
    assert outputs(project) == before
    copy = nbformat.read(own / "notebooks" / "1_first.ipynb", as_version=4)
    assert copy.cells[1].outputs[0].text.strip() == str(own)
    assert (own / ".last_run.json").exists()
    assert not (project / ".last_run.json").exists()


def test_the_kernel_is_this_interpreter_whatever_specification_is_installed(
    project, tmp_path, monkeypatch
):
    decoy = tmp_path / "jupyter" / "kernels" / "python3"
    decoy.mkdir(parents=True)
    spec = {"argv": ["/bin/false"], "display_name": "Decoy", "language": "python"}
    (decoy / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    path = project / "notebooks" / "1_first.ipynb"
    write(path, "import os, sys\nprint(sys.executable)\nprint(os.environ['OMP_NUM_THREADS'])")
    study.execute(path, path)
    text = nbformat.read(path, as_version=4).cells[1].outputs[0].text
    assert text.split() == [sys.executable, "1"]


def test_normal_form():
    noisy = new_code_cell(
        "object()",
        execution_count=7,
        metadata={"execution": {"iopub.status.busy": "2026-01-01"}, "tags": ["hide"]},
        outputs=[
            new_output("stream", name="stderr", text="50%|#####"),
            new_output("stream", name="stdout", text="<object at 0x7F00aa>"),
            new_output("display_data", {study._WIDGET: {}, "text/plain": "bar"}),
            new_output("execute_result", {"text/plain": "<object at 0x7f00aa>"}, execution_count=7),
        ],
    )
    notebook = new_notebook(
        cells=[new_markdown_cell("x"), new_code_cell(""), noisy],
        metadata={
            "widgets": {},
            "kernelspec": {"name": "other", "display_name": "O"},
            "language_info": {"name": "python", "version": "3"},
        },
    )
    same = nbformat.from_dict(json.loads(json.dumps(notebook)))
    for cell in same.cells:
        cell.id = "z" + cell.id[1:]
    normal = study.normalise(notebook)
    nbformat.validate(normal)
    assert normal == study.normalise(same) == study.normalise(normal)
    cell = normal.cells[2]
    assert cell.metadata == {"tags": ["hide"]}
    assert (normal.cells[1].execution_count, cell.execution_count) == (None, 1)
    assert [o.output_type for o in cell.outputs] == ["stream", "execute_result"]
    assert cell.outputs[0].text == cell.outputs[1].data["text/plain"] == "<object at 0x0>"
    assert cell.outputs[1].execution_count == 1
    assert normal.metadata.kernelspec.name == "python3"
    assert normal.metadata.language_info == {"name": "python"}
    assert "widgets" not in normal.metadata


def test_cell_ids_stay_unique_for_equal_sources():
    notebook = study.normalise(new_notebook(cells=[new_code_cell("x"), new_code_cell("x")]))
    assert notebook.cells[0].id != notebook.cells[1].id


def test_output_of_one_cell_is_one_stream_without_progress(project):
    study.run_study()
    notebook = nbformat.read(project / "notebooks" / "1_first.ipynb", as_version=4)
    noise = notebook.cells[3]
    assert noise.outputs[0].text == "one\ntwo\n"
    assert noise.outputs[1].data["text/plain"] == "<object at 0x0>"
    assert [c.execution_count for c in notebook.cells[1:]] == [1, 2, 3]


def test_head_commit_is_none_outside_git(project):
    assert study.head_commit() is None
    subprocess.run(["git", "init", "-q", project], check=True)
    assert study.head_commit() is None


def test_versions_name_what_the_numbers_rest_on_without_builds():
    text = study.versions()
    for name in ("defection-framing 1", "numpy 2", "umap-learn 0", "torch 2", "Python 3.1"):
        assert name in text
    assert "+" not in text
    assert "pytest" not in text
