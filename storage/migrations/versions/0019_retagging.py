"""Why an article is in a topic and who said so; changes of topics, and tagging the archive again after them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("topic", sa.Column("retired_at", TIME))
    op.create_table(
        "topic_change",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("topic_id", BIG_ID),
        sa.Column("bot_id", sa.BigInteger()),
        sa.Column("changed_by", sa.BigInteger()),
        sa.Column("before", sa.JSON(none_as_null=True)),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("drafted_at", TIME, nullable=False),
        sa.Column("made_at", TIME),
        sa.Column("revision", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_change")),
        sa.UniqueConstraint("revision", name=op.f("uq_topic_change_revision")),
    )
    for column in ("topic_id", "made_at"):
        op.create_index(op.f(f"ix_topic_change_{column}"), "topic_change", [column])
    op.create_table(
        "tagger",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("models", sa.String(200), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tagger")),
        sa.UniqueConstraint("revision", "models", name=op.f("uq_tagger_revision_models")),
    )
    op.create_table(
        "article_tagging",
        sa.Column("article_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("tagger_id", BIG_ID, nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_tagging")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_tagging_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tagger_id"], ["tagger.id"], name=op.f("fk_article_tagging_tagger_id")),
    )
    op.create_table(
        "article_topic_by_hand",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("topic_id", BIG_ID, nullable=False),
        sa.Column("filed", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("article_id", "topic_id", name=op.f("pk_article_topic_by_hand")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_topic_by_hand_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_article_topic_by_hand_topic_id")),
    )
    op.create_table(
        "retag",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("before_id", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False, server_default="0") for name in ("done", "gained", "lost")),
        sa.Column("asked_by", sa.BigInteger()),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("began_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("worker", sa.String(64)),
        sa.Column("worker_until", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retag")),
    )


def downgrade() -> None:
    for table in ("retag", "article_topic_by_hand", "article_tagging", "tagger", "topic_change"):
        op.drop_table(table)
    op.drop_column("topic", "retired_at")
