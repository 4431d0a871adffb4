"""Alerts: an article in an `instant` topic, told when it becomes usable."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from delivery.compose import compose_alert
from delivery.quiet import run_quiet
from delivery.render import StoryLine
from delivery.rich import enriched
from storage import articles, audiences, editions, stories, topics
from storage.audiences import Audience
from storage.database import Connection, Database
from storage.errors import StaleEditionError
from storage.records import Article, ArticleStatus, EditionKind, Mode, Topic

log = structlog.get_logger()

AT_ONCE = 20

# One edition for all readers, so its times are told in this zone.
ZONE = "UTC"


async def run_alerts(db: Database, *, bot_id: int, now: datetime, at_once: int = AT_ONCE) -> int:
    """Make editions of what is due, and bring what quiet hours held; gives how much there was to do.

    The editions' fan-out is `delivery.fanout`'s.
    """
    async with db.read() as tx:
        due = await articles.alert_due(tx, at_once)
        known = await topics.all_topics(tx)
    for article in due:
        await _alert_of(db, bot_id, article, known, now)
    return len(due) + await run_quiet(db, bot_id=bot_id, now=now)


async def _alert_of(db: Database, bot_id: int, article: Article, known: Sequence[Topic], now: datetime) -> None:
    """One that can't be composed is none: tried again it would fail again, before all that came after it."""
    try:
        async with db.begin() as tx:
            await _alert(tx, bot_id, article, known, now)
    except StaleEditionError:  # it is still due
        return
    except (SQLAlchemyError, OSError):
        raise
    except Exception:
        log.exception("alert_not_composed", article=article.id)
        async with db.begin() as tx:
            await articles.alert_done(tx, article.id)


async def _alert(tx: Connection, bot_id: int, article: Article, known: Sequence[Topic], now: datetime) -> None:
    current = await articles.get(tx, article.id)
    if current is not None and current.status is ArticleStatus.USABLE:
        audience = Audience(chains(current.topics, known), (Mode.INSTANT,))
        if audience.chains and await audiences.anybody(tx, audience):
            await editions.make(
                tx,
                bot_id=bot_id,
                kind=EditionKind.ALERT,
                signature=f"alert:{article.id}",
                parts=enriched(
                    compose_alert(current, zone=ZONE, now=now, story=await _story(tx, bot_id, current)), [current]
                ),
                now=now,
                audience=audience,
            )
    await articles.alert_done(tx, article.id)


async def _story(tx: Connection, bot_id: int, article: Article) -> StoryLine | None:
    """An update where an alert of the same story went out before."""
    ref = (await stories.of_articles(tx, [article.id])).get(article.id)
    if ref is None:
        return None
    others = [item.id for item in await stories.members(tx, ref.id) if item.id != article.id]
    before = await editions.find_many(tx, bot_id, [f"{kind}:{key}" for key in others for kind in ("alert", "urgent")])
    return StoryLine(ref.source_count, update=bool(before))


def chains(slugs: Sequence[str], known: Sequence[Topic]) -> tuple[tuple[int, ...], ...]:
    """Each topic with its ancestors, nearest first."""
    ids = {topic.slug: topic.id for topic in known}
    return tuple(topics.with_ancestors(known, [ids[slug]]) for slug in slugs if slug in ids)
