"""Stories: which articles tell of one event, how a new one finds its story, and what editors change about it.

Most articles are alone: a story begins with its second article. A new one is compared with few others, found by its
weightiest terms among those published within the window, so that its cost doesn't grow with the archive. Terms and
traits of old articles are forgotten; a story that grows stays in reach by its newest ones.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Row, bindparam, delete, func, insert, select, text, union, union_all, update

from storage import articles
from storage.batches import Batch
from storage.database import Connection
from storage.records import Article, ArticleStatus
from storage.schema import article, article_copy, source, story, story_change, story_term, story_traits

WINDOW = timedelta(days=7)
# Of the articles that share a term the newest are looked at; of those that share most, their stories; of these, the
# last articles.
HOLDERS, NEAREST, STORIES, MEMBERS = 40, 60, 6, 20
FEWEST_SHARED = 3  # terms of an article that is related
# Any constant of our own. Whoever files articles under stories holds it: two at once would make two stories of one.
STORY_LOCK = 0x71D1_0003
MERGED, SPLIT = "merged", "split"

_KEEP_TRAITS = insert(story_traits)
_GIVEN = Batch("term")
_KEEP_TERMS = {
    name: insert(story_term).from_select(
        ["term", "at", "article_id"],
        select(given.c.term, bindparam("at", type_=story_term.c.at.type), bindparam("article", type_=BigInteger)),
    )
    for name, given in _GIVEN.of.items()
}
_STORY_OF = select(article.c.id, article.c.story_id).where(article.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class StoryRef:
    """A story as lists show it. Counted are its usable articles, and all who print them."""

    id: int
    headline_article_id: int
    article_count: int
    source_count: int


@dataclass(frozen=True, slots=True)
class Member:
    """An article of a story, for comparing. `traits` as they were kept."""

    article_id: int
    traits: bytes
    trusted: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story that a new article may be of, with its last articles; `story_id` None: an article that is alone."""

    story_id: int | None
    members: tuple[Member, ...]


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
    for _ in range(MEMBERS):
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


async def candidates(tx: Connection, keys: Sequence[int], at: datetime) -> list[Candidate]:
    """What shares the weightiest terms with an article published at `at`, best first; at most STORIES."""
    if not keys:
        return []
    shared = Counter(await _holders(tx, [(key, at) for key in keys]))
    nearest = [key for key, _ in sorted(shared.items(), key=lambda item: (-item[1], -item[0]))[:NEAREST]]
    if not nearest:
        return []
    of = {row.id: row.story_id for row in await tx.execute(_STORY_OF, {"ids": nearest})}
    numbers = list(dict.fromkeys(of[key] or -key for key in nearest if key in of))[:STORIES]
    found: dict[int, list[Member]] = {}
    for row in await _last(tx, numbers):
        found.setdefault(row.number, []).append(Member(row.article_id, row.traits, row.trusted))
    return [Candidate(max(0, number) or None, tuple(found[number])) for number in numbers if number in found]


async def near(tx: Connection, article_id: int, *, limit: int) -> list[int]:
    """Ids of articles that share most of its weightiest terms, while these are kept; best first."""
    own = await tx.execute(select(story_term.c.term, story_term.c.at).where(story_term.c.article_id == article_id))
    terms = own.all()
    if not terms:
        return []
    shared = Counter(key for key in await _holders(tx, [(row.term, row.at) for row in terms]) if key != article_id)
    best = sorted(shared.items(), key=lambda item: (-item[1], -item[0]))
    return [key for key, count in best[:limit] if count >= FEWEST_SHARED]


async def _holders(tx: Connection, terms: Sequence[tuple[int, datetime]]) -> Sequence[int]:
    """Ids of the newest HOLDERS articles that have a term, for each term (with a time in the middle of its window)."""
    asked: dict[str, Any] = {}
    for place, (term, at) in enumerate(terms):
        asked |= {f"term{place}": term, f"from{place}": at - WINDOW, f"to{place}": at + WINDOW}
    return (await tx.scalars(_holding(len(terms)), asked)).all()


@lru_cache
def _holding(terms: int) -> Any:
    """Built once for each number of terms: that takes longer than running it."""
    at = story_term.c.at

    def one(place: int) -> Any:
        given = [bindparam(f"{name}{place}", type_=at.type) for name in ("from", "to")]
        query = (
            select(story_term.c.article_id)
            .where(story_term.c.term == bindparam(f"term{place}"), at >= given[0], at <= given[1])
            .order_by(at.desc(), story_term.c.article_id.desc())
            .limit(HOLDERS)
        )
        return select(query.subquery())

    return union_all(*map(one, range(terms)))


async def _last(tx: Connection, numbers: Sequence[int]) -> Sequence[Row[Any]]:
    """The last articles of these stories; a number below 0 is an article that is alone."""
    chosen = [number for number in numbers if number > 0]
    alone = [-number for number in numbers if number < 0]
    asked = {f"story{place}": number for place, number in enumerate(chosen)} | {"alone": alone}
    return (await tx.execute(_lasting(len(chosen)), asked)).all()


@lru_cache
def _lasting(stories: int) -> Any:
    members = (
        select(story_traits.c.article_id, story_traits.c.traits, source.c.trusted)
        .select_from(article)
        .join(story_traits, story_traits.c.article_id == article.c.id)
        .join(source, source.c.id == article.c.source_id)
    )

    def one(place: int) -> Any:
        mine = article.c.story_id == bindparam(f"story{place}")
        newest = members.add_columns(article.c.story_id.label("number")).where(mine)
        return select(newest.order_by(article.c.id.desc()).limit(MEMBERS).subquery())

    single = members.add_columns((-article.c.id).label("number")).where(
        article.c.id.in_(bindparam("alone", expanding=True))
    )
    return union_all(select(single.subquery()), *map(one, range(stories)))


async def remember(
    tx: Connection, article_id: int, keys: Sequence[int], traits: bytes, *, at: datetime, now: datetime
) -> None:
    """So that later articles find it. What was kept of it before goes by `forget`."""
    await tx.execute(_KEEP_TRAITS, {"article_id": article_id, "traits": traits, "kept_at": now})
    if keys:
        values = _GIVEN.values(tx, [(key,) for key in keys])
        await tx.execute(
            _KEEP_TERMS[tx.dialect.name], values | {"at": at.replace(microsecond=0), "article": article_id}
        )


async def forget(tx: Connection, article_id: int) -> None:
    for table in (story_term, story_traits):
        await tx.execute(delete(table).where(table.c.article_id == article_id))


async def join(tx: Connection, article_id: int, found: Candidate, *, headline_id: int, now: datetime) -> int:
    """The article is of that story from now on, or makes one with the article that was alone. Gives its number."""
    story_id = found.story_id
    if story_id is None:
        story_id = int((await tx.execute(insert(story).values(made_at=now).returning(story.c.id))).scalar_one())
        await _put(tx, [found.members[0].article_id], story_id)
    await _put(tx, [article_id], story_id)
    await tx.execute(update(story).where(story.c.id == story_id).values(headline_id=headline_id))
    return story_id


async def is_trusted(tx: Connection, source_id: int) -> bool:
    return bool(await tx.scalar(select(source.c.trusted).where(source.c.id == source_id)))


async def _put(tx: Connection, article_ids: Iterable[int], story_id: int | None) -> None:
    await tx.execute(update(article).where(article.c.id.in_(list(article_ids))).values(story_id=story_id))


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


# Forgetting


async def prune(tx: Connection, *, before: datetime, limit: int) -> int:
    """Forget by what articles were found that came before: their stories stay, and grow no more by them."""
    oldest = select(story_traits.c.article_id).where(story_traits.c.kept_at < before)
    ids = list(await tx.scalars(oldest.order_by(story_traits.c.kept_at).limit(limit)))
    if not ids:
        return 0
    await tx.execute(delete(story_term).where(story_term.c.article_id.in_(ids)))
    return (await tx.execute(delete(story_traits).where(story_traits.c.article_id.in_(ids)))).rowcount
