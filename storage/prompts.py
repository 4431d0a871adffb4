"""Questions that the bot asked and whose answer is the person's next message. One at a time per person and chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from storage.database import Connection
from storage.schema import prompt

_WHOSE = (prompt.c.bot_id, prompt.c.chat_id, prompt.c.user_id)


@dataclass(frozen=True, slots=True)
class Prompt:
    """`kind` names the question, `data` is what its answer needs beside the text (ids, as JSON)."""

    kind: str
    data: dict[str, Any]
    expires_at: datetime


async def ask(
    tx: Connection,
    *,
    bot_id: int,
    chat_id: int,
    user_id: int,
    kind: str,
    data: Mapping[str, Any],
    expires_at: datetime,
) -> None:
    """Wait for an answer; an older question of the same person in the same chat is forgotten."""
    await withdraw(tx, bot_id=bot_id, chat_id=chat_id, user_id=user_id)
    await tx.execute(
        insert(prompt).values(
            bot_id=bot_id, chat_id=chat_id, user_id=user_id, kind=kind, data=dict(data), expires_at=expires_at
        )
    )


async def waiting(tx: Connection, *, bot_id: int, chat_id: int, user_id: int) -> Prompt | None:
    """The open question, also when its time is over: the caller tells the person rather than staying silent."""
    found = await tx.execute(
        select(prompt.c.kind, prompt.c.data, prompt.c.expires_at).where(*_of(bot_id, chat_id, user_id))
    )
    row = found.first()
    return None if row is None else Prompt(kind=row.kind, data=dict(row.data), expires_at=row.expires_at)


async def withdraw(tx: Connection, *, bot_id: int, chat_id: int, user_id: int) -> bool:
    """Forget the question. False where there was none."""
    gone = await tx.execute(delete(prompt).where(*_of(bot_id, chat_id, user_id)))
    return gone.rowcount > 0


async def forget_chat(tx: Connection, *, bot_id: int, chat_id: int) -> None:
    await tx.execute(delete(prompt).where(prompt.c.bot_id == bot_id, prompt.c.chat_id == chat_id))


async def prune(tx: Connection, *, before: datetime) -> int:
    """Drop questions that nobody answered until `before`. Returns how many."""
    gone = await tx.execute(delete(prompt).where(prompt.c.expires_at < before))
    return gone.rowcount


def _of(bot_id: int, chat_id: int, user_id: int) -> tuple[Any, ...]:
    values = (bot_id, chat_id, user_id)
    return tuple(column == value for column, value in zip(_WHOSE, values, strict=True))
