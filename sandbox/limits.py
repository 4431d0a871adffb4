"""Pure: Telegram's published rate limits, off until switched on. Times are Unix seconds given by the caller."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

_BURST = 3  # messages that a private chat takes within as many seconds
_MINUTE = 60.0


@dataclass(slots=True)
class Limits:
    """None switches a limit off. Refused calls don't count."""

    per_second: int | None = None  # per bot, in any one second
    per_chat_second: int | None = None  # per private chat, on average; three at once are let through
    per_group_minute: int | None = None  # per group or channel, in any one minute
    _bots: dict[int, deque[float]] = field(default_factory=dict)
    _chats: dict[tuple[int, int], deque[float]] = field(default_factory=dict)

    def retry_after(self, bot_id: int, chat_id: int | None, now: float) -> int | None:
        """Count a call; or, where a limit forbids it, the whole seconds to wait."""
        checks = [(self._bots.setdefault(bot_id, deque()), self.per_second, 1.0)] if self.per_second else []
        if chat_id is not None:
            checks += self._chat_checks(bot_id, chat_id)
        waits = [wait for times, count, span in checks if (wait := _wait(times, count, span, now)) > 0]
        if waits:
            return max(1, math.ceil(max(waits)))
        for times, _, _ in checks:
            times.append(now)
        return None

    def _chat_checks(self, bot_id: int, chat_id: int) -> list[tuple[deque[float], int, float]]:
        if chat_id > 0 and self.per_chat_second:
            times = self._chats.setdefault((bot_id, chat_id), deque())
            return [(times, _BURST * self.per_chat_second, float(_BURST))]
        if chat_id < 0 and self.per_group_minute:
            return [(self._chats.setdefault((bot_id, chat_id), deque()), self.per_group_minute, _MINUTE)]
        return []


def _wait(times: deque[float], count: int, span: float, now: float) -> float:
    while times and times[0] <= now - span:
        times.popleft()
    if len(times) < count:
        return 0.0
    return times[0] + span - now
