"""The control API and the event stream, as the chat page and tests in other processes use them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.server import Sandbox, serve
from tests.sandbox.conftest import CHANNEL, GROUP, OWNER, SUPERGROUP, TOKEN, USER, Server


async def _events(server: Server, after: int, count: int) -> list[dict[str, Any]]:
    async def read() -> AsyncIterator[dict[str, Any]]:
        async with server.http.get(f"{server.url}/sandbox/events?after={after}") as stream:
            assert stream.content_type == "text/event-stream"
            async for line in stream.content:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    found: list[dict[str, Any]] = []
    async for event in read():
        found.append(event)
        if len(found) == count:
            break
    return found


async def test_state_shows_bot_people_and_chats(server: Server) -> None:
    await server.ok("sendMessage", chat_id=USER, text="last words")
    state = await server.control("state")
    assert state["bot"]["username"] == "tidings_bot"
    assert [user["id"] for user in state["users"]] == [USER, OWNER]
    assert state["default_viewer"] == USER
    chats = {chat["id"]: chat for chat in state["chats"]}
    assert chats[USER]["last_message"]["text"] == "last words"
    assert chats[GROUP]["viewers"] == [OWNER, USER]
    assert {member["user"]["id"]: member["status"] for member in chats[CHANNEL]["members"]}[777] == "administrator"


async def test_demo_world_is_made_once() -> None:
    sandbox = await Sandbox.open(None)
    first = sandbox.world.ensure_demo()
    chats = dict(sandbox.world.chats)
    assert sandbox.world.ensure_demo() is first
    assert sandbox.world.chats == chats
    assert sorted(chat.type for chat in chats.values()) == ["channel", "group", "private", "private"]
    assert len(first.token.partition(":")[2]) == 35
    await sandbox.close()


async def test_history_is_paged_from_the_newest(server: Server) -> None:
    for number in range(5):
        await server.ok("sendMessage", chat_id=USER, text=str(number))
    await server.ok("deleteMessage", chat_id=USER, message_id=3)
    newest = await server.control(f"chats/{USER}/messages?limit=2")
    assert ([message["text"] for message in newest["messages"]], newest["more"]) == (["3", "4"], True)
    older = await server.control(f"chats/{USER}/messages?before={newest['messages'][0]['message_id']}")
    assert ([message["text"] for message in older["messages"]], older["more"]) == (["0", "1"], False)


async def test_events_tell_what_a_page_must_draw(server: Server) -> None:
    start = (await server.control("state"))["events"]
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
    sent = await server.ok("sendMessage", chat_id=USER, text="one", reply_markup=markup)
    await server.ok("editMessageText", chat_id=USER, message_id=sent["message_id"], text="two", reply_markup=markup)
    press = {"from": USER, "message_id": sent["message_id"], "data": "a"}
    query = await server.control(f"chats/{USER}/callbacks", press)
    await server.ok("answerCallbackQuery", callback_query_id=query["callback_query_id"], text="Done", show_alert=True)
    await server.ok("sendChatAction", chat_id=USER, action="typing")
    await server.ok("setMyCommands", commands=[{"command": "a", "description": "b"}])
    await server.ok("pinChatMessage", chat_id=USER, message_id=sent["message_id"])
    await server.ok("deleteMessage", chat_id=USER, message_id=sent["message_id"])
    events = await _events(server, start, 7)
    assert [event["type"] for event in events] == [
        "message",
        "edited",
        "callback_answer",
        "chat_action",
        "commands",
        "pinned",
        "deleted",
    ]
    assert [event["seq"] for event in events] == list(range(start + 1, start + 8))
    assert [events[0]["message"]["text"], events[1]["message"]["text"]] == ["one", "two"]
    assert events[2]["callback"]["callback_query_id"] == query["callback_query_id"]
    assert (events[2]["callback"]["text"], events[2]["callback"]["show_alert"]) == ("Done", True)


async def test_page_sees_reply_keyboards_and_the_bot_api_does_not(server: Server) -> None:
    markup = {"keyboard": [["Yes", "No"]], "resize_keyboard": True}
    sent = await server.ok("sendMessage", chat_id=USER, text="?", reply_markup=markup)
    assert "reply_markup" not in sent
    shown = (await server.control(f"chats/{USER}/messages"))["messages"][0]
    assert shown["reply_markup"]["keyboard"] == [[{"text": "Yes"}, {"text": "No"}]]


async def test_commands_go_by_scope_then_language(server: Server) -> None:
    def named(name: str) -> list[dict[str, str]]:
        return [{"command": name, "description": "x"}]

    scopes: dict[str, dict[str, Any] | None] = {
        "default": None,
        "private": {"type": "all_private_chats"},
        "groups": {"type": "all_group_chats"},
        "admins": {"type": "all_chat_administrators"},
        "owner": {"type": "chat", "chat_id": OWNER},
    }
    for name, scope in scopes.items():
        await server.ok("setMyCommands", commands=named(name), **({"scope": scope} if scope else {}))
    await server.ok("setMyCommands", commands=named("english"), scope=scopes["private"], language_code="en")
    seen = {
        (chat_id, user_id): (await server.control(f"commands?chat_id={chat_id}&user_id={user_id}"))["commands"]
        for chat_id, user_id in [(USER, USER), (OWNER, OWNER), (GROUP, USER), (GROUP, OWNER)]
    }
    assert {place: commands[0]["command"] for place, commands in seen.items()} == {
        (USER, USER): "english",
        (OWNER, OWNER): "owner",
        (GROUP, USER): "groups",
        (GROUP, OWNER): "admins",
    }
    await server.ok("deleteMyCommands", scope=scopes["owner"])
    assert await server.ok("getMyCommands", scope=scopes["owner"]) == []
    menu = (await server.control(f"commands?chat_id={USER}&user_id={USER}"))["menu_button"]
    assert menu == {"type": "commands"}


async def test_people_bots_and_chats_are_made_over_http(server: Server) -> None:
    user = await server.control("users", {"first_name": "Ann", "language_code": "ko"})
    chat = await server.control("chats", {"type": "private", "id": user["id"]})
    assert (chat["id"], chat["started"]) == (user["id"], True)
    members = [{"user_id": user["id"], "status": "creator"}, 777]
    group = await server.control("chats", {"type": "supergroup", "title": "T", "members": members, "is_forum": True})
    assert group["is_forum"]
    bot = await server.control("bots", {"username": "second_bot"})
    async with server.http.get(f"{server.url}/bot{bot['token']}/getMe") as answer:
        assert (await answer.json())["result"]["username"] == "second_bot"
    many = await server.control("bulk_chats", {"count": 100, "first_id": 50_001})
    assert many["chat_ids"] == list(range(50_001, 50_101))
    await server.ok("sendMessage", chat_id=50_100, text="x")


async def test_documents_come_from_people(server: Server) -> None:
    form = aiohttp.FormData({"from": str(USER), "caption": "/add this"})
    form.add_field("file", b"An article.", filename="a.txt", content_type="text/plain")
    async with server.http.post(f"{server.url}/sandbox/chats/{USER}/documents", data=form) as answer:
        assert answer.status == 200
    (update,) = await server.ok("getUpdates")
    document = update["message"]["document"]
    assert (document["file_name"], document["mime_type"], document["file_size"]) == ("a.txt", "text/plain", 11)
    assert update["message"]["caption_entities"] == [{"offset": 0, "length": 4, "type": "bot_command"}]
    path = (await server.ok("getFile", file_id=document["file_id"]))["file_path"]
    async with server.http.get(f"{server.url}/file/bot{TOKEN}/{path}") as answer:
        assert await answer.read() == b"An article."


async def test_forum_topics(server: Server) -> None:
    await server.control(f"chats/{SUPERGROUP}/members", {"user_id": 777, "status": "administrator"})
    topic = await server.ok("createForumTopic", chat_id=SUPERGROUP, name="Korea")
    thread_id = topic["message_thread_id"]
    sent = await server.ok("sendMessage", chat_id=SUPERGROUP, text="x", message_thread_id=thread_id)
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (thread_id, True)
    await server.ok("deleteForumTopic", chat_id=SUPERGROUP, message_thread_id=thread_id)
    refusal = await server.refused("sendMessage", chat_id=SUPERGROUP, text="x", message_thread_id=thread_id)
    assert refusal == "Bad Request: message thread not found"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "news.example.com"}, 403),
        ({"Host": "127.0.0.1.example.com"}, 403),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_only_this_machine_reaches_control_and_page(server: Server, headers: dict[str, str], status: int) -> None:
    for path in ("/sandbox/state", "/"):
        async with server.http.get(f"{server.url}{path}", headers=headers) as answer:
            assert answer.status == status
    async with server.http.get(f"{server.url}/bot{TOKEN}/getMe") as answer:
        assert answer.status == 200


async def test_own_origin_is_let_in(server: Server) -> None:
    async with server.http.get(f"{server.url}/sandbox/state", headers={"Origin": server.url}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("chats/99/messages", {"from": USER, "text": "x"}, 404),
        (f"chats/{USER}/messages", {"from": USER}, 400),
        (f"chats/{USER}/messages", {"from": OWNER, "text": "x"}, 403),
        (f"chats/{CHANNEL}/messages", {"from": USER, "text": "x"}, 403),
        (f"chats/{USER}/callbacks", {"from": USER, "message_id": 9, "data": "x"}, 404),
        (f"chats/{USER}/callbacks", {}, 400),
        (f"chats/{GROUP}/block", {"blocked": True}, 400),
        (f"chats/{GROUP}/members", {"user_id": 99, "status": "member"}, 404),
        ("chats", {"type": "planet", "members": []}, 400),
        ("bots", {"token": "nonsense"}, 400),
        ("bulk_chats", {}, 400),
        ("users", [], 400),
    ],
)
async def test_wrong_control_requests_say_why(server: Server, path: str, body: Any, status: int) -> None:
    async with server.http.post(f"{server.url}/sandbox/{path}", json=body) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]


async def test_only_loopback_is_served() -> None:
    sandbox = await Sandbox.open(None)
    with pytest.raises(ValueError, match="loopback only"):
        async with serve(sandbox, host="0.0.0.0"):
            pass
    await sandbox.close()


async def test_stream_ends_when_the_server_stops() -> None:
    sandbox = await Sandbox.open(None)
    sandbox.world.add_bot(TOKEN)
    async with aiohttp.ClientSession() as http:
        async with serve(sandbox) as url:
            stream = await http.get(f"{url}/sandbox/events")
            poll = await http.post(f"{url}/bot{TOKEN}/getMe")
            poll.release()
        assert await stream.content.read() == b": hello\n\n: still here\n\n"
    await sandbox.close()
