"""How long searches take in a large archive: the mix of `queries` below, by kind, beside the engine's own time.

Milliseconds from the call to the articles, on SQLite and PostgreSQL; each query also as a page from the middle of the
archive and as the page after the first. `bare`: a word's newest five ids by the driver alone, on an open connection;
`like`: the same from the whole table without an index, as a plain loop would look for it.

    python -m benchmarks.search --articles 1000000 --keep FOLDER --postgres postgresql://...
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import archive, kept
from benchmarks.archive import SOURCES, TOPICS, Texts
from benchmarks.clocks import COLUMNS, Clock, Spent, columns, servers, spread
from benchmarks.databases import bare
from storage import search
from storage.database import Database
from storage.records import Article, Cursor
from storage.search import Query

SHOWN = 5
LARGE = {"articles": 1_000_000}
# What people paste, or try on others' searches.
HOSTILE = (
    "'; DROP TABLE article; --",
    '" OR NEAR(a b) * ^ :',
    "a:b & | ! <-> (c",
    "%_%_%",
    "x" * 10_000,
    "@0.483912 @1.1",
    "\x00\ud800\u202e",
    " ".join(f"w{number}" for number in range(500)),
)


def queries(texts: Texts, count: int, each: int = 40) -> dict[str, list[Query]]:
    """The mix, by kind. Words are drawn evenly by rank, so that most are rarer than what people look for."""
    random = Random(3)
    common, middle, rare = texts.words[5:100], texts.words[100:3_000], texts.words[3_000:]
    newest, oldest = archive.published(count), archive.published(0)

    def words(*groups: Sequence[str]) -> Query:
        return Query(tuple((random.choice(group),) for group in groups))

    def phrase(first: Sequence[str], second: Sequence[str]) -> Query:
        return Query(((random.choice(first), random.choice(second)),))

    def hangul(parts: int, ranks: int) -> Query:
        """Of running text: a word's beginning with the end of the one before, or a whole one."""
        joined = "".join(random.choices(texts.hangul[:ranks], k=2))
        return Query(tuple(search.phrases(joined[-parts:])))

    def source() -> tuple[int, ...]:
        return (random.randrange(1, SOURCES + 1),)

    makers: dict[str, Callable[[], Query]] = {
        "word, common": lambda: words(common),
        "word": lambda: words(middle),
        "word, rare": lambda: words(rare),
        "word, unknown": lambda: Query((("zzzzzzzzz",),)),
        "two words, one unknown": lambda: Query(((random.choice(common),), ("zzzzzzzzz",))),
        "two words": lambda: words(middle, middle),
        "three words": lambda: words(common, middle, middle),
        "words without one": lambda: replace(words(middle), without=((random.choice(common),),)),
        "phrase, common words": lambda: phrase(common, common),
        "phrase": lambda: phrase(common, middle),
        "phrase, hardly any": lambda: phrase(middle, middle),
        "phrase without a word": lambda: replace(phrase(common, common), without=((random.choice(middle),),)),
        "hangul, two": lambda: hangul(2, 2_000),
        "hangul, three": lambda: hangul(3, 500),
        "hangul, four": lambda: hangul(4, 200),
        "hangul, one": lambda: hangul(1, 2_000),
        "word in a topic": lambda: replace(words(middle), topics=((random.randrange(1, TOPICS + 1),),)),
        "topic alone": lambda: Query(topics=((1, 7, 19),)),
        "word in a topic and a source": lambda: replace(
            words(middle), topics=((random.randrange(1, TOPICS + 1),),), source_ids=source()
        ),
        "source alone": lambda: Query(source_ids=source()),
        "word of a source": lambda: replace(words(middle), source_ids=source()),
        "word, rare, of a source": lambda: replace(words(rare), source_ids=source()),
        "two words of the smallest source": lambda: replace(words(common, middle), source_ids=(SOURCES,)),
        "phrase of a source": lambda: replace(phrase(common, common), source_ids=source()),
        "topic of a source": lambda: Query(topics=((random.randrange(1, TOPICS + 1),),), source_ids=source()),
        "source in a month": lambda: _within(Query(source_ids=source()), newest, timedelta(days=30)),
        "word of an unknown source": lambda: replace(words(middle), source_ids=(SOURCES + 1,)),
        "word before a time": lambda: replace(words(middle), until=oldest + (newest - oldest) * random.random()),
        "word after a time": lambda: replace(words(rare), since=oldest + (newest - oldest) * random.random()),
        "word in a month": lambda: _within(words(middle), newest, timedelta(days=30)),
        "word, rare, in a day": lambda: _within(words(rare), newest, timedelta(days=random.randrange(1, 99))),
        "hostile": lambda: Query(tuple(search.phrases(random.choice(HOSTILE)))),
    }
    return {kind: [make() for _ in range(each)] for kind, make in makers.items()}


def _within(query: Query, newest: datetime, ago: timedelta) -> Query:
    """A day that began so long ago, or all days since."""
    since = newest - ago
    return replace(query, since=since, until=since + timedelta(days=1))


async def _timed(
    database: Database, clock: Clock, query: Query, before: Cursor | None = None
) -> tuple[Spent, list[Article]]:
    async with database.read() as tx:
        with clock.timed() as spent:
            found = await search.search(tx, query, limit=SHOWN, before=before)
    return spent, found


async def _measure(database: Database, mix: dict[str, list[Query]], middle: Cursor) -> dict[str, Any]:
    clock = await Clock.of(database)
    kinds: dict[str, list[Spent]] = {kind: [] for kind in mix}
    for kind, query in ((kind, query) for kind, asked in mix.items() for query in asked):
        spent, found = await _timed(database, clock, query)
        kinds[kind] += [spent, (await _timed(database, clock, query, middle))[0]]
        if len(found) == SHOWN:
            following = Cursor(found[-1].published_at, found[-1].id)
            kinds[kind].append((await _timed(database, clock, query, following))[0])
    return {
        "all": spread([spent for found in kinds.values() for spent in found]),
        "words": spread([spent for kind, found in kinds.items() if not _is_running(kind) for spent in found]),
        "phrases_and_cjk": spread([spent for kind, found in kinds.items() if _is_running(kind) for spent in found]),
        "kinds": {kind: spread(found) for kind, found in kinds.items()},
    }


def _is_running(kind: str) -> bool:
    return kind.startswith(("phrase", "hangul"))


Asked = Callable[[str], object]
BARE = {
    "sqlite": (
        "SELECT rowid FROM article_fts WHERE article_fts MATCH ? ORDER BY rowid DESC LIMIT 5",
        "SELECT id FROM article WHERE search LIKE ? ORDER BY published_at DESC LIMIT 5",
    ),
    "postgresql": (
        "SELECT id FROM article WHERE article_terms(search_vector, published_at, source_id) @@ to_tsquery('simple', %s)"
        " ORDER BY published_at DESC, id DESC LIMIT 5",
        "SELECT id FROM article WHERE search LIKE %s ORDER BY published_at DESC LIMIT 5",
    ),
}


def _beside(database: Database, texts: Texts) -> dict[str, Any]:
    """The engine's own times."""
    indexed, like = BARE[database.dialect]
    with bare(database) as connection:
        return _bare(
            Clock(servers(connection)),
            texts,
            lambda word: connection.execute(indexed, (word,)).fetchall(),
            lambda word: connection.execute(like, (f"%{word}%",)).fetchall(),
        )


def _bare(clock: Clock, texts: Texts, indexed: Asked, like: Asked) -> dict[str, Any]:
    def times(ask: Asked, words: Sequence[str]) -> dict[str, float]:
        return spread([_spent(clock, ask, word) for word in words])

    groups = {"common": texts.words[5:100], "word": texts.words[100:3_000], "rare": texts.words[3_000:]}
    return {
        "bare": {name: times(indexed, words[:: len(words) // 5]) for name, words in groups.items()},
        "like": times(like, ["zzzzzzzzz"]),
    }


def _spent(clock: Clock, ask: Asked, word: str) -> Spent:
    with clock.timed() as spent:
        ask(word)
    return spent


async def _run(shelf: kept.Shelf, kind: str, count: int, each: int) -> dict[str, object]:
    async with shelf.archive(kind, count) as database:
        texts = Texts()
        ours = await _measure(database, queries(texts, count, each), Cursor(archive.published(count // 2), 0))
        return {"database": kind, "ours": ours, **_beside(database, texts)}


def run(
    articles: int = 20_000, each: int = 40, keep: Path | None = None, postgres: str | None = None
) -> dict[str, Any]:
    with kept.shelf(keep, postgres) as shelf:
        found = [asyncio.run(_run(shelf, kind, articles, each)) for kind in shelf.kinds]
    return {"benchmark": "search", "articles": articles, "databases": found}


def table(result: dict[str, Any]) -> list[str]:
    """Lines for the terminal."""
    lines = [f"{result['articles']:>42,} articles{COLUMNS}"]
    for found in result["databases"]:
        ours = found["ours"]
        rows = {"all": ours["all"], "words": ours["words"], "phrases, CJK": ours["phrases_and_cjk"], **ours["kinds"]}
        rows |= {f"bare: {name}": times for name, times in found["bare"].items()} | {"like": found["like"]}
        lines += [f"{found['database']:12}{name:>39}{columns(times)}" for name, times in rows.items()]
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=40, help="queries of each kind")
    kept.options(parser)
    asked = parser.parse_args()
    result = run(asked.articles, asked.each, asked.keep, asked.postgres)
    print("\n".join(table(result)), file=sys.stderr)
    print(json.dumps(result, ensure_ascii=False))
