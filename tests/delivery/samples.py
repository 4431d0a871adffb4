"""Articles for the pure tests of rendering and composing."""

from datetime import UTC, datetime
from typing import Any

from storage.records import Article, ArticleStatus, Topic, TopicRule

KOREA = Topic(1, "korea", "Korea", (), TopicRule(), None)
CHINA = Topic(2, "china", "China", (), TopicRule(), None)


def article(number: int = 1, **changes: Any) -> Article:
    values: dict[str, Any] = {
        "id": number,
        "source_id": 1,
        "source": "Xinhua",
        "url": f"https://example.com/{number}",
        "guid": None,
        "headline": f"Headline {number}",
        "byline": None,
        "dateline": None,
        "paragraphs": ("First paragraph.", "Second paragraph."),
        "photo_url": None,
        "caption": None,
        "language": "en",
        "published_at": datetime(2017, 5, 19, 11, 50, 52, tzinfo=UTC),
        "published_guessed": False,
        "released_at": datetime(2017, 5, 19, 12, tzinfo=UTC),
        "status": ArticleStatus.USABLE,
        "version": 1,
        "archive": False,
        "summary": (f"Sentence one of {number}.", "Sentence two."),
        "topics": ("korea",),
        "added_by": None,
        "created_at": datetime(2017, 5, 19, 12, tzinfo=UTC),
    }
    return Article(**(values | changes))
