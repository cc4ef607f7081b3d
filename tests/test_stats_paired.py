"""Paired differences of the same events: means, flips, intervals, clusters."""

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from defection_framing.settings import SEED
from defection_framing.stats import paired
from defection_framing.stats.paired import Pairs, paired_contrast
from strategies import FEW


def _pairs(differences, stratum, draws=None, counts=None):
    """Pairs of differences (E,) or (E, K), sure of their codes unless there are draws."""
    d = np.array(differences, dtype=float)
    d = d[:, None] if d.ndim == 1 else d
    draws = np.zeros((0, *d.shape)) if draws is None else draws
    counts = np.zeros((len(draws), len(d))) if counts is None else counts
    codes = pd.Index([f"c{k}" for k in range(d.shape[1])])
    return Pairs(pd.RangeIndex(len(d)), np.array(stratum, int), d, draws, counts, codes)


def _random(seed, events, codes=1, half=None):
    """Random differences with many zeros; the second stratum is the larger one."""
    rng = np.random.default_rng(seed)
    d = rng.choice([0, 0, 1, 0.5, -0.25], size=(events, codes)) + 0.1 * rng.random((events, codes))
    return _pairs(d, np.arange(events) >= (half or events // 3))


# The mean


def test_events_weigh_the_same_within_a_stratum_and_strata_the_same():
    pairs = _pairs([1, 0, 0.5, -0.2], [0, 0, 0, 1])
    # (1 + 0 + 0.5) / 3 = 0.5 and -0.2: their mean is 0.15, that of events would be 0.325
    assert paired.paired_mean(pairs) == pytest.approx([0.15])
    table = paired_contrast(pairs)
    assert table.loc["c0", ["value", "value_0", "value_1"]].tolist() == pytest.approx(
        [0.15, 0.5, -0.2]
    )
    assert table.loc["c0", ["n_events", "n_0", "n_1"]].tolist() == [4, 3, 1]


def test_a_stratum_alone_gives_its_own_mean():
    assert paired.paired_mean(_pairs([0.2, 0.4], [7, 7])) == pytest.approx([0.3])
    assert paired_contrast(_pairs([0.2, 0.4], [7, 7])).loc["c0", "n_7"] == 2


def test_events_are_counted_by_the_sign_of_what_is_more_than_alike():
    table = paired_contrast(_pairs([1, 0.03, 0.02, 0, -0.02, -0.021], [0, 0, 0, 1, 1, 1]))
    assert table.loc["c0", ["positive", "negative", "alike"]].tolist() == [2, 1, 3]


@FEW
@given(st.integers(0, 10**6), st.integers(4, 9))
def test_the_other_telling_first_turns_all_signs_and_the_order_of_events_does_not_matter(seed, n):
    pairs, order = _random(seed, n, codes=2), np.random.default_rng(seed).permutation(n)
    one = paired_contrast(pairs)
    turned = paired_contrast(_pairs(-pairs.differences, pairs.stratum))
    assert turned["value"].to_numpy() == pytest.approx(-one["value"].to_numpy())
    assert turned["p"].to_numpy() == pytest.approx(one["p"].to_numpy())
    for low, high in (("low", "high"), ("low90", "high90")):
        assert turned[low].to_numpy() == pytest.approx(-one[high].to_numpy(), nan_ok=True)
    assert turned["positive"].tolist() == one["negative"].tolist()
    mixed = paired_contrast(_pairs(pairs.differences[order], 5 - pairs.stratum[order] * 3))
    same = ["value", "p", "positive", "negative", "alike"]
    assert mixed[same].to_numpy() == pytest.approx(one[same].to_numpy())
    assert mixed["value_5"].to_numpy() == pytest.approx(one["value_0"].to_numpy())


# The test


def _weighted(stratum):
    """Statistic of two tellings for scipy, events in the last axis."""
    stratum = np.asarray(stratum)

    def statistic(one, other, axis):
        d = np.moveaxis(one - other, axis, -1)
        return np.mean([d[..., stratum == s].mean(-1) for s in np.unique(stratum)], axis=0)

    return statistic


@pytest.mark.parametrize("seed", range(4))
def test_p_is_that_of_an_independent_exact_test(seed):
    rng, stratum = np.random.default_rng(seed), [0, 0, 0, 1, 1, 1, 1, 1, 1]
    one, other = rng.choice([0, 0.5, 1], size=(2, 9))
    one[:4] += 0.3
    other[8] -= 0.45  # a small stratum and a large one, and not one size
    expected = scipy.stats.permutation_test(
        (one, other), _weighted(stratum), permutation_type="samples", n_resamples=np.inf
    )
    got = paired_contrast(_pairs(one - other, stratum)).loc["c0"]
    assert got["value"] == pytest.approx(expected.statistic)
    assert got["p"] == pytest.approx(expected.pvalue)


def test_random_flips_come_close_to_the_exact_test():
    d, stratum = np.linspace(-0.37, 0.91, 14), np.arange(14) % 3 > 0
    exact = paired_contrast(_pairs(d, stratum)).loc["c0", "p"]
    drawn = paired_contrast(_pairs(d, stratum), flips=10_000).loc["c0", "p"]
    assert 0.01 < exact < 0.2 and drawn != exact
    assert drawn == pytest.approx(exact, abs=0.01)
    # the observed signs are one of the flips
    assert (drawn * 10_001) % 1 == pytest.approx(0, abs=1e-6)
    assert paired_contrast(_pairs(np.ones(40), np.arange(40) % 2), flips=99).loc["c0", "p"] == 0.01


def test_what_a_posterior_leaves_of_a_code_breaks_no_tie():
    dust = np.array([0.9, 0.8, 0.7, 0.6, 0.0005, -0.0004, 0.0003, 0.0002])
    stratum = [0, 0, 1, 1, 0, 0, 1, 1]
    with_dust, without = (_pairs(d, stratum) for d in (dust, np.round(dust, 2)))
    assert paired_contrast(with_dust).loc["c0", "p"] == 2 / 2**4
    assert paired_contrast(without).loc["c0", "p"] == 2 / 2**4
    assert paired.joint_test(with_dust)[1] == 2 / 2**4


def test_every_difference_counts_where_none_is_taken_for_none():
    dust = _pairs([0.9, 0.8, 0.7, 0.6, 0.0005, 0.0004, 0.0003, 0.0002], [0, 0, 1, 1, 0, 0, 1, 1])
    got = paired_contrast(dust, alike=0)
    assert got.loc["c0", "p"] == 2 / 2**8 and got.loc["c0", "positive"] == 8
    assert paired.joint_test(dust, alike=0)[1] == 2 / 2**8


def test_percentiles_are_those_of_redrawn_events():
    d, stratum = np.array([0.1, 0.5, 0.9, 0.2]), np.array([0, 0, 1, 1])
    counts = np.array([[2, 0, 1, 1], [1, 1, 0, 2], [0, 2, 2, 0]])
    draws = np.broadcast_to(d[None, :, None], (3, 4, 1))
    means = [(0.1 + 0.55) / 2, (0.3 + 0.2) / 2, (0.5 + 0.9) / 2]
    got = paired.percentiles(_pairs(d, stratum, draws, counts))
    assert got == pytest.approx(np.percentile(means, [2.5, 97.5])[None])
    assert np.isnan(paired.percentiles(_pairs(np.zeros((0, 2)), []))).tolist() == [[True] * 2] * 2


def test_p_of_hand():
    # four of 2^4 flips reach |0.5|: strata (1, 0) and (0.5, 0.5), weights 1/4 each
    got = paired_contrast(_pairs([1, 0, 0.5, 0.5], [0, 0, 1, 1]))
    assert got.loc["c0", "p"] == 2 / 8  # the event without a difference is not flipped
    assert paired_contrast(_pairs([0, 0, 0, 0], [0, 0, 1, 1])).loc["c0", "p"] == 1


@pytest.mark.parametrize("scale", [1, 3])
def test_the_joint_test_is_that_of_all_flips_by_hand(scale):
    pairs = _random(3, 8, codes=3)
    pairs.differences[:, 2] = 0  # a code that differs nowhere
    pairs.differences[np.abs(pairs.differences) < 0.1] = 0  # none at any scale
    weights = np.where(pairs.stratum, 1 / 6, 1 / 2) / 2
    parts = weights[:, None] * pairs.differences[:, :2]
    s = np.sqrt((parts**2).sum(0))
    flips = [
        (((np.array(signs) @ parts) / s) ** 2).sum()
        for signs in itertools.product([1, -1], repeat=8)
    ]
    statistic, p = paired.joint_test(_pairs(pairs.differences * scale, pairs.stratum))
    assert statistic == pytest.approx(flips[0])
    assert p == np.mean(np.array(flips) >= flips[0] - 1e-9)


def test_the_joint_test_of_one_code_is_the_test_of_that_code_and_its_unit_does_not_matter():
    pairs = _random(5, 9, codes=2)
    pairs.differences[np.abs(pairs.differences) < 0.1] = 0
    one = _pairs(pairs.differences[:, 0], pairs.stratum)
    assert paired.joint_test(one)[1] == pytest.approx(paired_contrast(one).loc["c0", "p"])
    scaled = _pairs(pairs.differences * [1, 3], pairs.stratum)
    assert paired.joint_test(scaled) == pytest.approx(paired.joint_test(pairs))


def test_the_joint_test_takes_flips_of_whole_events():
    # Two codes that always differ together: were codes flipped apart, p would be half as large.
    d = np.array([0.5, 0.4, 0.3, 0.6, 0.2])
    pairs = _pairs(np.column_stack([d, -d]), [0, 0, 1, 1, 1])
    assert paired.joint_test(pairs)[1] == 2 / 2**5


def test_a_planted_difference_is_found_and_its_absence_is_not():
    rng = np.random.default_rng(8)
    stratum = np.repeat([0, 1], [10, 20])
    d = np.column_stack([rng.random(30) < 0.5, rng.choice([-1, 0, 0, 0, 1], 30)])
    table = paired_contrast(_pairs(d, stratum))
    assert table.loc["c0", "p"] < 0.001 and table.loc["c0", "low"] > 0.2
    assert table.loc["c1", "p"] > 0.05 and table.loc["c1", "low"] < 0 < table.loc["c1", "high"]


@pytest.mark.slow
def test_tests_keep_their_level_where_the_tellings_are_exchangeable():
    rng, p, joint = np.random.default_rng(1), [], []
    for _ in range(200):
        d = rng.choice([0, 0, 0.2, 1], size=(14, 4)) * rng.choice([-1, 1], size=(14, 1))
        pairs = _pairs(d, np.arange(14) >= 5)
        p.append(paired_contrast(pairs, flips=199).loc["c0", "p"])
        joint.append(paired.joint_test(pairs, flips=199)[1])
    assert 0.01 < np.mean(np.array(p) <= 0.05) < 0.075
    assert 0.01 < np.mean(np.array(joint) <= 0.05) < 0.075
    assert 0.4 < np.mean(np.array(joint) <= 0.5) < 0.6


# The interval


def test_redraws_draw_events_within_strata():
    stratum = np.array([0, 1, 0, 1, 1])
    counts = paired.resampled_in_strata(stratum, 400, 3)
    assert counts.shape == (400, 5)
    assert (counts[:, stratum == 0].sum(1) == 2).all() and (
        counts[:, stratum == 1].sum(1) == 3
    ).all()
    assert counts.mean(0) == pytest.approx(np.ones(5), abs=0.15) and counts.max() == 3
    assert (counts == paired.resampled_in_strata(stratum, 400, 3)).all()
    assert (counts != paired.resampled_in_strata(stratum, 400, 4)).any()


def _rule(pairs, draws, counts):
    """Interval as the rule says, draw by draw."""
    thetas = []
    for d, n in zip(draws, counts, strict=True):
        of = [
            np.average(d[pairs.stratum == s, 0], weights=n[pairs.stratum == s])
            for s in np.unique(pairs.stratum)
        ]
        thetas.append(np.mean(of))
    value, se = paired.paired_mean(pairs)[0], np.std(thetas, ddof=1)
    df = min(np.unique(pairs.stratum, return_counts=True)[1]) - 1
    return [value + sign * scipy.stats.t.ppf(q, df) * se for q in (0.975, 0.95) for sign in (-1, 1)]


BOUNDS = ["low", "high", "low90", "high90"]


def test_the_interval_is_that_of_its_rule_where_codes_are_sure():
    pairs = _random(2, 19, half=6)
    counts = paired.resampled_in_strata(pairs.stratum, paired.DRAWS, SEED)
    expected = _rule(pairs, np.tile(pairs.differences, (len(counts), 1, 1)), counts)
    assert -1 < expected[0] < expected[1] < 1
    assert paired_contrast(pairs).loc["c0", BOUNDS].tolist() == pytest.approx(expected)


def test_the_interval_carries_the_uncertainty_of_codes_under_the_counts_that_they_have():
    sure, rng = _random(2, 19, half=6), np.random.default_rng(1)
    counts = paired.resampled_in_strata(sure.stratum, 300, 5)
    # codes that follow the counts: other counts would give another spread
    draws = sure.differences + 0.5 * (counts[:, :, None] - 1) + rng.normal(0, 0.1, (300, 19, 1))
    pairs = _pairs(sure.differences, sure.stratum, draws, counts)
    got = paired_contrast(pairs).loc["c0"]
    assert got[BOUNDS].tolist() == pytest.approx(np.clip(_rule(pairs, draws, counts), -1, 1))
    assert got["value"] == paired_contrast(sure).loc["c0", "value"]
    assert got["high"] - got["low"] > 1.2 * np.ptp(
        paired_contrast(sure).loc["c0", ["low", "high"]].to_numpy(float)
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_bounds_do_not_leave_the_scale(sign):
    d = sign * np.array([1, 1, 1, 0] * 2)
    low, high, low90, high90 = paired_contrast(_pairs(d, [0] * 4 + [1] * 4)).loc["c0", BOUNDS]
    ends = [low, low90, high90, high] if sign > 0 else [-high, -high90, -low90, -low]
    assert ends[3] == 1 and 0 < ends[0] < ends[1] < 0.75


def test_every_code_has_its_own_row_whatever_stands_beside_it():
    pairs = _random(11, 12, codes=3)
    pairs.differences[:, 1] = 0
    pairs.differences[:2, 1] = 1, -1  # two events differ: too few for an interval
    whole = paired_contrast(pairs)
    for k, code in enumerate(pairs.codes):
        alone = paired_contrast(_pairs(pairs.differences[:, k], pairs.stratum)).loc["c0"]
        assert whole.loc[code].to_dict() == pytest.approx(alone.to_dict(), nan_ok=True)
    assert whole["low"].isna().tolist() == [False, True, False]


def test_random_flips_are_the_same_at_each_call():
    pairs = _random(12, 30)
    assert paired_contrast(pairs, flips=200).equals(paired_contrast(pairs, flips=200))


@pytest.mark.parametrize("stratum", [[0] * 5, [0, 1, 1, 2, 2, 2]])
def test_a_redraw_has_as_many_events_of_a_stratum_as_there_are(stratum):
    stratum = np.array(stratum)
    drawn = paired.resampled_in_strata(stratum, 50, SEED)
    for s in np.unique(stratum):
        assert (drawn[:, stratum == s].sum(1) == (stratum == s).sum()).all()
    assert len(np.unique(drawn, axis=0)) > 2


def test_there_is_no_interval_with_few_events_in_a_stratum_or_few_that_differ():
    def has(differences, stratum):
        bounds = paired_contrast(_pairs(differences, stratum)).loc["c0", BOUNDS]
        assert bounds.isna().all() or bounds.notna().all()
        return bounds.notna().all()

    k = paired.MIN_PAIRS
    assert has([0.5, 0.2] * k, [0, 1] * k)
    assert not has([0.5, 0.2] * k, [0] * (k - 1) + [1] * (k + 1))
    zeros, differ = [0.0] * 20, paired.MIN_DIFFERING
    assert has([0.5] * differ + zeros, np.arange(20 + differ) % 2)
    assert not has([0.5] * (differ - 1) + [0.02] + zeros, np.arange(20 + differ) % 2)
    assert has([-0.5] * differ + zeros, np.arange(20 + differ) % 2)


def test_without_events_there_is_nothing():
    pairs = _pairs(np.zeros((0, 2)), [])
    assert np.isnan(paired.paired_mean(pairs)).all()
    table = paired_contrast(pairs)
    assert table[["value", *BOUNDS, "p"]].isna().all(axis=None) and (table["n_events"] == 0).all()
    assert np.isnan(paired.joint_test(pairs)).all()


# Clusters


def test_clusters_count_as_events_that_are_the_mean_of_theirs():
    d = np.array([1, 0.4, 0.6, 0.2, 0, -0.4, 0.8, 0.3, 0.1, 0.5])
    stratum = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    cluster = np.array([4, 4, 4, 2, 9, 5, 5, 6, 7, 8])
    joined = _pairs([0.2, 2 / 3, 0, 0.2, 0.3, 0.1, 0.5], [0, 0, 0, 1, 1, 1, 1])
    got, expected = paired_contrast(_pairs(d, stratum), cluster), paired_contrast(joined)
    pd.testing.assert_frame_equal(got, expected)
    assert paired.joint_test(_pairs(d, stratum), cluster=cluster) == pytest.approx(
        paired.joint_test(joined)
    )
    # each event a cluster of its own is no cluster
    alone = paired_contrast(_pairs(d, stratum), np.arange(10))
    pd.testing.assert_frame_equal(alone, paired_contrast(_pairs(d, stratum)))


def test_clusters_are_redrawn_whole_with_the_codes_of_their_events():
    rng, stratum = np.random.default_rng(2), np.repeat([0, 1], 8)
    cluster = np.arange(16) // 2
    d = rng.random((16, 1))
    draws = d + rng.normal(0, 0.2, (500, 16, 1))
    got = paired_contrast(_pairs(d, stratum, draws, np.ones((500, 16))), cluster)
    means = np.mean(draws.reshape(500, 8, 2, 1), axis=2)
    joined = _pairs(d.reshape(8, 2).mean(1), np.repeat([0, 1], 4), means)
    counts = paired.resampled_in_strata(joined.stratum, 500, SEED)
    expected = np.clip(_rule(joined, means, counts), -1, 1)
    assert got.loc["c0", BOUNDS].tolist() == pytest.approx(expected)


def test_a_cluster_in_two_strata_counts_in_both_and_is_flipped_as_one():
    pairs, cluster = _pairs([1, 0.5, 1, 0.5], [0, 0, 1, 1]), np.array([3, 1, 3, 2])
    got = paired_contrast(pairs, cluster).loc["c0"]
    assert got[["value", "n_0", "n_1"]].tolist() == [0.75, 2, 2]
    # clusters weigh 0.5, 0.125 and 0.125: two of their eight flips reach 0.75
    assert got["p"] == 2 / 8
    assert paired_contrast(pairs).loc["c0", "p"] == 2 / 16
    # 0.75^2 over 0.5^2 + 2 * 0.125^2
    assert paired.joint_test(pairs, cluster=cluster) == pytest.approx((2, 2 / 8))


def test_where_nothing_differs_nothing_is_found():
    pairs = _pairs(np.zeros((12, 2)), np.arange(12) % 2)
    assert paired.joint_test(pairs) == (0, 1)
    assert (paired_contrast(pairs)["p"] == 1).all()


# The family


def test_holm_by_hand():
    p = pd.Series([0.01, 0.04, 0.03, 0.005], list("abcd"))
    assert paired.holm(p).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert list(paired.holm(p).index) == list("abcd")
    assert paired.holm(pd.Series([0.6, 0.7])).tolist() == [1, 1]


def test_a_missing_p_counts_in_the_family_and_stays_missing():
    got = paired.holm(pd.Series([0.01, np.nan, 0.02]))
    assert got.iloc[[0, 2]].tolist() == pytest.approx([0.03, 0.04]) and np.isnan(got[1])
    assert paired.holm(pd.Series([], dtype=float)).empty


# Coverage, a short run of the simulation that the rule was chosen by


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(6, 14), (20, 20)])
@pytest.mark.parametrize(
    "population", [([0, 1, 0.65], [0.6, 0.3, 0.1]), ([0, 1, -1], [0.8, 0.1, 0.1])]
)
def test_intervals_hold_the_truth(population, sizes):
    rng = np.random.default_rng(6)
    codes, stratum = 60, np.repeat([0, 1], sizes)
    held, refused, truth = [], 0, np.dot(*population)
    for _ in range(10):  # codes are independent here: each is a sample
        d = rng.choice(population[0], p=population[1], size=(sum(sizes), codes))
        table = paired_contrast(_pairs(d, stratum), flips=1)
        refused += table["low"].isna().sum()
        table = table.dropna()
        held += table["low"].le(truth).mul(table["high"].ge(truth)).tolist()
    assert np.mean(held) > 0.915 and refused < 150
