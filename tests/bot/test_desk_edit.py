"""Changing articles, in chats on the sandbox."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.ask import Ask, Reply, utc_now
from bot.commands import desk_add, desk_edit, desk_queue
from bot.commands.desk_brought import Brought
from bot.registry import Registry
from storage import prompts
from storage.database import Database
from storage.records import Article, ArticleStatus
from tests.bot.desk_rig import ANN, GROUP, OWNER, Newsroom, bring, newsroom, now_of

BODY = (
    "The bridge opened on Monday. Thousands came to see it. The mayor cut a ribbon.",
    "It took three years to build. It cost 40 million euros & a <few> nerves.",
)


async def _other(ask: Ask) -> Reply:
    return Reply(f"other words: {len(ask.args)}")


@pytest.fixture
async def room(desk_db: Database) -> AsyncIterator[Newsroom]:
    cancel = desk_add.commands(desk_add.Adding(_NoIntake()))[1]
    registry = Registry(
        (*desk_queue.COMMANDS, *desk_edit.COMMANDS, cancel),
        (*desk_queue.PRESSES, *desk_edit.PRESSES),
        desk_edit.ANSWERS,
        words=_other,
        unknown=_other,
    )
    async with newsroom(desk_db, registry) as made:
        yield made


class _NoIntake:
    async def page(
        self, url: str, *, added_by: int, trusted: bool, progress: desk_add.Progress | None = None
    ) -> list[Brought]:
        raise AssertionError(url)

    async def data(
        self,
        data: bytes,
        *,
        name: str | None,
        mime: str | None,
        added_by: int,
        trusted: bool,
        progress: desk_add.Progress | None = None,
    ) -> list[Brought]:
        raise AssertionError(name)


async def _bring(room: Newsroom, slugs: tuple[str, ...] = ("korea",)) -> Article:
    return await bring(room.db, "Bridge opens", body=BODY, status=ArticleStatus.USABLE, slugs=slugs)


@pytest.mark.parametrize(
    ("line", "topics"),
    [
        ("topics china", ("china",)),
        ("topics korea china", ("korea", "china")),
        ("topics +China, economy", ("korea", "china", "economy")),
        ("topics -South Korea +ecconomy", ("economy",)),
        ("topics 한국,中国", ("korea", "china")),
        ("topics none", ()),
    ],
)
async def test_topics_by_command(room: Newsroom, line: str, topics: tuple[str, ...]) -> None:
    article = await _bring(room)
    (said,) = await room.say(ANN, f"/edit {article.id} {line}")
    assert "topics are changed" in said.text
    after = await now_of(room.db, article.id)
    assert sorted(after.topics) == sorted(topics)
    assert after.version == 2


async def test_an_unknown_topic_changes_nothing_and_names_the_nearest(room: Newsroom) -> None:
    article = await _bring(room)
    (said,) = await room.say(ANN, f"/edit {article.id} topics china, korean wave <b>")
    assert "Nothing is changed" in said.text
    assert "korean wave <b>" in said.text
    assert await now_of(room.db, article.id) == article


async def test_topics_by_buttons_are_kept_until_saved(room: Newsroom) -> None:
    article = await _bring(room)
    (card,) = await room.say(ANN, f"/edit {article.id}")
    picker, _, _ = await room.press(ANN, card, "Topics")
    assert "✅ Korea" in picker.buttons
    picker, _, _ = await room.press(ANN, picker, "Economy")
    picker, _, _ = await room.press(ANN, picker, "Korea")
    assert "Chosen: Economy" in picker.text
    assert (await now_of(room.db, article.id)).topics == ("korea",)
    card, _, _ = await room.press(ANN, picker, "Save")
    assert "topics are changed" in card.text
    after = await now_of(room.db, article.id)
    assert (after.topics, after.version) == (("economy",), 2)


async def test_back_leaves_the_article_as_it_was(room: Newsroom) -> None:
    article = await _bring(room)
    (card,) = await room.say(ANN, f"/edit {article.id}")
    picker, _, _ = await room.press(ANN, card, "Topics")
    picker, _, _ = await room.press(ANN, picker, "Economy")
    card, _, _ = await room.press(ANN, picker, "Back")
    assert "Bridge opens" in card.text
    assert await now_of(room.db, article.id) == article


async def test_the_summary_is_made_of_the_sentences_that_were_named(room: Newsroom) -> None:
    article = await _bring(room)
    (said,) = await room.say(ANN, f"/edit {article.id} summary 5, 1")
    assert "40 million euros & a <few> nerves" in said.text
    after = await now_of(room.db, article.id)
    assert after.summary == ("The bridge opened on Monday.", "It cost 40 million euros & a <few> nerves.")


async def test_what_cannot_be_done_is_explained_and_changes_nothing(room: Newsroom) -> None:
    article = await _bring(room)
    for line in ("summary 9", "summary one", "headline " + "x" * 400, "topics +"):
        (said,) = await room.say(ANN, f"/edit {article.id} {line}")
        assert said.text
    assert await now_of(room.db, article.id) == article


async def test_the_summary_by_buttons(room: Newsroom) -> None:
    article = await _bring(room)
    (card,) = await room.say(ANN, f"/edit {article.id} summary")
    assert "✅ 1. The bridge opened on Monday." in card.text
    assert "5. It cost 40 million euros & a <few> nerves." in card.text
    for label in ("▫️ 3", "✅ 1"):
        card, _, _ = await room.press(ANN, card, label)
    card, _, _ = await room.press(ANN, card, "Save")
    assert (await now_of(room.db, article.id)).summary == ("The mayor cut a ribbon.",)
    card, _, _ = await room.press(ANN, card, "Summary")
    card, _, _ = await room.press(ANN, card, "Let Tidings choose")
    assert "summary is changed" in card.text


async def test_an_empty_choice_is_not_saved(room: Newsroom) -> None:
    article = await _bring(room)
    (card,) = await room.say(ANN, f"/edit {article.id} summary")
    card, _, _ = await room.press(ANN, card, "✅ 1")
    _, _, toast = await room.press(ANN, card, "Save")
    assert "at least one" in toast
    assert await now_of(room.db, article.id) == article


async def test_a_long_article_s_sentences_come_in_pages(room: Newsroom) -> None:
    body = [f"Sentence number {number} says something new & longer than it must be." for number in range(1, 41)]
    article = await bring(room.db, "Bridge opens", body=body)
    (page,) = await room.say(ANN, f"/edit {article.id} summary")
    assert "page 1 of 5" in page.text
    page, _, _ = await room.press(ANN, page, "▫️ 3")
    for _ in range(4):
        page, _, _ = await room.press(ANN, page, "More")
    page, _, _ = await room.press(ANN, page, "▫️ 40")
    assert "Chosen: 1, 3, 40" in page.text
    await room.press(ANN, page, "Save")
    assert (await now_of(room.db, article.id)).summary == (body[0], body[2], body[39])


async def test_a_new_headline_is_asked_for_and_taken_from_the_next_message(room: Newsroom) -> None:
    article = await _bring(room)
    (card,) = await room.say(ANN, f"/edit {article.id}")
    _, (question,), _ = await room.press(ANN, card, "Headline")
    assert "What is the new headline" in question.text
    (said,) = await room.say(ANN, "x" * 400)
    assert "Send another one" in said.text
    (said,) = await room.say(ANN, "Bridge <opens> & closes")
    assert "Bridge <opens> & closes" in said.text
    assert (await now_of(room.db, article.id)).headline == "Bridge <opens> & closes"
    (said,) = await room.say(ANN, "more words")
    assert "other words" in said.text


async def test_a_question_is_the_asked_person_s_alone_and_cancel_ends_it(room: Newsroom) -> None:
    article = await _bring(room)
    await room.say(ANN, f"/edit {article.id} headline")
    (said,) = await room.say(OWNER, "Some words")
    assert "other words" in said.text
    (said,) = await room.say(ANN, "/cancel")
    assert "Cancelled" in said.text
    (said,) = await room.say(ANN, "Some words")
    assert "other words" in said.text
    (said,) = await room.say(ANN, "/cancel")
    assert "nothing to cancel" in said.text
    assert await now_of(room.db, article.id) == article


async def test_in_a_group_the_headline_comes_as_an_answer(room: Newsroom) -> None:
    article = await _bring(room)
    (question,) = await room.say(ANN, f"/edit {article.id} headline", chat=GROUP)
    await room.say(ANN, "just talk", chat=GROUP)
    await room.say(ANN, "A new headline", chat=GROUP, reply_to=question.message_id)
    assert (await now_of(room.db, article.id)).headline == "A new headline"


async def test_a_late_answer_is_not_taken_for_a_headline(room: Newsroom) -> None:
    article = await _bring(room)
    async with room.db.begin() as tx:
        await prompts.ask(
            tx,
            bot_id=room.bot.id,
            chat_id=ANN,
            user_id=ANN,
            kind=desk_edit.HEADLINE,
            data={"article_id": article.id},
            expires_at=utc_now() - timedelta(minutes=1),
        )
    (said,) = await room.say(ANN, "good morning")
    assert "ten minutes" in said.text
    assert await now_of(room.db, article.id) == article
    (said,) = await room.say(ANN, "good morning")
    assert "other words" in said.text
