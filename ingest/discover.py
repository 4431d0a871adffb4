"""The feed behind any address: itself, one that its page names, or one at a usual place. Nothing is stored.

address → fetch ─┬─ a feed ───────────────────────────────────────────────→ Found
                 └─ a page → its <link rel=alternate>s, its links, usual places ─first that is a feed→ Found
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import lxml.etree
import lxml.html

from ingest.decode import decode
from ingest.errors import ExtractError, FetchError, ForbiddenError
from ingest.feeditems import web_address
from ingest.feeds import Feed, is_feed, parse_feed
from ingest.fetch import Answer, refusal
from ingest.tags import overloaded

MOST_TRIED = 8
MAX_PAGE = 2_000_000
_OK = 200
_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/json"}
)
_USUAL = ("feed", "rss", "feed.xml", "rss.xml", "atom.xml", "index.xml", "feed.json", "feeds/posts/default")
_LIKE_A_FEED = re.compile(r"(?i)(?:^|[/._-])(?:rss|atom|feeds?|rdf)(?:[/._?-]|$)")
_COMMENTS = re.compile(r"(?i)comment|/replies|_comment")
_SCHEME = re.compile(r"(?i)^[a-z][a-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Found:
    """`url` is where the feed is (after moves for good), `others` further feeds that the page names."""

    url: str
    feed: Feed
    others: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.feed.title or (urlsplit(self.url).hostname or self.url).removeprefix("www.")


class Asks(Protocol):
    async def ask(self, url: str) -> Answer: ...


async def find_feed(fetcher: Asks, address: str, *, now: datetime | None = None) -> Found:
    """`address` as a person types it, with or without https://. Raises FetchError, which says what to do."""
    moment = now or datetime.now(UTC)
    answer = await _first(fetcher, address.strip())
    own = await _read(answer, address, moment)
    if own is not None:
        return own
    candidates = await asyncio.to_thread(_candidates, answer)
    named, usual = candidates[:MOST_TRIED], list(_usual_places(answer.url))
    for url in dict.fromkeys([*named, *usual]):
        found = await _try(fetcher, url, moment)
        if found is not None:
            return Found(found.url, found.feed, tuple(other for other in named if other not in (url, found.url)))
    advice = "Look for its feed's address (RSS, Atom) on the page and send that."
    raise FetchError("it is no feed, and no feed is to be found behind it", url=answer.url, advice=advice)


async def _first(fetcher: Asks, address: str) -> Answer:
    bare = re.sub(r"(?i)^feed:(//)?", "", address)
    if _SCHEME.match(bare) and "." not in bare.partition(":")[0]:
        return await _page(fetcher, bare)
    try:
        return await _page(fetcher, f"https://{bare}")
    except ForbiddenError:
        raise
    except FetchError:
        return await _page(fetcher, f"http://{bare}")


async def _page(fetcher: Asks, url: str) -> Answer:
    answer = await fetcher.ask(url)
    if answer.status != _OK:
        raise refusal(answer.status, answer.url)
    return answer


async def _try(fetcher: Asks, url: str, now: datetime) -> Found | None:
    try:
        answer = await fetcher.ask(url)
    except FetchError:
        return None
    return await _read(answer, url, now) if answer.status == _OK else None


async def _read(answer: Answer, asked: str, now: datetime) -> Found | None:
    """None for what is no feed. Raises FetchError for one that is broken."""
    if not is_feed(answer.body):
        return None
    try:
        feed = await asyncio.to_thread(parse_feed, answer.body, url=answer.url, now=now)
    except ExtractError as error:
        raise FetchError(str(error), url=answer.url) from error
    return Found(answer.moved or (asked if _SCHEME.match(asked) and "://" in asked else answer.url), feed)


def _candidates(answer: Answer) -> list[str]:
    """What a page calls its feeds: those of comments last."""
    try:
        markup = decode(answer.body[:MAX_PAGE], answer.content_type)
        if overloaded(markup):
            return []
        tree = lxml.html.document_fromstring(markup)
    except (lxml.etree.LxmlError, ValueError, AssertionError, ExtractError):
        return []
    base = urljoin(answer.url, next(iter(tree.xpath("//base/@href")), ""))
    urls = (web_address([href], base) for href in _hrefs(tree))
    ranked = sorted(dict.fromkeys(filter(None, urls)), key=lambda url: bool(_COMMENTS.search(url)))
    return [url for url in ranked if url != answer.url]


def _hrefs(tree: Any) -> Iterator[str]:
    for link in tree.xpath("//link[@href]"):
        kind = (link.get("type") or "").split(";")[0].strip().lower()
        if "alternate" in (link.get("rel") or "").lower().split() and kind in _TYPES:
            yield link.get("href")
    for href in tree.xpath("//a/@href"):
        if len(href) < 300 and _LIKE_A_FEED.search(href):  # noqa: PLR2004 - longer ones share the page elsewhere
            yield href


def _usual_places(url: str) -> Iterator[str]:
    """Beside the page, then at the site's root."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    folder = parts.path.rstrip("/") + "/"
    if folder != "/" and "." not in folder.rsplit("/", 2)[-2]:
        yield from (urljoin(root, folder + name) for name in _USUAL[:3])
    yield from (root + name for name in _USUAL)
