import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus
from defection_framing.study import camps, reliability
from defection_framing.study.estimands import is_trend


def test_a_code_under_the_gate_is_described_and_not_tested():
    table = pd.DataFrame(
        {"value": 0.2, "low": 0.1, "high": 0.3, "p": [0.001, 0.02, 0.04], "q": 0.05},
        ["a", "b", "c"],
    )
    got = reliability.tested(table, {"a"})
    assert got["p"].isna().tolist() == [True, False, False]
    assert got["q"].tolist()[1:] == [0.04, 0.04]  # of a family of two
    assert got["shown"].tolist() == [False, True, True]
    assert got["value"].equals(table["value"])


def test_the_length_of_an_energy_is_its_root_and_none_below_zero():
    index = pd.MultiIndex.from_product(
        [["all frames"], ["relational", "directional", "mirror index"]], names=["version", "part"]
    )
    rows = {"value": [0.04, -0.01, 0.5], "low": [0.01, 0, 0], "high": [0.09, 0.01, 1], "p": 0.01}
    got = camps.lengths(pd.DataFrame(rows, index))
    assert got["value"].tolist() == pytest.approx([0.2, 0])
    assert got.loc[("all frames", "relational"), ["low", "high"]].tolist() == pytest.approx(
        [0.1, 0.3]
    )
    assert got["shown"].all()


def test_labels_say_what_a_row_rests_on_and_no_events_where_there_are_none():
    index = pd.MultiIndex.from_tuples([("a side", "exits"), ("a side", "trend pieces")])
    table = pd.DataFrame({"n_articles": [1200, 5], "n_events": [7, np.nan]}, index)
    got = camps.with_n(table.rename_axis(["side", "kind"]), "kind")
    labels = ["exits (1,200 articles, 7 events)", "trend pieces (5 articles)"]
    assert got.index.get_level_values("kind").tolist() == labels


@pytest.mark.slow
def test_cases_that_were_sought_by_words_of_law_stand_with_prosecutions():
    kinds = camps.crossings(corpus.load())
    apart = kinds[kinds["kind"] == "leaving, others"]
    assert len(apart) and not apart["sought_by_law"].any()
    assert "prosecution" not in set(apart["occasion"])
    law = kinds[kinds["sought_by_law"] & (kinds["kind"] != "coming")]
    assert len(law) and set(law["kind"]) == {"leaving, prosecutions"}


@pytest.mark.slow
def test_an_outlet_is_never_an_event_of_exits():
    data = corpus.load()
    table = camps.exits(data, "portrayal")
    articles = data.article_table().reset_index()
    assert is_trend(articles[articles["event"] == "general"]).all()
    rows = table.groupby(["side", "kind"])[["n_articles", "n_events"]].first()
    for side, out in (("Russian side", "ru_exit"), ("Ukrainian side", "ua_exit")):
        left = articles[articles["direction"] == out]
        cases = left[~is_trend(left)]
        exits = rows.loc[(side, "exits")]
        assert exits.tolist() == [len(cases), cases["event"].nunique()]
        trends = rows.loc[(side, "trend pieces")]
        assert trends["n_articles"] == len(left) - len(cases) and np.isnan(trends["n_events"])


def test_a_table_without_rows_has_no_labels_with_n():
    index = pd.MultiIndex.from_tuples([("Russian side", "exits")], names=["side", "kind"])
    table = pd.DataFrame({"value": [0.1], "n_articles": [1200], "n_events": [3.0]}, index)
    assert list(camps.with_n(table, "kind").index) == [
        ("Russian side", "exits (1,200 articles, 3 events)")
    ]
    assert camps.with_n(table[:0], "kind").empty
