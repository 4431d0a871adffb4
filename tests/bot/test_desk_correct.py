"""Correcting, killing and sending as urgent, as editors do it, with the sandbox for Telegram."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import update

from bot.ask import Identity, utc_now
from bot.commands import desk_add, desk_correct, desk_status, desk_urgent
from bot.commands.build import build
from bot.progress import tell_progress
from bot.speak import Speaker
from delivery.alerts import run_alerts
from delivery.corrections import run_corrections
from delivery.fanout import run_fanout
from delivery.send import Sender
from storage import chats, progress, subscriptions, topics
from storage.database import Database
from storage.records import Article, ArticleStatus, ChatKind, Mode
from storage.schema import article as article_table
from tests.bot.desk_rig import ANN, BEN, OWNER, READER, Newsroom, Said, bring, newsroom, now_of
from tests.delivery.worlds import quick

LEAVE = tuple(press for press in desk_add.presses(desk_add.Adding(None)) if press.prefix == "d-leave")  # type: ignore[arg-type]


@pytest.fixture
async def room(desk_db: Database) -> AsyncIterator[Newsroom]:
    rooms = (desk_correct, desk_urgent, desk_status)
    registry = build(
        [command for room in rooms for command in room.COMMANDS],
        [*(press for room in rooms for press in room.PRESSES), *LEAVE],
        desk_correct.ANSWERS,
    )
    async with newsroom(desk_db, registry) as made:
        yield made


async def published(room: Newsroom, headline: str = "Ferry sinks with 21 aboard", *, alert: bool = True) -> Article:
    """An article that the reader follows instantly, and has."""
    now = utc_now()
    async with room.db.begin() as tx:
        topic = next(item for item in await topics.all_topics(tx) if item.slug == "korea")
        kind: dict[str, Any] = {"kind": ChatKind.PRIVATE, "title": "Rita", "username": None, "language": "en"}
        await chats.remember(tx, bot_id=room.bot.id, chat_id=READER, now=now, **kind)
        place = await chats.destination(tx, room.bot.id, READER)
        await subscriptions.set_mode(tx, place.id, topic.id, Mode.INSTANT if alert else Mode.DIGEST, now)
    article = await bring(room.db, headline, status=ArticleStatus.USABLE, slugs=["korea"])
    await deliver(room)
    return article


async def deliver(room: Newsroom) -> None:
    """All ticks, and a sender until nothing is left."""
    sender, stop = Sender(room.db, room.bot, quick(), bot_id=room.bot.id), asyncio.Event()
    work = asyncio.create_task(sender.run(stop))
    for _ in range(2):
        await run_alerts(room.db, bot_id=room.bot.id, now=utc_now())
        await run_corrections(room.db, bot_id=room.bot.id, now=utc_now())
        await run_fanout(room.db, bot_id=room.bot.id, now=utc_now())
        sender.wake()
        while await _open(room):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.02)
    stop.set()
    await work
    await tell(room)


async def tell(room: Newsroom) -> None:
    speaker = Speaker(room.db, room.bot, Identity(room.bot.id, room.bot.username))
    await tell_progress(room.db, speaker, bot_id=room.bot.id, now=utc_now())


async def _open(room: Newsroom) -> bool:
    async with room.db.read() as tx:
        found = await tx.exec_driver_sql("SELECT 1 FROM delivery WHERE state IN ('queued', 'sending') LIMIT 1")
        return found.first() is not None


async def texts(room: Newsroom, chat: int = READER) -> list[str]:
    return [said.text for said in await room.said(chat)]


async def as_it_is(room: Newsroom, said: Said) -> Said:
    return next(item for item in await room.said(ANN) if item.message_id == said.message_id)


async def test_a_correction_is_shown_confirmed_and_followed_to_its_end(room: Newsroom) -> None:
    article = await published(room)
    assert "Ferry sinks with 21 aboard" in (await texts(room))[0]
    (sure,) = await room.say(ANN, f"/correct {article.id} 21 aboard -> 12 aboard")
    assert "It reaches 1 copy, a moment" in sure.text
    assert "CORRECTION: It is “12 aboard”, not “21 aboard”." in sure.text
    assert "Ferry sinks with 12 aboard" in sure.text
    assert (await now_of(room.db, article.id)).version == 1
    begun, _, _ = await room.press(ANN, sure, "Correct it")
    assert begun.message_id == sure.message_id
    await deliver(room)
    assert "Correction of No. 1 is done: 1 copy corrected." in (await as_it_is(room, sure)).text
    [text] = await texts(room)
    assert "Ferry sinks with 12 aboard" in text
    assert "CORRECTION: It is “12 aboard”, not “21 aboard”." in text
    async with room.db.read() as tx:
        assert await progress.followers(tx, room.bot.id) == []
    (status,) = await room.say(ANN, f"/status {article.id}")
    assert "Correction of No. 1 is done" in status.text


async def test_a_kill_asks_first_and_is_done_once(room: Newsroom) -> None:
    article = await published(room)
    (mine,) = await room.say(ANN, f"/kill {article.id}")
    (theirs,) = await room.say(OWNER, f"/kill {article.id} It did not happen.")
    assert "Kill No. 1?" in mine.text
    assert "KILLED: It did not happen." in theirs.text
    no, _, _ = await room.press(OWNER, theirs, "No")
    assert "leave it" in no.text
    assert (await now_of(room.db, article.id)).status is ArticleStatus.USABLE
    await room.press(ANN, mine, "Kill it")
    again, _, toast = await room.press_data(ANN, mine, mine.data("Kill it"))
    assert "That was by Ann <b>" in again.text
    assert "already" in toast
    late, _, _ = await room.press_data(OWNER, theirs, theirs.data("Kill it"))
    assert "That was by Ann <b>" in late.text
    await deliver(room)
    assert await texts(room) == []
    assert (await now_of(room.db, article.id)).status is ArticleStatus.CANCELED
    (said,) = await room.say(OWNER, f"/kill {article.id}")
    assert "is killed already. That was by Ann <b>" in said.text
    assert "1 copy withdrawn" in said.text


async def test_what_a_reader_asked_for_is_killed_too(room: Newsroom) -> None:
    article = await published(room)
    await room.say(READER, "/latest")
    await room.say(ANN, "/latest")
    (card,) = await room.say(ANN, f"/status {article.id}")
    (sure,) = await room.say(ANN, f"/kill {article.id}")
    assert "It reaches 3 copies" in sure.text
    await room.press(ANN, sure, "Kill it")
    await deliver(room)
    assert not any("Ferry" in text for text in await texts(room))
    assert "Ferry" in (await as_it_is(room, card)).text  # what the desk looks at stays
    (said,) = await room.say(READER, "/latest")
    assert "Ferry" not in said.text


async def test_without_words_the_correction_is_asked_for(room: Newsroom) -> None:
    article = await published(room)
    (asked,) = await room.say(ANN, f"/correct {article.id}")
    assert "What was wrong in No. 1" in asked.text
    (sure,) = await room.say(ANN, "21 → 12\nThe coast guard corrected its figure.")
    assert "CORRECTION: The coast guard corrected its figure." in sure.text
    assert "Ferry sinks with 12 aboard" in sure.text


REFUSED = {
    "words that are not there": ("/correct 1 nowhere -> x", "“nowhere” is not in the article"),
    "no headline left": ("/correct 1 Ferry sinks with 21 aboard ->", "leave no headline"),
    "too long": (f"/correct 1 {'x' * 501}", "501 characters"),
    "too long for a kill": (f"/kill 1 {'x' * 501}", "501 characters"),
    "no such article": ("/kill 77", "There is no article 77"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_can_not_be_done_is_said(room: Newsroom, case: str) -> None:
    await published(room)
    typed, said = REFUSED[case]
    (reply,) = await room.say(ANN, typed)
    assert said in reply.text
    assert not any(data.startswith("d-do") for data in reply.buttons.values())


async def test_only_what_readers_have_is_corrected(room: Newsroom) -> None:
    article = await bring(room.db, "Not yet")
    for command in ("correct", "kill", "urgent"):
        (said,) = await room.say(ANN, f"/{command} {article.id}")
        assert "waits for an editor" in said.text
    (said,) = await room.say(BEN, f"/kill {article.id}")
    assert "needs the role of an editor" in said.text


LINES = {
    "a note": ("The fire was in Mokpo.", ("", "", "The fire was in Mokpo.")),
    "words": ("21 people -> 12 people", ("21 people", "12 people", "It is “12 people”, not “21 people”.")),
    "quoted": ("“21 people” → “12 people”", ("21 people", "12 people", "It is “12 people”, not “21 people”.")),
    "words and a note below": ("21 => 12\nThe figure\nwas wrong.", ("21", "12", "The figure was wrong.")),
    "words and a note behind": ("21 -> 12 | The figure was wrong.", ("21", "12", "The figure was wrong.")),
    "taken out": ("drunk ->", ("drunk", "", "The words “drunk” were wrong and are taken out.")),
}


@pytest.mark.parametrize("case", LINES)
def test_a_correction_is_read_as_it_is_typed(case: str) -> None:
    typed, (wrong, right, note) = LINES[case]
    assert desk_correct.line(typed) == desk_correct.Line(wrong, right, note)


async def test_urgent_reaches_those_who_follow_by_digest_once(room: Newsroom) -> None:
    article = await published(room, alert=False)
    assert await texts(room) == []
    (sure,) = await room.say(ANN, f"/urgent {article.id}")
    assert "to everybody who follows Korea" in sure.text
    sent, _, _ = await room.press(ANN, sure, "Send now")
    assert "on its way to 1 chat" in sent.text
    again, _, _ = await room.press_data(ANN, sure, sure.data("Send now"))
    assert "went out as urgent at" in again.text
    await deliver(room)
    [text] = await texts(room)
    assert text.startswith("URGENT\n\nFerry sinks with 21 aboard")
    (said,) = await room.say(OWNER, f"/urgent {article.id}")
    assert "1 sent" in said.text


async def test_urgent_says_that_the_photo_goes_with_it(room: Newsroom) -> None:
    item = await published(room, alert=False)
    async with room.db.begin() as tx:
        await tx.execute(update(article_table).values(photo_url="https://example.com/ferry.jpg"))
    (sure,) = await room.say(ANN, f"/urgent {item.id}")
    assert "also by digest, with its photo?" in sure.text


async def test_urgent_does_not_double_an_alert(room: Newsroom) -> None:
    article = await published(room)
    (sure,) = await room.say(ANN, f"/urgent {article.id}")
    sent, _, _ = await room.press(ANN, sure, "Send now")
    assert "Nobody else follows its topics" in sent.text
    assert len(await texts(room)) == 1


async def test_a_long_push_tells_how_it_goes(room: Newsroom) -> None:
    article = await published(room, alert=False)
    (sure,) = await room.say(ANN, f"/urgent {article.id}")
    await room.press(ANN, sure, "Send now")
    await tell(room)
    assert "⏳ 1 waiting" in (await as_it_is(room, sure)).text
    await deliver(room)
    done = await as_it_is(room, sure)
    assert "Alert is out: 1 of 1 chat have it." in done.text
