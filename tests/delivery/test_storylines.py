"""Digests and alerts tell stories: each once, how many sources print it, and whether its readers know it already."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.alerts import run_alerts
from delivery.digest import run_due
from delivery.fanout import run_fanout
from delivery.preview import preview
from delivery.storylines import fold
from storage import chats, stories
from storage.database import Database
from storage.records import Mode
from tests.delivery.news import BOT, EIGHT, NOW, publish, queued, reader, seed

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Ref:
    id: int
    headline_article_id: int
    source_count: int = 2


FOLDS = {
    "articles alone stay as they are": ({1: [9, 5], 2: [7]}, {}, {1: [9, 5], 2: [7]}),
    "the headline article stands for its story, where the first of it stood": (
        {1: [9, 8, 5]},
        {9: Ref(1, 5), 5: Ref(1, 5)},
        {1: [5, 8]},
    ),
    "a headline article of an earlier digest is not told again: the latest stands": (
        {1: [9, 8, 5]},
        {9: Ref(1, 2), 5: Ref(1, 2)},
        {1: [9, 8]},
    ),
    "a story in two sections is told where its headline article stands": (
        {1: [9, 8], 2: [5]},
        {9: Ref(1, 5), 5: Ref(1, 5)},
        {1: [8], 2: [5]},
    ),
    "a section that has only others' stories goes": ({1: [9], 2: [5]}, {9: Ref(1, 5), 5: Ref(1, 5)}, {2: [5]}),
}


@pytest.mark.parametrize(("gathered", "refs", "expected"), FOLDS.values(), ids=FOLDS.keys())
def test_of_each_story_one(
    gathered: dict[int, list[int]], refs: dict[int, Ref], expected: dict[int, list[int]]
) -> None:
    assert fold(gathered, refs) == expected


@given(
    st.dictionaries(st.integers(1, 5), st.lists(st.integers(1, 60), unique=True, max_size=20), max_size=5),
    st.dictionaries(st.integers(1, 60), st.integers(1, 8)),
    st.dictionaries(st.integers(1, 8), st.integers(1, 60)),
)
def test_every_story_is_told_once_and_none_is_lost(
    gathered: dict[int, list[int]], story_of: dict[int, int], headlines: dict[int, int]
) -> None:
    section_of = {key: section for section, ids in gathered.items() for key in ids}  # each article once
    once = {section: [key for key in ids if section_of[key] == section] for section, ids in gathered.items()}
    heads = {story: headlines.get(story, 0) for story in story_of.values()}
    heads = {story: key if story_of.get(key) == story else 0 for story, key in heads.items()}
    refs = {key: Ref(story, heads[story]) for key, story in story_of.items()}
    shown = [key for ids in fold(once, refs).values() for key in ids]
    everything = [key for ids in once.values() for key in ids]

    def names(keys: list[int]) -> list[tuple[str, int]]:
        return sorted(("story", story_of[key]) if key in story_of else ("article", key) for key in keys)

    assert names(shown) == sorted(set(names(everything)))


async def test_a_digest_tells_a_story_once_with_all_its_sources(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        first = await publish(tx, "Ferry sinks off Jindo", "korea", NOW - 3 * HOUR)
        later = await publish(tx, "Rescue after ferry accident", {"china": 1.0}, NOW - HOUR, source="Yonhap")
        await publish(tx, "Rice harvest", "korea", NOW - 2 * HOUR)
        await stories.pair(tx, first.id, later.id, by=None, now=NOW)
        await reader(tx, 1, {"korea": Mode.DIGEST, "china": Mode.DIGEST})
    await run_due(db, bot_id=BOT, now=NOW)
    [(_, text)] = await queued(db)
    assert text.count("in one sentence") == 2
    assert "2 sources" in text
    assert "Update:" not in text


async def test_what_follows_a_story_of_an_earlier_digest_is_an_update(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        first = await publish(tx, "Ferry sinks off Jindo", "korea", NOW - HOUR)
        await reader(tx, 1, {"korea": Mode.DIGEST})
    await run_due(db, bot_id=BOT, now=NOW)
    async with db.begin() as tx:
        later = await publish(tx, "Rescue ends", "korea", NOW + HOUR, source="Yonhap")
        await stories.pair(tx, first.id, later.id, by=None, now=NOW)
    await run_due(db, bot_id=BOT, now=NOW + DAY)
    _, (_, text) = await queued(db)
    assert "Ferry sinks" not in text
    assert text.index("Update:") < text.index("Rescue ends")


async def test_more_counts_stories_not_articles(db: Database) -> None:
    async with db.begin() as tx:
        known = await seed(tx)
        made = [await publish(tx, f"Ferry report {number}", "korea", NOW - HOUR) for number in range(5)]
        story = await stories.pair(tx, made[0].id, made[1].id, by=None, now=NOW)
        for other in made[2:]:
            await stories.add(tx, story or 0, other.id, by=None, now=NOW)
        await publish(tx, "Rice harvest", "korea", NOW - 2 * HOUR)
    shown = await preview(
        db, topic_ids=[known["korea"].id], since=EIGHT - DAY, now=EIGHT, zone="UTC", language="en", length=1
    )
    assert "and 1 more" in shown[0].text


async def test_a_reader_who_wishes_it_is_told_that_nothing_is_new(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        told = await reader(tx, 1, {"korea": Mode.DIGEST})
        await reader(tx, 2, {"korea": Mode.DIGEST})
        await chats.set_says_nothing(tx, told, wished=True)
    await run_due(db, bot_id=BOT, now=NOW)
    [(owner, text)] = await queued(db)
    assert owner == told
    assert "Nothing new in your topics" in text


async def test_an_alert_of_a_known_story_is_called_an_update(db: Database) -> None:
    async with db.begin() as tx:
        await seed(tx)
        await reader(tx, 1, {"korea": Mode.INSTANT})
        first = await publish(tx, "Ferry sinks off Jindo", "korea", NOW)
    await _alert(db)
    async with db.begin() as tx:
        later = await publish(tx, "Rescue ends", "korea", NOW, source="Yonhap")
        await stories.pair(tx, first.id, later.id, by=None, now=NOW)
    await _alert(db)
    one, other = [text for _, text in await queued(db)]
    assert "News alert</b>" in one
    assert "News alert: an update</b>" in other
    assert "2 sources" in other


async def _alert(db: Database) -> None:
    while await run_alerts(db, bot_id=BOT, now=NOW) or await run_fanout(db, bot_id=BOT, now=NOW):
        pass
