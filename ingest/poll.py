"""Polling: due feeds to articles. What it means is decided in ingest.polling; here it is done.

    due rows ─choose→ leased ─┬─ ask (conditional) → 304 or the same bytes ──────────────────────→ finish
     (a tick)                 ├─ ask → parse → what is new ─each→ page, where needed → desk ─────→ finish
                              ├─ what its hub sent → parse → …                             ─────→ finish
                              └─ no answer, no feed, gone → later, or paused and told ───────────→ finish

Polls run beside each other in a bounded number of slots; a host gets few of them, feeds that failed last time a
quarter, new ones half or, where no other waits, three quarters; slow polls give theirs up. Each poll has a deadline and
ends in one row's change. A killed one is due again when its lease ends.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ingest import polling
from ingest.desk import Desk
from ingest.errors import ExtractError, FetchError, ForbiddenError
from ingest.feeds import Feed, parse_feed
from ingest.fetch import Answer, Fetcher, refusal
from ingest.gather import Gatherer
from ingest.polling import Failure, Told
from ingest.room import Room, Running, choose
from ingest.run import ARCHIVE_AFTER
from ingest.websub import hub_changes
from ingest.workers import Extract, in_thread
from storage import sources
from storage.database import Connection, Database
from storage.records import FeedState, PolledFeed

log = structlog.get_logger(__name__)

SLOTS, PER_HOST = 32, 2
POLL_SECONDS = 120.0
SLOW_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 1.0
LEASE = timedelta(seconds=POLL_SECONDS + 60)
LARGE_BYTES = 300_000
_OK, _NOT_MODIFIED, _GONE = 200, 304, 410
_TEMPORARY = frozenset({403, 408, 423, 425, 429})  # 403 is what bot filters say for a while
_FIRST_SERVER_ERROR = 500
_UNEXPECTED = "something went wrong on our side; see the log"


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll did. `late_s`: how long after it was due it began."""

    source_id: int
    outcome: str  # "unchanged", "changed" or "failed"
    added: int = 0
    reason: str | None = None
    late_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much at once, and how long one poll may take in all."""

    slots: int = SLOTS
    per_host: int = PER_HOST
    poll_seconds: float = POLL_SECONDS
    slow_seconds: float = SLOW_SECONDS


class Poller:
    """`take_due` is the tick; `run` keeps the polls that it starts. `heard` is told of each poll's end.

    `luck` gives numbers from 0 to 1 that spread the polls.
    """

    def __init__(
        self,
        db: Database,
        fetcher: Fetcher,
        desk: Desk,
        *,
        archive_after: timedelta = ARCHIVE_AFTER,
        limits: Limits = Limits(),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        luck: Callable[[], float] = random.random,
        heard: Callable[[Polled], None] = lambda polled: None,
        extract: Extract = in_thread,
    ) -> None:
        self._db, self._fetcher, self._limits = db, fetcher, limits
        self._clock, self._luck, self._heard = clock, luck, heard
        self._gatherer = Gatherer(db, fetcher, desk, archive_after=archive_after, clock=clock, extract=extract)
        # Large feeds wait for each other, small ones for none of them.
        self._large = ThreadPoolExecutor(1, "large-feeds")
        self._small = ThreadPoolExecutor(2, "feeds")
        self._group: asyncio.TaskGroup | None = None
        self._running: dict[int, tuple[PolledFeed, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; polls that run then are cut: their feeds are due again when the leases end."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                await stop.wait()
                self._group = None
                for task in self._tasks:
                    task.cancel()
        finally:
            self._group = None
            self.close()

    def close(self) -> None:
        """No poll may begin any more."""
        self._large.shutdown(wait=False, cancel_futures=True)
        self._small.shutdown(wait=False, cancel_futures=True)

    async def take_due(self) -> int:
        """Begin what is due, as far as there is room; gives how many. Waits while there is none."""
        if self._group is None:
            return 0
        while not (room := self._room()).slots:
            self._freed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._freed.wait(), LOOK_AGAIN_SECONDS)
        now = self._clock()
        chosen = await self._claim(now, room)
        if self._group is None:
            return 0
        for feed in chosen:
            if feed.source.id in self._running:
                continue  # its hub tells of more while it is polled: it is due again at the end
            self._running[feed.source.id] = feed, time.monotonic()
            task = self._group.create_task(self._slot(feed, now), name=f"poll-{feed.source.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(chosen)

    # Where several processes poll: one leases and names them, any polls

    async def lease_due(self, room: Room) -> list[tuple[PolledFeed, datetime]]:
        """Take what is due, as far as there is room in all processes together; each with its lease's end."""
        now = self._clock()
        return [(feed, now + LEASE) for feed in await self._claim(now, room)] if room.slots else []

    async def poll_leased(self, source_id: int, until: datetime) -> Polled | None:
        """Poll it if its lease still ends then; else it was polled already, paused or removed: None."""
        async with self._db.read() as tx:
            feed = await sources.get_feed(tx, source_id)
        if feed is None or feed.state is not FeedState.ACTIVE or feed.next_at != until:
            return None
        polled = await self.poll(feed)
        self._heard(polled)
        return polled

    async def _claim(self, now: datetime, room: Room) -> list[PolledFeed]:
        """First without writing: mostly nothing is due."""
        async with self._db.read() as tx:
            if not await sources.any_due(tx, now):
                return []
        async with self._db.begin() as tx:
            chosen, room = await _picked(tx, now, room)
            spare = room.slots - self._limits.slots // 4  # the rest is for those that fall due meanwhile
            if spare > 0 and not room.newcomers:
                chosen += (await _picked(tx, now, replace(room, slots=spare, newcomers=spare)))[0]
        return chosen

    def _room(self) -> Room:
        slow = time.monotonic() - self._limits.slow_seconds
        running = (Running.of(feed, slow=begun < slow) for feed, begun in self._running.values())
        return Room.beside(running, slots=self._limits.slots, per_host=self._limits.per_host)

    async def _slot(self, feed: PolledFeed, begun: datetime) -> None:
        late = (begun - feed.next_at).total_seconds()
        try:
            self._heard(replace(await self.poll(feed), late_s=late))
        except (SQLAlchemyError, OSError) as error:
            log.warning("poll_not_kept", source_id=feed.source.id, error=type(error).__name__)
        finally:
            self._running.pop(feed.source.id, None)
            self._freed.set()

    # One feed

    async def poll(self, feed: PolledFeed) -> Polled:
        """Ask, take what is new, keep the result. Raises only what the database raises."""
        begun = time.monotonic()
        try:
            changes, polled = await self._polled(feed, begun)
        except Failed as error:
            changes, polled = self._failed(feed, error.failure)
        except (SQLAlchemyError, OSError):
            raise
        except Exception:  # one bad feed stops no other
            log.exception("poll_broke", source_id=feed.source.id)
            changes, polled = self._failed(feed, Failure(_UNEXPECTED, passing=False))
        await self._keep(feed, changes)
        return polled

    def _failed(self, feed: PolledFeed, failure: Failure) -> tuple[dict[str, Any], Polled]:
        log.info("poll_failed", source_id=feed.source.id, reason=failure.reason, failures=feed.failures + 1)
        changes = polling.failed(feed, failure, self._clock())
        return changes, Polled(feed.source.id, "failed", reason=failure.reason)

    async def _polled(self, feed: PolledFeed, begun: float) -> tuple[dict[str, Any], Polled]:
        if feed.pushed and (pushed := await self._take_pushed(feed, feed.pushed, begun)):
            return pushed
        answer = await self._ask(feed)
        now = self._clock()
        told = polling.told_by(answer.headers, now, moved=answer.moved)
        same = answer.status == _OK and _hash(answer.body) == feed.body_hash
        if same or answer.status == _NOT_MODIFIED:
            # Where it moved to was no feed's address until it gave one: a 304 alone moves nothing.
            told = told if same else replace(told, moved=None)
            return polling.unchanged(feed, told, now, self._luck()), Polled(feed.source.id, "unchanged")
        return await self._take(feed, answer, told, begun)

    async def _take_pushed(self, feed: PolledFeed, body: bytes, begun: float) -> tuple[dict[str, Any], Polled] | None:
        """None where it can't be read: then the feed itself is asked."""
        try:
            found = await self._read(body, feed.url)
        except Failed as error:
            log.info("push_not_read", source_id=feed.source.id, reason=error.failure.reason)
            return None
        gathered = await self._gatherer.gather(feed, found, _hash(body), begun + self._limits.poll_seconds)
        changes = polling.told(feed, gathered, self._clock(), self._luck())
        return changes, Polled(feed.source.id, "changed", added=gathered.added)

    async def _ask(self, feed: PolledFeed) -> Answer:
        conditions = {} if feed.waiting else polling.conditions(feed)
        try:
            answer = await self._fetcher.ask(feed.url, conditions)
        except FetchError as error:
            passing = error.again and not isinstance(error, ForbiddenError)
            raise Failed(Failure(error.reason, passing=passing)) from error
        if answer.status == _NOT_MODIFIED and not conditions:
            raise Failed(Failure("its site says that nothing has changed (answer 304), which it was not asked"))
        if answer.status not in (_OK, _NOT_MODIFIED):
            raise Failed(_refusal(answer, self._clock()))
        return answer

    async def _take(self, feed: PolledFeed, answer: Answer, told: Told, begun: float) -> tuple[dict[str, Any], Polled]:
        found = await self._read(answer.body, answer.url)
        deadline = begun + self._limits.poll_seconds
        gathered = await self._gatherer.gather(feed, found, _hash(answer.body), deadline)
        now = self._clock()
        changes = polling.changed(feed, told, gathered, now, self._luck()) | hub_changes(feed, found, answer, now)
        return changes, Polled(feed.source.id, "changed", added=gathered.added)

    async def _read(self, body: bytes, url: str) -> Feed:
        executor = self._large if len(body) > LARGE_BYTES else self._small
        try:
            found = await asyncio.get_running_loop().run_in_executor(executor, _parse, body, url, self._clock())
        except ExtractError as error:
            raise Failed(Failure(str(error), passing=False)) from error
        if found.truncated and not found.drafts:
            raise Failed(Failure("the feed breaks off before its first item"))
        return found

    async def _keep(self, feed: PolledFeed, changes: dict[str, Any]) -> None:
        now = self._clock()
        try:
            async with self._db.begin() as tx:
                await sources.finish(tx, feed, changes, now)
        except IntegrityError:
            # The address that it moved to is another source's: two would bring the same.
            changes = {name: value for name, value in changes.items() if name not in ("url", "host")}
            reason = "it has moved to the address of another source"
            changes |= {"state": FeedState.PAUSED, "reason": reason, "notice_due": True}
            async with self._db.begin() as tx:
                await sources.finish(tx, feed, changes, now)


async def _picked(tx: Connection, now: datetime, room: Room) -> tuple[list[PolledFeed], Room]:
    """Leased, as far as there is room; and what room is left."""
    chosen: list[PolledFeed] = []
    while room.slots:
        found = await sources.due(
            tx,
            now=now,
            limit=room.slots,
            without_hosts=room.full_hosts(),
            healthy=not room.suspects,
            known=not room.newcomers,
        )
        some, room = choose(found, room)
        if not some:
            break
        await sources.lease(tx, [feed.source.id for feed in some], now + LEASE)
        chosen += some
    return chosen, room


class Failed(Exception):  # noqa: N818 - an outcome on its way up, not an error of ours
    """A poll that brought nothing, and why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def _refusal(answer: Answer, now: datetime) -> Failure:
    passing = answer.status in _TEMPORARY or answer.status >= _FIRST_SERVER_ERROR
    reason = refusal(answer.status, answer.url).reason
    return Failure(reason, passing, answer.status == _GONE, polling.retry_after(answer.headers, now))


def _parse(body: bytes, url: str, now: datetime) -> Feed:
    return parse_feed(body, url=url, now=now)


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
