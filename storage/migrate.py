"""Bring a database to this release's schema, or say where it stands. Alembic, one chain for both databases."""

from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import inspect, text

from storage.database import Database
from storage.errors import SchemaError

log = structlog.get_logger(__name__)

# Any constant of our own: two releases that start at once take turns.
ADVISORY_LOCK = 0x71D1_0001


def _config(connection: SyncConnection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database, revision: str = "head") -> None:
    """Migrate in one transaction: all of it or nothing. Makes the folder of an SQLite file.

    What a later release made of the database stays, where it serves this one too; else SchemaError.
    """
    if database.path is not None:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    async with database.begin() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        if not await connection.run_sync(_is_later):
            await connection.run_sync(lambda sync: command.upgrade(_config(sync), revision))


async def downgrade(database: Database, revision: str) -> None:
    async with database.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), revision))


async def revision(database: Database) -> str | None:
    """The revision that the database is at, None when it is empty."""
    async with database.read() as connection:
        return await connection.run_sync(_revision)


def _revision(sync: SyncConnection) -> str | None:
    return MigrationContext.configure(sync).get_current_revision()


def _is_later(sync: SyncConnection) -> bool:
    """Did a later release migrate the database, in a way that this one can live with? SchemaError where it can't.

    Old and new run side by side while a release is rolled out, and each process may restart meanwhile. Each migration
    that breaks older releases raises the floor: the oldest revision that the schema still serves.
    """
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    found = _revision(sync)
    if found is None or found in known:
        return False
    floor = sync.scalar(text("SELECT revision FROM schema_floor")) if inspect(sync).has_table("schema_floor") else None
    if floor not in known:
        raise SchemaError(f"The database is at {found}, newer than this release. Deploy the newer release.")
    log.warning("database_newer_than_release", found=found, known=head())
    return True


def head() -> str:
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise SchemaError("storage/migrations holds no migration; reinstall Tidings")
    return found


async def check(database: Database) -> None:
    """Raise SchemaError unless the database is at this release's revision, or at a later one that serves it too."""
    async with database.read() as connection:
        found = await connection.run_sync(_revision)
        later = await connection.run_sync(_is_later)
    if found is None:
        raise SchemaError("The database is empty. Run: tidings db upgrade")
    if found != head() and not later:
        raise SchemaError(f"The database is at {found}, this release wants {head()}. Run: tidings db upgrade")
