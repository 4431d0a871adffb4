"""What the sandbox's world is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.updates import Outbox

# The account that signs what a group's anonymous administrators write.
ANONYMOUS: dict[str, Any] = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}

_ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
)
_CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages")
_STORY_RIGHTS = ("can_post_stories", "can_edit_stories", "can_delete_stories")


@dataclass(slots=True)
class Person:
    """A user or a bot's account."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False

    def as_json(self) -> dict[str, Any]:
        """The Bot API's User, as it stands in messages."""
        names = {"last_name": self.last_name, "username": self.username, "language_code": self.language_code}
        kept = {key: value for key, value in names.items() if value}
        return {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name, **kept}


@dataclass(slots=True)
class Member:
    """Somebody's place in a chat; `rights` that an administrator lacks are in `without`."""

    status: str  # creator, administrator, member, restricted, left, kicked
    is_anonymous: bool = False
    without: tuple[str, ...] = ()

    def may(self, right: str) -> bool:
        """Whether this is an administrator with that right."""
        return self.status == "creator" or (self.status == "administrator" and right not in self.without)

    def as_json(self, user: Person, chat_type: str) -> dict[str, Any]:
        """The Bot API's ChatMember."""
        view: dict[str, Any] = {"user": user.as_json(), "status": self.status}
        if self.status == "creator":
            view["is_anonymous"] = self.is_anonymous
        elif self.status == "administrator":
            rights = [*_ADMIN_RIGHTS, *_STORY_RIGHTS, *(_CHANNEL_RIGHTS if chat_type == "channel" else ())]
            view |= {"can_be_edited": False, "is_anonymous": self.is_anonymous, "can_promote_members": False}
            view |= {right: right not in self.without for right in rights}
            if chat_type == "supergroup":
                view["can_manage_topics"] = "can_manage_topics" not in self.without
        elif self.status == "kicked":
            view["until_date"] = 0
        elif self.status == "restricted":
            view |= _restricted()
        return view


def _restricted() -> dict[str, Any]:
    kinds = ("messages", "audios", "documents", "photos", "videos", "video_notes", "voice_notes", "polls")
    view: dict[str, Any] = {f"can_send_{kind}": False for kind in (*kinds, "other_messages")}
    others = ("can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages")
    view |= dict.fromkeys((*others, "can_manage_topics", "can_edit_tag", "can_react_to_messages"), False)
    return {**view, "is_member": True, "until_date": 0}


@dataclass(slots=True)
class Stored:
    """A message: the Bot API's Message, and who wrote it (0: the chat itself).

    `keyboard` is a reply keyboard (or its removal, or a forced reply): people see it, Message objects don't carry it.
    """

    payload: dict[str, Any]
    author: int
    keyboard: dict[str, Any] | None = None

    @property
    def id(self) -> int:
        """The message's id in its chat."""
        message_id: int = self.payload["message_id"]
        return message_id

    def shown(self) -> dict[str, Any]:
        """The message as people see it."""
        return {**self.payload, "reply_markup": self.keyboard} if self.keyboard else self.payload


@dataclass(slots=True)
class Chat:
    """A private chat, group, supergroup or channel; `names` are what Chat objects carry beside id and type."""

    id: int
    type: str
    members: dict[int, Member] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    is_forum: bool = False
    started: bool = True
    blocked: bool = False
    migrated_to: int | None = None
    last_id: int = 0
    messages: dict[int, Stored] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    topics: dict[int, dict[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The Bot API's Chat, as it stands in messages."""
        return {"id": self.id, "type": self.type, **self.names}


@dataclass(slots=True)
class Bot:
    """A bot account: its updates and what its owner has set."""

    token: str
    user: Person
    outbox: Outbox
    commands: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # "scope|language" -> BotCommand
    texts: dict[str, str] = field(default_factory=dict)  # "name|language", "description|language"...
    menu_buttons: dict[str, dict[str, Any]] = field(default_factory=dict)  # chat id, or "" for the default
    rights: dict[str, dict[str, Any]] = field(default_factory=dict)  # "groups" and "channels"
    sees_everything: bool = False  # privacy mode off

    @property
    def id(self) -> int:
        """The bot's user id, the first part of its token."""
        return self.user.id
