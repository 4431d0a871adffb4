"""Reading pages and documents in processes of their own, which can be killed: some inputs keep a parser busy for ever.

extract ─→ a free worker, started when none is ─→ answer in time? ─┬─ yes → drafts; the worker waits for the next
                                                                  └─ no  → killed; ExtractError says why

A worker gets no settings and no token: its environment is made anew. One that has had nothing to do for a while ends,
so that an idle service holds no memory for it.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from ingest.errors import CostlyError, ExtractError
from ingest.extract import Form, extract_each, form_of
from ingest.jsonrows import Unread
from ingest.worker import LENGTH, TOO_MUCH_MEMORY
from storage.records import ArticleDraft

log = structlog.get_logger(__name__)

Extracted = list[ArticleDraft | Unread]
Extract = Callable[..., Awaitable[Extracted]]

DEADLINE_S = 20.0
START_S = 60.0
IDLE_S = 120.0
MEMORY_MB = 192  # over what a worker holds when it has loaded
MAX_ANSWER = 64_000_000
SMALL_TEXT = 50_000  # bytes of plain text that are read faster than they are handed over
TOO_LONG = "reading it takes too long"

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_ROOT = str(Path(__file__).resolve().parents[1])


async def in_thread(
    data: bytes, *, name: str | None = None, url: str | None = None, content_type: str | None = None
) -> Extracted:
    """Without a worker: it can't be stopped. Raises ExtractError."""
    return await asyncio.to_thread(lambda: list(extract_each(data, name=name, url=url, content_type=content_type)))


class Workers:
    """At most `count` processes, started when needed. `close` ends them; it is also an async context manager."""

    def __init__(
        self,
        count: int | None = None,
        *,
        deadline_s: float = DEADLINE_S,
        memory_mb: int = MEMORY_MB,
        idle_s: float = IDLE_S,
    ) -> None:
        self._free: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._slots = asyncio.Semaphore(count or min(2, len(os.sched_getaffinity(0))))
        self._deadline_s, self._memory_mb, self._idle_s = deadline_s, memory_mb, idle_s

    async def __aenter__(self) -> "Workers":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def extract(
        self, data: bytes, *, name: str | None = None, url: str | None = None, content_type: str | None = None
    ) -> Extracted:
        """The drafts in `data`, as ingest.extract.extract_each finds them. Raises ExtractError.

        Feeds, JSON and short texts are read in a thread: their readers are bounded by themselves, and they may be big.
        """
        form = form_of(data, name=name, content_type=content_type)
        if form in (Form.FEED, Form.OPML, Form.ROWS, Form.JSON) or (form is Form.TEXT and len(data) < SMALL_TEXT):
            return await in_thread(data, name=name, url=url, content_type=content_type)
        head = {"name": name, "url": url, "content_type": content_type}
        async with self._slots:
            return _read_answer(await self._asked(json.dumps(head).encode(), data), url or name)

    async def close(self) -> None:
        for worker in [*self._free, *self._busy]:
            await worker.end()
        self._free.clear()

    @property
    def running(self) -> int:
        """How many processes there are now."""
        return sum(worker.alive for worker in [*self._free, *self._busy])

    async def _asked(self, head: bytes, data: bytes) -> dict[str, Any]:
        worker = self._taken()
        self._busy.add(worker)
        try:
            answer = await worker.ask(head, data)
        except BaseException:  # also a cancelled wait: nobody will read the answer
            await worker.end()
            raise
        finally:
            self._busy.discard(worker)
        if answer["last"]:
            await worker.end()
        else:
            self._rest(worker)
        return answer

    def _taken(self) -> "_Worker":
        while self._free:
            worker = self._free.pop()
            if worker.alive:
                worker.wake()
                return worker
        return _Worker(self._deadline_s, self._memory_mb)

    def _rest(self, worker: "_Worker") -> None:
        self._free.append(worker)
        worker.end_after(self._idle_s)


class _Worker:
    """One process, started at its first question."""

    def __init__(self, deadline_s: float, memory_mb: int) -> None:
        self._deadline_s, self._memory_mb = deadline_s, memory_mb
        self._process: asyncio.subprocess.Process | None = None
        self._rest: asyncio.TimerHandle | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def ask(self, head: bytes, data: bytes) -> dict[str, Any]:
        """Raises ExtractError where there is no answer."""
        try:
            if self._process is None:
                async with asyncio.timeout(START_S):
                    self._process = await self._started()
            async with asyncio.timeout(self._deadline_s):
                return await self._answered(self._process, head, data)
        except TimeoutError:
            raise CostlyError(TOO_LONG) from None
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            raise CostlyError(TOO_MUCH_MEMORY if await self._was_killed() else "it breaks the reader") from None

    async def end(self) -> None:
        self.wake()
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def end_after(self, seconds: float) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            self._rest = asyncio.get_running_loop().call_later(seconds, process.stdin.close)

    def wake(self) -> None:
        if self._rest is not None:
            self._rest.cancel()

    async def _started(self) -> asyncio.subprocess.Process:
        arguments = (str(int(self._deadline_s) + 2), str(self._memory_mb))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ingest.worker", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            cwd=_ROOT, env=environment(os.environ), start_new_session=True,
        )  # fmt: skip
        try:
            await _read_frame(process)
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        return process

    async def _answered(self, process: asyncio.subprocess.Process, head: bytes, data: bytes) -> dict[str, Any]:
        if process.stdin is None:  # it is a pipe; said for the types
            raise ConnectionError
        process.stdin.write(LENGTH.pack(len(head)) + head + LENGTH.pack(len(data)) + data)
        await process.stdin.drain()
        return await _read_frame(process)

    async def _was_killed(self) -> bool:
        """By a signal: of the kernel, which is short of memory, or its own alarm."""
        if self._process is None:
            return False
        await self.end()
        return (self._process.returncode or 0) < 0


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """What a worker needs of its environment: no settings, no token; one thread's memory."""
    kept = {name: own[name] for name in _KEPT if name in own}
    return kept | {"PYTHONPATH": _ROOT, "MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"}


async def _read_frame(process: asyncio.subprocess.Process) -> dict[str, Any]:
    if process.stdout is None:  # it is a pipe; said for the types
        raise ConnectionError
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if length > MAX_ANSWER:
        raise ConnectionError
    answer: dict[str, Any] = json.loads(await process.stdout.readexactly(length))
    return answer


def _read_answer(answer: Mapping[str, Any], subject: str | None) -> Extracted:
    if "trace" in answer:
        log.error("extraction_failed", subject=subject, trace=answer["trace"])
        raise ExtractError("it breaks the reader")
    if "reason" in answer:
        raise (CostlyError if answer["reason"] == TOO_MUCH_MEMORY else ExtractError)(answer["reason"])
    return [_item(fields) for fields in answer["found"]]


def _item(fields: dict[str, Any]) -> ArticleDraft | Unread:
    if "row" in fields:
        return Unread(fields["row"], fields["reason"])
    times = {name: _time(fields[name]) for name in ("published_at", "published_guess")}
    return ArticleDraft(**fields | times | {"paragraphs": tuple(fields["paragraphs"])})


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def drafts(found: Sequence[ArticleDraft | Unread]) -> list[ArticleDraft]:
    """Without the rows that can't be read. Raises ExtractError where nothing is left."""
    kept = [item for item in found if isinstance(item, ArticleDraft)]
    if not kept:
        raise ExtractError(next((item.reason for item in found if isinstance(item, Unread)), "it holds no articles"))
    return kept
