"""Articles: what is stored, how it becomes usable, and the newest of them, by keyset.

`article_topic` holds usable articles only and is read in its own key's order, so that the latest five of a topic cost
five rows among a million. Articles of the archive have EPOCH as its `released_at`: windows never meet them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal,
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
_ADD = insert(article).returning(article.c.id, sort_by_parameter_order=True)
_PUT, _PUT_PENDING = insert(article_topic), insert(article_topic_pending)
_PENDING = ("article_id", "topic_id", "salience")
_SOURCE, _TOPIC = "source", "topic"
_NAMES = union_all(
    select(literal(_SOURCE).label("kind"), source.c.id, source.c.name).where(
        source.c.id.in_(bindparam("sources", expanding=True))
    ),
    select(literal(_TOPIC), topic.c.id, topic.c.slug).where(topic.c.id.in_(bindparam("topics", expanding=True))),
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
    return (await add_all(tx, [(new, now)]))[0]


async def add_all(tx: Connection, given: Sequence[tuple[NewArticle, datetime]]) -> list[Article]:
    """As `add`, each with its time, in a statement for all; numbered in the order given."""
    if not given:
        return []
    rows = [_values(new, now) for new, now in given]
    ids = list(await tx.scalars(_ADD, rows))
    filed = list(zip(ids, given, rows, strict=True))
    await _insert_topics(tx, [row for id_, (new, _), values in filed for row in _topic_rows(id_, new.topics, values)])
    topics = list({topic_id for new, _ in given for topic_id in new.topics})
    told = await tx.execute(_NAMES, {"sources": list({new.source_id for new, _ in given}), "topics": topics})
    names = {(row.kind, row.id): row.name for row in told}
    return [_added(id_, new, names, values) for id_, (new, _), values in filed]


def _values(new: NewArticle, now: datetime) -> dict[str, Any]:
    draft = new.draft
    released_at = (new.released_at or now) if new.status is ArticleStatus.USABLE else None
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


def _added(article_id: int, new: NewArticle, names: Mapping[tuple[str, int], str], values: dict[str, Any]) -> Article:
    """As it would be read."""
    kept = {name: value for name, value in values.items() if name not in _NOT_TOLD}
    slugs = {topic_id: names[_TOPIC, topic_id] for topic_id in new.topics}
    topics = sorted(new.topics, key=lambda topic_id: (-new.topics[topic_id], slugs[topic_id]))
    told = {
        "paragraphs": tuple(values["paragraphs"]),
        "summary": tuple(values["summary"]),
        "topics": tuple(slugs[topic_id] for topic_id in topics),
        "source": names[_SOURCE, new.source_id],
        "version": 1,
    }
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
    usable = row.status == ArticleStatus.USABLE
    values = {**row._asdict(), "released_at": row.released_at if usable else None}
    await _insert_topics(tx, _topic_rows(article_id, topics, values))


def _topic_rows(article_id: int, topics: Mapping[int, float], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`values`: of the article; its `released_at` is None where it is not usable."""
    when = {"published_at": values["published_at"], "released_at": values["released_at"]}
    if when["released_at"] is not None and values["archive"]:
        when["released_at"] = EPOCH
    return [{"article_id": article_id, "topic_id": key, "salience": value, **when} for key, value in topics.items()]


async def _insert_topics(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    usable = [row for row in rows if row["released_at"] is not None]
    if usable:
        await tx.execute(_PUT, usable)
    pending = [{name: row[name] for name in _PENDING} for row in rows if row["released_at"] is None]
    if pending:
        await tx.execute(_PUT_PENDING, pending)


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
