"""Readers and an edition for them: what the benchmarks of delivery start from."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from delivery.fanout import fan_out
from storage import chats, editions
from storage.audiences import Audience
from storage.database import Connection, Database
from storage.records import ChatKind, EditionKind, EditionPart, Mode
from storage.schema import chat, destination

TOKEN = "777:BENCH-token_for_deliveries"
BOT = 777
TEXT = "<b>Envoys meet</b> for the talks.\n\n" + "They spoke of trade, of ferries and of the weather. " * 20


async def people(db: Database, chat_ids: list[int]) -> None:
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


async def edition(db: Database, kind: EditionKind = EditionKind.PUSH) -> int:
    """A message for everybody; gives how many deliveries were added."""
    now = datetime.now(UTC)
    async with db.begin() as tx:
        edition_id, _ = await editions.make(
            tx,
            bot_id=BOT,
            kind=kind,
            signature="bench",
            parts=(EditionPart(0, TEXT),),
            now=now,
            audience=Audience((), (Mode.INSTANT, Mode.DIGEST)),
        )
    return await fan_out(db, edition_id, now)
