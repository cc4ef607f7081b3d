from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus, stats
from defection_framing.study import reliability

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data():
    return corpus.load()


@pytest.fixture(scope="module")
def coded_once(data):
    names = ("codings_claims", "codings_articles")
    return replace(data, **{name: getattr(data, name).head(0) for name in names})


def test_every_column_that_two_passes_gave_is_compared(data):
    table = reliability.table(data)
    assert list(table.index.unique("code")) == list(reliability.CODES.values())
    assert set(table.index.unique("passes")) == set(reliability.PAIRS)
    assert (table["low"] <= table["alpha"]).all() and (table["alpha"] <= table["high"]).all()
    blind = table.xs("blind A and B", level="passes")
    assert not {"direction", "origin"} & set(blind.index)
    units = {"claim": len(data.claims), "article": len(data.articles)}
    assert (blind["n"] == blind["unit"].map(units)).all()


def test_waves_are_told_apart(data):
    n = reliability.table(data)["n"].xs("main frame")
    of_wave = data.claim_table()["wave"].value_counts()
    for wave in (1, 2):
        assert n[f"first and blind A in wave {wave}"] == of_wave[wave]


def test_a_pass_that_is_not_there_is_compared_with_none(data):
    only = data.codings_articles.query("coder in ['0', 'A']")
    assert reliability.by_code(replace(data, codings_articles=only), ("portrayal",)).empty


def test_a_single_code_is_compared_with_all_others(data):
    table = reliability.by_code(data, ("portrayal", "motives"), draws=2)
    given = data.codings_articles.unstack("coder")
    a, b = (given["portrayal", coder] == "traitor" for coder in "AB")
    assert table.loc[("portrayal", "traitor"), "n"] == (a | b).sum()
    assert table.loc[("portrayal", "traitor"), "agreement"] == pytest.approx((a == b).mean())
    a, b = (given["motives", coder].map(lambda cell: "family" in cell) for coder in "AB")
    assert table.loc[("motives", "family"), "n"] == (a | b).sum()
    expected = stats.alpha(pd.DataFrame({"a": a, "b": b}), pd.Series(0, a.index), 2)["alpha"]
    assert table.loc[("motives", "family"), "alpha"] == pytest.approx(expected)


def test_a_code_that_two_coders_mix_up_does_not_pass_the_gate(data):
    codings = data.codings_claims.copy()
    is_b = codings.index.get_level_values("coder") == "B"
    was = is_b & (codings["frame"] == "appeal").to_numpy()
    rng = np.random.default_rng(1)
    codings.loc[was & (rng.random(len(codings)) < 0.8), "frame"] = "policy"
    assert not reliability.doubtful(data)
    assert reliability.doubtful(replace(data, codings_claims=codings)) == {"appeal"}


def test_cells_hold_their_own_articles(data):
    table = reliability.by_cell(data)
    articles = data.article_table()
    cell = (articles["camp"] == "Russian") & (articles["direction"] == "ru_to_ua")
    assert table.loc[("traitor", "Russian", "ru_to_ua"), "n"] == cell.sum()
    assert len(table) == 4 * len(reliability.IN_CELLS)


def test_a_corpus_that_was_coded_once_has_nothing_to_compare(coded_once):
    tables = [f(coded_once) for f in (reliability.table, reliability.by_code, reliability.by_cell)]
    assert all(table.empty for table in tables)
    assert reliability.doubtful(coded_once) == set()
    assert reliability.agreement_estimates(*tables).empty
