"""Topics, articles and readers for delivery's tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from storage import articles, chats, schedules, sources, subscriptions, topics
from storage.database import Connection, Database
from storage.records import (
    Article,
    ArticleDraft,
    ArticleStatus,
    ChatKind,
    Mode,
    NewArticle,
    SourceKind,
    Topic,
    TopicSpec,
)
from storage.schema import delivery, edition_part
from storage.slots import EVERY_DAY

BOT = 777
NOW = datetime(2026, 3, 27, 8, 0, 5, tzinfo=UTC)
EIGHT = NOW.replace(second=0)
SPECS = (
    TopicSpec("asia", "Asia"),
    TopicSpec("korea", "Korea", parent="asia"),
    TopicSpec("china", "China", parent="asia"),
    TopicSpec("science", "Science"),
)


async def seed(tx: Connection) -> dict[str, Topic]:
    await topics.seed(tx, SPECS)
    return {topic.slug: topic for topic in await topics.all_topics(tx)}


async def publish(
    tx: Connection, headline: str, about: Mapping[str, float] | str, released_at: datetime, **options: Any
) -> Article:
    """A usable article, released at that moment."""
    known = {topic.slug: topic.id for topic in await topics.all_topics(tx)}
    salience = {about: 1.0} if isinstance(about, str) else about
    source = await sources.get_or_add(tx, options.pop("source", "Xinhua"), kind=SourceKind.SITE, trusted=True, now=NOW)
    draft = ArticleDraft(headline, (f"{headline} body.",), published_at=released_at - timedelta(hours=1))
    new = NewArticle(
        draft=draft,
        source_id=source.id,
        language="en",
        content_hash=articles.content_hash(headline, draft.paragraphs),
        status=options.pop("status", ArticleStatus.USABLE),
        summary=options.pop("summary", (f"{headline} in one sentence.",)),
        topics={known[slug]: value for slug, value in salience.items()},
        published_at=released_at - timedelta(hours=1),
        released_at=released_at,
        **options,
    )
    return await articles.add(tx, new, released_at)


async def reader(
    tx: Connection,
    chat_id: int,
    modes: Mapping[str, Mode],
    *,
    zone: str = "UTC",
    times: Sequence[tuple[int, int, int | None]] = ((EVERY_DAY, 8 * 60, None),),
    since: datetime = NOW - timedelta(days=1),
) -> int:
    """An active chat with subscriptions and digests from `since` on; gives its destination."""
    await chats.remember(
        tx,
        bot_id=BOT,
        chat_id=chat_id,
        kind=ChatKind.PRIVATE,
        title=f"Reader {chat_id}",
        username=None,
        language="en",
        now=since,
        zone=zone,
    )
    place = await chats.destination(tx, BOT, chat_id)
    known = {topic.slug: topic.id for topic in await topics.all_topics(tx)}
    for slug, mode in modes.items():
        await subscriptions.set_mode(tx, place.id, known[slug], mode, since)
    await schedules.replace(tx, place.id, times, zone, since)
    return place.id


async def queued(db: Database) -> list[tuple[int, str]]:
    """(destination id, all text of its edition) of every delivery, in order."""
    async with db.read() as tx:
        rows = await tx.execute(
            select(delivery.c.id, delivery.c.destination_id, edition_part.c.text)
            .join(edition_part, edition_part.c.edition_id == delivery.c.edition_id)
            .order_by(delivery.c.id, edition_part.c.number)
        )
        found: dict[int, tuple[int, str]] = {}
        for row in rows:
            owner, text = found.get(row.id, (row.destination_id, ""))
            found[row.id] = (owner, text + row.text)
        return list(found.values())
