"""Whom an edition is for, by their subscriptions, and its spreading into deliveries for them (fan-out)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    func,
    join,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from storage import copies, quiet
from storage.database import Connection, insert_into
from storage.records import ChatState, DeliveryState, Lane, Mode
from storage.schema import chat, delivery, destination, edition, subscription


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an edition is for, by their subscriptions.

    Each chain is a topic with its ancestors, nearest first. A destination belongs to it where the first topic of a
    chain that it has any setting for stands at one of `modes`: so who muted Korea gets no Korean news by way of Asia.
    Without chains it is everybody with an active chat.
    """

    chains: tuple[tuple[int, ...], ...]
    modes: tuple[Mode, ...]

    def to_json(self) -> dict[str, Any]:
        return {"chains": [list(chain) for chain in self.chains], "modes": list(self.modes)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Audience":
        return cls(tuple(map(tuple, value["chains"])), tuple(map(Mode, value["modes"])))


@dataclass(frozen=True, slots=True)
class Fanout:
    """An edition that still has destinations to reach: those with ids over `after`."""

    edition_id: int
    bot_id: int
    lane: Lane
    audience: Audience
    after: int
    urgent: bool


async def anybody(tx: Connection, audience: Audience) -> bool:
    """Might anybody belong to it? Quick, and sometimes yes where the fan-out then finds nobody."""
    topics = {topic_id for chain in audience.chains for topic_id in chain}
    query = select(subscription.c.topic_id).where(
        subscription.c.topic_id.in_(topics), subscription.c.mode.in_([mode.value for mode in audience.modes])
    )
    return await tx.scalar(query.limit(1)) is not None


async def count(tx: Connection, bot_id: int, audience: Audience, now: datetime) -> int:
    """How many destinations an edition would be queued for now."""
    topics = {topic_id for chain in audience.chains for topic_id in chain}
    theirs = select(subscription.c.destination_id).where(subscription.c.topic_id.in_(topics))
    query = (
        select(func.count())
        .select_from(destination)
        .join(chat, (chat.c.bot_id == destination.c.bot_id) & (chat.c.chat_id == destination.c.chat_id))
        .where(
            destination.c.bot_id == bot_id,
            *((destination.c.id.in_(theirs),) if topics else ()),
            *_reached(audience, now),
        )
    )
    return int(await tx.scalar(query) or 0)


async def unfinished(tx: Connection, bot_id: int, limit: int = 100) -> list[Fanout]:
    """Editions whose fan-out was begun and not finished, oldest first."""
    rows = await tx.execute(
        select(edition)
        .where(edition.c.fanout_after.is_not(None), edition.c.bot_id == bot_id)
        .order_by(edition.c.id)
        .limit(limit)
    )
    return [_fanout(row) for row in rows]


async def spread(tx: Connection, edition_id: int, now: datetime, chunk: int) -> tuple[int, bool]:
    """Queue an edition for the next `chunk` destinations of its audience, in one statement.

    Gives how many were added, and whether all of the audience is reached. What is done is written with it: begun again
    after a crash it goes on, and a second process that does the same at once adds nothing.
    """
    row = (await tx.execute(select(edition).where(edition.c.id == edition_id).with_for_update())).first()
    if row is None or row.fanout_after is None:
        return 0, True
    work = _fanout(row)
    if row.amends is not None:
        added, upto, whole = await copies.spread(tx, row, now, chunk)
    else:
        upto, whole = await _upto(tx, work, chunk)
        added = await _insert_chunk(tx, work, upto, now) if upto > work.after else 0
    after = upto if whole else None
    await tx.execute(update(edition).where(edition.c.id == edition_id).values(fanout_after=after))
    return added, after is None


async def _upto(tx: Connection, work: Fanout, chunk: int) -> tuple[int, bool]:
    """The last destination id of the next chunk, and whether the chunk is full (then more may follow)."""
    ids = _candidates(work, chunk).subquery()
    limited = select(ids.c.id).distinct().order_by(ids.c.id).limit(chunk).subquery()
    row = (await tx.execute(select(func.max(limited.c.id), func.count()).select_from(limited))).one()
    return int(row[0] or work.after), int(row[1]) >= chunk


def _candidates(work: Fanout, chunk: int) -> Select[Any]:
    """Destinations with a setting for any topic concerned: per topic one walk along an index, never a sort of all."""
    topics = sorted({topic_id for chain in work.audience.chains for topic_id in chain})
    if not topics:
        return (
            select(destination.c.id)
            .where(destination.c.bot_id == work.bot_id, destination.c.id > work.after)
            .order_by(destination.c.id)
            .limit(chunk)
        )
    walks = [
        select(subscription.c.destination_id.label("id"))
        .where(subscription.c.topic_id == topic_id, subscription.c.destination_id > work.after)
        .order_by(subscription.c.destination_id)
        .limit(chunk)
        for topic_id in topics
    ]
    return select(union_all(*(select(walk.subquery()) for walk in walks)).subquery())


async def _insert_chunk(tx: Connection, work: Fanout, upto: int, now: datetime) -> int:
    """An alert goes into the lane of those that wait where it is night."""
    columns = ["bot_id", "edition_id", "destination_id", "lane", "state", "not_before", "created_at"]
    at, urgent = delivery.c.not_before.type, work.urgent
    reached = join(
        destination, chat, (chat.c.bot_id == destination.c.bot_id) & (chat.c.chat_id == destination.c.chat_id)
    )
    lane: ColumnElement[int] = literal(int(work.lane), delivery.c.lane.type)
    due: ColumnElement[datetime] = literal(now, at)
    values: dict[str, Any] = {}
    if work.lane is Lane.ALERT:
        values = await quiet.nights(tx, urgent=urgent, after=work.after, upto=upto, now=now)
        night, on = quiet.night_of(tx, urgent=urgent)
        reached = reached.outerjoin(night, on)
        lane = case((night.c.until.is_not(None), literal_column(str(int(Lane.HELD)))), else_=lane)
        due = func.coalesce(night.c.until, due)
    chosen = (
        select(
            literal(work.bot_id, delivery.c.bot_id.type),
            literal(work.edition_id, delivery.c.id.type),
            destination.c.id,
            lane,
            literal(DeliveryState.QUEUED.value, delivery.c.state.type),
            due,
            literal(now, at),
        )
        .select_from(reached)
        .where(
            destination.c.bot_id == work.bot_id,
            destination.c.id > work.after,
            destination.c.id <= upto,
            *_reached(work.audience, now),
        )
        .order_by(destination.c.id)
    )
    query = insert_into(tx, delivery).from_select(columns, chosen)
    query = query.on_conflict_do_nothing(index_elements=["edition_id", "destination_id"])
    return (await tx.execute(query, values, execution_options={"preserve_rowcount": True})).rowcount


def _reached(audience: Audience, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        chat.c.state == ChatState.ACTIVE,
        or_(destination.c.muted_until.is_(None), destination.c.muted_until <= now),
        _wants(audience),
    )


def _wants(audience: Audience) -> ColumnElement[bool]:
    if not audience.chains:
        return and_(True)
    return or_(*(_nearest(chain).in_([mode.value for mode in audience.modes]) for chain in audience.chains))


def _nearest(chain: Sequence[int]) -> ColumnElement[str]:
    """The mode of the first topic of the chain that the destination has any setting for."""
    found = [
        select(subscription.c.mode)
        .where(subscription.c.destination_id == destination.c.id, subscription.c.topic_id == topic_id)
        .scalar_subquery()
        for topic_id in chain
    ]
    return func.coalesce(*found, "") if len(found) > 1 else func.coalesce(found[0], "")


def _fanout(row: Row[Any]) -> Fanout:
    audience = Audience.from_json(row.audience or {"chains": [], "modes": []})
    return Fanout(row.id, row.bot_id, Lane(row.lane), audience, row.fanout_after or 0, row.urgency == quiet.URGENT)
