"""The text of a web page, block by block."""

import re

import lxml.html
from lxml.etree import ParserError

from .dates import Unusable

PAGES = ("text/html", "application/xhtml+xml", "text/plain")
"""Types of content that may hold an article."""

_INLINED = re.compile(r"data:[\w/+.;=-]{3,80}?,[A-Za-z0-9+/=%_.-]+")
_BLOCKS = frozenset(
    "p div br tr td th li ul h1 h2 h3 h4 h5 h6 pre table article section header footer main "
    "blockquote figure figcaption aside nav hr dt dd".split()
)


def without_pictures(text: str) -> str:
    """Take out pictures and scripts that a page was saved with, which are no text."""
    return _INLINED.sub("data:,", text) if "data:" in text else text


def tree_of(text: str):
    """Parse a page; `Unusable` if there is nothing in it."""
    try:
        # The declared encoding is that of the bytes, which are decoded by now.
        return lxml.html.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (ParserError, ValueError):
        raise Unusable("holds no article: no running text was found in the page") from None


def lines_of(node) -> list[str]:
    """Return the text of a part of a page: a line for each block, empty ones between them."""
    parts: list[str] = []

    def walk(node) -> None:
        if not isinstance(node.tag, str) or node.tag in ("script", "style", "head", "noscript"):
            return
        block = node.tag in _BLOCKS
        parts.append("\n" if node.tag == "br" else "\n\n" if block else "")
        if node.tag == "pre":
            parts.append(f"{node.text_content()}\n\n")
            return
        parts.append(re.sub(r"\s+", " ", node.text or ""))
        for child in node:
            walk(child)
            parts.append(re.sub(r"\s+", " ", child.tail or ""))
        parts.append("\n\n" if block and node.tag != "br" else "")

    walk(node)
    lines = "".join(parts).replace("\xa0", " ").split("\n")
    return [line.rstrip() for line in lines]


def text_of(html: str) -> str:
    """Return the text of a piece of HTML, one paragraph a line."""
    if not re.search(r"<\w|&\w+;", html):
        return html
    try:
        return "\n".join(" ".join(line.split()) for line in lines_of(tree_of(html)) if line.strip())
    except Unusable:
        return ""
