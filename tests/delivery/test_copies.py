"""What is left of old deliveries: a correction half a year later reaches the messages; a year later nothing is left."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from delivery import status
from delivery.retention import Keep, run_retention
from storage import chats, copies, corrections, references
from storage.database import Database
from storage.schema import delivery, edition, sent_copy
from tests.delivery.test_corrections import Desk
from tests.delivery.worlds import BOT, World, world

AGES_AGO = timedelta(days=200)


@pytest.fixture
def anywhere(wire: World) -> Desk:
    """On each database."""
    return Desk(wire)


@pytest.fixture
async def newsroom(sqlite_url: str) -> AsyncIterator[Desk]:
    db = Database(sqlite_url)
    async with world(db) as made:
        yield Desk(made)
    await db.dispose()


async def _age(desk: Desk) -> None:
    """What was sent was sent half a year ago, and only its messages are known."""
    at = datetime.now(UTC) - AGES_AGO
    async with desk.wire.db.begin() as tx:
        await tx.execute(update(delivery).values(done_at=at, created_at=at))
        await tx.execute(update(edition).values(composed_at=at))
    await _prune(desk)
    assert await _count(desk, delivery) == 0


async def _prune(desk: Desk, *, later: timedelta = timedelta(0), keep: Keep | None = None) -> list[int]:
    """Rows that went in each round."""
    rounds: list[int] = []
    now = datetime.now(UTC) + later
    while gone := await run_retention(desk.wire.db, now=now, keep=keep or Keep(), chunk=2):
        rounds.append(gone)
    return rounds


async def _count(desk: Desk, table: object) -> int:
    async with desk.wire.db.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


async def test_half_a_year_later_corrections_still_reach_every_copy(anywhere: Desk) -> None:
    first, other = await anywhere.open(5, "Ferry sinks with 21 aboard", "Another story")
    await anywhere.push()
    await anywhere.wire.send()
    await _age(anywhere)
    async with anywhere.wire.db.read() as tx:
        assert await corrections.count_copies(tx, BOT, first.id) == 5
        [sent] = await status.of_article(tx, first.id)
    assert (sent.sent, sent.total) == (5, 5)
    item = await anywhere.correct(first, "It was 12.", wrong="21", right="12")
    await anywhere.carry_out()
    assert all("with 12 aboard" in text and "CORRECTION: It was 12." in text for text in anywhere.shown())
    assert len(anywhere.calls("editMessageText")) == 5
    assert (await anywhere.standing(item)).correction.done
    await anywhere.kill(other)
    await anywhere.carry_out()
    assert all("KILLED: " in text and "Another story" not in text for text in anywhere.shown())
    assert len(anywhere.calls("editMessageText")) == 10


async def test_what_stands_alone_is_too_old_to_be_deleted(newsroom: Desk) -> None:
    [only] = await newsroom.open(2, "Minister resigns")
    await newsroom.push()
    await newsroom.wire.send()
    await _age(newsroom)
    await newsroom.kill(only)
    await newsroom.carry_out()
    assert newsroom.calls("deleteMessage") == []
    assert all(text.startswith("KILLED: ") for text in newsroom.shown())


async def test_a_message_that_is_gone_meanwhile_is_left_alone_afterwards(newsroom: Desk) -> None:
    first, _ = await newsroom.open(2, "Ferry sinks", "Another story")
    await newsroom.push()
    await newsroom.wire.send()
    await _age(newsroom)
    newsroom.wire.sandbox.world.chats[newsroom.wire.chat_ids[0]].messages.clear()
    for note in ("It did not sink.", "It floats."):
        await newsroom.correct(first, note)
        await newsroom.carry_out()
    assert len(newsroom.calls("editMessageText")) == 3
    assert await _count(newsroom, sent_copy) == 1


async def test_old_and_new_copies_are_corrected_together(newsroom: Desk) -> None:
    first, _ = await newsroom.open(4, "Ferry sinks", "Another story")
    await newsroom.push()
    await newsroom.wire.send()
    at = datetime.now(UTC) - AGES_AGO
    async with newsroom.wire.db.begin() as tx:
        await tx.execute(update(delivery).where(delivery.c.id % 2 == 0).values(done_at=at))
        await tx.execute(update(edition).values(composed_at=at))
    await _prune(newsroom)
    assert (await _count(newsroom, delivery), await _count(newsroom, sent_copy)) == (2, 2)
    await newsroom.correct(first, "It did not sink.")
    await newsroom.carry_out()
    assert all("It did not sink." in text for text in newsroom.shown())
    assert len(newsroom.calls("editMessageText")) == 4


async def test_after_the_year_nothing_is_left_and_no_round_is_long(anywhere: Desk) -> None:
    await anywhere.open(5, "Ferry sinks", "Another story")
    await anywhere.push()
    await anywhere.wire.send()
    assert await _prune(anywhere, later=timedelta(days=29)) == []
    rounds = await _prune(anywhere, later=timedelta(days=31))
    assert rounds == [2, 2, 1]
    assert (await _count(anywhere, delivery), await _count(anywhere, sent_copy)) == (0, 5)
    rounds = await _prune(anywhere, later=timedelta(days=366))
    assert max(rounds) <= 3  # two copies, and the edition when they are gone
    assert (await _count(anywhere, sent_copy), await _count(anywhere, edition)) == (0, 0)


async def test_announcements_leave_nothing(newsroom: Desk) -> None:
    to = await newsroom.wire.people(3)
    await newsroom.wire.edition(["We move house."], to)
    await newsroom.wire.send()
    await _age(newsroom)
    assert (await _count(newsroom, sent_copy), await _count(newsroom, edition)) == (0, 0)


async def test_an_old_message_still_names_its_articles_until_the_chat_is_forgotten(newsroom: Desk) -> None:
    first, other = await newsroom.open(2, "Ferry sinks", "Another story")
    await newsroom.push()
    await newsroom.wire.send()
    await _age(newsroom)
    here, there = newsroom.wire.chat_ids
    message_id = newsroom.calls("sendMessage")[0].message_id
    async with newsroom.wire.db.begin() as tx:
        found = await references.by_message(tx, bot_id=BOT, chat_id=here, message_id=message_id)
        assert set(found) == {first.id, other.id}
        await chats.forget(tx, BOT, here)
        assert await references.by_message(tx, bot_id=BOT, chat_id=here, message_id=message_id) == ()
        assert await corrections.count_copies(tx, BOT, first.id) == 1
        place = await chats.destination(tx, BOT, there)
        await copies.lose(tx, [place.id])
        assert await corrections.count_copies(tx, BOT, first.id) == 0
