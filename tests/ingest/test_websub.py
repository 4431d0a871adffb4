"""What hubs (WebSub) may say and what becomes of it, without a network."""

import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds import Feed
from ingest.fetch import Answer
from ingest.polling import LONGEST, is_told, wait
from ingest.websub import hub_changes, is_as_safe, is_signed, key_of, lease, links, push_due, retry_at
from storage.records import FeedState, PolledFeed, Source, SourceKind
from tests.ingest.feed_site import NOW

URL = "https://e.org/feed"
HUB, TOPIC = "https://hub.example/", "https://e.org/all"


def feed(**more: object) -> PolledFeed:
    source = Source(1, "Wire", SourceKind.FEED, None, trusted=True)
    return replace(PolledFeed(source, URL, "e.org", "", FeedState.ACTIVE, NOW), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, (None, None)),
        ("", (None, None)),
        (f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"', (HUB, TOPIC)),
        (f"<{HUB}>;rel=hub,<{TOPIC}>;rel=self", (HUB, TOPIC)),
        (f'<{HUB}>; title="a, b; rel=self"; rel="hub"', (HUB, None)),
        ('</hub>; rel="HUB", </all>; rel="self alternate"', ("https://e.org/hub", TOPIC)),
        (f'<{HUB}>; rel="hub", <https://other.example/>; rel="hub"', (HUB, None)),
        ('<javascript:alert(1)>; rel="hub"', (None, None)),
        ('<https://hub.example/; rel="hub"', (None, None)),
        (f'<{HUB}>; rel="nohub"', (None, None)),
    ],
)
def test_a_link_header_names_hub_and_topic(header: str | None, found: tuple[str | None, str | None]) -> None:
    assert links(header, URL) == found


@given(st.text(alphabet='<>;,="abc rel hub self/:\\ \x00é', max_size=200))
def test_no_link_header_breaks_the_reader(header: str) -> None:
    links(header, URL)


def test_an_endless_link_header_costs_little() -> None:
    for piece in ("<a", "<a>;", '<a>; a="', "<a>; rel=hub; ", "<a> ; ; ;"):
        links(piece * 100_000, URL)


def changes(known: PolledFeed, header: str | None = None, **said: str) -> dict[str, object]:
    answer = Answer(200, URL, {} if header is None else {"link": header})
    return hub_changes(known, Feed("Wire", (), False, **said), answer, NOW)  # type: ignore[arg-type]


def test_a_new_hub_is_asked_at_once_with_a_new_secret() -> None:
    known = feed(hub="https://old.example/", hub_topic=URL, hub_secret="s", hub_until=NOW, hub_next_at=NOW)
    found = changes(known, hub=HUB, self_url=TOPIC)
    assert (found["hub"], found["hub_topic"], found["hub_next_at"]) == (HUB, TOPIC, NOW)
    assert found["hub_secret"] is None is found["hub_until"]
    assert changes(replace(known, hub=HUB, hub_topic=TOPIC), hub=HUB, self_url=TOPIC) == {}


def test_headers_come_before_what_the_feed_says_and_the_feed_itself_stands_in_for_a_topic() -> None:
    assert changes(feed(), f'<{HUB}>; rel="hub"', hub="https://x.example/")["hub"] == HUB
    assert changes(feed(), hub=HUB)["hub_topic"] == URL


def test_a_hub_that_is_named_no_more_is_forgotten() -> None:
    known = feed(hub=HUB, hub_topic=TOPIC, hub_secret="s", hub_next_at=NOW)
    assert changes(known, self_url=TOPIC) | {"hub_failures": 0} == {
        "hub": None, "hub_topic": None, "hub_next_at": None, "hub_secret": None, "hub_until": None, "hub_failures": 0,
        "hub_told_at": None,
    }  # fmt: skip


BODY = b"<rss/>"


@pytest.mark.parametrize(
    ("header", "good"),
    [
        *(
            (f"{method}={hmac.new(b'secret', BODY, method).hexdigest()}", True)
            for method in ("sha1", "sha256", "sha384", "sha512")
        ),
        ("SHA256=" + hmac.new(b"secret", BODY, "sha256").hexdigest().upper(), True),
        (f"sha256={hmac.new(b'other', BODY, 'sha256').hexdigest()}", False),
        (f"sha256={hashlib.sha256(BODY).hexdigest()}", False),
        (f"md5={hmac.new(b'secret', BODY, 'md5').hexdigest()}", False),
        (hmac.new(b"secret", BODY, "sha256").hexdigest(), False),
        ("sha256=", False),
        ("=", False),
        ("sha256=\udce4ä", False),
        ("", False),
        (None, False),
    ],
)
def test_only_what_the_secret_signs_is_believed(header: str | None, good: bool) -> None:
    assert is_signed(BODY, header, "secret") is good


@pytest.mark.parametrize(
    ("text", "length", "renewed"),
    [
        ("864000", timedelta(days=10), timedelta(days=10) * 2 / 3),
        ("1", timedelta(minutes=1), timedelta(seconds=40)),
        ("99999999999", timedelta(days=10), timedelta(days=10) * 2 / 3),
        ("999999999", timedelta(days=30), timedelta(days=20)),
        (None, timedelta(days=10), timedelta(days=10) * 2 / 3),
        ("-5", timedelta(days=10), timedelta(days=10) * 2 / 3),
        ("²", timedelta(days=10), timedelta(days=10) * 2 / 3),
    ],
)
def test_a_lease_is_renewed_before_its_end(text: str | None, length: timedelta, renewed: timedelta) -> None:
    assert lease(text, NOW) == (NOW + length, NOW + renewed)


@given(st.integers(0, 10_000))
def test_a_silent_hub_is_asked_ever_more_rarely(failures: int) -> None:
    assert timedelta(minutes=10) <= retry_at(feed(hub_failures=failures), NOW) - NOW <= timedelta(days=7)


def test_the_callback_tells_nothing_of_the_secret() -> None:
    assert key_of("a") != key_of("b")
    assert len(key_of("a")) == 40
    assert "secret" not in key_of("secret")


@pytest.mark.parametrize(
    ("hub", "url", "safe"),
    [
        ("https://h.example/", "https://e.org/", True),
        ("http://h.example/", "https://e.org/", False),
        ("http://h.example/", "http://e.org/", True),
        (None, "https://e.org/", False),
    ],
)
def test_what_comes_less_safely_than_the_feed_is_only_a_hint(hub: str | None, url: str, safe: bool) -> None:
    assert is_as_safe(feed(hub=hub, url=url)) is safe


def test_a_flood_of_pushes_is_looked_at_in_steps() -> None:
    assert push_due(feed(ok_at=NOW), NOW) == NOW + timedelta(seconds=15)
    assert push_due(feed(ok_at=NOW - timedelta(hours=1)), NOW) == NOW


@pytest.mark.parametrize(
    ("until", "told_at", "new_at", "told"),
    [
        (timedelta(days=1), timedelta(0), timedelta(0), True),
        (timedelta(days=1), timedelta(0), None, True),
        (timedelta(days=1), timedelta(hours=-9), timedelta(hours=-9), True),
        (timedelta(days=1), timedelta(hours=-9), timedelta(hours=-1), False),
        (timedelta(seconds=-1), timedelta(0), timedelta(0), False),
        (timedelta(days=1), None, timedelta(0), False),
        (None, timedelta(0), timedelta(0), False),
    ],
    ids=["told", "nothing new", "long ago", "a poll found what the hub didn't tell", "over", "never told", "no hub"],
)
def test_a_feed_whose_hub_tells_is_asked_more_rarely(
    until: timedelta | None, told_at: timedelta | None, new_at: timedelta | None, told: bool
) -> None:
    def moment(gap: timedelta | None) -> datetime | None:
        return None if gap is None else NOW + gap

    known = feed(hub_until=moment(until), hub_told_at=moment(told_at), new_at=moment(new_at), gap_s=60.0)
    assert is_told(known, NOW) is told
    assert (wait(known, 0.0, NOW, 1.0) >= 3600) is told
    assert wait(known, 0.0, NOW, 1.0) <= LONGEST
