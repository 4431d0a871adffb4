"""Stories: the articles about one event, what they are found by, editors' changes; and earlier versions of articles."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "story",
        sa.Column("id", BIG_ID, nullable=False, autoincrement=True),
        sa.Column("headline_id", sa.BigInteger()),
        sa.Column("summary", sa.JSON()),
        sa.Column("summary_of", sa.String(64)),
        sa.Column("merged_into", sa.BigInteger()),
        sa.Column("made_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_story"),
    )
    op.add_column("article", sa.Column("story_id", BIG_ID))
    told = sa.text("story_id IS NOT NULL")
    op.create_index("ix_article_story", "article", ["story_id", "id"], postgresql_where=told, sqlite_where=told)
    op.create_table(
        "story_term",
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_story_term_article_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("term", "at", "article_id", name="pk_story_term"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_term_article_id", "story_term", ["article_id"])
    op.create_table(
        "story_traits",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("traits", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_story_traits_article_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", name="pk_story_traits"),
    )
    op.create_index("ix_story_traits_kept_at", "story_traits", ["kept_at"])
    op.create_table(
        "story_change",
        sa.Column("id", BIG_ID, nullable=False, autoincrement=True),
        sa.Column("story_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("other_id", sa.BigInteger()),
        sa.Column("article_ids", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.BigInteger()),
        sa.Column("at", AT, nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_story_change_story_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_story_change"),
    )
    op.create_index("ix_story_change_story_id", "story_change", ["story_id"])
    op.create_table(
        "article_version",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("paragraphs", sa.JSON(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("replaced_at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_article_version_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "version", name="pk_article_version"),
    )


def downgrade() -> None:
    for table in ("article_version", "story_change", "story_traits", "story_term"):
        op.drop_table(table)
    op.drop_index("ix_article_story", "article")
    op.drop_column("article", "story_id")
    op.drop_table("story")
