"""Which outlet an address belongs to, and what names its article."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from ..settings import digest

_COPIES = [
    re.compile(pattern)
    for pattern in (
        r"https?://web\.archive\.org/web/\w+/(?:https?:/+)?(.+)",
        r"https?://(?:[\w-]+\.)?cdn\.ampproject\.org/\w(?:/s)?/(.+)",
        r"https?://www\.google\.[a-z.]+/amp/(?:s/)?(.+)",
    )
]

_ACCOUNTS = re.compile(
    r"https?://(?:[\w-]+\.)*?(?P<host>t\.me|telegram\.me|youtube\.com|x\.com|twitter\.com"
    r"|vk\.com|facebook\.com|instagram\.com|tiktok\.com|medium\.com)"
    r"/(?:s/|c/|user/|channel/)?@?(?P<account>[A-Za-z0-9_.-]+)",
    re.I,
)
_NO_ACCOUNTS = frozenset(
    "watch shorts live embed results playlist share i intent search hashtag wall story "
    "permalink.php photo video videos posts groups reel p joinchat".split()
)


def article_id(url: str) -> str:
    """Name an article for good: "a" and 10 hexadecimal digits of the SHA-256 of its address."""
    return "a" + digest(url)[:10]


def leads_somewhere(url: str) -> bool:
    """Whether an address can be opened: hosts in `.invalid` stand for no address (RFC 2606)."""
    return not (urlsplit(url).hostname or "").endswith(".invalid")


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
        name system, and empty where the address has none.
    """
    for pattern in _COPIES:
        if match := pattern.fullmatch(url):
            url = f"https://{match[1]}"
    if (match := _ACCOUNTS.match(url)) and match["account"].lower() not in _NO_ACCOUNTS:
        host = match["host"].lower()
        host = {"telegram.me": "t.me", "twitter.com": "x.com"}.get(host, host)
        return f"{host}/{match['account'].lower()}"
    named = urlsplit(url).hostname or ""
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
    return host if host.isascii() else host.encode("idna").decode()
