"""/audit in chats on the sandbox."""

from collections.abc import AsyncIterator

import pytest

from bot.commands import desk_audit, desk_editors, desk_queue
from bot.commands.build import build
from storage.database import Database
from tests.bot.desk_rig import ANN, OWNER, READER, Newsroom, bring, newsroom

ROOMS = (desk_queue, desk_editors, desk_audit)
REGISTRY = build(
    tuple(command for room in ROOMS for command in room.COMMANDS),
    tuple(press for room in ROOMS for press in room.PRESSES),
)


@pytest.fixture
async def room(db: Database) -> AsyncIterator[Newsroom]:
    async with newsroom(db, REGISTRY) as made:
        yield made


async def test_who_decided_what_is_told_newest_first_and_by_pages(room: Newsroom) -> None:
    (said,) = await room.say(ANN, "/audit")
    assert "Nobody" in said.text
    ids = [(await bring(room.db, f"Bridge {number} opens")).id for number in range(14)]
    for number in ids[:-1]:
        await room.say(ANN, f"/approve {number}")
    await room.say(OWNER, f"/reject {ids[-1]} Known <already>")
    (said,) = await room.say(OWNER, "/audit")
    first = said.text.split("\n\n")[1]
    assert "Olga ✖️ rejected" in first
    assert first.endswith("Known <already>")
    assert said.text.count("✅ published") == desk_audit.PAGE - 1
    older, _, _ = await room.press(OWNER, said, "Older")
    assert older.text.count("Ann <b> ✅ published") == 2
    newest, _, _ = await room.press(OWNER, older, "Newest")
    assert newest.text == said.text


async def test_readers_and_forged_buttons_learn_nothing(room: Newsroom) -> None:
    await room.say(ANN, f"/approve {(await bring(room.db, 'Bridge opens')).id}")
    (said,) = await room.say(READER, "/audit")
    assert "news desk" in said.text
    after, new, _ = await room.press_data(READER, said, "d-audit")
    assert (after.text, new) == (said.text, [])
    (said,) = await room.say(ANN, "/audit")
    after, _, _ = await room.press_data(ANN, said, "d-audit:zzz")
    assert "published" in after.text
