"""Schedules and slots in the database."""

from datetime import timedelta

from storage import digests, schedules
from storage.database import Database
from storage.slots import EVERY_DAY
from tests.delivery.news import BOT, EIGHT, NOW, reader, seed

DAY = timedelta(days=1)


async def test_entries_are_replaced_and_know_their_next_moment(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {}, since=NOW)
        weekdays = 0b001_1111
        entries = await schedules.replace(
            tx, place, [(EVERY_DAY, 1080, None), (weekdays, 420, None), (EVERY_DAY, 1080, None)], "Asia/Seoul", NOW
        )
    assert [(entry.minute, entry.weekdays) for entry in entries] == [(420, weekdays), (1080, EVERY_DAY)]
    assert entries[0].next_at == EIGHT.replace(hour=22) + 2 * DAY  # NOW is a Friday: Monday 07:00 in Seoul
    assert entries[1].next_at == EIGHT.replace(hour=9)


async def test_a_change_of_zone_moves_the_next_moment(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {}, since=NOW)
        [entry] = await schedules.change_zone(tx, place, "America/New_York", NOW)
    assert entry.next_at == EIGHT.replace(hour=12)


async def test_what_is_due_stays_due_when_the_zone_changes_and_not_when_a_chat_comes_back(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {}, since=NOW - DAY)
        [due] = await schedules.change_zone(tx, place, "America/New_York", NOW)
        [back] = await schedules.reschedule(tx, place, "America/New_York", NOW)
    assert due.next_at == EIGHT
    assert back.next_at == EIGHT.replace(hour=12)


async def test_no_entries_is_no_digest(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {})
        assert await schedules.replace(tx, place, [], "UTC", NOW) == []
        assert (await digests.due(tx, BOT, NOW + DAY, 10)).places == 0
