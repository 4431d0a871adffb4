"""How fast articles come in: pages, clean text and feeds to stored articles, beside peers in the same run.

`feeds`: what benchmarks/feeds.py tells of polling some of a local server's 10,000, at the large size all of them.
`peer_pages_per_s`: a plain loop of feedparser, for a feed with a page an item, and newspaper4k, for those pages, which
fetches and stores nothing; `trafilatura_pages_per_s`: trafilatura with metadata. `pages_stored_per_s`: the same pages
as files, read as `tidings ingest` reads folders, to stored articles with language, topics, summary and index.
`memory_mb_while_storing` is the most that this process took, `worker_memory_mb` the most that any that it started took.
`clean_text`: what benchmarks/clean_text.py tells of articles that come as clean text.

Pages are the development data's beside the project where they are, else made of the samples. Each text is made unlike
the others by a number of its own, so that none is a duplicate. On a new SQLite file each time, or on DATABASE_URL's
PostgreSQL (which should be a database of its own: articles stay in it).
"""

import argparse
import asyncio
import gzip
import importlib
import itertools
import json
import os
import re
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import trafilatura

from benchmarks import clean_text
from benchmarks import feeds as feed_polls
from benchmarks.feeds import Sizes, stall
from ingest import samples
from ingest.decode import decode
from ingest.desk import Desk
from ingest.errors import ExtractError
from ingest.html import draft_from_html
from ingest.plaintext import draft_from_text
from ingest.run import Handling, Ingest, Outcome, counted
from ingest.studying import studying
from ingest.topics import load_specs
from ingest.workers import Workers
from storage import migrate, topics
from storage.database import Database
from storage.records import SourceKind

LARGE = {"articles": 200, "pages": 230, "sizes": feed_polls.LARGE_SIZES}
PAGES = Path(__file__).resolve().parents[2] / "shared" / "data" / "pages"
_numbers = itertools.count()
_WORD = re.compile(r"\b[a-z]\w+")
_MANY_WORDS = 50
# newspaper4k asks for pictures though told not to: refused at once, else it would be measured waiting for them.
_NOWHERE = dict.fromkeys(("http", "https"), "http://127.0.0.1:9")


def run(
    articles: int = 100,
    pages: int = 120,
    url: str | None = None,
    data: Path | None = None,
    sizes: Sizes | None = None,
    texts: int = clean_text.COUNT,
) -> dict[str, Any]:
    """`articles` of clean text and `pages` of HTML; `url` of a PostgreSQL database, None for a new SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        read = asyncio.run(_run(articles, _pages(data or PAGES, pages), url or f"sqlite:///{folder}/bench.db"))
    return read | {"clean_text": clean_text.run(texts), "feeds": feed_polls.run(sizes or Sizes())}


def table(result: dict[str, Any]) -> list[str]:
    polls = result["feeds"]
    rows = (
        ("pages to stored articles", result["pages_stored_per_s"], "a second"),
        ("feedparser + newspaper4k, nothing stored", result["peer_pages_per_s"] or 0.0, "a second"),
        ("trafilatura alone, nothing stored", result["trafilatura_pages_per_s"], "a second"),
        ("longest stall while storing", result["longest_stall_ms"], "ms"),
        ("memory while storing", result["memory_mb_while_storing"], "MB"),
        ("memory of a worker", result["worker_memory_mb"], "MB"),
        (f"feeds polled, {polls['polled']} of {polls['feeds']}", polls["polls_per_s"], "a second"),
        ("feedparser alone, nothing stored", polls["feedparser_polls_per_s"], "a second"),
        ("10,000 feeds polled hourly", polls["core_percent_at_10000_hourly"], "% of a core"),
        ("latest poll", polls["paced_late_s_most"], "s"),
        ("longest stall while polling", polls["longest_stall_ms"], "ms"),
    )
    return [f"{name:<48}{value:>9} {unit}" for name, value, unit in (*rows, *clean_text.table(result["clean_text"]))]


async def _run(articles: int, pages: list[bytes], url: str) -> dict[str, Any]:
    database = Database(url)
    try:
        await migrate.upgrade(database)
        async with database.begin() as tx:
            await topics.seed(tx, load_specs())
        texts = _texts(articles)
        await _stored(Ingest(Desk(database)), _texts(3), "warm.txt")  # the models load once
        folder = await _folder_stored(database, pages)
        return {
            "benchmark": "ingest",
            "database": database.dialect,
            "cores": os.cpu_count(),
            "pages": len(pages),
            "articles": len(texts),
            "peer_pages_per_s": _peer(pages),
            "trafilatura_pages_per_s": _rate(pages, _bare),
            "extract_pages_per_s": _rate(pages, _extracted),
            **folder,
            "plain_text_extracted_per_s": _rate(texts, lambda data: draft_from_text(data.decode())),
            "text_stored_per_s": await _timed(lambda: _stored(Ingest(Desk(database)), texts, "text.txt"), len(texts)),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000,
        }
    finally:
        await database.dispose()


async def _folder_stored(database: Database, pages: Sequence[bytes]) -> dict[str, Any]:
    """As `tidings ingest` reads a folder: extraction in workers, studying in a process, this one for the database."""
    with tempfile.TemporaryDirectory() as folder, studying(many=True) as executor:
        warm = _written(Path(folder, "warm"), [_page(text) for text in _texts(6)])
        names = _written(Path(folder, "pages"), pages)
        async with Workers() as workers:
            ingest = Ingest(Desk(database, executor=executor), extract=workers.extract)
            await _count(ingest, warm)  # the processes start, once
            watch = asyncio.ensure_future(stall())
            begun = time.perf_counter()
            found = await _count(ingest, names)
            seconds = time.perf_counter() - begun
            watch.cancel()
        return {
            "pages_stored_per_s": round(len(pages) / seconds, 1),
            "pages_by_outcome": {outcome.value: found[outcome] for outcome in Outcome if found[outcome]},
            "longest_stall_ms": await watch,
            "memory_mb_while_storing": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000,
            "worker_memory_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1_000,
        }


def _written(folder: Path, pages: Sequence[bytes]) -> list[str]:
    folder.mkdir()
    for number, page in enumerate(pages):
        (folder / f"{number:05}.html").write_bytes(page)
    return [str(folder)]


async def _count(ingest: Ingest, names: Sequence[str]) -> dict[Outcome, int]:
    return counted([replace(result, article=None) async for result in ingest.run(names)])


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
    """The samples in Latin script again and again, each time unlike: near copies would be taken for known."""
    originals = [path.read_text(encoding="utf-8").strip() for path in samples.paths()]
    latin = [text for text in originals if len(_WORD.findall(text)) > _MANY_WORDS]
    chosen = itertools.islice(itertools.cycle(latin), count)
    return [f"Edition {number}, {_unlike(text, number)}".encode() for text in chosen for number in [next(_numbers)]]


def _unlike(text: str, number: int) -> str:
    """Every third word with an end of its own."""
    words, end = itertools.count(), "".join(chr(ord("a") + int(digit)) for digit in str(number))
    return _WORD.sub(lambda found: f"{found[0]}{end}" if next(words) % 3 == 0 else found[0], text)


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


def _peer(pages: Sequence[bytes]) -> float | None:
    """None where newspaper4k isn't installed. What it can't read counts as read."""
    try:
        newspaper = importlib.import_module("newspaper")
    except ImportError:
        return None
    items = "".join(f"<item><title>Page {n}</title><link>https://e.org/{n}</link></item>" for n in range(len(pages)))
    begun = time.perf_counter()
    feed = feedparser.parse(f"<rss version='2.0'><channel><title>Pages</title>{items}</channel></rss>")
    for entry, page in zip(feed.entries, pages, strict=True):
        article = newspaper.Article(entry.link, fetch_images=False, proxies=_NOWHERE)
        try:
            article.download(input_html=decode(page))
            article.parse()
        except (newspaper.ArticleException, ExtractError, ImportError):  # Japanese wants a package more
            continue
    return round(len(pages) / (time.perf_counter() - begun), 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100)
    parser.add_argument("--pages", type=int, default=120)
    parser.add_argument("--feeds", type=int, default=Sizes.polled, help="of 10,000, how many are polled")
    parser.add_argument("--url", help="a PostgreSQL database to store into")
    chosen = parser.parse_args()
    started = datetime.now(UTC)
    sizes = Sizes(polled=chosen.feeds)
    measured = run(chosen.articles, chosen.pages, chosen.url, sizes=sizes)
    print(json.dumps({"at": started.isoformat(timespec="seconds")} | measured))
