from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dates import find_date, read_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2017-05-19 11:50:52", datetime(2017, 5, 19, 11, 50, 52, tzinfo=UTC)),
        ("2017-05-19T11:50:52+09:00", datetime(2017, 5, 19, 2, 50, 52, tzinfo=UTC)),
        ("2017-05-19T11:50:52.123Z", datetime(2017, 5, 19, 11, 50, 52, 123000, tzinfo=UTC)),
        ("Published: May 19, 2017 at 11:50 pm EDT", datetime(2017, 5, 20, 3, 50, tzinfo=UTC)),
        ("Fri, 19 May 2017 11:50:52 GMT", datetime(2017, 5, 19, 11, 50, 52, tzinfo=UTC)),
        ("Fri, 19 May 2017 11:50:52 -0700", datetime(2017, 5, 19, 18, 50, 52, tzinfo=UTC)),
        ("19 May 2017", datetime(2017, 5, 19, tzinfo=UTC)),
        ("Sept. 3rd, 2020", datetime(2020, 9, 3, tzinfo=UTC)),
        ("발행 2017년 5월 19일 오후 3시 05분", datetime(2017, 5, 19, 15, 5, tzinfo=UTC)),
        ("입력 2017.05.19. 11:50", datetime(2017, 5, 19, 11, 50, tzinfo=UTC)),
        ("2017年05月19日 11:50:52 来源：新华网", datetime(2017, 5, 19, 11, 50, 52, tzinfo=UTC)),
        ("19. Mai 2017, 12:00 Uhr", datetime(2017, 5, 19, 12, 0, tzinfo=UTC)),
        ("19 de mayo de 2017", datetime(2017, 5, 19, tzinfo=UTC)),
        ("19 мая 2017 11:50", datetime(2017, 5, 19, 11, 50, tzinfo=UTC)),
        ("19.05.2017", datetime(2017, 5, 19, tzinfo=UTC)),
    ],
)
def test_dates_as_pages_print_them(text: str, expected: datetime) -> None:
    assert read_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "May 2017",
        "2017",
        "5/6/2017",
        "2017-13-40",
        "31 February 2019",
        "version 2.10.2020.1",
        "12:30",
        "x" * 99,
    ],
)
def test_what_is_not_clearly_a_day_is_no_date(text: str) -> None:
    assert read_date(text) is None


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    find_date(text)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2099, 12, 31)))  # noqa: DTZ001
def test_iso_dates_survive(moment: datetime) -> None:
    expected = moment.replace(microsecond=0, tzinfo=UTC)
    assert read_date(expected.isoformat()) == expected
    found = find_date(f"Published {expected:%Y-%m-%d %H:%M:%S} by us")
    assert found is not None
    assert found[0] == expected
