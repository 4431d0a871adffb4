"""Methods about the bot itself: who it is, its commands, texts, menu button and default rights."""

from __future__ import annotations

import re
from typing import Any

from sandbox.access import Call
from sandbox.errors import ApiError, refuse
from sandbox.links import BadLinkError, checked
from sandbox.records import Bot, Chat
from sandbox.world import World

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_COMMAND_LENGTH = 32
_DESCRIPTION_LIMIT = 256
_COMMANDS = 100
_TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}
_RIGHTS = [
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
]


def get_me(call: Call) -> Any:
    """getMe."""
    bot = call.bot
    return {
        **bot.user.as_json(),
        "can_join_groups": True,
        "can_read_all_group_messages": bot.sees_everything,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def yes(call: Call) -> Any:
    """logOut and close: there is no other server to go to, so nothing changes."""
    return True


def set_commands(call: Call) -> Any:
    """setMyCommands."""
    commands = call.args["commands"]
    if len(commands) > _COMMANDS:
        raise refuse("BOT_COMMANDS_TOO_MUCH")
    kept = [_command(command) for command in commands]
    key = _key(call)
    if kept:
        call.bot.commands[key] = kept
    else:
        call.bot.commands.pop(key, None)
    return _changed(call)


def delete_commands(call: Call) -> Any:
    """deleteMyCommands."""
    call.bot.commands.pop(_key(call), None)
    return _changed(call)


def get_commands(call: Call) -> Any:
    """getMyCommands: exactly that scope and language, no falling back."""
    return call.bot.commands.get(_key(call), [])


def _changed(call: Call) -> bool:
    call.world.touch("bot", call.bot.id)
    call.world.events.tell("commands", None)
    return True


def _command(command: dict[str, Any]) -> dict[str, str]:
    name, description = command["command"].strip().removeprefix("/"), command["description"].strip()
    if not name:
        raise refuse("command must be non-empty")
    if len(name) > _COMMAND_LENGTH:
        raise refuse("command length must not exceed 32")
    if not _COMMAND.fullmatch(name):
        raise refuse("BOT_COMMAND_INVALID")
    if not description:
        raise refuse("command description must be non-empty")
    if len(description) > _DESCRIPTION_LIMIT:
        raise refuse("command description length must not exceed 256")
    return {"command": name, "description": description}


def _language(call: Call) -> str:
    language: str = call.args.get("language_code", "")
    if language and not _LANGUAGE.fullmatch(language):
        raise refuse("invalid language code specified")
    return language


def _key(call: Call) -> str:
    scope = call.args.get("scope") or {"type": "default"}
    language = _language(call)
    if "chat_id" not in scope:
        return f"{scope['type']}|{language}"
    chat = _scope_chat(call, scope)
    if scope["type"] == "chat_member":
        if call.world.person(scope["user_id"]) is None:
            raise refuse("user not found")
        return f"chat_member:{chat.id}:{scope['user_id']}|{language}"
    return f"{scope['type']}:{chat.id}|{language}"


def _scope_chat(call: Call, scope: dict[str, Any]) -> Chat:
    value = scope["chat_id"]
    named = (chat for chat in call.world.chats.values() if f"@{chat.names.get('username', '')}" == value)
    chat = call.world.chats.get(value) if isinstance(value, int) else next(named, None)
    if chat is None or not call.world.is_present(chat, call.bot.id):
        raise refuse("chat not found")
    if chat.type == "channel":
        raise refuse("can't change commands in channel chats")
    if scope["type"] != "chat" and chat.type == "private":
        raise refuse("can't use specified scope in private chats")
    return chat


def resolve_commands(world: World, bot: Bot, chat: Chat, user_id: int, language: str) -> list[dict[str, str]]:
    """The command menu of a user in a chat: the narrowest scope first, each with the language before without."""
    member = chat.members.get(user_id)
    is_admin = member is not None and member.status in {"creator", "administrator"}
    if chat.type == "private":
        scopes = [f"chat:{chat.id}", "all_private_chats", "default"]
    else:
        admin = [f"chat_administrators:{chat.id}"] if is_admin else []
        admins = ["all_chat_administrators"] if is_admin else []
        scopes = [f"chat_member:{chat.id}:{user_id}", *admin, f"chat:{chat.id}", *admins, "all_group_chats", "default"]
    keys = [f"{scope}|{code}" for scope in scopes for code in (language, "")]
    return next((bot.commands[key] for key in keys if key in bot.commands), [])


def set_text(call: Call) -> Any:
    """setMyName, setMyDescription and setMyShortDescription."""
    kind = _kind(call)
    text = call.args.get(kind, "").strip()
    if len(text) > _TEXT_LIMITS[kind]:
        raise refuse(f"{kind.replace('_', ' ')} is too long" if kind != "name" else "BOT_TITLE_INVALID")
    key = f"{kind}|{_language(call)}"
    if text:
        call.bot.texts[key] = text
    else:
        call.bot.texts.pop(key, None)
    if key == "name|" and text:
        call.bot.user.first_name = text
    call.world.touch("bot", call.bot.id)
    return True


def get_text(call: Call) -> Any:
    """getMyName, getMyDescription and getMyShortDescription; without that language, the general one."""
    kind = _kind(call)
    default = call.bot.user.first_name if kind == "name" else ""
    texts = call.bot.texts
    return {kind: texts.get(f"{kind}|{_language(call)}", texts.get(f"{kind}|", default))}


def _kind(call: Call) -> str:
    name = call.method[len("setMy") :]
    return {"Name": "name", "Description": "description", "ShortDescription": "short_description"}[name]


def set_menu_button(call: Call) -> Any:
    """setChatMenuButton: of one private chat, or the default."""
    button = call.args.get("menu_button") or {"type": "default"}
    if button["type"] == "web_app":
        _check_web_app(button)
    key = _menu_key(call)
    if key and button["type"] == "default":
        call.bot.menu_buttons.pop(key, None)
    else:
        call.bot.menu_buttons[key] = button
    return _changed(call)


def _check_web_app(button: dict[str, Any]) -> None:
    if not button["text"].strip():
        raise refuse("menu button text must be non-empty")
    try:
        button["web_app"]["url"] = checked(button["web_app"]["url"], https_only=True)
    except BadLinkError as why:
        raise refuse(f"menu button Web App URL '{button['web_app']['url']}' is invalid: {why}") from why


def get_menu_button(call: Call) -> Any:
    """getChatMenuButton."""
    return menu_button(call.bot, _menu_key(call))


def menu_button(bot: Bot, key: str) -> dict[str, Any]:
    """The menu button of a private chat (its id as text), or the default ("")."""
    default = bot.menu_buttons.get("", {"type": "commands"})
    return bot.menu_buttons.get(key, default if key else {"type": "commands"} | default)


def _menu_key(call: Call) -> str:
    chat_id = call.args.get("chat_id")
    if not chat_id:
        return ""
    chat = call.world.chats.get(chat_id)
    if chat is None or chat.type != "private":
        raise _no_private_chat()
    return str(chat_id)


def _no_private_chat() -> ApiError:
    return refuse("chat not found")


def set_rights(call: Call) -> Any:
    """setMyDefaultAdministratorRights."""
    call.bot.rights[_rights_key(call)] = call.args.get("rights") or {}
    call.world.touch("bot", call.bot.id)
    return True


def get_rights(call: Call) -> Any:
    """getMyDefaultAdministratorRights."""
    return {**dict.fromkeys(_RIGHTS, False), **call.bot.rights.get(_rights_key(call), {})}


def _rights_key(call: Call) -> str:
    return "channels" if call.args.get("for_channels") else "groups"
