"""From clean text to articles that are stored, tagged, grouped into stories and summarized: how many a second.

As a folder is ingested: studying in a process of its own, this one for the database. Beside it, in the same run and on
the same texts, the plain loop that one would write first: sumy's LexRank, and for each article a LIKE through the whole
table whether it is known. `per_s` is by the clock; `per_s_with_two_cores` by what the busier of the two processes
computes, which is what the clock says where nothing else runs. Texts are the development data's beside the project
(CNN/DailyMail, Reuters) where they are, else made up.
"""

import asyncio
import gzip
import itertools
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.archive import BEGINNING, Texts
from benchmarks.databases import Places, places
from benchmarks.growth import drafts
from ingest.desk import Arrival, Desk
from ingest.run import TOGETHER
from ingest.studying import studying
from ingest.topics import load_specs
from storage import migrate, topics
from storage.database import Database
from storage.records import ArticleDraft, SourceKind
from summarizer.words import tokens

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NEWS = ("summaries/cnndm_val.dev.jsonl", "summaries/cnndm_train100.dev.jsonl")
WARM = 2 * TOGETHER
COUNT, SENTENCES, LEAST_CHARACTERS = 320, 3, 400


def run(count: int = COUNT, data: Path = DATA, postgres: str | None = None) -> dict[str, Any]:
    texts = list(itertools.islice(_texts(data), count + WARM))
    with places(postgres) as at:
        found = [asyncio.run(_stored(at, kind, texts)) for kind in at.kinds]
    return {"articles": count, "databases": found, "lexrank_and_like": _plain(texts[WARM:])}


def table(result: dict[str, Any]) -> Iterator[tuple[str, float, str]]:
    for row in result["databases"]:
        yield f"clean text to stored articles, {row['database']}", row["per_s"], "a second"
        yield "  with two cores for it alone", row["per_s_with_two_cores"], "a second"
    yield "sumy LexRank + LIKE", result["lexrank_and_like"]["per_s"], "a second"
    yield "  with a core for it alone", result["lexrank_and_like"]["per_s_with_a_core"], "a second"


def _texts(data: Path) -> Iterator[ArticleDraft]:
    """Long and short by turns."""
    if not data.is_dir():
        yield from drafts(Texts(), 0)
        return
    for pair in zip(_news(data), _wire(data), strict=False):
        yield from pair


def _news(data: Path) -> Iterator[ArticleDraft]:
    for name in NEWS:
        for line in (data / name).read_text(encoding="utf-8").splitlines():
            said = json.loads(line)["text"].split(". ")
            yield _draft(said[0][:90], [". ".join(said[at : at + 3]) + "." for at in range(0, len(said), 3)])


def _wire(data: Path) -> Iterator[ArticleDraft]:
    with gzip.open(data / "topics/reuters_dev.jsonl.gz", "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            if row["title"] and len(row["body"] or "") > LEAST_CHARACTERS:
                yield _draft(row["title"], [" ".join(part.split()) for part in row["body"].split("\n    ")])


def _draft(headline: str, paragraphs: Sequence[str]) -> ArticleDraft:
    return ArticleDraft(headline=headline, paragraphs=tuple(paragraphs), source="bench", published_at=BEGINNING)


async def _stored(at: Places, kind: str, texts: Sequence[ArticleDraft]) -> dict[str, Any]:
    with at.of(kind) as url, studying(many=True) as executor:
        database = Database(url)
        try:
            await migrate.upgrade(database)
            async with database.begin() as tx:
                await topics.seed(tx, load_specs())
            return {"database": kind, **await _rates(Desk(database, executor=executor), executor, texts)}
        finally:
            await database.dispose()


async def _rates(desk: Desk, executor: Executor | None, texts: Sequence[ArticleDraft]) -> dict[str, float]:
    await _through(desk, texts[:WARM])
    begun, cpu, studied = time.perf_counter(), time.process_time(), await _computed(executor)
    await _through(desk, texts[WARM:])
    seconds, cpu, studied = time.perf_counter() - begun, time.process_time() - cpu, await _computed(executor) - studied
    count = len(texts) - WARM
    return {
        "per_s": round(count / seconds, 1),
        "per_s_with_two_cores": round(count / max(cpu, studied), 1),
        "studying_cpu_ms": round(studied * 1000 / count, 2),
        "storing_cpu_ms": round(cpu * 1000 / count, 2),
    }


async def _computed(executor: Executor | None) -> float:
    """Seconds of the process that studies."""
    return await asyncio.get_running_loop().run_in_executor(executor, time.process_time)


async def _through(desk: Desk, texts: Sequence[ArticleDraft]) -> None:
    """One group is studied while the one before is stored, as ingest.run does."""
    now = datetime.now(UTC)
    arrival = Arrival(SourceKind.FILE, True, now, now - timedelta(days=3))
    groups = [texts[at : at + TOGETHER] for at in range(0, len(texts), TOGETHER)]
    next_one = asyncio.ensure_future(desk.prepare_all([(draft, arrival) for draft in groups[0]]))
    for following in [*groups[1:], None]:
        prepared = await next_one
        if following is not None:
            next_one = asyncio.ensure_future(desk.prepare_all([(draft, arrival) for draft in following]))
        await desk.store_all([item for item in prepared if not isinstance(item, BaseException)])


def _plain(texts: Sequence[ArticleDraft]) -> dict[str, float]:
    ranking = import_module("summarizer.sumy_methods").ranking
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE article (id INTEGER PRIMARY KEY, headline TEXT, body TEXT, summary TEXT)")
        begun, cpu = time.perf_counter(), time.process_time()
        for draft in texts:
            body = " ".join(draft.paragraphs)
            sentences = body.split(". ")
            words = [tokens(sentence, "en") for sentence in sentences]
            best = ranking("lexrank", words, [0] * len(words), tokens(draft.headline, "en"), "en")[:SENTENCES]
            known = connection.execute("SELECT id FROM article WHERE body LIKE ?", (f"%{body[:200]}%",)).fetchall()
            if not known:
                row = (draft.headline, body, json.dumps([sentences[at] for at in sorted(best)]))
                connection.execute("INSERT INTO article (headline, body, summary) VALUES (?, ?, ?)", row)
                connection.commit()
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {"per_s": round(len(texts) / seconds, 1), "per_s_with_a_core": round(len(texts) / cpu, 1)}


if __name__ == "__main__":
    print(json.dumps(run()))
