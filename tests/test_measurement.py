"""What knowing the outlet did to codes, and what exchanging the sides did, with a known truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from defection_framing import corpus
from defection_framing.study import measurement

VERSIONS = ("true", "swapped")
BOTH = "both camps leaving minus coming"


@pytest.fixture(scope="module")
def data():
    return corpus.load()


def with_passes(data, first=None, blind=None):
    """The corpus with portrayals that passes are made to give: of article ids, a share of traitors.

    All passes give the same, neutral or traitor at random by event, but where `first` or `blind`
    adds traitors to that pass's articles, the share by camp and direction.
    """
    rng, articles = np.random.default_rng(3), data.article_table()
    events = articles["cluster"].unique()
    is_traitor = articles["cluster"].map(
        dict(zip(events, rng.random(len(events)) < 0.2, strict=True))
    )
    codings = data.codings_articles.copy()
    coder, unit = (codings.index.get_level_values(x) for x in ("coder", "article_id"))
    for one in coder.unique():
        added = (first if one == "0" else blind) or {}
        cells = articles[["camp", "direction"]].apply(tuple, axis=1)
        share = cells.map(added).fillna(0).astype(float)
        found = is_traitor | (rng.random(len(articles)) < share)
        named = found.map({True: "traitor", False: "neutral"})
        codings.loc[coder == one, "portrayal"] = named[unit[coder == one]].to_numpy()
    return replace(data, codings_articles=codings)


def traitors(data, passes=measurement.ALL):
    return measurement.differences(data).xs(passes, level="passes").loc["traitor"]


@pytest.mark.slow
def test_an_error_of_one_cell_is_found_there_and_in_the_contrasts_that_hold_it(data):
    planted = with_passes(data, first={("Russian", "ru_to_ua"): 0.3})
    table = traitors(planted)
    expected = 0.3 * 0.8  # of those who were not traitors
    assert table.loc["Russian camp leaving", "value"] == pytest.approx(expected, abs=0.07)
    for row in ("Russian camp leaving", "Russian camp leaving minus coming", BOTH):
        assert table.loc[row, "low"] > 0
    assert table.loc[BOTH, "value"] == pytest.approx(table.iloc[1]["value"] / 2)
    others = table.drop(index=["Russian camp leaving", "Russian camp leaving minus coming", BOTH])
    assert (others["value"].abs() < 1e-12).all()
    assert (others["low"] <= 0).all() and (others["high"] >= 0).all()


@pytest.mark.slow
def test_an_error_that_is_alike_in_all_cells_leaves_the_contrasts_alone(data):
    same = {cell: 0.2 for cell in measurement.CELLS}
    table = traitors(with_passes(data, first=same))
    assert (table["low"].iloc[:4] > 0).all()
    contrasts = table.iloc[4:]
    assert (contrasts["low"] < 0).all() and (contrasts["high"] > 0).all()


@pytest.mark.slow
def test_passes_of_the_same_noise_differ_in_no_contrast_oftener_than_they_should(data):
    noise = {cell: 0.1 for cell in measurement.CELLS}
    planted = with_passes(data, first=noise, blind=noise)
    table = measurement.differences(planted).xs("traitor").dropna()
    covered = (table["low"] <= 0) & (table["high"] >= 0)
    assert covered.mean() >= 0.85  # of some forty 95% intervals that rest on the same articles


@pytest.mark.slow
def test_differences_are_of_the_events_that_the_passes_share(data):
    articles = data.article_table()
    cell = articles[(articles["camp"] == "Ukrainian") & (articles["direction"] == "ua_to_ru")]
    given = data.codings_articles["portrayal"].unstack("coder").loc[cell.index] == "traitor"
    by_event = given.groupby(cell["cluster"]).mean().mean()
    row = traitors(data).loc["Ukrainian camp leaving"]
    assert row["value"] == pytest.approx(by_event["0"] - (by_event["A"] + by_event["B"]) / 2)
    assert (row["n_articles"], row["n_events"]) == (len(cell), cell["cluster"].nunique())
    shared = cell[cell["shared"]]
    row = traitors(data, f"{measurement.ALL} on shared events").loc["Ukrainian camp leaving"]
    assert (row["n_articles"], row["n_events"]) == (len(shared), shared["cluster"].nunique())


def test_guesses_are_counted_by_the_side_that_was_left(data):
    table = measurement.guesses(data)
    given = data.codings_articles["guess"].unstack("coder")[["A", "B"]]
    direction = data.articles["direction"].astype(str)
    left = direction.map({"ru_to_ua": "R", "ru_exit": "R", "ua_to_ru": "U", "ua_exit": "U"})
    known = left.notna()
    right = given[known].eq(left[known], axis=0)
    assert table.loc[("all", "all"), "value"] == pytest.approx(right.to_numpy().mean())
    assert table.loc[("all", "all"), "missed"] == (~right).to_numpy().sum()
    assert table["missed"].iloc[1:].sum() == table["missed"].iloc[0]


def swapped(data, rows):
    """The corpus with portrayals of articles by version: id to (as they are, exchanged)."""
    long = [(a, v, p) for a, pair in rows.items() for v, p in zip(VERSIONS, pair, strict=True)]
    table = pd.DataFrame(long, columns=["article_id", "version", "portrayal"])
    return replace(data, flag_swap=table.set_index(["article_id", "version"]))


def test_the_sides_are_exchanged_with_their_sign_and_tested_by_hand(data):
    named = data.articles[data.articles["event"] != "general"]
    ids = {d: named.index[named["direction"] == d] for d in ("ua_to_ru", "ru_to_ua")}
    rows = {a: ("neutral", "neutral") for d in ids for a in ids[d][:40]}
    # Named as left by Ukraine and a traitor, by Russia not: the version as it is, or the other.
    rows |= {a: ("traitor", "neutral") for a in ids["ua_to_ru"][:6]}
    rows |= {a: ("neutral", "traitor") for a in ids["ru_to_ua"][:3]}
    rows |= {a: ("traitor", "neutral") for a in ids["ru_to_ua"][3:4]}
    row = measurement.swap(swapped(data, rows)).loc[("all", "traitor")]
    assert (row["ukraine_only"], row["russia_only"]) == (9, 1)
    assert row["value"] == pytest.approx((9 - 1) / 80)
    assert row["p"] == pytest.approx(scipy_stats.binomtest(1, 10).pvalue)
    assert row["n_articles"] == 80
    assert row["low"] < row["value"] < row["high"]


def test_where_only_the_version_matters_the_side_does_not(data):
    named = data.articles[data.articles["event"] != "general"]
    rows = {
        a: ("traitor" if i % 2 else "neutral", "neutral")
        for d in ("ua_to_ru", "ru_to_ua")
        for i, a in enumerate(named.index[named["direction"] == d][:40])
    }
    table = measurement.swap(swapped(data, rows))
    row = table.loc[("all", "traitor")]
    assert (row["ukraine_only"], row["russia_only"], row["p"]) == (20, 20, 1)
    assert row["value"] == pytest.approx(0) and row["low"] < 0 < row["high"]
    assert table.loc[("ua_to_ru", "traitor"), "value"] == pytest.approx(0.5)


def test_discordance_is_counted_beside_that_of_two_blind_coders(data):
    ids = data.articles.index[:4]
    pairs = ("hero", "hero"), ("hero", "victim"), ("traitor", "hero"), ("victim", "victim")
    rows = dict(zip(ids, pairs, strict=True))
    noise = measurement.noise(swapped(data, rows))
    assert noise.loc["sides exchanged"].to_dict() == {"any": 2, "traitor": 1}
    blind = data.codings_articles["portrayal"].astype(object).unstack("coder").loc[ids]
    assert noise.loc["blind A and B", "any"] == (blind["A"] != blind["B"]).sum()
