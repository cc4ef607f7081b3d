"""Intervals of many specifications at once are those of one, but for what is linearised."""

import numpy as np
import pandas as pd
import pytest

from defection_framing import stats
from defection_framing.stats import contrasts
from synthetic import claims

BY = ["camp", "direction"]
CELLS = pd.Index([(c, d) for c in ("Russian", "Ukrainian") for d in ("ru_to_ua", "ua_to_ru")])
WEIGHTS = dict(zip(CELLS, (0.5, -0.5, -0.5, 0.5), strict=True))
RULES = [(True, False), (False, False), (True, True)]


def test_stacked_pairs_have_the_interval_of_a_bootstrap_within_strata():
    rng = np.random.default_rng(1)
    stratum = np.repeat([0, 1], [15, 25])
    each = np.where(rng.random((40, 3)) < 0.5, 0, rng.normal(0.2, 0.3, (40, 3))).clip(-1, 1)
    none = np.zeros((0, 40, 3)), np.zeros((0, 40), int)
    own = stats.paired_contrast(
        stats.Pairs(pd.RangeIndex(40), stratum, each, *none, pd.RangeIndex(3)), flips=10
    )
    found = stats.stacked_pairs(each, stratum, 0.5 / np.bincount(stratum)[stratum])
    assert np.allclose(found, own[["value", "low", "high"]], atol=0.01)
    few = each * (np.arange(40) < 2)[:, None]
    assert np.isnan(stats.stacked_pairs(few, stratum, np.full(40, 1 / 40))[:, 1:]).all()
    ends = np.array([[1.0], [1], [-1], [-1]])
    assert stats.stacked_pairs(ends, np.zeros(4, int), np.full(4, 0.25)).tolist() == [[0, -1, 1]]


@pytest.mark.parametrize(("least", "t"), [(2, 12.706205), (3, 4.302653)])
def test_t_has_the_degrees_of_freedom_of_the_smallest_stratum(least, t):
    each = np.array([0.10, 0.11, 0.12, 0.11, 0.10, 0.12, 0.10, 0.12])[:, None]
    stratum = (np.arange(8) >= least).astype(int)
    [[value, low, high]] = stats.stacked_pairs(each, stratum, 0.5 / np.bincount(stratum)[stratum])
    error = np.sqrt(each[:least].var() / least + each[least:].var() / (8 - least)) / 2
    assert high - value == pytest.approx(value - low) == pytest.approx(t * error)


def test_each_code_of_stacked_pairs_varies_by_itself():
    each = np.c_[np.full(6, 0.3), np.linspace(0, 0.5, 6), [0.3] * 3 + [0] * 3, [0.3] * 2 + [0] * 4]
    found = stats.stacked_pairs(each, np.zeros(6, int), np.full(6, 1 / 6))
    error = each.std(0) / np.sqrt(6)
    assert np.ptp(found[0]) == pytest.approx(0)
    for k in (1, 2):
        assert found[k, 2] - found[k, 1] == pytest.approx(2 * 2.570582 * error[k])
    assert np.isnan(found[3, 1:]).all()  # two events that differ are too few


def test_a_share_of_few_events_varies_as_the_mean_of_a_sample():
    rng = np.random.default_rng(2)
    each = rng.random((5, 2, 1)) * 0.5
    shares = np.concatenate([each, 1 - each], axis=2)
    mass = np.ones((5, 2))
    p, variance, together, _, effective, _ = contrasts._linearised(shares, mass, mass)
    assert p == pytest.approx(shares.mean(0))
    assert variance == pytest.approx(shares.var(0, ddof=1) / 5)
    assert together[0, 1] == pytest.approx([np.corrcoef(each[:, :, 0].T)[0, 1]] * 2)
    assert (effective == 5).all()
    mass[3:, 1] = 0  # two events that the second cell does not tell
    part = contrasts._linearised(shares * mass[:, :, None], mass, mass)
    assert part[1][0] == pytest.approx(variance[0])
    assert part[1][1] == pytest.approx(shares[:3, 1].var(0, ddof=1) / 3)
    assert part[4][:, 0].tolist() == [5, 3]


@pytest.mark.parametrize("weighting", ["event", "article"])
def test_stacked_contrasts_have_nearly_the_intervals_of_redrawn_events(weighting):
    table = claims(3, events=120, relational=0.1)
    never = (table["camp"] == "Russian") & (table["frame"] == "policy")
    panel = stats.Panel.of(table[~never], "frame", BY)
    s = panel.shares(BY, CELLS, weighting=weighting)
    sums = panel.event_sums(panel.cell(BY, CELLS), 4, weighting)
    found, effective = stats.stacked_contrasts([sums, sums], list(WEIGHTS.values()), RULES)
    assert found.shape == (3, 2, len(s.codes), 3)
    assert np.array_equal(found[:, 0], found[:, 1])
    assert np.allclose(found[0, 0], np.transpose(stats.combined(s, WEIGHTS)), atol=0.015)
    assert effective == pytest.approx([s.n["effective_events"].min()] * 2)


def test_an_event_worth_one_lengthens_intervals_and_t_shortens_them():
    panel = stats.Panel.of(claims(3, events=30).query("frame != 'policy'"), "frame", BY)
    sums = panel.event_sums(panel.cell(BY, CELLS), 4)
    found, _ = stats.stacked_contrasts([sums], list(WEIGHTS.values()), RULES)
    assert np.ptp(found[:, 0, :, 0], axis=0).max() == 0
    length = found[:, 0, :, 2] - found[:, 0, :, 1]
    assert (length[1] >= length[0]).all() and (length[1] > length[0]).any()
    assert (length[0] > length[2]).any()


def test_a_cell_without_articles_leaves_nothing_of_its_specification_alone():
    panel = stats.Panel.of(claims(3), "frame", BY)
    whole, part = (panel.event_sums(panel.cell(BY, CELLS[:n]), 4) for n in (4, 3))
    [found], _ = stats.stacked_contrasts([whole, part], list(WEIGHTS.values()))
    assert np.isfinite(found[0]).all() and np.isnan(found[1]).all()
