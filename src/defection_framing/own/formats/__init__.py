"""The formats that articles come in: each told from the content of its file, and read.

A format of a container (RTF, DOCX, a page) is read to lines or pages; what database laid them out
is told from these. `read` says what a file was taken for; nothing is taken silently for an article
that is none.
"""

import re

from .. import extract
from ..dates import Unusable
from . import bundles, documents, messages, pages, programs, tables
from .records import DAMAGED, File, Reading, Record

__all__ = ["DAMAGED", "FORMATS", "File", "Reading", "Record", "read", "sniff"]

FORMATS = {
    "article": "one article, a text or a page, not to be parted",
    "nexis": "Nexis and LexisNexis, the older layout",
    "nexis-uni": "Nexis Uni and Lexis Advance",
    "factiva": "Factiva as it is shown",
    "factiva-fields": "Factiva by fields (HD, PD, LP)",
    "proquest": "ProQuest",
    "integrum": "Integrum",
    "text": "plain text",
    "html": "web pages",
    "csv": "separated values",
    "json": "JSON, whole or by lines",
    "addresses": "addresses of pages, one a line",
}
"""What files may be taken for wrongly, as `--as` names it. Others are told by their first bytes."""

_MAGIC = {b"%PDF": "pdf", b"{\\rtf": "rtf", b"PAR1": "parquet", b"\x1f\x8b": "gzip"}
_MAGIC |= {b"WARC/": "warc", b"filedesc://": "warc"}
_LETTER = re.compile(
    r"(?i)(?:From .*\n)?(?=(?:.+\n)*?(?:mime-version|message-id|content-type|received): )"
    r"(?:[\w-]+: ?.*\n(?:[ \t].*\n)*){3}"
)
_MARKUP = re.compile(r"<(?:!doctype html|html|head|body|article|div|p|br|script|table)\b", re.I)


def sniff(file: File) -> str:
    """Tell the format of a file, from its bytes and, where these say nothing, from its name.

    Returns
    -------
    str
        A key of `FORMATS`, a format that `read` knows beside these, such as `docx`, or `archive` or
        `gzip`.

    Raises
    ------
    Unusable
        If it is none of these; the message says what it is.
    """
    head = file.head
    for magic, name in _MAGIC.items():
        if head.lstrip(b"\xef\xbb\xbf \r\n").startswith(magic):
            return name
    if head[257:262] == b"ustar":
        return "archive"
    if head.startswith(b"PK\x03\x04"):
        return _office(file)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _compound(file)
    tabular = file.name.lower().endswith((".csv", ".tsv", ".tab"))
    # NUL bytes in a row of a table are that row's.
    if kind := extract.binary_kind(head.replace(b"\0", b"") if tabular else head):
        raise Unusable(f"is {kind}")
    text = head.decode(extract.encoding_of(head), "replace").lstrip("\ufeff \r\n\t")
    if re.match(r"(\[\s*)?\{\s*[\"}]|\[\s*\]", text):
        return "json"
    if tabular:
        return "csv"
    if _LETTER.match(text):
        return "mhtml"
    if re.search(r"(?m)^TY  - ?\w", text[:2000]):
        return "ris"
    if re.match(r"(?:%.*\s+)*@\w+\s*\{", text):
        return "bibtex"
    root = re.search(r"<([A-Za-z][\w:.-]*)[\s>/]", re.sub(r"<!--.*?-->|<[?!][^>]*>", "", text))
    if root and text.startswith("<"):
        if "zotero.org/namespaces" in text:
            raise Unusable("is a library of Zotero in RDF: export it as CSL JSON, RIS or CSV")
        if root[1].lower() in ("rss", "feed", "rdf:rdf"):
            return "feed"
        if text.startswith("<?xml") and not re.search("(?i)<html|<!doctype html", text):
            said = f"is XML of a kind that is not known (<{root[1]}>): export it as a table"
            raise Unusable(said)
    if _MARKUP.search(text[:5000]):
        return "html"
    if tables.is_table(text):
        return "csv"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    listed = sum(bool(re.fullmatch(r"https?://\S+", line)) or line[0] == "#" for line in lines)
    if listed > len(lines) / 2 and any(line.startswith("http") for line in lines):
        return "addresses"  # a slip or two are said, line by line
    return "text"


def _office(file: File) -> str:
    """Tell what a ZIP archive is: a document, a workbook, or an archive of files."""
    with documents.opened(file) as archive:
        names = set(archive.namelist())
        kind = documents.part(archive, "mimetype") if "mimetype" in names else b""
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names or b"spreadsheet" in kind:
        return "excel"
    if b"opendocument.text" in kind:
        return "odt"
    if "ppt/presentation.xml" in names:
        raise Unusable("is a presentation: save its text as DOCX or TXT")
    if any(name.endswith(".iwa") for name in names):
        raise Unusable(
            "is a document of Apple's Pages, Numbers or Keynote: export it as DOCX or CSV"
        )
    return "archive"


def _compound(file: File) -> str:
    """Tell what a file of Microsoft's older kind is."""
    raw = file.read()
    if "EncryptedPackage".encode("utf-16-le") in raw:
        raise Unusable("is an office file under a password: save it without one")
    if any(name.encode("utf-16-le") in raw for name in ("Workbook", "Book")):
        return "excel"
    raise Unusable("is an old Word or other office file: save it as DOCX, or as TXT")


def read(file: File, columns: dict[str, str], forced: str = "") -> Reading:
    """Read a file that is no archive, as what it is or, where that is `forced`, as a format.

    `columns` are names of columns, by what they hold, where these are unusual. Whatever cannot be
    read raises `Unusable`, at once or while its records are read.
    """
    layout = forced if forced == "article" or forced in bundles.NAMES else ""
    name = sniff(file) if layout or not forced else forced
    if name in _TABLES:
        return _TABLES[name](file, columns)
    if name in _STREAMS:
        return _STREAMS[name](file)
    if name == "html":
        text = file.text()
        found = None if layout else tables.in_page(text, columns)
        return found or pages.read(text, layout)
    # A gzip file behind blank lines is no file to unpack: as a text it is refused.
    lines, made_in = _LINES.get(name, _LINES["text"])
    return documents.read_lines(lines(file), made_in, layout)


def _text_lines(file: File) -> list[str]:
    """Lines without signs of headings, stress, pictures and links, and times of subtitles."""
    text = re.sub(r"(?m)^(?:WEBVTT.*\n|(?:\d+\n)?[\d:.,]+ --> .*\n)", "", file.text())
    text = re.sub(r"!\[[^\]\n]*\]\([^)\n]*\)|(?m:^#{1,6} +)", "", text)
    return re.sub(r"\[([^\[\]\n]+)\]\(\S+?\)|\*\*(\S.*?)\*\*", r"\1\2", text).split("\n")


def _addresses(file: File) -> Reading:
    rows = dict.fromkeys(line.strip() for line in file.text().splitlines())
    none = "is no address of a web page"
    found = (
        Record(url, None, {"url": url}, "" if re.match(r"https?://", url) else none)
        for url in rows
        if url and not url.startswith("#")
    )
    return Reading("addresses of pages", found)


_TABLES = {
    "csv": tables.csv_table,
    "excel": tables.spreadsheet,
    "parquet": programs.parquet,
    "json": programs.json_records,
    "ris": programs.ris,
    "bibtex": programs.bibtex,
}
_STREAMS = {
    "feed": messages.feed,
    "warc": messages.warc,
    "mhtml": documents.letters,
    "addresses": _addresses,
}
_LINES = {
    "text": (_text_lines, "a text"),
    "docx": (documents.docx_lines, "a Word document"),
    "odt": (documents.odt_lines, "an OpenDocument text"),
    "rtf": (documents.rtf_lines, "an RTF document"),
    "pdf": (documents.pdf_lines, "a PDF file"),
}
