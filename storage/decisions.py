"""An editor's word on an article: approved or rejected, once, however many editors press at the same moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage import articles
from storage.database import Connection
from storage.records import Article, ArticleStatus
from storage.schema import article


@dataclass(frozen=True, slots=True)
class Decision:
    """The article as it is now, and what it was. Equal statuses: somebody had decided before, nothing was changed."""

    article: Article
    before: ArticleStatus

    @property
    def changed(self) -> bool:
        return self.article.status is not self.before


async def approve(tx: Connection, article_id: int, clock: Callable[[], datetime]) -> Decision | None:
    """Pending or rejected becomes usable, released at the clock's time; anything else stays. None: no such article."""
    before = await _held(tx, article_id)
    if before in (ArticleStatus.PENDING, ArticleStatus.REJECTED):
        await articles.release_lock(tx)
        await articles.release(tx, article_id, clock())
    return await _decision(tx, article_id, before)


async def reject(tx: Connection, article_id: int, clock: Callable[[], datetime]) -> Decision | None:
    """Pending becomes rejected; anything else stays. None: no such article."""
    before = await _held(tx, article_id)
    if before is ArticleStatus.PENDING:
        await articles.set_status(tx, article_id, ArticleStatus.REJECTED, clock())
    return await _decision(tx, article_id, before)


async def _held(tx: Connection, article_id: int) -> ArticleStatus | None:
    """The status, the row locked until the commit: the second of two editors waits here and sees the first's word."""
    found = await tx.scalar(select(article.c.status).where(article.c.id == article_id).with_for_update())
    return None if found is None else ArticleStatus(found)


async def _decision(tx: Connection, article_id: int, before: ArticleStatus | None) -> Decision | None:
    now = await articles.get(tx, article_id)
    return None if now is None or before is None else Decision(now, before)
