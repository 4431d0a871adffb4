from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.delivery.worlds import World, world


@pytest.fixture
async def wire(db: Database) -> AsyncIterator[World]:
    """A database and a Bot API server with one bot; once for each database."""
    async with world(db) as made:
        yield made
