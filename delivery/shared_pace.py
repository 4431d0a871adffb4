"""The free pace of a bot whose processes all send: the worker its replies, the sender its pushes.

PostgreSQL keeps what they share, the bot's messages a second. What each chat may have is for each process's own Pacer
to say; so they tell each other which chats' messages leave when. On SQLite there is one process, and nothing to share.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from delivery.pace import PER_SECOND, Pacer
from delivery.record import DATABASE_ERRORS
from storage import pace
from storage.database import Connection, Database

log = structlog.get_logger()

# A database that is slower than this is no help: the process keeps to its own pace until it answers again.
PATIENCE_SECONDS = 1.0
# So much nearer than the place that was asked for is the same place: two clocks are compared over a network.
SAME_SECONDS = 0.003
KEPT_SAMPLES = 64
# Clocks drift by less; more means that one was set.
CLOCK_SET_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The database's clock was `ahead` of ours, seconds; the answer took `trip`, and half of that may be wrong."""

    trip: float
    ahead: float


class DatabaseClock:
    """How far the database's clock is ahead of our monotonic one: by the quickest of the last answers, as NTP does."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=KEPT_SAMPLES)

    def hear(self, asked: float, answered: float, told: float) -> None:
        """An answer that was `told` the database's time, between two of our own."""
        sample = Sample(answered - asked, told - (asked + answered) / 2)
        if self._samples and abs(sample.ahead - self.ahead) > CLOCK_SET_SECONDS + sample.trip:
            self._samples.clear()
        self._samples.append(sample)

    @property
    def known(self) -> bool:
        return bool(self._samples)

    @property
    def ahead(self) -> float:
        """Seconds. Needs an answer."""
        return min(self._samples, key=lambda sample: sample.trip).ahead

    @property
    def trip(self) -> float:
        """Seconds of the quickest answer. Needs one."""
        return min(sample.trip for sample in self._samples)


class SharedPace:
    """Gives places, in monotonic seconds. While the database can't be asked, or has not answered after `patience`
    seconds, it gives what was asked for.
    """

    def __init__(
        self, db: Database, bot_id: int, per_second: float = PER_SECOND, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._db = db
        self._bot_id = bot_id
        self._gap = 1 / per_second
        self._patience = patience
        self._clock = DatabaseClock()
        self._silent = False
        self._me = secrets.token_hex(8)

    async def place(self, time: float, count: int = 1, chat_id: int | None = None) -> float:
        """The first of `count` places in a row that no other process has, at `time` or later; they are taken now.

        `chat_id`: whose message takes it, where that is known; the others hear of it.
        """
        try:
            async with asyncio.timeout(self._patience):
                found = await self._take(time, count, chat_id)
        except (TimeoutError, *DATABASE_ERRORS) as error:
            if not self._silent:
                log.warning("pace_not_shared", error=type(error).__name__)
            self._silent = True
            return time
        self._silent = False
        return found if found > time + SAME_SECONDS else time

    async def tell(self, tx: Connection, chat_ids: Sequence[int], time: float) -> None:
        """Messages to these chats leave at that time, if the transaction is committed."""
        if chat_ids and self._clock.known:
            at = time + self._clock.ahead
            await pace.tell(tx, f"{self._bot_id} {self._me} {at:.3f} {' '.join(map(str, chat_ids))}")

    def count(self, pacer: Pacer, words: str) -> None:
        """Into this process's own: the messages of another that one `tell` spoke of."""
        for chat_id, time in self._heard(words):
            pacer.use(chat_id, time)

    def _heard(self, words: str) -> list[tuple[int, float]]:
        now = asyncio.get_running_loop().time()
        try:
            bot_id, process, at, *chat_ids = words.split()
            if int(bot_id) != self._bot_id or process == self._me:
                return []
            ahead = self._clock.ahead if self._clock.known else float(at) - now
            time = min(float(at) - ahead, now + pace.FURTHEST_SECONDS)
            return [(int(chat_id), time) for chat_id in chat_ids]
        except ValueError:  # another release's words
            return []

    async def _take(self, time: float, count: int, chat_id: int | None) -> float:
        now = asyncio.get_running_loop().time
        async with self._db.begin() as tx:
            if not self._clock.known:
                asked = now()
                self._clock.hear(asked, told=await pace.clock(tx), answered=now())
            ahead, asked = self._clock.ahead, now()
            wanted = max(time, asked + self._clock.trip)
            free, told = await pace.take(tx, self._bot_id, wanted + ahead, count * self._gap)
            self._clock.hear(asked, now(), told)
            if chat_id is not None:
                await self.tell(tx, [chat_id], max(time, free - ahead))
        return free - ahead


def shared_pace(db: Database, bot_id: int, per_second: float = PER_SECOND) -> SharedPace | None:
    """None where one process sends: on SQLite."""
    return SharedPace(db, bot_id, per_second) if db.dialect == "postgresql" else None
