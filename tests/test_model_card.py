import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus, settings
from defection_framing.own import coders, model_card


def test_scores_are_those_of_a_hand_count():
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.45, 0.55], [0.35, 0.65]])
    scores = model_card._scores(["a", "b"], p, ["a", "b", "b", "b"], 0.6)
    # Bins: 0.9 right; 0.8 wrong; 0.55 right; 0.65 right.
    assert scores["ece"] == pytest.approx((0.1 + 0.8 + 0.45 + 0.35) / 4)
    assert scores["accuracy"] == 0.75
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert (scores["decided"], scores["accuracy_decided"]) == (0.75, pytest.approx(2 / 3))


@pytest.mark.slow
def test_no_event_is_in_both_training_and_test():
    articles = corpus.load().articles
    for train, test in model_card._folds(articles["direction"], articles["event"]):
        assert not set(articles["event"].iloc[train]) & set(articles["event"].iloc[test])


@pytest.mark.slow
def test_the_card_is_written_from_what_was_measured(monkeypatch, tmp_path):
    table = pd.DataFrame(
        {"n": [10, 5], "accuracy": [0.9123, 0.8], "macro_f1": [0.5, 0.4], "ece": [0.01, np.nan]},
        index=pd.MultiIndex.from_tuples([("frame", "model"), ("frame", "pass C")]),
    ).rename_axis(["task", "coder"])
    counts = pd.DataFrame({"cost": [7]}, index=pd.Index(["other"], name="true"))
    monkeypatch.setattr(model_card, "evaluate", lambda: (table, {"frame": counts}))
    spoken = pd.DataFrame({"n": [62.0], "accuracy": [0.841]}, ["uk"]).rename_axis("language")
    monkeypatch.setattr(model_card, "languages", lambda: spoken)
    model_card.write_card(tmp_path / "card.md")
    card = (tmp_path / "card.md").read_text()
    assert "| frame | model | 10 | 0.912 | 0.5 | 0.01 |" in card
    assert "| frame | pass C | 5 | 0.8 | 0.4 |  |" in card
    assert "| other | 7 |" in card and "| uk | 62 | 0.84 |" in card
    assert "large language model" in " ".join(card.split())


def test_what_is_learnt_from_each_unit_is_the_share_of_its_passes():
    units = pd.DataFrame({"frame": ["a", "b"]}, ["u", "v"])
    codings = pd.DataFrame(
        {"frame": pd.Categorical(["a", "b", "a", "b", None, "b"], ["a", "b", "c"])},
        pd.MultiIndex.from_product([["u", "v"], ["A", "B", "C"]], names=["id", "coder"]),
    )
    given = coders.given_codes(units, codings, "frame")
    assert given.loc["u"].to_dict() == pytest.approx({"a": 2 / 3, "b": 1 / 3, "c": 0})
    assert given.loc["v"].to_dict() == {"a": 0, "b": 1, "c": 0}


def test_no_article_of_the_corpus_is_taught_as_not_about_this():
    path = settings.ROOT / "src/defection_framing/own/coding_data/negatives.csv"
    urls = pd.read_csv(path)["url"]
    assert urls.is_unique and not urls.isin(corpus.load().articles["url"]).any()
