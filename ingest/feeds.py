"""Feeds to drafts: RSS, Atom and RDF by feedparser, JSON Feed by ingest.jsonfeed. Pure, bytes in; nothing is fetched.

    bytes -> text -> prolog off (its entities refused) -> cut to the first items -> feedparser -> Item -> ArticleDraft

feedparser takes 15 s on a feed of 100,000 items, so only the first items reach it.
"""

import calendar
import codecs
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser

from ingest.decode import clean, encoding_named
from ingest.errors import ExtractError
from ingest.feeditems import Item, draft_of, web_address
from ingest.feedtext import one_line
from ingest.feedxml import BROKEN, sound
from ingest.jsonfeed import read_json_feed
from storage.records import ArticleDraft

MAX_BYTES = 10_000_000
MAX_ITEMS = 500
MAX_PARSED = 4_000_000  # characters: 500 items of 8,000. Broken XML of 10 MB takes feedparser up to 13 s
_HEAD = 65_536  # the root stands in the first so many characters, or it is no feed
_SNIFFED = 4 * _HEAD
_LARGE = 1_000_000  # bytes; the beginning is looked at before all of it is
_NO_FEED = "it is not a feed (RSS, Atom, RDF or JSON Feed)"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"), (b"{\x00", "utf-16-le"), (b"\x00{", "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}encoding\s*=\s*["']([A-Za-z][\w.:-]{0,40})""")
# Encodings that are ASCII to the eye, so that trying UTF-8 first would misread them.
_SEVEN_BIT = ("iso-2022", "hz")

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ROOT = re.compile(r"<!--.*?(?:-->|\Z)|<((?:[A-Za-z_][\w.-]*:)?(?:rss|feed|RDF))(?=[\s>])", re.DOTALL)
_OTHER_ROOT = re.compile(r"(?i)<(?:html|head|body|opml|svg|sitemapindex|urlset|article|div|p|script|template)[\s>]")
_RSS_IN_RDF = re.compile(
    r"purl\.org/rss/1\.0|purl\.org/net/rss|my\.netscape\.com/(?:rdf|publish)|channel\.netscape\.com/rdf"
)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_ITEM = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?(?:item|entry)(?=[\s>])")
_ITEM_END = re.compile(r"</(?:[A-Za-z_][\w.-]*:)?(?:item|entry)\s*>")
# feedparser would take a photo's description for the item's own.
_MEDIA_TEXT = re.compile(r"(</?media:)(title|description)\b")
_JSON_FEED = re.compile(rb"jsonfeed\.org\\?/version")

Entry = dict[str, Any]  # feedparser ships no types


@dataclass(frozen=True, slots=True)
class Feed:
    """`truncated`: items were left out, because there are too many or because the feed breaks off.

    `ttl_s`: for how long it asks to be left alone. `hub` and `self_url`: where WebSub tells of changes, and of what.
    """

    title: str | None
    drafts: tuple[ArticleDraft, ...]
    truncated: bool
    ttl_s: float | None = None
    hub: str | None = None
    self_url: str | None = None


def is_feed(data: bytes) -> bool:
    """Whether the beginning looks like RSS, Atom, RDF or JSON Feed. Cheap."""
    if _is_json_feed(data):
        return True
    return _root(decoded(data[:_SNIFFED])) is not None


def parse_feed(data: bytes, *, url: str | None = None, now: datetime | None = None) -> Feed:
    """The feed fetched from `url`. Dates over a day after `now` (by default: the clock's) are no dates.

    Raises ExtractError where nothing can be read.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise ExtractError("it is empty")
    if len(data) > _LARGE and not is_feed(data):
        raise ExtractError(_NO_FEED)
    moment, cut = now or datetime.now(UTC), len(data) > MAX_BYTES
    text = decoded(data[:MAX_BYTES])
    if _is_json_feed(data):
        feed = read_json_feed(text, MAX_ITEMS)
        drafts = _drafts(feed.items, web_address([feed.base or ""], url) or url, moment, feed.title)
        hub = web_address([feed.hub or ""], url)
        return Feed(one_line(feed.title or "") or None, drafts, feed.truncated or cut, None, hub, feed.self_url)
    return _parse_xml(text, url, moment, cut)


def _is_json_feed(data: bytes) -> bool:
    start = data[:64].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    return start.startswith(b"{") and bool(
        _JSON_FEED.search(data.replace(b"\x00", b"") if b"\x00" in data[:64] else data)
    )


def decoded(data: bytes) -> str:
    """Clean text. UTF-8 is tried before what is declared: other encodings hardly ever look like it."""
    for mark, encoding in (*_BOMS, *_WIDE):
        if data.startswith(mark):
            body = data[len(mark) :] if (mark, encoding) in _BOMS else data
            return clean(body.decode(encoding, "ignore"))
    declared = _declared(data)
    if declared and declared.startswith(_SEVEN_BIT):
        return clean(data.decode(declared, "ignore"))
    text = data.decode("utf-8", "replace")
    if _is_utf8(text, declared):
        return clean(text.replace("\ufffd", ""))
    return clean(data.decode(declared or "cp1252", "replace").replace("\ufffd", ""))


def _is_utf8(text: str, declared: str | None) -> bool:
    """Whether what UTF-8 could read of the bytes outweighs what it couldn't; clearly, where they declare another."""
    broken = text.count("\ufffd")
    if not broken or declared == "utf-8":
        return True
    good = len(text) - broken - len(text.encode("ascii", "ignore"))
    return broken * (10 if declared else 1) <= good


def _declared(data: bytes) -> str | None:
    found = _DECLARED.search(data[:1000])
    name = encoding_named(found[1].decode()) if found else None
    # Only what writes ASCII as ASCII can have been declared readably.
    return name if name and "<rss>".encode(name, "replace") == b"<rss>" else None


def _root(text: str) -> re.Match[str] | None:
    """The root element's beginning, where it is a feed's."""
    head = text[:_HEAD]
    found = next((match for match in _ROOT.finditer(head) if match[1]), None)
    if found is None or _OTHER_ROOT.search(_COMMENT.sub("", head[: found.start()])):
        return None
    if found[1].endswith("RDF") and not _RSS_IN_RDF.search(head):
        return None
    return found


def refuse_entities(prolog: str) -> None:
    """Raises ExtractError where what stands before the root declares any."""
    if _ENTITY.search(prolog):
        raise ExtractError("it declares XML entities, which no feed needs and which can hide a bomb")


def _parse_xml(text: str, url: str | None, now: datetime, cut: bool) -> Feed:
    root = _root(text)
    if root is None:
        raise ExtractError(_NO_FEED)
    refuse_entities(text[: root.start()])
    body, truncated = _whole_items(text[root.start() :], root[1])
    found = feedparser.parse(
        io.BytesIO(sound(_MEDIA_TEXT.sub(r"\1x\2", body), root[1])),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not found["entries"] and found["bozo"]:
        raise ExtractError(BROKEN)
    about = dict(found["feed"])
    title, base = one_line(about.get("title") or "") or None, web_address([about.get("link") or ""], url) or url
    items = (_item(dict(entry), about) for entry in found["entries"][:MAX_ITEMS])
    truncated = truncated or cut or len(found["entries"]) > MAX_ITEMS
    return Feed(title, _drafts(items, base, now, title), truncated, _ttl(about), *_hub(about, url))


_PERIODS = {"hourly": 3_600, "daily": 86_400, "weekly": 7 * 86_400, "monthly": 30 * 86_400, "yearly": 365 * 86_400}


def _ttl(about: Entry) -> float | None:
    """Seconds: RSS says it in minutes, the syndication module as "so often in a period"."""
    ttl, period, often = (str(about.get(key) or "").strip() for key in ("ttl", "sy_updateperiod", "sy_updatefrequency"))
    if ttl.isdecimal() and len(ttl) < 10:  # noqa: PLR2004 - a longer number is no time
        return float(ttl) * 60
    seconds = _PERIODS.get(period.lower())
    return seconds / max(1, int(often) if often.isdecimal() and len(often) < 10 else 1) if seconds else None  # noqa: PLR2004


def _hub(about: Entry, url: str | None) -> tuple[str | None, str | None]:
    links: dict[str, str] = {}
    for link in about.get("links") or []:
        links.setdefault(link.get("rel") or "", link.get("href") or "")
    return web_address([links.get("hub", "")], url), web_address([links.get("self", "")], url)


def _whole_items(body: str, root: str) -> tuple[str, bool]:
    """The feed with its first items, without one that it breaks off in; whether any were left out."""
    starts = [found.start() for _, found in zip(range(MAX_ITEMS + 1), _ITEM.finditer(body), strict=False)]
    if len(starts) <= MAX_ITEMS and len(body) <= MAX_PARSED and f"</{root}" in body[-1000:]:
        return body, False
    kept = body[: starts[MAX_ITEMS]] if len(starts) > MAX_ITEMS else body
    kept = kept[:MAX_PARSED]
    ends = [found.end() for found in _ITEM_END.finditer(kept)]
    return (kept[: ends[-1]] + _closing(root) if ends else kept), True


def _closing(root: str) -> str:
    return f"</channel></{root}>" if root.lower().endswith("rss") else f"</{root}>"


def _drafts(items: Iterable[Item], base: str | None, now: datetime, source: str | None) -> tuple[ArticleDraft, ...]:
    found = (draft_of(item, base=base, now=now, source=source) for item in items)
    return tuple(draft for draft in found if draft is not None)


def _item(entry: Entry, about: Entry) -> Item:
    contents = [content for content in entry.get("content") or [] if content.get("value")]
    return Item(
        title=entry.get("title") or "",
        bodies=tuple(_bodies(entry, contents)),
        links=tuple(_links(entry)),
        guid=entry.get("id"),
        names=tuple(_names(entry)),
        dates=tuple(_dates(entry)),
        language=_language(entry, contents) or about.get("language"),
        photos=tuple(_photos(entry)),
        source=(entry.get("source") or {}).get("title"),
    )


def _bodies(entry: Entry, contents: Iterable[Entry]) -> Iterator[tuple[str, bool]]:
    for detail in (*contents, entry.get("summary_detail") or {}):
        kind = detail.get("type") or "text/html"
        if detail.get("value") and ("text" in kind or "html" in kind or "xml" in kind):
            # RSS says nothing of the type, and feedparser guesses; entities tell markup that it took for text.
            yield detail["value"], kind != "text/plain" or "&" in detail["value"] or "<" in detail["value"]
    if entry.get("media_xdescription"):
        yield entry["media_xdescription"], True


def _links(entry: Entry) -> Iterator[str]:
    if entry.get("feedburner_origlink"):
        yield entry["feedburner_origlink"]
    if entry.get("link"):
        yield entry["link"]
    for link in entry.get("links") or []:
        if link.get("rel") == "alternate" and link.get("href"):
            yield link["href"]
    if "://" in (entry.get("id") or ""):
        yield entry["id"]


def _names(entry: Entry) -> Iterator[str]:
    named = [author["name"] for author in entry.get("authors") or [] if author.get("name")]
    yield from named or filter(None, [entry.get("author")])


def _dates(entry: Entry) -> Iterator[datetime | str | None]:
    for key in ("published", "updated", "created"):
        yield _moment(entry.get(f"{key}_parsed"))
        if entry.get(key) and not entry.get(f"{key}_parsed"):
            yield str(entry[key])[:100]


def _moment(parsed: Any) -> datetime | None:
    """feedparser's nine numbers, which are UTC, if they are a moment."""
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _language(entry: Entry, contents: Iterable[Entry]) -> str | None:
    details = (entry.get("title_detail") or {}, *contents, entry.get("summary_detail") or {})
    return next((detail["language"] for detail in details if detail.get("language")), None)


def _photos(entry: Entry) -> Iterator[str]:
    for media in entry.get("media_content") or []:
        kind, medium = media.get("type") or "", media.get("medium") or ""
        if media.get("url") and (medium == "image" or kind.startswith("image/") or not (medium or kind)):
            yield media["url"]
    for link in entry.get("links") or []:
        if link.get("rel") == "enclosure" and (link.get("type") or "").startswith("image/"):
            yield link.get("href") or ""
    yield from (media["url"] for media in entry.get("media_thumbnail") or [] if media.get("url"))
    if (entry.get("image") or {}).get("href"):
        yield entry["image"]["href"]
