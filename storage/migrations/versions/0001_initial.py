"""The first schema, with the full-text index of each database over article.search.

A later migration that rebuilds `article` on SQLite (batch mode copies the table) must make the triggers again.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    "reply_article",
    "edition_article",
    "delivery_part",
    "article_topic_pending",
    "article_topic",
    "subscription",
    "schedule",
    "edition_part",
    "digest_slot",
    "delivery",
    "article",
    "topic",
    "source",
    "prompt",
    "invitation",
    "inbox_turn",
    "inbox",
    "editor",
    "edition",
    "destination",
    "chat",
    "bot",
)

# Newest first: seconds of published_at, then the article's id (see storage/search.py).
KEY = "CAST(strftime('%s', {row}published_at) AS INTEGER) * 2147483648 + {row}id"

ADD = f"INSERT INTO article_fts(rowid, search) VALUES ({KEY.format(row='new.')}, new.search);"  # noqa: S608
REMOVE = f"""INSERT INTO article_fts(article_fts, rowid, search)
    VALUES ('delete', {KEY.format(row="old.")}, old.search);"""  # noqa: S608

SQLITE = (
    f"CREATE VIEW article_search AS SELECT {KEY.format(row='')} AS key, search FROM article",  # noqa: S608
    """CREATE VIRTUAL TABLE article_fts USING fts5(
        search, content='article_search', content_rowid='key',
        tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'")""",
    f"CREATE TRIGGER article_fts_insert AFTER INSERT ON article BEGIN {ADD} END",
    f"CREATE TRIGGER article_fts_delete AFTER DELETE ON article BEGIN {REMOVE} END",
    f"CREATE TRIGGER article_fts_update AFTER UPDATE OF search, published_at ON article BEGIN {REMOVE} {ADD} END",
)
POSTGRESQL = (
    "ALTER TABLE article ADD COLUMN search_vector tsvector GENERATED ALWAYS AS (to_tsvector('simple', search)) STORED",
    "CREATE INDEX ix_article_search ON article USING gin (search_vector)",
)


def upgrade() -> None:
    _create_tables()
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE article_fts")
        op.execute("DROP VIEW article_search")
    for table in TABLES:
        op.drop_table(table)


def _create_tables() -> None:
    op.create_table(
        "bot",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("sender_epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("bot_id", name=op.f("pk_bot")),
    )
    op.create_table(
        "chat",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("gone_reason", sa.Text(), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", name=op.f("pk_chat")),
    )
    op.create_table(
        "destination",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("digest_length", sa.Integer(), nullable=False),
        sa.Column("digest_through", sa.DateTime(timezone=True), nullable=True),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destination")),
        sa.UniqueConstraint("bot_id", "chat_id", "thread_id", name=op.f("uq_destination_bot_id_chat_id_thread_id")),
    )
    op.create_table(
        "edition",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("composed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("audience", sa.JSON(), nullable=True),
        sa.Column("fanout_after", sa.BigInteger(), nullable=True),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint("bot_id", "signature", name=op.f("uq_edition_bot_id_signature")),
    )
    op.create_index(
        "ix_edition_fanout",
        "edition",
        ["id"],
        unique=False,
        postgresql_where=sa.text("fanout_after IS NOT NULL"),
        sqlite_where=sa.text("fanout_after IS NOT NULL"),
    )
    op.create_table(
        "editor",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "user_id", name=op.f("pk_editor")),
    )
    op.create_table(
        "inbox",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("bot_id", "update_id", name=op.f("pk_inbox")),
    )
    op.create_index(
        "ix_inbox_open",
        "inbox",
        ["bot_id", "update_id"],
        unique=False,
        postgresql_where=sa.text("handled_at IS NULL"),
        sqlite_where=sa.text("handled_at IS NULL"),
    )
    op.create_index(op.f("ix_inbox_received_at"), "inbox", ["received_at"], unique=False)
    op.create_table(
        "inbox_turn",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", name=op.f("pk_inbox_turn")),
    )
    op.create_table(
        "invitation",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "secret_hash", name=op.f("pk_invitation")),
    )
    op.create_table(
        "prompt",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", "user_id", name=op.f("pk_prompt")),
    )
    op.create_index(op.f("ix_prompt_expires_at"), "prompt", ["expires_at"], unique=False)
    op.create_table(
        "source",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
    )
    op.create_table(
        "topic",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("parent_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["topic.id"], name=op.f("fk_topic_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("slug", name=op.f("uq_topic_slug")),
    )
    op.create_table(
        "article",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("source_id", BIG_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("url_key", sa.Text(), nullable=True),
        sa.Column("guid", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("byline", sa.Text(), nullable=True),
        sa.Column("dateline", sa.Text(), nullable=True),
        sa.Column("paragraphs", sa.JSON(), nullable=False),
        sa.Column("photo_url", sa.Text(), nullable=True),
        sa.Column("caption", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_guessed", sa.Boolean(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("archive", sa.Boolean(), nullable=False),
        sa.Column("alert_due", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_article_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_article_content_hash")),
        sa.UniqueConstraint("source_id", "guid", name=op.f("uq_article_source_id_guid")),
        sa.UniqueConstraint("url_key", name=op.f("uq_article_url_key")),
    )
    op.create_index(
        "ix_article_alert_due",
        "article",
        ["id"],
        unique=False,
        postgresql_where=sa.text("alert_due"),
        sqlite_where=sa.text("alert_due"),
    )
    op.create_index(
        "ix_article_pending",
        "article",
        ["created_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
        sqlite_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_article_released",
        "article",
        ["released_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'usable'"),
        sqlite_where=sa.text("status = 'usable'"),
    )
    op.create_index(op.f("ix_article_source_id"), "article", ["source_id"], unique=False)
    op.create_index(
        "ix_article_usable",
        "article",
        ["published_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'usable'"),
        sqlite_where=sa.text("status = 'usable'"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("edition_id", BIG_ID, nullable=False),
        sa.Column("destination_id", BIG_ID, nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("next_part", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("doubts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("plain", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["destination_id"], ["destination.id"], name=op.f("fk_delivery_destination_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_delivery_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("edition_id", "destination_id", name=op.f("uq_delivery_edition_id_destination_id")),
    )
    op.create_index("ix_delivery_done", "delivery", ["done_at"], unique=False)
    op.create_index(
        "ix_delivery_open",
        "delivery",
        ["destination_id", "lane", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_index(
        "ix_delivery_queued",
        "delivery",
        ["bot_id", "lane", "not_before", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
        sqlite_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_delivery_sending",
        "delivery",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
        sqlite_where=sa.text("state = 'sending'"),
    )
    op.create_table(
        "digest_slot",
        sa.Column("destination_id", BIG_ID, nullable=False),
        sa.Column("slot", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destination.id"], name=op.f("fk_digest_slot_destination_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("destination_id", "slot", name=op.f("pk_digest_slot")),
    )
    op.create_index(op.f("ix_digest_slot_due_at"), "digest_slot", ["due_at"], unique=False)
    op.create_table(
        "edition_part",
        sa.Column("edition_id", BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("keyboard", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_edition_part_edition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "number", name=op.f("pk_edition_part")),
    )
    op.create_table(
        "schedule",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("destination_id", BIG_ID, nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("every_hours", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destination.id"], name=op.f("fk_schedule_destination_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
    )
    op.create_index(op.f("ix_schedule_destination_id"), "schedule", ["destination_id"], unique=False)
    op.create_index(op.f("ix_schedule_next_at"), "schedule", ["next_at"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("destination_id", BIG_ID, nullable=False),
        sa.Column("topic_id", BIG_ID, nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destination.id"], name=op.f("fk_subscription_destination_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_subscription_topic_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("destination_id", "topic_id", name=op.f("pk_subscription")),
    )
    op.create_index("ix_subscription_topic", "subscription", ["topic_id", "destination_id", "mode"], unique=False)
    op.create_table(
        "article_topic",
        sa.Column("topic_id", BIG_ID, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("salience", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_topic_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_article_topic_topic_id")),
        sa.PrimaryKeyConstraint("topic_id", "published_at", "article_id", name=op.f("pk_article_topic")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_article_topic_article_id"), "article_topic", ["article_id"], unique=False)
    op.create_index(
        "ix_article_topic_released", "article_topic", ["topic_id", "released_at", "article_id"], unique=False
    )
    op.create_table(
        "article_topic_pending",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("topic_id", BIG_ID, nullable=False),
        sa.Column("salience", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_topic_pending_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_article_topic_pending_topic_id")),
        sa.PrimaryKeyConstraint("article_id", "topic_id", name=op.f("pk_article_topic_pending")),
    )
    op.create_table(
        "delivery_part",
        sa.Column("delivery_id", BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("in_doubt", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_part_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_delivery_part")),
    )
    op.create_table(
        "edition_article",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("edition_id", BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_edition_article_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_edition_article_edition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "edition_id", "number", name=op.f("pk_edition_article")),
    )
    op.create_table(
        "reply_article",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_reply_article_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", "message_id", "article_id", name=op.f("pk_reply_article")),
    )
    op.create_index(op.f("ix_reply_article_article_id"), "reply_article", ["article_id"], unique=False)
    op.create_index(op.f("ix_reply_article_at"), "reply_article", ["at"], unique=False)
