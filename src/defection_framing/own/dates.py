"""When an article was published, from what is said of it, its lines and its address."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import product, takewhile

import dateparser
from dateparser.data.languages_info import language_order

from ..settings import DefectionError
from .boilerplate import DATE, STAMP, is_stamp


class Unusable(DefectionError):
    """An input that is no article; the message says why, and what to do where something helps."""


class NoDate(Unusable):
    """What was given for a date is none, or none that an article of the web can have."""


_LONGEST = 200  # characters of a date and what stands beside it: of more, reading takes minutes
_LOCALES = frozenset(language_order)
_NONE = re.compile(
    r"(?i)none|nat|nan|n/?a|null|nil|unknown|undated|n\.?d\.?|s\.?d\.?|б\.?д\.?|[-–—?.0]*"
)
# Months of the Levant, which no parser of dates that is kept knows beside those of Egypt.
_LEVANT = (
    "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول"
)
_MONTHS = {name: str(number) for number, name in enumerate(_LEVANT.split("|"), 1)}
_MONTHS |= {"اذار": "3", "ايار": "5", "اب": "8", "ايلول": "9", "تشرين الاول": "10"}
_DAY_FIRST = frozenset(
    "ru uk be de fr es pl it pt cs sk sr hr bg ro nl tr sv no da fi el lt lv et".split()
)


def tomorrow() -> str:
    """The last day that an article may be of, YYYY-MM-DD."""
    return (date.today() + timedelta(days=1)).isoformat()  # it may be tomorrow there already


def read_date(said: str, lang: str = "") -> str:
    """Read a date as precisely as it is written: YYYY, YYYY-MM, YYYY-MM-DD, or empty.

    A time is passed over, the day being that of the place; digits may be YYYYMMDD, seconds or
    milliseconds since 1970, or days of a spreadsheet. Of a day like 05/08/2024, which is two days,
    only the year is taken, unless the language puts the day first; dots always do. Other words
    may stand around it. Words for no date give none; what is no date, before 1990 or in the future
    is `NoDate`.
    """
    said = re.sub(r"[\u200e\u200f\ufeff]", "", said).strip()[:_LONGEST]
    if _NONE.fullmatch(said):
        return ""
    found = _numeric(said, lang) or _in_words(said, lang)
    try:  # of a year or a month its first day
        date.fromisoformat(found + "-01-01"[len(found) - 10 :] if len(found) < 10 else found)
    except ValueError:
        raise NoDate(f"has {said[:60]!r} for a date: write YYYY-MM-DD, or leave it empty") from None
    if not "1990" <= found <= tomorrow():
        where = "in the future" if found > "1990" else "before 1990"
        raise NoDate(f"has the date {found}, {where}: correct it, or leave it empty")
    return found


def first_date(said: Iterable[str], lang: str = "") -> str:
    """Read the first of what may be dates that is one; empty if none is."""
    for one in said:
        with suppress(NoDate):
            return read_date(one, lang)
    return ""


_NUMBERS = re.compile(
    r"(?:.{0,200}?(?<![\d./:-]))?(\d{1,2})([./-]) ?(\d{1,2})\2 ?"
    r"(\d{4}|\d{2}(?!.*(?:19|20)\d\d(?!\d)))(?!\d).*",
    re.S,
)
# Day and month, or month and day, before a year; a time, a weekday or words may stand around them.
# A year of two digits is none where one of four follows.


def _spelled(year: str, month: str, day: str) -> str:
    """Spell a date YYYY-MM-DD."""
    return f"{year if len(year) == 4 else f'20{year}'}-{int(month):02}-{int(day):02}"


def _numeric(said: str, lang: str) -> str:
    """Read a date of digits; empty if it is none."""
    if match := re.match(r"(\d{4})([-/.])(\d{1,2})(?:\2(\d{1,2}))?(?!\d|[-/.]\d)", said):
        parts = match[1], match[3], match[4] or "0"
        return "-".join([parts[0], *(f"{int(part):02}" for part in takewhile(int, parts[1:]))])
    if match := re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)(?:T?\d{2}:?\d{2}(?::?\d{2})?)?Z?", said):
        if "1900" < match[1] < "2100":
            return "-".join(match.groups())
    if re.fullmatch(r"(?:19|20)\d{2}(?:\.0)?", said):
        return said[:4]
    if match := _NUMBERS.fullmatch(said):
        day, mark, month, year = match.groups()
        whole = _spelled(year, month, day)
        if mark == ".":
            return whole
        if max(int(day), int(month)) <= 12 and int(day) != int(month) and lang not in _DAY_FIRST:
            return whole[:4]
        return _spelled(year, day, month) if int(month) > 12 else whole
    if match := re.fullmatch(r"(\d{1,2})[./](\d{4})", said):
        return f"{match[2]}-{int(match[1]):02}"
    if match := re.fullmatch(r"(\d{5,13})(?:\.\d+)?", said):
        number = int(match[1])
        if 32_874 <= number < 60_000:  # days of a spreadsheet, from 1990 on
            return (date(1899, 12, 30) + timedelta(days=number)).isoformat()
        if len(match[1]) in (9, 10, 13):
            seconds = number / (1000 if len(match[1]) == 13 else 1)
            return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    return ""


@lru_cache(10_000)
def _in_words(said: str, lang: str) -> str:
    """Read a date with the name of a month; what was said if it has none."""
    plain = re.sub("|".join(sorted(_MONTHS, key=len, reverse=True)), lambda m: _MONTHS[m[0]], said)
    if match := re.search(r"(\d{1,2}) (\d{1,2}) (\d{4})", plain) if plain != said else None:
        return f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}"
    likely = [lang, "en"] if lang in _LOCALES else ["en"]
    whole, months = ["day", "month", "year"], ["month", "year"]
    tries = [(said, whole)]
    if day := DATE.search(said):  # among other words, such as the edition
        tries.append((day[0], whole))
    if re.fullmatch(r"\D{3,20}[\s,.-]+\d{4}(?: ?(?:г|р|року|года)\.?)?", said):
        tries.append((said, months))
    for (words, parts), languages in product(tries, (likely, None)):
        # "yesterday" is no date of an article: the parser of relative dates is left out.
        settings = {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": parts}
        if parsed := dateparser.parse(words, languages=languages, settings=settings):
            return parsed.date().isoformat()[: 10 if parts is whole else 7]
    return said


def order_of(dates: Iterable[str]) -> str:
    """Tell whether the numeric dates of one table put the day or the month first, or neither.

    Returns
    -------
    str
        `day`, `month`, or empty where no date of it tells, or dates contradict each other.
    """
    found = set()
    for said in dates:
        match = _NUMBERS.fullmatch(said)
        if match and match[2] != "." and max(int(match[1]), int(match[3])) > 12:
            found.add("day" if int(match[1]) > 12 else "month")
    return found.pop() if len(found) == 1 else ""


def in_order(said: str, order: str) -> str:
    """Spell a numeric date YYYY-MM-DD where the order of its table is known."""
    match = _NUMBERS.fullmatch(said) if order else None
    if not match or match[2] == ".":
        return said
    one, _, other, year = match.groups()
    return _spelled(year, other, one) if order == "day" else _spelled(year, one, other)


def date_of_url(url: str) -> str:
    """Read the date that an address carries, as /2023/09/07/ or 20230907; empty if it has none."""
    day = r"(?<!\d)(20\d\d)([/-]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)"
    found = re.search(day, url), re.search(r"/(20\d\d)/(0[1-9]|1[0-2])/", url)
    return first_date("-".join(filter(str.isdigit, match.groups())) for match in found if match)


def date_of_stamps(stamps: list[str], lines: list[str], lang: str) -> str:
    """Read the date of a text's stamps and slugs, else of its dateline."""
    opening = re.match(r"(\w+)\b.{0,80}?(?=\s*[–—]\s| --? )", lines[0])
    if opening and opening[1].lower() not in STAMP and is_stamp(opening[0]):
        stamps = [*stamps, opening[0]]  # a dateline, "Kyiv, 5 May 2024", but not "On 5 May 2024"
    dates: list[str] = []
    for line in stamps:
        dates += re.findall(r"(?<!\d)(?:19|20)\d{6}(?!\d)", line)
        days = re.findall(r"(?<!\d)(\d\d)(\d\d)((?:19|20)\d\d)(?!\d)", line)
        dates += ["/".join(day) for day in days]
        if match := DATE.search(line):
            dates.append(re.sub("[年月]", "-", match[0]).strip("日"))
    return first_date(dates, lang)
