"""Near copies: other sources of an article, and what they are found by."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "article_copy",
        sa.Column("id", BIG_ID, nullable=False, autoincrement=True),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("source_id", BIG_ID, nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("url_key", sa.Text()),
        sa.Column("guid", sa.Text()),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_article_copy_article_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_article_copy_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_article_copy"),
        sa.UniqueConstraint("url_key", name="uq_article_copy_url_key"),
        sa.UniqueConstraint("content_hash", name="uq_article_copy_content_hash"),
        sa.UniqueConstraint("source_id", "guid", name="uq_article_copy_source_id_guid"),
    )
    op.create_index("ix_article_copy_article_id", "article_copy", ["article_id"])
    op.create_table(
        "shingle",
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_shingle_article_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", "article_id", name="pk_shingle"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_shingle_article_id", "shingle", ["article_id"])


def downgrade() -> None:
    op.drop_table("shingle")
    op.drop_table("article_copy")
