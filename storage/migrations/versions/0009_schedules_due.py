"""Due schedule entries in the order in which pages of them are read."""

from collections.abc import Sequence

from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_schedule_due", "schedule", ["next_at", "id"])
    op.drop_index("ix_schedule_next_at", "schedule")


def downgrade() -> None:
    op.create_index("ix_schedule_next_at", "schedule", ["next_at"])
    op.drop_index("ix_schedule_due", "schedule")
