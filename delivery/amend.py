"""What is to be done with one copy of an edition that was changed, and what an answer means. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from telegram.error import BadRequest, TelegramError

from delivery.fate import Fate, FateKind, fate_of
from storage.claims import CAPTION, Claim, Copy

# Telegram deletes for everybody within 48 hours; a little less, since our clock is not its.
DELETABLE = timedelta(hours=48) - timedelta(minutes=5)
BUSY_AGAIN = timedelta(seconds=1)

_SHOWN_ALREADY = ("message is not modified",)
_NOT_THERE = ("message to edit not found", "message to delete not found", "message_id_invalid")
_KEPT = ("message can't be deleted",)


class Step(StrEnum):
    SEND = "send"  # it is no amendment
    EDIT = "edit"
    DELETE = "delete"
    PASS = "pass"  # noqa: S105 - nothing is to be done: it never arrived, or shows the present text
    WAIT = "wait"  # it is being sent right now: its number comes with the answer


def step(claim: Claim, now: datetime) -> Step:
    """`now`: when the call would be."""
    if claim.copy is None:
        return Step.PASS if claim.message.gone else Step.SEND
    return _amending(claim, claim.copy, now)


def _amending(claim: Claim, copy: Copy, now: datetime) -> Step:
    if copy.message_id is None:
        return Step.WAIT if copy.busy else Step.PASS
    if copy.revision >= claim.revision:
        return Step.PASS
    young = copy.at is None or now - copy.at < DELETABLE
    return Step.DELETE if claim.message.gone and claim.manner is None and young else Step.EDIT


def hides_photo(claim: Claim) -> bool:
    """Nothing of the article may be seen any more, and Telegram did not refuse the picture that takes its place."""
    return claim.message.gone and claim.copy is not None and claim.copy.captioned and claim.manner != CAPTION


def amendment_fate(error: TelegramError, *, plain: bool, rich: bool = False, photo: bool = False) -> Fate:
    """As delivery.fate, but for what a message that is there already adds. Doing it twice does no harm: no doubt.

    `photo`: the call was to replace it.
    """
    said = error.message.casefold() if isinstance(error, BadRequest) else ""
    if any(words in said for words in _SHOWN_ALREADY):
        return Fate(FateKind.AMENDED, "it reads so already")
    if any(words in said for words in _NOT_THERE):
        return Fate(FateKind.DELETED, "the message was deleted")
    if any(words in said for words in _KEPT):
        return Fate(FateKind.KEPT, "Telegram deletes it no more")
    fate = fate_of(error, plain=plain, rich=rich, photo=photo)
    if fate.kind in (FateKind.NO_PHOTO, FateKind.CLASSIC) and photo:
        return Fate(FateKind.CAPTION, fate.reason)
    return Fate(FateKind.RETRY, fate.reason) if fate.kind is FateKind.DOUBT else fate
