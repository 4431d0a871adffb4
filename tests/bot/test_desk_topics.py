"""/topicadmin over the sandbox: seeing, changing, trying and making."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ask import utc_now
from bot.commands import desk
from bot.commands.desk_intake import DeskIntake
from bot.progress import tell_progress
from bot.router import Router
from bot.speak import Speaker
from ingest.desk import Desk
from ingest.retag import Retagger
from ingest.run import Ingest
from storage import retags, topic_changes, topics
from storage.database import Database
from storage.records import Topic
from tests.bot.desk_rig import ANN, BEN, GROUP, OWNER, READER, Newsroom, Said, bring, newsroom, now_of

PYONGYANG = "Pyongyang <opens> harbour"
ARABIC = "بيونغ يانغ تفتح الميناء Pyongyang"


@pytest.fixture
async def room(desk_db: Database) -> AsyncIterator[Newsroom]:
    async with newsroom(desk_db, desk.registry(DeskIntake(Ingest(Desk(desk_db))))) as made:
        yield made


async def topic(room: Newsroom, slug: str) -> Topic:
    async with room.db.read() as tx:
        found = await topics.get_by_slug(tx, slug)
    assert found is not None
    return found


async def strong(room: Newsroom, slug: str = "korea") -> tuple[str, ...]:
    return (await topic(room, slug)).rule.strong


async def tag(room: Newsroom) -> None:
    worker = Retagger(room.db, clock=utc_now, rest=0.0)
    while await worker.work():
        pass


async def tell(room: Newsroom) -> None:
    me = room.router._me
    await tell_progress(room.db, Speaker(room.db, room.bot, me), bot_id=me.bot_id, now=utc_now())


async def test_the_list_and_a_topic_on_a_phone(room: Newsroom) -> None:
    (listed,) = await room.say(ANN, "/topicadmin")
    assert "4 topics" in listed.text
    assert list(listed.buttons)[:3] == ["Asia", "· China", "· Korea"]
    card, _, _ = await room.press(ANN, listed, "Korea")
    assert "Korea (korea), below Asia" in card.text
    assert "Korea, Seoul" in card.text
    assert "한국" in card.text
    assert "0 follow it" in card.text
    back, _, _ = await room.press(ANN, card, "All topics")
    assert back.text == listed.text


async def test_a_rule_is_tried_first_and_made_by_a_button(room: Newsroom) -> None:
    gain = await bring(room.db, PYONGYANG)
    arabic = await bring(room.db, ARABIC)
    lost = await bring(room.db, "Seoul opens a bridge", slugs=["korea"])
    (tried,) = await room.say(ANN, "/topicadmin korea strong +Pyongyang, -Seoul")
    assert "not changed yet" in tried.text
    assert "strong: + Pyongyang, − Seoul" in tried.text
    assert "all 3 articles" in tried.text
    assert "2 would come in" in tried.text
    assert f"{PYONGYANG} (No. {gain.id})" in tried.text
    assert f"\u2068{ARABIC}\u2069" in tried.text
    assert "1 would go out" in tried.text
    assert await strong(room) == ("Korea", "Seoul")
    made, _, _ = await room.press(ANN, tried, "Make the change")
    assert "Korea is changed" in made.text
    assert await strong(room) == ("Korea", "Pyongyang")
    await tag(room)
    assert [(await now_of(room.db, one.id)).topics for one in (gain, arabic, lost)] == [("korea",), ("korea",), ()]
    await tell(room)
    told = next(said for said in await room.said(ANN) if said.message_id == made.message_id)
    assert "3 articles" in told.text
    assert "2 filed, ➖ 1 taken out" in told.text
    (card,) = await room.say(ANN, "/topicadmin korea")
    assert "by Ann <b>: strong: + Pyongyang, − Seoul" in card.text


async def test_a_change_is_left_alone_or_made_once(room: Newsroom) -> None:
    (tried,) = await room.say(ANN, "/topicadmin korea strong +Busan")
    card, _, _ = await room.press(ANN, tried, "Leave it")
    assert "Busan" not in card.text
    make = tried.data("Make the change")
    await room.press_data(ANN, tried, make)
    again, _, _ = await room.press_data(OWNER, (await room.say(OWNER, "/topicadmin"))[0], make)
    assert "was changed before" in again.text
    assert await strong(room) == ("Korea", "Seoul", "Busan")


async def test_of_two_editors_the_second_is_told(room: Newsroom) -> None:
    (mine,) = await room.say(ANN, "/topicadmin korea strong +Busan")
    (yours,) = await room.say(OWNER, "/topicadmin korea strong +Incheon")
    await room.press(ANN, mine, "Make the change")
    told, _, _ = await room.press(OWNER, yours, "Make the change")
    assert "Somebody changed this topic meanwhile" in told.text
    assert await strong(room) == ("Korea", "Seoul", "Busan")


async def test_a_field_is_asked_for_and_a_wrong_answer_loses_nothing(room: Newsroom) -> None:
    (card,) = await room.say(ANN, "/topicadmin korea")
    _, (question,), _ = await room.press(ANN, card, "Never")
    assert "Send never of Korea" in question.text
    (wrong,) = await room.say(ANN, "Korea, x")
    assert "Nothing is changed" in wrong.text
    assert "“x” is too short" in wrong.text
    (tried,) = await room.say(ANN, "Seoul Street\n평양냉면")
    assert "never: + Seoul Street, + 평양냉면" in tried.text
    (plain,) = await room.say(ANN, "korea")  # the question is answered: this is a topic's name again
    assert "not changed" not in plain.text


async def test_names_and_parents_change_at_once(room: Newsroom) -> None:
    (card,) = await room.say(ANN, "/topicadmin korea aliases +Corea")
    assert "Readers can type it" in card.text
    (found,) = await room.say(READER, "/topic corea")
    assert "Korea" in found.text
    tried, _, _ = await room.press(ANN, card, "File articles by it too")
    assert "strong: + Corea" in tried.text
    (refused,) = await room.say(ANN, "/topicadmin korea aliases +china")
    assert "a name of the topic china already" in refused.text
    (card,) = await room.say(ANN, "/topicadmin korea parent none")
    assert "below Asia" not in card.text
    (refused,) = await room.say(ANN, "/topicadmin asia parent asia")
    assert "another parent" in refused.text
    (card,) = await room.say(ANN, "/topicadmin korea name The Koreas")
    assert "The Koreas (korea)" in card.text
    (audit,) = await room.say(ANN, "/audit")
    assert "changed the topic The Koreas: name: Korea → The Koreas" in audit.text
    async with room.db.read() as tx:
        assert await retags.latest(tx) is None


async def test_a_new_topic_begins_empty(room: Newsroom) -> None:
    (listed,) = await room.say(ANN, "/topicadmin")
    _, (question,), _ = await room.press(ANN, listed, "New topic")
    assert "name of the new topic" in question.text
    (wrong,) = await room.say(ANN, "우주")
    assert "short name of Latin letters" in wrong.text
    (card,) = await room.say(ANN, "space: 우주")
    assert "우주 (space)" in card.text
    article = await bring(room.db, "A rocket rises")
    (tried,) = await room.say(ANN, "/topicadmin space strong rocket")
    assert "1 would come in" in tried.text
    await room.press(ANN, tried, "Make the change")
    await tag(room)
    assert (await now_of(room.db, article.id)).topics == ("space",)
    (known,) = await room.say(READER, "/topic space")
    assert "우주" in known.text


async def test_a_topic_is_retired_and_brought_back(room: Newsroom) -> None:
    article = await bring(room.db, "Seoul opens a bridge", slugs=["korea"])
    await room.say(READER, "/subscribe korea")
    (card,) = await room.say(ANN, "/topicadmin asia")
    _, _, toast = await room.press(ANN, card, "Retire")
    assert "Korea" in toast  # it would lose its parent
    (card,) = await room.say(ANN, "/topicadmin korea")
    tried, _, _ = await room.press(ANN, card, "Retire")
    assert "retired" in tried.text
    assert "1 would go out" in tried.text
    assert "1 follow it" in tried.text
    await room.press(ANN, tried, "Make the change")
    await tag(room)
    assert (await now_of(room.db, article.id)).topics == ()
    (mine,) = await room.say(READER, "/subscriptions")
    assert "Korea" not in mine.text
    (taken,) = await room.say(ANN, "/topicadmin new Korea")
    assert "It is retired" in taken.text
    (gone,) = await room.say(ANN, "/topicadmin retired")
    card, _, _ = await room.press(ANN, gone, "Korea")
    tried, _, _ = await room.press(ANN, card, "Bring it back")
    await room.press(ANN, tried, "Make the change")
    await tag(room)
    assert (await now_of(room.db, article.id)).topics == ("korea",)
    (mine,) = await room.say(READER, "/subscriptions")
    assert "Korea" in mine.text


async def test_the_archive_is_tagged_again_by_hand(room: Newsroom) -> None:
    article = await bring(room.db, "Seoul opens a bridge")
    (listed,) = await room.say(ANN, "/topicadmin")
    asked, _, _ = await room.press(ANN, listed, "Tag the archive again")
    begun, _, _ = await room.press(ANN, asked, "Yes")
    assert "it begins" in begun.text
    for command in ("/topicadmin", "/topicadmin korea", "/status"):
        (told,) = await room.say(ANN, command)
        assert "is tagged again" in told.text
    await tag(room)
    assert (await now_of(room.db, article.id)).topics == ("korea",)


async def test_long_lists_are_shortened_and_shown_in_full(room: Newsroom) -> None:
    words = [f"a long term {n}" for n in range(600)]
    async with room.db.begin() as tx:
        before = await topics.get_by_slug(tx, "korea")
        assert before is not None
        after = replace(before, rule=replace(before.rule, strong=tuple(words)))
        drafted = await topic_changes.draft(tx, before, after, bot_id=None, by=None, now=utc_now())
        await topic_changes.make(tx, drafted, by=None, now=utc_now())
    (card,) = await room.say(ANN, "/topicadmin korea")
    assert "and 5" in card.text
    assert "on the command line" in card.text
    _, shown, _ = await room.press(ANN, card, "All terms")
    assert len(shown) > 1
    assert "a long term 599" in "".join(one.text for one in shown)


@pytest.mark.parametrize("user", [READER, BEN])
async def test_only_editors_change_topics(room: Newsroom, user: int) -> None:
    (tried,) = await room.say(ANN, "/topicadmin korea strong +Busan")
    (refused,) = await room.say(user, "/topicadmin korea strong +Incheon")
    assert "not changed" not in refused.text
    elsewhere = Said(refused.message_id, refused.text, {})
    for data in (tried.data("Make the change"), "d-tp:2", "d-tpr:yes", "d-tpq:2"):
        await room.press_data(user, elsewhere, data)
    assert await strong(room) == ("Korea", "Seoul")
    async with room.db.read() as tx:
        assert await retags.latest(tx) is None


async def test_topics_are_nobody_elses_business(room: Newsroom) -> None:
    (told,) = await room.say(ANN, "/topicadmin", chat=GROUP)
    assert "private chat" in told.text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/topicadmin nowhere", "no topic"),
        ("/topicadmin korea strong Seoul", "It was so already"),
        ("/topicadmin korea strong -Oslo", "not there"),
        ("/topicadmin korea strong", "Send strong of Korea"),
        ("/topicadmin korea parent", "wider topic"),
        ("/topicadmin korea name", "new name"),
        ("/topicadmin retired", "No topic is retired"),
        ("/topicadmin new", "name of the new topic"),
    ],
)
async def test_whatever_is_typed_is_answered(room: Newsroom, text: str, says: str) -> None:
    (told,) = await room.say(ANN, text)
    assert says in told.text


@pytest.mark.parametrize(
    "data", ["d-tp:x", "d-tp:99", "d-tpl:99", "d-tpf:2:colour", "d-tpf:99:name", "d-tpa:99", "d-tpy:99", "d-tpq:99"]
)
async def test_forged_buttons_change_nothing(room: Newsroom, data: str) -> None:
    (listed,) = await room.say(ANN, "/topicadmin")
    await room.press_data(ANN, listed, data)
    assert len(await room.said(ANN)) == 1


async def test_a_late_answer_is_none(room: Newsroom) -> None:
    await room.say(ANN, "/topicadmin korea strong")
    room.router = _an_hour_later(room)
    (told,) = await room.say(ANN, "Busan")
    assert "I waited ten minutes" in told.text
    assert await strong(room) == ("Korea", "Seoul")


def _an_hour_later(room: Newsroom) -> Router:
    registry = desk.registry(DeskIntake(Ingest(Desk(room.db))))
    me = room.router._me
    return Router(room.db, room.bot, me, registry, clock=lambda: utc_now() + timedelta(hours=1))
