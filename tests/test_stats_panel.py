import numpy as np
import pandas as pd
import pytest

from defection_framing import stats
from synthetic import claims

BY = ["camp", "direction"]
GROUPS = pd.MultiIndex.from_product([["Russian", "Ukrainian"], ["ru_to_ua", "ua_to_ru"]], names=BY)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def table():
    return claims(3, events=20)


@pytest.fixture(scope="module")
def panel(table):
    return stats.Panel.of(table, "frame", ["camp", "direction", "outlet"])


@pytest.mark.parametrize("weighting", ["event", "article"])
def test_a_panels_shares_are_those_of_its_table(table, panel, weighting):
    one = panel.shares(BY, GROUPS, 20, weighting)
    other = stats.shares(table, "frame", BY, weighting, 20)
    assert one.value == pytest.approx(other.value)
    assert one.draws == pytest.approx(other.draws, nan_ok=True)
    assert one.n.to_numpy().tolist() == other.n.to_numpy().tolist()
    assert list(one.codes) == list(other.codes)
    assert len(panel.shares(BY, GROUPS).draws) == stats.DRAWS
    unasked = panel.shares(BY, GROUPS, 1)
    assert unasked.value.tolist() == panel.shares(BY, GROUPS, 1, "event").value.tolist()


def test_a_panel_knows_its_articles_claims_and_labels(table, panel):
    articles = table.groupby("article_id", sort=True)
    assert len(panel) == articles.ngroups
    assert panel.claims.tolist() == articles.size().tolist()
    assert panel.labels["outlet"].tolist() == articles["outlet"].first().tolist()
    events = sorted(table["cluster"].unique())
    assert [events[e] for e in panel.event] == articles["cluster"].first().tolist()
    assert panel.codes.sum(1) == pytest.approx(1)


def test_open_codes_are_no_claims_of_a_panel():
    table = pd.DataFrame(
        {
            "article_id": ["a", "a", "b", "c"],
            "cluster": ["e", "e", "e", "f"],
            "frame": pd.Categorical(["x", None, None, "y"]),
            "camp": "Russian",
        }
    )
    panel = stats.Panel.of(table, "frame", ["camp"])
    assert panel.claims.tolist() == [1, 1] and len(panel) == 2


def test_cells_are_positions_in_the_groups_that_are_asked_for(panel):
    one = pd.Index(["ua_to_ru"])
    at = panel.cell(["direction"], one)
    assert (at == np.where(panel.labels["direction"] == "ua_to_ru", 0, -1)).all()
    at = panel.cell(BY, GROUPS[[3]])
    there = (panel.labels["camp"] == "Ukrainian") & (panel.labels["direction"] == "ua_to_ru")
    assert ((at == 0) == there).all() and set(at) == {0, -1}
    within = panel.within(BY, GROUPS[[3]])
    assert len(within) == there.sum() and set(within.labels["camp"]) == {"Ukrainian"}
    assert within.codes.tolist() == panel.codes[there].tolist()


def test_shares_of_some_groups_leave_the_others_out(panel):
    s = panel.shares(BY, GROUPS[[3]], draws=5)
    whole = panel.shares(BY, GROUPS, draws=5)
    assert s.value[0].tolist() == whole.value[3].tolist()
    assert s.n["n_articles"].tolist() == [whole.n["n_articles"].iloc[3]]


def test_taken_articles_keep_their_facts_and_take_new_events(panel):
    rows = np.array([5, 2, 2])
    some = panel.take(rows)
    assert some.event.tolist() == panel.event[rows].tolist()
    assert some.claims.tolist() == panel.claims[rows].tolist()
    assert some.codes.tolist() == panel.codes[rows].tolist()
    assert some.labels["outlet"].tolist() == panel.labels["outlet"][rows].tolist()
    assert some.names is panel.names
    assert panel.take(rows, np.array([7, 8, 9])).event.tolist() == [7, 8, 9]


def _labels(panel, label):
    return pd.DataFrame({"event": panel.event, "value": panel.labels[label]})


def test_a_label_is_shuffled_over_whole_events(panel):
    shuffled = panel.shuffled("direction", rng())
    before, after = (_labels(p, "direction").drop_duplicates() for p in (panel, shuffled))
    # an event has one label, as before
    assert len(after) == len(before) == len(set(panel.event))
    assert sorted(after["value"]) == sorted(before["value"])
    assert (shuffled.labels["direction"] != panel.labels["direction"]).any()
    assert all(shuffled.labels[o] is panel.labels[o] for o in ("camp", "outlet"))
    assert shuffled.codes is panel.codes and shuffled.event is panel.event


def test_an_event_of_two_labels_is_shuffled_as_two():
    table = claims(3, events=20, coverage=1)
    panel = stats.Panel.of(table, "frame", ["camp", "direction", "outlet"])
    after = _labels(panel.shuffled("camp", rng()), "camp")
    pairs = panel.event * 2 + (panel.labels["camp"] == "Russian")
    assert (after.groupby(pairs)["value"].nunique() == 1).all()
    # 40 units share out 20 labels of each camp; some events now have but one
    assert after.groupby(pairs)["value"].first().value_counts().tolist() == [20, 20]
    assert (after.groupby("event")["value"].nunique() == 1).any()


def _contents(panel, event):
    """The articles of an event in their order, whatever its number."""
    rows = panel.event == event
    return np.column_stack([panel.codes[rows], panel.claims[rows]]).tolist()


def test_redrawn_panels_hold_as_many_whole_events(panel):
    redrawn = panel.resample(np.zeros(len(panel), int), rng())
    events = np.unique(panel.event)
    assert np.unique(redrawn.event).tolist() == list(range(len(events)))
    originals = [_contents(panel, e) for e in events]
    picks = np.random.default_rng(0).integers(len(events), size=len(events))
    assert [_contents(redrawn, i) for i in range(len(events))] == [originals[i] for i in picks]
    # an event that is drawn twice is two
    assert len(set(picks)) < len(events)


def test_drawn_panels_hold_so_many_events_of_each_group(panel):
    cell = panel.cell(["direction"], pd.Index(["ru_to_ua", "ua_to_ru"]))
    drawn = panel.resample(cell, rng(), 30)
    directions = pd.Series(drawn.labels["direction"]).groupby(drawn.event)
    assert (directions.nunique() == 1).all() and len(directions) == 60
    assert directions.first().value_counts().to_dict() == {"ru_to_ua": 30, "ua_to_ru": 30}
    known = [_contents(panel, e) for e in np.unique(panel.event)]
    assert all(_contents(drawn, e) in known for e in np.unique(drawn.event))
    assert len({str(_contents(drawn, e)) for e in np.unique(drawn.event)}) > 10


def test_an_event_told_by_two_groups_is_drawn_for_each_by_itself(panel):
    drawn = panel.resample(panel.cell(BY, GROUPS), rng(1), 5)
    cells = pd.Series(list(zip(drawn.labels["camp"], drawn.labels["direction"], strict=True)))
    assert (cells.groupby(drawn.event).nunique() == 1).all()
    assert cells.groupby(drawn.event).first().value_counts().tolist() == [5] * 4


def test_groups_that_are_not_asked_for_are_not_drawn(panel):
    drawn = panel.resample(panel.cell(["camp"], pd.Index(["Russian"])), rng(), 4)
    assert set(drawn.labels["camp"]) == {"Russian"} and len(np.unique(drawn.event)) == 4


def test_a_panel_without_the_groups_draws_nothing(panel):
    nobody = panel.within(["camp"], pd.Index(["nobody"]))
    assert len(nobody) == 0
    for one in (panel, nobody):
        assert len(one.resample(np.full(len(one), -1), rng(), 4)) == 0
        assert len(one.resample(np.full(len(one), -1), rng())) == 0


def test_a_group_of_one_event_is_drawn_from_it(panel):
    only = panel.take(np.flatnonzero(panel.event == 0), np.zeros((panel.event == 0).sum(), int))
    assert len(only.resample(np.zeros(len(only), int), rng(), 3)) == 3 * len(only)
