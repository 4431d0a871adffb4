"""When destinations get their digests: entries, due ones, and the slots that were dealt with."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from storage.database import Connection, insert_into
from storage.records import ChatState, Mode, ScheduleEntry
from storage.schema import chat, destination, digest_slot, schedule, subscription
from storage.slots import Slot, next_moment

# SQLite takes 32,766 parameters.
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class DueEntry:
    """An entry whose moment has come, with what decides about its digest."""

    entry: ScheduleEntry
    zone: str
    language: str
    state: ChatState
    digest_length: int
    digest_through: datetime | None
    muted_until: datetime | None


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


async def due(tx: Connection, bot_id: int, now: datetime, limit: int) -> list[DueEntry]:
    """All due entries of up to `limit` destinations, those waiting longest first."""
    first = (
        select(schedule.c.destination_id)
        .join(destination, destination.c.id == schedule.c.destination_id)
        .where(schedule.c.next_at <= now, destination.c.bot_id == bot_id)
        .order_by(schedule.c.next_at, schedule.c.id)
        .limit(limit)
    )
    rows = await tx.execute(
        select(
            schedule,
            chat.c.zone,
            chat.c.language,
            chat.c.state,
            destination.c.digest_length,
            destination.c.digest_through,
            destination.c.muted_until,
        )
        .join(destination, destination.c.id == schedule.c.destination_id)
        .join(chat, (chat.c.bot_id == destination.c.bot_id) & (chat.c.chat_id == destination.c.chat_id))
        .where(schedule.c.next_at <= now, schedule.c.destination_id.in_(first))
        .order_by(schedule.c.destination_id, schedule.c.next_at)
    )
    return [
        DueEntry(
            _entry(row),
            row.zone,
            row.language,
            ChatState(row.state),
            row.digest_length,
            row.digest_through,
            row.muted_until,
        )
        for row in rows
    ]


async def next_due(tx: Connection, bot_id: int) -> datetime | None:
    """When the next entry of all comes due."""
    found: datetime | None = await tx.scalar(
        select(func.min(schedule.c.next_at))
        .join(destination, destination.c.id == schedule.c.destination_id)
        .where(destination.c.bot_id == bot_id)
    )
    return found


async def modes(tx: Connection, destination_ids: Collection[int]) -> dict[int, dict[int, Mode]]:
    """Destination id → topic id → mode, of all its subscriptions."""
    found: dict[int, dict[int, Mode]] = {}
    for chunk in _chunks(sorted(destination_ids)):
        rows = await tx.execute(select(subscription).where(subscription.c.destination_id.in_(chunk)))
        for row in rows:
            found.setdefault(row.destination_id, {})[row.topic_id] = Mode(row.mode)
    return found


async def hold(tx: Connection, entry_ids: Collection[int]) -> dict[int, datetime | None]:
    """Lock the entries until the commit; entry id → its next moment as it is now. Those gone are left out."""
    found: dict[int, datetime | None] = {}
    for chunk in _chunks(sorted(entry_ids)):
        query = select(schedule.c.id, schedule.c.next_at).where(schedule.c.id.in_(chunk)).order_by(schedule.c.id)
        found.update({row.id: row.next_at for row in await tx.execute(query.with_for_update())})
    return found


async def advance(tx: Connection, following: Mapping[int, datetime | None]) -> None:
    """Entry id → its next moment."""
    await _set_many(tx, schedule, "next_at", following)


async def set_through(tx: Connection, through: Mapping[int, datetime]) -> None:
    """Destination id → the end of its last digest's window."""
    await _set_many(tx, destination, "digest_through", through)


async def take_slots(tx: Connection, slots: Iterable[tuple[int, Slot]]) -> set[tuple[int, str]]:
    """Write down that (destination id, slot) are dealt with; returns those that nobody had dealt with before."""
    rows = [{"destination_id": owner, "slot": slot.key, "due_at": slot.at} for owner, slot in slots]
    taken: set[tuple[int, str]] = set()
    for chunk in _chunks(rows):
        query = insert_into(tx, digest_slot).on_conflict_do_nothing()
        found = await tx.execute(query.returning(digest_slot.c.destination_id, digest_slot.c.slot), chunk)
        taken.update((row.destination_id, row.slot) for row in found)
    return taken


async def _set_many(tx: Connection, table: Any, column: str, values: Mapping[int, datetime | None]) -> None:
    """One statement for all rows that get the same time: most do."""
    grouped: dict[datetime | None, list[int]] = {}
    for key, value in values.items():
        grouped.setdefault(value, []).append(key)
    query = update(table).where(table.c.id.in_(bindparam("ids", expanding=True)))
    for value, keys in grouped.items():
        for chunk in _chunks(keys):
            await tx.execute(query.values({column: value}), {"ids": list(chunk)})


def _chunks(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))


def _entry(row: Row[Any]) -> ScheduleEntry:
    return ScheduleEntry(row.id, row.destination_id, row.weekdays, row.minute, row.every_hours, row.next_at)
