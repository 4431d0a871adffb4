"""The archive's articles as they are tagged again: their texts, how they stand, and other topics for them.

When an article was published and released is taken from itself, and no alert is made due: it is no news again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, Select, Table, bindparam, delete, func, insert, select, union_all, update

from storage import by_hand
from storage.articles import EPOCH
from storage.database import Connection
from storage.records import ArticleStatus
from storage.schema import article, article_topic, article_topic_pending


@dataclass(frozen=True, slots=True)
class Text:
    """What of an article decides on its topics, and what it is called by."""

    article_id: int
    version: int
    headline: str
    paragraphs: tuple[str, ...]
    dateline: str | None
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How an article is filed: topic id → salience, and what editors said. `released_at`: None while not usable."""

    version: int
    topics: Mapping[int, float]
    by_hand: Mapping[int, bool]
    published_at: datetime
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class Refiled:
    """An article's topics from now on."""

    article_id: int
    standing: Standing
    topics: Mapping[int, float]

    @property
    def gained(self) -> dict[int, float]:
        return {key: value for key, value in self.topics.items() if key not in self.standing.topics}

    @property
    def lost(self) -> list[int]:
        return [key for key in self.standing.topics if key not in self.topics]

    @property
    def weighed_otherwise(self) -> dict[int, float]:
        before = self.standing.topics
        return {key: value for key, value in self.topics.items() if key in before and before[key] != value}


_TEXT = tuple(article.c[name] for name in ("id", "version", "headline", "paragraphs", "dateline", "published_at"))


async def texts(tx: Connection, *, before_id: int, limit: int) -> list[Text]:
    """The newest articles of an id below this one, whatever their status."""
    query = select(*_TEXT).where(article.c.id < before_id)
    return await _texts(tx, query.order_by(article.c.id.desc()).limit(limit))


async def _texts(tx: Connection, query: Select[Any]) -> list[Text]:
    return [
        Text(row.id, row.version, row.headline, tuple(row.paragraphs), row.dateline, row.published_at)
        for row in await tx.execute(query)
    ]


async def texts_of(tx: Connection, ids: Collection[int]) -> list[Text]:
    return await _texts(tx, select(*_TEXT).where(article.c.id.in_(ids)))


async def newest_id(tx: Connection) -> int:
    return int(await tx.scalar(select(func.max(article.c.id))) or 0)


async def standing(tx: Connection, ids: Collection[int], *, hold: bool = False) -> dict[int, Standing]:
    """How these articles stand. `hold`: as they stay until the commit, without those that somebody else holds.

    Nothing is waited for: who would wait while he holds others' articles could wait for ever.
    """
    columns = (article.c.id, article.c.version, article.c.status, article.c.archive)
    query = select(*columns, article.c.published_at, article.c.released_at).where(article.c.id.in_(ids))
    if hold:
        query = query.with_for_update(skip_locked=True, key_share=True)
    rows = (await tx.execute(query)).all()
    held = [row.id for row in rows]
    filed, words = await _filed(tx, held), await by_hand.of(tx, held)
    return {
        row.id: Standing(
            version=row.version,
            topics=filed.get(row.id, {}),
            by_hand={key: word.filed for key, word in words.get(row.id, {}).items()},
            published_at=row.published_at,
            released_at=_released(row),
        )
        for row in rows
    }


def _released(row: Any) -> datetime | None:
    if row.status != ArticleStatus.USABLE:
        return None
    return EPOCH if row.archive else row.released_at


async def _filed(tx: Connection, ids: Collection[int]) -> dict[int, dict[int, float]]:
    tables = (article_topic, article_topic_pending)
    query = union_all(
        *(select(t.c.article_id, t.c.topic_id, t.c.salience).where(t.c.article_id.in_(ids)) for t in tables)
    )
    found: dict[int, dict[int, float]] = {}
    for row in await tx.execute(query):
        found.setdefault(row.article_id, {})[row.topic_id] = row.salience
    return found


async def put(tx: Connection, given: Collection[Refiled]) -> None:
    """File these articles, which the transaction holds, under other topics."""
    await _put_usable(tx, [one for one in given if one.standing.released_at is not None])
    await _put_pending(tx, [one for one in given if one.standing.released_at is None])


async def _put_usable(tx: Connection, given: Collection[Refiled]) -> None:
    table = article_topic
    mine = (*_mine(table), table.c.published_at == bindparam("the_time"))
    gone = [_key(one, key) | {"the_time": one.standing.published_at} for one in given for key in one.lost]
    await _each(tx, delete(table).where(*mine), gone)
    new = [
        _row(one, key, value) | {"published_at": one.standing.published_at, "released_at": one.standing.released_at}
        for one in given
        for key, value in one.gained.items()
    ]
    await _each(tx, insert(table), new)
    other = [
        _key(one, key) | {"the_time": one.standing.published_at, "value": value}
        for one in given
        for key, value in one.weighed_otherwise.items()
    ]
    await _each(tx, update(table).where(*mine).values(salience=bindparam("value")), other)


async def _put_pending(tx: Connection, given: Collection[Refiled]) -> None:
    table = article_topic_pending
    await _each(tx, delete(table).where(*_mine(table)), [_key(one, key) for one in given for key in one.lost])
    await _each(tx, insert(table), [_row(one, key, value) for one in given for key, value in one.gained.items()])
    other = [_key(one, key) | {"value": value} for one in given for key, value in one.weighed_otherwise.items()]
    await _each(tx, update(table).where(*_mine(table)).values(salience=bindparam("value")), other)


def _mine(table: Table) -> tuple[Any, Any]:
    return (table.c.article_id == bindparam("the_article"), table.c.topic_id == bindparam("the_topic"))


def _key(one: Refiled, topic_id: int) -> dict[str, Any]:
    return {"the_article": one.article_id, "the_topic": topic_id}


def _row(one: Refiled, topic_id: int, salience: float) -> dict[str, Any]:
    return {"article_id": one.article_id, "topic_id": topic_id, "salience": salience}


async def _each(tx: Connection, statement: Executable, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await tx.execute(statement, rows)
