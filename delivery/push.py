"""An editor's push: a topic's last 24 hours (or else its newest three articles), now, to all who have the topic."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from delivery import reach
from delivery.compose import Section, compose_push
from delivery.fanout import spread_all
from storage import articles, editions, topics
from storage.database import Connection, Database
from storage.editions import Audience
from storage.records import Article, EditionKind, Mode, Topic

SPAN = timedelta(hours=24)
OTHERWISE = 3
SHOWN = 10
READ = 200


@dataclass(frozen=True, slots=True)
class PushReceipt:
    """What a push came to. `already`: these very articles went out before, `at` that time, and nothing is sent now."""

    edition_id: int | None
    destinations: int
    parts: int
    articles: int
    already: bool
    at: datetime


async def push(
    db: Database, *, bot_id: int, topic: Topic, requested_by: int, now: datetime, again: bool = False, zone: str = "UTC"
) -> PushReceipt:
    """Compose and queue. Said again with nothing new it sends nothing, unless `again`.

    Should the process die in the middle, the fan-out tick goes on.
    """
    async with db.begin() as tx:
        await articles.release_barrier(tx)
    async with db.begin() as tx:
        known = await topics.all_topics(tx)
        found = await _articles(tx, known, topic, now)
        if not found:
            return PushReceipt(None, 0, 0, 0, already=False, at=now)
        signature = _signature(topic, found, now if again else None)
        parts = compose_push(Section(topic, tuple(found[:SHOWN]), len(found)), zone=zone, now=now)
        edition_id, new = await editions.make(
            tx,
            bot_id=bot_id,
            kind=EditionKind.PUSH,
            signature=signature,
            parts=parts,
            now=now,
            audience=Audience((reach.chain_of(known, topic.id),), (Mode.INSTANT, Mode.DIGEST)),
            requested_by=requested_by,
        )
        made = await editions.get(tx, edition_id)
    at = made.composed_at if made else now
    if not new:
        return PushReceipt(edition_id, 0, len(parts), len(found), already=True, at=at)
    destinations = await spread_all(db, edition_id, now)
    return PushReceipt(edition_id, destinations, len(parts), len(found), already=False, at=at)


async def _articles(tx: Connection, known: Sequence[Topic], topic: Topic, now: datetime) -> list[Article]:
    ids = [item.id for item in topics.with_descendants(known, topic.slug)]
    found = await articles.released(tx, topic_ids=ids, start=now - SPAN, end=now, limit=READ)
    found = found or await articles.newest_released(tx, topic_ids=ids, limit=OTHERWISE)
    return [article for article, _ in found]


def _signature(topic: Topic, found: Sequence[Article], again_at: datetime | None) -> str:
    """The articles and their versions: what is corrected since is not "the same"."""
    said = repr(sorted((article.id, article.version) for article in found))
    again = f":{again_at.isoformat()}" if again_at else ""
    return f"push:{topic.id}:{hashlib.sha256(said.encode()).hexdigest()[:32]}{again}"
