"""Sources of raw articles: folders, files, archives, addresses; and what each file in them is.

Everything in a source becomes a `Record`, what cannot be used too: then with the problem in words
that fit behind its name.
"""

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlsplit

from . import formats
from .dates import Unusable
from .extract import SHORTEST
from .formats import DAMAGED, File, Reading, Record, documents

ADDRESS = re.compile(r"https?://[^\s\[\]/?#]+\S*", re.I)
"""An address of a web page."""

_NO_ARTICLES = re.compile(
    r"(?i)(?:\.|~\$).*|(?:readme|licen[cs]e|contributing|changelog)(?:\.\w+)?|.*_doclist\.\w+"
    r"|thumbs\.db|desktop\.ini"
)
_NAMED = "is named as no article: name it as a source if it is one"
_NESTED = 3  # archives within archives


def accounts(
    source: Path | str, out: Path, columns: dict[str, str], forced: str = ""
) -> Iterator[Reading]:
    """Go through the files of a source, passing over the folder `out`.

    `columns` and `forced` are those of `formats.read`. Nothing is raised for a file that cannot be
    read: its only record then has the problem.
    """
    if ADDRESS.fullmatch(str(source)):
        url = str(source)
        record = Record(url, fields={"url": url}, name=url)
        yield Reading("an address", iter([record]), where=url)
        return
    read = partial(formats.read, columns=columns, forced=forced)
    path = Path(source)
    if path.is_dir():
        yield from _folder(path, out, read)
    else:
        yield from _opened(partial(File.of, path), str(source), path.name, read)


def _why(error: Exception) -> str:
    """Say why a file, or the rest of one, cannot be read."""
    if isinstance(error, OSError) and error.strerror:  # missing, barred, links in a circle
        return f"cannot be read ({error.strerror})"
    return str(error) if isinstance(error, Unusable) else f"is damaged ({error}): get it again"


def _spelled(name: str) -> str:
    """Spell the name of a file in letters that can be written, whatever bytes it has.

    The bytes are told by their numbers, so that two names stay two.
    """
    return name.encode("utf-8", "backslashreplace").decode()


def _bad(where: str, name: str, problem: str) -> Reading:
    where, name = _spelled(where), _spelled(name)
    return Reading("", iter([Record(where, problem=problem, name=name)]), where=where)


def _folder(folder: Path, out: Path, read: Callable[[File], Reading]) -> Iterator[Reading]:
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
            if _NO_ARTICLES.fullmatch(name):
                yield _bad(str(path), said, _NAMED)
            else:
                yield from _opened(partial(File.of, path), str(path), said, read)
    for error in lost:
        yield _bad(error.filename, error.filename, _why(error))


def _opened(
    made: Callable[[], File], where: str, name: str, read: Callable[[File], Reading], depth: int = 0
) -> Iterator[Reading]:
    """Read the file that is `made`, or files in it; one that cannot be made is rejected, too."""
    where, name = _spelled(where), _spelled(name)
    try:
        file = made()
        if not file.head.strip():
            raise Unusable("is empty")
        packed = file.head[:2] in (b"PK", b"\x1f\x8b") or file.head[257:262] == b"ustar"
        kind = formats.sniff(file) if packed else ""
        if kind in ("archive", "gzip") and depth == _NESTED:
            raise Unusable("is an archive in an archive in an archive: unpack it first")
        if kind == "gzip":
            name = re.sub(r"(?i)\.gz$", "", name)
            yield from _opened(file.unzipped, where, name, read, depth + 1)
        elif kind == "archive":
            for inner, content in documents.members(file):
                at, said = f"{where}/{inner}", f"{name}/{inner}"
                if _NO_ARTICLES.fullmatch(Path(inner).name) or inner.startswith("__MACOSX/"):
                    yield _bad(at, said, _NAMED)
                else:
                    yield from _opened(partial(_member, inner, content), at, said, read, depth + 1)
        else:
            reading = read(file)
            reading.where, reading.records = where, _placed(reading.records, reading, name)
            yield reading
    except (Unusable, *DAMAGED) as error:
        yield _bad(where, name, _why(error))


def _member(name: str, content: Callable[[], bytes]) -> File:
    return File.within(name, content())


def _placed(records: Iterator[Record], reading: Reading, name: str) -> Iterator[Record]:
    """Say of records where they stand; pages to be fetched come last, their hosts by turns."""
    to_fetch = []
    where, many, abstracts = reading.where, 0, 0
    try:
        for record in records:
            many += 1
            abstracts += _complete(record, where, name)
            if record.content is None and not record.problem:
                to_fetch.append(record)
            else:
                yield record
    except (Unusable, *DAMAGED) as error:  # that shows late, as where a file is cut off
        yield Record(f"{where}, after record {many}", problem=_why(error), name=name)
    if abstracts:
        said = "texts are abstracts beside an address: to fetch the pages, list the addresses alone"
        reading.notes.append(f"{abstracts:,} {said}")
    if not many:
        said = f" ({'; '.join(reading.notes)})" if reading.notes else ""
        yield Record(where, problem=f"holds no article{said}", name=name)
    yield from _by_turns(to_fetch)


def _whole(text: str) -> str:
    """Mark letters of which one half was lost, as JSON may hold: they cannot be written."""
    return re.sub(r"[\ud800-\udfff]", "\ufffd", text)


def _complete(record: Record, where: str, name: str) -> bool:
    """Say where a record stands, what it is called, and whether there is anything to read.

    Returns
    -------
    bool
        Whether its text is an abstract, taken in place of the page at its address.
    """
    record.fields = {what: _whole(said) for what, said in record.fields.items()}
    if isinstance(record.content, str):
        record.content = _whole(record.content)
    number = record.fields.pop("id", "") or re.sub(r"^row ", "", record.at)
    abstract, url = record.fields.pop("abstract", ""), record.fields.get("url", "")
    if not record.at or record.at != url:
        record.at = f"{where}, {record.at}" if record.at else where
    record.name = f"{name}/{number}" if number else name
    if record.content is None and (len(abstract) >= SHORTEST or not url):
        record.content = abstract
    if not record.content and not record.problem and not ADDRESS.fullmatch(url):
        record.problem = "holds no text"
    record.content = record.content or None
    return bool(url and abstract and record.content == abstract)


def _by_turns(records: list[Record]) -> Iterator[Record]:
    """Order addresses so that hosts take turns, and no host has to be waited for needlessly."""
    hosts: dict[str, list[Record]] = {}
    for record in records:
        hosts.setdefault(urlsplit(record.fields["url"]).netloc, []).append(record)
    turns = zip_longest(*hosts.values())
    return (record for turn in turns for record in turn if record)
