"""A push to many chats whose sending process is ended again and again, judged from the Bot API server's own ledger.

In flight at a kill are the calls that the server had taken and that the dead process had not recorded: those that
arrived before the process was gone and were answered after the last `MOMENT` before the kill, or never. An answer given
just before that was on its way through the process and its database. A process has at most its call slots in flight,
so no kill counts for more, however many calls the moment held. What the dead process itself had not recorded stands in
the database: on a busy machine some of it was answered longer ago.

What may happen: each chat whose call was not recorded gets its message twice (or, where doubtful ones are skipped, may
miss it and is listed in doubt). All others get every part exactly once. A process that is
asked to stop (SIGTERM) finishes what is in flight: nobody misses anything or gets it twice.

At the free pace the server refuses what goes beyond Telegram's limits, across restarts as well. A server that a busy
machine holds up reads together what left evenly, and refuses what is too much by its own clock: `bunched` says how many
messages its pauses may have brought together.
"""

import asyncio
import signal
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from operator import gt
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from delivery.pace import PER_SECOND
from delivery.send import CALL_SLOTS, PAID_CALL_SLOTS
from sandbox.faults import Fault
from sandbox.ledger import Row
from sandbox.server import Sandbox, serve
from storage.database import Database
from storage.records import Mode
from storage.schema import delivery, delivery_part, destination, edition_part
from tests.delivery.news import publish, reader, seed

TOKEN = "777:TEST-token_for_kills"
TOPIC = "korea"
ROOT = Path(__file__).parents[2]
MOMENT = 0.05
BEAT = 0.005
SPARE = 30 / PER_SECOND - 1  # seconds: what is later by less brings no second over the limit
PAID_RATE = 1000.0
LIMITS = {"per_second": 30, "per_chat_second": 1, "per_group_minute": 20}
LAST_KILL = 0.85  # of the messages: the process must not end before it is killed
SHORTEST_WAIT = 120.0
TEXTS = {1: (3, 12), 2: (8, 12), 3: (10, 16)}  # by messages: articles, and sentences of each

Message = tuple[int, str]  # chat id, text


@dataclass(frozen=True, slots=True)
class Plan:
    """`latency`: seconds that the server takes for each answer. `rate`: of the pacer, messages a second; PAID_RATE is
    paid broadcast. `end`: "kill" or "term", what becomes of a process.
    """

    chats: int = 500
    kills: int = 10
    seed: int = 1
    rate: float = PER_SECOND
    latency: float = 0.05
    in_doubt: str = "resend"
    messages: int = 1  # of the edition
    end: str = "kill"

    @property
    def paid(self) -> bool:
        return self.rate >= PAID_RATE

    @property
    def call_slots(self) -> int:
        return PAID_CALL_SLOTS if self.paid else CALL_SLOTS


@dataclass(frozen=True, slots=True)
class Outcome:
    """Chats count once, however many of their parts are concerned. `in_flight`: of each kill."""

    chats: int
    parts: int
    kills: int
    reached: int  # chats that have every part
    missing: frozenset[int]
    doubled: frozenset[int]
    extra: int  # messages beyond one of each part
    in_flight: tuple[int, ...]
    unrecorded: tuple[int, ...]  # that each kill left in the database as being sent
    again: tuple[int, ...]  # messages that came twice because of each kill
    in_doubt: frozenset[int]  # chats listed so in the database
    refused: int  # calls that the server refused
    bunched: int  # messages that it may have read together with earlier ones, since it was held up
    most_per_second: int
    seconds: float
    longest_stop: float  # seconds between a signal and the process's end

    def figures(self) -> dict[str, object]:
        return {
            "chats": self.chats,
            "parts": self.parts,
            "kills": self.kills,
            "reached": self.reached,
            "missing": len(self.missing),
            "doubled": len(self.doubled),
            "extra_messages": self.extra,
            "in_flight_at_kills": list(self.in_flight),
            "in_flight": sum(self.in_flight),
            "unrecorded_at_kills": list(self.unrecorded),
            "unrecorded": sum(self.unrecorded),
            "doubled_by_kills": list(self.again),
            "kills_over_unrecorded": sum(map(gt, self.again, self.unrecorded)),
            "listed_in_doubt": len(self.in_doubt),
            "refused_calls": self.refused,
            "most_in_a_second": self.most_per_second,
            "longest_stop_s": round(self.longest_stop, 2),
            "seconds": round(self.seconds, 1),
        }


async def run_series(url: str, plan: Plan, say: Callable[[int], None] = lambda _ends: None) -> Outcome:
    """On a migrated, empty database; `say` hears of each end. Raises TimeoutError where a process hangs, RuntimeError
    where one fails.
    """
    sandbox = await Sandbox.open(None)
    sandbox.world.add_bot(TOKEN, username="tidings_bot")
    sandbox.faults.all.append(Fault("slow", method="sendMessage", times=0, seconds=plan.latency))
    if plan.rate == PER_SECOND:
        for name, value in LIMITS.items():
            setattr(sandbox.limits, name, value)
    chat_ids = sandbox.world.bulk_chats(plan.chats)
    db = Database(url)
    try:
        await _fill(db, chat_ids, plan)
        begun = time.monotonic()
        async with serve(sandbox) as api_url, _pauses() as pauses:
            ends = await _end_and_finish(Watch(sandbox, db), [url, api_url, TOKEN], plan, say)
        outcome = await _judge(db, sandbox, chat_ids, ends, time.monotonic() - begun)
        return replace(outcome, bunched=sum(ceil(pause * plan.rate) for pause in pauses))
    finally:
        await db.dispose()
        await sandbox.close()


@asynccontextmanager
async def _pauses() -> AsyncIterator[list[float]]:
    """Seconds of each time that this loop, and the server in it, was held up for longer than the pace can spare."""
    found, clock = list[float](), asyncio.get_running_loop().time

    async def beat() -> None:
        while True:
            before = clock()
            await asyncio.sleep(BEAT)
            if (late := clock() - before - BEAT) > SPARE:
                found.append(late)

    beating = asyncio.create_task(beat())
    try:
        yield found
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def _fill(db: Database, chat_ids: list[int], plan: Plan) -> None:
    now = datetime.now(UTC)
    articles, sentences = TEXTS[plan.messages]
    async with db.begin() as tx:
        await seed(tx)
        for number in range(articles):
            summary = (f"Envoys met for day {number} of the talks, and spoke of trade. " * sentences,)
            await publish(tx, f"Talks, day {number}", TOPIC, now - timedelta(minutes=10 + number), summary=summary)
        for chat_id in chat_ids:
            await reader(tx, chat_id, {TOPIC: Mode.DIGEST}, since=now)


# Processes


@dataclass(frozen=True, slots=True)
class End:
    """Of one process: when nothing of it was on its way any more, the calls that were in flight, those that were not
    recorded, and the seconds until it was gone.
    """

    at: float
    in_flight: int
    unrecorded: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Watch:
    """What the processes work with, seen from outside."""

    sandbox: Sandbox
    db: Database

    async def unrecorded(self) -> int:
        async with self.db.read() as tx:
            return int(await tx.scalar(select(func.count()).where(delivery.c.state == "sending")) or 0)


async def _end_and_finish(watch: Watch, where: list[str], plan: Plan, say: Callable[[int], None]) -> list[End]:
    random, ends = Random(plan.seed), list[End]()
    last = int(plan.chats * plan.messages * LAST_KILL)
    targets = sorted(random.randrange(last) for _ in range(plan.kills))
    async with asyncio.timeout(SHORTEST_WAIT + 12 * plan.chats / plan.rate + 10 * plan.kills):
        for target in targets:
            ends.append(await _one_end(watch, where, plan, target, random))
            say(len(ends))
        async with _process(where, plan) as child:
            if await child.wait():
                raise RuntimeError(f"the sending process ended with {child.returncode}")
    return ends


async def _one_end(watch: Watch, where: list[str], plan: Plan, target: int, random: Random) -> End:
    """Signal when that many messages have arrived in all, at the earliest while the push begins.

    A second signal at the same count comes while its process still looks at what the first one left.
    """
    async with _process(where, plan) as child:
        while _count(watch.sandbox) < target and child.returncode is None:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        await asyncio.sleep(random.uniform(0.0, 0.05))
        if child.returncode is not None:
            raise RuntimeError(f"the sending process ended with {child.returncode} before its signal")
        signaled_at = time.time()
        child.send_signal(signal.SIGTERM if plan.end == "term" else signal.SIGKILL)
        await child.wait()
        seconds = time.time() - signaled_at
    await _taken_up(watch.sandbox, plan.latency)
    in_flight = _in_flight(watch.sandbox, signaled_at, plan.call_slots)
    return End(time.time(), in_flight, await watch.unrecorded(), seconds)


async def _taken_up(sandbox: Sandbox, latency: float) -> None:
    """Wait until the server has taken up, and answered, what was still on the wire."""
    before = -1
    while before < sandbox.ledger.count or any(row.answered_at is None for row in sandbox.ledger.rows):
        before = sandbox.ledger.count
        await asyncio.sleep(latency + MOMENT)


@asynccontextmanager
async def _process(where: list[str], plan: Plan) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that has begun to push."""
    options = ["--topic", TOPIC, "--rate", str(plan.rate), "--in-doubt", plan.in_doubt]
    options += ["--paid"] * plan.paid
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.delivery.pusher", *where, *options, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        if child.stdout is None or not await child.stdout.readline():
            raise RuntimeError("the sending process did not begin")
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


# The judge


def _in_flight(sandbox: Sandbox, killed_at: float, call_slots: int) -> int:
    since = killed_at - MOMENT
    calls = [
        row
        for row in sandbox.ledger.rows
        if row.method == "sendMessage" and (row.answered_at is None or row.answered_at >= since)
    ]
    return min(call_slots, len(calls))


def _count(sandbox: Sandbox) -> int:
    """Of messages that arrived: every call counts but the first, which asks who the bot is."""
    return sandbox.ledger.count


def _arrived(sandbox: Sandbox) -> list[Row]:
    return [row for row in sandbox.ledger.rows if row.method == "sendMessage" and row.ok]


async def _judge(db: Database, sandbox: Sandbox, chat_ids: list[int], ends: list[End], seconds: float) -> Outcome:
    async with db.read() as tx:
        texts = list(await tx.scalars(select(edition_part.c.text)))
        doubts = await tx.scalars(
            select(destination.c.chat_id)
            .join(delivery, delivery.c.destination_id == destination.c.id)
            .join(delivery_part, delivery_part.c.delivery_id == delivery.c.id)
            .where(delivery_part.c.in_doubt)
        )
        in_doubt = frozenset(doubts)
    rows = _arrived(sandbox)
    counts: Counter[Message] = Counter((int(row.chat_id or 0), str(row.params["text"])) for row in rows)
    missing = frozenset(chat_id for chat_id in chat_ids if any(counts[chat_id, text] == 0 for text in texts))
    return Outcome(
        chats=len(chat_ids),
        parts=len(texts),
        kills=len(ends),
        reached=len(chat_ids) - len(missing),
        missing=missing,
        doubled=frozenset(chat_id for (chat_id, _), count in counts.items() if count > 1),
        extra=sum(count - 1 for count in counts.values()),
        in_flight=tuple(end.in_flight for end in ends),
        unrecorded=tuple(end.unrecorded for end in ends),
        again=_again(rows, [end.at for end in ends]),
        in_doubt=in_doubt,
        refused=sum(row.method == "sendMessage" and not row.ok for row in sandbox.ledger.rows),
        bunched=0,
        most_per_second=most_in_a_second([row.at for row in rows]),
        seconds=seconds,
        longest_stop=max((end.seconds for end in ends), default=0.0),
    )


def _again(rows: list[Row], ends: list[float]) -> tuple[int, ...]:
    """How many of the messages that each end left behind came once more."""
    arrivals: dict[Message, list[float]] = {}
    for row in rows:
        arrivals.setdefault((int(row.chat_id or 0), str(row.params["text"])), []).append(row.at)
    counts = Counter(bisect_left(ends, at) for times in arrivals.values() for at in sorted(times)[:-1])
    return tuple(counts[place] for place in range(len(ends)))


def most_in_a_second(times: list[float]) -> int:
    """The most of ascending times that lie within any one second."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most
