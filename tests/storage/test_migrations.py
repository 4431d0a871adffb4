from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import insert, select

from storage import migrate
from storage.database import Database
from storage.schema import bot, metadata

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
