"""Fixtures of the bot's tests."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database


@pytest.fixture
async def desk_db(sqlite_url: str) -> AsyncIterator[Database]:
    """For what differs on no database: what storage does is tested on both there."""
    database = Database(sqlite_url)
    yield database
    await database.dispose()
