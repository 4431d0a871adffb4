"""An editor's push: the news of a topic, now, to all who have it and did not mute it."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from delivery.alerts import ZONE, chains
from delivery.compose import Section, compose_push
from delivery.fanout import fan_out
from delivery.rich import enriched
from storage import articles, audiences, editions, topics
from storage.audiences import Audience
from storage.database import Connection, Database
from storage.errors import StaleEditionError
from storage.records import Article, EditionKind, EditionPart, Mode, Topic

WINDOW = timedelta(hours=24)
FALLBACK = 3
SHOWN = 10
COUNTED = 200
# Each time that an article is corrected between composing and storing.
MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class PushReceipt:
    """`already`: these very articles were pushed before, and nothing was sent now; the figures are that push's.

    `edition_id` is None, and nothing sent, where the topic holds no article.
    """

    edition_id: int | None
    destinations: int
    already: bool
    articles: int


@dataclass(frozen=True, slots=True)
class _Plan:
    section: Section
    parts: tuple[EditionPart, ...]
    audience: Audience


async def estimate(db: Database, *, bot_id: int, topic: Topic, now: datetime, zone: str = ZONE) -> int:
    """How many messages a push would send now; 0 where there is nothing to send, or nobody to send it to."""
    plan = await _plan(db, topic, now, zone)
    if plan is None:
        return 0
    async with db.read() as tx:
        return len(plan.parts) * await audiences.count(tx, bot_id, plan.audience, now)


async def push(
    db: Database,
    *,
    bot_id: int,
    topic: Topic,
    requested_by: int | None,
    now: datetime,
    again: bool = False,
    zone: str = ZONE,
) -> PushReceipt:
    """Queue the last 24 hours' articles (else the newest three) for the topic's readers, its parents' included.

    `again` sends even what was pushed before.
    """
    for _ in range(MOST_TRIES):
        with suppress(StaleEditionError):
            return await _push(
                db, bot_id=bot_id, topic=topic, requested_by=requested_by, now=now, again=again, zone=zone
            )
    return PushReceipt(None, 0, already=False, articles=0)


async def _push(
    db: Database, *, bot_id: int, topic: Topic, requested_by: int | None, now: datetime, again: bool, zone: str
) -> PushReceipt:
    plan = await _plan(db, topic, now, zone)
    if plan is None:
        return PushReceipt(None, 0, already=False, articles=0)
    shown = plan.section.articles
    signature = _signature(topic, shown) + (f":{now.isoformat()}" if again else "")
    async with db.begin() as tx:
        edition_id, new = await editions.make(
            tx,
            bot_id=bot_id,
            kind=EditionKind.PUSH,
            signature=signature,
            parts=plan.parts,
            now=now,
            audience=plan.audience,
            requested_by=requested_by,
        )
    await fan_out(db, edition_id, now)
    async with db.read() as tx:
        count = await editions.count_deliveries(tx, edition_id)
    return PushReceipt(edition_id, count, already=not new, articles=len(shown))


async def _plan(db: Database, topic: Topic, now: datetime, zone: str) -> _Plan | None:
    async with db.read() as tx:
        known = await topics.all_topics(tx)
        found = await _newest(tx, topics.with_descendants(known, topic.slug), now)
    if not found:
        return None
    section = Section(topic, tuple(found[:SHOWN]), len(found))
    audience = Audience(chains([topic.slug], known), (Mode.INSTANT, Mode.DIGEST))
    return _Plan(section, enriched(compose_push(section, zone=zone, now=now), section.articles), audience)


async def _newest(tx: Connection, family: Sequence[Topic], now: datetime) -> list[Article]:
    ids = [topic.id for topic in family]
    found = await articles.released(tx, topic_ids=ids, start=now - WINDOW, end=now, limit=COUNTED)
    found = found or await articles.newest_released(tx, topic_ids=ids, limit=FALLBACK)
    return [article for article, _ in found]


def _signature(topic: Topic, shown: Sequence[Article]) -> str:
    content = ",".join(f"{article.id}v{article.version}" for article in sorted(shown, key=lambda found: found.id))
    return f"push:{topic.id}:{hashlib.sha256(content.encode()).hexdigest()}"
