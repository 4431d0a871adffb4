"""The subjects readers follow. `config/topics.toml` seeds them once; after that the database rules."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Connection
from storage.records import Topic, TopicRule, TopicSpec
from storage.schema import topic


def _insert(tx: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can pass over what is there already; each database has its own."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


async def seed(tx: Connection, specs: Sequence[TopicSpec]) -> int:
    """Add the topics to an empty table; one that holds any is left alone. Returns how many were added.

    A parent that no spec names raises KeyError.
    """
    if await tx.scalar(select(topic.c.id).limit(1)) is not None:
        return 0
    rows = [
        {"slug": spec.slug, "name": spec.name, "aliases": list(spec.aliases), "rule": rule_json(spec.rule)}
        for spec in specs
    ]
    if not rows:
        return 0
    await tx.execute(_insert(tx, topic).on_conflict_do_nothing(), rows)
    ids = {found.slug: found.id for found in await all_topics(tx)}
    for spec in specs:
        if spec.parent is not None:
            await tx.execute(update(topic).where(topic.c.slug == spec.slug).values(parent_id=ids[spec.parent]))
    return len(rows)


async def all_topics(tx: Connection) -> list[Topic]:
    """In the order in which they were added, without those that editors retired."""
    query = select(topic).where(topic.c.retired_at.is_(None)).order_by(topic.c.id)
    return [_topic(row) for row in await tx.execute(query)]


async def retired(tx: Connection) -> list[Topic]:
    """Those that editors retired, the latest first."""
    query = select(topic).where(topic.c.retired_at.is_not(None)).order_by(topic.c.retired_at.desc())
    return [_topic(row) for row in await tx.execute(query)]


async def get(tx: Connection, topic_id: int) -> Topic | None:
    """Retired or not."""
    found = (await tx.execute(select(topic).where(topic.c.id == topic_id))).first()
    return None if found is None else _topic(found)


async def get_by_slug(tx: Connection, slug: str) -> Topic | None:
    found = (await tx.execute(select(topic).where(topic.c.slug == slug))).first()
    return None if found is None else _topic(found)


def with_descendants(topics: Iterable[Topic], slug: str) -> tuple[Topic, ...]:
    """The topic and all under it, itself first; empty where there is no such slug. `asia` holds what is in `korea`."""
    everything = tuple(topics)
    found = [item for item in everything if item.slug == slug]
    for parent in found:  # grows while it is walked: children join the end
        found.extend(item for item in everything if item.parent_id == parent.id and item not in found)
    return tuple(found)


def with_ancestors(topics: Iterable[Topic], topic_ids: Iterable[int]) -> tuple[int, ...]:
    """The ids with those of their parents, grandparents…: whose readers an article in these topics concerns."""
    parents = {item.id: item.parent_id for item in topics}
    found = list(dict.fromkeys(topic_ids))
    for topic_id in found:
        parent = parents.get(topic_id)
        if parent in parents and parent not in found:  # a parent that is retired is none
            found.append(parent)
    return tuple(found)


def rule_json(rule: TopicRule) -> dict[str, list[str]]:
    return {part.name: list(getattr(rule, part.name)) for part in fields(rule) if getattr(rule, part.name)}


def rule_of(value: dict[str, list[str]]) -> TopicRule:
    return TopicRule(**{part.name: tuple(value.get(part.name, ())) for part in fields(TopicRule)})


def _topic(row: Row[Any]) -> Topic:
    return Topic(
        id=row.id,
        slug=row.slug,
        name=row.name,
        aliases=tuple(row.aliases),
        rule=rule_of(row.rule),
        parent_id=row.parent_id,
        retired=row.retired_at is not None,
    )
