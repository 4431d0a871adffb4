"""What people do in the world: write, press buttons, block, join and leave; and which bots hear of it."""

from __future__ import annotations

import secrets
from typing import Any

from sandbox.errors import ControlError
from sandbox.found import find
from sandbox.records import ANONYMOUS, Bot, Chat, Member, Stored
from sandbox.world import World

_STATUSES = frozenset({"creator", "administrator", "member", "restricted", "left", "kicked"})
_LONGEST = 4096
_SERVICE = frozenset({"new_chat_members", "left_chat_member", "migrate_to_chat_id", "migrate_from_chat_id"})


def say(
    world: World,
    chat_id: int,
    author: int | str | None,
    content: dict[str, Any],
    *,
    thread_id: int | None = None,
    reply_to: int | None = None,
) -> Stored:
    """A person's message; `author` is a user id, "anonymous" (a hidden admin) or None (a channel's post).

    `content` is {"text": ...} or a medium with an optional caption; entities are found as Telegram's clients do.
    """
    chat = world.chat(chat_id)
    who = _author(world, chat, author)
    fields = {**_marked(content, "text"), **_reply(chat, reply_to)}
    _start(world, chat)
    stored = world.post(chat, who, fields, thread_id=thread_id)
    if chat.type == "channel" and isinstance(author, int):
        person = world.person(author)
        world.change(chat, stored, {"author_signature": person.first_name if person else ""})
    _announce(world, chat, stored, "channel_post" if chat.type == "channel" else "message")
    return stored


def edit(world: World, chat_id: int, message_id: int, text: str) -> Stored:
    """A person edits their own message."""
    chat = world.chat(chat_id)
    stored = chat.messages.get(message_id)
    if stored is None or stored.author in world.bots:
        raise ControlError(404, f"There is no message {message_id} of a person in this chat.")
    field = "text" if "text" in stored.payload else "caption"
    fields = {**_marked({field: text}, field), "edit_date": world.now()}
    world.change(chat, stored, fields, drop=("entities", "caption_entities"))
    _announce(world, chat, stored, "edited_channel_post" if chat.type == "channel" else "edited_message")
    return stored


def press(world: World, chat_id: int, user_id: int, message_id: int, data: str) -> tuple[str, int | None]:
    """Press a button: (callback query id, update id). The bot is the one that wrote the message."""
    chat = world.chat(chat_id)
    stored = chat.messages.get(message_id)
    if stored is None:
        raise ControlError(404, f"There is no message {message_id} in this chat.")
    person = world.users.get(user_id)
    if person is None or not world.is_present(chat, user_id):
        raise ControlError(403, "Only members of the chat can press its buttons.")
    bot = world.bots.get(stored.author) or world.bots.get(stored.payload.get("via", 0))
    if bot is None and chat.type == "channel":
        bot = next(iter(world.bots_in(chat)), None)
    if bot is None:
        raise ControlError(409, "This message is no bot's.")
    world.forget_old_callbacks()
    query_id = str(secrets.randbits(62) + 1)
    world.callbacks[query_id] = (bot.id, world.clock())
    body = {"id": query_id, "from": person.as_json(), "message": stored.payload}
    instance = str((chat.id * 2_654_435_761) % 2**61)
    return query_id, bot.outbox.add("callback_query", {**body, "chat_instance": instance, "data": data})


def block(world: World, chat_id: int, blocked: bool) -> None:
    """The user of a private chat blocks the bot, or lets it in again."""
    chat = world.chat(chat_id)
    if chat.type != "private":
        raise ControlError(400, "Only a person can block the bot, in the private chat.")
    if chat.blocked == blocked:
        return
    chat.blocked = blocked
    world.touch("chat", chat.id)
    world.events.tell("chat", chat.id)
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    for bot in world.bots.values():
        _member_update(world, chat, bot, Member(old), Member(new), by=chat.id)


def set_member(world: World, chat_id: int, user_id: int, status: str, **rights: Any) -> None:
    """Give a user or bot a status in a group or channel; bots hear of it as Telegram tells them."""
    chat = world.chat(chat_id)
    if chat.type == "private":
        raise ControlError(400, "A private chat has no members to change.")
    if status not in _STATUSES:
        raise ControlError(400, f"status is one of {', '.join(sorted(_STATUSES))}.")
    person = world.person(user_id)
    if person is None:
        raise ControlError(404, f"There is no user {user_id}.")
    old = chat.members.get(user_id, Member("left"))
    was_present = world.is_present(chat, user_id)
    new = Member(status, bool(rights.get("is_anonymous")), tuple(rights.get("without", ())))
    chat.members[user_id] = new
    world.touch("chat", chat.id)
    world.events.tell("chat", chat.id)
    by = _owner(chat, user_id)
    bot = world.bots.get(user_id)
    if bot:
        _member_update(world, chat, bot, old, new, by=by)
    for other in world.bots_in(chat):
        if other.id != user_id and chat.members[other.id].may("can_manage_chat"):
            other.outbox.add("chat_member", _membership(world, chat, user_id, old=old, new=new, by=by))
    if chat.type != "channel" and world.is_present(chat, user_id) != was_present:
        _service(world, chat, user_id, joined=not was_present, by=by)


def upgrade(world: World, chat_id: int) -> Chat:
    """A group becomes a supergroup with a new id; the old id answers with `migrate_to_chat_id` from now on."""
    group = world.chat(chat_id)
    if group.type != "group" or group.migrated_to:
        raise ControlError(409, "Only a group that was not upgraded yet can be upgraded.")
    new = world.add_chat("supergroup", str(group.names.get("title", "")), {})
    new.members = dict(group.members)
    group.migrated_to = new.id
    owner = _owner(group, 0)
    for chat, fields in ((group, {"migrate_to_chat_id": new.id}), (new, {"migrate_from_chat_id": group.id})):
        stored = world.post(chat, owner, fields)
        _announce(world, chat, stored, "message")
    return new


def _author(world: World, chat: Chat, author: int | str | None) -> int:
    if chat.type == "private":
        if author not in {chat.id, None}:
            raise ControlError(403, "Only its user writes in a private chat.")
        return chat.id
    if author in {None, "anonymous"}:
        return 0
    if not isinstance(author, int) or author not in world.users:
        raise ControlError(404, '`from` is the id of a user, or "anonymous", or null in a channel.')
    if not world.is_present(chat, author):
        raise ControlError(403, "Only members write in this chat.")
    if chat.type == "channel" and not chat.members[author].may("can_post_messages"):
        raise ControlError(403, "Only administrators post in a channel.")
    return author


def _start(world: World, chat: Chat) -> None:
    if chat.type != "private":
        return
    if chat.blocked:
        block(world, chat.id, blocked=False)
    if not chat.started:
        chat.started = True
        world.touch("chat", chat.id)


def _marked(content: dict[str, Any], field: str) -> dict[str, Any]:
    """The content with the entities that clients find by themselves."""
    field = field if field in content else "caption"
    text = content.get(field)
    if not isinstance(text, str):
        return {key: value for key, value in content.items() if value is not None}
    text = text.strip()
    if field == "text" and not text:
        raise ControlError(400, "A message needs text.")
    if len(text) > _LONGEST:
        raise ControlError(400, f"A message holds at most {_LONGEST} characters.")
    entities = [{"offset": offset, "length": length, "type": kind} for kind, offset, length in find(text)]
    name = "entities" if field == "text" else "caption_entities"
    marked = {**content, field: text} if text else {key: value for key, value in content.items() if key != field}
    return {**marked, **({name: entities} if entities else {})}


def _reply(chat: Chat, message_id: int | None) -> dict[str, Any]:
    if message_id is None:
        return {}
    original = chat.messages.get(message_id)
    if original is None:
        raise ControlError(404, f"There is no message {message_id} in this chat.")
    return {"reply_to_message": {key: value for key, value in original.payload.items() if key != "reply_to_message"}}


def _announce(world: World, chat: Chat, stored: Stored, kind: str) -> None:
    for bot in world.bots_in(chat):
        if _hears(chat, bot, stored):
            bot.outbox.add(kind, stored.payload)


def _hears(chat: Chat, bot: Bot, stored: Stored) -> bool:
    """Privacy mode: in groups a bot gets commands, mentions, replies to it and service messages; an admin bot all."""
    if chat.type in {"private", "channel"} or bot.sees_everything or _SERVICE & stored.payload.keys():
        return True
    if chat.members[bot.id].status in {"administrator", "creator"}:
        return True
    payload = stored.payload
    if payload.get("reply_to_message", {}).get("from", {}).get("id") == bot.id:
        return True
    return _addresses(payload.get("text") or payload.get("caption") or "", bot.user.username or "")


def _addresses(text: str, username: str) -> bool:
    own = f"@{username}".lower()
    for kind, offset, length in find(text):
        units = text.encode("utf-16-le")[2 * offset : 2 * (offset + length)]
        found = units.decode("utf-16-le").lower()
        if kind == "mention" and found == own:
            return True
        if kind == "bot_command" and ("@" not in found or found.endswith(own)):
            return True
    return False


def _owner(chat: Chat, otherwise: int) -> int:
    return next((user_id for user_id, member in chat.members.items() if member.status == "creator"), otherwise)


def _member_update(world: World, chat: Chat, bot: Bot, old: Member, new: Member, *, by: int) -> None:
    bot.outbox.add("my_chat_member", _membership(world, chat, bot.id, old=old, new=new, by=by))


def _membership(world: World, chat: Chat, user_id: int, *, old: Member, new: Member, by: int) -> dict[str, Any]:
    person = world.person(user_id)
    actor = world.person(by)
    if person is None:
        raise ControlError(404, f"There is no user {user_id}.")
    return {
        "chat": chat.as_json(),
        "from": actor.as_json() if actor else ANONYMOUS,
        "date": world.now(),
        "old_chat_member": old.as_json(person, chat.type),
        "new_chat_member": new.as_json(person, chat.type),
    }


def _service(world: World, chat: Chat, user_id: int, *, joined: bool, by: int) -> None:
    person = world.person(user_id)
    if person is None:
        return
    user = person.as_json()
    fields: dict[str, Any] = {"new_chat_members": [user], "new_chat_member": user, "new_chat_participant": user}
    if not joined:
        fields = {"left_chat_member": user, "left_chat_participant": user}
    stored = world.post(chat, by, fields)
    _announce(world, chat, stored, "message")
