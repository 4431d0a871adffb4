"""What is old goes, in chunks small enough that nobody waits for them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from storage import corrections, editors, inbox, near, prompts, prune, replies
from storage.database import Connection, Database

CHUNK = 2_000
DELIVERIES = timedelta(days=30)
REPLIES = timedelta(days=30)
SLOTS = timedelta(days=60)
UPDATES = timedelta(days=2)
QUESTIONS = timedelta(days=1)
DRAFTS = timedelta(days=2)
COPIES = timedelta(days=14)


async def run_retention(
    db: Database,
    *,
    now: datetime,
    deliveries: timedelta = DELIVERIES,
    reply_articles: timedelta = REPLIES,
    chunk: int = CHUNK,
) -> int:
    """One chunk of each kind; gives how many rows went, so that the caller goes on until none."""
    kinds: tuple[Callable[[Connection], Awaitable[int]], ...] = (
        lambda tx: prune.deliveries(tx, before=now - deliveries, limit=chunk),
        lambda tx: prune.editions(tx, before=now - deliveries, limit=chunk),
        lambda tx: prune.slots(tx, before=now - SLOTS, limit=chunk),
        lambda tx: replies.prune(tx, before=now - reply_articles),
        lambda tx: inbox.prune(tx, before=now - UPDATES, limit=chunk),
        lambda tx: prompts.prune(tx, before=now - QUESTIONS),
        lambda tx: corrections.prune(tx, before=now - DRAFTS),
        lambda tx: near.prune(tx, before=now - COPIES, limit=chunk // 10),
        lambda tx: editors.prune_invitations(tx, now),
    )
    gone = 0
    for kind in kinds:
        async with db.begin() as tx:
            gone += await kind(tx)
    return gone
