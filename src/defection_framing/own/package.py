"""From ingested articles to a coded data package, on which the whole study runs.

`code_folder` codes what `ingest` left in a folder and writes beside it

- `articles.csv`, `claims.csv`, `events.csv` and their `datapackage.json`: the study's tables of the
  articles that can be studied. Claims are the candidate sentences of an article's lead, events are
  those of `events_sheet.csv`. A cell of a code that is open is empty;
- `embeddings.npy`, `embeddings.json`: vectors of their texts, where not all are in English;
- `left_out.csv`: the articles that cannot be studied (`article_id, title, lang, reason`);
- `CODEBOOK.md` and `model_card.md`, the repository's: what the codes mean and how well they fit;
- `codes.csv`: every code (`unit, id, code, value, probability, open, by`), the directions of
  articles that cannot be studied too.

Codes that a person gave (`set_codes`) take the classifiers' place, whatever is coded later.
"""

import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from tqdm import tqdm

from .. import corpus, settings
from ..publish.run import embedded_texts
from ..text import embed
from . import coders, coding, event_sheet, events, readings
from . import folder as stored
from .coders import ARTICLE_CODES, CLAIM_CODES
from .folder import CODES, COLUMNS, PackageError

_MAY_BE_OPEN = {"portrayal", "motives", "occasion", "who", "outcome", "origin", "frame", "voice"}
_TABLES = ("articles.csv", "claims.csv", "events.csv", "datapackage.json")
_BESIDE = ("codes.csv", "left_out.csv", "CODEBOOK.md", "model_card.md")
_SLICE = "o"  # own: what tells the slices of the repository's corpus apart
_ENCODER = "multilingual-e5-small, less the mean of the language"
# What `events.meanings` rests on.

_AT_ONCE = 2000  # texts that are coded at a time, for memory's sake


@dataclass(frozen=True)
class Report:
    """What there is to study in a folder; `str` of it is a few lines to print."""

    folder: Path
    articles: int  # in the study's tables
    claims: int
    left_out: dict[str, str] = field(repr=False)  # articles that are not, and why
    languages: str  # of all articles, and how many of each are left out
    open: dict[str, int]  # cells left open, by code
    by_person: int  # codes of those articles and claims

    def __str__(self) -> str:
        """Say it in a few lines."""
        lines = [
            f"{self.articles:,} of {self.articles + len(self.left_out):,} articles in "
            f"{self.folder} can be studied, with {self.claims:,} claims; {self.by_person:,} of "
            "their codes are by a person."
        ]
        if self.left_out:
            lines.append(f"{len(self.left_out):,} left out: {self.reasons()}.")
            lines.append(f"Left out by language: {self.languages}.")
        if not self.articles:
            return "\n".join([*lines, "There is nothing to study until a person gives directions."])
        units = dict.fromkeys(ARTICLE_CODES[1:], self.articles)
        units |= dict.fromkeys(CLAIM_CODES, self.claims)
        said = ", ".join(f"{code} {self.open[code]:,} of {n:,}" for code, n in units.items())
        lines.append(f"Left open for a person to decide: {said}; see codes.csv.")
        lines.append(f"To study them: DEFECTION_DATA={self.folder} defection-framing study")
        return "\n".join(lines)

    def reasons(self) -> str:
        """Say why articles are left out, with counts."""
        why = Counter(self.left_out.values()).most_common()
        return "; ".join(f"{number:,} {reason}" for reason, number in why)


def code_folder(folder: Path) -> Report:
    """Code the articles that were ingested into a folder, so that the study runs on them.

    The same folder gives the same files, on top of those that a later ingestion adds. What persons
    filled in (`outlets.csv`, `events_sheet.csv`, codes) stays as it is.

    Raises
    ------
    PackageError
        If the folder lacks what `ingest` writes, or one of its files is damaged or has a slip, as
        where `outlets.csv` has an unknown camp.
    CorpusError
        If the tables do not fit the study's schema. In both cases the folder stays as it was.
    """
    return _write(folder, *_stored(folder))


def set_codes(folder: Path, codes: pd.DataFrame) -> Report:
    """Store codes that a person gave, and rebuild the study's tables with them.

    The columns of `codes` are `unit` (a key of `CODES`), `id` (of an article, or of a claim: that
    of its article, `-`, and the number of the sentence in `sentences.csv`), `code` and `value`; a
    row is a code, and takes the place of what a person gave before.

    Raises
    ------
    PackageError
        As `code_folder`, and for the first row (the header is row 1) that is no code, or is twice.
    """
    texts, sentences, before = _stored(folder)
    codes = codes[COLUMNS[:4]].fillna("").astype(str).set_axis(range(2, len(codes) + 2))
    stored.check(codes, "codes", texts, sentences)
    return _write(folder, texts, sentences, pd.concat([before, codes]))


def _stored(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Texts, sentences, and the codes that persons gave."""
    texts = stored.texts(folder)
    sentences = stored.sentences(folder, texts)
    texts["event"] = event_sheet.read(folder, texts.index)
    country = stored.outlets(folder / "outlets.csv")["country"]
    texts["country"] = texts["outlet"].map(country).fillna("")
    return texts, sentences, stored.persons(folder, texts, sentences)


def _coded(
    texts: pd.DataFrame, sentences: pd.DataFrame, persons: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, str]]:
    """All codes, and the articles that cannot be studied with the reason."""
    articles = _coded_by_all("article", texts["lead"], texts, persons)
    direction = articles[articles["code"] == "direction"].set_index("id").loc[texts.index]
    unknown = ~texts["lang"].isin(readings.LANGUAGES)
    silent = ~texts.index.isin(sentences["article_id"][sentences["claim"]])
    reasons = {
        "in a language that the coders do not know": direction["open"] & unknown,
        "with the direction left open": direction["open"],
        "not about people who leave a side of this war": direction["value"] == "not_about",
        "without a claim in the lead": silent,
    }
    reason = np.select([*reasons.values()], [*reasons], "")
    left_out = {key: why for key, why in zip(texts.index, reason, strict=True) if why}
    to_study = ~articles["id"].isin(left_out)
    articles = articles[to_study | (articles["code"] == "direction") | (articles["by"] == "person")]

    claims = sentences[sentences["claim"] & ~sentences["article_id"].isin(left_out)]
    told = texts.loc[claims["article_id"]].set_index(claims.index)
    claims = _coded_by_all("claim", claims["text"], told, persons)
    return pd.concat([articles, claims], ignore_index=True), left_out


def _coded_by_all(unit, texts: pd.Series, articles: pd.DataFrame, persons) -> pd.DataFrame:
    """Codes of all texts of a unit: a person's where one gave it, else the classifiers'."""
    given = persons[persons["unit"] == unit].assign(probability=np.nan, open=False, by="person")
    codes = pd.concat([_by_model(unit, texts, articles), given], ignore_index=True)
    codes = codes.drop_duplicates(COLUMNS[:3], keep="last")
    part = codes["id"].str.extract(r"(\w+)-?(\d*)")
    rank = codes["code"].map(CODES[unit].index)
    order = pd.DataFrame({"article": part[0], "n": pd.to_numeric(part[1]), "rank": rank})
    return codes.loc[order.sort_values(list(order)).index]


def _by_model(unit: str, texts: pd.Series, articles: pd.DataFrame) -> pd.DataFrame:
    """Codes by the classifiers; open and without a value in a language that they do not know."""
    coders.train()  # where it is for the first time it says so, not into the midst of the progress
    known = texts[articles["lang"].isin(readings.LANGUAGES)]
    if unit == "article":  # those on one event have one direction, and are coded at once
        known = known[articles["event"][known.index].sort_values(kind="stable").index]
    event, alone = articles["event"][known.index], known.index.to_series()
    event = event.where((event != "general") & (unit == "article"), alone)
    first = pd.Series(range(len(known)), known.index).groupby(event).transform("min")
    parts = [part for _, part in known.groupby(first // _AT_ONCE)]
    coded = [
        table.set_axis(part.index).assign(code=code)
        for part in tqdm(parts, desc=f"coding {unit}s", unit="batch", leave=False)
        for code, table in coding.code_texts(
            part, CODES[unit], *(list(articles[c][part.index]) for c in ("country", "event"))
        ).items()
    ]
    foreign = texts.index.difference(known.index)
    blank = pd.DataFrame({"value": "", "probability": np.nan, "open": True}, index=foreign)
    coded += [blank.assign(code=code) for code in CODES[unit]]
    out = pd.concat(coded).rename_axis("id").reset_index()
    return out.assign(unit=unit, by="model")[COLUMNS]


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
        languages=_languages(texts["lang"], texts.index.isin(left_out)),
        open=used["open"].groupby(used["code"]).sum().astype(int).to_dict(),
        by_person=int((used["by"] == "person").sum()),
    )
    with TemporaryDirectory(prefix=".coding-", dir=folder) as scratch:
        made = Path(scratch)
        as_text = codes.assign(open=codes["open"].map({True: "true", False: "false"}))
        as_text.to_csv(made / "codes.csv", index=False, lineterminator="\n")
        gone = texts.assign(title=stored.titles(texts)).loc[[*left_out]]
        gone = gone.assign(reason=left_out.values()).rename_axis("article_id").reset_index()
        gone = stored.inert(gone[["article_id", "title", "lang", "reason"]])
        stored.write_sheet(made / "left_out.csv", gone)
        for name in ("CODEBOOK.md", "model_card.md"):
            shutil.copyfile(settings.ROOT / "data" / name, made / name)
        if len(studied):
            for name, table in _tables(folder, studied, claims, used).items():
                table.to_csv(made / f"{name}.csv", index=False, lineterminator="\n")
            described = json.dumps(_descriptor(used, report), indent=2, ensure_ascii=False) + "\n"
            (made / "datapackage.json").write_text(described, encoding="utf-8")
            # The study cannot read it as a spreadsheet program saved it.
            stored.write_sheet(made / "outlets.csv", stored.outlets(folder / "outlets.csv"))
            for name in corpus.MAY_BE_ABSENT:  # checked with the others
                if (folder / f"{name}.csv").exists():
                    shutil.copyfile(folder / f"{name}.csv", made / f"{name}.csv")
            _embed(corpus.load(made), made)
        new = {path.name for path in made.iterdir()}
        for name in (*_BESIDE, *_TABLES, *embed.FILES, "outlets.csv"):
            if name in new:
                os.replace(made / name, folder / name)
            elif name != "outlets.csv":
                (folder / name).unlink(missing_ok=True)
    return report


def _embed(data: corpus.Corpus, folder: Path) -> None:
    """Give a corpus that is not all in English vectors by a multilingual encoder.

    The study's own knows English alone, and would group texts by their language.
    """
    articles, claims = data.article_table()["lang"], data.claim_table()["lang"]
    if (articles == "en").all():
        return
    langs = [str(lang) for lang in [*claims, *articles] * 2]
    told = dict(zip(embedded_texts(data), langs, strict=True))  # each text once
    vectors = events.meanings(pd.Series([*told]), pd.Series([*told.values()]))
    embed.give([*told], vectors, _ENCODER, folder)


def _languages(langs: pd.Series, out: np.ndarray) -> str:
    """Say how many articles of each language are left out, the commonest language first."""
    counts = pd.Series(out, langs).groupby(level=0).agg(["size", "sum"])
    counts = counts.sort_values(["size", "sum"], ascending=False)
    return ", ".join(f"{lang} {own['sum']:,} of {own['size']:,}" for lang, own in counts.iterrows())


def _tables(folder, studied, claims, codes) -> dict[str, pd.DataFrame]:
    """Make the study's tables of articles and claims that can be studied."""
    columns = corpus.columns()
    decided = codes[~codes["open"]].pivot(index="id", columns="code", values="value")
    decided = decided.reindex(columns=[code for own in CODES.values() for code in own])
    outlets = stored.outlets(folder / "outlets.csv")
    if missing := sorted(set(studied["outlet"]) - set(outlets.index)):
        raise PackageError(
            f"{folder / 'outlets.csv'} has no row for {missing[0]!r}, the outlet of an article; "
            "add it or run `defection-framing ingest` again."
        )
    first = claims.drop_duplicates("article_id").set_index("article_id")["text"]
    articles = studied.rename_axis("article_id").join(decided[list(ARTICLE_CODES)])
    articles = articles.assign(
        gist=articles["title"].where(articles["title"] != "", first).map(stored.one_line),
        date=articles["date"].replace("", None),
        sources=articles["sources"].map(stored.one_line),
        origin=np.where(articles["copied_from"] != "", "rewrite", ""),
        motives="",
        occasion=None,
        who=None,
        outcome=None,
        slice=_SLICE,
        wave=1,
    ).reset_index()
    claims = claims.rename_axis("claim_id").join(decided[list(CLAIM_CODES)]).reset_index()
    claims = claims.assign(text=claims["text"].map(stored.one_line), frame_2="")
    events = corpus.event_facts(articles, outlets).reset_index()
    for column in ("directions", "camps", "langs", "shared"):
        events[column] = events[column].map(corpus.cell_text)
    made = {"articles": articles, "claims": claims, "events": events}
    return {name: table[columns[name]] for name, table in made.items()}


def _fate(report: Report) -> str:
    """Say how much is left out and left open."""
    out, articles = len(report.left_out), report.articles + len(report.left_out)
    said = f"None of {articles:,} articles is left out"
    if out:
        said = f"Of {articles:,} articles {out:,} are left out ({report.reasons()})"
    return (
        f"{said}. Left open are {report.open['portrayal']:,} of {report.articles:,} portrayals "
        f"and {report.open['frame']:,} of {report.claims:,} frames."
    )


def _descriptor(codes: pd.DataFrame, report: Report) -> dict:
    """Make the repository's descriptor fit codes that may be open, and say who coded."""
    version = metadata.version("defection-framing")
    ours = stored.shipped()
    descriptor = {
        "$schema": ours["$schema"],
        "name": "own-articles",
        "title": "Articles of one's own, coded by classifiers",
        "description": "An empty cell of a code is a code left open; codes.csv has the "
        "probability of each code and says who gave it. Claims are sentences of the articles: "
        "not to be published.",
        "coder": f"Classifiers learnt from the coded corpus (defection-framing {version}); "
        f"{report.by_person:,} of {(~codes['open']).sum():,} codes by a person. {_fate(report)} "
        "How well such codes fit, model_card.md says: portrayals and frames less in other "
        "languages than in English. Portrayals of whole articles lean to neutral: have people "
        "code them before you report any.",
        "resources": ours["resources"],
    }
    said = {
        "articles": "One row is one article, coded from its lead.",
        "claims": "One row is one sentence of an article's lead.",
    }
    for resource in descriptor["resources"]:
        resource["description"] = said.get(resource["name"], resource["description"])
        for column in resource["schema"]["fields"]:
            if resource["name"] in said and column["name"] in _MAY_BE_OPEN:
                column["constraints"]["required"] = False
            if column["name"] == "claim_id":
                column["constraints"]["pattern"] = "a[0-9a-f]{10}-[1-9][0-9]*"
            column["constraints"].pop("maximum", None)  # of the number of a claim
            if column["name"] == "event":
                column["example"] = "russian-captain-lands-jet-a0123"
                column["constraints"]["pattern"] = r"[^\W_]+(-[^\W_]+)*"  # in any script
    return descriptor
