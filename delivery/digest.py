"""The digest tick: due schedule entries become editions and deliveries.

    due entries ─alike→ cases ─take turns→ slots, readings ─compose once each→ editions (committed, nobody's yet)
                                                 └─ one transaction: next moments, slots, deliveries, windows ─┘

A page of destinations is one short transaction, which takes only what nobody else has dealt with since it was read. So
the page's size bounds how long other writers wait, and how long the event loop is held. An edition that is made and
then given to nobody (the process died) is found again by its signature.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from delivery.reading import Composer, Reading, chains_of, shown_under
from delivery.schedule import CATCH_UP, Due, Slot, Turn, take_turn, window_start
from delivery.wording import table
from storage import articles, deliveries, digests, editions, schedules, topics
from storage.database import Connection, Database
from storage.digests import CASES_AT_ONCE, Case, Page, Place, Position
from storage.errors import StaleEditionError, StaleScheduleError
from storage.records import ChatState, EditionKind, EditionPart, Mode, ScheduleEntry, Topic

log = structlog.get_logger()

BATCH = 2_000
AT_ONCE = 40_000
EDITIONS_AT_ONCE = 20
LANE = editions.LANES[EditionKind.DIGEST]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the destinations of a case get. `reading`: None where their digest is not to be composed.

    `since`: where the next digest begins when this one is not sent and none was before.
    """

    turn: Turn
    reading: Reading | None
    since: datetime | None


async def run_due(
    db: Database,
    *,
    bot_id: int,
    now: datetime,
    catch_up: timedelta = CATCH_UP,
    batch: int = BATCH,
    most: int = AT_ONCE,
) -> int:
    """Deal with up to `most` due destinations, `batch` in a transaction.

    Gives how many there were, so that the caller goes on until none.
    """
    async with db.read() as tx:
        page = await digests.due(tx, bot_id, now, batch)
    if not page.cases:
        return 0
    async with db.begin() as tx:
        await articles.release_barrier(tx)
    async with db.read() as tx:
        run = _Run(db, bot_id, now, Planner(await topics.all_topics(tx), now, catch_up))
    done = 0
    while page.cases and done < most:
        done += page.places
        try:
            page = await run.deal_with(page, batch)
        except (StaleEditionError, StaleScheduleError):
            log.info("digests_composed_again", destinations=page.places)
            break
    return done


async def set_clock_back(db: Database, *, bot_id: int, now: datetime, limit: int = 200) -> int:
    """Where digests reach into the future the clock was ahead: they go on from now, and so does what was queued then.

    Gives how many that were; 0 where there are no more.
    """
    async with db.read() as tx:
        found = await schedules.ahead(tx, bot_id, now, limit)
    async with db.begin() as tx:
        for destination_id, zone in found:
            await schedules.set_back(tx, destination_id, zone, now)
        queued = await deliveries.bring_back(tx, bot_id, now, limit)
    if found or queued:
        log.warning("clock_was_ahead", destinations=len(found), deliveries=queued)
    return len(found) or queued


class Planner:
    """Pure: what each case gets. Moments and topics are reckoned once for all the cases that share them."""

    def __init__(self, known: Sequence[Topic], now: datetime, catch_up: timedelta) -> None:
        self.known, self._now, self._catch_up = known, now, catch_up
        self._chains = chains_of(known)
        self._turns: dict[tuple[tuple[ScheduleEntry, ...], str], Turn] = {}
        self._shown: dict[tuple[tuple[int, Mode], ...], tuple[tuple[int, int], ...]] = {}

    def plan(self, case: Case) -> Plan:
        turn = self._turn(case)
        if case.modes not in self._shown:
            self._shown[case.modes] = shown_under(dict(case.modes), self._chains)
        shown = self._shown[case.modes]
        return Plan(turn, _reading(case, turn, shown, self._now), _since(case, turn) if shown else None)

    def _turn(self, case: Case) -> Turn:
        key = (case.times, case.zone)
        if key not in self._turns:
            self._turns[key] = take_turn([Due(entry, case.zone) for entry in case.times], self._now, self._catch_up)
        return self._turns[key]


def _reading(case: Case, turn: Turn, shown: tuple[tuple[int, int], ...], now: datetime) -> Reading | None:
    resting = case.muted_until is not None and case.muted_until > now
    if turn.through is None or not shown or resting or case.state is not ChatState.ACTIVE:
        return None
    start = window_start(case.digest_through, turn.through)
    if start >= turn.through:
        return None
    language = table(case.language)
    return Reading(
        shown, start, turn.through, case.zone, language, case.digest_length, empty=case.says_nothing, rich=case.rich
    )


def _since(case: Case, turn: Turn) -> datetime | None:
    if case.digest_through is not None or case.state is not ChatState.ACTIVE or not turn.slots:
        return None
    return window_start(None, min(slot.at for slot in turn.slots))


Planned = tuple[Case, Plan, list[Place]]
Mine = list[tuple[Plan, list[int]]]  # a plan with destination ids


class _Run:
    """One call of the tick: what it has composed serves all its pages."""

    def __init__(self, db: Database, bot_id: int, now: datetime, planner: Planner) -> None:
        self._db, self._bot_id, self._now, self._planner = db, bot_id, now, planner
        self._composer = Composer(planner.known)
        self._editions: dict[Reading, int | None] = {}  # None: nothing new

    async def deal_with(self, page: Page, following: int) -> Page:
        """All of this page; gives the next one, which is read meanwhile.

        What of it belongs to a destination of this page is left alone when its turn comes: it will have moved.
        """
        reading = asyncio.ensure_future(self._read(following, page.last))
        try:
            await self._settle(await self._plans(page))
            return await reading
        finally:
            reading.cancel()

    async def _read(self, limit: int, after: Position | None) -> Page:
        async with self._db.read() as tx:
            return await digests.due(tx, self._bot_id, self._now, limit, after)

    async def _settle(self, plans: Sequence[Planned]) -> None:
        await self._prepare([plan.reading for _, plan, _ in plans if plan.reading is not None])
        async with self._db.begin() as tx:
            mine = await _advance(tx, plans)
            pairs, through = _outcome(mine, await _take_slots(tx, mine), self._editions)
            await digests.queue(tx, self._bot_id, LANE, sorted(pairs), self._now)
            for moment, destination_ids in through.items():
                await digests.set_through(tx, moment, destination_ids)

    async def _plans(self, page: Page) -> list[Planned]:
        plans = []
        for number, (case, places) in enumerate(page.cases.items(), start=1):
            plans.append((case, self._planner.plan(case), places))
            if number % CASES_AT_ONCE == 0:
                await asyncio.sleep(0)  # others have their turn
        return plans

    async def _prepare(self, readings: Iterable[Reading]) -> None:
        """Each new reading's edition; of those that exist already the parts are not needed."""
        new = [reading for reading in dict.fromkeys(readings) if reading not in self._editions]
        for start in range(0, len(new), EDITIONS_AT_ONCE):
            wanted = {reading.signature: reading for reading in new[start : start + EDITIONS_AT_ONCE]}
            async with self._db.read() as tx:
                there = await editions.find_many(tx, self._bot_id, wanted)
                composed = {
                    signature: await self._compose(tx, reading)
                    for signature, reading in wanted.items()
                    if signature not in there
                }
            found = there | await self._make({key: parts for key, parts in composed.items() if parts})
            self._editions |= {reading: found.get(signature) for signature, reading in wanted.items()}

    async def _compose(self, tx: Connection, reading: Reading) -> tuple[EditionPart, ...]:
        parts = await self._composer.compose(tx, reading)
        await asyncio.sleep(0)  # others have their turn: where all was read before, nothing else gives it to them
        return parts

    async def _make(self, composed: Mapping[str, tuple[EditionPart, ...]]) -> dict[str, int]:
        if not composed:
            return {}
        async with self._db.begin() as tx:
            return await editions.make_many(
                tx, bot_id=self._bot_id, kind=EditionKind.DIGEST, composed=composed, now=self._now
            )


async def _advance(tx: Connection, plans: Iterable[Planned]) -> Mine:
    """Those whose entries all stand where they were read; their entries go on to their next moments.

    Raises StaleScheduleError where only some of a destination's entries do.
    """
    moves: dict[tuple[datetime, datetime | None], list[int]] = defaultdict(list)
    for case, plan, places in plans:
        for (number, following), entry in zip(plan.turn.following, case.times, strict=True):
            if entry.next_at is not None:
                moves[entry.next_at, following] += [entry_ids[number] for _, entry_ids in places]
    moved: set[int] = set()
    for (was, following), entry_ids in moves.items():
        moved |= await digests.advance(tx, was, following, entry_ids)
    whole = len(moved) == sum(map(len, moves.values()))
    return [
        (plan, [place[0] for place in places] if whole else [place[0] for place in places if _is_moved(place, moved)])
        for _, plan, places in plans
    ]


def _is_moved(place: Place, moved: set[int]) -> bool:
    found = [entry_id in moved for entry_id in place[1]]
    if any(found) and not all(found):
        raise StaleScheduleError
    return all(found)


async def _take_slots(tx: Connection, mine: Mine) -> dict[str, set[int]]:
    """By the slot's key the destinations to which it is new."""
    owners: dict[Slot, list[int]] = defaultdict(list)
    for plan, destination_ids in mine:
        for slot in dict.fromkeys(plan.turn.slots):
            owners[slot] += destination_ids
    fresh: dict[str, set[int]] = defaultdict(set)
    for slot, destination_ids in owners.items():
        fresh[slot.key] |= await digests.take_slot(tx, slot, destination_ids)
    return fresh


def _outcome(
    mine: Mine, fresh: Mapping[str, set[int]], made: Mapping[Reading, int | None]
) -> tuple[list[tuple[int, int]], dict[datetime, list[int]]]:
    """(edition id, destination id) of what is to be delivered, and by moment the destinations read through to it.

    What a slot holds that was dealt with before folds into the next.
    """
    pairs: list[tuple[int, int]] = []
    through: dict[datetime, list[int]] = defaultdict(list)
    for plan, destination_ids in mine:
        readers: set[int] = set()
        if plan.reading is not None:
            readers.update(*(fresh[key].intersection(destination_ids) for key in plan.turn.in_time))
            through[plan.reading.end] += readers
            edition_id = made[plan.reading]
            pairs += [] if edition_id is None else [(edition_id, place) for place in readers]
        if plan.since is not None:
            through[plan.since] += set(destination_ids).difference(readers)
    return pairs, through
