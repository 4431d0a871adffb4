"""Forwarded messages become texts from which source, time and address can be read."""

from datetime import UTC, datetime

import pytest

from ingest.extract import extract
from ingest.messages import Link, article_url, as_text

WHEN = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
PAGE, POST = "https://example.org/storm", "https://t.me/harbour/7"
HEADLINE = "Storm closes the harbour"
BODY = "The storm closed the harbour of the old town on Monday, the mayor said, and nobody was hurt by it."


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADLINE}\n\n{BODY}\n\nRead more",
        f"{HEADLINE}\n\n{BODY}\n\nRead more\n\n#storm #harbour\n@harbour_news",
        f"{HEADLINE}\n\n{BODY}\n\nRead more\nSubscribe to Harbour News",
    ],
)
def test_a_channels_post_keeps_its_source_time_and_link(text: str) -> None:
    links = [Link("Read more", PAGE), Link("Harbour News", "https://t.me/harbour")]
    (draft,) = extract(as_text(text, links, source="Harbour News", published_at=WHEN, post_url=POST).encode())
    assert (draft.headline, draft.paragraphs) == (HEADLINE, (BODY,))
    assert (draft.source, draft.published_at, draft.url) == ("Harbour News", WHEN, PAGE)


def test_a_post_without_a_headline_keeps_all_its_words() -> None:
    text = as_text(f"{BODY}\n\nThe gates open again on Wednesday, she said.", source="Harbour", post_url=POST)
    (draft,) = extract(text.encode())
    assert draft.paragraphs == (BODY, "The gates open again on Wednesday, she said.")
    assert (draft.source, draft.url) == ("Harbour", POST)


def test_a_title_with_a_link_is_the_pages() -> None:
    assert as_text(HEADLINE, [Link(HEADLINE, PAGE)], source="Harbour", post_url=POST) == f"{HEADLINE}\n{PAGE}"


@pytest.mark.parametrize(
    ("text", "links", "url"),
    [
        ("A. Source", [Link("A", "https://a.example/"), Link("Source", PAGE)], PAGE),
        ("A\nB", [Link("A", PAGE)], PAGE),
        ("A b c\nsee B", [Link("A", "https://a.example/"), Link("B", PAGE)], PAGE),
        ("A and B\nand more words", [Link("A", "https://a.example/"), Link("B", "https://b.example/")], None),
        ("A", [Link("A", "https://t.me/other/1")], None),
        ("A", [Link("A", "javascript:alert(1)")], None),
    ],
    ids=["named", "the only one", "at the end", "which?", "Telegram's own", "no page"],
)
def test_the_articles_link(text: str, links: list[Link], url: str | None) -> None:
    assert article_url(text, links) == url
