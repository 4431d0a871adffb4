"""Jobs: each is done by one worker, found again when lost, and does no harm twice. On a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from pgqueuer.queries import Queries
from sqlalchemy import text

from bot.jobs import Handler, Job, Jobs, Payload
from storage import jobs
from storage.database import Database
from tests.patience import PATIENCE_S


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    made = Database(postgres_url)
    yield made
    await made.dispose()


@asynccontextmanager
async def at_work(database: Database, url: str, handlers: Mapping[str, Handler]) -> AsyncIterator[Jobs]:
    working, stop = Jobs(database, url, handlers), asyncio.Event()
    task = asyncio.create_task(working.run(stop))
    try:
        yield working
    finally:
        stop.set()
        async with asyncio.timeout(PATIENCE_S):
            await task


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 - lists have no event
            await asyncio.sleep(0.02)


async def left(database: Database, kind: str) -> list[dict[str, Any]]:
    async with database.read() as tx:
        return await jobs.unfinished(tx, kind)


def numbered(count: int) -> list[Job]:
    return [Job("count", {"n": number}, key=f"count:{number}") for number in range(count)]


async def test_the_tables_are_what_the_library_wants(postgres_url: str, postgres_server: str) -> None:
    """Its own upgrade finds no more to do here than where it made them itself."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS pgqueuers_own")
        connection.execute("CREATE DATABASE pgqueuers_own")
    own_url = postgres_server.replace("/postgres?", "/pgqueuers_own?")
    async with await psycopg.AsyncConnection.connect(own_url, autocommit=True) as connection:
        await Queries.from_psycopg_connection(connection).install()
        own = await Queries.from_psycopg_connection(connection).plan_upgrade()
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        ours = await Queries.from_psycopg_connection(connection).plan_upgrade()
    assert (ours.statements, ours.notes) == (own.statements, own.notes)


async def test_each_job_is_done_once_however_many_work(database: Database, postgres_url: str) -> None:
    done: list[int] = []

    async def count(payload: Payload) -> None:
        done.append(payload["n"])

    async with (
        at_work(database, postgres_url, {"count": count}) as first,
        at_work(database, postgres_url, {"count": count}),
    ):
        await first.put(numbered(30))
        await until(lambda: len(done) >= 30)
    assert sorted(done) == list(range(30))
    assert await left(database, "count") == []


async def test_of_jobs_with_one_key_there_is_one(database: Database, postgres_url: str) -> None:
    waiting = Jobs(database, postgres_url, {})
    await waiting.put([*numbered(2), *numbered(3)])
    await waiting.put(numbered(3))
    assert sorted(payload["n"] for payload in await left(database, "count")) == [0, 1, 2]


async def test_what_a_stop_cuts_short_is_given_back(database: Database, postgres_url: str) -> None:
    begun: list[str] = []

    async def hangs(_payload: Payload) -> None:
        begun.append("here")
        await asyncio.Event().wait()

    async def ends(_payload: Payload) -> None:
        begun.append("there")

    async with at_work(database, postgres_url, {"count": hangs}) as first:
        await first.put(numbered(1))
        await until(lambda: len(begun) == 1)
    async with at_work(database, postgres_url, {"count": ends}):
        await until(lambda: len(begun) == 2)
    assert begun == ["here", "there"]


async def test_a_job_that_fails_stops_no_other(database: Database, postgres_url: str) -> None:
    done: list[int] = []

    async def count(payload: Payload) -> None:
        if payload["n"] == 0:
            raise OSError
        done.append(payload["n"])

    async with at_work(database, postgres_url, {"count": count}) as working:
        await working.put(numbered(3))
        await until(lambda: len(done) == 2)


async def test_a_lost_connection_is_made_again(database: Database, postgres_url: str) -> None:
    done: list[int] = []

    async def count(payload: Payload) -> None:
        done.append(payload["n"])

    async with at_work(database, postgres_url, {"count": count}) as working:
        await working.put(numbered(1))
        await until(lambda: done == [0])
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as operator:
            await operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database() AND query LIKE '%pgqueuer%'"
            )
        await working.put([Job("count", {"n": 7}, key="seven")])
        await until(lambda: 7 in done)


async def test_records_of_old_jobs_are_dropped(database: Database, postgres_url: str) -> None:
    await Jobs(database, postgres_url, {}).put(numbered(3))
    later = datetime.now(UTC) + timedelta(days=2)
    async with database.begin() as tx:
        assert await jobs.prune(tx, before=later - timedelta(days=3)) == 0
        assert await jobs.prune(tx, before=later) == 3
        assert await tx.scalar(text("SELECT count(*) FROM pgqueuer")) == 3
