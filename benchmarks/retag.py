"""The archive tagged again: how fast, what a writer beside it waits for, how much memory; beside the bare statements.

Two runs on each database. `every`: rules for the first time, so that nearly every article is filed otherwise. `one`: a
topic's rule gets a word. `bare`: the driver alone reads the same columns in the same chunks and writes a row for each
article. `filing`: the rules' own time, without a database.

    python -m benchmarks.retag [--articles N] [--json]
"""

import argparse
import asyncio
import json
import resource
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import select, update

from benchmarks import archive
from benchmarks.databases import bare, places
from ingest.filing import file
from ingest.retag import CHUNK, REST, Retagger, dry_run
from ingest.topics import load_specs
from storage import topic_changes, topics
from storage.database import Database
from storage.records import Topic
from storage.schema import bot

ARTICLES = 20_000
TIMED = 2_000  # articles that are filed without a database
BEAT_S = 0.02  # a writer's small transactions, so far apart
WORDS_OF_EACH = range(40, 1_240, 20)  # ranks of a made-up topic's own word

_READ = (
    "SELECT id, version, headline, paragraphs, dateline, published_at FROM article"
    " WHERE id < {0} ORDER BY id DESC LIMIT {0}"
)
_WRITE = (
    "INSERT INTO article_tagging (article_id, tagger_id, evidence) VALUES ({0}, {0}, {0})"
    " ON CONFLICT (article_id) DO UPDATE SET tagger_id = excluded.tagger_id, evidence = excluded.evidence"
)


def run(articles: int = ARTICLES, postgres: str | None = None) -> dict[str, Any]:
    with places(postgres) as found:
        measured = [asyncio.run(_measure(found, kind, articles)) for kind in found.kinds]
    return {"benchmark": "retag", "articles": articles, "chunk": CHUNK, "databases": measured}


async def _measure(found: Any, kind: str, articles: int) -> dict[str, Any]:
    with found.of(kind) as url:
        database = Database(url)
        try:
            source_ids = await archive.prepare(database)
            texts = archive.Texts()
            archive.fill(database, texts, range(articles), source_ids)
            return await _compare(database, texts, kind)
        finally:
            await database.dispose()


async def _compare(database: Database, texts: archive.Texts, kind: str) -> dict[str, Any]:
    alone = await _beats(database, asyncio.sleep(2.0))
    before = _memory_mb()
    rules = await _give_rules(database, texts)
    every = await _retagged(database, rest=0.0)
    await _widen(database, rules[0], texts.words[35])
    began = time.perf_counter()
    await dry_run(database, rules)
    tried = time.perf_counter() - began
    one = await _retagged(database, rest=0.0)
    await _widen(database, (await _rules(database))[1], texts.words[36])
    resting = await _retagged(database, rest=REST)
    grown = _memory_mb() - before
    return {
        "database": kind,
        "filing_per_s": _filing(rules, texts),
        "bare_per_s": _bare(database),
        "every": every,
        "one": one,
        "one_resting": resting,
        "writer_alone_ms": alone,
        "dry_run_s": round(tried, 2),
        "memory_grew_mb": round(grown, 1),
    }


async def _rules(database: Database) -> list[Topic]:
    async with database.read() as tx:
        return await topics.all_topics(tx)


async def _give_rules(database: Database, texts: archive.Texts) -> list[Topic]:
    """The default rules' terms, and for each topic a word that some articles hold."""
    known = await _rules(database)
    given = [spec.rule for spec in load_specs()]
    for number, (one, rank) in enumerate(zip(known, WORDS_OF_EACH, strict=True)):
        rule = given[number % len(given)] if number < len(given) else one.rule
        after = replace(one, rule=replace(rule, strong=(*rule.strong, texts.words[rank])))
        await _make(database, one, after)
    return await _rules(database)


async def _widen(database: Database, one: Topic, word: str) -> None:
    await _make(database, one, replace(one, rule=replace(one.rule, strong=(*one.rule.strong, word))))


async def _make(database: Database, before: Topic, after: Topic) -> None:
    now = datetime.now(UTC)
    async with database.begin() as tx:
        drafted = await topic_changes.draft(tx, before, after, bot_id=None, by=None, now=now)
        await topic_changes.make(tx, drafted, by=None, now=now)


async def _retagged(database: Database, *, rest: float) -> dict[str, float]:
    worker = Retagger(database, clock=lambda: datetime.now(UTC), rest=rest)
    done = 0

    async def work() -> None:
        nonlocal done
        while count := await worker.work():
            done += count

    began = time.perf_counter()
    waits = await _beats(database, work())
    return {"per_s": round(done / (time.perf_counter() - began)), "articles": done, **waits}


async def _beats(database: Database, work: Any) -> dict[str, float]:
    """What a small writing transaction of the same process takes meanwhile, in milliseconds."""
    async with database.begin() as tx:
        if await tx.scalar(select(bot.c.bot_id)) is None:
            await tx.execute(bot.insert().values(bot_id=1, username="bench"))
    waits: list[float] = []
    async with _beating(database, waits):
        await work
    ranked = sorted(waits)
    return {"wait_p50_ms": _ms(ranked[len(ranked) // 2]), "wait_longest_ms": _ms(ranked[-1])}


@asynccontextmanager
async def _beating(database: Database, waits: list[float]) -> Any:
    async def beat() -> None:
        while True:
            began = time.perf_counter()
            async with database.begin() as tx:
                await tx.execute(update(bot).values(username=f"bench {len(waits)}"))
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(BEAT_S)

    beating = asyncio.create_task(beat(), name="beats")
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


def _filing(rules: list[Topic], texts: archive.Texts) -> int:
    """Articles a second."""
    given = list(islice(texts.articles(TIMED), TIMED))
    began = time.perf_counter()
    for headline, body in given:
        file(tuple(rules), headline, [body], None)
    return round(len(given) / (time.perf_counter() - began))


def _bare(database: Database) -> int:
    """Articles a second."""
    place = "?" if database.path is not None else "%s"
    read, write = _READ.format(place), _WRITE.format(place)
    done, began = 0, time.perf_counter()
    with bare(database) as connection:
        for rows in _chunks(connection, read):
            connection.execute("BEGIN")
            cursor = connection.cursor()
            cursor.executemany(write, [(row[0], 1, '{"1":[["word","h",1,4.0]]}') for row in rows])
            connection.execute("COMMIT")
            done += len(rows)
    return round(done / (time.perf_counter() - began))


def _chunks(connection: Any, read: str) -> Iterator[list[tuple[Any, ...]]]:
    before = 1 << 60
    while rows := connection.execute(read, (before, CHUNK)).fetchall():
        yield rows
        before = rows[-1][0]


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def table(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['articles']:,} articles, {result['chunk']} a transaction"]
    for one in result["databases"]:
        alone = one["writer_alone_ms"]
        lines.append(
            f"{one['database']}: filing alone {one['filing_per_s']:,}/s, bare statements {one['bare_per_s']:,}/s"
        )
        for name in ("every", "one", "one_resting"):
            run_ = one[name]
            waits = f"a writer waits {run_['wait_p50_ms']} ms, at most {run_['wait_longest_ms']} ms"
            lines.append(f"  {name:<12} {run_['per_s']:>6,}/s  {waits}")
        waits = f"{alone['wait_p50_ms']} ms, at most {alone['wait_longest_ms']} ms"
        lines.append(f"  no tagging             a writer waits {waits}")
        lines.append(f"  dry run {one['dry_run_s']} s; memory grew by {one['memory_grew_mb']} MB")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--postgres", help="a server's own address")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    result = run(asked.articles, asked.postgres)
    print(json.dumps(result) if asked.json else "\n".join(table(result)))


if __name__ == "__main__":
    main()
