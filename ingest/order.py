"""Jobs that run beside each other, with results in the order given."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
Job = Callable[[], Awaitable[T]]


async def in_order(jobs: Iterable[Job[T]] | AsyncIterator[Job[T]], at_once: int) -> AsyncIterator[T]:
    """Run the jobs, at most `at_once` at a time; yield what they return in the order given. Stops them when closed."""
    waiting: deque[asyncio.Future[T]] = deque()
    try:
        async for job in each(jobs):
            waiting.append(asyncio.ensure_future(job()))
            if len(waiting) >= at_once:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        await _stopped(waiting)


async def in_groups(jobs: Iterable[Job[T]], at_once: int) -> AsyncIterator[list[T]]:
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


async def unbroken(work: Awaitable[T]) -> T:
    """What must not be left half done: who is cancelled meanwhile waits for its end all the same."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


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


async def each(values: Iterable[T] | AsyncIterator[T]) -> AsyncIterator[T]:
    if isinstance(values, AsyncIterator):
        async for value in values:
            yield value
    else:
        for value in values:
            yield value
