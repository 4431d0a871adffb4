"""A photo that nobody was sent yet: one call asks Telegram for it, and a host that hangs delays nobody else."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import update
from telegram import Bot

from delivery.compose import compose_alert
from delivery.fate import FateKind
from delivery.fetching import (
    BELIEVED_SECONDS,
    DIGEST_PATIENCE_SECONDS,
    FEWEST_TRIALS,
    KEPT_SUBJECTS,
    PATIENCE_SECONDS,
    TRIALS_SHARE,
    Fetching,
    Turn,
)
from delivery.rich import enriched
from delivery.transport import AiohttpRequest
from sandbox.ledger import Row
from storage import chats, editions
from storage.claims import Claim
from storage.records import ChatKind, ChatState, EditionKind, EditionPart, Lane, Layout
from storage.schema import delivery
from tests.delivery.samples import article as sample
from tests.delivery.test_corrections import Desk
from tests.delivery.test_photos import PHOTO, URL, _open
from tests.delivery.worlds import BOT, NOW, TOKEN, World

READERS, SLOTS = 50, 4
SHORT = 1.0  # a busy machine has sent what needs no waiting meanwhile
HANGS = 60.0  # longer than any test


@pytest.fixture
def anywhere(wire: World) -> Desk:
    """On each database."""
    return Desk(wire)


def sends(wire: World, *methods: str) -> list[Row]:
    return [row for row in wire.sandbox.ledger.rows if row.ok and row.method in methods]


def received(wire: World) -> Counter[int]:
    """Messages of each chat."""
    return Counter(int(row.chat_id or 0) for row in sends(wire, "sendMessage", "sendPhoto", "sendRichMessage"))


async def test_a_photo_whose_host_hangs_holds_one_call_and_delays_nobody(anywhere: Desk) -> None:
    wire = anywhere.wire
    await _open(anywhere, READERS, "Ferry sinks with 21")
    wire.fault("slow", method="sendPhoto", times=0, seconds=HANGS)
    await anywhere.alert()
    await wire.edition(["digest"], await wire.people(READERS))
    async with wire.sending(call_slots=SLOTS, fetching=Fetching(SLOTS, patience=SHORT), grace=0.0):
        await wire.until(lambda: len(sends(wire, "sendMessage")) == 2 * READERS - 1)
    assert len(sends(wire, "sendPhoto")) == 1
    texts = [str(row.params["text"]) for row in sends(wire, "sendMessage")]
    assert texts.index("digest") < next(place for place, text in enumerate(texts) if "Ferry" in text)
    assert received(wire) == Counter(wire.chat_ids)


async def test_a_photo_that_never_comes_costs_the_one_who_asked_a_doubt(anywhere: Desk) -> None:
    wire = anywhere.wire
    await _open(anywhere, READERS, "Ferry sinks with 21")
    wire.fault("slow", method="sendPhoto", times=0, seconds=30)
    await anywhere.alert()
    async with Bot(TOKEN, base_url=f"{wire.url}/bot", request=AiohttpRequest(read_timeout=3.0)) as wire.bot:
        await wire.send(call_slots=SLOTS, fetching=Fetching(SLOTS, patience=SHORT))
    [asking] = sends(wire, "sendPhoto")
    assert received(wire) == Counter(wire.chat_ids) + Counter([asking.chat_id])
    assert {state for state, _ in await wire.states()} == {"sent"}


async def test_only_the_first_waits_for_a_good_photo(anywhere: Desk) -> None:
    wire = anywhere.wire
    await _open(anywhere, READERS, "Ferry sinks with 21")
    wire.fault("slow", method="sendPhoto", seconds=0.5)
    await anywhere.alert()
    await wire.send()
    photos = [str(row.params["photo"]) for row in sends(wire, "sendPhoto")]
    assert (photos[0], len(photos), URL in photos[1:]) == (URL, READERS, False)
    assert received(wire) == Counter(wire.chat_ids)


async def test_a_late_photo_is_for_those_who_had_nothing_yet(anywhere: Desk) -> None:
    wire = anywhere.wire
    await _open(anywhere, 3, "Ferry sinks with 21")
    wire.fault("slow", method="sendPhoto", seconds=3.0)
    await anywhere.alert()
    fetching = Fetching(SLOTS, patience=SHORT)
    async with wire.sending(fetching=fetching):
        await wire.settled()
        assert len(sends(wire, "sendMessage")) == 2
        async with wire.db.begin() as tx:
            await tx.execute(update(delivery).values(state="queued", next_part=0))
        await wire.settled()
    assert [str(row.params["photo"]) == URL for row in sends(wire, "sendPhoto")] == [True, False, False, False]


async def test_after_a_restart_others_wait_no_longer(anywhere: Desk) -> None:
    wire = anywhere.wire
    await _open(anywhere, READERS, "Ferry sinks with 21")
    wire.fault("slow", method="sendPhoto", times=0, seconds=HANGS)
    await anywhere.alert()
    async with wire.sending(call_slots=SLOTS, grace=0.0):
        await wire.until(lambda: sends(wire, "sendPhoto"))
    assert await wire.open() == READERS
    async with wire.sending(call_slots=SLOTS, fetching=Fetching(SLOTS, patience=SHORT), grace=0.0):
        await wire.until(lambda: len(sends(wire, "sendMessage")) == READERS - 1)
    asking = [int(row.chat_id or 0) for row in sends(wire, "sendPhoto")]
    assert (len(asking), received(wire)) == (2, Counter(wire.chat_ids) + Counter(asking[:1]))


async def test_articles_of_hosts_that_hang_leave_slots_for_others(wire: World) -> None:
    places = await wire.people(2 * SLOTS)
    async with wire.db.begin() as tx:
        for number, to in enumerate(places):
            photo = json.dumps({"media": f"https://example.com/{number}", "caption": "Ferry sinks"})
            made, _ = await editions.make(
                tx,
                bot_id=BOT,
                kind=EditionKind.ALERT,
                signature=str(number),
                parts=[EditionPart(0, "Ferry sinks", photo=photo)],
                now=NOW,
            )
            await editions.add_deliveries(tx, made, bot_id=BOT, lane=Lane.ALERT, destination_ids=[to], now=NOW)
    wire.fault("slow", method="sendPhoto", times=0, seconds=HANGS)
    await wire.edition(["digest"], await wire.people(READERS))
    async with wire.sending(call_slots=SLOTS, fetching=Fetching(SLOTS, patience=SHORT), grace=0.0):
        await wire.until(lambda: len(wire.arrived()) == READERS + 2 * SLOTS - FEWEST_TRIALS)
    assert len(sends(wire, "sendPhoto")) == FEWEST_TRIALS
    assert received(wire) == Counter(wire.chat_ids)


async def test_rich_messages_whose_pictures_hang_come_as_classic_ones(anywhere: Desk) -> None:
    wire = anywhere.wire
    await _open(anywhere, READERS, "Ferry sinks with 21")
    async with wire.db.begin() as tx:
        for chat_id in wire.chat_ids:
            await chats.set_layout(tx, (await chats.destination(tx, BOT, chat_id)).id, Layout.RICH)
    wire.fault("slow", method="sendRichMessage", times=0, seconds=HANGS)
    await anywhere.alert()
    async with wire.sending(call_slots=SLOTS, fetching=Fetching(SLOTS, patience=SHORT), grace=0.0):
        await wire.until(lambda: len(sends(wire, "sendMessage")) == READERS - 1)
    assert len(sends(wire, "sendRichMessage")) == 1
    assert received(wire) == Counter(wire.chat_ids)


async def test_many_rich_messages_with_one_picture_wait_for_one(anywhere: Desk) -> None:
    """As digests do: each reader's own edition."""
    wire = anywhere.wire
    await _open(anywhere, READERS, "Ferry sinks with 21")
    found = enriched(compose_alert(sample(1, **PHOTO), zone="UTC", now=NOW), [sample(1, **PHOTO)])
    async with wire.db.begin() as tx:
        for number, chat_id in enumerate(wire.chat_ids):
            to = (await chats.destination(tx, BOT, chat_id)).id
            await chats.set_layout(tx, to, Layout.RICH)
            parts = [replace(part, layout=None) for part in found]
            made, _ = await editions.make(
                tx, bot_id=BOT, kind=EditionKind.DIGEST, signature=str(number), parts=parts, now=NOW
            )
            await editions.add_deliveries(tx, made, bot_id=BOT, lane=Lane.DIGEST, destination_ids=[to], now=NOW)
    wire.fault("slow", method="sendRichMessage", seconds=0.3)
    await wire.send()
    assert len(sends(wire, "sendRichMessage")) == READERS


# The rule by itself


def _claim(number: int, address: str = URL, lane: Lane = Lane.ALERT) -> Claim:
    photo = json.dumps({"media": address, "caption": "Ferry sinks"})
    return Claim(
        id=number,
        edition_id=1,
        destination_id=number,
        chat_id=number,
        thread_id=0,
        kind=ChatKind.PRIVATE,
        lane=lane,
        part=0,
        parts=1,
        attempts=0,
        doubts=0,
        plain=False,
        created_at=NOW,
        expires_at=None,
        chat_state=ChatState.ACTIVE,
        gone_reason=None,
        retry_at=None,
        message=EditionPart(0, "Ferry sinks", photo=photo),
    )


def test_one_asks_and_the_others_wait_as_long_as_patience_lasts() -> None:
    fetching = Fetching(SLOTS)
    assert fetching.turn(_claim(1), 0.0) is Turn.FIRST
    assert fetching.turn(_claim(2), 0.0, [_claim(1)]) is Turn.WAIT
    fetching.begin(_claim(1), 0.0)
    assert fetching.turn(_claim(2), PATIENCE_SECONDS - 0.1) is Turn.WAIT
    assert fetching.turn(_claim(2), PATIENCE_SECONDS) is Turn.GO
    assert (fetching.source(_claim(1)), fetching.source(_claim(2))) == (URL, None)


def test_a_digest_is_more_patient_than_an_alert() -> None:
    fetching = Fetching(SLOTS)
    fetching.begin(_claim(1), 0.0)
    digest = _claim(2, lane=Lane.DIGEST)
    assert fetching.turn(digest, PATIENCE_SECONDS) is Turn.WAIT
    assert fetching.turn(digest, DIGEST_PATIENCE_SECONDS) is Turn.GO


def test_the_next_one_asks_where_the_first_answer_said_nothing_of_the_photo() -> None:
    fetching = Fetching(SLOTS)
    assert fetching.turn(_claim(1), 0.0) is Turn.FIRST
    fetching.begin(_claim(1), 0.0)
    fetching.refused(URL, 0.1, FateKind.GONE)
    fetching.ended(_claim(2))
    assert fetching.turn(_claim(3), 0.1) is Turn.WAIT
    fetching.ended(_claim(1))
    assert fetching.turn(_claim(3), 0.1) is Turn.FIRST
    assert fetching.turn(_claim(3), PATIENCE_SECONDS) is Turn.GO  # all those who couldn't be reached took too long


def test_a_host_that_was_down_is_asked_again_later() -> None:
    fetching = Fetching(SLOTS)
    fetching.refused(URL, 0.0, FateKind.NO_PHOTO)
    assert (fetching.turn(_claim(1), 1.0), fetching.source(_claim(1))) == (Turn.GO, None)
    assert fetching.turn(_claim(1), BELIEVED_SECONDS) is Turn.FIRST


def test_what_was_had_once_is_not_lost_by_a_doubt() -> None:
    fetching = Fetching(SLOTS)
    fetching.had(URL, 0.0, "file")
    fetching.refused(URL, 1.0, FateKind.DOUBT)
    assert (fetching.turn(_claim(1), BELIEVED_SECONDS), fetching.source(_claim(1))) == (Turn.GO, "file")


def test_two_addresses_are_asked_for_at_a_time_and_few_are_remembered() -> None:
    fetching = Fetching(SLOTS)
    fetching.begin(_claim(1), 0.0)
    assert fetching.turn(_claim(2, f"{URL}&2"), 0.0) is Turn.FIRST
    assert fetching.turn(_claim(3, f"{URL}&3"), 0.0, [_claim(2, f"{URL}&2")]) is Turn.WAIT
    assert fetching.turn(_claim(3, f"{URL}&3"), PATIENCE_SECONDS, [_claim(2, f"{URL}&2")]) is Turn.GO
    assert fetching.turn(_claim(3, f"{URL}&3"), PATIENCE_SECONDS) is Turn.FIRST  # it was never tried
    fetching.begin(_claim(3, f"{URL}&3"), PATIENCE_SECONDS)
    assert fetching.turn(_claim(4, f"{URL}&3"), PATIENCE_SECONDS) is Turn.WAIT
    assert Fetching(3 * TRIALS_SHARE).turn(_claim(3, f"{URL}&3"), 0.0, [_claim(1), _claim(2, f"{URL}&2")]) is Turn.FIRST
    for number in range(2 * KEPT_SUBJECTS):
        fetching.had(str(number), 0.0, "file")
    assert (fetching.source(_claim(4, "0")), fetching.source(_claim(4, str(KEPT_SUBJECTS)))) == (None, "file")
