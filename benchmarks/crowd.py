"""Chats by the thousand that follow one topic with one fresh article: what delivery's benchmarks send to."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from storage import articles, sources, topics
from storage.database import Connection, Database
from storage.records import (
    Article,
    ArticleDraft,
    ArticleStatus,
    ChatKind,
    ChatState,
    Mode,
    NewArticle,
    SourceKind,
    TopicSpec,
)
from storage.schema import chat, destination, subscription

ROWS = 2_000
WORDS = "The ministers met again on Friday and agreed to speak about trade, borders and the weather. "


async def populate(db: Database, bot_id: int, chat_ids: Iterable[int], *, words: int = 20) -> list[int]:
    """Chats, destinations and subscriptions, one topic, one article of about that many words; gives destinations."""
    now, places = datetime.now(UTC), []
    async with db.begin() as tx:
        await topics.seed(tx, [TopicSpec("korea", "Korea")])
        await article(tx, "Ministers meet in Seoul", now - timedelta(minutes=5), words=words)
    for ids in _chunks(list(chat_ids)):
        async with db.begin() as tx:
            places += await _add(tx, bot_id, ids, now)
    return places


async def article(tx: Connection, headline: str, released_at: datetime, *, words: int = 20) -> Article:
    """An article of the first topic."""
    source = await sources.get_or_add(tx, "Sample wire", kind=SourceKind.SITE, trusted=True, now=released_at)
    draft = ArticleDraft(headline, (f"{headline}. {WORDS}",), url=f"https://example.com/{abs(hash(headline))}")
    new = NewArticle(
        draft=draft,
        source_id=source.id,
        language="en",
        content_hash=articles.content_hash(headline, draft.paragraphs),
        status=ArticleStatus.USABLE,
        summary=(WORDS * max(1, words // 17),),
        topics={1: 1.0},
        published_at=released_at,
        released_at=released_at,
    )
    return await articles.add(tx, new, released_at)


async def _add(tx: Connection, bot_id: int, ids: Sequence[int], now: datetime) -> list[int]:
    common = {"bot_id": bot_id, "title": "Reader", "language": "en", "zone": "UTC", "created_at": now}
    kind = {"kind": ChatKind.PRIVATE, "state": ChatState.ACTIVE}
    await tx.execute(insert(chat), [common | kind | {"chat_id": chat_id} for chat_id in ids])
    await tx.execute(
        insert(destination), [{"bot_id": bot_id, "chat_id": chat_id, "digest_length": 5} for chat_id in ids]
    )
    query = select(destination.c.id).where(destination.c.bot_id == bot_id, destination.c.chat_id.in_(ids))
    places = list(await tx.scalars(query.order_by(destination.c.id)))
    await tx.execute(
        insert(subscription),
        [{"destination_id": place, "topic_id": 1, "mode": Mode.DIGEST, "created_at": now} for place in places],
    )
    return places


def _chunks(rows: list[Any]) -> Iterable[list[Any]]:
    return (rows[start : start + ROWS] for start in range(0, len(rows), ROWS))
