"""What can't be written down isn't sent: a full disk or a lost database stops the sending, and nothing is doubled."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from delivery.pace import Pacer
from storage.database import Database
from tests.delivery.worlds import World, world


def steady() -> Pacer:
    return Pacer(100, push_gap=0, burst_seconds=0, warm_up=0)


class Disk:
    """Of a SQLite file: as full as it is now, or with room again."""

    def __init__(self, db: Database) -> None:
        self.full = False
        event.listen(db.engine.sync_engine, "begin", self._limit)

    def _limit(self, connection: Any) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one() if self.full else 1_000_000
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


async def recorded(wire: World) -> int:
    """How many messages the database knows to have left, or to be leaving."""
    return sum(part.state in ("sent", "sending") for part in await wire.parts())


@pytest.mark.slow
async def test_a_full_disk_stops_the_sending_until_there_is_room(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "tidings.db")
    db = Database(f"sqlite:///{tmp_path / 'tidings.db'}")
    disk = Disk(db)
    async with world(db) as wire:
        await wire.edition(["hello"], await wire.people(400))
        async with wire.sending(pacer=steady(), call_slots=4) as sender:
            await wire.until(lambda: len(wire.arrived()) > 3)
            disk.full = True
            await stalled(wire)
            assert await wire.open() > 0  # what can't be marked isn't sent
            assert len(wire.arrived()) <= await recorded(wire)
            disk.full = False
            sender.wake()
            await wire.settled()
        assert sorted(chat_id for chat_id, _ in wire.arrived()) == sorted(wire.chat_ids)
    await db.dispose()


async def stalled(wire: World) -> None:
    """Wait until nothing has arrived for a while."""
    count = -1
    while count < len(wire.arrived()):
        count = len(wire.arrived())
        await asyncio.sleep(0.4)


@contextmanager
def closed(url: str) -> Iterator[None]:
    """The database lets nobody in, and has thrown out those who were."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url.replace(f"/{name}?", "/postgres?"), autocommit=True) as other:
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


async def test_a_lost_database_stops_the_sending_until_it_is_back(postgres_url: str) -> None:
    db = Database(postgres_url)
    async with world(db) as wire:
        await wire.edition(["hello"], await wire.people(60))
        async with wire.sending(pacer=steady(), call_slots=4) as sender:
            await wire.until(lambda: len(wire.arrived()) > 3)
            with closed(postgres_url):
                await stalled(wire)
                before = len(wire.arrived())
                assert before < 60
            sender.wake()
            await wire.settled()
        assert sorted(chat_id for chat_id, _ in wire.arrived()) == sorted(wire.chat_ids)
    await db.dispose()
