"""getUpdates: one long poll at a time, and never beside a webhook."""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.access import Call
from sandbox.errors import refuse

LONGEST_POLL = 50  # seconds; Telegram answers after that however long was asked for
_LIMIT = 100


async def get_updates(call: Call) -> list[dict[str, Any]]:
    """Confirms updates before `offset`, then waits up to `timeout` seconds for the next; raises ApiError 409."""
    outbox = call.bot.outbox
    if outbox.webhook.url:
        raise refuse(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", 409
        )
    outbox.interrupt("other getUpdates request; make sure that only one bot instance is running")
    mine = outbox.poll
    if "allowed_updates" in call.args:
        outbox.allow(call.args["allowed_updates"])
        call.world.touch("bot", call.bot.id)
    outbox.confirm(call.args.get("offset", 0))
    limit = min(max(call.args.get("limit", _LIMIT), 1), _LIMIT)
    deadline = asyncio.get_running_loop().time() + min(max(call.args.get("timeout", 0), 0), LONGEST_POLL)
    while not (ready := outbox.pending(limit)):
        left = deadline - asyncio.get_running_loop().time()
        if left <= 0:
            break
        outbox.changed.clear()
        await _changed(outbox.changed, left)
        if outbox.poll != mine and not outbox.ended_by:  # the server stops
            return []
        if outbox.poll != mine:
            raise refuse(f"terminated by {outbox.ended_by}", 409)
    return [queued.body for queued in ready]


async def _changed(event: asyncio.Event, left: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), left)
    except TimeoutError:
        return
