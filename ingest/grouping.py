"""A stored article finds its story, inside the transaction that stores it.

traits → articles that share its weightiest terms within the window → their stories → the likest, if like enough → join
"""

from datetime import datetime
from functools import lru_cache

from ingest.stories import Compared, central, choose, unpack
from storage import stories
from storage.database import Connection
from storage.records import Article
from storage.stories import Candidate


@lru_cache(maxsize=4_096)
def _known(packed: bytes) -> Compared:
    return Compared.of(unpack(packed))


async def file(tx: Connection, article: Article, packed: bytes, *, now: datetime) -> int | None:
    """Join the story that the article is of, and be found by later ones. Gives the story's number, None: it is alone.

    `packed`: of ingest.stories.pack; empty where nothing is known of the article's words. The caller holds
    storage.stories.lock.
    """
    if not packed:
        return None
    new = _known(packed)
    keys = new.traits.keys
    found = await stories.candidates(tx, keys, article.published_at)
    chosen = choose(new, [[_known(member.traits) for member in item.members] for item in found])
    await stories.remember(tx, article.id, keys, packed, at=article.published_at, now=now)
    if chosen is None:
        return None
    headline = await _headline(tx, found[chosen], article, new)
    return await stories.join(tx, article.id, found[chosen], headline_id=headline, now=now)


async def remember(tx: Connection, article: Article, packed: bytes, *, now: datetime) -> None:
    """What is compared from now on is its new text; its story stays."""
    if packed:
        keys = _known(packed).traits.keys
        await stories.forget(tx, article.id)
        await stories.remember(tx, article.id, keys, packed, at=article.published_at, now=now)


async def _headline(tx: Connection, found: Candidate, article: Article, new: Compared) -> int:
    """The most central of the last articles from trusted sources, else of all; the earliest of equals."""
    known = [(member.article_id, member.trusted, _known(member.traits)) for member in reversed(found.members)]
    known.append((article.id, await stories.is_trusted(tx, article.source_id), new))
    told = [item for item in known if item[1]] or known
    return told[central([compared for _, _, compared in told])][0]
