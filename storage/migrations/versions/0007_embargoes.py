"""Embargoes: what is withheld is found by the moment at which it becomes usable."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    withheld = sa.text("status = 'withheld'")
    op.create_index(
        "ix_article_withheld",
        "article",
        ["embargo_until", "id"],
        postgresql_where=withheld,
        sqlite_where=withheld,
    )


def downgrade() -> None:
    op.drop_index("ix_article_withheld", "article")
