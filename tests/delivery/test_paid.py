"""Paid broadcast: a thousand a second while the day's Stars last."""

from datetime import UTC, datetime, timedelta

import pytest

from delivery.pace import PER_SECOND, Pacer
from delivery.paid import PaidBroadcast, stars
from storage.records import Lane
from tests.delivery.series import most_in_a_second
from tests.delivery.worlds import World

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)


def test_a_second_holds_a_thousand_and_a_pause_is_made_up_for_within_it() -> None:
    pacer = Pacer()
    pacer.pay(on=True)
    times = [pacer.slot(0.0) for _ in range(1500)]
    times += [pacer.slot(times[-1] + 0.2) for _ in range(3000)]
    assert most_in_a_second(times) <= 1005
    assert 4499 / (times[-1] - times[0]) >= 1000


def test_replies_keep_to_the_free_pace() -> None:
    pacer = Pacer()
    pacer.pay(on=True)
    times = [pacer.at(Lane.REPLY, chat_id, 0.0) for chat_id in range(100)]
    assert times[-1] == pytest.approx(99 / PER_SECOND)


def test_the_days_stars_bound_what_is_paid() -> None:
    pacer = Pacer()
    paid = PaidBroadcast(pacer, 10)
    paid.begin(60, NOON)
    assert (paid.on, pacer.gap < 0.001) == (True, True)
    paid.spend(40, NOON)
    assert (paid.on, pacer.gap) == (False, 1 / PER_SECOND)
    paid.spend(1, NOON + timedelta(days=1))
    assert paid.on


@pytest.mark.parametrize(("messages", "cost"), [(0, 0), (1, 1), (10, 1), (3_000, 300), (3_001, 301)])
def test_the_cost_is_known_before(messages: int, cost: int) -> None:
    assert stars(messages) == cost


async def test_paid_messages_say_so_until_the_stars_are_spent(wire: World) -> None:
    await wire.edition(["hello"], await wire.people(60))
    pacer = Pacer(500, push_gap=0.0, burst_seconds=0.0, warm_up=0.0)
    await wire.send(pacer=pacer, paid=PaidBroadcast(pacer, 2))
    rows = [row for row in wire.sandbox.ledger.rows if row.method == "sendMessage"]
    assert len(rows) == 60
    assert 0 < sum("allow_paid_broadcast" in row.params for row in rows) < 60
