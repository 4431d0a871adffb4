"""What editors change about topics: a draft first, which shows what it would do; made, it is the record of who did it.

    draft ─(dry run, an editor's yes)→ make: topic row + revision + the archive to be tagged again, one transaction

A change that lets a topic file otherwise has the next revision of the rules. Who makes one waits for the articles that
are being stored, and they for him: each article has either an id below the tagging's start or the new rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from storage import articles, retags, taggings, topics
from storage.database import Connection
from storage.errors import StorageError
from storage.records import Topic, TopicRule
from storage.schema import subscription, topic
from storage.schema import topic_change as table


class ChangeError(StorageError):
    """The change can't be made as it stands; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Change:
    """`before` is None for a new topic; its `after.id` is 0 until it is made. `revision`: where it files otherwise."""

    id: int
    before: Topic | None
    after: Topic
    bot_id: int | None
    by: int | None
    drafted_at: datetime
    made_at: datetime | None
    revision: int | None


@dataclass(frozen=True, slots=True)
class Made:
    """`retag_id`: the archive is tagged again for it. `again`: it was made before, and nothing happened now."""

    change: Change
    retag_id: int | None
    again: bool = False


def files_otherwise(before: Topic | None, after: Topic) -> bool:
    """Whether articles can be filed differently after it. Pure."""
    was = TopicRule() if before is None or before.retired else before.rule
    return was != (TopicRule() if after.retired else after.rule)


async def draft(
    tx: Connection, before: Topic | None, after: Topic, *, bot_id: int | None, by: int | None, now: datetime
) -> int:
    """Keep it until somebody makes it; gives its id."""
    values = {
        "topic_id": None if before is None else before.id,
        "bot_id": bot_id,
        "changed_by": by,
        "before": None if before is None else _json(before),
        "after": _json(after),
        "drafted_at": now,
    }
    return int(await tx.scalar(insert(table).values(**values).returning(table.c.id)) or 0)


async def get(tx: Connection, change_id: int) -> Change | None:
    row = (await tx.execute(select(table).where(table.c.id == change_id))).first()
    return None if row is None else _change(row)


async def make(tx: Connection, change_id: int, *, by: int | None, now: datetime) -> Made:
    """Let it take hold. Raises ChangeError where the topic is another by now, and LookupError."""
    await articles.release_barrier(tx)
    change = await get(tx, change_id)
    if change is None:
        raise LookupError(f"there is no change {change_id}")
    if change.made_at is not None:
        return Made(change, await retags.of_revision(tx, change.revision), again=True)
    topic_id = await _add(tx, change.after) if change.before is None else await _update(tx, change, now)
    revision = 1 + await taggings.revision(tx) if files_otherwise(change.before, change.after) else None
    values = {"topic_id": topic_id, "changed_by": by, "made_at": now, "revision": revision}
    await tx.execute(update(table).where(table.c.id == change_id).values(**values))
    retag_id = None if revision is None else await retags.begin(tx, revision, by=by, now=now)
    made = replace(change, after=replace(change.after, id=topic_id), by=by, made_at=now, revision=revision)
    return Made(made, retag_id)


async def _add(tx: Connection, new: Topic) -> int:
    found = await topics.get_by_slug(tx, new.slug)
    if found is not None:
        raise ChangeError(f"There is a topic {new.slug} by now{', retired' if found.retired else ''}.")
    query = insert(topic).values(slug=new.slug, **_values(new)).returning(topic.c.id)
    return int(await tx.scalar(query) or 0)


async def _update(tx: Connection, change: Change, now: datetime) -> int:
    before, after = change.before, change.after
    present = None if before is None else await topics.get(tx, before.id)
    if before is None or present is None or present != before:
        raise ChangeError("Somebody changed this topic meanwhile. Nothing is changed now; look at it and try again.")
    retired_at = None if not after.retired else now
    await tx.execute(update(topic).where(topic.c.id == before.id).values(**_values(after), retired_at=retired_at))
    return before.id


def _values(one: Topic) -> dict[str, Any]:
    return {
        "name": one.name,
        "aliases": list(one.aliases),
        "rule": topics.rule_json(one.rule),
        "parent_id": one.parent_id,
    }


async def prune(tx: Connection, *, before: datetime) -> int:
    """Drop drafts that nobody made until then. Returns how many."""
    return (await tx.execute(delete(table).where(table.c.made_at.is_(None), table.c.drafted_at < before))).rowcount


async def last_of(tx: Connection, topic_id: int) -> Change | None:
    """The change of the topic that was made last."""
    query = select(table).where(table.c.topic_id == topic_id, table.c.made_at.is_not(None))
    row = (await tx.execute(query.order_by(table.c.made_at.desc(), table.c.id.desc()).limit(1))).first()
    return None if row is None else _change(row)


async def of_revision(tx: Connection, revision: int) -> Change | None:
    """What made the rules what they are in this revision; None for 0, the rules before any change."""
    row = (await tx.execute(select(table).where(table.c.revision == revision))).first()
    return None if row is None else _change(row)


async def count_followers(tx: Connection, topic_id: int) -> int:
    """Destinations that have it, muted or not."""
    query = select(func.count()).select_from(subscription).where(subscription.c.topic_id == topic_id)
    return int(await tx.scalar(query) or 0)


def _json(one: Topic) -> dict[str, Any]:
    return {
        "slug": one.slug,
        "name": one.name,
        "aliases": list(one.aliases),
        "rule": topics.rule_json(one.rule),
        "parent_id": one.parent_id,
        "retired": one.retired,
    }


def _topic(topic_id: int | None, value: Mapping[str, Any]) -> Topic:
    return Topic(
        id=topic_id or 0,
        slug=value["slug"],
        name=value["name"],
        aliases=tuple(value["aliases"]),
        rule=topics.rule_of(value["rule"]),
        parent_id=value["parent_id"],
        retired=value["retired"],
    )


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id,
        before=None if row.before is None else _topic(row.topic_id, row.before),
        after=_topic(row.topic_id, row.after),
        bot_id=row.bot_id,
        by=row.changed_by,
        drafted_at=row.drafted_at,
        made_at=row.made_at,
        revision=row.revision,
    )
