"""The promise: whatever kills the sending process, every chat gets every part, and only what was in flight twice."""

import pytest

from delivery.send import CALL_SLOTS
from tests.delivery.series import Outcome, Plan, most_in_a_second, run_series


def check_resent(outcome: Outcome) -> None:
    assert outcome.missing == frozenset()
    # A call is in flight until its answer is recorded, a moment longer than the server's ledger can see.
    assert outcome.extra <= outcome.kills * CALL_SLOTS
    assert len(outcome.doubled) <= outcome.kills * CALL_SLOTS
    assert outcome.doubled <= outcome.in_doubt
    assert outcome.refused == 0


async def test_a_push_that_is_killed_twice_reaches_every_chat(sqlite_url: str) -> None:
    outcome = await run_series(sqlite_url, Plan(chats=60, kills=2, rate=200, articles=8))
    assert outcome.parts > 1
    assert outcome.kills == 2
    check_resent(outcome)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_ten_kills_lose_nothing_at_the_real_pace(database_url: str, seed: int) -> None:
    outcome = await run_series(database_url, Plan(chats=500, kills=10, seed=seed))
    assert outcome.kills == 10
    check_resent(outcome)
    assert outcome.most_per_second <= 30


@pytest.mark.slow
async def test_ten_kills_double_nothing_where_doubtful_messages_are_skipped(database_url: str) -> None:
    outcome = await run_series(database_url, Plan(chats=500, kills=10, seed=3, in_doubt="skip"))
    assert outcome.doubled == frozenset()
    assert len(outcome.missing) <= sum(outcome.in_flight)
    assert outcome.missing <= outcome.in_doubt


def test_a_second_is_counted_wherever_it_begins() -> None:
    assert most_in_a_second([0.0, 0.9, 1.0, 1.1, 1.8, 1.95, 3.0]) == 4
    assert most_in_a_second([]) == 0
