"""An index of the deliveries that were begun: a message of several arrived, or a call has to be made again.

They go before the others of their lane: else whoever has half a digest waits for the rest until all have the first.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BEGUN = sa.text("state = 'queued' AND (next_part > 0 OR reason IS NOT NULL)")


def upgrade() -> None:
    op.create_index(
        "ix_delivery_begun",
        "delivery",
        ["bot_id", "lane", "not_before", "id"],
        postgresql_where=BEGUN,
        sqlite_where=BEGUN,
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_begun", "delivery")
