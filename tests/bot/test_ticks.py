"""The ticks: run again while there is work, never cut in the middle, and none stopped by another's failure."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.exc import OperationalError

from bot.ticks import Tick, Ticks
from tests.patience import PATIENCE_S

AT_ONCE_S = 0.01


async def run(ticks: dict[str, Callable[[], Awaitable[int]]], stop: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await Ticks({name: Tick(AT_ONCE_S, work) for name, work in ticks.items()}).run(stop)


async def test_a_tick_that_runs_at_the_stop_is_finished() -> None:
    stop, ended = asyncio.Event(), list[str]()

    async def slow() -> int:
        stop.set()
        for _ in range(20):  # many turns of the loop after the stop
            await asyncio.sleep(0)
        ended.append("finished")
        return 0

    await run({"slow": slow}, stop)
    assert ended == ["finished"]


async def test_a_tick_with_work_left_is_run_again_at_once() -> None:
    stop, left = asyncio.Event(), [3, 2, 1, 0]

    async def some() -> int:
        found = left.pop(0)
        if not left:
            stop.set()
        return found

    async with asyncio.timeout(PATIENCE_S):
        await Ticks({"some": Tick(0.05, some)}).run(stop)
    assert left == []


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception()), OSError(), RuntimeError("odd")])
async def test_a_tick_that_fails_is_tried_again_and_stops_no_other(error: Exception) -> None:
    stop, tries, others = asyncio.Event(), list[int](), list[int]()

    async def fails() -> int:
        tries.append(1)
        if len(tries) > 2 and others:
            stop.set()
        raise error

    async def other() -> int:
        others.append(1)
        return 0

    await run({"fails": fails, "other": other}, stop)
    assert len(tries) > 2
    assert others
