"""How long the digests of many chats take that are due at once: from the due schedule entries to queued deliveries.

For each number of chats and of signatures (sets of topics and lengths) a new database, loaded in bulk with a day of
4,320 articles; then the tick runs in a process of its own until nothing is due. `seconds` from its first read to the
last commit, `cpu_us_a_message` of that process, `peak_mb` its whole memory (of which `bare_mb` before the tick) and
`longest_stall_ms` the longest time that its event loop did not come back to a task that only waits 5 ms: by the clock,
and `computing_ms` of the loop's own processor time, since on a busy machine it waits for other programs too.

Beside it, in the same database: `push_seconds`, an edition for everybody (fan-out, as of an alert or a push), and
`bare_seconds`, the limit: the same rows by one statement for each table, with nothing decided, composed or kept short.

    python -m benchmarks.digests --chats 1000 100000 1000000 --signatures 5 500 50000
"""

import argparse
import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select

from benchmarks import archive, world
from benchmarks.databases import Places, bare, places
from bot.app import keep_built
from delivery.digest import run_due
from storage.database import Database
from storage.schema import delivery, edition
from storage.slots import EVERY_DAY

BOT, FIRST_CHAT, WARNING = 777, 1_000_000, 30
DAY_OF_ARTICLES = 4_320
LENGTHS = (5, 3, 10)
DUE = archive.published(DAY_OF_ARTICLES).replace(microsecond=0)
ROOT = Path(__file__).parents[1]
LARGE = {"chats": (1_000, 100_000, 1_000_000), "signatures": (5, 500, 50_000)}


def run(
    chats: Sequence[int] = (1_000, 50_000), signatures: Sequence[int] = (5, 500), postgres: str | None = None
) -> dict[str, Any]:
    """`postgres`: a server's own address, else one is started where the tests are at hand."""
    with places(postgres) as where:
        ticks = [
            _tick(where, kind, count, signs)
            for kind in where.kinds
            for count in chats
            for signs in signatures
            if signs <= count
        ]
    return {"benchmark": "digests", "ticks": ticks}


# The tick


def _tick(where: Places, kind: str, chats: int, signatures: int) -> dict[str, Any]:
    with where.of(kind) as url:
        asyncio.run(_people(url, chats, signatures))
        command = [sys.executable, "-m", "benchmarks.digests", "--tick", url]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        found = json.loads(done.stdout)
        limit = {"bare_seconds": round(_bare_seconds(Database(url)), 3)}
        return {"database": kind, "chats": chats, "signatures": signatures, **found, **limit}


def _bare_seconds(database: Database) -> float:
    at, later = stamp(DUE), stamp(DUE + timedelta(days=2))
    with bare(database) as connection:
        edition_id = connection.execute("SELECT min(id) - 1 FROM edition").fetchone()[0]
        connection.execute(
            "INSERT INTO edition (id, bot_id, kind, signature, lane, composed_at)"
            f" VALUES ({edition_id}, {BOT}, 'digest', 'bare', 3, '{at}')"
        )
        begun = time.perf_counter()
        connection.execute(f"UPDATE schedule SET next_at = '{later}'")
        connection.execute(
            f"INSERT INTO digest_slot (destination_id, slot, due_at) SELECT id, 'bare', '{at}' FROM destination"
        )
        connection.execute(
            "INSERT INTO delivery (bot_id, edition_id, destination_id, lane, state, not_before, created_at)"
            f" SELECT {BOT}, {edition_id}, id, 3, 'queued', '{at}', '{at}' FROM destination"
        )
        connection.execute(f"UPDATE destination SET digest_through = '{at}'")
        return time.perf_counter() - begun


async def _people(url: str, chats: int, signatures: int) -> None:
    """Chats with what they follow, all due at DUE."""
    database = Database(url)
    try:
        source_ids = await archive.prepare(database)
    finally:
        await database.dispose()
    archive.fill(database, archive.Texts(), range(DAY_OF_ARTICLES), source_ids)
    archive.load(database, list(readers(range(1, chats + 1), signatures)))


def readers(ids: range, signatures: int) -> Iterator[archive.Loaded]:
    """Destination n is of chat FIRST_CHAT + n, and has the n-th signature of so many."""
    was, due = stamp(DUE - timedelta(days=1)), stamp(DUE)
    tastes = list(itertools.islice(_tastes(), signatures))
    minute = DUE.hour * 60 + DUE.minute
    common = ("private", "Reader", "en", "UTC", "active", was)
    yield (
        "chat",
        ("bot_id", "chat_id", "kind", "title", "language", "zone", "state", "created_at"),
        ((BOT, FIRST_CHAT + number, *common) for number in ids),
    )
    yield (
        "destination",
        ("id", "bot_id", "chat_id", "thread_id", "digest_length", "digest_through"),
        ((number, BOT, FIRST_CHAT + number, 0, tastes[number % signatures][0], was) for number in ids),
    )
    yield (
        "subscription",
        ("destination_id", "topic_id", "mode", "created_at"),
        ((number, topic_id, "digest", was) for number in ids for topic_id in tastes[number % signatures][1]),
    )
    yield (
        "schedule",
        ("id", "destination_id", "weekdays", "minute", "next_at"),
        ((number, number, EVERY_DAY, minute, due) for number in ids),
    )


def _tastes() -> Iterator[tuple[int, tuple[int, ...]]]:
    """(length, topic ids): one to three topics, so that none of the first 100,000 is like another."""
    for size in (1, 2, 3):
        for chosen in itertools.combinations(range(1, archive.TOPICS + 1), size):
            for length in LENGTHS:
                yield length, chosen


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.000000"


async def _timed_tick(url: str) -> dict[str, Any]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(WARNING))
    database = Database(url)
    try:
        async with database.read() as tx:
            await tx.execute(select(func.count()).select_from(edition))
        keep_built()
        measured = await _until_none_is_due(database)
        async with database.read() as tx:
            messages = await tx.scalar(select(func.count()).select_from(delivery))
            editions = await tx.scalar(select(func.count()).select_from(edition))
        begun = time.perf_counter()
        await world.edition(database)
        pushed = {"push_seconds": round(time.perf_counter() - begun, 2)}
        return {"deliveries": messages, "editions": editions, **measured, **pushed}
    finally:
        await database.dispose()


async def _until_none_is_due(database: Database) -> dict[str, Any]:
    now, bare_mb, watch = DUE + timedelta(seconds=5), _memory_mb(), asyncio.ensure_future(stall())
    begun, cpu, due = time.perf_counter(), time.process_time(), 0
    while done := await run_due(database, bot_id=BOT, now=now):
        due += done
    seconds, cpu, peak_mb = time.perf_counter() - begun, time.process_time() - cpu, _memory_mb()
    watch.cancel()
    return {
        "due": due,
        "seconds": round(seconds, 2),
        "cpu_us_a_message": round(cpu / max(due, 1) * 1e6, 1),
        "bare_mb": bare_mb,
        "peak_mb": peak_mb,
        "memory_bytes_a_message": round((peak_mb - bare_mb) * 1e6 / max(due, 1)),
        **await watch,
    }


def _memory_mb() -> int:
    """The most this process has had; getrusage would count what the one had that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1_000


async def stall() -> dict[str, float]:
    """Until cancelled: the longest times in ms that the event loop did not come back to a task which waits 5 ms.

    By the clock, and of that what the loop's own thread computed: the rest is other programs' turn on the processor.
    """
    longest = computed = 0.0
    try:
        while True:
            begun, cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - begun - 0.005)
            computed = max(computed, time.thread_time() - cpu)
    except asyncio.CancelledError:
        return {"longest_stall_ms": round(longest * 1000, 1), "computing_ms": round(computed * 1000, 1)}


def table(result: dict[str, Any]) -> list[str]:
    """Lines for the terminal."""
    columns = {
        "seconds": "seconds",
        "bare_seconds": "bare s",
        "push_seconds": "push s",
        "cpu_us_a_message": "cpu µs",
        "peak_mb": "peak MB",
        "longest_stall_ms": "stall ms",
        "computing_ms": "computing",
    }
    head = f"{'':12}{'chats':>10}{'signatures':>12}" + "".join(f"{name:>10}" for name in columns.values())
    return [head] + [
        f"{row['database']:12}{row['chats']:>10,}{row['signatures']:>12,}"
        + "".join(f"{row[name]:>10}" for name in columns)
        for row in result["ticks"]
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chats", type=int, nargs="+", default=[1_000, 50_000])
    parser.add_argument("--signatures", type=int, nargs="+", default=[5, 500])
    parser.add_argument("--postgres", help="a server's own address, ending in /postgres?...")
    parser.add_argument("--tick", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.tick:
        print(json.dumps(asyncio.run(_timed_tick(asked.tick))))
    else:
        print(json.dumps(run(asked.chats, asked.signatures, asked.postgres)))
