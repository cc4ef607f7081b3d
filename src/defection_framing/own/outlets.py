"""Outlets by address and by name: the repository's registry, leading houses, one's own."""

import re
from dataclasses import dataclass
from pathlib import Path

from slugify import slugify

from .. import corpus, settings
from ..corpus.outlets import outlet_of
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
    r"|europe|asia|national|international|us|uk|print|online) edition)$"
    r"|(?<=\w)\.(?:com|co\.uk|de|fr|es|pl|ru|ua|org|net)$"
)
"""What names of outlets say beside them in databases. A place is another newspaper's, often."""


@dataclass(frozen=True)
class Registry:
    """Known outlets: their rows by domain, and domains by name."""

    rows: dict[str, dict]
    names: dict[str, str]

    @classmethod
    def of(cls, out: Path) -> "Registry":
        """Gather what is known; rows filled in under `out` win over others."""
        ours = folder.read(settings.ROOT / "data" / "outlets.csv", corpus.columns()["outlets"])
        known = [*table("own/houses.csv"), *ours.to_dict("records")]
        rows = {row["domain"]: row for row in known}
        if (own := out / "outlets.csv").exists():
            rows |= folder.outlets(own).to_dict("index")
        shortest = sorted(rows, key=len, reverse=True)  # the last one wins
        named = {_spelled(rows[domain]["name"]): domain for domain in shortest}
        # Further names, in other scripts too.
        others = [(row["domain"], row["names"].split("|")) for row in table("own/outlet_names.csv")]
        return cls(rows, {_spelled(n): domain for domain, own in others for n in own} | named)

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
            return outlet_of(site if "://" in site else f"https://{site}/", self.rows)
        bare = _EDITION.sub("", _spelled(site)).strip(" -–—,;:") or _spelled(site)
        for name in (_spelled(site), bare, re.split(r" [-–—]+ |[,;:]", bare)[0]):
            if domain := self.names.get(name):
                return domain
        if channel:
            return f"t.me/{slugify(channel, max_length=60) or 'unnamed'}"
        spelled = slugify(bare, max_length=60)
        return f"{spelled}.invalid" if spelled else NO_OUTLET


def _spelled(name: str) -> str:
    """Spell a name so that its usual spellings agree: without "The" and quotation marks."""
    bare = re.sub(r"[«»\"“”„]", "", name).strip(" .,;").casefold()
    return re.sub(r"\s+", " ", re.sub(r"^the ", "", bare))
