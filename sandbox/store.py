"""The world in its own SQLite file: written behind the calls in small transactions, read back at start.

Calls only note what is dirty; every tenth of a second a thread writes it. A killed process loses at most that moment,
and after such an end ids go on with a gap, so that none is given twice.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import structlog

from sandbox import freeze
from sandbox.world import World

log = structlog.get_logger()

_EVERY = 0.1  # seconds
_CHUNK = 2000  # rows a transaction
_UPDATE_GAP = 1000
_MESSAGE_GAP = 20
_SCHEMA = """
CREATE TABLE IF NOT EXISTS item (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS message (
    chat_id INTEGER NOT NULL, message_id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (chat_id, message_id));
CREATE TABLE IF NOT EXISTS pending (
    bot_id INTEGER NOT NULL, update_id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (bot_id, update_id));
CREATE TABLE IF NOT EXISTS content (path TEXT PRIMARY KEY, data BLOB NOT NULL);
"""
_PUT = {
    "message": "INSERT OR REPLACE INTO message VALUES (?, ?, ?)",
    "update": "INSERT OR REPLACE INTO pending VALUES (?, ?, ?)",
    "item": "INSERT OR REPLACE INTO item VALUES (?, ?, ?)",
    "content": "INSERT OR REPLACE INTO content VALUES (?, ?)",
}
_DROP = {
    "message": "DELETE FROM message WHERE chat_id = ? AND message_id = ?",
    "update": "DELETE FROM pending WHERE bot_id = ? AND update_id = ?",
}

Write = tuple[str, tuple[Any, ...]]


class Store:
    """Writes what is dirty every moment, in a thread of its own."""

    def __init__(self, connection: sqlite3.Connection, pool: ThreadPoolExecutor, world: World) -> None:
        self._connection = connection
        self._pool = pool
        self._world = world
        self._task = asyncio.create_task(self._run(), name="sandbox store")

    @classmethod
    async def open(cls, path: Path, world: World) -> Store:
        """Read the file into `world` (made when missing) and start writing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        pool = ThreadPoolExecutor(1, thread_name_prefix="sandbox-store")
        loop = asyncio.get_running_loop()
        connection = await loop.run_in_executor(pool, _connect, path)
        rows = await loop.run_in_executor(pool, _read, connection)
        _fill(world, *rows)
        world.dirty.clear()
        return cls(connection, pool, world)

    async def close(self) -> None:
        """Write what is left, note that nothing was lost, close the file."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        while self._world.dirty:
            await self._write()
        clean: list[Write] = [("item", ("meta", "clean", "true"))]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, _apply, self._connection, clean)
        await loop.run_in_executor(self._pool, self._connection.close)
        self._pool.shutdown()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            while self._world.dirty:
                try:
                    await asyncio.shield(self._write())
                except sqlite3.Error:
                    log.exception("sandbox.store_failed")
                    break

    async def _write(self) -> None:
        keys = list(islice(self._world.dirty, _CHUNK))
        self._world.dirty.difference_update(keys)
        writes = [write for key in keys for write in _writes(self._world, key)]
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._pool, _apply, self._connection, writes)
        except sqlite3.Error:
            self._world.dirty.update(keys)
            raise


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.executescript(_SCHEMA)
    return connection


def _apply(connection: sqlite3.Connection, writes: list[Write]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for kind, values in writes:
            connection.execute(_DROP[kind.removeprefix("-")] if kind.startswith("-") else _PUT[kind], values)
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.execute("ROLLBACK")
        raise


def _writes(world: World, key: tuple[Any, ...]) -> Iterator[Write]:
    kind, *rest = key
    if kind == "message":
        chat = world.chats.get(rest[0])
        stored = chat.messages.get(rest[1]) if chat else None
        yield ("message", (*rest, freeze.message(stored))) if stored else ("-message", tuple(rest))
    elif kind == "update":
        bot = world.bots.get(rest[0])
        queued = bot.outbox.queue.get(rest[1]) if bot else None
        yield ("update", (*rest, freeze.update(queued))) if queued else ("-update", tuple(rest))
    elif kind == "file":
        known = world.files[rest[0]]
        yield "item", ("file", rest[0], json.dumps(known))
        if known["file_path"]:
            yield "content", (known["file_path"], world.contents[known["file_path"]])
    else:
        body = {"user": freeze.user, "chat": freeze.chat, "bot": freeze.bot}[kind](world, rest[0])
        yield "item", (kind, str(rest[0]), body)


Rows = list[tuple[Any, ...]]


def _read(connection: sqlite3.Connection) -> tuple[Rows, Rows, Rows, Rows]:
    items = connection.execute("SELECT kind, key, body FROM item ORDER BY rowid").fetchall()
    messages = connection.execute("SELECT chat_id, body FROM message ORDER BY chat_id, message_id").fetchall()
    pending = connection.execute("SELECT bot_id, body FROM pending ORDER BY bot_id, update_id").fetchall()
    contents = connection.execute("SELECT path, data FROM content").fetchall()
    connection.execute("INSERT OR REPLACE INTO item VALUES ('meta', 'clean', 'false')")
    return items, messages, pending, contents


def _fill(world: World, items: Rows, messages: Rows, pending: Rows, contents: Rows) -> None:
    was_clean = True
    thaw = {"user": freeze.read_user, "bot": freeze.read_bot, "chat": freeze.read_chat}
    for kind, key, body in items:
        if kind in thaw:
            thaw[kind](world, json.loads(body))
        elif kind == "file":
            world.files[key] = json.loads(body)
        else:
            was_clean = body == "true"
    world.contents.update(contents)
    for chat_id, body in messages:
        stored = freeze.read_message(json.loads(body))
        world.chats[chat_id].messages[stored.id] = stored
    for bot_id, body in pending:
        freeze.read_update(world.bots[bot_id].outbox, json.loads(body))
    _keep_counting(world, 0 if was_clean else _MESSAGE_GAP, 0 if was_clean else _UPDATE_GAP)


def _keep_counting(world: World, message_gap: int, update_gap: int) -> None:
    for chat in world.chats.values():
        chat.last_id = max(chat.last_id, next(reversed(chat.messages), 0)) + message_gap * bool(chat.last_id)
    for bot in world.bots.values():
        bot.outbox.next_id = max(bot.outbox.next_id, next(reversed(bot.outbox.queue), 0) + 1) + update_gap
