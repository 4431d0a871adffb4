"""What becomes of a call that is under way while its chat is forgotten, or becomes another: on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Table, func, select

from delivery.fate import Fate, FateKind
from delivery.settle import InDoubt, Settling, settle
from storage import chats, editions, outbox
from storage.claims import Claim
from storage.database import Database
from storage.records import ChatKind, ChatState, EditionKind, EditionPart, Lane
from storage.schema import delivery, delivery_part
from storage.schema import destination as places
from tests.delivery.worlds import BOT, destination

OLD, NEW, OTHER = -5001, -1005001, 42
ARRIVED = 4711
BLOCKED_S = 0.2

ARRIVALS = (FateKind.AMENDED, FateKind.DELETED)
OUTCOMES = [*(kind for kind in FateKind if kind not in ARRIVALS), None]  # None: it arrived
TELLING = [None, FateKind.GONE, FateKind.MOVED, FateKind.DOUBT]


def name(outcome: FateKind | None) -> str:
    return "arrived" if outcome is None else outcome.value


async def place(db: Database, chat_id: int, kind: ChatKind = ChatKind.GROUP) -> int:
    async with db.begin() as tx:
        return await destination(tx, chat_id, kind=kind)


async def edition(db: Database, text: str, *to: int) -> int:
    now = datetime.now(UTC)
    async with db.begin() as tx:
        made, _ = await editions.make(
            tx, bot_id=BOT, kind=EditionKind.DIGEST, signature=text, parts=(EditionPart(0, text),), now=now
        )
        await editions.add_deliveries(tx, made, bot_id=BOT, lane=Lane.DIGEST, destination_ids=to, now=now)
    return made


async def call(db: Database) -> Claim:
    """Mark the next delivery: from here on its call is under way."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    async with db.begin() as tx:
        await outbox.take_over(tx, BOT)
        [claim] = await outbox.mark(tx, (await outbox.candidates(tx, BOT, now, 1))[:1], now)
    return claim


async def answer(db: Database, claim: Claim, outcome: FateKind | None) -> None:
    """The call's end, as the sender writes it down."""
    now = datetime.now(UTC)
    async with db.begin() as tx:
        if outcome is None:
            await outbox.sent(tx, claim, ARRIVED, now, now)
        else:
            fate = Fate(outcome, "a reason", wait=1, chat_id=NEW if outcome is FateKind.MOVED else None)
            await settle(tx, claim, fate, Settling(BOT, InDoubt.RESEND, now, 0.5))


async def forget(db: Database, chat_id: int) -> None:
    async with db.begin() as tx:
        await chats.forget(tx, BOT, chat_id)


async def migrate(db: Database) -> None:
    async with db.begin() as tx:
        await chats.migrate(tx, BOT, OLD, NEW)


async def rows(db: Database) -> list[tuple[str, int]]:
    """(state, chat id) of every delivery."""
    query = select(delivery.c.state, places.c.chat_id).join(places, places.c.id == delivery.c.destination_id)
    async with db.read() as tx:
        return [(row.state, row.chat_id) for row in await tx.execute(query.order_by(delivery.c.id))]


async def count(db: Database, table: Table) -> int:
    async with db.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)) or 0)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=name)
async def test_a_chat_that_is_forgotten_meanwhile_stays_forgotten(db: Database, outcome: FateKind | None) -> None:
    await edition(db, "news", await place(db, OLD), await place(db, OTHER, ChatKind.PRIVATE))
    claim = await call(db)
    await forget(db, claim.chat_id)
    await answer(db, claim, outcome)
    other = ({OLD, OTHER} - {claim.chat_id}).pop()
    assert await rows(db) == [("queued", other)]
    assert await count(db, delivery_part) == 0
    async with db.read() as tx:
        assert await chats.get(tx, BOT, claim.chat_id) is None


@pytest.mark.parametrize("outcome", TELLING, ids=name)
async def test_a_late_answer_decides_nothing_about_who_came_after(db: Database, outcome: FateKind | None) -> None:
    """SQLite gives a forgotten delivery's number to the next one."""
    await edition(db, "old news", await place(db, OTHER, ChatKind.PRIVATE))
    late = await call(db)
    await forget(db, OTHER)
    await edition(db, "new news", await place(db, OTHER + 1, ChatKind.PRIVATE))
    again = await call(db)
    await answer(db, late, outcome)
    assert await rows(db) == [("sending", OTHER + 1)]
    await answer(db, again, None)
    assert await rows(db) == [("sent", OTHER + 1)]


AFTER_A_MOVE = {
    None: "sent",
    FateKind.FAILED: "failed",
}


@pytest.mark.parametrize("outcome", OUTCOMES, ids=name)
async def test_a_group_that_moves_meanwhile_takes_its_delivery_along(db: Database, outcome: FateKind | None) -> None:
    await edition(db, "news", await place(db, OLD))
    claim = await call(db)
    await migrate(db)
    await answer(db, claim, outcome)
    assert await rows(db) == [(AFTER_A_MOVE.get(outcome, "queued"), NEW)]
    async with db.read() as tx:
        moved = await chats.get(tx, BOT, NEW)
        assert await chats.get(tx, BOT, OLD) is None
    assert moved is not None
    assert moved.state is ChatState.ACTIVE


@pytest.mark.parametrize("outcome", TELLING, ids=name)
async def test_what_both_chats_were_to_get_is_left_to_the_new_one(db: Database, outcome: FateKind | None) -> None:
    await edition(db, "news", await place(db, OLD), await place(db, NEW, ChatKind.SUPERGROUP))
    claim = await call(db)
    assert claim.chat_id == OLD
    await migrate(db)
    await answer(db, claim, outcome)
    assert await rows(db) == [("queued", NEW)]


async def test_two_calls_of_one_group_may_both_hear_that_it_moved(db: Database) -> None:
    to = await place(db, OLD)
    await edition(db, "digest", to)
    first = await call(db)
    async with db.begin() as tx:
        made, _ = await editions.make(
            tx,
            bot_id=BOT,
            kind=EditionKind.ALERT,
            signature="alert",
            parts=(EditionPart(0, "alert"),),
            now=first.created_at,
        )
        await editions.add_deliveries(tx, made, bot_id=BOT, lane=Lane.ALERT, destination_ids=[to], now=first.created_at)
    second = await call(db)
    for claim in (first, second):
        await answer(db, claim, FateKind.MOVED)
    assert await rows(db) == [("queued", NEW), ("queued", NEW)]


@pytest.mark.parametrize("end", ["forget", "migrate"])
async def test_a_fan_out_under_way_is_waited_for(db: Database, end: str) -> None:
    """Deliveries that were added to the chat, but not committed yet, must not keep it from ending."""
    await place(db, NEW, ChatKind.SUPERGROUP)
    to, now = await place(db, OLD), datetime.now(UTC)
    made = await edition(db, "news")
    async with db.begin() as tx:
        await editions.add_deliveries(tx, made, bot_id=BOT, lane=Lane.DIGEST, destination_ids=[to], now=now)
        ending = asyncio.create_task(forget(db, OLD) if end == "forget" else migrate(db))
        await asyncio.wait({ending}, timeout=BLOCKED_S)
        assert not ending.done()
    await ending
    assert await rows(db) == ([] if end == "forget" else [("queued", NEW)])
