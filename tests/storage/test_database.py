import asyncio
import time

import pytest
from sqlalchemy import func, insert, select, update

from storage import migrate
from storage.database import Database, parse_url
from storage.errors import DatabaseBusyError, DatabaseUrlError
from storage.schema import bot


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///data/tidings.db", "sqlite+aiosqlite"),
        ("postgres://u:p@h/db", "postgresql+psycopg"),
        ("postgresql://u:p@h/db", "postgresql+psycopg"),
    ],
)
def test_urls_get_our_drivers(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize("url", ["mysql://u:secret@h/db", "no url secret", ""])
def test_other_urls_are_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(DatabaseUrlError) as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)


async def test_concurrent_read_then_write_loses_nothing(db: Database) -> None:
    async with db.begin() as tx:
        await tx.execute(insert(bot).values(bot_id=1, username="b"))

    async def add_one() -> None:
        async with db.begin() as tx:
            count = await tx.scalar(select(bot.c.sender_epoch).with_for_update())
            await asyncio.sleep(0)
            await tx.execute(update(bot).values(sender_epoch=(count or 0) + 1))

    await asyncio.gather(*(add_one() for _ in range(30)))
    async with db.read() as tx:
        assert await tx.scalar(select(func.max(bot.c.sender_epoch))) == 30


async def test_writers_take_turns_in_the_order_of_their_coming(sqlite_url: str) -> None:
    database, turns = Database(sqlite_url), list[int]()

    async def write(number: int) -> None:
        async with database.begin() as tx:
            await tx.execute(insert(bot).values(bot_id=number + 1, username="b"))
            turns.append(number)

    await asyncio.gather(*map(write, range(40)))
    assert turns == list(range(40))
    await database.dispose()


async def test_a_process_that_writes_without_end_keeps_no_other_from_writing(sqlite_url: str) -> None:
    busy, other = Database(sqlite_url), Database(sqlite_url)
    over = asyncio.Event()

    async def write_on(number: int) -> None:
        while not over.is_set():
            async with busy.begin() as tx:
                await tx.execute(update(bot).values(username=f"b{number}"))

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(write_on(number))
        await asyncio.sleep(0)
        begun = time.monotonic()
        for _ in range(5):
            async with other.begin() as tx:
                await tx.execute(update(bot).values(username="other"))
        over.set()
    assert time.monotonic() - begun < 5
    await busy.dispose()
    await other.dispose()


async def test_second_owner_of_a_file_is_refused(sqlite_url: str) -> None:
    first, second = Database(sqlite_url), Database(sqlite_url)
    first.own()
    with pytest.raises(DatabaseBusyError, match="Another Tidings"):
        second.own()
    await first.dispose()
    second.own()
    await second.dispose()


async def test_migrations_go_up_down_and_up(database_url: str) -> None:
    database = Database(database_url)
    await migrate.check(database)
    await migrate.downgrade(database, "base")
    assert await migrate.revision(database) is None
    await migrate.upgrade(database)
    await migrate.check(database)
    await database.dispose()
