"""What was found and what was not: contrasts within outlets, parts left out, known bounds."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import WLS

from defection_framing import corpus, domain, stats
from defection_framing.study import selection
from defection_framing.study.estimands import CONTRASTS, HEADLINES
from defection_framing.study.material import material


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
        s = stats.shares(table, "frame", ["to_russia"], draws=100)
        pooled.append(stats.contrast(s, {True: 1, False: -1}).loc["treason"])
    within, pooled = pd.DataFrame(within), pd.DataFrame(pooled)
    assert within["value"].mean() == pytest.approx(0.15, abs=0.04)
    assert pooled["value"].mean() > 0.25
    assert ((within["low"] < 0.15) & (within["high"] > 0.15)).mean() > 0.85


@pytest.mark.slow
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
    table = pd.DataFrame(rows, columns=["outlet", "cluster", "camp", "direction", "frame"])
    table["article_id"] = [f"a{i}" for i in range(len(table))]
    codes = table["frame"].map({"x": "treason", "y": "policy"})
    table = table.assign(frame=pd.Categorical(codes))
    table["portrayal"] = table["frame"].cat.rename_categories({"treason": "traitor"})
    found = selection.within_camps(table, table)
    for code, estimate in (("traitor", "portrayal_away_{}"), ("treason", "frame_away_{}")):
        own = found.loc[code].loc[list(domain.TOWARD)]
        name = estimate.format("Russian") + f"/{code}/within_outlets"
        assert own["estimate"].iloc[0] == name
        assert own["value"].tolist() == [1, pytest.approx(-0.5)]
        assert own["n_outlets"].tolist() == [1, 2]


def test_beside_outlets_stands_the_contrast_of_the_same_articles():
    data = corpus.load()
    articles, claims = data.article_table().reset_index(), data.claim_table()
    found = selection.beside_pooled(articles, claims).loc["leaving minus coming"]
    found = found.set_index("estimate", append=True).droplevel("code")
    wanted = CONTRASTS["portrayal_away"].estimate(articles, claims)
    pooled, within = (
        found.loc[series].loc[
            [f"portrayal_away/{c}/{series.replace(' ', '_')}" for c in wanted.index]
        ]
        for series in ("all outlets", "within outlets")
    )
    pooled = pooled[wanted.columns]
    assert np.allclose(pooled.astype(float), wanted.astype(float), equal_nan=True)
    own = articles[articles["direction"].isin(domain.TOWARD.values())]
    own = own[own["camp"].isin(list(domain.TOWARD))]
    leaves = own["direction"].astype(str) != own["camp"].map(domain.TOWARD)
    alone = selection.within_outlets(own, "portrayal", leaves)
    within, alone = within[alone.columns], alone.loc[wanted.index]
    assert np.allclose(within.astype(float), alone.astype(float), equal_nan=True)


@pytest.fixture(scope="module")
def m():
    return material(corpus.load())


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
    row = selection.verdicts(table).loc[("left out", "x")]
    assert row[["tried", "holds", "no_interval"]].tolist() == [2, 1, 1]
    assert row["fails"] == "slice left out: c"


def test_concentration_counts_by_hand():
    events = ["a"] * 6 + ["b"] * 2 + ["c"] * 2 + ["a"]
    table = pd.DataFrame({"cluster": events, "outlet": list("abcdefghijk")})
    table["direction"] = ["ua_to_ru"] * 10 + ["ua_exit"]
    found = selection.concentration(table)
    assert found.loc["events"].tolist() == [3, pytest.approx(100 / 44), 0.6]
    assert found.loc["outlets", "effective"] == pytest.approx(10)


@pytest.mark.slow
def test_whatever_is_left_out_and_survives_is_named_by_its_estimand(m):
    table = selection.moved(m)
    assert set(table.index.get_level_values("estimate")) == set(HEADLINES)
    found = selection.held(table)
    assert found.at["portrayal_away/traitor/language_alone/Ukrainian/lacks_a_cell", "value"] == 1
    assert set(found["source"]) == {"study.selection.held"}
    whole = table.xs("all", level="kind").loc[("as reported", "frame_away/treason")]
    part = found.loc["frame_away/treason/slice_left_out/a"]
    assert part["n_articles"] < whole["n_articles"] and part["value"] != whole["value"]
