"""When an article was published, from what its lines and its address say."""

import re
from datetime import date, timedelta

import dateparser
from dateparser.data.languages_info import language_order

from ..settings import DefectionError
from .boilerplate import DATE, STAMP, is_stamp


class Unusable(DefectionError):
    """An input that is no article; the message says why, and what to do where something helps."""


class NoDate(Unusable):
    """What was given for a date is none."""


_LOCALES = frozenset(language_order)


def tomorrow() -> str:
    """The last day that an article may be of, YYYY-MM-DD."""
    return (date.today() + timedelta(days=1)).isoformat()  # it may be tomorrow there already


def read_date(said: str, lang: str = "") -> str:
    """Read a date as precisely as it is written: YYYY, YYYY-MM, YYYY-MM-DD, or empty.

    A time is passed over; digits may be seconds since 1970. Of a day like 05/08/2024, which is two
    days, only the year is taken. What is no date, before 1990 or in the future is `Unusable`.
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
        settings = {"REQUIRE_PARTS": ["day", "month", "year"]}
        settings["PARSERS"] = ["timestamp", "absolute-time"]
        likely = [lang, "en"] if lang in _LOCALES else ["en"]
        parsed = dateparser.parse(said, languages=likely, settings=settings)
        parsed = parsed or dateparser.parse(said, settings=settings)
        found = parsed.date().isoformat() if parsed else said
    try:
        date.fromisoformat(found + "-01-01"[len(found) - 10 :] if len(found) < 10 else found)
    except ValueError:
        raise NoDate(f"has {said!r} for a date: write YYYY-MM-DD, or leave it empty") from None
    if not "1990" <= found <= tomorrow():
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


def date_of_stamps(stamps: list[str], lines: list[str], lang: str) -> str:
    """Read the date of a text's stamps and slugs, else of its dateline."""
    opening = re.match(r"(\w+)\b.{0,80}?(?=\s*[–—]\s| --? )", lines[0])
    if opening and opening[1].lower() not in STAMP and is_stamp(opening[0]):
        stamps = [*stamps, opening[0]]  # a dateline, "Kyiv, 5 May 2024", but not "On 5 May 2024"
    for line in stamps:
        for digits in re.findall(r"(?<!\d)\d{8}(?!\d)", line):
            for form in (r"((?:19|20)\d\d)(\d\d)(\d\d)", r"(\d\d)(\d\d)((?:19|20)\d\d)"):
                if match := re.fullmatch(form, digits):
                    parts = match.groups()
                    return read_date(("-" if len(parts[0]) == 4 else "/").join(parts))
        if match := DATE.search(line):
            try:
                return read_date(re.sub("[年月]", "-", match[0]).strip("日"), lang)
            except NoDate:
                continue
    return ""
