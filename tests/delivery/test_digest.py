"""The digest tick on both databases: who gets what, when, and only once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from delivery.digest import run_due
from delivery.preview import preview
from storage import chats, schedules, topics
from storage.database import Database
from storage.records import ArticleStatus, ChatState, Mode
from storage.slots import EVERY_DAY
from tests.delivery.news import BOT, EIGHT, NOW, publish, queued, reader, seed

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def tick(db: Database, now: datetime) -> int:
    """All that is due; gives how many destinations."""
    total = 0
    while done := await run_due(db, bot_id=BOT, now=now):
        total += done
    return total


async def test_readers_of_the_same_digest_share_one_edition(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await publish(tx, "Seoul talks", "korea", NOW - HOUR)
        for chat_id in range(1, 6):
            await reader(tx, chat_id, {"korea": Mode.DIGEST})
        await reader(tx, 6, {"science": Mode.DIGEST})
    assert await tick(db, NOW) == 6
    found = await queued(db)
    assert len(found) == 5
    assert len({text for _, text in found}) == 1
    assert "Seoul talks in one sentence." in found[0][1]


async def test_a_second_tick_or_instance_sends_nothing_more(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await publish(tx, "Seoul talks", "korea", NOW - HOUR)
        await reader(tx, 1, {"korea": Mode.DIGEST})
    await asyncio.gather(tick(db, NOW), tick(db, NOW))
    await tick(db, NOW + timedelta(minutes=1))
    assert len(await queued(db)) == 1


async def test_the_window_is_from_slot_to_slot_by_release(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await publish(tx, "Before", "korea", EIGHT)
        await publish(tx, "After", "korea", EIGHT + timedelta(seconds=1))
        await publish(tx, "Archive", "korea", EIGHT - HOUR, archive=True)
        await publish(tx, "Pending", "korea", EIGHT - HOUR, status=ArticleStatus.PENDING)
        await reader(tx, 1, {"korea": Mode.DIGEST})
    await tick(db, NOW)
    await tick(db, NOW + DAY)
    await tick(db, NOW + 2 * DAY)
    texts = [text for _, text in await queued(db)]
    assert len(texts) == 2
    assert "Before" in texts[0]
    assert "After" in texts[1]
    assert not any("Archive" in text or "Pending" in text for text in texts)


@pytest.mark.parametrize(
    ("late", "sent_now"), [(timedelta(minutes=1), True), (3 * HOUR, True), (3 * HOUR + timedelta(minutes=1), False)]
)
async def test_a_late_slot_is_caught_up_or_folds_into_the_next(db: Database, late: timedelta, sent_now: bool) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await publish(tx, "Seoul talks", "korea", NOW - HOUR)
        await reader(tx, 1, {"korea": Mode.DIGEST})
    await tick(db, EIGHT + late)
    assert len(await queued(db)) == sent_now
    await tick(db, NOW + DAY)
    [(_, text)] = await queued(db)
    assert "Seoul talks" in text


async def test_after_three_days_away_one_digest_tells_it_all(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await reader(tx, 1, {"korea": Mode.DIGEST})
        for day in range(4):
            await publish(tx, f"Day {day}", "korea", EIGHT - HOUR + day * DAY)
    await tick(db, NOW)
    await tick(db, NOW + 3 * DAY)
    first, second = [text for _, text in await queued(db)]
    assert "Day 0" in first
    assert all(f"Day {day}" in second for day in (1, 2, 3))


async def test_several_slots_missed_at_once_make_one_digest(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        times = [(EVERY_DAY, minute, None) for minute in (6 * 60, 7 * 60, 8 * 60)]
        await reader(tx, 1, {"korea": Mode.DIGEST}, times=times)
        await publish(tx, "Seoul talks", "korea", EIGHT - timedelta(minutes=90))
    await tick(db, NOW)
    assert len(await queued(db)) == 1


async def test_muted_stopped_and_resting_readers_get_none(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await publish(tx, "Seoul talks", "korea", NOW - HOUR)
        await reader(tx, 1, {"korea": Mode.MUTED})
        await reader(tx, 2, {"asia": Mode.DIGEST, "korea": Mode.MUTED})
        await reader(tx, 3, {"korea": Mode.INSTANT})
        resting = await reader(tx, 4, {"korea": Mode.DIGEST})
        await chats.set_muted_until(tx, resting, NOW + HOUR)
        await reader(tx, 5, {"korea": Mode.DIGEST})
        await chats.set_state(tx, BOT, 5, ChatState.STOPPED)
    assert await tick(db, NOW) == 5
    assert await queued(db) == []
    await tick(db, NOW + DAY)
    assert [owner for owner, _ in await queued(db)] == [resting]


async def test_a_parent_topic_brings_its_children_and_each_article_once(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await publish(tx, "Both", {"korea": 2.0, "china": 1.0}, NOW - HOUR)
        await publish(tx, "Beijing", "china", NOW - HOUR)
        await reader(tx, 1, {"asia": Mode.DIGEST})
        await reader(tx, 2, {"china": Mode.DIGEST, "korea": Mode.DIGEST})
    await tick(db, NOW)
    whole, split = [text for _, text in await queued(db)]
    assert whole.count("Both in one sentence") == whole.count("Beijing in one sentence") == 1
    assert "<b>ASIA</b>" in whole
    assert split.count("Both in one sentence") == 1
    assert (
        split.index("<b>KOREA</b>") < split.index("Both in") < split.index("<b>CHINA</b>") < split.index("Beijing in")
    )


async def test_length_and_zone_are_the_readers_own(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        for number in range(7):
            await publish(tx, f"Story {number}", "korea", NOW - HOUR - timedelta(minutes=number))
        seoul = await reader(tx, 1, {"korea": Mode.DIGEST}, zone="Asia/Seoul", times=[(EVERY_DAY, 17 * 60, None)])
        brief = await reader(tx, 2, {"korea": Mode.DIGEST})
        await chats.set_digest_length(tx, brief, 2)
    await tick(db, NOW)
    texts = dict(await queued(db))
    assert "and 2 more" in texts[seoul]
    assert "15:00" in texts[seoul]
    assert "and 5 more" in texts[brief]


async def test_the_same_local_hour_is_not_sent_twice_after_a_change_of_zone(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {"korea": Mode.DIGEST})
        await publish(tx, "First", "korea", NOW - HOUR)
    await tick(db, NOW)
    async with db.begin() as tx:
        await chats.set_zone(tx, BOT, 1, "America/New_York")
        await schedules.change_zone(tx, place, "America/New_York", NOW)
        await publish(tx, "Second", "korea", NOW + HOUR)
    await tick(db, EIGHT + 4 * HOUR)  # 08:00 in New York, the same day
    assert len(await queued(db)) == 1
    await tick(db, EIGHT + 4 * HOUR + DAY)
    texts = [text for _, text in await queued(db)]
    assert len(texts) == 2
    assert "Second" in texts[1]


async def test_each_day_has_one_slot_across_a_clock_change(db: Database) -> None:
    """02:30 in Berlin, which 29 March does not have, ticking every two hours."""
    zone, start = "Europe/Berlin", datetime(2026, 3, 20, tzinfo=UTC)
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {"korea": Mode.DIGEST}, zone=zone, times=[(EVERY_DAY, 150, None)], since=start)
    moments, now = [], start
    while now < start + timedelta(days=20):
        now += timedelta(hours=2)
        async with db.begin() as tx:
            moments.append((await schedules.of(tx, place))[0].next_at)
        await tick(db, now)
    assert len(set(moments)) == 21


async def test_a_preview_reads_like_the_digest_and_takes_nothing(db: Database) -> None:
    async with db.begin() as tx:
        known = await seed(tx)
        await publish(tx, "Seoul talks", "korea", NOW - HOUR)
        await reader(tx, 1, {"asia": Mode.DIGEST})
    options = {"since": EIGHT - DAY, "now": EIGHT, "zone": "UTC", "language": "en", "length": 5}
    shown = await preview(db, topic_ids=[known["asia"].id], **options)  # type: ignore[arg-type]
    await tick(db, NOW)
    [(_, text)] = await queued(db)
    assert [part.text for part in shown] == [text]
    assert await preview(db, topic_ids=[known["science"].id], **options) == ()  # type: ignore[arg-type]
    async with db.read() as tx:
        assert len(await topics.all_topics(tx)) == 4
