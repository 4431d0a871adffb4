"""All that Telegram says to a push, line by line: what becomes of the delivery, and that nobody else waits for it.

The descriptions are the Bot API server's own. A chat that is refused has a neighbour who gets everything at once.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import update
from telegram import Bot

from delivery.transport import AiohttpRequest
from storage import chats
from storage.database import Database
from storage.records import ChatState, EditionKind
from storage.schema import chat, delivery
from tests.delivery.worlds import TOKEN, World, world

REFUSED, NEIGHBOUR = 0, 1  # places of chats
HOURS_12 = 43_000


@pytest.fixture
async def wire(sqlite_url: str) -> AsyncIterator[World]:
    """What the databases do is tested on both elsewhere."""
    database = Database(sqlite_url)
    async with world(database) as made:
        yield made
    await database.dispose()


@dataclass(frozen=True, slots=True)
class Line:
    """`status`, `description`, `parameters`: Telegram's answer to the first `times` calls for the chat (0: to all).

    `state` and `reason`: what the first of the chat's two deliveries ends with. `gone`: all its queue is dropped.
    """

    status: int
    description: str
    state: str
    reason: str
    gone: bool = False
    times: int = 0
    parameters: dict[str, Any] | None = None


def _gone(description: str, reason: str) -> Line:
    return Line(403, f"Forbidden: {description}", "dropped", reason, gone=True)


def _failed(description: str, reason: str) -> Line:
    return Line(400, f"Bad Request: {description}", "failed", reason, times=1)


LINES = [
    _gone("bot was blocked by the user", "the reader blocked the bot"),
    _gone("user is deactivated", "the reader's account was deleted"),
    _gone("bot can't initiate conversation with a user", "the reader never started the bot"),
    _gone("the bot can't send messages to the bot", "the bot may not write to this account"),
    _gone("bot was kicked from the group chat", "the bot was removed from the chat"),
    _gone("bot was kicked from the supergroup chat", "the bot was removed from the chat"),
    _gone("bot was kicked from the channel chat", "the bot was removed from the chat"),
    _gone("bot is not a member of the group chat", "the bot is no member of the chat"),
    _gone("bot is not a member of the supergroup chat", "the bot is no member of the chat"),
    _gone("bot is not a member of the channel chat", "the bot is no member of the chat"),
    _gone("the group chat was deleted", "the group was deleted"),
    _failed("chat not found", "Telegram knows no such chat"),
    _failed("private chat not found", "Telegram knows no such chat"),
    _failed("user not found", "Telegram knows no such account"),
    _failed("chat_id is empty", "Telegram refused it"),
    _failed("message text is empty", "the message is empty"),
    _failed("text must be non-empty", "the message is empty"),
    _failed("text is too long", "the message is too long for Telegram"),
    _failed("message is too long", "the message is too long for Telegram"),
    _failed("strings must be encoded in UTF-8", "Telegram refused it"),
    _failed("unsupported parse_mode", "Telegram refused it"),
    _failed("message thread not found", "the forum topic was deleted"),
    _failed("TOPIC_DELETED", "the forum topic was deleted"),
    _failed("TOPIC_CLOSED", "the forum topic is closed"),
    _failed("BUTTON_DATA_INVALID", "Telegram refused a button"),
    _failed("inline keyboard button text must be non-empty", "Telegram refused a button"),
    _failed("text buttons are unallowed in the inline keyboard", "Telegram refused a button"),
    _failed("inline keyboard button URL 'x' is invalid: wrong HTTP URL", "Telegram refused a button"),
    _failed("reply markup is too long", "the message has too many buttons"),
    _failed("not enough rights to send text messages to the chat", "the bot may not write in this chat"),
    _failed("have no write access to the chat", "the bot may not write in this chat"),
    _failed("need administrator rights in the channel chat", "the bot may not write in this channel"),
    _failed("CHAT_WRITE_FORBIDDEN", "the bot may not write in this chat"),
    _failed("CHAT_RESTRICTED", "the chat is restricted"),
    _failed("CHAT_ADMIN_REQUIRED", "the bot may not write in this channel"),
    _failed("group chat was deactivated", "the group is closed"),
    _failed("group chat was upgraded to a supergroup chat", "the group became a supergroup"),
    _failed("can't use switch_inline_query button in a channel chat", "Telegram refused a button"),
    _failed('can\'t parse inline keyboard button: Field "text" must be of type String', "Telegram refused a button"),
    _failed("can't parse link preview options JSON object", "Telegram refused it"),
    _failed("something new", "Telegram refused it"),
    Line(413, "Request Entity Too Large", "failed", "Telegram refused it", times=1),
    Line(400, "Bad Request: can't parse entities: Unclosed start tag at byte offset 3", "sent", "", times=1),
    Line(500, "Internal Server Error: restart", "sent", "", times=1),
]


class Refusing:
    """Before the Bot API server: answers calls for these chats with their lines, and passes all others on."""

    def __init__(self, wire: World, lines: Mapping[int, Line]) -> None:
        self.real = wire.bot
        self.lines = lines
        self.calls: Counter[int] = Counter()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        chat_id = int(str(form["chat_id"]))
        line = self.lines.get(chat_id)
        if line is None or (line.times and self.calls[chat_id] >= line.times):
            return web.json_response({"ok": True, "result": await self._passed_on(form)})
        self.calls[chat_id] += 1
        said = {"ok": False, "error_code": line.status, "description": line.description}
        return web.json_response(said | {"parameters": line.parameters or {}}, status=line.status)

    async def _passed_on(self, form: Any) -> Any:
        message = await self.real.send_message(form["chat_id"], form["text"], parse_mode=form.get("parse_mode"))
        return message.to_dict()

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[Bot]:
        app = web.Application()
        app.router.add_post(f"/bot{TOKEN}/sendMessage", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        root = f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
        request = AiohttpRequest()
        await request.initialize()
        try:
            yield Bot(TOKEN, base_url=root, request=request)
        finally:
            await request.shutdown()
            await runner.cleanup()


async def test_each_refusal_ends_as_it_must_and_delays_nobody(wire: World) -> None:
    to = await wire.people(2 * len(LINES))
    lines = dict(zip(wire.chat_ids[: len(LINES)], LINES, strict=True))
    await wire.edition(["<b>one</b>"], to)
    await wire.edition(["two"], to)
    async with Refusing(wire, lines).bot() as bot:
        wire.bot = bot
        await wire.send()
    states, arrived = await wire.states(), _by_chat(wire)
    for place, (chat_id, line) in enumerate(lines.items()):
        state, reason = states[place]
        assert (line.description, state) == (line.description, line.state)
        assert str(reason or "").startswith(line.reason)
        assert states[len(to) + place][0] == ("dropped" if line.gone else "sent")
        expected = [] if line.gone else ["two"] if line.state == "failed" else ["one", "two"]
        assert (line.description, arrived[chat_id]) == (line.description, expected)
    assert all(arrived[chat_id] == ["one", "two"] for chat_id in wire.chat_ids[len(LINES) :])


@pytest.mark.parametrize("times", [1, 2])
async def test_a_pause_that_telegram_wants_is_made_and_said_again_made_again(wire: World, times: int) -> None:
    to = await wire.people(2)
    await wire.edition(["one"], to)
    flood = Line(429, "Too Many Requests: retry after 1", "sent", "", times=times, parameters={"retry_after": 1})
    async with Refusing(wire, {wire.chat_ids[REFUSED]: flood}).bot() as bot:
        wire.bot = bot
        await wire.send()
    assert _by_chat(wire) == {chat_id: ["one"] for chat_id in wire.chat_ids}


def _by_chat(wire: World) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {chat_id: [] for chat_id in wire.chat_ids}
    for chat_id, text in wire.arrived():
        found[chat_id].append(text.removeprefix("<b>").removesuffix("</b>"))
    return found


def _texts(wire: World, place: int) -> list[str]:
    return _by_chat(wire)[wire.chat_ids[place]]


async def test_a_chat_that_wants_long_silence_does_not_silence_the_bot_for_as_long(wire: World) -> None:
    """A second chat's pause within 10 s is the whole bot's: as long as both were told."""
    to = await wire.people(12)
    await wire.edition(["one"], to)
    wire.fault("too_many", chat_id=wire.chat_ids[0], retry_after=1)
    wire.fault("too_many", chat_id=wire.chat_ids[1], retry_after=HOURS_12)
    await wire.send(until=1)
    assert {chat_id for chat_id, _ in wire.arrived()} == {*wire.chat_ids} - {wire.chat_ids[1]}


async def test_half_a_day_of_silence_for_a_chat_is_kept_and_holds_up_nobody(wire: World) -> None:
    to = await wire.people(2)
    await wire.edition(["one"], to)
    wire.fault("too_many", chat_id=wire.chat_ids[REFUSED], retry_after=HOURS_12)
    await wire.send(until=1)
    assert _texts(wire, NEIGHBOUR) == ["one"]
    async with wire.db.read() as tx:
        known = await chats.get(tx, 777, wire.chat_ids[REFUSED])
    assert known is not None
    assert known.retry_at is not None
    assert timedelta(seconds=HOURS_12 - 60) < known.retry_at - datetime.now(UTC) <= timedelta(seconds=HOURS_12)
    async with wire.db.begin() as tx:  # half a day later
        await tx.execute(update(chat).values(retry_at=datetime.now(UTC)))
        await tx.execute(update(delivery).values(not_before=datetime.now(UTC)))
    await wire.send()
    assert _texts(wire, REFUSED) == ["one"]


async def test_a_slow_answer_holds_up_nobody(wire: World) -> None:
    to = await wire.people(30)
    await wire.edition(["one"], to)
    wire.fault("slow", chat_id=wire.chat_ids[REFUSED], seconds=2.0)
    await wire.send()
    rows = [row for row in wire.sandbox.ledger.rows if row.method == "sendMessage"]
    [slow] = [row for row in rows if row.chat_id == wire.chat_ids[REFUSED]]
    assert slow.answered_at is not None
    assert sum(row.at < slow.answered_at for row in rows) == len(rows) == 30


async def test_a_chat_that_comes_back_gets_what_is_queued_from_then_on(wire: World) -> None:
    to = await wire.people(1)
    wire.fault("blocked", chat_id=wire.chat_ids[REFUSED])
    await wire.edition(["one"], to)
    await wire.send()
    async with wire.db.begin() as tx:
        await chats.set_state(tx, 777, wire.chat_ids[REFUSED], ChatState.ACTIVE)
    await wire.edition(["two"], to)
    await wire.send()
    assert _texts(wire, REFUSED) == ["two"]


async def test_an_edition_that_always_fails_stops_nobody_else_s(wire: World) -> None:
    """Telegram's own failures look like a broken way to it; what else there is to send shows that it is not."""
    failing, others = await wire.people(20), await wire.people(6)
    for chat_id in wire.chat_ids[:20]:
        wire.fault("server_error", chat_id=chat_id, times=0)
    await wire.edition(["alert"], failing, kind=EditionKind.ALERT)
    await wire.edition(["digest"], others)
    async with wire.sending():
        await wire.until(lambda: len(wire.arrived()) == len(others), seconds=30)
