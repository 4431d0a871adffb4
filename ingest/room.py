"""Which of the feeds that are due may be polled now, so that none keeps others waiting. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from storage.records import PolledFeed


@dataclass(frozen=True, slots=True)
class Running:
    """A poll that runs."""

    host: str
    suspect: bool
    newcomer: bool
    slow: bool = False

    @classmethod
    def of(cls, feed: PolledFeed, *, slow: bool = False) -> "Running":
        suspect = feed.failures > 0
        return cls(feed.host, suspect, not suspect and feed.ok_at is None, slow)


@dataclass(frozen=True, slots=True)
class Room:
    """What may start: `slots` polls in all, `suspects` of feeds whose last poll failed, `newcomers` of feeds that were
    never polled (whose many articles others need not wait for), `per_host` on one host.

    `busy` counts the polls that run, by host.
    """

    slots: int
    suspects: int
    newcomers: int
    per_host: int
    busy: Mapping[str, int]

    @classmethod
    def beside(cls, running: Iterable[Running], *, slots: int, per_host: int) -> "Room":
        """What polls that run leave of so many slots: a quarter for suspects, half for newcomers.

        Slow ones give up their places, as many as there are again.
        """
        told = list(running)
        slow = sum(1 for one in told if one.slow)
        return cls(
            slots=max(0, slots - len(told) + min(slow, slots)),
            suspects=max(0, max(1, slots // 4) - sum(1 for one in told if one.suspect)),
            newcomers=max(0, max(1, slots // 2) - sum(1 for one in told if one.newcomer)),
            per_host=per_host,
            busy=Counter(one.host for one in told),
        )

    def full_hosts(self) -> list[str]:
        return [host for host, count in self.busy.items() if count >= self.per_host]


def choose(candidates: Iterable[PolledFeed], room: Room) -> tuple[list[PolledFeed], Room]:
    """Those that may start, in the order given, and what room they leave."""
    chosen: list[PolledFeed] = []
    busy, suspects, newcomers = Counter(room.busy), room.suspects, room.newcomers
    for feed in candidates:
        asked = Running.of(feed)
        if len(chosen) >= room.slots:
            break
        if busy[feed.host] >= room.per_host or (asked.suspect and not suspects) or (asked.newcomer and not newcomers):
            continue
        busy[feed.host] += 1
        suspects -= asked.suspect
        newcomers -= asked.newcomer
        chosen.append(feed)
    left = room.slots - len(chosen)
    return chosen, replace(room, slots=left, suspects=suspects, newcomers=newcomers, busy=busy)
