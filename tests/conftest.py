"""Fixtures that every room uses: a real, migrated database, once on SQLite and once on PostgreSQL."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from storage import migrate
from storage.database import Database
from tests import postgres

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
_numbers = itertools.count()

# No example is timed: machines are shared, and a late one says nothing of the code.
hypothesis.settings.register_profile("untimed", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.cluster() as url:
        yield url


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate.upgrade(database)
    await database.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A migrated database to copy: quicker than migrating for each test."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_tidings")
    asyncio.run(_migrate(postgres_server.replace("/postgres?", "/template_tidings?")))
    return "template_tidings"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_reused(postgres_server: str, postgres_template: str) -> str:
    """A copy of the template that this process's tests have one after the other."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        copying = " STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""  # before, the only way
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template}{copying}".encode())
    return postgres_server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def postgres_url(postgres_reused: str) -> Iterator[str]:
    """A PostgreSQL database, migrated and empty, that no other test has meanwhile."""
    yield postgres_reused
    with psycopg.connect(postgres_reused, autocommit=True) as connection:
        connection.execute(_DISCONNECT)
        used = [name for (name,) in connection.execute(_TABLES) if _any(connection, name)]
        if used:
            connection.execute(f"TRUNCATE {', '.join(used)} RESTART IDENTITY CASCADE".encode())
        for (name,) in connection.execute(_SEQUENCES).fetchall():
            connection.execute(f"ALTER SEQUENCE {name} RESTART".encode())


_DISCONNECT = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_TABLES = """SELECT quote_ident(tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'schema_floor')"""
_SEQUENCES = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"


def _any(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {table} LIMIT 1".encode()).fetchone() is not None


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An SQLite file of this test's own, migrated and empty."""
    shutil.copy(sqlite_template, tmp_path / "tidings.db")
    return f"sqlite:///{tmp_path / 'tidings.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database; the test runs once for each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.dispose()


@pytest.fixture
def data() -> Path:
    """The development data beside the project; the test is skipped where there is none."""
    if not DATA.is_dir():
        pytest.skip("no development data beside the project")
    return DATA
