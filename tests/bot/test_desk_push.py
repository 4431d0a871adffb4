"""Pushing, and how deliveries go, on the sandbox and on both databases."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from bot.ask import Terms, utc_now
from bot.commands import desk_add, desk_correct, desk_push, desk_queue, desk_status, desk_urgent
from bot.commands.build import build
from bot.delivery_words import duration
from bot.registry import Registry
from storage import chats, subscriptions, topics
from storage.database import Database
from storage.records import ArticleStatus, ChatKind, Mode
from storage.schema import delivery
from tests.bot.desk_rig import ANN, BEN, READER, Newsroom, bring, newsroom

LEAVE = tuple(press for press in desk_add.presses(desk_add.Adding(None)) if press.prefix == "d-leave")  # type: ignore[arg-type]


def _registry() -> Registry:
    rooms = (desk_push, desk_status, desk_queue, desk_urgent, desk_correct)
    return build(
        [command for room in rooms for command in room.COMMANDS],
        [*(press for room in rooms for press in room.PRESSES), *LEAVE],
    )


@pytest.fixture
async def room(db: Database) -> AsyncIterator[Newsroom]:
    async with newsroom(db, _registry()) as made:
        yield made


@pytest.fixture
async def paying(sqlite_url: str) -> AsyncIterator[Newsroom]:
    """Where pushes cost Stars, two a day."""
    db = Database(sqlite_url)
    async with newsroom(db, _registry(), Terms(stars_a_day=2)) as made:
        yield made
    await db.dispose()


async def _follow(room: Newsroom, *chat_ids: int, slug: str = "korea", mode: Mode = Mode.DIGEST) -> None:
    now = utc_now()
    async with room.db.begin() as tx:
        topic = next(item for item in await topics.all_topics(tx) if item.slug == slug)
        for chat_id in chat_ids:
            await chats.remember(
                tx,
                bot_id=room.bot.id,
                chat_id=chat_id,
                kind=ChatKind.PRIVATE,
                title="x",
                username=None,
                language="en",
                now=now,
            )
            place = await chats.destination(tx, room.bot.id, chat_id)
            await subscriptions.set_mode(tx, place.id, topic.id, mode, now)


async def test_a_push_goes_to_all_who_follow_the_topic_and_said_again_offers_to_resend(room: Newsroom) -> None:
    article = await bring(room.db, "Bridge opens", status=ArticleStatus.USABLE, slugs=["korea"])
    await _follow(room, 2001, 2002)
    await _follow(room, 2003, mode=Mode.MUTED)
    (said,) = await room.say(ANN, "/push Koera")
    assert "1 article on Korea to 2 chats, in a moment" in said.text
    (said,) = await room.say(ANN, "/push korea")
    assert "went out at" in said.text
    assert "to 2 chats" in said.text
    again, _, _ = await room.press(ANN, said, "Send again")
    assert "On its way" in again.text
    (said,) = await room.say(ANN, f"/status {article.id}")
    assert said.text.count("for 2 chats") == 2
    assert "2 waiting" in said.text


async def test_a_push_button_asks_before_it_sends(room: Newsroom) -> None:
    article = await bring(room.db, "Bridge opens", status=ArticleStatus.USABLE, slugs=["korea"])
    await _follow(room, 2001)
    (pick,) = await room.say(ANN, "/push")
    _, (sure,), _ = await room.press(ANN, pick, "Korea")
    no, _, _ = await room.press(ANN, sure, "No")
    assert "leave it" in no.text
    async with room.db.read() as tx:
        assert (await tx.scalars(select(delivery.c.id))).all() == []
    _, (sure,), _ = await room.press(ANN, pick, "Korea")
    done, _, _ = await room.press(ANN, sure, "Send now")
    assert "to 1 chat," in done.text
    _, (status,), _ = await room.press(ANN, done, "How it goes")
    assert "📣 Push" in status.text
    assert article.id


async def test_what_costs_stars_says_so_before_it_is_sent(paying: Newsroom) -> None:
    article = await bring(paying.db, "Bridge opens", status=ArticleStatus.USABLE, slugs=["korea"])
    (said,) = await paying.say(ANN, "/push korea")
    assert "Nobody follows Korea" in said.text
    await _follow(paying, *range(2001, 2012))
    (sure,) = await paying.say(ANN, "/push korea")
    assert "up to 2 Stars; 2 Stars of today's 2 are left." in sure.text
    (urgent,) = await paying.say(ANN, f"/urgent {article.id}")
    assert "up to 2 Stars" in urgent.text
    async with paying.db.read() as tx:
        assert (await tx.scalars(select(delivery.c.id))).all() == []
    done, _, _ = await paying.press(ANN, sure, "Send now")
    assert "to 11 chats" in done.text
    async with paying.db.begin() as tx:
        await tx.execute(update(delivery).values(state="sent", done_at=utc_now(), next_part=1))
    (again,) = await paying.say(ANN, "/push korea")
    assert "0 Stars of today's 2 are left. What these don't pay goes at the free pace." in again.text
    (correct,) = await paying.say(ANN, f"/correct {article.id} It opened yesterday.")
    assert "It reaches" not in correct.text  # no message has a number yet


async def test_nothing_to_send_and_nobody_to_send_to_are_said_apart(room: Newsroom) -> None:
    (said,) = await room.say(ANN, "/push korea")
    assert "nothing on Korea to send yet" in said.text
    await bring(room.db, "Bridge opens", status=ArticleStatus.USABLE, slugs=["korea"])
    (said,) = await room.say(ANN, "/push korea")
    assert "Nobody follows Korea" in said.text
    await _follow(room, 2001)
    (said,) = await room.say(ANN, "/push korea")
    assert "On its way: 1 article on Korea to 1 chat" in said.text


async def test_an_unknown_topic_is_helped_on(room: Newsroom) -> None:
    (said,) = await room.say(ANN, "/push zeppelins <b>")
    assert "zeppelins <b>" in said.text


@pytest.mark.parametrize("user", [BEN, READER])
async def test_who_is_no_editor_pushes_nothing(room: Newsroom, user: int) -> None:
    await bring(room.db, "Bridge opens", status=ArticleStatus.USABLE, slugs=["korea"])
    await _follow(room, 2001)
    (said,) = await room.say(user, "/push korea")
    await room.press_data(user, said, "d-go:2")
    await room.press_data(user, said, "d-go:2:again")
    async with room.db.read() as tx:
        assert (await tx.scalars(select(delivery.c.id))).all() == []


async def test_the_status_counts_what_failed_by_reason(room: Newsroom) -> None:
    article = await bring(room.db, "Bridge <opens>", status=ArticleStatus.USABLE, slugs=["korea"])
    await _follow(room, 2001, 2002, 2003)
    await room.say(ANN, "/push korea")
    async with room.db.begin() as tx:
        ids = (await tx.scalars(select(delivery.c.id).order_by(delivery.c.id))).all()
        for key, state, reason in zip(ids, ("sent", "failed", "dropped"), (None, "too <long>", "blocked"), strict=True):
            await tx.execute(update(delivery).where(delivery.c.id == key).values(state=state, reason=reason))
    for command in (f"/status {article.id}", "/status bridge", "/status"):
        (said,) = await room.say(ANN, command)
        assert "1 sent" in said.text
        assert "1 failed: too <long>" in said.text
        assert "1 dropped: blocked" in said.text
    fresh, _, _ = await room.press(ANN, said, "Refresh")
    assert fresh.message_id == said.message_id


async def test_the_status_of_an_article_that_nobody_was_sent(room: Newsroom) -> None:
    article = await bring(room.db, "Bridge opens", status=ArticleStatus.USABLE)
    (said,) = await room.say(ANN, f"/status {article.id}")
    assert "Nobody was sent it yet" in said.text
    (said,) = await room.say(ANN, "/status")
    assert "Nothing was sent yet" in said.text


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (0, "a moment"),
        (57, "a moment"),
        (290, "about 10 seconds"),
        (30_000, "about 17 minutes"),
        (1_000_000, "about 10 hours"),
    ],
)
def test_the_time_that_a_push_takes_is_told_roughly(messages: int, said: str) -> None:
    assert duration(messages) == said
