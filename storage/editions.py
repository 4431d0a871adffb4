"""What was composed to be sent, in its messages; and how it fares."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from storage import copies, corrections
from storage.audiences import Audience
from storage.database import Connection, insert_into
from storage.records import DeliveryState, Edition, EditionKind, EditionPart, Lane
from storage.schema import delivery, delivery_part, edition, edition_article, edition_part

LANES = {
    EditionKind.DIGEST: Lane.DIGEST,
    EditionKind.ALERT: Lane.ALERT,
    EditionKind.PUSH: Lane.ALERT,
    EditionKind.CORRECTION: Lane.CORRECTION,
    EditionKind.KILL: Lane.CORRECTION,
    EditionKind.ANNOUNCEMENT: Lane.ANNOUNCEMENT,
}


@dataclass(frozen=True, slots=True)
class Head:
    """An edition without its parts. `spreading`: its fan-out is not finished."""

    id: int
    kind: EditionKind
    composed_at: datetime
    spreading: bool


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

    With an audience its fan-out begins at once (storage.audiences.spread), and so it does where it amends another one,
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
            recipe=_recipe(parts),
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
    await _add_parts(tx, {int(edition_id): parts})
    return int(edition_id), True


async def make_many(
    tx: Connection, *, bot_id: int, kind: EditionKind, composed: Mapping[str, Sequence[EditionPart]], now: datetime
) -> dict[str, int]:
    """As `make`, of several signatures with a statement of each kind; gives their ids, also those of known ones."""
    await corrections.hold_versions(tx, [part for parts in composed.values() for part in parts])
    common = {"bot_id": bot_id, "kind": kind, "lane": LANES[kind], "composed_at": now}
    rows = [common | {"signature": signature, "recipe": _recipe(parts)} for signature, parts in composed.items()]
    query = insert_into(tx, edition).on_conflict_do_nothing(index_elements=["bot_id", "signature"])
    found = (await tx.execute(query.returning(edition.c.signature, edition.c.id), rows)).all()
    made = {row.signature: int(row.id) for row in found}
    await _add_parts(tx, {edition_id: composed[signature] for signature, edition_id in made.items()})
    known = set(composed).difference(made)
    return made | (await find_many(tx, bot_id, known) if known else {})


def _recipe(parts: Sequence[EditionPart]) -> list[Any] | None:
    return [part.layout for part in parts] if parts and all(part.layout for part in parts) else None


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


async def _add_parts(tx: Connection, made: Mapping[int, Sequence[EditionPart]]) -> None:
    """By edition id."""
    placed = [(edition_id, part) for edition_id, parts in made.items() for part in parts]
    if placed:
        await tx.execute(insert(edition_part), [_part_row(edition_id, part) for edition_id, part in placed])
    articles = [
        {"edition_id": edition_id, "article_id": article_id, "number": part.number}
        for edition_id, part in placed
        for article_id in part.article_ids
    ]
    if articles:
        await tx.execute(insert(edition_article), articles)


def _part_row(edition_id: int, part: EditionPart) -> dict[str, Any]:
    return {
        "edition_id": edition_id,
        "number": part.number,
        "text": part.text,
        "keyboard": part.keyboard,
        "gone": part.gone,
        "message_id": part.message_id,
        "rich": part.rich,
        "photo": part.photo,
    }


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
