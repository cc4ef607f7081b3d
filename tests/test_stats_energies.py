"""Relational and directional energies: known values, no bias, calibrated tests."""

import itertools
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from defection_framing import stats
from defection_framing.stats.energies import HALVES, energies, energy_test
from defection_framing.stats.weighted import Shares, resampled
from strategies import FEW
from synthetic import claims

MODULE = sys.modules["defection_framing.stats.energies"]
CELLS = ["1 toward", "1 away", "2 toward", "2 away"]
QUICK = {"bootstraps": 39, "sets": 9}


def _shares(sums, mass, draws=60):
    """Shares of four cells by what each event adds to them; the event is what is redrawn."""
    sums, mass = np.asarray(sums, float), np.asarray(mass, float)
    times = resampled(len(mass), draws, 1)
    with np.errstate(invalid="ignore"):
        drawn = np.einsum("be,egk->bgk", times, sums) / (times @ mass)[:, :, None]
        value = sums.sum(0) / mass.sum(0)[:, None]
    n = pd.DataFrame({"n_events": (mass > 0).sum(0)}, CELLS)
    codes = pd.RangeIndex(sums.shape[2])
    return Shares(pd.Index(CELLS), codes, value, drawn, n, sums, mass)


def _random(seed, events=14, codes=3, shared=True, **shifts):
    """Shares of events in one direction each; by both camps (`shared`) or by one.

    Each half of the contrast is shifted by what is asked.
    """
    rng = np.random.default_rng(seed)
    mass = np.zeros((events, 4))
    of_direction = np.array([[0, 3], [1, 2]])[np.arange(events) % 2]  # toward 1 is away from 2
    for e, pair in enumerate(of_direction):
        told = pair if shared and e % 3 else pair[[e // 2 % 2]]
        mass[e, told] = rng.choice([1, 2], len(told)) if shared else 1
    level = rng.normal(0, 0.2, (events, 1, codes)) + rng.normal(0, 0.1, (events, 4, codes))
    for half, shift in shifts.items():
        level = level + np.array(HALVES[half])[:, None] * np.asarray(shift)
    return _shares(mass[:, :, None] * level, mass)


def _by_pairs(s, c):
    """The energy by its definition: means over pairs of distinct events, one pair at a time."""
    origin = s.value.mean(0)
    total = 0.0
    for g, h in itertools.product(range(4), repeat=2):
        top = bottom = 0.0
        for e, f in itertools.permutations(range(len(s.mass)), 2):
            one, other = (s.sums[i, j] - s.mass[i, j] * origin for i, j in ((e, g), (f, h)))
            top += one @ other
            bottom += s.mass[e, g] * s.mass[f, h]
        total += c[g] * c[h] * top / bottom
    return total


# The value


def test_events_that_are_alike_give_the_squared_length_of_the_halves():
    # Camp 1: 0.5 toward, 0.1 away; camp 2: 0.3 toward, 0.2 away. Contrasts 0.4 and 0.1.
    mass = np.tile(np.eye(4), (8, 1))
    s = _shares(mass[:, :, None] * np.array([0.5, 0.1, 0.3, 0.2])[:, None], mass)
    table = energies(s, CELLS, **QUICK)
    assert list(table.index) == ["relational", "directional"]
    assert table["value"].tolist() == pytest.approx([0.25**2, 0.15**2])
    # redrawn events say the same, so nothing is unsure
    assert table["low"].tolist() == pytest.approx([0.25**2, 0.15**2])
    assert table["high"].tolist() == pytest.approx([0.25**2, 0.15**2])
    assert energy_test(s, CELLS, "relational", 39, 9)[1] == 1 / 40


@pytest.mark.parametrize("shared", [True, False])
def test_values_are_means_over_pairs_of_distinct_events(shared):
    s = _random(4, shared=shared, relational=[0.3, -0.2, 0])
    table = energies(s, CELLS, **QUICK)
    for half, c in HALVES.items():
        assert table.loc[half, "value"] == pytest.approx(_by_pairs(s, c))


@pytest.mark.slow
def test_values_have_no_bias_though_camps_tell_the_same_events():
    plain, got = [], []
    for seed in range(200):
        s = _random(seed, events=16, directional=[0.2, -0.1, 0], relational=[0.1, 0.1, 0])
        got.append(energies(s, CELLS, bootstraps=1, sets=0)["value"])
        plain.append([((np.array(c) @ s.value) ** 2).sum() for c in HALVES.values()])
    truth = np.array([0.02, 0.05])
    off = np.mean(got, axis=0) - truth
    assert (np.abs(off) < 3 * np.std(got, axis=0) / 200**0.5).all()
    assert (np.mean(plain, axis=0) - truth > 0.005).all()
    # what events have in common leaves the relational half and doubles in the directional
    assert np.mean(plain, axis=0)[1] - truth[1] > 1.3 * (np.mean(plain, axis=0)[0] - truth[0])


@pytest.mark.slow
@FEW
@given(st.integers(0, 10**6), st.booleans())
def test_the_first_camp_may_be_either_and_turned_directions_exchange_the_halves(seed, shared):
    s = _random(seed, shared=shared)
    one = energies(s, CELLS, **QUICK)
    swapped = energies(s, CELLS[2:] + CELLS[:2], **QUICK)
    turned = energies(s, [*CELLS[:2], CELLS[3], CELLS[2]], **QUICK)
    backward = energies(s, CELLS[::-1], **QUICK)
    for other, halves in (
        (swapped, ["relational", "directional"]),
        (turned, ["directional", "relational"]),
        (backward, ["relational", "directional"]),
    ):
        columns = ["value", "low", "high"]
        assert other.loc[halves, columns].to_numpy() == pytest.approx(one[columns].to_numpy())


@FEW
@given(st.integers(0, 10**6), st.floats(-5, 5))
def test_what_all_cells_have_more_of_does_not_matter(seed, more):
    s = _random(seed)
    other = _shares(s.sums + more * s.mass[:, :, None], s.mass)
    pd.testing.assert_frame_equal(energies(s, CELLS, **QUICK), energies(other, CELLS, **QUICK))


def test_one_half_says_nothing_of_the_other():
    s, c = _random(6, shared=False, events=24), np.array(HALVES["directional"])
    shift = np.outer(c, [0.4, -0.3, 0.1])
    other = _shares(s.sums + s.mass[:, :, None] * shift, s.mass)
    one, more = energies(s, CELLS, **QUICK), energies(other, CELLS, **QUICK)
    pd.testing.assert_series_equal(one.loc["relational"], more.loc["relational"])
    assert more.loc["directional", "value"] > one.loc["directional", "value"] + 0.1


def test_without_two_events_in_each_cell_there_is_nothing():
    mass = np.tile(np.eye(4), (3, 1))
    mass[[3, 7]] = 0
    s = _shares(np.random.default_rng(1).random((12, 4, 2)) * mass[:, :, None], mass)
    assert energies(s, CELLS, **QUICK).isna().all(axis=None)
    assert energies(s, [*CELLS[:3], "none"], **QUICK).isna().all(axis=None)


# The tests


@pytest.mark.parametrize("half", list(HALVES))
def test_the_raw_p_is_that_of_bootstraps_by_hand(half, monkeypatch):
    monkeypatch.setattr(MODULE, "SEED", 5)
    s, c = _random(9, events=10, **{half: [0.05, -0.05, 0]}), np.array(HALVES[half])
    observed, reach, known = _by_pairs(s, c), 0, 0
    contrast = c @ s.value
    centred = s.sums - s.mass[:, :, None] * s.value.mean(0)
    # the nearest shares without the half: half of it from each of the four cells
    null = centred - s.mass[:, :, None] * (np.sign(c)[:, None] * contrast / 2)
    for counts in resampled(10, 39, 5).astype(int):
        rows = np.repeat(np.arange(10), counts)
        if (s.mass[rows] > 0).sum(0).min() < 2:
            continue
        sums, mass = null[rows], s.mass[rows]
        energy = 0.0
        for g, h in itertools.product(range(4), repeat=2):
            products = sums[:, g] @ sums[:, h].T
            pairs = np.outer(mass[:, g], mass[:, h])
            off = ~np.eye(len(rows), dtype=bool)
            energy += c[g] * c[h] * products[off].sum() / pairs[off].sum()
        known += 1
        reach += energy >= observed
    assert energy_test(s, CELLS, half, 39, 0)[1] == pytest.approx((1 + reach) / (1 + known))
    assert 0 < reach < known < 39  # some draws leave a cell one event


def test_p_is_the_share_of_data_sets_without_the_half_whose_raw_p_is_as_small(monkeypatch):
    monkeypatch.setattr(MODULE, "SEED", 5)
    s = _random(9, events=20, directional=[0.05, 0, 0])
    p, raw = energy_test(s, CELLS, "directional", 9, 90)
    rng, others, c = np.random.default_rng(5), [], np.array(HALVES["directional"])
    null = s.sums - s.mass[:, :, None] * (np.sign(c)[:, None] * (c @ s.value) / 2)
    for _ in range(90):
        rows = rng.integers(20, size=20)
        if (s.mass[rows] > 0).sum(0).min() > 1:
            drawn = _shares(null[rows], s.mass[rows])
            others.append(energy_test(drawn, CELLS, "directional", 9, 0)[1])
    below = np.array(others) <= raw
    assert p == pytest.approx((1 + below.sum()) / (1 + len(below)))
    assert 0 < below.sum() < len(below) and raw in others  # as small is enough


def test_a_planted_half_is_found_and_the_other_is_not():
    for half, other in itertools.permutations(HALVES):
        table = claims(5, events=120, **{half: 0.3})
        s = stats.shares(table, "frame", ["camp", "direction"], draws=300)
        cells = list(itertools.product(["Russian", "Ukrainian"], ["ua_to_ru", "ru_to_ua"]))
        cells[2:] = cells[:1:-1]  # toward it, then away
        found = energies(s, cells, 199, 99)
        assert found.loc[half, "p"] <= 0.03
        assert found.loc[half, "low"] > 0.01 and found.loc[other, "p"] > 0.1
        assert found.loc[other, "low"] == 0 and found.loc[other, "high"] < 0.02


def _thin(rng, scale=0.35):
    """Shares without either half, the away cells small and of large variance."""
    mass = np.zeros((50, 4))
    for cell, events in enumerate([range(25), range(25, 32), range(22, 42), range(42, 50)]):
        mass[events, cell] = 1
    values = rng.normal(0, np.array([0.1, scale, 0.1, scale])[:, None], (50, 4, 4))
    return _shares(mass[:, :, None] * values, mass, 2)


@pytest.mark.slow
def test_the_calibrated_test_keeps_its_level_in_small_cells_that_vary_more():
    rng = np.random.default_rng(2)
    p = np.array([energy_test(_thin(rng), CELLS, "directional", 99, 99) for _ in range(200)])
    calibrated, raw = (p <= 0.05).mean(0)
    assert calibrated < 0.085 and calibrated <= raw
    assert 0.4 < (p[:, 0] <= 0.5).mean() < 0.6


# The interval


def test_the_ends_of_the_interval_are_where_the_observed_energy_becomes_unusual():
    s = _random(3, events=30, relational=[0.5, -0.5, 0.2])
    s = _shares(s.sums, s.mass, 400)
    found, c = energies(s, CELLS, **QUICK).loc["relational"], np.array(HALVES["relational"])
    contrast, drawn = c @ s.value, np.einsum("g,bgk->bk", c, s.draws)
    noise = drawn - drawn.mean(0)
    for end, tail in (("low", 0.975), ("high", 0.025)):
        length = np.sqrt(found[end] / (contrast @ contrast))
        under = ((length * contrast + noise) ** 2).sum(1) - (noise**2).sum(1).mean()
        assert np.quantile(under, tail) == pytest.approx(found["value"])
    assert 0 < found["low"] < found["value"] < found["high"]


def test_the_interval_is_of_the_draws_of_shares_with_the_uncertainty_of_codes_in_them():
    s = _random(3, events=30, relational=[0.5, -0.5, 0.2])
    noise = np.random.default_rng(1).normal(0, 0.2, s.draws.shape)
    unsure = Shares(s.groups, s.codes, s.value, s.draws + noise, s.n, s.sums, s.mass)
    one, other = (energies(x, CELLS, **QUICK).loc["relational"] for x in (s, unsure))
    assert other["value"] == one["value"] and other["p"] == one["p"]
    assert other["low"] < one["low"] and other["high"] > one["high"]


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 0.1, 0.5])
def test_intervals_hold_the_energy(size):
    held, shift = [], size * np.array([0.8, -0.5, -0.3])
    for seed in range(150):
        s = _random(seed, events=48, directional=shift)
        s = _shares(s.sums, s.mass, 200)
        found = energies(s, CELLS, bootstraps=1, sets=0).loc["directional"]
        held.append(found["low"] <= shift @ shift <= found["high"])
    assert 0.9 < np.mean(held) <= 1


def test_the_p_of_an_energy_is_the_calibrated_one_of_its_half():
    s = _random(21, relational=[0.05, 0, 0], directional=[0.03, 0, 0])
    found = energies(s, CELLS, **QUICK)
    tests = {half: energy_test(s, CELLS, half, **QUICK) for half in HALVES}
    assert found["p"].to_dict() == {half: p for half, (p, _) in tests.items()}
    assert any(p != raw for p, raw in tests.values())
    more = {half: energy_test(s, CELLS, half, QUICK["bootstraps"], 19)[0] for half in HALVES}
    assert energies(s, CELLS, QUICK["bootstraps"], 19)["p"].to_dict() == more


@pytest.mark.parametrize("events", [1, 2])
def test_an_energy_takes_two_events_in_each_cell(events):
    mass = np.ones((6, 4))
    mass[events:, 3] = 0
    s = _shares(mass[:, :, None] * np.random.default_rng(3).random((6, 4, 2)), mass)
    found = energies(s, CELLS, **QUICK)
    assert list(found.columns) == ["value", "low", "high", "p"]
    assert found["value"].notna().all() == (events == 2)
