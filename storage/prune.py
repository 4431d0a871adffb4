"""Deletes what delivery no longer needs, at most `limit` rows at once.

Of a delivery it leaves which message holds which articles (storage.copies), and with those their edition.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, tuple_

from storage import copies
from storage.batches import Batch
from storage.database import Connection
from storage.schema import delivery, digest_slot, edition, sent_copy

_GIVEN = Batch("id")


async def deliveries(tx: Connection, *, before: datetime, limit: int) -> int:
    """That ended before; their parts go with them, and their messages are kept in short."""
    old = select(delivery.c.id).where(delivery.c.done_at < before).order_by(delivery.c.done_at).limit(limit)
    ids = list(await tx.scalars(old.with_for_update(skip_locked=True)))
    if not ids:
        return 0
    await copies.keep(tx, ids)
    given = _GIVEN.of[tx.dialect.name]
    gone = delete(delivery).where(delivery.c.id.in_(select(given.c.id)))
    return (await tx.execute(gone, _GIVEN.values(tx, [(key,) for key in ids]))).rowcount


async def sent_copies(tx: Connection, *, before: datetime, limit: int) -> int:
    """Of the oldest edition that has any, if it was composed before."""
    oldest = select(sent_copy.c.edition_id).order_by(sent_copy.c.edition_id).limit(1).scalar_subquery()
    edition_id = await tx.scalar(select(edition.c.id).where(edition.c.id == oldest, edition.c.composed_at < before))
    if edition_id is None:
        return 0
    key = tuple_(sent_copy.c.edition_id, sent_copy.c.destination_id, sent_copy.c.number)
    old = (
        select(sent_copy.c.edition_id, sent_copy.c.destination_id, sent_copy.c.number)
        .where(sent_copy.c.edition_id == edition_id)
        .order_by(sent_copy.c.destination_id, sent_copy.c.number)
        .limit(limit)
    )
    return await _delete(tx, sent_copy, key, old)


async def unused_editions(tx: Connection, *, before: datetime, limit: int) -> list[int]:
    """Composed before, spread to their end, and of which no delivery nor copy is left.

    It looks at every edition of a year: in a transaction that only reads, nobody waits for it.
    """
    query = select(edition.c.id).where(edition.c.composed_at < before, *_unused()).order_by(edition.c.id)
    return list(await tx.scalars(query.limit(limit)))


async def editions(tx: Connection, ids: Collection[int]) -> int:
    """These, where they are still unused."""
    return (await tx.execute(delete(edition).where(edition.c.id.in_(ids), *_unused()))).rowcount


def _unused() -> tuple[ColumnElement[bool], ...]:
    return (
        edition.c.fanout_after.is_(None),
        ~exists().where(delivery.c.edition_id == edition.c.id),
        ~exists().where(sent_copy.c.edition_id == edition.c.id),
    )


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
