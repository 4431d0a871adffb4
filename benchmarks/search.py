"""How long searches take in a large archive: the mix of QUERIES below, by kind, beside the engine's own time.

Texts are of words by Zipf's law, a tenth in running Hangul. Milliseconds from the call to the articles, p50 and p99;
`bare`: the engine's full-text index alone, one word, the newest five ids, on an open connection of its driver. SQLite
in a temporary folder, or the PostgreSQL database at --url (empty, and left filled).
"""

import argparse
import asyncio
import itertools
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from sqlalchemy import insert, text

from storage import migrate, search, sources, topics
from storage.database import Connection, Database
from storage.records import Article, Cursor, SourceKind, TopicSpec
from storage.schema import article, article_topic
from storage.words import search_text

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHUNK, LENGTH, SHOWN, TOPICS = 2_000, 120, 5, 20
SYLLABLES = [chr(0xAC00 + number * 28 + tail) for number in range(0, 390, 3) for tail in (0, 4, 8)]
TOPIC_SHARES = [1 / (number + 1) for number in range(TOPICS)]


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
        self._weights = self._zipf(self.words)
        self._hangul_weights = self._zipf(self.hangul)
        self._random = random

    @staticmethod
    def _zipf(values: Sequence[str]) -> list[float]:
        return list(itertools.accumulate(1 / (rank + 8) for rank in range(len(values))))

    def article(self) -> tuple[str, str]:
        """(headline, text)."""
        if self._random.random() < 0.1:
            said = self._random.choices(self.hangul, cum_weights=self._hangul_weights, k=LENGTH // 2)
            joined = [first + second for first, second in zip(said[::2], said[1::2], strict=True)]
            return " ".join(joined[:6]), " ".join(joined[6:])
        said = self._random.choices(self.words, cum_weights=self._weights, k=LENGTH)
        return " ".join(said[:8]), " ".join(said[8:])


def _rows(texts: Texts, numbers: range, source_id: int) -> Iterator[dict[str, Any]]:
    for number in numbers:
        headline, body = texts.article()
        at = NOW - timedelta(seconds=20 * number)
        yield {
            "source_id": source_id,
            "content_hash": f"{number:064d}",
            "headline": headline,
            "paragraphs": [body],
            "language": "en",
            "published_at": at,
            "published_guessed": False,
            "released_at": at,
            "status": "usable",
            "archive": False,
            "summary": [],
            "search": search_text(headline, [body]),
            "created_at": at,
        }


async def _fill(database: Database, texts: Texts, count: int) -> None:
    random = Random(9)
    async with database.begin() as tx:
        await topics.seed(tx, [TopicSpec(f"topic{number}", f"Topic {number}") for number in range(TOPICS)])
        source = await sources.get_or_add(tx, "bench", kind=SourceKind.FEED, trusted=True, now=NOW)
    for start in range(0, count, CHUNK):
        rows = list(_rows(texts, range(start, min(start + CHUNK, count)), source.id))
        async with database.begin() as tx:
            await _store(tx, rows, random)
    async with database.begin() as tx:
        await tx.execute(text("ANALYZE"))


async def _store(tx: Connection, rows: list[dict[str, Any]], random: Random) -> None:
    ids = (await tx.scalars(insert(article).returning(article.c.id, sort_by_parameter_order=True), rows)).all()
    filed = [
        {
            "topic_id": 1 + random.choices(range(TOPICS), TOPIC_SHARES)[0],
            "article_id": article_id,
            "published_at": row["published_at"],
            "released_at": row["released_at"],
            "salience": 4.0,
        }
        for article_id, row in zip(ids, rows, strict=True)
    ]
    await tx.execute(insert(article_topic), filed)


def queries(texts: Texts, count: int, each: int = 40) -> dict[str, list[search.Query]]:
    """The mix, by kind. Words are drawn evenly by rank, so that most are rarer than what people look for."""
    random = Random(3)
    common, middle, rare = texts.words[5:100], texts.words[100:3_000], texts.words[3_000:]
    oldest = NOW - timedelta(seconds=20 * count)

    def words(*groups: Sequence[str]) -> search.Query:
        return search.Query(tuple((random.choice(group),) for group in groups))

    def phrase(first: Sequence[str], second: Sequence[str]) -> search.Query:
        return search.Query(((random.choice(first), random.choice(second)),))

    def hangul(parts: int, ranks: int) -> search.Query:
        """Of running text: a word's beginning with the end of the one before, or a whole one."""
        joined = "".join(random.choices(texts.hangul[:ranks], k=2))
        return search.Query(tuple(search.phrases(joined[-parts:])))

    makers: dict[str, Callable[[], search.Query]] = {
        "word, common": lambda: words(common),
        "word": lambda: words(middle),
        "word, rare": lambda: words(rare),
        "word, unknown": lambda: search.Query((("zzzzzzzzz",),)),
        "two words": lambda: words(middle, middle),
        "three words": lambda: words(common, middle, middle),
        "words without one": lambda: replace(words(middle), without=((random.choice(common),),)),
        "phrase, common words": lambda: phrase(common, common),
        "phrase": lambda: phrase(common, middle),
        "phrase, hardly any": lambda: phrase(middle, middle),
        "hangul, two": lambda: hangul(2, 2_000),
        "hangul, three": lambda: hangul(3, 500),
        "hangul, four": lambda: hangul(4, 200),
        "hangul, one": lambda: hangul(1, 2_000),
        "word in a topic": lambda: replace(words(middle), topics=((random.randrange(1, TOPICS + 1),),)),
        "topic alone": lambda: search.Query(topics=((1, 7, 19),)),
        "word in a month": lambda: replace(
            words(middle), since=oldest + timedelta(days=30), until=oldest + timedelta(days=60)
        ),
    }
    return {kind: [make() for _ in range(each)] for kind, make in makers.items()}


async def _timed(database: Database, query: search.Query, before: Cursor | None = None) -> tuple[float, list[Article]]:
    async with database.read() as tx:
        begun = time.perf_counter()
        found = await search.search(tx, query, limit=SHOWN, before=before)
        return (time.perf_counter() - begun) * 1_000, found


def _spread(taken: Sequence[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {
        "p50_ms": round(ordered[len(ordered) // 2], 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)], 2),
        "max_ms": round(ordered[-1], 2),
    }


async def _measure(database: Database, mix: dict[str, list[search.Query]], middle: Cursor) -> dict[str, Any]:
    kinds: dict[str, list[float]] = {}
    for kind, asked in mix.items():
        for query in asked:
            taken, _ = await _timed(database, query)
            kinds.setdefault(kind, []).append(taken)
            taken, _ = await _timed(database, query, middle)
            kinds.setdefault("a page from the middle", []).append(taken)
    whole = [taken for kind, found in kinds.items() for taken in found]
    return {"all": _spread(whole)} | {kind: _spread(found) for kind, found in kinds.items()}


def _bare(database: Database, words: Sequence[str]) -> dict[str, float]:
    if database.path is not None:
        with closing(sqlite3.connect(database.path)) as connection:
            return _bare_times(
                words,
                lambda word: connection.execute(
                    "SELECT rowid FROM article_fts WHERE article_fts MATCH ? ORDER BY rowid DESC LIMIT 5", (word,)
                ).fetchall(),
            )
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        return _bare_times(
            words,
            lambda word: connection.execute(
                "SELECT id FROM article WHERE search_vector @@ to_tsquery('simple', %s)"
                " ORDER BY published_at DESC, id DESC LIMIT 5",
                (word,),
            ).fetchall(),
        )


def _bare_times(words: Sequence[str], ask: Callable[[str], object]) -> dict[str, float]:
    taken = []
    for word in words:
        begun = time.perf_counter()
        ask(word)
        taken.append((time.perf_counter() - begun) * 1_000)
    return _spread(taken)


async def _run(count: int, url: str, each: int) -> dict[str, object]:
    database, texts = Database(url), Texts()
    try:
        await migrate.upgrade(database)
        begun = time.perf_counter()
        await _fill(database, texts, count)
        filled = time.perf_counter() - begun
        mix = queries(texts, count, each)
        found = await _measure(database, mix, Cursor(NOW - timedelta(seconds=10 * count), 0))
        words = [query.phrases[0][0] for query in mix["word"]]
        return {
            "benchmark": "search",
            "database": database.dialect,
            "articles": count,
            "stored_per_s": round(count / filled),
            "ours": found,
            "bare": _bare(database, words),
        }
    finally:
        await database.dispose()


def run(articles: int = 20_000, url: str | None = None, each: int = 40) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        return asyncio.run(_run(articles, url or f"sqlite:///{Path(folder) / 'bench.db'}", each))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--url")
    asked = parser.parse_args()
    print(json.dumps(run(asked.articles, asked.url), indent=1, ensure_ascii=False))
