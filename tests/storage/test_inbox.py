"""Updates as they came."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from storage import inbox, schema
from storage.database import Database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOT = 7


def _update(number: int, text: str = "hello") -> dict[str, Any]:
    return {"update_id": number, "message": {"message_id": number, "text": text}}


async def _store(db: Database, *payloads: dict[str, Any]) -> int:
    async with db.begin() as tx:
        return await inbox.store(tx, BOT, payloads, NOW)


async def _waiting(db: Database, limit: int = 10, but: tuple[int, ...] = ()) -> list[int]:
    async with db.read() as tx:
        return [received.update_id for received in await inbox.waiting(tx, BOT, limit=limit, but=but)]


async def _handle(db: Database, number: int) -> None:
    async with db.begin() as tx:
        await inbox.handled(tx, BOT, number, NOW)


async def test_a_repeated_update_is_known(db: Database) -> None:
    assert await _store(db, _update(1), _update(2)) == 2
    await _handle(db, 1)
    assert await _store(db, _update(1), _update(2), _update(3)) == 1
    assert await _waiting(db) == [2, 3]
    assert await _store(db) == 0


async def test_another_update_under_a_known_number_is_a_new_one(db: Database) -> None:
    await _store(db, _update(1))
    await _handle(db, 1)
    assert await _store(db, _update(1, "another server")) == 1
    assert await _waiting(db) == [1]


async def test_updates_wait_in_order_and_those_in_hand_are_left_out(db: Database) -> None:
    await _store(db, _update(3), _update(1))
    await _store(db, _update(2), _update(4))
    assert await _waiting(db) == [1, 2, 3, 4]
    assert await _waiting(db, limit=2, but=(1, 2)) == [3, 4]


async def test_what_was_said_is_dropped_once_handled(db: Database) -> None:
    await _store(db, _update(1, "my secret"))
    await _handle(db, 1)
    async with db.read() as tx:
        assert "secret" not in str((await tx.execute(select(schema.inbox))).all())


async def test_pruning_spares_what_waits(db: Database) -> None:
    await _store(db, _update(1), _update(2), _update(3))
    await _handle(db, 1)
    await _handle(db, 3)
    async with db.begin() as tx:
        assert await inbox.prune(tx, before=NOW) == 0
        assert await inbox.prune(tx, before=NOW + timedelta(days=2)) == 2
    assert await _waiting(db) == [2]


async def test_one_process_at_a_time_has_its_turn(db: Database) -> None:
    async def take(owner: str, seconds: float = 60) -> bool:
        async with db.begin() as tx:
            return await inbox.take_turn(tx, BOT, owner, seconds)

    alone = db.dialect == "sqlite"
    assert await take("first")
    assert await take("second") is alone
    assert await take("first", seconds=-1)
    assert await take("second")
    assert await take("first") is alone
    async with db.begin() as tx:
        await inbox.end_turn(tx, BOT, "first")
        await inbox.end_turn(tx, BOT, "second")
    assert await take("first")
