"""Outlets by address and by name: the repository's registry, leading houses, one's own."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
from slugify import slugify

from .. import corpus, settings
from . import folder
from .words import table

NO_OUTLET = "unknown.invalid"
"""Stands for the domain of an article that comes without an address (RFC 2606: no such domain)."""

NO_ADDRESS = "no-address.invalid"
"""The host of the address that names an article without one; no page has it."""

_ADDRESS = re.compile(r"https?://[^\x00-\x20\x7f]+")
_SERVICES = frozenset(
    "proquest.com search.proquest.com advance.lexis.com nexisuni.com nexis.com factiva.com "
    "global.factiva.com search.ebscohost.com pressreader.com news.google.com dlib.eastview.com "
    "integrum.ru nouveau.europresse.com".split()
)
"""Hosts of databases, which hold the articles of others."""


_EDITION = re.compile(
    r"\((?:online|print|web|internet|digital|newspaper|east coast|london(?:, england)?|uk)\)"
    r"|\b(?:online|print|web(?:site| blogs?)?|blogs|digital|mobile|(?:late|final|early|eastern"
    r"|europe|asia|national|international|us|uk|print|online) edition)(?=\s*(?:\(|$))"
    r"|(?<=\w)\.(?:com|co\.uk|de|fr|es|pl|ru|ua|org|net)$"
)
"""What names of outlets say beside them in databases. A place is another newspaper's, often."""


_COPY = re.compile(
    r"https?://(?:web\.archive\.org/web/\w+/(?:https?:/+)?"
    r"|(?:[\w-]+\.)?cdn\.ampproject\.org/\w(?:/s)?/|www\.google\.[a-z.]+/amp/(?:s/)?)(.+)"
)

_ACCOUNTS = re.compile(
    r"https?://(?:[\w-]+\.)*?(?P<host>t\.me|telegram\.me|youtube\.com|x\.com|twitter\.com"
    r"|vk\.com|facebook\.com|instagram\.com|tiktok\.com|medium\.com)"
    r"/(?:s/|c/|user/|channel/|profile\.php\?id=)?@?(?P<account>[A-Za-z0-9_.-]+)",
    re.I,
)
_NO_ACCOUNTS = frozenset(
    "watch shorts live embed results playlist share i intent search hashtag wall story "
    "photo video videos posts groups reel p joinchat".split()
)
_POST = re.compile(r"wall-?\d+_\d+|.+\.php")
"""What stands where the account of a platform does and names one post, or a page of its own."""


@dataclass(frozen=True)
class Registry:
    """Known outlets: their rows by domain, and domains by name."""

    rows: dict[str, dict]
    names: dict[str, str]

    @classmethod
    def of(cls, out: Path) -> "Registry":
        """Gather what is known; rows filled in under `out` win over others."""
        ours = settings.ROOT / "data" / "outlets.csv"
        registered, unclear = _registered(ours, ours.stat().st_mtime_ns)
        rows = dict(registered)
        if (own := out / "outlets.csv").exists():
            rows |= folder.outlets(own).to_dict("index")
        # The last one wins: of outlets of one name a registered one, the shortest.
        order = sorted(rows, key=lambda domain: (domain in registered, -len(domain)))
        named = {_spelled(rows[domain]["name"]): domain for domain in order}
        # Further names, in other scripts too.
        others = [(row["domain"], row["names"].split("|")) for row in table("own/outlet_names.csv")]
        names = {_spelled(n): domain for domain, own in others for n in own}
        return cls(rows, names | {n: domain for n, domain in named.items() if n not in unclear})

    def outlet(self, url: str, site: str, channel: str = "") -> str:
        """Find the domain of an article's outlet by its address, else by the name of its site.

        `channel` is that of a messenger whose address is not known. What is in no registry gets a
        domain of its own from its name, in any script.
        """
        found = outlet_of(url, self.rows) if _ADDRESS.fullmatch(url) else ""
        if found and found != NO_ADDRESS and not (site and found in _SERVICES):
            return found
        site = site.strip(" .")
        if re.fullmatch(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?", site):
            found = outlet_of(site if "://" in site else f"https://{site}/", self.rows)
            known = found if found in self.rows else self.names.get(_spelled(site), found)
            if known:
                return known
        bare = _EDITION.sub("", _spelled(site)).strip(" -–—,;:") or _spelled(site)
        for name in (_spelled(site), bare, re.split(r" [-–—]+ |[;:]|, the$", bare)[0]):
            if domain := self.names.get(name):
                return domain
        if channel:
            return f"t.me/{slugify(channel, max_length=60) or 'unnamed'}"
        spelled = slugify(bare, max_length=60)
        return f"{spelled}.invalid" if spelled else NO_OUTLET


@cache
def _registered(path: Path, changed: int) -> tuple[dict[str, dict], set[str]]:
    """Rows of known outlets by domain, and names that tell none: outlets of two camps bear them.

    The study's rows win over those of leading houses; they are read again once they `changed`.
    """
    ours = folder.read(path, corpus.columns()["outlets"])
    known = pd.DataFrame([*table("own/houses.csv"), *ours.to_dict("records")])
    known = known.drop_duplicates("domain", keep="last")
    camps = known.groupby(known["name"].map(_spelled))["camp"].nunique()
    return known.set_index("domain", drop=False).to_dict("index"), set(camps.index[camps > 1])


@cache
def _spelled(name: str) -> str:
    """Spell a name so that its usual spellings agree: without "The" and quotation marks."""
    bare = re.sub(r"[«»\"“”„]", "", name).strip(" .,;").casefold()
    return re.sub(r"\s+", " ", re.sub(r"^the ", "", bare))


def outlet_of(url: str, domains: Collection[str]) -> str:
    """Find the outlet of an address.

    Copies of a page in a web archive, an AMP cache or a translating proxy count as the page. A
    crawl returns one host in several spellings, and the registered one nearest to it wins: the host
    itself, then without `www.`, its parent domains, then as a page for mobile devices; each with
    or without the final dot of an absolute host name. Ports and upper case never count. On a
    platform each account is an outlet, as `t.me/name`.

    Returns
    -------
    str
        One of the registered `domains`; else the host without `www.`, in the letters of the domain
        name system, and empty where the address has none that this system knows.
    """
    while match := _COPY.fullmatch(url):
        url = f"https://{match[1]}"
    account = match["account"].lower() if (match := _ACCOUNTS.match(url)) else ""
    if match and account not in _NO_ACCOUNTS and not _POST.fullmatch(account):
        host = match["host"].lower()
        host = {"telegram.me": "t.me", "twitter.com": "x.com"}.get(host, host)
        return f"{host}/{account}"
    try:
        # what else stands in a cell, such as a second address, is no part of the host
        named = re.split(r"[^\w.-]", urlsplit(url).hostname or "")[0]
    except ValueError:  # such as a bracket that is not closed
        return ""
    host = named.removeprefix("www.")
    if host.endswith(".translate.goog"):
        host = host.removesuffix(".translate.goog").replace("--", "\0").replace("-", ".")
        host = host.replace("\0", "-").removeprefix("www.")
    labels = host.split(".")
    nearest = [named, host, *(".".join(labels[i:]) for i in range(1, len(labels) - 1))]
    nearest += [f"{prefix}.{host}" for prefix in ("www", "amp", "m", "mobile")]
    for domain in nearest:
        for spelled in (domain, domain.removesuffix("."), f"{domain}."):
            if spelled in domains:
                return spelled
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return ""
