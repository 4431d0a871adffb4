"""Adding articles, in chats on the sandbox."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.ask import utc_now
from bot.commands import desk_add, desk_edit, desk_queue
from bot.commands.build import build
from bot.commands.desk_intake import DeskIntake
from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.run import Ingest
from storage import articles, prompts
from storage.database import Database
from storage.records import Article, ArticleStatus
from tests.bot.desk_rig import ANN, BEN, READER, Newsroom, bring, newsroom

TEXT = (
    "Bridge opens in Seoul\n\n"
    "The new bridge over the river opened in Seoul on Monday after three years of work. Thousands came to see it & "
    "<walked> over it in the rain, as the mayor cut a ribbon and spoke about the money it had cost.\n\n"
    "It took three years to build, the city said, and it is meant to carry forty thousand cars a day."
)


@pytest.fixture
async def room(desk_db: Database) -> AsyncIterator[Newsroom]:
    fetcher = Fetcher(allow_hosts={"127.0.0.1"})
    intake = DeskIntake(Ingest(Desk(desk_db), fetcher))
    adding = desk_add.Adding(intake, patience=30)  # seconds: also where the machine has other work
    registry = build(
        (*desk_add.commands(adding), *desk_queue.COMMANDS, *desk_edit.COMMANDS),
        (*desk_add.presses(adding), *desk_queue.PRESSES, *desk_edit.PRESSES),
        (*desk_add.answers(adding), *desk_edit.ANSWERS),
        document=desk_add.document(adding),
        words=desk_add.words,
    )
    async with fetcher, newsroom(desk_db, registry) as made:
        yield made


async def _all(room: Newsroom) -> list[Article]:
    async with room.db.read() as tx:
        return [*await articles.pending(tx, limit=20), *await articles.latest(tx, limit=20)]


async def test_an_editor_s_text_is_published_at_once_and_shown_as_readers_see_it(room: Newsroom) -> None:
    (card,) = await room.say(ANN, f"/add {TEXT}")
    assert "Added" in card.text
    assert "Bridge opens in Seoul" in card.text
    assert {"✏️ Headline", "🏷 Topics", "📝 Summary"} <= set(card.buttons)
    (added,) = await _all(room)
    assert (added.status, added.added_by) == (ArticleStatus.USABLE, ANN)


async def test_a_contributor_s_text_waits_and_offers_no_editing(room: Newsroom) -> None:
    (card,) = await room.say(BEN, f"/add {TEXT}")
    assert "An editor looks at it" in card.text
    assert not any("Approve" in label or "Headline" in label for label in card.buttons)
    (added,) = await _all(room)
    assert (added.status, added.added_by) == (ArticleStatus.PENDING, BEN)
    (page,) = await room.say(ANN, "/queue")
    assert "from Ben & Co" in page.text
    await room.press(ANN, page, f"✅ {added.id}")
    assert "is published" in (await room.said(BEN))[-1].text


async def test_a_contributor_reads_their_own_article_whole(room: Newsroom) -> None:
    (card,) = await room.say(BEN, f"/add {TEXT}")
    _, (whole,), _ = await room.press(BEN, card, "Read")
    assert "forty thousand cars a day" in whole.text
    assert not whole.buttons


async def test_a_contributor_reads_no_other_s_waiting_article(room: Newsroom) -> None:
    (said,) = await room.say(BEN, "/help")
    article = await bring(room.db, "A secret bridge")
    _, new, toast = await room.press_data(BEN, said, f"d-read:{article.id}")
    assert new == []
    assert "not here" in toast


async def test_the_same_article_twice_is_one(room: Newsroom) -> None:
    await room.say(ANN, f"/add {TEXT}")
    (card,) = await room.say(BEN, f"/add {TEXT}")
    assert "here already, as No. 1" in card.text
    assert len(await _all(room)) == 1


async def test_an_answer_to_a_message_adds_that_message(room: Newsroom) -> None:
    posted = await room.post(f"chats/{ANN}/messages", {"from": ANN, "text": TEXT})
    await room.handle()
    (card,) = await room.say(ANN, "/add", reply_to=posted["message"]["message_id"])
    assert "Added" in card.text


async def test_add_alone_asks_and_takes_the_next_message(room: Newsroom) -> None:
    (question,) = await room.say(ANN, "/add")
    assert "What shall I add?" in question.text
    (card,) = await room.say(ANN, TEXT)
    assert "Added" in card.text
    (said,) = await room.say(ANN, "korea")
    assert "Added" not in said.text


async def test_another_command_is_not_taken_for_the_article(room: Newsroom) -> None:
    await room.say(ANN, "/add")
    (said,) = await room.say(ANN, "/queue")
    assert "Nothing waits" in said.text
    (card,) = await room.say(ANN, TEXT)
    assert "Added" in card.text


async def test_cancel_ends_the_question(room: Newsroom) -> None:
    await room.say(ANN, "/add")
    await room.say(ANN, "/cancel")
    (offered,) = await room.say(ANN, TEXT)
    assert "as an article?" in offered.text
    assert await _all(room) == []


async def test_what_can_t_be_read_is_explained(room: Newsroom) -> None:
    (said,) = await room.say(ANN, "/add One line only")
    assert said.text.startswith("⚠️ That is too short")
    (said,) = await room.send_file(ANN, "scan.pdf", b"%PDF-1.4\n\x00\x01\xff", "/add")
    assert "can't add scan.pdf" in said.text
    (said,) = await room.send_file(ANN, "empty <&>.txt", b"", "/add")
    assert "can't add empty <&>.txt: it is empty" in said.text
    assert await _all(room) == []


@pytest.mark.parametrize("caption", ["/add", "/add please"])
async def test_a_file_with_the_command_as_its_caption(room: Newsroom, caption: str) -> None:
    (card,) = await room.send_file(ANN, "bridge.txt", TEXT.encode(), caption)
    assert "Added" in card.text


async def test_files_without_a_command_are_each_asked_about(room: Newsroom) -> None:
    (first,) = await room.send_file(ANN, "bridge & <co>.txt", TEXT.encode())
    (second,) = await room.send_file(ANN, "tunnel.txt", TEXT.replace("ridge", "ypass").encode())
    assert "the file bridge & <co>.txt" in first.text
    assert await _all(room) == []
    card, _, _ = await room.press(ANN, second, "Add it")
    assert "Bypass opens" in card.text
    card, _, _ = await room.press(ANN, first, "Add it")
    assert "Bridge opens" in card.text
    again, _, _ = await room.press_data(ANN, first, first.data("Add it"))
    assert "don't have that any more" in again.text
    assert len(await _all(room)) == 2


async def test_a_declined_offer_adds_nothing(room: Newsroom) -> None:
    (offered,) = await room.send_file(ANN, "bridge.txt", TEXT.encode())
    said, _, _ = await room.press(ANN, offered, "No")
    assert not said.buttons
    assert await _all(room) == []


async def test_a_reader_s_file_and_long_text_are_no_articles(room: Newsroom) -> None:
    (said,) = await room.send_file(READER, "bridge.txt", TEXT.encode())
    assert "news desk" in said.text
    (said,) = await room.say(READER, TEXT)
    assert "article?" not in said.text
    assert await _all(room) == []


async def test_a_text_that_telegram_cut_in_pieces_is_one_article(room: Newsroom) -> None:
    sentences = [f"Sentence number {number} of a long text says something." for number in range(1, 181)]
    text = "Bridge opens in Seoul\n" + " ".join(sentences)
    first, second, third = text[:4090], text[4090:8180], text[8180:]
    (said,) = await room.say(ANN, f"/add {first}")
    assert "the rest should follow" in said.text
    (said,) = await room.say(ANN, second)
    assert "Piece 2" in said.text
    (card,) = await room.say(ANN, third)
    assert "Added" in card.text
    (added,) = await _all(room)
    body = " ".join(added.paragraphs)
    assert all(sentence.split()[2] in body for sentence in sentences)
    assert sentences[-1] in body


async def test_a_text_that_only_looks_cut_is_added_by_the_button(room: Newsroom) -> None:
    text = "Bridge opens in Seoul\n" + "A sentence of the article. " * 148
    (said,) = await room.say(ANN, f"/add {text}")
    card, _, _ = await room.press(ANN, said, "That is all")
    assert "Added" in card.text
    again, _, _ = await room.press_data(ANN, said, "d-all")
    assert "don't have that text" in again.text
    assert len(await _all(room)) == 1


async def test_a_late_answer_is_offered_and_not_added(room: Newsroom) -> None:
    async with room.db.begin() as tx:
        await prompts.ask(
            tx,
            bot_id=room.bot.id,
            chat_id=ANN,
            user_id=ANN,
            kind=desk_add.ASKED,
            data={"asked": True},
            expires_at=utc_now() - timedelta(minutes=1),
        )
    (said,) = await room.say(ANN, TEXT)
    assert "as an article?" in said.text
    assert await _all(room) == []
    card, _, _ = await room.press(ANN, said, "Add it")
    assert "Added" in card.text


async def test_small_talk_of_an_editor_stays_small_talk(room: Newsroom) -> None:
    (said,) = await room.say(ANN, "Korea")
    assert "as an article?" not in said.text


PAGE = """<!doctype html><html><head><title>Bridge opens in Seoul</title></head><body><nav><a href=/>Home</a></nav>
<article><h1>Bridge opens in Seoul</h1><p>{}</p><p>{}</p></article></body></html>""".format(*TEXT.split("\n\n")[1:])
ITEM = "<item><title>{0} opens</title><link>http://a.example/{0}</link><description>{0} opens.{1}</description></item>"
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><link>http://127.0.0.1/</link>'
    + "".join(ITEM.format(name, " Thousands came to see it on Monday." * 4) for name in ("Bridge", "Tunnel", "Road"))
    + "</channel></rss>"
)


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """A site with a page and a feed."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def feed(_request: web.Request) -> web.Response:
        return web.Response(text=FEED, content_type="application/rss+xml")

    app = web.Application()
    app.router.add_get("/bridge", page)
    app.router.add_get("/feed", feed)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url(""))


async def test_a_page_is_added_by_its_address(room: Newsroom, site: str) -> None:
    (card,) = await room.say(ANN, f"/add {site}/bridge?utm_source=x")
    assert "Added" in card.text
    assert "Bridge opens in Seoul" in card.text
    (again,) = await room.say(ANN, f"/add Look at this: {site}/bridge")
    assert "here already" in again.text


async def test_an_address_that_leads_nowhere_is_explained(room: Newsroom, site: str) -> None:
    (said,) = await room.say(ANN, f"/add {site}/nothing")
    assert "no such page" in said.text
    (said,) = await room.say(ANN, "/add http://[::1]:1/secret")
    assert said.text.startswith("⚠️")
    assert await _all(room) == []


async def test_a_feed_brings_several_with_a_button_each(room: Newsroom, site: str) -> None:
    (said,) = await room.say(ANN, f"/add {site}/feed")
    assert "3 added" in said.text
    _, (card,), _ = await room.press_data(ANN, said, next(iter(said.buttons.values())))
    assert "opens" in card.text
    (said,) = await room.say(ANN, f"/add {site}/feed")
    assert "0 added · 🔁 3 known before" in said.text
