"""WebSub end to end: a feed, its hub and our public address on real local servers."""

import asyncio
import hmac
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp
import pytest
from aiohttp import web as http
from aiohttp.test_utils import TestServer

from bot import web
from bot.hub_calls import HubCalls
from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.poll import Poller
from ingest.websub import Hubs
from storage import articles, sources
from storage.database import Database
from storage.records import PolledFeed
from tests.ingest.feed_site import NOW, Canned, Site, item, rss, site
from tests.patience import PATIENCE_S
from tests.ports import free_port

DAY = timedelta(days=1)


@dataclass
class Hub:
    """Keeps what it is asked for. `verifies`: it asks back before it answers, as some hubs do."""

    client: aiohttp.ClientSession
    asked: list[dict[str, str]] = field(default_factory=list)
    status: int = 202
    verifies: bool = True
    answers: list[tuple[int, str]] = field(default_factory=list)

    async def subscribe(self, request: http.Request) -> http.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        if self.verifies:
            await self.verify(form["hub.callback"], form["hub.topic"])
        return http.Response(status=self.status)

    async def verify(self, callback: str, topic: str, mode: str = "subscribe", **more: str) -> tuple[int, str]:
        query = {"hub.mode": mode, "hub.topic": topic, "hub.challenge": "ch<1>", "hub.lease_seconds": "86400"} | more
        async with self.client.get(callback, params=query) as answer:
            self.answers.append((answer.status, await answer.text()))
            assert answer.status != 200 or answer.content_type == "text/plain"
        return self.answers[-1]

    async def tell(self, body: str, *, secret: str | None = None, callback: str | None = None) -> int:
        given = self.asked[-1]
        key = given["hub.secret"] if secret is None else secret
        signature = {"X-Hub-Signature": f"sha256={hmac.new(key.encode(), body.encode(), 'sha256').hexdigest()}"}
        headers = {"Content-Type": "application/rss+xml"} | (signature if key else {})
        async with self.client.post(
            callback or given["hub.callback"], data=io.BytesIO(body.encode()), headers=headers
        ) as answer:
            return answer.status


@dataclass
class World:
    db: Database
    site: Site
    hub: Hub
    hubs: Hubs
    fetcher: Fetcher
    clock: list[datetime]
    source: int = 0

    @property
    def now(self) -> datetime:
        return self.clock[0]

    async def poll(self) -> str:
        poller = Poller(self.db, self.fetcher, Desk(self.db), clock=lambda: self.now, luck=lambda: 1.0)
        return (await poller.poll(await self.state())).outcome

    async def state(self) -> PolledFeed:
        async with self.db.read() as tx:
            found = await sources.get_feed(tx, self.source)
        assert found is not None
        return found

    async def headlines(self) -> list[str]:
        async with self.db.read() as tx:
            return sorted(found.headline for found in await articles.latest(tx, limit=50))

    async def subscribed(self) -> None:
        await self.poll()
        assert await self.hubs.ask_due() == 1


@pytest.fixture
async def world(desk_db: Database) -> AsyncIterator[World]:
    clock = [NOW]
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(site())
        client = await stack.enter_async_context(aiohttp.ClientSession())
        hub = Hub(client)
        application = http.Application()
        application.router.add_post("/hub", hub.subscribe)
        server = await stack.enter_async_context(TestServer(application))
        fetcher = await stack.enter_async_context(Fetcher({"127.0.0.1"}))
        port = free_port()
        hubs = Hubs(desk_db, fetcher, f"http://127.0.0.1:{port}/", clock=lambda: clock[0])
        app = web.create_app(desk_db, None, None, HubCalls(hubs).routes())
        await stack.enter_async_context(web.listening(app, "127.0.0.1", port))
        link = f'<{server.make_url("/hub")}>; rel="hub", <{made.url("/feed")}>; rel="self"'
        made.pages["/feed"] = Canned(rss([item(1)]), headers={"Link": link})
        world = World(desk_db, made, hub, hubs, fetcher, clock)
        async with desk_db.begin() as tx:
            added, _ = await sources.add_feed(tx, url=made.url("/feed"), name="Wire", trusted=True, now=NOW)
        world.source = added.source.id
        yield world


async def test_a_hub_is_asked_agrees_and_its_news_is_stored_without_asking_the_feed(world: World) -> None:
    await world.subscribed()
    (asked,) = world.hub.asked
    assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", world.site.url("/feed"))
    assert world.hub.answers == [(200, "ch<1>")]
    state = await world.state()
    assert (state.hub_until, state.hub_failures) == (NOW + DAY, 0)
    world.clock[0] += timedelta(minutes=1)
    assert await world.hub.tell(rss([item(2)])) == 202
    assert (await world.state()).next_at == world.now
    before = len(world.site.asked)
    assert await world.poll() == "changed"
    assert await world.headlines() == ["Ferry news number 1", "Ferry news number 2"]
    assert len(world.site.asked) == before
    state = await world.state()
    assert (state.pushed, state.polled_at) == (None, NOW)
    assert state.next_at > world.now


async def test_a_lease_is_renewed_in_time_at_the_same_address(world: World) -> None:
    await world.subscribed()
    assert await world.hubs.ask_due() == 0
    world.clock[0] += DAY * 0.7
    assert await world.hubs.ask_due() == 1
    first, second = world.hub.asked
    assert first == second
    assert (await world.state()).hub_until == world.now + DAY


async def test_a_hub_that_refuses_is_asked_later(world: World) -> None:
    world.hub.verifies, world.hub.status = False, 500
    await world.subscribed()
    state = await world.state()
    assert (state.hub_until, state.hub_failures, state.hub_next_at) == (None, 1, NOW + timedelta(minutes=10))
    assert await world.hubs.ask_due() == 0
    world.clock[0] += timedelta(minutes=10)
    assert await world.hubs.ask_due() == 1


async def test_what_is_not_signed_is_dropped(world: World) -> None:
    await world.subscribed()
    for secret in ("", "guessed"):
        assert await world.hub.tell(rss([item(3)]), secret=secret) == 202
    state = await world.state()
    assert (state.pushed, state.hub_told_at) == (None, None)


async def test_strangers_learn_and_change_nothing(world: World) -> None:
    await world.subscribed()
    callback = world.hub.asked[0]["hub.callback"]
    topic, wrong = world.site.url("/feed"), callback[:-1] + ("0" if callback[-1] != "0" else "1")
    before = await world.state()
    assert (await world.hub.verify(wrong, topic))[0] == 404
    assert (await world.hub.verify(callback, "https://other.example/"))[0] == 404
    assert (await world.hub.verify(callback, topic, "unsubscribe"))[0] == 404
    assert (await world.hub.verify(callback, topic, "evil"))[0] == 404
    assert (await world.hub.verify(callback, topic, **{"hub.challenge": "x" * 5_000}))[0] == 404
    assert await world.hub.tell(rss([item(4)]), callback=wrong) == 404
    assert await world.hub.tell("x", callback=callback.replace(f"/{world.source}/", "/999999/")) == 410
    assert await world.state() == before


async def test_a_hub_that_denies_is_no_longer_counted_on(world: World) -> None:
    await world.subscribed()
    callback, topic = world.hub.asked[0]["hub.callback"], world.site.url("/feed")
    assert await world.hub.verify(callback, topic, "denied", **{"hub.reason": "no"}) == (200, "")
    assert (await world.state()).hub_until is None


async def test_a_paused_source_ends_its_subscription_and_begins_anew_when_resumed(world: World) -> None:
    await world.subscribed()
    async with world.db.begin() as tx:
        await sources.pause(tx, world.source, "by an editor")
    assert await world.hub.tell(rss([item(5)])) == 410
    async with world.db.begin() as tx:
        await sources.resume(tx, world.source, world.now)
    assert await world.hubs.ask_due() == 1


async def test_two_pushes_between_polls_have_the_feed_asked_for_all_of_it(world: World) -> None:
    await world.subscribed()
    headers = world.site.pages["/feed"].headers
    world.clock[0] += timedelta(minutes=1)
    world.site.pages["/feed"] = Canned(rss([item(3), item(2), item(1)]), headers=headers)
    assert await world.hub.tell(rss([item(2)])) == 202
    assert await world.hub.tell(rss([item(3)])) == 202
    assert (await world.state()).pushed == b""
    assert await world.poll() == "changed"
    assert await world.headlines() == [f"Ferry news number {number}" for number in (1, 2, 3)]
    assert (await world.state()).pushed is None


@pytest.mark.parametrize("body", ["", "<html>no feed</html>", "\x00", "<rss version='2.0'><channel>"])
async def test_a_push_that_is_no_feed_harms_nothing(world: World, body: str) -> None:
    await world.subscribed()
    assert await world.hub.tell(body) == 202
    assert await world.poll() == "unchanged"
    state = await world.state()
    assert (state.failures, state.pushed) == (0, None)


async def test_a_push_of_megabytes_is_only_a_hint(world: World) -> None:
    await world.subscribed()
    assert await world.hub.tell("x" * 3_100_000) == 202
    assert (await world.state()).pushed == b""


async def test_a_push_while_its_feed_is_polled_makes_it_due_again(world: World) -> None:
    await world.subscribed()
    stop = asyncio.Event()
    poller = Poller(world.db, world.fetcher, Desk(world.db), clock=lambda: world.now, luck=lambda: 1.0)
    async with asyncio.TaskGroup() as group:
        group.create_task(poller.run(stop))
        await asyncio.sleep(0)
        world.clock[0] += timedelta(hours=2)
        assert await poller.take_due() == 1
        await world.hub.tell(rss([item(2)]))
        await poller.take_due()
        async with asyncio.timeout(PATIENCE_S):
            while len(await world.headlines()) < 2:
                await poller.take_due()
                await asyncio.sleep(0.02)
        stop.set()
    assert (await world.state()).pushed is None
