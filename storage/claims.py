"""What the sender reads of a delivery before it calls: one statement for whatever may leave.

An edition that amends another has no text of its own: its deliveries bring the other's copies to the text that the
other has now. One that amends replies has parts of its own, each naming its message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, case, func, literal_column, select

from storage.database import Connection
from storage.editions import keyboard_of
from storage.records import ChatKind, ChatState, DeliveryState, EditionPart, Lane, QuietHours
from storage.schema import chat, delivery, delivery_part, destination, edition, edition_part, sent_copy

# Rich messages are for those who chose them, and not where this one was refused.
_RICH = (destination.c.layout == literal_column("'rich'")) & ~delivery.c.classic

# Manners. Of an amendment: the copy is edited, since Telegram deletes it no more; of a copy: it is a photo's caption,
# and of its amendment: nothing but that is changed.
KEPT, CAPTION = "kept", "caption"


@dataclass(frozen=True, slots=True)
class Copy:
    """The message that a correction is about. `message_id` is None where it never arrived, or its number is unknown.

    `of`: the delivery that brought it, None for a reply. `busy`: it is being sent right now. `revision`: of the text
    that it shows; `at`: when it was sent, None where that is unknown. `kept_of`: the edition that it came with, where
    nothing else is left of its delivery. `captioned`: its text is the caption of a photo.
    """

    of: int | None
    message_id: int | None
    busy: bool
    revision: int
    at: datetime | None
    kept_of: int | None = None
    captioned: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that may be sent now, with all that decides about it. `part` is its first unsent part's number.

    `revision`: of the part's text, the last correction that changed it. `copy`: what it amends, None for what is sent.
    `manner`: how the copy must be changed, by what Telegram said before. `quiet`: the hours, by the chat's `zone`, in
    which this delivery must not leave.
    """

    id: int
    edition_id: int
    destination_id: int
    chat_id: int
    thread_id: int
    kind: ChatKind
    lane: Lane
    part: int
    parts: int
    attempts: int
    doubts: int
    plain: bool
    created_at: datetime
    expires_at: datetime | None
    chat_state: ChatState
    gone_reason: str | None
    retry_at: datetime | None
    message: EditionPart
    revision: int = 0
    copy: Copy | None = None
    manner: str | None = None
    quiet: QuietHours | None = None
    zone: str = "UTC"


def claims_query() -> Select[Any]:
    """Rows for `read`; the caller adds which deliveries."""
    every = edition_part.alias()
    text_of = func.coalesce(edition.c.amends, delivery.c.edition_id)
    parts = select(func.count()).select_from(every).where(every.c.edition_id == text_of).scalar_subquery()
    # The edition is in it so that it comes first. PostgreSQL knows that most deliveries are at part 1, and that few
    # editions have one: it would begin with every edition's part of that number.
    number = delivery.c.next_part + edition.c.lane - edition.c.lane
    return (
        select(
            delivery,
            destination.c.chat_id,
            destination.c.thread_id,
            chat.c.kind,
            chat.c.state.label("chat_state"),
            chat.c.gone_reason,
            chat.c.retry_at,
            chat.c.zone,
            destination.c.quiet_from,
            destination.c.quiet_until,
            destination.c.quiet_urgent,
            edition.c.urgency,
            edition.c.expires_at,
            edition.c.amends,
            edition_part.c.text,
            case((_RICH, edition_part.c.rich)).label("rich"),
            edition_part.c.photo,
            edition_part.c.keyboard,
            edition_part.c.revision,
            edition_part.c.gone,
            edition_part.c.message_id.label("reply_id"),
            parts.label("parts"),
        )
        .join(destination, destination.c.id == delivery.c.destination_id)
        .join(chat, (chat.c.bot_id == destination.c.bot_id) & (chat.c.chat_id == destination.c.chat_id))
        .join(edition, edition.c.id == delivery.c.edition_id)
        .join(edition_part, (edition_part.c.edition_id == text_of) & (edition_part.c.number == number))
    )


def _copies_query() -> Select[Any]:
    """Of the amending deliveries `the_ids`: what the first delivery brought."""
    own, first, shown = delivery_part.alias("own"), delivery.alias("first"), delivery_part.alias("shown")
    came = edition.alias("came")
    return (
        select(
            delivery.c.id,
            own.c.manner,
            first.c.id.label("first_id"),
            first.c.state.label("first_state"),
            shown.c.message_id.label("shown_id"),
            shown.c.state.label("shown_state"),
            shown.c.revision.label("shown_revision"),
            shown.c.at.label("shown_at"),
            func.coalesce(shown.c.manner, sent_copy.c.manner).label("shown_manner"),
            sent_copy.c.edition_id.label("kept_of"),
            sent_copy.c.message_id.label("kept_id"),
            sent_copy.c.revision.label("kept_revision"),
            came.c.composed_at.label("kept_at"),
        )
        .join(edition, edition.c.id == delivery.c.edition_id)
        .outerjoin(own, (own.c.delivery_id == delivery.c.id) & (own.c.number == delivery.c.next_part))
        .outerjoin(
            first,
            (first.c.edition_id == edition.c.amends) & (first.c.destination_id == delivery.c.destination_id),
        )
        .outerjoin(shown, (shown.c.delivery_id == first.c.id) & (shown.c.number == delivery.c.next_part))
        .outerjoin(
            sent_copy,
            (sent_copy.c.edition_id == edition.c.amends)
            & (sent_copy.c.destination_id == delivery.c.destination_id)
            & (sent_copy.c.number == delivery.c.next_part),
        )
        .outerjoin(came, came.c.id == sent_copy.c.edition_id)
        .where(delivery.c.id.in_(bindparam("the_ids", expanding=True)))
    )


_COPIES = _copies_query()


async def read(tx: Connection, query: Select[Any], values: Mapping[str, Any]) -> list[Claim]:
    """The claims of a `claims_query`. What they amend is looked up only where they amend something."""
    rows = (await tx.execute(query, values)).all()
    amending = [row.id for row in rows if row.amends is not None or row.reply_id is not None]
    copies = {row.id: row for row in await tx.execute(_COPIES, {"the_ids": amending})} if amending else {}
    return [_claim(row, copies.get(row.id)) for row in rows]


def _claim(row: Row[Any], copy: Row[Any] | None) -> Claim:
    return Claim(
        id=row.id,
        edition_id=row.edition_id,
        destination_id=row.destination_id,
        chat_id=row.chat_id,
        thread_id=row.thread_id,
        kind=ChatKind(row.kind),
        lane=Lane(row.lane),
        part=row.next_part,
        parts=row.parts,
        attempts=row.attempts,
        doubts=row.doubts,
        plain=row.plain,
        created_at=row.created_at,
        expires_at=row.expires_at,
        chat_state=ChatState(row.chat_state),
        gone_reason=row.gone_reason,
        retry_at=row.retry_at,
        message=_message(row, amends=copy is not None),
        revision=row.revision,
        copy=None if copy is None else _copy(row, copy),
        manner=None if copy is None else copy.manner,
        quiet=_quiet(row),
        zone=row.zone,
    )


def _message(row: Row[Any], *, amends: bool) -> EditionPart:
    """What is sent comes without its photo to those who get it rich, and where Telegram refused it as it was."""
    as_text = not amends and (row.rich is not None or row.classic or row.plain)
    photo = None if as_text else row.photo
    return EditionPart(row.next_part, row.text, keyboard_of(row.keyboard), gone=row.gone, rich=row.rich, photo=photo)


def _quiet(row: Row[Any]) -> QuietHours | None:
    """Of alerts only, and of urgent ones only where the chat does not let them through."""
    if row.quiet_from is None or row.lane != Lane.ALERT or row.next_part or (row.urgency == 1 and row.quiet_urgent):
        return None
    return QuietHours(row.quiet_from, row.quiet_until)


def _copy(row: Row[Any], copy: Row[Any]) -> Copy:
    if row.reply_id is not None:
        return Copy(None, row.reply_id, busy=False, revision=-1, at=None)
    if copy.kept_id is not None:  # it was sent after its edition was composed: taken for older than it is
        return Copy(
            None,
            copy.kept_id,
            busy=False,
            revision=copy.kept_revision,
            at=copy.kept_at,
            kept_of=copy.kept_of,
            captioned=copy.shown_manner == CAPTION,
        )
    sending = DeliveryState.SENDING
    return Copy(
        of=copy.first_id,
        message_id=copy.shown_id,
        busy=copy.shown_state == sending and copy.first_state == sending,
        revision=-1 if copy.shown_revision is None else copy.shown_revision,
        at=copy.shown_at,
        captioned=copy.shown_manner == CAPTION,
    )
