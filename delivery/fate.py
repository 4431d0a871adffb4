"""What becomes of a delivery whose call failed: one table for everything that Telegram says. Pure.

The words are the Bot API server's own (see its source, Client.cpp); they are compared without case, since
python-telegram-bot changes the first letter.
"""

from dataclasses import dataclass
from enum import StrEnum

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from delivery.errors import InDoubtError, NeverSentError, ServerError


class FateKind(StrEnum):
    GONE = "gone"  # the chat can't be reached any more: all its queue is dropped
    MOVED = "moved"  # the group has become a supergroup: send to its new id
    LATER = "later"  # Telegram says when
    PLAIN = "plain"  # send it once more, without formatting
    CLASSIC = "classic"  # send this one as a classic message, without a photo
    NO_PHOTO = "no photo"  # and others that have this photo
    NEVER_RICH = "never rich"  # and all that follow to this destination
    RETRY = "retry"  # nothing was done: again, with growing pauses
    DOUBT = "doubt"  # it may have arrived
    FAILED = "failed"  # this delivery will never arrive; the chat's others may
    AMENDED = "amended"  # a copy reads as it must
    DELETED = "deleted"  # a copy is not there any more
    KEPT = "kept"  # a copy can't be deleted: it is edited instead
    CAPTION = "caption"  # a copy's photo can't be replaced: its caption is edited
    HALT = "halt"  # the bot itself is refused: nothing can be sent until someone looks


@dataclass(frozen=True, slots=True)
class Fate:
    """`reason` is for people. `wait`: seconds that Telegram named; `chat_id`: where the chat has moved."""

    kind: FateKind
    reason: str
    wait: int = 0
    chat_id: int | None = None


_FORBIDDEN = (
    ("bot was blocked by the user", FateKind.GONE, "the reader blocked the bot"),
    ("user is deactivated", FateKind.GONE, "the reader's account was deleted"),
    ("bot was kicked", FateKind.GONE, "the bot was removed from the chat"),
    ("bot is not a member", FateKind.GONE, "the bot is no member of the chat"),
    ("group chat was deleted", FateKind.GONE, "the group was deleted"),
    ("can't initiate conversation", FateKind.GONE, "the reader never started the bot"),
    ("can't send messages to", FateKind.GONE, "the bot may not write to this account"),
    ("rights", FateKind.FAILED, "the bot may not write in this chat"),
    ("", FateKind.GONE, "Telegram refuses the bot in this chat"),
)
_OF_THE_CHAT = (
    ("chat not found", FateKind.FAILED, "Telegram knows no such chat"),
    ("user not found", FateKind.FAILED, "Telegram knows no such account"),
    ("peer_id_invalid", FateKind.FAILED, "Telegram knows no such chat"),
    ("message thread not found", FateKind.FAILED, "the forum topic was deleted"),
    ("topic_deleted", FateKind.FAILED, "the forum topic was deleted"),
    ("topic_closed", FateKind.FAILED, "the forum topic is closed"),
    ("not enough rights", FateKind.FAILED, "the bot may not write in this chat"),
    ("need administrator rights", FateKind.FAILED, "the bot may not write in this channel"),
    ("have no write access", FateKind.FAILED, "the bot may not write in this chat"),
    ("chat_write_forbidden", FateKind.FAILED, "the bot may not write in this chat"),
    ("chat_restricted", FateKind.FAILED, "the chat is restricted"),
    ("chat_admin_required", FateKind.FAILED, "the bot may not write in this channel"),
    ("upgraded to a supergroup", FateKind.FAILED, "the group became a supergroup; Telegram did not say which"),
    ("group chat was deactivated", FateKind.FAILED, "the group is closed"),
    ("message to edit not found", FateKind.FAILED, "the message was deleted"),
)
_BAD_REQUEST = (
    ("can't parse entities", FateKind.PLAIN, "Telegram did not understand the formatting"),
    *_OF_THE_CHAT,
    ("message is too long", FateKind.FAILED, "the message is too long for Telegram"),
    ("message_too_long", FateKind.FAILED, "the message is too long for Telegram"),
    ("text is too long", FateKind.FAILED, "the message is too long for Telegram"),
    ("button", FateKind.FAILED, "Telegram refused a button"),
    ("text must be non-empty", FateKind.FAILED, "the message is empty"),
    ("message text is empty", FateKind.FAILED, "the message is empty"),
    ("reply markup is too long", FateKind.FAILED, "the message has too many buttons"),
)

_BY_TYPE: tuple[tuple[tuple[type[TelegramError], ...], Fate], ...] = (
    ((InvalidToken, EndPointNotFound), Fate(FateKind.HALT, "Telegram refuses the bot's token")),
    ((NeverSentError,), Fate(FateKind.RETRY, "Telegram can't be reached")),
    ((ServerError, Conflict), Fate(FateKind.RETRY, "Telegram had an error of its own")),
    ((InDoubtError,), Fate(FateKind.DOUBT, "no answer came")),
)
# Another transport's error, of which we can't tell whether the request had left.
_UNKNOWN = Fate(FateKind.DOUBT, "no answer came")


# What is said of a photo that can't be had, or not be sent there: of this message only.
_PHOTO = ("http url", "web page", "webpage", "file identifier", "image", "photo", "media", "wrong type")
_NOT_THERE = ("rights", "forbidden", "restricted")  # photos are not to be sent in this chat
_NOT_OF_THE_PHOTO = ("can't parse entities", "button", "reply markup", *(words for words, _, _ in _OF_THE_CHAT))


def fate_of(error: TelegramError, *, plain: bool = False, rich: bool = False, photo: bool = False) -> Fate:
    """`plain`: the call that failed was already without formatting; `rich`, `photo`: it was such a message's."""
    special = _of_rich(error) if rich else _of_photo(error) if photo else None
    if special is not None:
        return special
    if isinstance(error, ChatMigrated):
        return Fate(FateKind.MOVED, "the group became a supergroup", chat_id=error.new_chat_id)
    if isinstance(error, RetryAfter):
        return Fate(FateKind.LATER, "Telegram asked for a pause", wait=_seconds(error))
    if isinstance(error, Forbidden):
        return _found(_FORBIDDEN, error.message)
    if isinstance(error, BadRequest):
        return _refused(error.message, plain=plain)
    return next((fate for kinds, fate in _BY_TYPE if isinstance(error, kinds)), _UNKNOWN)


def _of_rich(error: TelegramError) -> Fate | None:
    """Whatever isn't said of the chat is said of the message; an older server of one's own knows no rich ones."""
    if isinstance(error, EndPointNotFound):
        return Fate(FateKind.NEVER_RICH, "this server sends no rich messages")
    if not isinstance(error, BadRequest | Forbidden) or isinstance(error, ChatMigrated | RetryAfter):
        return None
    said = error.message.casefold()
    if any(words in said for words in _PHOTO):
        return Fate(FateKind.CLASSIC, f"Telegram did not take the photo ({error.message})")
    if isinstance(error, Forbidden) or any(words in said for words, _, _ in _OF_THE_CHAT):
        return None
    return Fate(FateKind.NEVER_RICH, f"Telegram did not take the rich message ({error.message})")


def _of_photo(error: TelegramError) -> Fate | None:
    """Whatever isn't said of the chat, the buttons or the words is said of the photo: without it the news arrives."""
    if not isinstance(error, BadRequest | Forbidden):
        return None
    said, reason = error.message.casefold(), f"Telegram did not take the photo ({error.message})"
    if any(words in said for words in _PHOTO) and any(words in said for words in _NOT_THERE):
        return Fate(FateKind.CLASSIC, reason)
    if isinstance(error, Forbidden) or any(words in said for words in _NOT_OF_THE_PHOTO):
        return None
    return Fate(FateKind.NO_PHOTO, reason)


def _refused(message: str, *, plain: bool) -> Fate:
    fate = _found(_BAD_REQUEST, message)
    if fate.kind is FateKind.PLAIN and plain:
        return Fate(FateKind.FAILED, fate.reason)
    return fate


def _found(table: tuple[tuple[str, FateKind, str], ...], message: str) -> Fate:
    said = message.casefold()
    for words, kind, reason in table:
        if words in said:
            return Fate(kind, f"{reason} ({message})")
    return Fate(FateKind.FAILED, f"Telegram refused it ({message})")


def _seconds(error: RetryAfter) -> int:
    """Of our own FloodError and of the library's, whose public attribute warns when it is read."""
    return max(1, int(error._retry_after.total_seconds()))  # noqa: SLF001
