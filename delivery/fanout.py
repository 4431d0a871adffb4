"""Fan-out: an edition's audience to deliveries, in bounded chunks that a crash can interrupt anywhere."""

from datetime import datetime

from storage import editions
from storage.database import Database

CHUNK = 10_000


async def run_fanout(db: Database, *, bot_id: int, now: datetime, chunk: int = CHUNK) -> int:
    """One chunk of every edition whose fan-out is unfinished; how many editions there were."""
    async with db.read() as tx:
        waiting = await editions.unfinished(tx, bot_id)
    for work in waiting:
        async with db.begin() as tx:
            await editions.spread(tx, work.edition_id, now, chunk)
    return len(waiting)


async def spread_all(db: Database, edition_id: int, now: datetime, chunk: int = CHUNK) -> int:
    """The whole audience of one edition; how many destinations it has."""
    total, done = 0, False
    while not done:
        async with db.begin() as tx:
            added, done = await editions.spread(tx, edition_id, now, chunk)
        total += added
    return total
