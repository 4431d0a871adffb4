from __future__ import annotations

import aiohttp
import telegram

from sandbox.server import Sandbox, serve
from tests.sandbox.conftest import CHANNEL, GROUP, TOKEN, USER, Server


async def test_example_for_other_rooms() -> None:
    """How a test of any room gets a Bot API server of its own: a world, some people, and a bot by base_url alone."""
    sandbox = await Sandbox.open(None)
    bot_account = sandbox.world.add_bot("42:some-secret", username="news_bot")
    readers = sandbox.world.bulk_chats(3)
    async with serve(sandbox) as url, telegram.Bot(bot_account.token, base_url=f"{url}/bot") as bot:
        for chat_id in readers:
            await bot.send_message(chat_id, "<b>News</b>", parse_mode="HTML")
    sent = sandbox.ledger.read(method="sendMessage")
    assert [row["chat_id"] for row in sent] == readers
    assert all(row["ok"] and row["answered_at"] for row in sent)
    await sandbox.close()


async def test_python_telegram_bot_sends_edits_and_deletes(server: Server) -> None:
    async with telegram.Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("More", callback_data="more:1")]])
        message = await bot.send_message(USER, "<b>One</b> &amp; two", parse_mode="HTML", reply_markup=keyboard)
        assert message.text == "One & two"
        assert message.entities[0].type == "bold"
        assert message.reply_markup == keyboard
        edited = await bot.edit_message_text("Three", USER, message.message_id)
        assert isinstance(edited, telegram.Message)
        assert edited.edit_date is not None
        assert await bot.delete_message(USER, message.message_id)


async def test_python_telegram_bot_reads_every_kind_of_update(server: Server) -> None:
    world = server.sandbox.world
    server.sandbox.world.by_token[TOKEN].outbox.allow(["message", "callback_query", "my_chat_member", "channel_post"])
    async with telegram.Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        sent = await bot.send_message(USER, "Choose")
        await server.control(f"chats/{USER}/messages", {"from": USER, "text": "/start@tidings_bot now"})
        await server.control(f"chats/{USER}/callbacks", {"from": USER, "message_id": sent.message_id, "data": "x"})
        await server.control(f"chats/{GROUP}/members", {"user_id": 777, "status": "administrator"})
        await server.control(f"chats/{CHANNEL}/messages", {"from": None, "text": "A post"})
        await server.control(f"chats/{USER}/block", {"blocked": True})
        updates = await bot.get_updates(timeout=0)
    kinds = [next(key for key in update.to_dict() if key != "update_id") for update in updates]
    assert kinds == ["message", "callback_query", "my_chat_member", "channel_post", "my_chat_member"]
    assert world.chats[USER].blocked


async def test_unknown_tokens_methods_and_paths(server: Server) -> None:
    cases = {
        "bot777:wrong/getMe": (401, "Unauthorized"),
        "botnonsense/getMe": (401, "Unauthorized: invalid token specified"),
        f"bot{TOKEN}/sendGame": (404, "Not Found: method not found"),
        "nowhere/at/all": (404, "Not Found"),
    }
    for path, (status, description) in cases.items():
        async with server.http.get(f"{server.url}/{path}") as answer:
            body = await answer.json()
            assert (answer.status, body["error_code"], body["description"]) == (status, status, description)


async def test_parameters_come_in_query_form_json_and_multipart(server: Server) -> None:
    url = f"{server.url}/bot{TOKEN}/SENDmessage"
    params = {"chat_id": str(USER), "text": "hello"}
    form = aiohttp.FormData(params, default_to_multipart=True)
    ways = [
        server.http.get(url, params=params),
        server.http.post(url, params=params),
        server.http.post(url, data=params),
        server.http.post(url, json=params),
        server.http.post(url, data=form),
    ]
    for way in ways:
        async with way as answer:
            assert (await answer.json())["result"]["text"] == "hello"
    assert len(server.sandbox.world.chats[USER].messages) == len(ways)
