"""The queue and decisions, in chats on the sandbox."""

from collections.abc import AsyncIterator

import pytest

from bot.ask import Ask, Reply
from bot.commands import desk_edit, desk_queue
from bot.registry import Registry
from storage.database import Database
from storage.records import ArticleStatus
from tests.bot.desk_rig import ANN, BEN, GROUP, OWNER, READER, Newsroom, bring, newsroom, now_of


async def _other(ask: Ask) -> Reply:
    return Reply(f"other words: {len(ask.args)}")


REGISTRY = Registry(
    (*desk_queue.COMMANDS, *desk_edit.COMMANDS),
    (*desk_queue.PRESSES, *desk_edit.PRESSES),
    desk_edit.ANSWERS,
    words=_other,
    unknown=_other,
)


@pytest.fixture
async def room(desk_db: Database) -> AsyncIterator[Newsroom]:
    async with newsroom(desk_db, REGISTRY) as made:
        yield made


async def test_an_empty_queue_says_so_kindly(room: Newsroom) -> None:
    (said,) = await room.say(ANN, "/queue")
    assert "Nothing waits for you" in said.text


async def test_the_queue_pages_through_all_that_waits_newest_first(room: Newsroom) -> None:
    ids = [(await bring(room.db, f"Bridge {number} opens")).id for number in range(9)]
    (page,) = await room.say(ANN, "/queue")
    assert "9 articles wait" in page.text
    seen = []
    while True:
        seen += [key for key in ids if f"No. {key} " in page.text]
        if not any("Older" in label for label in page.buttons):
            break
        page, _, _ = await room.press(ANN, page, "Older")
    assert sorted(seen) == ids
    assert f"No. {ids[0]} " in page.text
    newest, _, _ = await room.press(ANN, page, "Newest")
    assert f"No. {ids[-1]} " in newest.text


async def test_approving_in_the_queue_publishes_and_leaves_the_rest(room: Newsroom) -> None:
    first, second = await bring(room.db, "Bridge opens"), await bring(room.db, "Harvest ends early")
    (page,) = await room.say(ANN, "/queue")
    page, new, toast = await room.press(ANN, page, f"✅ {second.id}")
    assert "Approved" in toast
    assert new == []
    assert "Harvest" not in page.text
    assert "Bridge opens" in page.text
    assert (await now_of(room.db, second.id)).status is ArticleStatus.USABLE
    assert (await now_of(room.db, first.id)).status is ArticleStatus.PENDING
    page, _, toast = await room.press(ANN, page, f"✖️ {first.id}")
    assert "Rejected" in toast
    assert "Nothing waits for you" in page.text


async def test_the_second_editor_is_told_that_it_is_decided(room: Newsroom) -> None:
    article = await bring(room.db, "Bridge opens")
    (anns,), (olgas,) = await room.say(ANN, "/queue"), await room.say(OWNER, "/queue")
    await room.press(ANN, anns, f"✅ {article.id}")
    _, _, toast = await room.press(OWNER, olgas, f"✅ {article.id}")
    assert toast == "Ann <b> approved it already: Bridge opens"  # a toast is plain text
    (said,) = await room.say(OWNER, f"/reject {article.id} too late")
    assert said.text.startswith("Ann <b> approved it already. It can't be rejected any more.")
    assert (await now_of(room.db, article.id)).status is ArticleStatus.USABLE


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/approve {id}", "“Bridge <opens> & closes” is published"),
        ("/reject #{id} We have it <already> & more", "was not taken. The reason: We have it <already> & more"),
    ],
)
async def test_the_contributor_is_told_what_became_of_it(room: Newsroom, command: str, told: str) -> None:
    await room.say(BEN, "hello")
    article = await bring(room.db, "Bridge <opens> & closes", added_by=BEN)
    before = len(await room.said(BEN))
    await room.say(ANN, command.format(id=article.id))
    (said,) = (await room.said(BEN))[before:]
    assert told in said.text


async def test_a_contributor_who_never_wrote_to_the_bot_holds_nothing_up(room: Newsroom) -> None:
    article = await bring(room.db, "Bridge opens", added_by=4_040_404)
    (said,) = await room.say(ANN, f"/approve {article.id}")
    assert "Approved" in said.text


@pytest.mark.parametrize("user", [BEN, READER])
async def test_who_is_no_editor_decides_nothing(room: Newsroom, user: int) -> None:
    article = await bring(room.db, "Bridge opens")
    for command in ("/queue", "/approve 1", "/reject 1", "/edit 1 headline Mine"):
        (said,) = await room.say(user, command)
        assert "Bridge opens" not in said.text
        assert "desk" in said.text or "role" in said.text
    assert await now_of(room.db, article.id) == article


async def test_a_forged_button_of_a_reader_decides_nothing(room: Newsroom) -> None:
    article = await bring(room.db, "Bridge opens")
    (said,) = await room.say(READER, "hello")
    for data in (f"d-ok:{article.id}", f"d-no:{article.id}:q", f"d-topx:{article.id}:ff", f"d-read:{article.id}"):
        _, new, toast = await room.press_data(READER, said, data)
        assert new == []
        assert toast
    assert (await now_of(room.db, article.id)).status is ArticleStatus.PENDING


STRANGE = (
    "d-ok:",
    "d-ok:x",
    "d-ok:999999",
    "d-ok:1e5:q",
    "d-queue:zz.zz",
    f"d-queue:{'f' * 20}.1",
    "d-read:",
    "d-card:٣",
)


async def test_strange_button_data_harms_nobody(room: Newsroom) -> None:
    article = await bring(room.db, "Bridge opens")
    (said,) = await room.say(ANN, "/queue")
    for data in STRANGE:
        await room.press_data(ANN, said, data)
    assert (await now_of(room.db, article.id)).status is ArticleStatus.PENDING


async def test_an_article_can_be_named_by_words_or_by_answering_its_message(room: Newsroom) -> None:
    article = await bring(room.db, "Bridge opens in Busan")
    await bring(room.db, "Bridge opens in Incheon")
    (choice,) = await room.say(ANN, "/approve bridge opens")
    assert len(choice.buttons) == 2
    (card,) = await room.say(ANN, "/edit busan")
    assert "Bridge opens in Busan" in card.text
    (said,) = await room.say(ANN, "/approve", reply_to=card.message_id)
    assert "Approved" in said.text
    assert (await now_of(room.db, article.id)).status is ArticleStatus.USABLE


async def test_an_unknown_number_or_no_name_at_all_is_helped_on(room: Newsroom) -> None:
    (said,) = await room.say(ANN, "/approve 77")
    assert "no article 77" in said.text
    (said,) = await room.say(ANN, "/approve")
    assert "Nothing waits" in said.text
    await bring(room.db, "Harvest ends", status=ArticleStatus.USABLE)
    article = await bring(room.db, "Bridge opens")
    (said,) = await room.say(ANN, "/approve")
    assert len(said.buttons) == 1
    edited, _, _ = await room.press(ANN, said, "Bridge opens")
    assert "Approved" in edited.text
    assert (await now_of(room.db, article.id)).status is ArticleStatus.USABLE


async def test_reading_a_waiting_article_sends_all_of_it_with_the_decision(room: Newsroom) -> None:
    body = [f"Paragraph {number} of the article <b> & more. " + "Words follow. " * 40 for number in range(14)]
    article = await bring(room.db, "Bridge opens", body=body)
    (page,) = await room.say(ANN, "/queue")
    _, new, _ = await room.press(ANN, page, f"📖 {article.id}")
    assert len(new) > 1
    text = "\n".join(said.text for said in new)
    assert all(f"Paragraph {number} of the article <b> & more." in text for number in range(14))
    edited, _, _ = await room.press(ANN, new[0], "Approve")
    assert "Approved" in edited.text


async def test_the_queue_stays_out_of_groups(room: Newsroom) -> None:
    await bring(room.db, "Bridge opens")
    (said,) = await room.say(ANN, "/queue", chat=GROUP)
    assert "Bridge" not in said.text


async def test_very_long_headlines_and_summaries_fit_the_queue(room: Newsroom) -> None:
    for number in range(5):
        await bring(room.db, f"{number} " + "Very long headline & more " * 11, body=["word & " * 900 + "end."])
    (page,) = await room.say(ANN, "/queue")
    assert "5 articles wait" in page.text
    assert len(page.text) <= 4096
