"""What can go wrong between us and the Bot API. The token is in no message: it is part of every URL.

telegram.error.NetworkError
├── NeverSentError    no connection: the request never left, sending it again can't double anything
├── InDoubtError      the request was written, its answer never came (or is no answer of the Bot API)
└── ServerError       the Bot API itself says that it failed (JSON 5xx): nothing was done
telegram.error.RetryAfter
└── FloodError        429
SenderLostError       this process sends no more: another one took over
"""

from datetime import timedelta

from telegram.error import NetworkError, RetryAfter, TelegramError

# Telegram asks for half a day at the most. A deadline further away is a mistake: its, or that of a clock of ours.
LONGEST_SILENCE = timedelta(days=2)


class NeverSentError(NetworkError):
    pass


class InDoubtError(NetworkError):
    pass


class ServerError(NetworkError):
    pass


class FloodError(RetryAfter):
    """Its `retry_after` is always whole seconds: the library's own warns at each look that it may change."""

    def __init__(self, seconds: int) -> None:
        TelegramError.__init__(self, f"Flood control exceeded. Retry in {seconds} seconds")
        self._retry_after = timedelta(seconds=seconds)

    @property
    def retry_after(self) -> int:
        return int(self._retry_after.total_seconds())


class SenderLostError(Exception):
    """Another process has become this bot's sender."""
