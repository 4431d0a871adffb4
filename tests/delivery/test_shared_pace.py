"""The pace of a bot whose processes all send."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from telegram.ext import ExtBot

from bot.connect import connect
from delivery.limiter import Limiter, Turn
from delivery.pace import PER_SECOND, Pacer
from delivery.shared_pace import DatabaseClock, SharedPace, shared_pace
from storage import pace
from storage.database import Database
from tests.delivery.series import most_in_a_second
from tests.delivery.worlds import BOT, TOKEN, world

GAP = 1 / PER_SECOND
REPLIES, ASK_SECONDS = 20, 0.1
JITTER = 3  # messages that a machine with other work may bring too close together


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    yield database
    await database.dispose()


async def test_places_of_two_processes_follow_each_other(postgres: Database) -> None:
    first, second = SharedPace(postgres, BOT), SharedPace(postgres, BOT)
    now = asyncio.get_running_loop().time() + 0.5
    places = [await one.place(now) for _ in range(5) for one in (first, second)]
    assert places[0] == now
    assert [later - earlier for earlier, later in pairwise(places)] == pytest.approx([GAP] * 9, abs=0.01)


async def test_several_places_are_taken_together(postgres: Database) -> None:
    one = SharedPace(postgres, BOT)
    now = asyncio.get_running_loop().time() + 0.5
    await one.place(now, count=10)
    assert await one.place(now) == pytest.approx(now + 10 * GAP, abs=0.01)


async def test_what_nobody_took_is_not_made_up_for(postgres: Database) -> None:
    one, now = SharedPace(postgres, BOT), asyncio.get_running_loop().time()
    await one.place(now)
    assert await one.place(now + 5) == now + 5


async def test_a_place_of_another_age_holds_nobody_up_for_long(postgres: Database) -> None:
    """The server's clock was put back by an hour."""
    async with postgres.begin() as tx:
        await pace.take(tx, BOT, await pace.clock(tx) + 3600, GAP)
    now = asyncio.get_running_loop().time()
    assert await SharedPace(postgres, BOT).place(now) - now <= pace.FURTHEST_SECONDS + 1


async def test_without_the_database_each_keeps_its_own_pace() -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    now = asyncio.get_running_loop().time()
    assert await SharedPace(away, BOT).place(now) == now
    await away.dispose()


def test_one_process_has_nothing_to_share() -> None:
    assert shared_pace(Database("sqlite:///unused.db"), BOT) is None


def test_the_quickest_answer_tells_the_time_best() -> None:
    clock = DatabaseClock()
    for asked, answered, told in [(0.0, 0.4, 100.4), (1.0, 1.002, 101.001), (2.0, 2.3, 102.0)]:
        clock.hear(asked, answered, told)
    assert clock.ahead == pytest.approx(100.0)
    assert clock.trip == pytest.approx(0.002)


def test_a_clock_that_was_set_is_believed() -> None:
    clock = DatabaseClock()
    clock.hear(1.0, 1.002, 101.001)
    clock.hear(2.0, 2.1, 3702.05)
    assert clock.ahead == pytest.approx(3700.0)


async def test_replies_of_another_process_bring_no_second_over_the_limit(postgres_url: str) -> None:
    """A worker answers while a sender pushes: Telegram counts both."""
    ours, theirs = Database(postgres_url), Database(postgres_url)
    async with world(ours) as wire:
        people = await wire.people(90)
        askers = wire.sandbox.world.bulk_chats(REPLIES, 900_001)
        await wire.edition(["news"], people)
        limiter = Limiter(Pacer())
        limiter.share(shared_pace(theirs, BOT))
        async with connect(TOKEN, wire.url, limiter) as bot, wire.sending(pacer=Pacer(), shared=shared_pace(ours, BOT)):
            await _ask(bot, askers)
            await wire.settled()
        rows = [row for row in wire.sandbox.ledger.rows if row.method == "sendMessage"]
    await ours.dispose()
    await theirs.dispose()
    assert most_in_a_second([row.at for row in rows]) <= 30 + JITTER  # each for itself: 39
    assert len(rows) == len(people) + REPLIES


async def _ask(bot: ExtBot[Turn], chat_ids: list[int]) -> None:
    async with asyncio.TaskGroup() as replies:
        await asyncio.sleep(1.2)  # a new sender holds its pushes for a second
        for chat_id in chat_ids:
            replies.create_task(bot.send_message(chat_id, "an answer"))
            await asyncio.sleep(ASK_SECONDS)
