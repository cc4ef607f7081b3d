"""What coding error does to shares and contrasts, with a known truth."""

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus as loader
from defection_framing import domain, stats
from defection_framing.study import measurement, reliability
from defection_framing.study.estimands import RECODED
from defection_framing.study.measurement import Pairs, joint, steps
from synthetic import claims as synthetic_claims

NAMES = pd.Index(["a", "b", "c"])
TRUE = np.array([0.5, 0.3, 0.2])


def misclassification():
    """One pass's errors, that leave the shares `TRUE` as they are."""
    moved = np.array([[0, 0.05, 0.03], [0.05, 0, 0.01], [0.03, 0.01, 0]])
    return (moved + np.diag(TRUE - moved.sum(1))) / TRUE[:, None]


def passes(rng, n, error):
    """Codes of two passes with the same errors, independent given the truth."""
    truth = rng.choice(3, n, p=TRUE)
    first, second = ((rng.random((n, 1)) > error.cumsum(1)[truth]).sum(1) for _ in range(2))
    return Pairs(first, second, np.arange(n), NAMES)


def test_correction_finds_the_planted_errors_and_the_planted_truth():
    rng, error = np.random.default_rng(1), misclassification()
    now = joint(passes(rng, 40_000, error))
    one_pass, corrected = steps(now, 0.5, -0.5)
    assert one_pass == pytest.approx(error, abs=0.03)
    truth = np.array([0.1, 0.3, 0.6])  # of one group, whose shares are not those of all
    seen = truth @ error
    assert np.abs(seen - truth).max() > 0.02
    assert seen @ corrected == pytest.approx(truth, abs=0.015)


@pytest.mark.parametrize("power", [-1.0, -0.5, 0.0, 0.5, 1.0])
def test_shares_stay_shares_and_without_errors_stay_what_they_were(power):
    rng = np.random.default_rng(2)
    (noisy,) = steps(joint(passes(rng, 500, misclassification()), rng), power)
    assert noisy.sum(1) == pytest.approx(1)
    (clean,) = steps(joint(passes(rng, 5000, np.eye(3))), power)
    assert clean == pytest.approx(np.eye(3), abs=0.002)


def test_the_confusion_is_as_uncertain_as_its_units_are_few():
    rng = np.random.default_rng(3)
    spread = {}
    for n in (50, 5000):
        pairs = passes(rng, n, misclassification())
        spread[n] = np.std([steps(joint(pairs, rng), 0.5)[0][0, 0] for _ in range(200)])
    assert spread[50] == pytest.approx(10 * spread[5000], rel=0.5)


def two_passes(claims, error, rng):
    """Claims as a pass would code them that mixes up each frame with any other."""
    names = pd.Index(claims["frame"].cat.categories)
    matrix = np.eye(len(names)) * (1 - error) + error / len(names)
    codes = claims["frame"].cat.codes.to_numpy()
    drawn = [(rng.random((len(codes), 1)) > matrix.cumsum(1)[codes]).sum(1) for _ in range(2)]
    frame = pd.Categorical(names[drawn[0]], names)
    some = rng.choice(len(codes), 500, replace=False)
    pairs = Pairs(
        *(d[some] for d in drawn), pd.factorize(claims["article_id"].iloc[some])[0], names
    )
    return claims.assign(frame=frame), pairs


def test_errors_shrink_a_planted_mirror_and_correction_brings_it_back():
    rng, found = np.random.default_rng(4), []
    for seed in range(6):
        true = synthetic_claims(seed, events=80, relational=0.3)
        seen, pairs = two_passes(true, 0.3, rng)
        portrayals = Pairs(np.array([0]), np.array([0]), np.array([0]), pd.Index(["traitor"]))
        articles = true.drop_duplicates("article_id").assign(portrayal="traitor")
        table = measurement.headlines(articles, seen, pairs, portrayals, draws=60)
        found.append(table.xs("frame_away/treason", level="estimate"))
        assert table.loc[("as coded", "frame_exit_from_ua/collapse"), "value":"high"].isna().all()
    value = pd.concat(found, keys=range(6))["value"].unstack().mean()
    truth = 0.3
    assert value["as coded"] == pytest.approx(0.7 * truth, abs=0.05)
    assert value["corrected"] == pytest.approx(truth, abs=0.06)
    assert value["recoded"] == pytest.approx(0.49 * truth, abs=0.05)
    assert all((f["high"] - f["low"])["corrected"] > (f["high"] - f["low"])["as coded"]
               for f in found)  # fmt: skip


def test_as_coded_is_what_the_study_reports():
    loaded = loader.load()
    articles, claims = loaded.article_table().reset_index(), loaded.claim_table()
    pairs = measurement.pairs(loaded, "frame"), measurement.pairs(loaded, "portrayal")
    value = measurement.headlines(articles, claims, *pairs, draws=3)["value"]
    value = value["as coded"]
    for name, e in RECODED.items():
        if e.is_share:
            own = e.of().estimate(articles, claims, 2).loc[e.code, "value"]
            assert value[name] == pytest.approx(own)
    crossings = claims[claims["direction"].isin(["ru_to_ua", "ua_to_ru"])]
    mirror = stats.mirror(crossings, domain.TOWARD, draws=20)
    assert value["mirror_index"] == pytest.approx(mirror.index["value"])


def test_every_frame_has_a_function_and_a_reason():
    assert set(measurement.ENTMAN) == set(loader.codes("claims", "frame"))
    assert all(reason for _, reason in measurement.ENTMAN.values())


def test_levels_are_compared_on_the_same_claims():
    loaded = loader.load()
    claims = loaded.claim_table()
    pairs = measurement.pairs(loaded, "frame")
    table = measurement.by_level(claims, pairs)
    assert list(table.index.unique("level")) == list(measurement.LEVELS)
    own = reliability.table(loaded).loc["main frame", "alpha"]
    assert table.loc[("as_coded", "alpha"), "value"] == pytest.approx(own)
    assert table.loc[("entman", "frame_away/treason"), "class"] == "judgement"
