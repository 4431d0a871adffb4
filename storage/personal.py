"""All that is kept about a chat, found by the schema itself: what a new table keeps is never forgotten here."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, and_, select

from storage import schema
from storage.database import Connection

# Rows of one table that an export holds at most, the newest of them.
MOST_ROWS = 10_000


async def of_chat(tx: Connection, bot_id: int, chat_id: int) -> dict[str, list[dict[str, Any]]]:
    """Table → rows that name the chat, its destinations, its deliveries or, in a private chat, its person.

    Values are JSON's; times are ISO 8601 in UTC. Tables without such rows are left out.
    """
    found = {}
    for table, query in _queries(bot_id, chat_id):
        newest = query.order_by(*(column.desc() for column in table.primary_key)).limit(MOST_ROWS)
        rows = [_row(dict(row._mapping)) for row in await tx.execute(newest)]  # noqa: SLF001 - SQLAlchemy's public name
        if rows:
            found[table.name] = rows
    return found


def _queries(bot_id: int, chat_id: int) -> Iterator[tuple[Table, Select[Any]]]:
    places = select(schema.destination.c.id).where(
        schema.destination.c.bot_id == bot_id, schema.destination.c.chat_id == chat_id
    )
    deliveries = select(schema.delivery.c.id).where(schema.delivery.c.destination_id.in_(places))
    for table in schema.metadata.sorted_tables:
        columns = table.c
        if "destination_id" in columns:
            yield table, select(table).where(columns.destination_id.in_(places))
        elif "delivery_id" in columns:
            yield table, select(table).where(columns.delivery_id.in_(deliveries))
        elif "chat_id" in columns:
            yield table, select(table).where(and_(columns.bot_id == bot_id, columns.chat_id == chat_id))
        elif "user_id" in columns:
            yield table, select(table).where(and_(columns.bot_id == bot_id, columns.user_id == chat_id))


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
