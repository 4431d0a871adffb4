"""Workers on one PostgreSQL hand out polls and digests to each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta

import pytest

from bot.handout import HandOut
from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.poll import PER_HOST, Poller
from storage import sources
from storage.database import Database
from storage.records import Mode
from tests.delivery.news import BOT, EIGHT, reader, seed
from tests.ingest.feed_site import Canned, Site, item, rss, site
from tests.patience import PATIENCE_S

NOW = EIGHT + timedelta(minutes=1)


class Team:
    """Workers that share a database, and what each did."""

    def __init__(self, database: Database, url: str, place: Site, fetcher: Fetcher) -> None:
        self.database, self.url, self.site, self.fetcher = database, url, place, fetcher
        self.now = NOW
        self.composed: list[datetime] = []
        self.left_to_compose = 0
        self.changed = asyncio.Event()

    def worker(self) -> HandOut:
        poller = Poller(self.database, self.fetcher, Desk(self.database), clock=lambda: self.now)
        return HandOut(self.database, self.url, poller, bot_id=BOT, compose=self.compose, clock=lambda: self.now)

    async def compose(self) -> int:
        self.composed.append(self.now)
        self.left_to_compose -= 1
        self.changed.set()
        return max(0, self.left_to_compose)

    @asynccontextmanager
    async def at_work(self, *workers: HandOut) -> AsyncIterator[None]:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(worker.run(stop)) for worker in workers]
        try:
            yield
        finally:
            stop.set()
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*tasks)

    async def feeds(self, count: int) -> None:
        for number in range(count):
            self.site.pages[f"/feed{number}"] = Canned(rss([item(number)]))
            async with self.database.begin() as tx:
                await sources.add_feed(
                    tx, url=self.site.url(f"/feed{number}"), name=f"Wire {number}", trusted=True, now=self.now
                )

    async def due(self) -> bool:
        async with self.database.read() as tx:
            return await sources.any_due(tx, self.now)


@pytest.fixture
async def team(postgres_url: str) -> AsyncIterator[Team]:
    async with AsyncExitStack() as stack:
        database = Database(postgres_url)
        stack.push_async_callback(database.dispose)
        place = await stack.enter_async_context(site())
        fetcher = await stack.enter_async_context(Fetcher({"127.0.0.1"}))
        yield Team(database, postgres_url, place, fetcher)


async def test_each_due_feed_is_polled_once_and_a_host_is_not_crowded(team: Team) -> None:
    await team.feeds(5)
    first, second = team.worker(), team.worker()
    assert await first.polls() == PER_HOST
    assert await second.polls() == 0, "the host is asked enough, whoever asks"
    async with team.at_work(first, second), asyncio.timeout(PATIENCE_S):
        while await team.due():
            await first.polls()
            await second.polls()
            await asyncio.sleep(0.05)
        while len(team.site.asked) < 5:  # noqa: ASYNC110 - the site has no event
            await asyncio.sleep(0.02)
    assert len(team.site.asked) == 5


async def test_a_poll_whose_job_was_lost_is_named_again_when_its_lease_ends(team: Team) -> None:
    await team.feeds(1)
    worker = team.worker()
    assert await worker.polls() == 1
    async with team.database.begin() as tx:
        await tx.exec_driver_sql("TRUNCATE pgqueuer")
    assert await worker.polls() == 0
    team.now += timedelta(minutes=10)
    assert await worker.polls() == 1


async def test_due_digests_are_composed_by_one_worker_until_none_is(team: Team) -> None:
    async with team.database.begin() as tx:
        await seed(tx)
        await reader(tx, 41, {"korea": Mode.DIGEST})
    first, second, team.left_to_compose = team.worker(), team.worker(), 3
    for worker in (first, second, first):
        await worker.due_digests()
    async with team.at_work(first, second), asyncio.timeout(PATIENCE_S):
        while len(team.composed) < 3:
            team.changed.clear()
            await team.changed.wait()
    assert len(team.composed) == 3


async def test_no_job_is_made_where_no_digest_is_due(team: Team) -> None:
    worker = team.worker()
    await worker.due_digests()
    async with team.at_work(worker):
        await asyncio.sleep(0.2)
    assert team.composed == []
