"""Many articles in: files, folders, addresses, feeds, standard input, to results in the order given.

    names ─expand→ subjects ─load (read or fetch, extract; some at once)→ drafts ─in groups→ study → store → Results

What can't be read becomes a failed Result with its reason, and the rest goes on. A group is stored in one transaction;
it may end at any time: what was stored is known when the same names are given again.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import PurePath
from typing import Any, Protocol

import structlog

from ingest import opml
from ingest.desk import Arrival, Desk, Prepared, Taken
from ingest.errors import ExtractError, FetchError, IngestError
from ingest.extract import Form, form_of
from ingest.jsonrows import Unread
from ingest.order import chunks, each, in_groups, in_order, unbroken
from ingest.subjects import STDIN, Subject, expand, read_file
from ingest.workers import Extract, in_thread
from storage.records import Article, ArticleDraft, SourceKind

log = structlog.get_logger(__name__)

AT_ONCE = 16
TOGETHER = 16  # articles stored in one transaction; another writer waits for it about a tenth of a second
GROUPS = 3  # that are studied at once, so that neither who studies nor who stores waits
ARCHIVE_AFTER = timedelta(days=3)
MAX_FEEDS = 1_000  # of one OPML file
_UNEXPECTED = "something went wrong on our side; see the log"


class Outcome(StrEnum):
    ADDED = "added"
    KNOWN = "known"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one article, or of a subject that holds none. `article` is the known one where it is known.

    Of a skipped file `reason` is its kind (".py").
    """

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
    last: bool = False  # of its file or address


_Ready = Prepared | Taken | Result  # a Result: there is nothing to store


Progress = Callable[[int, int], None]


class Ingest:
    """Keeps the desk and the fetcher (None: addresses are refused); `clock` gives each article its arrival.

    `pages` gets addresses that people name, which may be pages: ingest.robots.Pages (None: the fetcher).
    `extract` reads bytes: ingest.workers.Workers.extract where they come from outside.
    """

    def __init__(
        self,
        desk: Desk,
        fetcher: Fetches | None = None,
        *,
        pages: Fetches | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        extract: Extract = in_thread,
    ) -> None:
        self._desk = desk
        self._fetcher = fetcher
        self._pages = pages or fetcher
        self._clock = clock
        self._extract = extract

    async def run(
        self,
        names: Iterable[str],
        handling: Handling = Handling(),
        *,
        stdin: Callable[[], bytes] | None = None,
        progress: Progress | None = None,
    ) -> AsyncGenerator[Result]:
        """A Result for each article of each name; before them one for each file of a folder that is not read.

        `stdin` reads what `-` stands for; `progress(done, all)` counts files and addresses that are.
        Who is cancelled gets the results of what is being stored first.
        """
        found = await asyncio.to_thread(lambda: list(expand(names)))
        for subject in found:
            if subject.skipped:
                yield Result(subject.name, Outcome.SKIPPED, reason=subject.skipped)
        subjects = [subject for subject in found if not subject.skipped]
        tell = progress or (lambda done, total: None)
        done = 0
        tell(done, len(subjects))
        async with aclosing(self._take_all(self._loaded(subjects, stdin), handling)) as taken:
            async for item, result in taken:
                if item.last:
                    done += 1
                    tell(done, len(subjects))
                yield result

    async def _loaded(
        self, subjects: Iterable[Subject], stdin: Callable[[], bytes] | None
    ) -> AsyncGenerator[Sequence[_Item]]:
        jobs = (partial(self._load, subject, stdin) for subject in subjects)
        async with aclosing(in_groups(jobs, AT_ONCE)) as groups:
            async for loaded in groups:
                items = [item for one in loaded for item in (*one[:-1], replace(one[-1], last=True))]
                for chunk in chunks(items, TOGETHER):
                    yield chunk

    async def data(
        self,
        data: bytes,
        *,
        name: str,
        mime: str | None = None,
        handling: Handling,
        kind: SourceKind,
        progress: Progress | None = None,
    ) -> list[Result]:
        """The articles in bytes that somebody gave. `progress(done, all)` counts articles."""
        items = await self._guarded(name, self._items, data, name, kind, None, mime)
        return await self._take_list(items, handling, progress)

    async def page(self, url: str, *, handling: Handling, progress: Progress | None = None) -> list[Result]:
        """The article of a page, or those of a feed. `progress(done, all)` counts articles."""
        items = await self._guarded(url, self._fetch, url)
        return await self._take_list(items, handling, progress)

    async def _take_list(self, items: list[_Item], handling: Handling, progress: Progress | None) -> list[Result]:
        results: list[Result] = []
        async with aclosing(self._take_all(chunks(items, TOGETHER), handling)) as taken:
            async for _, result in taken:
                results.append(result)
                if progress is not None:
                    progress(len(results), len(items))
        return results

    async def _take_all(
        self, groups: Iterable[Sequence[_Item]] | AsyncGenerator[Sequence[_Item]], handling: Handling
    ) -> AsyncGenerator[tuple[_Item, Result]]:
        """The next groups are studied while one is stored. Numbers follow the order given."""

        async def jobs() -> AsyncGenerator[Callable[[], Awaitable[list[tuple[_Item, _Ready]]]]]:
            async with aclosing(each(groups)) as given:
                async for items in given:
                    yield partial(self._prepare, items, handling)

        async with aclosing(in_order(jobs(), GROUPS)) as prepared:
            async for ready in prepared:
                async for one in unbroken(self._store(ready)):
                    yield one

    async def _prepare(self, items: Sequence[_Item], handling: Handling) -> list[tuple[_Item, _Ready]]:
        now = self._clock()
        given = [(item.draft, _arrival(item.kind, handling, now)) for item in items if item.draft is not None]
        found = iter(await self._desk.prepare_all(given))
        return [(item, _failed(item) if item.draft is None else _ready(item, next(found))) for item in items]

    async def _store(self, ready: Sequence[tuple[_Item, _Ready]]) -> list[tuple[_Item, Result]]:
        stored = await self._stored([one for _, one in ready if not isinstance(one, Result)])
        return [(item, one if isinstance(one, Result) else next(stored)(item)) for item, one in ready]

    async def _stored(self, prepared: Sequence[Prepared | Taken]) -> Iterator[Callable[[_Item], Result]]:
        """What makes the results, in order."""
        try:
            return iter([partial(_result, taken) for taken in await self._desk.store_all(prepared)])
        except Exception:  # one bad article stops no other
            log.exception("articles_not_stored_together", count=len(prepared))
        return iter([await self._alone(one) for one in prepared])

    async def _alone(self, prepared: Prepared | Taken) -> Callable[[_Item], Result]:
        try:
            return partial(_result, await self._desk.store(prepared))
        except Exception:  # one bad article stops no other
            log.exception("article_failed")
            return partial(_failed, reason=_UNEXPECTED)

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
        if self._pages is None:
            raise FetchError("addresses are not fetched here", url=url)
        fetched = await self._pages.get(url)
        if form_of(fetched.body, content_type=fetched.content_type) is Form.OPML:
            return await self._feeds_of(fetched.body)
        return await self._items(fetched.body, url, SourceKind.SITE, fetched.url, fetched.content_type)

    async def _feeds_of(self, data: bytes) -> list[_Item]:
        """Each feed of a list of feeds. A list inside a list is not followed: it could name itself."""
        urls = [listed.url for listed in opml.read_opml(data)[:MAX_FEEDS]]
        if not urls:
            raise ExtractError("the list (OPML) names no feeds")
        jobs = (partial(self._guarded, url, self._feed, url) for url in urls)
        async with aclosing(in_order(jobs, AT_ONCE)) as loaded:
            return [item async for items in loaded for item in items]

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


def _arrival(kind: SourceKind, handling: Handling, now: datetime) -> Arrival:
    return Arrival(kind, handling.trusted, now, handling.archive_before(kind, now), handling.added_by)


def _ready(item: _Item, found: Prepared | Taken | BaseException) -> _Ready:
    if isinstance(found, ExtractError):
        return _failed(item, str(found))
    if isinstance(found, BaseException):
        log.error("article_failed", subject=item.subject, exc_info=found)
        return _failed(item, _UNEXPECTED)
    return found


def _failed(item: _Item, reason: str | None = None) -> Result:
    return Result(item.subject, Outcome.FAILED, reason=reason or item.problem)


def _result(taken: Taken, item: _Item) -> Result:
    outcome = Outcome.ADDED if taken.duplicate_of is None else Outcome.KNOWN
    return Result(item.subject, outcome, taken.article)


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
