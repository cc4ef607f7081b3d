import json
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from defection_framing import settings
from defection_framing.publish import findings, ledger
from defection_framing.publish.where import where
from defection_framing.stats.weighted import MIN_EVENTS

FINDINGS = """
[fragile]
notebook = "selection"
figure = "timeline"
holds = ["frame_away/treason/without_x low > 0"]
text = "It is so."
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A notebook that records one estimate and draws one figure, on which a finding rests."""
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("JPY_SESSION_NAME", "selection.ipynb")
    monkeypatch.setattr(findings, "load", lambda: findings.parse(FINDINGS))
    for folder in ("notebooks/supplement", "data/figures"):
        (tmp_path / folder).mkdir(parents=True)
    sources = [
        "data = load()\nother = 1",
        "fig = 2\nrecord(selection.record(data))",
        "told, more = facts.coverage(data), other",
        'fig = 3\nfig = figures.forest(told)\nshow("timeline", fig)\nfig = other',
    ]
    cells = [new_markdown_cell("# T"), *map(new_code_cell, sources)]
    path = tmp_path / "notebooks/supplement/selection.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    table = pd.DataFrame({"value": [0.1]}, ["frame_away/treason/without_x"])
    ledger.record(table.assign(source="publish.ledger.record"))
    figure = {"notebook": "selection", "drawn_by": "publish.ledger.say"}
    (tmp_path / "data/figures/figures.json").write_text(json.dumps({"timeline": figure}))


def at(place):
    """The line of code that a place, as it is printed, leads to."""
    file, line = place.split()[-1].split(":")
    return (Path(__file__).parents[1] / file).read_text().splitlines()[int(line) - 1]


def test_an_estimate_leads_to_what_it_is_made_of_its_definition_and_finding(study):
    place, *cell, function, defined, finding = where("frame_away/treason/without_x").splitlines()
    assert place == "estimate  notebooks/supplement/selection.ipynb, code cell 1, 2"
    assert [line.split(maxsplit=1) for line in cell] == [
        ["(1)", "data = load()"],
        ["(2)", "record(selection.record(data))"],
    ]
    assert function.split()[:3] == ["named", "by", "publish.ledger.record"]
    assert at(function).startswith("def record(")
    assert defined.startswith("defined   frame, leaving minus coming, mean of the camps  ")
    assert at(defined).startswith("def _contrasts(")
    assert finding.split()[:2] == ["finding", "fragile"]


def test_a_figure_leads_to_the_statements_that_make_it_and_to_their_functions(study):
    place, *rest = where("timeline").splitlines()
    assert place == "figure    notebooks/supplement/selection.ipynb, code cell 1, 3, 4"
    assert [line[10:] for line in rest[:5]] == [
        "data = load()",
        "told = facts.coverage(data)",  # of two that are assigned in one line
        "fig = figures.forest(told)",
        'show("timeline", fig)',
        next(line.strip() for line in rest if "facts.coverage  " in line),
    ]
    assert {line[:3] for line in rest[:4]} == {"(1)", "(3)", "(4)"}
    said = "\n".join(rest)
    [made] = [line for line in said.splitlines() if line.strip().startswith("facts.coverage  ")]
    assert at(made).startswith("def coverage(")
    assert "drawn by  publish.ledger.say  src/" in said
    assert "title     timeline  src/defection_framing/publish/figures.toml:" in said
    assert "finding   fragile  src/defection_framing/publish/findings.toml:" in said


def test_a_finding_leads_to_its_cell_and_to_the_line_of_its_words():
    figure, finding = where("same_act").split("\n\n")
    [title] = [line for line in figure.splitlines() if line.startswith("title")]
    assert at(title) == at(finding) == "[same_act]"
    said = where("report_traitor")
    assert said.startswith("finding   notebooks/0_report.ipynb, code cell 2\n")
    assert "report_traitor  src/defection_framing/publish/findings.toml:" in said


def test_a_finding_of_a_part_of_an_estimate_is_found():
    assert "hypothesis_4  src/" in where("hypothesis/H4")


def test_a_name_of_a_figure_and_a_finding_gives_both_apart():
    figure, finding = where("direction").split("\n\n")
    assert figure.startswith("figure    notebooks/0_report.ipynb, code cell ")
    assert "finding   report_direction  src/" in figure and "say(" not in figure
    assert finding.startswith("finding   notebooks/4_camps.ipynb, code cell ")
    assert finding.splitlines()[-1].startswith("finding   direction  src/")


def test_an_estimate_leads_to_the_statistics_and_to_the_titles_that_rest_on_it():
    lines = where("portrayal_away/traitor").splitlines()
    computed = [line.split(", in ") for line in lines if line.startswith("computed")]
    called = [(at(made).split("(")[0], at(by).split("(")[0].strip()) for made, by in computed]
    assert ("def contrast", "def compare") in called and ("def adjust", "def tested") in called
    levels = where("portrayal_by_camp/traitor/Russian/ru_to_ua").splitlines()
    assert "LEVELS = {" in [at(line) for line in levels if line.startswith("with")]
    assert "[by_stratum]" in [at(line) for line in lines if line.startswith("words")]


def test_whose_method_a_statistic_is_and_what_its_numbers_are_stands_beside_it():
    lines = where("exits").split("\n\n")[0].splitlines()
    [levels] = [line for line in lines if line.startswith("computed  weighted.prevalence ")]
    assert "[Korn & Graubard 1998]" in levels and at(levels.split(", in ")[0]).startswith("def pre")
    [least] = [line for line in lines if line.startswith(f"with      MIN_EVENTS = {MIN_EVENTS}  ")]
    assert at(least).startswith("MIN_EVENTS")  # of the function that computes
    [exits] = [line for line in lines if line.startswith("with      EXITS  ")]
    assert at(exits).startswith("EXITS")  # of another module than the one that takes it
    [panel] = [line for line in lines if line.startswith("computed  panel.Panel.pooled ")]
    assert at(panel.split(", in ")[1]).startswith("def levels(")
    [title] = [line for line in lines if line.startswith("rests on  ")]
    assert "frame_exit_cases_Russian/collapse" in title


def test_where_no_sentence_rests_on_an_estimate_that_is_said():
    assert where("frame_away_completed_Russian/appeal").endswith("\nfinding   none, and no title")


def test_estimates_that_another_function_makes_of_an_estimate_are_not_taken_for_it():
    said = where("frame_away/treason")
    assert "finding   prosecutions  " in said and "finding   fragile  " not in said
    assert "defined" not in where("same_act/portrayal/traitor/left/ua_to_ru")


def test_a_figure_of_other_notebooks_estimates_says_so_and_names_what_is_drawn():
    said = where("gains")
    assert "computed  by other notebooks" in said and "with      GAINS  src/" in said


def test_one_function_that_names_several_leads_to_its_call_for_the_one():
    said = where("topics/ari/seeds")
    assert 'steadiness("topics"' in said and 'steadiness("stories"' not in said
    assert "computed  sklearn.adjusted_rand_score, in topics.steadiness  src/" in said


def test_a_name_that_is_used_inside_a_comprehension_alone_leads_nowhere(study):
    path = settings.ROOT / "notebooks/supplement/selection.ipynb"
    book = nbformat.read(path, as_version=4)
    book.cells[2].source = "x = 5\nrecord(selection.record([x for x in data]))"
    nbformat.write(book, path)
    assert "x = 5" not in where("frame_away/treason/without_x")


def test_a_notebook_that_is_gone_is_said(study):
    (settings.ROOT / "notebooks/supplement/selection.ipynb").unlink()
    assert "of the notebook selection, which is gone" in where("timeline")


def test_a_paired_estimate_leads_to_where_it_is_declared():
    [defined] = [x for x in where("same_act/frame/treason").splitlines() if x.startswith("defined")]
    assert at(defined).startswith("SAME_TREASON = ")


def test_a_figure_of_a_kept_simulation_leads_to_the_function_that_simulates():
    [kept] = [x for x in where("false_alarms").splitlines() if x.startswith("kept")]
    assert at(kept.partition(": ")[0]).startswith("def false_alarms(")
    assert kept.endswith("`study --full` computes it anew")


def test_a_figure_that_is_not_drawn_yet_is_known_by_its_words(study):
    said = where("traitor")
    assert said.startswith("figure    not drawn yet: run the study\n")
    assert at(said.splitlines()[1]) == "[traitor]"


def test_the_beginning_of_a_name_will_do_where_one_begins_so(study):
    assert where("timel") == where("timeline")
    table = pd.DataFrame({"value": [0.1]}, ["frame_away/treason/without_y"])
    ledger.record(table.assign(source="publish.ledger.record"))
    with pytest.raises(settings.DefectionError, match="'frame_away' may mean .*_x, .*_y: name one"):
        where("frame_away")


def test_an_unknown_name_is_one_sentence_with_the_nearest(study):
    with pytest.raises(settings.DefectionError, match="'timelnie'; near are timeline"):
        where("timelnie")
    with pytest.raises(settings.DefectionError, match="near are frame_away/treason/without_x"):
        where("treason/without_x")
    with pytest.raises(
        settings.DefectionError, match="'qqq'; data/derived/estimates.csv and .* all"
    ):
        where("qqq")
    with pytest.raises(settings.DefectionError, match="near are .*timeline"):
        where("timeline_2")
    with pytest.raises(settings.DefectionError, match="'ledger.rec'; near are frame_away"):
        where("ledger.rec")  # the function that names it
