"""The first schema, with the full-text index of each database over article.search.

A later migration that rebuilds `article` on SQLite (batch mode copies the table) must make the triggers again.
"""

from collections.abc import Sequence

from alembic import op

from storage.schema import metadata

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Newest first: seconds of published_at, then the article's id (see storage/search.py).
KEY = "CAST(strftime('%s', {row}published_at) AS INTEGER) * 2147483648 + {row}id"

ADD = f"INSERT INTO article_fts(rowid, search) VALUES ({KEY.format(row='new.')}, new.search);"  # noqa: S608
REMOVE = f"""INSERT INTO article_fts(article_fts, rowid, search)
    VALUES ('delete', {KEY.format(row="old.")}, old.search);"""  # noqa: S608

SQLITE = (
    f"CREATE VIEW article_search AS SELECT {KEY.format(row='')} AS key, search FROM article",  # noqa: S608
    """CREATE VIRTUAL TABLE article_fts USING fts5(
        search, content='article_search', content_rowid='key',
        tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'")""",
    f"CREATE TRIGGER article_fts_insert AFTER INSERT ON article BEGIN {ADD} END",
    f"CREATE TRIGGER article_fts_delete AFTER DELETE ON article BEGIN {REMOVE} END",
    f"CREATE TRIGGER article_fts_update AFTER UPDATE OF search, published_at ON article BEGIN {REMOVE} {ADD} END",
)
POSTGRESQL = (
    "ALTER TABLE article ADD COLUMN search_vector tsvector GENERATED ALWAYS AS (to_tsvector('simple', search)) STORED",
    "CREATE INDEX ix_article_search ON article USING gin (search_vector)",
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE article_fts")
        op.execute("DROP VIEW article_search")
    metadata.drop_all(op.get_bind())
