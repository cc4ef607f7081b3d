"""Fetch pages politely: what robots.txt forbids is not fetched, and no host is asked too often."""

import socket
import time
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

import httpx
from protego import Protego

from ..settings import DefectionError
from .markup import PAGES

USER_AGENT = "defection-framing/1.0 (text research)"
"""How the fetcher names itself, to servers and in robots.txt."""

MAX_BYTES = 5_000_000
"""Size of the largest page that is taken, after decompression."""

_BUSY = {408, 425, 429, 500, 502, 503, 504}
_FAULTS = {
    httpx.UnsupportedProtocol: "is not an address that starts with http:// or https://",
    httpx.TooManyRedirects: "more than five redirects; give the address they end at",
}
_PAUSE = 60.0  # no server makes a run wait longer than this at a time, in seconds


class Unfetched(DefectionError):
    """A page that was not fetched, why, and whether a later try may succeed (`transient`)."""

    def __init__(self, reason: str, transient: bool = False):
        super().__init__(reason)
        self.transient = transient


@dataclass(frozen=True)
class Page:
    """A fetched page: its bytes, and the character set it declares."""

    content: bytes
    charset: str | None


@dataclass
class Fetcher:
    """Fetches pages one at a time, with a pause between two requests to one host."""

    delay: float = 2.0  # least pause, in seconds; robots.txt may ask for up to a minute
    timeout: float = 20.0  # seconds without a byte, and half of those that a page may take
    attempts: int = 3  # while the server is busy or the connection fails
    max_bytes: int = MAX_BYTES
    _robots: dict[str, Protego | Unfetched] = field(default_factory=dict, init=False, repr=False)
    _last: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _client(self) -> httpx.Client:
        # Made when the first page is asked for: reading the certificates takes longer than a file.
        return httpx.Client(
            timeout=self.timeout,
            headers={"User-Agent": USER_AGENT, "Accept": "text/html, text/plain;q=0.5"},
            follow_redirects=True,
            max_redirects=5,
            event_hooks={"request": [self._heed]},  # of a redirect, too
        )

    def fetch(self, url: str) -> Page:
        """Fetch a page; robots.txt holds for each redirect.

        `Unfetched` says `gone` first where the page or its host is no more.
        """
        response, content = self._get(url)
        if (status := response.status_code) != 200:
            gone = "gone: " if status in (404, 410) else ""
            raise Unfetched(f"{gone}the server answers HTTP {status}", status in _BUSY)
        kind = response.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
        if kind not in PAGES:
            raise Unfetched(f"is {kind}, not a web page")
        if urlsplit(url).path.strip("/") and not response.url.path.strip("/ "):
            raise Unfetched("gone: the address now leads to a front page")
        return Page(content, response.charset_encoding)

    def _heed(self, request: httpx.Request) -> None:
        """Ask robots.txt about an address, and wait until its host may be asked again."""
        url = request.url
        origin = f"{url.scheme}://{url.netloc.decode()}"
        rules = self._robots.get(origin)
        if url.path != "/robots.txt":
            if rules is None:
                # robots.txt may lead to a page of the same host, which is asked for without rules
                self._robots[origin] = Protego.parse("")
                rules = self._robots[origin] = self._read_robots(origin)
            if isinstance(rules, Unfetched):
                raise rules
            if not rules.can_fetch(str(url), USER_AGENT):
                raise Unfetched(f"{origin}/robots.txt forbids it")
        asked = (rules.crawl_delay(USER_AGENT) or 0) if isinstance(rules, Protego) else 0
        ready = self._last.get(url.host, float("-inf")) + max(self.delay, min(_PAUSE, asked))
        time.sleep(max(0.0, ready - time.monotonic()))
        self._last[url.host] = time.monotonic()

    def _read_robots(self, origin: str) -> Protego | Unfetched:
        """Read the rules of a host, or why it gives none: a dead host is waited for once."""
        try:
            response, content = self._get(f"{origin}/robots.txt")
        except Unfetched as error:
            return error
        if response.status_code >= 500 or response.status_code == 429:
            # RFC 9309: rules that a server fails to give forbid everything.
            return Unfetched(f"{origin}/robots.txt cannot be read now, so nothing there is", True)
        found = response.status_code == 200
        return Protego.parse(content.decode("utf-8", "replace") if found else "")

    def _get(self, url: str) -> tuple[httpx.Response, bytes]:
        """Ask until there is an answer."""
        for attempt in range(1, self.attempts + 1):
            try:
                response, content = self._read(url)
            except (httpx.NetworkError, httpx.TimeoutException, httpx.ProxyError) as error:
                if _no_such_host(error):
                    host = urlsplit(url).hostname
                    raise Unfetched(f"gone: the host {host} does not resolve") from None
                problem, pause = f"no connection ({str(error) or type(error).__name__})", 0.0
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                raise Unfetched(_FAULTS.get(type(error), f"cannot be read ({error})")) from None
            else:
                if response.status_code not in _BUSY or attempt == self.attempts:
                    return response, content
                said = response.headers.get("retry-after", "")
                problem, pause = "", float(said) if said.isdigit() else 0.0
            if attempt < self.attempts:
                time.sleep(min(_PAUSE, max(pause, self.delay * 2**attempt)))
        raise Unfetched(problem, transient=True)

    def _read(self, url: str) -> tuple[httpx.Response, bytes]:
        deadline = time.monotonic() + 2 * self.timeout
        with self._client.stream("GET", url) as response:
            content = bytearray()
            for block in response.iter_bytes(65_536):
                content += block
                if len(content) > self.max_bytes:
                    raise Unfetched(f"is larger than {self.max_bytes:,} bytes")
                if time.monotonic() > deadline:
                    raise Unfetched("takes too long to arrive", transient=True)
        return response, bytes(content)


def _no_such_host(error: BaseException | None) -> bool:
    """Tell whether a connection failed since nobody has the name, now or later."""
    while error and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return error is not None and error.errno != socket.EAI_AGAIN
