"""A push whose process is killed (-9) at random moments, judged from the server's own ledger."""

import pytest

from benchmarks.kills import Figures, series

CALL_SLOTS = 8


def assert_right(figures: Figures) -> None:
    print(figures)  # noqa: T201 - the series' figures, shown with -s
    assert figures.right
    assert max(figures.in_flight) <= CALL_SLOTS


async def test_a_push_outlives_two_kills(database_url: str) -> None:
    figures = await series(database_url, chats=50, kills=2, per_second=100)
    assert_right(figures)
    assert figures.missing == 0


@pytest.mark.slow
async def test_a_push_to_500_chats_outlives_ten_kills(database_url: str) -> None:
    figures = await series(database_url, chats=500, kills=10)
    assert_right(figures)
    assert figures.most_in_a_second <= 30


@pytest.mark.slow
async def test_an_edition_of_three_messages_outlives_ten_kills(database_url: str) -> None:
    figures = await series(database_url, chats=150, kills=10, words=1_700, per_second=60)
    assert_right(figures)
    assert figures.messages >= 3


@pytest.mark.slow
async def test_what_is_in_doubt_is_skipped_and_listed_where_wished(database_url: str) -> None:
    assert_right(await series(database_url, chats=200, kills=10, in_doubt="skip", per_second=60))
