"""From a researcher's raw articles to an uncoded data package.

`ingest` reads sources of any usual shape and writes into one folder:

- `texts.jsonl`: the articles (`id, url, outlet, date, lang, title, author, text`);
- `sentences.csv`: every sentence (`article_id, n, text, set_aside`), candidate claims having
  nothing in `set_aside`;
- `outlets.csv`: their outlets, as in the registry; unknown ones with a row to be filled in, which
  later runs keep as it was filled in;
- `sources.csv`: the sources that each article names (`article_id, sources`);
- `families.csv`: story families (see `families`);
- `events_sheet.csv`: the event of each article, to be merged and split (see `event_sheet`);
- `inputs.csv`: every file, what it was taken for, how many articles it gave, which of its columns
  was read as what (`file, taken_for, articles, not_taken, columns, left, notes`);
- `remarks.csv`: what was taken out of articles, and what is odd in them, such as the words of a
  paywall (`article_id, what, said`);
- `rejected.csv`: every input that was not taken (`input, reason`);
- `ingest.jsonl`: every input that has been dealt with. The tables are made from it alone: so an
  interrupted run goes on where it stopped, and a run on other sources adds to what is there.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from tqdm import tqdm

from .. import corpus, settings
from . import event_sheet, events, extract, formats, sentences
from .boilerplate import NOTICE, PAYWALL
from .dates import Unusable
from .families import families
from .fetch import Fetcher, Unfetched
from .folder import write_sheet
from .formats.names import usual_columns
from .journal import IngestError, Journal, opened
from .outlets import NO_ADDRESS, NO_OUTLET, Registry
from .sources import ADDRESS, accounts

TO_CLASSIFY = "not in the registry: to be classified"
"""What `outlets.csv` gives as the basis of an unknown outlet."""

_SHOWN = 12  # files that are told of one by one


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
    events: int  # of more than one story family
    doubtful: int  # articles perhaps cut off by a paywall, or no articles
    files: pd.DataFrame = field(repr=False)  # `inputs.csv`, of this run's sources alone

    def __str__(self) -> str:
        """Say it in a few lines."""
        gone = sum(reason.startswith("gone") for reason in self.rejected.values())
        said = (
            f"{self._read()}{_many(self.articles, 'article')} in {self.out}, {self.new:,} of them "
            f"new; {self.undated:,} without a date.\n"
            f"{_many(len(self.rejected), 'input')} not taken ({gone:,} of them gone from the web): "
            "see rejected.csv.\n"
            f"Story families of more than one article: {self.families:,}; see families.csv.\n"
            f"{_many(self.events, 'event')} of more than one story: merge and split events in "
            f"{event_sheet.SHEET}."
        )
        if self.doubtful:
            said += f"\n{_many(self.doubtful, 'article')} perhaps cut off or none: "
            said += "see `perhaps` in remarks.csv"
        if named := self.unknown_outlets:
            said += f"\n{_many(len(named), 'outlet')} to classify in outlets.csv, such as "
            said += ", ".join(named[:10])
            said += f"; camp is one of {', '.join(corpus.codes('outlets', 'camp'))}"
        return said

    def _read(self) -> str:
        """Say what was read: file by file, or by what they were taken for where there are many."""
        said = []
        if len(self.files) > _SHOWN:
            for taken_for, rows in self.files.groupby("taken_for"):
                number, what = rows["articles"].sum(), taken_for or "not taken"
                said.append(f"{_many(len(rows), 'file')}: {what}; {_many(number, 'article')}")
        else:
            for row in self.files.to_dict("records"):
                line = f"{row['file']}: {row['taken_for'] or 'not taken'}"
                line += f"; {_many(row['articles'], 'article')}"
                line += f", {row['not_taken']:,} not taken" if row["not_taken"] else ""
                for begin, name in (("read ", "columns"), ("left ", "left"), ("", "notes")):
                    line += f"; {begin}{row[name]}" if row[name] else ""
                said.append(line)
        return "".join(f"{line}\n" for line in said)


def _many(n: int, what: str) -> str:
    """A number of things, in words."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def ingest(
    sources: Sequence[Path | str],
    out: Path,
    columns: Mapping[str, str] | None = None,
    fetcher: Fetcher | None = None,
    taken_for: str = "",
) -> Report:
    """Read articles from sources into a folder, on top of what it holds.

    Parameters
    ----------
    sources : sequence of Path or str
        Each an address of a page, or the path of a file in any format that `formats` reads, of an
        archive of such files, or of a folder, which is read with its subfolders.
    columns : mapping, optional
        Column of the tables by what it holds (`text`, `url`, `title`, `date` and so on), where its
        name is unusual.
    taken_for : str, optional
        A key of `formats.FORMATS`: what all files are taken for, where they are told wrongly.

    Raises
    ------
    IngestError
        If no article in the sources can be used; what this run added to the folder is taken back.
        Files and single inputs that cannot be used are listed, not raised.
    """
    columns = dict(columns or {})
    if unknown := set(columns) - set(usual_columns()):
        wanted = ", ".join(usual_columns())
        raise IngestError(f"A column cannot hold {min(unknown)}; name one that holds {wanted}.")
    if taken_for and taken_for not in formats.FORMATS:
        known = ", ".join(formats.FORMATS)
        raise IngestError(f"{taken_for!r} is no format; name one of {known}.")
    read = [os.path.realpath(s) for s in sources if not ADDRESS.fullmatch(str(s))]
    if out.is_dir() and os.path.realpath(out) in read:
        raise IngestError(f"{out} is read from; name another folder to write to.")
    registry = Registry.of(out)
    with opened(out) as journal:
        fetcher = fetcher or Fetcher()
        before = set(_chosen(journal, held := _held(out))[0])
        sheet = event_sheet.kept(out, before | held)
        for source in sources:
            for account in accounts(source, out, columns, taken_for):
                _take(account, journal, registry, fetcher)
        dealt = [journal[place] for place in journal.dealt if place in journal]
        reasons = {entry["said"]: entry["rejected"] for entry in dealt if "rejected" in entry}
        gone = any(why.startswith("gone") for why in reasons.values())
        if not (gone or any("article" in e for e in dealt)) or not _chosen(journal, held)[0]:
            raise _nothing(sources, reasons)
        return _write_tables(out, journal, registry, before, sheet)


def _held(out: Path) -> set[str]:
    """Ids of the articles in a folder's tables."""
    if not (path := out / "texts.jsonl").exists():
        return set()
    with path.open(encoding="utf-8") as lines:
        return {json.loads(line)["id"] for line in lines}


def _nothing(sources: Sequence[Path | str], reasons: dict[str, str]) -> IngestError:
    """Say why no source gave an article."""
    names = ", ".join(map(str, sources))
    if not reasons:
        return IngestError(f"{names} holds no article; name a source that does.")
    if list(reasons) == [names]:
        return IngestError(f"{names} {reasons[names]}.")
    shown = "".join(f"\n  {where}: {why}" for where, why in list(reasons.items())[:5])
    return IngestError(f"{names} holds no article that can be used, such as:{shown}")


def _take(account: formats.Reading, journal: Journal, registry: Registry, fetcher: Fetcher) -> None:
    """Deal with every input of a file that the journal does not hold."""
    where, seen = _place(account.where), {}
    shown = dict(desc=account.where[-40:], unit="article", leave=False, delay=1)
    for item in tqdm(account.records, **shown):
        place, digest = _place(item.at), item.digest()
        seen[place] = None
        known = journal.get(place, {})
        if known.get("digest") != digest or known.get("again"):
            entry = {"input": place, "said": item.at, "file": where, "digest": digest}
            try:
                entry["article"] = _article(item, place, journal, registry, fetcher)
            except (Unusable, Unfetched) as error:
                entry |= {"rejected": str(error), "again": getattr(error, "transient", False)}
            journal.add(entry)
    journal.dealt |= seen
    for place in sorted(journal.inputs[where] - seen.keys()):
        if journal.get(place, {}).get("file") == where:  # which was read otherwise before
            journal.add({"input": place, "dropped": True})
    said = {"account": where, "said": account.where, "taken_for": account.taken_for}
    said["notes"] = "; ".join(account.notes)
    said["columns"] = ", ".join(f"{name} as {what}" for what, name in account.columns.items())
    said["left"] = ", ".join(map(str, account.left))
    if journal.accounts.get(where) != said:
        journal.add(said)
    journal.seen.add(where)


def _place(where: str) -> str:
    """Name an input in the journal: by its whole path, or by its address."""
    return where if ADDRESS.fullmatch(where) else os.path.abspath(where)


def _article(
    item: formats.Record, place: str, journal: Journal, registry: Registry, fetcher: Fetcher
) -> dict:
    if item.problem:
        raise Unusable(item.problem)
    given = dict(item.fields)
    channel = given.pop("channel", "")
    page = fetcher.fetch(given["url"]) if item.content is None else item
    found = asdict(extract.extract(page.content, page.charset, **given))
    site = found.pop("site")
    outlet = registry.outlet(found["url"], site, channel)
    if not re.fullmatch(r"https?://[^\x00-\x20\x7f]+", found["url"]):
        if found["url"]:
            found["remarks"] = [*found["remarks"], ("address left empty", found["url"])]
        url = f"https://{NO_ADDRESS}/{quote(item.name)}"
        if journal.addresses.get(url, place) != place:  # of a file of the same name elsewhere
            url += f"~{hashlib.sha256(place.encode()).hexdigest()[:6]}"
        found["url"] = url
    return {"id": corpus.article_id(found["url"]), "outlet": outlet, "site": site, **found}


def _write_tables(
    out: Path, journal: Journal, registry: Registry, before: set[str], sheet: pd.DataFrame
) -> Report:
    """Write all tables of a folder, from the journal, and say what is in it."""
    chosen, rejected = _chosen(journal, _held(out))
    media = sorted({row["name"] for row in registry.rows.values()})
    outlets: dict[str, dict | None] = {}
    names: dict[str, str] = {}
    kept = ("id", "url", "outlet", "date", "lang", "title", "author", "text")
    texts: list[dict[str, str]] = []
    parts: list[tuple] = []
    sources: list[tuple] = []
    remarks: list[tuple] = []
    for key in sorted(chosen):
        row = chosen[key]["article"] | {"date": chosen[key]["date"]}
        outlet = row["outlet"]
        outlets[outlet] = registry.rows.get(outlet)
        names[outlet] = names.get(outlet) or row["site"]
        texts.append({n: row[n] for n in kept})
        split = sentences.split(row["text"], row["lang"])
        parts += [(key, n, *part) for n, part in enumerate(split, 1)]
        own = (outlets[outlet] or {"name": names[outlet]})["name"]
        named = sentences.named_sources(row["text"], row["lang"], media)
        sources.append((key, "; ".join(name for name in named if name != own)))
        remarks += [(key, *remark) for remark in row["remarks"]]
    for domain in [domain for domain, row in outlets.items() if row is None]:
        name = names[domain] or ("unknown" if domain == NO_OUTLET else domain)
        row = (domain, name, "", "unknown", "undisclosed", "low", TO_CLASSIFY)
        outlets[domain] = dict(zip(corpus.columns()["outlets"], row, strict=True))
    unclear = (TO_CLASSIFY, "undisclosed")  # who gives the camp alone has classified it too
    unknown = sorted(d for d, row in outlets.items() if (row["basis"], row["camp"]) == unclear)
    articles = pd.DataFrame(texts).rename(columns={"id": "article_id"})
    grouped = families(articles)
    read = _accounts(journal, chosen)
    articles = articles.merge(grouped, on="article_id")
    proposed = events.proposed(articles)  # takes a while: nothing is half written if it is stopped
    write_sheet(out / "outlets.csv", pd.DataFrame([outlets[d] for d in sorted(outlets)]))
    for name, rows, header in (
        ("sentences", parts, ["article_id", "n", "text", "set_aside"]),
        ("sources", sources, ["article_id", "sources"]),
        ("remarks", remarks, ["article_id", "what", "said"]),
        ("families", grouped, [name for name in grouped if name != "likest"]),
        ("inputs", read, list(read.columns)),
        ("rejected", sorted(rejected.items()), ["input", "reason"]),
    ):
        write_sheet(out / f"{name}.csv", pd.DataFrame(rows, columns=header))
    named = event_sheet.write(out, articles, proposed, sheet)
    # Last, since a run that was stopped knows by it which articles the sheet had.
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in texts)
    settings.write_text(out / "texts.jsonl", lines)
    return Report(
        out=out,
        articles=len(chosen),
        new=len(chosen.keys() - before),
        undated=sum(not row["date"] for row in texts),
        rejected=rejected,
        unknown_outlets=unknown,
        families=int((grouped["family"].value_counts() > 1).sum()),
        events=int((grouped.set_index("article_id")["family"].groupby(named).nunique() > 1).sum()),
        doubtful=len({key for key, what, _ in remarks if what in (PAYWALL, NOTICE)}),
        files=read[read["file"].isin([journal.accounts[w]["said"] for w in journal.seen])],
    )


def _chosen(journal: Journal, held: set[str]) -> tuple[dict[str, dict], dict[str, str]]:
    """Take every article once: entries by id, and what is not taken.

    Of copies one that the tables `held` stays, since people may have coded it, else one with a date
    does; an article without one takes the date of its copy.
    """
    chosen: dict[str, dict] = {}
    alike: dict[tuple, list[dict]] = {}
    rejected: dict[str, str] = {}
    order = sorted(journal.values(), key=lambda e: (e.get("id") not in held, not e.get("date")))
    for entry in map(dict, order):
        same = alike.setdefault((entry.get("outlet"), entry.get("same")), [])
        if "rejected" in entry:
            rejected[entry["said"]] = entry["rejected"]
        elif known := chosen.get(entry["id"]):
            rejected[entry["said"]] = f"has the same address or id as {known['said']}"
        elif twin := next((e for e in same if _may_be_one(e["date"], entry["date"])), None):
            rejected[entry["said"]] = f"is the same article as {twin['said']}"
            twin["date"] = max(twin["date"], entry["date"], key=len)
        else:
            chosen[entry["id"]] = entry
            same.append(entry)
    return chosen, rejected


def _may_be_one(one: str, other: str) -> bool:
    """Tell whether two dates may be one, either of them being coarser or unknown."""
    return one.startswith(other) or other.startswith(one)


def _accounts(journal: Journal, chosen: dict[str, dict]) -> pd.DataFrame:
    """Tabulate the files, with their articles."""
    inputs = Counter(entry["file"] for entry in journal.values())
    taken = Counter(entry["file"] for entry in chosen.values())
    rows = [
        said | {"articles": taken[where], "not_taken": inputs[where] - taken[where]}
        for where, said in sorted(journal.accounts.items())
    ]
    header = ["said", "taken_for", "articles", "not_taken", "columns", "left", "notes"]
    return pd.DataFrame(rows, columns=header).rename(columns={"said": "file"})
