"""Replies when Telegram refuses, stumbles or has moved the chat."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.ask import Identity, Reply, utc_now
from bot.commands.build import build
from bot.speak import Place, Speaker
from storage import chats, schema
from storage.database import Database
from storage.records import ChatKind, ChatState
from tests.bot.desk_rig import READER, Newsroom, bring, newsroom

HELLO = Reply("<b>Hello</b> &amp; welcome", ((("Go", "help"), ("Site", "https://example.org/")),))


class Rig:
    """A speaker whose pauses are written down instead of waited for."""

    def __init__(self, room: Newsroom) -> None:
        self.room = room
        self.pauses: list[float] = []
        self.speaker = Speaker(room.db, room.bot, Identity(room.bot.id, room.bot.username), sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def say(self, reply: Reply = HELLO, edit: int | None = None) -> None:
        await self.speaker.say(Place(READER, edit=edit), reply, utc_now())

    async def fault(self, kind: str, **values: int | str) -> None:
        await self.room.post("faults", [{"kind": kind, "method": "sendMessage", **values}])

    async def texts(self, chat_id: int = READER) -> list[str]:
        return [said.text for said in await self.room.said(chat_id)]

    async def state(self) -> ChatState | None:
        async with self.room.db.read() as tx:
            chat = await chats.get(tx, self.room.bot.id, READER)
        return chat.state if chat else None


@pytest.fixture
async def rig(sqlite_url: str) -> AsyncIterator[Rig]:
    database = Database(sqlite_url)
    async with newsroom(database, build()) as room:
        async with database.begin() as tx:
            await chats.remember(
                tx,
                bot_id=room.bot.id,
                chat_id=READER,
                kind=ChatKind.PRIVATE,
                title="Rita",
                username=None,
                language="en",
                now=utc_now(),
            )
        yield Rig(room)
    await database.dispose()


async def test_a_reply_arrives_with_its_buttons(rig: Rig) -> None:
    await rig.say()
    (said,) = await rig.room.said(READER)
    assert (said.text, said.buttons) == ("Hello & welcome", {"Go": "help", "Site": "https://example.org/"})


@pytest.mark.parametrize("kind", ["server_error", "html", "drop_before"])
async def test_a_stumbling_server_is_asked_again(rig: Rig, kind: str) -> None:
    await rig.fault(kind, times=2)
    await rig.say()
    assert await rig.texts() == ["Hello & welcome"]
    assert len(rig.pauses) == 2


async def test_a_server_that_never_recovers_is_given_up(rig: Rig) -> None:
    await rig.fault("server_error", times=0)
    await rig.say()
    assert await rig.texts() == []


async def test_a_pause_that_telegram_asks_for_is_kept(rig: Rig) -> None:
    await rig.fault("too_many", retry_after=7)
    await rig.say()
    assert rig.pauses == [7]
    assert await rig.texts() == ["Hello & welcome"]


@pytest.mark.parametrize("kind", ["blocked", "deactivated"])
async def test_a_chat_that_can_t_be_reached_is_gone(rig: Rig, kind: str) -> None:
    await rig.fault(kind)
    await rig.say()
    assert await rig.state() is ChatState.GONE


async def test_refused_formatting_is_dropped(rig: Rig) -> None:
    await rig.fault("refuse_entities")
    await rig.say()
    assert await rig.texts() == ["Hello & welcome"]


async def test_a_moved_group_gets_its_reply_at_its_new_number(rig: Rig) -> None:
    new = -1_000_000_000_900
    await rig.room.post("chats", {"id": new, "type": "supergroup", "title": "New", "members": [rig.room.bot.id]})
    await rig.fault("migrated", chat_id=READER, migrate_to=new)
    await rig.say()
    assert await rig.texts(new) == ["Hello & welcome"]
    async with rig.room.db.read() as tx:
        assert await chats.get(tx, rig.room.bot.id, new) is not None


async def test_an_edit_of_the_same_is_no_trouble_and_of_a_lost_message_a_new_one(rig: Rig) -> None:
    await rig.say()
    (said,) = await rig.room.said(READER)
    await rig.say(edit=said.message_id)
    assert len(await rig.texts()) == 1
    await rig.room.bot.delete_message(READER, said.message_id)
    await rig.say(edit=said.message_id)
    (again,) = await rig.room.said(READER)
    assert again.message_id > said.message_id


async def test_an_edited_reply_carries_what_it_shows_now(rig: Rig) -> None:
    first, second = await bring(rig.room.db, "Bridge opens"), await bring(rig.room.db, "Harvest ends")
    await rig.say(Reply("one", article_ids=(first.id, second.id)))
    (said,) = await rig.room.said(READER)
    await rig.say(Reply("two", article_ids=(second.id,)), said.message_id)
    async with rig.room.db.read() as tx:
        rows = (await tx.execute(select(schema.reply_article))).all()
    assert [(row.chat_id, row.message_id, row.article_id) for row in rows] == [(READER, said.message_id, second.id)]


async def test_following_messages_keep_their_order(rig: Rig) -> None:
    await rig.say(Reply("one", more=(Reply("two"), Reply("three"))))
    assert await rig.texts() == ["one", "two", "three"]
