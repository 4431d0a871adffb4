"""How long the digests of many chats take that are due at once: from the due schedule entries to queued deliveries.

For each number of chats and of signatures (sets of topics and lengths) a new database, loaded in bulk with a day of
4,320 articles; then the tick runs in a process of its own until nothing is due. `seconds` from its first read to the
last commit, `cpu_us_a_message` of that process, `peak_mb` its whole memory (of which `bare_mb` before the tick) and
`longest_stall_ms` the longest time that its event loop did not come back to a task that only waits 5 ms (on a busy
machine it waits for other programs too: `computing_ms` is what it computed itself at a stretch).

`sending`: what the outbox costs a message, from claim to arrival, of a queue of so many deliveries.

    python -m benchmarks.digests --chats 1000 100000 1000000 --signatures 5 500 50000 --postgres postgresql://...
"""

import argparse
import asyncio
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import structlog
from sqlalchemy import func, select, text

from benchmarks import archive
from delivery.digest import run_due
from storage import marks, outbox
from storage.database import Database
from storage.schema import delivery, edition
from storage.slots import EVERY_DAY

BOT, FIRST_CHAT, WARNING = 777, 1_000_000, 30
DAY_OF_ARTICLES = 4_320
LENGTHS = (5, 3, 10)
DUE = archive.published(DAY_OF_ARTICLES).replace(microsecond=0)
ROOT = Path(__file__).parents[1]


def run(
    chats: Sequence[int] = (1_000, 10_000),
    signatures: Sequence[int] = (5, 500),
    postgres: str | None = None,
    sending: Sequence[int] = (10_000,),
) -> dict[str, Any]:
    """`postgres`: a server's own address, else PostgreSQL is left out."""
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        places = Places(Path(folder), postgres)
        return {
            "benchmark": "digests",
            "ticks": [
                _tick(places, kind, count, signs)
                for kind in places.kinds
                for count in chats
                for signs in signatures
                if signs <= count
            ],
            "sending": [_sending(places, kind, count) for kind in places.kinds for count in sending],
        }


class Places:
    """Databases that are empty yet."""

    def __init__(self, folder: Path, postgres: str | None) -> None:
        self._folder, self._postgres = folder, postgres
        self.kinds = ["sqlite", *(["postgresql"] if postgres else [])]

    @contextmanager
    def of(self, kind: str) -> Iterator[str]:
        if kind == "sqlite" or self._postgres is None:
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                yield f"sqlite:///{folder}/bench.db"
            return
        with psycopg.connect(self._postgres, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS tidings_bench WITH (FORCE)")
            connection.execute("CREATE DATABASE tidings_bench")
            try:
                yield self._postgres.replace("/postgres?", "/tidings_bench?")
            finally:
                connection.execute("DROP DATABASE tidings_bench WITH (FORCE)")


# The tick


def _tick(places: Places, kind: str, chats: int, signatures: int) -> dict[str, Any]:
    with places.of(kind) as url:
        asyncio.run(_people(url, chats, signatures))
        command = [sys.executable, "-m", "benchmarks.digests", "--tick", url]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return {"database": kind, "chats": chats, "signatures": signatures, **json.loads(done.stdout)}


async def _people(url: str, chats: int, signatures: int) -> None:
    """Chats with what they follow, all due at DUE."""
    database = Database(url)
    try:
        source_id = await archive.prepare(database)
    finally:
        await database.dispose()
    archive.fill(database, archive.Texts(), range(DAY_OF_ARTICLES), source_id)
    archive.load(database, list(readers(range(1, chats + 1), signatures)))


def readers(ids: range, signatures: int) -> Iterator[archive.Loaded]:
    """Destination n is of chat FIRST_CHAT + n, and has the n-th signature of so many."""
    was, due = _stamp(DUE - timedelta(days=1)), _stamp(DUE)
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


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.000000"


async def _timed_tick(url: str) -> dict[str, Any]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(WARNING))
    database, now = Database(url), DUE + timedelta(seconds=5)
    try:
        async with database.read() as tx:
            await tx.execute(select(func.count()).select_from(edition))
        bare, watch = _memory_mb(), asyncio.ensure_future(stall())
        begun, cpu = time.perf_counter(), time.process_time()
        due = 0
        while done := await run_due(database, bot_id=BOT, now=now):
            due += done
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        watch.cancel()
        async with database.read() as tx:
            messages = await tx.scalar(select(func.count()).select_from(delivery))
            editions = await tx.scalar(select(func.count()).select_from(edition))
        return {
            "due": due,
            "deliveries": messages,
            "editions": editions,
            "seconds": round(seconds, 2),
            "cpu_us_a_message": round(cpu / max(due, 1) * 1e6, 1),
            "bare_mb": bare,
            "peak_mb": _memory_mb(),
            **await watch,
        }
    finally:
        await database.dispose()


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


# The outbox


def _sending(places: Places, kind: str, count: int) -> dict[str, Any]:
    with places.of(kind) as url:
        return {"database": kind, "queued": count, **asyncio.run(_outbox(url, count))}


async def _outbox(url: str, count: int, rounds: int = 100, at_once: int = 30) -> dict[str, float]:
    """Microseconds a message, `at_once` in each round: claims, marks, arrivals."""
    database, now = Database(url), datetime.now(UTC)
    try:
        await archive.prepare(database)
        archive.load(database, list(_queue(count, _stamp(now))))
        taken: dict[str, float] = dict.fromkeys(("claim", "mark", "arrive"), 0.0)
        epoch = 0
        async with database.begin() as tx:
            epoch = await outbox.take_over(tx, BOT)
        for _ in range(rounds):
            async with database.begin() as tx:
                begun = time.perf_counter()
                if (await outbox.sendership(tx, BOT)).epoch != epoch:
                    raise RuntimeError("another sender took over")
                found = (await outbox.candidates(tx, BOT, now, at_once))[:at_once]
                claimed = time.perf_counter()
                marked = await outbox.mark(tx, found, now)
            noted = time.perf_counter()
            async with database.begin() as tx:
                await marks.arrived(tx, [marks.Arrival(claim, claim.id, now, now) for claim in marked])
            ended = time.perf_counter()
            for name, spent in (("claim", claimed - begun), ("mark", noted - claimed), ("arrive", ended - noted)):
                taken[name] += spent
        async with database.read() as tx:
            left = await tx.scalar(select(func.count()).select_from(delivery).where(text("state = 'sent'")))
        if left != rounds * at_once:
            raise RuntimeError(f"{left} were sent")
        found_us = {f"{name}_us": round(spent / rounds / at_once * 1e6, 1) for name, spent in taken.items()}
        return found_us | {"message_us": round(sum(taken.values()) / rounds / at_once * 1e6, 1)}
    finally:
        await database.dispose()


def _queue(count: int, now: str) -> Iterator[archive.Loaded]:
    """So many deliveries of one edition, each to a destination of its own."""
    ids = range(1, count + 1)
    yield from list(readers(ids, 1))[:2]
    yield (
        "edition",
        ("id", "bot_id", "kind", "signature", "lane", "composed_at"),
        [(1, BOT, "digest", "bench", 3, now)],
    )
    yield ("edition_part", ("edition_id", "number", "text", "keyboard"), [(1, 0, "News", "[]")])
    yield (
        "delivery",
        ("bot_id", "edition_id", "destination_id", "lane", "state", "not_before", "created_at"),
        ((BOT, 1, number, 3, "queued", now, now) for number in ids),
    )


def table(result: dict[str, Any]) -> list[str]:
    """Lines for the terminal."""
    lines = [f"{'':12}{'chats':>10}{'signatures':>12}{'seconds':>9}{'cpu µs':>8}{'peak MB':>9}{'stall ms':>9}"]
    lines += [
        f"{row['database']:12}{row['chats']:>10,}{row['signatures']:>12,}{row['seconds']:>9}"
        f"{row['cpu_us_a_message']:>8}{row['peak_mb']:>9}{row['longest_stall_ms']:>9}"
        for row in result["ticks"]
    ]
    return lines + [
        f"{row['database']:12}{row['queued']:>10,} queued: {row['message_us']} µs a message"
        for row in result["sending"]
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chats", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--signatures", type=int, nargs="*", default=[5, 500])
    parser.add_argument("--sending", type=int, nargs="*", default=[10_000])
    parser.add_argument("--postgres", help="a server's own address, ending in /postgres?...")
    parser.add_argument("--tick", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.tick:
        print(json.dumps(asyncio.run(_timed_tick(asked.tick))))
    else:
        print(json.dumps(run(asked.chats, asked.signatures, asked.postgres, asked.sending)))
