"""Old rows go, a little at a time: no transaction holds up the sender for long."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, select

from storage import inbox, prompts, replies
from storage.database import Connection, Database
from storage.schema import delivery, digest_slot, edition

DELIVERIES = timedelta(days=30)
SLOTS = timedelta(days=60)
HANDLED = timedelta(days=2)
CHUNK = 5_000


async def run_retention(db: Database, *, now: datetime) -> int:
    """One chunk of everything that is too old; how many rows went."""
    gone = 0
    for work in (_deliveries, _editions, _slots, _replies, _updates, _questions):
        async with db.begin() as tx:
            gone += await work(tx, now)
    return gone


async def _deliveries(tx: Connection, now: datetime) -> int:
    return await _drop(tx, delivery, delivery.c.id, delivery.c.done_at < now - DELIVERIES)


async def _editions(tx: Connection, now: datetime) -> int:
    unused = ~exists().where(delivery.c.edition_id == edition.c.id)
    old = (edition.c.composed_at < now - DELIVERIES) & edition.c.fanout_after.is_(None) & unused
    return await _drop(tx, edition, edition.c.id, old)


async def _slots(tx: Connection, now: datetime) -> int:
    result = await tx.execute(delete(digest_slot).where(digest_slot.c.due_at < now - SLOTS))
    return int(result.rowcount)


async def _replies(tx: Connection, now: datetime) -> int:
    return await replies.prune(tx, before=now - DELIVERIES)


async def _updates(tx: Connection, now: datetime) -> int:
    return await inbox.prune(tx, before=now - HANDLED)


async def _questions(tx: Connection, now: datetime) -> int:
    return await prompts.prune(tx, before=now)


async def _drop(tx: Connection, table: Table, key: ColumnElement[Any], old: ColumnElement[bool]) -> int:
    chosen = select(key).where(old).order_by(key).limit(CHUNK).scalar_subquery()
    result = await tx.execute(delete(table).where(key.in_(chosen)))
    return int(result.rowcount)
