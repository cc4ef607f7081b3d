"""Events that are proposed for invented articles in eight languages."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score

from defection_framing import corpus, settings
from defection_framing.own import events
from defection_framing.own.families import families
from strategies import FEW

INVENTED = settings.ROOT / "tests" / "invented_events.jsonl"


def invented(sample):
    """Articles of a sample with their event (`told`); the third was written after the rules."""
    rows = map(json.loads, INVENTED.read_text(encoding="utf-8").splitlines())
    table = pd.DataFrame([row for row in rows if row["sample"] == sample])
    table["article_id"] = [f"a{k:010d}" for k in range(len(table))]
    return table.rename(columns={"event": "told"})


def proposed(articles):
    if "family" not in articles:
        articles = articles.assign(family=articles["article_id"], copied_from="", how="", likest="")
    return events.proposed(articles)


def pairs(told, proposed):
    """Pairs of one event by both, by the proposals, and in truth."""
    i, j = np.triu_indices(len(told), 1)
    same, one = (np.array(c)[i] == np.array(c)[j] for c in (told, proposed))
    return (same & one).sum(), one.sum(), same.sum()


@pytest.mark.slow
def test_invented_events_are_proposed_whole_and_none_is_fused():
    articles = invented(1)
    articles = articles.merge(families(articles), on="article_id")
    both, one, same = pairs(articles["told"], proposed(articles)["event"])
    assert both == one == same == 31


@pytest.mark.slow
@pytest.mark.parametrize("sample", [2, 3])
def test_of_harder_invented_events_none_is_fused_and_most_pairs_are_found(sample):
    articles = invented(sample)
    both, one, same = pairs(articles["told"], proposed(articles)["event"])
    assert both == one and both >= 11 and same == 16


@pytest.mark.slow
def test_of_the_pairs_proposed_in_the_repositorys_corpus_most_are_of_one_case():
    data = corpus.load(settings.ROOT / "data")
    claims = data.claims.sort_values(["article_id", "n"]).groupby("article_id")["text"]
    articles = data.articles[data.articles["event"] != "general"].rename(columns={"gist": "title"})
    articles = articles.assign(
        lang="en", date=articles["date"].fillna(""), text=claims.agg(" ".join)
    )
    articles = articles[articles["date"].str.startswith("2025")]  # all take minutes to read
    both, one, _ = pairs(articles["event"], proposed(articles.reset_index())["event"])
    assert one > 50 and both / one > 0.9


@pytest.mark.slow
def test_what_was_shared_is_said():
    found = proposed(invented(1)).set_index("article_id")["why"]
    assert found["a0000000003"].startswith("like a000000000")
    assert "both name" in found["a0000000003"] and "Belosub" in found["a0000000003"]
    assert found["a0000000027"] == ""


@pytest.mark.parametrize(
    "spellings",
    [
        "Кузьминов Кузьминову Кузьминовым Кузьмінов Кузьмінова Kuzminov Kusminow Kuźminow",
        "Прозоровский Прозоровского Прозоровському Prozorovsky Prosorowski Prozorowskiego",
        "Максим Максима Максимом Maksym Maxim Maksim",
        "Гнатів Гнатіва Гнатив Hnativ Gnativ",
        "Щербак Щербаку Shcherbak Schtscherbak Szczerbak",
        "Андрій Андрея Андрею Andriy Andrij Andrei",
    ],
)
def test_a_name_stays_when_inflected_or_spelt_in_another_script(spellings):
    assert len({events._spelt(name) for name in spellings.split()}) == 1


def test_names_are_those_that_tell_stories_apart():
    text = (
        "Пилот Роман Белозуб улетел из России. «Он предатель», сказали в Москве. "
        "Белозуба ищут из 57-й бригады, он угнал Як-130."
    )
    found = events._names(text, "ru")
    assert {"Роман Белозуб", "57-й", "130"} <= set(found.values())
    assert {"blsb", "blsb rmn", "57", "130"} <= set(found)
    assert not {"anh", "prdtl", "mskv", "rs"} & set(found)  # no beginnings of sentences, no sides
    german = events._names("Der Pilot Roman Belosub war ein Verräter, sagt Moskau.", "de")
    assert {"blsb", "blsb rmn"} <= set(german) and "vrtr" not in german


def directions(texts, langs):
    """The meaning of a text as the direction that it begins with, in degrees."""
    turned = np.radians([float(text.split()[0]) for text in texts])
    return np.c_[np.cos(turned), np.sin(turned)]


@pytest.fixture
def meanings(monkeypatch):
    monkeypatch.setattr(events, "meanings", directions)


def table(*rows):
    rows = [(f"a{k}", date, "en", "", text) for k, (date, text) in enumerate(rows)]
    return pd.DataFrame(rows, columns=["article_id", "date", "lang", "title", "text"])


@pytest.mark.parametrize(
    "one, other, degrees, together",
    [
        ("2024-05-01", "2024-05-20", 50, True),
        ("2024-05-01", "2024-05-20", 70, False),
        ("2024-05-01", "2024-06-20", 0, False),  # too late
        ("2024-05-01", "2024-06", 0, True),  # perhaps a month later, perhaps a day
        ("2024-05-01", "2024-06", 50, False),
        ("2024-05-01", "2024-07", 0, False),
        ("2024", "2024-12-31", 0, True),
        ("2023", "2025-01-31", 0, False),
        ("", "2025-01-31", 40, True),
        ("", "", 50, False),
    ],
)
def test_one_event_is_told_within_weeks_and_what_is_undated_is_more_alike(
    meanings, one, other, degrees, together
):
    found = proposed(table((one, "0 degrees"), (other, f"{degrees} degrees")))["event"]
    assert (found[0] == found[1]) == together


def test_a_name_that_few_have_brings_less_alike_stories_together(meanings):
    rest = [("2024-05-02", f"{180 + k} degrees") for k in range(0, 90, 10)]
    told = ["0 degrees for the pilot Roman Belozub here", "65 degrees and Roman Belozub again"]
    found = proposed(table(*(("2024-05-01", text) for text in told), *rest))
    assert found["event"][0] == found["event"][1]
    assert "both name" in found["why"][0] and "Roman Belozub" in found["why"][0]
    told[1] = "65 degrees and nobody again"
    found = proposed(table(*(("2024-05-01", text) for text in told), *rest))
    assert found["event"][0] != found["event"][1]


def test_events_do_not_chain(meanings):
    rows = [("2024-05-01", f"{40 * k} degrees") for k in range(9)]
    assert proposed(table(*rows))["event"].value_counts().max() <= 3


def test_an_event_that_swallows_a_fifth_of_the_stories_is_said(meanings):
    rows = [("2024-05-01", "0 degrees")] * 5 + [(f"20{k:02}-01-01", "0 degrees") for k in range(17)]
    with pytest.warns(UserWarning, match="one proposed event holds 23% of all stories"):
        proposed(table(*rows))


@FEW
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "2024", "2024-05", "2024-05-03", "2024-06-20"]),
            st.integers(0, 359).map("{} degrees".format),
            st.sampled_from(["", ". We saw Ivan Petrenko", ". We saw Boris Lug in Orsk"]),
        ),
        max_size=12,
    ),
    st.randoms(),
)
def test_every_article_has_one_event_whatever_their_order(rows, random):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "meanings", directions)
        articles = table(*((date, text + more) for date, text, more in rows))
        found = proposed(articles)
        assert list(found["article_id"]) == list(articles["article_id"])
        assert found["event"].notna().all()
        mixed = articles.sample(frac=1, random_state=random.randrange(2**31))
        again = proposed(mixed).set_index("article_id").reindex(articles["article_id"])
        pd.testing.assert_frame_equal(found.set_index("article_id"), again)


@pytest.mark.parametrize("original, why", [("a1", "copy of a1"), ("", "copy or original of a1")])
def test_of_a_copy_is_said_of_what_even_where_dates_do_not_tell(meanings, original, why):
    articles = table(("", "0 degrees"), ("", "0 degrees")).assign(family="a0", how="copy")
    articles = articles.assign(copied_from=[original, ""], likest=["a1", "a0"])
    assert events.proposed(articles)["why"][0] == why


@pytest.mark.slow
def test_an_event_is_named_by_the_title_of_its_earliest_article():
    articles = pd.DataFrame(
        {
            "article_id": ["a1111111111", "a2222222222", "a3333333333"],
            "date": ["2024-05-02", "2024-05-01", ""],
            "lang": "en",
            "title": ["Second telling", "Капитан сел под Полтавой", ""],
            "text": ["A captain landed near Poltava."] * 2 + ["Wheat prices rose again."],
            "family": ["a1111111111", "a1111111111", "a3333333333"],
            "copied_from": ["a2222222222", "", ""],
            "how": ["copy", "", ""],
            "likest": ["a2222222222", "", ""],
        }
    )
    captain = "капитан-сел-под-a2222"
    wheat = "wheat-prices-rose-a3333"
    assert list(events.proposed(articles)["event"]) == [captain, captain, wheat]


@pytest.mark.slow
def test_meanings_group_texts_by_what_they_tell_in_whatever_language():
    articles = pd.concat([invented(1), invented(2), invented(3)], ignore_index=True)
    vectors = events.meanings(articles["title"] + "\n" + articles["text"], articles["lang"])
    groups = KMeans(16, n_init=10, random_state=0).fit_predict(vectors)
    assert adjusted_mutual_info_score(articles["told"], groups) > 0.6
    assert adjusted_mutual_info_score(articles["lang"], groups) < 0.05
