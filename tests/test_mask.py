"""Role masking: what becomes a side, what stays, and what masking never does."""

import csv
import re
import time
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defection_framing.text.mask import mask, mask_all

DIRECTIONS = ["ru_to_ua", "ua_to_ru", "ru_exit", "ua_exit", "both"]

with (files("defection_framing.text") / "sides.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))

SIDE_TERMS = [
    (f"{term} {row['before'].split('|')[0]}".strip(), row["side"])
    for row in ROWS
    if row["side"] in ("ru", "ua")
    for term in row["term"].split("|")
]

# Told as ru_to_ua: the Russian side is the origin, the Ukrainian side the destination.
HARD = {
    # possessives, demonyms, articles
    "Russia's army": "origin side's army",
    "Ukraine’s army": "destination side's army",
    "the Russians' lives": "the origin side's lives",
    "A Russian pilot met an elderly Ukrainian.": (
        "An origin side pilot met an elderly destination side."
    ),
    "The Russian side's word": "The origin side's word",
    "a Russian-side battalion": "an origin side battalion",
    "ex-Wagner men in pro-Ukrainian units": "ex-origin side men in pro-destination side units",
    # several names of one side are one mention; the noun for the body stays
    "Russian FSB officer": "origin side officer",
    "Putin's Russia": "origin side",
    "Armed Forces of Ukraine": "Armed Forces of destination side",
    "Ukraine's Security Service (SBU) says": "destination side's Security Service says",
    "Ukraine's security service, the SBU, says": "destination side's security service, says",
    "the Russian state agency RIA Novosti": "the origin side state agency",
    "Russian president Vladimir Putin's order": "origin side president's order",
    "Ukraine's intelligence chief Budanov": "destination side's intelligence chief",
    "gave Russians Russian passports": "gave origin side origin side passports",
    "Ukrainian officers (Russian captives too)": (
        "destination side officers (origin side captives too)"
    ),
    # both sides in one sentence
    "Moscow accuses Kyiv of luring Russian pilots to Ukraine.": (
        "origin side accuses destination side of luring origin side pilots to destination side."
    ),
    "the Russo-Ukrainian war": "the two-side war",
    "the Russia-Ukraine border": "the two-side border",
    # a language is not a side
    "a Russian-speaking Ukrainian": "a local-language-speaking destination side",
    "Many speak Russian.": "Many speak a local language.",
    "A Ukrainian site in Russian reports losses.": (
        "A destination side site in a local language reports losses."
    ),
    "six men in Russian ranks": "six men in origin side ranks",
    # outlets
    "The Kyiv Post quotes TASS.": "The destination side quotes origin side.",
    "Ukrainska Pravda": "destination side",
    "Komsomolskaya Pravda": "origin side",
    "The Moscow Times reports.": "The exile newspaper reports.",
    # capitals in every spelling and place, accents, capitals
    "a rally in Moscow": "a rally in origin side",
    "Kiev and Kyiv": "destination side and destination side",
    "Zelensky, Zelenskyy, Zelénskyi": "destination side, destination side, destination side",
    "UKRAINE'S ARMY": "destination side's ARMY",
    # units: those named for one side may serve the other
    "the Freedom of Russia Legion": "the destination side",
    "the Russian Volunteer Corps": "the destination side",
    "the Siberian Battalion": "the destination side",
    "the Khmelnytsky battalion": "the origin side battalion",
    "a Krivonos fighter": "an origin side fighter",
    "the 155th Brigade Anne of Kyiv": "the 155th Brigade destination side",
    "Ukraine's 72nd brigade": "destination side's 72nd brigade",
    "Donbas battalion, Donbas militia": "destination side battalion, origin side militia",
    "the Donetsk People's Republic (DPR)": "the origin side",
    "Donetsk authorities": "origin side authorities",
    "the I Want to Live hotline": "the destination side hotline",
    "GUR, HUR, SBU": "destination side, destination side, destination side",
    "FSB, GRU": "origin side, origin side",
    "paid in roubles": "paid in local currency",
}

UNTOUCHED = [
    "The US, NATO and the EU helped us and gave it to her.",
    "A Prussian, a Belarusian and a Byelorussian met.",
    "Kievan Rus, White Russian émigrés, the Volga region.",
    "He was born near Donetsk, in Crimea, in Kharkiv and in Rostov.",
    "Hetman Bohdan Khmelnytsky rebelled against Poland.",
    "He says that I want to live like anyone.",
    "The regime's punitive battalions shot the occupiers.",
    "Medvedev fled from the unit's storm.",
    "",
]


@pytest.mark.parametrize("text", HARD)
def test_hard_cases(text):
    assert mask(text, "ru_to_ua") == HARD[text]


@pytest.mark.parametrize("text", UNTOUCHED)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_is_no_side_stays(text, direction):
    assert mask(text, direction) == text


@pytest.mark.parametrize(("text", "side"), SIDE_TERMS)
def test_every_term_of_the_table_is_masked_as_its_side(text, side):
    origin = mask(f"and {text} too", "ru_to_ua" if side == "ru" else "ua_to_ru")
    assert origin.count("origin side") == 1 and "destination side" not in origin


def test_the_table_is_well_formed():
    assert set(ROWS[0]) == {"side", "kind", "term", "before", "becomes", "note"}
    assert {row["side"] for row in ROWS} == {"ru", "ua", "none"}
    for row in ROWS:
        terms = row["term"].split("|") + row["before"].split("|")
        assert all(term == " ".join(term.split()) for term in terms), row
        assert not row["becomes"] or row["side"] == "none", row
    unconditional = Counter(t for r in ROWS if not r["before"] for t in r["term"].split("|"))
    assert unconditional.most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("ru_to_ua", "origin side left destination side"),
        ("ua_to_ru", "destination side left origin side"),
        ("ru_exit", "origin side left destination side"),
        ("ua_exit", "destination side left origin side"),
        ("both", "one side left one side"),
    ],
)
def test_roles_follow_the_direction(direction, expected):
    assert mask("Russia left Ukraine", direction) == expected


def test_mirrored_sentences_become_the_same():
    there = "A Ukrainian soldier fled Kyiv's army for Russia, Putin and TASS say, citing the FSB."
    back = "A Russian soldier fled Moscow's army for Ukraine, Zelensky and UNN say, citing the SBU."
    assert mask(there, "ua_to_ru") == mask(back, "ru_to_ua")


def test_a_wrong_direction_is_named():
    with pytest.raises(ValueError, match="'sideways': use one of ru_to_ua"):
        mask("Russia", "sideways")


def test_mask_all_pairs_each_text_with_its_direction():
    assert mask_all(["Russia", "Russia"], ["ru_to_ua", "ua_to_ru"]) == [
        "origin side",
        "destination side",
    ]
    with pytest.raises(ValueError, match="shorter"):
        mask_all(["Russia"], [])


WORDS = st.sampled_from(
    [text for text, _ in SIDE_TERMS]
    + [term for row in ROWS if row["side"] == "none" for term in row["term"].split("|")]
    + ["a", "an", "A", "the", "side", "origin side", "pilot", "says", "speak", "in", "battalion"]
)
GLUE = st.sampled_from([" ", "  ", "'s ", "' ", "’s ", ", ", " (", ") ", "-", "-side ", ". ", "\n"])
SENTENCES = st.lists(st.tuples(WORDS, GLUE), max_size=12).map(
    lambda pairs: "".join(word + glue for word, glue in pairs)
)


@pytest.mark.slow
@given(SENTENCES | st.text(), st.sampled_from(DIRECTIONS))
def test_masking_twice_changes_nothing_more(text, direction):
    once = mask(text, direction)
    assert mask(once, direction) == once
    assert mask(text, direction) == once


@given(SENTENCES, st.sampled_from(DIRECTIONS))
def test_no_side_is_left(text, direction):
    kept = r"kievan rus'?|kyivan rus'?|white russians?|little russia(ns?)?"
    left = re.sub(kept, "", mask(text, direction).casefold())
    assert not re.search(r"(?<!\w)(russia\w*|ukrain\w*|kyiv|kiev|moscow|kremlin|putin)", left)


@given(SENTENCES)
def test_the_text_tells_no_side_where_both_are_named(text):
    assert not re.search("origin side|destination side", mask(text.replace("origin", ""), "both"))


@pytest.mark.slow
def test_long_texts_take_linear_time():
    for text in ["Ukraine's security service ", "a" * 30 + " ", "Russia ", "(", "a \n "]:
        start = time.perf_counter()
        mask(text * (200_000 // len(text)), "both")
        assert time.perf_counter() - start < 10
