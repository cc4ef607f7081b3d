import csv

import pytest

from defection_framing.corpus import names
from defection_framing.corpus.names import Names, reduce_names

ORDINARY = {"soldiers", "young", "the", "it", "two", "well"}


@pytest.fixture
def lists(tmp_path) -> Names:
    """Invented lists: two persons stay, one of them only with her given name."""
    kept = "name,reason\nMarta Velm,official\nVelm,official\nOna Brusk,lawyer\nAndo de Rij,expert\n"
    (tmp_path / "kept.csv").write_text(kept)
    (tmp_path / "words.txt").write_text("Kyiv\nNATO\nTASS\nUkrainian\nAnti\nWar\nnavy\n")
    (tmp_path / "given.txt").write_text("Ando\nIvan\nMarta\nOna\nRoman\n")
    return Names(*(tmp_path / name for name in ("kept.csv", "words.txt", "given.txt")))


@pytest.mark.parametrize(
    ("text", "reduced"),
    [
        (
            "The Ukrainian soldier Ivan Petrask left Kyiv.",
            "The Ukrainian soldier Ivan P. left Kyiv.",
        ),
        ("Petrask's unit and the Petrasks' house", "P.'s unit and the P.' house"),
        ("It was Petrask.", "It was P."),
        ("Two left, Ivan Petrask-Lodny and O'Tarn.", "Two left, Ivan P. and O."),
        ("A Petrask-led, pro-Petrask group", "A P.-led, pro-P. group"),
        ("IVAN PETRASK told TASS", "IVAN P. told TASS"),
        ("солдат Ivan Петраск", "солдат Ivan П."),
        ("Ivan P. and I. V. Petrask", "Ivan P. and I. V. P."),
        ("Petrask left. Lodny stayed. Soldiers left.", "P. left. L. stayed. Soldiers left."),
        ('"Well," Petrask says. "The NATO!"', '"Well," P. says. "The NATO!"'),
        ("Anti-War Ukrainian navy's MTZ-5", "Anti-War Ukrainian navy's M.-5"),
    ],
)
def test_an_unknown_name_becomes_its_initial(lists, text, reduced):
    assert lists.text(text, ORDINARY)[0] == reduced


@pytest.mark.parametrize(
    ("text", "reduced"),
    [
        ("Velm, MARTA VELM and Velm's aide", "Velm, MARTA VELM and Velm's aide"),
        ("Ivan Velm and Ivan K. Velm", "Ivan V. and Ivan K. V."),  # a namesake
        ("Ona Brusk and Brusk", "Ona Brusk and B."),  # stays only with her given name
        ("Ando de Rij, Ivan de Rij", "Ando de Rij, Ivan de R."),
        ("Roman and Ivan Roman", "Roman and Ivan R."),  # a given name as a surname
    ],
)
def test_who_is_on_the_list_stays_and_a_namesake_does_not(lists, text, reduced):
    assert lists.text(text)[0] == reduced


def test_a_surname_that_is_an_ordinary_word_stays_only_where_it_begins_a_sentence(lists):
    said = "The soldier Young left. Ivan Young left. Young soldiers left."
    reduced = "The soldier Y. left. Ivan Y. left. Young soldiers left."
    assert lists.text(said, ORDINARY) == (reduced, {"young"})


@pytest.mark.parametrize(
    ("slug", "reduced"),
    [
        ("petrask-navy-2014", "p-navy-2014"),
        ("velm-t72", "velm-t72"),
        ("ivan-velm", "ivan-v"),
        ("ona-brusk", "ona-brusk"),
        ("brusk-young", "b-young"),
        ("kyiv-soldiers", "kyiv-soldiers"),
    ],
)
def test_a_slug_is_reduced_word_by_word(lists, slug, reduced):
    assert lists.slug(slug, ORDINARY) == reduced


def article(n: int, event: str, gist: str, date: str | None = None, sources=()) -> dict:
    claims = [{"s": gist, "v": "peer", "f": ["other"]}, {"s": "A young man left.", "v": "peer"}]
    entry = {"url": f"https://a.example/{n}", "event": event, "date": date, "gist": gist}
    return entry | {"claims": claims, "sources": list(sources)}


def test_records_are_reduced_alike_and_left_as_they_were(lists):
    said = "Young soldiers of Petrask left."
    raw = [
        article(1, "petrask-navy", said, sources=["Soldiers", "captive Ivan Young"]),
        article(2, "general", said),
    ]
    (one, two), _ = reduce_names(raw, lists)
    # the event has the surname Young, so the word is not ordinary there even at the beginning
    assert one["sources"] == ["S.", "captive Ivan Y."]
    assert one["gist"] == "Y. soldiers of P. left." == one["claims"][0]["s"]
    assert (one["event"], two["gist"]) == ("p-navy", "Young soldiers of P. left.")
    assert raw[0]["gist"] == raw[0]["claims"][0]["s"] == said
    assert one["claims"][1] == raw[0]["claims"][1]


def test_no_two_events_share_a_slug_whatever_the_order_of_records(lists):
    events = [
        ("petrask-navy", "2016-02"),
        ("pelton-navy", "2015"),
        ("purvis-navy", None),
        ("pamer-navy", None),
        ("p-navy-2", None),
        ("lodny", "2020-01-01"),
        ("lodny", "2019"),
        ("young-t72", None),
    ]
    raw = [article(n, event, "A young man.", date) for n, (event, date) in enumerate(events)]
    slugs = reduce_names(raw, lists)[1]
    assert slugs == {
        "petrask-navy": "p-navy-2016",
        "pelton-navy": "p-navy-2015",
        "p-navy-2": "p-navy-2",
        "pamer-navy": "p-navy-3",
        "purvis-navy": "p-navy",
        "lodny": "l-2019",
        "young-t72": "young-t72",
    }
    assert reduce_names(raw[::-1], lists)[1] == slugs


def test_the_repositorys_lists_are_sorted_and_say_why():
    with (names.ROOT / "data" / "names_kept.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [row["name"] for row in rows]
    assert all(row["reason"].strip() for row in rows) and len(set(kept)) == len(kept)
    assert kept == sorted(kept, key=lambda name: (name.split()[-1], name))
    folder = names.Path(names.__file__).parent
    words, given = (
        (folder / name).read_text(encoding="utf-8").splitlines()
        for name in ("words_kept.txt", "given_names.txt")
    )
    assert words == sorted(set(words), key=lambda word: (word.casefold(), word))
    assert given == sorted(set(given))
    # a surname among the words or given names would stay whatever stands before it
    alone = {name for name in kept if " " not in name}
    assert not alone & {*words, *given} and not {*words} & {*given}


def test_the_repositorys_lists_reduce_an_invented_name():
    said = "Kyiv says that Vladimir Putin and Ivan Petrask of the FSB met Petrask."
    assert Names().text(said)[0] == "Kyiv says that Vladimir Putin and Ivan P. of the FSB met P."
