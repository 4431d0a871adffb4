"""Fixtures of the bot's tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.bot.cli_rig import CommandLine, command_line
from tests.bot.service_rig import environment


@pytest.fixture
async def desk_db(sqlite_url: str) -> AsyncIterator[Database]:
    """For what differs on no database: what storage does is tested on both there."""
    database = Database(sqlite_url)
    yield database
    await database.dispose()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    with command_line(tmp_path_factory.mktemp("cli"), environment()) as started:
        yield started


@pytest.fixture
def cli(program: CommandLine, tmp_path: Path) -> CommandLine:
    """In an empty folder: the database is a new SQLite file below it."""
    return program.at(tmp_path)
