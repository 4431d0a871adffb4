"""An archive of made-up articles, loaded in bulk: what the benchmarks of search and of scale start from.

Texts are of words by Zipf's law, a tenth in running Hangul; an article every 20 seconds, oldest first, each under one
to three of TOPICS topics, and by one of SOURCES sources, of which the largest has a fifth. A million
takes minutes: the rows go to the database's driver, and PostgreSQL makes its
full-text index when all are there.
"""

import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import func, select

from benchmarks.databases import bare
from storage import migrate, sources, topics
from storage.database import Database
from storage.records import SourceKind, TopicSpec
from storage.schema import article
from storage.words import search_text

BEGINNING = datetime(2025, 5, 1, tzinfo=UTC)
APART = timedelta(seconds=20)
CHUNK, LENGTH, TOPICS, SOURCES = 5_000, 120, 60, 40
SYLLABLES = [chr(0xAC00 + number * 28 + tail) for number in range(0, 390, 3) for tail in (0, 4, 8)]
TOPIC_SHARES = list(itertools.accumulate(1 / (number + 4) for number in range(TOPICS)))
SOURCE_SHARES = list(itertools.accumulate((number + 4) ** -2 for number in range(SOURCES)))
INDEXED_AT_LAST = 20_000  # so many rows are sooner indexed at once than one by one

ARTICLE = (
    "id",
    "source_id",
    "content_hash",
    "headline",
    "paragraphs",
    "language",
    "published_at",
    "published_guessed",
    "released_at",
    "status",
    "archive",
    "summary",
    "search",
    "created_at",
)
FILED = ("topic_id", "article_id", "published_at", "released_at", "salience")
# As the migrations make it.
_SEARCH_INDEX = """CREATE INDEX IF NOT EXISTS ix_article_search_times
    ON article USING gin (article_terms(search_vector, published_at, source_id)) WITH (fastupdate = off)"""
_HASH_SIZE = "INSERT INTO article_fts(article_fts, rank) VALUES ('hashsize', ?)"
Row = tuple[Any, ...]
Loaded = tuple[str, Sequence[str], Iterable[Row]]  # table, columns, rows


class Texts:
    """A vocabulary and its articles, the same each time."""

    def __init__(self, words: int = 30_000) -> None:
        random = Random(5)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = list(
            dict.fromkeys("".join(random.choices(letters, k=random.randrange(4, 9))) for _ in range(words))
        )
        self.hangul = list(
            dict.fromkeys("".join(random.choices(SYLLABLES, k=random.choice((2, 2, 3)))) for _ in range(8_000))
        )
        self._random = np.random.default_rng(5)
        self._weights, self._hangul_weights = self._zipf(self.words), self._zipf(self.hangul)

    @staticmethod
    def _zipf(values: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
        weights: np.ndarray[Any, np.dtype[np.float64]] = np.cumsum(1 / (np.arange(len(values)) + 8))
        weights /= weights[-1]
        return weights

    def ranks(self, count: int) -> Any:
        """Of each of so many articles the places of its words in `words`."""
        return np.searchsorted(self._weights, self._random.random((count, LENGTH)))

    def articles(self, count: int) -> Iterator[tuple[str, str]]:
        """(headline, text)."""
        said = self.ranks(count).tolist()
        running = np.searchsorted(self._hangul_weights, self._random.random((count, LENGTH // 2))).tolist()
        for number in range(count):
            if number % 10:
                words = [self.words[place] for place in said[number]]
                yield " ".join(words[:8]), " ".join(words[8:])
            else:
                words = [self.hangul[place] for place in running[number]]
                joined = [first + second for first, second in zip(words[::2], words[1::2], strict=True)]
                yield " ".join(joined[:6]), " ".join(joined[6:])


def stamp(at: datetime) -> str:
    """As both databases take it."""
    return f"{at:%Y-%m-%d %H:%M:%S}.000000"


def published(number: int) -> datetime:
    return BEGINNING + APART * number


async def stored(database: Database) -> int:
    """How many articles there are: an archive that was kept may be there, wholly or in part."""
    async with database.read() as tx:
        return int(await tx.scalar(select(func.max(article.c.id))) or 0)


async def prepare(database: Database) -> list[int]:
    """Schema, topics and sources, whose ids it gives."""
    await migrate.upgrade(database)
    async with database.begin() as tx:
        await topics.seed(tx, [TopicSpec(f"topic{number}", f"Topic {number}") for number in range(1, TOPICS + 1)])
        made = [
            await sources.get_or_add(tx, f"bench {number}", kind=SourceKind.FEED, trusted=True, now=BEGINNING)
            for number in range(1, SOURCES + 1)
        ]
    return [source.id for source in made]


def fill(database: Database, texts: Texts, numbers: range, source_ids: Sequence[int]) -> None:
    """Articles of these numbers; blocks until they are stored and the planner knows of them."""
    random = Random(numbers.start)
    chunks = (_rows(texts, numbers[at : at + CHUNK], source_ids, random) for at in range(0, len(numbers), CHUNK))
    with bare(database) as connection:
        if database.path is not None:
            _fill_sqlite(connection, chunks)
        else:
            _fill_postgresql(connection, chunks, at_last=len(numbers) >= INDEXED_AT_LAST)


def load(database: Database, tables: Sequence[Loaded]) -> None:
    """Rows into tables, by the driver; blocks."""
    with bare(database) as connection:
        for table, columns, rows in tables:
            if database.path is not None:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(_insert(table, columns), rows)
                connection.execute("COMMIT")
            else:
                _copy(connection, table, columns, rows)
        if database.path is None:  # as its autovacuum does soon; nobody does it for SQLite
            connection.execute("VACUUM ANALYZE")


def _fill_sqlite(connection: sqlite3.Connection, chunks: Iterator[tuple[list[Row], list[Row]]]) -> None:
    """With much of the full-text index in memory: it is merged less often then."""
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-200000")
    connection.execute(_HASH_SIZE, (64 << 20,))
    for articles, filed in chunks:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_insert("article", ARTICLE), articles)
        connection.executemany(_insert("article_topic", FILED), filed)
        connection.execute("COMMIT")
    connection.execute(_HASH_SIZE, (1 << 20,))  # as it was


def _fill_postgresql(
    connection: psycopg.Connection[Any], chunks: Iterator[tuple[list[Row], list[Row]]], *, at_last: bool
) -> None:
    connection.execute("SET synchronous_commit = off")
    if at_last:
        connection.execute("DROP INDEX IF EXISTS ix_article_search_times")
    for articles, filed in chunks:
        _copy(connection, "article", ARTICLE, articles)
        _copy(connection, "article_topic", FILED, filed)
    connection.execute("SELECT setval(pg_get_serial_sequence('article', 'id'), (SELECT max(id) FROM article))")
    connection.execute("SET maintenance_work_mem = '256MB'")
    connection.execute(_SEARCH_INDEX)
    connection.execute("VACUUM ANALYZE")


def _copy(connection: psycopg.Connection[Any], table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def _rows(texts: Texts, numbers: range, source_ids: Sequence[int], random: Random) -> tuple[list[Row], list[Row]]:
    articles, filed = [], []
    for number, (headline, body) in zip(numbers, texts.articles(len(numbers)), strict=True):
        at = stamp(published(number))
        # Latin words are the index's own already.
        found = f"{headline} {body}" if headline.isascii() else search_text(headline, [body])
        (source_id,) = random.choices(source_ids, cum_weights=SOURCE_SHARES)
        head = (number + 1, source_id, f"{number:064d}", headline, json.dumps([body]), "en", at, False, at)
        articles.append((*head, "usable", False, json.dumps([body[:200]]), found, at))
        under = random.choices(range(1, TOPICS + 1), cum_weights=TOPIC_SHARES, k=random.choice((1, 1, 2, 3)))
        filed += [(topic_id, number + 1, at, at, 4.0) for topic_id in sorted(set(under))]
    return articles, filed
