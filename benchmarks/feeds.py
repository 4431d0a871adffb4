"""What polling costs, and how late it is: many feeds of a local server, beside a plain loop of feedparser.

The server is a process of its own, so that only the client's CPU is counted. Each feed has its own address in
127.0.0.0/8, as feeds have hosts of their own. Three rounds: `first`, some feeds that were never polled; `polled` of
those known from an hour ago: a third has one new article, a third answers 304 and a third sends the same bytes; and
`paced`, in which some fall due one after the other, many times faster than once an hour each, and a few never answer,
to see how late the others begin.

`core_percent_at_10000_hourly` is the second round's CPU a poll times 10,000 polls an hour.
"""

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import random
import re
import resource
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any

import feedparser
from aiohttp import web
from sqlalchemy import bindparam, insert, update

from ingest import samples
from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.poll import Polled, Poller
from ingest.polling import keyed_items
from ingest.topics import load_specs
from storage import migrate, topics
from storage.database import Database
from storage.records import ArticleDraft, FeedState, SourceKind
from storage.schema import feed, source

ITEMS = 30
WORDS, SENTENCE = 160, 16
HANGING = 200  # every so many feeds never answer in the last round
HOSTS = 250
HOUR = timedelta(hours=1)
ROUND_LIMIT_S = 1_800.0


@dataclass(frozen=True)
class Sizes:
    """`feeds` that are known, `polled` of them in the second round and `paced` in the last; `first` come anew."""

    feeds: int = 10_000
    first: int = 30
    polled: int = 1_500
    paced: int = 400
    paced_s: float = 10.0
    peer: int = 100


LARGE_SIZES = Sizes(first=100, polled=10_000, paced=500, paced_s=30.0, peer=200)


def run(sizes: Sizes | None = None, url: str | None = None) -> dict[str, Any]:
    """`url` of a PostgreSQL database (of its own: articles stay in it), None for a new SQLite file."""
    sizes, base = sizes or Sizes(), datetime.now(UTC).replace(microsecond=0) - HOUR
    context = multiprocessing.get_context("spawn")
    parent, child = context.Pipe()
    server = context.Process(target=_serve, args=(child, base), daemon=True)
    server.start()
    child.close()  # else a server that could not start would be waited for
    try:
        port = parent.recv()
        with tempfile.TemporaryDirectory() as folder:
            measured = asyncio.run(_run(sizes, _Web(port, base), url or f"sqlite:///{folder}/bench.db"))
        peer = _plain_loop(port, min(sizes.peer, sizes.feeds))
        polled = min(sizes.polled, sizes.feeds)
        return {"benchmark": "feeds", "feeds": sizes.feeds, "polled": polled, "items": ITEMS} | measured | peer
    finally:
        server.terminate()
        server.join()


# The server


@dataclass(frozen=True)
class _Web:
    port: int
    base: datetime

    def address(self, number: int) -> str:
        return f"http://127.0.{number // HOSTS % HOSTS + 1}.{number % HOSTS + 1}:{self.port}/{number}"


def _serve(pipe: Connection, base: datetime) -> None:
    asyncio.run(_serving(pipe, base))


async def _serving(pipe: Connection, base: datetime) -> None:
    counts: Counter[int] = Counter()

    async def answer(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        counts[number] += 1
        if "plain" in request.query or "first" in request.query:
            return web.Response(body=document(number, 0, base), content_type="application/rss+xml")
        if counts[number] > 1 and number % HANGING == 0:
            await asyncio.sleep(3600)
        if number % 3 == 1 and request.headers.get("If-None-Match"):
            return web.Response(status=304, headers={"ETag": _etag(number)})
        new = counts[number] if number % 3 == 0 else 0
        return web.Response(body=document(number, new, base), content_type="application/rss+xml")

    app = web.Application()
    app.router.add_get("/{number:[0-9]+}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listening = socket.socket()
    listening.bind(("0.0.0.0", 0))
    await web.SockSite(runner, listening, backlog=1024).start()
    pipe.send(listening.getsockname()[1])
    await asyncio.Event().wait()


def _etag(number: int) -> str:
    return f'"{number}"'


def _guid(number: int, item: int) -> str:
    return f"https://e{number}.example/{item}"


def document(number: int, new: int, base: datetime) -> bytes:
    """A feed of whole articles, unlike each other; its newest is number ITEMS + `new` - 1."""
    items = "".join(
        f"<item><title>{_sentence(number, item, 0)}</title><link>{_guid(number, item)}</link>"
        f"<guid>{_guid(number, item)}</guid>"
        f"<pubDate>{format_datetime(base + timedelta(minutes=item - ITEMS))}</pubDate>"
        f"<description><![CDATA[<p>{_text(number, item)}</p>]]></description></item>"
        for item in range(ITEMS + new - 1, new - 1, -1)
    )
    return f'<rss version="2.0"><channel><title>Harbour {number}</title>{items}</channel></rss>'.encode()


def _text(number: int, item: int) -> str:
    return " ".join(_sentence(number, item, part) for part in range(1, WORDS // SENTENCE + 1))


def _sentence(number: int, item: int, part: int) -> str:
    chosen = random.Random(f"{number} {item} {part}").choices(_vocabulary(), k=SENTENCE)
    return " ".join(chosen).capitalize() + "."


@lru_cache(maxsize=1)
def _vocabulary() -> list[str]:
    texts = (path.read_text(encoding="utf-8") for path in samples.paths())
    return sorted({word for text in texts for word in re.findall(r"\b[a-z]{3,}\b", text)})


# Polling


@dataclass
class _Heard:
    """The polls of a round that came to an end."""

    polls: list[Polled] = field(default_factory=list)

    def hear(self, polled: Polled) -> None:
        self.polls.append(polled)


async def _run(sizes: Sizes, site: _Web, url: str) -> dict[str, Any]:
    database, heard = Database(url), _Heard()
    hosts = {f"127.0.{block + 1}.{host + 1}" for block in range(HOSTS) for host in range(HOSTS)}
    try:
        await migrate.upgrade(database)
        async with database.begin() as tx:
            await topics.seed(tx, load_specs())
        every = range(1, min(sizes.polled, sizes.feeds) + 1)
        idle = range(len(every) + 1, sizes.feeds + 1)
        fresh = range(sizes.feeds + 1, sizes.feeds + sizes.first + 1)
        await _add(database, [*_known(site, every), *_new(site, idle), *_new(site, fresh)])
        async with Fetcher(hosts) as fetcher:
            poller, stop = Poller(database, fetcher, Desk(database), heard=heard.hear), asyncio.Event()
            rounds = _Rounds(database, poller, heard)
            async with asyncio.TaskGroup() as group:
                group.create_task(poller.run(stop))
                await asyncio.sleep(0)
                first = await rounds.run(fresh, 0.0)
                steady = await rounds.run(every, 0.0)
                paced = await rounds.run(every[: sizes.paced], sizes.paced_s, without=HANGING)
                stop.set()
        return _told(database, first, steady, paced)
    finally:
        await database.dispose()


def _new(site: _Web, numbers: Iterable[int]) -> Iterable[dict[str, Any]]:
    for number in numbers:
        yield {"source_id": number, "url": site.address(number) + "?first", "waiting": {}, "seen": b""}


def _known(site: _Web, numbers: Iterable[int]) -> Iterable[dict[str, Any]]:
    """As an hour of polling leaves them."""
    ago = datetime.now(UTC) - HOUR
    for number in numbers:
        same = number % 3 == 2
        yield {
            "source_id": number,
            "url": site.address(number),
            "waiting": {},
            "seen": _seen(number) if number % 3 == 0 else b"",  # the others' items aren't looked at
            "etag": _etag(number) if number % 3 == 1 else None,
            "body_hash": hashlib.sha256(document(number, 0, site.base)).hexdigest() if same else None,
            "gap_s": 2 * HOUR.total_seconds(),
            "full_text": True,
            "ok_at": ago,
            "polled_at": ago,
            "new_at": ago,
        }


def _seen(number: int) -> bytes:
    drafts = (
        ArticleDraft(_sentence(number, item, 0), (_text(number, item),), guid=_guid(number, item))
        for item in range(ITEMS)
    )
    return b"".join(key for item in keyed_items(list(drafts)) for key in item.keys)


async def _add(database: Database, rows: list[dict[str, Any]]) -> None:
    now = datetime.now(UTC)
    shared = {"host": "", "state": FeedState.ACTIVE, "next_at": now + 24 * HOUR}
    named = {"kind": SourceKind.FEED, "trusted": True, "created_at": now}
    nothing = dict.fromkeys(("etag", "body_hash", "gap_s", "full_text", "ok_at", "polled_at", "new_at"))
    async with database.begin() as tx:
        ids = [row["source_id"] for row in rows]
        await tx.execute(insert(source), [named | {"id": key, "name": f"Harbour {key}"} for key in ids])
        made = [shared | nothing | row | {"host": row["url"].split("/")[2].split(":")[0]} for row in rows]
        await tx.execute(insert(feed), made)


@dataclass
class _Rounds:
    database: Database
    poller: Poller
    heard: _Heard

    async def run(self, numbers: Collection[int], spread_s: float, without: int = 0) -> dict[str, Any]:
        """Makes the feeds due, over `spread_s` seconds, and polls until all but each `without`th came to an end."""
        self.heard.polls = []
        await self._make_due(numbers, spread_s)
        polls = len(numbers) - (sum(1 for number in numbers if number % without == 0) if without else 0)
        cpu, wall = time.process_time(), time.perf_counter()
        watch = asyncio.ensure_future(stall())
        await self._poll(polls)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        watch.cancel()
        answered = [polled for polled in self.heard.polls if polled.outcome != "failed"]
        return {
            "polls": len(self.heard.polls),
            "cpu_s": cpu,
            "wall_s": wall,
            "outcomes": dict(Counter(polled.outcome for polled in self.heard.polls)),
            "added": sum(polled.added for polled in self.heard.polls),
            "late": sorted(polled.late_s for polled in answered),
            "stall_ms": await watch,
        }

    async def _make_due(self, numbers: Collection[int], spread_s: float) -> None:
        begun, step = datetime.now(UTC), spread_s / len(numbers)
        due = [{"key": key, "at": begun + timedelta(seconds=step * place)} for place, key in enumerate(numbers)]
        change = update(feed).where(feed.c.source_id == bindparam("key")).values(next_at=bindparam("at"))
        async with self.database.begin() as tx:
            await tx.execute(change, due)

    async def _poll(self, polls: int) -> None:
        begun = time.perf_counter()
        while sum(1 for polled in self.heard.polls if polled.outcome != "failed") < polls:
            if time.perf_counter() - begun > ROUND_LIMIT_S:
                raise RuntimeError(f"only {len(self.heard.polls)} of {polls} polls ended")
            if not await self.poller.take_due():
                await asyncio.sleep(0.05)


async def stall() -> float:
    """Until cancelled, in ms: the longest time that the loop did not come back to a task which only waits 5 ms."""
    longest = 0.0
    try:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - begun - 0.005)
    except asyncio.CancelledError:
        return round(longest * 1000, 1)


def _told(database: Database, first: dict[str, Any], steady: dict[str, Any], paced: dict[str, Any]) -> dict[str, Any]:
    cpu, late = steady["cpu_s"] / steady["polls"], paced["late"]
    return {
        "database": database.dialect,
        "first_polls_per_s": round(first["polls"] / first["wall_s"], 1),
        "first_articles_per_s": round(first["added"] / first["wall_s"], 1),
        "polls_per_s": round(steady["polls"] / steady["wall_s"], 1),
        "outcomes": steady["outcomes"] | {"articles": steady["added"]},
        "cpu_ms_per_poll": round(cpu * 1000, 2),
        "core_percent_at_10000_hourly": round(cpu * 10_000 / 3600 * 100, 2),
        "paced_polls_per_s": round(paced["polls"] / paced["wall_s"], 1),
        "paced_outcomes": paced["outcomes"],
        "paced_late_s_median": round(late[len(late) // 2], 3),
        "paced_late_s_most": round(late[-1], 3),
        "longest_stall_ms": max(steady["stall_ms"], paced["stall_ms"]),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000,
    }


def _plain_loop(port: int, feeds: int) -> dict[str, Any]:
    """What a script would do: fetch and parse one after the other, and keep nothing."""
    site = _Web(port, datetime.now(UTC))
    cpu, wall = time.process_time(), time.perf_counter()
    entries = sum(len(feedparser.parse(f"{site.address(number)}?plain").entries) for number in range(1, feeds + 1))
    if entries != feeds * ITEMS:
        raise RuntimeError(f"feedparser found {entries} entries")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "feedparser_polls_per_s": round(feeds / wall, 1),
        "feedparser_cpu_ms_per_poll": round(cpu / feeds * 1000, 2),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("feeds", "first", "polled", "paced", "peer"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Sizes, name))
    parser.add_argument("--paced-s", type=float, default=Sizes.paced_s, help="over how long the last round is spread")
    parser.add_argument("--url", help="a PostgreSQL database")
    chosen = parser.parse_args()
    sizes = Sizes(chosen.feeds, chosen.first, chosen.polled, chosen.paced, chosen.paced_s, chosen.peer)
    print(json.dumps(run(sizes, chosen.url)))
