"""The site: built once, then read as a browser without a connection and without scripts would."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from defection_framing.publish import captions, findings, ledger, site
from defection_framing.settings import ROOT, DefectionError, notebook_sources

pytestmark = pytest.mark.slow
pytest.importorskip("sphinx_book_theme")

SITE = ROOT / "build" / "site"
LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href")}
"""Attributes whose address a browser asks for by itself, beside those that a reader clicks."""


class Page(HTMLParser):
    """What a page loads, links to and can be linked at, and its text without scripts."""

    def __init__(self, path):
        super().__init__()
        self.loads, self.links, self.ids, self.text, self.hidden = set(), set(), set(), [], None
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join("".join(self.text).split())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("id", "name"):
                self.ids.add(value)
            elif (tag, name) in LOADED:
                self.loads.add(value)
            elif (tag, name) == ("a", "href"):
                self.links.add(value)
        if tag in ("script", "style"):
            self.hidden = tag

    def handle_endtag(self, tag):
        if tag == self.hidden:
            self.hidden = None

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


@pytest.fixture(scope="module")
def built():
    before = os.times()
    command = [sys.executable, "-m", "defection_framing", "site"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Seconds of the processor: what else runs on the machine does not count.
    spent = sum(os.times()[2:4]) - sum(before[2:4])
    return spent, done.stderr


@pytest.fixture(scope="module")
def pages(built):
    return {path.relative_to(SITE).as_posix(): Page(path) for path in SITE.rglob("*.html")}


def test_it_is_built_soon_and_takes_25_megabytes(built):
    assert built[0] < 180  # half a minute, and more on a slow machine
    assert sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file()) < 25e6


def test_nothing_in_it_is_amiss(built):
    assert built[1] == ""


def test_no_page_asks_another_host(pages):
    for name, page in pages.items():
        assert [a for a in page.loads if urlsplit(a).netloc] == [], name
    asked = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\s]*")
    for path in SITE.rglob("*.css"):
        assert asked.findall(path.read_text(encoding="utf-8")) == [], path.name


def test_every_link_within_it_leads_somewhere(pages):
    broken = []
    for name, page in pages.items():
        for link in page.links | page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = (SITE / name).parent / unquote(parts.path) if parts.path else SITE / name
            if not path.is_file():
                broken.append(f"{name}: {link}")
            elif parts.fragment and path.suffix == ".html" and path.name != "explorer.html":
                there = pages[path.resolve().relative_to(SITE.resolve()).as_posix()]
                if unquote(parts.fragment) not in there.ids:
                    broken.append(f"{name}: {link}")
    assert broken == []


def test_the_first_page_leads_to_report_explorer_figures_and_data(pages):
    first = pages["index.html"]
    assert "No person has checked the codes" in first.text
    assert {"explorer.html", "findings.html", "figures/README.html"} <= first.links
    report = [p.relative_to(ROOT).as_posix() for p in (ROOT / "figures/report").glob("report.*")]
    assert set(report) <= first.links


def test_the_report_shows_no_code(pages):
    for name, shown in {"0_report": False, "3_same_act": True}.items():
        assert ("import" in pages[f"notebooks/{name}.html"].text) is shown


def test_every_notebook_is_a_page_and_reachable_from_the_first(pages):
    for path in notebook_sources():
        page = path.relative_to(ROOT).with_suffix(".html").as_posix()
        assert page in pages
        assert page in pages["index.html"].links


def plain(markdown):
    """Words of a sentence, without marks, dashes and quotes that a page may write otherwise."""
    return " ".join(re.findall(r"[^\W_]+", markdown))


def test_every_finding_stands_with_its_figure_and_its_estimates(pages):
    page, text = pages["findings.html"], plain(pages["findings.html"].text)
    drawn = captions.read_register()
    for name, said in ledger.texts().items():
        finding, label = findings.load()[name], f"finding-{name.replace('_', '-')}"
        assert plain(said) in text and label in page.ids
        assert all(plain(estimate) in text for estimate in finding.names())
        assert finding.figure in [*drawn, ""]
        if finding.figure:
            assert f"figures/README.html#figure-{finding.figure.replace('_', '-')}" in page.links
        [path] = [p for p in notebook_sources() if p.stem == finding.notebook]
        place = path.relative_to(ROOT).with_suffix(".html").as_posix()
        if f'"finding": "{name}"' in path.read_text(encoding="utf-8"):
            up = "../" * place.count("/")
            assert f"{up}findings.html#{label}" in pages[place].links
            assert f"{place}#said-{name.replace('_', '-')}" in page.links


def test_every_figure_stands_in_the_gallery_with_what_is_seen_in_words(pages):
    gallery = pages["figures/README.html"]
    for name in captions.read_register():
        assert f"figure-{name.replace('_', '-')}" in gallery.ids
        assert f"../figures/{captions.picture(name)}" in gallery.loads


READ = (
    "index findings figures/README notebooks/0_report notebooks/3_same_act data/dictionary "
    "data/CODEBOOK CONTRIBUTING api/stats"
).split()
"""Pages of every kind."""


@pytest.mark.parametrize("script", [True, False], ids=["with_script", "without"])
def test_every_page_fits_a_phone_and_is_read_without_script_and_connection(browser, pages, script):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=script, offline=True
    )
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.on("request", lambda r: r.url.startswith(("file:", "data:")) or wrong.append(r.url))
    for name in pages if script else map("{}.html".format, READ):
        if name == "explorer.html":
            continue
        page.goto((SITE / name).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
        if not script:
            assert page.is_visible("article h1"), name
            assert len(page.inner_text("article")) > 200, name
        elif (width := page.evaluate("document.documentElement.scrollWidth")) > 390:
            wrong.append(f"{name} is {width} pixels wide")
    context.close()
    assert wrong == []


def test_axe_finds_nothing_on_a_phone(browser, axe, pages):
    page, found = browser.new_page(viewport={"width": 390, "height": 844}), []
    for name in READ:
        page.goto((SITE / f"{name}.html").as_uri())
        page.evaluate(axe)
        for v in page.evaluate("axe.run('article').then(result => result.violations)"):
            found.append((name, v["id"], v["nodes"][0]["html"][:200]))
    page.close()
    assert found == []


def test_the_search_finds_words_from_a_folder(browser, pages):
    page = browser.new_page()
    page.goto(f"{(SITE / 'search.html').as_uri()}?q=traitor")
    page.wait_for_selector("#search-results li a")
    page.close()


def test_it_is_built_of_the_repositorys_own_study_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    with pytest.raises(DefectionError, match="DEFECTION_DATA"):
        site.build()
