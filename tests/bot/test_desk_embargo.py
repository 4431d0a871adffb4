"""/embargo in chats on the sandbox."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.ask import utc_now
from bot.commands import desk_edit, desk_embargo, desk_queue
from bot.commands.build import build
from storage import decisions
from storage.database import Database
from storage.records import ArticleStatus
from tests.bot.desk_rig import ANN, BEN, READER, Newsroom, bring, newsroom, now_of

ROOMS = (desk_queue, desk_embargo, desk_edit)
REGISTRY = build(
    tuple(command for room in ROOMS for command in room.COMMANDS),
    tuple(press for room in ROOMS for press in room.PRESSES),
    (*desk_embargo.ANSWERS, *desk_edit.ANSWERS),
)


@pytest.fixture
async def room(desk_db: Database) -> AsyncIterator[Newsroom]:
    async with newsroom(desk_db, REGISTRY) as made:
        yield made


async def lifted(db: Database, ahead: timedelta) -> int:
    async with db.begin() as tx:
        return await decisions.lift_due(tx, lambda: utc_now() + ahead, 10)


async def test_an_article_is_withheld_until_its_moment_and_published_then(room: Newsroom) -> None:
    article = await bring(room.db, "Budget passed", slugs=["korea"], added_by=BEN)
    (card,) = await room.say(ANN, f"/embargo {article.id} in 2h")
    assert "Withheld until" in card.text
    assert (await now_of(room.db, article.id)).status is ArticleStatus.WITHHELD
    (latest,) = await room.say(READER, "/latest")
    assert "Budget" not in latest.text
    (listed,) = await room.say(ANN, "/embargo")
    assert f"No. {article.id}" in listed.text
    assert await lifted(room.db, timedelta(hours=1)) == 0
    assert await lifted(room.db, timedelta(hours=2, minutes=1)) == 1
    assert await lifted(room.db, timedelta(hours=3)) == 0
    (latest,) = await room.say(READER, "/latest")
    assert "Budget" in latest.text
    assert (await now_of(room.db, article.id)).topics == ("korea",)


async def test_the_queue_asks_until_when(room: Newsroom) -> None:
    article = await bring(room.db, "Budget passed", slugs=["korea"])
    (card,) = await room.say(ANN, f"/edit {article.id}")
    _, (question,), _ = await room.press(ANN, card, "Embargo")
    assert "Until when" in question.text
    (again,) = await room.say(ANN, "yesterday")
    assert "no time that I know" in again.text
    (held,) = await room.say(ANN, "tomorrow 7:00")
    assert "Withheld until" in held.text
    published, _, _ = await room.press(ANN, held, "Publish now")
    assert "Published" in published.text
    assert (await now_of(room.db, article.id)).status is ArticleStatus.USABLE


async def test_what_is_published_cannot_be_withheld(room: Newsroom) -> None:
    article = await bring(room.db, "Budget passed", status=ArticleStatus.USABLE)
    (told,) = await room.say(ANN, f"/embargo {article.id} 2h")
    assert "published already" in told.text


async def test_approving_keeps_the_sources_embargo(room: Newsroom) -> None:
    article = await bring(room.db, "Budget passed", embargo_until=utc_now() + timedelta(hours=5))
    (card,) = await room.say(ANN, f"/approve {article.id}")
    assert "withheld until" in card.text
    assert (await now_of(room.db, article.id)).status is ArticleStatus.WITHHELD
    (again,) = await room.say(ANN, f"/approve {article.id}")
    assert "Under embargo until" in again.text


async def test_readers_may_not(room: Newsroom) -> None:
    article = await bring(room.db, "Budget passed")
    (told,) = await room.say(READER, f"/embargo {article.id} 2h")
    assert "news desk" in told.text
    assert (await now_of(room.db, article.id)).status is ArticleStatus.PENDING
