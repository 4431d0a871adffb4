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

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError

from ingest import grouping, recognizing
from ingest.errors import ExtractError
from ingest.filing import MODELS, Filed, file
from ingest.grouping import Stored
from ingest.recognizing import Known, Named, source_name
from ingest.studying import Study, study_all
from ingest.tidying import tidy_or_error
from storage import articles, near, sources, stories, taggings, topics, versions
from storage.database import Connection, Database
from storage.records import Article, ArticleDraft, ArticleStatus, NewArticle, Source, SourceKind, Topic
from storage.taggings import Tagging

_ATTEMPTS = 3

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
    """A draft that is not known yet, studied by the topics' rules of `revision`. `started`: on the desk's own clock."""

    draft: ArticleDraft
    study: Study
    arrival: Arrival
    started: float
    revision: int


@dataclass(frozen=True, slots=True)
class _By:
    """The rules' present revision and tagger, and the rules themselves where something was studied by older ones."""

    revision: int
    tagger_id: int
    rules: tuple[Topic, ...] | None


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
        tidied = [(tidy_or_error(draft), arrival) for draft, arrival in given]
        async with self._db.read() as tx:
            settled = await _settled(tx, [draft for draft, _ in tidied])
            revision = await taggings.revision(tx)  # first: rules that are newer than it says are read once more
            rules = tuple(await topics.all_topics(tx))
        asked = zip(tidied, settled, strict=True)
        new = [(draft, arrival) for (draft, arrival), known in asked if isinstance(draft, ArticleDraft) and not known]
        studies = await study_all(self._executor, [draft for draft, _ in new], rules)
        prepared = iter(
            study if isinstance(study, BaseException) else Prepared(draft, study, arrival, started, revision)
            for (draft, arrival), study in zip(new, studies, strict=True)
        )
        return [known or next(prepared) for known in settled]

    async def store(self, prepared: Prepared | Taken) -> Taken:
        """The one short transaction."""
        if isinstance(prepared, Taken):
            return prepared
        for _ in range(_ATTEMPTS - 1):
            try:
                return (await self._store([prepared]))[0]
            except IntegrityError:
                continue  # the same article, or a topic that has just been deleted: look again
        return (await self._store([replace(prepared, study=replace(prepared.study, filed=Filed()))]))[0]

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
        await near.remember(tx, [(known.id, shingles, await near.holders(tx, shingles))])
        await grouping.remember(tx, article, prepared.study.traits, now=prepared.arrival.now)
        log.info("article_renewed", article_id=known.id, version=article.version)
        return Taken(article, known.id, renewed=True)

    async def _store(self, prepared: Sequence[Prepared | Taken]) -> list[Taken]:
        async with self._db.begin() as tx:
            await stories.lock(tx)
            await articles.release_lock(tx)
            by = await _tagger(tx, prepared)
            read = [_read_by(by, one) for one in prepared]
            named: Named = {}
            groups = unlike([one for one in read if isinstance(one, Prepared)])
            taken = iter([one for group in groups for one in await self._take(tx, group, named)])
            done = [one if isinstance(one, Taken) else next(taken) for one in read]
            await taggings.put(tx, _taggings(by, zip(read, done, strict=True)))
            return done

    async def _take(self, tx: Connection, group: Sequence[Prepared], named: Named) -> list[Taken]:
        """Of a group of which none can be what another is: all are looked up, and stored, in one statement each."""
        known = await recognizing.find_all(tx, [one.draft for one in group], named)
        new = iter(await self._added(tx, [one for one, is_ in zip(group, known, strict=True) if is_ is None], named))
        return [
            next(new)
            if is_ is None
            else await self._renewed(tx, is_.article, one)
            if is_.changed
            else Taken(is_.article, is_.article.id)
            for one, is_ in zip(group, known, strict=True)
        ]

    async def _added(self, tx: Connection, new: Sequence[Prepared], named: Named) -> list[Taken]:
        """Near copies are kept with the articles that they repeat."""
        repeated: list[Article | None] = []
        fresh: list[_Fresh] = []
        for one, held in zip(new, await near.holders_of_all(tx, [one.study.sample for one in new]), strict=True):
            source = await _source(tx, one, named)
            repeated.append(await _copied(tx, one, source, near.candidates(held)))
            if repeated[-1] is None:
                fresh.append(_Fresh(one, source, held))
        added = iter(await self._put(tx, fresh))
        return [Taken(next(added), None) if item is None else Taken(item, item.id) for item in repeated]

    async def _put(self, tx: Connection, fresh: Sequence["_Fresh"]) -> list[Article]:
        added = await articles.add_all(tx, [(self._decided(one), one.now) for one in fresh])
        stored = list(zip(added, fresh, strict=True))
        await near.remember(tx, [(article.id, one.study.sample, one.held) for article, one in stored])
        told = [Stored(article, one.study.traits, one.source.trusted, one.now) for article, one in stored]
        await grouping.file(tx, told)
        return added

    def _decided(self, one: "_Fresh") -> NewArticle:
        took = timedelta(seconds=max(0.0, self._monotonic() - one.prepared.started))
        prepared = one.prepared
        return decide(
            prepared.draft, prepared.study, prepared.arrival, source_id=one.source.id, released_at=one.now + took
        )


@dataclass(frozen=True, slots=True)
class _Fresh:
    """What repeats nothing. `held`: who else has its shingles."""

    prepared: Prepared
    source: Source
    held: list[near.Holder]

    @property
    def study(self) -> Study:
        return self.prepared.study

    @property
    def now(self) -> datetime:
        return self.prepared.arrival.now


async def _tagger(tx: Connection, prepared: Sequence[Prepared | Taken]) -> _By:
    """Who changes a rule waits for those who store, and they for him: so no article is stored by rules of before."""
    revision = await taggings.revision(tx)
    new = [one for one in prepared if isinstance(one, Prepared)]
    late = any(one.revision != revision for one in new)
    rules = tuple(await topics.all_topics(tx)) if late else None
    return _By(revision, await taggings.tagger_id(tx, revision, MODELS, new[0].arrival.now) if new else 0, rules)


def _read_by(by: _By, prepared: Prepared | Taken) -> Prepared | Taken:
    """Rules that changed since it was studied file it once more."""
    if isinstance(prepared, Taken) or by.rules is None or prepared.revision == by.revision:
        return prepared
    draft = prepared.draft
    filed = file(by.rules, draft.headline, draft.paragraphs, draft.dateline)
    return replace(prepared, study=replace(prepared.study, filed=filed))


def _taggings(by: _By, done: Iterable[tuple[Prepared | Taken, Taken]]) -> list[Tagging]:
    """Of what is stored; what was known already keeps its own."""
    return [
        Tagging(taken.article.id, by.tagger_id, prepared.study.filed.evidence)
        for prepared, taken in done
        if isinstance(prepared, Prepared) and (taken.duplicate_of is None or taken.renewed)
    ]


async def _settled(tx: Connection, drafts: Sequence[ArticleDraft | ExtractError]) -> list[Taken | ExtractError | None]:
    """In their order: what is known and hasn't changed, what can't be read, and None for what is to be studied."""
    known = iter(await recognizing.find_all(tx, [draft for draft in drafts if isinstance(draft, ArticleDraft)], {}))
    found = [draft if isinstance(draft, ExtractError) else next(known) for draft in drafts]
    return [_taken(one) if isinstance(one, Known) else one for one in found]


def _taken(known: Known) -> Taken | None:
    return None if known.changed else Taken(known.article, known.article.id)


async def _source(tx: Connection, prepared: Prepared, named: Named) -> Source:
    name, arrival = source_name(prepared.draft), prepared.arrival
    found = named.get(name) or await sources.get_or_add(
        tx, name, kind=arrival.kind, trusted=arrival.trusted, now=arrival.now
    )
    named[name] = found
    return found


async def _copied(tx: Connection, one: Prepared, source: Source, candidates: Sequence[int]) -> Article | None:
    """The article of which it is a near copy, and is kept as such from now on."""
    original = await recognizing.original(tx, one.draft, candidates)
    if original is not None:
        hash_ = articles.content_hash(one.draft.headline, one.draft.paragraphs)
        await near.add_copy(tx, original.id, one.draft, source_id=source.id, content_hash=hash_, now=one.arrival.now)
    return original


def unlike(given: Sequence[Prepared]) -> list[list[Prepared]]:
    """Cut where one may be what another before it is: the same article, or a near copy. Pure."""
    groups: list[list[Prepared]] = []
    met = set[object]()
    for one in given:
        marks = _marks(one)
        if not groups or not met.isdisjoint(marks):
            groups.append([])
            met.clear()
        groups[-1].append(one)
        met |= marks
    return groups


def _marks(prepared: Prepared) -> set[object]:
    draft = prepared.draft
    guid = (source_name(draft), draft.guid) if draft.guid else None
    own = (articles.content_hash(draft.headline, draft.paragraphs), articles.url_key(draft.url), guid)
    return {*prepared.study.sample, *(mark for mark in own if mark is not None)}


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
        topics=study.filed.topics,
        published_at=published_at,
        released_at=released_at if status is ArticleStatus.USABLE else None,
        archive=old,
        added_by=arrival.added_by,
        alert=arrival.alert,
        search=study.search,
    )
