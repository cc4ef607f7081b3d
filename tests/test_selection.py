"""What was found and what was not: parts left out, contrasts within outlets, camps settled late."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import WLS

from defection_framing import corpus
from defection_framing.study import multiverse, selection
from defection_framing.study.estimands import SAME_TRAITOR, TRAITOR_AWAY


def told(seed, effect=0.0, outlets=40, events=40):
    """Articles of outlets that differ in the share of treason, and in what they tell of.

    Half the outlets tell mostly of crossings to Russia and often of treason, the others neither;
    within an outlet `effect` is added where the crossing is to Russia. Events add noise that all
    outlets share.
    """
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.08, events)
    rows = []
    for o in range(outlets):
        much = o % 2 == 0
        for _ in range(2 + rng.poisson(3)):
            to_russia = rng.random() < (0.75 if much else 0.25)
            event = 2 * rng.integers(events // 2) + to_russia
            share = np.clip((0.55 if much else 0.2) + effect * to_russia + noise[event], 0, 1)
            rows.append((float(rng.random() < share), to_russia, f"o{o}", f"e{event}"))
    return pd.DataFrame(rows, columns=["share", "first", "outlet", "event"])


def within(table):
    return selection.within_outlets(*(table[c].to_numpy() for c in table))


def test_within_outlets_finds_the_effect_that_the_choice_of_outlets_hides():
    found = [within(told(seed, effect=0.15)) for seed in range(30)]
    pooled = [t.groupby("first")["share"].mean().diff().iloc[-1] for t in
              (told(seed, effect=0.15) for seed in range(30))]  # fmt: skip
    found = pd.DataFrame(found)
    assert found["value"].mean() == pytest.approx(0.15, abs=0.04)
    assert np.mean(pooled) > 0.25
    assert ((found["low"] < 0.15) & (found["high"] > 0.15)).mean() > 0.85


@pytest.mark.slow
def test_within_outlets_seldom_finds_what_is_not_there():
    assert np.mean([within(told(seed))["p"] < 0.05 for seed in range(80)]) < 0.12


def test_each_outlet_counts_once_and_within_it_each_event():
    rows = [
        *[(1, True, "o1", "e1")] * 3, (0, True, "o1", "e2"), (0, False, "o1", "e3"),
        (0, True, "o2", "e1"), (1, False, "o2", "e3"), (1, True, "o3", "e4"),
    ]  # fmt: skip
    found = within(pd.DataFrame(rows, columns=["share", "first", "outlet", "event"]))
    assert found["value"] == pytest.approx((0.5 - 1) / 2)
    assert (found["n_outlets"], found["n_articles"]) == (2, 7) and np.isnan(found["low"])
    alone = told(1).assign(first=lambda t: t["outlet"] == "o1")
    assert np.isnan(within(alone)["value"]) and within(alone)["n_outlets"] == 0


def test_the_error_is_never_smaller_than_with_one_clustering_alone():
    table = told(4, effect=0.1)
    found = within(table)
    own = table[table.groupby("outlet")["first"].transform("nunique") == 2].reset_index(drop=True)
    of_event = own.groupby(["outlet", "first", "event"])["share"].transform("size")
    n_events = own.groupby(["outlet", "first"])["event"].transform("nunique")
    design = pd.get_dummies(own["outlet"], dtype=float).assign(x=own["first"].astype(float))
    fit = WLS(own["share"], design, weights=1 / of_event / n_events).fit()
    assert found["value"] == pytest.approx(fit.params["x"])
    for column in ("outlet", "event"):
        groups = {"groups": pd.factorize(own[column])[0], "use_correction": False}
        error = fit.get_robustcov_results("cluster", **groups).bse[-1]
        assert found["high"] - found["value"] > 1.96 * error


@pytest.fixture(scope="module")
def data():
    return corpus.load()


@pytest.fixture(scope="module")
def m(data):
    return multiverse.material(data)


@pytest.mark.slow
def test_each_part_leaves_out_what_its_name_says(m):
    kept = {part: m.articles[keep] for _, part, keep in selection.parts(m.articles)}
    assert "d" not in set(kept["without slice d"]["slice"])
    assert "uk" not in set(kept["without Ukrainian"]["lang"])
    assert set(kept["without other languages"]["lang"]) == {"en", "ru", "uk"}
    assert "kuzminov-mi8" not in set(kept["without kuzminov-mi8"]["event"])
    assert len(kept["as reported"]) == len(m.articles)


def test_parts_are_counted_and_the_slices_and_events_that_move_most_are_drawn(m, monkeypatch):
    few = [part for part in selection.parts(m.articles) if part[0] != "event"]
    events = [part for part in selection.parts(m.articles) if part[0] == "event"][:3]
    monkeypatch.setattr(selection, "parts", lambda articles: [*few, *events])
    table = selection.moved(m)
    assert list(table.index.unique("estimate")) == [SAME_TRAITOR.name, TRAITOR_AWAY.name]
    found = selection.held(table)
    lowest = f"{TRAITOR_AWAY.name}/slice_left_out/lowest"
    of = table.loc[TRAITOR_AWAY.name].loc["slice"]["value"]
    assert found.at[lowest, "value"] == of.min() and set(found["source"]) == {
        "study.selection.held"
    }
    assert found.at[f"{SAME_TRAITOR.name}/language_left_out/parts", "value"] <= 4
    drawn = selection.to_draw(table).loc[selection.LABELS[TRAITOR_AWAY.name]]
    assert len(drawn) == 1 + 2 + 4 + 2 and drawn.index[0] == "as reported"
    ends = drawn["value"].iloc[-2:]
    assert set(ends) == set(table.loc[TRAITOR_AWAY.name].loc["event"]["value"].agg(["min", "max"]))


def test_within_outlets_stands_each_camp_beside_both(m):
    found = selection.within(m)
    own = found.filter(like="portrayal", axis=0)
    assert own.index[0] == f"{TRAITOR_AWAY.name}/within_outlets"
    assert own["n_outlets"].iloc[0] == own["n_outlets"].iloc[1:].sum()
    assert own["value"].iloc[1:].min() < own["value"].iloc[0] < own["value"].iloc[1:].max()


@pytest.mark.slow
def test_listed_outlets_count_as_ukrainian_where_camps_are_as_before(data):
    listed = data.outlets["basis"].str.contains(selection.LISTED)
    assert set(data.outlets.loc[listed, "camp"]) == {"undisclosed"}
    found = selection.camps_settled(data)
    n = found["n_articles"].filter(like="all_events").tolist()
    assert n[1] > n[0] > n[2]
    assert np.ptp(found["value"].filter(like="new_events")) < 0.05
