import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from defection_framing import stats
from defection_framing.settings import ROOT, SEED
from strategies import FEW
from strategies import claims as drawn_claims
from synthetic import claims

REFERENCE = ROOT / "tests" / "reference"


def _table(rows, **columns):
    """One article of one claim for each (event, code)."""
    table = pd.DataFrame(rows, columns=["cluster", "frame"])
    table["frame"] = pd.Categorical(table["frame"])
    return table.assign(article_id=[f"a{i}" for i in range(len(table))], direction="d", **columns)


def _shares(codes, event, cell, groups, names, draws=stats.DRAWS):
    """Shares of articles given as arrays."""
    labels = {"group": np.array(groups, dtype=object)[cell]}
    panel = stats.Panel(pd.Index(names), codes, np.ones(len(codes), int), event, labels)
    return panel.shares(["group"], pd.Index(groups), draws)


# Shares


def test_event_weighting_keeps_a_much_copied_event_from_deciding():
    table = _table([("copied", "x")] * 10 + [("b", "y"), ("c", "y")])
    by_event = stats.shares(table, "frame", ["direction"], "event", draws=10)
    by_article = stats.shares(table, "frame", ["direction"], "article", draws=10)
    assert by_event.value[0, 0] == pytest.approx(1 / 3)
    assert by_article.value[0, 0] == pytest.approx(10 / 12)
    assert by_event.n.iloc[0].tolist() == [12, 3, 3]
    assert by_article.n["n_events"].tolist() == [3]
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
    s = stats.shares(table, "frame", ["direction"], "article", draws=10)
    assert s.value[0].tolist() == pytest.approx([0.5, 0.5])


def test_an_article_is_shared_out_among_its_claims():
    table = pd.DataFrame(
        {
            "article_id": ["a", "a", "a", "b"],
            "cluster": ["e", "e", "e", "f"],
            "frame": pd.Categorical(["x", "x", "y", "y"]),
            "direction": "d",
        }
    )
    assert stats.Panel.of(table, "frame", ["direction"]).codes == pytest.approx(
        np.array([[2 / 3, 1 / 3], [0, 1]])
    )
    s = stats.shares(table, "frame", ["direction"], draws=10)
    assert s.value[0] == pytest.approx([1 / 3, 2 / 3])


def test_unknown_weighting_is_refused():
    with pytest.raises(ValueError, match="^weighting is 'event' or 'article', not 'outlet'$"):
        stats.shares(claims(0), "frame", ["direction"], "outlet")


def test_events_weigh_alike_unless_asked_otherwise():
    table = _table([("copied", "x")] * 3 + [("b", "y")])
    assert stats.shares(table, "frame", ["direction"]).value[0, 0] == 0.5
    articles = np.eye(2)[[0, 0, 0, 1]]
    s = _shares(articles, np.array([0, 0, 0, 1]), np.zeros(4, int), ["d"], ["x", "y"])
    assert s.value[0, 0] == 0.5
    assert s.draws.shape == (stats.DRAWS, 1, 2) == (2000, 1, 2)


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
    s = stats.shares(table, "frame", ["direction"], draws=10)
    assert s.value[0].tolist() == pytest.approx([0.75, 0.25])
    assert s.n["n_articles"].iloc[0] == 3
    s = stats.shares(table, "motives", ["direction"], draws=10)
    assert dict(zip(s.codes, s.value[0], strict=True)) == {"survival": 1.0, "family": 0.5}
    assert s.n[["n_articles", "n_events"]].iloc[0].tolist() == [2, 1]
    assert not len(stats.shares(table.assign(frame=None), "frame", ["direction"]).groups)


def test_decided_rows_have_a_code():
    table = pd.DataFrame({"one": ["x", None, "y"], "many": [("x",), (), None]})
    assert list(stats.decided(table, "one").index) == [0, 2]
    assert list(stats.decided(table, "many").index) == [0]


def test_sets_of_rows_with_one_name_stay_apart():
    table = pd.DataFrame({"motives": [("x",), ("y",)]}, index=[0, 0])
    assert stats.indicators(table, "motives").to_numpy().tolist() == [[1, 0], [0, 1]]


def test_a_code_named_twice_in_a_set_is_one_code():
    table = pd.DataFrame({"many": [("x", "x"), ("x", "y"), ()]}, index=[5, 6, 7])
    expected = pd.DataFrame({"x": [1, 1], "y": [0, 1]}, [5, 6])
    got = stats.indicators(table, "many")
    pd.testing.assert_frame_equal(got, expected, check_names=False, check_dtype=False)


def test_a_column_of_one_code_is_a_column_of_codes():
    table = _table([("e", "x"), ("f", "x")])
    assert stats.indicators(table, "frame").to_numpy().tolist() == [[1], [1]]


def test_codes_that_are_sets_count_once_per_article():
    table = pd.DataFrame(
        {
            "article_id": ["a", "b"],
            "cluster": ["e", "f"],
            "motives": [("survival", "family"), ("survival",)],
            "direction": "d",
        }
    )
    s = stats.shares(table, "motives", ["direction"], draws=10)
    assert dict(zip(s.codes, s.value[0], strict=True)) == {"survival": 1.0, "family": 0.5}


def test_groups_are_the_combinations_that_occur():
    table = _table([("e", "x"), ("f", "x"), ("f", "y")], camp=["A", "B", "A"])
    s = stats.shares(table, "frame", ["camp", "direction"], draws=10)
    assert list(s.groups) == [("A", "d"), ("B", "d")]
    assert s.value.tolist() == [[0.5, 0.5], [1, 0]]
    assert s.at(("B", "d")) == 1
    # what each event adds: e and f to group A, only f to group B
    assert s.mass.tolist() == [[1, 0], [1, 1]]
    assert s.sums.tolist() == [[[1, 0], [0, 0]], [[0, 1], [1, 0]]]


def test_a_group_without_articles_has_no_share():
    s = _shares(np.ones((2, 1)), np.array([4, 9]), np.array([0, 0]), ["a", "b"], ["x"], draws=5)
    assert s.value[0] == 1 and np.isnan(s.value[1])
    assert s.n["n_articles"].tolist() == [2, 0]
    shown = stats.prevalence(s)
    assert shown["small"].all() and shown["n_events"].tolist() == [2, 0]


def test_each_draw_resamples_as_many_whole_events_as_there_are():
    table = _table([("copied", "x")] * 3 + [("b", "y"), ("c", "y")])
    s = stats.shares(table, "frame", ["direction"], "article", draws=300)
    times = np.random.default_rng(SEED).multinomial(3, [1 / 3] * 3, size=300)
    weight = times * [1, 1, 3]  # events b, c and copied, in the order of their names
    assert s.draws[:, 0, 0] == pytest.approx(weight[:, 2] / weight.sum(1))
    other = stats.shares(table, "frame", ["direction"], "article", draws=300, seed=1)
    assert (other.draws != s.draws).any()


@FEW
@given(drawn_claims())
def test_shares_of_single_codes_sum_to_one(table):
    for weighting in ("event", "article"):
        s = stats.shares(table, "frame", ["direction"], weighting, draws=20)
        assert s.value.sum(1) == pytest.approx(1)
        known = ~np.isnan(s.draws[..., 0])
        assert s.draws[known].sum(1) == pytest.approx(1)
        assert ((s.value >= 0) & (s.value <= 1)).all()


@FEW
@given(drawn_claims(), st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_articles_matter(table, random):
    order = list(range(len(table)))
    random.shuffle(order)
    renamed = table.iloc[order].assign(article_id=lambda t: "z-" + t["article_id"].str[::-1])
    one, other = (stats.shares(t, "frame", ["direction"], draws=20) for t in (table, renamed))
    assert other.value == pytest.approx(one.value)
    assert other.draws == pytest.approx(one.draws, nan_ok=True)
    pd.testing.assert_frame_equal(other.n, one.n)


@FEW
@given(drawn_claims())
def test_renaming_codes_and_groups_renames_shares(table):
    new = {"x": "zeta", "y": "eta", "z": "alpha"}
    renamed = table.assign(
        frame=table["frame"].astype(str).map(new).astype("category"),
        direction=table["direction"].map({"a": "west", "b": "east"}),
    )
    one, other = (
        stats.prevalence(stats.shares(t, "frame", ["direction"], draws=20))
        for t in (table, renamed)
    )
    for (group, code), row in one.iterrows():
        if code in set(table["frame"]):
            there = other.loc[({"a": "west", "b": "east"}[group], new[code])]
            assert there["value"] == pytest.approx(row["value"])


@FEW
@given(drawn_claims())
def test_copying_an_events_articles_moves_no_event_weighted_share(table):
    first = table[table["cluster"] == table["cluster"].iloc[0]]
    copied = pd.concat([table, first.assign(article_id=first["article_id"] + "-copy")])
    one, other = (stats.shares(t, "frame", ["direction"], draws=20) for t in (table, copied))
    assert other.value == pytest.approx(one.value)
    assert other.draws == pytest.approx(one.draws, nan_ok=True)
    assert other.n["effective_events"].tolist() == one.n["effective_events"].tolist()


# Intervals


def exact(p, size):
    """Clopper & Pearson (1934) limits, for a sample size that need not be whole."""
    low = scipy.stats.beta.ppf(0.025, p * size, size - p * size + 1) if p > 0 else 0.0
    high = scipy.stats.beta.ppf(0.975, p * size + 1, size - p * size) if p < 1 else 1.0
    return low, high


@pytest.fixture(scope="module")
def sample():
    return pd.read_csv(REFERENCE / "survey_sample.csv")


def _oracle():
    return pd.read_csv(REFERENCE / "survey_intervals.csv").to_dict("records")


@pytest.mark.parametrize("theirs", _oracle(), ids=lambda row: row["case"].replace(" ", "_"))
def test_share_of_is_the_survey_packages_but_for_the_rule_that_is_stated(theirs, sample):
    """Held against R's survey 4.1-1; svy 0.35 gives the same to the tenth digit.

    library(survey)
    units <- read.csv("survey_sample.csv")
    one <- function(u) {
      design <- svydesign(ids = ~cluster, weights = ~weight, data = u)
      kg <- svyciprop(~hit, design, method = "beta")
      data.frame(case = u$case[1], n = nrow(u), df = degf(design), value = coef(kg)[[1]],
                 se = SE(svymean(~hit, design))[[1]], low = confint(kg)[1], high = confint(kg)[2])
    }
    out <- do.call(rbind, lapply(split(units, factor(units$case, unique(units$case))), one))
    out[-1] <- signif(out[-1], 10)
    write.csv(out, "survey_intervals.csv", row.names = FALSE, quote = FALSE)

    svy: Sample(units, Design(psu="cluster", wgt="weight")).estimation.prop("hit", ci_method="beta")
    """
    units = sample[sample["case"] == theirs["case"]]
    ours = stats.share_of(
        units["hit"].astype(bool), units["cluster"], units["weight"].astype(float)
    )
    assert ours["value"] == pytest.approx(theirs["value"], rel=1e-9)
    p, size = theirs["value"], theirs["value"] * (1 - theirs["value"]) / theirs["se"] ** 2
    t, n = scipy.stats.t, theirs["n"]
    # Theirs: t of the units over t of the clusters.
    factor = (t.ppf(0.025, n - 1) / t.ppf(0.025, theirs["df"])) ** 2
    assert exact(p, size * factor) == pytest.approx((theirs["low"], theirs["high"]), rel=1e-6)
    # Ours: z over t of the clusters as if they weighed alike, and no more units than there are.
    mass = units.groupby("cluster")["weight"].sum()
    df = mass.sum() ** 2 / (mass**2).sum() - 1
    assert df == pytest.approx(theirs["df"]) or theirs["case"] == "weights and sizes differ"
    shrink = (scipy.stats.norm.ppf(0.025) / t.ppf(0.025, df)) ** 2
    expected = exact(p, min(size, n) * shrink)
    assert (ours["low"], ours["high"]) == pytest.approx(expected, rel=1e-6)
    # It is never the shorter one, and hardly longer where clusters weigh alike.
    assert ours["low"] <= theirs["low"] and theirs["high"] <= ours["high"]
    if df == pytest.approx(theirs["df"]):
        assert ours["high"] - theirs["high"] < 0.01


def test_share_of_a_code_in_no_or_every_unit_has_a_limit_by_effective_clusters():
    clusters = pd.Series(np.repeat(range(10), 5))
    df, z = 9, scipy.stats.norm.ppf(0.025)
    size = 10 * (z / scipy.stats.t.ppf(0.025, df)) ** 2
    none = stats.share_of(pd.Series(False, clusters.index), clusters)
    every = stats.share_of(pd.Series(True, clusters.index), clusters)
    # 1 - 0.025^(1/n), the exact limit where nothing was seen; no variance, so nothing is shrunk
    assert (none["low"], none["high"]) == pytest.approx((0, 1 - 0.025 ** (1 / 10)))
    assert (every["low"], every["high"]) == pytest.approx((0.025 ** (1 / 10), 1))
    assert size < 10


def test_share_of_clusters_surer_than_units_gains_nothing():
    # Every cluster has the same share: no variance between them, yet not beyond the clusters.
    hits = pd.Series([True, False] * 20)
    share = stats.share_of(hits, pd.Series(np.repeat(range(20), 2)))
    assert (share["low"], share["high"]) == pytest.approx(exact(0.5, 20))
    # One cluster differs: the variance is small, and the units (40) bound what it is worth.
    hits[0] = False
    share = stats.share_of(hits, pd.Series(np.repeat(range(20), 2)))
    shrink = (scipy.stats.norm.ppf(0.025) / scipy.stats.t.ppf(0.025, 19)) ** 2
    assert (share["low"], share["high"]) == pytest.approx(exact(19 / 40, 40 * shrink))


def test_share_of_two_clusters_has_one_degree_of_freedom():
    hits = pd.Series([True] * 6 + [False] * 2 + [True] * 2 + [False] * 6)
    share = stats.share_of(hits, pd.Series([0] * 8 + [1] * 8))
    # variance 2 * (2^2 + 2^2) / 16^2 = 1 / 16; size 4, times (1.96 / 12.71)^2, but at least 1
    assert (share["low"], share["high"]) == pytest.approx(exact(0.5, 1))


def test_share_of_independent_units_has_the_exact_interval():
    hits = pd.Series([True] * 30 + [False] * 170)
    share = stats.share_of(hits, pd.Series(range(200)))
    exactly = scipy.stats.binomtest(30, 200).proportion_ci()
    assert share["value"] == 0.15
    assert (share["low"], share["high"]) == pytest.approx((exactly.low, exactly.high), abs=0.002)


def test_share_of_units_told_thrice_is_no_surer():
    hits, units = pd.Series([True] * 30 + [False] * 170), pd.Series(range(200))
    once = stats.share_of(hits, units)
    thrice = stats.share_of(pd.concat([hits] * 3, ignore_index=True), pd.Series([*units] * 3))
    assert list(thrice.values()) == pytest.approx(list(once.values()), abs=0.005)


def test_share_of_one_cluster_has_no_interval():
    share = stats.share_of(pd.Series([True, False, True, True]), pd.Series(["one"] * 4))
    assert share["value"] == 0.75
    assert np.isnan([share["low"], share["high"]]).all()


def test_share_of_a_weighted_clustered_sample_covers_the_truth():
    rng = np.random.default_rng(0)
    truth, covered = 0.8, 0
    for _ in range(300):
        p = np.repeat(rng.beta(8, 2, 40), 4)
        weights = pd.Series(rng.choice([1.0, 10.0], len(p)))
        share = stats.share_of(
            pd.Series(rng.random(len(p)) < p), pd.Series(np.repeat(range(40), 4)), weights
        )
        covered += share["low"] < truth < share["high"]
    assert 0.92 < covered / 300 <= 1


@pytest.mark.parametrize("weighting", ["event", "article"])
def test_intervals_of_shares_are_those_of_their_rule_recomputed_one_by_one(weighting):
    s = stats.shares(claims(5), "frame", ["camp", "direction"], weighting, draws=200)
    low, high = stats.share_intervals(s)
    worth = stats.event_worth(s.sums, s.mass)
    for g, n in enumerate(s.n.itertuples()):
        for k, p in enumerate(s.value[g]):
            variance = np.var([draw[g, k] for draw in s.draws], ddof=1)
            t = scipy.stats.t.ppf(0.975, n.effective_events - 1)
            size = min(p * (1 - p) / variance, n.n_articles * worth[k]) if 0 < p < 1 else None
            size = n.effective_events * worth[k] if size is None else size * (1.959964 / t) ** 2
            assert (low[g, k], high[g, k]) == pytest.approx(exact(p, max(size, 1)), abs=1e-6)


@FEW
@given(drawn_claims())
def test_intervals_of_shares_hold_them_and_stay_between_0_and_1(table):
    s = stats.shares(table, "frame", ["direction"], draws=30)
    low, high = stats.share_intervals(s)
    assert ((0 <= low) & (low <= s.value) & (s.value <= high) & (high <= 1)).all()


@pytest.mark.slow
def test_intervals_cover_shares_that_differ_between_events():
    truth, covered, runs = np.array([0.15, 0.15, 0.4, 0.1, 0.1, 0.1]), 0, 40
    for seed in range(runs):
        shown = stats.prevalence(stats.shares(claims(seed), "frame", ["direction"], draws=100))
        rows = shown.loc["ru_to_ua"]
        covered += ((rows["low"] <= truth) & (truth <= rows["high"])).mean()
    assert 0.92 <= covered / runs <= 1


# How many observations an event is worth


def _event_worth(*shares):
    """Of events in one group, each with the same weight and these shares of one code."""
    return stats.event_worth(np.array(shares)[:, None, None], np.ones((len(shares), 1)))


def test_an_event_that_uses_a_code_wholly_or_not_at_all_is_worth_one_observation():
    assert _event_worth(1, 1, 0, 0, 0) == 1


def test_an_event_that_uses_a_code_in_part_is_worth_more():
    # p = 1/2; 1/4 over the variance of the shares: 1/16, and (1/16 + 0 + 0 + 1/16) / 4
    assert _event_worth(0.25, 0.75) == pytest.approx(4)
    assert _event_worth(0.25, 0.5, 0.5, 0.75) == pytest.approx(8)


def test_events_of_independent_claims_are_worth_about_their_claims():
    rng = np.random.default_rng(0)
    assert _event_worth(*rng.binomial(12, 0.3, 4000) / 12) == pytest.approx(12, rel=0.1)


def test_an_event_is_never_worth_less_than_one_observation():
    assert _event_worth(0, 0, 0) == _event_worth(1, 1) == 1
    assert _event_worth(0, 0, 0.3) > 1


@pytest.mark.parametrize("share", [0.5, 1 / 3])
def test_events_that_all_have_the_same_share_of_a_code_are_worth_one_observation(share):
    assert _event_worth(*[share] * 7) == 1
    table = _table([(f"e{i}", "xy"[i % 2]) for i in range(20)]).assign(
        cluster=np.repeat(range(10), 2)
    )
    shown = stats.prevalence(stats.shares(table, "frame", ["direction"], draws=50))
    assert shown.loc["d", ["low", "high"]].iloc[0].tolist() == pytest.approx(exact(0.5, 10))


def test_the_worth_of_an_event_is_taken_over_all_groups():
    # Two events in group 0 and one in group 1; events weigh by their articles: 3, 1 and 2.
    mass = np.array([[3.0, 0], [1, 0], [0, 2]])
    shares = np.array([1 / 3, 1, 1 / 2])
    sums = (mass * shares[:, None])[:, :, None]
    # p = (1 + 1 + 1) / 6 = 1/2; variance (3 * 1/36 + 1 * 1/4 + 0) / 6 = 1/18; 1/4 over it
    assert stats.event_worth(sums, mass) == pytest.approx([4.5])


def test_a_code_unseen_in_a_group_has_a_lower_limit_the_more_its_events_are_worth():
    # Ten events a group. Both codes are never used in group 1, and have the share 1/2 in group 0:
    # code 0 wholly in half of the events, code 1 in equal parts of 1/4 and 3/4.
    sums = np.zeros((20, 2, 2))
    mass = np.zeros((20, 2))
    mass[:10, 0] = mass[10:, 1] = 1
    sums[:10, 0, 0] = [1, 0] * 5
    sums[:10, 0, 1] = [0.25, 0.75] * 5
    # worth of code 1: p = 1/4, p(1 - p) = 3/16 over (10 * 1/16 + 10/16 ...) / 20
    spread = (5 * 0.0**2 + 5 * 0.5**2 + 10 * 0.25**2) / 20
    worth = stats.event_worth(sums, mass)
    assert worth == pytest.approx([1, (3 / 16) / spread])
    assert worth[1] == pytest.approx(2)
    event, cell = np.arange(20), np.repeat([0, 1], 10)
    s = _shares(sums.sum(1), event, cell, ["a", "b"], ["whole", "part"], draws=50)
    low, high = stats.share_intervals(s)
    assert low[1].tolist() == [0, 0]
    assert high[1] == pytest.approx([1 - 0.025 ** (1 / 10), 1 - 0.025 ** (1 / 20)])


# Tables of shares


def test_prevalence_has_a_row_for_each_group_and_code():
    s = stats.shares(claims(5, events=80), "frame", ["camp", "direction"], draws=100)
    shown = stats.prevalence(s)
    assert shown.index.names[-1] == "code"
    assert list(shown.columns) == ["value", "low", "high", "n_articles", "n_events", "small"]
    low, high = stats.share_intervals(s)
    row = shown.loc[("Ukrainian", "ru_to_ua", "policy")]
    g, k = s.at(("Ukrainian", "ru_to_ua")), list(s.codes).index("policy")
    assert row[["value", "low", "high"]].tolist() == [s.value[g, k], low[g, k], high[g, k]]
    assert row[["n_articles", "n_events"]].tolist() == s.n.iloc[g, :2].tolist()
    assert shown["n_articles"].dtype.kind == shown["n_events"].dtype.kind == "i"
    assert not shown["small"].any()


@pytest.mark.parametrize(("events", "small"), [(6, True), (7, False)])
def test_an_interval_needs_seven_effective_events(events, small):
    table = _table([(f"e{i}", "xy"[i % 2]) for i in range(events)])
    shown = stats.prevalence(stats.shares(table, "frame", ["direction"], draws=50))
    assert (shown["small"] == small).all()
    assert (shown[["low", "high"]].isna() == small).all(axis=None)
    assert stats.MIN_EVENTS == 7


def test_cells_of_few_events_get_no_interval():
    shown = stats.prevalence(
        stats.shares(claims(1, events=8), "frame", ["camp", "direction"], draws=50)
    )
    assert shown["small"].all()
    assert shown[["low", "high"]].isna().all(axis=None)


def test_a_code_that_never_occurs_still_has_an_upper_bound():
    table = claims(2)
    table["frame"] = table["frame"].cat.add_categories("never")
    shown = stats.prevalence(stats.shares(table, "frame", ["direction"], draws=100))
    never = shown.xs("never", level="code")
    assert (never["low"] == 0).all()
    assert (never["high"] > 0.02).all()
