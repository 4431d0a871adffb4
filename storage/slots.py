"""When is a digest due? Pure: an entry and a zone go in, moments come out.

Local times are taken with fold=0 (of an hour that comes twice, the first), and times in a spring gap move forward by
its length. A slot is named by its local date and time, so that no clock change, restart or second instance deals with
it twice; every-N-hours slots are named by their UTC instant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storage.records import ScheduleEntry

EVERY_DAY = 0b111_1111
MINUTES_A_DAY = 24 * 60
DAYS_AHEAD = 15  # a weekly entry, and the day that a zone may skip


@dataclass(frozen=True, slots=True)
class Slot:
    """`key` is unique within a destination; `at` is the UTC moment."""

    key: str
    at: datetime


def spread_minute(minute: int, spread: int, destination_id: int) -> int:
    """The minute of the day for a destination that chose none: from `minute` on, each of `spread` takes as many."""
    return (minute + destination_id % max(1, spread)) % MINUTES_A_DAY


def zone_of(name: str) -> tzinfo:
    """The IANA zone; UTC where this machine does not know the name (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def next_slot(entry: ScheduleEntry, zone: str, after: datetime) -> Slot | None:
    """The entry's first slot strictly after a moment; None where it has no weekday."""
    local = zone_of(zone)
    slots = _hourly(entry, local, after) if entry.every_hours else _daily(entry, local, after)
    return next((slot for slot in slots if slot.at > after), None)


def next_moment(entry: ScheduleEntry, zone: str, after: datetime) -> datetime | None:
    slot = next_slot(entry, zone, after)
    return slot.at if slot else None


def slot_key(entry: ScheduleEntry, zone: str, moment: datetime) -> str:
    """The name of the entry's slot at a moment, also where the zone was changed after the moment was reckoned."""
    slot = next_slot(entry, zone, moment - timedelta(microseconds=1))
    if slot is not None and slot.at == moment:
        return slot.key
    return _instant_key(moment) if entry.every_hours else _local_key(moment.astimezone(zone_of(zone)))


def _daily(entry: ScheduleEntry, zone: tzinfo, after: datetime) -> Iterator[Slot]:
    first = after.astimezone(zone).date() - timedelta(days=1)
    clock = time(entry.minute // 60, entry.minute % 60)
    for number in range(DAYS_AHEAD + 1):
        day = first + timedelta(days=number)
        if _has_weekday(entry, day):
            nominal = datetime.combine(day, clock, zone)
            yield Slot(_local_key(nominal), nominal.astimezone(UTC))


def _hourly(entry: ScheduleEntry, zone: tzinfo, after: datetime) -> Iterator[Slot]:
    midnight = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(DAYS_AHEAD):
        for hour in range(0, 24, entry.every_hours or 24):
            moment = midnight + timedelta(days=number, hours=hour)
            if _has_weekday(entry, moment.astimezone(zone).date()):
                yield Slot(_instant_key(moment), moment)


def _has_weekday(entry: ScheduleEntry, day: date) -> bool:
    return bool(entry.weekdays >> day.weekday() & 1)


def _local_key(local: datetime) -> str:
    return local.strftime("%Y-%m-%dT%H:%M")


def _instant_key(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%MZ")
