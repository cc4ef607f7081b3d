"""Tables and records of named values: CSV, workbooks, tables of pages.

Which column holds what is told from its name (`columns.csv`, for several languages), or is given;
the texts, where no name tells, from what stands in the columns.
"""

import ast
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice, takewhile
from statistics import median

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from .. import extract
from ..dates import Unusable, in_order, order_of
from ..markup import tree_of
from .names import holds, plain, spellings, usual_columns
from .records import File, Reading, Record

Rows = Iterable[tuple[str, dict | str]]
"""Rows with their place; where one cannot be read, what is wrong in place of its values."""

_SEEN = 1_000  # rows by which columns are told
_TOP = 20  # rows among which the header is
_LONG = 200  # characters: longer than the name of any column, shorter than any text


def held(names: list[str], columns: dict[str, str], rows: list[dict]) -> dict[str, str]:
    """Tell which column holds what; of two that may, the first one that is not empty throughout."""
    there = ", ".join(map(str, names)) or "none"
    known: dict[str, list[str]] = {}
    for spelled in zip(*map(spellings, names), strict=True):
        for key, name in zip(spelled, names, strict=True):
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
    if not any(cell(row.get(found.get("text"))) for row in rows):
        left = [name for name in names if name and name not in found.values()]
        sizes = {name: _size([row.get(name) for row in rows]) for name in left}
        longest = max(left, key=sizes.__getitem__, default="")
        # Beside addresses, what is shorter than an article may be a remark on it.
        remark = "url" in found and not re.match(r"notes?$|column_\d+$", plain(longest))
        if left and sizes[longest] > (3 * _LONG if remark else _LONG):
            found["text"] = longest
    if not {"text", "url", "abstract"} & set(found):
        raise Unusable(
            f"has no column of texts or addresses: its columns are {there}; name the one that "
            "holds the texts, as --column text=NAME"
        )
    return found


def _size(values: list) -> float:
    """Length of the running texts in a column: the median; 0 where they are none."""
    said = [text for value in values if (text := cell(value))]
    running = [len(text) for text in said if re.search(r"(?s)\w[.!?…]\W.*\w[.!?…]", text)]
    return median(running) if len(running) > len(said) / 2 else 0


def read(
    what: str, names: list[str] | None, rows: Rows, columns: dict, notes: list[str] | None = None
) -> Reading:
    """Read rows of named values; names are found in the first rows where they are not known.

    `notes` are those that are made while rows are read.
    """
    rows = iter(rows)
    first = list(islice(rows, _SEEN))
    values = [row for _, row in first if isinstance(row, dict)]
    if names is None:
        names = list(dict.fromkeys(name for row in values for name in row))
    found = held(names, columns, values)
    order = order_of(cell(row.get(found.get("date"))) for row in values)
    parts = [name for part in ("year", "month", "day") for name in names if plain(name) == part]
    if len(parts) == 3 and found.get("date") in parts and "date" not in columns:
        names = [name for name in names if name not in parts]
        found["date"] = ", ".join(parts)
    else:
        parts = []
    left = [name for name in names if name and name not in found.values()]
    notes = [] if notes is None else notes
    if order == "month":
        notes.insert(0, "its dates put the month first")
    whole = any(cell(row.get(found.get("text"))) for row in values)
    records = _records(chain(first, rows), found, parts, order, whole)
    return Reading(what, records, found, left, notes)


def _records(
    rows: Rows, found: dict[str, str], parts: list[str], order: str, whole: bool
) -> Iterator[Record]:
    """Make records of rows.

    `parts` are the columns of year, month and day where a date stands in three; `whole` says that
    texts are given, so that an empty one is a fault.
    """
    for at, row in rows:
        if isinstance(row, str):
            yield Record(at, problem=row)
            continue
        cells = {what: cell(row.get(name)) for what, name in found.items() if what != "text"}
        if parts:
            cells["date"] = "-".join(takewhile(bool, (cell(row.get(part)) for part in parts)))
        cells["date"] = in_order(cells.get("date", ""), order)
        text = cell(row.get(found.get("text")), "\n")  # paragraphs may be a list
        empty = whole and not text
        if re.search(r"\[\+\d+ chars\]\s*$", text):  # a service that gives the beginning only
            text = ""
        if re.match(r"https?://[^/]+/.", site := cells.get("site", "")):  # of a page, not a site
            cells.setdefault("url", site)
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
            column = found.get("text") or found.get("url") or found["abstract"]
            problem = f"column {column} is empty"
        yield Record(at, text or None, {k: v for k, v in cells.items() if v}, problem)


def cell(value, between: str = ", ") -> str:
    """Spell a value: names of persons and outlets, parts of a date, what is no value as nothing."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, dict):
        if (parts := value.get("date-parts")) and isinstance(parts, list):
            return cell(parts[0], "-")
        person = " ".join(str(value[k]) for k in ("given", "family") if value.get(k))
        names = (value.get(key) for key in ("name", "title", "raw", "original", "main", "$date"))
        return person or cell(next(filter(None, names), None))
    if isinstance(value, list | tuple):
        return between.join(filter(None, map(cell, value)))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    said = str(value).strip()
    if re.fullmatch(r"(?s)\[\s*[\"'].*[\"']\s*\]", said):  # a list, as programs write it in a cell
        try:
            return cell(ast.literal_eval(said), between)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return said
    return "" if re.fullmatch(r"(?i)nan|none|null|nat|n/a|#n/a", said) else said


def _mark(text: str) -> str:
    """Tell the sign between the cells of a table: by its header, wherever that is at its top."""
    lines = text.lstrip("\ufeff").splitlines()[:_TOP]
    known = {
        mark: max((sum(map(bool, map(holds, line.split(mark)))) for line in lines), default=0)
        for mark in ",;\t|"
    }
    best = max(known, key=known.__getitem__)
    return best if known[best] > 1 else max(known, key=next(filter(None, lines), "").count)


def is_table(text: str) -> bool:
    """Tell whether a text begins with a header of usual names, one of texts or addresses."""
    line = text.lstrip("\ufeff\r\n").partition("\n")[0]
    known = {holds(name.strip('" \r')) for name in line.split(_mark(line))} - {""}
    return len(known) > 1 and bool(known & {"text", "url"}) and len(line) < 2000


def _table(what: str, rows: Iterable[tuple[str, list | str]], columns: dict) -> Reading:
    """Read rows of cells, the header somewhere at their top, or nowhere.

    Where there is none, columns are called by their numbers, and one of addresses is told.
    """
    rows = iter(rows)
    top = list(islice(rows, _TOP))
    cells = [row if isinstance(row, list) else [] for _, row in top]
    usual = [sum(bool(holds(v)) or v in columns.values() for v in map(str, row)) for row in cells]
    start = next((i for i, row in enumerate(cells) if any(row)), None)
    if start is None:
        said = next((row for _, row in top if isinstance(row, str)), "is empty")
        raise Unusable(f"has no readable header in row 1: it {said}")
    start = usual.index(max(usual)) if max(usual) > 1 else start
    names = [str(name).strip("\ufeff ") for name in cells[start]]
    # A name that stands there again, as over merged cells, gets a number; `spellings` knows it.
    names = [
        f"{name} ({n})" if name and (n := names[: i + 1].count(name)) > 1 else name
        for i, name in enumerate(names)
    ]
    links = [i for i, name in enumerate(names) if re.match(r"https?://\S+$", name)]
    notes = []
    if links or max(map(len, names)) > _LONG:
        names = [f"column {n}" for n, _ in enumerate(names, 1)]
        columns = ({"url": names[links[-1]]} if links else {}) | columns
        notes = ["has no header: columns are called by their numbers"]
        start -= 1
    filled = (row for row in chain(top[start + 1 :], rows) if row[1])
    return read(what, names, _named(names, filled, notes), columns, notes)


def _named(names: list[str], rows: Iterable[tuple[str, list | str]], notes: list[str]) -> Rows:
    """Name the cells of rows, or say what is wrong with one.

    Last cells may be missing, as programs leave out empty ones; `notes` get to say so. A single
    cell is rather the rest of a text with line breaks in it.
    """
    short = 0
    for at, row in rows:
        if isinstance(row, str):
            yield at, row
        elif len(row) < min(2, len(names)) or any(row[len(names) :]):
            said = f"has {len(row)} cells where the header has {len(names)}: put cells"
            yield at, f"{said} that hold the separator or a line break in double quotes"
        elif any("\0" in str(value) for value in row):
            yield at, "holds NUL bytes: save the file again as CSV in UTF-8"
        else:
            short += len(row) < len(names)
            yield at, dict.fromkeys(names, "") | dict(zip(names, row, strict=False))
    if short:
        notes.append(f"{short:,} rows have fewer cells than the header: taken as empty")


def csv_table(file: File, columns: dict[str, str]) -> Reading:
    """Read a table of separated values, row by row."""
    encoding = extract.encoding_of(top_of(file))
    mark = _mark(file.head.decode(encoding, "replace"))
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    what = f"a table (CSV by {names[mark]}, {encoding.removesuffix('-sig')})"
    return _table(what, _csv_rows(file, encoding, mark), columns)


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
            rows = ((f"row {n}", row) for n, row in enumerate(cells, 1))
            return _table("the table of a page", rows, columns)
    return None


def top_of(file: File) -> bytes:
    """Return the first megabytes of a file, to its last whole line."""
    with file.opened() as stream:
        raw = stream.read(8_000_000)
    return raw if len(raw) < 8_000_000 else raw[: raw.rfind(b"\n") + 1] or raw


def _csv_rows(file: File, encoding: str, mark: str) -> Iterator:
    """Yield rows with their numbers; a row that cannot be read counts as many as lines it took."""
    with io.TextIOWrapper(file.opened(), encoding, errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=mark, strict=True)
        csv.field_size_limit(extract.MAX_CHARACTERS)
        number = 1
        while True:
            before = reader.line_num
            try:
                yield f"row {number}", next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # A quote that is not closed takes in the lines up to the next one.
                lost = reader.line_num - before - 1
                nor = f", nor the {lost:,} lines below" if lost else ""
                yield f"row {number}", f"cannot be read ({error}){nor}: mend its quotes or length"
                number += lost
            number += 1


def spreadsheet(file: File, columns: dict[str, str]) -> Reading:
    """Read the sheets of a workbook (XLSX, XLS, XLSB, ODS) that hold articles."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(file.read()))
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
    except PasswordError:
        raise Unusable("is a workbook under a password: save it without one") from None
    except (CalamineError, OSError, ValueError) as error:
        raise Unusable(f"is a damaged workbook ({error}): save it anew") from None
    readings, faults = [], []
    for sheet in sheets:
        called = f"sheet {sheet.name!r}"
        cells = sheet.to_python(skip_empty_area=False)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
            for row in cells[top : bottom + 1]:
                # Beyond the last cell that is used there is nothing to repeat.
                row[left : right + 1] = cells[top][left : left + 1] * len(row[left : right + 1])
        rows = [
            (f"{called}, row {n}", row)
            for n, row in enumerate(cells, 1)
            if any(value != "" for value in row)
        ]
        try:
            readings += [_table(called, rows, columns)] if rows else []
        except Unusable as error:
            faults.append(f"{called} {error}")
    if not readings:
        raise Unusable("; ".join(faults) or "is a workbook without a row")
    whole = readings[0]
    for other in readings[1:]:
        said = [f"{name} as {what}" for what, name in other.columns.items()]
        said += [f"left {name}" for name in other.left]
        said = [*(said if other.columns != whole.columns else []), *other.notes]
        whole.notes += [f"{other.taken_for}: {', '.join(said)}"] if said else []
    whole.taken_for = f"a workbook, {len(readings)} of its {len(sheets)} sheets"
    whole.records = chain.from_iterable([reading.records for reading in readings])
    whole.notes += [f"left out: {fault}" for fault in faults]
    return whole
