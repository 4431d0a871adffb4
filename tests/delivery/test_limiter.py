"""Replies under the pacer, through python-telegram-bot's own bot."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from telegram.error import RetryAfter
from telegram.ext import ExtBot

from delivery.limiter import PACED, Limiter, Turn
from delivery.pace import BURST_SECONDS, Pacer
from delivery.transport import AiohttpRequest
from sandbox.faults import Fault
from sandbox.server import Sandbox, serve
from storage.records import Lane
from tests.patience import PATIENCE_S

TOKEN = "777:TEST-token_for_replies"
FAST = 1000.0


class Wire:
    def __init__(self, sandbox: Sandbox, url: str) -> None:
        self.sandbox = sandbox
        self.pacer = Pacer(FAST)
        self.bot: ExtBot[Turn] = ExtBot(
            TOKEN,
            base_url=f"{url}/bot",
            request=AiohttpRequest(),
            get_updates_request=AiohttpRequest(),
            rate_limiter=Limiter(self.pacer),
        )

    def sent_at(self) -> list[float]:
        return [row.at for row in self.sandbox.ledger.rows if row.method == "sendMessage" and row.ok]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    sandbox = await Sandbox.open(None)
    sandbox.world.add_bot(TOKEN, username="tidings_bot")
    sandbox.world.bulk_chats(50, 1001)
    async with serve(sandbox) as url:
        made = Wire(sandbox, url)
        async with made.bot:
            yield made
    await sandbox.close()


async def test_replies_to_many_are_paced(wire: Wire) -> None:
    wire.pacer._free.gap = 0.02
    async with asyncio.TaskGroup() as calls:
        for chat_id in range(1001, 1021):
            calls.create_task(wire.bot.send_message(chat_id, "hello"))
    times = sorted(wire.sent_at())
    assert len(times) == 20
    assert times[-1] - times[0] >= 0.02 * 19 - 0.05


async def test_a_fourth_reply_to_a_person_waits(wire: Wire) -> None:
    begun = time.time()
    async with asyncio.TaskGroup() as calls:
        for _ in range(4):
            calls.create_task(wire.bot.send_message(1001, "hello"))
    times = sorted(wire.sent_at())
    assert times[2] - begun < BURST_SECONDS
    assert times[3] - begun >= BURST_SECONDS - 0.01  # two clocks are compared


async def test_what_is_no_message_does_not_wait(wire: Wire) -> None:
    wire.pacer.hold(asyncio.get_running_loop().time() + 60)
    async with asyncio.timeout(PATIENCE_S):
        await wire.bot.get_me()
        await wire.bot.do_api_request(
            "send_Message", api_kwargs={"chat_id": 1001, "text": "paced"}, rate_limit_args=PACED
        )


async def test_a_chat_action_is_left_out_where_it_would_cost_a_reply_its_place(wire: Wire) -> None:
    for _ in range(5):
        await wire.bot.send_chat_action(1001, "typing")
    now = asyncio.get_running_loop().time()
    assert wire.pacer.ready(Lane.REPLY, 1001, now) == now
    await wire.bot.send_message(1001, "hello")
    assert [row.method for row in wire.sandbox.ledger.rows if row.chat_id == 1001] == [
        "sendChatAction",
        "sendChatAction",
        "sendMessage",
    ]
    wire.pacer.hold(asyncio.get_running_loop().time() + 60)
    async with asyncio.timeout(PATIENCE_S):
        await wire.bot.send_chat_action(1002, "typing")


async def test_a_flood_wait_is_waited_for(wire: Wire) -> None:
    wire.sandbox.faults.all.append(Fault("too_many", chat_id=1001, retry_after=1))
    message = await wire.bot.send_message(1001, "hello")
    assert message.text == "hello"
    rows = [row for row in wire.sandbox.ledger.rows if row.method == "sendMessage"]
    assert rows[1].at - rows[0].at >= 1.0


async def test_a_long_flood_wait_is_an_error_and_holds_the_chat(wire: Wire) -> None:
    wire.sandbox.faults.all.append(Fault("too_many", chat_id=1001, retry_after=600))
    with pytest.raises(RetryAfter):
        await wire.bot.send_message(1001, "hello")
    now = asyncio.get_running_loop().time()
    assert wire.pacer.ready(Lane.REPLY, 1001, now) > now + 590


@pytest.mark.parametrize("whose", ["the chat's", "the bot's"])
async def test_a_reply_is_refused_at_once_where_telegram_wants_hours_of_silence(wire: Wire, whose: str) -> None:
    """Whoever answers has others to answer too: a handful of such chats would keep them all waiting."""
    until = asyncio.get_running_loop().time() + 43_000
    if whose == "the chat's":
        wire.pacer.hold_chat(1001, until)
    else:
        wire.pacer.hold(until)
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(RetryAfter) as refused:
            await wire.bot.send_message(1001, "hello")
    assert refused.value._retry_after.total_seconds() > 42_000
    assert wire.sent_at() == []
    if whose == "the chat's":
        async with asyncio.timeout(PATIENCE_S):
            await wire.bot.send_message(1002, "hello")
