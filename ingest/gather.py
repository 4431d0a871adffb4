"""The new items of a feed to the desk, with their pages where the feed has only summaries.

item ─┬─ whole, or its page isn't to be had ───────────────────────→ desk
      ├─ summary → known already? → robots.txt → page → the longer ─→ desk
      ├─ it says something else than before, and is known ──────────→ as these: the desk makes a new version
      └─ its page doesn't come just now ───────────────────────────→ waits for the next poll, three times at most

Pages are read in few processes that all sources share: after one that took too long or too much, the other items of
that poll do without.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from ingest import polling
from ingest.desk import Arrival, Desk
from ingest.errors import CostlyError, ExtractError, FetchError
from ingest.feeds import Feed
from ingest.fetch import Fetcher
from ingest.lines import folded
from ingest.polling import Gathered, Item
from ingest.recognizing import source_name
from ingest.robots import Pages, Robots
from ingest.workers import Extract, drafts, in_thread
from storage import identity, known, sources
from storage.database import Database
from storage.records import ArticleDraft, PolledFeed, SourceKind

log = structlog.get_logger(__name__)

_ABOUT_THE_SAME = 0.3  # of the words of headline and summary
_TELLING_WORDS = 4
_BROKEN_DATABASE = (OperationalError, InterfaceError, OSError)


@dataclass(frozen=True, slots=True)
class _Job:
    """One poll: `first` of its feed; `alert`: news that people are told of at once."""

    feed: PolledFeed
    title: str | None
    full_text: bool | None
    first: bool
    alert: bool


@dataclass(slots=True)
class _Tally:
    """Of one poll, while it runs. `costly`: a page of it took more than it may."""

    done: list[bytes]
    waiting: dict[str, int] = field(default_factory=dict)
    added: int = 0
    more: bool = False
    costly: bool = False


class _Later(Exception):  # noqa: N818 - no error: the item waits
    pass


class Gatherer:
    def __init__(
        self,
        db: Database,
        fetcher: Fetcher,
        desk: Desk,
        *,
        archive_after: timedelta,
        clock: Callable[[], datetime],
        extract: Extract = in_thread,
    ) -> None:
        self._db, self._desk = db, desk
        self._archive_after, self._clock = archive_after, clock
        self._extract = extract
        self._pages = Pages(fetcher, Robots(fetcher, clock=clock))

    async def gather(self, feed: PolledFeed, found: Feed, body_hash: str, deadline: float) -> Gathered:
        """`deadline` (monotonic): what isn't begun by then is left for the next poll; of a first poll, for good.

        Raises what a database raises that can't be reached.
        """
        sifted = polling.sift(feed, found.drafts, self._clock())
        full_text = polling.holds_whole(found.drafts, feed.full_text)
        job = _Job(feed, found.title, full_text, first=feed.ok_at is None, alert=not sifted.quiet)
        tally = _Tally(done=list(sifted.old), more=sifted.more)
        for number, item in enumerate(sifted.items):
            if time.monotonic() >= deadline:
                tally.more |= not job.first
                tally.done += [key for late in sifted.items[number:] for key in late.keys] if job.first else []
                break
            await self._item(job, item, tally)
        return Gathered(
            drafts=found.drafts,
            done=tally.done,
            added=tally.added,
            waiting=tally.waiting,
            more=tally.more,
            ttl_s=found.ttl_s,
            full_text=full_text,
            body_hash=body_hash,
        )

    async def _item(self, job: _Job, item: Item, tally: _Tally) -> None:
        try:
            tally.added += await self._take(job, item, tally)
        except _Later:
            tally.waiting[item.key.hex()] = job.feed.waiting.get(item.key.hex(), 0) + 1
            return
        except ExtractError as error:
            log.info("item_not_taken", source_id=job.feed.source.id, url=item.draft.url, reason=str(error))
        except _BROKEN_DATABASE:
            raise
        except Exception:  # one bad item stops no other
            log.exception("item_failed", source_id=job.feed.source.id, url=item.draft.url)
        tally.done += item.keys

    async def _take(self, job: _Job, item: Item, tally: _Tally) -> bool:
        """Whether it was new. Raises ExtractError, or _Later."""
        draft = _of_source(item.draft, job)
        follows = polling.follows(draft, full_text=job.full_text) and not tally.costly
        # What changed and isn't known was passed over before: it is no news. What is known and follows has been read.
        if (item.changed or follows) and await self._known(draft) is not item.changed:
            return False
        if follows:
            tries = polling.MOST_TRIES if job.first else job.feed.waiting.get(item.key.hex(), 0) + 1
            draft = await self._with_page(draft, tally, last_try=tries >= polling.MOST_TRIES)
        now = self._clock()
        arrival = Arrival(
            SourceKind.FEED, job.feed.source.trusted, now, now - self._archive_after, alert=job.alert
        )  # fmt: skip
        taken = await self._desk.store(await self._desk.prepare(draft, arrival))
        return taken.duplicate_of is None

    async def _known(self, draft: ArticleDraft) -> bool:
        """By address and guid: the text isn't there yet."""
        async with self._db.read() as tx:
            source = await sources.get_by_name(tx, source_name(draft)) if draft.guid else None
            source_id = source.id if source else None
            found = await known.find(tx, known.Identity("", identity.url_key(draft.url), source_id, draft.guid))
        return found is not None

    async def _with_page(self, draft: ArticleDraft, tally: _Tally, *, last_try: bool) -> ArticleDraft:
        """The item as its page has it, or as it is where the page can't be had."""
        try:
            page = await self._pages.get(draft.url or "")
            found = drafts(await self._extract(page.body, url=page.url, content_type=page.content_type))
        except FetchError as error:
            if error.again and not last_try:
                raise _Later from error
            return draft
        except ExtractError as error:
            tally.costly = isinstance(error, CostlyError)
            log.info("page_not_read", url=draft.url, reason=str(error))
            return draft
        return merged(draft, found[0]) if len(found) == 1 else draft


def _of_source(draft: ArticleDraft, job: _Job) -> ArticleDraft:
    """Named as the editors named the feed; an item that a collection took from elsewhere keeps its own source."""
    own = draft.source is None or draft.source == job.title
    return replace(draft, source=job.feed.source.name) if own else draft


def merged(item: ArticleDraft, page: ArticleDraft) -> ArticleDraft:
    """What the feed says of the article, with the page's text where that is longer and of the same thing."""
    if polling.words(page) <= polling.words(item) or not _about_the_same(item, page):
        return item
    cut = item.headline.endswith(("…", "...")) and page.headline.startswith(item.headline.rstrip("….").rstrip())
    return replace(
        item,
        headline=page.headline if cut else item.headline,
        paragraphs=page.paragraphs,
        byline=item.byline or page.byline,
        dateline=item.dateline or page.dateline,
        url=page.url or item.url,
        photo_url=page.photo_url or item.photo_url,
        caption=page.caption or item.caption,
        language=item.language or page.language,
        published_at=item.published_at or page.published_at,
        published_guess=page.published_guess,
        paywalled=page.paywalled,
    )


def _about_the_same(item: ArticleDraft, page: ArticleDraft) -> bool:
    """Cookie walls and front pages share few words with what the feed says. Too few words there tell nothing."""
    wanted = set(folded(" ".join([item.headline, *item.paragraphs])).split())
    there = set(folded(" ".join([page.headline, *page.paragraphs])).split())
    return len(wanted) < _TELLING_WORDS or len(wanted & there) >= _ABOUT_THE_SAME * len(wanted)
