"""What a source published is in an index in the order of time, and SQLite's index for search holds its words apart.

Each word stands there a second time, as its source's. What is asked of a source costs then what it would in an archive
of that source alone; two words of a small source were walked through all that any source has of them. Before the word
stand a private character, the source's id, and the character once more, which nobody can type. What is there is indexed
anew, in one transaction: minutes for a million articles. PostgreSQL's index meets words with a source soon enough.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# As in 0018.
KEY = "CAST(strftime('%s', {row}published_at) AS INTEGER) * 2147483648 + {row}id"
WITH_SOURCE = "{row}search || ' ' || char(57344) || {row}source_id"
OWN = "char(57344) || {row}source_id || char(57344)"
WITH_OWN_WORDS = f"{WITH_SOURCE} || ' ' || {OWN} || replace({{row}}search, ' ', ' ' || {OWN})"
# Much of the index is gathered in memory while it is made: it is merged less often then.
REBUILD = (
    "INSERT INTO article_fts(article_fts, rank) VALUES ('hashsize', 67108864)",
    "INSERT INTO article_fts(article_fts) VALUES ('rebuild')",
    "INSERT INTO article_fts(article_fts, rank) VALUES ('hashsize', 1048576)",
)
# Of so many parts of a size one larger is made: of more than 4, as it was, the index is written less often.
MERGED = "INSERT INTO article_fts(article_fts, rank) VALUES ('automerge', 8)"
AS_MERGED_BEFORE = "INSERT INTO article_fts(article_fts, rank) VALUES ('automerge', 4)"


def _sqlite(searched: str, merged: str) -> tuple[str, ...]:
    new, old, plain = ((KEY.format(row=row), searched.format(row=row)) for row in ("new.", "old.", ""))
    add = " ".join(["INSERT INTO article_fts(rowid, search) VALUES (", ", ".join(new), ");"])
    remove = " ".join(["INSERT INTO article_fts(article_fts, rowid, search) VALUES ('delete',", ", ".join(old), ");"])
    columns = "search, published_at, source_id"
    return (
        *(f"DROP TRIGGER article_fts_{event}" for event in ("insert", "delete", "update")),
        "DROP VIEW article_search",
        " ".join(["CREATE VIEW article_search (key, search) AS SELECT", ", ".join(plain), "FROM article"]),
        f"CREATE TRIGGER article_fts_insert AFTER INSERT ON article BEGIN {add} END",
        f"CREATE TRIGGER article_fts_delete AFTER DELETE ON article BEGIN {remove} END",
        f"CREATE TRIGGER article_fts_update AFTER UPDATE OF {columns} ON article BEGIN {remove} {add} END",
        merged,
        *REBUILD,
    )


def upgrade() -> None:
    op.create_index("ix_article_source", "article", ["source_id", "published_at", "id"])
    op.drop_index("ix_article_source_id", "article")
    _execute(WITH_OWN_WORDS, MERGED)


def downgrade() -> None:
    _execute(WITH_SOURCE, AS_MERGED_BEFORE)
    op.create_index("ix_article_source_id", "article", ["source_id"])
    op.drop_index("ix_article_source", "article")


def _execute(searched: str, merged: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in _sqlite(searched, merged):
            op.execute(statement)
