"""Telegram's updates as they came, until they are handled: none is lost in a crash, none is taken twice.

What an update said is dropped once it is handled; its number and digest stay, so that a repeated one is known.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update

from storage.database import Connection, insert_into
from storage.schema import inbox, inbox_turn

Payload = Mapping[str, Any]

# Told on PostgreSQL, with the bot's id, when something new is committed.
CHANNEL = "tidings_inbox"


@dataclass(frozen=True, slots=True)
class Received:
    update_id: int
    payload: dict[str, Any]
    received_at: datetime


async def store(tx: Connection, bot_id: int, payloads: Sequence[Payload], now: datetime) -> int:
    """Keep the updates; those known already are left as they are. Returns how many are new.

    Telegram starts its numbers anew after a quiet week, other servers at each start: so an update with a known number
    but another content is a new one and takes the old one's place.
    """
    if not payloads:
        return 0
    rows = {
        int(payload["update_id"]): {
            "bot_id": bot_id,
            "update_id": int(payload["update_id"]),
            "payload": dict(payload),
            "digest": digest(payload),
            "received_at": now,
        }
        for payload in payloads
    }
    statement = insert_into(tx, inbox).values(list(rows.values()))
    new = statement.excluded
    stored = await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["bot_id", "update_id"],
            set_={
                "payload": new.payload,
                "digest": new.digest,
                "received_at": new.received_at,
                "handled_at": None,
            },
            where=inbox.c.digest != new.digest,
        ).returning(inbox.c.update_id)
    )
    new_ones = len(stored.all())
    if new_ones and tx.dialect.name == "postgresql":
        await tx.execute(select(func.pg_notify(CHANNEL, str(bot_id))))
    return new_ones


async def waiting(tx: Connection, bot_id: int, *, limit: int, but: Collection[int] = ()) -> list[Received]:
    """Updates that nobody handled yet, oldest first, without those named in `but`."""
    query = (
        select(inbox.c.update_id, inbox.c.payload, inbox.c.received_at)
        .where(inbox.c.bot_id == bot_id, inbox.c.handled_at.is_(None))
        .order_by(inbox.c.update_id)
        .limit(limit + len(but))
    )
    found = await tx.execute(query)
    return [Received(row.update_id, row.payload, row.received_at) for row in found if row.update_id not in but][:limit]


async def handled(tx: Connection, bot_id: int, update_id: int, now: datetime) -> None:
    await tx.execute(
        update(inbox)
        .where(and_(inbox.c.bot_id == bot_id, inbox.c.update_id == update_id))
        .values(handled_at=now, payload={})
    )


# One process handles a bot's updates


async def take_turn(tx: Connection, bot_id: int, owner: str, seconds: float) -> bool:
    """Whether this process (`owner`) handles the bot's updates for the next seconds; it renews its turn by this.

    By the database's own clock: hosts need not agree. An SQLite file has one process anyway.
    """
    if tx.dialect.name == "sqlite":
        return True
    now = func.clock_timestamp()
    until = now + timedelta(seconds=seconds)
    statement = insert_into(tx, inbox_turn).values(bot_id=bot_id, owner=owner, until=until)
    taken = await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["bot_id"],
            set_={"owner": owner, "until": until},
            where=or_(inbox_turn.c.owner == owner, inbox_turn.c.until < now),
        ).returning(inbox_turn.c.bot_id)
    )
    return taken.first() is not None


async def end_turn(tx: Connection, bot_id: int, owner: str) -> None:
    """At a clean stop: the next process need not wait."""
    await tx.execute(delete(inbox_turn).where(inbox_turn.c.bot_id == bot_id, inbox_turn.c.owner == owner))


async def prune(tx: Connection, *, before: datetime, limit: int = 1000) -> int:
    """Drop handled updates that came before then; Telegram repeats none after 24 hours. Returns how many."""
    old = (
        select(inbox.c.bot_id, inbox.c.update_id)
        .where(inbox.c.received_at < before, inbox.c.handled_at.is_not(None))
        .order_by(inbox.c.received_at)
        .limit(limit)
    )
    keys = [(row.bot_id, row.update_id) for row in await tx.execute(old)]
    for bot_id in {key[0] for key in keys}:
        ids = [key[1] for key in keys if key[0] == bot_id]
        await tx.execute(delete(inbox).where(inbox.c.bot_id == bot_id, inbox.c.update_id.in_(ids)))
    return len(keys)


def digest(payload: Payload) -> str:
    """The same for the same content, however its keys are ordered."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
