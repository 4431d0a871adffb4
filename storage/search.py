"""Full text, newest first, on both databases over the one search column that storage.words builds.

On SQLite the full-text row's id is (seconds of published_at) · 2³¹ + article id: walking the index backwards is walking
the articles newest first, and a page costs the same in the middle of a million.

PostgreSQL's GIN index has no order, and its planner can't know whether two words ever meet: left alone it sorts all
that hold them, or walks the whole archive for the few (ten seconds for an unknown word among a million articles). So
each article is also indexed under its source, the hour, and the spans of 8, 64, 512 and 4,096 hours of publishing. The
newest few are read one by one; then time is cut into stretches, each larger than the one before, the index meets the
words with a stretch's spans, and the newest that fill the page end the search. What the index can't tell (do the words
follow one another, is it in the topic) is asked of its candidates newest first, until there are enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Integer, bindparam, text

from storage import articles
from storage.database import Connection
from storage.records import Article, Cursor
from storage.schema import UtcDateTime
from storage.words import is_single_cjk, phrases, search_text

__all__ = ["Query", "phrases", "search", "search_text"]

ID_SPAN = 1 << 31
SOURCE = "\ue000"  # before a source's id in SQLite's index: private, so that no text has it
# The newest so many articles are read one by one; how long they took to appear sets the first stretch of the index.
READ = 100
GROWTH = 8
# A stretch is met with at most so many spans; what it covers beyond is left out afterwards.
MOST_SPANS = 10
HOUR = 3_600
LARGEST_SPAN = 4
SETTINGS = {"jit": "off", "max_parallel_workers_per_gather": "0", "work_mem": "16MB"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SETTINGS = [f"set_config('{name}', '{value}', true)" for name, value in SETTINGS.items()]
_TOLD = """SELECT array_agg(id ORDER BY at DESC, id DESC) FILTER (WHERE found) AS found, count(*) AS size,
    max(at) AS newest, min(at) AS last_at, (array_agg(id ORDER BY at, id))[1] AS last_id,
    (SELECT min(published_at) FROM article WHERE status = 'usable') AS oldest"""

Phrase = Sequence[str]
_Values = dict[str, Any]

_SAME_ROW = "article_fts.rowid = CAST(strftime('%s', article.published_at) AS INTEGER) * :span + article.id"
# By the full-text row alone, without a look at the article: as SQLAlchemy stores times.
_PUBLISHED = "strftime('%Y-%m-%d %H:%M:%S', article_fts.rowid >> 31, 'unixepoch') || '.000000'"


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
    read: int = READ,
) -> list[Article]:
    """Usable articles that match, by (published_at, id) descending. None for an empty query."""
    if query.is_empty or query.source_ids == ():
        return []
    if not query.phrases and query.source_ids is None:
        ids = await _filtered(tx, query, limit, before)
    elif tx.dialect.name == "sqlite":
        ids = await _on_sqlite(tx, query, limit, before)
    else:
        ids = await _on_postgresql(tx, query, limit, before, read)
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
        *_narrowed(query, values, at=_PUBLISHED, key="article_fts.rowid & :ids"),
    ]
    statement = _sql(
        "SELECT article.id FROM article_fts CROSS JOIN article ON article.id = article_fts.rowid & :ids",
        conditions,
        "ORDER BY article_fts.rowid DESC LIMIT :limit",
    )
    return await _ids(tx, statement, values | {"ids": ID_SPAN - 1})


def _fts5(query: Query) -> str:
    wanted = [_fts5_phrase(phrase) for phrase in query.phrases]
    if query.source_ids is not None:
        wanted.append("(" + " OR ".join(f'"{SOURCE}{source_id}"' for source_id in query.source_ids) + ")")
    return " NOT ".join([f"({' AND '.join(wanted)})", *(_fts5_phrase(phrase) for phrase in query.without)])


def _fts5_phrase(phrase: Phrase) -> str:
    return f'"{" ".join(phrase)}"{" *" if is_single_cjk(phrase) else ""}'


async def _on_postgresql(tx: Connection, query: Query, limit: int, before: Cursor | None, read: int) -> list[int]:
    """Two statements at most: the way there and back, and planning, are most of what a search costs."""
    newest = await _newest(tx, query, before, read)
    if newest.last is None or len(newest.found) >= limit:
        return newest.found[:limit]
    stretches = _stretches(newest, newest.last.at, query)
    return newest.found + await _indexed(tx, query, stretches, limit - len(newest.found), newest.last)


@dataclass(frozen=True, slots=True)
class _Newest:
    """What the newest articles hold. `last` of them, None where there are no more; `length`: how long they took.

    `oldest`: when the archive begins.
    """

    found: list[int]
    last: Cursor | None
    length: timedelta
    oldest: datetime


async def _newest(tx: Connection, query: Query, before: Cursor | None, read: int) -> _Newest:
    """Article by article: common words are found among them, and they are soon read.

    For the statement that may follow: no time is lost on compiling it or on starting others to help, and the index's
    answer is remembered by the row, not by the page.
    """
    values: _Values = {"read": read}
    conditions = ["status = 'usable'", *_times(query, before, values)]
    wanted = _terms(query, values)
    matches = " AND ".join([f"search_vector @@ ({wanted})" if wanted else "true", *_narrowed(query, values)])
    rows = _sql(
        " ".join(["SELECT id, published_at AS at,", matches, "AS found FROM article"]),
        conditions,
        "ORDER BY published_at DESC, id DESC LIMIT :read",
    )
    statement = _of(" ".join([_TOLD, ",".join(["", *_SETTINGS])]), rows)
    row = (await tx.execute(_text(statement, values), values)).one()
    if row.size < read:
        return _Newest(row.found or [], None, timedelta(), EPOCH)
    return _Newest(row.found or [], Cursor(row.last_at, row.last_id), row.newest - row.last_at, row.oldest)


def _stretches(newest: _Newest, last: datetime, query: Query) -> list[tuple[datetime, datetime]]:
    """[since, until) of each, newest first: all before `last`, each stretch GROWTH times as long as the one before."""
    until, length = last + timedelta(seconds=1), max(newest.length, timedelta(hours=1))
    oldest = newest.oldest if query.since is None else max(newest.oldest, query.since)
    found = []
    while until > oldest:
        length *= GROWTH
        since = oldest if until - oldest < 2 * length else until - length
        found.append((since, until))
        until = since
    return found


async def _indexed(
    tx: Connection, query: Query, stretches: Sequence[tuple[datetime, datetime]], limit: int, before: Cursor
) -> list[int]:
    """Stretch after stretch, none where those before filled the page: then its count is not below the limit."""
    values: _Values = {"limit": limit}
    parts, told = [], "0"
    for number, stretch in enumerate(stretches):
        rows = _stretch(query, stretch, number, before, told, values)
        parts.append(" ".join([f"s{number} AS MATERIALIZED (", rows, ")"]))
        told = " ".join([told, "+ (SELECT count(*) FROM", f"s{number})"])
    whole = " UNION ALL ".join(" ".join(["SELECT id, published_at FROM", f"s{number}"]) for number in range(len(parts)))
    statement = ["WITH", ", ".join(parts), _of("SELECT id", whole), "ORDER BY published_at DESC, id DESC LIMIT :limit"]
    return await _ids(tx, " ".join(statement), values) if parts else []


def _stretch(
    query: Query, stretch: tuple[datetime, datetime], number: int, before: Cursor, told: str, values: _Values
) -> str:
    """By the index alone all that may match; then newest first what it can't tell, until there are enough.

    OFFSET 0 keeps the planner from other ways, which its guesses make look shorter.
    """
    values |= {f"since{number}": stretch[0], f"until{number}": stretch[1]}
    terms = [wanted] if (wanted := _terms(query, values, apart=True)) else []
    if spans := _spans(*stretch):
        values[f"spans{number}"] = " | ".join(f"'{span}'" for span in spans)
        terms.append(f"CAST(:spans{number} AS tsquery)")
    if query.source_ids is not None:
        values["from_sources"] = " | ".join(f"'@s.{source_id}'" for source_id in query.source_ids)
        terms.append("CAST(:from_sources AS tsquery)")
    candidates = _sql(
        "SELECT id, published_at, status, source_id FROM article",
        [f"({told}) < :limit", f"article_terms(search_vector, published_at, source_id) @@ ({' && '.join(terms)})"],
        "OFFSET 0",
    )
    inside = [f"published_at >= :since{number}", f"published_at < :until{number}"]
    newest = _sql(
        _of("SELECT id, published_at, source_id", candidates),
        ["status = 'usable'", *inside, *_times(query, before, values)],
        "ORDER BY published_at DESC, id DESC OFFSET 0",
    )
    conditions = [*_in_order(query, values), *_narrowed(query, values, apart=True)]
    return _sql(_of("SELECT id, published_at", newest), conditions or ["true"], "LIMIT :limit")


def _in_order(query: Query, values: _Values) -> list[str]:
    """What the index can't tell of phrases: that their words follow one another."""
    if all(len(phrase) == 1 for phrase in (*query.phrases, *query.without)):
        return []
    follow = ["(SELECT whole.search_vector @@ (", _terms(query, values), ") FROM article AS whole"]
    return [" ".join([*follow, "WHERE whole.id = article.id)"])]


def _terms(query: Query, values: _Values, *, apart: bool = False) -> str:
    """`apart`: of a phrase only that its words occur, which needs no look at the article."""
    wanted = [_tsquery(phrase, f"p{number}", values, apart) for number, phrase in enumerate(query.phrases)]
    unwanted = [
        f"!!{_tsquery(phrase, f'w{number}', values)}"
        for number, phrase in enumerate(query.without)
        if not apart or len(phrase) == 1
    ]
    return " && ".join([*wanted, *unwanted])


def _spans(since: datetime, until: datetime) -> list[str]:
    """The fewest spans of one length, at most MOST_SPANS, in which all of [since, until) lies; none: all of time."""
    first, last = int(since.timestamp() // HOUR), int(until.timestamp() // HOUR)
    for level in range(LARGEST_SPAN + 1):
        low, high = first >> 3 * level, last >> 3 * level
        if high - low < MOST_SPANS:
            return [f"@{level}.{number}" for number in range(low, high + 1)]
    return []


def _tsquery(phrase: Phrase, name: str, values: _Values, apart: bool = False) -> str:
    single = is_single_cjk(phrase)
    key = f"{name}a" if apart else name
    values[key] = f"{phrase[0]}:*" if single else " ".join(phrase)
    return f"{'to' if single else 'plainto' if apart else 'phraseto'}_tsquery('simple', :{key})"


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


def _of(beginning: str, rows: str) -> str:
    return " ".join([beginning, "FROM (", rows, ") AS article"])


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


def _narrowed(
    query: Query, values: _Values, *, apart: bool = False, at: str = "article.published_at", key: str = "article.id"
) -> list[str]:
    """By topics and sources. `apart`: asked of each article when its turn comes (PostgreSQL), not joined."""
    conditions = []
    for number, ids in enumerate(query.topics):
        values[f"topics{number}"] = list(ids)
        same = [f"article_topic.topic_id IN :topics{number}", f"article_topic.published_at = {at}"]
        same.append(f"article_topic.article_id = {key}")
        found = _sql("SELECT 1 FROM article_topic", same, "OFFSET 0" if apart else "")
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
