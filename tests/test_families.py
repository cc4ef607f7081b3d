"""Story families of invented articles; the embeddings are stood in for by vectors of choice."""

import numpy as np
import pandas as pd
import pytest
from datasketch import MinHashLSH

from defection_framing.own import families as families_module
from defection_framing.own.families import families
from defection_framing.text import embed

STORY = (
    "A deckhand who left his company in the winter told a local paper that he had counted the "
    "bridges on his way and thought about his sister, and that nobody had let him go home. "
    "The office for migration confirmed that it had registered him in January. "
)
OTHER = (
    "The council of the town has voted for a new library beside the market, with rooms for "
    "children and a garden on the roof; the mayor expects the first readers in two years from now. "
)


@pytest.fixture
def vectors(monkeypatch):
    """Let the embedding of a text be the vector whose name the text holds."""
    known = {"north": [1, 0], "near": [0.8, 0.6], "close": [0.9, 0.436], "east": [0, 1]}

    def embedded(texts, _):
        return np.array([next(v for k, v in known.items() if k in t) for t in texts], np.float32)

    monkeypatch.setattr(embed, "vectors", embedded)


def table(*rows):
    rows = [[*row, "ru"][:4] for row in rows]
    return pd.DataFrame(rows, columns=["article_id", "date", "text", "lang"]).assign(title="")


def grouped(*rows):
    return families(table(*rows)).set_index("article_id")


def test_a_copy_is_one_family_with_its_earlier_original():
    found = grouped(
        ["b", "2024-03-16", STORY + "Share your view with us."],
        ["a", "2024-03-14", STORY],
        ["c", "2024-03-15", OTHER],
    )
    assert list(found["family"]) == ["a", "a", "c"]
    assert list(found["copied_from"]) == ["a", "", ""]
    assert found.loc["b", "how"] == "copy" and found.loc["b", "similarity"] > 0.7
    assert found.loc["c", "how"] == ""


@pytest.mark.parametrize(
    "one, other, told",
    [
        ("2024-03-14", "2024-03-14", False),
        ("", "2024-03-14", False),
        ("2024", "2024-03-14", False),
        ("2024-03", "2024-03-14", False),
        ("2023", "2024-03-14", True),
        ("2024-02", "2024-03-14", True),
    ],
)
def test_the_direction_is_told_only_where_the_dates_are_certain(one, other, told):
    found = grouped(["a", one, STORY], ["b", other, STORY])
    assert list(found["family"]) == ["a", "a"]
    assert list(found["copied_from"]) == ["", "a" if told else ""]
    assert list(found["likest"]) == ["b", "a"]


def test_copies_are_found_where_words_have_no_spaces():
    story = "他离开了部队并在河边找到了一份工作他说自己不想再打仗他的姐姐住在河的对岸"
    found = grouped(["a", "", story, "zh"], ["b", "", story + "记者报道", "zh"], ["c", "", OTHER])
    assert list(found["family"]) == ["a", "a", "c"]


def test_a_rewrite_shares_the_story_but_not_the_words(vectors):
    found = grouped(
        ["a", "2024-03-14", "north one two three four", "en"],
        ["b", "2024-03-18", "near five six seven eight", "en"],
        ["c", "2024-03-18", "east nine ten eleven twelve", "en"],
    )
    assert list(found["family"]) == ["a", "a", "c"]
    assert tuple(found.loc["b", ["copied_from", "how"]]) == ("a", "rewrite")


@pytest.mark.parametrize(
    "word, date, lang, family",
    [
        ("near", "2024-06-18", "en", "b"),  # months apart: another story
        ("near", "", "en", "b"),  # without a date, they must be more alike
        ("close", "", "en", "a"),
        ("close", "2024-03-18", "ru", "b"),  # a language that the model does not know
    ],
)
def test_what_is_no_rewrite(vectors, word, date, lang, family):
    found = grouped(
        ["a", "2024-03-14", "north one two three four", lang],
        ["b", date, f"{word} five six seven eight", lang],
    )
    assert found.loc["b", "family"] == family


def test_an_article_by_itself_needs_no_model():
    assert list(grouped(["a", "", OTHER, "en"])["family"]) == ["a"]


def test_stories_that_only_chain_are_not_one_family():
    # Two trios that tell one story each, and one article that is like one of either.
    links = [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5), (2, 6), (6, 3)]
    group = families_module._groups(links, 8)
    assert group[0] == group[1] == group[2] and group[3] == group[4] == group[5]
    assert group[0] != group[3] and len(set(group)) in (3, 4)
    assert group[7] not in group[:7]


def test_links_of_a_whole_chain_stay_bounded_whatever_its_length():
    chain = [(i, i + 1) for i in range(99)]
    assert np.bincount(families_module._groups(chain, 100)).max() <= 4


def test_a_family_that_swallows_a_corpus_is_said():
    rows = [[f"a{i}", "2024-03-14", STORY] for i in range(10)]
    rows += [[f"b{i}", "", " ".join(f"word{i}x{k}" for k in range(30))] for i in range(15)]
    with pytest.warns(UserWarning, match="one story family holds 40% of all articles"):
        grouped(*rows)


def test_the_bands_of_sketches_are_those_that_fit_the_share_from_which_texts_are_copies():
    chosen = MinHashLSH(threshold=families_module.COPY, num_perm=families_module._PERMUTATIONS)
    assert (chosen.b, chosen.r) == families_module._BANDS
