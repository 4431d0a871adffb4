"""WebSub (https://www.w3.org/TR/websub/): hubs tell of a feed's news, so that it needs fewer polls.

feed names a hub ─tick→ ask it (POST) ─→ it asks back whether that was meant (GET) ─→ a lease, renewed before its end
it tells of news (POST), signed ─→ kept on the feed's row, which is due now ─→ a poll takes it (ingest.poll)

Anybody may call us. Each subscription has an address that nobody can guess, and a secret that signs what comes there;
what isn't signed by it is dropped, and what would come less safely than the feed itself is only taken for a hint to
ask the feed. A hub that floods us gets a poll in so many seconds.
"""

import asyncio
import hashlib
import hmac
import math
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import structlog

from ingest.errors import FetchError
from ingest.feeditems import web_address
from ingest.feeds import Feed
from ingest.fetch import Answer, Fetcher
from storage import sources
from storage.database import Database
from storage.records import FeedState, PolledFeed

log = structlog.get_logger(__name__)

PATH = "/websub"
LEASE = timedelta(days=10)  # what is asked for; the hub decides
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=30)
RENEW_AFTER = 2 / 3  # of a lease
RETRY, RETRY_MOST = timedelta(minutes=10), timedelta(days=7)
PUSHES_APART = timedelta(seconds=15)
AT_ONCE = 8
ASK_SECONDS = 10.0
MAX_PUSH = 3_000_000
MAX_CHALLENGE = 1_000
MAX_LINKS = 8_000  # characters of a Link header
_METHODS = ("sha256", "sha512", "sha384", "sha1")
_LINK = re.compile(r"""<([^<>\s]{1,2000})>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^\s;,"]*))*)""")
_PARAMETER = re.compile(r""";\s*([\w*-]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]*))""")
_ACCEPTED = range(200, 300)


# What a feed says


def hub_changes(feed: PolledFeed, found: Feed, answer: Answer, now: datetime) -> dict[str, Any]:
    """The columns that change where it names another hub, or none any more. Headers come before what it says itself."""
    hub, topic = links(answer.headers.get("link"), answer.url)
    hub = hub or found.hub
    topic = (topic or found.self_url or answer.moved or feed.url) if hub else None
    if (hub, topic) == (feed.hub, feed.hub_topic):
        return {"hub_next_at": now} if hub and feed.hub_next_at is None else {}
    asked = {"hub_secret": None, "hub_until": None, "hub_failures": 0, "hub_told_at": None}
    return {"hub": hub, "hub_topic": topic, "hub_next_at": now if hub else None} | asked


def links(header: str | None, url: str) -> tuple[str | None, str | None]:
    """The hub and the feed's own address that a Link header names (RFC 8288); the first of each."""
    found: dict[str, str] = {}
    for target, parameters in _LINK.findall((header or "")[:MAX_LINKS]):
        said = [quoted or bare for name, quoted, bare in _PARAMETER.findall(parameters) if name.lower() == "rel"]
        for relation in said[0].lower().split() if said else ():
            found.setdefault(relation, target)
    return web_address([found.get("hub", "")], url), web_address([found.get("self", "")], url)


# A subscription


def key_of(secret: str) -> str:
    """What nobody can guess of the address that a hub calls; the secret can't be told from it."""
    return hashlib.sha256(b"where hubs call " + secret.encode()).hexdigest()[:40]


def is_signed(body: bytes, header: str | None, secret: str) -> bool:
    """Whether the body carries the secret's signature, as `method=hexadecimal`."""
    method, _, shown = (header or "").strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    expected = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(expected.encode(), shown.strip().lower().encode("utf-8", "replace"))


def is_as_safe(feed: PolledFeed) -> bool:
    """Whether what the hub sends comes as safely as what the feed itself would."""
    return (feed.hub or "").startswith("https:") or feed.url.startswith("http:")


def lease(text: str | None, now: datetime) -> tuple[datetime, datetime]:
    """Until when the hub promises to tell, and when to ask it again."""
    given = timedelta(seconds=int(text)) if text and text.isascii() and text.isdigit() and len(text) < 10 else LEASE  # noqa: PLR2004
    length = min(LONGEST, max(SHORTEST, given))
    return now + length, now + length * RENEW_AFTER


def retry_at(feed: PolledFeed, now: datetime) -> datetime:
    """Each time twice as late."""
    doubled: timedelta = RETRY * math.ldexp(1.0, min(feed.hub_failures, 12))
    return now + min(RETRY_MOST, doubled)


def push_due(feed: PolledFeed, now: datetime) -> datetime:
    """When what the hub told is looked at."""
    return max(now, feed.ok_at + PUSHES_APART) if feed.ok_at else now


class Said(Enum):
    """What a hub that tells of news is answered."""

    TAKEN = 202
    GONE = 410  # which ends its subscription
    UNKNOWN = 404


@dataclass(frozen=True, slots=True)
class Called:
    """A call to one of our addresses: which source it is for, and with which key."""

    source_id: int
    key: str


class Hubs:
    """`base_url`: where the world reaches this service. `secret` makes one for each subscription."""

    def __init__(
        self,
        db: Database,
        fetcher: Fetcher,
        base_url: str,
        *,
        clock: Callable[[], datetime],
        secret: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self._db, self._fetcher, self._base = db, fetcher, base_url.rstrip("/")
        self._clock, self._secret = clock, secret

    # The tick

    async def ask_due(self) -> int:
        """Ask the hubs that are due, some at once; gives how many. What one answers is known by its calling back."""
        now = self._clock()
        async with self._db.read() as tx:
            if not await sources.hubs_due(tx, now=now, limit=1):
                return 0
        async with self._db.begin() as tx:
            due = await sources.hubs_due(tx, now=now, limit=AT_ONCE)
            made = [(feed, feed.hub_secret or self._secret()) for feed in due]
            for feed, secret in made:
                await sources.ask_hub(tx, feed.source.id, secret=secret, next_at=retry_at(feed, now))
        await asyncio.gather(*(self._ask(feed, secret) for feed, secret in made))
        return len(made)

    async def _ask(self, feed: PolledFeed, secret: str) -> None:
        form = {
            "hub.mode": "subscribe",
            "hub.topic": feed.hub_topic or feed.url,
            "hub.callback": f"{self._base}{PATH}/{feed.source.id}/{key_of(secret)}",
            "hub.lease_seconds": str(int(LEASE.total_seconds())),
            "hub.secret": secret,
        }
        try:
            async with asyncio.timeout(ASK_SECONDS):
                status = await self._fetcher.post(feed.hub or "", form)
        except (FetchError, TimeoutError) as error:
            log.info("hub_not_asked", source_id=feed.source.id, reason=str(error) or "it took too long")
            return
        if status not in _ACCEPTED:
            log.info("hub_refused", source_id=feed.source.id, status=status)

    # What hubs say

    async def confirm(self, called: Called, query: Mapping[str, str]) -> str | None:
        """What to answer a hub that asks whether a subscription was meant; None: it wasn't."""
        feed = await self._feed(called)
        if feed is None or query.get("hub.topic") != feed.hub_topic:
            return None
        if query.get("hub.mode") == "denied":
            log.info("hub_refused", source_id=called.source_id, reason=query.get("hub.reason", "")[:200])
            async with self._db.begin() as tx:
                await sources.hub_refused(tx, called.source_id)
            return ""
        challenge = query.get("hub.challenge", "")
        if query.get("hub.mode") != "subscribe" or not 0 < len(challenge) <= MAX_CHALLENGE:
            return None  # to end one is never asked for: a subscription runs out
        until, next_at = lease(query.get("hub.lease_seconds"), self._clock())
        async with self._db.begin() as tx:
            await sources.hub_agreed(tx, called.source_id, until=until, next_at=next_at)
        return challenge

    async def known(self, called: Called) -> Said:
        """Whether anything that comes to this address is wanted; asked before it is read."""
        async with self._db.read() as tx:
            feed = await sources.get_feed(tx, called.source_id)
        if feed is None or feed.state is not FeedState.ACTIVE or feed.hub_secret is None:
            return Said.GONE
        return Said.TAKEN if _is_meant(feed, called.key) else Said.UNKNOWN

    async def take(self, called: Called, body: bytes | None, signature: str | None) -> None:
        """What a hub tells; None for more than can be kept. What isn't signed is dropped, and the hub not told so."""
        feed = await self._feed(called)
        if feed is None:
            return
        if body is not None and not is_signed(body, signature, feed.hub_secret or ""):
            log.warning("push_not_signed", source_id=called.source_id)
            return
        now = self._clock()
        kept = body if body is not None and is_as_safe(feed) else b""
        async with self._db.begin() as tx:
            await sources.push(tx, called.source_id, kept, due=push_due(feed, now), now=now)

    async def _feed(self, called: Called) -> PolledFeed | None:
        async with self._db.read() as tx:
            feed = await sources.get_feed(tx, called.source_id)
        wanted = feed is not None and feed.state is FeedState.ACTIVE and _is_meant(feed, called.key)
        return feed if wanted else None


def _is_meant(feed: PolledFeed, key: str) -> bool:
    own = key_of(feed.hub_secret) if feed.hub_secret else ""
    return bool(own) and hmac.compare_digest(own.encode(), key.encode("utf-8", "replace"))
