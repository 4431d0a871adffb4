"""The digest tick: due schedule entries become editions and deliveries.

    due entries ─take turns→ slots ─group by signature→ readings ─compose once each→ editions
                                                        └─ one transaction: slots, editions, deliveries, next moments ─┘

Composing happens between two short transactions; the second one takes only what nobody else has dealt with meanwhile.
A batch is one transaction, so its size bounds how long other writers wait.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from delivery.compose import compose_digest, sections
from delivery.schedule import CATCH_UP, Due, Turn, take_turn, window_start
from delivery.wording import table
from storage import articles, editions, schedules, topics
from storage.database import Connection, Database
from storage.errors import StaleEditionError
from storage.records import ChatState, EditionKind, EditionPart, Mode, Topic
from storage.schedules import DueEntry

log = structlog.get_logger()

BATCH = 2_000
MOST_ARTICLES = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a digest's bytes depend on. `shown_under`: (matched topic id, topic id of its section), sorted."""

    shown_under: tuple[tuple[int, int], ...]
    start: datetime
    end: datetime
    zone: str
    language: str
    length: int

    @property
    def signature(self) -> str:
        facts = [self.shown_under, self.start.isoformat(), self.end.isoformat(), self.zone, self.language, self.length]
        return "digest:" + hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Planned:
    """One destination's turn, and what it would read: None where its digest is not to be composed.

    `since`: where the next digest begins when this one is not sent and none was before.
    """

    destination_id: int
    entries: tuple[DueEntry, ...]
    turn: Turn
    reading: Reading | None
    since: datetime | None


async def run_due(
    db: Database, *, bot_id: int, now: datetime, catch_up: timedelta = CATCH_UP, batch: int = BATCH
) -> int:
    """Deal with one batch of due destinations; gives how many there were, so that the caller goes on until none."""
    async with db.read() as tx:
        due = await schedules.due(tx, bot_id, now, batch)
    if not due:
        return 0
    async with db.begin() as tx:
        await articles.release_barrier(tx)
    async with db.read() as tx:
        known = await topics.all_topics(tx)
        modes = await schedules.modes(tx, {item.entry.destination_id for item in due})
        plans = plan(due, modes, known, now, catch_up)
        composed = await _compose(tx, bot_id, plans, known)
    try:
        async with db.begin() as tx:
            await _commit(tx, bot_id, plans, composed, now)
    except StaleEditionError:
        log.info("digests_composed_again", destinations=len(plans))
    return len(plans)


def plan(
    due: Iterable[DueEntry],
    modes: Mapping[int, Mapping[int, Mode]],
    known: Sequence[Topic],
    now: datetime,
    catch_up: timedelta,
) -> list[Planned]:
    """Pure: what each due destination gets."""
    grouped: dict[int, list[DueEntry]] = defaultdict(list)
    for item in due:
        grouped[item.entry.destination_id].append(item)
    seen: dict[tuple[tuple[int, Mode], ...], tuple[tuple[int, int], ...]] = {}
    plans = []
    for destination_id, entries in grouped.items():
        turn = take_turn([Due(item.entry, item.zone) for item in entries], now, catch_up)
        chosen = tuple(sorted(modes.get(destination_id, {}).items()))
        if chosen not in seen:
            seen[chosen] = shown_under(dict(chosen), known)
        reading = _reading(entries[0], turn, seen[chosen], now)
        since = _since(entries[0], turn) if seen[chosen] else None
        plans.append(Planned(destination_id, tuple(entries), turn, reading, since))
    return plans


def shown_under(modes: Mapping[int, Mode], known: Sequence[Topic]) -> tuple[tuple[int, int], ...]:
    """(topic id, id of the topic under which it is shown): each topic by the nearest setting for it or an ancestor."""
    found = []
    for topic in known:
        chain = topics.with_ancestors(known, [topic.id])
        nearest = next((topic_id for topic_id in chain if topic_id in modes), None)
        if nearest is not None and modes[nearest] is Mode.DIGEST:
            found.append((topic.id, nearest))
    return tuple(sorted(found))


def _reading(item: DueEntry, turn: Turn, shown: tuple[tuple[int, int], ...], now: datetime) -> Reading | None:
    resting = item.muted_until is not None and item.muted_until > now
    if turn.through is None or not shown or resting or item.state is not ChatState.ACTIVE:
        return None
    start = window_start(item.digest_through, turn.through)
    if start >= turn.through:
        return None
    return Reading(shown, start, turn.through, item.zone, table(item.language), item.digest_length)


def _since(item: DueEntry, turn: Turn) -> datetime | None:
    if item.digest_through is not None or item.state is not ChatState.ACTIVE or not turn.slots:
        return None
    return window_start(None, min(slot.at for slot in turn.slots))


async def compose(tx: Connection, reading: Reading, known: Sequence[Topic]) -> tuple[EditionPart, ...]:
    """The messages of a reading; none where nothing is new."""
    homes = dict(reading.shown_under)
    found = await articles.released(
        tx, topic_ids=list(homes), start=reading.start, end=reading.end, limit=MOST_ARTICLES
    )
    parts = sections(found, known, homes, reading.length)
    return compose_digest(parts, zone=reading.zone, now=reading.end, language=reading.language)


async def _compose(
    tx: Connection, bot_id: int, plans: Iterable[Planned], known: Sequence[Topic]
) -> dict[Reading, tuple[EditionPart, ...]]:
    """Each reading once; of editions that exist already the parts are not needed."""
    readings = {planned.reading for planned in plans if planned.reading is not None}
    there = await editions.find_many(tx, bot_id, [reading.signature for reading in readings])
    return {reading: await compose(tx, reading, known) for reading in readings if reading.signature not in there}


async def _commit(
    tx: Connection,
    bot_id: int,
    plans: Sequence[Planned],
    composed: Mapping[Reading, tuple[EditionPart, ...]],
    now: datetime,
) -> None:
    held = await schedules.hold(tx, [item.entry.id for planned in plans for item in planned.entries])
    mine = [
        planned
        for planned in plans
        if all(held.get(item.entry.id) == item.entry.next_at is not None for item in planned.entries)
    ]
    taken = await schedules.take_slots(
        tx, ((planned.destination_id, slot) for planned in mine for slot in planned.turn.slots)
    )
    first = {
        planned.destination_id: planned.reading
        for planned in mine
        if planned.reading is not None and _is_first(planned, taken)
    }
    await _deliver(tx, bot_id, first, composed, now)
    await schedules.advance(tx, dict(pair for planned in mine for pair in planned.turn.following))
    through = {planned.destination_id: planned.since for planned in mine if planned.since is not None}
    through |= {destination_id: reading.end for destination_id, reading in first.items()}
    await schedules.set_through(tx, through)


def _is_first(planned: Planned, taken: set[tuple[int, str]]) -> bool:
    """Is the slot that would be composed new to this destination? What an old one holds folds into the next."""
    return any(
        slot.at == planned.turn.through and (planned.destination_id, slot.key) in taken for slot in planned.turn.slots
    )


async def _deliver(
    tx: Connection,
    bot_id: int,
    turns: Mapping[int, Reading],
    composed: Mapping[Reading, tuple[EditionPart, ...]],
    now: datetime,
) -> None:
    readers: dict[Reading, list[int]] = defaultdict(list)
    for destination_id, reading in turns.items():
        readers[reading].append(destination_id)
    there = await editions.find_many(tx, bot_id, [reading.signature for reading in readers])
    for reading, destination_ids in readers.items():
        edition_id = there.get(reading.signature)
        if edition_id is None and composed.get(reading):
            edition_id, _ = await editions.make(
                tx,
                bot_id=bot_id,
                kind=EditionKind.DIGEST,
                signature=reading.signature,
                parts=composed[reading],
                now=now,
            )
        if edition_id is not None:
            lane = editions.LANES[EditionKind.DIGEST]
            await editions.add_deliveries(
                tx, edition_id, bot_id=bot_id, lane=lane, destination_ids=destination_ids, now=now
            )
