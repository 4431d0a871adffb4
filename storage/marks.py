"""Arrivals, many in one statement: what a sender at a thousand messages a second has to write down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update

from storage.claims import Claim
from storage.database import Connection
from storage.records import DeliveryState
from storage.schema import delivery, delivery_part

# Built once; names of parameters differ from the columns', which UPDATE keeps for itself. A delivery that was forgotten
# meanwhile, or whose number SQLite gave to another, is not at this part of this edition any more.
_THIS = (
    update(delivery)
    .where(
        delivery.c.id == bindparam("the_id"),
        delivery.c.edition_id == bindparam("the_edition"),
        delivery.c.next_part == bindparam("the_part"),
        or_(delivery.c.state == DeliveryState.QUEUED.value, delivery.c.state == DeliveryState.SENDING.value),
    )
    .values(next_part=bindparam("the_next"), reason=None, attempts=0, doubts=0)
)
_DONE = _THIS.values(state=DeliveryState.SENT.value, done_at=bindparam("the_time"))
_ONWARD = _THIS.values(state=DeliveryState.QUEUED.value, not_before=bindparam("the_resumption"))
_PART = (
    update(delivery_part)
    .where(
        delivery_part.c.delivery_id == bindparam("the_id"),
        delivery_part.c.number == bindparam("the_part"),
        delivery_part.c.delivery_id.in_(
            delivery.select()
            .with_only_columns(delivery.c.id)
            .where(delivery.c.id == bindparam("the_id"), delivery.c.edition_id == bindparam("the_edition"))
        ),
    )
    .values(state=DeliveryState.SENT.value, message_id=bindparam("the_message"), at=bindparam("the_time"))
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A part that arrived `at`, as message `message_id`; the next one of its delivery may follow at `resume_at`."""

    claim: Claim
    message_id: int
    at: datetime
    resume_at: datetime


async def arrived(tx: Connection, arrivals: Sequence[Arrival]) -> None:
    """These parts were sent: their deliveries are done, or queued for their next part."""
    last = [item for item in arrivals if item.claim.part + 1 == item.claim.parts]
    onward = [item for item in arrivals if item.claim.part + 1 != item.claim.parts]
    if last:
        await tx.execute(_DONE, [_this(item) | {"the_time": item.at} for item in last])
    if onward:
        await tx.execute(_ONWARD, [_this(item) | {"the_resumption": item.resume_at} for item in onward])
    await tx.execute(_PART, [_part(item) for item in arrivals])


async def sent_since(tx: Connection, bot_id: int, since: datetime) -> int:
    """How many messages of deliveries that ended since then were sent."""
    query = select(func.sum(delivery.c.next_part)).where(delivery.c.bot_id == bot_id, delivery.c.done_at >= since)
    return int(await tx.scalar(query) or 0)


def _this(item: Arrival) -> dict[str, Any]:
    claim = item.claim
    return {"the_id": claim.id, "the_edition": claim.edition_id, "the_part": claim.part, "the_next": claim.part + 1}


def _part(item: Arrival) -> dict[str, Any]:
    claim = item.claim
    named = {"the_id": claim.id, "the_edition": claim.edition_id, "the_part": claim.part}
    return named | {"the_message": item.message_id, "the_time": item.at}
