"""What somebody means who types `korea "peace talks" -trade topic:asia source:wire after:2026-11-01`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo

from bot import names
from storage import sources
from storage.database import Connection
from storage.records import Topic
from storage.search import Query
from storage.topics import with_descendants
from storage.words import phrase

LONGEST = 200
PHRASES = 12
FILTERS = {
    "topic": "topic",
    "source": "source",
    "before": "before",
    "until": "before",
    "after": "after",
    "since": "after",
}
_QUOTED = "|".join(f"{start}[^{end}]*(?:{end}|$)" for start, end in ('""', "“”", "„“", "«»", "「」", "『』"))
_PIECE = re.compile(rf"(?P<minus>[-−–])?(?:(?P<key>{'|'.join(FILTERS)}):\s*)?(?P<value>{_QUOTED}|\S+)", re.IGNORECASE)
_MARKS = '"“”„«»「」『』'
_DAY = re.compile(r"(\d{4})(?:[-./](\d{1,2}))?(?:[-./](\d{1,2}))?\.?")


@dataclass(frozen=True, slots=True)
class Typed:
    """The pieces as they were typed. `topics` and `sources` are names; `problems` says what can't be understood."""

    phrases: tuple[tuple[str, ...], ...] = ()
    without: tuple[tuple[str, ...], ...] = ()
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Pieces:
    """Gathered from left to right."""

    zone: tzinfo
    now: datetime
    phrases: list[tuple[str, ...]] = field(default_factory=list)
    without: list[tuple[str, ...]] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=lambda: {"topic": [], "source": []})
    days: dict[str, datetime] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def take(self, piece: re.Match[str]) -> None:
        key, value = FILTERS.get((piece["key"] or "").lower()), piece["value"].strip(_MARKS).strip()
        if key in self.names:
            self.names[key].append(value)
        elif key:
            self._day(key, value)
        elif tokens := tuple(phrase(value)):
            (self.without if piece["minus"] else self.phrases).append(tokens)

    def _day(self, key: str, value: str) -> None:
        day = read_day(value, self.zone, self.now)
        if day is None:
            self.problems.append(f"“{key}:{value}” names no day. Write it as {key}:{self.now:%Y-%m-%d}.")
        else:
            self.days[key] = day


def read(typed: str, zone: tzinfo, now: datetime) -> Typed:
    """Pure. Days are the zone's; `after:` means from the day's beginning on, `before:` up to it."""
    pieces = _Pieces(zone, now)
    for piece in _PIECE.finditer(typed[:LONGEST]):
        pieces.take(piece)
    since, until = pieces.days.get("after"), pieces.days.get("before")
    if since and until and since >= until:
        pieces.problems.append("No day is both after and before these. Is it the other way round?")
    return Typed(
        tuple(pieces.phrases[:PHRASES]),
        tuple(pieces.without[:PHRASES]),
        tuple(pieces.names["topic"]),
        tuple(pieces.names["source"]),
        since,
        until,
        tuple(pieces.problems),
    )


def read_day(value: str, zone: tzinfo, now: datetime) -> datetime | None:
    """The beginning of a day, a month or a year, of `today` or `yesterday`, in that zone. None for anything else."""
    today = now.astimezone(zone).date()
    named = {"today": today, "yesterday": today - timedelta(days=1)}.get(value.casefold())
    if named is not None:
        return datetime.combine(named, time(), zone)
    found = _DAY.fullmatch(value)
    if found is None:
        return None
    try:
        return datetime(int(found[1]), int(found[2] or 1), int(found[3] or 1), tzinfo=zone)
    except (ValueError, OverflowError):
        return None


async def resolve(tx: Connection, typed: Typed, topics: Sequence[Topic]) -> tuple[Query, list[str]]:
    """The query, with names looked up, and what is wrong with them in sentences of plain text."""
    problems = list(typed.problems)
    groups = []
    for name in typed.topics:
        match = names.match(topics, name)
        if match.only is None:
            problems.append(_unknown_topic(name, match))
        else:
            groups.append(tuple(item.id for item in with_descendants(topics, match.only.slug)))
    source_ids: set[int] = set()
    for name in typed.sources:
        found = await sources.named(tx, name) if name else []
        source_ids.update(item.id for item in found)
        if not found:
            problems.append(f"No source is called “{name}”.")
    wanted = tuple(sorted(source_ids)) if typed.sources else None
    return Query(typed.phrases, typed.without, tuple(groups), wanted, typed.since, typed.until), problems


def _unknown_topic(name: str, match: names.Match) -> str:
    near = match.topics or match.suggestions
    hint = f" Did you mean {' or '.join(item.name for item in near[:3])}?" if near else " /topics shows all of them."
    return f"I know no topic “{name}”.{hint}"
