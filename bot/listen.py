"""Hearing at once what another process stored: PostgreSQL's LISTEN, on a connection of its own.

A notice is a hint and may be missed; whoever waits for one looks for rows now and then as well.
"""

import asyncio
from collections.abc import Callable, Mapping

import psycopg
import structlog

from bot.receive import backoff, pause, until
from storage.database import session
from storage.errors import cause

log = structlog.get_logger(__name__)


async def listen(url: str, channels: Mapping[str, Callable[[str], None]], stop: asyncio.Event) -> None:
    """Call a channel's function with each notice's payload until `stop`. `url` must not be a transaction pooler's."""
    failures = 0

    def listening() -> None:
        nonlocal failures
        failures = 0

    while not stop.is_set():
        try:
            await until(stop, _hear_all(url, channels, listening))
        except (psycopg.Error, OSError) as error:
            failures += 1
            log.warning("listening_failed", error=type(error).__name__, cause=cause(error), failures=failures)
            await pause(stop, backoff(failures))


async def _hear_all(url: str, channels: Mapping[str, Callable[[str], None]], listening: Callable[[], None]) -> None:
    async with session(url) as connection:
        for channel in channels:
            await connection.execute(f"LISTEN {channel}".encode())
        listening()
        async for notice in connection.notifies():
            channels[notice.channel](notice.payload)
