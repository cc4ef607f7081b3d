import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from defection_framing import stats
from defection_framing.settings import SEED
from defection_framing.stats import contrasts
from strategies import FEW
from strategies import claims as drawn_claims
from synthetic import claims

AWAY = {
    ("Russian", "ru_to_ua"): 0.5,
    ("Ukrainian", "ua_to_ru"): 0.5,
    ("Russian", "ua_to_ru"): -0.5,
    ("Ukrainian", "ru_to_ua"): -0.5,
}
PAIR = {"ua_to_ru": 1, "ru_to_ua": -1}


# Intervals of sums


def _known(monkeypatch, estimates, limits, correlation):
    """Shares of one code in groups 0, 1, ... with known limits and correlated draws."""
    size = len(estimates)
    draws = np.linalg.qr(np.random.default_rng(0).normal(size=(50, size + 1)))[0]
    centred = draws - draws.mean(0)
    white = centred @ np.linalg.inv(np.linalg.cholesky(np.cov(centred.T))).T
    draws = white[:, :size] @ np.linalg.cholesky(np.array(correlation, float)).T
    groups = pd.RangeIndex(size)
    n = pd.DataFrame({"n_articles": 9, "n_events": 9, "effective_events": 9.0}, groups)
    s = stats.Shares(
        groups, pd.Index(["x"]), np.array(estimates)[:, None], draws[:, :, None], n,
        np.zeros((9, size, 1)), np.ones((9, size)),
    )  # fmt: skip
    low, high = np.array(limits).T[:, :, None]
    monkeypatch.setattr(contrasts, "share_intervals", lambda s: (low, high))
    return s


INDEPENDENT = np.eye(2)


def test_difference_of_independent_proportions_is_that_of_newcombe(monkeypatch):
    # Newcombe (1998), Statistics in Medicine 17, table II, example (a), method 10: 56/70 - 48/80,
    # which Zou & Donner (2008) recover: 0.0524 to 0.3339.
    limits = [
        proportion_confint(56, 70, method="wilson"),
        proportion_confint(48, 80, method="wilson"),
    ]
    s = _known(monkeypatch, [0.8, 0.6], limits, INDEPENDENT)
    value, low, high = (x[0] for x in stats.combined(s, {0: 1, 1: -1}))
    assert (value, low, high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    theirs = confint_proportions_2indep(56, 70, 48, 80, method="newcomb")
    assert (low, high) == pytest.approx(theirs, abs=1e-9)


def test_difference_of_correlated_estimates_is_that_of_zou(monkeypatch):
    # Zou (2007), the overlapping correlations 0.396 and 0.179 of 66 persons, 0.088 between the
    # other two variables: -0.093 to 0.517.
    r1, r2, r12, n = 0.396, 0.179, 0.088, 66
    limits = [
        np.tanh(np.arctanh(r) + np.array([-1, 1]) * 1.959964 / (n - 3) ** 0.5) for r in (r1, r2)
    ]
    top = (r12 - r1 * r2 / 2) * (1 - r1**2 - r2**2 - r12**2) + r12**3
    together = top / ((1 - r1**2) * (1 - r2**2))
    s = _known(monkeypatch, [r1, r2], limits, [[1, together], [together, 1]])
    value, low, high = (x[0] for x in stats.combined(s, {0: 1, 1: -1}))
    assert (value, low, high) == pytest.approx((0.217, -0.093, 0.517), abs=5e-4)


@pytest.mark.parametrize(
    ("weights", "correlation", "low", "high"),
    [
        # distances of the limits 3 and 4 below, 6 and 8 above: hypotenuses 5 and 10
        ({0: 1, 1: 1}, 0, 0.9 - 0.05, 0.9 + 0.10),
        # a difference: from below 3 and the other's 8 above, from above 6 and its 4 below
        ({0: 1, 1: -1}, 0, -0.1 - 73**0.5 / 100, -0.1 + 52**0.5 / 100),
        # errors all but the same: distances add up in a sum, and cancel in a difference
        ({0: 1, 1: 1}, 1 - 1e-9, 0.9 - 0.07, 0.9 + 0.14),
        ({0: 1, 1: -1}, 1 - 1e-9, -0.1 - 0.05, -0.1 + 0.02),
        # half of one alone, turned round
        ({0: -0.5}, 0, -0.2 - 0.03, -0.2 + 0.015),
        # the law of cosines: 9 + 16 + 2 * 3 * 4 * 0.5 = 37; 36 + 64 + 48 = 148
        ({0: 1, 1: 1}, 0.5, 0.9 - 37**0.5 / 100, 0.9 + 148**0.5 / 100),
    ],
)
def test_limits_of_a_sum_lie_as_far_away_as_those_of_its_parts_together(
    monkeypatch, weights, correlation, low, high
):
    limits = [(0.4 - 0.03, 0.4 + 0.06), (0.5 - 0.04, 0.5 + 0.08)]
    s = _known(monkeypatch, [0.4, 0.5], limits, [[1, correlation], [correlation, 1]])
    _, *got = (x[0] for x in stats.combined(s, weights))
    assert got == pytest.approx((low, high), abs=1e-5)


def test_camps_that_tell_the_same_events_err_together():
    # The camps' articles on one event say the same, so their difference is nothing, and sure.
    both = claims(3, coverage=1).assign(camp="Russian")
    both = pd.concat([both, both.assign(camp="Ukrainian", article_id="u" + both["article_id"])])
    s = stats.shares(both, "frame", ["direction", "camp"], draws=200)
    w = {("ua_to_ru", "Russian"): 1, ("ua_to_ru", "Ukrainian"): -1}
    value, low, high = stats.combined(s, w)
    assert value == pytest.approx(np.zeros(6), abs=1e-12)
    single_low, single_high = stats.share_intervals(s)
    width = (single_high - single_low)[s.at(("ua_to_ru", "Russian"))]
    # The limits' asymmetry is all that is left; independent errors would give 1.4 widths.
    assert (high - low < 0.5 * width).all()


def test_limits_of_a_sum_are_those_of_their_rule_recomputed_one_by_one():
    s = stats.shares(claims(2), "frame", ["camp", "direction"], draws=100)
    value, low, high = stats.combined(s, AWAY)
    single_low, single_high = stats.share_intervals(s)
    for k in range(len(s.codes)):
        at = [s.at(g) for g in AWAY]
        draws = pd.DataFrame({g: c * s.draws[:, s.at(g), k] for g, c in AWAY.items()})
        together = draws.corr().fillna(0).to_numpy(copy=True)
        np.fill_diagonal(together, 1)
        ends = np.array(
            [
                (c * single_low[i, k], c * single_high[i, k])
                for i, c in zip(at, AWAY.values(), strict=True)
            ]
        )
        terms = np.array([c * s.value[i, k] for i, c in zip(at, AWAY.values(), strict=True)])
        below, above = terms - ends.min(1), ends.max(1) - terms
        assert value[k] == pytest.approx(terms.sum())
        assert low[k] == pytest.approx(terms.sum() - (below @ together @ below) ** 0.5)
        assert high[k] == pytest.approx(terms.sum() + (above @ together @ above) ** 0.5)


@FEW
@given(drawn_claims())
def test_a_contrast_turned_round_is_its_mirror_image(table):
    s = stats.shares(table, "frame", ["direction"], draws=30)
    if len(s.groups) == 2:
        value, low, high = stats.combined(s, {"a": 1, "b": -1})
        turned = stats.combined(s, {"a": -1, "b": 1})
        assert turned[0] == pytest.approx(-value)
        assert turned[1] == pytest.approx(-high)
        assert turned[2] == pytest.approx(-low)
        assert ((low <= value + 1e-12) & (value <= high + 1e-12)).all()


# Tables of contrasts


def test_a_contrast_turned_round_has_the_same_p():
    s = stats.shares(claims(3, directional=0.1), "frame", ["direction"], draws=199)
    one, other = stats.contrast(s, PAIR), stats.contrast(s, {g: -w for g, w in PAIR.items()})
    assert other["value"].tolist() == pytest.approx((-one["value"]).tolist())
    assert other["low"].tolist() == pytest.approx((-one["high"]).tolist())
    for column in ("p", "p_all", "q"):
        assert other[column].tolist() == one[column].tolist()


def test_a_contrast_has_a_row_for_each_code():
    s = stats.shares(claims(2), "frame", ["camp", "direction"], draws=50)
    table = stats.contrast(s, AWAY)
    assert " ".join(table) == "value low high p q p_all n_articles n_events small shown"
    value, low, high = stats.combined(s, AWAY)
    assert table["value"].tolist() == value.tolist()
    assert table[["low", "high"]].to_numpy().T.tolist() == [low.tolist(), high.tolist()]
    assert table["q"].tolist() == stats.adjust(table["p"]).tolist()
    corpus = claims(2)
    assert (table["n_articles"] == corpus["article_id"].nunique()).all()
    assert (table["n_events"] == corpus["cluster"].nunique()).all()
    one = stats.contrast(s, {("Russian", "ru_to_ua"): 1, ("Russian", "ua_to_ru"): -1})
    russian = corpus[corpus["camp"] == "Russian"]
    assert (one["n_articles"] == russian["article_id"].nunique()).all()
    assert (one["n_events"] == russian["cluster"].nunique()).all()
    assert not table["small"].any()
    assert table["shown"].tolist() == stats.is_shown(table).tolist()


def _two_groups(events, other=20):
    """One article for each event, `events` in one direction and `other` in the other one."""
    directions = ["ua_to_ru"] * events + ["ru_to_ua"] * other
    rows = [(f"a{i}", f"e{i}", d, "xy"[i % 2]) for i, d in enumerate(directions)]
    table = pd.DataFrame(rows, columns=["article_id", "cluster", "direction", "frame"])
    return stats.shares(
        table.assign(frame=pd.Categorical(table["frame"])), "frame", ["direction"], draws=50
    )


@pytest.mark.parametrize(("events", "small"), [(6, True), (7, False)])
def test_a_contrast_needs_seven_effective_events_in_each_group(events, small):
    table = stats.contrast(_two_groups(events), PAIR)
    assert (table["small"] == small).all()
    assert (table[["low", "high", "p", "p_all", "q"]].isna() == small).all(axis=None)
    assert table["value"].notna().all()


def test_a_contrast_with_a_group_that_is_not_there_is_missing():
    table = stats.contrast(_two_groups(9), {"ua_to_ru": 1, "elsewhere": -1})
    assert table.index.tolist() == ["x", "y"]
    assert table[["value", "low", "high", "p", "q", "p_all"]].isna().all(axis=None)
    assert table["small"].all() and not table[["n_articles", "n_events"]].any(axis=None)


def test_shown_takes_both_a_small_q_and_an_interval_on_one_side_of_zero():
    table = pd.DataFrame(
        {
            "q": [0.01, 0.01, 0.01, 0.05, 0.01, 0.01],
            "low": [0.1, -0.2, -0.1, 0.1, 0, -1],
            "high": [0.2, -0.1, 0.2, 0.2, 1, 0],
        }
    )
    assert stats.is_shown(table).tolist() == [True, True, False, False, False, False]


# P-values


def _p_of_shuffles(table, weights, draws):
    """The p-values that `contrast` describes, shuffle by shuffle, and how many could be used."""
    codes = pd.get_dummies(table["frame"], dtype=float)
    articles = codes.groupby(
        [table["cluster"], table["camp"], table["direction"], table["article_id"]]
    ).mean()
    told = articles.groupby(["cluster", "camp", "direction"]).mean()
    off = told - told.groupby("camp").transform("mean")
    labels = list(dict.fromkeys(direction for _, direction in weights))
    unit = pd.MultiIndex.from_arrays([told.index.get_level_values(i) for i in (0, 2)])
    units = sorted(set(unit), key=lambda u: (u[0], labels.index(u[1])))
    camp, of_unit = told.index.get_level_values("camp"), [units.index(u) for u in unit]
    seen = np.array([labels.index(direction) for _, direction in units])
    shuffled = np.random.default_rng(SEED).permuted(np.tile(seen, (draws, 1)), axis=1)

    ratios = []
    for labelling in (seen, *shuffled):
        cell = pd.Series([(c, labels[labelling[u]]) for c, u in zip(camp, of_unit, strict=True)])
        count = cell.map(cell.value_counts())
        if cell.nunique() < len(weights) or count.min() < 2:
            continue
        weight = (cell.map(weights) / count).to_numpy()[:, None]
        error = (weight * off).groupby(np.array(of_unit)).sum().pow(2).sum().pow(0.5)
        ratios.append(((weight * told).sum() / error).fillna(0).round(9).to_numpy())
    ratios = np.array(ratios)
    at_least, at_most = (
        (sign * ratios[:, None] >= sign * ratios[None]).mean(0) for sign in (1, -1)
    )
    p = np.minimum(2 * np.minimum(at_least, at_most), 1)
    return p[0], (p.min(1)[:, None] <= p[0]).mean(0), len(ratios)


def test_p_values_are_those_of_shuffled_tables_recomputed_one_by_one():
    table = claims(7, events=36, relational=0.05)
    s = stats.shares(table, "frame", ["camp", "direction"], draws=200)
    p, p_all, _ = _p_of_shuffles(table, AWAY, 200)
    got = stats.contrast(s, AWAY)
    assert got["p"].tolist() == pytest.approx(p.tolist())
    assert got["p_all"].tolist() == pytest.approx(p_all.tolist())


def test_shuffles_that_leave_a_cell_fewer_than_two_events_are_left_out(monkeypatch):
    monkeypatch.setattr(contrasts, "MIN_EVENTS", 0)
    table = claims(3, events=9, coverage=0.7)
    s = stats.shares(table, "frame", ["camp", "direction"], draws=200)
    assert s.n["n_events"].min() >= 2
    p, p_all, used = _p_of_shuffles(table, AWAY, 200)
    assert used < 201
    got = stats.contrast(s, AWAY)
    assert got["p"].tolist() == pytest.approx(p.tolist())
    assert got["p_all"].tolist() == pytest.approx(p_all.tolist())


def test_a_contrast_of_one_event_against_many_has_no_p(monkeypatch):
    monkeypatch.setattr(contrasts, "MIN_EVENTS", 0)
    table = stats.contrast(_two_groups(1), PAIR)
    assert table["value"].notna().all() and table[["p", "p_all", "q"]].isna().all(axis=None)


def test_an_event_under_two_labels_counts_as_two_units(monkeypatch):
    monkeypatch.setattr(contrasts, "MIN_EVENTS", 0)
    table = claims(5, events=8, coverage=1)
    both = table.assign(
        direction=table["direction"].map({"ua_to_ru": "ru_to_ua", "ru_to_ua": "ua_to_ru"}),
        article_id="b" + table["article_id"],
    )
    table = pd.concat([table, both[both["cluster"].isin(["e0", "e1", "e2"])]])
    s = stats.shares(table, "frame", ["camp", "direction"], draws=100)
    p, _, _ = _p_of_shuffles(table, AWAY, 100)
    assert stats.contrast(s, AWAY)["p"].tolist() == pytest.approx(p.tolist())


def test_a_code_that_nobody_uses_has_the_p_of_certainty():
    table = claims(2)
    table["frame"] = table["frame"].cat.add_categories("never")
    s = stats.shares(table, "frame", ["direction"], draws=99)
    never = stats.contrast(s, PAIR).loc["never"]
    assert never["value"] == 0 and never["p"] == never["p_all"] == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_p_is_never_zero_and_that_of_all_codes_never_below_the_smallest(seed):
    s = stats.shares(claims(seed, directional=0.3), "frame", ["direction"], draws=99)
    table = stats.contrast(s, PAIR)
    assert (table["p"] >= 1 / 100).all() and (table["p"] <= table["p_all"]).all()
    assert (table["p"] <= 1).all() and (table["p_all"] <= 1).all()


def test_weights_that_compare_something_else_are_refused():
    s = stats.shares(claims(0), "frame", ["direction", "camp"], draws=10)
    with pytest.raises(ValueError, match="sum to zero within each combination of the others$"):
        stats.contrast(s, {("ua_to_ru", "Russian"): 1, ("ru_to_ua", "Russian"): -1})
    s = stats.shares(claims(0), "frame", ["direction"], draws=10)
    with pytest.raises(ValueError, match="^the weights of .'ua_to_ru', 'ru_to_ua'. do not compare"):
        stats.contrast(s, {"ua_to_ru": 1, "ru_to_ua": -0.5})


# Q-values


def test_q_values_ignore_missing_comparisons():
    q = stats.adjust(pd.Series([0.01, np.nan, 0.04]))
    assert q.tolist()[::2] == pytest.approx([0.02, 0.04])
    assert np.isnan(q[1])


def test_q_values_of_nothing_are_nothing():
    assert stats.adjust(pd.Series([np.nan, np.nan])).isna().all()


@FEW
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_q_values_are_those_of_statsmodels_and_of_scipy(p):
    q = stats.adjust(pd.Series(p)).to_numpy()
    assert q == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert q == pytest.approx(scipy.stats.false_discovery_control(p))
    assert (q >= np.array(p)).all()


# Over many corpora


def test_claims_left_open_change_no_comparison():
    whole = claims(3, relational=0.1)
    left_open = whole.assign(article_id="open-" + whole["article_id"], frame=None).head(50)
    more = pd.concat([whole, left_open], ignore_index=True)
    more["frame"] = pd.Categorical(more["frame"], whole["frame"].cat.categories)
    one, other = (stats.shares(table, "frame", ["direction"], draws=50) for table in (whole, more))
    pd.testing.assert_frame_equal(stats.contrast(one, PAIR), stats.contrast(other, PAIR))


@pytest.mark.slow
def test_intervals_cover_the_truth_and_find_a_planted_effect():
    truth, hits, found = 0.25, 0, 0
    runs = 60
    for seed in range(runs):
        s = stats.shares(claims(seed, relational=truth), "frame", ["camp", "direction"], draws=199)
        row = stats.contrast(s, AWAY).loc["treason"]
        hits += row["low"] <= truth <= row["high"]
        found += row["q"] < 0.05
    assert hits >= 0.88 * runs
    assert found >= 0.8 * runs


def _called(tables, column, weights):
    """Shares of tables in which a code is called: by q, and by the test of all codes at once."""
    by = ["camp", "direction"] if isinstance(next(iter(weights)), tuple) else ["direction"]
    rows = [stats.contrast(stats.shares(t, column, by, draws=500), weights).min() for t in tables]
    return tuple(np.mean([r[c] < 0.05 for r in rows]) for c in ("q", "p_all"))


@pytest.mark.slow
@pytest.mark.parametrize("weights", [PAIR, AWAY])
def test_without_an_effect_few_contrasts_are_called(weights):
    q, p_all = _called((claims(seed) for seed in range(100)), "frame", weights)
    assert q <= 0.11 and 0 < p_all <= 0.11  # 0.05, and three Monte Carlo errors


@pytest.mark.slow
def test_a_direction_effect_is_not_taken_for_a_relation():
    tables = (claims(seed, directional=0.3, events=80) for seed in range(60))
    cells = (stats.shares(t, "frame", ["camp", "direction"], draws=200) for t in tables)
    p = np.array([stats.contrast(s, AWAY).loc["coercion", "p"] for s in cells])
    assert (p < 0.05).mean() <= 0.14


def test_all_codes_at_once_find_a_planted_difference():
    table = claims(1, events=120, directional=0.25)
    row = stats.contrast(stats.shares(table, "frame", ["direction"]), PAIR).loc["coercion"]
    assert row["p"] <= row["p_all"] < 0.05
    assert row["value"] == pytest.approx(0.25, abs=0.08)
