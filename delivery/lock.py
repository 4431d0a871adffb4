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

import psycopg
import structlog

from storage import outbox
from storage.database import Database, parse_url

log = structlog.get_logger()

ASK_SECONDS = 2.0
LOOK_SECONDS = 1.0
ANSWER_SECONDS = 5.0

# A host that vanished is noticed by the server within about 10 s.
_KEEPALIVES = "-c tcp_keepalives_idle=4 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=2"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send. `lost` is set when it has ended."""

    epoch: int
    lost: asyncio.Event = field(default_factory=asyncio.Event)


class SenderLock:
    """`direct_url`: where `db` goes through a transaction pooler, the database's own address (sessions are needed)."""

    def __init__(self, db: Database, bot_id: int, direct_url: str | None = None) -> None:
        self._db = db
        self._bot_id = bot_id
        self._url = parse_url(direct_url) if direct_url else db.url

    @asynccontextmanager
    async def hold(self, stop: asyncio.Event) -> AsyncIterator[Lease | None]:
        """Wait for the lock and give it; None when `stop` came first.

        Raises DatabaseBusyError where another process owns the SQLite file, psycopg.Error where the server is away.
        """
        if self._db.dialect == "sqlite":
            self._db.own()
            yield Lease(await self._take_over())
            return
        async with await self._connect() as connection:
            if not await self._locked(connection, stop):
                yield None
                return
            lease = Lease(await self._take_over())
            log.info("sender_leads", bot_id=self._bot_id, epoch=lease.epoch)
            watch = asyncio.create_task(_watch(connection, lease), name="sender-lock-watch")
            try:
                yield lease
            finally:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        url = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        return await psycopg.AsyncConnection.connect(
            url, autocommit=True, prepare_threshold=None, connect_timeout=10, options=_KEEPALIVES
        )

    async def _locked(self, connection: psycopg.AsyncConnection[tuple[object, ...]], stop: asyncio.Event) -> bool:
        standing_by = False
        while not stop.is_set():
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", (self.key,))
            if (await cursor.fetchone() or (False,))[0]:
                return True
            if not standing_by:
                log.info("sender_stands_by", bot_id=self._bot_id)
                standing_by = True
            await _pause(stop, ASK_SECONDS)
        return False

    async def _take_over(self) -> int:
        async with self._db.begin() as tx:
            return await outbox.take_over(tx, self._bot_id)

    @property
    def key(self) -> int:
        """The advisory lock's number, the same in every process and release."""
        digest = hashlib.blake2b(f"tidings sender {self._bot_id}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


async def _watch(connection: psycopg.AsyncConnection[tuple[object, ...]], lease: Lease) -> None:
    """The lock lasts as long as its connection does."""
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await connection.execute("SELECT 1")
        except (psycopg.Error, OSError, TimeoutError):
            log.warning("sender_lock_lost", epoch=lease.epoch)
            lease.lost.set()
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
