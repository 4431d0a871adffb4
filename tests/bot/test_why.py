"""/why over the sandbox, for readers and for the desk."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.ask import utc_now
from bot.commands import desk
from bot.commands.desk_intake import DeskIntake
from bot.reasons import places
from ingest.desk import Desk
from ingest.run import Ingest
from storage import articles, by_hand, topic_changes, topics
from storage.database import Database
from storage.records import ArticleDraft, ArticleStatus, Found, SourceKind, TopicRule
from storage.schema import article_tagging
from storage.topics import get_by_slug
from tests.bot.desk_rig import ANN, GROUP, READER, Newsroom, newsroom

BODY = "The minister spoke of the harbour for a long while, and said what had been said before. " * 4


@pytest.fixture
async def room(desk_db: Database) -> AsyncIterator[Newsroom]:
    async with newsroom(desk_db, desk.registry(DeskIntake(Ingest(Desk(desk_db))))) as made:
        yield made


async def bring(room: Newsroom, headline: str, *, body: str = BODY, trusted: bool = True) -> int:
    draft = ArticleDraft(headline, (f"{headline}, it was said. Seoul was told, said Seoul.", body))
    taken = await Desk(room.db).take(draft, kind=SourceKind.FILE, trusted=trusted, now=utc_now())
    return taken.article.id


async def test_a_reader_hears_what_is_followed_and_which_words_told(room: Newsroom) -> None:
    article_id = await bring(room, "Seoul <opens> a bridge")
    await room.say(READER, "/subscribe asia")
    (told,) = await room.say(READER, f"/why {article_id}")
    assert "Seoul <opens> a bridge" in told.text
    assert "🏷 Korea" in told.text
    assert "followed here: Asia, which holds it, in your digest" in told.text
    assert "“Seoul” (headline, first paragraph 3×)" in told.text
    assert "rules no." not in told.text
    assert "⚙️" not in "".join(told.buttons)


async def test_an_editor_sees_weights_and_what_tagged_it(room: Newsroom) -> None:
    async with room.db.begin() as tx:
        korea = await get_by_slug(tx, "korea")
        assert korea is not None
        after = replace(korea, rule=TopicRule(strong=("Seoul", "Busan")))
        drafted = await topic_changes.draft(tx, korea, after, bot_id=1, by=ANN, now=utc_now())
        await topic_changes.make(tx, drafted, by=ANN, now=utc_now())
    article_id = await bring(room, "Seoul opens a bridge")
    async with room.db.begin() as tx:
        known = {one.slug: one.id for one in await topics.all_topics(tx)}
        await by_hand.file(tx, article_id, lambda present: present | {known["china"]}, by=ANN, now=utc_now())
        await by_hand.file(tx, article_id, lambda present: present | {known["economy"]}, by=ANN, now=utc_now())
        await by_hand.file(tx, article_id, lambda present: present - {known["economy"]}, by=ANN, now=utc_now())
    (told,) = await room.say(ANN, f"/why #{article_id}")
    assert "🏷 Korea · 8" in told.text
    assert "first paragraph 3×: 8" in told.text or "(headline, first paragraph 3×: 8)" in told.text
    assert "An editor filed it there." in told.text
    assert "Filed under China by Ann <b>" in told.text
    assert "Taken out of Economy by Ann <b>" in told.text
    assert "Tagged by rules no. 1" in told.text
    assert "(Korea: strong: + Busan, − Korea)" in told.text
    assert "countries " in told.text
    rule, _, _ = await room.press(ANN, told, "⚙️ Korea")
    assert "Seoul, Busan" in rule.text


async def test_a_message_with_several_articles_asks_which(room: Newsroom) -> None:
    first, second = (
        await bring(room, "Seoul opens a bridge"),
        await bring(room, "Beijing in China", body="Other words. " * 20),
    )
    (listed,) = await room.say(READER, "/latest")
    (asked,) = await room.say(READER, "/why", reply_to=listed.message_id)
    assert asked.text == "Which of them?"
    assert set(asked.buttons.values()) == {f"why:{first}", f"why:{second}"}
    _, (told,), _ = await room.press(READER, asked, "Beijing")
    assert "🏷 China" in told.text
    assert "follows none of its topics" in told.text
    (read,) = [one for one in await room.said(READER) if one.message_id == told.message_id]
    (again,) = await room.say(READER, "/why", reply_to=read.message_id)
    assert again.text == told.text


async def test_the_button_of_an_article_tells_why(room: Newsroom) -> None:
    await bring(room, "Seoul opens a bridge")
    (listed,) = await room.say(READER, "/latest")
    _, (article,), _ = await room.press(READER, listed, "1")
    _, (told,), _ = await room.press(READER, article, "Why")
    assert "🏷 Korea" in told.text


async def test_words_that_run_from_right_to_left_keep_to_themselves(room: Newsroom) -> None:
    async with room.db.begin() as tx:
        korea = await get_by_slug(tx, "korea")
        assert korea is not None
        after = replace(korea, rule=TopicRule(strong=("سيول",)))
        drafted = await topic_changes.draft(tx, korea, after, bot_id=1, by=ANN, now=utc_now())
        await topic_changes.make(tx, drafted, by=ANN, now=utc_now())
    article_id = await bring(room, "سيول تفتح جسرا")
    (told,) = await room.say(READER, f"/why {article_id}", chat=GROUP)
    assert "\u2068سيول تفتح جسرا\u2069" in told.text
    assert "“\u2068سيول\u2069” (headline, first paragraph)" in told.text


async def test_what_came_before_taggings_were_kept_says_so(room: Newsroom) -> None:
    article_id = await bring(room, "Seoul opens a bridge")
    async with room.db.begin() as tx:
        await tx.execute(article_tagging.delete())
    (told,) = await room.say(READER, f"/why {article_id}")
    assert "Its words were not kept" in told.text
    (told,) = await room.say(ANN, f"/why {article_id}")
    assert "before the rules were counted" in told.text


async def test_readers_are_told_nothing_of_what_is_not_published(room: Newsroom) -> None:
    waiting = await bring(room, "Seoul opens a bridge", trusted=False)
    (told,) = await room.say(READER, f"/why {waiting}")
    assert "Seoul" not in told.text
    (told,) = await room.say(ANN, f"/why {waiting}")
    assert "Seoul" in told.text
    async with room.db.begin() as tx:
        await articles.set_status(tx, waiting, ArticleStatus.CANCELED, utc_now())
    (told,) = await room.say(READER, f"/why {waiting}")
    assert "Seoul" not in told.text


@pytest.mark.parametrize("text", ["/why", "/why 999", "/why that", "/why 99999999999999999999"])
async def test_what_names_no_article_is_answered_with_how_to(room: Newsroom, text: str) -> None:
    (told,) = await room.say(READER, text)
    assert "/why 12" in told.text


def test_a_term_stands_once_however_it_is_written() -> None:
    found = (Found("SEOUL", "headline", 1, 4.0), Found("Busan", "body", 2, 2.0), Found("Seoul", "lead", 3, 4.0))
    assert places(found) == [("SEOUL", "headline, first paragraph 3×", 8.0), ("Busan", "text 2×", 2.0)]
