"""How much one person may ask of the bot: a bucket of tokens each. Pure."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# A second apart is as often as Telegram lets us answer one chat for long.
CAPACITY, PER_SECOND = 30.0, 1.0
REST = 5.0
REMEMBERED = 10_000


class Take(StrEnum):
    OK = "ok"
    NOTICE = "notice"  # the first one too many: say so
    SILENCE = "silence"  # and then no more


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime
    resting: bool = False


class Limits:
    """Who asks more than `capacity` times at once, or for long more than `per_second`, is told once and then waits.

    The wait lasts until a few calls are free again (`rest`, seconds), so that who goes on hammering is not told each
    second. It ends by itself; the next one too many is told again.
    """

    def __init__(self, capacity: float = CAPACITY, per_second: float = PER_SECOND, rest: float = REST) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._needed = min(max(rest * per_second, 1.0), capacity)
        self._buckets: OrderedDict[int, _Bucket] = OrderedDict()

    @property
    def wait(self) -> float:
        """Seconds from a notice until the next call is taken."""
        return self._needed / self._per_second

    def take(self, key: int, now: datetime) -> Take:
        """`key` is the person's id, or the chat's where nobody is named."""
        bucket = self._refilled(key, now)
        if bucket.tokens >= (self._needed if bucket.resting else 1):
            bucket.tokens -= 1
            bucket.resting = False
            return Take.OK
        if bucket.resting:
            return Take.SILENCE
        bucket.resting, bucket.tokens = True, 0.0
        return Take.NOTICE

    def _refilled(self, key: int, now: datetime) -> _Bucket:
        bucket = self._buckets.pop(key, None) or _Bucket(self._capacity, now)
        self._buckets[key] = bucket
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.tokens = min(self._capacity, bucket.tokens + passed * self._per_second)
        bucket.at = now
        return bucket
