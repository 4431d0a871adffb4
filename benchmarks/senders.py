"""One broadcast by one sender, in a process of its own: what benchmarks.delivery starts, measures and kills.

    python -m benchmarks.senders NAME API_ROOT CHATS [--database URL] [--paid]

NAME is `tidings`, `python-telegram-bot` (its Bot with its AIORateLimiter, eight calls at once), `aiogram` (the usual
loop: a pause of 50 ms after each message, a wait where Telegram asks for one) or `bare` (Tidings' calls alone, with
nothing chosen, paced or written down). Meanwhile somebody is answered four times a second, by the same bot. Prints when
it begins, and what it cost when it has ended.
"""

import argparse
import asyncio
import json
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from importlib import import_module

import structlog
from sqlalchemy import func, select
from telegram.ext import AIORateLimiter, ExtBot

from benchmarks.world import TEXT, TOKEN, edition, people
from bot.connect import connect
from delivery.body import encode, text_fields
from delivery.limiter import Limiter
from delivery.pace import Pacer
from delivery.paid import PaidBroadcast
from delivery.send import Sender
from delivery.shared_pace import shared_pace
from delivery.transport import AiohttpRequest
from storage import migrate, outbox
from storage.database import Database
from storage.records import EditionPart
from storage.schema import delivery

FIRST_CHAT, FIRST_ASKING = 100_001, 900_001
ASK_SECONDS = 0.25
STARS = 1_000_000
WARNING = 30
BARE_WORKERS = 100
WORKERS = 8  # as many calls at once as its limiter lets through
Reply = Callable[[int], Awaitable[object]]


class Askers:
    """People who are answered while the broadcast runs: how long each waited."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.cpu_before = 0.0

    def begin(self) -> None:
        """The broadcast begins: what came before costs it nothing."""
        self.cpu_before = time.process_time()
        print("begun", flush=True)

    @asynccontextmanager
    async def asking(self, reply: Reply) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._ask(reply, group))
            yield
            work.cancel()

    async def _ask(self, reply: Reply, group: asyncio.TaskGroup) -> None:
        chat_id = FIRST_ASKING
        while True:
            await asyncio.sleep(ASK_SECONDS)
            group.create_task(self._answered(reply, chat_id))
            chat_id += 1

    async def _answered(self, reply: Reply, chat_id: int) -> None:
        began = time.perf_counter()
        try:
            await reply(chat_id)
        except Exception:  # noqa: BLE001 - each library has errors of its own: the reply never came
            self.waits.append(float("inf"))
        else:
            self.waits.append(time.perf_counter() - began)

    def figures(self) -> dict[str, object]:
        waits = sorted(self.waits) or [0.0]
        return {
            "replies": len(self.waits),
            "reply_p50_ms": _milliseconds(waits[len(waits) // 2]),
            "reply_p99_ms": _milliseconds(waits[int(len(waits) * 0.99)]),
            "replies_refused": sum(wait == float("inf") for wait in waits),
        }


def _milliseconds(seconds: float) -> float | None:
    return None if seconds == float("inf") else round(1000 * seconds, 1)


async def tidings(root: str, count: int, askers: Askers, asked: argparse.Namespace) -> None:
    db = Database(asked.database)
    await migrate.upgrade(db)
    await _fill(db, count)
    pacer, stop = Pacer(), asyncio.Event()
    limiter = Limiter(pacer)
    async with connect(TOKEN, root, limiter) as bot, askers.asking(lambda chat: bot.send_message(chat, TEXT)):
        limiter.share(shared := shared_pace(db, bot.id))
        askers.begin()
        paid = PaidBroadcast(pacer, STARS) if asked.paid else None
        sending = asyncio.create_task(Sender(db, bot, pacer, paid=paid, shared=shared).run(stop))
        while not sending.done() and await _open(db):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.5)
        stop.set()
        await sending
    await db.dispose()


async def _fill(db: Database, count: int) -> None:
    """Unless an earlier process did."""
    async with db.read() as tx:
        if await tx.scalar(select(func.count()).select_from(delivery)):
            return
    await people(db, list(range(FIRST_CHAT, FIRST_CHAT + count)))
    await edition(db)


async def _open(db: Database) -> int:
    async with db.read() as tx:
        return int(await tx.scalar(select(func.count()).where(delivery.c.state.in_(outbox.OPEN))) or 0)


async def python_telegram_bot(root: str, count: int, askers: Askers, _asked: argparse.Namespace) -> None:
    bot: ExtBot[int] = ExtBot(TOKEN, base_url=f"{root}/bot", rate_limiter=AIORateLimiter(max_retries=5))
    async with bot, askers.asking(lambda chat: bot.send_message(chat, TEXT)):
        askers.begin()
        chat_ids = iter(range(FIRST_CHAT, FIRST_CHAT + count))
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(_send_all(bot, chat_ids))


async def _send_all(bot: ExtBot[int], chat_ids: Iterator[int]) -> None:
    for chat_id in chat_ids:
        await bot.send_message(chat_id, TEXT, parse_mode="HTML")


async def aiogram(root: str, count: int, askers: Askers, _asked: argparse.Namespace) -> None:
    """In a module of its own: aiogram need not be installed."""
    await import_module("benchmarks.aiogram_loop").broadcast(root, range(FIRST_CHAT, FIRST_CHAT + count), askers)


async def bare(root: str, count: int, askers: Askers, _asked: argparse.Namespace) -> None:
    """The limit: the same calls by the same transport, with nothing chosen, paced or written down."""
    request = AiohttpRequest()
    await request.initialize()
    askers.begin()
    body = encode(text_fields(EditionPart(0, TEXT), unformatted=False), (), 0, paid=True)
    chat_ids = iter(range(FIRST_CHAT, FIRST_CHAT + count))

    async def work() -> None:
        for chat_id in chat_ids:
            await request.post_encoded(f"{root}/bot{TOKEN}/sendMessage", b"chat_id=%d&%b" % (chat_id, body))

    async with asyncio.TaskGroup() as group:
        for _ in range(BARE_WORKERS):
            group.create_task(work())
    await request.shutdown()


SENDERS = {"bare": bare, "tidings": tidings, "python-telegram-bot": python_telegram_bot, "aiogram": aiogram}


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(WARNING))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=SENDERS)
    parser.add_argument("root")
    parser.add_argument("chats", type=int)
    parser.add_argument("--database", default="")
    parser.add_argument("--paid", action="store_true")
    asked = parser.parse_args()
    askers = Askers()
    asyncio.run(SENDERS[asked.name](asked.root, asked.chats, askers, asked))
    cost = 1000 * (time.process_time() - askers.cpu_before) / (asked.chats + len(askers.waits))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_ms_per_message": round(cost, 2), "memory_mb": round(memory), **askers.figures()}))


if __name__ == "__main__":
    main()
