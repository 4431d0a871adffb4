"""What is left of old deliveries: which message holds which part of which edition."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sent_copy",
        sa.Column("edition_id", BIG_ID, nullable=False),
        sa.Column("destination_id", BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_sent_copy_edition_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destination.id"], name="fk_sent_copy_destination_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "destination_id", "number", name="pk_sent_copy"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sent_copy_destination_id", "sent_copy", ["destination_id"])
    op.create_index("ix_delivery_destination_id", "delivery", ["destination_id"])


def downgrade() -> None:
    op.drop_index("ix_delivery_destination_id", "delivery")
    op.drop_table("sent_copy")
