import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given

from defection_framing import stats
from defection_framing.domain import TOWARD
from defection_framing.settings import SEED
from strategies import FEW, distributions
from synthetic import claims

CELLS = [
    ("Russian", "ua_to_ru"),
    ("Russian", "ru_to_ua"),
    ("Ukrainian", "ru_to_ua"),
    ("Ukrainian", "ua_to_ru"),
]
"""Each camp's crossings toward it and away from it."""


# The index


def test_mirror_index_of_equal_and_opposite_contrasts():
    a = np.array([0.2, -0.1, -0.1])
    assert stats.mirror_index(a, a) == pytest.approx(1)
    assert stats.mirror_index(a, -a) == pytest.approx(-1)
    # one three times as long: 2 * 3 / (1 + 9)
    assert stats.mirror_index(a, 3 * a) == pytest.approx(0.6)
    assert stats.mirror_index(np.array([1.0, -1, 0]), np.array([0.5, 0.5, -1])) == 0


@FEW
@given(distributions(4))
def test_mirror_index_lies_between_its_ends_and_does_not_mind_which_camp_is_first(shares):
    first, second = shares[0] - shares[1], shares[2] - shares[3]
    if (first**2).sum() + (second**2).sum() > 1e-9:
        index = stats.mirror_index(first, second)
        assert -1 - 1e-9 <= index <= 1 + 1e-9
        assert stats.mirror_index(second, first) == pytest.approx(index)
        assert stats.mirror_index(first[::-1], second[::-1]) == pytest.approx(index)
        # the squared lengths of the halves say the same
        r, d = ((x**2).sum() for x in ((first + second) / 2, (first - second) / 2))
        assert (r - d) / (r + d) == pytest.approx(index)


# Its interval


def _shares(events=60, seed=4, draws=100, **effects):
    table = claims(seed, events=events, **effects)
    return stats.shares(table, "frame", ["camp", "direction"], draws=draws)


@pytest.mark.parametrize(
    "effects", [{"relational": 0.25, "directional": 0.1}, {"relational": 0.1, "directional": 0.25}]
)
def test_the_interval_is_that_of_its_rule_recomputed_from_the_draws(effects):
    s = _shares(events=200, **effects)
    value, low, high = stats.index_interval(s, CELLS, 0)
    t1, a1, t2, a2 = (s.draws[:, s.at(g)] for g in CELLS)
    drawn = zip(t1, a1, t2, a2, strict=True)
    draws = np.array([stats.mirror_index(t - a, u - b) for t, a, u, b in drawn])
    df = s.n.loc[CELLS, "effective_events"].min() - 1
    reach = scipy.stats.t.ppf(0.975, df) * draws.std(ddof=1)
    bias = value - draws.mean()
    # longer on the side to which noise pulls the index away from
    expected = value - reach - max(-bias, 0), value + reach + max(bias, 0)
    assert (low, high) == pytest.approx((max(expected[0], -1), min(expected[1], 1)))
    assert abs(bias) > 0.003 and -1 < expected[0] < expected[1] < 1


def test_the_interval_does_not_leave_the_scale():
    s = _shares(relational=0.35)
    assert stats.index_interval(s, CELLS, 0)[2] == 1
    turned = [CELLS[0], CELLS[1], CELLS[3], CELLS[2]]
    assert stats.index_interval(s, turned, 0)[1] == -1
    assert stats.index_interval(s, turned, 0)[0] == pytest.approx(
        -stats.index_interval(s, CELLS, 0)[0]
    )


def test_an_interval_needs_ten_effective_events_in_the_harmonic_mean():
    assert stats.MIN_EVENTS_INDEX == 10
    for events, there in (
        ((10, 10, 10, 10), True),
        ((10, 10, 10, 9), False),
        ((7, 12, 12, 12), True),
    ):
        rows = [
            (f"{camp}{d}{i}{code}", f"{camp}{d}{i}", camp, d, code)
            for k, ((camp, d), size) in enumerate(zip(CELLS, events, strict=True))
            for i in range(size)
            for code in ("xy", "xxy", "yyx", "xz", "zz")[i * k % 5]
        ]
        table = pd.DataFrame(rows, columns=["article_id", "cluster", "camp", "direction", "frame"])
        table["frame"] = pd.Categorical(table["frame"])
        s = stats.shares(table, "frame", ["camp", "direction"], draws=50)
        assert s.n.loc[CELLS, "effective_events"].tolist() == list(events)
        value, low, high = stats.index_interval(s, CELLS)
        bounds = stats.index_interval(s, CELLS, 0)
        assert value == bounds[0]
        assert ((low, high) == bounds[1:]) == there and np.isnan(low) == np.isnan(high) == (
            not there
        )


def test_a_mirror_of_few_events_has_a_value_and_no_interval():
    m = stats.mirror(claims(3, events=16), TOWARD, draws=20)
    assert -1 <= m.index["value"] <= 1
    assert np.isnan(m.index[["low", "high"]].astype(float)).all()


# Shuffles


def _one_outlet_each(table):
    return table.assign(outlet=table["camp"])


def test_camps_are_shuffled_over_whole_outlets():
    # With one outlet in each camp a shuffle swaps the camps or nothing, and the index stays.
    m = stats.mirror(_one_outlet_each(claims(4, relational=0.2)), TOWARD, draws=40)
    assert m.references["camps shuffled"].to_numpy() == pytest.approx(m.index["value"])
    m = stats.mirror(claims(4, relational=0.2), TOWARD, draws=40)
    assert m.references["camps shuffled"].nunique() == 40


def test_directions_are_shuffled_over_whole_events():
    # With one event in each direction a shuffle swaps the directions or nothing.
    table = claims(4, events=60, relational=0.2)
    two = table.assign(cluster=table["direction"])
    m = stats.mirror(two, TOWARD, draws=40)
    assert m.references["directions shuffled"].to_numpy() == pytest.approx(m.index["value"])
    m = stats.mirror(table, TOWARD, draws=40)
    assert m.references["directions shuffled"].nunique() == 40


@pytest.mark.parametrize("weighting", ["event", "article"])
@pytest.mark.parametrize(("label", "unit"), [("camp", "outlet"), ("direction", "cluster")])
def test_shuffled_indices_are_those_of_shuffled_tables(label, unit, weighting):
    table = claims(2, events=30)
    camps, directions = list(TOWARD), list(TOWARD.values())
    articles = table.groupby("article_id")[["camp", "direction", "cluster", "outlet"]].first()
    panel = stats.Panel.of(table, "frame", ["camp", "direction"])
    numbers = {"camp": camps.index, "direction": directions.index}
    units = pd.factorize(articles[unit], sort=True)[0]
    got = stats.shuffled_index(
        panel, TOWARD, label, units, weighting, 103, np.random.default_rng(1)
    )
    rng = np.random.default_rng(1)
    values, known = articles[label], articles[label].map(numbers[label])
    order = sorted(set(zip(units, known, strict=True)))
    names = {"camp": camps, "direction": directions}[label]
    for i, draw in enumerate(got):
        new = dict(zip(order, rng.permutation([names[v] for _, v in order]), strict=True))
        if 4 < i < 98:  # draws are computed in blocks of 100: the first ones and both sides of that
            continue
        now = articles.assign(
            **{label: [new[u, names.index(v)] for u, v in zip(units, values, strict=True)]}
        )
        again = table.drop(columns=label).join(now[label], on="article_id")
        s = stats.shares(again, "frame", ["camp", "direction"], weighting, draws=1)
        if set(CELLS) <= set(s.groups):
            t1, a1, t2, a2 = s.value[[s.at(g) for g in CELLS]]
            assert draw == pytest.approx(stats.mirror_index(t1 - a1, t2 - a2))
    assert len(got) == 103 and np.isfinite(got).any()


def test_the_perfect_mirror_is_seen_through_the_noise_of_the_sample():
    table = claims(4, relational=0.2)
    m = stats.mirror(table, TOWARD, draws=50)
    s = stats.shares(table, "frame", ["camp", "direction"], draws=50)
    t1, a1, t2, a2 = s.value[[s.at(g) for g in CELLS]]
    middle = (t1 - a1 + t2 - a2) / 2
    for draw, got in zip(s.draws, m.references["perfect mirror, same noise"], strict=True):
        u1, b1, u2, b2 = draw[[s.at(g) for g in CELLS]]
        noise_1, noise_2 = (u1 - b1) - (t1 - a1), (u2 - b2) - (t2 - a2)
        assert got == pytest.approx(stats.mirror_index(middle + noise_1, middle + noise_2))


# The whole


def test_a_mirror_counts_what_it_rests_on():
    table = claims(4)
    extra = table.assign(camp="Western", article_id="w" + table["article_id"])
    exits = table.assign(direction="ua_exit", article_id="x" + table["article_id"])
    left_open = table.assign(frame=None, article_id="o" + table["article_id"])
    with_rest = pd.concat([table, extra, exits, left_open])
    with_rest["frame"] = pd.Categorical(with_rest["frame"], table["frame"].cat.categories)
    index = stats.mirror(with_rest, TOWARD, draws=20).index
    assert index["n_articles"] == table["article_id"].nunique()
    assert index["n_events"] == table["cluster"].nunique()
    camps = table.groupby("cluster")["camp"].agg(set)
    assert index["shared_events"] == (camps.map(len) == 2).sum()
    cells = table.groupby(["camp", "direction"])["cluster"].nunique()
    assert index["smallest_cell"] == cells.min()
    assert index["value"] == stats.mirror(table, TOWARD, draws=20).index["value"]


def test_a_mirror_is_made_of_contrasts():
    table = claims(4, relational=0.2)
    m = stats.mirror(table, TOWARD, draws=99)
    s = stats.shares(table, "frame", ["camp", "direction"], draws=99)
    weights = {
        "first": (1, -1, 0, 0),
        "second": (0, 0, 1, -1),
        "relational": (0.5, -0.5, 0.5, -0.5),
        "directional": (0.5, -0.5, -0.5, 0.5),
    }
    for name, w in weights.items():
        part = stats.contrast(s, {g: x for g, x in zip(CELLS, w, strict=True) if x})
        half = m.frames.filter(regex=f"^{name}(_|$)")
        columns = ["value", "low", "high", "p", "q"]
        assert list(half) == [name, *(f"{name}_{c}" for c in columns[1:])]
        pd.testing.assert_frame_equal(half.set_axis(columns, axis=1), part[columns])
    f = m.frames
    assert (f["first"] + f["second"]).to_numpy() / 2 == pytest.approx(f["relational"].to_numpy())
    length = (f["first"] ** 2).sum() + (f["second"] ** 2).sum()
    assert f["part"].to_numpy() == pytest.approx((2 * f["first"] * f["second"] / length).to_numpy())
    assert f["part"].sum() == pytest.approx(m.index["value"])
    cosine = np.corrcoef(f["first"], f["second"])[0, 1]  # both sum to zero
    assert m.index["cosine"] == pytest.approx(cosine)
    assert (m.index["value"], m.index["low"], m.index["high"]) == stats.index_interval(s, CELLS)
    for null, p in (("directions shuffled", "p_no_direction"), ("camps shuffled", "p_no_teller")):
        assert m.index[p] == stats.one_sided_p(m.references[null], m.index["value"])


def test_a_mirror_of_articles_is_weighted_by_articles_throughout():
    table = claims(4, relational=0.2)
    by_article = stats.mirror(table, TOWARD, weighting="article", draws=20)
    s = stats.shares(table, "frame", ["camp", "direction"], "article", draws=20)
    assert by_article.index["value"] == stats.index_interval(s, CELLS)[0]
    assert (by_article.references != stats.mirror(table, TOWARD, draws=20).references).all(
        axis=None
    )
    again = stats.mirror(table, TOWARD, draws=20, seed=SEED).references
    other = stats.mirror(table, TOWARD, draws=20, seed=1).references
    pd.testing.assert_frame_equal(again, stats.mirror(table, TOWARD, draws=20).references)
    assert (again != other).all(axis=None)


def test_a_corpus_without_one_of_the_four_cells_has_no_mirror():
    table = claims(4)
    table = table[(table["camp"] == "Russian") | (table["direction"] == "ua_to_ru")]
    whole, m = stats.mirror(claims(4), TOWARD, draws=20), stats.mirror(table, TOWARD, draws=20)
    measured = ["value", "low", "high", "cosine", "p_no_direction", "p_no_teller"]
    assert m.index[measured].isna().all() and m.index["smallest_cell"] == 0
    assert m.index["n_articles"] == table["article_id"].nunique()
    assert set(m.index.index) == set(whole.index.index)
    assert set(m.frames) == set(whole.frames) and m.frames.isna().all(axis=None)
    assert list(m.frames.index) == list(whole.frames.index)
    assert list(m.references) == list(whole.references) and m.references.empty


def test_kinds_of_frames_are_told_by_what_is_shown():
    kinds = set()
    for effects in (
        {"relational": 0.3},
        {"directional": 0.3},
        {"relational": 0.2, "directional": 0.2},
    ):
        table = claims(4, events=120, **effects)
        s = stats.shares(table, "frame", ["camp", "direction"], draws=300)
        half = {"relational": (1, -1, 1, -1), "directional": (1, -1, -1, 1)}
        shown = {
            name: stats.contrast(s, dict(zip(CELLS, w, strict=True)))["shown"]
            for name, w in half.items()
        }
        for frame, kind in stats.mirror(table, TOWARD, draws=300).frames["kind"].items():
            found = [name for name, part in shown.items() if part[frame]]
            assert kind == ("both" if len(found) == 2 else [*found, "not shown"][0]), frame
            kinds.add(kind)
    assert kinds == {"relational", "directional", "both", "not shown"}


@pytest.mark.parametrize(
    ("effects", "low", "high"),
    [({"relational": 0.3}, 0.5, 1.0), ({"directional": 0.3}, -1.0, -0.5)],
)
def test_mirror_index_tells_relation_from_direction(effects, low, high):
    m = stats.mirror(claims(4, events=120, **effects), TOWARD, draws=300)
    assert low < m.index["value"] < high
    kind = "relational" if "relational" in effects else "directional"
    frame = "treason" if kind == "relational" else "coercion"
    row = m.frames.loc[frame]
    assert row[f"{kind}_low"] > 0 or row[f"{kind}_high"] < 0
    assert (m.index["p_no_teller"] < 0.05) == (kind == "relational")


@pytest.mark.slow
def test_mirror_index_seldom_cries_wolf():
    p = [stats.mirror(claims(s), TOWARD, draws=99).index["p_no_direction"] for s in range(40)]
    assert np.mean(np.array(p) < 0.05) <= 0.15
