"""The sender: brings queued deliveries to Telegram, one process for a bot.

    slots ──→ choose, mark (one transaction) ──→ call ──→ record (one transaction)
      ↑ pacer: when                               │ at the slot's time, up to `call_slots` at once

Deliveries are marked a moment before their slots, so whatever kills this process leaves at most the free call slots in
doubt. Results are written right after their answers, those that come together at once; while they can't be written
their call slots stay taken: a database that is lost or full stops the sending instead of letting it go on unrecorded.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

import structlog
from telegram import Bot

from delivery.call import Caller, Sent
from delivery.choose import Choice, choose
from delivery.errors import LONGEST_SILENCE, SenderLostError
from delivery.fate import Fate, FateKind
from delivery.fetching import LOOK_SECONDS, Fetching
from delivery.limiter import MOST_RESERVATIONS
from delivery.lock import Lease, SenderLock
from delivery.pace import GROUP_SECONDS, Pacer
from delivery.paid import PaidBroadcast
from delivery.record import DATABASE_ERRORS, Outcome, Recorder
from delivery.settle import InDoubt, Settling, settle_doubt
from delivery.shared_pace import SharedPace
from delivery.trouble import Floods, Trouble
from storage import marks, outbox, quiet
from storage.claims import Claim
from storage.database import Connection, Database
from storage.errors import cause

log = structlog.get_logger()

IDLE_SECONDS = 1.0
LONGEST_LEAD, SPARE_LEAD = 0.25, 0.005
SPARE_CANDIDATES = 4

# Answers take 50-300 ms: calls in flight at 28.95 a second, and at 1,000.
CALL_SLOTS, PAID_CALL_SLOTS = 12, 200

# Above this rate a transaction for each message costs more than the message: they are marked and recorded together.
FAST_GAP, TOGETHER_SECONDS = 0.005, 0.02


@dataclass(frozen=True, slots=True)
class Marked:
    """A delivery that is about to be called."""

    claim: Claim
    slot: float
    paid: bool = False


class Sender:
    """`call_slots`: how many calls may be in flight. `grace`: seconds that they get to finish when it stops."""

    def __init__(
        self,
        db: Database,
        bot: Bot,
        pacer: Pacer,
        *,
        in_doubt: InDoubt | str = InDoubt.RESEND,
        call_slots: int | None = None,
        bot_id: int | None = None,
        lock: SenderLock | None = None,
        grace: float = 20.0,
        paid: PaidBroadcast | None = None,
        shared: SharedPace | None = None,
        fetching: Fetching | None = None,
    ) -> None:
        self._db = db
        self._call_slots = call_slots or (CALL_SLOTS if paid is None else PAID_CALL_SLOTS)
        self._fetching = fetching or Fetching(self._call_slots)
        self._caller = Caller(bot, self._fetching)
        self._pacer = pacer
        self._in_doubt = InDoubt(in_doubt)
        self._bot_id = bot.id if bot_id is None else bot_id
        self._lock = lock or SenderLock(db, self._bot_id)
        self._grace = grace
        self._paid = paid
        self._shared = shared
        self._woken = asyncio.Event()
        self._trouble = Trouble()
        self._floods = Floods()
        self._in_flight: set[int] = set()  # delivery ids
        self._empty = asyncio.Event()  # nothing is in flight
        self._due: asyncio.Queue[Marked] = asyncio.Queue()
        # SQLite has one writer at a time, and waits by sleeping; PostgreSQL marks and records side by side.
        self._writing = asyncio.Semaphore(1 if db.dialect == "sqlite" else 2)
        self._begin()
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
                log.warning("sender_waits_for_database", error=type(error).__name__, cause=cause(error))
                await self._pause(IDLE_SECONDS)

    async def _lead(self, lease: Lease, stop: asyncio.Event) -> None:
        self._begin()
        async with self._woken_by(stop, lease.lost):
            await self._recover()
            self.leading = True
            try:
                async with asyncio.timeout(None) as deadline, self._hands():
                    await self._pump(lease, lambda: stop.is_set() or lease.lost.is_set())
                    deadline.reschedule(self._clock() + self._grace)
                    await self._empty.wait()
            except TimeoutError:
                log.warning("sender_cut_calls", grace=self._grace, calls=len(self._in_flight))
            finally:
                self.leading = False

    def _begin(self) -> None:
        """What an earlier time of leading left undone is for `_recover` to find."""
        self._in_flight.clear()
        self._fetching.none_asks()
        self._empty.set()
        self._due = asyncio.Queue()
        self._recorder = Recorder(self._db, self._bot_id, self._in_doubt, writing=self._writing, done=self._recorded)

    @asynccontextmanager
    async def _hands(self) -> AsyncIterator[None]:
        """A task for each call slot, and one that records."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._work(), name=f"deliver-{slot}") for slot in range(self._call_slots)]
            tasks.append(group.create_task(self._recorder.run(self._linger), name="deliver-record"))
            yield
            for task in tasks:
                task.cancel()

    # The loop

    async def _pump(self, lease: Lease, over: Callable[[], bool]) -> None:
        while not over():
            try:
                if not await self._turn(lease, over):
                    await self._idle(over)
            except SenderLostError:
                log.warning("sender_superseded", epoch=lease.epoch)
                lease.lost.set()
            except DATABASE_ERRORS as error:
                log.warning("sender_waits_for_database", error=type(error).__name__, cause=cause(error))
                await self._pause(IDLE_SECONDS)
                self._unsure = True

    async def _turn(self, lease: Lease, over: Callable[[], bool]) -> bool:
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
            await self._until(slots[0] - self._ahead(), over)
            if not over():
                slots = await self._among_others(slots)
                await self._until(slots[0] - self._ahead(), over)
            if over():
                return True
            choice, marked = await self._mark(lease, slots)
        finally:
            for slot in set(slots) - {item.slot for item in marked}:
                self._pacer.release(slot)
        for item in marked:
            if item.claim in choice.asking:
                self._fetching.begin(item.claim, self._clock())
            self._in_flight.add(item.claim.id)
            self._empty.clear()
            self._due.put_nowait(item)
        return choice.progress

    def _ahead(self) -> float:
        """Seconds that marking begins before the slot."""
        return min(LONGEST_LEAD, 1.5 * self._marking + SPARE_LEAD)

    async def _among_others(self, slots: list[float]) -> list[float]:
        """The same slots, or later ones where other processes of the bot have these; paid ones are beside the limit."""
        if self._shared is None or self._paid_now:
            return slots
        if (place := await self._shared.place(slots[0], len(slots))) <= slots[0]:
            return slots
        for slot in slots:
            self._pacer.release(slot)
        return [self._pacer.slot(place) for _ in slots]

    @property
    def _paid_now(self) -> bool:
        return self._paid is not None and self._paid.on

    def _room(self) -> int:
        """How many to mark at once: as many as leave while a mark is being written; one probe in trouble."""
        if self._trouble.active:
            return 0 if self._in_flight else 1
        wanted = max(1, ceil(max(1.5 * self._marking, self._linger()) / self._pacer.gap))
        wanted = min(wanted, ceil(self._call_slots / 4))
        if self._paid is not None and self._paid.on:
            wanted = min(wanted, self._paid.left)
        free = self._call_slots - len(self._in_flight)
        return 0 if free < wanted and self._linger() else min(wanted, free)

    def _linger(self) -> float:
        """Seconds whose messages are marked, and recorded, together."""
        return TOGETHER_SECONDS if self._pacer.gap < FAST_GAP else 0.0

    async def _mark(self, lease: Lease, slots: list[float]) -> tuple[Choice, list[Marked]]:
        started, now, paid = self._clock(), _now(), self._paid_now
        self._looked_at = now
        async with self._writing, self._db.begin() as tx:
            ship = await outbox.sendership(tx, self._bot_id)
            if ship.epoch != lease.epoch:
                raise SenderLostError
            if ship.retry_at is not None and now < ship.retry_at <= now + LONGEST_SILENCE:
                self._pacer.hold(started + (ship.retry_at - now).total_seconds())
                return Choice(), []
            claims = await outbox.candidates(tx, self._bot_id, now, len(slots) + SPARE_CANDIDATES)
            if self._trouble.active:
                claims.sort(key=lambda claim: claim.edition_id == self._trouble.suspect)
            choice = choose(claims, slots, self._pacer, self._fetching, now, started)
            await _dismiss(tx, choice, now)
            marked = {item.id for item in await outbox.mark(tx, [claim for claim, _ in choice.go], now)}
            if self._shared is not None and not paid:
                chats = [claim.chat_id for claim, _ in choice.go if claim.id in marked]
                await self._shared.tell(tx, chats, slots[-1])
        if self._paid is not None:
            self._paid.spend(len(marked), now)
        if choice.go:
            self._marking += (self._clock() - started - self._marking) * 0.2
        return choice, [Marked(claim, slot, paid) for claim, slot in choice.go if claim.id in marked]

    # One call

    async def _work(self) -> None:
        """One call slot: one call after another."""
        while True:
            item = await self._due.get()
            await self._depart(item)
            what = await self._caller.attempt(item.claim, paid=item.paid)
            now = _now()
            flood = self._note(item.claim, what)
            self._recorder.put(Outcome(item.claim, what, now, self._resume_at(item.claim, now), flood))

    def _recorded(self, outcomes: Sequence[Outcome]) -> None:
        self._in_flight.difference_update(item.claim.id for item in outcomes)
        if not self._in_flight:
            self._empty.set()
        self._woken.set()

    async def _depart(self, item: Marked) -> None:
        """Wait for the slot; one that a stall made us miss is not made up for."""
        slot = item.slot
        for _ in range(MOST_RESERVATIONS):
            if (wait := slot - self._clock()) > 0:
                await asyncio.sleep(wait)
            if self._clock() - slot <= self._pacer.late:
                return
            self._pacer.release(slot)
            [slot] = await self._among_others([self._pacer.slot(self._clock())])

    def _note(self, claim: Claim, outcome: Sent | Fate) -> float:
        """Tell pacer and trouble; gives the seconds that the whole bot must wait for a flood."""
        if not isinstance(outcome, Fate):
            self._trouble.succeeded()
            return 0.0
        now = self._clock()
        if outcome.kind in (FateKind.RETRY, FateKind.DOUBT, FateKind.HALT):
            everywhere, luck = outcome.kind is FateKind.HALT, random.random()  # noqa: S311
            self._trouble.failed(claim.chat_id, now, luck, edition_id=claim.edition_id, everywhere=everywhere)
            return 0.0
        self._trouble.succeeded()  # it answered
        if outcome.kind is not FateKind.LATER:
            return 0.0
        self._pacer.hold_chat(claim.chat_id, now + outcome.wait)
        if (flood := self._floods.met(claim.chat_id, now, outcome.wait)) > 0:
            self._pacer.hold(now + flood)
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
                self._pacer.use(claim.chat_id, clock)  # it may have left just now
                log.warning("delivery_in_doubt", delivery=claim.id, chat=claim.chat_id, then=self._in_doubt.value)
                await settle_doubt(tx, claim, "the process ended while it was being sent", how, died=True)
            for chat_id, at in await outbox.recent(tx, self._bot_id, now - timedelta(seconds=GROUP_SECONDS)):
                self._pacer.use(chat_id, clock - max(0.0, (now - at).total_seconds()))
            if self._paid is not None:
                midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
                self._paid.begin(await marks.sent_since(tx, self._bot_id, midnight), now)
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


async def _dismiss(tx: Connection, choice: Choice, now: datetime) -> None:
    """What does not go now."""
    for claim, until in choice.wait:
        await outbox.postpone(tx, claim, until)
    for claim, until in choice.hold:
        await quiet.hold_one(tx, claim.id, until)
    await outbox.put_off(tx, choice.put_off, now + timedelta(seconds=LOOK_SECONDS))
    for reason, ids in choice.drop.items():
        await outbox.drop(tx, ids, reason, now)
    await outbox.passed(tx, choice.skip, now)


def _now() -> datetime:
    return datetime.now(UTC)
