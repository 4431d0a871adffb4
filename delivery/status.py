"""How it goes: what became of an edition's deliveries, for editors."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from storage import editions
from storage.database import Connection
from storage.records import DeliveryState, EditionKind
from storage.schema import delivery, delivery_part, edition


@dataclass(frozen=True, slots=True)
class Progress:
    """Deliveries of one edition. `failed` and `dropped` count by reason; `in_doubt` were sent without an answer."""

    edition_id: int
    kind: EditionKind
    composed_at: datetime
    sent: int = 0
    waiting: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    in_doubt: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.waiting + sum(self.failed.values()) + sum(self.dropped.values())


async def of_article(tx: Connection, article_id: int, limit: int = 10) -> list[Progress]:
    """The editions that carry the article, latest first."""
    ids = (await editions.of_article(tx, article_id))[-limit:]
    return [await of_edition(tx, edition_id) for edition_id in reversed(ids)]


async def latest(tx: Connection, bot_id: int, limit: int = 5) -> list[Progress]:
    """The latest editions of a bot."""
    ids = await tx.scalars(
        select(edition.c.id).where(edition.c.bot_id == bot_id).order_by(edition.c.id.desc()).limit(limit)
    )
    return [await of_edition(tx, edition_id) for edition_id in ids.all()]


async def of_edition(tx: Connection, edition_id: int) -> Progress:
    row = (await tx.execute(select(edition.c.kind, edition.c.composed_at).where(edition.c.id == edition_id))).one()
    rows = await tx.execute(
        select(delivery.c.state, delivery.c.reason, func.count().label("number"))
        .where(delivery.c.edition_id == edition_id)
        .group_by(delivery.c.state, delivery.c.reason)
    )
    counts: dict[DeliveryState, dict[str, int]] = {state: {} for state in DeliveryState}
    for state, reason, number in rows:
        of_state = counts[DeliveryState(state)]
        of_state[reason or ""] = of_state.get(reason or "", 0) + number
    doubts = await tx.scalar(
        select(func.count(delivery_part.c.delivery_id.distinct()))
        .join(delivery, delivery.c.id == delivery_part.c.delivery_id)
        .where(delivery.c.edition_id == edition_id, delivery_part.c.in_doubt)
    )
    return Progress(
        edition_id,
        EditionKind(row.kind),
        row.composed_at,
        sent=sum(counts[DeliveryState.SENT].values()),
        waiting=sum(counts[DeliveryState.QUEUED].values()) + sum(counts[DeliveryState.SENDING].values()),
        failed=counts[DeliveryState.FAILED],
        dropped=counts[DeliveryState.DROPPED],
        in_doubt=int(doubts or 0),
    )
