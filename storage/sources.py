"""Where articles come from."""

from datetime import datetime

from sqlalchemy import Row, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Connection
from storage.records import Source, SourceKind
from storage.schema import source


def _insert(tx: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can pass over what is there already; each database has its own."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


async def get(tx: Connection, source_id: int) -> Source | None:
    found = (await tx.execute(select(source).where(source.c.id == source_id))).first()
    return None if found is None else _source(found)


async def get_by_name(tx: Connection, name: str) -> Source | None:
    found = (await tx.execute(select(source).where(source.c.name == name))).first()
    return None if found is None else _source(found)


async def get_or_add(
    tx: Connection, name: str, *, kind: SourceKind, trusted: bool, url: str | None = None, now: datetime
) -> Source:
    """The source of that name. One that is known keeps its kind, trust and URL: editors may have changed them."""
    known = await get_by_name(tx, name)
    if known is not None:
        return known
    await tx.execute(
        _insert(tx, source)
        .values(name=name, kind=kind, url=url, trusted=trusted, created_at=now)
        .on_conflict_do_nothing()  # another process may have been quicker
    )
    added = await get_by_name(tx, name)
    assert added is not None  # noqa: S101 - this transaction saw or wrote it
    return added


async def all_sources(tx: Connection) -> list[Source]:
    """By name."""
    return [_source(row) for row in await tx.execute(select(source).order_by(source.c.name))]


def _source(row: Row[tuple[object, ...]]) -> Source:
    return Source(id=row.id, name=row.name, kind=SourceKind(row.kind), url=row.url, trusted=row.trusted)
