"""What a digest's bytes depend on, and its composing.

    window ─one look─→ filings by topic ─choose─→ article ids by section ─get once─→ articles ─compose─→ parts

A thousand readings of one window look at it once, and share its articles.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from delivery.compose import Section, compose_digest, compose_nothing
from delivery.rich import enriched
from delivery.storylines import fold, lines_of
from storage import articles, digests, stories, topics
from storage.database import Connection
from storage.digests import Filing
from storage.records import Article, EditionPart, Mode, Topic
from storage.stories import StoryRef

log = structlog.get_logger()

MOST_ARTICLES = 500
KEPT_ARTICLES = 2_000
KEPT_WINDOWS = 30


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a digest's bytes depend on. `shown_under`: (matched topic id, topic id of its section), sorted.

    `empty`: it says so where nothing is new. `rich`: its messages have a rich form too.
    """

    shown_under: tuple[tuple[int, int], ...]
    start: datetime
    end: datetime
    zone: str
    language: str
    length: int
    empty: bool = False
    rich: bool = False

    @property
    def signature(self) -> str:
        facts: list[Any] = [
            self.shown_under,
            self.start.isoformat(),
            self.end.isoformat(),
            self.zone,
            self.language,
            self.length,
        ]
        facts += [name for name, wished in (("empty", self.empty), ("rich", self.rich)) if wished]
        return "digest:" + hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def shown_under(modes: Mapping[int, Mode], chains: Mapping[int, Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """(topic id, id of the topic under which it is shown): each topic by the nearest setting for it or an ancestor.

    `chains`: each topic's id → those of it and its ancestors, nearest first.
    """
    found = []
    for topic_id, chain in chains.items():
        nearest = next((above for above in chain if above in modes), None)
        if nearest is not None and modes[nearest] is Mode.DIGEST:
            found.append((topic_id, nearest))
    return tuple(sorted(found))


def chains_of(known: Sequence[Topic]) -> dict[int, Sequence[int]]:
    return {topic.id: topics.with_ancestors(known, [topic.id]) for topic in known}


def choose(
    filed: Mapping[int, Iterable[Filing]], homes: Mapping[int, int], slugs: Mapping[int, str]
) -> dict[int, list[int]]:
    """Section's topic id → article ids, latest first: each article once, where its most salient topic is shown."""
    matched: dict[tuple[datetime, int], list[tuple[float, str, int]]] = defaultdict(list)
    for topic_id in homes:
        for item in filed[topic_id]:
            matched[item.released_at, item.article_id].append((-item.salience, slugs[topic_id], topic_id))
    gathered: dict[int, list[int]] = defaultdict(list)
    for key in sorted(matched, reverse=True)[:MOST_ARTICLES]:
        gathered[homes[min(matched[key])[2]]].append(key[1])
    return gathered


class Composer:
    """Composes readings; what it has read of the database it reads once. `known`: all topics, in their order."""

    def __init__(self, known: Sequence[Topic]) -> None:
        self._known = known
        self._slugs = {topic.id: topic.slug for topic in known}
        self._windows: dict[tuple[datetime, datetime], dict[int, list[Filing]]] = {}
        self._articles: dict[int, Article] = {}
        self._broken: set[int] = set()  # digests come without these
        self._stories: dict[int, StoryRef | None] = {}
        self._begun: dict[datetime, dict[int, bool]] = {}

    async def compose(self, tx: Connection, reading: Reading) -> tuple[EditionPart, ...]:
        """The messages of a reading; none where nothing is new."""
        homes = dict(reading.shown_under)
        filed = await self._filed(tx, reading, homes)
        gathered = choose(filed, homes, self._slugs)
        if self._broken:
            left = {key: [one for one in ids if one not in self._broken] for key, ids in gathered.items()}
            gathered = {key: ids for key, ids in left.items() if ids}
        refs = await self._stories_of(tx, [article_id for ids in gathered.values() for article_id in ids])
        gathered = fold(gathered, refs)
        shown = {topic_id: ids[: reading.length] for topic_id, ids in gathered.items()}
        found = await self._get(tx, [article_id for ids in shown.values() for article_id in ids])
        known = {key: refs[key] for ids in shown.values() for key in ids if key in refs}
        told = lines_of(known, await self._begun_by(tx, {ref.id for ref in known.values()}, reading.start))
        parts = [
            Section(topic, tuple(found[key] for key in shown[topic.id] if key in found), len(gathered[topic.id]), told)
            for topic in self._known
            if topic.id in shown
        ]
        try:
            return _composed(reading, parts)
        except Exception:  # by the fault of one article, as a rule: the others are news all the same
            log.exception("digest_not_composed", signature=reading.signature)
            if not self._leave_out(reading, parts):
                raise
        return await self.compose(tx, reading)

    def _leave_out(self, reading: Reading, parts: Sequence[Section]) -> bool:
        """Those articles that can't be composed even alone; is there any?"""
        alone = [(item.id, Section(part.topic, (item,), 1, part.told)) for part in parts for item in part.articles]
        broken = {article_id for article_id, section in alone if not _is_sound(reading, section)}
        self._broken |= broken
        return bool(broken)

    async def _stories_of(self, tx: Connection, ids: Sequence[int]) -> dict[int, StoryRef]:
        if len(self._stories) > KEPT_ARTICLES * 10:
            self._stories.clear()
        missing = [article_id for article_id in ids if article_id not in self._stories]
        if missing:
            found = await stories.of_articles(tx, missing)
            self._stories |= {article_id: found.get(article_id) for article_id in missing}
        return {key: ref for key in ids if (ref := self._stories[key]) is not None}

    async def _begun_by(self, tx: Connection, story_ids: Iterable[int], start: datetime) -> set[int]:
        """Those of the stories that were told before the window."""
        known = self._begun.setdefault(start, {})
        missing = [story_id for story_id in story_ids if story_id not in known]
        if missing:
            found = await digests.begun(tx, missing, start)
            known |= {story_id: story_id in found for story_id in missing}
        return {story_id for story_id in story_ids if known[story_id]}

    async def _filed(self, tx: Connection, reading: Reading, topic_ids: Iterable[int]) -> dict[int, list[Filing]]:
        if len(self._windows) > KEPT_WINDOWS:
            self._windows.clear()
        filed = self._windows.setdefault((reading.start, reading.end), {})
        missing = [topic_id for topic_id in topic_ids if topic_id not in filed]
        if missing:
            filed |= await digests.filings(
                tx, topic_ids=missing, start=reading.start, end=reading.end, limit=MOST_ARTICLES
            )
        return filed

    async def _get(self, tx: Connection, ids: Sequence[int]) -> dict[int, Article]:
        if len(self._articles) > KEPT_ARTICLES:
            self._articles.clear()
        missing = [article_id for article_id in ids if article_id not in self._articles]
        if missing:
            self._articles |= {found.id: found for found in await articles.get_many(tx, missing)}
        return self._articles


def _composed(reading: Reading, parts: Sequence[Section]) -> tuple[EditionPart, ...]:
    frame: dict[str, Any] = {"zone": reading.zone, "now": reading.end, "language": reading.language}
    made = compose_digest(parts, **frame) or (compose_nothing(**frame) if reading.empty else ())
    return enriched(made, [item for part in parts for item in part.articles]) if reading.rich else made


def _is_sound(reading: Reading, section: Section) -> bool:
    try:
        _composed(reading, [section])
    except Exception:
        log.exception("article_not_composed", article=section.articles[0].id)
        return False
    return True
