"""aiosqlite with one message to its thread for each statement.

As it comes, SQLAlchemy makes a cursor there, executes, fetches and closes it: four ways there and back, each of which
costs more than most statements. Here a cursor does all of it at once and keeps the rows, as SQLAlchemy would.

Nor does SQLite wait for another process's writer well: it looks ten times a second, and a busy process is between two
transactions for less than a millisecond. Here it looks far more often.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import aiosqlite

BEGIN_WRITING = "BEGIN IMMEDIATE"
WAIT_S, LOOK_S = 10.0, 0.002
CHUNK = 64  # of rows, where one iterates over an aiosqlite cursor: nobody does


class Cursor:
    """What SQLAlchemy asks of an aiosqlite cursor."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "Cursor":
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> "Cursor":
        return await self._run(sqlite3.Cursor.execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> "Cursor":
        return await self._run(sqlite3.Cursor.executemany, sql, parameters)

    async def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    async def fetchmany(self, size: int | None = None) -> Sequence[Any]:
        count = self.arraysize if size is None else size
        taken, self._rows = self._rows[:count], self._rows[count:]
        return taken

    async def fetchall(self) -> Sequence[Any]:
        taken, self._rows = self._rows, []
        return taken

    async def close(self) -> None:
        self._rows = []

    async def _run(self, method: Callable[..., object], sql: str, parameters: Any) -> "Cursor":
        done = await self._connection.at_once(partial(_all, method, sql, parameters))
        self._rows, self.description, self.rowcount, self.lastrowid = done
        return self


def _all(method: Callable[..., object], sql: str, parameters: Any, raw: sqlite3.Connection) -> tuple[Any, ...]:
    """In the connection's thread: rows, description, rowcount, lastrowid."""
    cursor = raw.cursor()
    try:
        if sql == BEGIN_WRITING:
            _begin_writing(cursor)
        else:
            method(cursor, sql, parameters)
        rows = cursor.fetchall() if cursor.description else []
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


def _begin_writing(cursor: sqlite3.Cursor) -> None:
    until = time.monotonic() + WAIT_S
    ((patience,),) = cursor.execute("PRAGMA busy_timeout").fetchall()
    cursor.execute("PRAGMA busy_timeout=0").fetchall()
    try:
        while not _begun(cursor, last=time.monotonic() >= until):
            time.sleep(LOOK_S)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={patience}").fetchall()


def _begun(cursor: sqlite3.Cursor, *, last: bool) -> bool:
    try:
        cursor.execute(BEGIN_WRITING)
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


class Connection(aiosqlite.Connection):
    """Its thread ends with the process."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, CHUNK)
        self._thread.daemon = True

    def cursor(self) -> Any:
        return Cursor(self)

    async def at_once(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run in the connection's thread."""
        run: Callable[..., Any] = self._execute
        return await run(work, self._conn)


async def connect(path: str) -> Connection:
    connection = Connection(partial(sqlite3.connect, path))
    await connection
    return connection
