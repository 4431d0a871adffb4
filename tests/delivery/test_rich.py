"""Rich messages: what they say, that a strict server takes every one, and who gets a classic one instead."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import BadRequest, EndPointNotFound, Forbidden

from delivery.alerts import run_alerts
from delivery.amended import Told
from delivery.compose import Section, compose_alert, compose_digest, compose_held
from delivery.corrections import confirm, run_corrections
from delivery.fanout import run_fanout
from delivery.fate import FateKind, fate_of
from delivery.render import StoryLine, plain
from delivery.rich import enriched, rich_message
from sandbox.rich import rich_message as taken
from sandbox.rich import words
from storage import chats, corrections, editions, subscriptions
from storage.records import (
    Article,
    ArticleStatus,
    ChatKind,
    Correction,
    CorrectionKind,
    EditionKind,
    EditionPart,
    Layout,
    Mode,
)
from tests.delivery.news import publish, seed
from tests.delivery.samples import CHINA, KOREA, article
from tests.delivery.worlds import BOT, World, destination

NOW = datetime(2017, 5, 20, 0, 0, tzinfo=UTC)
PHOTO = {"photo_url": "https://example.com/p.jpg?a=1&b=2", "caption": "Xi Jinping greets Lee Hae-chan in Beijing."}


def shown(part: EditionPart) -> dict[str, Any]:
    """As the server reads it; raises where it refuses."""
    assert part.rich is not None
    return taken(json.loads(part.rich), lambda address: {"photo": [{"file_id": address}]})


def digest(*articles: Article, total: int = 0) -> tuple[EditionPart, ...]:
    parts = compose_digest((Section(KOREA, articles, total or len(articles)),), zone="Asia/Seoul", now=NOW)
    return enriched(parts, articles)


def test_a_rich_digest_as_it_is_read() -> None:
    first, second = article(1, **PHOTO), article(2, url=None, summary=("Only one.",))
    sections = (Section(KOREA, (first,), 3, {1: StoryLine(4, update=True)}), Section(CHINA, (second,), 1))
    [part] = enriched(compose_digest(sections, zone="Asia/Seoul", now=NOW), [first, second])
    assert [block["type"] for block in shown(part)["blocks"]] == [
        "heading", "paragraph",
        "heading", "heading", "paragraph", "photo", "paragraph", "details", "paragraph",
        "heading", "heading", "paragraph", "paragraph",
    ]  # fmt: skip
    assert words(shown(part)).splitlines() == [
        "Your digest",
        "Saturday, 20 May 2017",
        "KOREA",
        "1. Update: Headline 1",
        "Xinhua · 4 sources · 19 May, 20:50",
        "Xi Jinping greets Lee Hae-chan in Beijing.",
        "Sentence one of 1.",
        "Read on",
        "Sentence two.",
        "and 2 more",
        "CHINA",
        "2. Headline 2",
        "Xinhua · 19 May, 20:50",
        "Only one.",
    ]


def test_an_alert_is_shown_whole_with_its_photo() -> None:
    one = article(1, **PHOTO)
    [part] = enriched(compose_alert(one, zone="UTC", now=NOW), [one])
    kinds = [block["type"] for block in shown(part)["blocks"]]
    assert kinds == ["heading", "heading", "paragraph", "photo", "paragraph"]
    photo = shown(part)["blocks"][3]
    assert photo["photo"] == [{"file_id": "https://example.com/p.jpg?a=1&b=2"}]
    assert photo["caption"] == {"text": PHOTO["caption"], "credit": "Xinhua"}


def test_right_to_left_news_stands_right_to_left() -> None:
    arabic = [article(number, headline="الرئيس الصيني يستقبل المبعوث الخاص", language="ar") for number in (1, 2)]
    [part] = digest(*arabic, article(3))
    assert shown(part)["is_rtl"]
    [part] = digest(arabic[0], article(3), article(4))
    assert "is_rtl" not in shown(part)


def test_a_correction_and_a_kill_are_told_in_rich_messages_too() -> None:
    first, second = article(1), article(2)
    [part] = digest(first, second)
    assert part.layout is not None
    fixed = Correction(1, BOT, 1, CorrectionKind.CORRECTION, "It was two.", "", "", None, NOW, done=False)
    killed = Correction(2, BOT, 2, CorrectionKind.KILL, "", "", "", None, NOW, done=False)
    told = {1: Told(first, (fixed,)), 2: Told(article(2, status=ArticleStatus.CANCELED), (killed,))}
    message = words(taken(json.loads(rich_message(part.layout, told)), lambda _: {"photo": []}))
    assert "CORRECTION: It was two." in message
    assert "2. KILLED: This story has been withdrawn." in message
    assert "Headline 2" not in message


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=200)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=4), st.sampled_from([1, 1, 30]), TEXT), min_size=1, max_size=20)
)
def test_a_strict_server_takes_every_rich_message(drawn: list[tuple[str, list[str], int, str]]) -> None:
    found = [
        article(number, headline=headline, summary=tuple(summary) * times, **(PHOTO | {"caption": caption}))
        for number, (headline, summary, times, caption) in enumerate(drawn, 1)
    ]
    for part in (*digest(*found, total=99), *enriched(compose_held(found, zone="UTC", now=NOW), found)):
        assert shown(part)["blocks"]


def test_a_long_article_is_cut_where_the_classic_message_is() -> None:
    parts = digest(article(1, summary=("word " * 2000,)))
    assert len(parts) > 1
    assert sum(words(shown(part)).count("word") for part in parts) == 2000


# Sending


async def edition(wire: World, place: int) -> int:
    """A digest in both forms for one destination."""
    async with wire.db.begin() as tx:
        edition_id, _ = await editions.make(
            tx, bot_id=BOT, kind=EditionKind.DIGEST, signature=f"rich:{place}", parts=_bare(digest(article(1))), now=NOW
        )
        await editions.add_deliveries(
            tx, edition_id, bot_id=BOT, lane=editions.LANES[EditionKind.DIGEST], destination_ids=[place], now=NOW
        )
    return edition_id


def _bare(parts: tuple[EditionPart, ...]) -> list[EditionPart]:
    """Of no article in the database."""
    return [EditionPart(part.number, part.text, part.keyboard, rich=part.rich) for part in parts]


def methods(wire: World) -> list[str]:
    return [row.method for row in wire.sandbox.ledger.rows if row.ok and row.method.startswith("send")]


async def wish_rich(wire: World, place: int) -> None:
    async with wire.db.begin() as tx:
        await chats.set_layout(tx, place, Layout.RICH)


async def layout(wire: World) -> Layout:
    async with wire.db.read() as tx:
        found = await chats.find_destination(tx, BOT, wire.chat_ids[0])
    assert found is not None
    return found.layout


async def test_who_chose_rich_messages_gets_them_and_others_do_not(wire: World) -> None:
    rich, classic = await wire.people(2)
    await wish_rich(wire, rich)
    await edition(wire, rich)
    await edition(wire, classic)
    await wire.send()
    assert sorted(methods(wire)) == ["sendMessage", "sendRichMessage"]


async def test_where_rich_messages_are_refused_classic_ones_come_from_then_on(wire: World) -> None:
    [place] = await wire.people(1)
    await wish_rich(wire, place)
    wire.fault("refuse_rich", method="sendRichMessage")
    await edition(wire, place)
    await wire.send()
    assert methods(wire) == ["sendMessage"]
    assert await layout(wire) is Layout.REFUSED
    assert plain(wire.arrived()[0][1]).startswith("Your digest")


async def test_a_photo_that_can_t_be_had_costs_one_rich_message(wire: World) -> None:
    [place] = await wire.people(1)
    await wish_rich(wire, place)
    wire.fault("photo_not_found", method="sendRichMessage")
    await edition(wire, place)
    await wire.send()
    assert methods(wire) == ["sendMessage"]
    assert await layout(wire) is Layout.RICH


async def test_a_correction_and_a_kill_reach_rich_copies(wire: World) -> None:
    [place] = await wire.people(1)
    now = datetime.now(UTC)
    async with wire.db.begin() as tx:
        known = await seed(tx)
        await subscriptions.set_mode(tx, place, known["korea"].id, Mode.INSTANT, now)
    await wish_rich(wire, place)
    async with wire.db.begin() as tx:
        found = [await publish(tx, headline, "korea", now) for headline in ("Ten hurt", "Quake")]
    await _all_out(wire)
    assert methods(wire) == ["sendRichMessage"] * 2
    await _change(wire, found[0], CorrectionKind.CORRECTION, "Ten", "Two")
    await _change(wire, found[1], CorrectionKind.KILL)
    await _all_out(wire)
    edited = [row for row in wire.sandbox.ledger.rows if row.ok and row.method == "editMessageText"]
    assert ["Two hurt" in str(row.params["rich_message"]) for row in edited] == [True]
    [left] = [stored.payload for stored in wire.sandbox.world.chats[wire.chat_ids[0]].messages.values()]
    assert "CORRECTION:" in words(left["rich_message"])


async def _change(wire: World, item: Article, kind: CorrectionKind, wrong: str = "", right: str = "") -> None:
    now = datetime.now(UTC)
    async with wire.db.begin() as tx:
        said = {"note": "It was so.", "wrong": wrong, "right": right}
        draft_id = await corrections.draft(tx, bot_id=BOT, article_id=item.id, kind=kind, by=1, now=now, **said)
    await confirm(wire.db, draft_id=draft_id, article_id=item.id, now=now)


async def _all_out(wire: World) -> None:
    for step in (run_alerts, run_corrections, run_fanout):
        while await step(wire.db, bot_id=BOT, now=datetime.now(UTC)):
            pass
    await wire.send()


async def test_a_forum_s_thread_and_a_channel_get_rich_messages(wire: World) -> None:
    wire.group(-1_000_000_000_900, "channel")
    wire.group(-1_000_000_000_901, "supergroup", is_forum=True)
    thread = (await wire.bot.create_forum_topic(-1_000_000_000_901, "News")).message_thread_id
    async with wire.db.begin() as tx:
        places = [
            await destination(tx, -1_000_000_000_900, kind=ChatKind.CHANNEL),
            await destination(tx, -1_000_000_000_901, thread, ChatKind.SUPERGROUP),
        ]
    for place in places:
        await wish_rich(wire, place)
        await edition(wire, place)
    await wire.send()
    rows = [row for row in wire.sandbox.ledger.rows if row.ok and row.method == "sendRichMessage"]
    assert [row.params.get("message_thread_id") for row in rows] in ([None, str(thread)], [str(thread), None])


FATES = {
    "a server without rich messages": (EndPointNotFound("Not Found: method not found"), FateKind.NEVER_RICH),
    "what it can't read": (BadRequest("Can't parse entities"), FateKind.NEVER_RICH),
    "no right to photos": (BadRequest("Not enough rights to send photos to the chat"), FateKind.CLASSIC),
    "a thread that is gone": (BadRequest("Message thread not found"), FateKind.FAILED),
    "a reader who blocked": (Forbidden("Forbidden: bot was blocked by the user"), FateKind.GONE),
}


@pytest.mark.parametrize(("error", "kind"), FATES.values(), ids=FATES.keys())
def test_what_becomes_of_a_refused_rich_message(error: Any, kind: FateKind) -> None:
    assert fate_of(error, rich=True).kind is kind
