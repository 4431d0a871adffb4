"""Alerts: an article in an `instant` topic, told when it becomes usable."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from delivery.compose import compose_alert
from storage import articles, editions, topics
from storage.database import Connection, Database
from storage.editions import Audience
from storage.errors import StaleEditionError
from storage.records import Article, ArticleStatus, EditionKind, Mode, Topic

AT_ONCE = 20

# One edition for all readers, so its times are told in this zone.
ZONE = "UTC"


async def run_alerts(db: Database, *, bot_id: int, now: datetime, at_once: int = AT_ONCE) -> int:
    """Make editions of what is due; gives how many articles there were. Their fan-out is `delivery.fanout`'s."""
    async with db.read() as tx:
        due = await articles.alert_due(tx, at_once)
        known = await topics.all_topics(tx)
    for article in due:
        with suppress(StaleEditionError):  # it is still due
            async with db.begin() as tx:
                await _alert(tx, bot_id, article, known, now)
    return len(due)


async def _alert(tx: Connection, bot_id: int, article: Article, known: Sequence[Topic], now: datetime) -> None:
    current = await articles.get(tx, article.id)
    if current is not None and current.status is ArticleStatus.USABLE:
        audience = Audience(chains(current.topics, known), (Mode.INSTANT,))
        if audience.chains and await editions.has_audience(tx, audience):
            await editions.make(
                tx,
                bot_id=bot_id,
                kind=EditionKind.ALERT,
                signature=f"alert:{article.id}",
                parts=compose_alert(current, zone=ZONE, now=now),
                now=now,
                audience=audience,
            )
    await articles.alert_done(tx, article.id)


def chains(slugs: Sequence[str], known: Sequence[Topic]) -> tuple[tuple[int, ...], ...]:
    """Each topic with its ancestors, nearest first."""
    ids = {topic.slug: topic.id for topic in known}
    return tuple(topics.with_ancestors(known, [ids[slug]]) for slug in slugs if slug in ids)
