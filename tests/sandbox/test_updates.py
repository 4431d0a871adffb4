"""Updates by long polling and by webhook, and who hears what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import telegram
from aiohttp import web

from tests.patience import PATIENCE_S
from tests.sandbox.conftest import CHANNEL, GROUP, OWNER, SUPERGROUP, TOKEN, USER, Server


async def _say(server: Server, text: str, chat_id: int = USER, author: Any = USER, **more: Any) -> dict[str, Any]:
    message: dict[str, Any] = (
        await server.control(f"chats/{chat_id}/messages", {"from": author, "text": text, **more})
    )["message"]
    return message


async def _texts(server: Server, **params: Any) -> list[str]:
    updates = await server.ok("getUpdates", **params)
    return [next(update[kind] for kind in update if kind != "update_id").get("text", "-") for update in updates]


async def test_offset_confirms_and_limit_bounds(server: Server) -> None:
    for number in range(5):
        await _say(server, f"/{number}")
    first = await server.ok("getUpdates", limit=2)
    assert [update["message"]["text"] for update in first] == ["/0", "/1"]
    assert await _texts(server) == ["/0", "/1", "/2", "/3", "/4"]
    assert await _texts(server, offset=first[-1]["update_id"] + 1) == ["/2", "/3", "/4"]
    assert await _texts(server, offset=-1) == ["/4"]
    assert await _texts(server) == ["/4"]


async def test_updates_are_kept_for_a_day(server: Server) -> None:
    await _say(server, "/old")
    server.clock.now += 23 * 3600
    await _say(server, "/new")
    server.clock.now += 2 * 3600
    assert await _texts(server) == ["/new"]


async def test_allowed_updates_hold_until_changed(server: Server) -> None:
    await server.ok("getUpdates", allowed_updates=["callback_query", "nonsense"])
    await _say(server, "/unheard")
    assert await _texts(server) == []
    await server.ok("getUpdates", allowed_updates=[])
    await _say(server, "/heard")
    assert await _texts(server) == ["/heard"]


async def _called(server: Server, method: str) -> None:
    """Wait until such a call has come."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if server.sandbox.ledger.read(method=method):
                return
            await asyncio.sleep(0.01)


async def test_long_poll_wakes_with_the_update(server: Server) -> None:
    poll = asyncio.create_task(server.ok("getUpdates", timeout=50))
    await _called(server, "getUpdates")
    await _say(server, "/now")
    updates = await asyncio.wait_for(poll, PATIENCE_S)
    assert updates[0]["message"]["text"] == "/now"


async def test_a_second_poller_ends_the_first(server: Server) -> None:
    first = asyncio.create_task(server.call("getUpdates", timeout=50))
    await _called(server, "getUpdates")
    second = asyncio.create_task(server.call("getUpdates", timeout=50))
    answer = await asyncio.wait_for(first, PATIENCE_S)
    assert (answer["error_code"], answer["description"]) == (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )
    await server.ok("setWebhook", url="http://127.0.0.1:9/")
    answer = await asyncio.wait_for(second, PATIENCE_S)
    assert answer["description"] == "Conflict: terminated by setWebhook request"
    assert await server.refused("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    await server.ok("deleteWebhook", drop_pending_updates=True)
    assert await _texts(server) == []


async def test_privacy_mode_in_groups(server: Server) -> None:
    mine = await server.ok("sendMessage", chat_id=GROUP, text="ask me")
    await _say(server, "idle talk", GROUP)
    await _say(server, "/latest", GROUP)
    await _say(server, "/latest@other_bot", GROUP)
    await _say(server, "/latest@TIDINGS_bot", GROUP)
    await _say(server, "ask @tidings_bot", GROUP)
    await _say(server, "an answer", GROUP, reply_to=mine["message_id"])
    heard = ["/latest", "/latest@TIDINGS_bot", "ask @tidings_bot", "an answer"]
    assert await _texts(server) == heard
    await server.control(f"chats/{GROUP}/members", {"user_id": 777, "status": "administrator"})
    await _say(server, "idle talk", GROUP)
    assert (await _texts(server))[-1] == "idle talk"


async def test_anonymous_admins_write_as_the_group(server: Server) -> None:
    said = await _say(server, "/settings", SUPERGROUP, "anonymous")
    assert said["from"]["id"] == 1087968824
    assert said["sender_chat"]["id"] == SUPERGROUP
    update = telegram.Update.de_json((await server.ok("getUpdates"))[0], None)
    assert update.effective_message is not None
    assert update.effective_message.sender_chat == update.effective_chat


async def test_channel_posts_and_edits_reach_the_bot(server: Server) -> None:
    post = await _say(server, "News #one", CHANNEL, None)
    await server.control(f"chats/{CHANNEL}/messages/{post['message_id']}", {"text": "News two"})
    post_update, edit_update = await server.ok("getUpdates")
    assert post_update["channel_post"]["sender_chat"]["id"] == CHANNEL
    assert post_update["channel_post"]["entities"] == [{"offset": 5, "length": 4, "type": "hashtag"}]
    assert edit_update["edited_channel_post"]["text"] == "News two"
    assert "entities" not in edit_update["edited_channel_post"]


async def test_membership_changes_are_told(server: Server) -> None:
    await server.ok("getUpdates", allowed_updates=["my_chat_member", "chat_member", "message"])
    await server.control(f"chats/{SUPERGROUP}/members", {"user_id": 777, "status": "administrator"})
    await server.control(f"chats/{SUPERGROUP}/members", {"user_id": USER, "status": "left"})
    updates = [telegram.Update.de_json(update, None) for update in await server.ok("getUpdates")]
    assert updates[0].my_chat_member is not None
    assert updates[0].my_chat_member.new_chat_member.status == "administrator"
    assert updates[1].chat_member is not None
    assert updates[1].chat_member.new_chat_member.status == "left"
    assert updates[2].message is not None
    assert updates[2].message.left_chat_member is not None
    admins = await server.ok("getChatAdministrators", chat_id=SUPERGROUP)
    assert [admin["user"]["id"] for admin in admins] == [OWNER, 777]
    assert await server.ok("getChatMemberCount", chat_id=SUPERGROUP) == 2


async def test_unblocking_is_told_and_writing_unblocks(server: Server) -> None:
    await server.control(f"chats/{USER}/block", {"blocked": True})
    await _say(server, "/start")
    kinds = [(set(update) - {"update_id"}).pop() for update in await server.ok("getUpdates")]
    assert kinds == ["my_chat_member", "my_chat_member", "message"]
    await server.ok("sendMessage", chat_id=USER, text="welcome back")


@dataclass
class Hook:
    """A bot's own web server: notes what is pushed, answers what it is told to."""

    url: str = ""
    taken: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    reply: dict[str, Any] | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        """One pushed update."""
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.taken.append(await request.json())
            self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self.arrived.set()
        return web.json_response(self.reply, status=status) if self.reply else web.Response(status=status)

    async def wait(self, count: int) -> None:
        """Until that many updates were taken."""
        while len(self.taken) < count:
            self.arrived.clear()
            await asyncio.wait_for(self.arrived.wait(), PATIENCE_S)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


async def test_webhook_gets_pending_and_new_updates_with_its_secret(server: Server, hook: Hook) -> None:
    await _say(server, "/before")
    await server.ok("setWebhook", url=hook.url, secret_token="a-secret", max_connections=2, allowed_updates=["message"])
    await hook.wait(1)
    await _say(server, "/after")
    await hook.wait(2)
    assert [update["message"]["text"] for update in hook.taken] == ["/before", "/after"]
    assert hook.secrets == ["a-secret", "a-secret"]
    info = await server.ok("getWebhookInfo")
    assert (info["url"], info["max_connections"], info["allowed_updates"]) == (hook.url, 2, ["message"])


async def test_refused_webhook_is_tried_again_and_told(server: Server, hook: Hook) -> None:
    hook.statuses = [500]
    await server.ok("setWebhook", url=hook.url)
    await _say(server, "/again")
    info = await _webhook_in_trouble(server)
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert info["pending_update_count"] == 1
    await hook.wait(1)
    assert hook.taken[0]["message"]["text"] == "/again"


async def _webhook_in_trouble(server: Server) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            info: dict[str, Any] = await server.ok("getWebhookInfo")
            if "last_error_message" in info:
                return info


async def test_webhook_may_answer_with_a_call(server: Server, hook: Hook) -> None:
    hook.reply = {"method": "sendMessage", "chat_id": USER, "text": "at once"}
    await server.ok("setWebhook", url=hook.url)
    said = server.sandbox.world.events.seq + 1
    await _say(server, "/start")
    await server.sandbox.world.events.wait(said, PATIENCE_S)
    assert server.sandbox.world.chats[USER].messages[2].payload["text"] == "at once"


async def test_dropping_pending_updates(server: Server, hook: Hook) -> None:
    await _say(server, "/dropped")
    await server.ok("setWebhook", url=hook.url, drop_pending_updates=True)
    await _say(server, "/kept")
    await hook.wait(1)
    assert hook.taken[0]["message"]["text"] == "/kept"
    assert TOKEN not in str(hook.taken)
