"""Schedules and slots in the database."""

from datetime import timedelta

from storage import chats, schedules
from storage.database import Database
from storage.records import Mode
from storage.slots import EVERY_DAY, Slot
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
        [entry] = await schedules.reschedule(tx, place, "America/New_York", NOW)
    assert entry.next_at == EIGHT.replace(hour=12)


async def test_no_entries_is_no_digest(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {})
        assert await schedules.replace(tx, place, [], "UTC", NOW) == []
        assert await schedules.due(tx, BOT, NOW + DAY, 10) == []
        assert await schedules.next_due(tx, BOT) is None


async def test_due_entries_come_with_what_decides_and_all_of_a_destination(db: Database) -> None:
    times = [(EVERY_DAY, 420, None), (EVERY_DAY, 480, None)]
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {"korea": Mode.DIGEST}, times=times, zone="UTC")
        await reader(tx, 2, {}, times=[(EVERY_DAY, 1000, None)], since=NOW)
        await chats.set_digest_length(tx, place, 3)
        found = await schedules.due(tx, BOT, NOW, 1)
        assert [(item.entry.destination_id, item.entry.minute, item.digest_length) for item in found] == [
            (place, 420, 3),
            (place, 480, 3),
        ]
        assert await schedules.due(tx, BOT + 1, NOW, 10) == []
        assert (await schedules.modes(tx, [place]))[place] == {2: Mode.DIGEST}


async def test_a_slot_is_taken_once(db: Database) -> None:
    slot = Slot("2026-03-27T08:00", EIGHT)
    async with db.begin() as tx:
        await seed(tx)
        places = [await reader(tx, 1, {}), await reader(tx, 2, {})]
        assert await schedules.take_slots(tx, [(places[0], slot)]) == {(places[0], slot.key)}
        assert await schedules.take_slots(tx, [(place, slot) for place in places]) == {(places[1], slot.key)}
        assert await schedules.take_slots(tx, []) == set()
