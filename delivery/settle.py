"""Write down what became of a call: one short transaction, decided by the table of fates."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from delivery.fate import Fate, FateKind
from delivery.trouble import MOST_DOUBTS, backoff, hopeless
from storage import chats, outbox
from storage.claims import CAPTION, KEPT, Claim
from storage.database import Connection
from storage.records import ChatState

SKIPPED = "It may have arrived: no answer came, and it was not sent again."
NO_ANSWER = "No answer came, several times over; it may have arrived."
LATE = "Telegram could not be reached for a day."
MANNERS = {FateKind.KEPT: KEPT, FateKind.CAPTION: CAPTION}
HALT_PAUSE = timedelta(seconds=60)


class InDoubt(StrEnum):
    """What becomes of a call whose answer never came."""

    RESEND = "resend"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Settling:
    """What every settling needs to know. `luck`: random in [0, 1), for the pauses. `flood`: seconds of silence that the
    whole bot must keep.
    """

    bot_id: int
    in_doubt: InDoubt
    now: datetime
    luck: float
    flood: float = 0.0


async def settle(tx: Connection, claim: Claim, fate: Fate, how: Settling) -> None:
    """Carry out a fate but AMENDED and DELETED, which are arrivals (storage.marks)."""
    match fate.kind:
        case FateKind.GONE:
            await _gone(tx, claim, fate, how)
        case FateKind.MOVED:
            await chats.migrate(tx, how.bot_id, claim.chat_id, fate.chat_id or claim.chat_id)
            await outbox.requeue(tx, claim, how.now, reason=fate.reason, tried=False)
        case FateKind.LATER:
            await _later(tx, claim, fate, how)
        case FateKind.PLAIN | FateKind.CLASSIC | FateKind.NO_PHOTO | FateKind.NEVER_RICH:
            await _simpler(tx, claim, fate, how)
        case FateKind.RETRY:
            await _retry(tx, claim, fate, how)
        case FateKind.DOUBT:
            await settle_doubt(tx, claim, fate.reason, how)
        case FateKind.HALT:
            await outbox.requeue(tx, claim, how.now + HALT_PAUSE, reason=fate.reason, tried=False)
        case FateKind.KEPT | FateKind.CAPTION:
            await outbox.again_as(tx, claim, MANNERS[fate.kind], fate.reason, how.now)
        case FateKind.FAILED:
            await outbox.fail(tx, claim, fate.reason, how.now)


async def _gone(tx: Connection, claim: Claim, fate: Fate, how: Settling) -> None:
    if not await outbox.drop_chat(tx, claim, how.bot_id, fate.reason, how.now):
        # It moved to another chat, or was forgotten, while the call was under way.
        await outbox.requeue(tx, claim, how.now, reason=fate.reason, tried=False)
    await chats.set_state(tx, how.bot_id, claim.chat_id, ChatState.GONE, fate.reason)


async def _simpler(tx: Connection, claim: Claim, fate: Fate, how: Settling) -> None:
    """Send it again with less that Telegram could refuse."""
    if fate.kind is FateKind.NEVER_RICH:
        await chats.refuse_rich(tx, claim.destination_id)
    plain = fate.kind is FateKind.PLAIN
    await outbox.requeue(tx, claim, how.now, reason=fate.reason, plain=plain, classic=not plain)


async def settle_doubt(tx: Connection, claim: Claim, reason: str, how: Settling, *, died: bool = False) -> None:
    """By the operator's choice: send it again, or leave it and list it.

    `died`: our process did, which says nothing of the message. It is sent again at once, however often that happens.
    """
    if claim.copy is not None:  # to edit or delete a message twice does no harm
        await _retry(tx, claim, Fate(FateKind.RETRY, reason), how)
    elif how.in_doubt is InDoubt.SKIP:
        await outbox.skipped(tx, claim, SKIPPED, how.now)
    elif died:
        await outbox.requeue(tx, claim, how.now, reason=reason, doubt=True, tried=False)
    elif claim.doubts + 1 >= MOST_DOUBTS:
        await outbox.fail(tx, claim, NO_ANSWER, how.now)
    else:
        until = how.now + timedelta(seconds=backoff(claim.attempts, how.luck))
        await outbox.requeue(tx, claim, until, reason=reason, doubt=True)


async def _later(tx: Connection, claim: Claim, fate: Fate, how: Settling) -> None:
    until = how.now + timedelta(seconds=fate.wait)
    await outbox.hold_chat(tx, how.bot_id, claim.chat_id, until)
    if how.flood:
        await outbox.hold_bot(tx, how.bot_id, how.now + timedelta(seconds=how.flood))
    await outbox.requeue(tx, claim, until, reason=fate.reason, tried=False)


async def _retry(tx: Connection, claim: Claim, fate: Fate, how: Settling) -> None:
    if hopeless(claim.attempts, claim.created_at, how.now):
        await outbox.fail(tx, claim, LATE, how.now)
        return
    until = how.now + timedelta(seconds=backoff(claim.attempts, how.luck))
    await outbox.requeue(tx, claim, until, reason=fate.reason)
