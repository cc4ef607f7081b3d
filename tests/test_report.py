import json
import re

import numpy as np
import pandas as pd
import pytest

import synthetic
from defection_framing import corpus, figures, settings
from defection_framing.publish import captions, report
from defection_framing.study import report as tables

PICTURE = {"title": "Up", "question": "", "alt": "A rise.", "caption": "Of n."}


def estimates(**values):
    rows = {name.replace("__", "/"): v for name, v in values.items()}
    known = pd.DataFrame({"value": rows}).assign(low=0.1, high=0.3, n_articles=9, n_events=4)
    return known.assign(q=0.5, points="+1 points")


def told():
    same, by_camp = "same_act/portrayal/traitor", "portrayal_by_camp/traitor"
    return estimates(
        **{
            f"{same}/left/ua_to_ru": 0.5, f"{same}/received/ua_to_ru": 0.1,
            f"{same}/crossings_to_Russia": 0.4,
            f"{by_camp}/Russian/ru_to_ua": 0.2, f"{by_camp}/Russian/ua_to_ru": 0.04,
            "portrayal_away_Russian/traitor": 0.16,
        }
    )  # fmt: skip


def test_a_row_of_one_crossing_has_two_tellers_and_a_row_of_all_stories_one():
    rows = tables.traitor(told())
    same = rows.loc[(tables.SAME, "to Russia")]
    assert (same["left_camp"], same["received_camp"]) == ("Ukrainian", "Russian")
    assert (same["left"], same["received"]) == (0.5, 0.1)
    own = rows.loc[(tables.ALL, "Russian outlets")]
    assert own["left_camp"] == own["received_camp"] == "Russian"
    assert (own["left"], own["received"]) == (0.2, 0.04)


def test_a_row_of_fewer_cases_than_an_interval_takes_is_not_drawn():
    rows = tables.traitor(told().assign(n_events=3))
    assert tables.SAME not in rows.index.get_level_values("group")


def test_rows_that_a_corpus_does_not_give_are_not_drawn():
    fig = figures.dumbbell(tables.traitor(told()), "articles", ("leave", "come"))
    assert [ax.get_title(loc="left") for ax in fig.axes] == [tables.SAME, tables.ALL]
    assert tables.traitor(told().assign(low=np.nan)).empty
    empty = tables.traitor(estimates(other=1.0))
    assert empty.empty
    assert "nothing to show" in figures.dumbbell(empty, "", ("a", "b")).axes[0].texts[0].get_text()


def test_frames_by_direction_count_as_shown_after_all_are_tested_together():
    key = "frame_direction_within"
    known = estimates(**{f"{key}/a": 0.2, f"{key}/b": 0.2, f"{key}/found": 1})
    known["q"] = [0.04, 0.06, np.nan]
    assert tables.directions(known)["shown"].to_dict() == {"a": True, "b": False}


@pytest.mark.slow
def test_the_example_is_an_article_whose_passes_differ_on_the_traitor():
    data = corpus.load()
    text = tables.example(data)
    address = re.search(r"<(http\S+)>", text)[1]
    found = data.articles.index[data.articles["url"] == address][0]
    given = data.codings_articles["portrayal"].xs(found, level=0)
    assert "traitor" in set(given[["A", "B"]]) and given["A"] != given["B"]
    claims = data.claims[data.claims["article_id"] == found]
    assert all(claim in text for claim in claims["text"])


def test_a_corpus_coded_once_has_no_example(tmp_path):
    assert tables.example(corpus.load(synthetic.write(tmp_path, synthetic.claims(0)))) == ""


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    svg = captions.files("up")[1]
    svg.parent.mkdir(parents=True)
    svg.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt"/>')
    captions.write_register({"up": PICTURE})
    link = f"![A rise.](../figures/{captions.picture('up')})"
    cells = [
        {"cell_type": "markdown", "metadata": {}, "id": "a",
         "source": "# Report\n\nSee [the plan](../data/PLAN.md) and [a page](https://a.example/x)."},
        {"cell_type": "code", "metadata": {}, "id": "b", "source": "secret_code()",
         "execution_count": 1, "outputs": [
             {"output_type": "display_data", "metadata": {"figure": "up"},
              "data": {"text/markdown": f"{link}\n\n*Of n.*"}},
             {"output_type": "display_data", "metadata": {"figure": "up"},
              "data": {"image/png": "", "text/plain": "<Image>"}},
             {"output_type": "stream", "name": "stdout", "text": "version 1\n"}]},
    ]  # fmt: skip
    path = tmp_path / "notebooks" / "0_report.ipynb"
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content))
    return path


@pytest.mark.slow
def test_the_page_stands_alone_and_shows_no_code(page):
    report.write(page)
    html = report.files()[0].read_text(encoding="utf-8")
    assert "secret_code" not in html and "version 1" in html
    assert not re.findall(r'(?:src|href)="(?!data:|#)(?!https://a\.example)[^"]*"', html)
    assert html.count('src="data:image/svg+xml') == 2 and html.count('alt="A rise."') == 2
    assert "See the plan and <a" in html  # a link to a file leads nowhere from a mail


def test_a_section_in_which_nothing_is_shown_is_left_out_and_the_others_move_up():
    sections = ["# R", "## 1. A", "text", "## 2. B", "## 3. C", "### c", "more", "### d", "## 4. D"]
    cells = [{"cell_type": "markdown", "source": source} for source in sections]
    text = report._markdown({"cells": cells})
    assert text.split() == "# R ## 1. A text ## 2. C ### c more".split()


@pytest.mark.slow
def test_both_files_are_the_same_to_the_byte_when_written_again(page):
    report.write(page)
    first = [file.read_bytes() for file in report.files()]
    report.write(page)
    assert [file.read_bytes() for file in report.files()] == first
    assert first[1].startswith(b"%PDF") and len(first[1]) > 5000


def test_settings_have_a_folder_for_both(page):
    assert report.files()[1].parent == settings.figures_dir() / "report"
