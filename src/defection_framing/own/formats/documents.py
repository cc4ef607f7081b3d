"""Documents of office programs and readers: what is in them is a text, or a page."""

import email
import email.policy
import email.utils
import io
import re
import tarfile
from collections.abc import Callable
from functools import partial
from zipfile import BadZipFile, ZipFile

import pypdf
from lxml import etree
from pypdf.errors import PyPdfError
from striprtf.striprtf import rtf_to_text

from .. import extract
from ..dates import Unusable
from ..markup import text_of
from . import bundles, plain
from .records import DAMAGED, MAX_FILE, MAX_SWELL, File, Reading, Record

MANY = 10_000
"""Files that an archive may hold at most."""


def opened(file: File) -> ZipFile:
    """Open a ZIP archive, having looked at what it would swell to."""
    try:
        archive = ZipFile(io.BytesIO(file.read()))
        entries = archive.infolist()
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unusable(f"is a damaged archive ({error}): get it again") from None
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unusable("is an archive under a password: unpack it first")
    size = sum(entry.file_size for entry in entries)
    if size > max(MAX_SWELL * file.size, 10_000_000) or size > 20 * MAX_FILE:
        raise Unusable(f"would unpack to {size:,} bytes, as a ZIP bomb does: unpack it yourself")
    return archive


def members(file: File) -> list[tuple[str, Callable[[], bytes]]]:
    """Return the files of an archive (ZIP, TAR; of an EPUB its pages), and what reads each."""
    if file.head[257:262] == b"ustar":
        tar = tarfile.open(fileobj=io.BytesIO(file.read()))
        found = {e.name: tar.extractfile(e).read for e in tar.getmembers() if e.isfile()}
    else:
        archive = opened(file)
        names = archive.namelist()
        pages = r"\.x?html?$" if "META-INF/container.xml" in names else "[^/]$"
        found = {name: partial(part, archive, name) for name in names if re.search(pages, name)}
    if len(found) > MANY:
        raise Unusable(f"holds more than {MANY:,} files: unpack it into a folder")
    return sorted(found.items())


def part(archive: ZipFile, name: str) -> bytes:
    """Return one file of an archive."""
    try:
        with archive.open(name) as file:
            return file.read()
    except (BadZipFile, ValueError, KeyError, NotImplementedError, *DAMAGED) as error:
        raise Unusable(f"is damaged at {name} ({error}): get it again") from None


def read_lines(lines: list[str], made_in: str, forced: str = "") -> Reading:
    """Take a text for the export of a database that it is, or for one article.

    `forced` names a layout of `bundles`, or `article`; empty where it is to be told.
    """
    layout = "" if forced == "article" else forced or bundles.layout(lines)
    if layout:
        return Reading(f"{bundles.NAMES[layout]}, {made_in}", bundles.split(lines, layout))
    if forced:
        return Reading(made_in, iter([Record(content=bundles.unwrapped(lines))]))
    found, said = plain.articles(lines)
    what = f"{made_in} of {len(found)} articles" if len(found) > 1 else made_in
    return Reading(what, iter(found), notes=[said] if said else [])


_UNSHOWN = (
    *("{*}Fallback", "{*}pPr"),  # of a box, for older programs; where tabulators stand
    *("{*}moveFrom", "{*}tracked-changes", "{*}annotation"),
    *(etree.Comment, etree.Entity, etree.ProcessingInstruction),  # which have no name
)
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "s": " ", "noBreakHyphen": "-"}


def docx_lines(file: File) -> list[str]:
    """Return the paragraphs of a Word document, those of its tables too.

    The part of the text is read as it is: programs that write only this are read as well.
    """
    with opened(file) as archive:
        return _shown(part(archive, "word/document.xml"), "t")


def odt_lines(file: File) -> list[str]:
    """Return the paragraphs of an OpenDocument text."""
    with opened(file) as archive:
        raw = part(archive, "content.xml")
    return _shown(raw.replace(b"\n", b" "))  # a line of the file is none of the text


def _shown(raw: bytes, holder: str = "") -> list[str]:
    """Return the lines of a document as it is shown, without comments and what was deleted.

    `holder` is the element that text stands in; empty where it may stand in any. The XML may come
    from anywhere: nothing outside it is read, and nothing swells.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    tree = etree.fromstring(without_entities(raw), parser)
    if tree is None:
        raise Unusable("is damaged XML: get it again")
    etree.strip_elements(tree, *_UNSHOWN, with_tail=False)
    said = (_said(paragraph, holder) for paragraph in tree.iter("{*}p", "{*}h"))
    return "\n".join(said).replace("\xa0", " ").split("\n")


def _said(node, holder: str) -> str:
    """Text of a node, but for that of a box in it, whose paragraphs stand for themselves."""
    name = etree.QName(node).localname
    said = _SIGNS.get(name, "")
    if holder in ("", name):
        said += node.text or ""
    for child in node:
        if etree.QName(child).localname not in ("p", "h"):
            said += _said(child, holder)
        if not holder:
            said += child.tail or ""
    return said


def rtf_lines(file: File) -> list[str]:
    """Return the lines of an RTF document, without its codes."""
    # All codes are ASCII; letters beyond are written as codes, by the page that the file names.
    try:
        text = rtf_to_text(file.read().decode("latin-1"), errors="replace")
    except (ValueError, IndexError, LookupError) as error:
        raise Unusable(f"is a damaged RTF document ({error}): save it anew") from None
    return text.replace("\xa0", " ").split("\n")


def pdf_lines(file: File) -> list[str]:
    """Return the lines of a PDF file."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(file.read()))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unusable("is a PDF file under a password: save it without one")
        pages = [page.extract_text() for page in reader.pages]
    except ImportError:  # encrypted by a method that asks for a library of ciphers
        raise Unusable("is an encrypted PDF file: save it without a password") from None
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unusable(f"is a damaged PDF file ({error}): save it anew") from None
    if not "".join(pages).strip():
        raise Unusable(
            "is a PDF file of pictures, without text: have its letters recognised (OCR) first"
        )
    number = re.compile(r"(?i)\s*(?:page |seite |стр\. )?\d{1,4}(?:(?:/| of | von )\d+)?\s*")
    lines = "\n".join(pages).replace("\xa0", " ").split("\n")
    return [line for line in lines if not number.fullmatch(line)]


def without_entities(raw: bytes) -> bytes:
    """Return XML that declares no entities, or say `Unusable`."""
    if re.search(rb"<!ENTITY", raw, re.I):
        raise Unusable("declares XML entities, which may read other files or swell: take them out")
    return raw


def letters(file: File) -> Reading:
    """Read a web archive of a browser (MHTML): the page in it; or letters (EML, MBOX)."""
    raw = file.read()
    if raw.startswith(b"From "):
        parts = re.split(rb"(?m)^From \S*.*\d\d:\d\d.*\r?\n", raw)[1:]
        found = (_letter(part, f"letter {n}") for n, part in enumerate(parts, 1))
        return Reading("letters (MBOX)", found)
    record = _letter(raw)
    saved = "title" not in record.fields
    return Reading("a saved page (MHTML)" if saved else "a letter", iter([record]))


def _letter(raw: bytes, at: str = "") -> Record:
    said = email.message_from_bytes(raw, policy=email.policy.default)
    saved = str(said.get("Snapshot-Content-Location") or "")
    pages = [p for p in said.walk() if p.get_content_type() == "text/html"]
    plain = [p for p in said.walk() if p.get_content_type() == "text/plain"]
    main = [p for p in pages if saved and str(p.get("Content-Location", "")) == saved]
    chosen = next(iter(main + pages + plain), None)
    content = chosen.get_payload(decode=True) if chosen is not None else None
    if not isinstance(content, bytes):
        return Record(at, problem="holds no page: save it again, or as HTML", fields={"title": ""})
    charset = chosen.get_content_charset()
    if url := saved or str(chosen.get("Content-Location") or ""):
        return Record(at, content, {"url": url}, charset=charset)
    # A letter has a day of its own, a saved page only that on which it was saved.
    fields = {"title": str(said.get("Subject") or ""), "date": str(said.get("Date") or "")}
    fields["author"], address = email.utils.parseaddr(str(said.get("From") or ""))
    fields["site"] = address.rpartition("@")[2]
    try:
        # Tables lay letters out: what is text in them is not told as in a page.
        text = text_of(extract.decode(content, charset))
    except Unusable as error:  # the other letters are read
        return Record(at, problem=str(error), fields=fields)
    return Record(at, text, fields)
