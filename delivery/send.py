"""The sender: brings queued deliveries to Telegram, one process for a bot.

    slot ──→ choose, mark (one transaction) ──→ call ──→ settle (one transaction)
     ↑ pacer: when                               │ at the slot's time, up to `call_slots` at once

A delivery is marked a moment before its slot, so whatever kills this process leaves at most the free call slots in
doubt. A result is written right after its answer; while it can't be written its call slot stays taken: a database
that is lost or full stops the sending instead of letting it go on unrecorded.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from telegram import Bot
from telegram.error import TelegramError
from telegram.ext import ExtBot

from delivery.choose import Choice, choose
from delivery.errors import SenderLostError
from delivery.fate import Fate, FateKind, fate_of
from delivery.limiter import MOST_RESERVATIONS, PACED
from delivery.lock import Lease, SenderLock
from delivery.pace import GROUP_SECONDS, LATE, Pacer
from delivery.render import plain
from delivery.settle import InDoubt, Settling, settle, settle_doubt
from delivery.trouble import Floods, Trouble
from storage import outbox
from storage.claims import Claim
from storage.database import Database

log = structlog.get_logger()

IDLE_SECONDS = 1.0
RECORD_AGAIN_SECONDS = 0.5
LONGEST_LEAD, SPARE_LEAD = 0.25, 0.005
SPARE_CANDIDATES = 8
GENERAL_TOPIC = 1  # of a forum: Telegram wants it unnamed

DATABASE_ERRORS = (DBAPIError, PoolTimeoutError, psycopg.Error, OSError)


@dataclass(frozen=True, slots=True)
class Marked:
    """A delivery that is about to be called."""

    claim: Claim
    slot: float


class Sender:
    """`call_slots`: how many calls may be in flight. `grace`: seconds that they get to finish when it stops."""

    def __init__(
        self,
        db: Database,
        bot: Bot,
        pacer: Pacer,
        *,
        in_doubt: InDoubt | str = InDoubt.RESEND,
        call_slots: int = 8,
        bot_id: int | None = None,
        lock: SenderLock | None = None,
        grace: float = 20.0,
    ) -> None:
        self._db = db
        self._bot = bot
        self._pacer = pacer
        self._in_doubt = InDoubt(in_doubt)
        self._call_slots = call_slots
        # The limiter that guards replies lets our calls pass: they have had their turn.
        limited = isinstance(bot, ExtBot) and bot.rate_limiter is not None
        self._options: dict[str, Any] = {"rate_limit_args": PACED} if limited else {}
        self._bot_id = bot.id if bot_id is None else bot_id
        self._lock = lock or SenderLock(db, self._bot_id)
        self._grace = grace
        self._woken = asyncio.Event()
        self._trouble = Trouble()
        self._floods = Floods()
        self._in_flight: set[int] = set()  # delivery ids
        self._looked_at = _now()
        self._unsure = False  # whether our last mark was written
        self._marking = 0.005  # seconds that a mark takes, lately
        self.leading = False

    def wake(self) -> None:
        """There is something new to send."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; stand by while another process sends. Raises DatabaseBusyError (SQLite)."""
        while not stop.is_set():
            try:
                async with self._lock.hold(stop) as lease:
                    if lease is not None:
                        await self._lead(lease, stop)
            except DATABASE_ERRORS as error:
                log.warning("sender_waits_for_database", error=type(error).__name__)
                await self._pause(IDLE_SECONDS)

    async def _lead(self, lease: Lease, stop: asyncio.Event) -> None:
        async with self._woken_by(stop, lease.lost):
            await self._recover()
            self.leading = True
            try:
                async with asyncio.timeout(None) as deadline, asyncio.TaskGroup() as calls:
                    await self._pump(lease, lambda: stop.is_set() or lease.lost.is_set(), calls)
                    deadline.reschedule(self._clock() + self._grace)
            except TimeoutError:
                log.warning("sender_cut_calls", grace=self._grace)
            finally:
                self.leading = False

    # The loop

    async def _pump(self, lease: Lease, over: Callable[[], bool], calls: asyncio.TaskGroup) -> None:
        while not over():
            try:
                if not await self._turn(lease, over, calls):
                    await self._idle(over)
            except SenderLostError:
                log.warning("sender_superseded", epoch=lease.epoch)
                lease.lost.set()
            except DATABASE_ERRORS as error:
                log.warning("sender_waits_for_database", error=type(error).__name__)
                await self._pause(IDLE_SECONDS)
                self._unsure = True

    async def _turn(self, lease: Lease, over: Callable[[], bool], calls: asyncio.TaskGroup) -> bool:
        """Mark and begin the next calls; False where there was nothing to do."""
        if self._unsure:
            await self._take_back()
        if (pause := self._trouble.until - self._clock()) > 0:
            await self._pause(pause)
            return True
        room = self._room()
        if room == 0:
            await self._pause(IDLE_SECONDS)
            return True
        slots = [self._pacer.slot(self._clock()) for _ in range(room)]
        marked: list[Marked] = []
        try:
            await self._until(slots[0] - min(LONGEST_LEAD, 1.5 * self._marking + SPARE_LEAD), over)
            if over():
                return True
            choice, marked = await self._mark(lease, slots)
        finally:
            for slot in set(slots) - {item.slot for item in marked}:
                self._pacer.release(slot)
        for item in marked:
            self._in_flight.add(item.claim.id)
            calls.create_task(self._call(item), name=f"deliver-{item.claim.id}")
        return choice.progress

    def _room(self) -> int:
        """How many to mark at once: one, or as many as leave while a mark is being written; one probe in trouble."""
        if self._trouble.active:
            return 0 if self._in_flight else 1
        wanted = max(1, ceil(1.5 * self._marking / self._pacer.gap))
        return min(wanted, self._call_slots - len(self._in_flight))

    async def _mark(self, lease: Lease, slots: list[float]) -> tuple[Choice, list[Marked]]:
        started, now = self._clock(), _now()
        self._looked_at = now
        async with self._db.begin() as tx:
            ship = await outbox.sendership(tx, self._bot_id)
            if ship.epoch != lease.epoch:
                raise SenderLostError
            if ship.retry_at is not None and ship.retry_at > now:
                self._pacer.hold(started + (ship.retry_at - now).total_seconds())
                return Choice(), []
            claims = await outbox.candidates(tx, self._bot_id, now, len(slots) + SPARE_CANDIDATES)
            choice = choose(claims, slots, self._pacer, now, started)
            for claim, until in choice.wait:
                await outbox.postpone(tx, claim, until)
            for reason, ids in choice.drop.items():
                await outbox.drop(tx, ids, reason, now)
            marked = {item.id for item in await outbox.mark(tx, [claim for claim, _ in choice.go], now)}
        if choice.go:
            self._marking += (self._clock() - started - self._marking) * 0.2
        return choice, [Marked(claim, slot) for claim, slot in choice.go if claim.id in marked]

    # One call

    async def _call(self, item: Marked) -> None:
        try:
            await self._depart(item)
            outcome = await self._attempt(item)
            await self._record(item.claim, outcome)
        finally:
            self._in_flight.discard(item.claim.id)
            self._woken.set()

    async def _depart(self, item: Marked) -> None:
        """Wait for the slot; one that a stall made us miss is not made up for."""
        slot = item.slot
        for _ in range(MOST_RESERVATIONS):
            await asyncio.sleep(max(0.0, slot - self._clock()))
            if self._clock() - slot <= LATE:
                return
            self._pacer.release(slot)
            slot = self._pacer.slot(self._clock())

    async def _attempt(self, item: Marked) -> int | Fate:
        """The message's id, or what becomes of it."""
        claim = item.claim
        try:
            # Named so that the library gives the bare answer: its own objects cost more than the call.
            answer = await self._bot.do_api_request("send_Message", api_kwargs=_arguments(item), **self._options)
            return int(answer["message_id"])
        except TelegramError as error:
            fate = fate_of(error, plain=claim.plain)
            log.info(
                "delivery_refused", delivery=claim.id, chat=claim.chat_id, fate=fate.kind.value, reason=fate.reason
            )
            return fate
        except Exception:  # one delivery's surprise must not stop the others'
            log.exception("delivery_failed_unexpectedly", delivery=claim.id)
            return Fate(FateKind.DOUBT, "an unexpected error")

    async def _record(self, claim: Claim, outcome: int | Fate) -> None:
        flood = self._note(claim, outcome)
        while True:
            how = Settling(self._bot_id, self._in_doubt, _now(), random.random(), flood)  # noqa: S311
            try:
                async with self._db.begin() as tx:
                    if isinstance(outcome, Fate):
                        await settle(tx, claim, outcome, how)
                    else:
                        await outbox.sent(tx, claim, outcome, how.now, self._resume_at(claim, how.now))
            except DATABASE_ERRORS as error:
                log.warning("result_not_recorded", delivery=claim.id, error=type(error).__name__)
                await asyncio.sleep(RECORD_AGAIN_SECONDS)
            else:
                return

    def _note(self, claim: Claim, outcome: int | Fate) -> bool:
        """Tell pacer and trouble; is it a flood of the whole bot?"""
        if not isinstance(outcome, Fate):
            self._trouble.succeeded()
            return False
        now = self._clock()
        if outcome.kind in (FateKind.RETRY, FateKind.DOUBT, FateKind.HALT):
            everywhere = outcome.kind is FateKind.HALT
            self._trouble.failed(claim.chat_id, now, random.random(), everywhere=everywhere)  # noqa: S311
            return False
        self._trouble.succeeded()  # it answered
        if outcome.kind is not FateKind.LATER:
            return False
        self._pacer.hold_chat(claim.chat_id, now + outcome.wait)
        flood = self._floods.met(claim.chat_id, now)
        if flood:
            self._pacer.hold(now + outcome.wait)
        return flood

    def _resume_at(self, claim: Claim, now: datetime) -> datetime:
        """When a next part may follow in the same chat."""
        clock = self._clock()
        return now + timedelta(seconds=self._pacer.ready(claim.lane, claim.chat_id, clock) - clock)

    # Beginnings, pauses

    async def _recover(self) -> None:
        """Decide on what a dead process left in flight, and count what it sent lately into the pace."""
        now, clock = _now(), self._clock()
        how = Settling(self._bot_id, self._in_doubt, now, random.random())  # noqa: S311
        async with self._db.begin() as tx:
            for claim in await outbox.orphans(tx, self._bot_id):
                log.warning("delivery_in_doubt", delivery=claim.id, chat=claim.chat_id, then=self._in_doubt.value)
                await settle_doubt(tx, claim, "the process ended while it was being sent", how, pause=False)
            for chat_id, at in await outbox.recent(tx, self._bot_id, now - timedelta(seconds=GROUP_SECONDS)):
                self._pacer.use(chat_id, clock - (now - at).total_seconds())
        self._pacer.hold_pushes(clock + self._pacer.warm_up)

    async def _take_back(self) -> None:
        """Marks whose commit failed may be written all the same: nothing was called for them."""
        async with self._db.begin() as tx:
            for claim in await outbox.orphans(tx, self._bot_id):
                if claim.id not in self._in_flight:
                    await outbox.requeue(tx, claim, _now(), reason="the database was away", tried=False)
        self._unsure = False

    async def _idle(self, over: Callable[[], bool]) -> None:
        """Until something is due. Looks when woken, and each second for what other processes queue."""
        while not over():
            async with self._db.read() as tx:
                due = await outbox.next_due(tx, self._bot_id)
            now = _now()
            if due is None:
                await self._pause(IDLE_SECONDS)
            elif due > now:
                await self._pause(min(IDLE_SECONDS, (due - now).total_seconds()))
            elif due > self._looked_at:
                return
            else:  # it was due already, and waits for an earlier one
                await self._pause(IDLE_SECONDS)
                return

    async def _until(self, time: float, over: Callable[[], bool]) -> None:
        while (left := time - self._clock()) > 0 and not over():
            if left < IDLE_SECONDS:
                await asyncio.sleep(left)
            else:
                await self._pause(IDLE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    @asynccontextmanager
    async def _woken_by(self, *events: asyncio.Event) -> AsyncIterator[None]:
        async def wake_at(event: asyncio.Event) -> None:
            await event.wait()
            self._woken.set()

        tasks = [asyncio.create_task(wake_at(event), name="sender-wake") for event in events]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    def _clock() -> float:
        """Monotonic seconds."""
        return asyncio.get_running_loop().time()


def _now() -> datetime:
    return datetime.now(UTC)


def _arguments(item: Marked) -> dict[str, Any]:
    claim, message = item.claim, item.claim.message
    arguments: dict[str, Any] = {"chat_id": claim.chat_id, "link_preview_options": {"is_disabled": True}}
    arguments |= {"text": plain(message.text)} if claim.plain else {"text": message.text, "parse_mode": "HTML"}
    if claim.thread_id not in (0, GENERAL_TOPIC):
        arguments["message_thread_id"] = claim.thread_id
    if message.keyboard:
        arguments["reply_markup"] = {
            "inline_keyboard": [[_button(*button) for button in row] for row in message.keyboard]
        }
    return arguments


def _button(label: str, action: str) -> dict[str, str]:
    kind = "url" if action.startswith(("http://", "https://", "tg://")) else "callback_data"
    return {"text": label, kind: action}
