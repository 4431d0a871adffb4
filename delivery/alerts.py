"""The alert tick: an article that became usable goes at once to whoever follows one of its topics as `instant`."""

from collections.abc import Sequence
from datetime import datetime

from delivery import reach
from delivery.compose import compose_alert
from storage import articles, editions, topics
from storage.database import Connection, Database
from storage.editions import Audience
from storage.records import Article, EditionKind, Mode, Topic

ARTICLES_AT_ONCE = 20


async def run_alerts(db: Database, *, bot_id: int, now: datetime, zone: str = "UTC") -> int:
    """Compose what is due, oldest first; how many there were. Fan-out follows by its own tick."""
    async with db.read() as tx:
        due = await articles.alert_due(tx, ARTICLES_AT_ONCE)
    if not due:
        return 0
    async with db.begin() as tx:
        known = await topics.all_topics(tx)
        for article in await articles.alert_due(tx, ARTICLES_AT_ONCE):
            await _alert(tx, bot_id, article, known, now, zone)
    return len(due)


async def _alert(
    tx: Connection, bot_id: int, article: Article, known: Sequence[Topic], now: datetime, zone: str
) -> None:
    """Edition and mark in one transaction: neither a crash nor a second process alerts twice."""
    ids = {topic.slug: topic.id for topic in known}
    chains = tuple(reach.chain_of(known, ids[slug]) for slug in article.topics if slug in ids)
    if chains:
        await editions.make(
            tx,
            bot_id=bot_id,
            kind=EditionKind.ALERT,
            signature=f"alert:{article.id}",
            parts=compose_alert(article, zone=zone, now=now),
            now=now,
            audience=Audience(chains, (Mode.INSTANT,)),
        )
    await articles.alert_done(tx, article.id)
