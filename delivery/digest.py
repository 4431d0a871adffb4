"""The digest tick: due schedule entries to editions and deliveries.

    due entries ─turn→ slots taken ─group by signature→ composed once ─→ deliveries, next moments
    (one transaction a batch)

A process that dies in the middle leaves nothing half done. A slot that was dealt with is never dealt with again.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from delivery import reach
from delivery.compose import compose_digest, sections
from delivery.schedule import CATCH_UP, Due, Turn, take_turn, window_start
from storage import articles, editions, schedules, topics
from storage.database import Connection, Database
from storage.records import ChatState, EditionKind, EditionPart, Lane, Mode, Topic
from storage.schedules import DueEntry

DESTINATIONS_AT_ONCE = 500
# Of one window; a digest says how many more there are.
ARTICLES_READ = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """All that changes a digest's bytes. `under`: (topic id, id of the followed topic that shows it)."""

    under: tuple[tuple[int, int], ...]
    start: datetime
    through: datetime
    language: str
    length: int
    zone: str

    @property
    def signature(self) -> str:
        followed = hashlib.sha256(repr(self.under).encode()).hexdigest()[:24]
        window = f"{self.start.isoformat()}/{self.through.isoformat()}"
        return f"digest:{window}:{self.language}:{self.length}:{self.zone}:{followed}"


async def run_due(
    db: Database, *, bot_id: int, now: datetime, catch_up: timedelta = CATCH_UP, batch: int = DESTINATIONS_AT_ONCE
) -> int:
    """Deal with one batch of due destinations; how many there were (0: none is due)."""
    async with db.read() as tx:
        if not await schedules.due(tx, bot_id, now, 1):
            return 0
    async with db.begin() as tx:
        await articles.release_barrier(tx)
    async with db.begin() as tx:
        return await _run_batch(tx, bot_id, now, catch_up, batch)


async def _run_batch(tx: Connection, bot_id: int, now: datetime, catch_up: timedelta, batch: int) -> int:
    waiting = await _held(tx, await schedules.due(tx, bot_id, now, batch))
    turns = {
        owner: take_turn([Due(item.entry, item.zone) for item in due], now, catch_up) for owner, due in waiting.items()
    }
    fresh = await _take_slots(tx, turns)
    await schedules.advance(tx, dict(pair for turn in turns.values() for pair in turn.following))
    await schedules.set_through(tx, _boundaries(waiting, turns))
    readers = [owner for owner in fresh if turns[owner].through is not None and _wants_digest(waiting[owner][0], now)]
    await _deliver(tx, bot_id, {owner: (waiting[owner][0], turns[owner]) for owner in readers}, now)
    return len(waiting)


async def _held(tx: Connection, due: Sequence[DueEntry]) -> dict[int, list[DueEntry]]:
    """By destination, without what another process dealt with meanwhile."""
    moments = await schedules.hold(tx, [item.entry.id for item in due])
    found: dict[int, list[DueEntry]] = defaultdict(list)
    for item in due:
        if moments.get(item.entry.id) == item.entry.next_at:
            found[item.entry.destination_id].append(item)
    return found


async def _take_slots(tx: Connection, turns: Mapping[int, Turn]) -> list[int]:
    """The destinations with a slot that nobody had dealt with before."""
    slots = [(owner, slot) for owner, turn in turns.items() for slot in turn.slots]
    taken = await schedules.take_slots(tx, slots)
    return sorted({owner for owner, _ in taken})


def _wants_digest(item: DueEntry, now: datetime) -> bool:
    return item.state is ChatState.ACTIVE and not (item.muted_until is not None and item.muted_until > now)


def _boundaries(waiting: Mapping[int, Sequence[DueEntry]], turns: Mapping[int, Turn]) -> dict[int, datetime]:
    """Where the next window begins; what came too late to be composed folds into it."""
    found: dict[int, datetime] = {}
    for owner, turn in turns.items():
        if turn.through is not None and waiting[owner][0].state is ChatState.ACTIVE:
            found[owner] = turn.through
    return found


async def _deliver(tx: Connection, bot_id: int, readers: Mapping[int, tuple[DueEntry, Turn]], now: datetime) -> None:
    known = await topics.all_topics(tx)
    modes = await schedules.modes(tx, list(readers))
    groups: dict[Reading, list[int]] = defaultdict(list)
    for owner, (item, turn) in readers.items():
        if turn.through is not None and (reading := _reading(known, modes.get(owner, {}), item, turn.through)):
            groups[reading].append(owner)
    for reading, owners in groups.items():
        await _deliver_one(tx, bot_id, reading, owners, known, now)


def _reading(known: Sequence[Topic], modes: Mapping[int, Mode], item: DueEntry, through: datetime) -> Reading | None:
    under = reach.shown_under(known, modes, Mode.DIGEST)
    if not under:
        return None
    start = window_start(item.digest_through, through)
    return Reading(tuple(sorted(under.items())), start, through, item.language, item.digest_length, item.zone)


async def _deliver_one(
    tx: Connection, bot_id: int, reading: Reading, owners: Sequence[int], known: Sequence[Topic], now: datetime
) -> None:
    edition_id = await editions.find(tx, bot_id, reading.signature)
    if edition_id is None:
        parts = await compose(tx, reading, known)
        if not parts:
            return
        edition_id, _ = await editions.make(
            tx, bot_id=bot_id, kind=EditionKind.DIGEST, signature=reading.signature, parts=parts, now=now
        )
    await editions.add_deliveries(tx, edition_id, bot_id=bot_id, lane=Lane.DIGEST, destination_ids=owners, now=now)


async def compose(tx: Connection, reading: Reading, known: Sequence[Topic]) -> tuple[EditionPart, ...]:
    """The messages; none where nothing is new."""
    under = dict(reading.under)
    found = await articles.released(
        tx, topic_ids=list(under), start=reading.start, end=reading.through, limit=ARTICLES_READ
    )
    return compose_digest(
        sections(found, known, under, reading.length),
        zone=reading.zone,
        now=reading.through,
        language=reading.language,
    )
