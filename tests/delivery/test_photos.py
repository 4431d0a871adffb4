"""Alerts with their article's photo: what the caption says, what refusals cost, how they are corrected and killed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from telegram.error import BadRequest, Forbidden

from delivery.amended import Told, amended
from delivery.compose import Section, compose_alert, compose_digest
from delivery.fate import FateKind, fate_of
from delivery.photo import blank_picture, photo_again, photo_url, photo_words
from delivery.render import FSI, PDI, RLM, StoryLine
from delivery.rich import enriched
from sandbox.html import parse_html
from storage import chats, subscriptions
from storage.records import Article, Correction, CorrectionKind, EditionPart, Layout, Mode
from storage.schema import article as article_table
from storage.schema import delivery_part, edition
from tests.delivery.samples import KOREA, article
from tests.delivery.test_copies import _age
from tests.delivery.test_corrections import Desk
from tests.delivery.worlds import BOT, World

NOW = datetime(2017, 5, 20, 0, 0, tzinfo=UTC)
URL = "https://example.com/p.jpg?a=1&b=2"
WORDS = "Xi Jinping greets Lee Hae-chan in Beijing."
PHOTO = {"photo_url": URL, "caption": WORDS}


def alert(one: Article) -> EditionPart:
    [part] = enriched(compose_alert(one, zone="UTC", now=NOW, story=StoryLine(3)), [one])
    return part


def graphemes(text: str) -> set[str]:
    return set(regex.findall(r"\X", text))


def caption(photo: str | None) -> str:
    """As the server reads it."""
    return parse_html(json.loads(photo or "{}")["caption"])[0]


def test_an_alert_goes_out_under_its_photo() -> None:
    part = alert(article(1, **PHOTO))
    media = json.loads(part.photo or "{}")
    assert (media["type"], media["media"], media["parse_mode"]) == ("photo", URL, "HTML")
    assert caption(part.photo) == f"{parse_html(part.text)[0]}\n\n📷 {WORDS}"


def test_the_words_under_a_photo_are_not_said_twice_and_go_first_where_there_is_no_room() -> None:
    said = alert(article(1, **PHOTO, summary=(WORDS,)))
    assert caption(said.photo) == parse_html(said.text)[0]
    full = alert(article(1, **PHOTO, summary=("A sentence of forty characters is this. " * 23,)))
    assert (caption(full.photo), len(caption(full.photo)) > 900) == (parse_html(full.text)[0], True)


def test_what_a_caption_does_not_hold_and_what_is_a_list_stays_text() -> None:
    long, one = article(1, **PHOTO, summary=("A sentence of forty characters is this. " * 26,)), article(1, **PHOTO)
    digest = compose_digest((Section(KOREA, (one,), 1),), zone="UTC", now=NOW)
    assert [part.photo for part in (alert(long), alert(article(1)), *enriched(digest, [one]))] == [None] * 3


def test_long_words_under_a_photo_are_cut_between_words_and_graphemes() -> None:
    assert photo_words(article(1, caption="word " * 100)) == "word " * 59 + "word…"
    family = "👨‍👩‍👧"
    assert photo_words(article(1, caption=family * 100)).removesuffix("…").replace(family, "") == ""


ADDRESSES = {
    "public": ("https://img.example.com/a.jpg", True),
    "with a port": ("http://img.example.com:8080/a.jpg", True),
    "an international name": ("https://bücher.example/a.jpg", True),
    "a public address": ("https://8.8.8.8/a.jpg", True),
    "no web": ("ftp://img.example.com/a.jpg", False),
    "data": ("data:image/png;base64,AAAA", False),
    "a password": ("https://user:secret@img.example.com/a.jpg", False),
    "an empty user": ("https://@img.example.com/a.jpg", False),
    "this machine": ("http://localhost/a.jpg", False),
    "this machine by number": ("http://127.0.0.1/a.jpg", False),
    "this machine in short": ("http://127.1/a.jpg", False),
    "this machine as one number": ("http://2130706433/a.jpg", False),
    "this machine in hexadecimal": ("http://0x7f.0.0.1/a.jpg", False),
    "this machine by IPv6": ("http://[::1]/a.jpg", False),
    "a neighbour": ("http://192.168.1.5/a.jpg", False),
    "a cloud's own server": ("http://169.254.169.254/latest/meta-data", False),
    "a name of the house": ("http://intranet/a.jpg", False),
    "a printer": ("http://printer.local/a.jpg", False),
    "no port": ("http://example.com:99999/a.jpg", False),
    "no name": ("https:///a.jpg", False),
    "spaces": ("https://example.com/a b.jpg", False),
    "endless": ("https://example.com/" + "a" * 3_000, False),
}


@pytest.mark.parametrize(("address", "taken"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_telegram_is_asked_for_what_is_public_only(address: str, taken: bool) -> None:
    one = article(1, photo_url=address)
    assert (photo_url(one) == address, alert(one).photo is not None) == (taken, taken)
    assert ("<img" in (alert(one).rich or "")) is taken


TEXTS = st.text(st.sampled_from("ab .<&é👩‍🚀한\u0301א"), min_size=1, max_size=400)


@given(TEXTS, TEXTS, st.integers(1, 6), st.none() | TEXTS, TEXTS)
@settings(max_examples=60, deadline=None)
def test_a_caption_always_fits_and_is_cut_between_graphemes(
    headline: str, sentence: str, times: int, words: str | None, note: str
) -> None:
    one = article(1, headline=headline, summary=(sentence,) * times, photo_url=URL, caption=words)
    part = alert(one)
    assert part.photo is None or len(caption(part.photo)) <= 1024
    said = Correction(1, BOT, 1, CorrectionKind.CORRECTION, note, "", "", 1, NOW, done=False)
    assert part.layout is not None
    again = caption(photo_again(json.dumps({"media": URL}), part.layout, {1: Told(one, (said,))}))
    whole = parse_html(amended(part, part.layout, {1: Told(one, (said,))}).text)[0]
    assert 0 < len(again) <= 1024
    assert graphemes(again) <= graphemes(whole) | graphemes(f"{RLM}{FSI}📷 {photo_words(one)}{PDI}")


def test_the_picture_in_a_killed_photo_s_place_is_a_small_png() -> None:
    picture = blank_picture()
    assert (picture[:8], picture[16:24], len(picture) < 2_000) == (
        b"\x89PNG\r\n\x1a\n",
        (640).to_bytes(4, "big") + (360).to_bytes(4, "big"),
        True,
    )


# What Telegram says to a photo: botapi/ERRORS and the server's own source
REFUSALS: dict[str, tuple[BadRequest | Forbidden, FateKind]] = {
    words: (BadRequest(words), FateKind.NO_PHOTO)
    for words in (
        "Wrong file identifier/http url specified",
        "Failed to get http url content",
        "Wrong type of the web page content",
        "Wrong http url specified",
        "Can't use file of type document as photo",
        "There is no photo in the request",
        "Webpage_curl_failed",
        "Webpage_media_empty",
        "Image_process_failed",
        "Photo_invalid_dimensions",
        "Photo_save_file_invalid",
        "Message caption is too long",
        "Media_caption_too_long",
        "File is too big",
        "Something that nobody ever heard",
    )
} | {
    "no rights": (BadRequest("Not enough rights to send photos to the chat"), FateKind.CLASSIC),
    "forbidden there": (BadRequest("CHAT_SEND_PHOTOS_FORBIDDEN"), FateKind.CLASSIC),
    "forbidden": (Forbidden("CHAT_SEND_MEDIA_FORBIDDEN"), FateKind.CLASSIC),
    "formatting": (BadRequest("Can't parse entities: unexpected end"), FateKind.PLAIN),
    "a button": (BadRequest("Button_data_invalid"), FateKind.FAILED),
    "no chat": (BadRequest("Chat not found"), FateKind.FAILED),
    "no thread": (BadRequest("Message thread not found"), FateKind.FAILED),
    "blocked": (Forbidden("Forbidden: bot was blocked by the user"), FateKind.GONE),
}


@pytest.mark.parametrize(("error", "kind"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_becomes_of_a_refused_photo(error: Any, kind: FateKind) -> None:
    assert fate_of(error, photo=True).kind is kind


# With a server, on each database


@pytest.fixture
def anywhere(wire: World) -> Desk:
    """On each database."""
    return Desk(wire)


async def _open(desk: Desk, readers: int, *headlines: str) -> list[Article]:
    """Readers who get alerts, and articles with a photo."""
    found = await desk.open(readers, *headlines, mode=Mode.INSTANT)
    async with desk.wire.db.begin() as tx:
        await tx.execute(update(article_table).values(photo_url=URL, caption=f"{WORDS} 21."))
    return found


def sends(wire: World) -> list[tuple[str, bool]]:
    """(method, did it succeed) of each call that sends."""
    return [(row.method, row.ok) for row in wire.sandbox.ledger.rows if row.method.startswith("send")]


def shown(desk: Desk) -> list[dict[str, Any]]:
    """The messages of each reader's chat, as they are now."""
    telegram = desk.wire.sandbox.world
    return [stored.payload for chat_id in desk.wire.chat_ids for stored in telegram.chats[chat_id].messages.values()]


async def _sent(desk: Desk, readers: int = 3) -> Article:
    [item] = await _open(desk, readers, "Ferry sinks with 21")
    await desk.alert()
    await desk.wire.send()
    return item


async def test_readers_get_the_photo_which_telegram_fetches_once(anywhere: Desk) -> None:
    await _open(anywhere, 1, "Ferry sinks with 21")
    await anywhere.alert()
    async with anywhere.wire.sending():
        await anywhere.wire.settled()
        [more] = await anywhere.wire.people(1)
        async with anywhere.wire.db.begin() as tx:
            await subscriptions.set_mode(tx, more, anywhere.topics["korea"].id, Mode.INSTANT, datetime.now(UTC))
            await tx.execute(update(article_table).values(headline="Ferry found", alert_due=True))
            await tx.execute(update(edition).values(signature="another"))
        await anywhere.alert()
        await anywhere.wire.settled()
    rows = [row for row in anywhere.wire.sandbox.ledger.rows if row.method == "sendPhoto"]
    assert [str(row.params["photo"]).startswith("https:") for row in rows] == [True, False, False]
    assert all(message["photo"] and "📷" in message["caption"] for message in shown(anywhere))


async def test_who_chose_rich_messages_gets_those(anywhere: Desk) -> None:
    await _open(anywhere, 2, "Ferry sinks with 21")
    async with anywhere.wire.db.begin() as tx:
        place = await chats.destination(tx, BOT, anywhere.wire.chat_ids[0])
        await chats.set_layout(tx, place.id, Layout.RICH)
    await anywhere.alert()
    await anywhere.wire.send()
    assert sorted(sends(anywhere.wire)) == [("sendPhoto", True), ("sendRichMessage", True)]


async def test_a_photo_that_can_t_be_had_costs_nobody_the_news(anywhere: Desk) -> None:
    anywhere.wire.fault("photo_not_found", method="sendPhoto", times=0)
    await _open(anywhere, 40, "Ferry sinks with 21")
    await anywhere.alert()
    await anywhere.wire.send(call_slots=4)
    refused = [row for row in anywhere.wire.sandbox.ledger.rows if row.method == "sendPhoto"]
    assert 1 <= len(refused) <= 8  # those that were marked before the first answer
    assert all("photo" not in message and "Ferry sinks" in message["text"] for message in shown(anywhere))
    assert len(shown(anywhere)) == 40
    assert {state for state, _ in await anywhere.wire.states()} == {"sent"}


async def test_where_photos_may_not_be_sent_a_text_comes_and_others_have_the_photo(anywhere: Desk) -> None:
    await _open(anywhere, 2, "Ferry sinks with 21")
    anywhere.wire.fault("photos_forbidden", method="sendPhoto", chat_id=anywhere.wire.chat_ids[0])
    await anywhere.alert()
    await anywhere.wire.send(call_slots=1)
    assert [("text" in message, "photo" in message) for message in shown(anywhere)] == [(True, False), (False, True)]


async def test_a_caption_that_is_not_understood_comes_as_plain_text(anywhere: Desk) -> None:
    anywhere.wire.fault("refuse_entities", method="sendPhoto")
    await _sent(anywhere, 1)
    assert sends(anywhere.wire) == [("sendPhoto", False), ("sendMessage", True)]


async def test_a_correction_edits_captions_and_texts_alike(anywhere: Desk) -> None:
    anywhere.wire.fault("refuse_entities", method="sendPhoto")  # one of them is a text
    item = await _sent(anywhere)
    await anywhere.correct(item, "12 people were aboard.", wrong="21", right="12")
    await anywhere.carry_out()
    methods = sorted(
        row.method for row in anywhere.wire.sandbox.ledger.rows if row.method.startswith("edit") and row.ok
    )
    assert methods == ["editMessageCaption", "editMessageCaption", "editMessageText"]
    for message in shown(anywhere):
        said = message.get("caption") or message["text"]
        assert ("Ferry sinks with 12" in said, "CORRECTION: 12 people were aboard." in said) == (True, True)
        assert "21" not in said


async def test_a_correction_that_outgrows_the_caption_is_shortened(anywhere: Desk) -> None:
    [item] = await _open(anywhere, 1, "Ferry sinks with 21")
    async with anywhere.wire.db.begin() as tx:
        await tx.execute(update(article_table).values(summary=["A sentence of forty characters is this. " * 22]))
    await anywhere.alert()
    await anywhere.wire.send()
    await anywhere.correct(item, "It was another ferry altogether. " * 14)
    await anywhere.carry_out()
    [message] = shown(anywhere)
    assert ("photo" in message, "CORRECTION: It was another" in message["caption"]) == (True, True)


async def test_a_kill_deletes_alerts_with_photos(anywhere: Desk) -> None:
    item = await _sent(anywhere)
    await anywhere.kill(item)
    await anywhere.carry_out()
    assert shown(anywhere) == []


async def _older(desk: Desk) -> None:
    async with desk.wire.db.begin() as tx:
        await tx.execute(update(delivery_part).values(at=datetime.now(UTC) - timedelta(days=3)))


async def test_a_late_kill_takes_the_picture_away_too(anywhere: Desk) -> None:
    item = await _sent(anywhere)
    before = {message["photo"][0]["file_id"] for message in shown(anywhere)}
    await _older(anywhere)
    await anywhere.kill(item, "It was invented.")
    await anywhere.carry_out()
    left = shown(anywhere)
    assert [message["caption"] for message in left] == ["KILLED: It was invented."] * 3
    assert not before & {message["photo"][0]["file_id"] for message in left}
    assert not any("reply_markup" in message for message in left)


async def test_where_the_picture_can_t_be_replaced_the_caption_is(anywhere: Desk) -> None:
    item = await _sent(anywhere, 1)
    await _older(anywhere)
    anywhere.wire.fault("photo_not_found", method="editMessageMedia")
    await anywhere.kill(item, "It was invented.")
    await anywhere.carry_out()
    assert [message["caption"] for message in shown(anywhere)] == ["KILLED: It was invented."]
    assert {state for state, _ in await anywhere.wire.states()} == {"sent"}


async def test_half_a_year_later_captions_are_still_reached(anywhere: Desk) -> None:
    item = await _sent(anywhere)
    await _age(anywhere)
    await anywhere.correct(item, "12 people were aboard.", wrong="21", right="12")
    await anywhere.carry_out()
    assert all("Ferry sinks with 12" in message["caption"] for message in shown(anywhere))
