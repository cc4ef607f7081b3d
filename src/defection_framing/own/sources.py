"""Sources of raw articles: folders, files, archives, addresses; and what each file in them is.

Everything in a source becomes an `Input`, what cannot be used too: then with the problem in words
that fit behind the name of the input.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlsplit

from . import formats
from .dates import Unusable
from .extract import SHORTEST
from .formats import documents

ADDRESS = re.compile(r"https?://[^\s\[\]/?#]+\S*", re.I)
"""An address of a web page."""

_NO_ARTICLES = re.compile(r"(?i)(?:readme|licen[cs]e|contributing|changelog)(?:\.\w+)?")
_NESTED = 3  # archives within archives


@dataclass
class Input:
    """One article still raw: where it stands, and either its content or what is wrong with it."""

    where: str  # as said to the user
    name: str  # stands in the address of an article that has none
    content: bytes | str | None = None  # None: to be fetched from its address
    given: dict[str, str] = field(default_factory=dict)  # known, by field of `extract.Article`
    problem: str = ""
    charset: str | None = None
    channel: str = ""  # of a messenger, where its address is not known

    def digest(self) -> str:
        """Name its content: 16 hexadecimal digits."""
        raw = self.content.encode() if isinstance(self.content, str) else self.content or b""
        known = json.dumps([self.given, self.problem, self.channel], sort_keys=True)
        return hashlib.sha256(raw + known.encode()).hexdigest()[:16]


@dataclass
class Account:
    """What a file was taken for, and how it was read; its inputs."""

    where: str
    inputs: Iterator[Input]
    taken_for: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def accounts(
    source: Path | str, out: Path, columns: dict[str, str], forced: str = ""
) -> Iterator[Account]:
    """Go through the files of a source, passing over the folder `out`.

    `columns` and `forced` are those of `formats.read`. Nothing is raised for a file that cannot be
    read: its only input then has the problem.
    """
    if ADDRESS.fullmatch(str(source)):
        url = str(source)
        yield Account(url, iter([Input(url, url, given={"url": url})]), "an address")
        return
    path = Path(source)
    try:
        folder = path.is_dir()
        if folder:
            os.scandir(path).close()
    except OSError as error:
        yield _bad(str(source), path.name, f"cannot be read ({error.strerror or error})")
        return
    if folder:
        yield from _folder(path, out, columns, forced)
    else:
        yield from _file(path, str(source), path.name, columns, forced)


def _bad(where: str, name: str, problem: str) -> Account:
    return Account(where, iter([Input(where, name, problem=problem)]))


def _folder(folder: Path, out: Path, columns: dict[str, str], forced: str) -> Iterator[Account]:
    """Read the files of a folder and its subfolders in the order of their names."""
    lost: list[OSError] = []
    for at, folders, names in os.walk(folder, onerror=lost.append):
        folders[:] = [n for n in sorted(folders) if Path(at, n).resolve() != out.resolve()]
        for name in [name for name in folders if Path(at, name).is_symlink()]:
            problem = "is a link to a folder: name that as a source"
            yield _bad(str(Path(at, name)), name, problem)
        for name in sorted(names):
            path = Path(at, name)
            said = f"{folder.resolve().name}/{path.relative_to(folder).as_posix()}"
            if name.startswith(".") or _NO_ARTICLES.fullmatch(name):
                yield _bad(
                    str(path), said, "is named as no article: name it as a source if it is one"
                )
            else:
                yield from _file(path, str(path), said, columns, forced)
    for error in lost:
        yield _bad(error.filename, error.filename, f"cannot be read: {error.strerror}")


def _file(
    path: Path, where: str, name: str, columns: dict[str, str], forced: str
) -> Iterator[Account]:
    """Read one file of the disk."""
    try:
        if path.exists() and not path.is_file():
            yield _bad(where, name, "is neither a folder nor a regular file: name one of these")
            return
        file = formats.File.of(path)
    except OSError as error:  # missing, barred, links in a circle
        yield _bad(where, name, f"cannot be read ({error.strerror or error})")
        return
    yield from _opened(file, where, name, columns, forced)


def _opened(
    file: formats.File, where: str, name: str, columns: dict[str, str], forced: str, depth: int = 0
) -> Iterator[Account]:
    """Read a file, or the files in an archive."""
    try:
        if not file.head.strip():
            raise Unusable("is empty")
        kind = formats.sniff(file) if file.head[:2] in (b"PK", b"\x1f\x8b") else ""
        if depth == _NESTED and kind in ("zip", "gzip"):
            raise Unusable("is an archive in an archive in an archive: unpack it first")
        if kind == "gzip" and not re.search(r"(?i)\.(?:warc|arc|wet)\.gz$", file.name):
            inner = file.unzipped()
            name = re.sub(r"(?i)\.gz$", "", name)
            if not inner.head.startswith((b"WARC/", b"filedesc:")):
                yield from _opened(inner, where, name, columns, forced, depth + 1)
                return
        if kind == "zip":
            yield from _zipped(file, where, name, columns, forced, depth)
            return
        reading = formats.read(file, columns, "warc" if kind == "gzip" else forced)
    except Unusable as error:
        yield _bad(where, name, str(error))
        return
    account = Account(
        where, iter(()), reading.taken_for, reading.columns, reading.left, reading.notes
    )
    account.inputs = _inputs(reading, account, name)
    yield account


def _zipped(file, where, name, columns, forced, depth) -> Iterator[Account]:
    with documents.opened(file) as archive:
        for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
            inner = entry.filename
            if entry.is_dir() or inner.startswith("__MACOSX/") or Path(inner).name.startswith("."):
                continue
            if _NO_ARTICLES.fullmatch(Path(inner).name):
                continue
            found = formats.File.within(inner, documents.part(archive, inner))
            yield from _opened(
                found, f"{where}/{inner}", f"{name}/{inner}", columns, forced, depth + 1
            )


def _inputs(reading: formats.Reading, account: Account, name: str) -> Iterator[Input]:
    """Make inputs of the records of a file; pages to be fetched come last, their hosts by turns."""
    to_fetch = []
    where, many = account.where, 0
    try:
        for record in reading.records:
            many += 1
            item = _input(record, where, name)
            if item.content is None and not item.problem:
                to_fetch.append(item)
            else:
                yield item
    except Unusable as error:  # that shows late, as where a file is cut off
        yield Input(f"{where}, after record {many}", name, problem=str(error))
    except (EOFError, OSError) as error:
        problem = f"is damaged ({error}): get it again"
        yield Input(f"{where}, after record {many}", name, problem=problem)
    account.taken_for = reading.taken_for  # known better now
    if not many:
        said = f" ({'; '.join(reading.notes)})" if reading.notes else ""
        yield Input(where, name, problem=f"holds no article{said}")
    yield from _by_turns(to_fetch)


def _input(record: formats.Record, where: str, name: str) -> Input:
    fields = dict(record.fields)
    number = fields.pop("id", "") or re.sub(r"^row ", "", record.at)
    at = (
        f"{where}, {record.at}"
        if record.at and record.at != fields.get("url")
        else record.at or where
    )
    channel = fields.pop("channel", "")
    abstract = fields.pop("abstract", "")
    content = record.content
    if content is None and (len(abstract) >= SHORTEST or not fields.get("url")):
        content = abstract
    item = Input(at, f"{name}/{number}" if number else name, content, fields)
    item.charset, item.channel, item.problem = record.charset, channel, record.problem
    if not content and not item.problem and not ADDRESS.fullmatch(fields.get("url", "")):
        item.problem = "holds no text"
    item.content = content or None
    return item


def _by_turns(items: list[Input]) -> Iterator[Input]:
    """Order addresses so that hosts take turns, and no host has to be waited for needlessly."""
    hosts: dict[str, list[Input]] = {}
    for item in items:
        hosts.setdefault(urlsplit(item.given["url"]).netloc, []).append(item)
    turns = zip_longest(*hosts.values())
    return (item for turn in turns for item in turn if item)
