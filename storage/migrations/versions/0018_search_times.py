"""PostgreSQL's index for search knows when an article was published, so that it meets words and time at once.

Beside its words an article is found by the hour, and by the spans of 8, 64, 512 and 4,096 hours since 1970, in which it
was published. The index takes the old one's place: two would cost each article twice. An older release still finds
everything; until it is replaced, a word that hardly occurs takes it long in a large archive.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# What `at` is to the server depends on no setting of it, or it could not be indexed.
HOUR = "floor(extract(epoch FROM at - timestamptz '1970-01-01 00:00:00+00') / 3600)::bigint"
SPANS = ", ".join(f"'@{level}.' || ({HOUR} >> {3 * level})::text" for level in range(5))
FUNCTION = f"""CREATE FUNCTION article_terms(words tsvector, at timestamptz) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT words || array_to_tsvector(ARRAY[{SPANS}]) $$"""
UPGRADE = (
    FUNCTION,
    "CREATE INDEX ix_article_search_times ON article USING gin (article_terms(search_vector, published_at))",
    "DROP INDEX ix_article_search",
)
DOWNGRADE = (
    "CREATE INDEX ix_article_search ON article USING gin (search_vector)",
    "DROP INDEX ix_article_search_times",
    "DROP FUNCTION article_terms",
)


def upgrade() -> None:
    _execute(UPGRADE)


def downgrade() -> None:
    _execute(DOWNGRADE)


def _execute(statements: Sequence[str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in statements:
            op.execute(statement)
