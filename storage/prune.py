"""Deletes what delivery no longer needs, at most `limit` rows at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select, tuple_

from storage.database import Connection
from storage.schema import delivery, digest_slot, edition


async def deliveries(tx: Connection, *, before: datetime, limit: int) -> int:
    """That ended before; their parts go with them."""
    old = select(delivery.c.id).where(delivery.c.done_at < before).order_by(delivery.c.done_at).limit(limit)
    return await _delete(tx, delivery, delivery.c.id, old)


async def editions(tx: Connection, *, before: datetime, limit: int) -> int:
    """Composed before, spread to their end, and of which no delivery is left."""
    old = (
        select(edition.c.id)
        .where(
            edition.c.composed_at < before,
            edition.c.fanout_after.is_(None),
            ~exists().where(delivery.c.edition_id == edition.c.id),
        )
        .order_by(edition.c.id)
        .limit(limit)
    )
    return await _delete(tx, edition, edition.c.id, old)


async def slots(tx: Connection, *, before: datetime, limit: int) -> int:
    """Due before: no clock change reaches so far back."""
    key = tuple_(digest_slot.c.destination_id, digest_slot.c.slot)
    old = (
        select(digest_slot.c.destination_id, digest_slot.c.slot)
        .where(digest_slot.c.due_at < before)
        .order_by(digest_slot.c.due_at)
        .limit(limit)
    )
    return await _delete(tx, digest_slot, key, old)


async def _delete(tx: Connection, table: Any, key: Any, old: Any) -> int:
    return (await tx.execute(delete(table).where(key.in_(old)))).rowcount
