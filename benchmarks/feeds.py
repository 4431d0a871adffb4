"""What polling costs, and how late it is: N feeds of a local server, beside a plain loop of feedparser in the same run.

The server is a process of its own, so that only the client's CPU is counted. Each feed has its own address in
127.0.0.0/8, as feeds have hosts of their own. Three rounds: the first poll of every feed; one in which a third is
changed (one new item), a third answers 304 and a third sends the same bytes; and one at a pace of its own, in which
every twentieth feed never answers, to see how late the others begin.

`core_percent_at_10000_hourly` is the second round's CPU a poll times 10,000 polls an hour.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import socket
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection
from typing import Any

import feedparser
from aiohttp import web
from sqlalchemy import select, update

from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.poll import Limits, Polled, Poller
from ingest.topics import load_specs
from storage import migrate, sources, topics
from storage.database import Database
from storage.schema import feed

ITEMS = 30
HANGING = 20  # every so many feeds never answer in the last round
HOSTS = 250
ROUND_LIMIT_S = 900.0
TEXT = (
    "The harbour council said on Monday that feed {feed} would carry item {item} about the terminal and its cost. "
    "Work on quay {item} begins in spring and is to last until ship {feed} can berth there in any weather. " * 6
)


def run(feeds: int = 1_000, peer_feeds: int = 200, paced_s: float = 30.0, url: str | None = None) -> dict[str, Any]:
    """`url` of a PostgreSQL database (of its own: articles stay in it), None for a new SQLite file."""
    parent, child = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(child,), daemon=True)
    server.start()
    try:
        port = parent.recv()
        with tempfile.TemporaryDirectory() as folder:
            measured = asyncio.run(_run(feeds, port, paced_s, url or f"sqlite:///{folder}/bench.db"))
        peer = _plain_loop(port, min(peer_feeds, feeds))
        return {"benchmark": "feeds", "feeds": feeds, "items": ITEMS} | measured | peer
    finally:
        server.terminate()
        server.join()


# The server


def _address(port: int, number: int, round_name: str = "") -> str:
    return f"http://127.0.{number // HOSTS % HOSTS + 1}.{number % HOSTS + 1}:{port}/{number}{round_name}"


def _serve(pipe: Connection) -> None:
    asyncio.run(_serving(pipe))


async def _serving(pipe: Connection) -> None:
    counts: Counter[int] = Counter()

    async def answer(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        if "plain" in request.query:
            return web.Response(body=_document(number, 0), content_type="application/rss+xml")
        counts[number] += 1
        if counts[number] > 2 and number % HANGING == 0:
            await asyncio.sleep(3600)
        kind = number % 3
        headers = {"ETag": f'"{number}"'} if kind == 1 else {}
        if request.headers.get("If-None-Match"):
            return web.Response(status=304, headers=headers)
        new = counts[number] - 1 if kind == 0 else 0
        return web.Response(body=_document(number, new), content_type="application/rss+xml", headers=headers)

    app = web.Application()
    app.router.add_get("/{number:[0-9]+}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listening = socket.socket()
    listening.bind(("0.0.0.0", 0))
    await web.SockSite(runner, listening, backlog=1024).start()
    pipe.send(listening.getsockname()[1])
    await asyncio.Event().wait()


def _document(number: int, new: int) -> bytes:
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>Ferry news {item} of harbour {number}</title><link>https://e{number}.example/{item}</link>"
        f"<guid>{number}-{item}</guid><pubDate>{format_datetime(now - timedelta(minutes=ITEMS + new - item))}</pubDate>"
        f"<description><![CDATA[<p>{TEXT.format(feed=number, item=item)}</p>]]></description></item>"
        for item in range(ITEMS + new - 1, new - 1, -1)
    )
    return f'<rss version="2.0"><channel><title>Harbour {number}</title>{items}</channel></rss>'.encode()


# Polling


class _Heard:
    """The polls of a round that came to an end."""

    def __init__(self) -> None:
        self.polls: list[Polled] = []

    def hear(self, polled: Polled) -> None:
        self.polls.append(polled)


async def _run(feeds: int, port: int, paced_s: float, url: str) -> dict[str, Any]:
    database, heard = Database(url), _Heard()
    hosts = {f"127.0.{block + 1}.{host + 1}" for block in range(HOSTS) for host in range(HOSTS)}
    try:
        await migrate.upgrade(database)
        async with database.begin() as tx:
            await topics.seed(tx, load_specs())
            for number in range(feeds):
                name, now = f"Harbour {number}", datetime.now(UTC)
                await sources.add_feed(tx, url=_address(port, number), name=name, trusted=True, now=now)
        async with Fetcher(hosts) as fetcher:
            poller = Poller(database, fetcher, Desk(database), limits=Limits(), heard=heard.hear)
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(poller.run(stop))
                await asyncio.sleep(0)
                first = await _round(database, poller, heard, feeds, 0.0)
                steady = await _round(database, poller, heard, feeds, 0.0)
                answering = feeds - len(range(0, feeds, HANGING))
                paced = await _round(database, poller, heard, answering, paced_s)
                stop.set()
        return _told(database, first, steady, paced)
    finally:
        await database.dispose()


async def _round(database: Database, poller: Poller, heard: _Heard, polls: int, spread_s: float) -> dict[str, Any]:
    """Makes all feeds due, over `spread_s` seconds, and polls until so many polls came to an end."""
    heard.polls = []
    begun = datetime.now(UTC)
    async with database.begin() as tx:
        ids = list(await tx.scalars(select(feed.c.source_id).order_by(feed.c.source_id)))
        for place, source_id in enumerate(ids):
            due = begun + timedelta(seconds=spread_s * place / len(ids))
            await tx.execute(update(feed).where(feed.c.source_id == source_id).values(next_at=due))
    cpu, wall, stall = time.process_time(), time.perf_counter(), 0.0
    while len(heard.polls) < polls:
        if time.perf_counter() - wall > ROUND_LIMIT_S:
            raise RuntimeError(f"only {len(heard.polls)} of {polls} polls ended")
        if not await poller.take_due():
            before = time.perf_counter()
            await asyncio.sleep(0.02)
            stall = max(stall, time.perf_counter() - before - 0.02)
    return {
        "polls": len(heard.polls),
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
        "outcomes": dict(Counter(polled.outcome for polled in heard.polls)),
        "added": sum(polled.added for polled in heard.polls),
        "late": sorted(polled.late_s for polled in heard.polls),
        "stall_s": stall,
    }


def _told(database: Database, first: dict[str, Any], steady: dict[str, Any], paced: dict[str, Any]) -> dict[str, Any]:
    cpu = steady["cpu_s"] / steady["polls"]
    late = paced["late"]
    return {
        "database": database.dialect,
        "first_polls_per_s": round(first["polls"] / first["wall_s"], 1),
        "first_articles_per_s": round(first["added"] / first["wall_s"], 1),
        "polls_per_s": round(steady["polls"] / steady["wall_s"], 1),
        "outcomes": steady["outcomes"] | {"articles": steady["added"]},
        "cpu_ms_per_poll": round(cpu * 1000, 2),
        "core_percent_at_10000_hourly": round(cpu * 10_000 / 3600 * 100, 2),
        "paced_polls_per_s": round(paced["polls"] / paced["wall_s"], 1),
        "paced_late_s_median": round(late[len(late) // 2], 3),
        "paced_late_s_most": round(late[-1], 3),
        "longest_stall_ms": round(max(steady["stall_s"], paced["stall_s"]) * 1000, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000,
    }


def _plain_loop(port: int, feeds: int) -> dict[str, Any]:
    """What a script would do: fetch and parse one after the other, and keep nothing."""
    cpu, wall = time.process_time(), time.perf_counter()
    entries = sum(len(feedparser.parse(_address(port, number, "?plain")).entries) for number in range(feeds))
    if entries != feeds * ITEMS:
        raise RuntimeError(f"feedparser found {entries} entries")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "feedparser_polls_per_s": round(feeds / wall, 1),
        "feedparser_cpu_ms_per_poll": round(cpu / feeds * 1000, 2),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--peer-feeds", type=int, default=200)
    parser.add_argument("--paced-s", type=float, default=30.0, help="over how long the last round is spread")
    parser.add_argument("--url", help="a PostgreSQL database")
    chosen = parser.parse_args()
    print(json.dumps(run(chosen.feeds, chosen.peer_feeds, chosen.paced_s, chosen.url)))
