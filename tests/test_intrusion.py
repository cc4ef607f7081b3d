import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from defection_framing import corpus, settings
from defection_framing.cli import app
from defection_framing.people import intrusion
from defection_framing.people.sheets import SheetError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tests")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DEFECTION_DATA", raising=False)
        intrusion.write(folder / "sheets")
    return folder


@pytest.fixture
def tests(drawn, tmp_path):
    shutil.copytree(drawn, tmp_path, dirs_exist_ok=True)
    return tmp_path / "sheets"


def table(path):
    return pd.read_csv(path, dtype=str, index_col="id", keep_default_na=False)


def items(folder, test):
    return table(folder / f"{test}.csv").join(table(folder.with_name("sheets-key") / f"{test}.csv"))


def answer(folder, test, given):
    sheet = table(folder / f"{test}.csv")
    sheet["intruder"] = given
    sheet.to_csv(folder / f"{test}.csv", encoding="utf-8-sig")


@pytest.fixture(scope="module")
def topics():
    found = pd.read_csv(settings.ROOT / "data" / "derived" / "topics.csv", index_col="topic")
    return found["words"].str.split(", ")


def test_five_words_are_the_topics_and_one_is_not(tests, topics):
    for _, item in items(tests, "words").iterrows():
        listed = [item[f"word_{i}"] for i in range(1, 7)]
        strange = [word for word in listed if word not in topics[int(item["topic"])]]
        assert strange == [item[f"word_{item['answer']}"]]
        assert any(strange[0] in words for words in topics)


def test_every_topic_is_asked_for_and_the_answer_stands_anywhere(tests, topics):
    for test, choices in intrusion.TESTS.items():
        found = items(tests, test)
        assert set(found["topic"].astype(int)) == set(topics.index)
        assert set(found["answer"]) == {str(i + 1) for i in range(choices)}


def test_three_topics_are_the_articles_and_one_is_not(tests, topics):
    claims = corpus.load(settings.ROOT / "data").claims
    path = settings.ROOT / "data" / "derived" / "claim_topics.csv"
    belongs = pd.read_csv(path, index_col="claim_id")["topic"]
    touched = belongs.groupby(claims["article_id"].reindex(belongs.index)).agg(set)
    told = claims.groupby("article_id")["text"].agg(" ".join)
    article = {text: a for a, text in told.items()}
    number = {", ".join(words[:8]): topic for topic, words in topics.items()}
    for _, item in items(tests, "topics").iterrows():
        listed = [number[item[f"topic_{i}"]] for i in range(1, 5)]
        strange = set(listed) - touched[article[item["text"]]]
        assert strange == {int(item["topic"])} == {listed[int(item["answer"]) - 1]}


def test_sheets_hold_no_answer(tests):
    for test in intrusion.TESTS:
        sheet = table(tests / f"{test}.csv")
        assert not {"topic", "answer"} & set(sheet)
        assert (sheet[["intruder", "note"]] == "").all(axis=None)
    assert not list(tests.glob("*key*"))


def test_the_same_tests_are_written_again_and_never_over_others(tests, drawn):
    again = CliRunner().invoke(app, ["intrusion", "--out", str(tests.with_name("again"))])
    assert again.exit_code == 0, again.output
    for name in ("words.csv", "topics.csv"):
        written = (tests.with_name("again") / name).read_bytes()
        assert written == (drawn / "sheets" / name).read_bytes()
    over = CliRunner().invoke(app, ["intrusion", "--out", str(tests)])
    assert over.exit_code == 2 and "exists already" in over.stderr


def test_who_finds_all_has_precision_1_and_who_guesses_has_chance(tests, topics):
    answer(tests, "words", items(tests, "words")["answer"])
    rng = np.random.default_rng(1)
    answer(tests, "topics", rng.integers(1, 5, len(items(tests, "topics"))).astype(str))
    result = intrusion.precision(tests)
    words = result[result["test"] == "words"]
    assert (words["precision"] == 1).all()
    assert list(words["n"]) == [*[5] * len(topics), 5 * len(topics)]
    # five of five are no proof of certainty
    assert (words["low"].iloc[:-1] < 0.6).all()
    guessed = result[(result["test"] == "topics") & (result["topic"] == "all")].iloc[0]
    assert guessed["low"] < guessed["chance"] == 0.25 < guessed["high"]


def test_the_command_reads_them_back_and_what_is_not_answered_is_left_out(tests):
    right = items(tests, "words")["answer"]
    answer(tests, "words", right.where(np.arange(len(right)) < 30, ""))
    result = CliRunner().invoke(app, ["agreement", str(tests)])
    assert result.exit_code == 0, result.output
    written = pd.read_csv(tests / "precision.csv")
    assert set(written["test"]) == {"words"}
    assert written["n"].iloc[-1] == 30


def test_a_slip_is_named(tests):
    answer(tests, "topics", "5")
    result = CliRunner().invoke(app, ["agreement", str(tests)])
    assert result.exit_code == 2
    assert "row 2, column intruder: '5' is not a code of this column; write one of 1, 2, 3, 4" in (
        result.stderr
    )


def test_a_corpus_without_topics_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    with pytest.raises(SheetError, match="topics.csv is missing; run the study first"):
        intrusion.write(tmp_path / "sheets")
    assert not (tmp_path / "sheets").exists()
