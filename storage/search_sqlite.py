"""Search on SQLite: FTS5, whose row's id is (seconds of published_at) · 2³¹ + article id.

Walking the index backwards is walking the articles newest first, and a page costs the same in the middle of a million.
"""

from collections.abc import Sequence

from sqlalchemy import Integer

from storage.database import Connection
from storage.records import Cursor
from storage.schema import UtcDateTime
from storage.search_sql import FEW, Phrase, Query, Values, ids_of, narrowed, newest_first, sql, statement_of, times
from storage.words import is_single_cjk

ID_SPAN = 1 << 31
SOURCE = "\ue000"  # before a source's id in the index, and between it and its words: private, so that no text has it
SINGLE = 500  # of the newest articles are read where one CJK character is looked for

_SAME_ROW = "article_fts.rowid = CAST(strftime('%s', article.published_at) AS INTEGER) * :span + article.id"
# By the full-text row alone, without a look at the article: as SQLAlchemy stores times.
_PUBLISHED = "strftime('%Y-%m-%d %H:%M:%S', article_fts.rowid >> 31, 'unixepoch') || '.000000'"


async def find(tx: Connection, query: Query, limit: int, before: Cursor | None, read: int) -> list[int]:
    """One CJK character is looked for in the newest articles first.

    The index puts all pairs that begin with it together before it gives the newest; where they are many, some of them
    are new.
    """
    if not any(is_single_cjk(phrase) for phrase in (*query.phrases, *query.without)):
        return await _by_fts5(tx, query, limit, before)
    last = await _nth(tx, query, before, read)
    found = await _read_through(tx, query, limit, before, last)
    if last is None or len(found) == limit:
        return found
    return found + await _by_fts5(tx, query, limit - len(found), last)


async def _nth(tx: Connection, query: Query, before: Cursor | None, number: int) -> Cursor | None:
    """So many articles on; None where there are not so many."""
    values: Values = {"number": number}
    told = sql(
        "SELECT published_at AS at, id FROM article",
        ["status = 'usable'", *times(query, before, values)],
        "ORDER BY published_at DESC, id DESC LIMIT 1 OFFSET :number",
    )
    row = (await tx.execute(statement_of(told, values).columns(at=UtcDateTime(), id=Integer()), values)).first()
    return None if row is None else Cursor(row.at, row.id + 1)


async def _read_through(
    tx: Connection, query: Query, limit: int, before: Cursor | None, last: Cursor | None
) -> list[int]:
    """Of the articles before one and not before the other."""
    values: Values = {"limit": limit}
    conditions = ["status = 'usable'", *times(query, before, values), *narrowed(query, values)]
    if last is not None:
        conditions.append("(published_at, id) >= (:last_at, :last_id)")
        values |= {"last_at": last.at, "last_id": last.id}
    for number, phrase in enumerate((*query.phrases, *query.without)):
        found = "> 0" if number < len(query.phrases) else "= 0"
        conditions.append(f"instr(' ' || search || ' ', :p{number}) {found}")
        values[f"p{number}"] = " ".join(["", *phrase, *([] if is_single_cjk(phrase) else [""])])
    return await ids_of(tx, newest_first(conditions), values)


async def _by_fts5(tx: Connection, query: Query, limit: int, before: Cursor | None) -> list[int]:
    values: Values = {"match": _fts5(query), "limit": limit, "below": (1 << 63) - 1, "from": -(1 << 63)}
    if query.until is not None:
        values["below"] = int(query.until.timestamp()) * ID_SPAN
    if before is not None:
        values["below"] = min(values["below"], int(before.at.timestamp()) * ID_SPAN + before.id)
    if query.since is not None:
        values["from"] = int(query.since.timestamp()) * ID_SPAN
    conditions = [
        "article_fts MATCH :match AND article_fts.rowid < :below AND article_fts.rowid >= :from",
        "article.status = 'usable'",
        *narrowed(query, values, at=_PUBLISHED, key="article_fts.rowid & :ids"),
    ]
    statement = sql(
        "SELECT article.id FROM article_fts CROSS JOIN article ON article.id = article_fts.rowid & :ids",
        conditions,
        "ORDER BY article_fts.rowid DESC LIMIT :limit",
    )
    return await ids_of(tx, statement, values | {"ids": ID_SPAN - 1})


def _fts5(query: Query) -> str:
    source_ids = query.source_ids or ()
    own = source_ids if len(source_ids) <= FEW else ()
    wanted = [_fts5_phrase(phrase, own) for phrase in query.phrases]
    if source_ids and not (own and wanted):
        wanted.append(_any_of([f'"{SOURCE}{source_id}"' for source_id in source_ids]))
    return " NOT ".join([f"({' AND '.join(wanted)})", *(_fts5_phrase(phrase, own) for phrase in query.without)])


def _fts5_phrase(phrase: Phrase, own: Sequence[int] = ()) -> str:
    """`own`: in the words of these sources; none: in those of all."""
    beginnings = [f"{SOURCE}{source_id}{SOURCE}" for source_id in own] or [""]
    ending = '" *' if is_single_cjk(phrase) else '"'
    return _any_of([f'"{" ".join(f"{beginning}{word}" for word in phrase)}{ending}' for beginning in beginnings])


def _any_of(found: Sequence[str]) -> str:
    return f"({' OR '.join(found)})"


def lacking(query: Query, values: Values) -> list[str]:
    """What must not occur, where no word that must occur leads to the articles."""
    if not query.without:
        return []
    values |= {"without": " OR ".join(_fts5_phrase(phrase) for phrase in query.without), "span": ID_SPAN}
    unwanted = sql("SELECT 1 FROM article_fts", ["article_fts MATCH :without", _SAME_ROW])
    return [f"NOT EXISTS ({unwanted})"]
