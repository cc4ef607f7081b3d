import numpy as np
import pandas as pd
import pytest

import synthetic
from defection_framing import alarms, corpus


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    table = synthetic.claims(5, events=60, relational=0.2)
    return corpus.load(synthetic.write(tmp_path_factory.mktemp("corpus"), table))


@pytest.fixture(scope="module")
def frame(data):
    return alarms.material(data)["frame"]


def test_a_shuffle_moves_the_labels_of_whole_events(frame):
    moved = alarms.shuffled(frame, frame.event, "direction", np.random.default_rng(0))
    before, after = (
        pd.Series(t.direction).groupby(t.event).agg(["first", "nunique"]) for t in (frame, moved)
    )
    assert (after["nunique"] == 1).all()
    assert (before["first"] != after["first"]).any()
    assert before["first"].value_counts().equals(after["first"].value_counts())


def test_events_are_drawn_whole_and_as_many_as_asked_for(frame):
    groups = pd.Index(["ru_to_ua", "ua_to_ru"])
    sample = alarms._drawn(frame, ["direction"], groups, 7, np.random.default_rng(0))
    per_group = pd.Series(sample.event).groupby(sample.direction).nunique()
    assert per_group.tolist() == [7, 7]
    sizes = set(np.bincount(frame.event))
    assert set(np.bincount(sample.event)) <= sizes
    again = alarms._redrawn(frame, np.random.default_rng(0))
    assert again.event.max() == frame.event.max()
    assert set(np.bincount(again.event)) <= sizes


def test_what_is_planted_has_the_size_asked_for(frame):
    comparison = alarms.COMPARISONS["frame, directional half"]
    rng, before = np.random.default_rng(0), alarms._contrast_of(frame, comparison, 2)[0]
    worlds = [alarms._plant(frame, comparison, 0.1, rng) for _ in range(60)]
    after = np.mean([alarms._contrast_of(w, comparison, 2)[0] for w in worlds], axis=0)
    assert (after - before)[:6] == pytest.approx(0.1, abs=0.04)


def test_a_corpus_without_the_cells_has_no_rates_of_them(data):
    hits = alarms._Hits()
    hits.add("directions", "x", "p", np.array([np.nan, np.nan]), ["a", "b"])
    hits.add("directions", "y", "p", np.array([1.0, 0.0]), ["a", "b"])
    table = hits.table()
    assert set(table["comparison"]) == {"y"} and (table["se"] > 0).all()


def test_the_summary_names_the_code_that_does_worst():
    rows = [("w", "c", m, code, v) for m, code, v in (
        ("p", "all", 0.05), ("p", "a", 0.02), ("p", "b", 0.08),
        ("interval", "all", 0.95), ("interval", "a", 0.90), ("interval", "b", 1.0),
    )]  # fmt: skip
    table = pd.DataFrame(rows, columns=["what", "comparison", "measure", "code", "value"])
    worst = alarms.summary(table.assign(se=0.01))["worst_code"]
    assert worst["w", "c", "p"] == "b" and worst["w", "c", "interval"] == "a"
