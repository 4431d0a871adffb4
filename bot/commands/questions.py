"""A question to one person in one chat, answered by that person's next message. A new one takes an open one's place."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.ask import Ask
from storage import prompts
from storage.database import Connection
from storage.prompts import Prompt

OPEN_FOR = timedelta(minutes=10)


async def put(ask: Ask, kind: str, data: Mapping[str, Any], time: timedelta = OPEN_FOR) -> None:
    """Wait for the answer as long as `time`; `kind` names whose it is, `data` comes back with it."""
    async with ask.db.begin() as tx:
        await prompts.ask(
            tx,
            bot_id=ask.me.bot_id,
            chat_id=ask.chat.chat_id,
            user_id=ask.person.user_id,
            kind=kind,
            data=data,
            expires_at=ask.now + time,
        )


async def waiting(ask: Ask) -> Prompt | None:
    """The open question, also when its time is over."""
    async with ask.db.read() as tx:
        return await prompts.waiting(tx, bot_id=ask.me.bot_id, chat_id=ask.chat.chat_id, user_id=ask.person.user_id)


async def withdraw(ask: Ask) -> bool:
    """Wait no longer. False where there was no question."""
    async with ask.db.begin() as tx:
        return await withdraw_in(tx, ask)


async def withdraw_in(tx: Connection, ask: Ask) -> bool:
    return await prompts.withdraw(tx, bot_id=ask.me.bot_id, chat_id=ask.chat.chat_id, user_id=ask.person.user_id)


def is_late(ask: Ask) -> bool:
    """Is this an answer after the time was over?"""
    return bool(ask.data["expires_at"] <= ask.now)


def how(ask: Ask) -> str:
    """In a group a bot sees only what answers it."""
    return "Send it as your next message" if ask.in_private else "Answer this message with it"
