"""How fast articles come in: pages and clean text to stored articles, beside trafilatura alone in the same run.

Pages are the development data's beside the project where they are, else made of the samples. Each article is made
unlike the others by a number of its own, so that none is a duplicate. On a new SQLite file each time, or on
DATABASE_URL's PostgreSQL (which should be a database of its own: articles stay in it).
"""

import argparse
import asyncio
import gzip
import itertools
import json
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trafilatura

from ingest import samples
from ingest.decode import decode
from ingest.desk import Desk
from ingest.errors import ExtractError
from ingest.html import draft_from_html
from ingest.plaintext import draft_from_text
from ingest.run import Handling, Ingest, Outcome
from ingest.topics import load_specs
from storage import migrate, topics
from storage.database import Database
from storage.records import SourceKind

PAGES = Path(__file__).resolve().parents[2] / "shared" / "data" / "pages"
_numbers = itertools.count()


def run(articles: int = 200, pages: int = 60, url: str | None = None, data: Path | None = None) -> dict[str, Any]:
    """`articles` of clean text and `pages` of HTML; `url` of a PostgreSQL database, None for a new SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(articles, _pages(data or PAGES, pages), url or f"sqlite:///{folder}/bench.db"))


async def _run(articles: int, pages: list[bytes], url: str) -> dict[str, Any]:
    database = Database(url)
    try:
        await migrate.upgrade(database)
        async with database.begin() as tx:
            await topics.seed(tx, load_specs())
        ingest = Ingest(Desk(database))
        texts = _texts(articles)
        await _stored(ingest, _texts(3), "warm.txt")  # the models load once
        return {
            "benchmark": "ingest",
            "database": database.dialect,
            "pages": len(pages),
            "articles": len(texts),
            "trafilatura_pages_per_s": _rate(pages, _bare),
            "extract_pages_per_s": _rate(pages, _extracted),
            "pages_stored_per_s": await _timed(lambda: _stored(ingest, pages, "page.html"), len(pages)),
            "plain_text_extracted_per_s": _rate(texts, lambda data: draft_from_text(data.decode())),
            "text_stored_per_s": await _timed(lambda: _stored(ingest, texts, "text.txt"), len(texts)),
            "longest_stall_ms": await _stall(_stored(ingest, _texts(min(articles, 50)), "text.txt")),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000,
        }
    finally:
        await database.dispose()


def _pages(folder: Path, count: int) -> list[bytes]:
    if not folder.is_dir():
        return [_page(text) for text in _texts(count)]
    rows = (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()[:count]
    return [gzip.decompress((folder / json.loads(row)["file"]).read_bytes()) for row in rows]


def _page(text: bytes) -> bytes:
    headline, *paragraphs = text.decode().split("\n\n")
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    links = "".join(f"<li><a href='/{number}'>Section {number}</a></li>" for number in range(60))
    return (
        f"<html><head><title>{headline}</title></head><body><ul>{links}</ul><article><h1>{headline}</h1>{body}".encode()
    )


def _texts(count: int) -> list[bytes]:
    """The samples again and again, each time with another number in the headline."""
    originals = [path.read_text(encoding="utf-8").strip() for path in samples.paths()]
    chosen = itertools.islice(itertools.cycle(originals), count)
    return [f"Edition {next(_numbers)}, {text}".encode() for text in chosen]


def _bare(data: bytes) -> object:
    return trafilatura.bare_extraction(
        decode(data), with_metadata=True, include_comments=False, date_extraction_params={"extensive_search": False}
    )


def _extracted(data: bytes) -> object:
    try:
        return draft_from_html(decode(data))
    except ExtractError:
        return None


def _rate(items: Sequence[bytes], work: Callable[[bytes], object]) -> float:
    begun = time.perf_counter()
    for item in items:
        work(item)
    return round(len(items) / (time.perf_counter() - begun), 1)


async def _stored(ingest: Ingest, items: Sequence[bytes], name: str) -> None:
    """Four at a time, as somebody would who waits for each."""
    waiting = iter(items)

    async def worker() -> None:
        for data in waiting:
            results = await ingest.data(data, name=name, handling=Handling(), kind=SourceKind.FILE)
            if name.endswith(".txt") and any(result.outcome is not Outcome.ADDED for result in results):
                raise RuntimeError(f"not stored: {results[0].reason}")

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(worker())


async def _timed(work: Callable[[], Awaitable[None]], count: int) -> float:
    begun = time.perf_counter()
    await work()
    return round(count / (time.perf_counter() - begun), 1)


async def _stall(work: Awaitable[None]) -> float:
    """The longest time that the event loop did not come back to a task which only waits 5 ms."""
    longest, running = 0.0, asyncio.ensure_future(work)
    while not running.done():
        begun = time.perf_counter()
        await asyncio.sleep(0.005)
        longest = max(longest, time.perf_counter() - begun - 0.005)
    await running
    return round(longest * 1000, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--url", help="a PostgreSQL database to store into")
    chosen = parser.parse_args()
    started = datetime.now(UTC)
    print(json.dumps({"at": started.isoformat(timespec="seconds")} | run(chosen.articles, chosen.pages, chosen.url)))
