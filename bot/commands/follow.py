"""What a chat follows: /subscribe, /unsubscribe, /subscriptions, and the buttons that do the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import names, times, zones
from bot.access import Who
from bot.ask import Ask, Button, Keyboard, Reply, rows
from bot.commands import pages
from bot.commands.news import MODE_WORDS
from bot.registry import Command, Press
from delivery import render
from storage import chats, schedules, subscriptions
from storage.database import Connection
from storage.records import ChatState, Mode, ScheduleEntry, Subscription, Topic
from storage.slots import EVERY_DAY

PER_PAGE = 8
SIGNS = {Mode.DIGEST: "📰", Mode.INSTANT: "⚡", Mode.MUTED: "🔇"}
TELLS = {Mode.DIGEST: "in your digest", Mode.INSTANT: "at once, as alerts", Mode.MUTED: "muted"}
LETTERS = {"d": Mode.DIGEST, "i": Mode.INSTANT, "m": Mode.MUTED}

_MODE_WORDS = {
    "instant": Mode.INSTANT,
    "alert": Mode.INSTANT,
    "alerts": Mode.INSTANT,
    "now": Mode.INSTANT,
    "digest": Mode.DIGEST,
    "digests": Mode.DIGEST,
    "daily": Mode.DIGEST,
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a destination has after a change. `first`: its digests began with it."""

    subscriptions: tuple[Subscription, ...]
    entries: tuple[ScheduleEntry, ...]
    first: bool = False


async def set_modes(tx: Connection, ask: Ask, topics: Sequence[Topic], mode: Mode) -> Chosen:
    """Follow the topics in this mode. The first digest gets a time, and a chat that had said /stop is back."""
    before = await subscriptions.of(tx, ask.destination.id)
    for topic in topics:
        await subscriptions.set_mode(tx, ask.destination.id, topic.id, mode, ask.now)
    entries = await schedules.of(tx, ask.destination.id)
    first = mode is Mode.DIGEST and not entries and not any(item.mode is Mode.DIGEST for item in before)
    if first:
        daily = [(EVERY_DAY, ask.digest_minute, None)]
        entries = await schedules.replace(tx, ask.destination.id, daily, ask.chat.zone, ask.now)
    if mode is not Mode.MUTED:
        await come_back(tx, ask)
    return Chosen(tuple(await subscriptions.of(tx, ask.destination.id)), tuple(entries), first)


async def come_back(tx: Connection, ask: Ask) -> None:
    """End a /stop: digests go on from the next time, not with what was missed."""
    if ask.chat.state is ChatState.ACTIVE:
        return
    await chats.set_state(tx, ask.me.bot_id, ask.chat.chat_id, ChatState.ACTIVE)
    for place in await chats.destinations(tx, ask.me.bot_id, ask.chat.chat_id):
        await schedules.reschedule(tx, place.id, ask.chat.zone, ask.now)


# /subscribe


async def subscribe(ask: Ask) -> Reply:
    """`TOPIC[, TOPIC…] [instant|digest]`."""
    name, mode = _mode(ask.args)
    if not name:
        return await pick(ask.with_args("0"))
    if names.is_everything(name):
        return await _follow(ask, ask.topics, mode)
    found: list[Topic] = []
    for part in names.several(ask.topics, name):
        match = names.match(ask.topics, part)
        if match.only is None:
            return pages.unknown_topic(ask, part, match, "sub", f":{mode[0]}")
        found.append(match.only)
    return await _follow(ask, found, mode)


def _mode(text: str) -> tuple[str, Mode]:
    """The name, and the mode that follows it; digest where none does."""
    words = text.split()
    if len(words) > 1 and words[-1].casefold() in _MODE_WORDS:
        return " ".join(words[:-1]), _MODE_WORDS[words[-1].casefold()]
    return text.strip(), Mode.DIGEST


async def subscribe_press(ask: Ask) -> Reply:
    """`id:letter`, from a topic's or an article's message, which stays as it is."""
    key, _, letter = ask.args.partition(":")
    found, mode = pages.by_id(ask.topics, key), LETTERS.get(letter, Mode.DIGEST)
    if found is None:
        return no_topic()
    return replace(await _follow(ask, [found], mode), fresh=True, toast=f"{found.name}: {TELLS[mode]}")


def no_topic() -> Reply:
    return Reply(toast="That topic is gone. See /topics.", alarm=True)


async def _follow(ask: Ask, topics: Sequence[Topic], mode: Mode) -> Reply:
    async with ask.db.begin() as tx:
        chosen = await set_modes(tx, ask, topics, mode)
    who = "You follow" if ask.in_private else "This chat follows"
    text = f"✅ {who} {listed([item.name for item in topics])}: {TELLS[mode]}."
    if mode is Mode.DIGEST:
        text += f"\n\n{digest_line(ask, chosen.entries)}"
    return Reply(text, keyboard=_after_following(topics, mode))


def listed(items: Sequence[str]) -> str:
    bold = [f"<b>{render.escape(item)}</b>" for item in items]
    return bold[0] if len(bold) == 1 else f"{', '.join(bold[:-1])} and {bold[-1]}"


def digest_line(ask: Ask, entries: Sequence[ScheduleEntry]) -> str:
    """When digests come, by which clock, and what that clock shows now."""
    if not entries:
        return "No digest time is set: choose one with /schedule."
    told = times.describe([(entry.weekdays, entry.minute, entry.every_hours) for entry in entries])
    place = zones.label(ask.chat.zone)
    clock = f"{place} time, now {zones.local_time(ask.chat.zone, ask.now)}"
    return f"🕗 Digests come <b>{told}</b> ({render.escape(clock)})."


def _after_following(topics: Sequence[Topic], mode: Mode) -> Keyboard:
    change: tuple[Button, ...] = (("🕗 Change time", "digest:settings"), ("🌍 Time zone", "zones"))
    if len(topics) != 1:
        return (change, (("📋 What I follow", "subs:0"),))
    topic = topics[0]
    other = ("⚡ Alerts instead", f"mode:{topic.id}:i") if mode is Mode.DIGEST else ("📰 Digest", f"mode:{topic.id}:d")
    return (change, (other, ("✖️ Undo", f"mode:{topic.id}:x"), ("📋 All", "subs:0")))


# Choosing by buttons


async def pick(ask: Ask) -> Reply:
    """`page`: all topics with check marks; a tap follows one or ends it."""
    return await _picker(ask, pages.page_number(ask.args))


async def flip(ask: Ask) -> Reply:
    """`id:page`: follow the topic or end it, and show the same page."""
    key, _, page = ask.args.partition(":")
    topic = pages.by_id(ask.topics, key)
    if topic is None:
        return no_topic()
    async with ask.db.begin() as tx:
        if topic.id in await _followed(tx, ask) and await subscriptions.remove(tx, ask.destination.id, topic.id):
            toast = f"{topic.name}: no longer followed"
        else:
            chosen = await set_modes(tx, ask, [topic], Mode.DIGEST)
            toast = f"{topic.name}: {TELLS[Mode.DIGEST]}" + (_first_time(ask, chosen) if chosen.first else "")
    return replace(await _picker(ask, pages.page_number(page)), toast=toast)


async def _followed(tx: Connection, ask: Ask) -> set[int]:
    """Ids of the topics that bring something."""
    return {item.topic_id for item in await subscriptions.of(tx, ask.destination.id) if item.mode is not Mode.MUTED}


def _first_time(ask: Ask, chosen: Chosen) -> str:
    told = times.describe([(entry.weekdays, entry.minute, entry.every_hours) for entry in chosen.entries])
    return f", {told} ({zones.label(ask.chat.zone)} time)"


async def _picker(ask: Ask, page: int) -> Reply:
    found = sorted(ask.topics, key=lambda item: item.name.casefold())
    async with ask.db.read() as tx:
        mine = await _followed(tx, ask)
        entries = await schedules.of(tx, ask.destination.id)
    buttons = [
        (f"{'✅ ' if item.id in mine else ''}{pages.label(item.name, 22)}", f"flip:{item.id}:{page}")
        for item in pages.page_of(found, page)
    ]
    line = f"\n\n{digest_line(ask, entries)}" if mine and entries else ""
    return Reply(
        f"<b>What should I bring you?</b>\nTap topics to follow them; tap again to stop.{line}",
        keyboard=(
            *rows(buttons, 2),
            *pages.page_turns("pick", page, len(found)),
            (("🕗 Digest time", "digest:settings"), ("✔️ Done", "subs:0")),
        ),
    )


# /unsubscribe


async def unsubscribe(ask: Ask) -> Reply:
    """`TOPIC[, TOPIC…]` or `all`."""
    async with ask.db.read() as tx:
        mine = await subscriptions.of(tx, ask.destination.id)
    if not ask.args:
        return await _mine(ask, 0)
    if names.is_everything(ask.args):
        return await _drop(ask, [item for item in ask.topics if item.id in {own.topic_id for own in mine}])
    found: list[Topic] = []
    for part in names.several(ask.topics, ask.args):
        match = names.match(ask.topics, part)
        if match.only is None:
            return pages.unknown_topic(ask, part, match, "mode", ":x")
        found.append(match.only)
    return await _drop(ask, found)


async def _drop(ask: Ask, topics: Sequence[Topic]) -> Reply:
    async with ask.db.begin() as tx:
        gone = [item.name for item in topics if await subscriptions.remove(tx, ask.destination.id, item.id)]
    if not gone:
        return Reply("You did not follow that. /subscriptions shows what you follow.")
    back: list[Button] = [(f"↩️ {pages.label(item.name)} again", f"sub:{item.id}:d") for item in topics[:4]]
    return Reply(f"Done: no more news about {listed(gone)}.", keyboard=rows(back, 2))


# /subscriptions


async def show(ask: Ask) -> Reply:
    """What is followed and how; by button, page N."""
    return await _mine(ask, pages.page_number(ask.args) if ask.pressed else 0)


async def _mine(ask: Ask, page: int) -> Reply:
    async with ask.db.read() as tx:
        mine = await subscriptions.of(tx, ask.destination.id)
        entries = await schedules.of(tx, ask.destination.id)
    if not mine:
        return Reply("Nothing is followed here yet.", keyboard=((("➕ Choose topics", "pick:0"),),))
    shown = mine[page * PER_PAGE : (page + 1) * PER_PAGE]
    lines = [f"{SIGNS[item.mode]} <b>{render.escape(item.name)}</b>: {TELLS[item.mode]}" for item in shown]
    buttons = [(f"{SIGNS[item.mode]} {pages.label(item.name, 20)}", f"my:{item.topic_id}") for item in shown]
    tail = digest_line(ask, entries) if any(item.mode is Mode.DIGEST for item in mine) else ""
    return Reply(
        "\n".join(["<b>Followed here</b>", *lines, "", *paused(ask), tail]).strip(),
        keyboard=(
            *rows(buttons, 2),
            *pages.page_turns("subs", page, len(mine), PER_PAGE),
            (("➕ Topics", "pick:0"), ("🕗 Digest time", "digest:settings")),
        ),
    )


def paused(ask: Ask) -> list[str]:
    until = ask.destination.muted_until
    if ask.chat.state is ChatState.STOPPED:
        return ["⏸ You said /stop: nothing is sent until you say /start."]
    if until is None or until <= ask.now:
        return []
    return [f"🔇 Everything is quiet until {zones.moment(ask.chat.zone, until, ask.now).removeprefix('on ')}."]


async def one(ask: Ask) -> Reply:
    """`id`: how one topic is followed, with buttons to change it."""
    topic = pages.by_id(ask.topics, ask.args)
    return no_topic() if topic is None else await _one(ask, topic)


async def _one(ask: Ask, topic: Topic) -> Reply:
    async with ask.db.read() as tx:
        mine = {item.topic_id: item.mode for item in await subscriptions.of(tx, ask.destination.id)}
        entries = await schedules.of(tx, ask.destination.id)
    mode = mine.get(topic.id)
    told = TELLS[mode] if mode else "not followed"
    line = f"\n\n{digest_line(ask, entries)}" if mode is Mode.DIGEST else ""
    modes = [
        (f"{'● ' if item is mode else ''}{SIGNS[item]} {MODE_WORDS[item]}", f"mode:{topic.id}:{letter}")
        for letter, item in LETTERS.items()
    ]
    end: list[Button] = [("✖️ Unfollow", f"mode:{topic.id}:x")] if mode else []
    if mode is Mode.MUTED:
        end = [("🔔 Unmute", f"unmute:{topic.id}")]
    return Reply(
        f"<b>{render.escape(topic.name)}</b>: {told}{line}",
        keyboard=(*rows(modes, 1), (*end, ("‹ All I follow", "subs:0"))),
    )


async def set_one(ask: Ask) -> Reply:
    """`id:letter`, `x` to unfollow."""
    key, _, letter = ask.args.partition(":")
    topic = pages.by_id(ask.topics, key)
    if topic is None:
        return no_topic()
    mode = LETTERS.get(letter)
    async with ask.db.begin() as tx:
        if mode is None:
            await subscriptions.remove(tx, ask.destination.id, topic.id)
        else:
            await set_modes(tx, ask, [topic], mode)
    return replace(await _one(ask, topic), toast=f"{topic.name}: {TELLS[mode] if mode else 'not followed'}")


COMMANDS = (
    Command("subscribe", subscribe, "Follow a topic", who=Who.CHAT, usage="TOPIC [instant|digest]"),
    Command("unsubscribe", unsubscribe, "Stop following a topic", who=Who.CHAT, usage="TOPIC"),
    Command("subscriptions", show, "What you follow"),
)
PRESSES = (
    Press("sub", subscribe_press, who=Who.CHAT),
    Press("pick", pick, who=Who.CHAT),
    Press("flip", flip, who=Who.CHAT),
    Press("subs", show),
    Press("my", one, who=Who.CHAT),
    Press("mode", set_one, who=Who.CHAT),
)
