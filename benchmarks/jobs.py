"""Jobs through PgQueuer as workers do them: how many a second, and how soon a killed worker's job is begun again.

With 1, 2 and 4 worker processes on a PostgreSQL that is started for it. Beside them one process that does nothing but
take the same rows from a plain table, ten at a time, with SKIP LOCKED: what the database itself allows. With one worker
a killed one's job waits for its successor, which is started at once.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from bot.jobs import HEARTBEAT, LOOK_EVERY, Job, Jobs, Payload
from storage import jobs as stored
from storage import migrate
from storage.database import Database
from tests import postgres

ROOT = Path(__file__).parents[1]
LARGE = {"jobs": 20_000, "kills": 5}
COUNT, HOLD, PATIENCE_S = "count", "hold", 180.0


def run(*, jobs: int = 4_000, processes: Sequence[int] = (1, 2, 4), kills: int = 3) -> dict[str, Any]:
    """`skipped` says why where there is no PostgreSQL to be had."""
    with ExitStack() as opened:
        try:
            url = opened.enter_context(postgres.cluster())
        except (RuntimeError, OSError) as error:
            return {"benchmark": "jobs", "skipped": f"there is no PostgreSQL here: {error}"}
        return asyncio.run(_measure(url, jobs, processes, kills))


async def _measure(url: str, jobs: int, processes: Sequence[int], kills: int) -> dict[str, Any]:
    database = Database(url)
    await migrate.upgrade(database)
    try:
        plain = await asyncio.to_thread(_plain, url, jobs)
        workers = [await _workers(database, url, jobs, count, kills) for count in processes]
    finally:
        await database.dispose()
    return {
        "benchmark": "jobs",
        "jobs": jobs,
        "heartbeat_s": HEARTBEAT.total_seconds(),
        "looks_every_s": LOOK_EVERY.total_seconds(),
        "processors": os.cpu_count(),
        "plain_skip_locked_per_s": plain,
        "workers": workers,
    }


async def _workers(database: Database, url: str, jobs: int, count: int, kills: int) -> dict[str, Any]:
    enqueued, done = await _rate(database, url, jobs, count)
    times = [await _recovery(database, url, count) for _ in range(kills)]
    return {
        "processes": count,
        "enqueued_per_s": enqueued,
        "jobs_per_s": done,
        "recovery_s": round(statistics.median(times), 1) if times else None,
        "slowest_recovery_s": round(max(times), 1) if times else None,
    }


async def _rate(database: Database, url: str, jobs: int, processes: int) -> tuple[int, int]:
    """Jobs enqueued a second, and done a second by so many workers that are up already."""
    async with AsyncExitStack() as stack:
        for _ in range(processes):
            await stack.enter_async_context(_worker(url))
        queue = Jobs(database, url, {})
        begun = time.monotonic()
        for first in range(0, jobs, 1_000):
            some = range(first, min(first + 1_000, jobs))
            await queue.put([Job(COUNT, {"n": number}, key=f"{COUNT}:{number}") for number in some])
        put = time.monotonic() - begun
        await _until_empty(database, COUNT)
        return int(jobs / put), int(jobs / (time.monotonic() - begun))


async def _until_empty(database: Database, kind: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with database.read() as tx:
                if not await stored.unfinished(tx, kind):
                    return
            await asyncio.sleep(0.1)


async def _recovery(database: Database, url: str, processes: int) -> float:
    """Seconds from the kill of the worker that has the job until another has it."""
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(_worker(url)) for _ in range(processes)]
        begins = {asyncio.create_task(_begins(worker)): worker for worker in workers}
        await Jobs(database, url, {}).put([Job(HOLD, {}, key=HOLD)])
        done, _ = await asyncio.wait(begins, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_S)
        (first,) = done
        await asyncio.sleep(1.0)
        begins[first].send_signal(signal.SIGKILL)
        killed_at = time.monotonic()
        if processes == 1:
            successor = await stack.enter_async_context(_worker(url))
            begins[asyncio.create_task(_begins(successor))] = successor
        others = [task for task in begins if task is not first]
        done, late = await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_S)
        seconds = time.monotonic() - killed_at
        for task in late:
            task.cancel()
        if not done:
            raise RuntimeError("the job of a killed worker was never begun again")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("TRUNCATE pgqueuer")
    return seconds


async def _begins(worker: asyncio.subprocess.Process) -> None:
    if worker.stdout is None or not await worker.stdout.readline():
        await asyncio.Event().wait()  # it was killed


@asynccontextmanager
async def _worker(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.jobs", "--work", url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        if child.stdout is None or not await child.stdout.readline():
            raise RuntimeError("a worker did not begin")
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def _work(url: str) -> None:
    """A worker: it prints a line when it begins, and one when it has the job that never ends."""

    async def count(_payload: Payload) -> None:
        return

    async def hold(_payload: Payload) -> None:
        print("holds", flush=True)
        await asyncio.Event().wait()

    database = Database(url)
    print("begins", flush=True)
    await Jobs(database, url, {COUNT: count, HOLD: hold}).run(asyncio.Event())


def _plain(url: str, jobs: int) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE plain (id bigserial PRIMARY KEY, payload bytea)")
        connection.execute("INSERT INTO plain (payload) SELECT 'x' FROM generate_series(1, %s)", (jobs,))
        begun, done = time.monotonic(), 0
        while done < jobs:
            done += connection.execute(
                "DELETE FROM plain WHERE id = ANY(ARRAY(SELECT id FROM plain ORDER BY id LIMIT 10"
                " FOR UPDATE SKIP LOCKED))"
            ).rowcount
        return int(jobs / (time.monotonic() - begun))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=4_000)
    parser.add_argument("--json", action="store_true", help="one line; it is JSON all the same without")
    parser.add_argument("--work", metavar="URL", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        asyncio.run(_work(asked.work))
    else:
        print(json.dumps(run(jobs=asked.jobs), indent=None if asked.json else 2))
