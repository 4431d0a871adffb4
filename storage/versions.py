"""What an article said before: its source changed it, and it became a new version of itself.

Delivered copies stay as they were, and nobody is told again: `released_at` and what is due don't change. The earlier
text and address stay known as this article's, so that neither comes back as another one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from storage import articles, by_hand, near
from storage.database import Connection
from storage.records import Article, ArticleDraft, ArticleStatus, NewArticle
from storage.schema import article, article_version
from storage.words import search_text

OPEN_TO_CHANGE = (ArticleStatus.USABLE, ArticleStatus.PENDING, ArticleStatus.WITHHELD)


@dataclass(frozen=True, slots=True)
class Version:
    """What the article said until `replaced_at`."""

    article_id: int
    version: int
    headline: str
    paragraphs: tuple[str, ...]
    summary: tuple[str, ...]
    url: str | None
    replaced_at: datetime


async def may_renew(tx: Connection, known: Article) -> bool:
    """Not what was killed or rejected, nor what editors have put right: their word stands."""
    if known.status not in OPEN_TO_CHANGE:
        return False
    query = select(func.count()).select_from(article_version).where(article_version.c.article_id == known.id)
    return known.version == 1 + int(await tx.scalar(query) or 0)


async def renew(tx: Connection, known: Article, new: NewArticle, now: datetime) -> Article:
    """Put the new text in the article's place, and keep the old one. When it was published and released stays.

    Raises sqlalchemy.exc.IntegrityError where another article has the new text or address.
    """
    draft = new.draft
    old_hash = await tx.scalar(select(article.c.content_hash).where(article.c.id == known.id))
    moved = draft.url is not None and articles.url_key(draft.url) != articles.url_key(known.url)
    await tx.execute(insert(article_version).values(**_kept(known, now)))
    values: dict[str, Any] = {
        "headline": draft.headline,
        "byline": draft.byline or known.byline,
        "dateline": draft.dateline or known.dateline,
        "paragraphs": list(draft.paragraphs),
        "photo_url": draft.photo_url or known.photo_url,
        "caption": draft.caption or known.caption,
        "language": new.language,
        "summary": list(new.summary),
        "content_hash": new.content_hash,
        "search": new.search or search_text(draft.headline, draft.paragraphs, draft.caption),
        "paywalled": draft.paywalled,
        "version": article.c.version + 1,
    }
    if moved:
        values |= {"url": draft.url, "url_key": articles.url_key(draft.url)}
    await tx.execute(update(article).where(article.c.id == known.id).values(**values))
    before = ArticleDraft(known.headline, known.paragraphs, url=known.url if moved else None)
    await near.add_copy(tx, known.id, before, source_id=known.source_id, content_hash=str(old_hash), now=now)
    await articles.put_topics(tx, known.id, await _topics(tx, known.id, new))
    found = await articles.get(tx, known.id)
    return found or known


async def _topics(tx: Connection, article_id: int, new: NewArticle) -> dict[int, float]:
    """What editors said of its topics stands, whatever it says now."""
    words = (await by_hand.of(tx, [article_id])).get(article_id, {})
    present = await articles.topics_of(tx, article_id) if words else {}
    return by_hand.decided(new.topics, {key: word.filed for key, word in words.items()}, present)


def _kept(known: Article, now: datetime) -> dict[str, Any]:
    return {
        "article_id": known.id,
        "version": known.version,
        "headline": known.headline,
        "paragraphs": list(known.paragraphs),
        "summary": list(known.summary),
        "url": known.url,
        "replaced_at": now,
    }


async def of(tx: Connection, article_id: int) -> list[Version]:
    """What it said before, the oldest first."""
    query = (
        select(article_version).where(article_version.c.article_id == article_id).order_by(article_version.c.version)
    )
    return [
        Version(
            row.article_id,
            row.version,
            row.headline,
            tuple(row.paragraphs),
            tuple(row.summary),
            row.url,
            row.replaced_at,
        )
        for row in await tx.execute(query)
    ]
