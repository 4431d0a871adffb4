"""What subscribers meet: commands and buttons over real HTTP to the sandbox."""

import calendar
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.ask import Identity, utc_now
from bot.commands.build import build
from bot.router import Router
from storage import chats, personal, schedules, subscriptions
from storage.database import Database
from storage.records import ArticleStatus, Chat, Destination, Layout, Mode, QuietHours, ScheduleEntry
from storage.slots import EVERY_DAY
from tests.bot.desk_rig import GROUP, OWNER, READER, Newsroom, bring, newsroom


@pytest.fixture
async def room(sqlite_url: str) -> AsyncIterator[Newsroom]:
    database = Database(sqlite_url)
    async with newsroom(database, build()) as made:
        yield made
    await database.dispose()


@pytest.fixture
async def both(db: Database) -> AsyncIterator[Newsroom]:
    """For what writes most: on each database."""
    async with newsroom(db, build()) as made:
        yield made


async def _news(room: Newsroom, count: int, *slugs: str, about: str = "Bridge") -> list[int]:
    return [
        (await bring(room.db, f"{about} {number} opens", status=ArticleStatus.USABLE, slugs=slugs)).id
        for number in range(1, count + 1)
    ]


async def _place(room: Newsroom, chat_id: int = READER) -> tuple[Chat, Destination]:
    async with room.db.begin() as tx:
        chat = await chats.get(tx, room.bot.id, chat_id)
        place = await chats.destination(tx, room.bot.id, chat_id)
    assert chat is not None
    return chat, place


async def _modes(room: Newsroom, chat_id: int = READER) -> dict[str, Mode]:
    _, place = await _place(room, chat_id)
    async with room.db.read() as tx:
        return {item.slug: item.mode for item in await subscriptions.of(tx, place.id)}


async def _entries(room: Newsroom, chat_id: int = READER) -> list[ScheduleEntry]:
    _, place = await _place(room, chat_id)
    async with room.db.read() as tx:
        return await schedules.of(tx, place.id)


async def _file(room: Newsroom, chat_id: int) -> bytes:
    """The last document that came into the chat."""
    async with room.http.get(f"/sandbox/chats/{chat_id}/messages", params={"limit": 5}) as response:
        messages = (await response.json())["messages"]
    document = [message["document"] for message in messages if "document" in message][-1]
    return bytes(await (await room.bot.get_file(document["file_id"])).download_as_bytearray())


# Coming in


async def test_a_newcomer_is_welcomed_and_follows_by_a_button(both: Newsroom) -> None:
    (hello,) = await both.say(READER, "/start")
    assert "Hello, Rita!" in hello.text
    _, (done,), toast = await both.press(READER, hello, "Korea")
    assert "You follow Korea: in your digest" in done.text
    assert "every day at 08:00" in done.text
    assert "UTC" in done.text
    assert "Korea" in toast
    assert await _modes(both) == {"korea": Mode.DIGEST}
    (entry,) = await _entries(both)
    assert (entry.weekdays, entry.minute, entry.every_hours) == (EVERY_DAY, 480, None)
    assert entry.next_at is not None
    (again,) = await both.say(READER, "/start")
    assert "Welcome back, Rita! You follow Korea" in again.text


async def test_a_deep_link_opens_its_topic(room: Newsroom) -> None:
    await _news(room, 1, "korea", about="Seoul bridge")
    (said,) = await room.say(READER, "/start topic_korea")
    assert "Seoul bridge 1 opens" in said.text
    (said,) = await room.say(READER, "/start nonsense")
    assert "Hello" in said.text


# Reading


async def test_latest_shows_what_is_asked_for_and_pages_to_the_end(both: Newsroom) -> None:
    ids = await _news(both, 12)
    (page,) = await both.say(READER, "/latest")
    assert page.text.count("opens\n") == 5
    (page,) = await both.say(READER, "/latest 4")
    seen = []
    while True:
        seen += [data for label, data in page.buttons.items() if data.startswith("read:")]
        if not any("Older" in label for label in page.buttons):
            break
        page, new, _ = await both.press(READER, page, "Older")
        assert new == []
    assert seen == [f"read:{article_id}" for article_id in reversed(ids)]
    page, _, _ = await both.press(READER, page, "Newest")
    assert "Bridge 12 opens" in page.text


@pytest.mark.parametrize("typed", ["/topic korea", "/topic Koera", "/topic 한국", "/latest 2 korea", "korea", "Koera"])
async def test_a_topic_is_found_however_it_is_typed(room: Newsroom, typed: str) -> None:
    await _news(room, 1, "korea", about="Seoul bridge")
    await _news(room, 1, "economy", about="Central bank")
    (said,) = await room.say(READER, typed)
    assert said.text.startswith("Korea")
    assert "Seoul bridge" in said.text
    assert "Central bank" not in said.text


async def test_a_topic_holds_what_is_under_it(room: Newsroom) -> None:
    await _news(room, 1, "korea", about="Seoul bridge")
    (said,) = await room.say(READER, "/topic asia")
    assert "Seoul bridge" in said.text


async def test_an_article_is_read_in_a_message_of_its_own(room: Newsroom) -> None:
    (article_id,) = await _news(room, 1, "korea")
    (page,) = await room.say(READER, "/latest")
    kept, (article,), _ = await room.press(READER, page, "1")
    assert kept.text == page.text
    assert "it was said on Monday" in article.text
    assert "Korea" in article.text
    _, (whole,), _ = await room.press(READER, article, "Full text")
    assert "More is expected soon." in whole.text
    _, (done,), _ = await room.press(READER, article, "➕ Korea")
    assert "You follow Korea" in done.text
    for data in (f"read:{article_id + 999}", "read:x", "read:", "full:1:999", "read:99999999999999999999"):
        _, _, toast = await room.press_data(READER, page, data)
        assert toast or data.startswith("full")


async def test_what_is_not_published_is_read_by_nobody(room: Newsroom) -> None:
    (page,) = await room.say(READER, "/help")
    article = await bring(room.db, "Secret plan")
    for data in (f"read:{article.id}", f"full:{article.id}:0"):
        _, new, toast = await room.press_data(READER, page, data)
        assert new == []
        assert "no longer available" in toast
    (said,) = await room.say(READER, f"/start read_{article.id}")
    assert "Secret" not in said.text


async def test_topics_lead_to_topics(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/topics")
    _, (page,), _ = await room.press(READER, said, "China")
    assert "No news about China yet" in page.text


# Following


@pytest.mark.parametrize(
    ("typed", "modes"),
    [
        ("/subscribe korea", {"korea": Mode.DIGEST}),
        ("/subscribe Koera instant", {"korea": Mode.INSTANT}),
        ("/subscribe korea, china digest", {"korea": Mode.DIGEST, "china": Mode.DIGEST}),
        ("/subscribe 한국 中国", {"korea": Mode.DIGEST, "china": Mode.DIGEST}),
        ("/subscribe nowhere", {}),
    ],
)
async def test_subscribing_by_words(room: Newsroom, typed: str, modes: dict[str, Mode]) -> None:
    (said,) = await room.say(READER, typed)
    assert await _modes(room) == modes
    assert ("follow" in said.text) == bool(modes)


async def test_subscribing_twice_changes_the_mode_and_keeps_the_times(both: Newsroom) -> None:
    await both.say(READER, "/subscribe korea")
    await both.say(READER, "/schedule weekdays 7:30")
    await both.say(READER, "/subscribe korea instant")
    await both.say(READER, "/subscribe china")
    assert await _modes(both) == {"korea": Mode.INSTANT, "china": Mode.DIGEST}
    assert [entry.minute for entry in await _entries(both)] == [450]


async def test_who_chose_no_time_gets_one_of_their_own_where_they_are_spread(room: Newsroom) -> None:
    me = Identity(room.bot.id, room.bot.username)
    room.router = Router(room.db, room.bot, me, build(), clock=utc_now, digest_minute=8 * 60, digest_spread=30)
    (done,) = await room.say(READER, "/subscribe korea")
    _, place = await _place(room)
    assert [entry.minute for entry in await _entries(room)] == [8 * 60 + place.id % 30]
    assert f"08:{place.id % 30:02}" in done.text
    await room.say(READER, "/schedule 8:00")
    assert [entry.minute for entry in await _entries(room)] == [8 * 60]


async def test_choosing_by_check_marks(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/subscribe")
    said, new, toast = await room.press(READER, said, "China")
    assert new == []
    assert "every day at 08:00" in toast
    assert "✅ China" in said.buttons
    said, _, toast = await room.press(READER, said, "China")
    assert "no longer" in toast
    assert await _modes(room) == {}


async def test_one_topic_is_changed_from_the_list(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/subscriptions")
    assert "Nothing is followed" in said.text
    await room.say(READER, "/subscribe korea, china")
    (said,) = await room.say(READER, "/subscriptions")
    said, _, _ = await room.press(READER, said, "Korea")
    said, _, _ = await room.press(READER, said, "Alerts at once")
    assert await _modes(room) == {"korea": Mode.INSTANT, "china": Mode.DIGEST}
    said, _, _ = await room.press(READER, said, "Unfollow")
    said, _, _ = await room.press(READER, said, "All I follow")
    assert "Korea" not in said.text
    assert "China" in said.text


async def test_unsubscribing_and_muting(room: Newsroom) -> None:
    await room.say(READER, "/subscribe korea, china")
    (said,) = await room.say(READER, "/unsubscribe korea")
    assert "no more news about Korea" in said.text
    (said,) = await room.say(READER, "/unsubscribe korea")
    assert "did not follow" in said.text
    (said,) = await room.say(READER, "/mute china")
    assert "Muted: China" in said.text
    assert await _modes(room) == {"china": Mode.MUTED}
    await room.say(READER, "/unmute china")
    assert await _modes(room) == {"china": Mode.DIGEST}
    (said,) = await room.say(READER, "/unsubscribe all")
    assert await _modes(room) == {}


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("/quiet 22:00-7:00", QuietHours(1320, 420)),
        ("/quiet 22-7", QuietHours(1320, 420)),
        ("/quiet 10pm to 7am urgent", QuietHours(1320, 420, urgent=True)),
        ("/quiet from 22.30 until 06:45", QuietHours(1350, 405)),
        ("/quiet 23:00 \u2013 6:30", QuietHours(1380, 390)),
        ("/quiet midnight-8", QuietHours(0, 480)),
        ("/quiet 22", None),
        ("/quiet 22-22", None),
        ("/quiet 25-7", None),
        ("/quiet never", None),
        ("/quiet", None),
    ],
)
async def test_quiet_hours_by_words(room: Newsroom, typed: str, hours: QuietHours | None) -> None:
    (said,) = await room.say(READER, typed)
    assert (await _place(room))[1].quiet == hours
    assert ("Quiet each day" in said.text) == (hours is not None)
    assert "/quiet" in said.text


async def test_quiet_hours_by_buttons(both: Newsroom) -> None:
    (said,) = await both.say(READER, "/quiet")
    assert "No quiet hours" in said.text
    said, _, _ = await both.press(READER, said, "22:00\u201307:00")
    assert "Urgent ones wait too" in said.text
    said, _, _ = await both.press(READER, said, "Let urgent")
    assert (await _place(both))[1].quiet == QuietHours(1320, 420, urgent=True)
    said, _, _ = await both.press(READER, said, "23:00")
    assert (await _place(both))[1].quiet == QuietHours(1380, 420, urgent=True)
    said, _, _ = await both.press(READER, said, "Hold urgent")
    said, _, _ = await both.press(READER, said, "No quiet hours")
    assert (await _place(both))[1].quiet is None
    await both.press_data(READER, said, "night:1-99999")
    assert (await _place(both))[1].quiet is None


async def test_quiet_for_eight_hours_is_a_mute(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/quiet 8h")
    _, place = await _place(room)
    assert place.quiet is None
    assert place.muted_until is not None
    assert "Quiet until" in said.text


@pytest.mark.parametrize("typed", ["/pause 3d", "/pause until tomorrow", "/pause {day}", "/pause friday 18:00"])
async def test_pausing_until_a_day(room: Newsroom, typed: str) -> None:
    in_a_month = utc_now() + timedelta(days=30)
    (said,) = await room.say(READER, typed.format(day=f"{in_a_month.day} {calendar.month_name[in_a_month.month]}"))
    _, place = await _place(room)
    assert place.muted_until is not None
    assert place.muted_until > utc_now()
    if typed != "/pause 3d":
        assert place.muted_until.minute == 0
    await room.say(READER, "/pause off")
    assert (await _place(room))[1].muted_until is None
    assert "Quiet until" in said.text


async def test_a_pause_that_is_not_understood_offers_some(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/pause for ever")
    assert (await _place(room))[1].muted_until is None
    assert "1 week" in said.buttons


async def test_settings_say_whether_an_empty_digest_comes(both: Newsroom) -> None:
    (said,) = await both.say(READER, "/settings")
    assert "no digest comes" in said.text
    said, _, _ = await both.press(READER, said, "Say when")
    assert "a digest says so" in said.text
    assert (await _place(both))[1].says_nothing
    await both.press(READER, said, "Send none")
    assert not (await _place(both))[1].says_nothing


async def test_a_rich_layout_is_chosen_and_left(both: Newsroom) -> None:
    (said,) = await both.say(READER, "/settings")
    assert "Layout: plain" in said.text
    said, _, _ = await both.press(READER, said, "Rich layout")
    _, place = await _place(both)
    assert place.layout is Layout.RICH
    async with both.db.begin() as tx:
        await chats.refuse_rich(tx, place.id)
    (said,) = await both.say(READER, "/settings")
    assert "Telegram did not take one here" in said.text
    said, _, _ = await both.press(READER, said, "Rich layout")
    await both.press(READER, said, "Plain layout")
    assert (await _place(both))[1].layout is Layout.CLASSIC


async def test_being_quiet_for_a_while(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/mute 8h")
    assert "Quiet until" in said.text
    _, place = await _place(room)
    assert place.muted_until is not None
    assert timedelta(hours=7, minutes=59) < place.muted_until - utc_now() <= timedelta(hours=8)
    await room.press(READER, said, "Send again")
    assert (await _place(room))[1].muted_until is None


# Times


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/schedule 8am 6:30pm", "every day at 08:00 and 18:30"),
        ("/schedule mon,wed,fri 9:00", "on Mon, Wed and Fri at 09:00"),
        ("/schedule every 6h", "every 6 hours"),
        ("/schedule off", "No more digests"),
        ("/schedule soonish", "no day or time that I know"),
        ("/schedule", "No digest time is set"),
    ],
)
async def test_scheduling_by_words(room: Newsroom, typed: str, told: str) -> None:
    (said,) = await room.say(READER, typed)
    assert told in said.text


async def test_scheduling_by_buttons(room: Newsroom) -> None:
    await room.say(READER, "/subscribe korea")
    (said,) = await room.say(READER, "/schedule")
    said, new, toast = await room.press(READER, said, "Morning and evening")
    assert new == []
    assert toast == "Saved"
    assert "every day at 08:00 and 18:00" in said.text
    assert [entry.minute for entry in await _entries(room)] == [480, 1080]


async def test_the_button_below_a_digest_leaves_the_digest_alone(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/help")
    kept, new, _ = await room.press_data(READER, said, "digest:settings")
    assert kept == said
    assert "When should they come?" in new[0].text


async def test_a_time_zone_moves_the_digests(both: Newsroom) -> None:
    await both.say(READER, "/subscribe korea")
    (before,) = await _entries(both)
    (said,) = await both.say(READER, "/timezone Soeul")
    assert "Seoul (UTC+9)" in said.text
    assert (await _place(both))[0].zone == "Asia/Seoul"
    (after,) = await _entries(both)
    assert before.next_at is not None
    assert after.next_at is not None
    assert (after.next_at - before.next_at) % timedelta(hours=24) == timedelta(hours=15)
    (said,) = await both.say(READER, "/timezone CST")
    said, _, _ = await both.press(READER, said, "Shanghai")
    assert (await _place(both))[0].zone == "Asia/Shanghai"
    (said,) = await both.say(READER, "/timezone Atlantis & <co>")
    assert "don't know where “Atlantis & <co>”" in said.text


# Digest now


async def test_digest_shows_what_is_new_and_takes_nothing_away(both: Newsroom) -> None:
    (said,) = await both.say(READER, "/digest")
    assert "follow no topics" in said.text
    await _news(both, 2, "korea")
    await both.say(READER, "/subscribe korea")
    first, second = await both.say(READER, "/digest"), await both.say(READER, "/digest")
    assert "Bridge 2 opens" in first[0].text
    assert [said.text for said in second] == [said.text for said in first]
    await both.say(READER, "/unsubscribe korea")
    await both.say(READER, "/subscribe china")
    (said,) = await both.say(READER, "/digest")
    assert "Nothing new" in said.text


async def test_a_muted_topic_stays_out_of_its_parent_s_digest(room: Newsroom) -> None:
    await _news(room, 1, "korea", about="Seoul bridge")
    await _news(room, 1, "china", about="Beijing bridge")
    await room.say(READER, "/subscribe asia")
    await room.say(READER, "/mute china")
    (said,) = await room.say(READER, "/digest")
    assert "Seoul bridge" in said.text
    assert "Beijing bridge" not in said.text


# The chat itself


async def test_stop_keeps_and_start_goes_on(room: Newsroom) -> None:
    await room.say(READER, "/subscribe korea")
    (said,) = await room.say(READER, "/stop")
    assert (await _place(room))[0].state == "stopped"
    (latest,) = await room.say(READER, "/latest")
    assert latest.text
    await room.press(READER, said, "Go on")
    assert (await _place(room))[0].state == "active"
    await room.say(READER, "/stop")
    await room.say(READER, "/start")
    assert (await _place(room))[0].state == "active"
    assert await _modes(room) == {"korea": Mode.DIGEST}


async def test_forget_asks_and_then_forgets(both: Newsroom) -> None:
    await _news(both, 1, "korea")
    await both.say(READER, "/subscribe korea")
    await both.say(READER, "/latest")
    (said,) = await both.say(READER, "/forget")
    await both.press(READER, said, "Keep it")
    assert await _modes(both) == {"korea": Mode.DIGEST}
    (said,) = await both.say(READER, "/forget")
    done, _, _ = await both.press(READER, said, "Yes, forget")
    assert "Forgotten" in done.text
    async with both.db.read() as tx:
        assert await chats.get(tx, both.bot.id, READER) is None
        assert await chats.destinations(tx, both.bot.id, READER) == []
        assert await personal.of_chat(tx, both.bot.id, READER) == {}


async def test_export_gives_all_that_is_kept_and_nothing_of_others(both: Newsroom) -> None:
    await _news(both, 1, "korea")
    await both.say(OWNER, "/subscribe china")
    await both.say(READER, "/subscribe korea")
    await both.say(READER, "/latest")
    *_, said = await both.say(READER, "/export")
    assert "all I keep" in said.text
    async with both.db.read() as tx:
        kept = await personal.of_chat(tx, both.bot.id, READER)
    assert {"chat", "destination", "subscription", "schedule", "reply_article"} <= kept.keys()
    assert len(kept["subscription"]) == len(kept["chat"]) == 1
    assert set(json.loads(await _file(both, READER))["kept"]) >= kept.keys() - {"reply_article"}


async def test_settings_and_privacy(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/settings")
    said, _, _ = await room.press(READER, said, "10 stories")
    assert "up to 10 stories" in said.text
    assert (await _place(room))[1].digest_length == 10
    _, (privacy,), _ = await room.press(READER, said, "Privacy")
    assert "What I keep" in privacy.text
    assert "whole deliveries for 30 days, and which message held which article for a year" in privacy.text


# Whatever people type


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/lastest", "Did you mean /latest"),
        ("/nonsense", "I don't know /nonsense"),
        ("/korea", "No news about Korea yet"),
        ("hello there, how are you today?", "I answer commands and topic names"),
        ("koreas", "No news about Korea yet"),
        ("what is new in korea?", "No news about Korea yet"),
        ("korea and china", "Which one do you mean"),
        ("econmics", "Did you mean"),
        ("/topic <b>&", "I know no topic “<b>&”"),
        ("/topic", "Topics"),
        ("/HELP", "What I can do"),
        ("/help@tidings_test_bot", "What I can do"),
    ],
)
async def test_whatever_is_typed_gets_help(room: Newsroom, typed: str, told: str) -> None:
    (said,) = await room.say(READER, typed)
    assert told in said.text


async def test_help_shows_the_desk_to_nobody_else(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/help")
    assert "News desk" not in said.text
    for name in ("latest", "topic", "topics", "subscribe", "schedule", "timezone", "forget", "privacy"):
        assert f"/{name}" in said.text


@pytest.mark.parametrize(
    "data", ["", "nothing", "topic:gone:0", "flip:x:y", "when:never mind", "zone:Mars/Base", "mode:"]
)
async def test_any_button_data_is_answered(room: Newsroom, data: str) -> None:
    (said,) = await room.say(READER, "/help")
    await room.press_data(READER, said, data)
    assert await _modes(room) == {}


# Groups


async def test_a_group_s_members_read_and_its_admins_choose(room: Newsroom) -> None:
    (said,) = await room.say(READER, "/latest", chat=GROUP)
    assert "no news yet" in said.text
    (said,) = await room.say(READER, "/subscribe korea", chat=GROUP)
    assert "Only admins of this group" in said.text
    assert await _modes(room, GROUP) == {}
    await room.post(f"chats/{GROUP}/members", {"user_id": OWNER, "status": "administrator"})
    (said,) = await room.say(OWNER, "/subscribe korea", chat=GROUP)
    assert "This chat follows Korea" in said.text
    _, _, toast = await room.press(READER, said, "Undo", chat=GROUP)
    assert "Only admins" in toast
    assert await _modes(room, GROUP) == {"korea": Mode.DIGEST}
    await room.press(OWNER, said, "Undo", chat=GROUP)
    assert await _modes(room, GROUP) == {}


async def test_an_anonymous_admin_is_an_admin(room: Newsroom) -> None:
    await room.post(f"chats/{GROUP}/messages", {"from": "anonymous", "text": "/subscribe korea"})
    await room.handle()
    assert await _modes(room, GROUP) == {"korea": Mode.DIGEST}


@pytest.mark.parametrize(
    "typed", ["hello all", "korea", "/settings@another_bot", "/somethingelse", "mail@tidings_test_bot.org"]
)
async def test_talk_in_a_group_is_left_alone(room: Newsroom, typed: str) -> None:
    assert await room.say(READER, typed, chat=GROUP) == []


@pytest.mark.parametrize(
    "typed", ["@tidings_test_bot korea", "@Tidings_Test_Bot, korea", "/topic@tidings_test_bot korea"]
)
async def test_a_group_s_member_addresses_the_bot(room: Newsroom, typed: str) -> None:
    (said,) = await room.say(READER, typed, chat=GROUP)
    assert "Korea" in said.text
