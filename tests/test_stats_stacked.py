"""Intervals of many specifications at once are those of one, but for what is linearised."""

import numpy as np
import pandas as pd
import pytest

from defection_framing import stats
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


def test_t_has_the_degrees_of_freedom_of_the_smallest_stratum():
    each = np.array([0.1, 0.2, 0.3, 0.2, 0.1, 0.3, 0.1, 0.3])[:, None]
    stratum, weights = np.repeat([0, 1], [3, 5]), np.repeat([1 / 6, 1 / 10], [3, 5])
    [[value, low, high]] = stats.stacked_pairs(each, stratum, weights)
    error = np.sqrt(each[:3].var() / 3 + each[3:].var() / 5) / 2
    assert high - value == pytest.approx(value - low) == pytest.approx(4.302653 * error)


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
    assert (length[1] >= length[0]).all() and (length[0] > length[2]).any()


def test_a_cell_without_articles_leaves_nothing_of_its_specification_alone():
    panel = stats.Panel.of(claims(3), "frame", BY)
    whole, part = (panel.event_sums(panel.cell(BY, CELLS[:n]), 4) for n in (4, 3))
    [found], _ = stats.stacked_contrasts([whole, part], list(WEIGHTS.values()))
    assert np.isfinite(found[0]).all() and np.isnan(found[1]).all()
