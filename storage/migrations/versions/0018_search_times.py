"""The index for search knows by whom an article was published, and PostgreSQL's also when.

SQLite: a word of a private character and the source's id stands behind the others; nobody can type it. What is there is
indexed anew.

PostgreSQL: beside its words an article is found by its source, by the hour, and by the spans of 8, 64, 512 and 4,096
hours since 1970, in which it was published. The index takes the old one's place: two would cost each article twice. An
older release still finds everything; until it is replaced, a word that hardly occurs takes it long in a large archive.
Without `fastupdate` a new article is put in its place at once. With it, some hundred wait in a list that every search
reads to its end, which made searches twice as dear as before.
"""

from collections.abc import Mapping, Sequence

from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# What `at` is to the server depends on no setting of it, or it could not be indexed.
HOUR = "floor(extract(epoch FROM at - timestamptz '1970-01-01 00:00:00+00') / 3600)::bigint"
TERMS = ", ".join(["'@s.' || source::text", *(f"'@{level}.' || ({HOUR} >> {3 * level})::text" for level in range(5))])
FUNCTION = f"""CREATE FUNCTION article_terms(words tsvector, at timestamptz, source bigint) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT words || array_to_tsvector(ARRAY[{TERMS}]) $$"""
# As in 0001.
KEY = "CAST(strftime('%s', {row}published_at) AS INTEGER) * 2147483648 + {row}id"
WITH_SOURCE = "{row}search || ' ' || char(57344) || {row}source_id"
BARE = "{row}search"


def _sqlite(searched: str, columns: str) -> tuple[str, ...]:
    new, old, plain = ((KEY.format(row=row), searched.format(row=row)) for row in ("new.", "old.", ""))
    add = " ".join(["INSERT INTO article_fts(rowid, search) VALUES (", ", ".join(new), ");"])
    remove = " ".join(["INSERT INTO article_fts(article_fts, rowid, search) VALUES ('delete',", ", ".join(old), ");"])
    return (
        *(f"DROP TRIGGER article_fts_{event}" for event in ("insert", "delete", "update")),
        "DROP VIEW article_search",
        " ".join(["CREATE VIEW article_search (key, search) AS SELECT", ", ".join(plain), "FROM article"]),
        f"CREATE TRIGGER article_fts_insert AFTER INSERT ON article BEGIN {add} END",
        f"CREATE TRIGGER article_fts_delete AFTER DELETE ON article BEGIN {remove} END",
        f"CREATE TRIGGER article_fts_update AFTER UPDATE OF {columns} ON article BEGIN {remove} {add} END",
        "INSERT INTO article_fts(article_fts) VALUES ('rebuild')",
    )


UPGRADE = {
    "sqlite": _sqlite(WITH_SOURCE, "search, published_at, source_id"),
    "postgresql": (
        FUNCTION,
        """CREATE INDEX ix_article_search_times ON article
            USING gin (article_terms(search_vector, published_at, source_id)) WITH (fastupdate = off)""",
        "DROP INDEX ix_article_search",
    ),
}
DOWNGRADE = {
    "sqlite": _sqlite(BARE, "search, published_at"),
    "postgresql": (
        "CREATE INDEX ix_article_search ON article USING gin (search_vector)",
        "DROP INDEX ix_article_search_times",
        "DROP FUNCTION article_terms",
    ),
}


def upgrade() -> None:
    _execute(UPGRADE)


def downgrade() -> None:
    _execute(DOWNGRADE)


def _execute(statements: Mapping[str, Sequence[str]]) -> None:
    for statement in statements[op.get_bind().dialect.name]:
        op.execute(statement)
