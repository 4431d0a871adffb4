"""Articles that come together are stored as they would be one by one."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from ingest.desk import Arrival, Desk, Prepared, Taken, unlike
from storage import near, stories
from storage.database import Database
from storage.records import ArticleDraft, SourceKind, TopicSpec
from storage.topics import seed
from tests.ingest.test_stories import CRASH, OTHER, THIRD
from tests.storage.making import NOON

PLACES = ("Lindmark", "Orvell", "Altenau", "Castle Bay")
ROLES = ("mayor", "coroner", "harbour master", "station chief", "bishop")


def _report(place: str, role: str, seed: int) -> str:
    """Long enough for a sample of shingles; two of a place and role share much, other seeds not all."""
    said = Random(f"{place} {role}")
    words = [f"{role[:4]}{place[:4].lower()}{said.randrange(9_000)}" for _ in range(90)]
    for at in Random(seed).sample(range(90), 4):
        words[at] = f"word{seed}x{at}"
    return f"{place}: the {role} said on Monday that " + " ".join(words) + "."


def _drafts() -> list[ArticleDraft]:
    """A wreck told by four, near copies, the same page and guid again, and what is like nothing."""
    told = [(f"{place} hears its {role}", _report(place, role, 1)) for place in PLACES for role in ROLES[:3]]
    told += [*CRASH, OTHER, THIRD]
    told += [(f"The {ROLES[0]} of {place}", _report(place, ROLES[0], 2)) for place in PLACES]
    Random(11).shuffle(told)
    drafts = [
        ArticleDraft(
            headline,
            (text,),
            source=f"wire {number % 3}",
            url=f"https://wire.example/{number}",
            guid=f"g{number}",
            published_at=NOON - timedelta(minutes=number),
        )
        for number, (headline, text) in enumerate(told)
    ]
    again = [replace(drafts[2], url="https://other.example/2"), replace(drafts[5], headline="Later", guid=None)]
    return [*drafts[:9], *again, *drafts[9:], drafts[3]]


Found = list[tuple[int, int | None, bool, int | None, int]]


async def _told(db: Database, taken: list[Taken]) -> Found:
    """Of each: its article, of which it is a copy or version, its story, how many print it."""
    async with db.read() as tx:
        return [
            (
                one.article.id,
                one.duplicate_of,
                one.renewed,
                await stories.story_of(tx, one.article.id),
                len(await near.copies_of(tx, one.article.id)),
            )
            for one in taken
        ]


async def _prepared(desk: Desk) -> list[Prepared | Taken]:
    arrival = Arrival(SourceKind.FEED, trusted=True, now=NOON)
    found = await desk.prepare_all([(draft, arrival) for draft in _drafts()])
    return [one for one in found if not isinstance(one, BaseException)]


@pytest.mark.parametrize("together", [2, 8, 40])
async def test_a_group_is_stored_as_one_by_one(
    db: Database, sqlite_template: Path, tmp_path: Path, together: int
) -> None:
    other = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'singly.db')}")
    alone, grouped = Desk(other, monotonic=lambda: 0.0), Desk(db, monotonic=lambda: 0.0)
    for one in (db, other):
        async with one.begin() as tx:
            await seed(tx, [TopicSpec("sea", "Sea", ("ferry",))])
    singly = [await alone.store(one) for one in await _prepared(alone)]
    prepared = await _prepared(grouped)
    at_once = [
        taken
        for at in range(0, len(prepared), together)
        for taken in await grouped.store_all(prepared[at : at + together])
    ]
    expected = await _told(other, singly)
    await other.dispose()
    assert await _told(db, at_once) == expected
    assert [one.article for one in at_once] == [one.article for one in singly]
    assert len({one[3] for one in expected} - {None}) == 1
    assert sum(one[1] is not None for one in expected) >= 6


async def test_a_story_begun_within_a_group_goes_on_within_it(db: Database) -> None:
    desk, arrival = Desk(db, monotonic=lambda: 0.0), Arrival(SourceKind.FEED, trusted=True, now=NOON)
    told = [ArticleDraft(headline, (text,), source="wire", published_at=NOON) for headline, text in (*CRASH, THIRD)]
    prepared = await desk.prepare_all([(draft, arrival) for draft in told])
    taken = await desk.store_all([one for one in prepared if not isinstance(one, BaseException)])
    found = {one[3] for one in await _told(db, taken)}
    assert len(found) == 1
    assert found != {None}


async def test_what_may_be_one_article_is_not_looked_up_at_once(db: Database) -> None:
    prepared = [one for one in await _prepared(Desk(db)) if isinstance(one, Prepared)]
    groups = unlike(prepared)
    assert [one for group in groups for one in group] == prepared
    assert 1 < len(groups) < len(prepared)
    for group in groups:
        marks = [set(one.study.sample) for one in group]
        assert sum(map(len, marks)) == len(set().union(*marks))
    assert unlike([]) == []
