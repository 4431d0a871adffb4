"""Every refusal in Telegram's words, over HTTP."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import aiohttp
import pytest

from tests.sandbox.conftest import CHANNEL, GROUP, OWNER, SUPERGROUP, TOKEN, USER, Server


def _button(**fields: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "a", **fields}]]}


def _send(**params: Any) -> tuple[str, dict[str, Any]]:
    return "sendMessage", {"chat_id": USER, "text": "x", **params}


NOT_JSON = "can't parse reply keyboard markup JSON object"
CASES: dict[str, tuple[tuple[str, dict[str, Any]], str]] = {
    "no chat": (("sendMessage", {"text": "x"}), "chat_id is empty"),
    "unknown chat": (_send(chat_id=99), "chat not found"),
    "unknown name": (_send(chat_id="@nobody_here"), "chat not found"),
    "no name": (_send(chat_id="nobody"), "chat not found"),
    "a list as chat": (_send(chat_id=[1]), "chat not found"),
    "no text": (("sendMessage", {"chat_id": USER}), "message text is empty"),
    "empty text": (_send(text=""), "message text is empty"),
    "blank text": (_send(text=" \n "), "text must be non-empty"),
    "only empty tags": (_send(text="<b> </b>", parse_mode="HTML"), "text must be non-empty"),
    "text of a wrong type": (_send(text={"a": 1}), 'field "text" must be of type String'),
    "too long": (_send(text="x" * 4097), "message is too long"),
    "too long in bytes": (_send(text="한" * 11_000), "text is too long"),
    "half a symbol": (_send(text="\ud83d"), "strings must be encoded in UTF-8"),
    "parse mode": (_send(parse_mode="rich"), "unsupported parse_mode"),
    "flag of a wrong type": (
        _send(disable_notification="maybe"),
        'field "disable_notification" must be of type Boolean',
    ),
    "thread of a wrong type": (_send(message_thread_id="x"), 'field "message_thread_id" must be of type Number'),
    "entities not JSON": (_send(entities="["), "can't parse entities JSON object"),
    "entity without offset": (
        _send(entities=[{"type": "bold", "length": 1}]),
        "can't parse entities: Can't find field \"offset\"",
    ),
    "entity behind the end": (
        _send(entities=[{"type": "bold", "offset": 0, "length": 2}]),
        "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 2",
    ),
    "entity unknown": (
        _send(entities=[{"type": "huge", "offset": 0, "length": 1}]),
        "can't parse MessageEntity: Unsupported type specified",
    ),
    "preview not JSON": (_send(link_preview_options="{"), "can't parse link preview options JSON object"),
    "preview field": (
        _send(link_preview_options={"is_disabled": "yes"}),
        'can\'t parse link preview options: Field "is_disabled" must be of type Boolean',
    ),
    "reply to nothing": (_send(reply_parameters={"message_id": 99}), "message to be replied not found"),
    "reply without id": (
        _send(reply_parameters={"chat_id": 1}),
        "can't parse reply parameters: Can't find field \"message_id\"",
    ),
    "markup not JSON": (_send(reply_markup="{"), NOT_JSON),
    "markup a list": (_send(reply_markup=[1]), "object expected as reply markup"),
    "markup too deep": (_send(reply_markup="[" * 5000 + "]" * 5000), NOT_JSON),
    "keyboard no array": (
        _send(reply_markup={"inline_keyboard": {"a": 1}}),
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array',
    ),
    "keyboard of buttons": (
        _send(reply_markup={"inline_keyboard": [{"text": "a"}]}),
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    ),
    "button no object": (
        _send(reply_markup={"inline_keyboard": [["a"]]}),
        "can't parse inline keyboard button: InlineKeyboardButton must be an Object",
    ),
    "button without text": (
        _send(reply_markup={"inline_keyboard": [[{"callback_data": "a"}]]}),
        "can't parse inline keyboard button: Can't find field \"text\"",
    ),
    "button with blank text": (
        _send(reply_markup=_button(callback_data="a", text=" ")),
        "inline keyboard button text must be non-empty",
    ),
    "button without action": (
        _send(reply_markup=_button()),
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    "data of 65 bytes": (_send(reply_markup=_button(callback_data="한" * 21 + "ab")), "BUTTON_DATA_INVALID"),
    "local address": (
        _send(reply_markup=_button(url="http://localhost:80")),
        "inline keyboard button URL 'http://localhost:80' is invalid: Wrong HTTP URL",
    ),
    "strange protocol": (
        _send(reply_markup=_button(url="ftp://a.io")),
        "inline keyboard button URL 'ftp://a.io' is invalid: Unsupported URL protocol",
    ),
    "web app without TLS": (
        _send(reply_markup=_button(web_app={"url": "http://a.io"})),
        "inline keyboard button Web App URL 'http://a.io' is invalid: Only HTTPS links are allowed",
    ),
    "copy too long": (_send(reply_markup=_button(copy_text={"text": "x" * 257})), "BUTTON_COPY_TEXT_INVALID"),
    "too many buttons": (
        _send(reply_markup={"inline_keyboard": [[{"text": "a", "callback_data": "a"}]] * 101}),
        "reply markup is too long",
    ),
    "switch in a channel": (
        _send(chat_id=CHANNEL, reply_markup=_button(switch_inline_query_current_chat="")),
        "can't use switch_inline_query button in a channel chat, because users will not be able to use the button "
        "without knowing bot's username",
    ),
    "no such topic": (_send(chat_id=SUPERGROUP, message_thread_id=55), "message thread not found"),
    "topic in a group": (_send(chat_id=GROUP, message_thread_id=55), "message thread not found"),
    "edit nothing": (("editMessageText", {"chat_id": USER, "message_id": 9, "text": "x"}), "message to edit not found"),
    "edit no id": (("editMessageText", {"chat_id": USER, "text": "x"}), "message identifier is not specified"),
    "edit no chat": (("editMessageText", {"message_id": 1, "text": "x"}), "chat_id is empty"),
    "delete nothing": (("deleteMessage", {"chat_id": USER, "message_id": 9}), "message to delete not found"),
    "delete no id": (("deleteMessage", {"chat_id": USER}), "message identifier is not specified"),
    "delete a word": (("deleteMessage", {"chat_id": USER, "message_id": "x"}), "message identifier is not specified"),
    "forward nothing": (
        ("forwardMessage", {"chat_id": USER, "from_chat_id": USER, "message_id": 9}),
        "message to forward not found",
    ),
    "copy nothing": (
        ("copyMessage", {"chat_id": USER, "from_chat_id": USER, "message_id": 9}),
        "message to copy not found",
    ),
    "pin nothing": (("pinChatMessage", {"chat_id": USER, "message_id": 9}), "message to pin not found"),
    "react to nothing": (("setMessageReaction", {"chat_id": USER, "message_id": 9}), "message to react not found"),
    "unknown query": (
        ("answerCallbackQuery", {"callback_query_id": "5"}),
        "query is too old and response timeout expired or query ID is invalid",
    ),
    "unknown action": (("sendChatAction", {"chat_id": USER, "action": "dance"}), "wrong parameter action in request"),
    "no photo": (("sendPhoto", {"chat_id": USER}), "there is no photo in the request"),
    "unknown file": (
        ("sendPhoto", {"chat_id": USER, "photo": "AgACAgIAAxk"}),
        "wrong file identifier/HTTP URL specified",
    ),
    "caption too long": (
        ("sendPhoto", {"chat_id": USER, "photo": "https://a.io/a.png", "caption": "x" * 1025}),
        "message caption is too long",
    ),
    "no commands": (("setMyCommands", {}), 'parameter "commands" is required'),
    "commands no list": (("setMyCommands", {"commands": {"a": 1}}), "expected an Array of BotCommand"),
    "command in capitals": (
        ("setMyCommands", {"commands": [{"command": "Latest", "description": "x"}]}),
        "BOT_COMMAND_INVALID",
    ),
    "command undescribed": (
        ("setMyCommands", {"commands": [{"command": "latest", "description": " "}]}),
        "command description must be non-empty",
    ),
    "too many commands": (
        ("setMyCommands", {"commands": [{"command": f"c{n}", "description": "x"} for n in range(101)]}),
        "BOT_COMMANDS_TOO_MUCH",
    ),
    "unknown scope": (
        ("setMyCommands", {"commands": [], "scope": {"type": "planet"}}),
        "can't parse BotCommandScope: Unsupported type specified",
    ),
    "scope of a stranger": (
        ("setMyCommands", {"commands": [], "scope": {"type": "chat", "chat_id": 99}}),
        "chat not found",
    ),
    "member unknown": (("getChatMember", {"chat_id": GROUP, "user_id": 99}), "user not found"),
    "member unnamed": (("getChatMember", {"chat_id": GROUP}), "invalid user_id specified"),
    "webhook secret": (
        ("setWebhook", {"url": "http://127.0.0.1:1/", "secret_token": "a b"}),
        "secret token contains unallowed characters",
    ),
    "webhook secret too long": (
        ("setWebhook", {"url": "http://127.0.0.1:1/", "secret_token": "a" * 257}),
        "secret token is too long",
    ),
    "webhook without TLS": (
        ("setWebhook", {"url": "http://example.com/"}),
        "bad webhook: An HTTPS URL must be provided for webhook",
    ),
}


@pytest.mark.parametrize(("call", "why"), CASES.values(), ids=CASES)
async def test_refused_in_telegrams_words(server: Server, call: tuple[str, dict[str, Any]], why: str) -> None:
    method, params = call
    answer = await server.call(method, **params)
    assert (answer["error_code"], answer["description"]) == (400, f"Bad Request: {why}")
    assert not server.sandbox.world.chats[USER].messages, "nothing happened"


async def test_4096_code_points_are_counted_after_parsing(server: Server) -> None:
    await server.ok("sendMessage", chat_id=USER, text=f"<b>{'😀' * 4096}</b>", parse_mode="HTML")
    caption = f"<i>{'한' * 1024}</i>"
    await server.ok("sendPhoto", chat_id=USER, photo="https://a.io/a.png", caption=caption, parse_mode="HTML")


async def test_pinning_in_a_group_takes_the_right(server: Server) -> None:
    sent = await server.ok("sendMessage", chat_id=GROUP, text="x")
    where = {"chat_id": GROUP, "message_id": sent["message_id"]}
    refusal = await server.refused("pinChatMessage", **where)
    assert refusal == "Bad Request: not enough rights to manage pinned messages in the chat"
    await server.control(f"chats/{GROUP}/members", {"user_id": 777, "status": "administrator"})
    await server.ok("pinChatMessage", **where)
    assert (await server.ok("getChat", chat_id=GROUP))["pinned_message"]["text"] == "x"


async def test_same_text_markup_and_entities_is_not_modified(server: Server) -> None:
    markup = _button(callback_data="a")
    sent = await server.ok("sendMessage", chat_id=USER, text="<b>x</b> y", parse_mode="HTML", reply_markup=markup)
    where = {"chat_id": USER, "message_id": sent["message_id"]}
    same = {"text": "<strong>x</strong> y ", "parse_mode": "HTML", "reply_markup": markup}
    refusal = await server.refused("editMessageText", **where, **same)
    assert refusal == (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    assert "not modified" in await server.refused("editMessageReplyMarkup", **where, reply_markup=markup)
    await server.ok("editMessageText", **where, **{**same, "text": "x y"})
    assert "not modified" not in (await server.ok("editMessageReplyMarkup", **where))
    assert "not modified" in await server.refused("editMessageReplyMarkup", **where)


async def test_only_the_bots_own_messages_are_edited(server: Server) -> None:
    said = (await server.control(f"chats/{USER}/messages", {"from": USER, "text": "mine"}))["message"]
    refusal = await server.refused("editMessageText", chat_id=USER, message_id=said["message_id"], text="yours")
    assert refusal == "Bad Request: message can't be edited"


async def test_deleting_ends_after_48_hours(server: Server) -> None:
    sent = await server.ok("sendMessage", chat_id=USER, text="x")
    server.clock.now += 48 * 3600 + 1
    refusal = await server.refused("deleteMessage", chat_id=USER, message_id=sent["message_id"])
    assert refusal == "Bad Request: message can't be deleted for everyone"
    await server.ok("editMessageText", chat_id=USER, message_id=sent["message_id"], text="edited though")


async def test_who_may_not_be_written_to(server: Server) -> None:
    world = server.sandbox.world
    world.add_user("Stranger", user_id=3001)
    world.add_user("Colleague", user_id=3002)
    await server.control(f"chats/{GROUP}/members", {"user_id": 3002, "status": "member"})
    assert await server.refused("sendMessage", chat_id=3001, text="x") == "Bad Request: chat not found"
    initiate = "Forbidden: bot can't initiate conversation with a user"
    assert await server.refused("sendMessage", chat_id=3002, text="x") == initiate
    await server.control(f"chats/{USER}/block", {"blocked": True})
    assert await server.refused("sendMessage", chat_id=USER, text="x") == "Forbidden: bot was blocked by the user"


@pytest.mark.parametrize(
    ("chat_id", "status", "why"),
    [
        (GROUP, "kicked", "Forbidden: bot was kicked from the group chat"),
        (SUPERGROUP, "kicked", "Forbidden: bot was kicked from the supergroup chat"),
        (CHANNEL, "kicked", "Forbidden: bot was kicked from the channel chat"),
        (GROUP, "left", "Forbidden: bot is not a member of the group chat"),
        (SUPERGROUP, "left", "Forbidden: bot is not a member of the supergroup chat"),
        (CHANNEL, "member", "Bad Request: need administrator rights in the channel chat"),
        (SUPERGROUP, "restricted", "Bad Request: not enough rights to send text messages to the chat"),
    ],
)
async def test_bot_without_its_place_in_the_chat(server: Server, chat_id: int, status: str, why: str) -> None:
    await server.control(f"chats/{chat_id}/members", {"user_id": 777, "status": status})
    assert await server.refused("sendMessage", chat_id=chat_id, text="x") == why


async def test_upgraded_group_names_its_new_id(server: Server) -> None:
    new = await server.control(f"chats/{GROUP}/upgrade", {})
    answer = await server.call("sendMessage", chat_id=GROUP, text="x")
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": new["id"]}
    await server.ok("sendMessage", chat_id=new["id"], text="x")
    updates = [update["message"] for update in await server.ok("getUpdates") if "message" in update]
    assert [set(update) & {"migrate_to_chat_id", "migrate_from_chat_id"} for update in updates] == [
        {"migrate_to_chat_id"},
        {"migrate_from_chat_id"},
    ]


async def test_callback_is_answered_once_and_in_time(server: Server) -> None:
    sent = await server.ok("sendMessage", chat_id=USER, text="x", reply_markup=_button(callback_data="a"))
    press = {"from": USER, "message_id": sent["message_id"], "data": "a"}
    first = await server.control(f"chats/{USER}/callbacks", press)
    late = await server.control(f"chats/{USER}/callbacks", press)
    assert await server.ok("answerCallbackQuery", callback_query_id=first["callback_query_id"], text="Done") is True
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await server.refused("answerCallbackQuery", callback_query_id=first["callback_query_id"]) == too_old
    server.clock.now += 3600
    assert await server.refused("answerCallbackQuery", callback_query_id=late["callback_query_id"]) == too_old


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"chat_id=%ff", "application/x-www-form-urlencoded", 400),
        (b"no parts here", "multipart/form-data; boundary=b", 400),
        (b"x" * 100, "multipart/form-data", 400),
    ],
)
async def test_nonsense_bodies_are_refused_as_json(server: Server, body: bytes, kind: str, status: int) -> None:
    url = f"{server.url}/bot{TOKEN}/sendMessage"
    async with server.http.post(url, data=body, headers={"Content-Type": kind}) as answer:
        assert (answer.status, (await answer.json())["ok"]) == (status, False)
    assert (await server.ok("getMe"))["id"] == 777


async def test_files_and_bodies_beyond_the_limit_are_refused(server: Server) -> None:
    url = f"{server.url}/bot{TOKEN}/sendDocument"
    form = aiohttp.FormData({"chat_id": str(USER)})
    form.add_field("document", io.BytesIO(bytes(50 * 1024 * 1024 + 1)), filename="big.bin")
    async with server.http.post(url, data=form) as answer:
        assert (answer.status, (await answer.json())["description"]) == (400, "Bad Request: file is too big")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    head = f"POST /bot{TOKEN}/sendMessage HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {60 * 1024 * 1024}\r\n\r\n"
    writer.write(head.encode())
    assert await reader.readline() == b"HTTP/1.1 413 Request Entity Too Large\r\n"
    writer.close()
    await writer.wait_closed()


async def test_a_public_channel_without_the_bot_is_only_read(server: Server) -> None:
    sent = await server.ok("sendMessage", chat_id=CHANNEL, text="x")
    del server.sandbox.world.chats[CHANNEL].members[777]
    where = {"chat_id": "@tidings_wire", "message_id": sent["message_id"]}
    assert (await server.ok("getChat", chat_id="@tidings_wire"))["title"] == "Wire"
    assert await server.refused("sendMessage", chat_id=CHANNEL, text="x") == (
        "Forbidden: bot is not a member of the channel chat"
    )
    assert await server.refused("deleteMessage", **where) == "Bad Request: message can't be deleted"


async def test_names_of_channels_are_chats(server: Server) -> None:
    sent = await server.ok("sendMessage", chat_id="@Tidings_Wire", text="x")
    assert sent["chat"] == {"id": CHANNEL, "type": "channel", "title": "Wire", "username": "tidings_wire"}
    assert sent["sender_chat"] == sent["chat"]
    assert OWNER in server.sandbox.world.chats[CHANNEL].members
