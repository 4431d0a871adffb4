"""How well messages are delivered: a push at the real pace against a server with Telegram's limits, and its parts.

The peer is a plain loop over python-telegram-bot's own Bot that sleeps between messages, on the same server in the same
run (its AIORateLimiter needs a package that this project does without). CPU time includes the server's, which runs in
the same process for both.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, insert, select
from telegram import Bot
from telegram.error import RetryAfter

from bot.connect import connect
from delivery.compose import Section, compose_push
from delivery.fanout import fan_out
from delivery.limiter import Limiter
from delivery.pace import Pacer
from delivery.send import Sender
from sandbox.server import Sandbox, serve
from storage import articles, chats, editions, migrate, outbox, sources, topics
from storage.database import Connection, Database
from storage.editions import Audience
from storage.records import (
    ArticleDraft,
    ArticleStatus,
    ChatKind,
    EditionKind,
    EditionPart,
    Mode,
    NewArticle,
    SourceKind,
    TopicSpec,
)
from storage.schema import chat, delivery, destination

TOKEN = "777:BENCH-token_for_deliveries"
BOT = 777
FIRST_CHAT = 100_001
LIMITS = {"per_second": 30, "per_chat_second": 1, "per_group_minute": 20}
PEER_GAP = 1 / 30
COMPOSITIONS = 50
WARNING = 30


def run(chats: int = 300, destinations: int = 20_000) -> dict[str, Any]:
    """`chats` get a push, twice: ours and the peer's. `destinations`: of the fan-out that is measured alone."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(WARNING))
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        return {
            "benchmark": "delivery",
            "chats": chats,
            "limits": LIMITS,
            **asyncio.run(_push(f"sqlite:///{Path(folder) / 'push.db'}", chats)),
            **asyncio.run(_parts(f"sqlite:///{Path(folder) / 'fanout.db'}", destinations)),
        }


# A push


async def _push(url: str, count: int) -> dict[str, Any]:
    sandbox = await Sandbox.open(None)
    sandbox.world.add_bot(TOKEN, username="tidings_bot")
    chat_ids = sandbox.world.bulk_chats(count, FIRST_CHAT)
    for name, value in LIMITS.items():
        setattr(sandbox.limits, name, value)
    db = Database(url)
    try:
        await migrate.upgrade(db)
        await _people(db, chat_ids)
        await _edition(db)
        async with serve(sandbox) as root:
            ours = await _measured(sandbox, lambda: _send(db, root))
            await asyncio.sleep(1.1)  # the limits look back a second
            peer = await _measured(sandbox, lambda: _plain_loop(root, chat_ids))
    finally:
        await db.dispose()
        await sandbox.close()
    return {"ours": ours, "peer": {"name": "python-telegram-bot's Bot in a loop, 1/30 s apart", **peer}}


async def _send(db: Database, root: str) -> None:
    pacer, stop = Pacer(), asyncio.Event()
    async with connect(TOKEN, root, Limiter(pacer)) as bot:
        sending = asyncio.create_task(Sender(db, bot, pacer).run(stop))
        while not sending.done() and await _open(db):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.2)
        stop.set()
        await sending


async def _open(db: Database) -> int:
    async with db.read() as tx:
        return int(await tx.scalar(select(func.count()).where(delivery.c.state.in_(outbox.OPEN))) or 0)


async def _plain_loop(root: str, chat_ids: list[int]) -> None:
    async with Bot(TOKEN, base_url=f"{root}/bot") as bot:
        for chat_id in chat_ids:
            try:
                await bot.send_message(chat_id, "Hello <b>you</b>", parse_mode="HTML")
            except RetryAfter:
                await asyncio.sleep(3)
                await bot.send_message(chat_id, "Hello <b>you</b>", parse_mode="HTML")
            await asyncio.sleep(PEER_GAP)


async def _measured(sandbox: Sandbox, work: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    before, cpu = sandbox.ledger.count, time.process_time()
    await work()
    cpu = time.process_time() - cpu
    rows = [row for row in sandbox.ledger.rows if row.n > before and row.method == "sendMessage"]
    times = [row.at for row in rows if row.ok]
    return {
        "messages": len(times),
        "per_second": round((len(times) - 1) / max(0.001, times[-1] - times[0]), 2),
        "most_in_a_second": _most_in_a_second(times),
        "refused_429": sum(row.status == 429 for row in rows),
        "cpu_ms_per_message": round(1000 * cpu / len(times), 2),
    }


def _most_in_a_second(times: list[float]) -> int:
    return max(sum(start <= at < start + 1 for at in times) for start in times)


# Its parts


async def _parts(url: str, count: int) -> dict[str, Any]:
    db = Database(url)
    try:
        await migrate.upgrade(db)
        await _people(db, list(range(FIRST_CHAT, FIRST_CHAT + count)))
        begun = time.perf_counter()
        added = await _edition(db)
        spread = time.perf_counter() - begun
        compose = await _compose(db)
    finally:
        await db.dispose()
    return {
        "fan_out": {"destinations": added, "rows_per_s": round(added / spread)},
        "compose_ms": round(1000 * compose, 3),
    }


async def _people(db: Database, chat_ids: list[int]) -> None:
    """The first by the ordinary way, the others as its copies."""
    now = datetime.now(UTC)
    async with db.begin() as tx:
        await chats.remember(
            tx,
            bot_id=BOT,
            chat_id=chat_ids[0],
            kind=ChatKind.PRIVATE,
            title="Reader",
            username=None,
            language="en",
            now=now,
        )
        await chats.destination(tx, BOT, chat_ids[0])
        for table in (chat, destination):
            await _copy(tx, table, chat_ids[1:])


async def _copy(tx: Connection, table: Any, chat_ids: list[int]) -> None:
    row = dict((await tx.execute(select(table))).mappings().one())
    row.pop("id", None)
    await tx.execute(insert(table), [row | {"chat_id": chat_id} for chat_id in chat_ids])


async def _edition(db: Database) -> int:
    """A message for everybody; gives how many deliveries were added."""
    now = datetime.now(UTC)
    async with db.begin() as tx:
        edition_id, _ = await editions.make(
            tx,
            bot_id=BOT,
            kind=EditionKind.PUSH,
            signature="bench",
            parts=(EditionPart(0, "Hello <b>you</b>"),),
            now=now,
            audience=Audience((), (Mode.INSTANT, Mode.DIGEST)),
        )
    return await fan_out(db, edition_id, now)


async def _compose(db: Database) -> float:
    """Seconds for the messages of one signature: a push of ten articles."""
    now = datetime.now(UTC)
    async with db.begin() as tx:
        await topics.seed(tx, [TopicSpec("korea", "Korea")])
        [topic] = await topics.all_topics(tx)
        source = await sources.get_or_add(tx, "Bench", kind=SourceKind.FEED, trusted=True, now=now)
        found = [await articles.add(tx, _article(number, source.id, topic.id, now), now) for number in range(10)]
    section = Section(topic, tuple(found), len(found))
    begun = time.perf_counter()
    for _ in range(COMPOSITIONS):
        compose_push(section, zone="UTC", now=now)
    return (time.perf_counter() - begun) / COMPOSITIONS


def _article(number: int, source_id: int, topic_id: int, now: datetime) -> NewArticle:
    headline, at = f"Talks of envoys, day {number}", now - timedelta(hours=1)
    summary = tuple(f"In sentence {part}, the envoys of day {number} spoke of trade and ferries." for part in range(3))
    draft = ArticleDraft(headline, summary, published_at=at)
    return NewArticle(
        draft=draft,
        source_id=source_id,
        language="en",
        content_hash=articles.content_hash(headline, draft.paragraphs),
        status=ArticleStatus.USABLE,
        summary=summary,
        topics={topic_id: 1.0},
        published_at=at,
        released_at=at,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=300)
    parser.add_argument("--json", action="store_true", help="one line; it is JSON all the same without")
    asked = parser.parse_args()
    print(json.dumps(run(asked.chats), indent=None if asked.json else 2))
