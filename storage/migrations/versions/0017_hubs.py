"""When to ask a feed's hub (WebSub), how often it didn't answer, and when it last told of news."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("hub_next_at", sa.DateTime(timezone=True)))
    op.add_column("feed", sa.Column("hub_failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("feed", sa.Column("hub_told_at", sa.DateTime(timezone=True)))
    asked = sa.text("hub_next_at IS NOT NULL")
    op.create_index("ix_feed_hub", "feed", ["hub_next_at"], postgresql_where=asked, sqlite_where=asked)


def downgrade() -> None:
    op.drop_index("ix_feed_hub", table_name="feed")
    for column in ("hub_told_at", "hub_failures", "hub_next_at"):
        op.drop_column("feed", column)
