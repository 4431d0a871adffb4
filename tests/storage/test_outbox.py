"""The outbox's rows: what may leave, in which order, and how little it reads."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from storage import editions, outbox
from storage.claims import Claim
from storage.database import Connection, Database
from storage.records import EditionKind, EditionPart
from storage.schema import chat, delivery
from tests.delivery.news import BOT, NOW, reader, seed

LATER = NOW + timedelta(seconds=30)


async def queue(tx: Connection, to: list[int], *texts: str, kind: EditionKind = EditionKind.DIGEST) -> int:
    parts = tuple(EditionPart(number, words) for number, words in enumerate(texts))
    edition_id, _ = await editions.make(tx, bot_id=BOT, kind=kind, signature=f"{texts}{kind}", parts=parts, now=NOW)
    lane = editions.LANES[kind]
    await editions.add_deliveries(tx, edition_id, bot_id=BOT, lane=lane, destination_ids=to, now=NOW)
    return edition_id


async def readers(tx: Connection, count: int) -> list[int]:
    await seed(tx)
    return [await reader(tx, chat_id, {}) for chat_id in range(1, count + 1)]


async def texts(tx: Connection, *, limit: int = 10, now: Any = NOW) -> list[tuple[int, str]]:
    return [(claim.chat_id, claim.message.text) for claim in await outbox.candidates(tx, BOT, now, limit)]


async def first(tx: Connection, now: Any = NOW) -> Claim:
    return (await outbox.candidates(tx, BOT, now, 1))[0]


async def test_lanes_go_in_order_and_each_destination_waits_for_its_own(db: Database) -> None:
    async with db.begin() as tx:
        to = await readers(tx, 2)
        await queue(tx, to, "digest 1")
        await queue(tx, to, "digest 2")
        await queue(tx, to, "alert", kind=EditionKind.ALERT)
        await queue(tx, to, "kill", kind=EditionKind.KILL)
        assert await texts(tx) == [
            (1, "alert"),
            (2, "alert"),
            (1, "kill"),
            (2, "kill"),
            (1, "digest 1"),
            (2, "digest 1"),
        ]


async def test_what_is_being_sent_holds_up_its_followers_only(db: Database) -> None:
    async with db.begin() as tx:
        to = await readers(tx, 2)
        await queue(tx, to, "one")
        await queue(tx, to, "two")
        claim = await first(tx)
        assert await outbox.mark(tx, [claim], NOW) == [claim]
        assert await texts(tx) == [(2, "one")]
        await outbox.sent(tx, claim, 5, NOW, NOW)
        assert await texts(tx) == [(2, "one"), (1, "two")]


async def test_what_is_put_off_is_not_overtaken(db: Database) -> None:
    async with db.begin() as tx:
        to = await readers(tx, 1)
        await queue(tx, to, "one")
        await queue(tx, to, "two")
        claim = await first(tx)
        await outbox.mark(tx, [claim], NOW)
        await outbox.requeue(tx, claim, LATER, reason="busy")
        assert await texts(tx) == []
        assert await outbox.next_due(tx, BOT) == LATER
        assert await texts(tx, now=LATER) == [(1, "one")]


async def test_an_edition_of_parts_goes_on_at_its_first_unsent_part(db: Database) -> None:
    async with db.begin() as tx:
        to = await readers(tx, 1)
        await queue(tx, to, "part 0", "part 1")
        claim = await first(tx)
        await outbox.mark(tx, [claim], NOW)
        await outbox.sent(tx, claim, 5, NOW, LATER)
        again = await first(tx, LATER)
    assert (again.part, again.parts, again.message.text, again.attempts) == (1, 2, "part 1", 0)


async def test_a_row_is_marked_once(db: Database) -> None:
    async with db.begin() as tx:
        to = await readers(tx, 1)
        await queue(tx, to, "one")
        claim = await first(tx)
        assert await outbox.mark(tx, [claim], NOW) == [claim]
        assert await outbox.mark(tx, [claim], NOW) == []


async def test_a_result_that_comes_too_late_changes_nothing(db: Database) -> None:
    async with db.begin() as tx:
        to = await readers(tx, 1)
        await queue(tx, to, "part 0", "part 1")
        claim = await first(tx)
        await outbox.mark(tx, [claim], NOW)
        await outbox.sent(tx, claim, 5, NOW, NOW)
        await outbox.sent(tx, claim, 6, NOW, NOW)
        await outbox.fail(tx, claim, "too late", NOW)
        assert (await first(tx)).part == 1


async def test_a_chat_that_is_gone_drops_its_queue_in_every_lane(db: Database) -> None:
    async with db.begin() as tx:
        to = await readers(tx, 2)
        await queue(tx, to, "one")
        await queue(tx, to, "two")
        await queue(tx, to, "alert", kind=EditionKind.ALERT)
        claim = await first(tx)
        await outbox.mark(tx, [claim], NOW)
        assert await outbox.drop_chat(tx, claim, BOT, "blocked", NOW) == 3
        assert {chat_id for chat_id, _ in await texts(tx)} == {2}


async def test_the_longest_wish_for_silence_stands(db: Database) -> None:
    async with db.begin() as tx:
        await readers(tx, 1)
        await outbox.take_over(tx, BOT)
        for seconds in (5, 50, 20):
            await outbox.hold_bot(tx, BOT, NOW + timedelta(seconds=seconds))
            await outbox.hold_chat(tx, BOT, 1, NOW + timedelta(seconds=seconds))
        assert (await outbox.sendership(tx, BOT)).retry_at == NOW + timedelta(seconds=50)
        assert await tx.scalar(chat.select().with_only_columns(chat.c.retry_at)) == NOW + timedelta(seconds=50)


async def test_postgresql_compiles_nothing_for_the_sender(postgres_url: str) -> None:
    db = Database(postgres_url)
    async with db.begin() as tx:
        await tx.execute(text("SET LOCAL jit = on"))
        await outbox.take_over(tx, BOT)
        await outbox.sendership(tx, BOT)
        assert await tx.scalar(text("SHOW jit")) == "off"
    await db.dispose()


async def test_other_bots_deliveries_are_not_ours(db: Database) -> None:
    async with db.begin() as tx:
        to = await readers(tx, 1)
        await queue(tx, to, "one")
        assert await outbox.candidates(tx, BOT + 1, NOW, 5) == []
        assert await outbox.next_due(tx, BOT + 1) is None
        assert await outbox.orphans(tx, BOT + 1) == []


async def test_recent_messages_are_told_for_the_pace(db: Database) -> None:
    async with db.begin() as tx:
        to = await readers(tx, 2)
        await queue(tx, to, "one")
        claim = await first(tx)
        await outbox.mark(tx, [claim], NOW)
        await outbox.sent(tx, claim, 5, NOW, NOW)
        assert await outbox.recent(tx, BOT, NOW - timedelta(seconds=60)) == [(1, NOW)]
        assert await outbox.recent(tx, BOT, NOW + timedelta(seconds=1)) == []


@pytest.mark.parametrize("finished", [3_000])
async def test_a_claim_does_not_walk_finished_rows(db: Database, finished: int) -> None:
    """The partial index is what is read, on both databases."""
    async with db.begin() as tx:
        to = await readers(tx, 1)
        await queue(tx, to, "one")
        await _many_finished(tx, finished)
        explain = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
        query = outbox._CANDIDATES[db.dialect]
        compiled = query.compile(dialect=tx.dialect, compile_kwargs={"render_postcompile": True})
        values = {"the_bot": BOT, "the_time": NOW, "the_limit": 5}
        if db.dialect == "postgresql":
            await tx.execute(text("ANALYZE delivery"))
        plan = await tx.exec_driver_sql(explain + str(compiled), _bound(compiled, values, db.dialect))
        told = " ".join(str(row) for row in plan)
    assert "ix_delivery_queued" in told
    assert "SCAN delivery " not in told
    assert "Seq Scan on delivery" not in told


async def _many_finished(tx: Connection, count: int) -> None:
    """As many destinations with a delivery that is done."""
    [row] = (await tx.execute(delivery.select())).all()
    await tx.execute(
        text("INSERT INTO destination (bot_id, chat_id, digest_length) VALUES (:bot, :chat, 5)"),
        [{"bot": BOT, "chat": 10_000 + number} for number in range(count)],
    )
    await tx.execute(
        text(
            "INSERT INTO delivery (bot_id, edition_id, destination_id, lane, state, not_before, created_at, done_at)"
            " SELECT bot_id, :edition, id, 3, 'sent', :now, :now, :now FROM destination WHERE chat_id >= 10000"
        ).bindparams(edition=row.edition_id, now=NOW.replace(tzinfo=None) if tx.dialect.name == "sqlite" else NOW)
    )
    await tx.execute(update(delivery).where(delivery.c.id == row.id).values(not_before=NOW))


def _bound(compiled: Any, values: dict[str, Any], dialect: str) -> Any:
    if dialect == "postgresql":
        return compiled.construct_params(values)
    stored = values | {"the_time": NOW.strftime("%Y-%m-%d %H:%M:%S.%f")}
    given = compiled.construct_params(stored)
    return tuple(given[name] for name in compiled.positiontup)
