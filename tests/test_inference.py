from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import synthetic
from defection_framing import corpus, stats
from defection_framing.domain import CELLS
from defection_framing.stats.energies import HALVES
from defection_framing.study import codes, inference, kept, same_act
from defection_framing.study.estimands import CONTRASTS, SIMULATED


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    table = synthetic.claims(5, events=60, relational=0.2)
    return corpus.load(synthetic.write(tmp_path_factory.mktemp("corpus"), table))


@pytest.fixture(scope="module")
def told(data):
    return same_act.shared_articles(data)


@pytest.fixture(scope="module")
def code_draws(data):
    return codes.of_articles(data, "portrayal", draws=100)


@pytest.fixture(scope="module")
def panel(data):
    return inference._panels(data)["frame_away"]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_a_shuffle_keeps_how_many_articles_each_telling_of_an_event_has(told):
    now = inference.shuffled(told, rng())
    count = [t.groupby("unit")["left"].agg(["sum", "size"]) for t in (told, now)]
    assert count[0].equals(count[1])
    assert (now["left"] != told["left"]).mean() > 0.2
    once = told.groupby("unit")["left"].transform("size") == 2
    means = [inference.shuffled(told, rng(s))["left"][once].to_numpy() for s in range(200)]
    assert np.mean(means, axis=0) == pytest.approx(0.5, abs=0.15)


@pytest.mark.slow
def test_shuffled_tellings_differ_by_nothing_on_average_and_not_at_all_as_they_were(
    told, code_draws
):
    def traitor(articles):
        pairs = same_act.pairs(articles, code_draws)[0]
        return stats.paired_mean(pairs)[pairs.codes.get_loc("traitor")]

    assert traitor(told) > 0.1
    null = [traitor(inference.shuffled(told, rng(s))) for s in range(100)]
    assert np.mean(null) == pytest.approx(0, abs=3 * np.std(null) / 10)


def test_a_planted_difference_of_one_act_has_the_size_asked_for(told, code_draws):
    def value(size, seed):
        planted = inference.plant_pairs(told, code_draws, size, rng(seed))
        return stats.paired_mean(same_act.pairs(told, planted)[0])

    rise = np.mean([value(0.2, s) - value(0, s) for s in range(40)], axis=0)
    names = list(code_draws.names)
    share = code_draws.expected.mean(0)
    for code in ("traitor", "convert", "neutral"):
        k = names.index(code)
        assert rise[k] == pytest.approx(0.2, abs=0.02 + 0.1 * share[k])


@pytest.mark.slow
def test_a_planted_difference_of_cells_has_the_size_asked_for(panel):
    c = CONTRASTS["frame_away"]

    def value(of):
        return stats.combined(inference._shares(of, c, 2), c.weights)[0]

    worlds = [inference.plant(panel, c, 0.1, rng(s)) for s in range(60)]
    rise = np.mean([value(w) for w in worlds], axis=0) - value(panel)
    assert rise == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize("half", inference.EXCHANGES)
def test_an_exchange_of_events_leaves_nothing_of_one_energy_and_all_of_the_other(half):
    table = synthetic.claims(7, events=400, relational=0.2, directional=0.15)
    s = stats.shares(table, "frame", ["camp", "direction"], draws=2)
    s = replace(s, sums=s.sums[:, at := [s.at(g) for g in CELLS]], mass=s.mass[:, at],
                groups=pd.MultiIndex.from_tuples(CELLS))  # fmt: skip

    def halves(of):
        value = of.sums.sum(0) / of.mass.sum(0)[:, None]
        return {h: np.linalg.norm(c @ value) for h, c in HALVES.items()}

    before, after = halves(s), halves(inference.exchanged(s, inference.EXCHANGES[half], rng()))
    other = ({*before} - {half}).pop()
    assert after[half] < 0.3 * before[half]
    assert after[other] == pytest.approx(before[other], rel=0.3)


def test_events_are_drawn_whole_with_their_codes_and_as_many_as_asked_for(told, code_draws):
    pairs = same_act.pairs(told, code_draws)[0]
    for size in (0, 7):
        drawn = inference.resampled_pairs(pairs, size, rng())
        n = np.bincount(drawn.stratum)
        assert list(n) == ([7, 7] if size else list(np.bincount(pairs.stratum)))
        rows = {tuple(d) + tuple(c) for d, c in zip(drawn.differences, drawn.draws[0], strict=True)}
        assert rows <= {
            tuple(d) + tuple(c) for d, c in zip(pairs.differences, pairs.draws[0], strict=True)
        }
        assert (drawn.counts @ (drawn.stratum == 1) == n[1]).all()


@pytest.mark.slow
def test_a_calm_corpus_has_the_rates_that_are_due(data, monkeypatch):
    monkeypatch.setattr(inference, "SIMULATED", ["portrayal_away"])
    for name, fewer in (("SETS", 29), ("PERMUTATIONS", 200), ("DRAWS", 200), ("FLIPS", 400)):
        monkeypatch.setattr(inference, name, fewer)
    alarms = inference.summary(inference.false_alarms(data, 30, 0)).droplevel("what")
    assert alarms.loc["p", "value"].max() < 0.2
    assert alarms.loc["interval", "value"].min() > 0.85
    monkeypatch.setattr(inference, "SIZES", [8])
    held = inference.summary(inference.coverage(data, 30, 0))["value"]
    assert held.min() > 0.85 and ("8", "interval", "same_act/portrayal") in held.index
    power = inference.detectable(data, 4, 0).set_index(["estimate", "code"])["value"]
    assert power["same_act/portrayal", "traitor"] < 0.5
    assert power["same_act/portrayal/new_events"].min() > power["same_act/portrayal"].min()


def test_what_no_replicate_shows_has_no_rate():
    hits = inference._Hits()
    hits.add("shuffled", "x", "p", np.array([np.nan, np.nan]), ["a", "b"])
    hits.add("shuffled", "y", "p", np.array([1.0, 0.0]), ["a", "b"])
    table = hits.table()
    assert set(table["estimate"]) == {"y"} and (table["se"] > 0).all()


def test_the_summary_names_the_code_that_does_worst():
    rows = [("w", "c", m, code, v) for m, code, v in (
        ("p", "all", 0.05), ("p", "a", 0.02), ("p", "b", 0.08),
        ("interval", "all", 0.95), ("interval", "a", 0.90), ("interval", "b", 1.0),
    )]  # fmt: skip
    table = pd.DataFrame(rows, columns=["what", "estimate", "measure", "code", "value"])
    worst = inference.summary(table.assign(se=0.01))["worst_code"]
    assert worst["w", "p", "c"] == "b" and worst["w", "interval", "c"] == "a"


def test_every_estimate_that_is_simulated_has_its_rates():
    tables = {n: kept.SIMULATIONS[n].saved() for n in ("false_alarms", "coverage", "detectable")}
    paired = {*inference.SAME_ACT}
    assert set(tables["false_alarms"]["estimate"]) == set(inference.LABELS)
    assert set(tables["coverage"]["estimate"]) >= paired | {*SIMULATED}
    alarms = inference.alarm_panels(tables["false_alarms"])
    assert set(alarms.index.unique("panel")) == set(inference.ALARMS)
    assert list(inference.by_size(tables["coverage"]).index) == inference.SIZES
    for made in (
        inference.alarm_estimates(tables["false_alarms"]),
        inference.coverage_estimates(tables["coverage"]),
    ):
        assert made["value"].between(0, stats.MIN_EVENTS).all()
