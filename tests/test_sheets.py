import csv

import pandas as pd
import pytest

from defection_framing.people import sheets
from defection_framing.people.sheets import Field, SheetError

FIELDS = [
    Field("frame", ("treason", "collapse", "west_official")),
    Field("motives", ("survival", "family"), several=True),
]
UNITS = pd.DataFrame(
    {"text": ['One, two; "three".', "Перша заява.", "=HYPERLINK(1)\nnext line"]},
    index=["a1", "a2", "a3"],
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "claims.csv"
    sheets.write({path: (UNITS, FIELDS)})
    return path


def cells(path):
    return list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))


def save(path, rows, separator=",", encoding="utf-8-sig"):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)


def fill(path, column, value, unit="a2"):
    rows = cells(path)
    place = rows[0].index(column)
    for row in rows:
        row[place] = value if row[0] == unit else row[place]
    save(path, rows)


def read(path):
    return sheets.read(path, UNITS.index, FIELDS)


def slips(path):
    with pytest.raises(SheetError) as caught:
        read(path)
    return str(caught.value).splitlines()


def test_a_sheet_has_one_row_per_unit_and_empty_columns_to_fill_in(path):
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = cells(path)
    assert header == ["id", "text", "frame", "motives", "note"]
    assert [row[:2] for row in rows[:2]] == [list(unit) for unit in UNITS["text"].items()][:2]
    assert {cell for row in rows for cell in row[2:]} == {""}


def test_no_text_is_computed_by_a_spreadsheet_or_broken_over_lines(path):
    assert cells(path)[3][1] == " =HYPERLINK(1) next line"


def test_an_empty_sheet_reads_as_not_coded_yet(path):
    table = read(path)
    assert list(table.index) == list(UNITS.index)
    assert (table[["frame", "motives", "note"]] == "").all(axis=None)


def test_codes_come_back_with_their_row(path):
    fill(path, "frame", "collapse")
    fill(path, "motives", "family; survival")
    fill(path, "note", "hard; really")
    row = read(path).loc["a2"]
    assert list(row[["frame", "motives", "note"]]) == [
        "collapse",
        "family; survival",
        "hard; really",
    ]
    assert row["row"] == 3


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_what_a_spreadsheet_saves_is_read(path, separator, encoding):
    fill(path, "frame", " Treason  ")
    fill(path, "motives", "Family ;survival; ")
    header, *rows = cells(path)
    save(path, [header, *reversed(rows), [""] * 5, []], separator, encoding)
    table = read(path)
    assert list(table.index) == list(UNITS.index)
    assert list(table.loc["a2", ["frame", "motives"]]) == ["treason", "family; survival"]


def test_columns_in_another_order_and_columns_of_the_coders_own_are_read(path):
    fill(path, "frame", "treason")
    save(path, [[*reversed(row), "mine"] for row in cells(path)])
    assert read(path).loc["a2", "frame"] == "treason"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("frame", "betrayal", "row 3, column frame: 'betrayal' is not a code of this column; write "
         "one of treason, collapse, west_official."),
        ("frame", "treason; collapse", "'treason; collapse' is not a code of this column"),
        ("motives", "survival; greed", "'survival; greed' is not a code of this column; write "
         "one of survival, family."),
        ("motives", "family, family", "column motives: 'family, family' names one code twice"),
        ("id", "a9", "row 3, column id: 'a9' is no unit of this sheet"),
        ("id", "", "row 3, column id: '' is no unit of this sheet"),
        ("id", "a1", "row 3, column id: 'a1' stands already in row 2"),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_row_column_value_and_remedy(path, column, value, said):
    fill(path, column, value)
    lines = slips(path)
    assert lines[0].startswith("claims.csv, row 3") and said in lines[0]
    # an id that is lost is missing, too
    assert len(lines) == (2 if column == "id" else 1)


def test_every_slip_is_named_at_once(path):
    fill(path, "frame", "x", "a1")
    fill(path, "motives", "y", "a1")
    fill(path, "frame", "z", "a3")
    assert [line.partition(": ")[0] for line in slips(path)] == [
        "claims.csv, row 2, column frame",
        "claims.csv, row 2, column motives",
        "claims.csv, row 4, column frame",
    ]


def test_a_row_that_is_gone_is_named(path):
    save(path, cells(path)[:-1])
    assert slips(path) == [
        "claims.csv: the row of 'a3' is missing; put it back, with empty codes if it is not coded."
    ]


def test_a_row_that_has_slipped_is_named(path):
    fill(path, "note", "seen")
    rows = cells(path)
    rows[2].insert(1, "One")
    save(path, rows)
    assert slips(path)[0].startswith("claims.csv, row 3: has more cells than there are columns")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "row 1: is no header"),
        (b"PK\x03\x04rest", "is a workbook; save it as CSV"),
        (b"id,text,frame,note\r\na1,x,,\r\n", "the column 'motives' must stand there once"),
        (b"id,text,frame,frame,motives,note\r\n", "the column 'frame' must stand there once"),
        (b'id,text,frame,motives,note\r\na1,"x,,,\r\n', "is no readable table"),
        (b"a1,Text\r\n", "the column 'id' must stand there once"),
    ],
)
def test_a_file_that_is_no_such_sheet_is_named(path, content, said):
    path.write_bytes(content)
    [line] = slips(path)
    assert line.startswith("claims.csv") and said in line


def test_a_sheet_that_is_gone_is_named(path):
    path.unlink()
    assert "claims.csv is missing" in slips(path)[0]


def test_nothing_is_written_over_and_nothing_half(path):
    fill(path, "frame", "treason")
    before = path.read_bytes()
    other = path.with_name("other.csv")
    with pytest.raises(SheetError, match="claims.csv exists already"):
        sheets.write({other: (UNITS, FIELDS), path: (UNITS, FIELDS)})
    assert path.read_bytes() == before
    assert not other.exists()


def test_a_folder_that_cannot_be_written_to_is_named_and_nothing_is_left(path):
    first = path.with_name("first.csv")
    with pytest.raises(SheetError, match="cannot be written .*; name another folder"):
        sheets.write({first: "x", path / "in-a-file.csv": "y"})
    assert not first.exists()
