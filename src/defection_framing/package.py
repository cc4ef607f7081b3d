"""From ingested articles to a coded data package, on which the whole study runs.

`code_folder` codes what `ingest` left in a folder and writes beside it

- `articles.csv`, `claims.csv`, `events.csv` and their `datapackage.json`: the study's tables of the
  articles that can be studied. Claims are the candidate sentences of an article's lead, events are
  story families. A cell of a code that is open is empty;
- `codes.csv`: every code (`unit, id, code, value, probability, open, by`), the directions of
  articles that cannot be studied too.

Codes are by the classifiers of `coding`. Those that a person gave (`set_codes`) take their place,
whatever is coded later, and decide too whether an article can be studied.
"""

import csv
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from tqdm import tqdm

from . import coding, corpus, extract
from .coding import ARTICLE_CODES, CLAIM_CODES, LEAD

CODES = {"article": ARTICLE_CODES, "claim": CLAIM_CODES}
"""Codes of each unit."""

_COLUMNS = ["unit", "id", "code", "value", "probability", "open", "by"]
_INGESTED = {
    "sentences": ["article_id", "n", "text", "set_aside"],
    "sources": ["article_id", "sources"],
    "families": ["article_id", "family", "copied_from", "how", "similarity"],
}
_TEXTS = ["id", "url", "outlet", "date", "lang", "title", "text"]
_MAY_BE_OPEN = {"portrayal", "motives", "stance", "origin", "frame", "voice"}
_TABLES = ("articles.csv", "claims.csv", "events.csv", "datapackage.json")
_SLICE = "o"  # own: what tells the slices of the repository's corpus apart
_AT_ONCE = 2000  # texts that are coded at a time, for memory's sake

_LANGUAGE = "in a language that the coders do not know"
_OPEN = "with the direction left open"
_NOT_ABOUT = "not about people who leave a side of this war"
_NO_CLAIM = "without a claim in the lead"


class PackageError(ValueError):
    """A folder or codes that cannot be used; the message says where and what to do."""


@dataclass(frozen=True)
class Report:
    """What there is to study in a folder; `str` of it is a few lines to print.

    Attributes
    ----------
    folder : Path
    articles, claims : int
        In the study's tables.
    left_out : dict of str to str
        Articles that are not in them by id, with the reason.
    open : dict of str to int
        Cells left open by code, of those articles and claims.
    by_person : int
        Codes of those articles and claims that a person gave.
    """

    folder: Path
    articles: int
    claims: int
    left_out: dict[str, str] = field(repr=False)
    open: dict[str, int]
    by_person: int

    def __str__(self) -> str:
        """Say it in a few lines."""
        total = self.articles + len(self.left_out)
        lines = [
            f"{self.articles:,} of {total:,} articles in {self.folder} can be studied, with "
            f"{self.claims:,} claims; {self.by_person:,} of their codes are by a person."
        ]
        if self.left_out:
            why = Counter(self.left_out.values()).most_common()
            said = "; ".join(f"{number:,} {reason}" for reason, number in why)
            lines.append(f"{len(self.left_out):,} left out: {said}.")
        if silent := [key for key, why in self.left_out.items() if why == _NO_CLAIM]:
            more = f" and {len(silent) - 5:,} more" if len(silent) > 5 else ""
            lines.append(f"Without a claim: {', '.join(silent[:5])}{more}.")
        if self.articles:
            said = ", ".join(
                f"{code} {self.open[code]:,} of {number:,}"
                for unit, number in (("article", self.articles), ("claim", self.claims))
                for code in CODES[unit]
                if code != "direction"
            )
            lines.append(f"Left open for a person to decide: {said}; see codes.csv.")
            lines.append(f"To study them: DEFECTION_DATA={self.folder} defection-framing study")
        else:
            lines.append("There is nothing to study until a person gives directions.")
        return "\n".join(lines)


def code_folder(folder: Path) -> Report:
    """Code the articles that were ingested into a folder, so that the study runs on them.

    The same folder gives the same files, on top of those that a later ingestion adds.

    Parameters
    ----------
    folder : Path
        What `ingest.ingest` has written to. `outlets.csv` and codes of persons stay as they are.

    Returns
    -------
    Report

    Raises
    ------
    PackageError
        If the folder lacks what `ingest` writes, or one of its files is damaged.
    CorpusError
        If the tables do not fit the study's schema, as where a cell of `outlets.csv` was filled in
        with an unknown camp. In both cases the folder stays as it was.
    """
    folder = Path(folder)
    texts = _texts(folder)
    sentences = _sentences(folder, texts)
    return _write(folder, texts, sentences, _persons(folder, texts, sentences))


def set_codes(folder: Path, codes: pd.DataFrame) -> Report:
    """Store codes that a person gave, and rebuild the study's tables with them.

    Parameters
    ----------
    folder : Path
        As for `code_folder`.
    codes : DataFrame
        `unit` (a key of `CODES`), `id` (of an article, or of a claim: that of its article, `-`, and
        the number of the sentence in `sentences.csv`), `code` and `value`; one row per code. They
        take the place of what a person gave before.

    Returns
    -------
    Report

    Raises
    ------
    PackageError
        As `code_folder`, and for the first row (the header is row 1) that names no unit or code
        that there is, or gives the same code twice.
    CorpusError
        As `code_folder`.
    """
    folder = Path(folder)
    texts = _texts(folder)
    sentences = _sentences(folder, texts)
    before = _persons(folder, texts, sentences)
    if missing := [name for name in _COLUMNS[:4] if name not in codes]:
        raise PackageError(f"codes has no column {missing[0]}; give it {', '.join(_COLUMNS[:4])}.")
    codes = codes[_COLUMNS[:4]].fillna("").astype(str).set_axis(range(2, len(codes) + 2))
    _check(codes, "codes", texts, sentences)
    return _write(folder, texts, sentences, pd.concat([before, codes]))


# What there is


def _texts(folder: Path) -> pd.DataFrame:
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
                raise PackageError(
                    f"{path}, line {number}: no article with an id of its own and "
                    f"{', '.join(_TEXTS[1:])}; run `defection-framing ingest` again."
                ) from None
            rows[row["id"]] = row
    texts = pd.DataFrame.from_dict(rows, orient="index")
    for name in ("sources", "families"):
        table = _table(folder / f"{name}.csv", _INGESTED[name]).set_index("article_id")
        _known(folder, name, texts.index.difference(table.index))
        texts = texts.join(table[~table.index.duplicated()])
    texts["lead"] = (texts["title"] + "\n" + texts["text"]).str.strip().str[:LEAD]
    return texts


def _sentences(folder: Path, texts: pd.DataFrame) -> pd.DataFrame:
    """Sentences of all articles by id, and whether they are claims of the lead."""
    table = _table(folder / "sentences.csv", _INGESTED["sentences"])
    _known(folder, "sentences", texts.index.difference(table["article_id"]))
    table = table[table["article_id"].isin(texts.index)]
    end = (table["text"].str.len() + 1).groupby(table["article_id"]).cumsum()
    table["claim"] = (table["set_aside"] == "") & (end <= LEAD)
    return table.set_index(table["article_id"] + "-" + table["n"])


def _known(folder: Path, name: str, missing: pd.Index) -> None:
    if len(missing):
        raise PackageError(
            f"{folder / name}.csv has no row for the article {missing[0]} of texts.jsonl; run "
            "`defection-framing ingest` again."
        )


def _table(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a table of text, indexed by row (the header is row 1)."""
    csv.field_size_limit(extract.MAX_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(enumerate(csv.reader(file, strict=True), 1))
    except (csv.Error, UnicodeError, OSError) as error:
        raise PackageError(
            f"{path} cannot be read as a table ({error}); repair it, or restore it from a copy."
        ) from None
    if not rows or rows[0][1] != columns:
        raise PackageError(f"{path}, row 1: write the header as {','.join(columns)}.")
    for number, cells in rows:
        if cells and len(cells) != len(columns):
            column = columns[min(len(cells), len(columns)) - 1]
            raise PackageError(
                f"{path}, row {number}, column {column}: the row has {len(cells)} cells where the "
                f"header has {len(columns)}; correct it."
            )
    rows = {number: cells for number, cells in rows[1:] if cells}
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=str)


def _persons(folder: Path, texts: pd.DataFrame, sentences: pd.DataFrame) -> pd.DataFrame:
    """Codes that persons gave so far."""
    path = folder / "codes.csv"
    if not path.exists():
        return pd.DataFrame(columns=_COLUMNS[:4], dtype=str)
    codes = _table(path, _COLUMNS)
    for column, allowed in (
        ("unit", list(CODES)),
        ("code", [code for own in CODES.values() for code in own]),
        ("by", ["model", "person"]),
    ):
        for row, cell in codes.loc[~codes[column].isin(allowed), column].items():
            raise PackageError(
                f"{path}, row {row}, column {column}: {cell[:80]!r} is damaged; write one of "
                f"{', '.join(allowed)}."
            )
    given = codes.loc[codes["by"] == "person", _COLUMNS[:4]]
    _check(given, str(path), texts, sentences)
    if (folder / "claims.csv").exists():
        coded = _table(folder / "claims.csv", corpus.columns()["claims"])
        coded = coded.set_index("claim_id")["text"]
        for row, key in given["id"][given["id"].isin(coded.index)].items():
            if coded[key] != _line(sentences.at[key, "text"]):
                raise PackageError(
                    f"{path}, row {row}, column id: the sentence {key} is another one than the "
                    "person coded, since its article was ingested again; remove the row."
                )
    return given


def _check(codes: pd.DataFrame, name: str, texts: pd.DataFrame, sentences: pd.DataFrame) -> None:
    """See that codes of persons name units, codes and values that there are, each code once."""
    ids = {"article": set(texts.index), "claim": set(sentences.index[sentences["claim"]])}
    first: dict[tuple, int] = {}
    for row, unit, key, code, value in codes.itertuples(name=None):

        def wrong(column, cell, remedy, row=row):
            return PackageError(f"{name}, row {row}, column {column}: {cell[:80]!r} {remedy}.")

        if unit not in CODES:
            raise wrong("unit", unit, "is no unit; write article or claim")
        if key not in ids[unit]:
            raise wrong("id", key, f"is no {unit} of this folder; correct it or remove the row")
        if code not in CODES[unit]:
            raise wrong("code", code, f"is no code of it; write one of {', '.join(CODES[unit])}")
        if value not in _values()[code]:
            said = ", ".join(_values()[code])
            raise wrong("value", value, f"is no value of {code}; write one of {said}")
        if (unit, key, code) in first:
            raise wrong("code", code, f"is given in row {first[unit, key, code]} too; remove one")
        first[unit, key, code] = row


@cache
def _values() -> dict[str, tuple[str, ...]]:
    """Allowed values by code."""
    values = {
        field["name"]: tuple(field["constraints"]["enum"])
        for resource in _shipped()["resources"][:2]
        for field in resource["schema"]["fields"]
        if "enum" in field["constraints"]
    }
    return values | {"direction": coding.DIRECTIONS}


# Codes


def _coded(
    texts: pd.DataFrame, sentences: pd.DataFrame, persons: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, str]]:
    """All codes, and the articles that cannot be studied with the reason."""
    articles = _coded_by_all("article", texts["lead"], texts["lang"], persons)
    direction = articles[articles["code"] == "direction"].set_index("id").loc[texts.index]
    unknown = ~texts["lang"].isin(coding.LANGUAGES)
    silent = ~texts.index.isin(sentences["article_id"][sentences["claim"]])
    reason = np.select(
        [direction["open"] & unknown, direction["open"], direction["value"] == "not_about", silent],
        [_LANGUAGE, _OPEN, _NOT_ABOUT, _NO_CLAIM],
        "",
    )
    left_out = {key: why for key, why in zip(texts.index, reason, strict=True) if why}
    to_study = ~articles["id"].isin(left_out)
    articles = articles[to_study | (articles["code"] == "direction") | (articles["by"] == "person")]

    claims = sentences[sentences["claim"] & ~sentences["article_id"].isin(left_out)]
    langs = claims["article_id"].map(texts["lang"])
    claims = _coded_by_all("claim", claims["text"], langs, persons)
    return pd.concat([articles, claims], ignore_index=True), left_out


def _coded_by_all(unit, texts: pd.Series, langs: pd.Series, persons) -> pd.DataFrame:
    """Codes of all texts of a unit: a person's where one gave it, else the classifiers'."""
    given = persons[persons["unit"] == unit].assign(probability=np.nan, open=False, by="person")
    codes = pd.concat([_by_model(unit, texts, langs), given], ignore_index=True)
    codes = codes.drop_duplicates(_COLUMNS[:3], keep="last")
    part = codes["id"].str.extract(r"(\w+)-?(\d*)")
    rank = codes["code"].map(CODES[unit].index)
    order = pd.DataFrame({"article": part[0], "n": pd.to_numeric(part[1]), "rank": rank})
    return codes.loc[order.sort_values(list(order)).index]


def _by_model(unit: str, texts: pd.Series, langs: pd.Series) -> pd.DataFrame:
    """Codes by the classifiers; open and without a value in a language that they do not know."""
    known = texts[langs.isin(coding.LANGUAGES)]
    parts = [known[start : start + _AT_ONCE] for start in range(0, len(known), _AT_ONCE)]
    coded = [
        table.set_axis(part.index).assign(code=code)
        for part in tqdm(parts, desc=f"coding {unit}s", unit="batch", leave=False)
        for code, table in coding.code_texts(part, CODES[unit]).items()
    ]
    foreign = texts.index.difference(known.index)
    blank = pd.DataFrame({"value": "", "probability": np.nan, "open": True}, index=foreign)
    coded += [blank.assign(code=code) for code in CODES[unit]]
    out = pd.concat(coded).rename_axis("id").reset_index()
    return out.assign(unit=unit, by="model")[_COLUMNS]


# Tables


def _write(folder, texts, sentences, persons) -> Report:
    """Code, and put the files in place once they are found to fit the study."""
    codes, left_out = _coded(texts, sentences, persons)
    studied = texts.drop(index=list(left_out))
    claims = sentences[sentences["claim"] & sentences["article_id"].isin(studied.index)]
    used = codes[codes["id"].isin([*studied.index, *claims.index])]
    report = Report(
        folder=folder,
        articles=len(studied),
        claims=len(claims),
        left_out=left_out,
        open=used["open"].groupby(used["code"]).sum().astype(int).to_dict(),
        by_person=int((used["by"] == "person").sum()),
    )
    try:
        with TemporaryDirectory(prefix=".coding-", dir=folder) as scratch:
            made = Path(scratch)
            as_text = codes.assign(open=codes["open"].map({True: "true", False: "false"}))
            as_text.to_csv(made / "codes.csv", index=False, lineterminator="\n")
            if len(studied):
                for name, table in _tables(folder, studied, claims, used).items():
                    table.to_csv(made / f"{name}.csv", index=False, lineterminator="\n")
                described = json.dumps(_descriptor(used), indent=2, ensure_ascii=False) + "\n"
                (made / "datapackage.json").write_text(described, encoding="utf-8")
                for name in ("outlets", *corpus.MAY_BE_ABSENT):  # checked with the others
                    if (folder / f"{name}.csv").exists():
                        shutil.copyfile(folder / f"{name}.csv", made / f"{name}.csv")
                corpus.load(made)
            for name in ("codes.csv", *_TABLES):
                if (made / name).exists():
                    os.replace(made / name, folder / name)
                else:
                    (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise PackageError(
            f"{folder} cannot be written to ({error.strerror}); make room or give yourself the "
            "right to."
        ) from None
    return report


def _tables(folder, studied, claims, codes) -> dict[str, pd.DataFrame]:
    """Make the study's tables of articles and claims that can be studied."""
    columns = corpus.columns()
    decided = codes[~codes["open"]].pivot(index="id", columns="code", values="value")
    decided = decided.reindex(columns=[code for own in CODES.values() for code in own])
    outlets = _table(folder / "outlets.csv", columns["outlets"]).set_index("domain")
    if missing := sorted(set(studied["outlet"]) - set(outlets.index)):
        raise PackageError(
            f"{folder / 'outlets.csv'} has no row for {missing[0]!r}, the outlet of an article; "
            "add it or run `defection-framing ingest` again."
        )
    first = claims.drop_duplicates("article_id").set_index("article_id")["text"]
    articles = studied.rename_axis("article_id").join(decided[list(ARTICLE_CODES)])
    articles = articles.assign(
        article_id=articles.index,
        gist=articles["title"].map(_line).where(articles["title"] != "", first.map(_line)),
        event="story-" + articles["family"],
        date=articles["date"].replace("", None),
        sources=articles["sources"].map(_line),
        origin=np.where(articles["copied_from"] != "", "rewrite", ""),
        motives="",
        slice=_SLICE,
    )
    claims = claims.rename_axis("claim_id").join(decided[list(CLAIM_CODES)])
    claims = claims.assign(claim_id=claims.index, text=claims["text"].map(_line), frame_2="")
    outlets = outlets[~outlets.index.duplicated()]
    events = corpus.event_facts(articles, outlets).reset_index()
    for column in ("directions", "camps", "langs"):
        events[column] = events[column].map("; ".join)
    made = {"articles": articles, "claims": claims, "events": events}
    return {name: table[columns[name]] for name, table in made.items()}


def _line(text: str) -> str:
    """Text without line breaks and control characters."""
    return re.sub(r"[\x00-\x1f\x7f\s]+", " ", text).strip()


def _shipped() -> dict:
    return json.loads(corpus.DESCRIPTOR.read_text(encoding="utf-8"))


def _descriptor(codes: pd.DataFrame) -> dict:
    """Make the repository's descriptor fit codes that may be open, and say who coded."""
    by_person = (codes["by"] == "person").sum()
    version = metadata.version("defection-framing")
    ours = _shipped()
    descriptor = {
        "$schema": ours["$schema"],
        "name": "own-articles",
        "title": "Articles of one's own, coded by classifiers",
        "description": "An empty cell of a code is a code left open; codes.csv has the "
        "probability of each code and says who gave it. Claims are sentences of the articles: "
        "not to be published.",
        "coder": f"Classifiers learnt from the coded corpus (defection-framing {version}); "
        f"{by_person:,} of {(~codes['open']).sum():,} codes by a person.",
        "resources": ours["resources"],
    }
    said = {
        "articles": "One row is one article, coded from its lead.",
        "claims": "One row is one sentence of an article's lead.",
    }
    for resource, column in _fields(descriptor):
        resource["description"] = said.get(resource["name"], resource["description"])
        if resource["name"] in said and column["name"] in _MAY_BE_OPEN:
            column["constraints"]["required"] = False
        if column["name"] == "claim_id":
            column["constraints"]["pattern"] = "a[0-9a-f]{10}-[1-9][0-9]*"
        column["constraints"].pop("maximum", None)  # of the number of a claim
    return descriptor


def _fields(descriptor: dict) -> Iterator[tuple[dict, dict]]:
    for resource in descriptor["resources"]:
        for column in resource["schema"]["fields"]:
            yield resource, column
