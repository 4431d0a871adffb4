"""Digest times as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import times
from storage.slots import EVERY_DAY

MON_WED_FRI = 0b001_0101


@pytest.mark.parametrize(
    ("typed", "entries"),
    [
        ("8:00", [(EVERY_DAY, 480, None)]),
        ("08:00", [(EVERY_DAY, 480, None)]),
        ("8", [(EVERY_DAY, 480, None)]),
        ("8.30", [(EVERY_DAY, 510, None)]),
        ("0730", [(EVERY_DAY, 450, None)]),
        ("８：００", [(EVERY_DAY, 480, None)]),
        ("8am 6:30pm", [(EVERY_DAY, 480, None), (EVERY_DAY, 1110, None)]),
        ("8 am and 6:30 PM", [(EVERY_DAY, 480, None), (EVERY_DAY, 1110, None)]),
        ("8 a.m., 6 p.m.", [(EVERY_DAY, 480, None), (EVERY_DAY, 1080, None)]),
        ("12am", [(EVERY_DAY, 0, None)]),
        ("12pm", [(EVERY_DAY, 720, None)]),
        ("noon", [(EVERY_DAY, 720, None)]),
        ("24:00", [(EVERY_DAY, 0, None)]),
        ("every day at 7", [(EVERY_DAY, 420, None)]),
        ("daily 7:15", [(EVERY_DAY, 435, None)]),
        ("weekdays 07:30", [(times.WEEKDAYS, 450, None)]),
        ("weekends at 10", [(times.WEEKEND, 600, None)]),
        ("mon,wed,fri 9:00", [(MON_WED_FRI, 540, None)]),
        ("Monday, Wednesday and Friday 9:00", [(MON_WED_FRI, 540, None)]),
        ("mon-fri 7:00 18:00", [(times.WEEKDAYS, 420, None), (times.WEEKDAYS, 1080, None)]),
        ("Mon – Fri 7:00", [(times.WEEKDAYS, 420, None)]),
        ("fri-mon 9", [(0b111_0001, 540, None)]),
        ("weekdays 7:30; sat 10:00", [(times.WEEKDAYS, 450, None), (0b010_0000, 600, None)]),
        ("7:30 weekdays", [(times.WEEKDAYS, 450, None)]),
        ("10:00 sat, 7:30 weekdays", [(times.WEEKDAYS, 450, None), (0b010_0000, 600, None)]),
        ("mondays 9", [(1, 540, None)]),
        ("tues thurs 9", [(0b000_1010, 540, None)]),
        ("every 6h", [(EVERY_DAY, 0, 6)]),
        ("every 6 hours", [(EVERY_DAY, 0, 6)]),
        ("Every hour", [(EVERY_DAY, 0, 1)]),
        ("hourly", [(EVERY_DAY, 0, 1)]),
        ("8:00 8:00", [(EVERY_DAY, 480, None)]),
        ("off", []),
        ("none", []),
    ],
)
def test_times_are_read(typed: str, entries: list[times.Entry]) -> None:
    assert list(times.parse(typed)) == entries


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "soon",
        "25:00",
        "8:60",
        "13pm",
        "0am",
        "every 5h",
        "every 0 hours",
        "weekdays",
        "mo",
        "t 9",
        "8:0",
    ],
)
def test_what_is_no_time_says_what_is(typed: str) -> None:
    with pytest.raises(times.ScheduleError, match=r"/schedule|hours"):
        times.parse(typed)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([], "off"),
        ([(EVERY_DAY, 480, None)], "every day at 08:00"),
        ([(EVERY_DAY, 1110, None), (EVERY_DAY, 480, None)], "every day at 08:00 and 18:30"),
        ([(times.WEEKDAYS, 450, None), (0b010_0000, 600, None)], "on weekdays at 07:30; on Sat at 10:00"),
        ([(MON_WED_FRI, 540, None)], "on Mon, Wed and Fri at 09:00"),
        ([(EVERY_DAY, 0, 6)], "every 6 hours"),
    ],
)
def test_times_are_told(entries: list[times.Entry], told: str) -> None:
    assert times.describe(entries) == told


@given(st.lists(st.tuples(st.integers(1, 127), st.integers(0, 1439)), min_size=1, max_size=5, unique=True))
def test_what_is_told_can_be_typed(pairs: list[tuple[int, int]]) -> None:
    entries = {(days, minute, None) for days, minute in pairs}
    assert set(times.parse(times.describe(sorted(entries)))) == entries


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_kindly(text: str) -> None:
    try:
        found = times.parse(text)
    except times.ScheduleError:
        return
    assert all(0 < days <= EVERY_DAY and 0 <= minute < 1440 for days, minute, _ in found)
