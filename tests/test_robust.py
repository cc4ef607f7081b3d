import pandas as pd
import pytest

from defection_framing import robust


def _results(**values):
    """Estimates of one quantity by specification: value, low, high."""
    index = [("main" if n == "reported" else "other", n) for n in values]
    index = [(k, "as reported" if k == "main" else n, "x") for k, n in index]
    index = pd.MultiIndex.from_tuples(index, names=["kind", "specification", "estimate"])
    table = pd.DataFrame(list(values.values()), index, ["value", "low", "high"])
    table["excludes_zero"] = (table["low"] > 0) | (table["high"] < 0)
    return table.assign(n_articles=1, n_events=1)


def test_a_verdict_counts_what_holds_and_names_what_fails():
    results = _results(
        reported=(-0.2, -0.3, -0.1),
        firm=(-0.3, -0.4, -0.2),
        weak=(-0.1, -0.3, 0.1),
        reversed=(0.2, 0.1, 0.3),
    )
    row = robust.verdicts(results).loc["x"]
    assert (row["tried"], row["same_sign"], row["holds"]) == (3, 2, 1)
    assert row["fails"] == "weak; reversed"


def test_a_specification_that_changes_nothing_does_not_count():
    results = _results(reported=(0.2, 0.1, 0.3), same=(0.2, 0.1, 0.3), other=(0.1, 0.05, 0.3))
    assert robust.verdicts(results).loc["x", "tried"] == 1


@pytest.fixture(scope="module")
def tables():
    from defection_framing import compare, corpus

    data = corpus.load()
    articles, claims = data.article_table().reset_index(), data.claim_table()
    return tuple(t.assign(side=t["camp"].map(compare.SIDES)) for t in (articles, claims))


def test_each_specification_keeps_what_its_name_says(tables):
    articles, _ = tables
    versions = {name: version(*tables) for _, name, version, _ in robust.specifications(articles)}
    kept = {name: next(iter(v)) for name, v in versions.items()}
    assert kept["dated only"]["year"].notna().all()
    assert (kept["not in English"]["lang"] != "en").all()
    assert (kept["kuzminov-mi8"]["event"] != "kuzminov-mi8").all()
    state = kept["Russian camp: state outlets only"]
    assert set(state.loc[state["side"] == "Russian", "camp"]) == {"russian_state"}
    assert len(kept["as reported"]) == len(articles)
