"""Pure: how the control API shows the world to the chat page."""

from __future__ import annotations

from typing import Any

from sandbox.records import Bot, Chat
from sandbox.world import World

_FIRST_CHATS = 500  # a page shows no more; thousands come from bulk_chats


def state_view(world: World) -> dict[str, Any]:
    """GET /sandbox/state; the newest chats first where there are very many."""
    bot = next(iter(world.bots.values()), None)
    chats = [chat for chat in world.chats.values() if not chat.migrated_to]
    shown = chats[:_FIRST_CHATS]
    people = {user_id for chat in shown for user_id in chat.members if user_id in world.users}
    return {
        "bot": {**bot.user.as_json(), "description": bot.texts.get("description|", "")} if bot else None,
        "users": [world.users[user_id].as_json() for user_id in sorted(people)],
        "chats": [chat_view(world, chat) for chat in shown],
        "default_viewer": next(iter(world.users), None),
        "events": world.events.seq,
    }


def chat_view(world: World, chat: Chat) -> dict[str, Any]:
    """ChatView of the control API."""
    last = chat.messages[next(reversed(chat.messages))].shown() if chat.messages else None
    members = [
        {"user": person.as_json(), "status": member.status}
        for user_id, member in chat.members.items()
        if (person := world.person(user_id)) is not None
    ]
    title = chat.names.get("title") or " ".join(filter(None, (chat.names.get(k) for k in ("first_name", "last_name"))))
    return {
        "id": chat.id,
        "type": chat.type,
        "title": title,
        "username": chat.names.get("username"),
        "is_forum": chat.is_forum,
        "topics": [{"message_thread_id": thread_id, **topic} for thread_id, topic in chat.topics.items()],
        "members": members,
        "viewers": [user_id for user_id in chat.members if user_id in world.users and world.is_present(chat, user_id)],
        "blocked": chat.blocked,
        "started": chat.started,
        "pinned_message": chat.messages[chat.pinned[-1]].shown() if chat.pinned else None,
        "unread": 0,
        "last_message": last,
    }


def bot_view(bot: Bot) -> dict[str, Any]:
    """A bot with its token, for whoever made it."""
    return {"token": bot.token, "user": bot.user.as_json()}
