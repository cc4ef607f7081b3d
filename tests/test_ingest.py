"""From sources of all shapes to the uncoded tables; nothing is lost, nothing written twice."""

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus, settings
from defection_framing import own as package
from defection_framing.corpus import article_id
from defection_framing.own import events, sources
from defection_framing.own.fetch import Fetcher, Page, Unfetched
from defection_framing.own.folder import PackageError
from defection_framing.own.ingest import IngestError, ingest
from defection_framing.own.journal import opened
from defection_framing.own.outlets import Registry
from defection_framing.text import embed

pytestmark = pytest.mark.slow

README = (settings.ROOT / "README.md").read_text(encoding="utf-8")
SAMPLES = settings.ROOT / "data" / "sample_articles"
TABLES = {
    "texts.jsonl",
    "sentences.csv",
    "sources.csv",
    "outlets.csv",
    "families.csv",
    "events_sheet.csv",
}
TABLES |= {"inputs.csv", "remarks.csv", "rejected.csv", "ingest.jsonl", ".gitignore"}


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
    monkeypatch.setattr(embed, "vectors", lambda texts, _: np.eye(len(texts), dtype=np.float32))
    monkeypatch.setattr(events, "meanings", lambda texts, langs: np.eye(len(texts)))


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
        return Page(found.encode(), "utf-8")


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


def test_the_report_names_the_camps_that_an_outlet_can_be_of(out):
    said = str(ingest([SAMPLES], out))
    assert "outlets to classify" in said
    assert all(camp in said for camp in corpus.codes("outlets", "camp"))
    assert all(f"`{camp}`" in README for camp in corpus.codes("outlets", "camp"))


def test_a_classified_outlet_stays_classified(out):
    ingest([SAMPLES], out)
    filled = table(out, "outlets")
    wire = filled["domain"] == "harbourwire.example"
    filled.loc[wire, "camp"] = "western"
    filled.to_csv(out / "outlets.csv", index=False)
    assert ingest([SAMPLES], out).unknown_outlets == ["unknown.invalid"]
    assert list(table(out, "outlets").query("domain == 'harbourwire.example'")["camp"]) == [
        "western"
    ]


@pytest.mark.parametrize(
    ("sep", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")]
)
def test_outlets_are_read_as_a_spreadsheet_program_saves_them(sep, encoding, out):
    ingest([SAMPLES], out)
    before = (out / "outlets.csv").read_bytes()
    assert before.startswith(b"\xef\xbb\xbf")  # else Excel takes it for an old code page
    table(out, "outlets").to_csv(out / "outlets.csv", sep=sep, encoding=encoding, index=False)
    ingest([SAMPLES], out)
    assert (out / "outlets.csv").read_bytes() == before


SLIPS = {
    "camp": (lambda text: text.replace("undisclosed", "russian"), "utf-8", "'russian' is not a"),
    "column": (lambda text: text.replace("basis", "bias"), "utf-8", "the column 'basis' must"),
    "twice": (lambda text: text + text.splitlines()[1], "utf-8", "is missing or in another row"),
    "lost": (lambda text: text.replace("unknown,", "é????,"), "cp1252", "lost letters that cp1252"),
}


@pytest.mark.parametrize("case", SLIPS)
def test_a_slip_in_outlets_is_one_sentence_before_anything_is_read(case, out):
    ingest([SAMPLES], out)
    damage, encoding, said = SLIPS[case]
    text = (out / "outlets.csv").read_text(encoding="utf-8-sig")
    (out / "outlets.csv").write_text(damage(text), encoding=encoding)
    before = contents(out)
    with pytest.raises(PackageError, match=said) as error:
        ingest([SAMPLES], out)
    assert "\n" not in str(error.value) and "outlets.csv" in str(error.value)
    assert contents(out) == before


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
    path = write(tmp_path / "a.csv", f'leib,haus\n"{story("cook")[:160]}.",TASS\n')
    with pytest.raises(IngestError, match="a.csv has no column of texts.*leib, haus.*text=NAME"):
        ingest([path], out)
    write(path, f'leib,haus\n"{story()}",TASS\n')
    ingest([path], out, columns={"text": "leib", "site": "haus"})
    [row] = texts(out).values()
    assert row["outlet"] == "tass.ru"
    with pytest.raises(IngestError, match="has no column 'bauch' for the text"):
        ingest([path], out, columns={"text": "bauch"})


ADDRESSES = ["https://a.example/1", "https://a.example/2", "https://b.example/1"]


def test_addresses_are_fetched_by_turns(tmp_path, out):
    web = Web({url: f"<p>{story(w)}</p>" for url, w in zip(ADDRESSES, "xyz", strict=True)})
    listed = write(tmp_path / "list.txt", "# my list\n" + "\n".join(ADDRESSES) + "\nno address\n")
    report = ingest([listed], out, fetcher=web)
    assert web.asked == [ADDRESSES[0], ADDRESSES[2], ADDRESSES[1]]
    assert set(texts(out)) == set(ADDRESSES)
    assert report.rejected == {"no address": "is no address of a web page"}


def test_addresses_that_are_known_are_known_from_another_list_too(tmp_path, out):
    web = Web({url: f"<p>{story(w)}</p>" for url, w in zip(ADDRESSES, "xyz", strict=True)})
    ingest([write(tmp_path / "list.txt", "\n".join(ADDRESSES))], out, fetcher=web)
    other = write(tmp_path / "other.txt", ADDRESSES[1])
    for source in (other, ADDRESSES[0]):
        report = ingest([source], out, fetcher=Web({}))
        assert (report.articles, report.new) == (3, 0)


def test_what_became_of_an_input_is_on_the_disk_before_the_next_one(tmp_path, out):
    held = []

    class Slow(Web):
        def fetch(self, url):
            held.append((out / "ingest.jsonl").read_text(encoding="utf-8").count("\n"))
            return super().fetch(url)

    web = Slow({url: f"<p>{story(w)}</p>" for url, w in zip(ADDRESSES, "xyz", strict=True)})
    ingest([write(tmp_path / "list.txt", "\n".join(ADDRESSES))], out, fetcher=web)
    assert held == [0, 1, 2]


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


def test_files_of_one_name_in_two_folders_are_two(tmp_path, out):
    table = 'id,text\n1,"{}"\n'
    one = write(tmp_path / "2022" / "a.csv", table.format(story()))
    two = write(tmp_path / "2023" / "a.csv", table.format(story("cook")))
    report = ingest([one, two], out)
    assert (report.articles, report.new, report.rejected) == (2, 2, {})
    assert ingest([two, one], out).new == 0
    urls = {row["url"] for row in texts(out).values()}
    assert len(urls) == 2 and all(url.startswith("https://no-address.invalid/") for url in urls)


def test_the_same_article_in_two_exports_is_taken_once(tmp_path, out):
    one = write(tmp_path / "a.csv", f'title,outlet,date,text\nOne,Courier,2024-03-14,"{story()}"\n')
    two = write(tmp_path / "b.jsonl", json.dumps({"text": story(), "publication": "The Courier"}))
    other = write(tmp_path / "c.jsonl", json.dumps({"text": story(), "publication": "Another"}))
    report = ingest([one, two, other], out)
    assert {row["outlet"] for row in texts(out).values()} == {"courier.invalid", "another.invalid"}
    assert report.rejected == {str(two): f"is the same article as {one}, row 2"}


def test_of_copies_the_one_with_a_date_is_kept(tmp_path, out):
    one = write(tmp_path / "a.jsonl", json.dumps({"text": story(), "publication": "Courier"}))
    two = write(tmp_path / "b.csv", f'outlet,date,text\nCourier,2024-03-14,"{story()}"\n')
    report = ingest([one, two], out)
    assert report.undated == 0 and list(report.rejected) == [str(one)]


def test_an_article_keeps_its_id_and_takes_the_date_of_a_later_copy(tmp_path, out):
    one = write(tmp_path / "a.jsonl", json.dumps({"text": story(), "publication": "Courier"}))
    ingest([one], out)
    [before] = texts(out)
    sheet = table(out, "events_sheet").assign(event="mine")
    sheet.to_csv(out / "events_sheet.csv", index=False)
    two = write(tmp_path / "b.csv", f'outlet,date,text\nCourier,2024-03-14,"{story()}"\n')
    report = ingest([one, two], out)
    assert {key: row["date"] for key, row in texts(out).items()} == {before: "2024-03-14"}
    assert report.undated == 0 and list(report.rejected) == [f"{two}, row 2"]
    assert list(table(out, "events_sheet")["event"]) == ["mine"]


def test_a_run_that_was_stopped_before_the_sheet_was_written_goes_on(tmp_path, out, monkeypatch):
    both = [write(tmp_path / f"{who}.txt", story(who)) for who in ("cook", "smith")]
    ingest(both, out)
    both[0].write_text("short")

    def stop(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(events, "proposed", stop)
        ingest(both, out)
    assert ingest(both, out).articles == 1
    assert len(table(out, "events_sheet")) == 1


def test_a_damaged_line_of_the_journal_is_named(tmp_path, out):
    ingest([write(tmp_path / "a.txt", story())], out)
    path = out / "ingest.jsonl"
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"{ }}\n" + b"".join(rest))
    with pytest.raises(IngestError, match="ingest.jsonl, line 1 is damaged; remove this line"):
        ingest([tmp_path / "a.txt"], out)
    path.write_bytes(first + b"".join(rest))
    assert ingest([tmp_path / "a.txt"], out).articles == 1


def test_a_file_that_is_read_otherwise_leaves_nothing_behind(tmp_path, out):
    text = "\n\n".join(
        f"Document {n} of 2\nTitle {n}\nFull text: {story(who)}\nPublication title: Courier\n"
        f"ProQuest document ID: {n}\n____________________"
        for n, who in ((1, "cook"), (2, "smith"))
    )
    path = write(tmp_path / "a.txt", f"____________________\n{text}")
    assert ingest([path], out).articles == 2
    report = ingest([path], out, taken_for="article")
    assert report.articles == 1 and not report.rejected
    assert list(table(out, "inputs")["taken_for"]) == ["a text"]


def test_a_date_that_is_none_empties_the_field_and_is_remarked(tmp_path, out):
    rows = [
        {"text": story(who), "date": date}
        for who, date in (("cook", "soon"), ("smith", "3000-01-01"))
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    report = ingest([path], out)
    assert (report.articles, report.undated) == (2, 2)
    said = " ".join(table(out, "remarks")["said"])
    assert "'soon' for a date" in said and "3000-01-01, in the future" in said


def test_an_address_that_is_none_is_remarked(tmp_path, out):
    url = "https://a.example/1 https://b.example/2"
    ingest([write(tmp_path / "a.jsonl", json.dumps({"url": url, "text": story()}))], out)
    remarks = table(out, "remarks")
    [said] = remarks.loc[remarks["what"] == "address left empty", "said"]
    assert said == url


def test_what_is_taken_out_of_an_article_is_tabled(tmp_path, out):
    path = write(
        tmp_path / "a.txt", f"{story()}\nShare on Facebook\nRead also: A library for the town"
    )
    ingest([path], out)
    assert list(table(out, "remarks")["said"]) == [
        "Share on Facebook",
        "Read also: A library for the town",
    ]


def test_articles_that_may_be_cut_off_are_counted_and_remarked(tmp_path, out):
    wall = "Already a subscriber? Log in to continue reading."
    for name, more in (("a.txt", ""), ("b.txt", f"\n{wall}")):
        write(tmp_path / name, story(name[0]) + more)
    report = ingest([tmp_path / "a.txt", tmp_path / "b.txt"], out)
    assert report.doubtful == 1 and "1 article perhaps cut off or none" in str(report)
    assert ["perhaps cut off by a paywall", wall] in table(out, "remarks")[
        ["what", "said"]
    ].to_numpy().tolist()


def test_two_runs_do_not_write_to_one_folder(out):
    ingest([SAMPLES], out)
    before = contents(out)
    with opened(out), pytest.raises(IngestError, match="Another run"):
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
        (GOOD, "row 3", "is the same article as .*row 2"),
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


BAD = {
    "missing": (lambda d: d / "none", "cannot be read .No such file"),
    "empty": (lambda d: write(d / "a.txt", ""), "is empty"),
    "blank": (lambda d: write(d / "a.csv", "\n\n"), "is empty"),
    "links in a circle": (circle, "cannot be read"),
    "an image": (lambda d: write(d / "a.html", b"\x89PNG\r\n"), "is an image"),
    "NUL bytes": (lambda d: write(d / "a.txt", b"a\0b" * 200), "NUL bytes"),
    "a csv without texts": (lambda d: write(d / "a.csv", "a,b\n1,2\n"), "no column of texts.*a, b"),
    "a broken header": (lambda d: write(d / "a.csv", 'text,"b\n1,2\n'), "a.csv.*row 1"),
    "only ragged rows": (lambda d: write(d / "a.csv", "text,b\n1\n2\n"), "row 2.*\n.*row 3"),
    "a line of 50 MB": (lambda d: write(d / "a.txt", b"a" * 50_000_000), "longer than 1,000,000"),
    "a short text": (lambda d: write(d / "a.txt", "He left."), "too short"),
    "an empty folder": (lambda d: (d / "x").mkdir() or d / "x", "holds no article"),
    "a folder of notes": (lambda d: write(d / "x" / "README.md", story()).parent, "no article"),
    "a broken parquet": (lambda d: write(d / "a.parquet", b"PAR1abc"), "damaged"),
    "broken json": (lambda d: write(d / "a.jsonl", '{"text": \n{"te\n'), "is damaged JSON"),
    "no markup": (lambda d: write(d / "a.html", "<html><body></body></html>"), "no article"),
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


def test_sources_that_are_all_unusable_leave_an_earlier_result_as_it_was(tmp_path, out):
    ingest([SAMPLES], out)
    before = contents(out)
    cases = ["empty", "only ragged rows", "a short text"]
    for case in cases:
        (tmp_path / case).mkdir()
    with pytest.raises(IngestError, match="holds no article that can be used"):
        ingest([BAD[case][0](tmp_path / case) for case in cases], out)
    assert contents(out) == before


def test_one_bad_source_among_good_ones_costs_one_line(tmp_path, out):
    good = write(tmp_path / "good.txt", story("cook"))
    bad = write(tmp_path / "bad.html", "<html><body></body></html>")
    report = ingest([bad, good, tmp_path / "missing.txt"], out)
    assert report.articles == 1
    assert {Path(name).name for name in report.rejected} == {"bad.html", "missing.txt"}
    assert "bad.html: a page; 0 articles, 1 not taken" in str(report)


def test_what_may_not_be_read_is_said(tmp_path, out, monkeypatch):
    folder = write(tmp_path / "x" / "a.txt", story()).parent

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(sources.os, "scandir", denied)
    [account] = sources.accounts(folder, out, {})
    assert "cannot be read (Permission denied)" in next(account.records).problem


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
    with pytest.raises(IngestError, match="is read from; name another folder to write to"):
        ingest([good.parent], tmp_path)
    assert [*tmp_path.iterdir()] == [good]


# Outlets

KNOWN = Registry.of(Path("none"))


@pytest.mark.parametrize(
    "url, site, outlet",
    [
        ("", "RIA Novosti", "ria.ru"),
        ("", "РИА Новости", "ria.ru"),
        ("", "Українська правда", "pravda.com.ua"),
        ("", "Медуза", "meduza.io"),
        ("", "New York Times", "nytimes.com"),
        ("", "New York Times Online", "nytimes.com"),
        ("", "nytimes.com", "nytimes.com"),
        ("", "New York Times, Late Edition (East Coast)", "nytimes.com"),
        ("", "The Guardian (Nigeria)", "guardian-nigeria.invalid"),
        ("", "Kyiv Post", "kyivpost.com"),
        ("", "Le Figaro.fr", "lefigaro.fr"),
        ("", "Riverton Courier (print)", "riverton-courier.invalid"),
        ("", "The Kyiv Independent", "kyivindependent.com"),
        ("", "The Guardian (London)", "theguardian.com"),
        ("", "amp.dw.com", "amp.dw.com"),
        ("", "Riverton Courier", "riverton-courier.invalid"),
        ("", "The Riverton Courier", "riverton-courier.invalid"),
        ("", "Речной вестник", "rechnoi-vestnik.invalid"),
        ("", "Річковий вісник", "richkovii-visnik.invalid"),
        ("", "", "unknown.invalid"),
        ("https://no-address.invalid/a/1", "courier.invalid", "courier.invalid"),
        ("", "ua.riverton.example. ", "ua.riverton.example"),
        ("https://www.reuters.com/world/1", "a mirror", "reuters.com"),
        ("https://t.me/rybar/100", "", "t.me/rybar"),
        ("https://t.me/s/Somebody/100", "", "t.me/somebody"),
        ("https://www.youtube.com/@somebody/videos", "", "youtube.com/somebody"),
        ("https://www.youtube.com/watch?v=1", "", "youtube.com"),
        ("https://www.proquest.com/docview/1", "The Guardian (London)", "theguardian.com"),
        ("", "Guardian, The", "theguardian.com"),
        ("", "The Guardian, Nigeria", "guardian-nigeria.invalid"),
        ("", "Focus", "focus.invalid"),  # one in each of two camps
        ("", "Лента.ру", "lenta.ru"),
        ("", "Цензор.НЕТ", "censor.net"),
        ("", "عربي21.com", "rby21.invalid"),  # no name of the domain name system
        ("https://عربي21.com/a", "Al Jazeera", "aljazeera.net"),
        ("https://ria.ru;https://tass.ru/x", "", "ria.ru"),
        ("https://ria.ru,", "", "ria.ru"),
        ("http://[ria.ru/x", "", "unknown.invalid"),
        ("https://vk.com/wall-15755094_41234567", "", "vk.com"),
        ("https://facebook.com/profile.php?id=123", "", "facebook.com/123"),
    ],
)
def test_the_outlet_of_an_address_or_a_name(url, site, outlet):
    assert KNOWN.outlet(url, site) == outlet


def test_a_row_to_be_classified_takes_no_name_from_a_known_outlet(tmp_path, out):
    named = {"publication": "The Guardian", "url": "https://copy.example/1", "text": story()}
    ingest([write(tmp_path / "a.jsonl", json.dumps(named))], out)
    assert "copy.example" in set(table(out, "outlets")["domain"])
    assert Registry.of(out).outlet("", "The Guardian") == "theguardian.com"


def test_outlets_that_are_known_fit_the_registry_and_each_name_means_one():
    columns = corpus.columns()["outlets"]
    folder = Path(package.__file__).parent
    houses = pd.read_csv(folder / "houses.csv", dtype=str, keep_default_na=False)
    ours = pd.read_csv(settings.ROOT / "data" / "outlets.csv", dtype=str, keep_default_na=False)
    assert list(houses.columns) == columns
    assert not set(houses["domain"]) & set(ours["domain"]) and houses["domain"].is_unique
    for name in ("kind", "camp", "confidence"):
        allowed = set(ours[name]) | {"ngo", "military"}
        assert set(houses[name]) <= allowed
    named = pd.read_csv(folder / "outlet_names.csv", dtype=str)
    assert set(named["domain"]) <= set(houses["domain"]) | set(ours["domain"])
    names = named["names"].str.split("|").explode()
    assert names.is_unique, names[names.duplicated()]


def test_tables_that_another_made_are_never_written_over(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("articles.csv", "claims.csv"):
        write(folder / name, "their own\n")
    with pytest.raises(IngestError, match="theirs holds tables that `ingest` did not begin"):
        ingest([SAMPLES], folder)
    assert contents(folder) == {name: b"their own\n" for name in ("articles.csv", "claims.csv")}
