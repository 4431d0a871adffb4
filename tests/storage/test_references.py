"""Finding the article that somebody means."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from storage import articles, references, sources
from storage.database import Database
from storage.records import ArticleDraft, ArticleStatus, EditionKind, NewArticle, SourceKind
from storage.schema import delivery, delivery_part, destination, edition, edition_article, reply_article

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def _add(db: Database, headline: str, status: ArticleStatus = ArticleStatus.USABLE, age: int = 0) -> int:
    draft = ArticleDraft(headline=headline, paragraphs=(f"{headline}, it was said on Monday.",))
    async with db.begin() as tx:
        source = await sources.get_or_add(tx, "By hand", kind=SourceKind.MANUAL, trusted=False, now=NOW)
        new = NewArticle(
            draft=draft,
            source_id=source.id,
            language="en",
            content_hash=articles.content_hash(draft.headline, draft.paragraphs),
            status=status,
            summary=draft.paragraphs,
            topics={},
            published_at=NOW - timedelta(hours=age),
            released_at=None,
        )
        return (await articles.add(tx, new, NOW)).id


async def _found(db: Database, words: str) -> list[int]:
    async with db.read() as tx:
        return [found.id for found in await references.by_headline(tx, words, limit=5)]


async def test_a_part_of_the_headline_finds_pending_articles_first_and_then_the_newest(db: Database) -> None:
    older = await _add(db, "Bridge opens in Busan", age=5)
    newer = await _add(db, "New bridge opens near Incheon")
    waiting = await _add(db, "Third bridge opens late", ArticleStatus.PENDING)
    await _add(db, "Harvest ends early")
    assert await _found(db, "BRIDGE  opens") == [waiting, newer, older]


@pytest.mark.parametrize("words", ["busan bridge", "Búsan opens"])
async def test_words_in_another_order_or_with_accents_still_find_it(db: Database, words: str) -> None:
    article_id = await _add(db, "Bridge opens in Busan")
    pending_id = await _add(db, "Bridge in Busan opens again", ArticleStatus.PENDING)
    found = await _found(db, words)
    assert pending_id in found
    assert (article_id in found) == ("ú" not in words)


@pytest.mark.parametrize("words", ["", "   ", "…", "zeppelin", "'; DROP TABLE article; --", '"', "a* OR b"])
async def test_words_that_no_headline_holds_find_nothing(db: Database, words: str) -> None:
    await _add(db, "Bridge opens in Busan")
    assert await _found(db, words) == []


async def test_a_reply_names_the_articles_that_its_message_carried(db: Database) -> None:
    first, second = await _add(db, "Bridge opens in Busan"), await _add(db, "Harvest ends early")
    async with db.begin() as tx:
        rows = [{"bot_id": 1, "chat_id": 5, "message_id": 70, "article_id": key, "at": NOW} for key in (first, second)]
        await tx.execute(insert(reply_article), rows)
    async with db.read() as tx:
        assert set(await references.by_message(tx, bot_id=1, chat_id=5, message_id=70)) == {first, second}
        assert await references.by_message(tx, bot_id=1, chat_id=6, message_id=70) == ()
        assert await references.by_message(tx, bot_id=2, chat_id=5, message_id=70) == ()


async def test_a_delivered_message_names_the_articles_of_its_own_part(db: Database) -> None:
    first, second = await _add(db, "Bridge opens in Busan"), await _add(db, "Harvest ends early")
    async with db.begin() as tx:
        place = await tx.scalar(
            insert(destination).values(bot_id=1, chat_id=5, digest_length=5).returning(destination.c.id)
        )
        sent = await tx.scalar(
            insert(edition)
            .values(bot_id=1, kind="digest", signature="s", lane=3, composed_at=NOW)
            .returning(edition.c.id)
        )
        rows = [{"edition_id": sent, "article_id": key, "number": part} for part, key in enumerate((first, second))]
        await tx.execute(insert(edition_article), rows)
        done = await tx.scalar(
            insert(delivery)
            .values(
                bot_id=1, edition_id=sent, destination_id=place, lane=3, state="sent", not_before=NOW, created_at=NOW
            )
            .returning(delivery.c.id)
        )
        parts = [
            {"delivery_id": done, "number": part, "state": "sent", "message_id": 80 + part, "at": NOW}
            for part in range(2)
        ]
        await tx.execute(insert(delivery_part), parts)
    async with db.read() as tx:
        assert await references.by_message(tx, bot_id=1, chat_id=5, message_id=81) == (second,)
        assert await references.by_message(tx, bot_id=1, chat_id=5, message_id=82) == ()
        digest = await references.arrived(tx, bot_id=1, chat_id=5, message_id=81)
        assert digest == references.Arrived(EditionKind.DIGEST, asked_for=False)
        assert await references.arrived(tx, bot_id=1, chat_id=5, message_id=82) is None
        assert await references.arrived(tx, bot_id=1, chat_id=6, message_id=81) is None
