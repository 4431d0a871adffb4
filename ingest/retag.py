"""The archive filed again by other rules, in the background; and what that would do, before it is done.

    retag row ─take→ next articles, newest first ─file (a thread)→ compare ─one short transaction→ topics, evidence, row
        ↑________________________________________________________________________________________________________|

The row says how far the work is: a process may die at any line, and whoever takes the row next goes on. What editors
said of an article's topics stands. Articles keep their place and time in every list; nobody is told of them.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

import structlog

from ingest.filing import MODELS, Filed, file
from storage import articles, by_hand, refiling, retags, taggings, topics
from storage.database import Connection, Database
from storage.records import Topic
from storage.refiling import Refiled, Standing, Text
from storage.retags import Retag
from storage.taggings import Tagging

log = structlog.get_logger(__name__)

CHUNK = 100  # articles of one transaction: another writer waits for it some hundredths of a second
SLICE_S = 1.0  # of one turn of work
REST = 0.5  # of the time that a chunk took: what comes in goes first
LOOKED_AT = 2_000  # newest articles of a dry run
EXAMPLES = 5


def refiled(standing: Standing, filed: Mapping[int, float]) -> dict[int, float]:
    """The topics that an article has, where the rules say `filed`: editors' word comes first. Pure."""
    return by_hand.decided(filed, standing.by_hand, standing.topics)


Filing = Callable[[tuple[Topic, ...], str, Sequence[str], str | None], Filed]


def file_all(rules: tuple[Topic, ...], given: Sequence[Text], filing: Filing = file) -> list[Filed | None]:
    """Slow (some tenths of a millisecond each). None for an article that can't be filed: it stops no other."""
    return [_file_one(rules, one, filing) for one in given]


def _file_one(rules: tuple[Topic, ...], one: Text, filing: Filing) -> Filed | None:
    try:
        return filing(rules, one.headline, one.paragraphs, one.dateline)
    except Exception:  # one bad article stops no other
        log.exception("article_not_filed", article_id=one.article_id)
        return None


@dataclass(frozen=True, slots=True)
class Read:
    """Articles as they were when they were read, filed by these rules; None: as they are filed already."""

    rules: tuple[Topic, ...]
    articles: tuple[tuple[Text, Filed | None], ...]


class _HeldError(Exception):
    """Somebody else works on one of the articles just now."""


class Retagger:
    """Keeps the database. `work` does a turn; several may have one, and one of them at a time does."""

    def __init__(
        self,
        db: Database,
        *,
        clock: Callable[[], datetime],
        chunk: int = CHUNK,
        slice_s: float = SLICE_S,
        rest: float = REST,
        filing: Filing = file,
    ) -> None:
        self._db, self._clock, self._filing = db, clock, filing
        self._chunk, self._slice_s, self._rest = chunk, slice_s, rest
        self._worker = uuid4().hex
        self._rules: tuple[Topic, ...] = ()

    async def work(self) -> int:
        """As many chunks as a turn has time for; how many articles that were. 0: nothing to do for us."""
        if await self._idle():
            return 0
        found = await self._taken()
        done, until = 0, time.monotonic() + self._slice_s
        while found is not None:
            begun = time.monotonic()
            after = await self.step(found)
            done += after.done - found.done if after else 0
            found = after if time.monotonic() < until else None
            await asyncio.sleep((time.monotonic() - begun) * self._rest)
        return done

    async def leave(self) -> None:
        """At a clean stop: the next need not wait."""
        async with self._db.begin() as tx:
            await retags.leave(tx, self._worker)

    async def _idle(self) -> bool:
        """Mostly there is nothing: looking takes no turn from writers."""
        async with self._db.read() as tx:
            latest = await retags.latest(tx)
        return latest is None or latest.ended_at is not None

    async def _taken(self) -> Retag | None:
        async with self._db.begin() as tx:
            found = await retags.take(tx, self._worker, self._clock())
        if found is None or found.total:
            return found
        async with self._db.read() as tx:
            total = await retags.count(tx, found)
        async with self._db.begin() as tx:
            await retags.set_total(tx, found, total)
        return replace(found, total=total)

    async def step(self, found: Retag) -> Retag | None:
        """Deal with the next articles. None: there are none, or somebody else is at them."""
        return await self.write(found, await self.read(found))

    async def read(self, found: Retag) -> Read:
        """The next articles, filed: what takes long, and writes nothing."""
        async with self._db.read() as tx:
            given = await refiling.texts(tx, before_id=found.before_id, limit=self._chunk)
            rules = tuple(await topics.all_topics(tx))
        if rules != self._rules:  # else the same object: what is compiled of it is found at once
            self._rules = rules
        filed = await asyncio.to_thread(file_all, self._rules, given, self._filing)
        return Read(self._rules, tuple(zip(given, filed, strict=True)))

    async def write(self, found: Retag, read: Read) -> Retag | None:
        """The one short transaction."""
        if not read.articles:
            await self._end(found)
            return None
        try:
            async with self._db.begin() as tx:
                return await self._write(tx, found, read)
        except _HeldError:
            log.info("retag_waits", retag_id=found.id, before_id=found.before_id)
        return None

    async def _end(self, found: Retag) -> None:
        async with self._db.begin() as tx:
            ended = await retags.end(tx, found, self._clock())
        if ended:
            log.info("retagged", retag_id=found.id, done=found.done, gained=found.gained, lost=found.lost)

    async def _write(self, tx: Connection, found: Retag, read: Read) -> Retag | None:
        standing = await refiling.standing(tx, [text.article_id for text, _ in read.articles], hold=True)
        if len(standing) < len(read.articles):
            raise _HeldError
        present = await _as_they_are(tx, read, standing, self._filing)
        changes = [
            Refiled(text.article_id, at := standing[text.article_id], refiled(at, filed.topics))
            for text, filed in present
            if filed is not None
        ]
        after = _after(found, [text.article_id for text, _ in present], changes)
        if not await retags.advance(tx, found, after, self._clock()):
            return None
        await refiling.put(tx, changes)
        by = await taggings.tagger_id(tx, found.revision, MODELS, self._clock())
        await taggings.put(tx, [Tagging(text.article_id, by, filed.evidence) for text, filed in present if filed])
        return after


async def _as_they_are(
    tx: Connection, read: Read, standing: Mapping[int, Standing], filing: Filing
) -> list[tuple[Text, Filed | None]]:
    """What has been renewed since it was read is read again: a few, if any."""
    changed = [text.article_id for text, _ in read.articles if text.version != standing[text.article_id].version]
    anew = await refiling.texts_of(tx, changed) if changed else []
    filed_anew = zip(anew, file_all(read.rules, anew, filing), strict=True)
    again = {text.article_id: (text, filed) for text, filed in filed_anew}
    return [again.get(text.article_id, (text, filed)) for text, filed in read.articles]


def _after(found: Retag, ids: Sequence[int], changes: Sequence[Refiled]) -> Retag:
    return replace(
        found,
        before_id=ids[-1],
        done=found.done + len(ids),
        gained=found.gained + sum(len(one.gained) for one in changes),
        lost=found.lost + sum(len(one.lost) for one in changes),
    )


# Before it is done


@dataclass(slots=True)
class Effect:
    """What a topic would gain and lose, with the newest of each."""

    gained: int = 0
    lost: int = 0
    gains: list[Text] = field(default_factory=list)
    losses: list[Text] = field(default_factory=list)

    def gain(self, text: Text) -> None:
        self.gained += 1
        self.gains += [text] if len(self.gains) < EXAMPLES else []

    def lose(self, text: Text) -> None:
        self.lost += 1
        self.losses += [text] if len(self.losses) < EXAMPLES else []


@dataclass(frozen=True, slots=True)
class DryRun:
    """What other rules would do to the `looked_at` newest of `total` articles. `effects` by topic id: 0 is a new one's.

    `prevented`: changes that editors' own word prevents. `back_to`: when the oldest of them was published.
    """

    looked_at: int
    total: int
    effects: Mapping[int, Effect]
    prevented: int
    back_to: datetime | None


async def dry_run(db: Database, rules: Sequence[Topic], *, limit: int = LOOKED_AT, chunk: int = CHUNK) -> DryRun:
    """Read only. It counts by what is filed now: also what earlier rules have left."""
    rules = tuple(rules)
    effects: dict[int, Effect] = defaultdict(Effect)
    looked_at = prevented = 0
    oldest: Text | None = None
    async with db.read() as tx:
        before_id = await refiling.newest_id(tx) + 1
        total = await articles.count(tx)
    while looked_at < limit:
        async with db.read() as tx:
            given = await refiling.texts(tx, before_id=before_id, limit=min(chunk, limit - looked_at))
            standing = await refiling.standing(tx, [text.article_id for text in given])
        if not given:
            break
        for text, filed in zip(given, await asyncio.to_thread(file_all, rules, given), strict=True):
            prevented += 0 if filed is None else _compare(effects, text, standing[text.article_id], filed)
        looked_at, before_id, oldest = looked_at + len(given), given[-1].article_id, given[-1]
    return DryRun(looked_at, total, effects, prevented, None if oldest is None else oldest.published_at)


def _compare(effects: dict[int, Effect], text: Text, standing: Standing, filed: Filed) -> int:
    """Count what would change; how many changes editors' word prevents."""
    change = Refiled(text.article_id, standing, refiled(standing, filed.topics))
    for topic_id in change.gained:
        effects[topic_id].gain(text)
    for topic_id in change.lost:
        effects[topic_id].lose(text)
    return sum((key in filed.topics) != stays for key, stays in standing.by_hand.items())
