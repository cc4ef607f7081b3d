"""What a corpus of one's own shows, in computed sentences."""

from dataclasses import replace

import pytest

import parts
from defection_framing import corpus, stats
from defection_framing.publish import computed, findings, ledger
from defection_framing.publish.ledger import Estimate
from defection_framing.study import same_act

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parts.write(tmp_path_factory.mktemp("own"), lambda articles: articles.index % 6 == 1)


@pytest.fixture(scope="module")
def loaded(folder):
    return corpus.load(folder)


@pytest.fixture
def own(folder, loaded, monkeypatch):
    monkeypatch.setenv("DEFECTION_DATA", str(folder))
    return loaded


def told(data, known=None):
    return [s.text for s in computed.sentences(data, known or {})]


def test_counts_are_those_of_the_corpus(own):
    first = told(own)[0]
    table = own.article_table()
    assert first.startswith(f"**{len(table):,} articles on {table['cluster'].nunique():,} events")
    assert f"{(table['direction'] == 'ua_to_ru').sum()} on crossings to Russia" in first
    assert f"{(table['camp'] == 'Western').sum()} Western" in first


def test_a_share_is_said_with_its_interval_and_only_where_it_has_one(own):
    table = own.article_table().reset_index()
    table = table[table["event"] != "general"]  # an outlet is no event
    s = stats.prevalence(stats.shares(table, "portrayal", ["direction"]))
    said = [t for t in told(own) if t.startswith("Articles on crossings to Russia")]
    row = s.loc[("ua_to_ru", "traitor")]
    assert f"traitor {Estimate(row['value'], row['low'], row['high']):share}" in said[0]
    # of one article no share is said
    few = own.articles.head(1)
    small = replace(own, articles=few)
    assert len(told(small)) == 1


def test_what_is_left_open_is_said_beside_a_share(own):
    articles = own.articles.copy()
    those = articles.index[(articles["direction"] == "ua_to_ru") & (articles["event"] != "general")]
    articles.loc[those[:5], "portrayal"] = None
    data = replace(own, articles=articles)
    said = next(t for t in told(data) if t.startswith("Articles on crossings to Russia"))
    assert f"; 5 of {len(those)} articles are open and not counted)" in said


def test_cases_that_are_lost_to_open_portrayals_are_counted(own):
    shared = same_act.shared_articles(own)
    assert not any("cannot be compared" in text for text in told(own))
    case = shared[shared["unit"] == shared["unit"].iloc[0]]
    articles, passes = own.articles.copy(), own.codings_articles.copy()
    one_side = case.loc[case["left"], "article_id"]
    articles.loc[one_side, "portrayal"] = None
    passes.loc[passes.index.isin(one_side, level="article_id"), "portrayal"] = None
    more = {"articles": articles, "codings_articles": passes}
    said = told(replace(own, **more))
    n = shared["unit"].nunique()
    assert any(f"Of {n} cases that both camps tell, 1 cannot be compared" in text for text in said)


def test_differences_that_are_shown_are_named_and_others_only_counted(own):
    known = {
        "portrayal_away/traitor": Estimate(0.3, 0.1, 0.5, 40, 20, 0.001, 0.004),
        "portrayal_away/hero": Estimate(-0.1, -0.3, 0.1, 40, 20, 0.3, 0.4),
        "portrayal_away/holds": Estimate(1),
        "frame_away/cost": Estimate(0.1, -0.1, 0.3, 40, 20, 0.3, 0.4),
        "motives_away/family": Estimate(0.1),
        "frame_away_completed/cost": Estimate(0.2, 0.1, 0.3, 40, 20, 0.001, 0.004),
    }
    said = "\n".join(told(own, known))
    assert "camps**: traitor +30 points [+10 to +50]; 1 of 2 codes differs (40 articles" in said
    assert "no difference is shown; the largest is cost +10 points" in said
    assert "completed" not in said  # of a part of the cases the notebook tells
    assert "Motives" not in said  # without an interval nothing is said


def test_the_findings_of_the_repository_are_not_said_of_another_corpus(own):
    assert ledger.texts() == {}
    lines = [text for _, _, text in ledger.bullets()]
    assert lines[0].startswith(f"- **{len(own.articles):,} articles")
    ours = " ".join(f.text for f in findings.load().values())
    for line in lines:
        assert not any(word in line for word in ("nan", "Not computed", "Does not hold"))
        assert line[2:40] not in ours
        assert "[notebook](" in line and "[figure]" not in line  # no figure is drawn yet


def test_a_finding_that_is_not_of_this_corpus_is_not_shown_in_a_notebook(own, capsys):
    ledger.say("same_act")
    assert capsys.readouterr().out == ""
