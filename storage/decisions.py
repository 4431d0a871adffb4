"""An editor's word on an article: approved, rejected or embargoed; once, however many press at the same moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, text, update

from storage import articles
from storage.database import Connection
from storage.records import Article, ArticleStatus
from storage.schema import article
from storage.schema import decision as verdict


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided, by whom (a Telegram user id) and why ("": no reason was given)."""

    status: ArticleStatus
    decided_by: int | None
    reason: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The article as it is now, and what it was. Equal statuses: somebody had decided before, nothing was changed.

    `verdict` is the one that holds; None where the article never waited for one.
    """

    article: Article
    before: ArticleStatus
    verdict: Verdict | None = None

    @property
    def changed(self) -> bool:
        return self.article.status is not self.before


async def approve(
    tx: Connection, article_id: int, clock: Callable[[], datetime], *, by: int | None = None
) -> Decision | None:
    """Pending or rejected becomes usable, released at the clock's time, or withheld while its embargo holds.

    Anything else stays. None: no such article.
    """
    before = await _held(tx, article_id)
    if before in (ArticleStatus.PENDING, ArticleStatus.REJECTED):
        await articles.release_lock(tx)
        now = clock()
        until = await tx.scalar(select(article.c.embargo_until).where(article.c.id == article_id))
        status = ArticleStatus.WITHHELD if until is not None and until > now else ArticleStatus.USABLE
        await articles.set_status(tx, article_id, status, now)
        await _record(tx, article_id, Verdict(status, by, "", now))
    return await _decision(tx, article_id, before)


async def withhold(
    tx: Connection, article_id: int, until: datetime, clock: Callable[[], datetime], *, by: int | None = None
) -> Decision | None:
    """Pending, rejected and withheld become withheld `until` then; anything else stays. None: no such article."""
    before = await _held(tx, article_id)
    if before in (ArticleStatus.PENDING, ArticleStatus.REJECTED, ArticleStatus.WITHHELD):
        now = clock()
        await tx.execute(update(article).where(article.c.id == article_id).values(embargo_until=until))
        await articles.set_status(tx, article_id, ArticleStatus.WITHHELD, now)
        await _record(tx, article_id, Verdict(ArticleStatus.WITHHELD, by, "", now))
    return await _decision(tx, article_id, before)


async def lift(
    tx: Connection, article_id: int, clock: Callable[[], datetime], *, by: int | None = None
) -> Decision | None:
    """Withheld becomes usable before its time; anything else stays. None: no such article."""
    before = await _held(tx, article_id)
    if before is ArticleStatus.WITHHELD:
        await articles.release_lock(tx)
        now = clock()
        await articles.release(tx, article_id, now)
        await _record(tx, article_id, Verdict(ArticleStatus.USABLE, by, "", now))
    return await _decision(tx, article_id, before)


async def lift_due(tx: Connection, clock: Callable[[], datetime], limit: int) -> int:
    """Release what has been withheld long enough, oldest moment first; gives how many there were."""
    await articles.release_lock(tx)
    now = clock()
    due = await tx.scalars(_withheld().where(article.c.embargo_until <= now).limit(limit).with_for_update())
    ids = due.all()
    for article_id in ids:
        await articles.release(tx, article_id, now)
    return len(ids)


async def withheld(tx: Connection, limit: int) -> list[Article]:
    """What is under embargo, the next to be released first."""
    ids = await tx.scalars(_withheld().limit(limit))
    return await articles.get_many(tx, ids.all())


def _withheld() -> Select[Any]:
    # The value is written out: both planners use a partial index only for what they can read.
    query = select(article.c.id).where(article.c.status == text("'withheld'"))
    return query.order_by(article.c.embargo_until, article.c.id)


async def reject(
    tx: Connection, article_id: int, clock: Callable[[], datetime], *, by: int | None = None, reason: str = ""
) -> Decision | None:
    """Pending becomes rejected; anything else stays. None: no such article."""
    before = await _held(tx, article_id)
    if before is ArticleStatus.PENDING:
        now = clock()
        await articles.set_status(tx, article_id, ArticleStatus.REJECTED, now)
        await _record(tx, article_id, Verdict(ArticleStatus.REJECTED, by, reason, now))
    return await _decision(tx, article_id, before)


async def last(tx: Connection, article_id: int) -> Verdict | None:
    """The latest word on the article, None where nobody has decided."""
    query = select(verdict).where(verdict.c.article_id == article_id).order_by(verdict.c.id.desc()).limit(1)
    found = (await tx.execute(query)).first()
    if found is None:
        return None
    return Verdict(ArticleStatus(found.status), found.decided_by, found.reason, found.decided_at)


async def _record(tx: Connection, article_id: int, new: Verdict) -> None:
    await tx.execute(
        insert(verdict).values(
            article_id=article_id,
            status=new.status,
            decided_by=new.decided_by,
            reason=new.reason,
            decided_at=new.decided_at,
        )
    )


async def _held(tx: Connection, article_id: int) -> ArticleStatus | None:
    """The status, the row locked until the commit: the second of two editors waits here and sees the first's word."""
    found = await tx.scalar(select(article.c.status).where(article.c.id == article_id).with_for_update())
    return None if found is None else ArticleStatus(found)


async def _decision(tx: Connection, article_id: int, before: ArticleStatus | None) -> Decision | None:
    now = await articles.get(tx, article_id)
    if now is None or before is None:
        return None
    return Decision(now, before, await last(tx, article_id))
