import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus, settings
from defection_framing.own import coders, coding, events, frames

pytestmark = pytest.mark.slow  # the coders are fitted first

# Texts written for this test, coded by their writer; the coders never learn from them.
CHALLENGE = list(csv.DictReader((Path(__file__).parent / "challenge.csv").open(encoding="utf-8")))


def directions(*texts, countries=None):
    return coding.code_texts(texts, ["direction"], countries)["direction"]


def test_who_leaves_decides_and_not_who_says_it():
    out = directions(
        "Ukrainian intelligence says a Russian pilot defected with his helicopter.",
        "A Russian agency says a Ukrainian soldier crossed over and joined the Russians.",
        "Kyiv reports that a Russian soldier surrendered his tank to the Ukrainians.",
        "Moscow reports that a Ukrainian soldier surrendered his tank to the Russians.",
    )
    assert list(out["value"]) == ["ru_to_ua", "ua_to_ru", "ru_to_ua", "ua_to_ru"]


def test_a_side_that_tells_or_takes_in_is_not_the_side_left():
    texts = [
        "Kyiv welcomes pilot who flew his Mi-8 over the border",
        "Moscow welcomes pilot who flew his Mi-8 over the border",
        "Ukrainska Pravda: soldier of Russian army changes to the Ukrainian army",
        "TASS: the commander of a Ukrainian battalion admitted that his men had run to the rear",
    ]
    out = directions(*texts)
    assert list(out["value"]) == ["ru_to_ua", "ua_to_ru", "ru_to_ua", "ua_exit"]
    kinds = ("receiver", "teller", "absentia", "militia", "two_units")
    rows = [row for row in CHALLENGE if row["kind"] in kinds]
    out = directions(*(row["text"] for row in rows))
    assert (out["value"] == [row["label"] for row in rows]).mean() >= 0.6


def test_leaving_without_joining_is_an_exit():
    out = directions(
        "Russian deserters who refused to fight in Ukraine received visas in France.",
        "Thousands of Ukrainian soldiers deserted their units this year; courts hear"
        " criminal cases for absence without leave.",
    )
    assert list(out["value"]) == ["ru_exit", "ua_exit"]


@pytest.mark.parametrize("outlet", ["TASS", "Ukrinform", "RIA Novosti", "Kyiv Post"])
def test_the_outlets_name_does_not_decide(outlet):
    texts = [
        "A Russian pilot defected to Ukraine and landed his helicopter near Kharkiv.",
        "A Ukrainian soldier crossed over to the Russian army and joined a volunteer battalion.",
    ]
    out = directions(*(f"{outlet}: {text}" for text in texts))
    assert list(out["value"]) == ["ru_to_ua", "ua_to_ru"]


def test_exchanging_the_sides_exchanges_the_direction_and_keeps_the_other_codes():
    pairs = [("Russia", "Ukraine"), ("Russian", "Ukrainian"), ("Moscow", "Kyiv"), ("FSB", "SBU")]
    other_name = {a: b for pair in pairs for a, b in (pair, pair[::-1])}

    def exchange(text):
        return re.sub(r"\w+?(?=s?\b)", lambda m: other_name.get(m[0], m[0]), text)

    # Each names a side, and only in ways that have a mirror image above (not Wagner, nor TASS).
    texts = [
        row["text"]
        for row in CHALLENGE
        if row["kind"] in ("source_trap", "exit", "both", "absentia")
        and row["id"] not in ("c05", "c19", "c149", "c150")
    ]
    assert all(a != b for a, b in zip(texts, map(exchange, texts), strict=True))
    swapped = [exchange(text) for text in texts]
    one, other, models = coders.leads(texts), coders.leads(swapped), coders.train()
    nowhere, turned = np.full(len(texts), 2), [1, 0, 3, 2, 4, 5]
    directions = [models["direction"].proba(seen, nowhere) for seen in (one, other)]
    assert np.abs(directions[0] - directions[1][:, turned]).max() < 0.001
    portrayals = [models["portrayal"].proba(seen) for seen in (one, other)]
    assert np.abs(portrayals[0] - portrayals[1]).max() < 0.001
    told = [models["frame"].proba(frames.kept()[0].seen(own)) for own in (texts, swapped)]
    assert np.abs(told[0] - told[1]).max() < 0.001


@pytest.mark.parametrize(
    "lang, texts",
    [
        (
            "ru",
            {
                "ru_to_ua": "Российского лётчика, перешедшего на сторону Украины, приняли в Киеве.",
                "ua_to_ru": "Украинского солдата, перешедшего на сторону России, приняли в Москве.",
                "ru_exit": "Российские мобилизованные сбежали из части и прячутся по домам.",
                "ua_exit": "Из украинской бригады дезертировали десятки бойцов, их ищет полиция.",
            },
        ),
        (
            "uk",
            {
                "ru_to_ua": "Російського льотчика, що перейшов на бік України, взяли до легіону.",
                "ua_to_ru": "Українського бійця, що перейшов на бік Росії, судитимуть за зраду.",
                "ru_exit": "Російські мобілізовані втекли з частини і ховаються вдома.",
                "ua_exit": "З української бригади дезертирували десятки бійців, їх шукають.",
            },
        ),
        (
            "de",
            {
                "ru_to_ua": "Der russische Pilot lief zu den Ukrainern über und kämpft für Kiew.",
                "ua_to_ru": "Der ukrainische Soldat lief zu den Russen über und dient nun dort.",
                "ru_exit": "Russische Soldaten desertierten und verstecken sich zu Hause.",
                "ua_exit": "Ukrainische Soldaten verließen unerlaubt ihre Einheit.",
            },
        ),
    ],
)
def test_directions_are_coded_in_the_original(lang, texts):
    out = directions(*texts.values())
    assert (out["value"] == list(texts)).sum() >= 3


def test_where_no_side_is_named_it_is_that_of_the_outlets_country():
    text = "A deserter who ran away from his unit and hid at home was sentenced to six years."
    out = directions(text, text, text, countries=["UA", "RU", ""])
    assert list(out["value"][:2]) == ["ua_exit", "ru_exit"]
    assert out["value"][2] == "not_about" or out["open"][2]


def test_other_wars_and_defects_of_things_are_not_about_this():
    texts = [
        "A Syrian colonel and his men defected to the rebels near Aleppo.",
        "North Korean soldiers who fled to the South described hunger in their barracks.",
        "The carmaker recalls vehicles after a defect was found in the brakes.",
        "Engineers found a defect in a pump made in Russia; the factory in Ukraine was stopped.",
    ]
    out = directions(*texts)
    assert set(out["value"]) == {"not_about"}


def test_on_texts_by_another_hand_it_is_far_above_chance_and_surer_where_right():
    out = directions(*(row["text"] for row in CHALLENGE))
    right = (out["value"] == [row["label"] for row in CHALLENGE]).to_numpy()
    decided = ~out["open"].to_numpy()
    assert right.mean() >= 0.65
    assert right[decided].mean() >= right[~decided].mean() + 0.2


def test_claims_get_a_frame_and_leave_the_voice_open():
    coded = coding.code_texts(
        [
            "The pilot was promised half a million dollars and a new passport for the helicopter.",
            "The deserter was found shot dead in Spain and his family was threatened.",
            "A Ukrainian court sentenced the officer in absentia for high treason.",
        ],
        coders.CLAIM_CODES,
    )
    assert list(coded["frame"]["value"]) == ["reward", "reprisal", "treason"]
    assert coded["voice"]["open"].all() and set(coded["voice"]["value"]) == {""}


@pytest.mark.parametrize("code", ["direction", "portrayal", "frame"])
def test_the_order_of_the_texts_does_not_matter(code):
    texts = [row["text"] for row in CHALLENGE[:12]]
    out, back = (coding.code_texts(own, [code])[code] for own in (texts, texts[::-1]))
    back = back[::-1].reset_index(drop=True)
    assert (out["value"] == back["value"]).all()
    assert np.abs(out["probability"] - back["probability"]).max() <= 0.002


def test_unsure_texts_are_left_open():
    out = directions(
        "A Russian pilot landed his helicopter in Ukraine and surrendered.",
        "He changed his uniform and his country, says the soldier who deserted.",
    )
    assert list(out["open"]) == [False, True]
    assert (out["open"] | (out["probability"] >= coding.OPEN_BELOW["direction"])).all()


def test_only_the_lead_of_an_article_is_read():
    text = "A Russian pilot landed his helicopter in Ukraine and surrendered. " * 40
    whole = directions(text + "A Ukrainian soldier joined Russia. " * 100)
    assert whole.equals(directions(text))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A cache of a test's own, with coders of earlier data; to fit them takes no time."""
    fitted = iter("ab")
    monkeypatch.setattr(settings, "cache_dir", lambda: tmp_path)
    settings.cached("coders", b"of earlier data", lambda: {"direction": "earlier"})
    monkeypatch.setattr(coders, "_fitted", lambda: {"direction": next(fitted)})
    coders.train.cache_clear()
    yield tmp_path
    coders.train.cache_clear()


def test_fitted_coders_are_stored_and_a_damaged_store_is_fitted_again(store):
    path = store / "coders.pickle"
    for _ in range(2):
        assert coders.train() == {"direction": "a"}
        coders.train.cache_clear()
    path.write_bytes(path.read_bytes()[:5])
    for _ in range(2):
        assert coders.train() == {"direction": "b"}
        coders.train.cache_clear()
    path.write_bytes(b"")
    with pytest.raises(StopIteration):
        coders.train()


def test_fitted_coders_of_earlier_data_are_removed(store):
    assert b"earlier" in (store / "coders.pickle").read_bytes()
    coders.train()
    assert b"earlier" not in (store / "coders.pickle").read_bytes()


def test_the_kept_vectors_are_of_the_texts_and_encoders_that_are_here():
    with np.load(coders._READ) as held:
        version = coders._to_read(corpus.load(settings.ROOT / "data"))[1]
        assert str(held["version"]) == version, "run `defection-framing code card`"


def test_the_kept_vectors_are_what_the_encoders_read():
    loaded = corpus.load(settings.ROOT / "data")
    kept, some = coders.read(loaded), loaded.articles.index[:6]
    own = (loaded.claim_table()["article_id"].isin(some)).to_numpy()
    anew = coders.read(loaded.part(some))  # other texts than those kept
    for name, rows in (("leads", slice(6)), ("claims", own), ("studied", own)):
        one, other = getattr(kept, name).rows(rows), getattr(anew, name)
        assert (one.reading == other.reading).all() and len(other.reading) >= 6
        lengths = np.linalg.norm(one.vectors, axis=1) * np.linalg.norm(other.vectors, axis=1)
        assert ((one.vectors * other.vectors).sum(1) > 0.999 * lengths).all()


def test_other_training_data_or_code_is_another_store(monkeypatch, tmp_path):
    first = coders.version()
    (tmp_path / "data").mkdir()
    for name in (*coders._TABLES, "embeddings.json", "datapackage.json"):
        content = (settings.ROOT / "data" / name).read_bytes()
        (tmp_path / "data" / name).write_bytes(content)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    assert coders.version() == first
    (tmp_path / "data" / "claims.csv").write_text("claim_id\n")
    assert coders.version() != first


def test_every_code_but_the_voice_has_a_probability_and_is_open_below_its_threshold():
    texts = [row["text"] for row in CHALLENGE[:20]] + ["Der Soldat lebt jetzt in einem Dorf."]
    for codes in (coding.ARTICLE_CODES, coders.CLAIM_CODES):
        coded = coding.code_texts(texts, codes)
        assert tuple(coded) == codes
        for code in set(codes) - {"voice"}:
            table = coded[code]
            assert list(table.columns) == ["value", "probability", "open"]
            assert list(table["open"]) == list(table["probability"] < coding.OPEN_BELOW[code])


def test_portrayals_are_told_from_the_words():
    coded = coding.code_texts(
        [
            "A court sentenced the officer in absentia to life for high treason. The traitor had "
            "betrayed his oath and his comrades, the prosecutor said, and sold secrets for money.",
            "Fifty thousand soldiers have deserted this year, court statistics show; the number "
            "of criminal cases for absence without leave has doubled.",
        ],
        ["portrayal"],
    )["portrayal"]
    assert list(coded["value"]) == ["traitor", "statistic"]


def test_articles_on_one_event_have_one_direction():
    texts = [
        "Russian pilot flies his helicopter to Ukraine. He asked to stay and to join its army.",
        "A case was opened against the captain. His neighbours say they know nothing.",
        "A case was opened against the captain. His neighbours say they know nothing.",
        "Wheat prices rose again after talks in Istanbul.",
    ]
    alone = directions(*texts)
    told = coding.code_texts(texts, ["direction"], events=["pilot"] * 2 + ["general"] * 2)
    told = told["direction"]
    assert list(told["value"][:2]) == ["ru_to_ua", "ru_to_ua"]
    assert told["probability"][0] == told["probability"][1] and alone["open"][1]
    assert list(told["probability"][2:]) == list(alone["probability"][2:])


# Of the events in `invented_events.jsonl`, as their writer meant them.
TOLD = {
    "ru_to_ua": "plane squad tank hotline mechanic legion legion-court surgeon platoon "
    "helicopter-plot general-piece",
    "ua_to_ru": "sergeant battalion mayor marine brothers",
    "ru_exit": "navigator sailor border-guard opinion",
    "ua_exit": "shooting bribe recruiter deserter-verdict awol-numbers",
}


def test_the_card_says_what_one_direction_of_an_event_brings():
    invented = Path(__file__).with_name("invented_events.jsonl")
    articles = pd.read_json(invented, lines=True, dtype=False)
    articles["article_id"] = [f"a{k:010d}" for k in range(len(articles))]
    means = {event: direction for direction, of in TOLD.items() for event in of.split()}
    told = articles["event"].map(means)
    alone = articles.assign(family=articles["article_id"], copied_from="", how="", likest="")
    proposed = events.proposed(alone)["event"]
    home = articles["lang"].map({"ru": "RU", "uk": "UA"}).fillna("")
    texts = articles["title"] + "\n" + articles["text"]
    said = []
    for own in (None, proposed):
        codes = coding.code_texts(texts, ["direction"], list(home), own)["direction"]
        right = codes["value"] == told
        said += [right.sum(), f"{right[~codes['open']].mean():.0%}"]
    card = " ".join((settings.ROOT / "data" / "model_card.md").read_text("utf-8").split())
    (one, one_decided), (all_right, decided) = said[:2], said[2:]
    assert f"{all_right} right in the place of {one}" in card
    assert f"of the decided {decided} in the place of {one_decided}" in card
    assert told.notna().all() and all_right > one
