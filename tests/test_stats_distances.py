import numpy as np
import pandas as pd
import pytest

from defection_framing import stats
from defection_framing.settings import SEED


def _tellings(gap, seed=0):
    rng = np.random.default_rng(seed)
    rows = [(f"e{e}", f"o{e}{i}", i % 2) for e in range(8) for i in range(8)]
    table = pd.DataFrame(rows, columns=["cluster", "outlet", "camp"])
    vectors = rng.normal(size=(len(table), 10))
    vectors[:, 0] += gap * table["camp"]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), table


def test_separation_sees_a_gap_and_not_its_absence():
    apart, p = stats.separation(*_tellings(3.0), "camp", draws=200)
    assert (apart["value"] > 0).all() and p < 0.02
    _, p_none = stats.separation(*_tellings(0.0), "camp", draws=200)
    assert p_none > 0.05


def _event(angles, camps, outlets="abcdefgh", event="e"):
    """Articles on one event, at these angles in the plane."""
    angle = np.radians(angles)
    table = pd.DataFrame(
        {"cluster": event, "outlet": list(outlets[: len(angles)]), "camp": list(camps)}
    )
    return np.column_stack([np.cos(angle), np.sin(angle)]), table


def test_separation_is_the_distance_between_less_that_within():
    # R at 0 and 60 degrees, U at 90 and 180. Within: 1 - cos 60 = 1/2, 1 - cos 90 = 1; mean 3/4.
    # Between: 1 - cos of 90, 180, 30, 120 = 1, 2, 1 - 0.8660, 1.5; mean 1.158494.
    table, _ = stats.separation(*_event([0, 60, 90, 180], "RRUU"), "camp", draws=5)
    assert table.index.tolist() == ["e"] and table.index.name == "event"
    assert table.loc["e", "within"] == pytest.approx(0.75)
    assert table.loc["e", "value"] == pytest.approx(1.158494 - 0.75, abs=1e-6)
    assert table.loc["e", "n_articles"] == 4


def test_events_are_sorted_by_separation_and_those_with_too_few_articles_are_left_out():
    parts = [
        _event([0, 10, 90, 100], "RRUU", event="far"),
        _event([0, 90, 10, 100], "RRUU", event="near"),
        _event([0, 10, 90], "RRU", event="a camp has one"),
        _event([0, 10, 90], "RRR", event="one camp"),
    ]
    vectors, table = np.vstack([v for v, _ in parts]), pd.concat([t for _, t in parts])
    got, p = stats.separation(vectors, table, "camp", draws=20)
    assert got.index.tolist() == ["near", "far"]
    assert got["value"].is_monotonic_increasing
    nothing, p = stats.separation(vectors[8:], table[8:], "camp", draws=20)
    assert nothing.empty and np.isnan(p)
    assert list(nothing.columns) == ["value", "within", "n_articles"]


def test_camps_are_shuffled_over_the_outlets_of_each_event():
    # Four outlets, two in each camp: of the six ways to divide them, two give what is seen.
    vectors, table = _event([0, 10, 90, 100], "RRUU")
    _, p = stats.separation(vectors, table, "camp", draws=3000)
    assert p == pytest.approx(1 / 3, abs=0.03)
    # One outlet in each camp: there is but one way, however many articles it has.
    vectors, table = _event([0, 10, 20, 90, 100, 110], "RRRUUU", outlets="aaabbb")
    assert stats.separation(vectors, table, "camp", draws=50)[1] == 1


def _apart(distance, first):
    """Mean distance between two groups minus the mean of those within, pair by pair."""
    pairs = [(i, j) for i in range(len(first)) for j in range(i)]
    kinds = {True: [], False: []}
    own = {True: [], False: []}
    for i, j in pairs:
        kinds[bool(first[i] == first[j])].append(distance[i, j])
        if first[i] == first[j]:
            own[bool(first[i])].append(distance[i, j])
    if len(set(first)) < 2:
        return 0.0
    return np.mean(kinds[False]) - np.mean([np.mean(x) for x in own.values() if x])


def test_the_p_is_that_of_shuffles_recomputed_one_by_one():
    rng = np.random.default_rng(3)
    parts = [
        _event(rng.uniform(0, 120, 7), "RRRRUUU", outlets="aabbcdd", event="e"),
        _event(rng.uniform(0, 120, 5), "RRUUU", outlets="abccd", event="f"),
        _event(rng.uniform(0, 120, 4), "RRUU", outlets="aaaa", event="g"),
    ]
    vectors, table = np.vstack([v for v, _ in parts]), pd.concat([t for _, t in parts])
    got, p = stats.separation(vectors, table, "camp", draws=60)
    shuffle, null, start = np.random.default_rng(SEED), np.zeros(60), 0
    for event, (own, rows) in zip("efg", parts, strict=True):
        distance = 1 - own @ own.T
        camp = (rows["camp"] == "R").to_numpy()
        assert got.loc[event, "value"] == pytest.approx(_apart(distance, camp))
        outlet = pd.factorize(rows["outlet"])[0]
        first = camp[np.unique(outlet, return_index=True)[1]]
        null += [_apart(distance, shuffle.permutation(first)[outlet]) for _ in range(60)]
        start += len(rows)
    expected = (1 + (null / 3 >= got["value"].mean()).sum()) / 61
    assert p == pytest.approx(expected)
