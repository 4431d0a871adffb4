"""Who may send for a bot: one process at a time, the next one within seconds of its death.

SQLite: the process that owns the file (flock). PostgreSQL: a session advisory lock on a connection of its own, which
the server frees however the process ends. Whoever gets the lock counts the sender's epoch up, and marks are refused to
every epoch but the newest: a sender that lost its lock without noticing sends nothing more.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog

from storage import outbox
from storage.database import Database, parse_url, session

log = structlog.get_logger()

# A host that vanished is noticed by the server within about 10 s; so is one that only what lies between keeps alive
# (PostgreSQL 14 and newer).
_KEEPALIVES = "-c tcp_keepalives_idle=4 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=2"
_END_SILENT = (
    "SELECT set_config('idle_session_timeout', %s, false) FROM pg_settings WHERE name = 'idle_session_timeout'"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: `ask`, how often a standby does; `look`, how often the leader tries its connection, which has `answer`
    to reply. `silence`, after which the server ends a session, is longer than both together, so that a leader that is
    cut off stops before another begins; and with `ask` under the 10 s that a takeover may take.
    """

    ask: float = 2.0
    look: float = 1.0
    answer: float = 4.0
    silence: float = 7.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send. `lost` is set when it has ended."""

    epoch: int
    lost: asyncio.Event = field(default_factory=asyncio.Event)


class SenderLock:
    """`direct_url`: where `db` goes through a transaction pooler, the database's own address (sessions are needed)."""

    def __init__(
        self, db: Database, bot_id: int, direct_url: str | None = None, patience: Patience = Patience()
    ) -> None:
        self._db = db
        self._bot_id = bot_id
        self._url = parse_url(direct_url) if direct_url else db.url
        self._patience = patience

    @asynccontextmanager
    async def hold(self, stop: asyncio.Event) -> AsyncIterator[Lease | None]:
        """Wait for the lock and give it; None when `stop` came first.

        Raises DatabaseBusyError where another process owns the SQLite file, psycopg.Error where the server is away.
        """
        if self._db.dialect == "sqlite":
            self._db.own()
            yield Lease(await self._take_over())
            return
        async with session(self._url, options=_KEEPALIVES) as connection:
            await connection.execute(_END_SILENT, (f"{self._patience.silence * 1000:.0f}ms",))
            if not await self._locked(connection, stop):
                yield None
                return
            lease = Lease(await self._take_over())
            log.info("sender_leads", bot_id=self._bot_id, epoch=lease.epoch)
            watch = asyncio.create_task(_watch(connection, lease, self._patience), name="sender-lock-watch")
            try:
                yield lease
            finally:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)

    async def _locked(self, connection: psycopg.AsyncConnection[tuple[Any, ...]], stop: asyncio.Event) -> bool:
        standing_by = False
        while not stop.is_set():
            async with asyncio.timeout(self._patience.answer):
                cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", (self.key,))
            if (await cursor.fetchone() or (False,))[0]:
                return True
            if not standing_by:
                log.info("sender_stands_by", bot_id=self._bot_id)
                standing_by = True
            await _pause(stop, self._patience.ask)
        return False

    async def _take_over(self) -> int:
        async with self._db.begin() as tx:
            return await outbox.take_over(tx, self._bot_id)

    @property
    def key(self) -> int:
        """The advisory lock's number, the same in every process and release."""
        digest = hashlib.blake2b(f"tidings sender {self._bot_id}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


async def _watch(connection: psycopg.AsyncConnection[tuple[Any, ...]], lease: Lease, patience: Patience) -> None:
    """The lock lasts as long as its connection does."""
    while True:
        asking = asyncio.create_task(_answers(connection), name="sender-lock-ask")
        try:
            done, _ = await asyncio.wait({asking}, timeout=patience.answer)
            if not (done and asking.result()):
                log.warning("sender_lock_lost", epoch=lease.epoch)
                lease.lost.set()
                return
        finally:  # at once, before this: to end a statement that nobody answers takes psycopg 10 s
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await asyncio.sleep(patience.look)


async def _answers(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> bool:
    try:
        await connection.execute("SELECT 1")
    except (psycopg.Error, OSError):
        return False
    return True


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
