"""Tables and records of named values: CSV, spreadsheets, Parquet, JSON, RIS, BibTeX.

Which column holds what is told from its name (`columns.csv`, for several languages), or is given.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from itertools import chain, count, islice

import bibtexparser
import pyarrow.parquet
import rispy
from pyarrow import ArrowException
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from .. import extract
from ..dates import Unusable, in_order, order_of
from ..markup import tree_of
from .documents import opened
from .messages import is_telegram, telegram
from .records import HEAD, MAX_FILE, File, Reading, Record

Rows = Iterable[tuple[str, dict | str]]
"""Rows with their place; where one cannot be read, what is wrong in place of its values."""

_SEEN = 1_000  # rows by which columns are told


@cache
def usual_columns() -> dict[str, list[str]]:
    """Return the usual names of columns, the likeliest first, by what they hold."""
    with (files(__package__) / "columns.csv").open(encoding="utf-8", newline="") as file:
        return {row["what"]: row["names"].split("|") for row in csv.DictReader(file)}


def plain(name: str) -> str:
    """Spell the name of a column as the usual names are: `publishedAt` is `published_at`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name))
    return re.sub(r"[^\w]+|_+", "_", parted.lower().lstrip("\ufeff^")).strip("_")


def held(names: list[str], columns: dict[str, str], rows: list[dict]) -> dict[str, str]:
    """Tell which column holds what; of two that may, the first one that is not empty throughout."""
    there = ", ".join(map(str, names)) or "none"
    known: dict[str, list[str]] = {}
    for name in names:
        for key in dict.fromkeys((plain(name), plain(str(name).rpartition(".")[2]))):
            known.setdefault(key, []).append(name)
    found: dict[str, str] = {}
    for what, usual in usual_columns().items():
        if what in columns:
            if columns[what] not in names:
                raise Unusable(f"has no column {columns[what]!r} for the {what}: it has {there}")
            found[what] = columns[what]
            continue
        likely = [n for key in usual for n in known.get(key, []) if n not in columns.values()]
        likely = [name for name in likely if name not in found.values()]
        full = (name for name in likely if any(cell(row.get(name)) for row in rows))
        if name := next(full, likely[0] if likely else ""):
            found[what] = name
    if not {"text", "url", "abstract"} & set(found):
        raise Unusable(
            f"has no column of texts or addresses: its columns are {there}; name the one that "
            "holds the texts, as --column text=NAME"
        )
    return found


def read(what: str, names: list[str] | None, rows: Rows, columns: dict[str, str]) -> Reading:
    """Read rows of named values; names are found in the first rows where they are not known."""
    rows = iter(rows)
    first = list(islice(rows, _SEEN))
    values = [row for _, row in first if isinstance(row, dict)]
    if names is None:
        names = list(dict.fromkeys(name for row in values for name in row))
    found = held(names, columns, values)
    order = order_of(cell(row.get(found.get("date"))) for row in values)
    reading = Reading(what, iter(()), found, [n for n in names if n and n not in found.values()])
    if order == "month":
        reading.notes.append("its dates put the month first")
    whole = any(cell(row.get(found.get("text"))) for row in values)
    reading.records = _records(chain(first, rows), found, order, whole)
    return reading


def _records(rows: Rows, found: dict[str, str], order: str, whole: bool) -> Iterator[Record]:
    """Make records of rows; `whole` says that texts are given, so that an empty one is a fault."""
    for at, row in rows:
        if isinstance(row, str):
            yield Record(at, problem=row)
            continue
        cells = {what: cell(row.get(name)) for what, name in found.items()}
        if "date" in cells:
            cells["date"] = in_order(cells["date"], order)
        text = cells.pop("text", "")
        empty = whole and not text
        if re.search(r"\[\+\d+ chars\]\s*$", text):  # a service that gives the beginning only
            text = ""
        url = cells.get("url", "")
        if re.fullmatch(r"(?:www\.)?[\w-]+(?:\.[\w-]+)+/\S+", url):
            url = cells["url"] = f"https://{url}"
        problem = ""
        if url and not re.match(r"https?://[^\s/?#]+", url):
            if text or cells.get("abstract"):
                cells["url"] = ""
            else:
                problem = f"column {found['url']}: {url[:80]!r} is no address of a web page"
        elif empty or not (text or url or cells.get("abstract")):
            problem = (
                f"column {found.get('text') or found.get('url') or found['abstract']} is empty"
            )
        yield Record(at, text or None, {k: v for k, v in cells.items() if v}, problem)


def cell(value) -> str:
    """Spell a value: names of persons and outlets, parts of a date, what is no value as nothing."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, dict):
        if parts := value.get("date-parts"):
            return "-".join(str(part) for part in (parts[0] if parts else ()))
        person = " ".join(str(value[k]) for k in ("given", "family") if value.get(k))
        return person or cell(value.get("name") or value.get("title") or value.get("raw"))
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(cell, value)))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    said = value.isoformat(sep=" ") if hasattr(value, "hour") else str(value)
    said = said.strip()
    return "" if re.fullmatch(r"(?i)nan|none|null|nat|n/a|#n/a", said) else said


def delimiter_of(text: str) -> str:
    """Return the sign that parts the header of a table, which holds no text to mislead."""
    return max(",;\t|", key=text.lstrip("\r\n").partition("\n")[0].count)


def is_table(text: str) -> bool:
    """Tell whether a text begins with a header of usual names, one of texts or addresses."""
    line = text.lstrip("\ufeff\r\n").partition("\n")[0]
    names = [plain(name.strip('" \r')) for name in line.split(delimiter_of(line))]
    known = {what for what, usual in usual_columns().items() if set(usual) & set(names)}
    return len(known) > 1 and bool(known & {"text", "url"}) and len(line) < 2000


def csv_table(file: File, columns: dict[str, str]) -> Reading:
    """Read a table of separated values, row by row."""
    encoding = extract.encoding_of(_lines_of_head(file))
    head = file.head.decode(encoding, "replace")
    delimiter = delimiter_of(head.lstrip("\ufeff"))
    rows = _csv_rows(file, encoding, delimiter)
    try:
        header = next(rows)
    except csv.Error as error:
        raise Unusable(f"has no readable header in row 1 ({error})") from None
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    what = f"a table (CSV by {names[delimiter]}, {encoding.removesuffix('-sig')})"
    return read(what, header[1], rows, columns)


def in_page(text: str, columns: dict[str, str]) -> Reading | None:
    """Read the table of a page, which some programs write for a workbook; None if it has none."""
    if not re.search("<t[hd][ >]", text, re.I):
        return None
    for table in tree_of(text).iter("table"):
        cells = [
            [cell.text_content().strip() for cell in row.xpath("./th|./td")]
            for row in table.iter("tr")
        ]
        if len(cells) > 1 and is_table("\t".join(cells[0])):
            rows = [
                (f"row {n}", dict(zip(cells[0], row, strict=False)))
                for n, row in enumerate(cells[1:], 2)
            ]
            return read("the table of a page", cells[0], rows, columns)
    return None


def _lines_of_head(file: File) -> bytes:
    """Return the first megabytes of a file, to its last whole line."""
    with file.opened() as stream:
        raw = stream.read(8_000_000)
    return raw if len(raw) < 8_000_000 else raw[: raw.rfind(b"\n") + 1] or raw


def _csv_rows(file: File, encoding: str, delimiter: str) -> Iterator:
    """Yield the header, then rows with their numbers."""
    with io.TextIOWrapper(file.opened(), encoding, errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        csv.field_size_limit(extract.MAX_CHARACTERS)
        header = [name.strip("\ufeff ") for name in next((row for row in reader if row), [])]
        yield "row 1", header
        for number in count(2):
            at = f"row {number}"
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield at, f"cannot be read ({error}): mend its quotes or length"
                continue
            if cells and len(cells) != len(header):
                said = f"has {len(cells)} cells where the header has {len(header)}: put cells"
                yield at, f"{said} that hold the separator in double quotes"
            elif any("\0" in value for value in cells):
                yield at, "holds NUL bytes: save the file again as CSV in UTF-8"
            elif cells:
                yield at, dict(zip(header, cells, strict=True))


def spreadsheet(file: File, columns: dict[str, str]) -> Reading:
    """Read the sheets of a workbook (XLSX, XLS, XLSB, ODS) that hold articles."""
    if file.head.startswith(b"PK"):
        opened(file).close()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(file.read()))
        sheets = [(name, book.get_sheet_by_name(name).to_python()) for name in book.sheet_names]
    except PasswordError:
        raise Unusable("is a workbook under a password: save it without one") from None
    except (CalamineError, OSError, ValueError) as error:
        raise Unusable(f"is a damaged workbook ({error}): save it anew") from None
    readings, faults = [], []
    for name, cells in sheets:
        if not any(any(row) for row in cells):
            continue
        start = _header_of(cells)
        header = [str(value).strip() or f"column {i}" for i, value in enumerate(cells[start], 1)]
        rows = [
            (f"sheet {name!r}, row {n}", dict(zip(header, row, strict=False)))
            for n, row in enumerate(cells[start + 1 :], start + 2)
            if any(value not in ("", None) for value in row)
        ]
        try:
            readings.append(read("a workbook", header, rows, columns))
        except Unusable as error:
            faults.append(f"sheet {name!r} {error}")
    if not readings:
        raise Unusable("; ".join(faults) or "is a workbook without a row")
    whole = readings[0]
    whole.taken_for = f"a workbook, {len(readings)} of its {len(sheets)} sheets"
    whole.records = chain.from_iterable([reading.records for reading in readings])
    whole.notes += [f"left out: {fault}" for fault in faults]
    return whole


def _header_of(cells: list[list]) -> int:
    """Find the row of the header: the first of those at the top with most of the usual names."""
    usual = {name for names in usual_columns().values() for name in names}
    known = [sum(plain(str(value)) in usual for value in row) for row in cells[:20]]
    filled = next(i for i, row in enumerate(cells) if any(row))
    return known.index(max(known)) if max(known) > 1 else filled


def parquet(file: File, columns: dict[str, str]) -> Reading:
    """Read a Parquet table, batch by batch."""
    try:
        table = pyarrow.parquet.ParquetFile(file.opened())
        names = table.schema_arrow.names
    except (ArrowException, OSError) as error:
        raise Unusable(f"is damaged ({str(error).splitlines()[0]}): get it again") from None
    batches = (batch.to_pylist() for batch in table.iter_batches(1000))
    rows = ((f"row {n}", row) for n, row in enumerate(chain.from_iterable(batches), 1))
    return read("a table (Parquet)", names, rows, columns)


def json_records(file: File, columns: dict[str, str]) -> Reading:
    """Read JSON: one record a line, a list of records, or one that holds such a list."""
    encoding = extract.encoding_of(_lines_of_head(file))
    with file.opened() as raw, io.BufferedReader(raw) as stream:
        line, rest = stream.readline(MAX_FILE), stream.read(HEAD).strip()
    first = line.decode(encoding, "replace").strip()
    try:
        lined = bool(rest) and isinstance(json.loads(first), dict)
    except ValueError:
        lined = False
    if not lined:
        try:
            said = json.loads(file.read().decode(encoding, "replace"))
        except ValueError as error:
            if first.rstrip().endswith(("[", "{", "[{", ",")):
                raise Unusable(f"is damaged JSON ({error}): get it again") from None
        else:
            if is_telegram(said):
                return telegram(said)
            records = _list_in(said)
            rows = [(f"row {n}", _record(row)) for n, row in enumerate(records, 1)]
            if len(rows) == 1:
                rows = [("", rows[0][1])]
            return read("JSON records", None, rows, columns)
    return read("JSON lines", None, _json_lines(file, encoding), columns)


def _json_lines(file: File, encoding: str) -> Iterator[tuple[str, dict | str]]:
    with io.TextIOWrapper(file.opened(), encoding, errors="replace") as text:
        for number, line in enumerate(text, 1):
            if line.strip():
                try:
                    yield f"row {number}", _record(json.loads(line))
                except ValueError as error:
                    yield f"row {number}", f"is no JSON ({error}): write one record in it"


def _record(row) -> dict | str:
    """Return a record with its inner values named by their path, or what is wrong with it."""
    if not isinstance(row, dict):
        return "is no record with named values"
    row = row.get("_source", row) if isinstance(row.get("_source"), dict) else row
    flat = {}
    for name, value in row.items():
        flat[name] = value
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": v for inner, v in value.items() if not isinstance(v, dict)}
    return flat


def _list_in(said) -> list:
    """Find the records in what a service answered: the longest list of them in it."""
    if isinstance(said, list):
        return said
    if not isinstance(said, dict):
        return [said]
    usual = usual_columns()
    if {plain(name) for name in said} & {*usual["text"], *usual["url"]} - {"articles"}:
        return [said]
    inner = [_list_in(value) for value in said.values() if isinstance(value, dict | list)]
    lists = [found for found in inner if found and all(isinstance(row, dict) for row in found)]
    return max(lists, key=len, default=[said])


def ris(file: File, columns: dict[str, str]) -> Reading:
    """Read records of RIS, as programs for references export them."""
    raw = file.read()
    text = raw.decode(extract.encoding_of(raw), "replace")
    try:
        entries = rispy.loads(text, skip_unknown_tags=True)
    except (OSError, ValueError) as error:
        raise Unusable(f"is damaged RIS ({error}): export it anew") from None
    for entry in entries:
        entry["url"] = next(iter(entry.pop("urls", [])), "")
        entry["site"] = entry.get("journal_name") or entry.get("secondary_title") or ""
        entry["notes"] = "\n".join(entry.get("notes", []))
        entry["title"] = entry.get("title") or entry.get("primary_title") or ""
        entry["date"] = re.sub(r"/+$", "", str(entry.get("date") or entry.get("year") or ""))
    rows = [(f"record {n}", entry) for n, entry in enumerate(entries, 1)]
    return read("references (RIS)", None, rows, _with_notes(entries, columns))


def bibtex(file: File, columns: dict[str, str]) -> Reading:
    """Read records of BibTeX."""
    raw = file.read()
    library = bibtexparser.parse_string(raw.decode(extract.encoding_of(raw), "replace"))
    entries = []
    for entry in library.entries:
        said = {f.key.lower(): re.sub(r"[{}]", "", str(f.value)) for f in entry.fields}
        months = "jan feb mar apr may jun jul aug sep oct nov dec".split()
        month = said.get("month", "")[:3].lower()
        day = [said.get("year", ""), f"{months.index(month) + 1:02}" if month in months else ""]
        said.setdefault("date", "-".join(filter(None, day)))
        said["site"] = next(
            (said[k] for k in ("journal", "journaltitle", "publisher") if k in said), ""
        )
        entries.append({"id": entry.key} | said)
    rows: list = [(f"record {n}", entry) for n, entry in enumerate(entries, 1)]
    rows += [("a block", f"is no BibTeX ({block.error})") for block in library.failed_blocks]
    return read("references (BibTeX)", None, rows, _with_notes(entries, columns))


def _with_notes(entries: list[dict], columns: dict[str, str]) -> dict[str, str]:
    """Take the notes for the text where they hold one and nothing else does."""
    name = "notes" if any("notes" in entry for entry in entries) else "note"
    long = any(len(str(entry.get(name, ""))) > 300 for entry in entries)
    whole = any(cell(entry.get("text")) for entry in entries)
    return columns if not long or whole or "text" in columns else {"text": name, **columns}
