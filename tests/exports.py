"""Files as databases, messengers and programs export them, with invented articles in them."""

# ruff: noqa: E501

import gzip
import io
import json
import tarfile
import zipfile
from email.message import EmailMessage
from xml.sax.saxutils import escape

WHO = ("deckhand", "cook")
TITLES = ("Work on a ferry", "A cook at the pier")
DAYS = ("2024-03-14", "2024-04-09")
WORDS = ("March 14, 2024 Thursday", "April 9, 2024 Tuesday")
OUTLETS = ("The Riverton Courier", "Northern Herald")
AUTHORS = ("Mira Holt", "Jan Brook")


def paragraphs(who: str) -> list[str]:
    return [
        f"A {who} who left his company in the winter has found work on a ferry, a paper reports. "
        f"The {who} counted the bridges on his way and thought about his sister in the north.",
        f"The office for migration has registered the {who}, and expects a decision next year.",
        f"Nobody had forced the {who} to enlist, and nobody had let the {who} go home either.",
    ]


def body(who: str, between: str = "\n") -> str:
    return between.join(paragraphs(who))


def rows(**names: str) -> list[dict]:
    """Records with the names of a program: text, title, date, site, author, url."""
    known = {"text": [body(who) for who in WHO], "title": TITLES, "date": DAYS, "site": OUTLETS}
    known |= {"author": AUTHORS, "url": [f"https://courier.example/{i}" for i in (1, 2)]}
    return [{name: known[what][i] for what, name in names.items()} for i in (0, 1)]


def nexis_uni(end: str = "End of Document") -> str:
    return "\n".join(
        f"{title}\n\n{outlet}\n{day}\n\nCopyright 2024 {outlet}\nAll Rights Reserved\n\n"
        f"Section: WORLD; Pg. 1\nLength: 90 words\nByline: {author}\nDateline: RIVERTON\nBody\n\n"
        f"{body(who, chr(10) * 2)}\n\nClassification\n\nLanguage: ENGLISH\n\nPublication-Type: "
        f"Newspaper\n\nSubject: FERRIES (90%)\n\nLoad-Date: May 1, 2024\n\n{end}\n\n"
        for who, title, outlet, day, author in zip(
            WHO, TITLES, OUTLETS, WORDS, AUTHORS, strict=True
        )
    )


def nexis_uni_in(labels: dict[str, str], end: str) -> str:
    """The same in another language of its pages; what is not in `labels` stays."""
    text = nexis_uni(end)
    for english, own in labels.items():
        text = text.replace(f"{english}:", f"{own}:").replace(f"\n{english}\n", f"\n{own}\n")
    return text


def letter(who: str, title: str, day: str) -> bytes:
    message = EmailMessage()
    message["Delivered-To"] = "reader@inbox.example"
    message["Date"] = f"{day} 10:11:00 +0000"
    message["From"] = "Riverton Courier <news@courier.example>"
    message["Subject"] = title
    message["Message-ID"] = "<1@courier.example>"
    message.set_content("View it in your browser.")
    page = f"<table><tr><td><h1>{title}</h1><p>{body(who, '</p><p>')}</p></td></tr></table>"
    message.add_alternative(f"<html><body>{page}</body></html>", subtype="html")
    return message.as_bytes()


def mbox() -> bytes:
    days = ("Thu, 14 Mar 2024", "Tue, 09 Apr 2024")
    return b"".join(
        b"From 1@xxx Tue Apr 09 10:11:00 +0000 2024\n" + letter(*said) + b"\n"
        for said in zip(WHO, TITLES, days, strict=True)
    )


def headed(title: str = "Title", date: str = "Date", site: str = "Source", author: str = "Author"):
    """Texts under fields of their own, one after the other."""
    return "\n\n".join(
        f"{title}: {t}\n{site}: {o}\n{date}: {d}\n{author}: {a}\n\n{body(w)}"
        for w, t, o, d, a in zip(WHO, TITLES, OUTLETS, DAYS, AUTHORS, strict=True)
    )


def tar(**files: bytes | str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    return buffer.getvalue()


def nexis(label: str = "BYLINE") -> str:
    parts = [
        f"{' ' * 30}{n} of 2 DOCUMENTS\n\n\n{' ' * 20}{outlet}\n\n{' ' * 15}{day}\n\n{title}\n\n"
        f"{label}: {author}\n\nSECTION: NEWS; Pg. 3\n\nLENGTH: 90 words\n\n{wrapped(body(who))}\n\n"
        f"LOAD-DATE: May 1, 2024\n\nLANGUAGE: ENGLISH\n\nPUBLICATION-TYPE: Newspaper\n\n\n"
        f"{' ' * 20}Copyright 2024 {outlet}\n{' ' * 25}All Rights Reserved\n"
        for n, (who, title, outlet, day, author) in enumerate(
            zip(WHO, TITLES, OUTLETS, WORDS, AUTHORS, strict=True), 1
        )
    ]
    return "Download Request: Selected Items: 1-2\nTime Of Request: May 2, 2024\n\n" + "\n".join(
        parts
    )


def wrapped(text: str, width: int = 76) -> str:
    import textwrap

    return "\n\n".join(textwrap.fill(line, width) for line in text.split("\n"))


def factiva() -> str:
    return "".join(
        f'<div class="article enArticle"><div>News</div><div id="hd"><span class="enHeadline">'
        f"{title}</span></div><div>By {author}</div><div>90 words</div><div>{day}</div>"
        f"<div>{outlet}</div><div>RIVC</div><div>English</div><div>(c) 2024 {outlet}</div>"
        + "".join(f'<p class="articleParagraph">{line}</p>' for line in paragraphs(who))
        + f"<p>Document RIVC00002024031{n}ek350001{n}</p></div>"
        for n, (who, title, outlet, day, author) in enumerate(
            zip(WHO, TITLES, OUTLETS, ("14 March 2024", "9 April 2024"), AUTHORS, strict=True)
        )
    )


def factiva_fields(tab: str = "\t") -> str:
    return "\n".join(
        f"SE{tab}World\nHD{tab}{title}\nBY{tab}By {author}\nWC{tab}90 words\nPD{tab}{day}\nSN{tab}"
        f"{outlet}\nSC{tab}RIVC\nLA{tab}English\nCY{tab}(c) 2024\nLP{tab}{paragraphs(who)[0]}\nTD"
        f"{tab}{paragraphs(who)[1]}\n{paragraphs(who)[2]}\nNS{tab}gcat : General\nAN{tab}Document "
        f"RIVC0000202403{n}\n"
        for n, (who, title, outlet, day, author) in enumerate(
            zip(WHO, TITLES, OUTLETS, ("14 March 2024", "9 April 2024"), AUTHORS, strict=True)
        )
    )


def proquest(rule: str = "_" * 60) -> str:
    return f"{rule}\n\n" + f"\n\n{rule}\n\n".join(
        f"{title}\n\nAuthor: {author}\n\nPublication info: {outlet} ; Riverton [Riverton]{day}.\n\n"
        f"https://www.proquest.com/docview/{n}\n\nAbstract: {paragraphs(who)[0][:60]}\n\nLinks: "
        f"https://resolver.example/\n\nFull text: {body(who)}\n\nPublication title: {outlet}; "
        f"Riverton\n\nPublication year: 2024\n\nPublication date: {day}\n\nPublisher: A press\n\n"
        f"Language of publication: English\n\nDocument type: News\n\nProQuest document ID: {n}\n\n"
        f"Document URL: https://www.proquest.com/docview/{n}\n\nLast updated: 2024-11-30\n\n"
        "Database: ProQuest Central"
        for n, (who, title, outlet, day, author) in enumerate(
            zip(WHO, TITLES, OUTLETS, ("Mar 14, 2024", "Apr 9, 2024"), AUTHORS, strict=True), 7
        )
    )


def integrum() -> bytes:
    text = (
        "Механик оставил свою часть и уехал к брату за границу, рассказал его адвокат.\n     Он дважды "  # noqa: E501
        "просил об увольнении, но ему отказали, и тогда он решил уйти сам.\n     Теперь он ждёт "
        "решения миграционной службы и работает на пароме у реки."
    )
    records = "".join(
        f"<div><table><tr><td>^ИС:\n Речной вестник\n<br>^РБ:\n ЛЮДИ\n<br>^НР:\n 6\n<br>^ДТ:\n "
        f"{day}\n<br>^АВ:\n Иванов Пётр\n<br>^ЗГ:\n {title}\n<br></td></tr></table><h3>{title}</h3>"
        f"<pre>\n     {text}{more}\n</pre></div>"
        for day, title, more in (
            ("14.03.2024", "РАБОТА НА ПАРОМЕ", ""),
            ("09.04.2024", "ПОВАР У ПРИЧАЛА", " Дома его ждала сестра."),
        )
    )
    page = f"<html><head><title>Report 12.05.2024</title></head><body>{records}</body></html>"
    return page.encode("cp1251")


def rtf(text: str, page: int = 1252) -> str:
    """Spell a text in RTF, letters beyond ASCII by their codes in a code page."""
    letters = text.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
    coded = "".join(
        c if c.isascii() else "".join(f"\\'{byte:02x}" for byte in c.encode(f"cp{page}"))
        for c in letters
    )
    coded = coded.replace("\t", "\\tab ").replace("\n", "\\par\n")
    return (
        f"{{\\rtf1\\ansi\\ansicpg{page}\\deff0{{\\fonttbl{{\\f0 Arial;}}}}\\f0\\fs20 {coded}\\par}}"
    )


def zipped(**files: bytes | str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def docx(text: str, more: str = "") -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    lines = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in text.split("\n"))
    lines += more
    return zipped(
        **{"word/document.xml": f"<w:document {space}><w:body>{lines}</w:body></w:document>"}
    )


def odt(text: str, more: str = "") -> bytes:
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in text.split("\n")) + more
    content = f'<office:text xmlns:office="o" xmlns:text="t">{lines}</office:text>'
    kind = "application/vnd.oasis.opendocument.text"
    return zipped(**{"mimetype": kind, "content.xml": content})


def xlsx(table: list[list[str]], merged: str = "", more: list[list[str]] | None = None) -> bytes:
    """Write a table into a workbook, and `more` into a second sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    def cells(table: list[list[str]]) -> str:
        return "".join(
            f'<row r="{i}">'
            + "".join(
                f'<c r="{chr(65 + j)}{i}" t="inlineStr"><is><t>{escape(v)}</t></is></c>'
                for j, v in enumerate(row)
            )
            + "</row>"
            for i, row in enumerate(table, 1)
        )

    over = f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    package = "http://schemas.openxmlformats.org/package/2006"
    return zipped(
        **{
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet '
            'name="Data" sheetId="1" r:id="r1"/><sheet name="More" sheetId="2" r:id="r2"/>'
            "</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/a.xml"/>'
            f'<Relationship Id="r2" Type="{office}/worksheet" Target="worksheets/b.xml"/>'
            "</Relationships>",
            "xl/worksheets/a.xml": f'<worksheet xmlns="{main}"><sheetData>{cells(table)}'
            f"</sheetData>{over}</worksheet>",
            "xl/worksheets/b.xml": f'<worksheet xmlns="{main}"><sheetData>{cells(more or [])}'
            "</sheetData></worksheet>",
        }
    )


def pdf(text: str) -> bytes:
    """Set a text in a minimal PDF, line by line."""
    shown = "".join(
        f"({line.translate({40: None, 41: None, 92: None})}) Tj T*\n" for line in text.split("\n")
    )
    stream = f"BT /F1 10 Tf 12 TL 40 800 Td\n{shown}ET".encode("latin-1")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 850]/Contents 4 0 R/Resources<</Font<</F1 5 0 "
        b"R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    return out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start


def telegram(whole: bool = True) -> str:
    """Spell the messages of a channel: two with a text, one of service, one reply, one picture."""
    same = {"from": "River Notes", "from_id": "channel1", "text_entities": []}
    second = paragraphs("cook")
    messages = [
        {
            "id": 1,
            "type": "service",
            "date": "2024-03-01T10:00:00",
            "text": "",
            "actor": "River Notes",
        },
        {
            "id": 2,
            "type": "message",
            "date": "2024-03-14T10:11:00",
            "text": body("deckhand"),
            **same,
        },
        {
            "id": 3,
            "type": "message",
            "date": "2024-04-09T10:11:00",
            "text": [
                {"type": "bold", "text": TITLES[1]},
                "\n\n",
                {"type": "plain", "text": second[0]},
                f"\n{second[1]}\n{second[2]}",
            ],
            **same,
        },
        {
            "id": 4,
            "type": "message",
            "date": "2024-04-10T10:11:00",
            "text": "",
            "photo": "x",
            **same,
        },
        {
            "id": 5,
            "type": "message",
            "date": "2024-04-10T10:12:00",
            "text": body("smith"),
            "reply_to_message_id": 2,
            **same,
        },
    ]
    channel = {"name": "River Notes", "type": "public_channel", "id": 1, "messages": messages}
    return json.dumps(channel if whole else messages, indent=1, ensure_ascii=False)


def telegram_page() -> str:
    def message(number: int, who: str, day: str, more: str = "") -> str:
        return (
            f"<div class='message default clearfix' id='message{number}'><div class='body'><div "
            f"class='pull_right date details' title='{day} 10:11:00 UTC+01:00'>10:11</div>{more}"
            f"<div class='from_name'>River Notes</div><div class='text'>{body(who, '<br>')}</div>"
            "</div></div>"
        )

    reply = "<div class='reply_to details'>In reply to this message</div>"
    return (
        "<html><head><title>Exported Data</title></head><body><div class='page_header'><div "
        "class='text bold'>River Notes</div></div><div class='history'><div class='message service' "  # noqa: E501
        "id='message-1'><div class='body details'>14 March 2024</div></div>"
        + message(2, "deckhand", "14.03.2024")
        + message(3, "cook", "09.04.2024")
        + message(5, "smith", "10.04.2024", reply)
        + "</div></body></html>"
    )


def rss(entity: str = "") -> str:
    items = "".join(
        f"<item><title>{title}</title><link>https://courier.example/{n}</link><pubDate>{day} "
        f"10:00:00 +0000</pubDate><dc:creator>{author}</dc:creator><description>{body(who)[:90]}"
        f"</description><content:encoded><![CDATA[<p>{body(who, '</p><p>')}</p>]]></content:encoded>"  # noqa: E501
        "</item>"
        for n, (who, title, author, day) in enumerate(
            zip(WHO, TITLES, AUTHORS, ("Thu, 14 Mar 2024", "Tue, 09 Apr 2024"), strict=True), 1
        )
    )
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    spaces += 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{entity}<rss version="2.0" {spaces}><channel><title>'  # noqa: E501
        f"Riverton Courier</title><link>https://courier.example/</link>{items}</channel></rss>"
    )


def atom() -> str:
    entries = "".join(
        f'<entry><title>{title}</title><link href="https://courier.example/{n}"/><published>{day}'
        f"T10:00:00Z</published><updated>2024-11-30T10:00:00Z</updated><author><name>{author}</name>"  # noqa: E501
        f'</author><content type="html">&lt;p&gt;{body(who, "&lt;/p&gt;&lt;p&gt;")}&lt;/p&gt;'
        "</content></entry>"
        for n, (who, title, author, day) in enumerate(
            zip(WHO, TITLES, AUTHORS, DAYS, strict=True), 1
        )
    )
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Courier</title>'
        f"{entries}</feed>"
    )


def page(who: str = "deckhand", title: str = TITLES[0], head: str = "", foot: str = "") -> str:
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{title} - Courier</title>"  # noqa: E501
        f"{head}</head><body><nav><ul><li><a href='/'>Home</a></li></ul></nav><main><article><h1>"
        f"{title}</h1><p>{body(who, '</p><p>')}</p></article></main><footer><p>{foot}</p></footer>"
        "</body></html>"
    )


def clippings(tag: str) -> str:
    parts = "<hr>".join(
        f"<{tag} class='a'><h2>{title}</h2><p class='src'>{outlet}, {day}</p><p>"
        f"{body(who, '</p><p>')}</p></{tag}>"
        for who, title, outlet, day in zip(WHO, TITLES, OUTLETS, WORDS, strict=True)
    )
    return f"<html><head><title>Clippings</title></head><body>{parts}</body></html>"


def europresse() -> str:
    days = ("Jeudi 14 mars 2024", "Mardi 9 avril 2024")
    parts = "".join(
        f"<article><header><div class='rdp__DocPublicationName'><span class='DocPublicationName'>"
        f"{outlet}</span></div><span class='DocHeader'>{day} - 90 mots</span><div class='titreArticle'>"
        f"<p class='titreArticleVisu'>{title}</p></div></header><section><div class='DocText'><p>"
        f"{body(who, '</p><p>')}</p></div></section><div class='publiC-lblNodoc'>news·2024·1</div>"
        "</article>"
        for who, title, outlet, day in zip(WHO, TITLES, OUTLETS, days, strict=True)
    )
    return f"<html><head><title>Europresse</title></head><body>{parts}</body></html>"


def page_table() -> str:
    names = dict(text="Text", title="Title", date="Date", site="Source")
    head = "".join(f"<th>{name}</th>" for name in names.values())
    cells = "".join(
        "<tr>" + "".join(f"<td>{value}</td>" for value in row.values()) + "</tr>"
        for row in rows(**names)
    )
    return f"<html><body><table><tr>{head}</tr>{cells}</table></body></html>"


def mhtml() -> bytes:
    message = EmailMessage()
    message["Snapshot-Content-Location"] = "https://courier.example/1"
    message["Subject"] = "Saved"
    message["Date"] = "Sat, 30 Nov 2024 10:00:00 -0000"
    date = "<meta property='article:published_time' content='2024-03-14'>"
    message.set_content(page(head=date), subtype="html", cte="quoted-printable")
    return message.as_bytes()


def single_file() -> str:
    picture = "<img src='data:image/jpeg;base64," + "QUJD" * 300_000 + "'>"
    date = "<meta name='date' content='2024-03-14'>"
    return page(head=date).replace("<p>", f"{picture}<p>", 1)


def epub() -> bytes:
    docs = {
        f"OEBPS/{who}.xhtml": "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>x</title>"
        f"</head><body><h1>{title}</h1><p>{day}</p><p>{body(who, '</p><p>')}</p></body></html>"
        for who, title, day in zip(WHO, TITLES, DAYS, strict=True)
    }
    items = "".join(f'<item id="{who}" href="{who}.xhtml"/>' for who in WHO)
    order = "".join(f'<itemref idref="{who}"/>' for who in WHO)
    package = f"<package><manifest>{items}</manifest><spine>{order}</spine></package>"
    container = '<container><rootfiles><rootfile full-path="OEBPS/c.opf"/></rootfiles></container>'
    return zipped(
        **{
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/c.opf": package,
            **docs,
        }
    )


def warc(wet: bool = False) -> bytes:
    def record(kind: str, mime: str, url: str, content: str) -> bytes:
        raw = content.encode()
        return (
            (
                f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Record-ID: <urn:x:1>\r\n"  # noqa: E501
                f"Content-Type: {mime}\r\nContent-Length: {len(raw)}\r\n\r\n"
            ).encode()
            + raw
            + b"\r\n\r\n"
        )

    parts = [record("warcinfo", "application/warc-fields", "", "software: x")]
    for n, who in enumerate(WHO, 1):
        url = f"https://courier.example/{n}"
        if wet:
            parts.append(record("conversion", "text/plain", url, f"{TITLES[n - 1]}\n{body(who)}"))
            continue
        date = f"<meta name='date' content='{DAYS[n - 1]}'>"
        answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        answer += page(who, TITLES[n - 1], date)
        parts.append(record("response", "application/http; msgtype=response", url, answer))
    picture = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nx"
    parts.append(record("response", "application/http", "https://courier.example/p", picture))
    return b"".join(map(gzip.compress, parts))


def ris() -> str:
    return "".join(
        f"TY  - NEWS\nTI  - {title}\nT2  - {outlet}\nAU  - {author}\nPY  - 2024\nDA  - {day}\nAB  - "  # noqa: E501
        f"{body(who, ' ')}\nUR  - https://courier.example/{n}\nLA  - en\nER  - \n\n"
        for n, (who, title, outlet, author, day) in enumerate(
            zip(WHO, TITLES, OUTLETS, AUTHORS, ("2024/03/14/", "2024/04/09/"), strict=True), 1
        )
    )


def bibtex() -> str:
    return "".join(
        f"@article{{key{n},\n title = {{{{{title}}}}},\n author = {{{author}}},\n journal = "
        f"{{{outlet}}},\n date = {{{day}}},\n url = {{https://courier.example/{n}}},\n abstract = "
        f"{{{body(who, ' ')}}}\n}}\n"
        for n, (who, title, outlet, author, day) in enumerate(
            zip(WHO, TITLES, OUTLETS, AUTHORS, DAYS, strict=True), 1
        )
    )


def csl() -> str:
    return json.dumps(
        [
            {
                "type": "article-newspaper",
                "title": title,
                "container-title": outlet,
                "author": [dict(zip(("given", "family"), author.split(), strict=True))],
                "issued": {"date-parts": [[int(part) for part in day.split("-")]]},
                "abstract": body(who, " "),
                "URL": f"https://courier.example/{n}",
            }
            for n, (who, title, outlet, author, day) in enumerate(
                zip(WHO, TITLES, OUTLETS, AUTHORS, DAYS, strict=True), 1
            )
        ]
    )
