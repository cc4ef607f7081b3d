import contextlib
import io
import json
import re
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from defection_framing import corpus, settings
from defection_framing.publish import captions, execute, ledger, report, run
from defection_framing.publish.execute import normalise

pytestmark = pytest.mark.slow


LOG = "open(r'{root}/order', 'a').write('{name} ')"
RECORD = """
import pandas as pd
from defection_framing.publish import ledger
ledger.record(pd.DataFrame({{"value": [{value}]}}, ["{name}"]))
"""
DRAW = """
import json, pathlib
figures = pathlib.Path(r"{root}/figures")
(figures / "supplement/tables").mkdir(exist_ok=True, parents=True)
for name in ("b.png", "b.svg", "tables/b.csv"):
    (figures / "supplement" / name).write_text("x")
entry = {{"title": "B?", "question": "B?", "fields": {{}}, "n": "2", "notebook": "1_first"}}
entry["drawn_by"] = "figures.heat"
(figures / "figures.json").write_text(json.dumps({{"b": entry}}))
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
READ = """
from defection_framing.publish import ledger
print(sorted(ledger.estimates()))
"""


def write(path, *sources):
    cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Three notebooks: two that compute, and the report, which reads what they recorded."""
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    # In the kernels the package would write into the repository.
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(corpus, "load", lambda: None)
    monkeypatch.setattr(ledger, "headlines", lambda: ["- Found: 1.", "- Found: 2."])
    words = {"title": "B?", "question": "B?", "caption": "C.", "alt": "A."}
    monkeypatch.setattr(captions, "load", lambda: {"b": words})
    for folder in ("notebooks/supplement", "data"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data" / "articles.csv").write_text("article_id\n")
    (tmp_path / "README.md").write_text(
        "# T\n<!-- findings:start -->\n<!-- findings:end -->\nEnd\n"
    )
    own = tmp_path / "data"
    put(tmp_path, "0_report", LOG, READ)
    put(tmp_path, "1_first", LOG, DRAW.replace("{root}", str(own)), NOISE)
    put(tmp_path, "supplement/more", LOG, RECORD.format(value=2, name="y"))
    return tmp_path


def put(root, name, *sources):
    """Write a notebook that says in `order` that it ran."""
    said = {"root": root, "name": name.rpartition("/")[2]}
    sources = [s.format(**said) if s == LOG else s for s in sources]
    write(
        root / "notebooks" / f"{name}.ipynb",
        *(s.replace("{{", "{").replace("}}", "}") for s in sources),
    )


def ran(root):
    """Names of the notebooks that ran since this was last asked, in their order."""
    path = root / "order"
    names = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return names


@pytest.fixture
def quick(project, monkeypatch):
    """The same notebooks, run in this process: what is tested is which of them run, and when."""

    def execute(source, target):
        monkeypatch.setenv("JPY_SESSION_NAME", str(target))
        notebook = nbformat.read(source, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                said = io.StringIO()
                with contextlib.redirect_stdout(said):
                    exec(cell.source, {})
                cell.outputs = [new_output("stream", text=said.getvalue())]
        settings.write_text(target, nbformat.writes(normalise(notebook)) + "\n")
        return []

    monkeypatch.setattr(run, "execute", execute)
    monkeypatch.setattr(run, "WORKERS", 1)
    return project


def outputs(root):
    kinds = ("notebooks/**/*.ipynb", "figures/**/*", "derived/*")
    return {p: p.read_bytes() for k in kinds for p in (root / "data").glob(k) if p.is_file()}


def test_two_runs_give_the_same_bytes_and_the_report_comes_last(project, capfd, monkeypatch):
    run.run_study()
    first = outputs(project)
    order = ran(project)
    assert sorted(order[:2]) == ["1_first", "more"] and order[2] == "0_report"
    report = nbformat.read(project / "data/notebooks/0_report.ipynb", as_version=4)
    assert report.cells[2].outputs[0].text == "['y']\n"
    monkeypatch.setattr(run, "WORKERS", 1)
    for path in (settings.cache_dir() / "study").iterdir():
        path.unlink()
    run.run_study()
    assert ran(project) == ["1_first", "more", "0_report"]
    assert outputs(project) == first
    printed = capfd.readouterr()
    lines = printed.out.splitlines()
    assert len(lines) == 6 and all(line.endswith(" s") for line in lines)
    # A kernel that is shut down may complain; nothing else is said.
    assert not re.search(r"%\||Warning", printed.err)


def test_what_did_not_change_is_not_run_again(quick, capfd):
    run.run_study()
    ran(quick)
    assert run.outdated() == []
    run.run_study()
    assert ran(quick) == []
    said = capfd.readouterr().out.splitlines()[-1]
    assert said.startswith("unchanged: ") and said.endswith("0_report")


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda r: put(r, "1_first", LOG, "1"), ["1_first"]),
        (lambda r: put(r, "supplement/more", LOG, RECORD.format(value=3, name="y")),
         ["more", "0_report"]),
        (lambda r: (r / "data/figures/supplement/b.svg").unlink(), ["1_first"]),
        (lambda r: (r / "data/derived/estimates.csv").unlink(), ["more"]),
        (lambda r: (r / "data/articles.csv").write_text("article_id\nx\n"),
         ["1_first", "more", "0_report"]),
    ],
)  # fmt: skip
def test_what_changed_is_run_again_and_what_reads_it(quick, change, again):
    run.run_study()
    ran(quick)
    change(quick)
    run.run_study()
    assert sorted(ran(quick)) == sorted(again)


def test_a_change_of_a_module_reruns_the_notebooks_that_imported_it(project, monkeypatch):
    run.run_study()
    ran(project)
    digest = run._digest_of
    monkeypatch.setattr(
        run, "_digest_of", lambda path: "new" if path.name == "ledger.py" else digest(path)
    )
    assert run.outdated() == ["more", "0_report"]
    monkeypatch.setattr(
        run, "_digest_of", lambda path: "new" if path.name == "fetch.py" else digest(path)
    )
    assert run.outdated() == []


def test_named_notebooks_run_alone_and_anyway(quick):
    run.run_study()
    ran(quick)
    run.run_study(["more"])
    assert ran(quick) == ["more"]
    with pytest.raises(settings.DefectionError, match="no notebook nothing; there are 1_first"):
        run.run_study(["nothing"])


def test_what_no_notebook_makes_any_more_is_taken_away(quick):
    run.run_study()
    put(quick, "1_first", LOG)
    (quick / "notebooks/supplement/more.ipynb").unlink()
    run.run_study()
    assert ledger.estimates() == {}
    assert json.loads((quick / "data/figures/figures.json").read_text()) == {}
    assert not (quick / "data/figures/supplement/b.png").exists()


def test_an_estimate_may_move_to_another_notebook(quick):
    run.run_study()
    put(quick, "1_first", RECORD.format(value=2, name="y"))
    put(quick, "supplement/more", "1")
    run.run_study()
    assert ledger.read()[["notebook", "name"]].to_numpy().tolist() == [["1_first", "y"]]


def test_a_failing_notebook_is_named_in_one_sentence_and_left_alone(project):
    path = project / "data" / "notebooks" / "1_first.ipynb"
    run.run_study()
    assert all(file.exists() for file in report.files())
    put(project, "1_first", "x = 1", "raise KeyError('frame')\n", "x = 2")
    before = path.read_bytes()
    ran(project)
    for _ in range(2):
        with pytest.raises(settings.DefectionError) as caught:
            run.run_study()
    message = str(caught.value)
    assert message.startswith("Notebook 1_first.ipynb, code cell 2: KeyError: 'frame'")
    assert "\n" not in message
    assert path.read_bytes() == before
    assert not any(file.exists() for file in report.files())  # with figures of another run
    assert [p.name for p in path.parent.iterdir() if p.name.startswith(".")] == []
    assert ran(project) == []


def test_a_dead_kernel_is_said(project):
    put(project, "1_first", "import os; os._exit(1)")
    with pytest.raises(settings.DefectionError, match="1_first.ipynb: the kernel died"):
        run.run_study()


def test_a_fault_of_the_program_keeps_its_trace(project, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(run, "execute", fail)
    with pytest.raises(ZeroDivisionError):
        run.run_study()


def test_without_notebooks_there_is_nothing_to_run(project):
    for path in run.notebooks():
        path.unlink()
    with pytest.raises(settings.DefectionError, match="no notebook"):
        run.run_study()


def test_the_repositorys_own_study_is_run_in_place_and_fills_the_readme(project, monkeypatch):
    monkeypatch.delenv("DEFECTION_DATA")
    for name in ("0_report", "1_first", "supplement/more"):
        put(project, name, "import os; print(os.environ['JPY_SESSION_NAME'])")
    run.run_study()
    path = project / "notebooks/supplement/more.ipynb"
    assert nbformat.read(path, as_version=4).cells[1].outputs[0].text == f"{path}\n"
    assert "- Found: 1.\n- Found: 2.\n<!-- findings:end -->" in (project / "README.md").read_text()
    assert (project / "figures" / "README.md").exists()


def test_a_researchers_corpus_gets_its_own_copies(project, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setenv("DEFECTION_DATA", "own")
    (project / "own").mkdir()
    (project / "own/articles.csv").write_text("article_id\n")
    put(project, "1_first", "import os; print(os.environ['DEFECTION_DATA'])")
    write(project / "notebooks" / "your_articles.ipynb", "1")
    links = "[a](../data/articles.csv) [b](../data/PLAN.md#x) [c](2_next.ipynb) [d](https://e.e/f)"
    cells = [
        new_markdown_cell(links),
        new_markdown_cell("Ours", metadata={"tags": ["this-corpus"]}),
    ]
    nbformat.write(new_notebook(cells=cells), project / "notebooks" / "2_next.ipynb")
    before = {p: p.read_bytes() for p in (project / "notebooks").rglob("*.ipynb")}
    run.run_study()
    assert {p: p.read_bytes() for p in (project / "notebooks").rglob("*.ipynb")} == before
    copies = project / "own" / "notebooks"
    copy = nbformat.read(copies / "1_first.ipynb", as_version=4)
    assert copy.cells[1].outputs[0].text.strip() == str(project / "own")
    assert not (copies / "your_articles.ipynb").exists()
    assert not (copies / "supplement" / "more.ipynb").exists()
    [cell] = nbformat.read(copies / "2_next.ipynb", as_version=4).cells
    assert cell.source == ("a b [c](2_next.ipynb) [d](https://e.e/f)")


def test_findings_are_reworded_without_a_run(project, monkeypatch):
    said = "display(Markdown('said'), metadata={'finding': 'coding'})"
    put(project, "1_first", f"from IPython.display import Markdown, display; {said}")
    for other in ("0_report", "supplement/more"):
        (project / "notebooks" / f"{other}.ipynb").unlink()
    run.run_study()
    monkeypatch.setattr(ledger, "texts", lambda: {"coding": "coding said anew"})
    run.run_study()
    [output] = nbformat.read(
        project / "data/notebooks/1_first.ipynb", as_version=4
    ).cells[1].outputs  # fmt: skip
    assert output.data == {
        "text/markdown": "coding said anew",
        "text/plain": output.data["text/plain"],
    }


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
    run.execute(path, path)
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
            new_output("display_data", {execute._WIDGET: {}, "text/plain": "bar"}),
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
    normal = normalise(notebook)
    nbformat.validate(normal)
    assert normal == normalise(same) == execute.normalise(normal)
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
    notebook = normalise(new_notebook(cells=[new_code_cell("x"), new_code_cell("x")]))
    assert notebook.cells[0].id != notebook.cells[1].id


def test_output_of_one_cell_is_one_stream_without_progress(project):
    path = project / "notebooks/1_first.ipynb"
    run.execute(path, path)
    notebook = nbformat.read(path, as_version=4)
    noise = notebook.cells[3]
    assert noise.outputs[0].text == "one\ntwo\n"
    assert noise.outputs[1].data["text/plain"] == "<object at 0x0>"
    assert [c.execution_count for c in notebook.cells[1:]] == [1, 2, 3]


def test_versions_name_what_the_numbers_rest_on_without_builds():
    text = run.versions()
    for name in ("defection-framing 2", "numpy 2", "umap-learn 0", "Python 3.1"):
        assert name in text
    assert "+" not in text
    assert "pytest" not in text
