import sys

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given

from defection_framing import stats
from defection_framing.domain import CELLS
from defection_framing.stats.energies import mirror_index
from strategies import FEW, distributions
from synthetic import claims

MODULE = sys.modules["defection_framing.stats.energies"]

# The index


def test_mirror_index_of_equal_and_opposite_contrasts():
    a = np.array([0.2, -0.1, -0.1])
    assert mirror_index(a, a) == pytest.approx(1)
    assert mirror_index(a, -a) == pytest.approx(-1)
    # one three times as long: 2 * 3 / (1 + 9)
    assert mirror_index(a, 3 * a) == pytest.approx(0.6)
    assert mirror_index(np.array([1.0, -1, 0]), np.array([0.5, 0.5, -1])) == 0


@FEW
@given(distributions(4))
def test_mirror_index_lies_between_its_ends_and_does_not_mind_which_camp_is_first(shares):
    first, second = shares[0] - shares[1], shares[2] - shares[3]
    if (first**2).sum() + (second**2).sum() > 1e-9:
        index = mirror_index(first, second)
        assert -1 - 1e-9 <= index <= 1 + 1e-9
        assert mirror_index(second, first) == pytest.approx(index)
        assert mirror_index(first[::-1], second[::-1]) == pytest.approx(index)
        # the squared lengths of the halves say the same
        r, d = ((x**2).sum() for x in ((first + second) / 2, (first - second) / 2))
        assert (r - d) / (r + d) == pytest.approx(index)


# Its interval


def _shares(events=60, seed=4, draws=100, **effects):
    table = claims(seed, events=events, **effects)
    return stats.shares(table, "frame", ["camp", "direction"], draws=draws)


@pytest.mark.parametrize(
    "effects", [{"relational": 0.25, "directional": 0.1}, {"relational": 0.1, "directional": 0.25}]
)
def test_the_interval_is_that_of_its_rule_recomputed_from_the_draws(effects):
    s = _shares(events=200, **effects)
    value, low, high = stats.index_interval(s, CELLS)
    t1, a1, t2, a2 = (s.draws[:, s.at(g)] for g in CELLS)
    drawn = zip(t1, a1, t2, a2, strict=True)
    draws = np.array([mirror_index(t - a, u - b) for t, a, u, b in drawn])
    df = s.n.loc[CELLS, "effective_events"].min() - 1
    reach = scipy.stats.t.ppf(0.975, df) * draws.std(ddof=1)
    bias = value - draws.mean()
    # longer on the side to which noise pulls the index away from
    expected = value - reach - max(-bias, 0), value + reach + max(bias, 0)
    assert (low, high) == pytest.approx((max(expected[0], -1), min(expected[1], 1)))
    assert abs(bias) > 0.003 and -1 < expected[0] < expected[1] < 1


def test_the_interval_does_not_leave_the_scale():
    s = _shares(relational=0.35)
    assert stats.index_interval(s, CELLS)[2] == 1
    turned = [CELLS[0], CELLS[1], CELLS[3], CELLS[2]]
    assert stats.index_interval(s, turned)[1] == -1
    assert stats.index_interval(s, turned)[0] == pytest.approx(-stats.index_interval(s, CELLS)[0])


def test_an_interval_needs_ten_effective_events_in_the_harmonic_mean(monkeypatch):
    assert stats.MIN_EVENTS_INDEX == 10
    for events, there in (
        ((10, 10, 10, 10), True),
        ((10, 10, 10, 9), False),
        ((7, 12, 12, 12), True),
    ):
        rows = [
            (f"{camp}{d}{i}{code}", f"{camp}{d}{i}", camp, d, code)
            for k, ((camp, d), size) in enumerate(zip(CELLS, events, strict=True))
            for i in range(size)
            for code in ("xy", "xxy", "yyx", "xz", "zz")[i * k % 5]
        ]
        table = pd.DataFrame(rows, columns=["article_id", "cluster", "camp", "direction", "frame"])
        table["frame"] = pd.Categorical(table["frame"])
        s = stats.shares(table, "frame", ["camp", "direction"], draws=50)
        assert s.n.loc[CELLS, "effective_events"].tolist() == list(events)
        value, low, high = stats.index_interval(s, CELLS)
        with monkeypatch.context() as patch:
            patch.setattr(MODULE, "MIN_EVENTS_INDEX", 0)
            bounds = stats.index_interval(s, CELLS)
        assert value == bounds[0]
        assert ((low, high) == bounds[1:]) == there and np.isnan(low) == np.isnan(high) == (
            not there
        )


@pytest.mark.parametrize(
    ("effects", "low", "high"),
    [({"relational": 0.3}, 0.5, 1.0), ({"directional": 0.3}, -1.0, -0.5)],
)
def test_mirror_index_tells_relation_from_direction(effects, low, high):
    assert low < stats.index_interval(_shares(events=120, **effects), CELLS)[0] < high
