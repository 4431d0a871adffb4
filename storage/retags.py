"""How far the archive is tagged again. One at a time: a change of rules while it goes on begins it anew.

The row says what is left (`before_id`), so that whoever goes on after a crash goes on there. Work is written down by
comparing and setting: of two workers at the same articles, one is told that they are done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, update

from storage import articles, taggings
from storage.database import Connection
from storage.schema import article
from storage.schema import retag as table

# A worker that has not been heard of for so long is dead.
LEASE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Retag:
    """`total` is 0 until somebody has counted. `gained` and `lost` count topics of articles."""

    id: int
    revision: int
    before_id: int
    total: int
    done: int
    gained: int
    lost: int
    asked_by: int | None
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None


async def begin(tx: Connection, revision: int, *, by: int | None, now: datetime) -> int:
    """All articles are to be tagged by the rules of this revision; gives the id. Hold articles.release_barrier.

    One that goes on begins anew for these rules: its followers go on following.
    """
    values = {
        "revision": revision,
        "before_id": int(await tx.scalar(select(func.max(article.c.id))) or 0) + 1,
        **dict.fromkeys(("total", "done", "gained", "lost"), 0),
        "asked_by": by,
        "asked_at": now,
    }
    running = update(table).where(table.c.ended_at.is_(None)).values(**values).returning(table.c.id)
    found = (await tx.execute(running)).scalar()
    return int(found or await tx.scalar(insert(table).values(**values).returning(table.c.id)) or 0)


async def ask(tx: Connection, *, by: int | None, now: datetime) -> int:
    """Tag the archive again without a change: after a release with other models, or to be sure."""
    await articles.release_barrier(tx)
    return await begin(tx, await taggings.revision(tx), by=by, now=now)


async def take(tx: Connection, worker: str, now: datetime) -> Retag | None:
    """What there is to do, for this worker alone while it goes on; None: nothing, or another does it."""
    free = or_(table.c.worker.is_(None), table.c.worker == worker, table.c.worker_until < now)
    query = (
        update(table)
        .where(table.c.ended_at.is_(None), free)
        .values(worker=worker, worker_until=now + LEASE, began_at=func.coalesce(table.c.began_at, now))
        .returning(*table.c)
    )
    row = (await tx.execute(query)).first()
    return None if row is None else _retag(row)


async def count(tx: Connection, found: Retag) -> int:
    """How many articles there are to tag. Reads the whole index: once."""
    query = select(func.count()).select_from(article).where(article.c.id < found.before_id)
    return int(await tx.scalar(query) or 0)


async def set_total(tx: Connection, found: Retag, total: int) -> None:
    await tx.execute(update(table).where(*_still(found)).values(total=total))


async def advance(tx: Connection, before: Retag, after: Retag, now: datetime) -> bool:
    """The articles between are done, with this transaction. False: they were already, or the rules are others now."""
    values = {name: getattr(after, name) for name in ("before_id", "done", "gained", "lost")}
    query = update(table).where(*_still(before)).values(**values, worker_until=now + LEASE)
    return (await tx.execute(query)).rowcount > 0


async def end(tx: Connection, found: Retag, now: datetime) -> bool:
    query = update(table).where(*_still(found)).values(ended_at=now, worker=None, worker_until=None)
    return (await tx.execute(query)).rowcount > 0


async def leave(tx: Connection, worker: str) -> None:
    """At a clean stop: the next need not wait."""
    query = update(table).where(table.c.worker == worker, table.c.ended_at.is_(None))
    await tx.execute(query.values(worker=None, worker_until=None))


def _still(found: Retag) -> tuple[Any, ...]:
    same = (table.c.id == found.id, table.c.revision == found.revision, table.c.before_id == found.before_id)
    return (*same, table.c.ended_at.is_(None))


async def get(tx: Connection, retag_id: int) -> Retag | None:
    row = (await tx.execute(select(table).where(table.c.id == retag_id))).first()
    return None if row is None else _retag(row)


async def latest(tx: Connection) -> Retag | None:
    """The one that goes on, or else the last."""
    row = (await tx.execute(select(table).order_by(table.c.id.desc()).limit(1))).first()
    return None if row is None else _retag(row)


async def of_revision(tx: Connection, revision: int | None) -> int | None:
    """The id of the one that was asked for by these rules, where it was not begun anew for later ones."""
    if revision is None:
        return None
    found = await tx.scalar(select(table.c.id).where(table.c.revision == revision).order_by(table.c.id).limit(1))
    return None if found is None else int(found)


def _retag(row: Row[Any]) -> Retag:
    return Retag(
        id=row.id,
        revision=row.revision,
        before_id=row.before_id,
        total=row.total,
        done=row.done,
        gained=row.gained,
        lost=row.lost,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        began_at=row.began_at,
        ended_at=row.ended_at,
    )
