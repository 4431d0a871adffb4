"""The pace of a bot whose processes all send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise

import pytest
from telegram.ext import ExtBot

from bot.connect import connect
from bot.listen import listen
from delivery.limiter import Limiter, Turn
from delivery.pace import PER_SECOND, Pacer
from delivery.shared_pace import SAME_SECONDS, DatabaseClock, SharedPace, shared_pace
from storage import pace
from storage.database import Database
from storage.records import Lane
from tests.delivery.series import most_in_a_second
from tests.delivery.worlds import BOT, TOKEN, World, world
from tests.patience import PATIENCE_S

GAP = 1 / PER_SECOND
REPLIES, ASK_SECONDS = 20, 0.1
AHEAD_SECONDS = 5.0  # of all that asking for ten places may take, and within pace.FURTHEST_SECONDS
JITTER = 3  # messages that a machine with other work may bring too close together


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    yield database
    await database.dispose()


async def patient(db: Database) -> SharedPace:
    """A process that has asked before; on a busy machine the first answer takes its time, and tells the clock badly."""
    made = SharedPace(db, BOT, patience=PATIENCE_S)
    for _ in range(3):
        await made.place(0.0)
    return made


async def test_places_of_two_processes_follow_each_other(postgres: Database) -> None:
    first, second = await patient(postgres), await patient(postgres)
    now = asyncio.get_running_loop().time() + AHEAD_SECONDS
    badly = (first._clock.trip + second._clock.trip) / 2  # each takes half a trip for no more than it may be
    places = [await one.place(now) for _ in range(5) for one in (first, second)]
    assert places[0] == now
    gaps = [later - earlier for earlier, later in pairwise(places)]
    assert gaps == pytest.approx([GAP] * 9, abs=SAME_SECONDS + badly)


async def test_several_places_are_taken_together(postgres: Database) -> None:
    one = await patient(postgres)
    now, badly = asyncio.get_running_loop().time() + AHEAD_SECONDS, one._clock.trip
    await one.place(now, count=10)
    assert await one.place(now) == pytest.approx(now + 10 * GAP, abs=SAME_SECONDS + badly)


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


@asynccontextmanager
async def _worker(url: str, wire: World, pacer: Pacer, shared: SharedPace) -> AsyncIterator[ExtBot[Turn]]:
    """Another process that answers, and hears as the sender does."""
    limiter, stop = Limiter(pacer), asyncio.Event()
    limiter.share(shared)
    async with connect(TOKEN, wire.url, limiter) as bot, asyncio.TaskGroup() as group:
        group.create_task(listen(url, {pace.CHANNEL: partial(shared.count, pacer)}, stop))
        yield bot
        stop.set()


@pytest.mark.parametrize("first", ["replies", "pushes"])
async def test_what_another_process_sends_to_a_chat_counts_for_it(postgres_url: str, first: str) -> None:
    """A chat takes three messages in three seconds; the sandbox refuses the fourth."""
    ours, theirs = Database(postgres_url), Database(postgres_url)
    async with world(ours) as wire:
        wire.sandbox.limits.per_chat_second = 1
        people = await wire.people(1)
        chat_id, sending, answering = wire.chat_ids[0], Pacer(warm_up=0.0), Pacer()
        mine, other = SharedPace(ours, BOT), SharedPace(theirs, BOT)
        stop = asyncio.Event()
        async with _worker(postgres_url, wire, answering, other) as bot, asyncio.TaskGroup() as group:
            group.create_task(listen(postgres_url, {pace.CHANNEL: partial(mine.count, sending)}, stop))
            await _hear_each_other(theirs, (mine, sending), (other, answering))
            async with wire.sending(pacer=sending, shared=mine):
                if first == "replies":
                    await _answer(bot, chat_id, 3)
                    await wire.until(lambda: _heard_of(sending, chat_id) == 3)
                    await wire.edition(["news"], people)
                else:
                    await wire.edition(["news"], people)
                    await wire.until(lambda: wire.arrived() and _heard_of(answering, chat_id) == 1)
                    await _answer(bot, chat_id, 3)
                await wire.settled()
            stop.set()
        statuses = [row.status for row in wire.sandbox.ledger.rows if row.method == "sendMessage"]
    await ours.dispose()
    await theirs.dispose()
    assert statuses == [200] * 4


async def _answer(bot: ExtBot[Turn], chat_id: int, times: int) -> None:
    async with asyncio.TaskGroup() as replies:
        for _ in range(times):
            replies.create_task(bot.send_message(chat_id, "an answer"))


def _heard_of(pacer: Pacer, chat_id: int) -> int:
    """How many messages to the chat it counts."""
    return len(pacer._chats.get(chat_id, ()))


NOBODY = 1


async def _hear_each_other(database: Database, *processes: tuple[SharedPace, Pacer]) -> None:
    """It takes a moment until they listen."""
    teller = SharedPace(database, BOT)
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(PATIENCE_S):
        while not all(pacer.ready(Lane.ALERT, NOBODY, now()) > now() for _, pacer in processes):
            await teller.place(now(), chat_id=NOBODY)


async def test_of_what_is_told_only_the_bot_s_own_is_counted() -> None:
    pacer = Pacer()
    shared = SharedPace(Database("sqlite:///unused.db"), BOT)
    for words in (f"{BOT + 1} other 5.0 {NOBODY}", "nonsense", "", f"{BOT} other soon {NOBODY}"):
        shared.count(pacer, words)
    assert pacer.ready(Lane.ALERT, NOBODY, 0.0) == 0.0
