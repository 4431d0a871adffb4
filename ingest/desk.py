"""An article's way in, from draft to stored article.

    draft → tidy ─→ known already? ──yes──────────────────────────────────────→ Taken (duplicate_of)
                         │ no                                                        ↑
                         └→ study: language, topics, summary, traits (off the loop)  │ somebody was quicker
                              └→ decide: usable or pending, archive ─→ store, find its story → Taken
                                                                       (one short transaction)

Deciding is pure; only `Desk` touches the database. The summary is made before the transaction begins, so that a writer
never waits for it. The same article from two processes at once is one article: the second meets a unique constraint and
becomes a duplicate of the first.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

import structlog
from sqlalchemy.exc import IntegrityError

import summarizer
from ingest import grouping
from ingest.datelines import read_dateline, without_dateline
from ingest.decode import clean
from ingest.errors import ExtractError
from ingest.likeness import are_one, likeness, sample, words_of
from ingest.stories import pack, traits
from ingest.topics import Matcher
from storage import articles, near, sources, stories, topics, versions
from storage.articles import Way
from storage.database import Connection, Database
from storage.records import Article, ArticleDraft, ArticleStatus, NewArticle, SourceKind, Topic
from storage.words import search_text

SUMMARY_SENTENCES = 3
MAX_HEADLINE = 500
MAX_FIELD = 2_000
MAX_PARAGRAPHS = 2_000
MAX_CHARACTERS = 500_000
# The full-text key of SQLite has room for 1834-2106.
_YEARS = range(1840, 2101)
# PostgreSQL indexes at most 2,704 bytes of a value.
_INDEXED_BYTES = 2_000
_ATTEMPTS = 3
# A version that has lost more of its text is rather a teaser.
_LEAST_KEPT = 0.6

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """`duplicate_of` is the known article's id, which `article` then is; None for a new one.

    `renewed`: its source had changed it, and it is a new version of itself.
    """

    article: Article
    duplicate_of: int | None
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Study:
    """What reading the text showed. `topics` maps topic id to salience; `search` is what is indexed.

    `sample` finds near copies, `traits` (packed, by ingest.stories) the story.
    """

    language: str
    topics: dict[int, float]
    summary: tuple[str, ...]
    search: str | None = None
    sample: tuple[int, ...] = ()
    traits: bytes = b""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a draft came: from what kind of source, trusted or not, when. Older than `archive_before`: archive.

    `alert` False: found and digested, but nobody is told at once.
    """

    kind: SourceKind
    trusted: bool
    now: datetime
    archive_before: datetime | None = None
    added_by: int | None = None
    alert: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft that is not known yet, studied. `started` is on the desk's monotonic clock."""

    draft: ArticleDraft
    study: Study
    arrival: Arrival
    started: float


class Desk:
    """Keeps the database and where studying runs (None: the loop's threads; a process pool for many articles)."""

    def __init__(
        self, db: Database, *, executor: Executor | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._db = db
        self._executor = executor
        self._monotonic = monotonic

    async def take(
        self,
        draft: ArticleDraft,
        *,
        kind: SourceKind,
        trusted: bool,
        archive_before: datetime | None = None,
        added_by: int | None = None,
        now: datetime,
    ) -> Taken:
        """Store the draft, or find the article that it repeats. `released_at` is `now` and the time this took.

        Raises ExtractError for a draft without text.
        """
        arrival = Arrival(kind, trusted, now, archive_before, added_by)
        return await self.store(await self.prepare(draft, arrival))

    async def prepare(self, draft: ArticleDraft, arrival: Arrival) -> Prepared | Taken:
        """Everything that takes long and writes nothing. Raises ExtractError."""
        (found,) = await self.prepare_all([(draft, arrival)])
        if isinstance(found, BaseException):
            raise found
        return found

    async def prepare_all(
        self, given: Sequence[tuple[ArticleDraft, Arrival]]
    ) -> list[Prepared | Taken | BaseException]:
        """As `prepare`, looking them all up at once. What would be raised for one is given in its place."""
        started = self._monotonic()
        tidied = [(_tidied(draft), arrival) for draft, arrival in given]
        async with self._db.read() as tx:
            found = [None if isinstance(draft, ExtractError) else await _unchanged(tx, draft) for draft, _ in tidied]
            rules = tuple(await topics.all_topics(tx))

        async def one(draft: ArticleDraft | ExtractError, arrival: Arrival, known: Taken | None) -> Prepared | Taken:
            if isinstance(draft, ExtractError):
                raise draft
            if known is not None:
                return known
            study = await asyncio.get_running_loop().run_in_executor(self._executor, study_draft, draft, rules)
            return Prepared(draft, study, arrival, started)

        ways = (one(*pair, known) for pair, known in zip(tidied, found, strict=True))
        return await asyncio.gather(*ways, return_exceptions=True)

    async def store(self, prepared: Prepared | Taken) -> Taken:
        """The one short transaction."""
        if isinstance(prepared, Taken):
            return prepared
        for _ in range(_ATTEMPTS - 1):
            try:
                return (await self._store([prepared]))[0]
            except IntegrityError:
                continue  # the same article, or a topic that has just been deleted: look again
        return (await self._store([replace(prepared, study=replace(prepared.study, topics={}))]))[0]

    async def store_all(self, prepared: Sequence[Prepared | Taken]) -> list[Taken]:
        """In their order, in one transaction where nothing is in the way: most of its cost is shared then."""
        if len(prepared) > 1:
            with suppress(IntegrityError):
                return await self._store(prepared)
        return [await self.store(one) for one in prepared]

    async def _renewed(self, tx: Connection, known: Article, prepared: Prepared) -> Taken:
        """Its source has changed it."""
        new = decide(
            prepared.draft,
            prepared.study,
            prepared.arrival,
            source_id=known.source_id,
            released_at=prepared.arrival.now,
        )
        article = await versions.renew(tx, known, new, prepared.arrival.now)
        await near.forget(tx, known.id)
        shingles = prepared.study.sample
        await near.remember(tx, known.id, shingles, await near.holders(tx, shingles))
        await grouping.remember(tx, article, prepared.study.traits, now=prepared.arrival.now)
        log.info("article_renewed", article_id=known.id, version=article.version)
        return Taken(article, known.id, renewed=True)

    async def _store(self, prepared: Sequence[Prepared | Taken]) -> list[Taken]:
        async with self._db.begin() as tx:
            await stories.lock(tx)
            await articles.release_lock(tx)
            return [one if isinstance(one, Taken) else await self._add(tx, one) for one in prepared]

    async def _add(self, tx: Connection, prepared: Prepared) -> Taken:
        draft, arrival = prepared.draft, prepared.arrival
        known, changed = await _find(tx, draft)
        if known is not None:
            return await self._renewed(tx, known.article, prepared) if changed else known
        source = await sources.get_or_add(
            tx, source_name(draft), kind=arrival.kind, trusted=arrival.trusted, now=arrival.now
        )
        held = await near.holders(tx, prepared.study.sample)
        original = await _original(tx, prepared.draft, near.candidates(held))
        if original is not None:
            hash_ = articles.content_hash(draft.headline, draft.paragraphs)
            await near.add_copy(tx, original.id, draft, source_id=source.id, content_hash=hash_, now=arrival.now)
            return Taken(original, original.id)
        released_at = arrival.now + timedelta(seconds=max(0.0, self._monotonic() - prepared.started))
        new = decide(draft, prepared.study, arrival, source_id=source.id, released_at=released_at)
        added = await articles.add(tx, new, arrival.now)
        await near.remember(tx, added.id, prepared.study.sample, held)
        await grouping.file(tx, added, prepared.study.traits, now=arrival.now)
        return Taken(added, None)


async def _unchanged(tx: Connection, draft: ArticleDraft) -> Taken | None:
    known, changed = await _find(tx, draft)
    return None if changed else known


async def _find(tx: Connection, draft: ArticleDraft) -> tuple[Taken | None, bool]:
    """The article that the draft is, if it is known; and whether its source changed it since."""
    source = await sources.get_by_name(tx, source_name(draft))
    found = await articles.find_same_by(
        tx,
        content_hash=articles.content_hash(draft.headline, draft.paragraphs),
        url_key=articles.url_key(draft.url),
        source_id=source.id if source else None,
        guid=draft.guid,
    )
    known = None if found is None else await articles.get(tx, found[0])
    if known is None or found is None:
        return None, False
    is_own = source is not None and source.id == known.source_id
    changed = found[1] in (Way.PAGE, Way.GUID) and is_update(known, draft, is_own=is_own)
    return Taken(known, known.id), changed and await versions.may_renew(tx, known)


def is_update(known: Article, draft: ArticleDraft, *, is_own: bool) -> bool:
    """Whether a draft of the known article's page brings a new version of it. Pure.

    `is_own`: it is from the same source; another's is taken only where it has more. A teaser is no version.
    """
    had, has = sum(map(len, known.paragraphs)), sum(map(len, draft.paragraphs))
    return has >= (_LEAST_KEPT * had if is_own else had) and not draft.paywalled


async def _original(tx: Connection, draft: ArticleDraft, candidates: Sequence[int]) -> Article | None:
    """The recent article of which this one is a near copy, if there is one."""
    found = await articles.get_many(tx, candidates)
    if not found:
        return None
    mine = likeness(draft.headline, words_of(draft.paragraphs))
    theirs = ((item, likeness(item.headline, words_of(item.paragraphs))) for item in found)
    return next((item for item, other in theirs if are_one(mine, other)), None)


def decide(draft: ArticleDraft, study: Study, arrival: Arrival, *, source_id: int, released_at: datetime) -> NewArticle:
    """What becomes of a new draft. Pure.

    One without a date is dated by what looks like one, else by its arrival.
    """
    published_at = draft.published_at or draft.published_guess or arrival.now
    free = draft.embargo_until is None or draft.embargo_until <= released_at
    status = (ArticleStatus.USABLE if free else ArticleStatus.WITHHELD) if arrival.trusted else ArticleStatus.PENDING
    old = arrival.archive_before is not None and published_at < arrival.archive_before
    return NewArticle(
        draft=draft,
        source_id=source_id,
        language=study.language,
        content_hash=articles.content_hash(draft.headline, draft.paragraphs),
        status=status,
        summary=study.summary,
        topics=study.topics,
        published_at=published_at,
        released_at=released_at if status is ArticleStatus.USABLE else None,
        archive=old,
        added_by=arrival.added_by,
        alert=arrival.alert,
        search=study.search,
    )


def study_draft(draft: ArticleDraft, rules: tuple[Topic, ...]) -> Study:
    """Read a draft. Pure and slow (some milliseconds); a module's function, so that a process pool can run it."""
    detected = summarizer.detect_language("\n".join([draft.headline, *draft.paragraphs])[:20_000])
    language = detected if detected != "und" else (draft.language or "und")
    found = summarizer.summarize_paragraphs(
        _without_dateline(draft.paragraphs), title=draft.headline, language=language, sentences=SUMMARY_SENTENCES
    )
    filed = _matcher(rules).match(draft.headline, draft.paragraphs, draft.dateline)
    indexed = search_text(draft.headline, draft.paragraphs, draft.caption)
    told = pack(traits(draft.headline, draft.paragraphs, language))
    return Study(language, filed, found.sentences, indexed, sample(words_of(draft.paragraphs)), told)


def _without_dateline(paragraphs: Sequence[str]) -> list[str]:
    """What readers are told: sentences, not where they were cabled from."""
    return [*map(without_dateline, paragraphs[:1]), *paragraphs[1:]]


def _place(paragraphs: Sequence[str]) -> str | None:
    found = read_dateline(paragraphs[0])
    return None if found is None else found.place


@lru_cache(maxsize=2)
def _matcher(rules: tuple[Topic, ...]) -> Matcher:
    return Matcher(rules)


def source_name(draft: ArticleDraft) -> str:
    """The source as the draft names it, else its site, else `manual`: a person gave it."""
    host = urlsplit(draft.url or "").hostname
    return draft.source or (host.removeprefix("www.") if host else "") or "manual"


def _tidied(draft: ArticleDraft) -> ArticleDraft | ExtractError:
    try:
        return tidy(draft)
    except ExtractError as error:
        return error


def tidy(draft: ArticleDraft) -> ArticleDraft:
    """Within bounds, whitespace folded, without what storage refuses. Raises ExtractError if nothing is left."""
    paragraphs = tuple(_bounded(draft.paragraphs))
    headline = _line(draft.headline, MAX_HEADLINE) or (paragraphs[0][:100] if paragraphs else None)
    if headline is None or not paragraphs:
        raise ExtractError("it holds no article text")
    return replace(
        draft,
        headline=headline,
        paragraphs=paragraphs,
        source=_line(draft.source, 200),
        byline=_line(draft.byline, 300),
        dateline=_line(draft.dateline, 200) or _place(paragraphs),
        url=_url(draft.url),
        guid=_indexed(draft.guid),
        photo_url=_url(draft.photo_url),
        caption=_line(draft.caption, MAX_FIELD),
        language=_line(draft.language, 16),
        published_at=_time(draft.published_at),
        published_guess=_time(draft.published_guess),
        embargo_until=_time(draft.embargo_until),
    )


def _time(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment.year in _YEARS else None


def _bounded(paragraphs: Iterable[str]) -> Iterable[str]:
    left = MAX_CHARACTERS
    for paragraph in list(paragraphs)[:MAX_PARAGRAPHS]:
        text = " ".join(clean(paragraph).split())[:left]
        left -= len(text)
        if text:
            yield text


def _line(value: str | None, longest: int) -> str | None:
    return " ".join(clean(value or "").split())[:longest].strip() or None


def _url(value: str | None) -> str | None:
    url = _indexed(value)
    return url if url and url.lower().startswith(("http://", "https://")) else None


def _indexed(value: str | None) -> str | None:
    """Whole or not at all: cut values would make two articles one."""
    line = _line(value, _INDEXED_BYTES + 1)
    return line if line and len(line.encode()) <= _INDEXED_BYTES else None
