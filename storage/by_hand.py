"""Editors' own word on an article's topics: filed there, or taken out. No rule changes that."""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage import articles
from storage.database import Connection, insert_into
from storage.records import Article
from storage.schema import article
from storage.schema import article_topic_by_hand as table

# Of a topic that no rule gave.
SALIENCE = 1.0


@dataclass(frozen=True, slots=True)
class ByHand:
    """`filed` under the topic, or taken out of it."""

    filed: bool
    by: int | None
    at: datetime


def decided(filed: Mapping[int, float], words: Mapping[int, bool], present: Mapping[int, float]) -> dict[int, float]:
    """The topics that an article has, where the rules say `filed`: editors' word comes first. Pure."""
    kept = {key: present.get(key, SALIENCE) for key, stays in words.items() if stays}
    return {**kept, **{key: value for key, value in filed.items() if words.get(key, True)}}


async def file(
    tx: Connection,
    article_id: int,
    choose: Callable[[AbstractSet[int]], AbstractSet[int]],
    *,
    named: AbstractSet[int] = frozenset(),
    by: int | None,
    now: datetime,
) -> Article:
    """Change an article's topics. What is added, taken out or `named` is an editor's word from now on.

    `choose` gets the ids that it has, and gives those that it will have. Those that stay keep their salience; where
    nothing changes no version is counted. Raises LookupError.
    """
    if await tx.scalar(select(article.c.id).where(article.c.id == article_id).with_for_update()) is None:
        raise LookupError(f"there is no article {article_id}")
    present = await articles.topics_of(tx, article_id)
    wanted = choose(set(present))
    await _keep(tx, article_id, {key: key in wanted for key in (wanted ^ set(present)) | (named & wanted)}, by, now)
    changed = None if wanted == set(present) else {key: present.get(key, SALIENCE) for key in sorted(wanted)}
    found = await articles.get(tx, article_id) if changed is None else None
    return found or await articles.edit(tx, article_id, topic_ids=changed)


async def _keep(tx: Connection, article_id: int, words: Mapping[int, bool], by: int | None, now: datetime) -> None:
    rows = [
        {"article_id": article_id, "topic_id": topic_id, "filed": filed, "decided_by": by, "decided_at": now}
        for topic_id, filed in words.items()
    ]
    if not rows:
        return
    query = insert_into(tx, table)
    changed = {name: query.excluded[name] for name in ("filed", "decided_by", "decided_at")}
    await tx.execute(query.on_conflict_do_update(index_elements=["article_id", "topic_id"], set_=changed), rows)


async def of(tx: Connection, article_ids: Collection[int]) -> dict[int, dict[int, ByHand]]:
    """Article id → topic id → the editor's word."""
    found: dict[int, dict[int, ByHand]] = {}
    for row in await tx.execute(select(table).where(table.c.article_id.in_(article_ids))):
        found.setdefault(row.article_id, {})[row.topic_id] = ByHand(row.filed, row.decided_by, row.decided_at)
    return found
