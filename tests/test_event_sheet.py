"""The sheet of events: what a person merges and splits holds, and every slip is named."""

import csv
import shutil

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus
from defection_framing.own import event_sheet, run
from defection_framing.own.folder import PackageError
from defection_framing.own.ingest import ingest
from defection_framing.own.package import code_folder
from test_events import invented

pytestmark = pytest.mark.slow


def export(path, articles):
    """Articles as a table that can be ingested, with an address each."""
    rows = articles.assign(url="https://" + articles["outlet"] + "/" + articles["article_id"])
    rows[["url", "date", "lang", "title", "text"]].to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    """The invented articles but for two of the flight, and for all on the tank."""
    folder = tmp_path_factory.mktemp("events")
    articles = invented(1)
    later = articles["told"].eq("tank") | articles["article_id"].isin(
        ["a0000000001", "a0000000003"]
    )
    export(folder / "later.csv", articles[later])
    ingest([export(folder / "first.csv", articles[~later])], folder / "in")
    return folder


@pytest.fixture
def own(ingested, tmp_path):
    shutil.copytree(ingested / "in", tmp_path / "own")
    return tmp_path / "own"


def rows(folder):
    """The sheet, with the name of each article in the invented sample."""
    table = pd.read_csv(folder / event_sheet.SHEET, dtype=str, keep_default_na=False)
    texts = pd.read_json(folder / "texts.jsonl", lines=True, dtype=str).set_index("id")
    name = texts["url"].str.rpartition("/")[2]
    return table.assign(name=table["article_id"].map(name)).set_index("name")


def save(folder, table):
    table.to_csv(folder / event_sheet.SHEET, index=False)


def events_of(folder, table=None):
    """Events by the sheet, of all its articles or of those of a table."""
    ids = (rows(folder) if table is None else table)["article_id"]
    return event_sheet.read(folder, pd.Index(ids)).set_axis(ids.index)


def test_the_sheet_proposes_an_event_for_every_article(own):
    table = rows(own)
    assert (own / event_sheet.SHEET).read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(table) == event_sheet.COLUMNS
    assert (table["event"] == table["proposed"]).all()
    told = invented(1).set_index("article_id")["told"].reindex(table.index)
    assert (told.groupby(table["event"]).nunique() == 1).all()
    assert (table["event"].groupby(told).nunique() == 1).all()


def test_merging_and_splitting_stays_when_articles_are_added(own, ingested):
    table = rows(own)
    told = invented(1).set_index("article_id")["told"]
    flight = [name for name in table.index if told[name] == "plane"]
    merged = table.index[told[table.index].isin(["sergeant", "deserter-verdict"])]
    table.loc[flight, "event"] = "Flight to Poltava"
    table.loc[merged, "event"] = "two of the 57th"
    first, second, *_ = table.index[told[table.index] == "squad"]
    table.loc[first, "event"], table.loc[second, "event"] = "Пчелін", "general"
    save(own, table.assign(note="seen"))
    ingest([ingested / "later.csv"], own)
    after = rows(own)
    assert after.loc[table.index, "event"].equals(table["event"])
    assert after.loc[table.index, "proposed"].equals(table["proposed"])
    assert (after.loc[table.index, "note"] == "seen").all()
    # What is new joins what people named, or is an event of its own.
    assert set(after.loc[["a0000000001", "a0000000003"], "event"]) == {"Flight to Poltava"}
    tank = after.loc[told[after.index] == "tank", "event"]
    assert tank.nunique() == 1 and not (after["event"].drop(tank.index) == tank.iloc[0]).any()
    events = events_of(own)
    assert events["a0000000001"] == "flight-to-poltava" and events[first] == "пчелін"
    assert events[second] == "general"
    again = (own / event_sheet.SHEET).read_bytes()
    ingest([ingested / "later.csv"], own)
    assert (own / event_sheet.SHEET).read_bytes() == again


def test_a_row_that_is_gone_is_proposed_anew(own, ingested):
    table = rows(own)
    save(own, table.iloc[3:])
    with pytest.raises(PackageError, match="has no row for the article"):
        events_of(own, table)
    ingest([ingested / "first.csv"], own)
    assert rows(own)["event"].sort_index().equals(table["event"].sort_index())


SAVED = {
    "semicolons": lambda t: t.to_csv(index=False, sep=";").encode("utf-8-sig"),
    "ANSI": lambda t: t.to_csv(index=False, sep=";").encode("cp1251", "replace"),
    "tabs, UTF-16": lambda t: t.to_csv(index=False, sep="\t").encode("utf-16"),
    "empty rows": lambda t: (t.to_csv(index=False) + ",,,,,,\n\n").encode(),
    "other columns": lambda t: t[["event", "why", "article_id"]].to_csv(index=False).encode(),
    "capitals": lambda t: t.rename(columns=str.upper).to_csv(index=False).encode(),
    "dates": lambda t: t.assign(date="14.05.24", title="###").to_csv(index=False).encode(),
    "spaces": lambda t: t.assign(event=" " + t["event"].str.upper() + "\xa0").to_csv().encode(),
    "quotes": lambda t: t.to_csv(index=False, quoting=csv.QUOTE_ALL).encode(),
    "another order": lambda t: t.sample(frac=1, random_state=1).to_csv(index=False).encode(),
}


@pytest.mark.parametrize("case", SAVED)
def test_what_a_spreadsheet_program_makes_of_it_is_read(case, own):
    table = rows(own)
    table.loc[table.index[:2], "event"] = "Перебежчик"
    before = table["event"].map({"Перебежчик": "перебежчик"}).fillna(table["event"])
    (own / event_sheet.SHEET).write_bytes(SAVED[case](table))
    assert list(events_of(own, table)) == list(before)


SLIPS = {
    "unknown": ("article_id", "a0", "row 4, column article_id: 'a0' is no article"),
    "twice": ("article_id", "{first}", "row 4, column article_id: .* is in row 2 too; remove one"),
    "empty": ("event", "", "row 4, column event: '' names no event"),
    "blank": ("event", " \xa0", "row 4, column event: '' names no event"),
    "control": ("event", "a\x07b", "row 4, column event: .* holds a control character"),
    "lines": ("event", "a\nb", "row 4, column event: .* holds a control character"),
    "no word": ("event", "???", r"row 4, column event: '\?\?\?' has neither letter nor digit"),
}


@pytest.mark.parametrize("case", SLIPS)
def test_a_slip_is_named_and_nothing_is_written(case, own, ingested):
    column, cell, said = SLIPS[case]
    table = rows(own)
    cell = cell.format(first=table["article_id"].iloc[0])
    table.iloc[2, table.columns.get_loc(column)] = cell
    save(own, table)
    before = (own / event_sheet.SHEET).read_bytes()
    for act in (lambda: code_folder(own), lambda: ingest([ingested / "later.csv"], own)):
        with pytest.raises(PackageError, match=rf"events_sheet.csv, {said}") as error:
            act()
        assert "\n" not in str(error.value)
    assert (own / event_sheet.SHEET).read_bytes() == before
    assert not (own / "articles.csv").exists()


BROKEN = {
    "no column": (b"article_id,title\n", "row 1: the column 'event' must stand there once"),
    "empty": (b"", "row 1: the column 'article_id' must stand there once"),
    "workbook": (b"PK\x03\x04\xff", "is a workbook; save it as CSV in UTF-8"),
    "lost": (
        b"article_id;event\na;caf\xe9 ????\n",
        "row 2, column event: .* lost letters that cp12",
    ),
    "cells": (b"article_id,event\na,b,c\n", "row 2: has more cells than the header"),
    "quotes": (b'article_id,event\n"a"b,c\n', "is no readable table .*; save it as CSV in UTF-8"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_sheet_that_cannot_be_read_is_said(case, tmp_path):
    content, said = BROKEN[case]
    (tmp_path / event_sheet.SHEET).write_bytes(content)
    with pytest.raises(PackageError, match=f"events_sheet.csv,? {said}"):
        event_sheet.kept(tmp_path, {"a"})


def test_titles_cannot_be_computed_by_a_spreadsheet_program(tmp_path):
    articles = invented(2).head(1).assign(title="=1+1", family="a", copied_from="", how="")
    proposed = pd.DataFrame({"article_id": articles["article_id"], "event": "a", "why": "+"})
    event_sheet.write(tmp_path, articles, proposed, event_sheet.kept(tmp_path, set()))
    assert ", =1+1," in (tmp_path / event_sheet.SHEET).read_text(encoding="utf-8")


def test_the_study_is_of_the_events_on_the_sheet(own):
    code_folder(own)
    assert set(corpus.load(own).articles["event"]) <= set(events_of(own))
    state = run._state(own)
    table = rows(own)
    told = invented(1).set_index("article_id")["told"].reindex(table.index)
    save(own, table.assign(event=np.where(told == "plane", "Flight", "general")))
    assert run._state(own) != state
    code_folder(own)
    loaded = corpus.load(own)
    assert set(loaded.articles["event"]) == {"flight", "general"}
    flight = loaded.article_table().query("event == 'flight'")
    assert flight["cluster"].nunique() == 1 and len(flight) == 2
