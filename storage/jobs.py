"""What PgQueuer's tables hold of our jobs. They exist on PostgreSQL alone, and only PgQueuer changes a job."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import text

from storage.database import Connection

_OPEN = text("SELECT payload FROM pgqueuer WHERE entrypoint = :kind AND status IN ('queued', 'picked')")
_PRUNE = tuple(
    text(f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE created < :before ORDER BY id LIMIT :limit)")  # noqa: S608
    for table in ("pgqueuer_log", "pgqueuer_statistics")
)


async def unfinished(tx: Connection, kind: str) -> list[dict[str, Any]]:
    """The payloads of the jobs of that kind that wait or are being done."""
    found = await tx.execute(_OPEN, {"kind": kind})
    return [json.loads(bytes(row.payload)) for row in found if row.payload]


async def prune(tx: Connection, *, before: datetime, limit: int = 5_000) -> int:
    """Drop what PgQueuer wrote down of jobs that ended; gives how many rows."""
    done = [await tx.execute(query, {"before": before, "limit": limit}) for query in _PRUNE]
    return sum(result.rowcount for result in done)
