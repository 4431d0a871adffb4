"""An article that can't be composed, by a fault of ours or of its row, costs nobody else anything."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from delivery.alerts import run_alerts
from delivery.corrections import run_corrections
from delivery.fanout import run_fanout
from storage import articles
from storage.database import Database
from storage.records import Article, Mode, QuietHours
from storage.schema import article, destination
from tests.delivery.news import BOT, NOW, publish, queued, reader, seed
from tests.delivery.test_corrections import Desk
from tests.delivery.test_digest import tick
from tests.delivery.worlds import World

HOUR = timedelta(hours=1)


async def broke(db: Database, one: Article) -> None:
    """No text is where a sentence should be."""
    async with db.begin() as tx:
        await tx.execute(update(article).where(article.c.id == one.id).values(summary=[None]))


async def newsroom(db: Database, mode: Mode, *headlines: str) -> list[Article]:
    async with db.begin() as tx:
        await seed(tx)
        found = [await publish(tx, headline, "korea", NOW - HOUR) for headline in headlines]
        for chat_id in (1, 2):
            await reader(tx, chat_id, {"korea": mode})
    return found


async def alert(db: Database, now: datetime) -> int:
    done = await run_alerts(db, bot_id=BOT, now=now)
    await run_fanout(db, bot_id=BOT, now=now)
    return done


async def texts(db: Database) -> list[str]:
    return [text for _, text in await queued(db)]


async def test_the_alerts_after_it_come(db: Database) -> None:
    broken, _ = await newsroom(db, Mode.INSTANT, "Broken", "Sound")
    await broke(db, broken)
    assert await alert(db, NOW) > 0
    assert await alert(db, NOW) == 0
    assert ["Sound" in text for text in await texts(db)] == [True, True]
    async with db.read() as tx:
        assert await articles.alert_due(tx, 10) == []


async def test_digests_come_without_it(db: Database) -> None:
    _, broken, _ = await newsroom(db, Mode.DIGEST, "Sound", "Broken", "Also sound")
    await broke(db, broken)
    await tick(db, NOW)
    found = await texts(db)
    assert [("Sound" in text, "Also sound" in text, "Broken" in text) for text in found] == [(True, True, False)] * 2


async def test_a_night_that_held_it_ends_for_all(db: Database) -> None:
    night, morning = NOW.replace(hour=1), NOW.replace(hour=8)
    broken, _ = await newsroom(db, Mode.INSTANT, "Broken", "Sound")
    async with db.begin() as tx:
        hours = QuietHours(23 * 60, 7 * 60)
        await tx.execute(update(destination).values(quiet_from=hours.start, quiet_until=hours.end))
    await alert(db, night)
    await broke(db, broken)
    await alert(db, morning)
    assert len(await texts(db)) == 4  # as they were composed, each by itself
    assert await alert(db, morning) == 0


async def test_other_corrections_are_carried_out(wire: World) -> None:
    desk = Desk(wire)
    broken, sound = await desk.open(2, "Broken", "Sound with 21", mode=Mode.INSTANT)
    await desk.alert()
    await wire.send()
    await desk.correct(broken, "It was broken.")
    await broke(wire.db, broken)
    item = await desk.correct(sound, "It was 12.", wrong="21", right="12")
    await desk.carry_out()
    how = await desk.standing(item)
    assert (how.total, how.done, how.over) == (2, 2, True)
    assert await run_corrections(wire.db, bot_id=BOT, now=datetime.now(UTC)) == 0
