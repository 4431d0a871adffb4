"""What is old goes, in chunks small enough that nobody waits for them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage import candidates, corrections, editors, inbox, near, prompts, prune, replies, topic_changes
from storage.database import Connection, Database

CHUNK = 2_000
SLOTS = timedelta(days=60)
UPDATES = timedelta(days=2)
QUESTIONS = timedelta(days=1)
DRAFTS = timedelta(days=2)
COPIES = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long what was sent is known. `copies`: which message holds which article, so that a correction reaches it."""

    deliveries: timedelta = timedelta(days=30)
    replies: timedelta = timedelta(days=30)
    copies: timedelta = timedelta(days=365)


KEEP = Keep()


async def run_retention(db: Database, *, now: datetime, keep: Keep = KEEP, chunk: int = CHUNK) -> int:
    """One chunk of each kind; gives how many rows went, so that the caller goes on until none."""
    kinds: tuple[Callable[[Connection], Awaitable[int]], ...] = (
        lambda tx: prune.deliveries(tx, before=now - keep.deliveries, limit=chunk),
        lambda tx: prune.sent_copies(tx, before=now - max(keep.copies, keep.deliveries), limit=chunk),
        lambda tx: prune.slots(tx, before=now - SLOTS, limit=chunk),
        lambda tx: replies.prune(tx, before=now - keep.replies, limit=chunk),
        lambda tx: inbox.prune(tx, before=now - UPDATES, limit=chunk),
        lambda tx: prompts.prune(tx, before=now - QUESTIONS),
        lambda tx: corrections.prune(tx, before=now - DRAFTS),
        lambda tx: topic_changes.prune(tx, before=now - DRAFTS),
        lambda tx: candidates.prune(tx, before=now - COPIES, limit=chunk // 10),
        lambda tx: near.prune(tx, before=now - COPIES, limit=chunk // 10),
        lambda tx: editors.prune_invitations(tx, now),
    )
    gone = 0
    for kind in kinds:
        async with db.begin() as tx:
            gone += await kind(tx)
    return gone + await _unused_editions(db, now - keep.deliveries, chunk)


async def _unused_editions(db: Database, before: datetime, chunk: int) -> int:
    async with db.read() as tx:
        ids = await prune.unused_editions(tx, before=before, limit=chunk)
    if not ids:
        return 0
    async with db.begin() as tx:
        return await prune.editions(tx, ids)
