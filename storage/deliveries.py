"""Deliveries as people look at them: what failed is sent again; counts and times for metrics."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, literal_column, or_, select, update

from storage.database import Connection
from storage.records import ChatState, DeliveryState, Lane
from storage.schema import chat, delivery, destination, edition


async def resend_failed(tx: Connection, edition_id: int, now: datetime) -> int:
    """Queue what failed again, from its first part that did not arrive; how many. Chats that are gone are left out."""
    reachable = exists().where(
        destination.c.id == delivery.c.destination_id,
        chat.c.bot_id == destination.c.bot_id,
        chat.c.chat_id == destination.c.chat_id,
        chat.c.state == ChatState.ACTIVE,
    )
    anew = {"state": DeliveryState.QUEUED, "not_before": now, "reason": None, "attempts": 0, "doubts": 0}
    queued = await tx.execute(
        update(delivery)
        .where(delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.FAILED, reachable)
        .values(**anew, created_at=now, done_at=None, plain=False)
    )
    return queued.rowcount


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of a lane: how many deliveries wait, and since when the first of them could have left (None: none could)."""

    lane: Lane
    waiting: int
    due_since: datetime | None


async def backlogs(tx: Connection, bot_id: int, now: datetime) -> list[Backlog]:
    rows = await tx.execute(
        select(delivery.c.lane, func.count(), func.min(delivery.c.not_before).filter(delivery.c.not_before <= now))
        .where(delivery.c.bot_id == bot_id, delivery.c.state == literal_column("'queued'"))
        .group_by(delivery.c.lane)
    )
    found = {row[0]: Backlog(Lane(row[0]), row[1], row[2]) for row in rows}
    return [found.get(lane, Backlog(lane, 0, None)) for lane in Lane if lane is not Lane.REPLY]


async def ended_since(
    tx: Connection, bot_id: int, since: datetime
) -> list[tuple[Lane, DeliveryState, str | None, int]]:
    """(lane, state, reason, how many) of what ended since then."""
    rows = await tx.execute(
        select(delivery.c.lane, delivery.c.state, delivery.c.reason, func.count())
        .where(delivery.c.bot_id == bot_id, delivery.c.done_at >= since)
        .group_by(delivery.c.lane, delivery.c.state, delivery.c.reason)
    )
    return [(Lane(row[0]), DeliveryState(row[1]), row[2], row[3]) for row in rows]


async def count_sending(tx: Connection, bot_id: int) -> int:
    query = select(func.count()).where(delivery.c.bot_id == bot_id, delivery.c.state == literal_column("'sending'"))
    return int(await tx.scalar(query) or 0)


async def latest_editions(tx: Connection, limit: int) -> list[int]:
    """Ids, latest first, of those that are or were for anybody."""
    some = exists().where(delivery.c.edition_id == edition.c.id)
    query = select(edition.c.id).where(or_(some, edition.c.fanout_after.is_not(None)))
    return list(await tx.scalars(query.order_by(edition.c.id.desc()).limit(limit)))
