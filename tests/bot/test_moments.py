from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moments import MomentError, parse

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)  # a Tuesday; 19:30 in Seoul


@pytest.mark.parametrize(
    ("typed", "local"),
    [
        ("20:00", "2026-11-24 20:00"),
        ("18:00", "2026-11-25 18:00"),
        ("today 8pm", "2026-11-24 20:00"),
        ("tomorrow 7:30", "2026-11-25 07:30"),
        ("Mon 9:00", "2026-11-30 09:00"),
        ("monday at 9 am", "2026-11-30 09:00"),
        ("Tue 20:00", "2026-11-24 20:00"),
        ("Tue 18:00", "2026-12-01 18:00"),
        ("1 Dec 10:00", "2026-12-01 10:00"),
        ("Dec 1st 10:00", "2026-12-01 10:00"),
        ("3 January 10:00", "2027-01-03 10:00"),
        ("2026-12-01 10:00", "2026-12-01 10:00"),
        ("until 1.12.2026 10:00", "2026-12-01 10:00"),
        ("tomorrow noon", "2026-11-25 12:00"),
        ("in 2h", "2026-11-24 21:30"),
        ("90 min", "2026-11-24 21:00"),
        ("3 days", "2026-11-27 19:30"),
        ("\uff12\uff10:\uff10\uff10", "2026-11-24 20:00"),
    ],
)
def test_moments_are_read_by_the_clock_of_who_types(typed: str, local: str) -> None:
    assert parse(typed, SEOUL, NOW).astimezone(SEOUL).strftime("%Y-%m-%d %H:%M") == local


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "soon",
        "25:00",
        "31 Feb 10:00",
        "2026-11-01 10:00",
        "9999-12-31 10:00",
        "0 h",
        "ma 10:00",
        "10:00 tomorrow maybe",
        "every 6h",
        "weekdays 7:30",
        "9" * 400,
    ],
)
def test_what_is_no_moment_to_come_is_refused_with_what_to_say(typed: str) -> None:
    with pytest.raises(MomentError):
        parse(typed, SEOUL, NOW)


def test_a_time_that_the_clock_skips_is_moved_forward_and_one_shown_twice_is_the_first() -> None:
    before = datetime(2027, 3, 27, 12, tzinfo=UTC)
    assert parse("2027-03-28 2:30", BERLIN, before) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert parse("2027-10-31 2:30", BERLIN, before) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_anything_typed_is_a_moment_to_come_or_refused(typed: str) -> None:
    with suppress(MomentError):
        assert NOW < parse(typed, SEOUL, NOW) <= NOW + timedelta(days=366)
