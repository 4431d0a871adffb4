"""One call to Telegram for a claimed delivery."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from telegram import Bot
from telegram.error import TelegramError

from delivery.amend import Step, amendment_fate, hides_photo, step
from delivery.body import to_delete, to_edit, to_hide_photo, to_send
from delivery.fate import Fate, FateKind, fate_of
from delivery.photo import parsed
from delivery.transport import AiohttpRequest
from storage.claims import Claim, Copy

log = structlog.get_logger()

# The first who is sent a photo waits until Telegram has fetched it from its place.
FETCHING_SECONDS = 60.0
KEPT_PHOTOS = 256


@dataclass(frozen=True, slots=True)
class Sent:
    """`captioned`: as a photo with a caption."""

    message_id: int
    captioned: bool = False


class Photos:
    """What became of photos: by address the file that Telegram made of it, None where it could not be had.

    So a photo is fetched once for all who get it, they all see the same, and one that can't be had costs as many calls
    as were in flight. It is not stored: after a restart the first call asks anew.
    """

    def __init__(self) -> None:
        self._files: dict[str, str | None] = {}

    def source(self, address: str) -> str | None:
        """What to send: the file, else the address; None where it is of no use."""
        return self._files.get(address, address)

    def fetched(self, address: str, file_id: str) -> None:
        self._note(address, file_id)

    def refused(self, address: str, fate: FateKind) -> None:
        """It is not to be had; nor is it where the answer to the first call never came: the next one might hang too."""
        if fate is FateKind.NO_PHOTO or (fate is FateKind.DOUBT and address not in self._files):
            self._note(address, None)

    def _note(self, address: str, file_id: str | None) -> None:
        if len(self._files) >= KEPT_PHOTOS:
            del self._files[next(iter(self._files))]
        self._files[address] = file_id


class Caller:
    """Calls past the limiter that guards replies: what is claimed has had its turn. Needs a bot on AiohttpRequest."""

    def __init__(self, bot: Bot) -> None:
        if not isinstance(bot.request, AiohttpRequest):
            raise TypeError("the sender tells what is in doubt by its own transport: give the bot an AiohttpRequest")
        self._request = bot.request
        self._base = bot.base_url
        self._photos = Photos()

    async def attempt(self, claim: Claim, *, paid: bool = False) -> Sent | Fate:
        """The message, or what becomes of the delivery. `paid`: beyond the free rate, for Stars."""
        try:
            return await self._call(claim, paid=paid)
        except Exception:  # one delivery's surprise must not stop the others'
            log.exception("delivery_failed_unexpectedly", delivery=claim.id)
            return Fate(FateKind.DOUBT, "an unexpected error")

    async def _call(self, claim: Claim, *, paid: bool) -> Sent | Fate:
        address = self._photo_of(claim)
        try:
            if claim.copy is not None:
                return await self._amend(claim, claim.copy)
            return await self._send(claim, address, paid=paid)
        except TelegramError as error:
            fate = _judged(error, claim, photo=address is not None)
        log.info("delivery_refused", delivery=claim.id, chat=claim.chat_id, fate=fate.kind.value, reason=fate.reason)
        if address is not None:
            self._photos.refused(address, fate.kind)
        return fate

    def _photo_of(self, claim: Claim) -> str | None:
        """The address of the photo that is to be sent; None where it is to be a text."""
        if claim.copy is not None or claim.message.photo is None:
            return None
        address = str(parsed(claim.message.photo)["media"])
        return None if self._photos.source(address) is None else address

    async def _send(self, claim: Claim, address: str | None, *, paid: bool) -> Sent:
        if address is None:
            method = "sendMessage" if claim.message.rich is None else "sendRichMessage"
            return _sent(await self._request.post_encoded(f"{self._base}/{method}", to_send(claim, paid=paid)))
        source = self._photos.source(address)
        body, patience = to_send(claim, paid=paid, photo=source), FETCHING_SECONDS if source == address else None
        answer = await self._request.post_encoded(f"{self._base}/sendPhoto", body, seconds=patience)
        self._photos.fetched(address, str(answer["photo"][-1]["file_id"]))
        return _sent(answer, captioned=True)

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


def _sent(answer: Any, *, captioned: bool = False) -> Sent:
    return Sent(int(answer["message_id"]), captioned)


def _judged(error: TelegramError, claim: Claim, *, photo: bool) -> Fate:
    rich = claim.message.rich is not None
    if claim.copy is None:
        return fate_of(error, plain=claim.plain, rich=rich, photo=photo)
    rich = rich and not claim.copy.captioned
    return amendment_fate(error, plain=claim.plain, rich=rich, photo=hides_photo(claim))
