"""Tables that `ingest` and `code corpus` wrote, read back after people had them in their hands."""

from pathlib import Path

import pandas as pd


class TableError(ValueError):
    """A table that cannot be used; the message says where and what to do."""


def read(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a table of text.

    Parameters
    ----------
    path : Path
    columns : list of str
        Its header.

    Returns
    -------
    DataFrame
        Cells are str, empty where there is nothing; indexed by row (the header is row 1).

    Raises
    ------
    TableError
        If it is no table, has another header, or a row with more cells.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:  # of pandas' parser and of the decoder too
        raise TableError(f"{path} cannot be read as a table ({str(error).strip()}).") from None
    # Where each row has a cell more than the header, pandas takes the first ones for an index.
    if list(table.columns) != columns or not isinstance(table.index, pd.RangeIndex):
        raise TableError(f"{path}, row 1: write the header as {','.join(columns)}.")
    table.index += 2
    return table
