"""Load the corpus and hold it to its descriptor, `datapackage.json`.

The descriptor is the only schema: Frictionless validates the files against it, and the types of the
loaded tables (the order of the codes, the cells that hold lists) are read from it. What a
descriptor cannot say, because it spans columns or tables, is checked here and named the same way.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from .. import domain, settings
from ..domain import CAMPS, TOWARD
from .faults import cell_fault, explain, unreadable

DESCRIPTOR = settings.ROOT / "data" / "datapackage.json"
"""The repository's descriptor, used for any folder that brings none of its own."""

MAY_BE_ABSENT = ("codings_claims", "codings_articles", "flag_swap", "pair_searches")
"""Tables that a corpus need not hold: one with one coder has no more codes than those it uses."""


class CorpusError(settings.DefectionError, ValueError):
    """The corpus cannot be used; the message says where and what to do, one line per violation."""


class NotEnough(settings.DefectionError, ValueError):
    """The corpus has too little for a question; the message says what it has and what it takes."""


@dataclass(frozen=True, eq=False)  # known by identity, so that a cache can hold what is made of it
class Corpus:
    """A validated corpus as typed tables, each indexed by its key.

    Columns are those of `datapackage.json`. Coded columns are categoricals in the descriptor's
    order of codes, list cells are tuples of str, other text is `str` with NaN where unknown. Where
    the descriptor lets a code be left open, an open one is NaN, or an empty tuple.

    The last four tables may be without rows: one coder has no more codes than those used.

    What is computed of a corpus is kept: do not change its tables, make another one with
    `dataclasses.replace`.
    """

    articles: pd.DataFrame  #: by article_id; `year` (Int64) is added, from `date`
    claims: pd.DataFrame  #: by claim_id
    outlets: pd.DataFrame  #: by domain
    events: pd.DataFrame  #: by event
    codings_claims: pd.DataFrame  #: the codes of each pass, by claim_id and coder
    codings_articles: pd.DataFrame  #: by article_id and coder
    flag_swap: pd.DataFrame  #: coded with the sides exchanged, by article_id and version
    pair_searches: pd.DataFrame  #: for the missing side of events, by side and n
    coder: str  #: who coded, in a sentence: by the descriptor, or that it does not say

    def article_table(self) -> pd.DataFrame:
        """The rows and columns of `articles`, with facts of their outlet and their event.

        Of the outlet `outlet_name, country, kind, confidence`, `camp_detail` (the registry's camp)
        and `camp` (that of the study, see `domain.CAMPS`); `n_claims`; of the event `shared`,
        `new_event` (of wave 2) and `sought_by_law` (found by words of criminal law, slice h); and
        `cluster`, the unit that is resampled: the event, or where no single case is covered
        (`general`) each outlet by itself, as `general/<domain>`.
        """
        return self._facts.copy()

    @cached_property
    def _facts(self) -> pd.DataFrame:
        names = {"name": "outlet_name", "camp": "camp_detail"}
        outlets = self.outlets.rename(columns=names).drop(columns="basis")
        outlets["camp"] = outlets["camp_detail"].map(CAMPS)
        table = self.articles.join(outlets, on="outlet")
        alone = table["event"] == "general"
        table["cluster"] = table["event"].mask(alone, "general/" + table["outlet"])
        table["shared"] = table["event"].map(self.events["shared"]) & ~alone
        table["new_event"] = table["event"].map(self.events["wave"]).eq(2) & ~alone
        by_law = table.loc[table["new_event"] & (table["slice"] == "h"), "event"]
        table["sought_by_law"] = table["event"].isin(by_law)
        table["n_claims"] = self.claims.groupby("article_id").size().reindex(table.index)
        return table

    def claim_table(self) -> pd.DataFrame:
        """Claims, each with every column of its article in `article_table`."""
        return self.claims.join(self.article_table(), on="article_id")

    def part(self, articles: pd.Index) -> "Corpus":
        """The corpus of some articles, by their ids; its events are told of as in the whole."""
        claims = self.claims[self.claims["article_id"].isin(articles)]
        coded = self.codings_claims
        own = {"claims": claims, "codings_claims": coded[coded.index.isin(claims.index, level=0)]}
        for name in ("articles", "codings_articles", "flag_swap"):
            table = getattr(self, name)
            own[name] = table[table.index.isin(articles, level=0)]
        return replace(self, **own)


def load(folder: Path | None = None) -> Corpus:
    """Load and validate a corpus.

    `folder` holds the CSV tables, by default `settings.data_dir()`; its own `datapackage.json` is
    used where it has one, else the repository's. CorpusError has one line for each violation: file,
    row (the header is row 1), column, value and what to do. Files that cannot be read as a table
    are reported before any cell is judged.
    """
    folder = Path(folder) if folder is not None else settings.data_dir()
    if not folder.is_dir():
        raise CorpusError(f"The corpus folder {folder} does not exist; create it or name another.")
    # Validation takes seconds and every notebook loads: what was found valid is kept as loaded,
    # of the repository's corpus and of the last one of a researcher's own.
    name = "own" if folder.resolve() != settings.ROOT / "data" else "repository"
    return settings.cached(f"corpus/{name}", _fingerprint(folder), lambda: _validated(folder))


def _fingerprint(folder: Path) -> bytes:
    """SHA-256 over all that a loaded corpus follows from: tables, descriptors, code, pandas."""
    files = [*folder.glob("*.csv"), *folder.glob("datapackage.json"), DESCRIPTOR]
    total = hashlib.sha256(pd.__version__.encode())
    for path in sorted([*files, *Path(__file__).parent.glob("*.py"), Path(domain.__file__)]):
        if path.is_file():
            total.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.digest()


def _validated(folder: Path) -> Corpus:
    """Read the tables of a folder and hold them to the descriptor, as `load` says."""
    from frictionless import Package  # takes a second or two to import

    descriptor = _descriptor(folder)
    present = [
        resource
        for resource in descriptor["resources"]
        if resource["name"] not in MAY_BE_ABSENT or (folder / resource["path"]).exists()
    ]
    _raise(fault for resource in present for fault in unreadable(folder / resource["path"]))

    package = Package.from_descriptor(descriptor | {"resources": present}, basepath=str(folder))
    rows: dict[str, list[dict]] = {resource["name"]: [] for resource in descriptor["resources"]}
    structure, cells = [], []
    for resource in present:
        own = rows[resource["name"]]
        report = package.get_resource(resource["name"]).validate(
            on_row=lambda row, own=own: own.append(row.to_dict()), limit_errors=0
        )
        broken, wrong = explain(report, resource)
        structure += broken
        cells += wrong
    # Under a broken header every cell looks wrong, here and in the tables that refer to it.
    _raise(structure or cells)
    tables = {r["name"]: _typed(rows[r["name"]], r["schema"]) for r in descriptor["resources"]}
    _raise(
        cell_fault(f"{name}.csv", position + 2, column, cell_text(cell), say)
        for name, column, say in _beyond_schema(tables)
        for position, (cell, say) in enumerate(
            zip(tables[name].reset_index()[column], say.reindex(tables[name].index), strict=True)
        )
        if isinstance(say, str)
    )
    tables["articles"]["year"] = tables["articles"]["date"].str[:4].astype("Int64")
    coder = str(descriptor.get("coder") or "The corpus does not say who coded it.")
    return Corpus(**{field.name: tables.get(field.name, coder) for field in fields(Corpus)})


def columns() -> dict[str, list[str]]:
    """Name the columns of each table in their order, by the repository's descriptor."""
    resources = _shipped()["resources"]
    return {r["name"]: [field["name"] for field in r["schema"]["fields"]] for r in resources}


def codes(table: str, column: str) -> tuple[str, ...]:
    """Name the codes that a column may hold, by the descriptor of the corpus under study."""
    resources = _descriptor(settings.data_dir())["resources"]
    [schema] = (r["schema"] for r in resources if r["name"] == table)
    [constraints] = (f["constraints"] for f in schema["fields"] if f["name"] == column)
    if "enum" in constraints:
        return tuple(constraints["enum"])
    # a list cell has a pattern instead: "(a|b)(; (a|b))*"
    return tuple(constraints["pattern"][1:].partition(")")[0].split("|"))


def event_facts(articles: pd.DataFrame, outlets: pd.DataFrame) -> pd.DataFrame:
    """Count what `events.csv` tells of each event: a row for each, sorted by name.

    `articles` have `event, date, outlet, direction, lang, occasion, who, outcome, wave`; NaN or
    None where a date or a code is unknown. `outlets` are indexed by domain and have `camp`.
    """
    articles = articles.assign(camp=articles["outlet"].map(outlets["camp"].astype(str)))
    events = articles.groupby("event", sort=True)

    def seen(column: str) -> pd.Series:
        return events[column].agg(lambda values: tuple(sorted(set(values))))

    def commonest(column: str) -> pd.Series:
        order = articles[column]
        if not isinstance(order.dtype, pd.CategoricalDtype):  # then of the corpus under study
            order = pd.Categorical(order, codes("articles", column))
        n = pd.crosstab(articles["event"], order, dropna=False).reindex(events.size().index)
        return n.idxmax(axis=1).where(n.max(axis=1) > 0).astype(object)

    tellers = articles[articles["direction"].isin(TOWARD.values())].astype({"direction": str})
    tellers = tellers.assign(camp=tellers["camp"].map(CAMPS))
    tellers = tellers[tellers["camp"].isin(TOWARD) & (tellers["event"] != "general")]
    both = tellers.groupby(["event", "direction"])["camp"].nunique().eq(2).groupby("event").any()

    return pd.DataFrame(
        {
            "n_articles": events.size(),
            "n_dated": events["date"].count(),
            "n_outlets": events["outlet"].nunique(),
            "first_date": events["date"].min(),
            "last_date": events["date"].max(),
            "directions": seen("direction"),
            "camps": seen("camp"),
            "langs": seen("lang"),
            **{column: commonest(column) for column in ("occasion", "who", "outcome")},
            "shared": both.reindex(events.size().index, fill_value=False).astype(bool),
            "wave": events["wave"].min(),
        }
    )


def _raise(faults: Iterable[str]) -> None:
    if faults := list(dict.fromkeys(faults)):
        raise CorpusError("\n".join(faults))


def _shipped() -> dict:
    return json.loads(DESCRIPTOR.read_text(encoding="utf-8"))


def _descriptor(folder: Path) -> dict:
    """Read the folder's descriptor, or the repository's, and see that it declares every column."""
    own = folder / "datapackage.json"
    if not own.is_file():
        return _shipped() | {"coder": ""}  # of the repository's corpus, not of this one
    return _fitting(own, own.read_bytes())


@lru_cache(maxsize=4)  # each question for the codes of a column asks
def _fitting(own: Path, text: bytes) -> dict:
    """Read a descriptor that is the study's in all that loading rests on."""
    from frictionless import FrictionlessException, Package

    try:
        descriptor = json.loads(text)
        Package.from_descriptor(descriptor, basepath=str(own.parent))
        theirs = _shape(descriptor)
    except (ValueError, KeyError, TypeError, AttributeError, FrictionlessException) as error:
        raise CorpusError(
            f"{own} is not a data package descriptor ({type(error).__name__}: {error}); repair it, "
            "or remove it to use the repository's."
        ) from None
    for (table, column), shape in _shape(_shipped()).items():
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
    return pd.DataFrame(columns).set_index(schema["primaryKey"])


def cell_text(value) -> str:
    """Write a typed cell as the files do."""
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    return "" if pd.isna(value) else str(value)


def _beyond_schema(tables: dict[str, pd.DataFrame]) -> Iterator[tuple[str, str, pd.Series]]:
    """Check what spans columns or tables: table, column, and by key what to say of bad cells."""

    def say(bad: pd.Series, fault: str) -> pd.Series:
        return pd.Series(fault, index=bad.index[bad], dtype=object)

    articles, claims, events = tables["articles"], tables["claims"], tables["events"]
    if articles.empty:
        raise CorpusError("articles.csv has a header but no rows; add the articles.")
    for name, table in tables.items():
        for column, cells in table.items():
            if cells.dtype == object:
                repeats = cells.map(lambda cell: len(set(cell)) < len(cell)).astype(bool)
                yield name, column, say(repeats, "names one thing twice; remove one.")
        if "frame_2" in table:
            same = table["frame"].astype(str) == table["frame_2"].astype(str)
            yield name, "frame_2", say(same, "is the main frame already; leave it empty.")

    days = pd.to_datetime(articles["date"], format="ISO8601", errors="coerce")
    impossible = days.isna() & articles["date"].notna()
    yield "articles", "date", say(impossible, "is no day of the calendar; correct it.")

    silent = ~articles.index.to_series().isin(claims["article_id"])
    todo = "has no claim in claims.csv; add its claims or remove the article."
    yield "articles", "article_id", say(silent, todo)

    ids = claims["article_id"] + "-" + claims["n"].astype(str)
    yield "claims", "claim_id", "must be " + ids[ids != claims.index] + "; correct it."

    facts = event_facts(articles, tables["outlets"])
    unused = ~events.index.to_series().isin(facts.index)
    yield "events", "event", say(unused, "is the event of no article; remove the row.")
    for column, counted in facts.items():
        counted = counted.map(cell_text)
        stale = events[column].map(cell_text).reindex(counted.index) != counted
        todo = "does not fit articles.csv; write " + counted[stale].map(repr) + "."
        yield "events", column, todo


def article_texts(corpus: Corpus) -> list[str]:
    """Claims of each article as one text, in the order of `corpus.articles`.

    Gists are left out: at least half of those in the two camps label the outlet.
    """
    claims = corpus.claims.sort_values(["article_id", "n"]).groupby("article_id")["text"]
    return claims.agg(" ".join).reindex(corpus.articles.index).tolist()


def article_id(url: str) -> str:
    """Name an article for good: "a" and 10 hexadecimal digits of the SHA-256 of its address."""
    return "a" + settings.digest(url)[:10]


def leads_somewhere(url: str) -> bool:
    """Whether an address can be opened: hosts in `.invalid` stand for no address (RFC 2606)."""
    return not (urlsplit(url).hostname or "").endswith(".invalid")
