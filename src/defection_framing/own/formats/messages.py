"""Streams: messages of a Telegram channel, entries of a feed, records of a web archive."""

import io
import re
from collections import Counter
from collections.abc import Iterator

import feedparser
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from ..dates import Unusable
from ..markup import PAGES, text_of
from .documents import without_entities
from .records import DAMAGED, File, Reading, Record, left_out


def is_telegram(said) -> bool:
    """Tell whether JSON is what Telegram exports: a channel, all chats, or the messages alone."""
    if isinstance(said, dict):
        return is_telegram(said.get("messages")) or bool(_chats(said))
    if not isinstance(said, list):
        return False
    known = {"from", "from_id", "actor", "actor_id", "date_unixtime", "text_entities"}
    return any(
        isinstance(message, dict)
        and message.get("type") in ("message", "service")
        and {"id", "text"} <= message.keys()
        and known & message.keys()
        for message in said[:50]
    )


def _chats(said: dict) -> list[dict]:
    """Chats of an account, those that it left too."""
    lists = [said.get("chats"), said.get("left_chats")]
    listed = [chat for found in lists if isinstance(found, dict) for chat in found.get("list", [])]
    return [chat for chat in listed if isinstance(chat, dict) and is_telegram(chat)]


def telegram(said) -> Reading:
    """Read an export of Telegram: a text a message, what serves and what replies left out.

    Of an account only public chats and channels are read, what persons wrote to it is not.
    """
    chats = [{"messages": said}] if isinstance(said, list) else _chats(said) or [said]
    columns = {"text": "text", "date": "date", "site": "name" if "name" in chats[0] else "from"}
    notes: list[str] = []
    return Reading("Telegram messages", _telegram(chats, notes), columns, notes=notes)


def _telegram(chats: list[dict], notes: list[str]) -> Iterator[Record]:
    left = "chats of persons", "service messages", "replies", "messages without a text"
    counts, forwarded = dict.fromkeys(left, 0), 0
    for chat in chats:
        if len(chats) > 1 and not re.search("public|channel", str(chat.get("type", ""))):
            counts["chats of persons"] += 1
            continue
        for message in chat["messages"]:
            if not isinstance(message, dict) or message.get("type") != "message":
                counts["service messages"] += 1
            elif message.get("reply_to_message_id"):
                counts["replies"] += 1
            elif not (text := _text(message)):
                counts["messages without a text"] += 1
            else:
                forwarded += bool(message.get("forwarded_from"))
                channel = str(chat.get("name") or message.get("from") or "")
                fields = {name: str(message.get(name) or "") for name in ("date", "author")}
                fields |= {"id": str(message.get("id", "")), "site": channel, "channel": channel}
                if post := message.get("data-post"):  # of a page, which says where it is
                    fields["url"] = f"https://t.me/{post}"
                at = f"message {fields['id']}"
                yield Record(f"{channel}, {at}" if len(chats) > 1 else at, text, fields)
    notes += left_out(counts)
    if forwarded:
        notes.append(f"{forwarded:,} are forwarded, and taken as the channel's own")


def _text(message: dict) -> str:
    """Join the parts of a message; those with a form are objects."""
    for parts in (message.get("text") or (), message.get("text_entities") or ()):
        said = [part.get("text", "") if isinstance(part, dict) else part for part in parts]
        if text := "".join(map(str, said)).strip():
            return text
    return ""


def feed(file: File) -> Reading:
    """Read RSS or Atom: an article an entry."""
    raw = without_entities(file.read())
    found = feedparser.parse(io.BytesIO(raw), sanitize_html=False, resolve_relative_uris=False)
    if not found.entries:
        raise Unusable("is a feed without an entry" if found.version else "is damaged XML")
    home = found.feed.get("title", "")

    def records() -> Iterator[Record]:
        for number, entry in enumerate(found.entries, 1):
            texts = [c.get("value", "") for c in entry.get("content", [])]
            texts += [entry.get("yandex_full-text", ""), entry.get("turbo_content", "")]
            summary = text_of(entry.get("summary") or "").strip()
            text = text_of(max(texts, key=len)).strip()
            link = entry.get("link", "")
            fields = {
                "title": text_of(entry.get("title", "")),
                "date": entry.get("published") or entry.get("updated") or entry.get("date", ""),
                "author": entry.get("author", ""),
                "url": link if link.startswith("http") else "",
                "site": (entry.get("source") or {}).get("title", "") or home,
                "abstract": "" if text else summary,
            }
            yield Record(f"entry {number}", text or None, fields)

    return Reading("a feed (RSS or Atom)", records())


def warc(file: File) -> Reading:
    """Read a web archive (WARC, ARC, WET): a page or a text a record."""

    def records() -> Iterator[Record]:
        left: Counter = Counter()
        with file.opened() as stream:
            try:
                for number, record in enumerate(ArchiveIterator(stream, arc2warc=True), 1):
                    kind, http = record.rec_type, record.http_headers
                    sent = (http or record.rec_headers).get_header("Content-Type") or ""
                    status = http.get_statuscode() if http else "200"
                    mime = sent.partition(";")[0]
                    if kind == "conversion" and mime == "text/plain":
                        reading.taken_for = "texts of a web archive (WET)"
                    elif kind not in ("response", "resource"):
                        continue  # what was asked, and what tells of the archive
                    elif status != "200" or mime not in PAGES:
                        said = mime if status == "200" else f"answers of HTTP {status}"
                        left[said or "nothing"] += 1
                        continue
                    url = (record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
                    charset = re.search(r"charset=[\"']?([\w-]+)", sent)
                    content, at = record.content_stream().read(), f"record {number}"
                    yield Record(at, content, {"url": url}, charset=charset[1] if charset else None)
            except (ArchiveLoadFailed, *DAMAGED) as error:
                yield Record("its end", problem=f"is damaged from here on ({error}): get it again")
        reading.notes += left_out(left)

    reading = Reading("a web archive (WARC)", records())
    return reading
