import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from defection_framing import stats
from defection_framing.settings import SEED
from defection_framing.stats.agreement import masi
from strategies import FEW


def alpha(first, second, clusters, **more):
    """Alpha of two coders."""
    return stats.alpha(pd.DataFrame({0: first, 1: second}), clusters, **more)


def _coders(share_same, n=400, seed=0):
    rng = np.random.default_rng(seed)
    first = pd.Series(rng.choice(list("abcd"), n))
    second = first.where(rng.random(n) < share_same, pd.Series(rng.choice(list("abcd"), n)))
    return first, second, pd.Series(np.arange(n) // 2)


def test_alpha_of_known_agreement():
    # A coder who guesses one time in four agrees with alpha 0.75.
    result = alpha(*_coders(0.75), draws=200)
    assert result["alpha"] == pytest.approx(0.75, abs=0.06)
    assert result["low"] < 0.75 < result["high"]
    assert result["n"] == 400


def test_alpha_of_guessing_is_about_zero():
    result = alpha(*_coders(0.0), draws=200)
    assert abs(result["alpha"]) < 0.1
    assert result["low"] < 0 < result["high"]


def test_sets_that_overlap_agree_more_than_sets_that_do_not():
    a = pd.Series([("x",), ("x", "y"), ("z",), ("y",)] * 10)
    near = pd.Series([("x",), ("x",), ("z",), ("y",)] * 10)
    far = pd.Series([("x",), ("z",), ("z",), ("y",)] * 10)
    units = pd.Series(range(40))
    close, apart = (alpha(a, b, units, draws=20)["alpha"] for b in (near, far))
    assert apart < close < 1


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        ("x", "x", 0),
        ("x", "y", 1),
        ("xy", "x", 2 / 3),  # 1 - 1/2 * 2/3
        ("x", "xy", 2 / 3),
        ("xy", "xz", 8 / 9),  # 1 - 1/3 * 1/3
        ("xyz", "xy", 5 / 9),  # 1 - 2/3 * 2/3
        ("", "x", 1),
    ],
)
def test_masi(a, b, distance):
    assert masi(frozenset(a), frozenset(b)) == pytest.approx(distance)


def test_alpha_is_that_of_the_krippendorff_library():
    first, second, units = _coders(0.6, n=150)
    ours = alpha(first, second, units, draws=2)["alpha"]
    theirs = krippendorff.alpha([[*first], [*second]], level_of_measurement="nominal")
    assert ours == pytest.approx(theirs, abs=1e-12)


def test_a_weighted_unit_counts_as_so_many_units():
    first, second, units = _coders(0.6, n=400)
    weights = pd.Series(np.where(first == "a", 3, 1))
    again = np.repeat(np.arange(400), weights)
    weighted = alpha(first, second, units, draws=2, weights=weights)
    repeated = alpha(first[again], second[again], units[again], draws=2)
    assert weighted["agreement"] == pytest.approx(repeated["agreement"])
    # up to the correction for small samples: more units than were coded are not pretended
    assert weighted["alpha"] == pytest.approx(repeated["alpha"], abs=0.002)


def test_alpha_of_one_code_only_is_unknown():
    same = pd.Series(["a"] * 6)
    result = alpha(same, same, pd.Series(range(6)), draws=5)
    assert np.isnan(result[["alpha", "low", "high"]].astype(float)).all()
    assert result["agreement"] == 1


def test_alpha_within_one_cluster_has_no_interval():
    a, b = pd.Series(list("aabbab")), pd.Series(list("aabbbb"))
    result = alpha(a, b, pd.Series(["one"] * 6), draws=5)
    assert 0 < result["alpha"] < 1 and np.isnan([result["low"], result["high"]]).all()


CODES = st.lists(st.tuples(*[st.sampled_from("abc")] * 2), min_size=4, max_size=30)


@FEW
@given(CODES)
def test_alpha_of_single_codes_is_krippendorffs(pairs):
    first, second = (pd.Series(c) for c in zip(*pairs, strict=True))
    ours = alpha(first, second, pd.Series(range(len(pairs))), draws=2)["alpha"]
    if len({*first, *second}) > 1:
        theirs = krippendorff.alpha([[*first], [*second]], level_of_measurement="nominal")
        assert ours == pytest.approx(theirs, abs=1e-9)
        assert ours <= 1
    swapped = alpha(second, first, pd.Series(range(len(pairs))), draws=2)["alpha"]
    assert swapped == pytest.approx(ours, nan_ok=True)


def test_alpha_of_sets_is_that_of_the_krippendorff_library_with_masi_distances():
    sets = [("x",), ("x", "y"), ("z",), ("y", "z"), ("x", "y", "z"), ()]
    rng = np.random.default_rng(0)
    first = rng.integers(6, size=40)
    second = np.where(rng.random(40) < 0.6, first, rng.integers(6, size=40))

    def distance(v1, v2, i1, i2, n_v, dtype=float):
        pairs = np.broadcast(v1, v2)
        far = [masi(frozenset(sets[int(a)]), frozenset(sets[int(b)])) ** 2 for a, b in pairs]
        return np.array(far, dtype).reshape(pairs.shape)

    a, b = (pd.Series([sets[i] for i in row]) for row in (first, second))
    ours = alpha(a, b, pd.Series(range(40)), draws=2)
    theirs = krippendorff.alpha([first, second], level_of_measurement=distance)
    assert ours["alpha"] == pytest.approx(theirs, abs=1e-9)
    assert ours["agreement"] == (first == second).mean()


def test_the_interval_of_alpha_is_of_resampled_clusters_recomputed_one_by_one():
    first, second, clusters = _coders(0.6, n=60)
    clusters = clusters // 3
    result = alpha(first, second, clusters, draws=40)
    names, rng, boot = sorted(set(clusters)), np.random.default_rng(SEED), []
    for _ in range(40):
        rows = np.concatenate(
            [
                np.flatnonzero(clusters == names[i])
                for i in rng.integers(len(names), size=len(names))
            ]
        )
        boot.append(
            krippendorff.alpha([[*first[rows]], [*second[rows]]], level_of_measurement="nominal")
        )
    expected = np.percentile(boot, [2.5, 97.5])
    assert result[["low", "high"]].tolist() == pytest.approx(expected.tolist())


def test_alpha_of_weighted_units_is_that_of_weighted_coincidences():
    first, second, units = _coders(0.6, n=30)
    weights = np.random.default_rng(1).uniform(1, 5, 30)
    codes, n = sorted({*first, *second}), 30
    table = pd.DataFrame(0.0, codes, codes)
    for a, b, w in zip(first, second, weights, strict=True):
        table.loc[a, b] += w * n / weights.sum()
        table.loc[b, a] += w * n / weights.sum()
    margins = table.sum()
    apart = table.to_numpy().sum() - np.trace(table)
    expected = (margins.sum() ** 2 - (margins**2).sum()) / (2 * n - 1)
    got = alpha(first, second, units, draws=2, weights=pd.Series(weights))
    assert got["alpha"] == pytest.approx(1 - apart / expected)
    assert got["agreement"] == pytest.approx(weights[first == second].sum() / weights.sum())


def test_a_resample_of_one_code_is_left_out_of_the_interval():
    # One of five clusters disagrees and has the other code: a third of the draws miss it.
    first, second = pd.Series([*"aaaab"]), pd.Series([*"aaaaa"])
    result = alpha(first, second, pd.Series(range(5)), draws=200)
    assert np.isfinite(result[["low", "high"]].astype(float)).all()
    assert result["low"] <= result["alpha"] <= result["high"]
