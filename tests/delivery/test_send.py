"""The sender against a real Bot API server over HTTP, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from delivery.digest import set_clock_back
from delivery.lock import Lease, SenderLock
from delivery.pace import Pacer
from delivery.send import CALL_SLOTS
from delivery.settle import InDoubt, Settling, settle_doubt
from delivery.trouble import MOST_DOUBTS
from storage import chats, outbox
from storage.records import ChatKind, ChatState, EditionKind
from storage.schema import delivery, delivery_part
from tests.delivery.worlds import BOT, World, destination
from tests.patience import PATIENCE_S


async def test_a_push_reaches_every_chat_once(wire: World) -> None:
    to = await wire.people(20)
    await wire.edition(["Hello <b>you</b>"], to)
    await wire.send()
    assert sorted(wire.arrived()) == sorted((chat_id, "Hello <b>you</b>") for chat_id in wire.chat_ids)
    assert await wire.states() == [("sent", None)] * 20
    assert all(part.state == "sent" and part.message_id for part in await wire.parts())


async def test_parts_and_editions_arrive_in_order_at_each_chat(wire: World) -> None:
    to = await wire.people(3)
    await wire.edition(["1", "2", "3"], to)
    await wire.edition(["4"], to)
    await wire.edition(["5", "6"], to)
    await wire.send()
    for chat_id in wire.chat_ids:
        assert [text for to_chat, text in wire.arrived() if to_chat == chat_id] == list("123456")


async def test_an_alert_overtakes_a_digest(wire: World) -> None:
    await wire.edition(["digest"], await wire.people(60))
    to = await wire.people(5)
    async with wire.sending(pacer=Pacer(20, push_gap=0, burst_seconds=0, warm_up=0)) as sender:
        await wire.until(lambda: len(wire.arrived()) >= 5)
        await wire.edition(["alert"], to, kind=EditionKind.ALERT)
        before = len(wire.arrived())
        sender.wake()
        await wire.until(lambda: sum(text == "alert" for _, text in wire.arrived()) == 5)
    texts = [text for _, text in wire.arrived()]
    places = [place for place, text in enumerate(texts) if text == "alert"]
    assert len(places) == 5
    assert places[-1] < before + CALL_SLOTS + 5  # digests that were marked already leave before it
    assert texts.count("digest") < 60


GONE = {
    "blocked": "the reader blocked the bot (Forbidden: bot was blocked by the user)",
    "deactivated": "the reader's account was deleted (Forbidden: user is deactivated)",
    "kicked": "the bot was removed from the chat (Forbidden: bot was kicked from the supergroup chat)",
}


@pytest.mark.parametrize("kind", GONE)
async def test_a_chat_that_is_gone_loses_its_queue_and_nobody_else_does(wire: World, kind: str) -> None:
    to = await wire.people(3)
    lost = wire.chat_ids[1]
    wire.fault(kind, chat_id=lost, times=0)
    await wire.edition(["one", "two"], to)
    await wire.edition(["three"], to)
    await wire.send()
    assert sorted(wire.arrived()) == sorted(
        (chat_id, text) for chat_id in wire.chat_ids if chat_id != lost for text in ("one", "two", "three")
    )
    states = await wire.states()
    assert [state for state, _ in states] == ["sent", "dropped", "sent"] * 2
    assert {reason for state, reason in states if state == "dropped"} == {GONE[kind]}
    async with wire.db.read() as tx:
        known = await chats.get(tx, BOT, lost)
    assert known is not None
    assert known.state is ChatState.GONE


async def test_a_failure_of_one_chat_ends_with_a_reason_and_delays_nobody(wire: World) -> None:
    to = await wire.people(3)
    wire.fault("not_found", chat_id=wire.chat_ids[0])
    await wire.edition(["hello"], to)
    await wire.edition(["again"], to)
    await wire.send()
    assert (await wire.states())[0] == ("failed", "Telegram knows no such chat (Chat not found)")
    assert (wire.chat_ids[0], "again") in wire.arrived()
    assert len(wire.arrived()) == 5


async def test_a_message_that_is_too_long_fails_alone(wire: World) -> None:
    to = await wire.people(2)
    await wire.edition(["x" * 4097], to)
    await wire.edition(["fine"], to)
    await wire.send()
    states = await wire.states()
    assert [state for state, _ in states] == ["failed", "failed", "sent", "sent"]
    assert "too long" in str(states[0][1])


async def test_formatting_that_is_refused_goes_as_plain_text(wire: World) -> None:
    to = await wire.people(2)
    await wire.edition(["<b>unclosed & <i>odd</i>"], to)
    await wire.send()
    assert sorted(wire.arrived()) == sorted((chat_id, "unclosed & odd") for chat_id in wire.chat_ids)


async def test_formatting_that_is_refused_twice_fails(wire: World) -> None:
    to = await wire.people(1)
    wire.fault("refuse_entities", times=0)
    await wire.edition(["<b>fine</b>"], to)
    await wire.send()
    [(state, reason)] = await wire.states()
    assert state == "failed"
    assert "formatting" in str(reason)


async def test_a_group_that_became_a_supergroup_gets_it_there(wire: World) -> None:
    wire.group(-5001, "group")
    wire.group(-1005001, "supergroup")
    async with wire.db.begin() as tx:
        to = await destination(tx, -5001, kind=ChatKind.GROUP)
    wire.fault("migrated", chat_id=-5001, migrate_to=-1005001, times=0)
    await wire.edition(["one", "two"], [to])
    await wire.edition(["three"], [to])
    await wire.send()
    assert wire.arrived() == [(-1005001, "one"), (-1005001, "two"), (-1005001, "three")]


async def test_a_chat_that_must_wait_delays_its_lane_only_there(wire: World) -> None:
    to = await wire.people(3)
    wire.fault("too_many", chat_id=wire.chat_ids[0], retry_after=3)
    await wire.edition(["one"], to)
    await wire.edition(["two"], to)
    await wire.send()
    slow = wire.chat_ids[0]
    assert [text for chat_id, text in wire.arrived() if chat_id == slow] == ["one", "two"]
    assert {chat_id for chat_id, _ in wire.arrived()[:4]} == set(wire.chat_ids[1:])
    first = next(row for row in wire.sandbox.ledger.rows if row.status == 429)
    assert min(row.at for row in wire.sandbox.ledger.rows if row.ok and row.chat_id == slow) >= first.at + 3


async def test_a_long_flood_wait_is_kept_in_the_database_with_the_longest(wire: World) -> None:
    to = await wire.people(2)
    wire.fault("too_many", chat_id=wire.chat_ids[0], retry_after=43_000, times=0)
    await wire.edition(["one"], to)
    await wire.send(until=1)
    async with wire.db.begin() as tx:
        await outbox.hold_chat(tx, BOT, wire.chat_ids[0], datetime.now(UTC) + timedelta(seconds=5))
    async with wire.db.read() as tx:
        known = await chats.get(tx, BOT, wire.chat_ids[0])
        not_before = await tx.scalar(select(delivery.c.not_before).where(delivery.c.destination_id == to[0]))
    assert known is not None
    assert known.retry_at is not None
    assert not_before is not None
    for moment in (known.retry_at, not_before):
        assert timedelta(seconds=42_900) < moment - datetime.now(UTC) <= timedelta(seconds=43_000)


async def test_a_second_chats_flood_silences_the_whole_bot(wire: World) -> None:
    to = await wire.people(12)
    for chat_id in wire.chat_ids[:2]:
        wire.fault("too_many", chat_id=chat_id, retry_after=2)
    await wire.edition(["one"], to)
    await wire.send(pacer=Pacer(20, push_gap=0, burst_seconds=0, warm_up=0), call_slots=1)
    rows = [row for row in wire.sandbox.ledger.rows if row.method == "sendMessage"]
    first, second = [row for row in rows if row.status == 429]
    later = [row.at - first.at for row in rows if row.at > second.at]
    assert min(later) >= 1.9
    assert len(wire.arrived()) == 12


async def test_an_error_of_the_server_is_tried_again(wire: World) -> None:
    to = await wire.people(2)
    wire.fault("server_error", chat_id=wire.chat_ids[0], times=2)
    await wire.edition(["one"], to)
    await wire.send()
    assert sorted(wire.arrived()) == sorted((chat_id, "one") for chat_id in wire.chat_ids)


@pytest.mark.parametrize("kind", ["bad_gateway", "html", "drop_before", "drop_after"])
async def test_what_is_in_doubt_is_sent_again(wire: World, kind: str) -> None:
    to = await wire.people(2)
    wire.fault(kind, chat_id=wire.chat_ids[0])
    await wire.edition(["one"], to)
    await wire.send()
    arrived = wire.arrived()
    assert set(arrived) == {(chat_id, "one") for chat_id in wire.chat_ids}
    assert len(arrived) == (3 if kind == "drop_after" else 2)
    assert [part.in_doubt for part in await wire.parts()] == [True, False]


async def test_however_often_the_process_dies_over_a_message_it_is_sent(wire: World) -> None:
    await wire.edition(["1", "2"], await wire.people(1))
    for _ in range(2 * MOST_DOUBTS):
        now = datetime.now(UTC)
        async with wire.db.begin() as tx:
            assert await outbox.mark(tx, await outbox.candidates(tx, BOT, now, 5), now)
        async with wire.db.begin() as tx:
            for claim in await outbox.orphans(tx, BOT):
                await settle_doubt(tx, claim, "it died", Settling(BOT, InDoubt.RESEND, now, 0.5), died=True)
    await wire.send()
    assert [text for _, text in wire.arrived()] == ["1", "2"]
    assert [part.in_doubt for part in await wire.parts()] == [True, False]


async def test_what_is_in_doubt_is_listed_and_not_sent_again_where_wished(wire: World) -> None:
    to = await wire.people(2)
    wire.fault("drop_before", chat_id=wire.chat_ids[0])
    await wire.edition(["one", "two"], to)
    await wire.edition(["three"], to)
    await wire.send(in_doubt="skip")
    assert [text for chat_id, text in wire.arrived() if chat_id == wire.chat_ids[0]] == ["two", "three"]
    parts = await wire.parts()
    assert [(part.number, part.state, part.in_doubt) for part in parts[:2]] == [
        (0, "skipped", True),
        (1, "sent", False),
    ]


@pytest.mark.parametrize(("policy", "arrives"), [("resend", ["one", "two"]), ("skip", ["two"])])
async def test_what_a_dead_process_had_in_flight_is_decided_at_the_start(
    wire: World, policy: str, arrives: list[str]
) -> None:
    to = await wire.people(1)
    await wire.edition(["one"], to)
    await wire.edition(["two"], to)
    async with wire.db.begin() as tx:
        [claim] = await outbox.candidates(tx, BOT, datetime.now(UTC), 10)
        await outbox.mark(tx, [claim], datetime.now(UTC))
    await wire.send(in_doubt=policy)
    assert [text for _, text in wire.arrived()] == arrives
    assert (await wire.parts())[0].in_doubt


async def test_an_edition_that_expired_is_dropped(wire: World) -> None:
    to = await wire.people(1)
    await wire.edition(["late"], to, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    await wire.edition(["fine"], to)
    await wire.send()
    assert [text for _, text in wire.arrived()] == ["fine"]
    assert (await wire.states())[0][0] == "dropped"


async def test_a_chat_that_stopped_gets_nothing_more(wire: World) -> None:
    to = await wire.people(2)
    await wire.edition(["one"], to)
    async with wire.db.begin() as tx:
        await chats.set_state(tx, BOT, wire.chat_ids[0], ChatState.STOPPED)
    await wire.send()
    assert wire.arrived() == [(wire.chat_ids[1], "one")]
    assert (await wire.states())[0] == ("dropped", "The chat said /stop.")


class GivenOnce(SenderLock):
    """A lock that a superseded sender does not get back."""

    given = False

    @asynccontextmanager
    async def hold(self, stop: asyncio.Event) -> AsyncIterator[Lease | None]:
        if self.given:
            await stop.wait()
            yield None
            return
        self.given = True
        async with super().hold(stop) as lease:
            yield lease


async def test_a_sender_that_was_superseded_sends_nothing_more(wire: World) -> None:
    to = await wire.people(60)
    pacer = Pacer(20, push_gap=0, burst_seconds=0, warm_up=0)
    async with wire.sending(pacer=pacer, lock=GivenOnce(wire.db, BOT)) as first:
        await wire.edition(["one"], to)
        first.wake()
        await wire.until(lambda: len(wire.arrived()) > 3)
        async with wire.db.begin() as tx:
            await outbox.take_over(tx, BOT)
        before = len(wire.arrived())
        await wire.until(lambda: not first.leading)
        assert len(wire.arrived()) <= min(59, before + CALL_SLOTS)  # those that were marked may still leave


async def test_the_pause_of_the_whole_bot_outlives_the_process(wire: World) -> None:
    to = await wire.people(1)
    await wire.edition(["one"], to)
    async with wire.db.begin() as tx:
        await outbox.take_over(tx, BOT)
        until = datetime.now(UTC) + timedelta(seconds=1.5)
        await outbox.hold_bot(tx, BOT, until)
    await wire.send()
    [row] = [row for row in wire.sandbox.ledger.rows if row.method == "sendMessage"]
    assert row.at > until.timestamp() - 0.01  # two clocks are compared


async def test_a_delivery_made_by_another_process_is_found(wire: World) -> None:
    to = await wire.people(1)
    async with wire.sending():
        await asyncio.sleep(0.05)
        await wire.edition(["one"], to)
        await wire.settled()
    assert len(wire.arrived()) == 1


async def test_buttons_and_threads_reach_telegram(wire: World) -> None:
    wire.group(-1006001, "supergroup", is_forum=True)
    async with wire.db.begin() as tx:
        general = await destination(tx, -1006001, 1, ChatKind.SUPERGROUP)
    await wire.edition(["one"], [general])
    await wire.send()
    assert wire.arrived() == [(-1006001, "one")]
    assert "message_thread_id" not in wire.sandbox.ledger.rows[-1].params


async def test_a_refused_token_stops_the_sending_and_loses_nothing(wire: World) -> None:
    to = await wire.people(5)
    await wire.edition(["one"], to)
    known = wire.sandbox.world.by_token.copy()
    wire.sandbox.world.by_token.clear()
    async with wire.sending():
        await _all_wait_after_a_refusal(wire)
    wire.sandbox.world.by_token.update(known)
    async with wire.db.begin() as tx:
        await tx.execute(update(delivery).values(not_before=datetime.now(UTC)))
    await wire.send()
    assert len(wire.arrived()) == 5


async def _all_wait_after_a_refusal(wire: World) -> None:
    """But for one that may be on its way, to see whether the token is good again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            states = await wire.states()
            assert {state for state, _ in states} <= {"queued", "sending"}
            if [state for state, _ in states].count("queued") >= 4 and any(reason for _, reason in states):
                return
            await asyncio.sleep(0.05)


async def test_a_digest_that_was_begun_is_finished_before_others_begin(wire: World) -> None:
    """Else whoever has the first message waits for the second until everybody has the first."""
    await wire.edition(["one", "two"], await wire.people(80))
    await wire.send(call_slots=4)
    came = {message: place for place, message in enumerate(wire.arrived())}
    assert len(came) == 160
    assert max(came[chat_id, "two"] - came[chat_id, "one"] for chat_id in wire.chat_ids) < 20


async def test_who_had_to_wait_goes_before_those_who_had_nothing_yet(wire: World) -> None:
    to = await wire.people(90)
    wire.fault("too_many", chat_id=wire.chat_ids[0], retry_after=1)
    await wire.edition(["hello"], to)
    await wire.send(pacer=Pacer(30, push_gap=0, warm_up=0))
    assert [chat_id for chat_id, _ in wire.arrived()].index(wire.chat_ids[0]) < 60


async def test_what_was_queued_by_a_clock_that_was_ahead_does_not_wait_for_it(wire: World) -> None:
    to = await wire.people(2)
    await wire.edition(["one"], to)
    ahead = datetime.now(UTC) + timedelta(days=2)
    async with wire.db.begin() as tx:
        await tx.execute(update(delivery).values(not_before=ahead, created_at=ahead))
    await set_clock_back(wire.db, bot_id=BOT, now=datetime.now(UTC))
    await wire.send()
    assert len(wire.arrived()) == 2


async def test_what_was_sent_by_a_clock_that_was_ahead_keeps_no_chat_waiting(wire: World) -> None:
    to = await wire.people(1)
    await wire.edition(["one"], to)
    await wire.send()
    ahead = datetime.now(UTC) + timedelta(days=2)
    async with wire.db.begin() as tx:
        await tx.execute(update(delivery).values(done_at=ahead))
        await tx.execute(update(delivery_part).values(at=ahead))
    await wire.edition(["two"], to)
    await wire.send(pacer=Pacer(warm_up=0.0))
    assert [text for _, text in wire.arrived()] == ["one", "two"]


async def test_a_deadline_of_a_clock_that_was_ahead_is_none(wire: World) -> None:
    to = await wire.people(2)
    later = datetime.now(UTC) + timedelta(days=400)
    async with wire.db.begin() as tx:
        await outbox.take_over(tx, BOT)
        await outbox.hold_bot(tx, BOT, later)
        await outbox.hold_chat(tx, BOT, wire.chat_ids[0], later)
    await wire.edition(["one"], to)
    await wire.send()
    assert len(wire.arrived()) == 2
