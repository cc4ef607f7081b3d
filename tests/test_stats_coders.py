from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from defection_framing import stats
from defection_framing.stats import coders
from strategies import FEW

CROWDKIT = Path(__file__).parent / "reference/crowdkit_dawid_skene.csv"
"""Codes of three coders (-1: none), and the posterior of crowd-kit 1.4.2 after 3000 steps."""

LEAVING = np.array([0.45, 0.20, 0.15, 0.10, 0.06, 0.04])
COMING = np.array([0.15, 0.35, 0.20, 0.15, 0.10, 0.05])
TRUTH = LEAVING[0] - COMING[0]


def confused(accuracy, rng, size=6):
    """Chances of a coder who is right so often, each code in its own way."""
    wrong = rng.dirichlet(np.ones(size), size) * (1 - np.eye(size))
    return accuracy * np.eye(size) + (1 - accuracy) * wrong / wrong.sum(1, keepdims=True)


def pick(chances, rng):
    """A code for each row of chances."""
    return (chances.cumsum(1) < rng.random((len(chances), 1))).sum(1).clip(max=chances.shape[1] - 1)


def planted(accuracies, n=2000, seed=0):
    """True codes, which of them are of the leaving cell, codings, and the coders' confusions."""
    rng = np.random.default_rng(seed)
    leaving = np.arange(n) < n // 2
    true = pick(np.where(leaving[:, None], LEAVING, COMING), rng)
    confusion = np.array([confused(a, rng) for a in accuracies])
    codes = np.stack([pick(c[true], rng) for c in confusion], axis=1)
    return true, leaving, stats.Coded(codes, 6), confusion


def contrast(hits, leaving, weights=None):
    weights = np.ones(len(hits)) if weights is None else weights
    both = [np.average(hits[cell], weights=weights[cell]) for cell in (leaving, ~leaving)]
    return both[0] - both[1]


def same(first, second, atol=1e-9):
    for name in ("posterior", "confusion", "prevalence"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=atol)


def test_without_a_prior_it_is_crowd_kits(monkeypatch):
    for name in ("RIGHT", "WRONG", "EVEN"):
        monkeypatch.setattr(coders, name, 1e-12)
    table = pd.read_csv(CROWDKIT)
    codes = table.filter(like="coder_").to_numpy()
    monkeypatch.setattr(coders, "TOLERANCE", 0)
    ours = stats.pool(stats.Coded(codes, 3), steps=3000)
    np.testing.assert_allclose(ours.posterior, table.filter(like="posterior_"), atol=2e-9)


def test_a_step_is_that_of_the_formula():
    codes, size = np.array([[0, 0], [0, 1], [1, 1], [1, -1], [2, 2]]), 3
    got = stats.pool(stats.Coded(codes, size), steps=1)
    votes = np.array([[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
    for coder in range(2):
        for true in range(size):
            row = np.where(np.arange(size) == true, coders.RIGHT, coders.WRONG / 2)
            for unit, code in enumerate(codes[:, coder]):
                if code >= 0:
                    row[code] += votes[unit, true]
            assert got.confusion[coder, true] == pytest.approx(row / row.sum())
    share = (votes.sum(0) + coders.EVEN / 3) / (5 + coders.EVEN)
    assert got.prevalence == pytest.approx(share)
    for unit, row in enumerate(codes):
        odds = share.copy()
        for coder, code in enumerate(row):
            odds *= got.confusion[coder, :, code] if code >= 0 else 1
        assert got.posterior[unit] == pytest.approx(odds / odds.sum())


@pytest.mark.parametrize("accuracies", [(0.84,) * 3, (0.7,) * 3, (0.9, 0.6, 0.6), (0.84, 0.84)])
def test_pooled_codes_are_truer_than_one_coders_and_no_less_true_than_the_majority(accuracies):
    right = {"pooled": [], "majority": [], "best": []}
    for seed in range(4):
        true, _, coded, _ = planted(accuracies, seed=seed)
        right["pooled"].append(stats.pool(coded).posterior.argmax(1) == true)
        right["majority"].append(stats.majority(coded) == true)
        right["best"].append(coded.codes[:, 0] == true)
    right = {name: np.mean(hits) for name, hits in right.items()}
    assert right["pooled"] > right["best"] + 0.01
    assert right["pooled"] >= right["majority"] - 0.002


def test_confusions_and_prevalences_come_out_as_planted():
    true, _, coded, confusion = planted((0.84, 0.75, 0.9), n=6000)
    pooled = stats.pool(coded)
    assert np.abs(pooled.confusion - confusion)[:, :4].mean() < 0.015
    assert pooled.prevalence == pytest.approx(np.bincount(true) / 6000, abs=0.02)


def test_a_contrast_of_pooled_codes_is_nearer_the_truth_than_one_coders():
    off = {"pooled": [], "drawn": [], "one": []}
    for seed in range(6):
        true, leaving, coded, _ = planted((0.84,) * 3, seed=seed)
        pooled = stats.pool(coded)
        actual = contrast(true == 0, leaving)
        drawn = stats.draw(pooled, np.random.default_rng(90 + seed))
        off["drawn"].append(contrast(drawn == 0, leaving) - actual)
        off["pooled"].append(contrast(pooled.posterior[:, 0], leaving) - actual)
        off["one"].append(contrast(coded.codes[:, 0] == 0, leaving) - actual)
    off = {name: abs(np.mean(values)) for name, values in off.items()}
    assert off["pooled"] < 0.02 and off["drawn"] < 0.02
    assert off["one"] > 2 * off["drawn"]


def test_a_contrast_of_drawn_codes_leans_to_zero_but_less_than_one_coders():
    off = []
    for seed in range(4):
        true, leaving, coded, _ = planted((0.84, 0.84), n=6000, seed=seed)
        pooled = stats.pool(coded)
        codes = {"drawn": stats.draw(pooled, np.random.default_rng(90 + seed))}
        codes |= {"mode": pooled.posterior.argmax(1), "one": coded.codes[:, 0]}
        actual = contrast(true == 0, leaving)
        off.append([actual - contrast(code == 0, leaving) for code in codes.values()])
    drawn, mode, one = np.mean(off, axis=0)
    assert 0.02 < mode < drawn < one < 0.07


def lean(codes, leaving, who, share, rng):
    """The same codings, of which so many in the leaving cell become code 0, for these coders."""
    codes = codes.copy()
    for unit in np.flatnonzero(leaving & (rng.random(len(codes)) < share)):
        codes[unit, who] = 0
    return stats.Coded(codes, 6)


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_one_coder_of_three_who_leans_moves_pooled_codes_little(share):
    moved, off = [], []
    for seed in range(4):
        true, leaving, coded, _ = planted((0.84,) * 3, n=6000, seed=seed)
        leant = lean(coded.codes, leaving, [2], share, np.random.default_rng(90 + seed))
        found = []
        for some in (coded, leant):
            codes = stats.majority(some) == 0, some.codes[:, 2] == 0
            hits = stats.pool(some).posterior[:, 0], *codes
            found.append([contrast(code, leaving) for code in hits])
        moved.append(np.subtract(*found[::-1]))
        off.append(found[1][0] - contrast(true == 0, leaving))
    pooled, majority, leaning = np.mean(moved, axis=0)
    assert pooled < majority < leaning / 10  # little less than the majority
    assert leaning > share / 2 and abs(np.mean(off)) < 0.015


def test_nothing_corrects_a_prior_that_all_coders_share():
    true, leaving, coded, _ = planted((0.84,) * 3, n=6000)
    leant = lean(coded.codes, leaving, [0, 1, 2], 0.2, np.random.default_rng(1))
    actual = contrast(true == 0, leaving)
    pooled = stats.pool(leant)
    one = contrast(leant.codes[:, 0] == 0, leaving) - actual
    voted = contrast(stats.majority(leant) == 0, leaving) - actual
    model = contrast(pooled.posterior[:, 0], leaving) - actual
    assert min(voted, model) > 0.07
    assert min(voted, model) > one  # each coder's own errors had hidden a part of it
    # and it is sure of what is wrong
    said, was = pooled.posterior.max(1).mean(), (pooled.posterior.argmax(1) == true).mean()
    assert said > was + 0.05


def test_three_coders_know_how_sure_they_are():
    true, _, coded, _ = planted((0.8,) * 3, n=6000)
    posterior = stats.pool(coded).posterior
    assert posterior.max(1).mean() == pytest.approx((posterior.argmax(1) == true).mean(), abs=0.02)


def test_of_two_coders_neither_is_believed_blindly():
    _, _, coded, _ = planted((0.8, 0.8), n=4000)
    pooled = stats.pool(coded, steps=2000)
    right = np.einsum("jkk,k->j", pooled.confusion, pooled.prevalence)
    assert right == pytest.approx([0.8, 0.8], abs=0.06)
    first, second = coded.codes.T
    at = np.flatnonzero(first != second)
    believed = pooled.posterior[at, first[at]].mean(), pooled.posterior[at, second[at]].mean()
    assert believed == pytest.approx([0.45, 0.45], abs=0.1)


def test_a_code_that_nobody_gives_stays_rare():
    codes = planted((0.84, 0.84))[2].codes
    pooled = stats.pool(stats.Coded(codes, 9))
    assert (pooled.prevalence[6:] < 1e-3).all() and (pooled.prevalence > 0).all()
    assert not (pooled.posterior.argmax(1) > 5).any()
    np.testing.assert_allclose(pooled.confusion.sum(2), 1)


def test_a_unit_nobody_coded_has_no_code_and_moves_nothing():
    codes = planted((0.84, 0.7), n=300)[2].codes
    more = stats.Coded(np.vstack([codes, [[-1, -1]]]), 6)
    pooled, without = stats.pool(more), stats.pool(stats.Coded(codes, 6))
    assert np.isnan(pooled.posterior[-1]).all()
    assert stats.draw(pooled, np.random.default_rng(0))[-1] == stats.majority(more)[-1] == -1
    np.testing.assert_allclose(pooled.posterior[:-1], without.posterior)
    np.testing.assert_allclose(pooled.prevalence, without.prevalence)


def test_a_unit_of_one_coder_leans_on_what_he_mistakes():
    codes = planted((0.84, 0.7), n=2000)[2].codes
    pooled = stats.pool(stats.Coded(np.vstack([codes, [[0, -1]], [[-1, 0]]]), 6))
    assert pooled.posterior[-2:].argmax(1).tolist() == [0, 0]
    expected = pooled.prevalence * pooled.confusion[0, :, 0]
    assert pooled.posterior[-2] == pytest.approx(expected / expected.sum(), abs=1e-4)


def test_nothing_coded_gives_the_prior():
    pooled = stats.pool(stats.Coded(np.zeros((0, 2), int), 4))
    assert pooled.posterior.shape == (0, 4) and pooled.prevalence == pytest.approx([0.25] * 4)
    row = [coders.RIGHT, *[coders.WRONG / 3] * 3]
    assert pooled.confusion[1, 0] == pytest.approx(np.array(row) / sum(row))


def test_weights_are_repeated_rows():
    _, _, coded, _ = planted((0.84, 0.7), n=200)
    weights = np.random.default_rng(0).integers(0, 4, 200)
    rows = np.repeat(np.arange(200), weights)
    weighted = stats.pool(coded, weights.astype(float), steps=300)
    repeated = stats.pool(stats.Coded(coded.codes[rows], 6), steps=300)
    np.testing.assert_allclose(weighted.posterior[rows], repeated.posterior, atol=1e-5)
    np.testing.assert_allclose(weighted.confusion, repeated.confusion, atol=1e-5)
    assert not np.isnan(weighted.posterior).any()  # units that count zero times among them


def test_from_the_end_of_another_fit_it_ends_where_it_would_at_fewer_steps(monkeypatch):
    monkeypatch.setattr(coders, "TOLERANCE", 1e-9)
    _, _, coded, _ = planted((0.84,) * 3)
    cold = stats.pool(coded, steps=1000)
    same(stats.pool(coded, start=cold, steps=2), cold, atol=1e-6)
    assert np.abs(stats.pool(coded, steps=3).posterior - cold.posterior).max() > 1e-3
    weights = np.random.default_rng(0).multinomial(2000, np.full(2000, 1 / 2000)).astype(float)
    again = stats.pool(coded, weights, steps=1000)
    warm = stats.pool(coded, weights, start=cold, steps=1000)
    same(warm, again, atol=1e-5)


def test_draws_follow_the_posterior():
    posterior = np.array([[0.7, 0.2, 0.1], [0, 1, 0], [np.nan] * 3, [0.0, 0.0, 1.0]])
    pooled = stats.Pooled(posterior, np.zeros(0), np.zeros(0))
    rng = np.random.default_rng(0)
    drawn = np.array([stats.draw(pooled, rng) for _ in range(5000)])
    assert np.bincount(drawn[:, 0]) / 5000 == pytest.approx([0.7, 0.2, 0.1], abs=0.02)
    assert (drawn[:, 1:] == [1, -1, 2]).all()


def test_a_draw_never_falls_on_an_impossible_code_at_either_end():
    class Ends:
        def random(self, shape):
            return np.resize([0.0, np.nextafter(1, 0)], shape)

    posterior = np.array([[0, 0.3, 0.7, 0], [0.1] * 3 + [0.7 - 1e-16]])
    pooled = stats.Pooled(posterior[[0, 0, 1, 1]], np.zeros(0), np.zeros(0))
    assert stats.draw(pooled, Ends()).tolist() == [1, 2, 0, 3]


def test_a_tie_goes_to_the_likelier_code_and_votes_beat_the_model():
    codes = np.array([[0, 0, 0]] * 50 + [[1, 1, 1]] * 50 + [[0, 1, 1]] * 40 + [[0, 1, -1]])
    coded = stats.Coded(codes, 2)  # the first coder often takes 1 for 0
    got = stats.majority(coded)
    assert (got[:50] == 0).all() and (got[50:140] == 1).all()
    assert got[-1] == stats.pool(coded).posterior[-1].argmax() == 1
    most = stats.Coded(np.vstack([[[1, 0, 0]], np.tile([1, 0, 1], (99, 1))]), 2)
    assert stats.majority(most)[0] == 0


CODINGS = st.integers(1, 4).flatmap(
    lambda j: arrays(int, st.tuples(st.integers(1, 12), st.just(j)), elements=st.integers(-1, 3))
)


@FEW
@given(CODINGS, st.integers(0, 9))
def test_chances_are_chances_and_order_does_not_matter(codes, seed):
    coded = stats.Coded(codes, 4)
    pooled = stats.pool(coded)
    coded_at_all = (codes >= 0).any(1)
    assert np.isnan(pooled.posterior).all(1).tolist() == (~coded_at_all).tolist()
    assert (pooled.confusion > 0).all() and (pooled.prevalence > 0).all()
    for chances in (pooled.posterior[coded_at_all], pooled.confusion, pooled.prevalence):
        np.testing.assert_allclose(chances.sum(-1), 1)
    rng = np.random.default_rng(seed)
    rows, columns, names = (rng.permutation(k) for k in (*codes.shape, 4))
    shuffled = stats.pool(stats.Coded(codes[rows][:, columns], 4))
    np.testing.assert_allclose(shuffled.posterior, pooled.posterior[rows], atol=1e-4)
    np.testing.assert_allclose(shuffled.confusion, pooled.confusion[columns], atol=1e-4)
    renamed = stats.pool(stats.Coded(np.where(codes >= 0, names[codes], -1), 4))
    np.testing.assert_allclose(renamed.posterior[:, names], pooled.posterior, atol=1e-4)
    for given_codes in (stats.majority(coded), stats.draw(pooled, rng)):
        assert ((given_codes >= 0) == coded_at_all).all() and (given_codes < 4).all()
    for row, code in zip(codes, stats.majority(coded), strict=True):
        assert code == -1 or (row == code).sum() == np.bincount(row[row >= 0]).max()


def coverage(lean_share, replicates=50, events=30, draws=60):
    """How often intervals of redrawn events, refitted coders and drawn codes hold the truth.

    Thirty events a cell, five units an event, three coders who are right in 0.84 of units; in
    `lean_share` of the leaving cell's units all three give code 0 whatever is true.
    """
    rng = np.random.default_rng(0)
    leaving = np.repeat([True, False], events)
    event = np.repeat(np.arange(2 * events), 5)
    evenly, inside = np.full(events, 1 / events), []
    for _ in range(replicates):
        chances = np.array([rng.dirichlet(4 * (LEAVING if cell else COMING)) for cell in leaving])
        true, cell = pick(chances[event], rng), leaving[event]
        codes = np.stack([pick(confused(0.84, rng)[true], rng) for _ in range(3)], axis=1)
        coded = lean(codes, cell, [0, 1, 2], lean_share, rng)
        whole, found = stats.pool(coded), []
        for _ in range(draws):
            times = np.concatenate([rng.multinomial(events, evenly) for _ in range(2)])
            weights = times[event].astype(float)
            drawn = stats.draw(stats.pool(coded, weights, whole, steps=20), rng)
            found.append(contrast(drawn == 0, cell, weights))
        low, high = np.percentile(found, [2.5, 97.5])
        inside.append(low <= TRUTH <= high)
    return np.mean(inside)


@pytest.mark.slow
def test_intervals_of_pooled_codes_hold_the_truth_unless_coders_share_a_prior():
    assert coverage(0) >= 0.88
    assert coverage(0.3) < 0.7
