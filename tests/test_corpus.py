import csv
import json
import shutil
from pathlib import Path

import frictionless
import pandas as pd
import pytest

from defection_framing import corpus, settings

DATA = settings.ROOT / "data"
A, B = "a00000000aa", "a00000000bb"

ARTICLE = {
    "article_id": A,
    "url": "https://one.example/a",
    "outlet": "one.example",
    "date": "2023-08",
    "lang": "en",
    "direction": "ru_to_ua",
    "event": "tank-crew",
    "gist": "A crew is said to have crossed over.",
    "portrayal": "victim",
    "motives": "survival; conscience",
    "occasion": "crossing",
    "who": "soldier",
    "outcome": "completed",
    "sources": "TASS",
    "origin": "rewrite",
    "slice": "b",
    "wave": "1",
}
CLAIM = {
    "claim_id": f"{A}-1",
    "article_id": A,
    "n": "1",
    "text": "The crew wanted to live, the Ukrainian army says.",
    "voice": "ua_official",
    "frame": "survival",
    "frame_2": "",
}
OUTLET = {
    "domain": "one.example",
    "name": "One",
    "country": "NA",
    "kind": "private",
    "camp": "western",
    "confidence": "high",
    "basis": "made up for a test",
}
EVENT = {
    "event": "tank-crew",
    "n_articles": "1",
    "n_dated": "1",
    "n_outlets": "1",
    "first_date": "2023-08",
    "last_date": "2023-08",
    "directions": "ru_to_ua",
    "camps": "western",
    "langs": "en",
    "occasion": "crossing",
    "who": "soldier",
    "outcome": "completed",
    "shared": "false",
    "wave": "1",
}
CODING = {"coder": "A", "blind": "true"}


def tables() -> dict[str, list[dict]]:
    """A corpus of two articles that fits, as rows of text."""
    return {
        "articles": [
            dict(ARTICLE),
            ARTICLE
            | {"article_id": B, "url": "https://two.example/b", "outlet": "two.example"}
            | {"date": "", "direction": "ua_to_ru", "event": "general", "sources": ""},
        ],
        "claims": [
            dict(CLAIM),
            CLAIM | {"claim_id": f"{A}-2", "n": "2", "text": "Two, and more.", "frame_2": "cost"},
            CLAIM | {"claim_id": f"{B}-1", "article_id": B, "text": "Three."},
        ],
        "outlets": [dict(OUTLET), OUTLET | {"domain": "two.example", "camp": "ukrainian"}],
        "events": [
            EVENT
            | {"event": "general", "n_dated": "0", "first_date": "", "last_date": ""}
            | {"directions": "ua_to_ru", "camps": "ukrainian"},
            dict(EVENT),
        ],
        "codings_claims": [
            {"claim_id": f"{A}-1", **CODING, "frame": "survival", "frame_2": "collapse"},
            {"claim_id": f"{A}-1", **CODING, "coder": "B", "frame": "cost", "frame_2": ""},
        ],
        "codings_articles": [
            {"article_id": B, **CODING, "direction": "", "portrayal": "victim"}
            | {"occasion": "unit", "who": "", "outcome": "none", "motives": "survival; family"}
            | {"origin": "", "guess": "R"},
        ],
    }


def write(folder: Path, content: dict[str, list[dict]]) -> Path:
    for name, rows in content.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def complaint(folder: Path) -> list[str]:
    with pytest.raises(corpus.CorpusError) as caught:
        corpus.load(folder)
    return str(caught.value).splitlines()


@pytest.mark.slow
def test_the_repositorys_data_package_is_valid_for_any_frictionless_tool():
    report = frictionless.validate(str(DATA / "datapackage.json"))
    assert report.flatten(["title", "rowNumber", "fieldName", "note"]) == []
    assert report.stats["tasks"] == 8


def test_every_column_has_a_type_a_constraint_an_example_and_a_meaning():
    descriptor = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    for resource in descriptor["resources"]:
        for field in resource["schema"]["fields"]:
            where = (resource["name"], field["name"])
            assert field["type"] in ("string", "integer", "boolean"), where
            assert "required" in field["constraints"], where
            assert field["description"].endswith("."), where
            assert "example" in field, where
    assert descriptor["licenses"][0]["name"] == "CC-BY-4.0"


def test_the_repositorys_data_loads_typed():
    loaded = corpus.load(DATA)
    assert "language model" in loaded.coder and "No human" in loaded.coder
    assert loaded.articles["year"].dtype == "Int64"
    assert loaded.articles["year"].isna().equals(loaded.articles["date"].isna())
    assert all(isinstance(cell, tuple) for cell in loaded.articles["motives"])
    assert loaded.claims["frame"].cat.categories[0] == "coercion"
    assert list(loaded.claims["frame"].cat.categories) == list(
        loaded.codings_claims["frame_2"].cat.categories
    )
    table = loaded.claim_table()
    assert len(table) == len(loaded.claims)
    assert table["camp"].notna().all() and table["cluster"].notna().all()
    assert table.index.equals(loaded.claims.index)
    counted = table.groupby("article_id").size()
    assert (counted == loaded.article_table()["n_claims"]).all()


def test_a_small_corpus_keeps_its_values(tmp_path):
    loaded = corpus.load(write(tmp_path, tables()))
    assert loaded.articles.loc[A, "motives"] == ("survival", "conscience")
    assert loaded.articles.loc[B, "sources"] == ()
    assert loaded.articles.loc[A, "year"] == 2023
    assert loaded.outlets.loc["one.example", "country"] == "NA"
    assert loaded.claims.loc[f"{A}-2", "text"] == "Two, and more."
    assert pd.isna(loaded.claims.loc[f"{A}-1", "frame_2"])
    assert loaded.codings_claims.loc[(f"{A}-1", "B"), "frame"] == "cost"
    assert loaded.codings_articles.loc[(B, "A"), "motives"] == ("survival", "family")
    assert loaded.codings_articles["blind"].tolist() == [True]


def test_a_part_of_a_corpus_has_all_that_belongs_to_its_articles_and_nothing_else(tmp_path):
    loaded = corpus.load(write(tmp_path, tables()))
    one, other = loaded.part(pd.Index([A])), loaded.part(pd.Index([B]))
    assert (list(one.articles.index), list(other.articles.index)) == ([A], [B])
    assert list(one.claims.index) == [f"{A}-1", f"{A}-2"]
    assert len(one.codings_claims) == 2 and one.codings_articles.empty
    assert other.codings_claims.empty and len(other.codings_articles) == 1


def test_an_article_without_a_case_is_clustered_by_its_outlet(tmp_path):
    cluster = corpus.load(write(tmp_path, tables())).article_table()["cluster"]
    assert cluster.to_dict() == {A: "tank-crew", B: "general/two.example"}


def test_codings_may_be_absent_but_no_other_table(tmp_path):
    write(tmp_path, tables())
    (tmp_path / "codings_claims.csv").unlink()
    (tmp_path / "codings_articles.csv").unlink()
    loaded = corpus.load(tmp_path)
    assert len(loaded.codings_claims) == 0
    assert list(loaded.codings_claims) == ["blind", "frame", "frame_2"]
    assert list(loaded.codings_articles)[-1] == "guess"
    (tmp_path / "events.csv").unlink()
    assert complaint(tmp_path) == [f"events.csv is missing from {tmp_path}; put the table there."]


# Of each folder: table, row in the table, column, value, and what the sentence must hold besides
VIOLATIONS = {
    "what the descriptor says of cells": [
        ("articles", 0, "article_id", "7", ["pattern", "write it like 'a0123456789'"]),
        ("articles", 0, "url", "one.example/a", ["string/uri", "https://example.org"]),
        ("articles", 0, "date", "31.08.2023", ["pattern", "'2023-09'"]),
        ("articles", 0, "lang", "English", ["[a-z]{2}"]),
        ("articles", 0, "direction", "ru_to_us", ["'ru_to_ua', 'ua_to_ru', 'ru_exit'"]),
        ("articles", 0, "gist", " led by a space", ["pattern"]),
        ("articles", 0, "portrayal", "Victim", ["'hero', 'victim'"]),
        ("articles", 0, "motives", "survival, family", ["pattern", "'survival; conscience'"]),
        ("articles", 0, "sources", "TASS;BBC", ["pattern"]),
        ("articles", 0, "occasion", "battle", ["'crossing', 'prosecution'"]),
        ("articles", 0, "wave", "3", ['"maximum" is "2"']),
        ("claims", 0, "n", "one", ["integer/default", "write it like '1'"]),
        ("claims", 0, "voice", "nobody", ["'defector', 'ru_official'"]),
        ("claims", 0, "frame", "", ['"required" is "True"']),
        ("outlets", 0, "country", "Namibia", ["[A-Z]{2}"]),
        ("outlets", 0, "camp", "neutral", ["undisclosed"]),
        ("codings_claims", 0, "frame", "fear", ["'coercion', 'mistreatment'"]),
        ("codings_articles", 0, "guess", "Russia", ["'R', 'U', '?'"]),
        ("codings_articles", 0, "motives", "survival; fear", ["pattern"]),
    ],
    "what it says of keys": [
        ("articles", 0, "article_id", "", ['"required" is "True"']),
        ("articles", 0, "url", "ftp://one.example/a", ["https?://"]),
        ("articles", 0, "motives", "", ['"required" is "True"']),
        ("articles", 0, "outlet", "nowhere.example", ['lookup table "outlets" as "domain"', "add"]),
        ("articles", 0, "event", "unheard-of", ['lookup table "events"']),
        ("claims", 0, "n", "0", ['"minimum" is "1"']),
        ("codings_claims", 0, "claim_id", f"{A}-7", ['lookup table "claims" as "claim_id"']),
        ("codings_articles", 0, "article_id", "a00000000cc", ['lookup table "articles"']),
    ],
    "what it says of repeated keys": [
        ("articles", 1, "article_id", A, ["in the row at position 2"]),
        ("articles", 1, "url", ARTICLE["url"], ["in the row at position 2"]),
    ],
    "what it cannot say": [
        ("articles", 0, "motives", "survival; survival", ["twice"]),
        ("articles", 1, "date", "2023-02-30", ["no day of the calendar"]),
        ("claims", 0, "frame_2", "survival", ["main frame already"]),
        ("claims", 2, "claim_id", f"{B}-3", [f"must be {B}-1"]),
        ("codings_claims", 0, "frame_2", "survival", ["main frame already"]),
        ("events", 1, "n_articles", "2", ["write '1'"]),
        ("events", 1, "last_date", "2024", ["write '2023-08'"]),
        ("events", 1, "langs", "en; uk", ["write 'en'"]),
        ("events", 1, "shared", "true", ["write 'false'"]),
        ("events", 1, "occasion", "unit", ["write 'crossing'"]),
    ],
}


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_each_violation_names_file_row_column_value_and_remedy(tmp_path, kind):
    content = tables()
    for table, row, column, value, _ in VIOLATIONS[kind]:
        content[table][row][column] = value
    lines = complaint(write(tmp_path, content))
    for table, row, column, value, says in VIOLATIONS[kind]:
        where = f"{table}.csv, row {row + 2}, column {column}: {value!r} "
        [line] = (line for line in lines if line.startswith(where))
        for words in says:
            assert words in line


def test_two_codings_of_one_unit_by_one_coder_are_named(tmp_path):
    content = tables()
    content["codings_claims"][1]["coder"] = "A"
    [line] = complaint(write(tmp_path, content))
    assert line.startswith(f"codings_claims.csv, row 3, column claim_id: '{A}-1' ")
    assert "at position 2" in line and "remove one row" in line


def test_an_event_is_shared_if_both_camps_told_it_as_a_crossing_in_one_direction(tmp_path):
    content = tables()
    for row, camp in zip(content["outlets"], ("russian_state", "ukrainian"), strict=True):
        row["camp"] = camp
    content["articles"][1] |= {"event": "tank-crew"}
    del content["events"][0]
    content["events"][0] |= {
        "n_articles": "2",
        "n_outlets": "2",
        "directions": "ru_to_ua; ua_to_ru",
    }
    content["events"][0] |= {"camps": "russian_state; ukrainian"}
    assert not corpus.load(write(tmp_path, content)).events.loc["tank-crew", "shared"]
    content["articles"][1]["direction"] = "ru_to_ua"
    content["events"][0] |= {"directions": "ru_to_ua", "shared": "true"}
    loaded = corpus.load(write(tmp_path, content))
    assert loaded.article_table()["shared"].all()


def test_every_violation_is_listed_once(tmp_path):
    content = tables()
    content["articles"][0]["origin"] = "sure"
    content["articles"][1]["lang"] = "xxx"
    content["claims"][2]["voice"] = "crowd"
    content["outlets"][1]["basis"] = ""
    lines = complaint(write(tmp_path, content))
    assert [line.split(":")[0] for line in lines] == [
        "articles.csv, row 2, column origin",
        "articles.csv, row 3, column lang",
        "claims.csv, row 4, column voice",
        "outlets.csv, row 3, column basis",
    ]


@pytest.mark.parametrize(("value", "says"), [("", '"required"'), (f"{A}-1", "at position 2")])
def test_a_key_that_is_empty_or_repeated_is_said_once(tmp_path, value, says):
    content = tables()
    content["claims"][2]["claim_id"] = value
    [line] = complaint(write(tmp_path, content))
    assert line.startswith(f"claims.csv, row 4, column claim_id: {value!r} ") and says in line


@pytest.mark.slow
def test_more_violations_than_a_validator_shows_by_default_are_all_listed(tmp_path):
    content = tables()
    claims = [
        CLAIM | {"claim_id": f"{A}-{n % 7 + 1}", "n": str(n % 7 + 1), "voice": "crowd"}
        for n in range(1500)
    ]
    content["claims"] = claims
    assert sum("column voice" in line for line in complaint(write(tmp_path, content))) == 1500


def test_an_article_without_claims_and_an_event_without_articles_are_named(tmp_path):
    content = tables()
    del content["claims"][2]
    content["events"].append(EVENT | {"event": "nothing"})
    assert complaint(write(tmp_path, content)) == [
        f"articles.csv, row 3, column article_id: '{B}' has no claim in claims.csv; add its claims "
        "or remove the article.",
        "events.csv, row 4, column event: 'nothing' is the event of no article; remove the row.",
    ]


def spoil(path: Path, how) -> None:
    path.write_bytes(how(path.read_bytes()))


MALFORMED = {
    "short row": (lambda raw: raw + b"a,b\n", "row 5: 'a,b': missing cell; write 7 cells"),
    "long row": (
        lambda raw: raw.replace(b",survival,\n", b",survival,,x\n", 1),
        "extra cell; write 7 cells",
    ),
    "blank row": (lambda raw: raw.replace(b"\n", b"\n\n", 1), "row 2: '': blank row"),
    "NUL": (
        lambda raw: raw.replace(b"live", b"li\0ve", 1),
        "row 2, column text: 'The crew wanted to li\\x00ve",
    ),
    "UTF-16": (lambda raw: raw.decode().encode("utf-16"), "save the file as CSV in UTF-8"),
    "Latin-1": (lambda raw: raw.replace(b"Three", b"Tr\xe9s"), "row 4: byte 0xe9 is not UTF-8"),
    "empty": (lambda raw: b"", "claims.csv is empty"),
    "blank": (lambda raw: b"\n\n", "claims.csv is empty"),
    "open quote": (lambda raw: raw.replace(b'more."', b"more.", 1), "claims.csv, row 3: "),
    "no voice": (
        lambda raw: raw.replace(b",voice", b"", 1).replace(b",ua_official", b""),
        "claims.csv, row 1: the columns are 'claim_id,article_id,n,text,frame,frame_2'; write 'cl",
    ),
    "extra column": (
        lambda raw: raw.replace(b"frame_2\n", b"frame_2,note\n", 1),
        "frame,frame_2,note'; write 'claim_id,article_id",
    ),
    "column twice": (lambda raw: raw.replace(b"frame_2", b"frame", 1), "voice,frame,frame'; write"),
    "order": (
        lambda raw: raw.replace(b"frame,frame_2", b"frame_2,frame", 1),
        "voice,frame_2,frame'; write 'claim_id",
    ),
    "semicolons": (lambda raw: raw.replace(b",", b";"), "'claim_id;article_id;n;text;voice"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_table_is_named_without_blaming_the_others(tmp_path, kind):
    how, says = MALFORMED[kind]
    write(tmp_path, tables())
    before = (tmp_path / "claims.csv").read_bytes()
    spoil(tmp_path / "claims.csv", how)
    assert (tmp_path / "claims.csv").read_bytes() != before
    lines = complaint(tmp_path)
    assert len(lines) == 1
    assert lines[0].startswith("claims.csv") and says in lines[0]


def test_a_ragged_row_gets_one_sentence(tmp_path):
    write(tmp_path, tables())
    spoil(tmp_path / "outlets.csv", lambda raw: raw + b"three.example,Three\n")
    assert complaint(tmp_path) == [
        "outlets.csv, row 4: 'three.example,Three': missing cell; write 7 cells parted by commas, "
        "a cell that holds commas in double quotes."
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", [lambda raw: b"\xef\xbb\xbf" + raw, lambda raw: raw.replace(b"\n", b"\r\n")]
)
def test_what_a_spreadsheet_saves_is_read_alike(tmp_path, how):
    write(tmp_path, tables())
    plain = corpus.load(tmp_path).claims
    spoil(tmp_path / "claims.csv", how)
    pd.testing.assert_frame_equal(corpus.load(tmp_path).claims, plain)


def test_a_corpus_without_rows_is_one_sentence(tmp_path):
    write(tmp_path, tables())
    for path in tmp_path.glob("*.csv"):
        spoil(path, lambda raw: raw.split(b"\n")[0] + b"\n")
    assert complaint(tmp_path) == ["articles.csv has a header but no rows; add the articles."]


def test_a_missing_folder_is_one_sentence(tmp_path):
    [line] = complaint(tmp_path / "nowhere")
    assert "nowhere does not exist" in line


def test_a_folders_own_descriptor_decides(tmp_path):
    content = tables()
    content["claims"][0]["voice"] = "crowd"
    write(tmp_path, content)
    own = tmp_path / "datapackage.json"
    shutil.copyfile(DATA / "datapackage.json", own)
    assert "'crowd' does not fit" in complaint(tmp_path)[0]
    own.write_text(own.read_text(encoding="utf-8").replace('"peer",', '"peer", "crowd",'))
    assert corpus.load(tmp_path).claims["voice"].iloc[0] == "crowd"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"resources"', '"tables"', "is not a data package descriptor"),
        ('"type": "string"', '"type": "strung"', "is not a data package descriptor"),
        ('"path": "claims.csv"', '"path": "../claims.csv"', "is not a data package descriptor"),
        ('"path": "claims.csv"', '"path": "mine.csv"', "of the table claims"),
        ("{", "", "is not a data package descriptor"),
        ('"name": "voice"', '"name": "speaker"', "column voice of the table claims"),
        ('"separator": "; "', '"separator": ", "', "column motives of the table articles"),
    ],
)
def test_a_descriptor_that_the_study_cannot_use_is_one_sentence(tmp_path, old, new, says):
    write(tmp_path, tables())
    text = (DATA / "datapackage.json").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "datapackage.json").write_text(text.replace(old, new, 1), encoding="utf-8")
    [line] = complaint(tmp_path)
    assert says in line


def test_codes_of_another_codebook_are_those_of_the_folder_that_is_loaded(tmp_path):
    text = (DATA / "datapackage.json").read_text(encoding="utf-8")
    (tmp_path / "datapackage.json").write_text(text.replace("prosecution", "trial"), "utf-8")
    content = tables()
    for row in (content["articles"][0], content["events"][1]):
        row["occasion"] = "trial"
    loaded = corpus.load(write(tmp_path, content))  # while the repository's corpus is under study
    assert loaded.events.loc["tank-crew", "occasion"] == "trial"


def test_codes_that_a_descriptor_lets_be_open_load_as_missing(tmp_path):
    descriptor = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["coder"] = "two readers"
    content = tables()
    content["claims"][1] |= {"frame": "", "voice": "", "frame_2": ""}
    content["articles"][0] |= {"motives": "", "portrayal": ""}
    write(tmp_path, content)
    assert len(complaint(tmp_path)) == 4  # the repository's descriptor lets none be open
    for resource in descriptor["resources"]:
        for field in resource["schema"]["fields"]:
            if field["name"] in ("frame", "voice", "motives", "portrayal"):
                field["constraints"]["required"] = False
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    loaded = corpus.load(tmp_path)
    assert loaded.claims["frame"].isna().tolist() == [False, True, False]
    assert list(loaded.claims["frame"].cat.categories)[0] == "coercion"
    assert loaded.articles["portrayal"].isna().tolist() == [True, False]
    assert loaded.articles["motives"].tolist() == [(), ("survival", "conscience")]
    assert loaded.coder == "two readers"


def test_who_coded_ones_own_tables_is_not_said_by_the_repositorys_descriptor(tmp_path):
    assert "does not say who coded" in corpus.load(write(tmp_path, tables())).coder
