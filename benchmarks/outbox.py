"""What a message costs in the outbox, by how many finished ones lie there: is it the same for the ten-millionth?

One database of each kind, in which finished deliveries grow from level to level. At each level a queue is added, and
rounds of claiming, marking and recording take from it, as the sender does. Beside them, on the same tables, the bare
statements through the database's own driver: the oldest so many queued become `sending`, then `sent`. Then what else
must not grow: a sender's start (`start_ms`: lock's epoch, orphans, what left lately), its look at what is due, the
figures for Prometheus, and the slowest of some chunks of retention. The files lie in the temporary folder (TMPDIR); a
level for which there may not be room is left out and named.

    python -m benchmarks.outbox --finished 10000 100000 1000000 10000000
"""

import argparse
import asyncio
import json
import shutil
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from benchmarks import archive
from benchmarks.databases import Places, bare, places
from benchmarks.digests import BOT, readers, stamp
from delivery import metrics
from delivery.retention import CHUNK
from storage import marks, outbox, prune
from storage.claims import Claim
from storage.database import Database

PEOPLE = 20_000
QUEUED, ROUNDS, AT_ONCE, CHUNKS = 10_000, 60, 30, 5
BYTES_A_DELIVERY = 1_000  # at the most: with its part, their indexes, and what is written on the way
APART = timedelta(minutes=90)  # of 500 editions the last one is nine days old, too
LARGE = {"finished": (10_000, 100_000, 1_000_000, 10_000_000)}

_DELIVERIES = (
    "INSERT INTO delivery (bot_id, edition_id, destination_id, lane, state, next_part, not_before, created_at, done_at)"
    " SELECT {bot}, {edition}, id, 3, '{state}', {part}, '{at}', '{at}', {done} FROM destination"
    " WHERE id > {after} AND id <= {upto} ORDER BY id"
)
_PARTS = (
    "INSERT INTO delivery_part (delivery_id, number, state, message_id, at)"
    " SELECT id, 0, 'sent', id, done_at FROM delivery WHERE edition_id = {edition} AND destination_id > {after}"
    " AND destination_id <= {upto} ORDER BY id"
)
# Loading only: to look each foreign key up takes as long as all the rest.
_UNCHECKED = (
    "SELECT set_config('session_replication_role', 'replica', false) WHERE current_setting('is_superuser') = 'on'"
)
_BARE = {
    "sqlite": (
        "UPDATE delivery SET state = 'sending' WHERE id IN (SELECT id FROM delivery WHERE bot_id = ? AND lane = 3"
        " AND state = 'queued' ORDER BY not_before, id LIMIT ?) RETURNING id",
        "UPDATE delivery SET state = 'sent', done_at = ? WHERE id IN (SELECT value FROM json_each(?))",
    ),
    "postgresql": (
        "UPDATE delivery SET state = 'sending' WHERE id = ANY(ARRAY(SELECT id FROM delivery WHERE bot_id = %s"
        " AND lane = 3 AND state = 'queued' ORDER BY not_before, id LIMIT %s FOR UPDATE SKIP LOCKED)) RETURNING id",
        "UPDATE delivery SET state = 'sent', done_at = %s WHERE id = ANY(%s)",
    ),
}


def run(finished: Sequence[int] = (10_000, 100_000), postgres: str | None = None) -> dict[str, Any]:
    """`finished`: how many lie there, level by level. `postgres`: a server's own address, else one is started."""
    with places(postgres) as where:
        levels = [row for kind in where.kinds for row in _kind(where, kind, sorted(finished))]
    return {"benchmark": "outbox", "people": PEOPLE, "at_once": AT_ONCE, "levels": levels}


def _kind(where: Places, kind: str, finished: Sequence[int]) -> Iterator[dict[str, Any]]:
    with where.of(kind) as url:
        filling = Filling(Database(url))
        for count in finished:
            free = shutil.disk_usage(where.folder).free
            if free < 2 * (count - filling.finished) * BYTES_A_DELIVERY:
                yield {"database": kind, "finished": count, "skipped": f"{free / 1e9:.0f} GB are free"}
                return
            filling.grow_to(count)
            figures = asyncio.run(_level(url, filling))
            yield {"database": kind, "finished": count, "file_mb": filling.size_mb(), **figures}


class Filling:
    """A database whose finished deliveries grow: of editions to PEOPLE destinations each, APART from each other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._edition, self._reached = 0, PEOPLE  # by the last edition
        self.finished = 0
        asyncio.run(self._prepare())
        archive.load(database, list(readers(range(1, PEOPLE + 1), 1))[:2])

    async def _prepare(self) -> None:
        await archive.prepare(self._database)
        await self._database.dispose()

    def grow_to(self, count: int) -> None:
        with bare(self._database) as connection:
            execute = connection.execute
            if self._database.path is None:
                execute(_UNCHECKED)
            while self.finished < count:
                if self._reached == PEOPLE:
                    self._begin_edition(execute)
                upto = min(PEOPLE, self._reached + count - self.finished)
                at = stamp(datetime.now(UTC) - timedelta(days=40) + APART * self._edition)
                span = {"edition": self._edition, "after": self._reached, "upto": upto}
                execute(_DELIVERIES.format(bot=BOT, state="sent", part=1, at=at, done=f"'{at}'", **span))
                execute(_PARTS.format(**span))
                self.finished += upto - self._reached
                self._reached = upto
            if self._database.path is None:  # as its autovacuum would, in the middle of what is measured
                execute("VACUUM ANALYZE")

    def queue(self, count: int) -> None:
        """An edition for so many, all of them waiting."""
        with bare(self._database) as connection:
            execute = connection.execute
            self._begin_edition(execute)
            span = {"edition": self._edition, "after": 0, "upto": count}
            at = stamp(datetime.now(UTC) - timedelta(minutes=1))
            execute(_DELIVERIES.format(bot=BOT, state="queued", part=0, at=at, done="NULL", **span))
        self._reached = PEOPLE

    def drained_bare(self) -> float:
        """Microseconds a message of the bare statements."""
        claim, record = _BARE[self._database.dialect]
        spent = []
        with bare(self._database) as connection:
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                ids = [row[0] for row in connection.execute(claim, (BOT, AT_ONCE)).fetchall()]
                given = json.dumps(ids) if self._database.path else ids
                connection.execute(record, (stamp(datetime.now(UTC)), given))
                if len(ids) != AT_ONCE:
                    raise RuntimeError(f"only {len(ids)} were queued")
                spent.append(time.perf_counter() - begun)
        return statistics.median(spent) / AT_ONCE * 1e6

    def size_mb(self) -> int:
        if self._database.path is not None:
            return self._database.path.stat().st_size // 1_000_000
        with bare(self._database) as connection:
            return int(connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]) // 1_000_000

    def _begin_edition(self, execute: Callable[[str], Any]) -> None:
        self._edition, self._reached = self._edition + 1, 0
        at = stamp(datetime.now(UTC))
        execute(
            "INSERT INTO edition (id, bot_id, kind, signature, lane, composed_at)"
            f" VALUES ({self._edition}, {BOT}, 'digest', 'bench {self._edition}', 3, '{at}')"
        )
        execute(
            f"INSERT INTO edition_part (edition_id, number, text, keyboard) VALUES ({self._edition}, 0, 'News', '[]')"
        )


async def _level(url: str, filling: Filling) -> dict[str, Any]:
    filling.queue(QUEUED)
    database = Database(url)
    try:
        limit = await asyncio.to_thread(filling.drained_bare)
        begun = time.perf_counter()
        epoch = await _start(database)
        start = time.perf_counter() - begun
        costs = await _send(database, epoch)
        beside = {
            "start_ms": round(start * 1000, 1),
            "look_ms": await _timed(lambda: _look(database)),
            "metrics_ms": await _timed(lambda: metrics.exposition(database, bot_id=BOT, now=datetime.now(UTC))),
            "slowest_retention_chunk_ms": max([await _timed(lambda: _prune(database)) for _ in range(CHUNKS)]),
        }
        filling.finished -= CHUNKS * CHUNK
        await _empty(database)
        return {**costs, "bare_us": round(limit, 1), **beside}
    finally:
        await database.dispose()


async def _start(database: Database) -> int:
    """What a sender does before it sends: gives its epoch."""
    async with database.begin() as tx:
        epoch = await outbox.take_over(tx, BOT)
    async with database.begin() as tx:
        await outbox.orphans(tx, BOT)
        await outbox.recent(tx, BOT, datetime.now(UTC) - timedelta(minutes=1))
    return epoch


async def _send(database: Database, epoch: int) -> dict[str, float]:
    """Microseconds a message, AT_ONCE in each round: the median round, since other programs have their turns too."""
    await _round(database, epoch)
    cpu = time.process_time()
    rounds = [await _round(database, epoch) for _ in range(ROUNDS)]
    cpu = time.process_time() - cpu
    each = [round(statistics.median(spent) / AT_ONCE * 1e6, 1) for spent in zip(*rounds, strict=True)]
    whole = statistics.median(map(sum, rounds)) / AT_ONCE * 1e6
    named = dict(zip(("claim_us", "mark_us", "record_us"), each, strict=True))
    return {**named, "message_us": round(whole, 1), "cpu_us": round(cpu / ROUNDS / AT_ONCE * 1e6, 1)}


async def _round(database: Database, epoch: int) -> tuple[float, float, float]:
    now, begun = datetime.now(UTC), time.perf_counter()
    async with database.begin() as tx:
        if (await outbox.sendership(tx, BOT)).epoch != epoch:
            raise RuntimeError("another sender took over")
        found: list[Claim] = (await outbox.candidates(tx, BOT, now, AT_ONCE))[:AT_ONCE]
        claimed = time.perf_counter()
        marked = await outbox.mark(tx, found, now)
    noted = time.perf_counter()
    async with database.begin() as tx:
        await marks.arrived(tx, [marks.Arrival(claim, claim.id, now, now) for claim in marked])
    if len(marked) != AT_ONCE:
        raise RuntimeError(f"only {len(marked)} were marked")
    return claimed - begun, noted - claimed, time.perf_counter() - noted


async def _look(database: Database) -> None:
    async with database.read() as tx:
        await outbox.next_due(tx, BOT)


async def _prune(database: Database) -> None:
    async with database.begin() as tx:
        gone = await prune.deliveries(tx, before=datetime.now(UTC) - timedelta(days=1), limit=CHUNK)
    if gone != CHUNK:
        raise RuntimeError(f"{gone} went")


async def _empty(database: Database) -> None:
    """What is left of the queue is no part of the next level."""
    async with database.begin() as tx:
        await tx.execute(text("DELETE FROM delivery WHERE state = 'queued'"))


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await work()
    return round((time.perf_counter() - begun) * 1000, 1)


def table(result: dict[str, Any]) -> list[str]:
    """Lines for the terminal."""
    columns = ("message_us", "cpu_us", "bare_us", "start_ms", "look_ms", "metrics_ms", "slowest_retention_chunk_ms")
    lines = [f"{'':12}{'finished':>12}" + "".join(f"{name.replace('slowest_', ''):>19}" for name in columns)]
    for row in result["levels"]:
        figures = row.get("skipped") or "".join(f"{row[name]:>19}" for name in columns)
        lines.append(f"{row['database']:12}{row['finished']:>12,}{figures}")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finished", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--postgres", help="a server's own address, ending in /postgres?...")
    asked = parser.parse_args()
    print(json.dumps(run(asked.finished, asked.postgres)))
