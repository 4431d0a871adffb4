"""What is looked for in the archive, and the statements that both databases' searches are made of.

All are of constants of these modules: what was typed comes in bound values only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, text

from storage.database import Connection
from storage.records import Cursor
from storage.schema import UtcDateTime

Phrase = Sequence[str]
Values = dict[str, Any]

FEW = 8  # sources or topics are each looked up by itself; of more, all articles are asked whether they are of any
NEWEST_FIRST = "ORDER BY published_at DESC, id DESC LIMIT :limit"


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: all of it must hold.

    `phrases` must each occur and none of `without`, as storage.words.phrases gives them. `topics`: for each topic asked
    for, the ids of it and of those under it. `source_ids`: any of these; None: any source. Published in
    [`since`, `until`).
    """

    phrases: tuple[Phrase, ...] = ()
    without: tuple[Phrase, ...] = ()
    topics: tuple[tuple[int, ...], ...] = ()
    source_ids: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is asked for that narrows the archive."""
        return self == Query(without=self.without)


def newest_first(conditions: Sequence[str]) -> str:
    return sql("SELECT id FROM article", conditions, NEWEST_FIRST)


def sql(beginning: str, conditions: Sequence[str], end: str = "") -> str:
    return " ".join([beginning, "WHERE", " AND ".join(conditions), end])


def of_rows(beginning: str, rows: str) -> str:
    return " ".join([beginning, "FROM (", rows, ") AS article"])


def times(
    query: Query, before: Cursor | None, values: Values, at: str = "published_at", key: str = "article.id"
) -> list[str]:
    """Of `until` and `before` the earlier alone: an index walked from the later one comes to it entry by entry."""
    conditions = []
    if query.until is not None and (before is None or query.until <= before.at):
        conditions.append(f"{at} < :until")
        values["until"] = query.until
    elif before is not None:
        conditions.append(f"({at}, {key}) < (:at, :id)")
        values |= {"at": before.at, "id": before.id}
    if query.since is not None:
        conditions.append(f"{at} >= :since")
        values["since"] = query.since
    return conditions


def narrowed(
    query: Query, values: Values, *, apart: bool = False, at: str = "article.published_at", key: str = "article.id"
) -> list[str]:
    """By topics and sources. `apart`: asked of each article when its turn comes (PostgreSQL), not joined."""
    conditions = []
    for number, ids in enumerate(query.topics):
        values[f"topics{number}"] = list(ids)
        same = [f"article_topic.topic_id IN :topics{number}", f"article_topic.published_at = {at}"]
        same.append(f"article_topic.article_id = {key}")
        found = sql("SELECT 1 FROM article_topic", same, "OFFSET 0" if apart else "")
        conditions.append(f"EXISTS ({found})")
    if query.source_ids is not None:
        values["sources"] = list(query.source_ids)
        conditions.append("article.source_id IN :sources")
    return conditions


async def ids_of(tx: Connection, statement: str, values: Values) -> list[int]:
    return list((await tx.scalars(statement_of(statement, values), values)).all())


def statement_of(statement: str, values: Values) -> Any:
    """Times in the databases' own form, lists as lists."""
    bound: list[BindParameter[Any]]
    bound = [bindparam(name, expanding=True) for name, value in values.items() if isinstance(value, list)]
    bound += [bindparam(name, type_=UtcDateTime()) for name, value in values.items() if isinstance(value, datetime)]
    return text(statement).bindparams(*bound)
