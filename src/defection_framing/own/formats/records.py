"""What a file of a source is, and what it holds: one record an article, still raw."""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from .. import extract
from ..dates import Unusable

MAX_FILE = 300_000_000
"""Size of the largest file that is read whole, in bytes: one that holds a record a line may be
larger."""

MAX_SWELL = 200
"""How many times its size a compressed file may become. Texts shrink to a tenth."""

HEAD = 65_536
"""Bytes by which a file is told."""

DAMAGED = (EOFError, OSError, tarfile.TarError, zlib.error)
"""What is raised where a file turns out, early or late, to be cut off or changed."""


@dataclass
class Record:
    """One article as its file holds it, or what is wrong with it."""

    at: str = ""  # in the file: "row 7", "article 3", empty for the whole of it; then as it is said
    content: bytes | str | None = None  # None: to be fetched from its address
    fields: dict[str, str] = field(default_factory=dict)
    # of `extract.Article`; `abstract`, `id`; `channel` of a messenger whose address is not known
    problem: str = ""
    charset: str | None = None  # declared for bytes
    name: str = ""  # stands in the address of an article that has none

    def digest(self) -> str:
        """Name its content: 16 hexadecimal digits."""
        raw = self.content.encode() if isinstance(self.content, str) else self.content or b""
        known = json.dumps([self.fields, self.problem], sort_keys=True)
        return hashlib.sha256(raw + known.encode()).hexdigest()[:16]


@dataclass
class Reading:
    """How a file is read: what for, which of its fields as what, and the records in it."""

    taken_for: str
    records: Iterator[Record]
    columns: dict[str, str] = field(default_factory=dict)  # name in the file, by what it holds
    left: list[str] = field(default_factory=list)  # names that nothing was read from
    notes: list[str] = field(default_factory=list)  # filled while records are read, too
    where: str = ""  # the file


def left_out(counts: dict[str, int]) -> list[str]:
    """Say what was left out, by kind, if anything was."""
    said = [f"{number:,} {what}" for what, number in counts.items() if number]
    return [f"left out: {', '.join(said)}"] if said else []


@dataclass
class File:
    """A file of a source, or of an archive in it: its name, first bytes, and how to open it."""

    name: str
    head: bytes
    opened: Callable[[], BinaryIO]
    size: int

    @classmethod
    def of(cls, path: Path) -> "File":
        """Look at a file of the disk."""
        if path.exists() and not path.is_file():
            raise Unusable("is neither a folder nor a regular file: name one of these")
        with path.open("rb") as file:
            return cls(str(path), file.read(HEAD), lambda: path.open("rb"), path.stat().st_size)

    @classmethod
    def within(cls, name: str, raw: bytes) -> "File":
        """Take the bytes of a file that another one holds."""
        return cls(name, raw[:HEAD], lambda: io.BytesIO(raw), len(raw))

    def read(self) -> bytes:
        """Return all its bytes."""
        if self.size > MAX_FILE:
            raise Unusable(f"is larger than {MAX_FILE:,} bytes: part it, or save it as JSON lines")
        with self.opened() as file:
            return file.read()

    def text(self) -> str:
        """Return all its text, with line breaks of one kind."""
        raw = self.read()
        text = raw.decode(extract.encoding_of(raw), "replace")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def unzipped(self) -> "File":
        """Return what a gzip file holds, without reading it all."""

        def opened() -> BinaryIO:
            return _Bounded(gzip.GzipFile(fileobj=self.opened()), self.size * MAX_SWELL)

        name = self.name.removesuffix(".gz").removesuffix(".GZ")
        with opened() as file:
            return File(name, file.read(HEAD), opened, self.size)


class _Bounded(io.RawIOBase):
    """Reads a decompressed stream, and stops where it swells beyond measure."""

    def __init__(self, file: BinaryIO, limit: int):
        self._file, self._left = file, max(limit, 10_000_000)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        read = self._file.read(len(buffer))
        self._left -= len(read)
        if self._left < 0:
            raise Unusable(f"swells to more than {MAX_SWELL} times its size: unpack it yourself")
        buffer[: len(read)] = read
        return len(read)
