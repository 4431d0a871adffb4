"""Full text, newest first, on both databases over the one search column that storage.words builds.

On SQLite the full-text row's id is (seconds of published_at) · 2³¹ + article id: walking the index backwards is walking
the articles newest first, and a page costs the same in the middle of a million.
"""

from typing import Any

from sqlalchemy import TextClause, bindparam, text

from storage import articles
from storage.database import Connection
from storage.records import Article, Cursor
from storage.schema import UtcDateTime
from storage.words import is_single_cjk, phrases, search_text

__all__ = ["phrases", "search", "search_text"]

ID_SPAN = 1 << 31


async def search(tx: Connection, words: str, *, limit: int, before: Cursor | None = None) -> list[Article]:
    """Usable articles that hold all the words, by (published_at, id) descending. None where no word is left."""
    wanted = phrases(words)
    if not wanted:
        return []
    rows = await tx.execute(*(_sqlite if tx.dialect.name == "sqlite" else _postgresql)(wanted, limit, before))
    return await articles.get_many(tx, [row.id for row in rows])


def _sqlite(wanted: list[list[str]], limit: int, before: Cursor | None) -> tuple[TextClause, dict[str, Any]]:
    match = " ".join(f'"{" ".join(phrase)}"{" *" if is_single_cjk(phrase) else ""}' for phrase in wanted)
    query = f"""
        SELECT article.id FROM article_fts CROSS JOIN article ON article.id = article_fts.rowid & {ID_SPAN - 1}
        WHERE article_fts MATCH :match AND article_fts.rowid < :before AND article.status = 'usable'
        ORDER BY article_fts.rowid DESC LIMIT :limit"""  # noqa: S608 - a constant of ours
    key = (1 << 63) - 1 if before is None else int(before.at.timestamp()) * ID_SPAN + before.id
    return text(query), {"match": match, "before": key, "limit": limit}


def _postgresql(wanted: list[list[str]], limit: int, before: Cursor | None) -> tuple[TextClause, dict[str, Any]]:
    values: dict[str, Any] = {"limit": limit}
    terms = []
    for number, phrase in enumerate(wanted):
        single = is_single_cjk(phrase)
        values[f"p{number}"] = f"{phrase[0]}:*" if single else " ".join(phrase)
        terms.append(f"{'to' if single else 'phraseto'}_tsquery('simple', :p{number})")
    keyset = "" if before is None else "AND (published_at, id) < (:at, :id)"
    query = text(f"""
        SELECT id FROM article WHERE search_vector @@ ({" && ".join(terms)}) AND status = 'usable' {keyset}
        ORDER BY published_at DESC, id DESC LIMIT :limit""")  # noqa: S608 - built of our own words only
    if before is None:
        return query, values
    return query.bindparams(bindparam("at", type_=UtcDateTime())), values | {"at": before.at, "id": before.id}
