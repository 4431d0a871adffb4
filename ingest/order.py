"""Jobs that run beside each other, with results in the order given.

Who may leave a generator early closes it (contextlib.aclosing): until then its jobs go on, with what they have open.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")
Job = Callable[[], Awaitable[T]]


async def in_order(jobs: Iterable[Job[T]] | AsyncGenerator[Job[T]], at_once: int) -> AsyncGenerator[T]:
    """Run the jobs, at most `at_once` at a time; yield what they return in the order given. Stops them when closed."""
    waiting: deque[asyncio.Future[T]] = deque()
    try:
        async with aclosing(each(jobs)) as given:
            async for job in given:
                waiting.append(asyncio.ensure_future(job()))
                if len(waiting) >= at_once:
                    yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        await _stopped(waiting)


async def in_groups(jobs: Iterable[Job[T]], at_once: int) -> AsyncGenerator[list[T]]:
    """As `in_order`, but waits for the next alone: with it comes whatever is done behind it."""
    waiting: deque[asyncio.Future[T]] = deque()
    given = iter(jobs)
    try:
        while True:
            _fill(waiting, given, at_once)
            if not waiting:
                return
            group = [await waiting.popleft()]
            while waiting and waiting[0].done():
                group.append(waiting.popleft().result())
            yield group
    finally:
        await _stopped(waiting)


async def unbroken(work: Awaitable[Iterable[T]]) -> AsyncGenerator[T]:
    """What must not be left half done: who is cancelled meanwhile still gets what it returns, and is cancelled then."""
    task = asyncio.ensure_future(work)
    cancelled = None
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError as error:
        await asyncio.wait([task])
        cancelled = error
    for value in task.result():
        yield value
    if cancelled is not None:
        raise cancelled


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    yield from (values[start : start + size] for start in range(0, len(values), size))


def _fill(waiting: deque[asyncio.Future[T]], jobs: Iterator[Job[T]], at_once: int) -> None:
    while len(waiting) < at_once:
        job = next(jobs, None)
        if job is None:
            return
        waiting.append(asyncio.ensure_future(job()))


async def _stopped(waiting: Iterable[asyncio.Future[T]]) -> None:
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def each(values: Iterable[T] | AsyncGenerator[T]) -> AsyncGenerator[T]:
    if isinstance(values, AsyncGenerator):
        async with aclosing(values):
            async for value in values:
                yield value
    else:
        for value in values:
            yield value
