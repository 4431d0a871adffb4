"""What happened, for the chat page: a numbered, bounded log that streams can follow."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

_KEPT = 5000


class Events:
    """Followers read with `after`; a follower that fell behind the kept events starts again from the oldest."""

    def __init__(self) -> None:
        self.seq = 0
        self._log: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._changed = asyncio.Event()

    def tell(self, kind: str, chat_id: int | None, **fields: Any) -> None:
        """Add an event and wake the followers."""
        self.seq += 1
        self._log.append({"seq": self.seq, "type": kind, "chat_id": chat_id, **fields})
        self._changed.set()

    def wake(self) -> None:
        """Let the followers look up, though nothing happened."""
        self._changed.set()

    def after(self, seq: int) -> list[dict[str, Any]]:
        """Kept events with a higher number, oldest first."""
        newest = []
        for event in reversed(self._log):
            if event["seq"] <= seq:
                break
            newest.append(event)
        return newest[::-1]

    async def wait(self, seq: int, timeout: float) -> list[dict[str, Any]]:  # noqa: ASYNC109 - a heartbeat, not a deadline
        """Events after `seq`; empty when none came within `timeout` seconds."""
        if self.seq <= seq:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), timeout)
            except TimeoutError:
                return []
        return self.after(seq)
