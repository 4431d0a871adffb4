"""The pacer, whatever it is asked."""

from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.pace import LATE, PER_SECOND, Pacer
from storage.records import Lane

LANES = st.sampled_from(list(Lane))
CHATS = st.sampled_from([1, 2, 3, 4, -5, -6]) | st.integers(10, 10_000)
ASKS = st.lists(st.tuples(st.floats(0, 2), LANES, CHATS), max_size=120)


def most_within(times: list[float], seconds: float) -> int:
    """The most of the times that any half-open window of that length holds."""
    ordered = sorted(times)
    return max((bisect_left(ordered, time + seconds) - place for place, time in enumerate(ordered)), default=0)


def times_of(asks: list[tuple[float, Lane, int]], pacer: Pacer) -> list[tuple[int, Lane, float]]:
    now, found = 1000.0, []
    for later, lane, chat_id in asks:
        now += later if later > 1.5 else 0.0  # most asks come at once
        at = pacer.at(lane, chat_id, now)
        assert at >= now
        found.append((chat_id, lane, at))
    return found


@given(ASKS)
def test_no_second_holds_more_than_29_messages(asks: list[tuple[float, Lane, int]]) -> None:
    times = [at for _, _, at in times_of(asks, Pacer())]
    assert most_within(times, 1.0) <= 29


@given(ASKS, st.lists(st.floats(0, LATE), min_size=120, max_size=120))
def test_leaving_a_little_late_brings_no_second_over_30(asks: list[tuple[float, Lane, int]], late: list[float]) -> None:
    times = [at + delay for (_, _, at), delay in zip(times_of(asks, Pacer()), late, strict=False)]
    assert most_within(times, 1.0) <= 30


@given(ASKS)
def test_no_chat_gets_more_than_telegram_allows(asks: list[tuple[float, Lane, int]]) -> None:
    found = times_of(asks, Pacer())
    for chat_id in {chat_id for chat_id, _, _ in found}:
        times = [at for known, _, at in found if known == chat_id]
        assert times == sorted(times)
        assert most_within(times, 3.1) <= 3
        assert chat_id > 0 or most_within(times, 60.0) <= 20


@given(st.lists(st.tuples(LANES, CHATS), max_size=60))
def test_pushes_to_a_chat_keep_a_second_from_what_was_before(asks: list[tuple[Lane, int]]) -> None:
    last: dict[int, float] = {}
    pacer = Pacer()
    for lane, chat_id in asks:
        at = pacer.at(lane, chat_id, 0.0)
        assert lane is Lane.REPLY or at - last.get(chat_id, -9.0) >= 1.0
        last[chat_id] = at


def test_a_push_to_many_runs_evenly_at_the_rate() -> None:
    pacer = Pacer()
    times = [pacer.slot(0.0) for _ in range(1000)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) == pytest.approx(max(gaps))
    assert 28.5 <= 999 / (times[-1] - times[0]) <= 29


def test_a_stall_is_not_made_up_for() -> None:
    pacer = Pacer()
    times = [pacer.slot(0.0) for _ in range(10)]
    times += [pacer.slot(50.0) for _ in range(100)]
    assert most_within(times, 1.0) <= 29
    assert times[10] == 50.0


def test_a_reply_does_not_wait_behind_a_broadcast() -> None:
    pacer = Pacer()
    for _ in range(3):
        pacer.slot(0.0)
    assert pacer.at(Lane.REPLY, 1, 0.0) <= 3.1 / PER_SECOND


def test_replies_burst_to_three() -> None:
    pacer = Pacer()
    times = [pacer.at(Lane.REPLY, 1, 0.0) for _ in range(4)]
    assert times[2] < 0.1
    assert times[3] > 3.0


def test_a_reply_that_must_wait_leaves_its_place_to_others() -> None:
    pacer = Pacer()
    for _ in range(20):
        pacer.use(-1, 0.0)
    assert pacer.at(Lane.REPLY, -1, 1.0) > 60
    assert pacer.at(Lane.REPLY, 2, 1.0) == 1.0


def test_holds_keep_everything_back() -> None:
    pacer = Pacer()
    pacer.hold_chat(1, 5.0)
    assert pacer.at(Lane.REPLY, 1, 0.0) == 5.0
    assert pacer.at(Lane.REPLY, 2, 0.0) == 0.0
    pacer.hold(9.0)
    pacer.hold(7.0)
    assert pacer.slot(1.0) == 9.0
    assert pacer.at(Lane.REPLY, 3, 1.0) >= 9.0


def test_held_pushes_let_replies_pass() -> None:
    pacer = Pacer()
    pacer.hold_pushes(1.0)
    assert pacer.slot(0.0) == 1.0
    assert pacer.at(Lane.REPLY, 1, 0.0) == 0.0


def test_what_is_given_back_is_used_again() -> None:
    pacer = Pacer()
    first = pacer.slot(0.0)
    pacer.slot(0.0)
    pacer.release(first)
    assert pacer.slot(0.0) == first


def test_a_message_that_missed_its_time_keeps_its_place_in_the_chat() -> None:
    pacer = Pacer()
    times = [pacer.at(Lane.REPLY, 1, 0.0) for _ in range(4)]
    assert times[3] >= 3.0
    late = pacer.postpone(times[2], 1, 0.5)
    assert 0.5 <= late < 0.6
    assert pacer.postpone(late, 1, 0.8) < 0.9
    assert pacer.at(Lane.REPLY, 1, 1.0) >= times[1] + 3.0  # the second, third and fourth are behind it


def test_a_message_that_missed_its_time_waits_for_what_holds_its_chat() -> None:
    pacer = Pacer()
    at = pacer.at(Lane.REPLY, 1, 0.0)
    pacer.hold_chat(1, 5.0)
    assert pacer.postpone(at, 1, 0.5) >= 5.0


def test_memory_stays_bounded() -> None:
    pacer = Pacer(1000)
    for number in range(60_000):
        pacer.at(Lane.DIGEST, number, number / 100)
    assert len(pacer._free._taken) <= 10_000
    assert len(pacer._chats) <= 20_000
