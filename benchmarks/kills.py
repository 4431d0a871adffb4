"""Kill the sender (-9) at random moments of a push, and ask the server's own ledger who got what.

python -m benchmarks.kills [--chats 500] [--kills 10] [--per-second 28.95] [--in-doubt resend] [--seed N] [--json]
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.crowd import populate
from delivery.pace import PER_SECOND
from sandbox.faults import Fault
from sandbox.server import Sandbox, serve
from storage import migrate
from storage.database import Database
from storage.schema import delivery, delivery_part
from tests import postgres

BOT = 777
TOKEN = f"{BOT}:TEST-token_for_the_kill_series"
ANSWER_SECONDS = 0.1
WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Figures:
    """What a series came to. `in_flight`: deliveries marked as being sent at each kill; the most that may double."""

    database: str
    in_doubt: str
    chats: int
    messages: int
    kills: int
    in_flight: tuple[int, ...]
    doubled: int
    missing: int
    listed: int  # in doubt, as the database tells
    unfinished: int
    most_in_a_second: int
    seconds: float

    @property
    def right(self) -> bool:
        """Nobody missed anything that is not listed, and no more doubled than was in flight."""
        if self.in_doubt == "skip":
            return self.doubled == 0 and self.missing <= self.listed <= sum(self.in_flight) and not self.unfinished
        return self.missing == 0 and self.doubled <= sum(self.in_flight) and not self.unfinished


class Series:
    """One push, killed again and again, on one migrated, empty database."""

    def __init__(
        self, url: str, sandbox: Sandbox, root: str, *, per_second: float, in_doubt: str, luck: random.Random
    ) -> None:
        self.url = url
        self.sandbox = sandbox
        self.root = root
        self.per_second = per_second
        self.in_doubt = in_doubt
        self.luck = luck
        self.in_flight: list[int] = []

    async def run(self, chat_ids: list[int], kills: int, words: int) -> Figures:
        db = Database(self.url)
        await populate(db, BOT, chat_ids, words=words)
        began = time.monotonic()
        for target in sorted(self.luck.randrange(len(chat_ids)) for _ in range(kills)):
            await self._kill_at(target)
            async with db.read() as tx:
                marked = await tx.scalar(select(func.count()).where(delivery.c.state == "sending"))
            self.in_flight.append(int(marked or 0))
        await self._finish(db)
        figures = await self._judge(db, chat_ids, time.monotonic() - began)
        await db.dispose()
        return figures

    async def _start(self) -> asyncio.subprocess.Process:
        arguments = (self.url, self.root, TOKEN, str(self.per_second), self.in_doubt)
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.pusher", *arguments, stdout=asyncio.subprocess.DEVNULL
        )

    async def _kill_at(self, target: int) -> None:
        """Some moment after the server has counted so many messages."""
        child = await self._start()
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self._arrived()) < target and child.returncode is None:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        await asyncio.sleep(self.luck.uniform(0, 3 / self.per_second))
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()

    async def _finish(self, db: Database) -> None:
        child = await self._start()
        async with asyncio.timeout(WAIT_SECONDS):
            while await self._open(db) and child.returncode is None:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        child.terminate()
        await child.wait()

    @staticmethod
    async def _open(db: Database) -> bool:
        """Whether anything is still to be sent; the push itself may not have been made yet."""
        async with db.read() as tx:
            total = await tx.scalar(select(func.count()).select_from(delivery))
            waiting = await tx.scalar(select(func.count()).where(delivery.c.state.in_(("queued", "sending"))))
        return not total or bool(waiting)

    def _arrived(self) -> list[tuple[int, str]]:
        return [
            (int(row.chat_id or 0), str(row.params["text"]))
            for row in self.sandbox.ledger.rows
            if row.ok and row.method == "sendMessage"
        ]

    async def _judge(self, db: Database, chat_ids: list[int], seconds: float) -> Figures:
        arrived = Counter(self._arrived())
        texts = {text for _, text in arrived}
        async with db.read() as tx:
            listed = await tx.scalar(select(func.count()).where(delivery_part.c.in_doubt))
            unfinished = await tx.scalar(select(func.count()).where(delivery.c.state.in_(("queued", "sending"))))
        return Figures(
            database=db.dialect,
            in_doubt=self.in_doubt,
            chats=len(chat_ids),
            messages=len(texts),
            kills=len(self.in_flight),
            in_flight=tuple(self.in_flight),
            doubled=sum(count - 1 for count in arrived.values()),
            missing=sum((chat_id, text) not in arrived for chat_id in chat_ids for text in texts),
            listed=int(listed or 0),
            unfinished=int(unfinished or 0),
            most_in_a_second=_most_in_a_second(self.sandbox),
            seconds=round(seconds, 1),
        )


def _most_in_a_second(sandbox: Sandbox) -> int:
    times = [row.at for row in sandbox.ledger.rows if row.method == "sendMessage"]
    first = most = 0
    for last, time_ in enumerate(times):
        while times[first] <= time_ - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


async def series(
    url: str,
    *,
    chats: int = 500,
    kills: int = 10,
    per_second: float = PER_SECOND,
    in_doubt: str = "resend",
    words: int = 20,
    seed: int | None = None,
) -> Figures:
    """`words`: of the article's summary; 1,500 and more make an edition of several messages."""
    sandbox = await Sandbox.open(None)
    sandbox.world.add_bot(TOKEN, username="tidings_bot")
    sandbox.faults.all.append(Fault("slow", method="sendMessage", seconds=ANSWER_SECONDS, times=0))
    async with serve(sandbox) as root:
        one = Series(url, sandbox, root, per_second=per_second, in_doubt=in_doubt, luck=random.Random(seed))
        figures = await one.run(sandbox.world.bulk_chats(chats), kills, words)
    await sandbox.close()
    return figures


async def both(**options: object) -> list[Figures]:
    """The series on a fresh SQLite file and on a fresh PostgreSQL."""
    found = []
    with tempfile.TemporaryDirectory() as folder, postgres.cluster() as server:
        for url in (f"sqlite:///{Path(folder) / 'kills.db'}", server):
            db = Database(url)
            await migrate.upgrade(db)
            await db.dispose()
            found.append(await series(url, **options))  # type: ignore[arg-type]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=500)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--per-second", type=float, default=PER_SECOND)
    parser.add_argument("--in-doubt", choices=("resend", "skip"), default="resend")
    parser.add_argument("--words", type=int, default=20)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--json", action="store_true")
    given = vars(parser.parse_args())
    as_json = given.pop("json")
    results = asyncio.run(both(**given))
    for result in results:
        print(json.dumps(asdict(result)) if as_json else f"{'right' if result.right else 'WRONG'}: {result}")
    sys.exit(not all(result.right for result in results))
