"""The handful of named ticks, run by APScheduler. Each finds its work by state, so a missed tick loses nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from storage.errors import cause

log = structlog.get_logger(__name__)

# A late tick is run however late: APScheduler's own default skips it after one second.
MISFIRE_GRACE_S = 3600


@dataclass(frozen=True)
class Tick:
    """`work` gives how many rows it dealt with; where it gives any, it is run again at once."""

    every_s: float
    work: Callable[[], Awaitable[int]]


class Ticks:
    """Runs named ticks until told to stop; one that runs then is finished, for its transaction's sake."""

    def __init__(self, ticks: Mapping[str, Tick]) -> None:
        self._ticks = ticks
        self._running: set[str] = set()
        self._ended = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        scheduler = AsyncIOScheduler(timezone="UTC")
        for name, tick in self._ticks.items():
            scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=tick.every_s, timezone="UTC"),
                args=(name, tick, stop),
                id=name,
                misfire_grace_time=MISFIRE_GRACE_S,
                coalesce=True,
                max_instances=1,
            )
        scheduler.start()
        try:
            await stop.wait()
            scheduler.pause()
            await self._finish()
        finally:
            scheduler.shutdown(wait=False)  # cancels what still runs

    async def _run(self, name: str, tick: Tick, stop: asyncio.Event) -> None:
        self._running.add(name)
        try:
            await _work(name, tick, stop)
        finally:
            self._running.discard(name)
            self._ended.set()

    async def _finish(self) -> None:
        while self._running:
            self._ended.clear()
            await self._ended.wait()


async def _work(name: str, tick: Tick, stop: asyncio.Event) -> None:
    """One tick: a failure is logged and the next tick tries again."""
    try:
        while not stop.is_set():
            if not await tick.work():
                break
    except (SQLAlchemyError, OSError) as error:
        log.warning("tick_failed", tick=name, error=type(error).__name__, cause=cause(error))
    except Exception:
        log.exception("tick_broke", tick=name)
