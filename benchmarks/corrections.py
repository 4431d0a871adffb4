"""How long a correction takes to reach every copy, beside the pace that the limits allow.

A push goes to all chats as fast as it can; then its article is corrected, and every message edited at --rate. The Bot
API server runs in a process of its own. Needs the project's tests beside it.
"""

import argparse
import asyncio
import gc
import json
import multiprocessing
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from sqlalchemy import insert, literal, select
from telegram import Bot

from bot.connect import connect
from delivery.corrections import confirm
from delivery.limiter import Limiter
from delivery.pace import PAID_MOST, PER_SECOND, Pacer
from delivery.paid import PaidBroadcast
from delivery.push import push
from delivery.send import Sender
from sandbox.server import Sandbox, serve
from storage import corrections, migrate, outbox
from storage.database import Database
from storage.records import ChatKind, CorrectionKind, Mode
from storage.schema import chat, delivery, destination, subscription
from tests.delivery.corrector import carry_out
from tests.delivery.news import BOT, publish, seed

TOKEN = "777:BENCH-token_for_corrections"
FIRST_CHAT = 100_001
LIMITS = {"per_second": 30, "per_chat_second": 1}
STARS = 1_000_000
WARNING = 30


def run(copies: int = 600, rate: float = PER_SECOND, url: str | None = None) -> dict[str, Any]:
    """About 25 s for 600 copies at the free pace. `rate` over 100 is paid broadcast's."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(WARNING))
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_server, args=(theirs, copies), daemon=True)
    server.start()
    try:
        root = str(ours.recv())
        with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
            return asyncio.run(_run(url or f"sqlite:///{Path(folder) / 'bench.db'}", root, copies, rate))
    finally:
        ours.send("end")
        server.join(10)


def table(result: dict[str, Any]) -> list[str]:
    return [
        f"{result['edited']:,} of {result['copies']:,} copies edited in {result['seconds']} s: "
        f"{result['per_second']} a second, {result['cpu_ms_per_copy']} ms of CPU each, {result['refused']} refused"
    ]


def _server(pipe: Connection, copies: int) -> None:
    asyncio.run(_serve(pipe, copies))


async def _serve(pipe: Connection, copies: int) -> None:
    sandbox = await Sandbox.open(None)
    sandbox.world.add_bot(TOKEN, username="tidings_bot")
    sandbox.world.bulk_chats(copies, FIRST_CHAT)
    gc.disable()  # it stands for Telegram, which has no second's pause to walk all the calls that it keeps
    async with serve(sandbox) as root:
        pipe.send(root)
        while not pipe.poll():  # noqa: ASYNC110 - a pipe has no event
            await asyncio.sleep(0.1)
    await sandbox.close()


async def _run(url: str, root: str, copies: int, rate: float) -> dict[str, Any]:
    db = Database(url)
    await migrate.upgrade(db)
    article_id = await _fill(db, copies)
    paid = rate > 100
    async with connect(TOKEN, root, Limiter(Pacer())) as bot, aiohttp.ClientSession(root) as http:
        await _deliver(db, _sender(db, bot, paid=True))
        if not paid:
            await http.post("/sandbox/limits", json=LIMITS)
            await asyncio.sleep(1.1)  # the limits look back a second
        begun, cpu = time.monotonic(), time.process_time()
        await _confirm(db, article_id)
        confirmed = time.monotonic() - begun
        await carry_out(db, bot, _sender(db, bot, paid=paid))
        seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
        rows = [row async for row in _edits(http)]
    await db.dispose()
    edited = [row["at"] for row in rows if row["ok"]]
    per_second = (len(edited) - 1) / (max(edited) - min(edited))
    return {
        "benchmark": "corrections",
        "database": db.dialect,
        "copies": copies,
        "edited": len(edited),
        "refused": len(rows) - len(edited),
        "confirmed_ms": round(1000 * confirmed, 1),
        "seconds": round(seconds, 1),
        "per_second": round(per_second, 2),
        "of_the_limit": round(per_second / (PAID_MOST if paid else LIMITS["per_second"]), 3),
        "cpu_ms_per_copy": round(1000 * cpu / len(edited), 2),
    }


def _sender(db: Database, bot: Bot, *, paid: bool) -> Sender:
    pacer = Pacer(push_gap=0, burst_seconds=0, warm_up=0) if paid else Pacer()
    return Sender(db, bot, pacer, paid=PaidBroadcast(pacer, STARS) if paid else None)


async def _fill(db: Database, copies: int) -> int:
    """An article, pushed to all; gives its id."""
    now, ids = datetime.now(UTC), range(FIRST_CHAT, FIRST_CHAT + copies)
    async with db.begin() as tx:
        topic = (await seed(tx))["korea"]
        kept = {"bot_id": BOT, "title": "Reader", "language": "en", "zone": "UTC", "state": "active"}
        await tx.execute(
            insert(chat), [kept | {"chat_id": key, "kind": ChatKind.PRIVATE, "created_at": now} for key in ids]
        )
        await tx.execute(insert(destination), [{"bot_id": BOT, "chat_id": key, "digest_length": 5} for key in ids])
        follows = select(
            destination.c.id, literal(topic.id), literal(Mode.DIGEST.value), literal(now, chat.c.created_at.type)
        )
        await tx.execute(
            insert(subscription).from_select(["destination_id", "topic_id", "mode", "created_at"], follows)
        )
        found = await publish(tx, "Ferry sinks with 21 aboard", "korea", now - timedelta(minutes=1))
        await publish(tx, "Another story", "korea", now - timedelta(minutes=2))
    await push(db, bot_id=BOT, topic=topic, requested_by=1, now=now)
    return found.id


async def _deliver(db: Database, sender: Sender) -> None:
    stop = asyncio.Event()
    sending = asyncio.create_task(sender.run(stop))
    while not sending.done() and await _open(db):  # noqa: ASYNC110 - rows have no event
        await asyncio.sleep(0.2)
    stop.set()
    await sending


async def _open(db: Database) -> bool:
    async with db.read() as tx:
        return await tx.scalar(select(delivery.c.id).where(delivery.c.state.in_(outbox.OPEN)).limit(1)) is not None


async def _confirm(db: Database, article_id: int) -> None:
    now = datetime.now(UTC)
    async with db.begin() as tx:
        draft_id = await corrections.draft(
            tx,
            bot_id=BOT,
            article_id=article_id,
            kind=CorrectionKind.CORRECTION,
            note="It was 12.",
            wrong="21",
            right="12",
            by=1,
            now=now,
        )
    await confirm(db, draft_id=draft_id, article_id=article_id, now=now)


async def _edits(http: aiohttp.ClientSession) -> AsyncIterator[dict[str, Any]]:
    after = -1
    while True:
        params = {"after": str(max(after, 0)), "method": "editMessageText"}
        async with http.get("/sandbox/ledger", params=params) as response:
            found = await response.json()
        for row in found["calls"]:
            yield row
        if found["next"] == after:
            return
        after = found["next"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=600)
    parser.add_argument("--rate", type=float, default=PER_SECOND)
    parser.add_argument("--url")
    parser.add_argument("--json", action="store_true", help="one line; it is JSON all the same without")
    asked = parser.parse_args()
    print(json.dumps(run(asked.copies, asked.rate, asked.url), indent=None if asked.json else 2))
