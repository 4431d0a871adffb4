"""Which stories a new article may be of: found by its weightiest terms among those published within the window.

Few others are looked at, so that the cost doesn't grow with the archive. Terms and traits of old articles are
forgotten; a story that grows stays in reach by its newest ones. A group's articles are looked up in one statement
each, which SQLAlchemy and PostgreSQL's planner take longer over than the look-up itself takes.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from storage.batches import Batch
from storage.database import Connection
from storage.schema import UtcDateTime, article, story_term, story_traits

WINDOW = timedelta(days=7)
# Of the articles that share a term the newest are looked at; of those that share most, their stories; of these, the
# last articles.
HOLDERS, NEAREST, STORIES, MEMBERS = 40, 60, 6, 20
FEWEST_SHARED = 3  # terms of an article that is related
NO_LATER = (1 << 63) - 1  # than any article

_GIVEN = Batch("term", "article")
_KEEP_TRAITS = insert(story_traits)
_KEEP_TERMS = {
    name: insert(story_term).from_select(
        ["term", "at", "article_id"],
        select(given.c.term, article.c.published_at, given.c.article).join(article, article.c.id == given.c.article),
    )
    for name, given in _GIVEN.of.items()
}
_IDS = Batch("id")
_STORY_OF = {
    name: select(article.c.id, article.c.story_id).where(article.c.id.in_(select(given.c.id)))
    for name, given in _IDS.of.items()
}
# For each term the newest that have it; for each story its last articles. What SQLite calls a table-valued function may
# depend on what stands before it, as LATERAL may on PostgreSQL.
_HOLDERS = {
    "sqlite": text("""WITH given AS MATERIALIZED (
        SELECT value ->> 0 AS place, value ->> 1 AS term, value ->> 2 AS since, value ->> 3 AS until,
            value ->> 4 AS below FROM json_each(:rows))
        SELECT given.place, held.value AS id FROM given CROSS JOIN json_each((
            SELECT json_group_array(article_id) FROM (
                SELECT article_id FROM story_term WHERE term = given.term AND at BETWEEN given.since AND given.until
                AND article_id < given.below ORDER BY at DESC, article_id DESC LIMIT :most))) AS held"""),
    "postgresql": text("""SELECT given.place, held.article_id AS id
        FROM unnest(:places, :terms, :sinces, :untils, :belows) AS given (place, term, since, until, below)
        CROSS JOIN LATERAL (
            SELECT article_id FROM story_term WHERE term = given.term AND at BETWEEN given.since AND given.until
            AND article_id < given.below ORDER BY at DESC, article_id DESC LIMIT :most) AS held""").bindparams(
        *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("places", "terms", "belows")),
        *(bindparam(name, type_=ARRAY(UtcDateTime)) for name in ("sinces", "untils")),
    ),
}
_LAST = {
    "sqlite": text("""WITH given AS MATERIALIZED (SELECT value AS number FROM json_each(:rows)),
        newest AS MATERIALIZED (SELECT given.number, listed.value AS id FROM given CROSS JOIN json_each(CASE
            WHEN given.number < 0 THEN json_array(-given.number)
            ELSE (SELECT json_group_array(id) FROM (
                SELECT article.id FROM article JOIN story_traits ON story_traits.article_id = article.id
                WHERE article.story_id = given.number ORDER BY article.id DESC LIMIT :most)) END) AS listed)
        SELECT newest.number, newest.id, story_traits.traits, source.trusted FROM newest
        JOIN story_traits ON story_traits.article_id = newest.id
        JOIN article ON article.id = newest.id JOIN source ON source.id = article.source_id
        ORDER BY newest.number, newest.id DESC"""),
    "postgresql": text("""SELECT given.number, newest.id, story_traits.traits, source.trusted
        FROM unnest(:numbers) AS given (number)
        CROSS JOIN LATERAL (
            (SELECT article.id FROM article JOIN story_traits ON story_traits.article_id = article.id
                WHERE article.story_id = given.number ORDER BY article.id DESC LIMIT :most)
            UNION ALL SELECT -given.number WHERE given.number < 0) AS newest
        JOIN story_traits ON story_traits.article_id = newest.id
        JOIN article ON article.id = newest.id JOIN source ON source.id = article.source_id
        ORDER BY given.number, newest.id DESC""").bindparams(bindparam("numbers", type_=ARRAY(BigInteger))),
}


@dataclass(frozen=True, slots=True)
class Sought:
    """An article by its weightiest terms; only ones numbered below `below` are like it."""

    keys: Sequence[int]
    at: datetime
    below: int = NO_LATER


@dataclass(frozen=True, slots=True)
class Kept:
    """What later articles find an article by, and what they are compared with."""

    article_id: int
    keys: Sequence[int]
    traits: bytes


@dataclass(frozen=True, slots=True)
class Member:
    """An article of a story, for comparing. `traits` as they were kept."""

    article_id: int
    traits: bytes
    trusted: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story that a new article may be of, with its last articles; `story_id` None: an article that is alone."""

    story_id: int | None
    members: tuple[Member, ...]

    @property
    def number(self) -> int:
        """The story's, or below 0 that of the article that is alone."""
        return self.story_id or -self.members[0].article_id


async def find(tx: Connection, sought: Sought) -> list[Candidate]:
    """What shares the weightiest terms with an article, best first; at most STORIES."""
    return (await find_all(tx, [sought]))[0]


async def find_all(tx: Connection, sought: Sequence[Sought]) -> list[list[Candidate]]:
    """As `find`, in the order given."""
    nearest = [[key for key, _ in _best(shared, NEAREST)] for shared in await _shared(tx, sought)]
    ids = {key for keys in nearest for key in keys}
    if not ids:
        return [[] for _ in sought]
    rows = await tx.execute(_STORY_OF[tx.dialect.name], _IDS.values(tx, [(key,) for key in ids]))
    of = {row.id: row.story_id or -row.id for row in rows}
    numbers = [list(dict.fromkeys(of[key] for key in keys if key in of))[:STORIES] for keys in nearest]
    found = await _last(tx, sorted({number for several in numbers for number in several}))
    return [
        [Candidate(max(0, number) or None, tuple(found[number])) for number in several if number in found]
        for several in numbers
    ]


def _best(shared: Counter[int], most: int) -> list[tuple[int, int]]:
    """Ids and how many terms they share: those that share most, of equals the newest."""
    return sorted(shared.items(), key=lambda item: (-item[1], -item[0]))[:most]


async def near(tx: Connection, article_id: int, *, limit: int) -> list[int]:
    """Ids of articles that share most of its weightiest terms, while these are kept; best first."""
    own = await tx.execute(select(story_term.c.term, story_term.c.at).where(story_term.c.article_id == article_id))
    terms = own.all()
    if not terms:
        return []
    (shared,) = await _shared(tx, [Sought([row.term for row in terms], terms[0].at)])
    del shared[article_id]
    return [key for key, count in _best(shared, limit) if count >= FEWEST_SHARED]


async def _shared(tx: Connection, sought: Sequence[Sought]) -> list[Counter[int]]:
    """Of each the articles that share its terms, the newest HOLDERS of each term, and how many they share."""
    shared = [Counter[int]() for _ in sought]
    asked = [(place, term, one.at, one.below) for place, one in enumerate(sought) for term in one.keys]
    if asked:
        given = (_terms_in_json if tx.dialect.name == "sqlite" else _terms_in_arrays)(asked)
        for row in await tx.execute(_HOLDERS[tx.dialect.name], given | {"most": HOLDERS}):
            shared[row.place][row.id] += 1
    return shared


_Asked = tuple[int, int, datetime, int]  # place, term, when, below


def _terms_in_json(asked: Sequence[_Asked]) -> dict[str, Any]:
    rows = [(place, term, _kept(at - WINDOW), _kept(at + WINDOW), below) for place, term, at, below in asked]
    return {"rows": json.dumps(rows)}


def _kept(moment: datetime) -> str:
    """As SQLAlchemy stores it, in UTC: an article comes with the zone of its source."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _terms_in_arrays(asked: Sequence[_Asked]) -> dict[str, Any]:
    places, terms, times, belows = (list(column) for column in zip(*asked, strict=True))
    window = {"sinces": [at - WINDOW for at in times], "untils": [at + WINDOW for at in times]}
    return {"places": places, "terms": terms, "belows": belows, **window}


async def _last(tx: Connection, numbers: Sequence[int]) -> dict[int, list[Member]]:
    """The last articles of these stories; a number below 0 is an article that is alone."""
    given = {"rows": json.dumps(numbers)} if tx.dialect.name == "sqlite" else {"numbers": list(numbers)}
    found: dict[int, list[Member]] = {}
    for row in await tx.execute(_LAST[tx.dialect.name], given | {"most": MEMBERS}):
        found.setdefault(row.number, []).append(Member(row.id, row.traits, bool(row.trusted)))
    return found


async def remember(tx: Connection, kept: Sequence[Kept], now: datetime) -> None:
    """So that later articles find these. What was kept of them before goes by `forget`."""
    if not kept:
        return
    rows = [{"article_id": one.article_id, "traits": one.traits, "kept_at": now} for one in kept]
    await tx.execute(_KEEP_TRAITS, rows)
    terms = [(key, one.article_id) for one in kept for key in one.keys]
    if terms:
        await tx.execute(_KEEP_TERMS[tx.dialect.name], _GIVEN.values(tx, terms))


async def forget(tx: Connection, article_id: int) -> None:
    for table in (story_term, story_traits):
        await tx.execute(delete(table).where(table.c.article_id == article_id))


async def prune(tx: Connection, *, before: datetime, limit: int) -> int:
    """Forget by what articles were found that came before: their stories stay, and grow no more by them."""
    oldest = select(story_traits.c.article_id).where(story_traits.c.kept_at < before)
    ids = list(await tx.scalars(oldest.order_by(story_traits.c.kept_at).limit(limit)))
    if not ids:
        return 0
    await tx.execute(delete(story_term).where(story_term.c.article_id.in_(ids)))
    return (await tx.execute(delete(story_traits).where(story_traits.c.article_id.in_(ids)))).rowcount
