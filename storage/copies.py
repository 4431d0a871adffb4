"""The messages by which an edition arrived, as the audience of what amends it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, literal, or_, select

from storage.database import Connection, insert_into
from storage.records import DeliveryState
from storage.schema import delivery, delivery_part, edition_part

COLUMNS = ["bot_id", "edition_id", "destination_id", "lane", "state", "not_before", "created_at"]


def stale() -> ColumnElement[bool]:
    """Does the delivery show, or is it about to show, a text that has been changed since?"""
    part = edition_part
    return exists().where(
        delivery_part.c.delivery_id == delivery.c.id,
        part.c.edition_id == delivery.c.edition_id,
        part.c.number == delivery_part.c.number,
        part.c.revision > delivery_part.c.revision,
        or_(delivery_part.c.message_id.is_not(None), delivery_part.c.state == DeliveryState.SENDING),
    )


async def any_stale(tx: Connection, edition_id: int) -> bool:
    return (
        await tx.scalar(select(delivery.c.id).where(delivery.c.edition_id == edition_id, stale()).limit(1)) is not None
    )


async def spread(tx: Connection, work: Row[Any], now: datetime, chunk: int) -> tuple[int, int, bool]:
    """Queue the amending edition (its row) for the next stale copies: how many, up to which destination, was it a full
    chunk?
    """
    chosen = (
        select(delivery.c.destination_id)
        .where(delivery.c.edition_id == work.amends, delivery.c.destination_id > work.fanout_after, stale())
        .order_by(delivery.c.destination_id)
        .limit(chunk)
    )
    ids = chosen.subquery()
    row = (await tx.execute(select(func.max(ids.c.destination_id), func.count()).select_from(ids))).one()
    if not row[1]:
        return 0, int(work.fanout_after), False
    at = delivery.c.not_before.type
    rows = select(
        literal(work.bot_id, delivery.c.bot_id.type),
        literal(work.id, delivery.c.id.type),
        ids.c.destination_id,
        literal(int(work.lane), delivery.c.lane.type),
        literal(DeliveryState.QUEUED.value, delivery.c.state.type),
        literal(now, at),
        literal(now, at),
    ).order_by(ids.c.destination_id)
    query = insert_into(tx, delivery).from_select(COLUMNS, rows)
    query = query.on_conflict_do_nothing(index_elements=["edition_id", "destination_id"])
    done = await tx.execute(query, execution_options={"preserve_rowcount": True})
    return done.rowcount, int(row[0]), int(row[1]) >= chunk
