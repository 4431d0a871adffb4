"""Pure: the world's records to JSON text for the store, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sandbox.records import Chat, Member, Person, Stored
from sandbox.updates import Outbox, Queued, Webhook
from sandbox.world import World

_BOT_FIELDS = ("commands", "texts", "menu_buttons", "rights", "sees_everything")
_CHAT_FIELDS = ("id", "type", "names", "is_forum", "started", "blocked", "migrated_to", "last_id", "pinned")


def user(world: World, user_id: int) -> str:
    """A person."""
    return json.dumps(asdict(world.users[user_id]))


def read_user(world: World, body: dict[str, Any]) -> None:
    """The person back into the world."""
    world.users[body["id"]] = Person(**body)


def chat(world: World, chat_id: int) -> str:
    """A chat without its messages."""
    kept = world.chats[chat_id]
    members = {user_id: asdict(member) for user_id, member in kept.members.items()}
    return json.dumps(
        {**{name: getattr(kept, name) for name in _CHAT_FIELDS}, "members": members, "topics": kept.topics}
    )


def read_chat(world: World, body: dict[str, Any]) -> None:
    """The chat back into the world."""
    members = {int(user_id): _member(member) for user_id, member in body.pop("members").items()}
    topics = {int(thread_id): topic for thread_id, topic in body.pop("topics").items()}
    world.chats[body["id"]] = Chat(**body, members=members, topics=topics)


def _member(body: dict[str, Any]) -> Member:
    return Member(body["status"], body["is_anonymous"], tuple(body["without"]))


def bot(world: World, bot_id: int) -> str:
    """A bot without its pending updates."""
    kept = world.bots[bot_id]
    box = kept.outbox
    updates = {"next_id": box.next_id, "allowed": box.allowed, "webhook": asdict(box.webhook)}
    fields = {name: getattr(kept, name) for name in _BOT_FIELDS}
    return json.dumps({"token": kept.token, "user": asdict(kept.user), "updates": updates, **fields})


def read_bot(world: World, body: dict[str, Any]) -> None:
    """The bot back into the world."""
    kept = world.add_bot(body["token"])
    kept.user = Person(**body["user"])
    for name in _BOT_FIELDS:
        setattr(kept, name, body[name])
    updates = body["updates"]
    kept.outbox.next_id, kept.outbox.allowed = updates["next_id"], updates["allowed"]
    kept.outbox.webhook = Webhook(**updates["webhook"])


def message(stored: Stored) -> str:
    """A message with its author and its reply keyboard."""
    return json.dumps([stored.author, stored.keyboard, stored.payload])


def read_message(body: list[Any]) -> Stored:
    """The message back."""
    author, keyboard, payload = body
    return Stored(payload, author, keyboard)


def update(queued: Queued) -> str:
    """A pending update and when it was made."""
    return json.dumps([queued.made, queued.body])


def read_update(outbox: Outbox, body: list[Any]) -> None:
    """The update back into its bot's queue."""
    made, update_body = body
    update_id = update_body["update_id"]
    outbox.queue[update_id] = Queued(update_id, made, update_body)
