"""Full text, newest first, on both databases over the one search column that storage.words builds.

On SQLite the full-text row's id is (seconds of published_at) · 2³¹ + article id: walking the index backwards is walking
the articles newest first, and a page costs the same in the middle of a million.

PostgreSQL's GIN index has no order, and its planner can't know whether two words ever meet: it either sorts all that
hold them, or walks the whole archive for the few. So time is cut into stretches, each larger than the one before, and
the newest that fill the page end the search.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Integer, bindparam, text

from storage import articles
from storage.database import Connection
from storage.records import Article, Cursor
from storage.schema import UtcDateTime
from storage.words import is_single_cjk, phrases, search_text

__all__ = ["Query", "phrases", "search", "search_text"]

ID_SPAN = 1 << 31
# Articles, by published_at; after the last all that are left.
STRETCHES = (400, 4_000, 40_000)

Phrase = Sequence[str]
_Values = dict[str, Any]

_SAME_ROW = "article_fts.rowid = CAST(strftime('%s', article.published_at) AS INTEGER) * :span + article.id"
_SAME_ARTICLE = ("article_topic.published_at = article.published_at", "article_topic.article_id = article.id")


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: all of it must hold.

    `phrases` must each occur and none of `without`, as storage.words.phrases gives them. `topics`: for each topic asked
    for, the ids of it and of those under it. `source_ids`: any of these; None: any source. Published in
    [`since`, `until`).
    """

    phrases: tuple[Phrase, ...] = ()
    without: tuple[Phrase, ...] = ()
    topics: tuple[tuple[int, ...], ...] = ()
    source_ids: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is asked for that narrows the archive."""
        return self == Query(without=self.without)


async def search(
    tx: Connection,
    query: Query,
    *,
    limit: int,
    before: Cursor | None = None,
    stretches: Sequence[int] = STRETCHES,
) -> list[Article]:
    """Usable articles that match, by (published_at, id) descending. None for an empty query."""
    if query.is_empty or query.source_ids == ():
        return []
    if not query.phrases:
        ids = await _filtered(tx, query, limit, before)
    elif tx.dialect.name == "sqlite":
        ids = await _on_sqlite(tx, query, limit, before)
    else:
        ids = await _on_postgresql(tx, query, limit, before, stretches)
    return await articles.get_many(tx, ids)


async def _on_sqlite(tx: Connection, query: Query, limit: int, before: Cursor | None) -> list[int]:
    values: _Values = {"match": _fts5(query), "limit": limit, "below": (1 << 63) - 1, "from": -(1 << 63)}
    if query.until is not None:
        values["below"] = int(query.until.timestamp()) * ID_SPAN
    if before is not None:
        values["below"] = min(values["below"], int(before.at.timestamp()) * ID_SPAN + before.id)
    if query.since is not None:
        values["from"] = int(query.since.timestamp()) * ID_SPAN
    conditions = [
        "article_fts MATCH :match AND article_fts.rowid < :below AND article_fts.rowid >= :from",
        "article.status = 'usable'",
        *_narrowed(query, values),
    ]
    statement = _sql(
        "SELECT article.id FROM article_fts CROSS JOIN article ON article.id = article_fts.rowid & :ids",
        conditions,
        "ORDER BY article_fts.rowid DESC LIMIT :limit",
    )
    return await _ids(tx, statement, values | {"ids": ID_SPAN - 1})


def _fts5(query: Query) -> str:
    wanted = " AND ".join(_fts5_phrase(phrase) for phrase in query.phrases)
    return " NOT ".join([f"({wanted})", *(_fts5_phrase(phrase) for phrase in query.without)])


def _fts5_phrase(phrase: Phrase) -> str:
    return f'"{" ".join(phrase)}"{" *" if is_single_cjk(phrase) else ""}'


async def _on_postgresql(
    tx: Connection, query: Query, limit: int, before: Cursor | None, stretches: Sequence[int]
) -> list[int]:
    found: list[int] = []
    upper, at = query, before
    for size in (*stretches, None):
        border = None if size is None else await _border(tx, upper.until, at, size)
        last = border is None or (query.since is not None and border <= query.since)
        stretch = upper if last else replace(upper, since=border)
        found += await _stretch(tx, stretch, limit - len(found), at)
        if last or len(found) >= limit:
            break
        upper, at = replace(upper, until=border), None
    return found


async def _border(tx: Connection, until: datetime | None, before: Cursor | None, size: int) -> datetime | None:
    """When the article was published that stands `size` places on; None where fewer are left."""
    values: _Values = {"size": size}
    conditions = ["status = 'usable'", *_times(Query(until=until), before, values)]
    statement = _sql(
        "SELECT published_at FROM article", conditions, "ORDER BY published_at DESC, id DESC OFFSET :size LIMIT 1"
    )
    moment: datetime | None = await tx.scalar(_text(statement, values), values)
    return moment


async def _stretch(tx: Connection, query: Query, limit: int, before: Cursor | None) -> list[int]:
    values: _Values = {"limit": limit}
    terms = [_tsquery(phrase, f"p{number}", values) for number, phrase in enumerate(query.phrases)]
    terms += [f"!!{_tsquery(phrase, f'w{number}', values)}" for number, phrase in enumerate(query.without)]
    conditions = ["status = 'usable'", f"search_vector @@ ({' && '.join(terms)})"]
    conditions += [*_times(query, before, values), *_narrowed(query, values)]
    return await _ids(tx, _newest_first(conditions), values)


def _tsquery(phrase: Phrase, name: str, values: _Values) -> str:
    single = is_single_cjk(phrase)
    values[name] = f"{phrase[0]}:*" if single else " ".join(phrase)
    return f"{'to' if single else 'phraseto'}_tsquery('simple', :{name})"


async def _filtered(tx: Connection, query: Query, limit: int, before: Cursor | None) -> list[int]:
    """No word is asked for: the first topic's own order leads, or the articles'."""
    if not query.topics:
        values: _Values = {"limit": limit}
        conditions = ["status = 'usable'", *_times(query, before, values), *_narrowed(query, values)]
        conditions += _lacking(tx, query, values)
        return await _ids(tx, _newest_first(conditions), values)
    found: set[tuple[datetime, int]] = set()
    for topic_id in query.topics[0]:
        found |= await _of_topic(tx, topic_id, replace(query, topics=query.topics[1:]), limit, before)
    return [key[1] for key in sorted(found, reverse=True)[:limit]]


async def _of_topic(
    tx: Connection, topic_id: int, query: Query, limit: int, before: Cursor | None
) -> set[tuple[datetime, int]]:
    values: _Values = {"limit": limit, "topic": topic_id}
    conditions = [*_times(query, before, values, "filed.published_at", "filed.article_id"), *_narrowed(query, values)]
    conditions += _lacking(tx, query, values)
    statement = _sql(
        "SELECT filed.published_at AS at, filed.article_id AS id FROM article_topic AS filed"
        " JOIN article ON article.id = filed.article_id",
        ["filed.topic_id = :topic", *conditions],
        "ORDER BY filed.published_at DESC, filed.article_id DESC LIMIT :limit",
    )
    rows = await tx.execute(_text(statement, values).columns(at=UtcDateTime(), id=Integer()), values)
    return {(row.at, row.id) for row in rows}


def _lacking(tx: Connection, query: Query, values: _Values) -> list[str]:
    """What must not occur, where no word that must occur leads to the articles."""
    if not query.without:
        return []
    if tx.dialect.name == "sqlite":
        values["without"] = " OR ".join(_fts5_phrase(phrase) for phrase in query.without)
        values["span"] = ID_SPAN
        unwanted = _sql("SELECT 1 FROM article_fts", ["article_fts MATCH :without", _SAME_ROW])
        return [f"NOT EXISTS ({unwanted})"]
    terms = [_tsquery(phrase, f"w{number}", values) for number, phrase in enumerate(query.without)]
    return [f"NOT search_vector @@ ({' || '.join(terms)})"]


def _newest_first(conditions: Sequence[str]) -> str:
    return _sql("SELECT id FROM article", conditions, "ORDER BY published_at DESC, id DESC LIMIT :limit")


def _sql(beginning: str, conditions: Sequence[str], end: str = "") -> str:
    """All of constants of this module: what was typed comes in bound values only."""
    return " ".join([beginning, "WHERE", " AND ".join(conditions), end])


def _times(
    query: Query, before: Cursor | None, values: _Values, at: str = "published_at", key: str = "article.id"
) -> list[str]:
    conditions = []
    if before is not None:
        conditions.append(f"({at}, {key}) < (:at, :id)")
        values |= {"at": before.at, "id": before.id}
    if query.until is not None:
        conditions.append(f"{at} < :until")
        values["until"] = query.until
    if query.since is not None:
        conditions.append(f"{at} >= :since")
        values["since"] = query.since
    return conditions


def _narrowed(query: Query, values: _Values) -> list[str]:
    """By topics and sources."""
    conditions = []
    for number, ids in enumerate(query.topics):
        values[f"topics{number}"] = list(ids)
        found = _sql("SELECT 1 FROM article_topic", [f"article_topic.topic_id IN :topics{number}", *_SAME_ARTICLE])
        conditions.append(f"EXISTS ({found})")
    if query.source_ids is not None:
        values["sources"] = list(query.source_ids)
        conditions.append("article.source_id IN :sources")
    return conditions


async def _ids(tx: Connection, statement: str, values: _Values) -> list[int]:
    return list((await tx.scalars(_text(statement, values), values)).all())


def _text(statement: str, values: _Values) -> Any:
    """Times in the databases' own form, lists as lists."""
    bound: list[BindParameter[Any]]
    bound = [bindparam(name, expanding=True) for name, value in values.items() if isinstance(value, list)]
    bound += [bindparam(name, type_=UtcDateTime()) for name, value in values.items() if isinstance(value, datetime)]
    return text(statement).bindparams(*bound)
