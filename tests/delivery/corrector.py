"""A process that carries out what corrections are open, until they are done: tests kill it and start it again.

python -m tests.delivery.corrector DATABASE_URL API_URL TOKEN [--rate 28.95]
"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

import structlog
from telegram import Bot

from bot.connect import connect
from delivery.corrections import run_corrections
from delivery.fanout import run_fanout
from delivery.limiter import Limiter
from delivery.pace import PER_SECOND, Pacer
from delivery.send import Sender
from storage import corrections
from storage.database import Database

LOOK_SECONDS = 0.2
WARNING = 30


async def carry_out(db: Database, bot: Bot, sender: Sender) -> None:
    """Until no correction is open, as the service's ticks and its sender do it."""
    stop = asyncio.Event()
    sending = asyncio.create_task(sender.run(stop))
    while not sending.done() and await _unfinished(db, bot.id):
        now = datetime.now(UTC)
        while await run_corrections(db, bot_id=bot.id, now=now) or await run_fanout(db, bot_id=bot.id, now=now):
            sender.wake()
        await asyncio.sleep(LOOK_SECONDS)
    stop.set()
    await sending


async def _unfinished(db: Database, bot_id: int) -> bool:
    async with db.read() as tx:
        return bool(await corrections.unfinished(tx, bot_id))


async def _run(asked: argparse.Namespace) -> None:
    db = Database(asked.database)
    db.own()
    pacer = Pacer(asked.rate)
    async with connect(asked.token, asked.api, Limiter(pacer)) as bot:
        print("correcting", flush=True)  # noqa: T201 - the parent waits for it
        await carry_out(db, bot, Sender(db, bot, pacer))
    await db.dispose()


def main() -> None:
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(WARNING),
    )
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("database", "api", "token"):
        parser.add_argument(name)
    parser.add_argument("--rate", type=float, default=PER_SECOND)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
