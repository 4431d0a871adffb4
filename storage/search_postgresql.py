"""Search on PostgreSQL: a GIN index, which has no order.

Its planner can't know whether two words ever meet: left alone it sorts all that hold them, or walks the whole archive
for the few (ten seconds for an unknown word among a million articles). So each article is also indexed under its
source, the hour, and the spans of 8, 64, 512 and 4,096 hours of publishing. The newest few, or a topic's newest, are
read one by one; then time is cut into stretches, each larger than the one before, the index meets the words with a
stretch's spans, and the newest that fill the page end the search. What the index can't tell (do the words follow one
another, is it in the topic) is asked of its candidates newest first, until there are enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.database import Connection
from storage.records import Cursor
from storage.search_sql import (
    FEW,
    NEWEST_FIRST,
    Phrase,
    Query,
    Values,
    ids_of,
    narrowed,
    of_rows,
    sql,
    statement_of,
    times,
)
from storage.words import is_single_cjk

# The newest so many articles are read one by one; how long they took to appear sets the first stretch of the index.
READ = 100
# Each stretch is so many times as long as the one before, later ones less: all that one holds is read before its
# newest are known, for the sake of a single article that may be missing from the page.
GROWTH, LATER = 8, 3
# Later: where the stretch would hold more than one part in so many of the archive, and after a topic's newest, which
# took long to appear.
SHORT = 10
# A stretch is met with at most so many spans; what it covers beyond is left out afterwards.
MOST_SPANS = 10
HOUR = 3_600
LARGEST_SPAN = 4
SETTINGS = {"jit": "off", "max_parallel_workers_per_gather": "0", "work_mem": "16MB"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SETTINGS = [f"set_config('{name}', '{value}', true)" for name, value in SETTINGS.items()]
_READ = "SELECT id, article.published_at, source_id, search_vector FROM article"
_NEWEST = "ORDER BY published_at DESC, id DESC LIMIT :read"
_TOLD = """SELECT array_agg(id ORDER BY at DESC, id DESC) FILTER (WHERE found) AS found, count(*) AS size,
    max(at) AS newest, min(at) AS last_at, (array_agg(id ORDER BY at, id))[1] AS last_id,
    (SELECT min(published_at) FROM article WHERE status = 'usable') AS oldest"""


async def find(tx: Connection, query: Query, limit: int, before: Cursor | None, read: int) -> list[int]:
    """Two statements at most: the way there and back, and planning, are most of what a search costs."""
    newest = await _newest(tx, query, before, read)
    if newest.last is None or len(newest.found) >= limit:
        return newest.found[:limit]
    stretches = _stretches(newest, newest.last.at, query)
    return newest.found + await _indexed(tx, query, stretches, limit - len(newest.found), newest.last)


@dataclass(frozen=True, slots=True)
class _Newest:
    """What the newest articles hold. `last` of them, None where there are no more; `length`: how long they took.

    `oldest`: when the archive begins.
    """

    found: list[int]
    last: Cursor | None
    length: timedelta
    oldest: datetime


async def _newest(tx: Connection, query: Query, before: Cursor | None, read: int) -> _Newest:
    """Article by article: common words are found among them, and they are soon read.

    For the statement that may follow: no time is lost on compiling it or on starting others to help, and the index's
    answer is remembered by the row, not by the page.
    """
    values: Values = {"read": read}
    leading = _leading(query)
    if leading is None:
        found = sql(_READ, ["status = 'usable'", *times(query, before, values)], _NEWEST)
    else:
        found = _of_topics(query, leading, before, values)
    wanted = _terms(query, values)
    matches = " AND ".join([f"search_vector @@ ({wanted})" if wanted else "true", *narrowed(query, values, apart=True)])
    rows = of_rows(" ".join(["SELECT id, published_at AS at,", matches, "AS found"]), found)
    statement = of_rows(" ".join([_TOLD, ",".join(["", *_SETTINGS])]), rows)
    row = (await tx.execute(statement_of(statement, values), values)).one()
    if row.size < read:
        return _Newest(row.found or [], None, timedelta(), EPOCH)
    return _Newest(row.found or [], Cursor(row.last_at, row.last_id), row.newest - row.last_at, row.oldest)


def _leading(query: Query) -> tuple[int, ...] | None:
    """The topics whose newest articles are read instead of all the newest: those asked for that are fewest."""
    ids = min(query.topics, key=len, default=())
    return ids if 0 < len(ids) <= FEW else None


def _of_topics(query: Query, topic_ids: Sequence[int], before: Cursor | None, values: Values) -> str:
    """The newest articles of some topics, each topic in its own order."""
    parts = []
    for number, topic_id in enumerate(topic_ids):
        values[f"leading{number}"] = topic_id
        filed = times(query, before, values, key="article_id")
        rows = sql(
            "SELECT published_at, article_id AS id FROM article_topic",
            [f"topic_id = :leading{number}", *filed],
            "ORDER BY published_at DESC, article_id DESC LIMIT :read",
        )
        parts.append(f"({rows})")
    keys = " ".join(["SELECT id FROM (", " UNION ".join(parts), ") AS filed", _NEWEST])
    return " ".join([_READ, "JOIN (", keys, ") AS filed USING (id) OFFSET 0"])


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Published in [`since`, `until`). `short`: it holds a small part of the archive."""

    since: datetime
    until: datetime
    short: bool


def _stretches(newest: _Newest, last: datetime, query: Query) -> list[_Stretch]:
    """Newest first: all before `last`, each longer than the one before."""
    until, length = last + timedelta(seconds=1), max(newest.length, timedelta(hours=1))
    oldest = newest.oldest if query.since is None else max(newest.oldest, query.since)
    longest = (until - newest.oldest) / SHORT
    found: list[_Stretch] = []
    while until > oldest:
        length *= GROWTH if length * GROWTH <= longest and _leading(query) is None else LATER
        since = oldest if until - oldest < 2 * length else until - length
        found.append(_Stretch(since, until, until - since <= longest))
        until = since
    return found


async def _indexed(
    tx: Connection, query: Query, stretches: Sequence[_Stretch], limit: int, before: Cursor
) -> list[int]:
    """Stretch after stretch, none where those before filled the page: then its count is not below the limit."""
    values: Values = {"limit": limit}
    parts, told = [], "0"
    for number, stretch in enumerate(stretches):
        rows = _stretch(query, stretch, number, before, told, values)
        parts.append(" ".join([f"s{number} AS MATERIALIZED (", rows, ")"]))
        told = " ".join([told, "+ (SELECT count(*) FROM", f"s{number})"])
    whole = " UNION ALL ".join(" ".join(["SELECT id, published_at FROM", f"s{number}"]) for number in range(len(parts)))
    statement = [
        "WITH",
        ", ".join(parts),
        of_rows("SELECT id", whole),
        NEWEST_FIRST,
    ]
    return await ids_of(tx, " ".join(statement), values) if parts else []


def _stretch(query: Query, stretch: _Stretch, number: int, before: Cursor, told: str, values: Values) -> str:
    """By the index alone all that may match; then newest first what it can't tell, until there are enough.

    Words and spans are two conditions, which the index meets by turns, each going on from where the other stands; as
    one it looked at each article of the spans. The first leads: spans, where they hold little, else the words.
    OFFSET 0 keeps the planner from other ways, which its guesses make look shorter.
    """
    values |= {f"since{number}": stretch.since, f"until{number}": stretch.until}
    terms = [wanted] if (wanted := _terms(query, values, apart=True)) else []
    if query.source_ids is not None:
        values["from_sources"] = " | ".join(f"'@s.{source_id}'" for source_id in query.source_ids)
        terms.append("CAST(:from_sources AS tsquery)")
    met = [" && ".join(terms)]
    if spans := _spans(stretch.since, stretch.until):
        values[f"spans{number}"] = " | ".join(f"'{span}'" for span in spans)
        met.insert(0 if stretch.short else 1, f"CAST(:spans{number} AS tsquery)")
    candidates = sql(
        "SELECT id, published_at, status, source_id FROM article",
        [f"({told}) < :limit", *(f"article_terms(search_vector, published_at, source_id) @@ ({one})" for one in met)],
        "OFFSET 0",
    )
    inside = [f"published_at >= :since{number}", f"published_at < :until{number}"]
    newest = sql(
        of_rows("SELECT id, published_at, source_id", candidates),
        ["status = 'usable'", *inside, *times(query, before, values)],
        "ORDER BY published_at DESC, id DESC OFFSET 0",
    )
    conditions = [*_in_order(query, values), *narrowed(query, values, apart=True)]
    return sql(of_rows("SELECT id, published_at", newest), conditions or ["true"], "LIMIT :limit")


def _in_order(query: Query, values: Values) -> list[str]:
    """What the index can't tell of phrases: that their words follow one another."""
    if all(len(phrase) == 1 for phrase in (*query.phrases, *query.without)):
        return []
    follow = ["(SELECT whole.search_vector @@ (", _terms(query, values), ") FROM article AS whole"]
    return [" ".join([*follow, "WHERE whole.id = article.id)"])]


def _terms(query: Query, values: Values, *, apart: bool = False) -> str:
    """`apart`: of a phrase only that its words occur, which needs no look at the article."""
    wanted = [_tsquery(phrase, f"p{number}", values, apart) for number, phrase in enumerate(query.phrases)]
    unwanted = [
        f"!!{_tsquery(phrase, f'w{number}', values)}"
        for number, phrase in enumerate(query.without)
        if not apart or len(phrase) == 1
    ]
    return " && ".join([*wanted, *unwanted])


def _spans(since: datetime, until: datetime) -> list[str]:
    """The fewest spans of one length, at most MOST_SPANS, in which all of [since, until) lies; none: all of time."""
    first, last = int(since.timestamp() // HOUR), int(until.timestamp() // HOUR)
    for level in range(LARGEST_SPAN + 1):
        low, high = first >> 3 * level, last >> 3 * level
        if high - low < MOST_SPANS:
            return [f"@{level}.{number}" for number in range(low, high + 1)]
    return []


def _tsquery(phrase: Phrase, name: str, values: Values, apart: bool = False) -> str:
    single = is_single_cjk(phrase)
    key = f"{name}a" if apart else name
    values[key] = f"{phrase[0]}:*" if single else " ".join(phrase)
    return f"{'to' if single else 'plainto' if apart else 'phraseto'}_tsquery('simple', :{key})"


def lacking(query: Query, values: Values) -> list[str]:
    """What must not occur, where no word that must occur leads to the articles."""
    if not query.without:
        return []
    terms = [_tsquery(phrase, f"w{number}", values) for number, phrase in enumerate(query.without)]
    return [f"NOT search_vector @@ ({' || '.join(terms)})"]
