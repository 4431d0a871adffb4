"""Web, worker and two senders as a host runs them, ended one after the other in the middle of a push.

Once with PostgreSQL itself, once through a real PgBouncer in transaction mode.
"""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
import structlog
from psycopg.rows import TupleRow
from sqlalchemy import func, select

from delivery.lock import SenderLock
from delivery.send import CALL_SLOTS
from sandbox.ledger import Row
from storage import outbox
from storage.database import Database
from storage.records import Mode
from storage.schema import delivery, delivery_part, destination
from tests.bot.service_rig import (
    ARTICLE,
    HEADLINE,
    OWNER,
    Program,
    Wire,
    environment,
    finished,
    tidings,
    wire,
)
from tests.delivery.news import BOT, reader
from tests.delivery.series import TOKEN, TOPIC
from tests.patience import PATIENCE_S
from tests.pgbouncer import pooler
from tests.ports import free_port

log = structlog.get_logger(__name__)

CHATS = 220
TAKEN_OVER_WITHIN_S = 10.0
QUIET_S = 1.5


@dataclass(frozen=True)
class Addresses:
    """Of one empty database: what the processes get, and its own."""

    url: str
    direct: str


@pytest.fixture(params=["direct", "pgbouncer"])
def addresses(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[Addresses]:
    name = f"failover_{request.param}"
    direct = postgres_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            if request.param == "direct":
                yield Addresses(direct, direct)
            else:
                with pooler(direct) as url:
                    yield Addresses(url, direct)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@dataclass
class Service:
    """The processes, and all that can be seen of them from outside."""

    where: Wire
    database: Database
    direct: str
    programs: dict[str, Program]

    def arrived(self) -> list[Row]:
        rows = self.where.sandbox.ledger.rows
        return [row for row in rows if row.method == "sendMessage" and row.ok and (row.chat_id or 0) not in (OWNER, 0)]

    async def taken_over(self) -> int:
        """Gives how many calls the last sender had marked and not recorded when its marks were first refused."""
        async with self.database.begin() as tx:
            await outbox.take_over(tx, BOT)
            return int(await tx.scalar(select(func.count()).where(delivery.c.state == "sending")) or 0)

    async def in_doubt(self) -> set[int]:
        """Chats whose calls a new sender found unrecorded, when it began."""
        query = (
            select(destination.c.chat_id)
            .join(delivery, delivery.c.destination_id == destination.c.id)
            .join(delivery_part, delivery_part.c.delivery_id == delivery.c.id)
            .where(delivery_part.c.in_doubt)
        )
        async with self.database.read() as tx:
            return set(await tx.scalars(query))

    async def senders(self) -> int:
        """How many there were one after the other, the test's own taking over included."""
        async with self.database.read() as tx:
            return (await outbox.sendership(tx, BOT)).epoch

    async def has(self, count: int) -> None:
        """Wait until so many messages have arrived."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.arrived()) < count:  # noqa: ASYNC110 - the ledger has no event
                await asyncio.sleep(0.01)

    async def settled(self) -> None:
        query = select(func.count()).where(delivery.c.state.in_(("queued", "sending")))
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with self.database.read() as tx:
                    if not await tx.scalar(query):
                        return
                await asyncio.sleep(0.1)

    async def goes_on_after(self, moment: float) -> float:
        """Seconds from then until the next message arrived that nobody had on its way at that time."""
        quiet_since = moment + 0.3
        async with asyncio.timeout(PATIENCE_S):
            while not (later := [row.at for row in self.arrived() if row.at > quiet_since]):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        return later[0] - moment


@asynccontextmanager
async def service(addresses: Addresses, cwd: Path) -> AsyncIterator[Service]:
    """Released and started: the first sender leads, the second and the worker stand by."""
    port = free_port()
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(wire(TOKEN))
        env = environment(
            DATABASE_URL=addresses.url,
            TELEGRAM_BOT_TOKEN=TOKEN,
            TELEGRAM_API_URL=where.root,
            WEBHOOK_URL=f"http://127.0.0.1:{port}",
            OWNER_IDS=str(OWNER),
            PORT=str(port),
        )
        env |= {"DATABASE_DIRECT_URL": addresses.direct} if addresses.direct != addresses.url else {}
        status, said = await finished("db", "upgrade", cwd=cwd, env=env)
        assert status == 0, said
        programs: dict[str, Program] = {}
        for name, role, ready in (
            ("first", "sender", "sender_leads"),
            ("second", "sender", "sender_stands_by"),
            ("worker", "worker", "sender_stands_by"),
            ("web", "web", "started"),
        ):
            programs[name] = await stack.enter_async_context(tidings("run", role, cwd=cwd, env=env))
            await programs[name].printed(ready)
        status, said = await finished("ingest", str(ARTICLE), cwd=cwd, env=env)
        assert status == 0, said
        database = Database(addresses.direct)
        stack.push_async_callback(database.dispose)
        yield Service(where, database, addresses.direct, programs)


async def many_readers(running: Service) -> list[int]:
    chat_ids = running.where.sandbox.world.bulk_chats(CHATS)
    async with running.database.begin() as tx:
        for chat_id in chat_ids:
            await reader(tx, chat_id, {TOPIC: Mode.DIGEST}, since=datetime.now(UTC) + timedelta(days=1))
    return chat_ids


async def kill_the_leader(running: Service) -> float:
    """Gives after how many seconds another went on."""
    first = running.programs["first"].process
    first.send_signal(signal.SIGKILL)
    await first.wait()
    return await running.goes_on_after(time.time())


async def cut_the_leaders_lock(running: Service) -> tuple[int, float]:
    """Another takes the lock and the epoch before any standby can: nothing leaves while it has them.

    Gives how many calls the leader left unrecorded, and after how many seconds a standby went on.
    """
    key = SenderLock(running.database, BOT).key
    async with await psycopg.AsyncConnection.connect(running.direct, autocommit=True) as intruder:
        waiting = asyncio.create_task(intruder.execute("SELECT pg_advisory_lock(%s)", (key,)))
        await _cut_lock(running.direct)
        async with asyncio.timeout(PATIENCE_S):
            await waiting
        left = await running.taken_over()
        taken_at = time.time()
        await asyncio.sleep(QUIET_S)
        later = [row for row in running.arrived() if row.at > taken_at]
        assert len(later) <= left, "a sender without its lock went on"
        freed_at = time.time()
    return left, await running.goes_on_after(freed_at)


async def _cut_lock(url: str) -> None:
    """End the connection that holds the sender's lock, as a failing network does, once another waits for it: who waits
    gets it before those who only ask now and then.
    """
    ours = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as operator, asyncio.timeout(PATIENCE_S):
        while not await _rows(operator, f"SELECT pid FROM pg_locks WHERE {ours} AND NOT granted"):
            await _rows(operator, "SELECT pg_sleep(0.01)")
        await _rows(
            operator,
            f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {ours} AND granted AND mode = 'ExclusiveLock'",
        )


async def _rows(connection: psycopg.AsyncConnection[TupleRow], query: LiteralString) -> list[TupleRow]:
    return await (await connection.execute(query)).fetchall()


@pytest.mark.slow
async def test_a_push_survives_a_killed_sender_and_a_cut_lock(addresses: Addresses, tmp_path: Path) -> None:
    async with service(addresses, tmp_path) as running:
        chat_ids = await many_readers(running)
        await running.where.asks(OWNER, f"/push {TOPIC}", f"{CHATS} chats", said=lambda: _said(running))
        await running.has(30)
        after_kill = await kill_the_leader(running)
        await running.has(90)
        left, after_cut = await cut_the_leaders_lock(running)
        await running.settled()
        counts = Counter(row.chat_id for row in running.arrived() if HEADLINE in str(row.params["text"]))
        assert set(counts) == set(chat_ids)
        in_doubt, senders = await running.in_doubt(), await running.senders()
        log.info("failover", doubled=counts.total() - CHATS, in_doubt=len(in_doubt), after_s=(after_kill, after_cut))
        assert max(counts.values()) <= 2
        assert {chat_id for chat_id, count in counts.items() if count > 1} <= in_doubt
        assert left <= CALL_SLOTS
        assert len(in_doubt) <= CALL_SLOTS * (senders - 2)
        assert max(after_kill, after_cut) < TAKEN_OVER_WITHIN_S
        for name in ("second", "worker", "web"):
            assert await running.programs[name].terminate() == 0
        assert "sender_lock_lost" in _said(running) or "sender_superseded" in _said(running)
        assert "Traceback" not in _said(running)


def _said(running: Service) -> str:
    return "\n".join(f"--- {name}\n{program.output}" for name, program in running.programs.items())
