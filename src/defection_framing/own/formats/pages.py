"""Web pages: one article or several, as databases, messengers and live blogs lay them out."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urljoin

import lxml.html

from ..boilerplate import DATE
from ..markup import lines_of, text_of, tree_of, without_pictures
from . import bundles
from .records import Reading, Record

_LONG = 250  # characters of running text that a part has to be an article
_MESSAGES = "//div[contains(@class,'message default') or contains(@data-post,'/')]"
_PUBLISHED = "//meta[starts-with(@property,'og:') or starts-with(@property,'article:')]"
_PUBLISHED += "|//link[@rel='canonical']|//meta[@name='twitter:card']"
_READERS = re.compile(r"(?i)\b(?:comment|reply|respond|disqus)")
_HEADING = "descendant-or-self::*[self::h1 or self::h2 or self::h3 or self::h4 or self::h5]"
_HEADING += "|descendant::*[contains(@class,'titre') or contains(@class,'headline')]"


def read(text: str, forced: str = "") -> Reading:
    """Tell what a page holds, and read it.

    `forced` names what it is taken for: a layout of `bundles`, `telegram`, or `page` for a page of
    one article; empty where that is to be told.
    """
    text = without_pictures(text)
    one = Reading("a page", iter([Record(content=text, fields=_saved_from(text))]))
    if forced == "page":
        return one
    tree = tree_of(text)
    if forced == "telegram" or tree.xpath(_MESSAGES):
        return _telegram(tree)
    lines = lines_of(tree)
    layout = forced or bundles.layout(lines)
    if layout:
        name = f"{bundles.NAMES[layout]}, as a page"
        return Reading(name, bundles.split(lines, layout))
    live = "LiveBlogPosting" in text
    # What a site publishes at an address of its own is one article, whatever stands beside it.
    published = tree.xpath(_PUBLISHED) and not live
    found = (_live_updates(tree) if live else []) or ([] if published else _parts(tree, live))
    if found:
        what = "a live blog" if live else "a page of several articles"
        return Reading(f"{what}, parted", iter(found))
    if live:
        one.notes.append("is a live blog whose entries are not marked: taken as one article")
    elif not published and (parts := _headed(tree)) > 1:
        one.notes.append(f"has {parts} parts under headings: taken as one article")
    elif said := "" if published else bundles.many(lines):
        one.notes.append(said)
    return one


def _saved_from(text: str) -> dict[str, str]:
    """Find the address that a page was saved from, which browsers leave in a comment."""
    match = re.search(
        r"saved (?:from url=\(\d+\)|with SingleFile\s+url: )(https?://\S+)", text[:2000]
    )
    return {"url": match[1]} if match else {}


def _telegram(tree) -> Reading:
    """Read the messages of a channel that Telegram exported, or that its web page shows."""
    name = " ".join(" ".join(tree.xpath("//*[@class='page_header']//text()")).split())
    messages = tree.xpath(_MESSAGES)
    reading = Reading("a Telegram channel, as a page", iter(()))
    reading.records = _messages(messages, name, reading)
    return reading


def _messages(messages: list, channel: str, reading: Reading) -> Iterator[Record]:
    counts = {"replies": 0, "messages without a text": 0}
    for node in messages:
        post = node.get("data-post", "")
        reply = ".//div[contains(@class,'reply_to')]|.//a[contains(@class,'message_reply')]"
        if node.xpath(reply):
            counts["replies"] += 1
            continue
        text = node.xpath(".//div[@class='text' or contains(@class,'tgme_widget_message_text')]")
        lines = [" ".join(row.split()) for part in text for row in lines_of(part) if row.strip()]
        if not lines:
            counts["messages without a text"] += 1
            continue
        # `message-2` of Telegram's own says that; joined messages leave the sender out.
        number = post.rpartition("/")[2] or node.get("id", "").removeprefix("message")
        date = node.xpath(".//*[contains(@class,'date')]/@title|.//time/@datetime")
        fields = {"site": channel, "id": number, "date": date[0] if date else ""}
        if post:
            fields |= {"url": f"https://t.me/{post}"}
        elif channel:
            fields |= {"channel": channel}
        yield Record(f"message {number}", "\n".join(lines), fields)
    reading.counted(counts)


def _live_updates(tree) -> list[Record]:
    """Read the entries of a live blog that its metadata holds."""
    found = []
    for script in tree.xpath("//script[@type='application/ld+json']/text()"):
        try:
            said = json.loads(script)
        except ValueError:
            continue
        for post in said if isinstance(said, list) else said.get("@graph", [said]):
            updates = post.get("liveBlogUpdate", []) if isinstance(post, dict) else []
            for entry in updates if isinstance(updates, list) else []:
                if isinstance(entry, dict) and (body := str(entry.get("articleBody") or "")):
                    number = len(found) + 1
                    fields = {
                        "title": str(entry.get("headline") or ""),
                        "date": str(entry.get("datePublished") or ""),
                        "url": str(entry.get("url") or ""),
                    }
                    found.append(Record(f"entry {number}", text_of(body), fields))
    return found if len(found) > 1 else []


def _parts(tree, live: bool) -> list[Record]:
    """Part a page where it marks articles: elements `article`, blocks or rules, each with a head.

    Blocks count only where each has a date too: an article has sections of its own.
    """
    base = (
        tree.xpath("//link[@rel='canonical']/@href|//meta[@property='og:url']/@content") or [""]
    )[0]
    articles = [
        node
        for node in tree.iter("article")
        if not any(up.tag == "article" for up in node.iterancestors()) and not _of_readers(node)
    ]
    groups = [articles]
    if len(articles) < 2:
        for parent in tree.iter("body", "div", "main", "section", "article", "ul", "ol"):
            kinds: dict[tuple, list] = {}
            for child in parent:
                if child.tag in ("div", "section", "li", "td", "tr"):
                    kinds.setdefault((child.tag, child.get("class")), []).append(child)
            groups += [nodes for nodes in kinds.values() if len(nodes) > 1]
        groups.append(_ruled(tree))
    for nodes in groups:
        found = [part for node in nodes if (part := _part(node, base))]
        dated = [part for part in found if part.fields["date"]]
        found = found if nodes is articles else dated
        whole = sum(len(part.content) for part in found) > 0.6 * sum(map(len, lines_of(tree)))
        found = found if whole or live else []
        if len(found) > 1 and (nodes is articles or len(found) >= len(nodes) / 2):
            for number, part in enumerate(found, 1):
                part.at = f"{'entry' if live else 'article'} {number}"
            return found
    return []


def _of_readers(node) -> bool:
    said = " ".join(
        n.get("class", "") + " " + n.get("id", "") for n in (node, *node.iterancestors())
    )
    return bool(_READERS.search(said))


def _part(node, base: str) -> Record | None:
    """Read one part of a page, if it has a heading and enough text."""
    heading = next(iter(node.xpath(_HEADING)), None)
    if heading is None:
        return None
    title = " ".join(heading.text_content().split())
    times = node.xpath(".//time/@datetime")
    clock = heading.xpath(".//time")
    if clock:
        title = title.removeprefix(" ".join(clock[0].text_content().split())).strip()
    links = heading.xpath(".//a/@href|parent::a/@href")
    heads = [" ".join(h.text_content().split()) for h in node.xpath(_HEADING)]
    lines = [" ".join(line.split()) for line in lines_of(node) if line.strip()]
    lines = [line for line in lines if line != heads[0]]
    fields = {"title": title, "date": times[0] if times else "", "site": ""}
    for line in lines[:4]:
        day = DATE.search(line)
        if day and len(line) < 160 and not fields["date"]:
            fields["date"] = line[day.start() :]
            fields["site"] = line[: day.start()].strip(" ,;|·–—-")
            lines.remove(line)
            break
    if links and not links[0].startswith("#"):
        fields["url"] = urljoin(base, links[0]) if base else links[0]
    text = "\n".join(lines)
    return Record("", text, fields) if len(text) >= _LONG else None


def _ruled(tree) -> list:
    """Gather what stands between horizontal rules into blocks."""
    rules = tree.xpath("//hr")
    if not rules or any(rule.getparent() is not rules[0].getparent() for rule in rules):
        return []
    blocks = [lxml.html.Element("div")]
    for child in list(rules[0].getparent()):
        if child.tag == "hr":
            blocks.append(lxml.html.Element("div"))
        else:
            blocks[-1].append(lxml.html.fromstring(lxml.html.tostring(child)))
    return blocks


def _headed(tree) -> int:
    """Count the parts of a page that have a heading of the highest kind and much text."""
    return sum(
        len(node.text_content()) > 4 * _LONG and bool(node.xpath("./h1|./header//h1|./h2"))
        for node in tree.iter("section", "div", "article")
        if not _of_readers(node)
    )
