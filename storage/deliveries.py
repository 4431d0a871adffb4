"""Deliveries as people look at them: what failed is sent again, and what another age's clock queued; counts, times."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, literal_column, or_, select, union_all, update

from storage.database import Connection
from storage.outbox import PUSH_LANES
from storage.records import ChatState, DeliveryState, Lane
from storage.schema import chat, delivery, destination, edition

# More than two machines' clocks differ; and no night holds an alert for longer.
AHEAD, LONGEST_NIGHT = timedelta(minutes=2), timedelta(days=2)


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


async def bring_back(tx: Connection, bot_id: int, now: datetime, limit: int) -> int:
    """What a clock that was ahead queued for days to come may leave now; how many."""
    queued = (delivery.c.bot_id == bot_id, delivery.c.state == literal_column("'queued'"))
    made_ahead = (delivery.c.not_before > now + AHEAD, delivery.c.created_at > now + AHEAD)
    far = [(lane, made_ahead) for lane in PUSH_LANES] + [(Lane.HELD, (delivery.c.not_before > now + LONGEST_NIGHT,))]
    walks = [
        select(delivery.c.id).where(*queued, delivery.c.lane == literal_column(str(int(lane))), *these).limit(limit)
        for lane, these in far
    ]
    ids = list(await tx.scalars(union_all(*(select(walk.subquery()) for walk in walks))))
    if ids:
        here = update(delivery).where(delivery.c.id.in_(ids), *queued)
        await tx.execute(here.values(not_before=now, created_at=now))
    return len(ids)


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
