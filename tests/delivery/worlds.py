"""A sandbox with people, a bot that talks to it, and editions to send: what delivery's tests start from."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from telegram import Bot

from delivery.pace import Pacer
from delivery.send import Sender
from delivery.transport import AiohttpRequest
from sandbox.faults import Fault
from sandbox.server import Sandbox, serve
from storage import chats, editions
from storage.database import Database
from storage.records import (
    ChatKind,
    EditionKind,
    EditionPart,
)
from storage.schema import delivery, delivery_part
from tests.patience import PATIENCE_S

TOKEN = "777:TEST-token_for_deliveries"
BOT = 777
NOW = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)


@dataclass
class World:
    """A database and a server. Chats are made by `people`, editions by `edition`, and `send` brings them out."""

    db: Database
    sandbox: Sandbox
    url: str
    bot: Bot
    chat_ids: list[int] = field(default_factory=list)
    destinations: list[int] = field(default_factory=list)

    async def people(self, count: int) -> list[int]:
        """Private chats known to both sides; gives their destinations."""
        ids = self.sandbox.world.bulk_chats(count)
        async with self.db.begin() as tx:
            made = [await destination(tx, chat_id) for chat_id in ids]
        self.chat_ids += ids
        self.destinations += made
        return made

    def group(self, chat_id: int, kind: str, **options: Any) -> None:
        """A group or channel that the bot is in."""
        self.sandbox.world.add_chat(kind, "Group", {BOT: "administrator"}, chat_id=chat_id, **options)

    async def edition(self, texts: Sequence[str], to: Sequence[int], **options: Any) -> int:
        """Queue messages for destinations."""
        now = datetime.now(UTC)
        kind = options.pop("kind", EditionKind.DIGEST)
        parts = tuple(EditionPart(number, text) for number, text in enumerate(texts))
        async with self.db.begin() as tx:
            edition_id, _ = await editions.make(
                tx, bot_id=BOT, kind=kind, signature=f"test:{texts}:{now.isoformat()}", parts=parts, now=now, **options
            )
            await editions.add_deliveries(
                tx, edition_id, bot_id=BOT, lane=editions.LANES[kind], destination_ids=to, now=now
            )
        return edition_id

    def fault(self, kind: str, **options: Any) -> None:
        self.sandbox.faults.all.append(Fault(kind, **options))

    def arrived(self) -> list[tuple[int, str]]:
        """(chat id, text) of every message that took effect, in order."""
        return [
            (int(row.chat_id or 0), str(row.params["text"]))
            for row in self.sandbox.ledger.rows
            if row.ok and row.method == "sendMessage"
        ]

    async def states(self) -> list[tuple[str, str | None]]:
        """(state, reason) of every delivery, in order."""
        async with self.db.read() as tx:
            return [(row.state, row.reason) for row in await tx.execute(delivery.select().order_by(delivery.c.id))]

    async def parts(self) -> list[Any]:
        async with self.db.read() as tx:
            query = delivery_part.select().order_by(delivery_part.c.delivery_id, delivery_part.c.number)
            return list(await tx.execute(query))

    @asynccontextmanager
    async def sending(self, **options: Any) -> AsyncIterator[Sender]:
        """A sender at work, quick enough for tests."""
        pacer = options.pop("pacer", None) or quick()
        sender = Sender(self.db, self.bot, pacer, bot_id=BOT, **options)
        stop = asyncio.Event()
        work = asyncio.create_task(sender.run(stop))
        try:
            yield sender
        finally:
            stop.set()
            await work

    async def send(self, *, seconds: float = PATIENCE_S, until: int = 0, **options: Any) -> None:
        """Send until nothing is open but `until` deliveries."""
        async with self.sending(**options):
            await self.settled(seconds=seconds, left=until)

    async def settled(self, *, seconds: float = PATIENCE_S, left: int = 0) -> None:
        async with asyncio.timeout(seconds):
            while await self.open() > left:  # noqa: ASYNC110 - rows have no event
                await asyncio.sleep(0.05)

    async def open(self) -> int:
        """How many deliveries have not ended."""
        query = select(func.count()).where(delivery.c.state.in_(("queued", "sending")))
        async with self.db.read() as tx:
            return int(await tx.scalar(query) or 0)

    async def until(self, condition: Any, *, seconds: float = PATIENCE_S) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - nor has a server
                await asyncio.sleep(0.01)


def quick() -> Pacer:
    """A pacer that makes no test wait: 500 a second, and no second between messages of a chat."""
    return Pacer(500, push_gap=0.0, burst_seconds=0.0, group_seconds=0.0, warm_up=0.0)


@asynccontextmanager
async def world(db: Database) -> AsyncIterator[World]:
    sandbox = await Sandbox.open(None)
    sandbox.world.add_bot(TOKEN, username="tidings_bot")
    async with serve(sandbox) as url:
        bot = Bot(TOKEN, base_url=f"{url}/bot", request=AiohttpRequest(), get_updates_request=AiohttpRequest())
        async with bot:
            yield World(db, sandbox, url, bot)
    await sandbox.close()


async def destination(tx: Any, chat_id: int, thread_id: int = 0, kind: ChatKind = ChatKind.PRIVATE) -> int:
    """A chat with a destination."""
    await chats.remember(
        tx, bot_id=BOT, chat_id=chat_id, kind=kind, title=f"Chat {chat_id}", username=None, language="en", now=NOW
    )
    return (await chats.destination(tx, BOT, chat_id, thread_id)).id
