"""A table of claims of any length, as Parquet or as lines of JSON, read and checked as a stream."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet as pq

from ..domain import DIRECTIONS
from ..settings import DefectionError

COLUMNS = ("text", "event", "direction", "camp")
"""Columns that are read; the first two must be there and filled."""


class TableError(DefectionError):
    """What cannot be used; the message names file, row and column, or folder, and what to do."""


def checked(source: Path, size: int) -> Iterator[pd.DataFrame]:
    """Rows, at most `size` at once: `row` (the number in the source, from 1) and `COLUMNS`.

    All but `row` are text; what is missing is empty.

    Raises
    ------
    TableError
        For the first row that cannot be used, or if there is none.
    """
    rows = None
    for rows in _chunks(source, size):
        yield _checked(rows, source)
    if rows is None:
        raise TableError(f"{source} holds no claim; write one to a row.")


def _chunks(source: Path, size: int) -> Iterator[pd.DataFrame]:
    with source.open("rb") as file:
        if source.suffix != ".parquet":
            lines = _lines(file, source)
            while rows := list(islice(lines, size)):
                yield pd.DataFrame(rows)
            return
        try:
            batches, start = pq.ParquetFile(file).iter_batches(size), 1
        except pyarrow.ArrowException:
            raise TableError(f"{source} is damaged or not Parquet; export it again.") from None
        for table in (batch.to_pandas() for batch in batches):
            yield table.assign(row=range(start, start := start + len(table)))


def _lines(file, source) -> Iterator[dict]:
    for number, line in enumerate(file, 1):
        try:
            row = json.loads(line)
            "".join(map(str, row.values())).encode()  # half of a surrogate pair is no text
        except (AttributeError, RecursionError, ValueError):
            example = '{"text": "...", "event": "..."}'
            raise TableError(f"{source}, row {number}: no JSON object, as {example}.") from None
        yield row | {"row": number}


def _checked(rows: pd.DataFrame, source: Path) -> pd.DataFrame:
    """The columns that are used, as text; what is not there or missing is empty."""
    for column in COLUMNS[:2]:
        if column not in rows:
            there = ", ".join(map(str, rows.columns.drop("row")))
            raise TableError(
                f"{source} has no column {column}; give one of these its name: {there}."
            )
    rows = rows.reindex(columns=["row", *COLUMNS])
    rows[list(COLUMNS)] = rows[list(COLUMNS)].astype(object).where(rows.notna(), "").astype(str)
    known = ["both", *DIRECTIONS]
    faults = {
        "text": (~rows["text"].str.contains(r"\w"), "write a sentence"),
        "event": (~rows["event"].str.contains(r"\S"), "name one, or remove the row"),
        "direction": (~rows["direction"].isin(["", *known]), f"write {', '.join(known)} or none"),
    }
    for column, (wrong, remedy) in faults.items():
        for _, row in rows[wrong].head(1).iterrows():
            at = f"{source}, row {row['row']}, column {column}"
            raise TableError(f"{at}: {row[column][:40]!r} will not do; {remedy}.")
    return rows
