"""What a digest would say now: for `tidings digest` and /digest. Nothing is stored or sent."""

from collections.abc import Sequence
from datetime import datetime

from delivery.compose import compose_digest, sections
from storage import articles, topics
from storage.database import Database
from storage.records import EditionPart

ARTICLES_READ = 500


async def preview(
    db: Database, *, topic_ids: Sequence[int], since: datetime, now: datetime, zone: str, language: str, length: int
) -> tuple[EditionPart, ...]:
    """The messages of a digest over (since, now], a section a topic; none where nothing is new."""
    async with db.read() as tx:
        known = await topics.all_topics(tx)
        found = await articles.released(tx, topic_ids=topic_ids, start=since, end=now, limit=ARTICLES_READ)
    own_sections = {topic_id: topic_id for topic_id in topic_ids}
    return compose_digest(sections(found, known, own_sections, length), zone=zone, now=now, language=language)
