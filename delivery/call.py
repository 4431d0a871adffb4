"""One call to Telegram for a claimed delivery."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog
from telegram import Bot
from telegram.error import TelegramError

from delivery.amend import Step, amendment_fate, hides_photo, step
from delivery.body import to_delete, to_edit, to_hide_photo, to_send
from delivery.fate import Fate, FateKind, fate_of
from delivery.fetching import Fetching, subject_of
from delivery.transport import AiohttpRequest
from storage.claims import Claim, Copy

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sent:
    """`captioned`: as a photo with a caption."""

    message_id: int
    captioned: bool = False


class Caller:
    """Calls past the limiter that guards replies: what is claimed has had its turn. Needs a bot on AiohttpRequest."""

    def __init__(self, bot: Bot, fetching: Fetching) -> None:
        if not isinstance(bot.request, AiohttpRequest):
            raise TypeError("the sender tells what is in doubt by its own transport: give the bot an AiohttpRequest")
        self._request = bot.request
        self._base = bot.base_url
        self._fetching = fetching

    async def attempt(self, claim: Claim, *, paid: bool = False) -> Sent | Fate:
        """The message, or what becomes of the delivery. `paid`: beyond the free rate, for Stars."""
        try:
            return await self._call(claim, paid=paid)
        except Exception:  # one delivery's surprise must not stop the others'
            log.exception("delivery_failed_unexpectedly", delivery=claim.id)
            return Fate(FateKind.DOUBT, "an unexpected error")
        finally:
            self._fetching.ended(claim)

    async def _call(self, claim: Claim, *, paid: bool) -> Sent | Fate:
        subject, source = subject_of(claim), self._fetching.source(claim)
        if subject is not None and source is None:
            claim, subject = replace(claim, message=replace(claim.message, photo=None, rich=None)), None
        try:
            if claim.copy is not None:
                return await self._amend(claim, claim.copy)
            return await self._send(claim, subject, source, paid=paid)
        except TelegramError as error:
            fate = _judged(error, claim)
        log.info("delivery_refused", delivery=claim.id, chat=claim.chat_id, fate=fate.kind.value, reason=fate.reason)
        if subject is not None:
            self._fetching.refused(subject, _clock(), fate.kind)
        return fate

    async def _send(self, claim: Claim, subject: str | None, source: str | None, *, paid: bool) -> Sent:
        photo = None if claim.message.photo is None else source
        answer = await self._request.post_encoded(
            f"{self._base}/{_method(claim)}", to_send(claim, paid=paid, photo=photo)
        )
        if subject is not None:
            file = "" if photo is None else str(answer["photo"][-1]["file_id"])
            self._fetching.had(subject, _clock(), file)
        return Sent(int(answer["message_id"]), captioned=photo is not None)

    async def _amend(self, claim: Claim, copy: Copy) -> Fate:
        """Bring a copy up to date."""
        message_id = copy.message_id or 0
        if step(claim, datetime.now(UTC)) is Step.DELETE:
            await self._request.post_encoded(f"{self._base}/deleteMessage", to_delete(claim, message_id))
            return Fate(FateKind.DELETED, "")
        if hides_photo(claim):
            await self._request.post_encoded(f"{self._base}/editMessageMedia", to_hide_photo(claim, message_id))
            return Fate(FateKind.AMENDED, "")
        method = "editMessageCaption" if copy.captioned else "editMessageText"
        body = to_edit(claim, message_id, captioned=copy.captioned)
        await self._request.post_encoded(f"{self._base}/{method}", body)
        return Fate(FateKind.AMENDED, "")


def _method(claim: Claim) -> str:
    if claim.message.photo is not None:
        return "sendPhoto"
    return "sendMessage" if claim.message.rich is None else "sendRichMessage"


def _judged(error: TelegramError, claim: Claim) -> Fate:
    rich = claim.message.rich is not None
    if claim.copy is None:
        return fate_of(error, plain=claim.plain, rich=rich, photo=claim.message.photo is not None)
    rich = rich and not claim.copy.captioned
    return amendment_fate(error, plain=claim.plain, rich=rich, photo=hides_photo(claim))


def _clock() -> float:
    """Monotonic seconds."""
    return asyncio.get_running_loop().time()
