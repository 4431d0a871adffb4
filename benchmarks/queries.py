"""How long what readers ask takes in a large archive with many chats, beside the driver's own time for the bare query.

    /latest, /topic, /search   the articles with their stories and sources, as the commands read them
    digest                     what is new of one to three topics in a day, chosen and composed
    due                        the 2,000 destinations whose digests are due first, of all chats

Milliseconds, p50 and p99, on SQLite and PostgreSQL; `bare`: the same rows' ids by the driver alone, on an open
connection.

    python -m benchmarks.queries --articles 1000000 --chats 1000000 --keep FOLDER --postgres postgresql://...
"""

import argparse
import asyncio
import itertools
import json
import resource
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select

from benchmarks import archive, kept
from benchmarks.clocks import COLUMNS, Clock, Spent, columns, servers, spread
from benchmarks.databases import bare
from benchmarks.digests import BOT, DUE, readers
from benchmarks.search import queries
from bot.commands.pages import Others
from delivery.digest import BATCH
from delivery.reading import Composer, Reading
from delivery.wording import table as wording
from storage import articles, digests, search, topics
from storage.database import Connection, Database
from storage.records import Article, Cursor
from storage.schema import destination

SHOWN, SIGNATURES = 5, 5_000
LARGE = {"articles": 1_000_000, "chats": 1_000_000}
# Of the mix of benchmarks/search.py: what people look for.
USUAL = ("word, common", "word", "two words", "phrase", "hangul, two", "word in a topic")
LATEST = "SELECT id FROM article WHERE status = 'usable' ORDER BY published_at DESC, id DESC LIMIT 5"
OF_TOPIC = (
    "SELECT article_id FROM article_topic WHERE topic_id = {} ORDER BY published_at DESC, article_id DESC LIMIT 5"
)
NEW_OF_TOPIC = (
    "SELECT article_id FROM article_topic WHERE topic_id = {} AND released_at > '{}'"
    " ORDER BY released_at DESC, article_id DESC LIMIT 500"
)
DUE_FIRST = "SELECT destination_id FROM schedule WHERE next_at <= '{}' ORDER BY next_at, id LIMIT 2000"

Asked = Callable[[Connection], Awaitable[object]]


def run(
    articles: int = 20_000,
    chats: int = 10_000,
    runs: int = 200,
    keep: Path | None = None,
    postgres: str | None = None,
) -> dict[str, Any]:
    with kept.shelf(keep, postgres) as shelf:
        found = [asyncio.run(_run(shelf, kind, articles, chats, runs)) for kind in shelf.kinds]
    return {
        "benchmark": "queries",
        "articles": articles,
        "chats": chats,
        "databases": found,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000,
    }


async def _run(shelf: kept.Shelf, kind: str, count: int, chats: int, runs: int) -> dict[str, Any]:
    async with shelf.archive(kind, count) as database:
        await _people(database, chats)
        asked = await _asked(database, count, runs)
        clock = await Clock.of(database)
        ours = {name: spread([await _timed(database, clock, ask) for ask in asks]) for name, asks in asked.items()}
        return {"database": kind, "ours": ours, "bare": _bare(database, count, runs)}


async def _people(database: Database, chats: int) -> None:
    """Those of an archive that was kept are there already."""
    async with database.read() as tx:
        there = int(await tx.scalar(select(func.max(destination.c.id))) or 0)
    if there < chats:
        archive.load(database, list(readers(range(there + 1, chats + 1), SIGNATURES)))


async def _asked(database: Database, count: int, runs: int) -> dict[str, list[Asked]]:
    random, newest = Random(1), archive.published(count)
    mix = queries(archive.Texts(), count, each=1 + runs // len(USUAL))
    usual = [query for kind in USUAL for query in mix[kind]][:runs]
    async with database.read() as tx:
        composer = Composer(await topics.all_topics(tx))
    middle = Cursor(archive.published(count // 2), 0)
    pages = itertools.cycle((None, middle))
    ids = [random.randrange(1, archive.TOPICS + 1) for _ in range(runs)]
    several = [
        tuple(sorted(random.sample(range(1, archive.TOPICS + 1), k=random.randrange(1, 4)))) for _ in range(runs)
    ]
    return {
        "/latest": [_latest((), before) for before, _ in zip(pages, ids, strict=False)],
        "/topic": [_latest((topic_id,), before) for topic_id, before in zip(ids, pages, strict=False)],
        "/search": [_search(query) for query in usual],
        "digest": [_digest(composer, newest, chosen) for chosen in several],
        "due": [_due for _ in range(runs // 10 + 1)],
    }


def _latest(topic_ids: Sequence[int], before: Cursor | None) -> Asked:
    async def ask(tx: Connection) -> object:
        return await _with_others(tx, await articles.latest(tx, topic_ids=topic_ids, limit=SHOWN + 1, before=before))

    return ask


def _search(query: search.Query) -> Asked:
    async def ask(tx: Connection) -> object:
        return await _with_others(tx, await search.search(tx, query, limit=SHOWN + 1))

    return ask


async def _with_others(tx: Connection, found: Sequence[Article]) -> object:
    return await Others.of(tx, found)


def _digest(composer: Composer, newest: Any, chosen: tuple[int, ...]) -> Asked:
    """Nothing of it was read before: no other reading had this window."""
    moments = itertools.count()

    async def ask(tx: Connection) -> object:
        end = newest - timedelta(seconds=next(moments) * len(chosen))
        shown = tuple((topic_id, topic_id) for topic_id in chosen)
        return await composer.compose(tx, Reading(shown, end - timedelta(days=1), end, "UTC", wording("en"), 5))

    return ask


async def _due(tx: Connection) -> object:
    return await digests.due(tx, BOT, DUE + timedelta(seconds=5), BATCH)


async def _timed(database: Database, clock: Clock, ask: Asked) -> Spent:
    with clock.timed() as spent:
        async with database.read() as tx:
            await ask(tx)
    return spent


def _bare(database: Database, count: int, runs: int) -> dict[str, Any]:
    random = Random(1)
    since = archive.stamp(archive.published(count) - timedelta(days=1))

    def statements(name: str) -> Iterator[str]:
        for _ in range(runs // 4 + 1):
            topic_id = random.randrange(1, archive.TOPICS + 1)
            yield {
                "/latest": LATEST,
                "/topic": OF_TOPIC.format(topic_id),
                "digest": NEW_OF_TOPIC.format(topic_id, since),
                "due": DUE_FIRST.format(archive.stamp(DUE)),
            }[name]

    with bare(database) as connection:
        clock = Clock(servers(connection))
        return {
            name: spread([_spent(clock, connection, statement) for statement in statements(name)])
            for name in ("/latest", "/topic", "digest", "due")
        }


def _spent(clock: Clock, connection: Any, statement: str) -> Spent:
    with clock.timed() as spent:
        connection.execute(statement).fetchall()
    return spent


def table(result: dict[str, Any]) -> list[str]:
    """Lines for the terminal."""
    lines = [f"{result['articles']:>12,} articles, {result['chats']:,} chats{COLUMNS}"]
    for found in result["databases"]:
        rows = found["ours"] | {f"{name}, bare": times for name, times in found["bare"].items()}
        lines += [f"{found['database']:12}{name:>24}{columns(times)}" for name, times in rows.items()]
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--chats", type=int, default=10_000)
    kept.options(parser)
    asked = parser.parse_args()
    measured = run(asked.articles, asked.chats, keep=asked.keep, postgres=asked.postgres)
    print("\n".join(table(measured)), file=sys.stderr)
    print(json.dumps(measured))
