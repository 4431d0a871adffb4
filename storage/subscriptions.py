"""What a destination follows: destination × topic, with a mode."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, delete, select, update

from storage.database import Connection, insert_into
from storage.records import Mode, Subscription
from storage.schema import subscription, topic


async def set_mode(tx: Connection, destination_id: int, topic_id: int, mode: Mode, now: datetime) -> None:
    """Follow the topic in this mode, or change the mode. Muting keeps the mode that was, for `unmute`."""
    statement = insert_into(tx, subscription).values(
        destination_id=destination_id, topic_id=topic_id, mode=mode, created_at=now
    )
    muted = subscription.c.mode == Mode.MUTED
    before = case((muted, subscription.c.muted_from), else_=subscription.c.mode) if mode is Mode.MUTED else None
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["destination_id", "topic_id"], set_={"mode": mode, "muted_from": before}
        )
    )


async def unmute(tx: Connection, destination_id: int, topic_ids: Collection[int] | None = None) -> list[int]:
    """Muted topics (all of them, or those given) become what they were: followed as before, or not followed at all.

    Returns the ids of those that were muted.
    """
    muted = [subscription.c.destination_id == destination_id, subscription.c.mode == Mode.MUTED]
    if topic_ids is not None:
        muted.append(subscription.c.topic_id.in_(topic_ids))
    found = list(await tx.scalars(select(subscription.c.topic_id).where(*muted)))
    await tx.execute(delete(subscription).where(*muted, subscription.c.muted_from.is_(None)))
    await tx.execute(update(subscription).where(*muted).values(mode=subscription.c.muted_from, muted_from=None))
    return found


async def remove(tx: Connection, destination_id: int, topic_id: int) -> bool:
    """False where there was none."""
    gone = await tx.execute(
        delete(subscription).where(subscription.c.destination_id == destination_id, subscription.c.topic_id == topic_id)
    )
    return gone.rowcount > 0


async def of(tx: Connection, destination_id: int) -> list[Subscription]:
    """Muted ones too, by the topics' names; without topics that editors retired."""
    found = await tx.execute(
        select(subscription, topic.c.slug, topic.c.name)
        .join(topic, topic.c.id == subscription.c.topic_id)
        .where(subscription.c.destination_id == destination_id, topic.c.retired_at.is_(None))
        .order_by(topic.c.name, topic.c.id)
    )
    return [
        Subscription(
            destination_id=row.destination_id,
            topic_id=row.topic_id,
            slug=row.slug,
            name=row.name,
            mode=Mode(row.mode),
        )
        for row in found
    ]
