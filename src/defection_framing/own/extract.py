"""From the bytes of one article to its text and what is known of it.

Nothing here knows of files, tables or the network: see `ingest`. Whatever cannot be used raises
`Unusable` with the reason, in words that fit behind the name of the input.
"""

import copy
import html
import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import charset_normalizer
import ftfy
import trafilatura
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from .boilerplate import clean, doubts
from .dates import NoDate, Unusable, date_of_stamps, date_of_url, read_date
from .markup import without_pictures
from .pagedates import FAST, date_of_page
from .words import joined

MAX_CHARACTERS = 1_000_000
"""Length of the longest text that may be one article."""

SHORTEST = 150
"""Shortest text that may be an article, in characters: some 25 words."""

_MAGIC = {
    rb"PK\x03\x04|%PDF|\x1f\x8b|PAR1|\{\\rtf": "an archive or a document: save it as a file",
    rb"\x89PNG|GIF8|\xff\xd8\xff|II\*\0|MM\0\*|RIFF....WEBP|....ftyp(?:hei|avif)": "an image: have "
    "its letters recognised (OCR) first",
    rb"ID3|OggS|fLaC|RIFF....WAVE|....ftypM4A": "a sound: write down what is said first",
    rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI": "a film: write down what is said first",
    rb"Rar!": "a RAR archive: unpack it first",
    rb"7z\xbc\xaf": "a 7z archive: unpack it first",
    rb"BZh": "a bzip2 archive: unpack it first",
    rb"\xfd7zXZ": "an xz archive: unpack it first",
    rb"\(\xb5/\xfd": "a zstd archive: unpack it first",
    rb"SQLite format": "a database: export its table as CSV",
    rb"RD[AX]\d\n|X\n\0\0": "data of R: write its table as CSV",
    rb"\x80[\x02-\x05][\x95c}\]]": "a pickle of Python, which may run programs: write it as CSV",
    rb"ARROW1|FEA1|\x89HDF": "a table of Arrow, Feather or HDF5: write it as Parquet or CSV",
}
_NO_PAGE = re.compile(rf"(?i)\b(?:{joined('own/walls.csv')['no page']})\b")
# The encodings of the web: without the list, rare code pages win on short texts.
_ENCODINGS = (
    "cp1251 iso8859_5 cp1252 koi8_u cp1250 cp1253 cp1254 cp1255 cp1256 cp1257 cp866 gb18030 big5 "
    "shift_jis euc_jp euc_kr"
).split()
# All make likely letters of the same bytes: the language tells which are meant.
_LATIN = {"cp1250": "pl cs sk hu ro hr sl bs sq", "cp1252": "", "cp1254": "tr az"}
_LATIN["cp1257"] = "lt lv et"


@dataclass(frozen=True)
class Article:
    """One article, cleaned. Unknown fields are empty; `date` is YYYY, YYYY-MM or YYYY-MM-DD.

    `remarks` are what a reader should know: kind and words of each line that was taken out, of a
    date that is none, of languages beside the main one, of a paywall or a notice before the text.
    """

    text: str
    title: str
    date: str
    lang: str
    url: str
    site: str
    author: str = ""
    remarks: tuple[tuple[str, str], ...] = ()


def extract(content: bytes | str, charset: str | None = None, **given: str) -> Article:
    """Read an article from a web page or from plain text, which is told from it, or say `Unusable`.

    A `charset` declared for bytes is used if they fit it. What is `given` (any field of `Article`
    but `text`) wins over what is found. `text` has one paragraph per line; `date` comes from the
    page's metadata or from under its headline, its address, a date stamp, a slug or a dateline,
    never from the running text or the foot of a page. A date that is none is left out and remarked.
    """
    if not content:
        raise Unusable("is empty")
    text = decode(content, charset) if isinstance(content, bytes) else content
    text = without_pictures(text)
    if len(text) > MAX_CHARACTERS:
        raise Unusable(f"is longer than {MAX_CHARACTERS:,} characters: give one article at a time")
    found = {name: value.strip() for name, value in given.items() if value.strip()}
    stamped = ""
    if re.search(r"<(?:!doctype html|html|head|body|article|div|p|br|script)\b", text[:5000], re.I):
        page, stamped = _page(text, found.get("url"))
        text = page.text or ""
        # One address for all pages of a site names none of them.
        url = page.url if urlsplit(page.url or "").path.strip("/") else ""
        site = page.sitename or page.hostname or ""
        known = dict(title=page.title or "", url=url, site=site, author=page.author or "")
        found = known | found
    lines, stamps, left_out = clean(text)
    title = _plain(found.pop("title", ""))
    opens_as_title = len(lines) > 1 and re.fullmatch(r"(?!.*[.!?] \w).{0,249}[^.:;,]", lines[0])
    if opens_as_title and not title:
        title = lines[0]
    if lines and lines[0] == title:
        lines = lines[1:]
    text = "\n".join(lines)
    _check(text, title)
    remarks = left_out + doubts(text, left_out)
    lang = found.pop("lang", "").lower().replace("_", "-").partition("-")[0]
    if len(lang) != 2 or lang not in _languages().nb_classes:  # such as `ua`, a country
        lang, beside = language(text)
        remarks += [("language beside", beside)] if beside else []
    url, when = found.pop("url", ""), ""
    try:
        when = read_date(found.pop("date", ""), lang)
        when = when or stamped or date_of_url(url) or date_of_stamps(stamps, lines, lang)
    except NoDate as error:
        remarks.append(("date left empty", str(error)))
    author = re.sub(r"(?i)^by\s+", "", _plain(found.pop("author", "")))
    site = _plain(found.pop("site", ""))
    return Article(text, title, when, lang, url, site, author, tuple(remarks))


def binary_kind(head: bytes) -> str:
    """Name the kind of file that some first bytes open; empty for what may be text."""
    for magic, kind in _MAGIC.items():
        if re.match(magic, head, re.S):
            return kind
    if b"\0" in head and not _wide(head):
        return "binary, or damaged: it holds NUL bytes"
    return ""


def _wide(raw: bytes) -> str:
    """Tell UTF-16 by its mark or, without one, by its second bytes; empty if it is none."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    first, second = raw[:4000:2], raw[1:4000:2]  # the second is 0 of Latin letters, 4 of Cyrillic
    wide = second and sum(b in (0, 4) for b in second) > 0.95 * len(second)
    return "utf-16-le" if wide and first.count(0) < 0.05 * len(first) else ""


def encoding_of(raw: bytes, charset: str | None = None) -> str:
    """Find the encoding of some bytes; `Unusable` if they fit none."""
    if wide := _wide(raw):
        return wide
    declared = re.search(rb"<meta[^>]{1,200}charset\s*=\s*[\"']?([\w-]{3,20})", raw[:4096], re.I)
    named = [charset, declared and declared[1].decode("ascii")]
    for name in ("utf-8-sig", *filter(None, named)):
        with suppress(UnicodeDecodeError, LookupError):
            raw.decode(name)
            return name
    lossy = raw.decode("utf-8", "replace")
    if lossy.count("\ufffd") * 20 < sum(not c.isascii() for c in lossy):
        return "utf-8"  # a few damaged letters in it are no other encoding
    # Lines beyond ASCII go first: a long file may begin without any, and these alone may be few.
    beyond = (line for line in raw.splitlines() if not line.isascii())
    told = b"\n".join([*beyond, raw[:500_000]])[:500_000]
    for mess in (0.2, 0.6):  # capitals and abbreviations look like one
        best = charset_normalizer.from_bytes(told, cp_isolation=_ENCODINGS, threshold=mess).best()
        if best:
            break
    else:
        raise Unusable("is in no encoding that can be told: save it in UTF-8")
    if best.encoding in _LATIN:
        lang = _languages().classify(told.decode("ascii", "ignore"))[0]
        return next((e for e, own in _LATIN.items() if lang in own.split()), "cp1252")
    return best.encoding


def decode(raw: bytes, charset: str | None = None) -> str:
    """Decode the bytes of an article; `Unusable` if they are no text."""
    if kind := binary_kind(raw):
        raise Unusable(f"is {kind}")
    return raw.decode(encoding_of(raw, charset), "replace")


def language(text: str) -> tuple[str, str]:
    """Tell the language of a text (ISO 639-1), and another one that a good part of it is in.

    `Unusable` if it is none of the 97 known. A text that quotes another language at length is in
    that of its larger part.
    """
    (code, probability), others = _languages().classify(text), []
    if probability < 0.9 or len(code) != 2:
        sizes: dict[str, int] = {}
        for line in text.splitlines():
            own, sure = _languages().classify(line)
            if sure > 0.9 and len(line) > 40:
                sizes[own] = sizes.get(own, 0) + len(line)
        if not sizes:
            raise Unusable("is in no language that can be told")
        code, *others = sorted(sizes, key=sizes.__getitem__, reverse=True)
    return _LANGUAGES.get(code, code), ", ".join(_LANGUAGES.get(o, o) for o in others)


_LANGUAGES = {"nb": "no", "nn": "no"}


@cache
def _languages() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _page(text: str, url: str | None):
    """Find the article in a web page, or in a part of one, and when it was published."""
    if not re.search(r"<html\b", text[:5000], re.I):
        text = f"<html><body>{text}</body></html>"
    # It tells of each page without an article in its log; here the table of rejects says so.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    tree = trafilatura.load_html(text)
    page = tree is not None and trafilatura.bare_extraction(
        copy.deepcopy(tree),
        url=url,
        include_comments=False,
        include_tables=False,
        with_metadata=True,
        date_extraction_params=FAST,
    )
    if not page or not (page.text or "").strip():
        raise Unusable("holds no article: no running text was found in the page")
    return page, date_of_page(tree, page.title or "")


def _plain(text: str) -> str:
    """One line of text without markup, entities and control characters."""
    before = None
    while text != before:  # markup may hide in entities, or in markup
        before, text = text, html.unescape(text)
        text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|</?[a-z!][^<>]*>", " ", text)
    return " ".join(ftfy.fix_text(text, uncurl_quotes=False).split())


def _check(text: str, title: str) -> None:
    """Refuse what is no article."""
    if len(text) < 1500 and _NO_PAGE.search(f"{title}\n{text[:300]}"):
        raise Unusable("is an error page or a bot check, no article")
    if not text.strip():
        raise Unusable("holds no text beside boilerplate")
    if (size := len(text)) < SHORTEST:
        raise Unusable(f"is too short for an article ({size} characters, at least {SHORTEST})")
    if text.count("\ufffd") > len(text) / 100:
        raise Unusable("is damaged: its encoding cannot be repaired; save it in UTF-8")
    letters = sum(c.isalpha() or c.isspace() for c in text) / len(text)
    if letters < 0.75:
        raise Unusable(f"is no running text: only {letters:.0%} of its characters are letters")
    ends = r"[^\s.!?。！？।]{2}[.!?。！？।…][\"”’»)」]?(?:\s|$|(?=[\u3040-\u9fff]))"
    if len(re.findall(ends, text)) < 2:
        raise Unusable("is no running text: it has fewer than two sentences")
