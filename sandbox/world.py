"""The world behind the server: users, chats, members, messages and bots, and what changes them.

Plain state in memory; nothing here speaks HTTP. Every change goes through a method, which notes what became dirty (for
the store), tells the page (an event) and gives the bots their updates.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.errors import ControlError
from sandbox.events import Events
from sandbox.records import ANONYMOUS, Bot, Chat, Member, Person, Stored
from sandbox.updates import Outbox

CALLBACK_LIFETIME = 15 * 60.0  # seconds in which a callback query can be answered
_PRESENT = frozenset({"creator", "administrator", "member", "restricted"})


class World:
    """`clock` gives Unix time in seconds; `dirty` holds (kind, key) pairs that the store has yet to write."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.users: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.bots: dict[int, Bot] = {}
        self.by_token: dict[str, Bot] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.callbacks: dict[str, tuple[int, float]] = {}  # id -> (bot, when pressed)
        self.events = Events()
        self.dirty: set[tuple[Any, ...]] = set()
        self._next_id = 5000

    def now(self) -> int:
        """Unix time in whole seconds."""
        return int(self.clock())

    def touch(self, kind: str, *key: Any) -> None:
        """Note that a row has to be written."""
        self.dirty.add((kind, *key))

    def free_id(self) -> int:
        """An id that no user or bot has."""
        self._next_id += 1
        while self._next_id in self.users or self._next_id in self.bots:
            self._next_id += 1
        return self._next_id

    # Users, bots and chats -------------------------------------------------------------------------------------------

    def add_bot(self, token: str | None = None, *, username: str | None = None, first_name: str = "Tidings") -> Bot:
        """A bot; its id is the token's first part. The same token again gives the same bot."""
        if token is None:
            token = f"{7_000_000_000 + secrets.randbelow(900_000_000)}:{secrets.token_urlsafe(26)[:35]}"
        if token in self.by_token:
            return self.by_token[token]
        number, _, secret = token.partition(":")
        if not number.isdecimal() or not secret:
            raise ControlError(400, "A token looks like 12345:secret.")
        bot_id = int(number)
        user = Person(bot_id, first_name, username=username or f"tidings{bot_id % 10_000}_bot", is_bot=True)
        bot = Bot(token, user, Outbox(self.clock, lambda update_id: self._touch_update(bot_id, update_id)))
        self.bots[bot_id] = bot
        self.by_token[token] = bot
        self.touch("bot", bot_id)
        return bot

    def _touch_update(self, bot_id: int, update_id: int) -> None:
        self.touch("update", bot_id, update_id)
        self.touch("bot", bot_id)

    def add_user(
        self,
        first_name: str,
        *,
        user_id: int | None = None,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = "en",
    ) -> Person:
        """A person; known ids are refreshed."""
        user_id = user_id if user_id is not None else self.free_id()
        person = Person(user_id, first_name, last_name, username, language_code)
        self.users[user_id] = person
        self.touch("user", user_id)
        return person

    def add_private_chat(self, user_id: int, *, started: bool = True) -> Chat:
        """The user's chat with the bots; a bot may write only where the user `started` it."""
        known = self.chats.get(user_id)
        if known:
            return known
        user = self._user(user_id)
        chat = Chat(user_id, "private", members={user_id: Member("member")}, started=started)
        chat.names = {"first_name": user.first_name}
        for key in ("last_name", "username"):
            if getattr(user, key):
                chat.names[key] = getattr(user, key)
        return self._keep(chat)

    def add_chat(
        self,
        kind: str,
        title: str,
        members: dict[int, str],
        *,
        chat_id: int | None = None,
        username: str | None = None,
        is_forum: bool = False,
    ) -> Chat:
        """A group, supergroup or channel; `members` maps user and bot ids to their status."""
        if kind not in {"group", "supergroup", "channel"}:
            raise ControlError(400, "A chat's type is private, group, supergroup or channel.")
        if chat_id is None:
            number = self.free_id()
            chat_id = -number if kind == "group" else -1_000_000_000_000 - number
        if chat_id in self.chats:
            return self.chats[chat_id]
        for user_id in members:
            self._user(user_id)
        chat = Chat(chat_id, kind, {user: Member(status) for user, status in members.items()}, is_forum=is_forum)
        chat.names = {"title": title, **({"username": username} if username else {})}
        if is_forum:
            chat.names["is_forum"] = True
            chat.last_id = 1  # the general topic's number
        return self._keep(chat)

    def _keep(self, chat: Chat) -> Chat:
        self.chats[chat.id] = chat
        self.touch("chat", chat.id)
        self.events.tell("chat", chat.id)
        return chat

    def ensure_demo(self, *, bot_name: str = "Tidings", bot_username: str = "tidings_demo_bot") -> Bot:
        """The small world of a first run: one bot, two people, a group and a channel; made once, found again later."""
        bot = next(iter(self.bots.values()), None) or self.add_bot(username=bot_username, first_name=bot_name)
        for user_id, name in ((1001, "You"), (1002, "Owner")):
            if user_id not in self.users:
                self.add_user(name, user_id=user_id)
            self.add_private_chat(user_id, started=False)
        group = {1002: "creator", 1001: "member", bot.id: "member"}
        self.add_chat("group", "Newsroom friends", group, chat_id=-2001)
        channel = {1002: "creator", 1001: "member", bot.id: "administrator"}
        self.add_chat("channel", "Tidings Channel", channel, chat_id=-1_000_000_002_002, username="tidings_channel")
        return bot

    def bulk_chats(self, count: int, first_id: int | None = None) -> list[int]:
        """`count` people with a started private chat each."""
        first = first_id if first_id is not None else max([100_000, *self.users]) + 1
        ids = list(range(first, first + count))
        for user_id in ids:
            if user_id not in self.users:
                self.add_user(f"Reader {user_id}", user_id=user_id)
            self.add_private_chat(user_id)
        return ids

    def _user(self, user_id: int) -> Person:
        person = self.users.get(user_id) or (self.bots[user_id].user if user_id in self.bots else None)
        if person is None:
            raise ControlError(404, f"There is no user {user_id}.")
        return person

    def person(self, user_id: int) -> Person | None:
        """A user or a bot."""
        bot = self.bots.get(user_id)
        return bot.user if bot else self.users.get(user_id)

    def chat(self, chat_id: int) -> Chat:
        """A chat for the control API."""
        chat = self.chats.get(chat_id)
        if chat is None:
            raise ControlError(404, f"There is no chat {chat_id}.")
        return chat

    # Messages --------------------------------------------------------------------------------------------------------

    def post(
        self,
        chat: Chat,
        author: int,
        fields: dict[str, Any],
        *,
        thread_id: int | None = None,
        keyboard: dict[str, Any] | None = None,
    ) -> Stored:
        """Store a new message; `fields` are its content. `author` is a user or bot id, 0 for a chat's own post."""
        chat.last_id += 1
        payload: dict[str, Any] = {"message_id": chat.last_id, **self._sender(chat, author)}
        payload["date"] = self.now()
        payload["chat"] = chat.as_json()
        if thread_id:
            payload["message_thread_id"] = thread_id
            payload["is_topic_message"] = True
        payload.update(fields)
        stored = Stored(payload, author, keyboard)
        chat.messages[chat.last_id] = stored
        self.touch("message", chat.id, chat.last_id)
        self.touch("chat", chat.id)
        self.events.tell("message", chat.id, message=stored.shown())
        return stored

    def _sender(self, chat: Chat, author: int) -> dict[str, Any]:
        if chat.type == "channel":
            return {"sender_chat": chat.as_json()}
        if author == 0:
            return {"from": ANONYMOUS, "sender_chat": chat.as_json()}
        return {"from": self._user(author).as_json()}

    def change(self, chat: Chat, stored: Stored, fields: dict[str, Any], *, drop: Iterable[str] = ()) -> None:
        """Edit a message in place; readers of the old payload keep theirs."""
        payload = {key: value for key, value in stored.payload.items() if key not in set(drop)}
        payload.update(fields)
        stored.payload = payload
        self.touch("message", chat.id, stored.id)
        self.events.tell("edited", chat.id, message=stored.shown())

    def remove(self, chat: Chat, message_id: int) -> None:
        """Delete a message for everybody."""
        chat.messages.pop(message_id, None)
        if message_id in chat.pinned:
            chat.pinned.remove(message_id)
        self.touch("message", chat.id, message_id)
        self.events.tell("deleted", chat.id, message_id=message_id)

    def forget_old_callbacks(self) -> None:
        """Drop queries that nobody can answer any more."""
        oldest = self.clock() - CALLBACK_LIFETIME
        for query_id in [query_id for query_id, (_, pressed) in self.callbacks.items() if pressed < oldest]:
            del self.callbacks[query_id]

    def is_present(self, chat: Chat, user_id: int) -> bool:
        """Whether a user or bot is in the chat now (in private chats: the user, and every bot)."""
        if chat.type == "private":
            return user_id == chat.id or user_id in self.bots
        member = chat.members.get(user_id)
        return member is not None and member.status in _PRESENT

    def bots_in(self, chat: Chat) -> list[Bot]:
        """Bots that take part in the chat."""
        return [bot for bot in self.bots.values() if self.is_present(chat, bot.id)]
