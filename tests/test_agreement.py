import krippendorff
import numpy as np
import pandas as pd
import pytest

from defection_framing import agreement, corpus
from defection_framing.settings import ROOT


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


def test_alpha_is_that_of_the_krippendorff_library():
    first, second, units = _coders(0.6, n=150)
    ours = agreement.alpha(first, second, units, draws=2)["alpha"]
    theirs = krippendorff.alpha([[*first], [*second]], level_of_measurement="nominal")
    assert ours == pytest.approx(theirs, abs=1e-12)


def test_a_weighted_unit_counts_as_so_many_units():
    first, second, units = _coders(0.6, n=400)
    weights = pd.Series(np.where(first == "a", 3, 1))
    again = np.repeat(np.arange(400), weights)
    weighted = agreement.alpha(first, second, units, draws=2, weights=weights)
    repeated = agreement.alpha(first[again], second[again], units[again], draws=2)
    assert weighted["agreement"] == pytest.approx(repeated["agreement"])
    # up to the correction for small samples: more units than were coded are not pretended
    assert weighted["alpha"] == pytest.approx(repeated["alpha"], abs=0.002)


def test_alpha_of_one_code_only_is_unknown():
    same = pd.Series(["a"] * 6)
    result = agreement.alpha(same, same, pd.Series(range(6)), draws=5)
    assert np.isnan(result[["alpha", "low", "high"]].astype(float)).all()
    assert result["agreement"] == 1


def test_confusions_count_every_disagreement():
    data = corpus.load()
    counts = agreement.confusions(data)
    claims = agreement.claims_side_by_side(data)
    frames = counts[counts["code"] == "main frame"]
    assert frames["n"].sum() == (claims["frame_1"] != claims["frame_2"]).sum()
    pair = frames.set_index(["first", "second"])["n"]
    top = frames.iloc[0]
    either = pair.get((top["first"], top["second"]), 0) + pair.get((top["second"], top["first"]), 0)
    assert top["either_way"] == either == frames["either_way"].max()
    stance = counts[counts["code"] == "stance"]["n"].sum()
    assert stance == (1 - agreement.table(data).loc["stance", "agreement"]) * 49


def test_the_confusions_that_the_new_codebook_rests_on_are_current():
    text = (ROOT / "data" / "CODEBOOK_v2.md").read_text(encoding="utf-8")
    assert "NOT YET APPLIED to the data" in text
    data = corpus.load(ROOT / "data")
    assert f"{len(data.second_claims)} claims and {len(data.second_articles)} articles" in text
    counts = agreement.confusions(data)
    part = text.partition("<!-- confusions:start -->")[2].partition("<!-- confusions:end -->")[0]
    rows = [line.strip("| ").split(" | ") for line in part.strip().splitlines()[2:]]
    listed = set()
    for code, left, right, one_way, other_way, together, rules in rows:
        own = counts[counts["code"] == code]

        def times(first, second, own=own):
            fits = own["first"].eq(first) | (first == "any other")
            fits &= own["second"].eq(second) | (second == "any other")
            return own.loc[fits, "n"].sum()

        assert [times(left, right), times(right, left)] == [int(one_way), int(other_way)], left
        assert int(together) == int(one_way) + int(other_way)
        assert all(f"### {rule}. " in text for rule in rules.split(", "))
        listed.add((code, frozenset((left, right))))
    assert [int(row[5]) for row in rows] == sorted((int(row[5]) for row in rows), reverse=True)
    often = counts[(counts["either_way"] >= 4) & counts["code"].isin(["main frame", "stance"])]
    for row in often.itertuples():
        assert (row.code, frozenset((row.first, row.second))) in listed
