"""Polling over real HTTP, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.poll import LEASE, Limits, Polled, Poller
from ingest.room import Room
from storage import articles, sources
from storage.database import Database
from storage.records import Article, FeedState, PolledFeed
from storage.schema import article, feed
from tests.ingest.feed_site import NOW, Canned, Site, item, page, rss, site
from tests.patience import PATIENCE_S


@dataclass
class World:
    db: Database
    site: Site
    fetcher: Fetcher
    now: datetime = NOW
    heard: list[Polled] = field(default_factory=list)

    def poller(self, **limits: Any) -> Poller:
        return Poller(
            self.db,
            self.fetcher,
            Desk(self.db, monotonic=lambda: 0.0),
            limits=Limits(**limits),
            clock=lambda: self.now,
            luck=lambda: 1.0,
            heard=self.heard.append,
        )

    async def add(self, path: str = "/feed", *, name: str = "Harbour Wire", trusted: bool = True) -> int:
        async with self.db.begin() as tx:
            added, _ = await sources.add_feed(tx, url=self.site.url(path), name=name, trusted=trusted, now=self.now)
        return added.source.id

    async def state(self, source_id: int) -> PolledFeed:
        async with self.db.read() as tx:
            found = await sources.get_feed(tx, source_id)
        assert found is not None
        return found

    async def poll(self, source_id: int, *, after: timedelta = timedelta()) -> Polled:
        self.now += after
        return await self.poller().poll(await self.state(source_id))

    async def articles(self) -> list[Article]:
        async with self.db.read() as tx:
            found = [row[0] for row in await tx.execute(select(article.c.id).order_by(article.c.id))]
            return await articles.get_many(tx, found)

    async def alerts(self) -> list[str]:
        async with self.db.read() as tx:
            return [found.headline for found in await articles.alert_due(tx, 100)]


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with site() as made, Fetcher({"127.0.0.1"}, total_seconds=PATIENCE_S) as fetcher:
        yield World(db, made, fetcher)


async def test_a_first_poll_brings_the_newest_items_and_alerts_nobody(world: World) -> None:
    world.site.pages["/feed"] = Canned(rss([item(n, ago=timedelta(hours=n)) for n in range(1, 31)]))
    source = await world.add(name="The Wire")
    assert (await world.poll(source)).added == 10
    found = await world.articles()
    assert [one.headline for one in found] == [f"Ferry news number {n}" for n in range(10, 0, -1)]
    assert {one.source for one in found} == {"The Wire"}
    assert await world.alerts() == []
    world.site.pages["/feed"] = Canned(rss([item(99), *(item(n, ago=timedelta(hours=n)) for n in range(1, 31))]))
    assert (await world.poll(source, after=timedelta(hours=1))).added == 1
    assert await world.alerts() == ["Ferry news number 99"]


async def test_old_items_are_archive_and_reviewed_sources_wait_for_an_editor(world: World) -> None:
    world.site.pages["/feed"] = Canned(rss([item(1), item(2, ago=timedelta(days=20))]))
    await world.poll(await world.add(trusted=False))
    old, new = await world.articles()
    assert (old.archive, new.archive) == (True, False)
    assert {old.status, new.status} == {"pending"}


async def test_an_unchanged_feed_costs_a_conditional_request(world: World) -> None:
    headers = {"ETag": 'W/"strange, tag"', "Last-Modified": "whenever it was"}
    world.site.pages["/feed"] = Canned(rss([item(1)]), headers=headers)
    source = await world.add()
    await world.poll(source)
    assert (await world.poll(source)).outcome == "unchanged"
    sent = world.site.asked[-1][1]
    assert sent["If-None-Match"] == 'W/"strange, tag"'
    assert sent["If-Modified-Since"] == "whenever it was"
    state = await world.state(source)
    assert (state.etag, state.failures, state.ok_at) == ('W/"strange, tag"', 0, NOW)


async def test_the_same_bytes_are_not_read_again(world: World) -> None:
    world.site.pages["/feed"] = Canned(rss([item(1)]))
    source = await world.add()
    assert (await world.poll(source)).outcome == "changed"
    assert (await world.poll(source)).outcome == "unchanged"


async def test_cache_headers_and_ttl_set_the_pace(world: World) -> None:
    world.site.pages["/a"] = Canned(rss([item(1)]), headers={"Cache-Control": "max-age=7200"})
    world.site.pages["/b"] = Canned(rss([item(2)], more="<ttl>180</ttl>"))
    first, second = await world.add("/a"), await world.add("/b", name="Other")
    await world.poll(first)
    await world.poll(second)
    assert (await world.state(first)).next_at == NOW + timedelta(hours=2)
    assert (await world.state(second)).next_at == NOW + timedelta(hours=3)


# Moving, failing, going


async def test_a_permanent_redirect_moves_the_address_once_it_gave_a_feed(world: World) -> None:
    world.site.pages["/feed"] = Canned(status=301, headers={"Location": "/middle"})
    world.site.pages["/middle"] = Canned(status=308, headers={"Location": "/new"})
    source = await world.add()
    await world.poll(source)
    assert (await world.state(source)).url == world.site.url("/feed")
    world.site.pages["/new"] = Canned("<html><body>Welcome</body></html>")
    await world.poll(source)
    assert (await world.state(source)).url == world.site.url("/feed")
    world.site.pages["/new"] = Canned(rss([item(1)]))
    await world.poll(source)
    state = await world.state(source)
    assert (state.url, state.failures, state.last_error) == (world.site.url("/new"), 0, None)


async def test_a_temporary_redirect_moves_nothing(world: World) -> None:
    world.site.pages["/feed"] = Canned(status=302, headers={"Location": "/new"})
    world.site.pages["/new"] = Canned(rss([item(1)]))
    source = await world.add()
    assert (await world.poll(source)).added == 1
    assert (await world.state(source)).url == world.site.url("/feed")


async def test_two_sources_that_move_together_are_not_polled_twice(world: World) -> None:
    world.site.pages["/old"] = Canned(status=301, headers={"Location": "/feed"})
    world.site.pages["/feed"] = Canned(rss([item(1)]))
    await world.add("/feed")
    old = await world.add("/old", name="Old")
    await world.poll(old)
    state = await world.state(old)
    assert (state.state, state.notice_due, state.url) == (FeedState.PAUSED, True, world.site.url("/old"))
    assert "another source" in (state.reason or "")


async def test_a_redirect_into_our_own_network_is_refused(world: World) -> None:
    world.site.pages["/feed"] = Canned(status=301, headers={"Location": "http://169.254.169.254/latest"})
    source = await world.add()
    assert (await world.poll(source)).outcome == "failed"
    state = await world.state(source)
    assert (state.url, state.failures) == (world.site.url("/feed"), 1)


async def test_gone_pauses_the_source_and_has_the_editors_told(world: World) -> None:
    world.site.pages["/feed"] = Canned(status=410)
    source = await world.add()
    await world.poll(source)
    async with world.db.begin() as tx:
        (told,) = await sources.notices(tx, 10)
        assert (told.source.id, told.state) == (source, FeedState.PAUSED)
        await sources.noticed(tx, [source])
        assert await sources.notices(tx, 10) == []
        await sources.resume(tx, source, NOW)
    assert (await world.state(source)).state is FeedState.ACTIVE


@pytest.mark.parametrize(
    ("canned", "reason", "wait"),
    [
        (Canned(status=503, headers={"Retry-After": "3600"}), "trouble of its own", timedelta(hours=1)),
        (Canned(status=404), "no such page", timedelta(hours=1)),
        (Canned("<html><body>No feed</body></html>"), "not a feed", timedelta(hours=1)),
        (Canned(hangs=True), "took too long", timedelta(minutes=5)),
        (Canned(rss([])[:60]), "breaks off", timedelta(minutes=5)),
        (Canned('<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"></rss>'), "entities", timedelta(hours=1)),
        (Canned(status=304), "not asked", timedelta(minutes=5)),
    ],
    ids=["busy", "no such page", "a page", "no answer", "broken", "a bomb", "nothing new, unasked"],
)
async def test_a_failure_is_kept_with_its_reason_and_asked_again_later(
    world: World, canned: Canned, reason: str, wait: timedelta
) -> None:
    world.site.pages["/feed"] = canned
    world.fetcher._total = 0.3 if canned.hangs else PATIENCE_S
    source = await world.add()
    await world.poll(source)
    world.fetcher._total = PATIENCE_S
    state = await world.state(source)
    assert reason in (state.last_error or "")
    assert (state.failures, state.failing_since, state.next_at) == (1, NOW, NOW + wait)
    world.site.pages["/feed"] = Canned(rss([item(1)]))
    await world.poll(source)
    assert (await world.state(source)).failures == 0


# Pages


async def test_a_feed_of_summaries_follows_the_link_and_one_of_whole_articles_does_not(world: World) -> None:
    for number in range(4):
        world.site.pages[f"/item/{number}"] = Canned(page(number), headers={"Content-Type": "text/html"})
    short = [item(n, text="In short.", root=world.site.root) for n in range(4)]
    world.site.pages["/short"] = Canned(rss(short))
    world.site.pages["/whole"] = Canned(rss([item(n, root=world.site.root + "/whole") for n in range(10, 14)]))
    await world.poll(await world.add("/short"))
    assert all(len(found.paragraphs) == 12 for found in await world.articles())
    await world.poll(await world.add("/whole", name="Whole"))
    assert not any(path.startswith("/whole/item") for path in world.site.paths())
    assert len(await world.articles()) == 8


async def test_pages_that_robots_txt_forbids_are_not_fetched(world: World) -> None:
    world.site.pages["/robots.txt"] = Canned("User-agent: *\nDisallow: /item/")
    world.site.pages["/item/1"] = Canned(page(1))
    world.site.pages["/feed"] = Canned(rss([item(1, text="In short, it is open.", root=world.site.root)]))
    assert (await world.poll(await world.add())).added == 1
    assert "/item/1" not in world.site.paths()
    (found,) = await world.articles()
    assert found.paragraphs == ("News 1. In short, it is open.",)


async def test_a_wall_in_place_of_the_page_leaves_the_summary(world: World) -> None:
    wall = "<p>We value your privacy. Accept all cookies to go on reading what you like so much on our website.</p>" * 9
    world.site.pages["/item/1"] = Canned(f"<html><body><article>{wall}</article></body></html>")
    summary = "Quay seven opens on Tuesday with a concert by local brass bands."
    world.site.pages["/feed"] = Canned(rss([item(1, text=summary, root=world.site.root)]))
    await world.poll(await world.add())
    (found,) = await world.articles()
    assert found.paragraphs == (f"News 1. {summary}",)


async def test_a_page_that_doesnt_come_is_tried_again_and_then_done_without(world: World) -> None:
    short = [item(n, text="In short, it is open.", root=world.site.root) for n in range(3)]
    world.site.pages["/feed"] = Canned(rss([item(9)]), headers={"ETag": '"1"'})
    source = await world.add()
    await world.poll(source)
    world.site.pages["/feed"] = Canned(rss(short), headers={"ETag": '"2"'})
    for number in range(3):
        world.site.pages[f"/item/{number}"] = Canned(status=503)
    assert (await world.poll(source)).added == 0
    state = await world.state(source)
    assert (list(state.waiting.values()), state.etag) == ([1, 1, 1], None)
    assert state.next_at == NOW + timedelta(minutes=10)
    world.site.pages["/item/1"] = Canned(page(1), headers={"Content-Type": "text/html"})
    assert (await world.poll(source)).added == 1
    assert (await world.poll(source)).added == 2
    state = await world.state(source)
    assert (state.waiting, state.etag) == ({}, '"2"')
    assert sorted(len(found.paragraphs) for found in await world.articles())[:3] == [1, 1, 1]


# Many


async def due_and_done(world: World, poller: Poller, count: int) -> None:
    """Runs the tick until so many polls have ended."""
    stop = asyncio.Event()

    async def ticking() -> None:
        while len(world.heard) < count:
            await poller.take_due()
            await asyncio.sleep(0.005)
        stop.set()

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(poller.run(stop))
        group.create_task(ticking())


async def test_a_source_that_hangs_delays_no_other(world: World) -> None:
    world.site.pages["/hang"] = Canned(hangs=True)
    stuck = [await world.add("/hang?" + str(n), name=f"Stuck {n}") for n in range(2)]
    for n in range(2):
        world.site.pages[f"/hang?{n}"] = Canned(hangs=True)
    for n in range(12):
        world.site.pages[f"/feed/{n}"] = Canned(rss([item(n)]))
        await world.add(f"/feed/{n}", name=f"Wire {n}")
    await due_and_done(world, world.poller(slots=4, per_host=4), 12)
    assert {polled.outcome for polled in world.heard} == {"changed"}
    assert len(await world.articles()) == 12
    for source in stuck:  # cut: due again when the lease ends
        state = await world.state(source)
        assert (state.failures, state.next_at) == (0, NOW + timedelta(minutes=3))


async def test_a_host_is_asked_for_few_feeds_at_once(world: World) -> None:
    for n in range(6):
        world.site.pages[f"/{n}"] = Canned(hangs=True)
        await world.add(f"/{n}", name=f"Wire {n}")
    poller, stop = world.poller(per_host=2), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(poller.run(stop))
        await asyncio.sleep(0)
        assert await poller.take_due() == 2
        assert await poller.take_due() == 0
        stop.set()


async def test_failing_feeds_get_a_quarter_of_the_slots(world: World) -> None:
    for n in range(8):
        world.site.pages[f"/{n}"] = Canned(hangs=True)
        await world.add(f"/{n}", name=f"Wire {n}")
    async with world.db.begin() as tx:
        await tx.execute(update(feed).values(failures=1))
    poller, stop = world.poller(slots=8, per_host=100), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(poller.run(stop))
        await asyncio.sleep(0)
        assert await poller.take_due() == 2
        stop.set()


async def test_what_isnt_due_or_is_paused_is_left_alone(world: World) -> None:
    later, paused = await world.add("/a"), await world.add("/b", name="Paused")
    async with world.db.begin() as tx:
        await tx.execute(update(feed).where(feed.c.source_id == later).values(next_at=NOW + timedelta(seconds=1)))
        await sources.pause(tx, paused, "by Ann")
    poller, stop = world.poller(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(poller.run(stop))
        await asyncio.sleep(0)
        assert await poller.take_due() == 0
        stop.set()
    assert world.site.asked == []


async def test_two_processes_share_the_work(world: World) -> None:
    for n in range(10):
        world.site.pages[f"/feed/{n}"] = Canned(rss([item(n)]))
        await world.add(f"/feed/{n}", name=f"Wire {n}")
    limits = Limits(slots=3, per_host=3)
    pollers = [world.poller(slots=limits.slots, per_host=limits.per_host) for _ in range(2)]
    stop = asyncio.Event()

    async def ticking(poller: Poller) -> None:
        while len(world.heard) < 10:
            await poller.take_due()
            await asyncio.sleep(0.005)
        stop.set()

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        for poller in pollers:
            group.create_task(poller.run(stop))
            group.create_task(ticking(poller))
    assert sorted(path for path in world.site.paths() if "feed" in path) == sorted(f"/feed/{n}" for n in range(10))
    async with world.db.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(article)) == 10


# Named by one process, polled by another


async def test_a_leased_feed_is_polled_by_whoever_names_its_lease(world: World) -> None:
    world.site.pages["/feed"] = Canned(rss([item(1)]))
    source = await world.add()
    [(leased, until)] = await world.poller().lease_due(Room(slots=4, suspects=1, newcomers=9, per_host=2, busy={}))
    assert leased.source.id == source
    assert await world.poller().lease_due(Room(slots=4, suspects=1, newcomers=9, per_host=2, busy={})) == []
    polled = await world.poller().poll_leased(source, until)
    assert polled is not None
    assert polled.outcome == "changed"
    assert await world.poller().poll_leased(source, until) is None, "it was polled already"
    assert len(world.site.asked) == 1


async def test_a_lease_ends_where_nobody_polls(world: World) -> None:
    await world.add()
    room = Room(slots=4, suspects=1, newcomers=9, per_host=2, busy={})
    assert len(await world.poller().lease_due(room)) == 1
    world.now += LEASE
    assert len(await world.poller().lease_due(room)) == 1


async def test_nothing_is_leased_from_a_host_that_is_asked_enough(world: World) -> None:
    source = await world.add()
    host = (await world.state(source)).host
    assert await world.poller().lease_due(Room(slots=4, suspects=1, newcomers=9, per_host=2, busy={host: 2})) == []
    assert await world.poller().lease_due(Room(slots=0, suspects=1, newcomers=9, per_host=2, busy={})) == []
