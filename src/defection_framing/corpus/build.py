"""Make the tidy tables of `data/` from the raw records of the coders."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from .. import corpus
from . import Corpus, CorpusError
from .outlets import outlet_of

COUNTS_START, COUNTS_END = "<!-- counts:start -->", "<!-- counts:end -->"
"""Marks of the block in `data/README.md` that the build writes."""

_CODES = {"url", "direction", "portrayal", "motives", "stance", "origin"}
_FIELDS = {
    "articles.jsonl": _CODES | {"date", "lang", "event", "gist", "claims", "sources", "slice"},
    "second_coder_claims.jsonl": {"url", "claim", "s", "f"},
    "second_coder_articles.jsonl": _CODES | {"frames"},
}


def build(source: Path, target: Path) -> None:
    """Write the corpus tables, the codebook and the counts in the datasheet.

    The tables are validated before anything in `target` is touched; the same source always gives
    the same bytes.

    Parameters
    ----------
    source : Path
        Folder of the raw records: `CODEBOOK.md`, `outlets.csv` and a file for each kind.
    target : Path
        Folder to write to; if it holds a `README.md`, its block of counts is rewritten.

    Raises
    ------
    CorpusError
        If a record is missing, malformed or does not fit `datapackage.json`.
    """
    for name in ("CODEBOOK.md", "outlets.csv", *_FIELDS):
        if not (source / name).is_file():
            raise CorpusError(
                f"{source / name} does not exist; `make data` needs the folder of the raw records, "
                "nothing else does."
            )
    with TemporaryDirectory() as scratch:
        for name, table in _tables(source).items():
            table.to_csv(Path(scratch, f"{name}.csv"), index=False, lineterminator="\n")
        built = corpus.load(scratch)
        shutil.copyfile(source / "CODEBOOK.md", Path(scratch, "CODEBOOK.md"))
        target.mkdir(parents=True, exist_ok=True)
        for path in Path(scratch).iterdir():
            shutil.copyfile(path, target / path.name)
    readme = target / "README.md"
    if readme.is_file():
        block = f"{COUNTS_START}\n{counts(built)}\n{COUNTS_END}"
        marked = f"(?s){COUNTS_START}.*{COUNTS_END}"
        text, found = re.subn(marked, lambda _: block, readme.read_text(encoding="utf-8"))
        if not found:
            raise CorpusError(f"{readme} lacks the marks {COUNTS_START} {COUNTS_END}.")
        readme.write_text(text, encoding="utf-8", newline="\n")


def article_id(url: str) -> str:
    """Name an article for good: "a" and 10 hexadecimal digits of the SHA-256 of its address."""
    return "a" + hashlib.sha256(url.encode()).hexdigest()[:10]


def counts(built: Corpus) -> str:
    """Write the counts of a corpus as Markdown, for the datasheet."""
    articles, claims, second = built.article_table(), built.claims, built.second_claims
    dated = articles["date"].dropna()
    cases = built.events["n_articles"].drop("general", errors="ignore")
    both = articles["motives"].map(lambda m: "not_stated" in m and len(m) > 1)

    def shares(values: pd.Series) -> str:
        """List at most ten codes of a column with their numbers, the most frequent first."""
        number = values.astype(str).value_counts().sort_index()
        number = number.sort_values(ascending=False, kind="stable")
        shown = ", ".join(f"{code}: {n:,}" for code, n in number.head(10).items())
        return shown + (f" and {len(number) - 10} more" if len(number) > 10 else "")

    rows = {
        "articles": f"{len(articles):,}",
        "claims": f"{len(claims):,}, {claims['frame_2'].notna().sum():,} of them with two frames",
        "claims per article": shares(articles["n_claims"]),
        "web domains": f"{len(built.outlets):,}",
        "events": f"{len(cases):,}; most articles: "
        + ", ".join(f"{event}: {n:,}" for event, n in cases.nlargest(3).items())
        + f"; articles that cover no single case: {(articles['event'] == 'general').sum():,}",
        "dates": f"{len(dated):,} articles dated, from {dated.min()[:4]} to {dated.max()[:4]}; "
        f"{len(articles) - len(dated):,} undated",
        "articles by direction": shares(articles["direction"]),
        "articles by camp of the outlet": shares(articles["camp_detail"]),
        "articles by language": shares(articles["lang"]),
        "articles by collection slice": shares(articles["slice"]),
        "domains by confidence of the registry": shares(built.outlets["confidence"]),
        "domains of unknown country": f"{built.outlets['country'].isna().sum():,}",
        "articles without a named source": f"{(articles['sources'].map(len) == 0).sum():,}",
        "articles with `not_stated` beside another motive": f"{both.sum():,}",
        "claims coded twice": f"{len(second):,}, {second['reworded'].sum():,} of them reworded "
        "since",
        "articles coded twice": f"{len(built.second_articles):,}",
    }
    lines = [f"| {what} | {number} |" for what, number in rows.items()]
    return "\n".join(["| what | how many |", "| --- | --- |", *lines])


def _records(path: Path) -> list[dict]:
    """Read one JSON object per line, with exactly the fields of its kind; lists become one cell."""
    records = []
    # split at line feeds only: str.splitlines also splits at separators that JSON text may hold
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line:
            continue
        where = f"{path.name}, line {number}"
        try:
            record = json.loads(line)
            unfit = _FIELDS[path.name] ^ record.keys()
        except (ValueError, AttributeError):
            raise CorpusError(f"{where}: not a JSON object; repair it.") from None
        if unfit:
            raise CorpusError(f"{where}: missing or unknown: {', '.join(sorted(unfit))}.")
        for column in record.keys() & {"motives", "sources", "frames"}:
            for item in record[column]:
                if ";" in item:
                    raise CorpusError(
                        f"{where}: {item!r} holds a semicolon, which parts a list; reword it."
                    )
            record[column] = "; ".join(record[column])
        records.append(record | {"article_id": article_id(record["url"])})
    return records


def _two_frames(frames: list[str], claim: str) -> dict[str, str]:
    if not 1 <= len(frames) <= 2:
        raise CorpusError(f"{claim}: {len(frames)} frames; the codebook wants one or two.")
    return {"frame": frames[0], "frame_2": "".join(frames[1:])}


def _tables(source: Path) -> dict[str, pd.DataFrame]:
    """Turn the raw records into tables of text and numbers, sorted by key."""
    outlets = pd.read_csv(source / "outlets.csv", dtype=str, keep_default_na=False)
    domains = set(outlets["domain"])
    articles, second_claims, second_articles = (_records(source / name) for name in _FIELDS)
    claims = {}
    for record in articles:
        record["outlet"] = outlet = outlet_of(record["url"], domains)
        if outlet not in domains:
            raise CorpusError(
                f"outlets.csv has no row for {outlet!r}, the host of {record['url']}; add it."
            )
        for n, claim in enumerate(record["claims"], start=1):
            key = f"{record['article_id']}-{n}"
            claims[key] = {
                "claim_id": key,
                "article_id": record["article_id"],
                "n": n,
                "text": claim["s"],
                "voice": claim["v"],
                **_two_frames(claim["f"], f"{record['url']}, claim {n}"),
            }
    for record in second_claims:
        n = record["claim"] + 1  # the raw index counts from 0
        claim = f"claim {n} of {record['url']}"
        record["claim_id"] = key = f"{record['article_id']}-{n}"
        if key not in claims:
            raise CorpusError(f"second_coder_claims.jsonl: articles.jsonl has no {claim}.")
        record["text"], reworded = record["s"], record["s"] != claims[key]["text"]
        record |= _two_frames(record["f"], claim) | {"reworded": str(reworded).lower()}

    columns = corpus.columns()
    tables = {
        "articles": pd.DataFrame(articles, columns=columns["articles"]),
        "claims": pd.DataFrame(claims.values(), columns=columns["claims"]),
        "second_coder_claims": pd.DataFrame(second_claims, columns=columns["second_coder_claims"]),
        "second_coder_articles": pd.DataFrame(
            second_articles, columns=columns["second_coder_articles"]
        ),
        "outlets": outlets,
    }
    events = corpus.event_facts(tables["articles"], outlets.set_index("domain")).reset_index()
    for column in ("directions", "camps", "langs"):
        events[column] = events[column].map("; ".join)
    tables["events"] = events
    return {name: table.sort_values(list(table.columns[:1])) for name, table in tables.items()}
