"""Estimates from machine codes, corrected by a sample with known probabilities."""

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus as loader
from defection_framing import stats
from defection_framing.people import correct, human
from test_human import fill, key, run, write_coded

pytestmark = pytest.mark.slow

FRAMES = ["collapse", "other", "treason"]


def corpus(rng, events=80, error=0.5):
    """Articles of two directions on events, machine codes that miss treason and invent collapse.

    Treason is told of 30% of the articles to Ukraine and 10% of those to Russia, more alike within
    events; the machine misses it with the given probability, and mixes up one direction in ten.
    """
    event = np.repeat(np.arange(events), rng.poisson(3, events) + 1)
    direction = np.array(["ru_to_ua", "ua_to_ru"])[event % 2]
    base = rng.beta(3, 7, events)[event] * np.where(direction == "ru_to_ua", 1, 1 / 3)
    frame = np.where(rng.random(len(event)) < base, "treason", "other")
    guess = np.where((frame == "treason") & (rng.random(len(event)) < error), "collapse", frame)
    turned = rng.random(len(event)) < 0.1 * (error > 0)
    other = np.where(direction == "ua_to_ru", "ru_to_ua", "ua_to_ru")
    ids = pd.Index([f"a{i}" for i in range(len(event))])
    facts = {"article_id": ids, "cluster": [f"e{e}" for e in event]}
    true = pd.DataFrame({**facts, "direction": direction, "frame": frame}, ids)
    return true, true.assign(direction=np.where(turned, other, direction), frame=guess)


def sample(rng, true, machine):
    """Code what the machine calls collapse more often than the rest."""
    probability = pd.Series(np.where(machine["frame"] == "collapse", 0.6, 0.3), true.index)
    drawn = rng.random(len(true)) < probability
    return true.assign(probability=probability)[drawn]


def contrasts(made):
    name = "frame: to Russia minus to Ukraine"
    return {m: correct.quantities(s, "frame").loc[(name, "treason")] for m, s in made.items()}


def test_a_planted_bias_is_corrected_and_intervals_hold_the_truth_at_their_rate():
    rng = np.random.default_rng(3)
    truth, found = -0.3 * 2 / 3, []
    for seed in range(150):
        true, machine = corpus(rng)
        coded = sample(rng, true, machine)
        made = correct.shares(machine, coded, "frame", ["direction"], draws=200, seed=seed)
        found.append(contrasts(made))
    value = {m: np.array([f[m]["value"] for f in found]) for m in correct.METHODS}
    holds = {m: np.mean([f[m]["low"] <= truth <= f[m]["high"] for f in found])
             for m in correct.METHODS}  # fmt: skip
    assert value["naive"].mean() > truth + 0.08
    assert holds["naive"] < 0.5
    for method in ("corrected", "sample"):
        assert value[method].mean() == pytest.approx(truth, abs=0.015)
        assert 0.91 <= holds[method] <= 0.985
    assert value["corrected"].std() < value["sample"].std()


def test_a_machine_without_errors_gives_the_plain_estimate():
    rng = np.random.default_rng(4)
    true, machine = corpus(rng, error=0)
    made = correct.shares(machine, sample(rng, true, machine), "frame", ["direction"])
    plain = stats.shares(true, "frame", ["direction"])
    assert made["naive"].value == pytest.approx(plain.value)
    assert made["corrected"].value == pytest.approx(plain.value, abs=0.02)
    width = {m: np.diff(row[["low", "high"]])[0] for m, row in contrasts(made).items()}
    assert width["corrected"] < 1.15 * width["naive"] < width["sample"]


def test_without_clusters_it_is_the_estimator_of_the_literature():
    rng = np.random.default_rng(5)
    y = rng.random(3000) < 0.3
    guess = np.where(rng.random(3000) < 0.25, ~y, y)
    drawn = rng.random(3000) < 0.2
    ids = pd.Index([f"a{i}" for i in range(3000)])
    machine = pd.DataFrame({"article_id": ids, "cluster": ids, "frame": guess.astype(str)}, ids)
    coded = pd.DataFrame({"frame": y.astype(str), "probability": drawn.mean()}, ids)[drawn]
    made = correct.shares(machine, coded, "frame")
    # PPI++, Angelopoulos, Duchi & Zrnic (2023), example 6.1 and the mean of the introduction.
    n, rest = drawn.sum(), (~drawn).sum()
    tuned = np.cov(y[drawn], guess[drawn])[0, 1] / ((1 + n / rest) * guess.var(ddof=1))
    value = y[drawn].mean() + tuned * (guess[~drawn].mean() - guess[drawn].mean())
    error = np.sqrt(
        tuned**2 * guess.var() / rest + (y[drawn] - tuned * guess[drawn]).var(ddof=1) / n
    )
    ours = correct.quantities(made["corrected"], "frame").loc[("frame: all", "True")]
    assert ours["value"] == pytest.approx(value, abs=0.002)
    assert (ours["high"] - ours["low"]) / 2 == pytest.approx(1.96 * error, rel=0.06)


def test_few_events_give_no_interval_and_an_empty_group_no_value():
    rng = np.random.default_rng(6)
    true, machine = corpus(rng)
    own = true["direction"] == "ua_to_ru"
    events = true.loc[own, "cluster"].unique()[: stats.MIN_EVENTS - 1]
    some = true[~own | true["cluster"].isin(events)].assign(probability=0.5)
    table = correct.quantities(
        correct.shares(true, some, "frame", ["direction"])["corrected"], "frame"
    )
    assert table.loc["frame: ua_to_ru", "value"].notna().all()
    assert table.loc["frame: ua_to_ru", ["low", "high"]].isna().all(axis=None)
    assert table.loc["frame: ru_to_ua", ["low", "high"]].notna().all(axis=None)
    none = correct.shares(true, some[some["direction"] == "ru_to_ua"], "frame", ["direction"])
    table = correct.quantities(none["corrected"], "frame")
    assert table.loc["frame: ua_to_ru", "value"].isna().all()


def test_open_codes_count_nowhere():
    rng = np.random.default_rng(7)
    true, machine = corpus(rng)
    machine.loc[machine.index[::7], "frame"] = None
    made = correct.shares(machine, sample(rng, true, machine), "frame", ["direction"])
    left = stats.shares(machine, "frame", ["direction"])
    assert list(made["naive"].codes) == FRAMES
    assert made["naive"].value.sum(1) == pytest.approx(1)
    assert np.abs(made["naive"].value - left.value).max() < 0.15


# From filled sheets


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    """Sheets of the repository's corpus, filled in by one who calls hero what it calls neutral."""
    folder = tmp_path_factory.mktemp("own") / "sheets"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DEFECTION_DATA", raising=False)
        human.blind_sheet(400, folder)
    own, claims = key(folder, "articles"), key(folder, "claims")
    fill(folder, "articles", portrayal=own["portrayal"].replace("neutral", "hero"),
         direction=own["direction"])  # fmt: skip
    fill(folder, "claims", frame=claims["frame"], frame_2=claims["frame_2"])
    return folder


def test_what_a_person_sees_otherwise_is_corrected_and_the_rest_stays(sheets, tmp_path):
    result = run("corrected", tmp_path, "--sheets", sheets)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "derived" / "corrected.csv").set_index(["comparison", "code"])
    for direction in ("ru_to_ua", "ua_to_ru"):
        own = table.loc[f"portrayal: {direction}"]
        truth = own.loc["hero", "naive"] + own.loc["neutral", "naive"]
        assert not own.loc["hero", "naive_low"] < truth < own.loc["hero", "naive_high"]
        assert own.loc["hero", "corrected_low"] < truth < own.loc["hero", "corrected_high"]
        assert own.loc["neutral", "corrected"] < 0.05
    same = table.loc[["direction: all", "frame: ru_to_ua", "frame: ua_to_ru"]]
    error = {m: (same[m] - same["naive"]).abs().mean() for m in ("corrected", "sample")}
    assert error["corrected"] < error["sample"] / 4, "the sample alone is noisier"
    assert "portrayal" in result.stdout and "corrected.csv" in result.stdout


def test_naive_shares_are_those_that_the_study_prints(sheets, tmp_path):
    run("corrected", tmp_path, "--sheets", sheets)
    table = pd.read_csv(tmp_path / "derived" / "corrected.csv").set_index(["comparison", "code"])
    study = stats.prevalence(stats.shares(loader.load().claim_table(), "frame", ["direction"]))
    for direction in ("ru_to_ua", "ua_to_ru", "ua_exit", "ru_exit"):
        ours = table.loc[f"frame: {direction}", "naive"]
        assert ours.to_numpy() == pytest.approx(study.loc[direction, "value"][ours.index], abs=0.03)


def test_a_corpus_that_classifiers_coded_is_corrected_by_its_review(tmp_path, monkeypatch):
    monkeypatch.setattr(human, "DECIDED", 15)
    folder = write_coded(tmp_path, 40)
    result = run("corrected", folder)
    assert result.exit_code == 2 and "holds no review: draw a sample" in result.stderr
    run("review", folder)
    assert run("corrected", folder).exit_code == 2, "nothing is filled in"
    ids = key(folder / "review", "articles").index
    seen = pd.Series(np.where(ids.str[-1].isin(list("02468")), "hero", "victim"), ids)
    fill(folder / "review", "articles", portrayal=seen, direction=pd.Series("ru_exit", ids))
    result = run("corrected", folder)
    assert result.exit_code == 0, result.output
    path = folder / "derived" / "corrected.csv"
    hero = pd.read_csv(path).set_index(["comparison", "code"]).loc[("portrayal: ru_exit", "hero")]
    assert hero["naive"] == 0 and hero["naive_high"] < 0.3
    assert hero["corrected_low"] < 0.5 < hero["corrected_high"]
    assert 0 < hero["n_coded"] < 40
    before = path.read_bytes()
    assert run("review", folder).exit_code == 0  # a person's codes now stand in codes.csv
    assert run("corrected", folder).exit_code == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("rows", "said"),
    [(0, "there are codes for 0 events"), (2, "codes for 2 events; an interval needs 7")],
)
def test_too_few_codes_are_refused_in_one_sentence(rows, said, tmp_path):
    folder = write_coded(tmp_path, 40)
    run("review", folder)
    ids = key(folder / "review", "articles").index[:rows]
    fill(folder / "review", "articles", direction=pd.Series("ru_exit", ids, dtype=str))
    result = run("corrected", folder)
    assert result.exit_code == 2 and said in result.stderr
    assert not (folder / "derived").exists()
