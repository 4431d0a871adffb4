"""What workers hand out to each other: polls of sources one by one, due digests as they are due.

ticks (in every worker) ──due?──→ leased ──→ job "poll" {source, until}  ──→ any worker polls, if still leased so
                        └─due?─────────────→ job "digests" {bot}         ──→ any worker composes what is due
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.jobs import Job, Jobs, Payload
from bot.ticks import Tick
from ingest.poll import PER_HOST, SLOTS, Poller
from ingest.room import Room, Running
from storage import digests, jobs
from storage.database import Database

log = structlog.get_logger(__name__)

POLL, DIGESTS = "poll", "digests"
DIGESTS_FIRST = 10
KEEP_RECORDS = timedelta(days=1)


class HandOut:
    """`compose` deals with a batch of due digests and gives how many there were; `url` as for Jobs."""

    def __init__(
        self,
        database: Database,
        url: str,
        poller: Poller,
        *,
        bot_id: int,
        compose: Callable[[], Awaitable[int]],
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._poller, self._bot_id = database, poller, bot_id
        self._compose, self._clock = compose, clock
        handlers = {POLL: self._poll, self._digests_kind: self._compose_all}
        self._jobs = Jobs(database, url, handlers)
        self.run = self._jobs.run

    @property
    def _digests_kind(self) -> str:
        """Of this bot: a worker serves one, and another's may share the database."""
        return f"{DIGESTS}:{self._bot_id}"

    def ticks(self) -> dict[str, Tick]:
        """In the place of those that do the work themselves."""
        return {
            "feeds": Tick(1, self.polls),
            "digests": Tick(2, self.due_digests),
            "jobs' records": Tick(600, self.old_records),
        }

    async def polls(self) -> int:
        """Lease due feeds, as many as all workers together may poll at once, and name them."""
        async with self._database.read() as tx:
            running = await jobs.unfinished(tx, POLL)
        told = (Running(str(one["host"]), one["suspect"], bool(one.get("newcomer"))) for one in running)
        room = Room.beside(told, slots=SLOTS, per_host=PER_HOST)
        leased = await self._poller.lease_due(room)
        await self._jobs.put(
            [
                Job(
                    POLL,
                    {
                        "source": feed.source.id,
                        "until": until.isoformat(),
                        "host": feed.host,
                        "suspect": bool(feed.failures),
                        "newcomer": Running.of(feed).newcomer,
                    },
                    key=f"{POLL}:{feed.source.id}:{until.isoformat()}",
                )
                for feed, until in leased
            ]
        )
        return len(leased)

    async def due_digests(self) -> int:
        """Name the bot where any of its digests is due. One worker composes; it goes on until none is."""
        async with self._database.read() as tx:
            page = await digests.due(tx, self._bot_id, self._clock(), 1)
        if page.cases:
            kind = self._digests_kind
            await self._jobs.put([Job(kind, {"bot": self._bot_id}, key=kind, priority=DIGESTS_FIRST)])
        return 0

    async def old_records(self) -> int:
        async with self._database.begin() as tx:
            return await jobs.prune(tx, before=self._clock() - KEEP_RECORDS)

    # Jobs

    async def _poll(self, payload: Payload) -> None:
        polled = await self._poller.poll_leased(int(payload["source"]), datetime.fromisoformat(payload["until"]))
        if polled is None:
            log.info("poll_not_needed", source_id=payload["source"])

    async def _compose_all(self, _payload: Payload) -> None:
        while await self._compose():
            pass
