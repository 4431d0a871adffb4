"""What editions say, and that Telegram would take every message of them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.compose import Section, compose_alert, compose_digest, compose_push, sections
from delivery.render import plain
from sandbox.html import parse_html
from storage.records import EditionPart, Topic, TopicRule
from tests.delivery.samples import CHINA, KOREA, article

NOW = datetime(2017, 5, 20, 0, 0, tzinfo=UTC)


def assert_telegram_takes(parts: tuple[EditionPart, ...]) -> None:
    assert [part.number for part in parts] == list(range(len(parts)))
    for part in parts:
        text, entities = parse_html(part.text)
        assert 0 < len(text.strip()) <= 4096
        assert len(entities) <= 100
        assert len(part.text.encode()) <= 32_768
        buttons = [button for row in part.keyboard for button in row]
        assert len(buttons) <= 100
        assert all(len(row) <= 8 for row in part.keyboard)
        assert all(label and (data.startswith("https://") or len(data.encode()) <= 64) for label, data in buttons)


def test_a_digest_as_it_is_read() -> None:
    parts = compose_digest(
        (Section(KOREA, (article(1), article(2, url=None)), 4), Section(CHINA, (article(3),), 1)),
        zone="Asia/Seoul",
        now=NOW,
    )
    assert [plain(part.text) for part in parts] == [
        """\
Your digest · Saturday, 20 May 2017

KOREA

1. Headline 1
Xinhua · 19 May, 20:50
Sentence one of 1. Sentence two.

2. Headline 2
Xinhua · 19 May, 20:50
Sentence one of 2. Sentence two.

and 2 more

CHINA

3. Headline 3
Xinhua · 19 May, 20:50
Sentence one of 3. Sentence two."""
    ]
    assert parts[0].keyboard == (
        (("1", "read:1"), ("2", "read:2"), ("3", "read:3")),
        (("Korea: 2 more", "topic:korea:0"),),
        (("Settings", "digest:settings"),),
    )
    assert parts[0].article_ids == (1, 2, 3)
    assert_telegram_takes(parts)


def test_an_alert_offers_the_article_and_its_source() -> None:
    [part] = compose_alert(article(), zone="UTC", now=NOW)
    assert plain(part.text).startswith("News alert\n\nHeadline 1\nXinhua · 19 May, 11:50 UTC\n")
    assert part.keyboard == ((("Read more", "read:1"), ("Original", "https://example.com/1")),)
    assert part.article_ids == (1,)


def test_a_push_is_headed_by_its_topic() -> None:
    [part] = compose_push(Section(KOREA, (article(),), 3), zone="UTC", now=NOW)
    assert plain(part.text).startswith("Korea: the latest\n\n1. Headline 1\n")
    assert part.keyboard[-1] == (("Korea: 2 more", "topic:korea:0"),)


def test_nothing_new_is_no_message() -> None:
    assert compose_digest((), zone="UTC", now=NOW) == ()
    assert compose_push(Section(KOREA, (), 0), zone="UTC", now=NOW) == ()


def test_an_article_stands_once_under_its_most_salient_topic() -> None:
    both = article(1, topics=("china", "korea"))
    found = [(both, (1, 2)), (article(2), (1,)), (article(3, topics=("science",)), (9,))]
    assert sections(found, (KOREA, CHINA), {1: 1, 2: 2}, 5) == (
        Section(KOREA, (article(2),), 1),
        Section(CHINA, (both,), 1),
    )


def test_a_topic_is_shown_under_its_subscribed_parent() -> None:
    asia = Topic(7, "asia", "Asia", (), TopicRule(), None)
    [section] = sections([(article(1), (1,)), (article(2), (1,))], (asia, KOREA), {1: 7}, 1)
    assert (section.topic.slug, len(section.articles), section.total) == ("asia", 1, 2)


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=300)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=4), st.sampled_from([1, 1, 1, 40]), st.booleans()), max_size=30),
    st.integers(0, 9),
)
def test_telegram_takes_every_digest_and_no_article_is_lost(
    drawn: list[tuple[str, list[str], int, bool]], more: int
) -> None:
    found = tuple(
        article(number, headline=headline, summary=tuple(summary) * times, url="https://example.com/a" if url else None)
        for number, (headline, summary, times, url) in enumerate(drawn, 1)
    )
    parts = compose_digest((Section(KOREA, found, len(found) + more),), zone="UTC", now=NOW)
    assert_telegram_takes(parts)
    assert sorted({number for part in parts for number in part.article_ids}) == [item.id for item in found]
    buttons = [data for part in parts for row in part.keyboard for _, data in row]
    assert [data for data in buttons if data.startswith("read:")] == [f"read:{item.id}" for item in found]


@pytest.mark.parametrize("length", [4096, 5000, 100_000])
def test_an_article_longer_than_a_message_is_split(length: int) -> None:
    long = article(1, summary=("word " * (length // 5),))
    parts = compose_digest((Section(KOREA, (long, article(2)), 2),), zone="UTC", now=NOW)
    assert_telegram_takes(parts)
    text = " ".join(plain(part.text) for part in parts)
    assert text.count("word") == length // 5
    assert "Headline 2" in text


def test_a_topic_with_an_endless_name_has_no_button_that_telegram_refuses() -> None:
    topic = Topic(1, "x" * 64, "N" * 300, (), TopicRule(), None)
    parts = compose_digest((Section(topic, (article(),), 9),), zone="UTC", now=NOW)
    assert_telegram_takes(parts)
    assert "and 8 more" in parts[0].text
