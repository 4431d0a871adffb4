"""What the digest tick reads and writes in bulk."""

import itertools
from datetime import timedelta

import aiosqlite

from benchmarks import archive
from benchmarks import digests as benchmark
from storage import chats, digests, schedules
from storage.database import Database
from storage.records import Mode
from storage.slots import EVERY_DAY, Slot
from tests.delivery.news import BOT, EIGHT, NOW, publish, reader, seed

DAY = timedelta(days=1)


async def test_due_entries_come_with_what_decides_and_all_of_a_destination(db: Database) -> None:
    times = [(EVERY_DAY, 420, None), (EVERY_DAY, 480, None)]
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {"korea": Mode.DIGEST, "asia": Mode.MUTED}, times=times, zone="UTC")
        await reader(tx, 2, {}, times=[(EVERY_DAY, 1000, None)], since=NOW)
        await chats.set_digest_length(tx, place, 3)
        page = await digests.due(tx, BOT, NOW, 1)
        [(case, [(destination_id, entry_ids)])] = page.cases.items()
        assert destination_id == place
        assert [entry.id for entry in await schedules.of(tx, place)] == list(entry_ids)
        assert [(entry.id, entry.minute) for entry in case.times] == [(0, 420), (1, 480)]
        assert case.digest_length == 3
        assert case.modes == ((1, Mode.MUTED), (2, Mode.DIGEST))
        assert (await digests.due(tx, BOT + 1, NOW, 10)).places == 0


async def test_destinations_that_are_alike_make_one_case(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        modes = [{"korea": Mode.DIGEST, "asia": Mode.MUTED}, {"asia": Mode.MUTED, "korea": Mode.DIGEST}, {}]
        places = [await reader(tx, number, chosen) for number, chosen in enumerate(modes, start=1)]
        page = await digests.due(tx, BOT, NOW, 10)
    assert [[place[0] for place in found] for found in page.cases.values()] == [places[:2], places[2:]]


async def test_pages_of_due_destinations_meet_without_gap_or_overlap(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        times = [[(EVERY_DAY, 60 * hour, None) for hour in hours] for hours in ((7,), (6, 8), (7, 8), (8,), (6,))]
        places = [await reader(tx, number, {}, times=chosen) for number, chosen in enumerate(times, start=1)]
        seen: list[int] = []
        page = await digests.due(tx, BOT, NOW, 2)
        while page.cases:
            found = [place for group in page.cases.values() for place in group]
            for case, group in page.cases.items():  # as the tick does, so that none of theirs is due any more
                for number, entry in enumerate(case.times):
                    moved = [entry_ids[number] for _, entry_ids in group]
                    assert entry.next_at is not None
                    assert await digests.advance(tx, entry.next_at, NOW + DAY, moved) == set(moved)
            seen += [place[0] for place in found]
            page = await digests.due(tx, BOT, NOW, 2, page.last)
    assert sorted(seen) == places


async def test_an_entry_that_was_changed_meanwhile_is_left_alone(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {})
        [entry] = await schedules.of(tx, place)
        assert entry.next_at is not None
        assert await digests.advance(tx, entry.next_at - DAY, NOW + DAY, [entry.id]) == set()
        assert await digests.advance(tx, entry.next_at, None, [entry.id]) == {entry.id}
        assert (await schedules.of(tx, place))[0].next_at is None


async def test_a_slot_is_taken_once(db: Database) -> None:
    slot = Slot("2026-03-27T08:00", EIGHT)
    async with db.begin() as tx:
        await seed(tx)
        places = [await reader(tx, 1, {}), await reader(tx, 2, {})]
        assert await digests.take_slot(tx, slot, places[:1]) == {places[0]}
        assert await digests.take_slot(tx, slot, places) == {places[1]}
        assert await digests.take_slot(tx, slot, []) == set()


async def test_filings_are_the_latest_of_each_topic_within_the_window(db: Database) -> None:
    async with db.begin() as tx:
        known = await seed(tx)
        korea, china = known["korea"].id, known["china"].id
        ids = [
            (await publish(tx, f"Korea {number}", {"korea": 2.0, "asia": 1.0}, EIGHT - number * DAY)).id
            for number in range(4)
        ]
        found = await digests.filings(tx, topic_ids=[korea, china], start=EIGHT - 3 * DAY, end=EIGHT, limit=2)
    assert {topic_id: [item.article_id for item in filed] for topic_id, filed in found.items()} == {
        korea: ids[:2],
        china: [],
    }
    assert [item.salience for item in found[korea]] == [2.0, 2.0]


async def test_a_page_costs_the_same_however_many_chats_there_are(sqlite_url: str) -> None:
    """In steps of SQLite's machine, and without the statistics that a service never makes."""
    database = Database(sqlite_url)
    steps = [await _steps_of_a_page(database, range(first, last)) for first, last in ((1, 501), (501, 5_001))]
    await database.dispose()
    assert steps[1] < 2 * steps[0]


async def _steps_of_a_page(database: Database, more: range) -> int:
    archive.load(database, list(benchmark.readers(more, 5)))
    steps = itertools.count()
    async with database.read() as tx:
        connection = (await tx.get_raw_connection()).driver_connection
        assert isinstance(connection, aiosqlite.Connection)
        await connection.set_progress_handler(lambda: next(steps) and None, 10)
        page = await digests.due(tx, benchmark.BOT, benchmark.DUE, 100)
        await connection.set_progress_handler(lambda: None, 0)
    assert page.places == 100
    return next(steps)
