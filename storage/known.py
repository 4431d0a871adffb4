"""Which stored article a draft is, by what identifies it; many drafts in one look-up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, CompoundSelect, Table, bindparam, literal, select, union_all

from storage.database import Connection
from storage.schema import article, article_copy


class Way(StrEnum):
    """By what an article is known. `COPY`: as another source printed it, or as it was before."""

    TEXT = "text"
    PAGE = "page"
    GUID = "guid"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Identity:
    """What no two articles share: the text, the page, the guid of a source. `content_hash` and `url_key` as
    storage.identity makes them.
    """

    content_hash: str
    url_key: str | None = None
    source_id: int | None = None
    guid: str | None = None


_Mark = tuple[int, int, str]  # which of the ways, the source or 0, the text's hash, page or guid
# The surest first.
_WAYS = (Way.TEXT, Way.PAGE, Way.GUID, Way.COPY, Way.COPY, Way.COPY)


async def find(tx: Connection, given: Identity) -> tuple[int, Way] | None:
    """The id of the article that this one repeats, or of which it is a known copy."""
    return (await find_all(tx, [given]))[0]


async def find_all(tx: Connection, given: Sequence[Identity]) -> list[tuple[int, Way] | None]:
    """As `find`, in the order given."""
    guided = [one for one in given if one.source_id is not None and one.guid is not None]
    asked: dict[str, Any] = {
        "texts": [one.content_hash for one in given],
        "pages": [one.url_key for one in given if one.url_key is not None],
        "sources": list({one.source_id for one in guided}),
        "guids": [one.guid for one in guided],
    }
    rows = await tx.execute(_same(bool(asked["pages"]), bool(guided)), asked)
    held = {(row.rank, row.source_id, row.value): int(row.id) for row in rows}
    return [next(((held[mark], _WAYS[mark[0]]) for mark in _marks(one) if mark in held), None) for one in given]


def _marks(given: Identity) -> Iterator[_Mark]:
    for first in (0, 3):
        yield first, 0, given.content_hash
        yield first + 1, 0, given.url_key or ""
        yield first + 2, given.source_id or 0, given.guid or ""


@lru_cache
def _same(by_page: bool, by_guid: bool) -> CompoundSelect[Any]:
    """A UNION, so that each way is looked up in its own index. Built once: that takes longer than running it."""
    own, copied = _ways(article, 0, by_page, by_guid), _ways(article_copy, 3, by_page, by_guid)
    return union_all(*own, *copied)


def _ways(table: Table, first: int, by_page: bool, by_guid: bool) -> Iterator[Any]:
    key = table.c.id if table is article else table.c.article_id

    def way(rank: int, source: ColumnElement[int], value: ColumnElement[Any], name: str) -> Any:
        given: BindParameter[Any] = bindparam(name, expanding=True)
        told = select(key.label("id"), literal(first + rank).label("rank"), source.label("source_id"))
        return told.add_columns(value.label("value")).where(value.in_(given))

    yield way(0, literal(0), table.c.content_hash, "texts")
    if by_page:
        yield way(1, literal(0), table.c.url_key, "pages")
    if by_guid:
        of_sources = table.c.source_id.in_(bindparam("sources", expanding=True))
        yield way(2, table.c.source_id, table.c.guid, "guids").where(of_sources)
