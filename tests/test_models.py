import numpy as np
import pandas as pd
import pytest
from scipy import special

import synthetic
from defection_framing import compare, corpus, models

CAMPS = models.QUESTIONS["treason"]
AWAY = CAMPS.contrasts["treason_away"]


def fitted(claims, method):
    """Value and interval of the contrast of treason, mean of the camps."""
    rows, y = models.layout(CAMPS, claims)
    fit = getattr(models, method)(rows, y)
    weights = np.array([AWAY[c] for c in rows.cells])
    return fit.value @ weights, *fit.interval(weights)


@pytest.mark.parametrize("method", ["mixed", "average"])
def test_a_planted_difference_is_found(method):
    value, low, high = fitted(synthetic.claims(3, relational=0.3), method)
    assert 0.2 < value < 0.4
    assert 0 < low < 0.3 < high


@pytest.mark.parametrize("method", ["mixed", "average"])
def test_no_difference_is_seldom_called_one(method):
    bounds = [fitted(synthetic.claims(seed, events=40), method)[1:] for seed in range(30)]
    called = sum(low > 0 or high < 0 for low, high in bounds)
    assert called <= 5  # with a chance of one in twenty each, more are as rare as one in a thousand


def test_standard_deviations_of_events_are_told_from_none():
    rng = np.random.default_rng(0)
    rows, _ = models.layout(CAMPS, synthetic.claims(0, events=80))
    event = rows.units["event"]
    sds = {}
    for sd in (0.0, 1.5):
        logit = -1 + sd * rng.normal(size=event.max() + 1)[event]
        y = (rng.random(len(event)) < special.expit(logit)).astype(float)
        sds[sd] = models.mixed(rows, y).sd
    assert sds[1.5]["event"] == pytest.approx(1.5, abs=0.5)
    assert sds[0.0]["event"] < 0.5
    assert sds[1.5]["outlet"] < 0.6


def test_a_cell_without_the_code_stays_finite_and_gives_the_averages_no_interval():
    claims = synthetic.claims(1, relational=0.3)
    empty = (claims["side"] == "Russian") & (claims["direction"] == "ua_to_ru")
    claims.loc[empty & (claims["frame"] == "treason"), "frame"] = "operation"
    rows, y = models.layout(CAMPS, claims)
    at = rows.cells.index(("Russian", "ua_to_ru"))
    assert y[rows.cell == at].sum() == 0
    fit = models.mixed(rows, y)
    assert 0 < fit.value[at] < 0.05
    value, low, high = fitted(claims, "mixed")
    assert 0 < low < value < high < 1
    value, low, high = fitted(claims, "average")
    assert 0 < value < 1 and np.isnan([low, high]).all()


def test_two_runs_give_the_same_numbers():
    claims = synthetic.claims(2)
    assert fitted(claims, "mixed") == fitted(claims, "mixed")


def test_a_code_in_a_list_of_codes_counts_wherever_it_stands():
    articles = pd.DataFrame(
        {
            "article_id": ["a", "b", "c", "d"],
            "cluster": ["e", "e", "f", "g"],
            "outlet": list("wxyz"),
            "direction": ["ua_to_ru", "ru_to_ua", "ru_to_ua", "ru_exit"],
            "motives": [("reward", "coercion"), ("coercion",), (), ("coercion",)],
        }
    )
    rows, y = models.layout(models.QUESTIONS["motive_coercion"], articles)
    assert list(y) == [1, 1]  # the open one and the exit are left out
    assert list(rows.events()) == [1, 1]
    assert "article" not in rows.units


@pytest.fixture(scope="module")
def tables():
    data = corpus.load()
    articles, claims = data.article_table().reset_index(), data.claim_table()
    for table in (articles, claims):
        table["side"] = table["camp"].map(compare.SIDES)
    return articles, claims


def test_a_small_corpus_has_no_value_instead_of_a_wrong_one(tables):
    articles, claims = tables
    few = articles[(articles["direction"] == "ua_to_ru") & (articles.index % 40 == 1)]
    results, parts = models.two_levels(
        few, claims[claims["article_id"].isin(few["article_id"])], draws=50
    )
    assert set(results.index.unique("contrast")) == set(models.LABELS)
    assert results["value"].isna().all() and parts.isna().all(axis=None)
    assert models.verdicts(results).empty


def results_of(**methods):
    index = pd.MultiIndex.from_product([["x"], methods], names=["contrast", "method"])
    return pd.DataFrame(list(methods.values()), index, ["value", "low", "high"])


def test_a_verdict_says_where_models_and_shares_part():
    shares = {"event": (0.2, 0.1, 0.3), "article": (0.1, -0.1, 0.3)}
    same = results_of(**shares, mixed=(0.2, 0.1, 0.3), average=(0.2, np.nan, np.nan))
    assert models.verdicts(same).loc["x", ["same_sign", "overlap", "agree"]].all()
    assert not models.verdicts(same).loc["x", "article_shown"]
    unsure = results_of(**shares, mixed=(0.1, -0.1, 0.2), average=(0.2, 0.1, 0.3))
    assert not models.verdicts(unsure).loc["x", "agree"]
    other = results_of(**shares, mixed=(-0.2, -0.3, -0.1), average=(0.2, 0.1, 0.3))
    assert not models.verdicts(other).loc["x", ["same_sign", "overlap", "agree"]].any()
    apart = results_of(**shares, mixed=(0.5, 0.4, 0.6), average=(0.2, 0.1, 0.3))
    assert list(models.verdicts(apart).loc["x", ["overlap", "agree"]]) == [False, True]


def test_coverage_is_measured_for_every_method(tables):
    class Loaded:
        article_table = staticmethod(lambda: tables[0].drop(columns="side").set_index("article_id"))
        claim_table = staticmethod(lambda: tables[1].drop(columns="side"))

    table = models.coverage(Loaded, 3, 1)
    wide = table.set_index(["scenario", "method", "measure"])["value"]
    held = wide.xs("coverage", level="measure")
    assert set(held.index.unique("method")) == set(models.METHODS)
    assert held.mean() > 0.7
    assert (table["se"] > 0).all()
    assert wide.xs("bias", level="measure").abs().max() < 0.1
