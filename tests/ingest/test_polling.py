"""When a feed is asked, what of it is news, and when it is given up. No clock, no network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import polling
from ingest.polling import Failure, Gathered, Told
from ingest.room import Room, Running, choose
from storage.records import ArticleDraft, FeedState, PolledFeed, Source, SourceKind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
SOURCE = Source(1, "Harbour Wire", SourceKind.FEED, None, trusted=True)


def feed(**more: Any) -> PolledFeed:
    values: dict[str, Any] = {"url": "https://e.org/feed", "host": "e.org", "folder": ""}
    return PolledFeed(source=SOURCE, state=FeedState.ACTIVE, next_at=NOW, **values | more)


def draft(number: int, *, ago: float | None = None, guid: str | None = "", text: str = "Text.") -> ArticleDraft:
    """`ago`: published so many seconds before now."""
    return ArticleDraft(
        f"Headline {number}",
        (text,),
        url=f"https://e.org/{number}",
        guid=f"g{number}" if guid == "" else guid,
        published_at=None if ago is None else NOW - timedelta(seconds=ago),
    )


def known(*drafts: ArticleDraft) -> bytes:
    return polling.remembered(b"", [key for item in polling.keyed_items(drafts) for key in item.keys])


def headlines(sifted: polling.Sifted) -> list[str]:
    return [item.draft.headline for item in sifted.items]


# What is new


def test_a_first_poll_brings_the_ten_newest_quietly_and_passes_over_the_rest() -> None:
    drafts = [draft(number, ago=number * HOUR) for number in range(30)]
    sifted = polling.sift(feed(), drafts, NOW)
    assert headlines(sifted) == [f"Headline {number}" for number in range(9, -1, -1)]
    assert (len(sifted.old), sifted.quiet, sifted.more) == (2 * 20, True, False)


def test_undated_items_are_taken_in_the_feeds_order() -> None:
    sifted = polling.sift(feed(), [draft(number) for number in range(12)], NOW)
    assert headlines(sifted) == [f"Headline {number}" for number in range(9, -1, -1)]


def test_later_polls_bring_what_wasnt_seen() -> None:
    old = [draft(number, ago=DAY) for number in range(5)]
    new = draft(9, ago=MINUTE)
    sifted = polling.sift(feed(ok_at=NOW - timedelta(hours=1), seen=known(*old)), [new, *old], NOW)
    assert (headlines(sifted), sifted.quiet) == (["Headline 9"], False)


@pytest.mark.parametrize(
    ("ago", "quiet"),
    [(10 * MINUTE, False), (20 * HOUR, True), (None, True)],
    ids=["all newer than the last poll", "older than the last poll", "undated"],
)
def test_a_feed_that_numbers_everything_anew_alerts_nobody(ago: float | None, quiet: bool) -> None:
    before = [draft(number, ago=DAY) for number in range(5)]
    after = [replace(draft(number, ago=ago), guid=f"other-{number}") for number in range(5)]
    sifted = polling.sift(feed(ok_at=NOW - timedelta(hours=1), seen=known(*before)), after, NOW)
    assert (len(sifted.items), sifted.quiet) == (5, quiet)


def test_a_flood_is_taken_in_parts_and_nothing_of_it_is_lost() -> None:
    drafts = [draft(number, ago=number) for number in range(250)]
    state, taken = feed(ok_at=NOW - timedelta(hours=1)), []
    for _ in range(3):
        sifted = polling.sift(state, drafts, NOW)
        taken += headlines(sifted)
        assert sifted.more == (len(taken) < 250)
        state = replace(state, seen=polling.remembered(state.seen, [key for item in sifted.items for key in item.keys]))
    assert len(set(taken)) == len(taken) == 250


def test_what_says_something_else_is_taken_again_after_the_news() -> None:
    before = [draft(number, ago=DAY) for number in range(40)]
    now = [draft(50, ago=MINUTE), *(replace(item, headline=f"{item.headline}, again") for item in before[:30])]
    sifted = polling.sift(feed(ok_at=NOW - timedelta(hours=1), seen=known(*before)), [*now, *before[30:]], NOW)
    assert [item.changed for item in sifted.items] == [False, *[True] * polling.MOST_CHANGED]
    assert (headlines(sifted)[:2], sifted.more) == (["Headline 50", "Headline 0, again"], False)


def test_a_guid_that_all_items_share_tells_nothing() -> None:
    items = polling.keyed_items([draft(number, guid="same") for number in range(3)])
    assert len({item.key for item in items}) == 3
    assert all(item.draft.guid is None for item in items)


@given(st.lists(st.binary(min_size=8, max_size=8), max_size=50), st.lists(st.binary(min_size=8, max_size=8)))
def test_what_was_seen_is_remembered_within_bounds(before: list[bytes], after: list[bytes]) -> None:
    kept = polling.remembered(polling.remembered(b"", before), after)
    keys = [kept[at : at + 8] for at in range(0, len(kept), 8)]
    assert set(keys) == set(before) | set(after)
    assert len(keys) == len(set(keys)) <= polling.MOST_SEEN


def test_the_oldest_are_forgotten_first() -> None:
    keys = [number.to_bytes(8, "big") for number in range(polling.MOST_SEEN + 5)]
    kept = polling.remembered(polling.remembered(b"", keys[:10]), keys[10:])
    assert kept == b"".join(keys[5:])


@pytest.mark.parametrize(
    ("lengths", "before", "whole"),
    [
        ([400, 300, 20], None, True),
        ([30, 40, 400], None, False),
        ([30], True, True),
        ([30], None, False),
        ([], None, None),
    ],
    ids=["mostly long", "mostly short", "one item tells little", "but more than nothing", "empty"],
)
def test_a_feed_of_whole_articles_is_told_from_one_of_summaries(
    lengths: list[int], before: bool | None, whole: bool | None
) -> None:
    assert polling.holds_whole([draft(1, text="word " * length) for length in lengths], before) is whole


# When again


@pytest.mark.parametrize(
    ("state", "hold", "seconds"),
    [
        (feed(), 0.0, HOUR),
        (feed(gap_s=HOUR), 0.0, 30 * MINUTE),
        (feed(gap_s=30.0), 0.0, 5 * MINUTE),
        (feed(gap_s=90 * DAY), 0.0, DAY),
        (feed(gap_s=HOUR, new_at=NOW - timedelta(hours=20)), 0.0, 2 * HOUR),
        (feed(gap_s=HOUR, ttl_s=3 * HOUR), 0.0, 3 * HOUR),
        (feed(gap_s=HOUR), 2 * HOUR, 2 * HOUR),
        (feed(gap_s=HOUR, ttl_s=400 * DAY), 0.0, DAY),
        (feed(gap_s=HOUR, ttl_s=MINUTE), 1.0, 30 * MINUTE),
    ],
    ids=[
        "unknown",
        "half the gap",
        "at least 5 minutes",
        "at most a day",
        "silent",
        "ttl",
        "max-age",
        "mad ttl",
        "low",
    ],
)
def test_a_feed_is_asked_at_its_own_pace(state: PolledFeed, hold: float, seconds: float) -> None:
    assert polling.wait(state, hold, NOW, 1.0) == seconds
    assert seconds * 0.89 <= polling.wait(state, hold, NOW, 0.0) <= seconds or seconds == 5 * MINUTE


@given(
    gap=st.none() | st.floats(0, 1e12),
    ttl=st.none() | st.floats(0, 1e12),
    hold=st.floats(0, 1e12),
    luck=st.floats(0, 1),
)
def test_the_wait_is_always_within_5_minutes_and_a_day(
    gap: float | None, ttl: float | None, hold: float, luck: float
) -> None:
    assert 5 * MINUTE <= polling.wait(feed(gap_s=gap, ttl_s=ttl), hold, NOW, luck) <= DAY


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": 'MAX-AGE="600"', "age": "100"}, 500),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "max-age=9" + "9" * 400}, 0),
        ({"cache-control": "max-age=-5"}, 0),
        ({"expires": "Mon, 23 Nov 2026 13:00:00 GMT", "date": "Mon, 23 Nov 2026 12:30:00 GMT"}, 1800),
        ({"expires": "0"}, 0),
        ({"expires": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0),
    ],
    ids=["none", "max-age", "age", "no-cache", "endless", "negative", "expires", "expires 0", "expired"],
)
def test_cache_headers_say_how_long_to_hold(headers: dict[str, str], seconds: float) -> None:
    assert polling.told_by(headers, NOW).hold_s == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("Mon, 23 Nov 2026 12:10:00 GMT", 600), ("Mon, 23 Nov 2026 11:00:00 GMT", 0), ("soon", 0), ("", 0)],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float) -> None:
    assert polling.retry_after({"retry-after": text}, NOW) == seconds


def test_validators_go_back_as_they_came_unless_no_header_could_hold_them() -> None:
    told = polling.told_by({"etag": 'W/"a,b "', "last-modified": "yesterday"}, NOW)
    state = feed(etag=told.etag, last_modified=told.last_modified)
    assert polling.conditions(state) == {"If-None-Match": 'W/"a,b "', "If-Modified-Since": "yesterday"}
    assert polling.told_by({"etag": "a" * 5_000, "last-modified": "a\x00b"}, NOW) == Told()


def test_the_gap_is_that_of_the_newest_items_with_the_silence_since() -> None:
    assert polling.gap([draft(n, ago=n * HOUR) for n in range(1, 11)], NOW) == HOUR
    assert polling.gap([draft(1, ago=10 * DAY)], NOW) == 10 * DAY
    assert polling.gap([draft(1)], NOW) is None


# What is kept


def gathered(**more: Any) -> Gathered:
    values: dict[str, Any] = {
        "drafts": (), "done": (b"12345678",), "added": 1, "waiting": {}, "more": False, "ttl_s": None,
        "full_text": True, "body_hash": "h",
    }  # fmt: skip
    return Gathered(**values | more)


def test_a_changed_feed_is_kept_with_its_validators() -> None:
    changes = polling.changed(feed(failures=3, failing_since=NOW), Told("e", "m"), gathered(), NOW, 1.0)
    assert (changes["etag"], changes["last_modified"], changes["body_hash"]) == ("e", "m", "h")
    assert (changes["failures"], changes["failing_since"], changes["last_error"]) == (0, None, None)
    assert (changes["ok_at"], changes["new_at"], changes["seen"]) == (NOW, NOW, b"12345678")


@pytest.mark.parametrize("more", [{"waiting": {"aa": 1}}, {"more": True}], ids=["a page is missing", "more items"])
def test_what_is_left_undone_is_asked_for_again_soon_and_whole(more: dict[str, Any]) -> None:
    changes = polling.changed(feed(gap_s=DAY), Told("e", "m"), gathered(**more), NOW, 1.0)
    assert (changes["etag"], changes["last_modified"], changes["body_hash"]) == (None, None, None)
    assert changes["next_at"] == NOW + timedelta(minutes=10)


def test_a_304_without_validators_keeps_those_that_we_have() -> None:
    changes = polling.unchanged(feed(etag="e", last_modified="m"), Told(), NOW, 1.0)
    assert (changes["etag"], changes["last_modified"]) == ("e", "m")
    assert "seen" not in changes


@pytest.mark.parametrize(
    ("url", "moved", "kept"),
    [
        ("https://e.org/feed", "https://new.example/feed", "https://new.example/feed"),
        ("http://e.org/feed", "https://e.org/feed", "https://e.org/feed"),
        ("https://e.org/feed", "http://e.org/feed", None),
        ("https://e.org/feed", "https://e.org/feed", None),
        ("https://e.org/feed", None, None),
    ],
    ids=["elsewhere", "to https", "never back to http", "to itself", "not at all"],
)
def test_a_move_for_good_is_kept(url: str, moved: str | None, kept: str | None) -> None:
    changes = polling.changed(feed(url=url), Told(moved=moved), gathered(), NOW, 1.0)
    assert changes.get("url") == kept
    assert changes.get("host") == (urlsplit(kept).hostname if kept else None)


# Failing


def test_failures_double_the_wait_up_to_a_day() -> None:
    state, waits = feed(), []
    for _ in range(12):
        changes = polling.failed(state, Failure("its site can't be reached"), NOW)
        waits.append((changes["next_at"] - NOW).total_seconds())
        state = replace(state, failures=changes["failures"], failing_since=changes["failing_since"])
    assert waits[:4] == [300, 600, 1200, 2400]
    assert waits[-1] == DAY
    assert "state" not in changes


def test_retry_after_is_kept_up_to_a_day() -> None:
    later = polling.failed(feed(), Failure("busy", hold_s=2 * HOUR), NOW)
    assert later["next_at"] == NOW + timedelta(hours=2)
    assert polling.failed(feed(), Failure("busy", hold_s=1e9), NOW)["next_at"] == NOW + timedelta(days=1)


def test_what_wont_pass_is_asked_less_often() -> None:
    assert polling.failed(feed(), Failure("no such page", passing=False), NOW)["next_at"] == NOW + timedelta(hours=1)


def test_a_feed_that_is_gone_is_paused_at_once_and_told() -> None:
    changes = polling.failed(feed(), Failure("removed", gone=True), NOW)
    assert (changes["state"], changes["notice_due"]) == (FeedState.PAUSED, True)
    assert "410" in changes["reason"]


@pytest.mark.parametrize(
    ("days", "failures", "paused"), [(8, 20, True), (8, 3, False), (6, 20, False)], ids=["long", "few polls", "a week"]
)
def test_a_feed_that_fails_for_a_week_is_paused_and_told(days: int, failures: int, paused: bool) -> None:
    state = feed(failures=failures, failing_since=NOW - timedelta(days=days))
    changes = polling.failed(state, Failure("its site can't be reached"), NOW)
    assert (changes.get("state") == FeedState.PAUSED) == paused
    assert bool(changes.get("notice_due")) == paused


# Which to poll


def test_a_host_gets_no_more_than_its_share_and_failing_feeds_no_more_than_theirs() -> None:
    candidates = [
        feed(host=host, failures=failures)
        for host, failures in [("a", 0), ("a", 0), ("a", 0), ("b", 1), ("c", 2), ("d", 0), ("e", 0)]
    ]
    chosen, left = choose(candidates, Room(slots=5, suspects=1, newcomers=9, per_host=2, busy={"d": 1, "e": 2}))
    assert [item.host for item in chosen] == ["a", "a", "b", "d"]
    assert (left.slots, left.suspects, left.full_hosts()) == (1, 0, ["d", "e", "a"])


def running(count: int, **more: bool) -> list[Running]:
    return [Running("a", more.get("suspect", False), more.get("newcomer", False), more.get("slow", False))] * count


@pytest.mark.parametrize(
    ("polls", "slots", "suspects", "newcomers"),
    [
        ([], 32, 8, 16),
        (running(32), 0, 8, 16),
        (running(8, suspect=True), 24, 0, 16),
        (running(16, newcomer=True), 16, 8, 0),
        (running(32, slow=True), 32, 8, 16),
        (running(32, slow=True) + running(32), 0, 8, 16),
        (running(64, slow=True), 0, 8, 16),
    ],
    ids=["none", "full", "suspects", "newcomers", "slow ones give way", "to as many", "and no more"],
)
def test_what_runs_leaves_room_for_others(polls: list[Running], slots: int, suspects: int, newcomers: int) -> None:
    room = Room.beside(polls, slots=32, per_host=2)
    assert (room.slots, room.suspects, room.newcomers) == (slots, suspects, newcomers)


def test_feeds_that_were_never_polled_leave_room_for_the_others() -> None:
    new = [replace(feed(), host=f"new{number}", ok_at=None) for number in range(9)]
    known = [replace(feed(), host=f"known{number}", ok_at=NOW) for number in range(9)]
    chosen, left = choose([*new, *known], Room.beside([], slots=8, per_host=2))
    assert [one.host for one in chosen] == [*(f"new{number}" for number in range(4)), *(f"known{n}" for n in range(4))]
    assert (left.slots, left.newcomers) == (0, 0)
