"""Moments and slots, against a reckoning of their own: minute by minute along the UTC line."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.schedule import Due, next_moment, next_slot, slot_key, take_turn, window_start
from storage.records import ScheduleEntry
from storage.slots import EVERY_DAY, spread_minute, zone_of

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Seoul", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo")
# Around clock changes of those zones, a leap day, a new year, and any time.
STARTS = st.sampled_from(
    [
        datetime(2026, 3, 8, 3, tzinfo=UTC),
        datetime(2026, 3, 28, 20, tzinfo=UTC),
        datetime(2026, 4, 4, 10, tzinfo=UTC),
        datetime(2026, 10, 3, 10, tzinfo=UTC),
        datetime(2026, 10, 24, 20, tzinfo=UTC),
        datetime(2026, 10, 31, 23, tzinfo=UTC),
        datetime(2028, 2, 28, 12, tzinfo=UTC),
        datetime(2026, 12, 31, 12, tzinfo=UTC),
    ]
)


def entry(minute: int, weekdays: int = EVERY_DAY, every_hours: int | None = None) -> ScheduleEntry:
    return ScheduleEntry(1, 1, weekdays, minute, every_hours, None)


def by_walking(minute: int, weekdays: int, zone: str, after: datetime) -> datetime:
    """The first UTC minute after `after` whose wall clock shows the time for the first time on a day that counts.

    On a day whose clock jumps over the time: as many minutes after the jump as the time is past its beginning.
    """
    local, seen = ZoneInfo(zone), set()
    moment = (after - timedelta(hours=26)).replace(second=0, microsecond=0)
    previous = (moment - timedelta(minutes=1)).astimezone(local)
    while True:
        wall = moment.astimezone(local)
        landed = None
        if wall.hour * 60 + wall.minute == minute and wall.date() not in seen:
            landed = moment
        elif previous.date() == wall.date() and _minutes(previous) < minute < _minutes(wall):
            landed = moment + timedelta(minutes=minute - _minutes(previous) - 1)
        if landed is not None:
            seen.add(wall.date())
            if landed > after and weekdays >> wall.weekday() & 1:
                return landed
        moment, previous = moment + timedelta(minutes=1), wall


def _minutes(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute


@settings(max_examples=40, deadline=None)
@given(
    minute=st.integers(0, 1439) | st.sampled_from([0, 30, 60, 90, 120, 125, 150, 170, 180]),
    weekdays=st.integers(1, 127),
    zone=st.sampled_from(ZONES),
    start=STARTS,
    shift=st.integers(0, 60 * 30),
)
def test_the_next_moment_is_the_one_that_walking_finds(
    minute: int, weekdays: int, zone: str, start: datetime, shift: int
) -> None:
    after = start + timedelta(minutes=shift)
    found = next_moment(entry(minute, weekdays), zone, after)
    assert found == by_walking(minute, weekdays, zone, after)


@settings(max_examples=40, deadline=None)
@given(
    minute=st.integers(0, 1439),
    zone=st.sampled_from(ZONES),
    start=STARTS,
    days=st.integers(0, 360),
    hours=st.none() | st.integers(1, 24),
)
def test_slots_follow_each_other_with_names_of_their_own(
    minute: int, zone: str, start: datetime, days: int, hours: int | None
) -> None:
    item = entry(0 if hours else minute, every_hours=hours)
    after, keys = start + timedelta(days=days), []
    for _ in range(10):
        slot = next_slot(item, zone, after)
        assert slot is not None
        assert slot.at > after
        assert slot_key(item, zone, slot.at) == slot.key
        keys.append(slot.key)
        after = slot.at
    assert len(set(keys)) == 10


MOMENTS = {
    "a plain morning": (480, "Asia/Seoul", datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, 23, tzinfo=UTC)),
    "exactly now is the past": (480, "UTC", datetime(2026, 5, 1, 8, tzinfo=UTC), datetime(2026, 5, 2, 8, tzinfo=UTC)),
    "the gap moves forward": (
        150,
        "America/New_York",
        datetime(2026, 3, 8, 5, tzinfo=UTC),
        datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
    ),
    "of two the first": (
        90,
        "America/New_York",
        datetime(2026, 11, 1, 4, tzinfo=UTC),
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
    ),
    "not the second": (
        90,
        "America/New_York",
        datetime(2026, 11, 1, 5, 45, tzinfo=UTC),
        datetime(2026, 11, 2, 6, 30, tzinfo=UTC),
    ),
    "a leap day": (480, "UTC", datetime(2028, 2, 28, 9, tzinfo=UTC), datetime(2028, 2, 29, 8, tzinfo=UTC)),
}


@pytest.mark.parametrize(("minute", "zone", "after", "expected"), MOMENTS.values(), ids=MOMENTS.keys())
def test_moments(minute: int, zone: str, after: datetime, expected: datetime) -> None:
    assert next_moment(entry(minute), zone, after) == expected


def test_a_day_that_a_zone_skips_has_its_slot_with_the_next() -> None:
    """Samoa had no 30 December 2011."""
    after = datetime(2011, 12, 29, 20, tzinfo=UTC)
    moments = []
    for _ in range(3):
        slot = next_slot(entry(480), "Pacific/Apia", after)
        assert slot is not None
        moments.append(slot.at.astimezone(ZoneInfo("Pacific/Apia")).date().isoformat())
        after = slot.at
    assert moments == ["2011-12-31", "2012-01-01", "2012-01-02"]


def test_every_five_hours_counts_from_utc_midnight() -> None:
    after, hours = datetime(2026, 5, 1, tzinfo=UTC), []
    for _ in range(6):
        moment = next_moment(entry(0, every_hours=5), "Asia/Seoul", after)
        assert moment is not None
        hours.append(moment.hour)
        after = moment
    assert hours == [5, 10, 15, 20, 0, 5]


def test_no_weekday_is_never() -> None:
    assert next_moment(entry(480, weekdays=0), "UTC", datetime(2026, 5, 1, tzinfo=UTC)) is None


def test_an_unknown_zone_is_utc() -> None:
    assert zone_of("Mars/Olympus") is UTC
    assert zone_of("../../etc/passwd") is UTC


NOW = datetime(2026, 5, 10, 8, 0, 5, tzinfo=UTC)


def due(minute: int, at: datetime) -> Due:
    return Due(ScheduleEntry(minute, 1, EVERY_DAY, minute, None, at), "UTC")


def test_a_turn_in_time_is_composed_to_its_slot() -> None:
    turn = take_turn([due(480, NOW.replace(second=0))], NOW)
    assert turn.through == NOW.replace(second=0)
    assert [slot.key for slot in turn.slots] == ["2026-05-10T08:00"]
    assert turn.following == ((480, NOW.replace(second=0) + timedelta(days=1)),)


def test_of_days_away_only_the_last_slot_counts() -> None:
    turn = take_turn([due(480, NOW.replace(second=0) - timedelta(days=3))], NOW)
    assert turn.through == NOW.replace(second=0)
    assert [slot.key for slot in turn.slots] == ["2026-05-07T08:00", "2026-05-10T08:00"]


def test_what_is_too_late_folds_into_the_next() -> None:
    turn = take_turn([due(240, NOW.replace(hour=4, second=0))], NOW)
    assert turn.through is None
    assert turn.following[0][1] == NOW.replace(hour=4, second=0) + timedelta(days=1)


def test_windows() -> None:
    assert window_start(None, NOW) == NOW - timedelta(days=1)
    assert window_start(NOW - timedelta(days=2), NOW) == NOW - timedelta(days=2)
    assert window_start(NOW - timedelta(days=60), NOW) == NOW - timedelta(days=15)


@pytest.mark.parametrize(
    ("minute", "spread", "minutes"),
    [
        pytest.param(480, 0, {480: 1_200}, id="together, as it comes"),
        pytest.param(480, 60, dict.fromkeys(range(480, 540), 20), id="each minute of the hour the same"),
        pytest.param(1_430, 20, dict.fromkeys([*range(1_430, 1_440), *range(10)], 60), id="over midnight"),
    ],
)
def test_times_that_nobody_chose_are_shared_out_evenly(minute: int, spread: int, minutes: dict[int, int]) -> None:
    assert Counter(spread_minute(minute, spread, number) for number in range(1, 1_201)) == minutes
