"""Make the tidy tables of `data/` from the raw records of the coders."""

import json
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from .. import corpus, settings
from ..settings import digest
from . import Corpus, CorpusError
from .names import Names, reduce_names
from .outlets import outlet_of
from .passes import second_frame, used

# Fields of each kind of record; those after the bar may be missing.
_FIELDS = {
    "articles.jsonl": "url date lang direction event gist claims portrayal motives sources stance "
    "origin slice wave | occasion who outcome",
    "blind_claim_codings.jsonl": "url claim coder frame frame_2",
    "blind_article_codings.jsonl": "url coder portrayal occasion who outcome motives guess",
    "second_coder_claims.jsonl": "url claim s f",
    "second_coder_articles.jsonl": "url direction portrayal motives stance origin frames",
}
_LOGS = {"ru": "pairs_ru_side.log", "ua": "pairs_ua_side.log"}
_POOLED = ("portrayal", "motives", "occasion", "who", "outcome")  # codes of articles
_LISTS = {"motives", "sources", "frames"}


def build(source: Path, target: Path) -> None:
    """Write the corpus tables, the codebook and the counts in the datasheet of `target`.

    `source` is the folder of the raw records. The tables are validated before anything in `target`
    is touched (CorpusError names what does not fit); the same source always gives the same bytes.
    """
    for name in ("CODEBOOK.md", "outlets.csv", "flag_swap.csv", *_FIELDS, *_LOGS.values()):
        if not (source / name).is_file():
            raise CorpusError(
                f"{source / name} does not exist; `make data` needs the folder of the raw records, "
                "nothing else does."
            )
    with TemporaryDirectory() as scratch:
        tables, slugs = _tables(source)
        for name, table in tables.items():
            table.to_csv(Path(scratch, f"{name}.csv"), index=False, lineterminator="\n")
        built = corpus.load(scratch)
        rules = (source / "CODEBOOK.md").read_text(encoding="utf-8")
        rules = re.sub(r"`([\w-]+)`", lambda m: f"`{slugs.get(m[1], m[1])}`", rules)
        Path(scratch, "CODEBOOK.md").write_text(rules, encoding="utf-8", newline="\n")
        target.mkdir(parents=True, exist_ok=True)
        for path in Path(scratch).iterdir():
            shutil.copyfile(path, target / path.name)
    readme = target / "README.md"
    if readme.is_file():
        settings.write_block(readme, "counts", counts(built))


def article_id(url: str) -> str:
    """Name an article for good: "a" and 10 hexadecimal digits of the SHA-256 of its address."""
    return "a" + digest(url)[:10]


def counts(built: Corpus) -> str:
    """Write the counts of a corpus as Markdown, for the datasheet."""
    articles, claims = built.article_table(), built.claims
    dated = articles["date"].dropna()
    cases = built.events.drop("general", errors="ignore")

    def shares(values: pd.Series) -> str:
        """List at most ten codes of a column with their numbers, the most frequent first."""
        number = values.astype(str).value_counts().sort_index()
        number = number.sort_values(ascending=False, kind="stable")
        shown = ", ".join(f"{code}: {n:,}" for code, n in number.head(10).items())
        return shown + (f" and {len(number) - 10} more" if len(number) > 10 else "")

    def by_coder(codings: pd.DataFrame) -> str:
        n = codings.index.get_level_values("coder").value_counts().sort_index()
        return ", ".join(f"{coder}: {k:,}" for coder, k in n.items())

    rows = {
        "articles": f"{len(articles):,}",
        "articles by wave": shares(articles["wave"]),
        "claims": f"{len(claims):,}, {claims['frame_2'].notna().sum():,} of them with two frames",
        "claims per article": shares(articles["n_claims"]),
        "web domains": f"{len(built.outlets):,}",
        "events": f"{len(cases):,}; most articles: "
        + ", ".join(f"{event}: {n:,}" for event, n in cases["n_articles"].nlargest(3).items())
        + f"; articles that cover no single case: {(articles['event'] == 'general').sum():,}",
        "events told by both camps": f"{cases['shared'].sum():,}, of wave 2: "
        f"{(cases['shared'] & (cases['wave'] == 2)).sum():,}",
        "dates": f"{len(dated):,} articles dated, from {dated.min()[:4]} to {dated.max()[:4]}; "
        f"{len(articles) - len(dated):,} undated",
        "articles by direction": shares(articles["direction"]),
        "articles by occasion": shares(articles["occasion"]),
        "articles by camp of the outlet": shares(articles["camp_detail"]),
        "articles by language": shares(articles["lang"]),
        "articles by collection slice": shares(articles["slice"]),
        "domains by confidence of the registry": shares(built.outlets["confidence"]),
        "domains of unknown country": f"{built.outlets['country'].isna().sum():,}",
        "articles without a named source": f"{(articles['sources'].map(len) == 0).sum():,}",
        "codings of claims by pass": by_coder(built.codings_claims),
        "codings of articles by pass": by_coder(built.codings_articles),
    }
    lines = [f"| {what} | {number} |" for what, number in rows.items()]
    return "\n".join(["| what | how many |", "| --- | --- |", *lines])


def _records(path: Path) -> list[dict]:
    """Read one JSON object per line, with exactly the fields of its kind."""
    must, _, may = _FIELDS[path.name].partition("|")
    records = []
    # split at line feeds only: str.splitlines also splits at separators that JSON text may hold
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line:
            continue
        where = f"{path.name}, line {number}"
        try:
            record = json.loads(line)
            unfit = (set(must.split()) ^ record.keys()) - set(may.split())
        except (ValueError, AttributeError):
            raise CorpusError(f"{where}: not a JSON object; repair it.") from None
        if unfit:
            raise CorpusError(f"{where}: missing or unknown: {', '.join(sorted(unfit))}.")
        for column in record.keys() & _LISTS:
            for item in record[column]:
                if ";" in item:
                    raise CorpusError(
                        f"{where}: {item!r} holds a semicolon, which parts a list; reword it."
                    )
            record[column] = tuple(record[column])
        records.append(record | {"article_id": article_id(record["url"]), "where": where})
    return records


def _two_frames(frames: list[str], claim: str) -> dict[str, str]:
    if not 1 <= len(frames) <= 2:
        raise CorpusError(f"{claim}: {len(frames)} frames; the codebook wants one or two.")
    return {"frame": frames[0], "frame_2": "".join(frames[1:])}


def _tables(source: Path) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Turn the raw records into tables of text and numbers, sorted by key; and events' new slugs.

    Private persons' surnames become initials on the way.
    """
    outlets = pd.read_csv(source / "outlets.csv", dtype=str, keep_default_na=False)
    swap = pd.read_csv(source / "flag_swap.csv", dtype=str, keep_default_na=False)
    domains = set(outlets["domain"])
    articles, blind_claims, blind_articles, second_claims, second_articles = (
        _records(source / name) for name in _FIELDS
    )
    claims: dict[str, dict] = {}
    codings = []
    for record in articles:
        record["outlet"] = outlet = outlet_of(record["url"], domains)
        if outlet not in domains:
            raise CorpusError(
                f"outlets.csv has no row for {outlet!r}, the host of {record['url']}; add it."
            )
        for n, claim in enumerate(record["claims"], start=1):
            key = f"{record['article_id']}-{n}"
            own = {"article_id": record["article_id"], "n": n, "text": claim["s"]}
            claims[key] = {"claim_id": key, **own, "voice": claim["v"]}
            frames = _two_frames(claim["f"], f"{record['url']}, claim {n}")
            codings.append({"claim_id": key, "coder": "0", "blind": "false", **frames})
    for record in [*blind_claims, *second_claims]:
        n = record["claim"] + 1  # the raw index counts from 0
        record["claim_id"] = key = f"{record['article_id']}-{n}"
        if key not in claims:
            where = record["where"]
            raise CorpusError(f"{where}: articles.jsonl has no claim {n} of {record['url']}.")
        if record.get("s", claims[key]["text"]) != claims[key]["text"]:
            raise CorpusError(
                f"{record['where']}: the second coder read another sentence than claim {n} of "
                f"{record['url']}; leave the record out."
            )
        if "f" in record:
            frames = _two_frames(record["f"], f"claim {n} of {record['url']}")
            record |= {"coder": "S", "blind": "false", **frames}
        codings.append({"blind": "true"} | record)

    of_articles = [{**r, "coder": "0", "blind": "false"} for r in articles]
    of_articles += [{"blind": "true"} | r for r in blind_articles]
    of_articles += [{**r, "coder": "S", "blind": "false"} for r in second_articles]
    columns = corpus.columns()
    tables = {
        "codings_claims": pd.DataFrame(codings, columns=columns["codings_claims"]),
        "codings_articles": pd.DataFrame(of_articles, columns=columns["codings_articles"]),
        "outlets": outlets,
        "flag_swap": swap.assign(article_id=swap["url"].map(article_id))[columns["flag_swap"]],
    }
    reduced, slugs = reduce_names(articles)
    searches = [s for side, log in _LOGS.items() for s in _searches(source / log, side, slugs)]
    tables["pair_searches"] = pd.DataFrame(searches, columns=columns["pair_searches"])
    by_unit = {
        # of what stands twice, which the validation names, the first
        unit: tables[f"codings_{unit}s"]
        .drop_duplicates([f"{unit}_id", "coder"])
        .set_index([f"{unit}_id", "coder"])
        for unit in ("claim", "article")
    }
    codes = {c: corpus.codes("codings_articles", c) for c in _POOLED}
    used_codes = pd.DataFrame({c: used(by_unit["article"], c, codes[c]) for c in _POOLED})
    for record, published in zip(articles, reduced, strict=True):
        record |= {k: published[k] for k in ("gist", "event")}
        record["sources"] = tuple(dict.fromkeys(published["sources"]))
        record |= used_codes.loc[record["article_id"]]
        for n, claim in enumerate(published["claims"], start=1):
            claims[f"{record['article_id']}-{n}"]["text"] = claim["s"]
    frame = used(by_unit["claim"], "frame", corpus.codes("codings_claims", "frame"))
    table = pd.DataFrame(claims.values()).set_index("claim_id").join(frame)
    table = table.join(second_frame(by_unit["claim"], frame)).reset_index()
    tables["claims"] = table.reindex(columns=columns["claims"])
    tables["articles"] = pd.DataFrame(articles, columns=columns["articles"])
    events = corpus.event_facts(tables["articles"], outlets.set_index("domain")).reset_index()
    tables["events"] = events
    for name, table in tables.items():
        for column in table.columns[table.map(lambda v: isinstance(v, tuple | bool)).any()]:
            table[column] = table[column].map(corpus.cell_text)
        key = [c for c in ("side", "article_id", "claim_id", "coder", "version") if c in table]
        tables[name] = table.sort_values([*key, table.columns[0]] if key else table.columns[0])
    return tables, slugs


def _searches(path: Path, side: str, slugs: dict[str, str]):
    """Read the log of queries by which one side of known events was sought."""
    names = Names()
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.count("\t") != 2:
            raise CorpusError(f"{path.name}, line {n}: write event, query and result, tabs between")
        event, query, result = line.split("\t")
        event = re.sub(r"[\w-]*\w", lambda m: slugs.get(m[0], names.slug(m[0])), event)
        result = re.sub(r"[\w-]*\w", lambda m: slugs.get(m[0], m[0]), result)
        query, result = (names.text(text)[0] for text in (query, result))
        yield {"side": side, "n": n, "event": event, "query": query, "result": result}
