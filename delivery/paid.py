"""Paid broadcast: up to 1,000 messages a second for Telegram Stars, within what may be spent in a day (UTC).

Telegram takes 0.1 Star for a message beyond the free rate and nothing for the others (core.telegram.org/bots/faq). It
doesn't say which was which, so each counts: what is really spent is never more.
"""

from datetime import date, datetime

from delivery.pace import Pacer

MESSAGES_PER_STAR = 10


class PaidBroadcast:
    """Switches the pacer to the paid rate while the day's Stars last, and back to the free one when they are spent."""

    def __init__(self, pacer: Pacer, stars_a_day: int) -> None:
        self.on = False
        self._pacer = pacer
        self._a_day = stars_a_day * MESSAGES_PER_STAR
        self._day: date | None = None
        self._sent = 0

    @property
    def left(self) -> int:
        """How many more messages the day's Stars pay."""
        return max(0, self._a_day - self._sent)

    def begin(self, sent_today: int, now: datetime) -> None:
        """A new sender counts what the day's earlier ones sent."""
        self._day, self._sent = now.date(), sent_today
        self._switch()

    def spend(self, messages: int, now: datetime) -> None:
        """So many were marked to be sent."""
        if self._day != now.date():
            self._day, self._sent = now.date(), 0
        self._sent += messages
        self._switch()

    def _switch(self) -> None:
        self.on = self._sent < self._a_day
        self._pacer.pay(on=self.on)


def stars(messages: int) -> int:
    """The most that a broadcast of so many messages can cost."""
    return -(-messages // MESSAGES_PER_STAR)
