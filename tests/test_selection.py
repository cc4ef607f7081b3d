"""What was found and what was not: contrasts within outlets, parts left out, known bounds."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import WLS

from defection_framing import compare, corpus, multiverse, selection


def told(seed, effect=0.0, confounded=True, outlets=40, events=40):
    """Articles of outlets that differ in the share of treason, and in what they tell of.

    Half the outlets tell mostly of crossings to Russia and often of treason, the others neither;
    within an outlet `effect` is added where the crossing is to Russia. Events add noise that all
    outlets share.
    """
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.08, events)
    rows = []
    for o in range(outlets):
        much = o % 2 == 0
        base = (0.55 if much else 0.2) if confounded else 0.35
        for _ in range(2 + rng.poisson(3)):
            to_russia = rng.random() < (0.75 if much else 0.25)
            event = 2 * rng.integers(events // 2) + to_russia
            share = np.clip(base + effect * to_russia + noise[event], 0, 1)
            rows.append((f"a{len(rows)}", f"e{event}", f"o{o}", to_russia, rng.random() < share))
    table = pd.DataFrame(rows, columns=["article_id", "cluster", "outlet", "to_russia", "hit"])
    table["frame"] = pd.Categorical(np.where(table["hit"], "treason", "policy"))
    return table


def test_within_outlets_finds_the_effect_that_the_choice_of_outlets_hides():
    within, pooled = [], []
    for seed in range(30):
        table = told(seed, effect=0.15)
        within.append(selection.within_outlets(table, "frame", table["to_russia"]).loc["treason"])
        s = compare.shares(table, "frame", ["to_russia"], draws=100)
        pooled.append(compare.contrast(s, {True: 1, False: -1}).loc["treason"])
    within, pooled = pd.DataFrame(within), pd.DataFrame(pooled)
    assert within["value"].mean() == pytest.approx(0.15, abs=0.04)
    assert pooled["value"].mean() > 0.25
    assert ((within["low"] < 0.15) & (within["high"] > 0.15)).mean() > 0.85


def test_within_outlets_seldom_finds_what_is_not_there():
    found = []
    for seed in range(80):
        table = told(seed, effect=0.0)
        row = selection.within_outlets(table, "frame", table["to_russia"]).loc["treason"]
        found.append(row["p"] < 0.05)
    assert np.mean(found) < 0.12


def test_each_outlet_counts_once_and_within_it_each_event():
    rows = [
        *[("o1", "e1", True, "x")] * 3, ("o1", "e2", True, "y"), ("o1", "e3", False, "y"),
        ("o2", "e1", True, "y"), ("o2", "e3", False, "x"), ("o3", "e4", True, "x"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["outlet", "cluster", "first", "frame"])
    table["article_id"] = [f"a{i}" for i in range(len(table))]
    table["frame"] = pd.Categorical(table["frame"])
    row = selection.within_outlets(table, "frame", table["first"]).loc["x"]
    assert row["value"] == pytest.approx((0.5 - 1) / 2)
    assert (row["n_outlets"], row["n_articles"]) == (2, 7)
    assert row["small"] and np.isnan(row["low"])


def test_the_error_is_never_smaller_than_with_one_clustering_alone():
    table = told(4, effect=0.1)
    found = selection.within_outlets(table, "frame", table["to_russia"]).loc["treason"]
    both = table.groupby("outlet")["to_russia"].transform("nunique") == 2
    own = table[both].reset_index(drop=True)
    of_event = own.groupby(["outlet", "to_russia", "cluster"])["hit"].transform("size")
    n_events = own.groupby(["outlet", "to_russia"])["cluster"].transform("nunique")
    design = pd.get_dummies(own["outlet"], dtype=float).assign(x=own["to_russia"].astype(float))
    fit = WLS(own["hit"].astype(float), design, weights=1 / of_event / n_events).fit()
    assert found["value"] == pytest.approx(fit.params["x"])
    for column in ("outlet", "cluster"):
        groups = {"groups": pd.factorize(own[column])[0], "use_correction": False}
        error = fit.get_robustcov_results("cluster", **groups).bse[-1]
        assert found["high"] - found["value"] > 1.96 * error


def test_nothing_is_said_where_no_outlet_has_both():
    table = told(1)
    alone = selection.within_outlets(table, "frame", table["outlet"] == "o1")
    assert alone["value"].isna().all() and (alone["n_outlets"] == 0).all()
    one = table[table["outlet"] == "o1"].assign(cluster="e")
    few = selection.within_outlets(one, "frame", one["to_russia"])
    assert few["small"].all() and few["value"].notna().all() and few["low"].isna().all()


def test_camps_taken_singly_have_their_own_outlets_and_who_leaves_is_counted_first():
    rows = [
        ("r1", "e1", "Russian", "ru_to_ua", "x"), ("r1", "e2", "Russian", "ua_to_ru", "y"),
        ("u1", "e1", "Ukrainian", "ru_to_ua", "x"), ("u1", "e2", "Ukrainian", "ua_to_ru", "y"),
        ("u2", "e3", "Ukrainian", "ru_to_ua", "y"), ("u2", "e2", "Ukrainian", "ua_to_ru", "y"),
        ("w1", "e1", "Western", "ru_to_ua", "x"), ("u2", "e4", "Ukrainian", "ua_exit", "x"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["outlet", "cluster", "side", "direction", "frame"])
    table["article_id"] = [f"a{i}" for i in range(len(table))]
    table["frame"] = pd.Categorical(table["frame"])
    of_x = selection.within_camps(table, "frame").xs("x", level="code")
    assert of_x["value"].tolist() == [1, pytest.approx(-0.5)]
    assert of_x["n_outlets"].tolist() == [1, 2]


def test_weights_of_leaving_minus_coming_are_those_of_the_comparison():
    articles = corpus.load().article_table().reset_index()
    articles["side"] = articles["camp"].astype(str).map(compare.SIDES)
    crossings = articles[articles["direction"].isin(compare.TOWARD.values())]
    own = crossings[crossings["side"].isin(list(compare.TOWARD))]
    s = compare.shares(own, "portrayal", ["side", "direction"], draws=20)
    for camp, weights in selection.leaving_minus_coming().items():
        camps = list(compare.TOWARD) if camp == "mean of camps" else [camp]
        found = compare.contrast(s, weights)["value"]
        wanted = compare.away(articles, camps, draws=20)["value"].reindex(found.index)
        assert np.allclose(found, wanted, equal_nan=True)


@pytest.mark.parametrize(
    ("ratio", "published"),
    # VanderWeele & Ding (2017): 3.9 and its limit 1.8, and 0.80, whose inverse counts
    [(3.9, 7.26), (1.8, 3.0), (0.8, 1.81), (1.0, 1.0)],
)
def test_e_values_are_the_published_ones(ratio, published):
    assert selection.e_value(ratio) == pytest.approx(published, abs=0.005)


def test_e_value_of_an_interval_is_that_of_its_nearer_end():
    ratios = pd.DataFrame({"value": [3.9, 0.5, 1.2], "low": [1.8, 0.2, 0.9], "high": [8.7, 0.8, 2]})
    limits = selection.e_values(ratios)["limit"]
    assert limits.round(2).tolist() == [3.0, 1.81, 1.0]


def test_the_interval_of_a_ratio_holds_the_truth_at_its_rate():
    rng, hits = np.random.default_rng(3), []
    for _ in range(200):
        told = np.r_[rng.random(80) < 0.5, rng.random(80) < 0.2]
        codes = np.column_stack([told, ~told]).astype(float)
        names, cell = pd.Index(["x", "y"]), np.repeat([0, 1], 80)
        s = compare.cell_shares(codes, np.arange(160), cell, pd.RangeIndex(2), names, draws=100)
        row = selection.ratio(s, {0: 1.0}, {1: 1.0}).loc["x"]
        hits.append(row["low"] < 2.5 < row["high"])
    assert 0.9 <= np.mean(hits) <= 1


def test_a_ratio_to_a_share_of_none_is_infinite_with_a_finite_lower_limit():
    codes = np.repeat([[1.0, 0.0], [0.0, 1.0]], 40, axis=0)
    names, cell = pd.Index(["x", "y"]), np.repeat([0, 1], 40)
    s = compare.cell_shares(codes, np.arange(80), cell, pd.RangeIndex(2), names, draws=20)
    row = selection.ratio(s, {0: 1.0}, {1: 1.0}).loc["x"]
    assert np.isinf(row["value"]) and np.isinf(row["high"]) and 5 < row["low"] < 40


@pytest.mark.parametrize("sign", [1, -1])
def test_as_many_unseen_as_the_bound_says_bring_the_interval_to_zero(sign):
    low, high = sorted([sign * 0.2, sign * 0.6])
    bound = selection.unseen(sign * 0.4, low, high)
    none, reverse = bound["interval_if_none"], bound["interval_if_reversed"]
    assert 0.4 / (1 + none) == pytest.approx(0.2)
    assert 0.4 * (1 - reverse) / (1 + reverse) == pytest.approx(0.2)
    assert selection.unseen(0.1, -0.1, 0.3)["interval_if_none"] == 0
    assert np.isnan(selection.unseen(0.1, np.nan, np.nan)["interval_if_none"])


@pytest.fixture(scope="module")
def m():
    return multiverse.material(corpus.load())


def test_each_part_keeps_what_its_name_says(m):
    kept = {(kind, name): m.articles[keep] for kind, name, keep in selection.parts(m.articles)}
    assert "d" not in set(kept["slice left out", "d"]["slice"])
    assert set(kept["language alone", "Ukrainian"]["lang"]) == {"uk"}
    assert not {"en", "ru", "uk"} & set(kept["language alone", "other languages"]["lang"])
    sizes = [len(kept["largest events left out", str(k)]) for k in range(9)]
    assert sizes[0] == len(m.articles) and sizes == sorted(sizes, reverse=True)
    assert "kuzminov-mi8" not in set(kept["largest events left out", "1"]["event"])


def test_verdicts_count_what_holds_and_name_what_fails():
    rows = {
        ("all", "as reported", "x"): (0.2, 0.1, 0.3),
        ("slice left out", "a", "x"): (0.2, 0.1, 0.3),  # changes nothing
        ("slice left out", "b", "x"): (0.3, 0.2, 0.4),
        ("slice left out", "c", "x"): (0.1, -0.1, 0.3),
        ("slice left out", "d", "x"): (0.4, np.nan, np.nan),
    }
    index = pd.MultiIndex.from_tuples(list(rows), names=["kind", "part", "estimate"])
    table = pd.DataFrame(list(rows.values()), index, ["value", "low", "high"])
    table["excludes_zero"] = (table["low"] > 0) | (table["high"] < 0)
    row = selection.verdicts(table).loc["x"]
    assert row[["tried", "holds", "no_interval"]].tolist() == [2, 1, 1]
    assert row["fails"] == "slice left out: c"


def test_concentration_counts_by_hand():
    events = ["a"] * 6 + ["b"] * 2 + ["c"] * 2
    table = pd.DataFrame({"cluster": events, "outlet": list("abcdefghij"), "direction": "d"})
    row = selection.concentration(table, ["direction"]).loc["d"]
    assert row["effective_events"] == pytest.approx(100 / 44)
    assert (row["largest_events"], row["effective_outlets"]) == (0.6, 10)
