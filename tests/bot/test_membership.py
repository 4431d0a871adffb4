"""What happens to the bot in chats, who claims it, and whose menu shows what."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.access import Who
from bot.ask import Identity, utc_now
from bot.commands.build import build
from bot.commands.news import latest
from bot.commands.start import make_claim_link
from bot.limits import Limits
from bot.registry import Command
from bot.router import Router
from storage import chats, editors, subscriptions
from storage.database import Database
from storage.records import ChatKind, ChatState, Role
from tests.bot.desk_rig import ANN, GROUP, OWNER, READER, Newsroom, newsroom

DESK = (
    Command("queue", latest, "What waits", who=Who.EDITOR),
    Command("editors", latest, "Who works here", who=Who.OWNER),
)
CHANNEL = -1_000_000_000_700


@pytest.fixture
async def room(sqlite_url: str) -> AsyncIterator[Newsroom]:
    database = Database(sqlite_url)
    async with newsroom(database, build(DESK)) as made:
        yield made
    await database.dispose()


async def _state(room: Newsroom, chat_id: int = READER) -> ChatState | None:
    async with room.db.read() as tx:
        chat = await chats.get(tx, room.bot.id, chat_id)
    return chat.state if chat else None


async def _followed(room: Newsroom, chat_id: int, thread_id: int = 0) -> list[str]:
    async with room.db.read() as tx:
        place = await chats.find_destination(tx, room.bot.id, chat_id, thread_id)
        return [item.slug for item in await subscriptions.of(tx, place.id)] if place else []


async def _block(room: Newsroom, blocked: bool) -> None:
    await room.post(f"chats/{READER}/block", {"blocked": blocked})
    await room.handle()


async def test_who_blocks_the_bot_is_gone_and_back_with_all_choices(room: Newsroom) -> None:
    await room.say(READER, "/subscribe korea")
    await _block(room, True)
    assert await _state(room) is ChatState.GONE
    await _block(room, False)
    assert await _state(room) is ChatState.ACTIVE
    assert await _followed(room, READER) == ["korea"]


async def test_who_said_stop_stays_stopped_through_a_block(room: Newsroom) -> None:
    await room.say(READER, "/stop")
    await _block(room, True)
    await _block(room, False)
    assert await _state(room) is ChatState.STOPPED


async def test_a_group_that_removes_the_bot_is_gone_until_it_is_back(room: Newsroom) -> None:
    await room.say(READER, "/latest", chat=GROUP)
    for status, state in (("left", ChatState.GONE), ("member", ChatState.ACTIVE)):
        await room.post(f"chats/{GROUP}/members", {"user_id": room.bot.id, "status": status})
        await room.handle()
        assert await _state(room, GROUP) is state
    assert "bring news to this group" in (await room.said(GROUP))[-1].text


async def test_a_group_that_becomes_a_supergroup_takes_all_along(room: Newsroom) -> None:
    old = -4_040
    members = [{"user_id": OWNER, "status": "creator"}, {"user_id": room.bot.id, "status": "member"}]
    await room.post("chats", {"id": old, "type": "group", "title": "Old friends", "members": members})
    await room.say(OWNER, "/subscribe korea", chat=old)
    new = (await room.post(f"chats/{old}/upgrade", {}))["id"]
    await room.handle()
    assert await _state(room, old) is None
    assert await _followed(room, new) == ["korea"]


async def test_a_channel_subscribes_by_a_post(room: Newsroom) -> None:
    members = [{"user_id": OWNER, "status": "creator"}, {"user_id": room.bot.id, "status": "administrator"}]
    members.append({"user_id": READER, "status": "member"})
    await room.post("chats", {"id": CHANNEL, "type": "channel", "title": "The channel", "members": members})
    await room.handle()
    (said,) = await _post(room, CHANNEL, "/subscribe korea")
    assert "This chat follows Korea" in said
    assert await _followed(room, CHANNEL) == ["korea"]
    assert await _post(room, CHANNEL, "korea is in the news") == []
    message_id = (await _all(room, CHANNEL))[-2]["message_id"]
    for user, followed in ((READER, ["korea"]), (OWNER, [])):
        undo = {"from": user, "message_id": message_id, "data": (await _buttons(room, message_id))["✖️ Undo"]}
        await room.post(f"chats/{CHANNEL}/callbacks", undo)
        await room.handle()
        assert await _followed(room, CHANNEL) == followed


async def _post(room: Newsroom, chat_id: int, text: str) -> list[str]:
    """A channel's own post; what the bot posted after it."""
    sent = await room.post(f"chats/{chat_id}/messages", {"from": None, "text": text})
    await room.handle()
    found = await _all(room, chat_id)
    return [message["text"] for message in found if message["message_id"] > sent["message"]["message_id"]]


async def _buttons(room: Newsroom, message_id: int) -> dict[str, str]:
    message = next(item for item in await _all(room, CHANNEL) if item["message_id"] == message_id)
    keyboard = message["reply_markup"]["inline_keyboard"]
    return {button["text"]: button["callback_data"] for row in keyboard for button in row}


async def _all(room: Newsroom, chat_id: int) -> list[dict[str, Any]]:
    async with room.http.get(f"/sandbox/chats/{chat_id}/messages") as response:
        found: list[dict[str, Any]] = (await response.json())["messages"]
    return found


async def test_a_forum_s_threads_follow_each_their_own(room: Newsroom) -> None:
    forum = -1_000_000_000_800
    members = [{"user_id": OWNER, "status": "creator"}, {"user_id": room.bot.id, "status": "administrator"}]
    body = {"id": forum, "type": "supergroup", "title": "Forum", "members": members, "is_forum": True}
    await room.post("chats", body)
    thread = (await room.bot.create_forum_topic(forum, "News")).message_thread_id
    said = {"from": OWNER, "text": "/subscribe korea", "thread_id": thread}
    await room.post(f"chats/{forum}/messages", said)
    await room.handle()
    assert await _followed(room, forum, thread) == ["korea"]
    assert await _followed(room, forum) == []
    assert (await _all(room, forum))[-1]["message_thread_id"] == thread


# Links


async def test_the_first_owner_claims_the_bot_once(room: Newsroom) -> None:
    async with room.db.begin() as tx:
        link = await make_claim_link(tx, room.bot, utc_now())
    found = re.fullmatch(r"https://t\.me/tidings_test_bot\?start=([A-Za-z0-9_-]{1,64})", link)
    assert found is not None
    assert "/queue" not in await _menu(room, READER)
    (said,) = await room.say(READER, f"/start {found[1]}")
    assert "an owner" in said.text
    async with room.db.read() as tx:
        editor = await editors.get(tx, room.bot.id, READER)
    assert editor is not None
    assert (editor.role, editor.name) == (Role.OWNER, "Rita")
    assert "editors" in await _menu(room, READER)
    (said,) = await room.say(ANN, f"/start {found[1]}")
    assert "used already" in said.text


async def test_a_later_claim_link_ends_the_earlier_one(room: Newsroom) -> None:
    async with room.db.begin() as tx:
        first = await make_claim_link(tx, room.bot, utc_now())
        await make_claim_link(tx, room.bot, utc_now())
    (said,) = await room.say(READER, f"/start {first.partition('=')[2]}")
    assert "used already" in said.text


@pytest.mark.parametrize("payload", ["claim_", "claim_x", "invite_" + "a" * 40, "claim_'; DROP TABLE editor"])
async def test_a_made_up_link_makes_no_editor(room: Newsroom, payload: str) -> None:
    (said,) = await room.say(READER, f"/start {payload}")
    assert "used already" in said.text
    async with room.db.read() as tx:
        assert await editors.get(tx, room.bot.id, READER) is None


async def test_a_claim_in_a_group_is_left_unused(room: Newsroom) -> None:
    async with room.db.begin() as tx:
        link = await make_claim_link(tx, room.bot, utc_now())
    (said,) = await room.say(READER, f"/start@tidings_test_bot {link.partition('=')[2]}", chat=GROUP)
    assert "private chat" in said.text
    (said,) = await room.say(READER, f"/start {link.partition('=')[2]}")
    assert "an owner" in said.text


# Menus


async def _menu(room: Newsroom, user_id: int, chat_id: int | None = None) -> list[str]:
    params = {"chat_id": chat_id or user_id, "user_id": user_id}
    async with room.http.get("/sandbox/commands", params=params) as response:
        return [command["command"] for command in (await response.json())["commands"]]


async def test_each_person_s_menu_shows_what_they_may_do(room: Newsroom) -> None:
    await room.post(f"chats/{GROUP}/members", {"user_id": ANN, "status": "administrator"})
    await room.router.set_menus()
    await room.router.set_menus()
    reader, editor, owner = [await _menu(room, user) for user in (READER, ANN, OWNER)]
    assert {"start", "help", "latest", "subscribe", "stop"} <= set(reader)
    assert not {"queue", "editors"} & set(reader)
    assert ("queue" in editor, "editors" in editor) == (True, False)
    assert {"queue", "editors"} <= set(owner)
    assert "subscribe" not in await _menu(room, READER, GROUP)
    assert "subscribe" in await _menu(room, ANN, GROUP)


async def test_an_editor_s_menu_comes_with_their_start(room: Newsroom) -> None:
    assert "queue" not in await _menu(room, ANN)
    await room.say(ANN, "/start")
    assert "queue" in await _menu(room, ANN)


async def test_too_many_commands_get_one_kind_notice(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with newsroom(database, build()) as room:
        me = Identity(room.bot.id, room.bot.username)
        limits = Limits(capacity=2, per_second=0.01)
        room.router = Router(database, room.bot, me, build(), clock=utc_now, limits=limits)
        answers = [await room.say(READER, "/privacy") for _ in range(4)]
        assert [len(said) for said in answers] == [1, 1, 1, 0]
        assert "quick" in answers[2][0].text
        (other,) = await room.say(ANN, "/privacy")
        assert "What I keep" in other.text
    await database.dispose()


async def test_a_gone_chat_that_writes_is_back(room: Newsroom) -> None:
    await room.say(READER, "/subscribe korea")
    async with room.db.begin() as tx:
        await chats.set_state(tx, room.bot.id, READER, ChatState.GONE, "because")
    await room.say(READER, "/latest")
    async with room.db.read() as tx:
        chat = await chats.get(tx, room.bot.id, READER)
    assert chat is not None
    assert (chat.state, chat.gone_reason, chat.kind) == (ChatState.ACTIVE, None, ChatKind.PRIVATE)
