"""Silence: /mute for a while or about a topic, /pause until a day, /unmute, and the buttons that do the same."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import moments, names, zones
from bot.access import Who
from bot.ask import Ask, Button, Keyboard, Reply, rows
from bot.commands import follow, pages
from bot.registry import Command, Press
from delivery import render
from storage import chats, subscriptions
from storage.records import ChatState, Mode, Subscription, Topic
from storage.slots import zone_of

_SPAN = re.compile(r"(\d{1,3})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST_MUTE = timedelta(days=365)
OFF = frozenset({"off", "end", "stop", "no", "none", "all off"})
PAUSES = (("1 hour", "1h"), ("8 hours", "8h"), ("1 day", "1d"), ("1 week", "1w"))


async def mute(ask: Ask) -> Reply:
    """`TOPIC`, a time span such as `8h`, `off` for all that is muted, or nothing for a choice."""
    if not ask.args:
        return _mute_choice(ask)
    if (while_ := span(ask.args)) is not None:
        return await _pause(ask, ask.now + while_)
    if ask.args.casefold() in OFF:
        return await unmute_all(ask)
    found: list[Topic] = []
    for part in names.several(ask.topics, ask.args):
        match = names.match(ask.topics, part)
        if match.only is None:
            return pages.unknown_topic(ask, part, match, "mode", ":m")
        found.append(match.only)
    async with ask.db.begin() as tx:
        await follow.set_modes(tx, ask, found, Mode.MUTED)
    back = [(f"🔔 Unmute {pages.label(item.name, 20)}", f"unmute:{item.id}") for item in found[:4]]
    return Reply(
        f"🔇 Muted: {follow.listed([item.name for item in found])}. You can still ask for the news.",
        keyboard=rows(back, 2),
    )


async def unmute(ask: Ask) -> Reply:
    """`TOPIC`: as it was before it was muted; nothing: all that is muted."""
    if not ask.args or names.is_everything(ask.args):
        return await unmute_all(ask)
    found: list[Topic] = []
    for part in names.several(ask.topics, ask.args):
        match = names.match(ask.topics, part)
        if match.only is None:
            return pages.unknown_topic(ask, part, match, "unmute")
        found.append(match.only)
    return await _unmute(ask, found)


async def unmute_press(ask: Ask) -> Reply:
    """`id`."""
    topic = pages.by_id(ask.topics, ask.args)
    return follow.no_topic() if topic is None else await _unmute(ask, [topic])


async def _unmute(ask: Ask, topics: Sequence[Topic]) -> Reply:
    async with ask.db.begin() as tx:
        ids = await subscriptions.unmute(tx, ask.destination.id, [item.id for item in topics])
        mine = await subscriptions.of(tx, ask.destination.id)
    if not ids:
        return Reply(
            f"{follow.listed([item.name for item in topics])}: not muted. /subscriptions shows what you follow."
        )
    return Reply("\n".join(_unmuted(ask, ids, mine)), keyboard=((("📋 What I follow", "subs:0"),),))


def _unmuted(ask: Ask, ids: Collection[int], mine: Sequence[Subscription]) -> list[str]:
    """What each topic is now that its mute is over."""
    modes = {item.topic_id: follow.TELLS[item.mode] for item in mine}
    none = "not followed, as before"
    topics = [item for item in ask.topics if item.id in ids]
    return [f"🔔 Unmuted: <b>{render.escape(item.name)}</b> ({modes.get(item.id, none)})" for item in topics]


async def unmute_all(ask: Ask) -> Reply:
    """End every mute: the time of quiet and the topics'."""
    async with ask.db.begin() as tx:
        await chats.set_muted_until(tx, ask.destination.id, None)
        ids = await subscriptions.unmute(tx, ask.destination.id)
        mine = await subscriptions.of(tx, ask.destination.id)
    lines = ["🔔 Nothing is muted any more.", *_unmuted(ask, ids, mine)]
    if ask.chat.state is ChatState.STOPPED:
        lines += follow.paused(ask)
    return Reply("\n".join(lines), keyboard=((("📋 What I follow", "subs:0"),),))


async def quiet(ask: Ask) -> Reply:
    """`8h`, or `off`, which leaves muted topics muted."""
    while_ = span(ask.args)
    return await _pause(ask, ask.now + while_ if while_ else None)


async def pause(ask: Ask) -> Reply:
    """`3d`, a day such as `5 Dec` (until it begins), a day and time, `off`; nothing: a choice."""
    if not ask.args:
        return _mute_choice(ask)
    if ask.args.casefold() in OFF:
        return await _pause(ask, None)
    if (while_ := span(ask.args)) is not None:
        return await _pause(ask, ask.now + while_)
    try:
        return await _pause(ask, _until(ask))
    except moments.MomentError as error:
        return replace(_mute_choice(ask), text=f"{render.escape(str(error))} Or choose:")


def _until(ask: Ask) -> datetime:
    """A day without a time is meant until it begins. Raises MomentError."""
    zone = zone_of(ask.chat.zone)
    try:
        return moments.parse(f"{ask.args} 0:00", zone, ask.now)
    except moments.MomentError:
        return moments.parse(ask.args, zone, ask.now)


def span(text: str) -> timedelta | None:
    """ "8h", "2 days": a year at most; None for other words."""
    found = _SPAN.fullmatch(text.strip().casefold())
    if found is None or int(found[1]) == 0:
        return None
    return min(timedelta(**{_UNITS[found[2][0]]: int(found[1])}), LONGEST_MUTE)


def _mute_choice(ask: Ask) -> Reply:
    buttons: list[Button] = [(name, f"quiet:{span}") for name, span in PAUSES]
    end: Keyboard = ((("🔔 Send again now", "quiet:off"),),) if follow.paused(ask) else ()
    return Reply(
        "For how long should I be quiet? To mute one topic only, send /mute and its name.",
        keyboard=(*rows(buttons, 2), *end),
    )


async def _pause(ask: Ask, until: datetime | None) -> Reply:
    async with ask.db.begin() as tx:
        await chats.set_muted_until(tx, ask.destination.id, until)
        muted = [item for item in await subscriptions.of(tx, ask.destination.id) if item.mode is Mode.MUTED]
    if until is None:
        return _sending_again(muted)
    told = zones.moment(ask.chat.zone, until, ask.now)
    return Reply(
        f"🔇 Quiet until {told.removeprefix('on ')} ({render.escape(zones.label(ask.chat.zone))} time). "
        "You can still ask for news.",
        keyboard=((("🔔 Send again now", "quiet:off"),),),
    )


def _sending_again(muted: Sequence[Subscription]) -> Reply:
    text = "🔔 I send again, as you chose in /subscriptions."
    if not muted:
        return Reply(text)
    return Reply(
        f"{text} Still muted: {follow.listed([item.name for item in muted])}.",
        keyboard=((("🔔 Unmute all", "unmuted"),),),
    )


COMMANDS = (
    Command("mute", mute, "Be quiet for a while, or about a topic", who=Who.CHAT, usage="[TOPIC | 8h | off]"),
    Command("pause", pause, "Send nothing for some days", who=Who.CHAT, usage="[3d | until 5 Dec | off]"),
    Command("unmute", unmute, "", who=Who.CHAT),
)
PRESSES = (
    Press("quiet", quiet, who=Who.CHAT),
    Press("unmute", unmute_press, who=Who.CHAT),
    Press("unmuted", unmute_all, who=Who.CHAT),
)
