import numpy as np
import pandas as pd
import pytest

import synthetic
from defection_framing import corpus, stats
from defection_framing.study import inference, models
from defection_framing.study.estimands import CONTRASTS, MODELLED

AWAY = CONTRASTS["frame_away"]


def fitted(claims):
    """Value and interval of the contrast of treason, mean of the camps."""
    panel = stats.Panel.of(claims, "frame", ["camp", "direction"])
    return models.average(panel, AWAY, "treason")


def test_a_planted_difference_is_found():
    value, low, high = fitted(synthetic.claims(3, relational=0.3))
    assert 0.2 < value < 0.4
    assert 0 < low < 0.3 < high


@pytest.mark.slow
def test_no_difference_is_seldom_called_one():
    bounds = [fitted(synthetic.claims(seed, events=40))[1:] for seed in range(30)]
    called = sum(low > 0 or high < 0 for low, high in bounds)
    assert called <= 5  # with a chance of one in twenty each, more are as rare as one in a thousand


def test_a_cell_without_the_code_has_a_value_and_no_interval():
    claims = synthetic.claims(1, relational=0.3)
    empty = (claims["camp"] == "Russian") & (claims["direction"] == "ua_to_ru")
    claims.loc[empty & (claims["frame"] == "treason"), "frame"] = "operation"
    value, low, high = fitted(claims)
    assert 0 < value < 1 and np.isnan([low, high]).all()


@pytest.fixture(scope="module")
def data():
    return corpus.load()


@pytest.fixture(scope="module")
def results(data):
    return models.two_levels(inference.panels(data), draws=200)


def test_every_estimand_is_modelled_where_the_iteration_settles(results):
    assert list(results.index.unique("estimate")) == list(MODELLED)
    values = results["value"].unstack("method")
    assert values[["event", "article"]].notna().all(axis=None)
    assert list(values.index[values["average"].isna()]) == ["frame_direction/reprisal"]


def test_shares_are_those_that_the_study_reports(data, results):
    articles, claims = data.article_table().reset_index(), data.claim_table()
    for n in ("frame_away/treason", "motives_direction/reward", "frame_exit_from_ru/collapse"):
        e = MODELLED[n]
        row = e.of().estimate(articles, claims, 200).loc[e.code, ["value", "low", "high"]]
        assert row.tolist() == pytest.approx(results.loc[(n, "event"), row.index].tolist())


def test_a_small_corpus_has_no_value_instead_of_a_wrong_one(data):
    articles, claims = data.article_table(), data.claim_table()
    articles = articles[articles["direction"] == "ua_to_ru"].iloc[1::40]

    class Few:
        article_table = staticmethod(lambda: articles)
        claim_table = staticmethod(lambda: claims[claims["article_id"].isin(articles.index)])

    results = models.two_levels(inference.panels(Few), draws=50)
    assert set(results.index.unique("estimate")) == set(MODELLED)
    assert results["value"].isna().all()
    assert models.verdicts(results).empty
    assert models.modelled(results).loc["two_levels/tested", "value"] == 0


def results_of(**methods):
    index = pd.MultiIndex.from_product([["x"], methods], names=["estimate", "method"])
    return pd.DataFrame(list(methods.values()), index, ["value", "low", "high"])


def test_a_verdict_says_where_model_and_shares_part():
    shares = {"event": (0.2, 0.1, 0.3), "article": (0.1, -0.1, 0.3)}
    same = results_of(**shares, average=(0.2, np.nan, np.nan))
    assert models.verdicts(same).loc["x", ["same_sign", "agree"]].all()
    assert not models.verdicts(same).loc["x", "article_shown"]
    unsure = results_of(**shares, average=(0.1, -0.1, 0.2))
    assert not models.verdicts(unsure).loc["x", "agree"]
    other = results_of(**shares, average=(-0.2, -0.3, -0.1))
    assert not models.verdicts(other).loc["x", ["same_sign", "agree"]].any()
