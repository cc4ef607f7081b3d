import sys

import krippendorff
import numpy as np
import pandas as pd
import pytest

from defection_framing.settings import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import human_codes  # noqa: E402

TABLE = pd.read_csv(ROOT / "benchmarks/human_codes.csv")


@pytest.mark.slow
def test_the_committed_table_is_what_the_script_gives():
    got = human_codes.measure("MO").set_index("measure")[["value", "low", "high"]]
    committed = TABLE[TABLE["code"] == "MO"].set_index("measure")[["value", "low", "high"]]
    pd.testing.assert_frame_equal(got, committed, atol=1e-3)


def test_the_readme_says_what_the_table_says():
    readme = (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    said = readme.split("<!-- human codes -->\n")[1].split("<!-- end of human codes -->")[0]
    assert said == human_codes.words(TABLE)


def test_its_conclusions_hold():
    value, low, high = (
        TABLE.pivot(index="code", columns="measure", values=name)
        for name in ("value", "low", "high")
    )
    third = value.filter(like="third person").mean()
    pooled, majority, one = (
        third[f"accuracy, third person: {who}"] for who in ("pooled", "majority", "one")
    )
    assert abs(pooled - majority) < 0.002 and pooled > one + 0.01
    frames = list(human_codes.FRAMES)
    aggregated = value.loc[frames, "contrast: aggregated"]
    for who in ("one", "majority", "mode", "pooled"):
        column = f"contrast: {who}"
        assert (low.loc[frames, column] < aggregated).all()
        assert (high.loc[frames, column] > aggregated).all()


@pytest.mark.parametrize("code", ["CO", "re7"])
def test_alpha_of_two_or_three_people_is_that_of_the_krippendorff_library(code):
    wide = human_codes.load()[0][code].unstack("coder")
    theirs = krippendorff.alpha(wide.T.to_numpy(float), level_of_measurement="nominal")
    ours = human_codes.agreement(wide.fillna(-1).to_numpy(int))["value"]
    assert ours == pytest.approx(theirs, abs=0.001)


def test_the_rule_of_the_frames_gives_the_aggregated_ones():
    votes, articles = human_codes.load()
    for frame, (least, questions) in human_codes.FRAMES.items():
        yes = votes[questions].groupby("article").mean() > 0.5
        told = articles[frame]
        off = (yes.sum(axis=1) >= least)[told.notna()] != told.dropna().astype(bool)
        assert off.sum() <= 1
    assert np.isin(votes, [0, 1]).all() and len(votes) == 972
