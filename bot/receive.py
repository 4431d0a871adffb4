"""Updates in: from long polling or a webhook into the inbox, and from the inbox to the commands.

    Telegram ──getUpdates | webhook──→ inbox (committed, then confirmed) ──per chat, in order──→ handle ──→ marked

A process that dies between the reply and the mark handles the update again at its next start: commands are written so
that twice does no harm. Any number of processes may `accept`. Of those that `work`, one at a time has its turn per bot,
so that a chat's updates keep their order; another takes over within seconds of its death.
"""

import asyncio
import random
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from telegram import Bot
from telegram.error import Conflict, RetryAfter, TelegramError
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from storage import inbox
from storage.database import Database
from storage.inbox import Received

log = structlog.get_logger(__name__)

T = TypeVar("T")
Payload = Mapping[str, Any]
Rest = Callable[[], Awaitable[None]]
Handle = Callable[[Payload], Awaitable[Rest | None]]
Apologize = Callable[[Payload], Awaitable[None]]

ALLOWED_UPDATES = ("message", "channel_post", "callback_query", "my_chat_member")
POLL_SECONDS, READ_GRACE_SECONDS, BATCH = 25, 10, 100
FIRST_PAUSE, LONGEST_PAUSE, STANDBY_PAUSE = 0.5, 30.0, 5.0
# Updates taken out of the inbox at once; the rest wait there.
HELD = 200
TRIES = 3
# How long a process that died keeps others waiting; a living one renews its turn after a third of it.
TURN_SECONDS, STANDBY_LOOK = 6.0, 0.5


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def _ignore(_payload: Payload) -> None:
    """No apology."""


class Receiver:
    """`handle` answers one update; `apologize` says sorry where it failed. `workers` chats are served at once.

    What takes long is returned by `handle` as the rest: it goes on beside the chat's next updates, and the update is
    marked at its end. One that a stop cuts short is handled again at the next start.

    `check_every` (seconds) is how often `work` looks for what another process accepted; what this one accepts is taken
    up at once, and so is what `wake` tells of.
    """

    def __init__(
        self,
        db: Database,
        bot: Bot,
        handle: Handle,
        *,
        apologize: Apologize = _ignore,
        workers: int = 8,
        check_every: float = 2.0,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._db = db
        self._bot = bot
        self._handle = handle
        self._apologize = apologize
        self._workers = workers
        self._check_every = check_every
        self._clock = clock
        self._wake = asyncio.Event()
        self._lines: dict[int, deque[Received]] = {}
        self._ready: asyncio.Queue[int | None] = asyncio.Queue()
        self._resting: dict[int, asyncio.Task[None]] = {}
        self._more = False
        self._takes_turns = db.dialect != "sqlite"  # an SQLite file has one process anyway
        self._owner = secrets.token_hex(16)
        self._ask_at = 0.0
        self._standing_by = False

    # In

    async def accept(self, payload: Payload) -> None:
        """Keep one update. When this returns it is committed; repeated ones are known."""
        await self._store([payload])

    async def _store(self, payloads: list[Payload]) -> None:
        usable = [payload for payload in payloads if isinstance(payload.get("update_id"), int)]
        async with self._db.begin() as tx:
            new = await inbox.store(tx, self._bot.id, usable, self._clock())
        if new:
            self.wake()

    def wake(self) -> None:
        """There is something new in the inbox."""
        self._wake.set()

    async def poll(self, stop: asyncio.Event) -> None:
        """Long polling until `stop`. A batch is confirmed by the next call, after it was committed.

        Of processes that share a database one polls at a time: Telegram ends the other's call.
        """
        offset, failures = 0, 0
        while not stop.is_set():
            if not await self._has_turn():
                await pause(stop, STANDBY_LOOK)
                continue
            try:
                batch = await until(stop, self._get_updates(offset))
                if batch is None:
                    return
                await self._store(batch)
            except (TelegramError, SQLAlchemyError, OSError) as error:
                failures += 1
                await pause(stop, await self._recover(error, failures))
            else:
                # An empty answer means that all before is confirmed; 0 then also finds numbers that start anew.
                failures, offset = 0, max((_number(payload) + 1 for payload in batch), default=0)

    async def _get_updates(self, offset: int) -> list[Payload]:
        """The updates as they come: one that the library can't read must not hold up the others."""
        parameters = {
            "offset": offset,
            "limit": BATCH,
            "timeout": POLL_SECONDS,
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        found = await self._bot.request.post(
            f"{self._bot.base_url}/getUpdates",
            RequestData([RequestParameter.from_input(key, value) for key, value in parameters.items()]),
            read_timeout=POLL_SECONDS + READ_GRACE_SECONDS,
        )
        batch: object = found
        return [payload for payload in batch if isinstance(payload, dict)] if isinstance(batch, list) else []

    async def _recover(self, error: Exception, failures: int) -> float:
        """What the failure asks for, and how many seconds to wait."""
        if isinstance(error, RetryAfter):
            return float(error.retry_after if isinstance(error.retry_after, int) else LONGEST_PAUSE)
        if isinstance(error, Conflict):
            return await self._step_back(error)
        log.warning("polling_failed", error=type(error).__name__, failures=failures)
        return backoff(failures)

    async def _step_back(self, error: Conflict) -> float:
        if "webhook" not in error.message.lower() or "terminated" in error.message.lower():
            log.warning("polling_standby", reason="another process polls for this bot")
            return STANDBY_PAUSE * (1 + random.random())  # noqa: S311 - only spreads two processes
        log.warning("webhook_removed", reason="long polling is configured")
        try:
            await self._bot.delete_webhook()
        except TelegramError as failure:
            log.warning("webhook_not_removed", error=type(failure).__name__)
            return STANDBY_PAUSE
        return 0.0

    # Out

    async def work(self, stop: asyncio.Event) -> None:
        """Handle what waits in the inbox until `stop`; then what is being handled is finished."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._worker(group, stop))
            try:
                while not stop.is_set():
                    self._wake.clear()
                    if await self._has_turn():
                        await self._fill()
                    await either(stop, self._wake, self._check_every)
            finally:
                for _ in range(self._workers):
                    self._ready.put_nowait(None)
        if self._takes_turns:
            await self._end_turn()

    async def _has_turn(self) -> bool:
        """Take or renew this process's turn; asked of the database no more often than it needs to be."""
        if not self._takes_turns:
            return True
        asked = time.monotonic()
        if asked < self._ask_at:
            return not self._standing_by
        try:
            async with self._db.begin() as tx:
                mine = await inbox.take_turn(tx, self._bot.id, self._owner, TURN_SECONDS)
        except (SQLAlchemyError, OSError) as error:
            log.warning("inbox_unreachable", error=type(error).__name__)
            return False
        self._ask_at = asked + (TURN_SECONDS / 3 if mine else STANDBY_LOOK)
        if mine == self._standing_by:
            log.info("commands_handled_here" if mine else "commands_standby")
        self._standing_by = not mine
        return mine

    async def _end_turn(self) -> None:
        try:
            async with self._db.begin() as tx:
                await inbox.end_turn(tx, self._bot.id, self._owner)
        except (SQLAlchemyError, OSError) as error:
            log.warning("inbox_unreachable", error=type(error).__name__)

    async def _fill(self) -> None:
        """Take waiting updates in, each at the end of its chat's line."""
        held = {received.update_id for line in self._lines.values() for received in line} | set(self._resting)
        if len(held) >= HELD:
            return
        try:
            async with self._db.read() as tx:
                found = await inbox.waiting(tx, self._bot.id, limit=HELD - len(held), but=held)
        except (SQLAlchemyError, OSError) as error:
            log.warning("inbox_unreachable", error=type(error).__name__)
            return
        self._more = len(found) == HELD - len(held)
        for received in found:
            self._join(received)

    def _join(self, received: Received) -> None:
        line = line_of(received.payload)
        if line not in self._lines:
            self._lines[line] = deque()
            self._ready.put_nowait(line)
        self._lines[line].append(received)

    async def _worker(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        while (line := await self._ready.get()) is not None and not stop.is_set():
            await self._serve(self._lines[line][0], group, stop)
            self._lines[line].popleft()
            if self._lines[line]:
                self._ready.put_nowait(line)
            else:
                del self._lines[line]
            if self._more:
                self._wake.set()

    async def _serve(self, received: Received, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        """One update to its end. A database that is away for a moment is waited for."""
        for attempt in range(1, TRIES + 1):
            try:
                rest = await self._handle(received.payload)
                if rest is not None:
                    going_on = group.create_task(self._finish(received, rest, stop))
                    self._resting[received.update_id] = going_on
                    return
                break
            except OperationalError as error:
                log.warning("update_retried", update_id=received.update_id, error=type(error).__name__)
                if await pause(stop, backoff(attempt)):
                    return
            except Exception:
                log.exception("update_failed", update_id=received.update_id)
                await self._excuse(received)
                break
        await self._mark(received.update_id)

    async def _finish(self, received: Received, rest: Rest, stop: asyncio.Event) -> None:
        done = True
        try:
            done = await ended(stop, rest())
        except Exception:
            log.exception("update_failed", update_id=received.update_id)
            await self._excuse(received)
        if done:
            await self._mark(received.update_id)
        del self._resting[received.update_id]

    async def _excuse(self, received: Received) -> None:
        try:
            await self._apologize(received.payload)
        except (TelegramError, SQLAlchemyError, OSError) as error:
            log.warning("apology_not_sent", update_id=received.update_id, error=type(error).__name__)

    async def _mark(self, update_id: int) -> None:
        try:
            async with self._db.begin() as tx:
                await inbox.handled(tx, self._bot.id, update_id, self._clock())
        except SQLAlchemyError as error:
            log.warning("update_not_marked", update_id=update_id, error=type(error).__name__)


def line_of(payload: Payload) -> int:
    """Updates of one line are handled in order: the chat's id, or the person's where there is no chat."""
    for value in payload.values():
        if not isinstance(value, dict):
            continue
        holder = value.get("message") if isinstance(value.get("message"), dict) else value
        for party in ("chat", "from"):
            found = (holder or {}).get(party) or value.get(party)
            if isinstance(found, dict) and isinstance(found.get("id"), int):
                return int(found["id"])
    return 0


def _number(payload: Payload) -> int:
    number = payload.get("update_id")
    return number if isinstance(number, int) else -1


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row, spread so that processes don't move in step."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10))
    return longest * (0.5 + random.random() / 2)  # noqa: S311 - no secret


async def pause(stop: asyncio.Event, seconds: float) -> bool:
    """Sleep, cut short by `stop`. Whether it was."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def either(first: asyncio.Event, second: asyncio.Event, seconds: float) -> None:
    """Sleep until one of them is set, at most so long."""
    waits = [asyncio.ensure_future(event.wait()) for event in (first, second)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def ended(stop: asyncio.Event, call: Awaitable[None]) -> bool:
    """Whether the call came to its end before `stop`; else it is cancelled, and gone when this returns."""
    running, stopping = asyncio.ensure_future(call), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        return running.done()
    finally:
        for task in (running, stopping):
            task.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)


async def until(stop: asyncio.Event, call: Awaitable[T]) -> T | None:
    """The call's result; None where `stop` came first, and the call is dropped."""
    running, stopping = asyncio.ensure_future(call), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        return running.result() if running.done() else None
    finally:
        for task in (running, stopping):
            task.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)
