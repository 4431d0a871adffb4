"""Articles for storage's tests."""

from datetime import UTC, datetime, timedelta

from storage import articles, sources, topics
from storage.database import Connection, Database
from storage.records import Article, ArticleDraft, ArticleStatus, NewArticle, SourceKind, TopicSpec

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPECS = (TopicSpec("asia", "Asia"), TopicSpec("korea", "Korea", ("한국",), parent="asia"), TopicSpec("sport", "Sport"))


async def seed(db: Database) -> dict[str, int]:
    """Slug → id of three topics."""
    async with db.begin() as tx:
        await topics.seed(tx, SPECS)
        return {topic.slug: topic.id for topic in await topics.all_topics(tx)}


async def add(
    tx: Connection,
    headline: str,
    *,
    text: str = "",
    hours_ago: float = 0,
    topic_ids: dict[int, float] | None = None,
    status: ArticleStatus = ArticleStatus.USABLE,
    archive: bool = False,
    url: str | None = None,
    guid: str | None = None,
    now: datetime = NOON,
    source_name: str = "Xinhua",
) -> Article:
    source = await sources.get_or_add(tx, source_name, kind=SourceKind.FILE, trusted=True, now=NOON)
    paragraphs = (text or f"Text of {headline}.",)
    published = now - timedelta(hours=hours_ago)
    draft = ArticleDraft(headline, paragraphs, url=url, guid=guid, published_at=published)
    new = NewArticle(
        draft=draft,
        source_id=source.id,
        language="en",
        content_hash=articles.content_hash(headline, paragraphs),
        status=status,
        summary=paragraphs,
        topics=topic_ids or {},
        published_at=published,
        released_at=None,
        archive=archive,
    )
    return await articles.add(tx, new, now)
