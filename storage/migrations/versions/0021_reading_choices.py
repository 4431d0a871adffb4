"""How a destination reads: quiet hours, a word when nothing is new, rich messages."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    no = sa.text("false")
    op.add_column("destination", sa.Column("quiet_from", sa.Integer))
    op.add_column("destination", sa.Column("quiet_until", sa.Integer))
    op.add_column("destination", sa.Column("quiet_urgent", sa.Boolean, nullable=False, server_default=no))
    op.add_column("destination", sa.Column("says_nothing", sa.Boolean, nullable=False, server_default=no))
    op.add_column("destination", sa.Column("layout", sa.String(8), nullable=False, server_default="classic"))
    op.add_column("edition_part", sa.Column("rich", sa.Text))
    op.add_column("delivery", sa.Column("classic", sa.Boolean, nullable=False, server_default=no))


def downgrade() -> None:
    op.drop_column("delivery", "classic")
    op.drop_column("edition_part", "rich")
    for column in ("layout", "says_nothing", "quiet_urgent", "quiet_until", "quiet_from"):
        op.drop_column("destination", column)
