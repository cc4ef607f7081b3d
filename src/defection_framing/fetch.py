"""Fetch pages politely, and never from a private network.

Every connection, of a page, of its robots.txt and of each redirect, goes through one place that
resolves the host, checks every address it has and connects to a checked one: a name that resolves
to something else a moment later (DNS rebinding) gains nothing. For the same reason proxies named
in the environment are not used.
"""

import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpcore
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

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


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


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet.

    Private, loopback, link-local, multicast and reserved ranges are not, nor are IPv6 addresses
    that carry such an IPv4 address (mapped, 6to4, Teredo, NAT64).
    """
    if address.version == 6:
        carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in ipaddress.ip_network("64:ff9b::/96"):
            carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if not all(is_public(inner) for inner in carried if inner):
            return False
        if address.ipv4_mapped:  # Python calls the mapped range itself reserved
            return True
    return address.is_global and not address.is_multicast


@dataclass
class Fetcher:
    """Fetches pages one at a time, with a pause between two requests to one host.

    Attributes
    ----------
    allowed : callable
        Tells of an `ipaddress` address whether it may be connected to.
    delay : float
        Least pause between two requests to one host, in seconds; a longer one that robots.txt asks
        for is kept, up to a minute.
    timeout : float
        Seconds without a byte, and half of the seconds that one page may take.
    attempts : int
        How often a page is asked for while the server is busy or the connection fails.
    """

    allowed: Callable[[Address], bool] = is_public
    delay: float = 2.0
    timeout: float = 20.0
    attempts: int = 3
    max_bytes: int = MAX_BYTES
    _robots: dict[str, Protego | Unfetched] = field(default_factory=dict, init=False, repr=False)
    _last: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self):
        """Open the connections' pool."""
        self._client = httpx.Client(
            transport=_Transport(self.allowed),
            timeout=self.timeout,
            headers={"User-Agent": USER_AGENT, "Accept": "text/html, text/plain;q=0.5"},
            trust_env=False,
        )

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
            except (httpx.HTTPError, httpx.InvalidURL, httpcore.UnsupportedProtocol) as error:
                raise Unfetched(f"cannot be read ({error})") from None
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                problem, pause = f"no connection ({error or type(error).__name__})", 0.0
            except httpcore.ProtocolError as error:
                raise Unfetched(f"the server does not speak HTTP ({error})") from None
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


class _CheckedNetwork(httpcore.SyncBackend):
    """Connects to addresses that are allowed, and to no other."""

    def __init__(self, allowed: Callable[[Address], bool]):
        self._allowed = allowed

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            later = getattr(error, "errno", None) == socket.EAI_AGAIN
            reason = f"the host {host} does not resolve"
            raise Unfetched(reason if later else f"gone: {reason}", transient=later) from None
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        for address in addresses:
            if not self._allowed(address):
                raise Unfetched(
                    f"the host {host} is at {address}, not on the public internet: refused"
                )
        return super().connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    def connect_unix_socket(self, *args, **kwargs):
        raise Unfetched("local sockets are not fetched from")


class _Transport(httpx.BaseTransport):
    """Lets httpx work over a network backend of one's own, which only httpcore takes."""

    def __init__(self, allowed: Callable[[Address], bool]):
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=_CheckedNetwork(allowed)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream):
        self._stream = stream

    def __iter__(self):
        yield from self._stream

    def close(self) -> None:
        self._stream.close()
