"""Writes down what became of calls: what comes in while one transaction is written is written by the next, together."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from delivery.call import Sent
from delivery.fate import Fate, FateKind
from delivery.settle import InDoubt, Settling, settle
from storage import marks
from storage.claims import Claim
from storage.database import Connection, Database
from storage.marks import Amendment, Arrival

log = structlog.get_logger()

DATABASE_ERRORS = (DBAPIError, PoolTimeoutError, psycopg.Error, OSError)

AMENDED = (FateKind.AMENDED, FateKind.DELETED)

MOST_TOGETHER = 100
AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """`what`: the message, or the fate. `resume_at`: when a next part may follow. `flood`: as of Settling."""

    claim: Claim
    what: Sent | Fate
    at: datetime
    resume_at: datetime
    flood: float = 0.0


class Recorder:
    """`writing` keeps the sender's own transactions from waiting for each other in the database. `done` hears of what
    was written; until then a call keeps its slot, so that a lost or full database stops the sending.
    """

    def __init__(
        self,
        db: Database,
        bot_id: int,
        in_doubt: InDoubt,
        *,
        writing: asyncio.Semaphore,
        done: Callable[[Sequence[Outcome]], None],
    ) -> None:
        self._db = db
        self._bot_id = bot_id
        self._in_doubt = in_doubt
        self._writing = writing
        self._done = done
        self._waiting: list[Outcome] = []
        self._some = asyncio.Event()
        self._together = MOST_TOGETHER

    def put(self, outcome: Outcome) -> None:
        """A call has ended."""
        self._waiting.append(outcome)
        self._some.set()

    async def run(self, linger: Callable[[], float]) -> None:
        """Until it is cancelled. `linger`: seconds in which more outcomes may join one."""
        while True:
            await self._some.wait()
            if (seconds := linger()) > 0:
                await asyncio.sleep(seconds)
            batch = self._waiting[: self._together]
            try:
                async with self._writing, self._db.begin() as tx:
                    await self._write(tx, batch)
            except DATABASE_ERRORS as error:
                await self._put_back(batch, error)
            else:
                self._written(batch)

    async def _write(self, tx: Connection, batch: Sequence[Outcome]) -> None:
        arrivals = [
            Arrival(item.claim, item.what.message_id, item.at, item.resume_at, item.what.captioned)
            for item in batch
            if isinstance(item.what, Sent)
        ]
        if arrivals:
            await marks.arrived(tx, arrivals)
        amended = [
            Amendment(item.claim, item.at, item.resume_at, deleted=item.what.kind is FateKind.DELETED)
            for item in batch
            if isinstance(item.what, Fate) and item.what.kind in AMENDED
        ]
        if amended:
            await marks.amended(tx, amended)
        for item in batch:
            if isinstance(item.what, Fate) and item.what.kind not in AMENDED:
                how = Settling(self._bot_id, self._in_doubt, datetime.now(UTC), random.random(), item.flood)  # noqa: S311
                await settle(tx, item.claim, item.what, how)

    def _written(self, batch: Sequence[Outcome]) -> None:
        del self._waiting[: len(batch)]
        if not self._waiting:
            self._some.clear()
        self._together = min(MOST_TOGETHER, 2 * self._together)
        self._done(batch)

    async def _put_back(self, batch: Sequence[Outcome], error: Exception) -> None:
        """Try again one by one, the next one first: should one be the cause, the others get past it."""
        log.warning("results_not_recorded", results=len(batch), first=batch[0].claim.id, error=type(error).__name__)
        self._waiting = [*self._waiting[len(batch) :], *batch[1:], batch[0]]
        self._together = 1
        await asyncio.sleep(AGAIN_SECONDS)
