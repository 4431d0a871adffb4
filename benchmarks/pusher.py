"""A process that pushes a topic's news and sends until it is told to stop: what the kill series kills.

python -m benchmarks.pusher DATABASE_URL BOT_API_ROOT TOKEN MESSAGES_PER_SECOND IN_DOUBT
"""

import asyncio
import signal
import sys
from datetime import UTC, datetime

from telegram import Bot

from delivery.fanout import run_fanout
from delivery.pace import PER_SECOND, WARM_UP, Pacer
from delivery.push import push
from delivery.send import Sender
from delivery.transport import AiohttpRequest
from storage import topics
from storage.database import Database


async def main(url: str, root: str, token: str, per_second: str, in_doubt: str) -> None:
    db, stop = Database(url), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    db.own()
    bot = Bot(token, base_url=f"{root}/bot", request=AiohttpRequest(), get_updates_request=AiohttpRequest())
    async with bot:
        rate = float(per_second)
        pacer = Pacer(rate, warm_up=WARM_UP if rate <= PER_SECOND else 0.0)
        sender = Sender(db, bot, pacer, in_doubt=in_doubt)
        async with asyncio.TaskGroup() as work:
            work.create_task(sender.run(stop))
            await _push(db, bot.id)
            sender.wake()
    await db.dispose()


async def _push(db: Database, bot_id: int) -> None:
    """The same push at every start: its edition is known by its signature, its fan-out goes on where it was."""
    now = datetime.now(UTC)
    async with db.read() as tx:
        [topic, *_] = await topics.all_topics(tx)
    await push(db, bot_id=bot_id, topic=topic, requested_by=None, now=now)
    while await run_fanout(db, bot_id=bot_id, now=now):
        pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
