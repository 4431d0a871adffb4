"""What the commands that need the database share: opening it, and saying in a sentence what is wrong with it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.exc import SQLAlchemyError

from bot.terminal import fail
from config.settings import Settings
from storage import migrate
from storage.database import Database
from storage.errors import StorageError, cause


@asynccontextmanager
async def opened(found: Settings) -> AsyncIterator[Database]:
    """The database, brought to this release's schema where it is embedded, else checked."""
    database = Database(found.database)
    try:
        if database.dialect == "sqlite":
            await migrate.upgrade(database)
        else:
            await migrate.check(database)
        yield database
    finally:
        await database.dispose()


@contextmanager
def explained() -> Iterator[None]:
    """What goes wrong with the database ends the program with a sentence."""
    try:
        yield
    except StorageError as error:
        raise fail(str(error)) from None
    except SQLAlchemyError as error:
        raise fail(f"The database can't be reached: {cause(error)}. Check DATABASE_URL.") from None
