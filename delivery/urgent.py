"""An editor's urgent alert: one article, now, to all who have a topic of it and did not mute it."""

from dataclasses import dataclass
from datetime import datetime

from delivery.alerts import ZONE, chains
from delivery.compose import compose_alert
from delivery.fanout import fan_out
from delivery.rich import enriched
from storage import articles, audiences, editions, topics
from storage.audiences import Audience
from storage.database import Connection, Database
from storage.quiet import URGENT
from storage.records import Article, ArticleStatus, EditionKind, EditionPart, Mode


@dataclass(frozen=True, slots=True)
class UrgentReceipt:
    """`edition_id` is None where the article is not usable or has no topic. `already`: it was sent as urgent before.

    `alerted`: those who follow instantly had the usual alert already, and get no second one.
    """

    edition_id: int | None
    already: bool = False
    alerted: bool = False


def composed(article: Article, now: datetime) -> tuple[EditionPart, ...]:
    """The messages of its urgent alert."""
    return enriched(compose_alert(article, zone=ZONE, now=now, urgent=True), [article])


async def estimate(db: Database, *, bot_id: int, article: Article, now: datetime) -> int:
    """How many messages it would be now."""
    parts = composed(article, now)
    async with db.read() as tx:
        alerted = await editions.find(tx, bot_id, f"alert:{article.id}") is not None
        audience = await _audience(tx, article, alerted=alerted)
        return len(parts) * await audiences.count(tx, bot_id, audience, now)


async def urgent(
    db: Database, *, bot_id: int, article_id: int, requested_by: int | None, now: datetime
) -> UrgentReceipt:
    """Queue it, once for each article however often this is said. Raises StaleEditionError: say it again."""
    async with db.begin() as tx:
        receipt = await _make(tx, bot_id, article_id, requested_by, now)
    if receipt.edition_id is not None and not receipt.already:
        await fan_out(db, receipt.edition_id, now)
    return receipt


async def _make(tx: Connection, bot_id: int, article_id: int, requested_by: int | None, now: datetime) -> UrgentReceipt:
    article = await articles.get(tx, article_id)
    if article is None or article.status is not ArticleStatus.USABLE or not article.topics:
        return UrgentReceipt(None)
    alerted = await editions.find(tx, bot_id, f"alert:{article_id}") is not None
    edition_id, new = await editions.make(
        tx,
        bot_id=bot_id,
        kind=EditionKind.ALERT,
        signature=f"urgent:{article_id}",
        parts=composed(article, now),
        now=now,
        audience=await _audience(tx, article, alerted=alerted),
        requested_by=requested_by,
        urgency=URGENT,
    )
    await articles.alert_done(tx, article_id)  # this is it
    return UrgentReceipt(edition_id, already=not new, alerted=alerted)


async def _audience(tx: Connection, article: Article, *, alerted: bool) -> Audience:
    modes = (Mode.DIGEST,) if alerted else (Mode.INSTANT, Mode.DIGEST)
    return Audience(chains(article.topics, await topics.all_topics(tx)), modes)
