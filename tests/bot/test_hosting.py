"""The Procfile's own processes, together as a host runs them: release, web and worker on PostgreSQL, by webhook."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import psycopg
import pytest
from honcho.environ import parse_procfile
from sqlalchemy import func, select, update

from bot.web import SECRET_HEADER, WEBHOOK_PATH
from storage.database import Database
from storage.schema import delivery, schedule
from tests.bot.service_rig import (
    ARTICLE,
    HEADLINE,
    OWNER,
    READER,
    ROOT,
    TOKEN,
    Program,
    Wire,
    environment,
    far_from_now,
    finished,
    started,
    wire,
)
from tests.ports import free_port

# A host kills what has not ended 30 s after SIGTERM.
STOP_WITHIN_S = 25.0
_numbers = itertools.count()


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A database without tables, its URL as hosts hand it out: `postgres://`."""
    name = f"hosted_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield postgres_server.replace("postgresql://", "postgres://").replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def of_procfile(name: str, cwd: Path, env: dict[str, str]) -> AbstractAsyncContextManager[Program]:
    """One of its processes, as a host starts it. Honcho itself would kill after five seconds what has not ended."""
    command = parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes[name]
    return started("sh", "-c", command, cwd=cwd, env=env)


async def released(env: dict[str, str], cwd: Path) -> None:
    async with of_procfile("release", cwd, env) as program:
        assert await program.ended() == 0, program.output


async def answers(where: Wire, digest_time: str, said: Callable[[], str]) -> None:
    """Questions of a subscriber come in by webhook and are answered by the worker."""
    await where.asks(READER, "/topic korea", HEADLINE, said=said)
    await where.asks(READER, "/subscribe korea", "Korea", digest_time)


async def digest_comes(where: Wire, url: str) -> None:
    """The schedule's next moment is put to now; the worker's tick composes and its sender sends."""
    before = len(where.heard(READER))
    database = Database(url)
    try:
        async with database.begin() as tx:
            moved = await tx.execute(update(schedule).values(next_at=datetime.now(UTC)))
        assert moved.rowcount == 1
        await where.hears(READER, "Your digest", HEADLINE, after=before)
    finally:
        await database.dispose()


async def push_comes(where: Wire) -> None:
    before = len(where.heard(READER))
    await where.asks(OWNER, "/push korea", "1 chat")
    await where.hears(READER, HEADLINE, after=before)


async def guards(port: int) -> None:
    """The host's health check is answered; whoever doesn't know the secret is not."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        async with http.get("/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok", "database": "ok"})
        for headers in ({}, {SECRET_HEADER: "guess"}):
            async with http.post(WEBHOOK_PATH, json={"update_id": 1}, headers=headers) as answer:
                assert answer.status == 403
        async with http.get("/websub/1/abc", params={"hub.mode": "subscribe", "hub.challenge": "c"}) as answer:
            assert answer.status == 404
        async with http.post("/websub/1/abc", data=b"<rss/>") as answer:
            assert answer.status == 410


async def all_sent(url: str) -> None:
    """Nothing is left half done: two deliveries, each sent."""
    database = Database(url)
    try:
        async with database.read() as tx:
            rows = await tx.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state))
            assert [tuple(row) for row in rows] == [("sent", 2)]
    finally:
        await database.dispose()


@pytest.mark.slow
async def test_the_procfiles_processes_serve_a_subscriber_and_stop(empty_postgres_url: str, tmp_path: Path) -> None:
    port, digest_time = free_port(), far_from_now()
    async with wire() as where:
        env = environment(
            DATABASE_URL=empty_postgres_url,
            TELEGRAM_BOT_TOKEN=TOKEN,
            TELEGRAM_API_URL=where.root,
            WEBHOOK_URL=f"http://127.0.0.1:{port}",
            OWNER_IDS=str(OWNER),
            PORT=str(port),
            DYNO="web.1",
            DIGEST_TIME=digest_time,
        )
        await released(env, tmp_path)
        ingest = asyncio.create_task(finished("ingest", str(ARTICLE), cwd=tmp_path, env=env))
        async with of_procfile("web", tmp_path, env) as web, of_procfile("worker", tmp_path, env) as worker:
            await web.printed("process=web")
            await worker.printed("process=worker")
            status, said = await ingest
            assert status == 0, said
            assert HEADLINE in said
            await answers(where, digest_time, lambda: web.output + worker.output)
            await digest_comes(where, empty_postgres_url)
            await push_comes(where)
            await guards(port)
            begun = asyncio.get_running_loop().time()
            ends = await asyncio.gather(web.terminate(), worker.terminate())
            assert set(ends) == {0}, web.output + worker.output
            assert asyncio.get_running_loop().time() - begun < STOP_WITHIN_S
        output = web.output + worker.output
        assert "Traceback" not in output
        assert TOKEN.partition(":")[2] not in output
        await all_sent(empty_postgres_url)
        sent = Counter(str(call["params"]["text"]) for call in where.calls("sendMessage") if call["chat_id"] == READER)
        assert set(sent.values()) == {1}, sent
        assert not where.calls("getUpdates")
