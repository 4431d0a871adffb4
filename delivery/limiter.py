"""Replies ask the same pacer as pushes: python-telegram-bot's rate limiter over it.

Where other processes of the bot send as well, a reply asks for a place among theirs when its own time has come.
"""

import asyncio
from collections.abc import Callable, Coroutine
from math import ceil
from typing import Any, Final, Literal

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from delivery.errors import FloodError
from delivery.fate import fate_of
from delivery.pace import LATE, Pacer
from delivery.shared_pace import SharedPace
from storage.records import Lane

# These are messages to Telegram's limits; edits count too, and so do chat actions ("typing…"): they leave only where
# there is room for the reply as well.
_MESSAGES = ("send", "edit", "copy", "forward")
_ACTION = "sendChatAction"

# A message that is later for its reserved time gets a new one, lest a stall end in a burst.
MOST_RESERVATIONS = 5

Turn = Lane | Literal["paced"]
PACED: Final = "paced"  # the call has had its turn already

LONGEST_WAIT_SECONDS = 60
MOST_RETRIES = 2


async def wait_for_turn(pacer: Pacer, lane: Lane, chat_id: int, shared: SharedPace | None = None) -> None:
    """Return when a message to the chat may leave."""
    clock = asyncio.get_running_loop().time
    time = pacer.at(lane, chat_id, clock())
    for _ in range(MOST_RESERVATIONS):
        await asyncio.sleep(max(0.0, time - clock()))
        if shared is not None and (place := await shared.place(time, chat_id=chat_id)) > time:
            time = pacer.postpone(time, chat_id, place)
            await asyncio.sleep(max(0.0, time - clock()))
        if clock() - time <= LATE:
            return
        time = pacer.postpone(time, chat_id, clock())


class Limiter(BaseRateLimiter[Turn]):
    """`rate_limit_args` is the lane, REPLY where none is given, or PACED. A 429 up to a minute is waited for, twice.

    Where Telegram wants silence for longer, the call is refused at once: who makes it has others to answer.
    """

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._shared: SharedPace | None = None

    def share(self, shared: SharedPace | None) -> None:
        """Keep to the pace of all processes of the bot; who it is, Telegram tells once it is connected."""
        self._shared = shared

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Turn | None,
    ) -> Any:
        if rate_limit_args == PACED or not endpoint.startswith(_MESSAGES):
            return await callback(*args, **kwargs)
        lane = Lane.REPLY if rate_limit_args is None else rate_limit_args
        chat_id = _chat_id(data.get("chat_id"))
        if endpoint == _ACTION and not self._pacer.spare(chat_id, asyncio.get_running_loop().time()):
            return True
        for attempt in range(MOST_RETRIES + 1):
            if (silence := self._pacer.silence(chat_id, asyncio.get_running_loop().time())) > LONGEST_WAIT_SECONDS:
                raise FloodError(ceil(silence))
            await wait_for_turn(self._pacer, lane, chat_id, self._shared)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                wait = fate_of(error).wait
                self._pacer.hold_chat(chat_id, asyncio.get_running_loop().time() + wait)
                if attempt == MOST_RETRIES or wait > LONGEST_WAIT_SECONDS:
                    raise
        raise AssertionError("the last attempt returns or raises")


def _chat_id(given: object) -> int:
    """A public name is a group or channel; what goes to no chat (inline messages) counts as one of its own."""
    try:
        return int(str(given))
    except ValueError:
        return -(hash(given) & 0xFFFF_FFFF) - 1
