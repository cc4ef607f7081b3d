"""Records of named values as programs and services write them: JSON, Parquet, RIS, BibTeX."""

import io
import json
import re
from collections.abc import Iterator
from itertools import chain, count

import bibtexparser
import pandas as pd
import pyarrow.parquet
import rispy
from bibtexparser.model import DuplicateBlockKeyBlock, Entry, ParsingFailedBlock
from pyarrow import ArrowException

from .. import extract
from ..dates import Unusable
from .messages import is_telegram, telegram
from .names import holds
from .records import HEAD, MAX_FILE, File, Reading
from .tables import read, top_of


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
    encoding = extract.encoding_of(top_of(file))
    with file.opened() as raw, io.BufferedReader(raw) as stream:
        line, rest = stream.readline(MAX_FILE), stream.read(HEAD).strip()
    try:
        lined = bool(rest) and isinstance(json.loads(line.decode(encoding, "replace")), dict)
    except ValueError:
        lined = False
    if lined:
        return read("JSON lines", None, _json_lines(file, encoding), columns)
    said = _parsed(file.read().decode(encoding, "replace"))
    if is_telegram(said):
        return telegram(said)
    records = _list_in(said)
    places = [f"row {n}" for n in range(1, len(records) + 1)] if len(records) > 1 else [""]
    rows = zip(places, map(_record, records), strict=False)
    return read("JSON records", None, rows, columns)


def _parsed(text: str):
    """Parse JSON, or records that follow one another in it."""
    found, at, text = [], 0, text.strip("\ufeff \r\n\t")
    between = re.compile(r"[ \r\n\t,]*")
    while at < len(text):
        try:
            said, at = json.JSONDecoder().raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise Unusable(f"is damaged JSON ({error}): get it again") from None
        found.append(said)
        at = between.match(text, at).end()
    return found[0] if len(found) == 1 else found


def _json_lines(file: File, encoding: str) -> Iterator[tuple[str, dict | str]]:
    with io.TextIOWrapper(file.opened(), encoding, errors="replace") as text:
        for number, line in enumerate(text, 1):
            if line.strip():
                try:
                    yield f"row {number}", _record(json.loads(line))
                except (ValueError, RecursionError) as error:
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
    """Find the records in what a service answered, or pandas wrote: the longest list of them."""
    if isinstance(said, list):
        return said
    if not isinstance(said, dict):
        return [said]
    if {"columns", "data"} <= said.keys():
        try:
            return pd.DataFrame(said["data"], columns=said["columns"]).to_dict("records")
        except (ValueError, TypeError) as error:
            why = f"is JSON whose columns do not fit its data ({error}): export it anew"
            raise Unusable(why) from None
    inner = [value for value in said.values() if isinstance(value, dict)]
    if said and len(inner) == len(said) and len({tuple(value) for value in inner}) == 1:
        by_column = any(
            holds(name) in ("text", "url") and not any(map(_is_listing, column.values()))
            for name, column in said.items()
        )
        if by_column or {"text", "url"} & {*map(holds, inner[0])}:
            return pd.DataFrame(said).to_dict("records") if by_column else inner
    lists = [_list_in(value) for value in said.values() if isinstance(value, dict | list)]
    lists = [found for found in lists if found and all(isinstance(row, dict) for row in found)]

    def worth(rows: list[dict]) -> tuple[bool, bool, int]:
        what = {*map(holds, rows[0])}
        return "text" in what, "url" in what, len(rows)

    best = max(lists, key=worth, default=[said])
    own = {holds(name) for name in said if name != "articles"}
    if not own & {"text", "url"}:
        return best
    # An article may hold lists, of pictures or paragraphs; an answer may say "message": "success".
    if any(holds(name) == "text" and _is_text(value) for name, value in said.items()):
        return [said]
    told = {"text", "url", "title"} & {*map(holds, best[0])}
    return best if len(told) > len(own & {"url", "title"}) else [said]


def _is_listing(value) -> bool:
    """Tell a list with records in it."""
    return isinstance(value, list) and any(isinstance(row, dict) for row in value)


def _is_text(value) -> bool:
    """Tell a text, or the paragraphs of one, from a word or a list of records."""
    parts = value if isinstance(value, list) else [value]
    return sum(len(part) for part in parts if isinstance(part, str)) >= extract.SHORTEST


def ris(file: File, columns: dict[str, str]) -> Reading:
    """Read records of RIS, as programs for references export them."""
    parts = re.split(r"(?m)^(?=TY  -)", file.text())[1:]
    rows = [(f"record {n}", _reference(part)) for n, part in enumerate(parts, 1)]
    return read("references (RIS)", None, rows, columns)


def _reference(part: str) -> dict | str:
    """Return a record of RIS, which may lack its last line, or what is wrong with it."""
    try:
        [entry] = rispy.loads(f"{part}\nER  - ", skip_unknown_tags=True)
    except (ValueError, LookupError, TypeError) as error:
        return f"is damaged RIS ({error}): export it anew"
    entry["url"] = next(iter(entry.pop("urls", [])), "")
    entry["notes"] = "\n".join(entry.get("notes", []))
    entry["date"] = re.sub(r"/+$", "", entry.get("date") or entry.get("year") or "")
    return entry


def bibtex(file: File, columns: dict[str, str]) -> Reading:
    """Read records of BibTeX, those under a key that another one has, too."""
    raw = file.read()  # breaks within a value stay: by them its record is known again
    library = bibtexparser.parse_string(raw.decode(extract.encoding_of(raw), "replace"))
    rows: list[tuple[str, dict | str]] = []
    number = count(1)
    for block in library.blocks:
        if isinstance(block, DuplicateBlockKeyBlock):
            block = block.ignore_error_block
        if isinstance(block, ParsingFailedBlock):
            why = getattr(block.error, "abort_reason", block.error)
            rows.append((f"line {block.start_line + 1}", f"is no BibTeX ({why}): export it anew"))
        elif isinstance(block, Entry):
            said = {f.key.lower(): re.sub(r"[{}]", "", str(f.value)) for f in block.fields}
            said.setdefault("date", f"{said.get('month', '')} {said.get('year', '')}".strip())
            rows.append((f"record {next(number)}", {"id": block.key} | said))
    return read("references (BibTeX)", None, rows, columns)
