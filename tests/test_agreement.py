import numpy as np
import pandas as pd
import pytest

from defection_framing import agreement, corpus


def _coders(share_same, n=400, seed=0):
    rng = np.random.default_rng(seed)
    first = pd.Series(rng.choice(list("abcd"), n))
    second = first.where(rng.random(n) < share_same, pd.Series(rng.choice(list("abcd"), n)))
    return first, second, pd.Series(np.arange(n) // 2)


def test_alpha_of_known_agreement():
    # A coder who guesses one time in four agrees with alpha 0.75.
    result = agreement.alpha(*_coders(0.75), draws=200)
    assert result["alpha"] == pytest.approx(0.75, abs=0.06)
    assert result["low"] < 0.75 < result["high"]
    assert result["n"] == 400


def test_alpha_of_guessing_is_about_zero():
    result = agreement.alpha(*_coders(0.0), draws=200)
    assert abs(result["alpha"]) < 0.1
    assert result["low"] < 0 < result["high"]


def test_sets_that_overlap_agree_more_than_sets_that_do_not():
    a = pd.Series([("x",), ("x", "y"), ("z",), ("y",)] * 10)
    near = pd.Series([("x",), ("x",), ("z",), ("y",)] * 10)
    far = pd.Series([("x",), ("z",), ("z",), ("y",)] * 10)
    units = pd.Series(range(40))
    close, apart = (agreement.alpha(a, b, units, draws=20)["alpha"] for b in (near, far))
    assert apart < close < 1


@pytest.mark.parametrize(
    ("a", "b", "distance"), [("x", "x", 0), ("x", "y", 1), ("xy", "x", 2 / 3), ("xy", "xz", 8 / 9)]
)
def test_masi(a, b, distance):
    assert agreement.masi(frozenset(a), frozenset(b)) == pytest.approx(distance)


def test_every_code_of_the_second_coder_is_compared():
    table = agreement.table(corpus.load())
    codes = ["main frame", "direction", "portrayal", "stance", "origin", "motives"]
    assert list(table.index) == codes
    assert (table["low"] <= table["alpha"]).all() and (table["alpha"] <= table["high"]).all()
