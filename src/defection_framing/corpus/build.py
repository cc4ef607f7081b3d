"""Make the tidy tables of `data/` from the raw records of the coders."""

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from .. import corpus
from . import Corpus, CorpusError
from .outlets import outlet_of

COUNTS_START, COUNTS_END = "<!-- counts:start -->", "<!-- counts:end -->"
"""Marks of the block in `data/README.md` that the build writes."""

_CODES = ["direction", "portrayal", "motives", "stance", "origin"]
_FIELDS = {
    "articles.jsonl": {
        "url",
        "date",
        "lang",
        "event",
        "gist",
        "claims",
        "sources",
        "slice",
        *_CODES,
    },
    "second_coder_claims.jsonl": {"url", "claim", "s", "f"},
    "second_coder_articles.jsonl": {"url", "frames", *_CODES},
}


def build(source: Path, target: Path) -> None:
    """Write the corpus tables, the codebook and the counts in the datasheet.

    The tables are validated before anything in `target` is touched; the same source always gives
    the same bytes.

    Parameters
    ----------
    source : Path
        Folder of the raw records: `articles.jsonl`, `outlets.csv`, `second_coder_claims.jsonl`,
        `second_coder_articles.jsonl`, `CODEBOOK.md`.
    target : Path
        Folder to write to; created if need be. If it holds a `README.md`, the block between
        `COUNTS_START` and `COUNTS_END` in it is rewritten.

    Raises
    ------
    CorpusError
        If a record is missing, malformed or does not fit `datapackage.json`.
    """
    source, target = Path(source), Path(target)
    for name in ("CODEBOOK.md", "outlets.csv", *_FIELDS):
        if not (source / name).is_file():
            raise CorpusError(
                f"{source / name} does not exist; `make data` needs the folder of the raw records, "
                "nothing else does."
            )
    tables = _tables(source)
    with TemporaryDirectory() as scratch:
        for name, table in tables.items():
            table.to_csv(Path(scratch, f"{name}.csv"), index=False, lineterminator="\n")
        built = corpus.load(scratch)
        target.mkdir(parents=True, exist_ok=True)
        for name in tables:
            shutil.copyfile(Path(scratch, f"{name}.csv"), target / f"{name}.csv")
    shutil.copyfile(source / "CODEBOOK.md", target / "CODEBOOK.md")
    readme = target / "README.md"
    if readme.is_file():
        text = readme.read_text(encoding="utf-8")
        readme.write_text(_with_counts(text, built), encoding="utf-8", newline="\n")


def article_id(url: str) -> str:
    """Name an article for good: "a" and 10 hexadecimal digits of the SHA-256 of its address."""
    return "a" + hashlib.sha256(url.encode()).hexdigest()[:10]


def _registered(url: str, domains: Collection[str]) -> str:
    """Find the outlet of an address, which must have a row."""
    if (outlet := outlet_of(url, domains)) not in domains:
        raise CorpusError(f"outlets.csv has no row for {outlet!r}, the host of {url}; add it.")
    return outlet


def counts(built: Corpus) -> str:
    """Write the counts of a corpus as Markdown, for the datasheet."""
    articles, claims = built.article_table(), built.claims
    dated = articles["date"].dropna()
    largest = built.events["n_articles"].drop("general", errors="ignore").nlargest(3)
    both = articles["motives"].map(lambda m: "not_stated" in m and len(m) > 1)

    def shares(values: pd.Series, top: int | None = None) -> str:
        """List the codes of a column with their numbers, the most frequent first."""
        number = values.astype(str).value_counts().rename_axis("code").reset_index()
        number = number.sort_values(["count", "code"], ascending=[False, True])
        shown = ", ".join(
            f"{row.code}: {row.count:,}" for row in number.head(top).itertuples(False)
        )
        rest = len(number.iloc[top:]) if top else 0
        return shown + (f" and {rest} more" if rest else "")

    rows = {
        "articles": f"{len(articles):,}",
        "claims": f"{len(claims):,}, {claims['frame_2'].notna().sum():,} of them with two frames",
        "claims per article": shares(articles["n_claims"]),
        "web domains": f"{len(built.outlets):,}",
        "events": f"{len(built.events.drop('general', errors='ignore')):,}; most articles: "
        + ", ".join(f"{event}: {n:,}" for event, n in largest.items())
        + f"; articles that cover no single case: {(articles['event'] == 'general').sum():,}",
        "dates": f"{len(dated):,} articles dated, from {dated.min()[:4]} to {dated.max()[:4]}; "
        f"{len(articles) - len(dated):,} undated",
        "articles by direction": shares(articles["direction"]),
        "articles by camp of the outlet": shares(articles["camp_detail"]),
        "articles by language": shares(articles["lang"], top=10),
        "articles by collection slice": shares(articles["slice"]),
        "domains by confidence of the registry": shares(built.outlets["confidence"]),
        "domains of unknown country": f"{built.outlets['country'].isna().sum():,}",
        "articles without a named source": f"{(articles['sources'].map(len) == 0).sum():,}",
        "articles with `not_stated` beside another motive": f"{both.sum():,}",
        "claims coded twice": f"{len(built.second_claims):,}, "
        f"{built.second_claims['reworded'].sum():,} of them reworded since",
        "articles coded twice": f"{len(built.second_articles):,}",
    }
    return "\n".join(
        ["| what | how many |", "| --- | --- |", *(f"| {k} | {v} |" for k, v in rows.items())]
    )


def _with_counts(text: str, built: Corpus) -> str:
    """Replace the block of counts in the datasheet."""
    before, start, rest = text.partition(COUNTS_START)
    _, end, after = rest.partition(COUNTS_END)
    if not start or not end:
        raise CorpusError(
            f"README.md of the data lacks the marks {COUNTS_START} and {COUNTS_END}; put them back."
        )
    return f"{before}{start}\n{counts(built)}\n{end}{after}"


def _records(path: Path) -> list[dict]:
    """Read one JSON object per line, each with the fields of its kind, no fewer and no more."""
    records = []
    # split at line feeds only: str.splitlines also splits at separators that JSON text may hold
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line:
            continue
        try:
            record = json.loads(line)
            unfit = _FIELDS[path.name] ^ record.keys()
        except (ValueError, AttributeError):
            raise CorpusError(
                f"{path.name}, line {number}: not a JSON object; repair it."
            ) from None
        if unfit:
            raise CorpusError(
                f"{path.name}, line {number}: missing or unknown: {', '.join(sorted(unfit))}."
            )
        records.append(record)
    return records


def _joined(items: Iterable[str], where: str) -> str:
    """Put a list into one cell."""
    for item in items:
        if ";" in item:
            raise CorpusError(
                f"{where}: {item!r} holds a semicolon, which parts a list; reword it."
            )
    return "; ".join(items)


def _two_frames(frames: list[str], where: str) -> dict[str, str]:
    if not 1 <= len(frames) <= 2:
        raise CorpusError(f"{where}: {len(frames)} frames; the codebook wants one or two.")
    return {"frame": frames[0], "frame_2": frames[1] if len(frames) == 2 else ""}


def _tables(source: Path) -> dict[str, pd.DataFrame]:
    """Turn the raw records into tables of text and numbers, sorted by key."""
    outlets = pd.read_csv(source / "outlets.csv", dtype=str, keep_default_na=False)
    if list(outlets.columns) != (wanted := corpus.columns()["outlets"]):
        raise CorpusError(f"outlets.csv, row 1: the columns must be {', '.join(wanted)}.")
    raw = {name: _records(source / name) for name in _FIELDS}
    domains = set(outlets["domain"])

    articles, claims, texts = [], [], {}
    for record in raw["articles.jsonl"]:
        url = record["url"]
        key = article_id(url)
        lists = {name: _joined(record[name], url) for name in ("motives", "sources")}
        articles.append({**record, **lists, "article_id": key, "outlet": _registered(url, domains)})
        for n, claim in enumerate(record["claims"], start=1):
            texts[url, n] = claim["s"]
            claims.append(
                {
                    "claim_id": f"{key}-{n}",
                    "article_id": key,
                    "n": n,
                    "text": claim["s"],
                    "voice": claim["v"],
                    **_two_frames(claim["f"], f"{url}, claim {n}"),
                }
            )

    second_claims = []
    for record in raw["second_coder_claims.jsonl"]:
        url, n = record["url"], record["claim"] + 1  # the raw index counts from 0
        if (url, n) not in texts:
            raise CorpusError(
                f"second_coder_claims.jsonl: articles.jsonl has no claim {n} of {url}."
            )
        second_claims.append(
            {
                "claim_id": f"{article_id(url)}-{n}",
                "text": record["s"],
                **_two_frames(record["f"], f"{url}, claim {n}"),
                "reworded": str(record["s"] != texts[url, n]).lower(),
            }
        )

    second_articles = []
    for record in raw["second_coder_articles.jsonl"]:
        url = record["url"]
        lists = {name: _joined(record[name], url) for name in ("motives", "frames")}
        second_articles.append({**record, **lists, "article_id": article_id(url)})

    rows = {
        "articles": articles,
        "claims": claims,
        "second_coder_claims": second_claims,
        "second_coder_articles": second_articles,
    }
    columns = corpus.columns()
    tables = {name: pd.DataFrame(found, columns=columns[name]) for name, found in rows.items()}
    tables["outlets"] = outlets
    events = corpus.event_facts(tables["articles"], outlets.set_index("domain")).reset_index()
    for column in ("directions", "camps", "langs"):
        events[column] = events[column].map("; ".join)
    tables["events"] = events
    return {name: table.sort_values(list(table.columns[:1])) for name, table in tables.items()}
