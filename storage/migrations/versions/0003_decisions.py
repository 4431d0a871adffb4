"""Who decided on an article, and what a muted topic's mode was before, so that unmuting brings it back."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_decision_article_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_article_id", "decision", ["article_id"])
    op.add_column("subscription", sa.Column("muted_from", sa.String(16)))
    # Until now unmuting always led into the digest.
    op.execute("UPDATE subscription SET muted_from = 'digest' WHERE mode = 'muted'")


def downgrade() -> None:
    op.drop_column("subscription", "muted_from")
    op.drop_table("decision")
