"""The messages by which an edition arrived, as the audience of what amends it.

They are known from the deliveries, and when those are not kept any more from what is left of them (`sent_copy`).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, exists, func, literal, or_, select, union, update

from storage.batches import Batch
from storage.database import Connection, insert_into
from storage.records import DeliveryState
from storage.schema import delivery, delivery_part, destination, edition_article, edition_part, sent_copy

COLUMNS = ["bot_id", "edition_id", "destination_id", "lane", "state", "not_before", "created_at"]
_GIVEN = Batch("id")


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
    lately = select(delivery.c.id).where(delivery.c.edition_id == edition_id, stale()).limit(1)
    return (
        await tx.scalar(lately) is not None or await tx.scalar(_stale_before(edition_id, after=0).limit(1)) is not None
    )


async def spread(tx: Connection, work: Row[Any], now: datetime, chunk: int) -> tuple[int, int, bool]:
    """Queue the amending edition (its row) for the next stale copies: how many, up to which destination, was it a full
    chunk?
    """
    ids = _stale_places(work, chunk).subquery()
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


def _stale_places(work: Row[Any], chunk: int) -> Select[Any]:
    """Each of the two walks ends by itself: neither sorts all."""
    lately = (
        select(delivery.c.destination_id)
        .where(delivery.c.edition_id == work.amends, delivery.c.destination_id > work.fanout_after, stale())
        .order_by(delivery.c.destination_id)
        .limit(chunk)
    )
    before = _stale_before(work.amends, after=work.fanout_after).order_by(sent_copy.c.destination_id).limit(chunk)
    both = union(select(lately.subquery()), select(before.subquery())).subquery()
    return select(both.c.destination_id).order_by(both.c.destination_id).limit(chunk)


def _stale_before(edition_id: int, *, after: int) -> Select[Any]:
    """Destinations of which only the messages are known."""
    same = (edition_part.c.edition_id == sent_copy.c.edition_id) & (edition_part.c.number == sent_copy.c.number)
    return (
        select(sent_copy.c.destination_id)
        .distinct()
        .join(edition_part, same)
        .where(
            sent_copy.c.edition_id == edition_id,
            sent_copy.c.destination_id > after,
            edition_part.c.revision > sent_copy.c.revision,
        )
    )


# What is left of a delivery


async def keep(tx: Connection, deliveries: Collection[int]) -> None:
    """Of these, whose rows are about to go, keep which message holds which articles."""
    given = _GIVEN.of[tx.dialect.name]
    holding = exists().where(
        edition_article.c.edition_id == delivery.c.edition_id, edition_article.c.number == delivery_part.c.number
    )
    rows = (
        select(
            delivery.c.edition_id,
            delivery.c.destination_id,
            delivery_part.c.number,
            delivery_part.c.message_id,
            delivery_part.c.revision,
            delivery_part.c.manner,
        )
        .join(delivery_part, delivery_part.c.delivery_id == delivery.c.id)
        .where(delivery.c.id.in_(select(given.c.id)), delivery_part.c.message_id.is_not(None), holding)
    )
    query = insert_into(tx, sent_copy).from_select([column.name for column in sent_copy.c], rows)
    await tx.execute(query.on_conflict_do_nothing(), _GIVEN.values(tx, [(item,) for item in deliveries]))


async def shows(
    tx: Connection, *, edition_id: int, destination_id: int, number: int, message_id: int, revision: int | None
) -> None:
    """The message shows that revision's text from now on; None: it is deleted."""
    mine = (
        sent_copy.c.edition_id == edition_id,
        sent_copy.c.destination_id == destination_id,
        sent_copy.c.number == number,
        sent_copy.c.message_id == message_id,
    )
    if revision is None:
        await tx.execute(delete(sent_copy).where(*mine))
    else:
        await tx.execute(update(sent_copy).where(*mine).values(revision=revision))


async def lose(tx: Connection, destinations: Collection[int]) -> None:
    """What arrived there is out of reach: it is in a chat that is another now."""
    theirs = select(delivery.c.id).where(delivery.c.destination_id.in_(destinations))
    await tx.execute(update(delivery_part).where(delivery_part.c.delivery_id.in_(theirs)).values(message_id=None))
    await tx.execute(delete(sent_copy).where(sent_copy.c.destination_id.in_(destinations)))


async def count(tx: Connection, bot_id: int, article_id: int) -> int:
    """Messages that hold the article, of deliveries that are not kept any more."""
    same = (edition_article.c.edition_id == sent_copy.c.edition_id) & (edition_article.c.number == sent_copy.c.number)
    query = (
        select(func.count())
        .select_from(sent_copy)
        .join(edition_article, same)
        .join(destination, destination.c.id == sent_copy.c.destination_id)
        .where(edition_article.c.article_id == article_id, destination.c.bot_id == bot_id)
    )
    return int(await tx.scalar(query) or 0)


async def count_places(tx: Connection, edition_id: int) -> int:
    """Destinations that were sent the edition, of which only that is known."""
    query = select(func.count(sent_copy.c.destination_id.distinct())).where(sent_copy.c.edition_id == edition_id)
    return int(await tx.scalar(query) or 0)
