"""When quiet hours end, against a reckoning of its own: minute by minute along the UTC line."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.quiet import end_of
from storage.records import QuietHours

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Seoul", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia")
STARTS = (
    datetime(2026, 3, 8, 3, tzinfo=UTC),
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 4, 4, 10, tzinfo=UTC),
    datetime(2026, 10, 3, 10, tzinfo=UTC),
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 11, 1, 2, tzinfo=UTC),
    datetime(2028, 2, 28, 12, tzinfo=UTC),
    datetime(2011, 12, 29, 20, tzinfo=UTC),  # Samoa has no 30 December
)


def _quiet(hours: QuietHours, wall: datetime) -> bool:
    """By a list of the day's minutes."""
    minute, night = hours.start, set()
    while minute != hours.end:
        night.add(minute)
        minute = (minute + 1) % 1440
    return wall.hour * 60 + wall.minute in night


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(0, 1439) | st.sampled_from([60, 90, 120, 150, 180, 1320]),
    end=st.integers(0, 1439) | st.sampled_from([60, 90, 120, 150, 180, 420]),
    zone=st.sampled_from(ZONES),
    begin=st.sampled_from(STARTS),
    shift=st.integers(0, 30 * 60),
)
def test_quiet_hours_end_where_walking_finds_it(start: int, end: int, zone: str, begin: datetime, shift: int) -> None:
    hours, now = QuietHours(start, end), begin + timedelta(minutes=shift)
    found, local = end_of(hours, zone, now), ZoneInfo(zone)
    if start == end or not _quiet(hours, now.astimezone(local)):
        assert found is None
        return
    first = now
    while _quiet(hours, first.astimezone(local)):
        first += timedelta(minutes=1)
    before, after = (first - timedelta(minutes=1)).astimezone(local), first.astimezone(local)
    jump = (after.replace(tzinfo=None) - before.replace(tzinfo=None)) - timedelta(minutes=1)
    if abs(jump) > timedelta(hours=2):  # a day that is skipped: where the next one shows the end
        assert found is not None
        assert timedelta() < found - now <= timedelta(hours=25)
        return
    at = after.hour * 60 + after.minute
    late = timedelta(minutes=(at - end) % 1440) if jump else timedelta()  # the end fell into a gap
    assert found == first + (jump - late if late else timedelta())
    assert not _quiet(hours, found.astimezone(local))


SEOUL = "Asia/Seoul"
NIGHT = QuietHours(22 * 60, 7 * 60)
MOMENTS = {
    "the first minute is quiet": (
        NIGHT,
        SEOUL,
        datetime(2026, 5, 1, 13, 0, tzinfo=UTC),
        datetime(2026, 5, 1, 22, tzinfo=UTC),
    ),
    "the last minute is quiet": (
        NIGHT,
        SEOUL,
        datetime(2026, 5, 1, 21, 59, tzinfo=UTC),
        datetime(2026, 5, 1, 22, tzinfo=UTC),
    ),
    "the end is not": (NIGHT, SEOUL, datetime(2026, 5, 1, 22, 0, tzinfo=UTC), None),
    "nor is noon": (NIGHT, SEOUL, datetime(2026, 5, 1, 3, 0, tzinfo=UTC), None),
    "within a day": (
        QuietHours(780, 900),
        "UTC",
        datetime(2026, 5, 1, 14, tzinfo=UTC),
        datetime(2026, 5, 1, 15, tzinfo=UTC),
    ),
    "the hour that comes twice ends the second time": (
        QuietHours(0, 90),
        "America/New_York",
        datetime(2026, 11, 1, 6, 10, tzinfo=UTC),  # 01:10, for the second time
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    ),
    "an end that the clock jumps over": (
        QuietHours(1380, 150),
        "Europe/Berlin",
        datetime(2026, 3, 29, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),  # 03:30
    ),
}


@pytest.mark.parametrize(("hours", "zone", "now", "expected"), MOMENTS.values(), ids=MOMENTS.keys())
def test_ends(hours: QuietHours, zone: str, now: datetime, expected: datetime | None) -> None:
    assert end_of(hours, zone, now) == expected


def test_no_hours_are_never_quiet() -> None:
    assert end_of(None, "UTC", STARTS[0]) is None
    assert end_of(QuietHours(60, 60), "UTC", STARTS[0]) is None
