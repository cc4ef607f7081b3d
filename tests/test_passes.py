import pandas as pd
import pytest

from defection_framing import corpus, stats
from defection_framing.settings import ROOT
from defection_framing.study import codes
from defection_framing.study.codes import matrix


def codings(rows):
    return pd.DataFrame(rows).set_index(["claim_id", "coder"])


def test_a_pass_that_gave_none_counts_as_none_and_others_are_left_out():
    table = codings(
        [
            {"claim_id": "1", "coder": "A", "frame": "cost"},
            {"claim_id": "1", "coder": "0", "frame": "policy"},
            {"claim_id": "2", "coder": "B", "frame": "policy"},
        ]
    )
    coded = matrix(table, "frame", ["cost", "policy"])
    assert coded.codes.tolist() == [[0, -1, -1], [-1, 1, -1]]
    assert matrix(table, "frame", ["cost", "policy"], ["0"]).codes.tolist() == [[1], [-1]]


def test_a_list_of_codes_is_asked_code_by_code():
    table = codings(
        [
            {"claim_id": "1", "coder": "A", "motives": ("family", "reward")},
            {"claim_id": "1", "coder": "B", "motives": ("reward",)},
            {"claim_id": "2", "coder": "A", "motives": ()},
        ]
    )
    assert matrix(table, "motives", "family", "AB").codes.tolist() == [[1, 0], [-1, -1]]


@pytest.mark.slow
def test_the_tables_hold_the_likeliest_code_of_the_passes_that_are_pooled():
    data = corpus.load(ROOT / "data")
    claims, articles = (data.claims, data.codings_claims), (data.articles, data.codings_articles)
    for column in ("frame", "portrayal", "occasion", "who", "outcome"):
        table, codings = claims if column == "frame" else articles
        named = table[column].cat.categories
        coded = matrix(codings, column, named, units=table.index)
        likeliest = stats.pool(coded, steps=stats.SETTLED).posterior.argmax(1)
        assert (named[likeliest] == table[column].astype(str)).all(), column
    for code in corpus.codes("articles", "motives"):
        coded = matrix(data.codings_articles, "motives", code, units=data.articles.index)
        given = stats.pool(coded, steps=stats.SETTLED).posterior[:, 1] > 0.5
        if code != "not_stated":  # which stands where no other does
            assert (data.articles["motives"].map(lambda cell, c=code: c in cell) == given).all()
    code_draws = codes.of_articles(data, "portrayal", draws=2)
    best = code_draws.names[code_draws.expected.argmax(1)]
    assert list(best) == list(data.articles["portrayal"].astype(str))


@pytest.mark.slow
def test_each_variant_of_the_codes_comes_from_its_passes():
    data = corpus.load(ROOT / "data")
    first = codes.of_articles(data, "portrayal", "first pass", draws=2)
    given = data.codings_articles["portrayal"].xs("0", level="coder")
    assert list(first.names[first.expected.argmax(1)]) == list(given.astype(str))
    assert set(first.expected.ravel()) == {0, 1}
    majority = codes.of_articles(data, "portrayal", "majority", draws=2)
    votes = data.codings_articles["portrayal"].astype(str).unstack("coder").mode(axis=1)
    clear = votes[1].isna() if 1 in votes else votes[0].notna()
    chosen = pd.Series(majority.names[majority.expected.argmax(1)], data.articles.index)
    assert (chosen[clear] == votes[0][clear]).all()
