"""Load the corpus and hold it to its descriptor, `datapackage.json`.

The descriptor is the only schema: Frictionless validates the files against it, and the types of the
loaded tables (the order of the codes, the cells that hold lists) are read from it. What a
descriptor cannot say, because it spans columns or tables, is checked here and named the same way.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from frictionless import FrictionlessException, Package

from . import settings

DESCRIPTOR = settings.ROOT / "data" / "datapackage.json"
"""The repository's descriptor, used for any folder that brings none of its own."""

MAY_BE_ABSENT = ("second_coder_claims", "second_coder_articles")
"""Tables that a corpus with one coder need not hold."""

_BROKEN_ROW = {
    "extra-cell": "the row has more cells than there are columns; put cells that hold commas in "
    "double quotes",
    "missing-cell": "the row has fewer cells than there are columns; fill it up with commas",
    "blank-row": "the row is empty; remove it",
}


class CorpusError(ValueError):
    """The corpus cannot be used; the message says where and what to do, one line per violation."""


class NotEnough(ValueError):
    """The corpus has too little for a question; the message says what it has and what it takes."""


@dataclass(frozen=True)
class Corpus:
    """A validated corpus as typed tables, each indexed by its key.

    Columns are those of `datapackage.json`. Coded columns are categoricals in the descriptor's
    order of codes, list cells are tuples of str, other text is `str` with NaN where unknown. Where
    the descriptor lets a code be left open, an open one is NaN, or an empty tuple.

    Attributes
    ----------
    articles : DataFrame
        One row per article, indexed by `article_id`; `year` (Int64) is added, from `date`.
    claims : DataFrame
        One row per claim, indexed by `claim_id`.
    outlets : DataFrame
        One row per web domain, indexed by `domain`.
    events : DataFrame
        One row per case, indexed by `event`.
    second_claims, second_articles : DataFrame
        The second coder's codes, indexed by `claim_id` and `article_id`; without rows where the
        corpus has one coder only.
    coder : str
        Who coded, in a sentence: by the descriptor, or that it does not say.
    """

    articles: pd.DataFrame
    claims: pd.DataFrame
    outlets: pd.DataFrame
    events: pd.DataFrame
    second_claims: pd.DataFrame
    second_articles: pd.DataFrame
    coder: str

    def article_table(self) -> pd.DataFrame:
        """Articles with their outlet's facts, their cluster and their number of claims.

        Returns
        -------
        DataFrame
            The rows and columns of `articles`, and `outlet_name, country, kind, camp, confidence`
            (of the outlet), `n_claims`, and `cluster`, the unit that is resampled: the event, since
            articles on one event are not independent; where no single case is covered
            (`general`), each outlet by itself, as `general/<domain>`.
        """
        outlets = self.outlets.rename(columns={"name": "outlet_name"}).drop(columns="basis")
        table = self.articles.join(outlets, on="outlet")
        alone = table["event"] == "general"
        table["cluster"] = table["event"].mask(alone, "general/" + table["outlet"])
        table["n_claims"] = self.claims.groupby("article_id").size().reindex(table.index)
        return table

    def claim_table(self) -> pd.DataFrame:
        """Claims, each with every column of its article in `article_table`."""
        return self.claims.join(self.article_table(), on="article_id")


def load(folder: Path | None = None) -> Corpus:
    """Load and validate a corpus.

    Parameters
    ----------
    folder : Path, optional
        Folder of the CSV tables; by default `settings.data_dir()`. Its own `datapackage.json` is
        used where it has one, else the repository's.

    Returns
    -------
    Corpus

    Raises
    ------
    CorpusError
        With one line for each violation: file, row (the header is row 1), column, value and what
        to do. Files that cannot be read as a table are reported before any cell is judged.
    """
    folder = Path(folder) if folder is not None else settings.data_dir()
    if not folder.is_dir():
        raise CorpusError(f"The corpus folder {folder} does not exist; create it or name another.")
    descriptor = _descriptor(folder)
    empty = _drop_absent(descriptor, folder)
    _raise(p for resource in descriptor["resources"] for p in _unreadable(resource, folder))

    package = Package.from_descriptor(descriptor, basepath=str(folder))
    tables, structure, cells = {}, [], []
    for resource in descriptor["resources"]:
        rows: list[dict] = []
        report = package.get_resource(resource["name"]).validate(
            on_row=lambda row, rows=rows: rows.append(row.to_dict()), limit_errors=0
        )
        broken, wrong = _explain(report, resource)
        structure += broken
        cells += wrong
        if report.valid:
            tables[resource["name"]] = _typed(rows, resource["schema"])
    # Under a broken header every cell looks wrong, here and in the tables that refer to it.
    _raise(structure or cells)
    for resource in empty:
        tables[resource["name"]] = _typed([], resource["schema"])
    paths = {resource["name"]: resource["path"] for resource in descriptor["resources"]}
    _raise(_beyond_schema(tables, paths))

    articles = tables["articles"]
    articles["year"] = articles["date"].str[:4].astype("Int64")
    return Corpus(
        articles=articles,
        claims=tables["claims"],
        outlets=tables["outlets"],
        events=tables["events"],
        second_claims=tables["second_coder_claims"],
        second_articles=tables["second_coder_articles"],
        coder=str(descriptor.get("coder") or "The corpus does not say who coded it."),
    )


def columns() -> dict[str, list[str]]:
    """Name the columns of each table in their order, by the repository's descriptor."""
    return {
        resource["name"]: [field["name"] for field in resource["schema"]["fields"]]
        for resource in _shipped()["resources"]
    }


def codes(table: str, column: str) -> tuple[str, ...]:
    """Name the codes that a column may hold, by the descriptor of the corpus under study."""
    resources = _descriptor(settings.data_dir())["resources"]
    [schema] = (r["schema"] for r in resources if r["name"] == table)
    [constraints] = (f["constraints"] for f in schema["fields"] if f["name"] == column)
    if "enum" in constraints:
        return tuple(constraints["enum"])
    # a list cell has a pattern instead: "(a|b)(; (a|b))*"
    return tuple(constraints["pattern"][1:].partition(")")[0].split("|"))


def cell_fault(path: str, row: int, column: str, value: str, say: str) -> str:
    """Name a cell (the header is row 1) and say what is wrong with it, in one sentence."""
    return f"{path}, row {row}, column {column}: {_shorten(value)!r} {say}"


def no_code(allowed: Iterable[str]) -> str:
    """Say of a cell that it holds no code, and what to write."""
    return f"is not a code of this column; write one of {', '.join(allowed)}."


def event_facts(articles: pd.DataFrame, outlets: pd.DataFrame) -> pd.DataFrame:
    """Count what `events.csv` tells of each event.

    Parameters
    ----------
    articles : DataFrame
        With the columns `event, date, outlet, direction, lang`; NaN where a date is unknown.
    outlets : DataFrame
        Indexed by domain, with the column `camp`.

    Returns
    -------
    DataFrame
        One row per event, indexed and sorted by `event`. First and last date are in text order.
    """
    camps = articles["outlet"].map(outlets["camp"].astype(str))
    events = articles.assign(camp=camps).groupby("event", sort=True)

    def codes(column: str) -> pd.Series:
        return events[column].agg(lambda values: tuple(sorted(set(values))))

    return pd.DataFrame(
        {
            "n_articles": events.size(),
            "n_dated": events["date"].count(),
            "n_outlets": events["outlet"].nunique(),
            "first_date": events["date"].min(),
            "last_date": events["date"].max(),
            "directions": codes("direction"),
            "camps": codes("camp"),
            "langs": codes("lang"),
        }
    )


def _raise(problems) -> None:
    problems = list(dict.fromkeys(problems))
    if problems:
        raise CorpusError("\n".join(problems))


def _shipped() -> dict:
    """Read the repository's descriptor."""
    if not DESCRIPTOR.is_file():
        raise CorpusError(
            f"The descriptor {DESCRIPTOR} is missing; restore it from the repository."
        )
    return json.loads(DESCRIPTOR.read_text(encoding="utf-8"))


def _descriptor(folder: Path) -> dict:
    """Read the folder's descriptor, or the repository's, and see that it declares every column."""
    ours = _shipped()
    own = folder / "datapackage.json"
    if not own.is_file():
        return ours | {"coder": ""}  # of the repository's corpus, not of this one
    try:
        descriptor = json.loads(own.read_text(encoding="utf-8"))
        Package.from_descriptor(descriptor, basepath=str(folder))
        theirs = _shape(descriptor)
    except (ValueError, KeyError, TypeError, AttributeError, FrictionlessException) as error:
        raise CorpusError(
            f"{own} is not a data package descriptor ({type(error).__name__}: {error}); repair it, "
            "or remove it to use the repository's."
        ) from None
    for (table, column), shape in _shape(ours).items():
        if theirs.get((table, column)) != shape:
            raise CorpusError(
                f"{own} does not declare the column {column} of the table {table} as the study "
                "needs it (file, key, type, separator); copy it from the repository's descriptor."
            )
    return descriptor


def _shape(descriptor: dict) -> dict[tuple[str, str], tuple]:
    """Reduce a descriptor to what the loading of each column rests on."""
    return {
        (resource["name"], field["name"]): (
            resource["path"],
            resource["schema"]["primaryKey"],
            field["type"],
            field.get("separator"),
        )
        for resource in descriptor["resources"]
        for field in resource["schema"]["fields"]
    }


def _drop_absent(descriptor: dict, folder: Path) -> list[dict]:
    """Take the tables that may be absent and are out of the descriptor, and return them."""
    absent = [
        resource
        for resource in descriptor["resources"]
        if resource["name"] in MAY_BE_ABSENT and not (folder / resource["path"]).exists()
    ]
    descriptor["resources"] = [r for r in descriptor["resources"] if r not in absent]
    return absent


def _unreadable(resource: dict, folder: Path) -> Iterator[str]:
    """Say what keeps a file from being read as text at all."""
    path = folder / resource["path"]
    if not path.is_file():
        yield f"{resource['path']} is missing from {folder}; put the table there."
        return
    raw = path.read_bytes()
    if not raw.strip():
        yield f"{resource['path']} is empty; it needs a header row and rows."
    elif b"\0" in raw:
        row = raw[: raw.index(b"\0")].count(b"\n") + 1
        yield f"{resource['path']}, row {row}: holds a NUL byte; save the file as CSV in UTF-8."
    else:
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            row = raw[: error.start].count(b"\n") + 1
            yield (
                f"{resource['path']}, row {row}: byte {raw[error.start]:#04x} is not UTF-8; save "
                "the file as CSV in UTF-8."
            )


def _explain(report, resource: dict) -> tuple[list[str], list[str]]:
    """Put Frictionless' errors into sentences: those of the file's structure, and of its cells."""
    path = resource["path"]
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    [key] = resource["schema"]["primaryKey"]
    structure, cells = [], []
    errors = [error for task in report.tasks for error in task.errors]
    ragged = {error.row_number for error in errors if error.type in _BROKEN_ROW}
    for error in errors:
        kind = error.type
        row = f"{path}, row {getattr(error, 'row_number', 1)}"
        if "#header" in error.tags:
            structure.append(f"{path}, row 1: {_header_fault(error.labels, list(fields))}")
        elif kind in _BROKEN_ROW:
            start = _shorten(",".join(map(str, error.cells)))
            cells.append(f"{row}: {start!r}: {_BROKEN_ROW[kind]}.")
        elif getattr(error, "row_number", None) in ragged:
            continue  # the cells of a ragged row have slipped: the row's own sentence is enough
        elif kind in ("constraint-error", "type-error", "unique-error"):
            remedy = _remedy(error, fields[error.field_name])
            cells.append(cell_fault(path, error.row_number, error.field_name, error.cell, remedy))
        elif kind == "primary-key":
            # said in the words of `required` and `unique`, so that it merges with their errors
            value = error.cells[list(fields).index(key)]
            remedy = _remedy(error, fields[key])
            cells.append(cell_fault(path, error.row_number, key, value, remedy))
        elif kind == "foreign-key":
            column, value = ", ".join(error.field_names), ", ".join(error.field_cells)
            cells.append(
                f"{row}, column {column}: {value!r} is not in the table {error.reference_name}, "
                f"column {', '.join(error.reference_field_names)}; correct it or add the row there."
            )
        else:
            structure.append(f"{path}: {error.message.rstrip('.')}; repair the file.")
    return structure, cells


def _header_fault(labels: list[str], wanted: list[str]) -> str:
    """Say what is wrong with the columns of a table."""
    faults = [f"the column {name!r} is missing" for name in wanted if name not in labels]
    faults += [f"the column {name!r} is not known" for name in labels if name not in wanted]
    faults += [f"the column {name!r} is there twice" for name in wanted if labels.count(name) > 1]
    said = ", ".join(faults) or "the columns stand in another order"
    return f"{said}; write the header as {','.join(wanted)}."


def _remedy(error, field: dict) -> str:
    """Say what is wrong with a cell and what to write instead."""
    constraints = field.get("constraints", {})
    like = f"write it like {str(field.get('example'))!r}"
    if error.type == "type-error":
        return f"is not of the type {field.get('format', field['type'])}; {like}."
    if twin := re.search(r"position (\d+)", error.note):
        return f"stands already in row {twin.group(1)}; remove one or correct its id."
    found = re.search(r'constraint "(\w+)"', error.note)
    broken = found.group(1) if found else "required"
    if broken == "required":
        return f"is empty, and may not be; {like}."
    if broken == "enum":
        return no_code(constraints["enum"])
    return f"does not fit the {broken} {constraints[broken]}; {like}."


def _shorten(value: str, limit: int = 80) -> str:
    return value if len(value) <= limit else value[: limit - 3] + "..."


def _typed(rows: list[dict], schema: dict) -> pd.DataFrame:
    """Build a table with the descriptor's types, indexed by its key."""
    columns = {}
    for field in schema["fields"]:
        values = [row[field["name"]] for row in rows]
        if "separator" in field:
            split = [tuple(v.split(field["separator"])) if v else () for v in values]
            columns[field["name"]] = pd.Series(split, dtype=object)
        elif "enum" in field.get("constraints", {}):
            columns[field["name"]] = pd.Categorical(values, field["constraints"]["enum"])
        else:
            kinds = {"integer": "int64", "boolean": "bool", "string": "str"}
            columns[field["name"]] = pd.Series(values, dtype=kinds[field["type"]])
    return pd.DataFrame(columns).set_index(schema["primaryKey"][0])


def cell_text(value) -> str:
    """Write a typed cell as the files do."""
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    return "" if pd.isna(value) else str(value)


def _is_day(text: str) -> bool:
    """Tell whether a date exists, whatever its precision."""
    try:
        date.fromisoformat(text + "0001-01-01"[len(text) :])
    except ValueError:
        return False
    return True


def _beyond_schema(tables: dict[str, pd.DataFrame], paths: dict[str, str]) -> Iterator[str]:
    """Check what spans columns or tables, in tables that fit the schema."""

    def flag(name: str, column: str, bad: pd.Series, remedy) -> Iterator[str]:
        """Name each cell where `bad` (bool, by key), and its remedy (a text, or key to text)."""
        rows = tables[name].reset_index()
        for position in bad.reindex(tables[name].index, fill_value=False).to_numpy().nonzero()[0]:
            value = cell_text(rows.at[position, column])
            say = remedy if isinstance(remedy, str) else remedy(tables[name].index[position])
            yield cell_fault(paths[name], position + 2, column, value, say)

    articles, claims, events = tables["articles"], tables["claims"], tables["events"]

    for name in paths:
        lists = [column for column, cells in tables[name].items() if cells.dtype == object]
        for column in lists:
            repeats = tables[name][column].map(lambda cell: len(set(cell)) < len(cell))
            yield from flag(name, column, repeats, "names one thing twice; remove one.")
        if "frame_2" in tables[name]:
            same = tables[name]["frame"].astype(str) == tables[name]["frame_2"].astype(str)
            yield from flag(name, "frame_2", same, "is the main frame already; leave it empty.")

    if articles.empty:
        yield f"{paths['articles']} has a header but no rows; add the articles."
        return

    undated = articles["date"].isna()
    impossible = ~articles["date"].fillna("2000").map(_is_day) & ~undated
    yield from flag("articles", "date", impossible, "is no day of the calendar; correct it.")

    silent = ~articles.index.to_series().isin(claims["article_id"])
    todo = "has no claim in claims.csv; add its claims or remove the article."
    yield from flag("articles", "article_id", silent, todo)

    ids = claims["article_id"] + "-" + claims["n"].astype(str)
    strays = ids != claims.index
    yield from flag("claims", "claim_id", strays, lambda key: f"must be {ids[key]}; correct it.")

    second = tables["second_coder_claims"]
    reworded = second["text"] != claims["text"].reindex(second.index)
    todo = "does not fit the sentence in claims.csv; write the other of true and false."
    yield from flag("second_coder_claims", "reworded", reworded != second["reworded"], todo)

    facts = event_facts(articles, tables["outlets"])
    unused = ~events.index.to_series().isin(facts.index)
    yield from flag("events", "event", unused, "is the event of no article; remove the row.")
    for column, counted in facts.items():
        counted = counted.map(cell_text)
        stale = events[column].map(cell_text).reindex(counted.index) != counted
        yield from flag(
            "events",
            column,
            stale,
            lambda key, counted=counted: f"does not fit articles.csv; write {counted[key]!r}.",
        )


def article_texts(corpus: Corpus) -> list[str]:
    """Gist and claims of each article as one text, in the order of `corpus.articles`."""
    claims = corpus.claims.sort_values(["article_id", "n"]).groupby("article_id")["text"]
    told = claims.agg(" ".join).reindex(corpus.articles.index)
    return [f"{gist} {text}" for gist, text in zip(corpus.articles["gist"], told, strict=True)]
