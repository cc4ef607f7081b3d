"""Fetch pages politely: what robots.txt forbids is not fetched, and no host is asked too often."""

import socket
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from protego import Protego

USER_AGENT = "defection-framing/1.0 (text research)"
"""How the fetcher names itself, to servers and in robots.txt."""

MAX_BYTES = 5_000_000
"""Size of the largest page that is taken, after decompression."""

_ROBOTS_BYTES = 512_000  # what RFC 9309 asks a crawler to read at least
_PAGES = ("text/html", "application/xhtml+xml", "text/plain")
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_PAUSE = 60.0  # no server makes a run wait longer than this at a time, in seconds


class Unfetched(ValueError):
    """A page that was not fetched; the message says why.

    Attributes
    ----------
    transient : bool
        Whether a later try may succeed (a timeout, a busy server).
    """

    def __init__(self, reason: str, transient: bool = False):
        """Say the reason, and whether it may pass."""
        super().__init__(reason)
        self.transient = transient


@dataclass(frozen=True)
class Page:
    """A fetched page: its address after redirects, its bytes, the character set it declares."""

    url: str
    content: bytes
    charset: str | None


@dataclass
class Fetcher:
    """Fetches pages one at a time, with a pause between two requests to one host.

    Attributes
    ----------
    delay : float
        Least pause between two requests to one host, in seconds; a longer one that robots.txt asks
        for is kept, up to a minute.
    timeout : float
        Seconds without a byte, and half of the seconds that one page may take.
    attempts : int
        How often a page is asked for while the server is busy or the connection fails.
    max_bytes : int
        Size of the largest page that is taken.
    """

    delay: float = 2.0
    timeout: float = 20.0
    attempts: int = 3
    max_bytes: int = MAX_BYTES
    _robots: dict[str, Protego | Unfetched] = field(default_factory=dict, init=False, repr=False)
    _last: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self):
        """Open the connections' pool."""
        headers = {"User-Agent": USER_AGENT, "Accept": "text/html, text/plain;q=0.5"}
        self._client = httpx.Client(timeout=self.timeout, headers=headers)

    def fetch(self, url: str) -> Page:
        """Fetch a page, following up to five redirects; robots.txt holds for each hop.

        Raises
        ------
        Unfetched
            With the reason; `gone` opens it where the page or its host is no more.
        """
        asked = url
        for _ in range(6):
            self._heed_robots(url)
            response, content = self._get(url, self.max_bytes)
            if response.next_request is None:
                break
            url = str(response.next_request.url)
        else:
            raise Unfetched("more than five redirects; give the address they end at")
        if response.status_code in (404, 410):
            raise Unfetched(f"gone: the server answers HTTP {response.status_code}")
        if response.status_code != 200:
            raise Unfetched(
                f"the server answers HTTP {response.status_code}", response.status_code in _BUSY
            )
        kind = response.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
        if kind not in _PAGES:
            raise Unfetched(f"is {kind}, not a web page")
        if urlsplit(asked).path.strip("/") and not urlsplit(url).path.strip("/ "):
            raise Unfetched("gone: the address now leads to a front page")
        return Page(url, content, response.charset_encoding)

    def _heed_robots(self, url: str) -> None:
        site = urlsplit(url)
        origin = f"{site.scheme}://{site.netloc}"
        if origin not in self._robots:
            try:
                self._robots[origin] = self._read_robots(origin)
            except Unfetched as error:  # kept, so that a dead host is waited for once
                self._robots[origin] = error
        rules = self._robots[origin]
        if isinstance(rules, Unfetched):
            raise rules
        if not rules.can_fetch(url, USER_AGENT):
            raise Unfetched(f"{origin}/robots.txt forbids it")

    def _read_robots(self, origin: str) -> Protego:
        url = f"{origin}/robots.txt"
        for _ in range(6):
            response, content = self._get(url, _ROBOTS_BYTES, cut=True)
            if response.next_request is None:
                break
            url = str(response.next_request.url)
        if response.status_code >= 500 or response.status_code == 429:
            # RFC 9309: rules that a server fails to give forbid everything.
            raise Unfetched(f"{origin}/robots.txt cannot be read now, so nothing there is", True)
        found = response.status_code == 200
        return Protego.parse(content.decode("utf-8", "replace") if found else "")

    def _get(self, url: str, limit: int, cut: bool = False) -> tuple[httpx.Response, bytes]:
        """Ask until there is an answer; a body over the limit is an error, or is cut there."""
        site = urlsplit(url)
        if site.scheme not in ("http", "https") or not site.hostname:
            raise Unfetched("is not an address that starts with http:// or https://")
        for attempt in range(1, self.attempts + 1):
            self._wait(site)
            try:
                response, content = self._read(url, limit, cut)
            except (httpx.NetworkError, httpx.TimeoutException, httpx.ProxyError) as error:
                if _no_such_host(error):
                    raise Unfetched(f"gone: the host {site.hostname} does not resolve") from None
                problem, pause = f"no connection ({str(error) or type(error).__name__})", 0.0
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                raise Unfetched(f"cannot be read ({error})") from None
            else:
                if response.status_code not in _BUSY or attempt == self.attempts:
                    return response, content
                problem, pause = "", _retry_after(response)
            if attempt < self.attempts:
                time.sleep(min(_PAUSE, max(pause, self.delay * 2**attempt)))
        raise Unfetched(problem, transient=True)

    def _wait(self, site) -> None:
        rules = self._robots.get(f"{site.scheme}://{site.netloc}")
        asked = (rules.crawl_delay(USER_AGENT) or 0) if isinstance(rules, Protego) else 0
        ready = self._last.get(site.hostname, float("-inf")) + max(self.delay, min(_PAUSE, asked))
        time.sleep(max(0.0, ready - time.monotonic()))
        self._last[site.hostname] = time.monotonic()

    def _read(self, url: str, limit: int, cut: bool) -> tuple[httpx.Response, bytes]:
        deadline = time.monotonic() + 2 * self.timeout
        with self._client.stream("GET", url) as response:
            content = bytearray()
            if response.next_request is None:
                for block in response.iter_bytes(65_536):
                    content += block
                    if len(content) > limit:
                        if cut:
                            break
                        raise Unfetched(f"is larger than {limit:,} bytes")
                    if time.monotonic() > deadline:
                        raise Unfetched("takes too long to arrive", transient=True)
        return response, bytes(content[:limit])


def _retry_after(response: httpx.Response) -> float:
    """Seconds that a busy server asks to wait, 0 where it does not say."""
    said = response.headers.get("retry-after", "")
    if said.isdigit():
        return float(said)
    try:
        return parsedate_to_datetime(said).timestamp() - time.time()
    except ValueError:
        return 0.0


def _no_such_host(error: BaseException | None) -> bool:
    """Tell whether a connection failed since nobody has the name, now or later."""
    while error and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return error is not None and error.errno != socket.EAI_AGAIN
