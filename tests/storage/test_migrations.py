from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import bindparam, insert, select, text

from storage import migrate, outbox, subscriptions, topics
from storage.database import Database
from storage.errors import SchemaError
from storage.records import Mode, TopicSpec
from storage.schema import UtcDateTime, bot, destination, metadata, topic

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# Made by the migrations alone: each database has a full-text index of its own, and PgQueuer its tables.
OWN = ("article_fts", "article_search", "ix_article_search", "search_vector", "pgqueuer", "schema_floor")


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
        await tx.execute(text("INSERT INTO topic (slug, name, aliases, rule) VALUES ('korea', 'Korea', '[]', '{}')"))
        await tx.execute(text("INSERT INTO destination (bot_id, chat_id, digest_length) VALUES (7, 1, 5)"))
        here = int(await tx.scalar(select(destination.c.id)) or 0)
        korea = int(await tx.scalar(select(topic.c.id)) or 0)
        values = {"place": here, "topic": korea, "mode": "muted", "at": NOW}
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


# Old and new release side by side


async def released_later(db: Database, *, floor: str | None = None) -> None:
    """As a later release leaves the database: at a revision unknown here, with more in it than before."""
    async with db.begin() as tx:
        await tx.execute(text("CREATE TABLE later (id integer)"))
        await tx.execute(text("ALTER TABLE bot ADD COLUMN later integer"))
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        if floor is not None:
            await tx.execute(text("UPDATE schema_floor SET revision = :floor").bindparams(floor=floor))


@pytest.fixture
async def own_db(tmp_path: Path) -> AsyncIterator[Database]:
    """A database whose schema a test may change."""
    database = Database(f"sqlite:///{tmp_path / 'own.db'}")
    await migrate.upgrade(database)
    yield database
    await database.dispose()


async def test_a_release_runs_on_a_schema_that_a_later_one_added_to(own_db: Database) -> None:
    await released_later(own_db)
    await migrate.check(own_db)
    await migrate.upgrade(own_db)  # as a rollback does
    async with own_db.begin() as tx:
        assert await outbox.take_over(tx, 7) == 1
        await topics.seed(tx, [TopicSpec("korea", "Korea")])
        assert await tx.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


async def test_a_release_refuses_a_schema_that_serves_it_no_more(own_db: Database) -> None:
    await released_later(own_db, floor="9000")
    for work in (migrate.check, migrate.upgrade):
        with pytest.raises(SchemaError, match="Deploy the newer release"):
            await work(own_db)


async def test_a_release_refuses_a_database_that_is_not_migrated_yet(db: Database) -> None:
    await migrate.downgrade(db, "0009")
    with pytest.raises(SchemaError, match="tidings db upgrade"):
        await migrate.check(db)
    await migrate.upgrade(db)
    await migrate.check(db)
