"""The chat itself: /settings, /privacy, /forget, /stop."""

from dataclasses import replace
from datetime import timedelta

from bot import zones
from bot.access import Who
from bot.ask import Ask, Button, Keyboard, Reply
from bot.commands import quiet
from bot.commands.follow import digest_line, paused
from bot.registry import Command, Press
from delivery import render
from storage import chats, schedules, subscriptions
from storage.records import ChatState, Destination, Layout, Mode, QuietHours

LAYOUTS = {
    Layout.CLASSIC: "🖼 Layout: plain",
    Layout.RICH: "🖼 Layout: rich, with headings, a photo and summaries that unfold. Old apps may not show it",
    Layout.REFUSED: "🖼 Layout: plain. You wished rich messages; Telegram did not take one here",
}
LENGTHS = (3, 5, 10, 15)
YEAR = 365

PRIVACY = (
    "<b>What I keep</b>\n"
    "• This chat: its number, name and language, your time zone, what you follow and when digests come.\n"
    "• What I sent: whole deliveries for {deliveries}, and which message held which article for {copies}, so that "
    "corrections reach you. My answers that carried an article: {replies}.\n"
    "• Commands: only until they are answered. I don't keep what you write.\n\n"
    "Nobody else gets any of it. No tracking, no advertising.\n\n"
    "/forget deletes all of it at once. /stop only ends the messages."
)


async def settings(ask: Ask) -> Reply:
    async with ask.db.read() as tx:
        mine = [item for item in await subscriptions.of(tx, ask.destination.id) if item.mode is not Mode.MUTED]
        entries = await schedules.of(tx, ask.destination.id)
    zone = f"{zones.label(ask.chat.zone)}, now {zones.local_time(ask.chat.zone, ask.now)}"
    lines = [
        "<b>Settings</b>",
        f"📋 Followed: {', '.join(render.escape(item.name) for item in mine) or 'nothing yet'}",
        digest_line(ask, entries),
        f"🌍 Time zone: {render.escape(zone)}",
        f"🔢 A digest has up to {ask.destination.digest_length} stories of each topic",
        _nothing_told(ask.destination),
        LAYOUTS[ask.destination.layout],
        f"🌙 Quiet hours: {_quiet_told(ask.destination.quiet)}",
        *paused(ask)[:1],
    ]
    return Reply("\n".join(lines), keyboard=_buttons(ask.destination))


def _nothing_told(place: Destination) -> str:
    return f"📭 When nothing is new, {'a digest says so' if place.says_nothing else 'no digest comes'}"


def _quiet_told(hours: QuietHours | None) -> str:
    if hours is None:
        return "none"
    return f"{quiet.told(hours)}{', but urgent alerts come' if hours.urgent else ''}"


def _buttons(place: Destination) -> Keyboard:
    length = place.digest_length
    lengths: list[Button] = [(f"{'● ' if item == length else ''}{item} stories", f"size:{item}") for item in LENGTHS]
    nothing = (
        ("📭 Send none without news", "empty:off") if place.says_nothing else ("📭 Say when nothing is new", "empty:on")
    )
    return (
        (("📋 Topics", "pick:0"), ("🕗 Digest times", "digest:settings")),
        (("🌍 Time zone", "zones"), ("🌙 Quiet hours", "nights")),
        (("🔇 Pause", "hush"), nothing),
        (_layout_button(place.layout),),
        *(tuple(lengths[start : start + 2]) for start in range(0, len(lengths), 2)),
        (("🔒 Privacy", "privacy"),),
    )


async def set_length(ask: Ask) -> Reply:
    """Articles in a digest."""
    if ask.args not in map(str, LENGTHS):
        return await settings(ask)
    async with ask.db.begin() as tx:
        await chats.set_digest_length(tx, ask.destination.id, int(ask.args))
    return await settings(replace(ask, destination=replace(ask.destination, digest_length=int(ask.args))))


async def set_empty(ask: Ask) -> Reply:
    """`on`: a digest comes without news too, and says so; `off`."""
    wished = ask.args == "on"
    async with ask.db.begin() as tx:
        await chats.set_says_nothing(tx, ask.destination.id, wished=wished)
    return await settings(replace(ask, destination=replace(ask.destination, says_nothing=wished)))


def _layout_button(now: Layout) -> Button:
    return ("🖼 Plain layout", "layout:classic") if now is Layout.RICH else ("🖼 Rich layout", "layout:rich")


async def set_layout(ask: Ask) -> Reply:
    """`rich` or `classic`."""
    wished = Layout.RICH if ask.args == "rich" else Layout.CLASSIC
    async with ask.db.begin() as tx:
        await chats.set_layout(tx, ask.destination.id, wished)
    return await settings(replace(ask, destination=replace(ask.destination, layout=wished)))


async def privacy(ask: Ask) -> Reply:
    keep = ask.terms.keep
    text = PRIVACY.format(
        deliveries=_days(keep.deliveries), copies=_days(max(keep.copies, keep.deliveries)), replies=_days(keep.replies)
    )
    return Reply(text, fresh=ask.pressed)


def _days(time: timedelta) -> str:
    days = max(1, round(time.days + time.seconds / 86_400))
    if days == YEAR:
        return "a year"
    return "a day" if days == 1 else f"{days} days"


# /forget


async def forget(ask: Ask) -> Reply:
    what = "you" if ask.in_private else "this chat"
    role = "\n\nYour role at the news desk stays; an owner can take it away." if ask.role and ask.in_private else ""
    return Reply(
        f"Shall I forget everything about {what}: subscriptions, digest times, settings and what I sent? "
        f"This can't be undone.{role}",
        keyboard=((("🗑 Yes, forget everything", "forget:yes"), ("Keep it", "forget:no")),),
    )


async def forget_answer(ask: Ask) -> Reply:
    if ask.args != "yes":
        return Reply("Nothing was changed.")
    async with ask.db.begin() as tx:
        await chats.forget(tx, ask.me.bot_id, ask.chat.chat_id)
    return Reply("Forgotten. Nothing more will come. If you ever want news again, say /start.")


# /stop


async def stop(ask: Ask) -> Reply:
    async with ask.db.begin() as tx:
        await chats.set_state(tx, ask.me.bot_id, ask.chat.chat_id, ChatState.STOPPED)
    return Reply(
        "⏸ Stopped. I send nothing more; your choices are kept. /start goes on where you left.\n"
        "To delete everything instead, use /forget.",
        keyboard=((("▶️ Go on", "resume"),),),
    )


COMMANDS = (
    Command("settings", settings, "All settings at a glance"),
    Command("privacy", privacy, "What I keep about you"),
    Command("forget", forget, "Delete everything about this chat", who=Who.CHAT),
    Command("stop", stop, "Send nothing more", who=Who.CHAT),
)
PRESSES = (
    Press("size", set_length, who=Who.CHAT),
    Press("empty", set_empty, who=Who.CHAT),
    Press("layout", set_layout, who=Who.CHAT),
    Press("privacy", privacy),
    Press("forget", forget_answer, who=Who.CHAT),
)
