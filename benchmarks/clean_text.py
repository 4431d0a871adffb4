"""From clean text to articles that are stored, tagged, grouped into stories and summarized: how many a second.

Rows of JSON, as `tidings ingest texts.jsonl` takes them: studied in processes of their own, stored by this one. Beside
it, in the same run and on the same texts, the plain loop that one would write first: sumy's LexRank, and for each
article a LIKE through the whole table whether it is known. `per_s` is by the clock; `cpu_ms` what an article takes of
all processes, PostgreSQL's among them, of which `studying_cpu_ms` and `storing_cpu_ms` (this process) are parts. Texts
are the development data's beside the project (CNN/DailyMail, Reuters) where they are, else made up.

    python -m benchmarks.clean_text --articles 640 --postgres postgresql://...
"""

import argparse
import asyncio
import gzip
import itertools
import json
import multiprocessing
import resource
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.archive import BEGINNING, Texts
from benchmarks.clocks import Clock
from benchmarks.databases import Places, places
from benchmarks.growth import drafts
from ingest.desk import Desk
from ingest.run import TOGETHER, Handling, Ingest
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
        yield "  processor time of all processes", row["cpu_ms"], "ms"
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
            ingest = Ingest(Desk(database, executor=executor))
            await _through(ingest, texts[:WARM])
            return {"database": kind, **await _rates(database, ingest, texts[WARM:])}
        finally:
            await database.dispose()


async def _rates(database: Database, ingest: Ingest, texts: Sequence[ArticleDraft]) -> dict[str, float]:
    studying = Clock([process.pid for process in multiprocessing.active_children() if process.pid is not None])
    serving = await Clock.of(database)
    own = Clock(())
    with studying.timed() as studied, serving.timed() as served, own.timed() as stored:
        await _through(ingest, texts)
    each = 1 / len(texts)
    return {
        "per_s": round(1_000 / (stored.wall * each), 1),
        "cpu_ms": round((studied.cpu + served.cpu - stored.cpu) * each, 2),
        "studying_cpu_ms": round((studied.cpu - stored.cpu) * each, 2),
        "storing_cpu_ms": round(stored.cpu * each, 2),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000,
    }


async def _through(ingest: Ingest, texts: Sequence[ArticleDraft]) -> None:
    data = "\n".join(json.dumps(_row(draft)) for draft in texts).encode()
    results = await ingest.data(data, name="texts.jsonl", handling=Handling(archive=True), kind=SourceKind.FILE)
    failed = [result.reason for result in results if result.article is None]
    if failed:
        raise RuntimeError(f"not stored: {failed[0]}")


def _row(draft: ArticleDraft) -> dict[str, Any]:
    when = draft.published_at.isoformat() if draft.published_at else None
    told = {"headline": draft.headline, "paragraphs": draft.paragraphs, "source": draft.source, "date": when}
    return told | {"guid": draft.guid, "url": draft.url}


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=COUNT)
    parser.add_argument("--postgres", help="a server's own address, ending in /postgres?...")
    asked = parser.parse_args()
    print(json.dumps(run(asked.articles, postgres=asked.postgres)))
