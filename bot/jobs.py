"""Work that any worker may do, handed out by PgQueuer. On PostgreSQL alone: on SQLite there is one process.

    rows changed and committed ──→ a job that names them ──→ PgQueuer ──→ whichever worker is free ──→ the rows again

The rows are the truth. A job that comes twice, or late, finds nothing left to do; one that is lost is named again once
its rows are due again. A worker's death is noticed by its heartbeat, and another does its jobs. Jobs are enqueued after
the commit. PgQueuer's statements go through the pool (and the pooler); only what it listens on is a connection of its
own, past the pooler: psycopg makes a statement on a connection that listens wait for up to a second.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from pgqueuer.db import PsycopgDriver
from pgqueuer.errors import PgqException, RetryRequested
from pgqueuer.models import Job as QueuedJob
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries
from sqlalchemy.exc import SQLAlchemyError

from bot.receive import backoff, ended, pause
from storage.database import Database, session
from storage.errors import cause

log = structlog.get_logger(__name__)

Payload = Mapping[str, Any]
Handler = Callable[[Payload], Awaitable[None]]

# PgQueuer recovers a dead worker's jobs when it looks for new ones: both together are how long that takes.
HEARTBEAT, LOOK_EVERY = timedelta(seconds=6), timedelta(seconds=2)
# A worker takes few at once, so that others get some, and holds no more than it can wait for beside each other.
TAKEN_AT_ONCE, HELD = 8, 40


@dataclass(frozen=True, slots=True)
class Job:
    """`payload` names rows. Of jobs with the same `key` that wait or are being done there is one."""

    kind: str
    payload: Payload
    key: str
    priority: int = 0


class Jobs:
    """`handlers` by kind. `url` must not go through a transaction pooler; `database` may."""

    def __init__(
        self,
        database: Database,
        url: str,
        handlers: Mapping[str, Handler],
        *,
        taken_at_once: int = TAKEN_AT_ONCE,
        held: int = HELD,
    ) -> None:
        self._database, self._url, self._handlers = database, url, handlers
        self._taken_at_once, self._held = taken_at_once, held

    async def put(self, jobs: Sequence[Job]) -> None:
        """Enqueue them; those whose key is there already are left out. The rows they name must be committed."""
        if not jobs:
            return
        async with _autocommit(self._database) as connection:
            await Queries.from_psycopg_connection(connection).enqueue(
                [job.kind for job in jobs],
                [json.dumps(dict(job.payload)).encode() for job in jobs],
                [job.priority for job in jobs],
                dedupe_key=[job.key for job in jobs],
                on_conflict="skip",
            )

    async def run(self, stop: asyncio.Event) -> None:
        """Do jobs until `stop`; those that run then are given back."""
        failures = 0
        while not stop.is_set():
            begun = asyncio.get_running_loop().time()
            try:
                await self._run(stop)
            except (psycopg.Error, PgqException, SQLAlchemyError, OSError) as error:
                long = asyncio.get_running_loop().time() - begun > HEARTBEAT.total_seconds()
                failures = 1 if long else failures + 1
                log.warning("jobs_interrupted", error=type(error).__name__, cause=cause(error), failures=failures)
                await pause(stop, backoff(failures))

    async def _run(self, stop: asyncio.Event) -> None:
        async with session(self._url) as connection:
            queue = QueueManager(Queries(_Driver(connection, self._database)))
            for kind, handler in self._handlers.items():
                queue.entrypoint(kind, accepts_context=False)(_entry(kind, handler, stop))
            ending = asyncio.create_task(_shut_down(queue, stop), name="jobs-stop")
            try:
                await queue.run(
                    dequeue_timeout=LOOK_EVERY,
                    batch_size=self._taken_at_once,
                    max_concurrent_tasks=self._held,
                    heartbeat_timeout=HEARTBEAT,
                    shutdown_on_listener_failure=True,
                )
            finally:
                ending.cancel()
                await asyncio.gather(ending, return_exceptions=True)


class _Driver(PsycopgDriver):
    """Listens on its connection; statements take one of the pool's."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], database: Database) -> None:
        super().__init__(connection)
        self._database = database

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        async with _autocommit(self._database) as connection:
            return await PsycopgDriver(connection).fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        async with _autocommit(self._database) as connection:
            return await PsycopgDriver(connection).execute(query, *args)


@asynccontextmanager
async def _autocommit(database: Database) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """PgQueuer takes no other connection than one that commits each statement."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        raw = (await connection.get_raw_connection()).driver_connection
        if not isinstance(raw, psycopg.AsyncConnection):
            raise TypeError("jobs are handed out on PostgreSQL alone")
        yield raw


async def _shut_down(queue: QueueManager, stop: asyncio.Event) -> None:
    await stop.wait()
    queue.shutdown.set()


def _entry(kind: str, handler: Handler, stop: asyncio.Event) -> Callable[[QueuedJob], Awaitable[None]]:
    async def entry(job: QueuedJob) -> None:
        try:
            done = await ended(stop, handler(json.loads(job.payload or b"{}")))
        except (SQLAlchemyError, OSError) as error:
            log.warning("job_failed", kind=kind, job=job.id, error=type(error).__name__)
            return
        if not done:
            raise RetryRequested(reason="this worker stops")

    return entry
