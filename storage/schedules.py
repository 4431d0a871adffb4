"""When destinations get their digests: their entries. What the tick makes of due ones is in storage.digests."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from storage.database import Connection
from storage.records import ScheduleEntry
from storage.schema import chat, destination, digest_slot, schedule
from storage.slots import next_moment

AHEAD = timedelta(minutes=2)  # more than two machines' clocks differ


async def of(tx: Connection, destination_id: int) -> list[ScheduleEntry]:
    """By time of day."""
    rows = await tx.execute(
        select(schedule)
        .where(schedule.c.destination_id == destination_id)
        .order_by(schedule.c.every_hours, schedule.c.minute, schedule.c.id)
    )
    return [_entry(row) for row in rows]


async def replace(
    tx: Connection,
    destination_id: int,
    entries: Sequence[tuple[int, int, int | None]],
    zone: str,
    now: datetime,
) -> list[ScheduleEntry]:
    """These entries instead of those it has: (weekdays, minute, every_hours). None at all means no digests."""
    await tx.execute(delete(schedule).where(schedule.c.destination_id == destination_id))
    for weekdays, minute, every_hours in dict.fromkeys(entries):
        entry = ScheduleEntry(0, destination_id, weekdays, minute, every_hours, None)
        await tx.execute(
            insert(schedule).values(
                destination_id=destination_id,
                weekdays=weekdays,
                minute=minute,
                every_hours=every_hours,
                next_at=next_moment(entry, zone, now),
            )
        )
    return await of(tx, destination_id)


async def reschedule(tx: Connection, destination_id: int, zone: str, now: datetime) -> list[ScheduleEntry]:
    """Reckon each entry's next moment again, when a chat comes back: what was due meanwhile is over."""
    return await _reckon(tx, destination_id, zone, now, await of(tx, destination_id))


async def change_zone(tx: Connection, destination_id: int, zone: str, now: datetime) -> list[ScheduleEntry]:
    """The moments to come by another clock. What is due already, and not dealt with yet, stays due."""
    to_come = [entry for entry in await of(tx, destination_id) if entry.next_at is None or entry.next_at > now]
    return await _reckon(tx, destination_id, zone, now, to_come)


async def _reckon(
    tx: Connection, destination_id: int, zone: str, now: datetime, entries: Sequence[ScheduleEntry]
) -> list[ScheduleEntry]:
    for entry in entries:
        moment = next_moment(entry, zone, now)
        await tx.execute(update(schedule).where(schedule.c.id == entry.id).values(next_at=moment))
    return await of(tx, destination_id)


async def ahead(tx: Connection, bot_id: int, now: datetime, limit: int) -> list[tuple[int, str]]:
    """(id, zone) of destinations whose last digest reaches into the future: the clock was ahead."""
    future = (destination.c.bot_id == bot_id, destination.c.digest_through > now + AHEAD)
    query = select(destination.c.id, chat.c.zone).join(
        chat, (chat.c.bot_id == destination.c.bot_id) & (chat.c.chat_id == destination.c.chat_id)
    )
    return [(row.id, row.zone) for row in await tx.execute(query.where(*future).limit(limit))]


async def set_back(tx: Connection, destination_id: int, zone: str, now: datetime) -> None:
    """What a clock that was ahead has dealt with too early comes at its time, with the news from now on."""
    await reschedule(tx, destination_id, zone, now)
    early = (digest_slot.c.destination_id == destination_id, digest_slot.c.due_at > now)
    await tx.execute(delete(digest_slot).where(*early))
    await tx.execute(update(destination).where(destination.c.id == destination_id).values(digest_through=now))


def _entry(row: Row[Any]) -> ScheduleEntry:
    return ScheduleEntry(row.id, row.destination_id, row.weekdays, row.minute, row.every_hours, row.next_at)
