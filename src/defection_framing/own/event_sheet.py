"""The sheet of events: one row an article, on which a person merges and splits them.

`ingest` writes `events_sheet.csv` with the events that `events` proposes. Articles with the same
cell in the column `event` are one event; `general` stands for no single case. What stands there
holds: later ingestions add rows for what is new and change none, and coding takes the events from
it. What a spreadsheet program makes of the file when it saves is read as well.
"""

import re
from collections.abc import Container
from functools import partial
from pathlib import Path

import pandas as pd
from slugify import slugify

from .folder import AGAIN, PackageError, filled_in, inert, titles, write_sheet

SHEET = "events_sheet.csv"
"""Its name in the folder."""

COLUMNS = ["article_id", "event", "date", "outlet", "title", "proposed", "why"]
"""Its columns; a person may add others, which stay."""


def kept(folder: Path, articles: Container[str]) -> pd.DataFrame:
    """Rows of the sheet of a folder by article, none where there is no sheet yet; cells are str.

    Raises
    ------
    PackageError
        For the first slip: an article that is none of `articles` or stands there twice, an event
        that is empty, holds control characters, or has neither letter nor digit.
    """
    path = folder / SHEET
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS[1:], dtype=str)
    header, table = filled_in(path, COLUMNS[:2])
    rows: dict[str, dict] = {}
    first: dict[str, int] = {}
    for number, cells in table:
        key, event = cells.pop("article_id"), cells["event"]
        for column, cell, wrong, say in (
            ("article_id", key, key not in articles, "is no article of this folder; remove it."),
            ("article_id", key, key in first, f"is in row {first.get(key)} too; remove one."),
            ("event", event, not event, "names no event; write one, or general."),
            ("event", event, re.search(r"[\x00-\x1f\x7f]", event), "holds a control character."),
            ("event", event, not slugify(event), "has neither letter nor digit."),
        ):
            if wrong:
                raise PackageError.at(path, number, column, cell, say)
        rows[key], first[key] = cells, number
    names = [name for name in dict.fromkeys(header) if name != "article_id"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names, dtype=str)


def write(
    folder: Path, articles: pd.DataFrame, proposed: pd.DataFrame, sheet: pd.DataFrame
) -> pd.Series:
    """Write the sheet: the rows that were `kept`, and rows for all other articles; their events.

    A new article gets the event that articles of its story have on the sheet, else the commonest of
    those that it is proposed to be one event with; else the event that is proposed. `articles` are
    those of which `events.proposed` are given, with `outlet`.
    """
    articles = articles.set_index(articles["article_id"].to_numpy())
    table = proposed.set_index("article_id")
    held = sheet["event"].reindex(table.index).dropna()
    event = table["event"]
    for alike in (table["event"], articles["family"]):
        commonest = held.groupby(alike).agg(lambda names: names.mode()[0])
        event = alike.map(commonest).astype(str).fillna(event)
    table = table.assign(event=event, proposed=event)
    table.update(sheet[sheet.columns.intersection(table.columns)])
    others = [name for name in sheet.columns if name and name not in COLUMNS]
    shown = articles.assign(title=titles(articles))[["article_id", "date", "outlet", "title"]]
    table = shown.join(table).join(sheet[others]).fillna("")
    table = table.sort_values(["event", "date", "article_id"])
    write_sheet(folder / SHEET, inert(table[[*COLUMNS, *others]]))
    return table["event"]


def read(folder: Path, articles: pd.Index) -> pd.Series:
    """Events of articles by the sheet, as slugs: small letters of any script and digits, hyphens.

    Raises
    ------
    PackageError
        As `kept`, and where the sheet lacks one of the articles.
    """
    sheet = kept(folder, articles)
    if len(missing := articles.difference(sheet.index)):
        raise PackageError(f"{folder / SHEET} has no row for the article {missing[0]}; {AGAIN}")
    return sheet["event"].reindex(articles).map(partial(slugify, allow_unicode=True))
