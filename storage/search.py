"""Full text, newest first, on both databases over the one search column that storage.words builds."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Integer

from storage import articles, search_postgresql, search_sqlite
from storage.database import Connection
from storage.records import Article, Cursor
from storage.schema import UtcDateTime
from storage.search_sql import (
    FEW,
    NEWEST_FIRST,
    Query,
    Values,
    ids_of,
    narrowed,
    newest_first,
    sql,
    statement_of,
    times,
)
from storage.words import phrases, search_text

__all__ = ["Query", "phrases", "search", "search_text"]


async def search(
    tx: Connection,
    query: Query,
    *,
    limit: int,
    before: Cursor | None = None,
    read: int | None = None,
) -> list[Article]:
    """Usable articles that match, by (published_at, id) descending. None for an empty query.

    `read`: how many of the newest are read one by one, where that is the way; None: as is soonest.
    """
    if query.is_empty or query.source_ids == ():
        return []
    if not query.phrases and len(query.source_ids or ()) <= FEW:
        ids = await _filtered(tx, query, limit, before)
    elif tx.dialect.name == "sqlite":
        ids = await search_sqlite.find(tx, query, limit, before, read or search_sqlite.SINGLE)
    else:
        ids = await search_postgresql.find(tx, query, limit, before, read or search_postgresql.READ)
    return await articles.get_many(tx, ids)


async def _filtered(tx: Connection, query: Query, limit: int, before: Cursor | None) -> list[int]:
    """No word is asked for: the sources' own order leads, the first topic's, or the articles'."""
    found: set[tuple[datetime, int]] = set()
    if query.source_ids is not None:
        for source_id in query.source_ids:
            found |= await _of_source(tx, source_id, replace(query, source_ids=None), limit, before)
    elif query.topics:
        for topic_id in query.topics[0]:
            found |= await _of_topic(tx, topic_id, replace(query, topics=query.topics[1:]), limit, before)
    else:
        values: Values = {"limit": limit}
        conditions = ["status = 'usable'", *times(query, before, values), *_lacking(tx, query, values)]
        return await ids_of(tx, newest_first(conditions), values)
    return [key[1] for key in sorted(found, reverse=True)[:limit]]


async def _of_source(
    tx: Connection, source_id: int, query: Query, limit: int, before: Cursor | None
) -> set[tuple[datetime, int]]:
    """A topic holds usable articles only: where one is asked for, PostgreSQL needs no look at the articles."""
    values: Values = {"limit": limit, "source": source_id}
    conditions = [
        "source_id = :source",
        *times(query, before, values),
        *narrowed(query, values, apart=tx.dialect.name != "sqlite"),
    ]
    conditions += [*([] if query.topics else ["status = 'usable'"]), *_lacking(tx, query, values)]
    return await _keys(tx, sql("SELECT published_at AS at, id FROM article", conditions, NEWEST_FIRST), values)


async def _of_topic(
    tx: Connection, topic_id: int, query: Query, limit: int, before: Cursor | None
) -> set[tuple[datetime, int]]:
    values: Values = {"limit": limit, "topic": topic_id}
    conditions = [*times(query, before, values, "filed.published_at", "filed.article_id"), *narrowed(query, values)]
    conditions += _lacking(tx, query, values)
    statement = sql(
        "SELECT filed.published_at AS at, filed.article_id AS id FROM article_topic AS filed"
        " JOIN article ON article.id = filed.article_id",
        ["filed.topic_id = :topic", *conditions],
        "ORDER BY filed.published_at DESC, filed.article_id DESC LIMIT :limit",
    )
    return await _keys(tx, statement, values)


async def _keys(tx: Connection, statement: str, values: Values) -> set[tuple[datetime, int]]:
    rows = await tx.execute(statement_of(statement, values).columns(at=UtcDateTime(), id=Integer()), values)
    return {(row.at, row.id) for row in rows}


def _lacking(tx: Connection, query: Query, values: Values) -> list[str]:
    lacking = search_sqlite.lacking if tx.dialect.name == "sqlite" else search_postgresql.lacking
    return lacking(query, values)
