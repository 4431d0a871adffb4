"""Messages that tell how something goes and are edited until it is done."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select, update

from storage.database import Connection, insert_into
from storage.schema import progress_message as table


class Subject(StrEnum):
    EDITION = "edition"
    CORRECTION = "correction"
    RETAG = "retag"


@dataclass(frozen=True, slots=True)
class Follower:
    """A message about a subject. `shown`: its text, "" until it was edited once; `at`: when it was sent."""

    bot_id: int
    chat_id: int
    message_id: int
    subject: Subject
    subject_id: int
    shown: str
    at: datetime


async def follow(tx: Connection, item: Follower) -> None:
    """From now on the message tells how its subject goes; one message has one subject."""
    values = {"kind": item.subject, "subject_id": item.subject_id, "shown": item.shown, "at": item.at}
    query = insert_into(tx, table).values(
        bot_id=item.bot_id, chat_id=item.chat_id, message_id=item.message_id, **values
    )
    await tx.execute(query.on_conflict_do_update(index_elements=list(table.primary_key), set_=values))


async def followers(tx: Connection, bot_id: int) -> list[Follower]:
    rows = await tx.execute(select(table).where(table.c.bot_id == bot_id).order_by(table.c.at, table.c.message_id))
    return [_follower(row) for row in rows]


async def shows(tx: Connection, item: Follower, text: str) -> None:
    await tx.execute(update(table).where(*_mine(item)).values(shown=text))


async def leave(tx: Connection, item: Follower) -> None:
    """The message stays as it is."""
    await tx.execute(delete(table).where(*_mine(item)))


def _mine(item: Follower) -> tuple[ColumnElement[bool], ...]:
    return (table.c.bot_id == item.bot_id, table.c.chat_id == item.chat_id, table.c.message_id == item.message_id)


def _follower(row: Row[Any]) -> Follower:
    return Follower(row.bot_id, row.chat_id, row.message_id, Subject(row.kind), row.subject_id, row.shown, row.at)
