"""Time zones as people name them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import zones

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Seoul", "Asia/Seoul"),
        ("seoul", "Asia/Seoul"),
        ("Soeul", "Asia/Seoul"),
        ("서울", "Asia/Seoul"),
        ("KST", "Asia/Seoul"),
        ("South Korea", "Asia/Seoul"),
        ("Busan", "Asia/Seoul"),
        ("asia/seoul", "Asia/Seoul"),
        ("Asia/Seoul", "Asia/Seoul"),
        ("New York", "America/New_York"),
        ("new_york", "America/New_York"),
        ("san francisco", "America/Los_Angeles"),
        ("Zürich", "Europe/Zurich"),
        ("zurich", "Europe/Zurich"),
        ("München", "Europe/Berlin"),
        ("北京", "Asia/Shanghai"),
        ("上海", "Asia/Shanghai"),
        ("Japan", "Asia/Tokyo"),
        ("Москва", "Europe/Moscow"),
        ("Lodnon", "Europe/London"),
        ("UTC", "UTC"),
        ("gmt", "UTC"),
        ("UTC+9", "Etc/GMT-9"),
        ("+9", "Etc/GMT-9"),
        ("GMT-3", "Etc/GMT+3"),
        ("utc +05:30", "Asia/Kolkata"),
        ("UTC+0", "UTC"),
        ("Kiev", "Europe/Kyiv"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
    ],
)
def test_a_zone_is_found(typed: str, zone: str) -> None:
    assert zones.find(typed) == (zone,)
    assert zones.exists(zone)


@pytest.mark.parametrize("typed", ["CST", "IST", "USA", "Australia", "Russia"])
def test_what_may_mean_several_leaves_the_choice(typed: str) -> None:
    found = zones.find(typed)
    assert 1 < len(found) <= zones.MOST
    assert all(zones.exists(zone) for zone in found)


@pytest.mark.parametrize("typed", ["", "xyzzyville", "UTC+25", "UTC+9:17", "!!", "../etc/passwd"])
def test_what_is_no_place_finds_nothing(typed: str) -> None:
    assert zones.find(typed) == ()


@pytest.mark.parametrize(
    ("zone", "label", "offset", "clock"),
    [
        ("Asia/Seoul", "Seoul", "UTC+9", "Wed 21:00"),
        ("Etc/GMT-9", "UTC+9", "UTC+9", "Wed 21:00"),
        ("Etc/GMT+3", "UTC−3", "UTC−3", "Wed 09:00"),
        ("Asia/Kolkata", "Kolkata", "UTC+5:30", "Wed 17:30"),
        ("America/St_Johns", "St Johns", "UTC−2:30", "Wed 09:30"),
        ("UTC", "UTC", "UTC+0", "Wed 12:00"),
    ],
)
def test_a_zone_is_told(zone: str, label: str, offset: str, clock: str) -> None:
    assert (zones.label(zone), zones.offset(zone, NOW), zones.local_time(zone, NOW)) == (label, offset, clock)


@given(st.text(max_size=30))
def test_any_text_is_looked_up(text: str) -> None:
    assert all(zones.exists(zone) for zone in zones.find(text))


def test_every_name_leads_to_a_zone_that_exists() -> None:
    assert all(zones.exists(zone) for found in zones._index().values() for zone in found)
