"""Dates as pages print them. Pure; never guesses: what isn't clearly a day of a year is no date.

A time without a zone is taken as UTC, as printed: sources rarely say where they set their clocks, and a reader who
compares with the page should find the same figures. A date without a time is its midnight.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Literal

from babel.dates import get_month_names

_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "tr", "ru", "uk", "pl", "id", "sv", "da", "nb", "cs", "el")
_HOURS = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "HKT": 8, "SGT": 8, "KST": 9, "JST": 9, "EST": -5, "EDT": -4, "ET": -5, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7,
}  # fmt: skip
_TIME = (
    r"(?:[\sT,]*(?:at|um|à|a las|às|alle|om|kl\.?|в)?\s*(?P<ampm_cjk>오전|오후|上午|下午)?\s*"
    r"(?P<hour>\d{1,2})[:.h时時시]\s?(?P<minute>\d{2})(?:[:.分분]\s?(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<ampm>[ap]\.?m\b\.?)?\s*(?P<zone>Z\b|(?:UTC|GMT)?\s?[+-]\d{1,2}:?\d{2}\b|[A-Z]{2,4}\b)?)?"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d{1,2})"
_PATTERNS = (
    rf"(?<![\d/]){_YEAR}\s?[-/.]\s?(?P<month>\d{{1,2}})\s?[-/.]\s?{_DAY}(?!\d)\.?(?:\s?\([가-힣一-龥]\))?{_TIME}",
    rf"{_YEAR}\s*[年년]\s*(?P<month>\d{{1,2}})\s*[月월]\s*{_DAY}\s*[日일]{_TIME}",
    rf"(?<!\d){_DAY}\.(?P<month>\d{{2}})\.{_YEAR}(?!\.?\d){_TIME}",
    rf"(?P<name>[^\W\d_]{{3,12}})\.?\s+{_DAY}(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d){_TIME}",
    rf"(?<!\d){_DAY}(?:st|nd|rd|th|er|º)?\.?\s+(?:de\s+)?(?P<name>[^\W\d_]{{3,12}})\.?,?\s+(?:de\s+)?{_YEAR}(?!\d){_TIME}",
)
_SEARCHES = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS)


_FORMS: tuple[tuple[Literal["wide", "abbreviated"], Literal["format", "stand-alone"]], ...] = (
    ("wide", "format"),
    ("wide", "stand-alone"),
    ("abbreviated", "format"),
)


@cache
def _months() -> Mapping[str, int]:
    found: dict[str, int] = {}
    for language in _LANGUAGES:
        for width, context in _FORMS:
            for number, name in get_month_names(width, context, language).items():
                found.setdefault(name.casefold().rstrip("."), number)
    return found | {"sept": 9}


def find_date(text: str) -> tuple[datetime, tuple[int, int]] | None:
    """The first date in the text, aware UTC, with where it stands."""
    matches = [found for search in _SEARCHES for found in search.finditer(text)]
    for found in sorted(matches, key=lambda match: match.start()):
        moment = _moment(found)
        if moment is not None:
            return moment, found.span()
    return None


def read_date(value: str | None) -> datetime | None:
    """The date that the whole value is: of a feed, of metadata, of JSON. ISO 8601 first."""
    text = (value or "").strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        found = find_date(text)
        return found[0] if found else None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def first_date(texts: Iterable[str]) -> datetime | None:
    return next((found[0] for found in map(find_date, texts) if found), None)


def _moment(found: re.Match[str]) -> datetime | None:
    parts = found.groupdict()
    month = _months().get(parts["name"].casefold().rstrip(".")) if parts.get("name") else int(parts["month"])
    if month is None:
        return None
    try:
        local = datetime(
            int(parts["year"]), month, int(parts["day"]), _hour(parts), int(parts["minute"] or 0),
            int(parts["second"] or 0), tzinfo=_zone(parts["zone"]),
        )  # fmt: skip
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _hour(parts: Mapping[str, str | None]) -> int:
    hour = int(parts["hour"] or 0)
    half = (parts["ampm"] or parts["ampm_cjk"] or "").lower()
    if half[:1] == "p" or half in ("오후", "下午"):
        return hour % 12 + 12
    return hour % 12 if half and parts["hour"] else hour


def _zone(name: str | None) -> timezone:
    sign = re.search(r"([+-])(\d{1,2}):?(\d{2})$", name or "")
    if sign:
        offset = timedelta(hours=int(sign[2]), minutes=int(sign[3]))
        return timezone(-offset if sign[1] == "-" else offset)
    return timezone(timedelta(hours=_HOURS.get((name or "").strip().upper(), 0)))
