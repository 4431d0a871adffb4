"""Replies out: the one place that sends and edits them, and that knows what to do when Telegram refuses."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from bot.ask import Button, Identity, Keyboard, Reply
from delivery import render
from delivery.fate import Fate, FateKind, fate_of
from storage import chats, progress, replies
from storage.database import Database
from storage.progress import Follower, Subject
from storage.records import ChatState

log = structlog.get_logger(__name__)

TRIES = 4
FIRST_PAUSE = 0.25
LONGEST_WAIT = 60
TOAST_LENGTH = 200

# What Telegram says of a message that can't be edited (any more): then the reply is sent as a new one.
_NOT_EDITABLE = ("message to edit not found", "message can't be edited", "there is no text in the message to edit")

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reply goes. `edit`: the message that it replaces. `answers`: the message that it quotes, in groups."""

    chat_id: int
    thread_id: int = 0
    edit: int | None = None
    answers: int | None = None


class Speaker:
    def __init__(self, db: Database, bot: Bot, me: Identity, *, sleep: Sleep = asyncio.sleep) -> None:
        self._db = db
        self._bot = bot
        self._me = me
        self._sleep = sleep

    async def say(self, place: Place, reply: Reply, now: datetime) -> int | None:
        """Send the reply, or edit the message that it replaces; note which articles it carries.

        Returns the message's id; None where nothing was sent.
        """
        if not reply.text:
            return None
        place, message_id = await self._put(place, reply)
        if message_id is None:
            return None
        if reply.article_ids or place.edit is not None:
            await self._record(place.chat_id, message_id, reply, now)
        if reply.follows is not None:
            await self._follow(place.chat_id, message_id, reply.follows, now)
        for following in reply.more:
            await self.say(replace(place, edit=None, answers=None), following, now)
        return message_id

    async def answer_press(self, query_id: str, toast: str = "", *, alarm: bool = False) -> None:
        """Stop the button's waiting. Late answers are refused; that harms nobody."""
        try:
            await self._bot.answer_callback_query(query_id, toast[:TOAST_LENGTH] or None, show_alert=alarm)
        except TelegramError as error:
            log.info("press_not_answered", error=type(error).__name__)

    async def _put(self, place: Place, reply: Reply) -> tuple[Place, int | None]:
        """Where the reply went (a group may have moved) and its message id, None where it did not arrive."""
        plain = False
        for attempt in range(1, TRIES + 1):
            try:
                return place, await self._call(place, reply, plain=plain)
            except TelegramError as error:
                if _is_unmodified(error):
                    return place, place.edit
                if place.edit is not None and _is_not_editable(error):
                    place = replace(place, edit=None)
                    continue
                fate = fate_of(error, plain=plain)
                log.info("reply_refused", chat_id=place.chat_id, fate=fate.kind, reason=fate.reason, attempt=attempt)
            place, plain, again = await self._decide(place, fate, plain=plain, attempt=attempt)
            if not again:
                break
        return place, None

    async def _call(self, place: Place, reply: Reply, *, plain: bool) -> int:
        text = render.plain(reply.text, links=True)[: render.MESSAGE_LENGTH] if plain else reply.text
        markup = _markup(reply.keyboard)
        mode = None if plain else ParseMode.HTML
        preview = LinkPreviewOptions(is_disabled=not reply.preview)
        if place.edit is not None:
            await self._bot.edit_message_text(
                text, place.chat_id, place.edit, parse_mode=mode, reply_markup=markup, link_preview_options=preview
            )
            return place.edit
        sent: Message = await self._bot.send_message(
            place.chat_id,
            text,
            parse_mode=mode,
            message_thread_id=place.thread_id or None,
            reply_markup=markup,
            link_preview_options=preview,
            reply_parameters=_quoting(place),
        )
        return sent.message_id

    async def _decide(self, place: Place, fate: Fate, *, plain: bool, attempt: int) -> tuple[Place, bool, bool]:
        """(where to, without formatting?, again?) after a refusal."""
        match fate.kind:
            case FateKind.GONE:
                await self._gone(place.chat_id, fate.reason)
            case FateKind.MOVED if fate.chat_id is not None:
                await self._move(place.chat_id, fate.chat_id)
                return Place(fate.chat_id, place.thread_id), plain, True
            case FateKind.LATER if fate.wait <= LONGEST_WAIT:
                await self._sleep(fate.wait)
                return place, plain, True
            case FateKind.PLAIN:
                return place, True, True
            case FateKind.RETRY | FateKind.DOUBT:
                await self._sleep(FIRST_PAUSE * 2**attempt)
                return place, plain, True
        return place, plain, False

    async def _gone(self, chat_id: int, reason: str) -> None:
        async with self._db.begin() as tx:
            await chats.set_state(tx, self._me.bot_id, chat_id, ChatState.GONE, reason)

    async def _move(self, old: int, new: int) -> None:
        async with self._db.begin() as tx:
            await chats.migrate(tx, self._me.bot_id, old, new)

    async def _record(self, chat_id: int, message_id: int, reply: Reply, now: datetime) -> None:
        async with self._db.begin() as tx:
            await replies.record(
                tx,
                bot_id=self._me.bot_id,
                chat_id=chat_id,
                message_id=message_id,
                article_ids=reply.article_ids,
                now=now,
                desk=reply.desk,
            )

    async def _follow(self, chat_id: int, message_id: int, what: tuple[Subject, int], now: datetime) -> None:
        async with self._db.begin() as tx:
            await progress.follow(tx, Follower(self._me.bot_id, chat_id, message_id, *what, shown="", at=now))


def _quoting(place: Place) -> ReplyParameters | None:
    """In groups a reply shows what it answers, where that is still there."""
    if place.answers is None:
        return None
    return ReplyParameters(place.answers, allow_sending_without_reply=True)


def _is_unmodified(error: TelegramError) -> bool:
    return isinstance(error, BadRequest) and "message is not modified" in error.message.lower()


def _is_not_editable(error: TelegramError) -> bool:
    return isinstance(error, BadRequest) and any(words in error.message.lower() for words in _NOT_EDITABLE)


def _markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    filled = [[_button(button) for button in row] for row in keyboard if row]
    return InlineKeyboardMarkup(filled) if filled else None


def _button(button: Button) -> InlineKeyboardButton:
    label, target = button
    if target.startswith(("https://", "http://", "tg://")):
        return InlineKeyboardButton(label, url=target)
    return InlineKeyboardButton(label, callback_data=target)
