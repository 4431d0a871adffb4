"""By what an article was tagged, and why it is in its topics.

rules (revision, counted by storage.topic_changes) + models ─→ tagger ─→ tagging of each article, with its evidence
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Connection, insert_into
from storage.records import Evidence, Found
from storage.schema import article_tagging, retag, tagger, topic_change

# Parts of an article, as they are stored: a letter a million times.
_LETTERS = {"headline": "h", "dateline": "d", "lead": "l", "body": "b"}
_PARTS = {letter: part for part, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Tagger:
    """`revision` counts changes of rules, from 0; `models` names the models and vocabularies of the release."""

    id: int
    revision: int
    models: str
    first_at: datetime


@dataclass(frozen=True, slots=True)
class Tagging:
    article_id: int
    tagger_id: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Tagged:
    """What is kept of an article: which tagger read it last, and what it found."""

    tagger: Tagger
    evidence: Evidence


# Built once: every article that comes in needs them.
_REVISION = select(func.max(topic_change.c.revision))
_TAGGER = select(tagger.c.id).where(tagger.c.revision == bindparam("number"), tagger.c.models == bindparam("named"))


async def revision(tx: Connection) -> int:
    """Of the rules as they are; 0 while nobody changed them."""
    return int(await tx.scalar(_REVISION) or 0)


async def tagger_id(tx: Connection, number: int, models: str, now: datetime) -> int:
    """The tagger of these rules and models, noted when it is first met."""
    which = {"number": number, "named": models}
    found = await tx.scalar(_TAGGER, which)
    if found is None:
        new = insert_into(tx, tagger).values(revision=number, models=models, first_at=now)
        await tx.execute(new.on_conflict_do_nothing())
        found = await tx.scalar(_TAGGER, which)
    return int(found or 0)


async def outdated(tx: Connection, models: str) -> bool:
    """Were articles tagged by other models than these, and not all of them again since?"""
    if await tx.scalar(select(tagger.c.id).where(tagger.c.models != models).limit(1)) is None:
        return False
    since = select(func.min(tagger.c.first_at)).where(tagger.c.models == models).scalar_subquery()
    again = select(retag.c.id).where(or_(retag.c.ended_at.is_(None), retag.c.ended_at >= since)).limit(1)
    return await tx.scalar(again) is None


async def put(tx: Connection, given: Iterable[Tagging]) -> None:
    """In the place of what was kept of these articles."""
    rows = [
        {"article_id": one.article_id, "tagger_id": one.tagger_id, "evidence": _json(one.evidence)} for one in given
    ]
    if not rows:
        return
    await tx.execute(_put(tx.dialect.name), rows)


@cache
def _put(dialect: str) -> sqlite.Insert | postgresql.Insert:
    query = sqlite.insert(article_tagging) if dialect == "sqlite" else postgresql.insert(article_tagging)
    changed = {"tagger_id": query.excluded.tagger_id, "evidence": query.excluded.evidence}
    return query.on_conflict_do_update(index_elements=["article_id"], set_=changed)


async def get(tx: Connection, article_id: int) -> Tagged | None:
    """None for an article that came before taggings were kept, and was not tagged again since."""
    query = (
        select(article_tagging.c.evidence, tagger)
        .join(tagger, tagger.c.id == article_tagging.c.tagger_id)
        .where(article_tagging.c.article_id == article_id)
    )
    row = (await tx.execute(query)).first()
    if row is None:
        return None
    return Tagged(Tagger(row.id, row.revision, row.models, row.first_at), _evidence(row.evidence))


async def counts(tx: Connection) -> list[tuple[Tagger, int]]:
    """How many articles each tagger read last, the latest tagger first. Reads all of them."""
    number = func.count().label("number")
    read = select(article_tagging.c.tagger_id, number).group_by(article_tagging.c.tagger_id).subquery()
    query = select(tagger, read.c.number).join(read, read.c.tagger_id == tagger.c.id).order_by(tagger.c.id.desc())
    rows = await tx.execute(query)
    return [(Tagger(row.id, row.revision, row.models, row.first_at), row.number) for row in rows]


def _json(evidence: Evidence) -> dict[str, list[list[Any]]]:
    return {
        str(topic_id): [[one.term, _LETTERS.get(one.part, one.part), one.times, one.weight] for one in found]
        for topic_id, found in evidence.items()
    }


def _evidence(value: Mapping[str, list[list[Any]]]) -> Evidence:
    return {
        int(topic_id): tuple(Found(term, _PARTS.get(part, part), times, weight) for term, part, times, weight in found)
        for topic_id, found in value.items()
    }
