"""Stored articles find their stories, inside the transaction that stores them.

traits → articles that share its weightiest terms within the window → their stories → the likest, if like enough → join
    several that it might be of, are they one story? → put together, unless editors split one of them
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from ingest.evidence import Told, together
from ingest.stories import MEASURE, are_one, central, choose, rivals
from ingest.traits import unpack
from storage import candidates, stories
from storage.candidates import Candidate, Kept, Sought
from storage.database import Connection
from storage.records import Article


@lru_cache(maxsize=2_048)
def _known(packed: bytes) -> Told:
    return Told.of(unpack(packed))


@lru_cache(maxsize=128)
def _put(packed: tuple[bytes, ...]) -> Told:
    several = [_known(item) for item in packed]
    return several[0] if len(several) == 1 else together([one.members[0] for one in several])


@dataclass(frozen=True, slots=True)
class Stored:
    """An article that was just stored. `packed`: of ingest.traits.pack; empty where nothing is known of its words.

    `trusted`: is its source. `now`: when it came.
    """

    article: Article
    packed: bytes
    trusted: bool
    now: datetime


async def file(tx: Connection, stored: Sequence[Stored]) -> None:
    """Each joins the story that it is of, and is found by later ones. In the order of their numbers.

    The caller holds storage.stories.lock. All are looked up at once; what an earlier one of them changed since is
    looked up once more.
    """
    given = [one for one in stored if one.packed]
    if not given:
        return
    now = given[0].now
    await candidates.remember(tx, [_kept(one.article.id, one.packed) for one in given], now)
    sought = [Sought(_known(one.packed).keys, one.article.published_at, below=one.article.id) for one in given]
    changed: set[int] = set()
    for one, asked, found in zip(given, sought, await candidates.find_all(tx, sought), strict=True):
        late = not changed.isdisjoint(item.number for item in found)
        changed |= await _file(tx, one, await candidates.find(tx, asked) if late else found, now)


async def _file(tx: Connection, one: Stored, found: Sequence[Candidate], now: datetime) -> set[int]:
    """Which of the stories, by their candidates' numbers, are not what they were."""
    new = _known(one.packed)
    scores = [MEASURE.of(new, _put(_traits_of(item))) for item in found]
    at = choose(scores)
    if at is None:
        return set()
    chosen, others = found[at], [found[other] for other in rivals(scores, at)]
    headline = _headline(chosen, one, new)
    story_id = await stories.join(tx, one.article.id, chosen, headline_id=headline, now=now)
    own = (one.packed, *_traits_of(chosen))[: candidates.MEMBERS]
    await _unite(tx, story_id, own, others, now=now)
    return {-one.article.id, story_id, chosen.number, *(other.number for other in others)}


async def remember(tx: Connection, article: Article, packed: bytes, *, now: datetime) -> None:
    """What is compared from now on is its new text; its story stays."""
    if packed:
        await candidates.forget(tx, article.id)
        await candidates.remember(tx, [_kept(article.id, packed)], now)


def _kept(article_id: int, packed: bytes) -> Kept:
    return Kept(article_id, _known(packed).keys, packed)


def _traits_of(found: Candidate) -> tuple[bytes, ...]:
    """The newest first."""
    return tuple(member.traits for member in found.members)


async def _unite(
    tx: Connection, story_id: int, own: tuple[bytes, ...], others: Sequence[Candidate], *, now: datetime
) -> None:
    """The others that prove to be this story are put into it. What editors split stays as they left it."""
    for other in others:
        theirs = _traits_of(other)
        voices = [[_known(item) for item in items] for items in (own, theirs)]
        if not are_one(voices[0], voices[1], (_put(own), _put(theirs))):
            continue
        if await stories.were_split(tx, [story_id, other.story_id or 0]):
            continue
        if other.story_id is not None:
            await stories.merge(tx, story_id, other.story_id, by=None, now=now)
        else:
            await stories.add(tx, story_id, other.members[0].article_id, by=None, now=now)


def _headline(found: Candidate, one: Stored, new: Told) -> int:
    """The most central of the last articles from trusted sources, else of all; the earliest of equals."""
    known = [(member.article_id, member.trusted, _known(member.traits)) for member in reversed(found.members)]
    known.append((one.article.id, one.trusted, new))
    told = [item for item in known if item[1]] or known
    return told[central([compared for _, _, compared in told])][0]
