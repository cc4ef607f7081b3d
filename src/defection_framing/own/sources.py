"""Sources of raw articles: folders, files, tables, addresses.

What a file is, is told from its content. Everything in a source becomes an `Input`, what cannot be
used too: then with the problem in words that fit behind the name of the input.
"""

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, zip_longest
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow.parquet
from pyarrow import ArrowException

from . import extract
from .dates import Unusable
from .fetch import MAX_BYTES

USUAL_COLUMNS = {
    "text": "text body content fulltext full_text article_text maintext plain_text article html",
    "url": "url link address source_url permalink uri",
    "title": "title headline heading",
    "date": "date published published_at publish_date date_publish pubdate publication_date "
    "datetime timestamp",
    "site": "outlet domain source publisher sitename site media",
    "lang": "lang language",
    "id": "id article_id doc_id",
}
"""Names by which the columns of a table are known, the likeliest first, in any case."""

ADDRESS = re.compile(r"https?://[^\s\[\]/?#]+\S*", re.I)
"""An address of a web page."""

_ARTICLES = {".txt", ".text", ".html", ".htm", ".xhtml", ".shtml", ""}

_Rows = Iterable[tuple[int, dict | str]]  # with their numbers; text is a problem, said


@dataclass
class Input:
    """One article still raw: where it stands, and either its content or what is wrong with it."""

    where: str  # as said to the user
    name: str  # stands in the address of an article that has none
    content: bytes | str | None = None  # None: to be fetched from its address
    given: dict[str, str] = field(default_factory=dict)  # known, by field of `extract.Article`
    problem: str = ""

    def digest(self) -> str:
        """Name its content: 16 hexadecimal digits."""
        raw = self.content.encode() if isinstance(self.content, str) else self.content or b""
        known = json.dumps([self.given, self.problem], sort_keys=True)
        return hashlib.sha256(raw + known.encode()).hexdigest()[:16]


def inputs(source: Path | str, out: Path, columns: dict[str, str]) -> Iterator[Input]:
    """Return the inputs of a source, passing over the folder `out`.

    If nothing of it can be read, `Unusable` says why in words that fit behind its name.
    """
    if ADDRESS.fullmatch(str(source)):
        return iter([_address(str(source))])
    path = Path(source)
    try:
        if path.is_dir():
            os.scandir(path).close()
            return _folder(path, out)
        if path.exists() and not path.is_file():
            raise Unusable("is neither a folder nor a regular file: name one of these")
        with path.open("rb") as file:
            head = file.read(65_536)
        if not head.strip():
            raise Unusable("is empty: name a file that holds articles")
        return _file(path, head, columns)
    except ArrowException as error:
        raise Unusable(f"is damaged ({str(error).splitlines()[0]}): get it again") from None
    except OSError as error:  # missing, barred, links in a circle
        raise Unusable(f"cannot be read ({error.strerror or error})") from None


def _file(path: Path, head: bytes, columns: dict[str, str]) -> Iterator[Input]:
    """Tell what a file is, and return its inputs."""
    if head.startswith(b"PAR1"):
        table = pyarrow.parquet.read_table(path)
        return _table(path, table.column_names, enumerate(table.to_pylist(), 1), columns)
    tabular = path.suffix.lower() in (".csv", ".tsv", ".tab")
    # NUL bytes in a row of a table are that row's.
    if kind := extract.binary_kind(head.replace(b"\0", b"") if tabular else head):
        raise Unusable(f"is {kind}, whatever its name: unpack or export it first")
    raw = path.read_bytes()
    text = raw.decode(extract.encoding_of(raw), "replace")
    if re.match(r'\s*(\[\s*)?\{\s*["}]', text):
        return _json(path, text, columns)
    if tabular:
        return _csv(path, text, columns)
    lines = [line.strip() for line in text[:65_536].splitlines() if line.strip()]
    addresses = sum(bool(ADDRESS.fullmatch(line)) or line.startswith("#") for line in lines)
    if addresses <= len(lines) / 2:  # a slip or two are said, line by line
        return iter([_read(path, str(path), path.name)])
    found = dict.fromkeys(line.strip() for line in text.splitlines())
    return _by_turns([_address(url) for url in found if url and not url.startswith("#")])


def _address(url: str) -> Input:
    problem = "" if ADDRESS.fullmatch(url) else "is no address of a web page"
    return Input(url, url, given={"url": url}, problem=problem)


def _folder(folder: Path, out: Path) -> Iterator[Input]:
    """Read the files of a folder and its subfolders in the order of their names."""
    lost: list[OSError] = []
    for at, folders, names in os.walk(folder, onerror=lost.append):
        folders[:] = [n for n in sorted(folders) if Path(at, n).resolve() != out.resolve()]
        for name in [name for name in folders if Path(at, name).is_symlink()]:
            path = Path(at, name)
            yield Input(str(path), name, problem="is a link to a folder: name that as a source")
        for name in sorted(names):
            path = Path(at, name)
            said = f"{folder.resolve().name}/{path.relative_to(folder).as_posix()}"
            if path.suffix.lower() in _ARTICLES and not name.startswith("."):
                yield _read(path, str(path), said)
            else:
                problem = "is no .txt or .html file: if it is a table, name it as a source"
                yield Input(str(path), said, problem=problem)
    for error in lost:
        yield Input(error.filename, error.filename, problem=f"cannot be read: {error}")


def _read(path: Path, where: str, name: str) -> Input:
    """Read the file of one article."""
    try:
        if not path.is_file() and path.exists():
            return Input(where, name, problem="is no regular file")
        if path.stat().st_size > MAX_BYTES:
            return Input(where, name, problem=f"is larger than {MAX_BYTES:,} bytes")
        return Input(where, name, content=path.read_bytes())
    except OSError as error:
        return Input(where, name, problem=f"cannot be read ({error.strerror})")


def _csv(path: Path, text: str, columns: dict[str, str]) -> Iterator[Input]:
    # The commonest of the usual signs parts the header, which holds no text to mislead.
    delimiter = max(",;\t|", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, dict | str]] = []
    usual = csv.field_size_limit(extract.MAX_CHARACTERS)
    try:
        header = next(reader)
        for number in count(2):
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                rows.append((number, f"cannot be read ({error}): mend its quotes or length"))
                continue
            if cells and len(cells) != len(header):
                said = f"has {len(cells)} cells where the header has {len(header)}: put cells"
                rows.append((number, f"{said} that hold the separator in double quotes"))
            elif any("\0" in cell for cell in cells):
                rows.append((number, "holds NUL bytes: save the file again as CSV in UTF-8"))
            elif cells:
                rows.append((number, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise Unusable(f"has no readable header in row 1 ({error})") from None
    finally:
        csv.field_size_limit(usual)
    return _table(path, header, rows, columns)


def _json(path: Path, text: str, columns: dict[str, str]) -> Iterator[Input]:
    """Read JSON: one record a line, or one array of them."""
    rows: list[tuple[int, dict | str]] = []
    try:
        records = json.loads(text)
        rows += enumerate(records if isinstance(records, list) else [records], 1)
    except ValueError:
        for number, line in enumerate(io.StringIO(text), 1):
            try:
                rows += [(number, json.loads(line))] if line.strip() else []
            except ValueError as error:
                rows.append((number, f"is no JSON ({error}): write one record in it"))
    for i, (number, row) in enumerate(rows):
        if not isinstance(row, dict | str):
            rows[i] = number, "is no record with named values"
    names = dict.fromkeys(name for _, row in rows if isinstance(row, dict) for name in row)
    return _table(path, list(names), rows, columns)


def _table(path: Path, names: list[str], rows: _Rows, columns: dict[str, str]) -> Iterator[Input]:
    """Find the columns of a table and read its rows."""
    there = ", ".join(names) or "none"
    lowered = {name.strip().lower(): name for name in reversed(names)}
    held = {}
    for what, usual in USUAL_COLUMNS.items():
        if what in columns and columns[what] not in names:
            raise Unusable(f"has no column {columns[what]!r} for the {what}: it has {there}")
        known = next((lowered[name] for name in usual.split() if name in lowered), None)
        if name := columns.get(what, known):
            held[what] = name
    if not {"text", "url"} & set(held):
        raise Unusable(
            f"has no column of texts or addresses: its columns are {there}; name the one that "
            "holds the texts"
        )
    return _rows(path, rows, held)


def _rows(path: Path, rows: _Rows, held: dict[str, str]) -> Iterator[Input]:
    to_fetch = []
    for number, row in rows:
        where = f"{path}, row {number}"
        if isinstance(row, str):
            yield Input(where, where, problem=row)
            continue
        cells = {what: _cell(row.get(name)) for what, name in held.items()}
        name = f"{path.name}/{cells.pop('id', '') or number}"
        text = cells.pop("text", None)
        item = Input(where, name, text, {k: v for k, v in cells.items() if v})
        url = cells.get("url", "")
        if "url" in held and not ADDRESS.fullmatch(url) and (url or text is None):
            item.problem = f"column {held['url']}: {url[:80]!r} is no address of a web page"
        elif text == "":
            item.problem = f"column {held['text']} is empty"
        if text is None and not item.problem:
            to_fetch.append(item)
        else:
            yield item
    yield from _by_turns(to_fetch)


def _cell(value) -> str:
    if value is None or value != value:  # NaN
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value).strip()


def _by_turns(items: list[Input]) -> Iterator[Input]:
    """Order addresses so that hosts take turns, and no host has to be waited for needlessly."""
    hosts: dict[str, list[Input]] = {}
    for item in items:
        hosts.setdefault(urlsplit(item.given["url"]).netloc, []).append(item)
    turns = zip_longest(*hosts.values())
    return (item for turn in turns for item in turn if item)
