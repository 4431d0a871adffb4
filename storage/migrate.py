"""Bring a database to this release's schema, or say where it stands. Alembic, one chain for both databases."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import text

from storage.database import Database
from storage.errors import SchemaError

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

    Raises SchemaError where a newer release was here already.
    """
    if database.path is not None:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    async with database.begin() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        _refuse_newer(await connection.run_sync(_revision))
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


def _refuse_newer(found: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaError(f"The database is at {found}, newer than this release. Deploy the newer release.")


def head() -> str:
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise SchemaError("storage/migrations holds no migration; reinstall Tidings")
    return found


async def check(database: Database) -> None:
    """Raise SchemaError unless the database is at this release's revision."""
    found = await revision(database)
    if found is None:
        raise SchemaError("The database is empty. Run: tidings db upgrade")
    _refuse_newer(found)
    if found != head():
        raise SchemaError(f"The database is at {found}, this release wants {head()}. Run: tidings db upgrade")
