"""The folder of a researcher's articles: `ingest` and `package` write it, and people fill it in.

Here it is read back.
"""

import csv
import io
import json
import re
from functools import cache
from pathlib import Path

import pandas as pd

from .. import corpus, settings
from ..settings import DefectionError
from .coders import ARTICLE_CODES, CLAIM_CODES, DIRECTIONS
from .readings import LEAD

CODES = {"article": ARTICLE_CODES, "claim": CLAIM_CODES}
"""Codes of each unit."""

COLUMNS = ["unit", "id", "code", "value", "probability", "open", "by"]
"""Columns of `codes.csv`."""

_INGESTED = {
    "sentences": ["article_id", "n", "text", "set_aside"],
    "sources": ["article_id", "sources"],
    "families": ["article_id", "family", "copied_from", "how", "similarity"],
}
_TEXTS = ["id", "url", "outlet", "date", "lang", "title", "text"]
AGAIN = "run `defection-framing ingest` again."
"""What mends a table that `ingest` wrote."""


class PackageError(DefectionError, ValueError):
    """A folder, table or codes that cannot be used; the message says where and what to do."""

    @classmethod
    def at(cls, path: Path | str, row: int, column: str, cell: str, say: str) -> "PackageError":
        """Say what is wrong with a cell (the header is row 1)."""
        return cls(corpus.cell_fault(str(path), row, column, cell, say))


def read(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a table with that header: cells are str, the index its rows (the header is row 1)."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:  # of pandas' parser and of the decoder too
        raise PackageError(f"{path} cannot be read as a table ({str(error).strip()}).") from None
    # Where each row has a cell more than the header, pandas takes the first ones for an index.
    if list(table.columns) != columns or not isinstance(table.index, pd.RangeIndex):
        raise PackageError(f"{path}, row 1: write the header as {','.join(columns)}.")
    table.index += 2
    return table


def filled_in(path: Path, columns: list[str]) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Read a table that people fill in, whatever a spreadsheet program made of it.

    Returns
    -------
    tuple
        The header in small letters, and the rows that are not empty: number and cells by column.

    Raises
    ------
    PackageError
        If it is no table, lacks one of `columns`, or lost letters of one in an old code page.
    """
    encoding, first, table = cells_of(path)
    header = [name.lower() for name in first]
    if missing := [name for name in columns if header.count(name) != 1]:
        raise PackageError(f"{path}, row 1: the column {missing[0]!r} must stand there once.")
    lost = f"lost letters that {encoding} lacks; write it anew, and save as CSV in UTF-8."
    rows = []
    for number, row in enumerate(table, 2):
        if any(row[len(header) :]):
            say = "has more cells than the header; put a cell that holds the separator in quotes."
            raise PackageError(f"{path}, row {number}: {say}")
        if any(row):
            cells = dict.fromkeys(header, "") | dict(zip(header, row, strict=False))
            rows.append((number, cells))
            for name in columns if encoding.startswith("cp") else ():
                if "??" in cells[name]:
                    raise PackageError.at(path, number, name, cells[name], lost)
    return header, rows


def cells_of(path: Path) -> tuple[str, list[str], list[list[str]]]:
    """Encoding, header and rows of cells of a table that a spreadsheet program saved.

    PackageError if it is none.
    """
    raw = path.read_bytes()
    if raw.startswith(b"PK"):
        raise PackageError(f"{path} is a workbook; save it as CSV in UTF-8.")
    encoding = _encoding(raw)
    text = raw.decode(encoding, "replace")
    mark = max(",;\t|", key=text.partition("\n")[0].count)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        first, *rows = [[cell.strip(" \xa0") for cell in row] for row in lines] or [[]]
    except csv.Error as error:
        said = f"{path} is no readable table ({error}); save it as CSV in UTF-8."
        raise PackageError(said) from None
    return encoding, first, rows


def _encoding(raw: bytes) -> str:
    """Tell the encoding in which a spreadsheet program saved a table, maybe an old code page."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        raw.decode("utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError:
        # No word of Latin letters has three beyond ASCII in a row; Polish has some within words.
        if re.search(rb"[\xc0-\xff]{3}", raw):
            return "cp1251"
        return "cp1250" if re.search(rb"[A-Za-z][\xb3\xb9\xbf]", raw) else "cp1252"


def outlets(path: Path) -> pd.DataFrame:
    """Read the `outlets.csv` of a folder, by domain; cells are str.

    Raises
    ------
    PackageError
        For the first slip: as `filled_in`, a column that is none of the schema's, a domain that is
        missing or twice, another cell that does not fit the schema.
    """
    if not path.is_file():
        raise PackageError(f"{path} is missing; {AGAIN}")
    fields = next(r for r in shipped()["resources"] if r["name"] == "outlets")["schema"]["fields"]
    columns = [field["name"] for field in fields]
    header, rows = filled_in(path, columns)
    if other := [name for name in header if name and name not in columns]:
        raise PackageError(f"{path}, row 1: {other[0]!r} is no column of this table; remove it.")
    table: dict[str, dict] = {}
    for number, cells in rows:
        if not cells["domain"] or cells["domain"] in table:
            say = "is missing or in another row too; correct it or remove the row."
            raise PackageError.at(path, number, "domain", cells["domain"], say)
        for field in fields[1:]:
            name, rules = field["name"], field["constraints"]
            allowed, cell = rules.get("enum"), cells[name]
            fits = cell in allowed if allowed else re.fullmatch(rules["pattern"], cell)
            if not fits and (cell or rules["required"]):
                say = f"does not fit; write it like {field['example']!r}."
                say = corpus.no_code(allowed) if allowed else say
                raise PackageError.at(path, number, name, cell, say)
        table[cells["domain"]] = {name: cells[name] for name in columns}
    return pd.DataFrame.from_dict(table, orient="index", columns=columns, dtype=str)


def write_sheet(path: Path, table: pd.DataFrame) -> None:
    """Write a table for people; without the byte order mark Excel takes it for an old code page."""
    settings.write_text(path, "\ufeff" + table.to_csv(index=False, lineterminator="\n"))


def inert(table: pd.DataFrame) -> pd.DataFrame:
    """Cells of one line each, none of which a spreadsheet program would compute."""
    return table.map(one_line).replace(r"^([=+@-])", r" \1", regex=True)


def titles(articles: pd.DataFrame) -> pd.Series:
    """What articles are called where people look them up: by the title, or as they begin."""
    return articles["title"].where(articles["title"] != "", articles["text"].str[:100])


def texts(folder: Path) -> pd.DataFrame:
    """Articles by id, with their sources, family and lead."""
    path = folder / "texts.jsonl"
    if not path.is_file():
        raise PackageError(
            f"{folder} holds no texts.jsonl; run `defection-framing ingest SOURCE... --out "
            f"{folder}` first."
        )
    rows = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
                if row["id"] in rows or not all(isinstance(row[name], str) for name in _TEXTS):
                    raise ValueError
            except (ValueError, KeyError, TypeError):
                said = f"no article with an id of its own and {', '.join(_TEXTS[1:])}"
                raise PackageError(f"{path}, line {number}: {said}; {AGAIN}") from None
            rows[row["id"]] = row
    texts = pd.DataFrame.from_dict(rows, orient="index")
    for name in ("sources", "families"):
        table = _table(folder, name, texts.index).drop_duplicates("article_id")
        if name == "sources":
            _check_sources(table, folder / "sources.csv")
        texts = texts.join(table.set_index("article_id"))
    texts["lead"] = (texts["title"] + "\n" + texts["text"]).str.strip().str[:LEAD]
    return texts


def _check_sources(table: pd.DataFrame, path: Path) -> None:
    """See that the names of sources fit the study's schema, while their rows are known."""
    fields = {f["name"]: f for f in shipped()["resources"][0]["schema"]["fields"]}
    rule = fields["sources"]["constraints"]["pattern"]
    for row, said in table["sources"].map(one_line).items():
        if said and not re.fullmatch(rule, said):
            say = f"does not fit; write names like {fields['sources']['example']!r}."
            raise PackageError.at(path, row, "sources", said, say)


def sentences(folder: Path, texts: pd.DataFrame) -> pd.DataFrame:
    """Sentences of all articles by id, and whether they are claims of the lead."""
    table = _table(folder, "sentences", texts.index)
    table = table[table["article_id"].isin(texts.index)]
    end = (table["text"].str.len() + 1).groupby(table["article_id"]).cumsum()
    table["claim"] = (table["set_aside"] == "") & (end <= LEAD)
    return table.set_index(table["article_id"] + "-" + table["n"])


def _table(folder: Path, name: str, articles: pd.Index) -> pd.DataFrame:
    """Read a table that `ingest` wrote, which must have a row for each of some articles."""
    table = read(folder / f"{name}.csv", _INGESTED[name])
    if len(missing := articles.difference(table["article_id"])):
        raise PackageError(f"{folder / name}.csv has no row for the article {missing[0]}; {AGAIN}")
    return table


def codes(folder: Path) -> pd.DataFrame:
    """All codes, by classifiers and persons, as `codes.csv` has them."""
    return read(folder / "codes.csv", COLUMNS)


def persons(folder: Path, texts: pd.DataFrame, sentences: pd.DataFrame) -> pd.DataFrame:
    """Codes that persons gave so far."""
    path = folder / "codes.csv"
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS[:4], dtype=str)
    table = codes(folder)
    for column, allowed in (
        ("unit", list(CODES)),
        ("code", [code for own in CODES.values() for code in own]),
        ("by", ["model", "person"]),
    ):
        for row, cell in table.loc[~table[column].isin(allowed), column].items():
            raise PackageError.at(path, row, column, cell, corpus.no_code(allowed))
    given = table.loc[table["by"] == "person", COLUMNS[:4]]
    check(given, str(path), texts, sentences)
    if (folder / "claims.csv").exists():
        coded = read(folder / "claims.csv", corpus.columns()["claims"])
        coded = coded.set_index("claim_id")["text"]
        for row, key in given["id"][given["id"].isin(coded.index)].items():
            if coded[key] != one_line(sentences.at[key, "text"]):
                say = "is another sentence than the person coded; remove the row."
                raise PackageError.at(path, row, "id", key, say)
    return given


def check(codes: pd.DataFrame, name: str, texts: pd.DataFrame, sentences: pd.DataFrame) -> None:
    """See that codes of persons name units, codes and values that there are, each code once."""
    ids = {"article": set(texts.index), "claim": set(sentences.index[sentences["claim"]])}
    first: dict[tuple, int] = {}
    for row, unit, key, code, value in codes.itertuples(name=None):
        for column, cell, allowed in (
            ("unit", unit, CODES),
            ("id", key, ids.get(unit, ())),
            ("code", code, CODES.get(unit, ())),
            ("value", value, _values().get(code, ())),
        ):
            if cell not in allowed:
                gone = f"is no {unit} of this folder; remove the row."
                say = gone if column == "id" else corpus.no_code(allowed)
                raise PackageError.at(name, row, column, cell, say)
        if (unit, key, code) in first:
            say = f"is given in row {first[unit, key, code]} too; remove one."
            raise PackageError.at(name, row, "code", code, say)
        first[unit, key, code] = row


@cache
def _values() -> dict[str, tuple[str, ...]]:
    """Allowed values by code."""
    values = {code: corpus.codes("articles", code) for code in ARTICLE_CODES}
    values |= {code: corpus.codes("claims", code) for code in CLAIM_CODES}
    return values | {"direction": DIRECTIONS}


def one_line(text: str) -> str:
    """Text without line breaks and control characters."""
    return re.sub(r"[\x00-\x1f\x7f\s]+", " ", text).strip()


def shipped() -> dict:
    """The repository's descriptor of the tables."""
    return json.loads(corpus.DESCRIPTOR.read_text(encoding="utf-8"))
