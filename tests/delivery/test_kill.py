"""The promise: whatever ends the sending process, every chat gets every part, and only what was in flight twice."""

import pytest

from delivery.send import CALL_SLOTS, PAID_CALL_SLOTS
from tests.delivery.series import PAID_RATE, Outcome, Plan, most_in_a_second, run_series

STOP_SECONDS = 25.0


def check_resent(outcome: Outcome, call_slots: int = CALL_SLOTS) -> None:
    assert outcome.missing == frozenset()
    # A call is in flight until its answer is recorded, a moment longer than the server's ledger can see.
    assert outcome.extra <= outcome.kills * call_slots
    assert len(outcome.doubled) <= outcome.kills * call_slots
    assert outcome.doubled <= outcome.in_doubt
    assert all(again <= left <= call_slots for again, left in zip(outcome.again, outcome.unrecorded, strict=True))
    # Each start may catch the server at another moment of its second.
    assert outcome.refused <= outcome.kills + outcome.bunched


@pytest.mark.slow
async def test_a_push_that_is_killed_twice_reaches_every_chat(sqlite_url: str) -> None:
    outcome = await run_series(sqlite_url, Plan(chats=60, kills=2, rate=200, messages=2))
    assert outcome.parts > 1
    assert outcome.kills == 2
    check_resent(outcome)


@pytest.mark.slow
async def test_kills_lose_nothing_at_the_real_pace(database_url: str) -> None:
    outcome = await run_series(database_url, Plan(chats=500, kills=10, seed=1))
    assert outcome.kills == 10
    check_resent(outcome)
    assert outcome.most_per_second <= 30


@pytest.mark.slow
async def test_kills_lose_nothing_at_the_paid_pace(database_url: str) -> None:
    outcome = await run_series(database_url, Plan(chats=1_000, kills=6, seed=2, rate=PAID_RATE, messages=3))
    assert outcome.parts == 3
    check_resent(outcome, PAID_CALL_SLOTS)


@pytest.mark.slow
async def test_kills_double_nothing_where_doubtful_messages_are_skipped(database_url: str) -> None:
    plan = Plan(chats=1_000, kills=6, seed=3, rate=PAID_RATE, in_doubt="skip")
    outcome = await run_series(database_url, plan)
    assert outcome.doubled == frozenset()
    assert len(outcome.missing) <= outcome.kills * plan.call_slots
    assert outcome.missing <= outcome.in_doubt


@pytest.mark.slow
async def test_a_process_that_is_asked_to_stop_doubles_and_loses_nothing(database_url: str) -> None:
    outcome = await run_series(database_url, Plan(chats=1_000, kills=4, seed=4, rate=PAID_RATE, end="term"))
    assert outcome.doubled == outcome.missing == outcome.in_doubt == frozenset()
    assert outcome.longest_stop < STOP_SECONDS


def test_a_second_is_counted_wherever_it_begins() -> None:
    assert most_in_a_second([0.0, 0.9, 1.0, 1.1, 1.8, 1.95, 3.0]) == 4
    assert most_in_a_second([]) == 0
