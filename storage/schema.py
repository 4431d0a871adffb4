"""The tables, once for SQLite and PostgreSQL. Migrations in `storage/migrations` bring a database here.

Every row that names a chat carries `bot_id`: a sandbox's chats and a real bot's never mix.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out. SQLite keeps no zone, so naive values read back are UTC by construction."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone reached the database; make it aware UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite only gives rowid aliases to INTEGER; PostgreSQL needs 64 bits.
BigId = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", BigId, primary_key=True, autoincrement=True)


source = Table(
    "source",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("url", Text),
    Column("trusted", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# A source that is polled. Its row changes with every poll; validators are kept as they came.
feed = Table(
    "feed",
    metadata,
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("host", Text, nullable=False),
    Column("folder", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("notice_due", Boolean, nullable=False, server_default=text("false")),
    Column("next_at", UtcDateTime, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String(64)),
    Column("seen", LargeBinary, nullable=False),  # 8 bytes for each item that was dealt with
    Column("waiting", JSON, nullable=False),  # items whose page didn't come: key in hex → tries
    Column("gap_s", Float),
    Column("ttl_s", Float),
    Column("full_text", Boolean),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", UtcDateTime),
    Column("last_error", Text),
    Column("polled_at", UtcDateTime),
    Column("ok_at", UtcDateTime),
    Column("new_at", UtcDateTime),
    Column("hub", Text),  # WebSub, from here on
    Column("hub_topic", Text),
    Column("hub_secret", Text),
    Column("hub_until", UtcDateTime),
    Column("hub_next_at", UtcDateTime),
    Column("hub_failures", Integer, nullable=False, server_default="0"),
    Column("hub_told_at", UtcDateTime),
    Column("pushed", LargeBinary),  # what the hub sent; empty: only that there is something
    Index(
        "ix_feed_due",
        "next_at",
        "source_id",
        postgresql_where=text("state = 'active'"),
        sqlite_where=text("state = 'active'"),
    ),
    Index(
        "ix_feed_hub",
        "hub_next_at",
        postgresql_where=text("hub_next_at IS NOT NULL"),
        sqlite_where=text("hub_next_at IS NOT NULL"),
    ),
    Index("ix_feed_notice", "source_id", postgresql_where=text("notice_due"), sqlite_where=text("notice_due")),
)

article = Table(
    "article",
    metadata,
    _id(),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("url", Text),
    Column("url_key", Text, unique=True),  # canonical form of the URL, for "known already"
    Column("guid", Text),
    Column("content_hash", String(64), nullable=False, unique=True),
    Column("headline", Text, nullable=False),
    Column("byline", Text),
    Column("dateline", Text),
    Column("paragraphs", JSON, nullable=False),
    Column("photo_url", Text),
    Column("caption", Text),
    Column("language", String(16), nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    Column("published_guessed", Boolean, nullable=False),
    Column("released_at", UtcDateTime),
    Column("status", String(16), nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("archive", Boolean, nullable=False),
    Column("alert_due", Boolean, nullable=False, server_default=text("false")),
    Column("summary", JSON, nullable=False),
    Column("search", Text, nullable=False),  # built by storage.search.search_text; indexed per database
    Column("added_by", BigInteger),
    Column("created_at", UtcDateTime, nullable=False),
    Column("embargo_until", UtcDateTime),
    Column("paywalled", Boolean, nullable=False, server_default=text("false")),
    Column("story_id", BigId),  # of a story of several; most articles are alone
    UniqueConstraint("source_id", "guid"),
    Index("ix_article_source", "source_id", "published_at", "id"),
    Index(
        "ix_article_story",
        "story_id",
        "id",
        postgresql_where=text("story_id IS NOT NULL"),
        sqlite_where=text("story_id IS NOT NULL"),
    ),
    Index(
        "ix_article_usable",
        "published_at",
        "id",
        postgresql_where=text("status = 'usable'"),
        sqlite_where=text("status = 'usable'"),
    ),
    Index(
        "ix_article_released",
        "released_at",
        "id",
        postgresql_where=text("status = 'usable'"),
        sqlite_where=text("status = 'usable'"),
    ),
    Index(
        "ix_article_pending",
        "created_at",
        "id",
        postgresql_where=text("status = 'pending'"),
        sqlite_where=text("status = 'pending'"),
    ),
    Index(
        "ix_article_withheld",
        "embargo_until",
        "id",
        postgresql_where=text("status = 'withheld'"),
        sqlite_where=text("status = 'withheld'"),
    ),
    Index(
        "ix_article_alert_due",
        "id",
        postgresql_where=text("alert_due"),
        sqlite_where=text("alert_due"),
    ),
)

# The article as other sources print it.
article_copy = Table(
    "article_copy",
    metadata,
    _id(),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("url", Text),
    Column("url_key", Text, unique=True),
    Column("guid", Text),
    Column("content_hash", String(64), nullable=False, unique=True),
    Column("headline", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("source_id", "guid"),
)

# Samples of recent articles' words, to find near copies by.
shingle = Table(
    "shingle",
    metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# Several articles about one event.
story = Table(
    "story",
    metadata,
    _id(),
    Column("headline_id", BigInteger),  # the article whose headline is the story's
    Column("summary", JSON(none_as_null=True)),  # what its articles tell together, and
    Column("summary_of", String(64)),  # of which versions of which articles it was made
    Column("merged_into", BigInteger),
    Column("made_at", UtcDateTime, nullable=False),
)

# The terms by which recent articles are found that may be of one story; `at` is when they were published.
story_term = Table(
    "story_term",
    metadata,
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, primary_key=True),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# What of recent articles is compared (ingest.traits packs it).
story_traits = Table(
    "story_traits",
    metadata,
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("traits", LargeBinary, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False, index=True),
)

# What editors changed: merged another story into this one, or split articles off it into another.
story_change = Table(
    "story_change",
    metadata,
    _id(),
    Column("story_id", ForeignKey("story.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("other_id", BigInteger),
    Column("article_ids", JSON, nullable=False),
    Column("changed_by", BigInteger),
    Column("at", UtcDateTime, nullable=False),
)

# What an article said before its source changed it.
article_version = Table(
    "article_version",
    metadata,
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("headline", Text, nullable=False),
    Column("paragraphs", JSON, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("url", Text),
    Column("replaced_at", UtcDateTime, nullable=False),
)

topic = Table(
    "topic",
    metadata,
    _id(),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("aliases", JSON, nullable=False),
    Column("rule", JSON, nullable=False),
    Column("parent_id", ForeignKey("topic.id")),
    Column("retired_at", UtcDateTime),  # no list shows it, and it files nothing
)

# What editors changed about topics, and what they are about to: each draft shows first what it would do.
topic_change = Table(
    "topic_change",
    metadata,
    _id(),
    Column("topic_id", BigId, index=True),  # NULL: of a new topic, until it is made
    Column("bot_id", BigInteger),
    Column("changed_by", BigInteger),  # NULL: from the command line
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON, nullable=False),
    Column("drafted_at", UtcDateTime, nullable=False),
    Column("made_at", UtcDateTime, index=True),  # NULL: a draft
    Column("revision", Integer, unique=True),  # counts the changes after which articles are filed otherwise
)

# By what articles were tagged: the topics' rules of a revision, and the models and vocabularies of a release.
tagger = Table(
    "tagger",
    metadata,
    _id(),
    Column("revision", Integer, nullable=False),
    Column("models", String(200), nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    UniqueConstraint("revision", "models"),
)

# Which tagger an article was last read by, and what in the text speaks for each of its topics.
article_tagging = Table(
    "article_tagging",
    metadata,
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("tagger_id", ForeignKey("tagger.id"), nullable=False),
    Column("evidence", JSON, nullable=False),  # topic id → [[term, part, times, weight], …]
)

# Editors' own word on an article's topics: filed there, or taken out. No rule changes these.
article_topic_by_hand = Table(
    "article_topic_by_hand",
    metadata,
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_id", ForeignKey("topic.id"), primary_key=True),
    Column("filed", Boolean, nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcDateTime, nullable=False),
)

# The archive being tagged again, newest articles first. What is left has ids below `before_id`.
retag = Table(
    "retag",
    metadata,
    _id(),
    Column("revision", Integer, nullable=False),
    Column("before_id", BigInteger, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("gained", Integer, nullable=False, server_default="0"),
    Column("lost", Integer, nullable=False, server_default="0"),
    Column("asked_by", BigInteger),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("began_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("worker", String(64)),  # who does it, and until when nobody else may
    Column("worker_until", UtcDateTime),
)

# Holds usable articles only, so that "latest 5 of a topic" reads 5 rows.
article_topic = Table(
    "article_topic",
    metadata,
    Column("topic_id", ForeignKey("topic.id"), primary_key=True),
    Column("published_at", UtcDateTime, primary_key=True),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("released_at", UtcDateTime, nullable=False),
    Column("salience", Float, nullable=False),
    Index("ix_article_topic_released", "topic_id", "released_at", "article_id"),
    sqlite_with_rowid=False,
)

# What the desk decided for articles that are not usable yet; moved to article_topic at release.
article_topic_pending = Table(
    "article_topic_pending",
    metadata,
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_id", ForeignKey("topic.id"), primary_key=True),
    Column("salience", Float, nullable=False),
)

# Each word of an editor on an article that came to wait for one.
decision = Table(
    "decision",
    metadata,
    _id(),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("decided_by", BigInteger),
    Column("reason", Text, nullable=False, server_default=""),
    Column("decided_at", UtcDateTime, nullable=False),
)

bot = Table(
    "bot",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("username", Text, nullable=False),
    Column("sender_epoch", BigInteger, nullable=False, server_default="0"),
    Column("retry_at", UtcDateTime),  # 429 for the whole bot
)

# When the bot's next message may leave, in Unix seconds of the database. On PostgreSQL it is UNLOGGED: no commit waits
# for the disk, and what a crash of the server empties counts for a moment only.
pace = Table(
    "pace",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("free_at", Double, nullable=False),
)

chat = Table(
    "chat",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("username", Text),
    Column("language", String(16), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("gone_reason", Text),
    Column("retry_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

destination = Table(
    "destination",
    metadata,
    _id(),
    Column("bot_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger, nullable=False, server_default="0"),
    Column("digest_length", Integer, nullable=False),
    Column("digest_through", UtcDateTime),
    Column("muted_until", UtcDateTime),
    Column("quiet_from", Integer),  # minutes of the local day; NULL: no quiet hours
    Column("quiet_until", Integer),
    Column("quiet_urgent", Boolean, nullable=False, server_default=text("false")),
    Column("says_nothing", Boolean, nullable=False, server_default=text("false")),
    Column("layout", String(8), nullable=False, server_default="classic"),
    UniqueConstraint("bot_id", "chat_id", "thread_id"),
)

subscription = Table(
    "subscription",
    metadata,
    Column("destination_id", ForeignKey("destination.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_id", ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True),
    Column("mode", String(16), nullable=False),
    Column("muted_from", String(16)),  # the mode before it was muted; NULL: it was not followed
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_subscription_topic", "topic_id", "destination_id", "mode"),
)

schedule = Table(
    "schedule",
    metadata,
    _id(),
    Column("destination_id", ForeignKey("destination.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("weekdays", Integer, nullable=False),
    Column("minute", Integer, nullable=False),
    Column("every_hours", Integer),
    Column("next_at", UtcDateTime),
    Index("ix_schedule_due", "next_at", "id"),
)

# A digest slot that was dealt with, whether or not there was anything to send.
digest_slot = Table(
    "digest_slot",
    metadata,
    Column("destination_id", ForeignKey("destination.id", ondelete="CASCADE"), primary_key=True),
    Column("slot", String(32), primary_key=True),  # "2026-03-29T08:00" local, or a UTC instant with Z
    Column("due_at", UtcDateTime, nullable=False, index=True),
)

edition = Table(
    "edition",
    metadata,
    _id(),
    Column("bot_id", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("signature", Text, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("composed_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("audience", JSON),  # whom fan-out addresses (delivery.audience); NULL where deliveries came with the edition
    Column("fanout_after", BigInteger),  # last destination id done; NULL when fan-out is complete
    Column("requested_by", BigInteger),
    Column("recipe", JSON(none_as_null=True)),  # what it was composed of (delivery.recipe), to compose it again
    Column("amends", BigInteger, index=True),  # its copies are brought up to date
    Column("correction_id", BigInteger, index=True),  # that this carries out
    Column("revision", BigInteger, nullable=False, server_default="0"),  # last correction that was worked in
    Column("urgency", Integer),  # 1: passes quiet hours where the chat allows it
    UniqueConstraint("bot_id", "signature"),
    Index(
        "ix_edition_fanout",
        "id",
        postgresql_where=text("fanout_after IS NOT NULL"),
        sqlite_where=text("fanout_after IS NOT NULL"),
    ),
)

edition_part = Table(
    "edition_part",
    metadata,
    Column("edition_id", ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("keyboard", JSON, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="0"),  # last correction that changed it
    Column("gone", Boolean, nullable=False, server_default=text("false")),  # nothing is left in it: delete copies
    Column("message_id", BigInteger),  # of the one message that it replaces, where the edition amends replies
    Column("rich", Text),  # JSON of an InputRichMessage
    Column("photo", Text),  # JSON of an InputMediaPhoto: in place of the text
)

edition_article = Table(
    "edition_article",
    metadata,
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("edition_id", ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
)

delivery = Table(
    "delivery",
    metadata,
    _id(),
    Column("bot_id", BigInteger, nullable=False),
    Column("edition_id", ForeignKey("edition.id"), nullable=False),
    Column("destination_id", ForeignKey("destination.id"), nullable=False, index=True),
    Column("lane", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("next_part", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("doubts", Integer, nullable=False, server_default="0"),  # calls whose answer never came
    Column("plain", Boolean, nullable=False, server_default=text("false")),
    Column("classic", Boolean, nullable=False, server_default=text("false")),  # rich, or its photo, was refused
    Column("not_before", UtcDateTime, nullable=False),
    Column("reason", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    UniqueConstraint("edition_id", "destination_id"),
    Index(
        "ix_delivery_queued",
        "bot_id",
        "lane",
        "not_before",
        "id",
        postgresql_where=text("state = 'queued'"),
        sqlite_where=text("state = 'queued'"),
    ),
    Index(
        "ix_delivery_begun",
        "bot_id",
        "lane",
        "not_before",
        "id",
        postgresql_where=text("state = 'queued' AND (next_part > 0 OR reason IS NOT NULL)"),
        sqlite_where=text("state = 'queued' AND (next_part > 0 OR reason IS NOT NULL)"),
    ),
    Index(
        "ix_delivery_open",
        "destination_id",
        "lane",
        "id",
        postgresql_where=text("state IN ('queued', 'sending')"),
        sqlite_where=text("state IN ('queued', 'sending')"),
    ),
    Index(
        "ix_delivery_sending",
        "id",
        postgresql_where=text("state = 'sending'"),
        sqlite_where=text("state = 'sending'"),
    ),
    Index("ix_delivery_done", "done_at"),
)

# Made when a part is about to be sent; `in_doubt` says that its answer never came.
delivery_part = Table(
    "delivery_part",
    metadata,
    Column("delivery_id", ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("message_id", BigInteger),
    Column("in_doubt", Boolean, nullable=False, server_default=text("false")),
    Column("at", UtcDateTime, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="0"),  # of the text that was sent
    Column("manner", String(8)),  # how a message must be changed: "kept" (not deleted), "caption" (it has a photo)
)

# What is left of a delivery that is not kept any more: its messages that hold articles, so that a correction reaches
# them.
sent_copy = Table(
    "sent_copy",
    metadata,
    Column("edition_id", ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True),
    Column("destination_id", ForeignKey("destination.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("number", Integer, primary_key=True),
    Column("message_id", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="0"),  # of the text that it shows
    Column("manner", String(8)),  # as its delivery_part's
    sqlite_with_rowid=False,
)

# Replies that carried an article, kept 30 days so that a correction can reach them.
reply_article = Table(
    "reply_article",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("message_id", BigInteger, primary_key=True),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("position", Integer, nullable=False, server_default="0"),  # in the reply's list
    Column("desk", Boolean, nullable=False, server_default=text("false")),  # an editor's own view: not corrected
    Column("revision", BigInteger, nullable=False, server_default="0"),  # last correction that was worked in
)

# An editor's word that a published article was wrong (correction) or must not be used (kill), and its carrying out.
correction = Table(
    "correction",
    metadata,
    _id(),
    Column("bot_id", BigInteger, nullable=False),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),  # draft, open (being carried out), done
    Column("note", Text, nullable=False),  # what readers are told
    Column("change", JSON, nullable=False),  # {"wrong": …, "right": …} where words are replaced
    Column("requested_by", BigInteger),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_correction_article", "article_id", "id"),
    Index(
        "ix_correction_open",
        "bot_id",
        "id",
        postgresql_where=text("state = 'open'"),
        sqlite_where=text("state = 'open'"),
    ),
)

# Messages that tell how something goes and are edited until it is done.
progress_message = Table(
    "progress_message",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("message_id", BigInteger, primary_key=True),
    Column("kind", String(16), nullable=False),  # edition, correction, retag
    Column("subject_id", BigInteger, nullable=False),
    Column("shown", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

editor = Table(
    "editor",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("role", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("added_by", BigInteger),
    Column("added_at", UtcDateTime, nullable=False),
)

# One-time links by which an owner claims the bot or a colleague becomes an editor; only a hash of the secret is kept.
invitation = Table(
    "invitation",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("secret_hash", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("created_by", BigInteger),
    Column("expires_at", UtcDateTime, nullable=False),
)

# Updates from Telegram as they came, until they are handled: a command is not lost in a crash nor taken twice.
inbox = Table(
    "inbox",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("update_id", BigInteger, primary_key=True),
    Column("payload", JSON, nullable=False),
    Column("digest", String(64), nullable=False),  # tells a repeated update from another one under its number
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("handled_at", UtcDateTime),
    Index(
        "ix_inbox_open",
        "bot_id",
        "update_id",
        postgresql_where=text("handled_at IS NULL"),
        sqlite_where=text("handled_at IS NULL"),
    ),
)

# Which process handles a bot's updates, where several could: its turn ends by itself unless it is renewed.
inbox_turn = Table(
    "inbox_turn",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

# What the bot asked somebody and waits to be told ("send the text"): here, so that a restart forgets no question.
prompt = Table(
    "prompt",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("data", JSON, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)
