from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from defection_framing import stats

CODES = pd.Index(["a", "b", "c"])


def made(codes, article=None, cluster=None, draws=200):
    """Drawn codes of units coded as the rows of `codes` say, one article each unless said."""
    codes = np.asarray(codes)
    article = np.arange(len(codes)) if article is None else np.asarray(article)
    ids = pd.Index([f"x{i}" for i in range(article.max() + 1)])
    cluster = pd.Series(list(ids) if cluster is None else cluster)
    return stats.draw_codes(ids, cluster, [stats.Coded(codes, 3)], CODES, article, draws)


def test_the_codes_of_one_coder_are_taken_as_they_are():
    r = made([[0], [2], [1]])
    assert (r.expected == np.eye(3)[[0, 2, 1]]).all()
    assert (r.draws == r.expected).all()
    assert r.counts.sum(1).tolist() == [3] * 200


def test_an_article_may_have_any_number_of_units():
    r = made([[0]] * 240 + [[1]] * 60, article=np.zeros(300, int), draws=5)
    expected, drawn = r.shares(np.array([0]))
    assert expected[0].tolist() == [0.8, 0.2, 0]
    assert drawn[:, 0] == pytest.approx(np.tile([0.8, 0.2, 0], (5, 1)))
    assert r.without("a").shares(np.array([0]))[1][:, 0].tolist() == [[1, 0]] * 5


def test_codes_that_do_not_exclude_one_another_are_drawn_each_by_itself():
    given = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0]])
    codings = [stats.Coded(column[:, None], 2) for column in given.T]
    ids = pd.Index(["x0", "x1", "x2"])
    r = stats.draw_codes(ids, pd.Series(ids), codings, CODES, np.arange(3), 20)
    assert (r.expected == given).all() and (r.draws == given).all()


def test_an_article_has_a_share_from_half_a_unit_on():
    r = made([[0], [0]])
    for units, known in ((stats.LEAST, True), (stats.LEAST - 0.01, False)):
        expected, _ = replace(r, units=np.array([units, 1.0])).shares(np.array([0]))
        assert np.isfinite(expected).all() == known


def test_where_coders_differ_draws_differ_about_what_is_expected():
    rng = np.random.default_rng(1)
    truth = rng.integers(3, size=300)
    wrong = rng.random((300, 2)) < 0.2
    codes = np.where(wrong, rng.integers(3, size=(300, 2)), truth[:, None])
    r = made(codes, draws=400)
    agreed = codes[:, 0] == codes[:, 1]
    sure = r.expected.max(1)
    assert sure[agreed].min() > 0.8 > sure[~agreed].max()
    # a draw is one code for each unit, and as often this one as is expected
    assert (r.draws.sum(2) == 1).all()
    assert np.abs(r.draws.mean(0) - r.expected).max() < 0.15


def test_units_add_up_to_articles_and_those_that_nobody_coded_count_as_none():
    r = made([[0, 0], [0, 0], [1, 1], [-1, -1]], article=[0, 0, 1, 1])
    assert r.units.tolist() == [2, 1]
    assert r.expected.sum(1) == pytest.approx([2, 1])
    expected, drawn = r.shares(np.array([0, 1]))
    assert expected.sum(1) == pytest.approx([1, 1]) and drawn.sum(2) == pytest.approx(1)


def test_leaving_a_code_out_rescales_the_rest_and_leaves_some_articles_without_a_share():
    r = made([[0], [0], [1], [0], [0]], article=[0, 0, 0, 1, 1]).without("a")
    expected, drawn = r.shares(np.array([0, 1]))
    assert list(r.names) == ["b", "c"]
    assert expected[0].tolist() == [1, 0] and (drawn[:, 0] == [1, 0]).all()
    assert np.isnan(expected[1]).all() and np.isnan(drawn[:, 1]).all()


def test_events_are_drawn_whole_and_seeded():
    first, second = (made([[0], [1], [2]], cluster=["e", "e", "f"]) for _ in range(2))
    assert first.event.tolist() == [0, 0, 1]
    assert (first.counts == second.counts).all() and (first.draws == second.draws).all()
    assert set(first.counts[:, 0]) == {0, 1, 2}


def test_a_panel_of_certain_codes_gives_the_shares_of_a_table():
    rng = np.random.default_rng(4)
    n = 120
    table = pd.DataFrame(
        {
            "article_id": [f"x{i:03d}" for i in range(n)],
            "cluster": rng.integers(25, size=n).astype(str),
            "camp": rng.choice(["r", "u"], n),
            "code": pd.Categorical(rng.choice(CODES, n), CODES),
        }
    )
    coded = stats.Coded(table["code"].cat.codes.to_numpy(int)[:, None], 3)
    ids = pd.Index(table["article_id"])
    r = stats.draw_codes(ids, table["cluster"], [coded], CODES, np.arange(n), 4000)
    panel = stats.Panel.pooled(table, r, ["camp"])
    assert list(panel.names) == list(CODES) and (panel.claims == 1).all()
    pooled = panel.shares(["camp"])
    plain = stats.shares(table, "code", ["camp"], draws=4000)
    assert pooled.value == pytest.approx(plain.value)
    assert pooled.n.equals(plain.n)
    # the same bootstrap but for its random numbers
    assert np.std(pooled.draws, axis=0) == pytest.approx(np.std(plain.draws, axis=0), rel=0.1)
    half = table.iloc[::2]
    part = stats.Panel.pooled(half, r, ["camp"]).shares(["camp"], weighting="article")
    assert part.value == pytest.approx(stats.shares(half, "code", ["camp"], "article").value)


def test_uncertain_codes_lengthen_an_interval():
    rng = np.random.default_rng(5)
    n = 400
    truth = rng.random(n) < 0.3
    flip = rng.random((n, 2)) < 0.25
    codes = np.where(flip, ~truth[:, None], truth[:, None]).astype(int)
    ids = pd.Index(range(n)).astype(str)
    table = pd.DataFrame({"article_id": ids, "camp": "r"})
    cluster = pd.Series(ids)
    names = pd.Index(["no", "yes"])
    spread = []
    for passes in (codes, codes[:, :1]):
        r = stats.draw_codes(ids, cluster, [stats.Coded(passes, 2)], names, np.arange(n), 600)
        spread.append(stats.Panel.pooled(table, r, ["camp"]).shares(["camp"]).draws[:, 0, 1].std())
    assert spread[0] > 1.3 * spread[1]


def test_articles_that_are_taken_keep_the_draws_of_their_codes_but_not_on_other_events():
    r = made([[0, 1], [1, 1], [2, 0], [0, 0]], draws=30)
    table = pd.DataFrame({"article_id": r.articles, "camp": list("ruru")})
    panel = stats.Panel.pooled(table, r, ["camp"])
    rows = np.array([3, 1])
    taken = panel.take(rows)
    assert (taken.code_draws == panel.code_draws[:, rows]).all()
    assert taken.labels["camp"].tolist() == ["u", "u"]
    assert panel.take(rows, np.array([0, 1])).code_draws is None
