"""Coming in: /start with its deep links, and the one-time links that make an owner or an editor."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from telegram import Bot

from bot.access import Who
from bot.ask import Ask, Identity, Keyboard, Reply
from bot.commands import follow, mute, news, pages
from bot.registry import Command, Press
from delivery import render
from storage import editors, schedules, subscriptions
from storage.database import Connection
from storage.records import ChatState, Mode, Role

CLAIM, JOIN, TOPIC, READ = "claim_", "invite_", "topic_", "read_"
CLAIM_FOR = timedelta(days=1)
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,58}")

USED_LINK = "This link was used already, or its time is over. Ask for a new one."
ROLE_HINTS = {
    Role.OWNER: "The news desk is yours: /add an article, see the /queue, /push news, invite /editors. "
    "/help shows everything.",
    Role.EDITOR: "/add an article, see the /queue, /push news. /help shows everything.",
    Role.CONTRIBUTOR: "/add an article; an editor approves it. /help shows everything.",
}


async def make_claim_link(tx: Connection, bot: Bot, now: datetime) -> str:
    """The one-time link by which the first owner claims the bot. Links made before are void."""
    await editors.withdraw_claims(tx, bot.id)
    secret = await editors.invite(tx, bot_id=bot.id, role=Role.OWNER, created_by=None, expires_at=now + CLAIM_FOR)
    return Identity(bot.id, bot.username).link(f"{CLAIM}{secret}")


async def start(ask: Ask) -> Reply:
    """Alone: a welcome. With a deep link's payload: what the link promises."""
    if ask.args.startswith((CLAIM, JOIN)):
        return await _redeem(ask, ask.args.partition("_")[2])
    await _reactivate(ask)
    reply = await _opened(ask)
    if ask.role is not None and ask.in_private:  # an editor's menu can't be set before they write
        return replace(reply, menus_for=(ask.person.user_id,))
    return reply


async def _opened(ask: Ask) -> Reply:
    if ask.args.startswith(TOPIC) and (found := pages.by_slug(ask.topics, ask.args.removeprefix(TOPIC))):
        return await news.topic_page(ask, found, news.SHOWN, "")
    if ask.args.startswith(READ):
        return await news.read(ask.with_args(ask.args.removeprefix(READ)))
    return await _welcome(ask)


async def _reactivate(ask: Ask) -> None:
    """In a group only its admins end a /stop, with /subscribe or the button; here it is the person's own chat."""
    if ask.may_change and ask.chat.state is not ChatState.ACTIVE:
        async with ask.db.begin() as tx:
            await follow.come_back(tx, ask)


async def resume(ask: Ask) -> Reply:
    async with ask.db.begin() as tx:
        await follow.come_back(tx, ask)
    return Reply("▶️ I send again, as you chose in /subscriptions.")


async def hush(ask: Ask) -> Reply:
    return replace(await mute.mute(ask.with_args("")), fresh=True)


async def _welcome(ask: Ask) -> Reply:
    async with ask.db.read() as tx:
        mine = [item for item in await subscriptions.of(tx, ask.destination.id) if item.mode is not Mode.MUTED]
        entries = await schedules.of(tx, ask.destination.id)
    if not ask.in_private:
        return _group_welcome(ask)
    name = f", {render.escape(ask.person.name.split()[0])}" if ask.person.name.split() else ""
    if mine:
        names = ", ".join(f"<b>{render.escape(item.name)}</b>" for item in mine)
        return Reply(
            f"Welcome back{name}! You follow {names}.\n\n{follow.digest_line(ask, entries)}{_desk_line(ask)}",
            keyboard=_doors(),
        )
    return Reply(
        f"<b>Hello{name}!</b> I bring you the news in short: a digest at the time you choose, and alerts on what "
        f"matters to you. Every sentence is its source's own.{_desk_line(ask)}\n\n"
        "Start with the topics you care about:",
        keyboard=(*_first_topics(ask), *_doors()),
    )


def _desk_line(ask: Ask) -> str:
    """Who works here learns where to begin with that."""
    if ask.role is None:
        return ""
    return f"\n\n🗞 You are <b>{_a(ask.role)}</b> here. {ROLE_HINTS[ask.role]}"


def _first_topics(ask: Ask) -> Keyboard:
    buttons = [(f"➕ {pages.label(item.name, 20)}", f"sub:{item.id}:d") for item in ask.topics[:6]]
    return tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))


def _doors() -> Keyboard:
    return (
        (("📋 All topics", "pick:0"), ("📰 Latest news", "latest:5")),
        (("🕗 Digest time", "digest:settings"), ("❓ Help", "help")),
    )


def _group_welcome(ask: Ask) -> Reply:
    if ask.chat.state is ChatState.STOPPED and not ask.may_change:
        return Reply("An admin stopped me here. An admin can let me go on:", keyboard=((("▶️ Go on", "resume"),),))
    return Reply(
        "<b>Hello!</b> I bring news to this chat. Its admins choose what comes and when; everybody can ask.",
        keyboard=((("➕ Choose topics", "pick:0"), ("📰 Latest news", "latest:5")),),
    )


# Claims and invitations


async def _redeem(ask: Ask, secret: str) -> Reply:
    """The secret is for one person: never in a group, where everybody could read it."""
    if not ask.in_private or not ask.person.user_id:
        return Reply("Please open this link in our private chat.")
    if not _SECRET.fullmatch(secret):
        return Reply(USED_LINK)
    async with ask.db.begin() as tx:
        found = await editors.redeem(
            tx,
            bot_id=ask.me.bot_id,
            secret=secret,
            user_id=ask.person.user_id,
            name=ask.person.name,
            now=ask.now,
        )
    if found is None:
        return Reply(USED_LINK if ask.role is None else f"This link was used already. You are {_a(ask.role)} here.")
    return Reply(
        f"🎉 Welcome to the news desk, {render.escape(ask.person.name)}! You are <b>{_a(found.role)}</b> now.\n\n"
        f"{ROLE_HINTS[found.role]}",
        keyboard=_doors(),
        menus_for=(ask.person.user_id,),
    )


def _a(role: Role) -> str:
    return f"a {role}" if role is Role.CONTRIBUTOR else f"an {role}"


COMMANDS = (Command("start", start, "Begin, or go on after /stop"),)
PRESSES = (Press("resume", resume, who=Who.CHAT), Press("hush", hush, who=Who.CHAT))
