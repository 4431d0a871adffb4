"""Near copies: samples of recent articles' shingles to find them by, and the copies that were found.

A copy is no article of its own: it is another source of the article that it repeats, and known when it comes again.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from storage.batches import Batch
from storage.database import Connection, insert_into
from storage.identity import url_key
from storage.records import ArticleDraft
from storage.schema import article, article_copy, shingle, source

# A shingle of so many articles is boilerplate: it is not kept for more, so that no lookup grows.
CROWD = 50
CANDIDATES, FEWEST_SHARED = 5, 2

Holder = tuple[int, int]  # a shingle's hash, an article's id

_ASKED = Batch("hash")
_HOLDERS = {
    name: select(shingle.c.hash, shingle.c.article_id).where(shingle.c.hash.in_(select(given.c.hash)))
    for name, given in _ASKED.of.items()
}
_GIVEN = Batch("hash", "article")
_REMEMBER = {
    name: insert(shingle).from_select(["hash", "article_id"], select(given.c.hash, given.c.article))
    for name, given in _GIVEN.of.items()
}


@dataclass(frozen=True, slots=True)
class Copy:
    """How another source printed an article."""

    article_id: int
    source: str
    url: str | None
    headline: str
    at: datetime


async def forget(tx: Connection, article_id: int) -> None:
    await tx.execute(delete(shingle).where(shingle.c.article_id == article_id))


async def holders(tx: Connection, sample: Sequence[int]) -> list[Holder]:
    """Who has these shingles, at most CROWD or so of each."""
    return (await holders_of_all(tx, [sample]))[0]


async def holders_of_all(tx: Connection, samples: Sequence[Sequence[int]]) -> list[list[Holder]]:
    """As `holders`, in a statement for all."""
    asked = {value for sample in samples for value in sample}
    if not asked:
        return [[] for _ in samples]
    values = _ASKED.values(tx, [(value,) for value in asked])
    held: dict[int, list[Holder]] = {}
    for row in await tx.execute(_HOLDERS[tx.dialect.name], values):
        held.setdefault(row.hash, []).append((row.hash, row.article_id))
    return [[holder for value in sample for holder in held.get(value, ())] for sample in samples]


def candidates(held: Iterable[Holder]) -> list[int]:
    """Ids of the recent articles that share most of the sample, best first."""
    counts = Counter(article_id for _, article_id in held)
    best = sorted(counts.items(), key=lambda item: (-item[1], -item[0]))
    return [article_id for article_id, shared in best[:CANDIDATES] if shared >= FEWEST_SHARED]


Remembered = tuple[int, Sequence[int], Iterable[Holder]]


async def remember(tx: Connection, given: Iterable[Remembered]) -> None:
    """So that copies of the articles are found: of each its id, its sample, and who else has it, as `holders` tells."""
    rows = [row for article_id, sample, held in given for row in _kept(article_id, sample, held)]
    if rows:
        await tx.execute(_REMEMBER[tx.dialect.name], _GIVEN.values(tx, rows))


def _kept(article_id: int, sample: Sequence[int], held: Iterable[Holder]) -> list[tuple[int, int]]:
    crowds = Counter(value for value, _ in held)
    return [(value, article_id) for value in sample if crowds[value] < CROWD]


async def add_copy(
    tx: Connection, article_id: int, draft: ArticleDraft, *, source_id: int, content_hash: str, now: datetime
) -> None:
    """What is known already stays as it is."""
    await tx.execute(
        insert_into(tx, article_copy)
        .values(
            article_id=article_id,
            source_id=source_id,
            url=draft.url,
            url_key=url_key(draft.url),
            guid=draft.guid,
            content_hash=content_hash,
            headline=draft.headline,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )


async def copies_of(tx: Connection, article_id: int) -> list[Copy]:
    """In the order in which they came."""
    query = (
        select(article_copy, source.c.name)
        .join(source, source.c.id == article_copy.c.source_id)
        .where(article_copy.c.article_id == article_id)
        .order_by(article_copy.c.id)
    )
    return [Copy(row.article_id, row.name, row.url, row.headline, row.created_at) for row in await tx.execute(query)]


async def sources_of(tx: Connection, article_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Article id → the other sources that print it, in the order in which they came."""
    query = (
        select(article_copy.c.article_id, source.c.name)
        .join(source, source.c.id == article_copy.c.source_id)
        .join(article, article.c.id == article_copy.c.article_id)
        .where(article_copy.c.article_id.in_(article_ids), article_copy.c.source_id != article.c.source_id)
        .order_by(article_copy.c.id)
    )
    found: dict[int, tuple[str, ...]] = {}
    for row in await tx.execute(query):
        names = found.get(row.article_id, ())
        found[row.article_id] = names if row.name in names else (*names, row.name)
    return found


async def prune(tx: Connection, *, before: datetime, limit: int) -> int:
    """Forget the samples of articles that came before: no copy comes so late. Looks at the `limit` oldest only."""
    oldest = select(shingle.c.article_id).distinct().order_by(shingle.c.article_id).limit(limit).subquery()
    old = select(article.c.id).where(article.c.id.in_(select(oldest.c.article_id)), article.c.created_at < before)
    return (await tx.execute(delete(shingle).where(shingle.c.article_id.in_(old)))).rowcount
