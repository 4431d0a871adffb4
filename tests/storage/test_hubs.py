"""What hubs (WebSub) leave on a feed's row."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from storage import sources
from storage.database import Connection, Database
from storage.records import PolledFeed
from storage.schema import feed

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


async def added(tx: Connection) -> int:
    found, _ = await sources.add_feed(tx, url="https://e.org/feed", name="Wire", trusted=True, now=NOW)
    await tx.execute(update(feed).values(hub="https://hub.example/", hub_next_at=NOW, next_at=LATER))
    return found.source.id


async def state(db: Database, source_id: int) -> PolledFeed:
    async with db.read() as tx:
        found = await sources.get_feed(tx, source_id)
    assert found is not None
    return found


async def test_a_hub_is_due_until_it_is_asked_and_agreed(db: Database) -> None:
    async with db.begin() as tx:
        key = await added(tx)
        assert [found.source.id for found in await sources.hubs_due(tx, now=NOW, limit=5)] == [key]
        await sources.ask_hub(tx, key, secret="s", next_at=LATER)
        assert await sources.hubs_due(tx, now=NOW, limit=5) == []
        await sources.hub_agreed(tx, key, until=LATER, next_at=LATER)
    found = await state(db, key)
    assert (found.hub_secret, found.hub_until, found.hub_failures) == ("s", LATER, 0)


async def test_what_was_pushed_is_due_and_stays_until_a_poll_took_it(db: Database) -> None:
    async with db.begin() as tx:
        key = await added(tx)
        await sources.push(tx, key, b"one", due=NOW, now=NOW)
    first = await state(db, key)
    assert (first.pushed, first.next_at, first.hub_told_at) == (b"one", NOW, NOW)
    async with db.begin() as tx:
        await sources.push(tx, key, b"two", due=LATER, now=NOW)
        await sources.finish(tx, first, {"next_at": LATER}, NOW)
    second = await state(db, key)
    assert (second.pushed, second.next_at) == (b"", NOW)
    async with db.begin() as tx:
        await sources.finish(tx, second, {"next_at": LATER}, NOW)
    third = await state(db, key)
    assert (third.pushed, third.next_at) == (None, LATER)


async def test_a_paused_feed_has_no_hub_until_it_is_resumed(db: Database) -> None:
    async with db.begin() as tx:
        key = await added(tx)
        await sources.hub_agreed(tx, key, until=LATER, next_at=LATER)
        await sources.push(tx, key, b"one", due=NOW, now=NOW)
        await sources.pause(tx, key, "by an editor")
        assert await sources.hubs_due(tx, now=LATER, limit=5) == []
    found = await state(db, key)
    assert (found.hub_until, found.pushed) == (None, None)
    async with db.begin() as tx:
        await sources.resume(tx, key, NOW)
        assert len(await sources.hubs_due(tx, now=NOW, limit=5)) == 1
