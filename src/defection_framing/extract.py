"""From the bytes of one article to its text and what is known of it.

Nothing here knows of files, tables or the network: see `ingest`. Whatever cannot be used raises
`Unusable` with the reason, in words that fit behind the name of the input.
"""

import csv
import html
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import charset_normalizer
import dateparser
import ftfy
import sentencex
import trafilatura
from dateparser.data.languages_info import language_order
from py3langid.langid import MODEL_FILE, LanguageIdentifier

MAX_CHARACTERS = 1_000_000
"""Length of the longest text that may be one article."""

MIN_BYTES = 300
"""Shortest text, in bytes of UTF-8: some 50 words in Latin script, 25 in Cyrillic, 100 signs of
Chinese, which all say about as much."""

_MAGIC = {
    b"PK\x03\x04": "a ZIP archive (or an office file)",
    b"%PDF": "a PDF file",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet table",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\xd0\xcf\x11\xe0": "an old office file",
}
# The encodings of the web: without the list, rare code pages win on short texts.
_ENCODINGS = (
    "cp1251 cp1252 koi8_u cp1250 cp1253 cp1254 cp1255 cp1256 cp1257 cp866 gb18030 big5 shift_jis "
    "euc_jp euc_kr"
).split()
_LATIN = {
    "cp1250": ("pl", "cs", "sk", "hu", "ro", "hr", "sl", "bs", "sq"),
    "cp1252": (),
    "cp1254": ("tr", "az"),
    "cp1257": ("lt", "lv", "et"),
}

# It tells of each page without an article in its log; here that is said in the table of rejects.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


class Unusable(ValueError):
    """An input that is no article; the message says why, and what to do where something helps."""


class NoDate(Unusable):
    """What was given for a date is none."""


@dataclass(frozen=True)
class Article:
    """One article, cleaned. Unknown fields are empty; `date` is YYYY, YYYY-MM or YYYY-MM-DD."""

    text: str
    title: str
    date: str
    lang: str
    author: str
    url: str
    site: str


def extract(content: bytes | str, charset: str | None = None, **given: str) -> Article:
    """Read an article from a web page or from plain text.

    Parameters
    ----------
    content : bytes or str
        HTML or plain text; which of both is told from the content.
    charset : str, optional
        The encoding that was declared for the bytes; used if they fit it.
    **given : str
        What is known already: any field of `Article` but `text`. It wins over what is found.

    Returns
    -------
    Article
        `text` has one paragraph per line. `date` comes from the page's metadata, its address, a
        date stamp, a slug or a dateline, never from the running text.

    Raises
    ------
    Unusable
        If there is no article in it, or its date is not a date or lies in the future.
    """
    if not content:
        raise Unusable("is empty")
    text = decode(content, charset) if isinstance(content, bytes) else content
    if len(text) > MAX_CHARACTERS:
        raise Unusable(f"is longer than {MAX_CHARACTERS:,} characters: give one article at a time")
    found = {name: value.strip() for name, value in given.items() if value.strip()}
    when = read_date(found.pop("date", ""), found.get("lang", ""))
    stamped = ""
    if re.search(r"<(?:!doctype html|html|head|body|article|div|p|br|script)\b", text[:5000], re.I):
        page = _page(text, found.get("url"))
        text, stamped = page.text or "", page.date or ""
        for name, value in (
            ("title", page.title),
            ("author", page.author),
            # One address for all pages of a site names none of them.
            ("url", page.url if urlsplit(page.url or "").path.strip("/") else ""),
        ):
            found.setdefault(name, value or "")
        found.setdefault("site", page.sitename or page.hostname or "")
    lines, stamps = clean(text)
    title = _plain(found.pop("title", ""))
    if not title and len(lines) > 1 and _is_title(lines[0]):
        title = lines[0]
    if lines and lines[0] == title:
        lines = lines[1:]
    text = "\n".join(lines)
    _check(text, title)
    lang = found.pop("lang", "").lower().replace("_", "-").partition("-")[0]
    if not re.fullmatch("[a-z]{2}", lang):
        lang = language(text)
    url = found.pop("url", "")
    if not when:
        when = stamped or date_of_url(url) or _date_of_stamps(stamps, lines, lang)
    author = _plain(found.pop("author", "")) or _byline(stamps)
    return Article(text, title, when, lang, author, url, _plain(found.pop("site", "")))


def binary_kind(head: bytes) -> str:
    """Name the kind of file that some first bytes open; empty for what may be text."""
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "binary, or damaged: it holds NUL bytes"
    return ""


def encoding_of(raw: bytes, charset: str | None = None) -> str:
    """Find the encoding of some bytes.

    Raises
    ------
    Unusable
        If they fit none.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    declared = re.search(rb"<meta[^>]{1,200}charset\s*=\s*[\"']?([\w-]{3,20})", raw[:4096], re.I)
    named = [charset, declared and declared[1].decode("ascii")]
    for name in ("utf-8-sig", *filter(None, named)):
        try:
            raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        return name
    lossy = raw.decode("utf-8", "replace")
    if lossy.count("\ufffd") * 20 < sum(not c.isascii() for c in lossy):
        return "utf-8"  # a few damaged letters in it are no other encoding
    best = charset_normalizer.from_bytes(raw[:500_000], cp_isolation=_ENCODINGS).best()
    if best is None:
        raise Unusable("is in no encoding that can be told: save it in UTF-8")
    if best.encoding in (latin := {"cp1250", "cp1252", "cp1254", "cp1257"}):
        # All make likely letters of the same bytes: the language tells which are meant.
        plain = raw[:500_000].decode("ascii", "ignore")
        return next((e for e in latin if _languages().classify(plain)[0] in _LATIN[e]), "cp1252")
    return best.encoding


def decode(raw: bytes, charset: str | None = None) -> str:
    """Decode the bytes of an article.

    Raises
    ------
    Unusable
        If they are no text.
    """
    if kind := binary_kind(raw):
        raise Unusable(f"is {kind}")
    return raw.decode(encoding_of(raw, charset), "replace")


def language(text: str) -> str:
    """Tell the language of a text (ISO 639-1).

    Raises
    ------
    Unusable
        If it is none of the 97 that can be told.
    """
    code, probability = _languages().classify(text)
    code = {"nb": "no", "nn": "no"}.get(code, code)
    if probability < 0.9 or len(code) != 2:
        raise Unusable("is in no language that can be told")
    return code


@cache
def _languages() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _page(text: str, url: str | None):
    """Find the article in a web page, or in a part of one."""
    if not re.search(r"<html\b", text[:5000], re.I):
        text = f"<html><body>{text}</body></html>"
    page = trafilatura.bare_extraction(
        text,
        url=url,
        include_comments=False,
        include_tables=False,
        with_metadata=True,
        # The extensive search would take any date on the page, such as one of the next article.
        date_extraction_params={
            "extensive_search": False,
            "original_date": True,
            "max_date": _tomorrow(),
        },
    )
    if page is None or not (page.text or "").strip():
        raise Unusable("holds no article: no running text was found in the page")
    return page


def _plain(text: str) -> str:
    """One line of text without markup, entities and control characters."""
    before = None
    while text != before:  # markup may hide in entities, or in markup
        before, text = text, html.unescape(text)
        text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|</?[a-z!][^<>]*>", " ", text)
    return " ".join(ftfy.fix_text(text, uncurl_quotes=False).split())


# Boilerplate. A line that fits one of these is no part of an article, in any language.

_COMMENTS = re.compile(
    r"(?:leave a (?:reply|comment)|post a comment|join the (?:discussion|conversation)|comments?"
    r"|добавить комментарий|оставить комментарий|комментарии|залишити (?:відповідь|коментар)"
    r"|коментарі|deja (?:una respuesta|un comentario)|deixe (?:um comentário|uma resposta)"
    r"|schreib(?:e|en sie)? einen kommentar|kommentare|laisser un commentaire|commentaires"
    r"|lascia un commento|dodaj komentarz|zostaw komentarz)(?:\s+\(?\d+\)?)?\s*[:.]?",
    re.I,
)
_NETWORK = (
    r"(?:share(?: this| on| via| article)*|tweet|pin(?: it)?|e-?mail|print|copy(?: link)?|send|like"
    r"|facebook|twitter|x|whats ?app|telegram|viber|linkedin|pinterest|reddit|messenger|vk|ok|rss"
    r"|instagram|youtube|threads|bluesky|поделиться|поділитися|вконтакте|одноклассники|telegram-"
    r"канал|compartir(?: en)?|partager(?: sur)?|teilen|condividi|udostępnij|sdílet|link|more|save)"
)
_BOILERPLATE = [
    re.compile(pattern, re.I)
    for pattern in (
        rf"{_NETWORK}(?:[\s|•·,:/()+-]+(?:on\s+)?{_NETWORK})*[\s:|•·]*\d*",
        r"your e-?mail (?:address )?(?:will|won).*|required fields .*",
        r"save my name, e-?mail.*|notify me of .*|.*\bthis site uses akismet\b.*",
        r"ваш адрес (?:email|e-mail|электронной почты) не будет опубликован.*",
        r"ваша? (?:e-?mail|пошт\w*|електронн\w*).* не (?:оприлюднюватиметься|буде).*",
        r"(?:tu|su) dirección de correo electrónico no será publicada.*",
        r"(?:deine|ihre) e-mail-adresse wird nicht veröffentlicht.*",
        r"votre adresse (?:e-mail|de messagerie) ne sera pas publiée.*",
        r"(?=.{0,400}\Z).*\b(?:cookies?|куки|кукі)\b.*",
        r"(?:subscribe|sign up|follow us|join us|log ?in|register)\b.{0,150}",
        r"(?:подпис(?:ывайтесь|аться)|підпис(?:уйтесь|атися)|присоединяйтесь|долучайтесь)\b.{0,200}",
        r"(?:read|see|watch) (?:also|more|next)\b.{0,200}",
        r"related (?:articles?|posts?|news|stories)",
        r"(?:читайте|смотрите|дивіться|читать|читати) (?:также|також|ещё|еще|далее|далі)\b.{0,250}",
        r"(?:lea|lee|leia) también.{0,200}|lesen sie (?:auch|mehr).{0,200}",
        r"(?:à )?lire aussi.{0,200}",
        r"(?:©|\(c\)|copyright\b).{0,200}|.{0,100}all rights reserved.{0,50}|все права защищены.*",
        r"advertisement|sponsored|реклама|anzeige|werbung|publicidad|publicité|pubblicità",
        r"(?:photo|image|фото|bild|foto)\s*(?:credit)?s?\s*[:©].{0,150}",
        r"skip to (?:main )?content|back to top|(?:next|previous) (?:post|article).{0,150}",
        r"menu|tags?:.*",
        r"https?://\S+|www\.\S+",
    )
]
_SLUG = re.compile(r"(?=.*\d|(?:[^-_/]*[-_/]){3})[\w.]+(?:[-_/][\w.]+)+")
_LABEL = re.compile(r"(?:[^\W\d_][\w'’-]*\s*){1,6}:")
_STAMP = set(
    "date published updated posted by on at verified last modified edited written author am pm utc "
    "gmt est cet msk min read time the опубликовано обновлено дата в автор время опубліковано "
    "оновлено о publicado actualizado por el a las veröffentlicht aktualisiert am von um uhr "
    "publié mis à jour le par г года р року".split()
)
_DATE = re.compile(
    r"(?<![\d-])(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}年\d{1,2}月\d{1,2}日"
    r"|\d{1,2}(?:\.|st|nd|rd|th)?\s+(?:de\s+)?[^\W\d_]{3,12}\.?,?\s+(?:de\s+)?\d{4}"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4})(?!\d)",
    re.I,
)


def clean(text: str) -> tuple[list[str], list[str]]:
    """Repair a text and part it from its boilerplate.

    Parameters
    ----------
    text : str
        Plain text; markup left in it is removed.

    Returns
    -------
    lines : list of str
        The paragraphs.
    stamps : list of str
        The lines that were taken out as date stamps or slugs, which may tell the date.
    """
    text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|</?[a-z!][^<>\n]*>", " ", text)
    text = ftfy.fix_text(text, uncurl_quotes=False)
    lines, stamps = [], []
    found = [line for raw in text.splitlines() if (line := " ".join(raw.split()))]
    read, whole = 0, sum(map(len, found))
    for line in found:
        read += len(line)
        if _COMMENTS.fullmatch(line):
            if read > whole / 2:
                break  # what follows the heading of the comments is the readers'
        elif _SLUG.fullmatch(line) or _is_stamp(line):
            stamps.append(line)
        elif not any(pattern.fullmatch(line) for pattern in _BOILERPLATE) and not _is_label(line):
            lines.append(line)
    return lines, stamps


def _is_stamp(line: str) -> bool:
    """Tell a line that says nothing but when, and by whom, it was published."""
    if len(line) > 160 or not (_DATE.search(line) or re.search(r"(?i)^published\b|^by\s", line)):
        return False
    rest = re.sub(r"\b\d{1,2}:\d{2}(?::\d{2})?\b", " ", _DATE.sub(" ", line))
    words = re.findall(r"[^\W\d_][\w'’-]*", rest)
    names = [word for word in words if word.lower() not in _STAMP]
    if not all(name[0].isupper() for name in names) or re.search(r"[.!?][\"”’»]?$", rest.strip()):
        return False
    return len(names) <= (8 if len(names) < len(words) else 3)


def _is_label(line: str) -> bool:
    """Tell a label of a section, such as "The Way Home:", from words that lead to a quotation."""
    if not _LABEL.fullmatch(line):
        return False
    return all(word[0].isupper() for word in line.split() if len(word) > 3)


def _is_title(line: str) -> bool:
    return len(line) <= 250 and not re.search(r"[.:;,]$|[.!?] \w", line)


def _check(text: str, title: str) -> None:
    """Refuse what is no article."""
    if (
        re.search(
            r"(?i)\b(?:page not found|404|access denied|enable javascript|just a moment"
            r"|are you a robot|verify you are human|attention required|страница не найдена"
            r"|сторінку не знайдено)\b",
            f"{title}\n{text[:300]}",
        )
        and len(text) < 1500
    ):
        raise Unusable("is an error page or a bot check, no article")
    if not text.strip():
        raise Unusable("holds no text beside boilerplate")
    if (size := len(text.encode())) < MIN_BYTES:
        raise Unusable(f"is too short for an article ({size} bytes of text, at least {MIN_BYTES})")
    if text.count("\ufffd") > len(text) / 100:
        raise Unusable("is damaged: its encoding cannot be repaired; save it in UTF-8")
    letters = sum(c.isalpha() or c.isspace() for c in text) / len(text)
    if letters < 0.75:
        raise Unusable(f"is no running text: only {letters:.0%} of its characters are letters")
    ends = r"[^\s.!?。！？।]{2}[.!?。！？।…][\"”’»)」]?(?:\s|$|(?=[\u3040-\u9fff]))"
    if len(re.findall(ends, text)) < 2:
        raise Unusable("is no running text: it has fewer than two sentences")


# Dates

_LOCALES = frozenset(language_order)


def _tomorrow() -> str:
    return (date.today() + timedelta(days=1)).isoformat()  # it may be tomorrow there already


def read_date(said: str, lang: str = "") -> str:
    """Read a date as precisely as it is written.

    Parameters
    ----------
    said : str
        YYYY, YYYY-MM, a day in any usual form (a time is passed over), seconds since 1970, or
        empty. Of a day like 05/08/2024, which is two days, only the year is taken.
    lang : str
        Language of the months' names, if known.

    Returns
    -------
    str
        YYYY, YYYY-MM or YYYY-MM-DD; empty if `said` is.

    Raises
    ------
    Unusable
        If it is no date, lies before 1990 or in the future.
    """
    said = said.strip()
    if not said:
        return ""
    if match := re.fullmatch(r"(\d{4})(-\d{2})?|(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:.*)?", said):
        found = match[3] or said
    elif match := re.fullmatch(r"(\d{1,2})([./])(\d{1,2})[./](\d{4})(?:\D.*)?", said):
        day, month = int(match[1]), int(match[3])
        if match[2] == "/" and max(day, month) <= 12 and day != month:
            found = match[4]
        else:
            day, month = (month, day) if month > 12 and match[2] == "/" else (day, month)
            found = f"{match[4]}-{month:02}-{day:02}"
    else:
        # "yesterday" is no date of an article: the parser of relative dates is left out.
        settings = {
            "REQUIRE_PARTS": ["day", "month", "year"],
            "PARSERS": ["timestamp", "absolute-time"],
        }
        likely = [lang, "en"] if lang in _LOCALES else ["en"]
        parsed = dateparser.parse(said, languages=likely, settings=settings)
        parsed = parsed or dateparser.parse(said, settings=settings)
        found = parsed.date().isoformat() if parsed else said
    try:
        date.fromisoformat(found + "-01-01"[len(found) - 10 :] if len(found) < 10 else found)
    except ValueError:
        raise NoDate(f"has {said!r} for a date: write YYYY-MM-DD, or leave it empty") from None
    if not "1990" <= found <= _tomorrow():
        where = "in the future" if found > "1990" else "before 1990"
        raise Unusable(f"has the date {found}, {where}: correct it, or leave it empty")
    return found


def date_of_url(url: str) -> str:
    """Read the date that an address carries, as /2023/09/07/ or 20230907; empty if it has none."""
    for pattern in (
        r"(?<!\d)(20\d\d)([/-]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)",
        r"/(20\d\d)/(0[1-9]|1[0-2])/",
    ):
        if match := re.search(pattern, url):
            found = "-".join(part for part in match.groups() if part.isdigit())
            try:
                return read_date(found)
            except Unusable:
                continue
    return ""


def _date_of_stamps(stamps: list[str], lines: list[str], lang: str) -> str:
    """Read the date of a text's stamps and slugs, else of its dateline."""
    opening = re.match(r"(\w+)\b.{0,80}?(?=\s*[–—]\s| --? )", lines[0])
    if opening and opening[1].lower() not in _STAMP and _is_stamp(opening[0]):
        stamps = [*stamps, opening[0]]  # a dateline, "Kyiv, 5 May 2024", but not "On 5 May 2024"
    for line in stamps:
        for digits in re.findall(r"(?<!\d)\d{8}(?!\d)", line):
            for form in (r"((?:19|20)\d\d)(\d\d)(\d\d)", r"(\d\d)(\d\d)((?:19|20)\d\d)"):
                if match := re.fullmatch(form, digits):
                    parts = match.groups()
                    return read_date(("-" if len(parts[0]) == 4 else "/").join(parts))
        if match := _DATE.search(line):
            try:
                return read_date(re.sub("[年月]", "-", match[0]).strip("日"), lang)
            except NoDate:
                continue
    return ""


def _byline(stamps: list[str]) -> str:
    """Read the author from a stamp such as "Published by ..."."""
    for line in stamps:
        names = r"\bby:?\s+((?:[A-ZÀ-Þ][\w.'’-]+\s?){2,4})"
        if match := re.search(names, line):
            words = match[1].split()
            cut = next((i for i, w in enumerate(words) if w.lower() in _STAMP), len(words))
            return " ".join(words[:cut])
    return ""


# Sentences


def sentences(text: str, lang: str) -> list[tuple[str, str]]:
    """Part a text into sentences, and set aside those that claim nothing.

    Parameters
    ----------
    text : str
        One paragraph per line.
    lang : str
        ISO 639-1.

    Returns
    -------
    list of (str, str)
        Every sentence in order, with the reason it is set aside for: `question`, `fragment` (a
        sub-heading, a few words) or empty for a candidate claim.
    """
    return [
        (sentence, _set_aside(sentence))
        for paragraph in text.splitlines()
        for sentence in _joined(part.strip() for part in sentencex.segment(lang, paragraph))
    ]


def _joined(parts: Iterable[str]) -> list[str]:
    """Join what was parted after an abbreviation ("янв. 2024") or a quoted question."""
    out: list[str] = []
    for part in filter(None, parts):
        opened = part.lstrip("\"'“”‘’«»—– ")
        broken = out and (
            opened[:1].islower()
            or (opened[:1].isdigit() and re.search(r"\b[^\W\d_]{1,4}\.$", out[-1]))
        )
        if broken:
            out[-1] += " " + part
        else:
            out.append(part)
    return out


def _set_aside(sentence: str) -> str:
    bare = sentence.rstrip("\"'“”‘’«»)」』 ")
    if bare.endswith(("?", "？", "؟")):
        return "question"
    ends = bare.endswith((".", "!", "…", "。", "！", "।", "۔"))
    words = len(re.findall(r"\w+", sentence)) + len(re.findall(r"[\u3040-\u9fff]", sentence)) // 2
    return "" if ends and words >= 5 else "fragment"


# Named sources

_SAID = (
    r"sa(?:id|ys)|told|tells|stat(?:ed|es)|report(?:s|ed|edly)?|according to|claim(?:s|ed)"
    r"|announce[ds]|confirm(?:s|ed)|assured|explain(?:s|ed)|add(?:s|ed)|wr(?:ites|ote)|cit(?:es|ed|ing)"
    r"|quot(?:es|ed|ing)|broadcast|publish(?:es|ed)|reveal(?:s|ed)|interview|spokes\w+|shed light"
    r"|сообщ\w+|сказал\w*|заяв\w+|рассказ\w+|отметил\w*|пишет|передает|передаёт|по данным|по словам"
    r"|ссылкой на|подтвер\w+|цитирует|повідом\w+|сказав|розпов\w+|зазнач\w+|пише|за даними"
    r"|за словами|посиланням на|підтвер\w+|laut|sagte|berichte\w*|erklärte|zufolge|mitgeteilt"
    r"|según|dijo|informó|afirm\w+|declar\w+|selon|rapport\w+|annonc\w+|secondo|riferi\w+"
    r"|według|poinformow\w+|disse|segundo"
)
_CUE = re.compile(rf"(?<!\w)(?:{_SAID})(?!\w)", re.I)
_VERB = (
    r"(?:said|says|told|stated|explained|added|wrote|(?:сказал|заявил|сообщил|рассказал|отметил)а?"
    r"|сказав|сказала|заявив|повідомив|повідомила|зазначив|розповів|sagte|erklärte|dijo|afirmó"
    r"|declaró)"
)
_NAME = r"[A-ZÀ-ÞА-ЯЁІЇЄҐ][\w'’-]+(?: (?:al-)?[A-ZÀ-ÞА-ЯЁІЇЄҐ][\w'’-]+){0,2}"
_SPEAKER = re.compile(rf"({_NAME})(?:, [^,.]{{3,100}},)? {_VERB}\b|\b{_VERB} ({_NAME})")


@cache
def _lexicon() -> tuple[re.Pattern, dict[str, tuple[str, str]]]:
    """The pattern of all forms, and name and kind of the source by form."""
    package = files("defection_framing")
    names: dict[str, tuple[str, str]] = {}
    with (package / "sides.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kind = {"media": "media", "leader": "person", "body": "official"}.get(row["kind"])
            terms = row["term"].split("|")
            for term in terms if kind and row["side"] != "none" else ():
                # a surname is its person: "Putin" is "Vladimir Putin"
                full = next((t for t in terms if t.endswith(f" {term}")), term)
                names[term] = (full, kind)
    with (package / "sources.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names |= {form: (row["name"], row["kind"]) for form in row["forms"].split("|")}

    def spelled(form: str) -> str:
        # Short names and capitals are as written: "AP" is none of the letters in "map".
        words = re.escape(form)
        return f"(?i:{words})" if form == form.lower() or (" " in form and len(form) > 8) else words

    ordered = sorted(names, key=len, reverse=True)
    pattern = "|".join(map(spelled, ordered))
    return re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])"), {
        form.lower(): names[form] for form in reversed(ordered)
    }


def named_sources(text: str, lang: str, media: Iterable[str] = ()) -> list[str]:
    """Find the sources that an article names: agencies, media, officials, persons who speak.

    The lexicon is data: `sources.csv`, and the leaders, bodies and media of `sides.csv`. Agencies,
    media and groups that publish count wherever they are named; others only in a sentence with a
    word of speech ("said", "according to"), a leader only next to it. What no lexicon knows is
    found only as the full name of a person beside a verb of speech.

    Parameters
    ----------
    text : str
        One paragraph per line.
    lang : str
        ISO 639-1.
    media : iterable of str
        Names of further media, such as the outlets of the registry.

    Returns
    -------
    list of str
        Their names, each once, in order of appearance.
    """
    text = text.replace("’", "'").replace("ʼ", "'")
    pattern, names = _lexicon()
    further = _pattern_of(tuple(media))
    found: dict[str, None] = {}
    for sentence, _ in sentences(text, lang):
        cue = _CUE.search(sentence)
        here = []
        for match in pattern.finditer(sentence):
            name, kind = names[match[0].lower()]
            if kind == "person":
                around = sentence[max(0, match.start() - 30) : match.end() + 30]
                counts = _CUE.search(around) and not sentence.startswith("'s", match.end())
            else:
                counts = cue or kind in ("agency", "media", "group")
            if counts:
                here.append((match.start(), name))
        if cue:
            here += [(m.start(), m[0]) for m in further.finditer(sentence)] if further else []
            here += _speakers(sentence, text) if lang != "de" else []  # every noun has a capital
        found |= dict.fromkeys(name.replace(";", ",") for _, name in sorted(here))
    return list(_without_parts(found))


def _without_parts(found: Iterable[str]) -> Iterator[str]:
    """Pass over a name that is a part of another one found, in other case or not."""
    lowered = [name.lower() for name in found]
    for name in found:
        if not any(name.lower() in other and name.lower() != other for other in lowered):
            yield name


@cache
def _pattern_of(names: tuple[str, ...]) -> re.Pattern | None:
    """Match the names that are no ordinary word: "Focus" may be one, "Focus.ua" is none."""
    telling = [n for n in names if len(n) > 3 and re.search(r"\S\s+\S|\.|\d|[a-zа-я][A-ZА-Я]", n)]
    longest = sorted(map(re.escape, telling), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])") if telling else None


def _speakers(sentence: str, text: str) -> Iterator[tuple[int, str]]:
    """Persons named beside a verb of speech; a surname is completed from the rest of the text."""
    pattern, names = _lexicon()
    for match in _SPEAKER.finditer(sentence):
        name = match[1] or match[2]
        if pattern.fullmatch(name) or re.match(r"(?:The|An?|His|Her|Their|Our|One|El|La)\b", name):
            continue
        if " " not in name:
            full = re.search(rf"\b([A-ZÀ-ÞА-ЯЁІЇЄҐ][\w'-]+) {re.escape(name)}\b", text)
            if not full:
                continue
            name = full[0]
        yield match.start(), name
