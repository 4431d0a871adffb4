"""Articles: what is stored, how it becomes usable, and the newest of them, by keyset.

`article_topic` holds usable articles only and is read in its own key's order, so that the latest five of a topic cost
five rows among a million. Articles of the archive have EPOCH as its `released_at`: windows never meet them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    text,
    tuple_,
    union,
    union_all,
    update,
)

from storage import identity
from storage.database import Connection
from storage.records import Article, ArticleStatus, Cursor, NewArticle
from storage.schema import (
    article,
    article_copy,
    article_topic,
    article_topic_pending,
    source,
    story_term,
    story_traits,
    topic,
)
from storage.words import search_text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Any constant of our own. Whoever makes an article usable holds it shared until the commit.
RELEASE_LOCK = 0x71D1_0002

# SQLite takes 500 terms in a compound SELECT.
TOPICS_AT_ONCE = 100

content_hash, url_key = identity.content_hash, identity.url_key

# Built once: what every article needs is built for longer than it runs.
_IDS: Any = bindparam("ids", expanding=True)
_ADD, _PUT, _PUT_PENDING = insert(article).returning(article.c.id), insert(article_topic), insert(article_topic_pending)
# A source's name, without a topic, and the slugs of topics.
_NAMES = union_all(
    select(null().label("topic_id"), source.c.name).where(source.c.id == bindparam("source")),
    select(topic.c.id, topic.c.slug).where(topic.c.id.in_(bindparam("topics", expanding=True))),
)
_NOT_TOLD = ("url_key", "content_hash", "alert_due", "search")
_WHOLE = (
    select(article, source.c.name.label("source_name"))
    .join(source, source.c.id == article.c.source_id)
    .where(article.c.id.in_(_IDS))
)
_SLUGS = union_all(
    *(
        select(table.c.article_id, topic.c.slug, table.c.salience)
        .join(topic, topic.c.id == table.c.topic_id)
        .where(table.c.article_id.in_(_IDS))
        for table in (article_topic, article_topic_pending)
    )
)


# Life


async def find_same(
    tx: Connection, *, content_hash: str, url_key: str | None, source_id: int | None, guid: str | None
) -> int | None:
    """The id of the article that this one repeats, or of which it is a known copy.

    By the same text, the same page, or the same guid of the same source.
    """
    found = await find_same_by(tx, content_hash=content_hash, url_key=url_key, source_id=source_id, guid=guid)
    return None if found is None else found[0]


class Way(StrEnum):
    """By what an article is known. `COPY`: as another source printed it, or as it was before."""

    TEXT = "text"
    PAGE = "page"
    GUID = "guid"
    COPY = "copy"


async def find_same_by(
    tx: Connection, *, content_hash: str, url_key: str | None, source_id: int | None, guid: str | None
) -> tuple[int, Way] | None:
    """As `find_same`, with what it was found by."""
    by_guid = source_id is not None and guid is not None
    asked: dict[str, Any] = {"hash": content_hash, "key": url_key, "source": source_id, "guid": guid}
    row = (await tx.execute(_same(url_key is not None, by_guid), asked)).first()
    return None if row is None else (int(row.id), Way(row.way))


@lru_cache
def _same(by_page: bool, by_guid: bool) -> Select[Any]:
    """A UNION, so that each way is looked up in its own index; the surest way first. Built once, as it takes longer
    than running it.
    """
    ways = [
        way.add_columns(literal(kind.value).label("way"))
        for table, key in ((article, article.c.id), (article_copy, article_copy.c.article_id))
        for way, kind in _kinds(table, key, by_page, by_guid)
    ]
    ranked = union_all(*(way.add_columns(literal(rank).label("rank")) for rank, way in enumerate(ways))).subquery()
    return select(ranked.c.id, ranked.c.way).order_by(ranked.c.rank).limit(1)


def _kinds(table: Table, key: Column[int], by_page: bool, by_guid: bool) -> Iterator[tuple[Select[Any], Way]]:
    own = table is article
    query = select(key.label("id"))
    yield query.where(table.c.content_hash == bindparam("hash")), Way.TEXT if own else Way.COPY
    if by_page:
        yield query.where(table.c.url_key == bindparam("key")), Way.PAGE if own else Way.COPY
    if by_guid:
        same = (table.c.source_id == bindparam("source"), table.c.guid == bindparam("guid"))
        yield query.where(*same), Way.GUID if own else Way.COPY


async def release_lock(tx: Connection) -> None:
    """Hold before reading the time that becomes `released_at`, until the commit.

    Composers pass `release_barrier` before they read: so no article gets a `released_at` inside a window that was
    already read. SQLite's writers are serial; read the time inside the transaction there too.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": RELEASE_LOCK})


async def release_barrier(tx: Connection) -> None:
    """Wait until every release that has its `released_at` is committed. Ends with the transaction: keep it short."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": RELEASE_LOCK})


async def add(tx: Connection, new: NewArticle, now: datetime) -> Article:
    """Store it with its topics. Raises sqlalchemy.exc.IntegrityError where another process stored the same first."""
    usable = new.status is ArticleStatus.USABLE
    values = _values(new, (new.released_at or now) if usable else None, now)
    article_id = int((await tx.execute(_ADD, values)).scalar_one())
    when = (values["published_at"], values["released_at"], new.archive)
    await _insert_topics(tx, article_id, new.topics, *when)
    told = (await tx.execute(_NAMES, {"source": new.source_id, "topics": list(new.topics)})).all()
    slugs = {row.topic_id: row.name for row in told}
    topics = sorted(new.topics, key=lambda topic_id: (-new.topics[topic_id], slugs[topic_id]))
    return _added(article_id, slugs.pop(None), tuple(slugs[topic_id] for topic_id in topics), values)


def _values(new: NewArticle, released_at: datetime | None, now: datetime) -> dict[str, Any]:
    draft = new.draft
    return {
        "source_id": new.source_id,
        "url": draft.url,
        "url_key": url_key(draft.url),
        "guid": draft.guid,
        "content_hash": new.content_hash,
        "headline": draft.headline,
        "byline": draft.byline,
        "dateline": draft.dateline,
        "paragraphs": list(draft.paragraphs),
        "photo_url": draft.photo_url,
        "caption": draft.caption,
        "language": new.language,
        "published_at": new.published_at.replace(microsecond=0),  # the full-text key counts whole seconds
        "published_guessed": draft.published_at is None,
        "released_at": released_at,
        "status": new.status,
        "archive": new.archive,
        "alert_due": released_at is not None and new.alert and not new.archive,
        "summary": list(new.summary),
        "search": new.search or search_text(draft.headline, draft.paragraphs, draft.caption),
        "added_by": new.added_by,
        "created_at": now,
        "paywalled": draft.paywalled,
        "embargo_until": draft.embargo_until,
    }


def _added(article_id: int, source_name: str, topics: tuple[str, ...], values: dict[str, Any]) -> Article:
    """As it would be read."""
    kept = {name: value for name, value in values.items() if name not in _NOT_TOLD}
    paragraphs, summary = tuple(values["paragraphs"]), tuple(values["summary"])
    told = {"paragraphs": paragraphs, "summary": summary, "topics": topics, "source": source_name, "version": 1}
    return Article(id=article_id, **kept | told)


async def release(tx: Connection, article_id: int, now: datetime) -> Article:
    """Make it usable; one that is already stays as it is. `now`: read after `release_lock`, inside this transaction.

    Raises LookupError where there is no such article.
    """
    await release_lock(tx)
    changed = await tx.execute(
        update(article)
        .where(article.c.id == article_id, article.c.status != ArticleStatus.USABLE)
        .values(status=ArticleStatus.USABLE, released_at=now, alert_due=~article.c.archive)
    )
    if changed.rowcount:
        await put_topics(tx, article_id, await topics_of(tx, article_id))
    return await _known(tx, article_id)


async def set_status(tx: Connection, article_id: int, status: ArticleStatus, now: datetime) -> Article:
    """`usable` is `release`; any other takes the article out of every list, rejecting and killing out of its story.

    Raises LookupError.
    """
    if status is ArticleStatus.USABLE:
        return await release(tx, article_id, now)
    values: dict[str, Any] = {"status": status, "alert_due": False}
    if status in (ArticleStatus.REJECTED, ArticleStatus.CANCELED):
        values["story_id"] = None
        for table in (story_term, story_traits):
            await tx.execute(delete(table).where(table.c.article_id == article_id))
    await tx.execute(update(article).where(article.c.id == article_id).values(**values))
    await put_topics(tx, article_id, await topics_of(tx, article_id))
    return await _known(tx, article_id)


async def edit(
    tx: Connection,
    article_id: int,
    *,
    headline: str | None = None,
    summary: Sequence[str] | None = None,
    topic_ids: Mapping[int, float] | None = None,
) -> Article:
    """Change what is given (None: leave) and count a version up. `topic_ids` maps ids to salience.

    Raises LookupError where there is no such article.
    """
    old = await _known(tx, article_id)
    values: dict[str, Any] = {"version": article.c.version + 1}
    if headline is not None:
        values |= {"headline": headline, "search": search_text(headline, old.paragraphs, old.caption)}
    if summary is not None:
        values["summary"] = list(summary)
    await tx.execute(update(article).where(article.c.id == article_id).values(**values))
    if topic_ids is not None:
        await put_topics(tx, article_id, topic_ids)
    return await _known(tx, article_id)


async def topics_of(tx: Connection, article_id: int) -> dict[int, float]:
    """Topic id → salience, usable or not."""
    rows = await tx.execute(
        union_all(
            *(
                select(table.c.topic_id, table.c.salience).where(table.c.article_id == article_id)
                for table in (article_topic, article_topic_pending)
            )
        )
    )
    return {row.topic_id: row.salience for row in rows}


async def put_topics(tx: Connection, article_id: int, topics: Mapping[int, float]) -> None:
    """All its topics from now on: in article_topic if it is usable, else in article_topic_pending."""
    for table in (article_topic, article_topic_pending):
        await tx.execute(delete(table).where(table.c.article_id == article_id))
    if not topics:
        return
    row = (
        await tx.execute(
            select(article.c.status, article.c.archive, article.c.published_at, article.c.released_at).where(
                article.c.id == article_id
            )
        )
    ).one()
    released_at = row.released_at if row.status == ArticleStatus.USABLE else None
    await _insert_topics(tx, article_id, topics, row.published_at, released_at, row.archive)


async def _insert_topics(
    tx: Connection,
    article_id: int,
    topics: Mapping[int, float],
    published_at: datetime,
    released_at: datetime | None,
    archive: bool,
) -> None:
    """`released_at`: None where the article is not usable."""
    if not topics:
        return
    rows = [{"article_id": article_id, "topic_id": key, "salience": value} for key, value in topics.items()]
    if released_at is None:
        await tx.execute(_PUT_PENDING, rows)
        return
    when = {"published_at": published_at, "released_at": EPOCH if archive else released_at}
    await tx.execute(_PUT, [item | when for item in rows])


# Reading


async def get(tx: Connection, article_id: int) -> Article | None:
    return next(iter(await get_many(tx, [article_id])), None)


async def get_many(tx: Connection, ids: Collection[int]) -> list[Article]:
    """In the order of `ids`; those that don't exist are left out."""
    if not ids:
        return []
    found = await tx.execute(_WHOLE, {"ids": list(ids)})
    slugs = await _slugs(tx, ids)
    records = {row.id: _article(row, tuple(slugs.get(row.id, ()))) for row in found}
    return [records[article_id] for article_id in ids if article_id in records]


async def latest(
    tx: Connection, *, topic_ids: Sequence[int] = (), limit: int, before: Cursor | None = None
) -> list[Article]:
    """Usable articles by (published_at, id) descending; of any of the topics, where some are given."""
    if not topic_ids:
        query = select(article.c.id).where(_is("status", "usable"))
        return await _page(tx, query, article.c.published_at, limit, before)
    newest: set[tuple[datetime, int]] = set()
    for chunk in _chunks(topic_ids):
        rows = await tx.execute(union(*(_topic_page(topic_id, limit, before) for topic_id in chunk)))
        newest.update((row.published_at, row.article_id) for row in rows)
    return await get_many(tx, [key[1] for key in sorted(newest, reverse=True)[:limit]])


async def released(
    tx: Connection, *, topic_ids: Sequence[int], start: datetime, end: datetime, limit: int
) -> list[tuple[Article, tuple[int, ...]]]:
    """What became usable in (start, end], the archive excepted, latest first, with the topic ids that each matched."""
    window = (article_topic.c.released_at > max(start, EPOCH), article_topic.c.released_at <= end)
    return await _released(tx, topic_ids, window, limit)


async def newest_released(
    tx: Connection, *, topic_ids: Sequence[int], limit: int
) -> list[tuple[Article, tuple[int, ...]]]:
    """What became usable last, however long ago, the archive excepted."""
    return await _released(tx, topic_ids, (article_topic.c.released_at > EPOCH,), limit)


async def pending(tx: Connection, *, limit: int, before: Cursor | None = None) -> list[Article]:
    """What waits for an editor, by (created_at, id) descending: a cursor's `at` is `created_at` here."""
    query = select(article.c.id).where(_is("status", "pending"))
    return await _page(tx, query, article.c.created_at, limit, before)


async def count_pending(tx: Connection) -> int:
    count = await tx.scalar(select(func.count()).select_from(article).where(_is("status", "pending")))
    return int(count or 0)


async def count(tx: Connection) -> int:
    """All articles, whatever their status. Reads the whole table: for status pages, not for replies."""
    return int(await tx.scalar(select(func.count()).select_from(article)) or 0)


async def alert_due(tx: Connection, limit: int) -> list[Article]:
    """Articles whose alert was not composed yet, oldest first."""
    ids = await tx.scalars(select(article.c.id).where(text("article.alert_due")).order_by(article.c.id).limit(limit))
    return await get_many(tx, ids.all())


async def alert_done(tx: Connection, article_id: int) -> None:
    await tx.execute(update(article).where(article.c.id == article_id).values(alert_due=False))


async def _known(tx: Connection, article_id: int) -> Article:
    found = await get(tx, article_id)
    if found is None:
        raise LookupError(f"there is no article {article_id}")
    return found


def _is(column: str, value: str) -> Any:
    """A comparison with the value written out: both planners use a partial index only for what they can read."""
    return article.c[column] == text(f"'{value}'")


async def _page(tx: Connection, query: Select[Any], at: Any, limit: int, before: Cursor | None) -> list[Article]:
    if before is not None:
        query = query.where(tuple_(at, article.c.id) < tuple_(literal(before.at, at.type), literal(before.id)))
    ids = await tx.scalars(query.order_by(at.desc(), article.c.id.desc()).limit(limit))
    return await get_many(tx, ids.all())


def _topic_page(topic_id: int, limit: int, before: Cursor | None) -> Select[tuple[datetime, int]]:
    at, article_id = article_topic.c.published_at, article_topic.c.article_id
    query = select(at, article_id).where(article_topic.c.topic_id == topic_id)
    if before is not None:
        query = query.where(tuple_(at, article_id) < tuple_(literal(before.at, at.type), literal(before.id)))
    return _wrapped(query.order_by(at.desc(), article_id.desc()).limit(limit))


async def _released(
    tx: Connection, topic_ids: Sequence[int], window: tuple[Any, ...], limit: int
) -> list[tuple[Article, tuple[int, ...]]]:
    matched: dict[tuple[datetime, int], list[int]] = {}
    at, article_id = article_topic.c.released_at, article_topic.c.article_id
    for chunk in _chunks(topic_ids):
        parts = [
            select(at, article_id, article_topic.c.topic_id)
            .where(article_topic.c.topic_id == topic_id, *window)
            .order_by(at.desc(), article_id.desc())
            .limit(limit)
            for topic_id in chunk
        ]
        for row in await tx.execute(union_all(*map(_wrapped, parts))):
            matched.setdefault((row.released_at, row.article_id), []).append(row.topic_id)
    newest = sorted(matched, reverse=True)[:limit]
    topics = {key[1]: tuple(sorted(matched[key])) for key in newest}
    return [(found, topics[found.id]) for found in await get_many(tx, [key[1] for key in newest])]


def _wrapped(query: Select[Any]) -> Select[Any]:
    """SQLite allows LIMIT inside a UNION only in a subquery."""
    return select(query.subquery())


def _chunks(topic_ids: Sequence[int]) -> Iterable[Sequence[int]]:
    distinct = sorted(set(topic_ids))
    return (distinct[start : start + TOPICS_AT_ONCE] for start in range(0, len(distinct), TOPICS_AT_ONCE))


async def _slugs(tx: Connection, ids: Collection[int]) -> dict[int, list[str]]:
    """Each article's topics, most salient first."""
    rows = await tx.execute(_SLUGS, {"ids": list(ids)})
    slugs: dict[int, list[str]] = {}
    for row in sorted(rows, key=lambda found: (-found.salience, found.slug)):
        slugs.setdefault(row.article_id, []).append(row.slug)
    return slugs


def _article(row: Row[Any], topics: tuple[str, ...]) -> Article:
    return Article(
        id=row.id,
        source_id=row.source_id,
        source=row.source_name,
        url=row.url,
        guid=row.guid,
        headline=row.headline,
        byline=row.byline,
        dateline=row.dateline,
        paragraphs=tuple(row.paragraphs),
        photo_url=row.photo_url,
        caption=row.caption,
        language=row.language,
        published_at=row.published_at,
        published_guessed=row.published_guessed,
        released_at=row.released_at,
        status=ArticleStatus(row.status),
        version=row.version,
        archive=row.archive,
        summary=tuple(row.summary),
        topics=topics,
        added_by=row.added_by,
        created_at=row.created_at,
        story_id=row.story_id,
        paywalled=row.paywalled,
        embargo_until=row.embargo_until,
    )
