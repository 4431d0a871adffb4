"""How long the readers' queries take on a filled archive, beside the driver's own time for the bare statement.

Milliseconds, p50 and p99. SQLite in a temporary folder, or the database at --url (empty, and left filled).
"""

import argparse
import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from sqlalchemy import insert

from storage import articles, migrate, search, sources, topics
from storage.database import Connection, Database
from storage.records import SourceKind, TopicSpec
from storage.schema import article, article_topic
from storage.words import search_text

WORDS = tuple(
    f"{head}{tail}" for head in ("al", "be", "co", "du", "en", "fo", "gra", "hi") for tail in "abcdefghijklmnopqrst"
)
CHUNK = 2_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATEST = "SELECT id FROM article WHERE status = 'usable' ORDER BY published_at DESC, id DESC LIMIT 5"
OF_TOPIC = "SELECT article_id FROM article_topic WHERE topic_id = 1 ORDER BY published_at DESC, article_id DESC LIMIT 5"

Query = Callable[[], Awaitable[object]]


def _row(number: int, source_id: int, random: Random) -> dict[str, Any]:
    headline = " ".join(random.choices(WORDS, k=8)).capitalize()
    body = [" ".join(random.choices(WORDS, k=40)) for _ in range(3)]
    at = NOW - timedelta(minutes=number)
    return {
        "source_id": source_id,
        "content_hash": f"{number:064d}",
        "headline": headline,
        "paragraphs": body,
        "language": "en",
        "published_at": at,
        "published_guessed": False,
        "released_at": at,
        "status": "usable",
        "archive": False,
        "summary": body[:1],
        "search": search_text(headline, body),
        "created_at": at,
    }


async def _fill(database: Database, count: int) -> None:
    random = Random(7)  # the same archive each time
    async with database.begin() as tx:
        await topics.seed(tx, [TopicSpec(f"topic{number}", f"Topic {number}") for number in range(10)])
        source = await sources.get_or_add(tx, "bench", kind=SourceKind.FEED, trusted=True, now=NOW)
    for start in range(0, count, CHUNK):
        rows = [_row(number, source.id, random) for number in range(start, min(start + CHUNK, count))]
        async with database.begin() as tx:
            await _store(tx, rows)


async def _store(tx: Connection, rows: list[dict[str, Any]]) -> None:
    ids = (await tx.scalars(insert(article).returning(article.c.id, sort_by_parameter_order=True), rows)).all()
    filed = [
        {
            "topic_id": 1 + article_id % 10,
            "article_id": article_id,
            "published_at": row["published_at"],
            "released_at": row["released_at"],
            "salience": 4.0,
        }
        for article_id, row in zip(ids, rows, strict=True)
    ]
    await tx.execute(insert(article_topic), filed)


async def _measure(query: Query, runs: int) -> dict[str, float]:
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        await query()
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    return {"p50_ms": round(taken[len(taken) // 2], 3), "p99_ms": round(taken[int(len(taken) * 0.99)], 3)}


def _queries(database: Database) -> dict[str, Query]:
    async def latest() -> object:
        async with database.read() as tx:
            return await articles.latest(tx, limit=5)

    async def of_topic() -> object:
        async with database.read() as tx:
            return await articles.latest(tx, topic_ids=[1], limit=5)

    async def words() -> object:
        async with database.read() as tx:
            return await search.search(tx, search.Query(tuple(search.phrases(f"{WORDS[3]} {WORDS[40]}"))), limit=5)

    return {"latest": latest, "topic": of_topic, "search": words}


def _bare(database: Database) -> dict[str, Query]:
    """The same rows by the driver alone, on an open connection."""
    if database.path is not None:
        path = database.path

        async def on_sqlite(statement: str) -> object:
            with closing(sqlite3.connect(path)) as connection:
                return connection.execute(statement).fetchall()

        return {"latest": lambda: on_sqlite(LATEST), "topic": lambda: on_sqlite(OF_TOPIC)}
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)

    async def on_postgresql(statement: str) -> object:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            return await (await connection.execute(statement.encode())).fetchall()

    return {"latest": lambda: on_postgresql(LATEST), "topic": lambda: on_postgresql(OF_TOPIC)}


async def _run(count: int, url: str, runs: int) -> dict[str, object]:
    database = Database(url)
    try:
        await migrate.upgrade(database)
        begun = time.perf_counter()
        await _fill(database, count)
        filled = time.perf_counter() - begun
        ours = {name: await _measure(query, runs) for name, query in _queries(database).items()}
        bare = {name: await _measure(query, runs) for name, query in _bare(database).items()}
    finally:
        await database.dispose()
    return {
        "benchmark": "queries",
        "database": database.dialect,
        "articles": count,
        "stored_per_s": round(count / filled),
        "ours": ours,
        "bare_with_connecting": bare,
    }


def run(articles: int = 20_000, url: str | None = None, runs: int = 200) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        return asyncio.run(_run(articles, url or f"sqlite:///{Path(folder) / 'bench.db'}", runs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--url")
    asked = parser.parse_args()
    print(json.dumps(run(asked.articles, asked.url)))
