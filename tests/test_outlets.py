import pytest

from defection_framing.corpus import leads_somewhere
from defection_framing.own.outlets import outlet_of

DOMAINS = {"one.example", "two.example.", "amp.paper.example", "a.blogs.example"}
DOMAINS |= {"www-main.three.example", "10.1.2.3"}


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://one.example/x", "one.example"),
        ("https://WWW.One.Example:8080/x", "one.example"),
        ("https://www.one.example./x", "one.example"),
        ("http://two.example/x", "two.example."),
        ("http://www.two.example.:443/", "two.example."),
        ("https://www-main.three.example/", "www-main.three.example"),
        ("http://10.1.2.3:8011/https/www.one.example/x", "10.1.2.3"),
        ("https://amp.one.example/a", "one.example"),
        ("https://en.m.one.example/a", "one.example"),
        ("https://paper.example/a", "amp.paper.example"),
        ("https://b.blogs.example/a", "b.blogs.example"),
        ("https://badone.example/a", "badone.example"),
        ("https://web.archive.org/web/20240314000000/https://one.example/a", "one.example"),
        ("https://one-example.cdn.ampproject.org/c/s/one.example/a", "one.example"),
        ("https://www.google.com/amp/s/one.example/a", "one.example"),
        ("https://one-example.translate.goog/a", "one.example"),
        ("one.example", ""),
    ],
)
def test_every_spelling_of_a_host_finds_its_outlet(url, domain):
    assert outlet_of(url, DOMAINS) == domain


def test_the_spelling_nearest_to_the_address_wins():
    both = {"one.example", "one.example.", "www.one.example"}
    assert outlet_of("https://one.example./x", both) == "one.example."
    assert outlet_of("https://one.example/x", both) == "one.example"
    assert outlet_of("https://www.one.example/x", both) == "www.one.example"


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://no-address.invalid/a/b", False),
        ("https://courier.example/x.invalid/y", True),
        ("https://notinvalid.example/", True),
    ],
)
def test_an_address_that_stands_for_none_leads_nowhere(url, leads):
    assert leads_somewhere(url) == leads
