"""From sources of all shapes to the uncoded tables; nothing is lost, nothing written twice."""

import csv
import gzip
import io
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defection_framing import settings
from defection_framing.corpus.build import article_id
from defection_framing.own import ingest as module
from defection_framing.own.fetch import Fetcher, Page, Unfetched
from defection_framing.own.ingest import IngestError, ingest
from defection_framing.text import embed

pytestmark = pytest.mark.slow

SAMPLES = settings.ROOT / "data" / "sample_articles"
TABLES = {"texts.jsonl", "sentences.csv", "sources.csv", "outlets.csv", "families.csv"}
TABLES |= {"rejected.csv", "ingest.jsonl", ".gitignore"}


def story(who="deckhand"):
    return (
        f"A {who} who left his company in the winter has found work on a ferry, a paper reports. "
        f"The {who} counted the bridges on his way and thought about his sister in the north. "
        f"The office for migration has registered the {who}, and expects a decision next year. "
        f"Nobody had forced the {who} to enlist, and nobody had let the {who} go home either."
    )


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    """Embeddings by which no two texts are alike."""
    monkeypatch.setattr(embed, "vectors", lambda texts: np.eye(len(list(texts)), dtype=np.float32))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


class Web(Fetcher):
    """Gives pages by address, or the error that stands there; remembers what was asked."""

    def __init__(self, pages):
        self.pages, self.asked = pages, []

    def fetch(self, url):
        self.asked.append(url)
        found = self.pages.get(url, Unfetched("gone: the server answers HTTP 404"))
        if isinstance(found, BaseException):
            raise found
        return Page(url, found.encode(), "utf-8")


def texts(out):
    rows = [json.loads(line) for line in (out / "texts.jsonl").read_text().splitlines()]
    return {row["url"]: row for row in rows}


def table(out, name):
    return pd.read_csv(out / f"{name}.csv", dtype=str, keep_default_na=False)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.exists() else None


# What comes out


def test_the_samples_become_an_uncoded_package(out):
    report = ingest([SAMPLES], out)
    assert {path.name for path in out.iterdir()} == TABLES
    assert (report.articles, report.new, report.undated, report.families) == (8, 8, 1, 1)
    assert set(report.unknown_outlets) == {"unknown.invalid", "harbourwire.example"}
    assert {Path(name).name for name in report.rejected} == {"README.md", "stub.txt"}
    assert str(len(report.rejected)) in str(report) and "harbourwire.example" in str(report)

    found = {Path(url).name: row for url, row in texts(out).items()}
    assert {name: row["date"] for name, row in found.items() if row["lang"] == "en"} == {
        "ferry_deckhand.txt": "2024-03-14",
        "ferry_copy.txt": "2024-03-16",
        "ex-private-ferry": "2024-03-18",
        "orchard_volunteer.txt": "2023",
    }
    assert {row["lang"] for row in found.values()} == {"en", "ru", "uk", "es", "de"}
    everything = "\n".join(row["text"] for row in found.values())
    for boilerplate in ("Leave a", "Share", "cookie", "Published by", "Читайте", "Lea también"):
        assert boilerplate.lower() not in everything.lower()

    named = table(out, "sources").set_index("article_id")["sources"]
    assert named[found["orchard_volunteer.txt"]["id"]] == (
        "Ministry of Defence of Russia; TASS; General Staff of Ukraine"
    )
    copied = table(out, "families").set_index("article_id")["copied_from"]
    assert copied[found["ferry_copy.txt"]["id"]] == found["ferry_deckhand.txt"]["id"]
    candidates = table(out, "sentences").query("set_aside == ''")
    assert set(candidates["article_id"]) == {row["id"] for row in found.values()}


def test_full_text_stays_out_of_git(out):
    ingest([SAMPLES], out)
    assert "*" in (out / ".gitignore").read_text().splitlines()


def test_a_second_run_changes_nothing(out):
    ingest([SAMPLES], out)
    before = contents(out)
    assert ingest([SAMPLES], out).new == 0
    assert contents(out) == before


def test_other_sources_are_added_and_a_changed_file_replaces_its_article(tmp_path, out):
    one = write(tmp_path / "one" / "a.txt", story())
    two = write(tmp_path / "two" / "b.txt", story("cook"))
    ingest([one.parent], out)
    assert ingest([two.parent], out).articles == 2
    write(one, story("painter"))
    assert ingest([one.parent], out).articles == 2
    found = {row["text"].split()[1] for row in texts(out).values()}
    assert found == {"painter", "cook"}


def test_a_classified_outlet_stays_classified(out):
    ingest([SAMPLES], out)
    filled = table(out, "outlets")
    wire = filled["domain"] == "harbourwire.example"
    filled.loc[wire, ["kind", "camp", "basis"]] = ["private", "western", "its imprint"]
    filled.to_csv(out / "outlets.csv", index=False)
    assert ingest([SAMPLES], out).unknown_outlets == ["unknown.invalid"]
    assert list(table(out, "outlets").query("domain == 'harbourwire.example'")["camp"]) == [
        "western"
    ]


# Shapes of sources

ROWS = [
    {"Headline": "One", "Body": story(), "Link": "https://tass.ru/1", "Published": "2024-03-14"},
    {"Headline": "Two", "Body": story("cook"), "Link": "https://m.new.example/2", "Published": ""},
]


def as_csv(path, delimiter=",", encoding="utf-8"):
    text = pd.DataFrame(ROWS).to_csv(index=False, sep=delimiter)
    return write(path, text.encode(encoding))


def as_parquet(path):
    pd.DataFrame(ROWS).to_parquet(path)
    return path


SHAPES = {
    "csv": lambda d: as_csv(d / "a.csv"),
    "semicolons, cp1251": lambda d: as_csv(d / "a.csv", ";", "cp1251"),
    "utf-16": lambda d: as_csv(d / "a.csv", "\t", "utf-16"),
    "jsonl": lambda d: write(d / "a.jsonl", "\n".join(map(json.dumps, ROWS))),
    "json": lambda d: write(d / "a.json", json.dumps(ROWS)),
    "parquet": lambda d: as_parquet(d / "a.parquet"),
    "a misnamed parquet": lambda d: as_parquet(d / "a.csv"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_articles(shape, tmp_path, out):
    report = ingest([SHAPES[shape](tmp_path)], out)
    found = texts(out)
    assert report.articles == 2 and set(found) == {row["Link"] for row in ROWS}
    assert [found[row["Link"]]["text"] for row in ROWS] == [row["Body"] for row in ROWS]
    assert found["https://tass.ru/1"]["id"] == article_id("https://tass.ru/1")
    assert found["https://tass.ru/1"]["outlet"] == "tass.ru"
    assert report.unknown_outlets == ["m.new.example"]


def test_unusual_columns_are_named(tmp_path, out):
    path = write(tmp_path / "a.csv", f'volltext,quelle\n"{story()}",TASS\n')
    with pytest.raises(IngestError, match="a.csv has no column of texts.*volltext, quelle"):
        ingest([path], out)
    ingest([path], out, columns={"text": "volltext", "site": "quelle"})
    [row] = texts(out).values()
    assert row["outlet"] == "tass.ru"
    with pytest.raises(IngestError, match="has no column 'leib' for the text"):
        ingest([path], out, columns={"text": "leib"})


ADDRESSES = ["https://a.example/1", "https://a.example/2", "https://b.example/1"]


def test_addresses_are_fetched_by_turns(tmp_path, out):
    web = Web({url: f"<p>{story(w)}</p>" for url, w in zip(ADDRESSES, "xyz", strict=True)})
    listed = write(tmp_path / "list.txt", "# my list\n" + "\n".join(ADDRESSES) + "\nno address\n")
    report = ingest([listed], out, fetcher=web)
    assert web.asked == [ADDRESSES[0], ADDRESSES[2], ADDRESSES[1]]
    assert set(texts(out)) == set(ADDRESSES)
    assert report.rejected == {"no address": "is no address of a web page"}


def test_a_corpus_is_rehydrated_and_what_is_gone_is_told(tmp_path, out):
    rows = [["article_id", "url", "outlet", "date", "lang", "gist"]]
    rows += [[article_id(url), url, "a.example", "2023-09", "en", "x"] for url in ADDRESSES]
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    path = write(tmp_path / "articles.csv", buffer.getvalue())
    busy = Unfetched("the server answers HTTP 503", transient=True)
    web = Web({ADDRESSES[0]: f"<p>{story()}</p>", ADDRESSES[1]: busy})
    report = ingest([path], out, fetcher=web)
    [row] = texts(out).values()
    assert (row["id"], row["date"]) == (article_id(ADDRESSES[0]), "2023-09")
    assert report.rejected == {
        f"{path}, row 3": "the server answers HTTP 503",
        f"{path}, row 4": "gone: the server answers HTTP 404",
    }
    assert "1 of them gone" in str(report)
    # Later, only what may have passed is asked for again.
    web = Web({ADDRESSES[1]: f"<p>{story('cook')}</p>"})
    assert ingest([path], out, fetcher=web).articles == 2
    assert web.asked == [ADDRESSES[1]]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, out):
    pages = {url: f"<p>{story(w)}</p>" for url, w in zip(ADDRESSES, "xyz", strict=True)}
    listed = write(tmp_path / "list.txt", "\n".join(ADDRESSES))
    with pytest.raises(KeyboardInterrupt):
        ingest([listed], out, fetcher=Web(pages | {ADDRESSES[1]: KeyboardInterrupt()}))
    with (out / "ingest.jsonl").open("ab") as file:
        file.write(b'{"input": "https://a.exa')  # cut off in the middle of a line
    web = Web(pages)
    ingest([listed], out, fetcher=web)
    assert web.asked == [ADDRESSES[1]]
    straight = tmp_path / "straight"
    ingest([listed], straight, fetcher=Web(pages))
    assert contents(out) == contents(straight)


def test_two_runs_do_not_write_to_one_folder(out):
    ingest([SAMPLES], out)
    before = contents(out)
    with module._journal(out), pytest.raises(IngestError, match="Another run"):
        ingest([SAMPLES], out)
    assert contents(out) == before


# Bad inputs

HEADER = "text,date,id\n"
GOOD = f'"{story()}",2024-03-14,7\n'


@pytest.mark.parametrize(
    "row, where, why",
    [
        ('"a",b,c,d\n', "row 3", "4 cells where the header has 3"),
        ("a\n", "row 3", "1 cells where the header has 3"),
        (GOOD, "row 3", "same address or id as .*row 2"),
        (f'"{story("cook")}",3000-01-01,8\n', "row 3", "date 3000-01-01, in the future"),
        (f'"{story("cook")}",soon,8\n', "row 3", "'soon' for a date"),
        (",2024-03-14,8\n", "row 3", "column text is empty"),
        ('"a\0b",2024-03-14,8\n', "row 3", "NUL bytes"),
        ('"Too short.",2024-03-14,8\n', "row 3", "too short"),
        (f'"{"a" * 1_000_001}",2024-03-14,8\n', "row 3", "longer|larger"),
        ('"never closed,2024-03-14,8\n', "row 3", "unexpected end of data"),
        ("a" * 50_000_000 + "\n", "row 3", "larger than field limit"),
    ],
)
def test_a_bad_row_is_listed_and_the_others_are_taken(row, where, why, tmp_path, out):
    path = write(tmp_path / "a.csv", HEADER + GOOD + row)
    ingest([path], out)
    [rejected] = table(out, "rejected").to_dict("records")
    assert rejected["input"] == f"{path}, {where}"
    assert pd.Series([rejected["reason"]]).str.contains(why).all(), rejected["reason"]
    assert len(texts(out)) == 1


def test_bad_lines_of_jsonl_are_listed(tmp_path, out):
    lines = [json.dumps({"text": story()}), '{"text": ', "[1]"]
    report = ingest([write(tmp_path / "a.jsonl", "\n".join(lines))], out)
    reasons = " ".join(report.rejected.values())
    assert "is no JSON" in reasons and "no record with named values" in reasons
    assert report.articles == 1 and len(report.rejected) == 2


def circle(folder):
    (folder / "b").symlink_to(folder / "a")
    (folder / "a").symlink_to(folder / "b")
    return folder / "a"


def zipped(folder):
    import zipfile

    with zipfile.ZipFile(folder / "a.csv", "w") as archive:
        archive.writestr("a.csv", HEADER + GOOD)
    return folder / "a.csv"


BAD = {
    "missing": (lambda d: d / "none", "cannot be read .No such file"),
    "empty": (lambda d: write(d / "a.txt", ""), "is empty"),
    "blank": (lambda d: write(d / "a.csv", "\n\n"), "is empty"),
    "links in a circle": (circle, "cannot be read"),
    "a zip named csv": (zipped, "a.csv is a ZIP archive"),
    "an image": (lambda d: write(d / "a.html", b"\x89PNG\r\n"), "is an image"),
    "NUL bytes": (lambda d: write(d / "a.txt", b"a\0b" * 200), "NUL bytes"),
    "a csv without texts": (lambda d: write(d / "a.csv", "a,b\n1,2\n"), "no column of texts.*a, b"),
    "a broken header": (lambda d: write(d / "a.csv", 'text,"b\n1,2\n'), "a.csv.*row 1"),
    "only ragged rows": (lambda d: write(d / "a.csv", "text,b\n1\n2\n"), "row 2.*\n.*row 3"),
    "a line of 50 MB": (lambda d: write(d / "a.txt", b"a" * 50_000_000), "larger than 5,000,000"),
    "a short text": (lambda d: write(d / "a.txt", "He left."), "too short"),
    "an empty folder": (lambda d: (d / "x").mkdir() or d / "x", "holds no article"),
    "a folder of tables": (lambda d: write(d / "x" / "a.csv", GOOD).parent, "name it as a source"),
    "gzip": (lambda d: write(d / "a.txt", gzip.compress(b"a")), "gzip"),
    "a broken parquet": (lambda d: write(d / "a.parquet", b"PAR1abc"), "damaged"),
    "broken json": (lambda d: write(d / "a.jsonl", '{"text": \n{"te\n'), "no column|no JSON"),
    "no markup": (lambda d: write(d / "a.html", "<html><body></body></html>"), "no article"),
    "the year 3000": (
        lambda d: write(d / "a.txt", f"date 3000-01-01 Published by Mira Holt\n{story()}"),
        "future",
    ),
    "a pipe": (lambda d: os.mkfifo(d / "p") or d / "p", "neither a folder nor a regular file"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_unusable_source_is_one_clear_error_and_leaves_nothing(case, tmp_path, out):
    make, why = BAD[case]
    source = make(tmp_path)
    with pytest.raises(IngestError, match="(?s)" + why) as error:
        ingest([source], out)
    assert str(source) in str(error.value)
    assert not out.exists()


@pytest.mark.parametrize("case", ["empty", "only ragged rows", "a short text"])
def test_an_unusable_source_leaves_an_earlier_result_as_it_was(case, tmp_path, out):
    ingest([SAMPLES], out)
    before = contents(out)
    (tmp_path / "more").mkdir()
    good = write(tmp_path / "good.txt", story("cook"))
    with pytest.raises(IngestError):
        ingest([good, BAD[case][0](tmp_path / "more")], out)
    assert contents(out) == before


def test_what_may_not_be_read_is_said(tmp_path, out, monkeypatch):
    folder = write(tmp_path / "x" / "a.txt", story()).parent

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(module.os, "scandir", denied)
    with pytest.raises(IngestError, match="cannot be read .Permission denied"):
        ingest([folder], out)
    assert not out.exists()


def test_a_folder_with_odd_files_is_read_and_they_are_listed(tmp_path, out):
    folder = write(tmp_path / "x" / "sub" / "good.txt", story()).parent.parent
    circle(folder)
    (folder / "up").symlink_to(folder)
    write(folder / "latin.txt", story("garçon").encode("latin-1"))
    write(folder / "empty.txt", "")
    write(folder / "page.html", b"\x89PNG\0")
    write(folder / ".hidden", "x")
    report = ingest([folder], out)
    assert len(texts(out)) == 2 and any("garçon" in row["text"] for row in texts(out).values())
    reasons = {Path(name).name: why for name, why in report.rejected.items()}
    assert set(reasons) == {"a", "b", "up", "empty.txt", "page.html", ".hidden"}
    assert "link" in reasons["up"] and reasons["empty.txt"] == "is empty"


def test_the_folder_written_to_must_be_one_of_its_own(tmp_path, out):
    good = write(tmp_path / "a.txt", story())
    with pytest.raises(IngestError, match="the study's own data"):
        ingest([good], settings.ROOT / "data")
    with pytest.raises(IngestError, match="is a file"):
        ingest([good], good)


# Outlets

REGISTRY = {"news.example": {"name": "The News"}}


@pytest.mark.parametrize(
    "site, outlet",
    [
        ("the news", "news.example"),
        ("amp.news.example", "news.example"),
        ("Riverton Courier", "riverton-courier.invalid"),
        ("", "unknown.invalid"),
    ],
)
def test_the_outlet_of_a_name(site, outlet):
    assert module._outlet_named(site, REGISTRY) == outlet


def test_tables_that_another_made_are_never_written_over(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("articles.csv", "claims.csv"):
        write(folder / name, "their own\n")
    with pytest.raises(IngestError, match="theirs holds tables that `ingest` did not begin"):
        ingest([SAMPLES], folder)
    assert contents(folder) == {name: b"their own\n" for name in ("articles.csv", "claims.csv")}
