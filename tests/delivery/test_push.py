"""Pushes and alerts on both databases: who is reached, and that nobody is reached twice."""

from datetime import timedelta

from delivery.alerts import run_alerts
from delivery.fanout import fan_out, run_fanout
from delivery.push import push
from delivery.status import of_article
from storage import articles, audiences, chats, editions
from storage.audiences import Audience
from storage.database import Database
from storage.records import ArticleStatus, ChatState, EditionKind, EditionPart, Mode
from tests.delivery.news import BOT, NOW, publish, queued, reader, seed

HOUR = timedelta(hours=1)


async def alert(db: Database) -> list[tuple[int, str]]:
    while await run_alerts(db, bot_id=BOT, now=NOW):
        pass
    while await run_fanout(db, bot_id=BOT, now=NOW):
        pass
    return await queued(db)


async def test_a_push_reaches_all_who_have_the_topic_and_did_not_mute_it(db: Database) -> None:
    async with db.begin() as tx:
        known = await seed(tx)
        await publish(tx, "Seoul talks", "korea", NOW - HOUR)
        wanted = [
            await reader(tx, 1, {"korea": Mode.DIGEST}),
            await reader(tx, 2, {"korea": Mode.INSTANT}),
            await reader(tx, 3, {"asia": Mode.DIGEST}),
        ]
        await reader(tx, 4, {"korea": Mode.MUTED})
        await reader(tx, 5, {"asia": Mode.DIGEST, "korea": Mode.MUTED})
        await reader(tx, 6, {"china": Mode.DIGEST})
        await reader(tx, 7, {"korea": Mode.DIGEST})
        await chats.set_state(tx, BOT, 7, ChatState.GONE)
    receipt = await push(db, bot_id=BOT, topic=known["korea"], requested_by=1, now=NOW)
    assert [owner for owner, _ in await queued(db)] == wanted
    assert (receipt.destinations, receipt.already, receipt.articles) == (3, False, 1)


async def test_a_push_said_twice_sends_once_until_it_is_wished_again(db: Database) -> None:
    async with db.begin() as tx:
        known = await seed(tx)
        await publish(tx, "Seoul talks", "korea", NOW - HOUR)
        await reader(tx, 1, {"korea": Mode.DIGEST})
    options = {"bot_id": BOT, "topic": known["korea"], "requested_by": 1}
    first = await push(db, now=NOW, **options)  # type: ignore[arg-type]
    second = await push(db, now=NOW + HOUR, **options)  # type: ignore[arg-type]
    assert second.already
    assert second.edition_id == first.edition_id
    assert second.destinations == 1
    third = await push(db, now=NOW + HOUR, again=True, **options)  # type: ignore[arg-type]
    assert not third.already
    assert len(await queued(db)) == 2


async def test_a_push_without_fresh_news_takes_the_newest_three(db: Database) -> None:
    async with db.begin() as tx:
        known = await seed(tx)
        for number in range(5):
            await publish(tx, f"Old {number}", "korea", NOW - timedelta(days=3 + number))
        await reader(tx, 1, {"asia": Mode.DIGEST})
    receipt = await push(db, bot_id=BOT, topic=known["asia"], requested_by=1, now=NOW)
    [(_, text)] = await queued(db)
    assert receipt.articles == 3
    assert all(f"Old {number}" in text for number in range(3))
    assert "Old 3" not in text


async def test_a_push_of_an_empty_topic_sends_nothing(db: Database) -> None:
    async with db.begin() as tx:
        known = await seed(tx)
        await reader(tx, 1, {"korea": Mode.DIGEST})
    receipt = await push(db, bot_id=BOT, topic=known["korea"], requested_by=1, now=NOW)
    assert (receipt.edition_id, receipt.articles, await queued(db)) == (None, 0, [])


async def test_an_alert_goes_to_instant_readers_by_their_nearest_setting(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        wanted = [
            await reader(tx, 1, {"korea": Mode.INSTANT}),
            await reader(tx, 2, {"asia": Mode.INSTANT}),
            await reader(tx, 3, {"korea": Mode.MUTED, "science": Mode.INSTANT}),
        ]
        await reader(tx, 4, {"asia": Mode.INSTANT, "korea": Mode.MUTED})
        await reader(tx, 5, {"asia": Mode.INSTANT, "korea": Mode.DIGEST})
        await reader(tx, 6, {"korea": Mode.DIGEST})
        await publish(tx, "Satellite", {"korea": 2.0, "science": 1.0}, NOW)
    assert [owner for owner, _ in await alert(db)] == wanted
    assert len(await alert(db)) == 3


async def test_only_what_is_usable_and_fresh_makes_an_alert(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await reader(tx, 1, {"korea": Mode.INSTANT})
        await publish(tx, "Archive", "korea", NOW, archive=True)
        waiting = await publish(tx, "Waiting", "korea", NOW, status=ArticleStatus.PENDING)
        killed = await publish(tx, "Killed", "korea", NOW)
        await articles.set_status(tx, killed.id, ArticleStatus.CANCELED, NOW)
    assert await alert(db) == []
    async with db.begin() as tx:
        await articles.release(tx, waiting.id, NOW)
    [(_, text)] = await alert(db)
    assert "Waiting" in text


async def test_a_fan_out_that_died_goes_on_where_it_was(db: Database) -> None:
    async with db.begin() as tx:
        known = await seed(tx)
        wanted = [await reader(tx, chat_id, {"korea": Mode.DIGEST}) for chat_id in range(1, 26)]
        edition_id, _ = await editions.make(
            tx,
            bot_id=BOT,
            kind=EditionKind.PUSH,
            signature="test",
            parts=(EditionPart(0, "hello"),),
            now=NOW,
            audience=Audience(((known["korea"].id,),), (Mode.DIGEST,)),
        )
    async with db.begin() as tx:
        assert await audiences.spread(tx, edition_id, NOW, 10) == (10, False)
    assert await fan_out(db, edition_id, NOW, chunk=10) == 15
    assert await fan_out(db, edition_id, NOW, chunk=10) == 0
    assert [owner for owner, _ in await queued(db)] == wanted


async def test_an_announcement_is_for_every_active_chat(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        wanted = [await reader(tx, chat_id, {}) for chat_id in range(1, 4)]
        edition_id, _ = await editions.make(
            tx,
            bot_id=BOT,
            kind=EditionKind.ANNOUNCEMENT,
            signature="hello",
            parts=(EditionPart(0, "hello"),),
            now=NOW,
            audience=Audience((), ()),
        )
    await fan_out(db, edition_id, NOW, chunk=2)
    assert [owner for owner, _ in await queued(db)] == wanted


async def test_status_counts_what_became_of_an_article(db: Database) -> None:
    async with db.begin() as tx:
        known = await seed(tx)
        found = await publish(tx, "Seoul talks", "korea", NOW - HOUR)
        for chat_id in range(1, 4):
            await reader(tx, chat_id, {"korea": Mode.DIGEST})
    await push(db, bot_id=BOT, topic=known["korea"], requested_by=1, now=NOW)
    async with db.read() as tx:
        [progress] = await of_article(tx, found.id)
    assert (progress.waiting, progress.sent, progress.total, progress.spreading) == (3, 0, 3, False)
