import numpy as np
import pandas as pd
import pytest
from scipy import stats

from defection_framing import compare
from synthetic import claims

AWAY = {
    ("Russian", "ru_to_ua"): 0.5,
    ("Ukrainian", "ua_to_ru"): 0.5,
    ("Russian", "ua_to_ru"): -0.5,
    ("Ukrainian", "ru_to_ua"): -0.5,
}
PAIR = {"ua_to_ru": 1, "ru_to_ua": -1}


def test_event_weighting_keeps_a_much_copied_event_from_deciding():
    table = pd.DataFrame(
        {
            "article_id": [f"a{i}" for i in range(12)],
            "cluster": ["copied"] * 10 + ["b", "c"],
            "frame": pd.Categorical(["x"] * 10 + ["y", "y"]),
            "direction": "d",
        }
    )
    by_event = compare.shares(table, "frame", ["direction"], "event", draws=10)
    by_article = compare.shares(table, "frame", ["direction"], "article", draws=10)
    assert by_event.value[0, 0] == pytest.approx(1 / 3)
    assert by_article.value[0, 0] == pytest.approx(10 / 12)
    assert by_article.n["effective_events"].iloc[0] == pytest.approx(144 / 102)


def test_an_article_counts_once_however_many_claims_it_has():
    table = pd.DataFrame(
        {
            "article_id": ["a"] * 9 + ["b"],
            "cluster": ["e"] * 9 + ["f"],
            "frame": pd.Categorical(["x"] * 9 + ["y"]),
            "direction": "d",
        }
    )
    s = compare.shares(table, "frame", ["direction"], "article", draws=10)
    assert s.value[0].tolist() == pytest.approx([0.5, 0.5])


def test_unknown_weighting_is_refused():
    with pytest.raises(ValueError, match="'event' or 'article'"):
        compare.shares(claims(0), "frame", ["direction"], "outlet")


def test_what_is_left_open_counts_neither_in_shares_nor_in_n():
    table = pd.DataFrame(
        {
            "article_id": ["a", "a", "b", "c", "d"],
            "cluster": ["e", "e", "e", "f", "f"],
            "frame": pd.Categorical(["x", None, None, "y", "x"]),
            "motives": [("survival",), (), ("survival", "family"), (), ()],
            "direction": "d",
        }
    )
    s = compare.shares(table, "frame", ["direction"], draws=10)
    assert s.value[0].tolist() == pytest.approx([0.75, 0.25])
    assert s.n["n_articles"].iloc[0] == 3
    s = compare.shares(table, "motives", ["direction"], draws=10)
    assert dict(zip(s.codes, s.value[0], strict=True)) == {"survival": 1.0, "family": 0.5}
    assert s.n[["n_articles", "n_events"]].iloc[0].tolist() == [2, 1]
    assert not len(compare.shares(table.assign(frame=None), "frame", ["direction"]).groups)


def test_claims_left_open_change_no_comparison():
    whole = claims(3, relational=0.1)
    left_open = whole.assign(article_id="open-" + whole["article_id"], frame=None).head(50)
    more = pd.concat([whole, left_open], ignore_index=True)
    more["frame"] = pd.Categorical(more["frame"], whole["frame"].cat.categories)
    one, other = (compare.mirror(table, draws=50) for table in (whole, more))
    pd.testing.assert_series_equal(one.index, other.index)
    one, other = (
        compare.shares(table, "frame", ["direction"], draws=50) for table in (whole, more)
    )
    pd.testing.assert_frame_equal(compare.contrast(one, PAIR), compare.contrast(other, PAIR))


def test_codes_that_are_sets_count_once_per_article():
    table = pd.DataFrame(
        {
            "article_id": ["a", "b"],
            "cluster": ["e", "f"],
            "motives": [("survival", "family"), ("survival",)],
            "direction": "d",
        }
    )
    s = compare.shares(table, "motives", ["direction"], draws=10)
    assert dict(zip(s.codes, s.value[0], strict=True)) == {"survival": 1.0, "family": 0.5}


def test_cells_of_few_events_get_no_interval():
    table = claims(1, events=8)
    shown = compare.prevalence(compare.shares(table, "frame", ["side", "direction"], draws=50))
    assert shown["small"].all()
    assert shown[["low", "high"]].isna().all(axis=None)
    contrast = compare.contrast(compare.shares(table, "frame", ["side", "direction"]), AWAY)
    assert contrast[["low", "high", "p", "q", "p_all"]].isna().all(axis=None)


def test_a_code_that_never_occurs_still_has_an_upper_bound():
    table = claims(2)
    table["frame"] = table["frame"].cat.add_categories("never")
    shown = compare.prevalence(compare.shares(table, "frame", ["direction"], draws=100))
    never = shown.xs("never", level="code")
    assert (never["low"] == 0).all()
    assert (never["high"] > 0.02).all()


def test_intervals_cover_the_truth_and_find_a_planted_effect():
    truth, hits, found = 0.25, 0, 0
    runs = 60
    for seed in range(runs):
        s = compare.shares(
            claims(seed, relational=truth), "frame", ["side", "direction"], draws=500
        )
        row = compare.contrast(s, AWAY).loc["treason"]
        hits += row["low"] <= truth <= row["high"]
        found += row["q"] < 0.05
    assert hits >= 0.88 * runs
    assert found >= 0.8 * runs


def _called(tables, column, weights):
    """Shares of tables in which a code is called: by q, and by the test of all codes at once."""
    by = ["side", "direction"] if isinstance(next(iter(weights)), tuple) else ["direction"]
    rows = [
        compare.contrast(compare.shares(t, column, by, draws=500), weights).min() for t in tables
    ]
    return tuple(np.mean([r[c] < 0.05 for r in rows]) for c in ("q", "p_all"))


@pytest.mark.parametrize("weights", [PAIR, AWAY])
def test_without_an_effect_few_contrasts_are_called(weights):
    q, p_all = _called((claims(seed) for seed in range(100)), "frame", weights)
    assert q <= 0.11 and 0 < p_all <= 0.11  # 0.05, and three Monte Carlo errors


def test_a_direction_effect_is_not_taken_for_a_relation():
    tables = (claims(seed, directional=0.3, events=80) for seed in range(60))
    cells = (compare.shares(t, "frame", ["side", "direction"], draws=200) for t in tables)
    p = np.array([compare.contrast(s, AWAY).loc["coercion", "p"] for s in cells])
    assert (p < 0.05).mean() <= 0.14


def test_p_values_are_those_of_shuffled_tables_recomputed_one_by_one():
    table = claims(7, events=36, relational=0.05)
    s = compare.shares(table, "frame", ["side", "direction"], draws=400)
    p = compare.contrast(s, AWAY)["p"]
    events = table.groupby("cluster")["direction"].first()
    rng = np.random.default_rng(1)

    codes = pd.get_dummies(table["frame"], dtype=float)
    articles = codes.groupby([table["cluster"], table["side"], table["article_id"]]).mean()
    articles = articles.groupby(["cluster", "side"]).mean()
    off = articles - articles.groupby("side").transform("mean")
    event, camp = (articles.index.get_level_values(i) for i in (0, 1))

    def ratio(direction):
        cell = pd.Series(list(zip(camp, direction[event], strict=True)))
        weight = (cell.map(AWAY) / cell.map(cell.value_counts())).to_numpy()[:, None]
        error = (weight * off).groupby("cluster").sum().pow(2).sum().pow(0.5)
        return (weight * articles).sum() / error

    seen = ratio(events)
    null = np.array([ratio(pd.Series(rng.permutation(events), events.index)) for _ in range(400)])
    tail = np.minimum((null >= seen.to_numpy()).mean(0), (null <= seen.to_numpy()).mean(0))
    assert np.abs(np.minimum(2 * tail, 1) - p).max() < 0.13
    assert np.corrcoef(np.minimum(2 * tail, 1), p)[0, 1] > 0.97


def test_weights_that_compare_something_else_are_refused():
    s = compare.shares(claims(0), "frame", ["direction", "side"], draws=10)
    with pytest.raises(ValueError, match="sum to zero"):
        compare.contrast(s, {("ua_to_ru", "Russian"): 1, ("ru_to_ua", "Russian"): -1})


@pytest.mark.parametrize(
    ("effects", "low", "high"),
    [({"relational": 0.3}, 0.5, 1.0), ({"directional": 0.3}, -1.0, -0.5)],
)
def test_mirror_index_tells_relation_from_direction(effects, low, high):
    m = compare.mirror(claims(4, events=120, **effects), draws=300)
    assert low < m.index["value"] < high
    assert m.frames["part"].sum() == pytest.approx(m.index["value"])
    kind = "relational" if "relational" in effects else "directional"
    frame = "treason" if kind == "relational" else "coercion"
    row = m.frames.loc[frame]
    assert row[f"{kind}_low"] > 0 or row[f"{kind}_high"] < 0
    assert (m.index["p_no_teller"] < 0.05) == (kind == "relational")


def test_mirror_index_seldom_cries_wolf():
    p = [compare.mirror(claims(s), draws=99).index["p_no_direction"] for s in range(40)]
    assert np.mean(np.array(p) < 0.05) <= 0.15


def test_mirror_index_of_equal_and_opposite_contrasts():
    a = np.array([0.2, -0.1, -0.1])
    assert compare.mirror_index(a, a) == pytest.approx(1)
    assert compare.mirror_index(a, -a) == pytest.approx(-1)
    assert compare.mirror_index(a, 3 * a) < 0.7


def test_q_values_ignore_missing_comparisons():
    q = compare.adjust(pd.Series([0.01, np.nan, 0.04]))
    assert q.tolist()[::2] == pytest.approx([0.02, 0.04])
    assert np.isnan(q[1])


def test_log_odds_rank_planted_words_and_drop_words_of_one_event():
    texts, first, events = [], [], []
    for e in range(20):
        for _ in range(3):
            texts.append(("rescued " if e < 10 else "betrayed ") + "soldier crossed the river")
            first.append(e < 10)
            events.append(f"e{e}")
    texts[0] += " helicopter"
    table = compare.log_odds(pd.Series(texts), pd.Series(first), pd.Series(events))
    assert table.index[0] == "betrayed" and table.index[-1] == "rescued"
    assert "helicopter" not in table.index
    assert abs(table.loc["soldier", "z"]) < 0.5


def _tellings(gap, seed=0):
    rng = np.random.default_rng(seed)
    rows = [(f"e{e}", f"o{e}{i}", i % 2) for e in range(8) for i in range(8)]
    table = pd.DataFrame(rows, columns=["cluster", "outlet", "side"])
    vectors = rng.normal(size=(len(table), 10))
    vectors[:, 0] += gap * table["side"]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), table


def test_separation_sees_a_gap_and_not_its_absence():
    apart, p = compare.separation(*_tellings(3.0), "side", draws=200)
    assert (apart["value"] > 0).all() and p < 0.02
    _, p_none = compare.separation(*_tellings(0.0), "side", draws=200)
    assert p_none > 0.05


def test_likeness_tells_which_camp_a_part_resembles():
    table = claims(5, events=80, relational=0.35)
    copies = table[table["side"] == "Russian"].copy()
    copies["article_id"] = "copy-" + copies["article_id"]
    s = compare.shares(
        pd.concat([table, copies.assign(side="Copier")]), "frame", ["direction", "side"], draws=100
    )
    alike = compare.likeness(s, ["Copier"], ("Russian", "Ukrainian"))
    assert alike.xs("Russian", level="camp")["value"].tolist() == pytest.approx([1, 1])
    assert (alike.xs("difference", level="camp")["low"] > 0).all()


def test_likeness_leaves_out_small_parts():
    few = compare.shares(claims(5, events=6), "frame", ["direction", "side"], draws=100)
    assert compare.likeness(few, ["Russian"], ("Russian", "Ukrainian")).empty


def test_all_codes_at_once_find_a_planted_difference():
    table = claims(1, events=120, directional=0.25)
    row = compare.contrast(compare.shares(table, "frame", ["direction"]), PAIR).loc["coercion"]
    assert row["p"] <= row["p_all"] < 0.05
    assert row["value"] == pytest.approx(0.25, abs=0.08)


def test_share_of_independent_units_has_the_exact_interval():
    hits = pd.Series([True] * 30 + [False] * 170)
    share = compare.share_of(hits, pd.Series(range(200)))
    exact = stats.binomtest(30, 200).proportion_ci()
    assert share["value"] == 0.15
    assert (share["low"], share["high"]) == pytest.approx((exact.low, exact.high), abs=0.002)


def test_share_of_units_told_thrice_is_no_surer():
    hits, units = pd.Series([True] * 30 + [False] * 170), pd.Series(range(200))
    once = compare.share_of(hits, units)
    thrice = compare.share_of(pd.concat([hits] * 3, ignore_index=True), pd.Series([*units] * 3))
    assert list(thrice.values()) == pytest.approx(list(once.values()), abs=0.005)
    assert np.isnan(compare.share_of(hits, pd.Series("one", hits.index))["low"])


def test_share_of_a_weighted_clustered_sample_covers_the_truth():
    rng = np.random.default_rng(0)
    truth, covered = 0.8, 0
    for _ in range(300):
        p = np.repeat(rng.beta(8, 2, 40), 4)
        weights = pd.Series(rng.choice([1.0, 10.0], len(p)))
        share = compare.share_of(
            pd.Series(rng.random(len(p)) < p), pd.Series(np.repeat(range(40), 4)), weights
        )
        covered += share["low"] < truth < share["high"]
    assert 0.92 < covered / 300 <= 1
