"""Web pages: one article or several, as databases and messengers lay them out."""

import re

from ..boilerplate import DATE
from ..markup import lines_of, tree_of, without_pictures
from . import bundles, messages, plain
from .records import Reading, Record

_LONG = 250  # characters of running text that a part has to be an article
_MESSAGES = "//div[contains(@class,'message default') or contains(@data-post,'/')]"
_PUBLISHED = "//meta[starts-with(@property,'og:') or starts-with(@property,'article:')]"
_PUBLISHED += "|//link[@rel='canonical']|//meta[@name='twitter:card']"
_SAVED = re.compile(r"saved (?:from url=\(\d+\)|with SingleFile\s+url: )(https?://\S+)")
# Browsers leave the address that a page was saved from in a comment.
_READERS = re.compile(r"(?i)\b(?:comment|reply|respond|disqus)")
_HEADING = "descendant-or-self::*[self::h1 or self::h2 or self::h3 or self::h4 or self::h5]"
_HEADING += "|descendant::*[contains(@class,'titre') or contains(@class,'headline')]"


def read(text: str, forced: str = "") -> Reading:
    """Tell what a page holds, and read it.

    `forced` names what it is taken for: a layout of `bundles`, or `article` for a page of one;
    empty where that is to be told.
    """
    text = without_pictures(text)
    saved = _SAVED.search(text[:2000])
    record = Record(content=text, fields={"url": saved[1]} if saved else {})
    one = Reading("a page", iter([record]))
    if forced == "article":
        return one
    tree = tree_of(text)
    if tree.xpath(_MESSAGES):
        return _telegram(tree)
    lines = lines_of(tree)
    if layout := forced or bundles.layout(lines):
        return Reading(f"{bundles.NAMES[layout]}, as a page", bundles.split(lines, layout))
    # What a site publishes at an address of its own is one article, whatever stands beside it.
    if "LiveBlogPosting" in text:
        one.notes.append("is a live blog: taken as one article")
    elif not tree.xpath(_PUBLISHED):
        if found := _parts(tree, lines):
            return Reading("a page of several articles, parted", iter(found))
        if said := plain.many(lines):
            one.notes.append(said)
    return one


def _telegram(tree) -> Reading:
    """Read the messages of a channel that Telegram exported, or that its web page shows."""
    name = " ".join(" ".join(tree.xpath("//*[@class='page_header']//text()")).split())
    posts = map(_message, tree.xpath(_MESSAGES))
    reading = messages.telegram({"name": name, "messages": posts})
    reading.taken_for, reading.columns = "a Telegram channel, as a page", {}
    return reading


def _message(node) -> dict:
    """Spell a message of a page as Telegram's JSON has it, with the page's own `data-post`."""
    post = node.get("data-post", "")
    text = node.xpath(".//div[@class='text' or contains(@class,'tgme_widget_message_text')]")
    lines = [" ".join(row.split()) for part in text for row in lines_of(part) if row.strip()]
    date = node.xpath(".//*[contains(@class,'date')]/@title|.//time/@datetime")
    reply = ".//div[contains(@class,'reply_to')]|.//a[contains(@class,'message_reply')]"
    return {
        "type": "message",
        "id": post.rpartition("/")[2] or node.get("id", "").removeprefix("message"),
        "text": "\n".join(lines),
        "date": date[0] if date else "",
        "reply_to_message_id": node.xpath(reply),
        "forwarded_from": node.xpath(".//*[contains(@class,'forwarded')]"),
        "data-post": post,
    }


def _parts(tree, lines: list[str]) -> list[Record]:
    """Part a page where it marks articles: elements `article`, or blocks, each with a head.

    Blocks count only where each has a date too: an article has sections of its own.
    """
    outer = tree.xpath("descendant-or-self::article[not(ancestor::article)]")
    articles = [node for node in outer if not _of_readers(node)]
    groups = [articles]
    if len(articles) < 2:
        for parent in tree.iter("body", "div", "main", "section", "article", "ul", "ol"):
            kinds: dict[tuple, list] = {}
            for child in parent.iterchildren("div", "section", "li", "td", "tr"):
                kinds.setdefault((child.tag, child.get("class")), []).append(child)
            groups += kinds.values()
    for nodes in groups:
        found = [part for node in nodes if (part := _part(node))]
        found = [part for part in found if nodes is articles or part.fields["date"]]
        whole = sum(len(part.content) for part in found) > 0.6 * sum(map(len, lines))
        if whole and len(found) > 1 and (nodes is articles or len(found) >= len(nodes) / 2):
            for number, part in enumerate(found, 1):
                part.at = f"article {number}"
            return found
    return []


def _of_readers(node) -> bool:
    said = node.xpath("ancestor-or-self::*/@class|ancestor-or-self::*/@id")
    return any(map(_READERS.search, said))


def _part(node) -> Record | None:
    """Read one part of a page, if it has a heading and enough text."""
    heading = next(iter(node.xpath(_HEADING)), None)
    if heading is None:
        return None
    title = " ".join(heading.text_content().split())
    times = node.xpath(".//time/@datetime")
    links = heading.xpath(".//a/@href|parent::a/@href")
    lines = [" ".join(line.split()) for line in lines_of(node)]
    lines = [line for line in lines if line not in ("", title)]
    fields = {"title": title, "date": times[0] if times else "", "site": ""}
    for line in lines[:4]:
        day = DATE.search(line)
        if day and len(line) < 160 and not fields["date"]:
            fields["date"] = line[day.start() :]
            named = re.fullmatch(r"(.+?)\s*[,;|·–—-]\s*", line[: day.start()])
            fields["site"] = named[1] if named else ""
            lines.remove(line)
            break
    for name in node.xpath(".//*[@class='DocPublicationName']"):  # of Europresse
        fields["site"] = " ".join(name.text_content().split())
        text = (lines_of(part) for part in node.xpath(".//*[contains(@class,'DocText')]"))
        lines = [line for part in text for line in part if line.strip()]
    if links and links[0].startswith("http"):
        fields["url"] = links[0]
    text = "\n".join(lines)
    return Record("", text, fields) if len(text) >= _LONG else None
