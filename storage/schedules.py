"""When destinations get their digests: their entries. What the tick makes of due ones is in storage.digests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from storage.database import Connection
from storage.records import ScheduleEntry
from storage.schema import destination, schedule
from storage.slots import next_moment


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
    """Reckon each entry's next moment again: after a change of zone, or when a chat comes back."""
    for entry in await of(tx, destination_id):
        moment = next_moment(entry, zone, now)
        await tx.execute(update(schedule).where(schedule.c.id == entry.id).values(next_at=moment))
    return await of(tx, destination_id)


async def next_due(tx: Connection, bot_id: int) -> datetime | None:
    """When the next entry of all comes due."""
    found: datetime | None = await tx.scalar(
        select(func.min(schedule.c.next_at))
        .join(destination, destination.c.id == schedule.c.destination_id)
        .where(destination.c.bot_id == bot_id)
    )
    return found


def _entry(row: Row[Any]) -> ScheduleEntry:
    return ScheduleEntry(row.id, row.destination_id, row.weekdays, row.minute, row.every_hours, row.next_at)
