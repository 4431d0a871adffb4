"""Editors and the links that make them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from storage import editors, schema
from storage.database import Database
from storage.editors import LastOwnerError
from storage.records import Editor, Role

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
BOT = 7


async def _put(db: Database, user_id: int, role: Role) -> Editor:
    async with db.begin() as tx:
        return await editors.put(
            tx, bot_id=BOT, user_id=user_id, role=role, name=f"Person {user_id}", added_by=None, now=NOW
        )


async def _invite(db: Database, role: Role = Role.EDITOR, created_by: int | None = 1) -> str:
    async with db.begin() as tx:
        return await editors.invite(tx, bot_id=BOT, role=role, created_by=created_by, expires_at=LATER)


async def _redeem(db: Database, secret: str, user_id: int, now: datetime = NOW) -> Editor | None:
    async with db.begin() as tx:
        return await editors.redeem(tx, bot_id=BOT, secret=secret, user_id=user_id, name="New", now=now)


def test_a_role_includes_those_after_it() -> None:
    assert editors.includes(Role.OWNER, Role.CONTRIBUTOR)
    assert editors.includes(Role.EDITOR, Role.EDITOR)
    assert not editors.includes(Role.CONTRIBUTOR, Role.EDITOR)
    assert not editors.includes(None, Role.CONTRIBUTOR)


async def test_editors_are_listed_owners_first(db: Database) -> None:
    for user_id, role in ((1, Role.CONTRIBUTOR), (2, Role.OWNER), (3, Role.EDITOR)):
        await _put(db, user_id, role)
    async with db.read() as tx:
        assert [item.user_id for item in await editors.all_editors(tx, BOT)] == [2, 3, 1]
        assert await editors.all_editors(tx, BOT + 1) == []
        assert await editors.has_owner(tx, BOT)


async def test_the_last_owner_stays(db: Database) -> None:
    await _put(db, 1, Role.OWNER)
    with pytest.raises(LastOwnerError):
        await _put(db, 1, Role.EDITOR)
    async with db.begin() as tx:
        with pytest.raises(LastOwnerError):
            await editors.remove(tx, BOT, 1)
    await _put(db, 2, Role.OWNER)
    assert (await _put(db, 1, Role.EDITOR)).role is Role.EDITOR


async def test_two_owners_can_t_remove_each_other_at_once(db: Database) -> None:
    await _put(db, 1, Role.OWNER)
    await _put(db, 2, Role.OWNER)

    async def remove(user_id: int) -> bool:
        async with db.begin() as tx:
            return await editors.remove(tx, BOT, user_id)

    await asyncio.gather(remove(1), remove(2), return_exceptions=True)
    async with db.read() as tx:
        assert await editors.has_owner(tx, BOT)


async def test_a_link_works_once(db: Database) -> None:
    secret = await _invite(db)
    taken = await asyncio.gather(*(_redeem(db, secret, user_id) for user_id in range(10, 16)))
    assert len([item for item in taken if item is not None]) == 1
    assert await _redeem(db, secret, 99) is None


async def test_a_link_s_secret_is_not_in_the_database(db: Database) -> None:
    secret = await _invite(db)
    async with db.read() as tx:
        rows = (await tx.execute(select(schema.invitation))).all()
    assert secret not in str(rows)


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 500, "\ud800"])
async def test_a_wrong_secret_makes_nobody_an_editor(db: Database, secret: str) -> None:
    await _invite(db)
    assert await _redeem(db, secret, 10) is None


async def test_a_link_ends(db: Database) -> None:
    assert await _redeem(db, await _invite(db), 10, LATER) is None


async def test_nobody_loses_a_higher_role_by_a_link(db: Database) -> None:
    await _put(db, 10, Role.OWNER)
    found = await _redeem(db, await _invite(db, Role.CONTRIBUTOR), 10)
    assert found is not None
    assert found.role is Role.OWNER


async def test_a_claim_ends_the_other_claims(db: Database) -> None:
    first, second = await _invite(db, Role.OWNER, None), await _invite(db, Role.OWNER, None)
    invited = await _invite(db, Role.EDITOR, 1)
    assert await _redeem(db, first, 10) is not None
    assert await _redeem(db, second, 11) is None
    assert await _redeem(db, invited, 12) is not None
