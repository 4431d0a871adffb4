"""A process that pushes a topic and sends until nothing is open: what the kill series starts, kills and starts again.

    python -m tests.delivery.pusher DATABASE_URL API_URL TOKEN [--topic korea] [--rate 28.95 | --paid]
                                    [--in-doubt resend]

It prints one line when the push begins, and stops when it is asked to (SIGTERM). Begun again it finds the same edition,
and goes on where the last one died.
"""

import argparse
import asyncio
import signal
import sys
from datetime import UTC, datetime

import structlog
from sqlalchemy import func, select

from bot.connect import connect
from delivery.fanout import run_fanout
from delivery.limiter import Limiter
from delivery.pace import PER_SECOND, Pacer
from delivery.paid import PaidBroadcast
from delivery.push import push
from delivery.send import Sender
from delivery.shared_pace import shared_pace
from storage import outbox, topics
from storage.database import Database
from storage.schema import delivery

LOOK_SECONDS = 0.05
STARS = 1_000_000
WARNING = 30


async def _push(db: Database, bot_id: int, slug: str) -> None:
    async with db.read() as tx:
        topic = next(topic for topic in await topics.all_topics(tx) if topic.slug == slug)
    now = datetime.now(UTC)
    await push(db, bot_id=bot_id, topic=topic, requested_by=None, now=now)
    while await run_fanout(db, bot_id=bot_id, now=now):
        pass


async def _open(db: Database) -> int:
    query = select(func.count()).where(delivery.c.state.in_(outbox.OPEN))
    async with db.read() as tx:
        return int(await tx.scalar(query) or 0)


async def _run(asked: argparse.Namespace) -> None:
    db = Database(asked.database)
    db.own()
    pacer, stop = Pacer(asked.rate), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    limiter = Limiter(pacer)
    async with connect(asked.token, asked.api, limiter) as bot:
        limiter.share(shared := shared_pace(db, bot.id, asked.rate))
        print("pushing", flush=True)  # noqa: T201 - the parent waits for it
        await _push(db, bot.id, asked.topic)
        paid = PaidBroadcast(pacer, STARS) if asked.paid else None
        sender = Sender(db, bot, pacer, in_doubt=asked.in_doubt, paid=paid, shared=shared)
        sending = asyncio.create_task(sender.run(stop))
        while not sending.done() and await _open(db):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(LOOK_SECONDS)
        stop.set()
        await sending
    await db.dispose()


def main() -> None:
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(WARNING),
    )
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("database", "api", "token"):
        parser.add_argument(name)
    parser.add_argument("--topic", default="korea")
    parser.add_argument("--rate", type=float, default=PER_SECOND)
    parser.add_argument("--paid", action="store_true")
    parser.add_argument("--in-doubt", default="resend")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
