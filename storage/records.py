"""Frozen records that every room speaks. Times are aware UTC; ids are the database's own integers.

See docs/glossary.md for the words. News terms follow IPTC ninjs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any


class ArticleStatus(StrEnum):
    """IPTC `pubstatus`, with the two states before it: pending and rejected."""

    PENDING = "pending"
    USABLE = "usable"
    REJECTED = "rejected"
    WITHHELD = "withheld"
    CANCELED = "canceled"


class SourceKind(StrEnum):
    FEED = "feed"
    SITE = "site"
    FILE = "file"
    MANUAL = "manual"


class FeedState(StrEnum):
    """`paused`: by an editor, or because the feed is gone or failed for long; its reason says which."""

    ACTIVE = "active"
    PAUSED = "paused"


class ChatKind(StrEnum):
    """Telegram's own chat types."""

    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class ChatState(StrEnum):
    """`stopped`: the chat said /stop. `gone`: Telegram says that it can't be reached."""

    ACTIVE = "active"
    STOPPED = "stopped"
    GONE = "gone"


class Mode(StrEnum):
    INSTANT = "instant"
    DIGEST = "digest"
    MUTED = "muted"


class Role(StrEnum):
    """What an editor may do; each role includes those after it."""

    OWNER = "owner"
    EDITOR = "editor"
    CONTRIBUTOR = "contributor"


class EditionKind(StrEnum):
    DIGEST = "digest"
    ALERT = "alert"
    PUSH = "push"
    CORRECTION = "correction"
    KILL = "kill"
    ANNOUNCEMENT = "announcement"


class Lane(IntEnum):
    """Smaller goes first; one pacer serves them all."""

    REPLY = 0
    ALERT = 1
    CORRECTION = 2
    DIGEST = 3
    ANNOUNCEMENT = 4
    HELD = 5  # alerts that wait for quiet hours to end: no sender takes them


class CorrectionKind(StrEnum):
    """`kill`: the article must not be used any more. News agencies' own words."""

    CORRECTION = "correction"
    KILL = "kill"


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Source:
    id: int
    name: str
    kind: SourceKind
    url: str | None
    trusted: bool


@dataclass(frozen=True, slots=True)
class PolledFeed:
    """A source that is polled, with all that the next poll needs to know.

    `seen`: 8 bytes for each item that was dealt with, newest last. `waiting`: items whose page didn't come, with the
    tries. `gap_s`: mean time between its items; `ttl_s`: how long the feed asks to be left alone. `full_text`: its
    items hold whole articles, None while that isn't known. `polled_at`, `ok_at`, `new_at`: the last poll, the last one
    that went well, the last that brought something. `hub` tells of news of `hub_topic` until `hub_until` (WebSub), and
    is asked again at `hub_next_at`; `hub_told_at`: when it last did. `pushed`: what it sent, empty if not kept.
    """

    source: Source
    url: str
    host: str
    folder: str
    state: FeedState
    next_at: datetime
    reason: str | None = None
    notice_due: bool = False
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    seen: bytes = b""
    waiting: dict[str, int] = field(default_factory=dict)
    gap_s: float | None = None
    ttl_s: float | None = None
    full_text: bool | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    polled_at: datetime | None = None
    ok_at: datetime | None = None
    new_at: datetime | None = None
    hub: str | None = None
    hub_topic: str | None = None
    hub_secret: str | None = None
    hub_until: datetime | None = None
    hub_next_at: datetime | None = None
    hub_failures: int = 0
    hub_told_at: datetime | None = None
    pushed: bytes | None = None


@dataclass(frozen=True, slots=True)
class ArticleDraft:
    """One article as extraction leaves it, before the desk decides what becomes of it.

    `paragraphs` hold the body in order, without headline, captions or page chrome. `published_at` is what the
    source says, None where it says nothing; `published_guess` is what only looks like it, and is used marked as a
    guess. `paywalled`: the source shows no more than the beginning to those who don't pay. `embargo_until`: the
    source asks that it not be published before.
    """

    headline: str
    paragraphs: tuple[str, ...]
    source: str | None = None
    byline: str | None = None
    dateline: str | None = None
    url: str | None = None
    guid: str | None = None
    photo_url: str | None = None
    caption: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    published_guess: datetime | None = None
    paywalled: bool = False
    embargo_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewArticle:
    """A draft with the desk's decisions: what is stored. `topics` maps topic id to salience (over 0).

    `alert`: if it is usable at once, those who follow a topic of it instantly are told. `search`: what
    storage.words.search_text makes of it, where that was done already.
    """

    draft: ArticleDraft
    source_id: int
    language: str
    content_hash: str
    status: ArticleStatus
    summary: tuple[str, ...]
    topics: dict[int, float]
    published_at: datetime
    released_at: datetime | None
    archive: bool = False
    added_by: int | None = None
    alert: bool = True
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """`published_at` falls back to a guess, or to the arrival, where the source gave none (`published_guessed`).

    `paywalled`: `paragraphs` are only the beginning, which the source shows to everybody. `released_at` is set when the
    article became usable here, `embargo_until` when a withheld one will. `archive` articles are found, never pushed.
    """

    id: int
    source_id: int
    source: str
    url: str | None
    guid: str | None
    headline: str
    byline: str | None
    dateline: str | None
    paragraphs: tuple[str, ...]
    photo_url: str | None
    caption: str | None
    language: str
    published_at: datetime
    published_guessed: bool
    released_at: datetime | None
    status: ArticleStatus
    version: int
    archive: bool
    summary: tuple[str, ...]
    topics: tuple[str, ...]
    added_by: int | None
    created_at: datetime
    paywalled: bool = False
    embargo_until: datetime | None = None
    story_id: int | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A keyset position: rows strictly before (at, id), newest first."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class TopicRule:
    """What files an article under a topic. Terms are matched as whole words (CJK: as substrings), ignoring case.

    `strong` terms alone can carry a topic; `weak` ones only add to it; where a `never` term stands, no other counts.
    `dateline` terms carry it where they stand in the dateline. `countries` are ISO 3166-1 codes whose names, peoples
    and cities are strong terms too. `subjects` (IPTC Media Topics) and `learnt_countries` are found by trained models.
    """

    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    dateline: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    learnt_countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as `config/topics.toml` gives it. `aliases` are names people type; `parent` is a slug."""

    slug: str
    name: str
    aliases: tuple[str, ...] = ()
    rule: TopicRule = field(default_factory=TopicRule)
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """`retired`: editors took it out of use; it files nothing and no list shows it."""

    id: int
    slug: str
    name: str
    aliases: tuple[str, ...]
    rule: TopicRule
    parent_id: int | None
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A term that spoke for a topic: as the text writes it, in which part, how often, and the weight it gave."""

    term: str
    part: str
    times: int
    weight: float


Evidence = Mapping[int, tuple[Found, ...]]  # by topic id, the most telling first


@dataclass(frozen=True, slots=True)
class Chat:
    """`retry_at`: Telegram asked (429) that this chat be left alone until then."""

    bot_id: int
    chat_id: int
    kind: ChatKind
    title: str
    username: str | None
    language: str
    zone: str
    state: ChatState
    gone_reason: str | None
    retry_at: datetime | None


class Layout(StrEnum):
    """How messages look. `refused`: rich ones were wished for, and Telegram did not take them."""

    CLASSIC = "classic"
    RICH = "rich"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Minutes of the local day; over midnight where `start` is after `end`. `urgent`: URGENT alerts come anyway."""

    start: int
    end: int
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """Where something is sent. `thread_id` is 0 where there is none. `digest_through`: its last digest's window end.

    `says_nothing`: a digest without news comes too, and says so.
    """

    id: int
    bot_id: int
    chat_id: int
    thread_id: int
    digest_length: int
    digest_through: datetime | None
    muted_until: datetime | None
    quiet: QuietHours | None = None
    says_nothing: bool = False
    layout: Layout = Layout.CLASSIC


@dataclass(frozen=True, slots=True)
class Subscription:
    destination_id: int
    topic_id: int
    slug: str
    name: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """`weekdays` has bit 0 for Monday … bit 6 for Sunday; `minute` counts from local midnight.

    Where `every_hours` is set the entry fires each so many hours from UTC midnight instead, and `minute` is 0.
    `next_at` is the next UTC moment, None when the destination has no digests.
    """

    id: int
    destination_id: int
    weekdays: int
    minute: int
    every_hours: int | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Editor:
    bot_id: int
    user_id: int
    role: Role
    name: str
    added_by: int | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class EditionPart:
    """One message: Telegram HTML, and the inline keyboard's rows of (text, callback data or URL).

    `gone`: a kill left nothing of it but the notice in `text`; its copies are deleted where Telegram lets us.
    `layout`: of what it was composed, JSON (delivery.compose), to compose it again. `message_id`: of the one message
    that it replaces, where that is a reply. `rich`: JSON of the InputRichMessage for those who chose that layout;
    `photo`: of the InputMediaPhoto that goes to the others in place of the text.
    """

    number: int
    text: str
    keyboard: tuple[tuple[tuple[str, str], ...], ...] = ()
    article_ids: tuple[int, ...] = ()
    gone: bool = False
    layout: dict[str, Any] | None = field(default=None, compare=False, repr=False)
    message_id: int | None = None
    rich: str | None = None
    photo: str | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    id: int
    bot_id: int
    kind: EditionKind
    signature: str
    lane: Lane
    composed_at: datetime
    expires_at: datetime | None
    parts: tuple[EditionPart, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """An editor's word that a published article was wrong. `note`: what readers are told.

    `wrong` and `right`: the words that are replaced, "" where none are. `done`: all copies within reach are changed.
    """

    id: int
    bot_id: int
    article_id: int
    kind: CorrectionKind
    note: str
    wrong: str
    right: str
    requested_by: int | None
    at: datetime
    done: bool
