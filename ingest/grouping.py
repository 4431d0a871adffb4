"""A stored article finds its story, inside the transaction that stores it.

traits → articles that share its weightiest terms within the window → their stories → the likest, if like enough → join
    several that are like enough, are they one story? → put together, unless editors split one of them
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from ingest.stories import MEASURE, Told, are_one, central, choose, rivals, together
from ingest.traits import unpack
from storage import stories
from storage.database import Connection
from storage.records import Article
from storage.stories import Candidate


@lru_cache(maxsize=2_048)
def _known(packed: bytes) -> Told:
    return Told.of(unpack(packed))


@lru_cache(maxsize=128)
def _put(packed: tuple[bytes, ...]) -> Told:
    return _known(packed[0]) if len(packed) == 1 else together([unpack(item) for item in packed])


async def file(tx: Connection, article: Article, packed: bytes, *, now: datetime) -> int | None:
    """Join the story that the article is of, and be found by later ones. Gives the story's number, None: it is alone.

    `packed`: of ingest.traits.pack; empty where nothing is known of the article's words. The caller holds
    storage.stories.lock.
    """
    if not packed:
        return None
    new = _known(packed)
    found = await stories.candidates(tx, new.keys, article.published_at)
    scores = [MEASURE.of(new, _put(_traits_of(item))) for item in found]
    chosen = choose(scores)
    await stories.remember(tx, article.id, new.keys, packed, at=article.published_at, now=now)
    if chosen is None:
        return None
    headline = await _headline(tx, found[chosen], article, new)
    story_id = await stories.join(tx, article.id, found[chosen], headline_id=headline, now=now)
    own = (packed, *_traits_of(found[chosen]))[: stories.MEMBERS]
    await _unite(tx, story_id, own, [found[at] for at in rivals(scores, chosen)], now=now)
    return story_id


async def remember(tx: Connection, article: Article, packed: bytes, *, now: datetime) -> None:
    """What is compared from now on is its new text; its story stays."""
    if packed:
        await stories.forget(tx, article.id)
        await stories.remember(tx, article.id, _known(packed).keys, packed, at=article.published_at, now=now)


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


async def _headline(tx: Connection, found: Candidate, article: Article, new: Told) -> int:
    """The most central of the last articles from trusted sources, else of all; the earliest of equals."""
    known = [(member.article_id, member.trusted, _known(member.traits)) for member in reversed(found.members)]
    known.append((article.id, await stories.is_trusted(tx, article.source_id), new))
    told = [item for item in known if item[1]] or known
    return told[central([compared for _, _, compared in told])][0]
