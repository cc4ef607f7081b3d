"""Fetching from a local server."""

import gzip
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from defection_framing.own.fetch import USER_AGENT, Fetcher, Unfetched

PAGE = ("text/html; charset=windows-1251", "<p>Механик ушёл.</p>".encode("cp1251"))


@contextmanager
def serving(answers):
    """Serve answers by path: (status, headers, body), or a list of them in turn."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["User-Agent"]))
            answer = answers.get(self.path, (404, {}, b""))
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            status, headers, body = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for part in body if isinstance(body, list) else [body]:
                    self.wfile.write(part)
                    self.wfile.flush()
                    if isinstance(body, list):
                        time.sleep(0.2)
            except OSError:
                pass

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(body=b"text", status=200, **headers):
    return status, {"Content-Type": "text/html", **headers}, body


def local(**options):
    return Fetcher(**{"delay": 0.0} | options)


def refused(fetcher, url):
    with pytest.raises(Unfetched) as error:
        fetcher.fetch(url)
    return error.value


def test_a_page_comes_with_its_bytes_and_character_set():
    with serving({"/a": (200, {"Content-Type": PAGE[0]}, PAGE[1])}) as (site, asked):
        found = local().fetch(f"{site}/a")
    assert (found.content, found.charset) == (PAGE[1], "windows-1251")
    assert [path for path, *_ in asked] == ["/robots.txt", "/a"]
    assert {agent for *_, agent in asked} == {USER_AGENT}


def test_robots_are_heeded_on_every_hop():
    answers = {
        "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /private"),
        "/private/a": page(),
        "/b": page(status=301, Location="/private/a"),
    }
    with serving(answers) as (site, asked):
        fetcher = local()
        for path in ("/private/a", "/b"):
            assert "robots.txt forbids" in str(refused(fetcher, site + path))
    assert [path for path, *_ in asked] == ["/robots.txt", "/b"]


@pytest.mark.parametrize("leads", ["/login", "/a"])
def test_rules_that_lead_to_a_page_are_none(leads):
    answers = {"/robots.txt": page(status=302, Location=leads), "/login": page(), "/a": page()}
    with serving(answers) as (site, asked):
        assert local().fetch(f"{site}/a").content == b"text"
    assert [path for path, *_ in asked] == ["/robots.txt", leads, "/a"]


def test_rules_that_a_server_fails_to_give_forbid_everything():
    with serving({"/robots.txt": (503, {}, b""), "/a": page()}) as (site, asked):
        error = refused(local(attempts=2), f"{site}/a")
    assert error.transient and [path for path, *_ in asked] == ["/robots.txt"] * 2


def test_requests_to_a_host_are_spaced():
    answers = {"/robots.txt": (200, {}, b"User-agent: *\nCrawl-delay: 0.3"), "/a": page()}
    with serving(answers) as (site, asked):
        fetcher, started = local(delay=0.1), time.monotonic()
        fetcher.fetch(f"{site}/a")
        fetcher.fetch(f"{site}/a")
        spent = time.monotonic() - started
    assert len(asked) == 3 and spent >= 2 * 0.3


def test_a_busy_server_is_asked_again():
    with serving({"/a": [page(status=503), page(status=429), page(b"at last")]}) as (site, asked):
        assert local().fetch(f"{site}/a").content == b"at last"
    assert len(asked) == 4


def test_a_server_that_stays_busy_may_be_tried_later():
    with serving({"/a": page(status=503)}) as (site, asked):
        error = refused(local(attempts=2), f"{site}/a")
    assert error.transient and "503" in str(error) and len(asked) == 3


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_said_and_not_asked_for_again(status):
    with serving({"/a": page(status=status)}) as (site, asked):
        error = refused(local(), f"{site}/a")
    assert str(error).startswith("gone") and not error.transient and len(asked) == 2


def test_an_article_that_leads_to_the_front_page_is_gone():
    with serving({"/a": page(status=302, Location="/"), "/": page(b"front")}) as (site, _):
        assert str(refused(local(), f"{site}/a")).startswith("gone")
        assert local().fetch(f"{site}/").content == b"front"


def test_a_host_that_is_no_more_is_gone(monkeypatch):
    def unresolved(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    assert str(refused(local(), "http://nowhere.test/a")).startswith("gone")


def test_what_is_no_page_or_too_large_is_refused():
    bomb = gzip.compress(b"a" * 5_000_000)
    answers = {
        "/pdf": (200, {"Content-Type": "application/pdf"}, b"%PDF"),
        "/large": page(b"a" * 2_001),
        "/bomb": page(bomb, **{"Content-Encoding": "gzip"}),
        "/loop": page(status=302, Location="/loop"),
    }
    with serving(answers) as (site, _):
        fetcher = local(max_bytes=2_000)
        assert "application/pdf" in str(refused(fetcher, f"{site}/pdf"))
        assert "larger than 2,000" in str(refused(fetcher, f"{site}/large"))
        assert "larger than 2,000" in str(refused(fetcher, f"{site}/bomb"))
        assert "five redirects" in str(refused(fetcher, f"{site}/loop"))


@pytest.mark.slow
def test_a_server_that_drips_is_left():
    with serving({"/slow": page([b"a"] * 8)}) as (site, _):
        error = refused(local(timeout=0.4), f"{site}/slow")
    assert error.transient


def test_a_port_where_nobody_answers_may_be_tried_later():
    with serving({}) as (site, _):
        pass
    assert refused(local(attempts=1), f"{site}/a").transient


@pytest.mark.parametrize("url", ["ftp://example.org/a", "file:///etc/hosts", "https://", "a"])
def test_only_the_web_is_fetched(url):
    assert "http" in str(refused(local(), url))
