"""A bot's queue of updates, as getUpdates and webhooks read it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

KEPT_SECONDS = 24 * 3600.0
KINDS = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
]
_OPT_IN = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(slots=True)
class Webhook:
    """Where updates are pushed to; an empty `url` means nowhere."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""


@dataclass(slots=True)
class Queued:
    """One update and when it was made (Unix seconds)."""

    update_id: int
    made: float
    body: dict[str, Any]


@dataclass(slots=True)
class Outbox:
    """Updates in order; `touched` is told each id that was added or confirmed; `allowed` None is the default set."""

    clock: Callable[[], float]
    touched: Callable[[int], None]
    queue: dict[int, Queued] = field(default_factory=dict)
    next_id: int = field(default_factory=lambda: 100_000_000 + secrets.randbelow(800_000_000))
    allowed: list[str] | None = None
    webhook: Webhook = field(default_factory=Webhook)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    poll: int = 0  # number of the newest long poll; an older one has to give way
    ended_by: str = ""  # what made the running long poll give way

    def add(self, kind: str, body: dict[str, Any]) -> int | None:
        """Queue an update of that kind, unless the bot doesn't take them; its id."""
        if not self.takes(kind):
            return None
        update_id = self.next_id
        self.next_id += 1
        self.queue[update_id] = Queued(update_id, self.clock(), {"update_id": update_id, kind: body})
        self.touched(update_id)
        self.changed.set()
        return update_id

    def takes(self, kind: str) -> bool:
        """Whether updates of that kind are allowed now."""
        return kind in self.allowed if self.allowed else kind not in _OPT_IN

    def allow(self, kinds: Sequence[str]) -> None:
        """Set the allowed kinds; unknown names are ignored, an empty list is Telegram's default."""
        self.allowed = [kind for kind in KINDS if kind in set(kinds)] or None

    def confirm(self, offset: int) -> None:
        """Forget updates before `offset`; a negative one keeps that many of the newest."""
        if offset < 0:
            self.forget(list(self.queue)[:offset])
        elif offset > 0:
            self.forget(list(takewhile(lambda update_id: update_id < offset, self.queue)))

    def forget(self, update_ids: Sequence[int]) -> None:
        """Drop these updates: taken by the bot, or no longer wanted."""
        for update_id in update_ids:
            if self.queue.pop(update_id, None):
                self.touched(update_id)

    def pending(self, limit: int = 100) -> list[Queued]:
        """The oldest updates, without those older than a day."""
        oldest = self.clock() - KEPT_SECONDS
        self.forget([old.update_id for old in takewhile(lambda queued: queued.made < oldest, self.queue.values())])
        return list(islice(self.queue.values(), limit))

    def interrupt(self, by: str) -> None:
        """Make a running long poll give way."""
        self.poll += 1
        self.ended_by = by
        self.changed.set()
