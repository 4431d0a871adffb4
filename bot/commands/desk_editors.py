"""/editors: who works here. Owners invite by one-time links, change roles and remove; the last owner stays."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import structlog
from telegram.error import TelegramError

from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card
from bot.commands.start import JOIN
from bot.registry import Command, Press
from delivery import render
from delivery.wording import long_date
from storage import editors
from storage.database import Connection
from storage.editors import LastOwnerError
from storage.records import Editor, Role
from storage.slots import zone_of

log = structlog.get_logger(__name__)

BY = "the settings"  # OWNER_IDS, or the sandbox's own
LINK_FOR = timedelta(days=3)
ROLES = {
    Role.OWNER: ("👑", "may do everything and says who else works here"),
    Role.EDITOR: ("✍️", "adds, approves, edits and pushes articles"),
    Role.CONTRIBUTOR: ("📥", "adds articles, and an editor approves them"),
}


async def show(ask: Ask) -> Reply:
    """The list; for owners with a button for each person and for invitations."""
    return await _list(ask)


async def _list(ask: Ask, note: str = "") -> Reply:
    async with ask.db.read() as tx:
        everybody = await editors.all_editors(tx, ask.me.bot_id)
        lasting = {user_id: await _name(tx, ask, user_id) for user_id in sorted(ask.owner_ids)}
    others = [item for item in everybody if item.user_id not in lasting]
    mark = ROLES[Role.OWNER][0]
    lines = [f"{mark} {render.escape(name)} · owner{_you(user_id, ask)}, by {BY}" for user_id, name in lasting.items()]
    lines += [
        f"{ROLES[item.role][0]} {render.escape(item.name)} · {item.role}{_you(item.user_id, ask)}" for item in others
    ]
    parts = [note, "<b>Who works here</b>", "\n".join(lines)]
    return Reply("\n\n".join(part for part in parts if part), keyboard=_list_buttons(others, ask))


async def _name(tx: Connection, ask: Ask, user_id: int) -> str:
    """Of an owner by the settings, who may never have written."""
    if user_id == ask.person.user_id:
        return ask.person.name
    return await desk_card.name_of(tx, ask, user_id) or f"user {user_id}"


def _you(user_id: int, ask: Ask) -> str:
    return " (you)" if user_id == ask.person.user_id else ""


def _list_buttons(everybody: list[Editor], ask: Ask) -> Keyboard:
    if ask.role is not Role.OWNER:
        return ()
    people = [
        (f"{ROLES[item.role][0]} {desk_card.short(item.name, 30)}", f"d-who:{item.user_id}") for item in everybody
    ]
    invites = [(f"➕ Invite {_a(role)}", f"d-inv:{role}") for role in (Role.EDITOR, Role.CONTRIBUTOR, Role.OWNER)]
    return tuple((button,) for button in [*people, *invites])


def _a(role: Role) -> str:
    return f"a {role}" if role is Role.CONTRIBUTOR else f"an {role}"


# Inviting


async def invite(ask: Ask) -> Reply:
    """A link that works once, ready to be passed on."""
    role = _role(ask.args)
    if role is None:
        return Reply(toast="There is no such role.", alarm=True)
    async with ask.db.begin() as tx:
        secret = await editors.invite(
            tx,
            bot_id=ask.me.bot_id,
            role=role,
            created_by=ask.person.user_id or None,
            expires_at=ask.now + LINK_FOR,
        )
    link = ask.me.link(f"{JOIN}{secret}")
    share = "https://t.me/share/url?" + urlencode({"url": link, "text": f"Join our news desk as {_a(role)}:"})
    return Reply(
        f"Send this link to one person. Whoever opens it first becomes <b>{_a(role)}</b>, who {ROLES[role][1]}. "
        f"It works once, for {LINK_FOR.days} days.\n\n{render.escape(link)}",
        keyboard=((("📨 Send it to somebody", share),),),
        fresh=True,
    )


def _role(text: str) -> Role | None:
    return Role(text) if text in set(Role) else None


# One person


async def person(ask: Ask) -> Reply:
    """`user_id`: what may be changed about them."""
    found = await _editor(ask, ask.args)
    if found is None:
        return await _list(ask, "That person is not on the list any more.")
    others = [role for role in Role if role is not found.role]
    changes = tuple(((f"Make {_a(role)}", f"d-role:{found.user_id}:{role}"),) for role in others)
    remove = (("🗑 Remove", f"d-out:{found.user_id}"),)
    since = long_date(found.added_at, zone_of(ask.chat.zone), ask.chat.language)
    return Reply(
        f"{ROLES[found.role][0]} <b>{render.escape(found.name)}</b>{_you(found.user_id, ask)} · {found.role}: "
        f"{ROLES[found.role][1]}. Since {since}.",
        keyboard=(*changes, remove, (("‹ All", "d-eds"),)),
    )


async def change(ask: Ask) -> Reply:
    """`user_id:role`. An owner who steps down is asked first: it takes another owner to come back."""
    key, _, rest = ask.args.partition(":")
    name, _, sure = rest.partition(":")
    found, role = await _editor(ask, key), _role(name)
    if found is None or role is None:
        return await _list(ask, "That person is not on the list any more.")
    if found.user_id == ask.person.user_id and not sure:
        return _confirm(f"Step down yourself, to be {_a(role)}?", f"{ask.args}:yes", "d-role", found)
    try:
        async with ask.db.begin() as tx:
            await editors.put(
                tx,
                bot_id=ask.me.bot_id,
                user_id=found.user_id,
                role=role,
                name=found.name,
                added_by=found.added_by,
                now=ask.now,
            )
            await _end_links(tx, ask, found, role)
    except LastOwnerError as error:
        return Reply(toast=str(error), alarm=True)
    await _tell(ask, found, f"You are {_a(role)} of the news desk now. /help shows what you can do.")
    reply = await _list_or_bye(ask, found, f"{render.escape(found.name)}: {role} from now on.")
    return replace(reply, menus_for=(found.user_id,))


async def remove(ask: Ask) -> Reply:
    """`user_id` asks, `user_id:yes` does it."""
    key, _, sure = ask.args.partition(":")
    found = await _editor(ask, key)
    if found is None:
        return await _list(ask, "That person is not on the list any more.")
    if not sure:
        whom = "yourself" if found.user_id == ask.person.user_id else render.escape(found.name)
        return _confirm(f"Remove {whom} from the desk? Their articles stay.", f"{key}:yes", "d-out", found)
    try:
        async with ask.db.begin() as tx:
            await editors.remove(tx, ask.me.bot_id, found.user_id)
            await _end_links(tx, ask, found, None)
    except LastOwnerError as error:
        return Reply(toast=str(error), alarm=True)
    reply = await _list_or_bye(ask, found, f"{render.escape(found.name)} is removed.")
    return replace(reply, menus_for=(found.user_id,))


def _confirm(question: str, data: str, prefix: str, found: Editor) -> Reply:
    return Reply(question, keyboard=((("Yes", f"{prefix}:{data}"), ("No", f"d-who:{found.user_id}")),))


async def _end_links(tx: Connection, ask: Ask, found: Editor, role: Role | None) -> None:
    """Links that an owner gave out end with the ownership."""
    if found.role is Role.OWNER and role is not Role.OWNER:
        await editors.withdraw_by(tx, ask.me.bot_id, found.user_id)


async def _list_or_bye(ask: Ask, found: Editor, note: str) -> Reply:
    """Who gave their own ownership up sees no owner's buttons any more."""
    if found.user_id != ask.person.user_id:
        return await _list(ask, note)
    async with ask.db.read() as tx:
        mine = await editors.get(tx, ask.me.bot_id, ask.person.user_id)
    return await _list(replace(ask, role=None if mine is None else mine.role), note)


async def _tell(ask: Ask, found: Editor, text: str) -> None:
    """Where they can't be reached the change holds all the same."""
    if found.user_id == ask.person.user_id:
        return
    try:
        await ask.bot.send_message(found.user_id, text)
    except TelegramError as error:
        log.info("editor_not_told", user_id=found.user_id, error=type(error).__name__)


async def _editor(ask: Ask, key: str) -> Editor | None:
    """None too for an owner by the settings: nothing here changes that."""
    user_id = desk_card.number(key)
    if user_id is None or user_id in ask.owner_ids:
        return None
    async with ask.db.read() as tx:
        return await editors.get(tx, ask.me.bot_id, user_id)


COMMANDS = (Command("editors", show, "Who works here", who=Who.CONTRIBUTOR, private=True),)
PRESSES = (
    Press("d-eds", show, who=Who.CONTRIBUTOR, private=True),
    Press("d-inv", invite, who=Who.OWNER, private=True),
    Press("d-who", person, who=Who.OWNER, private=True),
    Press("d-role", change, who=Who.OWNER, private=True),
    Press("d-out", remove, who=Who.OWNER, private=True),
)
