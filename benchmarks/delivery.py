"""How well messages are delivered, beside python-telegram-bot's Bot with its AIORateLimiter and aiogram's usual loop.

Each sender is a process of its own against the same counting server (benchmarks.api_server), which refuses what goes
beyond Telegram's limits, the answers to people and all else counted; while it broadcasts it answers somebody four times
a second. Then each is killed halfway (-9) and started again. The paid pace is measured on one core with the server on
the other, where there are two. A peer that isn't installed is left out. `--chats 3000` takes ten minutes.
"""

import argparse
import asyncio
import json
import os
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from sys import executable
from typing import Any

import structlog

from benchmarks import api_server
from benchmarks.databases import Places
from benchmarks.databases import places as opened
from benchmarks.senders import FIRST_ASKING, FIRST_CHAT
from benchmarks.world import edition, people
from delivery.compose import Section, compose_push
from storage import articles, migrate, sources, topics
from storage.database import Database
from storage.records import (
    ArticleDraft,
    ArticleStatus,
    NewArticle,
    SourceKind,
    TopicSpec,
)

PEERS = {"python-telegram-bot": "aiolimiter", "aiogram": "aiogram"}
COMPOSITIONS = 50
WARNING = 30
LATENCY = 0.05
ROOT = Path(__file__).parents[1]
LARGE = {"chats": 900, "paid": 20_000, "destinations": 200_000}


def run(
    chats: int = 300, destinations: int = 20_000, paid: int = 5_000, killed: int = 100, postgres: str | None = None
) -> dict[str, Any]:
    """`chats` of the broadcasts at the free pace, `paid` of those at the paid one, `killed` of those that are killed;
    `destinations` of the fan-out. `postgres`: a server's own address, else one is started where the tests are at hand.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(WARNING))
    names = ["tidings", *(name for name, package in PEERS.items() if find_spec(package))]
    with opened(postgres) as places:
        return {
            "benchmark": "delivery",
            "limits": "30 a second, 3 in 3 s a chat, 20 a minute a group; replies count",
            "free_pace": {name: _broadcast(name, chats, places) for name in names},
            "killed_halfway": {name: _killed(name, killed, places) for name in names},
            "paid_pace": {kind: _paid(paid, places, kind) for kind in ("bare", *places.kinds)},
            **asyncio.run(_parts(places.sqlite(), destinations)),
        }


def table(result: dict[str, Any]) -> list[str]:
    lines = [
        f"{'free pace':22}{'a second':>10}{'429':>6}{'reply p99 ms':>14}{'CPU ms':>8}{'MB':>6}"
        f"{'missing':>9}{'doubled':>9}"
    ]
    for name, one in result["free_pace"].items():
        killed = result["killed_halfway"][name]
        lines.append(
            f"{name:22}{one['per_second']:>10}{one['refused_429']:>6}{one['reply_p99_ms'] or '-':>14}"
            f"{one['cpu_ms_per_message']:>8}{one['memory_mb']:>6}{killed['missing']:>9}{killed['doubled']:>9}"
        )
    for name, one in result["paid_pace"].items():
        lines.append(f"paid pace, {name}: {one['pushes_per_second']} a second, {one['cpu_ms_per_message']} ms of CPU")
    return [*lines, f"fan-out: {result['fan_out']['rows_per_s']:,} rows a second"]


# Broadcasts


def _broadcast(name: str, count: int, places: Places) -> dict[str, Any]:
    with api_server.running(limits=True, latency=LATENCY) as root, _sender(name, root, count, places.sqlite()) as child:
        output, _ = child.communicate()
        return {**_ask(root, "/counts"), **json.loads(output)}


def _paid(count: int, places: Places, kind: str) -> dict[str, Any]:
    """One core for the sender, the other for the server. "bare" is the limit: the calls alone."""
    name = "bare" if kind == "bare" else "tidings"
    cores = sorted(os.sched_getaffinity(0))
    with _on(cores[-1:]), api_server.running(latency=LATENCY) as root, places.of(kind) as database:
        with _on(cores[:1]), _sender(name, root, count, database, "--paid") as child:
            output, _ = child.communicate()
        # From the first push on: replies leave before it, while a new sender holds its pushes for a second.
        times = [call[0] for call in _ask(root, "/calls")["calls"] if call[3] < FIRST_ASKING and call[5] == 200]
        pushes = {"pushes_per_second": round((len(times) - 1) / (times[-1] - times[0]), 1)}
        return {**_ask(root, "/counts"), **pushes, **json.loads(output)}


def _killed(name: str, count: int, places: Places) -> dict[str, Any]:
    """Killed when half of it has arrived, and started again: who misses it, who has it twice?"""
    database = places.sqlite()
    with api_server.running(limits=True, latency=LATENCY) as root:
        with _sender(name, root, count, database) as child:
            while _ask(root, "/counts")["messages"] < count / 2:
                time.sleep(0.05)
            child.kill()
            child.communicate()
        with _sender(name, root, count, database) as child:
            child.communicate()
        calls = _ask(root, "/calls")["calls"]
    arrived = Counter(call[3] for call in calls if call[5] == 200 and call[3] < FIRST_ASKING)
    return {
        "chats": count,
        "missing": count - sum(FIRST_CHAT <= chat_id < FIRST_CHAT + count for chat_id in arrived),
        "doubled": sum(times > 1 for times in arrived.values()),
        "refused_429": sum(call[5] == 429 for call in calls),
    }


@contextmanager
def _sender(name: str, root: str, count: int, database: str, *options: str) -> Iterator[Popen[str]]:
    """It has begun."""
    command = [executable, "-m", "benchmarks.senders", name, root, str(count), "--database", database, *options]
    child = Popen(command, stdout=PIPE, stderr=DEVNULL, text=True, cwd=ROOT)
    try:
        if child.stdout is None or child.stdout.readline() != "begun\n":
            raise RuntimeError(f"{name} did not begin")
        yield child
    finally:
        child.kill()
        child.wait()


@contextmanager
def _on(cores: list[int]) -> Iterator[None]:
    """What is started meanwhile runs on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _ask(root: str, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(root + path) as answer:
        return dict(json.load(answer))


# Its parts


async def _parts(url: str, count: int) -> dict[str, Any]:
    db = Database(url)
    try:
        await migrate.upgrade(db)
        await people(db, list(range(FIRST_CHAT, FIRST_CHAT + count)))
        begun = time.perf_counter()
        added = await edition(db)
        spread = time.perf_counter() - begun
        compose = await _compose(db)
    finally:
        await db.dispose()
    return {
        "fan_out": {"destinations": added, "rows_per_s": round(added / spread)},
        "compose_ms": round(1000 * compose, 3),
    }


async def _compose(db: Database) -> float:
    """Seconds for the messages of one signature: a push of ten articles."""
    now = datetime.now(UTC)
    async with db.begin() as tx:
        await topics.seed(tx, [TopicSpec("korea", "Korea")])
        [topic] = await topics.all_topics(tx)
        source = await sources.get_or_add(tx, "Bench", kind=SourceKind.FEED, trusted=True, now=now)
        found = [await articles.add(tx, _article(number, source.id, topic.id, now), now) for number in range(10)]
    section = Section(topic, tuple(found), len(found))
    begun = time.perf_counter()
    for _ in range(COMPOSITIONS):
        compose_push(section, zone="UTC", now=now)
    return (time.perf_counter() - begun) / COMPOSITIONS


def _article(number: int, source_id: int, topic_id: int, now: datetime) -> NewArticle:
    headline, at = f"Talks of envoys, day {number}", now - timedelta(hours=1)
    summary = tuple(f"In sentence {part}, the envoys of day {number} spoke of trade and ferries." for part in range(3))
    draft = ArticleDraft(headline, summary, published_at=at)
    return NewArticle(
        draft=draft,
        source_id=source_id,
        language="en",
        content_hash=articles.content_hash(headline, draft.paragraphs),
        status=ArticleStatus.USABLE,
        summary=summary,
        topics={topic_id: 1.0},
        published_at=at,
        released_at=at,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=300)
    parser.add_argument("--paid", type=int, default=5_000)
    parser.add_argument("--killed", type=int, default=100)
    parser.add_argument("--postgres", help="a server's own address, such as postgresql:///postgres?host=/tmp")
    parser.add_argument("--json", action="store_true", help="one line; it is JSON all the same without")
    asked = parser.parse_args()
    result = run(asked.chats, paid=asked.paid, killed=asked.killed, postgres=asked.postgres)
    print(json.dumps(result, indent=None if asked.json else 2))
