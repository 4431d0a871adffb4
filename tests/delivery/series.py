"""A push to many chats whose sending process is killed again and again, judged from the Bot API server's own ledger.

In flight at a kill are the calls that the server had taken and that the dead process had not recorded: those that
arrived before the process was gone and were answered after the last `MOMENT` before the kill, or never. An answer given
just before that was on its way through the process and its database. A process has at most `CALL_SLOTS` calls in
flight, so no kill counts for more, however many calls the moment held.

What may happen: each chat in flight gets its message twice (or, where doubtful ones are skipped, may miss it and is
listed in doubt). All others get every part exactly once.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select

from delivery.pace import PER_SECOND
from delivery.send import CALL_SLOTS
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
LAST_KILL = 0.85  # of the messages: the process must not end before it is killed
SHORTEST_WAIT = 120.0

Message = tuple[int, str]  # chat id, text


@dataclass(frozen=True, slots=True)
class Plan:
    """`latency`: seconds that the server takes for each answer. `rate`: of the pacer, messages a second."""

    chats: int = 500
    kills: int = 10
    seed: int = 1
    rate: float = PER_SECOND
    latency: float = 0.05
    in_doubt: str = "resend"
    articles: int = 3


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
    in_doubt: frozenset[int]  # chats listed so in the database
    refused: int  # calls that the server refused
    most_per_second: int
    seconds: float

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
            "listed_in_doubt": len(self.in_doubt),
            "refused_calls": self.refused,
            "most_in_a_second": self.most_per_second,
            "seconds": round(self.seconds, 1),
        }


async def run_series(url: str, plan: Plan) -> Outcome:
    """On a migrated, empty database. Raises TimeoutError where a process hangs, RuntimeError where one fails."""
    sandbox = await Sandbox.open(None)
    sandbox.world.add_bot(TOKEN, username="tidings_bot")
    sandbox.faults.all.append(Fault("slow", method="sendMessage", times=0, seconds=plan.latency))
    chat_ids = sandbox.world.bulk_chats(plan.chats)
    db = Database(url)
    try:
        await _fill(db, chat_ids, plan)
        begun = time.monotonic()
        async with serve(sandbox) as api_url:
            in_flight = await _kill_and_finish(sandbox, [url, api_url, TOKEN], plan)
        return await _judge(db, sandbox, chat_ids, in_flight, time.monotonic() - begun)
    finally:
        await db.dispose()
        await sandbox.close()


async def _fill(db: Database, chat_ids: list[int], plan: Plan) -> None:
    now = datetime.now(UTC)
    async with db.begin() as tx:
        await seed(tx)
        for number in range(plan.articles):
            summary = (f"Envoys met for day {number} of the talks, and spoke of trade. " * 12,)
            await publish(tx, f"Talks, day {number}", TOPIC, now - timedelta(minutes=10 + number), summary=summary)
        for chat_id in chat_ids:
            await reader(tx, chat_id, {TOPIC: Mode.DIGEST}, since=now)


# Processes


async def _kill_and_finish(sandbox: Sandbox, where: list[str], plan: Plan) -> tuple[int, ...]:
    random = Random(plan.seed)
    targets = sorted(random.randrange(int(plan.chats * LAST_KILL)) for _ in range(plan.kills))
    async with asyncio.timeout(SHORTEST_WAIT + 4 * plan.chats / plan.rate + 10 * plan.kills):
        in_flight = tuple([await _one_kill(sandbox, where, plan, target, random) for target in targets])
        async with _process(where, plan) as child:
            if await child.wait():
                raise RuntimeError(f"the sending process ended with {child.returncode}")
    return in_flight


async def _one_kill(sandbox: Sandbox, where: list[str], plan: Plan, target: int, random: Random) -> int:
    """Kill when that many messages have arrived in all, at the earliest while the push begins; gives those in flight.

    A second kill at the same count comes while its process still looks at what the first one left.
    """
    async with _process(where, plan) as child:
        while len(_arrived(sandbox)) < target and child.returncode is None:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        await asyncio.sleep(random.uniform(0.0, 0.05))
        if child.returncode is not None:
            raise RuntimeError(f"the sending process ended with {child.returncode} before its kill")
        killed_at = time.time()
        child.kill()
        await child.wait()
    await asyncio.sleep(plan.latency + MOMENT)  # the server takes up what was still on the wire
    return _in_flight(sandbox, killed_at)


@asynccontextmanager
async def _process(where: list[str], plan: Plan) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that has begun to push."""
    options = ["--topic", TOPIC, "--rate", str(plan.rate), "--in-doubt", plan.in_doubt]
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


def _in_flight(sandbox: Sandbox, killed_at: float) -> int:
    since = killed_at - MOMENT
    calls = [
        row
        for row in sandbox.ledger.rows
        if row.method == "sendMessage" and (row.answered_at is None or row.answered_at >= since)
    ]
    return min(CALL_SLOTS, len(calls))


def _arrived(sandbox: Sandbox) -> list[Row]:
    return [row for row in sandbox.ledger.rows if row.method == "sendMessage" and row.ok]


async def _judge(
    db: Database, sandbox: Sandbox, chat_ids: list[int], in_flight: tuple[int, ...], seconds: float
) -> Outcome:
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
        kills=len(in_flight),
        reached=len(chat_ids) - len(missing),
        missing=missing,
        doubled=frozenset(chat_id for (chat_id, _), count in counts.items() if count > 1),
        extra=sum(count - 1 for count in counts.values()),
        in_flight=in_flight,
        in_doubt=in_doubt,
        refused=sum(row.method == "sendMessage" and not row.ok for row in sandbox.ledger.rows),
        most_per_second=most_in_a_second([row.at for row in rows]),
        seconds=seconds,
    )


def most_in_a_second(times: list[float]) -> int:
    """The most of ascending times that lie within any one second."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most
