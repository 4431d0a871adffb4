"""Spreads editions over their audiences: chunk by chunk, each a transaction of its own, resumable after any crash."""

from datetime import datetime

from storage import audiences
from storage.database import Database

CHUNK = 10_000


async def fan_out(db: Database, edition_id: int, now: datetime, chunk: int = CHUNK) -> int:
    """Reach the whole audience; gives how many deliveries were added."""
    total, done = 0, False
    while not done:
        async with db.begin() as tx:
            added, done = await audiences.spread(tx, edition_id, now, chunk)
        total += added
    return total


async def run_fanout(db: Database, *, bot_id: int, now: datetime, chunk: int = CHUNK) -> int:
    """One chunk of each unfinished edition; gives how many editions that were, so that the caller goes on."""
    async with db.read() as tx:
        waiting = await audiences.unfinished(tx, bot_id)
    for work in waiting:
        async with db.begin() as tx:
            await audiences.spread(tx, work.edition_id, now, chunk)
    return len(waiting)
