"""What somebody means by a search, and `/search` from end to end."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import searching
from bot.commands.build import build
from bot.searching import Typed, read, read_day
from storage.database import Database
from storage.records import ArticleStatus
from tests.bot.desk_rig import READER, Newsroom, bring, newsroom

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)  # the 24th in Seoul


def day(year: int, month: int = 1, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("peace talks", Typed((("peace",), ("talks",))), id="words"),
        pytest.param('"peace talks" now', Typed((("peace", "talks"), ("now",))), id="phrase"),
        pytest.param("“Peace talks” «now then»", Typed((("peace", "talks"), ("now", "then"))), id="other-quotes"),
        pytest.param('"peace talks', Typed((("peace", "talks"),)), id="open-quote"),
        pytest.param('talks -trade -"free trade"', Typed((("talks",),), (("trade",), ("free", "trade"))), id="without"),
        pytest.param("covid-19", Typed((("covid", "19"),)), id="a-dash-inside-excludes-nothing"),
        pytest.param("5G서비스 반도체", Typed((("5g", "서비", "비스"), ("반도", "도체"))), id="korean"),
        pytest.param('topic:"north korea" TOPIC:asia', Typed(topics=("north korea", "asia")), id="topics"),
        pytest.param("source: Xinhua", Typed(sources=("Xinhua",)), id="source"),
        pytest.param("after:2026-11-02 before:2027", Typed(since=day(2026, 11, 2), until=day(2027)), id="days"),
        pytest.param("since:yesterday", Typed(since=day(2026, 11, 23)), id="yesterday-there"),
        pytest.param("10:30 foo:bar", Typed((("10", "30"), ("foo", "bar"))), id="other-colons-are-words"),
        pytest.param('?! … "" 🙂', Typed(), id="nothing"),
        pytest.param(
            "before:soon",
            Typed(problems=("“before:soon” names no day. Write it as before:2026-11-23.",)),
            id="no-day",
        ),
        pytest.param(
            "after:2026 before:2025",
            Typed(
                since=day(2026),
                until=day(2025),
                problems=("No day is both after and before these. Is it the other way round?",),
            ),
            id="no-time-left",
        ),
    ],
)
def test_what_is_typed_is_understood(typed: str, meant: Typed) -> None:
    assert read(typed, SEOUL, NOW) == meant


@pytest.mark.parametrize("value", ["2026-13-01", "0000", "2026-02-30", "99999", "-1", "2026-11-", "tomorrow", ""])
def test_what_is_no_day_is_none(value: str) -> None:
    assert read_day(value, SEOUL, NOW) is None


@given(st.text(max_size=80))
def test_nothing_that_is_typed_is_too_strange(typed: str) -> None:
    read(typed, SEOUL, NOW)
    read(f"topic:{typed} -{typed} before:{typed}", SEOUL, NOW)


@pytest.fixture
async def room(sqlite_url: str) -> AsyncIterator[Newsroom]:
    database = Database(sqlite_url)
    async with newsroom(database, build()) as made:
        yield made
    await database.dispose()


async def _bridges(room: Newsroom, count: int) -> None:
    for number in range(1, count + 1):
        await bring(room.db, f"Bridge {number} opens", status=ArticleStatus.USABLE, slugs=("korea",))


async def test_a_search_pages_to_the_end_and_back(room: Newsroom) -> None:
    await _bridges(room, 7)
    await bring(room.db, "Tunnel opens", status=ArticleStatus.USABLE)
    (page,) = await room.say(READER, "/search  bridge   topic:korea")
    assert page.text.startswith("🔎 bridge topic:korea")
    assert page.text.count("opens\n") == 5
    assert "Tunnel" not in page.text
    page, new, _ = await room.press(READER, page, "Older")
    assert new == []
    assert page.text.count("opens\n") == 2
    assert not any("Older" in label for label in page.buttons)
    page, _, _ = await room.press(READER, page, "Newest")
    assert "Bridge 7 opens" in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param("/search", "Say what to look for", id="nothing"),
        pytest.param("/search ?!", "Say what to look for", id="no-word"),
        pytest.param("/search -bridge", "Say what to look for", id="only-without"),
        pytest.param("/search giraffe", "Nothing found. Try fewer or other words.", id="none"),
        pytest.param("/search bridge after:2020 before:2021", "Leave out a day", id="none-in-that-time"),
        pytest.param("/search bridge topic:Koera", "Bridge 1 opens", id="a-typo-in-the-topic"),
        pytest.param("/search topic:xyzzy", "I know no topic “xyzzy”", id="unknown-topic"),
        pytest.param("/search source:<b>", "No source is called “<b>”.", id="unknown-source"),
        pytest.param("/search bridge before:soon", "names no day", id="no-day"),
        pytest.param(f"/search {'bridge ' * 40}", f"{searching.LONGEST} characters are the most", id="long"),
    ],
)
async def test_a_search_says_what_it_makes_of_it(room: Newsroom, typed: str, said: str) -> None:
    await _bridges(room, 1)
    (reply,) = await room.say(READER, typed)
    assert said in reply.text
