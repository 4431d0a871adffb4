"""Pauses after failures that are not a chat's own. Pure: times are monotonic seconds, `luck` is random in [0, 1)."""

from datetime import datetime, timedelta

CHATS_IN_TROUBLE = 3
LONGEST_PAUSE = 60.0
LONGEST_BACKOFF = 600.0
FLOODS_WITHIN = 10.0

MOST_DOUBTS = 5
GIVE_UP_AFTER = timedelta(hours=24)
GIVE_UP_ATTEMPTS = 20


def backoff(attempts: int, luck: float) -> float:
    """Seconds until a delivery's next attempt: 1, 2, 4 … 600, half of it by chance."""
    longest = min(LONGEST_BACKOFF, 2.0 ** min(attempts, 10))
    return longest * (0.5 + luck / 2)


def hopeless(attempts: int, created_at: datetime, now: datetime) -> bool:
    """Has a chat failed so long, by no fault of its own, that only a person can tell why?"""
    return attempts >= GIVE_UP_ATTEMPTS and now - created_at >= GIVE_UP_AFTER


class Trouble:
    """Whether the way to Telegram is broken: when several chats in a row fail without one success between them.

    Then one call at a time tries again, with growing pauses, instead of every delivery in turn. It may be one edition's
    own: `suspect`, the last that failed, is not tried while there is another.
    """

    def __init__(self) -> None:
        self.until = 0.0
        self.active = False
        self.suspect: int | None = None
        self._chats: set[int] = set()
        self._pauses = 0

    def failed(
        self, chat_id: int, now: float, luck: float, *, edition_id: int | None = None, everywhere: bool = False
    ) -> None:
        """`everywhere`: the failure is surely no chat's own."""
        self._chats.add(chat_id)
        self.suspect = edition_id
        self.active = self.active or everywhere or len(self._chats) >= CHATS_IN_TROUBLE
        if self.active and now >= self.until:  # not once more for each call that was in flight
            self.until = now + min(LONGEST_PAUSE, 2.0**self._pauses) * (0.5 + luck / 2)
            self._pauses = min(self._pauses + 1, 10)

    def succeeded(self) -> None:
        self._chats.clear()
        self._pauses = 0
        self.until = 0.0
        self.active = False


class Floods:
    """429s: one is a chat's own affair; a second chat's within 10 s means the whole bot.

    Then all wait as long as two chats were told to: what only one was told may be its own.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[float, float]] = {}  # when a chat met one, and until when it must wait

    def met(self, chat_id: int, now: float, wait: float) -> float:
        """Write one down; gives the seconds that the whole bot must wait, 0 where it is the chat's own."""
        self._last = {chat: told for chat, told in self._last.items() if now - told[0] <= FLOODS_WITHIN}
        self._last[chat_id] = (now, now + wait)
        longest = sorted((until for _, until in self._last.values()), reverse=True)
        return max(0.0, longest[1] - now) if len(longest) > 1 else 0.0
