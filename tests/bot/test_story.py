"""/story and /related: readers read one event's articles together, editors merge and split."""

from collections.abc import AsyncIterator

import pytest

from bot.ask import utc_now
from bot.commands import story
from bot.commands.build import build
from storage import articles, near, sources, stories
from storage.database import Connection, Database
from storage.records import Article, ArticleDraft, ArticleStatus, SourceKind
from tests.bot.desk_rig import ANN, READER, Newsroom, newsroom
from tests.storage import making


@pytest.fixture
async def room(sqlite_url: str) -> AsyncIterator[Newsroom]:
    database = Database(sqlite_url)
    async with newsroom(database, build(story.DESK_COMMANDS, story.DESK_PRESSES)) as made:
        yield made
    await database.dispose()


async def _crash(room: Newsroom, place: str = "Altenau") -> tuple[int, list[int]]:
    async with room.db.begin() as tx:
        ids = []
        for source in ("Wire", "Daily"):
            text = f"A train left the rails near {place} on Monday. Nobody was hurt, the railway told the {source}."
            ids.append((await _added(tx, f"Train derails near {place}, says {source}", text, source)).id)
        story_id = await stories.pair(tx, ids[0], ids[1], by=None, now=utc_now())
    assert story_id is not None
    return story_id, ids


async def _added(tx: Connection, headline: str, text: str, source: str) -> Article:
    return await making.add(tx, headline, text=text, source_name=source, now=utc_now())


async def test_a_story_is_read_from_the_list_of_news(room: Newsroom) -> None:
    await _crash(room)
    (listed,) = await room.say(READER, "/latest")
    assert "2 sources" in listed.text
    _, (told,), _ = await room.press(READER, listed, "2 sources")
    assert "2 sources, 2 articles" in told.text
    assert "A train left the rails near Altenau" in told.text
    assert all(name in told.text for name in ("Wire", "Daily"))
    assert not any("Split" in label for label in told.buttons)


async def test_headlines_from_right_to_left_keep_their_direction_to_themselves(room: Newsroom) -> None:
    async with room.db.begin() as tx:
        ids = [(await _added(tx, f"قطار {number}", f"Text {number}.", f"وكالة {number}")).id for number in range(2)]
        story_id = await stories.pair(tx, ids[0], ids[1], by=None, now=utc_now())
    (told,) = await room.say(READER, f"/story {story_id}")
    assert told.text.count("\u2068قطار") == 3
    assert told.text.count("\u2069") >= 3


async def test_a_story_is_found_by_its_number_or_an_articles(room: Newsroom) -> None:
    story_id, ids = await _crash(room)
    (listed,) = await room.say(READER, "/story")
    (told,) = await room.say(READER, f"/story {story_id}")
    (of_article,) = await room.say(READER, f"/story {ids[1]}")
    (none,) = await room.say(READER, "/story 999")
    assert "Stories of this week" in listed.text
    assert "2 sources, 2 articles" in told.text
    assert "2 sources, 2 articles" in of_article.text
    assert "no story 999" in none.text


async def test_related_are_the_other_articles_of_the_story(room: Newsroom) -> None:
    _, ids = await _crash(room)
    (told,) = await room.say(READER, f"/related {ids[0]}")
    (none,) = await room.say(READER, "/related what")
    assert "says Daily" in told.text
    assert "by its number" in none.text


async def test_a_copy_is_another_source_of_the_article(room: Newsroom) -> None:
    async with room.db.begin() as tx:
        one = await _added(tx, "Ferry sails", "The ferry sails from Monday.", "Wire")
        paper = await sources.get_or_add(tx, "The Paper", kind=SourceKind.FEED, trusted=True, now=utc_now())
        draft = ArticleDraft("The ferry sails", ("The ferry sails from Monday.",), url="https://paper.example/1")
        await near.add_copy(tx, one.id, draft, source_id=paper.id, content_hash="c", now=utc_now())
    (listed,) = await room.say(READER, "/latest")
    assert "also in: The Paper" in listed.text


async def test_an_editor_splits_a_story_and_merges_it_again(room: Newsroom) -> None:
    story_id, ids = await _crash(room)
    (told,) = await room.say(ANN, f"/story {story_id}")
    _, (asked,), _ = await room.press(ANN, told, "Split")
    _, (said,), _ = await room.press(ANN, asked, str(ids[1]))
    assert "is alone now" in said.text
    async with room.db.read() as tx:
        assert await stories.of_articles(tx, ids) == {}
    (merged,) = await room.say(ANN, f"/merge {story_id} {ids[1]}")
    assert "2 sources, 2 articles" in merged.text
    async with room.db.read() as tx:
        assert [change.changed_by for change in await stories.changes(tx, story_id)] == [None, ANN, ANN]
    (refused,) = await room.say(READER, f"/merge {story_id} {ids[1]}")
    assert "news desk" in refused.text


async def test_an_editor_merges_two_stories_by_button(room: Newsroom) -> None:
    one, _ = await _crash(room)
    other, _ = await _crash(room, "Lindmark")
    (told,) = await room.say(ANN, f"/story {one}")
    _, (asked,), _ = await room.press(ANN, told, "Merge")
    _, (said,), _ = await room.press(ANN, asked, f"{other} ·")
    assert "4 articles" in said.text


async def test_a_killed_article_leaves_the_story_of_readers(room: Newsroom) -> None:
    story_id, ids = await _crash(room)
    async with room.db.begin() as tx:
        await articles.set_status(tx, ids[0], ArticleStatus.CANCELED, utc_now())
    (told,) = await room.say(READER, f"/story {story_id}")
    assert "no story" in told.text
