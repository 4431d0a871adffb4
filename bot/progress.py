"""Messages that edit themselves: how a push, a correction or a tagging goes, for whoever started it."""

from datetime import datetime, timedelta

from bot import delivery_words, topic_words
from bot.ask import Keyboard, Reply
from bot.speak import Place, Speaker
from delivery import corrections as carrying_out
from delivery import status
from storage import corrections, editions, progress, retags
from storage.database import Connection, Database
from storage.progress import Follower, Subject

GIVE_UP = timedelta(days=1)


async def tell_progress(db: Database, speaker: Speaker, *, bot_id: int, now: datetime) -> int:
    """Edit each such message whose text is another now; what is over is told once more and left. Always 0: no hurry."""
    async with db.read() as tx:
        waiting = await progress.followers(tx, bot_id)
    for item in waiting:
        await _tell(db, speaker, item, now)
    return 0


async def _tell(db: Database, speaker: Speaker, item: Follower, now: datetime) -> None:
    async with db.read() as tx:
        text, over = await _look(tx, item)
    if text and text != item.shown:
        message = Reply(text, keyboard=_ways_on(item.subject) if over else (), desk=True)
        over = await speaker.say(Place(item.chat_id, edit=item.message_id), message, now) != item.message_id or over
    async with db.begin() as tx:
        await (progress.leave(tx, item) if over or now - item.at > GIVE_UP else progress.shows(tx, item, text))


def _ways_on(subject: Subject) -> Keyboard:
    if subject is Subject.RETAG:
        return ((("⚙️ Topics", "d-tps:0"),),)
    return ((("📬 How deliveries go", "d-stat"),),)


async def _look(tx: Connection, item: Follower) -> tuple[str, bool]:
    """What to say, and whether that is the last word."""
    if item.subject is Subject.RETAG:
        work = await retags.get(tx, item.subject_id)
        return ("", True) if work is None else (topic_words.retagging(work), work.ended_at is not None)
    if item.subject is Subject.CORRECTION:
        found = await corrections.get(tx, item.subject_id)
        if found is None:
            return "", True
        how = await carrying_out.standing(tx, found)
        return delivery_words.corrected(how), how.over
    edition = await editions.get(tx, item.subject_id)
    if edition is None:
        return "", True
    sent = await status.of_edition(tx, edition.id)
    return delivery_words.pushed(sent, len(edition.parts)), not (sent.waiting or sent.spreading)
