"""Digest times as people type them, and as they are told. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.slots import EVERY_DAY

Entry = tuple[int, int, int | None]  # weekdays (bit 0: Monday), minute of the local day, every so many hours

WEEKDAYS, WEEKEND = 0b001_1111, 0b110_0000
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS = (1, 2, 3, 4, 6, 8, 12)
MOST_ENTRIES = 12
EXAMPLES = "/schedule 8:00, /schedule 8am 6:30pm, /schedule weekdays 07:30, /schedule every 6h or /schedule off"
HOURS_EXAMPLES = "/quiet 22:00-7:00, /quiet 10pm-7am or /quiet off"

_OFF = frozenset({"off", "none", "never", "no", "stop"})
_NOISE = frozenset({"at", "and", "on", "every", "each", "digest", "digests", "o'clock", "uhr", "&", "the", "day"})
_SETS = {
    "daily": EVERY_DAY,
    "everyday": EVERY_DAY,
    "days": EVERY_DAY,
    "weekdays": WEEKDAYS,
    "weekday": WEEKDAYS,
    "workdays": WEEKDAYS,
    "weekends": WEEKEND,
    "weekend": WEEKEND,
}
_WORDS = {"noon": 12 * 60, "midday": 12 * 60, "midnight": 0}
_EVERY = re.compile(r"(?:every|each)\s*(\d{1,3})?\s*(?:h|hr|hrs|hour|hours)|hourly")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?(?:h|uhr)?(am|pm|a|p)?")
_DIGITS = re.compile(r"(\d{2})(\d{2})(am|pm)?")


class ScheduleError(ValueError):
    """What was typed can't be read as times; the message, for the person, says what can."""


@dataclass(frozen=True, slots=True)
class _Token:
    """Days (a bit set), or a minute of the day."""

    days: int | None = None
    minute: int | None = None


def parse(text: str) -> tuple[Entry, ...]:
    """The digest times that the text names; none at all for "off". Raises ScheduleError.

    Times belong to the days before them: `weekdays 7:30 sat 10:00`; without days they are for every day. Where the
    days come last, they belong to the times before: `7:30 weekdays 10:00 sat`.
    """
    lowered = unicodedata.normalize("NFKC", text).casefold().replace("a.m.", "am").replace("p.m.", "pm")
    words = " ".join(lowered.split())
    if words in _OFF:
        return ()
    if every := _EVERY.fullmatch(words):
        return (_every(int(every[1] or 1)),)
    entries = tuple(dict.fromkeys(_entries(_tokens(words))))
    if not entries:
        raise ScheduleError(f"When should your digest come? Send {EXAMPLES}.")
    if len(entries) > MOST_ENTRIES:
        raise ScheduleError(f"That is more than {MOST_ENTRIES} times; please choose fewer.")
    return entries


def _every(hours: int) -> Entry:
    if hours not in HOURS:
        raise ScheduleError(f"I can send one every {', '.join(map(str, HOURS[:-1]))} or {HOURS[-1]} hours.")
    return EVERY_DAY, 0, hours


def _tokens(words: str) -> Iterable[_Token]:
    words = re.sub(r"(\d)\s+(am|pm|uhr|o'clock)\b", r"\1\2", words).replace("o'clock", "")
    words = re.sub(r"\b(?:every|each) day\b", "daily", words)
    words = re.sub(r"\s*[-–—]\s*", "-", words)
    for word in re.split(r"[\s,;、，；/]+", words):
        if word and word not in _NOISE:
            yield _token(word)


def _token(word: str) -> _Token:
    if word in _SETS:
        return _Token(days=_SETS[word])
    if word in _WORDS:
        return _Token(minute=_WORDS[word])
    if word[0].isdigit():
        return _Token(minute=_minute(word))
    first, _, last = word.partition("-")
    return _Token(days=_range(_weekday(first, word), _weekday(last, word) if last else None))


def _minute(word: str) -> int:
    found = _CLOCK.fullmatch(word) or _DIGITS.fullmatch(word)
    if found is None:
        raise ScheduleError(f"“{word}” is no time that I know. Send {EXAMPLES}.")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "")[:1]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0) if 1 <= hour <= 12 else 99  # noqa: PLR2004
    if (hour, minute) == (24, 0):
        hour = 0
    if hour > 23 or minute > 59:  # noqa: PLR2004
        raise ScheduleError(f"There is no such time as “{word}”. Send {EXAMPLES}.")
    return hour * 60 + minute


def _weekday(name: str, word: str) -> int:
    """0 for Monday, from three letters on; "tues" and "mondays" are fine too."""
    bare = name.rstrip(".").removesuffix("s") if name.endswith("days") else name.rstrip(".")
    found = [number for number, day in enumerate(_LONG) if len(bare) >= 3 and day.startswith(bare)]  # noqa: PLR2004
    if len(found) != 1:
        raise ScheduleError(f"“{word}” is no day or time that I know. Send {EXAMPLES}.")
    return found[0]


def _range(first: int, last: int | None) -> int:
    """`fri-mon` goes over the end of the week."""
    count = 1 if last is None else (last - first) % 7 + 1
    return sum(1 << (first + step) % 7 for step in range(count))


def _entries(tokens: Iterable[_Token]) -> Iterable[Entry]:
    days, used = 0, True
    found = list(tokens)
    if found and found[0].minute is not None and found[-1].days is not None:
        found.reverse()
    for token in found:
        if token.days is not None:
            days = token.days if used else days | token.days
            used = False
        elif token.minute is not None:
            yield days or EVERY_DAY, token.minute, None
            used = True
    if days and not used:
        raise ScheduleError(f"At what time? Send {EXAMPLES}.")


def parse_hours(text: str) -> tuple[int, int]:
    """First and last minute of the local day of a span such as "22:00-7:00" or "10pm to 7am". Raises ScheduleError."""
    lowered = unicodedata.normalize("NFKC", text).casefold().replace("a.m.", "am").replace("p.m.", "pm")
    joined = re.sub(r"(\d)\s+(am|pm|uhr)\b", r"\1\2", lowered)
    joined = re.sub(r"(\d)\.(\d\d)", r"\1:\2", joined)
    words = [word for word in re.split(r"[\s,–—−~-]+|\bto\b|\buntil\b", joined) if word and word != "from"]
    try:
        start, end = [_WORDS[word] if word in _WORDS else _minute(word) for word in words]
    except (ScheduleError, ValueError):
        raise ScheduleError(f"From when until when? Send {HOURS_EXAMPLES}.") from None
    if start == end:
        raise ScheduleError(f"Hours that end when they begin are none. Send {HOURS_EXAMPLES}; /pause is for days.")
    return start, end


# Told


def describe(entries: Sequence[Entry]) -> str:
    """ "every day at 08:00 and 18:30", "on weekdays at 07:30; on Sat at 10:00", "every 6 hours", "off"."""
    if not entries:
        return "off"
    by_days: dict[int, list[int]] = {}
    parts = [_hourly(hours) for _, _, hours in entries if hours]
    for days, minute, hours in entries:
        if not hours:
            by_days.setdefault(days, []).append(minute)
    parts += [
        f"{_days(days)} at {_and([clock(minute) for minute in sorted(times)])}" for days, times in by_days.items()
    ]
    return "; ".join(parts)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _hourly(hours: int) -> str:
    return "every hour" if hours == 1 else f"every {hours} hours"


def _days(days: int) -> str:
    if days == EVERY_DAY:
        return "every day"
    if days == WEEKDAYS:
        return "on weekdays"
    if days == WEEKEND:
        return "at weekends"
    return "on " + _and([name for number, name in enumerate(NAMES) if days >> number & 1])


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
