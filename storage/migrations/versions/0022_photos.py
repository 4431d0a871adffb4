"""Alerts with their article's photo: what is sent in place of a text, and which copies must be edited as captions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("edition_part", sa.Column("photo", sa.Text))
    op.add_column("sent_copy", sa.Column("manner", sa.String(8)))


def downgrade() -> None:
    op.drop_column("sent_copy", "manner")
    op.drop_column("edition_part", "photo")
