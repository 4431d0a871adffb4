"""One sender at a time; the next one within seconds."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from delivery.lock import Lease, Patience, SenderLock
from delivery.pace import Pacer
from delivery.send import Sender
from storage.database import Connection, Database
from storage.errors import DatabaseBusyError
from tests.delivery.worlds import BOT, quick, world
from tests.frozen import wire_to

# The leader has 4.9 s to notice before the server ends its session: a busy machine may keep it waiting.
HASTY = Patience(ask=0.2, look=0.1, answer=1.0, silence=6.0)


async def test_a_second_process_on_the_same_file_is_refused(sqlite_url: str) -> None:
    first, second, stop = Database(sqlite_url), Database(sqlite_url), asyncio.Event()
    async with SenderLock(first, BOT).hold(stop) as lease:
        assert lease is not None
        with pytest.raises(DatabaseBusyError):
            async with SenderLock(second, BOT).hold(stop):
                pass
    await second.dispose()
    await first.dispose()


async def test_each_sender_has_a_newer_epoch(db: Database) -> None:
    stop, epochs = asyncio.Event(), []
    for _ in range(3):
        async with SenderLock(db, BOT).hold(stop) as lease:
            assert lease is not None
            epochs.append(lease.epoch)
    assert epochs == [1, 2, 3]


async def test_who_is_told_to_stop_while_standing_by_gets_no_lease(postgres_url: str) -> None:
    first, second = Database(postgres_url), Database(postgres_url)
    stop = asyncio.Event()
    async with SenderLock(first, BOT).hold(asyncio.Event()) as lease:
        assert lease is not None
        waiting = asyncio.create_task(_lease(SenderLock(second, BOT), stop))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        stop.set()
        assert await waiting is None
    await first.dispose()
    await second.dispose()


async def _lease(lock: SenderLock, stop: asyncio.Event) -> Lease | None:
    async with lock.hold(stop) as lease:
        return lease


async def test_bots_do_not_share_a_lock(postgres_url: str) -> None:
    db, stop = Database(postgres_url), asyncio.Event()
    async with SenderLock(db, BOT).hold(stop) as one, SenderLock(db, BOT + 1).hold(stop) as other:
        assert one is not None
        assert other is not None
    await db.dispose()


async def test_a_standby_goes_on_where_a_sender_lost_its_connection(postgres_url: str) -> None:
    first, second = Database(postgres_url), Database(postgres_url)
    async with world(first) as wire:
        await wire.edition(["hello"], await wire.people(60))
        stops = asyncio.Event(), asyncio.Event()
        senders = [
            Sender(db, wire.bot, pacer, bot_id=BOT)
            for db, pacer in ((first, Pacer(30, push_gap=0, warm_up=0)), (second, quick()))
        ]
        async with asyncio.TaskGroup() as work:
            for sender, stop in zip(senders, stops, strict=True):
                work.create_task(sender.run(stop))
                await wire.until(lambda: senders[0].leading)
            await wire.until(lambda: len(wire.arrived()) > 5)
            assert not senders[1].leading
            stops[0].set()  # it will not ask for the lock again
            await _cut_locks(postgres_url)
            await wire.until(lambda: senders[1].leading)
            await wire.settled()
            stops[1].set()
        counts = Counter(chat_id for chat_id, _ in wire.arrived())
        assert set(counts) == set(wire.chat_ids)
        # The first one's calls end after its lock is cut: what the second finds of them is in doubt, and sent again.
        doubtful = [part.in_doubt for part in await wire.parts()]
        assert all(count == 1 or doubtful[wire.chat_ids.index(chat_id)] for chat_id, count in counts.items())
    await first.dispose()
    await second.dispose()


class Noted(SenderLock):
    """Remembers the epochs that it gave: between two of them a sender may stand still for a few milliseconds only."""

    def __init__(self, db: Database) -> None:
        super().__init__(db, BOT)
        self.epochs: list[int] = []

    @asynccontextmanager
    async def hold(self, stop: asyncio.Event) -> AsyncIterator[Lease | None]:
        async with super().hold(stop) as lease:
            self.epochs += [] if lease is None else [lease.epoch]
            yield lease


async def test_a_sender_whose_lock_is_cut_stops_and_takes_it_again(postgres_url: str) -> None:
    db = Database(postgres_url)
    async with world(db) as wire:
        async with wire.sending(lock=(lock := Noted(db))) as sender:
            await wire.until(lambda: sender.leading)
            await _cut_locks(postgres_url)
            await wire.until(lambda: lock.epochs == [1, 2])
            await wire.until(lambda: sender.leading)
            await wire.edition(["hello"], await wire.people(3))
            sender.wake()
            await wire.settled()
        assert len(wire.arrived()) == 3
    await db.dispose()


async def _cut_locks(url: str) -> None:
    """End the connections that hold advisory locks, as a failing network does."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


async def test_a_full_or_lost_database_stops_the_sending(sqlite_template: Path, tmp_path: Path) -> None:
    """Nothing leaves that could not be marked; when the database is back, all of it does."""
    path = tmp_path / "tidings.db"
    shutil.copy(sqlite_template, path)
    db = Database(f"sqlite:///{path}")
    async with world(db) as wire:
        await wire.edition(["hello"], await wire.people(60))
        async with wire.sending(pacer=Pacer(30, push_gap=0, warm_up=0)):
            await wire.until(lambda: len(wire.arrived()) > 3)
            blocker = await _lock_out(db)
            marked = sum(part.state in ("sent", "sending") for part in await wire.parts())
            await asyncio.sleep(0.6)
            assert len(wire.arrived()) <= marked < 60
            await blocker.rollback()
            await blocker.close()
            await wire.settled()
        assert sorted(chat_id for chat_id, _ in wire.arrived()) == sorted(wire.chat_ids)
    await db.dispose()


async def _lock_out(db: Database) -> Connection:
    """A writer that does not end: others wait for it."""
    connection = await db.engine.connect()
    await connection.begin()
    return connection


async def test_a_sender_whose_network_is_cut_stops_and_another_goes_on(postgres_url: str) -> None:
    """The server hears of no end, nor does the sender: each side gives the lock up by itself, the sender first."""
    first, second = Database(postgres_url), Database(postgres_url)
    async with world(first) as wire, wire_to(postgres_url) as line:
        await wire.edition(["hello"], await wire.people(90))
        locks = SenderLock(first, BOT, line.url, HASTY), SenderLock(second, BOT, patience=HASTY)
        pacers = Pacer(30, push_gap=0, warm_up=0), Pacer(200, push_gap=0, warm_up=0)
        senders = [
            Sender(db, wire.bot, pacer, bot_id=BOT, lock=lock)
            for db, pacer, lock in zip((first, second), pacers, locks, strict=True)
        ]
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as work:
            for sender in senders:
                work.create_task(sender.run(stop))
                await wire.until(lambda: senders[0].leading)
            await wire.until(lambda: len(wire.arrived()) > 5)
            line.cut()
            await wire.until(lambda: not senders[0].leading)
            assert not senders[1].leading
            await wire.until(lambda: senders[1].leading)
            await wire.settled()
            line.mend()
            stop.set()
    assert sorted(chat_id for chat_id, _ in wire.arrived()) == sorted(wire.chat_ids)
    await first.dispose()
    await second.dispose()
