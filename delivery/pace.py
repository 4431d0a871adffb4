"""When may a message leave? Pure: (lane, chat, now) goes in, a time comes out. Times are monotonic seconds.

Telegram's limits for a bot: about 30 messages in any one second, about one a second in one chat (short bursts pass),
20 a minute in a group (core.telegram.org/bots/faq). A few more make 429s that stop everything for seconds; so messages
leave evenly spaced a little under the limit, and what was missed in a stall is never made up for.
"""

from bisect import bisect_left, insort
from collections import deque

from storage.records import Lane

# Of 30: a message that leaves up to LATE seconds after its time brings no second over the limit.
PER_SECOND = 28.95
LATE = 0.015

# With paid broadcast: 1,000 a second, closer together than that, so that a pause is made up for within its second
# and never beyond. What leaves late joins the next second: so nothing may be later than a few messages take.
PAID_PER_SECOND, PAID_MOST = 1500.0, 1000
PAID_LATE = 0.004
SECOND = 0.998  # each second loses a message or two at its edges: so the mean is a thousand all the same

# A little over Telegram's own, for what the network bunches together.
PUSH_GAP = 1.05
BURST, BURST_SECONDS = 3, 3.15
GROUP_MESSAGES, GROUP_SECONDS = 20, 60.5

# How long a new sender waits for what the last one may have sent just before.
WARM_UP = 1.0

FORGET_EVERY = 10_000


class Spacing:
    """Times that are taken, at least `gap` seconds apart and at most `most` in any SECOND.

    A message may leave up to `late` seconds after its time.
    """

    def __init__(self, per_second: float, most: int | None = None, late: float = LATE) -> None:
        self.gap = 1 / per_second
        self.late = late
        self._most = most
        self._taken: list[float] = []  # ascending

    def take(self, time: float) -> float:
        """The first time from `time` on that keeps the gap to all that are taken; past ones are forgotten."""
        time = self._after_all(time, self._most) if self._most is not None else self._between(time)
        insort(self._taken, time)
        if len(self._taken) > FORGET_EVERY:
            del self._taken[: FORGET_EVERY // 2]
        return time

    def release(self, time: float) -> None:
        """Give back a time that was not used."""
        index = bisect_left(self._taken, time)
        if index < len(self._taken) and self._taken[index] == time:
            del self._taken[index]

    def _between(self, time: float) -> float:
        taken, gap = self._taken, self.gap
        index = bisect_left(taken, time)
        while True:
            if index and time < taken[index - 1] + gap:
                time = taken[index - 1] + gap
            if index >= len(taken) or taken[index] >= time + gap:
                return time
            index += 1

    def _after_all(self, time: float, most: int) -> float:
        taken = self._taken
        if taken:
            time = max(time, taken[-1] + self.gap)
        return max(time, taken[-most] + SECOND) if len(taken) >= most else time


class Pacer:
    """One for a bot, shared by replies and pushes of a process. The limits are seconds.

    `at` reserves a time for a message to a chat. A sender that chooses the chat late reserves a bare `slot` and asks
    `ready` which chats may have it, then tells `use`. Chats are told apart as Telegram does: private ids are positive.
    """

    def __init__(
        self,
        per_second: float = PER_SECOND,
        *,
        push_gap: float = PUSH_GAP,
        burst_seconds: float = BURST_SECONDS,
        group_seconds: float = GROUP_SECONDS,
        warm_up: float = WARM_UP,
    ) -> None:
        self.warm_up = warm_up
        self._push_gap = push_gap
        self._burst_seconds = burst_seconds
        self._group_seconds = group_seconds
        self._free = Spacing(per_second)
        self._pushes = self._free
        self._chats: dict[int, deque[float]] = {}  # a chat's last messages, and those that are reserved
        self._holds: dict[int, float] = {}
        self._held_until = 0.0
        self._pushes_held_until = 0.0
        self._uses = 0

    @property
    def gap(self) -> float:
        """Seconds between two pushes."""
        return self._pushes.gap

    @property
    def late(self) -> float:
        """Seconds that a push may leave after its slot; later, it takes another."""
        return self._pushes.late

    def pay(self, *, on: bool) -> None:
        """Pushes go at the paid rate from now on, or no more; replies keep to the free one."""
        if on and self._pushes is self._free:
            self._pushes = Spacing(PAID_PER_SECOND, PAID_MOST, PAID_LATE)
        elif not on:
            self._pushes = self._free

    def at(self, lane: Lane, chat_id: int, now: float) -> float:
        """Reserve the earliest time, `now` or later, for one message to the chat."""
        time = self._free.take(max(self.ready(lane, chat_id, now), self._held_until))
        self.use(chat_id, time)
        return time

    def slot(self, now: float) -> float:
        """Reserve the earliest time at which the bot may push to some chat."""
        return self._pushes.take(max(now, self._held_until, self._pushes_held_until))

    def postpone(self, time: float, chat_id: int, now: float) -> float:
        """A later time for a message that missed its own: it keeps its place among the messages to its chat."""
        self._free.release(time)
        later = self._free.take(max(now, self._held_until, self._holds.get(chat_id, now)))
        past = self._chats.get(chat_id, deque())
        if time in past:
            past[past.index(time)] = later
            self._chats[chat_id] = deque(sorted(past), maxlen=past.maxlen)
        return later

    def release(self, slot: float) -> None:
        """Give back a slot that was not used."""
        self._pushes.release(slot)

    def ready(self, lane: Lane, chat_id: int, now: float) -> float:
        """The earliest time, `now` or later, at which this chat may have a message. Reserves nothing."""
        past = self._chats.get(chat_id, ())
        times = [now, self._holds.get(chat_id, now)]
        if past:
            times.append(past[-1] if lane is Lane.REPLY else past[-1] + self._push_gap)
        if len(past) >= BURST:
            times.append(past[-BURST] + self._burst_seconds)
        if chat_id < 0 and len(past) >= GROUP_MESSAGES:
            times.append(past[-GROUP_MESSAGES] + self._group_seconds)
        return max(times)

    def spare(self, chat_id: int, now: float) -> bool:
        """Has the chat room for something that may as well be left out, and for a reply after it?"""
        seconds, most = (self._group_seconds, GROUP_MESSAGES // 2) if chat_id < 0 else (self._burst_seconds, 1)
        lately = sum(at > now - seconds for at in self._chats.get(chat_id, ()))
        return lately <= most and max(self._holds.get(chat_id, now), self._held_until) <= now

    def silence(self, chat_id: int, now: float) -> float:
        """Seconds until nothing that Telegram said keeps a message from this chat."""
        return max(self._holds.get(chat_id, now), self._held_until) - now

    def use(self, chat_id: int, time: float) -> None:
        """A message goes to the chat at this time."""
        past = self._chats.setdefault(chat_id, deque(maxlen=GROUP_MESSAGES if chat_id < 0 else BURST))
        past.append(max(time, past[-1]) if past else time)
        self._uses += 1
        if self._uses % FORGET_EVERY == 0:
            self._forget(time)

    def hold(self, until: float) -> None:
        """Nothing at all leaves before (a 429 for the whole bot)."""
        self._held_until = max(self._held_until, until)

    def hold_pushes(self, until: float) -> None:
        """No push leaves before; replies do (a sender that has just taken over knows not what the last one sent)."""
        self._pushes_held_until = max(self._pushes_held_until, until)

    def hold_chat(self, chat_id: int, until: float) -> None:
        """Nothing goes to this chat before (a 429 for it)."""
        self._holds[chat_id] = max(self._holds.get(chat_id, until), until)

    def _forget(self, now: float) -> None:
        private, group = now - max(BURST_SECONDS, PUSH_GAP), now - GROUP_SECONDS
        self._chats = {
            chat: past for chat, past in self._chats.items() if past and past[-1] >= (group if chat < 0 else private)
        }
        self._holds = {chat: until for chat, until in self._holds.items() if until >= group}
