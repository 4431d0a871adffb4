"""Who works here, in chats on the sandbox."""

from collections.abc import AsyncIterator

import pytest

from bot.commands import desk_editors
from bot.commands.build import build
from storage import editors
from storage.database import Database
from storage.records import Role
from tests.bot.desk_rig import ANN, BEN, GROUP, OWNER, READER, Newsroom, newsroom


@pytest.fixture
async def room(desk_db: Database) -> AsyncIterator[Newsroom]:
    async with newsroom(desk_db, build(desk_editors.COMMANDS, desk_editors.PRESSES)) as made:
        yield made


async def _role(room: Newsroom, user: int) -> Role | None:
    async with room.db.read() as tx:
        found = await editors.get(tx, room.bot.id, user)
    return found.role if found else None


async def test_everybody_of_the_desk_sees_who_is_who_and_owners_alone_have_buttons(room: Newsroom) -> None:
    for user, may in ((OWNER, True), (ANN, False), (BEN, False)):
        (said,) = await room.say(user, "/editors")
        assert "Ann <b> · editor" in said.text
        assert "Ben & Co · contributor" in said.text
        assert bool(said.buttons) == may
    (said,) = await room.say(READER, "/editors")
    assert "Ann" not in said.text


@pytest.mark.parametrize(
    ("label", "role"),
    [("Invite an editor", Role.EDITOR), ("Invite a contributor", Role.CONTRIBUTOR), ("Invite an owner", Role.OWNER)],
)
async def test_an_invitation_works_once(room: Newsroom, label: str, role: Role) -> None:
    (said,) = await room.say(OWNER, "/editors")
    _, (invitation,), _ = await room.press(OWNER, said, label)
    payload = invitation.text.rpartition("?start=")[2].strip()
    assert invitation.data("Send it").startswith("https://t.me/share/url?url=https%3A%2F%2Ft.me%2F")
    (welcome,) = await room.say(READER, f"/start {payload}")
    assert "Welcome to the news desk" in welcome.text
    assert await _role(room, READER) is role
    (again,) = await room.say(BEN, f"/start {payload}")
    assert "used" in again.text
    assert await _role(room, BEN) is Role.CONTRIBUTOR


async def test_a_role_is_changed_and_taken_by_buttons(room: Newsroom) -> None:
    (said,) = await room.say(OWNER, "/editors")
    person, _, _ = await room.press(OWNER, said, "Ben & Co")
    listed, _, _ = await room.press(OWNER, person, "Make an editor")
    assert "Ben & Co: editor from now on" in listed.text
    assert "You are an editor" in (await room.said(BEN))[-1].text
    assert await _role(room, BEN) is Role.EDITOR
    person, _, _ = await room.press(OWNER, listed, "Ben & Co")
    sure, _, _ = await room.press(OWNER, person, "Remove")
    assert await _role(room, BEN) is Role.EDITOR
    listed, _, _ = await room.press(OWNER, sure, "Yes")
    assert "is removed" in listed.text
    assert await _role(room, BEN) is None


async def test_the_last_owner_stays(room: Newsroom) -> None:
    (said,) = await room.say(OWNER, "/editors")
    for data in (f"d-role:{OWNER}:editor:yes", f"d-out:{OWNER}:yes"):
        _, _, toast = await room.press_data(OWNER, said, data)
        assert "only owner" in toast
        assert await _role(room, OWNER) is Role.OWNER


async def test_an_owner_who_steps_down_is_asked_first_and_loses_the_buttons(room: Newsroom) -> None:
    (said,) = await room.say(OWNER, "/editors")
    await room.press_data(OWNER, said, f"d-role:{ANN}:owner")
    sure, _, _ = await room.press_data(OWNER, said, f"d-role:{OWNER}:editor")
    assert "Step down" in sure.text
    listed, _, _ = await room.press(OWNER, sure, "Yes")
    assert await _role(room, OWNER) is Role.EDITOR
    assert not listed.buttons


async def test_links_of_an_owner_end_with_the_ownership(room: Newsroom) -> None:
    (said,) = await room.say(OWNER, "/editors")
    await room.press_data(OWNER, said, f"d-role:{ANN}:owner")
    _, (invitation,), _ = await room.press(OWNER, said, "Invite an owner")
    (anns,) = await room.say(ANN, "/editors")
    await room.press_data(ANN, anns, f"d-out:{OWNER}:yes")
    payload = invitation.text.rpartition("?start=")[2].strip()
    await room.say(OWNER, f"/start {payload}")
    assert await _role(room, OWNER) is None


@pytest.mark.parametrize("user", [ANN, BEN, READER])
async def test_nobody_raises_themselves_by_forged_buttons(room: Newsroom, user: int) -> None:
    (said,) = await room.say(user, "/help")
    for data in (f"d-role:{ANN}:owner", f"d-role:{user}:owner:yes", f"d-out:{BEN}:yes", "d-inv:owner", f"d-who:{ANN}"):
        _, new, toast = await room.press_data(user, said, data)
        assert new == []
        assert toast
    assert (await _role(room, ANN), await _role(room, BEN)) == (Role.EDITOR, Role.CONTRIBUTOR)


async def test_strange_button_data_changes_nothing(room: Newsroom) -> None:
    (said,) = await room.say(OWNER, "/editors")
    for data in ("d-role:", "d-role:x:owner", f"d-role:{BEN}:king", "d-out:", "d-inv:king", "d-who:0"):
        await room.press_data(OWNER, said, data)
    assert await _role(room, BEN) is Role.CONTRIBUTOR


async def test_the_list_stays_out_of_groups(room: Newsroom) -> None:
    (said,) = await room.say(OWNER, "/editors", chat=GROUP)
    assert "Ann" not in said.text
