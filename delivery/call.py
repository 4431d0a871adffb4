"""One call to Telegram for a claimed delivery. What many chats share is encoded once for all of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import structlog
from telegram import Bot
from telegram.error import TelegramError

from delivery.amend import Step, amendment_fate, step
from delivery.fate import Fate, FateKind, fate_of
from delivery.render import plain
from delivery.transport import AiohttpRequest
from storage.claims import Claim, Copy

log = structlog.get_logger()

GENERAL_TOPIC = 1  # of a forum: Telegram wants it unnamed
KEPT_BODIES = 256

Keyboard = tuple[tuple[tuple[str, str], ...], ...]


class Caller:
    """Calls past the limiter that guards replies: what is claimed has had its turn. Needs a bot on AiohttpRequest."""

    def __init__(self, bot: Bot) -> None:
        if not isinstance(bot.request, AiohttpRequest):
            raise TypeError("the sender tells what is in doubt by its own transport: give the bot an AiohttpRequest")
        self._request = bot.request
        self._base = bot.base_url
        self._url = f"{bot.base_url}/sendMessage"
        self._rich_url = f"{bot.base_url}/sendRichMessage"

    async def attempt(self, claim: Claim, *, paid: bool = False) -> int | Fate:
        """The message's id, or what becomes of the delivery. `paid`: beyond the free rate, for Stars."""
        try:
            if claim.copy is not None:
                return await self._amend(claim, claim.copy)
            body = b"chat_id=%d&%b" % (claim.chat_id, _shared(claim, paid=paid))
            url = self._url if claim.message.rich is None else self._rich_url
            return int((await self._request.post_encoded(url, body))["message_id"])
        except TelegramError as error:
            judge = fate_of if claim.copy is None else amendment_fate
            fate = judge(error, plain=claim.plain, rich=claim.message.rich is not None)
            log.info(
                "delivery_refused", delivery=claim.id, chat=claim.chat_id, fate=fate.kind.value, reason=fate.reason
            )
            return fate
        except Exception:  # one delivery's surprise must not stop the others'
            log.exception("delivery_failed_unexpectedly", delivery=claim.id)
            return Fate(FateKind.DOUBT, "an unexpected error")

    async def _amend(self, claim: Claim, copy: Copy) -> Fate:
        """Bring a copy up to date."""
        target = b"chat_id=%d&message_id=%d" % (claim.chat_id, copy.message_id or 0)
        if step(claim, datetime.now(UTC)) is Step.DELETE:
            await self._request.post_encoded(f"{self._base}/deleteMessage", target)
            return Fate(FateKind.DELETED, "")
        text = encode(*_message(claim), 0, unformatted=claim.plain, paid=False)
        await self._request.post_encoded(f"{self._base}/editMessageText", b"%b&%b" % (target, text))
        return Fate(FateKind.AMENDED, "")


def _shared(claim: Claim, *, paid: bool) -> bytes:
    thread_id = 0 if claim.thread_id == GENERAL_TOPIC else claim.thread_id
    return encode(*_message(claim), thread_id, unformatted=claim.plain, paid=paid)


def _message(claim: Claim) -> tuple[str, str | None, Keyboard]:
    return claim.message.text, claim.message.rich, claim.message.keyboard


@lru_cache(maxsize=KEPT_BODIES)
def encode(text: str, rich: str | None, keyboard: Keyboard, thread_id: int, *, unformatted: bool, paid: bool) -> bytes:
    """What sendMessage, sendRichMessage and editMessageText take but for the chat and the message, as form data."""
    fields = {"rich_message": rich} if rich is not None else _classic(text, unformatted=unformatted)
    if thread_id:
        fields["message_thread_id"] = str(thread_id)
    if keyboard:
        fields["reply_markup"] = _json({"inline_keyboard": inline_keyboard(keyboard)})
    if paid:
        fields["allow_paid_broadcast"] = "true"
    return urlencode(fields).encode("ascii")


def _classic(text: str, *, unformatted: bool) -> dict[str, str]:
    fields = {"text": plain(text)} if unformatted else {"text": text, "parse_mode": "HTML"}
    return fields | {"link_preview_options": _json({"is_disabled": True})}


def inline_keyboard(keyboard: Sequence[Sequence[tuple[str, str]]]) -> list[list[dict[str, str]]]:
    """Telegram's own shape of (label, action) buttons; an action is an address or callback data."""
    return [[_button(*button) for button in row] for row in keyboard]


def _button(label: str, action: str) -> dict[str, str]:
    kind = "url" if action.startswith(("http://", "https://", "tg://")) else "callback_data"
    return {"text": label, kind: action}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
