"""Corrections, kills, embargoes: what was sent can be brought up to date.

Columns are added plainly, without batch mode: nothing is copied, and the full-text triggers of `article` stay.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _columns() -> list[tuple[str, sa.Column[object]]]:
    no, nought = sa.text("false"), "0"
    return [
        ("article", sa.Column("embargo_until", sa.DateTime(timezone=True))),
        ("edition", sa.Column("recipe", sa.JSON())),
        ("edition", sa.Column("amends", sa.BigInteger())),
        ("edition", sa.Column("correction_id", sa.BigInteger())),
        ("edition", sa.Column("revision", sa.BigInteger(), nullable=False, server_default=nought)),
        ("edition", sa.Column("urgency", sa.Integer())),
        ("edition_part", sa.Column("revision", sa.BigInteger(), nullable=False, server_default=nought)),
        ("edition_part", sa.Column("gone", sa.Boolean(), nullable=False, server_default=no)),
        ("edition_part", sa.Column("message_id", sa.BigInteger())),
        ("delivery_part", sa.Column("revision", sa.BigInteger(), nullable=False, server_default=nought)),
        ("delivery_part", sa.Column("manner", sa.String(8))),
        ("reply_article", sa.Column("position", sa.Integer(), nullable=False, server_default=nought)),
        ("reply_article", sa.Column("desk", sa.Boolean(), nullable=False, server_default=no)),
        ("reply_article", sa.Column("revision", sa.BigInteger(), nullable=False, server_default=nought)),
    ]


def upgrade() -> None:
    for table, column in _columns():
        op.add_column(table, column)
    op.create_index("ix_edition_amends", "edition", ["amends"])
    op.create_index("ix_edition_correction_id", "edition", ["correction_id"])
    op.create_table(
        "correction",
        sa.Column("id", BIG_ID, nullable=False, autoincrement=True),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("change", sa.JSON(), nullable=False),
        sa.Column("requested_by", sa.BigInteger()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_correction_article_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
    )
    op.create_index("ix_correction_article", "correction", ["article_id", "id"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_correction_open", "correction", ["bot_id", "id"], postgresql_where=is_open, sqlite_where=is_open
    )
    op.create_table(
        "progress_message",
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("bot_id", "chat_id", "message_id")),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", "message_id", name="pk_progress_message"),
    )


def downgrade() -> None:
    op.drop_table("progress_message")
    op.drop_table("correction")
    op.drop_index("ix_edition_correction_id", "edition")
    op.drop_index("ix_edition_amends", "edition")
    for table, column in reversed(_columns()):
        op.drop_column(table, column.name)
