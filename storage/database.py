"""One engine for SQLite and PostgreSQL, and the two kinds of transaction.

SQLite as drivers leave it loses updates (read-then-write in deferred transactions) or refuses them at once; so writers
take BEGIN IMMEDIATE and wait for each other: those of one process in a queue, since SQLite's own waiting is a lottery
that some of 32 polls at once lost for over ten seconds; see storage.sqlite for other processes. psycopg's prepared
statements are off, which survives PgBouncer's transaction pooling.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Table, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage import sqlite
from storage.errors import DatabaseBusyError, DatabaseUrlError

Connection: TypeAlias = AsyncConnection

POOL_SIZE = 4

# A server that vanished (failed over, unplugged, a cut network) is noticed within some 15 s, also in mid-statement; by
# itself TCP takes a quarter of an hour.
_NOTICED: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
BUSY_TIMEOUT_MS = 10_000
CACHE_KB = 16_000  # of a connection; with the 2,000 it has otherwise an article costs a tenth more in a large archive
QUEUE_S = 30.0  # in the queue of this process's writers


def parse_url(url: str) -> URL:
    """The SQLAlchemy URL, with our driver, of `sqlite:///relative`, `sqlite:////absolute` or `postgres[ql]://…`.

    Raises DatabaseUrlError, which never quotes the URL: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # chained they would quote it
        raise DatabaseUrlError(
            "DATABASE_URL can't be read; write sqlite:///data/tidings.db or postgresql://user:password@host/name"
        ) from None
    backend = parsed.drivername.split("+")[0]
    if backend == "sqlite":
        if parsed.host or parsed.database in (None, "", ":memory:"):
            raise DatabaseUrlError("DATABASE_URL names no file; write sqlite:///data/tidings.db, with three slashes")
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    raise DatabaseUrlError(f"DATABASE_URL names {backend!r}; Tidings runs on sqlite:/// and postgresql://")


class Database:
    """Keeps the engine. `begin` writes, `read` only reads; each is one short transaction."""

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        self.dialect = self.url.get_backend_name()
        self.engine = _create_engine(self.url)
        self._lock: int | None = None
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Connection]:
        async with self._turn(), self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """In order of coming; raises OperationalError as a busy database does. PostgreSQL's writers need no turns."""
        if self.dialect != "sqlite":
            yield
            return
        try:
            async with asyncio.timeout(QUEUE_S):
                await self._writing.acquire()
        except TimeoutError as error:
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error
        try:
            yield
        finally:
            self._writing.release()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        async with self.engine.connect() as connection:
            await connection.execution_options(tidings_read_only=True)
            yield connection

    @property
    def path(self) -> Path | None:
        """The SQLite file, None on PostgreSQL and in memory."""
        name = self.url.database
        return Path(name) if self.dialect == "sqlite" and name and name != ":memory:" else None

    def own(self) -> None:
        """Become the one process that owns the SQLite file (flock: the kernel frees it however we end).

        Does nothing on PostgreSQL, where the sender takes an advisory lock. Raises DatabaseBusyError.
        """
        if self.path is None or self._lock is not None:
            return
        self._lock = lock_beside(self.path)
        if self._lock is None:
            raise DatabaseBusyError(
                f"Another Tidings already runs on {self.path}. Stop it, or give this one its own DATABASE_URL."
            )

    async def dispose(self) -> None:
        await self.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@asynccontextmanager
async def session(url: str | URL, **options: Any) -> AsyncIterator[psycopg.AsyncConnection[tuple[Any, ...]]]:
    """A connection of its own, on which each statement commits: for what lasts as long as a session does.

    `url` must not go through a transaction pooler. Raises psycopg.Error. It is closed without a word to the server,
    which may not hear any more.
    """
    parsed = url if isinstance(url, URL) else parse_url(url)
    address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    how = {"prepare_threshold": None, **_NOTICED, **options}
    connection = await psycopg.AsyncConnection.connect(address, autocommit=True, **how)
    try:
        yield connection
    finally:
        await connection.close()


def lock_beside(path: Path) -> int | None:
    """Take the lock of a file, in a file of its own beside it; None where another process has it.

    The descriptor holds it until it is closed, or the process ends in whatever way.
    """
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _create_engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        opened = partial(sqlite.connect, url.database or "")
        engine = create_async_engine(url, pool_size=POOL_SIZE, async_creator=opened)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"prepare_threshold": None, **_NOTICED},
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
        f"cache_size=-{CACHE_KB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: SyncConnection) -> None:
    read_only = connection.get_execution_options().get("tidings_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else sqlite.BEGIN_WRITING)


def insert_into(tx: Connection, table: Table) -> sqlite_dialect.Insert | postgresql.Insert:
    """An INSERT of this connection's own dialect, which knows ON CONFLICT."""
    return sqlite_dialect.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
