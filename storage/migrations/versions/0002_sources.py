"""Feeds that are polled: where they are, how they are, when they are next.

A table beside `source` and not more columns in it: most sources are no feeds, and these rows change with every poll.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False, server_default=""),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("notice_due", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("body_hash", sa.String(64)),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
        sa.Column("waiting", sa.JSON(), nullable=False),
        sa.Column("gap_s", sa.Float()),
        sa.Column("ttl_s", sa.Float()),
        sa.Column("full_text", sa.Boolean()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text()),
        sa.Column("polled_at", sa.DateTime(timezone=True)),
        sa.Column("ok_at", sa.DateTime(timezone=True)),
        sa.Column("new_at", sa.DateTime(timezone=True)),
        sa.Column("hub", sa.Text()),
        sa.Column("hub_topic", sa.Text()),
        sa.Column("hub_secret", sa.Text()),
        sa.Column("hub_until", sa.DateTime(timezone=True)),
        sa.Column("pushed", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_feed_source_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id", name="pk_feed"),
        sa.UniqueConstraint("url", name="uq_feed_url"),
    )
    _partial_index("ix_feed_due", ["next_at", "source_id"], "state = 'active'")
    _partial_index("ix_feed_notice", ["source_id"], "notice_due")


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "feed", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def downgrade() -> None:
    op.drop_table("feed")
