"""Every usual export is told, parted, and read field by field."""

import csv
import gzip
import io
import json
import random
import re
from datetime import datetime, time
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader, PdfWriter

import exports
from defection_framing.own.extract import extract
from defection_framing.own.fetch import Fetcher, Unfetched
from defection_framing.own.formats import FORMATS, File, documents, messages, programs, read, sniff
from defection_framing.own.formats.tables import cell
from defection_framing.own.ingest import IngestError, ingest
from defection_framing.own.sources import accounts
from defection_framing.text import embed
from exports import AUTHORS, DAYS, TITLES, WHO, body, rows


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    monkeypatch.setattr(
        embed, "vectors", lambda texts, _: np.eye(len(list(texts)), dtype=np.float32)
    )


class Offline(Fetcher):
    def fetch(self, url):
        raise Unfetched("gone: there is no web here")


def table(records, delimiter=",", encoding="utf-8"):
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(records[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(records)
    return buffer.getvalue().encode(encoding)


def lines(records):
    return "\n".join(json.dumps(record) for record in records)


COURIER = {"riverton-courier.invalid", "northern-herald.invalid"}
WEB = {"courier.example"}
CHANNEL = {"t.me/river-notes"}
ENGLISH = dict(text="content", title="headline", date="publish_date", site="publication")
HEADS = {
    "ru": ("Полный текст статьи", "Заголовок статьи", "дата публикации", "источник"),
    "uk": ("Текст публікації", "Назва", "Дата публікації", "Назва ЗМІ"),
    "de": ("Volltext", "Titel", "Datum", "Medium"),
    "fr": ("Texte intégral", "Titre", "Date de publication", "Média"),
    "es": ("Texto completo", "Titular", "Fecha", "Medio"),
    "pl": ("Treść artykułu", "Tytuł artykułu", "Data publikacji", "Gazeta"),
}
NEWS_PLEASE = [
    row
    | {"text": None, "date_modify": "None", "language": "en", "source_domain": "courier.example"}
    for row in rows(
        text="maintext", title="title", date="date_publish", author="authors", url="url"
    )
]
SERVICE = {
    "status": "ok",
    "articles": [
        row | {"source": {"id": None, "name": outlet}}
        for row, outlet in zip(
            rows(text="content", title="title", date="publishedAt", author="author", url="url"),
            exports.OUTLETS,
            strict=True,
        )
    ],
}
ALL = {"title", "date", "author"}
SPANISH = {
    "Section": "Sección",
    "Length": "Longitud",
    "Byline": "Autor",
    "Body": "Cuerpo",
    "Classification": "Clasificación",
    "Language": "Idioma",
    "Publication-Type": "Tipo de publicación",
    "Load-Date": "Fecha de carga",
}
GERMAN = {
    "Section": "Rubrik",
    "Length": "Länge",
    "Byline": "Autor",
    "Body": "Hauptteil",
    "Classification": "Klassifizierung",
    "Publication-Type": "Publikationsart",
    "Load-Date": "Ladedatum",
}
COVER = "Documents (2)\n\n1. Work on a ferry\nClient/Matter: -None-\n\n2. A cook at the pier\n\n"
CSV = table(rows(**ENGLISH)).decode()
PLAIN = rows(text="text", title="title", date="date", site="source")
HEADED = ("Заголовок", "Дата выпуска", "Источник", "Автор")
CASES = (
    {
        # name of the file: (content, what it is taken for, outlets, fields that it has)
        "nexis.txt": (exports.nexis_uni(), "Nexis Uni", COURIER, ALL),
        "nexis.rtf": (exports.rtf(exports.nexis_uni()), "Nexis Uni", COURIER, ALL),
        "nexis.docx": (exports.docx(exports.nexis_uni()), "Nexis Uni", COURIER, ALL),
        "nexis.odt": (exports.odt(exports.nexis_uni()), "Nexis Uni", COURIER, ALL),
        "cover.txt": (COVER + exports.nexis_uni(), "Nexis Uni", COURIER, ALL),
        "spanish.docx": (
            exports.docx(exports.nexis_uni_in(SPANISH, "Fin del documento")),
            "Nexis Uni",
            COURIER,
            ALL,
        ),
        "german.rtf": (
            exports.rtf(exports.nexis_uni_in(GERMAN, "Ende des Dokuments")),
            "Nexis Uni",
            COURIER,
            ALL,
        ),
        "headed.txt": (exports.headed(), "a text of 2 articles", COURIER, ALL),
        "headed.rtf": (exports.rtf(exports.headed(*HEADED), 1251), "of 2 articles", COURIER, ALL),
        "letters.mbox": (exports.mbox(), "letters", WEB, ALL - {"author"}),
        "all.tar.gz": (
            exports.tar(
                **{"a/one.jsonl": lines(NEWS_PLEASE[:1]), "two.jsonl": lines(NEWS_PLEASE[1:])}
            ),
            "JSON",
            WEB,
            ALL,
        ),
        "preamble.csv": (f"Report: ferries\nFrom: 2024\n\n{CSV}", "commas", COURIER, {"title"}),
        "excel2.csv": (
            b"sep=;\n" + table(rows(**ENGLISH), ";"),
            "semicolons",
            COURIER,
            {"title", "date"},
        ),
        "wide.csv": (
            table(rows(**ENGLISH), "\t", "utf-16-le"),
            "utf-16",
            COURIER,
            {"title", "date"},
        ),
        "programs.json": (
            json.dumps([row | {"text": row["text"].split("\n")} for row in PLAIN]),
            "JSON",
            COURIER,
            {"title", "date"},
        ),
        "yandex.rss": (
            re.sub("content:encoded", "yandex:full-text", exports.rss()),
            "feed",
            WEB,
            ALL,
        ),
        "follow.json": (
            "\n".join(json.dumps(row, indent=1) for row in PLAIN),
            "JSON",
            COURIER,
            {"title", "date"},
        ),
        "europresse.html": (exports.europresse(), "several articles", COURIER, {"title", "date"}),
        "pages.wet.gz": (
            gzip.compress(gzip.decompress(exports.warc(wet=True))),
            "WET",
            WEB,
            {"title"},
        ),
        "older.txt": (exports.nexis(), "Nexis", COURIER, ALL),
        "german.txt": (exports.nexis("AUTOR"), "Nexis", COURIER, ALL),
        "factiva.html": (f"<html><body>{exports.factiva()}", "Factiva", COURIER, ALL),
        "factiva.rtf": (exports.rtf(exports.factiva_fields()), "Factiva", COURIER, ALL),
        "factiva.txt": (exports.factiva_fields("\n"), "Factiva", COURIER, ALL),
        "proquest.txt": (exports.proquest(), "ProQuest", COURIER, ALL),
        "channel.json": (exports.telegram(), "Telegram", CHANNEL, {"date"}),
        "messages.json": (exports.telegram(whole=False), "Telegram", CHANNEL, {"date"}),
        "messages.html": (exports.telegram_page(), "Telegram", CHANNEL, {"date"}),
        "feed.rss": (exports.rss(), "feed", WEB, ALL),
        "atom.xml": (exports.atom(), "feed", WEB, ALL),
        "news.jsonl": (lines(NEWS_PLEASE), "JSON lines", WEB, ALL),
        "news.json": (json.dumps(NEWS_PLEASE, indent=1), "JSON records", WEB, ALL),
        "all.jsonl.gz": (gzip.compress(lines(NEWS_PLEASE).encode()), "JSON lines", WEB, ALL),
        "service.json": (json.dumps(SERVICE), "JSON records", WEB, ALL),
        "csl.json": (exports.csl(), "JSON records", WEB, ALL),
        "references.ris": (exports.ris(), "RIS", WEB, ALL),
        "references.bib": (exports.bibtex(), "BibTeX", WEB, ALL),
        "kaggle.csv": (table(rows(**ENGLISH)), "CSV by commas", COURIER, {"title", "date"}),
        "excel.csv": (
            table(rows(**ENGLISH), ";", "cp1252"),
            "CSV by semicolons",
            COURIER,
            {"title", "date"},
        ),
        "table.txt": (
            table(rows(**ENGLISH), "\t", "utf-16"),
            "CSV by tabs",
            COURIER,
            {"title", "date"},
        ),
        "book.xlsx": (
            exports.xlsx(
                [["A report"], [], list(ENGLISH.values())]
                + [list(r.values()) for r in rows(**ENGLISH)]
            ),
            "workbook",
            COURIER,
            {"title", "date"},
        ),
        "articles.html": (
            exports.clippings("article"),
            "several articles",
            COURIER,
            {"title", "date"},
        ),
        "blocks.html": (exports.clippings("div"), "several articles", COURIER, {"title", "date"}),
        "book.xls": (exports.page_table(), "the table of a page", COURIER, {"title", "date"}),
        "book.epub": (exports.epub(), "a page", {"unknown.invalid"}, {"title", "date"}),
        "pages.warc.gz": (exports.warc(), "WARC", WEB, {"title", "date"}),
        "texts.warc.wet.gz": (exports.warc(wet=True), "WET", WEB, {"title"}),
        "two.zip": (
            exports.zipped(
                **{"a/one.jsonl": lines(NEWS_PLEASE[:1]), "two.jsonl": lines(NEWS_PLEASE[1:])}
            ),
            "JSON",
            WEB,
            ALL,
        ),
    }
    | {
        f"pandas-{orient}.json": (
            pd.DataFrame(PLAIN).to_json(orient=orient),
            "JSON records",
            COURIER,
            {"title", "date"},
        )
        for orient in ("columns", "index", "split", "table")
    }
    | {
        f"{lang}.csv": (
            table(
                rows(**dict(zip(("text", "title", "date", "site"), heads, strict=True))),
                ";",
                encoding,
            ),
            "CSV by semicolons",
            COURIER,
            {"title", "date"},
        )
        for (lang, heads), encoding in zip(
            HEADS.items(),
            ("cp1251", "cp1251", "cp1252", "cp1252", "utf-8", "utf-8-sig"),
            strict=True,
        )
    }
)


def taken(name, content, tmp_path, **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = ingest([path], tmp_path / "out", fetcher=Offline(), **options)
    with (tmp_path / "out" / "texts.jsonl").open(encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    return report, sorted(found, key=lambda row: WHO.index(row["text"].split()[1]))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_every_export_gives_its_articles(name, tmp_path):
    content, taken_for, outlets, fields = CASES[name]
    report, found = taken(name, content, tmp_path)
    assert {row["outlet"] for row in found} == outlets
    words = [" ".join(row["text"].split()) for row in found]
    assert words == [body(who, " ") for who in WHO]
    for what, wanted in (("title", TITLES), ("date", DAYS), ("author", AUTHORS)):
        if what in fields:
            assert [row[what] for row in found] == list(wanted), what
    assert report.files["taken_for"].str.contains(taken_for, regex=False).all()
    assert report.files["articles"].sum() == 2
    assert report.rejected == {}


def test_the_press_of_integrum_is_read(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(exports.integrum())
    ingest([path], tmp_path / "out")
    with (tmp_path / "out" / "texts.jsonl").open(encoding="utf-8") as file:
        found = pd.DataFrame(map(json.loads, file)).sort_values("date")
    assert list(found["title"]) == ["РАБОТА НА ПАРОМЕ", "ПОВАР У ПРИЧАЛА"]
    assert list(found["date"]) == list(DAYS)
    assert set(found["outlet"]) == {"rechnoi-vestnik.invalid"}
    assert set(found["author"]) == {"Иванов Пётр"} and set(found["lang"]) == {"ru"}
    assert found["text"].str.startswith("Механик оставил").all()
    assert found["text"].str.contains("адвокат.\nОн дважды").all()


ONE = {
    "one.docx": exports.docx(f"{TITLES[0]}\n{body('deckhand')}"),
    "one.rtf": exports.rtf(f"{TITLES[0]}\n14 March 2024\n{body('deckhand')}"),
    "one.md": f"---\ntitle: {TITLES[0]}\ndate: 2024-03-14\n---\n\n{body('deckhand')}",
    "one.pdf": exports.pdf(f"{TITLES[0]}\n\n{exports.wrapped(body('deckhand'), 70)}"),
    "hard.txt": f"{TITLES[0]}\n\n{exports.wrapped(body('deckhand'), 70)}",
    "one.mhtml": exports.mhtml(),
    "one.html": exports.single_file(),
    "one.json": json.dumps(NEWS_PLEASE[0]),
}


@pytest.mark.parametrize("name", ONE)
def test_a_file_of_one_article_gives_one(name):
    raw = ONE[name] if isinstance(ONE[name], bytes) else ONE[name].encode()
    [record] = read(File.within(name, raw), {}).records
    found = extract(record.content, record.charset, **record.fields)
    assert found.title == TITLES[0]
    assert " ".join(found.text.split()) == body("deckhand", " ")
    assert found.date in ("", DAYS[0]) and (
        found.date or name in ("one.docx", "one.pdf", "hard.txt")
    )


def test_a_russian_document_is_read_by_its_code_page(tmp_path):
    text = "Механик оставил свою часть\n5 марта 2024\n" + (
        "Механик оставил свою часть и уехал к брату за границу, рассказал его адвокат. "
        "Он дважды просил об увольнении, но ему отказали, и тогда он решил уйти сам. "
        "Теперь он ждёт решения миграционной службы и работает на пароме у реки."
    )
    path = tmp_path / "a.rtf"
    path.write_text(exports.rtf(text, 1251))
    ingest([path], tmp_path / "out")
    row = json.loads((tmp_path / "out" / "texts.jsonl").read_text())
    assert (row["title"], row["date"], row["lang"]) == (text.split("\n")[0], "2024-03-05", "ru")


BOXED = "<w:p><w:r><w:t>In a box.</w:t></w:r></w:p>"
SHOWN = {
    "a.docx": exports.docx(
        "Outer.",
        f"<w:p><w:r><w:t>It rains. </w:t></w:r><w:Choice>{BOXED}</w:Choice>"
        f"<w:Fallback>{BOXED}</w:Fallback></w:p><w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r>"
        "<w:t>Ex</w:t><w:noBreakHyphen/><w:t>cook</w:t><w:tab/><w:t>2024</w:t><w:br/><w:t>End</w:t>"
        "</w:r><w:moveFrom><w:r><w:t>Moved.</w:t></w:r></w:moveFrom></w:p>",
    ),
    "a.odt": exports.odt(
        "Outer.",
        "<text:tracked-changes><text:p>Deleted.</text:p></text:tracked-changes>"
        "<text:p>It\nrains.<text:s/><text:box><text:p>In a box.</text:p></text:box></text:p>"
        "<text:p>Ex<office:annotation><text:p>A comment.</text:p></office:annotation>-cook"
        "<text:tab/>2024<text:line-break/><!-- -->&unknown;<text:span>End</text:span></text:p>",
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_document_is_read_as_it_is_shown(name):
    lines = documents.docx_lines if name == "a.docx" else documents.odt_lines
    found = lines(File.within(name, SHOWN[name]))
    assert found == ["Outer.", "It rains. ", "In a box.", "Ex-cook\t2024", "End"]


def test_columns_that_were_read_and_left_are_told(tmp_path):
    content = table([row | {"NewsType": "x", "id": 3 + i} for i, row in enumerate(rows(**ENGLISH))])
    report, _ = taken("a.csv", content, tmp_path)
    [row] = report.files.to_dict("records")
    assert row["columns"] == (
        "content as text, headline as title, publish_date as date, publication as site, id as id"
    )
    assert row["left"] == "NewsType"
    assert row["columns"] in str(report) and "left NewsType" in str(report)


ENVELOPES = [
    {"status": "ok", "message": "success", "data": PLAIN},
    {"content": PLAIN, "totalElements": 2},
    {"article": PLAIN},
    {"message": {"items": PLAIN}},
    {"url": "https://api.example/v1", "results": rows(text="text", url="url", title="title")},
    pd.DataFrame(PLAIN).assign(authors=[[{"name": "Mira Holt"}]] * 2).to_dict(),
]
PICTURE = {"url": "https://courier.example/a.png", "title": "A ferry"}
ALONE = [
    PLAIN[0] | {"images": [PICTURE] * 2, "comments": [{"text": body("smith"), "url": "x"}] * 3},
    PLAIN[0] | {"text": exports.paragraphs("deckhand"), "author": [PICTURE]},
]


def test_the_records_in_the_answer_of_a_service_are_told_from_an_article_with_lists():
    def texts(said):
        reading = read(File.within("a.json", json.dumps(said).encode()), {})
        return [record.content for record in reading.records]

    assert all(texts(said) == [body(who) for who in WHO] for said in ENVELOPES)
    assert all(texts(said) == [body("deckhand")] for said in ALONE)
    paragraphs = [{"type": "paragraph", "text": part} for part in exports.paragraphs("cook")]
    assert texts({"url": "https://courier.example/1", "title": "A", "body": paragraphs}) == [None]


def test_references_under_one_key_and_without_an_end_are_taken(tmp_path):
    bib = exports.bibtex().replace("key2", "key1") + "@article{key3\n title={A}\n}\n"
    (tmp_path / "a.bib").write_text(bib)
    report, found = taken("a.bib", bib, tmp_path)
    assert [row["title"] for row in found] == list(TITLES)
    line = bib.count("\n") - 2
    why = "is no BibTeX (Expected comma after entry key, but found =): export it anew"
    assert report.rejected == {f"{tmp_path / 'a.bib'}, line {line}": why}
    (tmp_path / "out").rename(tmp_path / "before")
    _, found = taken("a.ris", exports.ris().replace("ER  - \n", ""), tmp_path)
    assert [row["title"] for row in found] == list(TITLES)


def test_a_date_in_three_columns_is_put_together(tmp_path):
    days = [dict(zip(("Year", "month", "day"), day.split("-"), strict=True)) for day in DAYS]
    undated = [
        {"text": row["text"], "title": row["title"]} | day
        for row, day in zip(PLAIN, days, strict=True)
    ]
    undated[1]["day"] = ""
    report, found = taken("a.csv", table(undated), tmp_path)
    assert [row["date"] for row in found] == [DAYS[0], DAYS[1][:7]]
    [row] = report.files.to_dict("records")
    assert (row["columns"], row["left"]) == (
        "text as text, title as title, Year, month, day as date",
        "",
    )


def test_rows_below_a_quote_that_is_not_closed_keep_their_numbers(tmp_path):
    one, two = (body(who, " ") for who in WHO)
    written = [f'"{one}",A', f'"never closed {two},B', f'"{one}",C', f'"{two}",D', ",E"]
    (tmp_path / "a.csv").write_text("\n".join(["text,title", *written]))
    found = [r for reading in accounts(tmp_path / "a.csv", tmp_path, {}) for r in reading.records]
    assert [record.name for record in found] == [f"a.csv/{n}" for n in (2, 3, 5, 6)]
    assert "nor the 1 lines below: mend its quotes" in found[1].problem


def test_last_cells_that_are_missing_are_taken_as_empty_and_that_is_said(tmp_path):
    content = table([row | {"comment": ""} for row in PLAIN]).replace(b",\r\n", b"\r\n")
    report, found = taken("a.csv", content, tmp_path)
    assert [row["date"] for row in found] == list(DAYS)
    [note] = report.files["notes"]
    assert note == "2 rows have fewer cells than the header: taken as empty"


def test_of_two_columns_of_texts_the_one_that_holds_them_is_read(tmp_path):
    content = table([{"text": "", **row} for row in rows(text="maintext", title="title")])
    report, found = taken("a.csv", content, tmp_path)
    assert len(found) == 2 and "maintext as text" in report.files["columns"].iloc[0]


def test_of_two_columns_of_one_name_the_first_that_is_not_empty_is_read(tmp_path):
    cells = [["title", "date", "text", "source", "text", "date"]]
    cells += [
        [t, d, "", "Courier", body(w), "2024-11-30"]
        for t, d, w in zip(TITLES, DAYS, WHO, strict=True)
    ]
    content = "\n".join(",".join(f'"{cell}"' for cell in row) for row in cells)
    report, found = taken("a.csv", content, tmp_path)
    assert [row["date"] for row in found] == list(DAYS)
    assert list(report.files["left"]) == ["text, date (2)"]
    (tmp_path / "out").rename(tmp_path / "before")
    merged = [["Source", "Text", ""], *(["Courier", row["text"], ""] for row in PLAIN)]
    _, found = taken("a.xlsx", exports.xlsx(merged, "B1:C1"), tmp_path)
    assert len(found) == 2


def test_the_order_of_day_and_month_is_told_from_the_whole_table(tmp_path):
    days = ("3/5/2024", "1/15/2024")
    content = table([row | {"date": day} for row, day in zip(rows(text="text"), days, strict=True)])
    _, found = taken("a.csv", content, tmp_path)
    assert [row["date"] for row in found] == ["2024-03-05", "2024-01-15"]


def test_what_a_channel_says_otherwise_or_took_over_is_counted(tmp_path):
    chat = json.loads(exports.telegram())
    chat["messages"][1]["forwarded_from"] = "Hill Notes"
    report, _ = taken("result.json", json.dumps(chat), tmp_path)
    [note] = report.files["notes"]
    assert note == (
        "left out: 1 service messages, 1 replies, 1 messages without a text; "
        "1 are forwarded, and taken as the channel's own"
    )


def test_an_account_of_telegram_holds_several_channels_and_no_letters_are_read(tmp_path):
    chat = json.loads(exports.telegram())
    person = chat | {"name": "Mother", "type": "personal_chat"}
    left = {"list": [chat | {"name": "Hill Notes"}]}
    said = {"chats": {"list": [chat, person]}, "left_chats": left}
    path = tmp_path / "result.json"
    path.write_text(json.dumps(said))
    report = ingest([path], tmp_path / "out")
    assert report.articles == 4
    assert set(report.unknown_outlets) == {"t.me/river-notes", "t.me/hill-notes"}
    assert "1 chats of persons" in report.files["notes"].iloc[0]


def test_a_column_of_texts_is_told_by_what_stands_in_it(tmp_path):
    content = table(rows(text="Leib", title="Titel", site="Haus"))
    report, found = taken("a.csv", content, tmp_path)
    assert len(found) == 2 and "Leib as text" in str(report) and "left Haus" in str(report)


def test_a_table_without_a_header_is_read_and_that_is_said(tmp_path):
    content = table(rows(url="url", text="text")).split(b"\n", 1)[1]
    report, found = taken("a.csv", content, tmp_path)
    assert [row["outlet"] for row in found] == ["courier.example"] * 2
    [said] = report.files.to_dict("records")
    assert said["columns"] == "column 1 as url, column 2 as text"
    assert said["notes"] == "has no header: columns are called by their numbers"


def test_a_remark_beside_an_address_is_no_text(tmp_path):
    remark = "I take this for a case. I read it twice. " * 8
    path = tmp_path / "a.csv"
    path.write_bytes(table([{"link": "https://courier.example/1", "comment": remark}]))
    with pytest.raises(IngestError, match="row 2: gone: there is no web here"):
        ingest([path], tmp_path / "out", fetcher=Offline())


def test_an_abstract_in_place_of_a_page_is_said(tmp_path):
    report, found = taken("a.csv", table(rows(text="description", url="url")), tmp_path)
    assert len(found) == 2
    assert "2 texts are abstracts beside an address" in report.files["notes"].iloc[0]


def test_fields_have_the_text_under_a_label_and_an_interview_is_no_field(tmp_path):
    parts = "\n\n".join(
        f"HEADLINE: {t}\nOUTLET: {o}, {d}\nTEXT: {body(w)}"
        for w, t, o, d in zip(WHO, TITLES, exports.OUTLETS, DAYS, strict=True)
    )
    _, found = taken("a.txt", parts, tmp_path)
    assert [row["date"] for row in found] == list(DAYS)
    assert {row["outlet"] for row in found} == COURIER
    (tmp_path / "out").rename(tmp_path / "before")
    _, found = taken("c.txt", parts.replace("\n\nHEADLINE", "\n-----\n\nHEADLINE"), tmp_path)
    assert [row["title"] for row in found] == list(TITLES)
    talk = (
        f"Work on a ferry\n\nQuestion: Why?\n\nAnswer: {body('cook')}\n\nDate: none.\nTitle: none."
    )
    (tmp_path / "b.txt").write_text(talk)
    assert "b.txt: a text; 1 article" in str(ingest([tmp_path / "b.txt"], tmp_path / "out"))


def test_the_times_of_subtitles_are_no_text(tmp_path):
    cues = "\n\n".join(
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{line}"
        for n, line in enumerate(exports.paragraphs("cook"), 1)
    )
    _, [found] = taken("a.srt", cues, tmp_path)
    assert " ".join(found["text"].split()) == body("cook", " ")


def test_a_cell_that_is_merged_holds_for_all_its_rows(tmp_path):
    cells = [["Source", "Text", ""], *(["", row["text"], ""] for row in PLAIN)]
    cells[1][0] = "Riverton Courier"
    _, found = taken("a.xlsx", exports.xlsx(cells, "A2:A3"), tmp_path)
    assert {row["outlet"] for row in found} == {"riverton-courier.invalid"}


def test_every_sheet_tells_how_it_was_read(tmp_path):
    first, second = PLAIN
    other = {"Leib": second["text"], "Day": "3/16/2024", "Mark": "x"}
    sheets = [[list(row), list(row.values())] for row in (first, other)]
    report, found = taken("a.xlsx", exports.xlsx(sheets[0], more=sheets[1]), tmp_path)
    said = "Day as date, Leib as text, left Mark, its dates put the month first"
    assert len(found) == 2 and list(report.files["notes"]) == [f"sheet 'More': {said}"]


def test_a_damaged_letter_costs_no_other():
    raw = exports.mbox().replace(b"<p>A deckhand", b"<p>A d\0ckhand")
    found = list(documents.letters(File.within("a.mbox", raw)).records)
    said = [record.problem for record in found]
    assert said == ["is binary, or damaged: it holds NUL bytes", ""]
    assert body("cook", " ") in " ".join(found[1].content.split())


def test_a_feed_with_a_mistyped_mark_is_read():
    raw = exports.rss().replace("</description>", "</descriptor>").encode()
    found = list(messages.feed(File.within("a.rss", raw)).records)
    assert [record.fields["title"] for record in found] == list(TITLES)


def test_a_merged_cell_may_lie_beyond_the_table(tmp_path):
    cells = [list(PLAIN[0]), *(list(row.values()) for row in PLAIN)]
    (tmp_path / "a.xlsx").write_bytes(exports.xlsx(cells, "G1:I1"))
    assert problems(tmp_path / "a.xlsx") == []


def test_a_cell_may_be_a_time_of_day(tmp_path):
    table = pd.DataFrame(PLAIN).assign(published_time=time(14, 30), created=datetime(2024, 3, 5))
    table.to_parquet(tmp_path / "a.parquet")
    assert problems(tmp_path / "a.parquet") == []
    assert cell(time(14, 30)) == "14:30:00"
    assert cell(datetime(2024, 3, 5, 14, 30)) == "2024-03-05 14:30:00"


def test_half_a_letter_in_a_text_or_a_name_costs_no_article(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    names = "\udce1", "\udce2"  # bytes that are no UTF-8
    named = dict(zip(names, map(body, ("smith", "baker")), strict=True))
    (folder / "c.tar.gz").write_bytes(exports.tar(**named))
    halves = [row | {"text": f"{row['text']} \ud83d", "source": "Courier\udce1"} for row in PLAIN]
    (folder / "a.json").write_text(json.dumps(halves))
    told = exports.telegram().replace(TITLES[1], "A\\ud83d")
    (folder / "b.json").write_text(told)
    report = ingest([folder], tmp_path / "out")
    assert report.articles == 6 and report.rejected == {}
    packed = folder / "c.tar.gz"
    assert set(report.files["file"]) > {f"{packed}/\\udce1", f"{packed}/\\udce2"}


def test_a_note_for_a_program_of_notes_is_read_with_its_fields(tmp_path):
    head = (
        'title: "Work on a ferry"\nsource: https://courier.example/1\nauthor:\n  - "[[Mira Holt]]"'
    )
    told = body("deckhand").replace("A deckhand", "**A deckhand**")
    text = f"---\n{head}\npublished: 2024-03-14\ntags:\n---\n![](a.png)\n{told}"
    _, [found] = taken("a.md", text, tmp_path)
    kept = [found[name] for name in ("title", "url", "author", "date")]
    assert kept == [TITLES[0], "https://courier.example/1", "Mira Holt", DAYS[0]]
    assert found["text"].startswith("A deckhand") and found["text"].endswith("either.")


def test_a_text_with_several_days_is_taken_as_one_and_that_is_said(tmp_path):
    text = "\n\n".join(f"{t}\n{d}\n{body(w)}" for t, d, w in zip(TITLES, DAYS, WHO, strict=True))
    report, _ = taken("a.docx", exports.docx(text), tmp_path)
    assert "2 parts under lines that say a day, maybe articles" in report.files["notes"].iloc[0]


def test_a_damaged_file_of_an_archive_costs_no_other(tmp_path):
    files = {"bad.docx": b"PK\x03\x04x", "good.txt": body("cook"), "~$good.docx": b"x\0"}
    report, _ = taken("a.zip", exports.zipped(**files), tmp_path)
    assert report.articles == 1 and len(report.rejected) == 2


def test_a_published_page_is_one_article_whatever_stands_beside_it(tmp_path):
    head = "<head><meta property='og:type' content='article'>"
    page = exports.clippings("article").replace("<head>", head)
    (tmp_path / "a.html").write_text(page)
    report = ingest([tmp_path / "a.html"], tmp_path / "out")
    assert (report.articles, list(report.files["taken_for"])) == (1, ["a page"])


def test_an_export_in_one_long_line_is_read_whole(tmp_path):
    said = json.loads(exports.telegram())
    said["messages"] += [{"id": n, "type": "service", "text": ""} for n in range(9, 5_000)]
    report, found = taken("result.json", json.dumps(said).encode("utf-8-sig"), tmp_path)
    assert len(found) == 2 and "Telegram" in report.files["taken_for"].iloc[0]


def test_a_page_of_a_channel_gives_its_address(tmp_path):
    text = f"<div class='tgme_widget_message_text'>{body('deckhand', '<br>')}</div>"
    time = "<a><time datetime='2024-03-14T10:00:00+00:00'></time></a>"
    message = f"<div class='tgme_widget_message' data-post='rybar/7'>{text}{time}</div>"
    _, [found] = taken("a.html", f"<html><body>{message}</body></html>", tmp_path)
    assert (found["url"], found["outlet"]) == ("https://t.me/rybar/7", "t.me/rybar")
    assert found["date"] == "2024-03-14"


def test_a_format_is_forced(tmp_path):
    (tmp_path / "a.html").write_text(exports.clippings("article"))
    report = ingest([tmp_path / "a.html"], tmp_path / "out", taken_for="article")
    assert (report.articles, list(report.files["taken_for"])) == (1, ["a page"])
    with pytest.raises(IngestError, match="'word' is no format; name one of article, nexis"):
        ingest([tmp_path], tmp_path / "out", taken_for="word")


@pytest.mark.slow
def test_a_mixed_folder_is_read_file_by_file(tmp_path):
    folder = tmp_path / "Мои статьи 2024"
    (folder / "в глубине").mkdir(parents=True)
    for number, name in enumerate(CASES):
        content = CASES[name][0]
        content = content if isinstance(content, bytes) else content.encode()
        (folder / "в глубине" / f"{number} {name}").write_bytes(content)
    report = ingest([folder], tmp_path / "out", fetcher=Offline())
    assert len(report.files) == len(CASES) + 3  # three hold two each
    assert (report.files["articles"] + report.files["not_taken"] == 2).sum() == len(CASES) - 3
    assert all(
        "is the same article" in why or "same address" in why for why in report.rejected.values()
    )


def test_parts_of_a_text_between_rules_are_articles_where_each_has_its_date(tmp_path):
    parts = [
        f"{title}\n{day}\n{body(who)}" for title, day, who in zip(TITLES, DAYS, WHO, strict=True)
    ]
    report, found = taken("a.txt", "\n=========\n".join(parts), tmp_path)
    assert [(row["title"], row["date"]) for row in found] == list(zip(TITLES, DAYS, strict=True))
    undated = "\n=========\n".join(
        f"{title}\n{body(who)}" for title, who in zip(TITLES, WHO, strict=True)
    )
    (tmp_path / "out").rename(tmp_path / "before")
    report, [one] = taken("b.txt", undated, tmp_path)
    assert list(report.files["notes"]) == ["has 2 parts between rules: taken as one article"]
    # A day that is told of deep in each part is not the day of an article.
    short = "\n\n".join(("One.", "Two.", "Three.", "Four."))
    told = [
        f"{title}\n\n{short}\n\n{day}\n\n{body(who)}"
        for title, day, who in zip(TITLES, DAYS, WHO, strict=True)
    ]
    (tmp_path / "c.txt").write_text("\n=========\n".join(told), encoding="utf-8")
    report = ingest([tmp_path / "c.txt"], tmp_path / "again")
    assert list(report.files["notes"]) == ["has 2 parts between rules: taken as one article"]


def test_an_article_of_nexis_without_content_is_told_and_keeps_its_number(tmp_path):
    first = "1 of 2 DOCUMENTS"
    empty = exports.nexis().replace(first, first + "\n" * 4 + first)
    report, found = taken("older.txt", empty, tmp_path)
    assert len(found) == 2
    [(where, why)] = report.rejected.items()
    assert where.endswith("article 1") and "no text" in why


def test_a_key_of_pages_in_the_json_of_telegram_is_no_address(tmp_path):
    said = json.loads(exports.telegram())
    for number, message in enumerate(said["messages"]):
        message |= {"url": "https://elsewhere.example/", "id": number}
    _, found = taken("channel.json", json.dumps(said), tmp_path)
    assert found and not any("elsewhere" in row["url"] for row in found)


# What cannot be read


def locked_pdf():
    writer = PdfWriter(PdfReader(io.BytesIO(exports.pdf(body("cook")))))
    writer.encrypt("secret", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def scanned_pdf():
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


ENTITY = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
ZOTERO = "<rdf:RDF xmlns:z='http://www.zotero.org/namespaces/export#'></rdf:RDF>"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
PICTURES = {
    "name": "x",
    "messages": [{"id": 1, "type": "message", "text": "", "from_id": "channel1"}],
}
FAULTS = {
    "locked.pdf": (locked_pdf(), "a PDF file under a password: save it without one"),
    "scanned.pdf": (scanned_pdf(), "of pictures, without text"),
    "broken.pdf": (b"%PDF-1.7\nnothing", "a damaged PDF file"),
    "locked.xlsx": (COMPOUND + "EncryptedPackage".encode("utf-16-le"), "under a password"),
    "old.doc": (COMPOUND + "WordDocument".encode("utf-16-le"), "save it as DOCX"),
    "broken.docx": (b"PK\x03\x04broken", "a damaged archive"),
    "slides.pptx": (exports.zipped(**{"ppt/presentation.xml": "x"}), "a presentation"),
    "bomb.zip": (exports.zipped(**{"a.txt": b"0" * 50_000_000}), "as a ZIP bomb does"),
    "bomb.jsonl.gz": (gzip.compress(b'{"a":"b"}\n' + b"0" * 50_000_000), "swells to more than"),
    "cut.jsonl.gz": (gzip.compress(lines(NEWS_PLEASE).encode())[:-90], "damaged"),
    "behind.txt": (
        b"\n" + gzip.compress(body("cook").encode(), mtime=0),
        "in no encoding that can be told",
    ),
    "nest.zip": (
        exports.zipped(a=exports.zipped(b=exports.zipped(c=exports.zipped(d=body("cook"))))),
        "archive in an archive",
    ),
    "feed.xml": (exports.rss(ENTITY), "declares XML entities"),
    "empty.xml": ("<?xml version='1.0'?><rss version='2.0'><channel/></rss>", "without an entry"),
    "other.xml": ("<?xml version='1.0'?><invoice><sum>1</sum></invoice>", "XML of a kind"),
    "pictures.json": (
        json.dumps(PICTURES),
        "holds no article .left out: 1 messages without a text",
    ),
    "truncated.json": ('[\n{"text": "a"},\n{"te', "damaged JSON"),
    "rows.csv": (b"a,b\n1,2\n", "no column of texts.*--column text=NAME"),
    "library.rdf": (ZOTERO, "is a library of Zotero in RDF: export it as CSL JSON, RIS or CSV"),
    "book.pages": (exports.zipped(**{"Index/Document.iwa": b"\0"}), "of Apple's Pages"),
    "photo.webp": (b"RIFF\0\0\0\0WEBPVP8 ", "is an image"),
    "film.mp4": (b"\0\0\0\x18ftypmp42\0", "is a film"),
    "frame.pkl": (b"\x80\x04\x95\x10\0\0", "is a pickle of Python"),
    "frame.rds": (gzip.compress(b"X\n\0\0\0\3" + b"\0" * 99), "is data of R"),
    "frame.feather": (b"ARROW1\0\0", "write it as Parquet or CSV"),
    "sound.txt": (b"ID3\x04" + b"\0" * 99, "is a sound"),
    "letters.txt": ("abc " * 300, "no language|no running text"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_read_is_said_in_one_sentence(name, tmp_path):
    content, why = FAULTS[name]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(IngestError, match=why) as error:
        ingest([path], tmp_path / "out")
    assert name in str(error.value) and not (tmp_path / "out").exists()


def problems(path):
    """What is said of a file, without the articles in it."""
    found = [record for reading in accounts(path, path / "out", {}) for record in reading.records]
    return [record.problem for record in found if record.problem]


NOISE = random.Random(1).randbytes(90_000).hex()  # that hardly shrinks
GREAT = gzip.compress("\n".join(json.dumps({"text": NOISE, "n": n}) for n in range(9)).encode())
TAR = gzip.decompress(exports.tar(a=NOISE, b=body("cook")))
DAMAGE = {
    "cut.txt.gz": GREAT[:-60],
    "cut.jsonl.gz": GREAT[: len(GREAT) // 2],
    "sum.txt.gz": GREAT[:-8] + b"\0\0\0\0" + GREAT[-4:],
    "changed.txt.gz": GREAT[:500_000] + b"\xff" * 9 + GREAT[500_009:],
    "cut.tar": TAR[:100_000],
    "bare.odt": exports.zipped(mimetype="application/vnd.oasis.opendocument.text"),
    "version.docx": re.sub(rb"(PK\x01\x02..)\x14", b"\\1\xff", exports.docx("x")),
    "places.docx": exports.docx("x")[:-6] + b"\0\0\1\0\0\0",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_file_that_is_damaged_beyond_its_beginning_is_said_to_be(name, tmp_path):
    (tmp_path / name).write_bytes(DAMAGE[name])
    [why] = problems(tmp_path / name)
    assert re.fullmatch("is (a )?damaged.*: get it again", why)


ODD = {
    "deep.json": ('[{"text":' + "[" * 50_000, "is damaged JSON"),
    "deep.jsonl": ('{"url":"https://a.example"}\n{"a":' + "[" * 50_000, "is no JSON"),
    "split.json": ('{"columns": ["text"], "data": [["a", "b"]]}', "columns do not fit its data"),
    "number.json": ('{"messages": [{"type": "message", "id": 1, "text": [5], "from": 1}]}', ""),
    "parts.json": ('[{"text": "a", "issued": {"date-parts": [5]}}]', ""),
    "list.csv": ("text,author\na,\"['a', " + "-" * 50_000 + "'']\"\n", ""),
}


@pytest.mark.parametrize("name", ODD)
def test_values_of_an_odd_shape_stop_nothing(name, tmp_path):
    content, why = ODD[name]
    (tmp_path / name).write_text(content)
    assert why in " ".join(problems(tmp_path / name))


@pytest.mark.parametrize("packed", [exports.zipped, exports.tar])
def test_an_archive_of_too_many_files_is_refused_whole(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "MANY", 2)
    (tmp_path / "a").write_bytes(packed(a=body("cook"), b=body("smith"), c=body("baker")))
    assert problems(tmp_path / "a") == ["holds more than 2 files: unpack it into a folder"]


def test_a_great_file_of_json_lines_is_read_line_by_line(tmp_path, monkeypatch):
    """Neither the whole file nor a second line is read before the first article is there."""
    path = tmp_path / "a.jsonl"
    path.write_text(lines(NEWS_PLEASE * 3000))
    file = File.of(path)
    monkeypatch.setattr(File, "read", lambda self: pytest.fail("was read whole"))
    assert sniff(file) == "json"
    assert next(read(file, {}).records).fields["title"] == TITLES[0]


def test_many_small_records_one_after_another_are_parsed_in_no_time():
    began = process_time()
    records = b'{\n"url":"https://courier.example/1"}\n' * 20_000
    assert len(list(programs.json_records(File.within("a", records), {}).records)) == 20_000
    assert process_time() - began < 2


def test_every_format_that_can_be_forced_is_described():
    assert all(name == name.lower() and what for name, what in FORMATS.items())


@pytest.mark.slow
def test_thousands_of_tiny_files_are_listed(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    for number in range(3000):
        Path(folder, f"{number}.txt").write_bytes(b"x")
    (folder / "good.txt").write_text(body("cook"))
    report = ingest([folder], tmp_path / "out")
    assert (report.articles, len(report.rejected)) == (1, 3000)
    assert "3,001 files: a text; 1 article\n" in str(report)
