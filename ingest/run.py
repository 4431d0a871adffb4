"""Many articles in: files, folders, addresses, feeds, standard input, to results in the order given.

    names ─expand→ subjects ─load (read or fetch, extract; some at once)→ drafts ─desk (some at once)→ Results

What can't be read becomes a failed Result with its reason, and the rest goes on.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import PurePath
from typing import Any, Protocol, TypeVar

import structlog

from ingest import opml
from ingest.desk import Arrival, Desk, Prepared, Taken
from ingest.errors import ExtractError, FetchError, IngestError
from ingest.extract import Form, form_of
from ingest.jsonrows import Unread
from ingest.subjects import STDIN, Subject, expand, read_file
from ingest.workers import Extract, in_thread
from storage.records import Article, ArticleDraft, SourceKind

log = structlog.get_logger(__name__)

T = TypeVar("T")

AT_ONCE = 8
ARCHIVE_AFTER = timedelta(days=3)
MAX_FEEDS = 1_000  # of one OPML file
_UNEXPECTED = "something went wrong on our side; see the log"


class Outcome(StrEnum):
    ADDED = "added"
    KNOWN = "known"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one article, or of a subject that holds none. `article` is the known one where it is known."""

    subject: str
    outcome: Outcome
    article: Article | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Handling:
    """How what comes in is treated. `archive`: old files and pages are archive too, as old feed items always are."""

    trusted: bool = True
    archive: bool = False
    archive_after: timedelta = ARCHIVE_AFTER
    added_by: int | None = None

    def archive_before(self, kind: SourceKind, now: datetime) -> datetime | None:
        return now - self.archive_after if self.archive or kind is SourceKind.FEED else None


class Fetched(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def content_type(self) -> str | None: ...


class Fetches(Protocol):
    async def get(self, url: str) -> Fetched: ...


@dataclass(frozen=True, slots=True)
class _Item:
    """A draft on its way, or why there is none."""

    subject: str
    kind: SourceKind = SourceKind.FILE
    draft: ArticleDraft | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Ready:
    subject: str
    prepared: Prepared | Taken


Progress = Callable[[int, int], None]


class Ingest:
    """Keeps the desk and the fetcher (None: addresses are refused); `clock` gives each article its arrival.

    `extract` reads bytes: ingest.workers.Workers.extract where they come from outside.
    """

    def __init__(
        self,
        desk: Desk,
        fetcher: Fetches | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        extract: Extract = in_thread,
    ) -> None:
        self._desk = desk
        self._fetcher = fetcher
        self._clock = clock
        self._extract = extract

    async def run(
        self,
        names: Iterable[str],
        handling: Handling = Handling(),
        *,
        stdin: Callable[[], bytes] | None = None,
        progress: Progress | None = None,
    ) -> AsyncIterator[Result]:
        """A Result for each article of each name.

        `stdin` reads what `-` stands for; `progress(done, all)` counts files and addresses.
        """
        subjects = await asyncio.to_thread(lambda: list(expand(names)))

        async def items() -> AsyncIterator[_Item]:
            jobs = (partial(self._load, subject, stdin) for subject in subjects)
            done = 0
            async for loaded in in_order(jobs, AT_ONCE):
                for item in loaded:
                    yield item
                done += 1
                if progress is not None:
                    progress(done, len(subjects))

        async for result in self._take_all(items(), handling):
            yield result

    async def data(
        self, data: bytes, *, name: str, mime: str | None = None, handling: Handling, kind: SourceKind
    ) -> list[Result]:
        """The articles in bytes that somebody gave."""
        items = await self._guarded(name, self._items, data, name, kind, None, mime)
        return [result async for result in self._take_all(_each(items), handling)]

    async def page(self, url: str, *, handling: Handling) -> list[Result]:
        """The article of a page, or those of a feed."""
        items = await self._guarded(url, self._fetch, url)
        return [result async for result in self._take_all(_each(items), handling)]

    async def _take_all(self, items: AsyncIterator[_Item], handling: Handling) -> AsyncIterator[Result]:
        """Studied some at a time, stored one after the other: numbers follow the order given."""

        async def jobs() -> AsyncIterator[Callable[[], Awaitable[_Ready | Result]]]:
            async for item in items:
                yield partial(self._prepare, item, handling)

        async for ready in in_order(jobs(), AT_ONCE):
            yield ready if isinstance(ready, Result) else await self._store(ready)

    async def _prepare(self, item: _Item, handling: Handling) -> _Ready | Result:
        if item.draft is None:
            return Result(item.subject, Outcome.FAILED, reason=item.problem)
        now = self._clock()
        before = handling.archive_before(item.kind, now)
        arrival = Arrival(item.kind, handling.trusted, now, before, handling.added_by)
        try:
            return _Ready(item.subject, await self._desk.prepare(item.draft, arrival))
        except ExtractError as error:
            return Result(item.subject, Outcome.FAILED, reason=str(error))
        except Exception:  # one bad article stops no other
            log.exception("article_failed", subject=item.subject)
            return Result(item.subject, Outcome.FAILED, reason=_UNEXPECTED)

    async def _store(self, ready: _Ready) -> Result:
        try:
            taken = await self._desk.store(ready.prepared)
        except Exception:  # one bad article stops no other
            log.exception("article_failed", subject=ready.subject)
            return Result(ready.subject, Outcome.FAILED, reason=_UNEXPECTED)
        outcome = Outcome.ADDED if taken.duplicate_of is None else Outcome.KNOWN
        return Result(ready.subject, outcome, taken.article)

    async def _load(self, subject: Subject, stdin: Callable[[], bytes] | None) -> list[_Item]:
        if subject.problem:
            return [_Item(subject.name, problem=subject.problem)]
        if subject.is_url:
            return await self._guarded(subject.name, self._fetch, subject.name)
        return await self._guarded(subject.name, self._read, subject.name, stdin)

    async def _guarded(self, subject: str, load: Callable[..., Awaitable[list[_Item]]], *arguments: Any) -> list[_Item]:
        try:
            return await load(*arguments)
        except IngestError as error:
            return [_Item(subject, problem=str(error))]
        except Exception:  # one bad file stops no other
            log.exception("subject_failed", subject=subject)
            return [_Item(subject, problem=_UNEXPECTED)]

    async def _read(self, name: str, stdin: Callable[[], bytes] | None) -> list[_Item]:
        data = await asyncio.to_thread(stdin if name == STDIN and stdin else lambda: read_file(name))
        if form_of(data, name=name) is Form.OPML:
            return await self._feeds_of(data)
        return await self._items(data, name, SourceKind.FILE, None, None)

    async def _fetch(self, url: str) -> list[_Item]:
        if self._fetcher is None:
            raise FetchError("addresses are not fetched here", url=url)
        fetched = await self._fetcher.get(url)
        if form_of(fetched.body, content_type=fetched.content_type) is Form.OPML:
            return await self._feeds_of(fetched.body)
        return await self._items(fetched.body, url, SourceKind.SITE, fetched.url, fetched.content_type)

    async def _feeds_of(self, data: bytes) -> list[_Item]:
        """Each feed of a list of feeds. A list inside a list is not followed: it could name itself."""
        urls = [listed.url for listed in opml.read_opml(data)[:MAX_FEEDS]]
        if not urls:
            raise ExtractError("the list (OPML) names no feeds")
        jobs = (partial(self._guarded, url, self._feed, url) for url in urls)
        return [item async for items in in_order(jobs, AT_ONCE) for item in items]

    async def _feed(self, url: str) -> list[_Item]:
        if self._fetcher is None:
            raise FetchError("addresses are not fetched here", url=url)
        fetched = await self._fetcher.get(url)
        return await self._items(fetched.body, url, SourceKind.SITE, fetched.url, fetched.content_type)

    async def _items(
        self, data: bytes, subject: str, kind: SourceKind, url: str | None, content_type: str | None
    ) -> list[_Item]:
        """The drafts in bytes; at least one item. Raises ExtractError."""
        name = PurePath(subject).name if url is None else None
        if form_of(data, name=name, content_type=content_type) is Form.FEED:
            kind = SourceKind.FEED
        items = [
            _Item(f"{subject}, row {found.row}", kind, problem=found.reason)
            if isinstance(found, Unread)
            else _Item(subject, kind, found)
            for found in await self._extract(data, name=name, url=url, content_type=content_type)
        ]
        return items or [_Item(subject, problem="it holds no articles")]


async def _each(items: Sequence[_Item]) -> AsyncIterator[_Item]:
    for item in items:
        yield item


async def in_order(
    jobs: Iterable[Callable[[], Awaitable[T]]] | AsyncIterator[Callable[[], Awaitable[T]]], at_once: int
) -> AsyncIterator[T]:
    """Run the jobs, at most `at_once` at a time; yield what they return in the order given. Stops them when closed."""
    waiting: deque[asyncio.Future[T]] = deque()
    try:
        async for job in _async(jobs):
            waiting.append(asyncio.ensure_future(job()))
            if len(waiting) >= at_once:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _async(values: Iterable[T] | AsyncIterator[T]) -> AsyncIterator[T]:
    if isinstance(values, AsyncIterator):
        async for value in values:
            yield value
    else:
        for value in values:
            yield value


def to_json(result: Result) -> dict[str, Any]:
    """What `tidings ingest --json` prints: the article's fields, or `path` and `error`."""
    article = result.article
    if article is None:
        return {"path": result.subject, "error": result.reason}
    return {
        "id": article.id,
        "headline": article.headline,
        "source": article.source,
        "published_at": article.published_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "language": article.language,
        "topics": list(article.topics),
        "caption": article.caption,
        "paragraphs": list(article.paragraphs),
        "summary": list(article.summary),
        "status": article.status.value,
        "duplicate_of": article.id if result.outcome is Outcome.KNOWN else None,
        "published_guessed": article.published_guessed,
        "paywalled": article.paywalled,
    }


def counted(results: Iterable[Result]) -> dict[Outcome, int]:
    """How many of each outcome."""
    tally = dict.fromkeys(Outcome, 0)
    for result in results:
        tally[result.outcome] += 1
    return tally
