"""Stories: found by shared terms within the window, counted, merged and split."""

from datetime import timedelta, timezone

import pytest

from storage import articles, candidates, near, sources, stories
from storage.candidates import Kept, Member, Sought
from storage.database import Connection, Database
from storage.records import Article, ArticleDraft, ArticleStatus, SourceKind
from tests.storage import making
from tests.storage.making import NOON


async def _told(tx: Connection, headline: str, keys: tuple[int, ...] = (1, 2), **more: object) -> Article:
    added = await making.add(tx, headline, **more)  # type: ignore[arg-type]
    await candidates.remember(tx, [Kept(added.id, keys, headline.encode())], NOON)
    return added


async def test_what_shares_terms_within_the_window_is_found(db: Database) -> None:
    async with db.begin() as tx:
        one = await _told(tx, "near", (1, 2, 3))
        await _told(tx, "old", (1, 2, 3), hours_ago=24 * 8)
        await _told(tx, "other", (9,))
        two = await _told(tx, "less", (3,), hours_ago=24 * 6)
        found = await candidates.find(tx, Sought((1, 2, 3), NOON))
        assert [(item.story_id, item.members) for item in found] == [
            (None, (Member(one.id, b"near", trusted=True),)),
            (None, (Member(two.id, b"less", trusted=True),)),
        ]
        assert await candidates.find(tx, Sought((), NOON)) == []


@pytest.mark.parametrize("hours", [-9, 0, 9])
async def test_the_window_is_the_same_in_every_zone(db: Database, hours: int) -> None:
    zone, hour = timezone(timedelta(hours=hours)), timedelta(hours=2)
    async with db.begin() as tx:
        added = await _told(tx, "Ferry")
        found = [
            await candidates.find(tx, Sought((1,), (NOON + away).astimezone(zone)))
            for away in (candidates.WINDOW - hour, hour - candidates.WINDOW, candidates.WINDOW + hour)
        ]
    assert [[item.number for item in items] for items in found] == [[-added.id], [-added.id], []]


async def test_a_story_begins_with_its_second_article(db: Database) -> None:
    async with db.begin() as tx:
        story_id, ids = await _grown(tx)
        refs = await stories.of_articles(tx, [*ids, 999])
        assert set(refs) == set(ids)
        assert refs[ids[0]] == stories.StoryRef(story_id, ids[0], 3, 2)
        (found,) = await candidates.find(tx, Sought((1,), NOON))
        assert (found.story_id, [item.article_id for item in found.members]) == (story_id, ids[::-1])
        assert [item.id for item in await stories.members(tx, story_id)] == ids[::-1]


async def _grown(tx: Connection) -> tuple[int, list[int]]:
    first = await _told(tx, "Crash", source_name="wire")
    story_id, ids = 0, [first.id]
    for number in (2, 3):
        (found,) = await candidates.find(tx, Sought((1,), NOON))
        added = await _told(tx, f"Crash {number}", source_name="daily" if number == 2 else "wire")
        story_id = await stories.join(tx, added.id, found, headline_id=first.id, now=NOON)
        ids.append(added.id)
    return story_id, ids


async def test_copies_count_as_sources(db: Database) -> None:
    async with db.begin() as tx:
        story_id, ids = await _grown(tx)
        paper = await sources.get_or_add(tx, "paper", kind=SourceKind.FEED, trusted=True, now=NOON)
        draft = ArticleDraft("Crash again", ("Text",), url="https://paper.example/1")
        await near.add_copy(tx, ids[0], draft, source_id=paper.id, content_hash="c", now=NOON)
        assert (await stories.refs_of(tx, [story_id]))[story_id].source_count == 3


@pytest.mark.parametrize("status", [ArticleStatus.CANCELED, ArticleStatus.REJECTED], ids=str)
async def test_a_killed_or_rejected_article_leaves_its_story(db: Database, status: ArticleStatus) -> None:
    async with db.begin() as tx:
        story_id, ids = await _grown(tx)
        await articles.set_status(tx, ids[0], status, NOON)
        ref = await stories.get(tx, story_id)
        assert ref == stories.StoryRef(story_id, ids[1], 2, 2)
        (found,) = await candidates.find(tx, Sought((1,), NOON))
        assert ids[0] not in [item.article_id for item in found.members]
        await articles.set_status(tx, ids[1], status, NOON)
        assert await stories.of_articles(tx, ids) == {}


async def test_stories_are_merged_and_split(db: Database) -> None:
    async with db.begin() as tx:
        one, ids = await _grown(tx)
        alone = [(await making.add(tx, f"alone {number}")).id for number in range(3)]
        other = await stories.pair(tx, alone[0], alone[1], by=7, now=NOON)
        assert other is not None
        assert await stories.pair(tx, alone[0], ids[0], by=7, now=NOON) is None
        assert not await stories.merge(tx, one, one, by=7, now=NOON)
        assert await stories.merge(tx, one, other, by=7, now=NOON)
        assert await stories.add(tx, one, alone[2], by=7, now=NOON)
        assert not await stories.add(tx, one, alone[2], by=7, now=NOON)
        ref = await stories.get(tx, other)
        assert ref is not None
        assert (ref.id, ref.article_count) == (one, 6)
        made = await stories.split(tx, one, alone[:2], by=8, now=NOON)
        assert made is not None
        assert await stories.split(tx, one, [alone[2], *alone[:2]], by=8, now=NOON) is None
        assert set(await stories.of_articles(tx, [*ids, *alone])) == {*ids, *alone[:2]}
        with pytest.raises(LookupError):
            await stories.split(tx, one, [999], by=8, now=NOON)
        assert [
            (item.kind, item.other_id, item.article_ids, item.changed_by) for item in await stories.changes(tx, one)
        ] == [
            ("merged", other, tuple(alone[:2]), 7),
            ("merged", None, (alone[2],), 7),
            ("split", made, tuple(alone[:2]), 8),
            ("split", None, (alone[2],), 8),
        ]


async def test_what_is_old_finds_nothing_any_more(db: Database) -> None:
    async with db.begin() as tx:
        await _grown(tx)
        assert await candidates.prune(tx, before=NOON, limit=10) == 0
        assert await candidates.prune(tx, before=NOON + timedelta(days=1), limit=2) == 2
        assert await candidates.prune(tx, before=NOON + timedelta(days=1), limit=2) == 1
        assert await candidates.find(tx, Sought((1,), NOON)) == []


async def test_a_summary_is_kept_for_what_it_was_made_of(db: Database) -> None:
    async with db.begin() as tx:
        story_id, _ = await _grown(tx)
        await stories.keep_summary(tx, story_id, "print", [{"text": "It crashed."}])
        assert await stories.summary_of(tx, story_id, "print") == [{"text": "It crashed."}]
        assert await stories.summary_of(tx, story_id, "other") is None
