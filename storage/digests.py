"""What the digest tick reads and writes, many destinations in a statement.

Destinations for which everything is alike that decides about a digest come as one case: so planning costs by the case,
and a destination costs its rows in the database and two numbers here.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    Text,
    Update,
    bindparam,
    cast,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.types import NullType

from storage.batches import Batch
from storage.database import Connection, insert_into
from storage.records import ArticleStatus, ChatState, DeliveryState, Lane, Layout, Mode, ScheduleEntry
from storage.schema import article, article_topic, chat, delivery, destination, digest_slot, schedule, subscription
from storage.slots import Slot

# SQLite takes 500 terms in a compound SELECT.
TOPICS_AT_ONCE = 100
PLACES_AT_ONCE, CASES_AT_ONCE = 500, 100
CASES_KEPT = 1_000  # from page to page

Place = tuple[int, tuple[int, ...]]  # a destination's id, and those of its due entries, in the order of its case
Position = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Case:
    """What decides about a digest. `times`: the due entries, numbered from 0; `modes`: the settings by topic id."""

    times: tuple[ScheduleEntry, ...]
    zone: str
    language: str
    state: ChatState
    digest_length: int
    digest_through: datetime | None
    muted_until: datetime | None
    modes: tuple[tuple[int, Mode], ...]
    says_nothing: bool = False
    rich: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Due destinations by case. `last`: after which the next page begins."""

    cases: dict[Case, list[Place]]
    last: Position | None

    @property
    def places(self) -> int:
        return sum(map(len, self.cases.values()))


@dataclass(frozen=True, slots=True)
class Filing:
    """That an article stands under a topic."""

    released_at: datetime
    article_id: int
    salience: float


_GIVEN = Batch("id")
_PAIRS = Batch("edition", "destination")
_FOLLOWED = (
    select(func.aggregate_strings(cast(subscription.c.topic_id, Text) + ":" + subscription.c.mode, ","))
    .where(subscription.c.destination_id == destination.c.id)
    .scalar_subquery()
)


def _as_read(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Times as the driver gives them: made of each row they cost more than the row. `_moment` makes those of a case."""
    return type_coerce(column, NullType())


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):  # SQLite's
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return None if value is None else value.astimezone(UTC)


def _due(*further: ColumnElement[bool]) -> Select[Any]:
    # Not joined: then neither planner can begin with all the bot's chats, as each did where its statistics misled it.
    # Within coalesce PostgreSQL takes it for true of every other row, not of one in 200, and compiles nothing for it.
    bot_of = select(destination.c.bot_id).where(destination.c.id == schedule.c.destination_id).scalar_subquery()
    ours = func.coalesce(bot_of == bindparam("bot"), false())
    first = (
        select(schedule.c.destination_id)
        .where(schedule.c.next_at <= bindparam("now"), ours, *further)
        .order_by(schedule.c.next_at, schedule.c.id)
        .limit(bindparam("limit"))
    )
    return (
        select(
            schedule.c.destination_id,
            schedule.c.id,
            schedule.c.weekdays,
            schedule.c.minute,
            schedule.c.every_hours,
            _as_read(schedule.c.next_at),
            chat.c.zone,
            chat.c.language,
            chat.c.state,
            destination.c.digest_length,
            _as_read(destination.c.digest_through),
            _as_read(destination.c.muted_until),
            _as_read(destination.c.says_nothing),
            destination.c.layout,
            _FOLLOWED.label("followed"),
        )
        .join(destination, destination.c.id == schedule.c.destination_id)
        .join(chat, (chat.c.bot_id == destination.c.bot_id) & (chat.c.chat_id == destination.c.chat_id))
        .where(schedule.c.next_at <= bindparam("now"), schedule.c.destination_id.in_(first))
        .order_by(schedule.c.destination_id, schedule.c.next_at, schedule.c.id)
    )


# Built once: for each batch anew they cost more than its reading.
_FIRST_PAGE = _due()
_NEXT_PAGE = _due(
    tuple_(schedule.c.next_at, schedule.c.id) > tuple_(bindparam("at", type_=schedule.c.next_at.type), bindparam("id"))
)


async def due(tx: Connection, bot_id: int, now: datetime, limit: int, after: Position | None = None) -> Page:
    """All due entries of up to `limit` destinations, those waiting longest first."""
    asked = {"bot": bot_id, "now": now, "limit": limit}
    if after is None:
        return await _page((await tx.execute(_FIRST_PAGE, asked)).all())
    return await _page((await tx.execute(_NEXT_PAGE, asked | {"at": after[0], "id": after[1]})).all())


async def _page(rows: Iterable[Row[Any]]) -> Page:
    """`last`: each destination was found by its first entry; what of it stands later is dealt with all the same."""
    found: dict[tuple[Any, ...], list[Place]] = {}
    firsts = []
    for number, (destination_id, group) in enumerate(groupby(rows, itemgetter(0))):
        if number % PLACES_AT_ONCE == 0:
            await asyncio.sleep(0)  # others have their turn
        entries: list[Any] = list(group)
        first, *others = entries
        firsts.append(first)
        key: tuple[Any, ...] = (first[2:], *[row[2:6] for row in others])
        found.setdefault(key, []).append((destination_id, (first[1], *[row[1] for row in others])))
    cases: dict[Case, list[Place]] = {}
    for number, (key, places) in enumerate(found.items(), start=1):
        cases.setdefault(_case(key), []).extend(places)  # PostgreSQL gives the settings in any order: so twice the same
        if number % CASES_AT_ONCE == 0:
            await asyncio.sleep(0)  # where no two are alike, a page is 2,000 of them
    return Page(cases, _last(firsts))


def _last(firsts: Sequence[Row[Any]]) -> Position | None:
    at, entry_id = max(map(itemgetter(5, 1), firsts), default=(None, 0))
    moment = _moment(at)
    return None if moment is None else (moment, entry_id)


@lru_cache(CASES_KEPT)
def _case(key: tuple[Any, ...]) -> Case:
    zone, language, state, length, through, muted_until, says_nothing, layout, followed = key[0][4:]
    times = tuple(
        ScheduleEntry(number, 0, weekdays, minute, every_hours, _moment(next_at))
        for number, (weekdays, minute, every_hours, next_at) in enumerate([facts[:4] for facts in key])
    )
    moments = _moment(through), _moment(muted_until)
    wishes = {"says_nothing": bool(says_nothing), "rich": layout == Layout.RICH}
    return Case(times, zone, language, ChatState(state), length, *moments, _modes(followed), **wishes)


def _modes(followed: str | None) -> tuple[tuple[int, Mode], ...]:
    pairs = [item.split(":") for item in (followed or "").split(",") if item]
    return tuple(sorted((int(topic_id), Mode(mode)) for topic_id, mode in pairs))


async def filings(
    tx: Connection, *, topic_ids: Collection[int], start: datetime, end: datetime, limit: int
) -> dict[int, list[Filing]]:
    """By topic, what became usable in (start, end], the archive excepted: the latest `limit` of each, latest first."""
    found: dict[int, list[Filing]] = {topic_id: [] for topic_id in topic_ids}
    columns = (article_topic.c.topic_id, article_topic.c.released_at, article_topic.c.article_id)
    asked = sorted(found)
    for begin in range(0, len(asked), TOPICS_AT_ONCE):
        parts = [
            select(*columns, article_topic.c.salience)
            .where(article_topic.c.topic_id == topic_id)
            .where(article_topic.c.released_at > start, article_topic.c.released_at <= end)
            .order_by(article_topic.c.released_at.desc(), article_topic.c.article_id.desc())
            .limit(limit)
            for topic_id in asked[begin : begin + TOPICS_AT_ONCE]
        ]
        for row in await tx.execute(union_all(*(select(part.subquery()) for part in parts))):
            found[row[0]].append(Filing(row[1], row[2], row[3]))
    return found


async def begun(tx: Connection, story_ids: Collection[int], by: datetime) -> set[int]:
    """Those of the stories that had an article for readers by then."""
    if not story_ids:
        return set()
    told = (article.c.status == ArticleStatus.USABLE, article.c.released_at <= by, ~article.c.archive)
    query = select(article.c.story_id).distinct().where(article.c.story_id.in_(story_ids), *told)
    return {int(story_id) for story_id in await tx.scalars(query)}


# Writing


def _of(tx: Connection) -> FromClause:
    return _GIVEN.of[tx.dialect.name]


def _moved(given: FromClause) -> Update:
    return (
        update(schedule)
        .where(schedule.c.id.in_(select(given.c.id)), schedule.c.next_at == bindparam("was"))
        .values(next_at=bindparam("following"))
        .returning(schedule.c.id)
    )


_MOVED = {name: _moved(given) for name, given in _GIVEN.of.items()}
_THROUGH = {
    name: update(destination)
    .where(destination.c.id.in_(select(given.c.id)))
    .values(digest_through=bindparam("through"))
    for name, given in _GIVEN.of.items()
}


async def advance(tx: Connection, was: datetime, following: datetime | None, entry_ids: Iterable[int]) -> set[int]:
    """Entries that still stand at `was` go on to their next moment, held until the commit; gives their ids."""
    values = _GIVEN.values(tx, [(entry_id,) for entry_id in entry_ids])
    found = await tx.scalars(_MOVED[tx.dialect.name], values | {"was": was, "following": following})
    return set(found.all())


async def take_slot(tx: Connection, slot: Slot, destination_ids: Collection[int]) -> set[int]:
    """Write down that these destinations' slot is dealt with; gives those for which it had not been."""
    if not destination_ids:
        return set()
    given = _of(tx)
    columns = [given.c.id, literal(slot.key), literal(slot.at, digest_slot.c.due_at.type)]
    query = insert_into(tx, digest_slot).from_select(
        ["destination_id", "slot", "due_at"], select(*columns).where(true())
    )
    query = query.on_conflict_do_nothing(index_elements=["destination_id", "slot"])
    values = _GIVEN.values(tx, [(destination_id,) for destination_id in destination_ids])
    return set((await tx.scalars(query.returning(digest_slot.c.destination_id), values)).all())


async def set_through(tx: Connection, through: datetime, destination_ids: Collection[int]) -> None:
    """The end of these destinations' last digest window."""
    if destination_ids:
        values = _GIVEN.values(tx, [(destination_id,) for destination_id in destination_ids])
        await tx.execute(_THROUGH[tx.dialect.name], values | {"through": through})


async def queue(tx: Connection, bot_id: int, lane: Lane, pairs: Sequence[tuple[int, int]], now: datetime) -> None:
    """Queue for each (edition id, destination id) a delivery, where there is none yet."""
    if not pairs:
        return
    given, at = _PAIRS.of[tx.dialect.name], delivery.c.not_before.type
    chosen = select(
        literal(bot_id, delivery.c.bot_id.type),
        given.c.edition,
        given.c.destination,
        literal_column(str(int(lane))),
        literal(DeliveryState.QUEUED.value, delivery.c.state.type),
        literal(now, at),
        literal(now, at),
    ).where(true())
    columns = ["bot_id", "edition_id", "destination_id", "lane", "state", "not_before", "created_at"]
    query = insert_into(tx, delivery).from_select(columns, chosen)
    query = query.on_conflict_do_nothing(index_elements=["edition_id", "destination_id"])
    await tx.execute(query, _PAIRS.values(tx, pairs))
