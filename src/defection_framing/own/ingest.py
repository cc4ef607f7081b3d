"""From a researcher's raw articles to an uncoded data package.

`ingest` reads sources of any usual shape and writes into one folder:

- `texts.jsonl`: the articles (`id, url, outlet, date, lang, title, text`);
- `sentences.csv`: every sentence (`article_id, n, text, set_aside`), candidate claims having
  nothing in `set_aside`;
- `outlets.csv`: their outlets, as in the registry; unknown ones with a row to be filled in, which
  later runs keep as it was filled in;
- `sources.csv`: the sources that each article names (`article_id, sources`);
- `families.csv`: story families (see `families`);
- `rejected.csv`: every input that was not taken (`input, reason`);
- `ingest.jsonl`: every input that has been dealt with. The tables are made from it alone: so an
  interrupted run goes on where it stopped, and a run on other sources adds to what is there.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import pandas as pd
from filelock import FileLock, Timeout
from tqdm import tqdm

from .. import corpus, settings
from ..corpus.build import article_id
from ..corpus.outlets import outlet_of
from ..settings import DefectionError
from . import extract, folder, sentences
from .dates import Unusable
from .families import families
from .fetch import Fetcher, Unfetched
from .sources import ADDRESS, USUAL_COLUMNS, Input, inputs

NO_OUTLET = "unknown.invalid"
"""Stands for the domain of an article that comes without an address (RFC 2606: no such domain)."""

TO_CLASSIFY = "not in the registry: to be classified"
"""What `outlets.csv` gives as the basis of an unknown outlet."""

_JOURNAL = "ingest.jsonl"


class IngestError(DefectionError):
    """A source or folder that cannot be used; the message names it and says what to do."""


@dataclass(frozen=True)
class Report:
    """What an ingestion left in its folder; `str` of it is a few lines to print."""

    out: Path
    articles: int  # in the folder; of them:
    new: int  # added by this run
    undated: int
    rejected: dict[str, str] = field(repr=False)  # every input that is not taken, and why
    unknown_outlets: list[str]  # domains without a row in the registry
    families: int  # of more than one article

    def __str__(self) -> str:
        """Say it in a few lines."""
        gone = sum(reason.startswith("gone") for reason in self.rejected.values())
        said = (
            f"{self.articles:,} articles in {self.out}, {self.new:,} of them new; "
            f"{self.undated:,} without a date.\n"
            f"{len(self.rejected):,} inputs not taken ({gone:,} of them gone from the web): see "
            "rejected.csv.\n"
            f"{self.families:,} story families of more than one article: see families.csv."
        )
        if named := self.unknown_outlets:
            said += f"\n{len(named):,} outlets to classify in outlets.csv, such as "
            said += ", ".join(named[:10])
        return said


def ingest(
    sources: Sequence[Path | str],
    out: Path,
    columns: Mapping[str, str] | None = None,
    fetcher: Fetcher | None = None,
) -> Report:
    """Read articles from sources into a folder, on top of what it holds.

    Parameters
    ----------
    sources : sequence of Path or str
        Each an address of a page, or the path of: a folder of `.txt` and `.html`, read with its
        subfolders; one such file; a CSV, JSONL or Parquet table, with a column of texts, or with
        one of addresses that are then fetched; a text file of addresses, one a line.
    columns : mapping, optional
        Column of the tables by what it holds (a key of `sources.USUAL_COLUMNS`), where its name is
        unusual.

    Raises
    ------
    IngestError
        If a source cannot be used at all, or no article in it can; what this run added to the
        folder before is taken back. Single inputs that cannot be used are listed, not raised.
    """
    out = Path(out)
    columns = dict(columns or {})
    if unknown := set(columns) - set(USUAL_COLUMNS):
        wanted = ", ".join(USUAL_COLUMNS)
        raise IngestError(f"A column cannot hold {min(unknown)}; name one that holds {wanted}.")
    registry = _registry(settings.ROOT / "data" / "outlets.csv")
    registry |= _registry(out / "outlets.csv") if (out / "outlets.csv").exists() else {}
    found = []
    for source in sources:
        try:
            found.append((str(source), inputs(source, out, columns)))
        except Unusable as error:
            raise IngestError(f"{source} {error}.") from None
    with _journal(out) as journal:
        fetcher = fetcher or Fetcher()
        before = journal.taken()
        for source, items in found:
            _take(source, items, journal, registry, fetcher)
        return _write_tables(out, journal, registry, before)


class _Journal(dict[str, dict]):
    """What has been dealt with, by input: one line each, the last one on an input holding."""

    def __init__(self, file: BinaryIO):
        super().__init__()
        self.file, self.start = file, 0
        file.seek(0)
        for line in file:
            if not line.endswith(b"}\n"):
                break  # cut off when a run was interrupted
            entry = json.loads(line)
            self[entry["input"]] = entry
            self.start += len(line)
        file.truncate(self.start)

    def add(self, entry: dict) -> None:
        self[entry["input"]] = entry
        self.file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        self.file.flush()

    def taken(self) -> int:
        return sum("article" in entry for entry in self.values())


@contextmanager
def _journal(out: Path) -> Iterator[_Journal]:
    """Open the folder's journal; a run that raises `IngestError` leaves the folder as it was."""
    if out.exists() and not out.is_dir():
        raise IngestError(f"{out} is a file; name a folder to write to.")
    if out.resolve() == (settings.ROOT / "data").resolve():
        raise IngestError(f"{out} holds the study's own data; name another folder to write to.")
    if (out / "articles.csv").exists() and not (out / _JOURNAL).exists():
        raise IngestError(f"{out} holds tables that `ingest` did not begin; name another folder.")
    new, path = not out.exists(), out / _JOURNAL
    lock = FileLock(out / "ingest.lock", blocking=False)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        # Before any text is there, so that none is ever tracked.
        ignored = "# The publishers' wording: not to be published.\n*\n"
        settings.write_text(out / ".gitignore", ignored)
        file = path.open("a+b")
    except Timeout:
        raise IngestError(f"Another run is writing to {out}; wait until it ends.") from None
    except OSError as error:
        raise IngestError(f"{out} cannot be written to ({error.strerror}).") from None
    journal = _Journal(file)
    try:
        yield journal
    except IngestError:
        file.truncate(journal.start)
        raise
    finally:
        file.close()
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)
        if not path.stat().st_size:
            path.unlink()
            if new:
                shutil.rmtree(out)


def _take(
    source: str,
    items: Iterable[Input],
    journal: _Journal,
    registry: dict[str, dict],
    fetcher: Fetcher,
) -> None:
    """Deal with every input of a source that the journal does not hold."""
    reasons, taken, fetched = {}, 0, False
    for item in tqdm(items, desc=source[-40:], unit="article", leave=False):
        fetched |= item.content is None and not item.problem
        place = item.where if ADDRESS.fullmatch(item.where) else os.path.abspath(item.where)
        digest = item.digest()
        entry = journal.get(place)
        if not entry or entry["digest"] != digest or entry.get("again"):
            entry = {"input": place, "said": item.where, "digest": digest}
            try:
                entry["article"] = _article(item, registry, fetcher)
            except (Unusable, Unfetched) as error:
                entry["rejected"] = str(error)
                entry["again"] = getattr(error, "transient", False)
            journal.add(entry)
        if "article" in entry:
            taken += 1
        else:
            reasons[item.where] = entry["rejected"]
    if not taken and not fetched:
        if not reasons:
            raise IngestError(f"{source} holds no article; name a source that does.")
        shown = "".join(f"\n  {where}: {why}" for where, why in list(reasons.items())[:5])
        if list(reasons) == [source]:
            raise IngestError(f"{source} {reasons[source]}.")
        raise IngestError(f"{source} holds no article that can be used, such as:{shown}")


def _article(item: Input, registry: dict[str, dict], fetcher: Fetcher) -> dict[str, str]:
    if item.problem:
        raise Unusable(item.problem)
    content, charset = item.content, None
    if content is None:
        page = fetcher.fetch(item.given["url"])
        content, charset = page.content, page.charset
    found = asdict(extract.extract(content, charset, **item.given))
    site = found.pop("site")
    if not re.fullmatch(r"https?://[^\x00-\x20\x7f]+", found["url"]):
        outlet = _outlet_named(site, registry)
        found["url"] = f"https://{outlet}/{quote(item.name)}"
    else:
        outlet = outlet_of(found["url"], registry) or NO_OUTLET
    return {"id": article_id(found["url"]), "outlet": outlet, "site": site, **found}


def _outlet_named(site: str, registry: Mapping[str, Mapping[str, str]]) -> str:
    """Find the outlet of an article without an address by its name or domain."""
    if re.fullmatch(r"[\w-]+(\.[\w-]+)+", site):
        return outlet_of(f"https://{site}/", registry)
    for domain, row in registry.items():
        if site and row["name"].lower() == site.lower():
            return domain
    slug = re.sub("[^a-z0-9]+", "-", site.lower()).strip("-")
    return f"{slug}.invalid" if slug else NO_OUTLET


def _registry(path: Path) -> dict[str, dict]:
    table = folder.read(path, corpus.columns()["outlets"])
    return {row["domain"]: row for row in table.to_dict("records")}


def _write_tables(out: Path, journal: _Journal, registry: dict[str, dict], before: int) -> Report:
    articles: dict[str, dict] = {}
    first: dict[str, str] = {}
    rejected: dict[str, str] = {}
    for entry in journal.values():
        if "article" not in entry:
            rejected[entry["said"]] = entry["rejected"]
        elif (key := entry["article"]["id"]) in articles:
            rejected[entry["said"]] = f"has the same address or id as {first[key]}"
        else:
            articles[key], first[key] = entry["article"], entry["said"]
    if not articles:
        reasons = "".join(f"\n  {said}: {why}" for said, why in list(rejected.items())[:5])
        raise IngestError(f"No article could be taken:{reasons}")
    ordered = [articles[key] for key in sorted(articles)]
    outlets = {row["outlet"]: registry.get(row["outlet"]) for row in ordered}
    unknown = sorted(name for name, row in outlets.items() if row is None)
    names = {row["outlet"]: row["site"] for row in ordered}
    for domain in unknown:
        name = names[domain] or ("unknown" if domain == NO_OUTLET else domain)
        row = (domain, name, "", "unknown", "undisclosed", "low", TO_CLASSIFY)
        outlets[domain] = dict(zip(corpus.columns()["outlets"], row, strict=True))
    unknown = sorted(d for d, row in outlets.items() if row["basis"] == TO_CLASSIFY)
    media = sorted({row["name"] for row in registry.values()})
    parts, sources, texts = [], [], []
    for row in ordered:
        found = sentences.split(row["text"], row["lang"])
        parts += [(row["id"], n, *part) for n, part in enumerate(found, 1)]
        own = outlets[row["outlet"]]["name"]
        named = sentences.named_sources(row["text"], row["lang"], media)
        sources.append((row["id"], "; ".join(name for name in named if name != own)))
        kept = ("id", "url", "outlet", "date", "lang", "title", "text")
        texts.append(json.dumps({name: row[name] for name in kept}, ensure_ascii=False) + "\n")
    grouped = families(pd.DataFrame(ordered).rename(columns={"id": "article_id"}))
    settings.write_text(out / "texts.jsonl", "".join(texts))
    for name, rows, header in (
        ("sentences", parts, ["article_id", "n", "text", "set_aside"]),
        ("sources", sources, ["article_id", "sources"]),
        ("outlets", [outlets[d] for d in sorted(outlets)], corpus.columns()["outlets"]),
        ("families", grouped, list(grouped.columns)),
        ("rejected", sorted(rejected.items()), ["input", "reason"]),
    ):
        table = pd.DataFrame(rows, columns=header)
        settings.write_text(out / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    return Report(
        out=out,
        articles=len(articles),
        new=journal.taken() - before,
        undated=sum(not row["date"] for row in ordered),
        rejected=rejected,
        unknown_outlets=unknown,
        families=int((grouped["family"].value_counts() > 1).sum()),
    )
