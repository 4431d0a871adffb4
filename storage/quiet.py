"""Quiet hours: what would wake somebody waits in a lane that no sender takes, until they end.

queued (alert) ──in quiet hours──→ queued (held, until their end) ──over──→ queued (alert) | one message for several
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, bindparam, cast, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from storage.batches import Batch
from storage.database import Connection
from storage.records import ChatState, DeliveryState, Lane, QuietHours
from storage.schema import chat, delivery, destination, edition_article
from storage.slots import zone_of

URGENT = 1  # IPTC's highest urgency
# Any constant of our own. Two that release at once would each bring a part of what one destination held.
_RELEASE_LOCK = 0x71D1_0007

_GIVEN = Batch("id")
_HELD = (delivery.c.state == DeliveryState.QUEUED, delivery.c.lane == Lane.HELD)
_OF_CHAT = (chat.c.bot_id == destination.c.bot_id) & (chat.c.chat_id == destination.c.chat_id)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a destination's ended quiet hours held: (delivery id, edition id), in the order in which it came.

    `muted`: its reader wants nothing at all now.
    """

    destination_id: int
    zone: str
    language: str
    muted: bool
    active: bool
    held: tuple[tuple[int, int], ...]


def end_of(hours: QuietHours | None, zone: str, now: datetime) -> datetime | None:
    """When the quiet hours end that it is in now; None where it is in none.

    They are what the wall clock shows. An end that the clock jumps over moves forward by the jump; of an end that it
    shows twice the next one counts, or a night would be held until the following one.
    """
    if hours is None or hours.start == hours.end:
        return None
    local = now.astimezone(zone_of(zone))
    return _next_end(hours, local) if _quiet_at(hours, local) else None


def _quiet_at(hours: QuietHours, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    if hours.start > hours.end:  # over midnight
        return minute >= hours.start or minute < hours.end
    return hours.start <= minute < hours.end


def _next_end(hours: QuietHours, local: datetime) -> datetime:
    now, clock = local.astimezone(UTC), time(*divmod(hours.end, 60))
    days = (local.date() + timedelta(days=number) for number in range(3))
    ends = (datetime.combine(day, clock, local.tzinfo).replace(fold=fold) for day in days for fold in (0, 1))
    return min(end for end in (at.astimezone(UTC) for at in ends) if end > now and _ended(hours, end, local))


def _ended(hours: QuietHours, end: datetime, local: datetime) -> bool:
    """Of a time in a gap fold=1 gives one before the gap."""
    return not _quiet_at(hours, end.astimezone(local.tzinfo))


# Holding


async def nights(tx: Connection, *, urgent: bool, after: int, upto: int, now: datetime) -> dict[str, Any]:
    """What nights it is now for the destinations in (after, upto]: values of a statement that joins `night_of`."""
    where = [destination.c.id > after, destination.c.id <= upto, destination.c.quiet_from.is_not(None)]
    where += [~destination.c.quiet_urgent] if urgent else []
    kinds = select(chat.c.zone, destination.c.quiet_from, destination.c.quiet_until).distinct()
    rows = (await tx.execute(kinds.select_from(destination).join(chat, _OF_CHAT).where(*where))).all()
    ends = [(zone, start, end, end_of(QuietHours(start, end), zone, now)) for zone, start, end in rows]
    return {"the_nights": json.dumps([[*kind, _moment(tx, until)] for *kind, until in ends if until is not None])}


def _moment(tx: Connection, until: datetime) -> str:
    """As the database writes it."""
    written = until.strftime("%Y-%m-%d %H:%M:%S.%f")
    return written if tx.dialect.name == "sqlite" else f"{written}+00"


def night_of(tx: Connection, *, urgent: bool) -> tuple[FromClause, ColumnElement[bool]]:
    """The table of `nights`, whose `until` says when one ends, and what joins it to chat and destination."""
    table = _NIGHT[tx.dialect.name]
    hours = (destination.c.quiet_from == table.c.start) & (destination.c.quiet_until == table.c.end)
    on = (chat.c.zone == table.c.zone) & hours
    return table, on & ~destination.c.quiet_urgent if urgent else on


def _night_json() -> FromClause:
    value = func.json_each(bindparam("the_nights", type_=Text)).table_valued("value").c.value
    kinds = zip(("zone", "start", "end", "until"), _NIGHT_TYPES, strict=True)
    columns = [
        func.json_extract(value, f"$[{place}]", type_=kind).label(name) for place, (name, kind) in enumerate(kinds)
    ]
    return select(*columns).subquery("night")


def _night_jsonb() -> FromClause:
    rows = func.jsonb_array_elements(cast(bindparam("the_nights", type_=Text), JSONB)).table_valued("value")
    value = cast(rows.c.value, JSONB)
    kinds = zip(("zone", "start", "end", "until"), _NIGHT_TYPES, strict=True)
    columns = [cast(value[place].astext, kind).label(name) for place, (name, kind) in enumerate(kinds)]
    return select(*columns).subquery("night")


_NIGHT_TYPES = (
    chat.c.zone.type,
    destination.c.quiet_from.type,
    destination.c.quiet_until.type,
    delivery.c.not_before.type,
)
_NIGHT = {"sqlite": _night_json(), "postgresql": _night_jsonb()}


async def hold_one(tx: Connection, delivery_id: int, until: datetime) -> None:
    """One that was queued before the quiet hours began and did not leave in time."""
    mine = (delivery.c.id == delivery_id, delivery.c.next_part == 0)
    queued = (delivery.c.state == DeliveryState.QUEUED, delivery.c.lane == Lane.ALERT)
    await tx.execute(update(delivery).where(*mine, *queued).values(lane=Lane.HELD, not_before=until))


async def set_hours(tx: Connection, destination_id: int, hours: QuietHours | None, zone: str, now: datetime) -> None:
    """New quiet hours, None for none. What is held waits for the end of the new ones."""
    start, end, urgent = (None, None, False) if hours is None else (hours.start, hours.end, hours.urgent)
    place = update(destination).where(destination.c.id == destination_id)
    await tx.execute(place.values(quiet_from=start, quiet_until=end, quiet_urgent=urgent))
    await hold_again(tx, destination_id, hours, zone, now)


async def hold_again(tx: Connection, destination_id: int, hours: QuietHours | None, zone: str, now: datetime) -> None:
    """After a change of hours or zone: what is held waits until the end that it has now."""
    until = end_of(hours, zone, now) or now
    held = update(delivery).where(delivery.c.destination_id == destination_id, *_HELD)
    await tx.execute(held.values(not_before=until))


# Their end


async def any_over(tx: Connection, bot_id: int, now: datetime) -> bool:
    return await tx.scalar(select(delivery.c.id).where(*_ended_by(bot_id, now)).limit(1)) is not None


def _ended_by(bot_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (delivery.c.bot_id == bot_id, delivery.c.not_before <= now, *_HELD)


async def over(tx: Connection, bot_id: int, now: datetime, limit: int) -> list[Waiting]:
    """Up to `limit` destinations whose quiet hours are over, with what they held. Nobody else gets them meanwhile."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _RELEASE_LOCK})
    ended = _ended_by(bot_id, now)
    first = select(delivery.c.destination_id).where(*ended).order_by(delivery.c.not_before).limit(limit)
    rows = await tx.execute(
        select(
            delivery.c.destination_id,
            delivery.c.id,
            delivery.c.edition_id,
            chat.c.zone,
            chat.c.language,
            chat.c.state,
            destination.c.muted_until,
        )
        .join(destination, destination.c.id == delivery.c.destination_id)
        .join(chat, _OF_CHAT)
        .where(*ended, delivery.c.destination_id.in_(first))
        .order_by(delivery.c.id)
        .with_for_update(of=delivery)
    )
    found: dict[int, Waiting] = {}
    for row in rows:
        before = found[row.destination_id].held if row.destination_id in found else ()
        muted = row.muted_until is not None and row.muted_until > now
        found[row.destination_id] = Waiting(
            row.destination_id,
            row.zone,
            row.language,
            muted,
            row.state == ChatState.ACTIVE,
            (*before, (row.id, row.edition_id)),
        )
    return list(found.values())


async def let_go(tx: Connection, delivery_ids: Collection[int], now: datetime) -> None:
    """They may leave by themselves."""
    await _end(tx, delivery_ids, lane=Lane.ALERT, not_before=now)


async def drop(tx: Connection, delivery_ids: Collection[int], reason: str, now: datetime) -> None:
    await _end(tx, delivery_ids, state=DeliveryState.DROPPED, reason=reason, done_at=now)


async def _end(tx: Connection, delivery_ids: Collection[int], /, **values: Any) -> None:
    if not delivery_ids:
        return
    these = delivery.c.id.in_(select(_GIVEN.of[tx.dialect.name].c.id))
    given = _GIVEN.values(tx, [(delivery_id,) for delivery_id in delivery_ids])
    await tx.execute(update(delivery).where(these, *_HELD).values(**values), given)


async def articles_in(tx: Connection, edition_ids: Sequence[int]) -> list[int]:
    """Article ids of these editions, each once, edition by edition."""
    rows = await tx.execute(select(edition_article).where(edition_article.c.edition_id.in_(edition_ids)))
    place = {key: number for number, key in enumerate(edition_ids)}
    ordered = sorted(rows, key=lambda row: (place[row.edition_id], row.number, row.article_id))
    return list(dict.fromkeys(row.article_id for row in ordered))
