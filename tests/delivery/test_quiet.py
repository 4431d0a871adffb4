"""Quiet hours on both databases: what is held, what comes at their end, and that nothing is lost or doubled."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from delivery.alerts import run_alerts
from delivery.corrections import confirm
from delivery.fanout import run_fanout
from delivery.quiet import PAUSED, run_quiet
from delivery.status import of_edition
from delivery.urgent import urgent
from storage import chats, corrections, quiet, stories
from storage.database import Connection, Database
from storage.records import Article, ChatState, CorrectionKind, EditionKind, Lane, Mode, QuietHours
from storage.schema import delivery
from tests.delivery.news import BOT, publish, queued, reader, seed
from tests.delivery.worlds import World
from tests.patience import PATIENCE_S

HOUR = timedelta(hours=1)
NIGHT = QuietHours(22 * 60, 7 * 60)
MIDNIGHT = datetime(2026, 3, 27, 0, 0, tzinfo=UTC)
SEVEN = MIDNIGHT.replace(hour=7)


async def sleeper(tx: Connection, chat_id: int, hours: QuietHours = NIGHT, zone: str = "UTC") -> int:
    """A reader of alerts about Korea with quiet hours."""
    place = await reader(tx, chat_id, {"korea": Mode.INSTANT}, zone=zone)
    await quiet.set_hours(tx, place, hours, zone, MIDNIGHT)
    return place


async def alerts(db: Database, now: datetime) -> None:
    """All that the ticks do at that moment."""
    while await run_alerts(db, bot_id=BOT, now=now) or await run_fanout(db, bot_id=BOT, now=now):
        pass


async def state(db: Database) -> list[tuple[int, Lane, str, datetime]]:
    """(destination, lane, state, not before) of every delivery, in order."""
    async with db.read() as tx:
        rows = await tx.execute(select(delivery).order_by(delivery.c.id))
        return [(row.destination_id, Lane(row.lane), row.state, row.not_before) for row in rows]


async def open_texts(db: Database) -> list[tuple[int, str]]:
    """(destination, text) of what may leave."""
    async with db.read() as tx:
        rows = await tx.execute(select(delivery).order_by(delivery.c.id))
        may = [row.state == "queued" and row.lane == Lane.ALERT for row in rows]
    return [item for item, open_ in zip(await queued(db), may, strict=True) if open_]


async def news(db: Database, headlines: Sequence[str], at: datetime = MIDNIGHT) -> list[Article]:
    made = []
    for headline in headlines:
        async with db.begin() as tx:
            made.append(await publish(tx, headline, "korea", at))
        await alerts(db, at)
    return made


async def test_alerts_of_the_night_come_as_one_message_at_its_end(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await sleeper(tx, 1)
        awake = await reader(tx, 2, {"korea": Mode.INSTANT})
    await news(db, ["First", "Second", "Third"])
    held = [item for item in await state(db) if item[0] == place]
    assert held == [(place, Lane.HELD, "queued", SEVEN)] * 3
    assert [owner for owner, _ in await open_texts(db)] == [awake] * 3
    await alerts(db, SEVEN - timedelta(seconds=1))
    assert [owner for owner, _ in await open_texts(db)] == [awake] * 3
    await alerts(db, SEVEN)
    [(_, text)] = [item for item in await open_texts(db) if item[0] == place]
    assert text.index("While it was quiet") < text.index("First in") < text.index("Second in") < text.index("Third in")
    assert [item[2] for item in await state(db) if item[1] is Lane.HELD] == ["dropped"] * 3
    await alerts(db, SEVEN + HOUR)
    assert len(await open_texts(db)) == 4


async def test_one_alert_of_the_night_comes_as_itself(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await sleeper(tx, 1)
    await news(db, ["Only"])
    await alerts(db, SEVEN)
    [(_, text)] = await open_texts(db)
    assert "News alert" in text


async def test_a_story_of_the_night_is_told_once(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await sleeper(tx, 1)
    first, later = await news(db, ["Ferry sinks", "Rescue"])
    async with db.begin() as tx:
        await stories.pair(tx, first.id, later.id, by=None, now=MIDNIGHT)
    await alerts(db, SEVEN)
    [(_, text)] = await open_texts(db)
    assert text.count("in one sentence") == 1


async def test_after_a_long_night_the_newest_come_and_the_rest_is_counted(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await sleeper(tx, 1)
    await news(db, [f"Number {number}:" for number in range(25)])
    await alerts(db, SEVEN)
    [(_, text)] = await open_texts(db)
    assert text.count("in one sentence") == 20
    assert "Number 24:" in text
    assert "and 5 more" in text


async def test_each_zone_has_its_own_night(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        seoul = await sleeper(tx, 1, zone="Asia/Seoul")  # 09:00 there
        york = await sleeper(tx, 2, zone="America/New_York")  # 20:00
        berlin = await sleeper(tx, 3, zone="Europe/Berlin")  # 01:00
    await news(db, ["First"])
    assert [owner for owner, _ in await open_texts(db)] == [seoul, york]
    assert (await state(db))[2] == (berlin, Lane.HELD, "queued", MIDNIGHT.replace(hour=6))


@pytest.mark.parametrize("through", [True, False])
async def test_urgent_alerts_pass_where_the_chat_lets_them(db: Database, *, through: bool) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await sleeper(tx, 1, QuietHours(NIGHT.start, NIGHT.end, urgent=through))
        article = await publish(tx, "Quake", "korea", MIDNIGHT)
    await urgent(db, bot_id=BOT, article_id=article.id, requested_by=1, now=MIDNIGHT)
    assert [lane for _, lane, _, _ in await state(db)] == [Lane.ALERT if through else Lane.HELD]


async def test_a_killed_article_of_the_night_never_comes(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await sleeper(tx, 1)
    first, *_ = await news(db, ["First", "Second"])
    await correct(db, first, CorrectionKind.KILL)
    await alerts(db, SEVEN)
    [(_, text)] = await open_texts(db)
    assert "First" not in text
    assert "Second in one sentence" in text


async def test_a_night_of_killed_articles_brings_nothing(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await sleeper(tx, 1)
    for article in await news(db, ["First", "Second"]):
        await correct(db, article, CorrectionKind.KILL)
    await alerts(db, SEVEN)
    assert await open_texts(db) == []
    assert {item[2] for item in await state(db)} == {"dropped"}


async def test_a_corrected_article_comes_as_it_is_now(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await sleeper(tx, 1)
    first, *_ = await news(db, ["Ten hurt", "Second"])
    await correct(db, first, CorrectionKind.CORRECTION, wrong="Ten", right="Two")
    await alerts(db, SEVEN)
    [(_, text)] = await open_texts(db)
    assert "Two hurt" in text
    assert "Ten" not in text


async def correct(db: Database, article: Article, kind: CorrectionKind, wrong: str = "", right: str = "") -> None:
    async with db.begin() as tx:
        words = {"note": "Said so.", "wrong": wrong, "right": right}
        draft_id = await corrections.draft(
            tx, bot_id=BOT, article_id=article.id, kind=kind, by=1, now=MIDNIGHT, **words
        )
    await confirm(db, draft_id=draft_id, article_id=article.id, now=MIDNIGHT)


async def test_who_has_paused_meanwhile_is_left_alone(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await sleeper(tx, 1)
    await news(db, ["First", "Second"])
    async with db.begin() as tx:
        await chats.set_muted_until(tx, place, SEVEN + HOUR)
    await alerts(db, SEVEN)
    async with db.read() as tx:
        assert set(await tx.scalars(select(delivery.c.reason))) == {PAUSED}


async def test_a_new_zone_moves_the_end_of_the_night(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await sleeper(tx, 1)
    await news(db, ["First"])
    async with db.begin() as tx:
        await quiet.hold_again(tx, place, NIGHT, "Europe/Berlin", MIDNIGHT)
    assert [item[3] for item in await state(db)] == [MIDNIGHT.replace(hour=6)]
    async with db.begin() as tx:
        await quiet.hold_again(tx, place, NIGHT, "Asia/Seoul", MIDNIGHT)  # 09:00: day
    await alerts(db, MIDNIGHT)
    assert len(await open_texts(db)) == 1


async def test_without_quiet_hours_what_was_held_comes_at_once(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await sleeper(tx, 1)
    await news(db, ["First", "Second"])
    async with db.begin() as tx:
        await quiet.set_hours(tx, place, None, "UTC", MIDNIGHT)
    await alerts(db, MIDNIGHT)
    [(_, text)] = await open_texts(db)
    assert "While it was quiet" in text


async def test_readers_of_the_same_night_share_an_edition_and_two_workers_double_nothing(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        places = [await sleeper(tx, chat_id) for chat_id in range(1, 31)]
    await news(db, ["First", "Second"])
    await asyncio.gather(*(_released(db) for _ in range(3)))
    found = await open_texts(db)
    assert sorted(owner for owner, _ in found) == places
    assert len({text for _, text in found}) == 1


async def _released(db: Database) -> None:
    while await run_quiet(db, bot_id=BOT, now=SEVEN, limit=4):
        pass


async def test_a_night_that_a_service_slept_through_too(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await sleeper(tx, 1)
    await news(db, ["First", "Second"])
    await alerts(db, MIDNIGHT + timedelta(days=3))
    assert len(await open_texts(db)) == 1
    counts = await _counts(db)
    assert counts == {"queued": 1, "dropped": 2}


async def _counts(db: Database) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, _, name, _ in await state(db):
        found[name] = found.get(name, 0) + 1
    return found


async def test_editors_see_what_is_held(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await sleeper(tx, 1)
    await news(db, ["First"])
    async with db.read() as tx:
        edition_id = int(await tx.scalar(select(delivery.c.edition_id)) or 0)
        found = await of_edition(tx, edition_id)
    assert (found.held, found.waiting, found.total) == (1, 0, 1)


async def test_a_chat_that_is_gone_gets_none_of_what_was_held(wire: World) -> None:
    db = wire.db
    [place] = await wire.people(1)
    now = datetime.now(UTC)
    async with db.begin() as tx:
        await quiet.set_hours(tx, place, _around(now), "UTC", now)
    await wire.edition(["one"], [place], kind=EditionKind.ALERT)
    await wire.edition(["two"], [place], kind=EditionKind.ALERT)
    async with wire.sending():
        await _until_held(wire, 2)
    assert wire.arrived() == []
    async with db.begin() as tx:
        await quiet.set_hours(tx, place, None, "UTC", now)
        await chats.set_state(tx, BOT, wire.chat_ids[0], ChatState.GONE, "blocked")
    await run_quiet(db, bot_id=BOT, now=now)
    await wire.send()
    assert [name for name, _ in await wire.states()] == ["dropped", "dropped"]


async def test_what_did_not_leave_in_time_is_held_by_the_sender(wire: World) -> None:
    [place, other] = await wire.people(2)
    now = datetime.now(UTC)
    async with wire.db.begin() as tx:
        await quiet.set_hours(tx, place, _around(now), "UTC", now)
    await wire.edition(["alert"], [place, other], kind=EditionKind.ALERT)
    await wire.edition(["digest"], [place])
    async with wire.sending():
        await wire.settled(left=1)
    assert sorted(wire.arrived()) == sorted([(wire.chat_ids[1], "alert"), (wire.chat_ids[0], "digest")])
    async with wire.db.begin() as tx:
        await quiet.set_hours(tx, place, None, "UTC", now)
    await run_quiet(wire.db, bot_id=BOT, now=now)
    await wire.send()
    assert wire.arrived()[-1] == (wire.chat_ids[0], "alert")


def _around(now: datetime) -> QuietHours:
    minute = now.hour * 60 + now.minute
    return QuietHours((minute - 60) % 1440, (minute + 60) % 1440)


async def _until_held(wire: World, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if sum(lane is Lane.HELD for _, lane, _, _ in await state(wire.db)) >= count:
                return
            await asyncio.sleep(0.05)
