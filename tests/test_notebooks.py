import ast
import re
from pathlib import Path

import nbformat
import pytest

from defection_framing.publish import execute, run
from defection_framing.settings import ROOT, notebook_sources

MACHINE_PATH = re.compile(
    "|".join(
        [*map(re.escape, {str(ROOT), str(Path.home())} - {"/"}), "/home/", "/Users/", "/tmp/"]
        + [r"[A-Z]:\\+Users", r"site-packages/"]
    )
)


@pytest.fixture(params=notebook_sources(), ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_what_reads_the_estimates_of_others_runs_after_them_and_the_report_last():
    in_order = [path.stem for path in run.notebooks()]
    assert in_order[-1] == "0_report"
    others = [name for name in in_order if name not in (*run.READ_OTHERS, "0_report")]
    assert in_order[: len(others)] == others
    assert len(set(in_order)) == len(in_order)


def test_ran_from_top_to_bottom_without_error(notebook):
    code = [cell for cell in code_cells(notebook) if cell.source.strip()]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert "error" not in kinds
    assert kinds, "nothing was printed or drawn"


def test_is_stored_in_the_normal_form(notebook):
    assert notebook == execute.normalise(notebook)


def test_all_but_the_report_open_with_question_inputs_and_outputs(notebook):
    first = notebook.cells[0]
    if "A report" in first.source:
        return
    assert first.cell_type == "markdown"
    for word in ("question", "inputs", "outputs"):
        assert re.search(rf"\b{word}\b", first.source, re.I), word


def test_cells_are_short_and_logic_lives_in_the_package(notebook):
    for cell in code_cells(notebook):
        lines = cell.source.splitlines()
        assert len(lines) <= 10 and max(map(len, lines), default=0) <= 100, cell.source
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < 5, node.name


def test_shows_no_path_of_the_machine_it_ran_on(notebook):
    text = [cell.source for cell in notebook.cells]
    for cell in code_cells(notebook):
        for output in cell.outputs:
            text.append(output.get("text", ""))
            data = output.get("data", {})
            text += [content for kind, content in data.items() if kind.startswith("text/")]
    assert MACHINE_PATH.findall("\n".join(text)) == []
