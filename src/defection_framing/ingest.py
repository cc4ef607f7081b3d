"""From a researcher's raw articles to an uncoded data package.

`ingest` reads sources of any usual shape and writes into one folder:

- `texts.jsonl`: the articles (`id, url, outlet, date, lang, title, author, text`);
- `sentences.csv`: every sentence (`article_id, n, text, set_aside`), candidate claims having
  nothing in `set_aside`;
- `outlets.csv`: their outlets, as in the registry; unknown ones with a row to be filled in, which
  later runs keep as it was filled in;
- `sources.csv`: the sources that each article names (`article_id, sources`);
- `families.csv`: story families (see `families`);
- `rejected.csv`: every input that was not taken (`input, reason`).

Every input that has been dealt with is a line of `ingest.jsonl`. The tables are made from it alone,
each put in place whole. So a run that was interrupted goes on where it stopped, a second run on the
same inputs changes nothing, and a run on others adds to what is there.
"""

import csv
import fcntl
import hashlib
import io
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import pandas as pd
import pyarrow.parquet
from pyarrow import ArrowException
from tqdm import tqdm
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from . import corpus, extract, settings
from .build import article_id
from .extract import Unusable
from .families import families
from .fetch import MAX_BYTES, Fetcher, Unfetched

USUAL_COLUMNS = {
    "text": "text body content fulltext full_text article_text maintext plain_text article html",
    "url": "url link address source_url permalink uri",
    "title": "title headline heading",
    "date": "date published published_at publish_date date_publish pubdate publication_date "
    "datetime timestamp",
    "site": "outlet domain source publisher sitename site media",
    "author": "author authors byline",
    "lang": "lang language",
    "id": "id article_id doc_id",
}
"""Names by which the columns of a table are known, the likeliest first, in any case."""

NO_OUTLET = "unknown.invalid"
"""Stands for the domain of an article that comes without an address (RFC 2606: no such domain)."""

TO_CLASSIFY = "not in the registry: to be classified"
"""What `outlets.csv` gives as the basis of an unknown outlet."""

_ARTICLES = {".txt", ".text", ".html", ".htm", ".xhtml", ".shtml", ""}
_ADDRESS = re.compile(r"https?://[^\s\[\]/?#]+\S*", re.I)
_JOURNAL = "ingest.jsonl"


class IngestError(ValueError):
    """A source or folder that cannot be used; the message names it and says what to do."""


@dataclass(frozen=True)
class Report:
    """What an ingestion left in its folder; `str` of it is a few lines to print.

    Attributes
    ----------
    out : Path
    articles, new : int
        All in the folder, and those that this run added.
    undated : int
    rejected : dict of str to str
        Every input that is not taken, with the reason.
    unknown_outlets : list of str
        Domains without a row in the registry.
    families : int
        Story families of more than one article.
    """

    out: Path
    articles: int
    new: int
    undated: int
    rejected: dict[str, str] = field(repr=False)
    unknown_outlets: list[str]
    families: int

    def __str__(self) -> str:
        """Say it in a few lines."""
        gone = sum(reason.startswith("gone") for reason in self.rejected.values())
        lines = [
            f"{self.articles:,} articles in {self.out}, {self.new:,} of them new; "
            f"{self.undated:,} without a date.",
            f"{len(self.rejected):,} inputs not taken ({gone:,} of them gone from the web): see "
            "rejected.csv.",
            f"{self.families:,} story families of more than one article: see families.csv.",
        ]
        if self.unknown_outlets:
            named = ", ".join(self.unknown_outlets[:10])
            more = len(self.unknown_outlets) - 10
            lines.append(
                f"{len(self.unknown_outlets):,} outlets to classify in outlets.csv: {named}"
                + (f" and {more:,} more." if more > 0 else ".")
            )
        return "\n".join(lines)


@dataclass
class _Input:
    """One article still raw: where it stands, and either its content or what is wrong with it."""

    where: str  # as said to the user
    name: str  # names it in the address of an article that has none
    content: bytes | str | None = None  # none: to be fetched from `given["url"]`
    given: dict[str, str] = field(default_factory=dict)
    charset: str | None = None
    problem: str = ""

    def digest(self) -> str:
        raw = self.content.encode() if isinstance(self.content, str) else self.content or b""
        known = json.dumps([self.given, self.problem], sort_keys=True)
        return hashlib.sha256(raw + known.encode()).hexdigest()[:16]


def ingest(
    sources: Sequence[Path | str],
    out: Path,
    columns: Mapping[str, str] | None = None,
    languages: Collection[str] | None = None,
    fetcher: Fetcher | None = None,
) -> Report:
    """Read articles from sources into a folder, on top of what it holds.

    Parameters
    ----------
    sources : sequence of Path or str
        Each an address of a page, or the path of: a folder of `.txt` and `.html`, read with its
        subfolders; one such file; a CSV, JSONL or Parquet table, with a column of texts, or with
        one of addresses that are then fetched; a WARC; a text file of addresses, one a line. What a
        file is, is told from its content.
    out : Path
        Folder to write to, created if need be.
    columns : mapping, optional
        Column of the tables by what it holds (a key of `USUAL_COLUMNS`), where its name is unusual.
    languages : collection of str, optional
        ISO 639-1 codes of the languages to take; by default all.
    fetcher : Fetcher, optional
        Fetches the addresses.

    Returns
    -------
    Report

    Raises
    ------
    IngestError
        If a source cannot be used at all, or no article in it can; what this run added to the
        folder before is taken back. Single inputs that cannot be used are listed, not raised.
    """
    out = Path(out)
    columns = dict(columns or {})
    if unknown := set(columns) - set(USUAL_COLUMNS):
        raise IngestError(
            f"A column cannot hold {', '.join(sorted(unknown))}; name one that holds "
            f"{', '.join(USUAL_COLUMNS)}."
        )
    if not sources:
        raise IngestError("No source is given; name a folder, a file or an address.")
    registry = _registry(settings.ROOT / "data" / "outlets.csv")
    registry |= _registry(out / "outlets.csv") if (out / "outlets.csv").exists() else {}
    found = [(source, _open(source, out, columns)) for source in sources]
    with _journal(out) as journal:
        fetcher = fetcher or Fetcher()
        before = len(journal.taken())
        for source, inputs in found:
            _take(str(source), inputs, journal, registry, languages, fetcher)
        return _write_tables(out, journal, registry, before)


# Sources


def _open(source: Path | str, out: Path, columns: dict[str, str]) -> Iterator[_Input]:
    """See that a source can be read at all, tell what it is, and return its inputs."""
    if _ADDRESS.fullmatch(str(source)):
        return iter([_Input(str(source), str(source), given={"url": str(source)})])
    path = Path(source)
    try:
        if path.is_dir():
            os.scandir(path).close()
            return _folder(path, out)
        if path.exists() and not path.is_file():
            raise IngestError(f"{path} is neither a folder nor a regular file; name one of these.")
        with path.open("rb") as file:
            head = file.read(65_536)
    except FileNotFoundError:
        raise IngestError(f"{path} does not exist; check its name.") from None
    except PermissionError:
        raise IngestError(f"{path} may not be read; give yourself the right to read it.") from None
    except OSError as error:  # such as links in a circle
        raise IngestError(f"{path} cannot be read ({error.strerror}); repair it.") from None
    if not head.strip():
        raise IngestError(f"{path} is empty; name a file that holds articles.")
    try:
        return _file(path, head, columns)
    except Unusable as error:
        raise IngestError(f"{path} {error}.") from None
    except (ArrowException, OSError) as error:
        problem = str(error).splitlines()[0]
        raise IngestError(f"{path} is damaged ({problem}); get it again.") from None


def _file(path: Path, head: bytes, columns: dict[str, str]) -> Iterator[_Input]:
    """Tell what a file is, and return its inputs."""
    if head.startswith(b"PAR1"):
        table = pyarrow.parquet.ParquetFile(path)
        return _table(path, table.schema_arrow.names, _parquet_rows(table), columns)
    if head.startswith(b"WARC/") or (head[:2] == b"\x1f\x8b" and ".warc" in path.name):
        return _warc(path)
    tabular = path.suffix.lower() in (".csv", ".tsv", ".tab")
    # NUL bytes in a row of a table are that row's.
    if kind := extract.binary_kind(head.replace(b"\0", b"") if tabular else head):
        raise Unusable(f"is {kind}, whatever its name: unpack or export it first")
    encoding = _encoding(path)
    with path.open(encoding=encoding, errors="replace") as file:
        start = file.read(65_536)
    if re.match(r'\s*(\[\s*)?\{\s*["}]', start):
        return _json(path, encoding, columns)
    if tabular:
        return _csv(path, encoding, columns)
    lines = [line.strip() for line in start.splitlines() if line.strip()]
    addresses = sum(bool(_ADDRESS.fullmatch(line)) or line.startswith("#") for line in lines)
    if addresses > len(lines) / 2:  # a slip or two are said, line by line
        with path.open(encoding=encoding, errors="replace") as file:
            found = dict.fromkeys(line.strip() for line in file)
        return _in_turn(url for url in found if url and not url.startswith("#"))
    return iter([_read(path, str(path), path.name)])


def _encoding(path: Path) -> str:
    """Find the encoding of a file that may be too large to hold."""
    try:
        with path.open(encoding="utf-8") as file:
            while file.read(1 << 20):
                pass
        return "utf-8-sig"
    except UnicodeDecodeError:
        with path.open("rb") as file:
            return extract.encoding_of(file.read(1 << 20))


def _folder(folder: Path, out: Path) -> Iterator[_Input]:
    """Read the files of a folder and its subfolders in the order of their names."""

    def unreadable(error: OSError) -> None:
        lost.append(_Input(error.filename, error.filename, problem=f"cannot be read: {error}"))

    lost: list[_Input] = []
    for at, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        folders[:] = [name for name in folders if Path(at, name).resolve() != out.resolve()]
        for name in [name for name in folders if Path(at, name).is_symlink()]:
            path = Path(at, name)
            yield _Input(str(path), name, problem="is a link to a folder: name that as a source")
        for name in sorted(names):
            path = Path(at, name)
            said = f"{folder.resolve().name}/{path.relative_to(folder).as_posix()}"
            if path.suffix.lower() in _ARTICLES and not name.startswith("."):
                yield _read(path, str(path), said)
            else:
                problem = "is no .txt or .html file: if it is a table, name it as a source"
                yield _Input(str(path), said, problem=problem)
    yield from lost


def _read(path: Path, where: str, name: str) -> _Input:
    """Read the file of one article."""
    try:
        if not path.is_file() and path.exists():
            return _Input(where, name, problem="is no regular file")
        if path.stat().st_size > MAX_BYTES:
            return _Input(where, name, problem=f"is larger than {MAX_BYTES:,} bytes")
        return _Input(where, name, content=path.read_bytes())
    except OSError as error:
        return _Input(where, name, problem=f"cannot be read ({error.strerror})")


def _csv(path: Path, encoding: str, columns: dict[str, str]) -> Iterator[_Input]:
    csv.field_size_limit(extract.MAX_CHARACTERS)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        first = file.readline()
    # The commonest of the usual signs parts the header, which holds no text to mislead.
    delimiter = max(",;\t|", key=first.count)
    try:
        header = next(csv.reader([first], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Unusable(f", row 1: the header cannot be read ({error}): repair it") from None

    def rows() -> Iterator[tuple[int, dict | str]]:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            next(reader)
            number = 1
            while True:
                number += 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    line = f"line {reader.line_num + 1} of the file"
                    yield number, f"cannot be read ({error}, at {line}): mend its quotes or length"
                    continue
                if cells and len(cells) != len(header):
                    yield (
                        number,
                        (
                            f"has {len(cells)} cells where the header has {len(header)}: put cells "
                            "that hold the separator in double quotes"
                        ),
                    )
                elif any("\0" in cell for cell in cells):
                    yield number, "holds NUL bytes: save the file again as CSV in UTF-8"
                elif cells:
                    yield number, dict(zip(header, cells, strict=True))

    return _table(path, header, rows(), columns)


def _parquet_rows(table: pyarrow.parquet.ParquetFile) -> Iterator[tuple[int, dict | str]]:
    number = 0
    try:
        for batch in table.iter_batches(256):
            for number, row in enumerate(batch.to_pylist(), number + 1):  # noqa: B020
                yield number, row
    except (ArrowException, OSError) as error:
        yield number + 1, f"and all after it are damaged ({str(error).splitlines()[0]})"


def _json(path: Path, encoding: str, columns: dict[str, str]) -> Iterator[_Input]:
    """Read JSON: one record a line, or one array of them."""
    with path.open(encoding=encoding, errors="replace") as file:
        text = file.read()
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


def _table(
    path: Path,
    names: list[str],
    rows: Iterable[tuple[int, dict | str]],
    columns: dict[str, str],
) -> Iterator[_Input]:
    """Find the columns of a table and read its rows; a row that is text is a problem, said."""
    lowered = {name.strip().lower(): name for name in reversed(names)}
    held = {}
    for what, usual in USUAL_COLUMNS.items():
        if what in columns and columns[what] not in names:
            raise Unusable(
                f"has no column {columns[what]!r} for the {what}: its columns are "
                f"{', '.join(names)}"
            )
        usual_name = next((lowered[name] for name in usual.split() if name in lowered), None)
        if name := columns.get(what, usual_name):
            held[what] = name
    if not {"text", "url"} & set(held):
        raise Unusable(
            f"has no column of texts or addresses: its columns are {', '.join(names) or 'none'}; "
            "name the one that holds the texts"
        )
    return _rows(path, rows, held)


def _rows(path: Path, rows: Iterable[tuple[int, dict | str]], held: dict[str, str]):
    to_fetch = []
    for number, row in rows:
        where = f"{path}, row {number}"
        if isinstance(row, str):
            yield _Input(where, where, problem=row)
            continue
        cells = {what: _cell(row.get(name)) for what, name in held.items()}
        name = f"{path.name}/{cells.pop('id', '') or number}"
        text = cells.pop("text", None)
        item = _Input(where, name, text, {k: v for k, v in cells.items() if v})
        url = cells.get("url", "")
        if "url" in held and not _ADDRESS.fullmatch(url) and (url or text is None):
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
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value).strip()


def _in_turn(urls: Iterable[str]) -> Iterator[_Input]:
    items = []
    for url in urls:
        problem = "" if _ADDRESS.fullmatch(url) else "is no address of a web page"
        items.append(_Input(url, url, given={"url": url}, problem=problem))
    return _by_turns(items)


def _by_turns(items: list[_Input]) -> Iterator[_Input]:
    """Order addresses so that hosts take turns, and no host has to be waited for needlessly."""
    seen: Counter = Counter()
    turns = []
    for item in items:
        host = urlsplit(item.given["url"]).netloc
        seen[host] += 1
        turns.append(seen[host])
    return iter([item for _, item in sorted(zip(turns, items, strict=True), key=lambda t: t[0])])


def _warc(path: Path) -> Iterator[_Input]:
    """Read the pages of a web archive, in any of the forms that hold a page or its text."""
    number = 0
    with path.open("rb") as file:
        try:
            for record in ArchiveIterator(file):
                number += 1
                where = f"{path}, record {number}"
                url = record.rec_headers.get_header("WARC-Target-URI") or ""
                if record.rec_type not in ("response", "resource", "conversion"):
                    continue
                if not _ADDRESS.fullmatch(url := url.strip("<>")):
                    continue  # a note of the crawler, such as dns: and metadata:
                item = _Input(where, url, given={"url": url})
                headers = record.http_headers or record.rec_headers
                status = record.http_headers.get_statuscode() if record.http_headers else "200"
                kind = headers.get_header("Content-Type") or ""
                item.charset = (re.search(r"charset=[\"']?([\w-]+)", kind) or ["", None])[1]
                if status != "200":
                    item.problem = f"the archived answer is HTTP {status}"
                elif not re.match(r"text/(html|plain)|application/xhtml", kind):
                    item.problem = f"is {kind.partition(';')[0] or 'of no named type'}, not a page"
                else:
                    item.content = record.content_stream().read(MAX_BYTES + 1)
                    if len(item.content) > MAX_BYTES:
                        item.problem = f"is larger than {MAX_BYTES:,} bytes"
                yield item
        except (ArchiveLoadFailed, EOFError, OSError) as error:
            where = f"{path}, after record {number}"
            yield _Input(where, where, problem=f"the archive is damaged ({error}): get it again")


# The journal


class _Journal:
    """What has been dealt with, by input: one line each, the last one on an input holding."""

    def __init__(self, path: Path):
        self.path = path
        self.entries: dict[str, dict] = {}
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise IngestError(
                f"Another run is writing to {path.parent}; wait until it ends."
            ) from None
        self._file.seek(0)
        whole = 0
        for line in self._file:
            try:
                entry = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                entry = None
            if entry is None:
                break  # cut off when a run was interrupted
            whole += len(line)
            self.entries[entry["input"]] = entry
        self._file.truncate(whole)
        self._start = whole

    def add(self, entry: dict) -> None:
        self.entries[entry["input"]] = entry
        self._file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        self._file.flush()

    def taken(self) -> list[dict]:
        return [entry for entry in self.entries.values() if "article" in entry]

    def undo(self) -> None:
        """Take back what this run added."""
        self._file.truncate(self._start)

    def close(self) -> None:
        self._file.close()


@contextmanager
def _journal(out: Path) -> Iterator[_Journal]:
    """Open the folder's journal; a run that raises `IngestError` leaves the folder as it was."""
    if out.exists() and not out.is_dir():
        raise IngestError(f"{out} is a file; name a folder to write to.")
    if out.resolve() == (settings.ROOT / "data").resolve():
        raise IngestError(f"{out} holds the study's own data; name another folder to write to.")
    if (out / "articles.csv").exists() and not (out / _JOURNAL).exists():
        raise IngestError(
            f"{out} holds tables that `ingest` did not begin (articles.csv); name another folder "
            "to write to."
        )
    new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        journal = _Journal(out / _JOURNAL)
    except PermissionError:
        raise IngestError(f"{out} may not be written to; name another folder.") from None
    except OSError as error:
        raise IngestError(
            f"{out} cannot be written to ({error.strerror}); name another folder."
        ) from None
    try:
        # Before any text is there, so that none is ever tracked.
        _write(out / ".gitignore", "# The publishers' wording: not to be published.\n*\n")
        yield journal
    except IngestError:
        journal.undo()
        if new:
            shutil.rmtree(out)
        elif not journal.path.stat().st_size:
            journal.path.unlink()
        raise
    finally:
        journal.close()


def _write(path: Path, text: str) -> None:
    """Put a file in place whole."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", newline="")
    os.replace(part, path)


# Articles


def _take(
    source: str,
    inputs: Iterable[_Input],
    journal: _Journal,
    registry: dict[str, dict],
    languages: Collection[str] | None,
    fetcher: Fetcher,
) -> None:
    """Deal with every input of a source that the journal does not hold."""
    reasons, taken, fetched = {}, 0, False
    for item in tqdm(inputs, desc=source[-40:], unit="article", leave=False):
        fetched |= item.content is None and not item.problem
        place = item.where if _ADDRESS.fullmatch(item.where) else os.path.abspath(item.where)
        digest = item.digest()
        entry = journal.entries.get(place)
        if not entry or entry["digest"] != digest or entry.get("again"):
            entry = {"input": place, "said": item.where, "digest": digest}
            try:
                entry["article"] = _article(item, registry, languages, fetcher)
            except (Unusable, Unfetched) as error:
                entry["rejected"] = str(error)
                entry["again"] = getattr(error, "transient", False)
            journal.add(entry)
        if "article" in entry:
            taken += 1
        else:
            reasons[item.where] = entry["rejected"]
    if not taken and not fetched:
        if not reasons:
            raise IngestError(f"{source} holds no article; name a source that does.")
        shown = "".join(f"\n  {where}: {why}" for where, why in list(reasons.items())[:5])
        if list(reasons) == [source]:
            raise IngestError(f"{source} {reasons[source]}.")
        more = f"\n  and {len(reasons) - 5:,} more" if len(reasons) > 5 else ""
        raise IngestError(f"{source} holds no article that can be used:{shown}{more}")


def _article(
    item: _Input,
    registry: dict[str, dict],
    languages: Collection[str] | None,
    fetcher: Fetcher,
) -> dict[str, str]:
    if item.problem:
        raise Unusable(item.problem)
    content, charset = item.content, item.charset
    if content is None:
        page = fetcher.fetch(item.given["url"])
        content, charset = page.content, page.charset
    found = asdict(extract.extract(content, charset, **item.given))
    if languages is not None and found["lang"] not in languages:
        raise Unusable(
            f"is in the language {found['lang']}, not one of {', '.join(sorted(languages))}"
        )
    site = found.pop("site")
    if not re.fullmatch(r"https?://[^\x00-\x20\x7f]+", found["url"]):
        outlet = outlet_of("", registry, site)
        found["url"] = f"https://{outlet}/{quote(item.name)}"
    else:
        outlet = outlet_of(found["url"], registry, site)
    return {"id": article_id(found["url"]), "outlet": outlet, "site": site, **found}


def outlet_of(url: str, registry: Mapping[str, Mapping[str, str]], site: str = "") -> str:
    """Find the outlet of an address.

    Copies of a page in a web archive, an AMP cache or a translating proxy count as the page. The
    nearest registered domain wins: the host itself, without `www.`, its parent domains, then each
    of these as a page for mobile devices.

    Parameters
    ----------
    url : str
        Empty if unknown.
    registry : mapping
        Registered domains, with a mapping that has the outlet's `name`.
    site : str
        Name or domain of the outlet, for an article without an address.

    Returns
    -------
    str
        A registered domain; else the host without `www.`; without an address a domain of `.invalid`
        that is made from `site`, or `NO_OUTLET`.
    """
    if not url:
        if re.fullmatch(r"[\w-]+(\.[\w-]+)+", site):
            return outlet_of(f"https://{site}/", registry)
        for domain, row in registry.items():
            if site and row["name"].lower() == site.lower():
                return domain
        slug = re.sub("[^a-z0-9]+", "-", site.lower()).strip("-")
        return f"{slug}.invalid" if slug else NO_OUTLET
    for pattern in (
        r"https?://web\.archive\.org/web/\w+/(?:https?:/+)?(.+)",
        r"https?://(?:[\w-]+\.)?cdn\.ampproject\.org/\w(?:/s)?/(.+)",
        r"https?://www\.google\.[a-z.]+/amp/(?:s/)?(.+)",
    ):
        if match := re.fullmatch(pattern, url):
            url = f"https://{match[1]}"
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    if host.endswith(".translate.goog"):
        host = host.removesuffix(".translate.goog").replace("--", "\0").replace("-", ".")
        host = host.replace("\0", "-").removeprefix("www.")
    labels = host.split(".")
    parents = [".".join(labels[i:]) for i in range(max(1, len(labels) - 1))]
    for domain in parents:
        for spelled in (domain, domain.removesuffix("."), f"{domain}."):
            if spelled in registry:
                return spelled
    for prefix in ("www", "amp", "m", "mobile"):
        if f"{prefix}.{host}" in registry:
            return f"{prefix}.{host}"
    return host.encode("idna").decode() if not host.isascii() else host or NO_OUTLET


def _registry(path: Path) -> dict[str, dict]:
    """Read a table of outlets by domain."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError as error:  # of pandas' parser and of the decoder too
        raise IngestError(f"{path} is no table ({error}); repair it or remove it.") from None
    if list(table.columns) != (wanted := corpus.columns()["outlets"]):
        raise IngestError(f"{path}, row 1: write the header as {','.join(wanted)}.")
    return {row["domain"]: row for row in table.to_dict("records")}


# Tables


def _write_tables(out: Path, journal: _Journal, registry: dict[str, dict], before: int) -> Report:
    """Make every table from the journal."""
    articles: dict[str, dict] = {}
    first: dict[str, str] = {}
    rejected: dict[str, str] = {}
    for entry in journal.entries.values():
        if "article" not in entry:
            rejected[entry["said"]] = entry["rejected"]
        elif (key := entry["article"]["id"]) in articles:
            rejected[entry["said"]] = (
                f"has the same address or id as {first[key]} ({entry['article']['url']})"
            )
        else:
            articles[key], first[key] = entry["article"], entry["said"]
    if not articles:
        reasons = "".join(f"\n  {said}: {why}" for said, why in list(rejected.items())[:5])
        raise IngestError(f"No article could be taken:{reasons}")
    ordered = [articles[key] for key in sorted(articles)]

    outlets = {row["outlet"]: registry.get(row["outlet"]) for row in ordered}
    unknown = sorted(name for name, row in outlets.items() if row is None)
    names = {row["outlet"]: row["site"] for row in ordered}
    for domain in unknown:
        outlets[domain] = {
            "domain": domain,
            "name": names[domain] or ("unknown" if domain == NO_OUTLET else domain),
            "country": "",
            "kind": "unknown",
            "camp": "undisclosed",
            "confidence": "low",
            "basis": TO_CLASSIFY,
        }
    unknown = sorted(d for d, row in outlets.items() if row["basis"] == TO_CLASSIFY)
    media = sorted({row["name"] for row in registry.values()})
    sentences, sources, texts = [], [], []
    for row in ordered:
        parts = extract.sentences(row["text"], row["lang"])
        sentences += [(row["id"], n, *part) for n, part in enumerate(parts, 1)]
        own = outlets[row["outlet"]]["name"]
        named = extract.named_sources(row["text"], row["lang"], media)
        sources.append((row["id"], "; ".join(name for name in named if name != own)))
        kept = ("id", "url", "outlet", "date", "lang", "title", "author", "text")
        texts.append(json.dumps({name: row[name] for name in kept}, ensure_ascii=False) + "\n")
    grouped = families(pd.DataFrame(ordered).rename(columns={"id": "article_id"}))

    _write(out / "texts.jsonl", "".join(texts))
    for name, rows, header in (
        ("sentences", sentences, ["article_id", "n", "text", "set_aside"]),
        ("sources", sources, ["article_id", "sources"]),
        ("outlets", [outlets[d] for d in sorted(outlets)], corpus.columns()["outlets"]),
        ("families", grouped, list(grouped.columns)),
        ("rejected", sorted(rejected.items()), ["input", "reason"]),
    ):
        table = pd.DataFrame(rows, columns=header)
        _write(out / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    return Report(
        out=out,
        articles=len(articles),
        new=len(journal.taken()) - before,
        undated=sum(not row["date"] for row in ordered),
        rejected=rejected,
        unknown_outlets=unknown,
        families=int((grouped["family"].value_counts() > 1).sum()),
    )
