"""What an update means to the bot. Pure: python-telegram-bot's objects in, plain values out."""

import re
from dataclasses import dataclass

from telegram import Bot, Chat, Document, Message, Update, User
from telegram.constants import ChatType

from bot.ask import Identity, Person
from bot.forwards import pasted

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@(\w+))?(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message or a pressed button.

    `command` is lower-case, empty for plain text. `addressed`: it is surely for this bot; in a group a bare command may
    be another bot's. `admin`: it was written in the chat's own name, which only admins can. `thread_id` is 0 where
    there is none. `data`: the button's, None for messages; `replied_text` is then of the message that holds it.
    `query_id`: to answer the button by.
    """

    chat: Chat
    person: Person
    message_id: int | None
    thread_id: int = 0
    text: str = ""
    command: str = ""
    addressed: bool = True
    admin: bool = False
    replied_to: int | None = None
    document: Document | None = None
    replied_text: str = ""
    replied_document: Document | None = None
    forwarded: bool = False
    data: str | None = None
    query_id: str | None = None
    editable: bool = False

    @property
    def in_private(self) -> bool:
        return self.chat.type == ChatType.PRIVATE


def read_message(message: Message, me: Identity) -> Incoming | None:
    """None for what is not for the bot: service messages, other bots, talk in a group, other bots' commands."""
    if message.is_automatic_forward or message.via_bot or _from_other_bot(message):
        return None
    said = pasted(message)
    command, target, args = _command(said)
    if target and target.casefold() != me.username.casefold():
        return None
    text, mentioned = _without_mention(args if command else said, me)
    private = message.chat.type == ChatType.PRIVATE
    addressed = private or bool(target) or mentioned or _answers(message, me)
    if not command and (not addressed or message.chat.type == ChatType.CHANNEL or _is_service(message)):
        return None
    return Incoming(
        chat=message.chat,
        person=_person(message.from_user if message.sender_chat is None else None),
        message_id=message.message_id,
        thread_id=_thread(message),
        text=text,
        command=command,
        addressed=addressed,
        admin=message.sender_chat is not None and message.sender_chat.id == message.chat.id,
        replied_to=_replied_to(message),
        document=message.document,
        replied_text=_said(message.reply_to_message),
        replied_document=message.reply_to_message.document if message.reply_to_message else None,
        forwarded=message.forward_origin is not None,
    )


def read_press(update: Update) -> Incoming | None:
    """None where the button belongs to no message of a chat."""
    query = update.callback_query
    if query is None or query.message is None:
        return None
    message = query.message
    full = message if isinstance(message, Message) else None
    return Incoming(
        chat=message.chat,
        person=_person(query.from_user),
        message_id=message.message_id,
        thread_id=_thread(full) if full else 0,
        data=query.data or "",
        query_id=query.id,
        replied_text=_said(full),
        editable=full is not None,
    )


def _command(text: str) -> tuple[str, str, str]:
    """(command, the bot it names, the rest); the command is empty where the text is none."""
    found = _COMMAND.fullmatch(text)
    if found is None:
        return "", "", text
    return found[1].lower(), found[2] or "", (found[3] or "").strip()


def _without_mention(text: str, me: Identity) -> tuple[str, bool]:
    bare, times = re.subn(rf"(?i)(?<!\w)@{re.escape(me.username)}\b[,:]?", " ", text)
    return (bare.strip(), True) if times else (text, False)


def _answers(message: Message, me: Identity) -> bool:
    """A reply to the bot's own message. In a forum every message formally replies to the one that made the topic."""
    other = message.reply_to_message
    return (
        other is not None
        and other.forum_topic_created is None
        and other.from_user is not None
        and other.from_user.id == me.bot_id
    )


def _replied_to(message: Message) -> int | None:
    other = message.reply_to_message
    return None if other is None or other.forum_topic_created is not None else other.message_id


def _said(message: Message | None) -> str:
    return "" if message is None else pasted(message)


def _from_other_bot(message: Message) -> bool:
    """Telegram's own stand-in for anonymous admins and channels is a bot too, but then `sender_chat` is set."""
    sender = message.from_user
    return sender is not None and sender.is_bot and message.sender_chat is None


def _is_service(message: Message) -> bool:
    """Neither words nor anything that a person sent: joins, pins and the like."""
    return not (message.text or message.caption) and not message.effective_attachment


def _thread(message: Message) -> int:
    return (message.message_thread_id or 0) if message.is_topic_message else 0


def _person(user: User | None) -> Person:
    if user is None:
        return Person(0, "")
    return Person(user.id, user.full_name, user.username, user.language_code or "en")


def title_of(chat: Chat) -> str:
    return chat.effective_name or chat.title or chat.first_name or str(chat.id)


def parse(payload: object, bot: Bot) -> Update | None:
    """The library's view of the update. Raises what the library raises on one that it can't read."""
    return Update.de_json(dict(payload), bot) if isinstance(payload, dict) else None
