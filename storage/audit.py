"""Who did what at the desk: decisions, corrections, pushes, topics, new colleagues, as their own tables tell it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, cast, func, literal, select

from storage.database import Connection
from storage.schema import article, correction, decision, edition, edition_article, editor, topic_change

TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Deed:
    """`what`: an article status (of a decision), correction kind, edition kind or, for `subject_name`, a role or TOPIC.

    `user_id` is who did it. `article_id` and `headline`: what it was done to. `note`: the reason, or what readers are
    told. `change_id`: of a topic (storage.topic_changes).
    """

    at: datetime
    user_id: int
    what: str
    article_id: int | None = None
    headline: str | None = None
    note: str = ""
    subject_name: str | None = None
    change_id: int | None = None


async def latest(tx: Connection, bot_id: int, limit: int, before: datetime | None = None) -> list[Deed]:
    """The last things done, newest first; with `before`, those done earlier than that."""
    found: list[Deed] = []
    for query, at in _queries(bot_id):
        bounded = query if before is None else query.where(at < before)
        rows = await tx.execute(bounded.order_by(at.desc()).limit(limit))
        found += [Deed(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name
    return sorted(found, key=lambda deed: deed.at, reverse=True)[:limit]


def _queries(bot_id: int) -> Iterator[tuple[Select[Any], Any]]:
    """Each with the column of its time."""
    about = (article.c.id.label("article_id"), article.c.headline)
    yield (
        select(
            decision.c.decided_at.label("at"),
            decision.c.decided_by.label("user_id"),
            decision.c.status.label("what"),
            *about,
            decision.c.reason.label("note"),
        )
        .join(article, article.c.id == decision.c.article_id)
        .where(decision.c.decided_by.is_not(None)),
        decision.c.decided_at,
    )
    yield (
        select(
            correction.c.at,
            correction.c.requested_by.label("user_id"),
            correction.c.kind.label("what"),
            *about,
            correction.c.note,
        )
        .join(article, article.c.id == correction.c.article_id)
        .where(correction.c.bot_id == bot_id, correction.c.requested_by.is_not(None), correction.c.state != "draft"),
        correction.c.at,
    )
    first = select(func.min(edition_article.c.article_id)).where(edition_article.c.edition_id == edition.c.id)
    yield (
        select(
            edition.c.composed_at.label("at"),
            edition.c.requested_by.label("user_id"),
            edition.c.kind.label("what"),
            *about,
            literal("").label("note"),
        )
        .select_from(edition)
        .outerjoin(article, article.c.id == first.scalar_subquery())
        .where(edition.c.bot_id == bot_id, edition.c.requested_by.is_not(None), edition.c.amends.is_(None)),
        edition.c.composed_at,
    )
    yield (
        select(
            editor.c.added_at.label("at"),
            editor.c.added_by.label("user_id"),
            cast(editor.c.role, String).label("what"),
            editor.c.name.label("subject_name"),
        ).where(editor.c.bot_id == bot_id, editor.c.added_by.is_not(None)),
        editor.c.added_at,
    )
    made = (topic_change.c.made_at.is_not(None), topic_change.c.changed_by.is_not(None))
    yield (
        select(
            topic_change.c.made_at.label("at"),
            topic_change.c.changed_by.label("user_id"),
            literal(TOPIC).label("what"),
            topic_change.c.after["name"].as_string().label("subject_name"),
            topic_change.c.id.label("change_id"),
        ).where(topic_change.c.bot_id == bot_id, *made),
        topic_change.c.made_at,
    )
