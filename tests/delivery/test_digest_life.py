"""A reader's digests over weeks: clock changes, changes of zone, a service that is away. Against an oracle of its own.

The oracle walks along the UTC line minute by minute and looks at the wall clock; it knows nothing of next moments.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.digest import run_due, set_clock_back
from delivery.schedule import CATCH_UP, Due, next_moment, take_turn, window_start
from storage import chats, migrate, schedules
from storage.database import Database
from storage.records import Mode, ScheduleEntry
from tests.delivery.news import BOT, publish, queued, reader, seed

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Seoul", "Australia/Lord_Howe", "Asia/Kolkata")
STARTS = (
    datetime(2026, 3, 6, 3, tzinfo=UTC),
    datetime(2026, 3, 27, 20, tzinfo=UTC),
    datetime(2026, 10, 23, 20, tzinfo=UTC),
    datetime(2026, 10, 30, 23, tzinfo=UTC),
    datetime(2028, 2, 27, 12, tzinfo=UTC),
)
DAYS = 5


@dataclass(frozen=True)
class Life:
    """`entries`: (weekdays, minute of the day). `away`: (from, until), in which nothing runs. `moves`: (when, zone)."""

    start: datetime
    entries: tuple[tuple[int, int], ...]
    zone: str
    away: tuple[tuple[datetime, datetime], ...]
    moves: tuple[tuple[datetime, str], ...]

    def minutes(self) -> Iterator[datetime]:
        return (self.start + number * MINUTE for number in range(1, DAYS * 1440))

    def up(self, moment: datetime) -> bool:
        return not any(begin <= moment < end for begin, end in self.away)


@dataclass
class Served:
    """As the tick and the database do it: next moments, slots that are taken, the last window's end."""

    life: Life
    zone: str
    moments: dict[int, datetime | None] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    sent: list[tuple[datetime, datetime, datetime]] = field(default_factory=list)  # when, and its window

    def entries(self) -> list[ScheduleEntry]:
        return [
            ScheduleEntry(number, 1, days, minute, None, self.moments.get(number))
            for number, (days, minute) in enumerate(self.life.entries)
        ]

    def begin(self) -> None:
        self.moments = {entry.id: next_moment(entry, self.zone, self.life.start) for entry in self.entries()}

    def move(self, zone: str, now: datetime) -> None:
        """storage.schedules.change_zone"""
        self.zone = zone
        for entry in self.entries():
            if entry.next_at is None or entry.next_at > now:
                self.moments[entry.id] = next_moment(entry, zone, now)

    def tick(self, now: datetime) -> None:
        due = [entry for entry in self.entries() if entry.next_at is not None and entry.next_at <= now]
        if not due:
            return
        turn = take_turn([Due(entry, self.zone) for entry in due], now)
        fresh = {slot.key for slot in turn.slots} - self.taken
        self.taken |= fresh
        self.moments |= dict(turn.following)
        if turn.through is not None and fresh.intersection(turn.in_time):
            previous = self.sent[-1][2] if self.sent else None
            self.sent.append((now, window_start(previous, turn.through), turn.through))


def served(life: Life) -> Served:
    reader_ = Served(life, life.zone)
    reader_.begin()
    moves = dict(life.moves)
    for now in life.minutes():
        if now in moves:
            reader_.move(moves[now], now)
        if life.up(now):
            reader_.tick(now)
    return reader_


def shown(zone: str, minute: int, start: datetime) -> dict[datetime, date]:
    """Minute of the UTC line → local date, where the wall clock first shows that time, or jumps over it."""
    local, seen, found = ZoneInfo(zone), set(), {}
    moment = start - 2 * DAY
    before = moment.astimezone(local)
    while moment < start + (DAYS + 1) * DAY:
        moment += MINUTE
        wall = moment.astimezone(local)
        at, was = wall.hour * 60 + wall.minute, before.hour * 60 + before.minute
        if wall.date() not in seen and at == minute:
            seen.add(wall.date())
            found[moment] = wall.date()
        elif wall.date() not in seen and before.date() == wall.date() and was < minute < at:
            seen.add(wall.date())
            found[moment + (minute - was - 1) * MINUTE] = wall.date()
        before = wall
    return found


def expected(life: Life) -> list[datetime]:
    """When a digest is sent: a time was shown in the last three hours for which none was sent yet."""
    clocks = {
        (zone, minute): shown(zone, minute, life.start)
        for zone in {life.zone, *(zone for _, zone in life.moves)}
        for _, minute in life.entries
    }
    zone, moves, waiting, done, sent = life.zone, dict(life.moves), [], set(), []
    for now in life.minutes():
        for days, minute in life.entries:
            day = clocks[zone, minute].get(now)
            if day is not None and days >> day.weekday() & 1:
                waiting.append((now, (day, minute)))
        zone = moves.get(now, zone)
        if not life.up(now):
            continue
        if any(now - at <= CATCH_UP and name not in done for at, name in waiting):
            sent.append(now)
        done |= {name for _, name in waiting}
        waiting = []
    return sent


@st.composite
def lives(draw: st.DrawFn, *, moving: bool) -> Life:
    start = draw(st.sampled_from(STARTS))
    minutes = st.integers(0, 1439) | st.sampled_from([0, 60, 90, 120, 150, 170, 180, 480])
    entries = draw(
        st.lists(st.tuples(st.integers(1, 127), minutes), min_size=1, max_size=3, unique_by=lambda item: item[1])
    )
    away = [
        (begin, begin + draw(st.sampled_from([MINUTE, 3 * HOUR, 3 * HOUR + MINUTE, 10 * HOUR, 3 * DAY])))
        for begin in draw(st.lists(st.integers(1, DAYS * 1440).map(lambda count: start + count * MINUTE), max_size=2))
    ]
    when = st.integers(1, DAYS * 1440).map(lambda count: start + count * MINUTE)
    moves = draw(st.lists(st.tuples(when, st.sampled_from(ZONES)), max_size=2, unique_by=lambda item: item[0]))
    return Life(start, tuple(entries), draw(st.sampled_from(ZONES)), tuple(away), tuple(moves) if moving else ())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives(moving=False))
def test_digests_come_when_the_wall_clock_shows_their_times(life: Life) -> None:
    assert [now for now, _, _ in served(life).sent] == expected(life)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives(moving=True))
def test_windows_meet_whatever_happens(life: Life) -> None:
    """Nothing is told twice, and nothing left out."""
    sent = served(life).sent
    assert all(start < through <= now for now, start, through in sent)
    assert all(one[2] == other[1] for one, other in pairwise(sent))
    assert all(now - through <= CATCH_UP for now, _, through in sent)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives(moving=True))
def test_a_traveller_gets_the_digests_of_where_they_are(life: Life) -> None:
    life = replace(life, away=())
    assert [now for now, _, _ in served(life).sent] == expected(life)


BERLIN, YORK = datetime(2026, 3, 23, 0, 30, tzinfo=UTC), datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
AWAY = {
    "a minute": ("Europe/Berlin", BERLIN, MINUTE),
    "3 hours": ("America/New_York", YORK, 3 * HOUR),
    "9 hours": ("Europe/Berlin", BERLIN, 9 * HOUR),
    "3 days": ("America/New_York", YORK, 3 * DAY),
}


@pytest.fixture
async def sqlite(sqlite_url: str) -> AsyncIterator[Database]:
    made = Database(sqlite_url)
    await migrate.upgrade(made)
    yield made
    await made.dispose()


@pytest.mark.parametrize(("zone", "start", "away"), AWAY.values(), ids=AWAY.keys())
async def test_every_article_is_told_once_whatever_happens(
    sqlite: Database, zone: str, start: datetime, away: timedelta
) -> None:
    """Nine days over a clock change, an article every five hours, the service away in the middle, a move to Seoul."""
    times = [(0b001_1111, 150, None), (0b111_1111, 1080, None)]
    async with sqlite.begin() as tx:
        await seed(tx)
        place = await reader(tx, 1, {"korea": Mode.DIGEST}, zone=zone, times=times, since=start)
        await chats.set_digest_length(tx, place, 100)
    gone = start + 5 * DAY + 17 * HOUR
    names: list[str] = []
    for number in range(1, 9 * 24):
        now = start + number * HOUR
        if number % 5 == 0:
            names.append(f"Number {number:03}")
            async with sqlite.begin() as tx:
                await publish(tx, names[-1], "korea", now)
        if number == 7 * 24:
            async with sqlite.begin() as tx:
                await chats.set_zone(tx, BOT, 1, "Asia/Seoul")
                await schedules.change_zone(tx, place, "Asia/Seoul", now)
        if not gone <= now < gone + away:
            await run_due(sqlite, bot_id=BOT, now=now + timedelta(seconds=2))
    told = "".join(text for _, text in await queued(sqlite))
    untold = [name for name in names if told.count(f"{name} in one sentence") != 1]
    assert untold == [name for name in names[-3:] if name in untold]  # the last ones wait for their digest


async def test_a_clock_that_was_ahead_loses_nothing(db: Database) -> None:
    start = datetime(2026, 5, 1, 9, tzinfo=UTC)
    async with db.begin() as tx:
        await seed(tx)
        await reader(tx, 1, {"korea": Mode.DIGEST}, since=start)
        await publish(tx, "Before", "korea", start)
    await run_due(db, bot_id=BOT, now=start + DAY - HOUR)  # a day ahead, for a while
    assert len(await queued(db)) == 1
    async with db.begin() as tx:
        await publish(tx, "Meanwhile", "korea", start + HOUR)
    assert await set_clock_back(db, bot_id=BOT, now=start + MINUTE) == 1
    assert await set_clock_back(db, bot_id=BOT, now=start + MINUTE) == 0
    await run_due(db, bot_id=BOT, now=start + DAY - HOUR)
    texts = [text for _, text in await queued(db)]
    assert ["Meanwhile" in text for text in texts] == [False, True]
    assert ["Before" in text for text in texts] == [True, False]


async def test_a_clock_that_is_set_back_sends_nothing_again(db: Database) -> None:
    start = datetime(2026, 5, 1, 8, 0, 5, tzinfo=UTC)
    async with db.begin() as tx:
        await seed(tx)
        await reader(tx, 1, {"korea": Mode.DIGEST}, since=start - DAY)
        await publish(tx, "Before", "korea", start - HOUR)
    for now in (start, start - HOUR, start, start + MINUTE):
        await run_due(db, bot_id=BOT, now=now)
    assert len(await queued(db)) == 1


def test_a_weekly_digest_that_came_too_late_once_tells_both_weeks() -> None:
    """The Monday's slot was missed by five hours: the next one tells what was to be told then, too."""
    monday = datetime(2026, 5, 4, 8, tzinfo=UTC)
    entry = ScheduleEntry(1, 1, 0b1, 480, None, monday)
    assert take_turn([Due(entry, "UTC")], monday + 5 * HOUR).through is None
    assert window_start(monday - 7 * DAY, monday + 7 * DAY) == monday - 7 * DAY
