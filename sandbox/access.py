"""Which chat a call means, and what the bot may do there; refusals in Telegram's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import refuse
from sandbox.records import Bot, Chat, Member, Stored
from sandbox.world import World

_NAMES = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One call with checked parameters."""

    world: World
    bot: Bot
    method: str
    args: dict[str, Any]
    files: dict[str, Upload] = field(default_factory=dict)


def find_chat(call: Call, name: str = "chat_id") -> Chat:
    """The chat that a parameter names, where the bot may look at it."""
    value = call.args.get(name)
    chat = _by_username(call.world, value) if isinstance(value, str) else call.world.chats.get(value or 0)
    if chat is None:
        raise _unknown(call, value)
    if chat.migrated_to:
        text = "group chat was upgraded to a supergroup chat"
        raise refuse(text, parameters={"migrate_to_chat_id": chat.migrated_to})
    if chat.type != "private":
        _present(chat, call.bot)
    elif not chat.started:
        raise _unknown(call, chat.id)
    return chat


def _by_username(world: World, name: str) -> Chat | None:
    if not name.startswith("@"):
        return None
    wanted = name[1:].lower()
    named = (chat for chat in world.chats.values() if chat.type in {"supergroup", "channel"})
    return next((chat for chat in named if str(chat.names.get("username", "")).lower() == wanted), None)


def _unknown(call: Call, value: Any) -> Exception:
    if value in call.world.bots:
        return refuse("Forbidden: the bot can't send messages to the bot".removeprefix("Forbidden: "), 403)
    if isinstance(value, int) and value in call.world.users and _met(call.world, call.bot, value):
        return refuse("bot can't initiate conversation with a user", 403)
    return refuse("chat not found")


def _met(world: World, bot: Bot, user_id: int) -> bool:
    shared = (chat for chat in world.chats.values() if chat.type != "private")
    return any(bot.id in chat.members and user_id in chat.members for chat in shared)


def _present(chat: Chat, bot: Bot) -> None:
    member = chat.members.get(bot.id)
    name = _NAMES[chat.type]
    if member is None and chat.type == "channel" and "username" in chat.names:
        return
    if member is None or member.status == "left":
        raise refuse(f"bot is not a member of the {name}", 403)
    if member.status == "kicked":
        raise refuse(f"bot was kicked from the {name}", 403)


def writable(call: Call, kind: str = "text messages", name: str = "chat_id") -> Chat:
    """The chat that a call writes to, where the bot may write."""
    chat = find_chat(call, name)
    if chat.type == "private":
        if chat.blocked:
            raise refuse("bot was blocked by the user", 403)
        return chat
    member = chat.members.get(call.bot.id)
    if chat.type == "channel":
        if member is None:
            raise refuse("bot is not a member of the channel chat", 403)
        if not member.may("can_post_messages"):
            raise refuse("need administrator rights in the channel chat")
    elif member is not None and member.status == "restricted":
        raise refuse(f"not enough rights to send {kind} to the chat")
    _thread(call, chat)
    return chat


def _thread(call: Call, chat: Chat) -> None:
    thread_id = call.args.get("message_thread_id")
    if not thread_id:
        return
    topic = chat.topics.get(thread_id)  # the general topic has none: 1 is refused, as Telegram does
    if not chat.is_forum or topic is None:
        raise refuse("message thread not found")
    if topic and topic.get("closed") and not place(chat, call.bot).may("can_manage_topics"):
        raise refuse("TOPIC_CLOSED")


def place(chat: Chat, bot: Bot) -> Member:
    """The bot's place in a chat; somebody never seen there has left."""
    return chat.members.get(bot.id, Member("left"))


def need_right(call: Call, chat: Chat, right: str, doing: str) -> None:
    """Refuse where the bot is no administrator with that right."""
    if chat.type != "private" and not place(chat, call.bot).may(right):
        raise refuse(f"not enough rights to {doing}")


def find_message(chat: Chat, message_id: Any, doing: str) -> Stored:
    """A message by its id; `doing` fills in "message to ... not found"."""
    if not isinstance(message_id, int) or message_id <= 0:
        raise refuse("message identifier is not specified")
    stored = chat.messages.get(message_id)
    if stored is None:
        raise refuse(f"message {doing} not found")
    return stored
