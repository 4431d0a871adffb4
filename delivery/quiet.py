"""The end of quiet hours: what they held comes as one message.

    held ──over──→ the same for many? ─compose once─→ one edition, queued; the held ones end as part of it

All of it is one transaction for some destinations, so a process that dies leaves them held, to be found again.
"""

import hashlib
from collections import defaultdict
from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from delivery.compose import compose_held
from delivery.rich import enriched
from delivery.storylines import fold, lines_of
from delivery.wording import table
from storage import articles, digests, editions, quiet, stories
from storage.database import Connection, Database
from storage.errors import StaleEditionError
from storage.quiet import Waiting
from storage.records import Article, ArticleStatus, EditionKind, Lane

log = structlog.get_logger()

AT_ONCE = 500
MOST_STORIES = 20  # whoever wakes up reads no more
TOGETHER = "It came in one message with others, when quiet hours were over."
PAUSED = "The chat had paused when its quiet hours were over."
WITHDRAWN = "Its article was killed before it was sent."

Kind = tuple[tuple[int, ...], str, str]  # edition ids, zone, language


async def run_quiet(db: Database, *, bot_id: int, now: datetime, limit: int = AT_ONCE) -> int:
    """Some destinations whose quiet hours are over; gives how many, so that the caller goes on."""
    async with db.read() as tx:
        if not await quiet.any_over(tx, bot_id, now):
            return 0
    with suppress(StaleEditionError):  # an article was changed meanwhile: they are still held
        async with db.begin() as tx:
            waiting = await quiet.over(tx, bot_id, now, limit)
            await _release(tx, bot_id, waiting, now)
        return len(waiting)
    return 1


async def _release(tx: Connection, bot_id: int, waiting: list[Waiting], now: datetime) -> None:
    alone: list[int] = []
    several: dict[Kind, list[Waiting]] = defaultdict(list)
    for item in waiting:
        ids = [delivery_id for delivery_id, _ in item.held]
        if item.muted:
            await quiet.drop(tx, ids, PAUSED, now)
        elif len(ids) == 1 or not item.active:  # the sender says what becomes of a chat that is gone
            alone += ids
        else:
            kind = (tuple(edition_id for _, edition_id in item.held), item.zone, table(item.language))
            several[kind].append(item)
    for kind, places in several.items():
        if not await _merged(tx, bot_id, kind, places, now):
            alone += [delivery_id for place in places for delivery_id, _ in place.held]
    await quiet.let_go(tx, alone, now)


async def _merged(tx: Connection, bot_id: int, kind: Kind, places: list[Waiting], now: datetime) -> bool:
    """False where they can't be composed as one message: each is composed already."""
    try:
        await _merge(tx, bot_id, kind, places, now)
    except (SQLAlchemyError, StaleEditionError):
        raise
    except Exception:
        log.exception("night_not_composed", editions=kind[0])
        return False
    return True


async def _merge(tx: Connection, bot_id: int, kind: Kind, places: list[Waiting], now: datetime) -> None:
    edition_ids, _, _ = kind
    ids = [delivery_id for place in places for delivery_id, _ in place.held]
    held = await quiet.articles_in(tx, edition_ids)
    found = await articles.get_many(tx, held)
    usable = {item.id: item for item in found if item.status is ArticleStatus.USABLE}
    if not usable:
        await quiet.drop(tx, ids, WITHDRAWN, now)
        return
    edition_id = await _edition(tx, bot_id, kind, [usable[key] for key in held if key in usable], now)
    await digests.queue(tx, bot_id, Lane.ALERT, [(edition_id, place.destination_id) for place in places], now)
    await quiet.drop(tx, ids, TOGETHER, now)


async def _edition(tx: Connection, bot_id: int, kind: Kind, found: list[Article], now: datetime) -> int:
    _, zone, language = kind
    signature = _signature(found, zone, language)
    if (known := await editions.find(tx, bot_id, signature)) is not None:
        return known
    refs = await stories.of_articles(tx, [article.id for article in found])
    faces = fold({0: [article.id for article in found]}, refs)[0]
    by_id = {article.id: article for article in found}
    shown = [by_id[key] for key in faces[-MOST_STORIES:]]
    more = len(faces) - len(shown)
    parts = compose_held(shown, zone=zone, now=now, language=language, told=lines_of(refs), more=more)
    parts = enriched(parts, shown)
    edition_id, _ = await editions.make(
        tx, bot_id=bot_id, kind=EditionKind.ALERT, signature=signature, parts=parts, now=now
    )
    return edition_id


def _signature(shown: list[Article], zone: str, language: str) -> str:
    content = ",".join(f"{article.id}v{article.version}" for article in shown)
    return f"held:{hashlib.sha256(f'{content} {zone} {language}'.encode()).hexdigest()}"
