"""A digest as it would be sent, without sending it."""

from collections.abc import Sequence
from datetime import datetime

from delivery.reading import Composer, Reading, chains_of, shown_under
from delivery.wording import table
from storage import topics
from storage.database import Database
from storage.records import EditionPart, Mode


async def preview(
    db: Database,
    *,
    topic_ids: Sequence[int],
    since: datetime,
    now: datetime,
    zone: str,
    language: str,
    length: int,
) -> tuple[EditionPart, ...]:
    """The messages that a reader of these topics (and those under them) would get; none where nothing is new."""
    async with db.read() as tx:
        known = await topics.all_topics(tx)
        shown = shown_under(dict.fromkeys(topic_ids, Mode.DIGEST), chains_of(known))
        reading = Reading(shown, since, now, zone, table(language), length)
        return await Composer(known).compose(tx, reading)
