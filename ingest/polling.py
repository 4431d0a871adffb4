"""What a poll of a feed means: which items are news, when to ask again, when to give up. Pure.

    feed's state + what its server said + now ──→ the columns that change

How often: half the mean time between a feed's items, longer while it is silent, never sooner than it asks for (ttl,
Cache-Control, Retry-After), from 5 minutes to 24 hours. What fails is asked ever more rarely, and paused after a week.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from ingest.lines import count_words
from storage.articles import url_key
from storage.records import ArticleDraft, FeedState, PolledFeed

SHORTEST, LONGEST = 5 * 60.0, 24 * 3600.0  # seconds between polls
UNKNOWN = 3600.0  # while nothing is known of a feed's pace
AGAIN_SOON = 600.0  # where something was left undone
SILENCE = 10  # a feed silent for ten hours is asked each hour at most
PACED_BY = 20  # its newest items
FIRST_ITEMS = 10
MOST_ITEMS = 100  # of one poll; the rest comes with the next
MOST_CHANGED = 20  # some feeds write all their items anew each time
MOST_TRIES = 3  # for an item's page
LASTING = 3600.0  # first wait after what won't pass by itself
GIVE_UP, GIVE_UP_POLLS = timedelta(days=7), 8
KEY_BYTES, MOST_SEEN = 8, 4_000
WHOLE_WORDS, TELLING_ITEMS = 150, 3
MAX_VALIDATOR = 2_000  # characters of an ETag
MAX_REASON = 500
TOLD = 3600.0  # between polls of a feed whose hub tells of news
TOLD_LATE = timedelta(minutes=10)


# What to take


@dataclass(frozen=True, slots=True)
class Item:
    """`key`: by guid or address. `text_key`: by what it says, too. `changed`: it said something else before."""

    key: bytes
    draft: ArticleDraft
    text_key: bytes = b""
    changed: bool = False

    @property
    def keys(self) -> tuple[bytes, bytes]:
        return self.key, self.text_key


@dataclass(frozen=True, slots=True)
class Sifted:
    """`items`: what is new, oldest first, then what has changed. `old`: keys of what was dealt with before, or is
    passed over.

    `quiet`: nobody is to be told of them at once. `more`: some are left for the next poll.
    """

    items: tuple[Item, ...]
    old: tuple[bytes, ...]
    quiet: bool
    more: bool = False


def sift(feed: PolledFeed, drafts: Sequence[ArticleDraft], now: datetime) -> Sifted:
    """Of a feed's first poll the newest ten; later all that weren't seen, and some that say something else now."""
    keyed, known = keyed_items(drafts), _seen(feed.seen)
    fresh = [item for item in reversed(keyed) if item.key not in known]  # feeds begin with their newest item
    changed = [replace(item, changed=True) for item in keyed if item.key in known and item.text_key not in known]
    old = tuple(key for item in keyed if known.issuperset(item.keys) for key in item.keys)
    ranked = sorted(fresh, key=lambda item: item.draft.published_at or now)
    if feed.ok_at is None:
        passed = tuple(key for item in ranked[:-FIRST_ITEMS] for key in item.keys)
        return Sifted(tuple(ranked[-FIRST_ITEMS:]), (*old, *passed), quiet=True)
    quiet = not old and not changed and _renumbered(fresh, feed.ok_at)
    taken = (*ranked[:MOST_ITEMS], *changed[:MOST_CHANGED])
    return Sifted(taken, old, quiet, more=len(ranked) > MOST_ITEMS)


def _renumbered(fresh: Sequence[Item], ok_at: datetime) -> bool:
    """Whether items without one that is known are rather old ones under new numbers than that many news."""
    later = sum(1 for item in fresh if item.draft.published_at is not None and item.draft.published_at > ok_at)
    return len(fresh) >= TELLING_ITEMS and later < len(fresh) / 2


def keyed_items(drafts: Sequence[ArticleDraft]) -> list[Item]:
    """Each item once. A guid that several items share tells nothing, and is dropped."""
    shared = {guid for guid, count in Counter(draft.guid for draft in drafts).items() if count > 1}
    own = [replace(draft, guid=None) if draft.guid in shared else draft for draft in drafts]
    return list({item.key: item for item in map(_item, own)}.values())


def _item(draft: ArticleDraft) -> Item:
    text = " ".join(" ".join([draft.headline, *draft.paragraphs]).split())
    name = draft.guid or url_key(draft.url) or text
    return Item(_key(name), draft, _key(f"{name}\n{text}"))


def _key(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()[:KEY_BYTES]


def _seen(kept: bytes) -> set[bytes]:
    return {kept[start : start + KEY_BYTES] for start in range(0, len(kept), KEY_BYTES)}


def remembered(kept: bytes, keys: Iterable[bytes]) -> bytes:
    """`keys` added as the newest; the oldest go where there are too many."""
    new = dict.fromkeys(keys)
    old = [kept[start : start + KEY_BYTES] for start in range(0, len(kept), KEY_BYTES)]
    return b"".join([*(key for key in old if key not in new), *new][-MOST_SEEN:])


def holds_whole(drafts: Sequence[ArticleDraft], before: bool | None) -> bool | None:
    """Whether the feed's items are whole articles, by the middle one of them; `before` where there are too few."""
    if len(drafts) < TELLING_ITEMS and before is not None:
        return before
    lengths = sorted(words(draft) for draft in drafts)
    return lengths[len(lengths) // 2] >= WHOLE_WORDS if lengths else before


def words(draft: ArticleDraft) -> float:
    return sum(map(count_words, draft.paragraphs))


def follows(draft: ArticleDraft, *, full_text: bool | None) -> bool:
    """Whether the item's page is needed."""
    return bool(draft.url) and (not draft.paragraphs or (not full_text and words(draft) < WHOLE_WORDS))


# When to ask again


@dataclass(frozen=True, slots=True)
class Told:
    """What a server's answer said. `hold_s`: for how long not to ask again (Cache-Control, Retry-After), 0: nothing."""

    etag: str | None = None
    last_modified: str | None = None
    hold_s: float = 0.0
    moved: str | None = None


def told_by(headers: Mapping[str, str], now: datetime, *, moved: str | None = None) -> Told:
    """`headers` by lower-case name. Validators are kept as they came; one that couldn't be sent back is dropped."""
    return Told(
        _validator(headers.get("etag")), _validator(headers.get("last-modified")), _fresh_for(headers, now), moved
    )


def _validator(value: str | None) -> str | None:
    return value if value and len(value) <= MAX_VALIDATOR and value.isprintable() and value.isascii() else None


def conditions(feed: PolledFeed) -> dict[str, str]:
    """The headers that ask for news only."""
    found = {"If-None-Match": feed.etag, "If-Modified-Since": feed.last_modified}
    return {name: value for name, value in found.items() if value}


def _fresh_for(headers: Mapping[str, str], now: datetime) -> float:
    directives = dict(_directive(part) for part in headers.get("cache-control", "").lower().split(","))
    if "no-cache" in directives or "no-store" in directives:
        return 0.0
    if "max-age" in directives:
        return max(0.0, _seconds(directives["max-age"]) - _seconds(headers.get("age", "")))
    expires, made = _date(headers.get("expires")), _date(headers.get("date"))
    return max(0.0, (expires - (made or now)).total_seconds()) if expires else 0.0


def _directive(part: str) -> tuple[str, str]:
    name, _, value = part.strip().partition("=")
    return name.strip(), value.strip(' "')


def _seconds(text: str) -> float:
    text = text.strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0.0  # noqa: PLR2004


def _date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text) if text else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds; 0 where the header says nothing."""
    text = headers.get("retry-after", "")
    moment = _date(text)
    return max(0.0, (moment - now).total_seconds()) if moment else _seconds(text)


def gap(drafts: Iterable[ArticleDraft], now: datetime) -> float | None:
    """Seconds between a feed's newest items, with the silence since; None where they carry no dates."""
    dates = sorted((draft.published_at for draft in drafts if draft.published_at), reverse=True)[:PACED_BY]
    return max(0.0, (now - dates[-1]).total_seconds()) / len(dates) if dates else None


def wait(feed: PolledFeed, hold_s: float, now: datetime, luck: float) -> float:
    """Seconds until the next poll of a feed that is well. `luck` (0 to 1) spreads feeds that began together."""
    own = UNKNOWN if feed.gap_s is None else feed.gap_s / 2
    silence = (now - feed.new_at).total_seconds() / SILENCE if feed.new_at else 0.0
    spread = _bounded(max(own, silence)) * (0.9 + 0.1 * luck)
    return _bounded(max(spread, feed.ttl_s or 0.0, hold_s, TOLD if is_told(feed, now) else 0.0))


def is_told(feed: PolledFeed, now: datetime) -> bool:
    """Whether its hub tells of what is new: it told of the last news there was."""
    if feed.hub_until is None or feed.hub_until <= now or feed.hub_told_at is None:
        return False
    return feed.new_at is None or feed.hub_told_at >= feed.new_at - TOLD_LATE


def _bounded(seconds: float) -> float:
    return min(LONGEST, max(SHORTEST, seconds))


# What a poll leaves behind


def unchanged(feed: PolledFeed, told: Told, now: datetime, luck: float) -> dict[str, Any]:
    """Nothing new. A 304 may leave validators out; those that we have stay good then."""
    kept = {"etag": told.etag or feed.etag, "last_modified": told.last_modified or feed.last_modified}
    return kept | _well(feed, told, now) | {"next_at": now + timedelta(seconds=wait(feed, told.hold_s, now, luck))}


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of a changed feed's items. `waiting`: keys in hex → tries; `full_text`, `ttl_s` as it shows now."""

    drafts: Sequence[ArticleDraft]
    done: Sequence[bytes]
    added: int
    waiting: Mapping[str, int]
    more: bool
    ttl_s: float | None
    full_text: bool | None
    body_hash: str


def changed(feed: PolledFeed, told: Told, found: Gathered, now: datetime, luck: float) -> dict[str, Any]:
    dated = max((draft.published_at for draft in found.drafts if draft.published_at), default=None)
    news = min(now, dated or now) if feed.new_at is None else now
    ahead = replace(
        feed,
        gap_s=_new_gap(feed, found, now),
        ttl_s=found.ttl_s,
        new_at=news if found.added or feed.new_at is None else feed.new_at,
    )
    undone = bool(found.waiting) or found.more
    seconds = wait(ahead, told.hold_s, now, luck)
    return _well(feed, told, now) | {
        # Where something was left undone the whole feed is wanted once more.
        "etag": None if undone else told.etag,
        "last_modified": None if undone else told.last_modified,
        "body_hash": None if undone else found.body_hash,
        "seen": remembered(feed.seen, found.done),
        "waiting": dict(found.waiting),
        "gap_s": ahead.gap_s,
        "ttl_s": ahead.ttl_s,
        "new_at": ahead.new_at,
        "full_text": found.full_text,
        "next_at": now + timedelta(seconds=max(told.hold_s, min(seconds, AGAIN_SOON)) if undone else seconds),
    }


def told(feed: PolledFeed, found: Gathered, now: datetime, luck: float) -> dict[str, Any]:
    """By a hub, often of some items only: that says nothing of the feed's pace or validators, nor when to look next."""
    part = replace(
        found, drafts=(), ttl_s=feed.ttl_s, full_text=feed.full_text, body_hash=feed.body_hash or found.body_hash
    )
    values = changed(feed, Told(feed.etag, feed.last_modified), part, now, luck)
    planned = values["next_at"] - now + (feed.polled_at or now)
    undone = values["body_hash"] is None
    return values | {"polled_at": feed.polled_at, "next_at": values["next_at"] if undone else max(now, planned)}


def _new_gap(feed: PolledFeed, found: Gathered, now: datetime) -> float | None:
    """By the items' dates; without dates by what came since there was something new."""
    dated = gap(found.drafts, now)
    if dated is not None or not found.added or feed.new_at is None:
        return feed.gap_s if dated is None else dated
    observed = (now - feed.new_at).total_seconds() / found.added
    return observed if feed.gap_s is None else (feed.gap_s + observed) / 2


def _well(feed: PolledFeed, told: Told, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "polled_at": now, "ok_at": now, "failures": 0, "failing_since": None, "last_error": None,
    }  # fmt: skip
    secure = feed.url.startswith("https:")
    if told.moved and told.moved != feed.url and not (secure and told.moved.startswith("http:")):
        values |= {"url": told.moved, "host": urlsplit(told.moved).hostname or feed.host}
    return values


@dataclass(frozen=True, slots=True)
class Failure:
    """`passing`: it may be over soon. `gone`: the server says for good (410)."""

    reason: str
    passing: bool = True
    gone: bool = False
    hold_s: float = 0.0


def failed(feed: PolledFeed, failure: Failure, now: datetime) -> dict[str, Any]:
    """Ask again later, each time twice as late; or pause it, of which the editors are told."""
    failures, since = feed.failures + 1, feed.failing_since or now
    doubled = math.ldexp(SHORTEST if failure.passing else LASTING, min(failures - 1, 20))
    values: dict[str, Any] = {
        "polled_at": now,
        "failures": failures,
        "failing_since": since,
        "last_error": failure.reason[:MAX_REASON],
        "next_at": now + timedelta(seconds=_bounded(max(doubled, failure.hold_s))),
    }
    reason = _verdict(failure, failures, now - since)
    if reason is not None:
        values |= {"state": FeedState.PAUSED, "reason": reason[:MAX_REASON], "notice_due": True}
    return values


def _verdict(failure: Failure, failures: int, failing: timedelta) -> str | None:
    if failure.gone:
        return "its site says that the feed is gone for good (answer 410)"
    if failing >= GIVE_UP and failures >= GIVE_UP_POLLS:
        return f"it has failed for {failing.days} days: {failure.reason}"
    return None
