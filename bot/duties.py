"""What is done again and again, as ticks. Each finds its work by state: several processes may have the same duties."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta

from telegram import Bot

from bot.ask import Identity
from bot.progress import tell_progress
from bot.source_notices import tell_editors
from bot.speak import Speaker
from bot.ticks import Tick
from delivery import alerts, corrections, digest, fanout, retention
from ingest.poll import Poller
from ingest.retag import Retagger
from ingest.websub import Hubs
from storage import decisions
from storage.database import Database

# How often messages edit themselves: each edit takes a place in the pace.
PROGRESS_S = 3.0
# It looks at all destinations, and a clock that is wrong for less is soon right by itself.
CLOCK_S = 300.0
LIFTED_AT_ONCE = 50


@dataclass(frozen=True)
class Duties:
    """`wake` tells the sender that there is something to send."""

    database: Database
    bot: Bot
    me: Identity
    poller: Poller
    retagger: Retagger
    _: KW_ONLY
    keep: retention.Keep
    owner_ids: Collection[int]
    catch_up: timedelta
    wake: Callable[[], None]
    clock: Callable[[], datetime]
    hubs: Hubs | None = None

    def ticks(self) -> dict[str, Tick]:
        hubs = {} if self.hubs is None else {"hubs": Tick(5, self.hubs.ask_due)}
        return hubs | {
            "embargoes": Tick(1, self.embargoes),
            "digests": Tick(2, self.digests),
            "alerts": Tick(1, self.alerts),
            "clock": Tick(CLOCK_S, self.clock_set_back),
            "fanout": Tick(1, self.fan_outs),
            "corrections": Tick(1, self.corrections),
            "progress": Tick(PROGRESS_S, self.progress),
            "retagging": Tick(2, self.retagger.work),
            "retention": Tick(600, self.retention),
            "feeds": Tick(1, self.poller.take_due),
            "paused sources": Tick(15, self.paused_sources),
        }

    async def embargoes(self) -> int:
        async with self.database.begin() as tx:
            return await decisions.lift_due(tx, self.clock, LIFTED_AT_ONCE)

    async def digests(self) -> int:
        due = digest.run_due(self.database, bot_id=self.bot.id, now=self.clock(), catch_up=self.catch_up)
        return await self._woken(due)

    async def alerts(self) -> int:
        return await self._woken(alerts.run_alerts(self.database, bot_id=self.bot.id, now=self.clock()))

    async def fan_outs(self) -> int:
        return await self._woken(fanout.run_fanout(self.database, bot_id=self.bot.id, now=self.clock()))

    async def corrections(self) -> int:
        return await self._woken(corrections.run_corrections(self.database, bot_id=self.bot.id, now=self.clock()))

    async def progress(self) -> int:
        speaker = Speaker(self.database, self.bot, self.me)
        return await tell_progress(self.database, speaker, bot_id=self.bot.id, now=self.clock())

    async def clock_set_back(self) -> int:
        return await digest.set_clock_back(self.database, bot_id=self.bot.id, now=self.clock())

    async def retention(self) -> int:
        return await retention.run_retention(self.database, now=self.clock(), keep=self.keep)

    async def paused_sources(self) -> int:
        speaker, mine = Speaker(self.database, self.bot, self.me), self.owner_ids
        return await tell_editors(self.database, speaker, bot_id=self.bot.id, owner_ids=mine, now=self.clock())

    async def _woken(self, work: Awaitable[int]) -> int:
        """The count; where there is any, the sender need not wait for its next look."""
        done = await work
        if done:
            self.wake()
        return done
