"""When digests come and by which clock: /schedule, /timezone."""

from collections.abc import Sequence
from dataclasses import replace

from bot import times, zones
from bot.access import Who
from bot.ask import Ask, Button, Keyboard, Reply, rows
from bot.commands.follow import digest_line
from bot.registry import Command, Press
from delivery import render
from storage import chats, quiet, schedules, subscriptions
from storage.records import Mode, ScheduleEntry

CHOICES = (
    ("07:00", "7:00"),
    ("08:00", "8:00"),
    ("12:00", "12:00"),
    ("18:00", "18:00"),
    ("Morning and evening", "8:00 18:00"),
    ("Weekdays 08:00", "weekdays 8:00"),
    ("Every 6 hours", "every 6h"),
    ("No digests", "off"),
)
# Where speakers of a language mostly live: offered first, never assumed.
LIKELY = {
    "ko": "Asia/Seoul",
    "ja": "Asia/Tokyo",
    "zh": "Asia/Shanghai",
    "de": "Europe/Berlin",
    "fr": "Europe/Paris",
    "it": "Europe/Rome",
    "es": "Europe/Madrid",
    "pt": "America/Sao_Paulo",
    "ru": "Europe/Moscow",
    "tr": "Europe/Istanbul",
    "id": "Asia/Jakarta",
    "hi": "Asia/Kolkata",
    "uk": "Europe/Kyiv",
    "pl": "Europe/Warsaw",
}
COMMON = (
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "UTC",
)


# /schedule


async def schedule(ask: Ask) -> Reply:
    """Times such as `8:00`, `weekdays 7:30`, `every 6h`, `off`; nothing: what is set, with a choice."""
    if not ask.args:
        return await _times(ask)
    try:
        entries = times.parse(ask.args)
    except times.ScheduleError as error:
        return Reply(render.escape(str(error)), keyboard=_choices())
    return await _set(ask, entries)


async def settings(ask: Ask) -> Reply:
    """From any message, a digest's too: a message of its own."""
    return replace(await _times(ask), fresh=True)


async def choose(ask: Ask) -> Reply:
    """A choice's own words."""
    try:
        return replace(await _set(ask, times.parse(ask.args)), toast="Saved")
    except times.ScheduleError:
        return await _times(ask)


async def _set(ask: Ask, entries: Sequence[times.Entry]) -> Reply:
    async with ask.db.begin() as tx:
        saved = await schedules.replace(tx, ask.destination.id, entries, ask.chat.zone, ask.now)
        mine = await subscriptions.of(tx, ask.destination.id)
    if not entries:
        return Reply("No more digests. Alerts still come, and /digest shows what is new.", keyboard=_choices())
    hint = "" if any(item.mode is Mode.DIGEST for item in mine) else "\n\nChoose topics, or they will be empty."
    follow: Keyboard = ((("➕ Choose topics", "pick:0"),),) if hint else ()
    return Reply(
        f"{digest_line(ask, saved)}{_next(ask, saved)}{hint}",
        keyboard=(*follow, (("🕗 Change", "times"), ("🌍 Time zone", "zones"))),
    )


def _next(ask: Ask, entries: Sequence[ScheduleEntry]) -> str:
    moments = [entry.next_at for entry in entries if entry.next_at is not None]
    return f"\nThe next one comes {zones.moment(ask.chat.zone, min(moments), ask.now)}." if moments else ""


async def _times(ask: Ask) -> Reply:
    async with ask.db.read() as tx:
        entries = await schedules.of(tx, ask.destination.id)
    if entries:
        line = f"{digest_line(ask, entries)}{_next(ask, entries)}"
    else:
        line = f"No digest time is set. My clock for you: {_clock(ask)}."
    return Reply(
        f"{line}\n\nWhen should they come? Tap a choice, or send times of your own: "
        "<code>/schedule mon-fri 7:30 18:00</code>",
        keyboard=_choices(),
    )


def _choices() -> Keyboard:
    buttons: list[Button] = [(name, f"when:{words}") for name, words in CHOICES]
    return (*rows(buttons[:4], 4), *rows(buttons[4:], 2), (("🌍 Time zone", "zones"),))


def _clock(ask: Ask) -> str:
    told = f"{zones.label(ask.chat.zone)} time, now {zones.local_time(ask.chat.zone, ask.now)}"
    return render.escape(told)


# /timezone


async def timezone(ask: Ask) -> Reply:
    """A city, a country, an abbreviation, an offset or an IANA name; nothing: what is set, with a choice."""
    if not ask.args:
        return _zones(ask)
    found = zones.find(ask.args)
    if len(found) == 1:
        return await _set_zone(ask, found[0])
    if found:
        return Reply("Which one is yours?", keyboard=_zone_buttons(ask, found))
    quoted = render.escape(" ".join(ask.args.split())[:60])
    return Reply(
        f"I don't know where “{quoted}” is. Send a large city near you, such as /timezone Seoul, "
        "or an offset: /timezone UTC+9",
        keyboard=_zone_buttons(ask, _offered(ask)),
    )


async def choose_zone(ask: Ask) -> Reply:
    """An IANA name."""
    if not zones.exists(ask.args):
        return _zones(ask)
    return replace(await _set_zone(ask, ask.args), toast="Saved")


async def offer_zones(ask: Ask) -> Reply:
    return replace(_zones(ask), fresh=True)


def _zones(ask: Ask) -> Reply:
    return Reply(
        f"My clock for you: {_clock(ask)} ({zones.offset(ask.chat.zone, ask.now)}).\n\n"
        "Is yours another? Tap one, or send a city: <code>/timezone Seoul</code>",
        keyboard=_zone_buttons(ask, _offered(ask)),
    )


def _offered(ask: Ask) -> list[str]:
    likely = LIKELY.get(ask.person.language.partition("-")[0])
    return list(dict.fromkeys([*([likely] if likely else []), *COMMON]))


def _zone_buttons(ask: Ask, found: Sequence[str]) -> Keyboard:
    return rows([(_zone_label(ask, zone), f"zone:{zone}") for zone in found], 2)


def _zone_label(ask: Ask, zone: str) -> str:
    """ "✓ Seoul 14:05"."""
    mark = "✓ " if zone == ask.chat.zone else ""
    return f"{mark}{zones.label(zone)} {zones.local_time(zone, ask.now)[4:]}"


async def _set_zone(ask: Ask, zone: str) -> Reply:
    async with ask.db.begin() as tx:
        await chats.set_zone(tx, ask.me.bot_id, ask.chat.chat_id, zone)
        for place in await chats.destinations(tx, ask.me.bot_id, ask.chat.chat_id):
            await schedules.change_zone(tx, place.id, zone, ask.now)
            await quiet.hold_again(tx, place.id, place.quiet, zone, ask.now)
        entries = await schedules.of(tx, ask.destination.id)
    ask = replace(ask, chat=replace(ask.chat, zone=zone))
    digests = f"\n{digest_line(ask, entries)}{_next(ask, entries)}" if entries else ""
    return Reply(
        f"🌍 It is {zones.local_time(zone, ask.now)} in your time zone: <b>{render.escape(zones.label(zone))}</b> "
        f"({zones.offset(zone, ask.now)}).{digests}",
        keyboard=((("🌍 That's wrong", "zones"), ("🕗 Digest times", "times")),),
    )


async def show_times(ask: Ask) -> Reply:
    return await _times(ask)


COMMANDS = (
    Command("schedule", schedule, "When digests come", who=Who.CHAT, usage="[8:00 | weekdays 7:30 | off]"),
    Command("timezone", timezone, "Your time zone", who=Who.CHAT, usage="[CITY]"),
)
PRESSES = (
    Press("digest", settings, who=Who.CHAT),
    Press("times", show_times, who=Who.CHAT),
    Press("when", choose, who=Who.CHAT),
    Press("zones", offer_zones, who=Who.CHAT),
    Press("zone", choose_zone, who=Who.CHAT),
)
