"""What was composed to be sent, whom it is for, and its spreading into deliveries (fan-out)."""

from collections.abc import Collection, Sequence
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
    insert,
    join,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from storage import copies, corrections, quiet
from storage.database import Connection, insert_into
from storage.records import ChatState, DeliveryState, Edition, EditionKind, EditionPart, Lane, Mode
from storage.schema import (
    chat,
    delivery,
    delivery_part,
    destination,
    edition,
    edition_article,
    edition_part,
    subscription,
)

LANES = {
    EditionKind.DIGEST: Lane.DIGEST,
    EditionKind.ALERT: Lane.ALERT,
    EditionKind.PUSH: Lane.ALERT,
    EditionKind.CORRECTION: Lane.CORRECTION,
    EditionKind.KILL: Lane.CORRECTION,
    EditionKind.ANNOUNCEMENT: Lane.ANNOUNCEMENT,
}


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
class Head:
    """An edition without its parts. `spreading`: its fan-out is not finished."""

    id: int
    kind: EditionKind
    composed_at: datetime
    spreading: bool


@dataclass(frozen=True, slots=True)
class Fanout:
    """An edition that still has destinations to reach: those with ids over `after`."""

    edition_id: int
    bot_id: int
    lane: Lane
    audience: Audience
    after: int
    urgent: bool


async def make(
    tx: Connection,
    *,
    bot_id: int,
    kind: EditionKind,
    signature: str,
    parts: Sequence[EditionPart],
    now: datetime,
    audience: Audience | None = None,
    expires_at: datetime | None = None,
    requested_by: int | None = None,
    amends: int | None = None,
    correction_id: int | None = None,
    urgency: int | None = None,
) -> tuple[int, bool]:
    """Store an edition unless its signature is known; gives its id and whether it is new.

    With an audience its fan-out begins at once (storage.editions.spread), and so it does where it amends another one,
    whose copies are its audience; without, the caller adds the deliveries.

    Raises StaleEditionError where an article is not what it was when the parts were composed.
    """
    await corrections.hold_versions(tx, parts)
    made = await tx.execute(
        insert_into(tx, edition)
        .values(
            bot_id=bot_id,
            kind=kind,
            signature=signature,
            lane=LANES[kind],
            composed_at=now,
            expires_at=expires_at,
            audience=None if audience is None else audience.to_json(),
            fanout_after=None if audience is None and amends is None else 0,
            requested_by=requested_by,
            recipe=[part.layout for part in parts] if parts and all(part.layout for part in parts) else None,
            amends=amends,
            correction_id=correction_id,
            urgency=urgency,
        )
        .on_conflict_do_nothing(index_elements=["bot_id", "signature"])
        .returning(edition.c.id)
    )
    edition_id = made.scalar()
    if edition_id is None:
        known = await find(tx, bot_id, signature)
        if known is None:
            raise LookupError(f"the edition {signature!r} is neither new nor known")
        return known, False
    await _add_parts(tx, int(edition_id), parts)
    return int(edition_id), True


async def find(tx: Connection, bot_id: int, signature: str) -> int | None:
    found: int | None = await tx.scalar(
        select(edition.c.id).where(edition.c.bot_id == bot_id, edition.c.signature == signature)
    )
    return found


async def find_many(tx: Connection, bot_id: int, signatures: Collection[str]) -> dict[str, int]:
    rows = await tx.execute(
        select(edition.c.signature, edition.c.id).where(edition.c.bot_id == bot_id, edition.c.signature.in_(signatures))
    )
    return {row.signature: row.id for row in rows}


async def get(tx: Connection, edition_id: int) -> Edition | None:
    row = (await tx.execute(select(edition).where(edition.c.id == edition_id))).first()
    if row is None:
        return None
    return Edition(
        row.id,
        row.bot_id,
        EditionKind(row.kind),
        row.signature,
        Lane(row.lane),
        row.composed_at,
        row.expires_at,
        await _parts(tx, edition_id),
    )


async def of_article(tx: Connection, article_id: int) -> list[int]:
    """Ids of the editions that hold the article, oldest first."""
    rows = await tx.scalars(
        select(edition_article.c.edition_id)
        .where(edition_article.c.article_id == article_id)
        .distinct()
        .order_by(edition_article.c.edition_id)
    )
    return list(rows)


async def latest_ids(tx: Connection, bot_id: int, limit: int) -> list[int]:
    """The bot's last editions, latest first, but for those that carry out corrections."""
    query = (
        select(edition.c.id)
        .where(edition.c.bot_id == bot_id, edition.c.correction_id.is_(None))
        .order_by(edition.c.id.desc())
        .limit(limit)
    )
    return list(await tx.scalars(query))


async def head(tx: Connection, edition_id: int) -> Head:
    """Raises LookupError where there is no such edition."""
    row = (await tx.execute(select(edition).where(edition.c.id == edition_id))).first()
    if row is None:
        raise LookupError(f"there is no edition {edition_id}")
    return Head(row.id, EditionKind(row.kind), row.composed_at, row.fanout_after is not None)


async def count_deliveries(tx: Connection, edition_id: int) -> int:
    query = select(func.count()).select_from(delivery).where(delivery.c.edition_id == edition_id)
    return int(await tx.scalar(query) or 0) + await copies.count_places(tx, edition_id)


async def count_states(tx: Connection, edition_id: int) -> list[tuple[DeliveryState, str | None, int]]:
    """(state, reason, how many). What is not kept any more was sent."""
    rows = await tx.execute(
        select(delivery.c.state, delivery.c.reason, func.count())
        .where(delivery.c.edition_id == edition_id)
        .group_by(delivery.c.state, delivery.c.reason)
    )
    found = [(DeliveryState(row[0]), row[1], row[2]) for row in rows]
    before = await copies.count_places(tx, edition_id)
    return [*found, (DeliveryState.SENT, None, before)] if before else found


async def count_held(tx: Connection, edition_id: int) -> int:
    """Deliveries that wait for quiet hours to end."""
    held = (delivery.c.state == DeliveryState.QUEUED, delivery.c.lane == Lane.HELD)
    return int(await tx.scalar(select(func.count()).where(delivery.c.edition_id == edition_id, *held)) or 0)


async def count_doubts(tx: Connection, edition_id: int) -> int:
    """Messages of which a call was never answered."""
    query = (
        select(func.count())
        .select_from(delivery_part)
        .join(delivery, delivery.c.id == delivery_part.c.delivery_id)
        .where(delivery.c.edition_id == edition_id, delivery_part.c.in_doubt)
    )
    return int(await tx.scalar(query) or 0)


async def has_audience(tx: Connection, audience: Audience) -> bool:
    """Might anybody belong to it? Quick, and sometimes yes where the fan-out then finds nobody."""
    topics = {topic_id for chain in audience.chains for topic_id in chain}
    query = select(subscription.c.topic_id).where(
        subscription.c.topic_id.in_(topics), subscription.c.mode.in_([mode.value for mode in audience.modes])
    )
    return await tx.scalar(query.limit(1)) is not None


async def count_audience(tx: Connection, bot_id: int, audience: Audience, now: datetime) -> int:
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


async def add_deliveries(
    tx: Connection, edition_id: int, *, bot_id: int, lane: Lane, destination_ids: Collection[int], now: datetime
) -> int:
    """Queue the edition for these destinations; how many had none of it yet."""
    common = {
        "bot_id": bot_id,
        "edition_id": edition_id,
        "lane": lane,
        "state": DeliveryState.QUEUED,
        "not_before": now,
        "created_at": now,
    }
    rows = [common | {"destination_id": destination_id} for destination_id in sorted(destination_ids)]
    if not rows:
        return 0
    query = insert_into(tx, delivery).on_conflict_do_nothing(index_elements=["edition_id", "destination_id"])
    return len((await tx.execute(query.returning(delivery.c.id), rows)).all())


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


async def _add_parts(tx: Connection, edition_id: int, parts: Sequence[EditionPart]) -> None:
    if not parts:
        return
    await tx.execute(
        insert(edition_part),
        [
            {
                "edition_id": edition_id,
                "number": part.number,
                "text": part.text,
                "keyboard": part.keyboard,
                "gone": part.gone,
                "message_id": part.message_id,
                "rich": part.rich,
                "photo": part.photo,
            }
            for part in parts
        ],
    )
    await _add_articles(tx, edition_id, parts)


async def _add_articles(tx: Connection, edition_id: int, parts: Sequence[EditionPart]) -> None:
    articles = [
        {"edition_id": edition_id, "article_id": article_id, "number": part.number}
        for part in parts
        for article_id in part.article_ids
    ]
    if articles:
        await tx.execute(insert(edition_article), articles)


async def _parts(tx: Connection, edition_id: int) -> tuple[EditionPart, ...]:
    articles: dict[int, list[int]] = {}
    for row in await tx.execute(select(edition_article).where(edition_article.c.edition_id == edition_id)):
        articles.setdefault(row.number, []).append(row.article_id)
    rows = await tx.execute(
        select(edition_part).where(edition_part.c.edition_id == edition_id).order_by(edition_part.c.number)
    )
    return tuple(
        EditionPart(
            row.number,
            row.text,
            keyboard_of(row.keyboard),
            tuple(articles.get(row.number, ())),
            row.gone,
            rich=row.rich,
            photo=row.photo,
        )
        for row in rows
    )


def keyboard_of(value: list[list[list[str]]]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Rows of (text, callback data or URL), as stored in JSON."""
    return tuple(tuple((label, data) for label, data in row) for row in value)


def _fanout(row: Row[Any]) -> Fanout:
    audience = Audience.from_json(row.audience or {"chains": [], "modes": []})
    return Fanout(row.id, row.bot_id, Lane(row.lane), audience, row.fanout_after or 0, row.urgency == quiet.URGENT)
