"""Quiet hours: /quiet 22:00-7:00, and the buttons that do the same. Alerts wait until they end."""

from dataclasses import replace

from bot import times, zones
from bot.access import Who
from bot.ask import Ask, Button, Keyboard, Reply, rows
from bot.commands import mute
from bot.registry import Command, Press
from delivery import render
from storage import chats
from storage import quiet as storage_quiet
from storage.records import QuietHours

CHOICES = ((22 * 60, 7 * 60), (23 * 60, 7 * 60), (0, 8 * 60), (21 * 60, 8 * 60))
URGENT_WORDS = frozenset({"urgent", "+urgent"})


async def quiet(ask: Ask) -> Reply:
    """`22:00-7:00`, `urgent` where urgent alerts are to come anyway; `off`; nothing: what is set, and a choice."""
    words = ask.args.casefold().split()
    if not words:
        return _shown(ask)
    if ask.args.casefold() in mute.OFF:
        return await _set(ask, None)
    if mute.span(ask.args) is not None:  # "/quiet 8h": for a while, not each night
        return await mute.mute(ask)
    spans = [word for word in words if word not in URGENT_WORDS]
    if not spans:
        return await _let_urgent_through(ask)
    try:
        start, end = times.parse_hours(" ".join(spans))
    except times.ScheduleError as error:
        return Reply(render.escape(str(error)), keyboard=_buttons(ask))
    return await _set(ask, QuietHours(start, end, urgent=len(spans) < len(words)))


async def _let_urgent_through(ask: Ask) -> Reply:
    now = ask.destination.quiet
    return _shown(ask) if now is None else await _set(ask, replace(now, urgent=True))


async def choose(ask: Ask) -> Reply:
    """`off`, `urgent` (they come), `held` (they wait), or the minutes `1320-420`; nothing: what is set."""
    now = ask.destination.quiet
    if ask.args == "off":
        return replace(await _set(ask, None), toast="Saved")
    if ask.args in ("urgent", "held") and now is not None:
        return replace(await _set(ask, replace(now, urgent=ask.args == "urgent")), toast="Saved")
    start, _, end = ask.args.partition("-")
    if (start, end) not in {(str(first), str(last)) for first, last in CHOICES}:
        return _shown(ask)
    urgent = now is not None and now.urgent
    return replace(await _set(ask, QuietHours(int(start), int(end), urgent)), toast="Saved")


async def offer(ask: Ask) -> Reply:
    return replace(_shown(ask), fresh=True)


async def _set(ask: Ask, hours: QuietHours | None) -> Reply:
    async with ask.db.begin() as tx:
        await storage_quiet.set_hours(tx, ask.destination.id, hours, ask.chat.zone, ask.now)
        place = await chats.destination(tx, ask.me.bot_id, ask.chat.chat_id, ask.destination.thread_id)
    return _shown(replace(ask, destination=place))


def _shown(ask: Ask) -> Reply:
    hours = ask.destination.quiet
    if hours is None:
        text = "🌙 No quiet hours: alerts come whenever there is news."
    else:
        clock = f"{zones.label(ask.chat.zone)} time, now {zones.local_time(ask.chat.zone, ask.now)}"
        text = (
            f"🌙 Quiet each day <b>{told(hours)}</b> ({render.escape(clock)}). Alerts wait and come together "
            f"at the end, in one message. {_urgent_told(hours)}\nDigests come when you set them, at night too."
        )
    return Reply(f"{text}\n\nTap hours, or send your own: <code>/quiet 22:30-6:45</code>", keyboard=_buttons(ask))


def _urgent_told(hours: QuietHours) -> str:
    return "Urgent ones come at once." if hours.urgent else "Urgent ones wait too."


def told(hours: QuietHours) -> str:
    """ "22:00–07:00"."""
    return f"{times.clock(hours.start)}–{times.clock(hours.end)}"


def _buttons(ask: Ask) -> Keyboard:
    now = ask.destination.quiet
    here = None if now is None else (now.start, now.end)
    spans: list[Button] = [
        (f"{'● ' if (start, end) == here else ''}{told(QuietHours(start, end))}", f"night:{start}-{end}")
        for start, end in CHOICES
    ]
    last: list[Button] = []
    if now is not None:
        last = [
            ("🚨 Hold urgent ones too", "night:held") if now.urgent else ("🚨 Let urgent ones through", "night:urgent")
        ]
    return (
        *rows(spans, 2),
        *rows(last, 1),
        (*((("🔔 No quiet hours", "night:off"),) if now is not None else ()), ("🌍 Time zone", "zones")),
    )


COMMANDS = (Command("quiet", quiet, "Hours in which alerts wait", who=Who.CHAT, usage="[22:00-7:00 [urgent] | off]"),)
PRESSES = (Press("night", choose, who=Who.CHAT), Press("nights", offer, who=Who.CHAT))
