import numpy as np
import pandas as pd
import pytest

import synthetic
from defection_framing import corpus
from defection_framing.study import inference, kept, rates
from defection_framing.study.estimands import CONTRASTS, SIMULATED


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    table = synthetic.claims(5, events=60, relational=0.2)
    return corpus.load(synthetic.write(tmp_path_factory.mktemp("corpus"), table))


@pytest.fixture(scope="module")
def frame(data):
    return inference.panels(data)["frame"]


def test_a_shuffle_moves_the_labels_of_whole_events(frame):
    moved = frame.shuffled("direction", frame.event, np.random.default_rng(0))
    before, after = (
        pd.Series(t.labels["direction"]).groupby(t.event).agg(["first", "nunique"])
        for t in (frame, moved)
    )
    assert (after["nunique"] == 1).all()
    assert (before["first"] != after["first"]).any()
    assert before["first"].value_counts().equals(after["first"].value_counts())


def test_events_are_drawn_whole_and_as_many_as_asked_for(frame):
    groups = pd.Index(["ru_to_ua", "ua_to_ru"])
    sample = frame.drawn(["direction"], groups, 7, np.random.default_rng(0))
    per_group = pd.Series(sample.event).groupby(sample.labels["direction"]).nunique()
    assert per_group.tolist() == [7, 7]
    sizes = set(np.bincount(frame.event))
    assert set(np.bincount(sample.event)) <= sizes
    again = frame.redrawn(np.random.default_rng(0))
    assert again.event.max() == frame.event.max()
    assert set(np.bincount(again.event)) <= sizes


def test_what_is_planted_has_the_size_asked_for(frame):
    contrast = CONTRASTS["frame_directional"]
    rng, before = np.random.default_rng(0), inference._combined(frame, contrast, 2)[0]
    worlds = [inference._plant(frame, contrast, 0.1, rng) for _ in range(60)]
    after = np.mean([inference._combined(w, contrast, 2)[0] for w in worlds], axis=0)
    assert (after - before)[:6] == pytest.approx(0.1, abs=0.04)


def test_a_corpus_without_the_cells_has_no_rates_of_them(data):
    hits = inference._Hits()
    hits.add("directions", "x", "p", np.array([np.nan, np.nan]), ["a", "b"])
    hits.add("directions", "y", "p", np.array([1.0, 0.0]), ["a", "b"])
    table = hits.table()
    assert set(table["estimate"]) == {"y"} and (table["se"] > 0).all()


def test_the_summary_names_the_code_that_does_worst():
    rows = [("w", "c", m, code, v) for m, code, v in (
        ("p", "all", 0.05), ("p", "a", 0.02), ("p", "b", 0.08),
        ("interval", "all", 0.95), ("interval", "a", 0.90), ("interval", "b", 1.0),
    )]  # fmt: skip
    table = pd.DataFrame(rows, columns=["what", "estimate", "measure", "code", "value"])
    worst = rates.summary(table.assign(se=0.01))["worst_code"]
    assert worst["w", "p", "c"] == "b" and worst["w", "interval", "c"] == "a"


@pytest.fixture(scope="module")
def kept_tables():
    return {n: kept.SIMULATIONS[n].saved() for n in ("false_alarms", "coverage", "detectable")}


def test_every_simulated_contrast_has_its_rates(kept_tables):
    own = {n: set(t["estimate"]) for n, t in kept_tables.items()}
    assert own["false_alarms"] == set(inference.LABELS)
    assert own["coverage"] >= set(inference.LABELS)
    assert own["detectable"] == set(SIMULATED) - {"frame_direction_by_article"}


def test_figures_of_rates_hold_every_panel_and_estimate(kept_tables):
    alarms = rates.alarm_panels(kept_tables["false_alarms"])
    assert set(alarms.index.unique("panel")) == set(rates.ALARMS)
    assert set(alarms.index.unique("estimate")) == set(inference.LABELS.values())
    power = rates.power_panels(kept_tables["detectable"])
    assert (power["value"] >= 0).all()
    seen = power.xs("observed, without its sign").xs("treason", level="code")["shown"]
    assert seen[inference.LABELS["frame_relational"].removeprefix("frame, ")] and not seen.all()
    assert list(rates.by_size(kept_tables["coverage"]).index) == inference.SIZES


def test_cells_know_their_events_and_how_they_are_weighted(kept_tables):
    cells = rates.cells(kept_tables["coverage"], inference.panels(corpus.load())["frame"])
    assert cells["events"].notna().all() and cells["by_article"].sum() == 4
    assert ("share", "Russian/ua_to_ru") in cells.index


def test_estimates_of_rates_are_named_after_their_contrasts(kept_tables):
    table = rates.detectable(kept_tables["detectable"])
    assert table.loc["detectable/frame_direction", "value"] == pytest.approx(0.0956818)
    assert set(table["source"]) == {"study.rates.detectable"}
