"""One moment to come, as people type it: "18:00", "tomorrow 7:30", "1 Dec 10:00", "in 2h". Pure."""

import calendar
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot import times

EXAMPLES = "18:00, tomorrow 7:30, Mon 9:00, 1 Dec 10:00, 2026-12-01 10:00 or in 2h"
FURTHEST = timedelta(days=366)

_SPAN = re.compile(r"(?:in\s+)?(\d{1,4})\s*(m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_MONTH = re.compile(r"(\d{1,2})\.?\s+([a-z]{3,9})\.?(?:,?\s+(\d{4}))?")
_MONTH_DAY = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MONTHS = tuple(name.lower() for name in calendar.month_name)


class MomentError(ValueError):
    """What was typed is no moment to come; the message, for the person, says what is."""


def parse(text: str, zone: tzinfo, now: datetime) -> datetime:
    """The moment that the text names, as a clock in `zone` shows it; in UTC, whole minutes. Raises MomentError.

    A time without a day is the next such time; a day without a year is the next such day, and of a weekday whose time
    is over the next week's is meant. The time of a gap in the clock (summer time) is moved forward, of one shown twice
    the first is meant.
    """
    words = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).removeprefix("until ")
    if span := _SPAN.fullmatch(words):
        return _bounded(_later(now, int(span[1]), span[2][0]), now)
    if not words:
        raise MomentError(f"Until when? Say {EXAMPLES}.")
    day_words, _, clock_words = words.rpartition(" ")
    if clock_words in ("am", "pm"):
        day_words, _, hour = day_words.rpartition(" ")
        clock_words = hour + clock_words
    minute = _minute(clock_words)
    return _bounded(_moment(day_words.removesuffix(" at").removesuffix(","), minute, zone, now), now)


def _later(now: datetime, count: int, unit: str) -> datetime:
    return (now + timedelta(**{_UNITS[unit]: count})).replace(second=0, microsecond=0)


def _bounded(found: datetime, now: datetime) -> datetime:
    if found <= now:
        raise MomentError("That moment is over. Say one to come.")
    if found - now > FURTHEST:
        raise MomentError("That is more than a year away. Say an earlier day.")
    return found


def _minute(word: str) -> int:
    try:
        entries = times.parse(word)
    except times.ScheduleError:
        entries = ()
    if len(entries) != 1 or entries[0][2] is not None:
        raise MomentError(f"“{word[:40]}” is no time that I know. Say {EXAMPLES}.")
    return entries[0][1]


def _moment(words: str, minute: int, zone: tzinfo, now: datetime) -> datetime:
    today = now.astimezone(zone).date()
    if not words:
        found = _at(today, minute, zone)
        return found if found > now else _at(today + timedelta(days=1), minute, zone)
    day = _day(words, today)
    found = _at(day, minute, zone)
    return found if found > now or _weekday(words) is None else _at(day + timedelta(days=7), minute, zone)


def _at(day: date, minute: int, zone: tzinfo) -> datetime:
    local = datetime.combine(day, time(*divmod(minute, 60)), zone)
    return local.astimezone(UTC)


def _day(words: str, today: date) -> date:
    if words in ("today", "tonight"):
        return today
    if words in ("tomorrow", "tmrw"):
        return today + timedelta(days=1)
    if (weekday := _weekday(words)) is not None:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    try:
        return _calendar_day(words, today)
    except ValueError:
        raise MomentError(f"There is no day “{words[:40]}”. Say {EXAMPLES}.") from None


def _weekday(words: str) -> int | None:
    names = [day.lower() for day in calendar.day_name]
    found = [number for number, name in enumerate(names) if len(words) >= 3 and name.startswith(words)]  # noqa: PLR2004
    return found[0] if len(found) == 1 else None


def _calendar_day(words: str, today: date) -> date:
    """Raises ValueError for what is none."""
    if iso := _ISO.fullmatch(words):
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    if dotted := _DOTTED.fullmatch(words):
        return _next(int(dotted[1]), int(dotted[2]), dotted[3], today)
    if found := _DAY_MONTH.fullmatch(words):
        return _next(int(found[1]), _month(found[2]), found[3], today)
    if found := _MONTH_DAY.fullmatch(words):
        return _next(int(found[2]), _month(found[1]), found[3], today)
    raise ValueError(words)


def _month(name: str) -> int:
    found = [number for number, month in enumerate(_MONTHS) if number and month.startswith(name)]
    if len(found) != 1:
        raise ValueError(name)
    return found[0]


def _next(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year), month, day)
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)
