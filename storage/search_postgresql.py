"""Search on PostgreSQL: a GIN index, which has no order.

Its planner can't know whether two words ever meet: left alone it sorts all that hold them, or walks the whole archive
for the few (ten seconds for an unknown word among a million articles). So each article is also indexed under its
source, the hour, and the spans of 8, 64, 512 and 4,096 hours of publishing. The newest few are read one by one; then
time is cut into stretches, each larger than the one before, the index meets the words with a stretch's spans, and the
newest that fill the page end the search. What the index can't tell (do the words follow one another, is it in the
topic) is asked of its candidates newest first, until there are enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.database import Connection
from storage.records import Cursor
from storage.search_sql import Phrase, Query, Values, ids_of, narrowed, of_rows, sql, statement_of, times
from storage.words import is_single_cjk

# The newest so many articles are read one by one; how long they took to appear sets the first stretch of the index.
READ = 100
# Each stretch is so many times as long as the one before, the later ones less: all that one holds is read before its
# newest are known, for the sake of a single article that may be missing from the page.
GROWTH, LATER, EARLY = 8, 3, 3
# A stretch is met with at most so many spans; what it covers beyond is left out afterwards.
MOST_SPANS = 10
HOUR = 3_600
LARGEST_SPAN = 4
SETTINGS = {"jit": "off", "max_parallel_workers_per_gather": "0", "work_mem": "16MB"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SETTINGS = [f"set_config('{name}', '{value}', true)" for name, value in SETTINGS.items()]
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
    conditions = ["status = 'usable'", *times(query, before, values)]
    wanted = _terms(query, values)
    matches = " AND ".join([f"search_vector @@ ({wanted})" if wanted else "true", *narrowed(query, values, apart=True)])
    rows = sql(
        " ".join(["SELECT id, published_at AS at,", matches, "AS found FROM article"]),
        conditions,
        "ORDER BY published_at DESC, id DESC LIMIT :read",
    )
    statement = of_rows(" ".join([_TOLD, ",".join(["", *_SETTINGS])]), rows)
    row = (await tx.execute(statement_of(statement, values), values)).one()
    if row.size < read:
        return _Newest(row.found or [], None, timedelta(), EPOCH)
    return _Newest(row.found or [], Cursor(row.last_at, row.last_id), row.newest - row.last_at, row.oldest)


def _stretches(newest: _Newest, last: datetime, query: Query) -> list[tuple[datetime, datetime]]:
    """[since, until) of each, newest first: all before `last`, each stretch longer than the one before."""
    until, length = last + timedelta(seconds=1), max(newest.length, timedelta(hours=1))
    oldest = newest.oldest if query.since is None else max(newest.oldest, query.since)
    found: list[tuple[datetime, datetime]] = []
    while until > oldest:
        length *= GROWTH if len(found) < EARLY else LATER
        since = oldest if until - oldest < 2 * length else until - length
        found.append((since, until))
        until = since
    return found


async def _indexed(
    tx: Connection, query: Query, stretches: Sequence[tuple[datetime, datetime]], limit: int, before: Cursor
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
        "ORDER BY published_at DESC, id DESC LIMIT :limit",
    ]
    return await ids_of(tx, " ".join(statement), values) if parts else []


def _stretch(
    query: Query, stretch: tuple[datetime, datetime], number: int, before: Cursor, told: str, values: Values
) -> str:
    """By the index alone all that may match; then newest first what it can't tell, until there are enough.

    OFFSET 0 keeps the planner from other ways, which its guesses make look shorter.
    """
    values |= {f"since{number}": stretch[0], f"until{number}": stretch[1]}
    terms = [wanted] if (wanted := _terms(query, values, apart=True)) else []
    if spans := _spans(*stretch):
        values[f"spans{number}"] = " | ".join(f"'{span}'" for span in spans)
        terms.append(f"CAST(:spans{number} AS tsquery)")
    if query.source_ids is not None:
        values["from_sources"] = " | ".join(f"'@s.{source_id}'" for source_id in query.source_ids)
        terms.append("CAST(:from_sources AS tsquery)")
    candidates = sql(
        "SELECT id, published_at, status, source_id FROM article",
        [f"({told}) < :limit", f"article_terms(search_vector, published_at, source_id) @@ ({' && '.join(terms)})"],
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
