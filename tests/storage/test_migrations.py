from datetime import UTC, datetime
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import bindparam, insert, select, text

from storage import chats, migrate, subscriptions, topics
from storage.database import Database
from storage.records import Mode, TopicSpec
from storage.schema import UtcDateTime, bot, metadata

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# Made by the migrations alone: each database has a full-text index of its own.
OWN = ("article_fts", "article_search", "ix_article_search", "search_vector")


def _differences(connection: SyncConnection) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_server_default": False,  # the two databases print defaults differently
            "include_name": lambda name, _kind, _parents: not (name or "").startswith(OWN),
        },
    )
    found: list[Any] = compare_metadata(context, metadata)
    return found


async def test_migrations_end_at_the_schema(db: Database) -> None:
    async with db.read() as tx:
        assert await tx.run_sync(_differences) == []


async def test_migrating_again_changes_nothing_and_keeps_rows(db: Database) -> None:
    async with db.begin() as tx:
        await tx.execute(insert(bot).values(bot_id=7, username="kept"))
    await migrate.upgrade(db)
    async with db.read() as tx:
        assert await tx.scalar(select(bot.c.username)) == "kept"


async def test_a_topic_muted_before_0003_goes_back_into_the_digest(db: Database) -> None:
    await migrate.downgrade(db, "0002")
    async with db.begin() as tx:
        await topics.seed(tx, [TopicSpec("korea", "Korea")])
        here = (await chats.destination(tx, 7, 1)).id
        (korea,) = await topics.all_topics(tx)
        values = {"place": here, "topic": korea.id, "mode": "muted", "at": NOW}
        await tx.execute(
            text("INSERT INTO subscription VALUES (:place, :topic, :mode, :at)").bindparams(
                bindparam("at", type_=UtcDateTime)
            ),
            values,
        )
    await migrate.upgrade(db)
    async with db.begin() as tx:
        assert len(await subscriptions.unmute(tx, here)) == 1
        assert [item.mode for item in await subscriptions.of(tx, here)] == [Mode.DIGEST]
