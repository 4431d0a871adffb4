"""A worker hears at once of updates that another process stored, also after its connection was lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from bot.listen import listen
from storage import inbox
from storage.database import Database
from tests.patience import PATIENCE_S

BOT = 7


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[asyncio.Queue[str]]:
    heard, stop = asyncio.Queue[str](), asyncio.Event()
    work = asyncio.create_task(listen(url, {inbox.CHANNEL: heard.put_nowait}, stop))
    try:
        yield heard
    finally:
        stop.set()
        async with asyncio.timeout(PATIENCE_S):
            await work


async def store(database: Database, update_id: int, bot_id: int = BOT) -> None:
    async with database.begin() as tx:
        await inbox.store(tx, bot_id, [{"update_id": update_id}], datetime.now(UTC))


async def heard_of(database: Database, heard: asyncio.Queue[str], first_id: int) -> None:
    """It may take a moment until it listens: updates are stored until one is heard."""
    async with asyncio.timeout(PATIENCE_S):
        for update_id in range(first_id, first_id + 1_000):
            await store(database, update_id)
            done, _ = await asyncio.wait({waiting := asyncio.ensure_future(heard.get())}, timeout=0.1)
            waiting.cancel()
            if done:
                assert waiting.result() == str(BOT)
                return


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    made = Database(postgres_url)
    yield made
    await made.dispose()


async def test_what_another_process_stores_is_heard(database: Database, postgres_url: str) -> None:
    async with listening(postgres_url) as heard:
        await heard_of(database, heard, 1)


async def test_what_is_known_already_makes_no_noise(database: Database, postgres_url: str) -> None:
    async with listening(postgres_url) as heard:
        await heard_of(database, heard, 1)
        for bot_id in (8, 8, 9):
            await store(database, 1, bot_id)
        others = list[str]()
        async with asyncio.timeout(PATIENCE_S):
            while "9" not in others:
                others += [bot_id for bot_id in [await heard.get()] if bot_id != str(BOT)]
        assert others == ["8", "9"]


async def test_a_lost_connection_is_made_again(database: Database, postgres_url: str) -> None:
    async with listening(postgres_url) as heard:
        await heard_of(database, heard, 1)
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as operator:
            await operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = "
                "current_database()"
            )
        await heard_of(database, heard, 5_000)


async def test_it_ends_while_the_server_is_away() -> None:
    async with listening("postgresql://127.0.0.1:9/nobody"):
        await asyncio.sleep(0)
