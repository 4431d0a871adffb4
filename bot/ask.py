"""What a command is asked and what it replies: plain values, so that handlers know nothing of sending."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from telegram import Bot, Document

from delivery.retention import KEEP, Keep
from storage.database import Database
from storage.progress import Subject
from storage.records import Chat, ChatKind, Destination, Role, Topic

Button = tuple[str, str]  # label, and callback data or an http(s) or tg URL
Keyboard = tuple[tuple[Button, ...], ...]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is at Telegram."""

    bot_id: int
    username: str

    def link(self, start: str) -> str:
        """A link that opens the bot with /start and this payload (1-64 of A-Za-z0-9_-)."""
        return f"https://t.me/{self.username}?start={start}"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator chose and people are told: how long things are kept, and what a day's pushes may cost.

    `stars_a_day` is None where nothing costs anything.
    """

    keep: Keep = KEEP
    stars_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `user_id` is 0 where Telegram doesn't tell: a channel's post, an anonymous admin."""

    user_id: int
    name: str
    username: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Ask:
    """One command, button or message.

    `args`: what follows the command, or the button's data after its prefix, or the whole text of an answer.
    `pressed`: it was a button; the reply then edits its message. `message_id`: of the message that asked or that
    holds the button. `replied_to`: the message that the asking one answers; `replied_text` and `replied_document`:
    what it holds. `forwarded`: somebody else wrote it. `terms`: the operator's. `clock`: for times that a
    transaction must take itself. `role`: the person's, None for readers. `owner_ids`: owners by the settings,
    whatever the database says. `may_change`: whether they may change what this chat follows. `data`: of the
    question that `args` answers.
    """

    db: Database
    bot: Bot
    me: Identity
    chat: Chat
    destination: Destination
    person: Person
    role: Role | None
    may_change: bool
    now: datetime
    owner_ids: frozenset[int] = frozenset()
    topics: tuple[Topic, ...] = ()
    digest_minute: int = 8 * 60
    args: str = ""
    command: str = ""
    pressed: bool = False
    message_id: int | None = None
    replied_to: int | None = None
    document: Document | None = None
    replied_text: str = ""
    replied_document: Document | None = None
    forwarded: bool = False
    clock: Callable[[], datetime] = utc_now
    terms: Terms = Terms()
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def in_private(self) -> bool:
        return self.chat.kind is ChatKind.PRIVATE

    def with_args(self, args: str) -> "Ask":
        return replace(self, args=args)


Tell = Callable[["Reply"], Awaitable[None]]
Later = Callable[[Tell], Awaitable["Reply"]]


@dataclass(frozen=True, slots=True)
class Reply:
    """`text` is Telegram HTML; empty: nothing is sent. A button's reply edits its message unless `fresh`.

    `more`: messages that follow. `toast`: a note shown over the button that was pressed (200 characters); `alarm` shows
    it as a dialog. `article_ids`: the articles that the text carries, so that corrections reach it, unless it is the
    `desk`'s own view of them. `follows`: the push, correction or tagging whose progress it tells until that is
    over. `new_topics`: topics changed, and are read anew. `menus_for`: ids of people whose role changed: their command
    menus are renewed. `later`: work that goes on while the chat is served again; it may replace this reply's text by
    what it is given, and returns the reply that is sent at its end.
    """

    text: str = ""
    keyboard: Keyboard = ()
    more: tuple["Reply", ...] = ()
    toast: str = ""
    alarm: bool = False
    fresh: bool = False
    article_ids: tuple[int, ...] = ()
    preview: bool = False
    menus_for: tuple[int, ...] = ()
    later: Later | None = None
    desk: bool = False
    follows: tuple[Subject, int] | None = None
    new_topics: bool = False


def rows(buttons: Sequence[Button], width: int) -> Keyboard:
    """The buttons in rows of `width`."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))
