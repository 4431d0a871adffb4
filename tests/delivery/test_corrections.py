"""Corrections and kills against a real Bot API server; on both databases where rows decide."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from delivery import corrections as desk
from delivery.alerts import run_alerts
from delivery.corrections import Confirmed, confirm, run_corrections, standing
from delivery.fanout import run_fanout
from delivery.push import push
from storage import articles, corrections, replies
from storage.database import Database
from storage.records import Article, ArticleStatus, Correction, CorrectionKind, Mode, Topic
from storage.schema import chat, delivery_part
from tests.delivery.news import publish, reader, seed
from tests.delivery.worlds import BOT, World, world


class Desk:
    """A newsroom with readers of Korea, its pushes and its corrections."""

    def __init__(self, wire: World) -> None:
        self.wire = wire
        self.topics: dict[str, Topic] = {}

    async def open(self, readers: int, *headlines: str, mode: Mode = Mode.DIGEST, **options: Any) -> list[Article]:
        ids = self.wire.sandbox.world.bulk_chats(readers)
        self.wire.chat_ids += ids
        now = datetime.now(UTC)
        async with self.wire.db.begin() as tx:
            self.topics = await seed(tx)
            for chat_id in ids:
                await reader(tx, chat_id, {"korea": mode}, since=now)
            return [
                await publish(tx, headline, "korea", now - timedelta(minutes=number), **options)
                for number, headline in enumerate(headlines, 1)
            ]

    async def push(self) -> None:
        await push(self.wire.db, bot_id=BOT, topic=self.topics["korea"], requested_by=1, now=datetime.now(UTC))

    async def alert(self) -> None:
        await run_alerts(self.wire.db, bot_id=BOT, now=datetime.now(UTC))
        await self.spread()

    async def draft(self, article: Article, kind: CorrectionKind, note: str = "", **words: str) -> int:
        now = datetime.now(UTC)
        async with self.wire.db.begin() as tx:
            return await corrections.draft(
                tx, bot_id=BOT, article_id=article.id, kind=kind, note=note, by=1, now=now, **words
            )

    async def confirm(self, article: Article, kind: CorrectionKind, note: str = "", **words: str) -> Correction:
        draft_id = await self.draft(article, kind, note, **words)
        done = await confirm(self.wire.db, draft_id=draft_id, article_id=article.id, now=datetime.now(UTC))
        assert done.correction is not None
        return done.correction

    async def kill(self, article: Article, note: str = "") -> Correction:
        return await self.confirm(article, CorrectionKind.KILL, note)

    async def correct(self, article: Article, note: str, **words: str) -> Correction:
        return await self.confirm(article, CorrectionKind.CORRECTION, note, **words)

    async def spread(self) -> None:
        while await run_corrections(self.wire.db, bot_id=BOT, now=datetime.now(UTC)):
            pass
        while await run_fanout(self.wire.db, bot_id=BOT, now=datetime.now(UTC)):
            pass

    async def carry_out(self) -> None:
        await self.spread()
        await self.wire.send()
        await run_corrections(self.wire.db, bot_id=BOT, now=datetime.now(UTC))

    async def standing(self, item: Correction) -> desk.Standing:
        async with self.wire.db.read() as tx:
            found = await corrections.get(tx, item.id)
            assert found is not None
            return await standing(tx, found)

    def calls(self, method: str) -> list[Any]:
        return [row for row in self.wire.sandbox.ledger.rows if row.method == method]

    def shown(self) -> list[str]:
        """What each reader's chat holds now, as plain text."""
        world = self.wire.sandbox.world
        return [
            "\n".join(str(message.payload.get("text", "")) for message in world.chats[chat_id].messages.values())
            for chat_id in self.wire.chat_ids
        ]


@pytest.fixture
async def newsroom(sqlite_url: str) -> AsyncIterator[Desk]:
    db = Database(sqlite_url)
    async with world(db) as made:
        yield Desk(made)
    await db.dispose()


@pytest.fixture
def anywhere(wire: World) -> Desk:
    """On each database."""
    return Desk(wire)


async def test_a_correction_reaches_every_copy(anywhere: Desk) -> None:
    first, _ = await anywhere.open(4, "Ferry sinks with 21 aboard", "Another story")
    await anywhere.push()
    await anywhere.wire.send()
    item = await anywhere.correct(first, "12 people were aboard, not 21.", wrong="21", right="12")
    await anywhere.carry_out()
    for text in anywhere.shown():
        assert "Ferry sinks with 12 aboard" in text
        assert "CORRECTION: 12 people were aboard, not 21." in text
        assert "Another story" in text
        assert "with 21" not in text
    assert len(anywhere.calls("editMessageText")) == 4
    how = await anywhere.standing(item)
    assert (how.total, how.done, how.over, how.correction.done) == (4, 4, True, True)
    async with anywhere.wire.db.read() as tx:
        now = await articles.get(tx, first.id)
    assert now is not None
    assert (now.headline, now.version, now.status) == ("Ferry sinks with 12 aboard", 2, ArticleStatus.USABLE)


async def test_a_kill_deletes_what_holds_nothing_else(newsroom: Desk) -> None:
    [only] = await newsroom.open(3, "Minister resigns", mode=Mode.INSTANT)
    await newsroom.alert()
    await newsroom.wire.send()
    assert all("Minister resigns" in text for text in newsroom.shown())
    await newsroom.kill(only)
    await newsroom.carry_out()
    assert newsroom.shown() == ["", "", ""]
    async with newsroom.wire.db.read() as tx:
        assert await articles.latest(tx, limit=5) == []


async def test_a_kill_leaves_the_other_stories_of_a_message(newsroom: Desk) -> None:
    killed, _ = await newsroom.open(2, "Minister resigns", "Another story")
    await newsroom.push()
    await newsroom.wire.send()
    await newsroom.kill(killed, "The minister did not resign.")
    await newsroom.carry_out()
    for text in newsroom.shown():
        assert "1. KILLED: The minister did not resign." in text
        assert "Another story" in text
        assert "Minister resigns" not in text
    row = newsroom.calls("editMessageText")[0]
    assert f"read:{killed.id}" not in str(row.params["reply_markup"])


async def test_what_is_too_old_to_delete_says_killed(newsroom: Desk) -> None:
    [only] = await newsroom.open(2, "Minister resigns")
    await newsroom.push()
    await newsroom.wire.send()
    async with newsroom.wire.db.begin() as tx:
        await tx.execute(update(delivery_part).values(at=datetime.now(UTC) - timedelta(hours=48)))
    await newsroom.kill(only)
    await newsroom.carry_out()
    assert newsroom.calls("deleteMessage") == []
    assert all(re.fullmatch(r"KILLED: This story has been withdrawn\..*", text) for text in newsroom.shown())


async def test_what_telegram_does_not_delete_says_killed(newsroom: Desk) -> None:
    """Our clock may differ, and in channels rights do."""
    [only] = await newsroom.open(1, "Minister resigns")
    await newsroom.push()
    await newsroom.wire.send()
    for stored in newsroom.wire.sandbox.world.chats[newsroom.wire.chat_ids[0]].messages.values():
        stored.payload["date"] -= 49 * 3600
    await newsroom.kill(only)
    await newsroom.carry_out()
    assert newsroom.shown()[0].startswith("KILLED: ")


async def test_queued_copies_change_before_they_leave(newsroom: Desk) -> None:
    killed, _ = await newsroom.open(3, "Minister resigns", "Another story")
    await newsroom.push()
    await newsroom.kill(killed)
    await newsroom.carry_out()
    assert len(newsroom.calls("sendMessage")) == 3
    assert newsroom.calls("editMessageText") == []
    assert all("KILLED: " in text and "Minister" not in text for text in newsroom.shown())


async def test_a_killed_story_on_its_own_never_leaves(anywhere: Desk) -> None:
    [only] = await anywhere.open(3, "Minister resigns")
    await anywhere.push()
    await anywhere.kill(only)
    await anywhere.carry_out()
    assert anywhere.calls("sendMessage") == []
    assert await anywhere.wire.states() == [("dropped", desk.WITHDRAWN)] * 3


async def test_a_copy_in_flight_changes_when_it_returns(anywhere: Desk) -> None:
    [only] = await anywhere.open(2, "Minister resigns")
    anywhere.wire.fault("slow", method="sendMessage", times=2, seconds=0.5)
    await anywhere.push()
    async with anywhere.wire.sending() as sender:
        await anywhere.wire.until(lambda: len(anywhere.calls("sendMessage")) == 2)
        await anywhere.kill(only)
        await anywhere.spread()
        sender.wake()
        await anywhere.wire.settled()
    assert anywhere.shown() == ["", ""]
    assert len(anywhere.calls("deleteMessage")) == 2


async def test_only_the_message_with_the_article_is_edited(newsroom: Desk) -> None:
    long = ("A sentence that takes some room. " * 30,)
    found = await newsroom.open(2, *(f"Story {number}" for number in range(9)), summary=long)
    await newsroom.push()
    await newsroom.wire.send()
    assert len(newsroom.calls("sendMessage")) == 6
    await newsroom.correct(found[4], "It was the fifth story.")
    await newsroom.carry_out()
    edits = newsroom.calls("editMessageText")
    assert len(edits) == 2
    assert all("Story 4" in row.params["text"] and row.ok for row in edits)


ENDS = {
    "deleted": "",
    "not modified": "",
    "blocked": "the reader blocked the bot (Forbidden: bot was blocked by the user)",
}


@pytest.mark.parametrize("end", ENDS)
async def test_what_can_not_or_need_not_be_changed_counts_as_done(newsroom: Desk, end: str) -> None:
    first, _ = await newsroom.open(2, "Ferry sinks", "Another story")
    await newsroom.push()
    await newsroom.wire.send()
    gone = newsroom.wire.chat_ids[0]
    if end == "deleted":
        newsroom.wire.sandbox.world.chats[gone].messages.clear()
    elif end == "blocked":
        newsroom.wire.fault("blocked", chat_id=gone, times=0)
    item = await newsroom.correct(first, "It did not sink.")
    if end == "not modified":
        await newsroom.spread()
        newsroom.wire.fault("drop_after", method="editMessageText", chat_id=gone)
    await newsroom.carry_out()
    how = await newsroom.standing(item)
    assert (how.done, how.over) == (2, True)
    assert [reason for reason, _ in how.reasons] == ([ENDS[end]] if ENDS[end] else [])
    assert "It did not sink." in newsroom.shown()[1]


async def test_who_said_stop_has_the_copy_corrected_all_the_same(newsroom: Desk) -> None:
    first, _ = await newsroom.open(1, "Ferry sinks", "Another story")
    await newsroom.push()
    await newsroom.wire.send()
    async with newsroom.wire.db.begin() as tx:
        await tx.execute(update(chat).values(state="stopped"))
    await newsroom.correct(first, "It did not sink.")
    await newsroom.carry_out()
    assert "It did not sink." in newsroom.shown()[0]


async def test_a_draft_is_carried_out_once(anywhere: Desk) -> None:
    [only] = await anywhere.open(1, "Minister resigns")
    await anywhere.push()
    await anywhere.wire.send()
    mine, theirs = [await anywhere.draft(only, CorrectionKind.KILL) for _ in range(2)]
    told: list[Confirmed] = [
        await confirm(anywhere.wire.db, draft_id=draft_id, article_id=only.id, now=datetime.now(UTC))
        for draft_id in (mine, mine, theirs)
    ]
    assert [item.correction is None for item in told] == [False, True, True]
    assert [len(item.before) for item in told[1:]] == [1, 1]
    await anywhere.carry_out()
    assert len(anywhere.calls("deleteMessage")) == 1


async def test_a_second_correction_brings_what_the_first_left_open(anywhere: Desk) -> None:
    first, _ = await anywhere.open(2, "Ferry sinks with 21", "Another story")
    await anywhere.push()
    await anywhere.wire.send()
    items = [await anywhere.correct(first, "It was 12.", wrong="21", right="12")]
    await anywhere.spread()
    items.append(await anywhere.correct(first, "It was 13.", wrong="12", right="13"))
    await anywhere.carry_out()
    assert len(anywhere.calls("editMessageText")) == 2
    for text in anywhere.shown():
        assert "Ferry sinks with 13" in text
        assert text.index("CORRECTION: It was 12.") < text.index("CORRECTION: It was 13.")
    assert [(await anywhere.standing(item)).correction.done for item in items] == [True, True]


async def test_what_is_composed_afterwards_needs_no_correction(newsroom: Desk) -> None:
    first, _ = await newsroom.open(1, "Ferry sinks with 21", "Another story")
    await newsroom.correct(first, "It was 12.", wrong="21", right="12")
    await newsroom.push()
    await newsroom.carry_out()
    [text] = newsroom.shown()
    assert "Ferry sinks with 12" in text
    assert "CORRECTION" not in text


async def test_words_that_are_not_in_the_article_are_refused(newsroom: Desk) -> None:
    [only] = await newsroom.open(1, "Ferry sinks")
    draft_id = await newsroom.draft(only, CorrectionKind.CORRECTION, "note", wrong="nowhere", right="x")
    with pytest.raises(desk.NotCorrectableError, match="nowhere"):
        await confirm(newsroom.wire.db, draft_id=draft_id, article_id=only.id, now=datetime.now(UTC))


async def test_replies_are_corrected_and_an_editors_own_views_are_not(anywhere: Desk) -> None:
    first, other = await anywhere.open(2, "Ferry sinks with 21", "Another story")
    reader_chat, editor_chat = anywhere.wire.chat_ids
    now = datetime.now(UTC)
    for chat_id, held, is_desk in (
        (reader_chat, (other.id, first.id), False),
        (reader_chat, (first.id,), False),
        (editor_chat, (first.id,), True),
    ):
        sent = await anywhere.wire.bot.send_message(chat_id, "/latest: Ferry sinks with 21")
        async with anywhere.wire.db.begin() as tx:
            await replies.record(
                tx,
                bot_id=BOT,
                chat_id=chat_id,
                message_id=sent.message_id,
                article_ids=held,
                now=now,
                desk=is_desk,
            )
    item = await anywhere.correct(first, "It was 12.", wrong="21", right="12")
    await anywhere.carry_out()
    theirs, editors = anywhere.shown()
    assert theirs.count("CORRECTION: It was 12.") == 2
    assert theirs.index("1. Another story") < theirs.index("2. Ferry sinks with 12")
    assert editors == "/latest: Ferry sinks with 21"
    await anywhere.kill(first)
    await anywhere.carry_out()
    [theirs, _] = anywhere.shown()
    assert theirs.count("KILLED: ") == 1
    assert len(anywhere.calls("deleteMessage")) == 1
    assert (await anywhere.standing(item)).correction.done
