"""Which slots are due, which are too late, which are folded into another? Pure.

The reckoning of moments itself is in storage.slots, where schedules are kept; it is offered here too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.records import ScheduleEntry
from storage.slots import EVERY_DAY, Slot, next_moment, next_slot, slot_key, zone_of

__all__ = [
    "CATCH_UP",
    "EVERY_DAY",
    "FIRST_WINDOW",
    "LONGEST_WINDOW",
    "Due",
    "Slot",
    "Turn",
    "next_moment",
    "next_slot",
    "slot_key",
    "take_turn",
    "window_start",
    "zone_of",
]

CATCH_UP = timedelta(hours=3)
FIRST_WINDOW = timedelta(hours=24)
LONGEST_WINDOW = timedelta(days=15)  # of a weekly digest that came too late once


@dataclass(frozen=True, slots=True)
class Due:
    """An entry whose moment has come, in the zone that its chat has now."""

    entry: ScheduleEntry
    zone: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What a destination's due entries come to.

    `slots`: all that are dealt with now; `in_time`: the keys of those that are not too late. `through`: the boundary to
    compose to, None where all came too late and fold into the next. `following`: entry id → its next moment.
    """

    slots: tuple[Slot, ...]
    in_time: tuple[str, ...]
    through: datetime | None
    following: tuple[tuple[int, datetime | None], ...]


def take_turn(due: Iterable[Due], now: datetime, catch_up: timedelta = CATCH_UP) -> Turn:
    """Of several slots missed at once the last one is composed, for all of them."""
    slots, following = [], []
    for item in due:
        following.append((item.entry.id, next_moment(item.entry, item.zone, now)))
        slots += _missed(item, now)
    in_time = [slot for slot in slots if now - slot.at <= catch_up]
    through = max((slot.at for slot in in_time), default=None)
    return Turn(tuple(slots), tuple(slot.key for slot in in_time), through, tuple(following))


def _missed(item: Due, now: datetime) -> list[Slot]:
    """The entry's first due slot, and its last one where more have passed since."""
    if item.entry.next_at is None:
        return []
    first = Slot(slot_key(item.entry, item.zone, item.entry.next_at), item.entry.next_at)
    last, after = first, max(first.at, now - LONGEST_WINDOW)
    while (slot := next_slot(item.entry, item.zone, after)) is not None and slot.at <= now:
        last, after = slot, slot.at
    return [first] if last == first else [first, last]


def window_start(previous: datetime | None, through: datetime) -> datetime:
    """Where a digest begins: at the previous one's end, a day back for the first one, LONGEST_WINDOW at most."""
    if previous is None:
        return through - FIRST_WINDOW
    return max(previous, through - LONGEST_WINDOW)
