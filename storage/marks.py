"""Arrivals, many in one statement: what a sender at a thousand messages a second has to write down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, Update, bindparam, func, literal, literal_column, select, update

from storage import copies
from storage.batches import Batch
from storage.claims import CAPTION, Claim, Copy
from storage.database import Connection
from storage.records import DeliveryState
from storage.schema import delivery, delivery_part

# Built once; names of parameters differ from the columns', which UPDATE keeps for itself. A delivery that was forgotten
# meanwhile, or whose number SQLite gave to another, is not at this part of this edition any more.
_GIVEN = Batch("id", "edition", "part", "message")
# An expression, which no partial index serves: PostgreSQL would read the whole queue where it thinks it short.
_OPEN = (delivery.c.state + "").in_((literal_column("'queued'"), literal_column("'sending'")))
_ANEW = {"next_part": delivery.c.next_part + 1, "reason": None, "attempts": 0, "doubts": 0}


def _done(given: FromClause) -> Update:
    at = delivery.c.next_part == given.c.part
    return (
        update(delivery)
        .where(delivery.c.id == given.c.id, delivery.c.edition_id == given.c.edition, at, _OPEN)
        .values(_ANEW | {"state": DeliveryState.SENT.value, "done_at": bindparam("the_time")})
    )


def _shown(given: FromClause) -> Update:
    return (
        update(delivery_part)
        .where(
            delivery_part.c.delivery_id == given.c.id,
            delivery_part.c.number == given.c.part,
            delivery.c.id == given.c.id,
            delivery.c.edition_id == given.c.edition,
        )
        .values(state=DeliveryState.SENT.value, at=bindparam("the_time"))
    )


_DONE = {name: _done(given) for name, given in _GIVEN.of.items()}
_AMENDED = {name: _shown(given) for name, given in _GIVEN.of.items()}
_PART = {name: _shown(given).values(message_id=given.c.message) for name, given in _GIVEN.of.items()}
_CAPTIONED = {name: _shown(given).values(manner=CAPTION) for name, given in _GIVEN.of.items()}
# Both at once: PostgreSQL is another process, and each statement a way there and back.
_DONE_AND_PART = select(literal(1)).add_cte(_DONE["postgresql"].cte("done"), _PART["postgresql"].cte("part"))
_ONWARD = (
    update(delivery)
    .where(
        delivery.c.id == bindparam("the_id"),
        delivery.c.edition_id == bindparam("the_edition"),
        delivery.c.next_part == bindparam("the_part"),
        _OPEN,
    )
    .values(_ANEW | {"state": DeliveryState.QUEUED.value, "not_before": bindparam("the_resumption")})
)
_EDITED = (
    update(delivery_part)
    .where(
        delivery_part.c.delivery_id == bindparam("the_copy"),
        delivery_part.c.number == bindparam("the_part"),
        delivery_part.c.message_id == bindparam("the_message"),
    )
    .values(revision=bindparam("the_revision"))
)
_DELETED = _EDITED.values(message_id=None)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A part that arrived `at`, as message `message_id`; the next one of its delivery may follow at `resume_at`.

    `captioned`: as the caption of a photo.
    """

    claim: Claim
    message_id: int
    at: datetime
    resume_at: datetime
    captioned: bool = False


@dataclass(frozen=True, slots=True)
class Amendment:
    """A copy reads as it must, or is `deleted`, since `at`; the delivery's next part may follow at `resume_at`."""

    claim: Claim
    at: datetime
    resume_at: datetime
    deleted: bool


async def arrived(tx: Connection, arrivals: Sequence[Arrival]) -> None:
    """These parts were sent: their deliveries are done, or queued for their next part."""
    rows = [(*_row(item.claim), item.message_id) for item in arrivals]
    if tx.dialect.name == "postgresql" and all(item.claim.part + 1 == item.claim.parts for item in arrivals):
        await tx.execute(_DONE_AND_PART, _GIVEN.values(tx, rows) | _latest(arrivals))
    else:
        await _advance(tx, arrivals)
        await tx.execute(_PART[tx.dialect.name], _GIVEN.values(tx, rows) | _latest(arrivals))
    if captioned := [(*_row(item.claim), item.message_id) for item in arrivals if item.captioned]:
        await tx.execute(_CAPTIONED[tx.dialect.name], _GIVEN.values(tx, captioned) | _latest(arrivals))


async def amended(tx: Connection, amendments: Sequence[Amendment]) -> None:
    """These copies show their part's present text, or are not there any more."""
    await _advance(tx, amendments)
    rows = [(*_row(item.claim), 0) for item in amendments]
    await tx.execute(_AMENDED[tx.dialect.name], _GIVEN.values(tx, rows) | _latest(amendments))
    for query, deleted in ((_EDITED, False), (_DELETED, True)):
        shown = [
            _copy(item.claim, item.claim.copy) for item in amendments if item.deleted is deleted and item.claim.copy
        ]
        if shown := [row for row in shown if row["the_copy"] is not None]:  # a reply is no delivery's
            await tx.execute(query, shown)
    for item in amendments:
        if item.claim.copy is not None and item.claim.copy.kept_of is not None:
            await _kept_shows(tx, item.claim, item.claim.copy, deleted=item.deleted)


async def _kept_shows(tx: Connection, claim: Claim, copy: Copy, *, deleted: bool) -> None:
    await copies.shows(
        tx,
        edition_id=copy.kept_of or 0,
        destination_id=claim.destination_id,
        number=claim.part,
        message_id=copy.message_id or 0,
        revision=None if deleted else claim.revision,
    )


async def sent_since(tx: Connection, bot_id: int, since: datetime) -> int:
    """How many messages of deliveries that ended since then were sent."""
    query = select(func.sum(delivery.c.next_part)).where(delivery.c.bot_id == bot_id, delivery.c.done_at >= since)
    return int(await tx.scalar(query) or 0)


async def _advance(tx: Connection, items: Sequence[Arrival | Amendment]) -> None:
    last = [item for item in items if item.claim.part + 1 == item.claim.parts]
    onward = [item for item in items if item.claim.part + 1 != item.claim.parts]
    if last:
        rows = [(*_row(item.claim), 0) for item in last]
        await tx.execute(_DONE[tx.dialect.name], _GIVEN.values(tx, rows) | _latest(last))
    if onward:
        await tx.execute(_ONWARD, [_onward(item) for item in onward])


def _row(claim: Claim) -> tuple[int, int, int]:
    return claim.id, claim.edition_id, claim.part


def _latest(items: Sequence[Arrival | Amendment]) -> dict[str, Any]:
    """Of a few milliseconds: one time for all."""
    return {"the_time": max(item.at for item in items)}


def _onward(item: Arrival | Amendment) -> dict[str, Any]:
    claim = item.claim
    named = {"the_id": claim.id, "the_edition": claim.edition_id, "the_part": claim.part}
    return named | {"the_resumption": item.resume_at}


def _copy(claim: Claim, copy: Copy) -> dict[str, Any]:
    named = {"the_copy": copy.of, "the_part": claim.part, "the_message": copy.message_id}
    return named | {"the_revision": claim.revision}
