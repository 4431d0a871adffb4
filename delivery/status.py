"""What became of an article's deliveries, counted."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from storage import editions
from storage.database import Connection
from storage.records import DeliveryState, EditionKind


@dataclass(frozen=True, slots=True)
class Progress:
    """One edition's deliveries. `failed` and `dropped` map reasons to counts; `spreading`: more are still being added.

    `in_doubt`: messages that may have come twice, or not at all. `held`: until their chats' quiet hours end, and not
    among those `waiting`.
    """

    edition_id: int
    kind: EditionKind
    composed_at: datetime
    spreading: bool
    waiting: int = 0
    sent: int = 0
    in_doubt: int = 0
    held: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.waiting + self.held + self.sent + self.failed.total() + self.dropped.total()


async def of_article(tx: Connection, article_id: int) -> list[Progress]:
    """Of each edition that holds the article, oldest first."""
    return [await of_edition(tx, edition_id) for edition_id in await editions.of_article(tx, article_id)]


async def of_edition(tx: Connection, edition_id: int) -> Progress:
    """Raises LookupError where there is no such edition."""
    head = await editions.head(tx, edition_id)
    counts: dict[DeliveryState, Counter[str]] = {state: Counter() for state in DeliveryState}
    for state, reason, count in await editions.count_states(tx, edition_id):
        counts[state][reason or ""] += count
    held = await editions.count_held(tx, edition_id)
    waiting = counts[DeliveryState.QUEUED].total() + counts[DeliveryState.SENDING].total() - held
    return Progress(
        edition_id,
        head.kind,
        head.composed_at,
        head.spreading,
        waiting,
        counts[DeliveryState.SENT].total(),
        await editions.count_doubts(tx, edition_id),
        held,
        counts[DeliveryState.FAILED],
        counts[DeliveryState.DROPPED],
    )
