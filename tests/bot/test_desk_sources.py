"""Sources by command and button, over a local web and the sandbox."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import update

from bot.commands import desk
from bot.commands.desk_intake import DeskIntake
from bot.source_notices import tell_editors
from bot.speak import Speaker
from ingest.desk import Desk
from ingest.discover import find_feed
from ingest.fetch import Fetcher
from ingest.opml import Listed, read_opml
from ingest.run import Ingest
from storage import sources
from storage.database import Database
from storage.records import FeedState, PolledFeed
from storage.schema import feed
from tests.bot.desk_rig import ANN, BEN, GROUP, OWNER, READER, Newsroom, newsroom
from tests.ingest.feed_site import NOW, Canned, Site, item, rss, site
from tests.patience import PATIENCE_S

OPML = b"""<opml version="2.0"><body><outline text="Asia"><outline text="Seoul Daily" xmlUrl="https://e.org/seoul"/>
    <outline text="Busan" xmlUrl="https://e.org/busan"/></outline></body></opml>"""


@pytest.fixture
async def web() -> AsyncIterator[Site]:
    async with site() as made:
        made.pages["/"] = Canned(
            '<html><head><link rel="alternate" type="application/rss+xml" href="/feed">'
            '<link rel="alternate" type="application/rss+xml" href="/sport"></head></html>',
            headers={"Content-Type": "text/html"},
        )
        made.pages["/feed"] = Canned(rss([item(1)], title="Harbour &lt;Wire&gt;"))
        yield made


@pytest.fixture
async def room(desk_db: Database) -> AsyncIterator[Newsroom]:
    async with Fetcher({"127.0.0.1"}, total_seconds=PATIENCE_S) as fetcher:
        registry = desk.registry(DeskIntake(Ingest(Desk(desk_db))), partial(find_feed, fetcher))
        async with newsroom(desk_db, registry) as made:
            yield made


async def stored(room: Newsroom) -> list[PolledFeed]:
    async with room.db.read() as tx:
        return await sources.list_feeds(tx)


async def add(room: Newsroom, count: int) -> None:
    async with room.db.begin() as tx:
        for n in range(count):
            await sources.add_feed(tx, url=f"https://e.org/{n}", name=f"Wire {n:02}", trusted=True, now=NOW)


async def test_an_address_becomes_a_source(room: Newsroom, web: Site) -> None:
    (empty,) = await room.say(ANN, "/sources")
    assert "no source yet" in empty.text
    (card,) = await room.say(ANN, f"/sources {web.url('/')}")
    assert "Added" in card.text
    assert "Harbour <Wire>" in card.text
    assert web.url("/sport") in card.text
    (only,) = await stored(room)
    assert (only.url, only.source.trusted, only.ok_at) == (web.url("/feed"), True, None)
    (again,) = await room.say(ANN, f"/sources {web.url('/feed')}")
    assert "Harbour" in again.text
    assert len(await stored(room)) == 1


async def test_the_button_asks_for_an_address(room: Newsroom, web: Site) -> None:
    (said,) = await room.say(ANN, "/sources")
    _, (question,), _ = await room.press(ANN, said, "Add")
    assert "/cancel" in question.text
    (card,) = await room.say(ANN, web.url("/feed"))
    assert "Added" in card.text
    (said,) = await room.say(ANN, "/sources")
    await room.press(ANN, said, "Add")
    (wrong,) = await room.say(ANN, "what do you mean")
    assert "no address" in wrong.text


@pytest.mark.parametrize(
    ("address", "words"),
    [("/missing", "no such page"), ("http://169.254.169.254/", "public internet"), ("nonsense", "no web address")],
)
async def test_what_is_no_feed_is_refused_with_a_reason(room: Newsroom, web: Site, address: str, words: str) -> None:
    (said,) = await room.say(ANN, f"/sources {web.url(address) if address.startswith('/') else address}")
    assert words in said.text
    assert await stored(room) == []


async def test_a_source_is_paused_resumed_reviewed_and_removed_by_buttons(room: Newsroom) -> None:
    await add(room, 1)
    (said,) = await room.say(ANN, "/sources")
    card, _, _ = await room.press(ANN, said, "Wire 00")
    assert "https://e.org/0" in card.text
    card, _, toast = await room.press(ANN, card, "Pause")
    assert toast == "Paused"
    (one,) = await stored(room)
    assert (one.state, one.reason) == (FeedState.PAUSED, "by Ann <b>")
    card, _, _ = await room.press(ANN, card, "Resume")
    card, _, _ = await room.press(ANN, card, "Review first")
    assert "/queue" in card.text
    (one,) = await stored(room)
    assert (one.state, one.source.trusted) == (FeedState.ACTIVE, False)
    card, _, _ = await room.press(ANN, card, "Publish at once")
    await room.press(ANN, card, "Look now")
    sure, _, _ = await room.press(ANN, card, "Remove")
    assert len(await stored(room)) == 1
    await room.press(ANN, sure, "Yes")
    assert await stored(room) == []
    gone, _, _ = await room.press_data(ANN, card, card.data("Pause"))
    assert "not there any more" in gone.text


async def test_the_list_has_pages_with_trouble_first(room: Newsroom) -> None:
    await add(room, 20)
    async with room.db.begin() as tx:
        await tx.execute(
            update(feed)
            .where(feed.c.url == "https://e.org/19")
            .values(failures=2, failing_since=NOW, last_error="its site <can't> be reached")
        )
        await sources.pause(tx, (await sources.find_feeds(tx, "Wire 18"))[0].source.id, "it is gone")
    (said,) = await room.say(ANN, "/sources")
    assert "20 sources · 1 failing · 1 paused" in said.text
    first, second = said.text.split("\n")[2:4]
    assert "Wire 18" in first
    assert "Wire 19" in second
    assert "<can't>" in second
    said, _, _ = await room.press(ANN, said, "More")
    said, _, _ = await room.press(ANN, said, "More")
    assert "Wire 17" in said.text
    (found,) = await room.say(ANN, "/sources wire 0")
    assert len([label for label in found.buttons if "Wire" in label]) == 10


async def test_sources_are_for_editors_in_private(room: Newsroom) -> None:
    await add(room, 1)
    for user in (BEN, READER):
        (said,) = await room.say(user, "/sources")
        assert "Wire" not in said.text
        for data in ("d-src-off:1", "d-src-out:1:yes", "d-src-trust:1:no"):
            await room.press_data(user, said, data)
    (said,) = await room.say(ANN, "/sources", chat=GROUP)
    assert "Wire" not in said.text
    (one,) = await stored(room)
    assert (one.state, one.source.trusted) == (FeedState.ACTIVE, True)


@pytest.mark.parametrize(
    "data", ["d-src:", "d-src:x", "d-src:999", "d-src-trust:1", "d-srcs:-1", "d-srcs:9999", "d-src-out:"]
)
async def test_strange_button_data_does_no_harm(room: Newsroom, data: str) -> None:
    await add(room, 1)
    (said,) = await room.say(OWNER, "/sources")
    edited, _, _ = await room.press_data(OWNER, said, data)
    assert "sources" in edited.text.lower() or "Wire" in edited.text
    assert len(await stored(room)) == 1


async def test_a_list_comes_in_and_goes_out_as_opml(room: Newsroom) -> None:
    (said,) = await room.send_file(ANN, "feeds.opml", OPML, caption="/opml")
    assert "2 added" in said.text
    assert {(one.source.name, one.folder) for one in await stored(room)} == {("Seoul Daily", "Asia"), ("Busan", "Asia")}
    (said,) = await room.send_file(ANN, "feeds.opml", OPML, caption="/opml")
    assert "0 added, 2 were known" in said.text
    (wrong,) = await room.send_file(ANN, "feeds.opml", b"<html></html>", caption="/opml")
    assert "can't read that" in wrong.text
    await room.say(ANN, "/opml")
    async with room.http.get(f"/sandbox/chats/{ANN}/messages", params={"limit": 50}) as response:
        messages = (await response.json())["messages"]
    (file_id,) = [
        m["document"]["file_id"] for m in messages if m.get("document", {}).get("file_name") == "tidings.opml"
    ]
    data = bytes(await (await room.bot.get_file(file_id)).download_as_bytearray())
    assert read_opml(data) == [
        Listed("https://e.org/busan", "Busan", "Asia"),
        Listed("https://e.org/seoul", "Seoul Daily", "Asia"),
    ]


async def test_editors_are_told_once_of_what_pauses_by_itself(room: Newsroom) -> None:
    await add(room, 1)
    for user in (ANN, BEN, READER):
        await room.say(user, "/help")
    async with room.db.begin() as tx:
        (one,) = await sources.list_feeds(tx)
        changes = {"state": FeedState.PAUSED, "reason": "its site says <gone>", "notice_due": True}
        await sources.finish(tx, replace(one), changes, one.next_at)
    speaker = Speaker(room.db, room.bot, room.router._me)
    for told in (1, 0):
        count = await tell_editors(room.db, speaker, bot_id=room.bot.id, owner_ids=[OWNER], now=NOW)
        assert count == told
    notices = [said for said in await room.said(ANN) if "is paused" in said.text]
    assert len(notices) == 1
    assert "its site says <gone>" in notices[0].text
    assert notices[0].data("Look at it") == f"d-src:{one.source.id}"
    for user in (BEN, READER):
        assert not any("is paused" in said.text for said in await room.said(user))
