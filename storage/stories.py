"""Stories: which articles tell of one event, and what editors change about it.

Most articles are alone: a story begins with its second article, which storage.candidates finds.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, text, union, update

from storage import articles
from storage.candidates import Candidate
from storage.database import Connection
from storage.records import Article, ArticleStatus
from storage.schema import article, article_copy, story, story_change

# Any constant of our own. Whoever files articles under stories holds it: two at once would make two stories of one.
STORY_LOCK = 0x71D1_0003
MERGED, SPLIT = "merged", "split"
MERGERS = 20  # one after the other are followed

# Built once: many articles need them.
_ADD = insert(story).returning(story.c.id)
_PUT = update(article).where(article.c.id.in_(bindparam("ids", expanding=True))).values(story_id=bindparam("story"))
_SET_HEADLINE = update(story).where(story.c.id == bindparam("story")).values(headline_id=bindparam("headline"))


@dataclass(frozen=True, slots=True)
class StoryRef:
    """A story as lists show it. Counted are its usable articles, and all who print them."""

    id: int
    headline_article_id: int
    article_count: int
    source_count: int


@dataclass(frozen=True, slots=True)
class Change:
    """What an editor did. `merged`: of `other_id` into `story_id`; `split`: of articles, into `other_id` or alone."""

    story_id: int
    kind: str
    other_id: int | None
    article_ids: tuple[int, ...]
    changed_by: int | None
    at: datetime


# Reading


async def of_articles(tx: Connection, article_ids: Collection[int]) -> dict[int, StoryRef]:
    """Article id → its story, for those that are of a story of two usable articles or more."""
    if not article_ids:
        return {}
    query = select(article.c.id, article.c.story_id).where(
        article.c.id.in_(article_ids), article.c.story_id.is_not(None)
    )
    of = {row.id: row.story_id for row in await tx.execute(query)}
    refs = await refs_of(tx, set(of.values()))
    return {key: refs[story_id] for key, story_id in of.items() if story_id in refs}


async def refs_of(tx: Connection, story_ids: Collection[int]) -> dict[int, StoryRef]:
    """Story id → story; without those of fewer than two usable articles."""
    if not story_ids:
        return {}
    usable = (article.c.story_id.in_(story_ids), article.c.status == ArticleStatus.USABLE)
    counted = (
        select(article.c.story_id, func.count().label("articles"), func.min(article.c.id).label("first"))
        .where(*usable)
        .group_by(article.c.story_id)
    )
    printed = union(
        select(article.c.story_id, article.c.source_id).where(*usable),
        select(article.c.story_id, article_copy.c.source_id)
        .join(article_copy, article_copy.c.article_id == article.c.id)
        .where(*usable),
    ).subquery()
    sources = select(printed.c.story_id, func.count().label("sources")).group_by(printed.c.story_id)
    chosen = (
        select(story.c.id, article.c.id.label("headline"))
        .join(article, (article.c.id == story.c.headline_id) & (article.c.story_id == story.c.id))
        .where(story.c.id.in_(story_ids), article.c.status == ArticleStatus.USABLE)
    )
    number = {row.story_id: row.sources for row in await tx.execute(sources)}
    headline = {row.id: row.headline for row in await tx.execute(chosen)}
    return {
        row.story_id: StoryRef(row.story_id, headline.get(row.story_id, row.first), row.articles, number[row.story_id])
        for row in await tx.execute(counted)
        if row.articles > 1
    }


async def get(tx: Connection, story_id: int) -> StoryRef | None:
    """The story of that number, or the one that it was merged into."""
    for _ in range(MERGERS):
        row = (await tx.execute(select(story.c.merged_into).where(story.c.id == story_id))).first()
        if row is None or row.merged_into is None:
            break
        story_id = row.merged_into
    return (await refs_of(tx, [story_id])).get(story_id)


async def members(tx: Connection, story_id: int, *, limit: int = 40) -> list[Article]:
    """Its usable articles, newest first by when they were published."""
    query = (
        select(article.c.id)
        .where(article.c.story_id == story_id, article.c.status == ArticleStatus.USABLE)
        .order_by(article.c.published_at.desc(), article.c.id.desc())
        .limit(limit)
    )
    return await articles.get_many(tx, (await tx.scalars(query)).all())


async def story_of(tx: Connection, article_id: int) -> int | None:
    """The number of the story that the article is of, whoever may see it."""
    found = await tx.scalar(select(article.c.story_id).where(article.c.id == article_id))
    return None if found is None else int(found)


async def largest(tx: Connection, *, since: datetime, limit: int) -> list[StoryRef]:
    """Stories of what was published since, of most sources first."""
    recent = (
        select(article.c.story_id)
        .distinct()
        .where(article.c.status == text("'usable'"), article.c.published_at >= since, article.c.story_id.is_not(None))
    )
    refs = await refs_of(tx, [int(key) for key in await tx.scalars(recent)])
    return sorted(refs.values(), key=lambda ref: (-ref.source_count, -ref.article_count, -ref.id))[:limit]


async def summary_of(tx: Connection, story_id: int, fingerprint: str) -> list[dict[str, Any]] | None:
    """The summary that was kept, if it is of the same versions of the same articles."""
    query = select(story.c.summary).where(story.c.id == story_id, story.c.summary_of == fingerprint)
    found: list[dict[str, Any]] | None = await tx.scalar(query)
    return found


async def keep_summary(tx: Connection, story_id: int, fingerprint: str, summary: list[dict[str, Any]]) -> None:
    await tx.execute(update(story).where(story.c.id == story_id).values(summary=summary, summary_of=fingerprint))


# A new article


async def lock(tx: Connection) -> None:
    """Until the commit. Before anything is inserted: two that wait for each other's rows would never end."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STORY_LOCK})


async def join(tx: Connection, article_id: int, found: Candidate, *, headline_id: int, now: datetime) -> int:
    """The article is of that story from now on, or makes one with the article that was alone. Gives its number."""
    if found.story_id is None:
        story_id = int((await tx.execute(_ADD, {"made_at": now, "headline_id": headline_id})).scalar_one())
        await _put(tx, [found.members[0].article_id, article_id], story_id)
        return story_id
    await _put(tx, [article_id], found.story_id)
    await tx.execute(_SET_HEADLINE, {"story": found.story_id, "headline": headline_id})
    return found.story_id


async def _put(tx: Connection, article_ids: Iterable[int], story_id: int | None) -> None:
    await tx.execute(_PUT, {"ids": list(article_ids), "story": story_id})


# Editors


async def merge(tx: Connection, story_id: int, other_id: int, *, by: int | None, now: datetime) -> bool:
    """All articles of the other are of this one from now on. False: one of them has no articles, or they are one."""
    await lock(tx)
    moved = await _ids(tx, other_id)
    if story_id == other_id or not moved or not await _ids(tx, story_id):
        return False
    await _put(tx, moved, story_id)
    await tx.execute(update(story).where(story.c.id == other_id).values(merged_into=story_id))
    await _record(tx, Change(story_id, MERGED, other_id, tuple(moved), by, now))
    return True


async def add(tx: Connection, story_id: int, article_id: int, *, by: int | None, now: datetime) -> bool:
    """An article that is alone joins a story, by an editor's word. False: it is of a story, or there is none such."""
    await lock(tx)
    free = select(article.c.id).where(article.c.id == article_id, article.c.story_id.is_(None), _living())
    if await tx.scalar(free) is None or not await _ids(tx, story_id):
        return False
    await _put(tx, [article_id], story_id)
    await _record(tx, Change(story_id, MERGED, None, (article_id,), by, now))
    return True


async def pair(tx: Connection, one: int, other: int, *, by: int | None, now: datetime) -> int | None:
    """Two articles that are alone make a story, whose number this is. None: they aren't alone, or are no articles."""
    await lock(tx)
    free = select(article.c.id).where(article.c.id.in_([one, other]), article.c.story_id.is_(None), _living())
    ids = sorted(await tx.scalars(free))
    if len(ids) != 2:  # noqa: PLR2004 - a pair
        return None
    made = insert(story).values(made_at=now, headline_id=ids[0]).returning(story.c.id)
    story_id = int((await tx.execute(made)).scalar_one())
    await _put(tx, ids, story_id)
    await _record(tx, Change(story_id, MERGED, None, tuple(ids), by, now))
    return story_id


async def split(
    tx: Connection, story_id: int, article_ids: Collection[int], *, by: int | None, now: datetime
) -> int | None:
    """Those articles leave the story: one is alone then, several make a story of their own, whose number this is.

    Raises LookupError where none of them is of the story.
    """
    await lock(tx)
    leaving = sorted(set(await _ids(tx, story_id)) & set(article_ids))
    if not leaving:
        raise LookupError(f"no article of story {story_id} among them")
    other = None
    if len(leaving) > 1:
        made = insert(story).values(made_at=now, headline_id=leaving[0]).returning(story.c.id)
        other = int((await tx.execute(made)).scalar_one())
    await _put(tx, leaving, other)
    await _record(tx, Change(story_id, SPLIT, other, tuple(leaving), by, now))
    return other


async def changes(tx: Connection, story_id: int) -> list[Change]:
    """What editors changed about the story, oldest first."""
    query = select(story_change).where(story_change.c.story_id == story_id).order_by(story_change.c.id)
    return [
        Change(row.story_id, row.kind, row.other_id, tuple(row.article_ids), row.changed_by, row.at)
        for row in await tx.execute(query)
    ]


async def were_split(tx: Connection, story_ids: Collection[int]) -> bool:
    """Whether editors took one of them apart: then no other word than theirs puts it together."""
    split = select(story_change.c.id).where(
        story_change.c.kind == SPLIT,
        story_change.c.story_id.in_(story_ids) | story_change.c.other_id.in_(story_ids),
    )
    return await tx.scalar(split.limit(1)) is not None


def _living() -> Any:
    return article.c.status.not_in([ArticleStatus.REJECTED.value, ArticleStatus.CANCELED.value])


async def _ids(tx: Connection, story_id: int) -> list[int]:
    return [int(key) for key in await tx.scalars(select(article.c.id).where(article.c.story_id == story_id))]


async def _record(tx: Connection, change: Change) -> None:
    await tx.execute(
        insert(story_change).values(
            story_id=change.story_id,
            kind=change.kind,
            other_id=change.other_id,
            article_ids=list(change.article_ids),
            changed_by=change.changed_by,
            at=change.at,
        )
    )
