"""What pauses by itself is told to the editors, each once, where they talk with the bot."""

from collections.abc import Collection
from datetime import datetime

from bot.ask import Reply
from bot.speak import Place, Speaker
from delivery import render
from storage import chats, editors, sources
from storage.database import Connection, Database
from storage.editors import includes
from storage.records import ChatState, PolledFeed, Role

AT_ONCE = 20


async def tell_editors(
    db: Database, speaker: Speaker, *, bot_id: int, owner_ids: Collection[int], now: datetime
) -> int:
    """How many sources were told of. Marked after it was said: after a crash it is said again rather than never."""
    async with db.read() as tx:
        due = await sources.notices(tx, AT_ONCE)
        readers = await _readers(tx, bot_id, owner_ids) if due else []
    for feed in due:
        for chat_id in readers:
            await speaker.say(Place(chat_id), notice(feed), now)
    if due:
        async with db.begin() as tx:
            await sources.noticed(tx, [feed.source.id for feed in due])
    return len(due)


async def _readers(tx: Connection, bot_id: int, owner_ids: Collection[int]) -> list[int]:
    known = [item.user_id for item in await editors.all_editors(tx, bot_id) if includes(item.role, Role.EDITOR)]
    found = [await chats.get(tx, bot_id, user_id) for user_id in dict.fromkeys([*owner_ids, *known])]
    return [chat.chat_id for chat in found if chat is not None and chat.state is ChatState.ACTIVE]


def notice(feed: PolledFeed) -> Reply:
    name, reason = render.escape(feed.source.name), render.escape(feed.reason or "it can't be read")
    return Reply(
        f"⏸ <b>{name}</b> is paused: {reason}.\nNothing comes from it until you resume it or give its new address.",
        keyboard=((("Look at it", f"d-src:{feed.source.id}"), ("All sources", "d-srcs")),),
    )
